"""Starting a server, waiting for it within bounds, and never leaving it behind."""

import socket
import ssl
import subprocess
import time
import urllib.request
from collections.abc import Callable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Self

STOP_TIMEOUT_S = 10.0


class Server:
    """One running server process; its output goes to a log file that failures quote."""

    def __init__(self, command: list[str], *, log: Path, env: Mapping[str, str] | None = None) -> None:
        self.log = log
        with log.open("wb") as output:
            self._process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT, env=env
            )
        self._name = Path(command[0]).name

    def wait_until(self, ready: Callable[[], bool], *, timeout_s: float) -> None:
        """Return once `ready()` is true; `RuntimeError` with the end of the log if the server ends or time is up."""
        deadline = time.monotonic() + timeout_s
        while not ready():
            if self._process.poll() is not None:
                raise RuntimeError(f"{self._name} ended with {self._process.returncode}:\n{self._last_lines()}")
            if time.monotonic() > deadline:
                raise RuntimeError(f"{self._name} was not ready within {timeout_s:.0f} s:\n{self._last_lines()}")
            time.sleep(0.05)

    def stop(self) -> None:
        """Terminate the process, kill it if it does not go; harmless when repeated."""
        self._process.terminate()
        try:
            self._process.wait(STOP_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def _last_lines(self) -> str:
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-15:])


def fetch(request: urllib.request.Request, *, timeout_s: float, trusted: ssl.SSLContext | None = None) -> bytes:
    """The body that a loopback server answers with, never by way of the machine's proxy; raises as `urlopen` does."""
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}), urllib.request.HTTPSHandler(context=trusted))
    with direct.open(request, timeout=timeout_s) as response:
        body: bytes = response.read()
        return body


def free_ports(count: int) -> list[int]:
    """Distinct loopback ports that were free a moment ago."""
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [each.getsockname()[1] for each in sockets]
    for each in sockets:
        each.close()
    return ports
