"""How a person resumes a Rollout that waits: what git cannot say. Pure text."""

from __future__ import annotations

from gitops_bot.policy.schema import PolicySpec


def resuming(spec: PolicySpec) -> tuple[str, ...]:
    """The commands, each of which does it; none where nothing waits for them."""
    rollout = spec.handed
    if rollout is None:
        return ()
    sync = spec.gates.sync
    application = sync.argo_cd.application if sync and sync.argo_cd else "APPLICATION"
    what = f"--kind Rollout --resource-name {rollout.name} --namespace {rollout.namespace}"
    return (
        f"kubectl argo rollouts promote {rollout.name} -n {rollout.namespace}",
        f"argocd app actions run {application} resume {what}",
    )
