"""GitLab's adapter against a fake that answers over HTTP and merges in a real repository."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from gitops_bot.adapters.gitlab import GitLabForge, Token
from gitops_bot.adapters.gitlab.text import BODY_LIMIT, CUT, incoming, outgoing
from gitops_bot.errors import ForgeDenied, ForgeRefused, ForgeUnreachable
from gitops_bot.model import CommitStatus, PrState, PullRequest, StatusState
from gitops_bot.ports import Merged, NotReady
from tests.support.gitlab import BareRepo, FakeGitLab

BRANCH = "gitops-bot/shop/promote"
LONG_AGO = datetime(2025, 1, 1, tzinfo=UTC)
LIST, ONE = "/merge_requests$", r"/merge_requests/\d+$"

Forges = Callable[..., GitLabForge]


@pytest.fixture
def repo(tmp_path: Path) -> BareRepo:
    """A repository with one branch of the bot's."""
    repo = BareRepo.create(tmp_path / "environments.git")
    repo.commit(BRANCH, {"app.yaml": "version: 2\n"}, on="main")
    return repo


@pytest.fixture
def fake(repo: BareRepo) -> Iterator[FakeGitLab]:
    with FakeGitLab(repo.path) as fake:
        yield fake


@pytest.fixture
def forges(fake: FakeGitLab) -> Iterator[Forges]:
    """Makes forges that do not sleep, and closes them."""
    made: list[GitLabForge] = []

    def make(**settings: Any) -> GitLabForge:
        defaults = {"auth": Token(fake.token), "url": fake.url, "seconds_between_writes": 0, "sleep": lambda _: None}
        made.append(GitLabForge(fake.world.path, **{**defaults, **settings}))
        return made[-1]

    yield make
    for forge in made:
        forge.disconnect()


@pytest.fixture
def forge(forges: Forges) -> GitLabForge:
    return forges()


def opened(forge: GitLabForge, branch: str = BRANCH, **fields: Any) -> PullRequest:
    wanted: dict[str, Any] = {"base": "main", "title": "Promote shop", "body": "Because.", "draft": False}
    return forge.open(branch=branch, **{**wanted, **fields})


def branches(repo: BareRepo, count: int) -> list[str]:
    names = [f"gitops-bot/p{number:03}/promote" for number in range(count)]
    for name in names:
        repo.point(name, repo.heads()[BRANCH])
    return names


# Listing


def test_an_open_merge_request_is_listed_as_it_was_opened(forge: GitLabForge, repo: BareRepo) -> None:
    made = opened(forge, draft=True)
    (listed,) = forge.pull_requests(LONG_AGO)
    assert listed == made
    assert (made.number, made.state, made.branch, made.base) == (1, PrState.OPEN, BRANCH, "main")
    assert (made.title, made.body, made.draft, made.ours) == ("Promote shop", "Because.", True, True)
    assert made.head == repo.heads()[BRANCH]
    assert made.url.endswith("/acme/platform/environments/-/merge_requests/1")


def test_an_idle_listing_costs_three_requests_whatever_the_number(
    fake: FakeGitLab, repo: BareRepo, forge: GitLabForge
) -> None:
    for branch in branches(repo, 20):
        opened(forge, branch)
    forge.pull_requests(LONG_AGO)
    before = len(fake.requests)
    assert len(forge.pull_requests(LONG_AGO)) == 20
    assert [one.query.get("state", one.path) for one in fake.requests[before:]] == ["opened", "all", "/graphql"]


def test_an_unchanged_page_is_not_sent_again(fake: FakeGitLab, forge: GitLabForge) -> None:
    opened(forge)
    first = forge.pull_requests(LONG_AGO)
    assert forge.pull_requests(LONG_AGO) == first
    assert len([one for one in fake.asked("GET", LIST) if "if-none-match" in one.headers]) == 2
    forge.update(1, title="Another")
    assert [pull.title for pull in forge.pull_requests(LONG_AGO)] == ["Another"]


