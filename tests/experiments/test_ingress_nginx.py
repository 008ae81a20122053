"""ingress-nginx: annotations are text, and the canary is the second of two."""

from __future__ import annotations

import pytest

from gitops_bot.experiments.ingress_nginx import read
from gitops_bot.model import Phase
from tests.experiments.samples import Json, alone, having, holding, sample

NGINX = "nginx.ingress.kubernetes.io"


def main() -> Json:
    return sample("ingress-nginx/promoted.yaml", 0)


def canary(**annotations: object) -> Json:
    named = {
        f"{NGINX}/canary{'-' if name else ''}{name.replace('_', '-')}": value for name, value in annotations.items()
    }
    return having(sample("ingress-nginx/promoted.yaml", 1), "metadata.annotations", named)


def on(**annotations: object) -> Json:
    return canary(**{"": "true", **annotations})


@pytest.mark.parametrize(
    ("annotations", "phase", "weight"),
    [
        ({"weight": "20"}, Phase.NONE, 20),
        ({"weight": "20", "weight_total": "1000"}, Phase.NONE, 2),
        ({"weight": "1", "weight_total": "3"}, Phase.NONE, 33.33),
        ({"weight": "120"}, Phase.NONE, 100),
        ({}, Phase.NONE, 0),
        ({"by_cookie": "insider"}, Phase.NONE, 0),
        ({"by_header": "x-canary", "weight": "5"}, Phase.NONE, 5),
        ({"weight": "20%"}, Phase.UNKNOWN, None),
        ({"weight": "-1"}, Phase.UNKNOWN, None),
        ({"weight": "20", "weight_total": "0"}, Phase.UNKNOWN, None),
        ({"weight": "20", "weight_total": "all"}, Phase.UNKNOWN, None),
    ],
)
def test_the_weight_is_the_annotations_share_of_its_total(
    annotations: dict[str, object], phase: Phase, weight: float | None
) -> None:
    status = read(on(**annotations), holding("Ingress", main()), None)
    assert (status.phase, status.weight) == (phase, weight)


@pytest.mark.parametrize(
    ("switch", "phase"),
    [
        ("true", Phase.NONE),
        ("True", Phase.NONE),
        ("1", Phase.NONE),
        ("false", Phase.ERROR),
        ("0", Phase.ERROR),
        ("yes", Phase.UNKNOWN),
        (True, Phase.ERROR),
    ],
)
def test_a_canary_that_is_not_switched_on_competes_with_the_main_one(switch: object, phase: Phase) -> None:
    assert read(canary(**{"": switch, "weight": "20"}), alone(), None).phase is phase
    assert read(canary(weight="20"), alone(), None).phase is Phase.ERROR


def test_either_of_the_two_gives_the_same_reading() -> None:
    first, second = main(), having(on(weight="20"), "metadata.name", "cart-canary")
    around = holding("Ingress", first, second)
    told = [read(first, around, None), read(second, around, None)]
    assert [(one.weight, one.baseline_name, one.candidate_name) for one in told] == [
        (20, "cart-stable", "cart-candidate")
    ] * 2


def test_a_canary_for_another_host_is_nobodys() -> None:
    foreign = having(on(weight="20"), "spec.rules.0.host", "other.example")
    status = read(main(), holding("Ingress", foreign), None)
    assert (status.phase, status.weight, status.candidate_name) == (Phase.NONE, None, "")
