"""Fixtures of real servers: where one cannot be had its tests are skipped, or fail if GITOPS_BOT_REQUIRE_REAL is 1."""

import os
import signal
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from types import FrameType
from typing import NoReturn, TypeVar

import pytest

from tests.support.servers import tools
from tests.support.servers.cache import Unavailable
from tests.support.servers.git_http import GitHttp
from tests.support.servers.kubernetes import ApiServer, find_apiserver
from tests.support.servers.prometheus import find_prometheus

HERE = Path(__file__).parent
Found = TypeVar("Found")


def pytest_configure() -> None:
    """Turn SIGTERM into an orderly end, so that a run which is timed out leaves no server behind."""
    signal.signal(signal.SIGTERM, _end_orderly)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark every test below this folder as `real`."""
    for item in items:
        if item.path.is_relative_to(HERE):
            item.add_marker(pytest.mark.real)


@pytest.fixture(scope="session")
def prometheus_binaries() -> tuple[Path, Path]:
    """The programs `prometheus` and `promtool`; tests start a `Prometheus` of their own."""
    return _found(find_prometheus)


@pytest.fixture(scope="session")
def rendering() -> None:
    """kustomize and Helm are there; tests run them with `tools.run`."""
    for tool in (tools.KUSTOMIZE, tools.HELM):
        _found(partial(tools.find, tool))


@pytest.fixture(scope="session")
def api_server() -> Iterator[ApiServer]:
    """One Kubernetes API server for the whole run, resource definitions installed; use a namespace of your own."""
    _found(find_apiserver)
    with ApiServer() as server:
        server.install_crds()
        yield server


@pytest.fixture
def git_http(tmp_path: Path) -> Iterator[GitHttp]:
    """An empty git server of the test's own; it asks for credentials once the test sets `token`."""
    with GitHttp(tmp_path / "git-http") as server:
        yield server


def _found(find: Callable[[], Found]) -> Found:
    try:
        return find()
    except Unavailable as missing:
        reason = str(missing)
    if os.environ.get("GITOPS_BOT_REQUIRE_REAL") == "1":
        pytest.fail(reason, pytrace=False)
    pytest.skip(reason)


def _end_orderly(number: int, frame: FrameType | None) -> NoReturn:
    pytest.exit(f"ended by signal {number}", returncode=128 + number)
