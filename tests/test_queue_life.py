"""`merge: queue` from end to end: the forge merges by itself, and stops as soon as the bot would not merge."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from gitops_bot.cli import load
from gitops_bot.tick import Report, run
from gitops_bot.wiring import Options, jobs
from tests import test_github_life, test_gitlab_life
from tests.support.environment import ALICE, ROUTE, Environment, config, policy, tree
from tests.support.github import Request
from tests.support.github.rules import Pull
from tests.support.gitlab.rules import MergeRequest

OURS, THEIRS = "gitops-bot/shop", "ci/e2e"
PROMOTE = "gitops-bot/shop/promote"

begin = test_github_life.begin
on_gitlab = test_gitlab_life.begin
BeginHub = test_github_life.Begin
BeginLab = test_gitlab_life.Begin


def queued(begin: BeginHub, **spec: Any) -> test_github_life.Life:
    """A promotion that GitHub would merge as soon as somebody else's check is green."""
    life = begin(tree(weight=5), merge="queue", **spec)
    life.fake.world.required = {OURS, THEIRS}
    life.well(10)
    assert life.only.auto_merge == "gitops-bot"
    return life


def done(report: Report) -> list[str]:
    return [one.action for one in report.receipts]


# ---------------------------------------------------------------- GitHub: auto-merge


@pytest.mark.parametrize("by_rule_set", [True, False], ids=["rule set", "classic protection"])
def test_github_merges_by_itself_when_the_rest_is_green(begin: BeginHub, by_rule_set: bool) -> None:
    life = begin(tree(weight=5), merge="queue")
    life.fake.world.required, life.fake.world.by_rule_set = {OURS, THEIRS}, by_rule_set
    assert done(life.well(10)) == ["open", "enqueue"]
    pull = life.only
    assert (pull.auto_merge, life.state(pull), pull.merged_at) == ("gitops-bot", "success", None)
    life.fake.world.report(pull.head, THEIRS, "success")
    life.well(1)
    assert (life.fake.pull(1).merged_by, life.environment.values()[2]) == ("gitops-bot", 25)


def test_what_waits_costs_no_writes(begin: BeginHub) -> None:
    life = queued(begin)
    assert life.writes(lambda: [life.well(1) for _ in range(3)]) == []
    assert not [one for one in life.fake.asked("POST", "graphql") if "mutation" in one.body["query"]][1:]


def test_where_all_is_green_already_the_bot_merges(begin: BeginHub) -> None:
    life = begin(tree(weight=5), merge="queue")
    life.fake.world.required = {OURS}
    assert done(life.well(10))[:2] == ["open", "enqueue"]
    assert life.fake.pull(1).merged_by == "gitops-bot"
    assert life.fake.asked("PUT", "/pulls/1/merge")[0].body["sha"] == life.fake.pull(1).head


def turns_bad(life: test_github_life.Life) -> None:
    life.errors = 0.5


def is_blind(life: test_github_life.Life) -> None:
    life.job.site.metrics = {}


def is_held(life: test_github_life.Life) -> None:
    life.only.labels.append("gitops-bot/hold")


def freezes(life: test_github_life.Life) -> None:
    edited(life, gates={"windows": [{"block": {"from": "2020-01-01", "to": "2030-01-01"}, "reason": "freeze"}]})


def is_suspended(life: test_github_life.Life) -> None:
    edited(life, suspend=True)


def is_broken(life: test_github_life.Life) -> None:
    life.environment.commit({"policies/shop.yaml": "kind: [\n"}, at=life.clock.at)


def is_pushed_to(life: test_github_life.Life) -> None:
    life.environment.commit({ROUTE: "host: theirs\ncanary:\n  weight: 7\n"}, branch=PROMOTE, who=ALICE)


def is_no_longer_required(life: test_github_life.Life) -> None:
    life.fake.world.required = {THEIRS}


def is_left_to_people(life: test_github_life.Life) -> None:
    edited(life, pullRequest={"merge": "never"})


def edited(life: test_github_life.Life, **spec: Any) -> None:
    written = policy(**{"pullRequest": {"merge": "queue"}, **spec})
    life.environment.commit({"policies/shop.yaml": written}, at=life.clock.at)


