"""The whole job on GitLab: wired as configured, the real adapter on the fake, real git, and people."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from gitops_bot.adapters.gitlab import GitLabForge, Token
from gitops_bot.adapters.recorded import MemoryMetrics
from gitops_bot.cli import load
from gitops_bot.forges import gitlab_url, hosted
from gitops_bot.policy.config import Repository
from gitops_bot.tick import Job, Report, run
from gitops_bot.wiring import Options, jobs
from tests.support.environment import ALICE, CANARY, LADDER, T0, Environment, config, policy, tree
from tests.support.gitlab import FakeGitLab
from tests.support.gitlab.rules import MergeRequest

PROMOTE, BACK = "gitops-bot/shop/promote", "gitops-bot/shop/rollback"
METHODS = ("merge", "rebase_merge", "ff")


@dataclass
class Life:
    """A bot, GitLab, and an environment with people."""

    environment: Environment
    fake: FakeGitLab
    at: datetime = T0
    errors: float = 0.0
    forge: Mapping[str, Any] = field(default_factory=dict)
    job: Job | None = None

    def now(self) -> datetime:
        """Stands until a test moves it."""
        return self.at

    def begin(self) -> None:
        """What a restart leaves: the job as the configuration wires it, but for GitLab's pauses and the metrics."""
        self.end()
        folder = self.environment.path.parent
        (self.job,) = jobs(load(folder / "gitops-bot.yaml"), Options(self)).values()
        self.job.site.forge = GitLabForge(
            self.fake.world.path,
            auth=Token(self.fake.token),
            url=self.fake.url,
            seconds_between_writes=0,
            sleep=lambda _: None,
            now=self.now,
            **self.forge,
        )
        self.job.site.metrics = {"prom": MemoryMetrics(lambda _query, _at: self.errors)}

    def end(self) -> None:
        """Close what the adapters hold."""
        if self.job:
            self.job.close()
            assert isinstance(self.job.site.forge, GitLabForge)
            self.job.site.forge.disconnect()

    def tick(self, minutes: float = 0) -> Report:
        """Later, and a run."""
        assert self.job
        self.at = self.fake.world.now = max(self.at, self.fake.world.now) + timedelta(minutes=minutes)
        report = run(self.job)
        self.at = max(self.at, self.fake.world.now)
        return report

    def well(self, minutes: float = 0) -> Report:
        """A run without failures."""
        report = self.tick(minutes)
        assert [str(one.error) for one in report.failures] == []
        return report

    @property
    def open(self) -> list[MergeRequest]:
        """Open merge requests."""
        self.fake.world.sync()
        return [one for one in self.fake.world.requests.values() if one.state == "opened"]


Begin = Callable[..., Life]


@pytest.fixture
def begin(tmp_path: Path) -> Iterator[Begin]:
    """Begins a life: how the bot merges, files on base, and changes of the policy."""
    lives: list[Life] = []

    def made(
        *, merge: str = "never", files: Mapping[str, str] | None = None, method: str = "merge", **spec: Any
    ) -> Life:
        environment = Environment(tmp_path / "environments.git")
        written = policy(**{"pullRequest": {"merge": merge, "labels": ["promotion"], "reviewers": ["alice"]}, **spec})
        environment.commit({"policies/shop.yaml": written, **tree(), **(files or {})})
        config(tmp_path, limits={"openPullRequests": 1000, "perHour": 1000})
        fake = FakeGitLab(environment.path)
        fake.world.now, fake.world.method = T0, method
        life = Life(environment, fake)
        fake.__enter__()
        life.begin()
        lives.append(life)
        return life

    yield made
    for life in lives:
        life.end()
        life.fake.__exit__(None, None, None)


@pytest.mark.parametrize(
    ("method", "squash"), [("merge", False), ("merge", True), ("rebase_merge", False), ("ff", False), ("ff", True)]
)
def test_a_canary_climbs_however_people_merge(begin: Begin, method: str, squash: bool) -> None:
    life = begin(method=method)
    for _ in range(4):
        life.well(10)
        (request,) = life.open
        assert (request.branch, request.labels, request.reviewers) == (PROMOTE, ["promotion"], ["alice"])
        life.fake.people_merge(request.iid, squash=squash)
        merged_at = request.merged_at
        life.begin()
        (plan,) = life.well().plans
        assert life.open == []
        if plan.slots.weight:
            assert plan.since == merged_at
    assert life.environment.values() == ("2.0.0", "2.0.0", 0)


