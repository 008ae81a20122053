"""Which experiments a policy may name, and how: every kind loads as it should, and what makes no sense is said."""

from __future__ import annotations

from typing import Any, get_args

import pytest

from gitops_bot.experiments import DOCUMENTS, SYSTEMS
from gitops_bot.policy.rules import problems
from gitops_bot.policy.watched import (
    BY_PIPELINE,
    DASHBOARDS,
    DEPLOYERS,
    LOAD_TESTS,
    REWARDED,
    RUNS,
    SELECTABLE,
    STATES,
    WEIGHERS,
    WITH_PODS,
    WORDLESS,
    Experiment,
    Registry,
)
from tests.support.build import ERRORS, LADDER, policy

KINDS = get_args(Experiment.model_fields["kind"].annotation)
VERSION = {"kustomizeImage": {"path": "prod", "name": "cart"}, "set": "version"}
TRIED = {"kustomizeImage": {"path": "staging", "name": "cart"}, "set": "candidateVersion"}
SPEC: dict[str, Any] = {"repository": "environments", "strategy": {"promote": {}}, "edits": [VERSION, TRIED]}


NEEDED: dict[str, dict[str, Any]] = {
    **{key: {"objectives": {"error-rate": {"max": 0.01}}} for key in LOAD_TESTS},
    REWARDED: {"reward": {"metric": "basket-value"}},
}
"""What the policy must say of a kind that gives numbers and no verdict."""


def experiment(kind: str, **fields: Any) -> dict[str, Any]:
    return {"kind": kind, "namespace": "shop", "name": "cart", **NEEDED.get(kind, {}), **fields}


def tried(kind: str) -> dict[str, Any]:
    """The version that git says, with the verdict of that kind."""
    workload = {"workload": {"kind": "Deployment", "namespace": "shop", "name": "cart"}} if kind == REWARDED else {}
    return {"slot": "candidateVersion", "experiment": experiment(kind), **workload}


def wrong(spec: dict[str, Any]) -> list[tuple[str, str]]:
    return [(".".join(map(str, path[1:])), message) for path, message in problems(policy(spec))]


def test_the_tables_speak_of_kinds_that_are_served_and_read() -> None:
    assert set(KINDS) - DASHBOARDS <= set(SYSTEMS)
    assert {kind[0].lower() + kind[1:] for kind in DASHBOARDS} <= set(DOCUMENTS)
    for table in (RUNS, STATES, SELECTABLE, DEPLOYERS, WORDLESS, WEIGHERS, WITH_PODS, BY_PIPELINE):
        assert set(table) <= set(KINDS)
    assert not RUNS & STATES
    assert set(KINDS) - RUNS - STATES == {"Rollout", "Canary"}


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_gives_its_verdict_on_what_git_says(kind: str) -> None:
    assert wrong({**SPEC, "candidate": tried(kind)}) == []


@pytest.mark.parametrize("kind", KINDS)
def test_alone_it_must_say_which_version_it_is_about(kind: str) -> None:
    found = wrong({**SPEC, "candidate": {"experiment": experiment(kind)}})
    said = f"{kind} does not say which version it is about: give the version by candidate.slot beside it"
    assert [one for one in found if "candidate.workload" not in one[1]] == (
        [("candidate.experiment", said)] if kind in WORDLESS else []
    )


@pytest.mark.parametrize("kind", KINDS)
def test_a_ladder_goes_with_what_leaves_the_weight_alone(kind: str) -> None:
    whole = {**LADDER, "candidate": tried(kind), "analysis": {}}
    found = wrong(whole)
    assert [path for path, _ in found] == (["strategy.canary"] if kind in WEIGHERS else [])


@pytest.mark.parametrize(
    ("candidate", "path", "said"),
    [
        ({"experiment": experiment("AnalysisRun", name=None)}, "experiment", "exactly one of name, selector"),
        ({"experiment": experiment("Analysis", selector={"app": "a"})}, "experiment", "exactly one of name, selector"),
        ({"experiment": experiment("Rollout", name=None)}, "experiment", "Rollout needs a name: write name"),
        (
            {"experiment": experiment("TaskRun", name=None)},
            "experiment",
            "TaskRun needs the name of its pipeline or task",
        ),
        ({"experiment": experiment("Canary", selector={"app": "a"})}, "experiment.selector", "a Canary has a name"),
        (
            {"experiment": experiment("Canary", results={"verdict": "pass"})},
            "experiment.results",
            "goes with PipelineRun and TaskRun",
        ),
        ({"experiment": experiment("Analysis", container="app")}, "experiment.container", "has no containers"),
        (
            {"traffic": {"kind": "Ingress", "namespace": "shop", "name": "cart"}, "experiment": experiment("Rollout")},
            "traffic",
            "goes with strategy.canary",
        ),
    ],
)
def test_what_makes_no_sense_is_said_where_it_stands(candidate: dict[str, Any], path: str, said: str) -> None:
    found = wrong({**SPEC, "candidate": {"slot": "candidateVersion", **candidate}})
    assert [(where, said in message) for where, message in found] == [(f"candidate.{path}", True)]


def test_an_experiment_that_only_gives_a_verdict_must_be_asked() -> None:
    candidate = {"slot": "candidateVersion", "experiment": experiment("PipelineRun")}
    found = wrong({**SPEC, "candidate": candidate, "analysis": {"source": "metrics", "metrics": [ERRORS]}})
    assert [path for path, _ in found] == ["analysis.source"]


def test_a_ladder_needs_git_to_name_the_version() -> None:
    found = wrong({**LADDER, "candidate": {"experiment": experiment("PipelineRun")}})
    assert [path for path, _ in found] == ["candidate"]
    assert "write slot: candidateVersion beside the experiment" in found[0][1]


def image(**fields: Any) -> dict[str, Any]:
    return {"registry": {"image": "ghcr.io/acme/cart", "semver": "^1.4", **fields}}


@pytest.mark.parametrize(
    ("candidate", "path", "said"),
    [
        (image(), "", ""),
        (image(suffix="-alpine", digest=True), "", ""),
        ({**image(), "experiment": experiment("PipelineRun")}, "", ""),
        (image(semver=None), "candidate.registry", "exactly one of semver, tag is needed"),
        (image(tag="stable"), "candidate.registry", "exactly one of semver, tag is needed"),
        (image(semver=None, tag="stable", suffix="-a"), "candidate.registry.suffix", "goes with semver"),
        (image(semver="^one"), "candidate.registry.semver", "is no range of versions"),
        (
            {**image(), "version": "1.4.0"},
            "candidate.registry",
            "only one of slot, version, registry, environments may be given",
        ),
    ],
)
def test_a_registry_gives_a_version_by_a_range_or_a_tag(candidate: dict[str, Any], path: str, said: str) -> None:
    found = wrong({**SPEC, "candidate": candidate})
    assert [where for where, _ in found] == ([path] if path else [])
    assert all(said in message for _, message in found)


@pytest.mark.parametrize(
    ("name", "host", "repository"),
    [
        ("nginx", "docker.io", "library/nginx"),
        ("acme/cart", "docker.io", "acme/cart"),
        ("docker.io/nginx", "docker.io", "library/nginx"),
        ("ghcr.io/acme/cart", "ghcr.io", "acme/cart"),
        ("localhost:5000/cart", "localhost:5000", "cart"),
        ("registry.gitlab.com/group/sub/project/cart", "registry.gitlab.com", "group/sub/project/cart"),
    ],
)
def test_an_image_names_its_registry_as_everywhere(name: str, host: str, repository: str) -> None:
    found = Registry(image=name, semver="*")
    assert (found.host, found.repository) == (host, repository)
