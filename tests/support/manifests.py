"""The manifests of deploy/kustomize/base as `kubectl kustomize` renders them, but for the hash in one name."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from gitops_bot.edits.live import CLAIMANTS, HELD
from gitops_bot.experiments import SYSTEMS
from gitops_bot.observe.borrowing import TEMPLATES

ROOT = Path(__file__).parents[2]
BASE = ROOT / "deploy" / "kustomize" / "base"

Manifest = dict[str, Any]

_OWNERS = {*HELD.values(), *(kind for kinds in CLAIMANTS.values() for kind in kinds)}
_SYSTEMS = {system.kind for system in SYSTEMS.values() if not system.opt_in}
READ = {(kind.group, kind.plural) for kind in {*_OWNERS, *_SYSTEMS, *TEMPLATES.values()}}
"""What the bot reads: (API group, resource)."""

_CLUSTER_WIDE = ("Namespace", "ClusterRole", "ClusterRoleBinding")
_PLURALS = {"NetworkPolicy": "networkpolicies"}


def manifests() -> list[Manifest]:
    """Every object of the base, in order."""
    kustomization = yaml.safe_load((BASE / "kustomization.yaml").read_text(encoding="utf-8"))
    found = [
        document
        for name in kustomization["resources"]
        for document in yaml.safe_load_all((BASE / name).read_text(encoding="utf-8"))
    ]
    return found + [_config_map(one) for one in kustomization["configMapGenerator"]]


def only(kind: str) -> Manifest:
    """The one object of a kind."""
    (found,) = (one for one in manifests() if one["kind"] == kind)
    return found


def collection(manifest: Manifest) -> str:
    """The path of the API to which an object is posted."""
    version, kind = manifest["apiVersion"], manifest["kind"]
    group = f"/apis/{version}" if "/" in version else f"/api/{version}"
    scope = "" if kind in _CLUSTER_WIDE else f"/namespaces/{manifest['metadata']['namespace']}"
    return f"{group}{scope}/{_PLURALS.get(kind, kind.lower() + 's')}"


def _config_map(generator: dict[str, Any]) -> Manifest:
    labels = generator["options"]["labels"]
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": generator["name"], "namespace": generator["namespace"], "labels": labels},
        "data": {name: (BASE / name).read_text(encoding="utf-8") for name in generator["files"]},
    }
