"""The fake GitLab's own rules, where the adapter does not reach."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.gitlab import BareRepo, FakeGitLab
from tests.support.gitlab.routes import route
from tests.support.gitlab.rules import Refusal

BRANCH = "gitops-bot/shop/promote"


@pytest.fixture
def repo(tmp_path: Path) -> BareRepo:
    repo = BareRepo.create(tmp_path / "environments.git")
    repo.commit(BRANCH, {"app.yaml": "version: 2\n"}, on="main")
    return repo


@pytest.fixture
def fake(repo: BareRepo) -> Iterator[FakeGitLab]:
    with FakeGitLab(repo.path) as fake:
        yield fake


def merged(fake: FakeGitLab, repo: BareRepo) -> None:
    fake.people_merge(1)


def branchless(fake: FakeGitLab, repo: BareRepo) -> None:
    repo.delete(BRANCH)
    assert fake.request(1).state == "closed"


@pytest.mark.parametrize(("past", "state"), [(merged, "merged"), (branchless, "closed")])
def test_some_stay_as_they_are_when_they_are_reopened(
    fake: FakeGitLab, repo: BareRepo, past: Callable[[FakeGitLab, BareRepo], None], state: str
) -> None:
    fake.people_open(BRANCH)
    past(fake, repo)
    assert fake.world.edit(1, state_event="reopen").state == state


def test_a_closed_one_can_be_reopened_unless_another_is_open(fake: FakeGitLab) -> None:
    fake.people_open(BRANCH)
    fake.people_close(1)
    assert (fake.world.edit(1, state_event="reopen").state, fake.request(1).closed_at) == ("opened", None)
    fake.people_close(1)
    fake.people_open(BRANCH)
    with pytest.raises(Refusal, match="Another open merge request already exists"):
        fake.world.edit(1, state_event="reopen")


def test_a_head_that_is_pushed_back_to_base_stays_open_and_empty(fake: FakeGitLab, repo: BareRepo) -> None:
    fake.people_open(BRANCH)
    repo.point(BRANCH, repo.heads()["main"])
    assert (fake.request(1).state, fake.request(1).head) == ("opened", repo.heads()["main"])


def test_quick_actions_are_carried_out_and_left_out(fake: FakeGitLab) -> None:
    fake.people_open(BRANCH)
    fake.people_say(1, "Enough.\n/close\n/unknown\n")
    assert (fake.request(1).state, fake.request(1).notes[0].body) == ("closed", "Enough.\n/unknown")


VIOLATIONS: tuple[tuple[str, str, dict[str, str], Any, str], ...] = (
    ("GET", "/merge_requests", {"state": "open"}, None, "state='open'"),
    ("GET", "/merge_requests", {"per_page": "101"}, None, "per_page='101'"),
    ("GET", "/merge_requests", {"head": "x"}, None, "no query parameter 'head'"),
    ("POST", "/merge_requests", {}, {"title": "x", "source_branch": "y"}, "target_branch is missing"),
    ("POST", "/merge_requests", {}, {"draft": True}, "no field 'draft'"),
    ("PUT", "/merge_requests/1", {}, {"reviewer_ids": "1,2"}, "reviewer_ids is str"),
    ("PUT", "/merge_requests/1/merge", {}, {"squash": "yes"}, "squash is str"),
    ("PUT", "/merge_requests/1", {}, ["x"], "the body is no object"),
)


@pytest.mark.parametrize(("method", "path", "query", "body", "text"), VIOLATIONS)
def test_what_gitlab_does_not_document_is_noticed(
    fake: FakeGitLab, method: str, path: str, query: dict[str, str], body: Any, text: str
) -> None:
    found = route(fake.world, method, f"/projects/acme%2Fplatform%2Fenvironments{path}")
    assert found is not None
    assert text in "; ".join(found[0].faults(query, body))


def test_a_violation_fails_whoever_uses_the_fake(repo: BareRepo) -> None:
    with pytest.raises(AssertionError, match="GitLab knows nothing of"), FakeGitLab(repo.path) as fake:
        fake.violations.append("GET /nowhere is no route")
