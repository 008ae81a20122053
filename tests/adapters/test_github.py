"""GitHub's adapter against a fake that answers over HTTP and merges in a real repository."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from gitops_bot.adapters.github import GitHubForge, Token
from gitops_bot.adapters.github.comments import BODY_LIMIT, CUT
from gitops_bot.errors import ForgeDenied, ForgeRefused, ForgeUnreachable
from gitops_bot.model import CommitStatus, PrState, PullRequest, StatusState
from gitops_bot.ports import Merged, NotReady
from tests.support.github import BareRepo, FakeGitHub

BRANCH = "gitops-bot/shop/promote"
LONG_AGO = datetime(2025, 1, 1, tzinfo=UTC)

Forges = Callable[..., GitHubForge]


@pytest.fixture
def repo(tmp_path: Path) -> BareRepo:
    """A repository with one branch of the bot's."""
    repo = BareRepo.create(tmp_path / "environments.git")
    repo.commit(BRANCH, {"app.yaml": "version: 2\n"}, on="main")
    return repo


@pytest.fixture
def fake(repo: BareRepo) -> Iterator[FakeGitHub]:
    with FakeGitHub(repo.path) as fake:
        yield fake


@pytest.fixture
def forges(fake: FakeGitHub) -> Iterator[Forges]:
    """Makes forges that do not sleep, and closes them."""
    made: list[GitHubForge] = []

    def make(**settings: Any) -> GitHubForge:
        defaults = {"auth": Token(fake.token), "api_url": fake.api_url, "seconds_between_writes": 0}
        made.append(GitHubForge(fake.repository, **{**defaults, "sleep": lambda _: None, **settings}))
        return made[-1]

    yield make
    for forge in made:
        forge.disconnect()


@pytest.fixture
def forge(forges: Forges) -> GitHubForge:
    return forges()


def opened(forge: GitHubForge, branch: str = BRANCH, **fields: Any) -> PullRequest:
    wanted: dict[str, Any] = {"base": "main", "title": "Promote shop", "body": "Because.", "draft": False}
    return forge.open(branch=branch, **{**wanted, **fields})


def branches(repo: BareRepo, count: int) -> list[str]:
    names = [f"gitops-bot/p{number:03}/promote" for number in range(count)]
    for name in names:
        repo.point(name, repo.heads()[BRANCH])
    return names


# Listing


def test_an_open_pull_request_is_listed_as_it_was_opened(forge: GitHubForge, repo: BareRepo) -> None:
    made = opened(forge, draft=True)
    (listed,) = forge.pull_requests(LONG_AGO)
    assert listed == made
    assert (made.number, made.state, made.branch, made.base) == (1, PrState.OPEN, BRANCH, "main")
    assert (made.title, made.body, made.draft, made.ours) == ("Promote shop", "Because.", True, True)
    assert made.head == repo.heads()[BRANCH]
    assert made.merge_commit == ""
    assert made.url.endswith("/acme/environments/pull/1")


def test_an_idle_listing_costs_two_requests_whatever_the_number(
    fake: FakeGitHub, repo: BareRepo, forge: GitHubForge
) -> None:
    for branch in branches(repo, 20):
        opened(forge, branch)
    forge.pull_requests(LONG_AGO)
    before = len(fake.requests)
    assert len(forge.pull_requests(LONG_AGO)) == 20
    assert [(one.method, one.query["state"]) for one in fake.requests[before:]] == [("GET", "open"), ("GET", "closed")]


def test_an_unchanged_page_is_not_sent_again(fake: FakeGitHub, forge: GitHubForge) -> None:
    opened(forge)
    first = forge.pull_requests(LONG_AGO)
    assert forge.pull_requests(LONG_AGO) == first
    tagged = [one for one in fake.asked("GET", "/pulls$") if "if-none-match" in one.headers]
    assert len(tagged) == 2
    forge.update(1, title="Another")
    assert [pull.title for pull in forge.pull_requests(LONG_AGO)] == ["Another"]


def test_many_open_ones_are_paged(fake: FakeGitHub, repo: BareRepo, forge: GitHubForge) -> None:
    for branch in branches(repo, 101):
        fake.people_open(branch)
    assert len(forge.pull_requests(LONG_AGO)) == 101
    assert [one.query["page"] for one in fake.asked("GET", "/pulls$") if one.query["state"] == "open"] == ["1", "2"]


