"""Whole ticks of trials that have files of their own: CI or the bot brings them, the end of the trial removes them."""

from __future__ import annotations

import re
from typing import Any

import pytest
import yaml

from gitops_bot.errors import PolicyInvalid
from gitops_bot.model import Outcome, Plan, StepKind
from gitops_bot.policy.loading import Source, load_policies
from tests.support.controllers import CONTROLLERS, Told
from tests.support.life import MINUTE, Life
from tests.support.world import ALICE, BASE, BOT
from tests.test_experiments_life import Shelf

CI = "CI <ci@example.com>"
OLD, NEW, NEWER = "1.0.0", "2.0.0", "3.0.0"
HOUR = 60 * MINUTE

BASELINE = """\
apiVersion: apps/v1
kind: Deployment
metadata: {{name: cart, namespace: shop}}
spec:
  template:
    spec:
      containers:
        - name: app
          image: ghcr.io/acme/cart:{0} # what customers use
"""
CANDIDATE = BASELINE.replace("name: cart,", "name: cart-candidate,")
EXPERIMENT = """\
apiVersion: iter8.tools/v2alpha2
kind: Experiment
metadata: {{name: "cart-{0}", namespace: shop, labels: {{app: cart}}}}
spec:
  target: shop/cart
  versionInfo:
    baseline: {{name: stable}}
    candidates: [{{name: trial, variables: [{{name: revision, value: "{0}"}}]}}]
"""
TRIAL = {"shop/candidate.yaml": CANDIDATE, "shop/experiment.yaml": EXPERIMENT}
TEMPLATES = {f"templates/{path[5:]}": text.format("{{ tag }}") for path, text in TRIAL.items()}


def trial(version: str) -> dict[str, bytes | None]:
    """The files of a trial, as their templates make them."""
    return {path: text.format(version).encode() for path, text in TRIAL.items()}


GONE: dict[str, bytes | None] = dict.fromkeys(TRIAL)


def spec(**changed: Any) -> dict[str, Any]:
    """Iter8 judges what files of their own bring."""
    candidate = [
        {"file": {"path": path, "template": f"templates/{path[5:]}"}, "set": "candidateVersion"} for path in TRIAL
    ]
    baseline = {"deployment": {"file": "shop/cart.yaml", "container": "app"}, "set": "version"}
    experiment = {"kind": "Experiment", "namespace": "shop", "selector": {"app": "cart"}}
    return {
        "repository": "environments",
        "candidate": {"slot": "candidateVersion", "experiment": experiment},
        "analysis": {"bake": "10m"},
        "strategy": {"promote": {}},
        "edits": [baseline, *candidate],
        **changed,
    }


class Trials(Life):
    """A folder with a baseline, and templates."""

    def __init__(self, wanted: dict[str, Any]) -> None:
        super().__init__(wanted)
        self.world.commit(BASE, {"shop/cart.yaml": BASELINE.format("0.9.0").encode()})
        self.world.pass_time(24 * HOUR)
        texts = {"shop/cart.yaml": BASELINE.format(OLD), **TEMPLATES}
        self.world.commit(BASE, {path: text.encode() for path, text in texts.items()})
        self.world.pass_time(24 * HOUR)

    def begin(self, version: str = NEW, who: str = CI) -> None:
        """CI writes the files of a trial; half an hour later Iter8 begins, and another half an hour later we look."""
        self.world.commit(BASE, trial(version), who=who)
        self.world.pass_time(HOUR)

    def iter8(self, version: str = NEW, *, good: bool = True) -> None:
        """Iter8 has ended."""
        self.objects = CONTROLLERS["Experiment"](Told(version, "", self.world.now() - 30 * MINUTE, good=good))

    def stands(self) -> tuple[str, list[str]]:
        """What base says: the baseline's version, and the files of the trial."""
        files = self.world.commits[self.world.refs[BASE]].files
        baseline = yaml.safe_load(files["shop/cart.yaml"])
        image = baseline["spec"]["template"]["spec"]["containers"][0]["image"]
        return image.rpartition(":")[2], [path for path in TRIAL if path in files]

    def settle(self) -> Plan:
        """Two ticks, the second of which writes nothing."""
        self.tick()
        self.world.writes.clear()
        self.world.pass_time(MINUTE)
        plan = self.tick()
        assert self.world.writes == []
        return plan


