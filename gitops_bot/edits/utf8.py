"""A file's bytes as text and back: UTF-8, with or without a byte order mark, and not without end."""

from __future__ import annotations

from gitops_bot.errors import EditRefused

MAX_BYTES = 8 * 1024 * 1024
_MARK = "\ufeff"


def decoded(file: str, data: bytes) -> tuple[str, bool]:
    """The text without its byte order mark, and whether it had one. Errors: EditRefused (too large, not UTF-8)."""
    if len(data) > MAX_BYTES:
        raise EditRefused(f"the file has {len(data)} bytes, more than {MAX_BYTES}", where=file)
    try:
        text = data.decode()
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise EditRefused("the file is not UTF-8 text", where=f"{file}:{line}") from None
    return text.removeprefix(_MARK), text.startswith(_MARK)


def encoded(text: str, *, mark: bool) -> bytes:
    """The bytes again."""
    return ((_MARK if mark else "") + text).encode()
