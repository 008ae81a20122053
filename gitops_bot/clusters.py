"""Clusters and what stands beside them, from the configuration; adapters are imported when they are chosen."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from gitops_bot.experiments import SYSTEMS
from gitops_bot.model import Kind
from gitops_bot.policy.config import ClusterConfig, ConsoleConfig, SecretRef
from gitops_bot.ports import Cluster, Console

Secret = Callable[[SecretRef], Callable[[], str]]
"""Gives what reads a secret when it is needed."""


def cluster(given: ClusterConfig, notice: Callable[[str], None] | None) -> Cluster:
    """The adapter of one cluster; `notice` is for a process that goes on, whose lists are kept and watched."""
    if given.recorded:
        from gitops_bot.adapters.recorded import RecordedCluster  # noqa: PLC0415 - imported when it is chosen

        return RecordedCluster(Path(given.recorded))
    from gitops_bot.adapters.kubernetes import KubernetesCluster, WatchedCluster  # noqa: PLC0415 - see above

    plain = KubernetesCluster(
        context=given.context,
        kubeconfig=given.kubeconfig,
        in_cluster=given.in_cluster,
        namespaces=given.namespaces,
        selectors={(kind.group, kind.plural): labels for kind, labels in selectors(given).items()},
    )
    return WatchedCluster(plain, notice=notice) if notice else plain


def selectors(given: ClusterConfig) -> Mapping[Kind, str]:
    """The label selectors of a cluster as the API takes them."""
    told = given.selectors.items()
    return {SYSTEMS[one].kind: ",".join(f"{name}={value}" for name, value in labels.items()) for one, labels in told}


def consoles(clusters: Mapping[str, ClusterConfig], secret: Secret) -> Mapping[tuple[str, str], Console]:
    """The APIs beside each cluster, by cluster and controller."""
    given = {
        (name, controller): console
        for name, one in clusters.items()
        for controller, console in (("iter8", one.iter8), ("keel", one.keel))
        if console
    }
    return {place: _console(console, secret) for place, console in given.items()}


def _console(given: ConsoleConfig, secret: Secret) -> Console:
    from gitops_bot.adapters.console import HttpConsole  # noqa: PLC0415 - see above

    return HttpConsole(
        given.url,
        user=given.user or "",
        secret=secret(given.token_from) if given.token_from else None,
        ca_file=given.ca_file,
        timeout_s=given.timeout.total_seconds(),
    )
