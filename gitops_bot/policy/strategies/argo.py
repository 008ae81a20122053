"""The `steps` of an Argo Rollouts canary, as written there, and the rungs that they mean.

A rung begins with `setWeight` (or with a mirror route before the first one); the steps behind it hold on it. What comes
before the first weight is on 0 %.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Annotated, Any

from pydantic import BeforeValidator, Field, PlainSerializer, WithJsonSchema

from gitops_bot.policy.base import Name, Spec, Text
from gitops_bot.policy.judges.argo_analysis import go_duration
from gitops_bot.policy.metrics import Borrowed
from gitops_bot.policy.quantities import format_duration
from gitops_bot.policy.strategies.rungs import Rung, level_name


def _pause(value: Any) -> Any:
    """`10` and `"10"` are seconds, `10m` is what Go reads."""
    if isinstance(value, timedelta):
        return value
    text = str(value) if isinstance(value, int | str) and not isinstance(value, bool) else ""
    found = timedelta(seconds=int(text)) if text.isdecimal() and len(text) <= 9 else go_duration(text)
    if found is None or found < timedelta(0):
        raise ValueError(f"{text or value!r} is not a duration; write seconds (10) or a time (10m)")
    return found


PauseDuration = Annotated[
    timedelta,
    BeforeValidator(_pause),
    PlainSerializer(format_duration),
    WithJsonSchema({"anyOf": [{"type": "integer", "minimum": 0}, {"type": "string"}], "examples": ["10", "10m"]}),
]
Share = Annotated[int, Field(ge=0, le=100)]


_LONGEST_NOTE = 300


class Pause(Spec):
    """Wait: for a time, or without one until a person goes on."""

    duration: PauseDuration | None = None
    """`10` (seconds), `"10"`, `10m`; none: until a person goes on."""


class TemplateRef(Spec):
    """A template of metrics."""

    template_name: Name
    cluster_scope: bool = False


class Argument(Spec):
    """A value for a template."""

    name: Name
    value: Text | None = None
    value_from: dict[str, Any] | None = None
    """Known to the controller alone: the template must do without, or have a default."""


class StepAnalysis(Spec):
    """Analysis of one step: its templates are measured while the candidate stands on that rung."""

    templates: tuple[TemplateRef, ...] = ()
    args: tuple[Argument, ...] = ()
    dry_run: tuple[dict[str, Any], ...] = ()
    measurement_retention: tuple[dict[str, Any], ...] = ()
    analysis_run_metadata: dict[str, Any] | None = None

    def borrowed(self, namespace: Name | None = None) -> tuple[Borrowed, ...]:
        """The templates with their arguments."""
        args = {one.name: one.value for one in self.args if one.value is not None}
        return tuple(
            Borrowed(clusterAnalysisTemplate=one.template_name, args=args)
            if one.cluster_scope
            else Borrowed(analysisTemplate=one.template_name, namespace=namespace, args=args)
            for one in self.templates
        )

    @property
    def notes(self) -> tuple[str, ...]:
        """What of it is not followed."""
        left = [f"the argument {one.name}, which the controller knows" for one in self.args if one.value is None]
        left += ["dryRun: its metrics decide here"] if self.dry_run else []
        return tuple(f"analysis: without {one}" if one.startswith("the") else f"analysis: {one}" for one in left)


class CanaryScale(Spec):
    """How many pods the canary has, whatever its weight."""

    weight: Share | None = None
    replicas: Annotated[int, Field(ge=0)] | None = None
    match_traffic_weight: bool | None = None


class HeaderRoute(Spec):
    """Requests with a header go to the canary."""

    name: Name
    match: tuple[dict[str, Any], ...] = ()


class MirrorRoute(Spec):
    """Requests are copied to the canary; without `match` they are no longer."""

    name: Name
    match: tuple[dict[str, Any], ...] = ()
    percentage: Share | None = None
    """Default: all of them."""


class Plugin(Spec):
    """A step of somebody else's."""

    name: Text
    config: dict[str, Any] | None = None


