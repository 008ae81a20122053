# ruff: noqa: E501 - a row of a table stays a row
"""Open Cluster Management and Iter8: whole files before and after, and what is refused."""

from __future__ import annotations

from typing import Any

import pytest

from gitops_bot import edits
from gitops_bot.edits.sense import Value
from gitops_bot.errors import EditRefused
from gitops_bot.model import Slots, Version
from gitops_bot.policy.places import Target
from tests.edits.by_hand import (
    get,
    held,
    moved,
    put,
    refusal,
    refused_slot,
    sample,
    slot,
    survives,
    swapped,
    target,
    tree,
)

APP, WINDOW, PLACEMENT = "ocm/application.yaml", "ocm/subscription-active-window.yaml", "ocm/placement.yaml"
VALUES, ROUTEMAP, WEIGHTS = "iter8-v1/release-values.yaml", "iter8-v1/routemap.yaml", "iter8-v1/weight-config.yaml"
SHA = "0123456789abcdef0123456789abcdef01234567"
Swaps = tuple[tuple[str, str], ...]


def sub(field: str, file: str = APP, **more: Any) -> Target:
    return target("ocmSubscription", file=file, field=field, **more)


def rule(file: str = APP, **more: Any) -> Target:
    return target("placementRule", file=file, **more)


def chosen(file: str = APP, **more: Any) -> Target:
    return rule(file, field="selector", **more)


def weights(file: str = VALUES, **more: Any) -> Target:
    return target("iter8", file=file, **more)


def package(path: str = "spec.values.image.tag", name: str = "pacman") -> Target:
    return sub("package", package=name, path=path)


BRANCH = "apps.open-cluster-management.io/git-branch: main\n"
LAST = "    apps.open-cluster-management.io/github-path: kustomization\n  name: pacman-app\n"
REGIONS = ["us-east", "us-west", "europe-west3"]
WINDOW_ENDS = '  #     end: "05:00PM"\n'
MAP = weights(ROUTEMAP, shape="routemap", name="cart")
NOTES = weights(WEIGHTS, shape="annotation", stable="cart-0-weight-config", candidate="cart-1-weight-config")
OVERRIDES = """\
  packageOverrides:
  - packageName: pacman
    packageOverrides:
    - path: spec.values.image.tag
      value: "1.10"
"""

GOLDEN: tuple[tuple[Target, Value, Value, Swaps], ...] = (
    (sub("branch"), "main", "release-2", ((BRANCH, BRANCH.replace("main", "release-2")),)),
    (sub("branch"), "main", "feature/on", ((BRANCH, BRANCH.replace("main", "feature/on")),)),
    (sub("branch"), "main", "on", ((BRANCH, BRANCH.replace("main", '"on"')),)),
    (sub("branch"), "main", None, ((f"    {BRANCH}", ""),)),
    (sub("tag"), None, "1.10", ((LAST, LAST.replace("  name", '    apps.open-cluster-management.io/git-tag: "1.10"\n  name')),)),
    (sub("commit"), None, SHA, ((LAST, LAST.replace("  name", f"    apps.open-cluster-management.io/git-desired-commit: {SHA}\n  name")),)),
    (sub("commit", WINDOW), "a1b2c3d", "1234567", (("git-desired-commit: a1b2c3d", 'git-desired-commit: "1234567"'),)),
    (package(), None, "1.10", ((WINDOW_ENDS, WINDOW_ENDS + OVERRIDES),)),
    (rule(), 2, 3, (("clusterReplicas: 2", "clusterReplicas: 3"),)),
    (rule(), 2, "1", (("clusterReplicas: 2", "clusterReplicas: 1"),)),
    (chosen(key="region"), REGIONS, [*REGIONS, "asia-east1"], (("      - europe-west3\n", "      - europe-west3\n      - asia-east1\n"),)),
    (chosen(key="region"), REGIONS, ["us-east", "us-north", "europe-west3"], (("- us-west\n", "- us-north\n"),)),
    (chosen(key="region"), REGIONS, ["us-west"], (("      - us-east\n", ""), ("      - europe-west3\n", ""))),
    (chosen(key="region"), REGIONS, ["us-east", "asia", "no"], (("      - us-west\n      - europe-west3\n", '      - asia\n      - "no"\n'),)),
    (chosen(key="region"), REGIONS, ["us-west", "eu"], (("      - us-east\n      - us-west\n      - europe-west3\n", "      - us-west\n      - eu\n"),)),
    (chosen(key="region", member="asia-east1"), False, True, (("      - europe-west3\n", "      - europe-west3\n      - asia-east1\n"),)),
    (chosen(key="region", member="us-west"), True, False, (("      - us-west\n", ""),)),
    (chosen(label="environment"), "dev", "stage", (("environment: dev", "environment: stage"),)),
    (chosen(label="ring"), None, "1", (("      apps/pacman: deployed\n", '      apps/pacman: deployed\n      ring: "1"\n'),)),
    (rule(PLACEMENT, kind="Placement"), 3, 4, (("numberOfClusters: 3", "numberOfClusters: 4"),)),
    (chosen(PLACEMENT, kind="Placement", label="region"), "eu", "us", (("region: eu", "region: us"),)),
    (weights(), 20, 30, (("weight: 80", "weight: 70"), ("weight: 20", "weight: 30"))),
    (weights(), 20, 0, (("weight: 80", "weight: 100"), ("weight: 20", "weight: 0"))),
    (weights(stable=1, candidate=0), 80, 50, (("weight: 80", "weight: 50"), ("weight: 20", "weight: 50"))),
    (MAP, 20, 25, (("weight: 80", "weight: 75"), ("weight: 20", "weight: 25"))),
    (NOTES, 20, 5, (("weight: '80'", "weight: '95'"), ("weight: '20'", "weight: '5'"))),
)  # fmt: skip


