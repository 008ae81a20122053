"""What pydantic found, in plain sentences: by the names users write, with the nearest known one. Pure."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from pydantic_core import ErrorDetails

from gitops_bot.policy.marks import Document, Fault, Path
from gitops_bot.policy.problems import path_text, short

Shape = Mapping[str, Any]
"""A JSON Schema of the language, or a part of it."""

PATTERNS = {
    r"^[a-z0-9]([a-z0-9-]*[a-z0-9])?$": "must be lower-case letters, digits and dashes, with no dash at either end",
    r"^[^\s/\x00-\x1f\x7f]+$": "must not hold spaces or slashes",
    r"^[^\s/\x00-\x1f\x7f]+(/[^\s/\x00-\x1f\x7f]+)*$": "must not hold spaces",
    r"^[^,\s\x00-\x1f\x7f]([^,\x00-\x1f\x7f]*[^,\s\x00-\x1f\x7f])?$": (
        "must not hold commas or line breaks, nor spaces at either end"
    ),
    r"^[^\x00-\x08\x0b-\x1f\x7f]+$": "must not hold control characters",
    r"^([A-Za-z0-9_]|\{\{)[A-Za-z0-9_./+#@{} -]*$": "must be a branch: letters, digits, _ . / + # @ -, no dash first",
    r"^[A-Za-z0-9_][A-Za-z0-9_./+#@-]*$": "must be a branch: letters, digits and _ . / + # @ -, no dash first",
    r"^([A-Za-z0-9_][A-Za-z0-9_-]*(\.[A-Za-z0-9_-]+)*/)+$": (
        "must end with a slash, like bot/: letters, digits, _ and dashes, single dots between them, no dash first"
    ),
    r"^\d{4}-\d\d-\d\d([T ]\d\d:\d\d.*)?$": "must be a date, 2026-12-24, or a time, 2026-12-24T09:00",
    r"^[A-Za-z0-9/_.][^\s\x00-\x1f\x7f]*$": "must be a URL or a path, without spaces",
    r"^([A-Za-z0-9_][A-Za-z0-9_.+-]{0,127}(@sha256:[0-9a-f]{64})?|sha256:[0-9a-f]{64})$": (
        "must be a tag, tag@sha256:… or sha256:…"
    ),
    r"^[A-Za-z_][A-Za-z0-9_]*$": "must be the name of an environment variable, not its value",
    r"^[a-zA-Z_][a-zA-Z0-9_]*$": "must be a label's name: letters, digits and underscores, no digit first",
    r"^[^\s<>@]+@[^\s<>@]+$": "must be an e-mail address",
    r"^[A-Za-z0-9][A-Za-z0-9._-]*$": "must be letters, digits, dots, dashes and underscores, a letter or digit first",
    r"^[^\s:/]+:[^\s:/]+$": "must be a namespace, a colon and a name, like flux-system:app",
    r"^(name|chart|ref|path|repoURL)=[^\x00-\x1f\x7f]+$": "must be name=, chart=, ref=, path= or repoURL= and a value",
    r"^([a-z0-9.-]{1,253}/)?[A-Za-z0-9]([A-Za-z0-9._-]{0,61}[A-Za-z0-9])?$": (
        "must be a Kubernetes label, like app or app.kubernetes.io/name"
    ),
    r"^([A-Za-z0-9]([A-Za-z0-9._-]{0,61}[A-Za-z0-9])?)?$": "must be the value of a Kubernetes label",
    r"^[a-z0-9][a-z0-9.-]*(:[0-9]{1,5})?(/[a-z0-9]+([._-]+[a-z0-9]+)*)*$": (
        "must be an image without tag, like ghcr.io/acme/checkout"
    ),
    r"^[A-Za-z0-9_.-]+$": "must be letters, digits, dots, dashes and underscores",
    r"^[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}$": "must be a tag: letters, digits, dots, dashes and underscores",
    r"^ *[<>=]": "must be a criterion, like <600 or <=+10%",
    r"^[A-Za-z0-9][A-Za-z0-9 ._-]*$": "must be letters, digits, blanks, dots, dashes, underscores, no blank first",
    r"^https?://": "must begin with https:// or http://",
    r"^[0-9A-Za-z.:\[\]-]*:\d{1,5}$": "must be an address and a port, like 0.0.0.0:8081",
}
"""The patterns of the models in words."""


def faults(document: Document, errors: Sequence[ErrorDetails], root: Shape, most: int) -> list[Fault]:
    """The errors of one document in the file's order; only the first `most` are worth a search for known names."""
    places: dict[tuple[Path, Path], ErrorDetails] = {}
    for error in errors:
        if error["type"] == "too_short" and any(one["loc"][:-1][: len(error["loc"])] == error["loc"] for one in errors):
            continue  # what is wrong with its entries is why they were not counted
        path, loc = _written_path(document, error), tuple(error["loc"])
        places.setdefault((path, loc if error["type"] == "missing" else ()), error)
    ordered = sorted(places.items(), key=lambda item: document.spot(item[0][0]).best)
    return [
        _fault(document, path, error, root, suggest=index < most) for index, ((path, _), error) in enumerate(ordered)
    ]


