"""Tekton: `tekton.dev` PipelineRun and TaskRun, v1 and v1beta1. Green says that the tasks ran, a result how it went.

Only the reason `Failed` speaks of the candidate: what was cancelled, timed out or could not be started says nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from gitops_bot.experiments.fields import (
    Lookup,
    Resource,
    condition,
    document,
    instant,
    items,
    label,
    mapping,
    reference,
    text,
)
from gitops_bot.experiments.said import Said, explained, outdated
from gitops_bot.model import Act, ExperimentStatus, Phase, Version

_VERDICTS = ("verdict", "outcome", "conclusion", "passed", "success", "test_output")
"""Results that say how it went, whatever their case and whether `-` or `_` joins their words."""
_PERHAPS = ("result", "status")
"""Results that may hold anything: a verdict where they hold a known word."""

_WORDS: Mapping[str, Phase] = {
    **dict.fromkeys(
        ("pass", "passed", "success", "successful", "succeeded", "ok", "true", "yes", "green"), Phase.SUCCEEDED
    ),
    **dict.fromkeys(("promote", "approved", "healthy", "good"), Phase.SUCCEEDED),
    **dict.fromkeys(("fail", "failed", "failure", "false", "no", "red", "bad", "degraded"), Phase.FAILED),
    **dict.fromkeys(("rollback", "abort", "rejected", "unhealthy"), Phase.FAILED),
}
"""What a verdict's word means; any other, like warning, skipped or error, is inconclusive."""

_WAITING = ("PipelineRunPending", "Pending")
_DONE = ("Succeeded", "Completed")


def read_pipeline_run(run: Resource, _lookup: Lookup, _container: str | None) -> ExperimentStatus:
    """The reading of one PipelineRun; a failed one does not say whether a test or a task's tools failed."""
    return _read(run, "PipelineRun", Act.HOLD)


def read_task_run(run: Resource, _lookup: Lookup, _container: str | None) -> ExperimentStatus:
    """The reading of one TaskRun."""
    return _read(run, "TaskRun", None)


def newest(runs: Iterable[Resource], name: str, *bound_to: str) -> Resource | None:
    """The newest run of a pipeline or task that is bound to one of these: a version, an image, a commit; None of none.

    Where nothing is given to be bound to, it is the newest of all.

    Runs have names of their own (`generateName`), so a run is known by its pipeline's label, and to whom it speaks by a
    parameter or a result. A newer run that is still going hides an older one that ended.
    """
    found = [run for run in runs if _of(run) == name and (not bound_to or _bound(run, bound_to))]
    return max(found, key=_created, default=None)


def results(run: Resource) -> Mapping[str, object]:
    """What a run returned, by name, in either version of the API: text, lists or mappings as given."""
    status = mapping(run, "status")
    told = [one for field in ("results", "pipelineResults", "taskResults") for one in items(status, field)]
    return {text(one, "name"): one["value"] for one in told if text(one, "name") and one.get("value") is not None}


def _read(run: Resource, kind: str, when_failed: Act | None) -> ExperimentStatus:
    returned = results(run)
    said = _said(run, returned, when_failed)
    return ExperimentStatus(
        ref=reference(run, kind),
        phase=said.phase,
        reason=said.reason,
        candidate=_version(run),
        identity=text(run, "metadata", "uid"),
        began=instant(text(run, "status", "startTime")),
        ended=instant(text(run, "status", "completionTime")),
        results={} if said.phase is Phase.UNKNOWN else returned,
        advice=said.advice,
    )


def _said(run: Resource, returned: Mapping[str, object], when_failed: Act | None) -> Said:
    if outdated(mapping(run, "status"), run):
        return Said(Phase.UNKNOWN, "waiting for the spec update to be observed")
    end = condition(run, "Succeeded")
    match text(end, "status"):
        case "True" if text(end, "reason") not in _DONE or not text(run, "status", "completionTime"):
            return Said(Phase.UNKNOWN, "it says that it succeeded, and not that it ended: half a status")
        case "True":
            return _green(end, returned)
        case "False" if text(end, "reason") == "Failed":
            return Said(Phase.FAILED, explained(end, "failed"), when_failed)
        case "False":
            return Said(Phase.INCONCLUSIVE, explained(end, "ended without saying why"))
        case "Unknown" if text(end, "reason") not in _WAITING:
            return Said(Phase.RUNNING, explained(end, "running"))
    return Said(Phase.PENDING, explained(end, "it has not started"))


