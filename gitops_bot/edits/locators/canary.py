"""`canary`: a field of a Flagger Canary: of its analysis, `suspend` or `skipAnalysis`."""

from __future__ import annotations

from gitops_bot.edits.locators.knobs import DURATION, SWITCH, Kind, Knob, refuse_slots, whole_number
from gitops_bot.edits.locators.objects import Object, path, read_object
from gitops_bot.edits.operations import Operation
from gitops_bot.edits.place import Place
from gitops_bot.edits.sense import Sense, Value
from gitops_bot.errors import EditRefused, PlaceAbsent
from gitops_bot.model import Tree
from gitops_bot.policy.places import Where
from gitops_bot.policy.places.workloads import FlaggerCanary

_ANALYSIS, _OLD_ANALYSIS = "analysis", "canaryAnalysis"
"""Flagger takes the second (v1alpha3) only where there is no first."""
_KINDS: dict[str, Kind] = {
    "stepWeight": whole_number(100),
    "maxWeight": whole_number(100),
    "stepWeightPromotion": whole_number(100),
    "threshold": whole_number(),
    "iterations": whole_number(),
    "interval": DURATION,
    "suspend": SWITCH,
    "skipAnalysis": SWITCH,
}
_OF_SPEC = frozenset({"suspend", "skipAnalysis"})
_EXCLUDES = {"stepWeight": ("stepWeights", "iterations"), "iterations": ("stepWeight", "stepWeights")}
"""An analysis has exactly one of the three, by Flagger's own schema."""


def candidates(spot: FlaggerCanary) -> tuple[str, ...]:
    """The file."""
    return (spot.file,)


def places(spot: FlaggerCanary) -> tuple[Place, ...]:
    """The field, where it is today and where it was before."""
    parents = ((),) if spot.field in _OF_SPEC else ((_ANALYSIS,), (_OLD_ANALYSIS,))
    return tuple(Place(spot.file, path("spec", *parent, spot.field), _where(spot)) for parent in parents)


def file(spot: FlaggerCanary, tree: Tree) -> str:  # noqa: ARG001 - the file is named, whether it is there or not
    """The file."""
    return spot.file


def read(spot: FlaggerCanary, sense: Sense, tree: Tree) -> Value:
    """The field's value; None where it is absent."""
    return _knob(spot, sense, tree).read()


def operations(spot: FlaggerCanary, sense: Sense, value: Value, tree: Tree) -> tuple[Operation, ...]:
    """The field with a value, added where it is absent; None takes it away.

    EditRefused: it is not of the field's kind, or does not go with what the analysis has.
    """
    knob = _knob(spot, sense, tree)
    if value is not None and knob.found is None:
        _refuse_beside(knob)
    return knob.operations(value)


def _where(spot: FlaggerCanary) -> Where:
    return spot.where("Canary", "flagger.app")


def _knob(spot: FlaggerCanary, sense: Sense, tree: Tree) -> Knob:
    refuse_slots(sense, spot.field, spot.file)
    one = read_object(spot.file, _where(spot), tree)
    parent = () if spot.field in _OF_SPEC else (_analysis(one),)
    return Knob(spot.file, one, ("spec", *parent, spot.field), _KINDS[spot.field])


def _analysis(one: Object) -> str:
    """Where the analysis is. PlaceAbsent: there is none."""
    for key in (_ANALYSIS, _OLD_ANALYSIS):
        if one.below(one.root, "spec", key) is not None:
            return key
    raise PlaceAbsent(
        "the Canary has no `spec.analysis`",
        where=one.at(),
        remedy="Write one; an analysis that `analysisRef` names is not the Canary's own",
    )


def _refuse_beside(knob: Knob) -> None:
    one, (*parent, field) = knob.one, knob.keys
    there = [key for key in _EXCLUDES.get(field, ()) if one.below(one.root, *parent, key) is not None]
    if there:
        raise EditRefused(
            f"the analysis has `{there[0]}`, and Flagger takes no `{field}` beside it",
            where=one.at(one.below(one.root, *parent, there[0])),
            remedy=f"Take `{there[0]}` out first",
        )