@pytest.mark.parametrize("method", METHODS)
def test_the_bot_merges_what_it_evaluated(begin: Begin, method: str) -> None:
    life = begin(merge="auto", method=method)
    steps = [one.action for _ in range(5) for one in life.well(10).receipts]
    assert steps == ["open", "merge"] * 3 + ["open"]
    assert life.environment.values() == ("2.0.0", "2.0.0", 25)
    assert [one.merged_by for one in life.fake.world.requests.values()] == ["gitops-bot"] * 3 + [""]
    assert all(len(one.body["sha"]) == 40 for one in life.fake.asked("PUT", "/merge$"))


def test_a_merge_that_waits_for_a_pipeline_is_done_when_it_may(begin: Begin) -> None:
    life = begin(merge="auto")
    life.fake.world.blocked[1] = "ci_still_running"
    receipt = life.well(10).receipts[-1]
    assert (receipt.action, receipt.state.value, receipt.detail) == (
        "merge",
        "not ready",
        "405 Method Not Allowed (ci_still_running)",
    )
    life.well(1)
    life.fake.world.blocked.clear()
    life.well(10)
    assert life.environment.values()[2] == 5


def test_a_bad_release_is_taken_back_by_the_bot(begin: Begin) -> None:
    life = begin(files=tree(weight=5), rollback={"merge": "auto"})
    life.well(10)
    assert [one.branch for one in life.open] == [PROMOTE]
    life.errors = 0.5
    life.well(5)
    assert life.environment.values() == ("1.0.0", "1.0.0", 0)
    assert life.open == []
    promotion = life.fake.request(1)
    assert (promotion.state, promotion.merged_at) == ("closed", None)
    assert "gitops-bot/closed" in promotion.labels
    assert life.environment.heads().keys() == {"main"}


def test_a_close_is_a_no_until_there_is_something_else_to_propose(begin: Begin) -> None:
    life = begin()
    life.well(1)
    life.fake.people_close(1)
    for _ in range(3):
        life.well(30)
        life.begin()
    assert [*life.fake.world.requests] == [1]
    life.environment.replace(CANARY, '"2.0.0"', '"2.0.1"', at=life.at)
    life.well(1)
    assert [one.iid for one in life.open] == [2]


@pytest.mark.parametrize("draft", [False, True])
def test_at_rest_nothing_is_written(begin: Begin, draft: bool) -> None:
    life = begin(pullRequest={"merge": "never", "draft": draft})
    life.well(1)
    before = len(life.fake.requests)
    for _ in range(3):
        life.well(1)
        life.begin()
    assert [str(one) for one in life.fake.requests[before:] if one.writes] == []
    assert [one.draft for one in life.open] == [draft]


def test_a_body_is_written_once_and_without_its_memory_of_labels_once_more(begin: Begin) -> None:
    life = begin()
    life.well(1)
    life.well(1)
    (opened,) = life.fake.asked("POST", "/merge_requests$")
    (again,) = [one for one in life.fake.asked("PUT") if "description" in one.body]
    first, last = (one.body["description"] for one in (opened, again))
    assert first.partition("-->")[2] == last.partition("-->")[2]


HOSTILE = "/close\n/merge </details>--> @acme/all !1 #1 \u202e| `x`\n/approve"


def test_hostile_words_stay_words_and_no_quick_actions(begin: Begin) -> None:
    life = begin(files=tree(weight=5))
    life.well(10)
    life.environment.commit({".gitops-bot/stop.yaml": json.dumps({"reason": HOSTILE})}, who=ALICE, at=life.at)
    life.well(1)
    (request,) = life.open
    assert "/merge" in request.body
    for piece in ("@acme", "\u202e", "!1 ", "</details>-->"):
        assert piece not in request.body


# ---------------------------------------------------------------- a bad network


@pytest.mark.parametrize("after_effect", [False, True], ids=["lost", "unanswered"])
def test_wherever_the_line_breaks_the_next_tick_makes_it_whole(begin: Begin, after_effect: bool) -> None:
    life = begin(merge="never")
    broken = 0
    for count in range(12):
        for standing in life.open:
            life.fake.people_close(standing.iid)
        life.environment.replace(CANARY, f'"2.0.{count}"', f'"2.0.{count + 1}"', at=life.at)
        life.fake.break_at(count, after_effect=after_effect)
        broken += bool(life.tick(1).failures)
        life.fake.break_at(1000, after_effect=False)
        life.well(1)
        (request,) = life.open
        assert f"2.0.{count + 1} " in request.title
        assert (request.labels, request.reviewers) in ((["promotion"], ["alice"]), ([], []), (["promotion"], []))
        (status,) = life.fake.world.statuses[request.head]
        assert status.state == "success"
    assert broken


