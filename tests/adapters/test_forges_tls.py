"""A forge behind an authority of one's own, and behind a proxy: real TLS and a real proxy on loopback."""

from __future__ import annotations

import ssl
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from gitops_bot.adapters.github import GitHubForge, Token
from gitops_bot.adapters.gitlab import GitLabForge
from gitops_bot.adapters.gitlab import Token as GitLabToken
from gitops_bot.errors import ForgeUnreachable

LONG_AGO = datetime(2025, 1, 1, tzinfo=UTC)
Made = Callable[..., GitHubForge | GitLabForge]


def on_github(url: str, ca_file: str | None = None) -> GitHubForge:
    auth = Token("ghp_secret")
    return GitHubForge("acme/x", auth=auth, api_url=f"{url}/api/v3", ca_file=ca_file, sleep=lambda _: None)


def on_gitlab(url: str, ca_file: str | None = None) -> GitLabForge:
    return GitLabForge("acme/x", auth=GitLabToken("glpat-secret"), url=url, ca_file=ca_file, sleep=lambda _: None)


FORGES = pytest.mark.parametrize("made", [on_github, on_gitlab])


class Handler(BaseHTTPRequestHandler):
    """Answers every request with an empty list, and remembers what was asked for."""

    asked: list[str] = []  # noqa: RUF012 - emptied for each test

    def do_GET(self) -> None:
        self.asked.append(self.path)
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"[]")

    def log_message(self, format: str, *args: object) -> None:
        """Be quiet."""


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    """A certificate of 127.0.0.1 that is its own authority, with its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "forge")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    file = tmp_path / "forge.pem"
    plain = serialization.NoEncryption()
    private = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain)
    file.write_bytes(made.public_bytes(serialization.Encoding.PEM) + private)
    return file


def served(context: ssl.SSLContext | None) -> Iterator[int]:
    Handler.asked = []
    httpd = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    httpd.daemon_threads = True
    httpd.handle_error = lambda *_: None  # type: ignore[method-assign]  # who hangs up in the handshake is no news
    if context:
        httpd.socket = context.wrap_socket(httpd.socket, server_side=True)
    thread = threading.Thread(target=httpd.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    yield httpd.server_port
    httpd.shutdown()
    httpd.server_close()
    thread.join()


@pytest.fixture
def tls_port(certificate: Path) -> Iterator[int]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    yield from served(context)


@pytest.fixture
def proxy_port() -> Iterator[int]:
    yield from served(None)


@FORGES
def test_an_authority_of_ones_own_is_trusted_where_it_is_named(made: Made, tls_port: int, certificate: Path) -> None:
    with made(f"https://127.0.0.1:{tls_port}", str(certificate)) as forge:
        assert forge.pull_requests(LONG_AGO) == ()
    assert len(Handler.asked) == 2


@FORGES
def test_and_nowhere_else(made: Made, tls_port: int) -> None:
    with made(f"https://127.0.0.1:{tls_port}") as forge, pytest.raises(ForgeUnreachable, match="certificate") as caught:
        forge.pull_requests(LONG_AGO)
    assert "secret" not in str(caught.value)
    assert Handler.asked == []


@FORGES
def test_the_environments_proxy_is_used(made: Made, proxy_port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("http_proxy", f"http://127.0.0.1:{proxy_port}")
    with made("http://forge.example") as forge:
        assert forge.pull_requests(LONG_AGO) == ()
    assert [one for one in Handler.asked if "//forge.example" not in one or "/api/v" not in one] == []
    assert len(Handler.asked) == 2