def test_a_winner_is_promoted_and_its_trial_removed_by_one_commit() -> None:
    life = Trials(spec())
    life.begin()
    life.iter8()
    plan = life.tick()
    assert (plan.step.kind, life.open()) == (StepKind.PROMOTE, ["promote(cart): 1.0.0 → 2.0.0"])
    before = life.world.commits[life.world.refs[BASE]].files
    life.merge()
    after = life.world.commits[life.world.refs[BASE]].files
    changed = {path for path in {*before, *after} if before.get(path) != after.get(path)}
    assert changed == {"shop/cart.yaml", *TRIAL}
    assert after["shop/cart.yaml"].decode() == BASELINE.format(NEW)
    rest = life.settle()
    assert (rest.step.kind, rest.step.reason) == (StepKind.HOLD, "nothing to promote: 2.0.0 is in place")
    life.objects = []
    assert (life.settle().step.kind, life.stands(), life.open()) == (StepKind.HOLD, (NEW, []), [])


def test_a_loser_is_removed_and_not_tried_again_by_a_machine() -> None:
    life = Trials(spec())
    life.begin()
    life.iter8(good=False)
    plan = life.tick()
    assert (plan.step.kind, life.open()) == (StepKind.ROLLBACK, ["rollback(cart): 2.0.0 goes, 1.0.0 stays"])
    life.merge()
    assert life.stands() == (OLD, [])
    assert life.settle().step.reason == "nothing to promote: 1.0.0 is in place"
    life.begin(who=BOT)
    life.iter8()
    bounced = life.settle()
    assert (bounced.step.kind, life.open()) == (StepKind.HOLD, [])
    assert "2.0.0 is not proposed: its trial was taken away in " in bounced.step.reason


def test_a_person_may_bring_a_loser_back() -> None:
    life = Trials(spec())
    life.begin()
    life.world.commit(BASE, GONE)
    life.begin(who=ALICE)
    life.iter8()
    assert life.tick().step.kind is StepKind.PROMOTE


def test_what_fails_where_a_machine_brought_it_back_is_removed_again() -> None:
    life = Trials(spec())
    life.begin()
    life.world.commit(BASE, GONE)
    life.begin(who=BOT)
    life.iter8(good=False)
    assert life.tick().step.kind is StepKind.ROLLBACK


def test_the_way_back_goes_by_itself_where_the_policy_says_so() -> None:
    life = Trials(spec(rollback={"merge": "auto"}))
    life.begin()
    life.iter8(good=False)
    life.tick()
    assert (life.stands(), life.open()) == ((OLD, []), [])
    assert life.settle().step.kind is StepKind.HOLD


def test_no_verdict_removes_nothing() -> None:
    life = Trials(spec())
    life.begin()
    held = life.settle()
    assert (held.step.kind, held.verdict.outcome, life.open()) == (StepKind.HOLD, Outcome.UNKNOWN, [])
    assert life.stands() == (OLD, [*TRIAL])


def test_an_open_way_back_stays_while_the_experiment_cannot_be_seen() -> None:
    life = Trials(spec())
    life.begin()
    life.iter8(good=False)
    life.tick()
    life.objects = []
    assert "the open rollback waits for people" in life.settle().step.reason
    assert len(life.open()) == 1


def test_a_loser_that_the_cluster_still_has_takes_nothing_else_back() -> None:
    life = Trials(spec(rollback={"merge": "auto"}, analysis={"bake": "10m", "postAnalysis": "2h"}))
    life.begin()
    life.iter8(good=False)
    life.tick()
    life.world.pass_time(5 * MINUTE)
    assert (life.settle().step.kind, life.stands()) == (StepKind.HOLD, (OLD, []))


