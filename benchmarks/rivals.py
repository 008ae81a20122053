"""The same edit by other means: ruamel.yaml's round trip, `kustomize edit set image`, `yq`.

Each takes a case and gives the file's new bytes, or raises what the tool raises.
"""

from __future__ import annotations

import io
import json
import re
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.scalarstring import ScalarString

from benchmarks.case import Case
from gitops_bot.edits.path import Filter, Index, Key, Segment
from gitops_bot.edits.path import Path as Keys
from tests.support.servers import tools


class Failed(Exception):
    """A tool did not do it."""


# ---------------------------------------------------------------- ruamel.yaml


def ruamel_default(case: Case) -> bytes:
    """ruamel.yaml's round trip as it comes."""
    return _round_trip(YAML(), case, case.data.decode()).encode()


def ruamel_tuned(case: Case) -> bytes:
    """The round trip with all that can be set: quotes, width, the file's own indents, `---`, line ends."""
    text = case.data.decode()
    yaml = YAML()
    yaml.preserve_quotes = True
    yaml.width = 1_000_000
    yaml.explicit_start = text.lstrip("\ufeff").startswith("---")
    mapping, sequence, offset = _indents(text)
    yaml.indent(mapping=mapping, sequence=sequence, offset=offset)
    written = _round_trip(yaml, case, text)
    return written.replace("\n", "\r\n").encode() if "\r\n" in text else written.encode()


_FIRST_LIST = re.compile(r"^( *)[^\s#-][^\n]*:[ \t]*(?:#[^\n]*)?\r?\n(?: *#[^\n]*\n|\s*\n)*( *)-( +)\S", re.MULTILINE)
_FIRST_MAP = re.compile(r"^( *)[^\s#-][^\n]*:[ \t]*\r?\n( +)[^\s#-]", re.MULTILINE)


def _indents(text: str) -> tuple[int, int, int]:
    """How far mappings go in, and lists with and before their dashes, by the first of each."""
    in_map, in_list = _FIRST_MAP.search(text), _FIRST_LIST.search(text)
    mapping = len(in_map[2]) - len(in_map[1]) if in_map else 2
    if not in_list:
        return mapping, 2, 0
    offset = len(in_list[2]) - len(in_list[1])
    return mapping, offset + 1 + len(in_list[3]), offset


def _round_trip(yaml: YAML, case: Case, text: str) -> str:
    documents = list(yaml.load_all(text))
    full = [one for one in documents if one is not None]
    root = next(one for one in full if case.document == ("", "", "") or _is(one, case.document))
    *parents, last = Keys.parse(case.path).segments
    for segment in parents:
        root = root[_key(root, segment)]
    key = _key(root, last)
    old = root[key]
    root[key] = type(old)(str(case.new)) if isinstance(old, ScalarString) else case.new
    out = io.StringIO()
    yaml.dump_all(documents, out)
    return out.getvalue()


def _is(document: Any, chosen: tuple[str, str, str]) -> bool:
    kind, name, namespace = chosen
    metadata = document.get("metadata", {})
    return document.get("kind") == kind and (metadata.get("name"), metadata.get("namespace", "")) == (name, namespace)


def _key(node: Any, segment: Segment) -> Any:
    match segment:
        case Key(name):
            return next((key for key in node if str(key) == name), name)
        case Index(number):
            return number
        case Filter(keys, value):
            return next(n for n, one in enumerate(node) if str(_below(one, keys)) == value)


def _below(node: Any, keys: tuple[Key, ...]) -> Any:
    for key in keys:
        node = node.get(key.name) if isinstance(node, dict) else None
    return node


# ---------------------------------------------------------------- programs


@cache
def _folder() -> tempfile.TemporaryDirectory[str]:
    return tempfile.TemporaryDirectory(prefix="benchmark-edits-")


@contextmanager
def file_of(case: Case) -> Iterator[Path]:
    """The case's file in a folder of its own."""
    path = Path(_folder().name) / case.file
    path.write_bytes(case.data)
    yield path


def kustomize(case: Case) -> bytes:
    """`kustomize edit set image`; only for kustomizations."""
    name = next(segment.value for segment in Keys.parse(case.path).segments if isinstance(segment, Filter))
    with file_of(case) as path:
        _run([str(tools.find(tools.KUSTOMIZE)), "edit", "set", "image", f"{name}:{case.new}"], path.parent)
        return path.read_bytes()


def yq(case: Case) -> bytes:
    """`yq -i`, told where lists are not indented."""
    flush = ["-c"] if _indents(case.data.decode())[2] == 0 else []
    with file_of(case) as path:
        _run([str(tools.find(tools.YQ)), "-i", *flush, yq_expression(case), str(path)], path.parent)
        return path.read_bytes()


def yq_expression(case: Case) -> str:
    """The assignment in yq's language."""
    kind, name, namespace = case.document
    asked = (("kind", kind), ("metadata.name", name), ("metadata.namespace", namespace))
    chosen = " and ".join(f".{key} == {json.dumps(value)}" for key, value in asked if value)
    path = f"select({chosen})" if chosen else ""
    for segment in Keys.parse(case.path).segments:
        match segment:
            case Key(key):
                path = f"{path} | .{json.dumps(key)}" if path else f".{json.dumps(key)}"
            case Index(number):
                path = f"{path or '.'}[{number}]" if not path.startswith("select") else f"{path} | .[{number}]"
            case Filter(keys, value):
                below = "".join(f".{json.dumps(one.name)}" for one in keys)
                path = f"{path or '.'} | .[] | select({below} == {json.dumps(value)})"
    new = case.new if isinstance(case.new, int) else json.dumps(case.new)
    return f"({path}) = {new}"


def _run(command: list[str], folder: Path) -> None:
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=600, check=False)
    if done.returncode:
        raise Failed(done.stderr.strip()[-200:])
