"""Readings and verdicts of a back-filled Prometheus equal those of the recorded series; trouble is no verdict."""

from __future__ import annotations

import json
import urllib.parse
import urllib.request
from collections.abc import Iterator, Mapping
from datetime import timedelta
from itertools import accumulate
from pathlib import Path
from typing import Any

import pytest

from gitops_bot.adapters.metrics_http import Server
from gitops_bot.adapters.prometheus import PrometheusMetrics
from gitops_bot.adapters.recorded import RecordedMetrics
from gitops_bot.analysis import ask, verdict
from gitops_bot.model import Missing, Outcome, Query, Reading, Sample, Series
from gitops_bot.policy.schema import PromotionPolicy
from tests.adapters.scripted import Answer, Scripted, scripted
from tests.support.build import START, at, ladder, trial
from tests.support.servers.process import fetch
from tests.support.servers.prometheus import Prometheus

SCRAPES = 4
"""A minute."""
MINUTES = 12
NOW = at(10.5)
Minutes = tuple[int, ...]
FAILED: Mapping[str, Minutes] = {
    "sound": (0, 4, 0, 0, 4, 0, 0, 0, 4, 0, 0, 0),
    "broken": (0, 4, 0, 0, 40, 48, 40, 48, 44, 40, 44, 48),
}
"""Of the candidate's requests in each minute, by workload."""
SERVED = 400
"""Requests a minute, failed ones among them."""


