"""The policy language: what users may write, as pydantic models. `apiVersion: gitops-bot.dev/v1alpha1`.

Unknown keys are errors. Names that the language has but this version does not serve are refused, never ignored. Rules
that span several fields are in `rules.py`; reading files is in `loading.py`.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, StringConstraints, WithJsonSchema

from gitops_bot.model import MergeMode, SlotName, Slots, SlotValue
from gitops_bot.policy.base import (
    BranchName,
    Dns1123,
    GivenVersion,
    Label,
    Metadata,
    Name,
    Spec,
    Text,
    Who,
)
from gitops_bot.policy.commands import Commands
from gitops_bot.policy.fleet import ChosenClusters, Clusters, ReadClusters
from gitops_bot.policy.gating import Gates
from gitops_bot.policy.gating.people import Approvals
from gitops_bot.policy.metrics import Analysis
from gitops_bot.policy.places import Target
from gitops_bot.policy.speaking import LinkName, LinkTemplate
from gitops_bot.policy.strategies import Strategy
from gitops_bot.policy.strategies.canary import Placement
from gitops_bot.policy.watched import WITH_PODS, Experiment, Registry, Traffic, Watched, Workload

# ---------------------------------------------------------------- candidate and baseline


class Candidate(Spec):
    """Where the version on trial comes from: exactly one of slot, version, registry, environments, or an experiment
    alone.

    Beside one of the others an experiment only gives its verdict on that version, and must be about it.
    """

    slot: Literal["candidateVersion", "stableVersion"] | None = None
    """From git: what it says the canary workload runs. stableVersion: others write what stands, and the bot only
    watches it, and takes it back on evidence."""
    experiment: Experiment | None = None
    """The object in the cluster whose controller says how the candidate did."""
    version: GivenVersion | None = None
    """Given by hand: `tag`, `tag@sha256:…` or `sha256:…`."""
    workload: Workload | None = None
    """What runs the candidate: its image must be the one in git before anything is judged."""
    traffic: Traffic | None = None
    """What splits the live traffic: its weight must be the one in git before anything is judged."""
    registry: Registry | None = None
    """From a container registry."""
    environments: Annotated[tuple[Dns1123, ...], Field(min_length=1)] | None = None
    """From git's history: the newest version that the stable slots of these policies of the repository all held, for
    `gates.soak` and without turning it away, even where they have moved on since."""

    @property
    def subject(self) -> Watched | None:
        """What metrics and templates take their names from: the workload, else an experiment that runs pods."""
        given = self.experiment
        if self.workload or given is None or given.name is None or given.kind not in WITH_PODS:
            return self.workload
        return Watched(kind=given.kind, namespace=given.namespace, name=given.name, container=given.container)

    @property
    def told_by_experiment(self) -> bool:
        """The experiment itself says which version is on trial."""
        return self.experiment is not None and not (self.slot or self.version or self.registry or self.environments)


class Baseline(Spec):
    """What the candidate is compared with."""

    slot: Literal["stableVersion"] = "stableVersion"
    workload: Workload | None = None
    """What runs the stable version: it must be healthy before traffic returns to it."""


# ---------------------------------------------------------------- edits


def _slot_name(value: Any) -> Any:
    """`version` is what `promote` calls the stable version, `ring` what a ladder of rings calls its weight."""
    return {"version": SlotName.STABLE, "ring": SlotName.WEIGHT}.get(value, value) if isinstance(value, str) else value


Slot = Annotated[
    SlotName,
    BeforeValidator(_slot_name),
    WithJsonSchema({"enum": [*(name.value for name in SlotName), "version", "ring"]}),
]


class HandEdit(Target):
    """One place, as it is given by hand: without a slot the value itself is meant."""

    set: Slot | None = None
    value: Text | None = None
    """How the slot is spelled there, like `v{{ version }}`; one of version, tag, digest, chart, dashed, weight, color.
    Default: as it is."""


class Edit(HandEdit):
    """One place and the slot that lives there."""

    set: Slot
    """stableVersion (or version), candidateVersion, weight (or ring), mirror, activeColor."""
    of: Dns1123 | None = None
    """Whose place it is: one of the two colours of `blueGreen`, of which the active one is stable and the other the
    candidate; or a variant of `abTest`."""

    def slot(self, slots: Slots) -> SlotName:
        """The slot that lives there while git says these."""
        if self.of is None or slots.active is None:
            return self.set
        return SlotName.STABLE if self.of == slots.active else SlotName.CANDIDATE

    def variant(self, slots: Slots) -> str:
        """The variant whose slot it is; empty where there are colours, or nobody's place is said."""
        return self.of if self.of and slots.active is None else ""

    def held(self, slots: Slots) -> SlotValue:
        """What the place holds while git says these."""
        return slots.get(self.slot(slots), self.variant(slots))

    @property
    def sets(self) -> frozenset[SlotName]:
        """The slots that may live there."""
        return frozenset({self.set}) if self.of is None else frozenset({SlotName.STABLE, SlotName.CANDIDATE})


# ---------------------------------------------------------------- delivery


class PullRequestSpec(Spec):
    """How a promotion is delivered."""

    merge: MergeMode = MergeMode.NEVER
    """never (humans), auto (the bot, pinned to the evaluated commit) or queue (the forge by itself: auto-merge, merge
    queue or merge train; only where the base branch requires our status)."""
    labels: tuple[Label, ...] = ()
    reviewers: tuple[Who, ...] = ()
    draft: bool = False
    title: Annotated[str, StringConstraints(min_length=1, max_length=500)] | None = None
    """A template over policy, step, weight, from.version, to.version, from.weight and to.weight."""
    body: Annotated[str, StringConstraints(min_length=1, max_length=4000)] | None = None
    """Markdown that stands at the end of the body, as a template over the same."""
    commit_message: Annotated[str, StringConstraints(min_length=1, max_length=4000)] | None = None
    """The commit's message without its trailers, as a template over the same; default: the title."""
    links: dict[LinkName, LinkTemplate] = {}
    """Besides the bot configuration's, and instead of those of the same name."""


