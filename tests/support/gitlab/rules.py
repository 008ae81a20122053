"""What GitLab allows and what follows from it, without HTTP: merge requests over a real repository."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from tests.support.github.git import BareRepo
from tests.support.gitlab.pipelines import Pipelines

DRAFT = re.compile(r"\s*(\[draft\]|\(draft\)|draft:)\s*", re.IGNORECASE)
QUICK_ACTION = re.compile(r"^/(approve|assign|close|draft|label|merge|ready|reopen|unlabel)\b.*\n?", re.MULTILINE)


class Refusal(Exception):
    """GitLab's no: `message` is a text, a list, or texts by field."""

    def __init__(self, status: int, message: Any) -> None:
        super().__init__(str(message))
        self.status, self.message = status, message


@dataclass
class Note:
    """A comment."""

    number: int
    author: str
    body: str
    at: datetime
    system: bool = False
    edited_at: datetime | None = None
    awards: list[tuple[str, str]] = field(default_factory=list)
    """Who, and which emoji."""


@dataclass
class Status:
    """A commit status: a job of an external pipeline."""

    number: int
    state: str
    name: str
    description: str
    author: str
    at: datetime


@dataclass
class MergeRequest:
    """A merge request."""

    iid: int
    author: str
    branch: str
    base: str
    head: str
    base_sha: str
    title: str
    body: str
    created_at: datetime
    updated_at: datetime
    fork: str | None = ""
    """The owner of the fork; empty: the project itself; None: the head's project is gone."""
    state: str = "opened"
    closed_at: datetime | None = None
    merged_at: datetime | None = None
    merged_by: str = ""
    merge_commit: str = ""
    squash_commit: str = ""
    labels: list[str] = field(default_factory=list)
    reviewers: list[str] = field(default_factory=list)
    notes: list[Note] = field(default_factory=list)
    versions: list[tuple[str, datetime]] = field(default_factory=list)
    """Heads, newest first."""
    opinions: dict[str, tuple[bool, datetime]] = field(default_factory=dict)
    """Who approves, or asks for changes, and since when."""
    auto_merge: str = ""
    """Who switched it on; empty: it is off."""
    train: bool = False
    """It is in the merge train, or goes there when its pipeline succeeds."""
    squash: bool = False

    @property
    def draft(self) -> bool:
        """By its title, and by nothing else."""
        return DRAFT.match(self.title) is not None


