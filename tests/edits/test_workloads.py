# ruff: noqa: E501 - a row of a table stays a row
"""Images and knobs of workloads, Rollouts and Canaries: whole files before and after, and what is refused."""

from __future__ import annotations

import json
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gitops_bot import edits
from gitops_bot.edits.locators import LOCATORS
from gitops_bot.edits.sense import Value
from gitops_bot.errors import EditError, PlaceAbsent
from gitops_bot.model import Slots, Version
from gitops_bot.policy.places import Target
from tests.edits.by_hand import (
    DATA,
    get,
    held,
    moved,
    put,
    refusal,
    refused_slot,
    sample,
    slot,
    survives,
    swapped,
    target,
    tree,
)

SHA, OTHER = "sha256:" + "a" * 64, "sha256:" + "b" * 64
Swaps = tuple[tuple[str, str], ...]


def one(kind: str, file: str, /, **given: Any) -> Target:
    return target(kind, file=file, **given)


# ---------------------------------------------------------------- whole files, one value by hand

IMAGE = "notifications-service:v1.0.0"
MIRROR = "image: 172.16.77.115:5000/notifications:1.4.2"

GOLDEN: tuple[tuple[Target, Value, Value, Swaps], ...] = (
    (one("rollout", "argo/canary.yaml"), Version("v1.0.0"), "v2.0.0", ((IMAGE, IMAGE.replace("v1", "v2")),)),
    (one("rollout", "argo/bluegreen.yaml", container="notifications-service"), Version("v1.0.0"), f"v2@{SHA}",
     ((IMAGE, f"notifications-service:v2@{SHA}"),)),
    (one("rollout", "argo/bluegreen.yaml", field="autoPromotionEnabled"), False, True,
     (("autoPromotionEnabled: false", "autoPromotionEnabled: true"),)),
    (one("rollout", "argo/bluegreen.yaml", field="autoPromotionEnabled"), False, None,
     (("      autoPromotionEnabled: false\n", ""),)),
    (one("rollout", "argo/mirror.yaml"), Version("1.4.2"), "1.5.0", ((MIRROR, MIRROR.replace("1.4.2", "1.5.0")),)),
    (one("rollout", "argo/mirror.yaml"), Version("1.4.2"), "172.16.77.115:5000/notifications:1.5.0",
     ((MIRROR, MIRROR.replace("1.4.2", "1.5.0")),)),
    (one("deployment", "argo/mirror.yaml"), Version("1.4.2"), SHA, ((":1.4.2", f"@{SHA}"),)),
    (one("rollout", "argo-rollouts/canary-paused-step.yaml"), Version("1.9.0"), "1.10.0", (("cart:1.9.0", "cart:1.10.0"),)),
    (one("rollout", "argo-rollouts/bluegreen-paused.yaml", field="autoPromotionEnabled"), False, True,
     (("autoPromotionEnabled: false", "autoPromotionEnabled: true"),)),
    (one("deployment", "deployment/ratio.yaml", name="cart-candidate"), Version("1.9.0"), "1.9.1", (("cart:1.9.0", "cart:1.9.1"),)),
    (one("deployment", "deployment/ratio.yaml", name="cart-stable", field="replicas"), 9, 8, (("spec:\n  replicas: 9", "spec:\n  replicas: 8"),)),
    (one("canary", "flagger/waiting.yaml", field="maxWeight"), 50, 60, (("maxWeight: 50", "maxWeight: 60"),)),
    (one("canary", "flagger/waiting.yaml", field="stepWeight"), 10, 5, (("stepWeight: 10", "stepWeight: 5"),)),
    (one("canary", "flagger/waiting.yaml", field="interval"), "1m", "30s", (("analysis:\n    interval: 1m", "analysis:\n    interval: 30s"),)),
    (one("canary", "flagger/blue-green.yaml", field="iterations"), 5, 10, (("iterations: 5\nstatus", "iterations: 10\nstatus"),)),
    (one("canary", "flagger/blue-green.yaml", field="threshold"), 2, 3, (("threshold: 2", "threshold: 3"),)),
    (one("canary", "flagger/step-weights.yaml", field="stepWeightPromotion"), 50, 25,
     (("stepWeightPromotion: 50", "stepWeightPromotion: 25"),)),
    (one("canary", "flagger/step-weights.yaml", field="stepWeightPromotion"), 50, None,
     (("    stepWeightPromotion: 50\n", ""),)),
    (one("canary", "flagger/step-weights.yaml", field="skipAnalysis"), None, True,
     (("    stepWeightPromotion: 50\n", "    stepWeightPromotion: 50\n  skipAnalysis: true\n"),)),
    (one("canary", "flagger/waiting.yaml", field="suspend"), None, True, ()),
)  # fmt: skip