@pytest.mark.parametrize(("where", "old", "new", "swaps"), GOLDEN)
def test_one_value_changes_and_no_other_byte(where: Target, old: Value, new: Value, swaps: Swaps) -> None:
    text = sample(edits.candidates([where])[0])
    assert get(text, where) == old
    after = put(text, where, new)
    assert after == swapped(text, *swaps)
    found = get(after, where)
    assert found == (int(new) if isinstance(new, str) and isinstance(old, int) else new)


def test_go_templates_in_a_routemap_stay() -> None:
    after = put(sample(ROUTEMAP), MAP, 40)
    assert after.count("{{ index .Weights 0 }}") == 1
    assert after.partition("routingTemplates")[2] == sample(ROUTEMAP).partition("routingTemplates")[2]


# ---------------------------------------------------------------- package overrides

SUBSCRIPTION = "apiVersion: apps.open-cluster-management.io/v1\nkind: Subscription\nspec:\n  channel: a/b\n"

PACKAGES: tuple[tuple[str, Target, Value, str], ...] = (
    (OVERRIDES, package(), "1.11", OVERRIDES.replace("1.10", "1.11")),
    (OVERRIDES, package("spec.values.n"), 3, f"{OVERRIDES}    - path: spec.values.n\n      value: 3\n"),
    (OVERRIDES, package(name="other"), "x", f"{OVERRIDES}  - packageName: other\n    packageOverrides:\n    - path: spec.values.image.tag\n      value: x\n"),
    (OVERRIDES.replace('      value: "1.10"\n', ""), package(), "2.x", OVERRIDES.replace('"1.10"', "2.x")),
    ("  packageOverrides:\n  - packageName: pacman\n    packageAlias: p\n", package(), "2.x",
     "  packageOverrides:\n  - packageName: pacman\n    packageAlias: p\n    packageOverrides:\n    - path: spec.values.image.tag\n      value: 2.x\n"),
    (f"{OVERRIDES}    - path: b\n      value: c\n", package(), None, "  packageOverrides:\n  - packageName: pacman\n    packageOverrides:\n    - path: b\n      value: c\n"),
)  # fmt: skip


@pytest.mark.parametrize(("text", "where", "value", "expected"), PACKAGES)
def test_overrides_of_packages_are_added_changed_and_removed(
    text: str, where: Target, value: Value, expected: str
) -> None:
    assert put(SUBSCRIPTION + text, where, value) == SUBSCRIPTION + expected
    assert get(SUBSCRIPTION + expected, where) == value


# ---------------------------------------------------------------- slots

GIT = """\
apiVersion: apps.open-cluster-management.io/v1
kind: Subscription
metadata:
  annotations:
    apps.open-cluster-management.io/github-branch: main
    apps.open-cluster-management.io/git-tag: "v1.9"
"""


