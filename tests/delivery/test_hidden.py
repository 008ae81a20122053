# ruff: noqa: E501 - a row of a table stays a row
"""Secrets that stand beside a change are not shown with it."""

from __future__ import annotations

import pytest

from gitops_bot.delivery.diffs import diff
from gitops_bot.delivery.hidden import NOTICE, hidden
from gitops_bot.model import Change

FILES = {
    "a generator": "images:\n- name: a\nsecretGenerator:\n- name: s\n  literals:\n  - |p=hush\n\nconfigMapGenerator:\n- name: c\n",
    "a generator in flow": "a: 1\nsecretGenerator: |[{name: s, literals: [p=hush]}]\nb: 2\n",
    "a generator in flow over lines": "a: 1\nsecretGenerator: |[{name: s,\n|literals: [p=hush]}]\nb: 2\n",
    "an indented file": "   secretGenerator:\n   - name: s\n     envs: [|hush.env]\n   b: 2\n",
    "a Secret": "kind: Secret\nmetadata:\n  name: s\ndata:\n  # why\n  p: |hush\n  q: >-\n    |hush\n\ntype: Opaque\n",
    "a Secret whose kind comes last": "stringData: # x\n  p: |hush\nkind: Secret\n",
    "a quoted kind": '"kind": \'Secret\'\n"stringData":\n    p: |hush\nz: 1\n',
    "a Secret among others": "kind: ConfigMap\ndata:\n  v: open\n---\nkind: Secret\ndata:\n  p: |hush\n--- # c\nkind: A\ndata: {v: open}\n",
    "a list of objects": "kind: List\nitems:\n- kind: Secret\n  data:\n    p: |hush\n- kind: A\n  spec: open\n",
    "a list that begins with the data": "items:\n- data:\n    p: |hush\n  kind: Secret\n- spec: open\n",
    "flow": "# c\n{kind: Secret, data: {p: |hush}}\n",
    "JSON": '{\n  "x": "open",\n  "kind": "Secret",\n  "data": {\n    "p": "|hush"\n  }\n}\n',
    "no YAML": "{{ if x }}\nkind: Secret\ndata:\n  p: |hush\n{{ end }}\n",
}
"""`|` marks what must not be shown."""


@pytest.mark.parametrize("name", FILES)
def test_what_a_secret_is_made_of_is_not_shown(name: str) -> None:
    marked = FILES[name]
    lines = marked.replace("|", "").splitlines(keepends=True)
    hushed = {number for number, line in enumerate(marked.splitlines()) if "|" in line}
    assert hushed <= hidden(lines)
    assert "open" not in "".join(lines[number] for number in hidden(lines))


def test_other_files_are_shown_whole() -> None:
    text = (
        "kind: SecretStore\ndata: {a: 1}\n---\nkind: ConfigMap\ndata:\n  secretGenerator.yaml: x\n  kind: Secret-ish\n"
    )
    assert hidden(text.replace("Secret-ish", "Open").splitlines(keepends=True)) == frozenset()


def test_a_diff_keeps_its_lines_and_hides_those_of_secrets() -> None:
    before = "secretGenerator:\n- name: s\n  literals: [p=hush]\nimages:\n- name: a\n  newTag: v1\n"
    after = before.replace("v1", "v2")
    assert diff([Change("kustomization.yaml", before.encode(), after.encode(), ())]) == (
        "--- a/kustomization.yaml\n+++ b/kustomization.yaml\n@@ -3,4 +3,4 @@\n"
        f" {NOTICE}\n images:\n - name: a\n-  newTag: v1\n+  newTag: v2\n"
    )


def test_a_secret_that_comes_or_goes_with_its_file_is_not_shown() -> None:
    text = "kind: Secret\ndata:\n  p: hush\n"
    for change in (Change("s.yaml", None, text.encode(), ()), Change("s.yaml", text.encode(), None, ())):
        shown = diff([change])
        assert "hush" not in shown
        assert "kind: Secret" in shown
        assert NOTICE in shown


def test_lines_are_counted_over_several_hunks() -> None:
    many = "".join(f"k{number}: v\n" for number in range(20))
    before = f"a: 1\n{many}kind: Secret\ndata:\n  p: hush\nb: 1\n"
    after = before.replace("a: 1\n", "a: 2\nnew: 1\n").replace("b: 1", "b: 2")
    shown = diff([Change("s.yaml", before.encode(), after.encode(), ())])
    assert "hush" not in shown
    assert shown.count(NOTICE) == 1
    assert "-b: 1\n+b: 2\n" in shown
