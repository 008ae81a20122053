"""Inserting: what is absent appears where it belongs, in the style of its neighbours, and nothing else changes."""

from __future__ import annotations

from pathlib import Path as File
from typing import Any

import pytest

from gitops_bot.edits.emit import emit
from gitops_bot.edits.insert import insert
from gitops_bot.edits.path import Path
from gitops_bot.edits.source import Source
from gitops_bot.errors import EditRefused, PlaceAbsent
from gitops_bot.policy.places import Where
from tests.edits import marks

DATA = File(__file__).parent / "data" / "entries"


def put(text: str, path: str, data: Any, where: Where | None = None) -> str:
    return insert(Source.decode("f.yaml", text.encode()), Path.parse(path), data, where).encode().decode()


BLOCKS: dict[str, tuple[str, Any, str]] = {
    "a key behind the last one": ("c", 3, "a: 1\nb: 2\n«→c: 3\n»"),
    "a key of a nested mapping": ("a.c", 3, "a:\n  b: 2\n«→  c: 3\n»d: 4\n"),
    "behind the comment of the last line": ("a.c", 3, "a:\n  b: 2  # two\n«→  c: 3\n»d: 4\n"),
    "behind a comment with a tab before it": ("a.c", 3, "a:\n  b: 2\t# two\n«→  c: 3\n»d: 4\n"),
    "behind comments of the mapping": ("a.c", 3, "a:\n  b: 2\n  # more\n    # and more\n«→  c: 3\n»# of d\nd: 4\n"),
    "behind comments after a blank line": ("a.c", 3, "a:\n  b: 2\n\n  # more\n«→  c: 3\n»\nd: 4\n"),
    "before the comment of what follows": ("a.c", 3, "a:\n  b: 2\n«→  c: 3\n»# of d\nd: 4\n"),
    "before blank lines": ("a.c", 3, "a:\n  b: 2\n«→  c: 3\n»\n\nd: 4\n"),
    "behind comments at the end of the file": ("c", 3, "a:\n  b: 2\n\n# the end\n«→c: 3\n»"),
    "in the column of the first key": ("a.c", 3, "a:\n     b: 2\n«→     c: 3\n»"),
    "in an item": ("[1].c", 3, "- b: 1\n-   b: 2\n«→    c: 3\n»"),
    "in an item that another follows": ("[0].c", 3, "- b: 1\n«→  c: 3\n»# two\n- b: 2\n"),
    "in an item of an item": ("[0][0].c", 3, "- - b: 1\n«→    c: 3\n»- b: 2\n"),
    "in a mapping with an anchor that nobody uses": ("a.c", 3, "a: &x\n  b: 2\n«→  c: 3\n»"),
    "without a line break at the end": ("c", 3, "a: 1\nb: 2«→\nc: 3»"),
    "several lines without a line break at the end": ("c.d", 3, "a: 1«→\nc:\n  d: 3»"),
    "with Windows line breaks": ("a.c.d", 3, "a:\r\n  b: 2\r\n«→  c:\r\n    d: 3\r\n»e: 4\r\n"),
    "with a byte order mark": ("c", 3, "\ufeffa: 1\n«→c: 3\n»"),
    "before the end of the document": ("c", 3, "a: 1\n«→c: 3\n»...\n"),
    "before the next document": ("c", 3, "a: 1\n# one\n«→c: 3\n»---\n"),
    "behind a block scalar": ("c", 3, "a: |\n  one\n  # two\n«→c: 3\n»"),
    "behind a block scalar, before its blank lines": ("a.c", 3, "a:\n  b: >-\n    one\n«→  c: 3\n»\n\nd: 4\n"),
    "behind the lines that a block scalar keeps": ("a.c", 3, "a:\n  b: |+\n    one\n\n\n«→  c: 3\n»d: 4\n"),
    "behind a text of several lines": ("c", 3, 'a: "one\n\n  # two"\n«→c: 3\n»'),
    "behind a plain text of several lines": ("c", 3, "a: one\n  two # no\n«→c: 3\n»"),
    "behind an empty value": ("c", 3, "a: 1\nb:  # nothing\n«→c: 3\n»"),
    "behind a key with a question mark": ("c", 3, "? a\n: 1\n? - b\n: 2 # two\n«→c: 3\n»"),
    "behind an alias": ("c", 3, "a: &x 1\nb: *x\n«→c: 3\n»"),
    "behind brackets of several lines": ("c", 3, "a: [\n  1,\n]\n«→c: 3\n»"),
    "beside a merge that does not bring it": ("b.c", 3, "a: &x {d: 1}\nb:\n  <<: *x\n«→  c: 3\n»"),
    "missing mappings": ("a.c.d.e", 3, "a:\n  b: 2\n«→  c:\n    d:\n      e: 3\n»"),
    "mappings with the step of the file": ("a.c.d", 3, "a:\n    b:\n        x: 2\n«→    c:\n        d: 3\n»"),
    "mappings with a step of one": ("c.d.e", 3, "a:\n b:\n  x: 2\n«→c:\n d:\n  e: 3\n»"),
    "the step of the nearest mapping": ("d.e", 3, "a:\n    b: 1\nc:\n   x: 2\n«→d:\n   e: 3\n»"),
    "a list, flush without neighbours": ("a[x=1].b", 3, 'c: 1\n«→a:\n- x: "1"\n  b: 3\n»'),
    "a list, flush as its neighbours": ("a[0]", 3, "c:\n- 1\n«→a:\n- 3\n»"),
    "a list, indented as its neighbours": ("a[0]", 3, "c:\n    - 1\n«→a:\n    - 3\n»"),
    "a list with wide dashes": ("a[0].b.c", 3, "c:\n-   d: 1\n    e:\n      f: 1\n«→a:\n-   b:\n      c: 3\n»"),
    "an item": ("a[1]", 3, "a:\n- 1\n«→- 3\n»b: 2\n"),
    "an item of an indented list": ("a[1]", 3, "a:\n  - 1  # one\n  # more\n«→  - 3\n»b: 2\n"),
    "an item before the comment of the next key": ("a[1]", 3, "a:\n- 1\n«→- 3\n»# of b\nb: 2\n"),
    "an item behind a deeper comment": ("a[1]", 3, "a:\n- 1\n  # of one\n«→- 3\n»b: 2\n"),
    "an item with its own keys": ("a[id=x]", {"t": 1}, "a:\n- id: y\n  t: 2\n«→- id: x\n  t: 1\n»"),
    "an item that says its name itself": ("a[id=x]", {"t": 1, "id": "x"}, "a:\n- id: y\n«→- t: 1\n  id: x\n»"),
    "an item that says its number itself": ("a[id=8]", {"id": 8}, "a:\n- id: 7\n«→- id: 8\n»"),
    "an item with a nested name": ("a[m.id=x].t", 1, "a:\n- m:\n    id: y\n«→- m:\n    id: x\n  t: 1\n»"),
    "an item with a part of its nested name": (
        "a[m.id=x]",
        {"m": {"l": 1}},
        "a:\n- m:\n    id: y\n«→- m:\n    id: x\n    l: 1\n»",
    ),
    "an item with a wide dash": ("a[id=x].t", 1, "a:\n-   id: y\n«→-   id: x\n    t: 1\n»"),
    "an item behind one that begins on the next line": ("a[id=x].t", 1, "a:\n-\n  id: y\n«→- id: x\n  t: 1\n»"),
    "an item behind an empty one": ("a[1]", 1, "a:\n-\n«→- 1\n»"),
    "an item at the root": ("[1]", 1, "- 0\n«→- 1\n»"),
    "an item of an item, a list": ("[0][1]", 1, "- - 0\n«→  - 1\n»- 2\n"),
    "an item in braces as its neighbours": ("a[id=x].w", 5, "a:\n- {id: y, w: 1}\n«→- {id: x, w: 5}\n»"),
    "an item in JSON as its neighbours": ("a[id=x].w", 5, 'a:\n- {"id": "y"}\n«→- {"id": "x", "w": 5}\n»'),
    "a list in a list": ("a[1]", [1, [2]], "a:\n- 0\n«→- - 1\n  - - 2\n»"),
    "empty things in brackets": ("c", {"d": [], "e": {}, "f": None}, "a: 1\n«→c:\n  d: []\n  e: {}\n  f: null\n»"),
    "a block, parted like its neighbours": ("c.d", 3, "a:\n  x: 1\n\nb:\n  x: 2\n«→\nc:\n  d: 3\n»"),
    "a line, not parted": ("c", 3, "a: 1\n\nb: 2\n«→c: 3\n»"),
    "a block, not parted from lines that a scalar keeps": ("c.d", 3, "a: 1\n\nb: |+\n  x\n«→c:\n  d: 3\n»"),
}
FLOW: dict[str, tuple[str, Any, str]] = {
    "a key": ("a.c", 3, "a: {b: 2«→, c: 3»}  # d\n"),
    "a key before the space": ("a.c", 3, "a: { b: 2«→, c: 3» }\n"),
    "a key before a last comma": ("a.c", 3, "a: {b: 2«→, c: 3»,}\n"),
    "a text that brackets would break": ("a.c", "x, y", 'a: {b: 2«→, c: "x, y"»}\n'),
    "mappings and lists": ("a.c[id=x].d", [1, True], "a: {b: 2«→, c: [{id: x, d: [1, true]}]»}\n"),
    "JSON": ("a.c.d", "x", '{"a": {"b": 2«→, "c": {"d": "x"}»}}\n'),
    "JSON without spaces": ("a.c.d", ["x", 1], '{"a":{"b":2«→,"c":{"d":["x",1]}»}}'),
    "JSON on lines of their own": ("a.c", 3, '{\n  "a": {\n    "b": 2«→,\n    "c": 3»\n  }\n}\n'),
    "lines of their own with a comment": ("c", 3, "{\n  a: 1,\n  b: 2«→,» # two\n«→  c: 3\n»  # end\n}\n"),
    "lines of their own with last commas": ("c", 3, "{\n  a: 1,\n  b: 2, # two«→\n  c: 3,»\n}\n"),
    "a bracket on the last line": ("c", 3, "{ a: 1,\n  b: 2«→,\n  c: 3» }\n"),
    "lines of their own in Windows": ("c", 3, "{\r\n  a: 1«→,\r\n  c: 3»\r\n}\r\n"),
    "an item": ("a[1]", "x", "a: [b«→, x»]\n"),
    "an item in quotes as its neighbours": ("a[2]", "x", 'a: ["--v", "4"«→, "x"»]\n'),
    "a number beside texts in quotes": ("a[1]", 5, 'a: ["--v"«→, 5»]\n'),
    "an item without spaces": ("a[2]", "x", "a: [b,c«→,x»]\n"),
    "an item of wrapped lines": ("a[3]", "x", "a: [b,\n    c, d«→, x»]\n"),
    "a mapping among mappings": ("a[id=x].w", 0, "a: [{id: y, w: 1}«→, {id: x, w: 0}»]\n"),
    "a JSON mapping among mappings": ("a[id=x].w", 0, 'a: [{"id":"y"}«→,{"id":"x","w":0}»]\n'),
}
EMPTY: dict[str, tuple[str, Any, str]] = {
    "nothing": ("a[id=x].t", 1, "a:\n«→- id: x\n  t: 1\n»b: 2\n"),
    "nothing, with a comment": ("a.b", 1, "a:  # of a\n«→  b: 1\n»"),
    "nothing, with comments below": ("a[0]", 1, "a:\n  # - 0\n«→- 1\n»# of b\nb: 2\n"),
    "nothing at the end of the file": ("a.b", 1, "a:«→\n  b: 1»"),
    "an empty list": ("a[0]", 1, "a:« []→»\n«→- 1\n»b: 2\n"),
    "an empty list with a space and a comment": ("a[0]", 1, "a:« [ ]→»  # of a\n«→- 1\n»b: 2\n"),
    "an empty list on the next line": ("a[0]", 1, "a:\n«  []→- 1»\nb: 2\n"),
    "an empty mapping": ("a.b.c", 1, "a:« {}→»\n«→  b:\n    c: 1\n»"),
    "null": ("a.b", 1, "a:« null→»\n«→  b: 1\n»"),
    "a tilde": ("a.b", 1, "a:« ~→» # of a\n«→  b: 1\n»c: 2\n"),
    "the place itself": ("a", {"b": 1}, "a:« {}→»\n«→  b: 1\n»"),
    "the place itself, one value": ("a", "x", "a:«→ x»  # of a\n"),
    "the place itself, null": ("a", "x", "a: «~→x»\n"),
    "brackets in brackets": ("a.b[0]", 1, "a: {b: «[]→[1]»}\n"),
    "nothing in brackets": ("a.b.c", 1, "a: {b: «→{c: 1}»}\n"),
    "nothing in narrow brackets": ("a.b", "x", 'a: {"b":«→ "x"»}\n'),
    "brackets in an item": ("[0].a", {"b": 1}, "- «{}→a:\n    b: 1»\n- 2\n"),
    "nothing in an item": ("[0].a.b", 1, "-«→ a:\n    b: 1»\n- 2\n"),
    "null in an item": ("[0][0]", 1, "- «~→- 1»\n"),
    "the root": ("a.b", 1, "«{}→a:\n  b: 1»\n"),
    "the root behind the marker": ("a", 1, "---« {}→»\n«→a: 1\n»"),
    "the root's list": ("[id=x].t", 1, "# of it\n«[]→- id: x\n  t: 1»\n"),
    "the file": ("a.b", 1, "«→a:\n  b: 1\n»"),
    "a file of comments": ("a.b", 1, "# of it\n«→a:\n  b: 1\n»"),
    "a file of one comment without a line break": ("a", 1, "# of it«→\na: 1»"),
    "a file of blank lines": ("a", 1, "\n\n«→a: 1\n»"),
    "the document": ("a", 1, "---\n# of it\n«→a: 1\n»"),
    "the document, without a line break": ("a", 1, "---«→\na: 1»"),
    "the document with an end": ("a", 1, "---\n«→a: 1\n»...\n"),
    "the file with a byte order mark": ("a", 1, "\ufeff«→a: 1\n»"),
}


