"""How a person stops it, holds it, goes back: never what is cut."""

from __future__ import annotations

from gitops_bot import __version__
from gitops_bot.delivery.body.addition import addition
from gitops_bot.delivery.body.markup import fold, paragraphs
from gitops_bot.delivery.body.page import Page
from gitops_bot.delivery.text import code
from gitops_bot.model import StepKind
from gitops_bot.policy.stopfile import PATH


def controls(page: Page) -> str:
    """What people can do, what the policy adds, and which version of the bot wrote this."""
    footer = f"<sub>gitops-bot {__version__} · policy {code(page.policy.name)}</sub>"
    title = "How to stop this rollback" if _goes_back(page) else "How to stop, hold or roll back"
    return paragraphs(fold(title, "\n".join(_lines(page))), addition(page), footer)


def _goes_back(page: Page) -> bool:
    return page.step.kind is StepKind.ROLLBACK


def _back(page: Page) -> str:
    """What a person writes on base to go back."""
    on_trial = page.before.stable and any(one.stable != one.candidate for one in (page.before, page.step.slots))
    back = "write the weight 0" if page.policy.spec.strategy.canary and on_trial else "write the old version"
    if page.policy.spec.strategy.canary and page.policy.spec.strategy.canary.ringed and on_trial:
        back = "set the ring back to 0"
    if (page.policy.spec.trial_files or page.policy.spec.passing) and page.before.stable == page.step.slots.stable:
        back = "remove what the candidate brought"
    elif back == "write the weight 0" and not (page.before.weight or page.step.slots.weight):
        back = "write the stable version where the candidate's stands"
    if page.before.active != page.step.slots.active:
        back = "write the old colour"
    return back


def _lines(page: Page) -> list[str]:
    home = code(page.home) if page.home not in ("", page.base) else "base"
    forward = not _goes_back(page)
    labels = page.policy.spec.gates.hold.labels if forward else ()
    back = f"- **Roll back**: {_back(page)} on base; the bot takes it as a no to this version."
    heard = ", ".join(code(f"/gitops-bot {one.value}") for one in page.policy.spec.commands.allow)
    return [
        *(f"- **Not now**: give it the label {code(label)}; taken off, it goes on." for label in labels[:1]),
        "- **Not this step**: close this pull request; the same step is not proposed again. Reopened, it goes on.",
        "- **Not this branch**: push to it; the bot then leaves it to you.",
        f"- **Stop everything**: put `{PATH}` on {home} (`reason: …`), or set `spec.suspend: true`.",
        *([back] if forward else []),
        *([f"- **By comment**, on a line of its own: {heard}."] if heard else []),
        f"- **Why**: `gitops-bot explain {page.policy.name}`.",
    ]
