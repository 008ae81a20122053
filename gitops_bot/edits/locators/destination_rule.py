"""`destinationRule`: a label of a subset in an Istio DestinationRule."""

from __future__ import annotations

from gitops_bot.edits.locators.objects import path
from gitops_bot.edits.path import Filter, Key
from gitops_bot.edits.place import Place
from gitops_bot.policy.places.routes import DestinationRule


def place(spot: DestinationRule) -> Place:
    """The label of the subset by its name."""
    return Place(
        spot.file,
        path("spec", "subsets", Filter((Key("name"),), spot.subset), "labels", spot.label),
        spot.where("DestinationRule", "networking.istio.io"),
    )
