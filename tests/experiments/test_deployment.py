"""Deployments and what all readers share: images, times, and objects that are not what they should be."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitops_bot.experiments import SYSTEMS
from gitops_bot.experiments.deployment import read
from gitops_bot.experiments.fields import image, instant, template_written
from gitops_bot.model import ExperimentStatus, Phase, Version
from tests.experiments.objects import HOUR, among, canary, deployment, rollout, template, written

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


# ---------------------------------------------------------------- whatever comes

SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8)
JSON = st.recursive(SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner))
WHOLE = {"Rollout": rollout(phase="Paused"), "Canary": canary("Succeeded"), "Deployment": deployment()}


@st.composite
def bent(draw: st.DrawFn, whole: dict[str, Any]) -> dict[str, Any]:
    """An object that is nearly right: some of its places hold anything."""

    def bend(value: Any) -> Any:
        if draw(st.integers(0, 6)) == 0:
            return draw(JSON)
        if isinstance(value, dict):
            return {key: bend(one) for key, one in value.items()}
        return [bend(one) for one in value] if isinstance(value, list) else value

    return {key: bend(one) for key, one in whole.items()}


@pytest.mark.parametrize("kind", SYSTEMS)
@given(data=st.data())
def test_any_object_gives_a_reading_and_never_an_exception(kind: str, data: st.DataObject) -> None:
    resource = data.draw(st.dictionaries(st.text(max_size=9), JSON) | bent(WHOLE[kind]))
    other = data.draw(st.none() | st.dictionaries(st.text(max_size=9), JSON) | bent(deployment()))
    container = data.draw(st.none() | st.text(max_size=5))
    assert isinstance(SYSTEMS[kind].read(resource, lambda _: other, container), ExperimentStatus)
