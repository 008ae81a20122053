"""`kustomizePatch`: the field of an object in whichever patch sets it."""

from __future__ import annotations

from typing import Any

import pytest

from gitops_bot import edits
from gitops_bot.errors import EditError, EditRefused, PlaceAbsent
from gitops_bot.model import Slots, Version
from gitops_bot.policy.schema import HandEdit
from tests.edits.kustomized import changed, hand, moves, shape
from tests.edits.trees import Files, edit

APP = {"kind": "Deployment", "name": "app"}
IMAGE = "spec.template.spec.containers[name=app].image"
NUMBERED = "spec.template.spec.containers[0].image"
MERGE = """\
apiVersion: apps/v1
kind: Deployment
metadata:
  name: app
spec:
  replicas: 3   # pods
  template: {spec: {containers: [{name: app, image: "r/app:1.9"}]}}
"""
POINTERS = """\
- op: test
  path: /spec/replicas
  value: 3
- op: replace
  path: /spec/replicas
  value: 3 # pods
- op: add
  path: /spec/template/spec/containers/0
  value: {name: app, image: r/app:1.9}
- op: replace
  path: /metadata/annotations/a~1b~0c
  value: x
- {op: remove, path: /spec/minReadySeconds}
"""


def patched(field: str, **target: Any) -> HandEdit:
    return hand("kustomizePatch", path=".", target=target or APP, field=field)


def block(text: str, indent: int = 6) -> str:
    return "".join(" " * indent + line if line.strip() else line for line in text.splitlines(keepends=True))


def files(kustomization: str, **texts: str) -> Files:
    return Files({"kustomization.yaml": kustomization.encode()} | {f"{n}.yaml": t.encode() for n, t in texts.items()})


GENERAL = MERGE.replace("name: app\nspec", "name: any\nspec")
ANY_APP = "{name: app|other, kind: Deploy.*}"
OF_V1 = "{kind: Deployment, name: app, group: apps, version: v1}"
SHAPES = (
    files("patches:\n- path: p.yaml\n", p=MERGE),
    files("patches:\n- path: ./p.yaml\n  target: {kind: Deployment}\n", p=GENERAL),
    files("patchesStrategicMerge:\n- p.yaml\n", p=f"kind: Service\nmetadata: {{name: app}}\nspec: {{}}\n---\n{MERGE}"),
    files(f"patchesStrategicMerge:\n  - |-\n{block(MERGE)}# end\n"),
    files(f"patches:\n  - patch: |- # why\n{block(MERGE, 8)}    target: {ANY_APP}\n"),
    files(f"patches:\r\n- patch: |\r\n{block(MERGE)}\r\n".replace("\r\n", "\n").replace("\n", "\r\n")),
    files(f"patchesJson6902:\n- path: p.yaml\n  target: {OF_V1}\n", p=POINTERS),
    files(f"patches:\n- target: {{kind: Deployment, name: ^app$}}\n  patch: |-\n{block(POINTERS)}"),
)  # fmt: skip
"""One object, patched in every way."""


@pytest.mark.parametrize("tree", SHAPES, ids=range(len(SHAPES)))
def test_a_number_is_set_wherever_the_patch_is(tree: Files) -> None:
    given = patched("spec.replicas")
    assert edits.get(given, tree) == 3
    ((path, after),) = changed(given, 25, tree).items()
    before = tree.files[path].decode()
    assert (after or b"").decode() in {
        before.replace("replicas: 3 ", "replicas: 25 "),
        before.replace("value: 3 #", "value: 25 #"),
    }


@pytest.mark.parametrize("tree", SHAPES, ids=range(len(SHAPES)))
def test_an_image_is_set_wherever_the_patch_is(tree: Files) -> None:
    (named, numbered) = (patched(field) for field in (IMAGE, NUMBERED))
    is_merge = b"op: test" not in b"".join(tree.files.values())
    given, other = (named, numbered) if is_merge else (numbered, named)
    ((path, after),) = changed(given, "r/app:1.10", tree).items()
    assert after == tree.files[path].replace(b"r/app:1.9", b"r/app:1.10")
    with pytest.raises(PlaceAbsent, match=r"by its name \(\[name=…\]\), JSON 6902 by its number"):
        edits.get(other, tree)


def test_the_patch_of_one_overlay_goes_from_20_to_25() -> None:
    given = hand(
        "kustomizePatch", path="production", target={"kind": "Deployment", "name": "nginx"}, field="spec.replicas"
    )
    before = shape().files["production/update_replicas.yaml"]
    after = changed(given, 25, shape())
    assert after == {"production/update_replicas.yaml": before.replace(b"replicas: 20", b"replicas: 25")}


def test_a_key_with_a_slash_is_a_pointer_with_escapes() -> None:
    given = patched('metadata.annotations."a/b~c"')
    assert changed(given, "z", SHAPES[6]) == {"p.yaml": POINTERS.replace("value: x", "value: z").encode()}


