"""The Action, its own steps run as a runner would, against a real repository on the local forge.

The installation needs a package index, so here the step `install` is not run: its output, the Python to use, is given.
tests/real/test_action.py runs it.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from gitops_bot.demo.world import Behaviour, World
from tests.support.runner import ROOT, Job, evaluated, load

TOKEN = "ghs_0123456789abcdefghijklmnopqrstuvwxyz"
HOSTILE = "x\"; touch pwned; $(touch pwned) `touch pwned` '; touch pwned #"


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    """An environment repository in which CI has just put a new candidate."""
    folder = tmp_path / "world"
    folder.mkdir()
    world = World.create(folder)
    world.release("1.8.0", Behaviour.SOUND)
    yield world
    world.repo.close()


def job(world: World, **inputs: str) -> Job:
    given = {"config": str(world.folder / "gitops-bot.yaml"), **inputs}
    return Job(world.folder / "job", given, TOKEN, steps={"install": {"python": sys.executable}})


def test_a_run_opens_a_pull_request_and_says_so_in_outputs_and_summary(world: World) -> None:
    one = job(world)
    assert one.run() == 0, one.said
    outputs = one.outputs()
    assert outputs["verdict"] in ("PASS", "FAIL", "UNKNOWN")
    assert outputs["pull-request-number"] == "1"
    assert outputs["pull-request-operation"] == "created"
    assert outputs["pull-request-url"].endswith("environments.git#1")
    assert one.summary.startswith("## gitops-bot\n")
    assert "checkout-canary" in one.summary
    (record,) = world.forge.everything()
    assert record.number == 1
    assert TOKEN not in one.said + one.summary + str(outputs)


def test_a_second_run_does_nothing(world: World) -> None:
    assert job(world).run() == 0
    second = job(world)
    assert second.run() == 0
    assert second.outputs()["pull-request-operation"] == "none"
    assert second.outputs()["pull-request-number"] == ""


def test_the_audit_log_is_appended_where_the_input_says(world: World) -> None:
    one = job(world, **{"audit-log": "logs/audit of today.jsonl"})
    assert one.run() == 0
    assert '"intent"' in (one.workspace / "logs" / "audit of today.jsonl").read_text()


def test_policies_are_given_one_a_line(world: World) -> None:
    policy = (ROOT / "gitops_bot/demo/environment/policies/checkout-canary.yaml").read_text()
    for name, suspend in (("one", False), ("two of them", True)):
        folder = world.folder / "job" / "workspace" / name
        folder.mkdir(parents=True)
        spec = f"spec:\n  suspend: {str(suspend).lower()}"
        text = policy.replace("checkout-canary", f"checkout-{name[:3]}", 1).replace("spec:", spec, 1)
        (folder / "policy.yaml").write_text(text)
    one = job(world, policies="one\ntwo of them\n")
    assert one.run() == 12  # both write the same place
    assert "checkout-one" in one.said
    assert "checkout-two" in one.said
    assert job(world, policies="one").run() == 0


def test_one_policy_may_be_chosen(world: World) -> None:
    one = job(world, policy="checkout-canary")
    assert one.run() == 0, one.said
    unknown = job(world, policy="checkout-canarry")
    assert unknown.run() == 2
    assert "no policy is named checkout-canarry" in unknown.said


def test_the_exit_code_is_the_command_line_s(world: World) -> None:
    absent = job(world, config="nowhere.yaml")
    assert absent.run() == 2
    assert "nowhere.yaml" in absent.said
    broken = world.folder / "broken.yaml"
    broken.write_text("kind: BotConfig\nspec: [")
    assert job(world, config=str(broken)).run() == 10


def test_a_failure_is_an_annotation_and_part_of_the_summary(world: World) -> None:
    (world.folder / "job" / "workspace").mkdir(parents=True)
    (world.folder / "job" / "workspace" / "bad.yaml").write_text("kind: PromotionPolicy\n")
    one = job(world, policies="bad.yaml")
    assert one.run() == 11
    assert re.search(r"^::error title=bad.yaml::", one.said, re.MULTILINE)
    assert "❌ bad.yaml" in one.summary


@pytest.mark.parametrize("name", [name for name in load()["inputs"] if name != "python"])
@pytest.mark.parametrize("value", [HOSTILE, f"--help\n{HOSTILE}", "-h", "$GITOPS_BOT_TOKEN"])
def test_no_input_is_code(world: World, name: str, value: str) -> None:
    one = job(world, **{name: value})
    code = one.run()
    assert not list(world.folder.rglob("pwned"))
    assert TOKEN not in one.said
    assert "Show this message and exit" not in one.said
    if name not in ("token", "audit-log"):
        assert code != 0
        assert not world.forge.everything()


def test_a_person_s_word_is_an_input(world: World) -> None:
    assert job(world).run() == 0
    held = job(world, command="hold", policy="checkout-canary", reason="the audit", by="ada")
    assert held.run() == 0, held.said
    (record,) = world.forge.everything()
    assert record.labels == ("promotion", "gitops-bot/hold")
    assert record.comments[-1]["text"].startswith("ada holds it: the audit")
    assert held.outputs()["pull-request-number"] == "1"
    assert "checkout-canary" in held.summary
    asked = {"command": "promote", "policy": "checkout", "env": "canary", "version": "1.8.0"}
    resumed = job(world, command="resume", policy="checkout-canary")
    assert resumed.run() == 0, resumed.said
    promoted = job(world, **asked)
    assert promoted.run() == 0, promoted.said
    assert promoted.outputs()["pull-request-operation"] == "merged"


@pytest.mark.parametrize("name", ["policy", "env", "version", "reason", "until", "by"])
@pytest.mark.parametrize("command", ["promote", "hold"])
def test_no_input_of_a_person_s_word_is_code(world: World, command: str, name: str) -> None:
    assert job(world).run() == 0
    one = job(world, **{"command": command, "policy": "checkout-canary", name: f"{HOSTILE}\n--help"})
    code = one.run()
    assert not list(world.folder.rglob("pwned"))
    assert "Show this message and exit" not in one.said
    (record,) = world.forge.everything()
    if (command, name) in (("hold", "reason"), ("hold", "by")):
        assert code == 0
        assert "touch pwned" in record.comments[-1]["text"]
    elif (command, name) not in (("promote", "reason"), ("promote", "by")):
        assert (code, record.state, record.labels) == (2, "open", ("promotion",))


@pytest.mark.parametrize(
    ("inputs", "said"),
    [
        ({"command": "delete"}, "::error title=gitops-bot::The input command must be run, promote"),
        ({"command": ""}, "::error title=gitops-bot::The input command must be run, promote"),
        ({"command": "run --once; touch pwned"}, "::error title=gitops-bot::The input command must be"),
        ({"command": "rollback"}, "the policy's name is empty"),
        ({"command": "rollback", "policy": "checkout-canary", "version": "1.7.0"}, "No such option '--version'"),
        ({"version": "1.8.0"}, "No such option '--version'"),
    ],
)
def test_what_is_not_for_a_command_is_refused(world: World, inputs: dict[str, str], said: str) -> None:
    one = job(world, **inputs)
    assert one.run() == 2
    assert said in one.said
    assert not world.forge.everything()


def test_the_workspace_is_not_imported(world: World) -> None:
    one = job(world)
    one.workspace.mkdir(parents=True)
    for name in ("click", "json", "gitops_bot", "sitecustomize"):
        (one.workspace / f"{name}.py").write_text("open('pwned', 'w')\n")
    assert one.run() == 0, one.said
    assert not (one.workspace / "pwned").exists()


def test_an_old_python_is_refused_with_the_remedy(tmp_path: Path) -> None:
    old = tmp_path / "python3.10"
    old.write_text("#!/bin/sh\nexit 1\n")
    old.chmod(0o755)
    one = Job(tmp_path / "job", {"python": str(old)})
    assert one.run() == 2
    assert "::error title=gitops-bot::The input python must name Python 3.11 or newer" in one.said


def test_no_step_has_an_expression_in_its_script_or_uses_a_movable_action() -> None:
    for step in load()["runs"]["steps"]:
        assert "${{" not in step["run"]
        assert "set -x" not in step["run"]
        assert "uses" not in step


@pytest.mark.parametrize("page", ["README.md", "docs/github.md"])
def test_workflows_in_the_documentation_give_inputs_that_there_are(page: str) -> None:
    found = re.findall(r"```yaml\n(.*?)```", (ROOT / page).read_text(), re.DOTALL)
    workflows = [yaml.safe_load(one) for one in found if "uses: gitops-bot/gitops-bot@" in one]
    assert workflows
    for workflow in workflows:
        (job,) = workflow["jobs"].values()
        given = job["steps"][-1]["with"]
        assert given.keys() <= load()["inputs"].keys()
        offered = workflow[True].get("workflow_dispatch", {}).get("inputs", {})
        asked = set(re.findall(r"inputs\.([a-z-]+)", str(given)))
        assert asked == offered.keys()


def test_names_are_kebab_case_and_described() -> None:
    action = load()
    for name, one in {**action["inputs"], **action["outputs"]}.items():
        assert re.fullmatch(r"[a-z]+(-[a-z]+)*", name)
        assert one["description"]
    assert evaluated(action["inputs"]["token"]["default"], {"github.token": "abc"}) == "abc"
