"""The bot's own configuration, `kind: BotConfig`: what is not the policy authors' to set. Secrets by reference only."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from gitops_bot.model import PREFIX
from gitops_bot.policy.base import BranchName, BranchPrefix, Later, Metadata, Name, RepoPath, Spec, Text
from gitops_bot.policy.defaults import Defaults, GivenDefaults
from gitops_bot.policy.quantities import Duration
from gitops_bot.policy.speaking import LinkName, LinkTemplate
from gitops_bot.policy.watched import LabelName, LabelValue, Narrowed

Url = Annotated[str, StringConstraints(min_length=1, max_length=2048, pattern=r"^[A-Za-z0-9/_.][^\s\x00-\x1f\x7f]*$")]
Path = Annotated[str, StringConstraints(min_length=1, max_length=4096)]


class SecretRef(Spec):
    """Where a secret is: an environment variable or a mounted file, never inline. Exactly one."""

    env: Annotated[str, StringConstraints(pattern=r"^[A-Za-z_][A-Za-z0-9_]*$")] | None = None
    file: Path | None = None


class GitHubApp(Spec):
    """A GitHub App as the bot's identity."""

    id: Annotated[str | int, Field(description="The App's client id or numeric id.")]
    installation_id: int | None = None
    """Looked up by the repository when absent."""
    private_key_from: SecretRef
    report: Literal["check", "status"] = "check"
    """How the word on a head is given: a check run (checks: write) or a commit status (commit statuses: write)."""


class Identity(Spec):
    """Who the bot's commits are by."""

    name: Text = "gitops-bot"
    email: Annotated[str, StringConstraints(pattern=r"^[^\s<>@]+@[^\s<>@]+$")] = "gitops-bot@users.noreply.github.com"


class GpgKey(Spec):
    """A key of a GnuPG folder."""

    home: Path
    """The folder, mounted; a key in it must have no passphrase."""
    key: Text
    """Fingerprint or address."""


class Signing(Spec):
    """What signs the commits that are pushed. Exactly one."""

    ssh_key: Path | None = None
    """A private key in a file, without a passphrase, that the bot alone may read."""
    gpg: GpgKey | None = None


class Repository(Spec):
    """An environment repository."""

    url: Url
    """https://…, ssh://…, or the path of a bare repository."""
    forge: Literal["github", "gitlab", "local"]
    local_path: Path | None = None
    """With `forge: local` and a remote url: the bare repository on this machine beside which pull requests are kept."""
    base: BranchName = "main"
    branch_prefix: BranchPrefix = PREFIX
    """The bot's branches are `<branchPrefix><policy>/promote` and `…/rollback`. When it changes, what is open below the
    old one is closed with the reason, and opened again below the new one."""
    policies: RepoPath | None = None
    """The folder of the policies on base, with the folders in it; absent when they are given as files."""
    token_from: SecretRef | None = None
    app: GitHubApp | None = None
    api_url: Url | None = None
    """Of the forge, like https://gitlab.example/api/v4; default: derived from the repository's URL."""
    ca_file: Path | None = None
    merge_method: Literal["merge", "squash", "rebase"] = "merge"
    """On GitLab `merge` is whatever the project is set to, and there is no `rebase`."""
    identity: Identity = Identity()
    commits: Literal["push", "api"] = "push"
    """push: git pushes them. api: the forge makes them, by its own account for the bot, and signs them ("Verified"):
    GitHub for an App, GitLab for any token where the instance signs what it makes."""
    signing: Signing | None = None
    """Absent: commits are not signed, and the same change is the same commit."""
    sign_off: bool = False
    """Commits end with `Signed-off-by` and the identity."""
    notify: tuple[Name, ...] = ()
    """Notifiers that the daemon tells when something fails here, a policy or the whole repository, and when that is
    over."""
    automation: tuple[Text, ...] = ()
    """E-mail addresses of other machines that commit here: their commits are no person's word."""


class ConsoleConfig(Spec):
    """A controller's own HTTP API. No other host is asked for its word."""

    url: Url
    """Like http://iter8.iter8-system:8080."""
    user: Text | None = None
    """Then tokenFrom is the password."""
    token_from: SecretRef | None = None
    ca_file: Path | None = None
    timeout: Duration = timedelta(seconds=10)


class ClusterConfig(Spec):
    """A cluster: a kubeconfig context, the one the bot runs in, or recorded objects."""

    context: Text | None = None
    kubeconfig: Path | None = None
    in_cluster: bool = False
    recorded: Path | None = None
    """A folder of manifests, for demonstrations and tests."""
    namespaces: tuple[Name, ...] = ()
    """Empty: all of them, which needs a ClusterRole."""
    selectors: dict[Narrowed, Annotated[dict[LabelName, LabelValue], Field(min_length=1)]] = {}
    """By kind, as policies name it: only objects with all of these labels are listed. What is not listed is not there
    for the bot; whether such a one owns a field that is edited cannot be seen, and the bot then leaves merging to
    people."""
    metrics: Name | None = None
    """The metrics server that watches this cluster."""
    iter8: ConsoleConfig | None = None
    """The metrics port of its Iter8 1.x controller."""
    keel: ConsoleConfig | None = None
    """Its Keel, whose approvals need basic authentication."""


