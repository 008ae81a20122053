"""Which judge a metric has, and what it is told; and how it goes through a run."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from gitops_bot.analysis.evidence import Finding, Interval
from gitops_bot.analysis.judges import JUDGES, Known
from gitops_bot.analysis.judges.threshold import of as bounds_of
from gitops_bot.model import Outcome, Trial
from gitops_bot.policy.judges.sample_ratio import SampleRatio
from gitops_bot.policy.judges.sequential import Sequential
from gitops_bot.policy.metrics import Analysis, Metric


@dataclass(frozen=True, slots=True)
class Appointed:
    """A metric's judge and its parameters."""

    name: str
    params: Any
    min_samples: int = 0

    @property
    def known(self) -> Known:
        """Its row in the table."""
        return JUDGES[self.name]

    def __str__(self) -> str:
        """`threshold: max 1%, failureLimit 2`: by the names that users write."""
        told = self.params.model_dump(mode="json", by_alias=True, exclude_none=True)
        told |= {"minSamples": self.min_samples} if self.min_samples else {}
        said = (
            f"{name} {value if isinstance(value, str) else json.dumps(value)}" for name, value in told.items() if value
        )
        return f"{self.name}: {', '.join(said)}"

    @property
    def compares(self) -> bool:
        """It looks at the baseline."""
        return self.known.compares(self.params)

    def recalls(self, length: int) -> int:
        """So many intervals of the baseline before the run are asked for."""
        return self.known.recalls(self.params, length) if self.known.recalls else 0

    def find(self, intervals: Sequence[Interval], length: int, history: Sequence[Interval]) -> Finding:
        """What it finds in the intervals of a run of that length."""
        if self.known.remembers and history:
            finding = self.known.judge(self.params, intervals, length, history=history)  # type: ignore[call-arg]
        else:
            finding = self.known.judge(self.params, intervals, length)
        return self._enough(finding, intervals)

    def _enough(self, finding: Finding, intervals: Sequence[Interval]) -> Finding:
        seen = sum(_observations(one) for one in intervals)
        if finding.outcome is Outcome.UNKNOWN or seen >= self.min_samples:
            return finding
        because = f"{seen:g} of at least {self.min_samples} observations, so far it says: {finding.because}"
        return replace(finding, outcome=Outcome.UNKNOWN, because=because, decided_at=None)


def _observations(interval: Interval) -> float:
    """Of the candidate: events where they are counted, else one for each number."""
    arm = interval.candidate
    return (arm.total or 0) if arm.total is not None else float(arm.number is not None)


def appointed(analysis: Analysis, metric: Metric, trial: Trial) -> Appointed:
    """The judge of one metric for a trial; the sequential ones share alpha evenly."""
    name, params = _told(metric)
    if isinstance(params, Sequential) and "share_of" not in params.model_fields_set:
        together = sum(_told(one)[0] == "sequential" for one in analysis.metrics if one.critical)
        params = params.model_copy(update={"share_of": max(1, together)})
    if isinstance(params, SampleRatio) and params.share is None:
        params = params.model_copy(update={"share": trial.weight})
    return Appointed(name, params, 0 if name == "threshold" else metric.min_samples)


def _told(metric: Metric) -> tuple[str, Any]:
    if metric.judge:
        return metric.judge.given
    if metric.compare:
        return metric.compare.judge()
    if metric.min is None and metric.max is None:
        return "sequential", Sequential()
    return "threshold", bounds_of(metric)


# ---------------------------------------------------------------- through a run


@dataclass(frozen=True, slots=True)
class Stage:
    """What was found in some consecutive intervals of a run."""

    finding: Finding
    start: int
    end: int
    """Intervals from `start` up to, not including, `end`; from 0."""
    over: bool
    """Nothing more is heard for it: a finding that stands until the next."""


def stages(
    judge: Appointed, intervals: Sequence[Interval], piece: int, length: int, history: Sequence[Interval]
) -> list[Stage]:
    """A run of that length piece by piece: each decides at its end and the next begins, or a patient judge goes on."""
    found: list[Stage] = []
    start = 0
    for end in range(piece, len(intervals) + 1, piece):
        finding = judge.find(intervals[start:end], (length if judge.known.patient else end) - start, history)
        decided = finding.outcome is not Outcome.UNKNOWN or not judge.known.patient
        if decided or (end >= length and not start):
            found.append(Stage(finding, start, end, over=True))
            start = end
    if start < len(intervals):
        whole = length - start if judge.known.patient else piece
        found.append(Stage(judge.find(intervals[start:], whole, history), start, len(intervals), over=False))
    return found
