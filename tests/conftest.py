"""What all tests share: switches, and what a busy machine may do to a property test."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

# A busy machine is slow, which is no finding: tests do not look at the clock.
settings.register_profile("unhurried", settings(), deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("unhurried")

GOLDEN = Path(__file__).parent / "golden"

Golden = Callable[[str, str], None]
"""Compare a text with the file of that name below tests/golden, or write it."""


def pytest_addoption(parser: pytest.Parser) -> None:
    """`make golden`: write, then review the diff."""
    parser.addoption("--update-golden", action="store_true", help="write the golden files instead of comparing")
    parser.addoption(
        "--conformance-data",
        type=Path,
        default=Path(__file__).parent / "conformance" / "data",
        metavar="DIR",
        help="tables in DIR/cases and objects in DIR/samples, instead of the project's own copies",
    )


@pytest.fixture
def golden(request: pytest.FixtureRequest) -> Golden:
    """Compares with a golden file; writes it under --update-golden."""
    updating = bool(request.config.getoption("--update-golden"))

    def check(name: str, text: str) -> None:
        path = GOLDEN / name
        if updating:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        assert path.exists(), f"{path} is missing: run pytest --update-golden and review it"
        assert text == path.read_text(encoding="utf-8")

    return check
