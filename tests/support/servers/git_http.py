"""Bare repositories served by `git http-backend` over smart HTTP, with the credentials and refusals of a forge."""

import base64
import binascii
import os
import subprocess
import threading
from dataclasses import dataclass
from email.message import Message
from email.parser import BytesParser
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import TracebackType
from typing import Self
from urllib.parse import unquote, urlsplit

BACKEND_TIMEOUT_S = 60.0
SOCKET_TIMEOUT_S = 60.0
ANONYMOUS = "anonymous"


@dataclass(frozen=True, slots=True)
class Request:
    """One request as the server saw it."""

    method: str
    """`GET` or `POST`."""
    path: str
    """Path without the query, such as `/app.git/git-receive-pack`."""
    query: str
    """Query string without `?`; may be empty."""
    has_authorization: bool
    """Whether an `Authorization` header was sent, right or wrong."""
    received_bytes: int
    """Size of the request's body, after chunks were joined and before gzip was undone."""
    sent_bytes: int
    """Size of the response's body."""
    status: int
    """HTTP status that was answered."""


@dataclass(frozen=True, slots=True)
class Response:
    """What is sent back: a status, headers in order, and the whole body."""

    status: int
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""


class GitHttp:
    """A loopback git server over the bare repositories below `folder`; a context manager.

    With `token` or `readonly_token` set, now or later, every request must carry one of them, as the password of Basic
    or as Bearer; a push with `readonly_token` is forbidden. Hooks see the Basic user name in `$REMOTE_USER`.
    """

    def __init__(self, folder: Path, *, token: str | None = None, readonly_token: str | None = None) -> None:
        self.folder = folder
        self.token = token
        self.readonly_token = readonly_token
        self.requests: list[Request] = []
        """Every request answered so far, in the order of the answers."""
        folder.mkdir(parents=True, exist_ok=True)
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler_for(self))
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)

    @property
    def url(self) -> str:
        """Where it answers, without a trailing slash."""
        return f"http://127.0.0.1:{self._server.server_port}"

    def url_of(self, name: str) -> str:
        """The clone URL of the repository `name`."""
        return f"{self.url}/{name}.git"

    def path_of(self, name: str) -> Path:
        """The bare repository `name` on disk, for a look behind the server's back."""
        return self.folder / f"{name}.git"

    def create(self, name: str, *, allow_filter: bool = True) -> Path:
        """Make the empty bare repository `name` on branch `main`; without `allow_filter` it refuses partial clones."""
        path = self.path_of(name)
        path.parent.mkdir(parents=True, exist_ok=True)
        _git("init", "--quiet", "--bare", "--template=", "--initial-branch=main", str(path))
        settings = {
            "http.receivepack": "true",
            "uploadpack.allowFilter": str(allow_filter).lower(),
            "uploadpack.allowAnySHA1InWant": "true",
        }
        for key, value in settings.items():
            _git("-C", str(path), "config", key, value)
        return path

    def hook(self, name: str, script: str) -> None:
        """Install `script` (with or without `#!`) as the pre-receive hook of `name`: branch protection, say."""
        path = self.path_of(name) / "hooks" / "pre-receive"
        path.parent.mkdir(exist_ok=True)
        path.write_text(script if script.startswith("#!") else f"#!/bin/sh\n{script}\n")
        path.chmod(0o755)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def stop(self) -> None:
        """Stop answering and free the port; the repositories stay. Harmless when repeated."""
        if self._thread.is_alive():
            self._server.shutdown()
            self._thread.join()
        self._server.server_close()

    def refusal(self, authorization: str | None, *, is_push: bool) -> Response | None:
        """The 401 or 403 that these credentials deserve; None lets the request pass."""
        if self.token is None and self.readonly_token is None:
            return None
        _, secret = _credentials(authorization)
        if secret is not None and secret == self.token:
            return None
        if secret is not None and secret == self.readonly_token:
            return Response(403, body=b"this token may only read\n") if is_push else None
        return Response(401, headers=(("WWW-Authenticate", 'Basic realm="git"'),), body=b"a token is needed\n")


