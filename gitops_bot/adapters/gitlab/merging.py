"""Merging on GitLab: by the bot at once, or by GitLab itself through auto-merge and merge trains."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any
from urllib.parse import quote

from gitops_bot.adapters import forges
from gitops_bot.adapters.gitlab.connection import Answer, Api
from gitops_bot.adapters.gitlab.text import TITLE_LIMIT
from gitops_bot.model import Queued
from gitops_bot.ports import Merged, NotReady, Required

MAY_MERGE = "a role that may merge into the target branch"
_MAY_READ = "the role Reporter"
# 405: it may not be merged now; 406, in old versions, and 422: it conflicts; 409: the head moved.
_NOT_NOW = (405, 406, 409, 422)
_NOT_IN_TRAIN = (400, 405, 409, 422)
_NOTHING_SET = (405, 406)
"""Of auto-merge: the merge request is merged or closed, or nothing was set."""
_ENDED_BADLY = ("failed", "canceled", "canceling", "skipped")
"""Pipelines at which auto-merge has been seen to merge at once."""
_OURS = "gitops-bot/"
"""How the names of our statuses begin."""
_NO_PIPELINE = 1
"""A pipeline that is not of our commits: who still lists statuses for it does not know the filter (before 17.8)."""

Data = Mapping[str, Any]
"""A JSON object as GitLab describes it."""


class Merging:
    """The merges of one project."""

    def __init__(self, api: Api, project: str, *, squash: bool, now: Callable[[], datetime]) -> None:
        self._api, self._project, self._squash = api, project, squash
        self._path = f"/projects/{quote(project, safe='')}"
        self._refusals = forges.Refusals(now)
        self._settings: Answer | None = None

    def merge(self, number: int, *, head: str, title: str) -> Merged | NotReady:
        """As the port has it; a head that was refused is asked about again ever more seldom."""
        return self._refusals.unless(number, head, lambda: self._merge(number, head, title))

    def enqueue(self, number: int, *, head: str, title: str) -> Merged | NotReady | None:
        """As the port has it: into the train where the project has trains, else auto-merge.

        Only behind a pipeline that exists, has not ended badly and holds our status: else GitLab might merge at once.
        """
        return self._refusals.unless(number, head, lambda: self._enqueue(number, head, title))

    def dequeue(self, number: int) -> None:
        """As the port has it; the same word stops auto-merge and leaves a train."""
        answer = self._ask("POST", f"/merge_requests/{number}/cancel_merge_when_pipeline_succeeds")
        if answer.status not in _NOTHING_SET:
            answer.granted(MAY_MERGE)

    def required(self) -> Required:
        """With `pipelines must succeed` whatever reports on a head counts; a skipped pipeline must not."""
        shown = self._shown()
        binds = shown.get("only_allow_merge_if_pipeline_succeeds") is True
        return Required(everything=binds and not shown.get("allow_merge_on_skipped_pipeline"))

    def _merge(self, number: int, head: str, title: str, **more: Any) -> Merged | NotReady:
        message = f"{title[:TITLE_LIMIT]}\n\nSee merge request {self._project}!{number}"
        wanted: dict[str, Any] = {"sha": head, "merge_commit_message": message, **more}
        if self._squash:
            wanted |= {"squash": True, "squash_commit_message": message}
        answer = self._ask("PUT", f"/merge_requests/{number}/merge", body=wanted)
        shown = self._get(number) if answer.status in _NOT_NOW else answer.granted(MAY_MERGE)
        if shown["state"] == "merged":
            return Merged(merge_commit(shown))
        return NotReady(f"{answer.said} ({shown.get('detailed_merge_status') or shown['state']})")

    def _enqueue(self, number: int, head: str, title: str) -> Merged | NotReady | None:
        shown = self._get(number)
        if shown["state"] == "merged":
            return Merged(merge_commit(shown))
        if no := self._not_behind_us(shown, head):
            return NotReady(no)
        if self._shown().get("merge_trains_enabled"):
            return self._board(number, head)
        result = self._merge(number, head, title, auto_merge=True, should_remove_source_branch=True)
        return None if isinstance(result, NotReady) and self._waits(number) else result

    def _board(self, number: int, head: str) -> NotReady | None:
        """Into the train: through the trains' own API, since the other one has been seen to pass them by."""
        wanted = {"sha": head, "auto_merge": True, **({"squash": True} if self._squash else {})}
        answer = self._ask("POST", f"/merge_trains/merge_requests/{number}", body=wanted)
        if answer.status in _NOT_IN_TRAIN:
            return NotReady(answer.said)
        answer.granted(MAY_MERGE)
        return None

    def _not_behind_us(self, shown: Data, head: str) -> str:
        """Why GitLab would not wait for our status; empty where it will."""
        if shown["state"] != "opened" or shown["sha"] != head:
            return "it is closed" if shown["state"] != "opened" else "the head moved"
        pipeline = shown.get("head_pipeline")
        if not pipeline:
            return "GitLab shows no pipeline yet"
        if pipeline["status"] in _ENDED_BADLY:
            return f"its pipeline has ended: {pipeline['status']}"
        of = str(pipeline.get("sha") or head)
        if self._statuses(of, _NO_PIPELINE):
            return "this GitLab does not say which pipeline holds our status (17.8 does)"
        if not self._statuses(of, pipeline["id"]):
            return "the pipeline that GitLab waits for does not hold our status"
        return ""

    def _statuses(self, commit: str, pipeline: int) -> bool:
        query = {"pipeline_id": pipeline, "per_page": 100}
        listed = self._ask("GET", f"/repository/commits/{commit}/statuses", query=query).granted(_MAY_READ)
        return any(one["name"].startswith(_OURS) for one in listed)

    def _waits(self, number: int) -> bool:
        return bool(self._get(number)["merge_when_pipeline_succeeds"])

    def _shown(self) -> Data:
        """The project's settings; unchanged ones are not sent again."""
        etag = self._settings.headers.get("etag", "") if self._settings else ""
        answer = self._ask("GET", "", etag=etag)
        if answer.status != 304 or self._settings is None:
            answer.granted(_MAY_READ)
            self._settings = answer
        data: Data = self._settings.data
        return data

    def _get(self, number: int) -> Data:
        data: Data = self._ask("GET", f"/merge_requests/{number}").granted(_MAY_READ)
        return data

    def _ask(self, verb: str, path: str, **rest: Any) -> Answer:
        return self._api.ask(verb, f"{self._path}{path}", **rest)


def merge_commit(data: Data) -> str:
    """The commit on base: a fast-forward without squashing makes none of its own."""
    return str(data["merge_commit_sha"] or data["squash_commit_sha"] or data["sha"] or "")


def queued(data: Data, own: str) -> Queued | None:
    """From a merge request as it is listed: auto-merge, or in a train. `own` is the bot's user name."""
    if not data.get("merge_when_pipeline_succeeds"):
        return None
    setter = data.get("merge_user")
    return Queued(ours=setter is not None and str(setter["username"]).lower() == own.lower())
