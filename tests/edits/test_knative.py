# ruff: noqa: E501 - a row of a table stays a row
"""Knative Services: percents, tags, pins and the image, and the scenarios that they make up."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gitops_bot import edits
from gitops_bot.edits.sense import Value
from gitops_bot.errors import EditError, EditRefused, PlaceAbsent
from gitops_bot.model import SlotName, Slots, Version
from gitops_bot.policy.places import Target
from gitops_bot.policy.places.routes import KnativeService
from gitops_bot.policy.schema import Edit
from tests.edits.routes import FILE, get, moved, put, sample, slot, swapped, target, tree, weight

ONE, TWO = "notifications-service-00001", "notifications-service-00002"
PINNED = slot("knativeService", stable=ONE)
IMAGE = slot("knativeService", "candidateVersion", field="image")


def service(*entries: str, block: str | None = None) -> str:
    """A Service with these entries, one flow mapping each."""
    lines = block if block is not None else "  traffic:\n" + "".join(f"  - {entry}\n" for entry in entries)
    return (
        f"apiVersion: serving.knative.dev/v1\nkind: Service\nmetadata: {{name: cart}}\nspec:\n  template: {{}}\n{lines}"
    )


def entry(revision: str = "", percent: int | None = None, tag: str = "") -> str:
    """An entry; without a revision it follows the latest."""
    parts = [f"revisionName: {revision}" if revision else "latestRevision: true"]
    parts += [f"percent: {percent}"] if percent is not None else []
    return "{" + ", ".join([*parts, *([f"tag: {tag}"] if tag else [])]) + "}"


def lines(revision: str, percent: int) -> str:
    """The same over two lines, as it is added."""
    return (
        f"percent: {percent}\n    revisionName: {revision}"
        if revision
        else f"latestRevision: true\n    percent: {percent}"
    )


def field(name: str, **spec: Any) -> Target:
    return target("knativeService", field=name, **spec)


# ---------------------------------------------------------------- the scenarios


def test_image_pin_and_even_split_are_one_commit() -> None:
    before, policy = tree(sample("knative/no-traffic")), [IMAGE, PINNED]
    assert edits.read(policy, before) == Slots(None, Version("v1.0.0"), None)
    after = Slots(None, Version("v1.1.0"), 50)
    (change,) = edits.render(policy, before, edits.read(policy, before), after)
    assert change.after == sample("knative/split").encode()
    assert edits.read(policy, before.changed((change,))) == after


def test_an_even_split_moves_on() -> None:
    text = sample("knative/split")
    assert weight(text, PINNED) == 50
    assert moved(text, PINNED, 75) == swapped(
        text, ("- percent: 50", "- percent: 25"), ("true\n    percent: 50", "true\n    percent: 75")
    )
    assert moved(text, slot("knativeService"), 75) == moved(text, PINNED, 75)


def test_a_tag_without_percent_gets_one() -> None:
    text, tagged = sample("knative/tag"), slot("knativeService", tag="version110")
    assert weight(text, tagged) == 0
    assert moved(text, tagged, 10) == swapped(
        text, ("percent: 100", "percent: 90"), ("tag: version110\n", "tag: version110\n    percent: 10\n")
    )


def test_blue_becomes_green_and_comments_stay_where_they_have_become_untrue() -> None:
    text = put(sample("knative/blue-green-before"), field("percent", stable=ONE, canary=TWO), 100)
    text = put(text, field("tag", canary=TWO), None)
    text = put(text, field("tag", canary=ONE), "blue")
    assert text == sample("knative/blue-green-after")


def test_a_promotion_gives_the_latest_everything() -> None:
    text = sample("knative/split")
    done = moved(text, PINNED, 100)
    assert done == swapped(text, ("- percent: 50", "- percent: 0"), ("true\n    percent: 50", "true\n    percent: 100"))
    assert moved(done, PINNED, 0) == swapped(
        text, ("- percent: 50", "- percent: 100"), ("true\n    percent: 50", "true\n    percent: 0")
    )


# ---------------------------------------------------------------- percents

PERCENTS: tuple[tuple[str, dict[str, str], tuple[str, ...], int | None, int, tuple[str, ...]], ...] = (
    ("both pinned", {"stable": "a", "canary": "b"}, (entry("a", 90), entry("b", 10)), 10, 25, (entry("a", 75), entry("b", 25))),
    ("the rest is stable", {"canary": "b"}, (entry("b", 10), entry("a", 90)), 10, 0, (entry("b", 0), entry("a", 100))),
    ("the latest is stable", {"canary": "b"}, (entry("", 90), entry("b", 10)), 10, 20, (entry("", 80), entry("b", 20))),
    ("a third keeps its share", {"stable": "a"}, (entry("a", 40), entry("", 40), entry("c", 20)), 50, 25,
     (entry("a", 60), entry("", 20), entry("c", 20))),
    ("a name without a percent is not the one", {"stable": "a"}, (entry("a", 100), entry("a", None, "now"), entry("", 0)), 0, 10,
     (entry("a", 90), entry("a", None, "now"), entry("", 10))),
    ("nothing pinned yet", {"stable": "a"}, (lines("", 100),), None, 10, (lines("", 10), lines("a", 90))),
    ("nothing pinned yet, with a preview", {"stable": "a"}, (lines("", 100), "latestRevision: true\n    tag: next"), None, 10,
     (lines("", 10), "latestRevision: true\n    tag: next", lines("a", 90))),
    ("no candidate yet", {"stable": "a"}, (lines("a", 100),), 0, 10, (lines("a", 90), lines("", 10))),
    ("no named candidate yet", {"stable": "a", "canary": "b"}, (lines("a", 100),), 0, 10, (lines("a", 90), lines("b", 10))),
    ("the candidate alone", {"stable": "a", "canary": "b"}, (lines("b", 100),), 100, 40, (lines("b", 40), lines("a", 60))),
    ("Knative's default", {"stable": "a"}, ("{percent: 20}", entry("a", 80)), 20, 30, ("{percent: 30}", entry("a", 70))),
    ("by tag and revision", {"tag": "x", "canary": "b"}, (entry("b", 10, "x"), entry("a", 90)), 10, 20,
     (entry("b", 20, "x"), entry("a", 80))),
)  # fmt: skip


@pytest.mark.parametrize(
    ("spec", "given", "old", "new", "written"), [row[1:] for row in PERCENTS], ids=[r[0] for r in PERCENTS]
)
def test_percents_add_up_to_a_hundred(
    spec: dict[str, str], given: tuple[str, ...], old: int | None, new: int, written: tuple[str, ...]
) -> None:
    one = slot("knativeService", **spec)
    assert weight(service(*given), one) == old
    assert moved(service(*given), one, new) == service(*written)


@pytest.mark.parametrize("block", ["", "  traffic:\n", "  traffic: []\n", "  traffic: ~\n"])
def test_an_absent_block_is_added_whole(block: str) -> None:
    one = slot("knativeService", stable="a", canary="b")
    assert weight(service(block=block), one) is None
    after = moved(service(block=block), one, 20)
    assert (
        edits.read(
            [slot("knativeService", canary="b"), slot("knativeService", stable="a", canary="b")], tree(after)
        ).weight
        == 20
    )


def test_a_service_without_a_specification_is_refused() -> None:
    with pytest.raises(EditRefused, match="nothing is pinned"):
        put("apiVersion: serving.knative.dev/v1\nkind: Service\n", field("percent"), 10)


PERCENTS_REFUSED: tuple[tuple[dict[str, str], tuple[str, ...], type[EditError], str], ...] = (
    ({}, (entry("", 100),), EditRefused, "f.yaml:1: nothing is pinned that the candidate could share the traffic with. Name the"),
    ({}, (entry("", 10), entry("a", 45), entry("b", 45)), EditRefused,
     "f.yaml:1: several entries of `spec.traffic` could be the stable one: a, b. Name its revision with `stable`"),
    ({"tag": "x"}, (entry("a", 100),), PlaceAbsent, "f.yaml:1: no entry of `spec.traffic` has the tag `x`; there are: a"),
    ({"tag": "x", "canary": "c"}, (entry("b", 0, "x"), entry("a", 100)), PlaceAbsent,
     "f.yaml:1: no entry of `spec.traffic` has the tag `x` and revisionName c; there are: x, a"),
    ({"tag": "x"}, (), PlaceAbsent, "f.yaml:1: no entry of `spec.traffic` has the tag `x`; there are: none"),
    ({"canary": "c"}, (entry("a", 50), entry("b", 50)), EditRefused, "f.yaml:1: several entries"),
    ({"canary": "c", "stable": "d"}, (entry("a", 100),), PlaceAbsent, "f.yaml:1: no entry of `spec.traffic` has revisionName c; there are: a"),
    ({"stable": "a"}, (entry("", 50), entry("b", 50)), PlaceAbsent, "f.yaml:1: no entry of `spec.traffic` has revisionName a; there are: the latest revision, b"),
    ({"stable": "a"}, (entry("a", 50), entry("b", 50)), PlaceAbsent, "f.yaml:1: no entry of `spec.traffic` has latestRevision: true"),
    ({"stable": "a"}, (entry("a", 40), entry("a", 40), entry("", 20)), EditRefused,
     "f.yaml:7: 2 entries of `spec.traffic` could be meant: lines 7, 8. Choose one with `tag`"),
    ({"stable": "a"}, (entry("a", 45), entry("", 45), entry("c", 10)), EditRefused, "f.yaml:1: 7 % of the 90 that `a` and `the latest"),
    ({"stable": "a"}, (entry("a", 0), entry("", 0), entry("c", 100)), EditRefused,
     "f.yaml:1: `a` and `the latest revision` have no weight together: the other targets have 100"),
    ({"stable": "a"}, ("{revisionName: a, percent: x}", entry("", 0)), EditRefused, "f.yaml:7: `percent` of `a` is 'x', no whole number up to 100"),
    ({"stable": "a"}, ("a", entry("", 0)), EditRefused, "f.yaml:7: item 0 of `spec.traffic` is no mapping"),
)  # fmt: skip


@pytest.mark.parametrize(("spec", "given", "kind", "sentence"), PERCENTS_REFUSED)
def test_percents_that_cannot_be_told_or_divided_are_refused(
    spec: dict[str, str], given: tuple[str, ...], kind: type[EditError], sentence: str
) -> None:
    with pytest.raises(kind) as error:
        put(service(*given), field("percent", **spec), 7)
    assert str(error.value).startswith(sentence)


def test_percents_that_do_not_add_up_are_not_read_but_can_be_mended() -> None:
    text = service(entry("a", 80), entry("", 10))
    with pytest.raises(EditRefused, match=r"f\.yaml:1: the shares add up to 90, not to 100"):
        weight(text, slot("knativeService"))
    assert put(text, field("percent"), 10) == service(entry("a", 90), entry("", 10))
    assert put(text, field("percent"), 30) == service(entry("a", 70), entry("", 30))


@settings(deadline=None, max_examples=50)
@given(st.lists(st.integers(0, 100), min_size=2, max_size=4), st.integers(0, 100))
def test_whatever_is_written_adds_up_and_reads_back(shares: list[int], new: int) -> None:
    text = service(entry("", shares[0]), *(entry(f"r{n}", share) for n, share in enumerate(shares[1:])))
    try:
        after = put(text, field("percent", stable="r0"), new)
    except EditRefused:
        assert sum(shares[2:])
        return
    shown = [int(line.partition("percent: ")[2].rstrip("}")) for line in after.splitlines() if "percent" in line]
    assert sum(shown) == 100
    assert shown[2:] == shares[2:]
    assert get(after, field("percent", stable="r0")) == new


# ---------------------------------------------------------------- tags, pins, the latest

FIELDS: tuple[tuple[str, Target, tuple[str, ...], Value, Value, tuple[str, ...]], ...] = (
    ("a tag is added", field("tag", canary="a"), ("{revisionName: a, percent: 100}",), None, "blue", ("{revisionName: a, percent: 100, tag: blue}",)),
    ("a tag is changed", field("tag"), (entry("", 100, "x"),), "x", "next", (entry("", 100, "next"),)),
    ("a tag is taken away", field("tag"), (entry("", 100, "x"),), "x", None, (entry("", 100),)),
    ("no tag is taken away", field("tag"), (entry("", 100),), None, None, (entry("", 100),)),
    ("a pin moves", field("revisionName"), (entry("a", 100), entry("", 0)), "a", "b", (entry("b", 100), entry("", 0))),
    ("the pin of a tag moves", field("revisionName", tag="t"), (entry("a", 50, "t"), entry("b", 50)), "a", "c", (entry("c", 50, "t"), entry("b", 50))),
    ("the latest is pinned by its tag", field("revisionName", tag="t"), ("{tag: t, latestRevision: true, percent: 100}",), None, "c",
     ("{tag: t, percent: 100, revisionName: c}",)),
    ("a pin is let go", field("latestRevision", canary="a"), (entry("a", 100),), False, True, ("{percent: 100, latestRevision: true}",)),
    ("a pin with latestRevision is let go", field("latestRevision", canary="a"), ("{revisionName: a, latestRevision: false}",), False, True,
     ("{latestRevision: true}",)),
    ("the latest is pinned", field("latestRevision", canary="a"), (entry("", 100),), True, False, ("{percent: 100, revisionName: a}",)),
    ("a pin stays", field("latestRevision", canary="a"), (entry("a", 100),), False, False, (entry("a", 100),)),
    ("the latest stays", field("latestRevision"), (entry("", 100),), True, True, (entry("", 100),)),
    ("a pin is let go by its tag", field("latestRevision", tag="t"), (entry("a", 100, "t"), entry("", 0)), False, True,
     ("{percent: 100, tag: t, latestRevision: true}", entry("", 0))),
)  # fmt: skip


@pytest.mark.parametrize(
    ("where", "given", "old", "new", "written"), [row[1:] for row in FIELDS], ids=[row[0] for row in FIELDS]
)
def test_an_entry_changes_in_one_field(
    where: Target, given: tuple[str, ...], old: Value, new: Value, written: tuple[str, ...]
) -> None:
    assert get(service(*given), where) == old
    assert put(service(*given), where, new) == service(*written)
    assert get(service(*written), where) == new


FIELDS_REFUSED: tuple[tuple[Target, tuple[str, ...], Value, type[EditError], str], ...] = (
    (field("tag"), (entry("", 50), entry("a", 50, "x")), "x", EditRefused, "f.yaml:7: another entry has the tag `x`: line 8"),
    (field("tag"), (entry("", 100),), "A.b", EditRefused, "f.yaml:7: 'A.b' is no tag of Knative"),
    (field("tag", tag="x"), (entry("", 100, "x"),), "y", EditRefused, "f.yaml: `tag` cannot both choose the entry and be what is set"),
    (field("tag", canary="b"), (entry("a", 100),), "x", PlaceAbsent, "f.yaml:1: no entry of `spec.traffic` has revisionName b; there are: a"),
    (field("revisionName"), (entry("", 100),), "b", PlaceAbsent, "f.yaml:1: no entry of `spec.traffic` has a `revisionName`; there are: the latest"),
    (field("revisionName"), (entry("a", 50), entry("b", 50)), "c", EditRefused, "f.yaml:7: 2 entries of `spec.traffic` could be meant: lines 7, 8"),
    (field("revisionName", tag="t"), (entry("a", 100),), "c", PlaceAbsent, "f.yaml:1: no entry of `spec.traffic` has the tag `t`"),
    (field("revisionName"), (entry("a", 100),), "B b", EditRefused, "f.yaml:7: 'B b' is no name of a revision"),
    (field("revisionName"), (entry("a", 100),), None, EditRefused, "f.yaml: `revisionName` cannot be taken away"),
    (field("latestRevision"), (entry("", 100),), False, EditRefused, "f.yaml: the entry would follow nothing. Name its revision"),
    (field("latestRevision"), (entry("", 100),), "maybe", EditRefused, "f.yaml: `latestRevision` is true or false, not maybe"),
    (field("latestRevision", canary="b"), (entry("a", 100),), True, PlaceAbsent, "f.yaml:1: no entry of `spec.traffic` has revisionName b, nor"),
    (field("latestRevision"), (entry("", 100),), None, EditRefused, "f.yaml: `latestRevision` cannot be taken away"),
    (field("percent"), (entry("", 50), entry("a", 50)), None, EditRefused, "f.yaml: a weight cannot be taken away. Set it to 0"),
    (field("image"), (entry("", 100),), "x:1", PlaceAbsent, "f.yaml:1: the template has no container; there are: none"),
)  # fmt: skip


@pytest.mark.parametrize(("where", "given", "value", "kind", "sentence"), FIELDS_REFUSED)
def test_a_field_that_cannot_be_so_is_refused(
    where: Target, given: tuple[str, ...], value: Value, kind: type[EditError], sentence: str
) -> None:
    with pytest.raises(kind) as error:
        put(service(*given), where, value)
    assert str(error.value).startswith(sentence)


def test_a_pin_may_be_a_version_with_a_form() -> None:
    one = Edit.model_validate(
        {"knativeService": {"file": FILE, "field": "revisionName"}, "set": "stableVersion", "value": "cart-{{ tag }}"}
    )
    text = service(entry("cart-v1", 100), entry("", 0))
    assert edits.read([one], tree(text)).stable == Version("v1")
    assert moved(text, one, Version("v2")) == service(entry("cart-v2", 100), entry("", 0))


@pytest.mark.parametrize(("one", "sentence"), [
    (slot("knativeService", "stableVersion"), "stableVersion is no weight, and weights stand there"),
    (slot("knativeService", field="image"), "`image` holds no weight. Choose `field: percent`"),
    (slot("knativeService", field="tag"), "`tag` holds no weight"),
    (slot("knativeService", "stableVersion", field="latestRevision"), "`latestRevision` is true or false, not a version"),
])  # fmt: skip
def test_a_field_holds_its_own_kind_of_slot(one: Edit, sentence: str) -> None:
    with pytest.raises(EditRefused) as error:
        edits.read([one], tree(sample("knative/split")))
    assert sentence in str(error.value)


# ---------------------------------------------------------------- the image

SIDECAR = service(
    block="""\
  traffic: []
