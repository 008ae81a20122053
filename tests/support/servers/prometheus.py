"""A real Prometheus that serves what a test has written down in OpenMetrics text."""

import shutil
import subprocess
import tempfile
import urllib.error
import urllib.request
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Self

from tests.support.servers import debian
from tests.support.servers.cache import cached
from tests.support.servers.process import Server, fetch, free_ports

READY_TIMEOUT_S = 30.0
BACKFILL_TIMEOUT_S = 120.0
READY_LINE = "Server is ready to receive web requests"
HINT = "to provide it, put `prometheus` and `promtool` on PATH (Debian: apt install prometheus)"


def find_prometheus() -> tuple[Path, Path]:
    """The programs `prometheus` and `promtool`: from PATH, else from Debian's packages; else `Unavailable`."""
    server, tool = shutil.which("prometheus"), shutil.which("promtool")
    if server and tool:
        return Path(server), Path(tool)
    programs = cached("prometheus", debian.release(), _unpack_prometheus) / "usr" / "bin"
    return programs / "prometheus", programs / "promtool"


def _unpack_prometheus(into: Path) -> None:
    debian.unpack("prometheus", into, hint=HINT)
    if not (into / "usr" / "bin" / "promtool").exists():  # a package of its own since Debian 13
        debian.unpack("promtool", into, hint=HINT)


class Prometheus:
    """Prometheus on a free loopback port, back-filled with `openmetrics`; a context manager.

    `web_config` is the text of a `--web.config.file` (basic auth, TLS); paths in it must be absolute.
    """

    url: str
    """Where it answers, without a trailing slash."""

    def __init__(self, openmetrics: str, *, web_config: str | None = None) -> None:
        self._openmetrics = openmetrics
        self._web_config = web_config
        self._held = ExitStack()

    def __enter__(self) -> Self:
        with ExitStack() as held:
            folder = Path(held.enter_context(tempfile.TemporaryDirectory(prefix="prometheus-")))
            prometheus, promtool = find_prometheus()
            _backfill(promtool, self._openmetrics, folder)
            self._serve(held, prometheus, folder)
            self._held = held.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def stop(self) -> None:
        """End the server and remove its data; harmless when repeated."""
        self._held.close()

    def _serve(self, held: ExitStack, prometheus: Path, folder: Path) -> None:
        [port] = free_ports(1)
        scheme = "https" if "tls_server_config" in (self._web_config or "") else "http"
        self.url = f"{scheme}://127.0.0.1:{port}"
        command = [
            str(prometheus),
            f"--config.file={_written(folder / 'prometheus.yml', 'global: {}')}",
            f"--storage.tsdb.path={folder / 'data'}",
            "--storage.tsdb.retention.time=100y",
            f"--web.listen-address=127.0.0.1:{port}",
        ]
        if self._web_config is not None:
            command.append(f"--web.config.file={_written(folder / 'web.yml', self._web_config)}")
        server = held.enter_context(Server(command, log=folder / "prometheus.log"))
        server.wait_until(lambda: self._is_ready(server), timeout_s=READY_TIMEOUT_S)

    def _is_ready(self, server: Server) -> bool:
        """Whether queries are answered; behind a `web_config` `/-/ready` wants credentials, so the log is asked."""
        if self._web_config is not None:
            return READY_LINE in server.log.read_text(errors="replace")
        try:
            fetch(urllib.request.Request(f"{self.url}/-/ready"), timeout_s=5)
        except urllib.error.HTTPError as starting:
            starting.close()
            return False
        except OSError:
            return False
        return True


def _backfill(promtool: Path, openmetrics: str, folder: Path) -> None:
    source = _written(folder / "metrics.txt", openmetrics)
    command = [str(promtool), "tsdb", "create-blocks-from", "openmetrics", str(source), str(folder / "data")]
    done = subprocess.run(command, capture_output=True, text=True, timeout=BACKFILL_TIMEOUT_S, check=False)
    if done.returncode != 0:
        raise ValueError(f"promtool refused the OpenMetrics text:\n{done.stderr}{done.stdout}")


def _written(path: Path, text: str) -> Path:
    path.write_text(text)
    return path
