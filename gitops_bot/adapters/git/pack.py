"""New commits as one thin pack, made in memory: blobs, trees above them, commits.

A tree whose entries stay is a delta: one of 5,000 entries costs some 60 bytes this way; git's own tools would write it
whole and search for deltas. A tree that gains or loses an entry is written whole. Pure but for reading the parents'
objects. Formats: `git help gitformat-pack`.
"""

from __future__ import annotations

import hashlib
import re
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field

from gitops_bot.adapters.git.guard import path_parts
from gitops_bot.adapters.git.objects import Folder, Objects
from gitops_bot.adapters.git.signing import Sign, signed
from gitops_bot.errors import EditRefused, InternalError

_COMMIT, _TREE, _BLOB, _REF_DELTA = 1, 2, 3, 7
_NAMES = {_COMMIT: "commit", _TREE: "tree", _BLOB: "blob"}
_COPY_LIMIT = 0xFFFF
_FILE, _FOLDER = b"100644", b"40000"
# What some file system takes for git's own folder; `git fsck` refuses it, and says less.
_GITS_OWN = re.compile(rb"\.git[ .]*(?::.*)?|git~[0-9]+", re.IGNORECASE)

Edits = Mapping[tuple[bytes, ...], bytes | None]
"""New contents by the names along the path; None removes the file."""


@dataclass(frozen=True, slots=True)
class Draft:
    """A commit to be written."""

    parent: str
    files: Mapping[str, bytes | None]
    message: str


@dataclass(slots=True)
class _Moves:
    """How the entries of one folder change."""

    replaced: dict[int, str] = field(default_factory=dict)
    """Where in the raw tree which object name goes."""
    added: dict[bytes, tuple[bytes, str]] = field(default_factory=dict)
    """Mode and object name by name."""
    removed: set[bytes] = field(default_factory=set)


_NOTHING = Folder("", b"", {})


class PackWriter:
    """Collects the objects of several commits, each once."""

    def __init__(self, objects: Objects, identity: tuple[str, str], sign: Sign | None = None) -> None:
        self._objects = objects
        self._identity = identity
        self._sign = sign
        self._records: dict[str, bytes] = {}

    def commit(self, draft: Draft) -> str:
        """Add a commit of the same name whenever parent, files, message and identity are the same: its object name.

        Errors: EditRefused (a link, a folder, a file on the way, nothing to remove), InternalError (nothing changes),
        ObjectMissing.
        """
        return self._add(_COMMIT, self._commit_text(draft, self.tree(draft)))

    def tree(self, draft: Draft) -> str:
        """Add the tree of a commit alone. Errors: as `commit`."""
        root = self._objects.root(draft.parent)
        edits = {path_parts(path): content for path, content in draft.files.items()}
        tree = self._rewrite(root, edits, "") or self._add(_TREE, b"")
        if tree == root.oid:
            raise InternalError(f"nothing changes on {draft.parent}")
        return tree

    def pack(self) -> bytes:
        """The thin pack of everything added."""
        head = b"PACK" + (2).to_bytes(4) + len(self._records).to_bytes(4)
        body = head + b"".join(self._records.values())
        return body + hashlib.sha1(body, usedforsecurity=False).digest()

    def _rewrite(self, folder: Folder, edits: Edits, where: str) -> str:
        """The folder with the edits below it made: its object name, empty where nothing is left in it."""
        moves = _Moves()
        for name in dict.fromkeys(parts[0] for parts in edits):
            below = {parts[1:]: content for parts, content in edits.items() if parts[0] == name}
            self._move(folder, name, below, where, moves)
        return self._add_tree(folder, moves)

    def _move(self, folder: Folder, name: bytes, below: Edits, where: str, moves: _Moves) -> None:
        """What one name becomes by the edits at or below it."""
        path = f"{where}{name.decode('utf-8', 'replace')}"
        entry = folder.entries.get(name)
        is_file = () in below
        if len(below) > 1 and is_file:
            raise EditRefused("a file and a folder of one name", where=path)
        if entry is not None and not (entry.is_file if is_file else entry.is_folder):
            raise EditRefused("neither a regular file nor below folders alone", where=path)
        if entry is None and (_GITS_OWN.fullmatch(name) or not name):
            raise EditRefused("a name that is git's own", where=path)
        if entry is None and None in below.values():
            raise EditRefused("there is no such file in the parent commit to remove", where=path)
        if is_file:
            content = below[()]
            oid = "" if content is None else self._add(_BLOB, content)
        else:
            oid = self._rewrite(self._objects.folder(entry.oid) if entry else _NOTHING, below, f"{path}/")
        if entry is None:
            moves.added[name] = (_FILE if is_file else _FOLDER, oid)
        elif oid:
            moves.replaced[entry.at] = oid
        else:
            moves.removed.add(name)

    def _add_tree(self, folder: Folder, moves: _Moves) -> str:
        if moves.added or moves.removed:
            raw = _with_moves(folder, moves)
            return self._add(_TREE, raw) if raw else ""
        content = _replaced(folder, moves.replaced)
        oid = _object_name("tree", content)
        if oid != folder.oid and oid not in self._records:
            delta = _delta(len(content), moves.replaced)
            self._records[oid] = _header(_REF_DELTA, len(delta)) + bytes.fromhex(folder.oid) + zlib.compress(delta)
        return oid

    def _add(self, kind: int, content: bytes) -> str:
        oid = _object_name(_NAMES[kind], content)
        self._records.setdefault(oid, _header(kind, len(content)) + zlib.compress(content))
        return oid

    def _commit_text(self, draft: Draft, tree: str) -> bytes:
        name, email = self._identity
        who = f"{name} <{email}> {_committed_at(self._objects.commit(draft.parent))} +0000"
        headers = f"tree {tree}\nparent {draft.parent}\nauthor {who}\ncommitter {who}\n"
        message = draft.message.replace("\0", "").strip("\n")
        raw = f"{headers}\n{message}\n".encode("utf-8", "replace")
        return signed(raw, self._sign(raw)) if self._sign else raw


