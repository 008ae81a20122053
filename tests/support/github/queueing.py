"""GitHub's auto-merge and merge queue: what is asked by GraphQL, and what follows when checks turn green."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from tests.support.github.rules import Entry, Pull, Refusal, World

Data = dict[str, Any]


@dataclass(frozen=True)
class Refused(Exception):
    """GraphQL's no, with status 200."""

    message: str
    type: str = "UNPROCESSABLE"


def answered(world: World, login: str, body: Mapping[str, Any]) -> Data:
    """What GraphQL answers to one of the operations that the adapter has."""
    query, variables = body["query"], body.get("variables", {})
    for field, act in _FIELDS.items():
        if field in query:
            try:
                return {"data": act(world, login, variables)}
            except Refused as no:
                error = {"type": no.type, "path": [field], "message": no.message}
                return {"data": {field: None}, "errors": [error]}
            except Refusal as no:
                return {"data": None, "errors": [{"type": "NOT_FOUND", "path": [field], "message": no.message}]}
    raise AssertionError(f"the fake knows no such query: {query}")


def _viewer(_world: World, login: str, _given: Mapping[str, Any]) -> Data:
    return {"viewer": {"login": login}}


def _queue(world: World, _login: str, given: Mapping[str, Any]) -> Data:
    found = None
    if world.has_queue:
        first = int(given["after"] or 0)
        shown = [_entry(world, one) for one in world.entries[first : first + 100]]
        more = len(world.entries) > first + 100
        found = {"entries": {"pageInfo": {"hasNextPage": more, "endCursor": str(first + 100)}, "nodes": shown}}
    return {"repository": {"mergeQueue": found}}


def _entry(world: World, entry: Entry) -> Data:
    statuses = {one.context: one.state.upper() for one in world.statuses.get(entry.commit, ())}
    nodes: list[Data] = [{"context": name, "state": state} for name, state in statuses.items()]
    nodes += [
        {"name": run.name, "conclusion": run.conclusion and run.conclusion.upper()}
        for run in world.runs.get(entry.commit, ())
    ]
    return {
        "enqueuer": {"login": entry.by.removesuffix("[bot]")},
        "pullRequest": {"number": entry.number},
        "headCommit": {"oid": entry.commit, "statusCheckRollup": {"contexts": {"nodes": nodes}} if nodes else None},
    }


def _standing(world: World, _login: str, given: Mapping[str, Any]) -> Data:
    pull = world.pull(given["number"])
    shown = {
        "id": f"PR_{pull.number}",
        "state": "MERGED" if pull.merged_at else pull.state.upper(),
        "headRefOid": pull.head,
        "isInMergeQueue": any(one.number == pull.number for one in world.entries),
        "isMergeQueueEnabled": world.has_queue,
        "autoMergeRequest": {"enabledAt": "2026-01-01T00:00:00Z"} if pull.auto_merge else None,
        "mergeCommit": {"oid": pull.merge_commit} if pull.merged_at else None,
    }
    return {"repository": {"pullRequest": shown}}


def _pull(world: World, given: Mapping[str, Any]) -> Pull:
    pull = world.pull(int(given["id"].removeprefix("PR_")))
    if pull.state != "open":
        raise Refused("Pull request is closed")
    if "head" in given and given["head"] != pull.head:
        raise Refused("Head sha was modified. Review and try again.")
    return pull


def _enable(world: World, login: str, given: Mapping[str, Any]) -> Data:
    pull = _pull(world, given)
    if not world.auto_merge_allowed:
        raise Refused("Pull request Auto merge is not allowed for this repository")
    if pull.draft:
        raise Refused("Pull request Pull request is in draft status")
    if not world.waits_for(pull) and not world.has_queue:
        raise Refused("Pull request Pull request is in clean status")
    pull.auto_merge, pull.updated_at = login, world.later()
    return {"enablePullRequestAutoMerge": {"pullRequest": {"number": pull.number}}}


def _disable(world: World, _login: str, given: Mapping[str, Any]) -> Data:
    pull = _pull(world, given)
    if not pull.auto_merge:
        raise Refused("Can't disable auto-merge for this pull request.")
    pull.auto_merge, pull.updated_at = "", world.later()
    return {"disablePullRequestAutoMerge": {"pullRequest": {"number": pull.number}}}


def _enqueue(world: World, login: str, given: Mapping[str, Any]) -> Data:
    pull = _pull(world, given)
    if any(one.number == pull.number for one in world.entries):
        raise Refused("Pull request is already in the queue")
    if why := world.waits_for(pull):
        raise Refused(f"Pull request {why}")
    entry = world.enter(pull, login)
    return {"enqueuePullRequest": {"mergeQueueEntry": {"id": f"MQE_{entry.number}"}}}


def _dequeue(world: World, _login: str, given: Mapping[str, Any]) -> Data:
    pull = _pull(world, given)
    if not any(one.number == pull.number for one in world.entries):
        raise Refused("Pull request is not in the queue")
    world.leave(pull.number)
    return {"dequeuePullRequest": {"mergeQueueEntry": {"id": f"MQE_{pull.number}"}}}


def _move(world: World, _login: str, given: Mapping[str, Any]) -> Data:
    if not world.repo.move(given["ref"], given["before"], given["after"]):
        raise Refused(f"Reference {given['ref']} is not {given['before']}")
    return {"updateRefs": {"clientMutationId": None}}


_FIELDS: dict[str, Callable[[World, str, Mapping[str, Any]], Data]] = {
    "viewer": _viewer,
    "updateRefs": _move,
    "enablePullRequestAutoMerge": _enable,
    "disablePullRequestAutoMerge": _disable,
    "enqueuePullRequest": _enqueue,
    "dequeuePullRequest": _dequeue,
    "mergeQueue(": _queue,
    "pullRequest(": _standing,
}