@pytest.mark.parametrize(("where", "old", "new", "swaps"), GOLDEN)
def test_one_value_changes_and_no_other_byte(where: Target, old: Value, new: Value, swaps: Swaps) -> None:
    text = sample(edits.candidates([where])[0])
    assert get(text, where) == old
    after = put(text, where, new)
    assert after == (swapped(text, *swaps) if swaps else text.replace("\nstatus:", "\n  suspend: true\nstatus:"))
    found = get(after, where)
    if isinstance(found, Version):
        assert str(found) in str(new)
    else:
        assert (found, type(found)) == (new, type(new))


def test_the_replicas_of_a_referenced_deployment_and_every_step_stay() -> None:
    text = sample("argo/mirror.yaml")
    after = put(text, one("rollout", "argo/mirror.yaml"), "1.5.0")
    assert "replicas: 0\n" in after
    assert after.partition("---")[0] == text.partition("---")[0]


def test_a_referenced_deployment_may_be_in_another_file() -> None:
    rollout, deployment = sample("argo/mirror.yaml").split("---\n")
    files = {"rollout.yaml": rollout, "deployment.yaml": deployment}
    where = one("rollout", "rollout.yaml", workloadFile="deployment.yaml")
    assert edits.candidates([where]) == ("rollout.yaml", "deployment.yaml")
    assert edits.paths([where], tree(files, "")) == ("deployment.yaml",)
    assert put(files, where, "1.5.0") == deployment.replace("1.4.2", "1.5.0")
    assert refusal(files, one("rollout", "rollout.yaml"), "1") == (
        "rollout.yaml:7: the Rollout's `workloadRef` is the Deployment notifications-service, which is not in "
        "rollout.yaml. Name its file with `workloadFile`"
    )
    stale = {"r.yaml": sample("argo-rollouts/workloadref-stale.yaml"), "d.yaml": DEPLOYMENT}
    assert get(stale, one("rollout", "r.yaml", workloadFile="d.yaml")) == Version("1.0")


# ---------------------------------------------------------------- images

DEPLOYMENT = """\
apiVersion: apps/v1
kind: Deployment
metadata: {name: cart}
spec:
  template:
    spec:
      initContainers:
      - {name: migrate, image: 'ghcr.io/acme/migrate:1.0'}
      containers:
      - name: cart
        image: %s # ours
"""
DEPLOYMENT = DEPLOYMENT % "ghcr.io/acme/cart:1.0"

IMAGES: tuple[tuple[str, str, str], ...] = (
    ("ghcr.io/acme/cart:1.0", "1.1", "ghcr.io/acme/cart:1.1"),
    ("registry:5000/cart", "1.1", "registry:5000/cart:1.1"),
    ("registry:5000/a/cart:1.0", f"1.1@{SHA}", f"registry:5000/a/cart:1.1@{SHA}"),
    ("localhost:5000/cart:1.0", SHA, f"localhost:5000/cart@{SHA}"),
    ("nginx", "1.27", "nginx:1.27"),
    ("nginx:1", "nginx:1.27", "nginx:1.27"),
    ('"nginx:1"', "1.27", '"nginx:1.27"'),
    (f"cart:1.0@{SHA}", f"1.1@{OTHER}", f"cart:1.1@{OTHER}"),
    (f"cart@{SHA}", OTHER, f"cart@{OTHER}"),
    (f"cart@{SHA}", f"1.1@{OTHER}", f"cart:1.1@{OTHER}"),
    ("a/b.c-d__e/cart:1_0", "1.1-rc.1", "a/b.c-d__e/cart:1.1-rc.1"),
)


@pytest.mark.parametrize(("old", "value", "new"), IMAGES)
def test_an_image_keeps_its_name(old: str, value: str, new: str) -> None:
    text = DEPLOYMENT.replace("ghcr.io/acme/cart:1.0", old)
    assert put(text, one("deployment", "f.yaml"), value) == text.replace(old, new)


def test_an_init_container_is_meant_only_by_its_name() -> None:
    after = put(DEPLOYMENT, one("deployment", "f.yaml", container="migrate"), "1.1")
    assert after == DEPLOYMENT.replace("migrate:1.0", "migrate:1.1")


