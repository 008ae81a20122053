"""The one page on which a whole decision can be read: the stages in order, each handing its values on. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from gitops_bot import analysis, edits, proposing, strategy
from gitops_bot.analysis import several
from gitops_bot.delivery import actions, answers, gates, identity, moved, notices, queueing
from gitops_bot.edits import live, merging
from gitops_bot.edits.place import Overlay
from gitops_bot.errors import EditError
from gitops_bot.experiments import bound
from gitops_bot.model import (
    Act,
    Change,
    ExperimentStatus,
    Facts,
    Gate,
    Phase,
    Plan,
    PrState,
    Query,
    Series,
    SlotName,
    Slots,
    Stays,
    Step,
    StepKind,
    Trial,
    Verdict,
)
from gitops_bot.policy.schema import PromotionPolicy
from gitops_bot.strategy import State


def questions(policy: PromotionPolicy, facts: Facts) -> tuple[Query, ...]:
    """What must be asked of the metrics before this policy can be decided."""
    facts = _bound(policy, facts)
    state = _survey(policy, facts)
    if policy.spec.strategy.ab_test:
        return several.ask(policy, strategy.trials(policy, state), facts.now)
    return analysis.ask(strategy.judged(policy, state), strategy.trial(policy, state), facts.now)


def decide(policy: PromotionPolicy, facts: Facts, series: Series) -> Plan:
    """From everything that was read to everything that should be done. Errors: EditError."""
    facts = _bound(policy, facts)
    state = _survey(policy, facts)
    trial = strategy.trial(policy, state)
    measured = _verdict(policy, facts, state, trial, series)
    verdict = strategy.heeding(_with_proof(policy, facts, state, measured), facts.asks)
    step = _heed_owners(policy, facts, state.slots, strategy.next_step(policy, state, verdict))
    step = _by_branch(policy, facts, state.slots, step)
    wanted = step.wanted or step
    back = wanted.kind is StepKind.ROLLBACK
    changes = edits.render(policy.spec.edits, facts.tree, state.slots, wanted.slots, back=back or state.named)
    _try_the_ends(policy, facts, state.slots, step, changes)
    if step.wanted and not changes:  # an empty diff is never proposed
        step = Step(StepKind.HOLD, state.slots, "base already says so")
    said = _warnings(policy, facts, state.slots, step)
    step = _cautioned(step, said)
    step = _for_people(policy, facts, step)
    gated = _gates(policy, facts, state, step)
    situation = proposing.situation(policy, facts, state, verdict, step, gated, changes)
    suspended = policy.spec.suspend
    chosen = actions.Chosen(queueing.suspended(situation)) if suspended else moved.choose(situation)
    told = () if suspended else notices.notices(situation, chosen.actions, policy.spec.notify)
    return Plan(
        policy=policy.name,
        repository=policy.spec.repository,
        base=facts.base,
        base_commit=facts.tree.commit,
        slots=state.slots,
        candidate=state.candidate,
        since=state.since if trial else None,
        verdict=verdict,
        step=step,
        gates=gated,
        proposal=situation.proposal,
        actions=(
            *chosen.actions,
            *answers.answers(facts.heard, chosen.actions, step, verdict, gated),
            *told,
        ),
        rung=_rung(policy, state.slots),
        notes=(
            *chosen.notes,
            *(said if back else ()),
            *_waits(state),
            *_on_its_way(policy, facts, state, step),
            *answers.unheard(facts.heard),
        ),
        beside=facts.beside,
    )


def _rung(policy: PromotionPolicy, slots: Slots) -> str:
    canary = policy.spec.strategy.canary
    return canary.named(slots) if canary and slots.weight is not None else ""


def _waits(state: State) -> tuple[str, ...]:
    """The newer candidate that lets the present one finish."""
    return (f"{state.waiting} waits until {state.candidate} is promoted or gone",) if state.waiting else ()


def _with_proof(policy: PromotionPolicy, facts: Facts, state: State, verdict: Verdict) -> Verdict:
    """What the environments before this one prove, or what gives the candidate, beside what was measured here."""
    held = strategy.environments.checks(policy.spec, facts.readings, state.slots, state.candidate, facts.now)
    proof = (*held, *strategy.given(policy, state))
    return replace(verdict, checks=(*verdict.checks, *proof)) if proof else verdict


def _on_its_way(policy: PromotionPolicy, facts: Facts, state: State, step: Step) -> tuple[str, ...]:
    """What comes next and is not proven yet, where nothing is wanted now."""
    if step.wanted or not policy.spec.candidate.environments or state.candidate is None:
        return ()
    said = strategy.environments.upcoming(policy.spec, facts.readings, state.candidate, facts.now)
    return (said,) if said else ()


def _verdict(policy: PromotionPolicy, facts: Facts, state: State, trial: Trial | None, series: Series) -> Verdict:
    if policy.spec.strategy.ab_test:
        return several.verdict(policy, strategy.trials(policy, state), facts.statuses, series, facts.now)
    judged = strategy.judged(policy, state)
    return analysis.verdict(judged, state.candidate, trial, facts.statuses, series, facts.now)


def _gates(policy: PromotionPolicy, facts: Facts, state: State, step: Step) -> tuple[Gate, ...]:
    wanted = step.wanted or step
    branch = identity.branch(policy.name, identity.direction(wanted), facts.prefix)
    return gates.gates(
        gates.Round(
            policy=policy,
            step=wanted,
            now=facts.now,
            base_commit=facts.tree.commit,
            landed=state.landed,
            stops=facts.stops,
            readings=facts.readings,
            candidate=state.candidate,
            stays=_stays(policy, facts, state),
            pull=next((one for one in facts.pulls if one.branch == branch and one.state is PrState.OPEN), None),
            asks=facts.asks,
        )
    )


def _stays(policy: PromotionPolicy, facts: Facts, state: State) -> tuple[Stays, ...]:
    """How long the candidate stood in the environments that the soak names, or here."""
    names = policy.spec.soak_environments
    if policy.spec.gates.soak is None or state.candidate is None:
        return ()
    if not names:
        return (strategy.stays("this environment", facts.history, state.candidate, SlotName.CANDIDATE, facts.pulls),)
    return strategy.environments.in_environments(names, facts.readings, state.candidate)


def _heed_owners(policy: PromotionPolicy, facts: Facts, slots: Slots, step: Step) -> Step:
    """Refuse a step that writes what a controller writes, and warn where that could not be seen. Errors: EditRefused.

    A rollback that was not warned of before is not held up now.
    """
    wanted = step.wanted or step
    written = {n for n, edit in enumerate(policy.spec.edits) if edit.held(slots) != edit.held(wanted.slots)}
    found = [(n, facts.owners[n]) for n in sorted(written & facts.owners.keys())]
    for number, one in found:
        if one.owner:
            raise live.refused(policy.spec.edits[number], facts.tree, one.owner)
    unseen = tuple(dict.fromkeys(why for _, one in found for why in one.unseen))
    caution = f"Whether a controller writes the same fields could not be seen: {'; '.join(unseen)}"
    return _cautioned(step, [caution] if unseen else [])


def _by_branch(policy: PromotionPolicy, facts: Facts, slots: Slots, step: Step) -> Step:
    """The step, held where no merge of the commit that proves its version brings exactly that."""
    wanted = step.wanted
    if policy.spec.by != "branch" or wanted is None or wanted.kind is StepKind.ROLLBACK:
        return step
    why = merging.unfit(policy.spec.edits, slots, wanted.slots, facts.coming, facts.base)
    return Step(StepKind.HOLD, slots, why, held=wanted if facts.coming else None) if why else step


def _try_the_ends(policy: PromotionPolicy, facts: Facts, slots: Slots, step: Step, changes: Sequence[Change]) -> None:
    """A trial is begun only where the files let it end, and let it go back. Errors: EditError."""
    begins = step.kind is StepKind.START or (step.kind is StepKind.ADVANCE and not slots.weight)
    if not begins or step.urgent:
        return
    tree, ends = facts.tree, strategy.ends(policy, slots, step.slots)
    if policy.spec.trial_files or policy.spec.passing:  # what is to go must be there
        tree, slots = Overlay(tree, {one.path: one.after for one in changes}), step.slots
    for end, after in ends.items():
        try:
            edits.render(policy.spec.edits, tree, slots, after, back=True)
        except EditError as error:
            what = f"{error.what}: the trial could not {end}, so it is not begun"
            raise type(error)(what, where=error.where, remedy=error.remedy) from error


def _warnings(policy: PromotionPolicy, facts: Facts, slots: Slots, step: Step) -> tuple[str, ...]:
    """What the edits that a step moves warn of. Errors: EditError."""
    after = (step.wanted or step).slots
    moved = [edit for edit in policy.spec.edits if edit.held(slots) != edit.held(after)]
    return edits.warnings(moved, facts.tree)


def _cautioned(step: Step, said: Sequence[str]) -> Step:
    """The step with what people must see before it is merged; a rollback is not held up by that."""
    wanted = step.wanted
    if not said or wanted is None or wanted.kind is StepKind.ROLLBACK:
        return step
    warned = replace(wanted, cautions=(*wanted.cautions, *said))
    return warned if wanted is step else replace(step, held=warned)


def _for_people(policy: PromotionPolicy, facts: Facts, step: Step) -> Step:
    """The way back, kept for people to merge where the controller's failure asks for one to look."""
    experiment = policy.spec.candidate.experiment
    back = step.wanted
    if experiment is None or back is None or back.kind is not StepKind.ROLLBACK:
        return step
    seen = [facts.statuses[cluster, experiment.ref] for cluster in policy.spec.clusters]
    failed = [one for one in seen if isinstance(one, ExperimentStatus) and one.phase is Phase.FAILED]
    said = tuple(f"A person must look: {one.ref}: {one.reason}" for one in failed if one.act is Act.ASK)
    warned = replace(back, cautions=(*back.cautions, *said))
    return step if not said else warned if back is step else replace(step, held=warned)


def _bound(policy: PromotionPolicy, facts: Facts) -> Facts:
    """The facts, what the experiment says being UNKNOWN where it is about something else than git says now."""
    experiment = policy.spec.candidate.experiment
    if experiment is None:
        return facts
    slots = edits.read(policy.spec.edits, facts.tree)
    statuses = dict(facts.statuses)
    for cluster in policy.spec.clusters:
        said = statuses[cluster, experiment.ref]
        if isinstance(said, ExperimentStatus):
            claim = strategy.claim(
                policy, slots, facts.history, facts.pulls, facts.now, said.candidate, facts.offered, facts.asks
            )
            live = {one for (one, commit), there in facts.contained.items() if there and commit == claim.commit}
            statuses[cluster, experiment.ref] = bound.about(said, claim, live.__contains__)
    return replace(facts, statuses=statuses)


def _survey(policy: PromotionPolicy, facts: Facts) -> State:
    slots = edits.read(policy.spec.edits, facts.tree)
    return strategy.survey(
        policy, slots, facts.history, facts.statuses, facts.pulls, facts.now, facts.offered, facts.asks
    )
