"""The ladder of an object in the repository: an Argo Rollout's steps, a Flagger Canary's weights. Pure.

Documents come with every value as text. What is not known is shown on its rung, and people go on from there.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import TypeAdapter, ValidationError

from gitops_bot.policy.base import Name, Percent
from gitops_bot.policy.quantities import parse_duration
from gitops_bot.policy.strategies import argo
from gitops_bot.policy.strategies.canary import Canary, flagger_weights
from gitops_bot.policy.strategies.ladders import of_rungs
from gitops_bot.policy.strategies.rungs import Rung

_PERCENT = TypeAdapter(Percent)
_NAME = TypeAdapter(Name)
_LONGEST = 300


class LadderProblem(ValueError):
    """There is no ladder in the document that can be climbed; the message says why, and not at any length."""

    def __init__(self, why: str) -> None:
        super().__init__(why if len(why) <= _LONGEST else f"{why[:_LONGEST]}…")


def of_rollout(document: Mapping[str, Any]) -> dict[str, Any]:
    """The fields of `Canary` that the Rollout says: rungs, startingStep. Errors: LadderProblem."""
    canary = _mapping(_mapping(_mapping(document, "spec"), "strategy"), "canary")
    if not canary:
        raise LadderProblem("the Rollout has no spec.strategy.canary")
    steps, unknown = _steps(canary.get("steps"))
    namespace = _namespace(_mapping(document, "metadata").get("namespace"))
    routing = _model(argo.TrafficRouting, _routing(canary), "trafficRouting")
    if stray := argo.stray_routes(steps, routing):
        number, name = next(iter(stray.items()))
        raise LadderProblem(f"steps[{number}]: {name} is not among trafficRouting.managedRoutes")
    numbered = argo.rungs(steps, namespace)
    rungs = [_unknown(rung, first, numbered[n + 1 :], unknown) for n, (first, rung) in enumerate(numbered)]
    analysis = canary.get("analysis")
    if not analysis:
        return {"rungs": tuple(rungs)}
    start = str(_mapping(canary, "analysis").get("startingStep") or "0")
    if not (start.isdecimal() and len(start) < 6):
        raise LadderProblem(f"analysis.startingStep: {start[:40]!r} is no number of a step")
    given = {key: value for key, value in _mapping(canary, "analysis").items() if key != "startingStep"}
    common = _model(argo.StepAnalysis, given, "analysis").borrowed(namespace)
    begins = sum(first <= int(start) for first, _ in numbered[1:])
    with_it = [_with(rung, templates=(*common, *rung.templates)) for rung in rungs[begins:]]
    return {"rungs": (*rungs[:begins], *with_it), "starting_step": begins}


def of_canary(document: Mapping[str, Any]) -> dict[str, Any]:
    """The fields of `Canary` that the Flagger Canary says: rungs, stepDuration. Errors: LadderProblem."""
    analysis = _mapping(_mapping(document, "spec"), "analysis")
    if not analysis:
        raise LadderProblem("the Canary has no spec.analysis")
    listed = analysis.get("stepWeights") or []
    step = _percent(analysis, "stepWeight")
    if not listed and not step:
        why = "iterations and no weights" if analysis.get("iterations") else "neither stepWeight nor stepWeights"
        raise LadderProblem(f"the Canary has {why}")
    weights = _listed(listed) if listed else list(flagger_weights(step, _percent(analysis, "maxWeight") or 100))
    first = [Rung(mirror=100)] if str(analysis.get("mirror")).lower() == "true" else []
    found: dict[str, Any] = {"rungs": (*first, *(Rung(weight=weight) for weight in weights))}
    try:
        found["step_duration"] = parse_duration(str(analysis.get("interval") or "1m"))
    except ValueError as error:
        raise LadderProblem(f"analysis.interval: {error}") from error
    return found


def read(canary: Canary, fields: Mapping[str, Any], *, mirrors: bool) -> Canary:
    """The canary with the ladder that was read; its own duration goes first. Errors: LadderProblem.

    `mirrors`: some edit sets mirror. Without one a mirror rung is a preview.
    """
    own = {name: value for name, value in fields.items() if not getattr(canary, name)}
    rungs = [rung if mirrors or not rung.mirror else _without_mirror(rung) for rung in fields["rungs"]]
    told = canary.model_copy(update={**own, "rungs": tuple(rungs)})
    if why := of_rungs(told):
        raise LadderProblem(why)
    return told


def _without_mirror(rung: Rung) -> Rung:
    note = f"mirror {rung.mirror} %: no edit sets mirror, so that nothing is mirrored"
    return _with(rung, mirror=None, preview=True, notes=(*rung.notes, note))


# ---------------------------------------------------------------- the Rollout


def _steps(listed: Any) -> tuple[list[argo.Step], dict[int, str]]:
    """The steps, and by number what a step is that is not known."""
    if not isinstance(listed, list) or not listed:
        raise LadderProblem("the Rollout's canary has no steps")
    known = {(argo.Step.model_fields[name].alias or name) for name in argo.KINDS}
    steps, unknown = [], {}
    for number, one in enumerate(listed):
        given = one if isinstance(one, dict) else {}
        kinds = list(given)
        if len(kinds) != 1 or kinds[0] not in known:
            unknown[number] = ", ".join(kinds) or "nothing"
            steps.append(argo.Step())
            continue
        # `pause:` with nothing behind it is `pause: {}`
        value = {} if given[kinds[0]] in ("", None) and kinds[0] == "pause" else given[kinds[0]]
        steps.append(_model(argo.Step, {kinds[0]: value}, f"steps[{number}]"))
    return steps, unknown


def _unknown(rung: Rung, first: int, later: Sequence[tuple[int, Rung]], unknown: Mapping[int, str]) -> Rung:
    end = later[0][0] if later else 10**9
    said = [
        f"step {number} is not known here: {kinds[:200]}" for number, kinds in unknown.items() if first <= number < end
    ]
    return _with(rung, notes=(*rung.notes, *said), pause=True) if said else rung


def _routing(canary: Mapping[str, Any]) -> dict[str, Any]:
    """Of `trafficRouting` only what is understood; the routers are the controller's."""
    routing = _mapping(canary, "trafficRouting")
    return {"managedRoutes": routing["managedRoutes"]} if isinstance(routing.get("managedRoutes"), list) else {}


