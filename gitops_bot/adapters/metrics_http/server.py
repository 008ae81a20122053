"""One metrics server over HTTP: where it is, who asks, how patiently. Secrets go into headers and nowhere else.

The HTTP libraries are imported with the first question: commands that need no metrics do not pay for them.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import urlsplit

from gitops_bot.adapters.metrics_http.trouble import NoAnswer, cut
from gitops_bot.errors import BotError, PolicyInvalid

if TYPE_CHECKING:
    from requests import PreparedRequest, Session

BACKOFF_S = 0.5
BACKOFF_CAP_S = 10.0

Answer = TypeVar("Answer")


@dataclass(frozen=True, slots=True)
class Credential:
    """A header that holds a secret."""

    header: str
    secret: Callable[[], str]
    """Asked before every request, so that a rotated one counts."""
    prefix: str = ""
    """Before the secret, like `Bearer `."""


class Server:
    """Where questions go; several threads may ask at once."""

    def __init__(  # noqa: PLR0913 - each is a setting of the server
        self,
        url: str,
        *,
        credentials: Sequence[Credential] = (),
        headers: Mapping[str, str] = {},
        ca_file: str | None = None,
        client_cert: tuple[str, str] | None = None,
        verify: bool = True,
        timeout_s: float = 30,
        attempts: int = 3,
        sleep: Callable[[float], None] = time.sleep,
        random: Callable[[], float] = random.random,
    ) -> None:
        """`client_cert` is (certificate, key).

        Only 429, 5xx and connections that fail are tried again, `attempts` in all, after full jitter.
        Errors: PolicyInvalid (the URL or a header cannot be used).
        """
        self.url = _checked_url(url)
        self.timeout_s = timeout_s
        self._credentials = tuple(credentials)
        self._headers = _checked_headers(headers)
        self._trust: bool | str = verify and (ca_file or True)
        self._client_cert = client_cert
        self._attempts = attempts
        self._sleep = sleep
        self._random = random
        self._secrets: dict[str, str] = {}

    def patiently(self, ask: Callable[[], Answer]) -> Answer:
        """What `ask` gives, tried again where that may help. Errors: NoAnswer."""
        for attempt in range(1, self._attempts):
            try:
                return ask()
            except NoAnswer as trouble:
                if not trouble.again:
                    raise
            self._sleep(self._random() * min(BACKOFF_CAP_S, BACKOFF_S * 2**attempt))
        return ask()

    def get(self, path: str, params: Mapping[str, Any] | Sequence[tuple[str, str]] = {}) -> Any:
        """The JSON that a path below the URL answers; not tried again. Errors: NoAnswer."""
        return self._json("GET", path, params=params)

    def post(self, path: str, body: Mapping[str, Any]) -> Any:
        """The JSON that a path answers to a question in JSON; not tried again. Errors: NoAnswer."""
        return self._json("POST", path, json=body)

    def _json(self, method: str, path: str, **asked: Any) -> Any:
        from gitops_bot.adapters.metrics_http.session import asked_for_json  # noqa: PLC0415 - see above

        return asked_for_json(self.session, method, self.url + path, self.authorised, self.timeout_s, **asked)

    @cached_property
    def session(self) -> Session:
        """A session that refuses what is no evidence."""
        from gitops_bot.adapters.metrics_http.session import session_with  # noqa: PLC0415 - see above

        return session_with(self._headers, self._trust, self._client_cert, self.timeout_s)

    def authorised(self, request: PreparedRequest) -> PreparedRequest:
        """The request with its credentials: `auth` of requests, which without one looks into ~/.netrc."""
        for one in self._credentials:
            try:
                secret = one.secret().strip()
            except (OSError, ValueError, BotError) as error:
                what = "the token of the metrics server cannot be read"
                raise NoAnswer(what, str(error), shared=True) from error
            if not _is_header_value(secret):
                raise NoAnswer("the token of the metrics server is empty, or no header can hold it", shared=True)
            self._secrets[one.header] = secret
            request.headers[one.header] = one.prefix + secret
        return request

    def told(self, trouble: NoAnswer) -> str:
        """The reason for people. Secrets go before the cut, which could leave half of one."""
        words = (word for value in self._headers.values() for word in value.split() if len(word) >= 8)
        detail = trouble.detail
        for secret in filter(None, (*self._secrets.values(), *words)):
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
