"""What each system says of a release: a resource as read → ExperimentStatus. Pure; garbage is UNKNOWN, no error."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from gitops_bot.experiments import (
    analysis_run,
    argo_cd,
    argo_experiment,
    canary,
    deployment,
    deployment_pair,
    flux,
    gateway_api,
    ingress_nginx,
    istio,
    iter8_dashboards,
    iter8_experiment,
    iter8_secret,
    iter8_weights,
    jenkins_x,
    keel,
    keptn,
    knative,
    ocm,
    rollout,
    settings,
    tekton,
)
from gitops_bot.experiments.fields import Lookup, Objects, Resource
from gitops_bot.model import ExperimentStatus, Kind

Reader = Callable[[Resource, Lookup, str | None], ExperimentStatus]
"""(the object, the rest of its cluster, the container whose image is the version) → what it says."""


@dataclass(frozen=True, slots=True)
class System:
    """A kind that carries a release."""

    kind: Kind
    """Its place in the API; the group tells kinds of one name apart, the version is the one that is asked for."""
    read: Reader
    companions: tuple[str, ...] = ()
    """Other kinds that its reader looks up, by their names in SYSTEMS."""
    opt_in: bool = False
    """Not in the bot's ordinary Role: whoever wants it read grants it by name."""


def _knative(plural: str, name: str) -> Kind:
    return Kind("serving.knative.dev", "v1", plural, name)


def _istio(plural: str, name: str) -> Kind:
    return Kind("networking.istio.io", "v1beta1", plural, name)


def _gateway(plural: str, name: str) -> Kind:
    return Kind("gateway.networking.k8s.io", "v1", plural, name)


def _ocm(group: str, version: str, plural: str, name: str) -> Kind:
    return Kind(f"{group}.open-cluster-management.io", version, plural, name)


_KUSTOMIZATION = Kind("kustomize.toolkit.fluxcd.io", "v1", "kustomizations", "Kustomization")

_DEPLOYMENT = Kind("apps", "v1", "deployments", "Deployment")
_ROLLOUTS = ("argoproj.io", "v1alpha1")
_ITER8 = ("iter8.tools", "v2alpha2")
_AROUND_CANARIES = ("Deployment", "Event", "VirtualService", "HTTPRoute", "Ingress")

SYSTEMS: dict[str, System] = {
    "Rollout": System(
        Kind(*_ROLLOUTS, "rollouts", "Rollout"), rollout.read, ("Deployment", "AnalysisRun", "ArgoExperiment")
    ),
    "AnalysisRun": System(
        Kind(*_ROLLOUTS, "analysisruns", "AnalysisRun"), analysis_run.read, ("Rollout", "Deployment")
    ),
    "ArgoExperiment": System(
        Kind(*_ROLLOUTS, "experiments", "Experiment"), argo_experiment.read, ("Rollout", "AnalysisRun")
    ),
    "AnalysisTemplate": System(Kind(*_ROLLOUTS, "analysistemplates", "AnalysisTemplate"), settings.read, opt_in=True),
    "Canary": System(Kind("flagger.app", "v1beta1", "canaries", "Canary"), canary.read, _AROUND_CANARIES),
    "Experiment": System(Kind(*_ITER8, "experiments", "Experiment"), iter8_experiment.read),
    "Metric": System(Kind(*_ITER8, "metrics", "Metric"), settings.read, opt_in=True),
    "Secret": System(Kind("", "v1", "secrets", "Secret"), iter8_secret.read, opt_in=True),
    "ConfigMap": System(
        Kind("", "v1", "configmaps", "ConfigMap"), iter8_weights.config_map, ("ConfigMap", "Deployment"), opt_in=True
    ),
    "Event": System(Kind("", "v1", "events", "Event"), settings.read),
    "KeelDeployment": System(_DEPLOYMENT, keel.read_update),
    "Deployment": System(_DEPLOYMENT, deployment.read),
    "KnativeService": System(_knative("services", "Service"), knative.read, ("Revision",)),
    "Revision": System(_knative("revisions", "Revision"), knative.read_revision),
    "Application": System(Kind("argoproj.io", "v1alpha1", "applications", "Application"), argo_cd.read),
    "Kustomization": System(_KUSTOMIZATION, flux.read_kustomization),
    "HelmRelease": System(Kind("helm.toolkit.fluxcd.io", "v2", "helmreleases", "HelmRelease"), flux.read_helm_release),
    "PipelineRun": System(Kind("tekton.dev", "v1", "pipelineruns", "PipelineRun"), tekton.read_pipeline_run),
    "TaskRun": System(Kind("tekton.dev", "v1", "taskruns", "TaskRun"), tekton.read_task_run),
    "Subscription": System(_ocm("apps", "v1", "subscriptions", "Subscription"), ocm.read_subscription),
    "PlacementRule": System(_ocm("apps", "v1", "placementrules", "PlacementRule"), ocm.read_placement_rule),
    "Placement": System(
        _ocm("cluster", "v1beta1", "placements", "Placement"), ocm.read_placement, ("PlacementDecision",)
    ),
    "PlacementDecision": System(
        _ocm("cluster", "v1beta1", "placementdecisions", "PlacementDecision"),
        ocm.read_placement_decision,
        ("PlacementDecision",),
    ),
    "Analysis": System(Kind("metrics.keptn.sh", "v1", "analyses", "Analysis"), keptn.read),
    "VirtualService": System(_istio("virtualservices", "VirtualService"), istio.read_virtual_service),
    "DestinationRule": System(_istio("destinationrules", "DestinationRule"), istio.read_destination_rule),
    "HTTPRoute": System(_gateway("httproutes", "HTTPRoute"), gateway_api.read_http_route),
    "GRPCRoute": System(_gateway("grpcroutes", "GRPCRoute"), gateway_api.read_grpc_route),
    "Ingress": System(Kind("networking.k8s.io", "v1", "ingresses", "Ingress"), ingress_nginx.read, ("Ingress",)),
}
"""By the name that policies use: the kind's own, with the system's before it where two systems have one name."""

VIEWS: dict[str, Reader] = {
    "DeploymentPair": deployment_pair.read,
    "KeelSettings": keel.read_deployment,
}
"""Other readings of kinds that SYSTEMS has: what two objects say together (the reader is given either and looks the
other up), or what another controller's annotations say."""

DOCUMENTS: dict[str, Reader] = {
    "httpDashboard": iter8_dashboards.load_test,
    "grpcDashboard": iter8_dashboards.load_test,
    "abnDashboard": iter8_dashboards.rewards,
    "HelmValues": iter8_weights.chart,
    "approval": keel.read_approval,
    "Helmfile": jenkins_x.read_helmfile,
    "Promote": jenkins_x.read_promote,
}
"""What is no object of the Kubernetes API: answers of other APIs and files, by the name of what they are."""


def named(group: str, kind: str) -> str:
    """The name in SYSTEMS of a kind of the API, whatever its version; empty when no reader knows it."""
    return _NAMES.get((group, kind), "")


_NAMES = {(system.kind.group, system.kind.name): name for name, system in SYSTEMS.items()}

__all__ = ["DOCUMENTS", "SYSTEMS", "VIEWS", "Lookup", "Objects", "Reader", "Resource", "System", "named"]
