"""What the cluster and the metrics say, and the verdicts that follow."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
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
    """The machinery failed: nothing is said of the candidate."""
    COMPLETED = "completed-no-verdict"
    """It ran to its end and leaves the verdict to who reads the numbers."""
    NONE = "none"
    """The object carries weights or settings, never a verdict."""
    UNKNOWN = "unknown"
    """Stale, not reported yet in words that are known, or no such object at all."""

    @property
    def said(self) -> str:
        """What people say of an object in it, behind its name."""
        return _SAID.get(self, f"is {self.value}")


_SAID = {
    Phase.PENDING: "has not begun",
    Phase.SUCCEEDED: "succeeded",
    Phase.FAILED: "failed",
    Phase.ERROR: "ended in an error",
    Phase.COMPLETED: "completed without a verdict",
    Phase.NONE: "gives no verdict",
}


class Act(StrEnum):
    """What should follow from a reading, before any policy has its say."""

    NOTHING = "nothing"
    """Look again later."""
    EVALUATE = "evaluate"
    """The system waits or leaves the numbers to others: judge them."""
    ASK = "ask"
    """A person must approve, or look."""
    PROCEED = "proceed"
    """Advance or promote: the policy's strategy says which."""
    HOLD = "hold"
    """Not good enough to go on, no reason to go back."""
    ROLLBACK = "rollback"
    """The candidate failed."""
    REVERT = "revert"
    """What was merged cannot work: undo that commit."""


_ACTS = {
    Phase.IDLE: Act.NOTHING,
    Phase.PENDING: Act.NOTHING,
    Phase.RUNNING: Act.NOTHING,
    Phase.PAUSED: Act.EVALUATE,
    Phase.SUCCEEDED: Act.PROCEED,
    Phase.FAILED: Act.ROLLBACK,
    Phase.INCONCLUSIVE: Act.HOLD,
    Phase.ERROR: Act.HOLD,
    Phase.COMPLETED: Act.EVALUATE,
    Phase.NONE: Act.NOTHING,
    Phase.UNKNOWN: Act.NOTHING,
}
"""What follows from a reading where its reader does not say something else."""


@dataclass(frozen=True, slots=True)
class ObjectRef:
    """An object in a cluster."""

    kind: str
    namespace: str
    name: str

    def __str__(self) -> str:
        if "=" in self.name:  # labels, which no name is
            return f"{self.kind} with {self.name} in {self.namespace}"
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
class Analysis:
    """An analysis that a rollout is bound to, and how its present run stands."""

    binding: str
    """When it runs, as people say it: `in the background from step 2`, `at step 3`, `before the promotion`."""
    templates: tuple[str, ...]
    args: Mapping[str, str]
    """What the templates are given; empty where the value is not known before it runs."""
    run: str = ""
    """The name of its present run; empty when there is none."""
    phase: Phase = Phase.PENDING
    reason: str = ""


@dataclass(frozen=True, slots=True)
class ExperimentStatus:
    """What a controller says about one object, fresh or not at all: a stale status has the phase UNKNOWN.

    Names are the system's own (pod hash, revision, track), versions are images' tags and digests; empty or None where
    the object does not say.
    """

    ref: ObjectRef
    phase: Phase
    reason: str
    baseline: Version | None = None
    candidate: Version | None = None
    weight: float | None = None
    """Percent of live traffic on the candidate, to two places; None where the object does not say."""
    step: str = ""
    """`index/count`, empty where there are no steps."""
    applied: datetime | None = None
    """When the object's present template was written, by its managed fields."""
    url: str = ""
    baseline_name: str = ""
    candidate_name: str = ""
    candidates: tuple[str, ...] = ()
    """The names of all candidates, where there can be several."""
    winner: str = ""
    """The name of the version that won; only of a finished experiment."""
    identity: str = ""
    """What one piece of evidence is known by: the run's uid, the candidate's pod hash."""
    began: datetime | None = None
    """When the run behind this reading began; evidence from before a commit does not speak of it."""
    ended: datetime | None = None
    turned: datetime | None = None
    """When it began to say so; of health alone, which can turn back."""
    metrics: Mapping[str, float] = field(default_factory=dict)
    """The last value of each metric that decides, for the candidate."""
    results: Mapping[str, object] = field(default_factory=dict)
    """What a pipeline returned, by name: text, lists or mappings as given."""
    analyses: tuple[Analysis, ...] = ()
    """What is analysed on the way, in the order in which it runs."""
    failed_checks: int | None = None
    warnings: tuple[str, ...] = ()
    """What went wrong without deciding, like the names of dry-run metrics that failed."""
    revision: str = ""
    """The git commit that is live, where the system deploys from git."""
    clusters: tuple[str, ...] = ()
    rings: tuple[str, ...] = ()
    """The names of groups of clusters in their order; empty for a group without a name."""
    approvals_required: int | None = None
    advice: Act | None = None
    """What follows, where the phase alone does not say it."""
    applied_revision: str = ""
    """The git commit that was applied last, where a system compares with one commit and may have applied another."""

    @property
    def act(self) -> Act:
        """What follows from it."""
        return self.advice or _ACTS[self.phase]

    def runs(self, version: Version) -> bool:
        """Whether it is about a version: by its image, or where git names a revision of Knative, by that name."""
        if self.ref.kind == "KnativeService" and version == Version(tag=self.candidate_name or "-"):
            return True
        return self.candidate is not None and self.candidate.runs(version)


