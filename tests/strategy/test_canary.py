"""The ladder: what git says, its history and a verdict → the next step. Histories are told oldest first."""

from __future__ import annotations

import pytest

from gitops_bot.model import ExperimentStatus, Phase, Slots, StepKind, Unseen, Verdict
from gitops_bot.strategy import next_step, trial
from tests.support.build import (
    CANARY,
    FAIL,
    PASS,
    STABLE,
    UNKNOWN,
    Row,
    at,
    cluster,
    history,
    ladder,
    says,
    slots,
    state,
    version,
    watched_ladder,
)

START, ADVANCE, PROMOTE = StepKind.START, StepKind.ADVANCE, StepKind.PROMOTE
FINISH, ROLLBACK, HOLD = StepKind.FINISH, StepKind.ROLLBACK, StepKind.HOLD

IDLE = slots("v1", "v1", 0)
NEW = slots("v1", "v2", 0)
FIVE = slots("v1", "v2", 5)
QUARTER = slots("v1", "v2", 25)
HALF = slots("v1", "v2", 50)
PROMOTED = slots("v2", "v2", 50)
FINISHED = slots("v2", "v2", 0)
NOBODY = slots("v1", "v2", None)

Told = tuple[StepKind, Slots]


def step(rows: list[Row], verdict: Verdict, *, now: float = 100) -> tuple[StepKind, Slots, bool]:
    decided = next_step(ladder(), state(ladder(), history(*rows), now=now), verdict)
    return decided.kind, decided.slots, decided.urgent


def climb(*climbed: Slots) -> list[Row]:
    return [(minute, one) for minute, one in enumerate((IDLE, *climbed))]


@pytest.mark.parametrize(
    ("rows", "verdict", "kind", "after"),
    [
        # Start: not FAIL
        (climb(NEW), UNKNOWN, START, FIVE),
        (climb(NEW), PASS, START, FIVE),
        (climb(NEW), FAIL, HOLD, NEW),
        (climb(NOBODY), UNKNOWN, START, FIVE),
        # Advance: PASS; the next rung is the smallest above
        (climb(NEW, FIVE), PASS, ADVANCE, QUARTER),
        (climb(NEW, FIVE), UNKNOWN, HOLD, FIVE),
        (climb(NEW, FIVE, QUARTER), PASS, ADVANCE, HALF),
        (climb(NEW, slots("v1", "v2", 1)), PASS, ADVANCE, FIVE),
        (climb(NEW, slots("v1", "v2", 30)), PASS, ADVANCE, HALF),
        # Promote: PASS on the last rung, or above it
        (climb(NEW, FIVE, QUARTER, HALF), PASS, PROMOTE, PROMOTED),
        (climb(NEW, FIVE, HALF), UNKNOWN, HOLD, HALF),
        (climb(NEW, slots("v1", "v2", 100)), PASS, PROMOTE, slots("v2", "v2", 100)),
        (climb(NEW, slots("v1", "v2", 80)), PASS, PROMOTE, slots("v2", "v2", 80)),
        # Rollback: FAIL
        (climb(NEW, FIVE), FAIL, ROLLBACK, IDLE),
        (climb(NEW, FIVE, QUARTER, HALF), FAIL, ROLLBACK, IDLE),
        # nothing to do
        (climb(), PASS, HOLD, IDLE),
        (climb(), FAIL, HOLD, IDLE),
    ],
)
def test_the_ladder_is_climbed_rung_by_rung_on_evidence(
    rows: list[Row], verdict: Verdict, kind: StepKind, after: Slots
) -> None:
    assert step(rows, verdict) == (kind, after, kind is ROLLBACK)


def test_a_step_that_waits_says_which_and_why() -> None:
    decided = next_step(ladder(), state(ladder(), history(*climb(NEW, FIVE)), now=5), UNKNOWN)
    assert decided.held is not None
    assert (decided.held.kind, decided.held.slots, decided.reason) == (ADVANCE, QUARTER, "errors: it is UNKNOWN")


def test_a_start_that_fails_is_not_wanted_any_more() -> None:
    decided = next_step(ladder(), state(ladder(), history(*climb(NEW)), now=5), FAIL)
    assert (decided.kind, decided.held) == (HOLD, None)


# ---------------------------------------------------------------- a newer candidate

OTHER = slots("v1", "v3", 50)
OTHER_FIVE = slots("v1", "v3", 5)


