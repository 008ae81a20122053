"""Changes as a unified diff, for the terminal and the audit log. Pure text."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Iterator, Sequence, Set

from gitops_bot.delivery.hidden import NOTICE, hidden
from gitops_bot.model import Change

_HUNK = re.compile(r"@@ -(\d+)(?:,\d+)? \+(\d+)(?:,\d+)? @@")


def diff(changes: Sequence[Change]) -> str:
    """The changes as a unified diff, without the lines that may hold a secret."""
    return "".join(_file_diff(change) for change in changes)


def _file_diff(change: Change) -> str:
    before, after = (
        (data or b"").decode("utf-8", "replace").splitlines(keepends=True) for data in (change.before, change.after)
    )
    old = "/dev/null" if change.before is None else f"a/{change.path}"
    new = "/dev/null" if change.after is None else f"b/{change.path}"
    lines = list(difflib.unified_diff(before, after, old, new))
    shown = [*lines[:2], *_without_secrets(lines[2:], hidden(before), hidden(after))]
    return "".join(line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n" for line in shown)


def _without_secrets(lines: Iterable[str], before: Set[int], after: Set[int]) -> Iterator[str]:
    """The hunks of a diff; `before` and `after` are the numbers of the lines that are not shown."""
    old = new = 0
    for line in lines:
        sign = line[0]
        if starts := _HUNK.match(line):
            old, new = (max(int(start) - 1, 0) for start in starts.groups())
            yield line
            continue
        secret = (sign != "+" and old in before) or (sign != "-" and new in after)
        yield f"{sign}{NOTICE}\n" if secret else line
        old, new = old + (sign != "+"), new + (sign != "-")
