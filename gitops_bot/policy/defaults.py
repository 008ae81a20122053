"""`defaults` of the bot configuration: what policies say that do not say it themselves. Pure: document → document."""

from __future__ import annotations

import json
from collections.abc import Iterator, Set
from dataclasses import replace
from typing import Annotated, Any

from pydantic import BeforeValidator, PrivateAttr

from gitops_bot.policy.base import Name, Spec
from gitops_bot.policy.commands import Commands
from gitops_bot.policy.fields import Path
from gitops_bot.policy.fleet import Clusters
from gitops_bot.policy.gating import Gates
from gitops_bot.policy.marks import Document, Fault
from gitops_bot.policy.metrics import Analysis
from gitops_bot.policy.pipelines.expansion import MERGED
from gitops_bot.policy.schema import PullRequestSpec, Rollback


class Defaults(Spec):
    """What every policy and pipeline says that does not say it itself: `clusters` and `notify` whole, the others key by
    key. A policy may say otherwise."""

    clusters: Clusters = ()
    analysis: Analysis = Analysis()
    pull_request: PullRequestSpec = PullRequestSpec()
    rollback: Rollback = Rollback()
    gates: Gates = Gates()
    commands: Commands = Commands()
    notify: tuple[Name, ...] = ()
    _said: str = PrivateAttr(default="{}")

    @property
    def said(self) -> str:
        """As they were written, as JSON: a model has forgotten what it was not told."""
        return self._said


def _read(value: Any) -> Any:
    if isinstance(value, Defaults):
        return value
    said = json.dumps(value)
    read = Defaults.model_validate_json(said, strict=True)
    read._said = said
    return read


GivenDefaults = Annotated[Defaults, BeforeValidator(_read)]


def under(document: Document, said: str) -> tuple[Document, frozenset[Path]]:
    """A policy's or pipeline's document over the defaults, and the paths that it has from them."""
    spec = document.value.get("spec") if isinstance(document.value, dict) else None
    given = json.loads(said)
    if not isinstance(spec, dict) or not given:
        return document, frozenset()
    merged = {**spec, **{key: _over(key, value, spec.get(key)) for key, value in given.items()}}
    return replace(document, value={**document.value, "spec": merged}), frozenset(_from(given, spec))


def told(fault: Fault, paths: Set[Path]) -> Fault:
    """A fault that says where its value stands, where that is not the policy's file."""
    if not any(fault.path[: len(path)] == path for path in paths):
        return fault
    return replace(fault, message=f"{fault.message} (spec.defaults of the bot configuration says it)")


def _over(key: str, default: Any, own: Any) -> Any:
    if own is None:
        return default
    both = key in MERGED and isinstance(own, dict) and isinstance(default, dict)
    return {**default, **own} if both else own


def _from(given: dict[str, Any], spec: dict[str, Any]) -> Iterator[Path]:
    for key, value in given.items():
        own = spec.get(key)
        if own is None:
            yield ("spec", key)
        elif key in MERGED and isinstance(own, dict):
            yield from (("spec", key, name) for name in value if name not in own)
