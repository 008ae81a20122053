"""Places in files of any kind."""

from __future__ import annotations

from typing import ClassVar

from gitops_bot.policy.base import Name, RepoPath, Text
from gitops_bot.policy.places.base import Manifest, Spot, Where


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
    """A file that is there or not, made from a template in the repository; absent, its slot is empty.

    A file of Kubernetes objects is named below `resources` of its folder's kustomization while it is there.
    """

    comes_and_goes: ClassVar[bool] = True
    path: RepoPath
    template: RepoPath
    """A file with `{{ version }}`, `{{ tag }}`, `{{ digest }}` or `{{ chart }}` where the slot's value stands."""
    kustomization: RepoPath | None = None
    """The kustomization that names the file, or its folder; `none`: none does. Default: the one beside the file, where
    there is one."""


class Document(Manifest):
    """An object of a file that is there or not: a document among others, or an item of a `List`; absent, its slot is
    empty.

    Exactly that document comes and goes. A file that would be left without one goes too, and with it what a
    kustomization says of it.
    """

    comes_and_goes: ClassVar[bool] = True
    kind: Name
    api: Text | None = None
    """The group of its `apiVersion`, like `apps`, or the whole of it, like `v1`."""
    path: Text | None = None
    """Where the version stands in it, like `spec.template.spec.containers[name=app].image`: others bring the document,
    and the bot removes it."""
    template: RepoPath | None = None
    """A file with `{{ version }}`, `{{ tag }}`, `{{ digest }}` or `{{ chart }}` where the slot's value stands: the bot
    adds the document to the file, and removes it as long as it is what the template makes."""
    kustomization: RepoPath | None = None
    """The kustomization that names the file, or its folder; `none`: none does. Default: the one beside the file, where
    there is one."""

    @property
    def chooses(self) -> Where:
        """The object that is meant."""
        return self.where(self.kind, self.api)