TURNS = (
    turns_bad,
    is_blind,
    is_held,
    freezes,
    is_suspended,
    is_broken,
    is_pushed_to,
    is_no_longer_required,
    is_left_to_people,
)


@pytest.mark.parametrize("turn", TURNS, ids=lambda turn: turn.__name__)
def test_what_the_bot_would_not_merge_github_does_not_either(
    begin: BeginHub, turn: Callable[[test_github_life.Life], None]
) -> None:
    life = queued(begin)
    turn(life)
    report = life.tick(11)
    assert done(report)[0] == "dequeue"
    pull = life.fake.pull(1)
    assert pull.auto_merge == ""
    life.fake.world.report(pull.head, THEIRS, "success")
    life.tick(1)
    assert life.fake.pull(1).merged_at is None


@pytest.mark.parametrize("turn", [is_suspended, is_broken], ids=lambda turn: turn.__name__)
def test_what_nobody_judges_waits_and_is_queued_again_afterwards(
    begin: BeginHub, turn: Callable[[test_github_life.Life], None]
) -> None:
    life = queued(begin)
    turn(life)
    life.tick(1)
    assert (life.only.auto_merge, life.state(life.only)) == ("", "pending")
    assert life.writes(lambda: life.tick(1)) == []
    edited(life)
    life.well(1)
    assert (life.only.auto_merge, life.state(life.only)) == ("gitops-bot", "success")


def test_a_new_candidate_is_taken_out_before_it_is_pushed(begin: BeginHub) -> None:
    life = queued(begin)
    old = life.only.head
    life.environment.commit(tree(candidate="2.0.1", weight=5), at=life.clock.at)
    seen: list[tuple[str, str]] = []
    life.fake.watching = lambda request: seen.append((str(request), life.environment.heads().get(PROMOTE, "")))
    life.tick(1)
    off = next(head for request, head in seen if "graphql" in request and request.startswith("POST"))
    assert off == old


def test_auto_merge_off_comes_before_the_close(begin: BeginHub) -> None:
    life = queued(begin)
    life.errors = 0.5
    before = len(life.fake.requests)
    life.tick(11)
    asked = life.fake.requests[before:]
    off = next(n for n, one in enumerate(asked) if one.body and "disablePullRequestAutoMerge" in str(one.body))
    closed = next(n for n, one in enumerate(asked) if one.body == {"state": "closed"})
    assert off < closed


def test_what_a_person_queued_stays_while_the_bot_would_merge_it(begin: BeginHub) -> None:
    life = begin(tree(weight=5), merge="never")
    life.fake.world.required = {OURS, THEIRS}
    life.well(10)
    life.only.auto_merge = "alice"
    life.well(1)
    assert life.only.auto_merge == "alice"
    is_held(life)
    life.well(1)
    assert life.only.auto_merge == ""


# ---------------------------------------------------------------- GitHub: refused


def test_it_is_refused_where_our_status_binds_nobody(begin: BeginHub) -> None:
    life = begin(tree(weight=5), merge="queue")
    life.fake.world.required = {THEIRS}
    life.tick(10)
    report = life.tick(1)
    (failure,) = report.failures
    assert (failure.subject, failure.error.exit_code) == ("shop", 53)
    assert "main does not require the check gitops-bot/shop" in str(failure.error)
    assert (life.only.auto_merge, life.fake.asked("PUT")) == ("", [])


def test_what_cannot_be_seen_is_not_granted(begin: BeginHub) -> None:
    life = begin(tree(weight=5), merge="queue")
    life.fake.world.required = {OURS, THEIRS}
    life.fake.fail_next("GET", "/rules/branches/", 403, times=9)
    life.tick(10)
    report = life.tick(1)
    assert [one.error.exit_code for one in report.failures] == [53]
    assert life.only.auto_merge == ""
    life.fake.forgive()
    life.well(1)
    assert life.only.auto_merge == "gitops-bot"


def test_a_repository_without_auto_merge_is_told_how_to_allow_it(begin: BeginHub) -> None:
    life = begin(tree(weight=5), merge="queue")
    life.fake.world.required, life.fake.world.auto_merge_allowed = {OURS, THEIRS}, False
    report = life.tick(10)
    assert "Allow auto-merge" in str(report.failures[0].error)


