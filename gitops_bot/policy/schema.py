"""The policy language: what users may write, as pydantic models. `apiVersion: gitops-bot.dev/v1alpha1`.

Unknown keys are errors. Names that the language has but this version does not serve are refused, never ignored. Rules
that span several fields are in `rules.py`; reading files is in `loading.py`.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, StringConstraints, WithJsonSchema

from gitops_bot.model import MergeMode, SlotName
from gitops_bot.policy.base import (
    BranchName,
    GivenVersion,
    Label,
    Later,
    Metadata,
    Name,
    Percent,
    RepoPath,
    Spec,
    Text,
    served,
)
from gitops_bot.policy.gating import Gates
from gitops_bot.policy.judges.flagger import ThresholdRange
from gitops_bot.policy.judging import Compare, Judging
from gitops_bot.policy.places import Target
from gitops_bot.policy.quantities import BoundedLimit, Duration
from gitops_bot.policy.watched import WITH_PODS, Experiment, Registry, Traffic, TriedWorkload, Watched, Workload

# ---------------------------------------------------------------- candidate and baseline


class Candidate(Spec):
    """Where the version on trial comes from: exactly one of slot, version, registry, or an experiment alone.

    Beside one of the others an experiment only gives its verdict on that version, and must be about it.
    """

    slot: Literal["candidateVersion"] | None = None
    """From git: what it says the canary workload runs."""
    experiment: Experiment | None = None
    """The object in the cluster whose controller says how the candidate did."""
    version: GivenVersion | None = None
    """Given by hand: `tag`, `tag@sha256:…` or `sha256:…`."""
    workload: TriedWorkload | None = None
    """What runs the candidate: its image must be the one in git before anything is judged."""
    traffic: Traffic | None = None
    """What splits the live traffic: its weight must be the one in git before anything is judged."""
    registry: Registry | None = None
    """From a container registry."""
    environments: Later = None

    @property
    def subject(self) -> Watched | None:
        """What metrics and templates take their names from: the workload, else an experiment that runs pods."""
        given = self.experiment
        if self.workload or given is None or given.name is None or given.kind not in WITH_PODS:
            return self.workload
        return Watched(kind=given.kind, namespace=given.namespace, name=given.name, container=given.container)

    @property
    def told_by_experiment(self) -> bool:
        """The experiment itself says which version is on trial."""
        return self.experiment is not None and not (self.slot or self.version or self.registry)


class Baseline(Spec):
    """What the candidate is compared with."""

    slot: Literal["stableVersion"] = "stableVersion"
    workload: Workload | None = None
    """What runs the stable version: it must be healthy before traffic returns to it."""


# ---------------------------------------------------------------- analysis


Measured = Literal[
    "request-error-ratio", "slow-request-ratio", "latency-p50", "latency-p90", "latency-p95", "latency-p99"
]
"""What the bot can ask of every mesh and ingress whose metrics it knows."""

Flavour = Literal["envoy", "opencensus", "opentelemetry", "app", "pod", "istio"]
"""Which generation or labelling of a provider's metrics is meant, where it has several."""

PROVIDERS = ("istio", "linkerd", "nginx", "traefik", "contour", "gloo", "knative", "gateway_api", "kubernetes")
"""The fields of `Builtin` of which exactly one is given."""

FLAVOURS: dict[str, tuple[str, ...]] = {
    "knative": ("envoy", "opencensus", "opentelemetry"),
    "gateway_api": ("app", "pod", "istio"),
    "kubernetes": ("app", "pod"),
}
"""The flavours of each provider that has several, the default first."""

NEEDED: dict[str, tuple[str, ...]] = {
    "nginx": ("namespace", "ingress"),
    "traefik": ("namespace", "service"),
    "contour": ("namespace", "service"),
    "gloo": ("namespace", "service"),
    "knative": ("namespace", "revision"),
    **dict.fromkeys(("istio", "linkerd", "gateway_api", "kubernetes"), ("namespace", "workload")),
}
"""The names by which each provider's metrics tell one version from the other."""


class BuiltinNames(Spec):
    """By which names the metrics know a version."""

    namespace: Name | None = None
    """The workload's namespace; default: the experiment's or the workload's."""
    workload: Name | None = None
    """The workload's name; default: the experiment's or the workload's."""
    service: Name | None = None
    """Its Kubernetes Service, for contour, gloo and traefik; default: the workload's name, with Flagger's suffix
    (`-canary`, `-primary`) where a Canary is watched."""
    ingress: Name | None = None
    """The main Ingress, for nginx; default: the experiment's name."""
    revision: Text | None = None
    """The Revision, for knative; may be a template, like `cart-{{ version }}`."""


