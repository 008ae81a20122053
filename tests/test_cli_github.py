"""`run --github`: step outputs, the job summary and annotations; hostile text stays text."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from gitops_bot.delivery import marker
from tests.support.commands import Bot, Done, runner
from tests.support.environment import CANARY, T0, Environment, config, policy, record, tree


@pytest.fixture
def bot(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Bot:
    return runner(monkeypatch, capsys)


@pytest.fixture
def environment(tmp_path: Path) -> Environment:
    """A new candidate waits to be started."""
    environment = Environment(tmp_path / "environments.git")
    environment.commit({**tree(), "policies/shop.yaml": policy()}, at=T0)
    record(tmp_path, [])
    config(tmp_path)
    return environment


@pytest.fixture
def run(bot: Bot, environment: Environment, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[], Done]:
    """A run as a step of a workflow."""
    monkeypatch.setenv("GITHUB_OUTPUT", str(tmp_path / "output"))
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(tmp_path / "summary"))
    return lambda: bot("run", "--once", "--github", "-c", tmp_path / "gitops-bot.yaml")


HOSTILE = "2.0|x`@alice`#1<img src=x>\n::error::gotcha\nverdict=PASS\n--> [a](http://evil.example)"


def test_step_outputs_name_what_was_opened(run: Callable[[], Done], environment: Environment, tmp_path: Path) -> None:
    assert run().code == 0
    assert outputs(tmp_path / "output") == {
        "verdict": "UNKNOWN",
        "pull-request-number": "1",
        "pull-request-url": f"{environment.path}#1",
        "pull-request-operation": "created",
    }
    assert "| `shop` | UNKNOWN | Start |" in (tmp_path / "summary").read_text()


def outputs(file: Path) -> dict[str, str]:
    """As the runner reads them: name<<delimiter, lines, delimiter."""
    found: dict[str, str] = {}
    lines = iter(file.read_text().splitlines())
    for line in lines:
        name, mark, delimiter = line.partition("<<")
        assert mark
        found[name] = "\n".join(iter(lambda: next(lines), delimiter))
    return found


@pytest.mark.parametrize(
    "files",
    [
        {".gitops-bot/stop.yaml": json.dumps({"reason": HOSTILE})},
        {"policies/bad.yaml": json.dumps({HOSTILE: 1})},
        {CANARY: tree(candidate=HOSTILE.replace("\n", "\\n"))[CANARY]},
        {"policies/shop.yaml": policy(pullRequest={"title": HOSTILE})},
    ],
    ids=["reason of a stop", "policy file", "version in git", "title"],
)
def test_hostile_text_stays_text_in_outputs_summary_and_annotations(
    run: Callable[[], Done], environment: Environment, tmp_path: Path, files: dict[str, str]
) -> None:
    environment.commit(files, at=T0)
    done = run()
    names = {"verdict", "pull-request-number", "pull-request-url", "pull-request-operation"}
    assert set(outputs(tmp_path / "output")) == names
    summary = (tmp_path / "summary").read_text()
    pulls = environment.pulls()
    assert "gotcha" in summary + "".join(pull["title"] for pull in pulls)
    bodies = [marker.text(pull["body"]) for pull in pulls]
    for text in (summary, *bodies):
        for piece in ("<img", "@alice", "[a](http://", "-->"):
            assert piece not in text
    assert all(line.startswith("::error title=") for line in commands(done.out) + commands(done.err))


def commands(text: str) -> list[str]:
    """The lines that the runner takes for workflow commands: none between `stop-commands` and its token."""
    taken: list[str] = []
    token = ""
    for line in text.splitlines():
        if token:
            token = "" if line == f"::{token}::" else token
        elif line.startswith("::stop-commands::"):
            token = line.removeprefix("::stop-commands::")
        elif line.lstrip().startswith("::"):
            taken.append(line)
    return taken
