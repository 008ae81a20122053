"""Many queries by few requests: what belongs to which, and what happens when one is wrong or the server is away."""

import re
from collections.abc import Iterator, Sequence
from datetime import timedelta
from typing import Any

import pytest

from gitops_bot.adapters.metrics_http import Server
from gitops_bot.adapters.prometheus import PrometheusMetrics
from gitops_bot.model import Missing, Query, Reading, Sample
from tests.adapters.scripted import Answer, Scripted, in_json, scripted
from tests.adapters.test_prometheus import MINUTE, START, T0, matrix, metrics, series


@pytest.fixture
def server() -> Iterator[Scripted]:
    with scripted() as script:
        yield script


A, B, C = (f"rate({name}[1m])" for name in "abc")
WRONG = "rate(b b[1m])"


def query(expression: str, count: int = 1, start_min: int = 0) -> Query:
    start = START + start_min * MINUTE
    return Query("prod", expression, start, start + (count - 1) * MINUTE, MINUTE)


def marked(place: int, value: str, **labels: str) -> dict[str, Any]:
    return series((T0, value), gitops_bot_query=str(place), **labels)


def told(readings: Sequence[Reading]) -> list[float | str]:
    return [one.value if isinstance(one, Sample) else one.reason for one in readings]


def test_queries_of_the_same_instants_are_one_request(server: Scripted) -> None:
    server.answers = [matrix(marked(1, "2"), marked(0, "1"), marked(2, "3"))]
    asked = [query(A), query(B), query(C)]
    answers = metrics(server).ranges(asked)
    assert [told(answers[one]) for one in asked] == [[1.0], [2.0], [3.0]]
    assert len(server.asked) == 1


def test_other_instants_are_another_request(server: Scripted) -> None:
    server.answers = [matrix(marked(0, "1"), marked(1, "2")), matrix(series((T0 + 300, "3")))]
    first, second, later = query(A), query(B), query(A, start_min=5)
    answers = metrics(server).ranges([first, later, second])
    assert [told(answers[one]) for one in (first, second, later)] == [[1.0], [2.0], [3.0]]
    assert [asked.query["start"] for asked in server.asked] == [f"{T0}.000", f"{T0 + 300}.000"]


def test_a_query_asked_twice_is_asked_once(server: Scripted) -> None:
    server.answers = [matrix(series((T0, "7")))]
    assert metrics(server).ranges([query(A), query(A)]) == {query(A): (Sample(7.0, START),)}
    assert server.asked[0].query["query"] == A


def test_several_series_of_one_expression_do_not_touch_another(server: Scripted) -> None:
    server.answers = [matrix(marked(0, "1", pod="a"), marked(0, "1", pod="b"), marked(1, "2"))]
    answers = metrics(server).ranges([query(A), query(B)])
    assert told(answers[query(A)]) == ['the query gives 2 series where one is meant: {"pod": "a"} and {"pod": "b"}']
    assert told(answers[query(B)]) == [2.0]


def test_one_bad_expression_does_not_blind_the_others(server: Scripted) -> None:
    refused = in_json({"status": "error", "error": "parse error: unexpected b"}, 400)
    server.answers = [refused, matrix(series((T0, "1"))), refused, matrix(series((T0, "3")))]
    asked = [query(A), query(WRONG), query(C)]
    answers = metrics(server).ranges(asked)
    assert [told(answers[one]) for one in asked] == [
        [1.0],
        ["the metrics server answered 400: parse error: unexpected b"],
        [3.0],
    ]
    assert [one.query["query"] for one in server.asked[1:]] == [A, WRONG, C]


def test_a_query_that_could_speak_for_others_is_asked_alone(server: Scripted) -> None:
    evil = 'vector(0),"gitops_bot_query","1","","") or label_replace(vector(0)'
    server.answers = [matrix(series((T0, "1")))]
    metrics(server).ranges([query(evil), query(B)])
    assert [one.query["query"] for one in server.asked] == [evil, B]


