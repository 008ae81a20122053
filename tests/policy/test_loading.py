"""Files in, policies or problems out: the texts users read, strictness, hostile input."""

from __future__ import annotations

from dataclasses import FrozenInstanceError, asdict

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitops_bot.errors import PolicyInvalid, PolicySyntax
from gitops_bot.policy.config import BotConfig
from gitops_bot.policy.loading import (
    InvalidProblems,
    LoadedPolicy,
    Source,
    SyntaxProblems,
    load_config,
    load_policies,
)
from gitops_bot.policy.schema import PromotionPolicy
from tests.support.environment import policy

HEAD = "apiVersion: gitops-bot.dev/v1alpha1\nkind: PromotionPolicy\nmetadata: {name: checkout}\n"
SPEC = """\
spec:
  repository: environments
  candidate: {slot: candidateVersion}
  strategy: {canary: {weights: [5, 50]}}
  edits:
    - {kustomizeImage: {path: prod/stable, name: app}, set: stableVersion}
    - {kustomizeImage: {path: prod/canary, name: app}, set: candidateVersion}
    - {yaml: {file: route.yaml, path: weight}, set: weight}
"""
GOOD = HEAD + SPEC
CONFIG = """\
apiVersion: gitops-bot.dev/v1alpha1
kind: BotConfig
metadata: {name: bot}
spec:
  repositories: {environments: {url: /srv/environments.git, forge: local}}
"""


def no_rules(_: object) -> list[tuple[tuple[str | int, ...], str]]:
    return []


def load(*texts: str | bytes) -> tuple[LoadedPolicy, ...]:
    data = [text if isinstance(text, bytes) else text.encode() for text in texts]
    return load_policies([Source(f"{name}.yaml", one) for name, one in zip("abc", data, strict=False)], check=no_rules)


def refusal(*texts: str | bytes) -> SyntaxProblems | InvalidProblems:
    with pytest.raises((PolicySyntax, PolicyInvalid)) as caught:
        load(*texts)
    assert isinstance(caught.value, SyntaxProblems | InvalidProblems)
    return caught.value


def first_lines(*texts: str | bytes) -> list[str]:
    return [str(problem).splitlines()[0] for problem in refusal(*texts).problems]


def config_lines(text: str) -> list[str]:
    with pytest.raises(InvalidProblems) as caught:
        load_config(Source("bot.yaml", text.encode()), check=no_rules)
    return [str(problem).splitlines()[0] for problem in caught.value.problems]


# ---------------------------------------------------------------- what is read


def test_a_policy_is_read_with_its_place() -> None:
    text = f"# hello\n---\n{GOOD}"
    (loaded,) = load_policies([Source("policies/checkout.yaml", text.encode())], check=no_rules)
    assert (loaded.policy.name, loaded.file, loaded.line) == ("checkout", "policies/checkout.yaml", 3)
    with pytest.raises(FrozenInstanceError):
        loaded.line = 1  # type: ignore[misc]


def test_documents_and_files_keep_their_order_and_empty_ones_are_skipped() -> None:
    second, third = GOOD.replace("checkout", "second"), GOOD.replace("checkout", "third")
    loaded = load(f"---\n---\n{GOOD}---\n# nothing\n---\n{second}...\n", "", third)
    assert [(one.policy.name, one.file) for one in loaded] == [
        ("checkout", "a.yaml"),
        ("second", "a.yaml"),
        ("third", "c.yaml"),
    ]


@pytest.mark.parametrize("text", ["", "# only a comment\n", "---\n", "\ufeff", "\ufeff---\n~\n"])
def test_a_file_may_hold_nothing(text: str) -> None:
    assert load(text) == ()


@pytest.mark.parametrize(
    "text",
    [f"\ufeff{GOOD}", GOOD.replace("\n", "\r\n"), GOOD.replace("\n", "\r"), f"%YAML 1.2\n---\n{GOOD}"],
    ids=["bom", "crlf", "cr", "directive"],
)
def test_encodings_of_the_same_text_give_the_same_policy(text: str) -> None:
    assert load(text)[0].policy == load(GOOD)[0].policy