def test_a_head_that_moves_meanwhile_is_not_queued(begin: BeginHub) -> None:
    life = begin(tree(weight=5), merge="queue")
    life.fake.world.required = {OURS, THEIRS}

    def push(request: Request) -> None:
        if "enablePullRequestAutoMerge" in str(request.body):
            life.environment.commit({ROUTE: "host: theirs\n"}, branch=PROMOTE, who=ALICE)

    life.fake.watching = push
    receipt = life.well(10).receipts[-1]
    assert (receipt.action, receipt.state.value) == ("enqueue", "not ready")
    assert "Head sha was modified" in receipt.detail
    assert life.only.auto_merge == ""


# ---------------------------------------------------------------- GitHub: merge queue


def test_the_queues_own_commit_gets_our_word(begin: BeginHub) -> None:
    life = begin(tree(weight=5), merge="queue")
    life.fake.world.required, life.fake.world.has_queue = {OURS, THEIRS}, True
    life.well(10)
    pull = life.only
    life.fake.world.report(pull.head, THEIRS, "success")
    life.fake.world.sync()
    (entry,) = life.fake.world.entries
    assert done(life.well(1)) == ["vouch"]
    assert life.writes(lambda: life.well(1)) == []
    life.fake.world.report(entry.commit, THEIRS, "success")
    life.well(1)
    assert (life.fake.pull(1).merge_commit, life.environment.values()[2]) == (entry.commit, 25)


def test_evidence_that_turns_takes_it_out_of_the_merge_queue(begin: BeginHub) -> None:
    life = begin(tree(weight=5), merge="queue")
    life.fake.world.required, life.fake.world.has_queue = {OURS, THEIRS}, True
    life.well(10)
    life.fake.world.report(life.only.head, THEIRS, "success")
    life.well(1)
    life.errors = 0.5
    report = life.well(11)
    assert done(report)[0] == "dequeue"
    assert (life.fake.world.entries, life.fake.pull(1).merged_at) == ([], None)


def test_a_rollback_may_go_by_the_queue_too(begin: BeginHub) -> None:
    life = begin(tree(weight=5), rollback={"merge": "queue"})
    life.fake.world.required = {OURS, THEIRS}
    life.errors = 0.5
    life.well(11)
    pull: Pull = life.only
    assert (pull.branch, pull.auto_merge) == ("gitops-bot/shop/rollback", "gitops-bot")
    life.fake.world.report(pull.head, THEIRS, "success")
    life.well(1)
    assert life.environment.values() == ("1.0.0", "1.0.0", 0)


# ---------------------------------------------------------------- GitLab


def lab(on_gitlab: BeginLab, *, trains: bool = False) -> test_gitlab_life.Life:
    """A project whose pipelines must succeed; a job runs as soon as a merge request is there."""
    life = on_gitlab(merge="queue", files=tree(weight=5))
    life.fake.world.must_succeed, life.fake.world.trains = True, trains
    life.well(10)
    return life


def running(life: test_gitlab_life.Life, status: str = "running") -> None:
    (one,) = life.open
    _job(life, one, status)


def _job(life: test_gitlab_life.Life, one: MergeRequest, status: str) -> None:
    pipeline = life.fake.world.pipelines.waited_for(one)
    assert pipeline
    pipeline.jobs = status


def waiting(on_gitlab: BeginLab, *, trains: bool = False) -> test_gitlab_life.Life:
    """One that GitLab merges as soon as the job ends."""
    life = on_gitlab(merge="queue", files=tree(weight=5))
    world = life.fake.world
    world.must_succeed, world.trains = True, trains
    created = world.create

    def with_a_job(*args: object, **given: object) -> object:
        one = created(*args, **given)  # type: ignore[arg-type]  # as it was called
        _job(life, one, "running")
        return one

    world.create = with_a_job  # type: ignore[method-assign, assignment]
    life.well(10)
    (one,) = life.open
    assert (one.auto_merge, one.train) == ("gitops-bot", trains)
    return life


