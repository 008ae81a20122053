"""What every forge does alike: the local one, and GitHub's and GitLab's adapters on their fakes."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from gitops_bot.errors import ForgeError, ForgeRefused
from gitops_bot.model import CommitStatus, PrState, PullRequest, StatusState
from gitops_bot.ports import Forge, Merged, NotReady
from tests.contract.worlds import World, opened

BRANCH = "gitops-bot/shop/promote"
LONG_AGO = datetime(2025, 1, 1, tzinfo=UTC)


@pytest.fixture(params=["local", "github", "gitlab"])
def world(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[World]:
    """A repository with one branch of the bot's."""
    with opened(request.param, tmp_path) as world:
        world.repo.commit(BRANCH, {"app.yaml": "version: 2\n"}, on="main")
        yield world


@pytest.fixture
def forge(world: World) -> Forge:
    return world.forge()


def made(forge: Forge, branch: str = BRANCH, *, draft: bool = False) -> PullRequest:
    return forge.open(branch=branch, base="main", title="Promote shop", body="Because.", draft=draft)


def only(forge: Forge, since: datetime = LONG_AGO) -> PullRequest:
    (pull,) = forge.pull_requests(since)
    return pull


# ---------------------------------------------------------------- opening


def test_what_was_opened_is_listed_as_it_was_answered(world: World, forge: Forge) -> None:
    pull = made(forge)
    assert only(forge) == pull
    assert (pull.state, pull.branch, pull.base, pull.head) == (PrState.OPEN, BRANCH, "main", world.repo.heads()[BRANCH])
    assert (pull.title, pull.body, pull.draft, pull.ours) == ("Promote shop", "Because.", False, True)
    assert (pull.labels, pull.closed_at, pull.merge_commit) == ((), None, "")


def test_opening_again_finds_the_open_one(forge: Forge) -> None:
    first = made(forge)
    again = forge.open(branch=BRANCH, base="main", title="Other", body="Other", draft=False)
    assert (again.number, again.title, again.body) == (first.number, "Promote shop", "Because.")
    assert len(forge.pull_requests(LONG_AGO)) == 1


def test_opening_after_a_close_makes_a_second_one(forge: Forge) -> None:
    first = made(forge)
    forge.close(first.number)
    second = made(forge)
    assert second.number > first.number
    assert {pull.number: pull.state for pull in forge.pull_requests(LONG_AGO)} == {
        first.number: PrState.CLOSED,
        second.number: PrState.OPEN,
    }


def test_a_draft_is_a_draft(forge: Forge) -> None:
    assert made(forge, draft=True).draft
    assert only(forge).draft


def test_a_branch_without_commits_of_its_own_is_refused(world: World, forge: Forge) -> None:
    world.repo.point("gitops-bot/empty/promote", world.repo.heads()["main"])
    with pytest.raises(ForgeRefused, match=r"(?i)no commits between"):
        made(forge, "gitops-bot/empty/promote")


def test_a_missing_branch_or_base_is_refused(forge: Forge) -> None:
    with pytest.raises(ForgeRefused):
        made(forge, "gitops-bot/absent/promote")
    with pytest.raises(ForgeRefused):
        forge.open(branch=BRANCH, base="absent", title="t", body="b", draft=False)


# ---------------------------------------------------------------- listing


def test_forks_and_branches_of_others_are_not_listed(world: World, forge: Forge) -> None:
    world.repo.commit("feature", {"app.yaml": "version: 3\n"}, on="main")
    world.person_opens("feature")
    world.fork_opens(BRANCH)
    assert [*forge.pull_requests(LONG_AGO)] == []


def test_branches_that_are_named_as_ours_are_listed_below_any_prefix(world: World, forge: Forge) -> None:
    other = "bot/env/shop/rollback"
    world.repo.commit(other, {"app.yaml": "version: 3\n"}, on="main")
    made(forge, other)
    world.person_opens(BRANCH)
    assert {pull.branch: pull.ours for pull in forge.pull_requests(LONG_AGO)} == {other: True, BRANCH: False}


def test_what_a_person_opened_from_our_branch_is_listed_and_not_ours(world: World, forge: Forge) -> None:
    number = world.person_opens(BRANCH)
    pull = only(forge)
    assert (pull.number, pull.ours) == (number, False)


def test_closed_ones_are_listed_from_their_closing_on(forge: Forge) -> None:
    forge.close(made(forge).number)
    closed_at = only(forge).closed_at
    assert closed_at is not None
    assert only(forge, closed_at).state is PrState.CLOSED
    assert [*forge.pull_requests(closed_at + timedelta(seconds=1))] == []


