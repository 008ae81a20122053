# ruff: noqa: E501 - a row of a table stays a row
"""Which destination, which route, which document: told apart by what people write, listed where that is not enough."""

from __future__ import annotations

import pytest

from gitops_bot import edits
from gitops_bot.errors import EditError, EditRefused, FileAbsent, PlaceAbsent
from tests.edits.routes import (
    BACKENDS,
    CART,
    FILE,
    GATEWAY,
    ISTIO,
    backend,
    gateway,
    host,
    istio,
    moved,
    put,
    sample,
    slot,
    subset,
    swapped,
    target,
    weight,
)
from tests.edits.trees import Files, edit

# ---------------------------------------------------------------- which destination

SHORT, LONG, OTHER = "cart", "cart.shop.svc.cluster.local", "cart-canary.shop.svc.cluster.local"
IN_SHOP = "metadata: {name: cart, namespace: shop}\n"
HOSTS: tuple[tuple[str, str, str, str, bool], ...] = (
    ("the very host", LONG, "", LONG, True),
    ("a short name for a long one", "cart", "", LONG, True),
    ("a long name for a short one", LONG, "", "cart", True),
    ("with the namespace alone", "cart.shop", "", LONG, True),
    ("with a dot at the end", "cart", "", f"{LONG}.", True),
    ("in the object's own namespace", LONG, IN_SHOP, "cart", True),
    ("in another namespace", "cart.dev.svc.cluster.local", IN_SHOP, "cart", False),
    ("a short name is of the object's namespace", "cart", "metadata: {namespace: dev}\n", LONG, False),
    ("two namespaces", "cart.dev", "", LONG, False),
    ("a host outside", "cart", "", "cart.example.com", False),
    ("the beginning of a name", "car", "", "cart", False),
)


@pytest.mark.parametrize(("asked", "head", "found", "same"), [row[1:] for row in HOSTS], ids=[row[0] for row in HOSTS])
def test_a_host_is_known_by_its_short_and_its_full_name(asked: str, head: str, found: str, same: bool) -> None:
    text = istio(host(found, "80"), host(OTHER, "20"), head=head)
    one = slot("virtualService", stable=asked, canary=OTHER)
    if same:
        assert moved(text, one, 30) == istio(host(found, "70"), host(OTHER, "30"), head=head)
    else:
        with pytest.raises(PlaceAbsent, match=r"no route of `spec.http` has both"):
            weight(text, one)


def test_a_subset_goes_before_a_host() -> None:
    text = istio(
        "{destination: {host: stable, subset: blue}, weight: 60}",
        "{destination: {host: x, subset: stable}, weight: 40}",
    )
    with pytest.raises(EditRefused, match=r"`stable` and `x` are the same target"):
        weight(text, slot("virtualService", stable="stable", canary="x"))
    assert weight(text, slot("virtualService", stable="stable", canary="blue")) == 60


def test_destinations_that_a_name_does_not_tell_apart_are_listed() -> None:
    text = istio(subset("stable", "80"), subset("candidate", "10"), subset("candidate", "10"))
    with pytest.raises(EditRefused, match=r"f\.yaml:5: 2 targets of the route number 0 are `candidate`: lines 7, 8"):
        weight(text, ISTIO)
    loose = istio(host("cart.a.svc", "50"), host("cart.b.svc", "40"), host("new", "10"))
    with pytest.raises(EditRefused, match=r"2 targets of the route number 0 are `cart`"):
        weight(loose, slot("virtualService", stable="cart", canary="new"))


# ---------------------------------------------------------------- which route

PAIR = f"    - {subset('stable', '90')}\n    - {subset('candidate', '10')}\n"
TWO = istio(route=f"  - name: a\n    route:\n{PAIR}  - name: b\n    route:\n{PAIR}  - route:\n{PAIR}")


