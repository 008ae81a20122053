"""What a policy's author has to say on every pull request of it."""

from __future__ import annotations

import re

from gitops_bot.delivery.body.page import Page
from gitops_bot.delivery.identity import template_values
from gitops_bot.delivery.text import markdown, visible
from gitops_bot.policy import templates

LONGEST = 16_000
_LEFT_OUT = "*What the policy adds is too long to be shown: its versions are.*"


def addition(page: Page) -> str:
    """The policy's own Markdown, its variables neutralised. The author may mention people, not command GitLab."""
    template = page.policy.spec.pull_request.body
    if template is None:
        return ""
    values = template_values(page.policy, page.before, page.step)
    said = templates.render(visible(template), {name: markdown(value) for name, value in values.items()})
    said = re.sub(r"(?m)^(\s*)/", r"\1\\/", said).strip()
    return said if len(said) <= LONGEST else _LEFT_OUT
