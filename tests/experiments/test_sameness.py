"""Whether a live object is what git says."""

from __future__ import annotations

from typing import Any

import pytest

from gitops_bot.experiments.sameness import difference

GIT = {
    "apiVersion": "apps/v1",
    "kind": "Deployment",
    "metadata": {"name": "shop", "labels": {"app": "shop"}},
    "spec": {
        "replicas": 2,
        "template": {"spec": {"containers": [{"name": "app", "image": "shop:2", "resources": {"limits": {"cpu": 1}}}]}},
    },
}


def live(replicas: Any = 2, image: str = "shop:2", cpu: Any = "1", **labels: str) -> dict[str, Any]:
    proxy = {"name": "istio-proxy", "image": "proxy:1"}
    app = {"name": "app", "image": image, "imagePullPolicy": "Always", "resources": {"limits": {"cpu": cpu}}}
    return {
        "metadata": {"name": "shop", "uid": "1", "labels": {"app": "shop", "more": "yes", **labels}},
        "spec": {"replicas": replicas, "paused": False, "template": {"spec": {"containers": [proxy, app]}}},
        "status": {"readyReplicas": 0},
    }


@pytest.mark.parametrize("found", [live(), live(cpu="1000m"), live(cpu=1)])
def test_what_git_does_not_name_may_be_anything(found: dict[str, Any]) -> None:
    assert difference(GIT, found) == ""


@pytest.mark.parametrize(
    ("found", "said"),
    [
        (live(replicas=3), "spec.replicas is 3 in the cluster, 2 in git"),
        (live(image="shop:1"), "spec.template.spec.containers[app].image is shop:1 in the cluster, shop:2 in git"),
        (live(app="other"), "metadata.labels.app is other in the cluster, shop in git"),
        ({}, "spec.replicas is not set in the cluster, 2 in git"),
        ({"spec": []}, "spec.replicas is not set in the cluster, 2 in git"),
    ],
)
def test_the_first_difference_is_named(found: dict[str, Any], said: str) -> None:
    assert difference(GIT, found) == said


@pytest.mark.parametrize(
    ("wanted", "found", "same"),
    [
        ({"hosts": ["a", "b"]}, {"hosts": ["a", "b"]}, True),
        ({"hosts": ["a", "b"]}, {"hosts": ["a"]}, False),
        ({"hosts": ["a", "b"]}, {"hosts": ["b", "a"]}, False),
        ({"route": [{"weight": 90}, {"weight": 10}]}, {"route": [{"weight": 90}, {"weight": 10}]}, True),
        ({"route": [{"weight": 90}, {"weight": 10}]}, {"route": [{"weight": 95}, {"weight": 5}]}, False),
        ({"weight": 0, "paused": False, "note": ""}, {}, True),
        ({"weight": 5}, {}, False),
        ({"on": True}, {"on": 1}, False),
        ({"$patch": "replace", "a": 1}, {"a": 1}, True),
        ({"a": {"$retainKeys": ["b"], "b": 1}}, {"a": {"b": 1}}, True),
    ],
)
def test_values_lists_and_defaults(wanted: dict[str, Any], found: dict[str, Any], same: bool) -> None:
    assert (difference({"spec": wanted}, {"spec": found}) == "") is same