@pytest.mark.parametrize(("path", "data", "marked"), BLOCKS.values(), ids=BLOCKS)
def test_blocks_grow_in_the_style_of_their_neighbours(path: str, data: Any, marked: str) -> None:
    assert put(marks.before(marked), path, data) == marks.after(marked)


@pytest.mark.parametrize(("path", "data", "marked"), FLOW.values(), ids=FLOW)
def test_brackets_grow_in_their_own_style(path: str, data: Any, marked: str) -> None:
    assert put(marks.before(marked), path, data) == marks.after(marked)


@pytest.mark.parametrize(("path", "data", "marked"), EMPTY.values(), ids=EMPTY)
def test_what_is_empty_is_filled(path: str, data: Any, marked: str) -> None:
    assert put(marks.before(marked), path, data) == marks.after(marked)


@pytest.mark.parametrize(
    ("file", "path", "data", "above", "added"),
    [
        (
            "kustomization.yaml",
            "images[name=nginx].newTag",
            "1.10",
            "- update_replicas.yaml",
            ["images:", "- name: nginx", '  newTag: "1.10"'],
        ),
        ("kustomization.yaml", "commonLabels.tier", "on", " env: production", [' tier: "on"']),
        ("kustomization.yaml", "bases[1]", "../more", "- ../base", ["- ../more"]),
        (
            "deployment.yaml",
            "spec.template.metadata.annotations.checked",
            True,
            "    app: webserver",
            ["   annotations:", "    checked: true"],
        ),
        (
            "deployment.yaml",
            "spec.template.spec.containers[name=nginx].ports[name=admin]",
            {"containerPort": 81},
            "     - containerPort: 80",
            ["     - name: admin", "       containerPort: 81"],
        ),
        (
            "requirements.yaml",
            "dependencies[name=shop]",
            {"repository": "http://jenkins-x-chartmuseum:8080", "version": "1.0.0"},
            "  version: 0.0.2",
            ["- name: shop", "  repository: http://jenkins-x-chartmuseum:8080", "  version: 1.0.0"],
        ),
        (
            "values.yaml",
            "shop",
            {"canary": {"enabled": True, "host": "shop.example.com", "interval": "1m"}},
            "    host: python-test.35.204.67.7.nip.io",
            ["", "shop:", "  canary:", "    enabled: true", "    host: shop.example.com", "    interval: 1m"],
        ),
        ("values.yaml", "expose.Annotations.owner", "a: b", "    helm.sh/hook: post-install,post-upgrade", None),
        (
            "no-traffic.yaml",
            "spec.traffic",
            [
                {"percent": 50, "revisionName": "notifications-service-00001"},
                {"latestRevision": True, "percent": 50},
            ],
            "            value: kafka.default.svc.cluster.local",
            [
                "  traffic:",
                "  - percent: 50",
                "    revisionName: notifications-service-00001",
                "  - latestRevision: true",
                "    percent: 50",
            ],
        ),
    ],
)
def test_real_shapes_get_lines_and_lose_none(
    file: str, path: str, data: Any, above: str, added: list[str] | None
) -> None:
    text = (DATA / file).read_text()
    lines = text.splitlines()
    at = len(lines) - lines[::-1].index(above)
    expected = [*lines[:at], *(added or ['    owner: "a: b"']), *lines[at:]]
    assert put(text, path, data) == "\n".join(expected) + "\n"