def test_aliases_are_read_and_an_anchor_may_be_defined_again() -> None:
    text = GOOD.replace("{path: prod/stable, name: app}", "&image {path: prod/stable, name: app}")
    text = text.replace("{path: prod/canary, name: app}", "*image").replace("{slot:", "&image {slot:")
    edits = load(text)[0].policy.spec.edits
    assert edits[0].kustomize_image == edits[1].kustomize_image


def test_dates_and_binary_stay_text() -> None:
    text = GOOD.replace(
        "{name: checkout}", "{name: checkout, labels: {a: 2024-01-01, b: !!binary aGk=, c: yes, d: 1_0}}"
    )
    labels = load(text)[0].policy.metadata.labels
    assert labels == {"a": "2024-01-01", "b": "aGk=", "c": "yes", "d": "1_0"}


def test_the_configuration_is_read() -> None:
    config = load_config(Source("bot.yaml", CONFIG.encode()))
    assert isinstance(config, BotConfig)
    assert config.spec.repositories["environments"].forge == "local"


# ---------------------------------------------------------------- what users read


def test_a_problem_shows_its_line_and_a_caret() -> None:
    error = refusal(GOOD + "  analysis:\n    bakee: 10m\n")
    assert str(error) == (
        "a.yaml:13:5: spec.analysis.bakee: unknown key (did you mean bake?)\n"
        "    13 |     bakee: 10m\n"
        "       |     ^^^^^"
    )
    assert asdict(error.problems[0]) | {"excerpt": ""} == {
        "file": "a.yaml",
        "line": 13,
        "column": 5,
        "path": "spec.analysis.bakee",
        "message": "unknown key",
        "suggestion": "did you mean bake?",
        "excerpt": "",
    }
    assert error.exit_code == 11