KINDS = (
    ("StatefulSet", "apps/v1", "spec: {template: {spec: {containers: [{name: a, image: 'x:1'}]}}}\n"),
    ("DaemonSet", "apps/v1", "spec: {template: {spec: {containers: [{name: a, image: 'x:1'}]}}}\n"),
    ("Job", "batch/v1", "spec: {template: {spec: {containers: [{name: a, image: 'x:1'}]}}}\n"),
    ("CronJob", "batch/v1", "spec: {jobTemplate: {spec: {template: {spec: {containers: [{image: 'x:1'}]}}}}}\n"),
    ("Pod", "v1", "spec: {containers: [{name: a, image: 'x:1'}]}\n"),
    ("ReplicaSet", "apps/v1", "spec: {template: {spec: {containers: [{name: a, image: 'x:1'}]}}}\n"),
)


@pytest.mark.parametrize(("kind", "api", "spec"), KINDS)
def test_every_workload_has_its_own_path_to_the_pods(kind: str, api: str, spec: str) -> None:
    text = f"apiVersion: {api}\nkind: {kind}\nmetadata: {{name: a}}\n{spec}"
    assert put(text, one("deployment", "f.yaml", kind=kind), "2") == text.replace("x:1", "x:2")
    if kind in ("Job", "CronJob", "Pod", "DaemonSet"):
        said = refusal(text, one("deployment", "f.yaml", kind=kind, field="replicas"), 2)
        assert said == f"f.yaml: a {kind} has no replicas"


def test_replicas_are_counted_from_none() -> None:
    where = one("deployment", "f.yaml", field="replicas")
    assert get(DEPLOYMENT, where) is None
    assert put(DEPLOYMENT, where, 0) == f"{DEPLOYMENT}  replicas: 0\n"
    assert put(f"{DEPLOYMENT}  replicas: 5\n", where, "3") == f"{DEPLOYMENT}  replicas: 3\n"
    assert put(f"{DEPLOYMENT}  replicas: 5\n", where, None) == DEPLOYMENT


def test_an_image_that_others_share_is_written_only_where_that_is_allowed() -> None:
    text = DEPLOYMENT.replace("image: ghcr", "image: &cart ghcr") + "x: *cart\n"
    assert refusal(text, one("deployment", "f.yaml"), "2").startswith(
        "f.yaml:11: `spec.template.spec.containers[name=cart].image` has the anchor `&cart`: line 12 would change too"
    )
    allowed = Target.model_validate({"deployment": {"file": "f.yaml"}, "sharedAnchors": "allow"})
    assert put(text, allowed, "2") == text.replace("cart:1.0", "cart:2")


@settings(deadline=None, max_examples=60)
@given(
    st.one_of(st.sampled_from([old for old, _, _ in IMAGES]), st.text("ab:/@.-_0[] $", max_size=12)),
    st.one_of(st.sampled_from([new for _, new, _ in IMAGES]), st.text("ab:/@.-_0 ", max_size=10), st.text(max_size=4)),
)
def test_any_image_and_any_value_work_or_are_refused(old: str, value: str) -> None:
    text = DEPLOYMENT.replace("ghcr.io/acme/cart:1.0", json.dumps(old.strip('"')))
    survives(text.encode(), one("deployment", "f.yaml"), value)
    before = tree(text, "f.yaml")
    with suppress(EditError):
        for change in edits.put(one("deployment", "f.yaml"), value, before):
            after = (change.after or b"").decode()
            assert after.startswith(text[: text.index('image: "') + 8])
            assert after.endswith(" # ours\n")


# ---------------------------------------------------------------- slots

SINGLE = """\
apiVersion: argoproj.io/v1alpha1
kind: Rollout
metadata: {name: cart}
spec:
  strategy:
    canary:
      steps:
      - setWeight: 20 # one pull request a weight
      - pause: {}
"""
WEIGHT = slot("rollout", "weight", file="f.yaml", field="setWeight")
STABLE = slot("deployment", "stableVersion", file="f.yaml")


def test_a_single_weight_is_a_slot() -> None:
    assert held(SINGLE, WEIGHT) == 20
    assert moved(SINGLE, WEIGHT, 40) == SINGLE.replace("20", "40")
    assert put(SINGLE, one("rollout", "f.yaml", field="setWeight"), 0) == SINGLE.replace("20", "0")