def test_talking_about_a_closed_one_does_not_bring_it_back(world: World, forge: Forge) -> None:
    forge.close(made(forge).number)
    closed_at = only(forge).closed_at
    assert closed_at is not None
    world.person_says(1, "A pity")
    assert [*forge.pull_requests(closed_at + timedelta(seconds=1))] == []


def test_open_ones_are_listed_however_old(forge: Forge) -> None:
    made(forge)
    assert only(forge, datetime(2099, 1, 1, tzinfo=UTC)).state is PrState.OPEN


def test_times_are_in_order_and_aware(forge: Forge) -> None:
    made(forge)
    fresh = only(forge)
    forge.update(1, title="Another")
    touched = only(forge)
    forge.close(1)
    closed = only(forge)
    assert closed.closed_at is not None
    assert fresh.created_at == touched.created_at == closed.created_at
    assert fresh.created_at <= fresh.updated_at < touched.updated_at < closed.closed_at
    assert all(moment.utcoffset() == timedelta(0) for moment in (fresh.created_at, closed.closed_at))


def test_a_push_moves_the_head(world: World, forge: Forge) -> None:
    made(forge)
    head = world.repo.commit(BRANCH, {"app.yaml": "version: 3\n"})
    assert only(forge).head == head


def test_a_person_closes(world: World, forge: Forge) -> None:
    made(forge)
    world.person_closes(1)
    pull = only(forge)
    assert (pull.state, pull.body, pull.ours, pull.merge_commit) == (PrState.CLOSED, "Because.", True, "")
    assert pull.closed_at is not None


def test_deleting_the_branch_closes(world: World, forge: Forge) -> None:
    pull = made(forge)
    world.repo.delete(BRANCH)
    closed = only(forge)
    assert (closed.state, closed.head, closed.branch) == (PrState.CLOSED, pull.head, BRANCH)
    assert closed.closed_at is not None
    assert closed.closed_at > pull.created_at


def test_the_branch_coming_back_does_not_reopen(world: World, forge: Forge) -> None:
    pull = made(forge)
    world.repo.delete(BRANCH)
    assert only(forge).state is PrState.CLOSED
    world.repo.point(BRANCH, pull.head)
    assert only(forge).state is PrState.CLOSED


def test_it_survives_a_restart(world: World, forge: Forge) -> None:
    made(forge)
    forge.comment(1, "Once", key="k")
    forge.decorate(1, labels=("promotion",), reviewers=())
    assert only(world.forge()) == only(forge)
    assert only(world.forge()).labels == ("promotion",)
    world.forge().comment(1, "Once", key="k")
    assert len(world.comments(1)) == 1


# ---------------------------------------------------------------- writing


def test_title_and_body_are_rewritten_apart_and_together(forge: Forge) -> None:
    made(forge)
    forge.update(1, title="Second")
    assert (only(forge).title, only(forge).body) == ("Second", "Because.")
    forge.update(1, body="Therefore.")
    assert (only(forge).title, only(forge).body) == ("Second", "Therefore.")
    forge.update(1, title="Third", body="")
    assert (only(forge).title, only(forge).body) == ("Third", "")


def test_a_closed_one_can_still_be_rewritten(forge: Forge) -> None:
    made(forge)
    forge.close(1)
    forge.update(1, body="Closed because.")
    assert (only(forge).state, only(forge).body) == (PrState.CLOSED, "Closed because.")


def test_closing_twice_is_no_error_and_keeps_the_first_time(forge: Forge) -> None:
    made(forge)
    forge.close(1)
    first = only(forge).closed_at
    forge.close(1)
    assert (only(forge).state, only(forge).closed_at) == (PrState.CLOSED, first)


def test_a_comment_is_said_once_per_key(world: World, forge: Forge) -> None:
    made(forge)
    forge.comment(1, "Now at 5 %", key="five")
    forge.comment(1, "In other words", key="five")
    forge.comment(1, "Now at 25 %", key="twenty-five")
    said = world.comments(1)
    assert [text.splitlines()[0] for text in said] == ["Now at 5 %", "Now at 25 %"]


def test_a_person_who_copies_the_mark_does_not_silence_the_bot(world: World, forge: Forge) -> None:
    made(forge)
    world.person_says(1, "<!-- gitops-bot:five -->")
    forge.comment(1, "Now at 5 %", key="five")
    assert len(world.comments(1)) == 2


def test_a_status_set_again_counts_once(world: World, forge: Forge) -> None:
    head = made(forge).head
    pending = CommitStatus("gitops-bot/shop", StatusState.PENDING, "too early")
    forge.set_status(head, pending)
    forge.set_status(head, pending)
    assert world.statuses(head) == {"gitops-bot/shop": ("pending", "too early")}
    forge.set_status(head, CommitStatus("gitops-bot/shop", StatusState.SUCCESS, "well"))
    forge.set_status(head, CommitStatus("gitops-bot/other", StatusState.FAILURE, "bad"))
    assert world.statuses(head) == {"gitops-bot/shop": ("success", "well"), "gitops-bot/other": ("failure", "bad")}