@pytest.mark.parametrize(
    ("more", "line"),
    [
        # keys
        ("  bake: 10m", "12:3: spec.bake: unknown key (belongs under spec.analysis)"),
        ("  weights: [5]", "12:3: spec.weights: unknown key"),
        ("  name: x", "12:3: spec.name: unknown key"),
        ("  merge: auto", "12:3: spec.merge: unknown key (belongs under spec.pullRequest or under spec.rollback)"),
        ("  apiVersion: x", "12:3: spec.apiVersion: unknown key (belongs at the top of the document)"),
        ("  gate: {}", "12:3: spec.gate: unknown key (did you mean gates?)"),
        ("  'odd key': 1", '12:3: spec."odd key": unknown key'),
        ("  5: 1", '12:3: spec."5": YAML reads this key as a whole number; put it in quotes'),
        ("  analysis: {clusters: [a]}", "12:14: spec.analysis.clusters: unknown key (belongs under spec)"),
        (
            "  analysis: {max: 1%}",
            "12:14: spec.analysis.max: unknown key (belongs in an item of spec.analysis.metrics)",
        ),
        ("  suspend: true\n  suspend: false", "13:3: spec.suspend: duplicate key (first given on line 12)"),
        ("  <<: {base: main}", '12:3: spec."<<": merge keys (<<) are not part of YAML 1.2; write the keys out'),
        ("  ? [a]\n  : b", "12:5: spec: a key must be text, not a list or a mapping"),
        ("  !x a: 1", "12:3: spec.a: the tag !x is not known here; remove it"),
        # missing
        ("  baseline: {workload: {name: a}}", "12:14: spec.baseline.workload.namespace: is missing; expected text"),
        (
            "  analysis: {metrics: [{max: 1}]}",
            "12:24: spec.analysis.metrics[0].name: is missing; expected text",
        ),
        # values
        (
            "  rollback: {merge: auot}",
            "12:21: spec.rollback.merge: 'auot' is not one of never, auto, queue (did you mean auto?)",
        ),
        ("  baseline: {slot: x}", "12:20: spec.baseline.slot: must be stableVersion, not 'x'"),
        ("  suspend: yes", "12:12: spec.suspend: must be true or false, not text (did you mean true?)"),
        ('  suspend: "true"', "12:12: spec.suspend: must be true or false, not text; remove the quotes"),
        ("  suspend:", "12:3: spec.suspend: must be true or false, not empty"),
        ("  base: 1.10", "12:9: spec.base: must be text, but YAML reads 1.10 as a number; put it in quotes"),
        ("  base: true", "12:9: spec.base: must be text, but YAML reads true as a truth value; put it in quotes"),
        ("  base: [a]", "12:9: spec.base: must be text, not a list"),
        ('  base: ""', "12:9: spec.base: must not be empty"),
        (
            "  base: !!python/name:os.system x",
            "12:9: spec.base: the tag python/name:os.system is not known here; remove it",
        ),
        ("  base: !!int x", "12:9: spec.base: the tag int does not fit the value"),
        ('  base: "\\ud800"', "12:9: spec.base: half of a surrogate pair is not text"),
        ("  clusters: prod", "12:13: spec.clusters: must be a list or a mapping with placement, not text"),
        (
            "  clusters: {placement: {hub: hub, namespace: shop}}",
            "12:14: spec.clusters.placement.name: is missing; expected text",
        ),
        (
            "  clusters: {placment: {hub: hub, namespace: shop, name: x}}",
            "12:14: spec.clusters.placment: unknown key (did you mean placement?)",
        ),
        (
            "  clusters: {placement: {hub: hub, namespace: shop, name: x, group: [a]}}",
            "12:69: spec.clusters.placement.group: must be text or a whole number, not a list",
        ),
        ("  clusters: [a b]", "12:14: spec.clusters[0]: must not hold spaces or slashes"),
        (
            "  analysis:\n    - a",
            "12:3: spec.analysis: must be a mapping with source, interval, warmup, bake, deadline, onDeadline, "
            "postAnalysis, traffic, metrics, metricsServer or templates, not a list",
        ),
        (
            "  analysis: {bake: 5}",
            "12:20: spec.analysis.bake: 5 is not a duration; write it like 30s, 10m, 1h30m or 1d",
        ),
        ("  analysis: {bake: ~}", "12:20: spec.analysis.bake: must be a duration like 30s, 10m or 1h30m, not empty"),
        (
            "  analysis: {metrics: [{name: a, max: [1]}]}",
            "12:39: spec.analysis.metrics[0].max: must be a number, a percentage (1%) or a time (500ms), not a list",
        ),
        (
            "  analysis: {metrics: [{name: a, max: .nan}]}",
            "12:39: spec.analysis.metrics[0].max: the number is not finite, or too large",
        ),
        (
            '  analysis: {metrics: [{name: a, failureLimit: "1"}]}',
            "12:48: spec.analysis.metrics[0].failureLimit: must be a whole number, not text; remove the quotes",
        ),
        (
            "  analysis: {metrics: [{name: a, failureLimit: 1.0}]}",
            "12:48: spec.analysis.metrics[0].failureLimit: must be a whole number, not a decimal number",
        ),
        (
            "  analysis: {metrics: [{name: a, failureLimit: true}]}",
            "12:48: spec.analysis.metrics[0].failureLimit: must be a whole number, not true or false",
        ),
        (
            "  analysis: {metrics: [{name: a, failureLimit: -1}]}",
            "12:48: spec.analysis.metrics[0].failureLimit: must be at least 0",
        ),
        (
            "  analysis: {metrics: [{name: a, builtin: {istio: latency-p99, labels: {a b: c}}}]}",
            '12:73: spec.analysis.metrics[0].builtin.labels."a b": the name must be a label\'s name: '
            "letters, digits and underscores, no digit first",
        ),
        (f"  base: {'x' * 5000}", "12:9: spec.base: must not be longer than 250 characters"),
    ],
)
def test_problems_of_a_policy(more: str, line: str) -> None:
    assert f"a.yaml:{line}" in first_lines(f"{GOOD}{more}\n")


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("a: b: c\n", ["1:5: the file is not valid YAML: mapping values are not allowed here"]),
        ("a:\n\t- b\n", ["2:1: the file is not valid YAML: a tab cannot stand here; indent with spaces"]),
        ('a: "b\n\n', ["1:4: the file is not valid YAML: found unexpected end of stream"]),
        (
            "a:\n  - b\n c: d\n",
            [
                "3:2: the file is not valid YAML: expected <block end>, but found '<block mapping start>' "
                "(while parsing a block mapping that begins on line 1)"
            ],
        ),
        ("a: *b\n", ["1:4: the file is not valid YAML: found undefined alias 'b'"]),
        ("a: x\0\n", ["1:5: the character U+0000 is not allowed in YAML"]),
        (b"a: b\n\xc3\xa4: \xff\n", ["2:4: the file is not UTF-8"]),
        ("a: b\n".encode("utf-16"), ["1:1: the file is not UTF-8; it looks like UTF-16"]),
        ('a: "\\UFFFFFFFF"', ["1:1: the file is not valid YAML"]),
        (f"{GOOD}---\n[\n", ["13:1: the file is not valid YAML: expected the node content, but found '<stream end>'"]),
    ],
)
def test_what_is_not_yaml(text: str | bytes, lines: list[str]) -> None:
    error = refusal(text)
    assert [str(problem).splitlines()[0] for problem in error.problems] == [f"a.yaml:{line}" for line in lines]
    assert (type(error), error.exit_code) == (SyntaxProblems, 10)


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("[a]", "1:1: must be a mapping with apiVersion, kind, metadata and spec"),
        ("%YAML 1.1\n---\na: b\n", "2:1: policies are YAML 1.2; remove the directive %YAML 1.1"),
        (
            GOOD.replace("PromotionPolicy", "PromotionPolcy"),
            "2:7: kind: must be PromotionPolicy, not 'PromotionPolcy' (did you mean PromotionPolicy?)",
        ),
        (
            GOOD.replace("v1alpha1", "v1"),
            "1:13: apiVersion: must be gitops-bot.dev/v1alpha1, not 'gitops-bot.dev/v1' "
            "(did you mean gitops-bot.dev/v1alpha1?)",
        ),
        ("kind: Deployment\n", "1:7: kind: 'Deployment' is not a kind of gitops-bot; expected PromotionPolicy"),
        (
            "kind: BotConfg\n",
            "1:7: kind: 'BotConfg' is not a kind of gitops-bot; expected PromotionPolicy (did you mean BotConfig?)",
        ),
        (
            "kind: PromotionPipelin\n",
            "1:7: kind: 'PromotionPipelin' is not a kind of gitops-bot; expected PromotionPolicy (did "
            "you mean PromotionPipeline?)",
        ),
        (CONFIG, "2:7: kind: BotConfig belongs in the bot's own configuration file, not in a policy file"),
        (SPEC, "1:1: kind: is missing; expected PromotionPolicy"),
        (GOOD.replace("{name: checkout}", "{}"), "3:1: metadata.name: is missing; expected text"),
    ],
)
def test_what_is_not_a_policy(text: str, line: str) -> None:
    assert f"a.yaml:{line}" in first_lines(text)


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("", "1:1: the file holds no BotConfig"),
        (f"{CONFIG}---\n{CONFIG}", "8:7: kind: is the second BotConfig of this file; the first is on line 1"),
        (GOOD, "2:7: kind: PromotionPolicy belongs in a policy file, not in the bot's own configuration file"),
        (
            CONFIG.replace("forge: local", "forge: github, app: {id: [], privateKeyFrom: {}}"),
            "5:86: spec.repositories.environments.app.id: must be text or a whole number, not a list",
        ),
        (
            CONFIG.replace("local", "gitea"),
            "5:68: spec.repositories.environments.forge: 'gitea' is not one of github, gitlab, local"
            " (did you mean gitlab?)",
        ),
        (
            CONFIG.replace("{environments", "{a/b"),
            '5:18: spec.repositories."a/b": the name must not hold spaces or slashes',
        ),
    ],
)
def test_what_is_not_a_configuration(text: str, line: str) -> None:
    assert f"bot.yaml:{line}" in config_lines(text)