def test_many_open_ones_are_paged(fake: FakeGitLab, repo: BareRepo, forge: GitLabForge) -> None:
    for branch in branches(repo, 101):
        fake.people_open(branch)
    assert len(forge.pull_requests(datetime(2099, 1, 1, tzinfo=UTC))) == 101
    asked = [(one.query["state"], one.query["page"]) for one in fake.asked("GET", LIST)]
    assert asked == [("opened", "1"), ("opened", "2"), ("all", "1")]


def test_what_changed_is_read_back_to_the_moment_and_no_further(
    fake: FakeGitLab, repo: BareRepo, forge: GitLabForge
) -> None:
    for branch in branches(repo, 130):
        fake.people_close(fake.people_open(branch))
    fake.world.now += timedelta(hours=1)
    late = fake.world.now
    fake.people_close(fake.people_open(BRANCH))
    assert [pull.number for pull in forge.pull_requests(late)] == [131]
    assert [one.query["page"] for one in fake.asked("GET", LIST) if one.query["state"] == "all"] == ["1"]
    assert len(forge.pull_requests(LONG_AGO)) == 131


def test_only_branches_below_the_prefix_in_the_project_itself_count(
    fake: FakeGitLab, repo: BareRepo, forge: GitLabForge
) -> None:
    repo.commit("feature", {"app.yaml": "version: 3\n"}, on="main")
    fake.people_open("feature")
    fake.fork_open(BRANCH, owner="mallory")
    fake.fork_open(BRANCH, owner=None)
    by_hand = fake.people_open(BRANCH)
    assert [(pull.number, pull.ours) for pull in forge.pull_requests(LONG_AGO)] == [(by_hand, False)]


def merged_by_commit(fake: FakeGitLab) -> None:
    fake.people_merge(1)


def merged_squashed(fake: FakeGitLab) -> None:
    fake.people_merge(1, squash=True)


def fast_forwarded(fake: FakeGitLab) -> None:
    fake.world.method = "ff"
    fake.people_merge(1)


def fast_forwarded_squashed(fake: FakeGitLab) -> None:
    fake.world.method = "ff"
    fake.people_merge(1, squash=True)


def pushed_by_hand(fake: FakeGitLab) -> None:
    repo = fake.world.repo
    repo.merge("main", repo.heads()[BRANCH], method="merge", message="By hand")
    repo.commit("main", {"other.yaml": "a: 1\n"})


@pytest.mark.parametrize(
    ("act", "on_base"),
    [
        (merged_by_commit, "main"),
        (merged_squashed, "main"),
        (fast_forwarded, BRANCH),
        (fast_forwarded_squashed, "main"),
        (pushed_by_hand, "main~1"),
    ],
)
def test_however_people_merge_the_commit_on_base_is_shown(
    fake: FakeGitLab, repo: BareRepo, forge: GitLabForge, act: Callable[[FakeGitLab], None], on_base: str
) -> None:
    opened(forge)
    act(fake)
    (pull,) = forge.pull_requests(LONG_AGO)
    tip = repo.heads()["main"]
    expected = repo.heads().get(on_base) or repo.parents(tip)[0]
    assert (pull.state, pull.merge_commit) == (PrState.MERGED, expected)
    assert pull.closed_at is not None


def test_one_that_is_being_merged_counts_as_open(fake: FakeGitLab, forge: GitLabForge) -> None:
    opened(forge)
    fake.request(1).state = "locked"
    assert [pull.state for pull in forge.pull_requests(LONG_AGO)] == [PrState.OPEN]


def test_a_project_that_has_moved_is_an_error_not_an_empty_list(fake: FakeGitLab, forge: GitLabForge) -> None:
    fake.fail_next("GET", LIST, 301, headers={"Location": f"{fake.url}/api/v4/projects/9/merge_requests"})
    with pytest.raises(ForgeRefused, match="has moved"):
        forge.pull_requests(LONG_AGO)
    assert len(fake.asked("GET", LIST)) == 1


# Opening


def test_a_second_opening_gives_the_first(fake: FakeGitLab, forge: GitLabForge) -> None:
    assert opened(forge, title="Again") == opened(forge, title="And again")
    assert len(fake.world.requests) == 1


def test_what_a_person_opened_meanwhile_is_the_answer_and_not_ours(fake: FakeGitLab, forge: GitLabForge) -> None:
    fake.people_open(BRANCH)
    assert not opened(forge).ours


