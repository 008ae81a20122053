"""No secret in any log, error, argument, URL or file: a whole run, and everything that it wrote."""

from __future__ import annotations

import base64
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import quote, quote_plus

import pytest

from tests.adapters.scripted import Answer, Scripted, in_json, scripted
from tests.support.environment import Environment, config, policy, tree
from tests.support.github import FakeGitHub
from tests.support.gitlab import FakeGitLab
from tests.support.servers.git_http import GitHttp

FORGE_TOKEN = "ghp_Forge/Token+with=every&kind%of sign".replace(" ", "")
METRICS_TOKEN = "prom-Metrics/Token+1=="
HEADER_SECRET = "tenant-Header/Secret+2=="
SECRETS = (FORGE_TOKEN, METRICS_TOKEN, HEADER_SECRET)
ENV = {"SECRET_OF_FORGE": FORGE_TOKEN, "SECRET_OF_METRICS": METRICS_TOKEN, "SECRET_OF_HEADER": HEADER_SECRET}

_LOUDLY = """\
import logging, sys
logging.basicConfig(level=logging.DEBUG, stream=sys.stderr)
from gitops_bot.cli import main
main()
"""

_GIT = """\
#!/bin/sh
for one in "$@"; do printf '%s\\n' "$one"; done >>"$RECORDED_ARGV"
exec {git} "$@"
"""


def forms(secret: str) -> set[bytes]:
    """A secret as it could be written: plain, in base64 alone and as a password, in a URL."""
    raw = secret.encode()
    users = (b"", b"x-access-token:", b"git:", b"oauth2:")
    coded = {base64.b64encode(user + raw).rstrip(b"=") for user in users}
    coded |= {base64.urlsafe_b64encode(user + raw).rstrip(b"=") for user in users}
    return {raw, quote(secret, safe="").encode(), quote(secret).encode(), quote_plus(secret).encode(), *coded}


@dataclass
class Place:
    """Where a run happens; everything that it writes lies below one folder."""

    folder: Path
    environment: Environment
    fake: FakeGitHub | FakeGitLab
    git: GitHttp
    metrics: Scripted

    def run(self, *arguments: str, **env: str) -> subprocess.CompletedProcess[bytes]:
        """A command in a process of its own, as loud as it gets, its home below the folder, git's arguments noted."""
        clean = {key: value for key, value in os.environ.items() if not key.startswith(("GIT_", "GITOPS_BOT_"))}
        own = {
            "HOME": str(self.folder / "home"),
            "XDG_CACHE_HOME": str(self.folder / "home"),
            "TMPDIR": str(self.folder / "tmp"),
            "PATH": f"{self.folder / 'bin'}{os.pathsep}{os.environ['PATH']}",
            "RECORDED_ARGV": str(self.folder / "argv"),
            "GITOPS_BOT_DEBUG": "1",
            "GITHUB_OUTPUT": str(self.folder / "output"),
            "GITHUB_STEP_SUMMARY": str(self.folder / "summary"),
            "PYTHONPATH": os.pathsep.join(path for path in sys.path if path),
        }
        command = [sys.executable, "-c", _LOUDLY, *arguments, "-c", str(self.folder / "gitops-bot.yaml")]
        done = subprocess.run(command, env={**clean, **own, **ENV, **env}, capture_output=True, check=False)
        for name, text in (("stdout", done.stdout), ("stderr", done.stderr)):
            with (self.folder / name).open("ab") as file:
                file.write(text)
        return done

    def run_once(self, **env: str) -> subprocess.CompletedProcess[bytes]:
        """A run with an audit log and outputs."""
        return self.run("run", "--once", "--github", "--audit", str(self.folder / "audit.jsonl"), **env)

    @property
    def titles(self) -> list[str]:
        """Of what stands on the forge."""
        if isinstance(self.fake, FakeGitLab):
            return [one.title for one in self.fake.world.requests.values()]
        return [one.title for one in self.fake.world.pulls.values()]

    def assert_no_secret_was_written(self) -> None:
        """In no file below the folder and no name of one, and in nothing that the forge was told."""
        told = [(one.path, one.query, one.body) for one in self.fake.requests]
        asked = [(one.path, one.query) for one in self.metrics.asked]
        texts = {"forge": repr(told).encode(), "metrics": repr(asked).encode(), "git": repr(self.git.requests).encode()}
        for file in (one for one in self.folder.rglob("*") if one.is_file()):
            texts[str(file)] = str(file).encode() + file.read_bytes()
        for secret in SECRETS:
            for form in forms(secret):
                assert not [name for name, text in texts.items() if form in text]


