"""A world to apply plans in: a real repository, the local forge, a decision like decide.py's, and what breaks them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path

from gitops_bot.adapters.git import Git, GitRepository
from gitops_bot.adapters.local import LocalForge
from gitops_bot.apply import Outcome, apply
from gitops_bot.delivery import actions, identity, marker
from gitops_bot.errors import ForgeError, RepositoryUnreachable
from gitops_bot.model import (
    PREFIX,
    Change,
    CommitStatus,
    Direction,
    MergeMode,
    Plan,
    Proposal,
    PullRequest,
    SlotMove,
    SlotName,
    Slots,
    Step,
    StepKind,
    Verdict,
    Version,
)
from gitops_bot.ports import BranchUpdate, Forge, Merged, NewPull, NotReady, Pushed
from tests.contract.worlds import BOT, Clock
from tests.support.github import BareRepo

NOW = datetime(2026, 1, 5, 9, 30, tzinfo=UTC)
FILES = ("cart.yaml", "shop.yaml", "zoo.yaml")
LONG_AGO = datetime(2025, 1, 1, tzinfo=UTC)
ADVANCE = Step(StepKind.PROMOTE, Slots(Version("2")), "all checks passed")
NEWER = Step(StepKind.PROMOTE, Slots(Version("3")), "all checks passed")
ROLLBACK = Step(StepKind.ROLLBACK, Slots(Version("0")), "7 % of requests failed", urgent=True)
NOTHING = Step(StepKind.HOLD, Slots(Version("1")), "2 was <b>rejected</b> by @alice")
CAREFUL = replace(ADVANCE, cautions=("look first",))


class Crash(Exception):
    """The process is gone."""


class Crashing:
    """A forge whose caller dies right after the n-th write, and that remembers what was written."""

    def __init__(self, forge: Forge, after: int = 0, *, error: Exception | None = None) -> None:
        self._forge, self._left, self._error = forge, after, error or Crash()
        self.written: list[str] = []

    def _count(self, what: str) -> None:
        self.written.append(what)
        self._left -= 1
        if self._left == 0:
            raise self._error

    def pull_requests(self, closed_since: datetime) -> Sequence[PullRequest]:
        return self._forge.pull_requests(closed_since)

    def open(self, *, branch: str, base: str, title: str, body: str, draft: bool) -> PullRequest:
        pull = self._forge.open(branch=branch, base=base, title=title, body=body, draft=draft)
        self._count(f"open {branch}")
        return pull

    def update(self, number: int, *, title: str | None = None, body: str | None = None) -> None:
        self._forge.update(number, title=title, body=body)
        self._count(f"update {number}")

    def close(self, number: int) -> None:
        self._forge.close(number)
        self._count(f"close {number}")

    def merge(self, number: int, *, head: str, title: str) -> Merged | NotReady:
        result = self._forge.merge(number, head=head, title=title)
        self._count(f"merge {number}")
        return result

    def comment(self, number: int, text: str, *, key: str) -> None:
        self._forge.comment(number, text, key=key)
        self._count(f"comment {number}")

    def set_status(self, commit: str, status: CommitStatus, branch: str = "") -> None:
        self._forge.set_status(commit, status)
        self._count(f"status {status.state.value}")

    def decorate(self, number: int, *, labels: Sequence[str], reviewers: Sequence[str]) -> Sequence[str]:
        warnings = self._forge.decorate(number, labels=labels, reviewers=reviewers)
        self._count(f"decorate {number}")
        return warnings

    def unlabel(self, number: int, labels: Sequence[str]) -> None:
        self._forge.unlabel(number, labels)
        self._count(f"unlabel {number}")


class Together(Crashing):
    """One that opens up to three by one request, and says no where a test wants it."""

    def __init__(self, forge: Forge, after: int = 0, *, error: Exception | None = None) -> None:
        super().__init__(forge, after, error=error)
        self.noes: dict[str, ForgeError] = {}
        """By branch."""

    def at_once(self) -> int:
        return 3

    def open_many(self, wanted: Sequence[NewPull]) -> Sequence[PullRequest | ForgeError]:
        made = [self.noes.get(one.branch) or self._opened(one) for one in wanted]
        self._count(f"open {len(wanted)}")
        return made

    def _opened(self, one: NewPull) -> PullRequest:
        return self._forge.open(branch=one.branch, base=one.base, title=one.title, body=one.body, draft=one.draft)


class Counting:
    """The repository, with its pushes counted; `broken` ones do not get through."""

    def __init__(self, repo: GitRepository) -> None:
        self.repo = repo
        self.pushes: list[list[str]] = []
        self.broken: set[int] = set()

    def push(self, updates: Sequence[BranchUpdate]) -> Sequence[Pushed]:
        self.pushes.append([update.branch for update in updates])
        if len(self.pushes) in self.broken:
            raise RepositoryUnreachable("the network is down")
        return self.repo.push(updates)

    def __getattr__(self, name: str) -> object:
        return getattr(self.repo, name)


@dataclass
class Wish:
    """What one policy wants now."""

    step: Step = ADVANCE
    name: str = "shop"
    mode: MergeMode = MergeMode.NEVER
    verdict: Verdict = field(default_factory=Verdict)


class World:
    """A repository with one file a policy, its forge, and a decision like decide.py's."""

    def __init__(self, folder: Path) -> None:
        self.bare = BareRepo.create(folder / "env.git", dict.fromkeys(FILES, "v: 1\n"))
        name, _, email = BOT.rstrip(">").partition(" <")
        self.git = GitRepository(str(self.bare.path), cache=folder / "cache", base="main", identity=(name, email))
        self.repo = Counting(self.git)
        self.clock = Clock()
        self.forge = LocalForge(self.bare.path, Git(self.bare.path), self.clock, who=BOT)

    def decide(self, wish: Wish) -> Plan:
        refs = self.git.refresh()
        proposal = self._proposal(wish, refs["main"]) if wish.step.kind is not StepKind.HOLD else None
        situation = actions.Situation(
            policy=wish.name,
            step=wish.step,
            proposal=proposal,
            verdict=wish.verdict,
            gates=(),
            mode=wish.mode,
            pulls=[one for one in self.forge.pull_requests(LONG_AGO) if one.branch.split("/")[1] == wish.name],
            branches=self._branches(wish.name, refs, proposal),
            landed=None,
            now=NOW,
        )
        if proposal:
            signed = actions.signed(situation, f"{proposal.title}\n")
            situation = replace(situation, proposal=replace(proposal, body=signed))
        chosen = actions.choose(situation)
        return Plan(wish.name, "env", "main", refs["main"], Slots(), None, None, wish.verdict, wish.step,
                    proposal=situation.proposal, actions=chosen.actions, notes=chosen.notes)  # fmt: skip

    def _proposal(self, wish: Wish, base: str) -> Proposal | None:
        path, version = f"{wish.name}.yaml", wish.step.slots.stable
        before = self.git.tree(base).read(path) or b""
        after = f"v: {version}\n".encode()
        if before == after:
            return None
        move = SlotMove(SlotName.STABLE, f"{path}: v", before.decode(), after.decode())
        direction = identity.direction(wish.step)
        key = f"{wish.name}-{wish.step.kind.value}-{version}"
        title = f"{wish.step.kind.value} {wish.name} to {version}"
        branch = identity.branch(wish.name, direction, PREFIX)
        changes = (Change(path, before, after, (move,)),)
        return Proposal(wish.name, direction, wish.step.kind, key, branch, "main", base, title, "", f"{title}\n",
                        ("promotion",), ("alice",), False, changes)  # fmt: skip

    def _branches(
        self, name: str, refs: Mapping[str, str], proposal: Proposal | None
    ) -> Mapping[Direction, actions.Branch]:
        proposed = {one.path: (one.before, one.after) for one in proposal.changes} if proposal else None
        found = {one: refs[branch] for one in Direction if (branch := identity.branch(name, one, PREFIX)) in refs}
        heads = {direction: self.git.head(oid, refs["main"]) for direction, oid in found.items()}
        return {
            direction: actions.Branch(
                head.oid, all(commit.committer == BOT for commit in head.commits), dict(head.files) == proposed
            )
            for direction, head in heads.items()
        }

    def tick(self, *wishes: Wish, forge: Forge | None = None, stopping: Callable[[], bool] = lambda: False) -> Outcome:
        return self.applied([self.decide(wish) for wish in wishes], forge or self.forge, stopping)

    def applied(self, plans: Sequence[Plan], forge: Forge, stopping: Callable[[], bool] = lambda: False) -> Outcome:
        return apply(plans, self.repo, forge, stopping)  # type: ignore[arg-type]

    def settle(self, *wishes: Wish) -> None:
        """Tick until nothing is wanted any more."""
        for _ in range(5):
            if not any(self.decide(wish).actions for wish in wishes):
                return
            self.tick(*wishes)
        raise AssertionError("it does not come to rest")

    def seen(self) -> object:
        """What a person can see in the end, without times, labels and object names.

        A branch that a crash kept from being deleted may stay: the next proposal takes it over.
        """
        refs = self.git.refresh()
        pulls = self.forge.everything()
        shown = [
            (
                pull.number,
                pull.branch,
                pull.state,
                pull.title,
                marker.read(pull.body),
                marker.text(pull.body),
                [said["text"].splitlines()[0] for said in pull.comments],
                self.forge.statuses(pull.head) if pull.state == "open" else {},
            )
            for pull in pulls
        ]
        standing = {"main", *(pull.branch for pull in pulls if pull.state == "open")}
        files = {(branch, path): self.git.read(refs[branch], path) for branch in standing for path in FILES}
        return shown, files


@contextmanager
def many_worlds(folder: Path) -> Iterator[Callable[[], World]]:
    """Makes worlds, each below the folder, and ends their processes."""
    made: list[World] = []

    def make() -> World:
        below = folder / f"world-{len(made)}"
        below.mkdir()
        made.append(World(below))
        return made[-1]

    yield make
    for world in made:
        world.git.close()
