"""Every command as a person uses it: output, exit codes, and what stays as it was."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml

import gitops_bot
from tests.support.commands import Bot, Done, runner
from tests.support.environment import CANARY, LADDER, T0, Environment, config, policy, record, tree
from tests.support.played import ENDS, Played, played

LATER = (T0 + timedelta(minutes=7)).isoformat()
"""When the first run of analysis is over."""


@pytest.fixture
def bot(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Bot:
    return runner(monkeypatch, capsys)


@pytest.fixture
def environment(tmp_path: Path) -> Environment:
    """A new candidate waits to be started."""
    environment = Environment(tmp_path / "environments.git")
    environment.commit({**tree(), "policies/shop.yaml": policy()}, at=T0)
    record(tmp_path, [])
    config(tmp_path)
    return environment


@pytest.fixture
def demo(tmp_path: Path) -> Played:
    """The demonstration's world, a copy of its own."""
    return played().copy(tmp_path / "demo")


Said = Callable[..., Done]


@pytest.fixture
def said(bot: Bot, environment: Environment) -> Said:
    """The command with the environment's configuration."""
    return lambda *arguments: bot(*arguments, "-c", environment.path.parent / "gitops-bot.yaml")


OTHER_EDITS = [{**edit, "helmValue": {"file": f"other-{n}.yaml", "key": "a"}} for n, edit in enumerate(LADDER["edits"])]
for one in OTHER_EDITS:
    one.pop("kustomizeImage", None)


def test_defaults_of_the_configuration_are_under_the_policies(bot: Bot, environment: Environment) -> None:
    file = config(environment.path.parent, defaults={"pullRequest": {"labels": ["release"], "draft": True}})
    assert bot("run", "--once", "-c", file).code == 0
    (pull,) = environment.pulls()
    assert (pull["labels"], pull["draft"]) == (["release"], True)
    shown = environment.path.parent / "shop.yaml"
    shown.write_text(environment.read("policies/shop.yaml"))
    (rendered,) = yaml.safe_load_all(bot("policy", "render", shown, "-c", file).out)
    assert rendered["spec"]["pullRequest"] == {"labels": ["release"], "draft": True}


# ---------------------------------------------------------------- plan


def test_plan_twice_is_the_same_to_the_byte(bot: Bot, demo: Played) -> None:
    first, second = (bot("plan", "-c", demo.config, "--at", ENDS, "-o", "json") for _ in range(2))
    assert first == second
    assert first.code == 0
    assert first.json["plans"][0]["step"]["kind"] == "Hold"


def test_plan_as_of_now_twice_is_the_same_to_the_byte(bot: Bot, demo: Played) -> None:
    # The measured windows move once a minute, which may come between two of three runs, not between all of them.
    outputs = [bot("plan", "-c", demo.config, "-o", "json").out for _ in range(3)]
    assert len(set(outputs)) < 3
    assert json.loads(outputs[0])["plans"][0]["verdict"]["outcome"] == "UNKNOWN"


def test_plan_as_of_a_time_gives_what_the_demonstration_said(bot: Bot, demo: Played) -> None:
    done = bot("explain", "checkout-canary", "-c", demo.config, "--at", ENDS)
    assert done.out in demo.out


def test_plan_shows_the_change_and_changes_nothing(said: Said, environment: Environment) -> None:
    before = environment.snapshot()
    done = said("plan")
    assert (done.code, done.err) == (0, "")
    assert "promote(shop): start 2.0.0 at 5 %" in done.out
    assert "-  weight: 0 # percent\n+  weight: 5 # percent\n" in done.out
    assert environment.snapshot() == before


def test_plan_says_by_its_exit_code_whether_something_would_change(said: Said) -> None:
    assert said("plan", "--exit-code").code == 1
    assert said("run", "--once").code == 0
    assert said("plan", "--exit-code").code == 0


def test_a_failure_goes_before_changes_in_the_exit_code(said: Said, environment: Environment) -> None:
    environment.commit({"policies/broken.yaml": "a: ["}, at=T0)
    done = said("plan", "--exit-code")
    assert done.code == 10
    assert "start 2.0.0" in done.out