def test_all_problems_of_all_files_are_told_at_once_and_syntax_decides_the_exit_code() -> None:
    wrong = GOOD.replace("checkout", "second") + "  base: 5\n  bse: x\n"
    assert first_lines(wrong, f"{wrong}---\n[", GOOD) == [
        "a.yaml:12:9: spec.base: must be text, but YAML reads 5 as a number; put it in quotes",
        "a.yaml:13:3: spec.bse: unknown key (did you mean base?)",
        "b.yaml:12:9: spec.base: must be text, but YAML reads 5 as a number; put it in quotes",
        "b.yaml:13:3: spec.bse: unknown key (did you mean base?)",
        "b.yaml:15:1: the file is not valid YAML: expected the node content, but found '<stream end>'",
    ]
    assert refusal(wrong, "[").exit_code == 10
    assert refusal(wrong, GOOD).exit_code == 11


def test_two_policies_of_one_name_are_refused_with_both_places() -> None:
    other = GOOD.replace("checkout", "other")
    assert first_lines(GOOD, f"{other}---\n{GOOD}") == [
        "b.yaml:15:18: metadata.name: checkout is already the name of the policy at a.yaml:1"
    ]


def test_rules_speak_of_documents_that_validate_at_the_nearest_place_that_was_written() -> None:
    def rules(policy: PromotionPolicy) -> list[tuple[tuple[str | int, ...], str]]:
        return [
            (("spec", "edits", 2, "set"), f"{policy.name} says no"),
            (("spec", "strategy"), "one of a, b is needed"),
            (("spec", "edits"), "has too few"),
            (("spec", "analysis", "bake"), "is too short"),
        ]

    with pytest.raises(InvalidProblems) as caught:
        load_policies([Source("a.yaml", GOOD.encode()), Source("b.yaml", b"kind: 5")], check=rules)
    lines = [str(problem).splitlines()[0] for problem in caught.value.problems if problem.file == "a.yaml"]
    assert lines == [
        "a.yaml:4:1: spec.analysis.bake: is too short",
        "a.yaml:7:13: spec.strategy: one of a, b is needed",
        "a.yaml:8:3: spec.edits: has too few",
        "a.yaml:11:53: spec.edits[2].set: checkout says no",
    ]


