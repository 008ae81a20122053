"""What people say to the bot in comments, alike on every forge."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from gitops_bot.model import PullRequest, Reaction, Remark
from gitops_bot.ports import ForgeOfCommands
from tests.contract.worlds import World, opened

BRANCH = "gitops-bot/shop/promote"
WORD = "/gitops-bot"


@pytest.fixture(params=["local", "github", "gitlab"])
def world(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[World]:
    """A repository with one branch of the bot's."""
    with opened(request.param, tmp_path) as world:
        world.repo.commit(BRANCH, {"app.yaml": "version: 2\n"}, on="main")
        yield world


@pytest.fixture
def forge(world: World) -> ForgeOfCommands:
    forge = world.forge()
    assert isinstance(forge, ForgeOfCommands)
    return forge


@pytest.fixture
def pull(forge: ForgeOfCommands) -> PullRequest:
    return forge.open(branch=BRANCH, base="main", title="Promote shop", body="Because.", draft=False)


def only(forge: ForgeOfCommands, number: int) -> Remark:
    (remark,) = forge.remarks([number], WORD)
    return remark


def test_a_remark_says_who_what_where_and_when(world: World, forge: ForgeOfCommands, pull: PullRequest) -> None:
    world.person_says(pull.number, "Fine")
    world.person_says(pull.number, f"Well,\n{WORD} hold")
    remark = only(forge, pull.number)
    assert (remark.number, remark.text.splitlines()[1]) == (pull.number, f"{WORD} hold")
    assert "alice" in remark.author.lower()
    assert pull.created_at <= remark.pushed_at < remark.at


def test_the_bots_own_words_are_no_remarks(forge: ForgeOfCommands, pull: PullRequest) -> None:
    forge.comment(pull.number, f"Say\n{WORD} hold", key="k")
    assert not forge.remarks([pull.number], WORD)


def test_what_is_answered_is_no_remark_any_more(world: World, forge: ForgeOfCommands, pull: PullRequest) -> None:
    world.person_says(pull.number, f"{WORD} hold")
    remark = only(forge, pull.number)
    forge.react(pull.number, remark.name, Reaction.DONE)
    forge.react(pull.number, remark.name, Reaction.DONE)
    assert not forge.remarks([pull.number], WORD)


def test_a_push_is_later_than_what_was_said_before(world: World, forge: ForgeOfCommands, pull: PullRequest) -> None:
    world.person_says(pull.number, f"{WORD} promote")
    world.repo.commit(BRANCH, {"app.yaml": "version: 3\n"}, on="main", message="Again")
    forge.pull_requests(pull.created_at)
    remark = only(forge, pull.number)
    assert remark.at <= remark.pushed_at


def test_remarks_of_several_come_together(world: World, forge: ForgeOfCommands, pull: PullRequest) -> None:
    other = "gitops-bot/pages/promote"
    world.repo.commit(other, {"app.yaml": "version: 4\n"}, on="main")
    second = forge.open(branch=other, base="main", title="Promote pages", body="", draft=False)
    for one in (pull, second):
        world.person_says(one.number, f"{WORD} explain")
    assert [one.number for one in forge.remarks([pull.number, second.number], WORD)] == [pull.number, second.number]


def test_a_person_who_may_write_may(forge: ForgeOfCommands) -> None:
    assert forge.may_write("alice")


@pytest.mark.parametrize("person", ["carol", "mallory", "ghost", "a?b"])
def test_others_may_not(world: World, person: str) -> None:
    forge = world.forge()
    assert isinstance(forge, ForgeOfCommands)
    if not hasattr(world, "fake"):  # who comments on the local forge writes its files
        return
    assert not forge.may_write(person)
