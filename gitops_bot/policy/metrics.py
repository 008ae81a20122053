"""The policy language: what is measured, how it is asked, and how a run of analysis goes."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from gitops_bot.policy.base import Name, RepoPath, Spec, Text
from gitops_bot.policy.judges.flagger import ThresholdRange
from gitops_bot.policy.judging import Compare, Judging
from gitops_bot.policy.quantities import BoundedLimit, Duration

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
    traffic: Literal["live", "synthetic"] | None = None
    """Whether users or load tests make the traffic that is measured: people are told beside the figures."""
    metrics: tuple[Metric, ...] = ()
    metrics_server: Name | None = None
    """A metrics server of the bot configuration, instead of the cluster's own."""
    templates: tuple[Borrowed, ...] = ()
    """Metrics of Argo Rollouts' and Flagger's own templates, besides `metrics`."""

    @property
    def measures(self) -> bool:
        """There is something to measure here."""
        return bool(self.metrics or self.templates)

    @property
    def unread(self) -> str:
        """Why some of its templates are not measured; empty where they all are."""
        return "its templates were not read" if self.templates else ""


class AnalysisRead(Analysis):
    """The same once its templates were read: those that could not be are left."""

    trouble: str = ""
    """Why they could not."""

    @property
    def unread(self) -> str:
        """Why some of its templates are not measured; empty where they all are."""
        return self.trouble if self.templates else ""