# ---------------------------------------------------------------- values


def _namespace(found: Any) -> str | None:
    try:
        return _NAME.validate_python(found) if found else None
    except ValidationError:
        raise LadderProblem(f"metadata.namespace: {str(found)[:80]!r} is no namespace") from None


def _mapping(of: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    found = of.get(name)
    return found if isinstance(found, dict) else {}


def _percent(analysis: Mapping[str, Any], name: str) -> int:
    """A percent; 0 where there is none."""
    text = analysis.get(name)
    if text in (None, "", "0"):
        return 0
    try:
        return _PERCENT.validate_python(text)
    except ValidationError:
        raise LadderProblem(f"analysis.{name}: {text!r} is no percent from 1 to 100") from None


def _listed(listed: Any) -> list[int]:
    if not isinstance(listed, list):
        raise LadderProblem("analysis.stepWeights is no list")
    return [_percent({"stepWeights": one}, "stepWeights") or 1 for one in listed]


def _model(model: type[Any], value: Any, where: str) -> Any:
    try:
        return model.model_validate(value)
    except ValidationError as error:
        found = error.errors(include_url=False, include_context=False)[0]
        place = ".".join(map(str, (where, *found["loc"])))
        raise LadderProblem(f"{place}: {found['msg']}") from None


def _with(rung: Rung, **changed: Any) -> Rung:
    return rung.model_copy(update=changed)
