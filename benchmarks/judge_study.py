"""How often the judges err and how long they take: `python -m benchmarks.judge_study [--runs N] [--write]`.

Every scenario is simulated from its own seed, interval by interval, and every rule reads the same intervals. Ends with
1 where a goal is missed.
"""

from __future__ import annotations

import argparse
import math
import statistics
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import NamedTuple

from benchmarks.judge_worlds import BEYOND, LENGTH, RATE, Row, scenarios, simulate
from benchmarks.page import PAGE, write
from gitops_bot.analysis.evidence import Arm, Interval
from gitops_bot.analysis.judges.sequential import evidence, judge
from gitops_bot.analysis.statistics.eprocess import wald_thresholds
from gitops_bot.model import Outcome
from gitops_bot.policy.judges.sequential import Sequential

ALPHA, BETA, MARGIN = 0.01, 0.05, 2.0
RUNS = 2000
TITLE = "The sequential judge"
"""Begins the section, the last of its page."""


class Verdict(NamedTuple):
    """What a rule says in the end, since which interval, and whether it ever said PASS."""

    outcome: Outcome
    at: int
    passed: bool = False


Rule = Callable[[Sequence[Row]], Verdict]


# ---------------------------------------------------------------- who judges

UNDECIDED = Verdict(Outcome.UNKNOWN, 0)


def sequential(rows: Sequence[Row], params: Sequential = Sequential()) -> Verdict:  # noqa: B008 - frozen
    """Ours."""
    intervals = [Interval(Arm(bad=y, total=n), Arm(bad=z, total=m)) for n, y, m, z, _ in rows]
    outcomes = [moment.outcome for moment in evidence(params, intervals)]
    return Verdict(outcomes[-1], outcomes.index(outcomes[-1]) + 1, Outcome.PASS in outcomes)


def threshold(rows: Sequence[Row], limit: float, tolerated: int) -> Verdict:
    """Abort when more intervals than tolerated are above a fixed error ratio."""
    failed = 0
    for k, (total, bad, *_) in enumerate(rows, 1):
        failed += total > 0 and bad / total > limit
        if failed > tolerated:
            return Verdict(Outcome.FAIL, k)
    return Verdict(Outcome.PASS, len(rows), passed=True)


def z_test(rows: Sequence[Row], critical: float = 2.326) -> Verdict:
    """Abort at the first interval at which a one-sided z-test of all counts so far is significant at 1 %."""
    n = y = m = z = 0
    for k, (total_a, bad_a, total_b, bad_b, _) in enumerate(rows, 1):
        n, y, m, z = n + total_a, y + bad_a, m + total_b, z + bad_b
        pooled = (y + z) / (n + m)
        error = math.sqrt(pooled * (1 - pooled) * (1 / n + 1 / m))
        if error > 0 and (y / n - z / m) / error > critical:
            return Verdict(Outcome.FAIL, k)
    return Verdict(Outcome.PASS, len(rows), passed=True)


def wald(rows: Sequence[Row]) -> Verdict:
    """Wald's test of the margin against equality, told the common rate of every interval, which nobody knows."""
    reject, accept = wald_thresholds(ALPHA, BETA)
    evidence = 0.0
    for k, (total, bad, _, _, rate) in enumerate(rows, 1):
        if 0 < rate < 1 / MARGIN:
            evidence += bad * math.log(MARGIN) + (total - bad) * (math.log1p(-MARGIN * rate) - math.log1p(-rate))
        if evidence >= reject:
            return Verdict(Outcome.FAIL, k)
        if evidence <= accept:
            return Verdict(Outcome.PASS, k, passed=True)
    return UNDECIDED


RULES: dict[str, Rule] = {
    "sequential": sequential,
    "threshold, 2nd of 1 % aborts": partial(threshold, limit=0.01, tolerated=1),
    "threshold, 5th of 1 % aborts": partial(threshold, limit=0.01, tolerated=4),
    "z-test, re-read": z_test,
    "Wald, rates known": wald,
}


# ---------------------------------------------------------------- what comes out


@dataclass(frozen=True)
class Tally:
    """How a rule did in a scenario."""

    failed: float
    passed: float
    fail_median: float
    """Of all runs; infinite where less than half fail."""
    pass_median: float
    ever_passed: float
    """Also where it failed later."""


@dataclass(frozen=True)
class Goal:
    """What is demanded, what was measured."""

    what: str
    measured: float
    most: float
    percent: bool = True

    @property
    def met(self) -> bool:
        """Whether it holds."""
        return self.measured <= self.most


def tally(verdicts: Sequence[Verdict]) -> Tally:
    """Shares and medians over all runs."""

    def at(outcome: Outcome) -> tuple[float, float]:
        when = [k if found is outcome else math.inf for found, k, _ in verdicts]
        return sum(map(math.isfinite, when)) / len(when), statistics.median_low(when)

    (failed, fail_median), (passed, pass_median) = at(Outcome.FAIL), at(Outcome.PASS)
    return Tally(failed, passed, fail_median, pass_median, sum(one.passed for one in verdicts) / len(verdicts))


def measure(index: int, runs: int) -> dict[str, Tally]:
    """Every rule on the same runs of one scenario."""
    scenario = scenarios()[index]
    verdicts: dict[str, list[Verdict]] = {name: [] for name in RULES}
    for seed in range(runs):
        rows = simulate(scenario, seed)
        for name, rule in RULES.items():
            verdicts[name].append(rule(rows))
    return {name: tally(found) for name, found in verdicts.items()}


