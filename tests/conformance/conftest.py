"""Every case of every conformance table is a test of its own: `@pytest.mark.table("flagger", "metric_checks")`."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Give `case` the cases of the table that the test is marked with; a table that DIR lacks is skipped."""
    marker = metafunc.definition.get_closest_marker("table")
    if marker is None:
        return
    name, listed = marker.args[0], marker.args[1] if len(marker.args) > 1 else "cases"
    file: Path = metafunc.config.getoption("--conformance-data") / "cases" / f"{name}.json"
    if not file.exists():
        metafunc.parametrize("case", [pytest.param(None, marks=pytest.mark.skip(f"{file.name} is not there"))])
        return
    table = json.loads(file.read_text(encoding="utf-8"))
    metafunc.parametrize("case", [pytest.param(case, id=label) for label, case in _labelled(table, listed)])


def _labelled(table: Any, listed: str) -> Iterator[tuple[str, Any]]:
    cases = table if isinstance(table, list) else table.get(listed, [])
    for number, case in enumerate(cases, 1):
        name = (case.get("id") or case.get("name")) if isinstance(case, dict) else None
        yield f"{number}: {name}" if name else str(number), case
