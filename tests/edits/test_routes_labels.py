# ruff: noqa: E501 - a row of a table stays a row
"""Annotations and labels that choose who gets traffic: ingress-nginx, subsets of Istio, selectors of Services."""

from __future__ import annotations

import pytest

from gitops_bot import edits
from gitops_bot.edits.sense import Value
from gitops_bot.errors import EditError, EditRefused, PlaceAbsent
from gitops_bot.model import Slots, Version
from tests.edits.routes import FILE, get, moved, put, sample, slot, swapped, target, tree, weight
from tests.edits.trees import edit

NGINX = slot("ingressNginx")
DIGEST = "sha256:" + "1" * 64
WEIGHT = "nginx.ingress.kubernetes.io/canary-weight"


def ingress(*annotations: str, name: str = "cart") -> str:
    lines = "".join(f"    nginx.ingress.kubernetes.io/{one}\n" for one in annotations)
    return f"apiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata:\n  name: {name}\n  annotations:\n{lines}spec: {{}}\n"


# ---------------------------------------------------------------- ingress-nginx


@pytest.mark.parametrize(("name", "old", "new", "swap"), [
    ("ingress-nginx/two-spaces", 20, 40, ('canary-weight:  "20"', 'canary-weight:  "40"')),
    ("ingress-nginx/canary-header", 0, 5, ("canary-weight: '0'", "canary-weight: '5'")),
    ("ingress-nginx/canary-weight-total", 2, 10, ("canary-weight: '20'", "canary-weight: '100'")),
    ("ingress-nginx/promoted", 100, 0, ("canary-weight: '100'", "canary-weight: '0'")),
])  # fmt: skip
def test_the_annotation_of_the_only_canary_is_written_as_it_was(
    name: str, old: int, new: int, swap: tuple[str, str]
) -> None:
    text = sample(name)
    assert weight(text, NGINX) == old
    assert moved(text, NGINX, new) == swapped(text, swap)


def test_an_ingress_that_is_named_is_the_one() -> None:
    one, two = (ingress('canary: "true"', 'canary-weight: "10"', name=name) for name in ("a", "b"))
    text = f"{one}---\n{two}"
    with pytest.raises(
        EditRefused, match=r"f\.yaml: 2 of the Ingresses are canaries: a \(line 1\), b \(line 10\)\. Choose"
    ):
        weight(text, NGINX)
    assert moved(text, slot("ingressNginx", name="b"), 20) == f"{one}---\n" + two.replace("10", "20")
    assert edits.places([slot("ingressNginx", name="b")]) == (
        f'f.yaml: metadata.annotations."{WEIGHT}" (kind Ingress, name b)',
    )


@pytest.mark.parametrize(("annotations", "old", "new", "written"), [
    (['canary: "true"'], None, 10, ['canary: "true"', 'canary-weight: "10"']),
    (["canary: 'True'", "canary-weight: ''"], None, 10, ["canary: 'True'", "canary-weight: '10'"]),
    (["canary: true", "canary-weight: 20"], 20, 30, ["canary: true", 'canary-weight: "30"']),
    (['canary: "true"', 'canary-weight: "5"', 'canary-weight-total: "10"'], 50, 30,
     ['canary: "true"', 'canary-weight: "3"', 'canary-weight-total: "10"']),
])  # fmt: skip
def test_a_weight_is_text_out_of_the_total(
    annotations: list[str], old: int | None, new: int, written: list[str]
) -> None:
    assert weight(ingress(*annotations), NGINX) == old
    assert moved(ingress(*annotations), NGINX, new) == ingress(*written)


@pytest.mark.parametrize(("text", "sentence"), [
    (sample("ingress-nginx/canary-disabled"),
     "f.yaml: none of the Ingresses are canaries: cart (line 2), cart-canary (line 29). Set "),
    (ingress('canary: "false"'), "f.yaml:1: the Ingress is no canary: `nginx.ingress.kubernetes.io/canary` is 'false'. Set"),
    (ingress('canary-weight: "1"'), "f.yaml:1: the Ingress is no canary: `nginx.ingress.kubernetes.io/canary` is absent. Set"),
    (ingress('canary: "true"', 'canary-weight: "x"'), f"f.yaml:7: `{WEIGHT}` is 'x', no whole number from 0"),
    (ingress('canary: "true"', "canary-weight: [1]"), f"f.yaml:7: `{WEIGHT}` is '', no whole number from 0"),
    (ingress('canary: "true"', 'canary-weight: "1"', 'canary-weight-total: "0"'), f"f.yaml:8: `{WEIGHT}-total` is '0', no"),
    (ingress('canary: "true"', 'canary-weight: "1"', 'canary-weight-total: "3"'),
     "f.yaml:1: the weight 1 of 3 is no whole percent up to 100"),
    (ingress('canary: "true"', 'canary-weight: "101"'), "f.yaml:1: the weight 101 of 100 is no whole percent up to 100"),
    ("apiVersion: extensions/v1beta1\nkind: Ingress\n", "f.yaml: no document is the one that `where` asks for"),
])  # fmt: skip
def test_what_is_no_canary_or_no_weight_is_refused(text: str, sentence: str) -> None:
    with pytest.raises(EditError) as error:
        weight(text, NGINX)
    assert str(error.value).startswith(sentence)


