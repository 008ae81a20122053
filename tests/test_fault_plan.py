"""Whatever goes wrong between the bot and a forge, once at every place: a few ticks later all is as it should be."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from gitops_bot.tick import Report, run
from tests import test_github_life
from tests.support.environment import tree
from tests.support.github import FakeGitHub
from tests.support.gitlab import FakeGitLab
from tests.support.hosted import FORGES
from tests.support.place import START, Place, Story
from tests.test_crashes import OTHER
from tests.test_github_life import Begin as BeginHub
from tests.test_github_life import begin as begin  # noqa: PLC0414 - a fixture
from tests.test_gitlab_life import Begin as BeginLab
from tests.test_gitlab_life import begin as on_gitlab  # noqa: F401 - a fixture

TICKS = 12
HUB = (("GET", "/pulls$"), ("POST", "/statuses/"), ("POST", "/pulls$"), ("POST", "/labels$"), ("PUT", "/merge$"))
LAB = (
    ("GET", "/merge_requests$"),
    ("POST", "/statuses/"),
    ("POST", "/merge_requests$"),
    ("POST", "/graphql$"),
    ("PUT", r"/merge_requests/\d+$"),
    ("PUT", "/merge$"),
)
SECONDARY = {"message": "You have exceeded a secondary rate limit. Please wait a few minutes before you try again."}
ABUSE = {"message": "You have triggered an abuse detection mechanism. Please wait a few minutes."}
PRIMARY = {"message": "API rate limit exceeded for installation."}
SPAM = {"message": "Validation Failed", "errors": [{"resource": "Comment", "code": "abuse", "field": "base"}]}
NOT_YET = {"message": "Validation Failed", "errors": [{"message": "Could not resolve to a node", "code": "custom"}]}

Fault = tuple[int, Any, dict[str, str], bool]
"""Status, body, headers, and whether what was asked was done nevertheless."""
BOTH: dict[str, Fault] = {
    "429": (429, {"message": "Too many requests"}, {"Retry-After": "60"}, False),
    "429 without a time": (429, {"message": "Too many requests"}, {}, False),
    "502": (502, b"<html>Bad gateway</html>", {}, False),
    "502 after the effect": (502, b"<html>Bad gateway</html>", {}, True),
    "reset": (0, None, {}, False),
    "reset after the effect": (0, None, {}, True),
    "truncated": (200, b'{"half', {"Content-Length": "5000"}, False),
    "truncated after the effect": (201, b'{"half', {"Content-Length": "5000"}, True),
    "redirect": (301, None, {"Location": "http://localhost:1/elsewhere"}, False),
    "403": (403, {"message": "Resource not accessible"}, {}, False),
    "404": (404, {"message": "Not Found"}, {}, False),
}
ON_GITHUB: dict[str, Fault] = {
    **BOTH,
    "primary limit": (403, PRIMARY, {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "1772440000"}, False),
    "secondary limit": (403, SECONDARY, {}, False),
    "403 abuse": (403, ABUSE, {"Retry-After": "30"}, False),
    "422 abuse": (422, SPAM, {}, False),
    "422 consistency": (422, NOT_YET, {}, False),
}
ON_GITLAB: dict[str, Fault] = {
    **BOTH,
    "403 with a time": (403, {"message": "Retry later"}, {"Retry-After": "60"}, False),
    "409": (409, {"message": "Conflict"}, {}, False),
    "422": (422, {"message": "Not yet"}, {}, False),
}


def plan(fake: FakeGitHub | FakeGitLab, places: tuple[tuple[str, str], ...], fault: Fault) -> None:
    status, body, headers, after = fault
    for method, path in places:
        fake.fail_next(method, path, status, body, headers, after_effect=after)


def settled(tick: Callable[[float], Report], done: Callable[[], bool]) -> None:
    for _ in range(TICKS):
        tick(5)
        if done():
            return
    raise AssertionError(f"not done after {TICKS} ticks")


@pytest.mark.parametrize("name", ON_GITHUB)
def test_github_s_troubles_end_as_if_nothing_had_been(begin: BeginHub, name: str) -> None:
    life = begin(tree(weight=5), pullRequest={"merge": "auto", "labels": ["promotion"]})
    plan(life.fake, HUB, ON_GITHUB[name])
    settled(life.tick, lambda: life.environment.values()[2] == 25)
    first, *others = life.fake.world.pulls.values()
    assert (first.merged_by, first.labels) in (("gitops-bot", ["promotion"]), ("gitops-bot", []))
    assert [one.title for one in others if one.title == first.title] == []
    assert [one for one in life.fake.world.statuses if life.fake.world.repo.missing(one)] == []


@pytest.mark.parametrize("name", ON_GITLAB)
def test_gitlab_s_troubles_end_as_if_nothing_had_been(on_gitlab: BeginLab, name: str) -> None:  # noqa: F811
    life = on_gitlab(merge="auto", files=tree(weight=5))
    plan(life.fake, LAB, ON_GITLAB[name])
    settled(life.tick, lambda: life.environment.values()[2] == 25)
    first, *others = life.fake.world.requests.values()
    assert first.merged_by == "gitops-bot"
    assert [one.title for one in others if one.title == first.title] == []


BATCHED = [(kind, name) for kind, faults in (("github", ON_GITHUB), ("gitlab", ON_GITLAB)) for name in faults]


@pytest.mark.parametrize(("kind", "name"), BATCHED)
def test_troubles_of_several_opened_at_once_end_as_if_nothing_had_been(kind: str, name: str) -> None:
    with FORGES[kind](START) as world:
        place = Place(world, Story(lambda _: None, {}, OTHER))
        status, body, headers, after = (ON_GITHUB if kind == "github" else ON_GITLAB)[name]
        world.fake.fail_next("POST", "^/graphql$", status, body, headers, after_effect=after)
        for _ in range(3):
            place.tick(5)
        tried = [one for one in world.fake.asked("POST", "^/graphql$") if one.body["query"].startswith("mutation")]
        assert len(tried) in (1, 2)
        assert sorted(one.branch for one in world.pulls.values()) == [
            "gitops-bot/pages/promote",
            "gitops-bot/shop/promote",
        ]
        assert all(world.status(one.head) for one in place.open)
        place.settle()
        assert world.broken == []


def test_a_github_that_is_silent_is_given_up_and_asked_again(begin: BeginHub) -> None:
    life = begin(tree(weight=5), merge="auto", forge={"timeout_s": 1})
    life.fake.fail_next("POST", "/pulls$", -1)
    settled(life.tick, lambda: life.environment.values()[2] == 25)
    assert len(life.fake.asked("POST", "/pulls$")) == 2


def test_a_gitlab_that_is_silent_is_given_up_and_asked_again(on_gitlab: BeginLab) -> None:  # noqa: F811
    life = on_gitlab(merge="auto", files=tree(weight=5))
    life.forge = {"timeout_s": 0.3}
    life.begin()
    life.fake.fail_next("POST", "/merge_requests$", -1)
    settled(life.tick, lambda: life.environment.values()[2] == 25)


@pytest.mark.parametrize("skew", [timedelta(hours=-2), timedelta(hours=2)], ids=["behind", "ahead"])
def test_a_forge_with_another_clock_is_understood(begin: BeginHub, skew: timedelta) -> None:
    life = begin(tree(weight=5), merge="auto")
    real = life.clock.at
    for minutes in range(0, 60, 5):
        life.fake.world.now = real + timedelta(minutes=minutes) + skew
        life.clock.at = real + timedelta(minutes=minutes)
        report = run(life.job)
        assert [str(one.error) for one in report.failures] == []
        if life.environment.values()[2] == 25:
            break
    assert life.environment.values()[2] == 25
    assert len([one for one in life.fake.world.pulls.values() if one.merged_at]) == 1


@pytest.mark.parametrize("skew", [timedelta(hours=-2), timedelta(hours=2)], ids=["behind", "ahead"])
def test_a_gitlab_with_another_clock_is_understood(on_gitlab: BeginLab, skew: timedelta) -> None:  # noqa: F811
    life = on_gitlab(merge="auto", files=tree(weight=5))
    assert life.job
    real = life.at
    for minutes in range(0, 60, 5):
        life.fake.world.now = real + timedelta(minutes=minutes) + skew
        life.at = real + timedelta(minutes=minutes)
        report = run(life.job)
        assert [str(one.error) for one in report.failures] == []
        if life.environment.values()[2] == 25:
            break
    assert life.environment.values()[2] == 25
    assert len([one for one in life.fake.world.requests.values() if one.merged_at]) == 1


def test_the_clock_of_gitlabs_limit_is_obeyed_without_a_request(on_gitlab: BeginLab) -> None:  # noqa: F811
    life = on_gitlab(files=tree(weight=5))
    life.fake.fail_next("GET", "/merge_requests$", 429, {"message": "slow"}, {"Retry-After": "600"})
    life.tick(5)
    before = len(life.fake.requests)
    report = life.tick(5)
    assert ({one.error.exit_code for one in report.failures}, len(life.fake.requests)) == ({52}, before)
    life.well(6)


def test_where_the_budget_ends_every_policy_has_its_turn(begin: BeginHub) -> None:
    life = begin(test_github_life.many(4), suspend=True)
    for _ in range(4):
        life.fake.world.takes = 1  # and then no more in this tick
        life.tick(2)
    assert sorted(one.branch for one in life.open) == sorted(f"gitops-bot/p{n}/promote" for n in range(4))


def test_the_clock_of_a_limit_is_obeyed_without_a_request(begin: BeginHub) -> None:
    life = begin(tree(weight=5))
    life.fake.fail_next("GET", "/pulls$", 429, {"message": "slow"}, {"Retry-After": "600"})
    life.tick(5)
    before = len(life.fake.requests)
    report = life.tick(5)
    assert ({one.error.exit_code for one in report.failures}, len(life.fake.requests)) == ({52}, before)
    life.well(6)
