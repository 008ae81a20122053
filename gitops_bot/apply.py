"""The only stage that writes through ports. Every write is compared and swapped; a retry after a crash is a no-op."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from gitops_bot.errors import BotError, ForgeError, ForgeUnreachable, PushRejected, RateLimited, RepositoryError
from gitops_bot.model import (
    Action,
    Answer,
    ClosePr,
    Comment,
    DeleteBranch,
    DequeuePr,
    Effect,
    EnqueuePr,
    HoldPr,
    MergePr,
    Notify,
    OpenPr,
    Plan,
    Proposal,
    PullRequest,
    Receipt,
    ReceiptState,
    ResumePr,
    SetStatus,
    UpdatePr,
    Vouch,
)
from gitops_bot.opening import Openings
from gitops_bot.ports import (
    BranchUpdate,
    EnvironmentRepo,
    Forge,
    ForgeOfCommands,
    ForgeThatQueues,
    Merged,
    Notifier,
    NotReady,
    Pushed,
    TidyRepo,
)


@dataclass(slots=True)
class Outcome:
    """What became of the plans."""

    receipts: list[Receipt] = field(default_factory=list)
    failures: list[tuple[str, BotError]] = field(default_factory=list)
    """By policy."""


SILENT = 2
"""So many policies in a row without an answer, and the forge is left alone until the next tick."""

Stopping = Callable[[], bool]
"""Asked between two actions: whether to leave off at a safe step."""


@dataclass(slots=True)
class _Run:
    """What the actions of one apply share."""

    repo: EnvironmentRepo
    forge: Forge
    pushed: Mapping[str, Pushed]
    """By branch."""
    openings: Openings
    gone: list[tuple[str, BranchUpdate]] = field(default_factory=list)
    """A policy and the branch of its that is deleted in the end."""
    waiting: set[int] = field(default_factory=set)
    """Pull requests that the forge does not merge yet."""
    merged: set[str] = field(default_factory=set)
    """What our own merges made of base."""
    notifiers: Mapping[str, Notifier] = field(default_factory=dict)
    deaf: set[str] = field(default_factory=set)
    """Notifiers that took nothing: they are left alone until the next tick."""


def apply(
    plans: Sequence[Plan],
    repo: EnvironmentRepo,
    forge: Forge,
    stopping: Stopping,
    notifiers: Mapping[str, Notifier] | None = None,
) -> Outcome:
    """Push all in one go, then act on the forge, rollbacks first. One policy's failure stays its own."""
    outcome = Outcome()
    if isinstance(repo, TidyRepo):
        outcome.failures += _tidy(repo)
    ordered = sorted((plan for plan in plans if plan.actions), key=lambda plan: not plan.step.urgent)
    if not ordered or stopping():
        return outcome
    going = _out_of_queue(ordered, forge, outcome)
    pushed = _push(going, repo)
    openings = Openings(going, forge, lambda action: _head(action, pushed), stopping)
    run = _Run(repo, forge, pushed, openings, notifiers=notifiers or {})
    if _act_in_turn(going, run, stopping, outcome):
        outcome.failures += _delete(run)
    return outcome


def _act_in_turn(plans: Sequence[Plan], run: _Run, stopping: Stopping, outcome: Outcome) -> bool:
    """Plan by plan; False: it left off, and what was begun was ended."""
    silent, stopped = 0, False
    for plan in plans:
        try:
            for action in plan.actions:
                if not run.openings.is_begun(action) and (stopped := stopped or stopping()):
                    break
                outcome.receipts.append(_act(plan, action, run, outcome.receipts))
                silent = 0
        except (ForgeError, RepositoryError) as error:
            outcome.failures.append((plan.policy, error))
            silent = silent + 1 if isinstance(error, ForgeUnreachable) else 0
            if isinstance(error, RateLimited) or silent == SILENT:
                outcome.receipts += _without_a_turn(plans, run)
                break  # nothing more is sent in this tick
    return not stopped


