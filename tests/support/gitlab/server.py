"""The HTTP side: who asks, what goes wrong on purpose, paging, ETags, and a judge at the door."""

from __future__ import annotations

import hashlib
import json
import re
import sys
import threading
import traceback
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from urllib.parse import parse_qsl, urlencode, urlsplit

from tests.support.github.git import BareRepo
from tests.support.gitlab.routes import Call, Reply, route
from tests.support.gitlab.rules import MergeRequest, Refusal, World
from tests.support.gitlab.shapes import Shapes


@dataclass(frozen=True)
class Request:
    """One that arrived. Header names are in lower case."""

    method: str
    path: str
    """Without `/api/v4`, as it was encoded."""
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: Any

    def __str__(self) -> str:
        return f"{self.method} {self.path}"

    @property
    def writes(self) -> bool:
        """It changes something."""
        return self.method != "GET" and not (self.path == "/graphql" and self.body["query"].startswith("query"))


@dataclass(frozen=True)
class Fault:
    """What happens to the next request that fits."""

    method: str
    path: re.Pattern[str]
    status: int
    """0: the connection breaks; -1: nothing comes before the test ends."""
    body: Any
    headers: Mapping[str, str]
    after_effect: bool


@dataclass(frozen=True)
class _Reply:
    status: int
    body: Any
    headers: Mapping[str, str] = field(default_factory=dict)


class FakeGitLab:
    """GitLab with one project. Use as a context manager; leaving it fails if a request asked for what there is not.

    The bot's token belongs to `bot`; `read_token` has the scope read_api alone. `root` is the path of an instance
    that does not lie at its host's root.
    """

    def __init__(
        self,
        bare_repo: Path,
        path: str = "acme/platform/environments",
        token: str = "glpat-the-bots-own-token",
        *,
        bot: str = "gitops-bot",
        root: str = "",
    ) -> None:
        self.world = World(BareRepo(bare_repo), path)
        self.token = token
        self.read_token = "glpat-may-only-read"
        self.tokens = {token: bot, self.read_token: bot}
        self.requests: list[Request] = []
        self.violations: list[str] = []
        self.ending = threading.Event()
        self._root = root
        self._faults: list[Fault] = []
        self._breaks = (0, False)
        self._lock = threading.Lock()
        self._server = _Server(("127.0.0.1", 0), self._handler())
        self._server.violations = self.violations
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.ending.set()
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()
        if error is None:
            assert not self.violations, "GitLab knows nothing of:\n" + "\n".join(self.violations)

    @property
    def url(self) -> str:
        """The instance's."""
        return f"http://127.0.0.1:{self._server.server_port}{self._root}"

    @property
    def api_url(self) -> str:
        """The API's."""
        return f"{self.url}/api/v4"

    def people_open(self, branch: str, *, base: str = "main", title: str = "By hand", author: str = "alice") -> int:
        """A person opens one from a branch."""
        with self._lock:
            return self.world.create(author, branch=branch, base=base, title=title).iid

    def fork_open(self, branch: str, *, owner: str | None, author: str = "mallory") -> int:
        """Someone opens one from a fork whose branch has that name; owner None: the fork is deleted by now."""
        with self._lock:
            return self.world.create(author, branch=branch, base="main", title="From a fork", fork=owner).iid

    def people_close(self, iid: int) -> None:
        """A person closes it."""
        with self._lock:
            self.world.edit(iid, state_event="close")

    def people_merge(self, iid: int, *, squash: bool = False) -> MergeRequest:
        """A person merges it."""
        with self._lock:
            self.world.sync()
            return self.world.merge(iid, "alice", squash=squash)

    def people_say(self, iid: int, text: str, *, author: str = "alice") -> None:
        """A person comments."""
        with self._lock:
            self.world.note(iid, author, text)

    def request(self, iid: int) -> MergeRequest:
        """The present state of a merge request."""
        with self._lock:
            self.world.sync()
            return self.world.request(iid)

    def fail_next(
        self,
        method: str,
        path_regex: str,
        status: int,
        body: Any = None,
        headers: Mapping[str, str] | None = None,
        *,
        after_effect: bool = False,
        times: int = 1,
    ) -> None:
        """Answer the next request that fits (searched in the path without `/api/v4`) in this way.

        after_effect: what was asked happens first. status 0: no answer at all, the connection breaks; -1: silence.
        A body of bytes is sent as it is; a Content-Length of one's own breaks the answer off.
        """
        told = {"message": "on purpose"} if body is None else body
        fault = Fault(method, re.compile(path_regex), status, told, headers or {}, after_effect)
        self._faults += [fault] * times

    def break_at(self, count: int, *, after_effect: bool) -> None:
        """The request after so many more gets no answer."""
        self._breaks = (len(self.requests) + count + 1, after_effect)

    def asked(self, method: str = "", path_regex: str = "") -> list[Request]:
        """The requests so far that fit."""
        return [one for one in self.requests if method in ("", one.method) and re.search(path_regex, one.path)]

    def answer(self, request: Request) -> _Reply | None:
        """What to say; None breaks the connection."""
        with self._lock:
            self.requests.append(request)
            if len(self.requests) == self._breaks[0]:
                if self._breaks[1]:
                    self._done(request)
                return None
            fault = next(
                (one for one in self._faults if one.method == request.method and one.path.search(request.path)), None
            )
            if fault is None:
                return self._paged(request, *self._done(request))
            self._faults.remove(fault)
            if fault.after_effect:
                self._done(request)
        if fault.status == -1:
            self.ending.wait()
        return _Reply(fault.status, fault.body, fault.headers) if fault.status > 0 else None

    def _done(self, request: Request) -> Reply:
        try:
            user = self._user(request)
            self.world.sync()
            return self._routed(request, user)
        except Refusal as no:
            return no.status, no.message if isinstance(no.message, dict) and "error" in no.message else {
                "message": no.message
            }

    def _routed(self, request: Request, user: str) -> Reply:
        found = route(self.world, request.method, request.path)
        if found is None:
            self.violations.append(f"{request} is no route")
            raise Refusal(404, "404 Not Found")
        chosen, args = found
        self.violations += chosen.faults(request.query, request.body)
        shapes = Shapes(self.world, self.url)
        return chosen.answer(Call(self.world, shapes, user, args, request.query, request.body))

    def _user(self, request: Request) -> str:
        kind, _, token = request.headers.get("authorization", "").partition(" ")
        token = token if kind == "Bearer" else request.headers.get("private-token", "")
        if token not in self.tokens:
            raise Refusal(401, "401 Unauthorized")
        if token == self.read_token and request.method != "GET" and request.path != "/graphql":
            told = "The request requires higher privileges than provided by the access token."
            raise Refusal(403, {"error": "insufficient_scope", "error_description": told, "scope": "api"})
        return self.tokens[token]

    def _paged(self, request: Request, status: int, body: Any) -> _Reply:
        headers: dict[str, str] = {}
        if isinstance(body, list) and request.method == "GET":
            body, headers = self._page(request, body)
        tag = f'W/"{hashlib.sha256(json.dumps([body, headers]).encode()).hexdigest()}"'
        headers |= {"ETag": tag} if request.method == "GET" else {}
        return _Reply(304 if request.headers.get("if-none-match") == tag else status, body, headers)

    def _page(self, request: Request, items: Sequence[Any]) -> tuple[Sequence[Any], dict[str, str]]:
        size, page = int(request.query.get("per_page", 20)), int(request.query.get("page", 1))
        following = {**request.query, "page": str(page + 1)}
        link = f'<{self.url}/api/v4{request.path}?{urlencode(following)}>; rel="next"'
        more = len(items) > page * size
        headers = {"X-Page": str(page), "X-Next-Page": str(page + 1) if more else ""}
        return items[(page - 1) * size : page * size], headers | ({"Link": link} if more else {})

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        fake = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True

            def do_GET(self) -> None:
                _serve(self, f"{fake._root}/api", fake.answer)

            do_POST = do_PUT = do_DELETE = do_GET  # noqa: N815 - http.server's names

            def log_message(self, format: str, *args: Any) -> None:
                """Silent."""

            def date_time_string(self, timestamp: float | None = None) -> str:
                return format_datetime(fake.world.now, usegmt=True)

        return Handler


