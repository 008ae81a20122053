"""`commits: api` on GitLab: made on a branch for the time being, looked at by git, moved to by git; ours stays ours."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from gitops_bot.adapters.git import GitRepository, by_forge
from gitops_bot.adapters.git.push import push
from gitops_bot.adapters.gitlab import GitLabForge, Token
from gitops_bot.apply import apply
from gitops_bot.errors import ForgeDenied, PushRejected, RateLimited, RepositoryUnreachable
from gitops_bot.policy.loading import Source, load_config
from gitops_bot.ports import BranchUpdate, Pushed
from gitops_bot.repositories import environment
from tests.support.environment import ALICE, ROUTE, tree
from tests.support.github.git import BareRepo
from tests.support.gitlab import FakeGitLab, commits
from tests.support.hosted import Killed
from tests.support.servers.git_http import GitHttp
from tests.test_gitlab_life import Begin
from tests.test_gitlab_life import begin as begin  # noqa: PLC0414 - a fixture

PROMOTE, BACK = "gitops-bot/shop/promote", "gitops-bot/shop/rollback"
IDENTITY = ("gitops-bot", "gitops-bot@example.com")
OWN = "{} <{}>".format(*IDENTITY)
INSTANCE = "GitLab <noreply@gitlab.example>"
TWO, THREE = {"app.yaml": b"version: 2\n"}, {"app.yaml": b"version: 3\n"}

Files = Mapping[str, bytes | None]


class Site:
    """A token, its forge, and the repository as wired with `commits: api`."""

    def __init__(self, folder: Path, fake: FakeGitLab, url: str = "") -> None:
        self.fake, self.bare, self.folder = fake, fake.world.repo, folder
        self.url = url or str(self.bare.path)
        self.forge, self.repo = self.bot()

    def bot(self, **more: Any) -> tuple[GitLabForge, GitRepository]:
        """One as it starts."""
        forge = GitLabForge(
            self.fake.world.path,
            auth=Token(self.fake.token),
            url=self.fake.url,
            seconds_between_writes=0,
            sleep=lambda _: None,
        )
        more = {"committer": forge, **more}
        cache = self.folder / f"cache{len([*self.folder.iterdir()])}"
        more = {"refs_at_once": 3, **more}
        return forge, GitRepository(self.url, cache=cache, base="main", identity=IDENTITY, **more)

    def write(self, files: Files, expected: str | None = None, *, branch: str = PROMOTE) -> Pushed:
        """A promotion of these files."""
        (result,) = self.repo.push([self.update(files, expected, branch=branch)])
        return result

    def update(self, files: Files, expected: str | None = None, *, branch: str = PROMOTE) -> BranchUpdate:
        """What the bot wants of a branch."""
        base = self.repo.refresh()["main"]
        return BranchUpdate(branch, expected, base, files, "Promote\n\nBecause.\n")

    def who(self, commit: str) -> tuple[str, str]:
        """Author and committer in git."""
        author, committer = self.bare._git("show", "-s", "--format=%an <%ae>%n%cn <%ce>", commit).splitlines()
        return author, committer

    def drafts(self) -> list[str]:
        """Branches for the time being that are left."""
        return [name for name in self.bare.heads() if "_drafts" in name]


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    files = {"app.yaml": "version: 1\n", "deep/er/x.yaml": "a: 1\n"}
    bare = BareRepo.create(tmp_path / "env.git", files)
    tree = bare.write_tree("main", {"run.sh": ("100755", bare.write_blob(b"echo 1\n"))})
    bare.point("main", bare.write_commit(tree, [bare.heads()["main"]], "Run", ALICE, ALICE))
    with FakeGitLab(bare.path) as fake:
        made = Site(tmp_path, fake)
        yield made
        made.repo.close()
        made.forge.disconnect()


@pytest.mark.parametrize("signs", ["", INSTANCE])
@pytest.mark.parametrize(
    "files",
    [
        TWO,
        {"run.sh": b"echo 2\n", "deep/er/x.yaml": b"a: 2\n"},
        {"deep/er/x.yaml": None, "new/file.yaml": b"a: 1\n"},
        {"app.yaml": b"", "new/empty": b""},
        {"app.yaml": "name: café\n".encode("latin-1"), "crlf.txt": b"a\r\nb", "nul.bin": b"\0\xff\n"},
        {f"many/{number}.yaml": f"a: {number}\n".encode() for number in range(60)},
    ],
    ids=["one", "modes", "gone and new", "empty", "bytes", "many"],
)
def test_the_commit_is_gitlabs_and_its_tree_is_gits(site: Site, files: Files, signs: str) -> None:
    site.fake.world.signs = signs
    result = site.write(files)
    refs = site.repo.refresh()
    assert (result.rejected, result.oid, [*refs]) == ("", refs[PROMOTE], [PROMOTE, "main"])
    _, pushing = site.bot(committer=None)
    base = pushing.refresh()["main"]
    (pushed,) = pushing.push([BranchUpdate(BACK, None, base, files, "Promote\n")])
    assert site.bare._git("rev-parse", f"{pushed.oid}^{{tree}}") == site.bare._git(
        "rev-parse", f"{result.oid}^{{tree}}"
    )
    author, committer = site.who(result.oid)
    assert (author, committer) == (commits_by(site), signs or author)
    (read,) = site.repo.head(result.oid, base).commits
    assert (read.author, read.committer, read.parents) == (OWN, OWN, (base,))
    assert read.message.startswith("Promote\n\nBecause.")
    pushing.close()


def commits_by(site: Site) -> str:
    return f"gitops-bot <{commits.email(site.fake.world, 'gitops-bot')}>"


def test_a_new_bot_knows_its_commits_by_one_question_however_many_there_are(site: Site) -> None:
    site.fake.world.signs = INSTANCE
    heads = [
        site.write({"app.yaml": f"{number}\n".encode()}, branch=f"gitops-bot/p{number}/promote").oid
        for number in range(4)
    ]
    forge, repo = site.bot()
    base = repo.refresh()["main"]
    before = len(site.fake.requests)
    assert {one.author for head in heads for one in repo.head(head, base).commits} == {OWN}
    assert len([one for one in site.fake.requests[before:] if one.path.endswith("/signature")]) == 1
    repo.close()
    forge.disconnect()


def test_what_gitlab_does_not_vouch_for_is_somebody_elses(site: Site) -> None:
    base = site.repo.refresh()["main"]
    changed = site.bare.write_tree("main", {"x": ("100644", site.bare.write_blob(b"1"))})
    bot = commits_by(site)
    for author, committer in ((ALICE, bot), (bot, ALICE), (bot, INSTANCE), (ALICE, INSTANCE)):
        site.bare.point(PROMOTE, site.bare.write_commit(changed, [base], "Mine", author, committer))
        (commit,) = site.repo.head(site.repo.refresh()[PROMOTE], base).commits
        assert (commit.author, commit.committer) == (author, committer)


def test_a_branch_that_moved_or_came_is_left(site: Site) -> None:
    first = site.write(TWO)
    assert site.write(THREE).rejected
    theirs = site.bare.commit(PROMOTE, {"app.yaml": "version: 9\n"})
    assert site.write(THREE, first.oid).rejected
    assert site.bare.heads()[PROMOTE] == theirs
    assert site.write(THREE, theirs).rejected == ""
    assert site.drafts() == []


def test_what_a_person_pushes_between_the_commit_and_the_move_is_not_lost(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = site.write(TWO).oid
    theirs: list[str] = []

    def meanwhile(*given: Any) -> Any:
        theirs.append(site.bare.commit(PROMOTE, {"app.yaml": "version: 9\n"}))
        monkeypatch.undo()
        return push(*given)

    monkeypatch.setattr(by_forge, "push", meanwhile)
    assert site.write(THREE, first).rejected
    assert (site.bare.heads()[PROMOTE], site.drafts()) == (theirs[0], [])


def test_a_tree_that_came_out_otherwise_is_pointed_to_by_nothing(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    # As where .gitattributes has GitLab put a pointer to large file storage in a file's place.
    monkeypatch.setattr(commits, "_content", lambda _one: b"version https://git-lfs.github.com/spec/v1\n")
    assert "another commit" in site.write(TWO).rejected
    assert PROMOTE not in site.bare.heads()
    assert site.drafts() == []


def test_a_signature_that_gitlab_does_not_know_again_is_pointed_to_by_nothing(site: Site) -> None:
    site.fake.world.signs, site.fake.world.vouches = INSTANCE, False
    said = site.write(TWO).rejected
    assert f"committed by {INSTANCE}" in said
    assert "push commits" in said
    assert (PROMOTE in site.bare.heads(), site.drafts()) == (False, [])


def test_what_gitlab_refuses_of_one_branch_harms_no_other(site: Site) -> None:
    site.fake.fail_next("POST", "/commits$", 400, {"message": "GitLab: Commit message does not follow the pattern"})
    results = site.repo.push([site.update(TWO), site.update(THREE, branch=BACK)])
    assert "does not follow the pattern" in results[0].rejected
    assert (results[1].rejected, [*site.repo.refresh()]) == ("", [BACK, "main"])


def test_a_branch_that_the_token_may_not_make_says_what_it_needs(site: Site) -> None:
    site.fake.world.protected = {"gitops-bot/*"}
    with pytest.raises(ForgeDenied) as caught:
        site.write(TWO)
    assert caught.value.exit_code == ForgeDenied("").exit_code
    assert "the role Developer, and the right to make branches below the prefix" in str(caught.value)


@pytest.mark.parametrize(
    ("status", "error"), [(429, RateLimited), (502, None), (0, None)], ids=["limit", "gateway", "reset"]
)
def test_what_was_made_before_a_failure_does_not_stay(site: Site, status: int, error: type[Exception] | None) -> None:
    updates = [site.update(TWO), site.update(THREE, branch=BACK)]
    seen = iter(range(9))
    answer = site.fake.answer

    def second(request: Any) -> Any:
        if request.method == "POST" and next(seen) == 1:
            site.fake.fail_next("POST", "/commits$", status, after_effect=status != 429)
        return answer(request)

    site.fake.answer = second  # type: ignore[method-assign]
    with pytest.raises(error or Exception):
        site.repo.push(updates)
    site.fake.answer = answer  # type: ignore[method-assign]
    assert len(site.drafts()) == (0 if status == 429 else 1)  # of the one that may have been made, nobody knows
    site.repo.refresh()
    apply([], site.repo, site.forge, lambda: False)
    assert site.drafts() == []
    if status != 429:  # where GitLab wants patience it has it
        assert [one.rejected for one in site.repo.push(updates)] == ["", ""]


def test_a_deletion_is_pushed_by_git(site: Site) -> None:
    head = site.write(TWO).oid
    assert [one.rejected for one in site.repo.push([BranchUpdate(PROMOTE, head, "", {})])] == [""]
    assert PROMOTE not in site.bare.heads()


Boundary = Callable[..., Any]


def after_the_commit(site: Site, patch: pytest.MonkeyPatch) -> None:
    answer = site.forge._committing.commit

    def dies(*given: Any) -> Any:
        answer(*given)
        raise Killed

    patch.setattr(site.forge._committing, "commit", dies)
    patch.setattr(by_forge, "removed", killed)


def before_the_move(_site: Site, patch: pytest.MonkeyPatch) -> None:
    patch.setattr(by_forge, "push", killed)


def after_the_move(_site: Site, patch: pytest.MonkeyPatch) -> None:
    patch.setattr(by_forge, "removed", killed)


def killed(*_given: Any) -> Any:
    raise Killed


@pytest.mark.parametrize("boundary", [after_the_commit, before_the_move, after_the_move])
def test_wherever_the_bot_is_killed_the_next_one_carries_on(
    site: Site, monkeypatch: pytest.MonkeyPatch, boundary: Callable[[Site, pytest.MonkeyPatch], None]
) -> None:
    with monkeypatch.context() as patch:
        boundary(site, patch)
        with pytest.raises(Killed):
            site.write(TWO)
    assert len(site.drafts()) == 1
    forge, repo = site.bot()
    seen = repo.refresh()
    assert not any("_drafts" in name for name in seen)
    before = len(site.fake.requests)
    assert apply([], repo, forge, lambda: False).failures == []
    assert (site.drafts(), len(site.fake.requests)) == ([], before)
    if PROMOTE not in seen:
        (result,) = repo.push([BranchUpdate(PROMOTE, None, seen["main"], TWO, "Promote\n")])
        assert result.rejected == ""
    (commit,) = repo.head(repo.refresh()[PROMOTE], seen["main"]).commits
    assert (commit.author, commit.parents) == (OWN, (seen["main"],))
    assert repo.tidy() == ()
    repo.close()
    forge.disconnect()


def test_looking_alone_removes_nothing(site: Site) -> None:
    site.bare.commit("gitops-bot/_drafts/left", {"app.yaml": "version: 2\n"}, on="main")
    assert [*site.repo.refresh()] == ["main"]
    assert site.drafts() == ["gitops-bot/_drafts/left"]


def test_what_cannot_be_removed_is_said(site: Site) -> None:
    site.bare.commit("gitops-bot/_drafts/left", {"app.yaml": "version: 2\n"}, on="main")
    site.repo.refresh()
    hook = site.bare.path / "hooks" / "pre-receive"
    hook.write_text("#!/bin/sh\necho You may not.\nexit 1\n")
    hook.chmod(0o755)
    ((subject, error),) = apply([], site.repo, site.forge, lambda: False).failures
    assert (subject, type(error)) == ("branches left over", PushRejected)
    assert "You may not" in str(error)


def test_of_two_bots_with_the_same_commit_one_is_refused_and_nothing_is_doubled(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    forge, repo = site.bot()
    repo.refresh()
    update = site.update(TWO)
    others: list[Pushed] = []
    make = site.forge._committing.commit

    def meanwhile(draft: Any) -> Pushed:
        made = make(draft)
        monkeypatch.undo()
        others.extend(repo.push([update]))
        return made

    monkeypatch.setattr(site.forge._committing, "commit", meanwhile)
    (mine,) = site.repo.push([update])
    assert mine.rejected == ""
    assert "already exists" in others[0].rejected
    assert (site.bare.heads()[PROMOTE], site.drafts()) == (mine.oid, [])
    repo.close()
    forge.disconnect()


def test_a_bot_whose_draft_another_one_tidies_away_tries_again(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    forge, repo = site.bot()
    make = site.forge._committing.commit

    def meanwhile(draft: Any) -> Pushed:
        made = make(draft)
        monkeypatch.undo()
        repo.refresh()
        assert [one.rejected for one in repo.tidy()] == [""]
        return made

    update = site.update(TWO)
    monkeypatch.setattr(site.forge._committing, "commit", meanwhile)
    (result,) = site.repo.push([update])
    assert "does not find" in result.rejected
    assert site.write(TWO).rejected == ""
    repo.close()
    forge.disconnect()


def test_a_whole_promotion_by_gitlabs_commits(begin: Begin) -> None:
    life = begin(merge="auto", files=tree(weight=5))
    life.fake.world.signs = INSTANCE
    assert life.job
    site = life.job.site
    assert isinstance(site.forge, GitLabForge)
    name, _, email = site.identity.rstrip(">").partition(" <")
    cache = life.environment.path.parent / "verified"
    who = {"identity": (name, email), "committer": site.forge}
    repo = GitRepository(str(life.environment.path), cache=cache, base="main", **who)  # type: ignore[arg-type]
    site.repo = repo
    life.fake.world.blocked[1] = "not_approved"
    life.well(10)
    life.well(1)
    before = len(life.fake.requests)
    life.well(1)
    assert {one.method for one in life.fake.requests[before:] if one.writes} <= {"PUT"}
    life.fake.world.blocked.clear()
    life.well(11)
    assert life.environment.values()[2] == 25
    life.fake.world.blocked[2] = "not_approved"
    life.well(11)
    (request,) = life.open
    life.environment.commit({ROUTE: "host: theirs\n"}, branch=PROMOTE, who=ALICE)
    life.well(1)
    assert "gitops-bot/foreign-commits" in request.labels
    repo.close()


def test_it_is_wired_where_it_is_configured(site: Site) -> None:
    text = f"""apiVersion: gitops-bot.dev/v1alpha1
