"""A ring made of regions: a switch for each, turned on one after the other."""

from __future__ import annotations

from typing import Annotated, ClassVar, Self

from pydantic import Field, model_validator

from gitops_bot.model import SlotName
from gitops_bot.policy.base import Name, Spec
from gitops_bot.policy.places.base import Spot
from gitops_bot.policy.places.files import YamlValue
from gitops_bot.policy.places.helm import HelmValue
from gitops_bot.policy.places.workloads import PlacementRule

_SWITCHES = ("helmValue", "yaml", "placementRule")


class Switch(Spec):
    """Whether a region has the candidate: exactly one of helmValue, yaml, placementRule."""

    helm_value: HelmValue | None = None
    """True or false."""
    yaml: YamlValue | None = None
    """True or false."""
    placement_rule: PlacementRule | None = None
    """With `field: selector`, `key` and `member`: whether the member is among the values."""

    @model_validator(mode="after")
    def _one(self) -> Self:
        if sum(one is not None for one in (self.helm_value, self.yaml, self.placement_rule)) != 1:
            raise ValueError(f"needs exactly one of {', '.join(_SWITCHES)}")
        if self.placement_rule and not self.placement_rule.member:
            raise ValueError("placementRule needs field: selector, key and member here")
        return self


class Regions(Spot):
    """How many regions have the candidate: a switch for each, on from the first to the last."""

    slots: ClassVar[frozenset[SlotName]] = frozenset({SlotName.WEIGHT})
    each: Annotated[dict[Name, Switch], Field(min_length=1)]
    """By name, in the order in which they are reached."""
