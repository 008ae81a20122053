"""What one tick has read of one repository, and the adapters it reads through."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from gitops_bot.delivery import marker, moved
from gitops_bot.errors import BotError, ClusterError, ForgeError, RepositoryUnreachable
from gitops_bot.experiments import Objects
from gitops_bot.model import (
    PREFIX,
    Ask,
    Heard,
    History,
    Kind,
    Manner,
    PrState,
    PullRequest,
)
from gitops_bot.policy.schema import PromotionPolicy
from gitops_bot.ports import Cluster, Console, EnvironmentRepo, Forge, Metrics, Registry, Required

_LOOKS = 3
_JUST_NOW = timedelta(minutes=5)

CLOSED_FOR = timedelta(days=90)
"""How far back a person's no is looked for."""


@dataclass(slots=True)
class Memory:
    """What is kept between ticks to save requests; every part can be read again."""

    closed: dict[int, PullRequest] = field(default_factory=dict)
    closed_until: datetime | None = None
    bases: frozenset[str] = frozenset()
    """The branches besides the repository's base that policies write, as they were loaded last."""
    histories: dict[tuple[str, str], History] = field(default_factory=dict)
    """By policy's base and content, and base commit."""
    turns: dict[str, int] = field(default_factory=dict)
    """By policy: in which round the forge last did something for it."""
    silent: dict[int, datetime] = field(default_factory=dict)
    """By pull request: when it last changed, where no comment of that time waits for an answer."""


@dataclass(slots=True)
class Site:
    """One environment repository and the world around it, as adapters."""

    name: str
    base: str
    repo: EnvironmentRepo
    forge: Forge
    clusters: Mapping[str, Cluster]
    metrics: Mapping[str, Metrics]
    """By metrics server."""
    servers: Mapping[str, str]
    """The metrics server of each cluster."""
    identity: str
    """`Name <email>` of the bot's commits."""
    source: str = ""
    """Where its policies come from, as pull requests remember it."""
    prefix: str = PREFIX
    """What the bot's branches are below."""
    automation: tuple[str, ...] = ()
    """E-mail addresses of other machines that commit here."""
    registries: Mapping[str, Registry] = field(default_factory=dict)
    """By host."""
    consoles: Mapping[tuple[str, str], Console] = field(default_factory=dict)
    """By cluster and controller, `iter8` or `keel`."""
    selectors: Mapping[str, Mapping[Kind, str]] = field(default_factory=dict)
    """By cluster: the labels of the objects that are listed, of kinds of which not all are."""
    manner: Manner = field(default_factory=Manner)
    memory: Memory = field(default_factory=Memory)


@dataclass(slots=True)
class Sight:
    """What one tick has read that all policies share."""

    site: Site
    now: datetime
    refs: Mapping[str, str]
    """Branch → object name."""
    pulls: Sequence[PullRequest]
    objects: dict[tuple[str, Kind], Objects | ClusterError] = field(default_factory=dict)
    """By cluster and kind: one list each, however many policies."""
    told: dict[tuple[str, str, tuple[str, ...]], Any] = field(default_factory=dict)
    """By cluster, path and what was asked: what a console answered, or the error; once each, however many policies."""
    silent: dict[str, int] = field(default_factory=dict)
    """By metrics server: queries in a row that it did not answer."""
    as_of: datetime | None = None
    """The past is looked at as far as it can be: runs that began later are left out, and registries are not asked."""
    policies: Mapping[str, PromotionPolicy] = field(default_factory=dict)
    """Every policy of the repository that could be loaded, by name."""
    teams: dict[str, frozenset[str] | str] = field(default_factory=dict)
    """By team: its members, or why they are not known."""
    tags: dict[str, Sequence[str]] = field(default_factory=dict)
    """By image: one listing each, however many policies."""
    digests: dict[tuple[str, str], str] = field(default_factory=dict)
    """By image and tag; empty where the registry contradicts itself."""
    asks: Mapping[str, tuple[Ask, ...]] = field(default_factory=dict)
    """By policy: what people ask by a command, in the order in which they said it."""
    required: dict[str, Required | ForgeError] = field(default_factory=dict)
    """By base: what it asks for before a merge, or why that is not known."""
    heard: Mapping[str, tuple[Heard, ...] | str] = field(default_factory=dict)
    """By policy: commands in comments, or why they cannot be read."""
    writers: dict[str, bool] = field(default_factory=dict)
    """By person who commented: whether they may write to the repository."""
    troubles: dict[str, BotError] = field(default_factory=dict)
    """By policy: what could not be read in a cluster, or what the forge refuses; the run's exit code says so."""
    base: str = ""
    """The branch from which it is looked at; default: the repository's base, where the policies are."""

    def __post_init__(self) -> None:
        self.base = self.base or self.site.base

    def of(self, policy: PromotionPolicy) -> Sight:
        """The same, seen from the base of a policy."""
        return replace(self, base=policy.spec.base or self.site.base)

    @property
    def base_commit(self) -> str:
        """Where base is. Errors: RepositoryUnreachable."""
        if self.base not in self.refs:
            remedy = "Create it, or correct spec.base of the policy."
            raise RepositoryUnreachable(f"there is no branch {self.base}", where=self.site.name, remedy=remedy)
        return self.refs[self.base]

    @property
    def here(self) -> Sequence[PullRequest]:
        """The pull requests that go to base."""
        return [pull for pull in self.pulls if pull.base == self.base]


