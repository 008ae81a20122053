"""The stop file, `.gitops-bot/stop.yaml` on base: a brake that people pull in git."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Annotated, Any

import yaml
from pydantic import BeforeValidator, ValidationError

from gitops_bot.model import Stop, Tree
from gitops_bot.policy.base import Spec, Text

PATH = ".gitops-bot/stop.yaml"
_LONGEST = 64 * 1024


def _no_number(value: Any) -> Any:
    """A bare number would be read as seconds since 1970: a stop that ended long ago."""
    if isinstance(value, int | float | str) and re.fullmatch(r"True|False|[-+]?[\d.]+([eE][-+]?\d+)?", str(value)):
        raise ValueError("write a date, 2026-12-24, or a time, 2026-12-24T09:00:00Z")
    return value


class _StopFile(Spec):
    reason: Text = "no reason given"
    until: Annotated[datetime | None, BeforeValidator(_no_number)] = None
    policies: tuple[Text, ...] = ()
    rollbacks: bool = False


def find(tree: Tree) -> Stop | None:
    """What a commit says. A link or a folder in the file's place is a brake that somebody pulled, too."""
    data = tree.read(PATH)
    if data is None and _something_stands_there(tree):
        return Stop("the stop file is not a regular file", rollbacks=True)
    return read(data)


def _something_stands_there(tree: Tree) -> bool:
    folder, _, name = PATH.partition("/")
    beside = tree.names(folder)
    return name in beside or (not beside and folder in tree.names(""))  # git has no empty folders: a link, a file


def read(data: bytes | None) -> Stop | None:
    """What the file says; None without a file. One that cannot be understood stops everything, rollbacks included."""
    if data is None:
        return None
    if len(data) > _LONGEST:
        return Stop("the stop file is too long to be read", rollbacks=True)
    try:
        said = _StopFile.model_validate(yaml.safe_load(data) or {})
    except (yaml.YAMLError, ValidationError, ValueError, RecursionError) as error:
        return Stop(f"the stop file cannot be understood ({type(error).__name__})", rollbacks=True)
    until = said.until.replace(tzinfo=said.until.tzinfo or UTC) if said.until else None
    return Stop(said.reason, until, said.policies, said.rollbacks)
