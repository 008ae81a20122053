"""`kustomizeGenerator`: values of generated ConfigMaps, and never those of Secrets."""

from __future__ import annotations

import pytest

from gitops_bot import edits
from gitops_bot.errors import EditError, EditRefused, FileAbsent, PlaceAbsent
from gitops_bot.model import Slots, Version
from gitops_bot.policy.schema import HandEdit
from tests.edits.kustomized import changed, hand, shape
from tests.edits.trees import Files, edit

ENV = b"# first\nOTHER=1.4.2\n  VERSION=1.4.2\r\nLAST=a=b\n"

IN_FILE_B = hand("kustomizeGenerator", path=".", name="release", key="A", file="b")


def key(name: str = "VERSION", generator: str = "release", path: str = ".") -> HandEdit:
    return hand("kustomizeGenerator", path=path, name=generator, key=name)


def literals(*items: str) -> Files:
    lines = "".join(f"  - {item}\n" for item in items)
    return Files({"kustomization.yaml": f"configMapGenerator:\n- name: release\n  literals:\n{lines}".encode()})


def env(data: bytes = ENV, more: str = "", field: str = "envs: [r/release.env]") -> Files:
    kustomization = f"configMapGenerator:\n- name: release\n  {field}\n{more}"
    return Files({"kustomization.yaml": kustomization.encode(), "r/release.env": data})


# ---------------------------------------------------------------- literals


def test_a_literal_goes_from_1_4_2_to_1_5_0() -> None:
    before = shape().files["generator/kustomization.yaml"]
    after = changed(key(path="generator"), "1.5.0", shape())
    assert after == {"generator/kustomization.yaml": before.replace(b"VERSION=1.4.2", b"VERSION=1.5.0")}


@pytest.mark.parametrize(
    ("literal", "value", "written"),
    [
        ("VERSION=1.4.2 # c", "1.4.2", "VERSION=1.5.0 # c"),
        ('"VERSION=1.4.2"', "1.4.2", '"VERSION=1.5.0"'),
        ('VERSION="1.4.2"', "1.4.2", 'VERSION="1.5.0"'),
        ("VERSION='1.4.2'", "1.4.2", "VERSION='1.5.0'"),
        ("'VERSION=''1.4.2'''", "1.4.2", "'VERSION=''1.5.0'''"),
        ("VERSION=a=b", "a=b", "VERSION=1.5.0"),
        ('VERSION=a"b', 'a"b', "VERSION=1.5.0"),
        ("VERSION=", "", "VERSION=1.5.0"),
        ('VERSION=""', "", 'VERSION="1.5.0"'),
    ],
)
def test_quotes_in_a_literal_stay(literal: str, value: str, written: str) -> None:
    tree = literals("VERSIONS=x", literal, "MY_VERSION=y")
    assert edits.get(key(), tree) == value
    assert changed(key(), "1.5.0", tree) == literals("VERSIONS=x", written, "MY_VERSION=y").files


def test_a_literal_is_removed() -> None:
    assert changed(key(), None, literals("A=1", "VERSION=2")) == literals("A=1").files


# ---------------------------------------------------------------- env files


@pytest.mark.parametrize("field", ["envs: [r/release.env]", "env: ./r/release.env"])
def test_a_line_of_an_env_file_is_set(field: str) -> None:
    assert edits.get(key(), env(field=field)) == "1.4.2"
    after = ENV.replace(b"  VERSION=1.4.2", b"  VERSION=1.5.0")
    assert changed(key(), "1.5.0", env(field=field)) == {"r/release.env": after}


@pytest.mark.parametrize(
    ("data", "value", "written"),
    [
        (b"VERSION=1", "1", b"VERSION=2"),
        (b"\xef\xbb\xbfVERSION=1\n", "1", b"\xef\xbb\xbfVERSION=2\n"),
        (b'VERSION="1"\n', '"1"', b"VERSION=2\n"),
        (b"VERSION=\r\nA=1\r\n", "", b"VERSION=2\r\nA=1\r\n"),
        (b"#VERSION=0\nVERSION\nVERSION=1=0 # c\n", "1=0 # c", b"#VERSION=0\nVERSION\nVERSION=2\n"),
    ],
)
def test_a_line_is_taken_as_kustomize_takes_it(data: bytes, value: str, written: bytes) -> None:
    assert edits.get(key(), env(data)) == value
    assert changed(key(), "2", env(data)) == {"r/release.env": written}


def test_a_line_is_removed() -> None:
    gone = ENV.replace(b"  VERSION=1.4.2\r\n", b"")
    assert changed(key(), None, env()) == {"r/release.env": gone}
    assert changed(key("LAST"), None, env()) == {"r/release.env": ENV.replace(b"LAST=a=b\n", b"")}


