"""What edits warn of, from the file to the person who merges."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

from gitops_bot import edits, observe, tick
from gitops_bot.model import Missing, Plan, PrState, PullRequest, Query, Reading, Sample, StepKind
from gitops_bot.policy.config import Limits
from gitops_bot.policy.loading import Source, load_policies
from tests.edits.trees import Files, edit, files, helm, image
from tests.support.environment import LADDER, STABLE, T0, policy, tree
from tests.support.world import BASE, BOT, World

ABOVE = {
    "apps/base/kustomization.yaml": "resources: []\n",
    "clusters/eu/kustomization.yaml": (
        "resources: [../../apps/shop/stable]\nimages:\n- {name: ghcr.io/acme/shop, newTag: 9.9.9}\n"
    ),
}
OVERRIDDEN = f"clusters/eu/kustomization.yaml: its own entry for `ghcr.io/acme/shop` overrides the one of {STABLE}"


class Metrics:
    """Good until they are told otherwise."""

    value = 0.001

    def range(self, query: Query) -> tuple[Reading, ...]:
        return tuple(Sample(self.value, at) if at > T0 else Missing("no data", at) for at in query.instants())


class Shop:
    """An environment whose candidate is promoted, by a bot that may merge."""

    def __init__(self, more: Mapping[str, str]) -> None:
        self.world, self.metrics = World(T0), Metrics()
        self.world.commit(BASE, {path: text.encode() for path, text in {**tree(), **more}.items()})
        given = policy(
            clusters=["default"],
            strategy={"promote": {}},
            edits=LADDER["edits"][:2],
            pullRequest={"merge": "auto"},
            rollback={"merge": "auto"},
        )
        (self.loaded,) = load_policies([Source("shop.yaml", given.encode())])

    def ticked(self, minutes: int = 20) -> Plan:
        self.world.now_ += timedelta(minutes=minutes)
        site = observe.Site(
            name="environments",
            base=BASE,
            repo=self.world,
            forge=self.world,
            clusters={},
            metrics={"prom": self.metrics},
            servers={"default": "prom"},
            identity=BOT,
        )
        report = tick.run(tick.Job(site, lambda _: tick.Loaded([self.loaded], whole=True), Limits(), self.world))
        assert report.failures == []
        return report.plans[-1]

    @property
    def pull(self) -> PullRequest:
        """The newest."""
        return self.world.pulls[max(self.world.pulls)]


def test_a_step_that_may_have_no_effect_is_left_to_people() -> None:
    shop = Shop(ABOVE)
    plan = shop.ticked()
    assert (plan.step.kind, plan.step.cautions) == (StepKind.PROMOTE, (OVERRIDDEN,))
    assert shop.pull.state is PrState.OPEN
    assert "overrides the one of" in shop.pull.body
    assert shop.ticked().step.cautions == (OVERRIDDEN,)
    assert shop.pull.state is PrState.OPEN


def test_a_step_without_warnings_is_merged_by_the_bot() -> None:
    shop = Shop({})
    shop.ticked()
    assert shop.pull.state is PrState.MERGED


def test_a_rollback_is_not_held_up_by_warnings() -> None:
    shop = Shop(ABOVE)
    shop.ticked()
    shop.world.person_merges(shop.pull)
    shop.metrics.value = 0.5
    plan = shop.ticked(4)
    assert shop.pull.state is PrState.MERGED
    assert "rollback" in shop.pull.branch
    assert (plan.step.kind, plan.step.cautions, plan.notes) == (StepKind.ROLLBACK, (), (OVERRIDDEN,))


def test_warnings_are_those_of_the_places_given_each_once() -> None:
    tree = Files(
        {
            "base/kustomization.yaml": b"images: [{name: a, newTag: v1}]\n",
            "top/kustomization.yaml": b"resources: [../base]\nimages: [{name: a, newTag: v0}]\n",
        }
    )
    (said,) = edits.warnings([image("base", "a"), image("base", "a", "candidateVersion")], tree)
    assert "top/kustomization.yaml: its own entry for `a` overrides the one of base/kustomization.yaml" in said
    assert edits.warnings([helm("a")], files(values="a: 1\n")) == ()
    assert edits.warnings([], tree) == ()
    assert edits.warnings([edit(yaml={"file": "f", "path": "a"}, set="version")], tree) == ()
