"""A Kubernetes cluster as `Cluster`."""

from gitops_bot.adapters.kubernetes.cluster import KubernetesCluster

__all__ = ["KubernetesCluster"]
