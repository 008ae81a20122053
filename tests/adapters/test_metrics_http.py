"""Each provider against its API's documented shapes: what is sent, and what its answers are worth."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from gitops_bot.adapters.metrics_http import HttpMetrics, Server, datadog, dynatrace, json_endpoint, new_relic
from gitops_bot.adapters.metrics_http.provider import Ask
from gitops_bot.model import Missing, Query, Reading, Sample, or_zero
from tests.adapters.scripted import Answer, Scripted, in_json, scripted

START = datetime(2024, 5, 1, 12, 0, 0, tzinfo=UTC)
T0 = 1714564800
MINUTE = timedelta(minutes=1)
Numbers = Sequence[float | None]


def datadogs(numbers: Numbers, first: int) -> dict[str, Any]:
    """As POST /api/v2/query/timeseries answers: each window stamped with its beginning, one before the first."""
    times = [(first + 60 * (place - 2)) * 1000 for place in range(len(numbers) + 1)]
    series = [{"group_tags": [], "query_index": 0, "unit": None}]
    attributes = {"series": series, "times": times, "values": [[9.0, *numbers]]}
    return {"data": {"id": "0", "type": "timeseries_response", "attributes": attributes}}


def new_relics(numbers: Numbers, first: int) -> dict[str, Any]:
    """As NerdGraph answers a TIMESERIES."""
    ends = [first + 60 * place for place in range(len(numbers))]
    results = [
        {"beginTimeSeconds": end - 60.0, "endTimeSeconds": float(end), "count": number}
        for end, number in zip(ends, numbers, strict=True)
    ]
    return {"data": {"actor": {"account": {"nrql": {"results": results}}}}}


def dynatraces(numbers: Numbers, first: int) -> dict[str, Any]:
    """As GET /api/v2/metrics/query answers: each window stamped with its end, one before the first."""
    stamps = [(first + 60 * (place - 1)) * 1000 for place in range(len(numbers) + 1)]
    data = {"dimensions": [], "dimensionMap": {}, "timestamps": stamps, "values": [9.0, *numbers]}
    result = {"metricId": "m:sum", "dataPointCountRatio": 0.1, "dimensionCountRatio": 0.1, "data": [data]}
    return {"totalCount": 1, "nextPageKey": None, "resolution": "1m", "result": [result]}


def endpoints(numbers: Numbers, first: int) -> dict[str, Any]:
    return {"points": [[first + 60 * place, number] for place, number in enumerate(numbers)]}


@dataclass(frozen=True)
class Provider:
    ask: Ask
    answer: Callable[[Numbers, int], dict[str, Any]]
    empty: Mapping[str, Any]
    """The answer of a query that found nothing."""
    several: Callable[[dict[str, Any]], None]
    """Makes an answer one of two series."""
    refusal: Mapping[str, Any]
    """What a query that is wrong is answered, with status 200 or 400."""


def second_of_datadog(answer: dict[str, Any]) -> None:
    attributes = answer["data"]["attributes"]
    attributes["series"] = [{"group_tags": [f"host:{name}"], "query_index": 0} for name in ("a", "b")]
    attributes["values"] *= 2


def facets_of_new_relic(answer: dict[str, Any]) -> None:
    for one in answer["data"]["actor"]["account"]["nrql"]["results"]:
        one["facet"] = "a"


def second_of_dynatrace(answer: dict[str, Any]) -> None:
    answer["result"][0]["data"] *= 2


def second_of_endpoint(answer: dict[str, Any]) -> None:
    answer["points"] *= 2


EMPTY_NERDGRAPH: dict[str, Any] = {"data": {"actor": {"account": {"nrql": {"results": []}}}}}
EMPTY_DATADOG = {"data": {"type": "timeseries_response", "attributes": {"series": [], "times": [], "values": []}}}

PROVIDERS: Mapping[str, Provider] = {
    "datadog": Provider(
        datadog.ask, datadogs, EMPTY_DATADOG, second_of_datadog, {"errors": ["Error parsing query: unexpected }"]}
    ),
    "newRelic": Provider(
        new_relic.asking(42),
        new_relics,
        EMPTY_NERDGRAPH,
        facets_of_new_relic,
        {"data": {"actor": {"account": {"nrql": None}}}, "errors": [{"message": "NRQL Syntax Error: unexpected }"}]},
    ),
    "dynatrace": Provider(
        dynatrace.ask,
        dynatraces,
        {"totalCount": 0, "nextPageKey": None, "resolution": "1m", "result": [{"metricId": "m", "data": []}]},
        second_of_dynatrace,
        {"error": {"code": 400, "message": "The metric selector could not be parsed: unexpected }"}},
    ),
    "json": Provider(json_endpoint.ask, endpoints, {"points": []}, second_of_endpoint, {"error": "unexpected }"}),
}
EVERY = pytest.mark.parametrize("name", PROVIDERS)


@pytest.fixture
def server() -> Iterator[Scripted]:
    with scripted() as script:
        yield script


def query(count: int = 3, start: datetime = START, expression: str = "the query", step: timedelta = MINUTE) -> Query:
    return Query("prod", expression, start, start + (count - 1) * step, step)


def measured(script: Scripted, name: str, asked: Query | None = None, **settings: Any) -> tuple[Reading, ...]:
    settings = {"sleep": [].append, "random": lambda: 1.0, "attempts": 1, **settings}
    return HttpMetrics(Server(script.url, **settings), PROVIDERS[name].ask).range(asked or query())


def told(readings: Sequence[Reading]) -> list[float | str]:
    return [one.value if isinstance(one, Sample) else one.reason for one in readings]


def only(readings: Sequence[Reading]) -> str:
    (reason,) = {one.reason for one in readings if isinstance(one, Missing)}
    assert len([one for one in readings if isinstance(one, Missing)]) == len(readings)
    return reason


@EVERY
def test_each_instant_has_the_number_of_the_window_before_it(server: Scripted, name: str) -> None:
    server.answers = [in_json(PROVIDERS[name].answer([1.5, 0, 3], T0))]
    assert measured(server, name) == (
        Sample(1.5, START),
        Sample(0.0, START + MINUTE),
        Sample(3.0, START + 2 * MINUTE),
    )
    assert len(server.asked) == 1


@EVERY
def test_a_hole_is_missing_alone_and_zero_in_a_numerator(server: Scripted, name: str) -> None:
    server.answers = [in_json(PROVIDERS[name].answer([1, None, 3], T0))]
    assert told(measured(server, name)) == [1.0, "no data at this instant", 3.0]
    assert told(measured(server, name, query(expression=or_zero("the query")))) == [1.0, 0.0, 3.0]


@EVERY
def test_nothing_found_is_missing_and_zero_in_a_numerator(server: Scripted, name: str) -> None:
    server.answers = [in_json(PROVIDERS[name].empty)]
    assert only(measured(server, name)) == "the query found no data"
    assert told(measured(server, name, query(expression=or_zero("the query")))) == [0.0, 0.0, 0.0]


@EVERY
def test_the_query_is_sent_without_the_bots_promql(server: Scripted, name: str) -> None:
    server.answers = [in_json(PROVIDERS[name].empty)]
    measured(server, name, query(expression=or_zero("sum:errors{a:b}")))
    sent = f"{server.asked[0].query}{server.asked[0].body}"
    assert "sum:errors{a:b}" in sent
    assert "vector" not in sent


@EVERY
def test_several_series_where_one_is_meant_are_missing(server: Scripted, name: str) -> None:
    answer = copy.deepcopy(PROVIDERS[name].answer([1, 2, 3], T0))
    PROVIDERS[name].several(answer)
    server.answers = [in_json(answer)]
    readings = measured(server, name)
    assert "series" in only(readings) or "several points" in only(readings)


@EVERY
@pytest.mark.parametrize("status", [200, 400])
def test_a_query_that_is_wrong_is_told_in_the_servers_words(server: Scripted, name: str, status: int) -> None:
    server.answers = [in_json(PROVIDERS[name].refusal, status)]
    readings = measured(server, name)
    assert only(readings).endswith("unexpected }")
    assert [(one.answered, one.heard) for one in readings if isinstance(one, Missing)] == [(False, True)] * 3
    assert len(server.asked) == 1


@EVERY
@pytest.mark.parametrize("strange", ["NaN", "Infinity", "-Infinity"])
def test_what_is_not_finite_is_no_number(server: Scripted, name: str, strange: str) -> None:
    body = in_json(PROVIDERS[name].answer([123456.5, 2, 3], T0))
    server.answers = [Answer(body.body.replace("123456.5", strange), headers=body.headers)]
    first, *others = told(measured(server, name))
    assert str(first).startswith("the value is")
    assert others == [2.0, 3.0]


@EVERY
@pytest.mark.parametrize("strange", ['"0.5"', "true", "[]", "{}"])
def test_what_is_no_number_is_no_evidence(server: Scripted, name: str, strange: str) -> None:
    body = in_json(PROVIDERS[name].answer([123456.5, 2, 3], T0))
    server.answers = [Answer(body.body.replace("123456.5", strange), headers=body.headers)]
    assert not [one for one in measured(server, name) if isinstance(one, Sample)]


@EVERY
@pytest.mark.parametrize("body", ["[]", "3", "null", "{}", '{"data": 3}', '{"points": [[]]}', '{"result": [3]}'])
def test_another_shape_is_no_evidence(server: Scripted, name: str, body: str) -> None:
    server.answers = [Answer(body, headers={"Content-Type": "application/json"})]
    readings = measured(server, name)
    assert only(readings) == "the answer of the metrics server has another shape than its documentation says"
    assert not [one for one in readings if isinstance(one, Missing) and one.answered]


@EVERY
@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (Answer("<html>", headers={"Content-Type": "text/html"}), "the answer of the metrics server is not JSON"),
        (Answer('{"a"', headers={"Content-Type": "application/json"}), "the answer of the metrics server is not JSON"),
        (Answer("{}", 500), "the metrics server answered 500"),
        (Answer("{}", 403), "the metrics server refused the credentials (403)"),
        (Answer(silent=True), "the metrics server gave no answer within"),
        (Answer('{"a": 1', promised=900, headers={"Content-Type": "application/json"}), "the answer of the metrics"),
    ],
)
def test_trouble_is_missing_and_not_answered(server: Scripted, name: str, answer: Answer, reason: str) -> None:
    server.answers = [answer]
    readings = measured(server, name, timeout_s=0.1)
    assert only(readings).startswith(reason)
    assert not [one for one in readings if isinstance(one, Missing) and one.answered]


@EVERY
def test_a_busy_server_is_asked_again(server: Scripted, name: str) -> None:
    server.answers = [Answer("{}", 429), in_json(PROVIDERS[name].answer([1, 2, 3], T0))]
    assert told(measured(server, name, attempts=2)) == [1.0, 2.0, 3.0]


@EVERY
def test_numbers_of_other_instants_are_not_moved(server: Scripted, name: str) -> None:
    server.answers = [in_json(PROVIDERS[name].answer([1, 2, 3], T0 + 1801))]
    assert not [one for one in measured(server, name) if isinstance(one, Sample)]


@EVERY
def test_no_instants_ask_nothing_and_parts_of_seconds_are_refused(server: Scripted, name: str) -> None:
    assert measured(server, name, query(0)) == ()
    assert "whole seconds" in only(measured(server, name, query(step=timedelta(milliseconds=1500))))
    assert "11001 points" in only(measured(server, name, query(11_001)))
    assert server.asked == []


@pytest.mark.parametrize("name", ["datadog", "dynatrace"])
def test_windows_that_the_vendor_aligns_begin_early_and_never_late(server: Scripted, name: str) -> None:
    """The instants are 12:00:20, 12:01:20: their windows are those that ended at 12:00 and 12:01."""
    server.answers = [in_json(PROVIDERS[name].answer([1, 2, 3], T0))]
    assert told(measured(server, name, query(2, START + timedelta(seconds=20)))) == [1.0, 2.0]


@pytest.mark.parametrize("name", ["datadog", "dynatrace"])
def test_coarser_windows_than_asked_for_are_no_evidence(server: Scripted, name: str) -> None:
    answer = PROVIDERS[name].answer([1, 2, 3], T0)
    stamps = [(T0 + 300 * place) * 1000 for place in range(4)]
    if name == "datadog":
        answer["data"]["attributes"]["times"] = stamps
    else:
        answer["result"][0]["data"][0]["timestamps"] = stamps
    server.answers = [in_json(answer)]
    assert only(measured(server, name)) == "the server counts in steps of 300 s where 60 s are meant"


# ---------------------------------------------------------------- what is sent


def test_datadog_is_asked_for_a_formula_over_aligned_windows(server: Scripted) -> None:
    server.answers = [in_json(datadogs([1, 2, 3], T0))]
    measured(server, "datadog", query(start=START + timedelta(seconds=20)))
    asked = server.asked[0]
    assert asked.path == "/api/v2/query/timeseries"
    assert asked.body == {
        "data": {
            "type": "timeseries_request",
            "attributes": {
                "from": (T0 - 120) * 1000,
                "to": (T0 + 140) * 1000,
                "interval": 60_000,
                "queries": [{"data_source": "metrics", "name": "a", "query": "the query"}],
                "formulas": [{"formula": "a"}],
            },
        }
    }


def test_new_relic_is_asked_by_nerdgraph_in_windows_that_end_at_the_instants(server: Scripted) -> None:
    server.answers = [in_json(new_relics([1, 2, 3], T0 + 20))]
    asked = query(start=START + timedelta(seconds=20), expression="SELECT count(*) FROM Transaction WHERE v = 'v2'")
    assert told(measured(server, "newRelic", asked)) == [1.0, 2.0, 3.0]
    assert server.asked[0].path == "/graphql"
    assert server.asked[0].body["variables"] == {
        "account": 42,
        "timeout": 30,
        "nrql": "SELECT count(*) FROM Transaction WHERE v = 'v2' "
        f"SINCE {T0 - 40}000 UNTIL {T0 + 140}000 TIMESERIES 60 SECONDS",
    }


@pytest.mark.parametrize(
    "nrql",
    [
        "SELECT count(*) FROM T SINCE 1 hour ago",
        "SELECT count(*) FROM T until now",
        "SELECT count(*) FROM T TIMESERIES",
        "SELECT count(*) FROM T COMPARE  WITH 1 day ago",
        "SELECT count(*) FROM T -- remark",
        "SELECT count(*) FROM T /* remark",
        "SELECT count(*) FROM T // remark",
        "SELECT count(*) FROM T WHERE a = 'b",
    ],
)
def test_nrql_that_could_change_the_times_is_not_sent(server: Scripted, nrql: str) -> None:
    assert only(measured(server, "newRelic", query(expression=nrql))).startswith("the query must not hold")
    assert server.asked == []


def test_the_words_of_nrql_may_stand_in_its_strings(server: Scripted) -> None:
    server.answers = [in_json(new_relics([1, 2, 3], T0))]
    asked = query(expression="SELECT count(*) FROM T WHERE a = 'since -- //' AND `until` = \"timeseries\"")
    assert told(measured(server, "newRelic", asked)) == [1.0, 2.0, 3.0]


def test_a_percentile_of_new_relic_is_one_number_and_two_are_none(server: Scripted) -> None:
    answer = new_relics([1, 2, 3], T0)
    for one in answer["data"]["actor"]["account"]["nrql"]["results"]:
        one["percentile.duration"] = {"95": one.pop("count") / 10}
    server.answers = [in_json(answer)]
    assert told(measured(server, "newRelic")) == pytest.approx([0.1, 0.2, 0.3])
    for one in answer["data"]["actor"]["account"]["nrql"]["results"]:
        one["percentile.duration"]["99"] = 1
    server.answers = [in_json(answer)]
    assert only(measured(server, "newRelic")) == "the query selects 2 values where one is meant"


def test_new_relic_gives_no_more_than_366_windows(server: Scripted) -> None:
    assert only(measured(server, "newRelic", query(367))).startswith("367 windows are asked for")


def test_dynatrace_is_asked_in_whole_minutes(server: Scripted) -> None:
    server.answers = [in_json(dynatraces([1, 2, 3], T0))]
    measured(server, "dynatrace", query(start=START + timedelta(seconds=20)))
    assert server.asked[0].path == "/api/v2/metrics/query"
    assert server.asked[0].query == {
        "metricSelector": "the query",
        "from": f"{T0 - 120}000",
        "to": f"{T0 + 140}000",
        "resolution": "1m",
    }
    assert "whole minutes" in only(measured(server, "dynatrace", query(step=timedelta(seconds=90))))


@pytest.mark.parametrize("inside", [True, False])
def test_dynatraces_warnings_and_further_pages_make_an_answer_no_evidence(server: Scripted, inside: bool) -> None:
    answer = dynatraces([1, 2, 3], T0)
    (answer["result"][0] if inside else answer)["warnings"] = ["The field was ignored"]
    server.answers = [in_json(answer)]
    assert only(measured(server, "dynatrace")) == ("the metrics server warns of its own answer: The field was ignored")
    server.answers = [in_json(dynatraces([1, 2, 3], T0) | {"nextPageKey": "AQAAABQ"})]
    assert only(measured(server, "dynatrace")).startswith("the answer has more pages")


def test_a_json_endpoint_is_asked_for_the_ends_of_the_windows(server: Scripted) -> None:
    server.answers = [in_json(endpoints([1, 2, 3], T0) | {"warnings": []})]
    assert told(measured(server, "json")) == [1.0, 2.0, 3.0]
    assert server.asked[0].path == "/"
    assert server.asked[0].query == {
        "query": "the query",
        "start": str(T0),
        "end": str(T0 + 120),
        "step": "60",
    }
    server.answers = [in_json(endpoints([1, 2, 3], T0) | {"warnings": ["half of it"]})]
    assert only(measured(server, "json")) == "the metrics server warns of its own answer: half of it"
