"""Whole releases on every router: after each commit the shares add up, and the ladder moved for the reason it may."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gitops_bot import edits
from gitops_bot.model import History, Outcome, Slots, Step, StepKind, Verdict
from gitops_bot.policy.schema import PromotionPolicy
from gitops_bot.strategy import next_step
from tests.edits.trees import Files
from tests.support.build import FAIL, LADDER, PASS, UNKNOWN, history, state, version
from tests.support.build import policy as built

VERSIONS = "stable: v1\ncandidate: v1\n"
_AT = {"yaml": {"file": "versions.yaml", "path": "stable"}, "set": "stableVersion"}
_TRIED = {"yaml": {"file": "versions.yaml", "path": "candidate"}, "set": "candidateVersion"}


def _object(kind: str, spec: str, name: str = "shop", annotations: str = "") -> str:
    meta = f"metadata: {{name: {name}{annotations}}}"
    groups = {"VirtualService": "networking.istio.io/v1", "Deployment": "apps/v1", "Service": "serving.knative.dev/v1"}
    api = groups.get(kind) or ("networking.k8s.io/v1" if kind == "Ingress" else "gateway.networking.k8s.io/v1")
    return f"apiVersion: {api}\nkind: {kind}\n{meta}\nspec:\n{spec}"


ISTIO = """\
  http:
    - route:
        - destination: {host: shop, subset: old}
          weight: 100
        - destination: {host: shop, subset: new}
          weight: 0
"""
GATEWAY = """\
  rules:
    - backendRefs:
        - {name: old, port: 80, weight: 80}
        - {name: new, port: 80, weight: 0}
        - {name: third, port: 80, weight: 20}
"""
KNATIVE = """\
  traffic:
    - {revisionName: shop-1, percent: 100}
    - {revisionName: shop-2, percent: 0}
