"""Which pull requests should exist, and what must be done so that they do. Pure: the forge's view → actions.

At most one open pull request per policy and direction; people's commits and closes win; nothing is rewritten when
nothing changed.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from gitops_bot.delivery import marker, queueing, refusals, served
from gitops_bot.delivery.gates.hold import NAME as HOLD
from gitops_bot.delivery.gates.hold import said as holder
from gitops_bot.delivery.identity import branch as branch_name
from gitops_bot.delivery.identity import status_context
from gitops_bot.delivery.text import code, cut, markdown, one_line
from gitops_bot.model import (
    PREFIX,
    Action,
    Ask,
    AskKind,
    ClosePr,
    Comment,
    CommitStatus,
    Direction,
    Gate,
    HoldPr,
    MergeMode,
    OpenPr,
    Proposal,
    PrState,
    PullRequest,
    ResumePr,
    SetStatus,
    StatusState,
    Step,
    StepKind,
    UpdatePr,
    Verdict,
    asked,
    asked_now,
)
from gitops_bot.policy.stopfile import PATH

FOREIGN_LABEL = "gitops-bot/foreign-commits"


@dataclass(frozen=True, slots=True)
class Branch:
    """One of the policy's branches, judged."""

    oid: str
    ours: bool
    """Nothing but the bot's own slot changes, and merges of base."""
    current: bool
    """Exactly what is proposed now, on a parent that fits."""
    brought_up: bool = False
    """Its head is a merge of base, made by somebody else: a commit that has no status yet."""


@dataclass(frozen=True, slots=True)
class Situation:
    """What the actions of one policy are chosen from."""

    policy: str
    step: Step
    proposal: Proposal | None
    """Of the step, or of the step that waits; None when nothing is wanted."""
    verdict: Verdict
    gates: Sequence[Gate]
    mode: MergeMode
    pulls: Sequence[PullRequest]
    branches: Mapping[Direction, Branch]
    landed: datetime | None
    now: datetime
    source: str = ""
    """Where the policy came from."""
    prefix: str = PREFIX
    """What the bot's branches are below."""
    asks: Sequence[Ask] = ()
    """What people asked, in the order in which they said it."""
    hold_labels: tuple[str, ...] = ()
    """Any of these holds a pull request."""
    unbound: str = ""
    """Why the forge must not merge by itself."""
    comes_from: str = ""
    """The branch whose commits its promotions are; empty: they are made by the bot."""
    strays: Sequence[PullRequest] = ()
    """Open ones of ours that go elsewhere than to base."""

    @property
    def shut(self) -> Gate | None:
        """The first closed gate."""
        return next((gate for gate in self.gates if not gate.open), None)

    @property
    def may_open(self) -> bool:
        """The step may be proposed now; gates that hold back the merge alone do not matter."""
        return self.step.kind is not StepKind.HOLD and all(gate.open or gate.merging for gate in self.gates)

    @property
    def permitted(self) -> bool:
        """The step itself may be delivered now, merge included."""
        return self.step.kind is not StepKind.HOLD and self.shut is None

    @property
    def forced(self) -> bool:
        """A person asks to merge it now; a way back is none of that."""
        going_back = self.proposal is not None and self.proposal.direction is Direction.ROLLBACK
        return not going_back and asked_now(self.asks, AskKind.PROMOTE) is not None

    def open_pull(self, direction: Direction) -> PullRequest | None:
        """The open pull request of a direction."""
        name = branch_name(self.policy, direction, self.prefix)
        return next((pull for pull in self.pulls if pull.branch == name and pull.state is PrState.OPEN), None)


@dataclass(frozen=True, slots=True)
class Chosen:
    """Actions, and what keeps others from being taken."""

    actions: tuple[Action, ...] = ()
    notes: tuple[str, ...] = ()


def choose(situation: Situation) -> Chosen:
    """The actions of one tick for one policy: what nothing wants is closed first."""
    wanted = situation.proposal.direction if situation.proposal else None
    chosen = [_direction(situation, direction) for direction in sorted(Direction, key=lambda one: one is wanted)]
    chosen = [Chosen((*queueing.leave(situation),)), *chosen, _holds_nothing(situation)]
    return Chosen(
        tuple(action for one in chosen for action in one.actions), tuple(note for one in chosen for note in one.notes)
    )


