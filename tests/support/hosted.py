"""A hosted forge over a git in memory: the real adapter, HTTP and a strict fake, fast enough for thousands of ticks.

People act on the fake itself. What the bot must never do is noticed when its request arrives.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Protocol

from gitops_bot.adapters.github import GitHubForge, Token
from gitops_bot.adapters.gitlab import GitLabForge
from gitops_bot.adapters.gitlab import Token as GitLabToken
from gitops_bot.adapters.gitlab.text import incoming
from gitops_bot.delivery import marker
from gitops_bot.model import PrState, PullRequest
from gitops_bot.ports import BranchUpdate, Pushed
from tests.support.github import FakeGitHub
from tests.support.github import rules as github
from tests.support.gitlab import FakeGitLab
from tests.support.gitlab import rules as gitlab
from tests.support.memory_git import ALICE, BASE, Files, MemoryGit, Snapshot


@dataclass(frozen=True)
class Trouble:
    """What happens to one request: its status (0: the line breaks), and whether what was asked happens first."""

    after: int
    """So many more requests go through before it."""
    status: int
    after_effect: bool = False
    body: Any = None
    headers: Mapping[str, str] | None = None


class Sent(Protocol):
    """A request as both fakes have it."""

    method: str
    path: str
    body: Any


class Killed(BaseException):
    """What nothing catches: the bot's process is no more."""


class Refs:
    """The git in memory as a fake forge reads it and merges in it."""

    def __init__(self, git: MemoryGit) -> None:
        self._git = git

    def heads(self) -> dict[str, str]:
        """Branch name → object name."""
        return dict(self._git.refs)

    def point(self, branch: str, commit: str) -> None:
        """Make the branch be that commit."""
        self._git.refs[branch] = commit

    def delete(self, branch: str) -> None:
        """Remove the branch."""
        del self._git.refs[branch]

    def holds(self, descendant: str, commit: str) -> bool:
        """Whether the commit is the descendant or one of its ancestors."""
        return self._git.contains(self._git.refs.get(descendant, descendant), self._git.refs.get(commit, commit))

    def parents(self, commit: str) -> list[str]:
        """The parents' object names."""
        return [*self._git.commits[commit].commit_.parents]

    def dated(self, commit: str) -> datetime:
        """The committer's date."""
        return self._git.commits[commit].commit_.at

    def missing(self, commit: str) -> bool:
        """Whether there is no such commit."""
        return commit not in self._git.commits

    def conflicts(self, base: str, head: str) -> bool:
        """Whether a merge of the head into the base branch would conflict."""
        return self._git.three_way(self._git.refs[base], head) is None

    def merge(self, base: str, head: str, *, method: str, message: str) -> str | None:
        """Bring a head into a base branch; the new commit, or None for a conflict."""
        tip = self._git.refs[base]
        files: Files | None = self._git.three_way(tip, head)
        if files is None:
            return None
        parents = (tip, head) if method == "merge" else (tip,)
        # The forge dates a merge by the second after the one that was.
        self._git.refs[base] = self._git.keep(parents, files, ALICE, self._git.now_ + timedelta(seconds=1), message)
        return self._git.refs[base]


