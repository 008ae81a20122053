"""What Flagger does at each tick: phases, failed checks and weights (`advanceCanary` in pkg/controller/scheduler.go).

A state and what the tick finds give the next state. Failed checks add up over the whole analysis; that they reach the
threshold is noticed at the start of the next tick.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from gitops_bot.analysis.flagger.checks import Check

ALL = 100
"""Percent."""


class CanaryPhase(StrEnum):
    """`status.phase` of a Canary."""

    NONE = ""
    INITIALIZING = "Initializing"
    INITIALIZED = "Initialized"
    WAITING = "Waiting"
    PROGRESSING = "Progressing"
    WAITING_PROMOTION = "WaitingPromotion"
    PROMOTING = "Promoting"
    FINALISING = "Finalising"
    SUCCEEDED = "Succeeded"
    FAILED = "Failed"
    TERMINATING = "Terminating"
    TERMINATED = "Terminated"


_PROMOTED: Mapping[str, str] = {
    CanaryPhase.INITIALIZED: "True",
    CanaryPhase.SUCCEEDED: "True",
    CanaryPhase.FAILED: "False",
}
_AT_REST = (CanaryPhase.INITIALIZED, CanaryPhase.SUCCEEDED, CanaryPhase.FAILED)
_LAST_APPROVING_STATUS = 202


@dataclass(frozen=True, slots=True)
class Plan:
    """`spec.analysis` of a Canary, as far as it moves traffic; zero is not given."""

    step_weight: int = 0
    step_weights: tuple[int, ...] = ()
    max_weight: int = 0
    step_weight_promotion: int = 0
    iterations: int = 0
    match: bool = False
    """Requests are chosen by their headers: A/B testing."""
    mirror: bool = False
    threshold: int = 0
    skip: bool = False
    """`spec.skipAnalysis`."""

    @property
    def least_failed(self) -> int:
        """So many failed checks end the analysis."""
        return max(1, self.threshold)

    @property
    def highest(self) -> int:
        """The candidate's weight from which it is promoted."""
        return min(ALL, self.step_weights[-1]) if self.step_weights else self.max_weight or ALL

    def step_from(self, weight: int) -> int:
        """How much the candidate's weight grows from here; nothing leaves it where it is for ever."""
        if self.step_weight > 0 or not self.step_weights:
            return self.step_weight
        room = ALL - weight
        if not room:
            return 1
        if not weight:
            return min(room, self.step_weights[0])
        following = zip(self.step_weights, self.step_weights[1:], strict=False)
        return next((min(room, after - before) for before, after in following if before == weight), room)


@dataclass(frozen=True, slots=True)
class State:
    """Status and routes of a Canary between two ticks."""

    phase: CanaryPhase = CanaryPhase.NONE
    candidate: int = 0
    """Percent of the traffic that is routed to the candidate."""
    mirrored: bool = False
    iterations: int = 0
    failed_checks: int = 0

    @property
    def primary(self) -> int:
        """Percent of the traffic that is routed to the primary."""
        return ALL - self.candidate


@dataclass(frozen=True, slots=True)
class Tick:
    """What one tick finds."""

    changed: bool = False
    """The target's template is not the one that was applied last."""
    primary_ready: bool = True
    check: Check = Check.OK
    """The worst of all metrics and webhooks."""


QUIET = Tick()


def advance(plan: Plan, state: State, tick: Tick = QUIET) -> State:
    """The state after one tick."""
    if state.phase in (CanaryPhase.NONE, CanaryPhase.INITIALIZING):
        return State(CanaryPhase.INITIALIZED)
    if state.phase in _AT_REST:
        return State(CanaryPhase.PROGRESSING) if tick.changed else state
    if not tick.primary_ready and not plan.skip:
        return _unready(state)
    if tick.changed and state.phase in (CanaryPhase.PROGRESSING, CanaryPhase.WAITING_PROMOTION):
        return State(CanaryPhase.PROGRESSING)
    if plan.skip:
        return State(CanaryPhase.SUCCEEDED)
    match state.phase:
        case CanaryPhase.PROMOTING:
            return _returned(plan, state)
        case CanaryPhase.FINALISING:
            return State(CanaryPhase.SUCCEEDED, failed_checks=state.failed_checks)
        case CanaryPhase.PROGRESSING | CanaryPhase.WAITING_PROMOTION:
            return _analysed(plan, state, tick)
    return state


