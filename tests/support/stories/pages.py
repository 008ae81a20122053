"""A story as pages: one tells it, and each pull request has one as its reviewer saw it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from gitops_bot.adapters.local.store import Record
from gitops_bot.delivery import marker
from gitops_bot.model import Receipt, ReceiptState
from tests.support.stories.script import Script

_VERBS = {
    "open": "opens",
    "update": "rewrites",
    "merge": "merges",
    "close": "closes",
    "comment": "comments on",
}


@dataclass(frozen=True)
class Pull:
    """A pull request as the forge shows it."""

    record: Record
    diff: str
    statuses: Mapping[str, Mapping[str, str]]

    @property
    def proposes(self) -> tuple[str, str]:
        """What makes it another one to review."""
        return self.record.title, self.diff


@dataclass
class Pages:
    """Written while the story is played."""

    script: Script
    policies: Mapping[str, str]
    lines: list[str] = field(default_factory=list)
    pulls: dict[int, list[Pull]] = field(default_factory=dict)
    """Each as it was last seen, once for everything that it proposed."""
    told: dict[str, str] = field(default_factory=dict)

    def chapter(self, at: datetime, says: str) -> None:
        """Before a tick."""
        self.lines += ["", f"**{at:%a %d %b, %H:%M}** {says}".rstrip(), ""]

    def line(self, text: str) -> None:
        """Something that happens."""
        self.lines.append(f"- {text}")

    def news(self, about: str, says: str) -> None:
        """Something that is told when it is new."""
        if self.told.get(about, "") != says:
            self.told[about] = says
            self.line(f"`{about}`: {says or 'open'}")

    def done(self, receipts: Sequence[Receipt], pulls: Sequence[Pull]) -> None:
        """What the bot did, and what its statuses say now."""
        known = {pull.record.number: pull for pull in pulls}
        for one in receipts:
            if one.action in ("refresh", "delete"):  # the status tells that; a branch that has served is no news
                continue
            done = one.state is ReceiptState.DONE
            said = _VERBS.get(one.action, one.action) if done else f"could not {one.action} ({one.state.value})"
            title = known[one.number].record.title if one.number else ""
            self.line(f"**gitops-bot {said} #{one.number}** {one.detail or title}".rstrip())
        for pull in pulls:
            for name, status in pull.statuses.items() if pull.record.state == "open" else ():
                self.news(f"{name} on #{pull.record.number}", f"{status['state']}: {status['description']}")

    def see(self, pulls: Sequence[Pull]) -> None:
        """What is there after a tick."""
        for pull in pulls:
            seen = self.pulls.setdefault(pull.record.number, [])
            if seen and seen[-1].proposes == pull.proposes:
                seen[-1] = pull
            else:
                seen.append(pull)

    def texts(self) -> dict[str, str]:
        """File name → text."""
        found = {"README.md": self._story()}
        for number, versions in self.pulls.items():
            for index, pull in enumerate(versions):
                found[_file(number, index)] = _page(pull)
        return found

    def _story(self) -> str:
        known = [(number, index, one) for number, all_ in self.pulls.items() for index, one in enumerate(all_)]
        return "\n".join(
            [
                f"# {self.script.title}",
                "",
                self.script.about.strip(),
                *self.lines,
                "",
                "## Pull requests",
                "",
                *(f"- [#{number}]({_file(number, index)}) {one.record.title}" for number, index, one in known),
                *(f"\n## {name}\n\n```yaml\n{text.rstrip()}\n```" for name, text in self.policies.items()),
                "",
            ]
        )


def _file(number: int, index: int) -> str:
    return f"{number}.md" if index == 0 else f"{number}-{index + 1}.md"


def _page(pull: Pull) -> str:
    record = pull.record
    told = [f"`{record.branch}` → `{record.base}`", record.state, *(f"label `{one}`" for one in record.labels)]
    told += [f"reviewer {one}" for one in record.reviewers]
    statuses = [f"- `{name}` {one['state']}: {one['description']}" for name, one in pull.statuses.items()]
    reviews = [
        f"- {_name(one)} {'approved' if one['state'] == 'approved' else 'asked for changes'}" for one in record.reviews
    ]
    comments = [f"- {_name(one)}: {one['text'].partition('<!--')[0].strip()}" for one in record.comments]
    diff = "\n".join(line for line in pull.diff.rstrip().split("\n") if not re.match(r"index [0-9a-f]+\.\.", line))
    return "\n".join(
        [
            f"# {record.title} (#{record.number})",
            "",
            " · ".join(told),
            "",
            *statuses,
            *reviews,
            *comments,
            "",
            "---",
            "",
            marker.text(record.body).strip(),
            "",
            "---",
            "",
            "```diff",
            diff,
            "```",
            "",
        ]
    )


def _name(one: Mapping[str, str]) -> str:
    return one["author"].partition(" <")[0]
