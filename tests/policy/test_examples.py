"""The examples in policies/: right by the loader and by the schema they name, and each does what its comment says."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from importlib import resources
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft202012Validator

from gitops_bot.cli.validate import check
from gitops_bot.policy.fleet import ChosenClusters
from gitops_bot.policy.loading import LoadedPolicy, Source, load_policies

POLICIES = Path(__file__).parents[2] / "policies"
EXAMPLES = sorted(POLICIES.glob("*.yaml"))
NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
DEMO = resources.files("gitops_bot.demo") / "environment"


def ago(minutes: int) -> str:
    return (NOW - timedelta(minutes=minutes)).isoformat()


def example(name: str) -> LoadedPolicy:
    (loaded,) = load_policies([Source(name, (POLICIES / name).read_bytes())])
    return loaded


# ---------------------------------------------------------------- right


def test_validate_finds_nothing_wrong_with_the_folder() -> None:
    found = check([POLICIES])
    assert found.problems == []
    # One policy for each environment, or ring.
    becomes = {
        "pipeline.yaml": 4,
        "kustomize-tekton-ocm.yaml": 3,
        "pipeline-fleet.yaml": 3,
        "pipeline-branches.yaml": 3,
    }
    assert found.checked == sum(becomes.get(file.name, 1) for file in EXAMPLES) > 4


@pytest.mark.parametrize("file", EXAMPLES, ids=lambda path: path.name)
def test_each_names_a_committed_schema_and_fits_it(file: Path) -> None:
    first, rest = file.read_text(encoding="utf-8").split("\n", 1)
    comment, _, named = first.partition("=")
    assert comment == "# yaml-language-server: $schema"
    schema = json.loads((POLICIES / named).read_text(encoding="utf-8"))
    document = yaml.safe_load(rest)
    assert schema["title"] == document["kind"]
    assert [error.message for error in Draft202012Validator(schema).iter_errors(document)] == []


def test_the_policies_fit_the_configuration() -> None:
    spec = yaml.safe_load((POLICIES / "gitops-bot.yaml").read_text(encoding="utf-8"))["spec"]
    for file in EXAMPLES:
        if file.name != "gitops-bot.yaml":
            for one in load_policies([Source(file.name, file.read_bytes())]):
                assert one.policy.spec.repository in spec["repositories"]
                given = one.policy.spec.given_clusters
                asked = {given.placement.hub} if isinstance(given, ChosenClusters) else {*given} - {"default"}
                assert asked <= set(spec["clusters"])
    assert {one["metrics"] for one in spec["clusters"].values()} <= set(spec["metrics"])


# ---------------------------------------------------------------- working: the command line on a small world


class World:
    """A bare repository with a history, recorded objects and metrics, and a policy to plan."""

    def __init__(self, folder: Path, cluster: str) -> None:
        self.folder, self.work = folder, folder / "work"
        self.work.mkdir(parents=True)
        (folder / "cluster").mkdir()
        self.git("init", "--quiet", "--initial-branch=main")
        self.config = folder / "gitops-bot.yaml"
        repository = {"url": str(folder / "environments.git"), "forge": "local"}
        spec = {
            "repositories": {"environments": repository},
            "clusters": {cluster: {"recorded": str(folder / "cluster"), "metrics": "recorded"}},
            "metrics": {"recorded": {"recorded": {"file": str(folder / "metrics.json")}}},
            "cache": str(folder / "cache"),
        }
        head = {"apiVersion": "gitops-bot.dev/v1alpha1", "kind": "BotConfig", "metadata": {"name": "test"}}
        self.config.write_text(yaml.safe_dump({**head, "spec": spec}))
        self.record({})

    def git(self, *args: str, at: str = "") -> None:
        who = {"NAME": "Ann", "EMAIL": "ann@acme.example", **({"DATE": at} if at else {})}
        env = {f"GIT_{role}_{name}": value for role in ("AUTHOR", "COMMITTER") for name, value in who.items()}
        subprocess.run(["git", *args], cwd=self.work, env={**os.environ, **env}, check=True)

    def commit(self, files: Mapping[str, str], at: str) -> None:
        for name, text in files.items():
            path = self.work / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        self.git("add", "--all")
        self.git("commit", "--quiet", "--message=a change", at=at)

    def object(self, manifest: Mapping[str, Any]) -> None:
        name = f"{manifest['kind']}-{manifest['metadata']['name']}.json"
        (self.folder / "cluster" / name).write_text(json.dumps(manifest))

    def record(self, queries: Mapping[str, float]) -> None:
        minutes = [NOW.timestamp() - 60 * minute for minute in range(600)]
        series = [
            {"query": query, "points": [[at, value] for at in minutes], "every": 300}
            for query, value in queries.items()
        ]
        (self.folder / "metrics.json").write_text(json.dumps({"series": series}))

    def plan(self, name: str) -> dict[str, Any]:
        self.git("clone", "--quiet", "--bare", str(self.work), str(self.folder / "environments.git"))
        options = ["--config", str(self.config), "--policies", str(POLICIES / name), "--at", NOW.isoformat()]
        command = [sys.executable, "-m", "gitops_bot", "plan", *options, "--output=json"]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        (one,) = json.loads(done.stdout)["plans"]
        assert isinstance(one, dict)
        return one


def workload(kind: str, name: str, image: str, written: str, **status: Any) -> dict[str, Any]:
    """A Deployment or Rollout whose template was written then, all pods well."""
    group = {"Deployment": "apps/v1", "Rollout": "argoproj.io/v1alpha1"}[kind]
    counts = dict.fromkeys(("replicas", "updatedReplicas", "availableReplicas", "readyReplicas"), 3)
    fields = {"manager": "argocd", "time": written, "fieldsV1": {"f:spec": {"f:template": {}}}}
    pod = {"spec": {"containers": [{"name": "app", "image": image}, {"name": "proxy", "image": "proxy:1"}]}}
    if kind == "Deployment":
        pod["spec"]["containers"].pop()
    return {
        "apiVersion": group,
        "kind": kind,
        "metadata": {"namespace": "shop", "name": name, "generation": 1, "managedFields": [fields]},
        "spec": {"replicas": 3, "template": pod},
        "status": {"observedGeneration": "1" if kind == "Rollout" else 1, **counts, **status},
    }


def kustomization(image: str, tag: str) -> str:
    return f"images:\n  - name: {image}\n    newTag: {tag}\n"


@pytest.mark.parametrize(
    ("weight", "error_ratio", "step"), [(0, 0.0, "Start"), (5, 0.001, "Advance"), (5, 0.2, "Rollback")]
)
def test_the_ladder_works_in_the_demo_s_repository(tmp_path: Path, weight: int, error_ratio: float, step: str) -> None:
    overlays, values = "apps/checkout/overlays/prod", "charts/checkout-routes/values.yaml"
    canary = f"{overlays}/canary/kustomization.yaml"
    files = {
        path: DEMO.joinpath(path).read_text() for path in (f"{overlays}/stable/kustomization.yaml", canary, values)
    }
    world = World(tmp_path, "prod")
    world.commit(files, ago(3000))
    started = files[values].replace("weight: 0", f"weight: {weight}")
    world.commit({canary: files[canary].replace("1.7.3", "1.8.0"), values: started}, ago(60))
    for name, tag in (("checkout", "1.7.3"), ("checkout-canary", "1.8.0")):
        world.object(workload("Deployment", name, f"ghcr.io/acme/checkout:{tag}", ago(50)))
    requests = '~>.*istio_requests_total.*destination_workload="checkout-canary"'
    world.record(
        {
            f"{requests},response_code.*": 1000 * error_ratio,
            f"{requests}}}.*": 1000,
            "~>histogram_quantile.*checkout-canary.*": 0.2,
        }
    )
    plan = world.plan("canary-ladder.yaml")
    assert plan["step"]["kind"] == step, plan["step"]
    assert plan["proposal"]["title"].startswith("rollback" if step == "Rollback" else f"checkout 1.8.0: {step}, ")


def test_a_version_that_succeeded_in_staging_is_promoted_into_both_regions(tmp_path: Path) -> None:
    world = World(tmp_path, "staging")
    overlays = [f"apps/cart/overlays/prod-{region}/kustomization.yaml" for region in ("eu", "us")]
    world.commit(dict.fromkeys(overlays, kustomization("ghcr.io/acme/cart", "2.0.0")), ago(3000))
    hashes = {"phase": "Healthy", "stableRS": "abc", "currentPodHash": "abc"}
    world.object(workload("Rollout", "cart", "ghcr.io/acme/cart:2.1.0", ago(120), **hashes))
    world.record(
        {
            '~>.*istio_requests_total.*destination_version="2[.]1[.]0",response_code.*': 0,
            '~>.*istio_requests_total.*destination_workload="cart".*destination_version="2[.]1[.]0".*': 400,
            "~>.*cart_orders_total.*": 2,
        }
    )
    plan = world.plan("promote-from-rollout.yaml")
    assert plan["step"]["kind"] == "Promote", plan["step"]
    assert [change["path"] for change in plan["proposal"]["changes"]] == overlays


def test_what_flagger_failed_leaves_git_again(tmp_path: Path) -> None:
    world = World(tmp_path, "prod")
    values = "image:\n  repository: ghcr.io/acme/payments\n  tag: {}\n"
    world.commit({"apps/payments/values-prod.yaml": values.format("3.0.0")}, ago(3000))
    world.commit({"apps/payments/values-prod.yaml": values.format("3.1.0")}, ago(30))
    world.object(workload("Deployment", "payments", "ghcr.io/acme/payments:3.1.0", ago(28)))
    world.object(workload("Deployment", "payments-primary", "ghcr.io/acme/payments:3.0.0", ago(3000)))
    world.object(
        {
            "apiVersion": "flagger.app/v1beta1",
            "kind": "Canary",
            "metadata": {"namespace": "shop", "name": "payments"},
            "spec": {"targetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": "payments"}},
            "status": {"phase": "Failed", "canaryWeight": 0, "lastTransitionTime": ago(10)},
        }
    )
    plan = world.plan("flagger-rollback.yaml")
    assert plan["step"]["kind"] == "Rollback", plan["step"]
    (change,) = plan["proposal"]["changes"]
    assert [(move["old"], move["new"]) for move in change["moves"]] == [("3.1.0", "3.0.0")]
