"""What registries offer: the version that a policy's range or tag gives now, asked once in a tick."""

from __future__ import annotations

from gitops_bot import strategy
from gitops_bot.errors import PolicyInvalid, RegistryError
from gitops_bot.experiments import registry
from gitops_bot.model import Offer, Readings, Slots, Version
from gitops_bot.observe.sight import Sight
from gitops_bot.policy.ranges import Range
from gitops_bot.policy.schema import PromotionPolicy
from gitops_bot.policy.watched import Registry


def offered(sight: Sight, policy: PromotionPolicy, slots: Slots, read: Readings) -> Offer:
    """The version that comes next, or why there is none; None where the policy asks nobody. Errors: PolicyInvalid."""
    if policy.spec.candidate.environments:
        return strategy.environments.offered(policy.spec, read, slots, sight.now)
    given = policy.spec.candidate.registry
    if given is None:
        return None
    if given.host not in sight.site.registries:
        known = ", ".join(sorted(sight.site.registries)) or "none"
        remedy = f"Name it at spec.registries of the bot configuration; known: {known}."
        raise PolicyInvalid(f"no registry is configured for {given.host}", where=policy.name, remedy=remedy)
    if sight.as_of is not None:  # registries do not say when a tag came, or what it stood for
        then = f"{sight.as_of:%Y-%m-%dT%H:%M:%SZ}"
        return f"what {given.image} offered at {then} is not known: a registry does not remember"
    try:
        return _offer(sight, given)
    except RegistryError as error:
        sight.troubles.setdefault(policy.name, error)
        return str(error)


def _offer(sight: Sight, given: Registry) -> Version | str:
    tag = given.tag or _newest(sight, given)
    if tag is None:
        ending = f" that ends in {given.suffix}" if given.suffix else ""
        return f"{given.image} has no tag{ending} in the range {given.semver}"
    if not given.digest and not given.tag:
        return Version(tag)
    key = (given.image, tag)
    if key not in sight.digests:
        content, claimed = sight.site.registries[given.host].manifest(given.repository, tag)
        sight.digests[key] = registry.digest(content, claimed) or ""
    found = sight.digests[key]
    if not found:
        return f"the registry claims a digest for {given.image}:{tag} that its manifest does not have"
    return registry.candidate(tag, found)


def _newest(sight: Sight, given: Registry) -> str | None:
    if given.image not in sight.tags:
        sight.tags[given.image] = sight.site.registries[given.host].tags(given.repository)
    return registry.newest(sight.tags[given.image], Range.parse(given.semver or "*"), suffix=given.suffix)
