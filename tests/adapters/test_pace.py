"""The pace at which a forge is asked: nobody sleeps here, the clock is moved by hand."""

from __future__ import annotations

import re
import threading
from datetime import UTC, datetime, timedelta
from typing import cast

import pytest

from gitops_bot.adapters.github import GitHubForge, Token
from gitops_bot.adapters.gitlab import GitLabForge
from gitops_bot.adapters.gitlab import Token as GitLabToken
from gitops_bot.adapters.pace import HOUR_S, PER_HOUR, PER_MINUTE, Pace
from gitops_bot.daemon.metrics import exposition
from gitops_bot.errors import RateLimited
from gitops_bot.forges import Paces
from gitops_bot.policy.config import Repository
from gitops_bot.ports import Forge

BEGIN = datetime(2026, 1, 5, 9, tzinfo=UTC)
DATE = {"date": "Mon, 05 Jan 2026 09:00:00 GMT"}
RESET = str(int(BEGIN.timestamp()) + 300)


class Clock:
    """Sleeping moves it, and nothing else."""

    def __init__(self) -> None:
        self.at = BEGIN
        self.slept: list[float] = []

    def now(self) -> datetime:
        return self.at

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.at += timedelta(seconds=seconds)

    @property
    def passed_s(self) -> float:
        return (self.at - BEGIN).total_seconds()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def pace(clock: Clock) -> Pace:
    return Pace(sleep=clock.sleep, now=clock.now)


def write(pace: Pace, count: int = 1) -> None:
    for _ in range(count):
        with pace.turn("POST /x", writes=True):
            pass
        pace.seen({})


def read(pace: Pace) -> None:
    with pace.turn("GET /x", writes=False):
        pass
    pace.seen({})


def test_writes_are_a_second_apart_and_reads_wait_for_nothing(clock: Clock, pace: Pace) -> None:
    write(pace, 3)
    read(pace)
    assert clock.slept == [1, 1]
    clock.at += timedelta(seconds=0.25)
    write(pace)
    assert clock.slept == [1, 1, 0.75]


def test_a_minute_takes_eighty_writes(clock: Clock) -> None:
    pace = Pace(0.01, sleep=clock.sleep, now=clock.now)
    write(pace, PER_MINUTE)
    assert clock.passed_s < 1
    write(pace)
    assert clock.passed_s == pytest.approx(60)


def many(pace: Pace, writes: int) -> None:
    with pace.turn("POST /x", writes=writes):
        pass


def test_a_request_that_makes_many_things_takes_as_long_as_many_requests(clock: Clock, pace: Pace) -> None:
    many(pace, 10)
    assert clock.passed_s == 0
    write(pace)
    assert clock.passed_s == 10
    many(pace, 10)
    write(pace)
    assert clock.passed_s == 21


def test_a_minute_takes_eighty_things_however_few_the_requests(clock: Clock) -> None:
    pace = Pace(0.01, sleep=clock.sleep, now=clock.now)
    for _ in range(8):
        many(pace, 10)
    assert clock.passed_s < 1
    many(pace, 10)
    assert clock.passed_s == pytest.approx(60, abs=0.2)


def test_what_an_hour_does_not_take_whole_is_not_begun(clock: Clock, pace: Pace) -> None:
    write(pace, PER_HOUR - 9)
    with pytest.raises(RateLimited, match="Wait 3110 s"):
        many(pace, 10)
    many(pace, 9)
    assert pace.quota().writes_left == 0


def test_an_hour_takes_five_hundred_writes_and_then_none(clock: Clock, pace: Pace) -> None:
    write(pace, PER_HOUR)
    assert pace.quota().writes_left == 0
    with pytest.raises(RateLimited, match=rf"{PER_HOUR} writes in an hour .* Wait 3101 s"):
        write(pace)
    read(pace)
    clock.at = BEGIN + timedelta(seconds=HOUR_S + 1)
    write(pace)


