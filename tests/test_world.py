"""People, metrics and the bot, each doing what they like, on a small world: what must never happen does not."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from gitops_bot import edits, observe, tick
from gitops_bot.errors import EditError, InternalError
from gitops_bot.model import Direction, Missing, PrState, PullRequest, Query, Reading, Sample, Slots
from gitops_bot.policy.config import Limits
from gitops_bot.policy.loading import LoadedPolicy, Source, load_policies
from tests.support.environment import CANARY, KUSTOMIZATION, LADDER, ROUTE, STABLE, policy, tree
from tests.support.hosted import Hosted
from tests.support.world import ALICE, BASE, BOT, Snapshot, World

START = datetime(2026, 3, 2, 8, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
RUN = 3
"""Measurements of one run of analysis."""
STOP = ".gitops-bot/stop.yaml"
CI = "Acme CI <ci@acme.example>"
BRANCHES = {direction: f"gitops-bot/shop/{direction.value}" for direction in Direction}
MOODS = ("good", "bad", "silent", "down")

versions = st.sampled_from(["1.0.0", "2.0.0", "3.0.0"])
weights = st.sampled_from([0, 5, 10, 30, 50, 100])


class Moods:
    """Metrics that are in a mood for a while; one answer for every query."""

    def __init__(self, at: datetime) -> None:
        self.turns = [(at - timedelta(days=1), "good")]

    def at(self, moment: datetime) -> str:
        """The mood of a moment."""
        return next(mood for since, mood in reversed(self.turns) if since <= moment)

    def range(self, query: Query) -> tuple[Reading, ...]:
        """One reading per instant."""
        if self.turns[-1][1] == "down":
            return tuple(Missing("no connection", at, answered=False) for at in query.instants())
        return tuple(self._reading(at) for at in query.instants())

    def _reading(self, at: datetime) -> Reading:
        values = {"good": 0.001, "bad": 0.5}
        mood = self.at(at)
        return Sample(values[mood], at) if mood in values else Missing("no data", at)


WEIGHTS = {"weights": [10, 50]}
LADDERS: tuple[dict[str, Any], ...] = (
    WEIGHTS,
    {**WEIGHTS, "onFail": "stepBack"},
    {"steps": [{"setWeight": 10}, {"pause": {"duration": "5m"}}, {"setWeight": 50}], "maxStep": 45},
    {"rungs": [{"preview": True}, {"weight": 10}, {"weight": 50}]},
)


def _loaded(canary: Mapping[str, Any], **spec: Any) -> LoadedPolicy:
    analysis = {**LADDER["analysis"], "bake": f"{RUN}m"}
    text = policy(clusters=["default"], analysis=analysis, strategy={"canary": canary}, **spec)
    (loaded,) = load_policies([Source("shop.yaml", text.encode())])
    return loaded


def _encoded(files: Mapping[str, str]) -> dict[str, bytes]:
    return {path: text.encode() for path, text in files.items()}


class People(RuleBasedStateMachine):
    """The rules are what may happen; the invariants are what may not."""

    settles_in = 1
    """So many ticks after one that was not disturbed, one writes nothing."""

    @initialize(
        promote=st.sampled_from(["auto", "never"]),
        rollback=st.sampled_from(["auto", "never"]),
        canary=st.sampled_from((WEIGHTS, *LADDERS)),
    )
    def begin(self, promote: str, rollback: str, canary: dict[str, Any]) -> None:
        """A repository, a policy, a bot."""
        self.loaded = _loaded(canary, pullRequest={"merge": promote}, rollback={"merge": rollback})
        self.quiet = "rungs" in canary
        self.edits = self.loaded.policy.spec.edits
        self.world = self.new_world()
        self.world.on_merge = self.merged
        self.world.commit(BASE, _encoded(tree(candidate="1.0.0")), who=CI)
        self.moods = Moods(START)
        self.raced = False
        self.builds = 0
        self.job = self.new_job()

    def new_world(self) -> World | Hosted:
        """Git and forge."""
        return World(START)

    def new_job(self) -> tick.Job:
        """The bot as it starts: it remembers nothing."""
        site = observe.Site(
            name="environments",
            base=BASE,
            repo=self.world,
            forge=self.world.forge(),
            clusters={},
            metrics={"prom": self.moods},
            servers={"default": "prom"},
            identity=BOT,
            automation=("ci@acme.example",),
        )
        return tick.Job(site, lambda _sight: tick.Loaded([self.loaded], whole=True), Limits(), self.world)

    # ------------------------------------------------------------ what happens

    @rule(times=st.integers(1, 5), minutes=st.integers(1, 5))
    def time_passes_and_the_bot_ticks(self, times: int, minutes: int) -> None:
        for _ in range(times):
            self.world.pass_time(minutes * MINUTE)
            self.the_bot_ticks()

    @rule(times=st.integers(1, 8), mood=st.sampled_from(("good", "good", "bad")), merging=st.booleans())
    def a_release_takes_its_course(self, times: int, mood: str, *, merging: bool) -> None:
        """The metrics stay as they are for some time, and people merge what the bot opens."""
        self.metrics_turn(mood)
        for _ in range(times):
            self.world.pass_time(2 * MINUTE)
            self.the_bot_ticks()
            for pull in self.pulls(PrState.OPEN) if merging else []:
                self.world.person_merges(pull)

    @rule()
    def time_passes(self) -> None:
        self.world.pass_time(MINUTE)

    @rule(mood=st.sampled_from(("good", *MOODS)))
    def metrics_turn(self, mood: str) -> None:
        self.moods.turns.append((self.world.now_, mood))

    @rule(version=versions | st.none())
    def ci_builds(self, version: str | None) -> None:
        """Something new, mostly; sometimes what there was before."""
        self.builds += 1
        self.base_says({CANARY: KUSTOMIZATION.format(tag=version or f"{3 + self.builds}.0.0")}, who=CI)

    @rule(weight=weights)
    def a_person_sets_the_weight(self, weight: int) -> None:
        self.base_says({ROUTE: tree(weight=weight)[ROUTE]})

    @rule(version=versions)
    def a_person_sets_the_stable_version(self, version: str) -> None:
        self.base_says({STABLE: KUSTOMIZATION.format(tag=version)})

    @rule(text=st.sampled_from(["canary: [\n", None]))
    def a_person_breaks_a_file_for_a_while(self, text: str | None) -> None:
        whole = self.world.commits[self.world.refs[BASE]].read(ROUTE) or b""
        self.base_says({ROUTE: text})
        self.the_bot_ticks()
        self.base_says({ROUTE: whole.decode()})

    @rule(number=st.integers(0, 9))
    def a_person_changes_something_else(self, number: int) -> None:
        self.base_says({"README.md": str(number)})

    @rule(stop=st.sampled_from([None, "reason: a holiday\n", "rollbacks: true\n"]))
    def a_person_pulls_the_brake(self, stop: str | None) -> None:
        self.base_says({STOP: stop})

    def base_says(self, files: Mapping[str, str | None], who: str = ALICE) -> None:
        encoded = {path: None if text is None else text.encode() for path, text in files.items()}
        self.world.person_pushes(BASE, encoded, who)

    @precondition(lambda self: self.branches())
    @rule(data=st.data(), path=st.sampled_from(["note.txt", ROUTE]))
    def a_person_pushes_to_a_branch_of_the_bots(self, data: st.DataObject, path: str) -> None:
        self.push_to(data.draw(st.sampled_from(self.branches())), path)

    def push_to(self, branch: str, path: str = "note.txt") -> None:
        if branch in self.world.refs:
            text = tree(weight=7)[ROUTE] if path == ROUTE else f"{self.world.now_}"
            self.world.person_pushes(branch, {path: text.encode()})

    @precondition(lambda self: self.branches())
    @rule(data=st.data())
    def a_person_deletes_a_branch(self, data: st.DataObject) -> None:
        self.world.delete(data.draw(st.sampled_from(self.branches())))

    @precondition(lambda self: self.branches())
    @rule(data=st.data())
    def a_person_opens_one_from_a_branch_of_the_bots(self, data: st.DataObject) -> None:
        self.world.person_opens(data.draw(st.sampled_from(self.branches())))

    @precondition(lambda self: self.pulls(PrState.OPEN))
    @rule(data=st.data(), merges=st.booleans())
    def a_person_ends_one(self, data: st.DataObject, *, merges: bool) -> None:
        pull = data.draw(st.sampled_from(self.pulls(PrState.OPEN)))
        (self.world.person_merges if merges else self.world.person_closes)(pull)

    @precondition(lambda self: self.pulls(PrState.CLOSED))
    @rule(data=st.data())
    def a_person_reopens_one(self, data: st.DataObject) -> None:
        self.world.person_reopens(data.draw(st.sampled_from(self.pulls(PrState.CLOSED))))

    @rule(
        doing=st.sampled_from(["push to promote", "push to rollback", "push to base", "new candidate"]),
    )
    def a_person_is_quicker_than_the_bot(self, doing: str) -> None:
        """Between its next look and its first write."""
        acts = {
            "push to promote": lambda: self.push_to(BRANCHES[Direction.PROMOTE]),
            "push to rollback": lambda: self.push_to(BRANCHES[Direction.ROLLBACK]),
            "push to base": lambda: self.base_says({"README.md": "quicker"}),
            "new candidate": lambda: self.base_says({CANARY: KUSTOMIZATION.format(tag="4.0.0")}, CI),
        }

        def act() -> None:
            self.raced = True
            acts[doing]()

        self.world.meanwhile = act

    @rule()
    def the_bot_restarts(self) -> None:
        self.job = self.new_job()

    @rule()
    def the_bot_ticks(self) -> None:
        self.raced = False
        report = self.run()
        if self.raced:
            self.raced = False
            report = self.run()
        if not report.failures:
            self.nothing_contrary_stands_open()
            self.what_fails_goes_back()
        self.it_comes_to_rest(report)

    # ------------------------------------------------------------ what must hold

    def disturbed(self) -> bool:
        """Something else than the bot's own work went wrong in the last tick."""
        return self.raced

    def run(self) -> tick.Report:
        report = tick.run(self.job)
        self.raced = self.disturbed()
        for failure in report.failures:
            assert not isinstance(failure.error, InternalError), failure.error
            assert self.raced or isinstance(failure.error, EditError), failure.error
        return report

    def it_comes_to_rest(self, report: tick.Report) -> None:
        """A second tick in an unchanged world writes nothing; after a merge the world is another, but not for ever."""
        self.world.meanwhile = None
        merged = any(one.action == "merge" for one in report.receipts)
        for _ in range(4 if merged else self.settles_in):
            self.world.writes.clear()
            self.run()
            if not self.world.writes:
                return
        raise AssertionError(f"it does not rest: {self.world.writes}")

    def nothing_contrary_stands_open(self) -> None:
        ours = {one.branch for one in self.pulls(PrState.OPEN) if one.ours and not self.foreign(one.branch)}
        assert len(ours) <= 1, ours

    def what_fails_goes_back(self) -> None:
        """Long enough bad, and nothing of a person in the way: a way back is open.

        That is a rollback, or the first rung again for a candidate that came above it.
        """
        slots, since = self.slots(BASE), self.since()
        now = self.world.now_
        failing = all(self.moods.at(now - step * MINUTE) == "bad" for step in range(8)) and now - since > 8 * MINUTE
        on_trial = bool(slots and slots.weight and slots.candidate != slots.stable)
        hindered = self.world.noes or STOP in self.world.commits[self.world.refs[BASE]].files
        if failing and on_trial and not hindered and not any(map(self.foreign, BRANCHES.values())):
            titles = [one.title for one in self.pulls(PrState.OPEN) if one.ours]
            assert any(one.startswith(("rollback(shop): ", "promote(shop): start ")) for one in titles), titles

    def merged(self, before: Snapshot, after: Snapshot) -> None:
        """The bot takes traffic up, or makes a version stable, only when the last finished run was good throughout."""
        if before.commit not in self.world.evaluated:
            return  # base moved after the look; the next tick sees to it
        old, new = edits.read(self.edits, before), edits.read(self.edits, after)
        begun = bool(old.weight) or (self.quiet and old.candidate == new.candidate)
        climbs = begun and (new.weight or 0) > (old.weight or 0)
        promotes = old.stable != new.stable and new.stable == old.candidate and bool(old.weight)
        if not (climbs or promotes):
            return
        since = self.since(before.commit)
        finished = (self.world.now_ - timedelta(seconds=30) - since) // MINUTE // RUN
        instants = [since + (RUN * (finished - 1) + k) * MINUTE for k in range(1, RUN + 1)] if finished >= 1 else []
        if not self.may_climb(since, [self.moods.at(at) for at in instants]):
            self.world.broken.append(f"{old} became {new} without evidence")

    def may_climb(self, since: datetime, moods: Sequence[str]) -> bool:
        """Whether the last finished run allows it. since: when the values landed; moods: at that run's measurements."""
        return bool(moods) and {*moods} == {"good"}

    @invariant()
    def nothing_forbidden_was_done(self) -> None:
        assert self.world.broken == []

    @invariant()
    def no_branch_has_two_open_pull_requests(self) -> None:
        branches = [one.branch for one in self.pulls(PrState.OPEN)]
        assert len(branches) == len(set(branches))

    # ------------------------------------------------------------ looking

    def branches(self) -> list[str]:
        return sorted(name for name in self.world.refs if name != BASE)

    def pulls(self, state: PrState) -> list[PullRequest]:
        return [one for one in self.world.pulls.values() if one.state is state]

    def foreign(self, branch: str) -> bool:
        """People's commits are on it."""
        if branch not in self.world.refs:
            return False
        own = self.world.head(self.world.refs[branch], self.world.refs[BASE]).commits
        return any(one.author != BOT for one in own)

    def slots(self, commit: str) -> Slots | None:
        try:
            return edits.read(self.edits, self.world.commits[self.world.refs.get(commit, commit)])
        except EditError:
            return None

    def since(self, commit: str = "") -> datetime:
        """When the values of base landed, by walking back."""
        oid = commit or self.world.refs[BASE]
        present = self.slots(oid)
        while parents := self.world.commits[oid].commit_.parents:
            if self.slots(parents[0]) != present:
                break
            oid = parents[0]
        return self.world.commits[oid].commit_.at


People.TestCase.settings = settings(
    max_examples=60,
    stateful_step_count=40,
    deadline=None,
    derandomize=True,
    phases=(Phase.explicit, Phase.generate),  # shrinking takes minutes: add Phase.shrink to study a failure
    suppress_health_check=list(HealthCheck),
)
TestWorld = People.TestCase
