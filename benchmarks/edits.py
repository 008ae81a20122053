"""Edits by this engine and by others, on the same files in the same run: `python -m benchmarks.edits [--write]`.

Absolute times of a busy machine move threefold, ratios do not: all means take turns, the order alternates from round to
round, what counts is the CPU time of the process and its children, and goals are held against the median
of the rounds' ratios. Ends with 1 where a goal is missed.
"""

from __future__ import annotations

import argparse
import gc
import json
import platform
import re
import statistics
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from resource import RUSAGE_CHILDREN, getrusage
from typing import Any

import yaml

from benchmarks import corpus, rivals
from benchmarks.case import Case, dense
from benchmarks.page import PAGE, write
from gitops_bot import edits
from gitops_bot.edits.locate import locate
from gitops_bot.edits.path import Path as Keys
from gitops_bot.edits.source import Source
from gitops_bot.edits.splice import splice
from gitops_bot.edits.utf8 import MAX_BYTES
from gitops_bot.errors import EditError
from tests.edits.trees import Files
from tests.support.servers import tools
from tests.support.servers.cache import Unavailable

ROUNDS = 15
TURNS_OF_PROGRAMS = 3
"""Programs take part in so many rounds: nothing is held against them, and starting them is most of their time."""

Run = Callable[[], bytes]
Means = Callable[[Case], Run]
"""Everything up to the edit itself happens before the clock runs."""

PUT, ENGINE = "gitops-bot: a whole edit, with its checks", "gitops-bot: locate, splice, verify"
TUNED, DEFAULT = "ruamel.yaml round trip, tuned", "ruamel.yaml round trip, default"
YQ, KUSTOMIZE = "yq -i", "kustomize edit set image"


def put(case: Case) -> Run:
    """What a policy and the command line do."""
    target, tree, data = case.target, Files({case.file: case.data}), case.data

    def run() -> bytes:
        changes = edits.put(target, case.new, tree)
        return changes[0].after or b"" if changes else data

    return run


def engine(case: Case) -> Run:
    """The engine alone: the file's bytes in, the new bytes out, proven by parsing both."""
    target, data = case.target.yaml, case.data
    assert target is not None

    def run() -> bytes:
        source = Source.decode(case.file, data)
        return splice(source, locate(source, Keys.parse(target.path), target.where), case.new).encode()

    return run


def by(tool: Callable[[Case], bytes]) -> Means:
    """A rival."""
    return lambda case: lambda: tool(case)


MEANS: Mapping[str, Means] = {
    ENGINE: engine,
    PUT: put,
    TUNED: by(rivals.ruamel_tuned),
    DEFAULT: by(rivals.ruamel_default),
    YQ: by(rivals.yq),
    KUSTOMIZE: by(rivals.kustomize),
}
PROGRAMS = (YQ, KUSTOMIZE)


# ---------------------------------------------------------------- measuring


@dataclass
class Score:
    """What one means did with one set of files."""

    times: dict[int, list[float]] = field(default_factory=dict)
    """CPU seconds by file, one a round."""
    rounds: list[float] = field(default_factory=list)
    """CPU seconds of whole rounds."""
    exact: int = 0
    failed: int = 0
    lost: int = 0
    """Comments that are gone."""

    def quantile(self, share: float) -> float:
        """Milliseconds: of each file the median of its rounds, of those the quantile."""
        each = sorted(statistics.median(times) for times in self.times.values())
        return 1000 * each[min(len(each) - 1, int(share * len(each)))] if each else 0


def measured(cases: Sequence[Case], names: Sequence[str], rounds: int) -> dict[str, Score]:
    """All means over all files, taking turns."""
    scores = {name: Score() for name in names}
    for turn in range(rounds):
        taking = [name for name in names if name not in PROGRAMS or turn < TURNS_OF_PROGRAMS]
        for name in taking if turn % 2 else reversed(taking):
            take_turn(scores[name], MEANS[name], cases, judging=not turn)
    return scores


def take_turn(score: Score, means: Means, cases: Sequence[Case], *, judging: bool) -> None:
    """One means over all files."""
    spent_s = 0.0
    forget()
    gc.collect()
    for number, case in enumerate(cases):
        run = means(case)
        cpu_s, out = timed(run)
        spent_s += cpu_s
        score.times.setdefault(number, []).append(cpu_s)
        if judging:
            judge(score, case, out)
    score.rounds.append(spent_s)


def forget() -> None:
    """Push out what the engine remembers of the files that it read last, by a file of one long comment."""
    case = Case("f.yaml", "a", f"#{' ' * (MAX_BYTES // 3)}\n", "", "", "")
    with suppress(EditError):
        edits.get(case.target, Files({case.file: case.data}))


