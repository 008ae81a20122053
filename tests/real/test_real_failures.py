"""Real servers that fail: what cannot be seen is UNKNOWN, says so by its exit code, and changes nothing."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from gitops_bot import tick
from gitops_bot.model import Outcome, StepKind
from tests.real.whole import GIT_TOKEN, TOKEN_ENV, Clock, Site, counters, openmetrics
from tests.support.commands import Bot, runner
from tests.support.environment import T0, policy, tree
from tests.support.servers.git_http import GitHttp
from tests.support.servers.kubernetes import ApiServer
from tests.support.servers.prometheus import Prometheus

NAMESPACE = "real-failures"
READ_ONLY = "a-token-that-may-only-read"
WORKLOAD = {"slot": "candidateVersion", "workload": {"namespace": NAMESPACE, "name": "shop-canary"}}


@pytest.fixture
def bot(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Bot:
    return runner(monkeypatch, capsys)


@pytest.fixture
def site(tmp_path: Path, api_server: ApiServer, git_http: GitHttp, monkeypatch: pytest.MonkeyPatch) -> Site:
    monkeypatch.setenv(TOKEN_ENV, GIT_TOKEN)
    return Site(tmp_path, api_server, git_http, NAMESPACE)


Refused = Callable[..., None]


@pytest.fixture
def refused(bot: Bot, site: Site) -> Refused:
    """A run with this configuration ends with this code and these words, and nothing has changed."""

    def check(code: int, *said: str, **settings: Any) -> None:
        before = site.environment.snapshot()
        done = bot("run", "--once", "-c", site.config(**settings))
        assert done.code == code, done.err
        for text in said:
            assert text in done.err
        assert "Traceback" not in done.err
        assert site.environment.snapshot() == before

    return check


# ---------------------------------------------------------------- metrics


@pytest.mark.parametrize("deadline", [{}, {"deadline": "5m", "onDeadline": "rollback"}], ids=["plain", "deadline"])
def test_a_prometheus_that_stopped_never_rolls_back(
    site: Site, prometheus_binaries: tuple[Path, Path], deadline: dict[str, str]
) -> None:
    query = 'sum(increase(http_requests_total{version="{{ version }}",code="503"}[1m]))'
    analysis = {"interval": "1m", "bake": "3m", "metrics": [{"name": "errors", "query": query, "max": 100}], **deadline}
    auto = {"merge": "auto"}
    text = policy(analysis=analysis, pullRequest=auto, rollback=auto)
    site.environment.commit({**tree(weight=25, stable="1.0.0"), "policies/shop.yaml": text}, at=T0)
    served = counters("http_requests", 'version="2.0.0"', "code", T0, [(0, 0.5)], minutes=30)
    clock = Clock(T0, 20)
    with Prometheus(openmetrics("http_requests", served)) as prometheus:
        site.metrics_url = prometheus.url
        with site.job(clock) as job:
            (heard,) = tick.plan(job).plans
            assert (heard.step.kind, heard.verdict.outcome) == (StepKind.ROLLBACK, Outcome.FAIL)
            prometheus.stop()
            before = site.environment.snapshot()
            report = tick.run(job)
    (plan,) = report.plans
    assert (plan.step.kind, plan.verdict.outcome) == (StepKind.HOLD, Outcome.UNKNOWN)
    assert "no connection to the metrics server" in plan.step.reason
    assert report.receipts == []
    assert site.environment.snapshot() == before


# ---------------------------------------------------------------- the cluster


@pytest.fixture
def on_trial(site: Site) -> Site:
    """A rung that waits for a workload in the cluster."""
    landed = datetime.now(UTC) - timedelta(hours=1)
    site.environment.commit({**tree(weight=5), "policies/shop.yaml": policy(candidate=WORKLOAD)}, at=landed)
    return site


def test_a_token_without_rights_is_denied_by_the_cluster(on_trial: Site, refused: Refused) -> None:
    refused(
        31,
        f"the bot may not list deployments.apps in the namespace {NAMESPACE}",
        "Grant it the verb list",
        token=on_trial.api.nobody_token,
    )


def test_an_object_that_is_not_there_is_named(on_trial: Site, refused: Refused) -> None:
    refused(30, f"there is no Deployment {NAMESPACE}/shop-canary", "cluster prod")


# ---------------------------------------------------------------- git


@pytest.fixture
def waiting(site: Site) -> Site:
    """A candidate that a run would start at once."""
    site.environment.commit({**tree(), "policies/shop.yaml": policy()}, at=T0)
    return site


def test_a_git_server_that_is_down_is_unreachable(waiting: Site, refused: Refused) -> None:
    url = waiting.git.url_of("environments")
    waiting.git.stop()
    refused(40, url)


def test_a_git_server_that_goes_down_between_two_ticks_is_unreachable_and_nothing_moves(waiting: Site) -> None:
    with waiting.job(Clock(T0, 1)) as job:
        assert [one.step.kind for one in tick.plan(job).plans] == [StepKind.START]
        before = waiting.environment.snapshot()
        waiting.git.stop()
        report = tick.run(job)
    assert (report.exit_code, report.receipts) == (40, [])
    assert waiting.environment.snapshot() == before


def test_a_token_that_may_only_read_opens_nothing(
    waiting: Site, refused: Refused, monkeypatch: pytest.MonkeyPatch
) -> None:
    waiting.git.readonly_token = READ_ONLY
    monkeypatch.setenv(TOKEN_ENV, READ_ONLY)
    refused(41, waiting.git.url_of("environments"))


def test_the_same_token_with_the_right_to_write_opens_it(waiting: Site, bot: Bot) -> None:
    assert bot("run", "--once", "-c", waiting.config()).code == 0
    assert [pull["state"] for pull in waiting.environment.pulls()] == ["open"]
