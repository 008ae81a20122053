"""`service`: a label of a Service's selector, for plain blue/green."""

from __future__ import annotations

from gitops_bot.edits.locators.objects import path
from gitops_bot.edits.place import Place
from gitops_bot.policy.places.routes import Service


def place(spot: Service) -> Place:
    """The label in the selector; Knative's Services are another kind."""
    return Place(spot.file, path("spec", "selector", spot.label), spot.where("Service", "v1"))
