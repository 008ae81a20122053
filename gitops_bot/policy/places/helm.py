"""Places that hold charts and what is handed to them: Helm, helmfile, Argo CD, Flux."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, StringConstraints

from gitops_bot.policy.base import Name, RepoPath, Text
from gitops_bot.policy.places.base import Manifest, Spot

SourceChoice = Annotated[
    str, StringConstraints(max_length=4096, pattern=r"^(name|chart|ref|path|repoURL)=[^\x00-\x1f\x7f]+$")
]
"""One of several sources by a field that it alone has, like `chart=cart`."""


class HelmValue(Spot):
    """A value in a Helm values file; of a map with `tag` (and `digest`), the version in it."""

    file: RepoPath
    key: Text
    """`a.b[0].c`, `list[name=x].tag`, `"odd.key".a`."""
    create: bool = False
    """Add the key where it is absent."""


class HelmDependency(Spot):
    """The version of a dependency in `Chart.yaml`, or in Helm 2's `requirements.yaml`."""

    file: RepoPath
    name: Text
    alias: Text | None = None
    """Which one, when a chart is there twice; the chart's own name is the one without an alias."""
    repository: Text | None = None
    """Add the dependency with this repository where it is absent."""


class Helmfile(Spot):
    """The version of a release in a helmfile."""

    file: RepoPath
    name: Text
    namespace: Name | None = None
    """Which one, when a release's name is there twice."""
    chart: Text | None = None
    """Add the release with this chart (`repository/chart`) where it is absent."""


class ArgoCDApplication(Manifest):
    """A field of an Argo CD Application, or of an ApplicationSet: its template, or an element of a list generator.

    Without `parameter`, `image`, `value` or `element` it is the source's `targetRevision`.
    """

    source: Annotated[int, Field(ge=0, lt=1000)] | SourceChoice | None = None
    """Which of several sources: its number from 0, or a field that it alone has, like `chart=cart`."""
    parameter: Text | None = None
    """A Helm parameter's name."""
    image: Text | None = None
    """A kustomize image's name; `name=new` where an absent one is to be added under a new name."""
    value: Text | None = None
    """A path in the Helm values: in `valuesObject`, or inside the string `values`."""
    element: dict[Name, str | int | bool] | None = None
    """An element of a list generator by values that it alone has, like `{cluster: prod}`; goes with `key`."""
    key: Text | None = None
    """A path in the element."""
    create: bool = False
    """Add the parameter, the image, the value or the element's key where it is absent."""


class FluxHelmRelease(Manifest):
    """A Flux HelmRelease: the chart's version, or a value."""

    value: Text | None = None
    """A path in the values; without it the chart's version is meant."""
    create: bool = False
    """Add the value where it is absent."""


class FluxKustomization(Manifest):
    """A Flux Kustomization: an image, or a substituted variable."""

    image: Text | None = None
    """An image's name below `images`; an absent entry is added."""
    substitute: Text | None = None
    """A variable's name below `postBuild.substitute`."""
    create: bool = False
    """Add the variable where it is absent."""


class FluxMarker(Spot):
    """The values marked with a comment of Flux: `{"$imagepolicy": "namespace:name"}`, with `:tag` or `:digest` too."""

    file: RepoPath
    policy: Annotated[str, StringConstraints(max_length=507, pattern=r"^[^\s:/]+:[^\s:/]+$")]
    """`namespace:name`."""
