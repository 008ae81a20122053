"""A reading counts only for what git says: the version, its baseline, the commit, the time, the wanted results."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from gitops_bot.experiments.bound import about
from gitops_bot.model import Act, Claim, ExperimentStatus, ObjectRef, Phase, Version

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
V1, V2, V3 = Version("1.0.0"), Version("2.0.0"), Version("3.0.0")
COMMIT = "c" * 40

RUN = ExperimentStatus(ObjectRef("Experiment", "shop", "cart"), Phase.SUCCEEDED, "won", candidate=V2)
ONCE = Claim(candidate=V2, named=True, commit=COMMIT, since=NOON, once=True)
ALWAYS = replace(ONCE, once=False)


def minutes(count: float) -> datetime:
    return NOON + timedelta(minutes=count)


def read(status: ExperimentStatus, claim: Claim, *live: str) -> ExperimentStatus:
    return about(status, claim, set(live).__contains__)


@pytest.mark.parametrize(
    ("status", "claim", "reason"),
    [
        # time: a run counts from its beginning, anything else from when its pods were written
        (replace(RUN, began=minutes(1)), ONCE, ""),
        (replace(RUN, began=minutes(-1)), ONCE, ""),
        (replace(RUN, began=minutes(-2)), ONCE, "stale: it began at 2026-03-02T11:58:00Z, before commit cccccccccccc"),
        (replace(RUN, began=minutes(-2), applied=minutes(5)), ONCE, "stale"),
        (RUN, ONCE, "stale: it does not say when it began"),
        (replace(RUN, phase=Phase.RUNNING), ONCE, ""),
        (replace(RUN, applied=minutes(-2)), ALWAYS, "stale"),
        (replace(RUN, applied=minutes(2), began=minutes(-90)), ALWAYS, ""),
        (RUN, ALWAYS, ""),
        (replace(RUN, began=minutes(1)), replace(ONCE, since=None), "the history of base ends before"),
        (replace(RUN, began=minutes(-90)), replace(ONCE, named=False), ""),
        # versions
        (replace(RUN, candidate=V3, began=minutes(1)), ONCE, "is about 3.0.0, git says 2.0.0"),
        (replace(RUN, candidate=None, began=minutes(1)), ONCE, ""),
        (
            replace(RUN, baseline=V3, began=minutes(1)),
            replace(ONCE, baseline=V1),
            "compares with 3.0.0, git says 1.0.0",
        ),
        (replace(RUN, baseline=V1, began=minutes(1)), replace(ONCE, baseline=V1), ""),
        (replace(RUN, baseline=V2, began=minutes(1)), replace(ONCE, baseline=V1), ""),
    ],
)
def test_a_reading_of_something_else_is_unknown(status: ExperimentStatus, claim: Claim, reason: str) -> None:
    found = read(status, claim)
    assert (found.phase is Phase.UNKNOWN) is bool(reason)
    assert reason in found.reason


@pytest.mark.parametrize(
    ("revision", "began", "phase"),
    [("live", 1, Phase.SUCCEEDED), ("other", 1, Phase.UNKNOWN), ("", 1, Phase.UNKNOWN), ("live", -1, Phase.UNKNOWN)],
)
def test_what_deploys_from_git_must_have_the_commit_live(revision: str, began: float, phase: Phase) -> None:
    synced = replace(RUN, revision=revision, began=minutes(began))
    assert read(synced, replace(ALWAYS, deploys=True), "live").phase is phase


@pytest.mark.parametrize(
    ("returned", "phase", "said"),
    [
        ({"verdict": "pass"}, Phase.SUCCEEDED, "won"),
        ({"verdict": " pass\n"}, Phase.SUCCEEDED, "won"),
        ({"verdict": "red"}, Phase.FAILED, "won, but the result verdict is red, wanted pass"),
        ({}, Phase.INCONCLUSIVE, "won, but it returned no result verdict"),
    ],
)
def test_a_pipeline_must_return_what_is_wanted(returned: dict[str, object], phase: Phase, said: str) -> None:
    run = replace(RUN, began=minutes(1), results=returned, advice=Act.EVALUATE)
    found = read(run, replace(ONCE, results={"verdict": "pass"}))
    assert (found.phase, found.reason) == (phase, said)


def test_wanted_results_make_nothing_of_a_run_that_failed() -> None:
    failed = replace(RUN, phase=Phase.FAILED, began=minutes(1), results={"verdict": "pass"}, advice=Act.HOLD)
    assert read(failed, replace(ONCE, results={"verdict": "pass"})) == failed
