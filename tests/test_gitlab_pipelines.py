"""Where the bot's status stands among GitLab's pipelines, so that it counts where pipelines must succeed."""

from __future__ import annotations

from typing import Any

import pytest

from gitops_bot.model import CommitStatus, StatusState
from tests.support.environment import ROUTE, tree
from tests.support.gitlab.pipelines import BY_REQUEST, Pipeline
from tests.support.gitlab.rules import MergeRequest
from tests.test_gitlab_life import PROMOTE, Begin, Life
from tests.test_gitlab_life import begin as begin  # noqa: PLC0414 - a fixture

OURS = "gitops-bot/shop"
KINDS: dict[str, tuple[str, ...]] = {
    "no pipelines": (),
    "branch pipelines": ("branch",),
    "merge request pipelines": ("detached",),
    "merged results pipelines": ("merged",),
    "two of a kind": ("branch", "detached"),
    "all of them": ("branch", "detached", "merged"),
}
SHUT: dict[str, Any] = {"gates": {"statuses": [{"name": "e2e"}]}}
"""The verdict is good, and something else is waited for: the bot's status is pending."""


def on(begin: Begin, kinds: tuple[str, ...], *, merge: str = "never", ends: str = "success", **spec: Any) -> Life:
    """A project with these pipelines, which must succeed; what a promotion needs has been seen."""
    life = begin(merge=merge, files=tree(weight=5), **spec)
    world = life.fake.world
    world.must_succeed, world.pipelines.kinds, world.pipelines.ends = True, kinds, ends
    return life


def waited_for(life: Life, one: MergeRequest | None = None) -> Pipeline:
    one = one or life.open[0]
    life.fake.world.sync()
    pipeline = life.fake.world.pipelines.waited_for(one)
    assert pipeline
    return pipeline


def told(pipeline: Pipeline) -> list[tuple[str, str]]:
    return [(one.name, one.state) for one in pipeline.statuses]


def passes(life: Life) -> None:
    """What the gate waits for."""
    life.fake.world.set_status(life.open[0].head, "alice", state="success", name="e2e", description="")


def writes(life: Life, since: int) -> list[str]:
    return [str(one) for one in life.fake.requests[since:] if one.writes]


@pytest.mark.parametrize("kinds", KINDS.values(), ids=KINDS)
def test_nobody_merges_before_the_bot_says_so(begin: Begin, kinds: tuple[str, ...]) -> None:
    life = on(begin, kinds, **SHUT)
    life.well(10)
    life.well(1)
    assert told(waited_for(life)) == [(OURS, "pending")]
    assert life.fake.world.detailed_status(life.open[0]) == "ci_must_pass"
    before = len(life.fake.requests)
    life.well(1)
    life.begin()
    life.well(1)
    assert writes(life, before) == []
    passes(life)
    life.well(1)
    assert (OURS, "success") in told(waited_for(life))
    assert life.fake.world.detailed_status(life.open[0]) == "mergeable"


@pytest.mark.parametrize(
    ("merge", "kinds"),
    [("auto", ("detached",)), ("auto", ("merged",)), ("queue", ("branch",)), ("queue", ("branch", "merged"))],
)
def test_it_is_merged_whichever_pipelines_there_are(begin: Begin, merge: str, kinds: tuple[str, ...]) -> None:
    life = on(begin, kinds, merge=merge)
    life.well(10)
    life.well(1)
    one = life.fake.request(1)
    assert (one.state, one.merged_by, life.environment.values()[2]) == ("merged", "gitops-bot", 25)
    assert (OURS, "success") in told(waited_for(life, one))


@pytest.mark.parametrize("kinds", [("detached",), ("merged",)], ids=lambda kinds: kinds[0])
def test_the_queue_waits_for_the_jobs_and_the_bot(begin: Begin, kinds: tuple[str, ...]) -> None:
    life = on(begin, kinds, merge="queue", ends="running")
    life.well(10)
    life.well(1)
    (one,) = life.open
    assert one.auto_merge == "gitops-bot"
    waited_for(life).jobs = "success"
    life.well(1)
    assert (one.state, one.merged_by) == ("merged", "gitops-bot")


def test_a_pipeline_that_a_person_starts_later_gets_the_status_once(begin: Begin) -> None:
    life = on(begin, ("detached",), **SHUT)
    life.well(10)
    life.well(1)
    (one,) = life.open
    again = life.fake.world.pipelines.start(one.head, f"refs/merge-requests/{one.iid}/head", BY_REQUEST, "success")
    assert life.fake.world.detailed_status(one) == "mergeable"
    before = len(life.fake.requests)
    life.well(1)
    assert told(again) == [(OURS, "pending")]
    assert life.fake.world.detailed_status(one) == "ci_must_pass"
    assert len(writes(life, before)) == 2  # the status, and the body that remembers where it was set
    life.well(1)
    assert len(writes(life, before)) == 2


