"""Places in kustomizations."""

from __future__ import annotations

from typing import ClassVar

from gitops_bot.model import SlotName
from gitops_bot.policy.base import RepoPath, Text
from gitops_bot.policy.places.base import Spot, Where


class InKustomization(Spot):
    """A place in a kustomization."""

    path: RepoPath
    """The folder of the kustomization, or the file itself."""


class KustomizeImage(InKustomization):
    """The tag or digest of an entry below `images:` of a kustomization; an absent entry is added."""

    slots: ClassVar[frozenset[SlotName]] = frozenset({SlotName.STABLE, SlotName.CANDIDATE})

    name: Text
    """The entry's `name`."""


class KustomizeReplicas(InKustomization):
    """The `count` of an entry below `replicas:` of a kustomization; an absent entry is added."""

    slots: ClassVar[frozenset[SlotName]] = frozenset()

    name: Text
    """The entry's `name`."""


class KustomizePatch(InKustomization):
    """A value that a patch of a kustomization sets: strategic merge or JSON 6902, inline or in a file."""

    target: Where
    """The object that is patched."""
    field: Text
    """The path of the value in that object, like `spec.replicas`."""
    file: RepoPath | None = None
    """The file of the patch, where it is not inline; a policy needs it, to follow the file's history."""


class KustomizeGenerator(InKustomization):
    """A value of a ConfigMap that a kustomization generates, from literals or an env file; never of a Secret."""

    name: Text
    """The generator's `name`."""
    key: Text
    file: RepoPath | None = None
    """The env file, where the value is no literal; a policy needs it, to follow the file's history."""
