"""KubernetesCluster against a real API server: pages, namespaces, contexts, refusals and kinds that are not there."""

import json
from pathlib import Path
from typing import Any

import pytest

from gitops_bot.adapters.kubernetes import KubernetesCluster
from gitops_bot.errors import ClusterDenied, ClusterUnreachable, ObjectAbsent
from gitops_bot.model import Kind
from tests.support.servers.kubernetes import ApiServer

ROLLOUT = Kind("argoproj.io", "v1alpha1", "rollouts", "Rollout")
DEPLOYMENT = Kind("apps", "v1", "deployments", "Deployment")
REPLICA_SET = Kind("apps", "v1", "replicasets", "ReplicaSet")
SHOP, PAY, EMPTY = "adapter-shop", "adapter-pay", "adapter-empty"
RBAC = "/apis/rbac.authorization.k8s.io/v1"


@pytest.fixture(scope="module")
def server(api_server: ApiServer) -> ApiServer:
    """The server with 30 rollouts and a deployment in one namespace, a rollout in another, none in a third."""
    for namespace in (SHOP, PAY, EMPTY):
        api_server.request("POST", "/api/v1/namespaces", {"metadata": {"name": namespace}})
    for number in range(30):
        create(api_server, ROLLOUT, SHOP, f"shop-{number:02}")
    create(api_server, ROLLOUT, PAY, "pay")
    create(api_server, DEPLOYMENT, SHOP, "web")
    create(api_server, REPLICA_SET, SHOP, "web-1")
    return api_server


def path(kind: Kind, namespace: str) -> str:
    return f"/apis/{kind.group}/{kind.version}/namespaces/{namespace}/{kind.plural}"


def create(server: ApiServer, kind: Kind, namespace: str, name: str) -> None:
    labels = {"app": name}
    pod = {"metadata": {"labels": labels}, "spec": {"containers": [{"name": "app", "image": "registry/app:1.0.0"}]}}
    body = {"apiVersion": f"{kind.group}/{kind.version}", "kind": kind.name, "metadata": {"name": name}}
    server.request(
        "POST", path(kind, namespace), body | {"spec": {"selector": {"matchLabels": labels}, "template": pod}}
    )


def cluster(server: ApiServer, folder: Path, *, token: str | None = None, **settings: Any) -> KubernetesCluster:
    kubeconfig = server.write_kubeconfig(folder / "kubeconfig", token=token)
    return KubernetesCluster(**{"kubeconfig": str(kubeconfig), "context": "test"} | settings)


def names(listing: KubernetesCluster, kind: Kind = ROLLOUT) -> list[str]:
    return [each["metadata"]["name"] for each in listing.list(kind)]


def test_thirty_rollouts_come_in_pages_of_seven(server: ApiServer, tmp_path: Path) -> None:
    found = names(cluster(server, tmp_path, namespaces=[SHOP], page=7))
    assert found == [f"shop-{number:02}" for number in range(30)]


def test_namespaces_are_a_filter_and_none_means_all(server: ApiServer, tmp_path: Path) -> None:
    assert names(cluster(server, tmp_path, namespaces=[PAY, EMPTY])) == ["pay"]
    everywhere = names(cluster(server, tmp_path, page=7))
    assert {"pay", "shop-00", "shop-29"} <= set(everywhere)
    assert len(everywhere) == len(cluster(server, tmp_path).list(ROLLOUT))


def test_a_namespace_that_does_not_exist_holds_nothing(server: ApiServer, tmp_path: Path) -> None:
    assert names(cluster(server, tmp_path, namespaces=["no-such-namespace"])) == []


def test_status_and_managed_fields_are_as_the_api_gives_them(server: ApiServer, tmp_path: Path) -> None:
    status = {
        "status": {"phase": "Healthy", "canary": {"weights": {"canary": {"weight": 20}, "stable": {"weight": 80}}}}
    }
    server.request("PATCH", f"{path(ROLLOUT, PAY)}/pay/status", status, content_type="application/merge-patch+json")
    [found] = cluster(server, tmp_path, namespaces=[PAY]).list(ROLLOUT)
    assert found["apiVersion"] == "argoproj.io/v1alpha1"
    assert found["kind"] == "Rollout"
    assert found["status"]["phase"] == "Healthy"
    assert found["metadata"]["generation"] == 1
    assert {each.get("subresource") for each in found["metadata"]["managedFields"]} == {None, "status"}
    assert isinstance(found["metadata"]["creationTimestamp"], str)


