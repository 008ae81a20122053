"""How GitHub merges by itself: auto-merge and merge queues, through GraphQL; and what a branch asks for before."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from gitops_bot.model import Queued

Data = Mapping[str, Any]
"""A JSON object as GitHub describes it."""

QUEUE = """query($owner: String!, $name: String!, $branch: String!, $after: String) {
  repository(owner: $owner, name: $name) { mergeQueue(branch: $branch) {
    entries(first: 100, after: $after) {
      pageInfo { hasNextPage endCursor }
      nodes {
        enqueuer { login }
        pullRequest { number }
        headCommit { oid statusCheckRollup { contexts(first: 100) { nodes {
          ... on StatusContext { context state }
          ... on CheckRun { name conclusion }
        } } } }
      }
    }
  } }
}"""
ENQUEUE = """mutation($id: ID!, $head: GitObjectID!) {
  enqueuePullRequest(input: {pullRequestId: $id, expectedHeadOid: $head}) { mergeQueueEntry { id } }
}"""
DEQUEUE = "mutation($id: ID!) { dequeuePullRequest(input: {id: $id}) { mergeQueueEntry { id } } }"
AUTO_MERGE = """mutation($id: ID!, $head: GitObjectID!, $method: PullRequestMergeMethod!, $title: String) {
  enablePullRequestAutoMerge(
    input: {pullRequestId: $id, expectedHeadOid: $head, mergeMethod: $method, commitHeadline: $title}
  ) { pullRequest { number } }
}"""
NO_AUTO_MERGE = """mutation($id: ID!) {
  disablePullRequestAutoMerge(input: {pullRequestId: $id}) { pullRequest { number } }
}"""
STANDING = """query($owner: String!, $name: String!, $number: Int!) {
  repository(owner: $owner, name: $name) { pullRequest(number: $number) {
    id state headRefOid isInMergeQueue isMergeQueueEnabled autoMergeRequest { enabledAt } mergeCommit { oid }
  } }
}"""

# GitHub has no codes for these: its sentences are all there is to tell them apart.
NOTHING_TO_WAIT_FOR = re.compile(r"\bclean status\b", re.IGNORECASE)
"""What it says to auto-merge where everything is green already."""
NOT_ALLOWED = re.compile(r"auto.?merge is not (?:allowed|enabled)", re.IGNORECASE)
ALLOW = "Switch on Settings > General > Allow auto-merge"


@dataclass(frozen=True, slots=True)
class Standing:
    """One pull request as GraphQL shows it."""

    id: str
    open: bool
    head: str
    merge_commit: str
    in_queue: bool
    """It waits in a merge queue."""
    has_queue: bool
    """Its base has a merge queue."""
    auto_merge: bool


def standing(data: Data) -> Standing:
    """From the answer to STANDING."""
    merged = data["mergeCommit"] if data["state"] == "MERGED" else None
    return Standing(
        id=data["id"],
        open=data["state"] == "OPEN",
        head=data["headRefOid"],
        merge_commit=merged["oid"] if merged else "",
        in_queue=data["isInMergeQueue"],
        has_queue=data["isMergeQueueEnabled"],
        auto_merge=data["autoMergeRequest"] is not None,
    )


def entries(nodes: list[Data], own: str) -> Iterator[tuple[int, Queued]]:
    """The entries of a merge queue by pull request; `own` is the bot's login in lower case."""
    for node in nodes:
        commit = node["headCommit"] or {}
        rollup = commit.get("statusCheckRollup") or {"contexts": {"nodes": []}}
        passed = frozenset(filter(None, map(_passed, rollup["contexts"]["nodes"])))
        yield node["pullRequest"]["number"], Queued(_is(node["enqueuer"], own), commit.get("oid", ""), passed)


def auto_merge(data: Data, own: str) -> Queued | None:
    """From a pull request as REST shows it."""
    asked = data.get("auto_merge")
    return Queued(_is(asked["enabled_by"], own)) if asked else None


def required_by_rules(rules: list[Data]) -> Iterator[str]:
    """The checks that rule sets require of a branch."""
    for rule in rules:
        if rule["type"] == "required_status_checks":
            yield from (one["context"] for one in rule["parameters"]["required_status_checks"])


def required_by_protection(branch: Data) -> Iterator[str]:
    """The checks that the classic protection of a branch requires of everybody who may not bypass it."""
    checks = (branch.get("protection") or {}).get("required_status_checks") or {}
    if branch.get("protected") and checks.get("enforcement_level", "off") != "off":
        yield from checks.get("contexts", ())


def _passed(node: Data) -> str:
    if "context" in node:
        return str(node["context"]) if node["state"] == "SUCCESS" else ""
    return str(node.get("name", "")) if node.get("conclusion") in ("SUCCESS", "NEUTRAL", "SKIPPED") else ""


def _is(account: Data | None, own: str) -> bool:
    """GraphQL leaves the `[bot]` of an App's login away."""
    return account is not None and account["login"].lower().removesuffix("[bot]") == own.removesuffix("[bot]")
