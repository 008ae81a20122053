"""The analyses of a Rollout with their bindings: in the background, per step, before and after the promotion."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from gitops_bot.experiments import analysis_run
from gitops_bot.experiments.fields import Lookup, Resource, items, mapping, number, text
from gitops_bot.experiments.said import Said
from gitops_bot.model import Analysis, ObjectRef, Phase


def bound(rollout: Resource, lookup: Lookup) -> tuple[Analysis, ...]:
    """Every analysis that the spec names, in the order in which they run, each with its present run."""
    strategy = mapping(rollout, "spec", "strategy")
    canary, blue_green = mapping(strategy, "canary"), mapping(strategy, "blueGreen")
    found: list[Analysis] = []
    if background := mapping(canary, "analysis"):
        start = number(background, "startingStep") or 0
        status = mapping(rollout, "status", "canary", "currentBackgroundAnalysisRunStatus")
        found.append(_analysis(rollout, lookup, f"in the background from step {start}", background, status))
    found += _of_steps(rollout, lookup, items(canary, "steps"))
    for when in ("pre", "post"):
        if spec := mapping(blue_green, f"{when}PromotionAnalysis"):
            status = mapping(rollout, "status", "blueGreen", f"{when}PromotionAnalysisRunStatus")
            binding = "before the promotion" if when == "pre" else "after the promotion"
            found.append(_analysis(rollout, lookup, binding, spec, status))
    return tuple(found)


def runs(rollout: Resource, lookup: Lookup, analyses: Sequence[Analysis]) -> Iterator[Resource]:
    """The runs that belong to the pods that the Rollout runs now."""
    namespace = text(rollout, "metadata", "namespace")
    for one in analyses:
        run = lookup(ObjectRef("AnalysisRun", namespace, one.run)) if one.run else None
        if run is not None and analysis_run.owned(run, rollout):
            yield run


def _of_steps(rollout: Resource, lookup: Lookup, steps: Sequence[Resource]) -> Iterator[Analysis]:
    current = number(rollout, "status", "currentStepIndex")
    present = mapping(rollout, "status", "canary", "currentStepAnalysisRunStatus")
    for index, step in enumerate(steps):
        past = current is None or index < current
        passed = Said(Phase.COMPLETED, "the rollout went past it") if past else None
        if analysis := mapping(step, "analysis"):
            status = present if index == current else {}
            yield _analysis(rollout, lookup, f"at step {index}", analysis, status, passed)
        if analyses := items(step, "experiment", "analyses"):
            yield _experiment(rollout, lookup, f"at step {index}, by an experiment", analyses, passed)


def _analysis(
    rollout: Resource, lookup: Lookup, binding: str, spec: Resource, status: Resource, passed: Said | None = None
) -> Analysis:
    name = text(status, "name")
    run = lookup(ObjectRef("AnalysisRun", text(rollout, "metadata", "namespace"), name)) if name else None
    said = passed or _said(rollout, status, run)
    known = mapping(run, "spec") if run is not None else {}
    templates = (text(one, "templateName") for one in items(spec, "templates"))
    return Analysis(
        binding=binding,
        templates=tuple(one for one in templates if one),
        args=_args(rollout, items(spec, "args")) | _given(items(known, "args")),
        run=name,
        phase=said.phase,
        reason=said.reason,
    )


def _experiment(
    rollout: Resource, lookup: Lookup, binding: str, analyses: Sequence[Resource], passed: Said | None
) -> Analysis:
    """An experiment's verdict is that of all its analyses."""
    name = text(rollout, "status", "canary", "currentExperiment") if passed is None else ""
    namespace = text(rollout, "metadata", "namespace")
    experiment = lookup(ObjectRef("ArgoExperiment", namespace, name)) if name else None
    said = passed or _said_by(rollout, experiment)
    args = [arg for one in analyses for arg in items(one, "args")]
    templates = (text(one, "templateName") for one in analyses)
    return Analysis(
        binding, tuple(one for one in templates if one), _args(rollout, args), name, said.phase, said.reason
    )


def _said_by(rollout: Resource, experiment: Resource | None) -> Said:
    if experiment is None:
        return Said(Phase.PENDING, "has not started, or cannot be seen")
    if not analysis_run.owned(experiment, rollout):
        return Said(Phase.UNKNOWN, "its experiment judged other pods")
    phase = text(experiment, "status", "phase")
    message = text(experiment, "status", "message") or phase or "has not started"
    return Said(analysis_run.PHASES.get(phase, Phase.UNKNOWN), message)


def _said(rollout: Resource, status: Resource, run: Resource | None) -> Said:
    """What the run says where it can be seen, else what the Rollout says of it."""
    if run is not None:
        if not analysis_run.owned(run, rollout):
            return Said(Phase.UNKNOWN, "its run judged other pods")
        return analysis_run.verdict(run)
    phase = text(status, "status")
    return Said(analysis_run.PHASES.get(phase, Phase.UNKNOWN), text(status, "message") or phase or "has not started")


# ---------------------------------------------------------------- what the templates are given


def _args(rollout: Resource, args: Sequence[Resource]) -> dict[str, str]:
    return {name: _value(rollout, arg) for arg in args if (name := text(arg, "name"))}


def _given(args: Sequence[Resource]) -> dict[str, str]:
    """What a run was really given; values from Secrets are named there, never shown."""
    return {text(arg, "name"): value for arg in args if (value := text(arg, "value"))}


def _value(rollout: Resource, arg: Resource) -> str:
    match text(arg, "valueFrom", "podTemplateHashValue"):
        case "Latest":
            return text(rollout, "status", "currentPodHash")
        case "Stable":
            return text(rollout, "status", "stableRS")
    path = text(arg, "valueFrom", "fieldRef", "fieldPath")
    return _field(rollout, path) if path else text(arg, "value")


def _field(rollout: Resource, path: str) -> str:
    """`metadata.labels['region']`, `metadata.name`: a field of the Rollout itself."""
    keys = [quoted or plain for quoted, plain in re.findall(r"\['([^']*)'\]|([^.\[\]]+)", path)]
    return text(rollout, *keys) if keys else ""
