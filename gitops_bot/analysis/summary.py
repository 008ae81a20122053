"""One version over a whole run, for judges that decide once, at its end."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from gitops_bot.analysis.evidence import Arm, Finding
from gitops_bot.model import Figure, Outcome


@dataclass(frozen=True, slots=True)
class Summary:
    """What one version did in the intervals of a run."""

    value: float | None
    """Bad over all events of the run where they are counted, else the mean of the numbers; None without one."""
    last: float | None
    """The newest number."""
    measured: int
    """Intervals with a number."""
    intervals: int
    """Intervals, with and without one."""
    why: str
    """Why numbers are missing: the commonest reason, the first of equals; empty where none is."""

    def lacks(self, least: int, version: str) -> str:
        """Why this is too little to judge by; empty where it is enough."""
        if self.value is not None and self.measured >= least:
            return ""
        reason = f" ({self.why})" if self.why else ""
        return f"the {version} has a number in {self.measured} of {self.intervals} intervals{reason}, needed: {least}"


def number(arm: Arm) -> float | None:
    """The arm's number, if it has a finite one."""
    found = arm.number
    return found if found is not None and math.isfinite(found) else None


def summary(arms: Iterable[Arm]) -> Summary:
    """The intervals of one version as one."""
    listed = list(arms)
    numbers = [found for arm in listed if (found := number(arm)) is not None]
    return Summary(
        value=_whole([arm for arm in listed if number(arm) is not None], numbers),
        last=numbers[-1] if numbers else None,
        measured=len(numbers),
        intervals=len(listed),
        why=_commonest([_reason(arm) for arm in listed if number(arm) is None]),
    )


def unfinished(taken: int, length: int, figures: tuple[Figure, ...]) -> Finding:
    """What such a judge says before the run is over."""
    because = f"{taken} of {length} measurements are taken; the verdict comes with the last"
    return Finding(Outcome.UNKNOWN, because, figures, left=length - taken)


def _whole(measured: Sequence[Arm], numbers: Sequence[float]) -> float | None:
    if not measured:
        return None
    if all(arm.value is None for arm in measured):
        bad, total = (sum(count or 0.0 for count in counts) for counts in zip(*map(_counts, measured), strict=True))
        whole = bad / total
    else:
        whole = sum(numbers) / len(numbers)
    return whole if math.isfinite(whole) else None


def _counts(arm: Arm) -> tuple[float | None, float | None]:
    return arm.bad, arm.total


def _reason(arm: Arm) -> str:
    return arm.missing or ("no traffic" if arm.total == 0 else "no number")


def _commonest(reasons: Sequence[str]) -> str:
    return max(dict.fromkeys(reasons), key=reasons.count, default="")
