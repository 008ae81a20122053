"""How much of the traffic two targets get, and how a percent of the two becomes whole weights of the right total.

What other targets of a route have stays theirs: only the pair's share is divided anew.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from gitops_bot.edits.locators.objects import Object, Part
from gitops_bot.edits.operations import Insert, Operation, Write
from gitops_bot.edits.place import Place
from gitops_bot.edits.sense import Sense, Value
from gitops_bot.errors import EditRefused
from gitops_bot.model import SlotName


@dataclass(frozen=True, slots=True)
class Share:
    """One target and its weight."""

    name: str
    """As people know it."""
    counted: int
    """Its weight, or what an absent one counts."""
    given: bool
    """The weight is written down."""
    write: Callable[[int], Operation]
    """What gives it a weight."""


@dataclass(frozen=True, slots=True)
class Split:
    """Two targets of one route."""

    where: str
    """`file:line` of the route."""
    stable: Share
    canary: Share
    others: int
    """What all other targets have together."""
    total: int | None = None
    """What all weights must add up to, where they are not relative."""

    @property
    def percent(self) -> int:
        """The canary's percent of what the two have. EditRefused: it is none, or no whole one."""
        self._refuse_wrong_total()
        pair = self.stable.counted + self.canary.counted
        if not pair:
            raise self._nothing()
        percent, rest = divmod(100 * self.canary.counted, pair)
        if rest:
            raise EditRefused(
                f"`{self.canary.name}` has {self.canary.counted} of the {pair} that it shares with "
                f"`{self.stable.name}`, which is no whole percent",
                where=self.where,
                remedy="Set both weights out of 100",
            )
        return percent

    @property
    def share(self) -> int:
        """The canary's percent of everything, rounded, where several targets have some; 0 is nothing at all."""
        total = self.stable.counted + self.canary.counted + self.others
        if not total:
            raise self._nothing()
        return max(1, round(100 * self.canary.counted / total)) if self.canary.counted else 0

    def without(self, percent: int) -> tuple[Operation, ...]:
        """The stable target gets the canary's weight. EditRefused: anything else is asked for."""
        if percent:
            raise EditRefused(
                f"`{self.canary.name}` is one of several targets: the bot takes its traffic away, people give it",
                where=self.where,
            )
        return self.operations(0) if self.canary.counted else ()

    def operations(self, percent: int) -> tuple[Operation, ...]:
        """Both weights, in one change; nothing where they say so already. EditRefused: it takes a broken weight."""
        pair = self._pair
        if self._says(percent):
            return ()
        if self._free and (not pair or percent * pair % 100 or not (self.stable.given or self.canary.given)):
            pair = 100
        if pair <= 0:
            raise self._nothing()
        canary, rest = divmod(percent * pair, 100)
        if rest:
            raise EditRefused(
                f"{percent} % of the {pair} that `{self.stable.name}` and `{self.canary.name}` have together is no "
                f"whole weight, and the other targets keep their {self.others}",
                where=self.where,
                remedy="Give all targets larger weights in the same proportion",
            )
        return (self.stable.write(pair - canary), self.canary.write(canary))

    def _says(self, percent: int) -> bool:
        pair = self.stable.counted + self.canary.counted
        return 0 < pair == self._pair and 100 * self.canary.counted == percent * pair

    @property
    def _pair(self) -> int:
        """What the two have, or must have, together."""
        return self.stable.counted + self.canary.counted if self.total is None else self.total - self.others

    @property
    def _free(self) -> bool:
        """Any total will do: the weights are relative, and nobody else has one."""
        return self.total is None and not self.others

    def _refuse_wrong_total(self) -> None:
        found = self.stable.counted + self.canary.counted + self.others
        if self.total is not None and found != self.total:
            raise EditRefused(f"the shares add up to {found}, not to {self.total}", where=self.where)

    def _nothing(self) -> EditRefused:
        rest = f": the other targets have {self.others}" if self.others else ""
        return EditRefused(
            f"`{self.stable.name}` and `{self.canary.name}` have no weight together{rest}",
            where=self.where,
            remedy="Give them a share by hand first",
        )


def share(name: str, one: Object, target: Part, place: Place, *, default: int, limit: int) -> Share:
    """A target that is there; the last key of `place` is its weight. EditRefused: something else stands there."""
    key = str(place.path.segments[-1])
    found = one.below(target, key)
    text = found.real.text if found else ""
    if text is None or (text and not (re.fullmatch(r"0|[1-9][0-9]{0,9}", text) and int(text) <= limit)):
        shown = "a list or a mapping" if text is None else repr(text)
        raise EditRefused(f"`{key}` of `{name}` is {shown}, no whole number up to {limit}", where=one.at(found))
    return Share(
        name,
        int(text) if text else default,
        bool(text),
        (lambda weight: Write(place, weight)) if found else (lambda weight: Insert(place, weight)),
    )


def colored(sense: Sense, percent: int | None, stable: str, canary: str, where: str) -> Value:
    """A percent as it is meant: itself, or which of the two has everything. EditRefused: both have some."""
    if not sense.of_color or percent is None:
        return percent
    if percent not in (0, 100):
        remedy = "Give one of them everything first"
        raise EditRefused(f"both `{stable}` and `{canary}` have traffic: none is active", where=where, remedy=remedy)
    return sense.read_text(canary if percent else stable, where)


def _everything(sense: Sense, value: Value, stable: str, canary: str, where: str) -> int:
    """The percent that gives a colour everything."""
    name = sense.write("", value, where)
    if name not in (stable, canary):
        raise EditRefused(f"{name!r} is neither `{stable}` nor `{canary}`", where=where)
    return 100 if name == canary else 0


def asked_percent(sense: Sense, value: Value, stable: str, canary: str, where: str) -> int:
    """The percent that is to be written: the weight, or everything for one of the two."""
    if sense.of_color:
        return _everything(sense, value, stable, canary, where)
    return asked_weight(sense, value, where)


def asked_weight(sense: Sense, value: Value, where: str) -> int:
    """The percent that is to be written. EditRefused: it is none, or the slot is no weight."""
    refuse_version(sense, where)
    if value is None:
        raise EditRefused("a weight cannot be taken away", where=where, remedy="Set it to 0")
    return sense.weight(value, where)


def refuse_version(sense: Sense, where: str) -> None:
    """EditRefused unless a plain weight is meant."""
    if sense.slot not in (None, SlotName.WEIGHT, SlotName.MIRROR):
        raise EditRefused(f"{sense.slot} is no weight, and weights stand there", where=where)
    if sense.form is not None and str(sense.form) != "{{ weight }}":
        raise EditRefused(f"weights are plain numbers, not of the form `{sense.form}`", where=where)
