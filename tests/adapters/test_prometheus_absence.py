"""Why a query found nothing, as a scripted server lets it be told."""

from collections.abc import Iterator

import pytest

from gitops_bot.model import Missing, Query
from tests.adapters.scripted import Answer, Scripted, in_json, scripted
from tests.adapters.test_prometheus import MINUTE, START, T0, matrix, metrics, series

QUERY = Query("prod", 'sum(increase(x_total{app="shop"}[1m]))', START, START + 9 * MINUTE, MINUTE)


@pytest.fixture
def server() -> Iterator[Scripted]:
    with scripted() as script:
        yield script


def names(*known: str) -> Answer:
    return in_json({"status": "success", "data": list(known)})


def found(*places: int) -> Answer:
    """What is there: 0 in the window, 1 within a day."""
    return matrix(*(series((T0 + 540, "1"), gitops_bot_query=str(place)) for place in places))


def reason(server: Scripted, *answers: Answer) -> str:
    server.answers = [matrix(), *answers]
    readings = metrics(server).range(QUERY)
    assert all(isinstance(one, Missing) and one.answered for one in readings)
    (told,) = {one.reason for one in readings if isinstance(one, Missing)}
    return told


def test_a_name_that_nobody_knows_hints_at_injection_and_scraping(server: Scripted) -> None:
    assert reason(server, found(), names()) == (
        "the metric name x_total is unknown here: check that it is injected and scraped, and its spelling"
    )
    assert server.asked[2].path == "/api/v1/label/__name__/values"
    assert server.asked[2].query["match[]"] == '{__name__="x_total"}'


def test_a_known_name_without_such_labels_hints_at_the_labels(server: Scripted) -> None:
    assert reason(server, found(), names("x_total")) == (
        'no series fits x_total{app="shop"}: the name is known here, so check the labels'
    )


def test_series_that_were_there_before_the_window_are_gone(server: Scripted) -> None:
    assert reason(server, found(1)) == (
        'the series of x_total{app="shop"} are gone: there were some within a day, and none in this window'
    )
    assert 'last_over_time(x_total{app="shop"}[600s])' in server.asked[1].query["query"]
    assert server.asked[1].query["start"] == server.asked[1].query["end"] == f"{T0 + 540}.000"


def test_series_that_are_there_make_no_number(server: Scripted) -> None:
    assert reason(server, found(0, 1)) == (
        "the query found no data, though its series are there: in each window there may be too few samples"
    )
    assert len(server.asked) == 2


@pytest.mark.parametrize("answer", [Answer("", 500), Answer("<html>"), in_json({"data": 3}), in_json([])])
def test_what_cannot_be_found_out_is_not_guessed(server: Scripted, answer: Answer) -> None:
    assert reason(server, answer) == "the query found no data"
    assert reason(server, found(), answer) == "the query found no data"