class Builtin(BuiltinNames):
    """A metric whose query the bot knows, for exactly one mesh or ingress. Ratios are counts over the interval."""

    istio: Measured | None = None
    """From Istio's standard metrics."""
    linkerd: Measured | None = None
    """From Linkerd's proxies, inbound."""
    nginx: Measured | Literal["latency-mean"] | None = None
    """From ingress-nginx; `latency-mean` is what Flagger calls request-duration there: a mean, no quantile."""
    traefik: Measured | None = None
    """From Traefik's services of the Kubernetes CRD provider; for another provider give `labels: {service: …}`."""
    contour: Measured | None = None
    """From Contour's Envoy clusters."""
    gloo: Measured | None = None
    """From Gloo's Envoy clusters, with Flagger's upstream names."""
    knative: Measured | None = None
    """From the Envoy of its ingress (flavour envoy), or from queue-proxy: flavour opencensus to 1.18, since then
    opentelemetry."""
    gateway_api: Annotated[Measured | None, Field(alias="gateway-api")] = None
    """From the application's own `http_request_duration_seconds` (flavours app, pod), or Istio's (flavour istio)."""
    kubernetes: Measured | None = None
    """From the application's own `http_request_duration_seconds`."""
    flavour: Flavour | None = None
    """For knative: envoy (default), opencensus or opentelemetry. For kubernetes and gateway-api: app (default; labels
    `kubernetes_namespace`, `kubernetes_pod_name`) or pod (labels `namespace`, `pod`, as in kube-prometheus-stack); for
    gateway-api also istio."""
    reporter: Literal["destination", "source"] | None = None
    """For istio; default: destination, which misses requests that never reached a sidecar."""
    slower_than: Duration | None = None
    """For slow-request-ratio; must be a boundary of the histogram's buckets, else nothing is measured."""
    labels: dict[Annotated[str, StringConstraints(pattern=r"^[a-zA-Z_][a-zA-Z0-9_]*$")], Text] = {}
    """More label matchers (equality), each in the place of the bot's own of that name; values may be templates."""
    baseline: BuiltinNames = BuiltinNames()
    """The stable version's names where metrics are compared; default: of spec.baseline.workload, or with Flagger's
    suffix."""

    @property
    def provider(self) -> str:
        """The field that is given."""
        return next(name for name in PROVIDERS if getattr(self, name) is not None)

    @property
    def measured(self) -> str:
        """What is asked of it."""
        return str(getattr(self, self.provider))


class Ratio(Spec):
    """Bad events over all events, each a count over the interval."""

    bad: Text
    """PromQL; an empty answer counts as zero."""
    total: Text
    """PromQL; an empty answer or zero is no traffic, which is no evidence."""