def test_the_document_is_chosen_as_for_any_place() -> None:
    marked = "kind: A\n---\nkind: B\nmetadata: {name: x}\n---\nkind: B\nmetadata:\n  name: y\n«→  labels:\n    a: b\n»"
    assert put(marks.before(marked), "metadata.labels.a", "b", Where(kind="B", name="y")) == marks.after(marked)
    with pytest.raises(EditRefused, match="2 documents match"):
        put(marks.before(marked), "metadata.labels.a", "b", Where(kind="B"))
    with pytest.raises(PlaceAbsent, match="no document"):
        put(marks.before(marked), "metadata.labels.a", "b", Where(kind="C"))
    with pytest.raises(PlaceAbsent, match="empty"):
        put("# nothing\n", "metadata.labels.a", "b", Where(kind="C"))


REFUSED: dict[str, tuple[str, str, Any, str]] = {
    "a key that is there": ("a: 1\n", "a", 2, r"f.yaml:1: `a` is there already"),
    "an item that is there": ("a:\n- id: x\n", "a[id=x]", {}, r"f.yaml:2: `a\[id=x\]` is there already"),
    "an item that an alias brings": ("a:\n- &x {id: x}\nb:\n- *x\n", "b[id=x]", {}, "is there already"),
    "a list that is not empty": ("a: [1]\n", "a", [2], "is there already"),
    "an empty list that is there": ("a: []\n", "a", [], "is there already"),
    "a mapping for an empty list": ("a: []\n", "a", {"b": 1}, "is there already"),
    "a value for an empty mapping": ("a: {}\n", "a", "x", "is there already"),
    "a key that a merge brings": ("a: &x {c: 1}\nb: {<<: *x}\n", "b.c", 2, "through `<<`"),
    "a mapping that others use": ("a: &x {c: 1}\nb: *x\n", "a.d", 2, "has the anchor `&x`: line 2 would change"),
    "an alias": ("a: &x {c: 1}\nb: *x\n", "b.d", 2, r"is the alias `\*x`: line 1 would change"),
    "a list that others use": ("a: &x [1]\nb: *x\n", "a[1]", 2, "has the anchor `&x`"),
    "items that match twice": ("- id: x\n- id: x\n", "[id=x].a", 1, "2 items"),
    "a key that stands twice": ("a: {}\na: {}\n", "a.b", 1, "2 times"),
    "an item that is no mapping": ("a: []\n", "a[id=x]", 1, "must be a mapping, or it cannot have id=x"),
    "an item that says something else": (
        "a: []\n",
        "a[id=x]",
        {"id": "y"},
        "would have id=y, where the path asks for id=x",
    ),
    "an item whose name has no parts": ("a: []\n", "a[id.m=x]", {"id": "y"}, "would have id=y"),
    "a file that is no YAML": ("a: [\n", "b", 1, "cannot be read"),
    "a block scalar without a line break": ("a: |\n  x", "b", 1, "cannot be inserted here"),
    "a pair without braces": ("a: [b: 1]\n", "a[0].c", 1, "without braces"),
    "an empty list with a comment": ("a: [ # c\n]\n", "a[0]", 1, "a comment"),
    "a tagged empty list": ("a: !x []\n", "a[0]", 1, "a tag"),
    "several empty documents": ("---\n---\n", "a", 1, "several empty documents"),
    "half a number": ("a: 1\n", "b", 1.5, "1.5 is no text"),
    "a key that is too long": ("a: 1\n", "b", {"k" * 2000: 1}, "cannot be inserted here"),
    "half a character": ("a: 1\n", "b", "\ud800", "cannot be inserted here"),
}
ABSENT: dict[str, tuple[str, str, str]] = {
    "a key of a template": ("a: {{ b }}\n", "a.c", "`a` is a template"),
    "a key of a value": ("a: 1\n", "a.b", "`a` is a single value, so it has no keys"),
    "an item of a value": ("a: 1\n", "a[0]", "so it has no items"),
    "a key of a list": ("a: [1]\n", "a.b", "`a` is a list, so it has no keys"),
    "an item of a mapping": ("a: {b: 1}\n", "a[id=x]", "`a` is a mapping, so it has no items"),
    "an item of an empty mapping": ("a: {}\n", "a[id=x]", "`a` is a mapping, so it has no items"),
    "an item behind a gap": ("a: [1]\n", "a[2]", "has 1 items"),
    "an item behind a gap in nothing": ("a:\n", "a[1]", "so it has no items"),
    "an item behind a gap in what is missing": ("a: 1\n", "b[1]", r"there is no list yet, so there is no `\[1\]`"),
}