"""
_NGINX = "nginx.ingress.kubernetes.io/canary"
_ANNOTATED = f', annotations: {{{_NGINX}: "true", {_NGINX}-weight: "0"}}'
_PODS = "  replicas: {}\n  template: {{}}\n"


@dataclass(frozen=True)
class Router:
    """Where a weight lives, and what its shares and their total are, by another reader than ours."""

    files: Mapping[str, str]
    edit: Mapping[str, Any]
    shares: Callable[[Mapping[str, Any]], list[int]]
    total: int = 100


def _route(documents: Mapping[str, Any], *path: Any) -> list[int]:
    found = documents["route.yaml"]["spec"]
    for key in path:
        found = found[key]
    return [one.get("weight", one.get("percent")) for one in found]


def _nginx(documents: Mapping[str, Any]) -> list[int]:
    weight = int(documents["route.yaml"]["metadata"]["annotations"][f"{_NGINX}-weight"])
    return [weight, 100 - weight]  # the main Ingress has what the canary has not


def _values(documents: Mapping[str, Any]) -> list[int]:
    weight = documents["route.yaml"]["canary"]["weight"]
    return [weight, 100 - weight]


_TARGETS = {"file": "route.yaml", "stable": "old", "canary": "new"}
_WORKLOADS = {"stable": "old.yaml", "canary": "new.yaml"}
ROUTERS = {
    "istio": Router(
        {"route.yaml": _object("VirtualService", ISTIO)},
        {"virtualService": _TARGETS},
        lambda given: _route(given, "http", 0, "route"),
    ),
    "http": Router(
        {"route.yaml": _object("HTTPRoute", GATEWAY)},
        {"httpRoute": _TARGETS},
        lambda given: _route(given, "rules", 0, "backendRefs"),
    ),
    "grpc": Router(
        {"route.yaml": _object("GRPCRoute", GATEWAY)},
        {"grpcRoute": _TARGETS},
        lambda given: _route(given, "rules", 0, "backendRefs"),
    ),
    "knative": Router(
        {"route.yaml": _object("Service", KNATIVE)},
        {"knativeService": {"file": "route.yaml", "stable": "shop-1", "canary": "shop-2"}},
        lambda given: _route(given, "traffic"),
    ),
    "nginx": Router(
        {"route.yaml": _object("Ingress", "  rules: []\n", annotations=_ANNOTATED)},
        {"ingressNginx": {"file": "route.yaml"}},
        _nginx,
    ),
    "helm": Router(
        {"route.yaml": "canary: {weight: 0}\n"},
        {"helmValue": {"file": "route.yaml", "key": "canary.weight"}},
        _values,
    ),
    "pods": Router(
        {f"{name}.yaml": _object("Deployment", _PODS.format(count), name) for name, count in (("old", 20), ("new", 0))},
        {"replicaRatio": {key: {"deployment": {"file": file}} for key, file in _WORKLOADS.items()}},
        lambda given: [given[file]["spec"]["replicas"] for file in ("old.yaml", "new.yaml")],
        total=20,
    ),
    "iter8": Router(
        {"route.yaml": "application:\n  versions:\n    - weight: 100\n    - weight: 0\n"},
        {"iter8": {"file": "route.yaml"}},
        lambda given: [one["weight"] for one in given["route.yaml"]["application"]["versions"]],
    ),
}
LADDERS: tuple[dict[str, Any], ...] = (
    {"weights": [5, 25, 50, 100]},
    {"stepWeight": 30, "maxWeight": 50, "onFail": "stepBack"},
    {"steps": [{"setWeight": 20}, {"pause": {"duration": "3m"}}, {"setWeight": 60}, {"pause": {}}]},
    {"rungs": [{"preview": True}, {"weight": 10}, {"weight": 100}]},
)


@dataclass
class Release:
    """Base, to which the bot's steps and people's commits go, minute by minute."""

    router: Router
    policy: PromotionPolicy
    tree: Files
    told: list[tuple[float, Slots, str]] = field(default_factory=list)
    now: float = 0

    def commit(self, tree: Files, who: str) -> None:
        self.tree = tree
        self.told.append((self.now, edits.read(self.policy.spec.edits, tree), who))

    def history(self) -> History:
        return history(*self.told)

    def write(self, wanted: Slots, who: str) -> None:
        before = edits.read(self.policy.spec.edits, self.tree)
        self.commit(self.tree.changed(edits.render(self.policy.spec.edits, self.tree, before, wanted, back=True)), who)

    def tick(self, verdict: Verdict) -> tuple[Slots, Step]:
        """What was, and the step that was merged."""
        before = edits.read(self.policy.spec.edits, self.tree)
        step = next_step(self.policy, state(self.policy, self.history(), now=self.now), verdict)
        if step.kind is not StepKind.HOLD:
            self.write(step.slots, "bot")
        return before, step

    def shares(self) -> list[int]:
        return self.router.shares({path: yaml.safe_load(data) for path, data in self.tree.files.items()})


def begun(router: Router, ladder: Mapping[str, Any]) -> Release:
    edited = [_AT, _TRIED, {**router.edit, "set": "weight"}]
    policy = built({**LADDER, "strategy": {"canary": ladder}, "edits": edited})
    files = {"versions.yaml": VERSIONS, **router.files}
    release = Release(router, policy, Files({path: text.encode() for path, text in files.items()}))
    release.commit(release.tree, "ci")
    return release


EVENTS = st.one_of(
    st.sampled_from([PASS, PASS, PASS, FAIL, UNKNOWN]),
    st.sampled_from(["v2", "v3", "v4"]),
    st.sampled_from([0, 5, 50, 100]),
    st.integers(1, 20).map(float),
)


@pytest.mark.parametrize("name", ROUTERS)
@settings(max_examples=8, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(ladder=st.sampled_from(LADDERS), events=st.lists(EVENTS, min_size=8, max_size=25))
def test_at_every_commit_the_shares_add_up_and_moved_for_a_reason(
    name: str, ladder: dict[str, Any], events: list[Verdict | str | int | float]
) -> None:
    release = begun(ROUTERS[name], ladder)
    for event in ["v2", 5.0, PASS, *events]:
        present = edits.read(release.policy.spec.edits, release.tree)
        match event:
            case Verdict():
                it_moves_for_a_reason(*release.tick(event), event)
            case str():
                release.write(Slots(present.stable, version(event), present.weight), "flux")
            case float():
                release.now += event
            case int():
                release.write(Slots(present.stable, present.candidate, event), "ada")
        assert sum(release.shares()) == release.router.total
        assert min(release.shares()) >= 0


def it_moves_for_a_reason(before: Slots, step: Step, verdict: Verdict) -> None:
    old, new = before.weight or 0, step.slots.weight or 0
    if new > old:
        assert verdict.outcome is Outcome.PASS or step.kind is StepKind.START
    if new < old:
        assert verdict.outcome is Outcome.FAIL or step.kind in (StepKind.FINISH, StepKind.START)
    if verdict.outcome is Outcome.UNKNOWN:
        assert step.slots.stable == before.stable
        assert step.kind in (StepKind.HOLD, StepKind.START, StepKind.FINISH)


@pytest.mark.parametrize("name", ROUTERS)
def test_a_good_release_climbs_to_the_end_on_every_router(name: str) -> None:
    release = begun(ROUTERS[name], LADDERS[0])
    release.write(Slots(version("v1"), version("v2"), 0), "ci")
    kinds = []
    for _ in range(7):
        release.now += 30
        kinds.append(release.tick(PASS)[1].kind)
    assert kinds == [StepKind.START, *[StepKind.ADVANCE] * 3, StepKind.PROMOTE, StepKind.FINISH, StepKind.HOLD]
    assert release.shares() == release.router.shares(
        {path: yaml.safe_load(text) for path, text in release.router.files.items()}
    )
