"""What people ask in comments: read where something was said, by those who may, bound to what they saw."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta

from gitops_bot.delivery import commands, identity, marker
from gitops_bot.delivery.gates.approvals import TEAM
from gitops_bot.errors import ForgeError, RateLimited
from gitops_bot.model import AskKind, Direction, Heard, PrState, PullRequest, Remark
from gitops_bot.observe.people import team
from gitops_bot.observe.sight import Sight
from gitops_bot.policy.commands import CommandName
from gitops_bot.policy.schema import PromotionPolicy
from gitops_bot.ports import ForgeOfCommands

_SETTLED = timedelta(seconds=30)
"""A forge's times are of whole seconds: something may still be said in the one that was seen."""
_AFTERWARDS = timedelta(hours=1)
"""So long after the bot closed one, what was asked on it before is still heard."""
_BOUND = (AskKind.PROMOTE, AskKind.ROLLBACK, AskKind.RESUME)
"""What lets more happen than would is bound to the head that the person saw."""
_REWRITTEN = "it was rewritten after that was asked: look at it again"


def heard(sight: Sight) -> Mapping[str, tuple[Heard, ...] | str]:
    """By policy: the commands in comments that were not answered yet, or why they cannot be read. Errors: RateLimited.

    One reading for all, and none where nothing changed since the last one.
    """
    forge = sight.site.forge
    if not isinstance(forge, ForgeOfCommands):
        return {}
    listened = {
        pull.number: (policy, pull)
        for policy in sight.policies.values()
        if policy.spec.commands.allow and not policy.spec.suspend
        for pull in _open_to_words(sight, policy)
        if not _silent(sight, pull)
    }
    if not listened:
        return {}
    try:
        remarks = forge.remarks(sorted(listened), commands.PREFIX)
        found = [(policy, one) for one in remarks for policy, pull in [listened[one.number]] if _command(one)]
        told: dict[str, tuple[Heard, ...] | str] = {}
        for policy, remark in sorted(found, key=lambda one: (one[1].at, one[1].name)):
            judged = _judged(sight, forge, policy, listened[remark.number][1], remark)
            told[policy.name] = (*told.get(policy.name, ()), judged)
    except RateLimited:
        raise
    except ForgeError as error:
        return {policy.name: f"commands in comments are not read: {error}" for policy, _ in listened.values()}
    waiting = {remark.number for _, remark in found}
    for number, (_, pull) in listened.items():
        if number not in waiting and sight.now - pull.updated_at > _SETTLED:
            sight.site.memory.silent[number] = pull.updated_at
    return told


def _outlives(closed: PullRequest, remark: Remark, kind: AskKind) -> bool:
    """A way back may have been asked for on the very pull request that is closed for it, by a bot that ended then."""
    if _by_bot(closed):
        return kind is AskKind.ROLLBACK and closed.closed_at is not None and remark.at <= closed.closed_at
    return kind is AskKind.REOPEN


def bound(told: tuple[Heard, ...] | str, landed: datetime | None) -> tuple[Heard, ...] | str:
    """The same, but for what was said before base itself changed what the step means, as by a newer candidate."""
    if isinstance(told, str):
        return told
    return tuple(
        Heard(one.remark, refusal=_REWRITTEN) if one.ask and _late(one.ask.kind, one.remark, landed) else one
        for one in told
    )


def _late(kind: AskKind, remark: Remark, changed: datetime | None) -> bool:
    return kind in _BOUND and changed is not None and remark.at <= changed


def _silent(sight: Sight, pull: PullRequest) -> bool:
    """Nothing was said since it was opened, or since it was last read."""
    settled = sight.now - pull.updated_at > _SETTLED
    known = sight.site.memory.silent.get(pull.number, pull.created_at)
    return settled and pull.updated_at == known


def _open_to_words(sight: Sight, policy: PromotionPolicy) -> Iterable[PullRequest]:
    """The open ones of ours; the newest of a branch where a person closed it, or the bot did a moment ago."""
    for direction in Direction:
        branch = identity.branch(policy.name, direction, sight.site.prefix)
        newest = next((pull for pull in sight.of(policy).here if pull.branch == branch), None)
        if newest is None or not newest.ours:
            continue
        late = newest.closed_at is not None and sight.now - newest.closed_at > _AFTERWARDS
        if newest.state is PrState.OPEN or (newest.state is PrState.CLOSED and not (late and _by_bot(newest))):
            yield newest


def _by_bot(closed: PullRequest) -> bool:
    said = marker.read(closed.body)
    return said is not None and bool(said.closed)


def _command(remark: Remark) -> commands.Command | str | None:
    return commands.read(remark.text, remark.author)


def _judged(sight: Sight, forge: ForgeOfCommands, policy: PromotionPolicy, pull: PullRequest, remark: Remark) -> Heard:
    """Who first: to those who may not ask, nothing is said."""
    if not _may_ask(sight, forge, policy, remark.author):
        return Heard(remark)
    command = _command(remark)
    if command is None or isinstance(command, str):
        return Heard(remark, refusal=command or "")
    refusal = _unbound(policy, pull, remark, command)
    return Heard(remark, refusal=refusal) if refusal else Heard(remark, command.ask)


def _may_ask(sight: Sight, forge: ForgeOfCommands, policy: PromotionPolicy, author: str) -> bool:
    """Named, where people are named, and in any case allowed to write."""
    named = policy.spec.commands.from_
    if named and not any(_is(sight, one, author.lower()) for one in named):
        return False
    if author not in sight.writers:
        sight.writers[author] = forge.may_write(author)
    return sight.writers[author]


def _is(sight: Sight, named: str, author: str) -> bool:
    if not named.startswith(TEAM):
        return named.lower() == author
    members = team(sight, named.removeprefix(TEAM))
    return not isinstance(members, str) and author in members


def _unbound(policy: PromotionPolicy, pull: PullRequest, remark: Remark, command: commands.Command) -> str:
    """Why a command is not for this pull request as it is now; empty when it is."""
    kind = command.ask.kind
    if CommandName(kind.value) not in policy.spec.commands.allow:
        return f"the policy does not allow {kind.value} in comments"
    if pull.state is not PrState.OPEN and not _outlives(pull, remark, kind):
        return "the bot closed it" if _by_bot(pull) else "it is closed: the one command for it is reopen"
    if pull.state is PrState.OPEN and kind is AskKind.REOPEN:
        return "it is open"
    if (until := command.ask.until) and until <= remark.at:
        return f"{until:%Y-%m-%d %H:%M} UTC was over already, and would hold nothing"
    back = identity.goes(pull.branch, Direction.ROLLBACK)
    if back and kind is AskKind.PROMOTE:
        return "this is the way back: merge it, or close it and ask on the promotion"
    if command.head and not pull.head.startswith(command.head):
        return f"its head is {pull.head[:12]} now: look at it again"
    return _REWRITTEN if _late(kind, remark, remark.pushed_at) else ""
