"""Whatever an API may answer: every row of every table gives a reading, and no exception."""

from __future__ import annotations

import copy
import json
import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from gitops_bot.analysis.dashboards import judged
from gitops_bot.experiments import DOCUMENTS, SYSTEMS, VIEWS, Lookup, Reader, named
from gitops_bot.experiments.act import act
from gitops_bot.experiments.keel import approvals_of
from gitops_bot.model import Act, ExperimentStatus, ObjectRef, Phase
from gitops_bot.policy.watched import Experiment, Objective, Reward

ROWS: dict[str, Reader] = {name: system.read for name, system in SYSTEMS.items()} | VIEWS | DOCUMENTS

Json = Any


@dataclass(frozen=True)
class Elsewhere:
    """What stands at another place."""

    place: int


Path_ = tuple[str | int, ...]


def samples() -> dict[str, list[Json]]:
    """The conformance samples by the name of what reads them."""
    folder = Path(__file__).parents[1] / "conformance" / "data" / "samples"
    found: dict[str, list[Json]] = {}
    for entry in json.loads((folder / "index.json").read_text())["samples"]:
        for one in yaml.safe_load_all((folder / entry["file"]).read_text()):
            group = str(one.get("apiVersion", "")).rpartition("/")[0]
            found.setdefault(named(group, str(one.get("kind", ""))) or entry["kind"], []).append(one)
    return found


SAMPLES = samples()
LIKE = {
    "DeploymentPair": "Deployment",
    "KeelDeployment": "Deployment",
    "KeelSettings": "Deployment",
    "grpcDashboard": "httpDashboard",
    "TaskRun": "PipelineRun",
}
"""Where a row has no samples of its own kind, it is tried on those of another."""
ALL = [one for several in SAMPLES.values() for one in several]

TIMES = st.just("2026-03-02T08:00:00Z")
SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8) | TIMES
JUNK = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner), max_leaves=6
)
KEYS = st.text(max_size=9) | st.sampled_from(["metadata", "spec", "status", "data"])
OBJECTS = st.dictionaries(KEYS, JUNK, max_size=4)
BENDS = st.lists(st.tuples(st.integers(0, 2**16), JUNK | st.integers(2**17, 2**18).map(Elsewhere)), max_size=4)


def bend(whole: Json, bends: list[tuple[int, Json]]) -> Json:
    """An object that is nearly right: a few of its places hold anything, or what stands at another."""
    whole = copy.deepcopy(whole)
    for place, value in bends:
        known = list(places(whole))
        if known:
            junk = get(whole, known[value.place % len(known)]) if isinstance(value, Elsewhere) else value
            put(whole, known[place % len(known)], junk)
    return whole


def bent(among: list[Json]) -> st.SearchStrategy[Json]:
    return st.builds(bend, st.sampled_from(among), BENDS)


def places(value: Json, path: Path_ = ()) -> Iterator[Path_]:
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, one in inner:
        yield (*path, key)
        yield from places(one, (*path, key))


def put(whole: Json, path: Path_, value: Json) -> None:
    get(whole, path[:-1])[path[-1]] = copy.deepcopy(value)


def get(whole: Json, path: Path_) -> Json:
    for key in path:
        whole = whole[key]
    return whole


ANY = bent(ALL)


def given_to(name: str) -> st.SearchStrategy[Json]:
    """What a row is tried on: mostly what it is for."""
    own = bent(SAMPLES.get(LIKE.get(name, name)) or ALL)
    return own | own | own | ANY | OBJECTS


GIVEN = {name: given_to(name) for name in ROWS}


@pytest.mark.parametrize("name", ROWS)
@settings(max_examples=25, deadline=None)
@given(data=st.data())
def test_any_object_gives_a_reading_and_never_an_exception(name: str, data: st.DataObject) -> None:
    resource, *others = data.draw(st.lists(GIVEN[name], min_size=1, max_size=3))
    container = data.draw(st.sampled_from((None, "cart", "other")))
    around = {("shop-prod", name): one for name, one in zip(("cart", "cart-primary"), others, strict=False)}
    status = ROWS[name](resource, Lookup(lambda _: around), container)
    assert isinstance(status, ExperimentStatus)
    assert status.reason
    assert isinstance(act(status), Act)
    assert status.weight is None or math.isfinite(status.weight)
    assert all(math.isfinite(value) for value in status.metrics.values())


@pytest.mark.parametrize("name", ROWS)
def test_an_empty_object_is_no_news(name: str) -> None:
    status = ROWS[name]({}, Lookup(lambda _: {}), None)
    assert status.phase in (Phase.UNKNOWN, Phase.PENDING, Phase.NONE)
    assert act(status) is Act.NOTHING


def test_every_kind_of_the_api_has_one_reader() -> None:
    others = {"KeelDeployment"}  # a Deployment, read for what Keel made of it
    assert {name for name, one in SYSTEMS.items() if named(one.kind.group, one.kind.name) != name} == others
    assert named("argoproj.io", "Experiment") != named("iter8.tools", "Experiment")
    assert all(kind in SYSTEMS for system in SYSTEMS.values() for kind in system.companions)
    assert named("example.org", "Experiment") == ""


OBJECTIVE = Experiment(
    kind="HttpDashboard", namespace="shop-prod", name="cart-http", objectives={"error-rate": Objective(max=0.01)}
)
REWARD = Experiment(
    kind="AbnDashboard", namespace="shop-prod", name="cart", reward=Reward(metric="basket-value", alpha=0.05)
)


@settings(max_examples=60, deadline=None)
@given(answer=GIVEN["httpDashboard"] | GIVEN["abnDashboard"])
def test_any_dashboard_is_judged_without_an_exception(answer: Json) -> None:
    for experiment, reader in ((OBJECTIVE, DOCUMENTS["httpDashboard"]), (REWARD, DOCUMENTS["abnDashboard"])):
        status = reader(answer, Lookup(lambda _: {}), None)
        for one in (status, replace(status, phase=Phase.COMPLETED)):
            assert judged(experiment, one).reason


@settings(max_examples=60, deadline=None)
@given(answer=st.lists(GIVEN["approval"] | JUNK, max_size=4) | JUNK)
def test_any_list_of_approvals_is_read_without_an_exception(answer: Json) -> None:
    cart = ObjectRef("Deployment", "shop-prod", "cart")
    found = approvals_of(answer, cart, datetime(2026, 3, 2, 12, tzinfo=UTC))
    assert all(one.ref == cart for one in found)
    assert not isinstance(answer, list) or len(found) <= len(answer)
