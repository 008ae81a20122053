"""Objects that only say how others are judged (templates, metric definitions) or happen to others (events)."""

from __future__ import annotations

from gitops_bot.experiments.fields import Lookup, Resource, reference, text
from gitops_bot.model import ExperimentStatus, Phase


def read(resource: Resource, _lookup: Lookup, _container: str | None) -> ExperimentStatus:
    """Such an object carries no verdict and no weight."""
    kind = text(resource, "kind")
    return ExperimentStatus(reference(resource, kind), Phase.NONE, f"a {kind or 'setting'} says nothing of a release")