def test_one_into_another_branch_does_not_count(fake: FakeGitLab, repo: BareRepo, forge: GitLabForge) -> None:
    repo.point("staging", repo.heads()["main"])
    fake.people_open(BRANCH, base="staging")
    assert (opened(forge).number, opened(forge).number) == (2, 2)


@pytest.mark.parametrize("body", [{"message": "404 Ref Not Found"}, {"commits": []}], ids=["no ref", "no commits"])
def test_a_branch_that_gitlab_has_not_noticed_yet_is_waited_for(
    fake: FakeGitLab, forges: Forges, body: dict[str, Any]
) -> None:
    pauses: list[float] = []
    fake.fail_next("GET", "/compare$", 404 if "message" in body else 200, body, times=3)
    assert opened(forges(sleep=pauses.append)).number == 1
    assert pauses == [1, 2, 4]


@pytest.mark.parametrize("branch", ["gitops-bot/absent/promote", "gitops-bot/empty/promote"])
def test_a_branch_that_stays_away_or_empty_is_refused(
    fake: FakeGitLab, repo: BareRepo, forge: GitLabForge, branch: str
) -> None:
    repo.point("gitops-bot/empty/promote", repo.heads()["main"])
    with pytest.raises(ForgeRefused, match="no commits between main and"):
        opened(forge, branch)
    assert fake.asked("POST") == []


@pytest.mark.parametrize("status", [502, 0])
def test_a_creation_whose_answer_was_lost_is_found_and_not_repeated(
    fake: FakeGitLab, forge: GitLabForge, status: int
) -> None:
    fake.fail_next("POST", LIST, status, after_effect=True)
    assert opened(forge).number == 1
    assert len(fake.asked("POST", LIST)) == 1


def test_a_creation_that_did_not_happen_is_unreachable_and_not_repeated(fake: FakeGitLab, forge: GitLabForge) -> None:
    fake.fail_next("POST", LIST, 502)
    with pytest.raises(ForgeUnreachable, match="502"):
        opened(forge)
    assert len(fake.asked("POST", LIST)) == 1


def test_a_conflict_that_is_about_something_else_is_refused(fake: FakeGitLab, forge: GitLabForge) -> None:
    fake.fail_next("POST", LIST, 409, {"message": ["Something else"]})
    with pytest.raises(ForgeRefused, match="Something else"):
        opened(forge)


# Writing


def test_an_update_sends_only_what_is_given_and_has_changed(fake: FakeGitLab, forge: GitLabForge) -> None:
    opened(forge)
    forge.update(1, body="Why not.")
    forge.update(1, title="Promote shop")
    forge.update(1)
    assert [one.body for one in fake.asked("PUT")] == [{"description": "Why not."}]


def test_a_title_leaves_a_draft_a_draft_and_what_is_ready_ready(fake: FakeGitLab, forge: GitLabForge) -> None:
    opened(forge, draft=True)
    forge.update(1, title="Second")
    assert (fake.request(1).title, fake.request(1).draft) == ("Draft: Second", True)
    fake.request(1).title = "Second"  # somebody marked it as ready
    forge.update(1, title="Third")
    assert (fake.request(1).title, fake.request(1).draft) == ("Third", False)


@pytest.mark.parametrize("word", ["Draft:", "[draft]", "(Draft)", "draft: "])
def test_a_draft_is_known_by_each_of_gitlabs_words(fake: FakeGitLab, forge: GitLabForge, word: str) -> None:
    opened(forge)
    fake.request(1).title = f"{word} Promote shop"
    assert [(pull.title, pull.draft) for pull in forge.pull_requests(LONG_AGO)] == [("Promote shop", True)]


HOSTILE = "/close\nfirst\r\n/merge\r/approve all\n  /label ~x\n\n```\n/close\n```\nno/command\n"


def test_nothing_that_is_written_is_a_quick_action(fake: FakeGitLab, forge: GitLabForge) -> None:
    opened(forge, body=HOSTILE)
    forge.update(1, body=HOSTILE + "more")
    forge.comment(1, HOSTILE, key="k")
    request = fake.request(1)
    assert request.state == "opened"
    assert "/merge" in request.body
    assert "/label" in request.notes[0].body
    (pull,) = forge.pull_requests(LONG_AGO)
    assert pull.body == HOSTILE.replace("\r\n", "\n").replace("\r", "\n") + "more"


