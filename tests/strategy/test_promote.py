"""promote: the candidate's version where the stable version stands, on a controller's word or the bot's own figures."""

from __future__ import annotations

import pytest

from gitops_bot.model import ExperimentStatus, Phase, Slots, StepKind, Unseen, Verdict
from gitops_bot.policy.schema import PromotionPolicy
from gitops_bot.strategy import State, next_step, trial
from tests.support.build import (
    ERRORS,
    FAIL,
    LADDER,
    PASS,
    ROLLOUT,
    UNKNOWN,
    Row,
    at,
    cluster,
    history,
    only,
    promotion,
    says,
    slots,
    state,
    version,
)

PROMOTE, ROLLBACK, HOLD = StepKind.PROMOTE, StepKind.ROLLBACK, StepKind.HOLD
V1: Row = (0, only("v1"))
THEN_V2: list[Row] = [V1, (1, only("v2"))]


def stands(rows: list[Row], seen: ExperimentStatus | Unseen, now: float = 5) -> State:
    return state(promotion(), history(*rows), seen, now=now)


def runs(candidate: str | None, phase: Phase = Phase.SUCCEEDED, applied: float | None = None) -> ExperimentStatus:
    return says(ROLLOUT, candidate, phase, applied=applied)


@pytest.mark.parametrize(
    ("rows", "candidate", "verdict", "kind", "after"),
    [
        ([V1], "v2", PASS, PROMOTE, only("v2")),
        ([V1], "v2", UNKNOWN, HOLD, only("v1")),
        ([V1], "v2", FAIL, HOLD, only("v1")),
        ([V1], "v1", PASS, HOLD, only("v1")),
        # the first release waits for nothing
        ([(0, only(None))], "v1", UNKNOWN, PROMOTE, only("v1")),
        ([(0, only(None))], "v1", FAIL, PROMOTE, only("v1")),
        ([V1, (1, only(None), "ada")], "v2", PASS, HOLD, only(None)),
        # a rejected version is not proposed again, unless a person lifted it
        ([*THEN_V2, (2, only("v1"))], "v2", PASS, HOLD, only("v1")),
        ([*THEN_V2, (2, only("v1"), "ada")], "v2", PASS, HOLD, only("v1")),
        ([*THEN_V2, (2, only("v1"))], "v3", PASS, PROMOTE, only("v3")),
        # the cluster is behind git: what it still runs is old news, unless a person sets it again
        (THEN_V2, "v1", PASS, HOLD, only("v2")),
        ([*THEN_V2, (2, only("v3"), "ada")], "v2", PASS, HOLD, only("v3")),
        # a place with a tag alone holds a version with a digest, too
        (THEN_V2, f"v2@sha256:{64 * 'a'}", PASS, HOLD, only("v2")),
    ],
)
def test_the_candidate_is_written_on_pass_alone(
    rows: list[Row], candidate: str, verdict: Verdict, kind: StepKind, after: Slots
) -> None:
    decided = next_step(promotion(), stands(rows, runs(candidate)), verdict)
    assert (decided.kind, decided.slots, decided.urgent) == (kind, after, False)


def test_what_waits_for_evidence_is_kept_in_sight_and_what_failed_is_not() -> None:
    waiting = next_step(promotion(), stands([V1], runs("v2")), UNKNOWN)
    assert waiting.held is not None
    assert (waiting.held.kind, waiting.held.slots) == (PROMOTE, only("v2"))
    assert next_step(promotion(), stands([V1], runs("v2")), FAIL).held is None


def test_a_rejection_says_where() -> None:
    decided = next_step(promotion(), stands([*THEN_V2, (2, only("v1"), "ada")], runs("v2")), PASS)
    assert decided.reason == "v2 is not proposed: the stable version went back to v1 in c2 by ada"


# ---------------------------------------------------------------- no candidate


@pytest.mark.parametrize(
    ("seen", "reason"),
    [
        (Unseen(ROLLOUT, "no answer"), "Rollout shop/cart in default: no answer"),
        (runs(None), "Rollout shop/cart in default does not say which version it runs"),
    ],
)
def test_a_candidate_that_cannot_be_seen_holds_blindly(seen: ExperimentStatus | Unseen, reason: str) -> None:
    decided = next_step(promotion(), stands([V1], seen), PASS)
    assert (decided.kind, decided.reason, decided.blind) == (HOLD, reason, True)


def test_clusters_that_disagree_hold() -> None:
    policy = promotion(clusters=["eu", "us"])
    both = cluster(runs("v2"), name="eu") | cluster(runs("v3"), name="us")
    found = state(policy, history(V1), statuses=both, now=5)
    decided = next_step(policy, found, PASS)
    assert (decided.kind, decided.reason) == (HOLD, "the clusters run different candidates: v2, v3")
    assert trial(policy, found) is None


# ---------------------------------------------------------------- in place, and back

BACK: list[Row] = [*THEN_V2, (2, only("v1"))]


