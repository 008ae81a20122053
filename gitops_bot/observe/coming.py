"""Of policies by branch: the commit that would bring what is proven, and where the branch for it is."""

from __future__ import annotations

from dataclasses import replace
from itertools import product

from gitops_bot import edits, strategy
from gitops_bot.edits import merging
from gitops_bot.model import Coming, Direction, Offer, Pointer, Readings, Slots, Version
from gitops_bot.observe.git import branch_names
from gitops_bot.observe.sight import Sight
from gitops_bot.policy.schema import PromotionPolicy


def coming(sight: Sight, policy: PromotionPolicy, slots: Slots, readings: Readings, version: Offer) -> Coming | None:
    """What a merge would bring of a version that does not stand here yet. Errors: RepositoryError."""
    source, repo = _source(sight, policy), sight.site.repo
    if source is None or not isinstance(version, Version) or (slots.stable and slots.stable.runs(version)):
        return None
    commit = strategy.environments.proven_by(policy.spec, readings, version, sight.now)
    if not commit:
        return None
    beyond = repo.beyond(commit, sight.base_commit)
    commits = [commit, *([beyond.fork] if beyond.fork else [])]
    repo.prefetch(list(product(commits, edits.candidates(policy.spec.edits))))
    at_fork = repo.tree(beyond.fork) if beyond.fork else None
    found = Coming(version, commit, source.base, beyond, repo.tree(commit), at_fork)
    return replace(found, more=merging.more(policy.spec.edits, found))


def pointer(sight: Sight, policy: PromotionPolicy) -> Pointer | None:
    """Where the branch for promotions is. Errors: RepositoryError."""
    source, name = _source(sight, policy), branch_names(sight.site, policy)[Direction.PROMOTE]
    if source is None or name not in sight.refs:
        return None
    oid = sight.refs[name]
    ours = source.base in sight.refs and sight.site.repo.on_line(oid, source.base_commit)
    return Pointer(oid, source.base, ours)


def _source(sight: Sight, policy: PromotionPolicy) -> Sight | None:
    """From where the commits of a policy by branch come."""
    if policy.spec.by != "branch":
        return None
    (name,) = policy.spec.candidate.environments or ("",)
    return sight.of(sight.policies[name]) if name in sight.policies else None
