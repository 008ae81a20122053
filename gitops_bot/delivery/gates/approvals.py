"""approvals: reviews of the present head by named people and teams, counted as Keel counts votes."""

from __future__ import annotations

from collections.abc import Iterator

from gitops_bot.delivery.gates.round import Round
from gitops_bot.model import ExperimentStatus, Gate, Phase, Review, StepKind, Unseen, Version
from gitops_bot.policy.gating.people import Approvals

NAME = "approvals"
TEAM = "team:"


def gates(round_: Round) -> Iterator[Gate]:
    """One gate: a no of one of them wins over any number of votes."""
    back = round_.policy.spec.rollback.approvals if round_.step.kind is StepKind.ROLLBACK else None
    wanted = back or round_.spec.approvals
    if wanted is None:
        return
    if round_.step.urgent and not back:
        yield Gate(NAME, True, "a way back waits for no approval", merging=True)
        return
    yield _in_keel(round_, wanted) if wanted.keel else _counted(round_, wanted)


def _in_keel(round_: Round, wanted: Approvals) -> Gate:
    """The newest approval of the very version, in every cluster that is asked."""
    told = [(cluster, _short(seen, round_.candidate, wanted)) for cluster, seen in round_.readings.votes]
    short = [f"Keel in {cluster}: {why}" for cluster, why in told if why] if told else ["Keel was not asked"]
    return Gate(NAME, not short, "; ".join(short) or f"{round_.candidate} is approved in Keel", merging=True)


def _short(seen: tuple[ExperimentStatus, ...] | Unseen, version: Version | None, wanted: Approvals) -> str:
    """Why there is no approval; empty when there is one."""
    if isinstance(seen, Unseen):
        return seen.reason
    newest = next((one for one in seen if version and one.candidate and one.candidate.runs(version)), None)
    if newest is None:
        return f"there is no approval of {version}"
    got = newest.results.get("votes")
    if newest.phase is Phase.SUCCEEDED and isinstance(got, int) and got < wanted.required:
        return f"{newest.reason}, the policy asks for {wanted.required}"
    return "" if newest.phase is Phase.SUCCEEDED else newest.reason


def _counted(round_: Round, wanted: Approvals) -> Gate:
    readings, pull = round_.readings, round_.pull
    if pull is None:
        return Gate(NAME, False, f"{_votes(0, wanted)}: no pull request is open yet", merging=True)
    told = readings.reviews_back if round_.step.kind is StepKind.ROLLBACK else readings.reviews
    if isinstance(told, str):
        return Gate(NAME, False, told, merging=True)
    unknown = [f"{name}: {who}" for name, who in readings.members.items() if isinstance(who, str)]
    reviews = [one for one in told if _named(one, round_, wanted)]
    objections = [one.author for one in reviews if not one.approves]
    if objections:
        return Gate(NAME, False, f"{', '.join(objections)} asked for changes", merging=True)
    ends = pull.created_at + wanted.deadline if wanted.deadline else None
    # Where base alone changed what the step means, as by a newer candidate, the head may be the same as before.
    begun = max(filter(None, (pull.created_at, round_.landed)))
    votes = {
        one.author.lower()
        for one in reviews
        if one.commit == pull.head and begun <= one.at and not (ends and one.at > ends)
    }
    said, unsure = _votes(len(votes), wanted), "".join(f"; {one}" for one in unknown)
    if len(votes) >= wanted.required:
        return Gate(NAME, True, said, merging=True)
    if ends and round_.now >= ends:
        return Gate(NAME, False, f"its deadline passed at {ends:%Y-%m-%d %H:%M} UTC with {said}{unsure}", merging=True)
    reason = f"{said} of its present head by {', '.join(wanted.from_)}{unsure}"
    return Gate(NAME, False, reason, merging=True)


def _votes(count: int, wanted: Approvals) -> str:
    return f"{count} of {wanted.required} approval{'s' if wanted.required > 1 else ''}"


def _named(review: Review, round_: Round, wanted: Approvals) -> bool:
    """Whether a review is by one of those that the policy names, itself or as a member of a team."""
    author = review.author.lower()
    if any(author == name.lower() for name in wanted.from_ if not name.startswith(TEAM)):
        return True
    members = (round_.readings.members.get(name, "") for name in wanted.from_ if name.startswith(TEAM))
    return any(author in who for who in members if not isinstance(who, str))
