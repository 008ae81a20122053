"""The HTTP side: a session whose hook judges every answer where it arrives, and what its exceptions mean.

Nothing is kept between requests, so several threads may ask at once.
"""

from __future__ import annotations

import io
import time
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any
from urllib.parse import urljoin, urlsplit

import requests
from requests.exceptions import InvalidJSONError, SSLError
from urllib3.exceptions import HTTPError, TimeoutError

from gitops_bot.adapters.metrics_http.trouble import NoAnswer, words

MAX_BYTES = 32 * 1024 * 1024
"""Of one answer, unpacked: a query that forgot to aggregate must not fill the memory."""
CONNECT_TIMEOUT_S = 5.0
UNREADABLE = "the answer of the metrics server is not JSON"
_CHUNK = 64 * 1024

Authorise = Callable[[requests.PreparedRequest], requests.PreparedRequest]


def session_with(
    headers: Mapping[str, str], trust: bool | str, client_cert: tuple[str, str] | None, timeout_s: float
) -> requests.Session:
    """A session that judges what it gets; `trust` is as requests' `verify`."""
    session = requests.Session()
    session.headers.update(headers)
    session.verify = trust
    session.cert = client_cert
    session.max_redirects = 3
    session.hooks["response"].append(partial(_judge, timeout_s))
    return session


def timeouts(timeout_s: float) -> tuple[float, float]:
    """For the connection and for what follows, as requests takes them."""
    return min(CONNECT_TIMEOUT_S, timeout_s), timeout_s


def asked_for_json(
    session: requests.Session, method: str, url: str, authorise: Authorise, timeout_s: float, **asked: Any
) -> Any:
    """The JSON of one answer. Errors: NoAnswer."""
    try:
        response = session.request(method, url, auth=authorise, timeout=timeouts(timeout_s), **asked)
        kind = response.headers.get("Content-Type", "")
        if "json" not in kind:
            raise NoAnswer(UNREADABLE, f"its content type is {kind or 'not given'}")
        return response.json()
    except (OSError, HTTPError) as error:
        raise explained(error, timeout_s) from error
    except (ValueError, RecursionError) as error:
        raise NoAnswer(UNREADABLE) from error


def _judge(timeout_s: float, response: requests.Response, *_args: object, **_kwargs: object) -> None:
    """Refuse every answer that is no evidence, before requests follows it or reads it."""
    if response.is_redirect:
        _refuse_other_host(response)
        return
    _read_within_limits(response, timeout_s)
    if response.status_code != 200:
        raise _refusal(response)


def _refuse_other_host(response: requests.Response) -> None:
    """Credentials go to the configured scheme, host and port alone."""
    target = urlsplit(urljoin(response.url, response.headers["location"]))
    if target[:2] != urlsplit(response.url)[:2]:
        where = f"{target.scheme}://{target.hostname}"
        raise NoAnswer("the metrics server redirects to another host", where, shared=True)


def _read_within_limits(response: requests.Response, timeout_s: float) -> None:
    """A server that drips is as silent as one that says nothing: requests' own timeout is of each read alone."""
    until = time.monotonic() + timeout_s
    body = bytearray()
    while chunk := response.raw.read1(_CHUNK, decode_content=True):
        body += chunk
        if len(body) > MAX_BYTES:
            response.close()
            raise NoAnswer(f"the answer is larger than {MAX_BYTES // 1024**2} MiB; does the query aggregate?")
        if time.monotonic() > until:
            response.close()
            raise NoAnswer(f"the metrics server did not end its answer within {timeout_s:g} s")
    response.raw = io.BytesIO(bytes(body))


def _refusal(response: requests.Response) -> NoAnswer:
    status = response.status_code
    if status in (401, 403):
        return NoAnswer(f"the metrics server refused the credentials ({status})", _said(response), shared=True)
    again = status == 429 or status >= 500
    reason = f"the metrics server answered {status}"
    return NoAnswer(reason, _said(response), again=again, heard=not again, shared=status == 429)


def _said(response: requests.Response) -> str:
    """The server's own words about what went wrong; of anything else, such as a proxy's page, the status text."""
    try:
        return words(response.json()) or response.reason or ""
    except (ValueError, RecursionError):
        return response.reason or ""


def explained(error: Exception, timeout_s: float) -> NoAnswer:
    """What an exception of requests or urllib3 means; only a connection that fails is worth another attempt."""
    match error:
        case InvalidJSONError():
            told = NoAnswer(UNREADABLE)
        case requests.ConnectTimeout():
            told = NoAnswer("the metrics server accepts no connection in time", again=True, shared=True)
        case requests.Timeout() | TimeoutError():
            told = NoAnswer(f"the metrics server gave no answer within {timeout_s:g} s")
        case SSLError():
            told = NoAnswer("no TLS connection to the metrics server", _root(error), shared=True)
        case requests.ConnectionError():
            told = NoAnswer("no connection to the metrics server", _root(error), again=True, shared=True)
        case HTTPError():
            told = NoAnswer("the answer of the metrics server broke off", _root(error))
        case _:
            told = NoAnswer("the metrics server cannot be asked", _root(error), shared=True)
    return told


def _root(error: BaseException) -> str:
    """The innermost error's text: `Connection refused`, not the three layers of libraries around it."""
    while inner := error.__cause__ or next((each for each in error.args if isinstance(each, BaseException)), None):
        error = inner
    return str(error) or type(error).__name__
