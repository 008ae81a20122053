"""The Kubernetes client, used for what it alone knows: configuration, credentials and TLS.

Requests go through its connection pool, because its own calls differ from release to release, and its typed lists are
many times slower than reading the answer's JSON. Every cluster has a Configuration of its own, so that several live in
one process.
"""

from __future__ import annotations

import gc
import json
import re
import threading
import time
from collections.abc import Callable, Generator, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import yaml
from kubernetes import config
from kubernetes.client import ApiClient, Configuration
from kubernetes.config import ConfigException
from urllib3 import Retry, Timeout
from urllib3.exceptions import HTTPError

from gitops_bot.adapters.kubernetes.access import Access
from gitops_bot.errors import ClusterUnreachable

MOST_AT_ONCE = 32
"""Connections that are kept to one API server, and so the watches that may be open at once."""
MAX_PATIENCE_S = 10.0
"""The longest wait that a server's Retry-After gets from us."""
MAX_DETAIL = 200
"""Characters of a foreign text in an error."""

Query = Mapping[str, str]

# Typed in some of the client's releases, and in some not.
_load_incluster: Callable[..., None] = config.load_incluster_config
_load_file: Callable[..., None] = config.load_kube_config


class Refused(Exception):
    """The API server answered, and not with what was asked for."""

    def __init__(self, status: int, reason: str, headers: Mapping[str, str], body: bytes) -> None:
        super().__init__(status)
        self.status = status
        self.headers = headers
        self.said = _status(body)
        """The `Status` object of the answer; empty where it is none."""
        self.message = str(self.said.get("message") or reason)
        """The API server's own words; of anything else, such as a proxy's page, the status text."""

    @property
    def patience_s(self) -> float | None:
        """How long a busy server asks us to wait, cut to what we are willing to; None: it does not ask."""
        after = self.headers.get("Retry-After") or "" if self.status == 429 else ""
        return min(float(after), MAX_PATIENCE_S) if after.isdecimal() else None


class Connection:
    """Requests to one API server, with the credentials that its configuration names."""

    def __init__(self, access: Access, timeout_s: tuple[float, float], sleep: Callable[[float], None]) -> None:
        """Errors: ClusterUnreachable (there is no such configuration)."""
        self._access = access
        self._connect_s, self._read_s = timeout_s
        self._sleep = sleep
        self._configuration = _configured(access)
        self._pool = ApiClient(self._configuration).rest_client.pool_manager
        self._signing = threading.Lock()

    def get(self, path: str, query: Query) -> Any:
        """The JSON at a path. Errors: Refused, ClusterUnreachable."""
        with self._trouble():
            try:
                answer = self._ask(path, query)
            except Refused as refused:
                if refused.patience_s is None:
                    raise
                self._sleep(refused.patience_s)
                answer = self._ask(path, query)
            return _parsed(answer.data)

    def lines(self, path: str, query: Query, lasts_s: float) -> Generator[Any, None, None]:
        """The JSON lines of an answer that grows for some seconds and then ends.

        Errors: Refused, ClusterUnreachable (the answer broke off, or goes on for too long).
        """
        ends = time.monotonic() + lasts_s + self._read_s
        with self._trouble():
            answer = self._ask(path, query, lasts_s=lasts_s)
            try:
                rest = b""
                for chunk in answer.stream():
                    *whole, rest = (rest + chunk).split(b"\n")
                    yield from map(_parsed, whole)
                    if time.monotonic() > ends:
                        raise self.unreachable("the answer does not end")
                if rest.strip():
                    raise self.unreachable("the answer broke off")
            finally:
                answer.close()  # what is left unread would be the next request's answer; harmless at the end
                answer.release_conn()

    def unreachable(self, what: str, detail: str = "") -> ClusterUnreachable:
        """An error of this server, without secrets."""
        return ClusterUnreachable(f"{what}{self.told(detail)}", where=str(self._access))

    def told(self, detail: str) -> str:
        """A foreign text to append to ours. Secrets go before the cut, which could leave half of one."""
        detail = re.sub(r"(?i)\b(bearer|basic)\s+[\w.~+/=-]+", r"\1 ***", detail)
        for value in self._configuration.api_key.values():
            detail = detail.replace(value.split()[-1], "***") if value.strip() else detail
        return f": {_cut(detail)}" if detail else ""

    def _ask(self, path: str, query: Query, lasts_s: float | None = None) -> Any:
        # The API never redirects, and not every urllib3 in range heeds `retries` of the configuration in a redirect.
        answer = self._pool.request(
            "GET",
            f"{self._configuration.host.rstrip('/')}{path}",
            fields=dict(query),
            headers={"Accept": "application/json", "User-Agent": "gitops-bot", **self._credentials()},
            timeout=Timeout(connect=self._connect_s, read=self._read_s + (lasts_s or 0)),
            redirect=False,
            preload_content=lasts_s is None,
        )
        if answer.status != 200:
            body = answer.data  # read to the end, so that the connection can be used again
            raise Refused(answer.status, answer.reason or "", answer.headers, body)
        return answer

    def _credentials(self) -> Mapping[str, str]:
        with self._signing:  # one plugin at a time, however many watches
            settings: Any = self._configuration.auth_settings()
        return {each["key"]: each["value"] for each in settings.values() if each["in"] == "header" and each["value"]}

    @contextmanager
    def _trouble(self) -> Iterator[None]:
        try:
            yield
        except (ConfigException, HTTPError, OSError) as error:  # credentials that expired are fetched inside the call
            raise self.unreachable("no answer", _root(error)) from error
        except (LookupError, TypeError, ValueError, AttributeError) as error:
            raise self.unreachable("what answers is not the Kubernetes API") from error


