"""One repository, one tick: observe, decide, apply. A failing policy stays alone with its failure."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from gitops_bot import apply, decide, observe
from gitops_bot.delivery import budget, gates, orphans, overlap, queueing
from gitops_bot.errors import BotError, InternalError, PlaceConflict, PolicyInvalid, RateLimited, SeveralFailures
from gitops_bot.model import Ask, EnqueuePr, Facts, MergePr, OpenPr, Plan, Receipt, ReceiptState, UpdatePr
from gitops_bot.policy import stopfile
from gitops_bot.policy.config import Limits
from gitops_bot.policy.loading import LoadedPolicy
from gitops_bot.policy.schema import PromotionPolicy
from gitops_bot.ports import Clock, Notifier

MOST_LOOKS = 3
MOST_ROUNDS = 3
"""A round that opened what may be merged at once is followed by another, so that one run settles."""


@dataclass(frozen=True, slots=True)
class Failure:
    """What failed, and for whom: a policy, or the repository."""

    subject: str
    error: BotError


@dataclass(slots=True)
class Report:
    """What one tick saw, decided and did."""

    repository: str
    plans: list[Plan] = field(default_factory=list)
    receipts: list[Receipt] = field(default_factory=list)
    failures: list[Failure] = field(default_factory=list)

    @property
    def exit_code(self) -> int:
        """0, or the code of what failed; a code of its own when things failed in different ways."""
        return exit_code([failure.error for failure in self.failures])


def exit_code(errors: Sequence[BotError]) -> int:
    """One exit code for several errors."""
    codes = {error.exit_code for error in errors}
    return codes.pop() if len(codes) == 1 else SeveralFailures.exit_code if codes else 0


@dataclass(frozen=True, slots=True)
class Loaded:
    """The policies of one repository at one commit, and what could not be loaded."""

    policies: Sequence[LoadedPolicy]
    failures: Sequence[Failure] = ()
    whole: bool = False
    """These are all the policies that the repository has: what is not among them is gone."""


Load = Callable[[observe.Sight], Loaded]
"""Where policies come from: base at the commit that was read, or files."""

Audit = Callable[[str, Plan | Receipt | Failure], None]
"""Told what is about to be done (`intent`), what was done (`done`), what failed (`failed`)."""


@dataclass(frozen=True, slots=True)
class Job:
    """A repository with all that a tick of it needs."""

    site: observe.Site
    load: Load
    limits: Limits
    clock: Clock
    audit: Audit = lambda _kind, _record: None
    stopping: apply.Stopping = lambda: False
    close: Callable[[], None] = lambda: None
    """Ends the processes and connections that the adapters hold; they come back when they are needed."""
    facts: Callable[[observe.Sight, PromotionPolicy], Facts] = observe.facts
    """What is known of a policy."""
    notifiers: Mapping[str, Notifier] = field(default_factory=dict)
    """By name."""
    alarmed: tuple[str, ...] = ()
    """The notifiers that a daemon tells of failures."""
    asks: Mapping[str, tuple[Ask, ...]] = field(default_factory=dict)
    """By policy: what people ask by a command."""


def plan(job: Job, only: str | None = None) -> Report:
    """Observe and decide, and stop there: a dry run is where you stop."""
    report = Report(job.site.name)
    with _failing(report, job.site.name):
        now = job.clock.now()
        sight, loaded = _looked(job, now)
        sight.asks = job.asks
        report.failures += loaded.failures
        sight.policies = {one.policy.name: one.policy for one in loaded.policies}
        report.failures += _idle_stops(sight, loaded)
        if loaded.failures or any(queueing.wanted(one.policy) for one in loaded.policies):
            observe.see_queue(sight)
        policies = [one.policy for one in loaded.policies if only is None or one.policy.name == only]
        sight.heard = observe.heard(sight)
        observe.prefetch(sight, policies)
        for policy in policies:
            with _failing(report, policy.name):
                view = sight.of(policy)
                whole = observe.measured(view, policy)
                facts = job.facts(view, whole)
                report.plans.append(decide.decide(whole, facts, observe.series(view, whole, facts)))
        report.failures += [Failure(name, error) for name, error in sight.troubles.items()]
        report.plans = list(
            budget.within(budget.fair(_apart(report), job.site.memory.turns), sight.pulls, job.limits, now)
        )
        if only is None and loaded.whole and not loaded.failures:
            known = {one.policy.name for one in loaded.policies}
            report.plans += orphans.orphans(sight.pulls, known, job.site.source, job.site.name, sight.refs)
        if only is None:
            stopped = {one.subject for one in report.failures if isinstance(one.error, PlaceConflict)}
            judged = {one.policy for one in report.plans} - stopped
            report.plans += queueing.unjudged(sight.pulls, judged, job.site.name, sight.refs)
    return report


def _looked(job: Job, now: datetime) -> tuple[observe.Sight, Loaded]:
    """What there is to see and the policies; looked at once more where those write branches that were not asked for."""
    for _ in range(MOST_LOOKS):
        sight = observe.look(job.site, now)
        loaded = job.load(sight)
        if not observe.widened(job.site, [one.policy for one in loaded.policies]):
            break
    return sight, loaded


def run(job: Job, only: str | None = None) -> Report:
    """Observe, decide, apply, until nothing more follows at once."""
    report = _round(job, only)
    for _ in range(MOST_ROUNDS - 1):
        if not _goes_on(report) or job.stopping():
            break
        following = _round(job, only)
        following.receipts[:0] = report.receipts
        report = following
    return report


def _round(job: Job, only: str | None) -> Report:
    report = plan(job, only)
    with _failing(report, job.site.name):  # what cannot be written down beforehand is not done
        for one in report.plans:
            if one.actions:
                job.audit("intent", one)
        outcome = apply.apply(report.plans, job.site.repo, job.site.forge, job.stopping, job.notifiers)
        turns = job.site.memory.turns
        turns |= dict.fromkeys((one.policy for one in outcome.receipts), max(turns.values(), default=0) + 1)
        report.receipts += outcome.receipts
        report.failures += [Failure(name, error) for name, error in outcome.failures]
    with _failing(report, job.site.name):
        for receipt in report.receipts:
            job.audit("done", receipt)
        for failure in tuple(report.failures):
            job.audit("failed", failure)
    return report


def _goes_on(report: Report) -> bool:
    """Something was pushed that the bot may merge itself, now that this very commit can be evaluated."""
    if any(isinstance(failure.error, RateLimited) for failure in report.failures):
        return False
    pushed = {
        one.policy for one in report.receipts if one.action in ("open", "update") and one.state is ReceiptState.DONE
    }
    return any(
        one.policy in pushed
        and any(isinstance(action, OpenPr | UpdatePr) for action in one.actions)
        and not any(isinstance(action, MergePr | EnqueuePr) for action in one.actions)
        for one in report.plans
    )


def _idle_stops(sight: observe.Sight, loaded: Loaded) -> list[Failure]:
    """The stop file's names that no policy has: a brake that brakes nothing is said, not passed over."""
    if not loaded.whole or loaded.failures:  # then nobody knows which policies there are
        return []
    stops = stopfile.find(sight.site.repo.tree(sight.base_commit))
    remedy = "Correct the name: what is not held goes on."
    return [
        Failure(stopfile.PATH, PolicyInvalid(f"{name} is the name of no policy", where=stopfile.PATH, remedy=remedy))
        for name in gates.unknown(stops, [one.policy.name for one in loaded.policies])
    ]


def _apart(report: Report) -> list[Plan]:
    """The plans, where no two write the same bytes of one file: those that do are stopped, both."""
    clashes = overlap.overlapping(report.plans)
    for one, other, path in clashes:
        error = PlaceConflict(f"{one} and {other} write the same place", where=path, remedy="Let one policy own it.")
        report.failures += [Failure(name, error) for name in (one, other)]
    stopped = {name for one, other, _ in clashes for name in (one, other)}
    return [replace(plan, actions=()) if plan.policy in stopped else plan for plan in report.plans]


class _failing:  # noqa: N801 - reads as a word of the language: with _failing(report, name)
    """Turns what goes wrong inside into a failure of the report: the one place that catches everything."""

    def __init__(self, report: Report, subject: str) -> None:
        self.report, self.subject = report, subject

    def __enter__(self) -> None: ...

    def __exit__(self, _kind: object, error: BaseException | None, _trace: object) -> bool:
        if error is None or not isinstance(error, Exception):
            return False
        if not isinstance(error, BotError):
            what = f"{type(error).__name__}: {error}"
            error = InternalError(what, where=self.subject, remedy="This is a defect of gitops-bot: please report it.")
        self.report.failures.append(Failure(self.subject, error))
        return True