def test_decorating_adds_and_never_takes_away(world: World, forge: Forge) -> None:
    made(forge)
    assert [*forge.decorate(1, labels=("one", "two"), reviewers=("alice",))] == []
    assert [*forge.decorate(1, labels=("two", "three"), reviewers=("alice", "bob"))] == []
    assert [*forge.decorate(1, labels=(), reviewers=())] == []
    assert {*only(forge).labels} == {"one", "two", "three"}
    assert sorted(world.reviewers(1)) == ["alice", "bob"]


def test_labels_are_taken_off_by_name_and_what_is_not_there_is_no_error(forge: Forge) -> None:
    made(forge)
    forge.decorate(1, labels=("gitops-bot/hold", "two", "three"), reviewers=())
    forge.unlabel(1, ("gitops-bot/hold", "three", "four"))
    assert only(forge).labels == ("two",)
    forge.unlabel(1, ("gitops-bot/hold",))
    assert only(forge).labels == ("two",)


def test_what_does_not_exist_is_refused(forge: Forge) -> None:
    for act in (
        lambda: forge.update(7, body="x"),
        lambda: forge.close(7),
        lambda: forge.comment(7, "x", key="k"),
        lambda: forge.merge(7, head="0" * 40, title="t"),
    ):
        with pytest.raises(ForgeError):
            act()


# ---------------------------------------------------------------- merging


def test_a_merge_is_in_bases_first_parent_history(world: World, forge: Forge) -> None:
    pull, base = made(forge), world.repo.heads()["main"]
    merged = forge.merge(1, head=pull.head, title="Promote shop")
    tip = world.repo.heads()["main"]
    assert merged == Merged(tip)
    assert world.repo.parents(tip) == [base, pull.head]
    shown = only(forge)
    assert (shown.state, shown.merge_commit, shown.head) == (PrState.MERGED, tip, pull.head)
    assert shown.closed_at is not None


def test_merging_again_answers_with_the_same_commit(world: World, forge: Forge) -> None:
    pull = made(forge)
    first = forge.merge(1, head=pull.head, title="t")
    world.repo.commit("main", {"other.yaml": "a: 1\n"})
    assert forge.merge(1, head=pull.head, title="t") == first
    assert world.forge().merge(1, head=pull.head, title="t") == first


def test_a_head_that_moved_is_not_merged(world: World, forge: Forge) -> None:
    evaluated = made(forge).head
    world.repo.commit(BRANCH, {"app.yaml": "version: 666\n"})
    base = world.repo.heads()["main"]
    assert isinstance(forge.merge(1, head=evaluated, title="t"), NotReady)
    assert world.repo.heads()["main"] == base
    assert only(forge).state is PrState.OPEN


def test_a_conflict_is_not_merged(world: World, forge: Forge) -> None:
    pull = made(forge)
    base = world.repo.commit("main", {"app.yaml": "version: 9\n"})
    assert isinstance(forge.merge(1, head=pull.head, title="t"), NotReady)
    assert world.repo.heads()["main"] == base
    assert only(forge).state is PrState.OPEN


def test_a_base_that_moved_elsewhere_is_merged_with(world: World, forge: Forge) -> None:
    pull = made(forge)
    base = world.repo.commit("main", {"other.yaml": "a: 1\n"})
    merged = forge.merge(1, head=pull.head, title="t")
    assert isinstance(merged, Merged)
    assert world.repo.parents(merged.commit) == [base, pull.head]


def test_a_draft_is_not_merged(world: World, forge: Forge) -> None:
    pull = made(forge, draft=True)
    base = world.repo.heads()["main"]
    assert isinstance(forge.merge(1, head=pull.head, title="t"), NotReady)
    assert world.repo.heads()["main"] == base


def test_a_closed_one_is_not_merged(world: World, forge: Forge) -> None:
    pull, base = made(forge), world.repo.heads()["main"]
    forge.close(1)
    assert isinstance(forge.merge(1, head=pull.head, title="t"), NotReady)
    assert world.repo.heads()["main"] == base


def test_closing_a_merged_one_leaves_it_merged(forge: Forge) -> None:
    pull = made(forge)
    forge.merge(1, head=pull.head, title="t")
    forge.close(1)
    assert only(forge).state is PrState.MERGED


def test_a_fast_forward_pushed_by_hand_is_seen_as_merged(world: World, forge: Forge) -> None:
    pull = made(forge)
    world.repo.point("main", pull.head)
    shown = only(forge)
    assert (shown.state, shown.merge_commit) == (PrState.MERGED, pull.head)
