"""The demonstration: three releases, and what it leaves to look at."""

from __future__ import annotations

import json
import subprocess
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import Golden
from tests.support.commands import Bot, runner
from tests.support.environment import Environment
from tests.support.played import ENDS, Played, played

OVERLAYS = "apps/checkout/overlays/prod"
VALUES = "charts/checkout-routes/values.yaml"


@pytest.fixture(scope="module")
def demo() -> Played:
    return played()


@pytest.fixture
def repository(demo: Played) -> Environment:
    return Environment(demo.folder / "environments.git")


@pytest.fixture
def bot(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Bot:
    return runner(monkeypatch, capsys)


def slots(repository: Environment, commit: str) -> tuple[str, str, int]:
    """Stable version, candidate version, weight at a commit."""
    stable, candidate = (
        repository.read(f"{OVERLAYS}/{name}/kustomization.yaml", commit).split('newTag: "')[1].split('"')[0]
        for name in ("stable", "canary")
    )
    return stable, candidate, int(repository.read(VALUES, commit).split("weight: ")[1].split()[0])


def test_it_plays_to_its_end_without_a_word_on_stderr_and_without_a_network(demo: Played) -> None:
    assert (demo.code, demo.err) == (0, "")


def test_it_is_told_as_it_was_reviewed(demo: Played, golden: Golden) -> None:
    golden("demo.txt", demo.out.replace(str(demo.folder), "WORLD"))


def test_git_says_what_became_of_the_three_releases(repository: Environment) -> None:
    assert slots(repository, "main") == ("1.8.0", "1.9.1", 5)
    told = repository.git("log", "--first-parent", "--reverse", "--format=%H", "main").split()
    walked: list[tuple[str, str, int]] = []
    for commit in told:
        now = slots(repository, commit)
        walked += [now] if not walked or walked[-1] != now else []
    assert walked == [
        ("1.7.3", "1.7.3", 0),
        ("1.7.3", "1.8.0", 0),
        *[("1.7.3", "1.8.0", weight) for weight in (5, 25, 50, 100)],
        ("1.8.0", "1.8.0", 100),
        ("1.8.0", "1.8.0", 0),
        ("1.8.0", "1.9.0", 0),
        ("1.8.0", "1.9.0", 5),
        ("1.8.0", "1.9.0", 25),
        ("1.8.0", "1.8.0", 0),
        ("1.8.0", "1.9.1", 0),
        ("1.8.0", "1.9.1", 5),
    ]


def test_people_merge_what_goes_forward_and_the_bot_what_goes_back(repository: Environment) -> None:
    merges = repository.git("log", "--first-parent", "--merges", "--format=%an: %s", "main").splitlines()
    by_bot = [line for line in merges if line.startswith("gitops-bot: ")]
    assert len(merges) == 10
    assert by_bot == ["gitops-bot: rollback(checkout-canary): 1.9.0 → 1.8.0 (#9)"]


def test_a_commit_of_the_bot_changes_single_lines_and_keeps_comments(repository: Environment) -> None:
    commits = repository.git("log", "--no-merges", "--author=gitops-bot", "--format=%H", "main").split()
    assert len(commits) == 10
    for commit in commits:
        numbers = repository.git("diff-tree", "-r", "--no-commit-id", "--numstat", commit).splitlines()
        assert all(line.split("\t")[:2] == ["1", "1"] for line in numbers)
    assert "# percent of requests" in repository.read(VALUES)


def test_nothing_is_left_open_and_no_branch_holds_what_main_lacks(repository: Environment) -> None:
    assert {one["state"] for one in repository.pulls()} == {"merged"}
    assert set(repository.heads()) <= {"main", "gitops-bot/checkout-canary/promote"}
    assert repository.git("rev-list", "--branches", "^main") == ""


def test_every_line_of_the_audit_log_can_be_read_and_each_effect_follows_an_intent(demo: Played) -> None:
    text = (demo.folder / "audit.jsonl").read_text(encoding="utf-8")
    lines: list[dict[str, Any]] = [json.loads(line) for line in text.splitlines()]
    assert {line["event"] for line in lines} == {"intent", "done"}
    assert [line["at"] for line in lines] == sorted(line["at"] for line in lines)
    assert all(before["event"] == "intent" for before, line in pairwise(lines) if line["event"] == "done")
    merges = [line for line in lines if line.get("action") == "merge"]
    assert [(line["number"], line["state"]) for line in merges] == [(9, "done")]


def test_every_pull_request_lies_there_as_a_reviewer_saw_it(demo: Played) -> None:
    texts = {file.name: file.read_text(encoding="utf-8") for file in (demo.folder / "pull-requests").iterdir()}
    assert sorted(texts) == [f"{number:04d}.md" for number in range(1, 11)]
    assert all(text.count("diff --git") >= 1 for text in texts.values())
    assert texts["0009.md"].startswith("#9 rollback(checkout-canary): 1.9.0 → 1.8.0\n")


def test_the_commands_it_names_work(demo: Played, bot: Bot) -> None:
    named = [line.split() for line in demo.out.partition("Try:\n")[2].splitlines() if line.strip()]
    assert [words[1] for words in named] == ["plan", "explain", "pr"]
    assert [bot(*words[1:]).code for words in named] == [0, 0, 0]
    shown = next(line.split("repository: ")[1] for line in demo.out.splitlines() if "the repository: git" in line)
    assert subprocess.run(shown.split(), capture_output=True, check=True).stdout
    assert any(ENDS in words for words in named)


def test_it_does_not_play_in_a_folder_that_holds_something(tmp_path: Path, bot: Bot) -> None:
    (tmp_path / "mine").write_text("")
    done = bot("demo", "--keep", tmp_path)
    assert done.code == 2
    assert "is not empty" in done.err
    assert [file.name for file in tmp_path.iterdir()] == ["mine"]
