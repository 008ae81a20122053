# ruff: noqa: E501 - a row of a table stays a row
"""VirtualService, DestinationRule, HTTPRoute, GRPCRoute: two weights that always add up, in one change."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gitops_bot import edits
from gitops_bot.edits.locators import LOCATORS
from gitops_bot.errors import EditError, EditRefused
from gitops_bot.model import SlotName, Slots, Version
from gitops_bot.policy.schema import Edit
from tests.edits.routes import (
    CART,
    FILE,
    GATEWAY,
    GRPC,
    ISTIO,
    TCP,
    backend,
    gateway,
    istio,
    moved,
    put,
    sample,
    slot,
    subset,
    swapped,
    target,
    tree,
    weight,
)
from tests.edits.trees import Files, edit

# ---------------------------------------------------------------- whole objects

GOLDEN: tuple[tuple[str, Edit, int, int, tuple[tuple[str, str], ...]], ...] = (
    ("istio/virtualservice-canary", ISTIO, 10, 25, (("weight: 90", "weight: 75"), ("weight: 10", "weight: 25"))),
    ("istio/virtualservice-canary", ISTIO, 10, 0, (("weight: 90", "weight: 100"), ("weight: 10\n", "weight: 0\n"))),
    ("istio/virtualservice-promoted", ISTIO, 100, 0, (("weight: 0", "weight: +"), ("weight: 100", "weight: 0"),
                                                      ("weight: +", "weight: 100"))),
    ("istio/virtualservice-relative-weights", ISTIO, 25, 50, (("weight: 3", "weight: 2"), ("weight: 1", "weight: 2"))),
    ("istio/virtualservice-relative-weights", ISTIO, 25, 10, (("weight: 3", "weight: 90"), ("weight: 1", "weight: 10"))),
    ("istio/virtualservice-tcp", TCP, 20, 35, (("weight: 80", "weight: 65"), ("weight: 20", "weight: 35"))),
    ("gateway-api/httproute-canary", GATEWAY, 10, 50, (("weight: 90", "weight: 50"), ("weight: 10", "weight: 50"))),
    ("gateway-api/httproute-default-weight", GATEWAY, 50, 10, (
        ("cart-stable\n      port: 80\n", "cart-stable\n      port: 80\n      weight: 90\n"),
        ("cart-candidate\n      port: 80\n", "cart-candidate\n      port: 80\n      weight: 10\n"))),
    ("gateway-api/grpcroute-canary", GRPC, 25, 75, (("weight: 3", "weight: +"), ("weight: 1", "weight: 3"),
                                                    ("weight: +", "weight: 1"))),
)  # fmt: skip


@pytest.mark.parametrize(("name", "one", "old", "new", "swaps"), GOLDEN, ids=[f"{g[0]}-{g[3]}" for g in GOLDEN])
def test_a_weight_is_two_weights_and_no_other_byte(
    name: str, one: Edit, old: int, new: int, swaps: tuple[tuple[str, str], ...]
) -> None:
    text = sample(name)
    assert weight(text, one) == old
    assert moved(text, one, new) == swapped(text, *swaps)


@pytest.mark.parametrize("name", ["istio/virtualservice-canary", "istio/virtualservice-promoted"])
def test_going_there_and_back_restores_the_bytes(name: str) -> None:
    text = sample(name)
    old = weight(text, ISTIO)
    assert old is not None
    assert moved(moved(text, ISTIO, 55), ISTIO, old) == text


def test_both_weights_are_named_for_people_and_for_conflicts() -> None:
    text = sample("istio/virtualservice-canary")
    (change,) = edits.render([ISTIO], tree(text), Slots(weight=10), Slots(weight=25))
    assert [(move.place, move.old, move.new) for move in change.moves] == [
        (f"f.yaml: spec.http[name=primary].route[destination.subset={name}].weight (kind VirtualService)", old, new)
        for name, old, new in (("stable", "90", "75"), ("candidate", "10", "25"))
    ]
    named = slot("virtualService", **CART, route="primary", name="cart")
    assert edits.places([named]) == tuple(
        f"f.yaml: spec.http[name=primary].route[destination.subset={name}].weight (kind VirtualService, name cart)"
        for name in ("candidate", "stable")
    )
    for one in (named, *PLACES, slot("service", "stableVersion", label="color")):
        assert edits.candidates([one]) == edits.paths([one], tree(text)) == (FILE,)


def test_a_weight_that_disagrees_with_another_place_is_told_with_both() -> None:
    both = [ISTIO, edit(yaml={"file": FILE, "path": "w"}, set="weight")]
    text = sample("istio/virtualservice-canary") + "w: 20\n"
    with pytest.raises(EditRefused, match=r"weight is 10 at f\.yaml: spec\.http\.route\[destination\.subset=candidate"):
        edits.read(both, tree(text))


# ---------------------------------------------------------------- arithmetic

ARITHMETIC: tuple[tuple[str, tuple[str, ...], int | None, int, tuple[str, ...] | None], ...] = (
    ("a third keeps its share", ("45", "45", "10"), 50, 20, ("72", "18", "10")),
    ("a third without weight has none", ("50", "50", ""), 50, 20, ("80", "20", "")),
    ("a third without traffic stays", ("3", "1", "0"), 25, 10, ("90", "10", "0")),
    ("a total of 1000 stays", ("900", "100"), 10, 25, ("750", "250")),
    ("a total of 1000 with a third", ("700", "100", "200"), None, 25, ("600", "200", "200")),
    ("no weight is nothing beside one with all", ("100", ""), 0, 25, ("75", "25")),
    ("the canary's alone", ("", "100"), 100, 60, ("40", "60")),
    ("none at all", ("", ""), None, 10, ("90", "10")),
    ("zeros", ("0", "0"), None, 10, ("90", "10")),
    ("thirds are no percent, and may become one", ("2", "1"), None, 50, ("50", "50")),
    ("quotes stay", ("'90'", '"10"'), 10, 5, ("'95'", '"5"')),
    ("an empty value is filled", ("90", "~"), 0, 10, ("81", "9")),
    ("a share that cannot be divided", ("45", "45", "10"), 50, 1, None),
    ("a third with everything", ("0", "0", "100"), None, 0, None),
)


@pytest.mark.parametrize(
    ("given", "old", "new", "written"), [row[1:] for row in ARITHMETIC], ids=[r[0] for r in ARITHMETIC]
)
def test_weights_are_divided(
    given: tuple[str, ...], old: int | None, new: int, written: tuple[str, ...] | None
) -> None:
    names = ("stable", "candidate", "beta")
    text = istio(*map(subset, names, given))
    if old is None:
        with pytest.raises(EditRefused, match=r"no whole percent|have no weight together"):
            weight(text, ISTIO)
    else:
        assert weight(text, ISTIO) == old
    if written is None:
        with pytest.raises(
            EditRefused, match=r"no whole weight, and the other targets keep|the other targets have 100"
        ):
            put(text, target("virtualService", **CART), new)
    else:
        assert put(text, target("virtualService", **CART), new) == istio(*map(subset, names, written))


def test_what_is_no_whole_weight_is_said() -> None:
    text = istio(subset("stable", "45"), subset("candidate", "45"), subset("beta", "10"))
    with pytest.raises(EditRefused) as error:
        moved(text, ISTIO, 25)
    assert str(error.value).startswith(
        "f.yaml:5: 25 % of the 90 that `stable` and `candidate` have together is no whole weight, and the other targets "
        "keep their 10."
    )
    with pytest.raises(
        EditRefused, match=r"`candidate` has 1 of the 3 that it shares with `stable`, which is no whole"
    ):
        weight(istio(subset("stable", "2"), subset("candidate", "1")), ISTIO)


GATEWAY_ARITHMETIC: tuple[tuple[tuple[str, ...], int, int, tuple[str, ...] | None], ...] = (
    (("", ""), 50, 50, ("", "")),
    (("9", ""), 10, 20, ("8", "2")),
    (("", "", ""), 50, 0, ("2", "0", "")),
    (("", "", ""), 50, 10, None),
    (("0", "1000000"), 100, 1, ("990000", "10000")),
    (("60", "20", "20"), 25, 50, ("40", "40", "20")),
)


@pytest.mark.parametrize(("given", "old", "new", "written"), GATEWAY_ARITHMETIC)
def test_a_backend_without_weight_counts_one(
    given: tuple[str, ...], old: int, new: int, written: tuple[str, ...] | None
) -> None:
    names = ("cart-stable", "cart-candidate", "cart-beta")
    text = gateway(*map(backend, names, given))
    assert weight(text, GATEWAY) == old
    if written is None:
        with pytest.raises(EditRefused, match="10 % of the 2 that"):
            moved(text, GATEWAY, new)
    else:
        assert moved(text, GATEWAY, new) == gateway(*map(backend, names, written))


@pytest.mark.parametrize(
    "literal", ["-1", "1.5", "010", "0x10", "1e2", "2147483648", "x", "{a: 1}", "[1]", '"{{ w }}"']
)
def test_what_is_no_weight_is_refused_wherever_it_stands(literal: str) -> None:
    for text in (
        istio(subset("stable", literal), subset("candidate", "10")),
        istio(subset("stable", "90"), subset("candidate", "10"), subset("beta", literal)),
    ):
        with pytest.raises(EditRefused, match=r"f\.yaml:\d+: `weight` of .* no whole number up to 2147483647"):
            moved(text, ISTIO, 20)
    with pytest.raises(EditRefused, match="no whole number up to 1000000"):
        weight(gateway(backend("cart-stable", "1000001"), backend("cart-candidate")), GATEWAY)


SHARES = st.lists(st.integers(0, 1000), min_size=2, max_size=5)


@settings(deadline=None, max_examples=50)
@given(SHARES, st.integers(0, 100))
def test_the_total_stays_and_the_weight_reads_back_or_it_is_refused(shares: list[int], new: int) -> None:
    names = ["stable", "candidate", "b2", "b3", "b4"]
    text = istio(*[subset(name, str(share)) for name, share in zip(names, shares, strict=False)])
    try:
        after = put(text, target("virtualService", **CART), new)
    except EditRefused:
        assert sum(shares[2:]), "two targets alone can have any percent"
        return
    shown = [int(line.rpartition(" ")[2].strip("}")) for line in after.splitlines() if "weight" in line]
    assert shown[2:] == shares[2:]
    assert sum(shown) == sum(shares) or (not sum(shares[2:]) and sum(shown) == 100)
    assert weight(after, ISTIO) == new


# ---------------------------------------------------------------- what a route does not hold


@pytest.mark.parametrize(("value", "sentence"), [
    (None, "a weight cannot be taken away. Set it to 0"),
    ("101", "'101' is no weight from 0 to 100"),
    (-1, "'-1' is no weight"),
    (True, "'True' is no weight"),
    ("x", "'x' is no weight"),
    ([1], "is no weight"),
])  # fmt: skip
def test_what_is_no_percent_is_refused(value: Any, sentence: str) -> None:
    with pytest.raises(EditRefused) as error:
        put(sample("istio/virtualservice-canary"), target("virtualService", **CART), value)
    assert sentence in str(error.value)


def test_a_route_holds_no_version_and_no_form() -> None:
    text = sample("istio/virtualservice-canary")
    for call in (edits.read, lambda given, at: edits.render(given, at, Slots(), Slots(Version("v1")))):
        with pytest.raises(EditRefused, match="stableVersion is no weight, and weights stand there"):
            call([slot("virtualService", "stableVersion", **CART)], tree(text))
    spelt = edit(virtualService={"file": FILE, **CART}, set="weight", value="w{{ weight }}")
    with pytest.raises(EditRefused, match="weights are plain numbers, not of the form"):
        edits.read([spelt], tree(text))
    plain = edit(virtualService={"file": FILE, **CART}, set="weight", value="{{ weight }}")
    assert moved(text, plain, 20) == moved(text, ISTIO, 20)


# ---------------------------------------------------------------- any file

PLACES = (
    slot("virtualService", stable="a", canary="b"),
    slot("virtualService", stable="a", canary="b", route="a", protocol="tls"),
    slot("httpRoute", stable="a", canary="b"),
    slot("ingressNginx"),
    slot("knativeService", stable="a"),
    slot("knativeService", tag="a", canary="b"),
)
HEADS = {
    "virtual_service": b"apiVersion: networking.istio.io/v1\nkind: VirtualService\n",
    "http_route": b"apiVersion: gateway.networking.k8s.io/v1\nkind: HTTPRoute\n",
    "ingress_nginx": b"apiVersion: networking.k8s.io/v1\nkind: Ingress\n",
    "knative_service": b"apiVersion: serving.knative.dev/v1\nkind: Service\n",
}
WORDS = st.sampled_from(
    ["spec: ", "http: ", "route: ", "rules:\n", "- ", "traffic: ", "percent: 5", "{", "}", "[", "]", "&a ", "*a", "<<: ",
     "a", "b", ", ", "\n", "  ", "weight: 1", "destination: ", "subset: ", "metadata: ", "annotations: ", "null", "? "]
)  # fmt: skip


@settings(deadline=None, max_examples=150)
@given(st.sampled_from(PLACES), st.lists(WORDS, max_size=25).map("".join), st.integers(0, 100))
def test_any_object_works_or_is_refused(one: Edit, body: str, new: int) -> None:
    at = Files({FILE: HEADS[one.given[0]] + body.encode()})
    with suppress(EditError):
        edits.render([one], at, edits.read([one], at), Slots(weight=new))


def test_every_place_of_a_route_has_its_locator() -> None:
    assert set(LOCATORS) >= {
        "virtual_service", "destination_rule", "http_route", "grpc_route", "ingress_nginx", "knative_service", "service",
    }  # fmt: skip


# ---------------------------------------------------------------- colours, and one of several

THREE = """\
apiVersion: networking.istio.io/v1beta1
kind: VirtualService
metadata: {name: cart}
spec:
  http:
    - route:
        - {destination: {host: cart, subset: a}, weight: 50}
        - {destination: {host: cart, subset: b}, weight: 30}
        - {destination: {host: cart, subset: c}, weight: 20}
