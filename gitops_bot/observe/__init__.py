"""The only stage that reads through ports. One repository, one tick: what is shared is read once for all policies."""

from __future__ import annotations

from gitops_bot import edits, strategy
from gitops_bot.delivery import asked
from gitops_bot.model import Facts, PrState
from gitops_bot.observe.borrowing import measured
from gitops_bot.observe.clusters import owners
from gitops_bot.observe.coming import coming, pointer
from gitops_bot.observe.gating import readings
from gitops_bot.observe.git import beside, branches, history, of_policy, prefetch
from gitops_bot.observe.metrics import series
from gitops_bot.observe.offers import offered
from gitops_bot.observe.queue import see_queue, unbound
from gitops_bot.observe.remarks import bound, heard
from gitops_bot.observe.sight import Memory, Sight, Site, before, look, widened
from gitops_bot.observe.statuses import claimed, contained, statuses
from gitops_bot.policy import stopfile
from gitops_bot.policy.schema import PromotionPolicy
from gitops_bot.strategy import history as landed


def facts(sight: Sight, policy: PromotionPolicy) -> Facts:
    """What git, the clusters and the forge say to one policy. Errors: EditError, RepositoryError, PolicyInvalid."""
    sight = sight.of(policy)
    site, tree = sight.site, sight.site.repo.tree(sight.base_commit)
    past = history(sight, policy)
    of_ours = of_policy(sight, policy)
    pulls = tuple(pull for pull in of_ours if pull.base == sight.base)
    read = readings(sight, policy, past, pulls)
    slots = edits.read(policy.spec.edits, tree)
    offer = offered(sight, policy, slots, read)
    ours = branches(sight, policy)
    landing = landed.landing(past)
    since = landed.landed_at(landing, pulls) if landing else None
    told = bound(sight.heard.get(policy.name, ()), since)
    words = () if isinstance(told, str) else tuple(one.ask for one in told if one.ask)
    asks = asked.together(asked.before(pulls, ours, site.identity), (*sight.asks.get(policy.name, ()), *words))
    claim = claimed(sight, policy, tree, past, pulls, offer, asks)
    said = statuses(sight, policy, claim)
    return Facts(
        now=sight.now,
        base=sight.base,
        tree=tree,
        history=past,
        statuses=said,
        pulls=pulls,
        strays=tuple(one for one in of_ours if one.ours and one.state is PrState.OPEN and one.base != sight.base),
        beside=beside(sight, policy),
        branches=ours,
        stops=stopfile.find(site.repo.tree(sight.refs[site.base])),
        identity=site.identity,
        source=site.source,
        prefix=site.prefix,
        offered=offer,
        contained=contained(sight, policy, claim, said),
        owners=owners(sight, policy, tree),
        readings=read,
        asks=asks,
        manner=site.manner,
        unbound=unbound(sight, policy, pulls),
        heard=told,
        home=site.base,
        coming=coming(sight, policy, slots, read, strategy.named(asks) or offer),
        pointer=pointer(sight, policy),
    )


__all__ = [
    "Memory",
    "Sight",
    "Site",
    "before",
    "facts",
    "heard",
    "look",
    "measured",
    "prefetch",
    "see_queue",
    "series",
    "widened",
]
