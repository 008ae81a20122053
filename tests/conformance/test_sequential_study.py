"""The studies, simulated again: every rule of the first, and the judge against the two-sided design of the second."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache, partial
from random import Random
from typing import Any

import pytest

from benchmarks import judge_study as study
from benchmarks.judge_worlds import Row, binomial
from gitops_bot.analysis.evidence import Arm, Interval
from gitops_bot.analysis.judges.sequential import judge
from gitops_bot.analysis.statistics import eprocess
from gitops_bot.model import Outcome
from gitops_bot.policy.judges.sequential import Sequential

RUNS = 40
ALPHA = 0.01
GRID = (1.25, 1.5, 2, 3, 5, 10)

Run = Sequence[Row]


@lru_cache(maxsize=64)
def simulated(
    kind: str, a: int, b: int, rise: float, rate: float = 0.005, length: int = 60, runs: int = RUNS
) -> list[Run]:
    """Runs of one scenario."""
    random = Random(f"{kind} {a} {b} {rise} {rate}")
    return [[_row(random, kind, a, b, rise, rate) for _ in range(length)] for _ in range(runs)]


def _row(random: Random, kind: str, a: int, b: int, rise: float, rate: float) -> Row:
    own, other = rate * rise, rate
    if kind == "overdispersed":
        own, other = (random.betavariate(p * 199, (1 - p) * 199) for p in (own, other))
    if kind == "shared" and random.random() < 0.05:
        own, other = own * 20, other * 20
    return a, binomial(random, a, min(own, 0.95)), b, binomial(random, b, min(other, 0.95)), rate


def _mixture(rows: Run, form: Callable[..., float]) -> bool:
    logs = dict.fromkeys(GRID, 0.0)
    for total_a, bad_a, total_b, bad_b, _ in rows:
        for one in GRID:
            logs[one] += form([(total_a, bad_a, total_b, bad_b)], 1.0, [one])
        if eprocess.mixed(list(logs.values())) >= -math.log(ALPHA):
            return True
    return False


def _differences(rows: Run) -> bool:
    apart = [y / n - z / m for n, y, m, z, _ in rows]
    for count in range(20, len(rows) + 1):
        mean = math.fsum(apart[:count]) / count
        sd = math.sqrt(math.fsum((one - mean) ** 2 for one in apart[:count]) / count)
        if mean > eprocess.asymptotic_half_width(count, sd, ALPHA, 40):
            return True
    return False


def _aborts(rule: study.Rule) -> Callable[[Run], bool]:
    return lambda rows: rule(rows).outcome is Outcome.FAIL


RULES: Mapping[str, Callable[[Run], bool]] = {
    "threshold 1 %, abort at 2nd": _aborts(partial(study.threshold, limit=0.01, tolerated=1)),
    "threshold 1 %, abort at 5th": _aborts(partial(study.threshold, limit=0.01, tolerated=4)),
    "z-test": _aborts(study.z_test),
    "mixture e-process, split of errors": partial(_mixture, form=eprocess.error_split),
    "mixture e-process, exact": partial(_mixture, form=eprocess.error_split_exact),
    "asymptotic CS": _differences,
}


@pytest.mark.table("sequential_study")
def test_a_rule_aborts_as_often_as_studied(case: dict[str, Any]) -> None:
    rule = next((rule for name, rule in RULES.items() if case["rule"].startswith(name)), None)
    if rule is None:
        pytest.skip("a rule that no judge here has")
    runs = simulated(*_scenario(case["scenario"]))
    runs = runs[:5] if "exact" in case["rule"] else runs
    _near(sum(map(rule, runs)), len(runs), case["aborted"])


def _scenario(text: str) -> tuple[str, int, int, float]:
    sizes = re.search(r"(\d+)(?: canary)? ?/ ?(\d+)", text)
    rise = re.search(r"(?:relative risk|RR) ([\d.]+)", text)
    assert sizes
    assert rise
    kind = next((kind for kind in ("overdispersed", "shared") if text.startswith(kind)), "clean")
    return kind, int(sizes[1]), int(sizes[2]), float(rise[1])


def _near(found: int, runs: int, share: float) -> None:
    """Within four standard errors, of which some runs' worth are the study's own."""
    assert abs(found / runs - share) <= 4 * math.sqrt((share * (1 - share) + 0.02) / runs)


@pytest.mark.table("sequential_two_sided_study")
def test_the_judge_is_no_less_sound_and_hardly_slower_than_the_two_sided_design(case: dict[str, Any]) -> None:
    rise = float(re.findall(r"RR ([\d.]+)", case["truth"])[0])
    runs = simulated("clean", case["canary"], case["baseline"], rise, case["rate"], 120, 16)
    outcomes = [_outcome(rows) for rows in runs]
    passed, failed = (sum(one is outcome for one in outcomes) for outcome in (Outcome.PASS, Outcome.FAIL))
    slack = 4 * math.sqrt(0.25 / len(runs)) * 0.5
    if rise == 1:
        assert failed <= 1
        assert passed / len(runs) >= case["passed"] - slack
    elif rise == 2:
        assert passed <= 3
    else:
        assert passed == 0
        assert failed / len(runs) >= case["failed"] - slack


def _outcome(rows: Run) -> Outcome:
    intervals = [Interval(Arm(bad=y, total=n), Arm(bad=z, total=m)) for n, y, m, z, _ in rows]
    return judge(Sequential(), intervals, len(intervals)).outcome