def nearest(word: str, known: Sequence[str]) -> str:
    """`did you mean bake?`, or empty."""
    near = difflib.get_close_matches(short(word), known, n=1, cutoff=0.7)
    return f"did you mean {near[0]}?" if near else ""


def one_of(names: Sequence[str], last: str = "or") -> str:
    """`a, b or c`."""
    return f" {last} ".join(filter(None, [", ".join(names[:-1]), names[-1]]))


def _written_path(document: Document, error: ErrorDetails) -> Path:
    """Where it is in the file: pydantic names the arm of a union on the way, and appends `[key]` for the key itself."""
    path: Path = ()
    for piece in error["loc"]:
        if (*path, piece) in document.spots:
            path = (*path, piece)
    return path


def _fault(document: Document, path: Path, error: ErrorDetails, root: Shape, *, suggest: bool) -> Fault:
    spot, kind = document.spot(path), error["type"]
    if kind == "missing":
        missing = (*path, error["loc"][-1])
        return Fault(spot.key or spot.value, f"is missing; expected {_expected(_at(root, missing))}", missing)
    if kind == "extra_forbidden":
        known = _served(_mapping(root, _at(root, path[:-1])))
        suggestion = (_belongs(root, path) or nearest(str(path[-1]), known)) if suggest else ""
        return Fault(spot.key or spot.value, "unknown key", path, suggestion, written=spot.written)
    of_key = error["loc"][-1:] == ("[key]",) and spot.key is not None
    mark = spot.key if of_key and spot.key else spot.best
    shape = _at(root, path)
    message, suggestion = _sentence(error, shape, spot.written)
    return Fault(mark, f"the name {message}" if of_key else message, path, suggestion, written=spot.written)


def _sentence(error: ErrorDetails, shape: Shape, written: str) -> tuple[str, str]:
    """(message, suggestion) of a wrong value."""
    value, context = error["input"], error.get("ctx", {})
    match error["type"]:
        case "not_supported_yet":
            return _brief(error["msg"], value), ""
        case "literal_error" | "enum" if isinstance(value, str):
            return _choice(value, _choices(shape))
        case "value_error" if isinstance(value, str | int | float) and not isinstance(value, bool):
            return _brief(str(context["error"]), value), ""
        case "value_error" if isinstance(value, dict) and _types(shape) == {"object"}:  # of the mapping as a whole
            return str(context["error"]), ""
        case "string_pattern_mismatch":
            return PATTERNS.get(context["pattern"], "is not written in a form that is known here"), ""
        case kind if kind in _BOUNDS:
            return _BOUNDS[kind].format_map(context), ""
    return _wrong_type(value, shape, written)


_BOUNDS = {
    "string_too_short": "must not be empty",
    "string_too_long": "must not be longer than {max_length} characters",
    "too_short": "must have at least {min_length} of them",
    "too_long": "must have at most {max_length} of them",
    "greater_than_equal": "must be at least {ge}",
    "less_than_equal": "must be at most {le}",
    "greater_than": "must be more than {gt}",
    "less_than": "must be less than {lt}",
}
"""What is said of a number, a length or a count that is out of bounds."""


def _choice(value: str, known: Sequence[str]) -> tuple[str, str]:
    if len(known) == 1:
        return f"must be {known[0]}, not {short(value)!r}", nearest(value, known)
    return f"{short(value)!r} is not one of {', '.join(known)}", nearest(value, known)


def _brief(message: str, value: Any) -> str:
    """The models quote the value whole; users need its beginning."""
    if not isinstance(value, str) or len(value) <= 80:
        return message
    return message.replace(repr(value), repr(short(value))).replace(value, short(value))


def _wrong_type(value: Any, shape: Shape, written: str) -> tuple[str, str]:
    expected, types = _expected(shape), _types(shape)
    if types == {"string"} and isinstance(value, bool | int | float):
        read = "a truth value" if isinstance(value, bool) else "a number"
        return f"must be {expected}, but YAML reads {short(written)} as {read}; put it in quotes", ""
    if types == {"boolean"} and isinstance(value, str) and value.lower() in ("yes", "on", "no", "off"):
        return f"must be {expected}, not text", f"did you mean {'true' if value.lower() in ('yes', 'on') else 'false'}?"
    quoted = {"integer": value.isdecimal(), "boolean": value in ("true", "false")} if isinstance(value, str) else {}
    if any(quoted.get(kind) for kind in types):
        return f"must be {expected}, not text; remove the quotes", ""
    return f"must be {expected}, not {_kind(value)}", ""


