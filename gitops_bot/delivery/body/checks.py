"""What was checked, with each check's reason and figures."""

from __future__ import annotations

from gitops_bot.delivery.body.markup import section, table
from gitops_bot.delivery.body.page import Page
from gitops_bot.delivery.text import code, markdown
from gitops_bot.model import Outcome

SIGNS = {Outcome.PASS: "✅ PASS", Outcome.FAIL: "❌ FAIL", Outcome.UNKNOWN: "❔ UNKNOWN"}


def checks(page: Page) -> str:
    """A row per check."""
    rows = [
        (
            markdown(check.name) + ("" if check.critical else " (reported only)"),
            SIGNS[check.outcome],
            markdown(check.because),
            ", ".join(f"{markdown(figure.name)} {code(figure.value)}" for figure in check.figures),
        )
        for check in page.verdict.checks
    ]
    return section("Checks", table(("Check", "Result", "Why", "Figures"), rows))
