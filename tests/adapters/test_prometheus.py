"""PrometheusMetrics against scripted answers: what is no evidence becomes Missing, and secrets stay inside."""

import socket
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest

from gitops_bot.adapters.metrics_http import Server
from gitops_bot.adapters.prometheus import PrometheusMetrics
from gitops_bot.model import Missing, Query, Sample
from tests.adapters.scripted import Answer, Scripted, in_json, scripted

START = datetime(2024, 5, 1, 12, 0, 0, tzinfo=UTC)
T0 = 1714564800
MINUTE = timedelta(minutes=1)


@pytest.fixture
def server() -> Iterator[Scripted]:
    with scripted() as script:
        yield script


def a_query(count: int = 3, step: timedelta = MINUTE, start: datetime = START) -> Query:
    return Query("prod", "sum(rate(errors[5m]))", start, start + (count - 1) * step, step)


def series(*points: tuple[float, str], **labels: str) -> dict[str, Any]:
    return {"metric": labels, "values": [list(point) for point in points]}


def matrix(*result: dict[str, Any], **more: Any) -> Answer:
    return in_json({"status": "success", "data": {"resultType": "matrix", "result": list(result)}, **more})


def metrics(server: Scripted, **settings: Any) -> PrometheusMetrics:
    return PrometheusMetrics(Server(server.url, **{"sleep": [].append, "random": lambda: 1.0} | settings))


def reasons(server: Scripted, *answers: Answer, **settings: Any) -> set[str]:
    """The reasons of a query whose answers give no number at all."""
    server.answers = list(answers)
    readings = metrics(server, **settings).range(a_query())
    assert [reading.at for reading in readings] == [START, START + MINUTE, START + 2 * MINUTE]
    return {reading.reason if isinstance(reading, Missing) else "a number" for reading in readings}


ONE = matrix(series((T0, "1"), (T0 + 60, "0.5"), (T0 + 120, "2")))


def test_each_instant_has_its_number(server: Scripted) -> None:
    server.answers = [ONE]
    assert metrics(server).range(a_query()) == (
        Sample(1.0, START),
        Sample(0.5, START + MINUTE),
        Sample(2.0, START + 2 * MINUTE),
    )


def test_instants_are_asked_for_to_the_millisecond(server: Scripted) -> None:
    server.answers = [matrix(series((T0 + 0.123, "7"), (T0 + 1.124, "8")))]
    start = START + timedelta(milliseconds=123)
    readings = metrics(server).range(a_query(2, timedelta(milliseconds=1001), start))
    asked = server.asked[0]
    assert asked.path == "/api/v1/query_range"
    assert (asked.query["start"], asked.query["end"], asked.query["step"]) == (
        "1714564800.123",
        "1714564801.124",
        "1001ms",
    )
    assert readings == (Sample(7, start), Sample(8, start + timedelta(milliseconds=1001)))


def test_the_time_zone_of_an_instant_does_not_matter(server: Scripted) -> None:
    server.answers = [ONE]
    readings = metrics(server).range(a_query(start=START.astimezone(timezone(timedelta(hours=9)))))
    assert server.asked[0].query["start"] == f"{T0}.000"
    assert all(isinstance(reading, Sample) for reading in readings)


def test_an_end_between_two_instants_asks_for_no_more(server: Scripted) -> None:
    server.answers = [ONE]
    metrics(server).range(Query("prod", "up", START, START + timedelta(seconds=170), MINUTE))
    assert server.asked[0].query["end"] == f"{T0 + 120}.000"


def test_an_instant_without_a_point_is_missing_alone(server: Scripted) -> None:
    server.answers = [matrix(series((T0, "1"), (T0 + 120, "2")))]
    first, second, third = metrics(server).range(a_query())
    assert (first, third) == (Sample(1, START), Sample(2, START + 2 * MINUTE))
    assert second == Missing("no data at this instant", START + MINUTE)


def test_nan_and_infinities_are_no_numbers(server: Scripted) -> None:
    server.answers = [matrix(series((T0, "NaN"), (T0 + 60, "+Inf"), (T0 + 120, "-Inf")))]
    readings = metrics(server).range(a_query())
    assert [reading.reason for reading in readings if isinstance(reading, Missing)] == [
        "the value is NaN: nothing by nothing, as of series at zero",
        "the value is inf",
        "the value is -inf",
    ]


def test_points_at_other_instants_are_not_moved(server: Scripted) -> None:
    [reason] = reasons(server, matrix(series((T0 + 1, "1"), (T0 + 61, "1"))))
    assert "other instants" in reason


def test_an_empty_result_is_missing(server: Scripted) -> None:
    assert reasons(server, matrix()) == {"the query found no data"}


def test_several_series_are_missing_with_two_examples(server: Scripted) -> None:
    three = [series((T0, "1"), pod=name) for name in ("a", "b", "c")]
    assert reasons(server, matrix(*three)) == {
        'the query gives 3 series where one is meant: {"pod": "a"} and {"pod": "b"}'
    }


def test_native_histograms_are_missing(server: Scripted) -> None:
    [reason] = reasons(server, matrix({"metric": {}, "histograms": [[T0, {"count": "1"}]]}))
    assert "native histograms" in reason


def test_warnings_make_an_answer_no_evidence(server: Scripted) -> None:
    [reason] = reasons(server, matrix(series((T0, "1")), warnings=["store eu-1 did not answer"]))
    assert reason == "the metrics server warns of its own answer: store eu-1 did not answer"


