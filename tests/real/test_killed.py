"""The bot as processes: killed at any moment, and two at once, on one repository of the local forge."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.support.environment import ALICE, CANARY, ROUTE, STABLE, Environment, config, policy, record, tree

pytestmark = pytest.mark.real
NOW = datetime.now(UTC)
START, LATER = NOW - timedelta(minutes=30), NOW - timedelta(minutes=20)
PROMOTE = "gitops-bot/shop/promote"

_GIT = """\
#!/bin/sh
n=$(($(cat "$CALLS" 2>/dev/null || echo 0) + 1)); echo $n >"$CALLS"
[ "$n" = "$KILL_AT" ] || exec {git} "$@"
[ "$AFTER" ] && {git} "$@"
kill -9 "$BOT"; exit 1
"""
_BOT = """\
import os
os.environ["BOT"] = str(os.getpid())
from gitops_bot.cli import main
main()
"""
STORIES = ("open", "open and merge", "rewrite", "roll back", "close")


class Place:
    """A repository, a configuration, and a git that kills who calls it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        (folder / "bin").mkdir(parents=True)
        wrapper = folder / "bin" / "git"
        wrapper.write_text(_GIT.format(git=shutil.which("git")))
        wrapper.chmod(0o755)
        self.environment = Environment(folder / "environments.git")
        self.config = config(folder)

    def begin(self, story: str) -> None:
        """Everything up to the run that is killed."""
        merge = "auto" if story == "open and merge" else "never"
        written = policy(pullRequest={"merge": merge}, rollback={"merge": "auto"})
        weight = 5 if story == "roll back" else 0
        self.environment.commit({"policies/shop.yaml": written, **tree(weight=weight)}, at=START)
        record(self.folder, [0.0] * 90, since=START)
        if story in ("rewrite", "roll back", "close"):
            assert self.run() == 0
        if story == "rewrite":
            self.environment.replace(CANARY, '"2.0.0"', '"2.0.1"', at=LATER)
        elif story == "close":
            self.environment.replace(STABLE, '"1.0.0"', '"2.0.0"', at=LATER)
        elif story == "roll back":
            record(self.folder, [0.5] * 90, since=START)

    def start(self, file: Path | None = None, *, kill_at: int = 0, after: bool = False) -> subprocess.Popen[bytes]:
        """A bot."""
        (self.folder / "calls").unlink(missing_ok=True)
        env = {key: value for key, value in os.environ.items() if not key.startswith(("GIT_", "GITOPS_BOT_"))}
        env |= {"CALLS": str(self.folder / "calls"), "KILL_AT": str(kill_at), "AFTER": "yes" if after else ""}
        env |= {"PATH": f"{self.folder / 'bin'}{os.pathsep}{env['PATH']}", "PYTHONPATH": str(Path(__file__).parents[2])}
        command = [sys.executable, "-c", _BOT, "run", "--once", "-c", str(file or self.config)]
        return subprocess.Popen(command, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def run(self, *, kill_at: int = 0, after: bool = False) -> int:
        """A bot to its end; its exit code."""
        return self.start(kill_at=kill_at, after=after).wait()

    def calls(self) -> int:
        """How often git was called by the last bot."""
        return int((self.folder / "calls").read_text())

    def seen(self) -> object:
        """What people see, without figures and times."""
        pulls = [
            (one["number"], one["branch"], one["state"], one["title"], one["labels"], *map(_said, one["comments"]))
            for one in self.environment.pulls()
        ]
        standing = [one["branch"] for one in self.environment.pulls() if one["state"] == "open"]
        files = [self.environment.read(file, name) for name in standing for file in (STABLE, CANARY, ROUTE)]
        return pulls, self.environment.values(), files, len(self.environment.subjects())


def _said(comment: dict[str, str]) -> str:
    return re.sub(r"\d+", "n", comment["text"].partition("<!--")[0])


@pytest.mark.parametrize("story", STORIES)
def test_a_bot_that_is_killed_anywhere_is_carried_on_by_the_next(story: str, tmp_path: Path) -> None:
    smooth = Place(tmp_path / "smooth")
    smooth.begin(story)
    assert smooth.run() == 0
    calls = smooth.calls()
    assert smooth.run() == 0
    for kill_at in range(2, calls + 1, 5):
        for after in (False, True):
            place = Place(tmp_path / f"{kill_at}-{after}")
            place.begin(story)
            place.run(kill_at=kill_at, after=after)
            assert [place.run(), place.run()] == [0, 0]
            assert place.seen() == smooth.seen(), f"killed at call {kill_at} of {calls}, after it: {after}"


@pytest.mark.parametrize("shared", [True, False], ids=["one cache", "two caches"])
@pytest.mark.parametrize("merge", ["never", "auto"])
def test_two_bots_at_once_double_and_lose_nothing(merge: str, shared: bool, tmp_path: Path) -> None:
    for number in range(3):
        place = Place(tmp_path / str(number))
        written = policy(pullRequest={"merge": merge})
        place.environment.commit({"policies/shop.yaml": written, **tree()}, at=START, message="Begin")
        record(place.folder, [0.0] * 90, since=START)
        other = place.folder / "other.yaml"
        document = json.loads(place.config.read_text())
        document["spec"]["cache"] += "" if shared else "-of-another"
        other.write_text(json.dumps(document))
        human = ""
        for turn in range(3):
            bots = [place.start(), place.start(other)]
            if turn == 1 and merge == "never":
                human = place.environment.commit({"NOTE": "mine\n"}, branch=PROMOTE, who=ALICE)
            assert {bot.wait() for bot in bots} <= {0, 42, 53}  # 42, 53: the other one was first
        pulls = place.environment.pulls()
        assert len(pulls) == 1
        said = [one["text"] for one in pulls[0]["comments"]]
        assert len(said) == len({*said})
        subjects = place.environment.subjects()
        assert len(subjects) == len({*subjects})
        if human:
            assert place.environment.heads()[PROMOTE] == human