def _holds_nothing(situation: Situation) -> Chosen:
    """A hold that no label can bear holds this run alone, and that is said."""
    word = asked(situation.asks, AskKind.HOLD)
    if word is None or (situation.open_pull(Direction.PROMOTE) and situation.hold_labels):
        return Chosen()
    why = "no promotion is open to bear the label" if situation.hold_labels else "the policy has no label for it"
    return Chosen(notes=(f"{word.by}'s hold does not last, {why}: put {PATH} on base",))


def digest(situation: Situation) -> str:
    """Over step, slots, verdict, each check's result, the gates; not over figures."""
    step = situation.step
    said = [
        situation.proposal.key if situation.proposal else "",
        step.kind.value,
        situation.verdict.outcome.value,
        [(check.name, check.outcome.value) for check in situation.verdict.checks],
        [(gate.name, "" if gate.open else f"{gate.reason} {gate.until}") for gate in situation.gates],
        list(step.cautions),
    ]
    return hashlib.sha256(json.dumps(said).encode()).hexdigest()[:16]


def text_digest(text: str) -> str:
    """Over a body as it stands."""
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def signed(situation: Situation, text: str) -> str:
    """A body with its marker."""
    assert situation.proposal is not None
    return marker.write(
        marker.Marker(
            policy=situation.policy,
            key=situation.proposal.key,
            digest=digest(situation),
            text=text_digest(text),
            hour=f"{situation.now:%Y-%m-%dT%H}",
            source=situation.source,
            state="deadline passed" if any(one.name == "deadline" for one in situation.verdict.checks) else "",
        ),
        text,
    )


def status(situation: Situation) -> CommitStatus:
    """What the commit status says: success only where this very tick would let the step pass."""
    if situation.permitted:
        return _status(situation, StatusState.SUCCESS, f"{situation.step.kind.value}: {situation.step.reason}")
    why = _waits_for(situation.shut) if situation.shut else situation.step.reason
    return _status(situation, StatusState.PENDING, why)


def _waits_for(gate: Gate) -> str:
    """A closed gate in one line; what is cut is its reason, not the time at which it may open."""
    until = f" (until {gate.until:%Y-%m-%d %H:%M} UTC)" if gate.until else ""
    return f"{cut(one_line(f'{gate.name}: {gate.reason}'), 140 - len(until))}{until}"


def _status(situation: Situation, state: StatusState, description: str) -> CommitStatus:
    return CommitStatus(status_context(situation.policy), state, cut(one_line(description), 140))


# ---------------------------------------------------------------- one direction


def _direction(situation: Situation, direction: Direction) -> Chosen:
    name = branch_name(situation.policy, direction, situation.prefix)
    if stray := next((pull for pull in situation.strays if pull.branch == name), None):
        return _strayed(situation, stray)
    pull = situation.open_pull(direction)
    proposal = situation.proposal
    if proposal is None or proposal.direction is not direction:
        return _retire(situation, direction, pull) if pull else Chosen(_served(situation, direction))
    if pull is None:
        return _open(situation, proposal) if situation.may_open else _not_opened(situation, direction)
    if not pull.ours:
        return Chosen(notes=(f"#{pull.number} from {pull.branch} was opened by somebody else",))
    stays = _left_alone(situation, direction, pull) or _held(situation, pull)
    if stays:
        return stays
    freed = _let_go(situation, pull)
    pursued = _pursue(situation, proposal, replace(pull, body=freed.body) if freed else pull)
    return Chosen((*([freed] if freed else ()), *pursued.actions), pursued.notes)


def _strayed(situation: Situation, pull: PullRequest) -> Chosen:
    """Whose base somebody changed is theirs: the branch is not rewritten under it, and no other one is opened."""
    note = f"#{pull.number} goes to {pull.base}, which is not the policy's base: give it that again, or close it"
    pending = told(situation, pull, note, digest=text_digest(f"stray {pull.base} {digest(situation)}"))
    return Chosen(tuple(pending), (note,))


