"""What checks and people said, from GitLab's JSON. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from gitops_bot.model import CommitCheck, Review, StatusState

Data = Mapping[str, Any]
"""A JSON object as GitLab describes it."""

APPROVED = "approved this merge request"
"""The system note of an approval, where the approval itself has no time: before GitLab 18."""

_ONE_ACT = timedelta(seconds=2)
"""GitLab writes the two times of a new comment one after the other."""
_ENDED_BADLY = ("failed", "canceled", "skipped")


def of_status(data: Data) -> CommitCheck:
    """A job of a pipeline, GitLab's own or an external one; one that was skipped has checked nothing."""
    if data["status"] == "success":
        return CommitCheck(data["name"], StatusState.SUCCESS)
    state = StatusState.FAILURE if data["status"] in _ENDED_BADLY else StatusState.PENDING
    return CommitCheck(data["name"], state, data["status"])


def as_written(note: Data) -> bool:
    """A person's comment that was not edited: whoever may edit it is not always who wrote it."""
    created, updated = (datetime.fromisoformat(note[name]) for name in ("created_at", "updated_at"))
    return not note["system"] and updated - created < _ONE_ACT


def undated(approvals: Data) -> bool:
    """Whether some approval does not say when it was given."""
    return any(not one.get("approved_at") for one in approvals["approved_by"])


def reviews(
    approvals: Data, reviewers: Iterable[Data], notes: Iterable[Data], versions: Sequence[Data]
) -> tuple[Review, ...]:
    """Who approves now, and who asks for changes. versions: of the head, newest first.

    GitLab does not say which head an approval saw: it is the newest of its time, and without a time there is none.
    A request for changes stands against whatever the head is.
    """
    noted = {one["author"]["username"]: one["created_at"] for one in notes if one["system"] and one["body"] == APPROVED}
    given = {one["user"]["username"]: one.get("approved_at") for one in approvals["approved_by"]}
    dated = {name: at or noted.get(name) for name, at in given.items()}
    return (
        *(_approval(name, datetime.fromisoformat(at), versions) for name, at in dated.items() if at),
        *_requests(reviewers, versions),
    )


def _approval(name: str, at: datetime, versions: Sequence[Data]) -> Review:
    seen = (one["head_commit_sha"] for one in versions if datetime.fromisoformat(one["created_at"]) <= at)
    return Review(name, approves=True, commit=next(seen, "") or "", at=at)


def _requests(reviewers: Iterable[Data], versions: Sequence[Data]) -> Iterator[Review]:
    head = versions[0]["head_commit_sha"] if versions else ""
    for one in reviewers:
        if one["state"] == "requested_changes":
            at = datetime.fromisoformat(one["created_at"])
            yield Review(one["user"]["username"], approves=False, commit=head or "", at=at)
