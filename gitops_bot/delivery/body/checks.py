"""What was checked: one row a check, the figures that every judge has in columns of their own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from gitops_bot.delivery.body.markup import paragraphs, section, table
from gitops_bot.delivery.body.page import Page
from gitops_bot.delivery.text import block, code, cut, markdown, one_line
from gitops_bot.model import CheckResult, Figure, Outcome

SIGNS = {Outcome.PASS: "✅\u00a0PASS", Outcome.FAIL: "❌\u00a0FAIL", Outcome.UNKNOWN: "❔\u00a0UNKNOWN"}

_COLUMNS: Mapping[str, Sequence[str]] = {
    "Candidate": ("candidate", "last", "observed share"),
    "Baseline": ("baseline", "compared with", "configured share"),
    "Figure": ("relative risk", "shift", "worst"),
    "Interval": ("interval", "difference"),
    "Limit": ("limit", "limits", "condition"),
    "Samples": ("samples", "measured", "points"),
}
"""Which figures of the judges are alike, the first that a check has being shown; the others are folded."""

_WIDEST = 300
"""Characters of a reason or a figure in a table."""
_MOST_CHARTS = 12
"""More lines than this are no picture."""


def checks(page: Page) -> str:
    """A table, what the traffic was, and what was measured over time."""
    listed = page.verdict.checks
    return section("Checks", paragraphs(_table(listed), _traffic(page) if listed else "", _chart(listed)))


def _table(listed: Sequence[CheckResult]) -> str:
    placed = [_placed(check) for check in listed]
    shown = [name for name in _COLUMNS if any(name in columns for columns in placed)]
    rows = [
        (
            markdown(cut(check.name, _WIDEST)) + ("" if check.critical else " (reported only)"),
            SIGNS[check.outcome],
            *(_figure(columns[name]) if name in columns else "" for name in shown),
            markdown(cut(check.because, _WIDEST)),
        )
        for check, columns in zip(listed, placed, strict=True)
    ]
    return table(("Check", "Result", *shown, "Why"), rows)


def others(check: CheckResult) -> str:
    """The figures that have no column."""
    placed = {figure.name for figure in _placed(check).values()}
    return ", ".join(_named(figure) for figure in check.figures if figure.name not in placed)


def _placed(check: CheckResult) -> Mapping[str, Figure]:
    """The figures that have a column, by its name."""
    given = {figure.name: figure for figure in check.figures}
    return {
        column: given[found]
        for column, names in _COLUMNS.items()
        if (found := next((name for name in names if name in given), None)) is not None
    }


def _figure(figure: Figure) -> str:
    """A value alone, where its name is the column's; numbers that mean something else say what."""
    said = code(cut(figure.value, _WIDEST))
    return said if figure.name in _OWN_NAMES else f"{said} {markdown(figure.name)}"


_OWN_NAMES = {"candidate", "baseline", "interval", "limit", "limits", "condition", "samples"}


def _named(figure: Figure) -> str:
    return f"{markdown(cut(figure.name, _WIDEST))} {code(cut(figure.value, _WIDEST))}"


def _traffic(page: Page) -> str:
    """Whose requests were measured, as far as policy and git say it."""
    if not any(check.queries for check in page.verdict.checks):
        return ""
    given, weight = page.policy.spec.analysis.traffic, page.before.weight or 0
    if given == "synthetic":
        return "⚠️ Measured on synthetic traffic: load tests, not users."
    canary = page.policy.spec.strategy.canary
    reach = f"on {canary.named(page.before)}" if canary and canary.ringed else f"{weight} % of it on the candidate"
    share = f", {reach}" if weight and page.before.stable != page.before.candidate else ""
    return f"Measured on live traffic{share}." if given == "live" or share else ""


def _chart(listed: Sequence[CheckResult]) -> str:
    """A line for each version of each check: text stays where pictures do not load, and shows what is missing."""
    drawn = [(one_line(check.name), one_line(line.name), line.value) for check in listed for line in check.charts]
    names = max((len(name) for name, _, _ in drawn), default=0)
    roles = max((len(role) for _, role, _ in drawn), default=0)
    lines = [f"{name:{names}}  {role:{roles}}  {line}" for name, role, line in drawn[:_MOST_CHARTS]]
    return block("\n".join(cut(line, _WIDEST) for line in lines), "text") if lines else ""
