"""Rules over several fields: for each, a document that breaks it and where the problem is shown."""

from __future__ import annotations

from typing import Any

import pytest

from gitops_bot.policy.config import BotConfig
from gitops_bot.policy.config_rules import problems as config_problems
from gitops_bot.policy.rules import problems
from tests.support.build import ERRORS, LADDER, PROMOTION, policy

PLACED = {"hub": "hub", "namespace": "shop", "name": "fleet"}

Spec = dict[str, Any]
ONE_ENVIRONMENT = "branch needs candidate.environments with exactly one environment: whose branch is merged"
OWN_BASE = "branch needs spec.base, the branch that this environment has for itself"
NO_LADDER = "branch goes with strategy.promote: on a ladder every rung is an edit"
WORKLOAD = {"namespace": "shop", "name": "cart-canary"}
CANARY = {"kind": "Canary", "namespace": "shop", "name": "cart"}
BUILTIN: dict[str, Any] = {"name": "errors", "builtin": {"istio": "request-error-ratio"}, "max": "1%"}
STABLE, CANDIDATE, WEIGHT = LADDER["edits"]


def found(spec: Spec, **changed: Any) -> list[tuple[str, str]]:
    """`path below the document` without `spec.`, message."""
    return [(".".join(map(str, path[1:])), message) for path, message in problems(policy(spec, **changed))]


@pytest.mark.parametrize(
    ("spec", "changed"),
    [
        (LADDER, {}),
        (PROMOTION, {}),
        (LADDER, {"candidate": {"workload": WORKLOAD}, "analysis": {"metrics": [BUILTIN]}}),
        (LADDER, {"strategy": {"canary": {"step": 20, "max": 60}}}),
        (LADDER, {"strategy": {"canary": {"step": 20}}}),
        (LADDER, {"candidate": {"slot": None, "version": "v2"}}),
        (LADDER, {"analysis": {"deadline": "1h", "onDeadline": "rollback"}}),
        (LADDER, {"analysis": {"bake": "11000m"}}),
        (PROMOTION, {"candidate": {"experiment": CANARY}, "analysis": {"source": "both", "metrics": [BUILTIN]}}),
        (PROMOTION, {"candidate": {"experiment": None, "version": "v2"}}),
        (PROMOTION, {"analysis": {"metrics": [{**ERRORS, "critical": False}]}}),
        (
            PROMOTION,
            {
                "candidate": {"experiment": None, "slot": "candidateVersion"},
                "analysis": {"metrics": [ERRORS]},
                "edits": [STABLE, CANDIDATE],
            },
        ),
        (LADDER, {"pullRequest": {"title": "{{ step }} {{ to.version }}"}, "clusters": ["eu", "us"]}),
        (LADDER, {"analysis": {"metrics": [{**ERRORS, "min": 0, "max": 0}]}}),
        (LADDER, {"edits": [STABLE, CANDIDATE, {**WEIGHT, "value": "{{ weight }}%"}]}),
    ],
)
def test_what_can_be_done_has_no_problem(spec: Spec, changed: Spec) -> None:
    assert found(spec, **changed) == []


@pytest.mark.parametrize(
    ("spec", "changed", "said"),
    [
        (
            PROMOTION,
            {"candidate": {"experiment": None, "environments": ["dev", "qa"]}, "base": "prod"},
            ONE_ENVIRONMENT,
        ),
        (PROMOTION, {"candidate": {"experiment": None, "version": "v2"}, "base": "prod"}, ONE_ENVIRONMENT),
        (PROMOTION, {"candidate": {"experiment": None, "environments": ["dev"]}}, OWN_BASE),
        (LADDER, {"candidate": {"slot": None, "environments": ["dev"]}, "base": "prod"}, NO_LADDER),
    ],
)
def test_a_branch_is_merged_from_one_other_as_a_whole(spec: Spec, changed: Spec, said: str) -> None:
    assert [message for path, message in found(spec, **changed, by="branch") if path == "by"] == [said]


def metric(**changed: Any) -> Spec:
    merged = {key: value for key, value in {**ERRORS, **changed}.items() if value is not None}
    return {"analysis": {"metrics": [merged]}}


