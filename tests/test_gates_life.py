"""Gates in real ticks: a repository on disk, the local forge with people, a recorded cluster."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from gitops_bot.errors import PolicyInvalid
from gitops_bot.model import CommitStatus, Gate, Plan, StatusState, StepKind
from tests.support.environment import ALICE, T0, config, policy, tree
from tests.test_breaker_a import Shop, failing

GATES: dict[str, Any] = {
    "windows": [{"allow": "Mon-Fri 09:00-16:00", "reason": "office hours"}],
    "statuses": ["ci/e2e"],
    "approvals": {"from": ["alice@acme.example"]},
}
AUTO: dict[str, Any] = {"pullRequest": {"merge": "auto"}, "rollback": {"merge": "auto"}}


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    """A candidate that waits to be started, on a Monday at eight."""
    shop = Shop(tmp_path)
    shop.environment.commit(tree(), at=T0 - timedelta(days=1))
    config(tmp_path)
    shop.measure(0.001)
    return shop


def gated(shop: Shop, **spec: Any) -> Shop:
    shop.environment.commit({"policies/shop.yaml": policy(**AUTO, **spec)}, at=T0 - timedelta(hours=2))
    return shop


def shut(plan: Plan) -> dict[str, Gate]:
    return {gate.name: gate for gate in plan.gates if not gate.open}


def test_a_pull_request_is_opened_and_merged_when_the_last_gate_opens(shop: Shop) -> None:
    gated(shop, gates=GATES)
    assert set(shut(shop.plan())) == {"windows", "statuses", "approvals"}
    (pull,) = shop.open()
    assert shop.status(pull["head"]) == "pending"
    assert "**windows**: open only Mon-Fri 09:00-16:00 (UTC): office hours, until 2026-03-02 09:00 UTC" in pull["body"]
    shop.forge.set_status(pull["head"], CommitStatus("ci/e2e", StatusState.SUCCESS, "green"))
    shop.forge.review(pull["number"], approve=True)
    assert set(shut(shop.plan(30))) == {"windows"}
    assert not shop.tick(29).receipts
    assert not shop.tick(1).failures
    assert not shop.open()
    assert shop.environment.values() == ("1.0.0", "2.0.0", 5)


def test_an_approval_is_for_the_step_that_was_seen(shop: Shop) -> None:
    gated(shop, gates={"approvals": {"from": ["alice@acme.example"]}})
    shop.tick()
    (pull,) = shop.open()
    shop.forge.review(pull["number"], approve=True)
    shop.environment.replace("apps/shop/canary/kustomization.yaml", "2.0.0", "2.1.0", at=T0 + timedelta(minutes=1))
    shop.tick(2)
    (rewritten,) = shop.open()
    assert "2.1.0" in rewritten["title"]
    assert set(shut(shop.plan())) == {"approvals"}
    shop.forge.review(pull["number"], approve=True)
    shop.tick(1)
    assert not shop.open()


def test_a_rollback_waits_for_no_gate_but_a_stop_that_says_so(shop: Shop) -> None:
    gated(shop, gates={**GATES, "soak": "24h"})
    shop.tick()
    shop.merge()
    shop.environment.commit({".gitops-bot/stop.yaml": "{reason: audit, rollbacks: true}"}, at=shop.clock.at)
    failing(shop)
    assert not shop.open()
    shop.environment.commit({".gitops-bot/stop.yaml": "reason: audit"}, at=shop.clock.at)
    shop.tick(1)
    assert shop.environment.values() == ("1.0.0", "1.0.0", 0)


def test_a_label_holds_what_bears_it_until_it_is_taken_off(shop: Shop) -> None:
    gated(shop, gates={"windows": [{"allow": "09:00-16:00"}]})
    shop.tick()
    (pull,) = shop.open()
    shop.forge.decorate(pull["number"], labels=["gitops-bot/hold"], reviewers=[])
    assert set(shut(shop.plan(90))) == {"hold"}
    assert shop.status(pull["head"]) == "pending"
    assert not shop.tick(1).receipts
    record = shop.folder / "environments.git.pulls" / f"{pull['number']:04d}.json"
    record.write_text(json.dumps({**json.loads(record.read_text()), "labels": []}))
    shop.tick(1)
    assert not shop.open()


def test_a_stop_file_that_names_no_policy_is_said_in_every_run(shop: Shop) -> None:
    gated(shop)
    shop.environment.commit({".gitops-bot/stop.yaml": "{reason: audit, policies: [shp]}"}, at=T0, who=ALICE)
    report = shop.tick()
    (failure,) = report.failures
    assert failure.subject == ".gitops-bot/stop.yaml"
    assert isinstance(failure.error, PolicyInvalid)
    assert "shp is the name of no policy" in str(failure.error)
    assert report.plans[0].step.kind is StepKind.START


def test_two_holders_let_go_one_after_the_other(shop: Shop) -> None:
    gated(shop)
    both = "holders: {alice: {reason: audit}, bob: {reason: incident, until: 2026-03-02T09:00:00Z}}"
    shop.environment.commit({".gitops-bot/stop.yaml": both}, at=T0)
    assert shut(shop.plan())["stop"].reason == ".gitops-bot/stop.yaml: audit (alice); incident (bob)"
    shop.environment.commit({".gitops-bot/stop.yaml": both.replace("alice: {reason: audit}, ", "")}, at=T0)
    assert shut(shop.plan())["stop"].until is not None
    shop.clock.at += timedelta(minutes=60)
    assert not shut(shop.plan())


def application(shop: Shop, revision: str) -> None:
    source = {"repoURL": "https://git.example/env.git", "path": "apps", "targetRevision": "main"}
    at = shop.clock.at.strftime("%Y-%m-%dT%H:%M:%SZ")
    written = {
        "apiVersion": "argoproj.io/v1alpha1",
        "kind": "Application",
        "metadata": {"name": "shop", "namespace": "argocd"},
        "spec": {"source": source},
        "status": {
            "reconciledAt": at,
            "sync": {"status": "Synced", "revision": revision, "comparedTo": {"source": source}},
            "health": {"status": "Healthy"},
        },
    }
    (shop.folder / "cluster" / "app.yaml").write_text(json.dumps(written))


def test_the_next_step_is_opened_when_the_cluster_has_the_last_one(shop: Shop) -> None:
    gated(shop, gates={"sync": {"argoCD": {"application": "shop"}}})
    application(shop, shop.environment.heads()["main"])
    shop.tick()
    assert shop.environment.values() == ("1.0.0", "2.0.0", 5)
    plan = shop.tick(7).plans[0]
    assert plan.step.kind is StepKind.ADVANCE
    assert "which does not contain the merged one" in shut(plan)["sync"].reason
    application(shop, shop.environment.heads()["main"])
    assert not shop.tick(1).failures
    assert shop.environment.values() == ("1.0.0", "2.0.0", 25)


def test_the_promotion_waits_until_the_candidate_has_stood_long_enough(shop: Shop) -> None:
    gated(shop, gates={"soak": "25h"})
    shop.tick()
    shop.tick(7)
    assert shop.environment.values() == ("1.0.0", "2.0.0", 25)
    plan = shop.plan(7)
    assert plan.step.kind is StepKind.PROMOTE
    assert shut(plan)["soak"].until == T0 + timedelta(hours=1)
