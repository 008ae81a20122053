"""The whole job on GitHub: wired as configured, the real adapter on the fake, real git, people, and a bad network."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from gitops_bot.adapters.github import GitHubForge, Token
from gitops_bot.adapters.recorded import MemoryMetrics
from gitops_bot.cli import load
from gitops_bot.delivery import marker
from gitops_bot.model import Plan, StepKind
from gitops_bot.tick import Job, Report, run
from gitops_bot.wiring import Options, jobs
from tests.support.environment import ALICE, BOT, CANARY, LADDER, ROUTE, T0, Environment, config, policy, tree
from tests.support.github import FakeGitHub
from tests.support.github.rules import Pull

PROMOTE, BACK = "gitops-bot/shop/promote", "gitops-bot/shop/rollback"
MINUTE = timedelta(minutes=1)
METHODS = ("merge", "squash", "rebase")
WRITES = ("POST", "PATCH", "PUT")


@dataclass
class Clock:
    """Stands until a test moves it."""

    at: datetime = T0

    def now(self) -> datetime:
        """What a test says."""
        return self.at


@dataclass
class Life:
    """A bot, GitHub, and an environment with people."""

    environment: Environment
    fake: FakeGitHub
    job: Job
    clock: Clock
    errors: float | Callable[[datetime], float] = 0.0
    slept: list[float] = field(default_factory=list)

    def measured(self, _query: str, at: datetime) -> float:
        """What Prometheus would say."""
        return self.errors(at) if callable(self.errors) else self.errors

    def tick(self, minutes: float = 0) -> Report:
        """Later, and a run."""
        self.clock.at = max(self.clock.at, self.fake.world.now) + minutes * MINUTE
        self.fake.world.now = max(self.fake.world.now, self.clock.at)
        report = run(self.job)
        self.clock.at = max(self.clock.at, self.fake.world.now)
        return report

    def well(self, minutes: float = 0) -> Report:
        """A run without failures."""
        report = self.tick(minutes)
        assert [str(one.error) for one in report.failures] == []
        return report

    def plan(self) -> Plan:
        """What is decided for the only policy."""
        (plan,) = self.well().plans
        return plan

    def restart(self) -> None:
        """All that was remembered is gone."""
        self.end()
        self.job = wired(self)

    def end(self) -> None:
        """Close what the adapters hold."""
        self.job.close()
        assert isinstance(self.job.site.forge, GitHubForge)
        self.job.site.forge.disconnect()

    @property
    def open(self) -> list[Pull]:
        """Open pull requests."""
        self.fake.world.sync()
        return [pull for pull in self.fake.world.pulls.values() if pull.state == "open"]

    @property
    def only(self) -> Pull:
        """The open pull request."""
        (pull,) = self.open
        return pull

    def state(self, pull: Pull, context: str = "gitops-bot/shop") -> str:
        """What our status says on the head."""
        said = [one.state for one in self.fake.world.statuses.get(pull.head, ()) if one.context == context]
        return said[-1] if said else ""

    def requests(self, run: Callable[[], object]) -> list[str]:
        """What is asked of GitHub meanwhile."""
        before = len(self.fake.requests)
        run()
        return [str(one) for one in self.fake.requests[before:]]

    def writes(self, run: Callable[[], object]) -> list[str]:
        """What is written on GitHub meanwhile."""
        return [one for one in self.requests(run) if one.startswith(WRITES) and one not in self.looks]

    @property
    def looks(self) -> list[str]:
        """What is asked by POST and changes nothing."""
        return [
            str(one) for one in self.fake.asked("POST", "/graphql$") if not one.body["query"].startswith("mutation")
        ]


def wired(life: Life, **forge: Any) -> Job:
    """The job as the configuration wires it, but for GitHub's address, pauses and the metrics."""
    folder = life.environment.path.parent
    (job,) = jobs(load(folder / "gitops-bot.yaml"), Options(life.clock)).values()
    job.site.forge = GitHubForge(
        life.fake.repository,
        auth=Token(life.fake.token),
        api_url=life.fake.api_url,
        seconds_between_writes=0,
        sleep=life.slept.append,
        now=life.clock.now,
        **forge,
    )
    job.site.metrics = {"prom": MemoryMetrics(life.measured)}
    return job


Begin = Callable[..., Life]


