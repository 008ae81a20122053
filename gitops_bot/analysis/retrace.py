"""A run looked at again after each of its intervals: what the judge would have said then, and when it was decided."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from gitops_bot.analysis.evidence import Finding, Interval
from gitops_bot.analysis.judges import Known
from gitops_bot.model import Outcome

MOST_LOOKS = 300
"""Longer runs are not judged anew after every interval: each look costs what all that came before it cost."""


@dataclass(frozen=True, slots=True)
class Case:
    """A run of evidence and who judges it."""

    known: Known
    params: Any
    """Of the known judge's model."""
    intervals: Sequence[Interval]
    length: int
    """Of the whole run; at least as many as the intervals."""
    history: Sequence[Interval] = ()
    """The baseline before the run; heard by judges that remember."""

    def finding(self, count: int | None = None) -> Finding:
        """What is found after so many intervals; default: all."""
        seen = self.intervals if count is None else self.intervals[:count]
        if self.known.remembers and self.history:
            return self.known.judge(self.params, seen, self.length, history=self.history)  # type: ignore[call-arg]
        return self.known.judge(self.params, seen, self.length)


def decided(case: Case) -> Finding:
    """The finding of a run with `decided_at`: the first interval from which every longer look agrees with the last."""
    final = case.finding()
    if final.outcome is Outcome.UNKNOWN:
        return replace(final, decided_at=None)
    if final.decided_at is not None:
        return final
    first = len(case.intervals)
    while first > 1 and case.finding(first - 1).outcome is final.outcome:
        first -= 1
    return replace(final, decided_at=first)


def states(case: Case) -> tuple[Finding, tuple[Outcome, ...]]:
    """The finding with `decided_at`, and the verdict after each interval."""
    count = len(case.intervals)
    if count > MOST_LOOKS:
        final = decided(case)
        decision = final.decided_at if final.decided_at is not None else count + 1
        return final, tuple(final.outcome if number >= decision else Outcome.UNKNOWN for number in range(1, count + 1))
    looks = [case.finding(number) for number in range(1, count)]
    final = case.finding()
    outcomes = (*(look.outcome for look in looks), *([final.outcome] if count else []))
    if final.outcome is Outcome.UNKNOWN or final.decided_at is not None:
        return final, outcomes
    others = [number for number, outcome in enumerate(outcomes, 1) if outcome is not final.outcome]
    return replace(final, decided_at=others[-1] + 1 if others else 1), outcomes
