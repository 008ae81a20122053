"""Whole ticks on what Iter8 1.x and Keel answer over HTTP, from the recorded shapes of their APIs."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
import yaml

from gitops_bot.adapters.console import HttpConsole
from gitops_bot.errors import PolicyError
from gitops_bot.model import Outcome, Plan, StepKind
from gitops_bot.policy.loading import Source, load_config, load_policies
from tests.adapters.scripted import Answer, Scripted, in_json, scripted
from tests.experiments.samples import Json, having, lacking, sample
from tests.support.commands import runner
from tests.support.controllers import CONTROLLERS, Told
from tests.support.environment import T0, Environment, config, tree
from tests.support.environment import policy as environment_policy
from tests.support.life import MINUTE, Life, spec

HTTP, ABN = "iter8-v1/httpdashboard-completed.yaml", "iter8-v1/abndashboard.yaml"
WORKLOAD = {"kind": "Deployment", "namespace": "shop", "name": "cart"}
OBJECTIVES = {"error-rate": {"max": 0.01}, "latency-mean": {"max": 250}}


@pytest.fixture
def iter8() -> Iterator[Scripted]:
    with scripted() as script:
        yield script


def loaded(**changed: Any) -> dict[str, Any]:
    experiment = {"kind": "HttpDashboard", "namespace": "shop-prod", "name": "cart-http", "objectives": OBJECTIVES}
    return spec("Rollout", experiment={**experiment, **changed})


def rewarded(**changed: Any) -> dict[str, Any]:
    experiment = {"kind": "AbnDashboard", "namespace": "shop", "name": "cart", "reward": {"metric": "basket-value"}}
    return spec("Rollout", experiment={**experiment, **changed}, workload=WORKLOAD)


def load_test(at: datetime, file: str = HTTP) -> Json:
    """The recorded answer, of a test that began then."""
    return having(sample(file), "ExperimentResult.Start time", at.strftime("%d %b %y %H:%M UTC"))


def three_tasks() -> Json:
    """The Secret that says how many tasks there are."""
    text = yaml.safe_dump({"spec": [{"task": name} for name in ("ready", "http", "assess")]})
    return {
        "kind": "Secret",
        "metadata": {"namespace": "shop-prod", "name": "cart-http"},
        "stringData": {"experiment.yaml": text},
    }


def life(wanted: dict[str, Any], console: Scripted, controller: str = "iter8") -> Life:
    """2.0.0 stands in staging since an hour."""
    made = Life(wanted)
    commit = made.released()
    made.objects = [three_tasks()]
    if wanted["candidate"].get("workload"):
        made.objects += CONTROLLERS["Deployment"](Told("2.0.0", commit, made.world.now() - 60 * MINUTE))
    made.consoles = {("default", controller): HttpConsole(console.url)}
    return made


def held(plan: Plan, outcome: Outcome = Outcome.UNKNOWN) -> str:
    assert (plan.step.kind, plan.verdict.outcome) == (StepKind.HOLD, outcome)
    return plan.verdict.because


# ---------------------------------------------------------------- Iter8: load tests


def test_a_load_test_that_meets_its_objectives_promotes_once(iter8: Scripted) -> None:
    one = life(loaded(), iter8)
    iter8.answers = [in_json(load_test(one.world.now() - 30 * MINUTE))]
    plan = one.tick()
    assert (plan.step.kind, plan.verdict.outcome) == (StepKind.PROMOTE, Outcome.PASS)
    assert "it meets its objectives: error-rate is 0.0025, latency-mean is 120" in plan.verdict.because
    assert iter8.asked[0].path == "/httpDashboard"
    assert iter8.asked[0].query == {"namespace": "shop-prod", "test": "cart-http"}
    one.merge()
    one.world.pass_time(MINUTE)
    assert (one.tick().step.kind, one.open(), one.prod()) == (StepKind.HOLD, [], "2.0.0")


def test_a_grpc_test_is_asked_for_at_its_own_dashboard(iter8: Scripted) -> None:
    one = life(loaded(kind="GrpcDashboard"), iter8)
    iter8.answers = [in_json(load_test(one.world.now() - 30 * MINUTE))]
    assert one.tick().step.kind is StepKind.PROMOTE
    assert {asked.path for asked in iter8.asked} == {"/grpcDashboard"}


def slow(answer: Json) -> Json:
    return having(answer, "Endpoints", {"a": {"Statistics": {"Count": 10, "Mean": 900.0}}})


def broken(answer: Json) -> Json:
    return having(answer, "ExperimentResult.Failure", True)


@pytest.mark.parametrize(
    ("change", "said"), [(slow, "latency-mean is 900, above 250"), (broken, "a task failed after 3")]
)
def test_a_load_test_that_fails_is_a_fail(iter8: Scripted, change: Any, said: str) -> None:
    one = life(loaded(), iter8)
    iter8.answers = [in_json(change(load_test(one.world.now() - 30 * MINUTE)))]
    assert said in held(one.tick(), Outcome.FAIL)


def running(answer: Json) -> Json:
    return having(answer, "ExperimentResult.Completed tasks", 2)


def unheard(answer: Json) -> Json:
    return having(answer, "Endpoints", {})


def zoned(answer: Json) -> Json:
    return having(answer, "ExperimentResult.Start time", "02 Mar 26 08:00 CET")


def timeless(answer: Json) -> Json:
    return lacking(answer, "ExperimentResult.Start time")


def another(answer: Json) -> Json:
    return having(answer, "ExperimentResult.Name", "other")


def early(answer: Json) -> Json:
    return having(answer, "ExperimentResult.Start time", "02 Mar 26 08:30 UTC")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (running, "2 of 3 tasks are done"),
        (unheard, "no request was answered"),
        (zoned, "stale: it does not say when it began"),
        (timeless, "stale: it does not say when it began"),
        (another, "it answers of shop-prod/other"),
        (early, "stale: it began at 2026-03-02T08:30:00Z"),
        (lambda _: {}, "holds no result of an experiment"),
        (lambda _: [1, "x"], "holds no result of an experiment"),
    ],
)
def test_a_load_test_that_proves_nothing_holds(iter8: Scripted, change: Any, said: str) -> None:
    one = life(loaded(), iter8)
    iter8.answers = [in_json(change(load_test(one.world.now() - 30 * MINUTE)))]
    assert said in held(one.tick())
    assert one.open() == []


def test_without_the_secret_nobody_knows_whether_it_is_done(iter8: Scripted) -> None:
    one = life(loaded(), iter8)
    one.objects = []
    iter8.answers = [in_json(load_test(one.world.now() - 30 * MINUTE))]
    assert "3 tasks are done, of how many its Secret would say" in held(one.tick())


def test_a_failure_that_is_not_said_again_is_none(iter8: Scripted) -> None:
    one = life(loaded(), iter8)
    good = load_test(one.world.now() - 30 * MINUTE)
    iter8.answers = [in_json(broken(load_test(one.world.now() - 30 * MINUTE))), in_json(good)]
    assert "just said: a task failed" in held(one.tick())


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (Answer("busy", 503), "it answered 503"),
        (Answer("error", 200, {"Content-Type": "text/plain"}), "content type"),
        (Answer("", 404), "there is nothing at /httpDashboard"),
    ],
)
def test_a_dashboard_that_cannot_be_read_holds_and_is_trouble_of_the_run(
    iter8: Scripted, answer: Answer, said: str
) -> None:
    one = life(loaded(), iter8)
    iter8.answers = [answer]
    (trouble,) = one.errors()
    assert said in trouble
    one.failures = [trouble]
    assert said in held(one.tick())


def test_an_address_that_nobody_configured_is_never_asked(iter8: Scripted) -> None:
    one = life(loaded(), iter8)
    one.consoles = {}
    (trouble,) = one.errors()
    assert "nothing says where the iter8 of the cluster default answers" in trouble
    assert "spec.clusters.default.iter8.url" in trouble


# ---------------------------------------------------------------- Iter8: A/B tests


def test_a_reward_that_is_proven_promotes(iter8: Scripted) -> None:
    one = life(rewarded(), iter8)
    iter8.answers = [in_json(sample(ABN))]
    plan = one.tick()
    assert (plan.step.kind, plan.verdict.outcome) == (StepKind.PROMOTE, Outcome.PASS)
    assert "basket-value is 59.8 of 1961 users, baseline 56.3 of 1980: +3.5 ±" in plan.verdict.because
    assert iter8.asked[0].query == {"namespace": "shop", "application": "cart"}


@pytest.mark.parametrize(
    ("reward", "path", "value", "outcome", "said"),
    [
        ({"metric": "basket-value", "better": "lower"}, "", 0, Outcome.FAIL, "worse"),
        ({"metric": "basket-value", "alpha": 0.0001}, "", 0, Outcome.UNKNOWN, "nothing is proven yet"),
        ({"metric": "basket-value"}, "1.Mean", 56.4, Outcome.UNKNOWN, "nothing is proven yet"),
        ({"metric": "basket-value"}, "1.Mean", 50, Outcome.FAIL, "worse"),
        ({"metric": "basket-value"}, "1.Count", 12, Outcome.UNKNOWN, "12 users of the 100"),
        ({"metric": "basket-value"}, "1.Count", 0, Outcome.UNKNOWN, "there are not two versions with users yet"),
        ({"metric": "basket-value"}, "1.StdDev", -1, Outcome.UNKNOWN, "was not counted of both versions"),
        ({"metric": "basket-value"}, "1.Mean", "NaN", Outcome.UNKNOWN, "was not counted of both versions"),
        ({"metric": "clicks"}, "", 0, Outcome.UNKNOWN, "clicks was not counted of both versions"),
    ],
)
def test_a_reward_decides_only_what_is_proven(
    iter8: Scripted, reward: Json, path: str, value: object, outcome: Outcome, said: str
) -> None:
    one = life(rewarded(reward=reward), iter8)
    answer = sample(ABN)
    iter8.answers = [in_json(having(answer, f"basket-value.SummaryOverUsers.{path}", value) if path else answer)]
    assert said in held(one.tick(), outcome)


def test_a_third_version_and_one_that_is_counted_twice_decide_nothing(iter8: Scripted) -> None:
    one = life(rewarded(), iter8)
    rows = sample(ABN)["basket-value"]["SummaryOverUsers"]
    for more, said in (({**rows[1], "Version": 2}, "2 versions are on trial"), (rows[1], "not counted of both")):
        iter8.answers = [in_json({"basket-value": {"SummaryOverUsers": [*rows, more]}})]
        assert said in held(one.tick())


def test_numbers_of_a_workload_that_does_not_run_the_candidate_are_of_another_version(iter8: Scripted) -> None:
    one = life(rewarded(), iter8)
    one.objects = CONTROLLERS["Deployment"](Told("1.9.0", "", one.world.now() - 60 * MINUTE))
    iter8.answers = [in_json(sample(ABN))]
    assert "git says 2.0.0" in held(one.tick())


# ---------------------------------------------------------------- Keel


def approved(**keel: Any) -> dict[str, Any]:
    """By a pipeline's word, and Keel's approvals."""
    wanted = spec("PipelineRun")
    gates = {"approvals": {"keel": {"namespace": "shop-prod", "name": "cart", **keel.pop("place", {})}, **keel}}
    return {**wanted, "gates": gates, "pullRequest": {"merge": "auto"}}


def approval(state: str, life: Life, **changed: object) -> Json:
    times = {"createdAt": "2026-03-02T08:00:00Z", "deadline": "2026-03-09T08:00:00Z"}
    named = {"identifier": "deployment/shop-prod/cart:2.0.0", "newVersion": "2.0.0", "digest": ""}
    return {**sample(f"keel/approval-{state}.yaml"), **times, **named, **changed}


def proven(wanted: dict[str, Any], keel: Scripted) -> Life:
    one = life(wanted, keel, "keel")
    one.objects = CONTROLLERS["PipelineRun"](Told("2.0.0", "", one.world.now() - 30 * MINUTE))
    return one


def gate(plan: Plan) -> tuple[bool, str]:
    (found,) = [one for one in plan.gates if one.name == "approvals"]
    return found.open, found.reason


def test_the_promotion_is_open_until_keel_has_the_votes_and_is_merged_then(iter8: Scripted) -> None:
    one = proven(approved(), iter8)
    iter8.answers = [in_json([approval("pending", one)])]
    assert gate(one.tick()) == (False, "Keel in default: waits with 1 of 2 votes")
    assert (len(one.open()), one.prod()) == (1, "1.0.0")
    iter8.answers = [in_json([approval("pending", one), approval("approved", one, createdAt="2026-03-02T08:10:00Z")])]
    one.tick()
    assert (one.open(), one.prod()) == ([], "2.0.0")
    assert {asked.path for asked in iter8.asked} == {"/v1/approvals"}


@pytest.mark.parametrize(
    ("state", "changed", "keel", "said"),
    [
        ("approved", {"rejected": True}, {}, "rejected"),
        ("pending", {"deadline": "2026-03-02T08:30:00Z"}, {}, "its deadline passed with 1 of 2 votes"),
        ("approved", {}, {"required": 3}, "approved with 2 of 2 votes, the policy asks for 3"),
        ("approved", {"newVersion": "1.9.0"}, {}, "there is no approval of 2.0.0"),
        ("approved", {"identifier": "deployment/other/cart:2.0.0"}, {}, "there is no approval of 2.0.0"),
        ("approved", {"identifier": "shop-prod/cart:2.0.0"}, {}, "there is no approval of 2.0.0"),
        ("approved", {}, {"place": {"kind": "StatefulSet"}}, "there is no approval of 2.0.0"),
        ("approved", {"votesRequired": 0}, {}, "it does not say how many votes it needs"),
    ],
)
def test_an_approval_that_is_none_keeps_the_gate_shut(
    iter8: Scripted, state: str, changed: Json, keel: Json, said: str
) -> None:
    one = proven(approved(**keel), iter8)
    iter8.answers = [in_json([approval(state, one, **changed)])]
    assert gate(one.tick()) == (False, f"Keel in default: {said}")
    assert one.prod() == "1.0.0"


@pytest.mark.parametrize(
    "answer",
    [
        Answer("unauthorized", 401),
        Answer("record not found", 200, {"Content-Type": "text/plain"}),
        Answer("null", 200, {"Content-Type": "application/json"}),
        in_json([1, None, "x", {"identifier": 5}]),
    ],
)
def test_an_answer_that_is_none_keeps_the_gate_shut(iter8: Scripted, answer: Answer) -> None:
    one = proven(approved(), iter8)
    iter8.answers = [answer]
    one.failures = one.errors()
    assert gate(one.tick())[0] is False
    assert one.prod() == "1.0.0"


# ---------------------------------------------------------------- what users write


def policy(wanted: dict[str, Any]) -> None:
    head = {"apiVersion": "gitops-bot.dev/v1alpha1", "kind": "PromotionPolicy", "metadata": {"name": "cart"}}
    load_policies([Source("cart.yaml", yaml.safe_dump({**head, "spec": wanted}).encode())])


def without_workload(wanted: dict[str, Any]) -> dict[str, Any]:
    return {**wanted, "candidate": {k: v for k, v in wanted["candidate"].items() if k != "workload"}}


@pytest.mark.parametrize(
    ("wanted", "said"),
    [
        (loaded(objectives={}), "needs objectives"),
        (loaded(objectives={"error-rate": {}}), "max or min is needed"),
        (loaded(objectives={"p99": {"max": 1}}), "p99"),
        (loaded(reward={"metric": "x"}), "goes with AbnDashboard"),
        (rewarded(reward=None), "needs reward"),
        (rewarded(objectives=OBJECTIVES), "goes with HttpDashboard and GrpcDashboard"),
        (without_workload(rewarded()), "needs candidate.workload"),
        (approved(**{"from": ["alice"]}), "exactly one of from, keel"),
        ({**approved(), "gates": {"approvals": {"required": 1}}}, "exactly one of from, keel"),
        (approved(deadline="1h"), "an approval in Keel has its own"),
    ],
)
def test_what_cannot_be_is_refused(wanted: dict[str, Any], said: str) -> None:
    with pytest.raises(PolicyError, match=said):
        policy(wanted)


@pytest.mark.parametrize(
    ("keel", "said"),
    [
        ("{url: 'http://me:secret@keel:9300'}", "holds credentials"),
        ("{url: 'file:///etc/passwd'}", "must begin with https:// or http://"),
        ("{url: 'http://keel:9300', user: admin}", "needs its password at tokenFrom"),
        ("{url: 'http://keel:9300', tokenFrom: {}}", "one of env, file is needed"),
    ],
)
def test_an_address_that_cannot_be_is_refused(keel: str, said: str) -> None:
    text = f"""\
