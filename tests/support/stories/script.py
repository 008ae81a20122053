"""What a story's file says: the world at first, then what happens before each tick."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import yaml
from pydantic import BaseModel, BeforeValidator, ConfigDict

Objects = Mapping[str, tuple[Mapping[str, Any], ...]]
"""By cluster. Later ones are merged over those of the same kind, namespace and name; `gone: true` removes one."""


Running = Mapping[str, Mapping[str, str]]
"""By cluster, by `namespace/name`: the image that a healthy Deployment runs from now on, in its container `app`."""


def _time(value: str) -> datetime:
    return datetime.strptime(value, "%Y-%m-%d %H:%M").replace(tzinfo=UTC)


class _WithoutDates(yaml.SafeLoader):
    """The API's times are strings."""

    yaml_implicit_resolvers = {  # noqa: RUF012 - PyYAML's own way to configure a loader
        first: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:timestamp"]
        for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
    }


Time = Annotated[datetime, BeforeValidator(_time)]


class _Said(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Order(_Said):
    """An edit by hand, as `gitops-bot set edit` takes it."""

    edit: Mapping[str, Any]
    value: str | int | bool


class Commit(_Said):
    """Somebody writes on a branch, main if nothing else is said."""

    who: str
    says: str
    branch: str = "main"
    begins: str = ""
    """Where a branch begins that is not there yet."""
    files: Mapping[str, str | None] = {}
    """Path → text; null removes."""
    replace: Mapping[str, Mapping[str, str]] = {}
    """Path → old text → new text."""
    set: tuple[Order, ...] = ()
    """What is refused changes nothing, and without a change nothing is committed."""
    made: Mapping[str, str] = {}
    """Path → the template that it is made from, as sed would."""
    version: str = ""
    """What stands where those templates have `{{ tag }}`."""


class Deed(_Said):
    """What a person does with a pull request: exactly one of the verbs, with its number."""

    who: str
    merge: int | None = None
    close: int | None = None
    approve: int | None = None
    object: int | None = None
    label: int | None = None
    comment: int | None = None
    says: str = ""
    """The comment's or the label's text."""


class Moment(_Said):
    """What happens, and then a tick."""

    at: Time
    says: str = ""
    images: Mapping[str, tuple[str, ...]] = {}
    """What the registry ghcr.io holds from now on."""
    commits: tuple[Commit, ...] = ()
    people: tuple[Deed, ...] = ()
    runs: Running = {}
    clusters: Objects = {}
    metrics: Mapping[str, Mapping[str, float | None]] = {}
    """By server, by query: the value of each minute since the tick before."""


class Script(_Said):
    """A whole story."""

    title: str
    about: str
    policies: tuple[str, ...]
    config: Mapping[str, Any] = {}
    """What differs from `policies/gitops-bot.yaml`, in its `spec`."""
    history: tuple[Commit, ...] = ()
    """What base went through before, a day each."""
    images: Mapping[str, tuple[str, ...]] = {}
    begins: Time
    runs: Running = {}
    clusters: Objects = {}
    ticks: tuple[Moment, ...]

    @classmethod
    def read(cls, folder: Path) -> Script:
        """The story of a folder."""
        text = (folder / "story.yaml").read_text(encoding="utf-8")
        return cls.model_validate(yaml.load(text, Loader=_WithoutDates))
