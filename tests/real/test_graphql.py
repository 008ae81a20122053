"""Our GraphQL against GitHub's own schema (npm: @octokit/graphql-schema), judged by the reference implementation.

GitLab publishes its schema by introspection alone: what our documents need of it stands here, as its sources have it
(app/graphql: mutations/merge_requests/create.rb, types/merge_request_type.rb).
"""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest

from gitops_bot.adapters.github import automerge, committing, opening
from gitops_bot.adapters.gitlab import opening as on_gitlab

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
ON_GITLAB = {"open one": on_gitlab.document(["p0"]), "open three": on_gitlab.document(["p0", "p1", "p2"])}
GITLAB = """
scalar Time
type Query { ok: Boolean }
type Mutation { mergeRequestCreate(input: MergeRequestCreateInput!): MergeRequestCreatePayload }
input MergeRequestCreateInput {
  clientMutationId: String
  projectPath: ID!
  title: String!
  sourceBranch: String!
  targetBranch: String!
  description: String
  labels: [String!]
}
type MergeRequestCreatePayload { clientMutationId: String errors: [String!]! mergeRequest: MergeRequest }
type MergeRequest {
  iid: String!
  webUrl: String
  title: String!
  description: String
  diffHeadSha: String
  createdAt: Time!
  updatedAt: Time!
}
"""
JUDGE = """
const { buildClientSchema, buildSchema, parse, validate } = require('graphql');
const { readFileSync } = require('fs');
const { queries, schema } = JSON.parse(readFileSync(0, 'utf8'));
const shape = readFileSync('node_modules/@octokit/graphql-schema/schema.json', 'utf8');
const known = schema ? buildSchema(schema) : buildClientSchema(JSON.parse(shape));
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


def judged(folder: Path, queries: dict[str, str], schema: str = "") -> dict[str, list[str]]:
    given = json.dumps({"queries": queries, "schema": schema})
    done = subprocess.run(["node", "-e", JUDGE], cwd=folder, input=given, capture_output=True, text=True, check=True)
    answer: dict[str, list[str]] = json.loads(done.stdout)
    return answer


def test_github_knows_what_we_ask(judge: Path) -> None:
    assert judged(judge, QUERIES) == {name: [] for name in QUERIES}


def test_gitlab_knows_what_we_ask(judge: Path) -> None:
    assert judged(judge, ON_GITLAB, GITLAB) == {name: [] for name in ON_GITLAB}


def test_the_judge_bites(judge: Path) -> None:
    (said,) = judged(judge, {"wrong": "{viewer{name_of_the_dog}}"})["wrong"]
    assert "name_of_the_dog" in said
