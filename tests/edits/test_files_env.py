# ruff: noqa: E501 - a row of a table stays a row
"""`env`: one value changes, and no other byte, in `.env` files and in Java's properties; the rest is refused."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gitops_bot.model import Version
from gitops_bot.policy.places import Target
from tests.edits.by_hand import get, held, moved, put, refusal, refused_slot, slot, survives, target

ENV, JAVA = "prod.env", "app.properties"


def key(name: str = "TAG", file: str = ENV, *, create: bool = False) -> Target:
    return target("env", file=file, key=name, create=create)


VARIABLES: tuple[tuple[str, str, str, str], ...] = (
    ("TAG=1.2.3\n", "1.2.3", "1.2.4", "TAG=1.2.4\n"),
    ("A=1\nTAG=1\nB=TAG=9\n", "1", "2", "A=1\nTAG=2\nB=TAG=9\n"),
    ("TAG=1", "1", "2", "TAG=2"),
    ("export TAG=1\n", "1", "2", "export TAG=2\n"),
    ("  export\tTAG = 1  \n", "1", "2", "  export\tTAG = 2  \n"),
    ("TAG: 1\n", "1", "2", "TAG: 2\n"),
    ("A=1\r\nTAG=1\r\nB=2\r\n", "1", "2", "A=1\r\nTAG=2\r\nB=2\r\n"),
    ("\ufeffTAG=1\n", "1", "2", "\ufeffTAG=2\n"),
    ("TAG='1' # one\n", "1", "2", "TAG='2' # one\n"),
    ('TAG="1"\t# "one"\n', "1", "2", 'TAG="2"\t# "one"\n'),
    ("TAG=1 # one\n", "1", "2", "TAG=2 # one\n"),
    ("TAG=a#b\n", "a#b", "c", "TAG=c\n"),
    ("#TAG=0\n# TAG=0\nTAG=1\n", "1", "2", "#TAG=0\n# TAG=0\nTAG=2\n"),
    ("TAG=\nB=1\n", "", "2", "TAG=2\nB=1\n"),
    ("TAG=1\n", "1", "", "TAG=\n"),
    ('TAG="1"\n', "1", "", 'TAG=""\n'),
    ("TAG=1\n", "1", "a b", "TAG='a b'\n"),
    ("TAG=one two\n", "one two", "three four", "TAG=three four\n"),
    ("TAG=1\n", "1", "it's", 'TAG="it\'s"\n'),
    ("TAG='1'\n", "1", "it's", 'TAG="it\'s"\n'),
    ('TAG="1"\n', "1", "$HOME", "TAG='$HOME'\n"),
    ('TAG="a\\"b"\n', 'a"b', "x", 'TAG="x"\n'),
    ("TAG=1\n", "1", "#x", "TAG='#x'\n"),
    ("TAG=1\n", "1", "größe", "TAG=größe\n"),
    ("TAG=ghcr.io/a/b:1@sha256:00\n", "ghcr.io/a/b:1@sha256:00", "x=y", "TAG=x=y\n"),
    ('KEY="-----BEGIN\nTAG=0\n-----END"\nTAG=1\n', "1", "2", 'KEY="-----BEGIN\nTAG=0\n-----END"\nTAG=2\n'),
    ("KEY='a\nTAG=0'\nTAG=1\n", "1", "2", "KEY='a\nTAG=0'\nTAG=2\n"),
    ('KEY="never closed\nTAG=1\n', "1", "2", 'KEY="never closed\nTAG=2\n'),
    ("A=1\nA=2\nTAG=1\n", "1", "2", "A=1\nA=2\nTAG=2\n"),
    ("JUST_A_NAME\n\nTAG=1\n", "1", "2", "JUST_A_NAME\n\nTAG=2\n"),
)  # fmt: skip


@pytest.mark.parametrize(("text", "old", "new", "expected"), VARIABLES)
def test_a_variable_changes_in_its_own_quotes(text: str, old: str, new: str, expected: str) -> None:
    assert get(text, key()) == old
    assert put(text, key(), new) == expected
    assert get(expected, key()) == new


PROPERTIES: tuple[tuple[str, str, str, str, str], ...] = (
    ("app.tag=1\n", "app.tag", "1", "2", "app.tag=2\n"),
    ("app.tag = 1\n", "app.tag", "1", "2", "app.tag = 2\n"),
    ("app.tag: 1\n", "app.tag", "1", "2", "app.tag: 2\n"),
    ("app.tag:1", "app.tag", "1", "2", "app.tag:2"),
    ("app.tag 1\r\n", "app.tag", "1", "2", "app.tag 2\r\n"),
    ("app.tag\n", "app.tag", "", "2", "app.tag=2\n"),
    ("app.tag=\n", "app.tag", "", "2", "app.tag=2\n"),
    ("! app.tag=0\n# app.tag=0\n  app.tag=1\n", "app.tag", "1", "2", "! app.tag=0\n# app.tag=0\n  app.tag=2\n"),
    ('t="1" # no comment\n', "t", '"1" # no comment', "2", "t=2\n"),
    ("odd\\ key\\==1\n", "odd key=", "1", "2", "odd\\ key\\==2\n"),
    ("t=C:\\\\x\\ty\n", "t", "C:\\x\ty", "D:\\z", "t=D:\\\\z\n"),
    ("t=\\u00e9\\ud83d\\ude00\n", "t", "é\U0001f600", "ü\U0001f680", "t=\\u00FC\\uD83D\\uDE80\n"),
    ("t=é\n", "t", "é", "ü", "t=ü\n"),
    ("t=1\n", "t", "1", " x ", "t=\\ x \n"),
    ("long=a,\\\n  t=0\nt=1\n", "t", "1", "2", "long=a,\\\n  t=0\nt=2\n"),
    ("even=a\\\\\nt=1\n", "t", "1", "2", "even=a\\\\\nt=2\n"),
)  # fmt: skip


@pytest.mark.parametrize(("text", "name", "old", "new", "expected"), PROPERTIES)
def test_a_property_changes_by_javas_rules(text: str, name: str, old: str, new: str, expected: str) -> None:
    assert get(text, key(name, JAVA)) == old
    assert put(text, key(name, JAVA), new) == expected
    assert get(expected, key(name, JAVA)) == new


ADDED: tuple[tuple[str, str, str], ...] = (
    ("", ENV, "TAG=1\n"),
    ("A=0\n", ENV, "A=0\nTAG=1\n"),
    ("A=0", ENV, "A=0\nTAG=1"),
    ("export A='0'\r\n", ENV, "export A='0'\r\nexport TAG='1'\r\n"),
    ("A = 0\n\n# end\n", ENV, "A = 0\n\n# end\nTAG = 1\n"),
    ("# nothing yet\n", ENV, "# nothing yet\nTAG=1\n"),
    ("a.b: 0\n", JAVA, "a.b: 0\nTAG: 1\n"),
)  # fmt: skip


@pytest.mark.parametrize(("text", "file", "expected"), ADDED)
def test_an_absent_key_is_added_and_taken_away_again(text: str, file: str, expected: str) -> None:
    one = key(file=file, create=True)
    assert get(text, one) is None
    assert put(text, one, "1") == expected
    without = put(expected, one, None)
    assert without == (text if not text or text.endswith("\n") else f"{text}\n")


REFUSED: tuple[tuple[str, Target, str | None, str], ...] = (
    ("A=1\nTAGS=1\n", key(), "2", "prod.env: there is no `TAG`. Did you mean `TAGS`? `create: true` adds it"),
    ("A=1\n", key("ZZ"), "2", "prod.env: there is no `ZZ`. There are: A. `create: true` adds it"),
    ("A=1\n", key("ZZ"), None, "prod.env: there is no `ZZ`"),
    ("# a\nTAG=1\nTAG=2\n", key(), "3", "prod.env:2: `TAG` is there 2 times (lines 2, 3), and readers disagree"),
    ('A=1\nTAG="a\nb"\n', key(), "3", "prod.env:2: the value of `TAG` goes over several lines"),
    ("TAG='a'b\n", key(), "3", "prod.env:1: the value of `TAG` has quotes that are not around all of it"),
    ("TAG=#1\n", key(), "3", "prod.env:1: the value cannot be written without changing how the rest reads"),
    ("TAG=1\n", key(), "a\nb", "prod.env:1: 'a\\nb' is no text of one line"),
    ("TAG=1\n", key(), "it's \"$x\"", "prod.env:1: 'it\\'s \"$x\"' cannot be quoted so that all readers agree on it"),
    ("TAG=1\n", key("A B", create=True), "x", "prod.env: 'A B' is no name that every reader takes"),
    ("t=a\\\n  b\n", key("t", JAVA), "x", "app.properties:1: the value of `t` goes over several lines"),
    ("t=\\ud800\n", key("t", JAVA), "x", "app.properties:1: the value of `t` holds half a character"),
    ("t=1\\", key("u", JAVA, create=True), "x", "app.properties:1: the value cannot be written without changing how"),
    ("A=\0\n", key("A"), "x", "prod.env:1: the file is no text: it holds the character U+0000"),
)  # fmt: skip


@pytest.mark.parametrize(("text", "one", "value", "sentence"), REFUSED)
def test_what_cannot_be_done_safely_is_refused_with_a_sentence(
    text: str, one: Target, value: str | None, sentence: str
) -> None:
    assert refusal(text, one, value).startswith(sentence)


def test_what_makes_a_secret_is_neither_edited_nor_shown() -> None:
    for generator in ("envs: [env/prod.env]", "env: env/prod.env", "files: [x=env/prod.env]"):
        files = {
            "base/env/prod.env": "TAG=hush\n",
            "base/kustomization.yaml": f"secretGenerator:\n- name: s\n  {generator}\n",
        }
        one = key(file="base/env/prod.env")
        said = refusal(files, one, "2")
        assert said.startswith("base/env/prod.env: a secretGenerator of base/kustomization.yaml takes in this file")
        assert "hush" not in said
    files["base/kustomization.yaml"] = "configMapGenerator:\n- name: s\n  envs: [env/prod.env]\n# secretGenerator\n"
    assert put(files, one, "2") == "TAG=2\n"


def test_slots_live_in_variables() -> None:
    version, weight = (slot("env", name, file=ENV, key="TAG") for name in ("stableVersion", "weight"))
    assert moved('TAG="ghcr.io/a/b:1.9" # c\n', version, Version("1.10")) == 'TAG="ghcr.io/a/b:1.10" # c\n'
    assert moved("TAG=10\n", weight, 25) == "TAG=25\n"
    assert moved("TAG=v1\n", slot("env", "stableVersion", file=ENV, key="TAG", form="v{{ tag }}"), Version("2")) == "TAG=v2\n"  # fmt: skip
    assert held("TAG=\n", version) is None
    assert refused_slot("TAG=high\n", weight, 5).startswith("prod.env:1: 'high' stands there, which is no weight")


@settings(deadline=None, max_examples=80)
@given(
    st.one_of(
        st.binary(max_size=30),
        st.text("TAGexport =:'\"#\\\n\r\t$a1\ufeff", max_size=40).map(str.encode),
        st.lists(st.sampled_from(["TAG=1", "A='x", "B='", 'C="\\', "TAG: 2", " export TAG='3' #", "d\\"]), max_size=5)
        .map("\n".join)
        .map(str.encode),
    ),
    st.sampled_from([ENV, JAVA]),
    st.one_of(st.none(), st.integers(), st.booleans(), st.text("ab '\"$\\#\n\u00e9\U0001f600\ud800", max_size=6)),
    st.booleans(),
)
def test_any_bytes_work_or_are_refused(data: bytes, file: str, value: str | int | bool | None, create: bool) -> None:
    if value is None:
        create = True
    survives(data, key(file=file, create=create), value)
