"""GitLab's pipelines: which of them a merge request waits for, and in which a status lands.

After GitLab's `Ci::CreateCommitStatusService` and its finder of a merge request's pipelines: those of the merge request
come before those of its branch, the newest first; a status goes into the newest of its commit and ref, or into the one
that it names, and makes one of its own (`external`) where there is none.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.support.gitlab.rules import MergeRequest, Status

BY_REQUEST = "merge_request_event"
_WORST = ("failed", "canceled", "running", "pending", "skipped")
KINDS = ("branch", "detached", "merged")
"""Of each branch, of each merge request's head, of what a merge would make of it."""


@dataclass
class Pipeline:
    """One, with what its jobs came to; without jobs it is made of statuses alone."""

    number: int
    sha: str
    ref: str
    source: str
    jobs: str = ""
    head: str = ""
    """Of the merge request, where `sha` is what a merge would make of it."""
    statuses: list[Status] = field(default_factory=list)

    @property
    def status(self) -> str:
        """The worst of all."""
        states = {*([self.jobs] if self.jobs else []), *(one.state for one in self.statuses)}
        return next((state for state in _WORST if state in states), "success")


class Pipelines:
    """Of one project."""

    def __init__(self) -> None:
        self.all: list[Pipeline] = []
        self.kinds: tuple[str, ...] = ()
        """Which ones the project's jobs run in."""
        self.ends = "running"
        """What the jobs of those come to."""

    def start(self, sha: str, ref: str, source: str, jobs: str = "", head: str = "") -> Pipeline:
        """A new one, newer than all."""
        self.all.append(Pipeline(5001 + len(self.all), sha, ref, source, jobs, head))
        return self.all[-1]

    def noticed(self, one: MergeRequest, merge_of: Callable[[MergeRequest], str]) -> None:
        """Those that the head of an open merge request starts, once each."""
        for kind in self.kinds:
            ref = {"branch": one.branch, "merged": f"refs/merge-requests/{one.iid}/merge"}.get(kind)
            ref = ref or f"refs/merge-requests/{one.iid}/head"
            if any(each.ref == ref and one.head in (each.sha, each.head) and each.jobs for each in self.all):
                continue
            sha = merge_of(one) if kind == "merged" else one.head
            self.start(sha, ref, "push" if kind == "branch" else BY_REQUEST, self.ends, one.head)

    def waited_for(self, one: MergeRequest) -> Pipeline | None:
        """The head pipeline of a merge request."""
        refs = tuple(f"refs/merge-requests/{one.iid}/{end}" for end in ("head", "merge", "train"))
        of_head = [each for each in self.all if one.head in (each.sha, each.head)]
        by_request = [each for each in of_head if each.ref in refs]
        return max(by_request or [each for each in of_head if each.ref == one.branch], key=_number, default=None)

    def of(self, sha: str) -> list[Pipeline]:
        """Of one commit, the newest first."""
        return sorted((each for each in self.all if each.sha == sha), key=_number, reverse=True)

    def fitting(self, sha: str, ref: str | None, number: int | None) -> Pipeline | None:
        """Where a status goes that is there already."""
        fit: Iterable[Pipeline] = self.of(sha)
        fit = [each for each in fit if ref in (None, each.ref)]
        return next((each for each in fit if number in (None, each.number)), None)


def _number(one: Pipeline) -> int:
    return one.number
