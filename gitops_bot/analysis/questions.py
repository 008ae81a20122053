"""What is asked of the metrics: each metric as query text by role, templates filled in. Pure text → text."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from gitops_bot.analysis import builtins
from gitops_bot.model import Trial, or_zero
from gitops_bot.policy import templates
from gitops_bot.policy.metrics import BuiltinNames, Metric
from gitops_bot.policy.quantities import format_duration
from gitops_bot.policy.schema import PolicySpec, PromotionPolicy
from gitops_bot.policy.templates import TemplateProblem


class Role(StrEnum):
    """What one query of a metric means."""

    VALUE = "value"
    BAD = "bad"
    TOTAL = "total"
    BASELINE_VALUE = "baseline value"
    BASELINE_BAD = "baseline bad"
    BASELINE_TOTAL = "baseline total"


OF_BASELINE = {Role.VALUE: Role.BASELINE_VALUE, Role.BAD: Role.BASELINE_BAD, Role.TOTAL: Role.BASELINE_TOTAL}
"""The same of the version that the candidate is compared with."""

Questions = Mapping[Role, str]


def questions(policy: PromotionPolicy, metric: Metric, trial: Trial, *, compare: bool = False) -> Questions:
    """A metric's queries for a trial; with `compare` also those of the baseline, when the trial has one.

    Errors: TemplateProblem, when a version does not go into a query, or a query does not tell the versions apart.
    """
    asked = _asked(policy, metric, trial, baseline=False)
    if not compare or trial.baseline is None:
        return asked
    against = _asked(policy, metric, trial, baseline=True)
    if any(text == against[role] for role, text in asked.items()):
        raise TemplateProblem(
            "asks the same of the baseline as of the candidate: tell them apart by {{ version }}, or by the names of "
            "spec.candidate.workload and spec.baseline.workload"
        )
    return {**asked, **{OF_BASELINE[role]: text for role, text in against.items()}}


def _asked(policy: PromotionPolicy, metric: Metric, trial: Trial, *, baseline: bool) -> Questions:
    values = _values(policy, metric, trial, baseline=baseline)
    if metric.ratio:
        return _counts(templates.render(metric.ratio.bad, values), templates.render(metric.ratio.total, values))
    if metric.query:
        return {Role.VALUE: templates.render(metric.query, values)}
    assert metric.builtin is not None  # rules.py: exactly one of the three
    asked = builtins.expression(metric.builtin, values, baseline=baseline)
    if isinstance(asked, str):
        return {Role.VALUE: asked}
    if asked.absent_is_zero:
        return _counts(asked.bad, asked.total)
    return {Role.BAD: asked.bad, Role.TOTAL: asked.total}


def _counts(bad: str, total: str) -> Questions:
    # An absent numerator is zero events; an absent denominator is no traffic, and must stay visible.
    return {Role.BAD: or_zero(bad), Role.TOTAL: total}


def _values(policy: PromotionPolicy, metric: Metric, trial: Trial, *, baseline: bool) -> dict[str, str]:
    stable = trial.baseline.tag or trial.baseline.digest if trial.baseline else ""
    values = {
        "policy": policy.name,
        "interval": format_duration(policy.spec.analysis.interval),
        "version": stable if baseline else trial.candidate.tag or trial.candidate.digest,
        "baseline": stable,
    }
    given: BuiltinNames = metric.builtin or BuiltinNames()
    candidate = {**_of_candidate(policy.spec), **_names(given)}
    names = candidate
    if baseline:
        against = metric.builtin.baseline if metric.builtin else BuiltinNames()
        names = {**candidate, **_of_baseline(policy.spec, candidate), **_names(against)}
    checked = {name: templates.query_value(text) for name, text in {**values, **names}.items()}
    revision = (baseline and metric.builtin and metric.builtin.baseline.revision) or given.revision
    return {**checked, "revision": templates.render(revision, checked)} if revision else checked


def _names(given: BuiltinNames) -> dict[str, str]:
    named = {"namespace": given.namespace, "workload": given.workload}
    named |= {"service": given.service, "ingress": given.ingress}
    return {name: text for name, text in named.items() if text}


def _of_candidate(spec: PolicySpec) -> dict[str, str]:
    """What the policy says of the version on trial; a Canary's target has its own name, its Service Flagger's."""
    given = spec.candidate.subject
    if given is None:
        return dict.fromkeys(("namespace", "workload", "service", "ingress"), "")
    service = f"{given.name}-canary" if given.kind == "Canary" else given.name
    return {"namespace": given.namespace, "workload": given.name, "service": service, "ingress": given.name}


def _of_baseline(spec: PolicySpec, candidate: Mapping[str, str]) -> dict[str, str]:
    stable, experiment = spec.baseline.workload, spec.candidate.experiment
    if stable:
        return {"namespace": stable.namespace, "workload": stable.name, "service": stable.name}
    if experiment and experiment.kind == "Canary":
        primary = f"{experiment.name}-primary"
        return {"namespace": candidate["namespace"], "workload": primary, "service": primary}
    return {}
