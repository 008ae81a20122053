"""What the adapters of hosted forges share: the token of the moment, and an answer over HTTP."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from gitops_bot.errors import ForgeDenied, ForgeError


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
class Answer:
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

    def refusal(self, needs: str) -> ForgeError:
        """The error that this answer is."""
        raise NotImplementedError
