"""Objects of clusters, as short as their readers allow."""

from __future__ import annotations

from typing import Any

from gitops_bot.experiments import Lookup, Resource

HOUR = "2026-03-02T{:02d}:00:00Z"


def template(image: str, *others: str) -> dict[str, Any]:
    """A pod template whose containers are app, sidecar0, sidecar1, …"""
    names = ["app", *(f"sidecar{index}" for index in range(len(others)))]
    containers = [{"name": name, "image": one} for name, one in zip(names, (image, *others), strict=True)]
    return {"template": {"spec": {"containers": containers}}}


def written(*entries: tuple[int, str], subresource: str = "") -> list[dict[str, Any]]:
    """Managed fields: at an hour, a manager wrote a field of the spec."""
    return [
        {
            "manager": f"m{hour}",
            "time": HOUR.format(hour),
            "fieldsV1": {"f:spec": {f"f:{field}": {}}},
            "subresource": subresource,
        }
        for hour, field in entries
    ]


def deployment(image: str = "cart:v2", *, name: str = "cart", hour: int = 10, **status: Any) -> dict[str, Any]:
    """A healthy Deployment of three pods."""
    healthy = {"observedGeneration": 4, "replicas": 3, "updatedReplicas": 3, "availableReplicas": 3}
    return {
        "metadata": {
            "namespace": "shop",
            "name": name,
            "generation": 4,
            "managedFields": written((hour, "template")),
        },
        "spec": {"replicas": 3, **template(image)},
        "status": {**healthy, **status},
    }


def rollout(*, spec: dict[str, Any] | None = None, **status: Any) -> dict[str, Any]:
    """A Rollout whose status speaks of its spec."""
    return {
        "metadata": {"namespace": "shop", "name": "cart", "generation": 7},
        "spec": {**template("cart:v2"), **(spec or {})},
        "status": {"observedGeneration": "7", **status},
    }


def canary(phase: str, *, spec: dict[str, Any] | None = None, hour: int = 11, **status: Any) -> dict[str, Any]:
    """A Canary that reached its phase at an hour."""
    return {
        "metadata": {"namespace": "shop", "name": "cart"},
        "spec": {"targetRef": {"kind": "Deployment", "name": "cart"}, **(spec or {})},
        "status": {
            "phase": phase,
            "lastTransitionTime": HOUR.format(hour),
            "lastAppliedSpec": "6b8f",
            "lastPromotedSpec": "6b8f" if phase == "Succeeded" else "5a7e",
            **status,
        },
    }


def among(*resources: Resource, kind: str = "Deployment") -> Lookup:
    """A cluster that holds these objects of one kind."""
    known = {(one["metadata"]["namespace"], one["metadata"]["name"]): one for one in resources}
    return Lookup(lambda wanted: known if wanted == kind else {})
