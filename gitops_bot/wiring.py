"""The composition root: configuration → adapters → jobs. Adapters are chosen here alone, and imported when chosen."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence, Set
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from gitops_bot.clusters import cluster, consoles, selectors
from gitops_bot.edits import places
from gitops_bot.errors import PlaceConflict, PolicyError, PolicyInvalid, UsageError
from gitops_bot.forges import Paces, hosted
from gitops_bot.manners import known_notifiers, manner, notifiers
from gitops_bot.metering import metrics
from gitops_bot.model import Plan, Receipt, Tree
from gitops_bot.observe import Sight, Site
from gitops_bot.policy.config import BotConfig, RegistryConfig, Repository, SecretRef
from gitops_bot.policy.loading import LoadedPolicy, Source, load_policies
from gitops_bot.ports import Clock, Cluster, Forge, Registry
from gitops_bot.repositories import environment
from gitops_bot.tick import Audit, Failure, Job, Load, Loaded

if TYPE_CHECKING:
    from gitops_bot.adapters.local import LocalForge

POLICIES = "policies"
"""The folder of the policies on base, when the configuration names none."""
YAML_NAMES = (".yaml", ".yml")


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
        automation=repository.automation,
        manner=manner(config, repository, _servers(config)),
        selectors={one: selectors(given) for one, given in config.spec.clusters.items() if given.selectors},
        consoles=consoles(config.spec.clusters, secret),
    )
    load = _from_files(name, repository, options.policies) if options.policies else _from_base(name, repository)
    load = known_notifiers(_in_known_clusters(load, {*config.spec.clusters, *_servers(config)}), config)

    def close() -> None:
        repo.close()
        disconnect()

    return Job(
        site, load, config.spec.limits, options.clock, options.audit, options.stopping, close,
        notifiers=notifiers(config, secret),
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


# ---------------------------------------------------------------- policies


def files(paths: Sequence[Path]) -> tuple[Source, ...]:
    """The YAML files that the paths name, folders gone through. Errors: PolicyInvalid."""
    found: list[Path] = []
    for path in paths:
        if path.is_dir():
            found += sorted(one for one in path.rglob("*") if one.suffix in YAML_NAMES and one.is_file())
        else:
            found.append(path)
    return tuple(Source(str(path), _bytes(path)) for path in found)


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise PolicyInvalid(f"cannot be read: {error.strerror}", where=str(path)) from error


def _from_files(name: str, repository: Repository, paths: Sequence[Path]) -> Load:
    """Policies of files that name this repository; others belong to other jobs."""

    def load(_sight: Sight) -> Loaded:
        loaded = one_by_one(files(paths))
        mine = [one for one in loaded.policies if one.policy.spec.repository == name]
        return _fitting(name, repository, Loaded(mine, loaded.failures))

    return load


def _from_base(name: str, repository: Repository) -> Load:
    """Policies on base at the commit that was read: never from a pull request's head."""
    folder = repository.policies or POLICIES

    def load(sight: Sight) -> Loaded:
        tree = sight.site.repo.tree(sight.base_commit)
        paths = _below(tree, folder)
        sight.site.repo.prefetch([(sight.base_commit, path) for path in paths])
        read = {path: tree.read(path) for path in paths}
        sources = [Source(path, data) for path, data in read.items() if data is not None]
        loaded = _fitting(name, repository, one_by_one(sources))
        failures = [*loaded.failures, *(_not_a_file(path) for path, data in read.items() if data is None)]
        # A folder that is not there is as likely a slip of the configuration as the removal of every policy.
        if not paths:
            failures.append(Failure(name, _no_policies(name, folder, repository.base)))
        return replace(loaded, failures=failures, whole=bool(sources))

    return load


def _below(tree: Tree, folder: str) -> list[str]:
    """The YAML files of a folder and of those in it, as `validate` finds them on a disk."""
    found: list[str] = []
    for path in (f"{folder}/{name}" for name in tree.names(folder)):
        found += [path] if path.endswith(YAML_NAMES) else _below(tree, path)
    return found


def _no_policies(name: str, folder: str, base: str) -> PolicyInvalid:
    remedy = f"Correct spec.repositories.{name}.policies of the bot configuration, or add a policy there."
    return PolicyInvalid(f"no policy lies below {folder} on {base}", remedy=remedy)


