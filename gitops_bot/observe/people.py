"""What the forge knows of an open promotion: checks, reviews, teams. A rollback waits for none of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar

from gitops_bot.delivery import identity
from gitops_bot.delivery.gates.approvals import TEAM
from gitops_bot.errors import ForgeError, RateLimited
from gitops_bot.model import CommitCheck, Direction, PrState, PullRequest, Review
from gitops_bot.observe.sight import Sight
from gitops_bot.policy.schema import PromotionPolicy
from gitops_bot.ports import ForgeOfPeople

_Told = TypeVar("_Told")


def promotion(pulls: Sequence[PullRequest]) -> PullRequest | None:
    """The open pull request of the promotion."""
    return _open(pulls, Direction.PROMOTE)


def _open(pulls: Sequence[PullRequest], direction: Direction) -> PullRequest | None:
    return next((one for one in pulls if identity.goes(one.branch, direction) and one.state is PrState.OPEN), None)


def checks(
    sight: Sight, policy: PromotionPolicy, pull: PullRequest | None
) -> Mapping[str, tuple[CommitCheck, ...] | str]:
    """Of each commit that the policy asks about. Errors: RateLimited."""
    asked = {sight.base_commit if one.on == "base" else pull.head if pull else "" for one in policy.spec.gates.statuses}
    return {commit: _commit_checks(sight, commit) for commit in sorted(asked - {""})}


def _commit_checks(sight: Sight, commit: str) -> tuple[CommitCheck, ...] | str:
    return _asked(sight, lambda forge: tuple(forge.checks(commit)))


def reviews(sight: Sight, policy: PromotionPolicy, pull: PullRequest | None) -> tuple[Review, ...] | str:
    """Of the open pull request, where the policy asks for approvals. Errors: RateLimited."""
    if pull is None or policy.spec.gates.approvals is None or policy.spec.gates.approvals.keel:
        return ()
    return _reviews(sight, pull)


def reviews_back(sight: Sight, policy: PromotionPolicy, pulls: Sequence[PullRequest]) -> tuple[Review, ...] | str:
    """Of the open rollback, where the policy asks for approvals of it. Errors: RateLimited."""
    pull = _open(pulls, Direction.ROLLBACK)
    return _reviews(sight, pull) if pull and policy.spec.rollback.approvals else ()


def _reviews(sight: Sight, pull: PullRequest) -> tuple[Review, ...] | str:
    number = pull.number
    return _asked(sight, lambda forge: tuple(forge.reviews(number)))


def members(sight: Sight, policy: PromotionPolicy, pulls: Sequence[PullRequest]) -> Mapping[str, frozenset[str] | str]:
    """Of each team whose approvals count now, by the name that the policy gives it. Errors: RateLimited."""
    asked = {Direction.PROMOTE: policy.spec.gates.approvals, Direction.ROLLBACK: policy.spec.rollback.approvals}
    counting = [one for way, one in asked.items() if one and _open(pulls, way)]
    teams = [name for one in counting for name in one.from_ if name.startswith(TEAM)]
    return {name: team(sight, name.removeprefix(TEAM)) for name in teams}


def team(sight: Sight, name: str) -> frozenset[str] | str:
    """Its members in lower case, or why they are not known; asked once in a tick, however many policies."""
    if name not in sight.teams:
        sight.teams[name] = _asked(sight, lambda forge: forge.members(name))
    return sight.teams[name]


def _asked(sight: Sight, ask: Callable[[ForgeOfPeople], _Told]) -> _Told | str:
    """The answer, or why there is none. Errors: RateLimited, which is everybody's trouble."""
    forge = sight.site.forge
    if not isinstance(forge, ForgeOfPeople):
        return "this forge cannot be asked for that"
    try:
        return ask(forge)
    except RateLimited:
        raise
    except ForgeError as error:
        return str(error)