def counter(workload: str, code: str, minutes: Minutes) -> list[str]:
    """A counter's samples, four a minute, that rise evenly within each."""
    labels = f'reporter="destination",destination_workload_namespace="shop",destination_workload="{workload}"'
    steps = [each // SCRAPES for each in minutes for _ in range(SCRAPES)]
    begin = int(START.timestamp())
    return [
        f'istio_requests_total{{{labels},response_code="{code}"}} {value} {begin + 15 * number}'
        for number, value in enumerate(accumulate(steps, initial=0))
    ]


def openmetrics() -> str:
    lines = ["# TYPE istio_requests counter"]
    for workload, bad in FAILED.items():
        lines += counter(workload, "200", tuple(SERVED - each for each in bad))
        lines += counter(workload, "503", bad)
    lines += counter("quiet", "200", (0,) * MINUTES)
    lines += counter("gone", "200", (400, 400))
    return "\n".join([*lines, "# EOF", ""])


@pytest.fixture(scope="module")
def prometheus(prometheus_binaries: tuple[Path, Path]) -> Iterator[Prometheus]:
    with Prometheus(openmetrics()) as server:
        yield server


def policy(workload: str, **analysis: Any) -> PromotionPolicy:
    builtin = {"istio": "request-error-ratio", "namespace": "shop", "workload": workload}
    metric = {"name": "errors", "builtin": builtin, "max": "5%", "failureLimit": 3}
    return ladder(analysis={"interval": "1m", "bake": "10m", "metrics": [metric], **analysis})


def asked(chosen: PromotionPolicy) -> tuple[Query, ...]:
    return ask(chosen, trial(), NOW)


def measured(url: str, queries: tuple[Query, ...], **settings: Any) -> Series:
    return PrometheusMetrics(Server(url, attempts=1, **settings)).ranges(queries)


def outcome(chosen: PromotionPolicy, series: Series) -> tuple[Outcome, str]:
    said = verdict(chosen, None, trial(), {}, series, NOW)
    return said.outcome, said.because


def recorded(folder: Path, workload: str, queries: tuple[Query, ...]) -> Series:
    """What was back-filled, as a recording: the numbers themselves, by minute."""
    file = folder / "metrics.json"
    bad, total = FAILED[workload], (SERVED,) * MINUTES
    series = [
        {
            "query": query.expression,
            "every": 60,
            "points": [
                [at(minute + 1).timestamp(), value]
                for minute, value in enumerate(bad if query.counts_absence else total)
            ],
        }
        for query in queries
    ]
    file.write_text(json.dumps({"series": series}))
    metrics = RecordedMetrics(file)
    return {query: metrics.range(query) for query in queries}


def numbers(readings: tuple[Reading, ...]) -> list[float]:
    assert all(isinstance(one, Sample) for one in readings), readings
    return [one.value for one in readings if isinstance(one, Sample)]


@pytest.mark.parametrize(("workload", "expected"), [("sound", Outcome.PASS), ("broken", Outcome.FAIL)])
def test_readings_and_verdict_equal_those_of_the_recorded_series(
    prometheus: Prometheus, tmp_path: Path, workload: str, expected: Outcome
) -> None:
    chosen = policy(workload)
    queries = asked(chosen)
    real, told = measured(prometheus.url, queries), recorded(tmp_path, workload, queries)
    assert len(queries) >= 2
    for query in queries:
        assert [one.at for one in real[query]] == [one.at for one in told[query]]
        assert numbers(real[query]) == pytest.approx(numbers(told[query]), abs=1e-6)
    assert outcome(chosen, real) == outcome(chosen, told)
    assert outcome(chosen, real)[0] is expected


def test_a_batch_gives_the_readings_that_each_query_gives(prometheus: Prometheus) -> None:
    queries = tuple(query for workload in ("sound", "broken", "quiet", "absent") for query in asked(policy(workload)))
    metrics = PrometheusMetrics(Server(prometheus.url))
    assert metrics.ranges(queries) == {query: metrics.range(query) for query in queries}


def of(expression: str, minutes: int = 9) -> Query:
    return Query("prod", expression, at(1), at(1 + minutes), timedelta(minutes=1))


SPOOF = 'vector(7),"gitops_bot_query","1","","") or label_replace(vector(7)'


def test_bad_queries_in_a_batch_harm_nobody(prometheus: Prometheus) -> None:
    good = of('sum(increase(istio_requests_total{destination_workload="sound"}[1m])) # all of them')
    bad = [
        of("sum("),
        of("1 +"),
        of("up * on () istio_requests_total"),
        of(SPOOF),
        of("vector(1)) or (vector(2)"),
        of("3"),
    ]
    answers = PrometheusMetrics(Server(prometheus.url)).ranges([bad[0], bad[1], good, *bad[2:]])
    assert numbers(answers[good]) == pytest.approx([SERVED] * 10)
    for query in bad[:2]:
        assert not [one for one in answers[query] if isinstance(one, Sample) or one.answered or not one.heard]


def reason(prometheus: Prometheus, expression: str, first: float = 1) -> str:
    query = Query("prod", expression, at(first), at(first + 3), timedelta(minutes=1))
    readings = PrometheusMetrics(Server(prometheus.url)).range(query)
    (told,) = {one.reason for one in readings if isinstance(one, Missing)}
    return told


def test_an_unknown_name_wrong_labels_and_series_that_went_are_told_apart(prometheus: Prometheus) -> None:
    assert reason(prometheus, "sum(increase(istio_request_total[1m]))").startswith(
        "the metric name istio_request_total is unknown here: check that it is injected and scraped"
    )
    assert reason(prometheus, 'sum(increase(istio_requests_total{app="x"}[1m]))') == (
        'no series fits istio_requests_total{app="x"}: the name is known here, so check the labels'
    )
    gone = 'sum(increase(istio_requests_total{destination_workload="gone"}[1m]))'
    assert "are gone: there were some within a day" in reason(prometheus, gone, first=8)
    assert "too few samples" in reason(prometheus, 'increase(istio_requests_total{destination_workload="quiet"}[1s])')


def test_series_at_zero_are_numbers_and_no_traffic_is_no_verdict(prometheus: Prometheus) -> None:
    chosen = policy("quiet")
    series = measured(prometheus.url, asked(chosen))
    assert {value for readings in series.values() for value in numbers(readings)} == {0.0}
    found, because = outcome(chosen, series)
    assert found is Outcome.UNKNOWN
    assert "no traffic" in because


def test_a_series_that_stops_is_told_from_one_that_is_at_zero(prometheus: Prometheus) -> None:
    readings = measured(
        prometheus.url, (query := of('sum(increase(istio_requests_total{destination_workload="gone"}[1m]))'),)
    )
    first, *_, last = readings[query]
    assert first == Sample(400.0, at(1))
    assert isinstance(last, Missing)
    assert last.reason.startswith("the series is gone: its last number was at 12:02")


def real_answer(prometheus: Prometheus, query: Query) -> str:
    params = {"query": query.expression, "start": query.start.timestamp(), "end": query.end.timestamp(), "step": "60"}
    request = urllib.request.Request(f"{prometheus.url}/api/v1/query_range?{urllib.parse.urlencode(params)}")
    return fetch(request, timeout_s=5).decode()


def trouble(script: Scripted, kind: str, body: str) -> None:
    script.answers = {
        "slow": [Answer(silent=True)],
        "truncated": [Answer(body[: len(body) // 2])],
        "broken off": [Answer(body[: len(body) // 2], promised=len(body))],
        "erroring": [Answer('{"status": "error", "error": "query processing would load too many samples"}', 422)],
        "overloaded": [Answer("", 503)],
        "half": [Answer(body.replace('"status":"success"', '"status":"success","warnings":["a store is away"]'))],
        "not Prometheus": [Answer("<html>log in</html>")],
    }[kind]


@pytest.mark.parametrize(
    "kind", ["slow", "truncated", "broken off", "erroring", "overloaded", "half", "not Prometheus", "killed"]
)
def test_trouble_is_unknown_and_never_a_rollback(prometheus: Prometheus, kind: str) -> None:
    chosen = policy("broken", deadline="10m", onDeadline="rollback")
    queries = asked(chosen)
    with scripted() as script:
        if kind != "killed":
            trouble(script, kind, real_answer(prometheus, queries[0]))
        url = "http://127.0.0.1:9" if kind == "killed" else script.url
        series = measured(url, queries, timeout_s=0.2)
    found, because = outcome(chosen, series)
    assert found is Outcome.UNKNOWN, because
    assert not [one for readings in series.values() for one in readings if isinstance(one, Sample) or one.answered]


def test_a_server_that_is_killed_between_two_looks_is_unknown(prometheus_binaries: tuple[Path, Path]) -> None:
    chosen = policy("broken", deadline="10m", onDeadline="rollback")
    queries = asked(chosen)
    with Prometheus(openmetrics()) as server:
        metrics = PrometheusMetrics(Server(server.url, attempts=1))
        assert outcome(chosen, metrics.ranges(queries))[0] is Outcome.FAIL
        server.stop()
        assert outcome(chosen, metrics.ranges(queries))[0] is Outcome.UNKNOWN
