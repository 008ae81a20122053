"""The Kustomize base and the Dockerfile: what they allow, and that they fit each other and the bot."""

from __future__ import annotations

import re
from pathlib import PurePosixPath
from typing import Any

import yaml

from gitops_bot import __version__
from gitops_bot.cli import cli
from gitops_bot.daemon.health import Health, answers
from gitops_bot.policy.config import BotConfig
from gitops_bot.policy.loading import Source, load_config
from tests.support.manifests import BASE, READ, ROOT, manifests, only

UID = 65532
TOKENS = "/var/run/secrets/kubernetes.io/serviceaccount"


def pod() -> dict[str, Any]:
    spec: dict[str, Any] = only("Deployment")["spec"]["template"]["spec"]
    return spec


def container() -> dict[str, Any]:
    (one,) = pod()["containers"]
    found: dict[str, Any] = one
    return found


def config() -> BotConfig:
    (text,) = only("ConfigMap")["data"].values()
    return load_config(Source("gitops-bot.yaml", text.encode()))


def mounts() -> dict[str, dict[str, Any]]:
    return {one["name"]: one for one in container()["volumeMounts"]}


def volumes() -> dict[str, dict[str, Any]]:
    return {one["name"]: one for one in pod()["volumes"]}


def test_every_file_of_the_base_is_part_of_it() -> None:
    named = {"kustomization.yaml", "gitops-bot.yaml"}
    text = (BASE / "kustomization.yaml").read_text()
    assert {path.name for path in BASE.iterdir()} - named == set(re.findall(r"^  - (\w+\.yaml)$", text, re.MULTILINE))


def test_every_object_is_the_bot_s_and_lies_in_its_namespace() -> None:
    for one in manifests():
        assert one["metadata"]["name"] == "gitops-bot"
        assert one["metadata"]["labels"]["app.kubernetes.io/name"] == "gitops-bot"
        assert one["metadata"].get("namespace", "gitops-bot") == "gitops-bot"
    assert "Secret" not in {one["kind"] for one in manifests()}


def test_the_namespace_enforces_the_restricted_profile() -> None:
    labels = only("Namespace")["metadata"]["labels"]
    assert {labels[f"pod-security.kubernetes.io/{mode}"] for mode in ("enforce", "audit", "warn")} == {"restricted"}


def test_the_role_reads_exactly_what_the_bot_reads() -> None:
    rules = only("ClusterRole")["rules"]
    granted = [(group, resource) for rule in rules for group in rule["apiGroups"] for resource in rule["resources"]]
    assert sorted(granted) == sorted(READ)
    assert all(rule["verbs"] == ["get", "list", "watch"] for rule in rules)
    assert all(set(rule) == {"apiGroups", "resources", "verbs"} for rule in rules)


def test_a_secret_is_read_by_its_name_alone_and_only_where_the_component_is_added() -> None:
    folder = BASE.parent / "components" / "iter8-secret"
    role, binding = yaml.safe_load_all((folder / "rbac.yaml").read_text(encoding="utf-8"))
    (rule,) = role["rules"]
    assert rule | {"resourceNames": []} == {
        "apiGroups": [""],
        "resources": ["secrets"],
        "resourceNames": [],
        "verbs": ["get"],
    }
    assert len(rule["resourceNames"]) == 1
    assert role["kind"] == binding["roleRef"]["kind"] == "Role"
    assert binding["roleRef"]["name"] == role["metadata"]["name"]
    assert binding["metadata"]["namespace"] == role["metadata"]["namespace"]
    assert binding["subjects"] == only("ClusterRoleBinding")["subjects"]
    assert yaml.safe_load((folder / "kustomization.yaml").read_text(encoding="utf-8"))["resources"] == ["rbac.yaml"]


def test_the_role_is_bound_to_the_pod_s_account_alone() -> None:
    binding = only("ClusterRoleBinding")
    assert binding["roleRef"]["name"] == only("ClusterRole")["metadata"]["name"]
    assert binding["subjects"] == [{"kind": "ServiceAccount", "name": "gitops-bot", "namespace": "gitops-bot"}]
    assert pod()["serviceAccountName"] == only("ServiceAccount")["metadata"]["name"]


def test_the_api_token_is_asked_for_and_short_lived() -> None:
    assert only("ServiceAccount")["automountServiceAccountToken"] is False
    assert pod()["automountServiceAccountToken"] is False
    assert mounts()["api-access"] == {"name": "api-access", "mountPath": TOKENS, "readOnly": True}
    token, authority, namespace = volumes()["api-access"]["projected"]["sources"]
    assert token["serviceAccountToken"] == {"path": "token", "expirationSeconds": 3600}
    assert authority["configMap"] == {"name": "kube-root-ca.crt", "items": [{"key": "ca.crt", "path": "ca.crt"}]}
    assert namespace["downwardAPI"]["items"][0]["fieldRef"] == {"fieldPath": "metadata.namespace"}


def test_the_pod_has_no_rights_on_its_node() -> None:
    assert pod()["securityContext"] == {
        "runAsNonRoot": True,
        "runAsUser": UID,
        "runAsGroup": UID,
        "fsGroup": UID,
        "fsGroupChangePolicy": "OnRootMismatch",
        "seccompProfile": {"type": "RuntimeDefault"},
    }
    assert container()["securityContext"] == {
        "runAsNonRoot": True,
        "runAsUser": UID,
        "runAsGroup": UID,
        "allowPrivilegeEscalation": False,
        "privileged": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
        "seccompProfile": {"type": "RuntimeDefault"},
    }
    assert pod()["enableServiceLinks"] is False
    assert not {"hostNetwork", "hostPID", "hostIPC", "hostUsers", "initContainers"} & set(pod())


