"""A Kubernetes cluster as `Cluster`: read anew with each list, or kept and watched."""

from gitops_bot.adapters.kubernetes.cluster import KubernetesCluster
from gitops_bot.adapters.kubernetes.watched import WatchedCluster

__all__ = ["KubernetesCluster", "WatchedCluster"]