def test_a_subscription_holds_versions() -> None:
    tag = slot("ocmSubscription", "stableVersion", file="f.yaml", field="tag")
    assert held(GIT, tag) == Version("v1.9")
    assert moved(GIT, tag, Version("v1.10")) == GIT.replace("v1.9", "v1.10")
    form = slot("ocmSubscription", "stableVersion", file="f.yaml", field="tag", form="v{{ tag }}")
    assert held(GIT, form) == Version("1.9")
    assert moved(GIT, form, Version("1.10")) == GIT.replace("v1.9", "v1.10")
    assert put(GIT, sub("branch"), "next") == GIT.replace("main", "next")
    one = slot("ocmSubscription", "stableVersion", file=APP, field="package", package="pacman", path="a")
    assert held(sample(APP), one) is None
    assert 'value: "1.10"' in moved(sample(APP), one, Version("1.10"))
    assert (
        refused_slot(GIT, slot("ocmSubscription", "weight", file="f.yaml"), 5) == "f.yaml: a Subscription has no weight"
    )


def test_an_annotation_that_another_one_beats_is_said() -> None:
    files = tree({"f.yaml": GIT, WINDOW: sample(WINDOW)}, "")
    branch, tag = (slot("ocmSubscription", "stableVersion", file="f.yaml", field=field) for field in ("branch", "tag"))
    [said] = edits.warnings([branch], files)
    assert said == "f.yaml:1: `apps.open-cluster-management.io/git-tag` is set, so the branch does not count"
    assert edits.warnings([tag], files) == ()
    assert len(edits.warnings([sub("branch", WINDOW), sub("commit", WINDOW), package()], files)) == 1


def test_iter8_holds_a_weight() -> None:
    for name, more in ((VALUES, {}), (ROUTEMAP, {"shape": "routemap"})):
        one = slot("iter8", "weight", file=name, **more)
        assert held(sample(name), one) == 20
        assert moved(sample(name), one, 50).count("weight: 50") == 2
    assert "is no weight" in refused_slot(sample(VALUES), slot("iter8", "stableVersion", file=VALUES), Version("1"))


def test_annotations_may_be_in_two_files_and_are_added_where_they_are_absent() -> None:
    files = {
        "a.yaml": "kind: Service\nmetadata:\n  name: cart-0\n",
        "b.yaml": "kind: Service\nmetadata:\n  name: cart-1\n  annotations:\n    iter8.tools/weight: '1'\n",
    }
    one = weights("a.yaml", shape="annotation", stable="cart-0", candidate="cart-1", candidateFile="b.yaml")
    before = tree(files, "")
    assert edits.get(one, before) == 50
    changes = edits.put(one, 10, before)
    after = before.changed(changes)
    assert {change.path: (change.after or b"").decode() for change in changes} == {
        "a.yaml": f'{files["a.yaml"]}  annotations:\n    iter8.tools/weight: "90"\n',
        "b.yaml": files["b.yaml"].replace("'1'", "'10'"),
    }
    assert edits.get(one, after) == 10
    assert edits.put(one, 10, after) == ()


THREE = "application:\n  versions:\n  - weight: 60 # a\n  - weight: 20\n  - {weight: 20}\n"


def test_a_third_version_keeps_its_share() -> None:
    one = weights("f.yaml", candidate=2)
    assert put(THREE, one, 50) == THREE.replace("60", "40").replace("{weight: 20}", "{weight: 40}")
    assert "is no whole weight" in refusal(THREE, one, 1)
    nested = weights("f.yaml", key="iter8.application")
    text = "iter8:\n  application:\n    versions: [{}, {image: x}]\n"
    assert put(text, nested, 25) == "iter8:\n  application:\n    versions: [{weight: 75}, {image: x, weight: 25}]\n"


# ---------------------------------------------------------------- refusals

EXISTS = "apiVersion: apps.open-cluster-management.io/v1\nkind: PlacementRule\nspec:\n  clusterSelector:\n    matchExpressions:\n    - {key: region, operator: Exists}\n    - {key: zone, operator: In, values: [[a]]}\n"
TWO = (
    "apiVersion: cluster.open-cluster-management.io/v1beta1\nkind: Placement\nspec:\n  predicates:\n"
    + 2 * "  - requiredClusterSelector: {labelSelector: {matchExpressions: [{key: r, operator: In, values: [a]}]}}\n"
)