def test_one_replica_ends_before_the_next_begins() -> None:
    spec = only("Deployment")["spec"]
    assert (spec["replicas"], spec["strategy"]) == (1, {"type": "Recreate"})
    assert pod()["terminationGracePeriodSeconds"] == 60
    assert spec["selector"]["matchLabels"] == spec["template"]["metadata"]["labels"]


def test_resources_are_bounded_and_the_volumes_fit_in_them() -> None:
    resources = container()["resources"]
    assert set(resources["requests"]) == set(resources["limits"]) == {"cpu", "memory", "ephemeral-storage"}
    sizes = [volumes()[name]["emptyDir"]["sizeLimit"] for name in ("cache", "tmp")]
    assert sum(map(mebibytes, sizes)) < mebibytes(resources["limits"]["ephemeral-storage"])


def mebibytes(quantity: str) -> int:
    return int(quantity[:-2]) * {"Mi": 1, "Gi": 1024}[quantity[-2:]]


def test_the_probes_ask_what_the_daemon_answers_where_it_listens() -> None:
    paths = {container()[f"{kind}Probe"]["httpGet"]["path"] for kind in ("liveness", "readiness")}
    assert paths == {"/healthz", "/readyz"} == set(answers(Health((), 1, lambda: 0)))
    (port,) = container()["ports"]
    assert {container()[f"{kind}Probe"]["httpGet"]["port"] for kind in ("liveness", "readiness")} == {port["name"]}
    assert config().spec.daemon.address == f"0.0.0.0:{port['containerPort']}" == "0.0.0.0:8081"


def test_the_configuration_is_right_and_lies_where_the_command_reads_it() -> None:
    command, option = container()["args"]
    assert command in cli.commands
    folder = mounts()["config"]["mountPath"]
    (file,) = only("ConfigMap")["data"]
    assert option == f"--config={folder}/{file}"
    assert volumes()["config"]["configMap"]["name"] == only("ConfigMap")["metadata"]["name"]
    assert all("subPath" not in one for one in mounts().values())
    assert config().spec.clusters["default"].in_cluster


def test_secrets_are_files_below_the_mounted_secret() -> None:
    assert mounts()["secret"]["readOnly"] is True
    assert volumes()["secret"]["secret"]["secretName"] == "gitops-bot"
    for repository in config().spec.repositories.values():
        assert repository.token_from
        assert PurePosixPath(repository.token_from.file or "").parent == PurePosixPath(mounts()["secret"]["mountPath"])
    assert [one["name"] for one in container()["env"]] == ["HOME"]


def test_only_the_cache_and_tmp_can_be_written() -> None:
    writable = {name: one["mountPath"] for name, one in mounts().items() if not one.get("readOnly")}
    assert writable == {"cache": "/var/cache/gitops-bot", "tmp": "/tmp"}
    assert container()["env"][0]["value"] == writable["cache"]
    assert PurePosixPath(config().spec.cache or "").is_relative_to(writable["cache"])


def test_nobody_may_call_the_bot_and_it_may_call_what_it_needs() -> None:
    spec = only("NetworkPolicy")["spec"]
    assert spec["policyTypes"] == ["Ingress", "Egress"]
    assert spec["ingress"] == []
    assert spec["podSelector"]["matchLabels"] == only("Deployment")["spec"]["template"]["metadata"]["labels"]
    assert {port["port"] for rule in spec["egress"] for port in rule["ports"]} == {53, 443, 6443, 9090}


def dockerfile() -> list[str]:
    text = (ROOT / "deploy" / "Dockerfile").read_text(encoding="utf-8")
    lines = (line for line in text.splitlines() if line.strip() and not line.lstrip().startswith("#"))
    return re.sub(r"\s*\\\n\s*", " ", "\n".join(lines)).splitlines()


def test_the_image_runs_as_the_pod_does() -> None:
    assert f"USER {UID}:{UID}" in dockerfile()
    assert dockerfile()[-2] == 'ENTRYPOINT ["tini", "--", "python", "-m", "gitops_bot"]'
    for argument in container()["args"]:
        assert f'"{argument}"' in dockerfile()[-1]
    assert container()["image"] == f"ghcr.io/gitops-bot/gitops-bot:{__version__}"
    assert f"ARG VERSION={__version__}" in dockerfile()


def test_the_image_installs_nothing_but_the_lock() -> None:
    (pip,) = (line for line in dockerfile() if "pip --python" in line)
    for option in ("--require-hashes", "--only-binary=:all:", "--no-deps", "-r requirements.lock"):
        assert option in pip
    assert [line for line in dockerfile() if line.startswith("FROM")] == [
        "FROM python:3.13-slim AS base",
        "FROM base AS build",
        "FROM base",
    ]
    sent = (ROOT / ".dockerignore").read_text().splitlines()
    copied = [line.split()[1] for line in dockerfile() if line.startswith("COPY") and "--from" not in line]
    assert {f"!{name}" for name in copied} == {line for line in sent if line.startswith("!")}
    assert all((ROOT / name).exists() for name in copied)
