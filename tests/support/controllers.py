"""What each controller writes about a release that goes well, goes wrong, or is about something older."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

Object = dict[str, Any]


@dataclass(frozen=True)
class Told:
    """What is released, and how it went."""

    version: str
    commit: str
    """The commit of the environment repository that is live."""
    at: datetime
    """When the controller began."""
    good: bool = True

    @property
    def began(self) -> str:
        """As the API writes times."""
        return self.at.strftime("%Y-%m-%dT%H:%M:%SZ")

    @property
    def ended(self) -> str:
        """A minute later."""
        return (self.at + timedelta(minutes=1)).strftime("%Y-%m-%dT%H:%M:%SZ")


def _named(told: Told, name: str = "cart", **more: Any) -> Object:
    wrote = {"manager": "argocd", "time": told.began, "fieldsV1": {"f:spec": {"f:template": {}}}}
    whole = {"name": name, "namespace": "shop", "uid": f"uid-{name}-{told.began}", "generation": 2}
    return {**whole, "creationTimestamp": told.began, "managedFields": [wrote], **more}


def _pods(version: str) -> Object:
    return {"template": {"spec": {"containers": [{"name": "app", "image": f"ghcr.io/acme/cart:{version}"}]}}}


def _ready(good: bool, reason: str, **more: Any) -> list[Object]:
    return [{"type": "Ready", "status": str(good), "reason": reason, "message": reason, **more}]


def rollout(told: Told) -> list[Object]:
    """Argo Rollouts: promoted, or aborted."""
    ended: Object = {"phase": "Healthy", "stableRS": "new", "currentPodHash": "new"}
    if not told.good:
        ended = {"phase": "Degraded", "abort": True, "stableRS": "old", "currentPodHash": "new", "message": "aborted"}
    status = {"observedGeneration": "2", **ended}
    return [{"kind": "Rollout", "metadata": _named(told), "spec": _pods(told.version), "status": status}]


def analysis_run(told: Told) -> list[Object]:
    """Argo Rollouts: a run of its own."""
    phase = "Successful" if told.good else "Failed"
    measured = {"name": "errors", "phase": phase, "count": 1, "measurements": [{"phase": phase, "value": "[0.5]"}]}
    status = {"phase": phase, "startedAt": told.began, "metricResults": [measured]}
    named = _named(told, f"cart-{told.at:%H%M}", labels={"app": "cart"})
    return [{"kind": "AnalysisRun", "metadata": named, "spec": {}, "status": status}]


def argo_experiment(told: Told) -> list[Object]:
    """Argo Rollouts: two versions side by side."""
    sides = [{"name": name, **_pods(version)} for name, version in (("baseline", "1.0.0"), ("canary", told.version))]
    templates = [{"name": one["name"], "template": one["template"]} for one in sides]
    phase = "Successful" if told.good else "Failed"
    status = {"phase": phase, "availableAt": told.began, "analysisRuns": [{"name": "errors", "phase": phase}]}
    spec = {"templates": templates, "analyses": [{"name": "errors"}]}
    return [
        {
            "kind": "ArgoExperiment",
            "metadata": _named(told, f"cart-{told.at:%H%M}", labels={"app": "cart"}),
            "spec": spec,
            "status": status,
        }
    ]


def canary(told: Told) -> list[Object]:
    """Flagger: with its target and its primary."""
    target = _healthy(told, "cart", told.version)
    primary = _healthy(told, "cart-primary", told.version if told.good else "1.0.0")
    status = {"phase": "Succeeded" if told.good else "Failed", "lastTransitionTime": told.ended}
    status |= {"lastAppliedSpec": told.version, "lastPromotedSpec": told.version if told.good else "1.0.0"}
    spec = {"targetRef": {"kind": "Deployment", "name": "cart"}}
    return [{"kind": "Canary", "metadata": _named(told), "spec": spec, "status": status}, target, primary]


def _healthy(told: Told, name: str, version: str) -> Object:
    status = {"observedGeneration": 2, "replicas": 2, "updatedReplicas": 2, "availableReplicas": 2}
    spec = {"replicas": 2, **_pods(version)}
    return {"kind": "Deployment", "metadata": _named(told, name), "spec": spec, "status": status}


def deployment(told: Told) -> list[Object]:
    """Kubernetes' own."""
    found = _healthy(told, "cart", told.version)
    if not told.good:
        late = {"type": "Progressing", "status": "False", "reason": "ProgressDeadlineExceeded"}
        found["status"] |= {"conditions": [late], "availableReplicas": 0}
    return [found]


def iter8(told: Told) -> list[Object]:
    """Iter8 v2alpha2: the candidate wins, or the baseline does."""
    versions = [
        {"name": name, "variables": [{"name": "revision", "value": version}]}
        for name, version in (("stable", "1.0.0"), ("trial", told.version))
    ]
    status = {
        "stage": "Completed",
        "startTime": told.began,
        "conditions": [{"type": "Completed", "status": "True", "lastTransitionTime": told.ended}],
        "analysis": {"winnerAssessment": {"data": {"winnerFound": True, "winner": "trial" if told.good else "stable"}}},
    }
    spec = {"versionInfo": {"baseline": versions[0], "candidates": versions[1:]}}
    named = _named(told, f"cart-{told.at:%H%M}", labels={"app": "cart"})
    return [{"kind": "Experiment", "metadata": named, "spec": spec, "status": status}]