@pytest.mark.parametrize(
    "text",
    [
        """'[{"op": "add", "path": "/spec/replicas", "value": 3}]'""",
        r'''"[{\"op\": \"add\", \"path\": \"/spec/replicas\", \"value\": 3}]"''',
        """>-\n    [{"op": "add", "path": "/spec/replicas", "value": 3}]""",
    ],
)
def test_json_in_a_string_keeps_its_style(text: str) -> None:
    tree = files(f"patches:\n- target: {{kind: Deployment}}\n  patch: {text}\n")
    assert changed(patched("spec.replicas"), 25, tree) == {
        "kustomization.yaml": tree.files["kustomization.yaml"].replace(b" 3}", b" 25}")
    }


def test_a_move_names_the_patch_and_the_field() -> None:
    assert moves(edits.put(patched("spec.replicas"), 25, SHAPES[7])) == [
        ("kustomization.yaml: patches[0].patch: spec.replicas", "3", "25")
    ]
    assert moves(edits.put(patched("spec.replicas"), 25, SHAPES[0])) == [("p.yaml: spec.replicas", "3", "25")]


@pytest.mark.parametrize(
    ("tree", "path", "gone"),
    [
        (SHAPES[0], "p.yaml", "  replicas: 3   # pods\n"),
        (SHAPES[3], "kustomization.yaml", "        replicas: 3   # pods\n"),
        (SHAPES[6], "p.yaml", "- op: replace\n  path: /spec/replicas\n  value: 3 # pods\n"),
    ],
)
def test_a_field_is_taken_out_of_its_patch(tree: Files, path: str, gone: str) -> None:
    assert changed(patched("spec.replicas"), None, tree) == {path: tree.files[path].replace(gone.encode(), b"")}


def test_a_policy_names_the_file_so_that_its_history_is_followed() -> None:
    spot = {"path": ".", "target": APP, "field": IMAGE}
    with pytest.raises(EditRefused, match=r"the patch is in p\.yaml.*Give the edit `file: p\.yaml`"):
        edits.read([edit(kustomizePatch=spot, set="version")], SHAPES[0])
    named = [edit(kustomizePatch={**spot, "file": "p.yaml"}, set="version")]
    assert edits.candidates(named)[0] == "p.yaml"
    assert edits.paths(named, SHAPES[0]) == ("p.yaml",)
    (change,) = edits.render(named, SHAPES[0], Slots(Version("1.9")), Slots(Version("1.10")))
    assert change.after == MERGE.replace(":1.9", ":1.10").encode()
    inline = [edit(kustomizePatch=spot, set="version")]
    assert edits.read(inline, SHAPES[3]).stable == Version("1.9")
    assert edits.places(inline) == (f"kustomization.yaml: patches.{IMAGE} (kind Deployment, name app)",)


# ---------------------------------------------------------------- which patch

OTHERS = (
    "patches: [{path: p.yaml, target: {kind: StatefulSet}}]",
    "patches: [{path: p.yaml, target: {name: ap}}]",
    "patches: [{path: p.yaml, target: {name: app, namespace: other}}]",
    "patches: [{path: p.yaml, target: {group: batch}}]",
    "patches: [{path: p.yaml, target: {version: v2}}]",
    "patches: [{path: p.yaml, target: {labelSelector: a=b}}]",
    "patches: [{path: p.yaml, target: {name: '(a*)*p'}}]",
    "patches: [{path: p.yaml, target: {name: '**'}}]",
    "patches: [{path: q.yaml}]",
    "patches: [{path: ../../p.yaml}, {path: [p.yaml]}, {patch: {a: b}}, p.yaml]",
    "patches: [{path: https://example.com/p.yaml}]",
    "patches: {path: p.yaml}",
    "patchesJson6902: [{path: p.yaml}]\npatchesStrategicMerge: [q.yaml]",
    "resources: [p.yaml]",
    "",
)  # fmt: skip


@pytest.mark.parametrize("kustomization", OTHERS)
def test_a_patch_of_another_object_is_passed_over(kustomization: str) -> None:
    target = {**APP, "namespace": "shop", "api": "apps/v1"}
    tree = files(kustomization, p=POINTERS if "Json" in kustomization else MERGE)
    with pytest.raises(
        PlaceAbsent, match=r"no patch sets `spec\.replicas` of Deployment shop/app; (looked at|there is)"
    ):
        edits.get(patched("spec.replicas", **target), tree)


