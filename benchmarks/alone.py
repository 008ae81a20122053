"""One edit of a dense file in its own process: `python -m benchmarks.alone put 5` prints CPU seconds and peak MiB."""

from __future__ import annotations

import hashlib
import json
import re
import sys
import time
from pathlib import Path

from benchmarks.case import Case, dense
from gitops_bot import edits
from gitops_bot.edits.place import Overlay
from gitops_bot.edits.sense import Plain
from gitops_bot.policy.places import Target


class Nothing:
    """A tree without files."""

    commit = ""

    def read(self, path: str) -> bytes | None:  # noqa: ARG002
        """Nothing."""
        return None

    def names(self, folder: str) -> tuple[str, ...]:  # noqa: ARG002
        """Nothing."""
        return ()

    def below(self, folder: str) -> tuple[str, ...]:  # noqa: ARG002
        """Nothing."""
        return ()

    def fetch(self, paths: object) -> None:
        """Nothing to fetch."""


def put(data: bytes, target: Target, new: Plain) -> bytes:
    """This engine."""
    return edits.put(target, new, Overlay(Nothing(), {"values.yaml": data}))[0].after or b""


def tuned(data: bytes, target: Target, new: Plain) -> bytes:
    """ruamel.yaml's tuned round trip."""
    from benchmarks.rivals import ruamel_tuned  # noqa: PLC0415 - it is not the engine's to pay for

    assert target.yaml is not None
    return ruamel_tuned(Case("values.yaml", target.yaml.path, data.decode(), "", "", new))


def main() -> None:
    """Edit once and tell."""
    name, megabytes = sys.argv[1:]
    case = dense(float(megabytes))
    target, new, data = case.target, case.new, case.data
    wanted = hashlib.sha256(f"{case.before}{new}{case.after}".encode()).digest()
    del case
    means = {"put": put, "tuned": tuned}[name]
    begun_s = time.process_time()
    out = means(data, target, new)
    cpu_s = time.process_time() - begun_s
    assert hashlib.sha256(out).digest() == wanted
    peak = re.search(r"VmHWM:\s+(\d+) kB", Path("/proc/self/status").read_text())
    sys.stdout.write(json.dumps({"cpu_s": cpu_s, "peak_mib": int(peak[1]) / 1024 if peak else 0}))


if __name__ == "__main__":
    main()