REFUSED: tuple[tuple[str, Target, Value, str], ...] = (
    (sample(APP), sub("branch"), "a b", "f.yaml:35: 'a b' is no branch of git"),
    (sample(APP), sub("branch"), "a..b", "f.yaml:35: 'a..b' is no branch of git"),
    (sample(APP), sub("branch"), "-x", "f.yaml:35: '-x' is no branch of git"),
    (sample(APP), sub("commit"), "main", "f.yaml:31: 'main' is no commit of git"),
    (sample(APP), sub("branch", package="x"), "a", "f.yaml: `package` and `path` go with `field: package`"),
    (sample(APP), sub("package", package="x"), "a", "f.yaml: `field: package` needs `package` and `path`"),
    (SUBSCRIPTION + OVERRIDES + OVERRIDES, package(), "x", "f.yaml:11: the key `packageOverrides` is there 2 times"),
    (SUBSCRIPTION + "  packageOverrides: 5\n", package(), "x", "f.yaml:5: `packageOverrides` is no list"),
    (SUBSCRIPTION.replace("apps.open-cluster-management.io", "operators.coreos.com"), sub("branch"), "x", "f.yaml: no document is the one"),
    (sample(APP), rule(), -1, "f.yaml:64: `clusterReplicas` takes a whole number from 0, not '-1'"),
    (sample(APP), chosen(), "x", "f.yaml: `field: selector` goes with `label`, with `key`, or with `key` and `member`"),
    (sample(APP), chosen(label="a", key="b"), "x", "f.yaml: `field: selector` goes with"),
    (sample(APP), rule(label="a"), "x", "f.yaml: `field: selector` goes with"),
    (sample(APP), chosen(key="zone"), ["a"], "f.yaml:55: no entry of `matchExpressions` has the key `zone`"),
    (sample(APP), chosen(key="region"), "asia", "f.yaml:55: the values are a list. To add one of them, name it with `member`"),
    (sample(APP), chosen(key="region"), [], "f.yaml:55: a selector needs at least one value"),
    (sample(APP), chosen(key="region"), ["a", "a"], "f.yaml:55: a value is there twice"),
    (sample(APP), chosen(key="region"), ["a b"], "f.yaml:55: 'a b' is not the value of a label"),
    (sample(APP), chosen(key="region"), [5], "f.yaml:55: 5 is not the value of a label"),
    (sample(APP), chosen(key="region"), ["asia", *REGIONS], "f.yaml:70: the values that stay are in another order"),
    (sample(APP), chosen(key="region"), None, "f.yaml:55: without it more clusters would be chosen than before"),
    (sample(APP), chosen(label="environment"), None, "f.yaml:55: without it more clusters would be chosen than before"),
    (sample(APP), chosen(label="environment"), "a b", "f.yaml:74: `environment` takes the value of a label, not 'a b'"),
    (sample(APP), chosen(key="region", member="x"), "maybe", "f.yaml:55: a member is there (true) or not (false)"),
    (EXISTS, chosen(key="region"), ["a"], "f.yaml:6: the operator of `region` is Exists, which takes no values"),
    (EXISTS, chosen(key="zone"), ["a"], "f.yaml:7: a value is a list or a mapping"),
    (TWO, chosen(kind="Placement", key="r"), ["b"], "f.yaml:1: 2 entries of `matchExpressions` have the key `r`"),
    (TWO, chosen(kind="Placement", label="r"), "b", "f.yaml:1: 2 predicates could be meant"),
    (THREE, weights(candidate=3), 5, "f.yaml:2: there are 3 versions, so there is no number 3"),
    (THREE, weights(candidate=0), 5, "f.yaml: `stable` and `candidate` are two different numbers of versions"),
    (THREE, weights(candidate="cart-1"), 5, "f.yaml: `stable` and `candidate` are two different numbers"),
    (THREE, weights(key="versions[0]"), 5, "f.yaml: `versions[0]` is no path of keys alone"),
    (THREE, weights(), None, "f.yaml: a weight cannot be taken away"),
    (THREE, weights(), 101, "f.yaml: '101' is no weight from 0 to 100"),
    (sample(WEIGHTS), weights(shape="annotation"), 5, "f.yaml: `shape: annotation` needs `stable` and `candidate`"),
    (sample(WEIGHTS).replace("'80'", "most"), NOTES, 5, "f.yaml:10: `iter8.tools/weight` is 'most', not a whole number from 0"),
    (sample(ROUTEMAP).replace("weight: 20", "weight: {{ .w }}"), MAP, 5, "f.yaml: data.strSpec (kind ConfigMap, name cart):17: `weight` of `version 1` is a list or a mapping"),
    (sample(ROUTEMAP).replace("strSpec: |", "strSpec: >"), MAP, 5, "f.yaml: data.strSpec (kind ConfigMap, name cart):30: the file is a template"),
)  # fmt: skip