class Hosted(MemoryGit):
    """A git with a forge before it. Use as a context manager."""

    fake: FakeGitHub | FakeGitLab

    def __init__(self, now: datetime, fake: FakeGitHub | FakeGitLab) -> None:
        self.fake = fake
        super().__init__(now)
        fake.world.repo = Refs(self)  # type: ignore[assignment]  # as much of it as a fake asks for
        self.noes: set[str] = set()
        self.on_merge: Callable[[Snapshot, Snapshot], None] = lambda _before, _after: None
        self.on_request: Callable[[Sent], None] = lambda _sent: None
        self.trouble: Trouble | None = None
        self.at_boundary: Callable[[int], None] = lambda _number: None
        """Told, in the bot's own thread, before and after each of its effects, with the number of boundaries so far."""
        self.boundaries = 0
        self.troubled = False
        """Some request went wrong since a test last looked."""
        self._answer = fake.answer
        fake.answer = self._asked  # type: ignore[method-assign]  # both fakes ask alike

    def __enter__(self) -> Hosted:
        self.fake.__enter__()
        return self

    def __exit__(self, *ended: Any) -> None:
        self.fake.__exit__(*ended)

    @property
    def now_(self) -> datetime:
        """The forge's clock."""
        return self.fake.world.now

    @now_.setter
    def now_(self, at: datetime) -> None:
        self.fake.world.now = at

    def now(self) -> datetime:
        """The clock's."""
        return self.now_

    def pass_time(self, length: timedelta) -> None:
        """Later."""
        self.now_ += length

    # ------------------------------------------------------------ what arrives

    def _asked(self, request: Any, *rest: Any) -> Any:
        self.on_request(request)
        self._count_down(request)
        if request.method == "GET" or (request.path == "/graphql" and request.body["query"][:8] != "mutation"):
            return self._answer(request, *rest)
        self._meanwhile()
        self.writes.append(f"{request.method} {request.path}")
        before = self.commits[self.refs[BASE]]
        self._judge(request)
        reply = self._answer(request, *rest)
        after = self.commits[self.refs[BASE]]
        if after is not before:
            self.on_merge(before, after)
        return reply

    def _count_down(self, request: Sent) -> None:
        trouble = self.trouble
        if trouble is None:
            return
        if trouble.after:
            self.trouble = Trouble(
                trouble.after - 1, trouble.status, trouble.after_effect, trouble.body, trouble.headers
            )
            return
        self.trouble, self.troubled = None, True
        self.fake.fail_next(
            request.method,
            f"^{re.escape(request.path)}$",
            trouble.status,
            trouble.body,
            trouble.headers,
            after_effect=trouble.after_effect and request.method != "GET",
        )

    def _judge(self, request: Sent) -> None:
        for new in _opened(request):
            said = marker.read(incoming(new.get("body", new.get("description", ""))))
            if said is None or said.key in self.noes:
                self.broken.append("opened again what a person closed")
        if request.method == "PUT" and request.path.endswith("/merge") and request.body["sha"] not in self.evaluated:
            self.broken.append(f"{request.path}: a head was merged that the tick did not evaluate")

    def boundary(self) -> None:
        """Between two effects."""
        self.boundaries += 1
        self.at_boundary(self.boundaries)

    def _pushed(self, update: BranchUpdate) -> Pushed:
        self.boundary()
        pushed = super()._pushed(update)
        self.boundary()
        return pushed

    # ------------------------------------------------------------ people

    @property
    def pulls(self) -> dict[int, PullRequest]:
        """What a person sees."""
        self.fake.world.sync()
        if isinstance(self.fake, FakeGitHub):
            return {number: _of_github(one) for number, one in self.fake.world.pulls.items()}
        return {number: _of_gitlab(one) for number, one in self.fake.world.requests.items()}

    def person_pushes(self, branch: str, files: Mapping[str, bytes | None], who: str = ALICE) -> None:
        """On top of a branch that is there."""
        self.commit(branch, files, who=who)

    def person_opens(self, branch: str) -> None:
        """A pull request of a person's, where the forge lets them."""
        if branch in self.refs and not self.contains(self.refs[BASE], self.refs[branch]):
            self._tried(lambda: self.fake.people_open(branch))

    def person_closes(self, pull: PullRequest) -> None:
        """A no."""
        self.fake.people_close(pull.number)
        self._no(pull)

    def person_reopens(self, pull: PullRequest) -> None:
        """The no is taken back, where the forge lets them."""
        fake = self.fake
        if isinstance(fake, FakeGitHub):
            self._tried(lambda: fake.world.edit(pull.number, state="open"))
        else:
            self._tried(lambda: fake.world.edit(pull.number, state_event="reopen"))
        now = self.pulls[pull.number]
        said = marker.read(now.body)
        if now.state is PrState.OPEN and said:
            self.noes.discard(said.key)

    def person_merges(self, pull: PullRequest) -> None:
        """By a merge commit, where the forge lets them."""
        self._tried(lambda: self.fake.people_merge(pull.number))

    def person_says(self, pull: PullRequest, text: str, author: str = "alice") -> None:
        """A comment."""
        self.fake.people_say(pull.number, text, author=author)

    def person_edits(self, number: int, text: str) -> None:
        """The newest comment becomes another."""
        shown = self.shown(number)
        newest = (shown.comments if isinstance(shown, github.Pull) else shown.notes)[-1]
        newest.body, newest.edited_at = text, newest.at + timedelta(minutes=1)

    def person_labels(self, pull: PullRequest, label: str, *, on: bool) -> None:
        """A label comes or goes."""
        shown = self.shown(pull.number)
        shown.labels = [one for one in shown.labels if one != label] + [label] * on
        shown.updated_at = self.now_ = self.now_ + timedelta(seconds=1)

    def delete(self, branch: str) -> None:
        """A person deletes a branch: its open pull request closes, without the bot's word."""
        standing = [one for one in self.pulls.values() if one.branch == branch and one.state is PrState.OPEN]
        if self.refs.pop(branch, None):
            for pull in standing:
                self._no(pull)
            self.fake.world.sync()

    def comments(self, number: int) -> list[str]:
        """What was said on one, by anyone."""
        shown = self.shown(number)
        return [one.body for one in (shown.comments if isinstance(shown, github.Pull) else shown.notes)]

    def answers(self, number: int) -> Iterator[tuple[str, list[str]]]:
        """The author of each comment, and the bot's reactions to it."""
        shown = self.shown(number)
        for one in shown.comments if isinstance(shown, github.Pull) else shown.notes:
            given = one.reactions if isinstance(one, github.Remark) else one.awards
            yield one.author, [name for who, name in given if who == "gitops-bot"]

    def status(self, commit: str) -> dict[str, str]:
        """The newest status of each name."""
        found = self.fake.world.statuses.get(commit, [])
        return {getattr(one, "context", "") or getattr(one, "name", ""): one.state for one in found}

    def shown(self, number: int) -> github.Pull | gitlab.MergeRequest:
        """As the fake has it."""
        if isinstance(self.fake, FakeGitHub):
            return self.fake.world.pull(number)
        return self.fake.world.request(number)

    def _no(self, pull: PullRequest) -> None:
        said = marker.read(pull.body)
        if pull.ours and said:
            self.noes.add(said.key)

    def _tried(self, act: Callable[[], object]) -> None:
        try:
            self.fake.world.sync()
            act()
        except (github.Refusal, gitlab.Refusal):
            pass

    # ------------------------------------------------------------ the bot

    def forge(self) -> GitHubForge | GitLabForge:
        """A new adapter instance: what a restart leaves."""
        forge = self._forge()
        ask = forge._api.ask

        def asked(verb: str, path: str, **rest: Any) -> Any:
            if verb == "GET" or rest.get("makes") == 0:
                return ask(verb, path, **rest)
            self.boundary()
            answer = ask(verb, path, **rest)
            self.boundary()
            return answer

        forge._api.ask = asked  # type: ignore[method-assign]  # one face for both
        return forge

    def _forge(self) -> GitHubForge | GitLabForge:
        if isinstance(self.fake, FakeGitHub):
            return GitHubForge(
                self.fake.repository,
                auth=Token(self.fake.token),
                api_url=self.fake.api_url,
                seconds_between_writes=0,
                sleep=lambda _: None,
                now=self.now,
            )
        return GitLabForge(
            self.fake.world.path,
            auth=GitLabToken(self.fake.token),
            url=self.fake.url,
            seconds_between_writes=0,
            sleep=lambda _: None,
            now=self.now,
        )


