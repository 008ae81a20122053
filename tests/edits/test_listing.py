# ruff: noqa: E501 - a row of a table stays a row
"""A file that comes is named below `resources` of its kustomization in the list's own style, and its line goes again."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gitops_bot import edits
from gitops_bot.edits.locators import kustomization
from gitops_bot.errors import EditError
from gitops_bot.model import Slots, Version
from gitops_bot.policy.schema import Edit
from tests.edits import marks
from tests.edits.by_hand import refused_slot, slot
from tests.edits.test_insert_properties import ARBITRARY, REAL
from tests.edits.trees import Files

FILE, TEMPLATE = "shop/trial.yaml", "templates/trial.yaml"
OBJECT = "apiVersion: v1\nkind: Pod\nmetadata: {name: 'trial-{{ tag }}'}\n"
START = Slots(candidate=Version("1.1"))


def trial(**more: Any) -> Edit:
    return slot("file", "candidateVersion", path=FILE, template=TEMPLATE, **more)


def begun(text: str | None, name: str = "shop/kustomization.yaml", one: Edit | None = None, **more: str) -> Files:
    """The files once a trial has begun."""
    files = {TEMPLATE: OBJECT, **({} if text is None else {name: text}), **more}
    before = Files({path: data.encode() for path, data in files.items()})
    return before.changed(edits.render([one or trial()], before, Slots(), START))


def over(before: Files, one: Edit | None = None) -> Files:
    """The files once the trial is over."""
    return before.changed(edits.render([one or trial()], before, START, Slots(), back=True))


ADDED: dict[str, str] = {
    "a flush list": "resources:\n- app.yaml\n«→- trial.yaml\n»images: []\n",
    "an indented list": "resources:\n  - app.yaml\n«→  - trial.yaml\n»images: []\n",
    "a list with wide dashes": "resources:\n  -   app.yaml\n«→  -   trial.yaml\n»",
    "a list of files below here": "resources:\n- ./app.yaml\n- ../base\n«→- ./trial.yaml\n»",
    "a list with comments": "resources: # built\n# the app\n- app.yaml # it\n  # more\n«→- trial.yaml\n»# of the images\nimages: []\n",
    "a list with what is switched off": "resources:\n  - app.yaml\n  # - old.yaml\n«→  - trial.yaml\n»",
    "a list with blank lines": "resources:\n- app.yaml\n\n- more.yaml\n«→- trial.yaml\n»\nimages: []\n",
    "brackets": "resources: [app.yaml«→, trial.yaml»] # built\n",
    "brackets over several lines": "resources: [\n  app.yaml«→,»\n«→  trial.yaml\n»]\n",
    "brackets with a comma at the end": "resources: [app.yaml«→, trial.yaml»,]\n",
    "brackets with a comma and a space at the end": "resources: [ app.yaml«→, trial.yaml» , ]\n",
    "empty brackets": "resources: [«→trial.yaml»]\nimages: []\n",
    "JSON": '{"resources": ["app.yaml"«→, "trial.yaml"»]}\n',
    "no list": "namePrefix: a-\n«→resources:\n- trial.yaml\n»",
    "no list, among blank lines": "kind: Kustomization\n\nimages:\n- name: a\n«→\nresources:\n- trial.yaml\n»",
    "no list, without a last line break": "namePrefix: a-«→\nresources:\n- trial.yaml»",
    "no last line break": "resources:\n- app.yaml«→\n- trial.yaml»",
    "Windows line breaks": "resources:\r\n- app.yaml\r\n«→- trial.yaml\r\n»images: []\r\n",
    "a byte order mark": "\ufeffresources:\n- app.yaml\n«→- trial.yaml\n»",
    "a marker of the end": "---\nresources:\n- app.yaml\n«→- trial.yaml\n»...\n",
}


@pytest.mark.parametrize("name", ["kustomization.yaml", "kustomization.yml", "Kustomization"])
@pytest.mark.parametrize("marked", ADDED.values(), ids=ADDED)
def test_a_file_is_named_while_it_is_there(marked: str, name: str) -> None:
    there = begun(marks.before(marked), f"shop/{name}")
    assert there.files[f"shop/{name}"].decode() == marks.after(marked)
    assert FILE in there.files
    after = over(there)
    assert after.files[f"shop/{name}"].decode() == marks.before(marked)
    assert FILE not in after.files


@pytest.mark.parametrize("entry", ["trial.yaml", "./trial.yaml", "'../shop/trial.yaml' # mine"])
def test_what_names_the_file_already_names_it_once_and_no_more_when_it_goes(entry: str) -> None:
    text = f"resources:\n- app.yaml\n# on trial\n- {entry}\n- more.yaml\n"
    there = begun(text)
    assert there.files["shop/kustomization.yaml"].decode() == text
    assert over(there).files["shop/kustomization.yaml"] == b"resources:\n- app.yaml\n# on trial\n- more.yaml\n"


def test_of_several_files_each_has_its_line() -> None:
    two = [trial(), slot("file", "candidateVersion", path="shop/more.yaml", template=TEMPLATE)]
    files = {TEMPLATE: OBJECT.encode(), "shop/kustomization.yaml": b"resources:\n- app.yaml\n"}
    before = Files(files)
    there = before.changed(edits.render(two, before, Slots(), START))
    assert there.files["shop/kustomization.yaml"] == b"resources:\n- app.yaml\n- trial.yaml\n- more.yaml\n"
    assert there.changed(edits.render(two, there, START, Slots(), back=True)) == before


UNTOUCHED: dict[str, tuple[str | None, Edit, dict[str, str]]] = {
    "without a kustomization": (None, trial(), {"kustomization.yaml": "resources: [shop]\n"}),
    "where the policy says so": ("resources: []\n", trial(kustomization="none"), {}),
    "of what is no object": ("resources: []\n", trial(), {TEMPLATE: "image: 'shop:{{ tag }}'\n"}),
    "of what is no YAML": ("resources: []\n", trial(), {TEMPLATE: "{{ tag }}: ["}),
    "of what is a patch there": ("patches:\n- path: trial.yaml\n", trial(), {}),
}


@pytest.mark.parametrize(("text", "one", "more"), UNTOUCHED.values(), ids=UNTOUCHED)
def test_no_kustomization_is_touched(text: str | None, one: Edit, more: dict[str, str]) -> None:
    there = begun(text, one=one, **more)
    untouched = {path: data for path, data in there.files.items() if path != FILE}
    assert untouched == {
        TEMPLATE: OBJECT.encode(),
        **({"shop/kustomization.yaml": text.encode()} if text is not None else {}),
        **{path: data.encode() for path, data in more.items()},
    }


@pytest.mark.parametrize("given", [".", "kustomization.yml"])
def test_another_kustomization_names_the_file_where_the_policy_says_so(given: str) -> None:
    text = "resources:\n- shop/app.yaml\n"
    there = begun(text, "kustomization.yml", trial(kustomization=given))
    assert there.files["kustomization.yml"].decode() == f"{text}- shop/trial.yaml\n"
    assert over(there, trial(kustomization=given)).files["kustomization.yml"].decode() == text
    assert over(there).files["kustomization.yml"].decode() == text


REFUSED: tuple[tuple[dict[str, str], Edit, str], ...] = (
    ({"shop/kustomization.yaml": "", "shop/Kustomization": ""}, trial(), "shop: the folder has shop/kustomization.yaml and"),
    ({"shop/kustomization.yaml": "resources: ["}, trial(), "shop/kustomization.yaml:2:1: the file cannot be read as YAML"),
    ({"shop/kustomization.yaml": "resources: x\n"}, trial(), "shop/kustomization.yaml:1: `resources` is a single value"),
    ({"shop/kustomization.yaml": "a: &x [b]\nresources: *x\n"}, trial(), "shop/kustomization.yaml:2: `resources` is the alias"),
    ({"shop/kustomization.yaml": "sops: {mac: 'ENC[AES256_GCM,x]'}\n"}, trial(), "shop/kustomization.yaml:1: sops encrypts"),
    (
        {"shop/kustomization.yaml": "{}", "a/kustomization.yaml": "resources: [../shop]", "b/kustomization.yaml": "resources: [../shop]"},
        trial(),
        "shop/kustomization.yaml: 2 kustomizations use this file, and would all change: a/kustomization.yaml, b/kustomization.yaml",
    ),
    ({}, trial(kustomization="apps"), "apps: the folder has no kustomization.yaml"),
    ({"apps/kustomization.yaml": "{}"}, trial(kustomization="apps"), "apps/kustomization.yaml: kustomize takes files only"),
)  # fmt: skip


@pytest.mark.parametrize(("files", "one", "sentence"), REFUSED)
def test_what_kustomize_would_not_build_is_refused(files: dict[str, str], one: Edit, sentence: str) -> None:
    assert refused_slot({TEMPLATE: OBJECT, **files}, one, Version("1.1")).startswith(sentence)


@settings(deadline=None, max_examples=60)
@given(st.sampled_from(REAL) | ARBITRARY | st.tuples(st.sampled_from(REAL), ARBITRARY).map("\nresources:\n".join))
def test_any_kustomization_names_the_file_and_is_as_before_or_refuses(text: str) -> None:
    try:
        there = begun(text)
    except EditError:
        return
    now, before = there.files["shop/kustomization.yaml"], text.encode()
    after = over(there).files["shop/kustomization.yaml"]
    if before not in (now, after):  # only what had no list, or none with a value, may have another word for nothing
        assert not content(before)["resources"], text
        assert not content(after)["resources"], (text, now, after)


def content(data: bytes) -> dict[str, Any]:
    return {"resources": None, **(kustomization.read("k.yaml", Files({"k.yaml": data})).content)}
