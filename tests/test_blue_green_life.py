"""Whole ticks of blue/green: preview, flip, flip back, in every place that can hold the active colour."""

from __future__ import annotations

from typing import Any

import pytest

from gitops_bot.model import Ask, AskKind, StepKind, Version
from tests.conftest import Golden
from tests.support.stage import Stage

OVERLAY = "images:\n  - name: ghcr.io/acme/cart\n    newTag: {version}\n"

SERVICE = """\
apiVersion: v1
kind: Service
metadata: {name: cart, namespace: shop}
spec:
  selector:
    app: cart
    color: blue # who has the traffic
"""

ROUTE = """\
apiVersion: networking.istio.io/v1beta1
kind: VirtualService
metadata: {name: cart, namespace: shop}
spec:
  http:
    - route:
        - destination: {host: cart, subset: blue}
          weight: 100
        - destination: {host: cart, subset: green}
          weight: 0
"""

RULE = """\
apiVersion: networking.istio.io/v1beta1
kind: DestinationRule
metadata: {name: cart, namespace: shop}
spec:
  host: cart
  subsets:
    - name: live
      labels: {color: blue}
"""

HTTP = """\
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: cart, namespace: shop}
spec:
  rules:
    - backendRefs:
        - {name: cart-blue, port: 80, weight: 100}
        - {name: cart-green, port: 80, weight: 0}
"""

KNATIVE = """\
apiVersion: serving.knative.dev/v1
kind: Service
metadata: {name: cart, namespace: shop}
spec:
  template:
    metadata:
      name: cart-1-8-0
    spec:
      containers:
        - image: ghcr.io/acme/cart:1.8.0
  traffic:
    - tag: live
      revisionName: cart-1-8-0
      percent: 100
    - tag: preview
      latestRevision: true
      percent: 0
"""

COLORS = [
    {"kustomizeImage": {"path": color, "name": "ghcr.io/acme/cart"}, "set": "version", "of": color}
    for color in ("blue", "green")
]
_FILE = {"file": "cart.yaml", "name": "cart"}
WAYS: dict[str, tuple[str, list[dict[str, Any]]]] = {
    "service": (SERVICE, [{"service": {**_FILE, "label": "color"}, "set": "activeColor"}, *COLORS]),
    "virtual-service": (
        ROUTE,
        [*COLORS, {"virtualService": {**_FILE, "stable": "blue", "canary": "green"}, "set": "activeColor"}],
    ),
    "destination-rule": (
        RULE,
        [{"destinationRule": {**_FILE, "subset": "live", "label": "color"}, "set": "activeColor"}, *COLORS],
    ),
    "http-route": (
        HTTP,
        [
            {
                "httpRoute": {**_FILE, "stable": "cart-blue", "canary": "cart-green"},
                "set": "activeColor",
                "value": "cart-{{ color }}",
            },
            *COLORS,
        ],
    ),
    "knative": (
        KNATIVE,
        [
            {"knativeService": {**_FILE, "field": "image"}, "set": "candidateVersion"},
            {
                "yaml": {"file": "cart.yaml", "path": "spec.template.metadata.name"},
                "set": "candidateVersion",
                "value": "cart-{{ dashed }}",
            },
            {
                "knativeService": {**_FILE, "field": "revisionName", "tag": "live"},
                "set": "stableVersion",
                "value": "cart-{{ dashed }}",
            },
        ],
    ),
}


def spec(way: str, **changed: Any) -> dict[str, Any]:
    """A version given by hand goes to the preview, then live."""
    query = 'errors{version="{{ version }}"}'
    return {
        "repository": "environments",
        "candidate": {"version": "1.9.0"},
        "analysis": {"bake": "10m", "metrics": [{"name": "errors", "query": query, "max": "1%"}]},
        "strategy": {"blueGreen": {"postAnalysis": "15m"}},
        "edits": WAYS[way][1],
        **changed,
    }


