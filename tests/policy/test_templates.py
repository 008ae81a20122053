"""Templates: text with variables and nothing else."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitops_bot.policy.templates import QUERY_VARIABLES, TITLE_VARIABLES, TemplateProblem, check, query_value, render


@pytest.mark.parametrize(
    ("text", "used"),
    [
        ("up", ()),
        ("", ()),
        ('up{v="{{ version }}"}[{{interval}}]', ("version", "interval")),
        ("{{ version | regex }}", ("version",)),
        ("{{ version }}{{ version }}", ("version", "version")),
        ("{ version }", ()),
        ("{# said to nobody #}up", ()),
    ],
)
def test_a_template_tells_what_it_uses(text: str, used: tuple[str, ...]) -> None:
    assert check(text, QUERY_VARIABLES) == used


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{{ verison }}", "unknown variable verison (did you mean version?)"),
        ("{{ zzz }}", "unknown variable zzz (known are version, baseline,"),
        ("{{ version.__class__ }}", "unknown variable version.__class__"),
        ("{{ from.version }}", "unknown variable from.version"),
        ("{{ version", "is not a template"),
        ("{% endif %}", "is not a template"),
        ("{% if version %}x{% endif %}", "blocks are not allowed"),
        ("{% set x = 1 %}", "blocks are not allowed"),
        ("{% include 'x' %}", "blocks are not allowed"),
        ("{{ 7 * 7 }}", "may only hold {{ variable }}"),
        ("{{ 'x' }}", "may only hold"),
        ("{{ version() }}", "may only hold"),
        ("{{ version['x'] }}", "may only hold"),
        ("{{ 'a'.b }}", "may only hold"),
        ("{{ version | upper }}", "may only hold"),
        ("{{ version | regex('x') }}", "may only hold"),
        ("{{ version | regex(x=1) }}", "may only hold"),
        ("{{ version | regex(*version) }}", "may only hold"),
        ("{{ version | regex(**version) }}", "may only hold"),
        ("{{ " + "(" * 1500 + "version" + ")" * 1500 + " }}", "is not a template"),
    ],
)
def test_anything_but_a_known_variable_is_refused(text: str, message: str) -> None:
    with pytest.raises(TemplateProblem, match=re.escape(message)):
        check(text, QUERY_VARIABLES)


def test_dotted_names_are_nested_values() -> None:
    text = "{{ policy }}: {{ from.version }} → {{ to.version }} at {{ weight }}"
    assert check(text, TITLE_VARIABLES) == ("policy", "from.version", "to.version", "weight")
    values = {"policy": "cart", "from.version": "v1", "to.version": "v2", "weight": "5"}
    assert render(text, values) == "cart: v1 → v2 at 5"


def test_a_missing_value_is_an_error_and_not_an_empty_text() -> None:
    with pytest.raises(TemplateProblem, match="version"):
        render("{{ version }}", {})
    with pytest.raises(TemplateProblem, match="to"):
        render("{{ to.version }}", {"from.version": "v1"})


def test_line_ends_and_markup_are_kept() -> None:
    assert render("<{{ version }}>\n", {"version": "<&>"}) == "<<&>>\n"


@pytest.mark.parametrize("value", ["v1.2.3", "1.0.0-rc.1+build", "feature/x", "a:b@c", "", "A_Z"])
def test_versions_go_into_queries(value: str) -> None:
    assert query_value(value) == value


@pytest.mark.parametrize("value", ['"', "'", "`", "\\", "\n", "{", "}", " ", "v1\n", "ü", "٣", "$", "|", "[", "("])
def test_what_could_leave_a_string_does_not_go_into_a_query(value: str) -> None:
    with pytest.raises(TemplateProblem, match="do not go into a query"):
        query_value(value)


@given(st.from_regex(r"\A[A-Za-z0-9_.:@+/-]{1,20}\Z"))
def test_a_version_as_a_regular_expression_matches_itself_alone_and_has_no_backslash(tag: str) -> None:
    pattern = render("{{ version | regex }}", {"version": query_value(tag)})
    assert re.fullmatch(pattern, tag)
    assert not re.fullmatch(pattern, tag.replace(".", "x") + "x")
    assert "\\" not in pattern


PARTS = st.sampled_from(
    ["{{", "}}", "{%", "%}", "{#", "#}", "version", "|", "regex", "(", ")", ".", "'", " ", "x", "-"]
)


@given(st.lists(PARTS, max_size=12).map("".join) | st.text(max_size=40))
def test_what_passes_the_check_always_renders(text: str) -> None:
    try:
        used = check(text, QUERY_VARIABLES)
    except TemplateProblem:
        return
    assert set(used) <= set(QUERY_VARIABLES)
    assert isinstance(render(text, dict.fromkeys(QUERY_VARIABLES, "v1")), str)
