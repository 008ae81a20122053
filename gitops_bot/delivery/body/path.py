"""The way of a version through the environments: where it was held, and where it goes now."""

from __future__ import annotations

from gitops_bot.delivery.body.markup import section
from gitops_bot.delivery.body.page import Page
from gitops_bot.delivery.text import markdown
from gitops_bot.model import Hop, StepKind
from gitops_bot.policy.pipelines.names import environment_of


def path(page: Page) -> str:
    """`dev ✓ 1.9.0 for 26h → staging ✓ 1.9.0 for 24h → **prod**`; nothing on the way back."""
    if not page.path or page.step.kind is StepKind.ROLLBACK:
        return ""
    rows = [", ".join(_hop(hop, page) for hop in row) for row in page.path]
    here = environment_of(page.policy.metadata, page.policy.name)
    return section("Path", " → ".join([*rows, f"**{markdown(here)}**"]))


def _hop(hop: Hop, page: Page) -> str:
    name = markdown(environment_of(page.policy.metadata, hop.environment))
    return f"{name} ✓ {markdown(hop.held)}" if hop.held else f"{name} ✗ {markdown(hop.trouble)}"
