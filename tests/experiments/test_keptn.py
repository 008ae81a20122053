"""Keptn: passes, warnings, failures, and failures for want of a value."""

from __future__ import annotations

import json

import pytest

from gitops_bot.experiments.keptn import read
from gitops_bot.model import Phase
from tests.experiments.samples import Json, alone, having, lacking, sample


def analysis(**status: object) -> Json:
    return having(sample("keptn/analysis-fail.yaml"), "status", {"state": "Completed", **status})


def objective(name: str, value: float, *, passed: bool = False, error: object = None) -> Json:
    return {
        "result": {"pass": passed, "warning": False},
        "objective": {"analysisValueTemplateRef": {"name": name, "namespace": "shop-prod"}},
        "value": value,
        **({} if error is None else {"error": error}),
    }


def raw(*objectives: Json, total: float = 0, maximum: float = 10) -> str:
    return json.dumps({"objectiveResults": objectives, "totalScore": total, "maximumScore": maximum})


@pytest.mark.parametrize(
    ("status", "phase"),
    [
        ({"pass": True}, Phase.SUCCEEDED),
        ({"warning": True}, Phase.INCONCLUSIVE),
        ({}, Phase.FAILED),
        ({"pass": "true"}, Phase.FAILED),
        ({"state": "Progressing"}, Phase.RUNNING),
        ({"state": "Pending"}, Phase.RUNNING),
        ({"state": ""}, Phase.PENDING),
        ({"state": "Undreamt"}, Phase.UNKNOWN),
        ({"pass": True, "raw": raw(maximum=0)}, Phase.INCONCLUSIVE),
        ({"pass": True, "raw": "{"}, Phase.SUCCEEDED),
    ],
)
def test_an_analysis_passes_warns_or_fails(status: Json, phase: Phase) -> None:
    assert read(analysis(**status), alone(), None).phase is phase


@pytest.mark.parametrize(
    ("objectives", "stored", "phase"),
    [
        ([objective("errors", 7)], {}, Phase.FAILED),
        ([objective("errors", 0, error="no data")], {}, Phase.INCONCLUSIVE),
        ([objective("errors", 0, error={})], {}, Phase.INCONCLUSIVE),
        ([objective("errors", 0, error="no data"), objective("latency", 900)], {}, Phase.FAILED),
        ([objective("errors", 0, error="no data"), objective("latency", 90, passed=True)], {}, Phase.INCONCLUSIVE),
        ([], {"a": {"value": "", "errMsg": "could not decode"}}, Phase.INCONCLUSIVE),
        ([], {"a": {"value": "3", "errMsg": ""}}, Phase.FAILED),
    ],
)
def test_a_failure_for_want_of_a_value_is_no_evidence(objectives: list[Json], stored: Json, phase: Phase) -> None:
    status = read(analysis(raw=raw(*objectives), storedValues=stored), alone(), None)
    assert status.phase is phase


def test_the_values_are_the_objectives_by_the_name_of_their_template() -> None:
    told = raw(objective("errors", 7), objective("latency", 0, error="no data"))
    assert dict(read(analysis(raw=told), alone(), None).metrics) == {"errors": 7.0}


def test_a_result_of_another_time_frame_is_stale() -> None:
    moved = having(sample("keptn/analysis-fail.yaml"), "spec.timeframe.to", "2026-03-02T08:20:00Z")
    assert read(moved, alone(), None).phase is Phase.UNKNOWN
    same = having(sample("keptn/analysis-fail.yaml"), "spec.timeframe.to", "2026-03-02T09:10:00+01:00")
    assert read(same, alone(), None).phase is Phase.FAILED
    recent = having(lacking(sample("keptn/analysis-fail.yaml"), "spec.timeframe"), "spec.timeframe.recent", "10m")
    assert read(recent, alone(), None).phase is Phase.FAILED