def test_several_routes_with_both_are_listed_and_told_apart_by_name() -> None:
    with pytest.raises(EditRefused) as error:
        weight(TWO, ISTIO)
    assert str(error.value) == (
        "f.yaml:1: 3 routes of `spec.http` have both `stable` and `candidate`: `a` (line 5), `b` (line 9), "
        "number 2 (line 13). Choose one by its name, with `route`"
    )
    after = moved(TWO, slot("virtualService", **CART, route="b"), 20)
    assert [line for line, old in zip(after.splitlines(), TWO.splitlines(), strict=True) if line != old] == [
        f"    - {subset('stable', '80')}",
        f"    - {subset('candidate', '20')}",
    ]
    assert after.splitlines()[10] == f"    - {subset('stable', '80')}"


ROUTES_ABSENT: tuple[tuple[str, dict[str, str], type[EditError], str], ...] = (
    (sample("istio/virtualservice-canary"), {"route": "primery"}, PlaceAbsent,
     "f.yaml:2: no route of `spec.http` is named `primery`. Did you mean `primary`?"),
    (istio(subset("x", "1")), {"route": "primary"}, PlaceAbsent,
     "f.yaml:1: no route of `spec.http` is named `primary`. There are: none with a name"),
    (sample("istio/virtualservice-canary"), {"route": "insiders"}, PlaceAbsent,
     "f.yaml:17: no route of `spec.http` has both `stable` and `candidate`; there are: `insiders` (candidate)"),
    (sample("istio/virtualservice-canary"), {"canary": "beta"}, PlaceAbsent,
     "f.yaml:2: no route of `spec.http` has both `stable` and `beta`; there are: `insiders` (candidate), "
     "`primary` (stable, candidate)"),
    (sample("istio/virtualservice-tcp"), {}, PlaceAbsent,
     "f.yaml:2: no route of `spec.http` has both `stable` and `candidate`; there are: none"),
    (istio(route="  - redirect: {uri: /}\n"), {}, PlaceAbsent,
     "f.yaml:1: no route of `spec.http` has both `stable` and `candidate`; there are: number 0 (no targets)"),
    (istio(route="  - name: a\n  - name: a\n"), {"route": "a"}, EditRefused,
     "f.yaml:1: 2 routes of `spec.http` are named so: `a` (line 5), `a` (line 6)"),
    (istio(route="    a: 1\n"), {}, EditRefused, "f.yaml:5: `http` is no list"),
    (istio(route="  - route: x\n"), {}, EditRefused, "f.yaml:5: `route` is no list"),
    (istio("- x", "[y]", "{destination: z}", "{destination: {subset: [stable]}}"), {}, PlaceAbsent,
     "f.yaml:1: no route of `spec.http` has both `stable` and `candidate`; there are: number 0 (?, ?, ?, ?)"),
    (istio("{destination: {subset: stable, subset: b}}"), {}, EditRefused, "f.yaml:6: the key `subset` is there 2 times"),
    ("apiVersion: networking.istio.io/v1\nkind: VirtualService\n", {}, PlaceAbsent, "f.yaml:1: no route of `spec.http`"),
    ("", {}, PlaceAbsent, "f.yaml: the file is empty"),
    ("a: [", {}, EditRefused, "f.yaml:2:1: the file cannot be read as YAML"),
    ("kind: VirtualService\nspec: {{ .Values.spec }}\nx:\n{{ end }}\n", {}, EditRefused, "f.yaml:4: the file is a template"),
)  # fmt: skip


@pytest.mark.parametrize(("text", "spec", "kind", "sentence"), ROUTES_ABSENT)
def test_a_route_that_is_not_there_is_said(
    text: str, spec: dict[str, str], kind: type[EditError], sentence: str
) -> None:
    one = slot("virtualService", **{**CART, **spec})
    for call in (lambda: weight(text, one), lambda: put(text, target("virtualService", **{**CART, **spec}), 5)):
        with pytest.raises(kind) as error:
            call()
        assert str(error.value).startswith(sentence)


