# ruff: noqa: E501 - a row of a table stays a row
"""The mirrored percent of a route: raised where it is, added where it is absent, never another's."""

from __future__ import annotations

import pytest

from gitops_bot import edits
from gitops_bot.errors import EditError, EditRefused
from gitops_bot.model import Slots
from gitops_bot.policy.schema import Edit
from tests.edits.routes import BACKENDS, CART, get, moved, sample, slot, swapped, target, tree

ISTIO = slot("virtualService", "mirror", **CART, field="mirror")
GATEWAY = slot("httpRoute", "mirror", **BACKENDS, field="mirror")
GRPC = slot("grpcRoute", "mirror", **BACKENDS, field="mirror")

VIRTUAL = """\
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: cart}
spec:
  http:
    - name: primary
      route: # both
        - destination: {host: cart, subset: stable}
          weight: 100
        - destination: {host: cart, subset: candidate}
          weight: 0
"""
CANDIDATE = "{host: cart, subset: candidate}"
TO = f"      mirror: {CANDIDATE}\n"
ADDED = """\
      mirror:
        host: cart
        subset: candidate
      mirrorPercentage:
        value: 20
"""
RULE = """\
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: cart}
spec:
  rules:
    - backendRefs:
        - {name: cart-stable, port: 80, weight: 100}
        - {name: cart-candidate, port: 8080, weight: 0}
"""
FILTER = """\
          requestMirror:
            backendRef:
              name: cart-candidate
              port: 8080
            percent: 20
"""
MIRROR = "        - {{type: RequestMirror, requestMirror: {{backendRef: {{name: cart-candidate, port: 8080}}{}}}}}\n"


def mirrored(percent: str) -> str:
    return f"{RULE}      filters:\n{MIRROR.format(percent)}"


def percent(text: str, one: Edit) -> int | None:
    return edits.read([one], tree(text)).mirror


@pytest.mark.parametrize(
    ("text", "one", "old", "new", "after"),
    [
        # absent: added, with the canary's own target
        (VIRTUAL, ISTIO, 0, 20, VIRTUAL + ADDED),
        (RULE, GATEWAY, 0, 20, f"{RULE}      filters:\n        - type: RequestMirror\n{FILTER}"),
        # there, in each of its spellings
        (f"{VIRTUAL}{TO}      mirrorPercentage: {{value: 10.0}} # %\n", ISTIO, 10, 20, f"{VIRTUAL}{TO}      mirrorPercentage: {{value: 20}} # %\n"),
        (f"{VIRTUAL}{TO}      mirrorPercent: 10\n", ISTIO, 10, 0, f"{VIRTUAL}{TO}      mirrorPercent: 0\n"),
        (f"{VIRTUAL}{TO}", ISTIO, 100, 0, f"{VIRTUAL}{TO}      mirrorPercentage:\n        value: 0\n"),
        (f"{VIRTUAL}{TO}      mirrorPercentage: {{}}\n", ISTIO, 0, 5, f"{VIRTUAL}{TO}      mirrorPercentage:\n        value: 5\n"),
        (
            f"{VIRTUAL}      mirrors:\n        - destination: {{host: audit}}\n        - destination: {CANDIDATE}\n          percentage: {{value: 5}}\n",
            ISTIO, 5, 0,
            f"{VIRTUAL}      mirrors:\n        - destination: {{host: audit}}\n        - destination: {CANDIDATE}\n          percentage: {{value: 0}}\n",
        ),
        (mirrored(", percent: 10"), GATEWAY, 10, 0, mirrored(", percent: 0")),
        (mirrored(""), GATEWAY, 100, 50, mirrored(", percent: 50")),
    ],
)  # fmt: skip
def test_a_mirror_is_read_and_written_and_no_other_byte(text: str, one: Edit, old: int, new: int, after: str) -> None:
    assert percent(text, one) == old
    assert moved(text, one, new) == after


def test_what_is_beside_the_mirror_stays() -> None:
    others = "      mirrors:\n        - destination: {host: audit}\n"
    after = moved(VIRTUAL + others, ISTIO, 20)
    assert after.startswith(VIRTUAL + others)
    assert percent(after, ISTIO) == 20
    header = "        - {type: RequestHeaderModifier, requestHeaderModifier: {set: [{name: a, value: b}]}}\n"
    text = f"{RULE}      filters:\n{header}"
    assert moved(text, GATEWAY, 20) == text + MIRROR.format(", percent: 20")