def test_the_real_rules_are_asked_unless_others_are_given() -> None:
    both = GOOD.replace("{slot: candidateVersion}", "{slot: candidateVersion, version: '1'}")
    with pytest.raises(InvalidProblems, match=r"spec\.candidate"):
        load_policies([Source("a.yaml", both.encode())])
    neither = CONFIG + "  metrics: {a: {}}\n"
    with pytest.raises(InvalidProblems, match=r"spec\.metrics\.a"):
        load_config(Source("a.yaml", neither.encode()))


@given(st.lists(st.sampled_from(["repository", "candidate", "strategy", "edits"]), min_size=1, unique=True))
def test_what_is_missing_is_named_with_what_is_expected(missing: list[str]) -> None:
    kept = [block for block in SPEC.removeprefix("spec:\n  ").split("\n  ") if block]
    blocks = {"repository": kept[0], "candidate": kept[1], "strategy": kept[2], "edits": "\n  ".join(kept[3:])}
    text = (
        HEAD
        + "spec:\n  suspend: false\n"
        + "".join(f"  {block}\n" for name, block in blocks.items() if name not in missing)
    )
    lines = first_lines(text)
    assert sorted(line.split(": ")[1] for line in lines) == sorted(f"spec.{name}" for name in missing)
    assert all(line.startswith("a.yaml:4:1: ") and "is missing; expected" in line for line in lines)


def test_characters_beyond_the_first_plane_may_be_written_as_json_does() -> None:
    text = policy(pullRequest={"labels": ["\U0001f680"]})
    assert "\\ud83d\\ude80" in text
    (found,) = load_policies([Source("shop.json", text.encode())])
    assert found.policy.spec.pull_request.labels == ("\U0001f680",)