def test_a_trial_of_what_is_stable_already_is_removed() -> None:
    life = Trials(spec())
    life.begin(OLD)
    plan = life.tick()
    assert (plan.step.kind, life.open()) == (StepKind.FINISH, ["promote(cart): finish 1.0.0, its trial is removed"])
    life.merge()
    assert (life.settle().step.kind, life.stands()) == (StepKind.HOLD, (OLD, []))


def test_files_that_ci_changed_are_neither_read_nor_removed() -> None:
    life = Trials(spec())
    other = trial(NEW)["shop/candidate.yaml"] or b""
    life.world.commit(BASE, {**trial(NEW), "shop/candidate.yaml": other + b"  replicas: 3\n"})
    (error,) = life.errors()
    assert "the file is not what templates/candidate.yaml makes: people changed one of them" in error
    assert life.stands() == (OLD, [*TRIAL])


def test_half_a_trial_is_nobodys_word() -> None:
    life = Trials(spec())
    life.world.commit(BASE, {"shop/candidate.yaml": trial(NEW)["shop/candidate.yaml"]})
    (error,) = life.errors()
    assert "candidateVersion is 2.0.0 at shop/candidate.yaml, but empty at shop/experiment.yaml" in error


# ---------------------------------------------------------------- the bot brings the trial


def by_registry(wanted: dict[str, Any]) -> dict[str, Any]:
    """The same, where CI only pushes images."""
    registry = {"image": "ghcr.io/acme/cart", "semver": ">=1"}
    return {**wanted, "candidate": {"registry": registry, "experiment": wanted["candidate"]["experiment"]}}


def from_registry(**changed: Any) -> dict[str, Any]:
    return by_registry(spec(**changed))


def test_a_new_image_opens_its_experiment_and_ends_it() -> None:
    life = Trials(from_registry())
    life.registries = {"ghcr.io": Shelf(OLD, NEW)}
    plan = life.settle()
    assert (plan.step.kind, life.open()) == (StepKind.START, ["promote(cart): try 2.0.0 beside 1.0.0"])
    life.merge()
    files = life.world.commits[life.world.refs[BASE]].files
    assert {path: files.get(path) for path in TRIAL} == trial(NEW)
    life.world.pass_time(HOUR)
    assert life.settle().step.kind is StepKind.HOLD
    life.iter8()
    assert life.tick().step.kind is StepKind.PROMOTE
    life.merge()
    assert (life.settle().step.reason, life.stands()) == ("nothing to promote: 2.0.0 is in place", (NEW, []))


def test_a_new_image_that_lost_is_not_tried_again() -> None:
    life = Trials(from_registry(rollback={"merge": "auto"}))
    life.registries = {"ghcr.io": Shelf(OLD, NEW)}
    life.tick()
    life.merge()
    life.world.pass_time(HOUR)
    life.iter8(good=False)
    life.tick()
    rest = life.settle()
    assert (rest.step.kind, life.stands(), life.open()) == (StepKind.HOLD, (OLD, []), [])
    assert "2.0.0 is not proposed: its trial was taken away in " in rest.step.reason
    life.registries = {"ghcr.io": Shelf(OLD, NEW, NEWER)}
    assert (life.tick().step.kind, life.open()) == (StepKind.START, ["promote(cart): try 3.0.0 beside 1.0.0"])


def test_a_newer_image_takes_the_place_of_one_on_trial() -> None:
    life = Trials(from_registry())
    life.registries = {"ghcr.io": Shelf(OLD, NEW)}
    life.tick()
    life.merge()
    life.registries = {"ghcr.io": Shelf(OLD, NEW, NEWER)}
    assert (life.tick().step.kind, life.open()) == (StepKind.START, ["promote(cart): try 3.0.0 beside 1.0.0"])
    life.merge()
    files = life.world.commits[life.world.refs[BASE]].files
    assert {path: files.get(path) for path in TRIAL} == trial(NEWER)


def test_a_trial_that_has_not_begun_misses_no_deadline() -> None:
    metrics = [{"name": "errors", "query": "errors", "max": "1%"}]
    analysis = {"bake": "10m", "deadline": "1h", "onDeadline": "rollback", "source": "both", "metrics": metrics}
    life = Trials(from_registry(analysis=analysis))
    life.registries = {"ghcr.io": Shelf(OLD, NEW)}
    assert life.tick().step.kind is StepKind.START


