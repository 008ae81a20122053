"""Objects that split traffic, and short spellings for their edits."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from gitops_bot import edits
from gitops_bot.edits.sense import Value
from gitops_bot.model import Slots, Version
from gitops_bot.policy.places import Target
from gitops_bot.policy.schema import Edit
from tests.edits.trees import Files, edit

DATA = Path(__file__).with_name("data") / "routes"
FILE = "f.yaml"
Swaps = tuple[tuple[str, str], ...]


def sample(name: str) -> str:
    """A file below `data/routes`, without its ending."""
    return (DATA / f"{name}.yaml").read_bytes().decode()


def swapped(text: str, *swaps: tuple[str, str]) -> str:
    """The text with every `old` replaced by its `new`; each `old` is there exactly once."""
    for old, new in swaps:
        assert text.count(old) == 1, f"{old!r} is there {text.count(old)} times"
        text = text.replace(old, new)
    return text


def tree(text: str) -> Files:
    return Files({FILE: text.encode()})


def target(place: str, **spec: Any) -> Target:
    """A place alone, as the command line has it."""
    return Target.model_validate({place: {"file": FILE, **spec}})


def slot(place: str, name: str = "weight", /, **spec: Any) -> Edit:
    """An edit of a policy."""
    return edit(**{place: {"file": FILE, **spec}}, set=name)


def put(text: str, where: Target, value: Value) -> str:
    """The file after one raw value; the value reads back, and a second time changes nothing."""
    before = tree(text)
    after = before.changed(edits.put(where, value, before))
    assert edits.put(where, value, after) == ()
    return (after.read(FILE) or b"").decode()


def get(text: str, where: Target) -> Value:
    return edits.get(where, tree(text))


def moved(text: str, one: Edit, value: Version | int) -> str:
    """The file after one slot moved; the slot reads back, and a second time changes nothing."""
    before = tree(text)
    slots = edits.read([one], before), Slots().having(one.set, value)
    after = before.changed(edits.render([one], before, *slots, back=True))
    assert edits.read([one], after) == slots[1]
    assert edits.render([one], after, *slots, back=True) == ()
    return (after.read(FILE) or b"").decode()


def weight(text: str, one: Edit) -> int | None:
    return edits.read([one], tree(text)).weight


# ---------------------------------------------------------------- small objects

CART = {"stable": "stable", "canary": "candidate"}
BACKENDS = {"stable": "cart-stable", "canary": "cart-candidate"}
ISTIO, GATEWAY = slot("virtualService", **CART), slot("httpRoute", **BACKENDS)
TCP = slot("virtualService", **CART, protocol="tcp")
GRPC = slot("grpcRoute", **BACKENDS)


def istio(*destinations: str, head: str = "", route: str = "  - route:\n") -> str:
    """A VirtualService with one route of these destinations, one flow mapping each."""
    lines = "".join(f"    - {destination}\n" for destination in destinations)
    return f"apiVersion: networking.istio.io/v1\nkind: VirtualService\n{head}spec:\n  http:\n{route}{lines}"


def gateway(*backends: str, rule: str = "  - backendRefs:\n") -> str:
    lines = "".join(f"    - {backend}\n" for backend in backends)
    return f"apiVersion: gateway.networking.k8s.io/v1\nkind: HTTPRoute\nspec:\n  rules:\n{rule}{lines}"


def subset(name: str, share: str = "") -> str:
    """A destination; `share` is its weight as it stands there."""
    return f"{{destination: {{host: cart, subset: {name}}}{f', weight: {share}' if share else ''}}}"


def host(name: str, share: str) -> str:
    return f"{{destination: {{host: {name}}}, weight: {share}}}"


def backend(name: str, share: str = "", more: str = "") -> str:
    return f"{{name: {name}, port: 80{f', weight: {share}' if share else ''}{more}}}"