def test_plan_of_one_policy_leaves_the_others_out(said: Said, environment: Environment) -> None:
    environment.commit({"policies/broken.yaml": "a: [", "policies/other.yaml": policy("other", edits=[])}, at=T0)
    plans = said("plan", "shop", "-o", "json").json["plans"]
    assert [one["policy"] for one in plans] == ["shop"]


def test_yaml_says_what_json_says(said: Said) -> None:
    for command in ("plan", "evaluate"):
        assert yaml.safe_load(said(command, "--output", "yaml").out) == said(command, "--output", "json").json


def test_policies_from_files_stand_in_for_those_on_base(said: Said, environment: Environment, tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "mine.yaml").write_text(policy("mine"))
    plans = said("plan", "-o", "json", "--policies", tmp_path / "mine").json["plans"]
    assert [one["policy"] for one in plans] == ["mine"]


def test_every_option_has_a_twin_in_the_environment(
    bot: Bot, environment: Environment, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GITOPS_BOT_PLAN_CONFIG", str(environment.path.parent / "gitops-bot.yaml"))
    monkeypatch.setenv("GITOPS_BOT_PLAN_OUTPUT", "json")
    assert bot("plan").json["repository"] == "environments"


# ---------------------------------------------------------------- run


def everything(environment: Environment) -> Mapping[str, bytes]:
    """Refs, pull requests, and every object that there is."""
    objects = environment.git("cat-file", "--batch-all-objects", "--batch-check").encode()
    return {**environment.snapshot(), "objects": objects}


def test_a_second_run_writes_nothing(said: Said, environment: Environment) -> None:
    first = said("run", "--once", "-o", "json").json
    assert [one["action"] for one in first["receipts"]] == ["open"]
    settled = everything(environment)
    second = said("run", "--once", "-o", "json").json
    assert second["receipts"] == []
    assert everything(environment) == settled


def test_a_second_run_on_the_demonstrations_world_writes_nothing(bot: Bot, demo: Played) -> None:
    world = Environment(demo.folder / "environments.git")
    assert bot("run", "--once", "-c", demo.config).code == 0
    settled = everything(world)
    done = bot("run", "--once", "-c", demo.config)
    assert (done.code, done.out.rstrip().endswith("Nothing to do.")) == (0, True)
    assert everything(world) == settled


def test_what_the_policy_lets_the_bot_merge_is_merged_in_the_same_run(said: Said, environment: Environment) -> None:
    environment.commit({"policies/shop.yaml": policy(pullRequest={"merge": "auto"})}, at=T0)
    receipts = said("run", "--once", "-o", "json").json["receipts"]
    assert [(one["action"], one["state"]) for one in receipts] == [("open", "done"), ("merge", "done")]
    assert environment.values() == ("1.0.0", "2.0.0", 5)
    assert list(environment.heads()) == ["main"]
    settled = everything(environment)
    assert said("run", "--once", "-o", "json").json["receipts"] == []
    assert everything(environment) == settled


def test_a_run_writes_down_what_it_intends_and_what_it_does(said: Said, tmp_path: Path) -> None:
    said("run", "--once", "--audit", tmp_path / "logs" / "audit.jsonl")
    lines = [json.loads(line) for line in (tmp_path / "logs" / "audit.jsonl").read_text().splitlines()]
    assert [line["event"] for line in lines] == ["intent", "done"]
    assert lines[0]["proposal"]["title"] == lines[0]["proposal"]["message"].splitlines()[0]


def test_a_pull_request_whose_policy_is_gone_is_closed_with_the_reason(said: Said, environment: Environment) -> None:
    environment.commit({"policies/other.yaml": policy("other", suspend=True, edits=OTHER_EDITS)}, at=T0)
    said("run", "--once")
    environment.commit({"policies/shop.yaml": None}, at=T0)
    assert said("run", "other", "--once", "-o", "json").json["receipts"] == []
    assert [one["state"] for one in environment.pulls()] == ["open"]
    done = said("run", "--once", "-o", "json")
    assert [(one["action"], one["detail"]) for one in done.json["receipts"]] == [
        ("close", "its policy is no longer on base")
    ]
    assert [one["state"] for one in environment.pulls()] == ["closed"]


@pytest.mark.parametrize(
    "files", [{"policies/shop.yaml": "a: ["}, {"policies/shop.yaml": None}], ids=["broken", "no folder at all"]
)
def test_what_cannot_be_read_is_not_taken_for_removed(
    said: Said, environment: Environment, files: dict[str, str | None]
) -> None:
    said("run", "--once")
    before = environment.snapshot()
    environment.commit(files, at=T0)
    said("run", "--once")
    assert {**environment.snapshot(), "refs": b""} == {**before, "refs": b""}


# ---------------------------------------------------------------- evaluate, explain


@pytest.mark.parametrize(
    ("values", "code", "outcome"),
    [
        ([0.001] * 5, 0, "PASS"),
        ([], 3, "UNKNOWN"),
        ([0.001, 0.001, None, 0.001, 0.001], 3, "UNKNOWN"),
        ([0.001, 0.001, 0.2, 0.001, 0.001], 4, "FAIL"),
    ],
)
def test_evaluate_says_the_verdict_by_its_exit_code(
    said: Said, environment: Environment, values: list[float | None], code: int, outcome: str
) -> None:
    environment.commit(tree(weight=5), at=T0)
    record(environment.path.parent, values)
    before = environment.snapshot()
    done = said("evaluate", "shop", "--at", LATER, "-o", "json")
    assert (done.code, [one["verdict"]["outcome"] for one in done.json]) == (code, [outcome])
    table = said("evaluate", "--at", LATER)
    assert table.code == code
    assert outcome in table.out
    assert environment.snapshot() == before


def test_evaluate_is_content_where_nothing_is_on_trial(said: Said, environment: Environment) -> None:
    environment.commit(tree(candidate="1.0.0"), at=T0)
    assert said("evaluate").code == 0


def test_explain_names_the_check_that_holds_and_the_query_to_run_again(said: Said, environment: Environment) -> None:
    environment.commit(tree(weight=5), at=T0)
    done = said("explain", "shop", "--at", LATER)
    assert done.code == 0
    assert "1.0.0 → 2.0.0 at 5 %" in done.out
    assert "errors  [08:00:00 to 08:05:00 UTC]" in done.out
    assert "to change it: errors must pass; then Advance" in done.out


def test_explain_names_the_gate_that_holds(said: Said, environment: Environment) -> None:
    environment.commit({".gitops-bot/stop.yaml": "reason: quarter's end\n"}, at=T0)
    assert "open the gate stop (.gitops-bot/stop.yaml: quarter's end)" in said("explain", "shop").out


# ---------------------------------------------------------------- pull requests


def test_people_list_show_and_merge_what_the_bot_opened(said: Said, environment: Environment) -> None:
    said("run", "--once")
    assert "promote(shop): start 2.0.0 at 5 %" in said("pr", "list").out
    shown = said("pr", "show", "1").out
    assert "+  weight: 5 # percent" in shown
    assert "gitops-bot/shop: success" in shown
    assert said("pr", "show", "1", "-o", "json").json["branch"] == "gitops-bot/shop/promote"
    merged = said("pr", "merge", "1")
    assert merged.code == 0
    assert environment.values() == ("1.0.0", "2.0.0", 5)
    assert "promote" not in said("pr", "list").out
    assert "merged" in said("pr", "list", "--all").out
    assert said("pr", "merge", "1").code == 0
    closed = said("pr", "close", "1")
    assert (closed.code, closed.err) == (53, "error: #1 is merged already\n")


def test_a_close_by_a_person_is_a_no_that_lasts(said: Said, environment: Environment) -> None:
    said("run", "--once")
    assert said("pr", "close", "1").code == 0
    before = everything(environment)
    done = said("run", "--once")
    assert done.code == 0
    assert "a person closed #1" in done.out
    assert everything(environment) == before
    assert said("plan", "--exit-code").code == 0


def test_a_no_is_to_that_candidate_and_not_to_the_next(said: Said, environment: Environment) -> None:
    said("run", "--once")
    said("pr", "close", "1")
    environment.replace(CANARY, "2.0.0", "2.0.1", at=T0 + timedelta(hours=1))
    said("run", "--once")
    assert [(one["state"], one["title"]) for one in environment.pulls()] == [
        ("closed", "promote(shop): start 2.0.0 at 5 %"),
        ("open", "promote(shop): start 2.0.1 at 5 %"),
    ]


@pytest.mark.parametrize("command", ["show", "merge", "close"])
def test_a_pull_request_that_is_not_there_is_refused(said: Said, command: str) -> None:
    done = said("pr", command, "7")
    assert (done.code, done.out) == (53, "")
    assert "there is no pull request #7" in done.err


def test_a_closed_one_is_not_merged(said: Said, environment: Environment) -> None:
    said("run", "--once")
    said("pr", "close", "1")
    done = said("pr", "merge", "1")
    assert done.code == 53
    assert "#1 is closed" in done.err
    assert environment.values() == ("1.0.0", "2.0.0", 0)


# ---------------------------------------------------------------- the rest


def test_validate_finds_every_problem_of_every_file_at_once(bot: Bot, tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text(policy("a", suspended=True, base="-x"))
    (tmp_path / "b.yaml").write_text(policy("b", clusters=[]))
    done = bot("validate", tmp_path)
    assert (done.code, done.out) == (11, "")
    for said in ("a.yaml:", "b.yaml:", "spec.suspended", "spec.base", "spec.clusters"):
        assert said in done.err
    problems = bot("validate", tmp_path, "-o", "json").json["problems"]
    assert {Path(one["file"]).name for one in problems} == {"a.yaml", "b.yaml"}
    assert all(one["line"] >= 1 and one["column"] >= 1 and one["message"] for one in problems)


def test_validate_takes_what_is_right(bot: Bot, environment: Environment, tmp_path: Path) -> None:
    (tmp_path / "policy.yaml").write_text(policy())
    done = bot("validate", tmp_path / "policy.yaml", tmp_path / "gitops-bot.yaml")
    assert (done.code, done.out, done.err) == (0, "2 documents are right.\n", "")


def test_schemas_are_json_and_are_written_as_they_are_printed(bot: Bot, tmp_path: Path) -> None:
    printed = bot("schema").out
    assert bot("schema", "--write", tmp_path / "schema").code == 0
    files = sorted((tmp_path / "schema").iterdir())
    assert [json.loads(file.read_text())["title"] for file in files] == [
        "BotConfig",
        "PromotionPipeline",
        "PromotionPolicy",
    ]
    assert sorted(printed) == sorted("".join(file.read_text() for file in files))


def python(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, *arguments], capture_output=True, text=True, check=False)


HEAVY = ("kubernetes", "github", "gitlab", "git", "requests", "pydantic", "jinja2", "yaml", "ruamel", "apscheduler")


@pytest.mark.parametrize("arguments", [["--help"], ["plan", "--help"], ["--version"], ["pr", "list", "--help"]])
def test_help_does_not_import_what_it_does_not_need(arguments: list[str]) -> None:
    code = (
        "import sys\nfrom gitops_bot.cli import main\n"
        f"sys.argv = ['gitops-bot', *{arguments!r}]\n"
        "try:\n    main()\nexcept SystemExit as done:\n    assert not done.code\n"
        f"print('imported:', *(name for name in {HEAVY!r} if name in sys.modules))"
    )
    done = python("-c", code)
    assert done.stderr == ""
    assert done.stdout.splitlines()[-1] == "imported:"


def test_it_runs_as_a_module_and_knows_its_version() -> None:
    done = python("-m", "gitops_bot", "--version")
    assert (done.returncode, done.stdout) == (0, f"gitops-bot, version {gitops_bot.__version__}\n")


def test_help_names_every_exit_code(bot: Bot) -> None:
    from gitops_bot import errors

    help_text = bot("--help").out
    codes = {kind.exit_code for kind in vars(errors).values() if _is_error(kind)} - {1}
    assert all(f" {code} " in f" {help_text} " for code in codes)


def _is_error(kind: Any) -> bool:
    return isinstance(kind, type) and issubclass(kind, gitops_bot.errors.BotError)


@pytest.mark.parametrize("typo", ["plna", "evalute"])
def test_a_misspelled_command_is_a_usage_error(bot: Bot, typo: str) -> None:
    done = bot(typo)
    assert done.code == 2
    assert typo in done.err
