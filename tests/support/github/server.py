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

import jwt

from tests.support.github.git import BareRepo
from tests.support.github.routes import Call, Identity, Reply, route
from tests.support.github.rules import Pull, Refusal, World
from tests.support.github.shapes import Shapes
from tests.support.openapi import OpenApi


@dataclass(frozen=True)
class Request:
    """One that arrived. Header names are in lower case."""

    method: str
    path: str
    """Without `/api/v3`."""
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: Any

    def __str__(self) -> str:
        return f"{self.method} {self.path}"


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


class FakeGitHub:
    """GitHub with one repository. Use as a context manager; leaving it fails if a request broke GitHub's description.

    The bot's token belongs to `bot`; `actions_token` is one of an Actions run; `app_key` (PEM, public) admits an App.
    """

    def __init__(
        self,
        bare_repo: Path,
        owner: str = "acme",
        name: str = "environments",
        token: str = "ghp_the-bots-own-token",
        *,
        bot: str = "gitops-bot",
        app_key: str = "",
        judged: bool = True,
    ) -> None:
        self.world = World(BareRepo(bare_repo), owner, name)
        self.token = token
        self.actions_token = "ghs_of-an-actions-run"
        self.requests: list[Request] = []
        self.violations: list[str] = []
        self.tokens = {token: Identity(bot), self.actions_token: Identity("github-actions[bot]", "installation")}
        self._app_key = app_key
        self._judge = OpenApi.load() if judged else None
        self.ending = threading.Event()
        self.watching: Callable[[Request], None] = lambda _request: None
        """Told of each request before it is answered."""
        self._faults: list[Fault] = []
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
            assert not self.violations, "GitHub's description forbids:\n" + "\n".join(self.violations)

    @property
    def repository(self) -> str:
        """`owner/name`."""
        return f"{self.world.owner}/{self.world.name}"

    @property
    def api_url(self) -> str:
        """As GitHub Enterprise Server has it."""
        return f"http://127.0.0.1:{self._server.server_port}/api/v3"

    def people_open(self, branch: str, *, base: str = "main", title: str = "By hand", author: str = "alice") -> int:
        """A person opens one from a branch."""
        with self._lock:
            return self.world.create(author, branch=branch, base=base, title=title).number

    def fork_open(self, branch: str, *, owner: str | None, author: str = "mallory") -> int:
        """Someone opens one from a fork whose branch has that name; owner None: the fork is deleted by now."""
        with self._lock:
            return self.world.create(author, branch=branch, base="main", title="From a fork", fork=owner).number

    def people_close(self, number: int) -> None:
        """A person closes it."""
        with self._lock:
            self.world.edit(number, state="closed")

    def people_merge(self, number: int, *, method: str = "merge") -> str:
        """A person merges it; the new commit."""
        with self._lock:
            self.world.sync()
            return self.world.merge(number, "alice", method=method)

    def people_say(self, number: int, text: str, *, author: str = "alice") -> None:
        """A person comments."""
        with self._lock:
            self.world.remark(number, author, text)

    def pull(self, number: int) -> Pull:
        """The present state of a pull request."""
        with self._lock:
            self.world.sync()
            return self.world.pull(number)

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
        """Answer the next request that fits (searched in the path without `/api/v3`) in this way.

        after_effect: what was asked happens first. status 0: no answer at all, the connection breaks. A body of bytes
        is sent as it is.
        """
        fault = Fault(
            method, re.compile(path_regex), status, body or {"message": "on purpose"}, headers or {}, after_effect
        )
        self._faults += [fault] * times

    def forgive(self) -> None:
        """No more faults."""
        self._faults.clear()

    def asked(self, method: str = "", path_regex: str = "") -> list[Request]:
        """The requests so far that fit."""
        return [one for one in self.requests if method in ("", one.method) and re.search(path_regex, one.path)]

    def answer(self, request: Request, root: str) -> _Reply | None:
        """What to say; None breaks the connection."""
        with self._lock:
            self.requests.append(request)
            self.watching(request)
            self._judge_request(request)
            fault = next(
                (one for one in self._faults if one.method == request.method and one.path.search(request.path)), None
            )
            if fault:
                self._faults.remove(fault)
                if fault.after_effect:
                    self._done(request, root)
            else:
                status, body = self._done(request, root)
                self._judge_answer(request, status, body)
                return _paged(request, root, status, body)
        if fault.status == -1:
            self.ending.wait()
        return _Reply(fault.status, fault.body, fault.headers) if fault.status > 0 else None

    def _done(self, request: Request, root: str) -> Reply:
        shapes = Shapes(self.world, root)
        try:
            identity = self._identity(request.headers.get("authorization", ""))
            self.world.sync()
            function, args = route(self.world, request.method, request.path)
            return function(Call(self.world, shapes, identity, args, request.query, request.body))
        except Refusal as no:
            errors = {"errors": list(no.errors)} if no.errors else {}
            return no.status, {"message": no.message, "documentation_url": "https://docs.github.com/rest", **errors}

    def _identity(self, authorization: str) -> Identity:
        kind, _, token = authorization.partition(" ")
        if token in self.tokens:
            return self.tokens[token]
        if kind == "Bearer" and self._app_key:
            try:
                # PyGithub signs by the machine's clock, this world has its own.
                jwt.decode(
                    token, self._app_key, algorithms=["RS256"], options={"verify_exp": False, "verify_iat": False}
                )
            except jwt.InvalidTokenError as error:
                raise Refusal(401, "A JSON web token could not be decoded") from error
            return Identity("gitops-bot[bot]", "app", mint=self._mint)
        raise Refusal(401, "Bad credentials")

    def _mint(self) -> str:
        token = f"ghs_installation-{self.world.new_id()}"
        self.tokens[token] = Identity("gitops-bot[bot]", "installation")
        return token

    def _judge_request(self, request: Request) -> None:
        if self._judge and request.path != "/graphql":
            self.violations += self._judge.judge_request(request.method, request.path, request.query, request.body)

    def _judge_answer(self, request: Request, status: int, body: Any) -> None:
        # GitHub sends null for the repository of a deleted fork; its description does not know that.
        if self._judge and not any(pull.fork is None for pull in self.world.pulls.values()):
            self.violations += self._judge.judge_answer(request.method, request.path, status, body)

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        fake = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True

            def do_GET(self) -> None:
                _serve(self, fake.answer)

            do_POST = do_PUT = do_PATCH = do_DELETE = do_GET  # noqa: N815 - http.server's names

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


