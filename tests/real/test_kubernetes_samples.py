"""Every sample object, created in a real API server, gives the same reading by list and by watch as from its file."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest
import yaml

from gitops_bot.adapters.kubernetes import KubernetesCluster, WatchedCluster
from gitops_bot.experiments import SYSTEMS, Lookup, Objects, Resource
from gitops_bot.model import ExperimentStatus, Kind
from tests.conformance.test_samples import name_of, reader
from tests.support.servers.kubernetes import ApiServer

Json = dict[str, Any]

SAMPLES = Path(__file__).parents[1] / "conformance" / "data" / "samples"
BY_NAME_ALONE = ("Secret",)
BUILT_IN = ("", "apps", "networking.k8s.io")
GIVEN_BY_THE_SERVER = {"began": None, "applied": None, "identity": ""}
"""Creation, the last write of a template and uids are the server's own."""


@dataclass(frozen=True)
class Sample:
    """A file of objects that the API can hold."""

    entry: Json
    namespace: str
    documents: Sequence[Json]

    def reading(self, documents: Sequence[Resource]) -> ExperimentStatus:
        """What the first document's reader says, with the others around it."""
        around: dict[str, dict[tuple[str, str], Resource]] = {}
        for one in documents:
            metadata = one["metadata"]
            around.setdefault(name_of(one), {})[metadata["namespace"], metadata["name"]] = one
        read = reader(self.entry, list(self.documents))
        status = read(documents[0], Lookup(lambda kind: around.get(kind, {})), None)
        return replace(status, **GIVEN_BY_THE_SERVER)  # type: ignore[arg-type]


def samples() -> Iterator[Sample]:
    """Each in a namespace of its own: many samples are of one name."""
    entries = json.loads((SAMPLES / "index.json").read_text(encoding="utf-8"))["samples"]
    for number, entry in enumerate(entries):
        documents = [one for one in yaml.safe_load_all((SAMPLES / entry["file"]).read_text(encoding="utf-8")) if one]
        known = [moved(one, f"sample-{number:03}") for one in documents if name_of(one)]
        if known and name_of(documents[0]):
            yield Sample(entry, f"sample-{number:03}", known)


def moved(document: Json, namespace: str) -> Json:
    """The same in another namespace and of generation 1, which is what the server gives; as far behind as before."""
    metadata = document["metadata"]
    earlier = metadata.get("generation", 1) - 1
    return {**lowered(document, earlier), "metadata": {**metadata, "namespace": namespace, "generation": 1}}


def lowered(value: Any, by: int) -> Any:
    """The same with every observedGeneration smaller."""
    if isinstance(value, list):
        return [lowered(one, by) for one in value]
    if not isinstance(value, dict):
        return value
    return {
        key: type(one)(int(one) - by) if key == "observedGeneration" else lowered(one, by) for key, one in value.items()
    }


ALL = tuple(samples())


@dataclass
class World:
    """What the two ways of reading have given, by system, namespace and name."""

    listed: dict[str, Objects] = field(default_factory=dict)
    watched: dict[str, Objects] = field(default_factory=dict)
    notices: list[str] = field(default_factory=list)


@pytest.fixture(scope="module")
def world(api_server: ApiServer, tmp_path_factory: pytest.TempPathFactory) -> World:
    """All samples at once: the watch begins before the first of them is there."""
    install(api_server)
    file = str(api_server.write_kubeconfig(tmp_path_factory.mktemp("samples") / "kubeconfig"))
    plain, seen = KubernetesCluster(kubeconfig=file), World()
    names = {name_of(one) for sample in ALL for one in sample.documents}
    kinds = {name: SYSTEMS[name].kind for name in names if name not in BY_NAME_ALONE}
    watched = WatchedCluster(KubernetesCluster(kubeconfig=file), notice=seen.notices.append, fresh_s=0)
    for kind in kinds.values():
        watched.list(kind)
    for sample in ALL:
        api_server.request("POST", "/api/v1/namespaces", {"metadata": {"name": sample.namespace}})
        for document in sample.documents:
            create(api_server, SYSTEMS[name_of(document)].kind, document)
    seen.watched = {name: by_name(watched.list(kind)) for name, kind in kinds.items()}
    seen.listed = {name: by_name(plain.list(kind)) for name, kind in kinds.items()}
    secrets = [one for sample in ALL for one in sample.documents if name_of(one) in BY_NAME_ALONE]
    for cluster, found in ((plain, seen.listed), (watched, seen.watched)):
        places = [(one["metadata"]["namespace"], one["metadata"]["name"]) for one in secrets]
        found["Secret"] = by_name([cluster.get(SYSTEMS["Secret"].kind, *place) for place in places])
    return seen


def install(server: ApiServer) -> None:
    """What the samples need and nobody has installed, in the version that is asked for and in the samples'."""
    versions: dict[tuple[str, str, str], dict[str, None]] = {}
    for document in (one for sample in ALL for one in sample.documents):
        kind = SYSTEMS[name_of(document)].kind
        if ("." in kind.group and not kind.group.endswith(".k8s.io")) or kind.group.startswith("gateway."):
            key = (kind.group, kind.name, kind.plural)
            versions.setdefault(key, {kind.version: None})[document["apiVersion"].rpartition("/")[2]] = None
    server.install_permissive(versions)


def create(server: ApiServer, kind: Kind, document: Json) -> None:
    """An object with its status by the door that it has, and nothing of who wrote it when."""
    metadata = document["metadata"]
    version = document["apiVersion"].rpartition("/")[2]
    start = f"/apis/{kind.group}/{version}" if kind.group else f"/api/{version}"
    path = f"{start}/namespaces/{metadata['namespace']}/{kind.plural}"
    given = {key: value for key, value in metadata.items() if key not in ("resourceVersion", "uid", "managedFields")}
    made = server.request("POST", path, {**document, "metadata": given})
    one = f"{path}/{metadata['name']}"
    if "status" in document and made.get("status") != document["status"]:
        server.request("PUT", f"{one}/status", {**made, "status": document["status"]})
    forget: Json = {"metadata": {"managedFields": [{}]}}
    server.request("PATCH", one, forget, content_type="application/merge-patch+json")


def by_name(objects: Sequence[Resource]) -> Objects:
    return {(one["metadata"].get("namespace", ""), one["metadata"]["name"]): one for one in objects}


@pytest.mark.parametrize("sample", ALL, ids=lambda sample: sample.entry["file"])
@pytest.mark.parametrize("way", ["listed", "watched"])
def test_a_sample_gives_the_reading_of_its_file(world: World, sample: Sample, way: str) -> None:
    found: Mapping[str, Objects] = getattr(world, way)
    objects = [found[name_of(one)][sample.namespace, one["metadata"]["name"]] for one in sample.documents]
    assert sample.reading(objects) == sample.reading(sample.documents)


def test_all_of_them_came_by_the_watch(world: World) -> None:
    assert world.notices == []
    assert {name: set(found) for name, found in world.watched.items()} == {
        name: set(found) for name, found in world.listed.items()
    }
