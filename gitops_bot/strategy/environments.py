"""`candidate.environments`: the newest version that every one of them held long enough, by git's own history. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from gitops_bot.model import (
    CheckResult,
    History,
    Hop,
    Outcome,
    Readings,
    SlotName,
    Slots,
    Stays,
    Unproven,
    Version,
)
from gitops_bot.policy.gating.soak import lacking
from gitops_bot.policy.quantities import format_duration
from gitops_bot.policy.schema import PolicySpec
from gitops_bot.policy.versions import lower
from gitops_bot.strategy.history import readable, same
from gitops_bot.strategy.stays import stays


def offered(spec: PolicySpec, readings: Readings, slots: Slots, now: datetime) -> Version | Unproven | str:
    """The version that comes next, why none does, or (text) why that cannot be seen."""
    names = spec.candidate.environments or ()
    unseen = [f"{name}: {read}" for name in names if isinstance(read := _history(readings, name), str)]
    if unseen:
        return "; ".join(unseen)
    held = _held_by_all(names, readings, soak_of(spec), now)
    proven = next((one for one in held if proof(spec, readings, one, now)), None)
    if proven is None:
        return Unproven(upcoming(spec, readings, None, now) or f"no version stood in all of {', '.join(names)} yet")
    if slots.stable and lower(proven, slots.stable):
        return Unproven(f"{proven}, which {', '.join(names)} held, is older than {slots.stable} here")
    return proven


def upcoming(spec: PolicySpec, readings: Readings, than: Version | None, now: datetime) -> str:
    """What is on its way and newer than a version, and what it still waits for; empty where nothing is."""
    names = spec.candidate.environments or ()
    if any(isinstance(_history(readings, name), str) for name in names):
        return ""
    held = _held_by_all(names, readings, timedelta(0), now)
    newest = next((one for one in held if not _turned_away(names, readings, one)), None)
    if newest is None or same(newest, than) or proof(spec, readings, newest, now):
        return ""
    found = (lacking(one, newest, soak_of(spec), now) for one in in_environments(names, readings, newest))
    return f"{newest} is on its way: {'; '.join(filter(None, found))}"


def proof(spec: PolicySpec, readings: Readings, version: Version, now: datetime) -> bool:
    """Whether every environment held the version long enough and did not turn it away."""
    found = in_environments(spec.candidate.environments or (), readings, version)
    return all(not lacking(one, version, soak_of(spec), now) for one in found)


def proven_by(spec: PolicySpec, readings: Readings, version: Version, now: datetime) -> str:
    """The commit that brought a proven version to the one environment before: where its newest long stay began.

    What came there later was not there as long. Empty: it is not proven, or the history does not say.
    """
    (name,) = spec.candidate.environments or ("",)
    read = _history(readings, name)
    if isinstance(read, str) or not proof(spec, readings, version, now):
        return ""
    stays_ = (one for one in _runs(read, now) if same(one.version, version))
    return next((one.commit for one in stays_ if one.ended - one.begun >= soak_of(spec)), "")


def soak_of(spec: PolicySpec) -> timedelta:
    """How long an environment must have held a version."""
    return spec.gates.soak.for_ if spec.gates.soak else timedelta(0)


def in_environments(names: Sequence[str], readings: Readings, version: Version) -> tuple[Stays, ...]:
    """How long a version stood in each of them."""
    return tuple(_stays(name, readings, version) for name in names)


def checks(
    spec: PolicySpec, readings: Readings, slots: Slots, candidate: Version | None, now: datetime
) -> tuple[CheckResult, ...]:
    """Whether the candidate was proven in the environments before this one; nothing once it stands here."""
    names = spec.candidate.environments
    if not names or candidate is None or same(candidate, slots.stable):
        return ()
    found = in_environments(names, readings, candidate)
    if why := [one for stays_ in found if (one := lacking(stays_, candidate, soak_of(spec), now))]:
        return (CheckResult("held", Outcome.UNKNOWN, "; ".join(why)),)
    said = ", ".join(f"{one.environment} for {_rounded(longest(one, now))}" for one in found)
    return (CheckResult("held", Outcome.PASS, f"{candidate} was held by {said}"),)


def path(names: Sequence[str], readings: Readings, version: Version, now: datetime) -> tuple[tuple[Hop, ...], ...]:
    """The way of a version up to here: in each row the environments that wait for the rows before it."""
    rows: dict[str, int] = {}
    for name in names:
        _place(name, readings, rows, ())
    found: list[list[Hop]] = [[] for _ in range(max(rows.values(), default=-1) + 1)]
    for name, row in sorted(rows.items(), key=lambda one: (one[1], one[0])):
        found[row].append(_hop(name, readings, version, now))
    return tuple(tuple(row) for row in found)


def _place(name: str, readings: Readings, rows: dict[str, int], seen: tuple[str, ...]) -> int:
    """The row of an environment: below all that come before it; a circle is cut where it closes."""
    if name in seen:
        return -1
    if name not in rows:
        before = [_place(one, readings, rows, (*seen, name)) for one in readings.before.get(name, ())]
        rows[name] = max(before, default=-1) + 1
    return rows[name]


def _hop(name: str, readings: Readings, version: Version, now: datetime) -> Hop:
    found = _stays(name, readings, version)
    if found.trouble or not found.stays:
        return Hop(name, "", found.trouble or f"has not held {version}")
    moved_on = "" if found.stays[0].until is None else ", has moved on"
    return Hop(name, f"{version} for {_rounded(longest(found, now))}{moved_on}")


def longest(found: Stays, now: datetime) -> timedelta:
    """The longest time that a version stood there without a break."""
    return max((one.until or now) - one.since for one in found.stays)


def _rounded(length: timedelta) -> str:
    """In whole minutes, from an hour on; what is shorter as it is."""
    whole = length // timedelta(minutes=1) * timedelta(minutes=1)
    return format_duration(whole if length >= timedelta(hours=1) else length)


# ---------------------------------------------------------------- history


def _history(readings: Readings, name: str) -> History | str:
    """What an environment held; text where nobody can tell what it holds now."""
    read = readings.histories.get(name, "it was not read")
    if isinstance(read, History) and read.moments and read.moments[0].slots is None:
        return "what it holds cannot be read"
    return read


def _stays(name: str, readings: Readings, version: Version) -> Stays:
    """What is being taken back counts as little as what was turned away: people have not merged it yet."""
    read = _history(readings, name)
    found = stays(name, read, version, SlotName.STABLE)
    number = readings.going_back.get(name)
    if number is None or found.trouble or isinstance(read, str) or not same(_present(read), version):
        return found
    return replace(found, trouble=f"#{number} would take it back")


def _present(history: History) -> Version | None:
    return next((slots.stable for _, slots in readable(history)), None)


def _turned_away(names: Sequence[str], readings: Readings, version: Version) -> bool:
    return any(stays(name, _history(readings, name), version, SlotName.STABLE).trouble for name in names)


@dataclass(slots=True)
class _Tenancy:
    """A version in one environment, at a glance: whether it was turned away is not looked at."""

    version: Version
    since: datetime
    """The beginning of its newest stay."""
    longest: timedelta = timedelta(0)


def _held_by_all(names: Sequence[str], readings: Readings, soak: timedelta, now: datetime) -> list[Version]:
    """Every version that each of them held for so long, the one that came last to the last of them first.

    Histories are long and proofs are dear: what cannot be proven for want of time is not even tried.
    """
    first, *others = (_tenancies(_history(readings, name), now) for name in names)
    found: list[tuple[datetime, Version]] = []
    for one in first.values():
        all_of_them = [one, *filter(None, (_same_of(each, one.version) for each in others))]
        if len(all_of_them) == len(names) and all(each.longest >= soak for each in all_of_them):
            found.append((max(each.since for each in all_of_them), one.version))
    return [version for _, version in sorted(found, key=lambda one: one[0], reverse=True)]


def _tenancies(history: History | str, now: datetime) -> dict[str, _Tenancy]:
    """What an environment held, in one go, newest first, by its name."""
    found: dict[str, _Tenancy] = {}
    for run in _runs(history, now) if isinstance(history, History) else ():
        one = found.setdefault(str(run.version), _Tenancy(run.version, run.begun))
        one.longest = max(one.longest, run.ended - run.begun)
    return found


@dataclass(frozen=True, slots=True)
class _Run:
    """A version that stood there without a break."""

    version: Version
    commit: str
    """The one that brought it."""
    begun: datetime
    ended: datetime


def _runs(history: History, now: datetime) -> Iterator[_Run]:
    """Each time that a version stood there, newest first."""
    begun = ended = now
    commit = ""
    run: Version | None = None
    for moment, slots in readable(history):
        if run is None or not same(slots.stable, run):
            if run is not None:
                yield _Run(run, commit, begun, ended)
            ended, run = begun, slots.stable
        begun, commit = moment.at, moment.commit
    if run is not None:
        yield _Run(run, commit, begun, ended)


def _same_of(found: Mapping[str, _Tenancy], version: Version) -> _Tenancy | None:
    return found.get(str(version)) or next((one for one in found.values() if same(one.version, version)), None)