@pytest.mark.parametrize(("kind", "name"), [(DEPLOYMENT, "web"), (REPLICA_SET, "web-1")])
def test_built_in_kinds_are_served_as_well(server: ApiServer, tmp_path: Path, kind: Kind, name: str) -> None:
    [found] = cluster(server, tmp_path, namespaces=[SHOP]).list(kind)
    assert found["metadata"]["name"] == name
    assert found["spec"]["template"]["spec"]["containers"][0]["image"] == "registry/app:1.0.0"
    assert (found["apiVersion"], found["kind"]) == ("apps/v1", kind.name)


def test_two_contexts_in_one_process_keep_their_credentials(server: ApiServer, tmp_path: Path) -> None:
    file = server.write_kubeconfig(tmp_path / "kubeconfig")
    config = json.loads(file.read_text())
    config["users"].append({"name": "nobody", "user": {"token": server.nobody_token}})
    config["contexts"].append({"name": "nobody", "context": {"cluster": "test", "user": "nobody"}})
    file.write_text(json.dumps(config))
    admin, nobody = (KubernetesCluster(kubeconfig=str(file), context=name) for name in ("test", "nobody"))
    for _ in range(2):
        assert "pay" in names(admin)
        with pytest.raises(ClusterDenied, match="context nobody"):
            names(nobody)


def test_a_wrong_token_is_denied(server: ApiServer, tmp_path: Path) -> None:
    with pytest.raises(ClusterDenied, match="credentials were refused") as denied:
        names(cluster(server, tmp_path, token="wrong-token-of-the-bot"))
    assert "wrong-token" not in str(denied.value)


def test_a_user_without_a_role_is_told_the_verb_the_resource_and_the_namespace(
    server: ApiServer, tmp_path: Path
) -> None:
    with pytest.raises(ClusterDenied) as denied:
        names(cluster(server, tmp_path, token=server.nobody_token, namespaces=[EMPTY]))
    what, resource = denied.value.what, "rollouts.argoproj.io"
    assert what.startswith(f"the bot may not list {resource} in the namespace {EMPTY}: {resource} is forbidden: User")
    assert denied.value.remedy == (
        f"Grant it the verb list; `kubectl --context test auth can-i list {resource} -n {EMPTY}` tells"
    )


def test_a_role_in_one_namespace_is_enough_where_that_is_named(server: ApiServer, tmp_path: Path) -> None:
    rules = [{"apiGroups": ["argoproj.io"], "resources": ["rollouts"], "verbs": ["list"]}]
    server.request("POST", f"{RBAC}/namespaces/{PAY}/roles", {"metadata": {"name": "reader"}, "rules": rules})
    binding = {
        "metadata": {"name": "reader"},
        "subjects": [{"kind": "User", "name": "nobody", "apiGroup": "rbac.authorization.k8s.io"}],
        "roleRef": {"kind": "Role", "name": "reader", "apiGroup": "rbac.authorization.k8s.io"},
    }
    server.request("POST", f"{RBAC}/namespaces/{PAY}/rolebindings", binding)
    nobody = cluster(server, tmp_path, token=server.nobody_token, namespaces=[PAY])
    assert eventually(nobody) == ["pay"]
    with pytest.raises(ClusterDenied, match="in all namespaces"):
        names(cluster(server, tmp_path, token=server.nobody_token))


def eventually(listing: KubernetesCluster) -> list[str]:
    """The list as soon as the server's authoriser has heard of the role: within milliseconds."""
    for _ in range(300):
        try:
            return names(listing)
        except ClusterDenied:
            continue
    return names(listing)


@pytest.mark.parametrize(
    "kind",
    [
        Kind("example.com", "v1", "widgets", "Widget"),
        Kind("argoproj.io", "v9", "rollouts", "Rollout"),
        Kind("argoproj.io", "v1alpha1", "widgets", "Widget"),
    ],
)
@pytest.mark.parametrize("namespaces", [(), (SHOP,)])
def test_a_kind_that_is_not_installed_is_absent(
    server: ApiServer, tmp_path: Path, kind: Kind, namespaces: tuple[str, ...]
) -> None:
    with pytest.raises(ObjectAbsent, match=f"the kind {kind.name} is not installed"):
        names(cluster(server, tmp_path, namespaces=namespaces), kind)


def test_a_certificate_that_nobody_vouches_for_is_unreachable(server: ApiServer, tmp_path: Path) -> None:
    file = server.write_kubeconfig(tmp_path / "kubeconfig")
    config = json.loads(file.read_text())
    del config["clusters"][0]["cluster"]["certificate-authority-data"]
    file.write_text(json.dumps(config))
    with pytest.raises(ClusterUnreachable, match="CERTIFICATE_VERIFY_FAILED"):
        names(KubernetesCluster(kubeconfig=str(file)))
