"""GitLab's adapter: who it is, what trouble it names and how, and what never shows."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from gitops_bot.adapters.gitlab import GitLabForge, Token
from gitops_bot.errors import BotError, ForgeDenied, ForgeRefused, ForgeUnreachable, RateLimited, UsageError
from gitops_bot.model import CommitStatus, StatusState
from tests.adapters.scripted import Answer, in_json, scripted
from tests.support.gitlab import BareRepo, FakeGitLab

BRANCH = "gitops-bot/shop/promote"
LONG_AGO = datetime(2025, 1, 1, tzinfo=UTC)
LIST = "/merge_requests$"

Forges = Callable[..., GitLabForge]


@pytest.fixture
def fake(tmp_path: Path) -> Iterator[FakeGitLab]:
    """An instance that lies below a path of its host."""
    repo = BareRepo.create(tmp_path / "environments.git")
    repo.commit(BRANCH, {"app.yaml": "version: 2\n"}, on="main")
    with FakeGitLab(repo.path, root="/gitlab") as fake:
        yield fake


@pytest.fixture
def forges(fake: FakeGitLab) -> Iterator[Forges]:
    """Makes forges that do not sleep, and closes them."""
    made: list[GitLabForge] = []

    def make(**settings: Any) -> GitLabForge:
        defaults = {"auth": Token(fake.token), "url": fake.url, "seconds_between_writes": 0, "sleep": lambda _: None}
        made.append(GitLabForge(fake.world.path, **{**defaults, **settings}))
        return made[-1]

    yield make
    for forge in made:
        forge.disconnect()


def is_ours(forge: GitLabForge) -> bool:
    """Whether what this forge opened is its own, by its listing."""
    forge.open(branch=BRANCH, base="main", title="Promote", body="", draft=False)
    return [pull.ours for pull in forge.pull_requests(LONG_AGO)] == [True]


# Who it is


def test_a_token_is_asked_for_its_user_once(fake: FakeGitLab, forges: Forges) -> None:
    forge = forges()
    assert is_ours(forge)
    assert is_ours(forge)
    assert len(fake.asked("GET", "^/user$")) == 1


def test_a_project_tokens_bot_is_known_by_its_name_in_any_case(fake: FakeGitLab, forges: Forges) -> None:
    fake.tokens[fake.token] = "project_3_bot_ab12"
    assert is_ours(forges())
    fake.tokens[fake.token] = "Project_3_Bot_ab12"
    assert is_ours(forges())


def test_a_callable_token_is_read_for_each_request(fake: FakeGitLab, forges: Forges) -> None:
    current = ["stale"]
    forge = forges(auth=Token(lambda: f"{current[0]}\n"))
    with pytest.raises(ForgeDenied, match="not valid"):
        forge.pull_requests(LONG_AGO)
    current[0] = fake.token
    assert is_ours(forge)
    assert forge.token() == fake.token


@pytest.mark.parametrize("status", [401, 404])
def test_a_rotated_token_may_be_unknown_for_a_moment_and_only_then(
    fake: FakeGitLab, forges: Forges, status: int
) -> None:
    current = [fake.token]
    forge = forges(auth=Token(lambda: current[0]))
    assert is_ours(forge)
    fake.tokens["glpat-next"] = "gitops-bot"
    current[0] = "glpat-next"
    fake.fail_next("GET", LIST, status, times=2)
    assert len(forge.pull_requests(LONG_AGO)) == 1
    fake.fail_next("GET", LIST, status)
    with pytest.raises(ForgeDenied):
        forge.pull_requests(LONG_AGO)


def test_a_token_that_may_only_read_is_told_what_it_lacks(fake: FakeGitLab, forges: Forges) -> None:
    forge = forges(auth=Token(fake.read_token))
    assert forge.pull_requests(LONG_AGO) == ()
    with pytest.raises(ForgeDenied, match=r"requires higher privileges.*needs the scope api"):
        forge.open(branch=BRANCH, base="main", title="t", body="", draft=False)


@pytest.mark.parametrize(
    ("token", "why"),
    [
        ("glcbt-64_abc", "a CI job token may only read merge requests.*access token with the scope api"),
        ("gldt-abc", "deploy token"),
        ("glrt-abc", "runner"),
        ("glptt-abc", "trigger"),
    ],
)
def test_tokens_that_can_do_nothing_here_are_refused_before_they_are_sent(
    fake: FakeGitLab, forges: Forges, token: str, why: str
) -> None:
    with pytest.raises(ForgeDenied, match=why) as caught:
        forges(auth=Token(token)).pull_requests(LONG_AGO)
    assert token not in str(caught.value)
    assert fake.requests == []


@pytest.mark.parametrize("name", ["environments", "a//b", "a/../b", "./x", "https://gitlab.com/a/b", "a/b?y", "/a/b"])
def test_a_project_is_its_groups_and_name(name: str) -> None:
    with pytest.raises(UsageError, match="group/name"):
        GitLabForge(name, auth=Token("t"))


# Trouble

SOMEDAY = int(datetime(2026, 1, 1, 0, 10, tzinfo=UTC).timestamp())

TROUBLE: tuple[tuple[int, Any, dict[str, str], type[BotError], str], ...] = (
    (401, {"message": "401 Unauthorized"}, {}, ForgeDenied, "token is not valid.*CI job token has no such right"),
    (403, {"message": "403 Forbidden"}, {}, ForgeDenied, "403 Forbidden. The token needs the scope api and the role"),
    (403, {"error": "insufficient_scope"}, {}, ForgeDenied, "insufficient_scope"),
    (404, {"message": "404 Project Not Found"}, {}, ForgeDenied, "does not exist or the token cannot see it"),
    (403, {"message": "Slow down"}, {"Retry-After": "17"}, RateLimited, "Wait 17 s"),
    (429, b"Retry later\n", {}, RateLimited, "Wait 60 s"),
    (429, {"message": {"error": "This endpoint has been requested too many times."}}, {}, RateLimited, "too many"),
    (429, {}, {"Retry-After": "9", "RateLimit-Reset": str(SOMEDAY)}, RateLimited, "Wait 9 s"),
    (429, {}, {"RateLimit-Remaining": "0", "RateLimit-Reset": str(SOMEDAY)}, RateLimited, "Wait 600 s"),
    (429, {}, {"RateLimit-Reset": "0"}, RateLimited, "Wait 1 s"),
    (429, {}, {"Retry-After": "soon"}, RateLimited, "Wait 60 s"),
    (422, {"message": ["Bad", "Worse"]}, {}, ForgeRefused, "Bad; Worse"),
    (400, {"message": {"state": ["is missing", "is odd"]}}, {}, ForgeRefused, "state: is missing; is odd"),
    (400, {"error": "state does not have a valid value"}, {}, ForgeRefused, "valid value"),
    (405, {"message": "Non GET methods are not allowed for moved projects"}, {}, ForgeRefused, "moved projects"),
    (410, ["odd"], {}, ForgeRefused, "no explanation"),
    (301, {}, {"Location": "http://localhost:1/elsewhere"}, ForgeRefused, "answers from another address"),
    (307, {}, {"Location": "https://gitlab.invalid/"}, ForgeRefused, "answers from another address"),
    (408, {}, {}, ForgeUnreachable, "408"),
    (500, {}, {}, ForgeUnreachable, "500"),
    (503, b"<html>maintenance</html>", {"Retry-After": "60"}, ForgeUnreachable, "503"),
    (0, None, {}, ForgeUnreachable, "no answer"),
    (201, b'{"half', {}, ForgeUnreachable, "not JSON"),
    (200, b"<html>Sign in</html>", {}, ForgeUnreachable, "not JSON"),
    (201, b'{"id": 1}', {"Content-Length": "900"}, ForgeUnreachable, "no answer"),
    (201, b"junk", {"Content-Encoding": "gzip"}, ForgeUnreachable, "no answer"),
    (201, b"[" * 100_000, {}, ForgeUnreachable, "no answer"),
    (403, b"<html>proxy</html>", {}, ForgeDenied, "no explanation"),
)


@pytest.mark.parametrize(("status", "body", "headers", "error", "text"), TROUBLE)
def test_each_trouble_has_its_error_and_shows_no_token(
    fake: FakeGitLab, forges: Forges, status: int, body: Any, headers: dict[str, str], error: type[BotError], text: str
) -> None:
    fake.fail_next("POST", "/statuses/", status, body, headers)
    with pytest.raises(error, match=text) as caught:
        forges().set_status("0" * 40, CommitStatus("gitops-bot/shop", StatusState.SUCCESS, "fine"))
    assert fake.token not in f"{caught.value!s}{caught.value!r}{caught.value.__cause__!r}"
    assert len(fake.asked("POST")) == 1


@pytest.mark.parametrize("message", ["token {token} is wrong", "Bearer {token}"])
def test_a_token_that_gitlab_repeats_is_scrubbed(fake: FakeGitLab, forges: Forges, message: str) -> None:
    fake.fail_next("GET", LIST, 401, {"message": message.format(token=fake.token)})
    with pytest.raises(ForgeDenied) as caught:
        forges().pull_requests(LONG_AGO)
    assert fake.token not in str(caught.value)
    assert "***" in str(caught.value)


@pytest.mark.parametrize("token", ["", "  ", "secret\nword", "secret word", "secrét"])
def test_a_token_that_no_header_can_hold_is_refused_without_showing_it(forges: Forges, token: str) -> None:
    with pytest.raises(ForgeDenied, match="GitLab token is empty") as caught:
        forges(auth=Token(token)).pull_requests(LONG_AGO)
    assert "secr" not in str(caught.value)


def test_values_that_hold_secrets_do_not_show_them() -> None:
    assert "hidden" not in repr(Token("hidden"))


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_the_token_is_never_carried_elsewhere(fake: FakeGitLab, forges: Forges, status: int) -> None:
    with scripted() as elsewhere:
        elsewhere.answers.append(in_json([]))
        fake.fail_next("GET", LIST, status, {}, {"Location": f"{elsewhere.url}/api/v4/projects/3/merge_requests"})
        with pytest.raises(ForgeRefused, match="another address"):
            forges().pull_requests(LONG_AGO)
        assert elsewhere.asked == []


def test_the_token_stands_in_its_header_alone(fake: FakeGitLab, forges: Forges) -> None:
    assert is_ours(forges())
    for one in fake.requests:
        named = {name for name, value in one.headers.items() if fake.token in value}
        assert named == {"authorization"}
        assert fake.token not in f"{one.path}{one.query}{one.body}"


def test_another_machines_credentials_do_not_go_along(
    fake: FakeGitLab, forges: Forges, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "netrc").write_text("machine 127.0.0.1 login someone password else\n")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    monkeypatch.setenv("CI_JOB_TOKEN", "job")
    assert is_ours(forges())


# Patience


def test_reading_is_repeated_with_growing_pauses(fake: FakeGitLab, forges: Forges) -> None:
    pauses: list[float] = []
    fake.fail_next("GET", LIST, 502, times=2)
    fake.fail_next("GET", LIST, 0)
    assert forges(sleep=pauses.append).pull_requests(LONG_AGO) == ()
    assert pauses == [1, 2, 4]


def test_reading_is_given_up_in_the_end(fake: FakeGitLab, forges: Forges) -> None:
    fake.fail_next("GET", LIST, 502, times=9)
    with pytest.raises(ForgeUnreachable):
        forges().pull_requests(LONG_AGO)
    assert len(fake.asked("GET", LIST)) == 4


def test_a_server_that_is_silent_is_given_up(fake: FakeGitLab, forges: Forges) -> None:
    fake.fail_next("POST", "/statuses/", -1)
    with pytest.raises(ForgeUnreachable, match="no answer"):
        forges(timeout_s=0.1).set_status("0" * 40, CommitStatus("gitops-bot/shop", StatusState.SUCCESS, "fine"))


def test_a_server_that_drips_is_given_up() -> None:
    with scripted() as server, GitLabForge("a/b", auth=Token("secret"), url=server.url, timeout_s=0.2) as forge:
        server.answers.append(Answer("x" * 10_000, status=201, drips=True))
        with pytest.raises(ForgeUnreachable, match="does not end"):
            forge.set_status("0" * 40, CommitStatus("gitops-bot/shop", StatusState.SUCCESS, "fine"))


def test_an_endless_answer_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gitops_bot.adapters.gitlab.connection.MAX_BYTES", 1000)
    with scripted() as server, GitLabForge("a/b", auth=Token("secret"), url=server.url) as forge:
        server.answers.append(Answer("x" * 10_000, status=201))
        with pytest.raises(ForgeUnreachable, match="it is larger than"):
            forge.set_status("0" * 40, CommitStatus("gitops-bot/shop", StatusState.SUCCESS, "fine"))


def test_a_rate_limit_is_not_waited_for(fake: FakeGitLab, forges: Forges) -> None:
    pauses: list[float] = []
    fake.fail_next("GET", LIST, 429)
    with pytest.raises(RateLimited):
        forges(sleep=pauses.append).pull_requests(LONG_AGO)
    assert pauses == []


def test_a_rate_limit_ends_decorating_too(fake: FakeGitLab, forges: Forges) -> None:
    forge = forges()
    assert is_ours(forge)
    fake.fail_next("PUT", r"/merge_requests/1$", 429)
    with pytest.raises(RateLimited):
        forge.decorate(1, labels=["held"], reviewers=[])


def test_writes_keep_apart(fake: FakeGitLab, forges: Forges) -> None:
    pauses: list[float] = []
    forge = forges(sleep=pauses.append, seconds_between_writes=100)
    assert is_ours(forge)
    assert pauses == []
    forge.update(1, body="x")
    forge.close(1)
    assert [round(pause, -1) for pause in pauses] == [100, 200]


def test_a_server_that_is_away_is_unreachable() -> None:
    forge = GitLabForge("acme/x", auth=Token("secret"), url="http://127.0.0.1:1", sleep=lambda _: None)
    with forge, pytest.raises(ForgeUnreachable):
        forge.pull_requests(LONG_AGO)


def test_a_ca_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    absent = str(tmp_path / "absent.pem")
    forge = GitLabForge("a/b", auth=Token("secret"), url="https://127.0.0.1:1", ca_file=absent, sleep=lambda _: None)
    with forge, pytest.raises(ForgeUnreachable, match=r"absent\.pem"):
        forge.pull_requests(LONG_AGO)


def test_every_request_names_the_bot(fake: FakeGitLab, forges: Forges) -> None:
    assert is_ours(forges())
    assert {one.headers["user-agent"] for one in fake.requests} == {"gitops-bot"}
