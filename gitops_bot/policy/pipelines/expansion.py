"""A pipeline's document as the documents of its policies, every value with its place in the pipeline's file. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from gitops_bot.policy.fields import Path
from gitops_bot.policy.marks import Document, Fault, Spot
from gitops_bot.policy.pipelines.names import ENVIRONMENT, PIPELINE, policy_name
from gitops_bot.policy.pipelines.schema import PromotionPipeline, Shared
from gitops_bot.policy.pipelines.stages import Stage, stages

MERGED = ("analysis", "baseline", "candidate", "commands", "gates", "pullRequest", "rollback")
"""Said key by key; of the others the nearest word is the whole of it."""
SHARED = tuple(one.alias or name for name, one in Shared.model_fields.items())
BEGINNINGS = ("slot", "version", "registry", "experiment", "environments")
"""Where a version begins its way: said for the whole pipeline, that is not said of what comes after others."""

_VARIABLE = re.compile(r"\{\{\s*(pipeline|environment|ring|stage)\s*\}\}")


@dataclass(frozen=True, slots=True)
class Expanded:
    """A policy as a document of its own."""

    document: Document
    origins: Mapping[Path, Path]
    """By path of the policy: where the pipeline says it."""

    def told(self, fault: Fault) -> Fault:
        """A fault of the policy as one of the pipeline: its mark is that already."""
        own = fault.path
        while own not in self.origins:
            own = own[:-1]
        return replace(fault, path=(*self.origins[own], *fault.path[len(own) :]))


def expand(document: Document, pipeline: PromotionPipeline) -> tuple[Expanded, ...]:
    """One document for each stage, in order. The graph must be right."""
    return tuple(_policy(document, pipeline, stage) for stage in stages(pipeline))


def with_names(value: Any, names: Mapping[str, str]) -> Any:
    """The value with the names of the pipeline, the environment and the ring in its texts."""
    if isinstance(value, str):
        return _VARIABLE.sub(lambda found: names.get(found[1], found[0]), value)
    if isinstance(value, list):
        return [with_names(one, names) for one in value]
    if isinstance(value, dict):
        return {key: with_names(one, names) for key, one in value.items()}
    return value


def sample(value: Any) -> Any:
    """The pipeline itself with names of the right form in its texts, so that its shape can be judged.

    The names are left as they are: nothing stands for them.
    """
    filled = with_names(value, dict.fromkeys(("pipeline", "environment", "ring", "stage"), "name"))
    for written, one in zip(_named(value), _named(filled), strict=True):
        one.update({key: written[key] for key in ("name", "after") if key in written})
    return filled


def _named(value: Any) -> Iterator[dict[str, Any]]:
    """What has a name: the pipeline, its environments, their rings; as far as they are mappings."""
    environments = _listed(_at(value, ("spec", "environments")))
    rings = [ring for one in environments for ring in _listed(_at(one, ("rings",)))]
    yield from (one for one in (_at(value, ("metadata",)), *environments, *rings) if isinstance(one, dict))


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


@dataclass(slots=True)
class _Sheet:
    """A document in the making."""

    source: Document
    names: Mapping[str, str]
    value: dict[str, Any] = field(default_factory=dict)
    spots: dict[Path, Spot] = field(default_factory=dict)
    origins: dict[Path, Path] = field(default_factory=dict)

    def put(self, path: Path, value: Any, origin: Path) -> None:
        """A value of ours at a path, shown at a place of the source."""
        *above, last = path
        at: Any = self.value
        for piece in above:
            at = at.setdefault(piece, {})
        at[last] = value
        self.mark(path, origin)

    def mark(self, path: Path, origin: Path) -> None:
        self.spots[path] = self.source.spot(origin)
        self.origins[path] = origin

    def copy(self, path: Path, origin: Path) -> None:
        """What the source says there, with every place below it."""
        value = _at(self.source.value, origin)
        self.put(path, with_names(value, self.names), origin)
        for below in _below(value):
            self.mark((*path, *below), (*origin, *below))


def _policy(document: Document, pipeline: PromotionPipeline, stage: Stage) -> Expanded:
    sheet = _Sheet(document, _names(pipeline, stage))
    for path in ((), ("spec",)):
        sheet.mark(path, stage.item)
    sheet.copy(("apiVersion",), ("apiVersion",))
    sheet.put(("kind",), "PromotionPolicy", ("kind",))
    _identify(sheet, pipeline, stage)
    sheet.copy(("spec", "repository"), ("spec", "repository"))
    bases: tuple[Path, ...] = (("spec", "base"), (*stage.home, "base"))
    for origin in bases:
        if _at(document.value, origin) is not None:
            sheet.copy(("spec", "base"), origin)
    if _at(document.value, (*stage.home, "by")) is not None:
        sheet.copy(("spec", "by"), (*stage.home, "by"))
    for key in SHARED:
        for layer in stage.layers:
            _add(sheet, key, (*layer, key), without=_not_inherited(stage, layer, key))
    if stage.after:
        origin = stage.told_by
        sheet.put(
            ("spec", "candidate", "environments"), [policy_name(pipeline.name, one) for one in stage.after], origin
        )
        for number in range(len(stage.after)):
            told = (*origin, number)
            sheet.mark(("spec", "candidate", "environments", number), told if told in document.spots else origin)
        sheet.origins.setdefault(("spec", "candidate"), stage.item)
    if "strategy" not in sheet.value["spec"]:
        sheet.put(("spec", "strategy"), {"promote": {}}, stage.item)
    return Expanded(Document(sheet.value, sheet.spots, ()), sheet.origins)


def _names(pipeline: PromotionPipeline, stage: Stage) -> Mapping[str, str]:
    ring = stage.ring or stage.environment
    return {"pipeline": pipeline.name, "environment": stage.environment, "ring": ring, "stage": stage.name}


def _identify(sheet: _Sheet, pipeline: PromotionPipeline, stage: Stage) -> None:
    own: Path = (*stage.item, "name")
    sheet.mark(("metadata",), own)
    sheet.put(("metadata", "name"), policy_name(pipeline.name, stage.name), own)
    labels = {**pipeline.metadata.labels, PIPELINE: pipeline.name, ENVIRONMENT: stage.name}
    sheet.put(("metadata", "labels"), labels, own)
    if pipeline.metadata.annotations:
        sheet.put(("metadata", "annotations"), dict(pipeline.metadata.annotations), own)


def _not_inherited(stage: Stage, layer: Path, key: str) -> tuple[str, ...]:
    """What a layer says for others: where versions begin, to those that come later; the soak, to those that do not."""
    if key == "candidate" and stage.after and layer != stage.item:
        return BEGINNINGS
    return ("soak",) if key == "gates" and not stage.after and layer == ("spec",) else ()


def _add(sheet: _Sheet, key: str, origin: Path, *, without: tuple[str, ...]) -> None:
    """What one layer says of a key, over what those before it said."""
    value = _at(sheet.source.value, origin)
    if value is None:
        return
    if key not in MERGED or not isinstance(value, dict):
        sheet.copy(("spec", key), origin)
        return
    if key not in sheet.value["spec"]:
        sheet.put(("spec", key), {}, origin)
    for name in value:
        if name in without:
            continue
        sheet.copy(("spec", key, name), (*origin, name))


def _at(value: Any, path: Path) -> Any:
    """What stands there; None where nothing does."""
    for piece in path:
        try:
            value = value[piece]
        except (KeyError, IndexError, TypeError):
            return None
    return value


def _below(value: Any) -> Iterator[Path]:
    """Every path below a value."""
    pairs: Sequence[tuple[str | int, Any]] = ()
    if isinstance(value, dict):
        pairs = list(value.items())
    elif isinstance(value, list):
        pairs = list(enumerate(value))
    for key, one in pairs:
        yield (key,)
        yield from ((key, *rest) for rest in _below(one))
