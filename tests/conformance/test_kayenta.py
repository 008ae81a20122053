"""Kayenta (NetflixACAJudge-v1.0): building blocks, intervals, classifications and scores, each case of the tables."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

import pytest

from gitops_bot.analysis.kayenta import describe
from gitops_bot.analysis.kayenta.classify import Label, Rules, Thresholds, classify, mean_inequality
from gitops_bot.analysis.kayenta.mannwhitney import shift
from gitops_bot.analysis.kayenta.score import Result, argo_phase, score

NOISE = 1e-4
"""Kayenta adds noise of a hundred-thousandth of the value to series that are constant; we do not."""


def series(listed: list[float | None] | None) -> list[float]:
    return [math.nan if value is None else float(value) for value in listed or ()]


# ---------------------------------------------------------------- building blocks

_ONE: Mapping[str, Callable[[list[float], dict[str, Any]], Any]] = {
    "percentile_r7": lambda data, given: describe.percentile(data, given["p"]),
    "detect_IQRDetector": lambda data, given: describe.iqr_outliers(data, given["k"]),
    "detect_KSigmaDetector": lambda data, given: describe.sigma_outliers(data, given["k"]),
    "remove_outliers_IQRDetector": lambda data, given: describe.without(data, describe.iqr_outliers(data, given["k"])),
    "remove_outliers_KSigmaDetector": lambda data, given: describe.without(
        data, describe.sigma_outliers(data, given["k"])
    ),
    "removeNaN": lambda data, _: describe.without_gaps(data),
    "replaceNaN": lambda data, _: describe.zero_for_gaps(data),
}
_TWO: Mapping[str, Callable[[list[float], list[float]], float]] = {
    "meanRatio": describe.mean_ratio,
    "cles": describe.cles,
    "cohenD": describe.cohen_d,
}


@pytest.mark.table("kayenta_stats")
def test_building_block(case: dict[str, Any]) -> None:
    given, expected = case["input"], case["expected"]
    if given["fn"] in _TWO:
        found: Any = _TWO[given["fn"]](series(given["experiment"]), series(given["control"]))
    else:
        found = _ONE[given["fn"]](series(given["data"]), given)
    if "value" in expected:
        wanted = math.nan if expected["value"] == "NaN" else expected["value"]
        assert found == pytest.approx(wanted, rel=0, abs=expected.get("tolerance", 1e-12), nan_ok=True)
    else:
        assert found == (expected["mask"] if "mask" in expected else series(expected["data"]))


@pytest.mark.table("kayenta_mannwhitney_ci")
def test_interval(case: dict[str, Any]) -> None:
    given, expected = case["input"], case["expected"]
    found = shift(series(given["experiment"]), series(given["control"]), given["confLevel"])
    close = pytest.approx((expected["lower"], expected["upper"]), rel=0, abs=expected["toleranceCI"])
    assert (found.lower, found.upper) == close
    assert found.estimate == pytest.approx(expected["estimate"], rel=0, abs=expected["toleranceEstimate"])


# ---------------------------------------------------------------- classification and score

CLASSIFIERS = {
    "MannWhitneyClassifier": classify,
    "MeanInequalityClassifier": mean_inequality,
    "NetflixACAJudge": classify,
}
CONFIDENCE = {"NetflixACAJudge": 0.98}
"""The judge's default; the classifiers' is 0.95."""


def rules(given: Mapping[str, Any]) -> Rules:
    params = given["params"]
    outliers = given.get("outliers") or params.get("outliers") or {}
    return Rules(
        direction=given["direction"],
        nan_strategy=given["nanStrategy"],
        critical=given["critical"],
        must_have_data=given["mustHaveData"],
        tolerance=params.get("tolerance", 0.25),
        confidence=params.get("confLevel", CONFIDENCE.get(given["classifier"], 0.95)),
        measure=params.get("effectSizeMeasure", "meanRatio"),
        effect=Thresholds(*params.get("effectSizeThresholds", (1.0, 1.0))),
        critical_effect=Thresholds(*params.get("criticalThresholds", (1.0, 1.0))),
        outlier_factor=outliers.get("outlierFactor", 3.0) if outliers.get("strategy") == "remove" else None,
    )


def check(case: dict[str, Any]) -> None:
    given, expected = case["input"], case["expected"]
    experiment, control = series(given["experiment"]), series(given["control"])
    found = CLASSIFIERS[given["classifier"]](experiment, control, rules(given))
    if expected.get("classification") is not None:
        assert found.label == expected["classification"]
    if "critical" in expected:
        assert found.critical is expected["critical"]
    if "deviation" in expected:
        wanted = math.nan if expected["deviation"] == "NaN" else expected["deviation"]
        noisy = len(set(experiment)) == len(set(control)) == 1
        assert found.deviation == pytest.approx(wanted, rel=NOISE if noisy else 0, abs=1e-6, nan_ok=True)
    if expected.get("reasonPresent"):
        assert found.because


@pytest.mark.table("kayenta_classify")
def test_classification(case: dict[str, Any]) -> None:
    check(case)


@pytest.mark.table("kayenta_synthetic")
def test_classification_of_made_data(case: dict[str, Any]) -> None:
    check(case)


@pytest.mark.table("kayenta_score")
def test_score(case: dict[str, Any]) -> None:
    given, expected = case["input"], case["expected"]
    results = [
        Result(
            name=one["name"],
            label=Label(one["classification"]),
            groups=tuple(one["groups"]),
            critical=one["critical"],
            muted=one.get("muted", False),
        )
        for one in given["results"]
    ]
    found = score(results, given["groupWeights"])
    assert found.summary == pytest.approx(expected["summaryScore"], rel=0, abs=0.005)
    if "groupScoresSorted" in expected:
        assert sorted(found.groups.values()) == pytest.approx(expected["groupScoresSorted"])


@pytest.mark.table("argo_rollouts_kayenta_score")
def test_score_as_a_phase_of_argo_rollouts(case: dict[str, Any]) -> None:
    given = case["input"]
    assert argo_phase(float(given["score"]), given["pass_"], given["marginal"]) == case["expected"]["phase"]