@pytest.fixture
def begin(tmp_path: Path) -> Iterator[Begin]:
    """Begins a life: the values of an environment, changes of its policy, other files on base."""
    ends: list[Callable[[], None]] = []

    def made(
        files: Mapping[str, str] | None = None,
        *,
        merge: str = "never",
        forge: Mapping[str, Any] | None = None,
        **spec: Any,
    ) -> Life:
        environment = Environment(tmp_path / "environments.git")
        written = policy(**{"pullRequest": {"merge": merge}, **spec})
        environment.commit({"policies/shop.yaml": written, **tree(), **(files or {})})
        config(tmp_path, limits={"openPullRequests": 1000, "perHour": 1000})
        fake = FakeGitHub(environment.path)
        fake.world.now = T0
        life = Life(environment, fake, None, Clock())  # type: ignore[arg-type]  # the job needs the life
        fake.__enter__()
        life.job = wired(life, **(forge or {}))
        ends.extend((life.end, lambda: fake.__exit__(None, None, None)))
        return life

    yield made
    for end in ends:
        end()


def values(life: Life) -> tuple[str, str, int]:
    return life.environment.values()


# ---------------------------------------------------------------- the ladder


@pytest.mark.parametrize("restarting", [False, True], ids=["daemon", "once"])
@pytest.mark.parametrize("method", METHODS)
def test_a_canary_climbs_however_people_merge(begin: Begin, method: str, restarting: bool) -> None:
    life = begin()
    seen = []
    for _ in range(4):
        life.well(10)
        pull = life.only
        assert (pull.branch, life.state(pull)) == (PROMOTE, "success")
        life.fake.people_merge(pull.number, method=method)
        merged_at = pull.merged_at
        assert merged_at
        if restarting:
            life.restart()
        plan = life.plan()
        seen.append((plan.slots.weight, plan.step.kind))
        assert life.open == []
        if plan.slots.weight:
            assert plan.since == merged_at
    assert values(life) == ("2.0.0", "2.0.0", 0)
    assert [weight for weight, _ in seen] == [5, 25, 25, 0]
    titles = [pull.title for pull in life.fake.world.pulls.values()]
    assert len(titles) == 4
    assert all(pull.merged_at for pull in life.fake.world.pulls.values())


@pytest.mark.parametrize("method", METHODS)
def test_since_is_the_merge_whatever_the_commits_say(begin: Begin, method: str) -> None:
    life = begin()
    life.well(90)
    life.fake.people_merge(1, method=method)
    merged_at = life.fake.pull(1).merged_at
    assert merged_at
    assert life.plan().since == merged_at  # the fake's merges are dated months before
    life.restart()
    assert life.plan().since == merged_at


@pytest.mark.parametrize("method", METHODS)
def test_a_rollback_stays_a_no_however_it_is_merged(begin: Begin, method: str) -> None:
    life = begin(tree(weight=5))
    life.errors = 0.5
    life.well(10)
    pull = life.only
    assert pull.branch == BACK
    life.fake.people_merge(pull.number, method=method)
    assert values(life) == ("1.0.0", "1.0.0", 0)
    life.environment.replace(CANARY, '"1.0.0"', '"2.0.0"', at=life.clock.at)  # an image updater, not a person
    life.errors = 0.0
    life.restart()
    for _ in range(3):
        plan = life.well(10).plans[0]
        assert plan.step.kind is StepKind.HOLD
        assert "2.0.0 is not proposed" in plan.step.reason
    assert life.open == []
    life.environment.replace(CANARY, '"2.0.0"', '"2.0.1"', at=life.clock.at)
    life.well(1)
    assert "2.0.1" in life.only.title


@pytest.mark.parametrize("method", METHODS)
def test_the_bot_merges_what_it_evaluated(begin: Begin, method: str) -> None:
    life = begin(merge="auto", forge={"merge_method": method})
    steps = []
    for _ in range(5):
        report = life.well(10)
        steps += [one.action for one in report.receipts]
    # Finish is not merged by the bot: it cannot see the stable workload.
    assert steps == ["open", "merge"] * 3 + ["open"]
    assert values(life) == ("2.0.0", "2.0.0", 25)
    assert [pull.merged_by for pull in life.fake.world.pulls.values()] == ["gitops-bot"] * 3 + [""]
    assert "leaves what it warns of to a person" in life.only.body
    for pull in (1, 2, 3):
        assert [*life.fake.asked("PUT", f"/pulls/{pull}/merge")[0].body][:1] == ["sha"]


