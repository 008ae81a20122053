"""What people are told elsewhere: a change of state, said once. Pure: the actions of a tick → notifications.

What the bot does itself is told right after it was done, and only then: a crash in between leaves it untold. How a pull
request ended is read from the forge, told, and then remembered in its marker: a crash in between tells it twice.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import timedelta

from gitops_bot.delivery import marker
from gitops_bot.delivery.actions import FOREIGN_LABEL, Situation
from gitops_bot.delivery.text import cut, one_line
from gitops_bot.model import (
    Action,
    ClosePr,
    Comment,
    Direction,
    HoldPr,
    Notify,
    NotifyTone,
    OpenPr,
    PrState,
    PullRequest,
    SetStatus,
    UpdatePr,
)

LATE = timedelta(days=1)
"""What ended longer ago is no news, as when a policy begins to notify."""


def notices(situation: Situation, actions: Sequence[Action], to: tuple[str, ...]) -> tuple[Notify, ...]:
    """Those of one policy's tick; none where nobody is to be told."""
    if not to:
        return ()
    followed = [told for action in actions for told in _after(situation, action, to)]
    ended = [told for pull in situation.pulls for told in _ended(situation, pull, to)]
    return (*followed, *ended)


def _after(situation: Situation, action: Action, to: tuple[str, ...]) -> Iterator[Notify]:
    reason = situation.step.reason
    match action:
        case OpenPr(proposal=proposal) if proposal.direction is Direction.ROLLBACK:
            yield _told(to, "rollback", f"rolling back: {proposal.title}", reason, NotifyTone.FAILURE, after="open")
        case OpenPr(proposal=proposal):
            yield _told(to, "opened", f"opened: {proposal.title}", reason, after="open")
        case UpdatePr(proposal=proposal, comment=comment, number=number) if comment:
            title = f"now proposes: {proposal.title}"
            yield _told(to, "rewritten", title, reason, after="update", number=number)
        case ClosePr(reason=why, number=number):
            yield _told(to, "closed", f"closed: {situation.policy}", why, NotifyTone.WARNING, "close", number)
        case HoldPr(number=number, comment=comment):
            yield _told(to, "held", f"held: {situation.policy}", comment, NotifyTone.WARNING, "hold", number)
        case Comment(number=number, text=text, label=label) if label == FOREIGN_LABEL:
            title = f"commits by others: {situation.policy}"
            yield _told(to, "foreign", title, text, NotifyTone.WARNING, "comment", number)
        case SetStatus(number=number, body=body):
            yield from _late(situation, number, body, to)
        case _:
            pass


def _late(situation: Situation, number: int, body: str, to: tuple[str, ...]) -> Iterator[Notify]:
    """A body that begins to remember that the deadline has passed."""
    pull = next((one for one in situation.pulls if one.number == number), None)
    was, now = marker.read(pull.body if pull else ""), marker.read(body)
    if now and now.state and not (was and was.state == now.state):
        title = f"{now.state}: {situation.policy}"
        yield _told(to, "deadline", title, situation.step.reason, NotifyTone.WARNING, "refresh", number)


def _ended(situation: Situation, pull: PullRequest, to: tuple[str, ...]) -> Iterator[Notify]:
    """A pull request of ours that was merged, or that a person closed, as long as that is news and was not told."""
    said = marker.read(pull.body)
    ended = pull.closed_at
    if not pull.ours or said is None or ended is None or situation.now - ended > LATE:
        return
    state = pull.state.value
    if said.told == state or pull.state is PrState.OPEN or (pull.state is PrState.CLOSED and said.closed):
        return
    tone = NotifyTone.SUCCESS if pull.state is PrState.MERGED else NotifyTone.WARNING
    text = "" if pull.state is PrState.MERGED else "A person closed it: the same step is not proposed again."
    title = f"{state}: {pull.title}"
    yield _told(to, state, title, text, tone, number=pull.number, url=pull.url, body=marker.telling(pull.body, state))


def _told(
    to: tuple[str, ...],
    event: str,
    title: str,
    text: str,
    tone: NotifyTone = NotifyTone.INFO,
    after: str = "",
    number: int | None = None,
    **more: str,
) -> Notify:
    return Notify(
        to, event, cut(one_line(title), 250), cut(one_line(text), 1000), tone, after=after, number=number, **more
    )
