"""How a ladder is climbed that is more than weights: durations, pauses, quiet rungs, steps back, newer candidates."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from gitops_bot import analysis
from gitops_bot.model import ExperimentStatus, ObjectRef, Outcome, Phase, Slots, Step, StepKind, Unseen, Verdict
from gitops_bot.policy.schema import PromotionPolicy
from gitops_bot.policy.strategies.canary import LadderFrom, LadderRead
from gitops_bot.strategy import next_step, trial
from gitops_bot.strategy.ladder import judged
from tests.support.build import (
    ERRORS,
    FAIL,
    LADDER,
    PASS,
    UNKNOWN,
    Row,
    at,
    history,
    slots,
    state,
    version,
)
from tests.support.build import policy as built

START, ADVANCE, PROMOTE = StepKind.START, StepKind.ADVANCE, StepKind.PROMOTE
FINISH, ROLLBACK, HOLD = StepKind.FINISH, StepKind.ROLLBACK, StepKind.HOLD
MIRROR = {"yaml": {"file": "route.yaml", "path": "mirror"}, "set": "mirror"}


def climbing(changed: dict[str, Any] | None = None, **canary: Any) -> PromotionPolicy:
    told = canary if {"rungs", "steps", "weights"} & canary.keys() else {"weights": [5, 25, 50], **canary}
    return built({**LADDER, "strategy": {"canary": told}, "edits": [*LADDER["edits"], MIRROR]}, **(changed or {}))


def said(stable: str = "v1", candidate: str = "v1", weight: int = 0, mirror: int = 0) -> Slots:
    return replace(slots(stable, candidate, weight), mirror=mirror)


IDLE = said()
NEW, FIVE, QUARTER, HALF = (said("v1", "v2", weight) for weight in (0, 5, 25, 50))
MIRRORED = said("v1", "v2", 0, 20)


def told(policy: PromotionPolicy, *climbed: Slots, now: float = 100) -> Any:
    rows: list[Row] = [(minute, one) for minute, one in enumerate((IDLE, *climbed))]
    return state(policy, history(*rows), now=now)


def decided(policy: PromotionPolicy, verdict: Verdict, *climbed: Slots, now: float = 100) -> Step:
    return next_step(policy, told(policy, *climbed, now=now), verdict)


# ---------------------------------------------------------------- time at a rung


def test_a_rung_is_kept_for_its_duration_whatever_the_evidence() -> None:
    policy = climbing(stepDuration="30m")
    early = decided(policy, PASS, NEW, FIVE, now=31)
    assert (early.kind, early.reason) == (HOLD, "it stays at 5 % for at least 30m")
    assert early.held is not None
    assert early.held.slots == QUARTER
    assert decided(policy, PASS, NEW, FIVE, now=32).kind is ADVANCE
    assert decided(policy, PASS, NEW, HALF, now=31).kind is HOLD
    assert decided(policy, FAIL, NEW, FIVE, now=3).kind is ROLLBACK


def test_an_argo_pause_is_a_duration_and_an_empty_one_is_left_to_people() -> None:
    steps = [{"setWeight": 5}, {"pause": {"duration": "20m"}}, {"setWeight": 25}, {"pause": {}}]
    policy = climbing(steps=steps)
    assert decided(policy, PASS, NEW, FIVE, now=21).kind is HOLD
    advance = decided(policy, PASS, NEW, FIVE, now=22)
    assert (advance.kind, advance.cautions) == (ADVANCE, ())
    promote = decided(policy, PASS, NEW, FIVE, QUARTER)
    assert (promote.kind, promote.cautions) == (PROMOTE, ("the ladder pauses at 25 %: who merges this goes on",))


# ---------------------------------------------------------------- analysis of a rung

MORE = {**ERRORS, "name": "more"}


@pytest.mark.parametrize(
    ("present", "names", "bake"),
    [(FIVE, ["errors"], 10), (QUARTER, ["errors", "more"], 30), (said("v1", "v2", 30), ["errors", "more"], 30)],
)
def test_a_rung_may_have_its_own_analysis(present: Slots, names: list[str], bake: int) -> None:
    policy = climbing(rungs=[{"weight": 5}, {"weight": 25, "bake": "30m", "metrics": [MORE]}, {"weight": 50}])
    measured = judged(policy, present).spec.analysis
    assert ([one.name for one in measured.metrics], measured.bake) == (names, timedelta(minutes=bake))


def test_before_its_starting_step_the_analysis_does_not_count_and_the_bake_must_pass() -> None:
    policy = climbing(weights=[5, 25, 50], startingStep=1)
    waiting = told(policy, NEW, FIVE, now=11)
    tried = trial(policy, waiting)
    assert tried is not None
    assert tried.excused == "the analysis begins at 25 % (startingStep)"
    present = judged(policy, waiting.slots)
    assert analysis.ask(present, tried, waiting.now) == ()
    verdict = analysis.verdict(present, waiting.candidate, tried, {}, {}, waiting.now)
    assert verdict.outcome is Outcome.PASS
    assert next_step(policy, waiting, verdict).reason == "it stays at 5 % for at least 10m"
    assert decided(policy, verdict, NEW, FIVE, now=12).kind is ADVANCE
    later = told(policy, NEW, FIVE, QUARTER)
    tried = trial(policy, later)
    assert tried is not None
    assert not tried.excused


# ---------------------------------------------------------------- the guard


def test_no_advance_is_longer_than_the_guard_allows() -> None:
    policy = climbing(weights=[5, 25, 50], maxStep=22)
    assert decided(policy, PASS, NEW, FIVE).kind is ADVANCE
    held = decided(policy, PASS, NEW, FIVE, QUARTER)
    assert (held.kind, held.held) == (HOLD, None)
    assert held.reason == "from 25 % to 50 % is 25 points, and maxStep allows 22"
    assert decided(policy, PASS, NEW, said("v1", "v2", 30)).kind is ADVANCE
    assert decided(climbing(weights=[50], maxStep=22), UNKNOWN, NEW).reason == (
        "from 0 % to 50 % is 50 points, and maxStep allows 22"
    )


def test_a_jump_that_a_person_made_stands_and_the_guard_counts_from_there() -> None:
    policy = climbing(weights=[5, 25, 45], maxStep=22)
    jumped = [NEW, FIVE, said("v1", "v2", 40)]
    step = decided(policy, PASS, *jumped)
    assert (step.kind, step.slots.weight) == (ADVANCE, 45)
    assert decided(policy, UNKNOWN, *jumped).kind is HOLD
    assert decided(policy, FAIL, *jumped).kind is ROLLBACK


# ---------------------------------------------------------------- one rung down

BACK = climbing(onFail="stepBack")


@pytest.mark.parametrize(
    ("climbed", "kind", "after"),
    [
        # one rung down at the first failure of a rung
        ([NEW, FIVE, QUARTER, HALF], ROLLBACK, QUARTER),
        ([NEW, FIVE, QUARTER], ROLLBACK, FIVE),
        ([NEW, FIVE, said("v1", "v2", 30)], ROLLBACK, QUARTER),
        ([NEW, FIVE, QUARTER, HALF, QUARTER], ROLLBACK, FIVE),
        # all the way from the lowest
        ([NEW, FIVE], ROLLBACK, IDLE),
        ([NEW, FIVE, QUARTER, FIVE], ROLLBACK, IDLE),
        # all the way at the second failure of a rung
        ([NEW, FIVE, QUARTER, FIVE, QUARTER], ROLLBACK, IDLE),
        ([NEW, FIVE, QUARTER, FIVE, QUARTER, HALF], ROLLBACK, QUARTER),
    ],
)
def test_a_failure_takes_one_rung_once_and_then_all(climbed: list[Slots], kind: StepKind, after: Slots) -> None:
    step = decided(BACK, FAIL, *climbed)
    assert (step.kind, step.slots, step.urgent) == (kind, after, True)


def test_what_came_down_is_not_rejected_and_goes_up_again_on_evidence() -> None:
    assert decided(BACK, UNKNOWN, NEW, FIVE, QUARTER, FIVE).kind is HOLD
    again = decided(BACK, PASS, NEW, FIVE, QUARTER, FIVE)
    assert (again.kind, again.slots) == (ADVANCE, QUARTER)
    assert decided(BACK, FAIL, NEW, FIVE, QUARTER).reason == "errors: it is FAIL; one rung down, to 5 %"


# ---------------------------------------------------------------- a newer candidate

BY_HAND = {"candidate": {"slot": None, "version": "v3"}}


@pytest.mark.parametrize(
    ("climbed", "verdict", "kind", "after"),
    [
        ([NEW, FIVE], PASS, ADVANCE, QUARTER),
        ([NEW, FIVE], UNKNOWN, HOLD, FIVE),
        ([NEW, FIVE], FAIL, ROLLBACK, IDLE),
        ([NEW, HALF], PASS, PROMOTE, said("v2", "v2", 50)),
        ([NEW, HALF, said("v2", "v2", 50)], UNKNOWN, FINISH, said("v2", "v2", 0)),
        # promoted, gone, or not begun: the newer one's turn
        ([NEW, HALF, said("v2", "v2", 50), said("v2", "v2", 0)], UNKNOWN, START, said("v2", "v3", 5)),
        ([NEW, FIVE, IDLE], UNKNOWN, START, said("v1", "v3", 5)),
        ([NEW], UNKNOWN, START, said("v1", "v3", 5)),
        # turned away by a person, and still there
        ([NEW, FIVE, NEW], UNKNOWN, START, said("v1", "v3", 5)),
    ],
)
def test_the_present_candidate_may_finish_first(
    climbed: list[Slots], verdict: Verdict, kind: StepKind, after: Slots
) -> None:
    step = decided(climbing(BY_HAND, onNewer="finish"), verdict, *climbed)
    assert (step.kind, step.slots) == (kind, after)


def test_it_is_known_which_version_waits() -> None:
    policy = climbing(BY_HAND, onNewer="finish")
    stands = told(policy, NEW, FIVE)
    assert (stands.candidate, stands.waiting) == (version("v2"), version("v3"))
    restarted = told(climbing(BY_HAND), NEW, FIVE)
    assert (restarted.candidate, restarted.waiting) == (version("v3"), None)


# ---------------------------------------------------------------- rungs without users

QUIET = climbing(rungs=[{"preview": True}, {"mirror": 20}, {"weight": 5}, {"weight": 25}])
SHADOW = climbing(rungs=[{"mirror": 20}, {"weight": 5}])
OTHER = said("v1", "v3", 0)


@pytest.mark.parametrize(
    ("policy", "climbed", "verdict", "kind", "after"),
    [
        # being there is the first rung
        (QUIET, [NEW], PASS, ADVANCE, MIRRORED),
        (QUIET, [NEW], UNKNOWN, HOLD, NEW),
        (QUIET, [NEW], FAIL, ROLLBACK, IDLE),
        (QUIET, [NEW, MIRRORED], PASS, ADVANCE, FIVE),
        (QUIET, [NEW, MIRRORED], FAIL, ROLLBACK, IDLE),
        (QUIET, [NEW, MIRRORED, FIVE], PASS, ADVANCE, QUARTER),
        # a person skipped the mirror, or left it on
        (QUIET, [NEW, FIVE], PASS, ADVANCE, QUARTER),
        (QUIET, [NEW, said("v1", "v2", 5, 20)], PASS, ADVANCE, QUARTER),
        (QUIET, [NEW, said("v1", "v2", 25, 20)], PASS, PROMOTE, said("v2", "v2", 25)),
        (QUIET, [NEW, MIRRORED, FIVE, said("v2", "v2", 5)], UNKNOWN, FINISH, said("v2", "v2")),
        # a mirror as the first rung has to be begun
        (SHADOW, [NEW], UNKNOWN, START, MIRRORED),
        (SHADOW, [NEW], FAIL, HOLD, NEW),
        (SHADOW, [NEW, MIRRORED], PASS, ADVANCE, FIVE),
        # a newer candidate begins where the ladder does
        (QUIET, [NEW, MIRRORED, said("v1", "v3", 0, 20)], PASS, START, OTHER),
        (QUIET, [NEW, QUARTER, said("v1", "v3", 25)], UNKNOWN, START, OTHER),
        (QUIET, [NEW, QUARTER, said("v1", "v3", 25), OTHER], UNKNOWN, HOLD, OTHER),
        (QUIET, [NEW, QUARTER, said("v1", "v3", 25), OTHER], PASS, ADVANCE, said("v1", "v3", 0, 20)),
        (SHADOW, [NEW, FIVE, said("v1", "v3", 5)], UNKNOWN, START, said("v1", "v3", 0, 20)),
        # 0 is a no all the same, once it had begun
        (QUIET, [NEW, QUARTER, NEW], PASS, HOLD, NEW),
        (QUIET, [NEW, MIRRORED, NEW], PASS, HOLD, NEW),
        (QUIET, [NEW, QUARTER, said("v1", "v3", 25), OTHER, said("v1", "v3", 5), OTHER], PASS, HOLD, OTHER),
        (QUIET, [NEW, QUARTER, IDLE, NEW], PASS, HOLD, NEW),
    ],
)
def test_a_rung_without_users_is_a_rung(
    policy: PromotionPolicy, climbed: list[Slots], verdict: Verdict, kind: StepKind, after: Slots
) -> None:
    step = decided(policy, verdict, *climbed)
    assert (step.kind, step.slots) == (kind, after)


def test_a_ladder_without_users_promotes_and_then_watches() -> None:
    policy = climbing(rungs=[{"preview": True}])
    promoted = said("v2", "v2")
    assert decided(policy, PASS, NEW).slots == promoted
    watched = trial(policy, told(policy, NEW, promoted, now=5))
    assert watched is not None
    assert watched.watching
    assert decided(policy, FAIL, NEW, promoted, now=5).slots == IDLE
    assert decided(policy, PASS, NEW, promoted, now=5).kind is HOLD


def test_where_no_user_is_nothing_is_compared_and_limits_judge_alone() -> None:
    compared = {"name": "compared", "ratio": {"bad": "b", "total": "t"}}
    policy = climbing({"analysis": {"metrics": [ERRORS, compared]}}, rungs=[{"preview": True}, {"weight": 5}])
    present = told(policy, NEW, now=5)
    tried = trial(policy, present)
    assert tried is not None
    assert (tried.quiet, tried.baseline, tried.weight) == (True, None, 0)
    assert {query.expression for query in analysis.ask(policy, tried, present.now)} == {"errors"}
    series = dict.fromkeys(analysis.ask(policy, tried, at(1)), ())
    checks = {one.name: one for one in analysis.verdict(policy, present.candidate, tried, {}, series, at(1)).checks}
    assert (checks["compared"].critical, checks["compared"].outcome) == (False, Outcome.UNKNOWN)
    assert "not compared" in checks["compared"].because
    on_air = trial(policy, told(policy, NEW, FIVE))
    assert on_air is not None
    assert (on_air.quiet, on_air.baseline) == (False, version("v1"))


# ---------------------------------------------------------------- a ladder that cannot be read


def test_without_its_ladder_nothing_climbs_and_the_way_back_stays_open() -> None:
    policy = climbing()
    lost = LadderRead(**dict(LadderFrom()), trouble="the ladder is gone")
    canary = policy.spec.strategy.canary
    assert canary is not None
    gone = canary.model_copy(update={"weights": (), "ladder_from": lost})
    strategy = policy.spec.strategy.model_copy(update={"canary": gone})
    policy = policy.model_copy(update={"spec": policy.spec.model_copy(update={"strategy": strategy})})
    for climbed in ([NEW], [NEW, FIVE]):
        held = decided(policy, PASS, *climbed)
        assert (held.kind, held.reason, held.blind, held.held) == (HOLD, "the ladder is gone", True, None)
    assert decided(policy, FAIL, NEW, FIVE).slots == IDLE
    assert decided(policy, UNKNOWN, NEW, HALF, said("v2", "v2", 50)).kind is FINISH


# ---------------------------------------------------------------- rings

PLACEMENT = ObjectRef("Placement", "shop", "rings")


def ringed(**canary: Any) -> PromotionPolicy:
    placed = {"placement": {"namespace": "shop", "name": "rings"}, "rings": [1, 3, 10], **canary}
    return built({**LADDER, "strategy": {"canary": placed}})


def placed(count: int, phase: Phase = Phase.NONE, applied: float | None = None) -> ExperimentStatus:
    chosen = tuple(f"c{n}" for n in range(count))
    moment = None if applied is None else at(applied)
    return ExperimentStatus(PLACEMENT, phase, f"{count} clusters were chosen", clusters=chosen, applied=moment)


ONE, MANY = slots("v1", "v2", 1), slots("v1", "v2", 10)


def in_rings(seen: ExperimentStatus | Unseen, *climbed: Slots, now: float = 100) -> Any:
    rows: list[Row] = [(minute, one) for minute, one in enumerate((slots("v1", "v1", 0), *climbed))]
    return state(ringed(), history(*rows), seen, now=now)


def test_rings_widen_by_clusters_and_not_by_percents() -> None:
    stands = in_rings(placed(1), slots("v1", "v2", 0), ONE)
    step = next_step(ringed(), stands, PASS)
    assert (step.kind, step.slots.weight) == (ADVANCE, 3)
    assert step.reason == PASS.because
    tried = trial(ringed(), stands)
    assert tried is not None
    assert (tried.weight, tried.quiet, tried.baseline) == (None, False, version("v1"))
    assert next_step(ringed(), in_rings(placed(10), ONE, MANY), PASS).kind is PROMOTE


@pytest.mark.parametrize(
    ("seen", "why"),
    [
        (placed(2), "chose 2 clusters, git asks for 10"),
        (placed(10, Phase.UNKNOWN), "is not satisfied: 10 clusters were chosen"),
        (placed(10, Phase.ERROR), "is not satisfied: 10 clusters were chosen"),
        (Unseen(PLACEMENT, "no answer"), ": no answer"),
    ],
)
def test_a_ring_whose_decision_is_not_satisfied_is_not_judged(seen: ExperimentStatus | Unseen, why: str) -> None:
    stands = in_rings(seen, ONE, MANY)
    assert trial(ringed(), stands) is None
    held = next_step(ringed(), stands, UNKNOWN)
    assert (held.kind, held.reason.endswith(why)) == (HOLD, True), held.reason


def test_a_ring_is_judged_from_when_its_clusters_were_chosen() -> None:
    assert in_rings(placed(10, applied=40), ONE, MANY).since == at(40)
    assert in_rings(placed(10, applied=0), ONE, MANY).since == at(2)
    assert in_rings(placed(0, Phase.UNKNOWN)).since == at(0)


def test_a_ring_of_regions_asks_only_that_the_decision_is_satisfied() -> None:
    policy = ringed(rings=["eu", "us"])
    stands = state(policy, history((0, IDLE), (1, slots("v1", "v2", 1))), placed(40), now=9)
    assert trial(policy, stands) is not None
    assert policy.spec.strategy.canary is not None
    assert [rung.name for rung in policy.spec.strategy.canary.ladder] == ["eu", "us"]
    assert policy.spec.strategy.canary.named(slots("v1", "v1", 0)) == "no clusters"
