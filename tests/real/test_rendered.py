# ruff: noqa: E501 - a row of a table stays a row
"""What `kustomize build` and `helm template` make of a repository before and after an edit differs in the value alone."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from gitops_bot import edits
from gitops_bot.edits.sense import Plain
from gitops_bot.policy.places import Target
from tests.edits.trees import Files
from tests.support.servers import tools

REPOSITORY = Path(__file__).parent / "data" / "rendered"
PROD, STAGING = "overlays/prod", "overlays/staging"

Difference = Mapping[str, tuple[Any, Any]]
"""`Kind/name: path` → the values before and after; None where there is nothing."""
Render = Callable[[Path], str]


def kustomize(overlay: str) -> Render:
    return lambda folder: tools.run(tools.KUSTOMIZE, "build", overlay, cwd=folder)


def helm(folder: Path) -> str:
    tools.run(tools.HELM, "dependency", "update", "chart", "--skip-refresh", cwd=folder)
    return tools.run(tools.HELM, "template", "shop", "chart", "-f", "env/prod.yaml", cwd=folder)


@dataclass(frozen=True)
class Case:
    edit: Mapping[str, Any]
    value: Plain
    render: Render
    differs: Difference
    also: Mapping[str, tuple[str, str]] | None = None
    """What happens elsewhere at the same time: a text of a file that another takes the place of."""


def image(path: str, name: str = "ghcr.io/acme/shop") -> Mapping[str, Any]:
    return {"kustomizeImage": {"path": path, "name": name}}


def patched(kind: str, name: str, field: str, **more: str) -> Mapping[str, Any]:
    return {"kustomizePatch": {"path": PROD, "target": {"kind": kind, "name": name}, "field": field, **more}}


def generated(key: str, **more: str) -> Mapping[str, Any]:
    return {"kustomizeGenerator": {"path": PROD, "name": "settings", "key": key, **more}}


def value(key: str, **more: Any) -> Mapping[str, Any]:
    return {"helmValue": {"file": "env/prod.yaml", "key": key, **more}}


SHOP = "spec.template.spec.containers[0].image"
PROXY = "spec.template.spec.containers[1].image"
DIGEST = "sha256:" + "a" * 64

CASES = {
    "the tag of an image": Case(
        image(PROD), "1.11", kustomize(PROD),
        {f"{one}: {SHOP}": ("ghcr.io/acme/shop:1.10", "ghcr.io/acme/shop:1.11")
         for one in ("Deployment/shop-prod", "StatefulSet/worker-prod")}),
    "the tag of an image that the overlay did not name": Case(
        image(STAGING), "1.11", kustomize(STAGING),
        {f"{one}: {SHOP}": ("ghcr.io/acme/shop:1.0.0", "ghcr.io/acme/shop:1.11")
         for one in ("Deployment/shop", "StatefulSet/worker")}),
    "the digest of an image that the overlay did not name": Case(
        image(STAGING), DIGEST, kustomize(STAGING),
        {f"{one}: {SHOP}": ("ghcr.io/acme/shop:1.0.0", f"ghcr.io/acme/shop@{DIGEST}")
         for one in ("Deployment/shop", "StatefulSet/worker")}),
    "an image behind a port": Case(
        image(STAGING, "registry.example:5000/acme/proxy"), "2.5", kustomize(STAGING),
        {f"Deployment/shop: {PROXY}": ("registry.example:5000/acme/proxy:2.4", "registry.example:5000/acme/proxy:2.5")}),
    "an image of the base": Case(
        {"deployment": {"file": "base/deployment.yaml", "container": "shop"}, "sharedBase": "allow"}, "1.1.0",
        kustomize(STAGING),
        {f"Deployment/shop: {SHOP}": ("ghcr.io/acme/shop:1.0.0", "ghcr.io/acme/shop:1.1.0")}),
    "replicas": Case(
        {"kustomizeReplicas": {"path": PROD, "name": "worker"}}, 4, kustomize(PROD),
        {"StatefulSet/worker-prod: spec.replicas": (3, 4)}),
    "replicas that the overlay did not name": Case(
        {"kustomizeReplicas": {"path": STAGING, "name": "shop"}}, 7, kustomize(STAGING),
        {"Deployment/shop: spec.replicas": (2, 7)}),
    "a patch of single operations": Case(
        patched("Deployment", "shop", "spec.replicas"), 6, kustomize(PROD),
        {"Deployment/shop-prod: spec.replicas": (5, 6)}),
    "an inline patch that is merged": Case(
        patched("Service", "shop", "spec.selector.track"), "canary", kustomize(PROD),
        {"Service/shop-prod: spec.selector.track": ("stable", "canary")}),
    "a patch in a file": Case(
        patched("StatefulSet", "worker", "spec.revisionHistoryLimit", file=f"{PROD}/limits.yaml"), 5, kustomize(PROD),
        {"StatefulSet/worker-prod: spec.revisionHistoryLimit": (4, 5)}),
    "a literal of a ConfigMap": Case(
        generated("VERSION"), "1.11", kustomize(PROD), {"ConfigMap/settings-prod: data.VERSION": ("1.10", "1.11")}),
    "an env file of a ConfigMap": Case(
        generated("LIMIT", file=f"{PROD}/settings.env"), "11", kustomize(PROD),
        {"ConfigMap/settings-prod: data.LIMIT": ("10", "11")}),
    "a value of a chart": Case(
        value("image.tag"), "1.11", helm,
        {f"Deployment/shop: {SHOP}": ("ghcr.io/acme/shop:1.10", "ghcr.io/acme/shop:1.11"),
         "Deployment/shop: spec.template.metadata.labels.version": ("1.10", "1.11")}),
    "a number of a chart": Case(value("replicaCount"), 4, helm, {"Deployment/shop: spec.replicas": (3, 4)}),
    "a weight of a chart": Case(
        value("canary.weight"), 25, helm,
        {"VirtualService/shop: spec.http[0].route[0].weight": (90, 75),
         "VirtualService/shop: spec.http[0].route[1].weight": (10, 25)}),
    "a whole image in a chart": Case(
        value("canary.image"), "ghcr.io/acme/shop:1.10", helm,
        {f"Deployment/shop: {PROXY}": ("ghcr.io/acme/shop:1.9", "ghcr.io/acme/shop:1.10")}),
    "a value that was not there": Case(
        value("extra.image", create=True), "busybox:1.36", helm,
        {"Deployment/shop: spec.template.spec.containers[3]": (None, {"name": "extra", "image": "busybox:1.36"})}),
    "the version of a dependency": Case(
        {"helmDependency": {"file": "chart/Chart.yaml", "name": "cache"}}, "1.3.0", helm,
        {"ConfigMap/cache: data.version": ("1.2.3", "1.3.0")}, {"cache/Chart.yaml": ("1.2.3", "1.3.0")}),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_the_rendered_objects_differ_in_the_promoted_value_alone(name: str, rendering: None, tmp_path: Path) -> None:
    case = CASES[name]
    before = repository()
    target = Target.model_validate(case.edit)
    after = before.changed(edits.put(target, case.value, before))
    for path, (old, new) in (case.also or {}).items():
        after = Files({**after.files, path: after.files[path].replace(old.encode(), new.encode())})
    rendered = [objects(case.render(written(tree, tmp_path / when))) for when, tree in (("0", before), ("1", after))]
    assert dict(differences(*rendered)) == case.differs
    assert edits.put(target, case.value, after) == ()


TRIAL = """\
apiVersion: apps/v1
kind: Deployment
metadata: {name: trial}
spec:
  selector: {matchLabels: {app: trial}}
  template:
    metadata: {labels: {app: trial}}
    spec: {containers: [{name: shop, image: "ghcr.io/acme/trial:{{ tag }}"}]}