def test_a_merge_that_waits_for_the_forge_is_done_when_it_may(begin: Begin) -> None:
    life = begin(merge="auto")
    life.fake.world.blocked[1] = "Required status check is expected."
    report = life.well(10)
    assert [(one.action, one.state.value) for one in report.receipts][-1] == ("merge", "not ready")
    for _ in range(3):
        life.well(1)
    del life.fake.world.blocked[1]
    life.well(10)
    assert values(life)[2] == 5


def test_a_bad_release_is_taken_back_by_the_bot(begin: Begin) -> None:
    life = begin(tree(weight=5), rollback={"merge": "auto"})
    life.well(10)
    assert life.only.branch == PROMOTE
    life.errors = 0.5
    life.well(5)
    assert values(life) == ("1.0.0", "1.0.0", 0)
    assert life.open == []
    promotion = life.fake.pull(1)
    assert (promotion.state, promotion.merged_at) == ("closed", None)
    assert "gitops-bot/closed" in promotion.labels
    assert life.environment.heads().keys() == {"main"}


# ---------------------------------------------------------------- people


def test_a_close_is_a_no_until_there_is_something_else_to_propose(begin: Begin) -> None:
    life = begin()
    life.well(1)
    life.fake.people_close(1)
    for _ in range(3):
        life.well(30)
        life.restart()
    assert [*life.fake.world.pulls] == [1]
    assert PROMOTE in life.environment.heads()
    life.environment.replace(CANARY, '"2.0.0"', '"2.0.1"', at=life.clock.at)
    life.well(1)
    assert life.only.number == 2
    assert life.environment.values()[1] == "2.0.1"


def test_a_push_makes_the_branch_theirs(begin: Begin) -> None:
    life = begin(merge="auto")
    life.fake.world.blocked[1] = "A review is required."
    life.well(1)
    head = life.environment.commit({ROUTE: "host: theirs\ncanary:\n  weight: 7\n"}, branch=PROMOTE, who=ALICE)
    del life.fake.world.blocked[1]
    life.well(1)
    life.environment.replace(CANARY, '"2.0.0"', '"2.0.1"', at=life.clock.at)
    life.well(1)
    pull = life.only
    assert (pull.head, life.state(pull), values(life)[2]) == (head, "pending", 0)
    assert len(pull.comments) == 1
    assert life.writes(lambda: [life.well(1) for _ in range(3)]) == []


def test_an_updated_branch_stays_ours_and_its_new_head_gets_its_status(begin: Begin) -> None:
    life = begin()
    life.well(1)
    pull = life.only
    life.environment.commit({"README.md": "Hello\n"}, who=ALICE, at=life.clock.at)
    update_branch(life, PROMOTE)
    life.well(1)
    assert life.only.head == life.environment.heads()[PROMOTE] != ""
    assert life.state(life.only) == "success"
    assert (life.only.number, pull.comments) == (1, [])
    assert life.writes(lambda: [life.well(1) for _ in range(3)]) == []
    life.fake.people_merge(1)
    assert life.plan().slots.weight == 5


def test_an_updated_branch_is_merged_at_its_new_head(begin: Begin) -> None:
    life = begin(merge="auto")
    life.fake.world.blocked[1] = "This branch is out-of-date with the base branch"
    life.well(1)
    life.environment.commit({"README.md": "Hello\n"}, who=ALICE, at=life.clock.at)
    update_branch(life, PROMOTE)
    del life.fake.world.blocked[1]
    life.well(1)
    assert values(life)[2] == 5
    assert life.fake.world.pulls[1].merged_by == "gitops-bot"


def test_a_merge_of_base_that_settles_a_value_its_own_way_is_a_persons(begin: Begin) -> None:
    life = begin(merge="auto")
    life.fake.world.blocked[1] = "A review is required."
    life.well(1)
    ours = life.environment.heads()[PROMOTE]
    life.environment.commit({"README.md": "Hello\n"}, who=ALICE, at=life.clock.at)
    other = life.environment.commit({**tree(weight=7), "README.md": "Hello\n"}, branch="settled", who=ALICE)
    git, main = life.environment.git, life.environment.heads()["main"]
    person = ["-c", "user.name=Alice", "-c", "user.email=alice@acme.example"]
    merge = git(*person, "commit-tree", f"{other}^{{tree}}", "-p", ours, "-p", main, "-m", "Merge main").strip()
    git("update-ref", f"refs/heads/{PROMOTE}", merge)
    del life.fake.world.blocked[1]
    for _ in range(3):
        life.well(15)
    assert life.environment.heads()[PROMOTE] == merge
    assert (life.only.state, life.state(life.only)) == ("open", "pending")


