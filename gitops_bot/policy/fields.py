"""What rules that span several fields share: paths, and which of several names were given. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from gitops_bot.policy.base import Spec

Path = tuple[str | int, ...]
Problem = tuple[Path, str]
"""A path below the document, and what is wrong there."""


def shown(value: Spec, names: Iterable[str]) -> list[str]:
    """The names of fields as they are written in YAML."""
    return [type(value).model_fields[name].alias or name for name in names]


def given_names(value: Spec, *names: str) -> list[str]:
    """The names (as written in YAML) of the fields that were given."""
    return shown(value, (name for name in names if getattr(value, name) is not None))


def one_of(path: Path, value: Spec, *names: str) -> Iterator[Problem]:
    """Exactly one of the fields may be given."""
    known, given = shown(value, names), given_names(value, *names)
    if not given:
        yield path, f"one of {', '.join(known)} is needed"
    if len(given) > 1:
        yield (*path, given[1]), f"only one of {', '.join(known)} may be given, and {given[0]} is"