def timed(run: Run) -> tuple[float, bytes | None]:
    """CPU seconds of this process and its children, and what came out; None for a failure."""
    begun = _cpu_s()
    try:
        out: bytes | None = run()
    except Unavailable:
        raise
    except Exception:  # noqa: BLE001 - rivals fail in ways of their own
        out = None
    return _cpu_s() - begun, out


def _cpu_s() -> float:
    children = getrusage(RUSAGE_CHILDREN)
    return time.process_time() + children.ru_utime + children.ru_stime


def judge(score: Score, case: Case, out: bytes | None) -> None:
    """Whether the text around the value is untouched and the value is the new one; which comments are gone."""
    if out is None:
        score.failed += 1
        return
    text = out.decode()
    literal = text[len(case.before) : len(text) - len(case.after)]
    kept = text.startswith(case.before) and text.endswith(case.after)
    tight = literal == literal.strip() or not case.old
    score.exact += kept and tight and _reads(literal) in (case.new, str(case.new))
    score.lost += sum((_comments(case.before + case.after) - _comments(text)).values())


def _reads(literal: str) -> Any:
    try:
        return yaml.safe_load(literal)
    except yaml.YAMLError:
        return None


def _comments(text: str) -> Counter[str]:
    return Counter(found.rstrip() for found in re.findall(r"(?:^|[ \t])(#[^\r\n]*)", text, re.MULTILINE))


def ratio(one: Score, other: Score) -> float:
    """The median of the rounds' ratios."""
    return statistics.median(a / b for a, b in zip(one.rounds, other.rounds, strict=False))


# ---------------------------------------------------------------- large files, each in a process of its own

_LAUNCHER = """\
import os, sys
pid = os.posix_spawn(sys.argv[1], sys.argv[1:], os.environ)
_, _, used = os.wait4(pid, 0)
print(used.ru_utime + used.ru_stime, used.ru_maxrss / 1024)
"""


_ALONE = {PUT: "put", TUNED: "tuned"}


def alone(name: str, megabytes: float) -> tuple[float, float]:
    """CPU seconds and peak MiB of one edit of a dense file in a fresh process; its start is not counted."""
    if name == YQ:
        case = dense(megabytes)
        with rivals.file_of(case) as path:
            command = [str(tools.find(tools.YQ)), "-i", rivals.yq_expression(case), str(path)]
            out = _printed([sys.executable, "-IS", "-c", _LAUNCHER, *command])
        cpu_s, peak = map(float, out.split())
        return cpu_s, peak
    out = _printed([sys.executable, "-m", "benchmarks.alone", _ALONE[name], str(megabytes)])
    found: dict[str, float] = json.loads(out)
    return found["cpu_s"], found["peak_mib"]


def _printed(command: Sequence[str]) -> str:
    return subprocess.run(command, cwd=PAGE.parents[1], capture_output=True, text=True, check=True).stdout


# ---------------------------------------------------------------- the report


@dataclass(frozen=True)
class Goal:
    """What is promised, and what was found."""

    what: str
    limit: str
    found: str
    met: bool


def table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table in Markdown."""
    lines = [header, ["---", *["--:"] * (len(header) - 1)], *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines) + "\n"


def rows(cases: Sequence[Case], scores: Mapping[str, Score]) -> str:
    """One set of files."""
    megabytes = sum(len(case.data) for case in cases) / 1_000_000
    header = ("means", "byte-exact", "failed", "comments lost", "p50 ms", "p95 ms", "s/MB", "CPU against tuned ruamel")
    return table(
        header,
        (
            (
                name,
                f"{score.exact} of {len(cases)} ({100 * score.exact / len(cases):.1f} %)",
                str(score.failed),
                str(score.lost),
                f"{score.quantile(0.5):.2f}",
                f"{score.quantile(0.95):.2f}",
                f"{statistics.median(score.rounds) / megabytes:.3f}",
                "1" if name == TUNED else f"1/{1 / ratio(score, scores[TUNED]):.1f}",
            )
            for name, score in scores.items()
        ),
    )


def small_goals(cases: Sequence[Case], scores: Mapping[str, Score], stable: Score) -> list[Goal]:
    """The engine's goals on small files and kustomizations."""
    own = scores[PUT]
    share = ratio(own, scores[TUNED])
    return [
        Goal("byte-exact on the corpus", "100 %", f"{own.exact} of {len(cases)}", own.exact == len(cases)),
        Goal("byte-exact kustomizations", "all", f"{stable.exact}", stable.exact == corpus.KUSTOMIZATIONS),
        Goal("comments lost", "0", str(own.lost + stable.lost), not own.lost + stable.lost),
        Goal(
            "p50 of a small file with verification",
            "≤ 0.2 ms",
            f"{scores[ENGINE].quantile(0.5):.2f} ms ({own.quantile(0.5):.2f} ms with every check)",
            scores[ENGINE].quantile(0.5) <= 0.2,
        ),
        Goal("CPU against tuned ruamel, small files", "≤ 1/8", f"1/{1 / share:.1f}", share <= 1 / 8),
    ]