apiVersion: gitops-bot.dev/v1alpha1
kind: BotConfig
metadata: {{name: acme}}
spec:
  repositories: {{environments: {{url: /srv/env.git, forge: local}}}}
  clusters: {{prod: {{context: prod, keel: {keel}}}}}
"""
    with pytest.raises(PolicyError, match=said):
        load_config(Source("gitops-bot.yaml", text.encode()))


# ---------------------------------------------------------------- as a user runs it


def test_the_addresses_and_secrets_of_the_configuration_are_the_ones_that_are_used(
    iter8: Scripted, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    environment = Environment(tmp_path / "environments.git")
    experiment = {"kind": "HttpDashboard", "namespace": "shop-prod", "name": "cart-http", "objectives": OBJECTIVES}
    changed: dict[str, Any] = {
        "candidate": {"slot": "candidateVersion", "experiment": experiment},
        "analysis": {"source": "experiment", "bake": "5m"},
        "gates": {"approvals": {"keel": {"namespace": "shop-prod", "name": "cart"}}},
    }
    environment.commit({**tree(weight=5), "policies/shop.yaml": environment_policy(**changed)}, at=T0)
    (tmp_path / "cluster").mkdir()
    secret = {"apiVersion": "v1", **three_tasks()}
    (tmp_path / "cluster" / "secret.yaml").write_text(yaml.safe_dump(secret))
    with scripted() as keel:
        monkeypatch.setenv("KEEL_PASSWORD", "s3cret-of-keel")
        console = {"url": keel.url, "user": "admin", "tokenFrom": {"env": "KEEL_PASSWORD"}}
        recorded = {"recorded": str(tmp_path / "cluster"), "iter8": {"url": iter8.url}, "keel": console}
        file = config(tmp_path, cluster={**recorded, "metrics": "prom"})
        iter8.answers = [in_json(load_test(T0 + 10 * MINUTE))]
        keel.answers = [in_json([{**sample("keel/approval-approved.yaml"), "newVersion": "2.0.0", "digest": ""}])]
        bot = runner(monkeypatch, capsys)
        done = bot("plan", "shop", "-c", file, "--at", (T0 + 30 * MINUTE).isoformat(), "-o", "json")
    assert (done.code, done.err) == (0, "")
    (plan,) = done.json["plans"]
    assert (plan["verdict"]["outcome"], plan["step"]["kind"]) == ("PASS", "Advance")
    assert [one["open"] for one in plan["gates"] if one["name"] == "approvals"] == [True]
    assert keel.asked[0].headers["Authorization"].startswith("Basic ")
    assert "s3cret" not in done.out