def test_an_image_is_a_slot() -> None:
    assert held(DEPLOYMENT, STABLE) == Version("1.0")
    assert moved(DEPLOYMENT, STABLE, Version("1.1", SHA)) == DEPLOYMENT.replace("cart:1.0", f"cart:1.1@{SHA}")
    assert held(DEPLOYMENT.replace("cart:1.0", "cart"), STABLE) is None
    form = slot("deployment", "stableVersion", file="f.yaml", form="ghcr.io/acme/cart:v{{ tag }}")
    text = DEPLOYMENT.replace("cart:1.0", "cart:v1.0")
    assert moved(text, form, Version("1.1")) == DEPLOYMENT.replace("cart:1.0", "cart:v1.1")


def test_each_field_says_which_slots_it_holds() -> None:
    names = {
        field: {slot.value for slot in one("rollout", "f.yaml", field=field).rollout.slots}  # type: ignore[union-attr]
        for field in ("image", "setWeight", "autoPromotionEnabled")
    }
    assert names == {
        "image": {"stableVersion", "candidateVersion"},
        "setWeight": {"weight"},
        "autoPromotionEnabled": {"weight"},
    }
    assert refused_slot(SINGLE, slot("rollout", "stableVersion", file="f.yaml", field="setWeight"), Version("1")) == (
        "f.yaml: `setWeight` holds a plain weight, nothing else"
    )
    assert refused_slot(DEPLOYMENT, slot("deployment", "weight", file="f.yaml"), 5) == (
        "f.yaml: spec.template.spec.containers[name=cart].image (kind Deployment): an image has a version, not a weight"
    )
    assert refused_slot(DEPLOYMENT, slot("deployment", "weight", file="f.yaml", field="replicas"), 5) == (
        "f.yaml: `replicas` holds neither a version nor a weight"
    )


# ---------------------------------------------------------------- refusals

SIDECAR = DEPLOYMENT + "      - {name: proxy, image: auto}\n"
BLUE_GREEN = "apiVersion: argoproj.io/v1alpha1\nkind: Rollout\nspec: {strategy: {blueGreen: {activeService: a}}}\n"
OLD = "apiVersion: flagger.app/v1alpha3\nkind: Canary\nspec:\n  canaryAnalysis:\n    interval: 1m\n    stepWeights: [1, 5]\n"

