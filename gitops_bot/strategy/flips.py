"""All the traffic given to another version at once: whether that is still watched, what stands where since. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from gitops_bot.model import History, PullRequest, SlotName, Slots, Version
from gitops_bot.policy.schema import PromotionPolicy
from gitops_bot.strategy import history as past


def watched(policy: PromotionPolicy, history: History, pulls: Sequence[PullRequest], now: datetime) -> bool:
    """Whether the stable version came by a flip that is still watched, whatever is new since then."""
    came = past.arrival(history, SlotName.STABLE)
    if policy.spec.strategy.blue_green is None or came is None or past.returned(history):
        return False
    newest = history.moments[0].slots
    went_forward = newest is not None and past.stable_before(history, newest.stable) is not None
    return went_forward and not watch_ended(policy, min(past.landed_at(came, pulls), now), now)


def watch_ended(policy: PromotionPolicy, landed: datetime | None, now: datetime) -> bool:
    """Whether what landed then has been watched for long enough."""
    if landed is None:
        return True
    # The newest measurement arrives late: one more interval lets it be heard.
    slack = policy.spec.analysis.warmup + policy.spec.analysis.interval
    return now > landed + policy.spec.post_analysis + slack


def left_behind(policy: PromotionPolicy, history: History, candidate: Version | None) -> bool:
    """Whether what git names as the candidate is what had the traffic before, left where it was by the flip."""
    if not (policy.spec.colors and policy.spec.candidate.slot and candidate):
        return False
    return past.rejection(history, candidate) is None and past.moved_on(history, candidate) is not None


def cast(policy: PromotionPolicy, slots: Slots, candidate: Version | None) -> PromotionPolicy:
    """The policy with the workload of the colour that runs the candidate, while git says these slots."""
    given = policy.spec.strategy.blue_green
    if given is None or not given.workloads or slots.active is None:
        return policy
    color = slots.active if candidate == slots.stable else policy.spec.idle(slots.active)
    tried = policy.spec.candidate.model_copy(update={"workload": given.workloads.get(color)})
    return policy.model_copy(update={"spec": policy.spec.model_copy(update={"candidate": tried})})
