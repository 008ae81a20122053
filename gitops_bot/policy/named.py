"""What policies say of each other by name, where all that there are of a repository are known. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from gitops_bot.policy.fields import Path, Problem
from gitops_bot.policy.schema import PromotionPolicy


def names(policy: PromotionPolicy) -> Iterator[tuple[Path, str]]:
    """Every other policy that it names, and where."""
    soak = policy.spec.gates.soak.environments if policy.spec.gates.soak else ()
    for path, named in (
        (("spec", "candidate", "environments"), policy.spec.candidate.environments or ()),
        (("spec", "gates", "soak", "environments"), soak),
    ):
        yield from (((*path, index), name) for index, name in enumerate(named))


def unknown(policy: PromotionPolicy, others: Sequence[PromotionPolicy]) -> Iterator[Problem]:
    """Names that no policy of its repository has."""
    homes = {one.name: one.spec.repository for one in others}
    for path, name in names(policy):
        if name not in homes:
            yield path, f"{name} is the name of no policy of the repository {policy.spec.repository}"
        elif homes[name] != policy.spec.repository:
            yield path, f"{name} is of the repository {homes[name]}; environments are of one repository"