@pytest.mark.parametrize(
    ("rows", "seen", "verdict", "now", "kind", "after"),
    [
        # the watch after the promotion
        (THEN_V2, runs("v2"), PASS, 3, HOLD, only("v2")),
        (THEN_V2, runs("v2"), UNKNOWN, 3, HOLD, only("v2")),
        (THEN_V2, runs("v2"), FAIL, 3, ROLLBACK, only("v1")),
        (THEN_V2, runs("v2"), FAIL, 13, HOLD, only("v2")),
        # the controller failed the very change that landed: also after the watch
        (THEN_V2, runs("v2", Phase.FAILED, applied=1), FAIL, 90, ROLLBACK, only("v1")),
        (THEN_V2, runs("v2", Phase.FAILED, applied=0.5), FAIL, 90, ROLLBACK, only("v1")),
        (THEN_V2, runs("v2", Phase.FAILED, applied=11), FAIL, 90, ROLLBACK, only("v1")),
        # a template written long after the landing, or before it, is another change
        (THEN_V2, runs("v2", Phase.FAILED, applied=12), FAIL, 90, HOLD, only("v2")),
        (THEN_V2, runs("v2", Phase.FAILED, applied=-5), FAIL, 90, HOLD, only("v2")),
        (THEN_V2, runs("v2", Phase.FAILED), FAIL, 90, HOLD, only("v2")),
        # what came by going back stays
        (BACK, runs("v1", Phase.FAILED, applied=2), FAIL, 3, HOLD, only("v1")),
        # nothing to go back to
        ([V1], runs("v1", Phase.FAILED, applied=0), FAIL, 1, HOLD, only("v1")),
    ],
)
def test_a_version_in_place_goes_back_only_on_evidence_of_its_own_change(
    rows: list[Row], seen: ExperimentStatus, verdict: Verdict, now: float, kind: StepKind, after: Slots
) -> None:
    decided = next_step(promotion(), stands(rows, seen, now), verdict)
    assert (decided.kind, decided.slots, decided.urgent) == (kind, after, kind is ROLLBACK)


def test_a_version_before_that_was_turned_away_itself_is_not_restored() -> None:
    rows: list[Row] = [(0, only("v0")), (1, only("v1")), (2, only("v0")), (3, only("v1"), "flux"), (4, only("v2"))]
    decided = next_step(promotion(), stands(rows, runs("v2")), FAIL)
    assert (decided.kind, decided.slots) == (HOLD, only("v2"))
    assert decided.reason == "errors: it is FAIL; nothing to go back to: v1 was rejected itself"


# ---------------------------------------------------------------- what is judged


@pytest.mark.parametrize(
    ("rows", "seen", "now", "expected"),
    [
        ([V1], runs("v2", applied=3), 5, ("v2", "v1", 3, False)),
        (THEN_V2, runs("v2", applied=3), 5, ("v2", "v1", 3, True)),
        (THEN_V2, runs("v2", applied=3), 13, None),
        (BACK, runs("v1", applied=3), 5, None),
        ([V1], runs("v1", applied=3), 5, None),
        ([V1], Unseen(ROLLOUT, "away"), 5, None),
    ],
)
def test_the_candidate_is_tried_until_it_stands_and_then_watched(
    rows: list[Row],
    seen: ExperimentStatus | Unseen,
    now: float,
    expected: tuple[str, str, float, bool] | None,
) -> None:
    tried = trial(promotion(), stands(rows, seen, now))
    if expected is None:
        assert tried is None
    else:
        assert tried is not None
        candidate, baseline, since, watching = expected
        assert (tried.candidate, tried.baseline) == (version(candidate), version(baseline))
        assert (tried.since, tried.watching) == (at(since), watching)


def from_git() -> PromotionPolicy:
    return promotion(
        candidate={"experiment": None, "slot": "candidateVersion"},
        analysis={"metrics": [ERRORS]},
        edits=LADDER["edits"][:2],
    )


@pytest.mark.parametrize(
    ("verdict", "kind", "after"),
    [(PASS, PROMOTE, "v2"), (UNKNOWN, HOLD, "v1"), (FAIL, HOLD, "v1")],
)
def test_a_candidate_from_git_is_promoted_from_its_landing_on(verdict: Verdict, kind: StepKind, after: str) -> None:
    rows: list[Row] = [(0, slots("v1", "v1", None)), (4, slots("v1", "v2", None))]
    found = state(from_git(), history(*rows), now=20)
    assert found.since == at(4)
    decided = next_step(from_git(), found, verdict)
    assert (decided.kind, decided.slots) == (kind, slots(after, "v2", None))


def test_what_a_promotion_replaced_can_be_restored_although_the_new_one_was_a_candidate_first() -> None:
    rows: list[Row] = [
        (0, slots("v1", "v1", None)),
        (4, slots("v1", "v2", None)),
        (9, slots("v2", "v2", None)),
    ]
    decided = next_step(from_git(), state(from_git(), history(*rows), now=12), FAIL)
    assert (decided.kind, decided.slots) == (ROLLBACK, slots("v1", "v2", None))


# ---------------------------------------------------------------- others write it


@pytest.mark.parametrize(
    ("rows", "now", "verdict", "kind", "after"),
    [
        (THEN_V2, 5, PASS, HOLD, only("v2")),
        (THEN_V2, 5, UNKNOWN, HOLD, only("v2")),
        (THEN_V2, 5, FAIL, ROLLBACK, only("v1")),
        (THEN_V2, 60, FAIL, HOLD, only("v2")),
        ([*THEN_V2, (3, only("v1"))], 5, FAIL, HOLD, only("v1")),
    ],
)
def test_what_others_write_is_watched_and_taken_back_on_evidence_alone(
    rows: list[Row], now: float, verdict: Verdict, kind: StepKind, after: Slots
) -> None:
    given = promotion(candidate={"experiment": None, "slot": "stableVersion"}, analysis={"metrics": [ERRORS]})
    decided = next_step(given, state(given, history(*rows), now=now), verdict)
    assert (decided.kind, decided.slots) == (kind, after)
