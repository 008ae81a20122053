"""The versions that a kind may be served in besides the one that is asked for, newest first.

Only versions whose fields are the same as far as the readers look: an older cluster, or a recording of one, is read and
not guessed at.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from gitops_bot.model import Kind

OTHERS: Mapping[tuple[str, str], tuple[str, ...]] = {
    ("helm.toolkit.fluxcd.io", "helmreleases"): ("v2beta2", "v2beta1"),
    ("kustomize.toolkit.fluxcd.io", "kustomizations"): ("v1beta2",),
    ("tekton.dev", "pipelineruns"): ("v1beta1",),
    ("tekton.dev", "taskruns"): ("v1beta1",),
    ("networking.istio.io", "virtualservices"): ("v1", "v1alpha3"),
    ("networking.istio.io", "destinationrules"): ("v1", "v1alpha3"),
    ("gateway.networking.k8s.io", "httproutes"): ("v1beta1",),
    ("gateway.networking.k8s.io", "grpcroutes"): ("v1alpha2",),
    ("cluster.open-cluster-management.io", "placementdecisions"): ("v1alpha1",),
    ("cluster.open-cluster-management.io", "placements"): ("v1alpha1",),
    ("autoscaling", "horizontalpodautoscalers"): ("v2beta2", "v1"),
}
"""By group and plural."""


def others(kind: Kind) -> Iterator[Kind]:
    """The same kind in its other versions."""
    for version in OTHERS.get((kind.group, kind.plural), ()):
        yield replace(kind, version=version)
