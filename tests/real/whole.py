"""The world of the whole-job tests: objects in the API server, samples for Prometheus, a repository behind HTTP."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from gitops_bot import tick
from gitops_bot.policy.loading import Source, load_config
from gitops_bot.wiring import Options, opened
from tests.support.environment import Environment, config
from tests.support.servers.git_http import GitHttp
from tests.support.servers.kubernetes import ApiError, ApiServer

GIT_TOKEN = "the-token-for-git"
TOKEN_ENV = "GIT_TOKEN_OF_THE_WHOLE_JOB"
SCRAPE_S = 15
MERGE_PATCH = "application/merge-patch+json"


@dataclass
class Clock:
    """Stands until it is moved: so many minutes after `origin`."""

    origin: datetime
    minutes: float = 0

    def now(self) -> datetime:
        """Where it stands."""
        return self.origin + timedelta(minutes=self.minutes)


@dataclass
class Site:
    """A namespace of the cluster, a repository behind a server that wants a token, and the bot's configuration."""

    folder: Path
    api: ApiServer
    git: GitHttp
    namespace: str
    metrics_url: str = "http://127.0.0.1:1"
    environment: Environment = field(init=False)

    def __post_init__(self) -> None:
        self.git.token = GIT_TOKEN
        self.environment = Environment(self.git.create("environments"))
        _ensure_namespace(self.api, self.namespace)

    def config(self, *, token: str | None = None, **repository: Any) -> Path:
        """The bot's configuration: everything real but the forge."""
        kubeconfig = self.api.write_kubeconfig(self.folder / "kubeconfig", token=token)
        where = {
            "url": self.git.url_of("environments"),
            "localPath": str(self.environment.path),
            "tokenFrom": {"env": TOKEN_ENV},
            **repository,
        }
        cluster = {
            "kubeconfig": str(kubeconfig),
            "context": "test",
            "namespaces": [self.namespace],
            "metrics": "prom",
        }
        return config(self.folder, repository=where, cluster=cluster, metrics={"prometheus": {"url": self.metrics_url}})

    @contextmanager
    def job(self, clock: Clock) -> Iterator[tick.Job]:
        """The job as production wires it; the clock alone is given."""
        file = self.config()
        with opened(load_config(Source(str(file), file.read_bytes())), Options(clock)) as jobs:
            yield jobs["environments"]

    # ------------------------------------------------------------ the cluster

    def _path(self, kind: str, name: str = "") -> str:
        group = {"rollouts": "argoproj.io/v1alpha1", "deployments": "apps/v1"}[kind]
        return f"/apis/{group}/namespaces/{self.namespace}/{kind}{f'/{name}' if name else ''}"

    def create(self, kind: str, name: str, tag: str, **spec: Any) -> None:
        """A workload of one container."""
        labels = {"app": name}
        pod = {"metadata": {"labels": labels}, "spec": {"containers": [{"name": "app", "image": image(tag)}]}}
        body = {
            "apiVersion": {"rollouts": "argoproj.io/v1alpha1", "deployments": "apps/v1"}[kind],
            "kind": {"rollouts": "Rollout", "deployments": "Deployment"}[kind],
            "metadata": {"name": name},
            "spec": {"replicas": 3, "selector": {"matchLabels": labels}, "template": pod, **spec},
        }
        self.api.request("POST", self._path(kind), body)

    def release(self, kind: str, name: str, tag: str) -> datetime:
        """Another image; when the API server says that it was written."""
        template = {"spec": {"containers": [{"name": "app", "image": image(tag)}]}}
        body = {"spec": {"template": template}}
        changed = self.api.request("PATCH", self._path(kind, name), body, content_type=MERGE_PATCH)
        entries = changed["metadata"]["managedFields"]
        written = [one["time"] for one in entries if one["fieldsV1"].get("f:spec", {}).get("f:template")]
        return max(datetime.fromisoformat(one).astimezone(UTC) for one in written)

    def status(self, kind: str, name: str, **status: Any) -> None:
        """What the controller says, by the status subresource."""
        path = f"{self._path(kind, name)}/status"
        self.api.request("PATCH", path, {"status": status}, content_type=MERGE_PATCH)


def image(tag: str) -> str:
    """The image of a tag."""
    return f"ghcr.io/acme/shop:{tag}"


def counters(
    name: str, labels: str, code: str, begins: datetime, rates: list[tuple[float, float]], *, minutes: int
) -> list[str]:
    """Good and bad requests as two counters; rates are (from minute, share of bad requests), 10 requests a second."""
    good = bad = 0.0
    lines: dict[str, list[str]] = {"200": [], "503": []}
    for second in range(0, minutes * 60 + 1, SCRAPE_S):
        share = next(share for start, share in reversed(rates) if second / 60 >= start)
        good, bad = good + SCRAPE_S * 10 * (1 - share), bad + SCRAPE_S * 10 * share
        at = int(begins.timestamp()) + second
        lines["200"].append(f'{name}_total{{{labels},{code}="200"}} {good:.0f} {at}')
        lines["503"].append(f'{name}_total{{{labels},{code}="503"}} {bad:.0f} {at}')
    return lines["200"] + lines["503"]


def openmetrics(name: str, *series: list[str]) -> str:
    """OpenMetrics text of one counter family."""
    return "\n".join([f"# TYPE {name} counter", *(line for one in series for line in one), "# EOF", ""])


def _ensure_namespace(api: ApiServer, name: str) -> None:
    try:
        api.request("POST", "/api/v1/namespaces", {"metadata": {"name": name}})
    except ApiError as error:
        if error.status != 409:  # it is there already
            raise
