"""Flux: what Ready means by its reason, which commit was applied, and when nobody looks."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from gitops_bot.experiments.act import act
from gitops_bot.experiments.bound import bound
from gitops_bot.experiments.flux import commit, read_helm_release, read_kustomization
from gitops_bot.model import Act, ExperimentStatus, Phase, Version
from tests.experiments.samples import Json, alone, having, lacking, stating

OURS = "a1b2c3d4e5f60718293a4b5c6d7e8f9012345678"
OLDER = "0f1e2d3c4b5a69788796a5b4c3d2e1f001234567"
SINCE = "2026-03-02T08:05:00Z"


def kustomization(reason: str = "ReconciliationSucceeded", status: str = "True") -> Json:
    ready = {"observedGeneration": 3, "lastTransitionTime": SINCE, "reason": reason, "status": status}
    revision = f"main@sha1:{OURS}"
    return stating(
        {
            "metadata": {"namespace": "shop", "name": "cart", "generation": 3},
            "spec": {"path": "./apps/cart", "interval": "10m"},
            "status": {
                "observedGeneration": 3,
                "lastAppliedRevision": revision,
                "lastAttemptedRevision": revision,
            },
        },
        "Ready",
        message=f"Applied revision: {revision}",
        **ready,
    )


def release(reason: str = "UpgradeSucceeded", status: str = "True") -> Json:
    history = [
        {"chartVersion": "1.9.0", "appVersion": "1.9.0", "status": "deployed", "version": 4},
        {"chartVersion": "1.8.3", "appVersion": "1.8.3", "status": "superseded", "version": 3},
    ]
    return stating(
        {
            "metadata": {"namespace": "shop", "name": "cart", "generation": 5},
            "spec": {"interval": "10m"},
            "status": {
                "observedGeneration": 5,
                "lastAttemptedRevision": "1.9.0",
                "lastAttemptedConfigDigest": "sha256:" + "c" * 64,
                "history": history,
            },
        },
        "Ready",
        reason=reason,
        status=status,
    )


def read(resource: Json) -> ExperimentStatus:
    reader = read_helm_release if "history" in resource.get("status", {}) else read_kustomization
    return reader(resource, alone(), None)


@pytest.mark.parametrize(
    ("reason", "status", "phase", "follows"),
    [
        ("ReconciliationSucceeded", "True", Phase.SUCCEEDED, Act.PROCEED),
        ("Progressing", "Unknown", Phase.RUNNING, Act.NOTHING),
        ("HealthCheckFailed", "False", Phase.FAILED, Act.ROLLBACK),
        ("ReconciliationFailed", "False", Phase.FAILED, Act.ROLLBACK),
        ("BuildFailed", "False", Phase.ERROR, Act.REVERT),
        ("InvalidPath", "False", Phase.ERROR, Act.REVERT),
        ("DependencyNotReady", "False", Phase.PENDING, Act.NOTHING),
        ("ArtifactFailed", "False", Phase.PENDING, Act.NOTHING),
        ("PruneFailed", "False", Phase.ERROR, Act.HOLD),
        ("", "", Phase.PENDING, Act.NOTHING),
    ],
)
def test_a_kustomization_is_ready_or_says_why_not(reason: str, status: str, phase: Phase, follows: Act) -> None:
    said = read(kustomization(reason, status))
    assert (said.phase, act(said)) == (phase, follows)


@pytest.mark.parametrize(
    ("reason", "status", "phase", "follows"),
    [
        ("UpgradeSucceeded", "True", Phase.SUCCEEDED, Act.PROCEED),
        ("Progressing", "Unknown", Phase.RUNNING, Act.NOTHING),
        ("UpgradeFailed", "False", Phase.FAILED, Act.ROLLBACK),
        ("InstallFailed", "False", Phase.FAILED, Act.ROLLBACK),
        ("TestFailed", "False", Phase.FAILED, Act.ROLLBACK),
        ("RetriesExceeded", "False", Phase.FAILED, Act.ROLLBACK),
        ("RollbackFailed", "False", Phase.FAILED, Act.ASK),
        ("SourceNotReady", "False", Phase.PENDING, Act.NOTHING),
        ("ValuesError", "False", Phase.ERROR, Act.REVERT),
        ("Undreamt", "False", Phase.ERROR, Act.HOLD),
    ],
)
def test_a_helm_release_is_ready_or_says_why_not(reason: str, status: str, phase: Phase, follows: Act) -> None:
    said = read(release(reason, status))
    assert (said.phase, act(said)) == (phase, follows)


def test_a_stalled_one_is_not_tried_again_before_git_changes() -> None:
    stalled = stating(kustomization("Undreamt", "False"), "Stalled", status="True", reason="AlsoUndreamt")
    assert act(read(stalled)) is Act.REVERT
    exceeded = stating(release("Undreamt", "False"), "Stalled", status="True", reason="RetriesExceeded")
    assert read(exceeded).phase is Phase.FAILED


@pytest.mark.parametrize("made", [kustomization, release])
@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("spec.suspend", True),
        ("status.observedGeneration", 2),
        ("status.observedGeneration", -1),
        ("status.observedGeneration", None),
        ("status.conditions.0.observedGeneration", 2),
        ("metadata.annotations", {"reconcile.fluxcd.io/requestedAt": "2026-03-02T09:00:00Z"}),
    ],
)
def test_a_status_that_nobody_renews_is_stale(made: Callable[[], Json], path: str, value: object) -> None:
    resource = made()
    assert read(resource).phase is Phase.SUCCEEDED
    assert read(having(resource, path, value)).phase is Phase.UNKNOWN


def test_a_reconciliation_that_was_handled_is_no_reason_to_wait() -> None:
    asked = having(kustomization(), "metadata.annotations", {"reconcile.fluxcd.io/requestedAt": "t1"})
    assert read(having(asked, "status.lastHandledReconcileAt", "t1")).phase is Phase.SUCCEEDED


def test_ready_speaks_of_what_was_applied_not_of_what_is_tried() -> None:
    trying = having(kustomization(), "status.lastAttemptedRevision", f"main@sha1:{OLDER}")
    assert read(trying).phase is Phase.UNKNOWN
    failed = having(kustomization("HealthCheckFailed", "False"), "status.lastAppliedRevision", f"main@sha1:{OLDER}")
    assert (read(failed).phase, read(failed).revision) == (Phase.FAILED, OURS)  # it was tried, and never counted
    assert read(lacking(failed, "status.lastAttemptedRevision")).revision == OLDER


def test_a_release_that_flux_rolled_back_failed() -> None:
    back = stating(release("Undreamt", "False"), "Remediated", status="True", message="Helm rollback succeeded")
    assert (read(back).phase, read(back).reason) == (Phase.FAILED, "Helm rollback succeeded")
    assert read(stating(release(), "Remediated", status="True")).phase is Phase.SUCCEEDED


def test_a_release_has_the_charts_versions() -> None:
    assert read(release()).baseline == read(release()).candidate == Version("1.9.0")
    failed = having(release("UpgradeFailed", "False"), "status.history.0.status", "failed")
    assert (read(failed).baseline, read(failed).candidate) == (Version("1.8.3"), Version("1.9.0"))
    first = lacking(having(release("InstallFailed", "False"), "status.history", []), "status.lastAttemptedRevision")
    assert (read(first).baseline, read(first).candidate) == (None, None)


@pytest.mark.parametrize(
    ("revision", "found"),
    [
        (f"main@sha1:{OURS}", OURS),
        (f"release/1.9@sha1:{OURS}", OURS),
        (f"refs/pull/7/head@sha1:{OURS}", OURS),
        (f"main/{OURS}", OURS),
        (OURS, OURS),
        ("latest@sha256:" + "d" * 64, ""),
        ("1.9.0", ""),
        (f"main@sha1:{OURS}\n", ""),
        ("", ""),
    ],
)
def test_the_commit_in_a_revision(revision: str, found: str) -> None:
    assert commit(revision) == found


def test_an_artefacts_commit_is_where_it_was_built_from() -> None:
    built = having(kustomization(), "status.lastAppliedRevision", "latest@sha256:" + "d" * 64)
    built["status"]["lastAttemptedRevision"] = built["status"]["lastAppliedRevision"]
    assert read(built).revision == ""
    assert read(having(built, "status.lastAppliedOriginRevision", f"main@sha1:{OURS}")).revision == OURS


@pytest.mark.parametrize(("ancestors", "phase"), [({OURS}, Phase.SUCCEEDED), ({OLDER}, Phase.UNKNOWN)])
def test_a_reading_is_of_our_commit_once_that_was_applied(ancestors: set[str], phase: Phase) -> None:
    merged = datetime(2026, 3, 2, 8, tzinfo=UTC)
    assert bound(read(kustomization()), contains=ancestors.__contains__, since=merged).phase is phase