def test_a_warning_of_a_batch_is_put_down_to_the_queries_it_belongs_to(server: Scripted) -> None:
    partial = matrix(marked(0, "1"), marked(1, "2"), warnings=["a store is away"])
    server.answers = [partial, matrix(series((T0, "1"))), matrix(series((T0, "2")), warnings=["a store is away"])]
    answers = metrics(server).ranges([query(A), query(B)])
    assert told(answers[query(A)]) == [1.0]
    assert told(answers[query(B)]) == ["the metrics server warns of its own answer: a store is away"]


@pytest.mark.parametrize("body", ['{"gitops_bot_query": "9"}', '{"gitops_bot_query": "x"}', "{}", "3"])
def test_series_that_nobody_asked_for_make_a_batch_no_evidence(server: Scripted, body: str) -> None:
    strange = f'{{"data": {{"resultType": "matrix", "result": [{{"metric": {body}, "values": []}}]}}}}'
    server.answers = [Answer(strange), matrix(series((T0, "1")))]
    answers = metrics(server).ranges([query(A), query(B)])
    assert [told(answers[one]) for one in (query(A), query(B))] == [[1.0], [1.0]]
    assert len(server.asked) == 3


def test_a_server_that_is_away_is_not_asked_for_each_query(server: Scripted) -> None:
    server.answers = [Answer("", 401)]
    answers = metrics(server).ranges([query(str(number)) for number in range(20)])
    assert {reason for one in answers.values() for reason in told(one)} == {
        "the metrics server refused the credentials (401): Unauthorized"
    }
    assert len(server.asked) == 1


def test_a_sick_server_is_left_alone_after_three_queries(server: Scripted) -> None:
    server.answers = [Answer("", 500)]
    answers = metrics(server, attempts=1).ranges([query(f"m{number}") for number in range(20)])
    assert len(server.asked) == 1 + 3
    assert told(answers[query("m19")]) == ["the metrics server did not answer 3 queries before this one"]
    assert not [one for readings in answers.values() for one in readings if isinstance(one, Sample) or one.answered]


def test_urls_stay_below_eight_kilobytes_and_every_query_is_asked(server: Scripted) -> None:
    server.answers = [matrix()]
    asked = [query(f'sum(increase(requests_total{{app="shop-{number}",code=~"5.."}}[1m]))') for number in range(200)]
    with_urls = PrometheusMetrics(Server(server.url, attempts=1))
    with_urls.ranges(asked)
    batches = [one for one in server.asked if one.query.get("query", "").startswith("label_replace((\nsum(")]
    assert all(len(one.target) < 8192 for one in server.asked)
    assert len(batches) < 25
    found = [text for one in batches for text in re.findall(r"\(\n(.*)\n\)", one.query["query"])]
    assert [text for text in found if text.startswith("sum(")] == [one.expression for one in asked]


def test_remarks_are_told_beside_an_absence_and_do_not_spoil_a_number(server: Scripted) -> None:
    infos = ["might not be a counter: clock"]
    server.answers = [matrix(series((T0, "1")), infos=infos)]
    assert told(metrics(server).range(query("rate(clock[1m])"))) == [1.0]
    server.answers = [matrix(infos=infos)]
    assert told(metrics(server).range(query("vector(1) > 1"))) == [
        "the query found no data: might not be a counter: clock"
    ]


@pytest.mark.parametrize(("kind", "result"), [("vector", []), ("scalar", [T0, "1"]), ("string", [T0, "x"])])
def test_another_type_of_result_is_no_evidence(server: Scripted, kind: str, result: list[Any]) -> None:
    server.answers = [in_json({"status": "success", "data": {"resultType": kind, "result": result}})]
    assert told(metrics(server).range(query(A))) == [f"the answer is a {kind} where a matrix is meant"]


def test_an_answer_that_calls_itself_partial_is_no_evidence(server: Scripted) -> None:
    server.answers = [matrix(series((T0, "1")), isPartial=True)]
    assert told(metrics(server).range(query(A))) == ["the metrics server says that its answer is partial"]


