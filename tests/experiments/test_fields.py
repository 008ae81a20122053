"""What readers look into resources with."""

from __future__ import annotations

import pytest

from gitops_bot.experiments.fields import document, quantity, share


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("182500m", 182.5),
        ("31m", 0.031),
        ("2", 2),
        ("0", 0),
        ("-1.5", -1.5),
        ("1.", 1),
        ("1e3", 1000),
        ("12E-2", 0.12),
        ("4k", 4000),
        ("1Ki", 1024),
        ("2Mi", 2 * 1024**2),
        ("3n", 3e-9),
        (7, 7),
        (0.5, 0.5),
        ("", None),
        ("m", None),
        ("1x", None),
        ("1e", None),
        ("٣", None),
        ("9" * 40, None),
        (True, None),
        (None, None),
        (float("nan"), None),
        (10**400, None),
    ],
)
def test_a_quantity_is_read_as_kubernetes_writes_it(written: object, value: float | None) -> None:
    assert quantity({"x": written}, "x") == value


@pytest.mark.parametrize(
    ("part", "total", "percent"),
    [(1, 15, 6.67), (1, 4, 25), (0, 3, 0), (3, 3, 100), (1, 0, None), (2, 1, None), (-1, 3, None)],
)
def test_a_share_is_percent_to_two_places(part: int, total: int, percent: float | None) -> None:
    found = share(part, total)
    assert found == percent
    assert isinstance(found, int) is (percent in (25, 0, 100))


@pytest.mark.parametrize(
    ("text", "held"),
    [
        ("a: {b: 1}", {"a": {"b": 1}}),
        ("at: 2026-03-02T08:00:00Z", {"at": "2026-03-02T08:00:00Z"}),
        ("[1, 2]", {}),
        ("", {}),
        ("a: [", {}),
        ("? [a]\n: b", {}),
        ("a: &x 1\nb: *x", {}),
        ("!!python/object/apply:os.getcwd []", {}),
        ("a: 1\n---\nb: 2", {}),
        ("[" * 5000, {}),
        ("a: " + "9" * 5000, {}),
        ("a: " + "x" * 2**21, {}),
    ],
)
def test_an_inner_document_is_a_mapping_or_nothing(text: str, held: dict[str, object]) -> None:
    assert document(text) == held
