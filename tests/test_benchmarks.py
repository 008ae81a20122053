"""The benchmark measures what it says: on a few files, without programs and without looking at the clock."""

from __future__ import annotations

import pytest

from benchmarks import corpus, edits, rivals
from benchmarks.case import Case, dense

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
