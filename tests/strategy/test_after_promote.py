"""After the last rung: Promote, Finish, the watch, and the way back."""

from __future__ import annotations

import pytest

from gitops_bot.model import ExperimentStatus, Phase, Slots, StepKind, Unseen, Verdict
from gitops_bot.policy.schema import PromotionPolicy
from gitops_bot.strategy import next_step, trial
from tests.support.build import (
    CANARY,
    FAIL,
    PASS,
    STABLE,
    UNKNOWN,
    Row,
    cluster,
    history,
    ladder,
    says,
    slots,
    state,
    version,
    watched_ladder,
)

FINISH, ROLLBACK, HOLD = StepKind.FINISH, StepKind.ROLLBACK, StepKind.HOLD
OLD = slots("v1", "v1", 0)
HALF = slots("v1", "v2", 50)
PROMOTED = slots("v2", "v2", 50)
FINISHED = slots("v2", "v2", 0)

UP: list[Row] = [(0, OLD), (1, HALF), (2, PROMOTED)]
"""Promoted at minute 2; the watch lasts the bake of 10 minutes, and one interval more."""
DONE: list[Row] = [*UP, (20, FINISHED)]


def step(
    rows: list[Row], verdict: Verdict, now: float, policy: PromotionPolicy | None = None
) -> tuple[StepKind, Slots]:
    chosen = policy or ladder()
    decided = next_step(chosen, state(chosen, history(*rows), now=now), verdict)
    return decided.kind, decided.slots


# ---------------------------------------------------------------- Finish


@pytest.mark.parametrize(
    ("seen", "kind", "reason"),
    [
        (says(STABLE, "v2"), FINISH, "Deployment shop/cart-stable runs v2 and is healthy"),
        (says(STABLE, "v1"), HOLD, "it runs v1, git says v2"),
        (says(STABLE, "v2", Phase.RUNNING), HOLD, "not live yet, it is running: as told"),
        (says(STABLE, "v2", Phase.UNKNOWN), HOLD, "not live yet, it is unknown: as told"),
        (says(STABLE, "v2", Phase.FAILED), HOLD, "not live yet, it failed: as told"),
        # paused: its pods are still the old ones, and would serve everything
        (says(STABLE, "v2", Phase.PAUSED), HOLD, "not live yet, it is paused: as told"),
        (says(STABLE, "v2", Phase.IDLE), HOLD, "not live yet, it is idle: as told"),
        (Unseen(STABLE, "no answer"), HOLD, "no answer"),
    ],
)
@pytest.mark.parametrize("now", [3, 30])
def test_traffic_returns_to_the_stable_workload_only_when_it_is_seen_to_be_well(
    seen: ExperimentStatus | Unseen, kind: StepKind, reason: str, now: float
) -> None:
    policy = watched_ladder()
    decided = next_step(policy, state(policy, history(*UP), says(CANARY, "v2"), seen, now=now), UNKNOWN)
    assert decided.kind is kind
    assert reason in decided.reason
    assert decided.cautions == ()
    wanted = decided.held if kind is HOLD else decided
    assert wanted is not None
    assert (wanted.kind, wanted.slots) == (FINISH, FINISHED)


def test_the_stable_workload_must_be_well_in_every_cluster() -> None:
    policy = watched_ladder(clusters=["eu", "us"])
    both = cluster(says(CANARY, "v2"), says(STABLE, "v2"), name="eu")
    for last, kind in ((says(STABLE, "v2"), FINISH), (says(STABLE, "v1"), HOLD)):
        statuses = both | cluster(says(CANARY, "v2"), last, name="us")
        assert next_step(policy, state(policy, history(*UP), statuses=statuses, now=5), UNKNOWN).kind is kind


