"""A controller's own HTTP API as `Console`: one host of the configuration, asked by GET, answered in JSON.

Credentials go to that host in a header, never into a URL; a redirect is not followed, because it could carry them
elsewhere. What is no JSON by its content type is no answer, whatever its status: Keel reports errors as text with 200.
"""

from __future__ import annotations

import base64
import json
import threading
import time
from collections.abc import Callable, Mapping
from typing import Any

import requests

from gitops_bot.errors import ClusterDenied, ClusterUnreachable, ObjectAbsent

MAX_BYTES = 8 * 1024 * 1024
CONNECT_TIMEOUT_S = 5.0
_CHUNK = 64 * 1024


class HttpConsole:
    """An API at a URL; several threads may ask at once."""

    def __init__(
        self,
        url: str,
        *,
        user: str = "",
        secret: Callable[[], str] | None = None,
        ca_file: str | None = None,
        timeout_s: float = 10,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """`secret` is read before each request: the password of `user`, or without one a token."""
        self._url = url.rstrip("/")
        self._user = user
        self._secret = secret
        self._trust: bool | str = ca_file or True
        self._timeout_s = timeout_s
        self._clock = clock
        self._own = threading.local()

    def get(self, path: str, params: Mapping[str, str] = {}) -> Any:
        """The JSON at a path. Errors: ObjectAbsent (404), ClusterDenied (401, 403), ClusterUnreachable."""
        try:
            with self._session().get(
                self._url + path,
                params=params,
                auth=self._authorised,
                timeout=(min(CONNECT_TIMEOUT_S, self._timeout_s), self._timeout_s),
                allow_redirects=False,
                stream=True,
            ) as answer:
                self._judge(path, answer)
                return json.loads(self._content(answer))
        except (requests.RequestException, OSError) as error:
            raise self._unreachable(f"no answer ({type(error).__name__})") from None
        except (ValueError, RecursionError):
            raise self._unreachable("the answer is not JSON") from None

    def _session(self) -> requests.Session:
        """One for each thread: a session of requests is not to be shared."""
        if not hasattr(self._own, "session"):
            session = self._own.session = requests.Session()
            session.trust_env = False  # no ~/.netrc, whose passwords are nobody's to send
            session.verify = self._trust
            session.headers["Accept"] = "application/json"
        found: requests.Session = self._own.session
        return found

    def _authorised(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        """The request with its credentials, as `auth` of requests."""
        if self._secret is None:
            return request
        secret = self._secret()
        proof = f"Bearer {secret}"
        if self._user:
            proof = f"Basic {base64.b64encode(f'{self._user}:{secret}'.encode()).decode()}"
        if not (proof.isascii() and proof.isprintable()):
            raise self._denied("the secret cannot be sent in a header")
        request.headers["Authorization"] = proof
        return request

    def _judge(self, path: str, answer: requests.Response) -> None:
        """Refuse what is no answer, before it is read."""
        match answer.status_code:
            case 200:
                kind = answer.headers.get("Content-Type", "")
                if "json" not in kind:
                    raise self._unreachable(f"the answer is not JSON: its content type is {kind or 'not given'}")
            case 401 | 403:
                raise self._denied(f"the credentials were refused ({answer.status_code})")
            case 404:
                raise ObjectAbsent(f"there is nothing at {path}", where=self._url)
            case status:
                raise self._unreachable(f"it answered {status}")

    def _content(self, answer: requests.Response) -> bytes:
        """A server that drips is as silent as one that says nothing: requests' own timeout is of each read alone."""
        until = self._clock() + self._timeout_s
        content = bytearray()
        for part in answer.iter_content(_CHUNK):
            content += part
            if len(content) > MAX_BYTES:
                raise self._unreachable(f"the answer is longer than {MAX_BYTES} bytes")
            if self._clock() > until:
                raise self._unreachable(f"the answer did not end within {self._timeout_s:g} s")
        return bytes(content)

    def _unreachable(self, what: str) -> ClusterUnreachable:
        return ClusterUnreachable(what, where=self._url)

    def _denied(self, what: str) -> ClusterDenied:
        return ClusterDenied(what, where=self._url, remedy="Correct it under spec.clusters of the configuration.")
