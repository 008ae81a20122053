"""Deployments, and what all readers share: images and times."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from gitops_bot.experiments.deployment import read
from gitops_bot.experiments.fields import image, instant, template_written
from gitops_bot.model import Phase, Version
from tests.experiments.objects import HOUR, among, deployment, template, written

DIGEST = "sha256:" + "a" * 64


@pytest.mark.parametrize(
    ("spec", "status", "phase"),
    [
        ({}, {}, Phase.SUCCEEDED),
        ({}, {"observedGeneration": 3}, Phase.UNKNOWN),
        ({}, {"observedGeneration": None}, Phase.UNKNOWN),
        ({}, {"observedGeneration": 5}, Phase.SUCCEEDED),
        ({}, {"updatedReplicas": 2}, Phase.RUNNING),
        ({}, {"availableReplicas": 2}, Phase.RUNNING),
        ({}, {"replicas": 4}, Phase.RUNNING),
        ({}, {"availableReplicas": None}, Phase.RUNNING),
        ({"replicas": 0}, {}, Phase.IDLE),
        ({"replicas": None}, {"replicas": 1, "updatedReplicas": 1, "availableReplicas": 1}, Phase.SUCCEEDED),
        ({"replicas": 0}, {"conditions": [{"type": "Progressing", "reason": "ProgressDeadlineExceeded"}]}, Phase.IDLE),
        ({"paused": True}, {}, Phase.PAUSED),
        ({}, {"conditions": [{"type": "Progressing", "reason": "ProgressDeadlineExceeded"}]}, Phase.FAILED),
    ],
)
def test_healthy_is_observed_updated_and_available(spec: dict[str, Any], status: dict[str, Any], phase: Phase) -> None:
    told = deployment(**status)
    told["spec"] |= spec
    assert read(told, among(), None).phase is phase


@pytest.mark.parametrize(
    ("written_image", "version"),
    [
        ("cart:v2", Version("v2")),
        ("registry:5000/shop/cart:1.2.3", Version("1.2.3")),
        ("registry:5000/shop/cart", None),
        ("cart", None),
        (f"ghcr.io/shop/cart@{DIGEST}", Version(digest=DIGEST)),
        (f"registry:5000/cart:v2@{DIGEST}", Version("v2", DIGEST)),
        ("", None),
        ("cart:", None),
    ],
)
def test_the_version_is_what_the_image_names_after_its_registry(written_image: str, version: Version | None) -> None:
    assert image({"spec": template(written_image)}, None) == version


@pytest.mark.parametrize(
    ("container", "version"), [(None, None), ("app", Version("v2")), ("sidecar0", Version("1.22")), ("other", None)]
)
def test_of_several_containers_only_the_named_one_is_meant(container: str | None, version: Version | None) -> None:
    assert image({"spec": template("cart:v2", "proxy:1.22")}, container) == version


@pytest.mark.parametrize(
    ("stamp", "moment"),
    [
        ("2026-03-02T10:00:00Z", datetime(2026, 3, 2, 10, tzinfo=UTC)),
        ("2026-03-02T11:00:00+01:00", datetime(2026, 3, 2, 10, tzinfo=UTC)),
        ("2026-03-02T10:00:00", None),
        ("yesterday", None),
        ("", None),
        ("0001-01-01T00:00:00+23:59", None),
        ("9999-12-31T23:59:59-23:59", None),
    ],
)
def test_a_time_is_one_with_its_zone(stamp: str, moment: datetime | None) -> None:
    assert instant(stamp) == moment


def test_the_template_was_written_when_its_newest_owner_wrote_it() -> None:
    fields = [
        *written((8, "template"), (9, "template"), (12, "replicas")),
        *written((13, "template"), subresource="status"),
        {"time": "nonsense", "fieldsV1": {"f:spec": {"f:template": {}}}},
        {"time": HOUR.format(14)},
    ]
    assert template_written({"metadata": {"managedFields": fields}}) == datetime(2026, 3, 2, 9, tzinfo=UTC)
    assert template_written({"metadata": {}}) is None