def _serve(handler: BaseHTTPRequestHandler, answer: Callable[[Request, str], _Reply | None]) -> None:
    split = urlsplit(handler.path)
    sent = handler.rfile.read(int(handler.headers.get("Content-Length") or 0))
    headers = {name.lower(): value for name, value in handler.headers.items()}
    path = re.sub(r"^/api(/v3)?", "", split.path)
    request = Request(handler.command, path, dict(parse_qsl(split.query)), headers, json.loads(sent) if sent else None)
    reply = answer(request, f"http://{handler.headers['Host']}")
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


def _paged(request: Request, root: str, status: int, body: Any) -> _Reply:
    headers: dict[str, str] = {}
    if isinstance(body, list) and request.method == "GET":
        body, headers = _page(request, root, body)
    tag = f'W/"{hashlib.sha256(json.dumps([body, headers]).encode()).hexdigest()}"'
    headers |= {"ETag": tag} if request.method == "GET" else {}
    return _Reply(304 if request.headers.get("if-none-match") == tag else status, body, headers)


def _page(request: Request, root: str, items: Sequence[Any]) -> tuple[Sequence[Any], dict[str, str]]:
    size, page = int(request.query.get("per_page", 30)), int(request.query.get("page", 1))
    following = {**request.query, "page": str(page + 1)}
    link = f'<{root}/api/v3{request.path}?{urlencode(following)}>; rel="next"'
    return items[(page - 1) * size : page * size], {"Link": link} if len(items) > page * size else {}
