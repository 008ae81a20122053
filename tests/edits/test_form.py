"""`value:` of an edit: how a slot is spelled at a place, written and read back."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gitops_bot import edits
from gitops_bot.errors import EditRefused
from gitops_bot.model import SlotName, Slots, Version
from gitops_bot.policy.form import Form, misfit
from gitops_bot.policy.schema import Edit
from tests.edits.trees import edit, files

D1, D2 = "sha256:" + "1" * 64, "sha256:" + "2" * 64


def spelled(form: str, slot: str = "stableVersion") -> Edit:
    return edit(helmValue={"file": "values.yaml", "key": "a"}, set=slot, value=form)


@pytest.mark.parametrize(
    ("form", "old", "read", "version", "new"),
    [
        ("v{{ version }}", "v1.9.0", Version("1.9.0"), Version("1.10.0"), "v1.10.0"),
        ("{{version}}", '"1.9"', Version("1.9"), Version("1.10"), '"1.10"'),
        ("{{ version }}", f"1.9@{D1}", Version("1.9", D1), Version("1.10", D2), f"1.10@{D2}"),
        ("{{ tag }}", "1.9.0", Version("1.9.0"), Version("1.10.0", D2), "1.10.0"),
        ("release-{{ tag }}-eu", "release-1.9.0-eu", Version("1.9.0"), Version("1.10.0"), "release-1.10.0-eu"),
        ("{{ digest }}", D1, Version("", D1), Version("1.10.0", D2), D2),
        ("ghcr.io/a/b@{{ digest }}", f"ghcr.io/a/b@{D1}", Version("", D1), Version("1", D2), f"ghcr.io/a/b@{D2}"),
        ("{{ chart }}", "1.9.0+b1", Version("1.9.0_b1"), Version("1.10.0_b2"), "1.10.0+b2"),
        ("shop-{{ chart }}", "shop-1.9.0", Version("1.9.0"), Version("1.10.0"), "shop-1.10.0"),
        ("cart-{{ dashed }}", "cart-1-9-0", Version("1.9.0"), Version("1.10.0"), "cart-1-10-0"),
        ("app-v{{ tag }}.tgz", "''", None, Version("1.10.0"), "'app-v1.10.0.tgz'"),
    ],
)
def test_a_version_is_read_and_written_in_its_form(
    form: str, old: str, read: Version | None, version: Version, new: str
) -> None:
    tree = files(values=f"a: {old} # c\n")
    one = spelled(form)
    before = edits.read([one], tree)
    assert before == Slots(stable=read)
    (change,) = edits.render([one], tree, before, Slots(version))
    assert change.after == f"a: {new} # c\n".encode()
    assert edits.render([one], tree.changed((change,)), before, Slots(version)) == ()


@pytest.mark.parametrize(
    ("form", "old", "new"),
    [("{{ weight }}", "10", "25"), ("{{ weight }}%", "10%", "25%"), ("w={{weight}}", "", "w=25")],
)
def test_a_weight_is_read_and_written_in_its_form(form: str, old: str, new: str) -> None:
    tree = files(values=f"a: {old}\n".replace(" \n", "\n"))
    one = spelled(form, "weight")
    before = edits.read([one], tree)
    assert before.weight == (10 if old else None)
    (change,) = edits.render([one], tree, before, Slots(weight=25))
    assert change.after == f"a: {new}\n".encode()


@pytest.mark.parametrize(
    ("form", "text"),
    [
        ("v{{ version }}", "1.9"),
        ("v{{ version }}", "v"),
        ("{{ tag }}-x", "1.9-y"),
        ("ab{{ tag }}bc", "abc"),
        ("{{ tag }}", f"1.9@{D1}"),
        ("{{ tag }}", "ghcr.io/a/b:1.9"),
        ("{{ digest }}", "1.9"),
        ("x@{{ digest }}", "x@1.9"),
        ("{{ chart }}", "1.9.0_b1"),
        ("{{ weight }}%", "10"),
        ("{{ weight }}%", "010%"),
        ("{{ weight }}%", "101%"),
    ],
)
def test_text_that_the_form_could_not_have_written_is_refused(form: str, text: str) -> None:
    one = spelled(form, "weight" if "weight" in form else "version")
    tree = files(values=f"a: '{text}'\n")
    with pytest.raises(EditRefused, match=r"values\.yaml:1"):
        edits.read([one], tree)
    after = Slots(weight=5) if one.set is SlotName.WEIGHT else Slots(Version("2", D1))
    with pytest.raises(EditRefused, match=r"values\.yaml:1"):
        edits.render([one], tree, Slots(), after)


@pytest.mark.parametrize(
    ("form", "version", "lacking"),
    [
        ("{{ digest }}", Version("2"), "digest"),
        ("{{ tag }}", Version("", D1), "tag"),
        ("v{{ chart }}", Version("", D1), "chart"),
    ],
)
def test_a_version_without_what_the_form_asks_for_is_refused(form: str, version: Version, lacking: str) -> None:
    with pytest.raises(EditRefused, match=f"{version} has no {lacking}, which `.*` asks for"):
        edits.render([spelled(form)], files(values="a:\n"), Slots(), Slots(version))


@pytest.mark.parametrize(
    ("form", "problem"),
    [
        (
            "1.0",
            "needs exactly one of {{ version }}, {{ tag }}, {{ digest }}, {{ chart }}, {{ dashed }}, {{ weight }}, "
            "{{ color }}",
        ),
        ("{{ tag }}{{ tag }}", "needs exactly one of"),
        ("{{ versoin }}", "knows no {{ versoin }}; there is {{ version }}"),
        ("{{ }}", "knows no {{ }}; there is {{ version }}, {{ tag }}"),
        ("{{ tag | lower }}", "needs exactly one of"),
        ("{{- tag -}}", "needs exactly one of"),
        ("{{ tag }} {{ x.y() }}", "may hold one variable and plain text, nothing else"),
        ("{% if x %}{{ tag }}", "may hold one variable and plain text, nothing else"),
        ("{{ weight }}", "spells a weight, and the edit sets stableVersion"),
    ],
)
def test_a_form_that_is_none_is_named(form: str, problem: str) -> None:
    assert problem in misfit(form, SlotName.STABLE)
    with pytest.raises(EditRefused) as error:
        edits.read([spelled(form)], files(values="a: 1\n"))
    assert problem in str(error.value)


def test_a_version_does_not_spell_a_weight() -> None:
    assert misfit("v{{ tag }}", SlotName.WEIGHT) == "spells a version, and the edit sets weight"
    assert misfit("{{ weight }}", None) == misfit("{{ tag }}", None) == ""


FIXED = st.text(st.sampled_from("abv-._/:@+%"), max_size=4)
TAGS = st.from_regex(r"[A-Za-z0-9][A-Za-z0-9._-]{0,12}", fullmatch=True)


@settings(deadline=None)
@given(FIXED, st.sampled_from(["version", "tag", "digest", "chart"]), FIXED, TAGS, TAGS)
def test_what_a_form_wrote_it_reads_back(before: str, variable: str, after: str, old: str, new: str) -> None:
    form = Form(before, variable, after)
    assert Form.parse(str(form)) == form
    one, tree = spelled(str(form)), files(values="# c\na: # d\nb: 1\n")
    for tag in (old, new):
        version = Version(tag, D1 if variable == "digest" else "")
        changes = edits.render([one], tree, Slots(), Slots(version))
        tree = tree.changed(changes)
        read = edits.read([one], tree).stable
        assert read == (Version("", D1) if variable == "digest" else version)
        assert edits.render([one], tree, Slots(), Slots(version)) == ()


def test_a_colour_is_read_and_written_in_its_form() -> None:
    one, found = spelled("cart-{{ color }}", "activeColor"), files(values="a: cart-blue\n")
    before = edits.read([one], found)
    assert before.active == "blue"
    (change,) = edits.render([one], found, before, Slots(active="green"))
    assert change.after == b"a: cart-green\n"


def test_a_tag_with_dashes_of_its_own_cannot_be_spelled_with_dashes_for_dots() -> None:
    one, found = spelled("cart-{{ dashed }}"), files(values="a: cart-1-9-0\n")
    with pytest.raises(EditRefused, match="has no dashed"):
        edits.render([one], found, edits.read([one], found), Slots(Version("1.10.0-rc.1")))
