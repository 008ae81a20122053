"""Commits that are signed: real keys, and git's own word that the signature is good."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from gitops_bot.adapters.git import GitRepository
from gitops_bot.adapters.git.signing import Sign, by_gpg, by_ssh
from gitops_bot.errors import RepositoryError
from gitops_bot.ports import BranchUpdate
from tests.support.github import BareRepo

BRANCH = "gitops-bot/shop/promote"
BOT = ("gitops-bot", "bot@example.com")


@pytest.fixture
def ssh_key(tmp_path: Path) -> Path:
    key = tmp_path / "key"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(key)], check=True)
    return key


def pushed(folder: Path, sign: Sign | None) -> tuple[BareRepo, str]:
    bare = BareRepo.create(folder / "env.git")
    repo = GitRepository(str(bare.path), cache=folder / "cache", base="main", identity=BOT, sign=sign)
    try:
        base = repo.refresh()["main"]
        (result,) = repo.push(
            [BranchUpdate(BRANCH, None, base, {"app.yaml": b"version: 2\n"}, "Promote\n\nBecause.\n")]
        )
        head = repo.head(repo.refresh()[BRANCH], base)
        assert (result.rejected, head.commits[0].author, head.commits[0].committer) == (
            "",
            *[f"{BOT[0]} <{BOT[1]}>"] * 2,
        )
        assert head.commits[0].message.startswith("Promote\n\nBecause.")
    finally:
        repo.close()
    return bare, result.oid


def verified(bare: BareRepo, commit: str, *config: str, **env: str) -> str:
    command = ["git", "--git-dir", str(bare.path), *config, "verify-commit", "--raw", commit]
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=os.environ | env)
    return f"{done.returncode} {done.stdout}{done.stderr}"


def test_git_believes_what_ssh_signed(tmp_path: Path, ssh_key: Path) -> None:
    bare, commit = pushed(tmp_path, by_ssh(ssh_key))
    allowed = tmp_path / "allowed"
    allowed.write_text(f"{BOT[1]} {ssh_key.with_suffix('.pub').read_text()}")
    ssh = ("-c", "gpg.format=ssh", "-c", f"gpg.ssh.allowedSignersFile={allowed}")
    assert "0 Good" in verified(bare, commit, *ssh)
    assert verified(bare, bare.heads()["main"], *ssh).startswith("1 ")


@pytest.fixture
def gpg_home(tmp_path: Path) -> Iterator[Path]:
    if not shutil.which("gpg"):
        pytest.skip("gpg is not installed")
    home = tmp_path / "gnupg"
    home.mkdir(mode=0o700)
    yield home
    # gpg leaves an agent behind that lives as long as the folder.
    subprocess.run(["gpgconf", "--homedir", str(home), "--kill", "all"], check=True, capture_output=True)


def test_git_believes_what_gpg_signed(tmp_path: Path, gpg_home: Path) -> None:
    made = ["gpg", "--homedir", str(gpg_home), "--batch", "--quiet", "--passphrase", "", "--quick-generate-key"]
    subprocess.run([*made, f"{BOT[0]} <{BOT[1]}>", "ed25519", "sign", "never"], check=True, capture_output=True)
    bare, commit = pushed(tmp_path, by_gpg(gpg_home, BOT[1]))
    assert "GOODSIG" in verified(bare, commit, GNUPGHOME=str(gpg_home))


def test_the_same_change_is_signed_alike_by_ssh(tmp_path: Path, ssh_key: Path) -> None:
    commits = set()
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        commits.add(pushed(tmp_path / name, by_ssh(ssh_key))[1])
    assert len(commits) == 1
    (tmp_path / "three").mkdir()
    assert pushed(tmp_path / "three", None)[1] not in commits


@pytest.mark.parametrize("content", ["", "nonsense\n"])
def test_a_key_that_is_none_is_said_and_nothing_is_pushed(tmp_path: Path, content: str) -> None:
    key = tmp_path / "key"
    key.write_text(content)
    key.chmod(0o600)
    with pytest.raises(RepositoryError, match="ssh-keygen did not sign"):
        pushed(tmp_path, by_ssh(key))
    assert BareRepo(tmp_path / "env.git").heads().keys() == {"main"}