kind: BotConfig
metadata: {{name: bot}}
spec:
  cache: {site.folder}/wired
  repositories:
    env: {{url: {site.bare.path}, forge: gitlab, tokenFrom: {{env: T}}, commits: api}}
"""
    config = load_config(Source("bot.yaml", text.encode()))
    repo = environment(config, config.spec.repositories["env"], None, site.forge)
    base = repo.refresh()["main"]
    (result,) = repo.push([BranchUpdate(PROMOTE, None, base, TWO, "Promote\n")])
    assert site.who(result.oid)[0] == commits_by(site)
    repo.close()


def test_a_git_that_does_not_answer_leaves_the_branch_as_it_was(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    update = site.update(TWO)

    def silent(*_given: Any, **_more: Any) -> None:
        raise RepositoryUnreachable("no answer")

    monkeypatch.setattr(site.repo._cache, "fetch_branches", silent)
    with pytest.raises(RepositoryUnreachable):
        site.repo.push([update])
    assert (PROMOTE in site.bare.heads(), site.drafts()) == (False, [])


def test_over_https_nothing_but_the_names_of_branches_is_pushed(tmp_path: Path) -> None:
    with GitHttp(tmp_path / "served") as served:
        bare = BareRepo(served.create("env"))
        bare.commit("main", {f"a{number}.yaml": f"a: {number}\n" * 500 for number in range(40)})
        # As a push rule has it: no commit comes in by git that the server does not have.
        served.hook("env", 'while read old new ref; do test "$(git rev-list "$new" --not --all)" = "" || exit 1; done')
        with FakeGitLab(bare.path) as fake:
            site = Site(tmp_path, fake, url=served.url_of("env"))
            updates = [
                site.update({f"a{n}.yaml": b"a: x\n" * 9000}, branch=f"gitops-bot/p{n}/promote") for n in range(7)
            ]
            before = len(served.requests)
            assert [one.rejected for one in site.repo.push(updates)] == [""] * 7
            pushes = [one for one in served.requests[before:] if one.path.endswith("/git-receive-pack")]
            fetches = [one for one in served.requests[before:] if one.path.endswith("/git-upload-pack")]
            assert len(pushes) == 3 + 1  # three branches at once, then the drafts
            assert sum(one.received_bytes for one in pushes) < 4096
            assert (len(fetches), len(fake.asked("POST"))) == (2, 7)
            site.repo.close()
            site.forge.disconnect()
