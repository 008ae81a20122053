"""YAML 1.2 as plain values (dict, list, str, int, float, bool, None), each with its place in the file.

Hostile input is expected: size, depth and the number of values are capped, and reading never raises.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.composer import Composer
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode
from ruamel.yaml.reader import ReaderError
from ruamel.yaml.resolver import VersionedResolver
from ruamel.yaml.tag import Tag

Path = tuple[str | int, ...]

MOST_BYTES = 1 << 20
DEEPEST = 64
MOST_VALUES = 50_000
"""Keys and values of a file, aliases counted as often as they are used."""

_YAML = "tag:yaml.org,2002:"
_CORE = {
    "null": re.compile(r"(?:~|null|Null|NULL)?"),
    "bool": re.compile(r"true|True|TRUE|false|False|FALSE"),
    "int": re.compile(r"[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+"),
    "float": re.compile(
        r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)"
    ),
}
_AS_TEXT = {"str", "binary", "timestamp"}
_SURROGATES = re.compile("[\ud800-\udfff]")
"""`"\\ud800"` is YAML, and nothing that could ever be written as UTF-8."""
_PAIRS = re.compile("[\ud800-\udbff][\udc00-\udfff]")
"""As JSON writes characters beyond the first plane."""
_NO_TEXT = "half of a surrogate pair is not text"
_NAMES = {"null": "empty", "bool": "a truth value", "int": "a whole number", "float": "a number"}


@dataclass(frozen=True, slots=True, order=True)
class Mark:
    """A stretch of one line; line and column count from 1."""

    line: int
    column: int
    width: int = 1


@dataclass(frozen=True, slots=True)
class Spot:
    """Where a value is, and how it was written."""

    key: Mark | None
    """None for list items and the document itself."""
    value: Mark
    written: str = ""
    """The text of a scalar before it was read as a number; empty for lists and mappings."""

    @property
    def best(self) -> Mark:
        """The value, unless it only begins below its key."""
        return self.key if self.key and self.key.line != self.value.line else self.value


@dataclass(frozen=True, slots=True)
class Fault:
    """Something wrong at a place of a file."""

    mark: Mark
    message: str
    path: Path = ()
    suggestion: str = ""
    written: str = ""
    """The value at the place, so that it can be kept out of messages."""
    syntax: bool = False
    """The file is not YAML."""


@dataclass(frozen=True, slots=True)
class Document:
    """One document of a file. `spots` has every path of `value`; `faults` are what YAML allows and we do not."""

    value: Any
    spots: Mapping[Path, Spot]
    faults: tuple[Fault, ...]

    def spot(self, path: Path) -> Spot:
        """The place of a path, or of the nearest thing above it that was written."""
        while path not in self.spots and path:
            path = path[:-1]
        return self.spots[path]


@dataclass(frozen=True, slots=True)
class Reading:
    """What a file holds: its lines, its non-empty documents up to what stopped the reading."""

    lines: tuple[str, ...]
    documents: tuple[Document, ...]
    stopped: Fault | None = None


class _Stop(Exception):
    """The rest of the file cannot be read."""

    def __init__(self, fault: Fault) -> None:
        self.fault = fault


def read(data: bytes) -> Reading:
    """Read a file. Never raises: what is wrong is in `stopped` and in the documents' faults."""
    documents: list[Document] = []
    lines: tuple[str, ...] = ()
    try:
        text = _decode(data)
        lines = tuple(_split(text))
        documents.extend(_documents(text, lines))
    except _Stop as stop:
        return Reading(lines, tuple(documents), stop.fault)
    return Reading(lines, tuple(documents))


def _decode(data: bytes) -> str:
    if len(data) > MOST_BYTES:
        raise _Stop(Fault(Mark(1, 1), f"the file is larger than {MOST_BYTES >> 20} MiB"))
    try:
        return data.decode("utf-8").removeprefix("\ufeff")
    except UnicodeDecodeError as error:
        before = data[: error.start].decode("utf-8").removeprefix("\ufeff")
        hint = "; it looks like UTF-16" if data[:2] in (b"\xff\xfe", b"\xfe\xff") else ""
        raise _Stop(Fault(_after(before), f"the file is not UTF-8{hint}", syntax=True)) from None


# ---------------------------------------------------------------- ruamel.yaml, fenced in


class _Core(VersionedResolver):
    """The core schema of YAML 1.2: no `yes`, no `1_000`, no dates, no `<<`."""

    def resolve(self, kind: Any, value: Any, implicit: Any) -> Tag:
        """The tag of a node that has none."""
        if kind is not ScalarNode:
            return Tag(suffix=f"{_YAML}{'seq' if kind is SequenceNode else 'map'}")
        name = _core_tag(value) if implicit[0] else "str"
        return Tag(suffix=_YAML + name)


