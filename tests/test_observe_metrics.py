"""What a policy asks of the metrics: together where a server can, and without one policy's faults silencing others."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, cast

import pytest

from gitops_bot.adapters.metrics_http import Server
from gitops_bot.adapters.prometheus import PrometheusMetrics
from gitops_bot.model import Facts, Missing, Sample
from gitops_bot.observe.metrics import series
from gitops_bot.observe.sight import Sight, Site
from gitops_bot.policy.schema import PromotionPolicy
from gitops_bot.ports import EnvironmentRepo, Forge
from tests.adapters.scripted import Answer, Scripted, in_json, scripted
from tests.edits.trees import Files
from tests.support.build import at, history, ladder, slots

NOW = at(3.5)
FILE = "stable: cart:v1\ncandidate: cart:v2\nweight: 5\n"
REFUSED = in_json({"status": "error", "error": "parse error"}, 400)
EMPTY = in_json({"status": "success", "data": {"resultType": "matrix", "result": []}})


def policy(*queries: str) -> PromotionPolicy:
    edits: list[Any] = [
        {"yaml": {"file": "all.yaml", "path": path}, "set": slot}
        for path, slot in (("stable", "stableVersion"), ("candidate", "candidateVersion"), ("weight", "weight"))
    ]
    metrics = [{"name": f"m{place}", "query": text, "max": 1} for place, text in enumerate(queries)]
    return ladder(edits=edits, analysis={"metrics": metrics})


def facts() -> Facts:
    tree = Files({"all.yaml": FILE.encode()})
    told = history((0, slots("v1", "v2", 5)))
    return Facts(NOW, "main", tree, told, {}, (), {}, (), "bot <bot@example.com>")


@pytest.fixture
def server() -> Iterator[Scripted]:
    with scripted() as script:
        yield script


def sight(server: Scripted) -> Sight:
    metrics = {"prom": PrometheusMetrics(Server(server.url, attempts=1))}
    nobody = cast("Any", None)
    repo, forge = cast("EnvironmentRepo", nobody), cast("Forge", nobody)
    return Sight(Site("env", "main", repo, forge, {}, metrics, {"default": "prom"}, "bot"), NOW, {}, ())


def test_all_metrics_of_a_policy_are_one_request(server: Scripted) -> None:
    server.answers = [EMPTY]
    asked = series(sight(server), policy("rate(a[1m])", "rate(b[1m])", "rate(c[1m])"), facts())
    assert len(asked) == 3
    assert all(text in server.asked[0].query["query"] for text in ("rate(a[1m])", "rate(b[1m])", "rate(c[1m])"))


def test_queries_that_are_wrong_do_not_silence_the_server_for_other_policies(server: Scripted) -> None:
    shared = sight(server)
    server.answers = [REFUSED]
    for number in range(5):
        wrong = series(shared, policy(f"rate(wrong{number}"), facts())
        assert {one.reason for readings in wrong.values() for one in readings if isinstance(one, Missing)} == {
            "the metrics server answered 400: parse error"
        }
    points = [[at(minute).timestamp(), "0.5"] for minute in (1, 2, 3)]
    found = {"resultType": "matrix", "result": [{"metric": {}, "values": points}]}
    server.answers = [in_json({"status": "success", "data": found})]
    right = series(shared, policy("rate(right[1m])"), facts())
    assert [one for readings in right.values() for one in readings] == [Sample(0.5, at(one)) for one in (1, 2, 3)]


def test_a_server_that_says_nothing_is_left_alone_for_the_rest_of_the_tick(server: Scripted) -> None:
    shared = sight(server)
    server.answers = [Answer("", 502)]
    for number in range(5):
        series(shared, policy(f"rate(a{number}[1m])"), facts())
    assert len(server.asked) == 3
