"""Commands in comments, like `/gitops-bot hold the audit`: a text → what it asks, or what is wrong with it. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime

from gitops_bot.delivery.text import cut, one_line
from gitops_bot.model import Ask, AskKind, Version

PREFIX = "/gitops-bot"
_LINE = re.compile(r"/gitops-bot(?:[ \t]+(?P<rest>.*))?", re.IGNORECASE)
_FENCE = re.compile(r" {0,3}(`{3,}|~{3,})")
_HEAD = re.compile(r"[0-9a-f]{7,40}", re.IGNORECASE)
_VERSION = re.compile(r"[\w][\w.+-]*(@sha256:[0-9a-f]{64})?|sha256:[0-9a-f]{64}")
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

    A command begins its line, outside of fenced code; the first one counts.
    """
    fence = ""
    for line in text.splitlines():
        mark = _FENCE.match(line)
        if mark and (not fence or mark[1].startswith(fence)):
            fence = "" if fence else mark[1]
        elif not fence and (found := _LINE.fullmatch(line.rstrip())):
            return _command((found["rest"] or "").split(), by)
    return None


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
    except ValueError:
        return None
    return at.astimezone(UTC) if at.tzinfo else None
