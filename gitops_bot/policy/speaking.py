"""How the bot speaks: links and what is wrong with templates of titles, bodies, messages and links. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Annotated

from pydantic import StringConstraints

from gitops_bot.policy import templates
from gitops_bot.policy.fields import Path, Problem

if TYPE_CHECKING:
    from gitops_bot.policy.schema import PullRequestSpec

LinkName = Annotated[str, StringConstraints(min_length=1, max_length=50, pattern=r"^[A-Za-z0-9][A-Za-z0-9 ._-]*$")]
LinkTemplate = Annotated[str, StringConstraints(min_length=1, max_length=2048, pattern=r"^https?://")]


def problems(given: PullRequestSpec) -> Iterator[Problem]:
    """What is wrong with the templates of a policy's pull requests."""
    path = ("spec", "pullRequest")
    texts = {"title": given.title, "body": given.body, "commitMessage": given.commit_message}
    for name, text in texts.items():
        if text is not None:
            yield from _checked((*path, name), text, templates.TITLE_VARIABLES, templates.check)
    yield from links((*path, "links"), given.links)


def links(path: Path, given: Mapping[str, str]) -> Iterator[Problem]:
    """What is wrong with links by name."""
    for name, text in given.items():
        yield from _checked((*path, name), text, templates.LINK_VARIABLES, templates.check_link)


def console(path: Path, text: str) -> Iterator[Problem]:
    """What is wrong with the link to a metrics server's console."""
    yield from _checked(path, text, templates.CONSOLE_VARIABLES, templates.check_link)


def _checked(
    path: Path, text: str, variables: tuple[str, ...], check: Callable[[str, tuple[str, ...]], object]
) -> Iterator[Problem]:
    try:
        check(text, variables)
    except templates.TemplateProblem as problem:
        yield path, str(problem)