def _kind(value: Any) -> str:
    match value:
        case None:
            return "empty"
        case bool():
            return "true or false"
        case int():
            return "a whole number"
        case float():
            return "a decimal number"
        case str():
            return "text"
        case list():
            return "a list"
    return "a mapping"


# ---------------------------------------------------------------- what the language expects at a path


def _resolved(root: Shape, shape: Shape) -> Shape:
    """The shape behind references and `or null`."""
    while True:
        arms = [arm for arm in shape.get("anyOf", ()) if arm.get("type") != "null"]
        if len(arms) == 1:
            shape = arms[0]
        elif "$ref" in shape:
            shape = root["$defs"][shape["$ref"].rpartition("/")[2]]
        else:
            return shape


def _at(root: Shape, path: Path) -> Shape:
    """The shape of what stands at a path; empty when the language has no such place."""
    shape = root
    for piece in path:
        shape = _resolved(root, _below(_mapping(root, shape) if isinstance(piece, str) else shape, piece))
    return {**shape, "anyOf": [_resolved(root, arm) for arm in shape["anyOf"]]} if "anyOf" in shape else shape


def _mapping(root: Shape, shape: Shape) -> Shape:
    """The arm with keys of a shape that may also be written as one line of text."""
    arms = [_resolved(root, arm) for arm in shape.get("anyOf", ())]
    return next((arm for arm in arms if "properties" in arm), shape)


def _below(shape: Shape, piece: str | int) -> Shape:
    if isinstance(piece, int):
        found = shape.get("items")
    elif "properties" in shape:
        found = shape["properties"].get(piece)
    else:
        found = next(iter(shape.get("patternProperties", {}).values()), None) or shape.get("additionalProperties")
    return found if isinstance(found, dict) else {}


def _served(shape: Shape) -> list[str]:
    """The keys of an object that this version serves."""
    return [name for name, value in shape.get("properties", {}).items() if "not" not in value]


def _belongs(root: Shape, path: Path) -> str:
    """The neighbour (one object up, or one down) that has this very key, if at most two have."""
    *here, key = path
    homes = [text for text, shape in _neighbours(root, tuple(here)) if key in _served(shape)]
    return f"belongs {one_of(homes)}" if 0 < len(homes) <= 2 else ""


def _neighbours(root: Shape, path: Path) -> Iterator[tuple[str, Shape]]:
    """(`under spec.analysis`, its shape): the nearest object above, and every object directly below."""
    above = (path[:end] for end in range(len(path) - 1, -1, -1))
    parent = next((upper for upper in above if "properties" in _at(root, upper)), None)
    if parent is not None:
        yield (f"under {path_text(parent)}" if parent else "at the top of the document"), _at(root, parent)
    for name in _served(_at(root, path)):
        child, text = _at(root, (*path, name)), path_text((*path, name))
        if "properties" in child:
            yield f"under {text}", child
        elif "properties" in (item := _resolved(root, _below(child, 0))):
            yield f"in an item of {text}", item


def _choices(shape: Shape) -> list[str]:
    return [str(choice) for choice in shape.get("enum", [shape["const"]] if "const" in shape else [])]


def _types(shape: Shape) -> set[str]:
    return {arm.get("type", "") for arm in shape.get("anyOf", [shape])}


def _expected(shape: Shape) -> str:
    """`text`, `a whole number`, `a or b`, `a mapping with kind, name`."""
    if choices := _choices(shape):
        return one_of(choices)
    if shape.get("examples"):
        kind = "a duration" if "[smhd]" in shape.get("pattern", "") else "text"
        return f"{kind} like {one_of(shape['examples'])}"
    if any("%" in arm.get("pattern", "") for arm in shape.get("anyOf", ())):
        return "a number, a percentage (1%) or a time (500ms)"
    if "anyOf" in shape:
        return one_of([_expected(arm) for arm in shape["anyOf"] if arm.get("type") != "null"])
    names = shape.get("required") or _served(shape)
    mapping = f"a mapping with {one_of(names, 'and' if shape.get('required') else 'or')}" if names else "a mapping"
    plain = {"string": "text", "integer": "a whole number", "number": "a number", "boolean": "true or false"}
    return {**plain, "array": "a list", "object": mapping}.get(shape.get("type", ""), "a value")
