"""One `git push` of many branches, each compared and swapped, and what became of each."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from gitops_bot.adapters.git.runner import Git, Result
from gitops_bot.errors import RepositoryDenied
from gitops_bot.ports import Pushed

REFS_AT_ONCE = 100
_SPLITS = 20
"""Further pushes per chunk to find the branches a server declines, when it declines all for the sake of one."""


@dataclass(frozen=True, slots=True)
class Target:
    """What a branch should be."""

    branch: str
    expected: str
    """What it must be now; empty: it must not exist."""
    oid: str
    """Empty deletes it."""

    @property
    def ref(self) -> str:
        """The full name of the branch."""
        return f"refs/heads/{self.branch}"

    def pushed(self) -> Pushed:
        """It went through."""
        return Pushed(self.branch, self.oid)

    def rejected(self, reason: str) -> Pushed:
        """It did not."""
        return Pushed(self.branch, "", reason)


@dataclass(frozen=True, slots=True)
class _Refusal:
    reason: str
    by_server: bool


def push(remote: Git, targets: Sequence[Target], at_once: int = REFS_AT_ONCE) -> list[Pushed]:
    """What became of each, in the same order. Errors: RepositoryUnreachable, RepositoryDenied."""
    done: dict[str, Pushed] = {}
    for start in range(0, len(targets), at_once):
        done |= _push_chunk(remote, targets[start : start + at_once])
    return [done[target.branch] for target in targets]


def heads(remote: Git, *patterns: str) -> dict[str, str]:
    """The remote's branches that match, by name without refs/heads/. Errors: as the remote's."""
    # --heads lets the server leave out tags and pull requests, the patterns alone do not.
    lines = remote("ls-remote", "--quiet", "--heads", "--end-of-options", "origin", *patterns).decode().splitlines()
    refs = (line.partition("\t") for line in lines)
    return {ref.removeprefix("refs/heads/"): oid for oid, _, ref in refs}


def _push_chunk(remote: Git, chunk: Sequence[Target]) -> dict[str, Pushed]:
    """Push; where a server declined everything (a pre-receive hook judges the push as a whole), halve and try again."""
    done: dict[str, Pushed] = {}
    waiting = deque([chunk])
    splits = _SPLITS
    while waiting:
        part = waiting.popleft()
        results, all_declined = _push_once(remote, part)
        if all_declined and len(part) > 1 and splits > 0:
            splits -= 2
            waiting.extend([part[: len(part) // 2], part[len(part) // 2 :]])
        else:
            done |= results
    return done


def _push_once(remote: Git, part: Sequence[Target]) -> tuple[dict[str, Pushed], bool]:
    """What became of each, and whether the server declined all that reached it."""
    result = remote.run(
        "push",
        "--porcelain",
        "--no-verify",
        "--thin",
        "--no-follow-tags",
        "--recurse-submodules=no",
        *(f"--force-with-lease={target.ref}:{target.expected}" for target in part),
        "--end-of-options",
        "origin",
        *(f"{target.oid}:{target.ref}" for target in part),
    )
    if result.status == 0:
        return {target.branch: target.pushed() for target in part}, False
    # What git printed about the others is not proof: a failed upload can still say "Everything up-to-date".
    now = heads(remote, *(target.ref for target in part))
    missed = [target for target in part if now.get(target.branch, "") != target.oid]
    refused = dict(_refusals(result))
    error = remote.failure("push", result)
    if missed and (not refused or isinstance(error, RepositoryDenied)):
        raise error
    results = {target.branch: target.pushed() for target in part}
    for target in missed:
        refusal = refused.get(target.ref, _Refusal("the push did not go through", by_server=False))
        results[target.branch] = target.rejected(refusal.reason)
    reached = [target for target in part if not _stopped_here(refused.get(target.ref))]
    return results, bool(reached) and all(target in missed for target in reached)


def _stopped_here(refusal: _Refusal | None) -> bool:
    return refusal is not None and not refusal.by_server


def _refusals(result: Result) -> Iterator[tuple[str, _Refusal]]:
    """The refused refs of `git push --porcelain`: `! TAB from:to TAB [summary] (reason)`."""
    said = _server_said(result.errors)
    for line in result.output.decode("utf-8", "replace").splitlines():
        flag, _, rest = line.partition("\t")
        if flag == "!":
            refs, _, summary = rest.partition("\t")
            by_server = summary.startswith("[remote")
            reason = f"{summary}: {said}" if by_server and said else summary
            yield refs.rpartition(":")[2], _Refusal(reason, by_server)


def _server_said(errors: str) -> str:
    """The lines that the server's hooks printed, shortened."""
    lines = re.findall(r"^remote: (.*)", errors, re.MULTILINE)
    text = "; ".join(line.strip() for line in lines if line.strip())
    return re.sub(r"[\x00-\x1f\x7f-\x9f]", " ", text)[:300]