@pytest.mark.parametrize(
    ("rows", "verdict", "kind", "after", "urgent"),
    [
        (climb(NEW, FIVE, HALF, OTHER), UNKNOWN, START, OTHER_FIVE, True),
        (climb(NEW, FIVE, HALF, OTHER), PASS, START, OTHER_FIVE, True),
        (climb(NEW, FIVE, HALF, OTHER), FAIL, START, OTHER_FIVE, True),
        (climb(NEW, FIVE, HALF, slots("v1", "v3", 6)), PASS, START, OTHER_FIVE, True),
        # at or below the first rung it simply climbs
        (climb(NEW, FIVE, OTHER_FIVE), UNKNOWN, HOLD, OTHER_FIVE, False),
        (climb(NEW, FIVE, OTHER_FIVE), PASS, ADVANCE, slots("v1", "v3", 25), False),
        # and once it was down, it climbs like any other
        (climb(NEW, FIVE, HALF, OTHER, OTHER_FIVE), UNKNOWN, HOLD, OTHER_FIVE, False),
        (climb(NEW, FIVE, HALF, OTHER, OTHER_FIVE, OTHER), PASS, PROMOTE, slots("v3", "v3", 50), False),
    ],
)
def test_a_newer_candidate_under_a_weight_above_the_first_rung_begins_again_at_once(
    rows: list[Row], verdict: Verdict, kind: StepKind, after: Slots, urgent: bool
) -> None:
    assert step(rows, verdict) == (kind, after, urgent)


def test_a_history_that_does_not_reach_the_change_holds() -> None:
    told = history((0, HALF), (1, HALF), complete=False)
    decided = next_step(ladder(), state(ladder(), told, now=90), UNKNOWN)
    assert (decided.kind, decided.reason) == (HOLD, "the history of base ends before the present values came")


# ---------------------------------------------------------------- rejected versions


@pytest.mark.parametrize(
    ("rows", "verdict", "kind", "after"),
    [
        # rolled back, proposed by a machine again
        ([*climb(NEW, QUARTER, IDLE), (9, NEW, "flux")], UNKNOWN, HOLD, NEW),
        ([*climb(NEW, QUARTER, IDLE), (9, FIVE, "flux")], PASS, HOLD, FIVE),
        # 0 set by a person
        ([*climb(NEW, QUARTER), (9, NEW, "ada")], PASS, HOLD, NEW),
        # it still has traffic and fails: that is not held
        ([*climb(NEW, QUARTER, IDLE), (9, FIVE, "flux")], FAIL, ROLLBACK, IDLE),
        ([*climb(NEW, QUARTER, IDLE), (9, HALF, "bot")], FAIL, ROLLBACK, IDLE),
        ([*climb(NEW, QUARTER, IDLE), (9, HALF, "bot")], UNKNOWN, HOLD, HALF),
        # lifted by a person
        ([*climb(NEW, QUARTER, IDLE), (9, NEW, "ada")], UNKNOWN, START, FIVE),
        ([*climb(NEW, QUARTER), (8, NEW, "ada"), (9, QUARTER, "ada")], PASS, ADVANCE, HALF),
        # a newer one is another
        (climb(NEW, QUARTER, IDLE, slots("v1", "v3", 0)), UNKNOWN, START, OTHER_FIVE),
        # a weight that a person lowers is a weight
        ([*climb(NEW, FIVE, HALF), (9, FIVE, "ada")], PASS, ADVANCE, QUARTER),
        ([*climb(NEW, FIVE, HALF), (9, FIVE, "ada")], UNKNOWN, HOLD, FIVE),
    ],
)
def test_a_rejected_version_is_not_proposed_again(
    rows: list[Row], verdict: Verdict, kind: StepKind, after: Slots
) -> None:
    assert step(rows, verdict)[:2] == (kind, after)


def test_the_reason_of_a_rejection_names_commit_and_author() -> None:
    rows: list[Row] = [*climb(NEW, QUARTER), (9, NEW, "ada")]
    decided = next_step(ladder(), state(ladder(), history(*rows), now=10), PASS)
    assert decided.reason == "v2 is not proposed: its weight was set to 0 in c3 by ada"


def test_a_weight_set_by_a_person_restarts_since() -> None:
    rows: list[Row] = [*climb(NEW, FIVE, QUARTER), (40, slots("v1", "v2", 30), "ada")]
    assert state(ladder(), history(*rows), now=50).since == at(40)


# ---------------------------------------------------------------- first release, no candidate, by hand


@pytest.mark.parametrize("verdict", [PASS, UNKNOWN, FAIL])
def test_the_first_release_is_promoted_without_comparison(verdict: Verdict) -> None:
    told = history((0, slots(None, "v1", None)))
    decided = next_step(ladder(), state(ladder(), told, now=1), verdict)
    assert (decided.kind, decided.slots) == (PROMOTE, slots("v1", "v1", 0))
    assert decided.reason == "first release, no comparison"