@pytest.mark.parametrize(
    ("spec", "changed", "path", "message"),
    [
        # candidate
        (
            LADDER,
            {"candidate": {"slot": None}},
            "candidate",
            "one of slot, experiment, version, registry, environments is needed",
        ),
        (
            LADDER,
            {"candidate": {"version": "v2"}},
            "candidate.version",
            "only one of slot, version, registry, environments may",
        ),
        (
            LADDER,
            {"candidate": {"slot": None, "version": "v2", "workload": WORKLOAD}},
            "candidate.workload",
            "only goes with slot",
        ),
        # analysis
        (LADDER, {"analysis": {"source": "experiment"}}, "analysis.source", "needs spec.candidate.experiment"),
        (PROMOTION, {"analysis": {"source": "both"}}, "analysis.source", "both needs spec.analysis.metrics"),
        (
            PROMOTION,
            {"analysis": {"source": "experiment", "metrics": [ERRORS]}},
            "analysis.metrics",
            "are never asked with source: experiment",
        ),
        (LADDER, {"analysis": {"interval": "500ms"}}, "analysis.interval", "must be at least 1s"),
        (LADDER, {"analysis": {"bake": "30s"}}, "analysis.bake", "must be at least one interval"),
        (LADDER, {"analysis": {"bake": "11001m"}}, "analysis.bake", "at most 11000 intervals"),
        (LADDER, {"analysis": {"onDeadline": "rollback"}}, "analysis.onDeadline", "needs a deadline"),
        (LADDER, {"analysis": {"metrics": [ERRORS, ERRORS]}}, "analysis.metrics.1.name", "name of another metric"),
        (LADDER, metric(critical=False), "analysis.metrics", "none is critical, so nothing could ever decide"),
        (
            PROMOTION,
            {"analysis": {"source": "metrics", "metrics": [{**ERRORS, "critical": False}]}},
            "analysis.metrics",
            "none is critical",
        ),
        # metrics
        (LADDER, metric(query=None), "analysis.metrics.0", "one of builtin, query, ratio is needed"),
        (
            LADDER,
            metric(ratio={"bad": "a", "total": "b"}),
            "analysis.metrics.0.ratio",
            "only one of builtin, query, ratio may be given, and query is",
        ),
        (LADDER, metric(max=None), "analysis.metrics.0", "min, max, compare or judge is needed"),
        (LADDER, metric(compare={}), "analysis.metrics.0.compare", "does not go with min or max"),
        (LADDER, metric(judge={"kayenta": {}}), "analysis.metrics.0.judge", "does not go with min or max"),
        (
            LADDER,
            metric(max=None, compare={"tolerate": "0.2pp", "test": "mannWhitney"}),
            "analysis.metrics.0.compare.tolerate",
            "goes with test: sequential",
        ),
        (LADDER, metric(max=None, compare={"confidence": "40%"}), "analysis.metrics.0.compare", "cannot be: "),
        (LADDER, metric(max=None, judge={}), "analysis.metrics.0.judge", "one of sequential, threshold, "),
        (
            LADDER,
            metric(max=None, judge={"kayenta": {}, "sequential": {}}),
            "analysis.metrics.0.judge.kayenta",
            "only one of sequential, threshold, ",
        ),
        (
            LADDER,
            metric(max=None, compare={}, failureLimit=2),
            "analysis.metrics.0.failureLimit",
            "goes with min or max; a judge has its own",
        ),
        (LADDER, metric(min="2%"), "analysis.metrics.0.min", "is greater than max"),
        (LADDER, {"analysis": {"metrics": [BUILTIN]}}, "analysis.metrics.0.builtin", "needs namespace and workload"),
        (LADDER, metric(query="{{ verison }}"), "analysis.metrics.0.query", "did you mean version?"),
        (
            LADDER,
            metric(query=None, ratio={"bad": "{{ x }}", "total": "b"}),
            "analysis.metrics.0.ratio.bad",
            "unknown variable x",
        ),
        (
            LADDER,
            metric(query=None, ratio={"bad": "a", "total": "{{ x }}"}),
            "analysis.metrics.0.ratio.total",
            "unknown variable x",
        ),
        (
            LADDER,
            {
                "candidate": {"workload": WORKLOAD},
                "analysis": {"metrics": [{**BUILTIN, "builtin": {**BUILTIN["builtin"], "labels": {"a": "{{ x }}"}}}]},
            },
            "analysis.metrics.0.builtin.labels.a",
            "unknown variable x",
        ),
        # strategy
        (LADDER, {"strategy": {"canary": None}}, "strategy", "one of canary, promote, blueGreen, abTest is needed"),
        (
            LADDER,
            {"candidate": {"slot": None, "experiment": CANARY}},
            "strategy.canary",
            "a ladder in git cannot go with Canary shop/cart: Flagger owns its weight",
        ),
        (LADDER, {"edits": [STABLE, CANDIDATE]}, "edits", "strategy.canary needs an edit that sets weight"),
        (LADDER, {"analysis": {"metrics": []}}, "analysis", "without evidence it could never advance"),
        (PROMOTION, {"edits": [CANDIDATE]}, "edits", "strategy.promote needs an edit that sets version"),
        (
            PROMOTION,
            {"candidate": {"experiment": None, "slot": "candidateVersion"}, "analysis": {"metrics": [ERRORS]}},
            "candidate.slot",
            "needs an edit that sets candidateVersion",
        ),
        (
            PROMOTION,
            {"candidate": {"experiment": None, "slot": "candidateVersion"}, "edits": [STABLE, CANDIDATE]},
            "analysis",
            "a candidate from git needs metrics",
        ),
        (PROMOTION, {"edits": [STABLE, WEIGHT]}, "edits.1.set", "strategy.promote writes versions only"),
        # edits
        (PROMOTION, {"edits": []}, "edits", "at least one edit is needed"),
        (
            PROMOTION,
            {"edits": [{"set": "version"}]},
            "edits.0",
            "one of kustomizeImage, kustomizeReplicas, kustomizePatch",
        ),
        (
            LADDER,
            {"edits": [STABLE, CANDIDATE, {**CANDIDATE, "set": "weight"}]},
            "edits.2.set",
            "kustomizeImage holds stableVersion and candidateVersion, no weight",
        ),
        (
            LADDER,
            {"edits": [STABLE, CANDIDATE, {"kustomizeReplicas": {"path": "a", "name": "b"}, "set": "weight"}]},
            "edits.2.set",
            "kustomizeReplicas holds no slot, only what is set by hand",
        ),
        (
            LADDER,
            {"edits": [STABLE, CANDIDATE, {**WEIGHT, "value": "{{ wieght }}"}]},
            "edits.2.value",
            "knows no {{ wieght }}; there is {{ weight }}",
        ),
        (
            LADDER,
            {"edits": [STABLE, CANDIDATE, {**WEIGHT, "value": "v{{ tag }}"}]},
            "edits.2.value",
            "spells a version, and the edit sets weight",
        ),
        (
            LADDER,
            {"edits": [STABLE, WEIGHT, {**WEIGHT, "set": "candidateVersion", "value": "v{{ tag }}"}]},
            "edits.2",
            "writes the same place as an edit above it",
        ),
        (
            LADDER,
            {"edits": [STABLE, {**STABLE, "set": "candidateVersion"}, WEIGHT]},
            "edits.1",
            "writes the same place as an edit above it",
        ),
        # the rest
        (LADDER, {"clusters": []}, "clusters", "name at least one cluster"),
        (LADDER, {"clusters": ["eu", "eu"]}, "clusters.1", "eu is named twice"),
        (
            LADDER,
            {"clusters": {"placement": {**PLACED, "kind": "PlacementRule", "group": "canary"}}},
            "clusters.placement.group",
            "goes with kind: Placement",
        ),
        (
            LADDER,
            {
                "clusters": {"placement": PLACED},
                "strategy": {"canary": {"rings": [1, 3], "placement": {"namespace": "shop", "name": "x"}}},
            },
            "clusters.placement",
            "does not go with strategy.canary.placement",
        ),
        (LADDER, {"pullRequest": {"title": "{{ version }}"}}, "pullRequest.title", "unknown variable version"),
    ],
)
def test_a_broken_rule_is_shown_where_it_is_broken(spec: Spec, changed: Spec, path: str, message: str) -> None:
    matching = [shown for where, shown in found(spec, **changed) if where == path]
    assert any(message in shown for shown in matching), found(spec, **changed)


