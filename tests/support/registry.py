"""A strict container registry in this process: tokens for one repository each, pages, and little patience."""

from __future__ import annotations

import base64
import hashlib
import json
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

USER, PASSWORD = "bot", "s3cret-of-the-registry"
INDEX = b'{"schemaVersion": 2, "mediaType": "application/vnd.oci.image.index.v1+json", "manifests": []}'
DIGEST = f"sha256:{hashlib.sha256(INDEX).hexdigest()}"


@dataclass
class FakeRegistry:
    """What it holds, and how it behaves."""

    images: dict[str, Sequence[str]]
    """Tags by repository."""
    private: bool = True
    """Tokens only for who has the credentials."""
    scheme: str = "bearer"
    """`bearer`, `basic`, or `none`."""
    realm: str = ""
    """Where tokens are; empty: here."""
    busy: list[tuple[int, str]] = field(default_factory=list)
    """Answers (status, Retry-After) before it answers at all, the first first."""
    claimed: str = DIGEST
    """What it says a manifest's digest is."""
    next_host: str = ""
    """Pages go on there; empty: by path alone, as the specification has it."""
    url: str = ""
    asked: list[tuple[str, str]] = field(default_factory=list)
    """(path with query, Authorization), in order."""

    @contextmanager
    def running(self) -> Iterator[FakeRegistry]:
        """At `url`, until it is left."""
        server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        thread.start()
        self.url = f"http://127.0.0.1:{server.server_port}"
        try:
            yield self
        finally:
            server.shutdown()
            server.server_close()
            thread.join()


_Answer = tuple[int, dict[str, str], bytes]


def _handler(registry: FakeRegistry) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            said = self.headers.get("Authorization", "")
            registry.asked.append((self.path, said))
            status, headers, content = _answer(registry, self.path, said, self.headers.get("Accept", ""))
            self.send_response(status)
            for name, value in {**headers, "Content-Length": str(len(content))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: object) -> None:
            """Nothing is said."""

    return Handler


def _answer(registry: FakeRegistry, path: str, said: str, accept: str) -> _Answer:
    if registry.busy:
        status, wait = registry.busy.pop(0)
        return status, {"Retry-After": wait} if wait else {}, b"{}"
    parts = urlsplit(path)
    query = {name: values[0] for name, values in parse_qs(parts.query, strict_parsing=bool(parts.query)).items()}
    if parts.path == "/token":
        return _token(registry, query, said)
    pieces = parts.path.split("/")
    repository = "/".join(pieces[2:-2])
    if pieces[1] != "v2" or repository not in registry.images:
        return 404, {}, b"{}"
    if registry.scheme != "none" and said != _proof(registry, repository):
        return 401, {"WWW-Authenticate": _challenge(registry, repository)}, b"{}"
    if pieces[-2:] == ["tags", "list"]:
        return _tags(registry, repository, query)
    if pieces[-2] != "manifests" or pieces[-1] not in registry.images[repository]:
        return 404, {}, b"{}"
    if "application/vnd.oci.image.index.v1+json" not in accept:
        return 406, {}, b"{}"
    return 200, {"Docker-Content-Digest": registry.claimed}, INDEX


def _basic() -> str:
    return "Basic " + base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()


def _proof(registry: FakeRegistry, repository: str) -> str:
    return _basic() if registry.scheme == "basic" else f"Bearer token-for-{repository}"


def _challenge(registry: FakeRegistry, repository: str) -> str:
    if registry.scheme == "basic":
        return 'Basic realm="registry"'
    realm = registry.realm or f"{registry.url}/token"
    return f'Bearer realm="{realm}",service="fake",scope="repository:{repository}:pull"'


def _token(registry: FakeRegistry, query: dict[str, str], said: str) -> _Answer:
    repository = query.get("scope", "").removeprefix("repository:").removesuffix(":pull")
    if set(query) != {"service", "scope"} or query["service"] != "fake" or repository not in registry.images:
        return 400, {}, b"{}"
    if said != (_basic() if registry.private else ""):
        return 401, {}, b"{}"
    return 200, {}, json.dumps({"token": f"token-for-{repository}"}).encode()


def _tags(registry: FakeRegistry, repository: str, query: dict[str, str]) -> _Answer:
    tags, size = sorted(registry.images[repository]), int(query["n"])
    rest = [tag for tag in tags if tag > query.get("last", "")]
    content = json.dumps({"name": repository, "tags": rest[:size] or None}).encode()
    if len(rest) <= size:
        return 200, {}, content
    following = f"{registry.next_host}/v2/{repository}/tags/list?last={rest[size - 1]}&n={size}"
    return 200, {"Link": f'<{following}>; rel="next"'}, content
