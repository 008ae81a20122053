"""Paths as users write them."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gitops_bot.edits.path import Filter, Index, Key, Path, Segment
from gitops_bot.errors import EditRefused

A, B = Key("a"), Key("b")


@pytest.mark.parametrize(
    ("text", "segments"),
    [
        ("a", (A,)),
        ("a.b[0].c", (A, B, Index(0), Key("c"))),
        ("[1].tag", (Index(1), Key("tag"))),
        ("deep[0][1]", (Key("deep"), Index(0), Index(1))),
        ("images[name=x].newTag", (Key("images"), Filter((Key("name"),), "x"), Key("newTag"))),
        (
            "spec.http[name=primary].route[destination.subset=canary].weight",
            (
                Key("spec"),
                Key("http"),
                Filter((Key("name"),), "primary"),
                Key("route"),
                Filter((Key("destination"), Key("subset")), "canary"),
                Key("weight"),
            ),
        ),
        ("images[name=ghcr.io/a/b:5000]", (Key("images"), Filter((Key("name"),), "ghcr.io/a/b:5000"))),
        ('"quoted key"."odd.key"', (Key("quoted key"), Key("odd.key"))),
        (r'"a\"b\\c".b', (Key(r"a\c".replace("\\", '"b\\')), B)),
        ('a[name="x]\\"y"]', (A, Filter((Key("name"),), 'x]"y'))),
        ('a["odd/key".b=1]', (A, Filter((Key("odd/key"), B), "1"))),
        ('a[name=""]', (A, Filter((Key("name"),), ""))),
        ('""', (Key(""),)),
        ("a[k=v=w]", (A, Filter((Key("k"),), "v=w"))),
        ("ports.8080", (Key("ports"), Key("8080"))),
        ("<<.x-y_z$", (Key("<<"), Key("x-y_z$"))),
        ("[007]", (Index(7),)),
        ("größe", (Key("größe"),)),
    ],
)  # fmt: skip
def test_paths_are_understood(text: str, segments: tuple[Segment, ...]) -> None:
    assert Path.parse(text).segments == segments
    assert Path.parse(str(Path.parse(text))) == Path.parse(text)


@pytest.mark.parametrize(
    ("text", "column", "found", "expected"),
    [
        ("", 1, "the end", "a key"),
        (".a", 1, "`.`", "a key"),
        ("a.", 3, "the end", "a key"),
        ("a..b", 3, "`.`", "a key"),
        ("a b", 2, "` `", "`.` or `[`"),
        ("a/b", 2, "`/`", "`.` or `[`"),
        ("a[", 3, "the end", "a key"),
        ("a[]", 3, "`]`", "a key"),
        ("a[0", 4, "the end", "a number, or `key=value`"),
        ("a[-1]", 5, "`]`", "a number, or `key=value`"),
        ("a[name]", 7, "`]`", "a number, or `key=value`"),
        ("a[name=]", 8, "`]`", "a value"),
        ("a[name= x]", 8, "` `", "a value"),
        ("a[name=x", 9, "the end", "`]`"),
        ("a[name=x ]", 9, "` `", "`]`"),
        ("a[name.=x]", 8, "`=`", "a key"),
        ("a[0]b", 5, "`b`", "`.` or `[`"),
        ("a]", 2, "`]`", "`.` or `[`"),
        ('"a', 1, '`"`', "text that ends with"),
        (r'"a\n"', 1, '`"`', "after a backslash"),
        ('a"b"', 2, '`"`', "`.` or `[`"),
        ("a[1234567]", 10, "`]`", "a number, or"),
        ('a[k="v]', 5, '`"`', "text that ends with"),
    ],
)
def test_errors_name_the_column_and_what_was_expected(text: str, column: int, found: str, expected: str) -> None:
    with pytest.raises(EditRefused) as error:
        Path.parse(text)
    assert f"column {column} has {found}, expected " in error.value.what
    assert expected in error.value.what.partition(", expected ")[2]


def test_a_path_of_too_many_keys_is_refused() -> None:
    assert len(Path.parse(".".join("a" * 100)).segments) == 100
    with pytest.raises(EditRefused, match="more than 100 keys"):
        Path.parse(".".join("a" * 101))
    with pytest.raises(EditRefused, match="more than 100 keys"):
        Path.parse(f"a[{'.'.join('a' * 100)}=x]")


KEYS = st.text().map(Key)
SEGMENTS = st.one_of(
    KEYS,
    st.integers(0, 999_999).map(Index),
    st.builds(Filter, st.lists(KEYS, min_size=1, max_size=3).map(tuple), st.text()),
)


@settings(deadline=None)
@given(st.lists(SEGMENTS, min_size=1, max_size=6).map(tuple))
def test_every_path_round_trips(segments: tuple[Segment, ...]) -> None:
    assert Path.parse(str(Path(segments))).segments == segments


@settings(deadline=None)
@given(st.text(st.sampled_from('ab.[]="\\ 0/'), max_size=12))
def test_any_text_is_a_path_or_refused(text: str) -> None:
    try:
        path = Path.parse(text)
    except EditRefused:
        return
    assert Path.parse(str(path)) == path
