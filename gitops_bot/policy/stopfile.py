"""The stop file, `.gitops-bot/stop.yaml` on base: a brake that people pull in git, several of them if need be."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from functools import lru_cache
from typing import Annotated, Any

from pydantic import BeforeValidator, ValidationError

from gitops_bot.model import Stop, Tree
from gitops_bot.policy import marks
from gitops_bot.policy.base import Spec, Text

PATH = ".gitops-bot/stop.yaml"
_LONGEST = 64 * 1024


def _no_number(value: Any) -> Any:
    """A bare number would be read as seconds since 1970: a stop that ended long ago."""
    if isinstance(value, int | float | str) and re.fullmatch(r"True|False|[-+]?[\d.]+([eE][-+]?\d+)?", str(value)):
        raise ValueError("write a date, 2026-12-24, or a time, 2026-12-24T09:00:00Z")
    return value


class _Holder(Spec):
    reason: Text = "no reason given"
    until: Annotated[datetime | None, BeforeValidator(_no_number)] = None
    policies: tuple[Text, ...] = ()
    rollbacks: bool = False

    def stop(self, holder: str = "") -> Stop:
        until = self.until.replace(tzinfo=self.until.tzinfo or UTC).astimezone(UTC) if self.until else None
        return Stop(self.reason, until, self.policies, self.rollbacks, holder)


class _StopFile(Spec):
    holders: dict[Text, _Holder]


def find(tree: Tree) -> tuple[Stop, ...]:
    """What a commit says. A link or a folder in the file's place is a brake that somebody pulled, too."""
    data = tree.read(PATH)
    if data is None and _something_stands_there(tree):
        return (Stop("the stop file is not a regular file", rollbacks=True),)
    return read(data)


def _something_stands_there(tree: Tree) -> bool:
    folder, _, name = PATH.partition("/")
    beside = tree.names(folder)
    return name in beside or (not beside and folder in tree.names(""))  # git has no empty folders: a link, a file


@lru_cache(maxsize=16)
def read(data: bytes | None) -> tuple[Stop, ...]:
    """Who holds what; nothing without a file. One that cannot be understood stops everything, rollbacks included.

    Either one holder's reason, until, policies and rollbacks, or `holders` with those of each by name. A file whose
    holders have all gone holds nothing. Every policy of a tick asks for the same file.
    """
    if data is None:
        return ()
    if len(data) > _LONGEST:
        return (Stop("the stop file is too long to be read", rollbacks=True),)
    document = _document(data)
    if document is None:
        return (_unclear("YAML"),)
    try:
        if isinstance(document, dict) and "holders" in document:
            named = _StopFile.model_validate({**document, "holders": document["holders"] or {}}).holders
            return tuple(one.stop(name) for name, one in named.items())
        return (_Holder.model_validate(document or {}).stop(),)
    except (ValidationError, OverflowError) as error:  # a time zone may lead out of the years that there are
        return (_unclear(type(error).__name__),)


def _document(data: bytes) -> Any:
    """The one document of the file; None where it is no YAML, or where a key stands twice and one would be lost."""
    reading = marks.read(data)
    if reading.stopped or len(reading.documents) > 1 or any(one.faults for one in reading.documents):
        return None
    return next((one.value for one in reading.documents), {})


def _unclear(why: str) -> Stop:
    return Stop(f"the stop file cannot be understood ({why})", rollbacks=True)
