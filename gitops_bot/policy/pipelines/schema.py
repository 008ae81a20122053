"""`kind: PromotionPipeline`: environments as a graph, each of which (or each of its rings) becomes one policy."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from gitops_bot.policy.base import BranchTemplate, Dns1123, Metadata, Name, Spec
from gitops_bot.policy.commands import Commands
from gitops_bot.policy.fleet import Clusters
from gitops_bot.policy.gating import Gates
from gitops_bot.policy.metrics import Analysis
from gitops_bot.policy.schema import Baseline, Candidate, Edit, PullRequestSpec, Rollback
from gitops_bot.policy.strategies import Strategy


class Shared(Spec):
    """What a pipeline says for all of its environments, an environment for all of its rings, a ring for itself.

    The nearer word wins: `analysis`, `baseline`, `candidate`, `commands`, `gates`, `pullRequest` and `rollback` key by
    key, the others whole. `{{ pipeline }}`, `{{ environment }}`, `{{ ring }}` and `{{ stage }}` (`prod-eu`: the
    environment and the ring, if it has any) stand for the names.
    """

    suspend: bool | None = None
    clusters: Clusters | None = None
    candidate: Candidate | None = None
    """Where a version begins its way. An environment that comes after others takes it from those."""
    baseline: Baseline | None = None
    analysis: Analysis | None = None
    strategy: Strategy | None = None
    """Default: promote."""
    edits: tuple[Edit, ...] | None = None
    pull_request: PullRequestSpec | None = None
    """`merge: auto` promotes by itself, `never` waits for people."""
    rollback: Rollback | None = None
    gates: Gates | None = None
    """`soak` is how long the environments before it must have held a version."""
    commands: Commands | None = None
    """Who may ask for what in comments."""
    notify: tuple[Name, ...] | None = None


class Ring(Shared):
    """Some of an environment's clusters: it comes after the ring above it."""

    name: Dns1123


class Environment(Shared):
    """One environment: one policy, called `<pipeline>-<environment>`."""

    name: Dns1123
    after: tuple[Dns1123, ...] = ()
    """Every one of these must have held a version before it comes here; none: it begins its way here."""
    rings: tuple[Ring, ...] = ()
    """One policy each, `<pipeline>-<environment>-<ring>`, one after the other."""
    by: Literal["slots", "branch"] = "slots"
    """slots: edit the files of base. branch: a pull request from the branch of the one environment before, at the
    commit that brought the proven version there."""
    base: BranchTemplate | None = None
    """The branch that this environment lives on. Default: the pipeline's."""


class PipelineSpec(Shared):
    """What goes from environment to environment, and how."""

    repository: Name
    """A repository of the bot configuration: all environments are in it."""
    base: BranchTemplate | None = None
    """Default: the repository's."""
    environments: Annotated[tuple[Environment, ...], Field(min_length=1, max_length=100)]


class PromotionPipeline(Spec):
    """Many promotions, one after another."""

    api_version: Literal["gitops-bot.dev/v1alpha1"]
    kind: Literal["PromotionPipeline"]
    metadata: Metadata
    spec: PipelineSpec

    @property
    def name(self) -> str:
        """The identity."""
        return self.metadata.name