def _not_a_file(path: str) -> Failure:
    remedy = "Put the policy itself there."
    return Failure(path, PolicyInvalid("a link or a folder stands in a policy's place", where=path, remedy=remedy))


def _fitting(name: str, repository: Repository, loaded: Loaded) -> Loaded:
    """The policies of this repository and base; one that is not is a failure of its own."""
    kept: list[LoadedPolicy] = []
    failures = list(loaded.failures)
    for one in loaded.policies:
        spec, what = one.policy.spec, ""
        if spec.repository != name:
            what = f"spec.repository is {spec.repository}, but the file lies in {name}"
        elif spec.base not in (None, repository.base):
            what = f"spec.base is {spec.base}, but {name} is configured with base {repository.base}"
        if what:
            error = PolicyInvalid(what, where=f"{one.file}:{one.line}", remedy="Configure a repository for it.")
            failures.append(Failure(one.policy.name, error))
        else:
            kept.append(one)
    return Loaded(kept, failures)


def _in_known_clusters(load: Load, known: Set[str]) -> Load:
    """The same policies but for those that look into a cluster that nobody configured: found before they need it."""

    def strange(one: LoadedPolicy) -> list[str]:
        spec = one.policy.spec
        given = spec.candidate
        looks = spec.asks_metrics or given.experiment or given.workload or given.traffic or spec.baseline.workload
        return [cluster for cluster in spec.clusters if looks and cluster not in known]

    def checked(sight: Sight) -> Loaded:
        loaded = load(sight)
        remedy = f"Known to the bot configuration: {', '.join(sorted(known)) or 'none'}."
        failures = [
            Failure(
                one.policy.name,
                PolicyInvalid(f"no cluster is named {names[0]}", where=f"{one.file}:{one.line}", remedy=remedy),
            )
            for one in loaded.policies
            if (names := strange(one))
        ]
        kept = [one for one in loaded.policies if not strange(one)]
        return replace(loaded, policies=kept, failures=[*loaded.failures, *failures])

    return checked


def one_by_one(sources: Sequence[Source]) -> Loaded:
    """The policies of the files that are right; a broken file, and two that clash, stop nobody else."""
    loaded: list[LoadedPolicy] = []
    failures: list[Failure] = []
    for source in sources:
        try:
            loaded += _of_file(source)
        except PolicyError as error:
            failures.append(Failure(source.name, error))
    clashes = conflicts(loaded)
    stopped = {one.policy.name for pair in clashes for one in pair.policies}
    failures += [Failure(one.policy.name, pair.error) for pair in clashes for one in pair.policies]
    return Loaded([one for one in loaded if one.policy.name not in stopped], failures)


@lru_cache(maxsize=4096)
def _of_file(source: Source) -> tuple[LoadedPolicy, ...]:
    """A file that is as it was gives what it gave: a daemon reads the same ones again and again."""
    return load_policies([source])


@dataclass(frozen=True, slots=True)
class Clash:
    """Two policies that cannot both be."""

    policies: tuple[LoadedPolicy, LoadedPolicy]
    error: PolicyError


def conflicts(loaded: Sequence[LoadedPolicy]) -> list[Clash]:
    """Policies of one name, and policies that write the same place of one repository."""
    found: list[Clash] = []
    names: dict[str, LoadedPolicy] = {}
    writers: dict[tuple[str, str], LoadedPolicy] = {}
    for one in loaded:
        where = f"{one.file}:{one.line}"
        first = names.setdefault(one.policy.name, one)
        if first is not one:
            what = f"{one.policy.name} is the name of another policy, at {first.file}:{first.line}"
            found.append(Clash((first, one), PolicyInvalid(what, where=where, remedy="Rename one of them.")))
        shared: dict[str, tuple[LoadedPolicy, list[str]]] = {}
        for place in places(one.policy.spec.written):
            other = writers.setdefault((one.policy.spec.repository, place), one)
            if other is not one and other.policy.name != one.policy.name:
                shared.setdefault(other.policy.name, (other, []))[1].append(place)
        for name, (other, (place, *more)) in shared.items():
            others = f" and {len(more)} more place{'s' if len(more) > 1 else ''}" if more else ""
            what = f"{one.policy.name} writes {place}{others}, and so does {name} ({other.file}:{other.line})"
            found.append(Clash((other, one), PlaceConflict(what, where=where, remedy="Let one policy own the place.")))
    return found