REFUSED: tuple[tuple[str, Target, Value, str], ...] = (
    (SIDECAR, one("deployment", "f.yaml"), "2", "f.yaml:7: 2 containers could be meant: cart (line 10), proxy (line 12). Choose one with `container`"),
    (DEPLOYMENT, one("deployment", "f.yaml", container="card"), "2", "f.yaml:7: no container is named `card`. There are: cart (line 10), migrate (line 8)"),
    (SIDECAR.replace("proxy", "cart"), one("deployment", "f.yaml", container="cart"), "2", "f.yaml:7: 2 containers could be meant"),
    (DEPLOYMENT, one("deployment", "f.yaml", name="other"), "2", "f.yaml: no document is the one"),
    (DEPLOYMENT, one("deployment", "f.yaml", kind="StatefulSet"), "2", "f.yaml: no document is the one"),
    (DEPLOYMENT, one("deployment", "f.yaml"), "ghcr.io/acme/card:2", "f.yaml:11: the image is `ghcr.io/acme/cart`, and `ghcr.io/acme/card` is another one"),
    (DEPLOYMENT, one("deployment", "f.yaml"), None, "f.yaml:11: an image cannot be taken away"),
    (DEPLOYMENT, one("deployment", "f.yaml"), "", "f.yaml:11: '' is no version"),
    (DEPLOYMENT, one("deployment", "f.yaml"), 5, "f.yaml:11: '5' is no version"),
    (DEPLOYMENT, one("deployment", "f.yaml"), "a b", "f.yaml:11: 'a b' is no version"),
    (DEPLOYMENT, one("deployment", "f.yaml"), "-x", "f.yaml:11: '-x' is no version of an image"),
    (DEPLOYMENT, one("deployment", "f.yaml"), "1@sha256:abc", "f.yaml:11: 'sha256:abc' is no digest"),
    (DEPLOYMENT.replace("cart:1.0", f"cart:1.0@{SHA}"), one("deployment", "f.yaml"), "2", "f.yaml:11: a digest pins the image, and 2 has none"),
    (DEPLOYMENT.replace("ghcr.io/acme/cart:1.0", '"{{ .Values.image }}"'), one("deployment", "f.yaml"), "2", "f.yaml:11: '{{ .Values.image }}' is no reference of an image"),
    (DEPLOYMENT.replace("ghcr.io/acme/cart:1.0", "$(IMAGE)"), one("deployment", "f.yaml"), "2", "f.yaml:11: '$(IMAGE)' is no reference"),
    (DEPLOYMENT.replace("ghcr.io/acme/cart:1.0", ""), one("deployment", "f.yaml"), "2", "f.yaml:11: there is no image whose name could be kept"),
    (DEPLOYMENT, one("deployment", "f.yaml", field="replicas"), -1, "f.yaml:1: `replicas` takes a whole number from 0, not '-1'"),
    (DEPLOYMENT, one("deployment", "f.yaml", field="replicas"), True, "f.yaml:1: `replicas` takes a whole number from 0, not 'true'"),
    (f"{DEPLOYMENT}  replicas: many\n", one("deployment", "f.yaml", field="replicas"), 2, "f.yaml:12: `replicas` is 'many', not a whole number from 0"),
    (sample("deployment/hpa-managed.yaml"), one("deployment", "f.yaml", name="cart-stable", field="replicas"), 2, "f.yaml: spec.replicas (kind Deployment, name cart-stable): Kubernetes by the HorizontalPodAutoscaler cart-stable"),
    (sample("argo/canary.yaml"), one("rollout", "f.yaml", field="setWeight"), 50,
     "f.yaml:1: the canary has 2 steps with `setWeight` (lines 10, 12): editing its steps would make Argo Rollouts begin again at the first one"),
    (sample("argo/bluegreen.yaml"), one("rollout", "f.yaml", field="setWeight"), 50, "f.yaml:1: the Rollout's canary has no step with `setWeight`"),
    (sample("argo/canary.yaml"), one("rollout", "f.yaml", field="autoPromotionEnabled"), True, "f.yaml:1: the Rollout is not blue/green"),
    (SINGLE, one("rollout", "f.yaml", field="setWeight"), None, "f.yaml: a weight cannot be taken away"),
    (SINGLE, one("rollout", "f.yaml", field="setWeight"), 101, "f.yaml: '101' is no weight from 0 to 100"),
    (SINGLE.replace("steps:", "trafficRouting: {maxTrafficWeight: 1000}\n      steps:"), one("rollout", "f.yaml", field="setWeight"), 5,
     "f.yaml:1: its weights are out of 1000 (`maxTrafficWeight`), not percents"),
    (SINGLE, one("rollout", "f.yaml"), "2", "f.yaml:1: there is no container"),
    (SINGLE + "  workloadRef: {kind: Service, name: x}\n", one("rollout", "f.yaml"), "2", "f.yaml:10: its `workloadRef` names nothing that has pods"),
    (SINGLE + "  workloadRef: {kind: Deployment, name: x}\n  template: {}\n", one("rollout", "f.yaml"), "2", "f.yaml:10: the Rollout has both"),
    (BLUE_GREEN, one("rollout", "f.yaml", field="autoPromotionEnabled"), "yes", "f.yaml:1: `autoPromotionEnabled` takes true or false, not 'yes'"),
    (OLD, one("canary", "f.yaml", field="stepWeight"), 5, "f.yaml:6: the analysis has `stepWeights`, and Flagger takes no `stepWeight` beside it"),
    (OLD, one("canary", "f.yaml", field="iterations"), 5, "f.yaml:6: the analysis has `stepWeights`, and Flagger takes no `iterations` beside it"),
    (OLD, one("canary", "f.yaml", field="interval"), "5", "f.yaml:5: `interval` takes a duration of minutes and seconds, like 30s or 1m, not '5'"),
    (OLD, one("canary", "f.yaml", field="maxWeight"), 101, "f.yaml:1: `maxWeight` takes a whole number from 0 to 100, not '101'"),
    (OLD, one("canary", "f.yaml", field="suspend"), 1, "f.yaml:1: `suspend` takes true or false, not '1'"),
    (OLD.partition("  canaryAnalysis")[0] + "  analysisRef: {name: x}\n", one("canary", "f.yaml", field="threshold"), 1, "f.yaml:1: the Canary has no `spec.analysis`"),
)  # fmt: skip


@pytest.mark.parametrize(("text", "where", "value", "sentence"), REFUSED)
def test_what_cannot_be_done_safely_is_refused_with_a_sentence(
    text: str, where: Target, value: Value, sentence: str
) -> None:
    assert refusal(text, where, value).startswith(sentence)