def _handler_for(git: GitHttp) -> type[BaseHTTPRequestHandler]:
    """The request handler class bound to `git`: `http.server` makes one instance for each connection."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        timeout = SOCKET_TIMEOUT_S

        def do_GET(self) -> None:
            self._answer()

        def do_POST(self) -> None:
            self._answer()

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing: requests are recorded, not logged."""

        def _answer(self) -> None:
            url = urlsplit(self.path)
            body = self._read_body()  # read even when refused, or the next request on the connection is misread
            authorization = self.headers.get("Authorization")
            is_push = "git-receive-pack" in (url.path.rpartition("/")[2], url.query.removeprefix("service="))
            response = git.refusal(authorization, is_push=is_push) or _run_backend(
                _cgi_environment(git.folder, self.command, self.path, self.headers), body
            )
            git.requests.append(
                Request(
                    method=self.command,
                    path=url.path,
                    query=url.query,
                    has_authorization=authorization is not None,
                    received_bytes=len(body),
                    sent_bytes=len(response.body),
                    status=response.status,
                )
            )
            self._send(response)

        def _read_body(self) -> bytes:
            if self.headers.get("Transfer-Encoding", "").lower() == "chunked":
                return self._read_chunks()
            return self.rfile.read(int(self.headers.get("Content-Length", 0)))

        def _read_chunks(self) -> bytes:
            chunks = []
            while size := int(self.rfile.readline().split(b";")[0], 16):
                chunks.append(self.rfile.read(size))
                self.rfile.readline()
            while self.rfile.readline().strip():
                pass  # trailers
            return b"".join(chunks)

        def _send(self, response: Response) -> None:
            self.send_response(response.status)
            for name, value in response.headers:
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(response.body)))
            self.end_headers()
            self.wfile.write(response.body)

    return Handler


def _cgi_environment(folder: Path, method: str, target: str, headers: Message) -> dict[str, str]:
    """The variables of RFC 3875 that the backend needs and no others: the user's git configuration stays out."""
    url = urlsplit(target)
    user, _ = _credentials(headers.get("Authorization"))
    return {
        "PATH": os.environ.get("PATH", os.defpath),
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_PROJECT_ROOT": str(folder),
        "GIT_HTTP_EXPORT_ALL": "1",
        "GIT_PROTOCOL": headers.get("Git-Protocol", ""),
        "REQUEST_METHOD": method,
        "PATH_INFO": unquote(url.path),
        "QUERY_STRING": url.query,
        "CONTENT_TYPE": headers.get("Content-Type", ""),
        "HTTP_CONTENT_ENCODING": headers.get("Content-Encoding", ""),
        "REMOTE_USER": user,
        "REMOTE_ADDR": "127.0.0.1",
    }


def _run_backend(environment: dict[str, str], body: bytes) -> Response:
    """Run `git http-backend` on one request; its own failure is a 500 that carries what it said."""
    command = ["git", "http-backend"]
    sized = {**environment, "CONTENT_LENGTH": str(len(body))}
    try:
        done = subprocess.run(
            command, env=sized, input=body, capture_output=True, timeout=BACKEND_TIMEOUT_S, check=False
        )
    except subprocess.TimeoutExpired:
        return Response(500, body=b"git http-backend took too long\n")
    head, separator, content = done.stdout.partition(b"\r\n\r\n")
    if not separator:
        return Response(500, body=done.stderr)
    headers = BytesParser().parsebytes(head, headersonly=True)
    status = int(headers.get("Status", "200").split()[0])
    return Response(status, tuple((name, value) for name, value in headers.items() if name != "Status"), content)


def _credentials(authorization: str | None) -> tuple[str, str | None]:
    """User name and secret of an `Authorization` header; what cannot be read is nobody with no secret."""
    scheme, _, value = (authorization or "").partition(" ")
    if scheme.lower() == "bearer":
        return "bearer", value.strip()
    if scheme.lower() != "basic":
        return ANONYMOUS, None
    try:
        user, _, password = base64.b64decode(value).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return ANONYMOUS, None
    return user or ANONYMOUS, password


def _git(*arguments: str) -> None:
    subprocess.run(["git", *arguments], check=True, capture_output=True, stdin=subprocess.DEVNULL)
