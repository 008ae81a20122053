"""Jenkins X: which releases an environment has, and how a promotion is written."""

from __future__ import annotations

import pytest

from gitops_bot.experiments.jenkins_x import Rule, read_helmfile, read_promote, releases, rule
from gitops_bot.model import Phase, Version
from tests.experiments.samples import Json, alone, having, sample


def test_the_version_of_the_only_release() -> None:
    before = read_helmfile(sample("jenkins-x/helmfile-before.yaml"), alone(), None)
    after = read_helmfile(sample("jenkins-x/helmfile-after.yaml"), alone(), None)
    assert (before.baseline, after.baseline) == (Version("1.8.3"), Version("1.9.0"))


def test_a_release_can_stand_there_twice() -> None:
    twice = sample("jenkins-x/helmfile-before.yaml")
    twice["releases"].append({"chart": "dev/cart", "version": "1.9.0"})
    assert releases(twice) == {"cart": ("1.8.3", "1.9.0")}
    assert read_helmfile(twice, alone(), None).baseline is None


def test_the_rule_of_a_promotion() -> None:
    assert rule(sample("jenkins-x/promote-config.yaml")) == Rule(
        kind="helmfileRule",
        path="helmfiles/jx-staging/helmfile.yaml",
        namespace="jx-staging",
        keep_old_versions=("dev/cart",),
        keep_old_releases=False,
    )


@pytest.mark.parametrize(
    ("spec", "phase"),
    [
        ({"helmRule": {"path": "env"}}, Phase.NONE),
        ({"fileRule": {"path": "Makefile"}}, Phase.NONE),
        ({"kptRule": {}}, Phase.NONE),
        ({}, Phase.UNKNOWN),
        ({"helmRule": {}, "fileRule": {}}, Phase.UNKNOWN),
        ("helmRule", Phase.UNKNOWN),
    ],
)
def test_a_file_holds_exactly_one_rule(spec: Json, phase: Phase) -> None:
    assert read_promote(having(sample("jenkins-x/promote-config.yaml"), "spec", spec), alone(), None).phase is phase