class Metric(Spec):
    """One check on one metric: exactly one of builtin, query, ratio; and how it is judged.

    With min or max, every measurement is held against them. With `compare` or `judge`, it is what they say. Without
    any, a builtin or a ratio is compared with the stable version by the sequential judge.
    """

    name: Annotated[str, StringConstraints(min_length=1, max_length=63, pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$")]
    builtin: Builtin | None = None
    query: Text | None = None
    """PromQL that gives one number."""
    ratio: Ratio | None = None
    min: BoundedLimit | None = None
    """The value must not be below (inclusive bound)."""
    max: BoundedLimit | None = None
    """The value must not be above (inclusive bound)."""
    failure_limit: Annotated[int, Field(ge=0)] = 0
    """More failed measurements than this in one run fail it."""
    inconclusive_limit: Annotated[int, Field(ge=0)] = 0
    """More measurements without a number than this in one run leave it undecided."""
    consecutive_error_limit: Annotated[int, Field(ge=0)] | None = None
    """More measurements in a row than this that could not be taken leave the run undecided; default: they count as
    measurements without a number."""
    consecutive_success_limit: Annotated[int, Field(ge=0)] = 0
    """A run passes only if it ends with so many good measurements in a row; 0: any order will do."""
    compare: Compare | None = None
    judge: Judging | None = None
    min_samples: Annotated[int, Field(ge=0)] = 0
    """A run decides only with at least this many observations: requests for builtin ratios and `ratio`, measured values
    for the others."""
    critical: bool = True
    """False: reported, does not decide."""


class Borrowed(Spec):
    """A metric template of Argo Rollouts or Flagger, measured and judged here: exactly one of the three names."""

    analysis_template: Name | None = None
    """An AnalysisTemplate of Argo Rollouts; its metrics are judged as there."""
    cluster_analysis_template: Name | None = None
    metric_template: Name | None = None
    """A MetricTemplate of Flagger, with `thresholdRange`."""
    namespace: Name | None = None
    """Default: the namespace of the experiment or workload."""
    file: RepoPath | None = None
    """The manifest in the repository; default: it is read from the first cluster."""
    args: dict[Name, Text] = {}
    """The template's arguments; for an AnalysisTemplate they may use the variables of queries, like `{{ version }}`.
    For a MetricTemplate they are its `variables`, and what Flagger takes from the Canary: target, service, ingress …"""
    threshold_range: ThresholdRange | None = None
    threshold: Annotated[int, Field(ge=0)] = 1
    """So many failed checks in all fail a run, for a MetricTemplate."""

    @property
    def kind(self) -> str:
        """What it is the name of."""
        if self.metric_template:
            return "MetricTemplate"
        return "AnalysisTemplate" if self.analysis_template else "ClusterAnalysisTemplate"

    @property
    def name(self) -> str:
        """The object's name."""
        return self.analysis_template or self.cluster_analysis_template or self.metric_template or ""


class Analysis(Spec):
    """On what evidence."""

    source: Literal["experiment", "metrics", "both"] | None = None
    """experiment (trust the controller's verdict), metrics (measure here) or both; default: what is given."""
    interval: Duration = timedelta(minutes=1)
    """Between two measurements, and the window of each."""
    warmup: Duration = timedelta(0)
    """Ignored at the start of each step."""
    bake: Duration = timedelta(minutes=10)
    """A step is observed at least this long; one run of analysis lasts so long, and at least three intervals. A run of
    the sequential judge that has not decided by then goes on, six times as long at most."""
    deadline: Duration | None = None
    """Still undecided after this: `onDeadline`."""
    on_deadline: Literal["hold", "rollback"] = "hold"
    post_analysis: Duration | None = None
    """Watched after the promotion; default: bake."""
    metrics: tuple[Metric, ...] = ()
    metrics_server: Name | None = None
    """A metrics server of the bot configuration, instead of the cluster's own."""
    templates: tuple[Borrowed, ...] = ()
    """Metrics of Argo Rollouts' and Flagger's own templates, besides `metrics`."""

    @property
    def measures(self) -> bool:
        """There is something to measure here."""
        return bool(self.metrics or self.templates)


# ---------------------------------------------------------------- strategy


class Canary(Spec):
    """A ladder of weights in git: `weights`, or `step` and `max`; the promotion follows the last rung."""

    weights: tuple[Percent, ...] = ()
    step: Percent | None = None
    max: Percent | None = None

    @property
    def ladder(self) -> tuple[int, ...]:
        """The rungs, rising."""
        if self.weights or self.step is None:
            return self.weights
        top = self.max or 100
        return (*range(self.step, top, self.step), top)


class Promote(Spec):
    """One step: write the candidate where the stable version stands."""


class Strategy(Spec):
    """Exactly one of canary, promote."""

    canary: Canary | None = None
    promote: Promote | None = None
    blue_green: Later = None
    ab_test: Later = None
    mirror: Later = None


# ---------------------------------------------------------------- edits


def _slot_name(value: Any) -> Any:
    """`version` is what `promote` calls the stable version."""
    return SlotName.STABLE if value == "version" else value


Slot = Annotated[
    SlotName,
    BeforeValidator(_slot_name),
    served("activeColor"),
    WithJsonSchema({"enum": ["stableVersion", "candidateVersion", "weight", "version"]}),
]


class HandEdit(Target):
    """One place, as it is given by hand: without a slot the value itself is meant."""

    set: Slot | None = None
    value: Text | None = None
    """How the slot is spelled there, like `v{{ version }}`; one of version, tag, digest, chart, weight. Default: as it
    is."""


class Edit(HandEdit):
    """One place and the slot that lives there."""

    set: Slot
    """stableVersion (or version), candidateVersion, weight."""


# ---------------------------------------------------------------- delivery

Merge = Annotated[MergeMode, served("queue"), WithJsonSchema({"enum": ["never", "auto"]})]


class PullRequestSpec(Spec):
    """How a promotion is delivered."""

    merge: Merge = MergeMode.NEVER
    """never (humans) or auto (the bot, pinned to the evaluated commit)."""
    labels: tuple[Label, ...] = ()
    reviewers: tuple[Name, ...] = ()
    draft: bool = False
    title: Annotated[str, StringConstraints(min_length=1, max_length=500)] | None = None
    """A template over policy, step, weight, from.version and to.version."""


class Rollback(Spec):
    """How a rollback is delivered."""

    merge: Merge = MergeMode.NEVER
    approvals: Later = None


class PolicySpec(Spec):
    """What to promote, on what evidence, where to write it, how to deliver it."""

    suspend: bool = False
    """Nothing is opened, changed, merged or closed."""
    repository: Name
    """A repository of the bot configuration."""
    base: BranchName | None = None
    """Default: the repository's."""
    clusters: tuple[Name, ...] = ("default",)
    """Clusters of the bot configuration; every one must agree."""
    candidate: Candidate
    baseline: Baseline = Baseline()
    analysis: Analysis = Analysis()
    strategy: Strategy
    edits: tuple[Edit, ...]
    """Where each slot lives; several edits may set one slot."""
    pull_request: PullRequestSpec = PullRequestSpec()
    rollback: Rollback = Rollback()
    gates: Gates = Gates()
    notify: Later = None

    @property
    def asks_experiment(self) -> bool:
        """The controller's own verdict is a check."""
        return self.candidate.experiment is not None and self.analysis.source != "metrics"

    @property
    def asks_metrics(self) -> bool:
        """The bot measures for itself."""
        return self.analysis.measures and self.analysis.source != "experiment"


class PromotionPolicy(Spec):
    """One promotion."""

    api_version: Literal["gitops-bot.dev/v1alpha1"]
    kind: Literal["PromotionPolicy"]
    metadata: Metadata
    spec: PolicySpec

    @property
    def name(self) -> str:
        """The identity."""
        return self.metadata.name