def test_infos_and_the_word_warnings_elsewhere_pass(server: Scripted) -> None:
    points = [(T0, "1"), (T0 + 60, "1"), (T0 + 120, "1")]
    server.answers = [matrix(series(*points, warnings="many"), infos=["might not be a counter"])]
    assert all(isinstance(reading, Sample) for reading in metrics(server).range(a_query()))


def test_a_parse_error_is_told_in_the_words_of_prometheus_cut(server: Scripted) -> None:
    error = {"status": "error", "errorType": "bad_data", "error": "1:5: parse error: " + "x" * 900}
    [reason] = reasons(server, in_json(error, 400))
    assert reason.startswith("the metrics server answered 400: 1:5: parse error: xxx")
    assert len(reason.partition(": ")[2]) == 200
    assert len(server.asked) == 1


@pytest.mark.parametrize("status", [401, 403])
def test_refused_credentials_are_missing_and_not_tried_again(server: Scripted, status: int) -> None:
    [reason] = reasons(server, Answer("no", status))
    assert f"refused the credentials ({status})" in reason
    assert len(server.asked) == 1


@pytest.mark.parametrize(
    "body",
    [
        "<html>log in</html>",
        '{"status": "success", "data": {"result": [{"metric": {}, "val',
        "[]",
        '{"data": {"result": 3}}',
        '{"data": {"result": [{"metric": {}}]}}',
        '{"data": {"result": [{"metric": {}, "values": [[1, "x"]]}]}}',
        "[" * 100_000,
        "",
    ],
)
def test_what_is_not_a_range_answer_is_missing(server: Scripted, body: str) -> None:
    assert reasons(server, Answer(body)) == {"the answer is not the JSON of a Prometheus range query"}


def test_an_answer_that_breaks_off_is_missing(server: Scripted) -> None:
    [reason] = reasons(server, Answer(ONE.body[:60], promised=len(ONE.body)))
    assert reason.startswith("the answer of the metrics server broke off")


def test_an_answer_beyond_the_limit_is_missing(server: Scripted, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gitops_bot.adapters.metrics_http.session.MAX_BYTES", 1024 * 1024)
    [reason] = reasons(server, Answer("x" * (1024 * 1024 + 1)))
    assert reason == "the answer is larger than 1 MiB; does the query aggregate?"


def test_a_slow_server_is_missing_and_asked_once(server: Scripted) -> None:
    [reason] = reasons(server, Answer(silent=True), timeout_s=0.05)
    assert reason == "the metrics server gave no answer within 0.05 s"
    assert server.heard.wait(10)
    assert len(server.asked) == 1


def test_a_server_that_drips_is_as_slow_as_one_that_is_silent(server: Scripted) -> None:
    [reason] = reasons(server, Answer(ONE.body * 5, drips=True), timeout_s=0.1)
    assert reason == "the metrics server did not end its answer within 0.1 s"
    assert server.heard.wait(10)
    assert len(server.asked) == 1


def test_a_server_that_is_away_is_tried_thrice_and_missing() -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        url = f"http://127.0.0.1:{closed.getsockname()[1]}"
    slept: list[float] = []
    readings = PrometheusMetrics(Server(url, sleep=slept.append, random=lambda: 1.0)).range(a_query(1))
    assert [reading.reason for reading in readings if isinstance(reading, Missing)] == [
        "no connection to the metrics server: [Errno 111] Connection refused"
    ]
    assert slept == [1.0, 2.0]


@pytest.mark.parametrize("status", [429, 500, 503])
def test_a_busy_server_is_asked_again_after_full_jitter(server: Scripted, status: int) -> None:
    slept: list[float] = []
    server.answers = [Answer("", status, {"Retry-After": "3600"}), ONE]
    readings = metrics(server, sleep=slept.append, random=lambda: 0.25).range(a_query())
    assert all(isinstance(reading, Sample) for reading in readings)
    assert slept == [0.25]


def test_attempts_are_bounded_and_not_multiplied_by_the_library(server: Scripted) -> None:
    [reason] = reasons(server, in_json({"error": "query timed out"}, 503), attempts=3)
    assert reason == "the metrics server answered 503: query timed out"
    assert len(server.asked) == 3


def test_redirects_without_end_are_missing(server: Scripted) -> None:
    [reason] = reasons(server, Answer("", 302, {"Location": "/again"}))
    assert "redirects" in reason
    assert len(server.asked) == 4


def test_more_points_than_prometheus_gives_are_not_asked_for(server: Scripted) -> None:
    readings = metrics(server).range(a_query(11_001))
    assert len(readings) == 11_001
    assert {reading.reason for reading in readings if isinstance(reading, Missing)} == {
        "11001 points are asked for, and a range query gives at most 11000"
    }
    assert server.asked == []


def test_a_step_between_milliseconds_is_not_rounded(server: Scripted) -> None:
    [first, *_] = metrics(server).range(a_query(3, timedelta(microseconds=1500)))
    assert isinstance(first, Missing)
    assert "whole number of milliseconds" in first.reason


def test_a_query_without_instants_gives_nothing(server: Scripted) -> None:
    assert metrics(server).range(Query("prod", "up", START, START - 2 * MINUTE, MINUTE)) == ()
