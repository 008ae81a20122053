"""A controller's HTTP API: what is asked, with which credentials, and what is no answer."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from pathlib import Path

import pytest

from gitops_bot.adapters.console import MAX_BYTES, HttpConsole
from gitops_bot.errors import ClusterDenied, ClusterError, ClusterUnreachable, ObjectAbsent
from tests.adapters.scripted import Answer, Scripted, in_json, scripted

SECRET = "s3cret-of-keel"
JSON = {"Content-Type": "application/json"}


@pytest.fixture
def server() -> Iterator[Scripted]:
    with scripted() as script:
        yield script


def test_a_path_is_asked_for_with_its_parameters(server: Scripted) -> None:
    server.answers = [in_json({"a": 1})]
    assert HttpConsole(f"{server.url}/prefix/").get("/httpDashboard", {"test": "a b&c=d"}) == {"a": 1}
    (asked,) = server.asked
    assert (asked.path, asked.query) == ("/prefix/httpDashboard", {"test": "a b&c=d"})
    assert asked.headers["Authorization"] is None


@pytest.mark.parametrize(
    ("user", "proof"),
    [("", f"Bearer {SECRET}"), ("admin", f"Basic {base64.b64encode(f'admin:{SECRET}'.encode()).decode()}")],
)
def test_credentials_go_into_a_header_and_are_read_each_time(server: Scripted, user: str, proof: str) -> None:
    secrets = iter((SECRET, "another"))
    server.answers = [in_json([])]
    console = HttpConsole(server.url, user=user, secret=lambda: next(secrets))
    for _ in range(2):
        console.get("/v1/approvals")
    first, second = (asked.headers["Authorization"] for asked in server.asked)
    assert first == proof != second
    assert SECRET not in server.asked[0].target


def test_a_netrc_is_nobodys_to_send(server: Scripted, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "netrc").write_text("machine 127.0.0.1 login me password mine\n")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    server.answers = [in_json([])]
    HttpConsole(server.url).get("/v1/approvals")
    assert server.asked[0].headers["Authorization"] is None


@pytest.mark.parametrize(
    ("answer", "error", "said"),
    [
        (Answer("unauthorized", 401), ClusterDenied, r"the credentials were refused \(401\)"),
        (Answer("no", 403), ClusterDenied, r"\(403\)"),
        (Answer("no such page", 404), ObjectAbsent, "there is nothing at /v1/approvals"),
        (Answer("", 302, {"Location": "http://127.0.0.1:1/elsewhere"}), ClusterUnreachable, "it answered 302"),
        (Answer("oops", 500), ClusterUnreachable, "it answered 500"),
        (Answer("no approvals", 200, {"Content-Type": "text/plain"}), ClusterUnreachable, "content type is text/plain"),
        (Answer("[]", 200), ClusterUnreachable, "content type is not given"),
        (Answer("{", 200, JSON), ClusterUnreachable, "the answer is not JSON"),
        (Answer("[" * 200_000, 200, JSON), ClusterUnreachable, "the answer is not JSON"),
        (Answer("[]", 200, JSON, promised=99), ClusterUnreachable, "no answer"),
        (Answer(" " * (MAX_BYTES + 1), 200, JSON), ClusterUnreachable, "is longer than"),
        (Answer("[]", 200, {**JSON, "Content-Encoding": "gzip"}), ClusterUnreachable, "no answer"),
    ],
)
def test_what_is_no_answer_is_an_error_without_secrets(
    server: Scripted, answer: Answer, error: type[ClusterError], said: str
) -> None:
    server.answers = [answer]
    with pytest.raises(error, match=said) as caught:
        HttpConsole(server.url, user="admin", secret=lambda: SECRET).get("/v1/approvals")
    assert SECRET not in str(caught.value)
    assert len(server.asked) == 1


def test_a_host_that_is_silent_or_drips_is_given_up(server: Scripted) -> None:
    server.answers = [Answer(silent=True)]
    with pytest.raises(ClusterUnreachable, match="no answer"):
        HttpConsole(server.url, timeout_s=0.05).get("/v1/approvals")
    ticks = iter(range(0, 1000, 6))
    server.answers = [Answer(" " * 200_000, 200, JSON)]
    with pytest.raises(ClusterUnreachable, match="did not end within 5 s"):
        HttpConsole(server.url, timeout_s=5, clock=lambda: next(ticks)).get("/v1/approvals")


def test_nobody_there_is_said_without_the_layers_of_libraries() -> None:
    with scripted() as gone:
        url = gone.url
    with pytest.raises(ClusterUnreachable, match=r"no answer \(ConnectionError\)"):
        HttpConsole(url).get("/v1/approvals")


def test_a_secret_that_no_header_can_hold_is_not_sent(server: Scripted) -> None:
    with pytest.raises(ClusterDenied, match="cannot be sent in a header"):
        HttpConsole(server.url, secret=lambda: "two\r\nlines").get("/v1/approvals")
    assert server.asked == []
