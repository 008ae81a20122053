"""What holds for every file and every value."""

from __future__ import annotations

import json
from typing import Any

import yaml
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from gitops_bot.edits.locate import locate
from gitops_bot.edits.path import Index, Key, Path, Segment
from gitops_bot.edits.scalar import text_of
from gitops_bot.edits.sense import Plain
from gitops_bot.edits.source import Source
from gitops_bot.edits.splice import splice
from gitops_bot.errors import EditError
from gitops_bot.policy.places import Where
from tests.edits.snippets import SNIPPETS
from tests.edits.trees import get, put, style

KEYS = st.text(min_size=1, max_size=6).filter(lambda key: key != "<<")
LEAVES = st.one_of(st.text(max_size=8), st.integers(), st.booleans(), st.none())
TREES = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, min_size=1, max_size=3) | st.dictionaries(KEYS, inner, min_size=1, max_size=3),
    max_leaves=12,
).filter(lambda tree: isinstance(tree, list | dict))
VALUES = st.one_of(st.text(max_size=12).filter(bool), st.from_regex(r"v?[0-9]{1,3}(\.[0-9]{1,3}){0,2}", fullmatch=True))
ARBITRARY = st.one_of(
    st.binary(max_size=60),
    st.text(st.sampled_from("ab:-?[]{},&*!|>%@`'\"#~ \t\n\r.<é\ufeff\x85\0"), max_size=40).map(str.encode),
    st.sampled_from([snippet.before for snippet in SNIPPETS if len(snippet.before) < 2_000]),
)


def _leaves(node: Any, at: tuple[Segment, ...] = ()) -> list[tuple[tuple[Segment, ...], Any]]:
    if isinstance(node, dict):
        return [leaf for key, value in node.items() for leaf in _leaves(value, (*at, Key(key)))]
    if isinstance(node, list):
        return [leaf for number, value in enumerate(node) for leaf in _leaves(value, (*at, Index(number)))]
    return [(at, node)]


@st.composite
def files_with_a_place(draw: st.DrawFn) -> tuple[bytes, Path]:
    tree = draw(TREES)
    path = draw(st.sampled_from([path for path, _ in _leaves(tree)]))
    how = draw(st.sampled_from(["json", "block", "flow", "quoted", "indent"]))
    if how == "json":
        return json.dumps(tree, ensure_ascii=draw(st.booleans())).encode(errors="replace"), Path(path)
    options: dict[str, dict[str, Any]] = {
        "block": {"default_flow_style": False},
        "flow": {"default_flow_style": True},
        "quoted": {"default_style": '"'},
        "indent": {"indent": 6, "width": 20, "explicit_start": True},
    }
    breaks = draw(st.sampled_from(["\n", "\r\n"]))
    text = yaml.safe_dump(tree, allow_unicode=draw(st.booleans()), sort_keys=False, line_break=breaks, **options[how])
    return text.encode(errors="replace"), Path(path)


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much], max_examples=80)
@given(files_with_a_place(), VALUES)
def test_only_the_path_changes_and_setting_it_back_restores_the_bytes(place: tuple[bytes, Path], new: str) -> None:
    data, path = place
    try:
        old = get(data, str(path))
        after = put(data, str(path), new)
    except EditError:
        assume(False)
    assert get(after, str(path)) == new
    assert put(after, str(path), new) == after
    before_leaves, after_leaves = (_leaves(yaml.load(d.decode(), yaml.CBaseLoader)) for d in (data, after))
    assert [leaf for leaf in after_leaves if leaf[0] != path.segments] == [
        leaf for leaf in before_leaves if leaf[0] != path.segments
    ]
    back = put(after, str(path), old)
    assert get(back, str(path)) == old
    canonical = put(data, str(path), old) == data
    if canonical and style(data, str(path)) == style(after, str(path)):
        assert back == data


@settings(deadline=None)
@given(st.sampled_from([s for s in SNIPPETS if isinstance(s.new, str)]), VALUES)
def test_setting_back_leaves_the_rest_of_real_files_alone(snippet: Any, new: str) -> None:
    old = get(snippet.before, snippet.path, snippet.where)
    after = put(snippet.before, snippet.path, new, snippet.where)
    back = put(after, snippet.path, old, snippet.where)
    head, tail = (part.encode() for part in (snippet.marked.split("«")[0], snippet.marked.split("»")[1]))
    for data in (after, back):
        assert data.startswith(head)
        assert data.endswith(tail)
    assert get(after, snippet.path, snippet.where) == new
    assert get(back, snippet.path, snippet.where) == old


def _put_following(data: bytes, path: str, new: Plain, where: Where | None = None) -> bytes:
    source = Source.decode("f.yaml", data)
    return splice(source, locate(source, Path.parse(path), where, follow=True), new).encode()


def _get_following(data: bytes, path: str, where: Where | None = None) -> str:
    return locate(Source.decode("f.yaml", data), Path.parse(path), where, follow=True).text


WAYS = st.sampled_from([(put, get), (_put_following, _get_following)])
TYPED = VALUES | st.text(max_size=6) | st.integers() | st.booleans()


@settings(deadline=None, max_examples=250)
@given(
    ARBITRARY,
    st.sampled_from(["a", "a.b", "[0]", "a[0]", "a[b=a].a", '""', "b.<<.a", "a.a.a[a.b=b]"]),
    TYPED,
    st.sampled_from([None, Where(), Where(kind="a")]),
    WAYS,
)
def test_any_bytes_work_or_are_refused(data: bytes, path: str, new: Plain, where: Where | None, ways: Any) -> None:
    write, read = ways
    try:
        after = write(data, path, new, where)
    except EditError:
        return
    assert read(after, path, where) == text_of(new)


@settings(deadline=None, max_examples=200)
@given(st.data(), WAYS)
def test_a_damaged_file_works_or_is_refused(data: st.DataObject, ways: Any) -> None:
    write, read = ways
    snippet = data.draw(st.sampled_from([s for s in SNIPPETS if len(s.before) < 2_000]))
    at = data.draw(st.integers(0, len(snippet.before)))
    cut = data.draw(st.integers(0, 3))
    noise = data.draw(
        st.sampled_from([b"", b"{", b"[", b"&a ", b"*a", b"\n", b": ", b"'", b'"', b"- ", b"#", b"\t", b"<<: ", b"|\n"])
    )
    damaged = snippet.before[:at] + noise + snippet.before[at + cut :]
    try:
        after = write(damaged, snippet.path, snippet.new, snippet.where)
    except EditError:
        return
    assert read(after, snippet.path, snippet.where) == str(snippet.new)