@pytest.mark.parametrize("text", ["", "/x", "a\n/x\n b\n  /y", "plain", "\n\n/z/\n"])
def test_what_goes_out_comes_back(text: str) -> None:
    assert incoming(outgoing(text)) == text
    assert not any(line.lstrip(" \t").startswith("/") for line in outgoing(text).split("\n"))


def test_long_texts_are_cut_visibly_and_keep_their_marker(fake: FakeGitLab, forge: GitLabForge) -> None:
    long = "<!-- marker -->" + "x" * BODY_LIMIT
    opened(forge, body=long, title="t" * 300, draft=True)
    forge.comment(1, long, key="k")
    forge.set_status(fake.request(1).head, CommitStatus("gitops-bot/shop", StatusState.PENDING, "d" * 200))
    request = fake.request(1)
    assert (len(request.body), len(request.notes[0].body), len(request.title)) == (BODY_LIMIT, BODY_LIMIT, 255)
    assert request.body.startswith("<!-- marker -->")
    assert request.body.endswith(CUT)
    assert request.notes[0].body.endswith(f"{CUT}\n\n<!-- gitops-bot:k -->")
    assert fake.world.statuses[request.head][0].description == "d" * 139 + "…"


@pytest.mark.parametrize("status", [502, 0])
def test_a_comment_is_made_once_even_when_its_answer_is_lost(fake: FakeGitLab, forge: GitLabForge, status: int) -> None:
    opened(forge)
    fake.people_say(1, "I know your marker: <!-- gitops-bot:started -->")
    fake.fail_next("POST", "/notes$", status, after_effect=True)
    forge.comment(1, "It began.", key="started")
    forge.comment(1, "It began.", key="started")
    forge.comment(1, "It ended.", key="ended")
    own = [note.body for note in fake.request(1).notes if note.author == "gitops-bot"]
    assert own == ["It began.\n\n<!-- gitops-bot:started -->", "It ended.\n\n<!-- gitops-bot:ended -->"]


def test_a_comment_that_was_not_made_is_unreachable(fake: FakeGitLab, forge: GitLabForge) -> None:
    opened(forge)
    fake.fail_next("POST", "/notes$", 502)
    with pytest.raises(ForgeUnreachable):
        forge.comment(1, "It began.", key="started")
    assert fake.request(1).notes == []


def test_a_comment_is_found_on_a_later_page(fake: FakeGitLab, forge: GitLabForge) -> None:
    opened(forge)
    forge.comment(1, "It began.", key="started")
    for _ in range(100):
        fake.people_say(1, "chat")
    forge.comment(1, "It ended.", key="ended")
    forge.comment(1, "It ended.", key="ended")
    assert len(fake.request(1).notes) == 102


# Statuses


def said(state: StatusState, description: str = "why") -> CommitStatus:
    return CommitStatus("gitops-bot/shop", state, description)


def test_every_way_between_statuses_is_open(fake: FakeGitLab, repo: BareRepo, forge: GitLabForge) -> None:
    head = repo.heads()[BRANCH]
    names = {StatusState.FAILURE: "failed"}
    for before in StatusState:
        for after in StatusState:
            forge.set_status(head, said(before, "before"))
            forge.set_status(head, said(after, "after"))
            (shown,) = fake.world.statuses[head]
            assert (shown.state, shown.description) == (names.get(after, after.value), "after")


def test_the_same_pending_again_is_looked_at_and_left(fake: FakeGitLab, repo: BareRepo, forge: GitLabForge) -> None:
    for _ in range(2):
        forge.set_status(repo.heads()[BRANCH], said(StatusState.PENDING))
    assert len(fake.asked("POST", "/statuses/")) == 2
    (shown,) = fake.world.statuses[repo.heads()[BRANCH]]
    assert (shown.state, shown.description) == ("pending", "why")


