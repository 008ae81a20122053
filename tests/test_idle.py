"""What a tick costs in which nothing is decided: as much for ten policies as for a thousand, on both hosted forges."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest

from gitops_bot import observe, tick
from gitops_bot.adapters.recorded import MemoryMetrics
from gitops_bot.model import Kind
from gitops_bot.policy.config import Limits
from gitops_bot.policy.loading import LoadedPolicy
from gitops_bot.policy.schema import PromotionPolicy
from tests.support.environment import KUSTOMIZATION, LADDER
from tests.support.hosted import FORGES, Hosted
from tests.support.memory_git import BASE, BOT
from tests.support.place import START

MINUTE = timedelta(minutes=1)
OPEN = 50
"""Pull requests that wait for people while their figures move."""
POD = {"spec": {"containers": [{"name": "shop", "image": "ghcr.io/acme/shop:1.0.0"}]}}
WELL = dict.fromkeys(("observedGeneration", "replicas", "updatedReplicas", "readyReplicas", "availableReplicas"), 1)
RUNNING = {
    "metadata": {"namespace": "shop", "name": "shop", "generation": 1},
    "spec": {"replicas": 1, "template": POD},
    "status": WELL,
}


@dataclass
class Counted:
    """Asked of git and of the cluster in one tick."""

    world: Hosted
    git: list[str] = field(default_factory=list)
    cluster: list[str] = field(default_factory=list)

    def list(self, kind: Kind) -> Sequence[Mapping[str, Any]]:
        """One object of every kind."""
        self.cluster.append(str(kind))
        return [RUNNING]

    def refresh(self, bases: Collection[str] = ()) -> Mapping[str, str]:
        """Asks the remote."""
        self.git.append("ls-remote")
        return self.world.refresh(bases)

    def prefetch(self, wanted: Sequence[tuple[str, str]]) -> None:
        """Asks the remote."""
        self.git.append("fetch")

    def __getattr__(self, name: str) -> Any:
        return getattr(self.world, name)


def _document(number: int) -> dict[str, Any]:
    places = (("stable", "stableVersion"), ("canary", "candidateVersion"))
    image = "ghcr.io/acme/shop"
    edits = [{"kustomizeImage": {"path": f"p{number}/{one}", "name": image}, "set": slot} for one, slot in places]
    weight = {"helmValue": {"file": f"p{number}/values.yaml", "key": "canary.weight"}, "set": "weight"}
    workload = {"kind": "Deployment", "namespace": "shop", "name": "shop"}
    spec = {
        **LADDER,
        "analysis": {**LADDER["analysis"], "bake": "3m"},
        "baseline": {"workload": workload},
        "edits": [*edits, weight],
    }
    return {
        "apiVersion": "gitops-bot.dev/v1alpha1",
        "kind": "PromotionPolicy",
        "metadata": {"name": f"p{number}"},
        "spec": spec,
    }


def _files(number: int, *, trial: bool) -> dict[str, bytes]:
    texts = {
        "stable/kustomization.yaml": KUSTOMIZATION.format(tag="1.0.0"),
        "canary/kustomization.yaml": KUSTOMIZATION.format(tag="2.0.0" if trial else "1.0.0"),
        "values.yaml": f"canary:\n  weight: {5 if trial else 0}\n",
    }
    return {f"p{number}/{name}": text.encode() for name, text in texts.items()}


def _idle(forge: str, policies: int) -> tuple[list[str], list[str], list[str]]:
    """The requests of one quiet tick: to the forge, to git, to the cluster."""
    with FORGES[forge](START) as world:
        files: dict[str, bytes] = {}
        for number in range(policies):
            files |= _files(number, trial=number < OPEN)
        world.commit(BASE, files, who="Acme CI <ci@acme.example>")
        counted = Counted(world)
        figures = MemoryMetrics(lambda _query, at: (at.minute % 10) / 2000)
        site = observe.Site(
            name="environments",
            base=BASE,
            repo=counted,
            forge=world.forge(),
            clusters={"prod": counted},
            metrics={"prom": figures},
            servers={"prod": "prom"},
            identity=BOT,
            automation=("ci@acme.example",),
        )
        documents = [PromotionPolicy.model_validate_json(json.dumps(_document(number))) for number in range(policies)]
        loaded = [LoadedPolicy(one, f"{one.name}.yaml", 1) for one in documents]
        limits = Limits.model_validate({"openPullRequests": 1000, "perHour": 1000})
        job = tick.Job(site, lambda _sight: tick.Loaded(loaded, whole=True), limits, world)
        world.pass_time(5 * MINUTE)
        tick.run(job)
        assert len([one for one in world.pulls.values() if one.merge_commit == ""]) == min(policies, OPEN)
        world.pass_time(MINUTE)
        before = len(world.fake.requests)
        counted.git.clear()
        counted.cluster.clear()
        report = tick.run(job)
        assert (report.failures, report.receipts) == ([], [])
        assert len(report.plans) == policies
        return [str(one) for one in world.fake.requests[before:]], counted.git, counted.cluster


@pytest.mark.parametrize("many", [150, pytest.param(1000, marks=pytest.mark.real)])
@pytest.mark.parametrize("forge", FORGES)
def test_a_quiet_tick_costs_the_same_however_many_policies_there_are(forge: str, many: int) -> None:
    asked, git, cluster = costs = _idle(forge, many)
    assert costs == _idle(forge, 10)
    # A page of the open ones, and one of those that ended lately; on GitLab the pipelines that the open ones wait for.
    assert len(asked) == {"github": 2, "gitlab": 3}[forge]
    assert git == ["ls-remote", "fetch"]
    assert len(cluster) == 1
