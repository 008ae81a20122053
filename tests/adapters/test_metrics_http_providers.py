"""Providers as the bot configuration names them: where they ask, with what credentials, and where secrets never go."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from gitops_bot.errors import PolicyInvalid
from gitops_bot.metering import metrics
from gitops_bot.model import Missing
from gitops_bot.policy.config import BotConfig, MetricsServer
from gitops_bot.policy.config_rules import problems as config_problems
from gitops_bot.ports import Metrics
from gitops_bot.wiring import secret
from tests.adapters.scripted import Answer, Asked, Scripted, in_json, scripted
from tests.adapters.test_metrics_http import query
from tests.support.build import ladder

FIRST, SECOND, TENANT = "key-First/Secret+1==", "key-Second/Secret+2==", "tenant-Third/Secret+3=="
SECRETS = (FIRST, SECOND, TENANT)

GIVEN: Mapping[str, dict[str, Any]] = {
    "prometheus": {"tokenFrom": {"env": "FIRST"}},
    "datadog": {"apiKeyFrom": {"env": "FIRST"}, "applicationKeyFrom": {"env": "SECOND"}},
    "newRelic": {"apiKeyFrom": {"env": "FIRST"}, "account": 42},
    "dynatrace": {"tokenFrom": {"env": "FIRST"}},
    "json": {"tokenFrom": {"env": "FIRST"}},
}
"""What each provider needs beside its URL."""

HEADERS: Mapping[str, dict[str, str]] = {
    "prometheus": {"Authorization": f"Bearer {FIRST}"},
    "datadog": {"DD-API-KEY": FIRST, "DD-APPLICATION-KEY": SECOND},
    "newRelic": {"API-Key": FIRST},
    "dynatrace": {"Authorization": f"Api-Token {FIRST}"},
    "json": {"Authorization": f"Bearer {FIRST}"},
}
EVERY = pytest.mark.parametrize("name", GIVEN)


@pytest.fixture(autouse=True)
def _environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in zip(("FIRST", "SECOND", "TENANT"), SECRETS, strict=True):
        monkeypatch.setenv(name, value)


@pytest.fixture
def server() -> Iterator[Scripted]:
    with scripted() as script:
        yield script


def configured(name: str, url: str, **more: Any) -> Metrics:
    tenant = {"headersFrom": {"X-Tenant": {"env": "TENANT"}}, "headers": {"X-Plain": "shop"}, "timeout": "1s"}
    given = MetricsServer.model_validate({name: {"url": url, **tenant, **GIVEN[name], **more}})
    return metrics("it", given, secret)


def reason(asked: Metrics) -> str:
    (told,) = {one.reason for one in asked.range(query(1)) if isinstance(one, Missing)}
    return told


def sent(one: Asked) -> str:
    """All of a request but its headers."""
    return f"{one.target} {json.dumps(one.body)}"


@EVERY
def test_credentials_go_into_headers_and_nowhere_else(server: Scripted, name: str) -> None:
    server.answers = [in_json({"error": "no"}, 400)]
    configured(name, server.url).range(query(1))
    asked = server.asked[0]
    for header, value in {**HEADERS[name], "X-Tenant": TENANT, "X-Plain": "shop"}.items():
        assert asked.headers[header] == value
    assert not [one for one in SECRETS if one in sent(asked)]


@EVERY
@pytest.mark.parametrize("status", [200, 400, 403, 500])
def test_a_server_that_repeats_secrets_spreads_them_neither_to_reasons_nor_to_logs_nor_to_files(
    server: Scripted,
    name: str,
    status: int,
    caplog: pytest.LogCaptureFixture,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    caplog.set_level(logging.DEBUG)
    known = [one for one in SECRETS if one in f"{HEADERS[name]}{TENANT}"]
    echo = f"{'x' * 150} {' '.join(known)}"
    server.answers = [in_json({"error": {"message": echo}, "errors": [{"message": echo}], "warnings": [echo]}, status)]
    asked = configured(name, server.url, timeout="5s")
    told = reason(asked) if status != 500 else reason(quick(asked))
    seen = " ".join((told, repr(asked), str(vars(asked)), caplog.text))
    assert "***" in told or (name, status) == ("prometheus", 200)
    assert not [one for one in known if one in seen or one[:9] in seen]
    assert not list(tmp_path.rglob("*"))


def quick(asked: Metrics) -> Metrics:
    """Without the pauses between attempts."""
    vars(vars(asked)["_server"])["_sleep"] = [].append
    return asked


@EVERY
def test_no_credentials_follow_a_redirect_to_another_host(server: Scripted, name: str) -> None:
    with scripted() as other:
        other.answers = [in_json({})]
        for status in (301, 302, 307, 308):
            server.answers = [Answer("", status, {"Location": f"{other.url}/steal"})]
            assert reason(configured(name, server.url)).startswith("the metrics server redirects to another host")
        assert other.asked == []


@EVERY
def test_a_rotated_secret_counts_at_once(server: Scripted, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    server.answers = [in_json({"error": "no"}, 400)]
    asked = configured(name, server.url)
    asked.range(query(1))
    monkeypatch.setenv("FIRST", "another")
    monkeypatch.setenv("TENANT", "moved")
    asked.range(query(1))
    header, before = next(iter(HEADERS[name].items()))
    assert server.asked[-1].headers[header] == before.replace(FIRST, "another")
    assert server.asked[-1].headers["X-Tenant"] == "moved"


@EVERY
def test_a_secret_that_is_not_there_asks_nobody(server: Scripted, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("FIRST")
    assert reason(configured(name, server.url)).startswith("the token of the metrics server cannot be read")
    assert server.asked == []


@EVERY
@pytest.mark.parametrize("url", ["https://user:hunter2@host", "https://host?key=hunter2"])
def test_credentials_in_a_url_are_refused_without_repeating_them(name: str, url: str) -> None:
    with pytest.raises(PolicyInvalid) as refused:
        configured(name, url)
    assert "hunter2" not in str(refused.value)


def test_the_vendors_hosts_are_theirs_unless_the_configuration_names_others() -> None:
    datadog = MetricsServer.model_validate({"datadog": GIVEN["datadog"]})
    new_relic = MetricsServer.model_validate({"newRelic": GIVEN["newRelic"]})
    assert datadog.over_http is not None
    assert new_relic.over_http is not None
    assert (datadog.over_http.url, new_relic.over_http.url) == ("https://api.datadoghq.com", "https://api.newrelic.com")


@EVERY
def test_no_query_of_a_policy_reaches_another_host(server: Scripted, name: str) -> None:
    with scripted() as other:
        server.answers = [in_json({"error": "no"}, 400)]
        asked = configured(name, server.url)
        for expression in (f"{other.url}/x", f"@{other.url}", "../../../x", "a&query=b#c", "a\r\nHost: b"):
            asked.range(query(1, expression=expression))
        assert other.asked == []
        assert len({one.path for one in server.asked}) == 1


@pytest.mark.parametrize("value", ["https://elsewhere.example.com", "//elsewhere", "a/b"])
def test_a_policy_names_a_metrics_server_and_never_a_host(value: str) -> None:
    with pytest.raises(ValidationError):
        ladder(analysis={"metricsServer": value})


def test_a_recording_is_a_provider_too(tmp_path: Path) -> None:
    asked = metrics("it", MetricsServer.model_validate({"recorded": {"file": str(tmp_path / "none.json")}}), secret)
    assert "cannot be read" in reason(asked)


# ---------------------------------------------------------------- the configuration


def problems(**servers: Any) -> list[tuple[str, str]]:
    config = BotConfig.model_validate(
        {
            "apiVersion": "gitops-bot.dev/v1alpha1",
            "kind": "BotConfig",
            "metadata": {"name": "bot"},
            "spec": {"repositories": {"env": {"url": "/srv/env.git", "forge": "local"}}, "metrics": servers},
        }
    )
    return [(".".join(map(str, path)), said) for path, said in config_problems(config)]


@EVERY
def test_a_provider_with_all_it_needs_is_right(name: str) -> None:
    assert problems(it={name: {"url": "https://host", **GIVEN[name]}}) == []


@pytest.mark.parametrize(
    ("given", "where", "said"),
    [
        ({}, "spec.metrics.it", "one of prometheus, datadog, newRelic, dynatrace, json, recorded is needed"),
        (
            {"json": {"url": "https://a"}, "recorded": {"file": "b"}},
            "spec.metrics.it.recorded",
            "only one of prometheus, datadog, newRelic, dynatrace, json, recorded may be given, and json is",
        ),
        ({"json": {"url": "host:80"}}, "spec.metrics.it.json.url", "must begin with https:// or http://"),
        (
            {"dynatrace": {"url": "https://a", "tokenFrom": {}}},
            "spec.metrics.it.dynatrace.tokenFrom",
            "one of env, file is needed",
        ),
        (
            {"datadog": {"apiKeyFrom": {"env": "A"}, "applicationKeyFrom": {"env": "A", "file": "b"}}},
            "spec.metrics.it.datadog.applicationKeyFrom.file",
            "only one of env, file may be given, and env is",
        ),
        (
            {"newRelic": {"account": 1, "apiKeyFrom": {"env": "A"}, "headersFrom": {"X": {}}}},
            "spec.metrics.it.newRelic.headersFrom.X",
            "one of env, file is needed",
        ),
    ],
)
def test_what_is_wrong_with_a_provider_is_said_with_its_place(given: dict[str, Any], where: str, said: str) -> None:
    assert problems(it=given) == [(where, said)]


@pytest.mark.parametrize(
    "given",
    [
        {"datadog": {"apiKeyFrom": {"env": "A"}}},
        {"datadog": {"apiKeyFrom": "inline", "applicationKeyFrom": {"env": "A"}}},
        {"newRelic": {"apiKeyFrom": {"env": "A"}}},
        {"newRelic": {"apiKeyFrom": {"env": "A"}, "account": 0}},
        {"dynatrace": {"url": "https://a"}},
        {"json": {}},
        {"json": {"url": "https://a", "token": "inline"}},
    ],
)
def test_what_a_provider_lacks_and_inline_secrets_are_refused(given: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        problems(it=given)