def many(count: int, **spec: Any) -> dict[str, str]:
    """Policies and their files."""
    files: dict[str, str] = {}
    for n in range(count):
        edits = [
            {"kustomizeImage": {"path": f"p{n}/stable", "name": "ghcr.io/acme/shop"}, "set": "stableVersion"},
            {"kustomizeImage": {"path": f"p{n}/canary", "name": "ghcr.io/acme/shop"}, "set": "candidateVersion"},
            {"helmValue": {"file": f"p{n}/values.yaml", "key": "canary.weight"}, "set": "weight"},
        ]
        files[f"policies/p{n}.yaml"] = policy(f"p{n}", {**LADDER, **spec}, edits=edits)
        names = (f"p{n}/stable/kustomization.yaml", f"p{n}/canary/kustomization.yaml", f"p{n}/values.yaml")
        files |= dict(zip(names, tree().values(), strict=True))
    return files


def test_a_limit_in_the_middle_is_obeyed_at_once(begin: Begin) -> None:
    life = begin(files=many(4, pullRequest={"merge": "auto", "labels": ["promotion"]}), suspend=True)
    life.fake.fail_next("PUT", "/merge_requests/2$", 429, b"Retry later\n", {"Retry-After": "60"})
    report = life.tick(1)
    assert {one.error.exit_code for one in report.failures} == {52}
    assert str(life.fake.requests[-1]).startswith("PUT")
    assert [one.number for one in report.receipts] == [1, 3, 4]  # all four were opened at once
    for _ in range(2):
        life.well(1)
    assert [one.merged_by for one in life.fake.world.requests.values()] == ["gitops-bot"] * 4


def test_a_token_that_is_refused_stops_at_the_first_answer(begin: Begin) -> None:
    life = begin(files=many(3), suspend=True)
    life.fake.tokens.clear()
    report = life.tick(1)
    assert [(one.subject, one.error.exit_code) for one in report.failures] == [("environments", 51)]
    assert len(life.fake.requests) == 1
    assert life.environment.heads().keys() == {"main"}


@pytest.mark.parametrize("count", [1, 20])
def test_at_rest_a_tick_is_three_requests_however_many_policies(begin: Begin, count: int) -> None:
    life = begin(files=many(count), suspend=True)
    life.well(1)
    assert len(life.open) == count
    life.begin()
    life.well(1)
    before = len(life.fake.requests)
    life.well(1)
    assert [one.query.get("state", one.path) for one in life.fake.requests[before:]] == ["opened", "all", "/graphql"]


# ---------------------------------------------------------------- wiring

ADDRESSES = (
    ("https://gitlab.com/acme/envs.git", None, "https://gitlab.com", "acme/envs"),
    ("https://gitlab.example:8443/acme/eu/envs", None, "https://gitlab.example:8443", "acme/eu/envs"),
    ("ssh://git@gitlab.example:2222/acme/envs.git", None, "https://gitlab.example", "acme/envs"),
    ("git@gitlab.example:acme/eu/envs.git", None, "https://gitlab.example", "acme/eu/envs"),
    ("https://example.org/git/acme/envs", "https://example.org/git/api/v4", "https://example.org/git", "acme/envs"),
    ("https://example.org/git/acme/envs", "https://example.org/git/", "https://example.org/git", "acme/envs"),
    ("git@example.org:acme/envs.git", "https://example.org/git/api/v4/", "https://example.org/git", "acme/envs"),
)


@pytest.mark.parametrize(("url", "api_url", "instance", "project"), ADDRESSES)
def test_the_instance_and_the_project_are_read_from_the_address(
    url: str, api_url: str | None, instance: str, project: str
) -> None:
    given = {"url": url, "forge": "gitlab", "tokenFrom": {"env": "TOKEN"}, "apiUrl": api_url}
    repository = Repository.model_validate({key: value for key, value in given.items() if value is not None})
    forge, token, close = hosted("envs", repository, lambda _: lambda: "glpat-x")
    assert isinstance(forge, GitLabForge)
    assert (gitlab_url(repository), forge.project, token()) == (instance, project, "glpat-x")
    close()
