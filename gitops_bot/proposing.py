"""What a decision proposes: the pull request as it should be, beside those and the branches that there are. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from gitops_bot import strategy
from gitops_bot.delivery import actions, body, identity
from gitops_bot.delivery import asked as heard
from gitops_bot.edits import ours
from gitops_bot.model import (
    AskKind,
    BranchView,
    Change,
    Direction,
    Facts,
    Gate,
    Hop,
    Proposal,
    Step,
    StepKind,
    Verdict,
    asked,
)
from gitops_bot.policy.schema import PromotionPolicy
from gitops_bot.strategy import State


def situation(
    policy: PromotionPolicy,
    facts: Facts,
    state: State,
    verdict: Verdict,
    step: Step,
    gated: Sequence[Gate],
    changes: Sequence[Change],
) -> actions.Situation:
    """What delivery acts on: the step, its gates and, where something is wanted, the pull request as it should be."""
    wanted = step.wanted
    mode = policy.spec.rollback.merge if wanted and wanted.urgent else policy.spec.pull_request.merge
    word = _word(state, wanted)
    proposal = _proposal(policy, facts, state, wanted, changes) if wanted else None
    found = actions.Situation(
        policy=policy.name,
        step=step,
        proposal=proposal,
        verdict=verdict,
        gates=gated,
        mode=mode,
        pulls=facts.pulls,
        branches=_branches(policy, facts, proposal, word),
        landed=state.landed,
        now=facts.now,
        source=facts.source,
        prefix=facts.prefix,
        asks=facts.asks,
        hold_labels=policy.spec.gates.hold.labels,
        unbound=facts.unbound,
        strays=facts.strays,
        comes_from=facts.pointer.source if facts.pointer else "",
    )
    if wanted is None or proposal is None:
        return found
    text = body.body(_page(policy, facts, state, found, changes))
    return replace(found, proposal=replace(proposal, body=actions.signed(found, text)))


def _page(
    policy: PromotionPolicy, facts: Facts, state: State, situation: actions.Situation, changes: Sequence[Change]
) -> body.Page:
    wanted = situation.step.wanted
    assert wanted is not None  # there is a proposal
    return body.Page(
        policy=policy,
        before=state.slots,
        step=wanted,
        verdict=situation.verdict,
        gates=situation.gates,
        changes=changes,
        mode=situation.mode,
        note="" if situation.permitted else actions.status(situation).description,
        base=facts.base,
        since=state.since if situation.verdict.checks and _tried_here(policy, state) else None,
        manner=facts.manner,
        path=_path(policy, facts, state),
        coming=facts.coming if situation.proposal and situation.proposal.commit else None,
        home=facts.home,
    )


def _tried_here(policy: PromotionPolicy, state: State) -> bool:
    """Whether the version on trial is one that git names here, or a controller: `since` is then its own time."""
    here = state.candidate in (state.slots.stable, state.slots.candidate)
    return here or policy.spec.candidate.told_by_experiment


def _path(policy: PromotionPolicy, facts: Facts, state: State) -> tuple[tuple[Hop, ...], ...]:
    """The way of the candidate through the environments before this one."""
    names = policy.spec.candidate.environments
    if not names or state.candidate is None:
        return ()
    return strategy.environments.path(names, facts.readings, state.candidate, facts.now)


def _word(state: State, wanted: Step | None) -> str:
    """What the commit must remember of a person's word, so that its pull request stays while it is open."""
    if wanted is None:
        return ""
    back = asked(state.asks, AskKind.ROLLBACK) if wanted.kind is StepKind.ROLLBACK else None
    word = back or state.by_word
    return heard.trailer(word, state.candidate) if word else ""


def _proposal(policy: PromotionPolicy, facts: Facts, state: State, wanted: Step, changes: Sequence[Change]) -> Proposal:
    direction = identity.direction(wanted)
    key = identity.key(policy, facts.base, state.candidate, state.slots, wanted)
    title = identity.title(policy, state.slots, wanted)
    delivery = policy.spec.pull_request
    return Proposal(
        policy=policy.name,
        direction=direction,
        step=wanted.kind,
        key=key,
        branch=identity.branch(policy.name, direction, facts.prefix),
        base=facts.base,
        base_commit=facts.tree.commit,
        title=title,
        body="",
        message=identity.message(
            policy,
            state.slots,
            wanted,
            key,
            asked=_word(state, wanted),
            signed_off_by=facts.identity if facts.manner.sign_off else "",
        ),
        labels=delivery.labels,
        reviewers=delivery.reviewers,
        draft=delivery.draft and not wanted.urgent,
        changes=tuple(changes),
        commit=facts.coming.commit if facts.coming and direction is Direction.PROMOTE else "",
    )


# ---------------------------------------------------------------- ours or foreign


def _branches(
    policy: PromotionPolicy, facts: Facts, proposal: Proposal | None, word: str
) -> Mapping[Direction, actions.Branch]:
    proposed = {change.path: (change.before, change.after) for change in proposal.changes} if proposal else {}
    pointer, commit = facts.pointer, proposal.commit if proposal else ""
    found = {Direction.PROMOTE: actions.Branch(pointer.oid, pointer.ours, pointer.oid == commit)} if pointer else {}
    return found | {
        direction: actions.Branch(
            oid=view.head.oid,
            ours=ours.ours(policy.spec.edits, facts.identity, view),
            current=bool(proposed) and view.head.files == proposed and _remembers(view, word),
            brought_up=any(len(commit.parents) > 1 for commit in view.head.commits),
        )
        for direction, view in facts.branches.items()
    }


def _remembers(view: BranchView, word: str) -> bool:
    """A branch made before the word was said does not; who said it first is as good as any."""
    return not word or any(heard.remembered(commit.message) for commit in view.head.commits)
