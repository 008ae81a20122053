"""`kustomizeImage` and `kustomizeReplicas`: entries that are there, that are added, and what stands for absent ones."""

from __future__ import annotations

from itertools import pairwise

import pytest

from gitops_bot import edits
from gitops_bot.edits.locators.kustomization_images import Image
from gitops_bot.errors import EditRefused, PlaceAbsent
from gitops_bot.model import Slots, Version
from tests.edits.kustomized import changed, hand, moves, shape, tree
from tests.edits.trees import Files, edit, image

D1, D2 = "sha256:" + "1" * 64, "sha256:" + "2" * 64
WEB = "kind: Deployment\nspec: {template: {spec: {containers: [{name: a, image: %s}]}}}\n"
PRODUCTION = hand("kustomizeImage", path="production", name="nginx")


def one(images: str) -> Files:
    return Files({"kustomization.yaml": images.encode()})


# ---------------------------------------------------------------- adding


@pytest.mark.parametrize(
    ("value", "entry"),
    [
        ("1.8.0", " newTag: 1.8.0\n"),
        ("1.10", ' newTag: "1.10"\n'),
        (f"1.8.0@{D1}", f" newTag: 1.8.0\n  digest: {D1}\n"),
        (D1, f" digest: {D1}\n"),
    ],
)
def test_images_are_added_to_one_overlay_alone_and_old_fields_stay(value: str, entry: str) -> None:
    before = shape().files["production/kustomization.yaml"]
    after = before + b"images:\n- name: nginx\n " + entry.encode()
    assert changed(PRODUCTION, value, shape()) == {"production/kustomization.yaml": after}


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("", "images:\n- name: a\n  newTag: v2\n"),
        ("images: []\n", "images:\n- name: a\n  newTag: v2\n"),
        ("images:\n  - name: b\n    newTag: x\n", "images:\n  - name: b\n    newTag: x\n  - name: a\n    newTag: v2\n"),
        ("images:\n- name: a\n  newName: c # d\n", "images:\n- name: a\n  newName: c # d\n  newTag: v2\n"),
        ("images: [{name: a, newName: c}]\n", "images: [{name: a, newName: c, newTag: v2}]\n"),
        ("images:\n- name: a\n  digest:\n", "images:\n- name: a\n  digest:\n  newTag: v2\n"),
        ("imageTags:\n- name: b\n", "imageTags:\n- name: b\n- name: a\n  newTag: v2\n"),
    ],
)
def test_what_an_entry_lacks_is_added_in_the_style_that_is_there(before: str, after: str) -> None:
    added = changed(hand("kustomizeImage", path=".", name="a"), "v2", one(before))
    assert (added["kustomization.yaml"] or b"").decode() == after


def test_the_old_list_of_images_is_used_where_it_stands() -> None:
    before, spot = "imageTags:\n- name: a\n  newTag: v1 # c\n- name: b\n", hand("kustomizeImage", path=".", name="a")
    assert edits.get(spot, one(before)) == Version("v1")
    assert changed(spot, "v2", one(before)) == {"kustomization.yaml": before.replace("v1", "v2").encode()}
    assert changed(spot, None, one(before)) == {"kustomization.yaml": b"imageTags:\n- name: b\n"}


def test_an_entry_is_removed() -> None:
    both = "images:\n- name: a # gone\n  newTag: v1\n- name: b\n  newTag: x\n"
    removed = changed(hand("kustomizeImage", path=".", name="a"), None, one(both))
    assert removed == {"kustomization.yaml": b"images:\n- name: b\n  newTag: x\n"}
    with pytest.raises(PlaceAbsent):
        changed(hand("kustomizeImage", path=".", name="c"), None, one(both))


def test_a_policy_promotes_from_what_the_base_says_to_an_entry_of_its_own() -> None:
    policy = [image("production", "nginx")]
    assert edits.read(policy, shape()) == Slots(Version("1.7.9"))
    (change,) = edits.render(policy, shape(), Slots(Version("1.7.9")), Slots(Version("1.8.0")))
    assert edits.read(policy, shape().changed((change,))) == Slots(Version("1.8.0"))
    assert moves((change,)) == [("production/kustomization.yaml: images[name=nginx]", "", "1.8.0")]


def test_a_form_spells_the_tag() -> None:
    given = edit(kustomizeImage={"path": ".", "name": "a"}, set="version", value="v{{ version }}")
    files = one(f"images:\n- name: a\n  newTag: v1.2\n  digest: {D1}\n")
    assert edits.read([given], files).stable == Version("1.2", D1)
    (change,) = edits.render([given], files, Slots(Version("1.2", D1)), Slots(Version("1.3", D2)))
    assert change.after == f"images:\n- name: a\n  newTag: v1.3\n  digest: {D2}\n".encode()
    with pytest.raises(EditRefused, match="not of the form"):
        edits.read([given], one("images:\n- name: a\n  newTag: w1\n"))