def large(rounds: int) -> tuple[str, list[Goal]]:
    """The dense files: one process an edit, taking turns."""
    names = (PUT, YQ, TUNED)
    found: dict[str, list[tuple[float, float]]] = {name: [] for name in names}
    for turn in range(rounds):
        for name in names if turn % 2 else reversed(names):
            found[name].append(alone(name, 1))
    share = statistics.median(a[0] / b[0] for a, b in zip(found[PUT], found[TUNED], strict=True))
    five = {name: [alone(name, 5) for _ in range(min(rounds, 5))] for name in (PUT, YQ)}
    cpu_s, peak = _typical(five[PUT])
    page = table(
        ("means", "1 MB dense: CPU s", "peak MiB", "5 MB dense: CPU s", "peak MiB"),
        ([name, *_figures(found[name]), *_figures(five.get(name, []))] for name in names),
    )
    goals = [
        Goal("CPU against tuned ruamel, 1 MB dense", "≤ 1/15", f"1/{1 / share:.1f}", share <= 1 / 15),
        Goal("5 MB dense, CPU", "≤ 2 s", f"{cpu_s:.2f} s", cpu_s <= 2),
        Goal("5 MB dense, peak memory", "≤ 100 MiB", f"{peak:.0f} MiB", peak <= 100),
    ]
    return page, goals


def _typical(figures: Sequence[tuple[float, float]]) -> tuple[float, float]:
    return statistics.median(one[0] for one in figures), max(one[1] for one in figures)


def _figures(figures: Sequence[tuple[float, float]]) -> tuple[str, str]:
    if not figures:
        return "–", "–"
    cpu_s, peak = _typical(figures)
    return f"{cpu_s:.2f}", f"{peak:.0f}"


def report(rounds: int, *, with_large: bool) -> tuple[str, list[Goal]]:
    """The whole section."""
    small, stable = corpus.small(), corpus.kustomizations()
    scores = measured(small, [PUT, ENGINE, TUNED, DEFAULT, YQ], rounds)
    kustomizations = measured(stable, [PUT, ENGINE, TUNED, DEFAULT, YQ, KUSTOMIZE], rounds)
    goals = small_goals(small, scores, kustomizations[PUT])
    kilobytes = sum(len(case.data) for case in small) / len(small) / 1000
    parts = [
        "Written by `make bench`; the method is described in `benchmarks/edits.py`. Times are CPU times of this\n"
        "machine, and only their ratios travel. Programs are counted with their start.\n",
        f"Python {platform.python_version()}, {rounds} rounds; kustomize {tools.KUSTOMIZE.version}, yq "
        f"{tools.YQ.version}.\n",
        f"### One value of each of {len(small)} small files ({kilobytes:.1f} kB on average)\n",
        "They are the tests' corpus: each holds several of the things that go wrong, in every layout. Everyday files\n"
        "are kinder, as the kustomizations below are.\n",
        rows(small, scores),
        f"### The tag of an image in {len(stable)} kustomizations\n",
        rows(stable, kustomizations),
    ]
    if with_large:
        page, more = large(rounds)
        parts += ["### Large files\n", page]
        goals += more
    shown = ((one.what, one.limit, one.found, "PASS" if one.met else "**FAIL**") for one in goals)
    parts += ["### Goals of the edits\n", table(("goal", "limit", "found", ""), shown)]
    return "\n".join(parts), goals


def say(text: str) -> None:
    """One line on standard output."""
    sys.stdout.write(f"{text}\n")


def main() -> None:
    """Measure and report."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--rounds", type=int, default=ROUNDS)
    options.add_argument("--no-large", action="store_true", help="leave the large files out: they take minutes")
    options.add_argument("--write", action="store_true", help=f"write {PAGE.name} as well")
    chosen = options.parse_args()
    page, goals = report(chosen.rounds, with_large=not chosen.no_large)
    say(page)
    if chosen.write:
        write("Edits", page)
    sys.exit(not all(goal.met for goal in goals))


if __name__ == "__main__":
    main()