@pytest.mark.parametrize(("text", "where", "value", "sentence"), REFUSED)
def test_what_cannot_be_done_safely_is_refused_with_a_sentence(
    text: str, where: Target, value: Value, sentence: str
) -> None:
    name = where.given[0]
    moved_to = Target.model_validate({name: {**getattr(where, name).model_dump(), "file": "f.yaml"}}, by_name=True)
    assert refusal(text, moved_to, value).startswith(sentence)


def test_a_share_that_is_no_percent_is_refused() -> None:
    with pytest.raises(EditRefused, match="no whole percent"):
        get("application: {versions: [{weight: 2}, {weight: 1}]}\n", weights("f.yaml"))


# ---------------------------------------------------------------- garbage

HEAD = "apiVersion: apps.open-cluster-management.io/v1\nkind: "
GARBAGE = (
    "", "a: [", "{{ x }}", "- 1\n", f"{HEAD}Subscription\n", f"{HEAD}Subscription\nmetadata: [1]\nspec: {{packageOverrides: [1, {{packageName: pacman, packageOverrides: [2]}}]}}\n",
    f"{HEAD}Subscription\nmetadata: {{annotations: {{apps.open-cluster-management.io/git-branch: [1]}}}}\n",
    f"{HEAD}PlacementRule\nspec: {{clusterSelector: [1], clusterReplicas: [2]}}\n",
    f"{HEAD}PlacementRule\nspec: {{clusterSelector: {{matchExpressions: [1, {{key: region, operator: In, values: {{a: b}}}}]}}}}\n",
    f"{HEAD}PlacementRule\nspec: {{clusterSelector: {{matchLabels: [x], matchExpressions: [{{key: region, operator: In, values: [null, 1]}}]}}}}\n",
    f"{HEAD}PlacementRule\nspec: &a {{clusterSelector: *a}}\n",
    "application: {versions: {a: b}}\n", "application: {versions: [1, 2]}\n", "application: {versions: [{weight: [1]}, {weight: -5}]}\n",
    "apiVersion: v1\nkind: ConfigMap\ndata: {strSpec: [1]}\n", "apiVersion: v1\nkind: ConfigMap\ndata: {strSpec: 'versions: [{}, {}]'}\n",
    "apiVersion: v1\nkind: ConfigMap\ndata:\n  strSpec: |\n    versions: [\n", "metadata: {name: x, annotations: 5}\n---\nmetadata: {name: y}\n",
)  # fmt: skip
EVERY = (
    sub("branch", "f.yaml"), sub("commit", "f.yaml"), target("ocmSubscription", file="f.yaml", field="package", package="pacman", path="a"),
    rule("f.yaml"), chosen("f.yaml", key="region"), chosen("f.yaml", key="region", member="x"), chosen("f.yaml", label="x"),
    weights("f.yaml"), weights("f.yaml", shape="routemap"), weights("f.yaml", shape="annotation", stable="x", candidate="y"),
)  # fmt: skip


def test_garbage_is_written_and_read_back_or_refused() -> None:
    for where in EVERY:
        for text in GARBAGE:
            for value in ("main", 5, True, None, ["a"], {"a": 1}):
                survives(text.encode(), where, value)
        survives(b"\xff", where, "x")


def test_places_are_named_without_a_tree() -> None:
    assert edits.places([sub("branch", "f.yaml")]) == (
        'f.yaml: metadata.annotations."apps.open-cluster-management.io/git-branch" (kind Subscription)',
        'f.yaml: metadata.annotations."apps.open-cluster-management.io/github-branch" (kind Subscription)',
    )
    assert edits.places([weights("f.yaml")]) == (
        "f.yaml: application.versions[0].weight",
        "f.yaml: application.versions[1].weight",
    )
    assert all(edits.places([where]) for where in EVERY)
    assert Slots(weight=5) != Slots()
