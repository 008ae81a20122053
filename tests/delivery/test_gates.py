"""Suspend, the stop file and the label."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from importlib import import_module
from pkgutil import iter_modules
from typing import Any

import pytest

from gitops_bot.cli.show import OPENING
from gitops_bot.delivery import gates as package
from gitops_bot.delivery.gates import Round, gates, unknown
from gitops_bot.model import Gate, Step, StepKind, Stop
from tests.delivery.given import ADVANCE, BEFORE, NOW, ROLLBACK, policy, pull

SOON, PAST = NOW + timedelta(hours=1), NOW - timedelta(hours=1)
BACK_TO_START = Step(StepKind.START, BEFORE, "came under a weight above the first rung", urgent=True)


def stop_gate(stop: Stop | None, step: Step = ADVANCE) -> Gate:
    return stop_of(*([stop] if stop else []), step=step)


def stop_of(*stops: Stop, step: Step = ADVANCE) -> Gate:
    _, gate = gates(Round(policy(), step, NOW, stops))
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
    gate, _ = gates(Round(policy(suspend=True), ROLLBACK, NOW))
    assert gate == Gate("suspend", False, "spec.suspend is true")
    gate, _ = gates(Round(policy(), ADVANCE, NOW))
    assert gate.open


ALICE, BOB = (
    Stop("incident 42", until=SOON, holder="alice"),
    Stop("audit", until=SOON + timedelta(days=1), holder="bob"),
)
ELSEWHERE = Stop("freeze", policies=("cart",), holder="carol")


def test_several_holders_are_all_named_and_the_last_of_them_lets_go() -> None:
    both = stop_of(ALICE, BOB, ELSEWHERE)
    assert both.reason == ".gitops-bot/stop.yaml: incident 42 (alice); audit (bob)"
    assert both.until == BOB.until
    assert stop_of(ALICE, Stop("for good")).until is None


def test_one_holder_that_let_go_does_not_free_what_another_holds() -> None:
    assert not stop_of(Stop("over", until=PAST, holder="bob"), ALICE).open
    assert stop_of(Stop("over", until=PAST, holder="bob"), ELSEWHERE).open


@pytest.mark.parametrize(
    ("named", "idle"), [((), ()), (("shop",), ()), (("sh*", "chekout", "cart"), ("chekout", "cart")), (("*",), ())]
)
def test_names_in_the_stop_file_that_no_policy_has_are_found(named: tuple[str, ...], idle: tuple[str, ...]) -> None:
    assert unknown([Stop("freeze", policies=named)], ["shop", "checkout"]) == idle


@pytest.mark.parametrize(
    ("spec", "labels", "step", "closed"),
    [
        ({}, ("gitops-bot/hold",), ADVANCE, True),
        ({}, ("hold",), ADVANCE, False),
        ({}, ("gitops-bot/hold",), ROLLBACK, False),
        ({"hold": {"labels": ["do-not-merge/hold"]}}, ("promotion", "do-not-merge/hold"), ADVANCE, True),
        ({"hold": {"labels": []}}, ("gitops-bot/hold",), ADVANCE, False),
    ],
)
def test_a_label_holds_the_pull_request_that_bears_it(
    spec: dict[str, Any], labels: tuple[str, ...], step: Step, closed: bool
) -> None:
    found = gates(Round(policy(gates=spec), step, NOW, pull=pull("", labels=labels)))
    assert [gate.reason for gate in found if not gate.open] == ([f"#7 bears the label {labels[-1]}"] if closed else [])


def test_of_every_gate_people_are_told_what_opens_it() -> None:
    modules = [import_module(f"{package.__name__}.{one.name}") for one in iter_modules(package.__path__)]
    assert {module.NAME for module in modules if hasattr(module, "gates")} == set(OPENING)
