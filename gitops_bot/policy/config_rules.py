"""Rules that span several fields of the bot configuration. Pure: document → problems."""

from __future__ import annotations

from collections.abc import Iterator

from gitops_bot.policy import speaking
from gitops_bot.policy.config import (
    BotConfig,
    ClusterConfig,
    ConsoleConfig,
    MetricsServer,
    RegistryConfig,
    Repository,
    SecretRef,
)
from gitops_bot.policy.fields import Path, Problem, given_names, one_of


def problems(config: BotConfig) -> list[Problem]:
    """What is wrong with a bot configuration whose shape is right: (path below the document, message)."""
    spec = config.spec
    found: list[Problem] = [] if spec.repositories else [(("spec", "repositories"), "at least one is needed")]
    for name, repository in spec.repositories.items():
        found += _repository(("spec", "repositories", name), repository)
        found += _notified(("spec", "repositories", name, "notify"), repository.notify, tuple(spec.notifiers))
    found += _notified(("spec", "defaults", "notify"), spec.defaults.notify, tuple(spec.notifiers))
    for name, cluster in spec.clusters.items():
        found += _cluster(("spec", "clusters", name), cluster, tuple(spec.metrics))
    for host, registry in spec.registries.items():
        found += _registry(("spec", "registries", host), registry)
    for name, notifier in spec.notifiers.items():
        found += _secret(("spec", "notifiers", name, "urlFrom"), notifier.url_from)
    found += speaking.links(("spec", "links"), spec.links)
    for name, server in spec.metrics.items():
        found += _metrics_server(("spec", "metrics", name), server)
    return found


def _repository(path: Path, repository: Repository) -> Iterator[Problem]:
    if "@" in repository.url.split("//", 1)[-1].split("/", 1)[0] and repository.url.startswith("http"):
        yield (*path, "url"), "holds credentials; give them by tokenFrom"
    yield from _prefix((*path, "branchPrefix"), repository)
    if repository.token_from and repository.app:
        yield (*path, "app"), "goes without tokenFrom"
    if repository.forge == "github" and not (repository.token_from or repository.app):
        yield path, "github needs tokenFrom or app"
    if repository.forge == "gitlab":
        yield from _gitlab(path, repository)
    if repository.token_from:
        yield from _secret((*path, "tokenFrom"), repository.token_from)
    if repository.commits == "api":
        yield from _by_forge(path, repository)
    if repository.signing:
        yield from one_of((*path, "signing"), repository.signing, "ssh_key", "gpg")
    if repository.app:
        yield from _secret((*path, "app", "privateKeyFrom"), repository.app.private_key_from)


_RESERVED = ("refs/", "gh-readonly-queue/")
"""GitHub takes no new branch below the one, and makes those of its merge queues below the other."""


def _prefix(path: Path, repository: Repository) -> Iterator[Problem]:
    prefix, base = repository.branch_prefix, repository.base
    if ".lock/" in prefix:
        yield path, "must not hold a name that ends in .lock: git keeps those for itself"
    if prefix.startswith(_RESERVED):
        yield path, f"must not begin with {prefix.split('/', 1)[0]}/: GitHub keeps that for itself"
    if prefix.startswith(f"{base}/"):
        yield path, f"lies below the base branch {base}: git cannot have a branch and branches below it"
    if base.startswith(prefix):
        yield path, f"holds the base branch {base}: what is below it is the bot's alone to write"


def _by_forge(path: Path, repository: Repository) -> Iterator[Problem]:
    if repository.forge == "github" and not repository.app:
        yield (*path, "commits"), "api is for a GitHub App: GitHub signs for nobody else"
    if repository.forge == "local":
        yield (*path, "commits"), "api is for github and gitlab"
    if repository.signing:
        yield (*path, "signing"), "goes without commits: api, where the forge signs"


def _gitlab(path: Path, repository: Repository) -> Iterator[Problem]:
    if repository.app:
        yield (*path, "app"), "is GitHub's: gitlab needs tokenFrom"
    elif not repository.token_from:
        yield path, "gitlab needs tokenFrom: a project, group or personal access token"
    if repository.merge_method == "rebase":
        yield (*path, "mergeMethod"), "there is no rebase on gitlab: set the project's merge method to fast-forward"


def _notified(path: Path, names: tuple[str, ...], known: tuple[str, ...]) -> Iterator[Problem]:
    for name in names:
        if name not in known:
            yield path, f"no notifier is named {name} at spec.notifiers"


def _secret(path: Path, secret: SecretRef) -> Iterator[Problem]:
    yield from one_of(path, secret, "env", "file")


def _cluster(path: Path, cluster: ClusterConfig, servers: tuple[str, ...]) -> Iterator[Problem]:
    ways = [cluster.context is not None or cluster.kubeconfig is not None, cluster.in_cluster, bool(cluster.recorded)]
    if sum(ways) > 1:
        yield path, "only one of context (with kubeconfig), inCluster, recorded may be given"
    if cluster.metrics is not None and cluster.metrics not in servers:
        yield (*path, "metrics"), f"no metrics server is named {cluster.metrics}"
    for name in ("iter8", "keel"):
        if console := getattr(cluster, name):
            yield from _console((*path, name), console)
    if cluster.recorded and cluster.selectors:
        yield (*path, "selectors"), "goes with clusters that are asked, not with recorded ones"


def _console(path: Path, console: ConsoleConfig) -> Iterator[Problem]:
    yield from _plain_url((*path, "url"), console.url)
    if console.token_from:
        yield from _secret((*path, "tokenFrom"), console.token_from)
    elif console.user:
        yield (*path, "user"), "needs its password at tokenFrom"


def _plain_url(path: Path, url: str) -> Iterator[Problem]:
    if not url.startswith(("http://", "https://")):
        yield path, "must begin with https:// or http://"
    if "@" in url:
        yield path, "holds credentials; give them by user and tokenFrom"


def _registry(path: Path, registry: RegistryConfig) -> Iterator[Problem]:
    if registry.url:
        yield from _plain_url((*path, "url"), registry.url)
    if registry.token_from:
        yield from _secret((*path, "tokenFrom"), registry.token_from)


def _metrics_server(path: Path, server: MetricsServer) -> Iterator[Problem]:
    names = tuple(name for name in MetricsServer.model_fields if name != "console")
    if server.console:
        yield from speaking.console((*path, "console"), server.console)
    yield from one_of(path, server, *names)
    given = server.over_http
    if given is None:
        return
    path = (*path, given_names(server, *names)[0])
    if not given.url.startswith(("http://", "https://")):
        yield (*path, "url"), "must begin with https:// or http://"
    for name, info in type(given).model_fields.items():
        if isinstance(secret := getattr(given, name), SecretRef):
            yield from _secret((*path, info.alias or name), secret)
    for name, secret in given.headers_from.items():
        yield from _secret((*path, "headersFrom", name), secret)