class _Server(ThreadingHTTPServer):
    """What breaks in the fake fails the test, too."""

    daemon_threads = True
    violations: list[str]

    def handle_error(self, request: Any, client_address: Any) -> None:
        if not isinstance(sys.exception(), ConnectionError):
            self.violations.append(traceback.format_exc())


def _serve(handler: BaseHTTPRequestHandler, prefix: str, answer: Callable[[Request], _Reply | None]) -> None:
    split = urlsplit(handler.path)
    sent = handler.rfile.read(int(handler.headers.get("Content-Length") or 0))
    headers = {name.lower(): value for name, value in handler.headers.items()}
    inside = re.fullmatch(rf"{prefix}(?:/v4(/.*)|(/graphql))", split.path)
    path = inside[1] or inside[2] if inside else f"outside the API: {split.path}"
    request = Request(handler.command, path, dict(parse_qsl(split.query)), headers, json.loads(sent) if sent else None)
    reply = answer(request)
    if reply is None:
        handler.close_connection = True
        return
    body = reply.body if isinstance(reply.body, bytes) else json.dumps(reply.body).encode()
    body = b"" if reply.status in (204, 304) else body
    handler.send_response(reply.status)
    for name, value in {"Content-Type": "application/json", "Content-Length": str(len(body)), **reply.headers}.items():
        handler.send_header(name, value)
    handler.end_headers()
    handler.wfile.write(body)
    handler.close_connection = handler.close_connection or "Content-Length" in reply.headers
