"""WatchedCluster against a real API server: changes by watch, and the troubles that a cluster makes."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest

from gitops_bot.adapters.kubernetes import KubernetesCluster, WatchedCluster
from gitops_bot.adapters.kubernetes.cluster import Listing
from gitops_bot.errors import ClusterDenied, ObjectAbsent
from gitops_bot.experiments import SYSTEMS, Lookup
from gitops_bot.experiments.act import act
from gitops_bot.model import Act, Kind, Phase
from tests.support.servers.kubernetes import CRDS_PATH, ApiError, ApiServer, permissive_crd

NAMESPACE = "watched"
DEPLOYMENT = SYSTEMS["Deployment"].kind
SECRET = SYSTEMS["Secret"].kind
WIDGET = Kind("example.org", "v1", "widgets", "Widget")
RBAC = f"/apis/rbac.authorization.k8s.io/v1/namespaces/{NAMESPACE}"
MERGE = "application/merge-patch+json"


@dataclass
class Watching:
    """A cluster that is watched at each list, and what it has told."""

    cluster: WatchedCluster
    notices: list[str] = field(default_factory=list)

    def names(self, kind: Kind = DEPLOYMENT) -> list[str]:
        return [one["metadata"]["name"] for one in self.cluster.list(kind)]


@pytest.fixture
def server(api_server: ApiServer) -> Iterator[ApiServer]:
    """The server with an empty namespace."""
    try:
        api_server.request("POST", "/api/v1/namespaces", {"metadata": {"name": NAMESPACE}})
    except ApiError as there:
        if there.status != 409:
            raise
    yield api_server
    api_server.request("DELETE", path(DEPLOYMENT))


def path(kind: Kind, name: str = "") -> str:
    start = f"/apis/{kind.group}/{kind.version}" if kind.group else f"/api/{kind.version}"
    return f"{start}/namespaces/{NAMESPACE}/{kind.plural}" + (f"/{name}" if name else "")


def deployment(name: str, **labels: str) -> dict[str, Any]:
    app = {"app": name}
    pod = {"metadata": {"labels": app}, "spec": {"containers": [{"name": "app", "image": "registry/app:1.0.0"}]}}
    return {"metadata": {"name": name, "labels": labels}, "spec": {"selector": {"matchLabels": app}, "template": pod}}


def plain(server: ApiServer, folder: Path, *, token: str | None = None, **settings: Any) -> KubernetesCluster:
    file = server.write_kubeconfig(folder / "kubeconfig", token=token)
    return KubernetesCluster(**{"kubeconfig": str(file), "namespaces": [NAMESPACE]} | settings)


def watching(cluster: KubernetesCluster) -> Watching:
    notices: list[str] = []
    return Watching(WatchedCluster(cluster, notice=notices.append, fresh_s=0), notices)


class LongAgo(KubernetesCluster):
    """A cluster whose lists are so old that nobody knows what has happened since."""

    def listing(self, kind: Kind, namespace: str) -> Listing:
        return replace(super().listing(kind, namespace), version="1")


def test_what_is_created_changed_and_deleted_comes_by_watch(server: ApiServer, tmp_path: Path) -> None:
    seen = watching(plain(server, tmp_path, selectors={("apps", "deployments"): "track=stable"}))
    for name in ("a", "b"):
        server.request("POST", path(DEPLOYMENT), deployment(name, track="stable"))
    server.request("POST", path(DEPLOYMENT), deployment("other"))
    assert seen.names() == ["a", "b"]
    server.request("POST", path(DEPLOYMENT), deployment("c", track="stable"))
    server.request("PATCH", path(DEPLOYMENT, "a"), {"spec": {"replicas": 7}}, content_type=MERGE)
    server.request("PATCH", path(DEPLOYMENT, "b"), {"metadata": {"labels": {"track": "canary"}}}, content_type=MERGE)
    before = {one.ident for one in threading.enumerate()}
    assert seen.names() == ["a", "c"]
    assert {one.ident for one in threading.enumerate()} <= before
    assert [one["spec"]["replicas"] for one in seen.cluster.list(DEPLOYMENT)] == [7, 1]
    server.request("DELETE", path(DEPLOYMENT, "a"))
    assert seen.names() == ["c"]
    assert seen.notices == []


def test_an_object_by_watch_is_the_object_by_list(server: ApiServer, tmp_path: Path) -> None:
    cluster = plain(server, tmp_path)
    seen = watching(cluster)
    seen.names()
    server.request("POST", path(DEPLOYMENT), deployment("a"))
    assert seen.cluster.list(DEPLOYMENT) == cluster.list(DEPLOYMENT) != ()
    assert seen.notices == []


def test_an_object_that_is_being_deleted_says_so_until_it_is_gone(server: ApiServer, tmp_path: Path) -> None:
    seen = watching(plain(server, tmp_path))
    seen.names()
    held = deployment("held")
    held["metadata"]["finalizers"] = ["example.org/held"]
    server.request("POST", path(DEPLOYMENT), held)
    server.request("DELETE", path(DEPLOYMENT, "held"))
    [found] = seen.cluster.list(DEPLOYMENT)
    assert found["metadata"]["deletionTimestamp"]
    server.request("PATCH", path(DEPLOYMENT, "held"), {"metadata": {"finalizers": None}}, content_type=MERGE)
    assert seen.names() == []


def test_an_expired_watch_is_told_and_the_list_read_anew(server: ApiServer, tmp_path: Path) -> None:
    """Of a kind that was installed later than the moment from which is watched: nobody knows what was then."""
    kind = Kind("later.example.org", "v1", "widgets", "Widget")
    server.install_permissive({(kind.group, kind.name, kind.plural): [kind.version]})
    file = server.write_kubeconfig(tmp_path / "kubeconfig")
    seen = watching(LongAgo(kubeconfig=str(file), namespaces=[NAMESPACE]))
    server.request("POST", path(kind), {**identity(kind), "metadata": {"name": "w"}})
    assert seen.names(kind) == ["w"]
    server.request("DELETE", path(kind, "w"))
    assert [seen.names(kind), seen.names(kind)] == [[], []]
    [notice] = seen.notices
    assert notice.endswith(" expired: they are listed anew")


def test_a_role_without_watch_lists_and_names_the_verb(server: ApiServer, tmp_path: Path) -> None:
    grant(server, "lister", {"apiGroups": ["apps"], "resources": ["deployments"], "verbs": ["list"]})
    seen = watching(plain(server, tmp_path, token=server.nobody_token))
    server.request("POST", path(DEPLOYMENT), deployment("a"))
    eventually(lambda: seen.names() == ["a"])
    server.request("DELETE", path(DEPLOYMENT, "a"))
    assert seen.names() == []
    [notice] = seen.notices
    assert "the bot may not watch deployments.apps in the namespace watched" in notice
    assert "Grant it the verb watch" in notice
    server.request("DELETE", f"{RBAC}/rolebindings/lister")
    eventually(lambda: denied(seen))


def denied(seen: Watching) -> bool:
    try:
        seen.names()
    except ClusterDenied as error:
        return "may not list deployments.apps" in error.what
    return False


def test_a_definition_that_is_removed_makes_its_kind_absent(server: ApiServer, tmp_path: Path) -> None:
    server.install_permissive({(WIDGET.group, WIDGET.name, WIDGET.plural): [WIDGET.version]})
    server.request("POST", path(WIDGET), {**identity(WIDGET), "metadata": {"name": "w"}})
    seen = watching(plain(server, tmp_path))
    assert seen.names(WIDGET) == ["w"]
    server.request("DELETE", f"{CRDS_PATH}/{WIDGET.plural}.{WIDGET.group}")
    eventually(lambda: absent(seen))
    assert len(seen.notices) <= 1


def absent(seen: Watching) -> bool:
    try:
        seen.names(WIDGET)
    except ObjectAbsent as error:
        return "the kind Widget is not installed" in error.what
    return False


def test_a_kind_that_an_older_controller_serves_is_read_in_its_version(server: ApiServer, tmp_path: Path) -> None:
    kind = SYSTEMS["HelmRelease"].kind
    older = replace(kind, version="v2beta2")
    server.request("POST", CRDS_PATH, permissive_crd(kind.group, kind.name, kind.plural, "v2beta2"))
    eventually(lambda: served(server, older))
    server.request("POST", path(older), {**identity(older), "metadata": {"name": "cart"}})
    seen = watching(plain(server, tmp_path))
    assert [seen.names(kind), seen.names(kind)] == [["cart"], ["cart"]]
    assert seen.notices == []


def served(server: ApiServer, kind: Kind) -> bool:
    try:
        server.request("GET", path(kind))
    except ApiError:
        return False
    return True


def identity(kind: Kind) -> dict[str, str]:
    return {"apiVersion": f"{kind.group}/{kind.version}", "kind": kind.name}


@pytest.mark.parametrize("name", ["HelmRelease", "Kustomization", "PipelineRun", "Subscription", "Analysis"])
@pytest.mark.parametrize("garbage", ["text", 1, [1, {}], {"conditions": "x", "observedGeneration": -1, "history": {}}])
def test_a_malformed_object_asks_for_nothing(server: ApiServer, tmp_path: Path, name: str, garbage: object) -> None:
    kind = replace(SYSTEMS[name].kind, group=f"garbage.{SYSTEMS[name].kind.group}")
    server.install_permissive({(kind.group, kind.name, kind.plural): [kind.version]})
    given = {**identity(kind), "metadata": {"name": "bad"}, "spec": garbage}
    server.request("POST", path(kind), given)
    server.request("PATCH", f"{path(kind, 'bad')}/status", {"status": garbage}, content_type=MERGE)
    [found] = plain(server, tmp_path).list(kind)
    server.request("DELETE", path(kind, "bad"))
    status = SYSTEMS[name].read(found, Lookup(lambda _kind: {}), None)
    assert status.phase in (Phase.UNKNOWN, Phase.PENDING, Phase.IDLE, Phase.RUNNING)
    assert act(status) is Act.NOTHING


def test_one_secret_is_read_by_a_role_that_names_it_and_no_other(server: ApiServer, tmp_path: Path) -> None:
    for name in ("iter8-cart", "other"):
        server.request("POST", path(SECRET), {"metadata": {"name": name}, "stringData": {"result": "{}"}})
    rule = {"apiGroups": [""], "resources": ["secrets"], "resourceNames": ["iter8-cart"], "verbs": ["get"]}
    grant(server, "iter8", rule)
    nobody = plain(server, tmp_path, token=server.nobody_token)
    eventually(lambda: readable(nobody))
    with pytest.raises(ClusterDenied, match="may not get secrets/other in the namespace watched") as refused:
        nobody.get(SECRET, NAMESPACE, "other")
    assert "Grant it the verb get for resourceNames: [other]" in refused.value.remedy
    with pytest.raises(ObjectAbsent, match="there is no Secret watched/none"):
        plain(server, tmp_path).get(SECRET, NAMESPACE, "none")


def readable(cluster: KubernetesCluster) -> bool:
    try:
        return bool(cluster.get(SECRET, NAMESPACE, "iter8-cart")["data"])
    except ClusterDenied:
        return False


def test_the_events_of_one_object_are_found_by_its_uid(server: ApiServer, tmp_path: Path) -> None:
    for number, uid in enumerate(["54013ba6-9c19", "54013ba6-9c19", "other"]):
        about = {"kind": "Canary", "name": "cart", "namespace": NAMESPACE, "uid": uid}
        event = {"metadata": {"name": f"cart.{number}"}, "involvedObject": about, "message": f"Halt {number}"}
        server.request("POST", f"/api/v1/namespaces/{NAMESPACE}/events", event)
    found = plain(server, tmp_path, page=1).events(NAMESPACE, "54013ba6-9c19")
    assert [one["message"] for one in found] == ["Halt 0", "Halt 1"]


def grant(server: ApiServer, name: str, rule: dict[str, Any]) -> None:
    """Let nobody do something in the namespace."""
    server.request("POST", f"{RBAC}/roles", {"metadata": {"name": name}, "rules": [rule]})
    group = "rbac.authorization.k8s.io"
    binding = {
        "metadata": {"name": name},
        "subjects": [{"kind": "User", "name": "nobody", "apiGroup": group}],
        "roleRef": {"kind": "Role", "name": name, "apiGroup": group},
    }
    server.request("POST", f"{RBAC}/rolebindings", binding)


def eventually(holds: Any) -> None:
    """What the server's own caches have heard of comes true within moments."""
    deadline = time.monotonic() + 20
    while not attempt(holds):
        assert time.monotonic() < deadline


def attempt(holds: Any) -> bool:
    try:
        return bool(holds())
    except ClusterDenied:
        return False
