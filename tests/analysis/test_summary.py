"""One version over a whole run, and the fields of foreign documents."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import pytest

from gitops_bot.analysis.document import Fields
from gitops_bot.analysis.evidence import UNMEASURED, Arm
from gitops_bot.analysis.summary import summary, unfinished
from gitops_bot.model import Figure, Outcome
from gitops_bot.policy.templates import TemplateProblem


@pytest.mark.parametrize(
    ("arms", "value", "last", "measured"),
    [
        ([Arm(bad=1, total=10), Arm(bad=1, total=90)], 0.02, 1 / 90, 2),
        ([Arm(2.0), Arm(4.0)], 3.0, 4.0, 2),
        ([Arm(2.0), Arm(bad=1, total=2)], 1.25, 0.5, 2),
        ([Arm(2.0), UNMEASURED, Arm(math.nan)], 2.0, 2.0, 1),
        ([Arm(bad=1, total=10), Arm(bad=0, total=0)], 0.1, 0.1, 1),
        ([UNMEASURED], None, None, 0),
        ([], None, None, 0),
        ([Arm(1e308), Arm(1e308)], None, 1e308, 2),
    ],
)
def test_counts_are_added_and_values_averaged(
    arms: Sequence[Arm], value: float | None, last: float | None, measured: int
) -> None:
    found = summary(arms)
    assert (found.value, found.last, found.measured, found.intervals) == (value, last, measured, len(arms))


def test_too_few_numbers_are_said_with_the_commonest_reason() -> None:
    arms = [Arm(1.0), Arm(missing="gone"), Arm(bad=0, total=0), Arm(bad=0, total=0)]
    assert summary(arms).lacks(3, "candidate") == (
        "the candidate has a number in 1 of 4 intervals (no traffic), needed: 3"
    )
    assert summary(arms).lacks(1, "candidate") == ""
    assert summary([]).lacks(1, "baseline") == "the baseline has a number in 0 of 0 intervals, needed: 1"


def test_before_the_end_it_says_how_long_is_left() -> None:
    finding = unfinished(2, 5, (Figure("x", "1"),))
    assert (finding.outcome, finding.left, finding.figures) == (Outcome.UNKNOWN, 3, (Figure("x", "1"),))
    assert "2 of 5" in finding.because


# ---------------------------------------------------------------- documents

DOCUMENT = Fields(
    {"name": "n", "count": 3, "text": "7", "ratio": 0.5, "none": None, "on": True, "in": {"a": [{}]}}, "spec"
)


def test_fields_are_read_by_name_and_what_is_absent_is_empty() -> None:
    assert [DOCUMENT.text(name) for name in ("name", "count", "ratio", "none", "absent")] == ["n", "3", "0.5", "", ""]
    assert [DOCUMENT.whole(name, 9) for name in ("count", "text", "absent")] == [3, 7, 9]
    assert (DOCUMENT.has("name"), DOCUMENT.has("none"), DOCUMENT.has("absent")) == (True, False, False)
    assert "none" not in DOCUMENT.names()
    assert DOCUMENT.inner("in").items("a")[0].where == "spec.in.a[0]"
    assert DOCUMENT.inner("absent").names() == ()
    assert DOCUMENT.items("absent") == ()


@pytest.mark.parametrize(
    ("method", "name", "message"),
    [
        ("text", "on", "spec.on: is not a text"),
        ("text", "in", "spec.in: is not a text"),
        ("whole", "name", "spec.name: 'n' is not a whole number"),
        ("whole", "ratio", "spec.ratio: '0.5' is not a whole number"),
        ("inner", "name", "spec.name: is not a mapping"),
        ("items", "in", "spec.in: is not a list"),
    ],
)
def test_a_field_of_the_wrong_type_is_named(method: str, name: str, message: str) -> None:
    with pytest.raises(TemplateProblem) as error:
        getattr(DOCUMENT, method)(name)
    assert str(error.value) == message


def test_every_text_of_a_document_can_be_changed_however_deep() -> None:
    changed = DOCUMENT.mapped(str.upper)
    assert (changed.text("name"), changed.text("count")) == ("N", "3")
    assert Fields({"a": [{"b": ["c"]}]}, "").mapped(str.upper).content == {"a": [{"b": ["C"]}]}


def test_a_document_nested_without_end_is_refused() -> None:
    nested: Any = "x"
    for _ in range(60):
        nested = [nested]
    with pytest.raises(TemplateProblem, match="nested"):
        Fields({"a": nested}, "").mapped(str.upper)
