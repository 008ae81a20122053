"""The benchmark measures what it says: on a few files, without programs and without looking at the clock."""

from __future__ import annotations

import pytest
import yaml

from benchmarks import cluster, corpus, edits, rivals
from benchmarks.case import Case, dense
from benchmarks.page import with_section
from gitops_bot.model import Act

CASE = Case("f.yaml", "a", "a: ", "1", " # c\nb: 2\n", 5)


def test_the_engine_is_exact_on_a_part_of_each_set_of_files() -> None:
    for cases in (corpus.small()[::29], (*corpus.kustomizations()[::19], dense(0.002))):
        scores = edits.measured(cases, [edits.PUT, edits.ENGINE, edits.TUNED], rounds=1)
        for name in (edits.PUT, edits.ENGINE):
            assert (scores[name].exact, scores[name].failed, scores[name].lost) == (len(cases), 0, 0)
        assert {len(score.rounds) for score in scores.values()} == {1}
        assert edits.rows(cases, scores).count("\n") == 2 + len(scores)


@pytest.mark.parametrize(
    ("out", "exact", "failed", "lost"),
    [
        (b"a: 5 # c\nb: 2\n", 1, 0, 0),
        (b"a: '5' # c\nb: 2\n", 1, 0, 0),
        (b"a: 6 # c\nb: 2\n", 0, 0, 0),
        (b"a: 5  # c\nb: 2\n", 0, 0, 0),
        (b"a: 5\nb: 2\n", 0, 0, 1),
        (None, 0, 1, 0),
    ],
)
def test_what_comes_out_is_held_against_the_text_around_the_value(
    out: bytes | None, exact: int, failed: int, lost: int
) -> None:
    score = edits.Score()
    edits.judge(score, CASE, out)
    assert (score.exact, score.failed, score.lost) == (exact, failed, lost)


@pytest.mark.parametrize(
    ("path", "document", "expression"),
    [
        ("a.b[0].c", ("", "", ""), '(."a" | ."b"[0] | ."c") = 5'),
        ("[1]", ("", "", ""), "(.[1]) = 5"),
        ('l[a.b="x y"].v', ("", "", ""), '(."l" | .[] | select(."a"."b" == "x y") | ."v") = 5'),
        ("v", ("K", "n", ""), '(select(.kind == "K" and .metadata.name == "n") | ."v") = 5'),
    ],
)
def test_a_path_is_said_in_the_language_of_yq(path: str, document: tuple[str, str, str], expression: str) -> None:
    assert rivals.yq_expression(Case("f.yaml", path, "", "", "", 5, document)) == expression


def test_the_objects_of_a_cluster_are_held_against_the_goals() -> None:
    listed = {"list": 1.5, "decide": 0.5, "all": 2.0, "cpu": 1.25, "peak": 151.0}
    text = cluster.section(listed, listed | {"all": 1.5, "peak": 100.0})
    assert "| list | 1.50 | 0.50 | 2.00 | 1.25 | 151 |\n| watch | 1.50 | 0.50 | 1.50 | 1.25 | 100 |" in text
    assert "| listed, read and decided, CPU | ≤ 3 s | 1.25 s | PASS |" in text
    assert "| memory above idle | ≤ 150 MiB | 151 MiB | **FAIL** |" in text


def test_a_healthy_rollout_of_the_benchmark_is_read_and_decided() -> None:
    sample = yaml.safe_load(cluster.SAMPLE.read_text(encoding="utf-8"))
    assert cluster.decided((sample, {})) == [Act.PROCEED, Act.NOTHING]


def test_a_section_of_the_page_is_replaced_and_the_others_stay() -> None:
    page = with_section(with_section("", "One", "1\n\n### More\n"), "Two", "2")
    assert page == "# Benchmarks\n\n## One\n\n1\n\n### More\n\n## Two\n\n2\n"
    assert with_section(page, "One", "3\n") == "# Benchmarks\n\n## One\n\n3\n\n## Two\n\n2\n"
