"""Bad input: each kind has a clear message on stderr and its own exit code, and changes nothing."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from gitops_bot import errors
from tests.support.commands import Bot, runner
from tests.support.environment import ROUTE, STABLE, T0, Environment, config, policy, record, tree
from tests.support.github import FakeGitHub
from tests.support.servers.git_http import GitHttp

COMMANDS = (("plan",), ("run", "--once"), ("evaluate",))
POLICY = "policies/shop.yaml"


@pytest.fixture
def bot(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Bot:
    return runner(monkeypatch, capsys)


@pytest.fixture
def environment(tmp_path: Path) -> Environment:
    """A new candidate waits to be started: what is not hindered opens a pull request."""
    environment = Environment(tmp_path / "environments.git")
    environment.commit({**tree(), POLICY: policy()}, at=T0)
    record(tmp_path, [])
    return environment


def refused(bot: Bot, environment: Environment, code: int, *said: str, at: Path | None = None) -> None:
    """Every command that looks ends with this code, says so on stderr, and nothing has changed."""
    before = environment.snapshot()
    file = at or environment.path.parent / "gitops-bot.yaml"
    for command in COMMANDS:
        done = bot(*command, "-c", file)
        assert (done.code, command) == (code, command), done.err
        for text in said:
            assert text in done.err
        assert "Traceback" not in done.err
    assert environment.snapshot() == before


def test_without_bad_input_the_environment_would_change(bot: Bot, environment: Environment) -> None:
    before = environment.snapshot()
    assert bot("run", "--once", "-c", config(environment.path.parent)).code == 0
    assert environment.snapshot() != before


def _codes(kind: type[errors.BotError]) -> Iterator[tuple[type[errors.BotError], int]]:
    for one in kind.__subclasses__():
        if "exit_code" in vars(one):
            yield one, one.exit_code
        yield from _codes(one)


def test_every_kind_of_error_has_its_own_exit_code() -> None:
    found = {kind: code for kind, code in _codes(errors.BotError) if kind.__module__ == errors.__name__}
    assert len(set(found.values())) == len(found) == 21
    results = {0, errors.EXIT_CHANGES, errors.EXIT_UNKNOWN, errors.EXIT_FAIL}
    assert not results & set(found.values())
    assert all(str(code) in (errors.__doc__ or "") for code in found.values())


# ---------------------------------------------------------------- policies

BAD_POLICIES: Mapping[str, tuple[Mapping[str, str | None], int, tuple[str, ...]]] = {
    "malformed YAML": ({POLICY: "metadata: {name: shop\nspec: ]"}, 10, (f"{POLICY}:2:",)),
    "a tab for indentation": ({POLICY: "metadata:\n\tname: shop\n"}, 10, (f"{POLICY}:2:",)),
    "an unknown key": ({POLICY: policy(suspended=True)}, 11, (f"{POLICY}:", "spec.suspended", "did you mean suspend?")),
    "a strategy without what it needs": (
        {POLICY: policy(strategy={"abTest": {}})},
        11,
        ("spec.strategy.abTest.variants", "is missing"),
    ),
    "a notifier that nobody configured": ({POLICY: policy(notify=["slack"])}, 11, ("no notifier is named slack",)),
    "a wrong value": (
        {POLICY: policy(strategy={"canary": {"weights": [25, 5]}})},
        11,
        ("spec.strategy.canary.weights", "does not rise"),
    ),
    "another repository": ({POLICY: policy(repository="elsewhere")}, 11, ("spec.repository is elsewhere",)),
    "a base that is not there": ({POLICY: policy(base="release")}, 40, ("there is no branch release", "spec.base")),
    "an unknown hub": (
        {POLICY: policy(clusters={"placement": {"hub": "moon", "namespace": "shop", "name": "fleet"}})},
        11,
        ("no cluster is named moon", "prod"),
    ),
    "an unknown cluster": ({POLICY: policy(clusters=["mars"])}, 11, ("no cluster is named mars", "prod")),
    "two policies that write the same place": (
        {"policies/other.yaml": policy("other")},
        12,
        ("writes", "shop", STABLE, "Let one policy own the place"),
    ),
    "two policies of one name": ({"policies/other.yaml": policy()}, 11, ("shop", "policies/other.yaml")),
    "a file that is not there": ({ROUTE: None}, 20, (ROUTE,)),
    "a key that is not there": ({ROUTE: "canary:\n  wait: 5\n"}, 21, (ROUTE, "weight")),
    "an image that is not there": (
        {
            STABLE: "resources: [pod.yaml]\nimages:\n  - name: other\n    newTag: v1\n",
            "apps/shop/stable/pod.yaml": (
                "apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec: {containers: [{name: a, image: other:v1}]}\n"
            ),
        },
        21,
        (STABLE, "uses the image `ghcr.io/acme/shop`"),
    ),
    "a value that is a mapping": ({ROUTE: "canary:\n  weight: {a: 5}\n"}, 22, (ROUTE, "not a single value")),
    "a weight that is no number": ({ROUTE: "canary:\n  weight: lots\n"}, 22, (ROUTE, "lots")),
    "a key that stands twice": ({ROUTE: "canary:\n  weight: 5\n  weight: 25\n"}, 22, (ROUTE,)),
    "an environment file that is not YAML": ({ROUTE: "canary: [\n"}, 22, (ROUTE,)),
}


@pytest.mark.parametrize("name", BAD_POLICIES)
def test_bad_input_in_the_repository_changes_nothing(bot: Bot, environment: Environment, name: str) -> None:
    files, code, said = BAD_POLICIES[name]
    environment.commit(files, at=T0)
    config(environment.path.parent)
    refused(bot, environment, code, *said)


@pytest.mark.parametrize(
    ("text", "code", "said"),
    [
        ("metadata: {name: x\nspec: ]", 10, "gitops-bot.yaml:2:"),
        ("kind: BotConfig\nspec: {repositries: {}}\n", 11, "did you mean repositories?"),
        ("", 11, "holds no BotConfig"),
        (policy(), 11, "belongs in a policy file"),
        ("\x00", 10, "gitops-bot.yaml"),
    ],
)
def test_a_bad_configuration_is_refused(bot: Bot, environment: Environment, text: str, code: int, said: str) -> None:
    config(environment.path.parent).write_text(text)
    refused(bot, environment, code, said)


def test_several_different_failures_have_a_code_of_their_own_and_all_are_said(
    bot: Bot, environment: Environment
) -> None:
    environment.commit({"policies/a.yaml": "a: [", ROUTE: None}, at=T0)
    config(environment.path.parent)
    refused(bot, environment, 70, "policies/a.yaml:1", f"{ROUTE}")


def test_a_broken_policy_stops_nobody_else(bot: Bot, environment: Environment) -> None:
    environment.commit({"policies/broken.yaml": "a: ["}, at=T0)
    done = bot("run", "--once", "-c", config(environment.path.parent))
    assert done.code == 10
    assert [pull["branch"] for pull in environment.pulls()] == ["gitops-bot/shop/promote"]


# ---------------------------------------------------------------- clusters

WORKLOAD = {"slot": "candidateVersion", "workload": {"namespace": "shop", "name": "shop-canary"}}


def on_trial(environment: Environment) -> Environment:
    """Weight 5 with a workload to be watched, and metrics that would pass."""
    environment.commit({**tree(weight=5), POLICY: policy(candidate=WORKLOAD)}, at=T0)
    return environment


def test_a_missing_object_has_its_code_and_nothing_moves(bot: Bot, environment: Environment) -> None:
    on_trial(environment)
    config(environment.path.parent)
    refused(bot, environment, 30, "there is no Deployment shop/shop-canary", "cluster prod")


def test_objects_that_cannot_be_read_are_no_objects(bot: Bot, environment: Environment) -> None:
    on_trial(environment)
    config(environment.path.parent)
    (environment.path.parent / "cluster" / "broken.yaml").write_text("a: [")
    refused(bot, environment, 32, "broken.yaml")


def test_a_cluster_that_is_away_is_unreachable(bot: Bot, environment: Environment, tmp_path: Path) -> None:
    on_trial(environment)
    kubeconfig = tmp_path / "kubeconfig"
    kubeconfig.write_text(
        json.dumps(
            {
                "apiVersion": "v1",
                "kind": "Config",
                "clusters": [{"name": "c", "cluster": {"server": "http://127.0.0.1:1"}}],
                "users": [{"name": "u", "user": {"token": "token-of-the-bot"}}],
                "contexts": [{"name": "c", "context": {"cluster": "c", "user": "u"}}],
                "current-context": "c",
            }
        )
    )
    config(tmp_path, cluster={"kubeconfig": str(kubeconfig), "context": "c", "metrics": "prom"})
    refused(bot, environment, 32, "context c", "Connection refused")


# ---------------------------------------------------------------- repository


def test_where_nothing_could_be_looked_at_nothing_is_shown(bot: Bot, environment: Environment, tmp_path: Path) -> None:
    config(tmp_path, repository={"url": str(tmp_path / "nowhere.git"), "localPath": str(environment.path)})
    for command in (*COMMANDS, ("explain", "shop")):
        done = bot(*command, "-c", tmp_path / "gitops-bot.yaml")
        assert (done.out, bool(done.err)) == ("", True), command


def test_a_repository_that_does_not_answer_is_unreachable(bot: Bot, environment: Environment, tmp_path: Path) -> None:
    local = {"url": "http://127.0.0.1:1/environments.git", "localPath": str(environment.path)}
    config(tmp_path, repository=local)
    refused(bot, environment, 40, "http://127.0.0.1:1/environments.git")


def test_a_local_forge_without_a_repository_says_what_it_needs(
    bot: Bot, environment: Environment, tmp_path: Path
) -> None:
    config(tmp_path, repository={"url": str(tmp_path / "nothing.git")})
    refused(bot, environment, 11, "nothing.git", "bare repository")


def test_a_base_that_is_not_there_is_named(bot: Bot, environment: Environment, tmp_path: Path) -> None:
    config(tmp_path, repository={"base": "trunk"})
    refused(bot, environment, 40, "trunk")


def test_a_push_that_the_server_declines_has_its_code(bot: Bot, environment: Environment, tmp_path: Path) -> None:
    hook = environment.path / "hooks" / "pre-receive"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text("#!/bin/sh\necho branches of robots are not welcome\nexit 1\n")
    hook.chmod(0o755)
    before = environment.snapshot()
    done = bot("run", "--once", "-c", config(tmp_path))
    assert done.code == 42
    assert "branches of robots are not welcome" in done.err
    assert environment.snapshot() == before


# ---------------------------------------------------------------- a forge and its credentials


@pytest.fixture
def github(tmp_path: Path, environment: Environment) -> Iterator[Callable[..., Path]]:
    """Writes a configuration with the fake GitHub, and git over HTTP."""
    folder = tmp_path / "served"
    with GitHttp(folder) as git, FakeGitHub(environment.path) as fake:
        (folder / "acme").mkdir()
        (folder / "acme" / "environments.git").symlink_to(environment.path)

        def written(*, git_token: str = "", **faults: Any) -> Path:
            git.token = git_token or None
            for arguments in faults.get("fail", ()):
                fake.fail_next(*arguments)
            return config(
                tmp_path,
                repository={
                    "url": f"{git.url}/acme/environments.git",
                    "forge": "github",
                    "apiUrl": fake.api_url,
                    "tokenFrom": {"env": "A_TOKEN_FOR_TESTS"},
                },
            )

        yield written


def test_a_wrong_token_is_denied_by_the_forge(
    bot: Bot, environment: Environment, github: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("A_TOKEN_FOR_TESTS", "ghp_wrong")
    refused(bot, environment, 51, "not valid", at=github())


def test_a_wrong_token_is_denied_by_git(
    bot: Bot, environment: Environment, github: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("A_TOKEN_FOR_TESTS", "ghp_wrong")
    refused(bot, environment, 41, "environments.git", at=github(git_token="ghp_right"))


def test_a_token_that_is_not_there_is_named(
    bot: Bot, environment: Environment, github: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("A_TOKEN_FOR_TESTS", raising=False)
    refused(bot, environment, 11, "A_TOKEN_FOR_TESTS holds no secret", at=github())


def test_a_rate_limit_has_its_code(
    bot: Bot, environment: Environment, github: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("A_TOKEN_FOR_TESTS", "ghp_the-bots-own-token")
    refused(bot, environment, 52, at=github(fail=[("GET", "/pulls$", 429)] * len(COMMANDS)))


# ---------------------------------------------------------------- the command line itself

USAGE: tuple[tuple[tuple[str, ...], str], ...] = (
    (("run",), "--once"),
    (("plan", "nobody"), "no policy is named nobody"),
    (("explain", "nobody"), "no policy is named nobody"),
    (("plan", "--at", "yesterday"), "'yesterday' is not a time"),
    (("plan", "--at", "0001-01-01T00:00:00+14:00"), "is too far away"),
    (("plan", "--at", "9999-12-31T23:59:59-14:00"), "is too far away"),
    (("plan", ""), "the policy's name is empty"),
    (("promote", "--policy", ""), "the policy's name is empty"),
    (("run", "--once", ""), "the policy's name is empty"),
    (("plan", "--output", "xml"), "'xml' is not one of"),
    (("plan", "--wat"), "No such option"),
    (("pr", "list", "--repository", "nowhere"), "--repository environments"),
)


@pytest.mark.parametrize(("arguments", "said"), USAGE)
def test_a_command_that_does_not_fit_is_a_usage_error(
    bot: Bot, environment: Environment, arguments: tuple[str, ...], said: str
) -> None:
    before = environment.snapshot()
    done = bot(*arguments, "-c", config(environment.path.parent))
    assert (done.code, done.out) == (2, "")
    assert said in done.err
    assert environment.snapshot() == before


@pytest.mark.parametrize(
    "arguments",
    [("schema", "--write"), ("schema", "--reference"), ("demo", "--keep")],
    ids=" ".join,
)
def test_a_file_or_folder_that_cannot_be_made_is_named(bot: Bot, tmp_path: Path, arguments: tuple[str, ...]) -> None:
    (tmp_path / "a-file").write_text("")
    done = bot(*arguments, tmp_path / "a-file" / "there")
    assert (done.code, done.out) == (2, "")
    assert "a-file" in done.err
    assert "Not a directory" in done.err


def test_a_configuration_that_is_not_there_is_a_usage_error(bot: Bot, tmp_path: Path) -> None:
    done = bot("plan", "-c", tmp_path / "none.yaml")
    assert done.code == 2
    assert "none.yaml" in done.err


def test_an_audit_log_that_cannot_be_written_stops_the_run_before_it_acts(
    bot: Bot, environment: Environment, tmp_path: Path
) -> None:
    (tmp_path / "a-file").write_text("")
    before = environment.snapshot()
    done = bot("run", "--once", "-c", config(tmp_path), "--audit", tmp_path / "a-file" / "audit.jsonl")
    assert done.code == 2
    assert "audit.jsonl" in done.err
    assert "Traceback" not in done.err
    assert environment.snapshot() == before


def test_a_verdict_that_cannot_be_reached_never_says_pass(bot: Bot, environment: Environment, tmp_path: Path) -> None:
    environment.commit(tree(weight=5), at=T0)
    config(tmp_path)
    (tmp_path / "metrics.json").unlink()
    done = bot("evaluate", "-c", tmp_path / "gitops-bot.yaml", "--at", (T0 + timedelta(minutes=8)).isoformat())
    assert done.code == errors.EXIT_UNKNOWN
