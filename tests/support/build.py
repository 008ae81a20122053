"""Short names for the values that the tables of the core are made of: policies, slots, histories, readings, states."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from gitops_bot.model import (
    CheckResult,
    ExperimentStatus,
    History,
    Missing,
    Moment,
    ObjectRef,
    Outcome,
    Phase,
    PullRequest,
    Reading,
    Sample,
    Slots,
    Trial,
    Unseen,
    Verdict,
    Version,
)
from gitops_bot.policy.schema import PromotionPolicy
from gitops_bot.strategy import State, survey

START = datetime(2026, 3, 2, 12, tzinfo=UTC)
"""Minute 0 of every table."""

CANARY = ObjectRef("Deployment", "shop", "cart-canary")
STABLE = ObjectRef("Deployment", "shop", "cart-stable")
ROLLOUT = ObjectRef("Rollout", "shop", "cart")

ERRORS = {"name": "errors", "query": "errors", "max": "1%"}
_CANARY_WORKLOAD = {"namespace": "shop", "name": "cart-canary"}
_STABLE_WORKLOAD = {"namespace": "shop", "name": "cart-stable"}

LADDER: dict[str, Any] = {
    "repository": "environments",
    "candidate": {"slot": "candidateVersion"},
    "analysis": {"bake": "10m", "metrics": [ERRORS]},
    "strategy": {"canary": {"weights": [5, 25, 50]}},
    "edits": [
        {"kustomizeImage": {"path": "stable", "name": "cart"}, "set": "stableVersion"},
        {"kustomizeImage": {"path": "canary", "name": "cart"}, "set": "candidateVersion"},
        {"yaml": {"file": "route.yaml", "path": "weight"}, "set": "weight"},
    ],
}
"""git owns the weight."""

COLORS: dict[str, Any] = {
    "repository": "environments",
    "candidate": {"version": "v2"},
    "analysis": {"bake": "10m", "metrics": [ERRORS]},
    "strategy": {"blueGreen": {}},
    "edits": [
        {"kustomizeImage": {"path": "blue", "name": "cart"}, "set": "version", "of": "blue"},
        {"kustomizeImage": {"path": "green", "name": "cart"}, "set": "version", "of": "green"},
        {"service": {"file": "service.yaml", "label": "color"}, "set": "activeColor"},
    ],
}
"""A Service selects one of two colours."""

PROMOTION: dict[str, Any] = {
    "repository": "environments",
    "candidate": {"experiment": {"kind": "Rollout", "namespace": "shop", "name": "cart"}},
    "analysis": {"bake": "10m"},
    "strategy": {"promote": {}},
    "edits": [{"kustomizeImage": {"path": "prod", "name": "cart"}, "set": "version"}],
}
"""A controller owns the experiment."""


def at(minute: float) -> datetime:
    """So many minutes after the tables' beginning."""
    return START + timedelta(minutes=minute)


def policy(spec: Mapping[str, Any], **changed: Any) -> PromotionPolicy:
    """A policy of the given spec, with the changed keys merged one level deep; None takes a key away."""
    merged = dict(spec)
    for key, value in changed.items():
        merged[key] = {**merged.get(key, {}), **value} if isinstance(value, dict) else value
        if isinstance(merged[key], dict):
            merged[key] = {name: one for name, one in merged[key].items() if one is not None}
    return PromotionPolicy.model_validate(
        {
            "apiVersion": "gitops-bot.dev/v1alpha1",
            "kind": "PromotionPolicy",
            "metadata": {"name": "cart"},
            "spec": merged,
        }
    )


def ladder(**changed: Any) -> PromotionPolicy:
    """A ladder of 5, 25, 50 % in git."""
    return policy(LADDER, **changed)


def watched_ladder(**changed: Any) -> PromotionPolicy:
    """The same, with both workloads named."""
    workloads = {
        "candidate": {"slot": "candidateVersion", "workload": _CANARY_WORKLOAD},
        "baseline": {"workload": _STABLE_WORKLOAD},
    }
    return policy(LADDER, **{**workloads, **changed})


def colors(**changed: Any) -> PromotionPolicy:
    """Two colours in git."""
    return policy(COLORS, **changed)


def promotion(**changed: Any) -> PromotionPolicy:
    """One step, on the word of a Rollout."""
    return policy(PROMOTION, **changed)


def version(text: str | None) -> Version | None:
    """`v1`, `v1@sha256:…`; None stays None."""
    return Version.parse(text) if text else None


def slots(stable: str | None = "v1", candidate: str | None = "v1", weight: int | None = 0) -> Slots:
    """What one commit says."""
    return Slots(version(stable), version(candidate), weight)


def live(color: str | None, stable: str | None = "v1", candidate: str | None = "v1") -> Slots:
    """What one commit says where one of two colours is active."""
    return Slots(version(stable), version(candidate), active=color)


def only(stable: str | None) -> Slots:
    """What one commit says where there is a version and nothing else."""
    return Slots(stable=version(stable))


Row = tuple[float, Slots | None] | tuple[float, Slots | None, str]
"""Minute, slots (None: unreadable), author: `bot` and `flux` are machines, which is the default."""


def history(*rows: Row, complete: bool = True) -> History:
    """A history told from its beginning; commits are c0, c1, …"""
    moments = [
        Moment(f"c{index}", at(row[0]), row[1], by_person=author not in ("bot", "flux"), author=author)
        for index, row in enumerate(rows)
        for author in [row[2] if len(row) > 2 else "bot"]
    ]
    return History(tuple(reversed(moments)), complete)


def says(
    ref: ObjectRef,
    candidate: str | None,
    phase: Phase = Phase.SUCCEEDED,
    *,
    applied: float | None = None,
    reason: str = "as told",
    step: str = "",
) -> ExperimentStatus:
    """What a controller says of an object."""
    written = None if applied is None else at(applied)
    return ExperimentStatus(ref, phase, reason, candidate=version(candidate), applied=written, step=step)


Seen = ExperimentStatus | Unseen


def cluster(*seen: Seen, name: str = "default") -> dict[tuple[str, ObjectRef], Seen]:
    """What one cluster said."""
    return {(name, one.ref): one for one in seen}


def state(
    chosen: PromotionPolicy,
    told: History,
    *seen: Seen,
    now: float,
    pulls: Sequence[PullRequest] = (),
    statuses: Mapping[tuple[str, ObjectRef], Seen] | None = None,
) -> State:
    """Where a promotion stands, base's present slots being the history's newest."""
    present = told.moments[0].slots
    assert present is not None
    return survey(chosen, present, told, cluster(*seen) if statuses is None else statuses, pulls, at(now))


def verdict(outcome: Outcome) -> Verdict:
    """A verdict of one check."""
    return Verdict((CheckResult("errors", outcome, f"it is {outcome.value}"),))


PASS, FAIL, UNKNOWN = verdict(Outcome.PASS), verdict(Outcome.FAIL), verdict(Outcome.UNKNOWN)


def trial(since: float = 0, candidate: str = "v2", baseline: str | None = "v1", *, watching: bool = False) -> Trial:
    """What is judged."""
    tried = version(candidate)
    assert tried is not None
    return Trial(at(since), tried, version(baseline), 25, watching)


def reading(value: float | str | None, moment: datetime) -> Reading:
    """A number; None: no data; `down`: the server did not answer."""
    if isinstance(value, str):
        return Missing("the metrics server did not answer", moment, answered=False)
    return Missing("no data", moment) if value is None else Sample(value, moment)