def _tidy(repo: TidyRepo) -> list[tuple[str, BotError]]:
    """What a run that was killed left behind; it is nothing that a decision was about."""
    try:
        left = [one for one in repo.tidy() if one.rejected]
    except RepositoryError as error:
        return [("branches left over", error)]
    remedy = "Let the bot's user delete its branches; the next tick tries again."
    return [("branches left over", PushRejected(one.rejected, where=one.branch, remedy=remedy)) for one in left]


def _out_of_queue(plans: Sequence[Plan], forge: Forge, outcome: Outcome) -> Sequence[Plan]:
    """The plans that may go on: before anything is pushed, the forge stops merging by itself what it must not."""
    going: list[Plan] = []
    silent = 0
    for plan in plans:
        try:
            for action in plan.actions:
                if isinstance(action, DequeuePr) and isinstance(forge, ForgeThatQueues):
                    forge.dequeue(action.number)
            going.append(plan)
        except ForgeError as error:
            outcome.failures.append((plan.policy, error))
            silent += isinstance(error, ForgeUnreachable)
            if isinstance(error, RateLimited) or silent == SILENT:
                return []
    return going


def _delete(run: _Run) -> list[tuple[str, BotError]]:
    """Branches that have served. One that moved or is gone already is left; what was done before stays done."""
    try:
        if run.gone:
            run.repo.push([update for _, update in run.gone])
    except RepositoryError as error:
        return [(policy, error) for policy in dict.fromkeys(policy for policy, _ in run.gone)]
    return []


def _push(plans: Sequence[Plan], repo: EnvironmentRepo) -> Mapping[str, Pushed]:
    updates = [update for plan in plans for action in plan.actions for update in _updates(action)]
    return {one.branch: one for one in repo.push(updates)} if updates else {}


def _updates(action: Action) -> Iterator[BranchUpdate]:
    if isinstance(action, OpenPr | UpdatePr) and not action.current:
        proposal = action.proposal
        files = {change.path: change.after for change in proposal.changes}
        to = (proposal.base_commit, files, proposal.message, proposal.commit)
        yield BranchUpdate(proposal.branch, action.expected, *to)


def _head(action: OpenPr | UpdatePr, pushed: Mapping[str, Pushed]) -> str:
    """The commit that the action is about. Errors: PushRejected."""
    if action.current:
        assert action.expected is not None  # what is current exists
        return action.expected
    result = pushed[action.proposal.branch]
    if result.rejected:
        raise PushRejected(result.rejected, where=result.branch, remedy="The next tick looks again.")
    return result.oid


def _act(plan: Plan, action: Action, run: _Run, done: Sequence[Receipt]) -> Receipt:
    return _notify(plan, action, run, done) if isinstance(action, Notify) else _effect(plan, action, run)


def _effect(plan: Plan, action: Effect, run: _Run) -> Receipt:
    match action:
        case OpenPr():
            return _open(plan, action, run)
        case UpdatePr():
            return _update(plan, action, run.forge, _head(action, run.pushed))
        case MergePr():
            return _merge(plan, action, run)
        case EnqueuePr():
            return _enqueue(plan, action, run)
        case DequeuePr():  # that was done before anything was pushed
            return _receipt(plan, "dequeue", number=action.number, detail=plan.step.reason)
        case Vouch():
            run.forge.set_status(action.commit, action.status)
            return _receipt(plan, "vouch", number=action.number, facts={"commit": action.commit})
        case ClosePr():
            return _close(plan, action, run)
        case Comment() | HoldPr() | ResumePr() | Answer():
            return _say(plan, action, run)
        case DeleteBranch():
            run.gone.append((plan.policy, _deletion(action.branch, action.head)))
            return _receipt(plan, "delete", number=action.number, detail=f"{action.branch} has served")
        case SetStatus():
            # The body remembers the status, so the status comes first: a crash between the two is done again.
            run.forge.set_status(action.head, action.status, action.branch)
            run.forge.update(action.number, body=action.body)
            return _receipt(plan, "refresh", number=action.number, detail=action.status.description)


