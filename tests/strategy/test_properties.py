"""What holds for every history: up only on PASS, down only on FAIL, never on UNKNOWN, and Hold changes nothing."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from gitops_bot.model import CheckResult, Outcome, Slots, Step, StepKind, Variant, Verdict
from gitops_bot.policy.schema import PromotionPolicy
from gitops_bot.strategy import State, next_step, trial
from tests.support import build
from tests.support.build import (
    CANARY,
    FAIL,
    LADDER,
    PASS,
    ROLLOUT,
    STABLE,
    UNKNOWN,
    Row,
    colors,
    history,
    ladder,
    live,
    only,
    promotion,
    says,
    slots,
    state,
    version,
    watched_ladder,
)

VERSIONS = st.sampled_from(["v1", "v2", "v3"])
WEIGHTS = st.sampled_from([0, 5, 25, 30, 50, 100, None])
WHO = st.sampled_from(["bot", "flux", "ada"])
ANY = st.builds(slots, VERSIONS, VERSIONS, WEIGHTS)
VERDICTS = st.sampled_from([PASS, FAIL, UNKNOWN])


@st.composite
def told(draw: st.DrawFn) -> list[Row]:
    past = draw(st.lists(st.none() | ANY, max_size=6))
    return [(minute, one, draw(WHO)) for minute, one in enumerate([*past, draw(ANY)])]


BY_HAND = {"slot": None, "version": "v2"}


def climbing(**canary: Any) -> PromotionPolicy:
    return ladder(strategy={"canary": canary}, candidate=BY_HAND if canary.get("onNewer") else {})


PLAIN = (ladder(), watched_ladder(), ladder(candidate=BY_HAND))
QUIET = climbing(rungs=[{"preview": True}, {"weight": 5}, {"weight": 50, "pause": True}])
OTHERS = (
    climbing(weights=[5, 25, 50], onFail="stepBack"),
    climbing(weights=[5, 25, 50], stepDuration="8m", maxStep=20),
    climbing(steps=[{"setWeight": 5}, {"pause": {"duration": "20m"}}, {"setWeight": 60}]),
    climbing(weights=[5, 50], onNewer="finish", onFail="stepBack"),
    climbing(weights=[5, 50], startingStep=1),
    climbing(rings=[5, 25, 50]),
)
POLICIES = st.sampled_from(PLAIN)


@st.composite
def climbs(draw: st.DrawFn, policies: st.SearchStrategy[PromotionPolicy] = POLICIES) -> tuple[State, Verdict, Step]:
    policy, rows, verdict = draw(policies), draw(told()), draw(VERDICTS)
    seen = (says(CANARY, draw(VERSIONS)), says(STABLE, draw(VERSIONS)))
    now = draw(st.sampled_from([7, 15, 40]))
    found = state(policy, history(*rows, complete=draw(st.booleans())), *seen, now=now)
    return found, verdict, next_step(policy, found, verdict)


def weight(one: Slots) -> int:
    return one.weight or 0


@given(climbs())
def test_the_ladder_goes_up_only_on_pass_or_from_nothing_to_the_first_rung(case: tuple[State, Verdict, Step]) -> None:
    found, verdict, step = case
    if weight(step.slots) > weight(found.slots):
        assert verdict.outcome is Outcome.PASS or (step.kind is StepKind.START and step.slots.weight == 5)
        assert verdict.outcome is not Outcome.FAIL
    if step.kind in (StepKind.ADVANCE, StepKind.PROMOTE):
        assert verdict.outcome is Outcome.PASS
        assert found.rejection is None


@given(climbs())
def test_the_ladder_goes_back_only_on_fail_and_a_stable_version_changes_on_no_unknown(
    case: tuple[State, Verdict, Step],
) -> None:
    found, verdict, step = case
    if step.kind is StepKind.ROLLBACK:
        assert verdict.outcome is Outcome.FAIL
        assert step.urgent
        assert step.slots.stable == step.slots.candidate
        assert step.slots.weight == 0
    if verdict.outcome is Outcome.UNKNOWN:
        assert step.slots.stable == found.slots.stable


@given(climbs())
def test_a_candidate_on_air_that_fails_is_never_left_there(case: tuple[State, Verdict, Step]) -> None:
    found, verdict, step = case
    on_trial = found.slots.candidate == found.candidate != found.slots.stable and weight(found.slots) > 0
    if on_trial and verdict.outcome is Outcome.FAIL:
        assert step.kind is StepKind.ROLLBACK or (step.kind is StepKind.START and found.arrived_above)


@given(climbs(st.sampled_from([*OTHERS, QUIET])))
def test_however_a_ladder_is_written_it_goes_up_on_pass_and_down_on_fail(case: tuple[State, Verdict, Step]) -> None:
    found, verdict, step = case
    before, after = weight(found.slots), weight(step.slots)
    if step.kind in (StepKind.ADVANCE, StepKind.PROMOTE):
        assert verdict.outcome is Outcome.PASS
    if after > before:
        assert verdict.outcome is Outcome.PASS or (step.kind is StepKind.START and after == 5)
    if after < before:
        begins_again = step.kind is StepKind.START and step.slots.candidate == found.candidate
        assert step.kind in (StepKind.ROLLBACK, StepKind.FINISH) or begins_again
    if step.kind is StepKind.ROLLBACK:
        assert verdict.outcome is Outcome.FAIL
        assert (after == 0) is (step.slots.stable == step.slots.candidate)


@given(climbs(st.just(OTHERS[0])))
def test_one_rung_down_is_a_rung_and_the_lowest_leads_all_the_way(case: tuple[State, Verdict, Step]) -> None:
    found, _, step = case
    if step.kind is StepKind.ROLLBACK and weight(step.slots):
        assert weight(step.slots) in (5, 25, 50)
        assert weight(step.slots) < weight(found.slots)
        assert step.slots.candidate == found.slots.candidate
        assert not found.stepped_back


@given(climbs())
def test_hold_changes_nothing_and_every_other_step_changes_something(case: tuple[State, Verdict, Step]) -> None:
    found, _, step = case
    assert (step.slots == found.slots) is (step.kind is StepKind.HOLD)
    assert step.held is None or step.held.slots != found.slots
    assert step.reason


@given(climbs())
def test_finish_takes_the_weight_alone_and_needs_the_candidate_to_be_stable(case: tuple[State, Verdict, Step]) -> None:
    found, _, step = case
    if step.kind is StepKind.FINISH:
        assert (step.slots.stable, step.slots.candidate) == (found.slots.stable, found.slots.candidate)
        assert found.slots.stable == found.slots.candidate
        assert step.slots.weight == 0


@given(climbs())
def test_where_nothing_is_live_nothing_is_tried(case: tuple[State, Verdict, Step]) -> None:
    found, _, _ = case
    for policy in (ladder(), watched_ladder()):
        tried = trial(policy, found)
        assert tried is None or tried.since == found.since


@given(
    st.lists(VERSIONS, min_size=1, max_size=6),
    VERSIONS,
    st.lists(WHO, min_size=6, max_size=6),
    VERDICTS,
    st.sampled_from([6, 30]),
)
def test_a_promotion_writes_on_pass_alone_and_goes_back_on_fail_alone(
    stables: list[str], candidate: str, who: list[str], verdict: Verdict, now: float
) -> None:
    rows: list[Row] = [
        (minute, only(one), author) for (minute, one), author in zip(enumerate(stables), who, strict=False)
    ]
    found = state(promotion(), history(*rows), says(ROLLOUT, candidate, applied=now), now=now)
    step = next_step(promotion(), found, verdict)
    match step.kind:
        case StepKind.PROMOTE:
            assert verdict.outcome is Outcome.PASS
            assert step.slots.stable == version(candidate)
        case StepKind.ROLLBACK:
            assert verdict.outcome is Outcome.FAIL
            assert str(step.slots.stable) in stables
        case _:
            assert step.slots == found.slots


# ---------------------------------------------------------------- blue/green

FLIPS = st.sampled_from([colors(), colors(candidate={"version": None, "slot": "candidateVersion"})])
SIDES = st.builds(live, st.sampled_from(["blue", "green"]), VERSIONS, VERSIONS)


@st.composite
def flips(draw: st.DrawFn) -> tuple[State, Verdict, Step]:
    policy, verdict = draw(FLIPS), draw(VERDICTS)
    past = draw(st.lists(st.none() | SIDES, max_size=6))
    rows: list[Row] = [(minute, one, draw(WHO)) for minute, one in enumerate([*past, draw(SIDES)])]
    found = state(policy, history(*rows, complete=draw(st.booleans())), now=draw(st.sampled_from([7, 15, 40])))
    return found, verdict, next_step(policy, found, verdict)


@given(flips())
def test_the_flip_needs_a_pass_the_way_back_a_fail_and_unknown_moves_no_traffic(
    case: tuple[State, Verdict, Step],
) -> None:
    found, verdict, step = case
    moved = step.slots.active != found.slots.active or step.slots.stable != found.slots.stable
    if moved and step.kind is StepKind.PROMOTE:
        assert verdict.outcome is Outcome.PASS
        assert found.rejection is None
    if step.kind is StepKind.ROLLBACK:
        assert verdict.outcome is Outcome.FAIL
    if moved:
        assert verdict.outcome is not Outcome.UNKNOWN
    assert (step.slots == found.slots) is (step.kind is StepKind.HOLD)


@given(flips())
def test_a_flip_writes_the_colour_and_nothing_else(case: tuple[State, Verdict, Step]) -> None:
    found, _, step = case
    if step.slots.active != found.slots.active:
        assert (step.slots.stable, step.slots.candidate) == (found.slots.candidate, found.slots.stable)


# ---------------------------------------------------------------- a test of several versions

TESTED = build.policy(
    {
        **LADDER,
        "analysis": {"interval": "1h", "bake": "3h", "metrics": [{"name": "reward", "query": "r"}]},
        "strategy": {"abTest": {"variants": [{"name": "b"}, {"name": "c"}], "reward": "reward", "decide": "bot"}},
        "edits": [
            {
                "kustomizeImage": {"path": name, "name": "cart"},
                "set": "version",
                **({"of": name} if name != "a" else {}),
            }
            for name in ("a", "b", "c")
        ],
    }
)
SHARES = st.sampled_from([0, 25])


@st.composite
def several(draw: st.DrawFn) -> Slots:
    variants = tuple(Variant(name, version(draw(VERSIONS)), draw(SHARES)) for name in ("b", "c"))
    return Slots(version(draw(VERSIONS)), variants=variants)


@st.composite
def races(draw: st.DrawFn) -> tuple[State, Verdict, Step]:
    past = draw(st.lists(several(), max_size=4))
    rows: list[Row] = [(60 * hour, one, draw(WHO)) for hour, one in enumerate([*past, draw(several())])]
    found = state(TESTED, history(*rows), now=draw(st.sampled_from([300, 1000])))
    outcomes = {name: draw(st.sampled_from(list(Outcome))) for name in ("b", "c")}
    won = draw(st.sampled_from(["", "b", "c"]))
    checks = [CheckResult(f"{name} · errors", outcome, "told", about=name) for name, outcome in outcomes.items()]
    if won:
        checks.append(CheckResult(f"{won} · reward", Outcome.PASS, "it wins", about=won, compares=True))
    ended = "" if won else draw(st.sampled_from(["", "nobody won"]))
    said = Verdict(tuple(checks), ended)
    return found, said, next_step(TESTED, found, said)


@given(races())
def test_a_variant_becomes_stable_only_when_it_won_and_passes_and_is_taken_out_only_for_a_reason(
    case: tuple[State, Verdict, Step],
) -> None:
    found, said, step = case
    after = step.slots
    if step.kind is StepKind.PROMOTE:
        (won,) = [check.about for check in said.checks if check.compares]
        assert said.about(won).outcome is Outcome.PASS
        assert (after.stable, after.variants) == (found.slots.variant(won).version, found.slots.variants)
    for one in found.slots.variants:
        now = after.variant(one.name)
        assert now == one or (now.version, now.weight) == (after.stable, 0)
        if now != one and step.kind is StepKind.ROLLBACK and after.stable == found.slots.stable:
            assert said.about(one.name).outcome is Outcome.FAIL
    if step.kind is StepKind.FINISH:
        assert said.ended or (found.test and found.test.winner)
    assert (after == found.slots) is (step.kind is StepKind.HOLD)
