"""One Kubernetes cluster as `Cluster`: whole lists out of pages.

The client is imported and the configuration read with the first list: a broken kubeconfig is trouble of one cluster,
and commands that need no cluster do not pay for the import.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from gitops_bot.adapters.kubernetes.access import Access, Expired
from gitops_bot.errors import ClusterDenied, ClusterUnreachable
from gitops_bot.model import Kind

if TYPE_CHECKING:
    from gitops_bot.adapters.kubernetes.api import Api

Objects = tuple[Mapping[str, Any], ...]


class KubernetesCluster:
    """The cluster of a kubeconfig's context, or the one the bot runs in."""

    def __init__(
        self,
        *,
        context: str | None = None,
        kubeconfig: str | None = None,
        in_cluster: bool = False,
        namespaces: Sequence[str] = (),
        timeout_s: tuple[float, float] = (5, 30),
        page: int = 500,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        """Without `context` the current one; without `kubeconfig` $KUBECONFIG, else ~/.kube/config.

        No `namespaces` means all of them. `timeout_s` is (connect, read) of each request, `page` the objects in one.
        """
        self._access = Access(context, kubeconfig, in_cluster)
        self._namespaces = tuple(namespaces) or ("",)
        self._timeout_s = timeout_s
        self._page = page
        self._sleep = sleep
        self._known_api: Api | None = None

    def list(self, kind: Kind) -> Objects:
        """Every object of a kind in the configured namespaces, as the API gives it.

        Objects of built-in kinds come without `apiVersion` and `kind`: the API writes those on the list alone.
        Errors: ObjectAbsent (the kind is not installed), ClusterDenied (naming the missing verb), ClusterUnreachable.
        """
        return tuple(each for namespace in self._namespaces for each in self._whole(kind, namespace))

    def _whole(self, kind: Kind, namespace: str) -> Objects:
        for _ in range(2):
            with suppress(Expired):  # the snapshot behind the pages is gone: begin again, once
                return tuple(self._pages(kind, namespace))
        raise ClusterUnreachable(f"the list of {kind.plural} expired twice while it was read", where=str(self._access))

    def _pages(self, kind: Kind, namespace: str) -> Iterator[Mapping[str, Any]]:
        objects, more = self._one_page(kind, namespace, "")
        yield from objects
        while more:
            objects, more = self._one_page(kind, namespace, more)
            yield from objects

    def _one_page(self, kind: Kind, namespace: str, token: str) -> tuple[Objects, str]:
        try:
            return self._api().page(kind, namespace, token)
        except ClusterDenied:
            self._known_api = None  # credentials that were rotated are read again by the next list
            raise

    def _api(self) -> Api:
        from gitops_bot.adapters.kubernetes.api import Api  # noqa: PLC0415 - see above

        if self._known_api is None:
            self._known_api = Api(self._access, timeout_s=self._timeout_s, limit=self._page, sleep=self._sleep)
        return self._known_api