def _held(situation: Situation, pull: PullRequest) -> Chosen | None:
    """What people hold by a label stays as it is, and its status says so."""
    hold = next((gate for gate in situation.gates if gate.name == HOLD and not gate.open), None)
    if hold is None:
        return None
    word = asked(situation.asks, AskKind.HOLD)
    if word and situation.hold_labels:
        return Chosen(tuple(_labelled(situation, pull, word, hold)), (hold.reason,))
    return Chosen(tuple(told(situation, pull, f"{hold.name}: {hold.reason}", digest=digest(situation))), (hold.reason,))


def _labelled(situation: Situation, pull: PullRequest, word: Ask, hold: Gate) -> Iterator[Action]:
    """The label first: it is what holds; the body only remembers for whom."""
    label = situation.hold_labels[0]
    text = f"{markdown(holder(word, timed=True))}. Take the label {code(label)} off to let it go on."
    key = f"held-{pull.head[:12]}-{text_digest(text)}"
    yield HoldPr(pull.number, label, text, key)
    pending = _status(situation, StatusState.PENDING, _waits_for(hold))
    body = marker.remembering(pull.body, digest=marker.counted(digest(situation), pull.pipeline))
    body = marker.holding(body, holder(word), word.until)
    yield SetStatus(pull.head, pending, pull.number, body, pull.branch)


def _let_go(situation: Situation, pull: PullRequest) -> ResumePr | None:
    """The labels of a hold that is over; the body says no more for whom it was."""
    borne = tuple(label for label in pull.labels if label in situation.hold_labels)
    ended = any(gate.name == HOLD and gate.open for gate in situation.gates)
    return ResumePr(pull.number, borne, marker.holding(pull.body, "", None)) if borne and ended else None


def _left_alone(situation: Situation, direction: Direction, pull: PullRequest) -> Chosen | None:
    """Commits of others are judged in git; a forge that shows another head is late, and gets another tick."""
    branch = situation.branches.get(direction)
    if branch and not branch.ours:
        return _foreign(situation, pull)
    if branch is None or branch.oid != pull.head:
        return Chosen(notes=(f"#{pull.number} shows another head than git: the next tick looks again",))
    return None


def _not_opened(situation: Situation, direction: Direction) -> Chosen:
    return Chosen(_served(situation, direction), _waiting(situation))


def _waiting(situation: Situation) -> tuple[str, ...]:
    return (f"{situation.shut.name}: {situation.shut.reason}",) if situation.shut else ()


def _served(situation: Situation, direction: Direction) -> tuple[Action, ...]:
    if (branch := situation.branches.get(direction)) is None or not branch.ours:
        return ()
    name = branch_name(situation.policy, direction, situation.prefix)
    return served.removal(name, branch.oid, situation.pulls, situation.gates)


def _open(situation: Situation, proposal: Proposal) -> Chosen:
    if refusal := refusals.peoples_no(situation, proposal):
        return Chosen(notes=(refusal,))
    branch = situation.branches.get(proposal.direction)
    if branch and not branch.ours:
        return Chosen(notes=(f"{proposal.branch} holds commits by others and no pull request: delete it to go on",))
    expected, current = (branch.oid, branch.current) if branch else (None, False)
    first = marker.owing(proposal.body) if proposal.labels or proposal.reviewers else ""
    return Chosen((OpenPr(proposal, expected, current, status(situation), first),))


def _foreign(situation: Situation, pull: PullRequest) -> Chosen:
    """Said once as a comment; the status goes on telling, on every head."""
    note = f"#{pull.number} holds commits by others: the bot neither pushes nor merges"
    said = told(situation, pull, note, digest=text_digest(f"foreign {pull.head} {digest(situation)}"))
    if FOREIGN_LABEL in pull.labels:
        return Chosen(tuple(said), (note,))
    whose, back = "Somebody else pushed to this branch", "take those commits off the branch"
    if situation.comes_from:
        source = code(situation.comes_from)
        whose = f"The head of this branch is no commit of {source}: somebody pushed to it, or {source} was rewritten"
        back = f"push a commit of {source} to it"
    text = (
        f"{whose}, so it is yours now: the bot neither pushes to it nor merges it. "
        f"To hand it back, {back}; to close this pull request is a no to the step."
    )
    return Chosen((Comment(pull.number, f"foreign-{pull.head[:12]}", text, FOREIGN_LABEL), *said), (note,))


