"""Rules that span several fields of a document: exactly one of, needs, may not. Pure: document → problems."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import timedelta

from pydantic import ValidationError

from gitops_bot.model import SlotName
from gitops_bot.policy import experiments, speaking, templates
from gitops_bot.policy.fields import Path, Problem, given_names, one_of, shown
from gitops_bot.policy.fleet import ByPlacement, ChosenClusters
from gitops_bot.policy.form import misfit
from gitops_bot.policy.gating import problems as gating
from gitops_bot.policy.judging import Compare
from gitops_bot.policy.metrics import FLAVOURS, NEEDED, PROVIDERS, Borrowed, Builtin, Metric
from gitops_bot.policy.places import PLACES
from gitops_bot.policy.schema import Candidate, Edit, PolicySpec, PromotionPolicy
from gitops_bot.policy.strategies import Strategy
from gitops_bot.policy.strategies import problems as strategies

MAX_MEASUREMENTS = 11_000
"""Of one run of analysis: what Prometheus gives in one range query."""


def problems(policy: PromotionPolicy) -> list[Problem]:
    """What is wrong with a policy whose shape is right: (path below the document, message)."""
    spec = policy.spec
    return [
        *_candidate(spec.candidate, spec.strategy),
        *_before(policy),
        *_by_branch(policy.spec),
        *_analysis(spec),
        *_rungs(spec),
        *strategies.problems(spec),
        *_edits(spec),
        *_clusters(spec),
        *speaking.problems(spec.pull_request),
        *gating.problems(policy),
    ]


def _candidate(candidate: Candidate, strategy: Strategy) -> Iterator[Problem]:
    path = ("spec", "candidate")
    named = candidate.slot or candidate.version or candidate.registry or candidate.environments
    yield from one_of(
        path, candidate, "slot", *(() if named else ("experiment",)), "version", "registry", "environments"
    )
    if candidate.registry:
        yield from experiments.registry_problems((*path, "registry"), candidate.registry)
    afterwards = strategy.promote is not None and strategy.promote.analysis == "after"
    by_name = candidate.slot or candidate.environments or afterwards
    if candidate.workload and not by_name and not strategy.blue_green:
        yield (*path, "workload"), "only goes with slot or environments: an experiment names its own workload"
    if candidate.experiment:
        yield from experiments.problems((*path, "experiment"), candidate.experiment, candidate)


def _before(policy: PromotionPolicy) -> Iterator[Problem]:
    """The environments from which the candidate comes."""
    names = policy.spec.candidate.environments or ()
    for index, name in enumerate(names):
        path = ("spec", "candidate", "environments", index)
        if name == policy.name:
            yield path, "is this very policy"
        if name in names[:index]:
            yield path, f"{name} is named twice"


def _by_branch(spec: PolicySpec) -> Iterator[Problem]:
    """What comes by a branch is the whole of it, and nothing but what stood there."""
    path: Path = ("spec", "by")
    if spec.by != "branch":
        return
    if len(spec.candidate.environments or ()) != 1:
        yield path, "branch needs candidate.environments with exactly one environment: whose branch is merged"
    if spec.base is None:
        yield path, "branch needs spec.base, the branch that this environment has for itself"
    if spec.strategy.promote is None or spec.trial_files:
        yield path, "branch goes with strategy.promote: on a ladder every rung is an edit"


def _source(spec: PolicySpec) -> Iterator[Problem]:
    """Who is asked must be there."""
    analysis, path = spec.analysis, ("spec", "analysis")
    if analysis.source in ("experiment", "both") and spec.candidate.experiment is None:
        yield (*path, "source"), f"{analysis.source} needs spec.candidate.experiment"
    if analysis.source == "metrics" and spec.candidate.experiment and not spec.candidate.told_by_experiment:
        yield (*path, "source"), "metrics never asks the experiment, which only gives a verdict here: write both"
    if analysis.source in ("metrics", "both") and not analysis.measures:
        yield (*path, "source"), f"{analysis.source} needs spec.analysis.metrics"
    if analysis.source == "experiment" and analysis.measures:
        yield (*path, "metrics"), "are never asked with source: experiment; write source: both"


def _analysis(spec: PolicySpec) -> Iterator[Problem]:
    analysis, path = spec.analysis, ("spec", "analysis")
    yield from _source(spec)
    if analysis.interval < timedelta(seconds=1):
        yield (*path, "interval"), "must be at least 1s"
    yield from _bake(path, analysis.bake, analysis.interval)
    if analysis.on_deadline == "rollback" and analysis.deadline is None:
        yield (*path, "onDeadline"), "needs a deadline"
    elif analysis.on_deadline == "rollback" and not analysis.measures:
        yield (*path, "onDeadline"), "needs metrics: silence alone rolls nothing back"
    yield from _measured(path, analysis.metrics, analysis.templates, spec)
    decisive = analysis.templates or spec.asks_experiment or any(metric.critical for metric in analysis.metrics)
    if analysis.metrics and not decisive:
        yield (*path, "metrics"), "none is critical, so nothing could ever decide"


def _bake(path: Path, bake: timedelta, interval: timedelta) -> Iterator[Problem]:
    if bake < interval:
        yield (*path, "bake"), "must be at least one interval"
    elif interval and bake > MAX_MEASUREMENTS * interval:
        yield (*path, "bake"), f"is at most {MAX_MEASUREMENTS} intervals: one query gives no more points"


def _measured(
    path: Path, metrics: Sequence[Metric], borrowed: Sequence[Borrowed], spec: PolicySpec, known: Sequence[str] = ()
) -> Iterator[Problem]:
    names = [*known, *(metric.name for metric in metrics)]
    for index, metric in enumerate(metrics):
        if metric.name in names[: len(known) + index]:
            yield (*path, "metrics", index, "name"), f"{metric.name} is the name of another metric"
        yield from _metric((*path, "metrics", index), metric, spec)
    for index, one in enumerate(borrowed):
        yield from _borrowed((*path, "templates", index), one, spec)


def _rungs(spec: PolicySpec) -> Iterator[Problem]:
    """What is measured on single rungs of a ladder."""
    canary, known = spec.strategy.canary, [metric.name for metric in spec.analysis.metrics]
    if canary is None:
        return
    where: Path = ("spec", "strategy", "canary")
    for index, rung in enumerate(canary.rungs):
        path = (*where, "rungs", index)
        yield from _measured(path, rung.metrics, rung.templates, spec, known)
        if rung.bake is not None:
            yield from _bake(path, rung.bake, spec.analysis.interval)
    for index, step in enumerate(canary.steps):
        if step.analysis:
            path = (*where, "steps", index, "analysis")
            if not step.analysis.templates:
                yield path, "needs templates"
            yield from _measured(path, (), step.analysis.borrowed(), spec)


def _metric(path: Path, metric: Metric, spec: PolicySpec) -> Iterator[Problem]:
    yield from one_of(path, metric, "builtin", "query", "ratio")
    yield from _judged(path, metric, reward=_is_reward(metric, spec))
    if metric.builtin:
        yield from _builtin((*path, "builtin"), metric.builtin, spec)
    yield from _metric_templates(path, metric)


def _borrowed(path: Path, borrowed: Borrowed, spec: PolicySpec) -> Iterator[Problem]:
    yield from one_of(path, borrowed, "analysis_template", "cluster_analysis_template", "metric_template")
    if borrowed.metric_template and borrowed.threshold_range is None:
        yield path, "thresholdRange is needed: a MetricTemplate does not say which values are good"
    if not borrowed.metric_template and borrowed.threshold_range is not None:
        yield (*path, "thresholdRange"), "goes with metricTemplate: an AnalysisTemplate has its conditions"
    placed = borrowed.cluster_analysis_template or borrowed.namespace or borrowed.file or _told(spec, "namespace")
    if not placed:
        yield path, "needs namespace or file: nothing in spec.candidate says where it lies"
    for name, text in borrowed.args.items():
        yield from _template((*path, "args", name), text, templates.QUERY_VARIABLES)


_LIMITS = ("failure_limit", "inconclusive_limit", "consecutive_error_limit", "consecutive_success_limit")


def _is_reward(metric: Metric, spec: PolicySpec) -> bool:
    """What a test only compares needs no bounds."""
    return spec.strategy.ab_test is not None and spec.strategy.ab_test.reward == metric.name


def _judged(path: Path, metric: Metric, *, reward: bool = False) -> Iterator[Problem]:
    """Bounds, a comparison or a judge; only what can be compared as it is needs none of them."""
    bounded = metric.min is not None or metric.max is not None
    ways = [*(["min or max"] if bounded else []), *given_names(metric, "compare", "judge")]
    if len(ways) > 1:
        yield (*path, ways[1]), f"does not go with {ways[0]}"
    if not ways and metric.query and not reward:
        yield path, "min, max, compare or judge is needed: nothing says which values of a query are good"
    if metric.min and metric.max and metric.min.value > metric.max.value:
        yield (*path, "min"), "is greater than max"
    if not bounded:
        stray = [name for name in _LIMITS if name in metric.model_fields_set]
        yield from (((*path, name), "goes with min or max; a judge has its own") for name in shown(metric, stray))
    if metric.judge:
        yield from one_of((*path, "judge"), metric.judge, *type(metric.judge).model_fields)
    if metric.compare:
        yield from _compared((*path, "compare"), metric.compare)


def _compared(path: Path, compare: Compare) -> Iterator[Problem]:
    if compare.tolerate and compare.test != "sequential":
        yield (*path, "tolerate"), "goes with test: sequential"
    try:
        compare.judge()
    except ValidationError as error:
        yield path, f"cannot be: {error.errors(include_url=False)[0]['msg']}"


def _builtin(path: Path, builtin: Builtin, spec: PolicySpec) -> Iterator[Problem]:
    given = given_names(builtin, *PROVIDERS)
    if len(given) != 1:
        yield from one_of(path, builtin, *PROVIDERS)
        return
    missing = [name for name in NEEDED[builtin.provider] if not (getattr(builtin, name) or _told(spec, name))]
    if missing:
        yield path, f"needs {' and '.join(missing)}: nothing in spec.candidate says which is meant"
    flavours = FLAVOURS.get(builtin.provider, ())
    if builtin.flavour and builtin.flavour not in flavours:
        served = f"its flavours are {', '.join(flavours)}" if flavours else "it has no flavours"
        yield (*path, "flavour"), f"{builtin.flavour} does not go with {given[0]}: {served}"
    if builtin.reporter and not builtin.istio:
        yield (*path, "reporter"), f"goes with istio, not with {given[0]}"
    if (builtin.measured == "slow-request-ratio") != (builtin.slower_than is not None):
        yield (*path, "slowerThan"), "and slow-request-ratio go together"


def _told(spec: PolicySpec, name: str) -> bool:
    """Whether the candidate says a name by which built-in metrics know it."""
    match name:
        case "revision":
            return False
        case "ingress":
            return bool(spec.candidate.experiment and spec.candidate.subject)
    return spec.candidate.subject is not None or _all_named(spec)


def _all_named(spec: PolicySpec) -> bool:
    """Whether every colour, or every variant, has its workload."""
    colors, test = spec.strategy.blue_green, spec.strategy.ab_test
    if colors and spec.colors:
        return all(color in colors.workloads for color in spec.colors)
    return test is not None and all(one.workload for one in test.variants)


def _metric_templates(path: Path, metric: Metric) -> Iterator[Problem]:
    texts: list[tuple[Path, str]] = []
    if metric.query:
        texts.append(((*path, "query"), metric.query))
    if metric.ratio:
        texts += [((*path, "ratio", "bad"), metric.ratio.bad), ((*path, "ratio", "total"), metric.ratio.total)]
    if metric.builtin:
        texts += [((*path, "builtin", "labels", name), text) for name, text in metric.builtin.labels.items()]
        named = ((("revision",), metric.builtin), (("baseline", "revision"), metric.builtin.baseline))
        texts += [((*path, "builtin", *where), one.revision) for where, one in named if one.revision]
    for where, text in texts:
        yield from _template(where, text, templates.QUERY_VARIABLES)


def _template(path: Path, text: str, variables: tuple[str, ...]) -> Iterator[Problem]:
    try:
        templates.check(text, variables)
    except templates.TemplateProblem as problem:
        yield path, str(problem)


def _edits(spec: PolicySpec) -> Iterator[Problem]:
    if not spec.edits:
        yield ("spec", "edits"), "at least one edit is needed"
    for index, edit in enumerate(spec.edits):
        path = ("spec", "edits", index)
        yield from one_of(path, edit, *PLACES)
        for name in edit.given:
            if edit.set not in getattr(edit, name).slots:
                yield (*path, "set"), _holds_no(edit, name)
        if edit.document:
            yield from one_of((*path, "document"), edit.document, "path", "template")
        if edit.value and (said := misfit(edit.value, edit.set)):
            yield (*path, "value"), said
        if _same_place(edit, spec.edits[:index]):
            yield path, "writes the same place as an edit above it"


def _holds_no(edit: Edit, name: str) -> str:
    (shown,), slots = given_names(edit, name), getattr(edit, name).slots
    held = " and ".join(slot.value for slot in SlotName if slot in slots)
    return f"{shown} holds {held}, no {edit.set.value}" if held else f"{shown} holds no slot, only what is set by hand"


def _same_place(edit: Edit, others: tuple[Edit, ...]) -> bool:
    alike = {"set": SlotName.WEIGHT, "of": None, "value": None, "shared_anchors": "refuse", "shared_base": "refuse"}
    place = edit.model_copy(update=alike)
    return any(other.model_copy(update=alike) == place for other in others)


def _clusters(spec: PolicySpec) -> Iterator[Problem]:
    path: Path = ("spec", "clusters")
    if isinstance(spec.given_clusters, ChosenClusters):
        yield from _chosen((*path, "placement"), spec, spec.given_clusters.placement)
        return
    if not spec.clusters:
        yield path, "name at least one cluster, or leave the key out"
    for index, name in enumerate(spec.clusters):
        if name in spec.clusters[:index]:
            yield (*path, index), f"{name} is named twice"


def _chosen(path: Path, spec: PolicySpec, placement: ByPlacement) -> Iterator[Problem]:
    if placement.kind == "PlacementRule" and placement.group is not None:
        yield (*path, "group"), "goes with kind: Placement: a PlacementRule has no decision groups"
    if spec.strategy.ab_test:
        yield path, "does not go with abTest, which is in one cluster: name it"
    if spec.placement:
        yield path, "does not go with strategy.canary.placement, which is read in spec.clusters: name the hub there"
