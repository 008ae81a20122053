"""The variants of a test as a table: what each runs, what it gets, how it did."""

from __future__ import annotations

from gitops_bot.delivery.body.checks import SIGNS
from gitops_bot.delivery.body.markup import section, table
from gitops_bot.delivery.body.page import Page
from gitops_bot.delivery.text import code, markdown
from gitops_bot.model import CheckResult, Outcome, StepKind, Variant

_HEADER = ("Variant", "Version", "Traffic", "Reward", "Lift", "Samples", "Guards", "Says")


def variants(page: Page) -> str:
    """A row for the stable version and one for each variant; nothing where there is no test yet."""
    before = page.before
    if not before.variants or page.step.kind is StepKind.START:
        return ""
    rows = [_row(page, one) for one in before.variants]
    compared = [check for check in page.verdict.checks if check.compares]
    stable = next((_figure(check, "stable") for check in compared if _figure(check, "stable")), "")
    rows.insert(0, ("stable", code(str(before.stable)), "", stable, "", "", "", ""))
    return section("Variants", table(_HEADER, rows))


def _row(page: Page, one: Variant) -> tuple[str, ...]:
    checks = page.verdict.about(one.name).checks
    compared = next((check for check in checks if check.compares), None)
    guards = [check.outcome for check in checks if not check.compares and check.critical]
    shown = [_figure(compared, name) if compared else "" for name in ("reward", "lift", "samples")]
    traffic = "" if one.weight is None else f"{one.weight} %"
    says = markdown(compared.because) if compared else ""
    name = f"**{one.name}**" if page.step.slots.stable == one.version != page.before.stable else one.name
    return (name, code(str(one.version or "none")), traffic, *shown, _worst(guards), says)


def _worst(guards: list[Outcome]) -> str:
    for outcome in (Outcome.FAIL, Outcome.UNKNOWN, Outcome.PASS):
        if outcome in guards:
            return SIGNS[outcome]
    return ""


def _figure(check: CheckResult, name: str) -> str:
    return next((code(one.value) for one in check.figures if one.name == name), "")