def stage(way: str, **changed: Any) -> Stage:
    """1.8.0 is live; the idle colour still runs what was live before."""
    idle = {"blue": "1.8.0", "green": "1.7.0"}
    overlays = {f"{color}/kustomization.yaml": OVERLAY.format(version=tag) for color, tag in idle.items()}
    one = Stage(spec(way, **changed), {"cart.yaml": WAYS[way][0], **overlays})
    one.levels = {'"1.8.0"': 0.0, '"1.9.0"': 0.0}
    return one


@pytest.mark.parametrize("way", WAYS)
def test_from_the_preview_to_the_flip_and_back(way: str, golden: Golden) -> None:
    life = stage(way)
    assert life.tick(60).step.kind is StepKind.START
    started = life.merge()
    assert life.tick(5).step.kind is StepKind.HOLD
    assert life.tick(10).step.kind is StepKind.PROMOTE
    flipped = life.merge()
    life.levels['"1.9.0"'] = 0.2
    assert life.tick(5).step.kind is StepKind.ROLLBACK
    back = life.merge()
    life.levels['"1.9.0"'] = 0.0
    after = life.tick(60)
    assert (after.step.kind, life.open()) == (StepKind.HOLD, [])
    assert "1.9.0 is not proposed: the stable version went back to 1.8.0" in after.step.reason
    assert life.at_rest()
    changes = f"start:\n{started}\nflip:\n{flipped}\nback:\n{back}\n"
    golden(f"blue_green/{way}.md", f"{life.story()}\n```\n{changes}```\n")


def test_what_ci_writes_to_the_idle_colour_is_the_candidate_and_the_old_version_never_is() -> None:
    life = stage("service", candidate={"slot": "candidateVersion"})
    life.write({"green/kustomization.yaml": OVERLAY.format(version="1.9.0")})
    life.tick(1)
    assert life.tick(15).step.kind is StepKind.PROMOTE
    life.merge()
    watched = life.tick(5)
    assert (watched.step.kind, str(watched.candidate)) == (StepKind.HOLD, "1.9.0")
    over = life.tick(60)
    assert (over.step.reason, life.open()) == ("nothing to promote: 1.9.0 is in place", [])
    assert life.at_rest()


def test_a_candidate_that_fails_on_its_preview_is_taken_from_there_and_not_proposed_again() -> None:
    life = stage("service")
    life.tick(1)
    life.merge()
    life.levels['"1.9.0"'] = 0.5
    assert life.tick(5).step.kind is StepKind.ROLLBACK
    assert life.open() == ["rollback(cart): 1.9.0 → 1.8.0"]
    life.merge()
    life.levels['"1.9.0"'] = 0.0
    after = life.tick(30)
    assert after.step.reason.startswith("1.9.0 is not proposed: the candidate version went back to 1.8.0")
    assert "color: blue" in life.files()["cart.yaml"]
    assert life.at_rest()


def test_while_a_flip_is_watched_the_idle_colour_is_kept_for_the_way_back() -> None:
    life = stage("service", candidate={"slot": "candidateVersion"})
    life.write({"green/kustomization.yaml": OVERLAY.format(version="1.9.0")})
    life.tick(15)
    life.merge()
    life.policies = Stage(spec("service", candidate={"version": "2.0.0"}), {}).policies
    assert life.tick(5).step.kind is StepKind.HOLD
    assert life.open() == []
    life.levels['"1.9.0"'] = 0.5
    assert life.tick(5).step.slots.active == "blue"
    life.merge()
    started = life.tick(5)
    assert (started.step.kind, str(started.step.slots.candidate)) == (StepKind.START, "2.0.0")


def test_where_the_idle_colour_was_written_over_the_way_back_writes_the_live_one() -> None:
    life = stage("service", candidate={"slot": "candidateVersion"})
    life.write({"green/kustomization.yaml": OVERLAY.format(version="1.9.0")})
    life.tick(15)
    life.merge()
    life.write({"blue/kustomization.yaml": OVERLAY.format(version="2.0.0")})
    life.levels['"1.9.0"'] = 0.5
    step = life.tick(6).step
    assert (step.kind, step.slots.active, str(step.slots.stable)) == (StepKind.ROLLBACK, "green", "1.8.0")
    assert life.merge() == "-    newTag: 1.9.0\n+    newTag: 1.8.0"