@dataclass(frozen=True, slots=True)
class Claim:
    """What a reading must be about to count: the version on trial as git has it, and since when."""

    candidate: Version | None = None
    """None: the reading itself says which version it is about."""
    baseline: Version | None = None
    """What git says it is compared with; None: git does not say."""
    named: bool = False
    """Git names the version on trial: a reading from before the commit that brought it speaks of something else."""
    commit: str = ""
    """The commit by which git came to say so."""
    since: datetime | None = None
    """When that was; None while it is not known."""
    once: bool = False
    """One object is one run, whose verdict counts for one commit."""
    deploys: bool = False
    """It deploys from git: the live commit must contain this one."""
    results: Mapping[str, str] = field(default_factory=dict)
    """What a pipeline must return."""
    above: Version | None = None
    """What git holds and must not go back from: a reading of a lower version is of something older."""


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
    heard: bool = False
    """Not answered, yet the server spoke, as of a query that is wrong: no reason to leave it alone."""


Reading = Sample | Missing

_OR_ZERO = ") or on() vector(0)"


def or_zero(numerator: str) -> str:
    """A numerator that is zero where nothing is found. Never for a denominator: no traffic must stay visible."""
    return f"({numerator}{_OR_ZERO}"


@dataclass(frozen=True, slots=True)
class Query:
    """One range query: the measurements at `start + k·step` up to `end`."""

    cluster: str
    """Whose metrics server is asked."""
    expression: str
    """The query that a person can run again: PromQL, or what its metrics server speaks."""
    start: datetime
    end: datetime
    step: timedelta

    @property
    def counts_absence(self) -> bool:
        """The bot itself has said that nothing found means zero: a numerator."""
        return self.expression.startswith("(") and self.expression.endswith(_OR_ZERO)

    @property
    def plain(self) -> str:
        """The expression as it was before the bot said so, for servers that speak no PromQL."""
        return self.expression[1 : -len(_OR_ZERO)] if self.counts_absence else self.expression

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
    charts: tuple[Figure, ...] = ()
    """What was measured over time, for people: a line for the candidate and one for the baseline, on one scale."""
    judge: str = ""
    """Which judge decided, and what it was told; empty where none did."""
    about: str = ""
    """The variant that it is about, where several are on trial."""
    compares: bool = False
    """It says whether that variant won; else it only may keep it from winning."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """PASS, FAIL or UNKNOWN with the checks behind it. Without a passing check there is no PASS."""

    checks: tuple[CheckResult, ...] = ()
    ended: str = ""
    """Why a test of several variants is over without a winner; empty while it is not."""

    def about(self, variant: str) -> Verdict:
        """What is said of one variant."""
        return Verdict(tuple(check for check in self.checks if check.about == variant))

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
    variant: str = ""
    """The name of the candidate's places, where several are on trial."""
    quiet: bool = False
    """No user reaches the candidate: comparisons with the stable version say nothing."""
    excused: str = ""
    """Why nothing needs to be measured yet, where the policy says so."""
    unread: str = ""
    """Why what should be measured is not known."""
