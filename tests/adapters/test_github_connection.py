"""GitHub's adapter: who it is, what trouble it names and how, and what never shows."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from gitops_bot.adapters.github import App, GitHubForge, Token
from gitops_bot.errors import BotError, ForgeDenied, ForgeRefused, ForgeUnreachable, RateLimited, UsageError
from gitops_bot.model import CommitStatus, StatusState
from tests.support.github import BareRepo, FakeGitHub
from tests.support.github.keys import app_keys
from tests.support.openapi import OpenApi

BRANCH = "gitops-bot/shop/promote"
LONG_AGO = datetime(2025, 1, 1, tzinfo=UTC)

Forges = Callable[..., GitHubForge]


@pytest.fixture(scope="session")
def keys() -> tuple[str, str]:
    return app_keys()


@pytest.fixture
def fake(tmp_path: Path, keys: tuple[str, str]) -> Iterator[FakeGitHub]:
    repo = BareRepo.create(tmp_path / "environments.git")
    repo.commit(BRANCH, {"app.yaml": "version: 2\n"}, on="main")
    with FakeGitHub(repo.path, app_key=keys[1]) as fake:
        yield fake


@pytest.fixture
def forges(fake: FakeGitHub) -> Iterator[Forges]:
    """Makes forges that do not sleep, and closes them."""
    made: list[GitHubForge] = []

    def make(**settings: Any) -> GitHubForge:
        defaults = {"auth": Token(fake.token), "api_url": fake.api_url, "seconds_between_writes": 0}
        quick = {"sleep": lambda _: None, "now": lambda: fake.world.now}
        made.append(GitHubForge(fake.repository, **{**defaults, **quick, **settings}))
        return made[-1]

    yield make
    for forge in made:
        forge.disconnect()


def is_ours(forge: GitHubForge) -> bool:
    """Whether what this forge opened is its own, by its listing."""
    forge.open(branch=BRANCH, base="main", title="Promote", body="", draft=False)
    return [pull.ours for pull in forge.pull_requests(LONG_AGO)] == [True]


# Who it is


def test_a_token_is_asked_for_its_user_once(fake: FakeGitHub, forges: Forges) -> None:
    forge = forges()
    assert is_ours(forge)
    assert is_ours(forge)
    assert len(fake.asked("GET", "^/user$")) == 1


def test_a_callable_token_is_read_for_each_request(fake: FakeGitHub, forges: Forges) -> None:
    current = ["stale"]
    forge = forges(auth=Token(lambda: f"{current[0]}\n"))
    with pytest.raises(ForgeDenied, match="not valid"):
        forge.pull_requests(LONG_AGO)
    current[0] = fake.token
    assert is_ours(forge)
    assert forge.token() == fake.token


def test_an_actions_token_knows_itself_by_graphql(fake: FakeGitHub, forges: Forges) -> None:
    assert is_ours(forges(auth=Token(fake.actions_token)))


def test_an_actions_token_without_graphql_is_taken_for_one(fake: FakeGitHub, forges: Forges) -> None:
    fake.fail_next("POST", "/graphql", 403)
    assert is_ours(forges(auth=Token(fake.actions_token)))


@pytest.mark.parametrize("installation", [None, 42])
def test_an_app_acts_with_a_token_for_this_repository_alone(
    fake: FakeGitHub, forges: Forges, keys: tuple[str, str], installation: int | None
) -> None:
    forge = forges(auth=App(7, keys[0], installation))
    assert is_ours(forge)
    (minted,) = fake.asked("POST", "/access_tokens$")
    assert minted.body == {"repositories": ["environments"]}
    assert fake.tokens[forge.token()].kind == "installation"
    assert len(fake.asked("GET", "/installation$")) == (installation is None)


@pytest.mark.parametrize(
    ("state", "status", "conclusion"),
    [
        (StatusState.PENDING, "in_progress", None),
        (StatusState.SUCCESS, "completed", "success"),
        (StatusState.FAILURE, "completed", "failure"),
    ],
)
def test_an_app_reports_by_check_runs(
    fake: FakeGitHub, forges: Forges, keys: tuple[str, str], state: StatusState, status: str, conclusion: str | None
) -> None:
    forge = forges(auth=App(7, keys[0], 42), check_runs=True)
    head = fake.world.repo.heads()[BRANCH]
    forge.set_status(head, CommitStatus("gitops-bot/shop", state, "soak: 3 h left"))
    forge.set_status(head, CommitStatus("gitops-bot/shop", state, "soak: 2 h left"))
    (run,) = fake.world.runs[head]
    assert (run.name, run.conclusion, run.title) == ("gitops-bot/shop", conclusion, "soak: 2 h left")
    assert fake.asked("POST", "/check-runs$")[-1].body["status"] == status
    assert [one.state for one in forge.checks(head)] == [state]
    assert head not in fake.world.statuses


def test_a_token_that_is_no_apps_is_told_what_check_runs_need(fake: FakeGitHub, forges: Forges) -> None:
    with pytest.raises(ForgeDenied, match="authenticate via a GitHub App"):
        forges(check_runs=True).set_status("0" * 40, CommitStatus("gitops-bot/shop", StatusState.SUCCESS, "well"))


def test_an_apps_token_is_renewed_before_it_ends(fake: FakeGitHub, forges: Forges, keys: tuple[str, str]) -> None:
    forge = forges(auth=App("7", keys[0], 42))
    first = forge.token()
    assert forge.token() == first
    fake.world.now += timedelta(minutes=56)
    assert forge.token() != first


@pytest.mark.parametrize("status", [401, 404])
def test_a_fresh_apps_token_may_be_unknown_for_a_moment_and_only_then(
    fake: FakeGitHub, forges: Forges, keys: tuple[str, str], status: int
) -> None:
    forge = forges(auth=App(7, keys[0], 42))
    fake.fail_next("POST", "/pulls$", status, times=2)
    assert is_ours(forge)
    fake.fail_next("GET", "/pulls$", status)
    with pytest.raises(ForgeDenied):
        forge.pull_requests(LONG_AGO)


@pytest.mark.parametrize(
    "key", ["", "nonsense", "-----BEGIN RSA PRIVATE KEY-----\nAAAA\n-----END RSA PRIVATE KEY-----"]
)
def test_a_key_that_is_none_is_said_to_be_none(forges: Forges, key: str) -> None:
    with pytest.raises(ForgeDenied, match="private key is not a PEM key"):
        forges(auth=App(7, key, 42)).pull_requests(LONG_AGO)


def test_a_key_of_another_app_is_denied(forges: Forges) -> None:
    other = rsa.generate_private_key(public_exponent=65537, key_size=2048).private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    with pytest.raises(ForgeDenied, match="JSON web token"):
        forges(auth=App(7, other.decode(), 42)).pull_requests(LONG_AGO)


@pytest.mark.parametrize("name", ["environments", "a/b/c", "acme/../x", "https://github.com/acme/x", "acme/x?y"])
def test_a_repository_is_owner_and_name(name: str) -> None:
    with pytest.raises(UsageError, match="owner/name"):
        GitHubForge(name, auth=Token("t"))


# Trouble

SOMEDAY = int(datetime(2026, 1, 1, 0, 10, tzinfo=UTC).timestamp())
SECONDARY = {"message": "You have exceeded a secondary rate limit. Please wait a few minutes before you try again."}
ABUSE = {"message": "Validation Failed", "errors": [{"resource": "Status", "code": "abuse", "field": "base"}]}

TROUBLE: tuple[tuple[int, Any, dict[str, str], type[BotError], str], ...] = (
    (401, {"message": "Bad credentials"}, {}, ForgeDenied, r"token is not valid \(Bad credentials\)"),
    (403, {"message": "Resource not accessible"}, {}, ForgeDenied, "needs `commit statuses: write`"),
    (404, {"message": "Not Found"}, {}, ForgeDenied, "does not exist or the token cannot see it"),
    (403, {"message": "Slow down"}, {"Retry-After": "17"}, RateLimited, "Wait 17 s"),
    (403, SECONDARY, {}, RateLimited, "Wait 60 s"),
    (429, {"message": "Too many"}, {}, RateLimited, "Wait 60 s"),
    (
        403,
        {"message": "API rate limit exceeded"},
        {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": str(SOMEDAY)},
        RateLimited,
        "Wait 600 s",
    ),
    (422, ABUSE, {}, RateLimited, "Wait 60 s"),
    (
        422,
        {"message": "Validation Failed", "errors": [{"field": "sha", "code": "missing"}]},
        {},
        ForgeRefused,
        "sha: mis",
    ),
    (422, {"message": "Validation Failed", "errors": ["No good"]}, {}, ForgeRefused, "No good"),
    (422, {"message": "Validation Failed", "errors": "All bad"}, {}, ForgeRefused, "All bad"),
    (410, ["odd"], {}, ForgeRefused, "no explanation"),
    (307, {"message": "Moved Permanently"}, {}, ForgeRefused, "the repository has moved"),
    (
        301,
        None,
        {"Location": "http://localhost:1/elsewhere"},
        ForgeRefused,
        "redirected from host 127.0.0.1 to localhost",
    ),
    (500, None, {}, ForgeUnreachable, "500"),
    (503, None, {}, ForgeUnreachable, "503"),
    (0, None, {}, ForgeUnreachable, "no answer"),
    (201, b'{"half', {}, ForgeUnreachable, "no answer"),
    (403, b"<html>proxy</html>", {}, ForgeDenied, "no explanation"),
    (502, b"<html>proxy</html>", {}, ForgeUnreachable, "502"),
    (200, 9000 * b"[", {}, ForgeUnreachable, "recursion"),
    (403, 9000 * b"[", {}, ForgeDenied, "no explanation"),
)


@pytest.mark.parametrize(("status", "body", "headers", "error", "text"), TROUBLE)
def test_each_trouble_has_its_error_and_shows_no_token(
    fake: FakeGitHub, forges: Forges, status: int, body: Any, headers: dict[str, str], error: type[BotError], text: str
) -> None:
    fake.fail_next("POST", "/statuses/", status, body, headers)
    with pytest.raises(error, match=text) as caught:
        forges().set_status("0" * 40, CommitStatus("gitops-bot/shop", StatusState.SUCCESS, "fine"))
    assert fake.token not in f"{caught.value!s}{caught.value!r}{caught.value.__cause__!r}"
    assert len(fake.asked("POST")) == 1


@pytest.mark.parametrize("message", ["token {token} is wrong", "Bearer {token}"])
def test_a_token_that_github_repeats_is_scrubbed(fake: FakeGitHub, forges: Forges, message: str) -> None:
    fake.fail_next("GET", "/pulls$", 401, {"message": message.format(token=fake.token)})
    with pytest.raises(ForgeDenied) as caught:
        forges().pull_requests(LONG_AGO)
    assert fake.token not in str(caught.value)
    assert "***" in str(caught.value)


@pytest.mark.parametrize("token", ["", "  ", "secret\nword", "secret word", "secrét"])
def test_a_token_that_no_header_can_hold_is_refused_without_showing_it(forges: Forges, token: str) -> None:
    with pytest.raises(ForgeDenied, match="GitHub token is empty") as caught:
        forges(auth=Token(token)).pull_requests(LONG_AGO)
    assert "secr" not in str(caught.value)


def test_values_that_hold_secrets_do_not_show_them() -> None:
    assert "hidden" not in repr(Token("hidden")) + repr(App(7, "hidden"))


def test_reading_is_repeated_with_growing_pauses(fake: FakeGitHub, forges: Forges) -> None:
    pauses: list[float] = []
    fake.fail_next("GET", "/pulls$", 502, times=2)
    fake.fail_next("GET", "/pulls$", 0)
    assert forges(sleep=pauses.append).pull_requests(LONG_AGO) == ()
    assert pauses == [1, 2, 4]


def test_reading_is_given_up_in_the_end(fake: FakeGitHub, forges: Forges) -> None:
    fake.fail_next("GET", "/pulls$", 502, times=9)
    with pytest.raises(ForgeUnreachable):
        forges().pull_requests(LONG_AGO)
    assert len(fake.asked("GET", "/pulls$")) == 4


def test_a_rate_limit_is_not_waited_for(fake: FakeGitHub, forges: Forges) -> None:
    pauses: list[float] = []
    fake.fail_next("GET", "/pulls$", 429)
    with pytest.raises(RateLimited):
        forges(sleep=pauses.append).pull_requests(LONG_AGO)
    assert pauses == []


def test_a_rate_limit_ends_decorating_too(fake: FakeGitHub, forges: Forges) -> None:
    forge = forges()
    assert is_ours(forge)
    fake.fail_next("POST", "/labels$", 429)
    with pytest.raises(RateLimited):
        forge.decorate(1, labels=["held"], reviewers=[])


def test_a_server_that_is_away_is_unreachable() -> None:
    forge = GitHubForge("acme/x", auth=Token("secret"), api_url="http://127.0.0.1:1", sleep=lambda _: None)
    with forge, pytest.raises(ForgeUnreachable):
        forge.pull_requests(LONG_AGO)


def test_every_request_names_its_version(fake: FakeGitHub, forges: Forges) -> None:
    assert is_ours(forges())
    assert {one.headers["x-github-api-version"] for one in fake.requests} == {"2022-11-28"}


# The judge


@pytest.fixture(scope="session")
def judge() -> OpenApi:
    """GitHub's description, or a skipped test."""
    loaded = OpenApi.load()
    if loaded is None:
        pytest.skip("GitHub's description needs npm once")
    return loaded


