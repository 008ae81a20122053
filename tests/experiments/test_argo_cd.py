"""Argo CD: which commit a status is of, and what an Application says of it."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from gitops_bot.experiments.act import act
from gitops_bot.experiments.argo_cd import read, sources
from gitops_bot.experiments.bound import bound
from gitops_bot.model import Act, Phase, Version
from tests.experiments.samples import Json, alone, having, lacking, sample

OURS = "a1b2c3d4e5f60718293a4b5c6d7e8f9012345678"
OLDER = "0f1e2d3c4b5a69788796a5b4c3d2e1f001234567"
DRY = "1111111111111111111111111111111111111111"
MERGED = datetime(2026, 3, 2, 8, 4, tzinfo=UTC)


def healthy(**at: object) -> Json:
    application = sample("argo-cd/degraded.yaml")
    having(application, "status.health.status", "Healthy")
    for path, value in at.items():
        having(application, path.replace("__", "."), value)
    return application


def phase(application: Json) -> Phase:
    return read(application, alone(), None).phase


@pytest.mark.parametrize(
    ("health", "said"),
    [
        ("Healthy", Phase.SUCCEEDED),
        ("Progressing", Phase.RUNNING),
        ("Suspended", Phase.PAUSED),
        ("Degraded", Phase.FAILED),
        ("Missing", Phase.ERROR),
        ("Unknown", Phase.INCONCLUSIVE),
        ("Undreamt", Phase.UNKNOWN),
        ("", Phase.PENDING),
    ],
)
def test_a_synced_application_says_its_health(health: str, said: Phase) -> None:
    assert phase(healthy(status__health__status=health)) is said


@pytest.mark.parametrize(
    ("health", "said"),
    [
        ("Healthy", Phase.UNKNOWN),
        ("Progressing", Phase.UNKNOWN),
        ("Degraded", Phase.UNKNOWN),
        ("Missing", Phase.ERROR),
    ],
)
def test_what_is_out_of_sync_speaks_of_no_commit(health: str, said: Phase) -> None:
    assert phase(healthy(status__sync__status="OutOfSync", status__health__status=health)) is said


def test_drift_after_a_sync_is_told_from_a_commit_that_was_not_applied_yet() -> None:
    drifted = read(healthy(status__sync__status="OutOfSync"), alone(), None)
    assert ("disagree" in drifted.reason, act(drifted)) == (True, Act.HOLD)
    waits = healthy(status__sync__status="OutOfSync", status__operationState__syncResult__revision=OLDER)
    assert (phase(waits), act(read(waits, alone(), None))) == (Phase.UNKNOWN, Act.NOTHING)


@pytest.mark.parametrize(
    ("change", "value"),
    [
        ("status.reconciledAt", "2026-03-02T08:05:09Z"),
        ("spec.source.targetRevision", "release"),
        ("spec.source.path", "apps/cart/overlays/staging"),
        ("metadata.annotations", {"argocd.argoproj.io/refresh": "normal"}),
    ],
)
def test_a_comparison_that_is_older_than_the_last_sync_or_change_is_stale(change: str, value: object) -> None:
    assert phase(healthy()) is Phase.SUCCEEDED
    assert phase(having(healthy(), change, value)) is Phase.UNKNOWN


def test_a_trailing_slash_is_no_other_source() -> None:
    assert phase(healthy(spec__source__path="apps/cart/overlays/prod/")) is Phase.SUCCEEDED


@pytest.mark.parametrize(
    ("operation", "tried", "said"),
    [
        ("Running", OURS, Phase.RUNNING),
        ("Terminating", OURS, Phase.RUNNING),
        ("Failed", OURS, Phase.FAILED),
        ("Error", OURS, Phase.FAILED),
        ("Failed", OLDER, Phase.UNKNOWN),
        ("Succeeded", OLDER, Phase.SUCCEEDED),
    ],
)
def test_a_sync_speaks_of_the_commit_that_it_tried(operation: str, tried: str, said: Phase) -> None:
    application = healthy(status__operationState__phase=operation, status__operationState__syncResult__revision=tried)
    assert phase(application) is said


def test_a_sync_that_was_asked_for_is_under_way() -> None:
    assert phase(healthy(operation__sync__revision=OURS)) is Phase.RUNNING


@pytest.mark.parametrize(
    ("condition", "follows"),
    [("ComparisonError", Act.REVERT), ("InvalidSpecError", Act.REVERT)],
)
def test_what_cannot_be_rendered_is_an_error_of_what_was_merged(condition: str, follows: Act) -> None:
    broken = having(healthy(), "status.conditions", [{"type": condition, "message": "kustomize build failed"}])
    status = read(broken, alone(), None)
    assert (status.phase, act(status), status.reason) == (Phase.ERROR, follows, "kustomize build failed")


def test_warnings_do_not_decide() -> None:
    warned = having(healthy(), "status.conditions", [{"type": "OrphanedResourceWarning", "message": "2 orphans"}])
    status = read(warned, alone(), None)
    assert (status.phase, status.warnings) == (Phase.SUCCEEDED, ("2 orphans",))


def test_a_comparison_that_failed_without_saying_why_is_held() -> None:
    status = read(healthy(status__sync__status="Unknown"), alone(), None)
    assert (status.phase, act(status)) == (Phase.ERROR, Act.HOLD)
    assert phase(lacking(healthy(), "status.sync")) is Phase.PENDING


def test_each_source_has_its_own_commit_and_a_values_repository_is_not_the_release() -> None:
    several = sample("argo-cd/multi-source.yaml")
    assert [(one.repository, one.revision, one.from_git) for one in sources(several)] == [
        ("https://git.example/env.git", OURS, True),
        ("https://git.example/values.git", OLDER, False),
    ]
    several["spec"]["sources"].reverse()
    several["status"]["sync"]["comparedTo"]["sources"].reverse()
    several["status"]["sync"]["revisions"].reverse()
    assert read(several, alone(), None).revision == OURS
    several["status"]["sync"]["revisions"].pop()
    assert read(several, alone(), None).revision == ""


def test_the_commit_that_was_applied_is_the_one_of_the_same_source() -> None:
    several = sample("argo-cd/multi-source.yaml")
    having(several, "status.operationState.syncResult.revisions", [DRY, OLDER])
    assert read(several, alone(), None).applied_revision == DRY
    having(several, "status.operationState.phase", "Failed")
    assert read(several, alone(), None).applied_revision == ""


@pytest.mark.parametrize(("hydrated", "revision"), [(OURS, DRY), (OLDER, "")])
def test_the_commit_of_a_hydrated_application_is_the_one_that_people_made(hydrated: str, revision: str) -> None:
    application = lacking(healthy(), "spec.source")
    having(application, "spec.sourceHydrator.drySource", {"repoURL": "https://git.example/env.git", "path": "apps"})
    told = {"drySHA": DRY, "hydratedSHA": hydrated}
    having(application, "status.sourceHydrator.lastSuccessfulOperation", told)
    assert read(application, alone(), None).revision == revision


@pytest.mark.parametrize(
    ("images", "version"),
    [
        (["registry.example/cart:1.9.0"], Version("1.9.0")),
        (["cart:1.9.0", "cart:1.8.3"], None),
        ([], None),
        ("x", None),
    ],
)
def test_the_version_is_known_while_there_is_one_image(images: object, version: Version | None) -> None:
    assert read(healthy(status__summary__images=images), alone(), None).candidate == version


@pytest.mark.parametrize(
    ("compared", "applied", "reconciled", "said"),
    [
        (OURS, OURS, "2026-03-02T08:06:00Z", Phase.SUCCEEDED),
        (OLDER, OLDER, "2026-03-02T08:06:00Z", Phase.UNKNOWN),
        (OURS, OLDER, "2026-03-02T08:06:00Z", Phase.UNKNOWN),
        (OURS, OURS, "2026-03-02T08:03:59Z", Phase.UNKNOWN),
        ("", OURS, "2026-03-02T08:06:00Z", Phase.UNKNOWN),
    ],
)
def test_a_reading_is_of_our_commit_once_that_was_compared_and_applied_after_the_merge(
    compared: str, applied: str, reconciled: str, said: Phase
) -> None:
    application = healthy(
        status__sync__revision=compared,
        status__operationState__syncResult__revision=applied,
        status__operationState__finishedAt="2026-03-02T08:03:00Z",
        status__reconciledAt=reconciled,
    )
    status = bound(read(application, alone(), None), contains=OURS.__eq__, since=MERGED)
    assert status.phase is said


def test_a_later_commit_that_contains_ours_is_as_good() -> None:
    later = healthy(status__sync__revision=DRY)
    status = bound(read(later, alone(), None), contains={OURS, DRY}.__contains__, since=MERGED)
    assert status.phase is Phase.SUCCEEDED