class MetricsOverHttp(Spec):
    """What every metrics server over HTTP has."""

    headers: dict[Name, Text] = {}
    headers_from: dict[Name, SecretRef] = {}
    """Headers whose values are secret."""
    ca_file: Path | None = None
    insecure_skip_verify: bool = False
    timeout: Duration = timedelta(seconds=30)


class Prometheus(MetricsOverHttp):
    """A Prometheus, or what speaks its API: Thanos, Mimir, VictoriaMetrics, by URL and headers."""

    url: Url
    token_from: SecretRef | None = None


class Datadog(MetricsOverHttp):
    """Datadog. Queries are its metrics queries, like `sum:trace.http.request.errors{version:v2}.as_count()`; windows
    begin and end at multiples of the interval, so up to one interval early."""

    url: Url = "https://api.datadoghq.com"
    """The API of your site, like https://api.datadoghq.eu."""
    api_key_from: SecretRef
    application_key_from: SecretRef


class NewRelic(MetricsOverHttp):
    """New Relic, by NerdGraph. Queries are NRQL without SINCE, UNTIL and TIMESERIES, which the bot adds."""

    url: Url = "https://api.newrelic.com"
    """In the EU https://api.eu.newrelic.com."""
    account: Annotated[int, Field(ge=1)]
    api_key_from: SecretRef
    """A user key."""


class Dynatrace(MetricsOverHttp):
    """Dynatrace. Queries are metric selectors that end in one series (`:splitBy():sum`); intervals are whole minutes,
    windows begin and end at multiples of the interval, so up to one interval early."""

    url: Url
    """Of the environment, like https://abc12345.live.dynatrace.com."""
    token_from: SecretRef
    """With the scope metrics.read."""


class JsonEndpoint(MetricsOverHttp):
    """Anything that answers GET url?query=…&start=…&end=…&step=… with `{"points": [[seconds, value], …]}`."""

    url: Url
    token_from: SecretRef | None = None


class Recorded(Spec):
    """Recorded metrics."""

    file: Path


class MetricsServer(Spec):
    """Exactly one of prometheus, datadog, newRelic, dynatrace, json, recorded."""

    prometheus: Prometheus | None = None
    datadog: Datadog | None = None
    new_relic: NewRelic | None = None
    dynatrace: Dynatrace | None = None
    json_endpoint: Annotated[JsonEndpoint | None, Field(alias="json")] = None
    recorded: Recorded | None = None
    console: LinkTemplate | None = None
    """Where people ask it again: a link over query, policy, cluster, start, end, until and range, like
    `https://prometheus.acme.example/graph?g0.expr={{ query }}&g0.end_input={{ until }}&g0.range_input={{ range }}`."""

    @property
    def over_http(self) -> Prometheus | Datadog | NewRelic | Dynatrace | JsonEndpoint | None:
        """The one that is a server; None for a recording."""
        return self.prometheus or self.datadog or self.new_relic or self.dynatrace or self.json_endpoint


class RegistryConfig(Spec):
    """A container registry, by its host as images name it: `ghcr.io`, `docker.io`, `registry.acme.example:5000`."""

    url: Url | None = None
    """Default: https:// and the host; Docker Hub's for docker.io."""
    user: Text | None = None
    """Default: any, which will do where a token is all that counts."""
    token_from: SecretRef | None = None
    """The password or token; without it only what is public is read."""
    token_hosts: tuple[Name, ...] = ()
    """Hosts besides its own that may be asked for a token; default: those of Docker Hub and gitlab.com for theirs."""
    ca_file: Path | None = None


class NotifierConfig(Spec):
    """A place where people are told: Slack, Teams, mail and a hundred others."""

    url_from: SecretRef
    """An apprise URL, like slack://… or mailto://…; it holds a secret."""


class Limits(Spec):
    """How much the bot may ask of people, per repository; rollbacks do not count."""

    open_pull_requests: Annotated[int, Field(ge=1)] = 10
    per_hour: Annotated[int, Field(ge=1)] = 20


class Daemon(Spec):
    """How the daemon runs."""

    interval: Duration = timedelta(minutes=1)
    jitter: Duration = timedelta(seconds=6)
    address: Annotated[str, StringConstraints(pattern=r"^[0-9A-Za-z.:\[\]-]*:\d{1,5}$")] = "0.0.0.0:8081"
    """Where /healthz, /readyz and /metrics are answered."""


class BotSpec(Spec):
    """Repositories, clusters, metrics servers, limits."""

    repositories: dict[Name, Repository]
    clusters: dict[Name, ClusterConfig] = {}
    metrics: dict[Name, MetricsServer] = {}
    registries: dict[Name, RegistryConfig] = {}
    """By host: no other registry is ever asked."""
    links: dict[LinkName, LinkTemplate] = {}
    """Where pull requests point to, by name: links over policy, repository, cluster, namespace, canary, primary,
    version, baseline, start, end and range, like `https://grafana.acme.example/d/canary?var-pod={{ canary }}`."""
    limits: Limits = Limits()
    daemon: Daemon = Daemon()
    cache: Path | None = None
    """Where repositories are cached; default: the user's cache folder."""
    notifiers: dict[Name, NotifierConfig] = {}
    """Where policies may have people told."""
    server: Later = None
    defaults: GivenDefaults = Defaults()


class BotConfig(Spec):
    """The bot's configuration."""

    api_version: Literal["gitops-bot.dev/v1alpha1"]
    kind: Literal["BotConfig"]
    metadata: Metadata
    spec: BotSpec