def _committed_at(commit: bytes) -> int:
    """The committer's date of a raw commit, in seconds."""
    headers = commit.partition(b"\n\n")[0]
    line = next(line for line in headers.splitlines() if line.startswith(b"committer "))
    return int(line.rsplit(b" ", 2)[1])


def _replaced(folder: Folder, replaced: Mapping[int, str]) -> bytes:
    """The raw tree with other object names in some places."""
    raw = bytearray(folder.raw)
    for at, oid in replaced.items():
        raw[at : at + 20] = bytes.fromhex(oid)
    return bytes(raw)


def _with_moves(folder: Folder, moves: _Moves) -> bytes:
    """The raw tree after all moves. Entries that stay keep their bytes, whatever their mode is written like."""
    raw = _replaced(folder, moves.replaced)
    entries: list[tuple[bytes, bytes]] = []
    start = 0
    for name, entry in folder.entries.items():
        end = entry.at + 20
        if name not in moves.removed:
            entries.append((_sorted_as(entry.mode, name), raw[start:end]))
        start = end
    for name, (mode, oid) in moves.added.items():
        entries.append((_sorted_as(mode, name), mode + b" " + name + b"\0" + bytes.fromhex(oid)))
    return b"".join(entry for _, entry in sorted(entries))


def _sorted_as(mode: bytes, name: bytes) -> bytes:
    """What git sorts an entry by: a folder as if its name ended with a slash."""
    return name + b"/" if mode == _FOLDER else name


def _object_name(kind: str, content: bytes) -> str:
    return hashlib.sha1(f"{kind} {len(content)}\0".encode() + content, usedforsecurity=False).hexdigest()


def _header(kind: int, size: int) -> bytes:
    """A pack entry's type and size: 4 bits of size beside the type, then 7 at a time."""
    first, rest = kind << 4 | size & 0xF, size >> 4
    return bytes([first | 0x80]) + _varint(rest) if rest else bytes([first])


def _varint(number: int) -> bytes:
    out = bytearray()
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes([*out, number])


def _delta(size: int, replaced: Mapping[int, str]) -> bytes:
    """Copy everything but the replaced object names, which are inserted."""
    out = _varint(size) * 2
    at = 0
    for place, oid in sorted(replaced.items()):
        out += _copy(at, place) + bytes([20]) + bytes.fromhex(oid)
        at = place + 20
    return out + _copy(at, size)


def _copy(start: int, end: int) -> bytes:
    """Copy instructions for a span of the base: 4 bytes of offset and 2 of size, all of them present."""
    spans = [(at, min(_COPY_LIMIT, end - at)) for at in range(start, end, _COPY_LIMIT)]
    return b"".join(b"\xbf" + at.to_bytes(4, "little") + size.to_bytes(2, "little") for at, size in spans)