@pytest.mark.parametrize(
    ("files", "value", "sentence"),
    [
        ("images: {a: v1}\n", "v2", "`images` is a mapping"),
        ("images:\n- name: a\n  tagSuffix: -x\n", "v2", "the image `a` has a `tagSuffix`"),
        ("a: 1\n---\nb: 2\n", "v2", "the kustomization has 2 documents"),
        ("images: []\nimageTags: []\n", "v2", "both `images` and `imageTags`"),
        ("[]", "v2", "the kustomization is no mapping"),
        ("images: [{name: a, newTag: v1}]\n", "a b", "no version"),
        ("images: [{name: a, newTag: v1}]\n", "", "no version"),
        ("images: [{name: a, newTag: v1}]\n", 5, "no version"),
        ("images: [\n", "v2", "cannot be read as YAML"),
    ],
)
def test_what_cannot_hold_an_entry_is_refused(files: str, value: str | int, sentence: str) -> None:
    with pytest.raises((EditRefused, PlaceAbsent), match=sentence):
        edits.put(hand("kustomizeImage", path=".", name="a"), value, one(files))


# ---------------------------------------------------------------- what is built without an entry


@pytest.mark.parametrize(
    ("text", "name", "version"),
    [
        ("nginx", "nginx", None),
        ("nginx:1.7.9", "nginx", Version("1.7.9")),
        ("172.16.77.115:5000/notifications:1.4.2", "172.16.77.115:5000/notifications", Version("1.4.2")),
        ("172.16.77.115:5000/notifications", "172.16.77.115:5000/notifications", None),
        (f"r/x:v1@{D1}", "r/x", Version("v1", D1)),
        (f"r/x@{D1}", "r/x", Version("", D1)),
    ],
)
def test_the_name_of_an_image_has_its_port_and_no_tag(text: str, name: str, version: Version | None) -> None:
    assert Image.parse(text) == Image(name, version)


@pytest.mark.parametrize(
    ("files", "version"),
    [
        (tree(prod="resources: [app.yaml]", prod__app=WEB % "r:5000/a:v1"), Version("v1")),
        (tree(prod="bases:\n- ../b", b="resources:\n- app.yaml", b__app=WEB % f"r:5000/a@{D1}"), Version("", D1)),
        (
            tree(
                prod="resources: [../b]",
                b="resources: [app.yaml]\nimages: [{name: x, newName: r:5000/a, newTag: v3}]",
                b__app=WEB % "x:v1",
            ),
            Version("v3"),
        ),
        (
            tree(
                prod="resources: [../b]\ncomponents: [../c]",
                b="resources: [app.yaml]",
                b__app=WEB % "r:5000/a:v1",
                c="kind: Component\nimages: [{name: r:5000/a, newTag: v4}]",
            ),
            Version("v4"),
        ),
        # nothing is certain, so nothing is said
        (tree(prod="resources: [a.yaml, b.yaml]", prod__a=WEB % "r:5000/a:v1", prod__b=WEB % "r:5000/a:v2"), None),
        (tree(prod="resources: [a.yaml]\ntransformers: [t.yaml]", prod__a=WEB % "r:5000/a:v1"), None),
        (tree(prod="resources: [a.yaml]\npatches: [{path: p.yaml}]", prod__a=WEB % "r:5000/a:v1",
              prod__p=WEB % "r:5000/a:v2"), None),
        (tree(prod="resources: [a.yaml]\npatches:\n- target: {kind: Deployment}\n  patch: |-\n    - op: add\n"
              "      path: /x/image\n      value: b\n", prod__a=WEB % "r:5000/a:v1"), None),
        (tree(prod="resources: [a.yaml]", prod__a=WEB % "'r:5000/a:v 1'"), None),
        (tree(prod="resources: [a.yaml]", prod__a="a: [\n"), None),
        (tree(prod="resources: [../b]", b="resources: [../prod]"), None),
        (tree(prod="resources: [https://example.com/a.yaml, ../../../x, git@x.com:a/b, .git/x, -x]"), None),
        (tree(prod="helmCharts: [{name: x}]\nresources: [a.yaml]", prod__a=WEB % "x:v1"), None),
    ],
)  # fmt: skip
def test_an_absent_entry_reads_as_what_is_built(files: Files, version: Version | None) -> None:
    assert edits.get(hand("kustomizeImage", path="prod", name="r:5000/a"), files) == version


def test_aliases_of_aliases_end() -> None:
    bomb = "a: &a [x]\n" + "".join(f"{b}: &{b} [*{a},*{a},*{a},*{a}]\n" for a, b in pairwise("abcdefghi"))
    files = tree(
        prod="resources: [a.yaml]\nimages: &x [*x]\nname: x", prod__a=bomb + "containers: &c [*c, {image: q:1}]\n"
    )
    with pytest.raises(PlaceAbsent, match=r"There are: q$"):
        edits.get(hand("kustomizeImage", path="prod", name="w"), files)