@pytest.mark.parametrize(
    "head",
    [
        "kind: Deployment\nmetadata: {name: app, namespace: other}\n",
        "kind: StatefulSet\nmetadata: {name: app}\n",
        "kind: Deployment\nmetadata: {name: prod-app}\n",
        "kind: Deployment\nmetadata: [app]\n",
        "apiVersion: extensions/v1beta1\nkind: Deployment\nmetadata: {name: app}\n",
        "kind: Deployment\nmetadata: {name: app}\n$patch: delete\n",
        "- ",
    ],
)
def test_a_strategic_merge_is_chosen_by_the_names_in_it(head: str) -> None:
    target = {**APP, "namespace": "shop", "api": "apps"}
    tree = files("patches: [{path: p.yaml}]", p=f"{head}spec: {{replicas: 3}}\n")
    with pytest.raises(PlaceAbsent, match=r"looked at: p\.yaml"):
        edits.get(patched("spec.replicas", **target), tree)


def test_the_patches_that_were_looked_at_are_listed() -> None:
    tree = files("patchesStrategicMerge: [a.yaml, b.yaml]\npatches:\n- patch: '{kind: X}'\n", a=MERGE)
    with pytest.raises(
        PlaceAbsent,
        match=r"no patch sets `spec\.x` of Deployment app; looked at: a\.yaml, b\.yaml, patches\[0\]\.patch$",
    ):
        edits.get(patched("spec.x"), tree)


def test_several_patches_are_refused_until_one_is_named() -> None:
    tree = files("patches: [{path: a.yaml}, {path: b.yaml}]", a=MERGE, b=MERGE)
    with pytest.raises(EditRefused, match=r"several patches set `spec\.replicas` of Deployment app: a\.yaml, b\.yaml"):
        edits.get(patched("spec.replicas"), tree)
    named = hand("kustomizePatch", path=".", target=APP, field="spec.replicas", file="b.yaml")
    assert changed(named, 25, tree) == {"b.yaml": MERGE.replace(" 3 ", " 25 ").encode()}


def test_a_patch_for_more_objects_is_a_warning() -> None:
    assert edits.warnings([patched("spec.replicas")], SHAPES[1]) == (
        "p.yaml: the patch `p.yaml` may be for more objects than Deployment app",
    )
    assert edits.warnings([patched("spec.replicas")], SHAPES[0]) == ()
    assert edits.warnings([patched("spec.replicas", kind="Deployment")], SHAPES[1]) == ()


# ---------------------------------------------------------------- refusals

SECRET = "kind: Secret\nmetadata: {name: app}\nstringData: {token: hunter2}\n"
TOKEN = "'[{op: add, path: /stringData/token, value: hunter2}]'"


@pytest.mark.parametrize(
    ("kustomization", "target"),
    [
        ("patches: [{path: p.yaml}]", {"kind": "Secret", "name": "app"}),
        ("patches: [{path: p.yaml}]", {"name": "app"}),
        ("patches: [{path: p.yaml, target: {name: app}}]", {"name": "app"}),
        (f"patches:\n- target: {{name: app}}\n  patch: {TOKEN}", {"name": "app"}),
        (f"patches:\n- target: {{kind: Sec.*}}\n  patch: {TOKEN}", {"name": "app"}),
    ],
)  # fmt: skip
def test_a_secret_is_neither_edited_nor_shown(kustomization: str, target: dict[str, str]) -> None:
    given, tree = patched("stringData.token", **target), files(kustomization, p=SECRET)
    for call in (lambda: edits.get(given, tree), lambda: edits.put(given, "x", tree)):
        with pytest.raises(EditRefused, match="never edited") as error:
            call()
        assert "hunter2" not in str(error.value)


@pytest.mark.parametrize(
    ("tree", "field", "sentence"),
    [
        (SHAPES[0], "spec.template", r"p\.yaml:7: `spec\.template` is a mapping"),
        (
            SHAPES[3],
            "spec.template",
            r"kustomization\.yaml: patchesStrategicMerge\[0\]:7: `spec\.template` is a mapping",
        ),
        (SHAPES[0], "spec..", "the path 'spec..' is not understood"),
    ],
)
def test_what_is_no_single_value_is_refused(tree: Files, field: str, sentence: str) -> None:
    with pytest.raises(EditRefused, match=sentence):
        edits.get(patched(field), tree)


def test_replicas_that_an_autoscaler_owns_are_refused() -> None:
    scaler = "apiVersion: autoscaling/v2\nkind: HorizontalPodAutoscaler\nmetadata: {name: a}\n"
    scaler += "spec: {scaleTargetRef: {kind: Deployment, name: app}}\n"
    for tree in SHAPES:
        owned = Files({**tree.files, "hpa.yaml": scaler.encode()})
        with pytest.raises(EditRefused, match="HorizontalPodAutoscaler"):
            edits.put(patched("spec.replicas"), 5, owned)
        assert edits.put(patched("spec.replicas"), 3, owned) == ()


@pytest.mark.parametrize(
    "garbage", ["patches:\n- patch: |-\n    a: [\n", "patches: [{patch: '\x01'}]", "- a", "patches: &a [*a]", "{{ x }}"]
)
def test_garbage_is_refused(garbage: str) -> None:
    with pytest.raises(EditError):
        edits.put(patched("spec.replicas"), 5, files(garbage))
