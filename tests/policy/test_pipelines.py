"""Pipelines: what they become, and what is wrong with them where they stand."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from gitops_bot.cli import render
from gitops_bot.cli.validate import check
from gitops_bot.policy.loading import InvalidProblems, LoadedPolicy, Source, load_policies
from gitops_bot.policy.pipelines.expansion import SHARED
from gitops_bot.policy.quantities import format_duration
from gitops_bot.policy.schema import PolicySpec, PromotionPolicy

PIPELINE = """\
apiVersion: gitops-bot.dev/v1alpha1
kind: PromotionPipeline
metadata:
  name: cart
  labels: {team: shop}
spec:
  repository: environments
  edits:
    - kustomizeImage: {path: "apps/{{ environment }}/{{ ring }}", name: cart}
      set: version
  gates: {soak: 1h, hold: {labels: [held]}}
  pullRequest: {labels: [promotion]}
  environments:
    - name: dev
      candidate: {version: '1.0'}
      gates: {statuses: [ci]}
    - name: staging
      after: [dev]
      pullRequest: {merge: auto}
    - name: eu
      after: [staging]
      gates: {soak: 24h}
      rings:
        - {name: one, clusters: [eu-1]}
        - name: rest
          clusters: [eu-2, eu-3]
          gates: {soak: 2d}
    - name: us
      after: [staging]
    - name: mirror
      after: [eu, us]
      suspend: true
