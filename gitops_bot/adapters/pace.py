"""How fast a forge is asked: one write at a time and apart, so many an hour, and not while it asked for patience.

One pace serves all that act under one identity on one forge, from any thread. Clock and sleep are given.
"""

from __future__ import annotations

import math
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from gitops_bot.errors import RateLimited
from gitops_bot.model import Quota

MINUTE_S, HOUR_S = 60.0, 3600.0
PER_MINUTE, PER_HOUR = 80, 500
"""Of writes: what GitHub allows for content (docs: rate limits for the REST API); GitLab.com allows more."""
_LONGEST_S = 16 * 60
_QUOTAS = ("x-ratelimit-", "ratelimit-")
"""How the names of GitHub's and of GitLab's headers begin."""


class Pace:
    """The pace of one identity on one forge."""

    def __init__(
        self,
        gap_s: float = 1.0,
        *,
        sleep: Callable[[float], None] = time.sleep,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        """gap_s: between two writes; 0: no pace at all, for a server without limits."""
        self._gap_s, self._sleep, self._now = gap_s, sleep, now
        self._writing = threading.RLock()  # a write may first have to ask for a token
        self._written: deque[float] = deque(maxlen=PER_HOUR)
        self._told: tuple[float, float] | None = None
        """When the forge asked for patience, and for how many seconds."""
        self._in_a_row = 0
        self._requests = self._limited = 0
        self._shown: Mapping[str, str] = {}

    @contextmanager
    def turn(self, request: str, *, writes: int) -> Iterator[None]:
        """Wait for one's turn, then send. Errors: RateLimited, without sending.

        writes: how many things the request makes or changes; many at once take as long as one by one.
        """
        if left := self._left_s():
            raise RateLimited("the forge asked for patience", where=request, remedy=f"Wait {left} s")
        self._requests += 1
        if not writes:
            yield
            return
        with self._writing:
            at = self._due(request, writes)
            try:
                yield
            finally:
                self._written += (at + number * self._gap_s for number in range(writes))

    def seen(self, headers: Mapping[str, str]) -> None:
        """An answer that was no limit; its quota is remembered. Names in lower case."""
        self._in_a_row = 0
        self._keep(headers)

    def limited(self, said: str, request: str, headers: Mapping[str, str]) -> RateLimited:
        """The error for a limit: as long as the forge says, else a minute, then twice that and so on."""
        self._keep(headers)
        self._in_a_row += 1
        self._limited += 1
        stated = _stated_s(headers)
        wait = min(_LONGEST_S, 60 * 2 ** (self._in_a_row - 1)) if stated is None else stated
        self._told = (self._moment(), wait)
        return RateLimited(said, where=request, remedy=f"Wait {wait} s")

    def quota(self) -> Quota:
        """What is left, as the last answers and our own count have it."""
        recent = [at for at in self._written if at > self._moment() - HOUR_S]
        return Quota(
            requests=self._requests,
            limited=self._limited,
            writes_left=PER_HOUR - len(recent),
            limit=self._number("limit"),
            remaining=self._number("remaining"),
            waits_s=self._left_s(),
        )

    def _left_s(self) -> int:
        """How long the forge still wants to be left alone. A clock that was set back ends it."""
        if self._told is None:
            return 0
        since = self._moment() - self._told[0]
        return math.ceil(self._told[1] - since) if 0 <= since < self._told[1] else 0

    def _due(self, request: str, writes: int) -> float:
        """The moment of these writes, after waiting for it. Errors: RateLimited when the hour's are spent."""
        now = self._moment()
        if not self._gap_s or not self._written or self._written[-1] > now + HOUR_S:
            return now
        lately = [at for at in self._written if at > now - HOUR_S]
        if (over := len(lately) + writes - PER_HOUR) > 0:
            remedy = f"Wait {math.ceil(lately[over - 1] + HOUR_S - now)} s"
            raise RateLimited(f"{PER_HOUR} writes in an hour are the most", where=request, remedy=remedy)
        due = self._written[-1] + self._gap_s
        if len(self._written) > (room := PER_MINUTE - writes):
            due = max(due, self._written[-room - 1] + MINUTE_S)
        if due > now:
            self._sleep(due - now)
        return max(now, due)

    def _moment(self) -> float:
        return self._now().timestamp()

    def _keep(self, headers: Mapping[str, str]) -> None:
        shown = {name: value for name, value in headers.items() if name.startswith(_QUOTAS)}
        self._shown = shown or self._shown

    def _number(self, name: str) -> int | None:
        found = next((self._shown[start + name] for start in _QUOTAS if start + name in self._shown), "")
        return int(found) if found.isdigit() else None


def _stated_s(headers: Mapping[str, str]) -> int | None:
    """Retry-After first, then the reset by the forge's own clock where nothing is left; None: it does not say."""
    if (after := headers.get("retry-after", "")).isdigit():
        return int(after)
    for start in _QUOTAS:
        reset, remaining = headers.get(f"{start}reset", ""), headers.get(f"{start}remaining", "0")
        if reset.isdigit() and remaining == "0" and "date" in headers:
            return max(1, math.ceil(int(reset) - parsedate_to_datetime(headers["date"]).timestamp()))
    return None
