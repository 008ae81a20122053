"""`defaults` of the bot configuration: under what policies and pipelines say, and told where they are wrong."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from gitops_bot.cli.render import text
from gitops_bot.cli.validate import check
from gitops_bot.policy.loading import InvalidProblems, LoadedPolicy, Source, load_config, load_policies

CONFIG = """\
apiVersion: gitops-bot.dev/v1alpha1
kind: BotConfig
metadata: {name: bot}
spec:
  repositories: {environments: {url: /srv/environments.git, forge: local}}
  notifiers: {slack: {urlFrom: {env: SLACK}}}
  defaults:
"""
DEFAULTS = """\
    clusters: [prod-eu]
    notify: [slack]
    analysis: {interval: 30s, bake: 20m}
    pullRequest: {labels: [release], reviewers: [leads], merge: auto}
    gates: {windows: [{allow: "Mon-Fri 09:00-16:00"}]}
"""
POLICY = """\
apiVersion: gitops-bot.dev/v1alpha1
kind: PromotionPolicy
metadata: {name: shop}
spec:
  repository: environments
  candidate: {version: 1.2.3}
  strategy: {promote: {}}
  edits: [{yaml: {file: a.yaml, path: tag}, set: version}]
"""
PIPELINE = """\
apiVersion: gitops-bot.dev/v1alpha1
kind: PromotionPipeline
metadata: {name: shop}
spec:
  repository: environments
  pullRequest: {merge: never}
  environments:
    - name: dev
      candidate: {version: 1.2.3}
      edits: [{yaml: {file: dev.yaml, path: tag}, set: version}]
    - name: prod
      after: [dev]
      clusters: [prod-us]
      pullRequest: {labels: [prod]}
      edits: [{yaml: {file: prod.yaml, path: tag}, set: version}]
"""


def said(defaults: str = DEFAULTS) -> str:
    return load_config(Source("gitops-bot.yaml", f"{CONFIG}{defaults}".encode())).spec.defaults.said


def loaded(policy: str, defaults: str = DEFAULTS) -> tuple[LoadedPolicy, ...]:
    return load_policies([Source("shop.yaml", policy.encode())], said=said(defaults))


def spec(one: LoadedPolicy) -> dict[str, Any]:
    found: dict[str, Any] = one.written["spec"]
    return found


def test_what_a_policy_does_not_say_the_defaults_say() -> None:
    (one,) = loaded(POLICY)
    assert one.policy.spec.clusters == ("prod-eu",)
    assert one.policy.spec.notify == ("slack",)
    assert spec(one)["analysis"] == {"interval": "30s", "bake": "20m"}
    assert one.policy.spec.pull_request.merge == "auto"
    assert len(one.policy.spec.gates.windows) == 1


def test_the_nearer_word_wins_key_by_key() -> None:
    (one,) = loaded(f"{POLICY}  analysis: {{bake: 5m}}\n  clusters: [staging]\n  pullRequest: {{merge: never}}\n")
    assert spec(one)["analysis"] == {"interval": "30s", "bake": "5m"}
    assert spec(one)["clusters"] == ["staging"]
    assert spec(one)["pullRequest"] == {"labels": ["release"], "reviewers": ["leads"], "merge": "never"}


def test_a_pipeline_stands_between_the_defaults_and_its_environments() -> None:
    dev, prod = map(spec, loaded(PIPELINE))
    assert (dev["clusters"], prod["clusters"]) == (["prod-eu"], ["prod-us"])
    assert dev["pullRequest"] == {"merge": "never", "labels": ["release"], "reviewers": ["leads"]}
    assert prod["pullRequest"] == {"merge": "never", "labels": ["prod"], "reviewers": ["leads"]}


def test_an_empty_word_takes_no_default_away() -> None:
    (one,) = loaded(f"{POLICY}  gates:\n")
    assert len(one.policy.spec.gates.windows) == 1


def test_without_defaults_a_document_is_as_it_was() -> None:
    (one,) = load_policies([Source("shop.yaml", POLICY.encode())])
    assert one.written == yaml.safe_load(POLICY)
    (same,) = load_policies([Source("shop.yaml", POLICY.encode())], said=said("    {}\n"))
    assert same == one


@pytest.mark.parametrize(
    ("defaults", "told"),
    [
        (
            "    analysis: {bakee: 1m}\n",
            "gitops-bot.yaml:8:16: spec.defaults.analysis.bakee: unknown key (did you mean bake?)",
        ),
        ("    clusters: [5]\n", "gitops-bot.yaml:8:16: spec.defaults.clusters[0]: must be a value, not a whole number"),
        ("    edits: []\n", "gitops-bot.yaml:8:5: spec.defaults.edits: unknown key"),
        ("    strategy: {promote: {}}\n", "gitops-bot.yaml:8:5: spec.defaults.strategy: unknown key"),
        ("    analysis:\n", "gitops-bot.yaml:8:5: spec.defaults.analysis: must be a mapping with source"),
        ("    clusters: ~\n", "gitops-bot.yaml:8:15: spec.defaults.clusters: must be a list or a mapping"),
        ("    notify: null\n", "gitops-bot.yaml:8:13: spec.defaults.notify: must be a list, not empty"),
        ("    [a]\n", "gitops-bot.yaml:7:3: spec.defaults: must be a mapping with clusters, analysis"),
        ("    notify: [slakc]\n", "spec.defaults.notify: no notifier is named slakc"),
    ],
)
def test_defaults_that_are_wrong_are_told_where_they_stand(defaults: str, told: str) -> None:
    with pytest.raises(InvalidProblems) as caught:
        said(defaults)
    (problem,) = caught.value.problems
    assert told in str(problem).splitlines()[0]


def test_a_policy_that_does_not_go_with_a_default_says_where_it_comes_from() -> None:
    with pytest.raises(InvalidProblems) as caught:
        loaded(POLICY, "    analysis: {metrics: [{name: e, query: up}]}\n")
    (problem,) = caught.value.problems
    assert str(problem).startswith("shop.yaml:4:1: spec.analysis.metrics[0]")
    assert "(spec.defaults of the bot configuration says it)" in str(problem)


def test_validate_and_render_heed_the_one_configuration(tmp_path: Path) -> None:
    (tmp_path / "policies").mkdir()
    (tmp_path / "policies" / "shop.yaml").write_text(POLICY)
    config = tmp_path / "gitops-bot.yaml"
    config.write_text(f"{CONFIG}    analysis: {{metrics: [{{name: e, query: up}}]}}\n")
    assert check([tmp_path]).exit_code == 11
    config.write_text(CONFIG + DEFAULTS)
    assert check([tmp_path]).problems == []
    (shown,) = yaml.safe_load_all(text(loaded(POLICY)))
    assert shown["spec"]["clusters"] == ["prod-eu"]
    again = load_policies([Source("shop.yaml", text(loaded(POLICY)).encode())])
    assert [one.policy for one in again] == [one.policy for one in loaded(POLICY)]
