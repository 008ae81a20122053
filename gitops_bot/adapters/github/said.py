"""What checks and people said, from GitHub's JSON. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from gitops_bot.model import CommitCheck, CommitStatus, Review, StatusState

Data = Mapping[str, Any]
"""A JSON object as GitHub describes it."""

_DECISIVE = ("APPROVED", "CHANGES_REQUESTED", "DISMISSED")
"""Reviews that replace what the same person said before; a comment does not."""


def of_status(data: Data) -> CommitCheck:
    """A commit status; GitHub's `error` is no success either."""
    state = {"success": StatusState.SUCCESS, "pending": StatusState.PENDING}.get(data["state"], StatusState.FAILURE)
    return CommitCheck(data["context"], state, "" if state is StatusState.SUCCESS else data["state"])


def of_check_run(data: Data) -> CommitCheck:
    """A check run; one that was skipped has checked nothing."""
    if data["status"] != "completed":
        return CommitCheck(data["name"], StatusState.PENDING, data["status"])
    if data["conclusion"] in ("success", "neutral"):
        return CommitCheck(data["name"], StatusState.SUCCESS)
    return CommitCheck(data["name"], StatusState.FAILURE, data["conclusion"] or "without a conclusion")


def check_run(commit: str, status: CommitStatus) -> dict[str, Any]:
    """A new check run: GitHub counts the newest of a name. One that waits has no conclusion.

    Never neutral: to a rule that requires the check, neutral is as good as success.
    """
    ended = {} if status.state is StatusState.PENDING else {"conclusion": status.state.value}
    title = status.description or status.state.value
    return {
        "name": status.context,
        "head_sha": commit,
        "status": "completed" if ended else "in_progress",
        **ended,
        "output": {"title": title, "summary": f"{title}\n\nThe evidence is in the pull request's text."},
    }


def last_reviews(listed: Iterable[Data]) -> tuple[Review, ...]:
    """The last decisive one of each person, from a listing with the oldest first; what was dismissed is none."""
    last = {data["user"]["login"].lower(): data for data in listed if data["user"] and data["state"] in _DECISIVE}
    return tuple(_review(data) for data in last.values() if data["state"] != "DISMISSED")


def _review(data: Data) -> Review:
    return Review(
        author=data["user"]["login"],
        approves=data["state"] == "APPROVED",
        commit=data["commit_id"] or "",
        at=datetime.fromisoformat(data["submitted_at"]),
    )
