"""The daemon as a process: it ticks, answers probes, writes structured events, and stops at a safe step."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from gitops_bot.daemon import news
from gitops_bot.daemon.health import Health, answers
from gitops_bot.demo.world import Behaviour, World
from gitops_bot.errors import KindAbsent, ObjectAbsent
from gitops_bot.tick import Failure


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    made = World.create(tmp_path)
    yield made
    made.repo.close()


def configured(world: World, *, address: str = "127.0.0.1:0", interval: str = "1h") -> Path:
    file = world.folder / "gitops-bot.yaml"
    daemon = f"  daemon: {{interval: {interval}, jitter: 0s, address: '{address}'}}\n"
    file.write_text(file.read_text(encoding="utf-8") + daemon, encoding="utf-8")
    return file


@contextmanager
def daemon(config: Path) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-m", "gitops_bot", "daemon", "--config", str(config)]
    env = {**os.environ, "GITOPS_BOT_DEBUG": "1"}
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env=env) as process:
        try:
            yield process
        finally:
            process.kill()


def events(process: subprocess.Popen[str], until: str) -> list[dict[str, Any]]:
    """Every event up to the named one."""
    assert process.stderr is not None
    found: list[dict[str, Any]] = []
    for line in process.stderr:
        found.append(json.loads(line))
        if found[-1]["event"] == until:
            return found
    raise AssertionError(f"the daemon ended before {until}: {found}")


def get(address: str, path: str) -> int:
    try:
        with urllib.request.urlopen(f"http://{address}{path}", timeout=10) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        return error.code


def test_it_opens_what_a_run_would_open_and_stops_on_sigterm(world: World) -> None:
    world.release("1.8.0", Behaviour.SOUND)
    with daemon(configured(world)) as process:
        seen = events(process, "ticked")
        opened = [one for one in seen if one["event"] == "pull_request_open"]
        address = seen[0]["address"]
        assert [get(address, path) for path in ("/healthz", "/readyz", "/metrics", "/other")] == [200, 200, 200, 404]
        process.send_signal(signal.SIGTERM)
        assert events(process, "daemon_stopped")[-1]["event"] == "daemon_stopped"
        assert process.wait(timeout=30) == 0
    assert [(one["policy"], one["number"]) for one in opened] == [("checkout-canary", 1)]
    assert [one.state for one in world.forge.everything()] == ["open"]


def test_a_repository_that_is_gone_is_an_event_and_not_the_end(world: World) -> None:
    config = configured(world, interval="1s")
    (world.folder / "environments.git" / "HEAD").unlink()
    with daemon(config) as process:
        failed = [one for one in events(process, "ticked") if one["event"] == "failed"]
        again = [one for one in events(process, "ticked") if one["event"] == "failed"]
    assert failed[0]["code"] in (40, 50)
    assert again


def test_an_address_that_is_taken_is_a_clear_error(world: World) -> None:
    with daemon(configured(world)) as first:
        address = events(first, "daemon_started")[-1]["address"]
        text = world.folder.joinpath("gitops-bot.yaml").read_text(encoding="utf-8").replace("127.0.0.1:0", address)
        other = world.folder / "other.yaml"
        other.write_text(text, encoding="utf-8")
        command = [sys.executable, "-m", "gitops_bot", "daemon", "--config", str(other)]
        second = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert second.returncode == 2
    assert f"cannot listen at {address}" in second.stderr


@pytest.mark.parametrize(
    ("passed_s", "ticked", "alive", "ready"),
    [
        (0, [], 200, 503),
        (299, ["a"], 200, 503),
        (301, [], 503, 503),
        (301, ["a"], 503, 503),
        (301, ["a", "b"], 200, 200),
    ],
)
def test_alive_is_progress_and_ready_is_a_first_tick_of_all(
    passed_s: float, ticked: list[str], alive: int, ready: int
) -> None:
    now = [0.0]
    health = Health(("a", "b"), 300, lambda: now[0])
    now[0] = passed_s
    for name in ticked:
        health.progress(name)
    paths = answers(health)
    assert (paths["/healthz"]()[0], paths["/readyz"]()[0]) == (alive, ready)


def test_a_kind_that_is_not_installed_is_said_once_and_other_troubles_each_time() -> None:
    def failures() -> list[Failure]:
        absent = "the kind Rollout is not installed"
        return [
            Failure("cart", KindAbsent(absent, where="prod")),
            Failure("search", KindAbsent(absent, where="prod")),
            Failure("search", KindAbsent(absent, where="staging")),
            Failure("cart", ObjectAbsent("there is no Rollout shop/cart", where="prod")),
        ]

    told: set[str] = set()
    said = [[(one.subject, one.error.where) for one in news(failures(), told)] for _ in range(2)]
    assert said == [[("cart", "prod"), ("search", "staging"), ("cart", "prod")], [("cart", "prod")]]
