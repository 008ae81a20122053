"""When measurements are taken: seconds and minutes after `since`."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitops_bot.analysis.schedule import SCRAPE_DELAY, Run, length, runs
from gitops_bot.policy.metrics import Analysis
from tests.support.build import START, at


def plan(interval: str = "1m", bake: str = "5m", warmup: str = "0s") -> Analysis:
    return Analysis.model_validate({"interval": interval, "bake": bake, "warmup": warmup})


MINUTE = timedelta(minutes=1)


@pytest.mark.parametrize(
    ("now", "expected"),
    [
        (0, []),
        (1, []),
        (1.49, []),
        (1.5, [(1, 1)]),
        (2.49, [(1, 1)]),
        (5.4, [(1, 4)]),
        (5.5, [(1, 5)]),
        (6.5, [(1, 5), (6, 1)]),
        (10.4, [(1, 5), (6, 4)]),
        (10.5, [(6, 5)]),
        (11.5, [(6, 5), (11, 1)]),
        (-30, []),
    ],
)
def test_runs_of_five_minutes_follow_each_other_and_the_last_two_are_kept(
    now: float, expected: list[tuple[int, int]]
) -> None:
    assert [(run.first, run.count) for run in runs(plan(), START, at(now))] == [
        (at(first), count) for first, count in expected
    ]


@pytest.mark.parametrize(("warmup", "first"), [("0s", 1), ("2m", 3), ("90s", 3), ("1s", 2), ("1h", 61)])
def test_no_window_reaches_into_the_warmup(warmup: str, first: int) -> None:
    assert runs(plan(warmup=warmup), START, at(first + 0.5))[0].first == at(first)
    assert runs(plan(warmup=warmup), START, at(first + 0.4)) == ()


@pytest.mark.parametrize(
    ("interval", "bake", "measurements"),
    [("1m", "5m", 5), ("1m", "61s", 3), ("1m", "1m", 3), ("2m", "7m", 4), ("1m", "10m1s", 11), ("30s", "10m", 20)],
)
def test_a_run_lasts_the_bake_rounded_up_and_three_intervals_at_least(
    interval: str, bake: str, measurements: int
) -> None:
    assert length(plan(interval, bake)) == measurements


def test_a_window_is_asked_for_after_the_scrape_delay() -> None:
    assert runs(plan(), START, at(1) + SCRAPE_DELAY - timedelta(microseconds=1)) == ()
    assert runs(plan(), START, at(1) + SCRAPE_DELAY) == (Run(at(1), 1, 5),)


def test_only_a_run_with_all_its_measurements_is_finished() -> None:
    assert not Run(at(1), 4, 5).finished
    assert Run(at(1), 5, 5).finished
    assert Run(at(1), 4, 5).last(MINUTE) == at(4)


SECONDS = st.integers(1, 3600)


@given(interval=SECONDS, bake=SECONDS, warmup=st.integers(0, 3600), now=st.integers(0, 10**6), later=st.integers(0, 60))
def test_every_observer_at_any_time_measures_at_the_same_instants(
    interval: int, bake: int, warmup: int, now: int, later: int
) -> None:
    analysis = plan(f"{interval}s", f"{bake}s", f"{warmup}s")
    step = timedelta(seconds=interval)
    moment = START + timedelta(seconds=now)
    seen, again = runs(analysis, START, moment), runs(analysis, START, moment + timedelta(seconds=later))
    for run in (*seen, *again):
        assert (run.first - START) % step == timedelta(0)
        assert run.first - step >= START + timedelta(seconds=warmup)
        assert 1 <= run.count <= run.length
    assert all(run.last(step) + SCRAPE_DELAY <= moment for run in seen)
    begun = {run.first: run.count for run in again}
    assert all(begun.get(run.first, run.count) >= run.count for run in seen)
    assert [run.finished for run in seen] in ([], [True], [False], [True, False])
