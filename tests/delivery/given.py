"""Real values to build situations from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

from gitops_bot.delivery import actions, identity
from gitops_bot.delivery.actions import Branch, Chosen, Situation
from gitops_bot.model import (
    PREFIX,
    Action,
    Change,
    CheckResult,
    Direction,
    Figure,
    Gate,
    MergeMode,
    Outcome,
    Proposal,
    PrState,
    PullRequest,
    Query,
    SlotMove,
    SlotName,
    Slots,
    Step,
    StepKind,
    Verdict,
    Version,
)
from gitops_bot.policy.schema import PromotionPolicy

NOW = datetime(2026, 1, 5, 9, 30, tzinfo=UTC)
V1, V2, V3 = Version("1.4.1"), Version("1.4.2"), Version("1.4.3")
BRANCH = "gitops-bot/shop/promote"
BACK = "gitops-bot/shop/rollback"
HEAD, OTHER_HEAD = "a" * 40, "b" * 40

OPEN_GATES = (Gate("suspend", True, "not suspended"), Gate("stop", True, "no stop file"))
STOPPED = (Gate("suspend", True, "not suspended"), Gate("stop", False, "stop.yaml: freeze"))

BEFORE = Slots(V1, V2, 5)
ADVANCE = Step(StepKind.ADVANCE, replace(BEFORE, weight=25), "all checks passed")
ROLLBACK = Step(StepKind.ROLLBACK, Slots(V1, V1, 0), "errors: 7 % of requests failed", urgent=True)
WAITING = Step(StepKind.HOLD, BEFORE, "errors: no traffic", held=ADVANCE)
BLIND = Step(StepKind.HOLD, BEFORE, "the cluster cannot be reached", blind=True)
NOTHING = Step(StepKind.HOLD, BEFORE, "1.4.2 was rejected")

GOOD = Verdict((CheckResult("errors", Outcome.PASS, "0.1 % ≤ 1 %", (Figure("worst", "0.1 %"),)),))
UNSURE = Verdict((CheckResult("errors", Outcome.UNKNOWN, "no traffic"),))
BAD = Verdict((CheckResult("errors", Outcome.FAIL, "7 % > 1 %"),))


def policy(name: str = "shop", **spec: Any) -> PromotionPolicy:
    """A policy with a ladder in git; keys as users write them."""
    edits = [
        {"yaml": {"file": "app.yaml", "path": path}, "set": slot}
        for path, slot in (("stable", "stableVersion"), ("canary", "candidateVersion"), ("weight", "weight"))
    ]
    given = {
        "repository": "environments",
        "candidate": {"slot": "candidateVersion"},
        "strategy": {"canary": {"weights": [5, 25, 50]}},
        "edits": edits,
    }
    document = {"apiVersion": "gitops-bot.dev/v1alpha1", "kind": "PromotionPolicy", "metadata": {"name": name}}
    return PromotionPolicy.model_validate({**document, "spec": {**given, **spec}})


def change(before: str = "5", after: str = "25") -> Change:
    """The weight in one file."""
    moves = (SlotMove(SlotName.WEIGHT, "app.yaml: weight", before, after),)
    return Change("app.yaml", f"weight: {before}\n".encode(), f"weight: {after}\n".encode(), moves)


def query(expression: str = "sum(rate(errors[1m]))") -> Query:
    """Ten minutes of one minute each."""
    return Query("prod", expression, NOW - timedelta(minutes=10), NOW, timedelta(minutes=1))


def proposal(step: Step = ADVANCE, candidate: Version = V2, *, draft: bool = False) -> Proposal:
    """Of the policy `shop`, without a body."""
    given = policy()
    title = identity.title(given, BEFORE, step)
    direction = identity.direction(step)
    key = identity.key(given, "main", candidate, BEFORE, step)
    return Proposal(
        policy="shop",
        direction=direction,
        step=step.kind,
        key=key,
        branch=identity.branch("shop", direction, PREFIX),
        base="main",
        base_commit="f" * 40,
        title=title,
        body="",
        message=identity.message(given, BEFORE, step, key),
        labels=("promotion",),
        reviewers=(),
        draft=draft,
        changes=(change(),),
    )


def situation(
    step: Step = ADVANCE,
    verdict: Verdict = GOOD,
    *,
    proposed: Proposal | None = None,
    gates: Sequence[Gate] = OPEN_GATES,
    mode: MergeMode = MergeMode.NEVER,
    pulls: Sequence[PullRequest] = (),
    branches: Mapping[Direction, actions.Branch] | None = None,
    landed: datetime | None = NOW - timedelta(hours=1),
    now: datetime = NOW,
    text: str = "The body.\n",
) -> actions.Situation:
    """A situation as decide.py makes it: its proposal signed."""
    wanted = step.held if step.kind is StepKind.HOLD else step
    chosen = proposed or (proposal(wanted) if wanted else None)
    bare = actions.Situation(
        policy="shop",
        step=step,
        proposal=chosen,
        verdict=verdict,
        gates=gates,
        mode=mode,
        pulls=pulls,
        branches=branches or {},
        landed=landed,
        now=now,
    )
    return bare if chosen is None else replace(bare, proposal=replace(chosen, body=actions.signed(bare, text)))


def ours(*, current: bool = True, oid: str = HEAD) -> actions.Branch:
    """A branch with nothing but the bot's commit."""
    return actions.Branch(oid=oid, ours=True, current=current)


def foreign(oid: str = HEAD) -> actions.Branch:
    """A branch that somebody else pushed to."""
    return actions.Branch(oid=oid, ours=False, current=False)


def pull(body: str, **fields: Any) -> PullRequest:
    """An open pull request of ours from the promote branch."""
    given = PullRequest(
        number=7,
        url="https://forge/7",
        state=PrState.OPEN,
        branch=BRANCH,
        base="main",
        head=HEAD,
        title="promote(shop)",
        body=body,
        ours=True,
        created_at=NOW - timedelta(hours=2),
        updated_at=NOW - timedelta(hours=2),
    )
    return replace(given, **fields)


def body_of(given: actions.Situation) -> str:
    """What the bot would write now."""
    assert given.proposal
    return given.proposal.body


Branches = Mapping[Direction, Branch]
OURS: Branches = {Direction.PROMOTE: ours()}
BEHIND: Branches = {Direction.PROMOTE: ours(current=False)}
FOREIGN: Branches = {Direction.PROMOTE: foreign()}
NEXT = Step(StepKind.ADVANCE, replace(BEFORE, weight=50), "all checks passed")
CAREFUL = replace(ADVANCE, cautions=("look first",))
HELD_CAREFUL = replace(WAITING, held=CAREFUL)
AUTO = MergeMode.AUTO
AT_REST: tuple[Action, ...] = ()


def kinds(chosen: Chosen) -> list[str]:
    """The actions' names in order."""
    return [type(action).__name__ for action in chosen.actions]


One = TypeVar("One", bound=Action)


def the(chosen: Chosen, kind: type[One]) -> One:
    (found,) = [action for action in chosen.actions if isinstance(action, kind)]
    return found


def standing(given: Situation, **fields: Any) -> PullRequest:
    """The open pull request as the bot would have written it in that situation, an hour ago."""
    return pull(body_of(given), **fields)


SHOWN = situation(now=NOW - timedelta(hours=2))
"""When the standing pull request's body was written."""