def _opened(request: Sent) -> Iterator[Mapping[str, Any]]:
    """What a request would open."""
    if request.method == "POST" and re.search(r"/(pulls|merge_requests)$", request.path):
        yield request.body
    if request.path == "/graphql":
        yield from (given for given in request.body["variables"].values() if isinstance(given, dict))


def on_github(now: datetime, **given: Any) -> Hosted:
    """A GitHub over a git in memory. Other tests have each kind of request judged."""
    return Hosted(now, FakeGitHub(Path("nowhere"), judged=False, **given))


def on_gitlab(now: datetime, **given: Any) -> Hosted:
    """A GitLab over a git in memory."""
    return Hosted(now, FakeGitLab(Path("nowhere"), **given))


FORGES: Mapping[str, Callable[..., Hosted]] = {"github": on_github, "gitlab": on_gitlab}


def _of_github(pull: github.Pull) -> PullRequest:
    state = PrState.MERGED if pull.merged_at else PrState(pull.state)
    return PullRequest(
        number=pull.number,
        url="",
        state=state,
        branch=pull.branch,
        base=pull.base,
        head=pull.head,
        title=pull.title,
        body=pull.body,
        ours=pull.author == "gitops-bot" and pull.fork == "",
        created_at=pull.created_at,
        updated_at=pull.updated_at,
        labels=tuple(pull.labels),
        draft=pull.draft,
        closed_at=pull.closed_at,
        merge_commit=pull.merge_commit,
    )


def _of_gitlab(one: gitlab.MergeRequest) -> PullRequest:
    return PullRequest(
        number=one.iid,
        url="",
        state={"opened": PrState.OPEN, "merged": PrState.MERGED}.get(one.state, PrState.CLOSED),
        branch=one.branch,
        base=one.base,
        head=one.head,
        title=one.title,
        body=incoming(one.body),
        ours=one.author == "gitops-bot" and one.fork == "",
        created_at=one.created_at,
        updated_at=one.updated_at,
        labels=tuple(one.labels),
        draft=one.draft,
        closed_at=one.closed_at,
        merge_commit=one.merge_commit,
    )
