"""What the cluster and the metrics say, and the verdicts that follow."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from gitops_bot.model.git import Version


class Phase(StrEnum):
    """Where an experiment stands, in one vocabulary for every system."""

    IDLE = "idle"
    PENDING = "pending"
    RUNNING = "running"
    PAUSED = "paused"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    INCONCLUSIVE = "inconclusive"
    ERROR = "error"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class ObjectRef:
    """An object in a cluster."""

    kind: str
    namespace: str
    name: str

    def __str__(self) -> str:
        return f"{self.kind} {self.namespace}/{self.name}"


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of object by its place in the API."""

    group: str
    version: str
    plural: str
    name: str


@dataclass(frozen=True, slots=True)
class Unseen:
    """An object that could not be read, and why: never good news and never bad news."""

    ref: ObjectRef
    reason: str


@dataclass(frozen=True, slots=True)
class ExperimentStatus:
    """What a controller says about one object, fresh or not at all: a stale status has the phase UNKNOWN."""

    ref: ObjectRef
    phase: Phase
    reason: str
    baseline: Version | None = None
    candidate: Version | None = None
    weight: int | None = None
    """Percent of live traffic on the candidate; None where the object does not say."""
    step: str = ""
    """`index/count`, empty where there are no steps."""
    applied: datetime | None = None
    """When the object's present template was written, by its managed fields."""
    url: str = ""


@dataclass(frozen=True, slots=True)
class Sample:
    """One finite number at one instant."""

    value: float
    at: datetime


@dataclass(frozen=True, slots=True)
class Missing:
    """No number at that instant, and why: never good news and never bad news."""

    reason: str
    at: datetime
    answered: bool = True
    """The server answered, only not with a number; False: it could not be asked."""


Reading = Sample | Missing


@dataclass(frozen=True, slots=True)
class Query:
    """One range query: the measurements at `start + k·step` up to `end`."""

    cluster: str
    """Whose metrics server is asked."""
    expression: str
    """PromQL that a person can run again."""
    start: datetime
    end: datetime
    step: timedelta

    def instants(self) -> tuple[datetime, ...]:
        """When it measures."""
        count = int((self.end - self.start) / self.step) + 1
        return tuple(self.start + k * self.step for k in range(count))


Series = Mapping[Query, tuple[Reading, ...]]
"""One reading per instant of each query."""


class Outcome(StrEnum):
    """FAIL beats UNKNOWN beats PASS."""

    PASS = "PASS"  # noqa: S105 - a verdict, not a password
    UNKNOWN = "UNKNOWN"
    FAIL = "FAIL"


_SEVERITY = {Outcome.PASS: 0, Outcome.UNKNOWN: 1, Outcome.FAIL: 2}


def worst(outcomes: tuple[Outcome, ...]) -> Outcome:
    """The most severe of several; UNKNOWN for none, because nothing is not good news."""
    return max(outcomes, key=_SEVERITY.__getitem__, default=Outcome.UNKNOWN)


@dataclass(frozen=True, slots=True)
class Figure:
    """One number behind a check, as people read it."""

    name: str
    value: str


@dataclass(frozen=True, slots=True)
class CheckResult:
    """What one check found, with its reason and its figures."""

    name: str
    outcome: Outcome
    because: str
    figures: tuple[Figure, ...] = ()
    queries: tuple[Query, ...] = ()
    critical: bool = True
    """False: reported, does not decide."""
    chart: str = ""
    """What was measured over time on one line, for people; empty where nothing was."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """PASS, FAIL or UNKNOWN with the checks behind it. Without a passing check there is no PASS."""

    checks: tuple[CheckResult, ...] = ()

    @property
    def outcome(self) -> Outcome:
        """The worst of the deciding checks."""
        return worst(tuple(check.outcome for check in self.checks if check.critical))

    @property
    def because(self) -> str:
        """One sentence: the deciding checks that have the verdict's outcome, those with one reason named together."""
        names: dict[str, list[str]] = {}
        for check in self.checks:
            if check.critical and check.outcome is self.outcome:
                names.setdefault(check.because, []).append(check.name)
        return "; ".join(f"{', '.join(who)}: {why}" for why, who in names.items()) or "nothing was checked"


@dataclass(frozen=True, slots=True)
class Trial:
    """What is judged now: a version against another, since a moment."""

    since: datetime
    candidate: Version
    baseline: Version | None
    weight: int | None
    watching: bool = False
    """After the promotion: only a FAIL matters."""
