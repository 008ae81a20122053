"""Several openings of one tick by one request: which go together, and what becomes of each when things go wrong."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from gitops_bot.apply import Outcome
from gitops_bot.errors import ForgeRefused, ForgeUnreachable, RateLimited
from gitops_bot.model import CommitStatus, MergeMode, PrState, ReceiptState
from tests.support.applying import LONG_AGO, NOTHING, ROLLBACK, Crash, Together, Wish, World, many_worlds

NAMES = ("shop", "cart", "zoo")
ALL = [Wish(name=name) for name in NAMES]
BRANCHES = [f"gitops-bot/{name}/promote" for name in NAMES]


@pytest.fixture
def worlds(tmp_path: Path) -> Iterator[Callable[[], World]]:
    with many_worlds(tmp_path) as make:
        yield make


@pytest.fixture
def world(worlds: Callable[[], World]) -> World:
    return worlds()


def receipts(outcome: Outcome) -> list[tuple[str, str, int | None]]:
    return [(one.policy, one.action, one.number) for one in outcome.receipts]


def standing(world: World) -> list[str]:
    return sorted(one.branch for one in world.forge.pull_requests(LONG_AGO) if one.state is PrState.OPEN)


def test_each_has_its_status_before_all_are_opened_by_one_request(world: World) -> None:
    forge = Together(world.forge)
    outcome = world.tick(*ALL, forge=forge)
    dressed = [f"{what} {number}" for number in (1, 2, 3) for what in ("decorate", "update")]
    assert forge.written == [*["status success"] * 3, "open 3", *dressed]
    assert receipts(outcome) == [("shop", "open", 1), ("cart", "open", 2), ("zoo", "open", 3)]
    assert {one.state for one in outcome.receipts} == {ReceiptState.DONE}
    assert {one.labels for one in world.forge.pull_requests(LONG_AGO)} == {("promotion",)}


def test_one_alone_goes_as_one_goes(world: World) -> None:
    forge = Together(world.forge)
    world.tick(Wish(), forge=forge)
    assert forge.written == ["status success", f"open {BRANCHES[0]}", "decorate 1", "update 1"]


def test_no_more_go_together_than_the_forge_takes(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    forge = Together(world.forge)
    monkeypatch.setattr(forge, "at_once", lambda: 2)
    world.tick(*ALL, forge=forge)
    assert [one for one in forge.written if one.startswith("open")] == ["open 2", f"open {BRANCHES[2]}"]


def test_a_rollback_does_not_wait_for_what_is_less_urgent(world: World) -> None:
    world.tick(Wish(mode=MergeMode.AUTO))
    world.tick(Wish(mode=MergeMode.AUTO))
    forge = Together(world.forge)
    world.tick(ALL[1], ALL[2], Wish(ROLLBACK), forge=forge)
    assert [one for one in forge.written if one.startswith("open")] == ["open gitops-bot/shop/rollback", "open 2"]


def test_what_comes_before_in_its_own_plan_stays_before(world: World) -> None:
    world.tick(Wish())
    forge = Together(world.forge)
    world.tick(Wish(NOTHING), *ALL[1:], forge=forge)
    assert [one.partition(" ")[0] for one in forge.written[:4]] == ["update", "decorate", "comment", "close"]
    assert forge.written[4:7] == ["status success", "status success", "open 2"]


def test_a_refusal_is_the_failure_of_its_own_policy(world: World) -> None:
    forge = Together(world.forge)
    forge.noes[BRANCHES[1]] = ForgeRefused("no")
    outcome = world.tick(*ALL, forge=forge)
    assert [(policy, str(error)) for policy, error in outcome.failures] == [("cart", "no")]
    assert receipts(outcome) == [("shop", "open", 1), ("zoo", "open", 2)]


def test_a_status_that_is_refused_keeps_only_its_own_from_being_opened(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    forge = Together(world.forge)
    given = forge.set_status

    def refused(commit: str, status: CommitStatus, branch: str = "") -> None:
        if status.context.endswith("cart"):
            raise ForgeRefused("no")
        given(commit, status, branch)

    monkeypatch.setattr(forge, "set_status", refused)
    outcome = world.tick(*ALL, forge=forge)
    assert [policy for policy, _ in outcome.failures] == ["cart"]
    assert (forge.written[2], standing(world)) == ("open 2", [BRANCHES[0], BRANCHES[2]])


def test_a_branch_that_lost_its_race_is_not_opened(world: World) -> None:
    plans = [world.decide(one) for one in ALL]
    world.bare.commit(BRANCHES[1], {"note.txt": "mine"}, on="main")
    forge = Together(world.forge)
    outcome = world.applied(plans, forge)
    assert [policy for policy, _ in outcome.failures] == ["cart"]
    assert standing(world) == [BRANCHES[0], BRANCHES[2]]


def test_a_forge_that_is_silent_is_left_alone_after_two(world: World) -> None:
    forge = Together(world.forge)
    forge.noes = dict.fromkeys(BRANCHES[:2], ForgeUnreachable("no answer"))
    outcome = world.tick(*ALL, forge=forge)
    assert [policy for policy, _ in outcome.failures] == ["shop", "cart"]
    assert (forge.written[-1], standing(world)) == ("open 3", [BRANCHES[2]])
    told = [(one.policy, one.number, one.detail) for one in outcome.receipts]
    assert told == [("zoo", 1, "labels and reviewers follow")]


def test_a_limit_leaves_the_rest_alone_and_says_what_is_open(world: World) -> None:
    forge = Together(world.forge)
    forge.noes[BRANCHES[1]] = RateLimited("too many")
    outcome = world.tick(*ALL, forge=forge)
    assert [policy for policy, _ in outcome.failures] == ["cart"]
    assert receipts(outcome) == [("shop", "open", 1), ("zoo", "open", 2)]
    assert forge.written[-2:] == ["decorate 1", "update 1"]
    world.settle(*ALL)
    assert standing(world) == sorted(BRANCHES)
    assert {one.labels for one in world.forge.pull_requests(LONG_AGO)} == {("promotion",)}


@pytest.mark.parametrize("answers", [2, 3, 5, 6, 8])
def test_when_it_is_to_stop_it_ends_what_it_began_and_begins_nothing(world: World, answers: int) -> None:
    left = iter([False] * answers + [True] * 50)
    forge = Together(world.forge)
    outcome = world.tick(*ALL, forge=forge, stopping=lambda: next(left))
    assert sorted(f"gitops-bot/{one.policy}/promote" for one in outcome.receipts) == standing(world)
    assert {one.labels for one in world.forge.pull_requests(LONG_AGO)} == {("promotion",)}
    world.settle(*ALL)
    assert standing(world) == sorted(BRANCHES)


def test_a_crash_between_any_two_writes_converges(worlds: Callable[[], World]) -> None:
    smooth = worlds()
    smooth.settle(*ALL)
    for after in range(1, 20):
        world = worlds()
        forge = Together(world.forge, after)
        with suppress(Crash):
            world.tick(*ALL, forge=forge)
        world.settle(*ALL)
        assert world.seen() == smooth.seen(), f"after {forge.written}"
        if len(forge.written) < after:
            return
    raise AssertionError("there are more writes than were tried")


def test_a_status_without_its_pull_request_is_set_again(world: World) -> None:
    forge = Together(world.forge, 2)
    with pytest.raises(Crash):
        world.tick(*ALL, forge=forge)
    assert standing(world) == []
    again = Together(world.forge)
    world.tick(*ALL, forge=again)
    assert again.written[:4] == [*["status success"] * 3, "open 3"]
