"""The HTTP side: prometheus-api-client's range query over our own session, whose hook keeps what the library drops."""

from __future__ import annotations

import threading
from collections.abc import Sequence, Set
from datetime import UTC, datetime, timedelta
from typing import Any

import requests
from prometheus_api_client import PrometheusConnect
from requests.exceptions import InvalidJSONError
from urllib3 import Retry
from urllib3.exceptions import HTTPError

from gitops_bot.adapters.metrics_http import NoAnswer, Server
from gitops_bot.adapters.metrics_http.session import explained, timeouts
from gitops_bot.adapters.prometheus.answers import UNREADABLE, Grid, infos_of, lookback_ms, result_of

_DAY = timedelta(days=1)


class Connection:
    """One server, asked once per call; nothing is kept between calls, so several threads may ask at once."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self._kept = threading.local()
        session = server.session
        session.hooks["response"].append(self._keep)
        self._connect = PrometheusConnect(
            server.url,
            session=session,
            auth=server.authorised,
            retry=Retry(0, read=False),  # what requests itself uses: no attempts behind our back
            timeout=timeouts(server.timeout_s),
        )

    def query_range(self, expression: str, grid: Grid) -> tuple[Sequence[Any], str]:
        """The series of the answer as they came, and what the server remarks. Errors: NoAnswer."""
        start, end = (datetime.fromtimestamp(ms / 1000, UTC) for ms in (grid[0], grid[-1]))
        try:
            self._connect.custom_query_range(expression, start, end, step=f"{grid.step}ms", params=self._exact(grid))
        except InvalidJSONError as error:
            raise NoAnswer(UNREADABLE) from error
        except (OSError, HTTPError) as error:
            raise explained(error, self._server.timeout_s) from error
        except (LookupError, TypeError, ValueError, RecursionError) as error:
            raise NoAnswer(UNREADABLE) from error
        return result_of(self._kept.payload), infos_of(self._kept.payload)

    def names(self, wanted: Set[str], until_ms: int) -> set[str]:
        """Those of some metric names that the server knows of the last day. Errors: NoAnswer."""
        matches = [("match[]", f'{{__name__="{name}"}}') for name in sorted(wanted)]
        since = until_ms - _DAY // timedelta(milliseconds=1)
        bounds = [("start", _seconds(since)), ("end", _seconds(until_ms))]
        payload = self._server.get("/api/v1/label/__name__/values", [*matches, *bounds])
        names = payload.get("data") if isinstance(payload, dict) else None
        if not isinstance(names, list):
            raise NoAnswer(UNREADABLE)
        return {name for name in names if isinstance(name, str)}

    def _exact(self, grid: Grid) -> dict[str, str]:
        # custom_query_range rounds start and end to whole seconds: ours replace them. The step goes as a duration,
        # because Prometheus cuts the float 1.001 to 1000 ms. max_lookback and nocache are for VictoriaMetrics, which
        # else moves the instants. Who does not know a parameter ignores it.
        lookback = f"{lookback_ms(grid)}ms"
        return {
            "start": _seconds(grid[0]),
            "end": _seconds(grid[-1]),
            "timeout": f"{self._server.timeout_s:g}s",
            "lookback_delta": lookback,
            "max_lookback": lookback,
            "nocache": "1",
        }

    def _keep(self, response: requests.Response, *_args: object, **_kwargs: object) -> None:
        """Keep the whole answer for this thread: the library hands out `data.result` alone."""
        if not response.is_redirect:
            self._kept.payload = response.json()


def _seconds(ms: int) -> str:
    return f"{ms // 1000}.{ms % 1000:03d}"