@pytest.mark.parametrize(("text", "path", "data", "why"), REFUSED.values(), ids=REFUSED)
def test_what_is_not_safe_is_refused_with_a_sentence(text: str, path: str, data: Any, why: str) -> None:
    with pytest.raises(EditRefused, match=why):
        put(text, path, data)


@pytest.mark.parametrize(("text", "path", "why"), ABSENT.values(), ids=ABSENT)
def test_what_cannot_be_there_is_absent(text: str, path: str, why: str) -> None:
    with pytest.raises(PlaceAbsent, match=why):
        put(text, path, {})


def test_data_that_nests_too_deep_is_refused() -> None:
    data: Any = 1
    for _ in range(5_000):
        data = [data]
    with pytest.raises(EditRefused, match="nests deeper"):
        put("a: 1\n", "b", data)


def test_no_path_is_no_place() -> None:
    with pytest.raises(EditRefused, match="without a path"):
        insert(Source.decode("f.yaml", b"a: 1\n"), Path(()), 1)


@pytest.mark.parametrize(
    ("data", "options", "lines"),
    [
        ({"a": {"b": [1, {"c": "x"}]}}, {}, ["a:", "  b:", "  - 1", "  - c: x"]),
        (
            {"a": {"b": [1, {"c": "x"}]}},
            {"indent": 2, "step": 4, "flush": False},
            ["  a:", "      b:", "          - 1", "          - c: x"],
        ),
        (
            ["on", "1.10", "", "a: b", "x #y", "~", "plain", "two\nlines", "012", "1e3", "é"],
            {},
            [
                *('- "on"', '- "1.10"', '- ""', '- "a: b"', '- "x #y"', '- "~"', "- plain"),
                *('- "two\\nlines"', '- "012"', '- "1e3"', "- é"),
            ],
        ),
        ({"on": True, "1": -5, "a b": None}, {}, ['"on": true', '"1": -5', "a b: null"]),
        ([[], {}, [[1]]], {}, ["- []", "- {}", "- - - 1"]),
        ("x", {"indent": 2}, ["  x"]),
        ({}, {}, ["{}"]),
    ],
)
def test_data_is_written_as_blocks(data: Any, options: dict[str, Any], lines: list[str]) -> None:
    assert emit(data, **options) == lines