def _unready(state: State) -> State:
    """A primary that cannot take the traffic: during the promotion it stays on the candidate, else Flagger waits."""
    if state.phase in (CanaryPhase.PROMOTING, CanaryPhase.FINALISING):
        return State(CanaryPhase.FAILED, candidate=ALL, failed_checks=state.failed_checks)
    return state


def _returned(plan: Plan, state: State) -> State:
    """Promotion: the traffic goes back to the primary, which runs the new version, at once or by steps."""
    weight = max(0, state.candidate - plan.step_weight_promotion) if plan.step_weight_promotion else 0
    phase = CanaryPhase.PROMOTING if weight else CanaryPhase.FINALISING
    return replace(state, phase=phase, candidate=weight)


def _analysed(plan: Plan, state: State, tick: Tick) -> State:
    if state.failed_checks >= plan.least_failed:
        return State(CanaryPhase.FAILED, failed_checks=state.failed_checks)
    starting = not state.candidate and not state.iterations and not (plan.mirror and state.mirrored)
    if tick.check.failed and not starting:  # metrics are asked only where there is traffic
        return replace(state, failed_checks=state.failed_checks + 1)
    if plan.iterations:
        return _iterated(plan, state)
    return _shifted(plan, state)


def _iterated(plan: Plan, state: State) -> State:
    """A/B testing and blue/green: checks are counted, no weight grows."""
    if state.iterations < plan.iterations:
        routed, mirrored = (ALL, False) if plan.match else (state.candidate, plan.mirror)
        return replace(state, iterations=state.iterations + 1, candidate=routed, mirrored=mirrored)
    if not plan.match and state.iterations == plan.iterations:
        return replace(state, iterations=state.iterations + 1, candidate=ALL, mirrored=False)
    return replace(state, phase=CanaryPhase.PROMOTING)


def _shifted(plan: Plan, state: State) -> State:
    """Canary: one step more, or the promotion."""
    step = plan.step_from(state.candidate)
    if step <= 0:
        return state
    if state.candidate >= plan.highest:
        return replace(state, phase=CanaryPhase.PROMOTING)
    if plan.mirror and not state.candidate and not state.mirrored:
        return replace(state, mirrored=True)
    return replace(state, candidate=min(ALL, state.candidate + step), mirrored=False)


# ---------------------------------------------------------------- parts of it on their own


def ladder(plan: Plan) -> tuple[tuple[int, ...], bool]:
    """The candidate's weights of an analysis without failed checks, and whether it comes to a promotion."""
    weights: list[int] = []
    state = State(CanaryPhase.PROGRESSING)
    while len(weights) <= ALL:  # each step is a percent at least
        after = advance(plan, state)
        if after.phase is CanaryPhase.PROMOTING:
            return tuple(weights), True
        if after == state:
            break
        weights.append(after.candidate)
        state = after
    return tuple(weights), False


def after_checks(threshold: int, checks: Sequence[Check]) -> State:
    """Where an analysis stands at the start of the tick after these checks."""
    failed = sum(one.failed for one in checks)
    phase = CanaryPhase.FAILED if failed >= max(1, threshold) else CanaryPhase.PROGRESSING
    return State(phase, failed_checks=failed)


def starts_analysis(template: str, applied: str, promoted: str) -> bool:
    """Whether a template starts an analysis: it is not the one applied last, nor a return to the one promoted last."""
    return not applied or template not in (applied, promoted)


def promoted_status(phase: str) -> str:
    """The status of the condition `Promoted`, whose reason is the phase (pkg/canary/status.go)."""
    return _PROMOTED.get(phase, "Unknown")


def approves(status: int) -> bool:
    """Whether a webhook's HTTP status lets the analysis go on (`callWebhook`, pkg/controller/webhook.go)."""
    return status <= _LAST_APPROVING_STATUS