def test_a_total_that_cannot_hold_the_percent_is_refused() -> None:
    text = ingress('canary: "true"', 'canary-weight: "5"', 'canary-weight-total: "10"')
    with pytest.raises(EditRefused, match=r"f\.yaml:1: 25 % of 10 is no whole weight\. Set .*-total` to 100, or leave"):
        moved(text, NGINX, 25)


def test_an_ingress_holds_no_version() -> None:
    with pytest.raises(EditRefused, match="stableVersion is no weight"):
        edits.read([slot("ingressNginx", "stableVersion")], tree(sample("ingress-nginx/promoted")))


# ---------------------------------------------------------------- labels

RULE = target("destinationRule", subset="candidate", label="version")
SERVICE = """\
apiVersion: v1
kind: Service
metadata: {name: cart}
spec:
  selector:
    app: cart
    color: blue   # live
    app.kubernetes.io/version: 1.9
"""
KNATIVE = "apiVersion: serving.knative.dev/v1\nkind: Service\nmetadata: {name: cart}\nspec: {selector: {color: x}}\n"
COLOR, VERSION = target("service", label="color"), target("service", label="app.kubernetes.io/version")


def test_the_label_of_a_subset_is_a_version() -> None:
    text = sample("istio/destinationrule")
    one = slot("destinationRule", "candidateVersion", subset="candidate", label="version")
    assert edits.read([one], tree(text)).candidate == Version("1.9.0")
    assert moved(text, one, Version("1.10")) == swapped(text, ("version: 1.9.0", 'version: "1.10"'))
    assert edits.places([one]) == ("f.yaml: spec.subsets[name=candidate].labels.version (kind DestinationRule)",)


def test_a_selector_is_a_colour_or_a_version_and_always_text() -> None:
    assert get(SERVICE, COLOR) == "blue"
    assert put(SERVICE, COLOR, "green") == swapped(SERVICE, ("blue ", "green "))
    assert put(SERVICE, VERSION, "2") == swapped(SERVICE, ("version: 1.9", 'version: "2"'))
    assert put(SERVICE, VERSION, 2) == swapped(SERVICE, ("version: 1.9", 'version: "2"'))
    one = slot("service", "stableVersion", label="app.kubernetes.io/version")
    assert moved(SERVICE, one, Version("v2")) == swapped(SERVICE, ("version: 1.9", "version: v2"))


def test_of_a_version_with_a_digest_a_label_holds_the_tag() -> None:
    one = slot("service", "stableVersion", label="app.kubernetes.io/version")
    (change,) = edits.render([one], tree(SERVICE), Slots(Version("1.9")), Slots(Version("v2", DIGEST)))
    assert change.after == swapped(SERVICE, ("version: 1.9", "version: v2")).encode()
    with pytest.raises(EditRefused, match="is no value of a label"):
        edits.render([one], tree(SERVICE), Slots(Version("1.9")), Slots(Version("", DIGEST)))


def test_a_service_of_knative_is_another_kind() -> None:
    text = f"{KNATIVE}---\n{SERVICE}"
    assert put(text, COLOR, "green") == f"{KNATIVE}---\n" + put(SERVICE, COLOR, "green")
    with pytest.raises(PlaceAbsent, match="no document is the one"):
        get(KNATIVE, COLOR)


def test_an_empty_label_is_none() -> None:
    text = swapped(SERVICE, ("blue ", "~ "))
    assert get(text, COLOR) is None
    assert put(text, COLOR, "green") == swapped(SERVICE, ("blue ", "green "))


@pytest.mark.parametrize(("value", "sentence"), [
    (None, "f.yaml:7: without this label more would be chosen than before"),
    ("a b", "f.yaml:7: 'a b' is no value of a label"),
    ("", "f.yaml:7: '' is no value of a label"),
    ("-a", "f.yaml:7: '-a' is no value of a label"),
    ("a" * 64, "is no value of a label"),
    ("a/b", "f.yaml:7: 'a/b' is no value of a label"),
])  # fmt: skip
def test_what_kubernetes_takes_for_no_label_is_refused(value: Value, sentence: str) -> None:
    with pytest.raises(EditRefused) as error:
        put(SERVICE, COLOR, value)
    assert sentence in str(error.value)


def test_a_label_that_is_absent_is_said() -> None:
    with pytest.raises(PlaceAbsent, match=r"f\.yaml:6: `spec\.selector` has no key `colour`\. Did you mean `color`\?"):
        get(SERVICE, target("service", label="colour"))
    with pytest.raises(PlaceAbsent, match=r"no item of `spec\.subsets` has name=candidat\. Did you mean `candidate`"):
        get(sample("istio/destinationrule"), target("destinationRule", subset="candidat", label="version"))


def test_a_label_holds_no_weight() -> None:
    for place in (slot("service", label="color"), slot("destinationRule", subset="candidate", label="version")):
        with pytest.raises(EditRefused, match="a label holds a version, not a weight"):
            edits.read([place], tree(SERVICE))


def test_a_label_may_have_a_form() -> None:
    one = edit(service={"file": FILE, "label": "color"}, set="stableVersion", value="v{{ tag }}")
    text = swapped(SERVICE, ("blue", "v1.0"))
    assert edits.read([one], tree(text)).stable == Version("1.0")
    assert moved(text, one, Version("1.1")) == swapped(SERVICE, ("blue", "v1.1"))
