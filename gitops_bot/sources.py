"""The policies of a tick: from files that a command names, or a folder on base. One that is wrong stops no other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass, replace
from functools import lru_cache
from os.path import realpath
from pathlib import Path

from gitops_bot.edits import places
from gitops_bot.errors import PlaceConflict, PolicyError, PolicyInvalid
from gitops_bot.model import Tree
from gitops_bot.observe import Sight
from gitops_bot.policy.config import Repository
from gitops_bot.policy.fleet import ChosenClusters
from gitops_bot.policy.loading import LoadedPolicy, Source, load_policies
from gitops_bot.tick import Failure, Load, Loaded

POLICIES = "policies"
"""The folder of the policies on base, when the configuration names none."""
YAML_NAMES = (".yaml", ".yml")


def files(paths: Sequence[Path]) -> tuple[Source, ...]:
    """The YAML files that the paths name, each once, folders gone through. Errors: PolicyInvalid."""
    found: list[Path] = []
    for path in paths:
        if path.is_dir():
            found += sorted(one for one in path.rglob("*") if one.suffix in YAML_NAMES and one.is_file())
        else:
            found.append(path)
    once = {realpath(path): path for path in reversed(found)}  # by the name that came first
    return tuple(Source(str(path), _bytes(path)) for path in found if once[realpath(path)] is path)


def are_whole(paths: Sequence[Path]) -> bool:
    """Whether the paths leave nothing out of the folders that they are about, so that what is not there is nowhere.

    A folder is gone through; files are all of a folder where nothing else of it could hold a policy. One file alone
    says nothing of others.
    """
    given = {path.resolve() for path in paths}
    files = {path for path in given if not path.is_dir()}
    if len(given) == len(files) == 1:
        return False
    beside = {one for folder in {file.parent for file in files} for one in folder.iterdir()}
    return not any(_may_hold_policies(one) for one in beside - given)


def _may_hold_policies(path: Path) -> bool:
    return any(_may_hold_policies(one) for one in path.glob("*.y*ml")) if path.is_dir() else path.suffix in YAML_NAMES


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise PolicyInvalid(f"cannot be read: {error.strerror}", where=str(path)) from error


def from_files(name: str, repository: Repository, paths: Sequence[Path], said: str) -> Load:
    """Policies of files that name this repository; others belong to other jobs. said: the defaults, as written."""

    def load(_sight: Sight) -> Loaded:
        loaded = one_by_one(files(paths), repository.base, said)
        mine = [one for one in loaded.policies if one.policy.spec.repository == name]
        return _by_branch(repository, _fitting(name, repository, Loaded(mine, loaded.failures)))

    return load


def from_base(name: str, repository: Repository, said: str) -> Load:
    """Policies on base at the commit that was read: never from a pull request's head."""
    folder = repository.policies or POLICIES

    def load(sight: Sight) -> Loaded:
        tree = sight.site.repo.tree(sight.base_commit)
        paths = _below(tree, folder)
        sight.site.repo.prefetch([(sight.base_commit, path) for path in paths])
        read = {path: tree.read(path) for path in paths}
        sources = [Source(path, data) for path, data in read.items() if data is not None]
        loaded = _by_branch(repository, _fitting(name, repository, one_by_one(sources, repository.base, said)))
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
    """The policies of this repository, on branches that are people's; one that is not is a failure of its own."""
    kept: list[LoadedPolicy] = []
    failures = list(loaded.failures)
    for one in loaded.policies:
        spec, prefix, what, remedy = one.policy.spec, repository.branch_prefix, "", ""
        if spec.repository != name:
            what = f"spec.repository is {spec.repository}, but the file lies in {name}"
            remedy = "Configure a repository for it."
        elif spec.base and spec.base.startswith(prefix):
            what = f"spec.base is {spec.base}, and what is below {prefix} is the bot's alone to write"
            remedy = "Name a branch that people write."
        elif spec.base and prefix.startswith(f"{spec.base}/"):
            what = f"spec.base is {spec.base}, and git cannot have a branch and the bot's branches below it"
            remedy = "Name another branch."
        if what:
            error = PolicyInvalid(what, where=f"{one.file}:{one.line}", remedy=remedy)
            failures.append(Failure(one.policy.name, error))
        else:
            kept.append(one)
    return Loaded(kept, failures)