def _say(plan: Plan, action: Comment | HoldPr | ResumePr | Answer, run: _Run) -> Receipt:
    match action:
        case Comment():
            run.forge.comment(action.number, action.text, key=action.key)
            warnings = run.forge.decorate(action.number, labels=(action.label,), reviewers=())
            return _receipt(plan, "comment", number=action.number, detail="; ".join(warnings))
        case HoldPr():
            warnings = run.forge.decorate(action.number, labels=(action.label,), reviewers=())
            run.forge.comment(action.number, action.comment, key=action.key)
            state = ReceiptState.NOT_READY if warnings else ReceiptState.DONE
            return _receipt(plan, "hold", state=state, number=action.number, detail="; ".join(warnings))
        case ResumePr():
            run.forge.unlabel(action.number, action.labels)
            run.forge.update(action.number, body=action.body)
            return _receipt(plan, "resume", number=action.number, detail=", ".join(action.labels))
        case Answer():
            return _answered(plan, action, run)


def _receipt(
    plan: Plan,
    action: str,
    *,
    state: ReceiptState = ReceiptState.DONE,
    detail: str = "",
    number: int | None = None,
    url: str = "",
    facts: Mapping[str, str] | None = None,
) -> Receipt:
    return Receipt(plan.policy, action, state, detail, number, url, facts or {})


def _facts(proposal: Proposal, head: str) -> Mapping[str, str]:
    return {"step": proposal.step.value, "branch": proposal.branch, "head": head, "proposal": proposal.key}


def _open(plan: Plan, action: OpenPr, run: _Run) -> Receipt:
    proposal, forge = action.proposal, run.forge
    pull = run.openings.take(plan, action)
    if not pull.ours:
        told = f"somebody else opened #{pull.number} from {pull.branch} meanwhile"
        return _receipt(plan, "open", state=ReceiptState.SKIPPED, detail=told)
    warnings = forge.decorate(pull.number, labels=proposal.labels, reviewers=proposal.reviewers)
    # Until now it says that they are owed; or it was open already, and a crash came between two ticks' writes. Forges
    # take white space off the end.
    if pull.body.rstrip() != proposal.body.rstrip():
        forge.update(pull.number, title=proposal.title, body=proposal.body)
    return _opening(plan, action, pull, run, "; ".join(warnings))


def _opening(plan: Plan, action: OpenPr, pull: PullRequest, run: _Run, detail: str) -> Receipt:
    facts = _facts(action.proposal, _head(action, run.pushed))
    return _receipt(plan, "open", number=pull.number, url=pull.url, detail=detail, facts=facts)


def _without_a_turn(plans: Sequence[Plan], run: _Run) -> Iterator[Receipt]:
    """What is open by now, although the forge is left alone before its plan had its turn."""
    for plan, action, pull in run.openings.left(plans):
        if pull.ours:
            yield _opening(plan, action, pull, run, "labels and reviewers follow")


def _update(plan: Plan, action: UpdatePr, forge: Forge, head: str) -> Receipt:
    proposal = action.proposal
    forge.set_status(head, action.status, proposal.branch)
    if action.comment:
        forge.comment(action.number, action.comment, key=proposal.key)
    warnings: Sequence[str] = ()
    if action.bare:
        warnings = forge.decorate(action.number, labels=proposal.labels, reviewers=proposal.reviewers)
    forge.update(action.number, title=proposal.title, body=proposal.body)
    detail = "; ".join([*([action.comment] if action.comment else []), *warnings])
    return _receipt(plan, "update", number=action.number, detail=detail, facts=_facts(proposal, head))


def _merge(plan: Plan, action: MergePr, run: _Run) -> Receipt:
    result = _base_moved(plan, run) or run.forge.merge(action.number, head=action.head, title=action.title)
    if isinstance(result, NotReady):
        run.waiting.add(action.number)
        return _receipt(plan, "merge", state=ReceiptState.NOT_READY, detail=result.reason, number=action.number)
    run.merged.add(result.commit)
    run.gone.append((plan.policy, _deletion(action.branch, action.head)))
    facts = {"head": action.head, "commit": result.commit}
    return _receipt(plan, "merge", number=action.number, facts=facts)


