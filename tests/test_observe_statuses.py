"""How objects are asked for: lists once, what is granted by name by name, events by the object's uid."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from gitops_bot.errors import ClusterDenied
from gitops_bot.experiments import SYSTEMS
from gitops_bot.model import ExperimentStatus, Kind, Phase, Unseen
from gitops_bot.observe.sight import Sight, Site
from gitops_bot.observe.statuses import statuses
from gitops_bot.policy.config import RegistryConfig, SecretRef
from gitops_bot.wiring import _registry
from tests.support.build import policy
from tests.support.controllers import CONTROLLERS, Object, Told
from tests.support.registry import PASSWORD, USER, FakeRegistry
from tests.support.world import BASE, BOT, World

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
VERSION = {"kustomizeImage": {"path": "prod", "name": "cart"}, "set": "version"}


class Named:
    """A cluster of which some kinds may be read by name alone, and events by uid."""

    def __init__(self, *objects: Object, events: Sequence[Object] | None = ()) -> None:
        self.objects, self.said = objects, events
        self.asked: list[tuple[str, ...]] = []

    def list(self, kind: Kind) -> Sequence[Mapping[str, Any]]:
        """Of a kind; Secrets are nobody's to list."""
        self.asked.append(("list", kind.name))
        if kind.name in ("Secret", "Event"):
            raise ClusterDenied(f"may not list {kind.plural}")
        return [one for one in self.objects if SYSTEMS[one["kind"]].kind == kind]

    def get(self, kind: Kind, namespace: str, name: str) -> Mapping[str, Any]:
        """One object."""
        self.asked.append(("get", kind.name, namespace, name))
        return next(one for one in self.objects if one["kind"] == kind.name and one["metadata"]["name"] == name)

    def events(self, namespace: str, uid: str) -> Sequence[Mapping[str, Any]]:
        """Of one object."""
        self.asked.append(("events", namespace, uid))
        if self.said is None:
            raise ClusterDenied("may not list events")
        return self.said


def seen(kind: str, cluster: Named) -> ExperimentStatus | Unseen:
    world = World(NOW)
    site = Site("environments", BASE, world, world, {"default": cluster}, {}, {}, BOT)
    experiment = {"kind": kind, "namespace": "shop", "name": "cart"}
    chosen = policy(
        {
            "repository": "environments",
            "candidate": {"experiment": experiment},
            "strategy": {"promote": {}},
            "edits": [VERSION],
        }
    )
    (found,) = statuses(Sight(site, NOW, {BASE: "0" * 40}, ()), chosen).values()
    return found


def test_a_secret_is_asked_for_by_its_name_and_never_listed() -> None:
    cluster = Named(*CONTROLLERS["Secret"](Told("2.0.0", "", NOW)))
    assert not isinstance(found := seen("Secret", cluster), Unseen)
    assert found.phase is Phase.SUCCEEDED
    assert cluster.asked == [("get", "Secret", "shop", "cart")]


def halted(why: str) -> Object:
    stamp = (NOW + timedelta(minutes=1)).isoformat()
    return {
        "metadata": {"namespace": "shop", "name": "cart.1"},
        "involvedObject": {
            "kind": "Canary",
            "namespace": "shop",
            "name": "cart",
            "uid": f"uid-cart-{NOW:%Y-%m-%dT%H:%M:%SZ}",
        },
        "type": "Warning",
        "reason": "Synced",
        "message": why,
        "lastTimestamp": stamp,
    }


def test_reasons_come_from_the_events_of_that_very_object() -> None:
    told = CONTROLLERS["Canary"](Told("2.0.0", "", NOW, good=False))
    no_traffic = "Halt advancement no values found for istio metric errors probably cart.shop is not receiving traffic"
    cluster = Named(*told, events=[halted(no_traffic)])
    assert not isinstance(found := seen("Canary", cluster), Unseen)
    assert found.phase is Phase.INCONCLUSIVE
    assert [one for one in cluster.asked if one[0] == "events"] == [("events", "shop", told[0]["metadata"]["uid"])]


def test_events_that_may_not_be_read_are_no_obstacle() -> None:
    told = CONTROLLERS["Canary"](Told("2.0.0", "", NOW, good=False))
    assert not isinstance(found := seen("Canary", Named(*told, events=None)), Unseen)
    assert found.phase is Phase.FAILED


def test_a_registry_is_asked_with_the_secret_that_the_configuration_names(monkeypatch: Any) -> None:
    monkeypatch.setenv("REGISTRY_TOKEN", PASSWORD)
    with FakeRegistry({"acme/cart": ["1.0.0"]}).running() as fake:
        given = RegistryConfig(url=fake.url, user=USER, tokenFrom=SecretRef(env="REGISTRY_TOKEN"))
        assert _registry("registry.example", given).tags("acme/cart") == ("1.0.0",)