@pytest.fixture(params=["github", "gitlab"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Place]:
    folder = tmp_path / "written"
    for name in ("home", "tmp", "bin"):
        (folder / name).mkdir(parents=True)
    wrapper = folder / "bin" / "git"
    wrapper.write_text(_GIT.format(git=shutil.which("git")))
    wrapper.chmod(0o755)
    environment = Environment(tmp_path / "served" / "acme" / "environments.git")
    environment.git("config", "http.receivepack", "true")
    environment.git("config", "uploadpack.allowFilter", "true")
    environment.git("config", "uploadpack.allowAnySHA1InWant", "true")
    landed = datetime.now(UTC) - timedelta(minutes=30)
    environment.commit({**tree(weight=5), "policies/shop.yaml": policy()}, at=landed)
    served = GitHttp(tmp_path / "served", token=FORGE_TOKEN)
    fake: FakeGitHub | FakeGitLab
    if request.param == "gitlab":
        fake = FakeGitLab(environment.path, "acme/environments", FORGE_TOKEN)
    else:
        fake = FakeGitHub(environment.path, token=FORGE_TOKEN)
    with served, fake, scripted() as metrics:
        metrics.answers.append(in_json({"status": "success", "data": {"resultType": "matrix", "result": []}}))
        config(
            folder,
            repository={
                "url": f"{served.url}/acme/environments.git",
                "forge": request.param,
                "apiUrl": fake.api_url,
                "tokenFrom": {"env": "SECRET_OF_FORGE"},
            },
            metrics={
                "prometheus": {
                    "url": metrics.url,
                    "tokenFrom": {"env": "SECRET_OF_METRICS"},
                    "headersFrom": {"X-Scope-OrgID": {"env": "SECRET_OF_HEADER"}},
                }
            },
        )
        yield Place(folder, environment, fake, served, metrics)


def test_the_forms_are_what_leaks_look_like() -> None:
    assert forms("a b/c") >= {b"a b/c", b"a%20b%2Fc", b"a+b%2Fc", base64.b64encode(b"a b/c").rstrip(b"=")}


def test_a_run_that_measures_pushes_and_opens_writes_no_secret(place: Place) -> None:
    measured = place.run_once()
    assert measured.returncode == 0, measured.stderr.decode()
    place.environment.replace("charts/routes/values.yaml", "weight: 5", "weight: 0", who="Alice <alice@acme.example>")
    place.environment.replace("apps/shop/canary/kustomization.yaml", '"2.0.0"', '"2.0.1"')
    opened = place.run_once()
    assert opened.returncode == 0, opened.stderr.decode()
    assert place.titles == ["promote(shop): start 2.0.1 at 5 %"]
    assert any(one.headers["Authorization"] == f"Bearer {METRICS_TOKEN}" for one in place.metrics.asked)
    assert all(one.headers["X-Scope-OrgID"] == HEADER_SECRET for one in place.metrics.asked)
    assert any("git-receive-pack" in one.path and one.status == 200 for one in place.git.requests)
    assert "push" in (place.folder / "argv").read_text().splitlines()
    assert b"DEBUG" in opened.stderr
    assert (place.folder / "audit.jsonl").exists()
    place.assert_no_secret_was_written()


def test_servers_that_repeat_a_secret_do_not_bring_it_into_errors(place: Place) -> None:
    place.metrics.answers[:] = [Answer(f"401 for Bearer {METRICS_TOKEN}, {HEADER_SECRET}", status=401)]
    place.fake.fail_next("GET", "/(pulls|merge_requests)$", 422, {"message": f"{FORGE_TOKEN} does not please"})
    refused = place.run_once()
    assert refused.returncode == 53, refused.stderr.decode()
    measured = place.run("explain", "shop")
    assert b"401" in measured.stdout
    place.assert_no_secret_was_written()


def test_a_git_server_that_refuses_the_token_is_named_without_it(place: Place) -> None:
    place.git.token = "another"
    denied = place.run_once()
    assert denied.returncode == 41
    assert b"/acme/environments.git" in denied.stderr
    place.assert_no_secret_was_written()