@pytest.mark.parametrize("trains", [False, True])
def test_gitlab_merges_by_itself_when_the_pipeline_succeeds(on_gitlab: BeginLab, trains: bool) -> None:
    life = waiting(on_gitlab, trains=trains)
    (one,) = life.open
    running(life, "success")
    life.fake.world.train_runs = trains
    life.well(1)
    assert (one.state == "opened") is trains
    life.fake.world.train_runs = False
    life.well(1)
    assert (one.state, one.merged_by, life.environment.values()[2]) == ("merged", "gitops-bot", 25)
    assert bool(life.fake.asked("POST", "/merge_trains/")) is trains
    assert bool(life.fake.asked("PUT", "/merge$")) is not trains


@pytest.mark.parametrize("trains", [False, True])
def test_gitlab_is_stopped_when_the_evidence_turns(on_gitlab: BeginLab, trains: bool) -> None:
    life = waiting(on_gitlab, trains=trains)
    life.errors = 0.5
    assert done(life.well(11))[0] == "dequeue"
    one = life.fake.request(1)
    assert (one.auto_merge, one.train, one.state) == ("", False, "closed")


def test_what_waits_on_gitlab_costs_no_writes(on_gitlab: BeginLab) -> None:
    life = waiting(on_gitlab)
    life.well(1)  # GitLab made a pipeline of jobs after the status was set: it is set there, too
    before = len(life.fake.requests)
    for _ in range(3):
        life.well(1)
    assert [str(one) for one in life.fake.requests[before:] if one.writes] == []


def test_gitlab_merges_at_once_what_is_green(on_gitlab: BeginLab) -> None:
    life = lab(on_gitlab)
    assert life.fake.request(1).merged_by == "gitops-bot"
    assert PROMOTE not in life.environment.heads()


def is_optional(life: test_gitlab_life.Life) -> None:
    life.fake.world.must_succeed = False


def may_be_skipped(life: test_gitlab_life.Life) -> None:
    life.fake.world.skipped_is_enough = True


def is_not_shown(life: test_gitlab_life.Life) -> None:
    life.fake.fail_next("GET", "environments$", 404, times=9)


@pytest.mark.parametrize("turn", [is_optional, may_be_skipped, is_not_shown], ids=lambda turn: turn.__name__)
def test_gitlab_is_not_trusted_where_pipelines_bind_nobody(
    on_gitlab: BeginLab, turn: Callable[[test_gitlab_life.Life], None]
) -> None:
    life = on_gitlab(merge="queue", files=tree(weight=5))
    life.fake.world.must_succeed = True
    turn(life)
    life.tick(10)
    report = life.tick(1)
    assert [one.error.exit_code for one in report.failures] == [53]
    assert (life.open[0].auto_merge, life.fake.asked("PUT", "/merge$")) == ("", [])


def has_failed(life: test_gitlab_life.Life) -> None:
    running(life, "failed")


def is_old(life: test_gitlab_life.Life) -> None:
    running(life)
    life.fake.world.knows_pipeline_filter = False


@pytest.mark.parametrize("turn", [has_failed, is_old], ids=lambda turn: turn.__name__)
def test_gitlab_does_not_get_what_it_would_merge_too_soon(
    on_gitlab: BeginLab, turn: Callable[[test_gitlab_life.Life], None]
) -> None:
    life = on_gitlab(merge="queue", files=tree(weight=5), gates={"statuses": [{"name": "later"}]})
    life.fake.world.must_succeed = True
    life.tick(10)
    turn(life)
    (one,) = life.open
    life.fake.world.set_status(one.head, "alice", state="success", name="later", description="")
    life.tick(1)
    assert [each.state.value for each in life.tick(1).receipts if each.action == "enqueue"] in ([], ["not ready"])
    assert (one.state, one.auto_merge, life.fake.asked("PUT", "/merge$")) == ("opened", "", [])


# ---------------------------------------------------------------- the local forge


def test_the_local_forge_does_not_merge_by_itself(tmp_path: Path) -> None:
    environment = Environment(tmp_path / "environments.git")
    environment.commit({"policies/shop.yaml": policy(pullRequest={"merge": "queue"}), **tree()})
    (job,) = jobs(load(config(tmp_path)), Options(test_github_life.Clock())).values()
    (failure,) = run(job).failures
    job.close()
    assert "this forge does not merge by itself" in str(failure.error)
    assert environment.heads().keys() == {"main", PROMOTE}