def test_absent_knobs_are_added_where_they_belong() -> None:
    switch = one("rollout", "f.yaml", field="autoPromotionEnabled")
    assert get(BLUE_GREEN, switch) is None
    assert put(BLUE_GREEN, switch, True) == BLUE_GREEN.replace(
        "activeService: a", "activeService: a, autoPromotionEnabled: true"
    )
    assert put(OLD, one("canary", "f.yaml", field="threshold"), 3) == f"{OLD}    threshold: 3\n"
    assert put(OLD, one("canary", "f.yaml", field="interval"), "1m30s") == OLD.replace("1m", "1m30s")


def test_another_controllers_kind_of_the_same_name_is_not_meant() -> None:
    text = SINGLE.replace("argoproj.io/v1alpha1", "rollouts.kruise.io/v1beta1")
    with pytest.raises(PlaceAbsent, match="no document is the one"):
        get(text, one("rollout", "f.yaml"))


def test_a_rollback_may_lower_the_version_and_a_promotion_may_not() -> None:
    before, after = Slots(stable=Version("1.0.0")), Slots(stable=Version("0.9.0"))
    files = tree(DEPLOYMENT.replace("1.0 #", "1.0.0 #"), "f.yaml")
    assert edits.render([STABLE], files, before, after, back=True)
    with pytest.raises(Exception, match="would fall from"):
        edits.render([STABLE], files, before, after)


# ---------------------------------------------------------------- garbage

GARBAGE = (
    b"", b"\xff", b"a: [", b"{{ x }}", b"- 1\n- 2\n", b"kind: [Deployment]\n", b"kind: Deployment\n", b"kind: Deployment\nspec: 1\n",
    b"apiVersion: argoproj.io/v1alpha1\nkind: Rollout\nspec: {template: [], workloadRef: 1, strategy: {canary: {steps: {a: 1}}}}\n",
    b"apiVersion: argoproj.io/v1alpha1\nkind: Rollout\nspec: {workloadRef: {kind: [a], name: {b: c}}, strategy: {canary: {steps: [1, [2], {setWeight: [3]}]}}}\n",
    b"apiVersion: argoproj.io/v1alpha1\nkind: Rollout\nspec: {strategy: {blueGreen: 1, canary: 5}, template: {spec: {containers: {a: 1}}}}\n",
    b"apiVersion: argoproj.io/v1alpha1\nkind: Rollout\nspec: {strategy: {blueGreen: {autoPromotionEnabled: [1]}}}\n",
    b"kind: Deployment\nspec: &a\n  template: *a\n",
    b"kind: Deployment\nspec: {replicas: {}, template: {spec: {containers: [a, {image: [b]}, {name: [c]}]}}}\n",
    b"kind: Deployment\nspec: {template: {spec: {containers: [{image: {a: b}}]}}}\n",
    b"apiVersion: flagger.app/v1\nkind: Canary\nspec: {analysis: [1]}\n",
    b"apiVersion: flagger.app/v1\nkind: Canary\nspec: {analysis: , analysis: 2}\n",
    b"apiVersion: flagger.app/v1\nkind: Canary\nspec:\n",
)  # fmt: skip
EVERY = (
    *(one("deployment", "f.yaml", field=field) for field in ("image", "replicas")),
    *(one("rollout", "f.yaml", field=field) for field in ("image", "setWeight", "autoPromotionEnabled")),
    *(one("canary", "f.yaml", field=field) for field in ("stepWeight", "interval", "suspend")),
)


def test_garbage_is_written_and_read_back_or_refused() -> None:
    for where in EVERY:
        for data in GARBAGE:
            for value in ("1.2", 5, True, None, [1], {"a": 1}):
                survives(data, where, value)


def test_places_are_named_without_a_tree() -> None:
    assert edits.places(EVERY[:1]) == ("f.yaml: spec.template.spec.containers[0].image (kind Deployment)",)
    assert edits.places([one("canary", "f.yaml", field="interval")]) == (
        "f.yaml: spec.analysis.interval (kind Canary)",
        "f.yaml: spec.canaryAnalysis.interval (kind Canary)",
    )
    assert all(edits.places([where]) for where in EVERY)
    assert {"deployment", "rollout", "canary", "iter8", "ocm_subscription", "placement_rule"} <= set(LOCATORS)
    assert DATA.is_dir()
