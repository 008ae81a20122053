"""The metrics of meshes and ingresses that the bot can ask for by name: a table of facts, and PromQL from its rows.

Names, labels and matchers are those that Flagger v1.44 reads (pkg/metrics/observers), so that figures agree; counts are
taken by `increase()` over the interval, because rates lose the sample size.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from gitops_bot.policy import templates
from gitops_bot.policy.metrics import FLAVOURS, Builtin
from gitops_bot.policy.templates import TemplateProblem

Matchers = Mapping[str, str]
"""Label → what it must be, a template: `=~` before a regular expression, `!=` before what it must not be."""


@dataclass(frozen=True, slots=True)
class Source:
    """Where the requests of one version are counted."""

    requests: str
    """The counter of requests."""
    selector: Matchers
    """What tells the version on trial from others."""
    bad: tuple[str, str]
    """The label and the regular expression of a failed request."""
    buckets: str
    """The histogram of durations, with `_bucket`."""
    per_second: int = 1
    """Its units in a second."""
    mean: str = ""
    """The summary or histogram of durations whose `_sum` and `_count` give the mean, where one is offered."""
    counter_labels: Matchers = field(default_factory=dict)
    """More that the counter of requests needs, where it is a bucket of a histogram."""
    baseline: Matchers = field(default_factory=dict)
    """What is different in the selector for the baseline, beside the names."""


_ANY = "[0-9a-zA-Z-]+"
_POD = "=~{{ workload | regex }}-[0-9a-zA-Z]+(-[0-9a-zA-Z]+)"
_SERVER_ERROR = "5.*"


def _envoy(**selector: str) -> Source:
    return Source(
        "envoy_cluster_upstream_rq",
        selector,
        ("envoy_response_code", _SERVER_ERROR),
        "envoy_cluster_upstream_rq_time_bucket",
        1000,
    )


def _istio(reporter: str) -> Source:
    selector = {
        "reporter": reporter,
        "destination_workload_namespace": "{{ namespace }}",
        "destination_workload": "{{ workload }}",
    }
    bad = ("response_code", _SERVER_ERROR)
    return Source("istio_requests_total", selector, bad, "istio_request_duration_milliseconds_bucket", 1000)


def _app(namespace: str, pod: str) -> Source:
    selector = {namespace: "{{ namespace }}", pod: _POD}
    durations = "http_request_duration_seconds"
    return Source(f"{durations}_count", selector, ("status", _SERVER_ERROR), f"{durations}_bucket")


_APP = _app("kubernetes_namespace", "kubernetes_pod_name")
_POD_LABELS = _app("namespace", "pod")

SOURCES: Mapping[tuple[str, str], Source] = {
    ("istio", ""): _istio("{{ reporter }}"),
    ("linkerd", ""): Source(
        "response_total",
        {"namespace": "{{ namespace }}", "deployment": "{{ workload }}", "direction": "inbound"},
        ("classification", "failure"),
        "response_latency_ms_bucket",
        1000,
    ),
    ("nginx", ""): Source(
        "nginx_ingress_controller_requests",
        {"namespace": "{{ namespace }}", "ingress": "{{ ingress }}", "canary": "!="},
        ("status", _SERVER_ERROR),
        "nginx_ingress_controller_request_duration_seconds_bucket",
        mean="nginx_ingress_controller_response_duration_seconds",
        baseline={"canary": ""},
    ),
    ("traefik", ""): Source(
        "traefik_service_request_duration_seconds_bucket",
        {"service": f"=~{{{{ namespace }}}}-{{{{ service | regex }}}}-{_ANY}@kubernetescrd"},
        ("code", "5.."),
        "traefik_service_request_duration_seconds_bucket",
        counter_labels={"le": "+Inf"},
    ),
    ("contour", ""): _envoy(envoy_cluster_name=f"=~{{{{ namespace }}}}_{{{{ service | regex }}}}_{_ANY}"),
    ("gloo", ""): _envoy(envoy_cluster_name=f"=~{{{{ namespace }}}}-{{{{ service | regex }}}}upstream-{_ANY}_{_ANY}"),
    ("knative", "envoy"): _envoy(envoy_cluster_name="{{ namespace }}/{{ revision }}"),
    ("knative", "opencensus"): Source(
        "revision_app_request_latencies_count",
        {"namespace_name": "{{ namespace }}", "revision_name": "{{ revision }}"},
        ("response_code_class", _SERVER_ERROR),
        "revision_app_request_latencies_bucket",
        1000,
    ),
    # What http.server.request.duration and kn.revision.name of queue-proxy (since 1.19) are to Prometheus; without the
    # container, requests that went through the activator would count twice.
    ("knative", "opentelemetry"): Source(
        "http_server_request_duration_seconds_count",
        {
            "container_name": "queue-proxy",
            "k8s_namespace_name": "{{ namespace }}",
            "kn_revision_name": "{{ revision }}",
        },
        ("http_response_status_code", _SERVER_ERROR),
        "http_server_request_duration_seconds_bucket",
    ),
    ("gateway_api", "app"): _APP,
    ("gateway_api", "pod"): _POD_LABELS,
    ("gateway_api", "istio"): _istio("source"),
    ("kubernetes", "app"): _APP,
    ("kubernetes", "pod"): _POD_LABELS,
}
"""By provider and flavour."""


@dataclass(frozen=True, slots=True)
class Counts:
    """A ratio as PromQL: bad events and all events of the interval."""

    bad: str
    total: str
    absent_is_zero: bool = True
    """An empty `bad` beside a total means that nothing was bad."""


def expression(builtin: Builtin, values: Mapping[str, str], *, baseline: bool = False) -> Counts | str:
    """The PromQL of a built-in metric: two counts, or one that gives a number (latencies in seconds).

    `values` are the query's variables and the names by which the metrics know the version, of the baseline when
    `baseline`. Errors: TemplateProblem.
    """
    source = source_of(builtin)
    values = {**values, "reporter": builtin.reporter or "destination"}
    chosen = {**source.selector, **(source.baseline if baseline else {})}
    matchers = {label: _matcher(label, templates.render(text, values)) for label, text in chosen.items()}
    for label, text in builtin.labels.items():
        if label in (source.bad[0], "le", "__name__"):
            raise TemplateProblem(f"the label {label} is the bot's own in this query")
        matchers[label] = f'{label}="{_quoted(templates.render(text, values))}"'
    asked = _Asked(source, ",".join(matchers.values()), values["interval"])
    match builtin.measured:
        case "request-error-ratio":
            return asked.failed()
        case "slow-request-ratio":
            return asked.slow(builtin.slower_than.total_seconds() if builtin.slower_than else 0)
        case "latency-mean":
            return asked.mean()
    return asked.quantile(int(builtin.measured.removeprefix("latency-p")) / 100)


def source_of(builtin: Builtin) -> Source:
    """The row of a built-in metric."""
    default = next(iter(FLAVOURS.get(builtin.provider, ())), "")
    return SOURCES[builtin.provider, builtin.flavour or default]


@dataclass(frozen=True, slots=True)
class _Asked:
    source: Source
    selector: str
    window: str

    def failed(self) -> Counts:
        label, bad = self.source.bad
        requests, fixed = self.source.requests, [_matcher(*one) for one in self.source.counter_labels.items()]
        return Counts(
            self._increase(requests, *fixed, f'{label}=~"{bad}"'),
            self._increase(requests, *fixed),
        )

    def slow(self, seconds: float) -> Counts:
        """The boundary is matched however it is written (500, 500.0); a bound that is none measures nothing at all."""
        boundary = f"{seconds * self.source.per_second:.12g}"
        written = boundary.replace(".", "[.]") + ("" if "." in boundary else "([.]0)?")
        total = self._increase(self.source.buckets, 'le="+Inf"')
        fast = self._increase(self.source.buckets, f'le=~"{written}"')
        return Counts(f"{total} - {fast}", total, absent_is_zero=False)

    def mean(self) -> str:
        time, count = (self._increase(f"{self.source.mean}_{part}") for part in ("sum", "count"))
        return self._in_seconds(f"{time} / {count}")

    def quantile(self, share: float) -> str:
        buckets = f"sum by (le) (rate({self.source.buckets}{{{self.selector}}}[{self.window}]))"
        return self._in_seconds(f"histogram_quantile({share:g}, {buckets})")

    def _increase(self, name: str, *matchers: str) -> str:
        return f"sum(increase({name}{{{','.join([self.selector, *matchers])}}}[{self.window}]))"

    def _in_seconds(self, text: str) -> str:
        return text if self.source.per_second == 1 else f"{text} / {self.source.per_second}"


def _matcher(label: str, text: str) -> str:
    operator = next((one for one in ("=~", "!=") if text.startswith(one)), "")
    return f'{label}{operator or "="}"{_quoted(text.removeprefix(operator))}"'


def _quoted(value: str) -> str:
    return value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