def test_closed_ones_are_read_back_to_the_moment_and_no_further(
    fake: FakeGitHub, repo: BareRepo, forge: GitHubForge
) -> None:
    for branch in branches(repo, 130):
        fake.people_close(fake.people_open(branch))
    late = fake.world.now
    fake.people_close(fake.people_open(BRANCH))
    assert [pull.number for pull in forge.pull_requests(late)] == [131]
    assert [one.query["page"] for one in fake.asked("GET", "/pulls$") if one.query["state"] == "closed"] == ["1"]
    assert len(forge.pull_requests(LONG_AGO)) == 131


def test_one_that_was_closed_before_and_talked_about_since_is_not_listed(fake: FakeGitHub, forge: GitHubForge) -> None:
    fake.people_close(opened(forge).number)
    shut = fake.pull(1).closed_at
    assert shut is not None
    fake.people_say(1, "What a pity")
    assert [pull.closed_at for pull in forge.pull_requests(shut)] == [shut]
    assert forge.pull_requests(shut + timedelta(seconds=1)) == ()


def test_only_branches_below_the_prefix_in_the_repository_itself_count(
    fake: FakeGitHub, repo: BareRepo, forge: GitHubForge
) -> None:
    repo.commit("feature", {"app.yaml": "version: 3\n"}, on="main")
    fake.people_open("feature")
    fake.fork_open(BRANCH, owner="mallory")
    fake.fork_open(BRANCH, owner=None)
    by_hand = fake.people_open(BRANCH)
    assert [(pull.number, pull.ours) for pull in forge.pull_requests(LONG_AGO)] == [(by_hand, False)]


def test_a_merge_by_people_shows_its_commit(fake: FakeGitHub, forge: GitHubForge) -> None:
    opened(forge)
    commit = fake.people_merge(1, method="squash")
    (pull,) = forge.pull_requests(LONG_AGO)
    assert (pull.state, pull.merge_commit, pull.closed_at) == (PrState.MERGED, commit, fake.world.now)


def test_a_head_that_is_pushed_back_to_base_closes(fake: FakeGitHub, repo: BareRepo, forge: GitHubForge) -> None:
    opened(forge)
    repo.point(BRANCH, repo.heads()["main"])
    (pull,) = forge.pull_requests(LONG_AGO)
    assert (pull.state, pull.merge_commit) == (PrState.CLOSED, "")


def test_a_repository_that_was_renamed_is_an_error_not_an_empty_list(fake: FakeGitHub, forge: GitHubForge) -> None:
    opened(forge)
    fake.world.name = "envs"
    fake.fail_next("GET", "/pulls$", 301, headers={"Location": f"{fake.api_url}/repos/acme/envs/pulls"})
    with pytest.raises(ForgeRefused, match="acme/environments is called acme/envs now"):
        forge.pull_requests(LONG_AGO)


# Opening


def test_a_second_opening_gives_the_first(fake: FakeGitHub, forge: GitHubForge) -> None:
    assert opened(forge, title="Again") == opened(forge, title="And again")
    assert len(fake.world.pulls) == 1


SOON = (
    {"message": "Validation Failed", "errors": [{"message": "No commits between main and it", "code": "custom"}]},
    {"message": "Validation Failed", "errors": [{"message": "Could not resolve to a node with the global id of 'x'."}]},
    {"message": "Validation Failed", "errors": [{"resource": "PullRequest", "field": "head", "code": "invalid"}]},
)


@pytest.mark.parametrize("body", SOON, ids=["no commits", "no node", "no head"])
def test_a_branch_that_github_has_not_noticed_yet_is_waited_for(
    fake: FakeGitHub, forges: Forges, body: dict[str, Any]
) -> None:
    pauses: list[float] = []
    fake.fail_next("POST", "/pulls$", 422, body, times=3)
    assert opened(forges(sleep=pauses.append)).number == 1
    assert pauses == [1, 2, 4]


@pytest.mark.parametrize("branch", ["gitops-bot/absent/promote", "gitops-bot/empty/promote"])
def test_a_branch_that_stays_away_or_empty_is_refused(repo: BareRepo, forge: GitHubForge, branch: str) -> None:
    repo.point("gitops-bot/empty/promote", repo.heads()["main"])
    with pytest.raises(ForgeRefused, match="Validation Failed"):
        opened(forge, branch)


