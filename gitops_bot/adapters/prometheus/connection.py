"""The HTTP side: prometheus-api-client's range query over a session of ours, whose hook judges every answer.

The hook decides where an answer arrives, so nothing is kept between requests and several threads may ask at once.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from urllib.parse import urljoin, urlsplit

import requests
from prometheus_api_client import PrometheusConnect
from requests.exceptions import InvalidJSONError, SSLError
from urllib3 import Retry
from urllib3.exceptions import HTTPError, TimeoutError

from gitops_bot.adapters.prometheus.answers import UNREADABLE, Grid, NoAnswer, only_series

MAX_BYTES = 32 * 1024 * 1024
"""Of one answer, unpacked: a query that forgot to aggregate must not fill the memory."""
CONNECT_TIMEOUT_S = 5.0

Authorise = Callable[[requests.PreparedRequest], requests.PreparedRequest]


class Connection:
    """One server, asked once per call."""

    def __init__(self, url: str, session: requests.Session, authorise: Authorise, timeout_s: float) -> None:
        """`authorise` is an `auth` callable: requests without one looks for credentials in ~/.netrc."""
        self._timeout_s = timeout_s
        self._connect = PrometheusConnect(
            url,
            session=session,
            auth=authorise,
            retry=Retry(0, read=False),  # what requests itself uses: no attempts behind our back
            timeout=(min(CONNECT_TIMEOUT_S, timeout_s), timeout_s),
        )

    def query_range(self, expression: str, grid: Grid) -> Mapping[int, float]:
        """The only series of the answer, by millisecond. Errors: NoAnswer."""
        start, end = (datetime.fromtimestamp(ms / 1000, UTC) for ms in (grid[0], grid[-1]))
        # custom_query_range rounds start and end to whole seconds: ours replace them. The step goes as a duration,
        # because Prometheus cuts the float 1.001 to 1000 ms.
        exact = {"start": _seconds(grid[0]), "end": _seconds(grid[-1]), "timeout": f"{self._timeout_s:g}s"}
        try:
            return only_series(
                self._connect.custom_query_range(expression, start, end, step=f"{grid.step}ms", params=exact)
            )
        except (OSError, HTTPError) as error:
            raise _explained(error, self._timeout_s) from error
        except (LookupError, TypeError, ValueError, RecursionError) as error:
            raise NoAnswer(UNREADABLE) from error


def session_with(
    headers: Mapping[str, str], trust: bool | str, client_cert: tuple[str, str] | None
) -> requests.Session:
    """A session that judges what it gets; `trust` is as requests' `verify`."""
    session = requests.Session()
    session.headers.update(headers)
    session.verify = trust
    session.cert = client_cert
    session.max_redirects = 3
    session.hooks["response"].append(_judge)
    return session


def _judge(response: requests.Response, *_args: object, **_kwargs: object) -> None:
    """Refuse every answer that is no evidence, before requests follows it or reads it."""
    if response.is_redirect:
        _refuse_other_host(response)
        return
    _read_within_limit(response)
    if response.status_code != 200:
        raise _refusal(response)
    if b'"warnings"' in response.content:
        _refuse_warnings(response)


def _refuse_other_host(response: requests.Response) -> None:
    """Credentials go to the configured scheme, host and port alone."""
    target = urlsplit(urljoin(response.url, response.headers["location"]))
    if target[:2] != urlsplit(response.url)[:2]:
        raise NoAnswer("the metrics server redirects to another host", f"{target.scheme}://{target.hostname}")


def _read_within_limit(response: requests.Response) -> None:
    body = response.raw.read(MAX_BYTES + 1, decode_content=True)
    if len(body) > MAX_BYTES:
        response.close()
        raise NoAnswer(f"the answer is larger than {MAX_BYTES // 1024**2} MiB; does the query aggregate?")
    response.raw = io.BytesIO(body)


def _refusal(response: requests.Response) -> NoAnswer:
    status = response.status_code
    if status in (401, 403):
        return NoAnswer(f"the metrics server refused the credentials ({status})", _said(response))
    again = status == 429 or status >= 500
    return NoAnswer(f"the metrics server answered {status}", _said(response), again=again)


def _said(response: requests.Response) -> str:
    """Prometheus' own words about what went wrong; of anything else, such as a proxy's page, the status text."""
    try:
        return str(response.json()["error"])
    except (LookupError, TypeError, ValueError, RecursionError):
        return response.reason or ""


def _refuse_warnings(response: requests.Response) -> None:
    """A partial answer is not evidence; `infos` are about style and pass."""
    payload = response.json()
    warnings = payload.get("warnings") if isinstance(payload, dict) else None
    if warnings:
        raise NoAnswer("the metrics server warns of its own answer", "; ".join(map(str, warnings)))


def _explained(error: Exception, timeout_s: float) -> NoAnswer:
    """What an exception of requests or urllib3 means; only a connection that fails is worth another attempt."""
    match error:
        case InvalidJSONError():
            told = NoAnswer(UNREADABLE)
        case requests.ConnectTimeout():
            told = NoAnswer("the metrics server accepts no connection in time", again=True)
        case requests.Timeout() | TimeoutError():
            told = NoAnswer(f"the metrics server gave no answer within {timeout_s:g} s")
        case SSLError():
            told = NoAnswer("no TLS connection to the metrics server", _root(error))
        case requests.ConnectionError():
            told = NoAnswer("no connection to the metrics server", _root(error), again=True)
        case HTTPError():
            told = NoAnswer("the answer of the metrics server broke off", _root(error))
        case _:
            told = NoAnswer("the metrics server cannot be asked", _root(error))
    return told


def _root(error: BaseException) -> str:
    """The innermost error's text: `Connection refused`, not the three layers of libraries around it."""
    while inner := error.__cause__ or next((each for each in error.args if isinstance(each, BaseException)), None):
        error = inner
    return str(error) or type(error).__name__


def _seconds(ms: int) -> str:
    return f"{ms // 1000}.{ms % 1000:03d}"