def _core_tag(text: str) -> str:
    return next((name for name, form in _CORE.items() if form.fullmatch(text)), "str")


class _Capped(Composer):
    """A composer that stops at the caps instead of running out of stack or memory."""

    def __init__(self, loader: Any = None) -> None:
        super().__init__(loader=loader)
        self.warn_double_anchors = False  # YAML 1.2 allows to define an anchor again
        self._level = self._count = 0

    def compose_document(self) -> Any:
        """One document; the node knows nothing of the directives, so they are judged here."""
        event = self.parser.peek_event()
        if event.version not in (None, (1, 2)):
            major, minor = event.version
            message = f"policies are YAML 1.2; remove the directive %YAML {major}.{minor}"
            raise _Stop(Fault(Mark(event.start_mark.line + 1, 1), message))
        return super().compose_document()

    def compose_node(self, parent: Any, index: Any) -> Any:
        """One node and what is below it."""
        self._level += 1
        self._count += 1
        _cap(self._level - 1, self._count, self.parser.peek_event().start_mark)
        node = super().compose_node(parent, index)
        self._level -= 1
        return node


def _cap(depth: int, count: int, mark: Any) -> None:
    if depth <= DEEPEST and count <= MOST_VALUES:
        return
    what = f"nested more than {DEEPEST} levels deep" if depth > DEEPEST else f"more than {MOST_VALUES} keys and values"
    raise _Stop(Fault(Mark(mark.line + 1, mark.column + 1), f"the file holds too much: {what}"))


def _documents(text: str, lines: tuple[str, ...]) -> Iterator[Document]:
    yaml = YAML(typ="safe", pure=True)
    yaml.Composer, yaml.Resolver = _Capped, _Core
    count = 0
    for node in _composed(yaml, text):
        walk = _Walk(lines, count)
        value = walk.value(node, (), None)
        count = walk.count
        if value is not None or walk.faults:
            yield Document(value, walk.spots, tuple(walk.faults))


def _composed(yaml: YAML, text: str) -> Iterator[Node]:
    """The documents as nodes. Some malformed input (`"\\UFFFFFFFF"`) makes ruamel.yaml raise Python's own errors."""
    try:
        yield from yaml.compose_all(text)
    except ReaderError as error:
        raise _Stop(_unprintable(text, error)) from None
    except MarkedYAMLError as error:
        raise _Stop(_syntax(error, text)) from None
    except (YAMLError, ValueError, ArithmeticError, TypeError, LookupError, AttributeError, AssertionError):
        raise _Stop(Fault(Mark(1, 1), "the file is not valid YAML", syntax=True)) from None
    except RecursionError:
        raise _Stop(Fault(Mark(1, 1), "the file is nested too deep")) from None


def _unprintable(text: str, error: ReaderError) -> Fault:
    message = f"the character U+{ord(text[error.position]):04X} is not allowed in YAML"
    return Fault(_after(text[: error.position]), message, syntax=True)


def _syntax(error: MarkedYAMLError, text: str) -> Fault:
    """In ruamel.yaml's words, at the problem; at what was left open when the problem is the file's end."""
    opened, at = error.context_mark, error.problem_mark or error.context_mark
    if at and not text[at.index :].strip():
        at = opened if opened and text[opened.index :].strip() else None
    mark = Mark(at.line + 1, at.column + 1) if at else _end(text.rstrip())
    problem = str(error.problem or error.context or "cannot be read").splitlines()[0]
    if r"'\t'" in problem:
        problem = "a tab cannot stand here; indent with spaces"
    elif opened and error.context and opened.line + 1 < mark.line:
        problem = f"{problem} ({error.context.splitlines()[0]} that begins on line {opened.line + 1})"
    return Fault(mark, f"the file is not valid YAML: {problem}", syntax=True)


def _end(text: str) -> Mark:
    """The last character of a text."""
    lines = _split(text)
    return Mark(len(lines), max(1, len(lines[-1])))


def _after(text: str) -> Mark:
    """The character that follows a text."""
    lines = _split(text)
    return Mark(len(lines), len(lines[-1]) + 1)


def _split(text: str) -> list[str]:
    """As YAML 1.2 counts lines."""
    return re.split(r"\r\n|\r|\n", text)


# ---------------------------------------------------------------- nodes to values