class Rollback(Spec):
    """How a rollback is delivered."""

    merge: MergeMode = MergeMode.NEVER
    approvals: Approvals | None = None
    """Reviews by named people before a rollback is merged; default: it waits for none."""


class PolicySpec(Spec):
    """What to promote, on what evidence, where to write it, how to deliver it."""

    suspend: bool = False
    """Nothing is opened, changed, merged or closed."""
    repository: Name
    """A repository of the bot configuration."""
    base: BranchName | None = None
    """Default: the repository's."""
    by: Literal["slots", "branch"] = "slots"
    """slots: edit the files of base. branch: a pull request from the branch of the one environment that
    `candidate.environments` names, at the commit that brought the proven version there."""
    given_clusters: Annotated[Clusters, Field(alias="clusters")] = ("default",)
    """Clusters of the bot configuration, by name, or those that a placement chooses; every one must agree."""
    candidate: Candidate
    baseline: Baseline = Baseline()
    analysis: Analysis = Analysis()
    strategy: Strategy
    edits: tuple[Edit, ...]
    """Where each slot lives; several edits may set one slot."""
    pull_request: PullRequestSpec = PullRequestSpec()
    rollback: Rollback = Rollback()
    gates: Gates = Gates()
    commands: Commands = Commands()
    notify: tuple[Name, ...] = ()
    """Notifiers of the bot configuration that are told when the state of a pull request changes."""

    @property
    def clusters(self) -> tuple[str, ...]:
        """Those that are known by name."""
        given = self.given_clusters
        if isinstance(given, ChosenClusters):
            return given.names if isinstance(given, ReadClusters) else ()
        return given

    @property
    def unknown_clusters(self) -> str:
        """Why not all of them are known; empty where they are. What is not known agrees to nothing."""
        given = self.given_clusters
        if not isinstance(given, ChosenClusters):
            return ""
        trouble = given.trouble if isinstance(given, ReadClusters) else "its decisions were not read"
        return trouble and f"{given.placement}: {trouble}"

    @property
    def colors(self) -> tuple[str, ...]:
        """Whose places the edits write, in their order: the two colours."""
        return tuple(dict.fromkeys(edit.of for edit in self.edits if edit.of))

    def idle(self, active: str) -> str:
        """The colour that has no traffic while the other one does."""
        return next((color for color in self.colors if color != active), "")

    @property
    def handed(self) -> Experiment | None:
        """The Rollout that flips by itself, once it is told to; git has its image, and whether it waits."""
        given = self.candidate.experiment
        return given if self.strategy.blue_green and given and given.kind == "Rollout" else None

    @property
    def workloads(self) -> tuple[Watched, ...]:
        """Everything that runs a version and is asked whether it is well."""
        given = self.strategy.blue_green
        colored = tuple(given.workloads.values()) if given else ()
        tested = tuple(one.workload for one in self.strategy.ab_test.variants) if self.strategy.ab_test else ()
        return tuple(one for one in (self.candidate.workload, self.baseline.workload, *colored, *tested) if one)

    @property
    def post_analysis(self) -> timedelta:
        """How long a promotion is watched."""
        own = self.strategy.blue_green.post_analysis if self.strategy.blue_green else None
        given = self.analysis.post_analysis if own is None else own
        return self.analysis.bake if given is None else given

    @property
    def placement(self) -> Placement | None:
        """What chooses the clusters of a ring."""
        return self.strategy.canary.placement if self.strategy.canary else None

    @property
    def asks_experiment(self) -> bool:
        """The controller's own verdict is a check."""
        return self.candidate.experiment is not None and self.analysis.source != "metrics"

    @property
    def judged_after(self) -> bool:
        """Nothing runs the candidate here before it is promoted: it is judged once it stands."""
        promote = self.strategy.promote
        if promote is None or self.asks_experiment:
            return False
        return self.candidate.environments is not None or promote.analysis == "after"

    @property
    def written(self) -> tuple[Edit, ...]:
        """The edits that a step may write; where the strategy promotes, the candidate's version is only read."""
        only_read = self.strategy.promote is not None and not self.trial_files
        return tuple(edit for edit in self.edits if not (only_read and edit.set is SlotName.CANDIDATE))

    @property
    def passing(self) -> frozenset[str]:
        """The variants of a test whose version lives in files that are there only while it is on trial."""
        return frozenset(edit.of for edit in self.edits if edit.of and edit.comes_and_goes)

    @property
    def trial_files(self) -> bool:
        """The candidate version lives in files that are there only while it is on trial."""
        return any(edit.comes_and_goes for edit in self.edits if edit.set is SlotName.CANDIDATE)

    @property
    def soak_environments(self) -> tuple[str, ...]:
        """Where the candidate must have stood: as the soak says, else where it comes from."""
        named = self.gates.soak.environments if self.gates.soak else ()
        return named or self.candidate.environments or ()

    @property
    def asks_metrics(self) -> bool:
        """The bot measures for itself."""
        return self.analysis.measures and self.analysis.source != "experiment"


class PromotionPolicy(Spec):
    """One promotion."""

    api_version: Literal["gitops-bot.dev/v1alpha1"]
    kind: Literal["PromotionPolicy"]
    metadata: Metadata
    spec: PolicySpec

    @property
    def name(self) -> str:
        """The identity."""
        return self.metadata.name