@pytest.mark.parametrize(("now", "kind"), [(2, HOLD), (11.9, HOLD), (12, FINISH), (99, FINISH)])
def test_a_stable_workload_that_nobody_sees_bakes_first_and_then_people_are_told_to_look(
    now: float, kind: StepKind
) -> None:
    decided = next_step(ladder(), state(ladder(), history(*UP), now=now), PASS)
    assert decided.kind is kind
    assert [("Check it before merging" in caution) for caution in decided.cautions] == (
        [True] if kind is FINISH else []
    )


def test_finish_is_never_offered_when_the_landing_is_not_known() -> None:
    told = history((0, PROMOTED), (1, PROMOTED), complete=False)
    assert next_step(ladder(), state(ladder(), told, now=99), PASS).kind is HOLD


# ---------------------------------------------------------------- the watch and the way back


@pytest.mark.parametrize(
    ("rows", "verdict", "now", "kind", "after"),
    [
        # during the watch after Promote and after Finish
        (UP, FAIL, 3, ROLLBACK, OLD),
        (UP, FAIL, 13, ROLLBACK, OLD),
        (DONE, FAIL, 25, ROLLBACK, OLD),
        (DONE, PASS, 25, HOLD, FINISHED),
        (DONE, UNKNOWN, 25, HOLD, FINISHED),
        # the watch has ended
        (UP, FAIL, 14, FINISH, FINISHED),
        (DONE, FAIL, 32, HOLD, FINISHED),
        # it came by going back: nothing is watched, nothing flips
        ([*DONE, (22, OLD)], FAIL, 23, HOLD, OLD),
        ([*UP, (3, OLD)], FAIL, 4, HOLD, OLD),
        # the rollback restores what git held before the promotion began
        ([(0, slots("v0", "v0", 0)), (1, OLD), (2, HALF), (3, PROMOTED)], FAIL, 4, ROLLBACK, OLD),
        # nothing was there before, or it was turned away itself
        ([(0, PROMOTED)], FAIL, 1, HOLD, PROMOTED),
        (
            [
                (0, slots("v0", "v0", 0)),
                (1, slots("v1", "v1", 0)),
                (2, slots("v0", "v0", 0)),
                (3, slots("v1", "v1", 0), "flux"),
                (4, slots("v1", "v2", 50)),
                (5, PROMOTED),
            ],
            FAIL,
            6,
            HOLD,
            PROMOTED,
        ),
    ],
)
def test_a_failure_during_the_watch_restores_what_stood_before(
    rows: list[Row], verdict: Verdict, now: float, kind: StepKind, after: Slots
) -> None:
    assert step(rows, verdict, now) == (kind, after)


def test_nothing_to_go_back_to_says_why() -> None:
    decided = next_step(ladder(), state(ladder(), history((0, PROMOTED)), now=1), FAIL)
    assert decided.reason == "errors: it is FAIL; nothing to go back to: git held no version before"


def test_a_rollback_after_promote_is_urgent() -> None:
    assert next_step(ladder(), state(ladder(), history(*UP), now=3), FAIL).urgent


@pytest.mark.parametrize(("length", "now", "kind"), [("1m", 4.1, FINISH), ("30m", 20, ROLLBACK), ("0s", 2.5, ROLLBACK)])
def test_the_watch_lasts_post_analysis_and_the_last_measurement_is_heard(
    length: str, now: float, kind: StepKind
) -> None:
    policy = ladder(analysis={"postAnalysis": length, "bake": "1m"})
    assert step(UP, FAIL, now, policy)[0] is kind


@pytest.mark.parametrize(
    ("rows", "now", "watched"),
    [
        (UP, 3, True),
        (UP, 14, False),
        (DONE, 25, True),
        (DONE, 32, False),
        ([*DONE, (22, OLD)], 23, False),
        ([(0, OLD)], 1, False),
    ],
)
def test_the_promoted_version_is_judged_against_the_one_before_while_it_is_watched(
    rows: list[Row], now: float, watched: bool
) -> None:
    tried = trial(ladder(), state(ladder(), history(*rows), now=now))
    assert (tried is not None) is watched
    if tried:
        assert (tried.candidate, tried.baseline, tried.watching) == (version("v2"), version("v1"), True)