def update_branch(life: Life, branch: str) -> None:
    """The button: a merge of base into the branch."""
    commit = life.fake.world.repo.merge(branch, life.environment.heads()["main"], method="merge", message="Merge main")
    assert commit


def test_a_draft_waits_for_a_person(begin: Begin) -> None:
    life = begin(pullRequest={"merge": "auto", "draft": True})
    for _ in range(3):
        life.well(1)
    assert life.only.draft
    assert life.fake.asked("PUT") == []
    life.only.draft = False
    life.well(1)
    assert values(life)[2] == 5


def test_pull_requests_of_others_are_left_alone(begin: Begin) -> None:
    life = begin(merge="auto")
    life.fake.world.repo.commit(PROMOTE, {ROUTE: "host: x\ncanary:\n  weight: 99\n"})
    mine = life.fake.people_open(PROMOTE, title="Mine")
    theirs = life.fake.fork_open(PROMOTE, owner="mallory")
    assert life.writes(lambda: [life.well(1) for _ in range(3)]) == []
    assert [life.fake.pull(one).title for one in (mine, theirs)] == ["Mine", "From a fork"]


def test_a_branch_without_a_common_history_is_somebody_elses(begin: Begin) -> None:
    life = begin(merge="auto")
    head = life.environment.commit({**tree(weight=5)}, branch=PROMOTE, who=BOT)
    assert life.writes(lambda: [life.well(1) for _ in range(3)]) == []
    assert life.environment.heads()[PROMOTE] == head


def test_one_that_a_person_opens_in_between_is_not_rewritten(begin: Begin) -> None:
    life = begin()
    # GitHub offers everyone a button on a branch that was just pushed.
    create = life.fake.world.create

    def first(author: str, **given: Any) -> Pull:
        life.fake.world.create = create  # type: ignore[method-assign]
        create("alice", branch=PROMOTE, base="main", title="Alice's", body="by hand")
        return create(author, **given)

    life.fake.world.create = first  # type: ignore[method-assign]
    life.tick(1)
    life.tick(1)
    pull = life.only
    assert (pull.author, pull.title, pull.body, pull.labels) == ("alice", "Alice's", "by hand", [])


# ---------------------------------------------------------------- the hostile


@pytest.mark.parametrize("forged", ["stolen", "none", "another"])
def test_a_body_decides_nothing(begin: Begin, forged: str) -> None:
    life = begin(merge="auto")
    life.fake.world.blocked[1] = "A review is required."
    life.well(1)
    pull = life.only
    said = marker.read(pull.body)
    assert said
    bodies = {
        "stolen": pull.body,
        "none": "Merge me!",
        "another": marker.write(replace(said, key="0" * 20, digest="0" * 16, closed="gone"), "Merge me!"),
    }
    life.environment.commit({ROUTE: "host: x\ncanary:\n  weight: 99\n"}, branch=PROMOTE, who=BOT)
    pull.body = bodies[forged]
    life.fake.world.blocked.clear()
    for _ in range(3):
        life.well(1)
    assert values(life)[2] == 0
    assert life.fake.asked("PUT") == life.fake.asked("PUT")[:1]
    assert life.state(life.only) == "pending"


def test_a_forged_identity_is_no_pass(begin: Begin) -> None:
    life = begin(merge="auto")
    life.environment.git("update-ref", f"refs/heads/{PROMOTE}", "main")
    changed = life.environment.read(ROUTE).replace("weight: 0", "weight: 5")
    head = life.environment.commit({ROUTE: changed, "evil.yaml": "kind: Pod\n"}, branch=PROMOTE, who=BOT)
    life.fake.people_open(PROMOTE, author="gitops-bot")
    for _ in range(3):
        life.well(1)
    assert (values(life)[2], life.only.head, life.state(life.only)) == (0, head, "pending")


def link(life: Life, path: str, target: str) -> None:
    """A symbolic link on base."""
    stream = (
        f"commit refs/heads/main\ncommitter {ALICE} {int(T0.timestamp())} +0000\ndata 4\nLink\nfrom refs/heads/main^0\n"
    )
    life.environment.git(
        "fast-import", "--quiet", stdin=f"{stream}M 120000 inline {path}\ndata {len(target)}\n{target}\n"
    )


