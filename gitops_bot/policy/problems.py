"""What is wrong with a file, as users read it: `file:line:col: path: message (did you mean …)` and the line itself.

Never shows a value that may be a secret.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass

from gitops_bot.policy.marks import Fault, Mark, Path, Reading

_WIDEST = 160
_LONGEST = 400
_SENSITIVE = r"(?:token|passw|secret|private[-_. ]?key|credential|api[-_. ]?key|authorization)"
_SECRET_KEY = re.compile(_SENSITIVE, re.IGNORECASE)
_SECRET_ENTRY = re.compile(rf"{_SENSITIVE}[\w.-]*[\"']?\s*:\s*[^\s#]", re.IGNORECASE)
_SECRET_VALUE = re.compile(r"(?:gh[pousr]_|github_pat_|glpat-|xox[a-z]-|-----BEGIN)[^\s\"']*")


@dataclass(frozen=True, slots=True)
class Problem:
    """One problem. Line and column count from 1; the texts hold no control characters and no secrets."""

    file: str
    line: int
    column: int
    path: str
    """`spec.edits[0].yaml.file`; empty when the file as a whole is meant."""
    message: str
    suggestion: str = ""
    """`did you mean bake?`, `belongs under spec.analysis`, or empty."""
    excerpt: str = ""
    """The offending line and a caret line below it."""

    def __str__(self) -> str:
        located = f"{self.file}:{self.line}:{self.column}: "
        about = f"{self.path}: " if self.path else ""
        hint = f" ({self.suggestion})" if self.suggestion else ""
        return f"{located}{about}{self.message}{hint}" + (f"\n{self.excerpt}" if self.excerpt else "")


def problem(file: str, reading: Reading, fault: Fault) -> Problem:
    """A fault of a file, with its line."""
    hidden = _may_hold_secret(reading.lines, fault)
    message = _without_value(fault) if hidden else fault.message
    return Problem(
        file=shown(file),
        line=fault.mark.line,
        column=fault.mark.column,
        path=_without_secrets(path_text(fault.path)),
        message=_without_secrets(shown(short(message, _LONGEST))),
        suggestion=_without_secrets(shown(fault.suggestion)),
        excerpt=_excerpt(reading.lines, fault.mark, hidden=hidden),
    )


def path_text(path: Path) -> str:
    """`spec.edits[0].yaml.file`; keys of odd characters in double quotes, long ones cut."""
    text = ""
    for piece in path:
        if isinstance(piece, int):
            text += f"[{piece}]"
            continue
        plain = re.fullmatch(r"[A-Za-z_][A-Za-z0-9_-]*", piece) and len(piece) <= 80
        key = piece if plain else shown(json.dumps(short(piece), ensure_ascii=False))
        text += f".{key}" if text else key
    return text


def shown(text: str) -> str:
    """The text with control and invisible characters escaped."""
    if text.isprintable():
        return text
    return "".join(char if char.isprintable() else char.encode("unicode_escape").decode() for char in text)


def short(text: str, most: int = 80) -> str:
    """The text, cut when it is long."""
    return text if len(text) <= most else f"{text[: most - 1]}…"


def _excerpt(lines: Sequence[str], mark: Mark, *, hidden: bool) -> str:
    if mark.line > len(lines):
        return ""
    gutter = f"    {mark.line}"
    if hidden:
        return f"{gutter} | (line not shown: it may hold a secret)"
    line, at = lines[mark.line - 1], mark.column - 1
    start = 0 if len(line) <= _WIDEST else max(0, min(at - _WIDEST // 3, len(line) - _WIDEST))
    end = start + _WIDEST
    head, tail = "…" if start else "", "…" if end < len(line) else ""
    before, under = shown(line[start:at]), shown(line[at : min(end, at + mark.width)])
    return (
        f"{gutter} | {head}{shown(line[start:end])}{tail}".rstrip()
        + f"\n{' ' * len(gutter)} | {' ' * len(head + before)}{'^' * max(1, len(under))}"
    )


def _may_hold_secret(lines: Sequence[str], fault: Fault) -> bool:
    """By the names of the keys around it, or by what the line looks like."""
    if any(isinstance(piece, str) and _SECRET_KEY.search(piece) for piece in fault.path):
        return True
    if fault.mark.line > len(lines):
        return False
    line = lines[fault.mark.line - 1]
    looks_so = any(_SECRET_VALUE.search(text) for text in (line, fault.written))
    return looks_so or bool(_SECRET_ENTRY.search(line)) or _in_pem(lines, fault.mark.line)


def _in_pem(lines: Sequence[str], number: int) -> bool:
    """A broken file may end its YAML inside a key, whose later lines look like nothing."""
    before = "\n".join(lines[: number - 1])
    block = before.rfind("-----BEGIN")
    return block >= 0 and "-----END" not in before[block:]


def _without_value(fault: Fault) -> str:
    """The message, unless it repeats the value: literally, or as Python or the YAML reader quotes it."""
    if "'" not in fault.message and not (fault.written and fault.written in fault.message):
        return fault.message
    return fault.message.partition(":")[0] if fault.syntax else "has a value that does not fit"


def _without_secrets(text: str) -> str:
    return _SECRET_VALUE.sub("…", text)
