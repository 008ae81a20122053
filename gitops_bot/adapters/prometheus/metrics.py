"""Prometheus as `Metrics`: one number per instant, or the reason why there is none. Never raises, never guesses.

The HTTP libraries are imported with the first query: commands that need no metrics do not pay for them.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Mapping
from functools import cached_property
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from gitops_bot.adapters.prometheus.answers import Grid, NoAnswer, cut, grid_of, readings
from gitops_bot.errors import BotError, PolicyInvalid
from gitops_bot.model import Missing, Query, Reading

if TYPE_CHECKING:
    from requests import PreparedRequest

    from gitops_bot.adapters.prometheus.connection import Connection

BACKOFF_S = 0.5
BACKOFF_CAP_S = 10.0


class PrometheusMetrics:
    """A Prometheus server; several threads may ask it at once."""

    def __init__(  # noqa: PLR0913 - each is a setting of the server
        self,
        url: str,
        *,
        token: Callable[[], str] | None = None,
        headers: Mapping[str, str] = {},
        ca_file: str | None = None,
        client_cert: tuple[str, str] | None = None,
        verify: bool = True,
        timeout_s: float = 30,
        attempts: int = 3,
        sleep: Callable[[float], None] = time.sleep,
        random: Callable[[], float] = random.random,
    ) -> None:
        """`token` is asked before every request, so that a rotated one counts; `client_cert` is (certificate, key).

        Only 429, 5xx and connections that fail are tried again, `attempts` in all, after full jitter.
        Errors: PolicyInvalid (the URL or a header cannot be used).
        """
        self._url = _checked_url(url)
        self._token = token
        self._headers = _checked_headers(headers)
        self._trust: bool | str = verify and (ca_file or True)
        self._client_cert = client_cert
        self._timeout_s = timeout_s
        self._attempts = attempts
        self._sleep = sleep
        self._random = random
        self._last_token = ""

    def range(self, query: Query) -> tuple[Reading, ...]:
        """One reading per instant of the query, in order. An expression that gives several series gives no number."""
        instants = query.instants()
        if not instants:
            return ()
        try:
            grid = grid_of(query, len(instants))
            return readings(self._patiently(query.expression, grid), grid, instants)
        except NoAnswer as trouble:
            reason = self._told(trouble)
            return tuple(Missing(reason, at, answered=trouble.answered) for at in instants)

    def _patiently(self, expression: str, grid: Grid) -> Mapping[int, float]:
        for attempt in range(1, self._attempts):
            try:
                return self._connection.query_range(expression, grid)
            except NoAnswer as trouble:
                if not trouble.again:
                    raise
            self._sleep(self._random() * min(BACKOFF_CAP_S, BACKOFF_S * 2**attempt))
        return self._connection.query_range(expression, grid)

    @cached_property
    def _connection(self) -> Connection:
        from gitops_bot.adapters.prometheus.connection import Connection, session_with  # noqa: PLC0415 - see above

        session = session_with(self._headers, self._trust, self._client_cert)
        return Connection(self._url, session, self._authorised, self._timeout_s)

    def _authorised(self, request: PreparedRequest) -> PreparedRequest:
        if self._token is None:
            return request
        try:
            self._last_token = self._token().strip()
        except (OSError, ValueError, BotError) as error:
            raise NoAnswer("the token of the metrics server cannot be read", str(error)) from error
        if not _is_header_value(self._last_token):
            raise NoAnswer("the token of the metrics server is empty, or no header can hold it")
        request.headers["Authorization"] = f"Bearer {self._last_token}"
        return request

    def _told(self, trouble: NoAnswer) -> str:
        """The reason for people. Secrets go before the cut, which could leave half of one."""
        words = (word for value in self._headers.values() for word in value.split() if len(word) >= 8)
        detail = trouble.detail
        for secret in filter(None, (self._last_token, *words)):
            detail = detail.replace(secret, "***")
        return f"{trouble.reason}: {cut(detail)}" if detail else trouble.reason


def _is_header_value(text: str) -> bool:
    return bool(text) and text.isascii() and text.isprintable()


def _checked_headers(headers: Mapping[str, str]) -> dict[str, str]:
    stripped = {name: value.strip() for name, value in headers.items()}
    for name, value in stripped.items():
        if not (_is_header_value(name) and _is_header_value(value)):
            raise PolicyInvalid(f"the header {name!r} of a metrics server is empty, or HTTP cannot carry it")
    return stripped


def _checked_url(url: str) -> str:
    """The URL without a slash at its end. Errors: PolicyInvalid, which does not repeat what may hold a password."""
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError:
        raise PolicyInvalid("the URL of a metrics server cannot be read") from None
    if "@" in parts.netloc:
        remedy = "Give them by reference: `tokenFrom`, or `headersFrom` with an Authorization header"
        raise PolicyInvalid("the URL of a metrics server holds credentials", where=host or "", remedy=remedy)
    if parts.scheme not in ("http", "https") or not host or parts.query or parts.fragment:
        remedy = "It looks like https://host:9090/prefix"
        raise PolicyInvalid("the URL of a metrics server needs http or https, a host and no query", remedy=remedy)
    return url.rstrip("/")
