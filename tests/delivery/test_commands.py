"""Commands in comments: a text and what it asks."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from gitops_bot.delivery import commands
from gitops_bot.delivery.commands import Command
from gitops_bot.model import Ask, AskKind, Version

READ = (
    ("/gitops-bot hold", Ask(AskKind.HOLD, "ada"), ""),
    ("/GitOps-Bot HOLD the  audit ", Ask(AskKind.HOLD, "ada", reason="the audit"), ""),
    ("Hello\r\n/gitops-bot resume\r\n", Ask(AskKind.RESUME, "ada"), ""),
    ("/gitops-bot\tpromote", Ask(AskKind.PROMOTE, "ada"), ""),
    ("/gitops-bot promote 1.4.2", Ask(AskKind.PROMOTE, "ada", version=Version("1.4.2")), ""),
    ("/gitops-bot promote --head 0123ABC 1.4.2", Ask(AskKind.PROMOTE, "ada", version=Version("1.4.2")), "0123abc"),
    (
        "/gitops-bot rollback @all #1 customers",
        Ask(AskKind.ROLLBACK, "ada", reason="@\u200ball #\u200b1 customers"),
        "",
    ),
    (
        "/gitops-bot hold --until 2026-03-02T18:00+02:00 lunch",
        Ask(AskKind.HOLD, "ada", reason="lunch", until=datetime(2026, 3, 2, 16, tzinfo=UTC)),
        "",
    ),
    ("/gitops-bot explain\n/gitops-bot promote", Ask(AskKind.EXPLAIN, "ada"), ""),
    ("```\n/gitops-bot hold\n```\n/gitops-bot reopen", Ask(AskKind.REOPEN, "ada"), ""),
    ("```\n```js\n/gitops-bot hold\n````\n/gitops-bot reopen", Ask(AskKind.REOPEN, "ada"), ""),
    ("```x``` is code\n/gitops-bot hold", Ask(AskKind.HOLD, "ada"), ""),
    ("<!-- seen by nobody\n/gitops-bot hold\n-->\n/gitops-bot reopen", Ask(AskKind.REOPEN, "ada"), ""),
    ("<!-- one --> <!-- two -->\n/gitops-bot hold", Ask(AskKind.HOLD, "ada"), ""),
)
WRONG = (
    ("/gitops-bot", "the commands are"),
    ("/gitops-bot merge", "the commands are"),
    ("/gitops-bot promote 1 2", "one version"),
    ("/gitops-bot promote ../../x", "one version"),
    ("/gitops-bot promote --head main", "--head wants"),
    ("/gitops-bot promote --until 2026-03-02T18:00Z", "--until goes with hold"),
    ("/gitops-bot promote ü", "one version"),
    ("/gitops-bot hold --until 0001-01-01T00:00+14:00", "--until goes with hold"),
    ("/gitops-bot hold --until 9999-12-31T23:59-14:00", "--until goes with hold"),
    ("/gitops-bot hold --until tomorrow", "--until goes with hold"),
    ("/gitops-bot hold --until 2026-03-02T18:00", "--until goes with hold"),
    ("/gitops-bot hold --force", "is no option"),
    ("/gitops-bot promote --head", "is no option"),
)
NONE = ("", "gitops-bot hold", "> /gitops-bot hold", " /gitops-bot hold", "/gitops-bots hold", "~~~\n/gitops-bot hold")
HIDDEN = (
    "```\n```js\n/gitops-bot hold\n```",
    "````\n```\n/gitops-bot hold\n````",
    "<!--\n/gitops-bot hold\n-->",
    "<!-- one --> and <!-- two\n/gitops-bot hold\n-->",
    "<PRE class='x'>\n/gitops-bot hold\n</pre>",
    "see\u2028/gitops-bot hold",
    "see\x0b/gitops-bot hold",
    "see\x85/gitops-bot hold",
)


@pytest.mark.parametrize(("text", "ask", "head"), READ)
def test_a_command_is_read(text: str, ask: Ask, head: str) -> None:
    assert commands.read(text, "ada") == Command(ask, head)


@pytest.mark.parametrize(("text", "why"), WRONG)
def test_what_is_wrong_with_it_is_said(text: str, why: str) -> None:
    said = commands.read(text, "ada")
    assert isinstance(said, str)
    assert why in said


@pytest.mark.parametrize("text", NONE + HIDDEN)
def test_other_text_is_no_command(text: str) -> None:
    assert commands.read(text, "ada") is None