def test_nothing_is_added_for_nothing() -> None:
    for text, one in ((VIRTUAL, ISTIO), (RULE, GATEWAY)):
        assert moved(text, one, 0) == text


def test_a_weight_and_a_mirror_of_one_route_are_two_places() -> None:
    weight = slot("virtualService", **CART, name="cart", route="primary")
    mirror = slot("virtualService", "mirror", **CART, name="cart", route="primary", field="mirror")
    assert edits.places([mirror]) == (
        "f.yaml: spec.http[name=primary].mirrorPercentage.value (kind VirtualService, name cart)",
    )
    assert not set(edits.places([mirror])) & set(edits.places([weight]))
    both = edits.render([weight, mirror], tree(VIRTUAL), Slots(weight=0, mirror=0), Slots(weight=0, mirror=20))
    assert [move.slot for change in both for move in change.moves] == ["mirror", "mirror"]


def test_a_mirror_of_grpc_is_the_same() -> None:
    text = sample("gateway-api/grpcroute-canary")
    assert percent(text, GRPC) == 0
    after = moved(text, GRPC, 30)
    assert percent(after, GRPC) == 30
    assert moved(after, GRPC, 0) == after.replace("percent: 30", "percent: 0")


@pytest.mark.parametrize(
    ("text", "one", "message"),
    [
        (f"{VIRTUAL}      mirror: {{host: audit}}\n", ISTIO, "the route mirrors to `audit`, not to the canary"),
        (f"{VIRTUAL}{TO}      mirrorPercentage: {{value: 0.5}}\n", ISTIO, "`value` is '0.5', no whole percent"),
        (f"{VIRTUAL}{TO}      mirrorPercentage: {{value: [1]}}\n", ISTIO, "`value` is a list or a mapping"),
        (VIRTUAL.replace("http:", "tcp:"), slot("virtualService", "mirror", **CART, field="mirror", protocol="tcp"), "`spec.tcp` has no mirrors"),
        (mirrored(", fraction: {numerator: 1}"), GATEWAY, "the mirror has a `fraction`"),
        (mirrored("") + MIRROR.format(""), GATEWAY, "2 filters mirror to `cart-candidate`"),
        (VIRTUAL.replace("candidate", "other"), ISTIO, "has both `stable` and `candidate`"),
    ],
)  # fmt: skip
def test_what_is_no_mirror_of_the_canary_is_refused(text: str, one: Edit, message: str) -> None:
    with pytest.raises(EditError) as refused:
        edits.read([one], tree(text))
    assert message in refused.value.what


def test_a_controllers_route_is_not_mirrored_either() -> None:
    canary = (
        "---\napiVersion: flagger.app/v1beta1\nkind: Canary\nmetadata: {name: cart}\nspec: {targetRef: {name: cart}}\n"
    )
    with pytest.raises(EditRefused, match="Flagger"):
        moved(VIRTUAL + canary, ISTIO, 20)


def test_by_hand_it_is_a_number() -> None:
    place = target("virtualService", **CART, field="mirror")
    assert get(VIRTUAL, place) == 0
    text = sample("istio/virtualservice-canary")
    assert get(text, place) == 0


STEPS = """\
apiVersion: argoproj.io/v1alpha1
kind: Rollout
metadata: {name: cart}
spec:
  strategy:
    canary:
      steps:
        - setMirrorRoute: {name: m, match: [{path: {prefix: /}}], percentage: 35}
        - pause: {}
"""


def test_the_single_mirror_step_of_a_rollout_is_a_mirror() -> None:
    one = slot("rollout", "mirror", field="setMirrorRoute")
    assert percent(STEPS, one) == 35
    assert moved(STEPS, one, 50) == swapped(STEPS, ("35", "50"))
    without = STEPS.replace(", percentage: 35", "")
    assert percent(without, one) == 100
    assert moved(without, one, 50) == STEPS.replace("35", "50")
    with pytest.raises(EditRefused, match="2 steps with `setMirrorRoute`"):
        percent(STEPS + "        - setMirrorRoute: {name: m}\n", one)
