"""A loopback HTTP server that answers as a test has written down."""

import json
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from email.message import Message
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit


@dataclass(frozen=True)
class Answer:
    """One answer; `promised` bytes are announced, `silent` gives none before the test ends, `drips` one by one."""

    body: str = ""
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    promised: int | None = None
    silent: bool = False
    drips: bool = False


@dataclass(frozen=True)
class Asked:
    """One request as the server saw it."""

    path: str
    query: Mapping[str, str]
    headers: Message
    """Found in any case."""
    target: str = ""
    """The path with its query, as it was sent."""
    body: Any = None
    """The JSON that came with it."""


@dataclass
class Scripted:
    """What is answered, in order and the last one for ever, and what was asked."""

    url: str
    answers: list[Answer] = field(default_factory=list)
    asked: list[Asked] = field(default_factory=list)
    heard: threading.Event = field(default_factory=threading.Event)
    """Set once something was asked: a client that gives up soon may do so before the server saw it."""
    ending: threading.Event = field(default_factory=threading.Event)


def in_json(payload: Any, status: int = 200, **headers: str) -> Answer:
    """An answer in JSON."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Answer(json.dumps(payload), status, {"Content-Type": "application/json"} | named)


@contextmanager
def scripted() -> Iterator[Scripted]:
    """Serve on a free port."""
    httpd = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    script = _Handler.scripts[httpd.server_port] = Scripted(f"http://127.0.0.1:{httpd.server_port}")
    threading.Thread(target=httpd.serve_forever, args=(0.01,), daemon=True).start()
    try:
        yield script
    finally:
        script.ending.set()
        httpd.shutdown()
        httpd.server_close()
        del _Handler.scripts[httpd.server_port]


class _Handler(BaseHTTPRequestHandler):
    scripts: dict[int, Scripted] = {}  # noqa: RUF012 - by port, because http.server makes the handlers

    def do_GET(self) -> None:
        script = self.scripts[self.connection.getsockname()[1]]
        parts = urlsplit(self.path)
        query = {name: values[-1] for name, values in parse_qs(parts.query).items()}
        length = int(self.headers.get("Content-Length", 0))
        body = json.loads(self.rfile.read(length)) if length else None
        script.asked.append(Asked(parts.path, query, self.headers, self.path, body))
        script.heard.set()
        answer = script.answers.pop(0) if len(script.answers) > 1 else script.answers[0]
        if answer.silent:
            script.ending.wait()
            return
        self._send(answer)

    do_POST = do_GET  # noqa: N815 - named by http.server

    def _send(self, answer: Answer) -> None:
        body = answer.body.encode()
        self.send_response(answer.status)
        for name, value in answer.headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body) if answer.promised is None else answer.promised))
        self.end_headers()
        if not answer.drips:
            self.wfile.write(body)
            return
        script = self.scripts[self.connection.getsockname()[1]]
        with suppress(OSError):  # the client has gone
            for byte in body:
                self.wfile.write(bytes([byte]))
                if script.ending.wait(0.01):
                    return

    def log_message(self, format: str, *args: object) -> None:
        """Be quiet."""
