"""apply() on the local forge and a real bare repository: order, isolation, and crashes between any two effects."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

import pytest

from gitops_bot.apply import apply
from gitops_bot.delivery import marker
from gitops_bot.errors import ForgeRefused, ForgeUnreachable, RateLimited, RepositoryUnreachable
from gitops_bot.model import (
    MergeMode,
    PrState,
    ReceiptState,
)
from tests.support.applying import (
    CAREFUL,
    LONG_AGO,
    NEWER,
    NOTHING,
    ROLLBACK,
    Crash,
    Crashing,
    Wish,
    World,
    many_worlds,
)


@pytest.fixture
def worlds(tmp_path: Path) -> Iterator[Callable[[], World]]:
    with many_worlds(tmp_path) as make:
        yield make


@pytest.fixture
def world(worlds: Callable[[], World]) -> World:
    return worlds()


def states(world: World) -> dict[str, PrState]:
    return {pull.branch: pull.state for pull in world.forge.pull_requests(LONG_AGO)}


def written(world: World, *wishes: Wish) -> list[str]:
    forge = Crashing(world.forge)
    assert world.tick(*wishes, forge=forge).failures == []
    return forge.written


SHOP, BACK = "gitops-bot/shop/promote", "gitops-bot/shop/rollback"


# ---------------------------------------------------------------- order


def test_opening_sets_the_status_before_the_pull_request_is_there(world: World) -> None:
    assert written(world, Wish()) == ["status success", f"open {SHOP}", "decorate 1", "update 1"]
    (pull,) = world.forge.pull_requests(LONG_AGO)
    assert (pull.labels, pull.title) == (("promotion",), "Promote shop to 2")
    assert world.git.read(pull.head, "shop.yaml") == b"v: 2\n"


def test_a_status_comes_before_the_body_that_remembers_it(world: World) -> None:
    world.tick(Wish())
    assert written(world, Wish(CAREFUL)) == ["status success", "update 1"]


def test_a_rewrite_says_so_once_and_keeps_the_number(world: World) -> None:
    world.tick(Wish())
    assert written(world, Wish(NEWER)) == ["status success", "comment 1", "update 1"]
    (pull,) = world.forge.pull_requests(LONG_AGO)
    assert (pull.number, pull.title) == (1, "Promote shop to 3")
    assert world.git.read(pull.head, "shop.yaml") == b"v: 3\n"


def test_the_reason_stands_in_body_and_label_before_it_is_closed(world: World) -> None:
    world.tick(Wish())
    assert written(world, Wish(NOTHING)) == ["update 1", "decorate 1", "comment 1", "close 1"]
    (record,) = world.forge.everything()
    said = marker.read(record.body)
    assert said is not None
    assert said.closed.startswith("2 was")
    assert "gitops-bot/closed" in record.labels
    assert SHOP not in world.bare.heads()


def test_the_reason_of_a_close_is_text_and_nothing_else(world: World) -> None:
    world.tick(Wish())
    world.tick(Wish(NOTHING))
    (comment,) = world.forge.everything()[0].comments
    assert comment["text"].splitlines()[0] == "Closing: 2 was &lt;b&gt;rejected&lt;/b&gt; by @\u200balice"


def test_a_merge_ends_with_the_branch_deleted(world: World) -> None:
    auto = Wish(mode=MergeMode.AUTO)
    world.tick(auto)
    outcome = world.tick(auto)
    assert [(one.action, one.state) for one in outcome.receipts] == [("merge", ReceiptState.DONE)]
    assert [*world.bare.heads()] == ["main"]
    assert world.decide(auto).actions == ()
    assert world.git.read(world.bare.heads()["main"], "shop.yaml") == b"v: 2\n"


def test_what_others_put_on_base_since_it_was_read_is_looked_at_before_a_merge(world: World) -> None:
    world.tick(Wish())
    merging = world.decide(Wish(mode=MergeMode.AUTO))
    world.bare.commit("main", {"cart.yaml": "v: 7\n"})
    (receipt,) = apply([merging], world.git, world.forge, lambda: False).receipts
    assert (receipt.state, receipt.detail.partition(":")[0]) == (ReceiptState.NOT_READY, "main moved meanwhile")
    assert states(world)[SHOP] is PrState.OPEN


def test_the_bots_own_merges_do_not_hold_each_other_up(world: World) -> None:
    wishes = [Wish(mode=MergeMode.AUTO), Wish(name="cart", mode=MergeMode.AUTO)]
    world.tick(*wishes)
    receipts = apply([world.decide(wish) for wish in wishes], world.git, world.forge, lambda: False).receipts
    assert [one.state for one in receipts if one.action == "merge"] == [ReceiptState.DONE, ReceiptState.DONE]


def test_a_merge_that_is_not_ready_is_a_receipt_and_no_failure(world: World) -> None:
    auto = Wish(mode=MergeMode.AUTO)
    world.tick(auto)
    plan = world.decide(auto)
    world.bare.commit(SHOP, {"shop.yaml": "v: 666\n"})
    outcome = apply([plan], world.repo, world.forge, lambda: False)  # type: ignore[arg-type]
    assert [(one.action, one.state) for one in outcome.receipts] == [("merge", ReceiptState.NOT_READY)]
    assert outcome.failures == []
    assert SHOP in world.bare.heads()


def test_a_rollback_closes_the_promotion_and_goes_first(world: World) -> None:
    world.tick(Wish())
    forge = Crashing(world.forge)
    world.tick(Wish(name="cart"), Wish(ROLLBACK), forge=forge)
    assert forge.written.index(f"open {BACK}") < forge.written.index("open gitops-bot/cart/promote")
    assert forge.written.index("close 1") < forge.written.index(f"open {BACK}")
    assert states(world)[SHOP] is PrState.CLOSED
    assert SHOP not in world.bare.heads()


def test_commits_of_others_are_answered_and_never_overwritten(world: World) -> None:
    world.tick(Wish())
    head = world.bare.commit(SHOP, {"cart.yaml": "v: mine\n"})
    assert written(world, Wish(NEWER, mode=MergeMode.AUTO)) == [
        "comment 1",
        "decorate 1",
        "status pending",
        "update 1",
    ]
    assert written(world, Wish(NEWER, mode=MergeMode.AUTO)) == []
    assert world.bare.heads()[SHOP] == head


# ---------------------------------------------------------------- several policies


def test_all_branches_go_in_one_push_and_deletions_in_another(world: World) -> None:
    world.tick(Wish(name="zoo"))
    world.repo.pushes.clear()
    world.tick(Wish(name="cart"), Wish(), Wish(NOTHING, name="zoo"))
    assert [sorted(one) for one in world.repo.pushes] == [["gitops-bot/cart/promote", SHOP], ["gitops-bot/zoo/promote"]]


def test_at_rest_nothing_is_pushed_and_nothing_written(world: World) -> None:
    wishes = [Wish(), Wish(name="cart")]
    world.tick(*wishes)
    world.repo.pushes.clear()
    assert written(world, *wishes) == []
    assert world.repo.pushes == []


def test_a_rejected_push_fails_its_policy_alone(world: World) -> None:
    plans = [world.decide(Wish()), world.decide(Wish(name="cart"))]
    world.bare.commit(SHOP, {"shop.yaml": "v: theirs\n"}, on="main")
    outcome = apply(plans, world.repo, world.forge, lambda: False)  # type: ignore[arg-type]
    assert [(policy, error.exit_code) for policy, error in outcome.failures] == [("shop", 42)]
    assert [one.policy for one in outcome.receipts] == ["cart"]
    assert [*states(world)] == ["gitops-bot/cart/promote"]


def test_a_forges_no_fails_its_policy_alone(world: World) -> None:
    forge = Crashing(world.forge, 1, error=ForgeRefused("no"))
    outcome = world.tick(Wish(), Wish(name="cart"), forge=forge)
    assert [policy for policy, _ in outcome.failures] == ["shop"]
    assert [one.policy for one in outcome.receipts] == ["cart"]


@pytest.mark.parametrize("after", [1, 2, 3])
def test_a_rate_limit_stops_everything_that_would_follow(world: World, after: int) -> None:
    forge = Crashing(world.forge, after, error=RateLimited("slow down"))
    outcome = world.tick(Wish(), Wish(name="cart"), forge=forge)
    assert [(policy, error.exit_code) for policy, error in outcome.failures] == [("shop", 52)]
    assert len(forge.written) == after
    world.settle(Wish(), Wish(name="cart"))
    assert len(states(world)) == 2


def test_a_branch_that_cannot_be_deleted_takes_no_receipt_away(world: World) -> None:
    world.tick(Wish(name="cart"))
    world.repo.broken = {len(world.repo.pushes) + 2}
    outcome = world.tick(Wish(NOTHING, name="cart"), Wish())
    assert [(one.policy, one.action) for one in outcome.receipts] == [("cart", "close"), ("shop", "open")]
    assert [(policy, error.exit_code) for policy, error in outcome.failures] == [("cart", 40)]


def test_when_the_push_does_not_get_through_nothing_else_is_done(world: World) -> None:
    world.repo.broken = {1}
    with pytest.raises(RepositoryUnreachable):
        world.tick(Wish())
    assert states(world) == {}


def test_nothing_is_pushed_once_it_is_stopping(world: World) -> None:
    assert world.tick(Wish(), stopping=lambda: True).receipts == []
    assert world.repo.pushes == []


def test_it_leaves_off_between_two_actions(world: World) -> None:
    answers = iter([False, False, True])
    outcome = world.tick(Wish(), Wish(name="cart"), stopping=lambda: next(answers))
    assert [one.policy for one in outcome.receipts] == ["shop"]
    world.settle(Wish(), Wish(name="cart"))
    assert len(states(world)) == 2


# ---------------------------------------------------------------- crashes

AUTO = MergeMode.AUTO
STORIES: Mapping[str, Sequence[Wish]] = {
    "open": [Wish()],
    "refresh": [Wish(), Wish(CAREFUL)],
    "rewrite": [Wish(), Wish(NEWER)],
    "close": [Wish(), Wish(NOTHING)],
    "roll back": [Wish(), Wish(ROLLBACK, mode=AUTO)],
    "merge": [Wish(mode=AUTO)],
}


@pytest.mark.parametrize("error", [Crash(), ForgeUnreachable("the connection broke")], ids=["crash", "unreachable"])
@pytest.mark.parametrize("story", STORIES)
def test_a_crash_between_any_two_writes_converges(worlds: Callable[[], World], story: str, error: Exception) -> None:
    *before, last = STORIES[story]
    smooth = worlds()
    for wish in [*before, last]:
        smooth.settle(wish)
    for after in range(1, 12):
        world = worlds()
        for wish in before:
            world.settle(wish)
        forge = Crashing(world.forge, after, error=error)
        for _ in range(3):
            try:
                world.tick(last, forge=forge)
            except Crash:
                break
        world.settle(last)
        assert world.seen() == smooth.seen(), f"after {forge.written}"
        if len(forge.written) < after:
            return
    raise AssertionError("the story has more writes than were tried")