def test_a_policy_names_the_file_so_that_its_history_is_followed() -> None:
    spot = {"path": ".", "name": "release", "key": "VERSION"}
    with pytest.raises(EditRefused, match=r"`VERSION` is in r/release\.env.*Give the edit `file: r/release\.env`"):
        edits.read([edit(kustomizeGenerator=spot, set="version")], env())
    named = [edit(kustomizeGenerator={**spot, "file": "r/release.env"}, set="version", value="{{ version }}")]
    assert edits.candidates(named)[0] == "r/release.env"
    assert edits.places(named) == ("r/release.env: VERSION",)
    (change,) = edits.render(named, env(), Slots(Version("1.4.2")), Slots(Version("1.5.0")))
    assert change.after == ENV.replace(b"  VERSION=1.4.2", b"  VERSION=1.5.0")
    literal = [edit(kustomizeGenerator=spot, set="version")]
    assert edits.read(literal, literals("VERSION=r/x:1")).stable == Version("1")
    assert edits.places(literal) == ("kustomization.yaml: configMapGenerator[name=release].VERSION",)
    assert edits.paths(literal, literals("VERSION=1")) == ("kustomization.yaml",)


# ---------------------------------------------------------------- refusals


@pytest.mark.parametrize(
    ("given", "tree"),
    [
        (key("password", "sample-secret", "generator"), shape()),
        (key("password", "sample-secret2", "generator"), shape()),
        (key(), env(b"VERSION=hunter2\n", "secretGenerator: [{name: s, envs: [./r/release.env]}]\n")),
        (key(), env(b"VERSION=hunter2\n", "secretGenerator: [{name: s, env: r/release.env}]\n")),
        (key(), env(b"VERSION=hunter2\n", "secretGenerator: [{name: s, files: [k=r/release.env]}]\n")),
    ],
)
def test_what_makes_a_secret_is_neither_edited_nor_shown(given: HandEdit, tree: Files) -> None:
    for call in (lambda: edits.get(given, tree), lambda: edits.put(given, "x", tree)):
        with pytest.raises(EditRefused, match="never edited") as error:
            call()
        assert "hunter2" not in str(error.value)
        assert "not-a-real-one" not in str(error.value)


def test_a_config_map_with_the_name_of_a_secret_is_edited() -> None:
    before = "secretGenerator:\n- name: release\n  literals: [VERSION=s]\nconfigMapGenerator:\n- name: release\n"
    before += "  literals: [VERSION=c]\n"
    after = changed(key(), "d", Files({"kustomization.yaml": before.encode()}))
    assert after == {"kustomization.yaml": before.replace("VERSION=c", "VERSION=d").encode()}


@pytest.mark.parametrize("value", ["a\nb", '"a"', "a'", "\x01", "'"])
def test_a_value_that_would_not_read_back_is_refused(value: str) -> None:
    with pytest.raises(EditRefused, match="cannot be held there"):
        edits.put(key(), value, literals("VERSION=1"))


@pytest.mark.parametrize("value", ["a\nb", " a", "a\r", "\ud800"])
def test_a_value_that_is_no_line_is_refused(value: str) -> None:
    with pytest.raises(EditRefused, match="cannot be held there"):
        edits.put(key(), value, env())


@pytest.mark.parametrize(
    ("given", "tree", "error", "sentence"),
    [
        (key("VERSON"), literals("VERSION=1"), PlaceAbsent, r"has no `VERSON` among .*Did you mean `VERSION`\?"),
        (key(generator="relase"), literals("A=1"), PlaceAbsent, r"is named `relase`\. Did you mean `release`\?"),
        (key(), literals("VERSION"), PlaceAbsent, "has no `VERSION`"),
        (key(), literals("VERSION=1", "VERSION=2"), EditRefused, "`VERSION` is there 2 times"),
        (key(), env(b"VERSION=1\nVERSION=2\n"), EditRefused, "`VERSION` is there 2 times"),
        (key(), env(b"VERSION=\xff\n"), EditRefused, r"r/release\.env: the file is not UTF-8 text"),
        (key(), env(field="envs: [r/x.env]"), FileAbsent, r"r/x\.env: the env file is not in the repository"),
        (key(), env(field="envs: [../x.env, [a]]"), PlaceAbsent, "has no `VERSION`"),
        (key(), env(more="- name: release\n"), EditRefused, "2 generators of ConfigMaps are named `release`"),
        (IN_FILE_B, env(), PlaceAbsent, "has no env file b"),
    ],
)  # fmt: skip
def test_what_cannot_be_found_is_said(given: HandEdit, tree: Files, error: type[EditError], sentence: str) -> None:
    with pytest.raises(error, match=sentence):
        edits.get(given, tree)
