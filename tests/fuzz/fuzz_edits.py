"""The fuzzer: `python -m tests.fuzz.fuzz_edits -max_total_time=20`, with any option of libFuzzer.

It begins with `corpus` and the tests' snippets; what it finds on the way stays in a temporary folder, an input that
breaks something is written to `build/`.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

CORPUS = Path(__file__).parent / "corpus"
BUILD = Path(__file__).parents[2] / "build"
LONGEST = 4096
"""Bytes of an input."""


def seeds(folder: Path) -> None:
    """The snippets of the tests as inputs."""
    from tests.edits.snippets import SNIPPETS

    for number, one in enumerate(SNIPPETS):
        if len(one.before) < LONGEST:
            head = f"yaml {one.path}\n{one.new}\n".encode()
            (folder / f"snippet-{number}").write_bytes(head + one.before)


def main() -> None:
    """Fuzz until an option of libFuzzer ends it."""
    try:
        import atheris  # type: ignore[import-untyped]
    except ImportError:
        sys.stderr.write("nothing is fuzzed: atheris is there for Linux on x86-64 and Python before 3.13 alone\n")
        return
    with atheris.instrument_imports(include=["gitops_bot"]):
        from tests.fuzz.target import one_input
    BUILD.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="fuzz-edits-") as name:
        seeds(Path(name))
        options = [f"-max_len={LONGEST}", "-timeout=10", f"-artifact_prefix={BUILD}/", *sys.argv[1:]]
        atheris.Setup([sys.argv[0], *options, name, str(CORPUS)], lambda data: one_input(data) and None)
        atheris.Fuzz()


if __name__ == "__main__":
    main()
