"""Several pull requests opened by one request: the same on GitHub and on GitLab, and as one by one."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from gitops_bot.adapters.pace import PER_HOUR
from gitops_bot.adapters.together import AT_ONCE
from gitops_bot.errors import ForgeDenied, ForgeRefused, ForgeUnreachable, RateLimited
from gitops_bot.model import PullRequest
from gitops_bot.ports import ForgeOfMany, NewPull
from tests.contract.worlds import GitHubWorld, GitLabWorld, opened

LONG_AGO = datetime(2025, 1, 1, tzinfo=UTC)
HOSTILE = 'a"b\\c\n$p1 { ...made } ${x} %s </script>\n/close\n\N{RIGHT-TO-LEFT OVERRIDE}é🚀'
World = GitHubWorld | GitLabWorld


@pytest.fixture(params=["github", "gitlab"])
def world(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[World]:
    with opened(request.param, tmp_path) as world:
        assert isinstance(world, GitHubWorld | GitLabWorld)
        yield world


@pytest.fixture
def forge(world: World) -> ForgeOfMany:
    return world.forge()


def wanted(world: World, count: int = 3) -> list[NewPull]:
    made = [NewPull(f"gitops-bot/p{n}/promote", "main", f"Promote p{n}", f"Because {n}.", False) for n in range(count)]
    for new in made:
        world.repo.commit(new.branch, {"app.yaml": f"v: {new.branch}\n"}, on="main")
    return made


def writes(world: World) -> list[str]:
    return [str(one).rpartition("/")[2] for one in world.fake.requests if one.method != "GET"]


def alone(world: World) -> str:
    return "pulls" if isinstance(world, GitHubWorld) else "merge_requests"


def test_they_are_listed_as_they_were_answered_and_cost_one_request(world: World, forge: ForgeOfMany) -> None:
    made = forge.open_many(wanted(world))
    assert writes(world) == ["graphql"]
    assert [*made] == sorted(forge.pull_requests(LONG_AGO), key=lambda one: one.number)
    heads = world.repo.heads()
    assert [(one.branch, one.head, one.ours) for one in made if isinstance(one, PullRequest)] == [
        (f"gitops-bot/p{n}/promote", heads[f"gitops-bot/p{n}/promote"], True) for n in range(3)
    ]


def test_texts_are_as_if_it_were_opened_alone(world: World, forge: ForgeOfMany) -> None:
    first, second, third = wanted(world)
    new = [replace(first, title=f"T {HOSTILE}", body=HOSTILE), replace(second, title=f"T {HOSTILE}", body=HOSTILE)]
    one = forge.open(branch=first.branch, base="main", title=new[0].title, body=new[0].body, draft=False)
    _, two = forge.open_many([third, new[1]])
    assert isinstance(two, PullRequest)
    assert (two.title, two.body, two.draft) == (one.title, one.body, False)
    (body,) = {each.body for each in forge.pull_requests(LONG_AGO) if each.number in (one.number, two.number)}
    assert body.startswith('a"b\\c\n$p1 { ...made } ${x} %s')


def test_drafts_are_drafts_each_for_itself(world: World, forge: ForgeOfMany) -> None:
    first, second, _ = wanted(world)
    made = forge.open_many([replace(first, draft=True), second])
    assert [one.draft for one in made if isinstance(one, PullRequest)] == [True, False]
    assert [one.title for one in made if isinstance(one, PullRequest)] == ["Promote p0", "Promote p1"]
    assert {one.branch: one.draft for one in forge.pull_requests(LONG_AGO)} == {
        first.branch: True,
        second.branch: False,
    }


def test_one_that_is_open_is_found_and_the_others_are_opened(world: World, forge: ForgeOfMany) -> None:
    first, second, third = wanted(world)
    before = forge.open(branch=second.branch, base="main", title="Before", body="Mine.", draft=False)
    made = forge.open_many([first, second, third])
    assert made[1] == before
    assert len(forge.pull_requests(LONG_AGO)) == 3
    assert {one.title for one in made if isinstance(one, PullRequest)} == {"Promote p0", "Before", "Promote p2"}


def test_what_is_refused_harms_no_other(world: World, forge: ForgeOfMany) -> None:
    first, second, third = wanted(world)
    world.repo.point("gitops-bot/empty/promote", world.repo.heads()["main"])
    bad = [
        replace(first, branch="gitops-bot/absent/promote"),
        replace(second, base="absent"),
        replace(first, branch="gitops-bot/empty/promote"),
    ]
    made = forge.open_many([bad[0], first, bad[1], third, bad[2]])
    assert [isinstance(one, ForgeRefused) for one in made] == [True, False, True, False, True]
    assert {one.branch for one in forge.pull_requests(LONG_AGO)} == {first.branch, third.branch}


def test_where_all_are_refused_each_has_its_own_reason(world: World, forge: ForgeOfMany) -> None:
    names = [f"gitops-bot/absent{n}/promote" for n in range(2)]
    made = forge.open_many([NewPull(name, "main", "t", "b", False) for name in names])
    assert [type(one) for one in made] == [ForgeRefused] * 2
    assert [*forge.pull_requests(LONG_AGO)] == []


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (403, {"message": "Resource not accessible by personal access token"}),
        (404, {"message": "Not Found"}),
        (200, {"errors": [{"message": "Field 'x' doesn't exist on type 'Mutation'"}]}),
        (200, {"data": None, "errors": [{"message": "Something went wrong while executing your query."}]}),
        (200, []),
    ],
)
def test_a_forge_that_refuses_the_document_is_asked_one_by_one(
    world: World, forge: ForgeOfMany, status: int, body: object
) -> None:
    world.fake.fail_next("POST", "/graphql$", status, body)
    made = forge.open_many(wanted(world))
    assert [type(one) for one in made] == [PullRequest] * 3
    assert writes(world) == ["graphql", *[alone(world)] * 3]


@pytest.mark.parametrize(
    "body",
    [
        {"data": [1]},
        {"data": "made"},
        {"data": {"p0": 1, "p1": [], "p2": {"pullRequest": 3, "mergeRequest": "x"}}},
        {"data": {name: {"pullRequest": {"number": 1}, "mergeRequest": {"iid": "one"}} for name in ("p0", "p1", "p2")}},
        {"data": None, "errors": {"message": "x"}},
        {"data": None, "errors": ["x", None, {"message": None, "type": 1}]},
        {"errors": "x"},
    ],
    ids=str,
)
def test_what_was_opened_is_found_though_the_answer_has_another_shape(
    world: World, forge: ForgeOfMany, body: object
) -> None:
    world.fake.fail_next("POST", "/graphql$", 200, body, after_effect=True)
    made = forge.open_many(wanted(world))
    assert [*made] == sorted(forge.pull_requests(LONG_AGO), key=lambda one: one.number)


@pytest.mark.parametrize("status", [502, 0])
def test_after_an_answer_that_was_lost_it_looks_and_does_not_ask_again(
    world: World, forge: ForgeOfMany, status: int
) -> None:
    world.fake.fail_next("POST", "/graphql$", status, after_effect=True)
    made = forge.open_many(wanted(world))
    assert writes(world) == ["graphql"]
    assert [*made] == sorted(forge.pull_requests(LONG_AGO), key=lambda one: one.number)


def test_what_is_not_there_after_a_lost_answer_is_left_to_the_next_tick(world: World, forge: ForgeOfMany) -> None:
    new = wanted(world)
    before = forge.open(branch=new[1].branch, base="main", title="t", body="b", draft=False)
    world.fake.fail_next("POST", "/graphql$", 502)
    first, second, third = forge.open_many(new)
    assert (type(first), second, type(third)) == (ForgeUnreachable, before, ForgeUnreachable)
    assert writes(world) == [alone(world), "graphql"]


def test_a_forge_that_does_not_answer_is_asked_for_fewer_and_then_for_more_again(
    world: World, forge: ForgeOfMany
) -> None:
    new = wanted(world, 4)
    assert forge.at_once() == AT_ONCE
    world.fake.fail_next("POST", "/graphql$", 502)
    forge.open_many(new)
    assert forge.at_once() == 2
    forge.open_many(new[:2])
    assert forge.at_once() == 3


def test_no_more_are_begun_than_the_hour_has_writes_for(world: World) -> None:
    forge = world.forge()
    with forge._pace.turn("POST /x", writes=PER_HOUR - 26):
        pass
    assert forge.at_once() == 5
    with forge._pace.turn("POST /x", writes=25):
        pass
    assert forge.at_once() == 1


def test_a_limit_ends_it_and_nothing_else_is_sent(world: World, forge: ForgeOfMany) -> None:
    world.fake.fail_next("POST", "/graphql$", 429, {"message": "slow down"}, {"Retry-After": "60"})
    made = forge.open_many(wanted(world))
    assert [type(one) for one in made] == [RateLimited] * 3
    assert writes(world) == ["graphql"]
    assert str(world.fake.requests[-1]).endswith("/graphql")


def test_a_token_that_may_not_open_says_so_for_each(world: World) -> None:
    forge = world.forge()
    new = wanted(world)
    world.fake.fail_next("POST", "", 403, {"message": "Resource not accessible"}, times=4)
    assert [type(one) for one in forge.open_many(new)] == [ForgeDenied] * 3


def test_one_alone_goes_as_one_goes(world: World, forge: ForgeOfMany) -> None:
    (made,) = forge.open_many(wanted(world, 1))
    assert isinstance(made, PullRequest)
    assert writes(world) == [alone(world)]
