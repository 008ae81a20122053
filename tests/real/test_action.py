"""The Action from its first step to its last: installation from the lock file, from the package index, and a run."""

from pathlib import Path

from gitops_bot.demo.world import Behaviour, World
from tests.support.runner import ROOT, Job


def test_the_action_installs_itself_and_opens_a_pull_request(tmp_path: Path) -> None:
    (tmp_path / "world").mkdir()
    world = World.create(tmp_path / "world")
    world.release("1.8.0", Behaviour.SOUND)
    world.repo.close()
    one = Job(tmp_path / "job", {"config": str(world.folder / "gitops-bot.yaml")})
    assert one.run() == 0, one.said
    assert one.outputs()["pull-request-operation"] == "created"
    venv = tmp_path / "job" / "temp" / "gitops-bot"
    assert (venv / "installed.lock").read_bytes() == (ROOT / "requirements.lock").read_bytes()
    assert one.steps["install"]["python"] == str(venv / "bin" / "python")
    assert not list(ROOT.glob("*.egg-info"))