def test_a_pending_that_gitlab_refuses_for_another_reason_is_refused(
    fake: FakeGitLab, repo: BareRepo, forge: GitLabForge
) -> None:
    fake.fail_next("POST", "/statuses/", 400, {"message": {"name": ["is not allowed"]}})
    with pytest.raises(ForgeRefused, match="name: is not allowed"):
        forge.set_status(repo.heads()[BRANCH], said(StatusState.PENDING))


def test_two_branches_at_one_commit_have_a_status_each(fake: FakeGitLab, repo: BareRepo, forge: GitLabForge) -> None:
    head = repo.heads()[BRANCH]
    for name in ("aaa", "gitops-bot/shop-us/promote"):
        repo.point(name, head)
    for branch in (BRANCH, "gitops-bot/shop-us/promote"):
        forge.set_status(head, said(StatusState.PENDING), branch)
        forge.open(branch=branch, base="main", title="t", body="b", draft=False)
    forge.pull_requests(datetime(2026, 1, 1, tzinfo=UTC))
    for branch in (BRANCH, "gitops-bot/shop-us/promote"):
        forge.set_status(head, said(StatusState.SUCCESS, branch), branch)
    told = {one.ref: [status.description for status in one.statuses] for one in fake.world.pipelines.all}
    assert told == {branch: [branch] for branch in (BRANCH, "gitops-bot/shop-us/promote")}


def test_a_commit_on_no_branch_has_no_status(fake: FakeGitLab, repo: BareRepo, forge: GitLabForge) -> None:
    gone = repo.heads()[BRANCH]
    repo.delete(BRANCH)
    with pytest.raises(ForgeDenied, match="References for commit"):
        forge.set_status(gone, said(StatusState.SUCCESS))


# Labels and reviewers

DECORATIONS: tuple[tuple[list[str], list[str], int], ...] = (
    (["alice", "bob"], ["alice", "bob"], 0),
    (["Alice"], ["alice"], 0),
    (["alice", "nobody"], ["alice"], 1),
    (["nobody", "team:platform"], [], 2),
    ([], [], 0),
)


@pytest.mark.parametrize(("reviewers", "users", "warned"), DECORATIONS)
def test_decorations_that_work_are_made_and_the_others_are_warnings(
    fake: FakeGitLab, forge: GitLabForge, reviewers: list[str], users: list[str], warned: int
) -> None:
    opened(forge)
    warnings = forge.decorate(1, labels=["gitops-bot", "env::prod"], reviewers=reviewers)
    assert (fake.request(1).labels, fake.request(1).reviewers) == (["gitops-bot", "env::prod"], users)
    assert [line for line in warnings if "no such user" in line] == warnings
    assert len(warnings) == warned


def test_reviewers_who_are_there_stay(fake: FakeGitLab, forge: GitLabForge) -> None:
    opened(forge)
    fake.request(1).reviewers.append("bob")
    assert forge.decorate(1, labels=[], reviewers=["alice"]) == []
    assert fake.request(1).reviewers == ["bob", "alice"]
    before = len(fake.asked("PUT"))
    assert forge.decorate(1, labels=[], reviewers=["alice", "bob"]) == []
    assert len(fake.asked("PUT")) == before


def test_an_edition_with_one_reviewer_is_a_warning(fake: FakeGitLab, forge: GitLabForge) -> None:
    opened(forge)
    fake.world.one_reviewer = True
    (warning,) = forge.decorate(1, labels=[], reviewers=["alice", "bob"])
    assert warning.startswith("reviewers bob: GitLab did not take them")
    assert fake.request(1).reviewers == ["alice"]


def test_labels_that_may_not_be_set_are_a_warning(fake: FakeGitLab, forge: GitLabForge) -> None:
    opened(forge)
    fake.fail_next("PUT", ONE, 403)
    (warning,) = forge.decorate(1, labels=["held"], reviewers=["alice"])
    assert "labels held" in warning
    assert fake.request(1).reviewers == ["alice"]


# Merging


