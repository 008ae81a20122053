"""What base's history says of the slots. Histories are told oldest first."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from gitops_bot.model import History, PrState, PullRequest, Version
from gitops_bot.strategy import history as past
from tests.support.build import Row, at, history, live, only, slots, version

V1, V2, V3 = "v1", "v2", "v3"
IDLE = slots(V1, V1, 0)
STARTED = slots(V1, V2, 5)
QUARTER = slots(V1, V2, 25)
HALF = slots(V1, V2, 50)
PROMOTED = slots(V2, V2, 50)
FINISHED = slots(V2, V2, 0)


# ---------------------------------------------------------------- landing


@pytest.mark.parametrize(
    ("told", "commit"),
    [
        (history((0, IDLE)), "c0"),
        (history((0, IDLE), (5, STARTED)), "c1"),
        # other commits to the same files do not move it: values count, not files
        (history((0, IDLE), (5, STARTED), (9, STARTED)), "c1"),
        (history((0, STARTED), (5, QUARTER), (9, STARTED)), "c2"),
        # what could not be read breaks the run
        (history((0, STARTED), (5, None), (9, STARTED)), "c2"),
        (history((0, None), (5, STARTED)), "c1"),
        # history that ends before the change is found says nothing
        (history((0, STARTED), (5, STARTED), complete=False), None),
        (history((0, IDLE), (5, STARTED), complete=False), "c1"),
        (history(), None),
        (history((0, IDLE), (5, None)), None),
    ],
)
def test_landing_is_the_oldest_commit_of_the_unbroken_run_of_todays_values(told: History, commit: str | None) -> None:
    landing = past.landing(told)
    assert (landing.commit if landing else None) == commit


def pull(
    *, state: PrState = PrState.MERGED, merge: str = "c1", head: str = "h", ours: bool = True, closed: bool = True
) -> PullRequest:
    return PullRequest(
        number=7,
        url="",
        state=state,
        branch="gitops-bot/cart/promote",
        base="main",
        head=head,
        title="",
        body="",
        ours=ours,
        created_at=at(0),
        updated_at=at(0),
        closed_at=at(30) if closed else None,
        merge_commit=merge,
    )


@pytest.mark.parametrize(
    ("brought", "moment"),
    [
        (pull(), at(30)),
        (pull(merge="", head="c1"), at(30)),
        (pull(merge="other"), at(5)),
        (pull(ours=False), at(5)),
        (pull(state=PrState.CLOSED), at(5)),
        (pull(closed=False), at(5)),
        (None, at(5)),
    ],
)
def test_a_change_landed_when_our_pull_request_was_merged_else_at_the_committers_date(
    brought: PullRequest | None, moment: datetime
) -> None:
    landing = past.landing(history((0, IDLE), (5, STARTED)))
    assert landing is not None
    assert past.landed_at(landing, [brought] if brought else []) == moment
    assert moment - landing.at in (timedelta(0), timedelta(minutes=25))


@pytest.mark.parametrize(
    ("told", "before"),
    [
        (history((0, IDLE), (5, STARTED)), IDLE),
        (history((0, IDLE), (5, STARTED), (9, STARTED)), IDLE),
        (history((0, STARTED)), None),
        (history((0, IDLE), (4, None), (5, STARTED)), None),
        (history(), None),
    ],
)
def test_before_the_landing_stood_what_the_commit_below_it_says(told: History, before: object) -> None:
    assert past.before_landing(told) == before


# ---------------------------------------------------------------- flips

BLUE = live("blue", V1, V2)
GREEN = live("green", V2, V1)


@pytest.mark.parametrize(
    ("told", "version_", "how"),
    [
        # the flip itself turns nobody away
        (history((0, live("blue", V1, V1)), (1, BLUE), (2, GREEN)), V2, None),
        # the flip back does
        (history((0, BLUE), (1, GREEN), (2, BLUE)), V2, "the stable version went back to v1"),
        (history((0, BLUE), (1, GREEN), (2, BLUE)), V1, None),
        # what fails on the preview is written over by what is live
        (history((0, live("blue", V1, V1)), (1, BLUE), (2, live("blue", V1, V1))), V2, "went back to v1"),
        # a newer one on the idle colour is no word on the one before
        (history((0, BLUE), (1, GREEN), (2, live("green", V2, V3)), (3, live("blue", V3, V2))), V2, None),
        # nor is there one where versions alone are flipped, without colours
        (history((0, slots(V1, V1, None)), (1, slots(V1, V2, None)), (2, slots(V2, V2, None))), V2, None),
        (history((0, slots(V1, V2, None)), (1, slots(V2, V2, None)), (2, slots(V1, V2, None))), V2, "went back to v1"),
    ],
)
def test_a_flip_is_no_rejection_and_a_flip_back_is_one(told: History, version_: str, how: str | None) -> None:
    found = past.rejection(told, Version(version_))
    assert (found is not None) is (how is not None)
    assert found is None or how is None or how in found.how


# ---------------------------------------------------------------- versions that came and went


@pytest.mark.parametrize(
    ("stables", "before"),
    [([V1, V2], V1), ([V1, V2, V2], V1), ([V1, V2, V1], V2), ([V1], None), ([None, V1], None), ([V1, None, V2], V1)],
)
def test_the_stable_version_before_is_the_last_other_one(stables: list[str | None], before: str | None) -> None:
    told = history(*((minute, only(one)) for minute, one in enumerate(stables)))
    assert past.stable_before(told, version(stables[-1])) == version(before)


@pytest.mark.parametrize(
    ("stables", "back"),
    [
        ([V1], False),
        ([V1, V2], False),
        ([V1, V2, V1], True),
        ([V1, V2, V1, V1], True),
        ([V1, V2, V3], False),
        ([V1, V2, V3, V1], True),
        ([None], False),
        # a broken file in between is no going back
        ([V1, V2, "unreadable", V2], False),
        ([V1, V2, "unreadable", V1], True),
    ],
)
def test_a_version_that_stood_before_the_one_it_replaced_came_by_going_back(
    stables: list[str | None], back: bool
) -> None:
    rows: list[Row] = [(minute, None if one == "unreadable" else only(one)) for minute, one in enumerate(stables)]
    assert past.returned(history(*rows)) is back


def test_nothing_is_known_of_an_empty_history() -> None:
    assert not past.returned(history())
    v1 = version(V1)
    assert v1 is not None
    assert past.rejection(history(), v1) is None
    assert not past.arrived_above(history(), v1, (5, 0))


ANOTHER = slots(V1, V3, 50)


@pytest.mark.parametrize(
    ("rows", "arrived"),
    [
        ([HALF, ANOTHER], True),
        ([HALF, ANOTHER, ANOTHER], True),
        ([HALF, slots(V1, V3, 5)], False),
        ([HALF, ANOTHER, slots(V1, V3, 5)], False),
        ([HALF, ANOTHER, slots(V1, V3, 5), slots(V1, V3, 25)], False),
        ([IDLE, slots(V1, V3, 0), ANOTHER], False),
        # weights between rungs count as what they are
        ([HALF, slots(V1, V3, 6)], True),
        # a broken file in between changes nothing
        ([STARTED, None, HALF], False),
        ([HALF, None, ANOTHER], True),
        # nobody saw it come
        ([ANOTHER], False),
        ([None, ANOTHER], False),
    ],
)
def test_a_candidate_arrived_above_when_it_came_under_the_weight_and_was_never_down(
    rows: list[object], arrived: bool
) -> None:
    told = history(*((minute, one) for minute, one in enumerate(rows)))  # type: ignore[arg-type]
    v3 = version(V3) if V3 in str(rows[-1]) else version(V2)
    assert v3 is not None
    assert past.arrived_above(told, v3, (5, 0)) is arrived


def test_a_history_that_ends_before_the_candidate_came_does_not_say_that_it_arrived_above() -> None:
    told = history((0, HALF), (5, HALF), complete=False)
    v2 = version(V2)
    assert v2 is not None
    assert not past.arrived_above(told, v2, (5, 0))


# ---------------------------------------------------------------- rejection


def rejected(candidate: str, *rows: Row) -> str | None:
    tried = version(candidate)
    assert tried is not None
    found = past.rejection(history(*rows), tried)
    return found.how if found else None


WEIGHT_ZERO = "its weight was set to 0"


@pytest.mark.parametrize(
    ("candidate", "rows", "how"),
    [
        # a promotion rejects nobody, neither while it climbs nor when it is over
        (V1, [(0, IDLE), (1, STARTED), (2, HALF), (3, PROMOTED), (4, FINISHED)], None),
        (V2, [(0, IDLE), (1, STARTED), (2, HALF), (3, PROMOTED), (4, FINISHED)], None),
        (V1, [(0, only(V1)), (1, only(V2)), (2, only(V3))], None),
        (V2, [(0, only(V1)), (1, only(V2)), (2, only(V3))], None),
        # a newer candidate rejects nobody
        (V2, [(0, IDLE), (1, QUARTER), (2, slots(V1, V3, 25))], None),
        # the candidate's rollback: slot and weight
        (V2, [(0, IDLE), (1, QUARTER), (2, IDLE)], "the candidate version went back to v1"),
        (V2, [(0, slots(V1, None, 0)), (1, QUARTER), (2, IDLE)], "the candidate version went back to v1"),
        # the weight alone, whoever wrote it
        (V2, [(0, IDLE), (1, QUARTER), (2, slots(V1, V2, 0))], WEIGHT_ZERO),
        (V2, [(0, IDLE), (1, QUARTER), (2, slots(V1, V2, 0), "ada")], WEIGHT_ZERO),
        (V2, [(0, IDLE), (1, QUARTER), (2, slots(V1, V2, None), "ada")], WEIGHT_ZERO),
        # less weight is no rejection
        (V2, [(0, IDLE), (1, HALF), (2, STARTED, "ada")], None),
        # Finish is none either
        (V2, [(0, HALF), (1, PROMOTED), (2, FINISHED)], None),
        # after Promote: the stable slot goes back
        (V2, [(0, IDLE), (1, HALF), (2, PROMOTED), (3, IDLE)], "the candidate version went back to v1"),
        (V2, [(0, only(V1)), (1, only(V2)), (2, only(V1))], "the stable version went back to v1"),
        (V1, [(0, only(V1)), (1, only(V2)), (2, only(V1))], None),
        (V3, [(0, only(V1)), (1, only(V2)), (2, only(V3)), (3, only(V1))], "the stable version went back to v1"),
        # what could not be read in between does not hide it
        (V2, [(0, IDLE), (1, QUARTER), (2, None), (3, IDLE)], "the candidate version went back to v1"),
    ],
)
def test_a_version_is_rejected_when_base_leaves_it_for_an_earlier_one_or_takes_its_weight(
    candidate: str, rows: list[Row], how: str | None
) -> None:
    assert rejected(candidate, *rows) == how


BACK: list[Row] = [(0, IDLE), (1, QUARTER), (2, IDLE)]
ZERO: list[Row] = [(0, IDLE), (1, QUARTER), (2, slots(V1, V2, 0))]


@pytest.mark.parametrize(
    ("before", "again", "lifted"),
    [
        (BACK, (3, slots(V1, V2, 0), "ada"), True),
        (BACK, (3, STARTED, "ada"), True),
        (BACK, (3, slots(V1, V2, 0), "flux"), False),
        (BACK, (3, STARTED, "bot"), False),
        (BACK, (3, slots(V1, V3, 5), "ada"), False),
        (ZERO, (3, STARTED, "ada"), True),
        (ZERO, (3, STARTED, "flux"), False),
        (ZERO, (3, slots(V1, V2, 0), "ada"), False),
        # a person makes it stable by hand
        (ZERO, (3, slots(V2, V2, 0), "ada"), True),
        (ZERO, (3, slots(V2, V2, 0), "flux"), False),
    ],
)
def test_a_rejection_is_lifted_by_a_person_who_sets_the_version_again_and_by_no_machine(
    before: list[Row], again: Row, lifted: bool
) -> None:
    assert (rejected(V2, *before, again) is None) is lifted


def test_a_rejection_tells_commit_and_author_of_the_last_time() -> None:
    v2 = version(V2)
    assert v2 is not None
    told = history(*BACK, (3, STARTED, "ada"), (4, IDLE, "eve"))
    assert past.rejection(told, v2) == past.Rejection("c4", "eve", "the candidate version went back to v1")


@pytest.mark.parametrize(
    ("rows", "moved"),
    [
        ([(0, slots("v1"))], False),
        ([(0, slots("v1")), (1, slots("v2", "v2"))], True),
        ([(0, slots("v1")), (1, slots("v2", "v2")), (2, slots("v2", "v1"), "flux")], True),
        ([(0, slots("v1")), (1, slots("v2", "v2")), (2, slots("v2", "v1"), "ada")], False),
        ([(0, slots("v1")), (1, slots("v2", "v2")), (2, slots("v1", "v1"), "ada")], False),
    ],
)
def test_git_has_moved_on_from_a_version_until_a_person_sets_it_again(rows: list[Row], moved: bool) -> None:
    assert (past.moved_on(history(*rows), Version.parse(V1)) is not None) is moved
