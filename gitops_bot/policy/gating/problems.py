"""Rules that span several fields of `spec.gates`. Pure: gates → problems."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta

from gitops_bot.model import SlotName
from gitops_bot.policy.fields import Path, Problem
from gitops_bot.policy.gating.people import Approvals
from gitops_bot.policy.gating.soak import Soak
from gitops_bot.policy.gating.windows import Period, Window
from gitops_bot.policy.schema import PromotionPolicy

_LONGEST = timedelta(days=31)


def problems(policy: PromotionPolicy) -> Iterator[Problem]:
    """What is wrong with gates whose shape is right: (path below the document, message)."""
    gates, path = policy.spec.gates, ("spec", "gates")
    for index, window in enumerate(gates.windows):
        yield from _window((*path, "windows", index), window)
    if gates.sync and not (gates.sync.refs or gates.sync.live):
        yield (*path, "sync"), "at least one of argoCD, flux, tekton, ocm, live is needed"
    for index, status in enumerate(gates.statuses):
        if status.name.startswith("gitops-bot/"):
            yield (*path, "statuses", index), "is the bot's own: it would wait for itself"
    if gates.approvals:
        yield from _approvals((*path, "approvals"), gates.approvals)
    if back := policy.spec.rollback.approvals:
        yield from _way_back(("spec", "rollback", "approvals"), back)
    if gates.soak:
        yield from _soak((*path, "soak"), gates.soak, policy)


def _approvals(path: Path, approvals: Approvals) -> Iterator[Problem]:
    if bool(approvals.from_) == bool(approvals.keel):
        yield path, "exactly one of from, keel is needed"
    if approvals.keel and approvals.deadline:
        yield (*path, "deadline"), "goes with from: an approval in Keel has its own"
    if approvals.deadline == timedelta(0):
        yield (*path, "deadline"), "is over at once: nobody could approve"
    yield from _enough(path, approvals)


def _enough(path: Path, approvals: Approvals) -> Iterator[Problem]:
    """As many people as are asked for; how many a team has, only the forge knows."""
    people = {name.lower() for name in approvals.from_}
    if approvals.from_ and not any(name.startswith("team:") for name in people) and approvals.required > len(people):
        yield (*path, "required"), f"asks for {approvals.required} of {len(people)}: it could never be given"


def _way_back(path: Path, approvals: Approvals) -> Iterator[Problem]:
    """A rollback waits for people alone, and for as long as they need."""
    if not approvals.from_:
        yield path, "needs from: who may approve a rollback"
    yield from _enough(path, approvals)
    for name in ("keel", "deadline"):
        if getattr(approvals, name) is not None:
            why = "approves updates, no way back" if name == "keel" else "would hold a rollback for good"
            yield (*path, name), why


def _window(path: Path, window: Window) -> Iterator[Problem]:
    given = [name for name in ("allow", "block", "timewindow") if getattr(window, name) is not None]
    if not given:
        yield path, "one of allow, block, timewindow is needed"
    if len(given) > 1:
        yield (*path, given[1]), f"only one of allow, block, timewindow may be given, and {given[0]} is"
    if window.timewindow and "timezone" in window.model_fields_set:
        yield (*path, "timezone"), "goes with allow and block: a timewindow has its location"
    for name in ("allow", "block"):
        if period := getattr(window, name):
            yield from _period((*path, name), period)


def _soak(path: Path, soak: Soak, policy: PromotionPolicy) -> Iterator[Problem]:
    if not policy.spec.soak_environments and policy.spec.candidate.slot != SlotName.CANDIDATE.value:
        yield path, "needs environments: nothing in git says here how long the candidate has stood"
    for index, name in enumerate(soak.environments):
        if name == policy.name:
            yield (*path, "environments", index), "is this very policy: leave environments out"


def _period(path: Path, period: Period) -> Iterator[Problem]:
    ways = {"weekly": period.weekly, "cron": period.cron, "from and to": period.from_ or period.to}
    given = [name for name, value in ways.items() if value is not None]
    if len(given) != 1:
        yield path, "exactly one of weekly, cron, from and to"
        return
    if (period.cron is None) != (period.for_ is None):
        yield path, "cron and for go together"
    if period.for_ is not None and not timedelta(0) < period.for_ <= _LONGEST:
        yield (*path, "for"), "must be longer than nothing and at most 31d"
    if (period.from_ is None) != (period.to is None):
        yield path, "from and to go together: a freeze that nobody ends is a stop file"
    elif period.from_ and period.to and _begin(period.to) < _begin(period.from_):
        yield (*path, "to"), f"{period.to} is before {period.from_}"


def _begin(value: date) -> datetime:
    """Near enough to tell which of two comes first, whatever their zones."""
    moment = value if isinstance(value, datetime) else datetime.combine(value, time())
    return moment.replace(tzinfo=UTC)