def told(situation: Situation, pull: PullRequest, why: str, *, digest: str) -> Iterator[SetStatus]:
    """A pending status, where the body does not remember it yet."""
    said, digest = marker.read(pull.body), marker.counted(digest, pull.pipeline)
    if not said or said.digest != digest or said.closed:
        pending = _status(situation, StatusState.PENDING, why)
        body = marker.remembering(pull.body, digest=digest)
        yield SetStatus(pull.head, pending, pull.number, body, pull.branch)


# ---------------------------------------------------------------- an open pull request of ours


def _pursue(situation: Situation, proposal: Proposal, pull: PullRequest) -> Chosen:
    said = marker.read(pull.body)
    same_key = said is not None and said.key == proposal.key
    branch = situation.branches[proposal.direction]
    if same_key and branch.current:
        shown = _remember(situation, proposal, pull)
        merging = queueing.merge(situation, pull, proposal.title, status(situation))
        return Chosen((*shown.actions, *merging), (*shown.notes, *queueing.refused(situation)))
    if not situation.may_open and same_key:
        return _remember(situation, proposal, pull)
    if not situation.may_open and not branch.current:
        reason = f"superseded: base has changed, and the next step waits ({situation.step.reason})"
        return _close(situation, proposal.direction, pull, reason)
    comment = "" if same_key else f"This pull request now proposes: {markdown(proposal.title)}"
    if branch.current:  # nothing is pushed: the head stays
        proposal = replace(proposal, body=_of_this_head(situation, proposal, pull))
    bare = said is not None and bool(said.owes)
    return Chosen((UpdatePr(pull.number, proposal, pull.head, branch.current, status(situation), comment, bare),))


def _remember(situation: Situation, proposal: Proposal, pull: PullRequest) -> Chosen:
    """Refresh status and body when what matters changed, or the figures did and the hour is over."""
    said = marker.read(pull.body)
    body = _of_this_head(situation, proposal, pull)
    now_says = marker.read(body)
    notes = _waiting(situation)
    if said and said.owes:  # the bot was stopped between the two
        shown = replace(proposal, body=body)
        return Chosen((UpdatePr(pull.number, shown, pull.head, True, status(situation), bare=True),), notes)
    if said and now_says and said.digest == now_says.digest and not said.closed:
        stale = said.text != now_says.text and said.hour != now_says.hour
        if not stale:
            return Chosen(notes=notes)
    return Chosen((SetStatus(pull.head, status(situation), pull.number, body, pull.branch),), notes)


def _of_this_head(situation: Situation, proposal: Proposal, pull: PullRequest) -> str:
    """The body, remembering the head where that is not a commit of ours: each such head needs its status."""
    head = pull.head if situation.branches[proposal.direction].brought_up else ""
    return marker.remembering(proposal.body, digest=marker.counted(digest(situation), head, pull.pipeline))


# ---------------------------------------------------------------- a pull request that nothing wants


def _retire(situation: Situation, direction: Direction, pull: PullRequest) -> Chosen:
    if not pull.ours:
        return Chosen()
    if situation.step.blind:
        # What is open stays while something cannot be seen; its status says so.
        return Chosen(tuple(told(situation, pull, situation.step.reason, digest=digest(situation))))
    rolling_back = situation.step.kind is StepKind.ROLLBACK
    if not rolling_back and asked_now(situation.asks, AskKind.ROLLBACK):
        return Chosen(notes=(situation.step.reason,))  # there is nothing to go back to, and so nothing is done
    left_alone = None if rolling_back else _left_alone(situation, direction, pull)
    return left_alone or _close(situation, direction, pull, situation.step.reason)


def _close(situation: Situation, direction: Direction, pull: PullRequest, reason: str) -> Chosen:
    branch = situation.branches.get(direction)
    delete = pull.branch if branch and branch.ours and branch.oid == pull.head else ""
    return Chosen((closing(pull, reason, delete),))


def closing(pull: PullRequest, reason: str, delete_branch: str = "") -> ClosePr:
    """Close for a reason that people can read on the pull request, and the bot in its marker."""
    said = cut(one_line(reason), 300)
    body = marker.remembering(pull.body, closed=said)
    return ClosePr(pull.number, body, said, f"Closing: {markdown(said)}", delete_branch, pull.head)
