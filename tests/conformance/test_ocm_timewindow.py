"""Open Cluster Management's `timewindow`: open or shut, minutes until it opens, and merged hours, each case."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from gitops_bot.delivery.gates.windows import of_timewindow, opens, shut
from gitops_bot.policy.gating.timewindow import TimeWindow, kitchen


@pytest.mark.table("ocm_timewindow")
def test_open_and_minutes_until_open(case: dict[str, Any]) -> None:
    now = datetime.fromisoformat(case["now_utc"]).replace(second=0)
    hours = [of_timewindow(TimeWindow.model_validate(case["timewindow"]))]
    assert (not shut(hours, now)) == case["expected_open"]
    until = opens(hours, now)
    assert until is not None
    assert (until - now) // timedelta(minutes=1) == case["expected_minutes_until_open"]


@pytest.mark.table("ocm_timewindow", "merge")
def test_hours_that_overlap_or_touch_are_one(case: dict[str, Any]) -> None:
    window = TimeWindow.model_validate({"hours": case["hours"], "location": case["location"]})
    assert list(window.merged) == [tuple(map(kitchen, pair)) for pair in case["expected_merged"]]