def test_every_problem_is_found_at_once() -> None:
    broken = found(LADDER, candidate={"slot": None}, strategy={"canary": {}}, edits=[], clusters=[])
    assert {path for path, _ in broken} >= {"candidate", "strategy.canary", "edits", "clusters"}


# ---------------------------------------------------------------- the bot configuration

REPOSITORY = {"url": "https://github.com/shop/environments", "forge": "github", "tokenFrom": {"env": "TOKEN"}}
APP = {"id": 1, "privateKeyFrom": {"file": "/key"}}
PROMETHEUS = {"url": "https://prometheus.example", "tokenFrom": {"env": "PROM"}}


def configured(**spec: Any) -> list[tuple[str, str]]:
    document = {
        "apiVersion": "gitops-bot.dev/v1alpha1",
        "kind": "BotConfig",
        "metadata": {"name": "bot"},
        "spec": {"repositories": {"environments": REPOSITORY}, **spec},
    }
    shown = config_problems(BotConfig.model_validate(document))
    return [(".".join(map(str, path[1:])), message) for path, message in shown]


def repository(**changed: Any) -> Spec:
    merged = {key: value for key, value in {**REPOSITORY, **changed}.items() if value is not None}
    return {"repositories": {"environments": merged}}


def server(**prometheus: Any) -> Spec:
    return {"metrics": {"prom": {"prometheus": {**PROMETHEUS, **prometheus}}}}


