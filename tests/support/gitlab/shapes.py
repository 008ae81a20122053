"""The JSON of GitLab's answers."""

from __future__ import annotations

import zlib
from datetime import datetime
from typing import Any

from tests.support.gitlab.rules import MergeRequest, Note, Status, World

Data = dict[str, Any]
PROJECT_ID = 3


class Shapes:
    """Renders a world as seen at one address."""

    def __init__(self, world: World, root: str) -> None:
        self._world = world
        self._root = root

    def user(self, name: str) -> Data:
        """An account as it stands in other answers."""
        number = self._world.people.get(name, zlib.crc32(name.encode()))
        shown = {"id": number, "username": name, "name": name.title(), "state": "active", "locked": False}
        return {**shown, "avatar_url": None, "web_url": f"{self._root}/{name}"}

    def request(self, one: MergeRequest) -> Data:
        """A merge request by itself."""
        return {
            **self.listed(one),
            "subscribed": False,
            "changes_count": "1",
            "diff_refs": {"base_sha": one.base_sha, "head_sha": one.head, "start_sha": one.base_sha},
            "merge_error": None,
            "head_pipeline": self._pipeline(one),
            "first_contribution": False,
            "user": {"can_merge": True},
        }

    def listed(self, one: MergeRequest) -> Data:
        """A merge request in a list."""
        status = self._world.detailed_status(one)
        source = {"": PROJECT_ID, None: None}.get(one.fork, PROJECT_ID + 1)
        return {
            "id": 10_000 + one.iid,
            "iid": one.iid,
            "project_id": PROJECT_ID,
            "title": one.title,
            "description": one.body or None,
            "state": one.state,
            "created_at": _text(one.created_at),
            "updated_at": _text(one.updated_at),
            "merged_by": self.user(one.merged_by) if one.merged_by else None,
            "merge_user": self.user(one.merged_by or one.auto_merge) if one.merged_by or one.auto_merge else None,
            "merged_at": _text(one.merged_at) if one.merged_at else None,
            "closed_by": None,
            "closed_at": _text(one.closed_at) if one.closed_at else None,
            "target_branch": one.base,
            "source_branch": one.branch,
            "user_notes_count": sum(not note.system for note in one.notes),
            "upvotes": 0,
            "downvotes": 0,
            "author": self.user(one.author),
            "assignees": [],
            "assignee": None,
            "reviewers": [self.user(name) for name in one.reviewers],
            "source_project_id": source,
            "target_project_id": PROJECT_ID,
            "labels": sorted(one.labels),
            "draft": one.draft,
            "work_in_progress": one.draft,
            "milestone": None,
            "merge_when_pipeline_succeeds": bool(one.auto_merge),
            "merge_status": "can_be_merged" if status == "mergeable" else "cannot_be_merged",
            "detailed_merge_status": status,
            "sha": one.head,
            "merge_commit_sha": one.merge_commit or None,
            "squash_commit_sha": one.squash_commit or None,
            "discussion_locked": None,
            "should_remove_source_branch": None,
            "force_remove_source_branch": None,
            "reference": f"!{one.iid}",
            "references": {"short": f"!{one.iid}", "relative": f"!{one.iid}", "full": f"{self._world.path}!{one.iid}"},
            "web_url": f"{self._root}/{self._world.path}/-/merge_requests/{one.iid}",
            "squash": False,
            "squash_on_merge": False,
            "has_conflicts": status == "conflict",
            "blocking_discussions_resolved": True,
        }

    def _pipeline(self, one: MergeRequest) -> Data | None:
        found = self._world.pipelines.waited_for(one)
        if found is None:
            return None
        shown = {"id": found.number, "status": found.status, "sha": found.sha}
        return {**shown, "ref": found.ref, "source": found.source}

    def train(self, one: MergeRequest) -> Data:
        """A place in the merge train."""
        shown = {"id": 100 + one.iid, "merge_request": {"iid": one.iid}, "user": self.user(one.auto_merge)}
        return {**shown, "target_branch": one.base, "status": "idle", "merged_at": None, "duration": None}

    def project(self) -> Data:
        """The project's settings, as far as they concern merging."""
        world = self._world
        return {
            "id": PROJECT_ID,
            "path_with_namespace": world.path,
            "merge_method": world.method,
            "only_allow_merge_if_pipeline_succeeds": world.must_succeed,
            "allow_merge_on_skipped_pipeline": world.skipped_is_enough,
            "only_allow_merge_if_all_discussions_are_resolved": False,
            "merge_pipelines_enabled": world.trains,
            "merge_trains_enabled": world.trains,
        }

    def note(self, iid: int, note: Note) -> Data:
        """A comment."""
        return {
            "id": note.number,
            "type": None,
            "body": note.body,
            "author": self.user(note.author),
            "created_at": _text(note.at),
            "updated_at": _text(note.edited_at or note.at),
            "system": note.system,
            "noteable_id": 10_000 + iid,
            "noteable_type": "MergeRequest",
            "noteable_iid": iid,
            "resolvable": False,
            "internal": False,
        }

    def award(self, user: str, name: str) -> Data:
        """An emoji."""
        return {"id": self._world.new_id(), "name": name, "user": self.user(user), "awardable_type": "Note"}

    def approvals(self, one: MergeRequest) -> Data:
        """Who approves it now."""
        since = {name: at for name, (approves, at) in one.opinions.items() if approves}
        dated = self._world.dated_approvals
        given = [
            {"user": self.user(name), **({"approved_at": _text(at)} if dated else {})} for name, at in since.items()
        ]
        return {"user_has_approved": False, "user_can_approve": False, "approved": bool(given), "approved_by": given}

    def reviewers(self, one: MergeRequest) -> list[Data]:
        """Who was asked or has spoken."""
        states = {True: "approved", False: "requested_changes"}
        return [
            {"user": self.user(name), "state": states[approves], "created_at": _text(at)}
            for name, (approves, at) in one.opinions.items()
        ] + [
            {"user": self.user(name), "state": "unreviewed", "created_at": _text(one.created_at)}
            for name in one.reviewers
            if name not in one.opinions
        ]

    def versions(self, one: MergeRequest) -> list[Data]:
        """Its heads, newest first."""
        count = len(one.versions)
        return [
            {
                "id": count - place,
                "head_commit_sha": head,
                "base_commit_sha": one.base_sha,
                "start_commit_sha": one.base_sha,
                "created_at": _text(at),
                "merge_request_id": 10_000 + one.iid,
                "state": "collected",
                "real_size": "1",
            }
            for place, (head, at) in enumerate(one.versions)
        ]

    def status(self, sha: str, ref: str, status: Status) -> Data:
        """One commit status."""
        return {
            "id": status.number,
            "sha": sha,
            "ref": ref,
            "status": status.state,
            "name": status.name,
            "target_url": None,
            "description": status.description,
            "created_at": _text(status.at),
            "started_at": None,
            "finished_at": None,
            "allow_failure": False,
            "coverage": None,
            "author": self.user(status.author),
        }


def _text(at: datetime) -> str:
    return at.strftime("%Y-%m-%dT%H:%M:%S.000Z")
