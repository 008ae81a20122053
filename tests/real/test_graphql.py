"""Our GraphQL against GitHub's own schema (npm: @octokit/graphql-schema), judged by the reference implementation."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest

from gitops_bot.adapters.github import automerge, committing, opening

PACKAGES = ("@octokit/graphql-schema@15.26.1", "graphql@16.11.0")
QUERIES = {
    "queue": automerge.QUEUE,
    "enqueue": automerge.ENQUEUE,
    "dequeue": automerge.DEQUEUE,
    "auto-merge": automerge.AUTO_MERGE,
    "no auto-merge": automerge.NO_AUTO_MERGE,
    "standing": automerge.STANDING,
    "move": committing.MOVE,
    "open one": opening.document(["p0"]),
    "open three": opening.document(["p0", "p1", "p2"]),
    "viewer": "{viewer{login}}",
}
JUDGE = """
const { buildClientSchema, parse, validate } = require('graphql');
const { readFileSync } = require('fs');
const queries = JSON.parse(readFileSync(0, 'utf8'));
const shape = readFileSync('node_modules/@octokit/graphql-schema/schema.json', 'utf8');
const known = buildClientSchema(JSON.parse(shape));
const found = Object.entries(queries).map(([name, text]) => [name, validate(known, parse(text)).map(String)]);
console.log(JSON.stringify(Object.fromEntries(found)));
"""


@pytest.fixture(scope="module")
def judge() -> Path:
    """A folder with the packages, fetched once; skipped without npm."""
    root = (
        Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "gitops-bot-tests" / "github-graphql-15.26.1"
    )
    if not (root / "node_modules" / "graphql").exists():
        root.mkdir(parents=True, exist_ok=True)
        command = ["npm", "install", "--prefix", str(root), "--silent", "--no-audit", "--no-fund", *PACKAGES]
        try:
            subprocess.run(command, check=True, capture_output=True, timeout=300)
        except (OSError, subprocess.SubprocessError) as error:
            if os.environ.get("GITOPS_BOT_REQUIRE_REAL") == "1":
                raise
            pytest.skip(f"GitHub's GraphQL schema cannot be had: {error}")
    return root


def judged(folder: Path, queries: dict[str, str]) -> dict[str, list[str]]:
    done = subprocess.run(
        ["node", "-e", JUDGE], cwd=folder, input=json.dumps(queries), capture_output=True, text=True, check=True
    )
    answer: dict[str, list[str]] = json.loads(done.stdout)
    return answer


def test_github_knows_what_we_ask(judge: Path) -> None:
    assert judged(judge, QUERIES) == {name: [] for name in QUERIES}


def test_the_judge_bites(judge: Path) -> None:
    (said,) = judged(judge, {"wrong": "{viewer{name_of_the_dog}}"})["wrong"]
    assert "name_of_the_dog" in said