def iter8_secret(told: Told) -> list[Object]:
    """Iter8 0.8 to 0.13: the objectives of a group."""
    insights = {
        "numVersions": 2,
        "versionNames": [{"version": "1.0.0", "track": "stable"}, {"version": told.version, "track": "trial"}],
        "nonHistMetricValues": [{"errors": [0.0]}, {"errors": [0.5]}],
        "SLOs": {"upper": [{"metric": "errors", "limit": 1}]},
        "SLOsSatisfied": {"upper": [[True, told.good]]},
    }
    result = {"startTime": told.began, "numCompletedTasks": 1, "failure": False, "insights": insights}
    text = json.dumps({"spec": [{"task": "assess"}], "result": result})
    data = {"experiment.yaml": base64.b64encode(text.encode()).decode()}
    return [{"kind": "Secret", "metadata": _named(told), "data": data}]


def knative(told: Told) -> list[Object]:
    """Knative: the newest revision serves everything, or does not start."""
    conditions = _ready(told.good, "" if told.good else "RevisionFailed")
    conditions.append({"type": "ConfigurationsReady", "status": str(told.good)})
    shares = ({"revisionName": "cart-2", "percent": 100}, {"revisionName": "cart-1", "percent": 0})
    status = {
        "observedGeneration": 2,
        "latestCreatedRevisionName": "cart-2",
        "latestReadyRevisionName": "cart-2" if told.good else "cart-1",
        "conditions": conditions,
        "traffic": list(shares),
    }
    return [{"kind": "KnativeService", "metadata": _named(told), "spec": _pods(told.version), "status": status}]


def application(told: Told) -> list[Object]:
    """Argo CD: synced at a commit, healthy or not."""
    source = {"repoURL": "https://git.example/environments", "path": "staging"}
    status = {
        "sync": {"status": "Synced", "revision": told.commit, "comparedTo": {"source": source}},
        "health": {"status": "Healthy" if told.good else "Degraded"},
        "operationState": {"phase": "Succeeded", "finishedAt": told.began, "syncResult": {"revision": told.commit}},
        "reconciledAt": told.ended,
        "summary": {"images": [f"ghcr.io/acme/cart:{told.version}"]},
    }
    return [{"kind": "Application", "metadata": _named(told), "spec": {"source": source}, "status": status}]


def kustomization(told: Told) -> list[Object]:
    """Flux: applied, or tried and not healthy, which leaves what was applied before."""
    revision = f"main@sha1:{told.commit}"
    status = {
        "observedGeneration": 2,
        "lastAppliedRevision": revision if told.good else f"main@sha1:{'0' * 40}",
        "lastAttemptedRevision": revision,
        "conditions": _ready(told.good, "ReconciliationSucceeded" if told.good else "HealthCheckFailed"),
    }
    return [{"kind": "Kustomization", "metadata": _named(told), "spec": {}, "status": status}]


def helm_release(told: Told) -> list[Object]:
    """Flux: a chart's version."""
    status = {
        "observedGeneration": 2,
        "lastAttemptedRevision": told.version,
        "conditions": _ready(told.good, "UpgradeSucceeded" if told.good else "UpgradeFailed"),
    }
    return [{"kind": "HelmRelease", "metadata": _named(told), "spec": {}, "status": status}]


def pipeline_run(told: Told) -> list[Object]:
    """Tekton: green either way; the result says how it went."""
    return [_run(told, "PipelineRun", "pipeline", "True", "Succeeded")]


def task_run(told: Told) -> list[Object]:
    """Tekton: one task, which fails."""
    return [_run(told, "TaskRun", "task", str(told.good), "Succeeded" if told.good else "Failed")]


def _run(told: Told, kind: str, of: str, status: str, reason: str) -> Object:
    said = {
        "startTime": told.began,
        "completionTime": told.ended,
        "conditions": [{"type": "Succeeded", "status": status, "reason": reason}],
        "results": [{"name": "verdict", "value": "pass" if told.good else "fail"}],
    }
    spec = {"params": [{"name": "image", "value": f"ghcr.io/acme/cart:{told.version}"}]}
    named = _named(told, f"verify-{told.at:%H%M}", labels={f"tekton.dev/{of}": "verify"})
    return {"kind": kind, "metadata": named, "spec": spec, "status": said}


def keptn(told: Told) -> list[Object]:
    """Keptn: scored over a time frame."""
    results = [{"result": {"pass": told.good, "warning": False}, "value": 1.0}]
    status = {
        "state": "Completed",
        "pass": told.good,
        "timeframe": {"from": told.began, "to": told.ended},
        "raw": json.dumps({"objectiveResults": results, "totalScore": 1, "maximumScore": 1}),
    }
    named = _named(told, f"cart-{told.at:%H%M}", labels={"app": "cart"})
    return [{"kind": "Analysis", "metadata": named, "spec": {}, "status": status}]


def subscription(told: Told) -> list[Object]:
    """Open Cluster Management: subscribed at a commit."""
    live = {"apps.open-cluster-management.io/git-current-commit": told.commit}
    status = {"phase": "Subscribed" if told.good else "Failed", "lastUpdateTime": told.ended}
    return [{"kind": "Subscription", "metadata": _named(told, annotations=live), "spec": {}, "status": status}]


CONTROLLERS: Mapping[str, Callable[[Told], list[Object]]] = {
    "Rollout": rollout,
    "AnalysisRun": analysis_run,
    "ArgoExperiment": argo_experiment,
    "Canary": canary,
    "Deployment": deployment,
    "Experiment": iter8,
    "Secret": iter8_secret,
    "KnativeService": knative,
    "Application": application,
    "Kustomization": kustomization,
    "HelmRelease": helm_release,
    "PipelineRun": pipeline_run,
    "TaskRun": task_run,
    "Analysis": keptn,
    "Subscription": subscription,
}
"""By the name that policies use."""
