"""What `validate` checks: every document of every file, all problems at once, and policies against each other."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gitops_bot.errors import BotError, PolicyError
from gitops_bot.policy.loading import InvalidProblems, Source, SyntaxProblems, load_config, load_policies
from gitops_bot.sources import are_whole, conflicts, files
from gitops_bot.tick import exit_code

_CONFIG = re.compile(r"""(?:^|[{,])\s*["']?kind["']?\s*:\s*["']?BotConfig\b""", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Found:
    """What came of it."""

    checked: int
    """Documents that are right."""
    problems: list[dict[str, Any]]
    exit_code: int


def check(paths: Sequence[Path]) -> Found:
    """Check the files that the paths name."""
    given = files(paths)
    configs = [source for source in given if _is_config(source)]
    errors: list[BotError] = []
    checked = 0
    said: list[str] = []
    for source in configs:
        try:
            said.append(load_config(source).spec.defaults.said)
            checked += 1
        except PolicyError as error:
            errors.append(error)
    try:
        policies = [source for source in given if source not in configs]
        # With one configuration it is clear whose defaults count.
        over = said[0] if len(said) == len(configs) == 1 else "{}"
        loaded = load_policies(policies, whole=are_whole(paths), said=over)
        errors += [clash.error for clash in conflicts(loaded)]
        checked += len(loaded)
    except BotError as error:
        errors.append(error)
    return Found(checked, [problem for error in errors for problem in _problems(error)], exit_code(errors))


def _is_config(source: Source) -> bool:
    """By the text: a file that is not YAML is to be judged, too."""
    return _CONFIG.search(source.data.decode("utf-8", "replace")) is not None


def _problems(error: BotError) -> list[dict[str, Any]]:
    if isinstance(error, SyntaxProblems | InvalidProblems):
        return [{"text": str(one), "exitCode": error.exit_code, **_fields(one)} for one in error.problems]
    return [{"text": f"error: {error}", "exitCode": error.exit_code, "message": error.what}]


def _fields(problem: Any) -> dict[str, Any]:
    names = ("file", "line", "column", "path", "message", "suggestion")
    return {name: getattr(problem, name) for name in names}