def _by_branch(repository: Repository, loaded: Loaded) -> Loaded:
    """The same policies but for those whose branch cannot be merged: what they would bring is not theirs to bring."""
    bases = {one.policy.name: one.policy.spec.base or repository.base for one in loaded.policies}

    def wrong(one: LoadedPolicy) -> str:
        spec, base = one.policy.spec, bases[one.policy.name]
        if spec.by != "branch":
            return ""
        (source,) = spec.candidate.environments or ("",)
        if base == repository.base:
            return f"by: branch would bring to {base} what {source} has in the place of the policies"
        if bases.get(source) == base:
            return f"by: branch needs a base of its own, and {source} has the same, {base}"
        if repository.merge_method != "merge":
            return f"by: branch needs mergeMethod: merge; with {repository.merge_method} the next merge would conflict"
        return ""

    failures = [
        Failure(one.policy.name, PolicyInvalid(what, where=f"{one.file}:{one.line}"))
        for one in loaded.policies
        if (what := wrong(one))
    ]
    kept = [one for one in loaded.policies if not wrong(one)]
    return replace(loaded, policies=kept, failures=[*loaded.failures, *failures])


def in_known_clusters(load: Load, known: Set[str]) -> Load:
    """The same policies but for those that look into a cluster that nobody configured: found before they need it."""

    def strange(one: LoadedPolicy) -> list[str]:
        spec = one.policy.spec
        given = spec.candidate
        looks = spec.asks_metrics or given.experiment or given.workload or given.traffic or spec.baseline.workload
        named = spec.clusters if looks else ()
        if isinstance(spec.given_clusters, ChosenClusters):
            named = (spec.given_clusters.placement.hub,)
        return [cluster for cluster in named if cluster not in known]

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


def one_by_one(sources: Sequence[Source], base: str = "", said: str = "{}") -> Loaded:
    """The policies of the files that are right; a broken file, and two that clash, stop nobody else.

    base: where a policy writes that does not say it. said: the defaults of the bot configuration, as written.
    """
    loaded: list[LoadedPolicy] = []
    failures: list[Failure] = []
    for source in sources:
        try:
            loaded += _of_file(source, said)
        except PolicyError as error:
            failures.append(Failure(source.name, error))
    clashes = conflicts(loaded, base)
    stopped = {one.policy.name for pair in clashes for one in pair.policies}
    failures += [Failure(one.policy.name, pair.error) for pair in clashes for one in pair.policies]
    return Loaded([one for one in loaded if one.policy.name not in stopped], failures)


@lru_cache(maxsize=4096)
def _of_file(source: Source, said: str) -> tuple[LoadedPolicy, ...]:
    """A file that is as it was gives what it gave: a daemon reads the same ones again and again."""
    return load_policies([source], said=said)


@dataclass(frozen=True, slots=True)
class Clash:
    """Two policies that cannot both be."""

    policies: tuple[LoadedPolicy, LoadedPolicy]
    error: PolicyError


def _merged(loaded: Sequence[LoadedPolicy]) -> Mapping[tuple[str, str], LoadedPolicy]:
    """By repository and branch: the first policy that brings the branch of another environment there."""
    found = [one for one in loaded if one.policy.spec.by == "branch"]
    return {(one.policy.spec.repository, one.policy.spec.base or ""): one for one in reversed(found)}


def conflicts(loaded: Sequence[LoadedPolicy], base: str = "") -> list[Clash]:
    """Policies of one name, and policies that write the same place of one branch of one repository."""
    found: list[Clash] = []
    names: dict[str, LoadedPolicy] = {}
    merged = _merged(loaded)
    writers: dict[tuple[str, str, str], LoadedPolicy] = {}
    for one in loaded:
        where = f"{one.file}:{one.line}"
        first = names.setdefault(one.policy.name, one)
        if first is not one:
            what = f"{one.policy.name} is the name of another policy, at {first.file}:{first.line}"
            found.append(Clash((first, one), PolicyInvalid(what, where=where, remedy="Rename one of them.")))
        other = merged.get((one.policy.spec.repository, one.policy.spec.base or base), one)
        if other.policy.name != one.policy.name:
            what = (
                f"{other.policy.name} merges into {other.policy.spec.base} as a whole, and {one.policy.name} writes it"
            )
            remedy = "Let one policy own the branch, or write both by slots."
            found.append(Clash((other, one), PlaceConflict(what, where=where, remedy=remedy)))
        shared: dict[str, tuple[LoadedPolicy, list[str]]] = {}
        for place in places(one.policy.spec.written):
            other = writers.setdefault((one.policy.spec.repository, one.policy.spec.base or base, place), one)
            if other is not one and other.policy.name != one.policy.name:
                shared.setdefault(other.policy.name, (other, []))[1].append(place)
        for name, (other, (place, *more)) in shared.items():
            others = f" and {len(more)} more place{'s' if len(more) > 1 else ''}" if more else ""
            what = f"{one.policy.name} writes {place}{others}, and so does {name} ({other.file}:{other.line})"
            found.append(Clash((other, one), PlaceConflict(what, where=where, remedy="Let one policy own the place.")))
    return found
