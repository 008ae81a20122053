"""PrometheusMetrics and credentials: where they go, and where they never do."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from gitops_bot.adapters.metrics_http import Credential, Server
from gitops_bot.adapters.prometheus import PrometheusMetrics
from gitops_bot.errors import PolicyInvalid, UsageError
from gitops_bot.model import Missing, Sample
from tests.adapters.scripted import Answer, Scripted, in_json, scripted
from tests.adapters.test_prometheus import ONE, START, a_query, metrics, reasons

TOKEN = "s3cret-token-of-the-bot"


@pytest.fixture
def server() -> Iterator[Scripted]:
    with scripted() as script:
        yield script


def test_a_redirect_to_another_host_is_refused_and_gets_no_token(server: Scripted) -> None:
    with scripted() as other:
        other.answers = [ONE]
        [reason] = reasons(
            server, Answer("", 302, {"Location": f"{other.url}/steal"}), credentials=[bearer(lambda: TOKEN)]
        )
    assert reason == "the metrics server redirects to another host: http://127.0.0.1"
    assert other.asked == []


def test_a_redirect_on_the_same_host_is_followed(server: Scripted) -> None:
    server.answers = [Answer("", 307, {"Location": "/prometheus/api/v1/query_range"}), ONE]
    assert metrics(server, credentials=[bearer(lambda: TOKEN)]).range(a_query(1)) == (Sample(1, START),)
    assert [asked.headers["Authorization"] for asked in server.asked] == [f"Bearer {TOKEN}"] * 2


def test_the_token_is_asked_for_anew_and_headers_go_along(server: Scripted) -> None:
    tokens = iter(["first", "second\n"])
    server.answers = [ONE]
    asking = metrics(server, credentials=[bearer(lambda: next(tokens))], headers={"X-Scope-OrgID": "shop"})
    asking.range(a_query())
    asking.range(a_query())
    assert [asked.headers["Authorization"] for asked in server.asked] == ["Bearer first", "Bearer second"]
    assert server.asked[0].headers["X-Scope-OrgID"] == "shop"


def test_a_netrc_file_gives_no_credentials(server: Scripted, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login someone password else\n")
    monkeypatch.setenv("NETRC", str(netrc))
    server.answers = [ONE]
    metrics(server).range(a_query())
    assert "Authorization" not in server.asked[0].headers


def bearer(token: Callable[[], str]) -> Credential:
    return Credential("Authorization", token, "Bearer ")


def unreadable() -> str:
    raise UsageError("no such file", where="/var/run/token")


@pytest.mark.parametrize("token", [unreadable, lambda: "", lambda: "two\nlines", lambda: "snö"])
def test_a_token_that_cannot_be_had_is_missing(server: Scripted, token: Callable[[], str]) -> None:
    [reason] = reasons(server, ONE, credentials=[bearer(token)])
    assert "token of the metrics server" in reason
    assert server.asked == []


def test_a_server_that_repeats_the_secrets_does_not_spread_them(server: Scripted) -> None:
    error = {"error": "x" * 180 + f"Bearer {TOKEN} and key-of-the-tenant"}
    [reason] = reasons(
        server, in_json(error, 400), credentials=[bearer(lambda: TOKEN)], headers={"X-Api-Key": "key-of-the-tenant"}
    )
    assert "***" in reason
    assert TOKEN[:4] not in reason
    assert "key-of" not in reason


@pytest.mark.parametrize(
    "url",
    ["ftp://host", "file:///etc/passwd", "http://", "host:9090", "http://host?x=1", "http://host:port", "http://["],
)
def test_a_url_that_is_no_server_is_refused(url: str) -> None:
    with pytest.raises(PolicyInvalid):
        Server(url)


def test_credentials_in_the_url_are_refused_without_repeating_them() -> None:
    with pytest.raises(PolicyInvalid) as refused:
        Server("https://bot:hunter2@prom.example.com")
    assert "hunter2" not in str(refused.value)
    assert "tokenFrom" in refused.value.remedy


def test_a_header_that_http_cannot_carry_is_refused_without_repeating_it() -> None:
    with pytest.raises(PolicyInvalid) as refused:
        Server("https://prom.example.com", headers={"X-Key": "one\r\ntwo"})
    assert "two" not in str(refused.value)


def test_a_missing_ca_file_is_missing_and_not_ignored(server: Scripted) -> None:
    url = server.url.replace("http://", "https://")
    [reading] = PrometheusMetrics(Server(url, ca_file="/no/such/ca.pem", attempts=1)).range(a_query(1))
    assert isinstance(reading, Missing)
    assert "/no/such/ca.pem" in reading.reason