def _configured(access: Access) -> Configuration:
    configuration = Configuration()
    configuration.connection_pool_maxsize = MOST_AT_ONCE
    # The client's defaults would sleep as long as a Retry-After says, and try reads again in silence.
    configuration.retries = Retry(
        1, connect=1, read=0, redirect=False, status=0, other=0, respect_retry_after_header=False
    )
    try:
        if access.in_cluster:
            _load_incluster(client_configuration=configuration)
        else:
            _load_kubeconfig(access, configuration)
    except (ConfigException, OSError, ValueError, LookupError, TypeError, AttributeError, yaml.YAMLError) as error:
        # The client quotes whole entries, secrets included, after the place: what follows a brace is left out.
        detail = _cut(str(error).partition("{")[0]).rstrip(" /.")
        raise ClusterUnreachable(f"there is no usable configuration: {detail}", where=str(access)) from None
    return configuration


def _load_kubeconfig(access: Access, configuration: Configuration) -> None:
    if not access.files():
        remedy = "Set `kubeconfig`, $KUBECONFIG, or `inCluster: true`"
        raise ClusterUnreachable(f"there is no kubeconfig at {access.path}", where=str(access), remedy=remedy)
    if access.context is not None and access.context not in access.contexts():
        remedy = f"It has: {', '.join(access.contexts()) or 'none'}"
        raise ClusterUnreachable(f"{access.path} has no such context", where=str(access), remedy=remedy)
    _load_file(
        config_file=access.path, context=access.context, client_configuration=configuration, persist_config=False
    )


def _parsed(data: bytes) -> Any:
    """The value of a JSON text. Parsing makes no cycles, and looking for them takes longer than a large list itself."""
    looking = gc.isenabled()
    gc.disable()
    try:
        return json.loads(data)
    except RecursionError:
        raise ValueError("it nests too deep") from None
    finally:
        if looking:
            gc.enable()


def _status(body: bytes) -> Mapping[str, Any]:
    try:
        said = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    return said if isinstance(said, dict) else {}


def _root(error: BaseException) -> str:
    """The innermost error's text: `Connection refused`, not the layers of libraries around it."""
    while inner := error.__cause__ or next((each for each in error.args if isinstance(each, BaseException)), None):
        error = inner
    return str(error) or type(error).__name__


def _cut(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= MAX_DETAIL else line[: MAX_DETAIL - 1] + "…"
