"""What a person can do at once where a Rollout waits, instead of merging."""

from __future__ import annotations

from gitops_bot.delivery.body.markup import section
from gitops_bot.delivery.body.page import Page
from gitops_bot.delivery.text import block
from gitops_bot.model import StepKind
from gitops_bot.policy.resuming import resuming


def resume(page: Page) -> str:
    """The commands that resume the Rollout; nothing where this step is not the flip."""
    commands = resuming(page.policy.spec)
    if not commands or page.step.kind is not StepKind.PROMOTE or page.before.stable != page.step.slots.stable:
        return ""
    return section(
        "Instead of merging", "Either of these resumes the Rollout at once:\n\n" + block("\n".join(commands), "sh")
    )