def test_rules_of_the_gateway_api_are_known_by_name_or_by_their_backends() -> None:
    pair = f"    - {backend('cart-stable', '90')}\n    - {backend('cart-candidate', '10')}\n"
    mirror = "    filters: [{type: RequestMirror, requestMirror: {backendRef: {name: cart-candidate, port: 80}}}]\n"
    text = gateway(rule=f"  - name: a\n{mirror}    backendRefs:\n{pair}  - name: b\n    backendRefs:\n{pair}")
    with pytest.raises(EditRefused, match=r"`a` \(line 5\), `b` \(line 10\)\. Choose one by its name, with `rule`"):
        weight(text, GATEWAY)
    after = moved(text, slot("httpRoute", **BACKENDS, rule="a"), 20)
    assert after == text.replace("90", "80", 1).replace("10}", "20}", 1)


def test_a_backend_of_another_kind_is_a_third_target() -> None:
    other = backend("cart-candidate", "20", ", group: example.com, kind: Pool")
    text = gateway(backend("cart-stable", "70", ", kind: Service"), backend("cart-candidate", "10"), other)
    with pytest.raises(EditRefused, match=r"`cart-candidate` has 10 of the 80"):
        weight(text, GATEWAY)
    after = put(text, target("httpRoute", **BACKENDS), 25)
    assert after == swapped(text, ("weight: 70", "weight: 60"), ("weight: 10", "weight: 20"))


# ---------------------------------------------------------------- which document


def test_documents_are_chosen_by_group_kind_name_and_namespace() -> None:
    one = sample("istio/virtualservice-canary")
    foreign = one.replace("networking.istio.io", "example.com")
    text = f"{foreign}---\n{one}"
    assert moved(text, ISTIO, 25) == f"{foreign}---\n" + moved(one, ISTIO, 25)
    with pytest.raises(PlaceAbsent, match=r"no document is the one that `where` asks for"):
        weight(foreign, ISTIO)
    second = one.replace("name: cart\n  namespace: shop-prod", "name: cart\n  namespace: shop-dev")
    both = f"{one}---\n{second}"
    with pytest.raises(
        EditRefused, match=r"2 documents match: VirtualService shop-prod/cart .*, VirtualService shop-dev/c"
    ):
        weight(both, ISTIO)
    assert moved(both, slot("virtualService", **CART, name="cart", namespace="shop-dev"), 25) == (
        f"{one}---\n" + moved(second, ISTIO, 25)
    )


def test_a_file_that_is_absent_is_said() -> None:
    with pytest.raises(FileAbsent, match=r"f\.yaml: the file is not in the repository"):
        edits.read([ISTIO], Files({}))


# ---------------------------------------------------------------- shared values

ANCHORED = """\
apiVersion: networking.istio.io/v1
kind: VirtualService
spec:
  http:
  - name: a
    route: &both
    - destination: {host: cart, subset: stable}
      weight: 90
    - destination: {host: cart, subset: candidate}
      weight: 10
  - name: b
    route: *both
"""
MERGED = """\
apiVersion: networking.istio.io/v1
kind: VirtualService
x-base: &base {destination: {host: cart, subset: stable}, weight: 90}
spec:
  http:
  - route:
    - <<: *base
    - {<<: [{weight: 10}, *base], destination: {host: cart, subset: candidate}}
"""


def test_shared_weights_are_read_and_not_written() -> None:
    named = slot("virtualService", **CART, route="b")
    assert weight(ANCHORED, named) == 10
    assert weight(MERGED, ISTIO) == 10
    for text, one in ((ANCHORED, named), (MERGED, ISTIO)):
        with pytest.raises(EditRefused, match=r"would change|has the anchor|only through `<<`"):
            moved(text, one, 20)


def test_shared_weights_are_written_where_the_policy_says_so() -> None:
    allowed = edit(virtualService={"file": FILE, **CART, "route": "b"}, set="weight", sharedAnchors="allow")
    assert moved(ANCHORED, allowed, 20) == swapped(ANCHORED, ("weight: 90", "weight: 80"), ("weight: 10", "weight: 20"))


def test_aliases_in_a_circle_end() -> None:
    text = istio(route="  - &r\n    name: a\n    route: [&x {<<: *x, destination: *x}]\n    again: *r\n")
    with pytest.raises(PlaceAbsent, match="has both"):
        weight(text, ISTIO)
