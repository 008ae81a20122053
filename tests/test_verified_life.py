"""`commits: api`: GitHub makes and signs the commits for an App, and what is ours stays ours."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from gitops_bot.adapters.git import GitRepository
from gitops_bot.adapters.github import App, GitHubForge
from gitops_bot.errors import PolicyInvalid
from gitops_bot.policy.loading import Source, load_config
from gitops_bot.ports import BranchUpdate, Pushed
from tests.support.environment import ALICE, ROUTE, tree
from tests.support.github import BareRepo, FakeGitHub
from tests.support.github.keys import app_keys
from tests.test_github_life import Begin
from tests.test_github_life import begin as begin  # noqa: PLC0414 - a fixture

PROMOTE = "gitops-bot/shop/promote"
IDENTITY = ("gitops-bot", "gitops-bot@example.com")
LATIN = "name: café\n".encode("latin-1")


@pytest.fixture(scope="session")
def keys() -> tuple[str, str]:
    return app_keys()


class Site:
    """An App, its forge, and the repository as wired with `commits: api`."""

    def __init__(self, folder: Path, fake: FakeGitHub, key: str) -> None:
        self.fake, self.bare = fake, fake.world.repo
        auth = App(7, key, 42)
        self.forge = GitHubForge(fake.repository, auth=auth, api_url=fake.api_url, seconds_between_writes=0)
        where = {"cache": folder / "cache", "base": "main", "identity": IDENTITY}
        self.repo = GitRepository(str(self.bare.path), **where, committer=self.forge)  # type: ignore[arg-type]

    def write(self, files: dict[str, bytes | None], expected: str | None = None) -> Pushed:
        base = self.repo.refresh()["main"]
        (result,) = self.repo.push([BranchUpdate(PROMOTE, expected, base, files, "Promote\n\nBecause.\n")])
        return result


@pytest.fixture
def site(tmp_path: Path, keys: tuple[str, str]) -> Iterator[Site]:
    bare = BareRepo.create(tmp_path / "env.git", {"app.yaml": "version: 1\n", "deep/er/x.yaml": "a: 1\n"})
    bare.point("main", bare.write_commit(executable(bare), [bare.heads()["main"]], "Run", ALICE, ALICE))
    with FakeGitHub(bare.path, app_key=keys[1]) as fake:
        made = Site(tmp_path, fake, keys[0])
        yield made
        made.repo.close()
        made.forge.disconnect()


def executable(bare: BareRepo) -> str:
    return bare.write_tree("main", {"run.sh": ("100755", bare.write_blob(b"echo 1\n"))})


@pytest.mark.parametrize(
    "files",
    [
        {"app.yaml": b"version: 2\n"},
        {"run.sh": b"echo 2\n", "deep/er/x.yaml": b"a: 2\n"},
        {"deep/er/x.yaml": None, "new/file.yaml": b"a: 1\n"},
        {"app.yaml": LATIN},
    ],
)
def test_the_commit_is_the_forges_and_its_tree_is_gits(
    site: Site, tmp_path: Path, files: dict[str, bytes | None]
) -> None:
    result = site.write(files)
    refs = site.repo.refresh()
    assert (result.rejected, result.oid) == ("", refs[PROMOTE])
    where = {"cache": tmp_path / "other", "base": "main", "identity": IDENTITY}
    plain = GitRepository(str(site.bare.path), **where)  # type: ignore[arg-type]
    base = plain.refresh()["main"]
    (pushed,) = plain.push([BranchUpdate("gitops-bot/shop/rollback", None, base, files, "Promote\n")])
    (commit,) = plain.head(plain.refresh()[PROMOTE], base).commits
    assert plain.head(pushed.oid, base).files == plain.head(result.oid, base).files
    assert commit.author.startswith("gitops-bot[bot] <")
    assert (commit.committer, commit.parents) == ("GitHub <noreply@github.com>", (base,))
    assert commit.message.startswith("Promote\n\nBecause.")
    (read,) = site.repo.head(result.oid, base).commits
    assert read.author == read.committer == "{} <{}>".format(*IDENTITY)
    plain.close()


def test_only_the_pair_that_github_writes_is_taken_for_the_bots(site: Site) -> None:
    base = site.repo.refresh()["main"]
    written = site.write({"app.yaml": b"version: 2\n"}).oid
    app, github = (site.bare._git("show", "-s", f"--format={who}", written) for who in ("%an <%ae>", "%cn <%ce>"))
    changed = site.bare.write_tree("main", {"x": ("100644", site.bare.write_blob(b"1"))})
    for author, committer in ((ALICE, github), (app, ALICE), (app, app)):
        site.bare.point(PROMOTE, site.bare.write_commit(changed, [base], "Mine", author, committer))
        (commit,) = site.repo.head(site.repo.refresh()[PROMOTE], base).commits
        assert (commit.author, commit.committer) == (author, committer)


def test_a_branch_that_moved_or_came_is_left(site: Site) -> None:
    first = site.write({"app.yaml": b"version: 2\n"})
    assert site.write({"app.yaml": b"version: 3\n"}).rejected
    theirs = site.bare.commit(PROMOTE, {"app.yaml": "version: 9\n"})
    assert "is not" in site.write({"app.yaml": b"version: 3\n"}, first.oid).rejected
    assert site.bare.heads()[PROMOTE] == theirs
    assert site.write({"app.yaml": b"version: 3\n"}, theirs).rejected == ""


def test_a_tree_that_came_out_otherwise_is_pointed_to_by_nothing(site: Site) -> None:
    site.fake.fail_next("POST", "/git/trees$", 201, {"sha": "1" * 40, "url": "x"})
    assert "another tree" in site.write({"app.yaml": b"version: 2\n"}).rejected
    assert PROMOTE not in site.bare.heads()


def test_a_deletion_is_pushed_by_git(site: Site) -> None:
    head = site.write({"app.yaml": b"version: 2\n"}).oid
    assert [one.rejected for one in site.repo.push([BranchUpdate(PROMOTE, head, "", {})])] == [""]
    assert PROMOTE not in site.bare.heads()


def test_a_whole_promotion_by_an_app(begin: Begin, keys: tuple[str, str]) -> None:
    life = begin(tree(weight=5), merge="auto")
    life.end()
    life.fake._app_key = keys[1]
    site = life.job.site
    forge: Any = {"auth": App(7, keys[0], 42), "api_url": life.fake.api_url, "now": life.clock.now}
    hub = GitHubForge(life.fake.repository, **forge, seconds_between_writes=0, sleep=lambda _: None, check_runs=True)
    site.forge = hub
    name, _, email = site.identity.rstrip(">").partition(" <")
    cache = life.environment.path.parent / "verified"
    repo = GitRepository(str(life.environment.path), cache=cache, base="main", identity=(name, email), committer=hub)
    site.repo = repo
    life.fake.world.blocked[1] = "A review is required."
    life.well(10)
    head = life.only.head
    assert life.fake.world.runs[head][-1].conclusion == "success"
    before = len(life.fake.requests)
    life.well(1)
    assert {one.method for one in life.fake.requests[before:]} <= {"GET", "PUT"}
    life.fake.world.blocked.clear()
    life.well(11)
    assert (life.fake.pull(1).merged_by, life.environment.values()[2]) == ("gitops-bot[bot]", 25)
    life.fake.world.blocked[2] = "A review is required."
    life.well(11)
    life.environment.commit({ROUTE: "host: theirs\n"}, branch=PROMOTE, who=ALICE)
    life.well(1)
    assert "gitops-bot/foreign-commits" in life.only.labels
    repo.close()
    hub.disconnect()


@pytest.mark.parametrize(
    ("repository", "said"),
    [
        ("forge: github; tokenFrom: {env: T}; commits: api", "commits: api is for a GitHub App"),
        ("forge: local; commits: api", "commits: api is for github and gitlab"),
        (
            "forge: gitlab; tokenFrom: {env: T}; commits: api; signing: {sshKey: /k}",
            "signing: goes without commits: api, where the forge signs",
        ),
        (
            "forge: github; app: {id: 1, privateKeyFrom: {env: T}}; commits: api; signing: {sshKey: /k}",
            "signing: goes without commits: api",
        ),
        ("forge: github; tokenFrom: {env: T}; signing: {}", "one of sshKey, gpg is needed"),
    ],
)
def test_who_signs_is_said_once(repository: str, said: str) -> None:
    lines = "".join(f"      {line}\n" for line in ("url: https://github.com/a/b", *repository.split("; ")))
    text = "apiVersion: gitops-bot.dev/v1alpha1\nkind: BotConfig\nmetadata: {name: bot}\nspec:\n  repositories:\n"
    text += f"    env:\n{lines}"
    with pytest.raises(PolicyInvalid) as caught:
        load_config(Source("bot.yaml", text.encode()))
    assert said in str(caught.value)
