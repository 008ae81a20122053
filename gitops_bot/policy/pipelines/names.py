"""How the policies of a pipeline are called, and what their environments are called in it. Pure."""

from __future__ import annotations

from gitops_bot.policy.base import Metadata

PIPELINE = "gitops-bot.dev/pipeline"
"""The label that names the pipeline from which a policy came."""
ENVIRONMENT = "gitops-bot.dev/environment"
"""The label that names its stage there: the environment, or the environment and the ring."""


def policy_name(pipeline: str, environment: str) -> str:
    """The policy of one environment: its identity in branches and statuses."""
    return f"{pipeline}-{environment}"


def environment_of(metadata: Metadata, policy: str) -> str:
    """What a policy is called among those of the same pipeline; its own name where it is of none."""
    pipeline = metadata.labels.get(PIPELINE)
    return policy.removeprefix(f"{pipeline}-") if pipeline else policy