VIOLATIONS: tuple[tuple[str, str, dict[str, str], Any, str], ...] = (
    ("POST", "/repos/a/b/issues/1/labels", {}, ["held"], "not valid under any"),
    ("GET", "/repos/a/b/pulls", {"state": "opened"}, None, "is not one of"),
    ("GET", "/repos/a/b/pulls", {"page": "first"}, None, "not of type 'integer'"),
    ("GET", "/repos/a/b/pulls", {"branch": "x"}, None, "no query parameter 'branch'"),
    ("POST", "/repos/a/b/pulls", {}, {"title": "x", "head": "y"}, "'base' is a required property"),
    ("PUT", "/repos/a/b/pulls/1/merge", {}, {"squash": True}, "no field 'squash'"),
    ("GET", "/app", {}, {"x": 1}, "takes no body"),
    ("DELETE", "/repos/a/b/pulls/1", {}, None, "is not in the description"),
)


@pytest.mark.parametrize(("method", "path", "query", "body", "text"), VIOLATIONS)
def test_the_judge_names_what_github_does_not_describe(
    judge: OpenApi, method: str, path: str, query: dict[str, str], body: Any, text: str
) -> None:
    assert text in "; ".join(judge.judge_request(method, path, query, body))


def test_the_judge_takes_greedy_parameters_and_what_is_described(judge: OpenApi) -> None:
    assert list(judge.judge_request("GET", "/repos/a/b/commits/heads/gitops-bot/x/status", {}, None)) == []
    assert list(judge.judge_request("POST", "/repos/a/b/issues/1/labels", {}, {"labels": ["held"]})) == []


def test_a_violation_fails_whoever_uses_the_fake(judge: OpenApi, tmp_path: Path) -> None:
    repo = BareRepo.create(tmp_path / "other.git")
    with pytest.raises(AssertionError, match="no query parameter 'q'"), FakeGitHub(repo.path) as fake:
        fake.violations += judge.judge_request("GET", "/repos/acme/environments/pulls", {"q": "x"}, None)
