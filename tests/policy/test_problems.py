"""How problems are shown: cut, escaped, capped, and never with a secret."""

from __future__ import annotations

import pytest

from gitops_bot.policy.loading import MOST_PROBLEMS, InvalidProblems, Source, load_config, load_policies
from tests.policy.test_loading import CONFIG, GOOD, no_rules, refusal


def test_long_lines_are_cut_around_the_column_and_control_characters_are_escaped() -> None:
    (problem,) = refusal(GOOD + f"  analysis: {{interval: 1m,{' ' * 300}bakee: 1m,{' ' * 300}warmup: 1m}}\n").problems
    line, caret = problem.excerpt.splitlines()
    assert len(line) < 175
    assert "…" in line
    assert line[caret.index("^") :].startswith("bakee: 1m,")
    (problem,) = refusal(GOOD + "  analysis: {\tbakee: '\u202e\u200b'}\n").problems
    line, caret = problem.excerpt.splitlines()
    assert r"{\tbakee: '\u202e\u200b'}" in line
    assert line[caret.index("^") :].startswith("bakee")
    with pytest.raises(InvalidProblems, match=r"^evil\\x1b\[31m\\n\.yaml:1:1: "):
        load_policies([Source("evil\x1b[31m\n.yaml", b"- a")])


def test_long_values_are_cut_in_messages() -> None:
    for more in (f"  analysis: {{bake: {'x' * 5000}}}\n", f"  {'k' * 5000}: 1\n", f"  base: !{'t' * 5000} x\n"):
        assert all(len(str(problem)) < 1200 for problem in refusal(GOOD + more).problems)


SECRET = "hunter2hunter2"


@pytest.mark.parametrize(
    "more",
    [
        f"  token: {SECRET}",
        f"  analysis: {{bake: 1, password: {SECRET}}}",
        f"  pullRequest:\n    privateKey:\n      - {SECRET}",
        f"  base: [ghp_{SECRET}]",
        f"  analysis: {{bake: glpat-{SECRET}}}",
        f"  ghp_{SECRET}: 1",
        f"  suspend: github_pat_{SECRET}",
        f"  base: |\n    -----BEGIN RSA PRIVATE KEY-----\n    {SECRET}\n   {SECRET}: [",
        f"  apiKey: *{SECRET}",
        f"  rollback: {{merge: ghp_{SECRET}}}",
        f"  rollback: {{merge: never, token: '{SECRET}', merg: x}}",
    ],
)
def test_a_secret_is_never_shown(more: str) -> None:
    error = refusal(f"{GOOD}{more}\n")
    assert SECRET not in str(error)
    assert SECRET not in repr(error.problems)
    assert "(line not shown: it may hold a secret)" in str(error)


@pytest.mark.parametrize("key", ["tokenFrom", "app: {id: a, privateKeyFrom", "caFile: a, tokenFrom"])
def test_a_secret_in_place_of_its_reference_is_not_shown(key: str) -> None:
    for value in (SECRET, f"{{env: {SECRET}-}}", f"[{SECRET}]"):
        text = CONFIG.replace("forge: local", f"forge: local, {key}: {value}" + ("}" if "{" in key else ""))
        with pytest.raises(InvalidProblems) as caught:
            load_config(Source("bot.yaml", text.encode()), check=no_rules)
        assert SECRET not in str(caught.value) + repr(caught.value.problems)


def test_a_hopeless_file_is_not_listed_to_its_end() -> None:
    problems = refusal(GOOD + "".join(f"  k{number}: 1\n" for number in range(5000))).problems
    assert len(problems) == MOST_PROBLEMS + 1
    assert problems[-1].message == "and 4900 more problems from here on"