"""
TRIALS = {
    "in a file of its own": {"file": {"path": f"{PROD}/trial.yaml", "template": "templates/trial.yaml"}},
    "in a file that it brings": {
        "document": {"file": f"{PROD}/more/trial.yaml", "kind": "Deployment", "template": "templates/trial.yaml",
                     "kustomization": PROD}
    },
    "among other documents": {
        "document": {"file": "base/worker.yaml", "kind": "Deployment", "template": "templates/trial.yaml"},
        "sharedBase": "allow",
    },
}  # fmt: skip


@pytest.mark.parametrize("name", TRIALS)
def test_a_trial_is_built_while_it_is_there_and_everything_is_as_before_when_it_is_over(
    name: str, rendering: None, tmp_path: Path
) -> None:
    before = Files({**repository().files, "templates/trial.yaml": TRIAL.encode()})
    target = Target.model_validate(TRIALS[name])
    there = before.changed(edits.put(target, "1.1", before))
    old, new = (
        objects(kustomize(PROD)(written(tree, tmp_path / when))) for when, tree in (("0", before), ("1", there))
    )
    assert {one for one, _ in differences(old, new)} == {"Deployment/trial-prod: "}
    containers = new["Deployment/trial-prod"]["spec"]["template"]["spec"]["containers"]
    assert containers[0]["image"] == "ghcr.io/acme/trial:1.1"
    assert there.changed(edits.put(target, None, there)) == before


# ---------------------------------------------------------------- trees and what is rendered


def repository() -> Files:
    files = (path for path in REPOSITORY.rglob("*") if path.is_file())
    return Files({str(path.relative_to(REPOSITORY)): path.read_bytes() for path in files})


def written(tree: Files, folder: Path) -> Path:
    for path, data in tree.files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(data)
    return folder


def objects(text: str) -> dict[str, Any]:
    """The rendered objects by kind and name; there is at least one."""
    found = {f"{one['kind']}/{one['metadata']['name']}": one for one in yaml.safe_load_all(text) if one}
    assert found
    return found


def differences(before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[tuple[str, tuple[Any, Any]]]:
    for name in {**before, **after}:
        yield from ((f"{name}: {path}", pair) for path, pair in _differ(before.get(name), after.get(name), ""))


def _differ(old: Any, new: Any, path: str) -> Iterator[tuple[str, tuple[Any, Any]]]:
    if isinstance(old, dict) and isinstance(new, dict):
        for key in {**old, **new}:
            yield from _differ(old.get(key), new.get(key), f"{path}.{key}".lstrip("."))
    elif isinstance(old, list) and isinstance(new, list):
        for number in range(max(len(old), len(new))):
            one, other = (each[number] if number < len(each) else None for each in (old, new))
            yield from _differ(one, other, f"{path}[{number}]")
    elif (type(old), old) != (type(new), new):
        yield path, (old, new)
