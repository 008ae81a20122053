"""Objects in a cluster that a policy names: the experiment, the workloads, the route."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from gitops_bot.model import ObjectRef
from gitops_bot.policy.base import Name, Spec, Text

LOAD_TESTS = ("HttpDashboard", "GrpcDashboard")
"""Load tests of Iter8 1.x, which gives their numbers and no verdict."""

REWARDED = "AbnDashboard"
"""An A/B test of Iter8 1.x, which names no winner."""

DASHBOARDS = frozenset({*LOAD_TESTS, REWARDED})
"""Answers of Iter8's own API: no objects of the cluster's."""

RUNS = frozenset(
    {"AnalysisRun", "ArgoExperiment", "Experiment", "Secret", "PipelineRun", "TaskRun", "Analysis", *LOAD_TESTS}
)
"""One object is one run, and its verdict counts once: for the commit that came before the run began."""

SELECTABLE = RUNS - {"Secret", "PipelineRun", "TaskRun", *LOAD_TESTS}
"""Whose objects may be found by labels, because each run has a name of its own."""

BY_PIPELINE = ("PipelineRun", "TaskRun")
"""Whose `name` is that of the pipeline or task: runs have generated names."""

STATES = frozenset(
    {
        "KnativeService",
        "Deployment",
        "KeelDeployment",
        "Application",
        "Kustomization",
        "HelmRelease",
        "Subscription",
        REWARDED,
    }
)
"""Health is a state, not a run that ends: it must have lasted `bake` to be good news. So must numbers that go on."""

WRITTEN_BACK = "KeelDeployment"
"""What Keel updated in the cluster, and git is to follow: it speaks of what came after git's own last word."""

DEPLOYERS = frozenset({"Application", "Kustomization", "Subscription"})
"""What deploys from git and says which commit is live."""

RENDERERS = frozenset({"Application", "Kustomization", "HelmRelease"})
"""What cannot render git deploys nothing, and so says nothing of a version: it could be their machinery, or a commit on
top of ours."""

WORDLESS = frozenset({"Analysis", "Kustomization", "Subscription", *DASHBOARDS})
"""What gives a verdict and does not say on which version."""

WEIGHERS = {"Rollout": "Argo Rollouts", "Canary": "Flagger", "Experiment": "Iter8"}
"""Who owns the weight while such an experiment runs."""

WITH_PODS = frozenset(
    {"Rollout", "Canary", "AnalysisRun", "ArgoExperiment", "KnativeService", "Deployment", "KeelDeployment"}
)
"""Where a container says which image is the version."""

LabelName = Annotated[
    str, StringConstraints(pattern=r"^([a-z0-9.-]{1,253}/)?[A-Za-z0-9]([A-Za-z0-9._-]{0,61}[A-Za-z0-9])?$")
]
LabelValue = Annotated[str, StringConstraints(pattern=r"^([A-Za-z0-9]([A-Za-z0-9._-]{0,61}[A-Za-z0-9])?)?$")]


Narrowed = Literal[
    "Rollout",
    "AnalysisRun",
    "ArgoExperiment",
    "Canary",
    "Experiment",
    "Deployment",
    "KnativeService",
    "Application",
    "Kustomization",
    "HelmRelease",
    "PipelineRun",
    "TaskRun",
    "Subscription",
    "Analysis",
    "VirtualService",
    "DestinationRule",
    "HTTPRoute",
    "GRPCRoute",
    "Ingress",
]
"""Kinds of which a cluster may be asked for some objects only, by labels."""


class Watched(Spec):
    """An object in the cluster that runs a version."""

    kind: str
    namespace: Name
    name: Name
    container: Name | None = None
    """Which container's image is the version, when there are several."""

    @property
    def ref(self) -> ObjectRef:
        """The object."""
        return ObjectRef(self.kind, self.namespace, self.name)


class Workload(Watched):
    """The workload that runs a version: asked whether it is live and healthy."""

    kind: Literal["Deployment", "Rollout", "KnativeService"] = "Deployment"


Measured = Literal["request-count", "error-count", "error-rate", "latency-mean"]
"""What a load test of Iter8 1.x measures, over all its endpoints."""


class Objective(Spec):
    """What a number of a load test may be."""

    max: Annotated[float, Field(ge=0, le=1e12)] | None = None
    min: Annotated[float, Field(ge=0, le=1e12)] | None = None


class Reward(Spec):
    """Which number of an A/B test decides. Read as a sequential test: at any time, as often as one likes."""

    metric: Text
    """As the application reports it to Iter8."""
    better: Literal["higher", "lower"] = "higher"
    alpha: Annotated[float, Field(gt=0, lt=0.5)] = 0.05
    """A difference that is none counts as one with at most this probability, over the whole test."""


