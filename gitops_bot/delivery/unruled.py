"""Plans for pull requests that no policy of this tick rules. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from gitops_bot.model import Action, Plan, PullRequest, Slots, Step, StepKind, Verdict


def plan(
    pull: PullRequest, policy: str, reason: str, repository: str, refs: Mapping[str, str], actions: tuple[Action, ...]
) -> Plan:
    """Nothing is known and nothing is judged: what is done to the pull request, and why."""
    return Plan(
        policy=policy,
        repository=repository,
        base=pull.base,
        base_commit=refs.get(pull.base, ""),
        slots=Slots(),
        candidate=None,
        since=None,
        verdict=Verdict(),
        step=Step(StepKind.HOLD, Slots(), reason),
        actions=actions,
    )
