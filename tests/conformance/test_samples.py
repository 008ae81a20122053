"""Every sample object gives the reading that the index states, field by field, and what should follow from it."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from gitops_bot.experiments import DOCUMENTS, SYSTEMS, VIEWS, Lookup, Reader, Resource, named
from gitops_bot.experiments.act import act
from gitops_bot.model import Act, ExperimentStatus, Phase

Json = dict[str, Any]

VIEWED = {("deployment", "Deployment"): "DeploymentPair", ("keel", "Deployment"): "KeelSettings"}
"""The samples of these systems are read by a view, where the file holds more than one object or nothing else fits."""

STATED: dict[str, Callable[[ExperimentStatus], object]] = {
    "verdict": lambda status: "stale" if status.phase is Phase.UNKNOWN else status.phase.value,
    "weight": lambda status: status.weight,
    "step": lambda status: status.step,
    "baseline": lambda status: status.baseline_name,
    "candidate": lambda status: status.candidate_name,
    "candidates": lambda status: list(status.candidates),
    "baseline_revision": lambda status: str(status.baseline),
    "candidate_revision": lambda status: str(status.candidate),
    "winner": lambda status: status.winner or None,
    "failed_checks": lambda status: status.failed_checks,
    "metrics": lambda status: dict(status.metrics),
    "results": lambda status: dict(status.results),
    "warnings": lambda status: list(status.warnings),
    "revision": lambda status: status.revision,
    "clusters": lambda status: list(status.clusters),
    "rings": lambda status: list(status.rings),
    "approvals_required": lambda status: status.approvals_required,
}
"""What the index may state of a reading."""

GIVEN = {"file", "system", "kind", "spec_tasks"}
"""What the index says of the sample itself."""

FIRST_WORDS = {
    "nothing": Act.NOTHING,
    "wait": Act.NOTHING,
    "respect": Act.NOTHING,
    "evaluate": Act.EVALUATE,
    "use": Act.EVALUATE,
    "open": Act.ASK,
    "page": Act.ASK,
    "advance": Act.PROCEED,
    "promote": Act.PROCEED,
    "proceed": Act.PROCEED,
    "write": Act.PROCEED,
    "hold": Act.HOLD,
    "do": Act.HOLD,
    "rollback": Act.ROLLBACK,
    "revert": Act.REVERT,
    "set": Act.REVERT,
}
"""The act by the first word of its description; of an object without a verdict it is an edit, and not compared."""


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Give `entry` every entry of DIR/samples/index.json; a test of acts, those whose act can be compared."""
    if "entry" not in metafunc.fixturenames:
        return
    index = metafunc.config.getoption("--conformance-data") / "samples" / "index.json"
    if not index.exists():
        metafunc.parametrize("entry", [pytest.param(None, marks=pytest.mark.skip(f"{index} is not there"))])
        return
    entries = json.loads(index.read_text(encoding="utf-8"))["samples"]
    if metafunc.definition.get_closest_marker("acts"):
        entries = [entry for entry in entries if said(entry) and entry["verdict"] != "none"]
    metafunc.parametrize("entry", [pytest.param(entry, id=entry["file"]) for entry in entries])


def said(entry: Json) -> Act | None:
    """The act that the index describes, where its first word tells."""
    return FIRST_WORDS.get(entry.get("act", "").partition(" ")[0].rstrip(":;,"))


@pytest.fixture
def reading(entry: Json, pytestconfig: pytest.Config) -> ExperimentStatus:
    folder: Path = pytestconfig.getoption("--conformance-data") / "samples"
    documents = [one for one in yaml.safe_load_all((folder / entry["file"]).read_text(encoding="utf-8")) if one]
    return reader(entry, documents)(documents[0], around(entry, documents), None)


def reader(entry: Json, documents: list[Resource]) -> Reader:
    """The row that reads the sample: by its place in the API, not by the name that the index gives it."""
    name = name_of(documents[0])
    view = VIEWED.get((entry["system"], entry["kind"]), "")
    alike = [one for one in documents if name_of(one) == name]
    if view and (len(alike) > 1 or entry["system"] == "keel"):
        return VIEWS[view]
    return SYSTEMS[name].read if name else DOCUMENTS[entry["kind"]]


def name_of(document: Resource) -> str:
    group, slash, _ = str(document.get("apiVersion", "")).rpartition("/")
    return named(group if slash else "", str(document.get("kind", "")))


def around(entry: Json, documents: list[Resource]) -> Lookup:
    """The other objects of the file, and the Secret whose number of tasks the index states."""
    objects: dict[str, dict[tuple[str, str], Resource]] = {}
    for one in [*documents, *secret(entry, documents[0])]:
        metadata = one.get("metadata") or {}
        objects.setdefault(name_of(one), {})[metadata.get("namespace", ""), metadata.get("name", "")] = one
    return Lookup(lambda kind: objects.get(kind, {}))


def secret(entry: Json, dashboard: Resource) -> list[Json]:
    if "spec_tasks" not in entry:
        return []
    told = dashboard["ExperimentResult"]
    tasks = yaml.safe_dump({"spec": [{"task": f"http-{number}"} for number in range(entry["spec_tasks"])]})
    metadata = {"namespace": told["Namespace"], "name": told["Name"]}
    return [{"apiVersion": "v1", "kind": "Secret", "metadata": metadata, "stringData": {"experiment.yaml": tasks}}]


def test_a_sample_gives_the_reading_of_the_index(entry: Json, reading: ExperimentStatus) -> None:
    stated = {key: value for key, value in entry.items() if key not in {*GIVEN, "act"}}
    told = {key: STATED[key](reading) for key in stated}
    if "results" in stated:  # the index names those that matter, of all that a pipeline returned
        told["results"] = {name: reading.results.get(name) for name in stated["results"]}
    assert told == stated
    assert reading.reason


@pytest.mark.acts
def test_what_follows_from_a_sample_is_what_the_index_says(entry: Json, reading: ExperimentStatus) -> None:
    assert act(reading) is said(entry)
