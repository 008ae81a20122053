"""The Kustomize base against a real API server: every object is accepted, the pod is restricted, the rights are few."""

from __future__ import annotations

import time
from collections.abc import Callable
from copy import deepcopy
from typing import Any

import pytest

from tests.support.manifests import READ, Manifest, collection, manifests, only
from tests.support.servers.kubernetes import ApiError, ApiServer

ACCOUNT = "system:serviceaccount:gitops-bot:gitops-bot"
KINDS = ("Namespace", "ServiceAccount", "ClusterRole", "ClusterRoleBinding", "Deployment", "NetworkPolicy", "ConfigMap")


@pytest.fixture(scope="module")
def server(api_server: ApiServer) -> ApiServer:
    """The server with the base's namespace and rights."""
    for kind in ("Namespace", "ServiceAccount", "ClusterRole", "ClusterRoleBinding"):
        created = only(kind)
        api_server.request("POST", f"{collection(created)}?fieldValidation=Strict", created)
    return api_server


def post(server: ApiServer, manifest: Manifest) -> Manifest:
    return server.request("POST", f"{collection(manifest)}?dryRun=All&fieldValidation=Strict", manifest)


def a_pod(change: Callable[[dict[str, Any]], object] = lambda _spec: None) -> Manifest:
    spec = deepcopy(only("Deployment")["spec"]["template"]["spec"])
    change(spec)
    return {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "one", "namespace": "gitops-bot"}, "spec": spec}


def may(server: ApiServer, verb: str, resource: str, group: str = "", namespace: str = "") -> bool:
    attributes = {"verb": verb, "resource": resource, "group": group, "namespace": namespace}
    review = {
        "apiVersion": "authorization.k8s.io/v1",
        "kind": "SubjectAccessReview",
        "spec": {"user": ACCOUNT, "groups": ["system:serviceaccounts"], "resourceAttributes": attributes},
    }
    answer = server.request("POST", "/apis/authorization.k8s.io/v1/subjectaccessreviews", review)
    return bool(answer["status"]["allowed"])


def test_the_base_holds_every_kind_once() -> None:
    assert sorted(one["kind"] for one in manifests()) == sorted(KINDS)


@pytest.mark.parametrize("kind", KINDS)
def test_every_object_is_accepted_without_a_field_that_is_not_known(server: ApiServer, kind: str) -> None:
    manifest = only(kind)
    manifest["metadata"]["name"] += "-again"  # some are there already
    assert post(server, manifest)["metadata"]["name"] == "gitops-bot-again"


def test_a_field_that_is_not_known_would_be_refused(server: ApiServer) -> None:
    manifest = only("Deployment")
    manifest["spec"]["template"]["spec"]["enableServiceLink"] = False
    with pytest.raises(ApiError, match="unknown field"):
        post(server, manifest)


def test_the_pod_passes_where_the_restricted_profile_is_enforced(server: ApiServer) -> None:
    assert post(server, a_pod())["spec"]["securityContext"]["runAsNonRoot"] is True


@pytest.mark.parametrize(
    ("setting", "change"),
    [
        ("allowPrivilegeEscalation", lambda spec: spec["containers"][0]["securityContext"].clear()),
        ("hostNetwork", lambda spec: spec.update(hostNetwork=True)),
        ("runAsUser=0", lambda spec: spec["containers"][0]["securityContext"].update(runAsUser=0)),
    ],
)
def test_the_profile_is_really_enforced_there(
    server: ApiServer, setting: str, change: Callable[[dict[str, Any]], object]
) -> None:
    with pytest.raises(ApiError, match=setting) as refused:
        post(server, a_pod(change))
    assert refused.value.status == 403


def test_the_account_may_read_releases_and_nothing_else(server: ApiServer) -> None:
    deadline = time.monotonic() + 30
    while not may(server, "list", "rollouts", "argoproj.io"):  # the authoriser hears of the role within milliseconds
        assert time.monotonic() < deadline
    for group, resource in sorted(READ):
        assert all(may(server, verb, resource, group) for verb in ("get", "list", "watch"))
        for verb in ("create", "update", "patch", "delete", "deletecollection", "*"):
            assert not may(server, verb, resource, group)
        assert not may(server, "patch", f"{resource}/status", group)
        assert not may(server, "update", f"{resource}/scale", group)
    for resource in ("secrets", "configmaps", "pods", "serviceaccounts", "*"):
        for verb in ("get", "list", "watch", "create", "patch", "*"):
            assert not may(server, verb, resource)
            assert not may(server, verb, resource, namespace="gitops-bot")
    assert not may(server, "list", "appprojects", "argoproj.io")
    assert not may(server, "create", "serviceaccounts/token", namespace="gitops-bot")
    assert not may(server, "escalate", "clusterroles", "rbac.authorization.k8s.io")
