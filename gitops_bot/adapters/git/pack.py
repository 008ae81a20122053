"""New commits as one thin pack, made in memory: blobs, trees above them as 20-byte deltas, commits.

A tree of 5,000 entries costs some 60 bytes this way; git's own tools would write it whole and search for deltas.
Pure but for reading the parents' objects. Formats: `git help gitformat-pack`.
"""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Mapping
from dataclasses import dataclass

from gitops_bot.adapters.git.guard import path_parts
from gitops_bot.adapters.git.objects import Folder, Objects
from gitops_bot.errors import EditRefused, InternalError

_COMMIT, _BLOB, _REF_DELTA = 1, 3, 7
_NAMES = {_COMMIT: "commit", _BLOB: "blob"}
_COPY_LIMIT = 0xFFFF

Edits = Mapping[tuple[bytes, ...], bytes]
"""New contents by the names along the path."""


@dataclass(frozen=True, slots=True)
class Draft:
    """A commit to be written."""

    parent: str
    files: Mapping[str, bytes]
    message: str


class PackWriter:
    """Collects the objects of several commits, each once."""

    def __init__(self, objects: Objects, identity: tuple[str, str]) -> None:
        self._objects = objects
        self._identity = identity
        self._records: dict[str, bytes] = {}

    def commit(self, draft: Draft) -> str:
        """Add a commit of the same name whenever parent, files, message and identity are the same: its object name.

        Errors: EditRefused (no such file, or a link), InternalError (nothing changes), ObjectMissing.
        """
        root = self._objects.root(draft.parent)
        tree = self._rewrite(root, {path_parts(path): content for path, content in draft.files.items()}, "")
        if tree == root.oid:
            raise InternalError(f"nothing changes on {draft.parent}")
        return self._add(_COMMIT, self._commit_text(draft, tree))

    def pack(self) -> bytes:
        """The thin pack of everything added."""
        head = b"PACK" + (2).to_bytes(4) + len(self._records).to_bytes(4)
        body = head + b"".join(self._records.values())
        return body + hashlib.sha1(body, usedforsecurity=False).digest()

    def _rewrite(self, folder: Folder, edits: Edits, where: str) -> str:
        """The folder with the edits below it made: its object name."""
        replaced: dict[int, str] = {}
        for name in dict.fromkeys(parts[0] for parts in edits):
            below = {parts[1:]: content for parts, content in edits.items() if parts[0] == name}
            replaced |= self._replace(folder, name, below, where)
        return self._add_tree(folder, replaced)

    def _replace(self, folder: Folder, name: bytes, below: Edits, where: str) -> dict[int, str]:
        """Where in the raw tree which object name goes, for one name and the edits at or below it."""
        path = f"{where}{name.decode('utf-8', 'replace')}"
        entry = folder.entries.get(name)
        if entry is None:
            raise EditRefused("there is no such file in the parent commit", where=path)
        content = below.get(())
        if content is None and entry.is_folder:
            return {entry.at: self._rewrite(self._objects.folder(entry.oid), below, f"{path}/")}
        if content is None or not entry.is_file or len(below) > 1:
            raise EditRefused("neither a regular file nor below folders alone", where=path)
        return {entry.at: self._add(_BLOB, content)}

    def _add_tree(self, folder: Folder, replaced: Mapping[int, str]) -> str:
        raw = bytearray(folder.raw)
        for at, oid in replaced.items():
            raw[at : at + 20] = bytes.fromhex(oid)
        oid = _object_name("tree", bytes(raw))
        if oid != folder.oid and oid not in self._records:
            delta = _delta(len(raw), replaced)
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
        return f"{headers}\n{message}\n".encode("utf-8", "replace")


def _committed_at(commit: bytes) -> int:
    """The committer's date of a raw commit, in seconds."""
    headers = commit.partition(b"\n\n")[0]
    line = next(line for line in headers.splitlines() if line.startswith(b"committer "))
    return int(line.rsplit(b" ", 2)[1])


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
