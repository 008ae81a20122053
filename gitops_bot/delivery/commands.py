"""Commands in comments, like `/gitops-bot hold the audit`: a text → what it asks, or what is wrong with it. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

from gitops_bot.delivery.text import cut, one_line
from gitops_bot.model import Ask, AskKind, Version

PREFIX = "/gitops-bot"
_LINE = re.compile(r"/gitops-bot(?:[ \t]+(?P<rest>.*))?", re.IGNORECASE)
_BREAK = re.compile(r"\r\n?|\n")
_FENCE = re.compile(r" {0,3}(?P<marks>`{3,}(?=[^`]*$)|~{3,})(?P<info>.*)")
_HIDDEN = re.compile(r"<!--|<(pre|script|style|textarea)(?=[\s>]|$)", re.IGNORECASE)
"""What begins text that nobody sees, or sees as it is written."""
_HEAD = re.compile(r"[0-9a-f]{7,40}", re.IGNORECASE)
_VERSION = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.+-]{0,127}(@sha256:[0-9a-f]{64})?|sha256:[0-9a-f]{64}")
_REASON = 200
_KNOWN = ", ".join(kind.value for kind in AskKind)


@dataclass(frozen=True, slots=True)
class Command:
    """One command."""

    ask: Ask
    head: str = ""
    """The beginning of the object name of the head that is meant; empty: whatever it is."""


def read(text: str, by: str) -> Command | str | None:
    """The command of a comment, what is wrong with it, or None where there is none.

    A command begins its line, outside of fenced code and of what HTML hides or shows as it is; the first one counts.
    """
    for line in _spoken(text):
        if found := _LINE.fullmatch(line.rstrip()):
            return _command((found["rest"] or "").split(), by)
    return None


def _spoken(text: str) -> Iterator[str]:
    """The lines that are prose."""
    fence, ends = "", ""
    for line in _BREAK.split(text):
        mark = _FENCE.fullmatch(line)
        if ends:
            ends = "" if ends in line.lower() else ends
        elif fence:
            closes = mark and mark["marks"].startswith(fence) and not mark["info"].strip()
            fence = "" if closes else fence
        elif mark:
            fence = mark["marks"]
        else:
            ends = _hides(line)
            yield line


def _hides(line: str) -> str:
    """What ends the hidden text that a line begins and does not end; empty where it begins none."""
    ends = ""
    for found in _HIDDEN.finditer(line):
        if not ends or ends in line[: found.start()].lower():
            ends = f"</{found[1].lower()}>" if found[1] else "-->"
            ends = "" if ends in line[found.end() :].lower() else ends
    return ends


def _command(words: list[str], by: str) -> Command | str:
    if not words or words[0].lower() not in {*AskKind}:
        return f"the commands are {_KNOWN}"
    kind, rest = AskKind(words[0].lower()), words[1:]
    options: dict[str, str] = {}
    while len(rest) > 1 and rest[0] in ("--head", "--until"):
        options[rest[0]], rest = rest[1], rest[2:]
    head, until = options.get("--head", ""), options.get("--until", "")
    if rest and rest[0].startswith("--"):
        return f"{one_line(rest[0])} is no option, or has no value: there are --head and, for hold, --until"
    if head and not _HEAD.fullmatch(head):
        return "--head wants the first 7 to 40 characters of a commit's name"
    ends = _time(until) if until else None
    if until and (kind is not AskKind.HOLD or ends is None):
        return "--until goes with hold, and wants a time like 2026-03-02T18:00Z"
    if kind is AskKind.PROMOTE and rest:
        if len(rest) > 1 or not _VERSION.fullmatch(rest[0]):
            return "promote takes one version, or none"
        return Command(Ask(kind, by, version=Version.parse(rest[0])), head.lower())
    return Command(Ask(kind, by, reason=cut(one_line(" ".join(rest)), _REASON), until=ends), head.lower())


def _time(text: str) -> datetime | None:
    try:
        at = datetime.fromisoformat(text)
        return at.astimezone(UTC) if at.tzinfo else None
    except (ValueError, OverflowError):  # a zone may lead out of the years that there are
        return None