def test_an_image_that_nothing_uses_is_no_slot_but_may_be_set_by_hand() -> None:
    files = tree(prod="resources: [app.yaml]", prod__app=WEB % "checkout:v1")
    for call in (
        lambda given: edits.read([given], files),
        lambda given: edits.render([given], files, Slots(), Slots(Version("v2"))),
    ):
        with pytest.raises(
            PlaceAbsent, match=r"nothing that is built here uses the image `chekout`\. Did you mean `checkout`\?"
        ):
            call(image("prod", "chekout"))
    by_hand = hand("kustomizeImage", path="prod", name="chekout")
    assert changed(by_hand, "v2", files)
    assert edits.warnings([by_hand], files) == (
        "prod/kustomization.yaml: nothing that is built here uses the image `chekout`",
    )


def test_an_entry_of_a_higher_overlay_is_a_warning() -> None:
    files = tree(
        prod="images:\n- {name: a, newName: b, newTag: v1}\n",
        eu="resources: [../prod]\nimages:\n- {name: b, newTag: v9}\n",
        us="resources: [../prod]\nimages:\n- {name: c, newTag: v9}\n",
        cn="resources: [../prod]\nimages:\n- {name: a, newName: d}\n",
    )
    assert edits.warnings([hand("kustomizeImage", path="prod", name="a")], files) == (
        "eu/kustomization.yaml: its own entry for `a` overrides the one of prod/kustomization.yaml",
    )
    assert edits.warnings([PRODUCTION], shape()) == ()


# ---------------------------------------------------------------- replicas

REPLICAS = hand("kustomizeReplicas", path=".", name="a")


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("replicas:\n- name: a\n  count: 3 # c\n", "replicas:\n- name: a\n  count: 25 # c\n"),
        ("replicas:\n- count: 3\n  name: a\n", "replicas:\n- count: 25\n  name: a\n"),
        ("namePrefix: x-\n", "namePrefix: x-\nreplicas:\n- name: a\n  count: 25\n"),
        (
            "replicas:\n  - name: b\n    count: 1\n",
            "replicas:\n  - name: b\n    count: 1\n  - name: a\n    count: 25\n",
        ),
        ("replicas:\n- name: a\n", "replicas:\n- name: a\n  count: 25\n"),
    ],
)
def test_replicas_are_set_and_added(before: str, after: str) -> None:
    assert changed(REPLICAS, 25, one(before)) == {"kustomization.yaml": after.encode()}


def test_replicas_are_read_and_removed() -> None:
    files = one("replicas:\n- name: b\n  count: 1\n- name: a\n  count: 3\n")
    assert edits.get(REPLICAS, files) == 3
    assert edits.get(REPLICAS, one("resources: []\n")) is None
    assert edits.get(REPLICAS, one("replicas: [{name: a, count: }]\n")) is None
    assert changed(REPLICAS, None, files) == {"kustomization.yaml": b"replicas:\n- name: b\n  count: 1\n"}


@pytest.mark.parametrize("value", [-1, True, "5", 2**31, [1]])
def test_what_is_no_number_of_pods_is_refused(value: int | str) -> None:
    with pytest.raises(EditRefused, match="is no number of pods"):
        edits.put(REPLICAS, value, one(""))


def test_replicas_that_are_none_are_refused() -> None:
    with pytest.raises(EditRefused, match=r"kustomization\.yaml:1: 'x' stands there, which is no number of pods"):
        edits.get(REPLICAS, one("replicas: [{name: a, count: x}]\n"))
    with pytest.raises(PlaceAbsent, match="`replicas` is a mapping"):
        edits.get(REPLICAS, one("replicas: {a: 3}\n"))
    with pytest.raises(PlaceAbsent, match="`replicas` is a mapping"):
        edits.put(REPLICAS, 5, one("replicas: {a: 3}\n"))
    with pytest.raises(EditRefused, match="no version and no weight"):
        edits.read([edit(kustomizeReplicas={"path": ".", "name": "a"}, set="weight")], one(""))


def test_replicas_that_an_autoscaler_owns_are_refused() -> None:
    scaler = "apiVersion: autoscaling/v2\nkind: HorizontalPodAutoscaler\nmetadata: {name: a}\n"
    scaler += "spec: {scaleTargetRef: {kind: Deployment, name: a}}\n"
    with pytest.raises(EditRefused, match="HorizontalPodAutoscaler"):
        edits.put(REPLICAS, 5, Files({"kustomization.yaml": b"resources: [hpa.yaml]", "hpa.yaml": scaler.encode()}))
