"""A cluster whose lists are kept between ticks, and caught up by watches.

Nothing runs between ticks. The first list of a kind is a list. When one is asked for later, more than `fresh_s` after
all were last caught up, every kept list is caught up by one short watch, which starts where the list or the last watch
ended, and which the server itself ends after a second. They are watched at once, each by a thread that ends with its
watch: a tick pays about a second, however many kinds there are, and the API server serves only what has changed.

A list is given away only if it was read, or a watch of it ended well, within OLDEST_S. Where a watch did not end well
(expired, broken off, denied, garbage, too much to tell) its list is thrown away and read anew in the same call, and
that is said once: a watch can save work, and cannot decide anything. What then fails is an error of that list, as
without a cache.

No connection is held open, on purpose: a thread and a connection of each kind would bring news sooner than a tick can
use them, and would have to be watched themselves.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from gitops_bot.adapters.kubernetes.access import Expired
from gitops_bot.adapters.kubernetes.cluster import KubernetesCluster, Listing
from gitops_bot.errors import ClusterError
from gitops_bot.model import Kind

if TYPE_CHECKING:
    from gitops_bot.adapters.kubernetes.api import Change, Resource, Scope

WATCH_S = 1
"""How long the server is asked to keep a watch open: what is pending comes at once, and it knows no less."""
AT_ONCE = 32
"""Watches that are open at the same time; more take turns."""
MOST_CHANGES = 500
"""More in one watch may not be all: its second may have been too short for them, and a list is as cheap."""
OLDEST_S = 30.0
"""The oldest that anything given away may be, had its watch ended ever so well."""
FORGET_S = 3600.0
"""A list that nobody asked for in so long is not kept."""


class WatchedCluster:
    """A cluster for a process that asks again and again; may be asked from several threads.

    Objects that did not change are the same ones as before: they are to be read only.
    """

    def __init__(
        self,
        cluster: KubernetesCluster,
        *,
        notice: Callable[[str], None] = lambda _text: None,
        fresh_s: float = 5.0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """`notice` is told once of each watch that did not end well; `fresh_s` is how long an answer holds."""
        self._cluster = cluster
        self._notice = notice
        self._fresh_s = fresh_s
        self._clock = clock
        self._caught_up_at = clock()
        self._kept: dict[tuple[Kind, str], _Kept] = {}
        self._said: dict[tuple[Kind, str], str] = {}
        self._lock = threading.Lock()

    def list(self, kind: Kind) -> tuple[Resource, ...]:
        """Every object of a kind in the configured namespaces, as of a few seconds ago at most.

        Errors: ObjectAbsent (the kind is not installed), ClusterDenied (naming the missing verb), ClusterUnreachable.
        """
        with self._lock:
            places = [(kind, namespace) for namespace in self._cluster.namespaces]
            if any(self._is_due(kept) for place in places if (kept := self._kept.get(place))):
                self._catch_up()
                self._caught_up_at = self._clock()
            return tuple(each for place in places for each in self._listed(*place).in_order())

    def get(self, kind: Kind, namespace: str, name: str) -> Resource:
        """One object, asked for anew. Errors: ObjectAbsent, ClusterDenied, ClusterUnreachable."""
        return self._cluster.get(kind, namespace, name)

    def events(self, namespace: str, uid: str) -> Sequence[Resource]:
        """What controllers have said of one object of late. Errors: ClusterDenied, ClusterUnreachable."""
        return self._cluster.events(namespace, uid)

    def _is_due(self, kept: _Kept) -> bool:
        return self._clock() - max(kept.read_at, self._caught_up_at) > self._fresh_s

    def _listed(self, kind: Kind, namespace: str) -> _Kept:
        kept = self._kept.get((kind, namespace))
        now = self._clock()
        if kept is None or now - kept.read_at > OLDEST_S:
            kept = self._kept[kind, namespace] = _Kept.of(self._cluster.listing(kind, namespace), now)
        kept.asked_at = self._clock()
        return kept

    def _catch_up(self) -> None:
        """Watch every list that is still asked for; those whose watch did not end well are gone afterwards."""
        now = self._clock()
        self._kept = {place: kept for place, kept in self._kept.items() if now - kept.asked_at < FORGET_S}
        with ThreadPoolExecutor(min(AT_ONCE, len(self._kept) or 1)) as pool:
            endings = dict(zip(self._kept, pool.map(self._watched, self._kept.values()), strict=True))
        for place, trouble in endings.items():
            if not trouble:
                self._said.pop(place, None)
                continue
            del self._kept[place]
            if self._said.get(place) != trouble:
                self._said[place] = trouble
                self._notice(trouble)

    def _watched(self, kept: _Kept) -> str:
        """Catch one list up; why that failed, empty when it did not."""
        began = self._clock()
        what = f"the watch of {kept.scope.kind.plural} in {self._cluster}"
        if not kept.version:  # without one a watch tells what there is, and not what is gone
            return f"{what} cannot begin: the list has no resourceVersion"
        try:
            changes = kept.follow(self._cluster.changes(kept.scope, kept.version, WATCH_S))
        except Expired:
            return f"{what} expired: they are listed anew"
        except ClusterError as error:
            return f"{what} failed, so they are listed anew: {error}"
        if changes > MOST_CHANGES:
            return f"{what} told of more than {MOST_CHANGES} changes: they are listed anew"
        kept.read_at = began
        return ""


@dataclass(slots=True)
class _Kept:
    """A list, and where its next watch begins."""

    scope: Scope
    objects: dict[tuple[str, str], Resource]
    version: str
    read_at: float
    asked_at: float

    @classmethod
    def of(cls, listing: Listing, now: float) -> _Kept:
        objects = {_name(each): each for each in listing.objects}
        return cls(listing.scope, objects, listing.version, now, now)

    def follow(self, changes: Iterable[Change]) -> int:
        """Take in what changed, and count it."""
        number = 0
        for change in changes:
            number += 1
            if change.is_gone:
                self.objects.pop(_name(change.resource), None)
            elif not change.is_bookmark:
                self.objects[_name(change.resource)] = change.resource
            self.version = str(_metadata(change.resource).get("resourceVersion") or self.version)
        return number

    def in_order(self) -> Iterable[Resource]:
        """By namespace and name, as the API lists them."""
        return (self.objects[name] for name in sorted(self.objects))


def _name(resource: Resource) -> tuple[str, str]:
    metadata = _metadata(resource)
    return str(metadata.get("namespace", "")), str(metadata.get("name", ""))


def _metadata(resource: Resource) -> Any:
    return resource["metadata"]
