"""The statuses of commits: external jobs of GitLab's pipelines, of which a merge request waits for one.

That is its newest, and those of merge requests come before those of branches, also where they run on what a merge would
make of the head. A status that names no pipeline lands in the newest of its own commit.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from gitops_bot.adapters.gitlab import said
from gitops_bot.adapters.gitlab.connection import Answer, Api
from gitops_bot.adapters.gitlab.notes import MAY_WRITE
from gitops_bot.adapters.gitlab.text import DESCRIPTION_LIMIT
from gitops_bot.model import CommitCheck, CommitStatus, PrState, PullRequest, StatusState

_STATES = {StatusState.SUCCESS: "success", StatusState.PENDING: "pending", StatusState.FAILURE: "failed"}
_AT_ONCE = 100
_OF_STATUSES = "external"
"""The source of a pipeline that statuses alone have made: whatever is told of its commit is in it."""
_WAITED_FOR = """query($project: ID!, $numbers: [String!]!) {
  project(fullPath: $project) { mergeRequests(iids: $numbers) { nodes { iid headPipeline { id sha source } } } }
}"""

Data = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Place:
    """Where a status of a head belongs."""

    branch: str
    sha: str
    pipeline: int | None
    """None: the merge request waits for none yet."""


class Statuses:
    """Of one project. ask and pages: below it; is_own: whether an author is the bot."""

    def __init__(
        self,
        api: Api,
        project: str,
        ask: Callable[..., Answer],
        pages: Callable[[str, Data, dict[str, Answer]], Iterator[Data]],
        is_own: Callable[[Data | None], bool],
    ) -> None:
        self._api, self._project = api, project
        self._ask, self._pages, self._is_own = ask, pages, is_own
        self._places: dict[tuple[str, str], Place] = {}
        """By head and branch, as the last look at the merge requests had it."""

    def placed(self, pulls: Sequence[PullRequest]) -> Iterator[PullRequest]:
        """The merge requests, the open ones with the pipeline that they wait for. Remembers what statuses need."""
        standing = [pull for pull in pulls if pull.state is PrState.OPEN]
        shown = {int(data["iid"]): data["headPipeline"] for data in self._waited_for(standing)}
        self._places = {(pull.head, pull.branch): _place(pull, shown.get(pull.number)) for pull in standing}
        for pull in pulls:
            waited = shown.get(pull.number)
            apart = waited is not None and waited["source"] != _OF_STATUSES
            yield replace(pull, pipeline=_number(waited["id"])) if waited and apart else pull

    def set(self, commit: str, status: CommitStatus, branch: str = "") -> None:
        """Set it where the branch's merge request looks, or any of the commit. Descriptions are cut at 140 characters.

        GitLab knows no way from pending to pending: the same is left alone, another description takes a detour.
        """
        told = status.description
        description = told if len(told) <= DESCRIPTION_LIMIT else told[: DESCRIPTION_LIMIT - 1] + "…"
        wanted = {"state": _STATES[status.state], "name": status.context, "description": description}
        place = self._at(commit, branch)
        answer = self._set(place, wanted)
        if answer.status == 404 and place.pipeline:  # somebody has deleted it
            place = self._places[commit, place.branch] = replace(place, sha=commit, pipeline=None)
            answer = self._set(place, wanted)
        if answer.status == 400 and status.state is StatusState.PENDING:
            if (shown := self._pending(place, status.context)) is None:
                raise answer.refusal(MAY_WRITE)
            if shown["description"] == description:
                return
            self._set(place, {**wanted, "state": "canceled"}).granted(MAY_WRITE)
            answer = self._set(place, wanted)
        answer.granted(MAY_WRITE)

    def checks(self, commit: str) -> Sequence[CommitCheck]:
        """The jobs and external statuses of a commit's pipelines, the newest of each name and pipeline.

        Of a head also those of what a merge would make of it, where the merge request waits for that.
        """
        shas = dict.fromkeys((commit, self._at(commit).sha))
        return tuple(said.of_status(data) for sha in shas for data in self._pages(_listed(sha), {}, {}))

    def _waited_for(self, pulls: Sequence[PullRequest]) -> Iterator[Data]:
        numbers = [str(pull.number) for pull in pulls]
        for start in range(0, len(numbers), _AT_ONCE):
            some = numbers[start : start + _AT_ONCE]
            found = self._api.find(_WAITED_FOR, project=self._project, numbers=some)
            if found and found["project"]:  # before 17 GitLab does not say it
                yield from found["project"]["mergeRequests"]["nodes"]

    def _at(self, commit: str, branch: str = "") -> Place:
        known = (place for (head, _), place in self._places.items() if head == commit and not branch)
        return self._places.get((commit, branch)) or next(known, Place(branch, commit, None))

    def _set(self, place: Place, wanted: Data) -> Answer:
        ref = {"ref": place.branch} if place.branch else {}
        where = {"pipeline_id": place.pipeline} if place.pipeline else ref
        return self._ask("POST", f"/statuses/{place.sha}", body={**wanted, **where})

    def _pending(self, place: Place, context: str) -> Data | None:
        """Our status of that name while it is pending."""
        where = {"pipeline_id": place.pipeline} if place.pipeline else {"ref": place.branch} if place.branch else {}
        query = {"name": context, **where}
        listed = self._pages(_listed(place.sha), query, {})
        return next((data for data in listed if data["status"] == "pending" and self._is_own(data["author"])), None)


def _place(pull: PullRequest, pipeline: Data | None) -> Place:
    if pipeline is None:
        return Place(pull.branch, pull.head, None)
    return Place(pull.branch, str(pipeline["sha"]), int(_number(pipeline["id"])))


def _number(name: str) -> str:
    """Of `gid://gitlab/Ci::Pipeline/123`."""
    return name.rpartition("/")[2]


def _listed(commit: str) -> str:
    return f"/repository/commits/{commit}/statuses"
