"""Argo Rollouts: `argoproj.io/v1alpha1` Experiment. Its pods' hashes tell of which versions it speaks."""

from __future__ import annotations

from collections.abc import Sequence

from gitops_bot.experiments import analysis_run
from gitops_bot.experiments.fields import Lookup, Resource, image, instant, items, reference, text
from gitops_bot.experiments.said import Said
from gitops_bot.model import ExperimentStatus, ObjectRef, Phase, Version

_BASELINES = ("baseline", "stable", "control", "primary")


def read(experiment: Resource, lookup: Lookup, container: str | None) -> ExperimentStatus:
    """The reading of one Experiment; one whose Rollout has gone on to other pods is UNKNOWN."""
    templates = items(experiment, "spec", "templates")
    baseline, candidate = _sides([text(one, "name") for one in templates])
    versions = {text(one, "name"): image({"spec": one}, container) for one in templates}
    hashes = _hashes(experiment)
    said = _said(experiment, lookup, baseline)
    seen = _runs(experiment, lookup) if said.phase is not Phase.UNKNOWN else []
    found = [analysis_run.measured(run) for run in seen]
    return ExperimentStatus(
        ref=reference(experiment, "ArgoExperiment"),
        phase=said.phase,
        reason=said.reason,
        baseline=_of(versions, baseline),
        candidate=_of(versions, candidate),
        baseline_name=hashes.get(baseline, ""),
        candidate_name=hashes.get(candidate, ""),
        identity=text(experiment, "metadata", "uid"),
        began=instant(text(experiment, "status", "availableAt")),
        metrics={name: value for one in found for name, value in one.metrics.items()},
        warnings=tuple(name for one in found for name in one.warnings),
    )


def _sides(names: Sequence[str]) -> tuple[str, str]:
    """(baseline, candidate) by what the templates are called; without a telling name the first is the baseline."""
    baseline = next((name for name in names if name.lower() in _BASELINES), names[0] if len(names) > 1 else "")
    return baseline, next((name for name in names if name != baseline), "")


def _of(versions: dict[str, Version | None], name: str) -> Version | None:
    return versions.get(name) if name else None


def _hashes(experiment: Resource) -> dict[str, str]:
    return {text(one, "name"): text(one, "podTemplateHash") for one in items(experiment, "status", "templateStatuses")}


def _runs(experiment: Resource, lookup: Lookup) -> list[Resource]:
    namespace = text(experiment, "metadata", "namespace")
    names = [text(one, "analysisRun") for one in _analyses(experiment)]
    found = [lookup(ObjectRef("AnalysisRun", namespace, name)) for name in names if name]
    return [run for run in found if run is not None]


def _said(experiment: Resource, lookup: Lookup, baseline: str) -> Said:
    owner = analysis_run.rollout_of(experiment, lookup)
    if owner is not None and not analysis_run.owned(experiment, owner):
        return Said(Phase.UNKNOWN, "judged pods that its Rollout runs no longer")
    phase = text(experiment, "status", "phase")
    if phase not in analysis_run.PHASES:
        return Said(Phase.UNKNOWN, f"reports the phase {phase}, which is not known")
    said = Said(analysis_run.PHASES[phase], text(experiment, "status", "message") or phase or "has not started")
    if said.phase is Phase.SUCCEEDED:
        return _evidence(experiment, lookup) or said
    if said.phase is Phase.FAILED and _only_the_baseline_failed(experiment, baseline):
        return Said(Phase.ERROR, f"the baseline's pods failed, the candidate was not judged: {said.reason}")
    return said


def _evidence(experiment: Resource, lookup: Lookup) -> Said | None:
    """Why a success proves nothing; None when it does."""
    ran = [text(one, "phase") for one in _analyses(experiment)]
    if not items(experiment, "spec", "analyses") and not ran:
        return Said(Phase.COMPLETED, "its pods ran to the end, and nothing was analysed")
    if "Successful" not in ran:
        return Said(Phase.INCONCLUSIVE, "successful, though none of its analyses is")
    verdicts = [analysis_run.verdict(run) for run in _runs(experiment, lookup)]
    if verdicts and all(one.phase is not Phase.SUCCEEDED for one in verdicts):
        return Said(Phase.INCONCLUSIVE, f"its analyses: {verdicts[0].reason}")
    return None


def _only_the_baseline_failed(experiment: Resource, baseline: str) -> bool:
    failed = [text(one, "name") for one in items(experiment, "status", "templateStatuses") if _gone_wrong(one)]
    return failed == [baseline] and not any(_gone_wrong(one, "phase") for one in _analyses(experiment))


def _analyses(experiment: Resource) -> Sequence[Resource]:
    return items(experiment, "status", "analysisRuns")


def _gone_wrong(part: Resource, field: str = "status") -> bool:
    return text(part, field) in ("Failed", "Error")