def deployment(color: str, version: str, *, ready: bool = True) -> dict[str, Any]:
    """What runs a colour."""
    pods = {"containers": [{"name": "app", "image": f"ghcr.io/acme/cart:{version}"}]}
    counts = dict.fromkeys(("replicas", "updatedReplicas", "availableReplicas"), 2 if ready else 1)
    return {
        "kind": "Deployment",
        "metadata": {"name": f"cart-{color}", "namespace": "shop", "generation": 2},
        "spec": {"replicas": 2, "template": {"spec": pods}},
        "status": {"observedGeneration": 2, **counts},
    }


def test_the_workload_of_the_colour_on_trial_must_run_it() -> None:
    named = {color: {"namespace": "shop", "name": f"cart-{color}"} for color in ("blue", "green")}
    metric = {"name": "errors", "query": 'errors{app="{{ workload }}"}', "max": "1%"}
    life = stage(
        "service",
        strategy={"blueGreen": {"workloads": named}},
        analysis={"bake": "10m", "metrics": [metric]},
    )
    life.levels = {'"cart-green"': 0.0}
    life.objects = [deployment("blue", "1.8.0"), deployment("green", "1.7.0")]
    life.tick(1)
    life.merge()
    held = life.tick(30)
    assert (held.step.kind, "it runs 1.7.0, git says 1.9.0" in held.step.reason) == (StepKind.HOLD, True)
    life.objects = [deployment("blue", "1.8.0"), deployment("green", "1.9.0")]
    assert life.tick(5).step.kind is StepKind.PROMOTE


def test_a_colour_that_the_edits_do_not_know_is_an_error_and_nothing_moves() -> None:
    life = stage("service")
    life.write({"cart.yaml": SERVICE.replace("blue", "red")})
    assert "activeColor is red, and the edits know blue and green" in life.refusal(1)
    assert life.open() == []


def test_a_split_of_the_traffic_is_no_colour() -> None:
    life = stage("virtual-service")
    life.write({"cart.yaml": ROUTE.replace("weight: 100", "weight: 90").replace("weight: 0", "weight: 10")})
    assert "both `blue` and `green` have traffic: none is active" in life.refusal(1)


def test_an_older_version_is_not_flipped_to() -> None:
    life = stage("service", candidate={"slot": "candidateVersion"})
    life.levels['"1.7.0"'] = 0.0
    held = life.tick(30)
    assert (held.step.kind, life.open()) == (StepKind.HOLD, [])
    assert held.step.reason == ("1.7.0 is older than 1.8.0, which stands here: only a person who names it brings it")


ALONE = {"kustomizeImage": {"path": "blue", "name": "ghcr.io/acme/cart"}, "set": "version"}


@pytest.mark.parametrize(
    ("written", "changed"),
    [
        ("green/kustomization.yaml", {}),
        ("blue/kustomization.yaml", {"strategy": {"promote": {}}, "edits": [ALONE], "analysis": {}}),
    ],
)
def test_an_older_version_comes_by_the_word_of_a_person_who_names_it_and_by_nothing_else(
    written: str, changed: dict[str, Any]
) -> None:
    life = stage("service", candidate={"version": "1.6.0"}, **changed)
    held = life.tick(1)
    assert (held.step.kind, life.open()) == (StepKind.HOLD, [])
    assert "1.6.0 is older than 1.8.0" in held.step.reason
    life.asks = (Ask(AskKind.PROMOTE, "ada", Version.parse("1.7.5")),)
    life.tick(1)  # the word merges at once
    assert [path for path, text in life.files().items() if "newTag: 1.7.5" in text] == [written]