@pytest.mark.parametrize(
    ("headers", "wait"),
    [
        ({"retry-after": "17"}, 17),
        ({"retry-after": "17", "x-ratelimit-remaining": "0", "x-ratelimit-reset": RESET, **DATE}, 17),
        ({"x-ratelimit-remaining": "0", "x-ratelimit-reset": RESET, **DATE}, 300),
        ({"ratelimit-remaining": "0", "ratelimit-reset": RESET, **DATE}, 300),
        ({"ratelimit-reset": RESET, **DATE}, 300),
        ({"x-ratelimit-remaining": "12", "x-ratelimit-reset": RESET, **DATE}, 60),
        ({}, 60),
        ({"retry-after": "soon"}, 60),
    ],
)
def test_a_limit_is_obeyed_before_anything_is_sent(
    clock: Clock, pace: Pace, headers: dict[str, str], wait: int
) -> None:
    assert f"Wait {wait} s" in str(pace.limited("slow down", "POST /x", headers))
    clock.at += timedelta(seconds=wait - 1)
    for act in (write, read):
        with pytest.raises(RateLimited, match=r"patience\. Wait 1 s"):
            act(pace)
    clock.at += timedelta(seconds=1)
    write(pace)


def test_limits_without_a_time_last_longer_each_time_until_one_request_is_answered(pace: Pace) -> None:
    waits = [str(pace.limited("slow", "GET /x", {})).rpartition("Wait ")[2] for _ in range(6)]
    assert waits == ["60 s", "120 s", "240 s", "480 s", "960 s", "960 s"]
    pace.seen({})
    assert "Wait 60 s" in str(pace.limited("slow", "GET /x", {}))


def test_a_clock_that_is_set_back_does_not_stop_the_bot(clock: Clock, pace: Pace) -> None:
    write(pace)
    pace.limited("slow", "GET /x", {"retry-after": "60"})
    clock.at -= timedelta(days=1)
    write(pace)
    assert clock.slept == []


def test_two_threads_write_one_after_the_other(clock: Clock, pace: Pace) -> None:
    inside, most = 0, 0

    def act() -> None:
        nonlocal inside, most
        for _ in range(20):
            with pace.turn("POST /x", writes=True):
                inside += 1
                most = max(most, inside)
                inside -= 1

    threads = [threading.Thread(target=act) for _ in range(3)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert (most, len(clock.slept)) == (1, 59)


def test_a_write_may_need_another_one_first(clock: Clock, pace: Pace) -> None:
    with pace.turn("POST /x", writes=True), pace.turn("POST /token", writes=True):
        pass
    write(pace)
    assert clock.slept == [1]


def test_the_quota_is_what_the_forge_said_last(clock: Clock, pace: Pace) -> None:
    read(pace)
    pace.seen({"x-ratelimit-limit": "5000", "x-ratelimit-remaining": "4321"})
    read(pace)
    pace.limited("slow", "GET /x", {"retry-after": "9"})
    found = pace.quota()
    assert (found.requests, found.limited, found.limit, found.remaining) == (2, 1, 5000, 4321)
    assert (found.waits_s, found.writes_left) == (9, PER_HOUR)


class Local:
    """A forge without a quota."""


def test_prometheus_is_told_what_is_left(clock: Clock, pace: Pace) -> None:
    read(pace)
    pace.seen({"x-ratelimit-limit": "5000", "x-ratelimit-remaining": "4321"})
    forge = GitHubForge("acme/x", auth=Token("t"), pace=pace)
    gitlab = GitLabForge("acme/x", auth=GitLabToken("t"), pace=Pace(sleep=clock.sleep, now=clock.now))
    with forge, gitlab:
        lines = exposition({'a"b': forge, "lab": gitlab, "local": cast(Forge, Local())}).splitlines()
    assert "# TYPE gitops_bot_forge_quota_remaining gauge" in lines
    assert 'gitops_bot_forge_quota_remaining{repository="a\\"b"} 4321' in lines
    assert 'gitops_bot_forge_requests_total{repository="lab"} 0' in lines
    assert not [line for line in lines if "local" in line or 'quota_remaining{repository="lab"' in line]
    assert all(re.fullmatch(r'# (HELP|TYPE) \w+ .+|gitops_bot_\w+\{repository="[^\n]+"\} \d+', line) for line in lines)


def test_repositories_under_one_identity_share_a_pace() -> None:
    paces = Paces()
    one = Repository.model_validate({"url": "https://github.com/a/b", "forge": "github", "tokenFrom": {"env": "T"}})
    other = one.model_copy(update={"url": "https://github.com/a/c"})
    third = Repository.model_validate({"url": "https://github.com/a/d", "forge": "github", "tokenFrom": {"env": "U"}})
    assert paces.of("api", one) is paces.of("api", other)
    assert paces.of("api", one) is not paces.of("api", third)
    assert paces.of("api", one) is not paces.of("other api", one)
