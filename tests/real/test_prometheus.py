"""PrometheusMetrics against a real Prometheus: instants, counters, histograms, and all that is no number."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from gitops_bot.adapters.metrics_http import Server
from gitops_bot.adapters.prometheus import PrometheusMetrics
from gitops_bot.model import Missing, Query, Reading, Sample
from tests.support.servers.prometheus import Prometheus

T0 = 1_714_564_800
START = datetime.fromtimestamp(T0, UTC)
SCRAPE_S = 15
SCRAPES = range(0, 1801, SCRAPE_S)
"""Seconds after the start, half an hour of them."""


def openmetrics() -> str:
    """A clock, a counter of two a second, a histogram of one request a second of which 9 in 10 are fast, two pods."""
    clock = [f"clock {T0 + at} {T0 + at}" for at in SCRAPES]
    counter = [f"requests_total {2 * at} {T0 + at}" for at in SCRAPES]
    buckets = [
        f'latency_bucket{{le="{le}"}} {share * at} {T0 + at}'
        for le, share in (("0.1", 0.9), ("0.5", 1), ("+Inf", 1))
        for at in SCRAPES
    ]
    pods = [f'pod_up{{pod="{pod}"}} 1 {T0 + at}' for pod in ("a", "b") for at in SCRAPES]
    lines = ["# TYPE clock gauge", *clock, "# TYPE requests counter", *counter, "# TYPE latency histogram", *buckets]
    return "\n".join([*lines, "# TYPE pod_up gauge", *pods, "# EOF", ""])


@pytest.fixture(scope="module")
def prometheus(prometheus_binaries: tuple[Path, Path]) -> Iterator[Prometheus]:
    with Prometheus(openmetrics()) as server:
        yield server


def asked(
    server: Prometheus, expression: str, first_s: float = 600, last_s: float = 900, step_s: float = 60
) -> tuple[Reading, ...]:
    first, last = (START + timedelta(seconds=each) for each in (first_s, last_s))
    metrics = PrometheusMetrics(Server(server.url, attempts=1))
    return metrics.range(Query("prod", expression, first, last, timedelta(seconds=step_s)))


def numbers(readings: tuple[Reading, ...]) -> list[float]:
    assert all(isinstance(reading, Sample) for reading in readings), readings
    return [reading.value for reading in readings if isinstance(reading, Sample)]


def reasons(readings: tuple[Reading, ...]) -> set[str]:
    assert all(isinstance(reading, Missing) for reading in readings), readings
    return {reading.reason for reading in readings if isinstance(reading, Missing)}


def test_prometheus_evaluates_at_exactly_the_instants(prometheus: Prometheus) -> None:
    readings = asked(prometheus, "time() + 0 * clock")
    assert numbers(readings) == [T0 + 600 + 60 * k for k in range(6)]
    assert [reading.at for reading in readings] == [START + timedelta(seconds=600 + 60 * k) for k in range(6)]


@pytest.mark.parametrize(("first_s", "step_s"), [(600.123, 60), (607.5, 1.001), (600.999, 0.029), (601, 12.345)])
def test_instants_are_exact_to_the_millisecond(prometheus: Prometheus, first_s: float, step_s: float) -> None:
    readings = asked(prometheus, "time() + 0 * clock", first_s, first_s + 5 * step_s + 0.0001, step_s)
    assert numbers(readings) == pytest.approx([T0 + first_s + step_s * k for k in range(6)], abs=1e-6, rel=0)


def test_the_value_at_an_instant_is_the_last_one_scraped(prometheus: Prometheus) -> None:
    assert numbers(asked(prometheus, "clock", 614.999, 615.001, 0.001)) == [T0 + 600, T0 + 615, T0 + 615]


def test_increase_and_rate_of_a_counter(prometheus: Prometheus) -> None:
    assert numbers(asked(prometheus, "increase(requests_total[5m])")) == pytest.approx([600.0] * 6)
    assert numbers(asked(prometheus, "sum(rate(requests_total[1m]))")) == pytest.approx([2.0] * 6)


def test_histogram_quantile(prometheus: Prometheus) -> None:
    quantile = "histogram_quantile(0.95, sum by (le) (rate(latency_bucket[5m])))"
    assert numbers(asked(prometheus, quantile)) == pytest.approx([0.3] * 6)


def test_an_unknown_name_finds_no_data(prometheus: Prometheus) -> None:
    [reason] = reasons(asked(prometheus, "no_such_metric"))
    assert reason.startswith("the metric name no_such_metric is unknown here")


def test_nothing_by_nothing_is_no_number(prometheus: Prometheus) -> None:
    assert reasons(asked(prometheus, "(0 * clock) / (0 * clock)")) == {
        "the value is NaN: nothing by nothing, as of series at zero"
    }


def test_instants_after_the_data_are_missing_alone(prometheus: Prometheus) -> None:
    readings = asked(prometheus, "clock", 1740, 2400, 60)
    present = [isinstance(reading, Sample) for reading in readings]
    assert present[0]
    assert not present[-1]
    assert present == sorted(present, reverse=True)


def test_two_pods_where_one_series_is_meant(prometheus: Prometheus) -> None:
    [reason] = reasons(asked(prometheus, "pod_up"))
    assert reason.startswith("the query gives 2 series where one is meant: {")
    assert '"pod": "a"' in reason
    assert '"pod": "b"' in reason


def test_a_parse_error_in_the_words_of_prometheus(prometheus: Prometheus) -> None:
    [reason] = reasons(asked(prometheus, "sum(rate(requests_total[5m])"))
    assert reason.startswith("the metrics server answered 400: ")
    assert "parse error: unclosed left parenthesis" in reason


def test_an_execution_error_is_missing(prometheus: Prometheus) -> None:
    [reason] = reasons(asked(prometheus, "clock * on () pod_up"))
    assert "many-to-many" in reason or "multiple matches" in reason


def test_11000_points_are_given_and_not_one_more(prometheus: Prometheus) -> None:
    most = asked(prometheus, "clock", 600, 600 + 10_999 * 0.1, 0.1)
    assert len(numbers(most)) == 11_000
    [reason] = reasons(asked(prometheus, "clock", 600, 600 + 11_000 * 0.1, 0.1))
    assert "11001 points" in reason


def test_a_server_that_stopped_is_missing(prometheus_binaries: tuple[Path, Path]) -> None:
    with Prometheus(openmetrics()) as server:
        assert numbers(asked(server, "clock", 600, 600)) == [T0 + 600]
        server.stop()
        assert reasons(asked(server, "clock")) == {
            "no connection to the metrics server: [Errno 111] Connection refused"
        }


def test_wrong_credentials_are_missing(prometheus_binaries: tuple[Path, Path]) -> None:
    users = "basic_auth_users:\n  reader: $2b$04$soHIvQm5i1ZNqnQM6BPmAesghDRnQMz/.QrsrtAHzrHe6kNcpYczK\n"
    with Prometheus(openmetrics(), web_config=users) as server:
        [reason] = reasons(asked(server, "clock"))
        assert reason == "the metrics server refused the credentials (401): Unauthorized"
        query = Query("prod", "clock", START, START, timedelta(minutes=1))
        named = PrometheusMetrics(Server(server.url, headers={"Authorization": "Basic cmVhZGVyOnNlY3JldA=="}))
        assert named.range(query) == (Sample(T0, START),)


def test_a_sample_from_long_before_an_instant_is_stale(prometheus: Prometheus) -> None:
    readings = asked(prometheus, "clock", 1740, 2040, 60)
    stale = [one.at > START + timedelta(seconds=1890) for one in readings]
    assert [isinstance(one, Missing) for one in readings] == stale