# ---------------------------------------------------------------- on a ladder

ROUTE = """\
apiVersion: networking.istio.io/v1beta1
kind: VirtualService
metadata: {{name: cart, namespace: shop}}
spec:
  http:
    - route:
        - destination: {{host: cart, subset: old}}
          weight: {0}
        - destination: {{host: cart, subset: fresh}}
          weight: {1}
"""


def on_ladder(weights: tuple[int, int], version: str) -> Trials:
    """A trial with its share of the traffic, that a pipeline judges."""
    route = {"virtualService": {"file": "route.yaml", "name": "cart", "stable": "old", "canary": "fresh"}}
    wanted = spec(strategy={"canary": {"weights": [5]}}, rollback={"merge": "auto"})
    wanted["edits"].append({**route, "set": "weight"})
    wanted["candidate"]["experiment"] = {"kind": "PipelineRun", "namespace": "shop", "name": "verify"}
    life = Trials(wanted)
    life.world.commit(BASE, {"route.yaml": ROUTE.format(100, 0).encode()})
    life.begin(version)
    life.world.commit(BASE, {"route.yaml": ROUTE.format(*weights).encode()})
    life.world.pass_time(HOUR)
    return life


def test_on_a_ladder_the_files_go_after_the_traffic() -> None:
    life = on_ladder((95, 5), NEW)
    life.objects = CONTROLLERS["PipelineRun"](Told(NEW, "", life.world.now() - 30 * MINUTE))
    titles: list[str] = []
    for _ in range(4):
        life.tick()
        titles += life.open()
        if life.open():
            life.merge()
        life.world.pass_time(HOUR)
    assert titles == [
        "promote(cart): 1.0.0 → 2.0.0",
        "promote(cart): finish 2.0.0, traffic returns to stable",
        "promote(cart): finish 2.0.0, its trial is removed",
    ]
    assert (life.settle().step.kind, life.stands()) == (StepKind.HOLD, (NEW, []))


def test_on_a_ladder_a_loser_s_files_go_after_its_traffic() -> None:
    life = on_ladder((95, 5), NEW)
    life.objects = CONTROLLERS["PipelineRun"](Told(NEW, "", life.world.now() - 30 * MINUTE, good=False))
    assert life.tick().step.kind is StepKind.ROLLBACK
    life.world.pass_time(HOUR)
    assert life.tick().step.kind is StepKind.FINISH
    life.merge()
    assert (life.settle().step.kind, life.stands()) == (StepKind.HOLD, (OLD, []))


# ---------------------------------------------------------------- what is refused


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        (
            {"candidate": {"experiment": {"kind": "Experiment", "namespace": "shop", "name": "cart"}}},
            "what files of its own bring is known from git: write slot: candidateVersion beside the experiment",
        ),
        (
            {
                "edits": [
                    *spec()["edits"],
                    {"kustomizeImage": {"path": "staging", "name": "cart"}, "set": "candidateVersion"},
                ]
            },
            "stays when the candidate's files are removed",
        ),
        (
            {
                "candidate": from_registry()["candidate"],
                "edits": [
                    spec()["edits"][0],
                    {
                        "document": {"file": "a.yaml", "kind": "Deployment", "path": "spec.image"},
                        "set": "candidateVersion",
                    },
                ],
            },
            "spec.edits[1].document.path: is for a document that others bring, with candidate.slot",
        ),
        (
            {"edits": [spec()["edits"][0], {"document": {"file": "a", "kind": "A"}, "set": "candidateVersion"}]},
            "spec.edits[1].document: one of path, template is needed",
        ),
    ],
)
def test_what_could_not_end_is_no_policy(changed: dict[str, Any], said: str) -> None:
    head = {"apiVersion": "gitops-bot.dev/v1alpha1", "kind": "PromotionPolicy", "metadata": {"name": "cart"}}
    with pytest.raises(PolicyInvalid, match=re.escape(said)):
        load_policies([Source("cart.yaml", yaml.safe_dump({**head, "spec": spec(**changed)}).encode())])