@pytest.mark.parametrize("status", [502, 0])
def test_a_creation_whose_answer_was_lost_is_found_and_not_repeated(
    fake: FakeGitHub, forge: GitHubForge, status: int
) -> None:
    fake.fail_next("POST", "/pulls$", status, after_effect=True)
    assert opened(forge).number == 1
    assert len(fake.asked("POST", "/pulls$")) == 1


def test_a_creation_that_did_not_happen_is_unreachable_and_not_repeated(fake: FakeGitHub, forge: GitHubForge) -> None:
    fake.fail_next("POST", "/pulls$", 502)
    with pytest.raises(ForgeUnreachable, match="502"):
        opened(forge)
    assert len(fake.asked("POST", "/pulls$")) == 1


@pytest.mark.parametrize("status", [403, 422])
def test_the_switch_that_actions_need_is_named(fake: FakeGitHub, forge: GitHubForge, status: int) -> None:
    told = {"message": "GitHub Actions is not permitted to create or approve pull requests."}
    fake.fail_next("POST", "/pulls$", status, told)
    with pytest.raises(ForgeDenied, match="Settings > Actions > General > Allow GitHub Actions to create"):
        opened(forge)


# Writing


def test_an_update_sends_only_what_is_given(fake: FakeGitHub, forge: GitHubForge) -> None:
    opened(forge)
    forge.update(1, body="Why not.")
    forge.update(1)
    assert [one.body for one in fake.asked("PATCH")] == [{"body": "Why not."}]
    assert (fake.pull(1).title, fake.pull(1).body) == ("Promote shop", "Why not.")


def test_long_texts_are_cut_visibly_and_keep_their_marker(fake: FakeGitHub, forge: GitHubForge) -> None:
    long = "<!-- marker -->" + "x" * BODY_LIMIT
    opened(forge, body=long, title="t" * 300)
    forge.comment(1, long, key="k")
    forge.set_status(fake.pull(1).head, CommitStatus("gitops-bot/shop", StatusState.PENDING, "d" * 200))
    pull, remark = fake.pull(1), fake.pull(1).comments[0]
    assert (len(pull.body), len(remark.body), len(pull.title)) == (BODY_LIMIT, BODY_LIMIT, 255)
    assert pull.body.startswith("<!-- marker -->")
    assert pull.body.endswith(CUT)
    assert remark.body.endswith(f"{CUT}\n\n<!-- gitops-bot:k -->")
    assert fake.world.statuses[pull.head][0].description == "d" * 139 + "…"


def test_closing_twice_is_no_error(fake: FakeGitHub, forge: GitHubForge) -> None:
    opened(forge)
    forge.close(1)
    forge.close(1)
    assert fake.pull(1).state == "closed"


def test_a_status_is_set(fake: FakeGitHub, repo: BareRepo, forge: GitHubForge) -> None:
    head = repo.heads()[BRANCH]
    for state in (StatusState.PENDING, StatusState.SUCCESS, StatusState.SUCCESS):
        forge.set_status(head, CommitStatus("gitops-bot/shop", state, "why"))
    assert [(one.state, one.context) for one in fake.world.statuses[head]][1:] == [("success", "gitops-bot/shop")] * 2


@pytest.mark.parametrize("status", [502, 0])
def test_a_comment_is_made_once_even_when_its_answer_is_lost(fake: FakeGitHub, forge: GitHubForge, status: int) -> None:
    opened(forge)
    fake.people_say(1, "I know your marker: <!-- gitops-bot:started -->")
    fake.fail_next("POST", "/comments$", status, after_effect=True)
    forge.comment(1, "It began.", key="started")
    forge.comment(1, "It began.", key="started")
    forge.comment(1, "It ended.", key="ended")
    own = [remark.body for remark in fake.pull(1).comments if remark.author == "gitops-bot"]
    assert own == ["It began.\n\n<!-- gitops-bot:started -->", "It ended.\n\n<!-- gitops-bot:ended -->"]


def test_a_comment_that_was_not_made_is_unreachable(fake: FakeGitHub, forge: GitHubForge) -> None:
    opened(forge)
    fake.fail_next("POST", "/comments$", 502)
    with pytest.raises(ForgeUnreachable):
        forge.comment(1, "It began.", key="started")
    assert fake.pull(1).comments == []


