"""One Kubernetes cluster as `Cluster`: whole lists out of pages, single objects, and the events of one.

The client is imported and the configuration read with the first request: a broken kubeconfig is trouble of one
cluster, and commands that need no cluster do not pay for the import. Secrets are got by name, and never listed.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gitops_bot.adapters.kubernetes.access import Access, Expired
from gitops_bot.adapters.versions import others
from gitops_bot.errors import ClusterDenied, ClusterUnreachable, KindAbsent
from gitops_bot.model import Kind

if TYPE_CHECKING:
    from gitops_bot.adapters.kubernetes.api import Api, Change, Page, Resource, Scope


@dataclass(frozen=True, slots=True)
class Listing:
    """The objects of a kind in one namespace, or in all of them, at one moment."""

    scope: Scope
    """In the version that is served."""
    objects: tuple[Resource, ...]
    version: str
    """The resourceVersion that a watch goes on from."""


class KubernetesCluster:
    """The cluster of a kubeconfig's context, or the one the bot runs in. Each list is read anew."""

    def __init__(
        self,
        *,
        context: str | None = None,
        kubeconfig: str | None = None,
        in_cluster: bool = False,
        namespaces: Sequence[str] = (),
        selectors: Mapping[tuple[str, str], str] | None = None,
        timeout_s: tuple[float, float] = (5, 30),
        page: int = 500,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        """Without `context` the current one; without `kubeconfig` $KUBECONFIG, else ~/.kube/config.

        No `namespaces` means all of them; `selectors` are label selectors by group and plural of the kinds of which not
        all objects are listed. `timeout_s` is (connect, read) of each request, `page` the objects in one.
        """
        self._access = Access(context, kubeconfig, in_cluster)
        self.namespaces = tuple(namespaces) or ("",)
        self._selectors = dict(selectors or {})
        self._timeout_s = timeout_s
        self._page = page
        self._sleep = sleep
        self._known_api: Api | None = None
        self._served: dict[Kind, Kind] = {}

    def __str__(self) -> str:
        return str(self._access)

    def list(self, kind: Kind) -> tuple[Resource, ...]:
        """Every object of a kind in the configured namespaces.

        Errors: ObjectAbsent (the kind is not installed), ClusterDenied (naming the missing verb), ClusterUnreachable.
        """
        return tuple(each for namespace in self.namespaces for each in self.listing(kind, namespace).objects)

    def get(self, kind: Kind, namespace: str, name: str) -> Resource:
        """One object. Errors: ObjectAbsent, ClusterDenied (naming the missing verb), ClusterUnreachable."""
        with self._api() as api:
            return api.one(self._served.get(kind, kind), namespace, name)

    def events(self, namespace: str, uid: str) -> tuple[Resource, ...]:
        """What controllers have said of one object of late. Errors: ClusterDenied, ClusterUnreachable."""
        from gitops_bot.adapters.kubernetes.api import EVENTS, Scope, of_object  # noqa: PLC0415 - see above

        fields = of_object(uid)
        return self._whole(Scope(EVENTS, namespace), fields).objects if fields else ()

    def listing(self, kind: Kind, namespace: str) -> Listing:
        """Every object of a kind in one namespace, or in all; in another version where that alone is served.

        Errors: as `list`.
        """
        from gitops_bot.adapters.kubernetes.api import Scope  # noqa: PLC0415 - see above

        if (kind.group, kind.plural) == ("", "secrets"):
            raise ClusterDenied("secrets are not listed: the bot gets those that are named", where=str(self._access))
        absent: KindAbsent | None = None
        labels = self._selectors.get((kind.group, kind.plural), "")
        for served in dict.fromkeys((self._served.get(kind, kind), kind, *others(kind))):
            try:
                found = self._whole(Scope(served, namespace, labels))
            except KindAbsent as error:
                absent = absent or error
            else:
                self._served[kind] = served
                return found
        raise absent or KindAbsent(f"the kind {kind.name} is not installed")

    def changes(self, scope: Scope, since: str, for_s: int) -> Iterator[Change]:
        """What changed since a resourceVersion, watched for some seconds.

        Errors: Expired (it is too long ago), ObjectAbsent, ClusterDenied, ClusterUnreachable.
        """
        with self._api() as api:
            yield from api.changes(scope, since, for_s)

    def _whole(self, scope: Scope, fields: str = "") -> Listing:
        for _ in range(2):
            with suppress(Expired):  # the snapshot behind the pages is gone: begin again, once
                pages = tuple(self._pages(scope, fields))
                return Listing(scope, tuple(each for page in pages for each in page.objects), pages[0].version)
        what = f"the list of {scope.kind.plural} expired twice while it was read"
        raise ClusterUnreachable(what, where=str(self._access))

    def _pages(self, scope: Scope, fields: str) -> Iterator[Page]:
        more = None
        while more != "":
            with self._api() as api:
                page = api.page(scope, more or "", fields)
            more = page.more
            yield page

    @contextmanager
    def _api(self) -> Iterator[Api]:
        from gitops_bot.adapters.kubernetes.api import Api  # noqa: PLC0415 - see above

        if self._known_api is None:
            self._known_api = Api(self._access, timeout_s=self._timeout_s, limit=self._page, sleep=self._sleep)
        try:
            yield self._known_api
        except ClusterDenied:
            self._known_api = None  # credentials that were rotated are read again by the next request
            raise
