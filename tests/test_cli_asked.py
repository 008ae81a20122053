"""`promote`, `rollback`, `hold`, `resume`, `reopen` as commands: what they print, and what they refuse."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.support.commands import Bot, runner
from tests.support.environment import Environment, config, policy, tree


@pytest.fixture
def bot(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Bot:
    """A candidate that waits to be started; windows that never open; people merge."""
    monkeypatch.chdir(tmp_path)
    spec = {"gates": {"windows": [{"block": {"from": "2020-01-01", "to": "2120-01-01"}}]}}
    files = {**tree(), "policies/shop.yaml": policy("shop-prod", **spec)}
    Environment(tmp_path / "environments.git").commit(files, at=datetime.now(UTC) - timedelta(days=1))
    config(tmp_path)
    (tmp_path / "metrics.json").write_text(json.dumps({"series": []}))
    return runner(monkeypatch, capsys)


def test_promote_merges_now_and_says_for_whom(bot: Bot, tmp_path: Path) -> None:
    done = bot("promote", "--policy", "shop", "--env", "prod", "--by", "ada", "--version", "3.0.0")
    assert (done.code, done.err) == (0, "")
    assert "shop-prod: merge #1 done" in done.out
    environment = Environment(tmp_path / "environments.git")
    assert environment.values() == ("1.0.0", "3.0.0", 5)
    assert "Gitops-Bot-Asked: promote 3.0.0 by ada" in environment.git("log", "--format=%B", "main")


def test_who_asks_is_known_from_the_pipeline_of_ci(bot: Bot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GITHUB_ACTOR", "octocat")
    bot("promote", "-p", "shop-prod", "--version", "3.0.0")
    assert "by octocat" in Environment(tmp_path / "environments.git").git("log", "--format=%B", "main")


def test_who_asks_may_be_a_number_without_a_name(bot: Bot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("GITHUB_ACTOR", "GITLAB_USER_LOGIN", "LOGNAME", "USER", "LNAME", "USERNAME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr("os.getuid", lambda: 1000730000)
    assert bot("promote", "-p", "shop-prod", "--version", "3.0.0").code == 0
    assert "by user 1000730000" in Environment(tmp_path / "environments.git").git("log", "--format=%B", "main")


def test_hold_and_resume(bot: Bot, tmp_path: Path) -> None:
    assert bot("run", "--once").code == 0
    held = bot("hold", "-p", "shop-prod", "--reason", "the audit", "--by", "ada", "--output", "json")
    assert [one["action"] for one in json.loads(held.out)["receipts"]] == ["hold", "refresh"]
    (pull,) = Environment(tmp_path / "environments.git").pulls()
    assert pull["labels"] == ["gitops-bot/hold"]
    assert "ada holds it: the audit" in pull["comments"][0]["text"]
    assert "resume #1 done" in bot("resume", "-p", "shop-prod").out


def test_a_rollback_with_nothing_to_go_back_to_says_so(bot: Bot) -> None:
    done = bot("rollback", "-p", "shop-prod", "--by", "ada")
    assert done.code == 0
    assert "ada asks to go back; nothing to go back to: git held no version before" in done.out


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("promote", "-p", "shp"), "no policy is named shp"),
        (("promote", "-p", "shop", "-e", "dev"), "no policy is named shop-dev"),
        (("promote", "-p", "shop-prod", "--version", "a b"), "--version is not a version"),
        (("hold", "-p", "shop-prod", "--until", "tomorrow"), "--until: 'tomorrow' is not a time"),
        (("hold", "-p", "shop-prod", "--until", "2020-01-01T09:00:00Z"), "is over already, and would hold nothing"),
        (("hold", "-p", "shop-prod", "--until", "9999-12-31T23:59:59-14:00"), "is too far away"),
        (("rollback",), "Missing option '--policy'"),
    ],
)
def test_what_nobody_can_do_is_refused_with_a_sentence(bot: Bot, arguments: tuple[str, ...], said: str) -> None:
    done = bot(*arguments)
    assert done.code == 2
    assert said in done.err
