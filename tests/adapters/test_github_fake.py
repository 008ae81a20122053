"""The fake GitHub's own rules, where the adapter does not reach."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.support.github import BareRepo, FakeGitHub
from tests.support.github.rules import Refusal

BRANCH = "gitops-bot/shop/promote"


@pytest.fixture
def repo(tmp_path: Path) -> BareRepo:
    repo = BareRepo.create(tmp_path / "environments.git")
    repo.commit(BRANCH, {"app.yaml": "version: 2\n"}, on="main")
    return repo


@pytest.fixture
def fake(repo: BareRepo) -> Iterator[FakeGitHub]:
    with FakeGitHub(repo.path) as fake:
        yield fake


def merged(fake: FakeGitHub, repo: BareRepo) -> None:
    fake.people_merge(1)


def force_pushed(fake: FakeGitHub, repo: BareRepo) -> None:
    fake.people_close(1)
    repo.commit(BRANCH, {"app.yaml": "version: 6\n"}, on="main")


def succeeded(fake: FakeGitHub, repo: BareRepo) -> None:
    fake.people_close(1)
    fake.people_open(BRANCH)


def branchless(fake: FakeGitHub, repo: BareRepo) -> None:
    repo.delete(BRANCH)
    assert fake.pull(1).state == "closed"


@pytest.mark.parametrize("past", [merged, force_pushed, succeeded, branchless])
def test_some_cannot_be_reopened(
    fake: FakeGitHub, repo: BareRepo, past: Callable[[FakeGitHub, BareRepo], None]
) -> None:
    fake.people_open(BRANCH)
    past(fake, repo)
    with pytest.raises(Refusal, match="Validation Failed"):
        fake.world.edit(1, state="open")


def test_a_closed_one_can_be_reopened(fake: FakeGitHub, repo: BareRepo) -> None:
    fake.people_open(BRANCH)
    fake.people_close(1)
    assert (fake.world.edit(1, state="open").state, fake.pull(1).closed_at) == ("open", None)


def test_a_head_that_base_got_by_a_push_is_merged(fake: FakeGitHub, repo: BareRepo) -> None:
    fake.people_open(BRANCH)
    repo.point("main", repo.heads()[BRANCH])
    assert (fake.pull(1).state, fake.pull(1).merge_commit) == ("closed", repo.heads()[BRANCH])
