"""The numbers of sequential tests, published and our own: every case a test, told apart by what it is given."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from typing import Any

import pytest

from gitops_bot.analysis.statistics import boundaries, eprocess, mixtures

FUNCTIONS: Mapping[str, Callable[..., Any]] = {
    name: getattr(module, name)
    for module, names in (
        (mixtures, ("normal_best_rho", "normal_log_mixture", "normal_mixture_bound")),
        (mixtures, ("gamma_exponential_log_mixture", "gamma_exponential_mixture_bound")),
        (mixtures, ("gamma_poisson_log_mixture", "gamma_poisson_mixture_bound")),
        (mixtures, ("beta_binomial_log_mixture", "beta_binomial_mixture_bound")),
        (boundaries, ("poly_stitching_bound", "empirical_process_lil_bound", "double_stitching_bound")),
        (boundaries, ("bernoulli_confidence_interval", "quantile_ab_p_value")),
    )
    for name in names
}


def _argument(value: Any) -> Any:
    """`integers 1..1000` is a list of them."""
    if isinstance(value, str) and (told := re.fullmatch(r"integers (-?\d+)\.\.(-?\d+)", value)):
        return list(range(int(told[1]), int(told[2]) + 1))
    return value


@pytest.mark.table("sequential_vectors", "published")
def test_published_number(case: dict[str, Any]) -> None:
    given = {name: _argument(value) for name, value in case["args"].items()}
    assert FUNCTIONS[case["function"]](**given) == pytest.approx(case["expected"], rel=0, abs=case["abs_tol"])


@pytest.mark.table("sequential_vectors", "own")
def test_own_number(case: dict[str, Any]) -> None:
    given = {**case.get("args", {}), **{key: case[key] for key in case if key in _OURS}}
    found = next(function for key, function in _OURS.items() if key in given)(given)
    for name in [name for name in case if name.startswith("expected") or name == "always_valid_p"]:
        assert found[name] == pytest.approx(case[name], rel=1e-9, abs=1e-12)


def _log_e(value: float) -> dict[str, Any]:
    return {"expected_log_e": value}


def _msprt(given: Mapping[str, Any]) -> dict[str, Any]:
    value = eprocess.msprt(**given)
    return {"expected_log_lambda": value, "always_valid_p": min(1.0, math.exp(-value))}


def _wald(given: Mapping[str, Any]) -> dict[str, Any]:
    reject, accept = eprocess.wald_thresholds(**given)
    return {"expected": {"reject_at_log": reject, "accept_at_log": accept}}


_OURS: dict[str, Callable[[Mapping[str, Any]], dict[str, Any]]] = {
    "odds_ratio0": lambda given: _log_e(eprocess.error_split_exact(given["data"], given["odds_ratio0"], given["grid"])),
    "relative_risk0": lambda given: _log_e(eprocess.error_split(given["data"], given["relative_risk0"], given["grid"])),
    "p0": lambda given: _log_e(eprocess.bernoulli_slo(given["data"], given["p0"], given["grid"])),
    "tau_squared": _msprt,
    "tuned_for": lambda given: {"expected": eprocess.asymptotic_half_width(**given)},
    "beta": _wald,
    "data": lambda given: pytest.fail("nothing here is computed from such data"),
    "grid": lambda given: pytest.fail("nothing here is computed from such a grid"),
}