def _green(end: Resource, returned: Mapping[str, object]) -> Said:
    """What the tasks say beats that they ran: the worst verdict among the results decides."""
    verdicts = {name: _verdict(name, value) for name, value in returned.items()}
    for phase in (Phase.FAILED, Phase.INCONCLUSIVE):
        wrong = next((name for name, verdict in verdicts.items() if verdict is phase), None)
        if wrong is not None:
            return Said(phase, f"every task ran, but the result {wrong} is {_shown(returned[wrong])}")
    return Said(Phase.SUCCEEDED, explained(end, "succeeded"), Act.EVALUATE)


def _verdict(name: str, value: object) -> Phase | None:
    """What a result says, itself or within the object that it is, mapping or JSON; None when it is no verdict."""
    plain = name.lower().replace("-", "_")
    if plain not in (*_VERDICTS, *_PERHAPS):
        return None
    unsaid = Phase.INCONCLUSIVE if plain in _VERDICTS else None
    inner = document(value) if isinstance(value, str) and value.lstrip().startswith("{") else value
    if isinstance(inner, Mapping) and inner:
        within = {_verdict(key, one) for key, one in inner.items() if isinstance(key, str) and not _deep(one)}
        return next((phase for phase in (Phase.FAILED, Phase.INCONCLUSIVE, Phase.SUCCEEDED) if phase in within), unsaid)
    return _WORDS.get(str(value).strip().lower(), unsaid)


def _deep(value: object) -> bool:
    """Another level of an object: no result has one, and nobody looks for verdicts there."""
    return isinstance(value, Mapping) or (isinstance(value, str) and value.lstrip().startswith("{"))


def _shown(value: object) -> str:
    shown = value if isinstance(value, str) else str(value)
    return f"{shown[:60]}…" if len(shown) > 60 else shown or "empty"


def _of(run: Resource) -> str:
    """Which pipeline or task it runs: by Tekton's label, else by its reference or that of its resolver."""
    spec = mapping(run, "spec")
    known = [label(run, "tekton.dev/pipeline"), text(spec, "pipelineRef", "name"), label(run, "tekton.dev/task")]
    resolved = [*items(spec, "pipelineRef", "params"), *items(spec, "taskRef", "params")]
    known += [text(spec, "taskRef", "name"), *(text(one, "value") for one in resolved if one.get("name") == "name")]
    return next((name for name in known if name), "")


def _bound(run: Resource, names: tuple[str, ...]) -> bool:
    values = [*_values(one.get("value") for one in items(run, "spec", "params")), *_values(results(run).values())]
    return any(_names(value, name) for value in values for name in names if name)


def _values(given: Iterable[Any]) -> Iterable[str]:
    """The texts among values, lists and objects included."""
    for one in given:
        if isinstance(one, str):
            yield one.strip()
        elif isinstance(one, list):
            yield from (each.strip() for each in one if isinstance(each, str))
        elif isinstance(one, Mapping):
            yield from (each.strip() for each in one.values() if isinstance(each, str))


def _names(value: str, name: str) -> bool:
    """Whether a value is the name, an image of that tag or digest, or a short form of the same commit."""
    if value == name or _same_commit(value, name):
        return True
    meant, given = Version.of_image(_as_image(name)), Version.of_image(value)
    alike = meant is not None and given is not None and given.runs(meant)
    return alike and ("/" not in name or _repository(value) == _repository(name))


def _as_image(name: str) -> str:
    """A version as an image without a repository, so that one way of reading does for both."""
    if "/" in name:
        return name
    return f"@{name}" if name.startswith("sha256:") else f":{name}"


def _repository(image: str) -> str:
    folder, slash, last = image.partition("@")[0].rpartition("/")
    return f"{folder}{slash}{last.partition(':')[0]}"


def _same_commit(one: str, other: str) -> bool:
    short, long = sorted((one, other), key=len)
    return len(short) >= 7 and len(long) == 40 and _is_hex(long) and long.startswith(short)


def _is_hex(value: str) -> bool:
    return bool(value) and set(value) <= set("0123456789abcdef")


def _created(run: Resource) -> tuple[str, str]:
    made = instant(text(run, "metadata", "creationTimestamp"))
    return made.isoformat() if made else "", text(run, "metadata", "name")


def _version(run: Resource) -> Version | None:
    """The one image that its parameters name; None when they name none, or several."""
    given = {one for one in _values(each.get("value") for each in items(run, "spec", "params")) if "/" in one}
    found = {version for one in given if "://" not in one and (version := Version.of_image(one)) is not None}
    return found.pop() if len(found) == 1 else None