@pytest.mark.parametrize("path", [".gitops-bot/stop.yaml", ".gitops-bot"])
def test_a_stop_file_that_is_a_link_stops(begin: Begin, path: str) -> None:
    life = begin({"stops/stop.yaml": "reason: the auditors are here\n"})
    link(life, path, "../stops/stop.yaml")
    life.well(1)
    assert life.open == []
    assert any("stop" in note for note in life.plan().notes)


def test_a_stop_file_that_is_a_folder_stops(begin: Begin) -> None:
    life = begin({".gitops-bot/stop.yaml/reason": "the auditors are here\n"})
    life.well(1)
    assert life.open == []


def test_a_policy_that_became_a_link_is_said_and_its_pull_request_stays(begin: Begin) -> None:
    life = begin(
        {
            "policies/other.yaml": policy(
                "other",
                suspend=True,
                edits=[
                    {**LADDER["edits"][2], "helmValue": {"file": "x.yaml", "key": "w"}},
                    *[
                        {"kustomizeImage": {"path": f"x/{one}", "name": "y"}, "set": f"{one}Version"}
                        for one in ("stable", "candidate")
                    ],
                ],
            )
        }
    )
    life.tick(1)
    link(life, "policies/shop.yaml", "/etc/passwd")
    report = life.tick(1)
    assert any("policies/shop.yaml" in str(one.error) for one in report.failures)
    assert life.only.number == 1


def test_hooks_and_attributes_of_the_repository_are_not_ours_to_run(begin: Begin, tmp_path: Path) -> None:
    ran = tmp_path / "ran"
    life = begin(
        {
            ".gitattributes": "* filter=evil diff=evil merge=evil text eol=crlf\n",
            ".gitmodules": '[submodule "x"]\npath=x\nurl=ext::sh -c id\n',
        }
    )
    life.well(1)
    for cache in tmp_path.glob("cache/*.git"):
        for name in ("pre-push", "reference-transaction", "post-index-change"):
            hook = cache / "hooks" / name
            hook.parent.mkdir(exist_ok=True)
            hook.write_text(f"#!/bin/sh\necho {name} >>{ran}\n")
            hook.chmod(0o755)
    life.environment.replace(CANARY, '"2.0.0"', '"2.0.1"', at=life.clock.at)
    life.well(1)
    assert life.only.comments
    assert not ran.exists()


HOSTILE = "</details>--> @acme/all #1 \u202e| `x` ::set-output name=x::y"


def test_hostile_words_stay_words(begin: Begin) -> None:
    stop = {".gitops-bot/stop.yaml": json.dumps({"reason": HOSTILE})}
    life = begin(tree(weight=5))
    life.well(10)
    life.environment.commit(stop, who=ALICE, at=life.clock.at)
    life.well(1)
    pull = life.only
    said = [status.description for status in life.fake.world.statuses[pull.head]]
    for text in (pull.body.partition("-->")[2], *said):
        assert "@acme" not in text
        assert "\u202e" not in text
        assert "#1 " not in text
    assert "</details>-->" not in pull.body
    assert life.state(pull) == "pending"


# ---------------------------------------------------------------- a bad network


def test_a_branch_that_github_has_not_noticed_yet(begin: Begin) -> None:
    life = begin()
    for message in ("No commits between main and x", "Could not resolve to a node with the global id"):
        life.fake.fail_next("POST", "/pulls$", 422, {"message": "Validation Failed", "errors": [{"message": message}]})
    life.well(1)
    assert life.only.number == 1
    assert life.slept == [1.0, 2.0]


@pytest.mark.parametrize("path", ["/pulls$", "/comments$", "/labels$", "/statuses/"])
def test_an_answer_that_is_lost_doubles_nothing(begin: Begin, path: str) -> None:
    life = begin()
    life.fake.fail_next("POST", path, 502, after_effect=True)
    life.tick(1)
    life.environment.replace(CANARY, '"2.0.0"', '"2.0.1"', at=life.clock.at)
    life.fake.fail_next("POST", path, 502, after_effect=True)
    life.tick(1)
    life.fake._faults.clear()
    life.well(1)
    assert [pull.number for pull in life.open] == [1]
    assert len(life.only.comments) <= 1
    assert life.state(life.only) == "success"
    assert life.writes(lambda: life.well(1)) == []


def test_a_merge_whose_answer_is_lost_is_a_merge(begin: Begin) -> None:
    life = begin(merge="auto")
    life.fake.fail_next("PUT", "/merge$", 502, after_effect=True)
    report = life.well(1)
    assert [one.action for one in report.receipts] == ["open", "merge"]
    assert values(life)[2] == 5
    assert len(life.environment.subjects()) == 2


