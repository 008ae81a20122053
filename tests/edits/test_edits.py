"""The package as the rest of the bot sees it: slots read from a tree, and changes that move them."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gitops_bot import edits
from gitops_bot.edits.place import Overlay
from gitops_bot.errors import EditError, EditRefused, FileAbsent
from gitops_bot.model import SlotMove, SlotName, Slots, Version
from gitops_bot.policy.schema import Edit
from tests.edits.trees import Files, edit, files, helm, image, value

D1, D2 = "sha256:" + "1" * 64, "sha256:" + "2" * 64
V1, V2 = Version("1.9"), Version("1.10")
PROD = "overlays/prod"
KUSTOMIZATION = (
    b"images:\n- name: ghcr.io/acme/checkout # ours\n  newTag: 1.9   # promoted\n- name: other\n  newTag: x\n"
)
CANARY = b"""\
kind: VirtualService
spec:
  http:
  - route:
    - {destination: {subset: canary}, weight: 10}
---
kind: Deployment
metadata: {name: canary}
spec: {template: {spec: {containers: [{name: app, image: "ghcr.io/acme/checkout:1.9"}]}}}
"""
WEIGHT = value("spec.http[0].route[destination.subset=canary].weight", "weight", kind="VirtualService")
CONTAINER = value("spec.template.spec.containers[name=app].image", "candidateVersion", kind="Deployment")
STABLE = image(PROD, "ghcr.io/acme/checkout")


def world() -> Files:
    return Files({f"{PROD}/kustomization.yaml": KUSTOMIZATION, "f.yaml": CANARY})


def images(entry: str) -> Files:
    return files(kustomization=f"images:\n- name: a\n{entry}")


def rendered(given: Edit, tree: Files, after: Version | int | None, before: Version | int | None = None) -> bytes:
    """The one file after one slot moved."""
    slots = Slots().having(given.set, after), Slots().having(given.set, before)
    (change,) = edits.render([given], tree, slots[1], slots[0], back=True)
    return change.after or b""


# ---------------------------------------------------------------- the public functions


def test_slots_are_read_from_all_their_places() -> None:
    assert edits.read([STABLE, WEIGHT, CONTAINER], world()) == Slots(stable=V1, candidate=V1, weight=10)
    assert edits.read([], world()) == Slots()


def test_later_edits_see_the_commit_below() -> None:
    assert Overlay(world()).commit == world().commit


def test_a_step_becomes_one_change_a_file_with_every_move() -> None:
    before, after = Slots(V1, V1, 10), Slots(V1, V2, 25)
    (change,) = edits.render([STABLE, WEIGHT, CONTAINER], world(), before, after)
    assert change.path == "f.yaml"
    assert change.before == CANARY
    assert change.after == CANARY.replace(b"weight: 10", b"weight: 25").replace(b"checkout:1.9", b"checkout:1.10")
    assert change.moves == (
        SlotMove(
            SlotName.WEIGHT,
            "f.yaml: spec.http[0].route[destination.subset=canary].weight (kind VirtualService)",
            "10",
            "25",
        ),
        SlotMove(
            SlotName.CANDIDATE,
            "f.yaml: spec.template.spec.containers[name=app].image (kind Deployment)",
            "ghcr.io/acme/checkout:1.9",
            "ghcr.io/acme/checkout:1.10",
        ),
    )


def test_a_promotion_writes_the_overlay() -> None:
    (change,) = edits.render([STABLE], world(), Slots(V1), Slots(V2))
    assert change.after == KUSTOMIZATION.replace(b"newTag: 1.9 ", b'newTag: "1.10" ')
    place = "overlays/prod/kustomization.yaml: images[name=ghcr.io/acme/checkout].newTag"
    assert change.moves == (SlotMove(SlotName.STABLE, place, "1.9", "1.10"),)


def test_a_second_render_changes_nothing() -> None:
    given, before, after = [STABLE, WEIGHT, CONTAINER], Slots(V1, V1, 10), Slots(V2, V2, 0)
    changes = edits.render(given, world(), before, after)
    moved = world().changed(changes)
    assert len(changes) == 2
    assert edits.read(given, moved) == after
    assert edits.render(given, moved, before, after) == ()
    assert edits.render(given, moved, after, after) == ()
    assert {c.path: c.after for c in edits.render(given, moved, after, before, back=True)} == {
        # What got quotes keeps them on the way back.
        "f.yaml": CANARY,
        f"{PROD}/kustomization.yaml": KUSTOMIZATION.replace(b"newTag: 1.9 ", b'newTag: "1.9" '),
    }


def test_only_slots_that_differ_are_written() -> None:
    changes = edits.render([STABLE, CONTAINER], world(), Slots(V1, V1), Slots(V2, V1))
    assert [change.path for change in changes] == [f"{PROD}/kustomization.yaml"]


def test_several_places_of_one_slot_are_written_together() -> None:
    tree = files(values='image: {tag: "1.9"}\nsidecar:\n  image: acme/x:1.9\n')
    given = [helm("image.tag"), helm("sidecar.image")]
    assert edits.read(given, tree).stable == V1
    (change,) = edits.render(given, tree, Slots(V1), Slots(V2))
    assert change.after == b'image: {tag: "1.10"}\nsidecar:\n  image: acme/x:1.10\n'
    assert [move.old for move in change.moves] == ["1.9", "acme/x:1.9"]


def test_a_place_that_is_there_already_is_left_alone() -> None:
    tree = files(values="a: 1.10\nb: 1.9\n")
    (change,) = edits.render([helm("a"), helm("b")], tree, Slots(V1), Slots(V2))
    assert change.after == b'a: 1.10\nb: "1.10"\n'
    assert len(change.moves) == 1


def test_places_that_disagree_are_named_with_their_values() -> None:
    tree = files(values="a: v1\nb: v2\nc:\n", kustomization="images: [{name: x, newTag: v3}]\n")
    with pytest.raises(EditRefused, match=r"stableVersion is v1 at values\.yaml: a, but v2 at values\.yaml: b"):
        edits.read([helm("a"), helm("b")], tree)
    with pytest.raises(
        EditRefused, match=r"is empty at values\.yaml: c, but v3 at kustomization\.yaml: images\[name=x\]"
    ):
        edits.read([helm("c"), image(".", "x")], tree)


def test_places_that_say_more_or_less_of_one_version_agree() -> None:
    tree = files(values=f"a: v1\nb: v1@{D1}\nc: v1@{D2}\nd: {D1}\n")
    assert edits.read([helm("a"), helm("b"), helm("a")], tree).stable == Version("v1", D1)
    assert edits.read([helm("b"), helm("d")], tree).stable == Version("v1", D1)
    for several in ([helm("a"), helm("d")], [helm("a"), helm("b"), helm("c")]):
        with pytest.raises(EditRefused, match=" at values"):
            edits.read(several, tree)


def test_paths_candidates_and_places() -> None:
    given = [STABLE, helm("image.tag"), helm("image.other"), WEIGHT, image("x/kustomization.yml", "a")]
    tree = Files({f"{PROD}/kustomization.yml": b"", "x/kustomization.yml": b""})
    assert edits.paths(given, tree) == (f"{PROD}/kustomization.yml", "values.yaml", "f.yaml", "x/kustomization.yml")
    assert edits.candidates(given) == (
        f"{PROD}/kustomization.yaml",
        f"{PROD}/kustomization.yml",
        f"{PROD}/Kustomization",
        "values.yaml",
        "f.yaml",
        "x/kustomization.yml",
    )
    assert edits.places(given) == (
        f"{PROD}/kustomization.yaml: images[name=ghcr.io/acme/checkout].newTag",
        f"{PROD}/kustomization.yaml: images[name=ghcr.io/acme/checkout].digest",
        "values.yaml: image.tag",
        "values.yaml: image.other",
        "f.yaml: spec.http[0].route[destination.subset=canary].weight (kind VirtualService)",
        "x/kustomization.yaml: images[name=a].newTag",
        "x/kustomization.yaml: images[name=a].digest",
    )


def test_one_place_has_one_identity_however_it_is_spelt() -> None:
    same = value('"images"[name="a"].newTag', file="x/kustomization.yml")
    assert set(edits.places([same])) < set(edits.places([image("x", "a")]))
    assert edits.places([value("a")]) == edits.places([helm("a", file="f.yaml")])
    assert edits.places([image(".", "a")]) == edits.places([image("Kustomization", "a")])


def test_a_path_that_is_not_understood_is_refused_without_a_file() -> None:
    with pytest.raises(EditRefused, match="column 3"):
        edits.places([helm("a.")])


# ---------------------------------------------------------------- what render refuses


@pytest.mark.parametrize(
    ("old", "new"), [("1.10.0", "1.9.0"), ("v2.1", "v1.9.3"), ("1.0.0", "1.0.0-rc.1"), ("2.0.0_x.1", "1.9.9_x.2")]
)
def test_only_a_rollback_lowers_a_version(old: str, new: str) -> None:
    tree = files(values=f"a: {old}\n")
    before, after = Slots(Version(old)), Slots(Version(new))
    with pytest.raises(EditRefused) as error:
        edits.render([helm("a")], tree, before, after)
    assert str(error.value) == (
        f"stableVersion would fall from {old} to {new} at values.yaml: a. Only a rollback lowers a version"
    )
    (change,) = edits.render([helm("a")], tree, before, after, back=True)
    assert change.after == f"a: {new}\n".encode()


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("1.9", "1.10"),
        ("1.0.0-rc.1", "1.0.0"),
        ("deadbee", "abc1234"),
        ("20240102", "20240101"),
        ("1.02.3", "1.01.9"),
        ("v2", "v1"),
    ],
)
def test_what_is_not_known_to_be_lower_is_written(old: str, new: str) -> None:
    tree = files(values=f"a: '{old}'\n")
    (change,) = edits.render([helm("a")], tree, Slots(Version(old)), Slots(Version(new)))
    assert change.after == f"a: '{new}'\n".encode()


def test_a_digest_alone_is_neither_lower_nor_higher() -> None:
    tree = files(values=f"a: {D2}\n")
    (change,) = edits.render([helm("a")], tree, Slots(Version("", D2)), Slots(Version("", D1)))
    assert change.after == f"a: {D1}\n".encode()


def test_an_empty_value_is_never_written() -> None:
    for slot, old in ((helm("a"), V1), (helm("a", "weight"), 5)):
        with pytest.raises(EditRefused, match=r"would become empty at values\.yaml: a"):
            edits.render([slot], files(values="a: 5\n"), Slots().having(slot.set, old), Slots())


def test_a_slot_without_an_edit_is_named() -> None:
    with pytest.raises(EditRefused, match="no edit sets weight"):
        edits.render([STABLE], world(), Slots(V1, None, 5), Slots(V1, None, 10))


def test_two_edits_that_write_the_same_place_are_found() -> None:
    given = [helm("a"), helm("a", "candidateVersion")]
    with pytest.raises(EditRefused, match="stableVersion reads v3 after writing v2"):
        edits.render(given, files(values="a: v1\n"), Slots(), Slots(Version("v2"), Version("v3")))


@pytest.mark.parametrize(
    "bad", ["a b", "a\nb", "a\tb", "a\x1bb", "x/y", "x:y", D1, "a@b", "@", "a@", "\u2028", " a", "a\xa0b", "\ud800"]
)
def test_a_version_that_would_not_read_back_is_refused(bad: str) -> None:
    with pytest.raises(EditRefused):
        rendered(helm("a"), files(values="a: v1\n"), Version(bad))


def test_an_edit_has_exactly_one_place() -> None:
    both = edit(helmValue={"file": "f", "key": "a"}, yaml={"file": "f", "path": "a"}, set="version")
    for wrong, count in ((both, 2), (edit(set="version"), 0)):
        with pytest.raises(EditRefused, match=f"this one has {count}"):
            edits.candidates([wrong])


def test_a_missing_file_is_absent() -> None:
    with pytest.raises(FileAbsent, match=r"values\.yaml: the file is not in the repository"):
        edits.read([helm("a")], files())
    with pytest.raises(FileAbsent, match=r"overlays/prod: the folder has no kustomization\.yaml"):
        edits.read([STABLE], files())


# ---------------------------------------------------------------- a value as it is


@pytest.mark.parametrize(
    ("literal", "new", "written"),
    [
        ("3", 5, "5"),
        ("3", "5", '"5"'),
        ("'3'", "5", "'5'"),
        ("'3'", 5, "5"),
        ("'3'", 3, "3"),
        ("3", "3", '"3"'),
        ("1.10", "1.10", '"1.10"'),
        ("yes", "yes", '"yes"'),
        ("false", True, "true"),
        ('"false"', False, "false"),
        ("false", "false", '"false"'),
        ("x", "z", "z"),
        ("x", "y", '"y"'),
        ("~", "x", "x"),
        ("", 5, "5"),
        ("x", "", '""'),
        ("x", "two\nlines", '"two\\nlines"'),
        ("a/b:v1", Version("v2"), "a/b:v2"),
    ],
)
def test_the_type_of_a_value_is_part_of_it(literal: str, new: str | int | bool | Version, written: str) -> None:
    tree = files(values=f"a: {literal}".rstrip() + " # c\n")
    one = edit(yaml={"file": "values.yaml", "path": "a"}, set="version")
    (change,) = edits.put(one, new, tree)
    assert change.after == f"a: {written} # c\n".encode()
    after = tree.changed((change,))
    found = edits.get(one, after)
    assert (type(found), found) == (type(new), new) if not isinstance(new, Version) else found == "a/b:v2"
    assert edits.put(one, new, after) == ()


@pytest.mark.parametrize(
    ("literal", "value", "same"),
    [
        ("5", 5, True),
        ("05", 5, False),
        ("True", True, True),
        ("'x'", "x", True),
        ("x", "x", True),
        ("null", None, False),
        ("1.5", "1.5", False),
    ],
)
def test_a_place_that_holds_the_very_value_is_left_alone(
    literal: str, value: str | int | bool | None, same: bool
) -> None:
    tree, one = files(values=f"a: {literal}\nb: 1\n"), edit(yaml={"file": "values.yaml", "path": "a"}, set="version")
    assert (edits.put(one, value, tree) == ()) is same


@pytest.mark.parametrize(
    ("literal", "value", "sentence"),
    [
        ("!!str x", 5, "a: 5 would be read back as '5'"),
        ("!!int 5", "x", "whose meaning 'x' may not have"),
        ("5", 10**30, "would be read back as"),
        ("[x]", "y", "is a list, not a single value"),
    ],
)
def test_a_value_that_would_not_read_back_as_it_is_is_refused(literal: str, value: str | int, sentence: str) -> None:
    with pytest.raises(EditRefused) as error:
        edits.put(
            edit(yaml={"file": "values.yaml", "path": "a"}, set="version"), value, files(values=f"a: {literal}\n")
        )
    assert sentence in str(error.value)


def test_a_given_version_or_weight_is_one() -> None:
    how, tree = edits.sense(helm("a")), files(values="a: r/x:v1\n")
    (change,) = edits.put(helm("a"), "v2", tree, how)
    assert change.after == b"a: r/x:v2\n"
    assert change.moves == (SlotMove(SlotName.STABLE, "values.yaml: a", "r/x:v1", "r/x:v2"),)
    for bad in ("", "a b", 5, True, {"a": 1}):
        with pytest.raises(EditRefused, match=r"values\.yaml: .* is no version"):
            edits.put(helm("a"), bad, tree, how)
    for wrong in ("", "101", "1.5", -1, True, ["5"]):
        with pytest.raises(EditRefused, match=r"values\.yaml: .* is no weight from 0 to 100"):
            edits.put(helm("a", "weight"), wrong, files(values="a: 5\n"), edits.sense(helm("a", "weight")))


# ---------------------------------------------------------------- one scalar


@pytest.mark.parametrize(
    ("literal", "read"),
    [
        ("1.2.3", Version("1.2.3")),
        ("1.10", Version("1.10")),
        ("0x1F", Version("0x1F")),
        ("true", Version("true")),
        ("2024-01-01", Version("2024-01-01")),
        ("'null'", Version("null")),
        ("", None),
        ("~", None),
        ("null", None),
        ('""', None),
        (f"v1@{D1}", Version("v1", D1)),
        (D1, Version("", D1)),
        ("ghcr.io/a/b:v1", Version("v1")),
        ("registry:5000/a/b:v1", Version("v1")),
        ("registry:5000/a/b", None),
        (f"ghcr.io/a/b:v1@{D1}", Version("v1", D1)),
        (f"ghcr.io/a/b@{D1}", Version("", D1)),
        ("nginx:1.25", Version("1.25")),
    ],
)
def test_a_version_is_its_literal_text(literal: str, read: Version | None) -> None:
    assert edits.read([helm("a")], files(values=f"a: {literal}\n")).stable == read


@pytest.mark.parametrize(
    ("literal", "version", "written"),
    [
        ("v1", Version("v2", D1), f"v2@{D1}"),
        (f"v1@{D1}", Version("v2"), "v2"),
        (f"v1@{D1}", Version("v2", D2), f"v2@{D2}"),
        ("v1", Version("", D1), D1),
        ("", V2, '"1.10"'),
        ("ghcr.io/a/b:v1", V2, "ghcr.io/a/b:1.10"),
        ("registry:5000/a/b", V2, "registry:5000/a/b:1.10"),
        ("registry:5000/a/b:v1", Version("v2", D1), f"registry:5000/a/b:v2@{D1}"),
        (f"ghcr.io/a/b:v1@{D1}", Version("v2"), "ghcr.io/a/b:v2"),
        (f"ghcr.io/a/b@{D1}", Version("", D2), f"ghcr.io/a/b@{D2}"),
        (f'"ghcr.io/a/b:v1@{D1}"', Version("v2", D2), f'"ghcr.io/a/b:v2@{D2}"'),
        ("nginx:1.25", V2, "nginx:1.10"),
    ],
)
def test_a_version_is_written_in_the_form_that_stood_there(literal: str, version: Version, written: str) -> None:
    assert (
        rendered(helm("a"), files(values=f"a: {literal}".rstrip() + " # c\n"), version)
        == f"a: {written} # c\n".encode()
    )


@pytest.mark.parametrize("literal", ["a b", '"a\\nb"', "'@'", '"x\\0"', "one\n  two"])
def test_text_that_is_no_version_is_refused(literal: str) -> None:
    with pytest.raises(EditRefused, match=r"values\.yaml:1: .* stands there, which is no version"):
        edits.read([helm("a")], files(values=f"a: {literal}\n"))


@pytest.mark.parametrize(
    ("literal", "weight"), [("0", 0), ("100", 100), ("'50'", 50), ('"7"', 7), ("", None), ("~", None)]
)
def test_weights_are_read(literal: str, weight: int | None) -> None:
    assert edits.read([helm("a", "weight")], files(values=f"a: {literal}\n")).weight == weight


@pytest.mark.parametrize("literal", ["101", "-1", "1.5", "5%", "007", "0x10", "1_0", "ten", "true", "+5", "1e1", "٥"])
def test_what_is_no_weight_is_refused_and_said(literal: str) -> None:
    tree = files(values=f"a: {literal}\n")
    sentence = rf"values\.yaml:1: '{literal}' stands there".replace("+", r"\+")
    with pytest.raises(EditRefused, match=sentence):
        edits.read([helm("a", "weight")], tree)
    with pytest.raises(EditRefused, match=sentence):
        rendered(helm("a", "weight"), tree, 5)


@pytest.mark.parametrize(
    ("literal", "written"), [("10", "25"), ("'10'", "'25'"), ('"10"', '"25"'), ("", "25"), ("~", "25")]
)
def test_a_weight_stays_what_stood_there(literal: str, written: str) -> None:
    assert (
        rendered(helm("a", "weight"), files(values=f"a: {literal}".rstrip() + "\n"), 25) == f"a: {written}\n".encode()
    )


# ---------------------------------------------------------------- kustomize


@pytest.mark.parametrize("name", ["kustomization.yaml", "kustomization.yml", "Kustomization"])
def test_a_kustomization_is_found_by_each_of_its_names(name: str) -> None:
    for folder, prefix in ((".", ""), ("x/y", "x/y/")):
        tree = Files({prefix + name: KUSTOMIZATION, "x/y/other.yaml": b""})
        assert edits.read([image(folder, "other")], tree).stable == Version("x")
        assert edits.read([image(prefix + name, "other")], tree).stable == Version("x")
        with pytest.raises(EditRefused) as error:
            edits.read([image(folder, "other"), helm("a", file="v.yaml")], Files({**tree.files, "v.yaml": b"a: y\n"}))
        assert f"at {prefix}{name}: images[name=other].newTag" in str(error.value)


def test_several_kustomizations_in_a_folder_are_refused() -> None:
    tree = Files({"x/kustomization.yaml": b"", "x/Kustomization": b""})
    with pytest.raises(EditRefused, match=r"the folder has x/kustomization\.yaml and x/Kustomization"):
        edits.paths([image("x", "a")], tree)


@pytest.mark.parametrize(
    ("entry", "read"),
    [
        ("  newTag: 1.10\n", V2),
        (f"  digest: {D1}\n", Version("", D1)),
        (f"  newTag: v1\n  digest: {D1}\n", Version("v1", D1)),
        ("  newTag:\n", None),
        ("  newTag: ''\n  digest: ~\n", None),
    ],
)
def test_an_entry_is_read(entry: str, read: Version | None) -> None:
    assert edits.read([image(".", "a")], images(entry)).stable == read


@pytest.mark.parametrize(
    ("entry", "version", "written"),
    [
        ("  newTag: v1\n", Version("v2"), "  newTag: v2\n"),
        ("  newTag: v1\n", Version("v2", D2), "  newTag: v2\n"),
        ("  newTag:\n", Version("v2"), "  newTag: v2\n"),
        ("  newTag: v1\n  digest:\n", Version("v2"), "  newTag: v2\n  digest:\n"),
        ("  newTag: v1\n  digest:\n", Version("v2", D2), f"  newTag: v2\n  digest: {D2}\n"),
        (f"  digest: {D1}\n", Version("v2", D2), f"  digest: {D2}\n"),
        (f"  digest: {D1}\n", Version("", D2), f"  digest: {D2}\n"),
        (f"  newTag: v1\n  digest: {D1}\n", Version("v2", D2), f"  newTag: v2\n  digest: {D2}\n"),
    ],
)
def test_an_entry_is_written_in_the_keys_it_has(entry: str, version: Version, written: str) -> None:
    tree = images(entry)
    assert rendered(image(".", "a"), tree, version) == images(written).files["kustomization.yaml"]
    after = tree.changed(edits.render([image(".", "a")], tree, Slots(), Slots(version)))
    assert edits.render([image(".", "a")], after, Slots(), Slots(version)) == ()


@pytest.mark.parametrize(
    ("entry", "version", "sentence"),
    [
        (f"  digest: {D1}\n", V2, "the image `a` is pinned by its digest, and 1.10 has none. Remove `digest`"),
        (f"  newTag: v1\n  digest: {D1}\n", V2, "pinned by its digest"),
        ("  newTag: v1\n", Version("", D2), f"the image `a` has a `newTag`, and {D2} has no tag"),
        (f"  newTag: v1\n  digest: {D1}\n", Version("", D2), "has no tag"),
        ("  newTag: [v1]\n", V2, "is a list, not a single value"),
        ("  newTag: a b\n", V2, "kustomization.yaml:3: 'a b' is no `newTag`"),
        ("  newTag: r/a:v1\n", V2, "'r/a:v1' is no `newTag`"),
        ("  digest: v1\n", Version("", D1), "'v1' is no `digest`"),
        ("  newTag: v1\n", Version("a:b"), "'a:b' is no `newTag`"),
        ("  newTag: v1\n", Version("a\nb"), "is no `newTag`"),
        ("- name: a\n  newTag: v1\n", V2, "2 items of `images` have name=a: lines 2, 3"),
    ],
)
def test_an_entry_that_would_lie_is_refused(entry: str, version: Version, sentence: str) -> None:
    with pytest.raises(EditRefused) as error:
        rendered(image(".", "a"), images(entry), version)
    assert sentence in str(error.value)


def test_an_absent_entry_is_empty_and_is_added() -> None:
    for text in ("resources: [x]\n", "images: []\n", "images:\n- name: b\n  newTag: x\n"):
        assert edits.read([image(".", "a")], files(kustomization=text)).stable is None
        after = rendered(image(".", "a"), files(kustomization=text), V2)
        assert edits.read([image(".", "a")], files(kustomization=after)).stable == V2


def test_an_image_holds_no_weight() -> None:
    for call in (lambda e, t: edits.read([e], t), lambda e, t: rendered(e, t, 5)):
        with pytest.raises(EditRefused, match="the image `a` holds a version, not a weight"):
            call(image(".", "a", "weight"), images("  newTag: v1\n"))


# ---------------------------------------------------------------- for every file and value

TAGS = st.from_regex(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,20}", fullmatch=True)
PATHS = st.text(st.characters(exclude_categories=["Cc", "Cs"]), min_size=1, max_size=12)
"""As far as policies may hold them."""
VERSIONS = st.builds(Version, TAGS, st.sampled_from(["", D1, D2]))


@settings(deadline=None)
@given(VERSIONS, VERSIONS, st.integers(0, 100), st.integers(0, 100))
def test_render_then_read_gives_the_slots(stable: Version, candidate: Version, old: int, new: int) -> None:
    tree = files(values=f"# c\na: 'x' # d\nimage: r/y:x\nw: {old}\n")
    given = [helm("a"), helm("image", "candidateVersion"), helm("w", "weight")]
    after = Slots(stable, candidate, new)
    changes = edits.render(given, tree, edits.read(given, tree), after)
    moved = tree.changed(changes)
    assert edits.read(given, moved) == after
    assert edits.render(given, moved, edits.read(given, moved), after) == ()


@settings(deadline=None)
@given(st.binary(max_size=40), PATHS, st.text(min_size=1, max_size=8))
def test_any_file_path_and_version_work_or_are_refused(data: bytes, path: str, tag: str) -> None:
    tree = Files({"values.yaml": data, "kustomization.yaml": data})
    for one in (helm(path), helm(path, "weight"), image(".", path)):
        after = Slots(weight=5) if one.set is SlotName.WEIGHT else Slots(Version(tag))
        with suppress(EditError):
            edits.places([one])
            edits.render([one], tree, edits.read([one], tree), after)