"""


def loaded(text: str = PIPELINE) -> dict[str, LoadedPolicy]:
    return {one.policy.name: one for one in load_policies([Source("cart.yaml", text.encode())])}


def policies() -> dict[str, PromotionPolicy]:
    return {name: one.policy for name, one in loaded().items()}


def wrong(old: str, new: str) -> list[str]:
    """What is said of the pipeline with one text replaced, without the excerpts."""
    assert PIPELINE.count(old) == 1
    with pytest.raises(InvalidProblems) as caught:
        load_policies([Source("cart.yaml", PIPELINE.replace(old, new).encode())])
    return [str(one).split("\n")[0] for one in caught.value.problems]


# ---------------------------------------------------------------- what it becomes


def test_each_environment_and_each_ring_becomes_one_policy_that_waits_for_those_before_it() -> None:
    assert {name: one.spec.candidate.environments for name, one in policies().items()} == {
        "cart-dev": None,
        "cart-staging": ("cart-dev",),
        "cart-eu-one": ("cart-staging",),
        "cart-eu-rest": ("cart-eu-one",),
        "cart-us": ("cart-staging",),
        "cart-mirror": ("cart-eu-rest", "cart-us"),
    }


def test_rings_take_their_clusters_from_the_decision_groups_of_one_placement() -> None:
    placed = "rings:\n        - {name: one, clusters: [eu-1]}\n        - name: rest\n          clusters: [eu-2, eu-3]"
    rings = "rings:\n        - {name: one}\n        - name: rest"
    shared = "clusters: {placement: {hub: hub, namespace: shop, name: cart, group: '{{ ring }}'}}"
    found = loaded(PIPELINE.replace(placed, f"{shared}\n      {rings}"))
    placements = {name: getattr(one.policy.spec.given_clusters, "placement", None) for name, one in found.items()}
    assert {name: one.group for name, one in placements.items() if one} == {
        "cart-eu-one": "one",
        "cart-eu-rest": "rest",
    }
    named = loaded(PIPELINE.replace("rings:", f"{shared}\n      rings:"))
    assert named["cart-eu-rest"].policy.spec.clusters == ("eu-2", "eu-3")  # the nearer word, whole


@pytest.mark.parametrize(
    ("name", "soak", "merge", "clusters", "path"),
    [
        ("cart-dev", "", "never", ("default",), "apps/dev/dev"),
        ("cart-staging", "1h", "auto", ("default",), "apps/staging/staging"),
        ("cart-eu-one", "1d", "never", ("eu-1",), "apps/eu/one"),
        ("cart-eu-rest", "2d", "never", ("eu-2", "eu-3"), "apps/eu/rest"),
        ("cart-mirror", "1h", "never", ("default",), "apps/mirror/mirror"),
    ],
)
def test_the_nearer_word_wins_key_by_key(
    name: str, soak: str, merge: str, clusters: tuple[str, ...], path: str
) -> None:
    spec = policies()[name].spec
    assert spec.edits[0].kustomize_image
    said = (
        format_duration(spec.gates.soak.for_) if spec.gates.soak else "",
        spec.pull_request.merge.value,
        spec.clusters,
    )
    assert said == (soak, merge, clusters)
    assert spec.edits[0].kustomize_image.path == path
    assert spec.gates.hold.labels == ("held",)
    assert spec.pull_request.labels == ("promotion",)
    assert spec.strategy.promote is not None
    assert spec.suspend is (name == "cart-mirror")


def test_labels_tell_where_a_policy_came_from() -> None:
    assert policies()["cart-eu-rest"].metadata.labels == {
        "team": "shop",
        "gitops-bot.dev/pipeline": "cart",
        "gitops-bot.dev/environment": "eu-rest",
    }


def test_a_policy_stands_where_its_environment_does() -> None:
    assert {name: one.line for name, one in loaded().items()}["cart-eu-rest"] == 25
    assert {name: one.line for name, one in loaded().items()}["cart-us"] == 28


def test_an_environment_that_is_taken_out_takes_its_policy_along() -> None:
    without = PIPELINE.replace("    - name: us\n      after: [staging]\n", "").replace("[eu, us]", "[eu]")
    assert set(policies()) - set(loaded(without)) == {"cart-us"}


def test_everything_that_a_policy_may_say_an_environment_may_say() -> None:
    fields = {one.alias or name for name, one in PolicySpec.model_fields.items()}
    assert fields - {"repository", "base", "by"} == set(SHARED)


# ---------------------------------------------------------------- what is wrong


UNKNOWN = "dve is the name of no environment of this pipeline; did you mean dev?"
ROOT = "dev comes after nothing, so it needs candidate: {slot: stableVersion} where others write its version"
OWN = "is the bot's own: it would wait for itself"
NOWHERE = "needs environments: nothing in git says here how long the candidate has stood"
FAN_IN = "branch comes after exactly one environment, and mirror comes after 2"
SAME = "branch needs spec.base, the branch that this environment has for itself"
RINGS = "go with by: slots: a branch is merged for all of its clusters at once"
WAY = "staging comes after itself: staging after mirror after eu after staging"


@pytest.mark.parametrize(
    ("old", "new", "where", "said"),
    [
        ("[dev]", "[dve]", "18:15: [1].after[0]", UNKNOWN),
        ("[dev]", "[dev, dev]", "18:20: [1].after[1]", "dev is named twice"),
        ("[dev]", "[mirror]", "18:14: [1].after", WAY),
        ("[dev]", "[staging]", "18:14: [1].after", "staging comes after itself: staging after staging"),
        ("- name: us", "- name: staging", "28:13: [3].name", "cart-staging would be the name of two policies"),
        ("{name: one,", "{name: rest,", "25:17: [2].rings[1].name", "cart-eu-rest would be the name of two policies"),
        ("- name: us", f"- name: {'u' * 59}", "28:13: [3].name", f"cart-{'u' * 59} is longer than 63 characters"),
        ("candidate: {version: '1.0'}", "clusters: [a]", "14:13: [0].name", ROOT),
        ("suspend: true", "suspnd: true", "32:7: [4].suspnd", "unknown key (did you mean suspend?)"),
        ("suspend: true", "by: branch", "32:11: [4].by", FAN_IN),
        ("after: [dev]", "after: [dev]\n      by: branch", "19:11: [1].by", SAME),
        ("{soak: 24h}", "{soak: 24h}\n      by: branch\n      base: env/eu", "25:7: [2].rings", RINGS),
        (
            "suspend: true",
            "base: a..b",
            "32:13: [4].base",
            "'a..b' is not a branch name: see `git help check-ref-format`",
        ),
        ("{soak: 2d}", "{statuses: [gitops-bot/x]}", "27:30: [2].rings[1].gates.statuses[0]", OWN),
        ("{statuses: [ci]}", "{soak: 1h}", "16:21: [0].gates.soak", NOWHERE),
    ],
)
def test_what_is_wrong_is_shown_where_the_pipeline_says_it(old: str, new: str, where: str, said: str) -> None:
    mark, _, path = where.partition(" ")
    assert f"cart.yaml:{mark} spec.environments{path}: {said}" in wrong(old, new)


NAMED_SO = "must be lower-case letters, digits and dashes, with no dash at either end"


@pytest.mark.parametrize(
    ("old", "new", "where", "said"),
    [
        ("  name: cart\n", '  name: "{{ stage }}"\n', "metadata.name", NAMED_SO),
        ("- name: us", '- name: "{{ stage }}"', "spec.environments[3].name", NAMED_SO),
        ("{name: one,", '{name: "{{ ring }}",', "spec.environments[2].rings[0].name", NAMED_SO),
        ("[dev]", '["{{ stage }}"]', "spec.environments[1].after[0]", NAMED_SO),
    ],
)
def test_nothing_stands_for_a_name(old: str, new: str, where: str, said: str) -> None:
    assert [one.partition(" ")[2] for one in wrong(old, new)] == [f"{where}: {said}"]


@pytest.mark.parametrize(
    ("environments", "said"),
    [
        ([], ["spec.environments: must have at least 1 of them"]),
        ([{"name": "E"}], [f"spec.environments[0].name: {NAMED_SO}"]),
        ([{"name": f"e{n}"} for n in range(101)], ["spec.environments: must have at most 100 of them"]),
    ],
)
def test_how_many_environments_there_may_be_is_said_in_words(
    environments: list[dict[str, str]], said: list[str]
) -> None:
    document = {**yaml.safe_load(PIPELINE)}
    document["spec"] = {**document["spec"], "environments": environments}
    with pytest.raises(InvalidProblems) as found:
        load_policies([Source("p.yaml", yaml.safe_dump(document).encode())])
    told = [str(one).split("\n")[0] for one in found.value.problems]
    assert [one.partition(": ")[2] for one in told] == said


def test_a_branch_is_not_merged_into_itself() -> None:
    shared = PIPELINE.replace("  edits:", "  base: env\n  edits:").replace(
        "after: [dev]", "after: [dev]\n      by: branch"
    )
    with pytest.raises(InvalidProblems) as caught:
        loaded(shared)
    (said,) = {str(one).split("\n")[0] for one in caught.value.problems}
    assert said == (
        "cart.yaml:20:11: spec.environments[1].by: branch needs a base of its own, and cart-dev has the same, env"
    )
    assert (
        loaded(shared.replace("base: env", "base: env/{{ stage }}"))["cart-staging"].policy.spec.base == "env/staging"
    )


def test_what_is_shared_is_wrong_once_and_not_once_for_each() -> None:
    assert wrong("set: version", "set: weight") == [
        "cart.yaml:8:3: spec.edits: strategy.promote needs an edit that sets version (stableVersion)",
        "cart.yaml:10:12: spec.edits[0].set: strategy.promote writes versions only",
        "cart.yaml:10:12: spec.edits[0].set: kustomizeImage holds stableVersion and candidateVersion, no weight",
    ]


def test_what_comes_after_others_has_no_beginning_of_its_own() -> None:
    (first, *_) = wrong("after: [dev]", "after: [dev]\n      candidate: {version: '2'}")
    assert first.endswith("only one of slot, version, registry, environments may be given, and version is")


def test_a_pipeline_of_which_one_environment_is_wrong_gives_no_policy_at_all() -> None:
    assert len(wrong("{soak: 2d}", "{statuses: [gitops-bot/x]}")) == 1


def test_two_environments_that_write_one_place_are_named(tmp_path: Path) -> None:
    file = tmp_path / "cart.yaml"
    file.write_text(PIPELINE.replace("apps/{{ environment }}/{{ ring }}", "apps/prod"))
    found = check([file])
    assert found.exit_code == 12
    assert "cart-staging writes apps/prod/kustomization.yaml" in found.problems[0]["text"]
    assert "and so does cart-dev" in found.problems[0]["text"]


def test_the_same_place_on_a_branch_for_each_environment_is_no_clash(tmp_path: Path) -> None:
    document = yaml.safe_load(PIPELINE.replace("{{ environment }}/{{ ring }}", "{{ ring }}"))
    for one in document["spec"]["environments"]:
        one["base"] = f"env/{one['name']}"
    file = tmp_path / "cart.yaml"
    file.write_text(yaml.safe_dump(document))
    assert check([file]).exit_code == 0
    bases = {name: one.policy.spec.base for name, one in loaded(file.read_text()).items()}
    assert (bases["cart-dev"], bases["cart-eu-one"], bases["cart-eu-rest"]) == ("env/dev", "env/eu", "env/eu")


def test_a_name_that_a_policy_has_is_taken_for_an_environment() -> None:
    other = yaml.safe_dump({**loaded()["cart-us"].written}, sort_keys=False)
    with pytest.raises(InvalidProblems, match=r"cart-us is already the name of the policy at one\.yaml:1"):
        load_policies([Source("one.yaml", other.encode()), Source("cart.yaml", PIPELINE.encode())])


# ---------------------------------------------------------------- render


def test_what_render_prints_loads_to_the_same_policies() -> None:
    shown = render.text(list(loaded().values()))
    assert [one.policy for one in loaded(shown).values()] == list(policies().values())
    assert "# cart-eu-rest, from cart.yaml:25\n" in shown


TEXTS = "1.10 on no 012 0x1F 0o17 1e3 2024-01-01 1_000 ~ null 1:30 = << - ? @ true .5".split()  # noqa: SIM905
ODD = st.one_of(
    st.sampled_from(TEXTS),
    st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"]), min_size=1, max_size=20),
)
ONE = load_policies([Source("cart.yaml", PIPELINE.encode())])[0]


@given(ODD)
def test_no_text_becomes_anything_else_on_the_way(text: str) -> None:
    odd = {**ONE.written, "metadata": {"name": "cart-us", "labels": {"odd": text}}}
    (read,) = load_policies([Source("shown.yaml", render.text([replace(ONE, written=odd)]).encode())])
    assert read.policy.metadata.labels == {"odd": text}


@given(st.lists(st.lists(st.integers(0, 5), max_size=3, unique=True), min_size=1, max_size=6))
def test_any_graph_is_a_list_of_policies_or_a_list_of_problems(graph: list[list[int]]) -> None:
    document: dict[str, Any] = yaml.safe_load(PIPELINE)
    document["spec"]["candidate"] = {"version": "1.0"}
    document["spec"]["gates"] = {}
    document["spec"]["environments"] = [
        {"name": f"e{n}", "after": [f"e{one}" for one in after]} for n, after in enumerate(graph)
    ]
    try:
        found = load_policies([Source("p.yaml", yaml.safe_dump(document).encode())])
    except InvalidProblems:
        assert _circular(graph) or any(one >= len(graph) for after in graph for one in after)
    else:
        assert not _circular(graph)
        assert [one.policy.spec.candidate.environments for one in found] == [
            tuple(f"cart-e{one}" for one in after) or None for after in graph
        ]


def _circular(graph: list[list[int]]) -> bool:
    left = {n: {one for one in after if one < len(graph)} for n, after in enumerate(graph)}
    while free := [n for n, after in left.items() if not after & left.keys()]:
        for n in free:
            del left[n]
    return bool(left)


def test_the_pipeline_of_the_manual_is_right() -> None:
    page = (Path(__file__).parents[2] / "docs" / "pipelines.md").read_text(encoding="utf-8")
    (example,) = [part.split("```")[0] for part in page.split("```yaml\n")[1:] if "kind: PromotionPipeline" in part]
    found = loaded(example)
    assert list(found) == ["checkout-dev", "checkout-staging", "checkout-prod-eu", "checkout-prod-us"]
    edits = [one.policy.spec.edits[0].kustomize_image for one in found.values()]
    assert [one.path.rpartition("/")[2] for one in edits if one] == ["dev", "staging", "prod-eu", "prod-us"]
