"""Whether the daemon lives and is ready. Liveness is progress: a loop that silently stopped is not alive."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Health:
    """When each repository's job last made progress. `clock` is monotonic, in seconds."""

    def __init__(self, names: tuple[str, ...], patience_s: float, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._patience_s = patience_s
        self._progress = dict.fromkeys(names, clock())
        self._ticked: set[str] = set()

    def progress(self, name: str) -> None:
        """A tick of this repository ended, well or not."""
        self._progress[name] = self._clock()
        self._ticked.add(name)

    def stuck(self) -> tuple[str, ...]:
        """The repositories whose job has not ended a tick for too long."""
        return tuple(name for name, at in self._progress.items() if self._clock() - at > self._patience_s)

    def waiting(self) -> tuple[str, ...]:
        """The repositories that have not had their first tick."""
        return tuple(name for name in self._progress if name not in self._ticked)


Answer = Callable[[], tuple[int, str]]


def answers(health: Health) -> Mapping[str, Answer]:
    """What is answered at which path."""

    def alive() -> tuple[int, str]:
        stuck = health.stuck()
        return (503, f"no progress: {', '.join(stuck)}") if stuck else (200, "ok")

    def ready() -> tuple[int, str]:
        waiting = health.waiting()
        return (503, f"no tick yet: {', '.join(waiting)}") if waiting else (200, "ok")

    return {"/healthz": alive, "/readyz": ready}


def listen(address: str, paths: Mapping[str, Answer]) -> ThreadingHTTPServer:
    """Answer GETs at `host:port` in the background; the caller shuts it down. Errors: OSError."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            status, text = paths[self.path]() if self.path in paths else (404, "not found")
            body = f"{text}\n".encode()
            self.send_response(status)
            self.send_header("Content-Type", "text/plain; charset=utf-8")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            """Probes are not news."""

    host, _, port = address.rpartition(":")
    server = ThreadingHTTPServer((host.strip("[]"), int(port)), Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, name="health", daemon=True).start()
    return server