def goals(found: dict[tuple[str, float], dict[str, Tally]]) -> Iterator[Goal]:
    """Errors in every scenario, times in the nominal ones."""
    ours = {key: tallies["sequential"] for key, tallies in found.items()}
    for (name, rise), tallied in ours.items():
        if name.startswith(BEYOND):
            continue
        if rise == 1:
            yield Goal(f"false aborts, {name}", tallied.failed, ALPHA)
        if rise == MARGIN:
            yield Goal(f"false passes at the margin, {name}", tallied.ever_passed, BETA)
    nominal = "200/1,800"
    known = {rise: found[nominal, rise]["Wald, rates known"] for rise in (1.0, 2.0, 4.0)}
    times = (
        ("median to find a fourfold rise", ours[nominal, 4.0].fail_median, 3.0, known[4.0].fail_median),
        ("median to find a twofold rise", ours[nominal, 2.0].fail_median, math.inf, known[2.0].fail_median),
        ("median to pass a sound release", ours[nominal, 1.0].pass_median, 12.0, known[1.0].pass_median),
    )
    for what, measured, most, best in times:
        if math.isfinite(most):
            yield Goal(f"{what}, {nominal}, intervals", measured, most, percent=False)
        yield Goal(f"{what}, {nominal}, multiple of Wald's {best:g}", measured / best, 1.5, percent=False)


def cost(policies: int = 1000) -> float:
    """CPU seconds for judging so many policies with all their intervals: sound and bad ones at three traffic levels."""
    levels = ("20/180", "200/1,800", "2,000/18,000")
    listed = [one for one in scenarios() if one.name in levels and one.rise in (1.0, 4.0)]
    runs = [simulate(listed[k % len(listed)], k) for k in range(policies)]
    given = [[Interval(Arm(bad=y, total=n), Arm(bad=z, total=m)) for n, y, m, z, _ in rows] for rows in runs]
    params = Sequential()
    started = time.process_time()
    for intervals in given:
        judge(params, intervals, LENGTH)
    return time.process_time() - started


def page(found: dict[tuple[str, float], dict[str, Tally]], held: Sequence[Goal], runs: int) -> str:
    """The Markdown section."""
    lines = [
        f"`python -m benchmarks.judge_study`: {runs:,} seeded runs a scenario, {LENGTH} intervals each, error rate",
        f"{RATE:.1%} in both versions unless said otherwise; α {ALPHA:.0%}, β {BETA:.0%}, margin {MARGIN:g}. No rule",
        "but Wald's is told the rates, and none is given a history. Each cell is the share of runs, and the median",
        "interval over all runs where it is more than half. Candidate/baseline are requests an interval. A false pass",
        "counts also where the judge failed the run later. Worlds marked *beyond* break what the judge rests on.",
        "",
    ]
    for rise, title in ((1.0, "Equal versions: every abort is false"), (1.5, "A rise of 1.5×"),
                        (2.0, "A rise of 2×, the margin: every pass is false"), (4.0, "A rise of 4×")):  # fmt: skip
        lines += [f"### {title}", "", "| Scenario | sequential aborts | passes | undecided | 2nd above 1 % aborts "
                  "| 5th above 1 % aborts | z-test aborts | Wald aborts | Wald passes |", "|---" * 9 + "|"]  # fmt: skip
        lines += [_line(name, tallies) for (name, at), tallies in found.items() if at == rise]
        lines.append("")
    lines += ["### Goals of the sequential judge", "", "| Goal | Measured | At most | |", "|---|---|---|---|"]
    for goal in held:
        shown = (
            (f"{goal.measured:.2%}", f"{goal.most:.0%}") if goal.percent else (f"{goal.measured:.3g}", f"{goal.most:g}")
        )
        lines.append(f"| {goal.what} | {shown[0]} | {shown[1]} | {'met' if goal.met else '**missed**'} |")
    return "\n".join(lines) + "\n"


def _line(name: str, tallies: dict[str, Tally]) -> str:
    ours, second, fifth, z, best = (tallies[rule] for rule in RULES)
    cells = [
        _cell(ours.failed, ours.fail_median), _cell(ours.passed, ours.pass_median),
        f"{1 - ours.failed - ours.passed:.1%}", _cell(second.failed, second.fail_median),
        _cell(fifth.failed, fifth.fail_median), _cell(z.failed, z.fail_median),
        _cell(best.failed, best.fail_median), _cell(best.passed, best.pass_median),
    ]  # fmt: skip
    return f"| {name} | {' | '.join(cells)} |"


def _cell(share: float, median: float) -> str:
    return f"{share:.1%}" + (f" at {median:g}" if math.isfinite(median) else "")


def main() -> int:
    """Run, print, write; 1 where a goal is missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=RUNS, help="runs of every scenario")
    parser.add_argument("--only", default="", help="scenarios whose name holds this")
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--write", action="store_true", help=f"write the section of {PAGE.name} as well")
    told = parser.parse_args()
    listed = scenarios()
    chosen = [index for index, one in enumerate(listed) if told.only in one.name]
    found: dict[tuple[str, float], dict[str, Tally]] = {}
    started = time.monotonic()
    with ProcessPoolExecutor(told.processes) as pool:
        for index, tallies in zip(chosen, pool.map(partial(measure, runs=told.runs), chosen), strict=True):
            found[listed[index].name, listed[index].rise] = tallies
            print(f"{listed[index].rise:g}× {_line(listed[index].name, tallies)}", file=sys.stderr, flush=True)  # noqa: T201
    if told.only:
        return 0
    held = [*goals(found), Goal(f"CPU seconds for 1,000 policies with {LENGTH} intervals", cost(), 2.0, percent=False)]
    written = page(found, held, told.runs)
    if told.write:
        write(TITLE, written)
    print(written)  # noqa: T201
    print(f"{time.monotonic() - started:.0f} s", file=sys.stderr)  # noqa: T201
    return 0 if all(goal.met for goal in held) else 1


if __name__ == "__main__":
    sys.exit(main())