@pytest.mark.parametrize(
    "spec",
    [
        {},
        repository(tokenFrom=None, app=APP),
        repository(forge="local", url="/srv/environments.git", tokenFrom=None),
        repository(forge="gitlab", url="git@gitlab.example:shop/eu/environments.git", mergeMethod="squash"),
        {"clusters": {"eu": {"context": "eu", "kubeconfig": "/config", "metrics": "prom"}}, **server()},
        {"clusters": {"eu": {"inCluster": True}, "us": {"recorded": "/objects"}}},
        {"metrics": {"prom": {"recorded": {"file": "/answers.yaml"}}}},
        server(url="http://localhost:9090", tokenFrom=None),
    ],
)
def test_a_configuration_that_works_has_no_problem(spec: Spec) -> None:
    assert configured(**spec) == []


@pytest.mark.parametrize(
    ("spec", "path", "message"),
    [
        ({"repositories": {}}, "repositories", "at least one is needed"),
        (repository(url="https://me:secret@github.com/a/b"), "repositories.environments.url", "holds credentials"),
        (repository(app=APP), "repositories.environments.app", "goes without tokenFrom"),
        (repository(tokenFrom=None), "repositories.environments", "github needs tokenFrom or app"),
        (repository(forge="gitlab", tokenFrom=None), "repositories.environments", "gitlab needs tokenFrom"),
        (repository(forge="gitlab", tokenFrom=None, app=APP), "repositories.environments.app", "is GitHub's"),
        (
            repository(forge="gitlab", mergeMethod="rebase"),
            "repositories.environments.mergeMethod",
            "no rebase on gitlab",
        ),
        (repository(tokenFrom={}), "repositories.environments.tokenFrom", "one of env, file is needed"),
        (
            repository(tokenFrom={"env": "A", "file": "/b"}),
            "repositories.environments.tokenFrom.file",
            "only one of env, file may be given",
        ),
        (
            repository(tokenFrom=None, app={"id": 1, "privateKeyFrom": {}}),
            "repositories.environments.app.privateKeyFrom",
            "one of env, file is needed",
        ),
        ({"clusters": {"eu": {"context": "eu", "inCluster": True}}}, "clusters.eu", "only one of context"),
        ({"clusters": {"eu": {"metrics": "prom"}}}, "clusters.eu.metrics", "no metrics server is named prom"),
        (
            {"metrics": {"prom": {}}},
            "metrics.prom",
            "one of prometheus, datadog, newRelic, dynatrace, json, recorded is needed",
        ),
        (server(url="prometheus:9090"), "metrics.prom.prometheus.url", "must begin with https:// or http://"),
        (server(tokenFrom={}), "metrics.prom.prometheus.tokenFrom", "one of env, file is needed"),
    ],
)
def test_a_configuration_that_cannot_work_is_shown_where(spec: Spec, path: str, message: str) -> None:
    matching = [shown for where, shown in configured(**spec) if where == path]
    assert any(message in shown for shown in matching), configured(**spec)