def look(site: Site, now: datetime) -> Sight:
    """Where the branches are and which pull requests there are. Errors: RepositoryError, ForgeError.

    Git is asked before the forge. What was merged between the two is on base and not yet in what git said: both again.
    """
    for _ in range(_LOOKS):
        known = {*site.memory.closed}
        refs, pulls = site.repo.refresh(site.memory.bases), _pulls(site, now)
        if not any(_just_merged(pull, now) for pull in pulls if pull.number not in known):
            break
    return Sight(site, now, refs, pulls)


def widened(site: Site, policies: Iterable[PromotionPolicy]) -> bool:
    """Whether policies write branches that were not looked at; the next look sees all of them."""
    named = frozenset(base for one in policies if (base := one.spec.base) and base != site.base)
    grown = not named <= site.memory.bases
    site.memory.bases = named
    return grown


def _just_merged(pull: PullRequest, now: datetime) -> bool:
    return pull.state is PrState.MERGED and pull.closed_at is not None and pull.closed_at > now - _JUST_NOW


def _pulls(site: Site, now: datetime) -> Sequence[PullRequest]:
    """Those of our policies, open and closed; the closed ones are remembered and only what is newer is asked for."""
    memory = site.memory
    since = memory.closed_until - timedelta(minutes=10) if memory.closed_until else now - CLOSED_FOR
    listed = site.forge.pull_requests(since)
    memory.closed |= {pull.number: pull for pull in listed if pull.state is not PrState.OPEN}
    still_open = {pull.number: pull for pull in listed if pull.state is PrState.OPEN}
    memory.closed_until = now
    memory.closed = {number: pull for number, pull in memory.closed.items() if number not in still_open}
    known = [*still_open.values(), *memory.closed.values()]
    return sorted((pull for pull in known if _concerns(site, pull)), key=lambda pull: -pull.number)


def _concerns(site: Site, pull: PullRequest) -> bool:
    """Whether it is of a policy of ours and goes to a base of ours, or went there once, as it remembers."""
    if not moved.policy_of(pull, site.prefix, site.source):
        return False
    if pull.base in {site.base, *site.memory.bases}:
        return True
    said = marker.read(pull.body)
    return pull.ours and (not said or said.source in ("", site.source))


def before(sight: Sight, policy: PromotionPolicy) -> Mapping[str, tuple[str, ...]]:
    """By environment: from which others its candidate comes, back to where a version begins its way."""
    found: dict[str, tuple[str, ...]] = {}
    waiting = [*policy.spec.soak_environments, *(policy.spec.candidate.environments or ())]
    while waiting:
        name = waiting.pop()
        if name not in found and name != policy.name:
            known = sight.policies.get(name)
            found[name] = (known.spec.candidate.environments or ()) if known else ()
            waiting += found[name]
    return found
