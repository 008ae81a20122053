"""Charts of text and SVG, and what is drawn of a run."""

from __future__ import annotations

import math
import xml.etree.ElementTree as ET
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitops_bot.analysis.chart import Course, Level, Panel, bars, sparkline, svg
from gitops_bot.analysis.evidence import UNMEASURED, Arm, Interval
from gitops_bot.analysis.judges import JUDGES
from gitops_bot.analysis.panels import panels
from gitops_bot.analysis.retrace import Case
from gitops_bot.policy.judges.sequential import Sequential
from gitops_bot.policy.judges.threshold import Threshold
from gitops_bot.policy.quantities import Limit

PERCENT = Limit(0.01, "%")
NUMBERS = st.lists(st.none() | st.floats(), max_size=150)


@pytest.mark.parametrize(
    ("values", "low", "high", "line"),
    [
        ([0.0, 0.005, 0.01, 0.02], None, PERCENT, "▁▃▄█ 0% to 2% (at most 1%: up to ▄)"),
        ([0.02, None, 0.02], None, PERCENT, "█·█ 2% (at most 1%: up to ▄)"),
        ([0.001, math.nan], None, PERCENT, "▁· 0.1% (at most 1%: up to ▄)"),
        ([10, 5, 20], Limit(10, ""), None, "▅▁█ 5 to 20 (at least 10: from ▅)"),
        ([0, 5, 10, 15, 20], Limit(5, ""), Limit(15, ""), "▁▂▅▇█ 0 to 20 (5 to 15: ▂ to ▇)"),
        ([1, 2, 3, 4], None, None, "▃▅▇█ 1 to 4"),
        ([0, 0], None, None, "▁▁ 0"),
        ([-1, 1], None, None, "▁█ -1 to 1"),
        ([-1e308, 1e308], None, None, "▁█ -1e+308 to 1e+308"),
        ([], None, PERCENT, ""),
        ([None, math.inf], None, PERCENT, ""),
    ],
)
def test_a_line_of_blocks(values: Sequence[float | None], low: Limit | None, high: Limit | None, line: str) -> None:
    assert sparkline(values, low, high) == line


def test_a_long_line_shows_the_worst_of_each_column() -> None:
    values = [0.0] * 100
    values[41] = 0.5
    assert sparkline(values, None, PERCENT, width=10).split()[0] == "▁▁▁▁█▁▁▁▁▁"
    assert sparkline([9.0] * 41 + [1.0] + [9.0] * 58, Limit(5, ""), None, width=10).split()[0] == "████▁█████"


ERRORS = Panel("errors", (Course("candidate", (0.0, 0.01, None, 0.02), (Level("max 1%", 0.01),)),), "%")


def test_bars_stand_on_the_ground_and_levels_lie_across() -> None:
    assert bars([ERRORS], "··FF") == (
        "errors\n"
        "            candidate\n"
        "        2% │   █\n"
        "           │   █\n"
        "           │─▄─█─ max 1%\n"
        "           │ █ █\n"
        "        0% │▁█·█\n"
        "\n"
        "   verdict  ··FF\n"
        "  interval  1  4\n"
    )


def test_levels_that_fall_together_are_both_named() -> None:
    panel = Panel("x", (Course("candidate", (1.0,), (Level("min 99", 99.0), Level("max 100", 100.0))),))
    assert "─ min 99, max 100" in bars([panel])


def test_a_long_run_fits_the_page_and_ends_with_its_last_verdict() -> None:
    panel = Panel("x", (Course("candidate", tuple(map(float, range(1000)))),))
    lines = bars([panel], "·" * 999 + "F").splitlines()
    assert max(map(len, lines)) <= 100
    assert lines[-2].endswith("·F")
    assert lines[-1].endswith("1000")


@given(NUMBERS, NUMBERS)
def test_any_numbers_can_be_drawn(values: list[float | None], others: list[float | None]) -> None:
    panel = Panel("x", (Course("a", tuple(values), (Level("l", 1.0),)), Course("b", tuple(others))))
    assert all(len(line) <= 100 for line in bars([panel], "·" * len(values)).splitlines())
    ET.fromstring(svg([panel], "x", decided_at=3))
    assert "\n" not in sparkline(values, None, PERCENT)


def lines_of(document: str) -> list[str]:
    return [path.get("d", "") for path in ET.fromstring(document).iter("{http://www.w3.org/2000/svg}path")]


def test_a_line_is_broken_where_a_number_is_missing() -> None:
    course = next(path for path in lines_of(svg([ERRORS], "x")) if path.count("M") == 2)
    assert [part.count("L") for part in course.split("M")[1:]] == [1, 0]


def test_panels_share_their_intervals_and_the_decision_is_marked() -> None:
    short = Panel("evidence", (Course("worse", (0.0, 1.0)),))
    drawn = svg([ERRORS, short], "x", decided_at=2)
    marks = [path.split(" ")[0] for path in lines_of(drawn) if "v150" in path]
    assert len(marks) == 2
    assert len(set(marks)) == 1
    assert f"L{marks[0][1:]} " in drawn


@given(st.text())
def test_foreign_text_can_do_nothing(text: str) -> None:
    panel = Panel(text, (Course(text, (1.0,), (Level(text, 1.0),)),))
    root = ET.fromstring(svg([panel], text))
    assert {one.tag.rpartition("}")[2] for one in root.iter()} == {"svg", "title", "rect", "text", "path"}
    assert all(char.isprintable() or char == "\n" for char in bars([panel], "P"))


# ---------------------------------------------------------------- what is drawn

COUNTS = [Interval(Arm(bad=4, total=200), Arm(bad=9, total=1800))] * 9


def drawn(params: Sequential | Threshold, intervals: Sequence[Interval]) -> tuple[Panel, ...]:
    name = "sequential" if isinstance(params, Sequential) else "threshold"
    return panels(Case(JUDGES[name], params, intervals, len(intervals)))


def test_counts_are_drawn_as_ratios_beside_the_baseline() -> None:
    (panel,) = drawn(Threshold(max=PERCENT), COUNTS)
    assert (panel.title, panel.unit) == ("bad events, of all", "%")
    assert [(one.name, one.values[0], one.levels) for one in panel.courses] == [
        ("candidate", 0.02, (Level("max 1%", 0.01),)),
        ("baseline", 0.005, ()),
    ]


def test_a_baseline_that_nobody_measured_is_not_drawn() -> None:
    (panel,) = drawn(Threshold(max=Limit(0.5, "s")), [Interval(Arm(0.2), UNMEASURED)])
    assert ([one.name for one in panel.courses], panel.unit) == (["candidate"], "s")


def test_the_sequential_judges_evidence_grows_to_its_level() -> None:
    measured, evidence = drawn(Sequential(), COUNTS)
    assert measured.title == "bad events, of all"
    worse, fine = evidence.courses
    assert worse.levels == (Level("enough to fail", 2.0),)
    assert fine.levels[0].value == pytest.approx(1.301, abs=0.001)
    assert worse.values[-1] is not None
    assert worse.values[-1] >= 2.0
    assert set(fine.values) == {0.0}
