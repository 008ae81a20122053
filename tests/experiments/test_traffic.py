"""The candidate's share by the names that a policy gives, where the names themselves do not tell who is who."""

from __future__ import annotations

from typing import Any

import pytest

from gitops_bot.experiments import traffic
from gitops_bot.experiments.traffic import Names
from gitops_bot.model import Phase
from tests.experiments.objects import among, deployment


def virtual_service(*routes: dict[str, Any]) -> dict[str, Any]:
    return {"metadata": {"namespace": "shop", "name": "cart", "generation": 1}, "spec": {"http": list(routes)}}


def route(match: list[dict[str, Any]] | None = None, **weights: int) -> dict[str, Any]:
    """Subsets of one host; `_` stands for no subset."""
    targets = [{"destination": {"host": "cart", "subset": name}, "weight": weight} for name, weight in weights.items()]
    return {"route": targets, **({"match": match} if match else {})}


BLUE = Names("blue", "green")
CHOSEN = [{"headers": {"x-trial": {"exact": "yes"}}}]


@pytest.mark.parametrize(
    ("routes", "names", "weight"),
    [
        ([route(blue=80, green=20)], BLUE, 20),
        ([route(green=20, blue=80)], Names("green", "blue"), 80),
        ([route(blue=1, green=1, other=2)], BLUE, 25),
        ([route(green=1)], BLUE, 100),
        ([route(blue=1)], BLUE, 0),
        ([route(CHOSEN, green=1), route(blue=90, green=10)], BLUE, 10),
        ([route(blue=90, green=10), route(elsewhere=50, there=50)], BLUE, 10),
    ],
)
def test_a_route_is_read_by_the_names_of_the_policy(routes: list[dict[str, Any]], names: Names, weight: float) -> None:
    found = traffic.read("VirtualService", virtual_service(*routes), among(), names)
    assert (found.phase, found.weight) == (Phase.NONE, weight)


def test_routes_that_disagree_and_names_that_do_not_occur_leave_it_open() -> None:
    torn = virtual_service(route(blue=90, green=10), route(blue=50, green=50))
    assert traffic.read("VirtualService", torn, among(), BLUE).phase is Phase.UNKNOWN
    strange = traffic.read("VirtualService", virtual_service(route(blue=1, green=1)), among(), Names("old", "new"))
    assert (strange.phase, strange.weight, strange.reason) == (
        Phase.UNKNOWN,
        None,
        "no route of it goes to old and new",
    )


def test_a_route_that_a_gateway_has_not_seen_stays_unknown() -> None:
    backends = [{"name": "blue", "weight": 90}, {"name": "green", "weight": 10}]
    unseen = {"metadata": {"namespace": "shop", "name": "cart"}, "spec": {"rules": [{"backendRefs": backends}]}}
    found = traffic.read("HTTPRoute", unseen, among(), BLUE)
    assert (found.phase, found.reason) == (Phase.UNKNOWN, "no gateway has answered yet")


def test_a_pair_of_deployments_is_what_the_policy_says_whatever_they_are_called() -> None:
    old, new = deployment(name="alpha"), deployment(name="omega", availableReplicas=1, updatedReplicas=1, replicas=1)
    new["spec"]["replicas"] = 1
    found = traffic.read("DeploymentPair", new, among(old, new), Names("alpha"))
    assert (found.phase, found.weight, found.baseline_name) == (Phase.NONE, 25, "alpha")
    assert traffic.read("DeploymentPair", new, among(new), Names("alpha")).phase is Phase.UNKNOWN
