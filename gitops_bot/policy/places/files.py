"""Places in files of any kind."""

from __future__ import annotations

from typing import ClassVar

from gitops_bot.policy.base import RepoPath, Text
from gitops_bot.policy.places.base import Spot, Where


class YamlValue(Spot):
    """A value in any YAML file."""

    file: RepoPath
    path: Text
    """`a.b[0].c`, `list[name=x].tag`, `"odd.key".a`; `.` is the whole document, which can only be removed."""
    where: Where | None = None
    """Which document, when the file has several."""
    create: bool = False
    """Add the key or the item where it is absent."""


class JsonValue(Spot):
    """A value in a JSON file."""

    file: RepoPath
    path: Text
    """`a.b[0].c`, `list[name=x].tag`, `"odd.key".a`."""
    create: bool = False
    """Add the key or the item where it is absent."""


class EnvValue(Spot):
    """A value in a file of `KEY=value` lines: `.env`, or Java's `.properties`."""

    file: RepoPath
    """A file whose name ends in `.properties` is read by Java's rules, every other by those of `.env` files."""
    key: Text
    create: bool = False
    """Add a line at the end of the file where the key is absent."""


class WholeFile(Spot):
    """A file that is there or not, made from a template in the repository; absent, its slot is empty."""

    comes_and_goes: ClassVar[bool] = True
    path: RepoPath
    template: RepoPath
    """A file with `{{ version }}`, `{{ tag }}`, `{{ digest }}` or `{{ chart }}` where the slot's value stands."""
