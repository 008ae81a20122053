"""Each forge with what people do on it: one face for the contract suite."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Protocol

from gitops_bot.adapters import gitlab
from gitops_bot.adapters.git.runner import Git
from gitops_bot.adapters.github import GitHubForge, Token
from gitops_bot.adapters.gitlab import GitLabForge
from gitops_bot.adapters.local import LocalForge
from gitops_bot.ports import Forge
from tests.support.github import BareRepo, FakeGitHub
from tests.support.gitlab import FakeGitLab

BOT = "gitops-bot <gitops-bot@example.com>"
ALICE = "Alice <alice@example.com>"


@dataclass
class Clock:
    """Moves a second whenever it is looked at."""

    at: datetime = datetime(2026, 1, 5, 9, tzinfo=UTC)

    def now(self) -> datetime:
        """Later than before."""
        self.at += timedelta(seconds=1)
        return self.at


class World(Protocol):
    """A forge over a bare repository, and people."""

    repo: BareRepo

    def forge(self) -> Forge:
        """A new adapter instance: what a restart leaves."""
        ...

    def person_opens(self, branch: str) -> int:
        """A person's pull request; its number."""
        ...

    def person_closes(self, number: int) -> None:
        """A person closes it."""
        ...

    def person_says(self, number: int, text: str) -> None:
        """A person comments, word for word."""
        ...

    def fork_opens(self, branch: str) -> None:
        """Somebody opens one from a fork's branch of that name, where there are forks."""
        ...

    def comments(self, number: int) -> list[str]:
        """What was said on it."""
        ...

    def statuses(self, commit: str) -> Mapping[str, tuple[str, str]]:
        """Context → state and description, as they count now."""
        ...

    def reviewers(self, number: int) -> list[str]:
        """Who was asked."""
        ...


class LocalWorld:
    """The local forge; people use it under their own name."""

    def __init__(self, path: Path) -> None:
        self.repo = BareRepo.create(path)
        self.clock = Clock()

    def forge(self, who: str = BOT) -> LocalForge:
        return LocalForge(self.repo.path, Git(self.repo.path), self.clock, who=who)

    def person_opens(self, branch: str) -> int:
        forge = self.forge(ALICE)
        return forge.open(branch=branch, base="main", title="By hand", body="", draft=False).number

    def person_closes(self, number: int) -> None:
        self.forge(ALICE).close(number)

    def person_says(self, number: int, text: str) -> None:
        self.forge(ALICE).say(number, text)

    def fork_opens(self, branch: str) -> None:
        """There are no forks here."""

    def comments(self, number: int) -> list[str]:
        (record,) = [one for one in self.forge().everything() if one.number == number]
        return [one["text"] for one in record.comments]

    def statuses(self, commit: str) -> Mapping[str, tuple[str, str]]:
        said = self.forge().statuses(commit)
        return {context: (one["state"], one["description"]) for context, one in said.items()}

    def reviewers(self, number: int) -> list[str]:
        (record,) = [one for one in self.forge().everything() if one.number == number]
        return list(record.reviewers)


class GitHubWorld:
    """GitHub's adapter on the stateful fake."""

    def __init__(self, repo: BareRepo, fake: FakeGitHub) -> None:
        self.repo, self.fake = repo, fake
        self.made: list[GitHubForge] = []

    def forge(self) -> GitHubForge:
        forge = GitHubForge(
            self.fake.repository,
            auth=Token(self.fake.token),
            api_url=self.fake.api_url,
            seconds_between_writes=0,
            sleep=lambda _: None,
        )
        self.made.append(forge)
        return forge

    def person_opens(self, branch: str) -> int:
        return self.fake.people_open(branch)

    def person_closes(self, number: int) -> None:
        self.fake.people_close(number)

    def person_says(self, number: int, text: str) -> None:
        self.fake.people_say(number, text)

    def fork_opens(self, branch: str) -> None:
        self.fake.fork_open(branch, owner="mallory")

    def comments(self, number: int) -> list[str]:
        return [remark.body for remark in self.fake.pull(number).comments]

    def statuses(self, commit: str) -> Mapping[str, tuple[str, str]]:
        return {one.context: (one.state, one.description) for one in self.fake.world.statuses.get(commit, [])}

    def reviewers(self, number: int) -> list[str]:
        return self.fake.pull(number).reviewers


class GitLabWorld:
    """GitLab's adapter on the stateful fake."""

    def __init__(self, repo: BareRepo, fake: FakeGitLab) -> None:
        self.repo, self.fake = repo, fake
        self.made: list[GitLabForge] = []

    def forge(self) -> GitLabForge:
        forge = GitLabForge(
            self.fake.world.path,
            auth=gitlab.Token(self.fake.token),
            url=self.fake.url,
            seconds_between_writes=0,
            sleep=lambda _: None,
        )
        self.made.append(forge)
        return forge

    def person_opens(self, branch: str) -> int:
        return self.fake.people_open(branch)

    def person_closes(self, number: int) -> None:
        self.fake.people_close(number)

    def person_says(self, number: int, text: str) -> None:
        self.fake.people_say(number, text)

    def fork_opens(self, branch: str) -> None:
        self.fake.fork_open(branch, owner="mallory")

    def comments(self, number: int) -> list[str]:
        return [note.body for note in self.fake.request(number).notes]

    def statuses(self, commit: str) -> Mapping[str, tuple[str, str]]:
        states = {"failed": "failure"}
        known = self.fake.world.statuses.get(commit, [])
        return {one.name: (states.get(one.state, one.state), one.description) for one in known}

    def reviewers(self, number: int) -> list[str]:
        return self.fake.request(number).reviewers


@contextmanager
def opened(kind: str, folder: Path) -> Iterator[World]:
    """A world of the kind `local`, `github` or `gitlab`."""
    if kind == "local":
        yield LocalWorld(folder / "environments.git")
        return
    repo = BareRepo.create(folder / "environments.git")
    world: GitHubWorld | GitLabWorld
    if kind == "gitlab":
        with FakeGitLab(repo.path) as gitlab_fake:
            world = GitLabWorld(repo, gitlab_fake)
            yield world
    else:
        with FakeGitHub(repo.path) as fake:
            world = GitHubWorld(repo, fake)
            yield world
    for forge in world.made:
        forge.disconnect()