"""


def placed(text: str, **given: object) -> tuple[Slots, Edit, Files]:
    """An edit of a route, and what it reads."""
    edit = Edit.model_validate({"virtualService": {"file": "f.yaml", "stable": "a", "canary": "b"}, **given})
    found = Files({"f.yaml": text.encode()})
    return edits.read([edit], found), edit, found


def test_a_variants_share_is_of_everything_and_only_taken_away() -> None:
    before, edit, found = placed(THREE, set="weight", of="b")
    assert before.variant("b").weight == 30
    changes = edits.render([edit], found, before, before.having(SlotName.WEIGHT, 0, "b"))
    assert [(move.old, move.new, move.of) for move in changes[0].moves] == [("50", "80", "b"), ("30", "0", "b")]
    with pytest.raises(EditRefused, match="the bot takes its traffic away, people give it"):
        edits.render([edit], found, before, before.having(SlotName.WEIGHT, 40, "b"))


def test_the_target_with_everything_is_the_active_colour() -> None:
    two = (
        THREE.replace("weight: 50", "weight: 100").replace("weight: 30", "weight: 0").replace("weight: 20", "weight: 0")
    )
    before, edit, found = placed(two, set="activeColor")
    assert before.active == "a"
    changes = edits.render([edit], found, before, before.having(SlotName.COLOR, "b"))
    assert [(move.old, move.new) for move in changes[0].moves] == [("100", "0"), ("0", "100")]
    with pytest.raises(EditRefused, match="'c' is neither `a` nor `b`"):
        edits.render([edit], found, before, before.having(SlotName.COLOR, "c"))
    with pytest.raises(EditRefused, match="have traffic: none is active"):
        placed(two.replace("100", "90").replace("weight: 0", "weight: 10"), set="activeColor")
