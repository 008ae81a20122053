"""What is GitHub's or GitLab's alone where several pull requests are opened by one request."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from gitops_bot.adapters.github import opening as on_github
from gitops_bot.adapters.gitlab import opening as on_gitlab
from gitops_bot.adapters.together import AT_ONCE
from gitops_bot.errors import RateLimited
from gitops_bot.model import PullRequest
from gitops_bot.ports import NewPull
from tests.contract.worlds import GitHubWorld, opened
from tests.support.gitlab import opening as fake_gitlab

LONG_AGO = datetime(2025, 1, 1, tzinfo=UTC)
NAMES = [f"p{number}" for number in range(AT_ONCE)]


@pytest.fixture
def world(tmp_path: Path) -> Iterator[GitHubWorld]:
    with opened("github", tmp_path) as world:
        assert isinstance(world, GitHubWorld)
        yield world


def wanted(world: GitHubWorld, count: int) -> list[NewPull]:
    made = [NewPull(f"gitops-bot/p{n}/promote", "main", f"Promote p{n}", "Because.", False) for n in range(count)]
    for new in made:
        world.repo.commit(new.branch, {"app.yaml": f"v: {new.branch}\n"}, on="main")
    return made


def test_those_that_come_too_quickly_wait_and_the_others_are_open(world: GitHubWorld) -> None:
    forge = world.forge()
    world.fake.world.takes = 2
    made = forge.open_many(wanted(world, 4))
    assert [type(one) for one in made] == [PullRequest, PullRequest, RateLimited, RateLimited]
    assert "was submitted too quickly" in str(made[2])
    assert [str(one) for one in world.fake.requests if one.method != "GET"] == ["POST /graphql"]
    with pytest.raises(RateLimited, match="patience"):  # and nothing is sent until then
        forge.pull_requests(LONG_AGO)


def test_one_alone_that_comes_too_quickly_is_a_limit_too(world: GitHubWorld) -> None:
    world.fake.world.takes = 0
    (one,) = world.forge().open_many(wanted(world, 1))
    assert isinstance(one, RateLimited)


def test_a_limit_of_graphql_has_a_type(world: GitHubWorld) -> None:
    told = {"type": "RATE_LIMITED", "message": "API limit exceeded"}
    world.fake.fail_next("POST", "/graphql$", 200, {"data": {"p0": None, "p1": None}, "errors": [told]})
    assert [type(one) for one in world.forge().open_many(wanted(world, 2))] == [RateLimited] * 2


def test_the_repository_is_asked_for_its_name_once(world: GitHubWorld) -> None:
    forge = world.forge()
    new = wanted(world, 4)
    forge.open_many(new[:2])
    forge.open_many(new[2:])
    assert [str(one) for one in world.fake.requests].count("GET /repos/acme/environments") == 1


def test_no_value_stands_in_a_document() -> None:
    for document in (on_github.document(["p0", "p1"]), on_gitlab.document(["p0", "p1"])):
        assert '"' not in document
        assert document.count("(input: $p") == 2


def test_a_full_document_is_within_gitlab_s_limits() -> None:
    """250 and 10,000 characters are what GitLab's own documentation names."""
    assert len(on_gitlab.document(NAMES)) < 10_000
    assert fake_gitlab.EACH * AT_ONCE <= 250
