"""What the models of several places share."""

from __future__ import annotations

from typing import Annotated, ClassVar

from pydantic import Field

from gitops_bot.model import SlotName
from gitops_bot.policy.base import Name, RepoPath, Spec, Text


class Where(Spec):
    """Chooses one document of a file."""

    kind: Name | None = None
    name: Name | None = None
    namespace: Name | None = None
    api: Text | None = None
    """The group of its `apiVersion`, like `apps`, or the whole of it, like `v1`."""
    document: Annotated[int, Field(ge=0)] | None = None
    """Its number in the file, from 0, when its names do not tell it from the others."""


class Spot(Spec):
    """What a locator is given: where a value lives, in the terms of its system."""

    slots: ClassVar[frozenset[SlotName]] = frozenset(SlotName)
    """What may live there; a policy with an edit that sets another slot is wrong."""
    comes_and_goes: ClassVar[bool] = False
    """It is there or not as a whole; while it is not, its slot is empty."""


class Manifest(Spot):
    """An object in a file of the repository; its kind is the place's own."""

    file: RepoPath
    name: Name | None = None
    """The object's `metadata.name`, when the file has several of the kind."""
    namespace: Name | None = None

    def where(self, kind: str, api: str | None = None) -> Where:
        """The document that holds it."""
        return Where(kind=kind, name=self.name, namespace=self.namespace, api=api)