def test_a_comment_is_found_on_a_later_page(fake: FakeGitHub, forge: GitHubForge) -> None:
    opened(forge)
    for _ in range(100):
        fake.people_say(1, "chat")
    forge.comment(1, "It began.", key="started")
    forge.comment(1, "It began.", key="started")
    assert len(fake.pull(1).comments) == 101


DECORATIONS: tuple[tuple[list[str], list[str], list[str], int], ...] = (
    (["alice", "bob"], ["alice", "bob"], [], 0),
    (["acme/platform", "team:platform"], [], ["platform"], 0),
    (["alice", "nobody", "acme/platform"], ["alice"], ["platform"], 1),
    (["nobody"], [], [], 1),
    (["gitops-bot"], [], [], 1),
    ([], [], [], 0),
)


@pytest.mark.parametrize(("reviewers", "users", "teams", "warned"), DECORATIONS)
def test_decorations_that_work_are_made_and_the_others_are_warnings(
    fake: FakeGitHub, forge: GitHubForge, reviewers: list[str], users: list[str], teams: list[str], warned: int
) -> None:
    opened(forge)
    warnings = forge.decorate(1, labels=["gitops-bot", "env/prod"], reviewers=reviewers)
    assert (fake.pull(1).labels, fake.pull(1).reviewers, fake.pull(1).teams) == (
        ["gitops-bot", "env/prod"],
        users,
        teams,
    )
    assert len(warnings) == warned
    assert all("Review" in line for line in warnings)


def test_labels_that_may_not_be_set_are_a_warning(fake: FakeGitHub, forge: GitHubForge) -> None:
    opened(forge)
    fake.fail_next("POST", "/labels$", 403)
    (warning,) = forge.decorate(1, labels=["held"], reviewers=["alice"])
    assert "labels held" in warning
    assert fake.pull(1).reviewers == ["alice"]


# Merging


@pytest.mark.parametrize(("method", "parents"), [("merge", 2), ("squash", 1), ("rebase", 1)])
def test_a_merge_is_made_by_the_configured_method(
    fake: FakeGitHub, repo: BareRepo, forges: Forges, method: str, parents: int
) -> None:
    forge = forges(merge_method=method)
    head = opened(forge).head
    done = forge.merge(1, head=head, title="Promote shop")
    assert done == Merged(repo.heads()["main"])
    assert len(repo.parents(repo.heads()["main"])) == parents
    assert forge.merge(1, head=head, title="Promote shop") == done
    assert [pull.merge_commit for pull in forge.pull_requests(LONG_AGO)] == [repo.heads()["main"]]


def blocked(fake: FakeGitHub, repo: BareRepo) -> None:
    fake.world.blocked[1] = 'Required status check "ci" is expected.'


def moved(fake: FakeGitHub, repo: BareRepo) -> None:
    repo.commit(BRANCH, {"app.yaml": "version: 4\n"})


def conflicting(fake: FakeGitHub, repo: BareRepo) -> None:
    repo.commit("main", {"app.yaml": "version: 5\n"})


def base_modified(fake: FakeGitHub, repo: BareRepo) -> None:
    fake.fail_next("PUT", "/merge$", 405, {"message": "Base branch was modified. Review and try the merge again."})


def closed(fake: FakeGitHub, repo: BareRepo) -> None:
    fake.people_close(1)


OBSTACLES = ((blocked, "is expected"), (moved, "Head branch was"), (conflicting, "not mergeable"), (closed, "not merg"))


@pytest.mark.parametrize(("obstacle", "reason"), [*OBSTACLES, (base_modified, "Base branch was modified")])
def test_what_github_will_not_merge_is_not_ready(
    fake: FakeGitHub,
    repo: BareRepo,
    forge: GitHubForge,
    obstacle: Callable[[FakeGitHub, BareRepo], None],
    reason: str,
) -> None:
    head = opened(forge).head
    obstacle(fake, repo)
    main = repo.heads()["main"]
    answer = forge.merge(1, head=head, title="Promote shop")
    assert isinstance(answer, NotReady)
    assert reason in answer.reason
    assert repo.heads()["main"] == main


@pytest.mark.parametrize("status", [502, 0])
def test_a_merge_whose_answer_was_lost_is_a_merge(
    fake: FakeGitHub, repo: BareRepo, forge: GitHubForge, status: int
) -> None:
    head = opened(forge).head
    fake.fail_next("PUT", "/merge$", status, after_effect=True)
    assert forge.merge(1, head=head, title="Promote shop") == Merged(repo.heads()["main"])
