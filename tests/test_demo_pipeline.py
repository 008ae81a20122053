"""The demonstration's other story: one pipeline through four environments, to the letter and in git."""

from __future__ import annotations

import json

import pytest

from tests.conftest import Golden
from tests.support.environment import Environment
from tests.support.played import Played, played

STAGES = ("dev", "staging", "prod-eu", "prod-us")


@pytest.fixture(scope="module")
def demo() -> Played:
    return played("--story", "pipeline")


@pytest.fixture
def repository(demo: Played) -> Environment:
    return Environment(demo.folder / "environments.git")


def versions(repository: Environment, commit: str) -> tuple[str, ...]:
    files = (repository.read(f"apps/checkout/overlays/{name}/kustomization.yaml", commit) for name in STAGES)
    return tuple(text.split('newTag: "')[1].split('"')[0] for text in files)


def test_it_plays_to_its_end_and_is_told_as_it_was_reviewed(demo: Played, golden: Golden) -> None:
    assert (demo.code, demo.err) == (0, "")
    golden("demo-pipeline.txt", demo.out.replace(str(demo.folder), "WORLD"))


def test_git_says_how_every_version_went_from_environment_to_environment(repository: Environment) -> None:
    told = repository.git("log", "--first-parent", "--reverse", "--format=%H", "main").split()
    assert [versions(repository, commit) for commit in told] == [
        ("1.7.3", "1.7.3", "1.7.3", "1.7.3"),
        ("1.8.0", "1.7.3", "1.7.3", "1.7.3"),
        ("1.8.0", "1.8.0", "1.7.3", "1.7.3"),
        ("1.8.0", "1.8.0", "1.8.0", "1.7.3"),
        ("1.8.0", "1.8.0", "1.8.0", "1.8.0"),
        ("1.9.0", "1.8.0", "1.8.0", "1.8.0"),
        ("1.9.0", "1.9.0", "1.8.0", "1.8.0"),
        ("1.9.0", "1.9.0", "1.8.0", "1.9.0"),
        ("1.9.0", "1.9.0", "1.8.0", "1.8.0"),
        ("1.9.1", "1.9.0", "1.8.0", "1.8.0"),
        ("1.9.1", "1.9.1", "1.8.0", "1.8.0"),
        ("1.9.1", "1.9.1", "1.8.0", "1.9.1"),
        ("1.9.1", "1.9.1", "1.9.1", "1.9.1"),
    ]


def test_nothing_is_left_open_and_each_effect_follows_an_intent(demo: Played, repository: Environment) -> None:
    assert {one["state"] for one in repository.pulls()} == {"merged"}
    lines = [json.loads(line) for line in (demo.folder / "audit.jsonl").read_text(encoding="utf-8").splitlines()]
    assert {line["event"] for line in lines} == {"intent", "done"}
    assert sum(line.get("action") == "merge" for line in lines) == 9