@pytest.mark.parametrize("verdict", [PASS, UNKNOWN, FAIL])
def test_a_stable_version_that_was_lost_is_not_a_first_release(verdict: Verdict) -> None:
    told = history((0, slots("v1", "v2", 25)), (1, slots(None, "v2", 25), "ada"))
    decided = next_step(ladder(), state(ladder(), told, now=30), verdict)
    assert (decided.kind, decided.slots) == (HOLD, slots(None, "v2", 25))
    assert decided.reason == "git names no stable version and named v1 before: set it again, or another"


def test_without_a_candidate_nothing_happens() -> None:
    decided = next_step(ladder(), state(ladder(), history((0, slots("v1", None, 0))), now=1), PASS)
    assert (decided.kind, decided.reason, decided.blind) == (HOLD, "git names no candidate version", False)


BY_HAND = ladder(candidate={"slot": None, "version": "v3"})


@pytest.mark.parametrize(
    ("rows", "kind", "after"),
    [
        (climb(), START, OTHER_FIVE),
        (climb(NEW, QUARTER), START, OTHER_FIVE),
        (climb(OTHER_FIVE), ADVANCE, slots("v1", "v3", 25)),
        ([(0, slots("v3", "v2", 25))], HOLD, slots("v3", "v2", 25)),
        ([(0, slots("v1", "v1", 0)), (1, slots("v3", "v3", 50))], HOLD, slots("v3", "v3", 50)),
        ([(0, slots("v3", "v3", 0))], HOLD, slots("v3", "v3", 0)),
    ],
)
def test_a_candidate_given_by_hand_is_started_like_one_from_git(rows: list[Row], kind: StepKind, after: Slots) -> None:
    decided = next_step(BY_HAND, state(BY_HAND, history(*rows), now=3), PASS)
    assert (decided.kind, decided.slots) == (kind, after)


def test_a_version_given_by_hand_that_is_stable_while_git_tries_another_is_said() -> None:
    decided = next_step(BY_HAND, state(BY_HAND, history((0, slots("v3", "v2", 25))), now=3), PASS)
    assert decided.reason == "nothing to promote: v3 is stable, while git tries v2"


# ---------------------------------------------------------------- live


@pytest.mark.parametrize(
    ("seen", "since", "why"),
    [
        (says(CANARY, "v2", applied=7), 7, ""),
        (says(CANARY, "v2", applied=1), 2, ""),
        (says(CANARY, "v2"), 2, ""),
        (says(CANARY, "v1", applied=7), None, "it runs v1, git says v2"),
        (says(CANARY, None, applied=7), None, "it runs None, git says v2"),
        (says(CANARY, "v2", Phase.RUNNING), None, "not live yet, it is running: as told"),
        (says(CANARY, "v2", Phase.IDLE), None, "not live yet, it is idle: as told"),
        (says(CANARY, "v2", Phase.UNKNOWN), None, "not live yet, it is unknown: as told"),
        # the pods of a paused workload are not those of its template
        (says(CANARY, "v2", Phase.PAUSED), None, "not live yet, it is paused: as told"),
        (Unseen(CANARY, "no answer"), None, "no answer"),
    ],
)
def test_since_is_the_later_of_landing_and_applied_and_not_live_yet_holds(
    seen: ExperimentStatus | Unseen, since: float | None, why: str
) -> None:
    policy = watched_ladder()
    stands = state(policy, history(*climb(NEW, FIVE)), seen, says(STABLE, "v1"), now=9)
    assert stands.since == (None if since is None else at(since))
    decided = next_step(policy, stands, UNKNOWN)
    assert decided.kind is HOLD
    assert decided.reason == (f"Deployment shop/cart-canary in default: {why}" if why else "errors: it is UNKNOWN")
    assert (trial(policy, stands) is None) is bool(why)


def test_since_is_the_latest_of_several_clusters() -> None:
    policy = watched_ladder(clusters=["eu", "us"])
    told = history(*climb(NEW, FIVE))
    both = cluster(says(CANARY, "v2", applied=4), says(STABLE, "v1"), name="eu")
    both |= cluster(says(CANARY, "v2", applied=6), says(STABLE, "v1"), name="us")
    assert state(policy, told, statuses=both, now=9).since == at(6)
    away = both | cluster(Unseen(CANARY, "no answer"), name="us")
    assert state(policy, told, statuses=away, now=9).since is None


def test_the_candidate_is_tried_while_it_has_weight_against_the_stable_version() -> None:
    tried = trial(ladder(), state(ladder(), history(*climb(NEW, FIVE)), now=9))
    assert tried is not None
    assert (tried.since, tried.candidate, tried.baseline, tried.weight, tried.watching) == (
        at(2),
        version("v2"),
        version("v1"),
        5,
        False,
    )
    assert trial(ladder(), state(ladder(), history(*climb(NEW)), now=9)) is None