@pytest.mark.parametrize(
    ("project", "method", "parents"), [("merge", "merge", 2), ("merge", "squash", 2), ("rebase_merge", "merge", 2)]
)
def test_a_merge_is_made_as_the_project_does_it(
    fake: FakeGitLab, repo: BareRepo, forges: Forges, project: str, method: str, parents: int
) -> None:
    fake.world.method = project
    forge = forges(merge_method=method)
    head = opened(forge).head
    done = forge.merge(1, head=head, title="Promote shop")
    assert done == Merged(repo.heads()["main"])
    assert len(repo.parents(repo.heads()["main"])) == parents
    assert repo.holds("main", head) == (method != "squash")
    assert forge.merge(1, head=head, title="Promote shop") == done


@pytest.mark.parametrize("method", ["merge", "squash"])
def test_a_fast_forward_is_a_merge_too(fake: FakeGitLab, repo: BareRepo, forges: Forges, method: str) -> None:
    fake.world.method = "ff"
    forge = forges(merge_method=method)
    head = opened(forge).head
    assert forge.merge(1, head=head, title="Promote shop") == Merged(repo.heads()["main"])
    assert (repo.heads()["main"] == head) == (method == "merge")


def blocked(fake: FakeGitLab) -> None:
    fake.world.blocked[1] = "ci_must_pass"


def moved(fake: FakeGitLab) -> None:
    fake.world.repo.commit(BRANCH, {"app.yaml": "version: 4\n"})


def conflicting(fake: FakeGitLab) -> None:
    fake.world.repo.commit("main", {"app.yaml": "version: 5\n"})


def behind(fake: FakeGitLab) -> None:
    fake.world.method = "ff"
    fake.world.repo.commit("main", {"other.yaml": "a: 1\n"})


def old(fake: FakeGitLab) -> None:
    fake.fail_next("PUT", "/merge$", 406, {"message": "406 Branch cannot be merged"})


def closed(fake: FakeGitLab) -> None:
    fake.people_close(1)


def drafted(fake: FakeGitLab) -> None:
    fake.request(1).title = "Draft: Promote shop"


OBSTACLES = (
    (blocked, r"405 Method Not Allowed \(ci_must_pass\)"),
    (moved, "SHA does not match HEAD of source branch"),
    (conflicting, r"Branch cannot be merged \(conflict\)"),
    (behind, "need_rebase"),
    (old, "406 Branch cannot be merged"),
    (closed, "not_open"),
    (drafted, "draft_status"),
)


@pytest.mark.parametrize(("obstacle", "reason"), OBSTACLES)
def test_what_gitlab_will_not_merge_is_not_ready(
    fake: FakeGitLab, repo: BareRepo, forge: GitLabForge, obstacle: Callable[[FakeGitLab], None], reason: str
) -> None:
    head = opened(forge).head
    obstacle(fake)
    main = repo.heads()["main"]
    answer = forge.merge(1, head=head, title="Promote shop")
    assert isinstance(answer, NotReady)
    assert re.search(reason, answer.reason)
    assert repo.heads()["main"] == main


def test_what_waits_is_asked_about_ever_more_seldom(fake: FakeGitLab, forges: Forges) -> None:
    clock = [fake.world.now]
    forge = forges(now=lambda: clock[0])
    head = opened(forge).head
    blocked(fake)
    for _ in range(60):
        forge.merge(1, head=head, title="Promote shop")
        clock[0] += timedelta(minutes=1)
    assert len(fake.asked("PUT", "/merge$")) == 9
    fake.world.blocked.clear()
    clock[0] += timedelta(minutes=10)
    assert isinstance(forge.merge(1, head=head, title="Promote shop"), Merged)


def test_a_user_who_may_not_merge_is_denied(fake: FakeGitLab, forge: GitLabForge) -> None:
    head = opened(forge).head
    fake.world.may_not_merge.add("gitops-bot")
    with pytest.raises(ForgeDenied, match="a role that may merge into the target branch"):
        forge.merge(1, head=head, title="Promote shop")


@pytest.mark.parametrize("status", [502, 0])
def test_a_merge_whose_answer_was_lost_is_a_merge(
    fake: FakeGitLab, repo: BareRepo, forge: GitLabForge, status: int
) -> None:
    head = opened(forge).head
    fake.fail_next("PUT", "/merge$", status, after_effect=True)
    assert forge.merge(1, head=head, title="Promote shop") == Merged(repo.heads()["main"])