def test_what_is_wrong_with_a_query_is_heard_and_silence_is_not(server: Scripted) -> None:
    server.answers = [in_json({"error": "parse error"}, 400)]
    [wrong] = metrics(server).range(query(A))
    server.answers = [Answer("", 502)]
    [silence] = metrics(server, attempts=1).range(query(A))
    assert isinstance(wrong, Missing)
    assert isinstance(silence, Missing)
    assert (wrong.heard, wrong.answered, silence.heard, silence.answered) == (True, False, False, False)


def test_a_series_that_ends_is_gone_and_a_hole_is_none(server: Scripted) -> None:
    server.answers = [matrix(series((T0 + 60, "1"), (T0 + 180, "2")))]
    assert told(metrics(server).range(query(A, 6))) == [
        "no data at this instant",
        1.0,
        "no data at this instant",
        2.0,
        "the series is gone: its last number was at 12:03:00",
        "the series is gone: its last number was at 12:03:00",
    ]


@pytest.mark.parametrize(
    ("step_s", "lookback"), [(10, "90000ms"), (60, "90000ms"), (120, "120000ms"), (900, "300000ms")]
)
def test_a_sample_from_long_before_a_window_does_not_stand_for_it(server: Scripted, step_s: int, lookback: str) -> None:
    server.answers = [matrix(series((T0, "1")))]
    metrics(server).range(Query("prod", "clock", START, START, timedelta(seconds=step_s)))
    assert server.asked[0].query["lookback_delta"] == lookback


# ---------------------------------------------------------------- stale samples


def aged(*ages: tuple[int, int]) -> Answer:
    return matrix(series(*((T0 + 60 * minute, str(age)) for minute, age in ages), gitops_bot_query="0"))


def test_a_number_of_old_samples_alone_is_stale(server: Scripted) -> None:
    server.answers = [
        matrix(series(*((T0 + 60 * minute, "7") for minute in range(4)))),
        aged((0, 15), (1, 75), (2, 135), (3, 195)),
    ]
    assert told(metrics(server).range(query('sum(queue_length{app="a"})', 4))) == [
        7.0,
        7.0,
        "stale: the newest sample is 135 s old",
        "stale: the newest sample is 195 s old",
    ]
    asked = server.asked[1].query
    assert 'min(time() - timestamp(queue_length{app="a"}))' in asked["query"]
    assert (asked["start"], asked["end"]) == (server.asked[0].query["start"], server.asked[0].query["end"])


def test_samples_as_old_as_the_interval_are_not_stale(server: Scripted) -> None:
    server.answers = [matrix(series((T0, "7"))), aged((0, 120))]
    slow = Query("prod", "queue_length", START, START, timedelta(minutes=2))
    assert told(metrics(server).range(slow)) == [7.0]


@pytest.mark.parametrize("answer", [Answer("", 500), matrix(), matrix(series((T0, "9")))])
def test_an_age_that_cannot_be_had_changes_nothing(server: Scripted, answer: Answer) -> None:
    server.answers = [matrix(series((T0, "7"))), answer]
    assert told(metrics(server).range(query("queue_length"))) == [7.0]


@pytest.mark.parametrize(
    "expression",
    ["rate(x[1m])", "x offset 5m", "x @ end()", "max_over_time(x[5m])", '{__name__="x"}[5m]', "vector(1)"],
)
def test_the_age_of_what_is_read_over_a_while_is_not_asked_for(server: Scripted, expression: str) -> None:
    server.answers = [matrix(series((T0, "7")))]
    assert told(metrics(server).range(query(expression))) == [7.0]
    assert len(server.asked) == 1


def test_the_ages_of_a_batch_are_asked_for_together(server: Scripted) -> None:
    old = matrix(marked(0, "15"), marked(1, "500"), marked(2, "20"))
    server.answers = [matrix(marked(0, "1"), marked(1, "2"), marked(2, "3")), old]
    gauges = [query("x"), query("y / z"), query(A)]
    answers = metrics(server).ranges(gauges)
    assert [told(answers[one]) for one in gauges] == [[1.0], ["stale: the newest sample is 500 s old"], [3.0]]
    assert len(server.asked) == 2