class Step(Spec):
    """One step of an Argo Rollouts canary: exactly one kind."""

    set_weight: Share | None = None
    pause: Pause | None = None
    analysis: StepAnalysis | None = None
    experiment: dict[str, Any] | None = None
    """Not run by the bot: people go on from that rung."""
    set_canary_scale: CanaryScale | None = None
    """Shown; the bot writes no replicas."""
    set_header_route: HeaderRoute | None = None
    """Shown; on 0 % the header is how the candidate is reached."""
    set_mirror_route: MirrorRoute | None = None
    """Before the first weight: a rung of mirrored traffic."""
    plugin: Plugin | None = None
    """Not run by the bot: people go on from that rung."""


KINDS = tuple(name for name in Step.model_fields)
"""The kinds of steps, as attributes."""


class ManagedRoute(Spec):
    """A route that the controller adds."""

    name: Name


class TrafficRouting(Spec):
    """Which routes the header and mirror steps may name."""

    managed_routes: tuple[ManagedRoute, ...] = ()


def stray_routes(steps: Sequence[Step], routing: TrafficRouting | None) -> Mapping[int, str]:
    """By number of the step: the route that it names and that `managedRoutes` lacks."""
    if routing is None:
        return {}
    known = {one.name for one in routing.managed_routes}
    named = ((n, one.set_header_route or one.set_mirror_route) for n, one in enumerate(steps))
    return {n: route.name for n, route in named if route and route.name not in known}


# ---------------------------------------------------------------- from steps to rungs


@dataclass(slots=True)
class _Draft:
    """A rung that is being read."""

    first: int
    """The number of the step that began it."""
    weight: int = 0
    mirror: int = 0
    least: timedelta = timedelta(0)
    pause: bool = False
    templates: list[Borrowed] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    steps: int = 0

    def rung(self) -> Rung:
        at: dict[str, Any] = {"preview": True}
        if self.weight or self.mirror:
            at = {"weight": self.weight} if self.weight else {"mirror": self.mirror}
        notes = tuple(note[:_LONGEST_NOTE] for note in self.notes)
        held = {"templates": tuple(self.templates), "notes": notes, "pause": self.pause}
        return Rung(**at, **held, stepDuration=self.least or None)


def rungs(steps: Sequence[Step], namespace: Name | None = None) -> tuple[tuple[int, Rung], ...]:
    """Each rung with the number of the step that begins it."""
    drafts = [_Draft(0)]
    for number, step in enumerate(steps):
        at = drafts[-1]
        level = _level(step, at)
        if level is None or level == (at.weight, at.mirror):
            at.steps += 1
            _hold(at, step, namespace)
            continue
        if not at.steps:
            drafts.pop()
        drafts.append(_Draft(number, *level, steps=1))
    return tuple((one.first, one.rung()) for one in drafts if one.steps)


def _level(step: Step, at: _Draft) -> tuple[int, int] | None:
    """Where a step takes the traffic; None where it leaves it."""
    if step.set_weight is not None:
        return step.set_weight, 0
    mirror = step.set_mirror_route
    if mirror and mirror.match and not at.weight:
        percent = 100 if mirror.percentage is None else mirror.percentage
        return (0, percent) if percent else None
    return None


def _hold(at: _Draft, step: Step, namespace: Name | None) -> None:
    """What a step adds to the rung on which it stands."""
    if step.pause and step.pause.duration is None:
        at.pause = True
    elif step.pause and step.pause.duration:
        at.least += step.pause.duration
    if step.analysis:
        at.templates += step.analysis.borrowed(namespace)
        at.notes += step.analysis.notes
    if step.experiment is not None or step.plugin:
        at.pause = True
        at.notes.append(f"plugin {step.plugin.name} is not run here" if step.plugin else "experiment is not run here")
    if step.set_canary_scale:
        at.notes.append(f"setCanaryScale {_scale(step.set_canary_scale)}: the bot writes no replicas")
    if header := step.set_header_route:
        verb = "reached by" if header.match else "no longer reached by"
        at.notes.append(f"setHeaderRoute: the candidate is {verb} the header route {header.name}")
    if mirror := step.set_mirror_route:
        where = level_name(at.weight, 0)
        at.notes.append(
            f"setMirrorRoute {mirror.name}: nothing is mirrored any more"
            if not mirror.match
            else f"setMirrorRoute {mirror.name}: at {where} the bot mirrors nothing"
        )


def _scale(scale: CanaryScale) -> str:
    if scale.replicas is not None:
        return f"{scale.replicas} replicas"
    return f"{scale.weight} %" if scale.weight is not None else "by traffic"
