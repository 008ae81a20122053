"""The whole job with real servers at once: a cluster, metrics, git over HTTP; pull requests on the local forge."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from gitops_bot import tick
from gitops_bot.model import Outcome, StepKind
from tests.real.whole import GIT_TOKEN, TOKEN_ENV, Clock, Site, counters, openmetrics
from tests.support.environment import CI, KUSTOMIZATION, LADDER, STABLE, policy, tree
from tests.support.servers.git_http import GitHttp
from tests.support.servers.kubernetes import ApiServer
from tests.support.servers.prometheus import Prometheus

REQUESTS = "http_requests"


@pytest.fixture
def site(
    tmp_path: Path, api_server: ApiServer, git_http: GitHttp, monkeypatch: pytest.MonkeyPatch, request: Any
) -> Site:
    monkeypatch.setenv(TOKEN_ENV, GIT_TOKEN)
    return Site(tmp_path, api_server, git_http, f"whole{request.node.name[-20:].replace(chr(95), chr(45))}")


def assert_git_went_over_http_with_a_token(git: GitHttp) -> None:
    assert any(one.path.endswith("/git-receive-pack") and one.status == 200 for one in git.requests)
    assert all(one.has_authorization for one in git.requests if one.status == 200)


def assert_rests(site: Site, clock: Clock, job: tick.Job) -> None:
    """Neither this process nor one that begins anew writes anything more."""
    before = site.environment.snapshot()
    assert tick.run(job).receipts == []
    with site.job(clock) as restarted:
        report = tick.run(restarted)
    assert (report.receipts, report.failures) == ([], [])
    assert site.environment.snapshot() == before


# ---------------------------------------------------------------- a Rollout, promoted

PROMOTION = policy(
    "shop",
    {
        "repository": "environments",
        "clusters": ["prod"],
        "candidate": {"experiment": {"kind": "Rollout", "namespace": "NAMESPACE", "name": "shop"}},
        "analysis": {
            "source": "both",
            "interval": "1m",
            "bake": "3m",
            "metrics": [
                {
                    "name": "errors",
                    "ratio": {
                        "bad": 'sum(increase(http_requests_total{version="{{ version }}",code=~"5.."}[1m]))',
                        "total": 'sum(increase(http_requests_total{version="{{ version }}"}[{{ interval }}]))',
                    },
                    "max": "1%",
                    "minSamples": 1000,
                }
            ],
        },
        "strategy": {"promote": {}},
        "edits": [
            {"kustomizeImage": {"path": "apps/shop/stable", "name": "ghcr.io/acme/shop"}, "set": "version"},
        ],
        "pullRequest": {"merge": "auto"},
    },
)

RUNNING = {"observedGeneration": "2", "stableRS": "old", "currentPodHash": "new", "currentStepIndex": 0}


def test_a_rollout_is_watched_to_its_end_and_promoted_by_the_bot(
    site: Site, prometheus_binaries: tuple[Path, Path]
) -> None:
    site.create("rollouts", "shop", "1.0.0", strategy={"canary": {"steps": [{"setWeight": 20}, {"pause": {}}]}})
    released = site.release("rollouts", "shop", "2.0.0")
    begins = released - timedelta(minutes=5)
    served = counters(REQUESTS, 'version="2.0.0"', "code", begins, [(0, 0.002)], minutes=25)
    site.environment.commit({STABLE: KUSTOMIZATION.format(tag="1.0.0")}, at=begins)
    site.environment.commit({"policies/shop.yaml": PROMOTION.replace("NAMESPACE", site.namespace)}, at=begins)
    clock = Clock(released)
    with Prometheus(openmetrics(REQUESTS, served)) as prometheus:
        site.metrics_url = prometheus.url
        with site.job(clock) as job:
            _holds_while_it_runs(site, clock, job)
            site.status("rollouts", "shop", phase="Healthy", stableRS="new", currentStepIndex=2, pauseConditions=None)
            clock.minutes = 6
            report = tick.run(job)
            assert [(one.action, one.state.value) for one in report.receipts] == [("open", "done"), ("merge", "done")]
            assert report.failures == []
            _is_promoted(site)
            clock.minutes = 7
            assert_rests(site, clock, job)
    assert_git_went_over_http_with_a_token(site.git)


def _holds_while_it_runs(site: Site, clock: Clock, job: tick.Job) -> None:
    """Paused, progressing, and well measured but not at its end: each time nothing is opened."""
    before = site.environment.snapshot()
    waits = {"reason": "CanaryPauseStep", "startTime": f"{clock.now():%Y-%m-%dT%H:%M:%SZ}"}
    said = (
        (1, {"phase": "Paused", "currentStepIndex": 1, "pauseConditions": [waits]}, "paused"),
        (2, {"phase": "Progressing", "pauseConditions": None}, "running"),
        (5, {"phase": "Progressing", "message": "more replicas need to be updated"}, "running"),
    )
    for minutes, status, phase in said:
        site.status("rollouts", "shop", **RUNNING | status)
        clock.minutes = minutes
        report = tick.run(job)
        (plan,) = report.plans
        assert (plan.step.kind, plan.verdict.outcome) == (StepKind.HOLD, Outcome.UNKNOWN)
        assert f"Rollout {site.namespace}/shop is {phase}" in plan.step.reason
        assert (report.receipts, report.failures) == ([], [])
    outcomes = {check.name: check.outcome for check in plan.verdict.checks}
    assert outcomes == {"experiment": Outcome.UNKNOWN, "errors": Outcome.PASS}
    assert site.environment.snapshot() == before


def _is_promoted(site: Site) -> None:
    assert 'newTag: "2.0.0" # since yesterday' in site.environment.read(STABLE)
    (pull,) = site.environment.pulls()
    assert (pull["state"], pull["title"]) == ("merged", "promote(shop): 1.0.0 → 2.0.0")
    assert pull["merge_commit"] == site.environment.heads()["main"]
    assert list(site.environment.heads()) == ["main"]
    merge = site.environment.git("log", "-1", "--format=%an|%P", "main").strip()
    assert merge == f"gitops-bot|{site.environment.git('rev-parse', 'main^1').strip()} {pull['head']}"
    for said in ("2.0.0", "errors", "healthy, the current pods are the stable ones", "3 of 3 measurements"):
        assert said in pull["body"]


# ---------------------------------------------------------------- a ladder, climbed and left

ISTIO = "istio_requests"


def ladder(namespace: str) -> str:
    """Weights in git; the built-in error ratio of Istio; both ways merged by the bot."""
    return policy(
        "shop",
        LADDER,
        candidate={"slot": "candidateVersion", "workload": {"namespace": namespace, "name": "shop-canary"}},
        baseline={"workload": {"namespace": namespace, "name": "shop"}},
        analysis={
            "interval": "1m",
            "bake": "3m",
            "metrics": [{"name": "errors", "builtin": {"istio": "request-error-ratio"}, "max": "1%"}],
        },
        pullRequest={"merge": "auto"},
        rollback={"merge": "auto"},
    )


LIVE = {"observedGeneration": 2, "replicas": 3, "updatedReplicas": 3, "readyReplicas": 3, "availableReplicas": 3}


def test_a_ladder_is_climbed_one_rung_and_left_when_errors_appear(
    site: Site, prometheus_binaries: tuple[Path, Path]
) -> None:
    site.create("deployments", "shop", "1.0.0")
    site.create("deployments", "shop-canary", "1.0.0")
    released = site.release("deployments", "shop-canary", "2.0.0")
    labels = (
        f'reporter="destination",destination_workload_namespace="{site.namespace}",destination_workload="shop-canary"'
    )
    begins = released - timedelta(minutes=5)
    turns_bad = [(0, 0.001), (10.5, 0.2)]  # half a minute after the step to 25 % landed
    served = counters(ISTIO, labels, "response_code", begins, turns_bad, minutes=30)
    site.environment.commit({**tree(), "policies/shop.yaml": ladder(site.namespace)}, at=begins)
    site.environment.commit(tree(weight=5), at=released, who=CI)
    clock = Clock(released)
    with Prometheus(openmetrics(ISTIO, served)) as prometheus:
        site.metrics_url = prometheus.url
        with site.job(clock) as job:
            _holds_until_it_is_live_and_measured(site, clock, job)
            site.status("deployments", "shop-canary", **LIVE)
            clock.minutes = 5
            tick.run(job)
            assert site.environment.values() == ("1.0.0", "2.0.0", 25)
            clock.minutes = 7
            assert tick.run(job).receipts == []
            clock.minutes = 9
            tick.run(job)
            assert site.environment.values() == ("1.0.0", "1.0.0", 0)
            clock.minutes = 10
            site.release("deployments", "shop-canary", "1.0.0")
            site.status("deployments", "shop-canary", **LIVE | {"observedGeneration": 3})
            assert_rests(site, clock, job)
    titles = [(pull["state"], pull["title"]) for pull in site.environment.pulls()]
    assert titles == [
        ("merged", "promote(shop): 2.0.0 from 5 % to 25 %"),
        ("merged", "rollback(shop): 2.0.0 → 1.0.0"),
    ]
    assert [line.partition("(")[0] for line in site.environment.subjects()] == ["rollback", "promote", *["Change"] * 2]
    assert list(site.environment.heads()) == ["main"]
    assert_git_went_over_http_with_a_token(site.git)


def _holds_until_it_is_live_and_measured(site: Site, clock: Clock, job: tick.Job) -> None:
    before = site.environment.snapshot()
    clock.minutes = 4
    (unseen,) = tick.run(job).plans
    assert "waiting for the spec update to be observed" in unseen.step.reason
    site.status("deployments", "shop-canary", **LIVE | {"availableReplicas": 2})
    (unready,) = tick.run(job).plans
    assert "3 of 3 pods are updated, 2 available" in unready.step.reason
    site.status("deployments", "shop-canary", **LIVE)
    clock.minutes = 2
    (early,) = tick.run(job).plans
    assert "1 of 3 measurements are taken" in early.step.reason
    assert site.environment.snapshot() == before
