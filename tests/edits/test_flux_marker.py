"""`fluxMarker`: what a comment of Flux marks, and nothing that only looks like it."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from gitops_bot import edits
from gitops_bot.edits.sense import Sense, Value
from gitops_bot.errors import EditRefused, PlaceAbsent
from gitops_bot.model import Version
from gitops_bot.policy.schema import HandEdit
from tests.edits.charts import D1, D2, RAW, VERSION, WEIGHT, read, sense, target, written


def marked(policy: str = "flux-system:app") -> HandEdit:
    return target(fluxMarker={"file": "deploy.yaml", "policy": policy})


APP = '# {"$imagepolicy": "flux-system:app"}'
TAG, NAME, DIGEST = (APP.replace(":app", f":app:{part}") for part in ("tag", "name", "digest"))
FILE = f"""\
# {APP}
kind: Deployment
spec:
  containers:
  - name: app
    image: reg:5000/acme/app:1.9   {APP}
  - {{image: "acme/side:1.9"}} {APP}
  - image: acme/other:1.9 # {{"$imagepolicy": "flux-system:other"}}
---
kind: HelmRelease
values:
  image:
    repository: acme/app {NAME}
    tag: '1.9'\t{TAG}
  text: |
    tag: 1.9 {TAG}
  quoted: "image: acme/app:1.9 {APP.replace('"', "'")}"
  list:
  - 1.9 {TAG}
"""
WRITTEN = (
    FILE.replace("app:1.9   ", "app:1.10   ")
    .replace("side:1.9", "side:1.10")
    .replace("tag: '1.9'", "tag: '1.10'")
    .replace(f"  - 1.9 {TAG}", f'  - "1.10" {TAG}')
)


def test_all_that_a_policy_marks_is_read_and_written_together() -> None:
    assert read(marked(), FILE) == Version("1.9")
    assert written(marked(), FILE, Version("1.10")) == WRITTEN
    assert written(marked(), FILE, "1.10", RAW) == WRITTEN
    assert written(marked(), FILE.replace("\n", "\r\n"), Version("1.10")) == WRITTEN.replace("\n", "\r\n")
    assert written(marked("flux-system:other"), FILE, Version("2")) == FILE.replace("other:1.9", "other:2")


def test_only_the_parts_of_a_version_that_are_marked_are_written() -> None:
    text = f"i: a/b:v1 {APP}\ntag: v1 {TAG}\ndigest: {D1} {DIGEST}\n"
    assert read(marked(), text) == Version("v1", D1)
    assert written(marked(), text, Version("v2", D2)) == text.replace("v1", "v2").replace(D1, D2)
    joined = f"i: a/b:v1@{D1} {APP}\n"
    assert written(marked(), joined, Version("v2", D2)) == joined.replace("v1", "v2").replace(D1, D2)
    assert written(marked(), f"i: a/b {APP}\n", Version("v2", D2)) == f"i: a/b:v2@{D2} {APP}\n"
    assert written(marked(), f"i: a/b:v1 {APP}\n", Version("v2", D2)) == f"i: a/b:v2 {APP}\n"


def test_an_empty_value_is_marked_too() -> None:
    assert read(marked(), f"tag: {TAG}\n") is None
    assert written(marked(), f"tag: {TAG}\n", Version("v2")) == f"tag: v2 {TAG}\n"


def test_other_keys_of_the_file_do_not_matter() -> None:
    odd = f'? [a, b]\n: {{c: 1}}\n"a.b/c":\n  - - x\n    - v1 {TAG}\n'
    assert written(marked(), odd, Version("v2")) == odd.replace("v1", "v2")


REFUSED: tuple[tuple[str, Value, Sense, str], ...] = (
    (f"a: v1 {TAG}\nb: v2 {TAG}\n", "v3", VERSION,
     r"flux-system:app marks values that disagree: v1 at deploy\.yaml:1, v2 at deploy\.yaml:2"),
    (f"a: {{b: 1, tag: v1}} {TAG}\n", "v3", VERSION, r"deploy\.yaml:1: the marker stands behind 2 values"),
    (f"a: {TAG}\n  b: 1\n", "v3", VERSION, "the marker stands behind no value"),
    (f"{APP}\n", "v3", VERSION, "the marker stands behind no value"),
    (f"kind: Secret\ndata:\n  tag: v1 {TAG}\n", "v3", VERSION, "what a Secret holds is neither edited nor shown"),
    (f"? {{a: b}}\n: v1 {TAG}\n", "v3", VERSION, "below a key that no path can name"),
    (f"a: &t v1 {TAG}\nb: *t\n", "v3", VERSION, "line 2 would change too"),
    (f"a: &t v1\nb: *t {TAG}\n", "v3", VERSION, "is the alias"),
    (f"a: v1 {TAG}\na: v1\n", "v3", VERSION, "has the key `a` 2 times"),
    (f"a: [v1] {TAG}\nb: [\n", "v3", VERSION, "cannot be read as YAML"),
    (f"a: {{{{ x }}}} {TAG}\n", "v3", VERSION, "stands behind 2 values"),
    (f"a: v1 {APP.replace(':app', ':app:tags')}\n", "v3", VERSION, "the marker's `:tags` is not known"),
    (f"a: v1@{D1} {APP}\n", Version("v2"), VERSION, "a digest pins the image, and v2 has none"),
    (f"a: :v1 {APP}\n", "v2", VERSION, "':v1' stands there, which is no image"),
    (f"a: x/y:v1 {TAG}\n", "v2", VERSION, "'x/y:v1' is no tag"),
    (f"a: {D1} {DIGEST}\n", Version("v2"), VERSION, "a digest pins the image"),
    (FILE, 5, WEIGHT, "an image has a version, not a weight"),
    (FILE, Version("2"), sense("v{{ tag }}"), "a marker says itself what is spelled"),
    (FILE, None, RAW, "marked values are not removed"),
)  # fmt: skip


@pytest.mark.parametrize(("text", "new", "how", "sentence"), REFUSED)
def test_what_is_not_safe_is_refused(text: str, new: Value, how: Sense, sentence: str) -> None:
    def edit_it() -> None:
        read(marked(), text, how)
        written(marked(), text, new, how)

    with pytest.raises(EditRefused, match=sentence):
        edit_it()


def test_a_policy_that_marks_nothing_is_named() -> None:
    for text in (
        FILE.replace("$", ""),
        f"a: v1 # was b {TAG}\n",
        "",
        f"a: |\n  b {APP}\n",
        f"a: v1#{APP[1:]}\n",
        f"a: v1 {APP} x\n",
    ):
        with pytest.raises(PlaceAbsent, match="flux-system:app marks nothing in the file"):
            read(marked(), text)
    with pytest.raises(PlaceAbsent, match="flux-system:app marks only a name"):
        read(marked(), f"a: b {NAME}\n")
    for part in ("flux-system:ap", "flux-system:app2", "system:app"):
        with pytest.raises(PlaceAbsent):
            read(marked(part), FILE)


def test_a_policy_has_a_namespace_and_a_name() -> None:
    for bad in ("app", "a:b:tag", "a: b", ""):
        with pytest.raises(ValidationError):
            marked(bad)


def test_places_are_known_without_a_tree() -> None:
    assert edits.places([marked()]) == ("deploy.yaml: [$imagepolicy=flux-system:app]",)
