"""What one input of the fuzzer means, and what must hold of every edit that is not refused.

An input is text: a line `place path`, a line with the value, and the file.

    yaml spec.replicas
    5
    kind: Deployment
    …

Places: `yaml` (`+yaml` adds what is absent), `helm`, `json`, `env`, `image`, `replicas`, `dependency`, `container`,
`canary`, `document` (which goes) and `+document` (which comes, made from a template). A value that is a number or
`true` is one, a word in quotes is text, `\\n` in it a new line; `-` removes.
"""

from __future__ import annotations

from typing import Any

import yaml
from pydantic import ValidationError
from yaml.events import Event

from gitops_bot import edits
from gitops_bot.edits.sense import Plain, Value
from gitops_bot.errors import EditError
from gitops_bot.model import Version
from gitops_bot.policy.places import Target
from tests.edits.trees import Files

_PLACES: dict[str, tuple[str, str, dict[str, Any]]] = {
    "yaml": ("yaml", "path", {"file": "f.yaml"}),
    "+yaml": ("yaml", "path", {"file": "f.yaml", "create": True}),
    "helm": ("helmValue", "key", {"file": "f.yaml"}),
    "json": ("json", "path", {"file": "f.json"}),
    "env": ("env", "key", {"file": "f.env"}),
    "image": ("kustomizeImage", "name", {"path": "kustomization.yaml"}),
    "replicas": ("kustomizeReplicas", "name", {"path": "kustomization.yaml"}),
    "dependency": ("helmDependency", "name", {"file": "Chart.yaml"}),
    "container": ("deployment", "container", {"file": "f.yaml"}),
    "document": ("document", "kind", {"file": "f.yaml", "path": "version"}),
    "+document": ("document", "kind", {"file": "f.yaml", "template": "t.yaml"}),
    "canary": ("virtualService", "canary", {"file": "f.yaml", "stable": "stable"}),
}
_TEMPLATE = {"t.yaml": b"# {{ tag }}\nkind: Trial\nversion: 'v{{ tag }}'\n"}


def one_input(data: bytes) -> bool:
    """Carry an input out; whether it went through. Whatever is raised but EditError is a defect."""
    head, _, rest = data.partition(b"\n")
    literal, _, file = rest.partition(b"\n")
    target = _target(head.decode("utf-8", "replace"))
    if target is None:
        return False
    name = _file(target)
    try:
        return _edited(target, name, _value(literal.decode("utf-8", "replace")), file)
    except EditError:
        return False


def _target(line: str) -> Target | None:
    place, _, path = line.partition(" ")
    if place not in _PLACES:
        return None
    name, key, given = _PLACES[place]
    try:
        return Target.model_validate({name: {**given, key: path}})
    except ValidationError:
        return None


def _file(target: Target) -> str:
    spot = getattr(target, target.given[0])
    return str(getattr(spot, "file", None) or spot.path)


def _value(literal: str) -> Plain | None:
    if literal == "-":
        return None
    if literal in ("true", "false"):
        return literal == "true"
    if literal.isascii() and literal.isdigit() and len(literal) < 19:
        return int(literal)
    literal = literal.replace("\\n", "\n")
    return literal[1:-1] if len(literal) > 1 and literal[0] == literal[-1] == '"' else literal


def _edited(target: Target, name: str, value: Plain | None, data: bytes) -> bool:
    beside = _TEMPLATE if target.document else {}
    before = Files({name: data, **beside})
    after = before.changed(edits.put(target, value, before))
    assert set(after.files) <= {name, *beside}
    if value is None:
        if name in after.files:
            _differ_in_one_place(after.files[name], data, name, several=False)
        return True
    assert edits.put(target, value, after) == (), "twice is not once"
    found = edits.get(target, after)
    assert _agree(found, value), (found, value)
    _differ_in_one_place(data, after.files[name], name, several=target.virtual_service is not None)
    return True


def _agree(found: Value, value: Plain) -> bool:
    """What was read is what was written; of an image, its version, and of what a template makes, the tag."""
    if isinstance(found, Version) and isinstance(value, str) and value.startswith(f"{found.tag}@"):
        return True
    said, shown = (str(one).lower() if isinstance(one, bool) else str(one) for one in (value, found))
    return said.endswith(shown) if isinstance(found, Version) else shown == said or (not said and found is None)


def _differ_in_one_place(smaller: bytes, larger: bytes, name: str, *, several: bool) -> None:
    """The events are the same but for one run, which takes the place of next to nothing."""
    if name != "f.yaml" or several:
        return
    one, other = _events(smaller), _events(larger)
    same = next((n for n, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))
    rest_one, rest_other = one[same:][::-1], other[same:][::-1]
    tail = next((n for n, (a, b) in enumerate(zip(rest_one, rest_other, strict=False)) if a != b), None)
    left = len(rest_one) - (min(len(rest_one), len(rest_other)) if tail is None else tail)
    assert left <= 2, (rest_one, rest_other)


def _events(data: bytes) -> list[tuple[Any, ...]]:
    try:
        return [_meaning(event) for event in yaml.parse(data.decode().removeprefix("\ufeff"), Loader=yaml.CSafeLoader)]
    except yaml.YAMLError:
        raise AssertionError("an edited file is not YAML") from None


def _meaning(event: Event) -> tuple[Any, ...]:
    names = ("value", "anchor", "tag", "flow_style", "explicit", "version")
    return type(event).__name__, *(getattr(event, name, None) for name in names)