class World:
    """One project with its merge requests. Its clock moves a second with every change."""

    def __init__(self, repo: BareRepo, path: str) -> None:
        self.repo, self.path = repo, path
        self.now = datetime(2026, 1, 1, tzinfo=UTC)
        self.requests: dict[int, MergeRequest] = {}
        self.blocked: dict[int, str] = {}
        """Iid → its detailed merge status: `ci_must_pass`, `not_approved` …"""
        self.people = {"gitops-bot": 7, "alice": 11, "bob": 12, "carol": 13}
        """Name → number."""
        self.levels = {"alice": 40, "bob": 30, "carol": 20}
        """Access levels of members."""
        self.blocked_people: set[str] = set()
        self.may_not_merge: set[str] = set()
        self.dated_approvals = True
        """As since GitLab 18."""
        self.protected: set[str] = set()
        """Patterns of branches that the bot may not push to."""
        self.signs = ""
        """The instance's name and address, where it signs what it commits; empty: it does not."""
        self.vouches = True
        """It knows its own signatures, as since 16.3."""
        self.vouched: set[str] = set()
        """Commits with its signature."""
        self.groups = {"acme/leads": ["bob", "Carol"]}
        self.one_reviewer = False
        """As the free edition has it."""
        self.method = "merge"
        """The project's: `merge`, `rebase_merge` (semi-linear) or `ff`."""
        self.must_succeed = False
        """Pipelines must succeed."""
        self.skipped_is_enough = False
        self.trains = False
        """Merge trains are enabled; they take what waits for nothing but the train."""
        self.train_runs = False
        """The train's pipeline has not ended yet."""
        self.pipelines = Pipelines()
        self.knows_pipeline_filter = True
        """As since GitLab 17.8."""
        self.says_sources = True
        """Of pipelines, in GraphQL."""
        self._ids = 1000
        self._mergeable: dict[tuple[str, str, str], str] = {}

    def sync(self) -> None:
        """Notice what was pushed: heads move; one whose branch is gone closes, one that base got is merged.

        One without commits of its own stays open: GitLab shows it as empty.
        """
        heads = self.repo.heads()
        for one in [each for each in self.requests.values() if each.state == "opened" and each.fork == ""]:
            head, base = heads.get(one.branch), heads[one.base]
            if base != one.base_sha and self.repo.holds(base, one.head) and not self.repo.holds(one.base_sha, one.head):
                self._merged(one, "", merge_commit=self._bringer(base, one.head))
            elif head is None:
                self._shut(one)
            elif head != one.head:
                one.head, one.updated_at = head, self._later()
                one.versions.insert(0, (head, self.now))
                one.auto_merge, one.train = "", False
            one.base_sha = base
            if one.state == "opened":
                self.pipelines.noticed(one, self._merge_of)
        self._settle()

    def listed(self, state: str, branch: str, base: str, order_by: str, sort: str) -> list[MergeRequest]:
        """As the listing filters and sorts."""
        chosen = [
            one
            for one in self.requests.values()
            if state in ("all", one.state) and branch in ("", one.branch) and base in ("", one.base)
        ]
        moment = "updated_at" if order_by == "updated_at" else "created_at"
        return sorted(chosen, key=lambda one: (getattr(one, moment), one.iid), reverse=sort != "asc")

    def create(
        self, author: str, *, branch: str, base: str, title: str, body: str = "", fork: str | None = ""
    ) -> MergeRequest:
        """A new merge request, without a change if need be. Refuses: no such branch, one is open already."""
        heads = self.repo.heads()
        for name, wanted in (("source_branch", branch), ("target_branch", base)):
            if wanted not in heads:
                raise Refusal(400, {name: ["does not exist"]})
        twins = [
            one
            for one in self.requests.values()
            if (one.branch, one.base, one.state, one.fork) == (branch, base, "opened", fork)
        ]
        if twins:
            raise Refusal(409, [f"Another open merge request already exists for this source branch: !{twins[0].iid}"])
        _limits(title, body)
        now, iid = self._later(), max(self.requests, default=0) + 1
        made = MergeRequest(iid, author, branch, base, heads[branch], heads[base], title, "", now, now, fork)
        made.versions.append((made.head, now))
        self.requests[iid] = made
        made.body = self._said(made, body)
        return made

    def edit(
        self,
        iid: int,
        *,
        title: str | None = None,
        description: str | None = None,
        state_event: str = "",
        add_labels: str = "",
        remove_labels: str = "",
        reviewer_ids: Sequence[int] | None = None,
    ) -> MergeRequest:
        """Rewrite, close, reopen, label, ask for reviews. What cannot be opened or closed stays as it is."""
        one = self.request(iid)
        _limits(one.title if title is None else title, description or "")
        if state_event == "reopen" and one.state == "closed":
            self._reopen(one)
        if state_event == "close" and one.state == "opened":
            self._shut(one)
        before = (one.title, one.body, list(one.labels), list(one.reviewers))
        one.title = one.title if title is None else title
        one.body = one.body if description is None else self._said(one, description)
        one.labels += [name for name in add_labels.split(",") if name and name not in one.labels]
        one.labels = [name for name in one.labels if name not in remove_labels.split(",")]
        if reviewer_ids is not None:
            # Those whom GitLab does not know, or who cannot see the project, are left out without a word.
            names = [name for number in reviewer_ids for name, known in self.people.items() if known == number]
            one.reviewers = names[:1] if self.one_reviewer else names
        if before != (one.title, one.body, one.labels, one.reviewers):
            one.updated_at = self._later()
        return one

    def merge(
        self,
        iid: int,
        actor: str,
        *,
        sha: str = "",
        squash: bool = False,
        merge_commit_message: str = "",
        squash_commit_message: str = "",
        auto_merge: bool = False,
        should_remove_source_branch: bool = False,
    ) -> MergeRequest:
        """Merge as the project's method has it; GitLab asks in this order."""
        one = self.request(iid)
        if actor in self.may_not_merge:
            raise Refusal(401, "401 Unauthorized")
        if auto_merge and self._pipeline_runs(one) and self.detailed_status(one) in ("mergeable", "ci_must_pass"):
            if sha != one.head:
                raise Refusal(409, "SHA does not match HEAD of source branch")
            one.auto_merge, one.squash, one.updated_at = actor, squash, self._later()
            return one
        if self.detailed_status(one) not in ("mergeable", "conflict"):
            raise Refusal(405, "405 Method Not Allowed")
        if self.detailed_status(one) == "conflict":
            raise Refusal(422, "Branch cannot be merged")
        if sha and sha != one.head:
            raise Refusal(409, "SHA does not match HEAD of source branch")
        message = merge_commit_message or f"Merge branch '{one.branch}' into '{one.base}'"
        head, squashed = one.head, ""
        if squash:
            head = squashed = self._squashed(one, squash_commit_message or one.title)
        if self.method == "ff":
            self.repo.point(one.base, head)
            self._merged(one, actor, squash_commit=squashed)
        else:
            commit = self.repo.merge(one.base, head, method="merge", message=message)
            assert commit is not None
            self._merged(one, actor, merge_commit=commit, squash_commit=squashed)
        if should_remove_source_branch:
            self.repo.delete(one.branch)
        return one

    def board(
        self, iid: int, actor: str, *, sha: str, auto_merge: bool = False, squash: bool = False
    ) -> tuple[int, MergeRequest]:
        """Into the merge train: 201 at once, 202 when its pipeline succeeds."""
        one = self.request(iid)
        if not self.trains:
            raise Refusal(403, "403 Forbidden")
        if sha != one.head:
            raise Refusal(409, "SHA does not match HEAD of source branch")
        runs = self._pipeline_runs(one)
        if one.auto_merge or (runs and not auto_merge) or (not runs and self.detailed_status(one) != "mergeable"):
            raise Refusal(400, "Failed to add merge request to the merge train")
        one.auto_merge, one.train, one.squash, one.updated_at = actor, True, squash, self._later()
        return (202 if runs else 201), one

    def cancel(self, iid: int) -> MergeRequest:
        """Auto-merge off, out of the train."""
        one = self.request(iid)
        if one.state != "opened":
            raise Refusal(405, "405 Method Not Allowed")
        if not one.auto_merge:
            raise Refusal(406, "Can't cancel the automatic merge")
        one.auto_merge, one.train, one.updated_at = "", False, self._later()
        return one

    def _pipeline_runs(self, one: MergeRequest) -> bool:
        found = self.pipelines.waited_for(one)
        return found is not None and found.status in ("running", "pending")

    def _settle(self) -> None:
        """Merge what auto-merge and the train may merge by now."""
        for one in [each for each in self.requests.values() if each.state == "opened" and each.auto_merge]:
            found = self.pipelines.waited_for(one)
            if found and found.status in ("failed", "canceled"):
                one.auto_merge, one.train = "", False
            elif self.detailed_status(one) == "mergeable" and not (one.train and self.train_runs):
                self.merge(one.iid, one.auto_merge, sha=one.head, squash=one.squash)

    def detailed_status(self, one: MergeRequest) -> str:
        """Why it may not be merged, or `mergeable`."""
        if one.state != "opened":
            return "not_open"
        if one.draft:
            return "draft_status"
        if one.iid in self.blocked:
            return self.blocked[one.iid]
        found = self.pipelines.waited_for(one)
        enough = ("success", "skipped") if self.skipped_is_enough else ("success",)
        if self.must_succeed and (found is None or found.status not in enough):
            return "ci_must_pass"
        sides = (self.method, one.base_sha, one.head)
        if sides not in self._mergeable:
            behind = self.method != "merge" and not self.repo.holds(one.head, one.base_sha)
            fits = "need_rebase" if behind else "mergeable"
            self._mergeable[sides] = "conflict" if self.repo.conflicts(one.base, one.head) else fits
        return self._mergeable[sides]

    def give_opinion(self, iid: int, author: str, *, approve: bool) -> None:
        """A person approves, or asks for changes; the newer word replaces the older."""
        self.sync()
        one, at = self.request(iid), self._later()
        one.opinions[author] = (approve, at)
        told = "approved this merge request" if approve else "requested changes"
        one.notes.append(Note(self.new_id(), author, told, at, system=True))

    def note(self, iid: int, author: str, body: str, *, system: bool = False) -> Note:
        """A comment."""
        if len(body) > 1_000_000:
            raise Refusal(400, {"note": ["is too long (maximum is 1000000 characters)"]})
        one = self.request(iid)
        note = Note(self.new_id(), author, body if system else self._said(one, body), self._later(), system)
        one.notes.append(note)
        one.updated_at = note.at
        return note

    def said(self, iid: int, number: int) -> Note:
        """Refuses with 404."""
        found = next((note for note in self.request(iid).notes if note.number == number), None)
        if found is None:
            raise Refusal(404, "404 Note Not Found")
        return found

    def award(self, iid: int, number: int, user: str, name: str) -> None:
        """An emoji on a note, once."""
        awards = self.said(iid, number).awards
        if (user, name) in awards:
            raise Refusal(404, "404 Award Emoji Name has already been taken Not Found")
        awards.append((user, name))

    def unsay(self, iid: int, number: int) -> None:
        """A comment is taken back. Refuses with 404."""
        one = self.request(iid)
        if not any(note.number == number for note in one.notes):
            raise Refusal(404, "404 Note Not Found")
        one.notes = [note for note in one.notes if note.number != number]
        one.updated_at = self._later()

    def set_status(
        self,
        sha: str,
        author: str,
        *,
        state: str,
        name: str,
        description: str,
        ref: str | None = None,
        pipeline_id: int | None = None,
    ) -> Status:
        """A job of a pipeline of the commit: a running or pending one goes on, else a new one begins."""
        if len(description) > 255:
            raise Refusal(400, {"description": ["is too long (maximum is 255 characters)"]})
        if self.repo.missing(sha):
            raise Refusal(404, "404 Commit Not Found")
        pipeline = self.pipelines.fitting(sha, ref, pipeline_id)
        if pipeline_id is not None and pipeline is None:
            raise Refusal(404, "404 Pipeline for pipeline_id, sha and ref Not Found")
        if pipeline is None:
            heads = self.repo.heads()
            holding = [name for name, head in sorted(heads.items()) if head == sha]
            holding = holding or sorted(name for name, head in heads.items() if self.repo.holds(head, sha))
            if ref is None and not holding:
                raise Refusal(404, "404 References for commit Not Found")
            pipeline = self.pipelines.start(sha, ref or holding[0], "external")
        known = pipeline.statuses
        active = [one for one in known if (one.name, one.author) == (name, author) and one.state in _ACTIVE]
        if active and state == "pending":
            told = f"Cannot transition status via :enqueue from :{active[-1].state}"
            raise Refusal(400, f'{told} (Reason(s): Status cannot transition via "enqueue")')
        if active:
            status = active[-1]
            status.state, status.description, status.at = state, description, self._later()
            return status
        # The older ones of that name are taken for retried, and no longer shown.
        known[:] = [one for one in known if (one.name, one.author) != (name, author)]
        known.append(Status(self.new_id(), state, name, description, author, self._later()))
        return known[-1]

    @property
    def statuses(self) -> dict[str, list[Status]]:
        """What is told of each head: in the pipeline that its merge request waits for, else in its newest."""
        waited = {one.head: self.pipelines.waited_for(one) for one in self.requests.values()}
        newest = {one.sha: one for one in self.pipelines.all}
        return {sha: one.statuses for sha, one in {**newest, **waited}.items() if one}

    def request(self, iid: int) -> MergeRequest:
        """Refuses with 404."""
        if iid not in self.requests:
            raise Refusal(404, "404 Not found")
        return self.requests[iid]

    def new_id(self) -> int:
        """A number that nothing else has."""
        self._ids += 1
        return self._ids

    def _said(self, one: MergeRequest, text: str) -> str:
        """GitLab carries out quick actions, and leaves them out of what it keeps."""
        plain = text.replace("\r", "")
        if re.search(r"^/close\b", plain, re.MULTILINE) and one.state == "opened":
            self._shut(one)
        return QUICK_ACTION.sub("", plain).rstrip()

    def _squashed(self, one: MergeRequest, message: str) -> str:
        scratch = "refs-of-the-fake/squash"
        start = self.repo.heads()[one.base] if self.method == "ff" else self.repo.fork(one.base, one.head)
        self.repo.point(scratch, start)
        commit = self.repo.merge(scratch, one.head, method="squash", message=message)
        assert commit is not None
        self.repo.delete(scratch)
        return commit

    def _merge_of(self, one: MergeRequest) -> str:
        """What a merge would make of it now: a commit that no branch has."""
        scratch = "refs-of-the-fake/merge"
        self.repo.point(scratch, one.base_sha)
        commit = self.repo.merge(scratch, one.head, method="merge", message="Merge")
        self.repo.delete(scratch)
        return commit or one.head

    def _bringer(self, base: str, head: str) -> str:
        """The commit on base's first-parent line that brought the head."""
        line = base
        while (parents := self.repo.parents(line)) and self.repo.holds(parents[0], head):
            line = parents[0]
        return line

    def _reopen(self, one: MergeRequest) -> None:
        twins = [each for each in self.requests.values() if each.state == "opened" and each.branch == one.branch]
        if twins:
            raise Refusal(409, [f"Another open merge request already exists for this source branch: !{twins[0].iid}"])
        if one.branch in self.repo.heads():
            one.state, one.closed_at, one.updated_at = "opened", None, self._later()

    def _merged(self, one: MergeRequest, actor: str, *, merge_commit: str = "", squash_commit: str = "") -> None:
        one.merge_commit, one.squash_commit, one.merged_by = merge_commit, squash_commit, actor
        one.state, one.merged_at = "merged", self._later()
        one.updated_at = one.merged_at

    def _shut(self, one: MergeRequest) -> None:
        one.state, one.closed_at = "closed", self._later()
        one.updated_at = one.closed_at

    def _later(self) -> datetime:
        self.now += timedelta(seconds=1)
        return self.now


_ACTIVE = ("pending", "running")


def _limits(title: str, body: str) -> None:
    if not title.strip() or len(title) > 255:
        raise Refusal(400, {"title": ["is too long (maximum is 255 characters)" if title else "can't be blank"]})
    if len(body) > 1_048_576:
        raise Refusal(400, {"description": ["is too long (maximum is 1048576 characters)"]})