class _Walk:
    """Turns one document's nodes into values; collects where they are and what is wrong with them."""

    def __init__(self, lines: tuple[str, ...], count: int) -> None:
        self.spots: dict[Path, Spot] = {}
        self.faults: list[Fault] = []
        self.count = count
        self._lines = lines

    def value(self, node: Node, path: Path, key: Mark | None) -> Any:
        """The value of a node. Aliases were composed to the same node: the count grows with every visit."""
        self.count += 1
        _cap(len(path), self.count, node.start_mark)
        written = node.value if isinstance(node, ScalarNode) else ""
        self.spots[path] = Spot(key, self._mark(node), written)
        match node:
            case ScalarNode():
                return self._scalar(node, path)
            case SequenceNode():
                self._expect(node, "seq", path)
                return [self.value(item, (*path, index), None) for index, item in enumerate(node.value)]
            case MappingNode():
                self._expect(node, "map", path)
                return self._mapping(node, path)
        raise TypeError(node)

    def _mapping(self, node: MappingNode, path: Path) -> dict[str, Any]:
        values: dict[str, Any] = {}
        first: dict[str, int] = {}
        for key, value in node.value:
            self.count += 1
            name, mark = self._key(key, path), self._mark(key)
            if name is None:
                continue
            if name in first:
                where = f"first given on line {first[name]}"
                self._fault(mark, f"duplicate key ({where})", (*path, name), value)
                continue
            first[name] = mark.line
            values[name] = self.value(value, (*path, name), mark)
        return values

    def _key(self, node: Node, path: Path) -> str | None:
        """The name of a key; None when what stands there cannot name anything."""
        mark = self._mark(node)
        if not isinstance(node, ScalarNode):
            self._fault(mark, "a key must be text, not a list or a mapping", path, node)
            return None
        name, tag = str(node.value), _short(node.tag)
        if _SURROGATES.search(name):
            self._fault(mark, _NO_TEXT, path, node)
            return None
        if name == "<<" and not node.style:
            message = "merge keys (<<) are not part of YAML 1.2; write the keys out"
            self._fault(mark, message, (*path, name), node)
            return None
        if tag in _NAMES:
            message = f"YAML reads this key as {_NAMES[tag]}; put it in quotes"
            self._fault(mark, message, (*path, name), node)
        elif tag not in _AS_TEXT:
            self._fault(mark, f"the tag {tag} is not known here; remove it", (*path, name), node)
        return name

    def _scalar(self, node: ScalarNode, path: Path) -> str | float | bool | None:
        text, tag = _paired(str(node.value)), _short(node.tag)
        if tag in _AS_TEXT and not _SURROGATES.search(text):
            return text
        value = _number(tag, text) if tag in _CORE and _CORE[tag].fullmatch(text) else None
        if value is None and tag != "null":
            self._fault(self._mark(node), _unfit(tag, text), path, node)
        return value

    def _expect(self, node: Node, tag: str, path: Path) -> None:
        if _short(node.tag) != tag:
            self._fault(self._mark(node), f"the tag {_short(node.tag)} is not known here; remove it", path, node)

    def _fault(self, mark: Mark, message: str, path: Path, node: Node) -> None:
        written = node.value if isinstance(node, ScalarNode) else ""
        self.faults.append(Fault(mark, message, path, written=written))

    def _mark(self, node: Node) -> Mark:
        start, end = node.start_mark, node.end_mark
        last = end.column if end.line == start.line else len(self._lines[start.line])
        return Mark(start.line + 1, start.column + 1, max(1, last - start.column))


def _paired(text: str) -> str:
    """The text with each pair of surrogates as the one character that it means."""
    return _PAIRS.sub(lambda found: found[0].encode("utf-16-le", "surrogatepass").decode("utf-16-le"), text)


def _short(tag: str | None) -> str:
    return (tag or "").removeprefix(_YAML)


def _unfit(tag: str, text: str) -> str:
    """Why a scalar has no value."""
    if tag in _AS_TEXT:
        return _NO_TEXT
    if tag not in _CORE:
        return f"the tag {tag} is not known here; remove it"
    if not _CORE[tag].fullmatch(text):
        return f"the tag {tag} does not fit the value"
    return "the number is not finite, or too large"


def _number(tag: str, text: str) -> float | bool | None:
    """A scalar whose text fits its tag; None for null, and for numbers that are not finite or exceed 64 bits."""
    match tag:
        case "null":
            return None
        case "bool":
            return text.lower() == "true"
        case "int":
            whole = int(text, 0) if text[:2] in ("0x", "0o") else int(text[:25])
            return whole if abs(whole) < 1 << 63 and len(text) <= 25 else None
    number = math.inf if text.lstrip("+-").lower() in (".inf", ".nan") else float(text)
    return number if math.isfinite(number) else None
