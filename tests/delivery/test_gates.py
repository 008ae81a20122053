"""Suspend and the stop file."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

import pytest

from gitops_bot.delivery.gates import gates
from gitops_bot.model import Gate, Step, StepKind, Stop
from tests.delivery.given import ADVANCE, BEFORE, NOW, ROLLBACK, policy

SOON, PAST = NOW + timedelta(hours=1), NOW - timedelta(hours=1)
BACK_TO_START = Step(StepKind.START, BEFORE, "came under a weight above the first rung", urgent=True)


def stop_gate(stop: Stop | None, step: Step = ADVANCE) -> Gate:
    _, gate = gates(policy(), step, stop, NOW)
    return gate


@pytest.mark.parametrize(
    ("stop", "step", "is_open"),
    [
        (None, ADVANCE, True),
        (Stop("freeze"), ADVANCE, False),
        (Stop("freeze"), BACK_TO_START, False),
        (Stop("freeze"), ROLLBACK, True),
        (Stop("freeze", rollbacks=True), ROLLBACK, False),
        (Stop("freeze", rollbacks=True), ADVANCE, False),
        (Stop("freeze", until=SOON), ADVANCE, False),
        (Stop("freeze", until=NOW), ADVANCE, True),
        (Stop("freeze", until=PAST, rollbacks=True), ROLLBACK, True),
        (Stop("freeze", policies=("shop",)), ADVANCE, False),
        (Stop("freeze", policies=("s*",)), ADVANCE, False),
        (Stop("freeze", policies=("cart", "sh[op]p")), ADVANCE, False),
        (Stop("freeze", policies=("SHOP", "cart", "hop")), ADVANCE, True),
        (Stop("freeze", policies=("cart",), rollbacks=True), ROLLBACK, True),
    ],
)
def test_the_stop_file_holds_what_it_names(stop: Stop | None, step: Step, is_open: bool) -> None:
    assert stop_gate(stop, step).open is is_open


def test_a_closed_gate_says_why_and_until_when() -> None:
    assert stop_gate(Stop("freeze", until=SOON)) == Gate("stop", False, ".gitops-bot/stop.yaml: freeze", SOON)


def test_times_are_shown_in_utc_wherever_they_were_written() -> None:
    paris = timezone(timedelta(hours=2))
    assert stop_gate(Stop("freeze", until=datetime(2026, 1, 5, 11, 0, tzinfo=paris))).reason.endswith("09:00 UTC")
    ahead = stop_gate(Stop("freeze", until=datetime(2026, 1, 5, 18, 0, tzinfo=paris)))
    assert f"{ahead.until:%H:%M %Z}" == "16:00 UTC"


def test_suspend_closes_even_for_rollbacks() -> None:
    gate, _ = gates(policy(suspend=True), ROLLBACK, None, NOW)
    assert gate == Gate("suspend", False, "spec.suspend is true")
    gate, _ = gates(policy(), ADVANCE, None, NOW)
    assert gate.open
