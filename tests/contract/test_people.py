"""What checks and people say, alike on every forge that can be asked."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from gitops_bot.errors import ForgeError
from gitops_bot.model import CommitCheck, CommitStatus, StatusState
from gitops_bot.ports import ForgeOfPeople
from tests.contract.worlds import ALICE, GitHubWorld, GitLabWorld, LocalWorld, opened

BRANCH = "gitops-bot/shop/promote"
BOB = "Bob <bob@example.com>"
NAMES = {"alice": ALICE, "bob": BOB}
Either = LocalWorld | GitHubWorld | GitLabWorld


@pytest.fixture(params=["local", "github", "gitlab"])
def world(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Either]:
    with opened(request.param, tmp_path) as world:
        assert isinstance(world, LocalWorld | GitHubWorld | GitLabWorld)
        world.repo.commit(BRANCH, {"app.yaml": "version: 2\n"}, on="main")
        yield world


def asked(world: Either) -> ForgeOfPeople:
    forge = world.forge()
    assert isinstance(forge, ForgeOfPeople)
    return forge


def say(world: Either, number: int, who: str, *, approve: bool) -> None:
    if isinstance(world, LocalWorld):
        world.forge(NAMES[who]).review(number, approve=approve)
    elif isinstance(world, GitLabWorld):
        world.fake.world.give_opinion(number, who, approve=approve)
    else:
        world.fake.world.give_opinion(number, who, "APPROVED" if approve else "CHANGES_REQUESTED")


def test_the_last_word_of_each_person_counts_with_the_head_they_saw(world: Either) -> None:
    forge = asked(world)
    made = forge.open(branch=BRANCH, base="main", title="Promote", body="", draft=False)
    assert forge.reviews(made.number) == ([] if isinstance(world, LocalWorld) else ())
    say(world, made.number, "alice", approve=False)
    say(world, made.number, "bob", approve=True)
    say(world, made.number, "alice", approve=True)
    found = {one.author.partition("@")[0]: one for one in forge.reviews(made.number)}
    assert {name: one.approves for name, one in found.items()} == {"alice": True, "bob": True}
    assert {one.commit for one in found.values()} == {made.head}
    assert all(one.at > made.created_at for one in found.values())


def test_a_review_of_an_older_head_keeps_that_head(world: Either) -> None:
    forge = asked(world)
    made = forge.open(branch=BRANCH, base="main", title="Promote", body="", draft=False)
    say(world, made.number, "alice", approve=True)
    world.repo.commit(BRANCH, {"app.yaml": "version: 3\n"})
    (review,) = forge.reviews(made.number)
    assert review.commit == made.head


def test_statuses_are_found_by_their_names(world: Either) -> None:
    forge = asked(world)
    made = forge.open(branch=BRANCH, base="main", title="Promote", body="", draft=False)
    assert not forge.checks(made.head)
    forge.set_status(made.head, CommitStatus("ci/e2e", StatusState.PENDING, "it runs"))
    (check,) = forge.checks(made.head)
    assert (check.name, check.state) == ("ci/e2e", StatusState.PENDING)
    forge.set_status(made.head, CommitStatus("ci/e2e", StatusState.SUCCESS, "it ran"))
    (check,) = forge.checks(made.head)
    assert check.state is StatusState.SUCCESS


def test_a_team_that_is_not_there_is_no_empty_team(world: Either) -> None:
    with pytest.raises(ForgeError):
        asked(world).members("nobody")


# ---------------------------------------------------------------- GitHub alone


@pytest.fixture
def github(tmp_path: Path) -> Iterator[GitHubWorld]:
    with opened("github", tmp_path) as world:
        assert isinstance(world, GitHubWorld)
        world.repo.commit(BRANCH, {"app.yaml": "version: 2\n"}, on="main")
        yield world


@pytest.mark.parametrize(
    ("conclusion", "state", "said"),
    [
        ("success", StatusState.SUCCESS, ""),
        ("neutral", StatusState.SUCCESS, ""),
        (None, StatusState.PENDING, "in_progress"),
        ("failure", StatusState.FAILURE, "failure"),
        ("skipped", StatusState.FAILURE, "skipped"),
        ("timed_out", StatusState.FAILURE, "timed_out"),
    ],
)
def test_check_runs_stand_beside_statuses(
    github: GitHubWorld, conclusion: str | None, state: StatusState, said: str
) -> None:
    head = github.repo.heads()[BRANCH]
    github.fake.world.report(head, "e2e", conclusion)
    github.forge().set_status(head, CommitStatus("ci/unit", StatusState.FAILURE, "no"))
    assert [*github.forge().checks(head)] == [
        CommitCheck("ci/unit", StatusState.FAILURE, "failure"),
        CommitCheck("e2e", state, said),
    ]


@pytest.mark.parametrize(
    ("states", "approves"),
    [
        (["APPROVED", "COMMENTED"], [True]),
        (["APPROVED", "DISMISSED"], []),
        (["CHANGES_REQUESTED", "PENDING"], [False]),
        (["COMMENTED"], []),
    ],
)
def test_remarks_replace_nothing_and_what_is_dismissed_is_gone(
    github: GitHubWorld, states: list[str], approves: list[bool]
) -> None:
    number = github.forge().open(branch=BRANCH, base="main", title="Promote", body="", draft=False).number
    for state in states:
        github.fake.world.give_opinion(number, "alice", state)
    assert [one.approves for one in github.forge().reviews(number)] == approves


def test_members_of_a_team_are_told_in_lower_case(github: GitHubWorld) -> None:
    assert github.forge().members("leads") == {"bob", "carol"}


# ---------------------------------------------------------------- GitLab alone


@pytest.fixture
def gitlab(tmp_path: Path) -> Iterator[GitLabWorld]:
    with opened("gitlab", tmp_path) as world:
        assert isinstance(world, GitLabWorld)
        world.repo.commit(BRANCH, {"app.yaml": "version: 2\n"}, on="main")
        yield world


@pytest.mark.parametrize(
    ("status", "state", "told"),
    [
        ("success", StatusState.SUCCESS, ""),
        ("running", StatusState.PENDING, "running"),
        ("manual", StatusState.PENDING, "manual"),
        ("failed", StatusState.FAILURE, "failed"),
        ("canceled", StatusState.FAILURE, "canceled"),
        ("skipped", StatusState.FAILURE, "skipped"),
    ],
)
def test_jobs_of_pipelines_are_checks(gitlab: GitLabWorld, status: str, state: StatusState, told: str) -> None:
    head = gitlab.repo.heads()[BRANCH]
    gitlab.fake.world.set_status(head, "ci", state=status, name="e2e", description="")
    assert [*gitlab.forge().checks(head)] == [CommitCheck("e2e", state, told)]


@pytest.mark.parametrize("dated", [True, False], ids=["18", "17"])
def test_an_approval_is_of_the_head_of_its_time_and_a_no_of_the_present_one(gitlab: GitLabWorld, dated: bool) -> None:
    gitlab.fake.world.dated_approvals = dated
    made = gitlab.forge().open(branch=BRANCH, base="main", title="Promote", body="", draft=False)
    say(gitlab, made.number, "alice", approve=True)
    say(gitlab, made.number, "bob", approve=False)
    gitlab.person_says(made.number, "approved this merge request")
    head = gitlab.repo.commit(BRANCH, {"app.yaml": "version: 3\n"})
    found = [(one.author, one.approves, one.commit) for one in gitlab.forge().reviews(made.number)]
    assert found == [("alice", True, made.head), ("bob", False, head)]


def test_members_of_a_group_are_the_active_ones(gitlab: GitLabWorld) -> None:
    assert gitlab.forge().members("acme/leads") == {"bob", "carol"}
