"""What may hold a step besides its verdict: the models of `spec.gates`, one small module each."""

from __future__ import annotations

from gitops_bot.policy.base import Label, Spec
from gitops_bot.policy.gating.people import Approvals, OneStatus
from gitops_bot.policy.gating.soak import OneSoak
from gitops_bot.policy.gating.sync import Sync
from gitops_bot.policy.gating.windows import Window

HOLD_LABEL = "gitops-bot/hold"


class Hold(Spec):
    """People hold a pull request by a label."""

    labels: tuple[Label, ...] = (HOLD_LABEL,)
    """Any of these holds the pull request that bears it: it is neither rewritten nor merged."""


class Gates(Spec):
    """What must be open besides the verdict."""

    sync: Sync | None = None
    """What was merged must be live and well in every cluster before the next step is opened."""
    soak: OneSoak = None
    """How long the candidate must have stood where it was before."""
    hold: Hold = Hold()
    statuses: tuple[OneStatus, ...] = ()
    """Commit statuses and check runs that must have succeeded before the merge."""
    approvals: Approvals | None = None
    """Reviews by named people before the merge."""
    windows: tuple[Window, ...] = ()
    """When the bot may merge; the pull request is opened and waits."""
