"""The forge's queue: what waits in it, and whether our status binds it. What cannot be seen is not granted."""

from __future__ import annotations

from collections.abc import Sequence

from gitops_bot.delivery import identity, queueing
from gitops_bot.errors import ForgeError, ForgeRefused, RateLimited
from gitops_bot.model import PrState, PullRequest
from gitops_bot.observe.sight import Sight
from gitops_bot.policy.schema import PromotionPolicy
from gitops_bot.ports import ForgeThatQueues, Required


def see_queue(sight: Sight) -> None:
    """Note on the open pull requests of ours what waits in queues: one request a base. Errors: ForgeError."""
    forge = sight.site.forge
    if isinstance(forge, ForgeThatQueues):
        for base in sorted({one.base for one in sight.pulls if one.ours and one.state is PrState.OPEN}):
            sight.pulls = queueing.seen(sight.pulls, forge.queue(base))


def unbound(sight: Sight, policy: PromotionPolicy, pulls: Sequence[PullRequest]) -> str:
    """Why the forge must not merge the policy's pull requests by itself; the run's exit code says so, too.

    Errors: RateLimited.
    """
    if not queueing.wanted(policy):
        return "the policy does not ask for it"
    if isinstance(sight.site.forge, ForgeThatQueues) and not any(one.state is PrState.OPEN for one in pulls):
        return "there is nothing to merge"
    context, base = identity.status_context(policy.name), sight.base
    required = _required(sight)
    if isinstance(required, Required) and (required.everything or context in required.names):
        return ""
    why = f"{base} does not require the check {context}" if isinstance(required, Required) else str(required)
    remedy = f"Require {context} in the rules of {base}, or choose another way to merge."
    sight.troubles.setdefault(policy.name, ForgeRefused(f"merge: queue is refused: {why}", where=base, remedy=remedy))
    return why


def _required(sight: Sight) -> Required | ForgeError:
    """Asked once in a tick, however many policies."""
    if sight.base not in sight.required:
        sight.required[sight.base] = _asked(sight)
    return sight.required[sight.base]


def _asked(sight: Sight) -> Required | ForgeError:
    forge = sight.site.forge
    if not isinstance(forge, ForgeThatQueues):
        return ForgeRefused("this forge does not merge by itself")
    try:
        return forge.required(sight.base)
    except RateLimited:
        raise
    except ForgeError as error:
        return error