def many(count: int, **spec: Any) -> dict[str, str]:
    """Policies and their files."""
    files: dict[str, str] = {}
    for n in range(count):
        edits = [
            {"kustomizeImage": {"path": f"p{n}/stable", "name": "ghcr.io/acme/shop"}, "set": "stableVersion"},
            {"kustomizeImage": {"path": f"p{n}/canary", "name": "ghcr.io/acme/shop"}, "set": "candidateVersion"},
            {"helmValue": {"file": f"p{n}/values.yaml", "key": "canary.weight"}, "set": "weight"},
        ]
        files[f"policies/p{n}.yaml"] = policy(f"p{n}", {**LADDER, **spec}, edits=edits)
        names = (f"p{n}/stable/kustomization.yaml", f"p{n}/canary/kustomization.yaml", f"p{n}/values.yaml")
        files |= dict(zip(names, tree().values(), strict=True))
    return files


LIMITED = {"message": "You have exceeded a secondary rate limit. Please wait a few minutes."}


def test_a_secondary_limit_in_the_middle_is_obeyed_at_once(begin: Begin) -> None:
    life = begin(many(4, pullRequest={"merge": "auto", "labels": ["promotion"]}), suspend=True)
    life.fake.fail_next("POST", "/issues/2/labels", 403, LIMITED, {"Retry-After": "60"})
    report = life.tick(1)
    assert {one.error.exit_code for one in report.failures} == {52}
    assert str(life.fake.requests[-1]) == "POST /repos/acme/environments/issues/2/labels"
    assert [one.number for one in report.receipts] == [1, 3, 4]  # all four were opened at once
    assert report.receipts[1].detail == "labels and reviewers follow"
    assert [one.labels for one in life.open] == [["promotion"], [], [], []]
    for _ in range(2):
        life.well(1)
    assert [pull.merged_by for pull in life.fake.world.pulls.values()] == ["gitops-bot"] * 4


def test_a_token_that_is_refused_stops_at_the_first_answer(begin: Begin) -> None:
    life = begin(many(3), suspend=True)
    life.fake.tokens.clear()
    report = life.tick(1)
    assert [(one.subject, one.error.exit_code) for one in report.failures] == [("environments", 51)]
    assert life.fake.token not in str(report.failures)
    assert len(life.fake.requests) == 1
    assert life.environment.heads().keys() == {"main"}


# ---------------------------------------------------------------- at rest


@pytest.mark.parametrize("count", [1, 10, 50])
def test_at_rest_a_tick_is_two_requests_however_many_policies(begin: Begin, count: int) -> None:
    life = begin(many(count), suspend=True)
    life.well(1)
    assert len(life.open) == count
    life.restart()
    idle = life.requests(lambda: life.well(1))
    assert idle.count("GET /repos/acme/environments/pulls") == 2
    assert [one for one in idle if one not in ("GET /user", "GET /repos/acme/environments/pulls")] == []
    assert life.requests(lambda: life.well(1)) == ["GET /repos/acme/environments/pulls"] * 2


def test_moving_figures_are_written_once_an_hour(begin: Begin) -> None:
    life = begin(tree(weight=5))
    life.errors = lambda at: (at.minute % 10) / 1000
    life.well(10)
    assert life.only.branch == PROMOTE
    life.well(1)
    writes = [life.writes(lambda: life.well(6)) for _ in range(10)]
    assert len([one for one in writes if one]) <= 1
    assert {one.rpartition("/")[2] for each in writes for one in each if one.startswith("PATCH")} <= {"1"}
    assert len([one for each in writes for one in each]) <= 2


def test_a_refused_merge_is_asked_for_ever_more_seldom(begin: Begin) -> None:
    life = begin(many(2, pullRequest={"merge": "auto"}), suspend=True)
    life.fake.world.blocked.update(dict.fromkeys(range(1, 3), "A review is required."))
    life.well(1)
    asked = [len([one for one in life.requests(lambda: life.well(1)) if one.startswith("PUT")]) for _ in range(16)]
    assert set(asked) == {0, 2}
    assert asked[0] == 2
    assert sum(asked) <= 2 * 5
    life.fake.world.blocked.clear()
    life.well(11)
    assert {pull.merged_by for pull in life.fake.world.pulls.values()} == {"gitops-bot"}
