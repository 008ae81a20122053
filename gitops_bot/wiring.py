"""The composition root: configuration → adapters → jobs. Adapters are chosen here alone, and imported when chosen."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from gitops_bot.clusters import cluster, consoles, selectors
from gitops_bot.errors import PolicyInvalid, UsageError
from gitops_bot.forges import Paces, hosted
from gitops_bot.manners import known_notifiers, manner, notifiers
from gitops_bot.metering import metrics
from gitops_bot.model import Plan, Receipt
from gitops_bot.observe import Site
from gitops_bot.policy.config import BotConfig, RegistryConfig, Repository, SecretRef
from gitops_bot.ports import Clock, Cluster, Forge, Registry
from gitops_bot.repositories import environment
from gitops_bot.sources import POLICIES, from_base, from_files, in_known_clusters
from gitops_bot.tick import Audit, Failure, Job

if TYPE_CHECKING:
    from gitops_bot.adapters.local import LocalForge


class SystemClock:
    """The machine's clock."""

    def now(self) -> datetime:
        """Aware, UTC, whole seconds."""
        return datetime.now(UTC).replace(microsecond=0)


@dataclass(frozen=True, slots=True)
class FixedClock:
    """A clock that stands: `--at`."""

    at: datetime

    def now(self) -> datetime:
        """Always the same."""
        return self.at


@dataclass(frozen=True, slots=True)
class Options:
    """What a command gives besides the configuration."""

    clock: Clock
    policies: Sequence[Path] = ()
    """Files or folders; empty: the folder on base that the repository's configuration names."""
    audit: Audit = lambda _kind, _record: None
    stopping: Callable[[], bool] = lambda: False
    notice: Callable[[str], None] | None = None
    """For a process that goes on: what clusters list is kept and watched, and this is told of watches that failed."""


def audit_log(file: Path | None, clock: Clock) -> Audit:
    """The audit log in a file; without one nothing is kept."""
    if file is None:
        return lambda _event, _record: None
    from gitops_bot.adapters.audit import AuditLog
    from gitops_bot.serialise import record

    log = AuditLog(file, clock, record)

    def write(event: str, one: Plan | Receipt | Failure) -> None:
        try:
            log.write(event, one)
        except OSError as error:
            what = f"the audit log cannot be written: {error.strerror}"
            raise UsageError(what, where=str(file), remedy="Give --audit a file that can be.") from error

    return write


@contextmanager
def opened(config: BotConfig, options: Options) -> Iterator[dict[str, Job]]:
    """The jobs for the length of a command: what their adapters hold ends with it. Errors: as `jobs`."""
    made = jobs(config, options)
    try:
        yield made
    finally:
        for job in made.values():
            job.close()


def jobs(config: BotConfig, options: Options) -> dict[str, Job]:
    """One job per repository, by name. Errors: PolicyInvalid (configuration that cannot be used)."""
    clusters = {name: cluster(given, options.notice) for name, given in config.spec.clusters.items()}
    repositories = config.spec.repositories.items()
    paces = Paces()
    return {name: _job(config, name, repository, options, clusters, paces) for name, repository in repositories}


def _job(
    config: BotConfig,
    name: str,
    repository: Repository,
    options: Options,
    clusters: Mapping[str, Cluster],
    paces: Paces,
) -> Job:
    forge, token, disconnect = _forge(name, repository, options.clock, paces)
    repo = environment(config, repository, token, forge)
    site = Site(
        name=name,
        base=repository.base,
        repo=repo,
        forge=forge,
        clusters=clusters,
        metrics={one: metrics(one, given, secret) for one, given in config.spec.metrics.items()},
        servers=_servers(config),
        registries={host: _registry(host, given) for host, given in config.spec.registries.items()},
        identity=f"{repository.identity.name} <{repository.identity.email}>",
        source=f"{config.metadata.name}/{name}/{repository.policies or POLICIES}",
        prefix=repository.branch_prefix,
        automation=repository.automation,
        manner=manner(config, repository, _servers(config)),
        selectors={one: selectors(given) for one, given in config.spec.clusters.items() if given.selectors},
        consoles=consoles(config.spec.clusters, secret),
    )
    said, paths = config.spec.defaults.said, options.policies
    load = from_files(name, repository, paths, said) if paths else from_base(name, repository, said)
    load = known_notifiers(in_known_clusters(load, {*config.spec.clusters, *_servers(config)}), config)

    def close() -> None:
        repo.close()
        disconnect()

    return Job(
        site, load, config.spec.limits, options.clock, options.audit, options.stopping, close,
        notifiers=notifiers(config, secret),
        alarmed=repository.notify,
    )  # fmt: skip


