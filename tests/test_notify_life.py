"""Real ticks tell a real endpoint: every change of state, each as often as is promised, and no secret ever."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from gitops_bot import manners
from gitops_bot.adapters.notify import AppriseNotifier
from gitops_bot.errors import PolicyInvalid
from gitops_bot.model import Receipt
from tests.support.environment import T0, config, policy, tree
from tests.test_breaker_a import Shop, failing

SECRET = "T0KEN-of-the-channel"


@dataclass
class Channel:
    """What a place of messages took, and how it answers."""

    port: int = 0
    answer: int = 200
    took: list[dict[str, Any]] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"json://127.0.0.1:{self.port}/{SECRET}"

    @property
    def titles(self) -> list[str]:
        return [one["title"] for one in self.took]


@pytest.fixture
def channel() -> Iterator[Channel]:
    channel = Channel()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            said = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            if channel.answer == 200:
                channel.took.append({**said, "path": self.path})
            self.send_response(channel.answer)
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            """Nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    channel.port = server.server_address[1]
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield channel
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def shop(tmp_path: Path, channel: Channel, monkeypatch: pytest.MonkeyPatch) -> Shop:
    """A candidate that waits to be started; the payments channel is told."""
    monkeypatch.setenv("PAYMENTS_URL", channel.url)
    shop = Shop(tmp_path)
    files = {**tree(), "policies/shop.yaml": policy(notify=["payments"])}
    shop.environment.commit(files, at=T0 - timedelta(days=1))
    config(tmp_path, notifiers={"payments": {"urlFrom": {"env": "PAYMENTS_URL"}}})
    shop.measure(0.001)
    return shop


def told(receipts: list[Receipt]) -> list[tuple[str, str]]:
    return [(one.state.value, one.detail) for one in receipts if one.action == "notify"]


def test_what_is_opened_merged_and_rolled_back_is_told_once_each(shop: Shop, channel: Channel) -> None:
    shop.tick()
    assert channel.titles == ["opened: promote(shop): start 2.0.0 at 5 %"]
    assert channel.took[0]["message"].endswith("environments.git#1")
    assert channel.took[0]["type"] == "info"
    assert not shop.tick().receipts
    shop.merge()
    shop.tick(1)
    assert channel.titles[1:] == ["merged: promote(shop): start 2.0.0 at 5 %"]
    assert not shop.tick(1).receipts
    failing(shop)
    assert [(one["title"], one["type"]) for one in channel.took[2:]] == [
        ("rolling back: rollback(shop): 2.0.0 → 1.0.0", "failure")
    ]


def test_a_persons_no_is_told_once_and_then_all_is_at_rest(shop: Shop, channel: Channel) -> None:
    shop.tick()
    (pull,) = shop.open()
    shop.forge.close(pull["number"])
    shop.tick(1)
    assert channel.titles[1:] == ["closed: promote(shop): start 2.0.0 at 5 %"]
    assert not shop.tick(1).receipts
    assert not shop.open()


def test_what_ended_long_ago_is_no_news(shop: Shop, channel: Channel) -> None:
    shop.tick()
    shop.merge()
    shop.tick(25 * 60)
    assert not [title for title in channel.titles if title.startswith("merged")]


def test_a_newer_candidate_is_told_once(shop: Shop, channel: Channel) -> None:
    shop.tick()
    shop.environment.replace("apps/shop/canary/kustomization.yaml", "2.0.0", "2.1.0", at=T0 + timedelta(minutes=1))
    shop.tick(2)
    shop.tick(1)
    assert channel.titles[1:] == ["now proposes: promote(shop): start 2.1.0 at 5 %"]


def test_a_silent_channel_stops_nothing_and_no_secret_is_said(shop: Shop, channel: Channel, capfd: Any) -> None:
    channel.answer = 500
    report = shop.tick()
    assert len(shop.open()) == 1
    assert told(report.receipts) == [("not ready", "opened: payments: it did not take the message")]
    assert not report.failures
    assert SECRET not in repr(report) + "".join(capfd.readouterr())


def test_how_it_ended_is_told_as_soon_as_somebody_listens(shop: Shop, channel: Channel) -> None:
    shop.tick()
    shop.merge()
    channel.answer = 500
    assert told(shop.tick(1).receipts) == [("not ready", "merged: payments: it did not take the message")]
    channel.answer = 200
    shop.tick(1)
    shop.tick(1)
    assert channel.titles[1:] == ["merged: promote(shop): start 2.0.0 at 5 %"]


def test_a_missing_secret_is_named_by_its_place(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PAYMENTS_URL")
    ((state, detail),) = told(shop.tick().receipts)
    assert state == "not ready"
    assert "the environment variable PAYMENTS_URL holds no secret" in detail


def test_a_notifier_that_nobody_configured_is_an_error_at_load(shop: Shop, channel: Channel) -> None:
    shop.environment.commit({"policies/shop.yaml": policy(notify=["paymnets"])}, at=T0 - timedelta(hours=1))
    (failure,) = shop.tick().failures
    assert isinstance(failure.error, PolicyInvalid)
    assert "no notifier is named paymnets" in str(failure.error)
    assert "payments" in str(failure.error)
    assert not shop.open()
    assert not channel.took


def test_without_apprise_the_configuration_says_what_to_install(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(manners, "find_spec", lambda _name: None)
    with pytest.raises(PolicyInvalid, match="apprise, which is not installed"):
        shop.tick()


@pytest.mark.parametrize(
    ("url", "said"),
    [
        (f"nonsense {SECRET}", "its URL is none that apprise knows"),
        (f"json://127.0.0.1:1/{SECRET}", "it did not take the message"),
    ],
)
def test_a_url_that_leads_nowhere_is_no_error_and_never_shown(url: str, said: str, capfd: Any) -> None:
    assert AppriseNotifier(lambda: url).tell("t", "x", tone="info") == said
    assert SECRET not in "".join(capfd.readouterr())
