"""Base, its history, and the bot's branches."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from itertools import product

from gitops_bot import edits
from gitops_bot.delivery import identity
from gitops_bot.errors import EditError
from gitops_bot.model import (
    BranchView,
    Commit,
    Direction,
    Head,
    History,
    Moment,
    PullRequest,
    Slots,
)
from gitops_bot.observe import borrowing
from gitops_bot.observe.sight import Sight, Site, before
from gitops_bot.policy import stopfile
from gitops_bot.policy.schema import PromotionPolicy
from gitops_bot.ports import EnvironmentRepo

LONGEST_HISTORY = 200
"""Commits that touched a policy's files; what lies further back is not read."""


def prefetch(sight: Sight, policies: Sequence[PromotionPolicy]) -> None:
    """Fetch every blob that the decisions will read, in one request: at base, at the bot's branches, in history."""
    wanted = {(sight.base_commit, stopfile.PATH)}
    named = {name for policy in policies for name in before(sight, policy)}
    others = [sight.policies[name] for name in sorted(named) if name in sight.policies]
    for policy in {one.name: one for one in (*policies, *others)}.values():
        view = sight.of(policy)
        if view.base not in view.refs:  # nothing of it can be read, which is told where it is decided
            continue
        paths = edits.candidates(policy.spec.edits)
        branches = [sight.refs[name] for name in branch_names(sight.site, policy).values() if name in sight.refs]
        past = () if _remembered(view, policy) in sight.site.memory.histories else _commits(view, policy)
        wanted |= {(view.base_commit, path) for path in borrowing.files(policy)}
        wanted |= set(product((view.base_commit, *branches, *(commit.oid for commit in past)), paths))
    sight.site.repo.prefetch(sorted(wanted))


def beside(sight: Sight, policy: PromotionPolicy) -> Mapping[str, str]:
    """Where the other branches are on which a decision rests: the policies' own, and those of environments before."""
    others = [sight.policies[name] for name in before(sight, policy) if name in sight.policies]
    bases = {sight.site.base, *(sight.of(one).base for one in others)} - {sight.base}
    return {base: sight.refs[base] for base in sorted(bases) if base in sight.refs}


def branch_names(site: Site, policy: PromotionPolicy) -> Mapping[Direction, str]:
    """The names of the bot's branches for a policy."""
    return {direction: identity.branch(policy.name, direction, site.prefix) for direction in Direction}


def of_policy(sight: Sight, policy: PromotionPolicy) -> tuple[PullRequest, ...]:
    """The policy's pull requests, below whatever prefix."""
    ways = tuple(f"/{policy.name}/{direction.value}" for direction in Direction)
    return tuple(pull for pull in sight.pulls if pull.branch.endswith(ways))


def branches(sight: Sight, policy: PromotionPolicy) -> Mapping[Direction, BranchView]:
    """The bot's branches that there are, and what they hold."""
    repo = sight.site.repo
    names = branch_names(sight.site, policy)
    present = {direction: sight.refs[name] for direction, name in names.items() if name in sight.refs}
    if policy.spec.by == "branch":  # that one is no commit of ours, and maybe a long way from base
        present.pop(Direction.PROMOTE, None)
    heads = {direction: repo.head(oid, sight.base_commit) for direction, oid in present.items()}
    return {direction: _view(repo, head) for direction, head in heads.items()}


def _view(repo: EnvironmentRepo, head: Head) -> BranchView:
    # A branch that shares no history with base left it nowhere.
    own = [commit.oid for commit in head.commits if len(commit.parents) < 2]
    at_own = own[0] if len(own) == 1 else head.oid
    return BranchView(head, repo.tree(head.fork or head.oid), repo.tree(at_own), repo.tree(head.oid))


def _remembered(sight: Sight, policy: PromotionPolicy) -> tuple[str, str]:
    return sight.base + policy.model_dump_json(include={"spec": {"edits"}}), sight.base_commit


def history(sight: Sight, policy: PromotionPolicy) -> History:
    """The commits that touched the policy's files, newest first, with what they said."""
    memory, known = sight.site.memory.histories, _remembered(sight, policy)
    if known not in memory:
        for old in [key for key in memory if key[0] == known[0]]:
            del memory[old]
        memory[known] = _read_history(sight, policy)
    return memory[known]


def _commits(sight: Sight, policy: PromotionPolicy) -> Sequence[Commit]:
    """The newest commits that touched the policy's files, one more than is read."""
    return sight.site.repo.log(sight.base_commit, edits.candidates(policy.spec.edits))[: LONGEST_HISTORY + 1]


def _read_history(sight: Sight, policy: PromotionPolicy) -> History:
    commits = _commits(sight, policy)
    moments: list[Moment] = []
    at = None
    for commit in reversed(commits[:LONGEST_HISTORY]):
        at = min(max(commit.at, at or commit.at), sight.now)
        moments.append(_moment(sight.site, policy, commit, at))
    return History(tuple(reversed(moments)), complete=len(commits) <= LONGEST_HISTORY)


def _moment(site: Site, policy: PromotionPolicy, commit: Commit, at: datetime) -> Moment:
    slots: Slots | None
    try:
        slots = edits.read(policy.spec.edits, site.repo.tree(commit.oid))
    except EditError:  # the place did not exist yet, or the file was broken for a while
        slots = None
    return Moment(commit.oid, at, slots, _by_person(site, commit), commit.author)


def _by_person(site: Site, commit: Commit) -> bool:
    email = commit.author.rpartition("<")[2].rstrip(">")
    return commit.author != site.identity and "[bot]" not in commit.author and email not in site.automation