def test_without_pipelines_nothing_is_set_twice(begin: Begin) -> None:
    life = on(begin, (), **SHUT)
    life.well(10)
    before = len(life.fake.requests)
    life.well(1)
    life.well(1)
    assert writes(life, before) == []
    (pipeline,) = life.fake.world.pipelines.all
    assert (pipeline.source, pipeline.ref, told(pipeline)) == ("external", PROMOTE, [(OURS, "pending")])


def test_another_branch_with_the_same_commit_takes_no_status_away(begin: Begin) -> None:
    life = on(begin, (), **SHUT)
    life.well(10)
    (one,) = life.open
    life.fake.world.pipelines.all.clear()  # somebody has deleted the pipeline
    life.fake.world.repo.point("a-person/looks-at-it", one.head)
    passes(life)
    life.fake.world.pipelines.all[-1].ref = "a-person/looks-at-it"
    life.well(1)
    assert told(waited_for(life)) == [(OURS, "success")]


def test_a_pipeline_that_is_deleted_meanwhile_is_passed_over(begin: Begin) -> None:
    life = on(begin, ("detached",), **SHUT)
    life.well(10)
    life.well(1)
    passes(life)
    told_before = len(life.fake.asked("POST", "/statuses/"))
    answer = life.fake.answer

    def deleted(request: Any) -> Any:
        if request.method == "POST" and "/statuses/" in request.path:
            life.fake.world.pipelines.kinds = ()
            life.fake.world.pipelines.all[:] = [
                one for one in life.fake.world.pipelines.all if one.source != BY_REQUEST
            ]
            life.fake.answer = answer  # type: ignore[method-assign]
        return answer(request)

    life.fake.answer = deleted  # type: ignore[method-assign]
    life.well(1)
    assert len(life.fake.asked("POST", "/statuses/")) == told_before + 2
    assert (OURS, "success") in told(waited_for(life))


def test_a_gate_sees_the_jobs_of_merged_results(begin: Begin) -> None:
    life = on(begin, ("merged",), **SHUT)
    life.well(10)
    life.well(1)
    pipeline = waited_for(life)
    assert pipeline.sha != life.open[0].head
    args = {"state": "success", "name": "e2e", "description": "", "pipeline_id": pipeline.number}
    life.fake.world.set_status(pipeline.sha, "alice", **args)  # type: ignore[arg-type]
    life.well(1)
    assert (OURS, "success") in told(waited_for(life))


def test_a_gitlab_that_does_not_say_is_served_as_before(begin: Begin) -> None:
    life = on(begin, ("branch",), **SHUT)
    life.fake.world.says_sources = False
    life.well(10)
    before = len(life.fake.requests)
    life.well(1)
    assert (writes(life, before), life.open[0].state) == ([], "opened")


@pytest.mark.parametrize(
    ("status", "body", "failures"),
    [
        (403, {"message": "403 Forbidden"}, 0),
        (404, {"message": "404 Not Found"}, 0),
        (200, {"errors": [{"message": "Request timed out. Please try a less complex query"}]}, 1),
        (200, ["what a proxy says"], 1),
        (200, {"data": {"project": None}}, 0),
    ],
)
def test_what_graphql_refuses_stops_nobody_and_a_bad_moment_changes_nothing(
    begin: Begin, status: int, body: Any, failures: int
) -> None:
    life = on(begin, ("branch",), **SHUT)
    life.well(10)
    life.well(1)
    before = len(life.fake.requests)
    life.fake.fail_next("POST", "/graphql$", status, body)
    report = life.tick(1)
    assert [one.error.exit_code for one in report.failures] == [53] * failures
    assert not (failures and writes(life, before))


def test_a_new_head_has_its_status_where_it_counts(begin: Begin) -> None:
    life = begin()
    life.fake.world.pipelines.kinds = ("merged",)
    life.well(10)
    life.well(1)
    first = waited_for(life).number
    life.environment.replace(ROUTE, "shop.example", "shop.acme.example", at=life.at)
    life.well(1)
    life.well(1)
    assert waited_for(life).number > first
    assert told(waited_for(life)) == [(OURS, "success")]


def test_the_adapter_names_the_pipeline_only_where_it_is_not_made_of_statuses(begin: Begin) -> None:
    life = on(begin, (), **SHUT)
    life.well(10)
    assert life.job
    forge = life.job.site.forge
    assert [one.pipeline for one in forge.pull_requests(life.at)] == [""]
    life.fake.world.pipelines.kinds = ("detached",)
    (pull,) = forge.pull_requests(life.at)
    assert pull.pipeline == str(waited_for(life).number)
    forge.set_status(pull.head, CommitStatus(OURS, StatusState.PENDING, "again"))
    forge.set_status(pull.head, CommitStatus(OURS, StatusState.PENDING, "otherwise"))
    (status,) = waited_for(life).statuses
    assert (status.state, status.description) == ("pending", "otherwise")