"""
).replace("  template: {}\n", """\
  template:
    metadata: {name: cart-v1}
    spec:
      containers:
      - name: proxy
        image: acme/proxy:1
      - name: cart
        image: registry:5000/cart:1.9  # ours
""")  # fmt: skip


def test_the_image_of_the_container_that_is_named_is_written() -> None:
    one = slot("knativeService", "candidateVersion", field="image", container="cart")
    assert edits.read([one], tree(SIDECAR)).candidate == Version("1.9")
    assert moved(SIDECAR, one, Version("1.10")) == swapped(SIDECAR, ("cart:1.9 ", "cart:1.10 "))
    with pytest.raises(
        EditRefused, match=r"several containers could be meant: proxy, cart\. Choose one with `container`"
    ):
        edits.read([IMAGE], tree(SIDECAR))
    with pytest.raises(PlaceAbsent, match="the template has no container `kart`; there are: proxy, cart"):
        get(SIDECAR, field("image", container="kart"))
    with pytest.raises(EditRefused, match="`image` cannot be taken away"):
        put(SIDECAR, field("image", container="cart"), None)


def test_a_template_that_names_its_revision_is_warned_about() -> None:
    one = field("image", container="cart")
    (warning,) = edits.warnings([one], tree(SIDECAR))
    assert warning.startswith(
        "f.yaml:1: `spec.template.metadata.name` is cart-v1, and Knative refuses another template"
    )
    assert edits.warnings([IMAGE, PINNED], tree(sample("knative/no-traffic"))) == ()


def test_places_are_named_without_reading() -> None:
    named = {
        (): ("spec.traffic[latestRevision=true].percent",),
        (("stable", "a"), ("canary", "b")): ("spec.traffic[revisionName=b].percent", "spec.traffic[revisionName=a].percent"),
        (("tag", "t"),): ("spec.traffic[tag=t].percent",),
        (("field", "tag"), ("canary", "b")): ("spec.traffic[revisionName=b].tag",),
        (("field", "revisionName"),): ("spec.traffic.revisionName",),
        (("field", "image"),): ("spec.template.spec.containers.image",),
        (("field", "image"), ("container", "c")): ("spec.template.spec.containers[name=c].image",),
    }  # fmt: skip
    for spec, expected in named.items():
        assert edits.places([target("knativeService", **dict(spec))]) == tuple(
            f"f.yaml: {path} (kind Service)" for path in expected
        )


def test_a_service_of_the_core_in_the_same_file_is_another_kind() -> None:
    core = "apiVersion: v1\nkind: Service\nmetadata: {name: notifications-service}\nspec: {}\n---\n"
    text = core + sample("knative/split")
    assert moved(text, PINNED, 75) == core + moved(sample("knative/split"), PINNED, 75)


def test_a_policy_may_set_in_a_field_what_it_holds() -> None:
    weight_only, versions = {SlotName.WEIGHT}, {SlotName.STABLE, SlotName.CANDIDATE}
    held = {
        "percent": weight_only,
        "tag": versions,
        "revisionName": versions,
        "latestRevision": set(),
        "image": versions,
    }
    for name, slots in held.items():
        assert KnativeService(file=FILE, field=name).slots == slots