def _enqueue(plan: Plan, action: EnqueuePr, run: _Run) -> Receipt:
    result = _base_moved(plan, run) or _queued(action, run.forge)
    if isinstance(result, NotReady):
        return _receipt(plan, "enqueue", state=ReceiptState.NOT_READY, detail=result.reason, number=action.number)
    if isinstance(result, Merged):  # nothing was left to wait for
        run.merged.add(result.commit)
        run.gone.append((plan.policy, _deletion(action.branch, action.head)))
    return _receipt(plan, "enqueue", number=action.number, facts={"head": action.head})


def _queued(action: EnqueuePr, forge: Forge) -> Merged | NotReady | None:
    if not isinstance(forge, ForgeThatQueues):
        return NotReady("this forge does not merge by itself")
    return forge.enqueue(action.number, head=action.head, title=action.title)


def _base_moved(plan: Plan, run: _Run) -> NotReady | None:
    """The verdict was on branches as they were read: what others put there since is to be looked at first."""
    read = {plan.base: plan.base_commit, **plan.beside}
    now = run.repo.refresh(read.keys())
    moved = next((base for base, commit in read.items() if now.get(base) not in {commit, *run.merged}), "")
    return NotReady(f"{moved} moved meanwhile: the next tick looks again") if moved else None


def _answered(plan: Plan, action: Answer, run: _Run) -> Receipt:
    forge = run.forge
    assert isinstance(forge, ForgeOfCommands)  # else nothing was heard
    if action.merges and action.number in run.waiting:
        waits = "it is asked for again in the next tick"
        return _receipt(plan, "answer", state=ReceiptState.NOT_READY, number=action.number, detail=waits)
    if action.text:
        forge.comment(action.number, action.text, key=f"answer-{action.remark}")
    forge.react(action.number, action.remark, action.reaction)
    return _receipt(plan, "answer", number=action.number, detail=action.reaction.value)


def _close(plan: Plan, action: ClosePr, run: _Run) -> Receipt:
    forge = run.forge
    forge.update(action.number, body=action.body)
    forge.decorate(action.number, labels=("gitops-bot/closed",), reviewers=())
    # Said while it is open: once it is closed, nobody comes back to say it.
    forge.comment(action.number, action.comment, key=f"closed-{action.head[:12]}")
    forge.close(action.number)
    if action.delete_branch:
        run.gone.append((plan.policy, _deletion(action.delete_branch, action.head)))
    return _receipt(plan, "close", number=action.number, detail=action.reason)


def _notify(plan: Plan, action: Notify, run: _Run, done: Sequence[Receipt]) -> Receipt:
    """Tell every notifier once. The body remembers it only when one of them took it."""
    cause = next((one for one in reversed(done) if _caused(plan, action, one)), None)
    if action.after and cause is None:
        return _receipt(plan, "notify", state=ReceiptState.SKIPPED, detail=f"{action.after} was not done")
    url = action.url or (cause.url if cause else "")
    text = "\n".join(one for one in (action.text, url) if one)
    refused = {name: why for name in action.to if (why := _tell(run, name, action, text))}
    told = len(refused) < len(action.to)
    if told and action.body and action.number is not None:
        run.forge.update(action.number, body=action.body)
    state = ReceiptState.DONE if told else ReceiptState.NOT_READY
    why = "; ".join(f"{name}: {why}" for name, why in refused.items())
    detail = f"{action.event}: {why}" if why else action.event
    return _receipt(plan, "notify", state=state, number=action.number, detail=detail)


def _caused(plan: Plan, action: Notify, one: Receipt) -> bool:
    same = action.number is None or one.number == action.number
    return one.policy == plan.policy and one.action == action.after and one.state is ReceiptState.DONE and same


def _tell(run: _Run, name: str, action: Notify, text: str) -> str:
    """Empty, or why nobody was told."""
    notifier = run.notifiers.get(name)
    if notifier is None:
        return "no such notifier"
    if name in run.deaf:
        return "it took nothing before in this tick"
    why = notifier.tell(action.title, text or action.title, tone=action.tone.value)
    if why:
        run.deaf.add(name)
    return why


def _deletion(branch: str, head: str) -> BranchUpdate:
    return BranchUpdate(branch, head, parent="", files={})