class Experiment(Spec):
    """The object whose controller says how the candidate did."""

    kind: Literal[
        "Rollout",
        "AnalysisRun",
        "ArgoExperiment",
        "Canary",
        "Experiment",
        "Secret",
        "KnativeService",
        "Deployment",
        "KeelDeployment",
        "Application",
        "Kustomization",
        "HelmRelease",
        "PipelineRun",
        "TaskRun",
        "Analysis",
        "Subscription",
        "HttpDashboard",
        "GrpcDashboard",
        "AbnDashboard",
    ]
    """Rollout, AnalysisRun, ArgoExperiment (Argo Rollouts), Canary (Flagger), Experiment (Iter8 v2alpha2), Secret
    (Iter8 0.8 to 0.13, read by name where the bot is granted it), KnativeService, Deployment,
    KeelDeployment (a Deployment that Keel updates), Application (Argo CD),
    Kustomization, HelmRelease (Flux), PipelineRun, TaskRun (Tekton), Analysis (Keptn), Subscription (Open Cluster
    Management), HttpDashboard, GrpcDashboard, AbnDashboard (Iter8 1.x, by the address at spec.clusters.NAME.iter8 of
    the bot configuration)."""
    namespace: Name
    name: Name | None = None
    """The object's; of a PipelineRun or TaskRun that of its Pipeline or Task, of which the newest run about the
    candidate counts; of a dashboard that of the test, or of the application."""
    selector: dict[LabelName, LabelValue] = {}
    """Instead of a name, where every run has its own: the newest object that has all of these labels."""
    container: Name | None = None
    """Which container's image is the version, when there are several."""
    results: dict[Name, Text] = {}
    """Of a PipelineRun or TaskRun: what these results must be. Any other value fails the candidate, none leaves it
    open. Default: results that are called verdict, outcome, passed and the like are understood."""

    objectives: dict[Measured, Objective] = {}
    """Of an HttpDashboard or GrpcDashboard, which must meet all of them; the error rate between 0 and 1, the latency in
    milliseconds."""
    reward: Reward | None = None
    """Of an AbnDashboard."""

    @property
    def ref(self) -> ObjectRef:
        """The object, by its labels where it has no name of its own."""
        labels = ",".join(f"{name}={value}" for name, value in self.selector.items())
        return ObjectRef(self.kind, self.namespace, self.name or labels)


class Registry(Spec):
    """Images of a container registry: the highest version of a range, or what a tag stands for."""

    image: Annotated[
        str,
        StringConstraints(
            pattern=r"^[a-z0-9][a-z0-9.-]*(:[0-9]{1,5})?(/[a-z0-9]+([._-]+[a-z0-9]+)*)*$", max_length=255
        ),
    ]
    """Without tag, like ghcr.io/acme/checkout; its host must be one of the bot configuration's registries."""
    semver: Text | None = None
    """A range like `>=1.4 <2`, `^1.4`, `1.4.x`; `*` is any. Only tags that spell a whole version count."""
    suffix: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_.-]+$", max_length=64)] = ""
    """Only tags that end in it count, like -alpine; it is no part of the version."""
    tag: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}$")] | None = None
    """Instead of a range: this tag, which moves, pinned to the digest that it stands for."""
    digest: bool = False
    """Pin the tag that a range gives to its digest."""

    @property
    def host(self) -> str:
        """The registry's, docker.io where the image names none."""
        first, slash, _ = self.image.partition("/")
        return first if slash and ("." in first or ":" in first or first == "localhost") else "docker.io"

    @property
    def repository(self) -> str:
        """The image's name in its registry; Docker Hub keeps its own images in `library`."""
        name = self.image.removeprefix(f"{self.host}/")
        return f"library/{name}" if self.host == "docker.io" and "/" not in name else name


class Traffic(Spec):
    """Where the live traffic is split: its weight must be the one in git before anything is judged."""

    kind: Literal["VirtualService", "HTTPRoute", "GRPCRoute", "Ingress", "KnativeService", "DeploymentPair"]
    """DeploymentPair: the pods of spec.candidate.workload and spec.baseline.workload behind one Service."""
    namespace: Name
    name: Name
    """Of a DeploymentPair that of the candidate's Deployment."""
    stable: Name | None = None
    """The stable version's target as the route calls it: subset, host or backend. Default: told by its name."""
    canary: Name | None = None
    """The candidate's target as the route calls it."""

    @property
    def ref(self) -> ObjectRef:
        """The object."""
        return ObjectRef(self.kind, self.namespace, self.name)
