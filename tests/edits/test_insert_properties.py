"""What holds for every file when something is inserted or removed."""

from __future__ import annotations

from contextlib import suppress
from copy import deepcopy
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from ruamel.yaml import YAML

from gitops_bot.edits.emit import emit
from gitops_bot.edits.insert import insert
from gitops_bot.edits.path import Index, Key, Path, Segment
from gitops_bot.edits.remove import remove
from gitops_bot.edits.source import Source
from gitops_bot.errors import EditError
from gitops_bot.policy.places import Where
from tests.edits import test_insert, test_remove
from tests.edits.marks import before
from tests.edits.snippets import SNIPPETS

CHARACTERS = st.characters(exclude_categories=["Cs"])
TEXTS = st.one_of(
    st.text(CHARACTERS, max_size=6),
    st.sampled_from(
        ["on", "1.10", "012", "0o17", "1e3", "~", "null", "2024-01-01", "12:30", "0x1F", "a: b", "a #b", "=", "<<"]
    ),
)
KEYS = TEXTS.filter(lambda key: key != "<<")
LEAVES = st.one_of(TEXTS, st.integers(-(10**20), 10**20), st.booleans(), st.none())
DATA = st.recursive(LEAVES, lambda of: st.lists(of, max_size=3) | st.dictionaries(KEYS, of, max_size=3), max_leaves=6)
TREES = st.recursive(
    LEAVES,
    lambda of: st.lists(of, min_size=1, max_size=3) | st.dictionaries(KEYS, of, min_size=1, max_size=3),
    max_leaves=12,
).filter(lambda tree: isinstance(tree, list | dict))
REAL = sorted(
    {before(row[-1]) for row in (*test_insert.BLOCKS.values(), *test_insert.FLOW.values(), *test_insert.EMPTY.values())}
    | {before(row[-1]) for row in (*test_remove.BLOCKS.values(), *test_remove.FLOW.values())}
    | {snippet.before.decode() for snippet in SNIPPETS if len(snippet.before) < 1_500}
)
PATHS = ["a", "a.b", "a.c.d", "[0]", "[1]", "a[0]", "a[1].b", "a[b=a]", "a[id=x].t", "b.c[0][0]", "metadata.labels.x"]


class Wide(yaml.SafeDumper):
    """Lists indented below their key."""

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:
        super().increase_indent(flow, False)


def collections(tree: Any, at: tuple[Segment, ...] = ()) -> list[tuple[tuple[Segment, ...], Any]]:
    """The mappings and lists of a tree that are not empty, with their paths."""
    if not tree or not isinstance(tree, dict | list):
        return []
    below = (
        [(Key(key), tree[key]) for key in tree]
        if isinstance(tree, dict)
        else [(Index(i), v) for i, v in enumerate(tree)]
    )
    return [(at, tree), *(found for segment, part in below for found in collections(part, (*at, segment)))]


def newer(text: str) -> Any:
    """What YAML 1.2 says."""
    return YAML(typ="safe", pure=True).load(text)


def at(tree: Any, path: tuple[Segment, ...]) -> Any:
    for segment in path:
        tree = tree[segment.name if isinstance(segment, Key) else segment.number]  # type: ignore[union-attr]
    return tree


@st.composite
def files_with_a_gap(draw: st.DrawFn) -> tuple[str, Any, Path, Any, Any]:
    """A file, what it says, a path of something absent, data for there, and what the file then says."""
    tree = draw(TREES)
    path, parent = draw(st.sampled_from(collections(tree)))
    data = draw(DATA)
    after = deepcopy(tree)
    if isinstance(parent, dict):
        key = draw(KEYS.filter(lambda key: key not in parent))
        at(after, path)[key] = data
        last: Segment = Key(key)
    else:
        at(after, path).append(data)
        last = Index(len(parent))
    text = yaml.dump(
        tree,
        Dumper=draw(st.sampled_from([Wide, yaml.SafeDumper])),
        sort_keys=False,
        default_flow_style=False,
        allow_unicode=draw(st.booleans()),
        indent=draw(st.sampled_from([2, 3, 4])),
        width=draw(st.sampled_from([20, 1_000])),
        line_break=draw(st.sampled_from(["\n", "\r\n"])),
        explicit_start=draw(st.booleans()),
    )
    if draw(st.booleans()):
        text = text.rstrip("\r\n")
    return text, tree, Path((*path, last)), data, after


@settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much])
@given(files_with_a_gap())
def test_insert_adds_lines_that_read_back_and_remove_takes_them_away(case: tuple[str, Any, Path, Any, Any]) -> None:
    text, tree, path, data, expected = case
    try:
        source = Source.decode("f.yaml", text.encode())
    except EditError:
        assume(False)
    after = insert(source, path, data)
    found = yaml.safe_load(after.text)
    assert found == expected
    assert repr(found) == repr(expected)
    if newer(text) == tree:  # the dumper writes for YAML 1.1
        assert newer(after.text) == expected
    old, new = text.splitlines(), after.text.splitlines()
    same = next((n for n, (one, other) in enumerate(zip(old, new, strict=False)) if one != other), len(old))
    assert old[same:] == new[same + len(new) - len(old) :]
    assert remove(after, path).text == text
    assert yaml.safe_load(text) == tree


@settings(deadline=None, max_examples=120, suppress_health_check=[HealthCheck.too_slow])
@given(DATA, st.integers(0, 8), st.integers(1, 5), st.booleans())
def test_what_is_emitted_reads_back_with_its_types(data: Any, indent: int, step: int, flush: bool) -> None:
    lines = emit(data, indent=indent, step=step, flush=flush)
    assert all(line.startswith(" " * indent) for line in lines)
    text = "\n".join(lines)
    found = yaml.safe_load(text)
    assert repr(found) == repr(data)
    assert newer(text) == data


ARBITRARY = st.one_of(
    st.text(st.sampled_from("ab:-?[]{},&*!|>%@`'\"#~ \t\n\r.<é\x85"), max_size=40),
    st.lists(
        st.sampled_from(["a", "b", ":", ": ", "- ", "\n", "\n  ", "# c", "{", "}", "[", "]", ",", "|", "&a ", "*a"]),
        max_size=24,
    ).map("".join),
    st.sampled_from(REAL),
)


@settings(deadline=None, max_examples=120)
@given(ARBITRARY, st.sampled_from(PATHS), DATA, st.sampled_from([None, Where(), Where(kind="a")]))
def test_any_text_takes_an_entry_or_is_refused(text: str, path: str, data: Any, where: Where | None) -> None:
    try:
        after = insert(Source.decode("f.yaml", text.encode()), Path.parse(path), data, where)
    except EditError:
        return
    if data not in (None, [], {}):
        with pytest.raises(EditError, match="already"):
            insert(after, Path.parse(path), data, where)


@settings(deadline=None, max_examples=120)
@given(ARBITRARY, st.sampled_from(["", *PATHS]), st.sampled_from([None, Where(), Where(kind="a")]))
def test_any_text_loses_an_entry_or_is_refused(text: str, path: str, where: Where | None) -> None:
    asked = Path.parse(path) if path else Path(())
    try:
        after = remove(Source.decode("f.yaml", text.encode()), asked, where)
    except EditError:
        return
    assert len(after.text) <= len(text) + len("{}")
    if path and not path.endswith("]"):
        with pytest.raises(EditError):
            remove(after, asked, where)


@settings(deadline=None, max_examples=80)
@given(st.data())
def test_a_damaged_file_takes_and_loses_entries_or_is_refused(data: st.DataObject) -> None:
    text = data.draw(st.sampled_from(REAL))
    start = data.draw(st.integers(0, len(text)))
    noise = data.draw(st.sampled_from(["", "{", "[", "&a ", "*a", "\n", ": ", "'", '"', "- ", "#", "\t", "<<: ", "? "]))
    damaged = text[:start] + noise + text[start + data.draw(st.integers(0, 3)) :]
    path = Path.parse(data.draw(st.sampled_from(PATHS)))
    with suppress(EditError):
        insert(Source.decode("f.yaml", damaged.encode()), path, {"id": "x"})
    with suppress(EditError):
        remove(Source.decode("f.yaml", damaged.encode()), path)
