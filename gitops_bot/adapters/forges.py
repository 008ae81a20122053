"""What the adapters of hosted forges share: the token of the moment, an answer over HTTP, merges that were refused."""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, TypeVar

from gitops_bot.errors import ForgeDenied, ForgeError
from gitops_bot.model import Direction
from gitops_bot.ports import Merged, NotReady

LONGEST_WAIT = timedelta(minutes=10)
"""Between two attempts to merge one head that a forge refuses."""

_WAYS = tuple(f"/{direction.value}" for direction in Direction)

_Result = TypeVar("_Result", Merged | NotReady, Merged | NotReady | None)


def named_as_ours(branch: str) -> bool:
    """Whether a branch's name ends as those of the bot do. Which of them are its own is for others to say."""
    return branch.endswith(_WAYS)


class Tokens:
    """The token of the moment, and the last ones, to keep them out of messages."""

    def __init__(self, forge: str, read: Callable[[], str]) -> None:
        self._forge = forge
        self._read = read
        self._seen: deque[str] = deque(maxlen=8)

    def next(self) -> str:
        """The token. Errors: ForgeDenied for one that no header can hold (`requests` would quote it in its error)."""
        value = self._read().strip()
        if not re.fullmatch(r"[!-~]+", value):
            raise ForgeDenied(f"the {self._forge} token is empty, or holds white space or characters that no token has")
        if value not in self._seen:
            self._seen.append(value)
        return value

    @property
    def latest(self) -> str:
        """The newest token that was used."""
        return self._seen[-1] if self._seen else ""

    def scrub(self, text: str) -> str:
        """The text without any token that was used lately."""
        for secret in self._seen:
            text = text.replace(secret, "***")
        return text


@dataclass(frozen=True, slots=True)
class Answer(ABC):
    """What a forge said: any status that does not call for patience or a repair of the line."""

    request: str
    status: int
    headers: Mapping[str, str]
    """Names in lower case."""
    data: Any
    said: str
    """The forge's message with its field errors, scrubbed."""

    @property
    def ok(self) -> bool:
        """It did what was asked."""
        return 200 <= self.status < 300

    def granted(self, needs: str) -> Any:
        """The data. Errors: ForgeDenied, naming what the token needs; ForgeRefused."""
        if not self.ok:
            raise self.refusal(needs)
        return self.data

    @abstractmethod
    def refusal(self, needs: str) -> ForgeError:
        """The error that this answer is."""


@dataclass(frozen=True, slots=True)
class _Refusal:
    reason: str
    times: int
    again_at: datetime


class Refusals:
    """Merges that a forge refused. What waits for a review costs next to nothing: it is asked ever more seldom."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        self._now = now
        self._known: dict[tuple[int, str], _Refusal] = {}

    def unless(self, number: int, head: str, act: Callable[[], _Result]) -> _Result | NotReady:
        """What the act gives, or the last refusal of that head while it is too early to ask again."""
        refused = self._known.get((number, head))
        if refused and self._now() < refused.again_at:
            return NotReady(refused.reason)
        result = act()
        if isinstance(result, NotReady):
            times = refused.times + 1 if refused else 1
            again_at = self._now() + min(LONGEST_WAIT, (2 ** (times - 1) - 1) * timedelta(minutes=1))
            self._known[number, head] = _Refusal(result.reason, times, again_at)
        return result