def _servers(config: BotConfig) -> Mapping[str, str]:
    """Each cluster's metrics server. A single server serves the cluster that is not configured, `default`."""
    named = {name: cluster.metrics for name, cluster in config.spec.clusters.items() if cluster.metrics}
    servers = tuple(config.spec.metrics)
    return {"default": servers[0], **named} if len(servers) == 1 else named


# ---------------------------------------------------------------- secrets


def secret(reference: SecretRef) -> Callable[[], str]:
    """Reads a secret when it is needed, so that a rotated one counts. Errors, when read: PolicyInvalid."""

    def read() -> str:
        if reference.env is not None:
            value = os.environ.get(reference.env, "")
            where = f"the environment variable {reference.env}"
        else:
            where = f"the file {reference.file}"
            try:
                value = Path(reference.file or "").read_text(encoding="utf-8")
            except (OSError, UnicodeDecodeError) as error:
                raise PolicyInvalid(f"{where} cannot be read ({type(error).__name__})") from None
        if not value.strip():
            raise PolicyInvalid(f"{where} holds no secret", remedy="Set it, or name another one in the configuration.")
        return value.strip()

    return read


# ---------------------------------------------------------------- repository and forge


_Token = Callable[[], str] | None
_Close = Callable[[], None]


def _forge(name: str, repository: Repository, clock: Clock, paces: Paces) -> tuple[Forge, _Token, _Close]:
    """The forge, the token that git over HTTP uses, and what closes the forge's connections."""
    if repository.forge == "local":
        token = secret(repository.token_from) if repository.token_from else None
        return local_forge(repository, clock), token, lambda: None
    return hosted(name, repository, secret, paces)


def local_forge(repository: Repository, clock: Clock, who: str = "") -> LocalForge:
    """The local forge of a repository, acting as the bot or as somebody else. Errors: PolicyInvalid."""
    from gitops_bot.adapters.git import Git
    from gitops_bot.adapters.local import LocalForge

    path = Path(repository.local_path or repository.url)
    if not path.is_absolute() or not path.is_dir():
        remedy = "Give the absolute path of a bare repository at url, or at localPath beside another url."
        raise PolicyInvalid("the local forge needs a bare repository on this machine", where=str(path), remedy=remedy)
    identity = f"{repository.identity.name} <{repository.identity.email}>"
    return LocalForge(path, Git(path), clock, who=who or identity, bot=identity)


# ---------------------------------------------------------------- registries

_KNOWN = {"docker.io": ("https://registry-1.docker.io", "auth.docker.io"), "registry.gitlab.com": ("", "gitlab.com")}
"""Where a registry really is, and who gives its tokens, where that is another host."""


def _registry(host: str, given: RegistryConfig) -> Registry:
    from gitops_bot.adapters.registry import HttpRegistry

    url, tokens = _KNOWN.get(host, ("", ""))
    read = secret(given.token_from) if given.token_from else None
    return HttpRegistry(
        given.url or url or f"https://{host}",
        credentials=(lambda: (given.user or "gitops-bot", read())) if read else None,
        token_hosts=given.token_hosts or ((tokens,) if tokens else ()),
        ca_file=given.ca_file,
    )
