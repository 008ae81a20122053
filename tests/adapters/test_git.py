"""The environment repository on local bare repositories: real git, no network."""

import os
import subprocess
import zlib
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

import pytest

from gitops_bot.adapters.git import Git, GitRepository
from gitops_bot.adapters.git.guard import checked_branch, checked_url
from gitops_bot.adapters.git.recent import Recent
from gitops_bot.adapters.git.runner import scrub
from gitops_bot.errors import (
    EditRefused,
    InternalError,
    RepositoryError,
    RepositoryUnreachable,
    UsageError,
)
from gitops_bot.ports import BranchUpdate, Pushed

BOT = ("gitops-bot", "bot@example.com")
ENV = {
    "PATH": os.environ["PATH"],
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_AUTHOR_NAME": "Ann",
    "GIT_AUTHOR_EMAIL": "ann@example.com",
    "GIT_COMMITTER_NAME": "Ann",
    "GIT_COMMITTER_EMAIL": "ann@example.com",
}
Content = bytes | tuple[str, bytes] | None
"""A file's content, with a mode if it is not 100644; None removes it."""


class Remote:
    """A bare repository and the commits people make in it, without a working tree."""

    def __init__(self, path: Path, *, object_format: str = "sha1") -> None:
        self.path = path
        self._clock = 1_700_000_000
        path.mkdir(parents=True)
        self.git("init", "--quiet", "--bare", "--initial-branch=main", f"--object-format={object_format}")
        self.git("config", "uploadpack.allowFilter", "true")

    def git(self, *args: str, stdin: bytes = b"", env: Mapping[str, str] | None = None) -> str:
        """A git command's output."""
        full = {**ENV, "GIT_DIR": str(self.path), **(env or {})}
        done = subprocess.run(["git", *args], input=stdin, env=full, capture_output=True, check=True)
        return done.stdout.decode("utf-8", "surrogateescape").strip()

    def commit(self, files: Mapping[str, Content], *, branch: str = "main", merge: str = "", message: str = "x") -> str:
        """Commit on top of a branch."""
        index = {"GIT_INDEX_FILE": str(self.path / "index.test")}
        ref = f"refs/heads/{branch}"
        parents = self.git("for-each-ref", "--format=%(objectname)", ref).split()
        self.git("read-tree", *(parents or ["--empty"]), env=index)
        oids: dict[bytes, str] = {}
        entries = b"".join(self._entry(path, content, oids) for path, content in files.items())
        self.git("update-index", "-z", "--index-info", stdin=entries, env=index)
        self._clock += 60
        date = dict.fromkeys(("GIT_AUTHOR_DATE", "GIT_COMMITTER_DATE"), f"{self._clock} +0200")
        arguments = [arg for parent in [*parents, *merge.split()] for arg in ("-p", parent)]
        tree = self.git("write-tree", env=index)
        oid = self.git("commit-tree", "-m", message, *arguments, tree, env=date)
        self.git("update-ref", ref, oid)
        return oid

    def _entry(self, path: str, content: Content, oids: dict[bytes, str]) -> bytes:
        """A line of --index-info; contents that are the same are hashed once."""
        mode, data = ("0", b"") if content is None else content if isinstance(content, tuple) else ("100644", content)
        if content is None:
            oid = "0" * 40
        elif mode == "160000":
            oid = data.decode()
        else:
            oid = oids.get(data) or self.git("hash-object", "-w", "--stdin", stdin=data)
            oids[data] = oid
        return f"{mode} {oid}\t{path}\0".encode("utf-8", "surrogateescape")

    def head(self, branch: str) -> str:
        """Where a branch is; empty when there is none."""
        return self.git("for-each-ref", "--format=%(objectname)", f"refs/heads/{branch}")

    def show(self, commit: str, path: str) -> str:
        """A file's content."""
        return self.git("cat-file", "blob", f"{commit}:{path}")


@pytest.fixture
def remote(tmp_path: Path) -> Remote:
    """An environment repository with one file."""
    made = Remote(tmp_path / "remote.git")
    made.commit({"apps/a/prod.yaml": b"tag: 1\n", "README.md": b"hello\n"})
    return made


@pytest.fixture
def opened(tmp_path: Path, remote: Remote) -> Iterator[Callable[..., GitRepository]]:
    """Opens repositories over the remote and closes them in the end."""
    repositories: list[GitRepository] = []

    def open_one(url: str = "", *, cache: str = "cache", base: str = "main") -> GitRepository:
        repository = GitRepository(url or str(remote.path), cache=tmp_path / cache, base=base, identity=BOT)
        repositories.append(repository)
        return repository

    yield open_one
    for repository in repositories:
        repository.close()


@pytest.fixture
def repository(opened: Callable[..., GitRepository]) -> GitRepository:
    """The remote through the adapter."""
    return opened()


def update(parent: str, files: Mapping[str, bytes], *, branch: str = "p/promote", expected: str = "") -> BranchUpdate:
    return BranchUpdate(f"gitops-bot/{branch}", expected or None, parent, files, "Promote\n\nbecause")


def cache_of(tmp_path: Path) -> Path:
    return next((tmp_path / "cache").glob("*.git"))


# ---------------------------------------------------------------- refresh


def test_refresh_names_base_and_the_bots_branches_alone(repository: GitRepository, remote: Remote) -> None:
    main = remote.head("main")
    for branch in ("gitops-bot/p/promote", "feature", "x/refs/heads/main", "x/refs/heads/gitops-bot/y"):
        remote.git("update-ref", f"refs/heads/{branch}", main)
    assert repository.refresh() == {"main": main, "gitops-bot/p/promote": main}


def test_refresh_follows_moves_rewrites_and_deletions(repository: GitRepository, remote: Remote) -> None:
    first = remote.head("main")
    remote.git("update-ref", "refs/heads/gitops-bot/a", first)
    repository.refresh()
    remote.git("update-ref", "-d", "refs/heads/gitops-bot/a")
    remote.git("update-ref", "refs/heads/gitops-bot/a/b", first)
    remote.git("update-ref", "-d", "refs/heads/main")
    rewritten = remote.commit({"README.md": b"again\n"})
    assert repository.refresh() == {"main": rewritten, "gitops-bot/a/b": first}
    assert repository.tree(rewritten).read("README.md") == b"again\n"


def test_further_bases_are_brought_where_they_are_there(opened: Callable[..., GitRepository], remote: Remote) -> None:
    remote.git("update-ref", "refs/heads/env/prod", remote.head("main"))
    prod = remote.commit({"apps/a/prod.yaml": b"tag: 0\n"}, branch="env/prod")
    main = remote.commit({"apps/a/prod.yaml": b"tag: 2\n"})
    repository = opened()
    assert repository.refresh(["env/prod", "env/none", "main"]) == {"main": main, "env/prod": prod}
    assert repository.tree(prod).read("apps/a/prod.yaml") == b"tag: 0\n"
    first = remote.git("rev-parse", f"{main}^")
    for _ in range(2):  # one after the other, each line of history is its own
        assert [one.oid for one in repository.log(main, ["apps/a/prod.yaml"])] == [main, first]
        assert [one.oid for one in repository.log(prod, ["apps/a/prod.yaml"])] == [prod, first]
    remote.git("update-ref", "-d", "refs/heads/env/prod")
    assert repository.refresh(["env/prod"]) == {"main": main}
    assert repository.refresh() == {"main": main}


def test_a_missing_base_branch_is_said(opened: Callable[..., GitRepository]) -> None:
    with pytest.raises(RepositoryUnreachable, match="no branch production"):
        opened(base="production").refresh()


def test_a_missing_repository_is_unreachable(opened: Callable[..., GitRepository], tmp_path: Path) -> None:
    with pytest.raises(RepositoryUnreachable, match="nowhere"):
        opened(str(tmp_path / "nowhere.git")).refresh()


def test_sha256_repositories_are_refused(opened: Callable[..., GitRepository], tmp_path: Path) -> None:
    Remote(tmp_path / "new.git", object_format="sha256").commit({"a": b"1"})
    with pytest.raises(RepositoryUnreachable, match="SHA-256"):
        opened(str(tmp_path / "new.git")).refresh()


@pytest.mark.parametrize("harm", ["packs", "truncated", "HEAD", "config", "half-made"])
def test_a_damaged_cache_is_made_again(
    opened: Callable[..., GitRepository], remote: Remote, tmp_path: Path, harm: str
) -> None:
    opened().refresh()
    cache = cache_of(tmp_path)
    for pack in cache.glob("objects/pack/*.pack"):
        pack.chmod(0o600)
        if harm == "packs":
            pack.unlink()
        if harm == "truncated":
            pack.write_bytes(pack.read_bytes()[:40])
    if harm in {"HEAD", "config"}:
        (cache / harm).unlink()
    if harm == "half-made":
        (cache / "config").write_text("[core]\nbare = true\n")
    repository = opened()
    main = remote.head("main")
    assert repository.refresh() == {"main": main}
    assert repository.tree(main).read("README.md") == b"hello\n"


def test_damage_found_while_reading_is_mended_by_the_next_refresh(
    opened: Callable[..., GitRepository], remote: Remote, tmp_path: Path
) -> None:
    opened().refresh()
    main = remote.head("main")
    cache = Git(cache_of(tmp_path))
    commit = cache("cat-file", "commit", main)
    for pack in cache_of(tmp_path).glob("objects/pack/*"):
        pack.unlink()
    loose = cache_of(tmp_path) / "objects" / main[:2] / main[2:]
    loose.parent.mkdir()
    loose.write_bytes(zlib.compress(b"commit %d\0" % len(commit) + commit))
    repository = opened()
    repository.refresh()  # the tip is there, so nothing tells that its tree is not
    with pytest.raises(RepositoryUnreachable, match="damaged"):
        repository.tree(main).read("README.md")
    repository.refresh()
    assert repository.tree(main).read("README.md") == b"hello\n"


def test_what_a_killed_git_left_does_not_stop_the_next(
    repository: GitRepository, remote: Remote, tmp_path: Path
) -> None:
    repository.refresh()
    cache = cache_of(tmp_path)
    ref = next(cache.glob("refs/base/*"))
    for leftover in (ref.with_name(ref.name + ".lock"), cache / "config.lock", cache / "objects/pack/tmp_pack_x"):
        leftover.write_bytes(b"")
    moved = remote.commit({"README.md": b"2\n"})
    assert repository.refresh() == {"main": moved}
    assert not list(cache.rglob("*.lock"))
    assert not list(cache.rglob("tmp_*"))


def test_many_packs_become_one(repository: GitRepository, remote: Remote, tmp_path: Path) -> None:
    main = repository.refresh()["main"]
    oid = ""
    for number in range(101):
        [pushed] = repository.push([update(main, {"README.md": b"%d" % number}, expected=oid)])
        oid = pushed.oid
    packs = cache_of(tmp_path).glob
    assert len(list(packs("objects/pack/*.pack"))) > 100
    moved = remote.commit({"README.md": b"moved\n"})
    assert repository.refresh() == {"main": moved, "gitops-bot/p/promote": oid}
    assert len(list(packs("objects/pack/*.pack"))) <= 3
    assert repository.tree(oid).read("README.md") == b"100"
    assert repository.refresh() == {"main": moved, "gitops-bot/p/promote": oid}


def test_several_processes_share_a_cache(opened: Callable[..., GitRepository], remote: Remote) -> None:
    repositories = [opened() for _ in range(6)]
    with ThreadPoolExecutor() as pool:
        found = list(pool.map(lambda one: one.refresh(), repositories))
    assert found == [{"main": remote.head("main")}] * 6


def test_a_cache_that_cannot_be_written_is_said(opened: Callable[..., GitRepository], tmp_path: Path) -> None:
    (tmp_path / "cache").write_text("a file")
    with pytest.raises(RepositoryUnreachable, match="cannot be written"):
        opened().refresh()


# ---------------------------------------------------------------- reading


def test_reading_gives_regular_files_alone(repository: GitRepository, remote: Remote) -> None:
    commit = remote.commit(
        {
            "run.sh": ("100755", b"#!/bin/sh\n"),
            "link.yaml": ("120000", b"README.md"),
            "out": ("120000", b"/etc"),
            "folder": ("120000", b"apps/a"),
            "module": ("160000", b"1" * 40),
        }
    )
    repository.refresh()
    tree = repository.tree(commit)
    assert tree.commit == commit
    assert tree.read("run.sh") == b"#!/bin/sh\n"
    absent = [
        "link.yaml",
        "out",
        "out/passwd",
        "folder/prod.yaml",
        "module",
        "apps",
        "README.md/x",
        "none",
        "apps/none",
    ]
    assert {path: tree.read(path) for path in absent} == dict.fromkeys(absent)


def test_names_of_a_folder(repository: GitRepository, remote: Remote) -> None:
    repository.refresh()
    tree = repository.tree(remote.head("main"))
    assert tree.names("") == ("README.md", "apps")
    assert tree.names("apps/a") == ("prod.yaml",)
    assert tree.names("none") == tree.names("README.md") == ()


@pytest.mark.parametrize(
    "path",
    ["../x", "a/../../x", "/etc/passwd", "", "a//b", "./a", "a/.", ".git/config", "a/.GIT/x", "-x", "a\nb", "a\0b"],
)
def test_ways_out_of_the_tree_are_refused(repository: GitRepository, remote: Remote, path: str) -> None:
    repository.refresh()
    main = remote.head("main")
    with pytest.raises(EditRefused):
        repository.tree(main).read(path)
    with pytest.raises(EditRefused):
        repository.prefetch([(main, path)])
    with pytest.raises(EditRefused):
        repository.log(main, [path])
    with pytest.raises(EditRefused):
        repository.push([update(main, {path: b"x"})])
    assert not remote.head("gitops-bot/p/promote")


def test_names_that_are_not_utf8_do_no_harm(repository: GitRepository, remote: Remote) -> None:
    odd = os.fsdecode(b"apps/a/\xff\xfe.yaml")
    commit = remote.commit({odd: b"odd\n"})
    repository.refresh()
    assert repository.tree(commit).names("apps/a") == ("prod.yaml", os.fsdecode(b"\xff\xfe.yaml"))
    assert repository.tree(commit).read(odd) == b"odd\n"
    [pushed] = repository.push([update(commit, {"apps/a/prod.yaml": b"tag: 2\n"})])
    assert remote.show(pushed.oid, odd) == "odd"
    assert [entry.oid for entry in repository.log(commit, [odd])] == [commit]


def test_prefetched_files_are_read_without_the_remote(repository: GitRepository, remote: Remote) -> None:
    main = repository.refresh()["main"]
    repository.prefetch([(main, "README.md"), (main, "none.yaml"), (main, "apps")])
    remote.path.rename(remote.path.with_name("gone"))
    assert repository.tree(main).read("README.md") == b"hello\n"
    with pytest.raises(RepositoryUnreachable):
        repository.tree(main).read("apps/a/prod.yaml")


def test_an_unknown_commit_is_an_error_and_no_damage(repository: GitRepository, tmp_path: Path, remote: Remote) -> None:
    main = repository.refresh()["main"]
    for ask in (
        lambda: repository.tree("1" * 40).read("a"),
        lambda: repository.log("1" * 40, ["a"]),
        lambda: repository.head("1" * 40, main),
        lambda: repository.push([update("1" * 40, {"a": b""})]),
    ):
        with pytest.raises(RepositoryUnreachable, match="no commit 1111"):
            ask()
    assert repository.tree(main).names("")
    with pytest.raises(InternalError):
        repository.tree("main")


def test_a_killed_reader_is_replaced(repository: GitRepository) -> None:
    main = repository.refresh()["main"]
    process = repository._objects._process
    assert process
    process.kill()
    process.wait()
    assert repository.tree(main).names("") == ("README.md", "apps")


def test_closing_leaves_no_process_and_no_descriptor(opened: Callable[..., GitRepository]) -> None:
    before = set(Path("/proc/self/fd").iterdir())
    repository = opened()
    main = repository.refresh()["main"]
    repository.tree(main).read("README.md")
    repository.push([update(main, {"README.md": b"2\n"})])
    process = repository._objects._process
    assert process
    assert process.poll() is None
    repository.close()
    assert process.poll() is not None
    assert set(Path("/proc/self/fd").iterdir()) == before


# ---------------------------------------------------------------- history


def test_log_is_the_first_parent_line_with_merges(repository: GitRepository, remote: Remote) -> None:
    root = remote.head("main")
    remote.git("update-ref", "refs/heads/pr", root)
    remote.commit({"apps/a/prod.yaml": b"tag: wip\n"}, branch="pr")
    tip = remote.commit({"apps/a/prod.yaml": b"tag: 2\n"}, branch="pr")
    other = remote.commit({"README.md": b"other\n"})
    merge = remote.commit({"apps/a/prod.yaml": b"tag: 2\n"}, merge=tip, message="Merge pull request\n\nbody")
    back = remote.commit({"apps/a/prod.yaml": b"tag: 1\n"})
    repository.refresh()
    log = repository.log(back, ["apps/a/prod.yaml"])
    assert [commit.oid for commit in log] == [back, merge, root]
    assert log[1].parents == (other, tip)
    assert log[1].message == "Merge pull request\n\nbody\n"
    assert log[1].author == log[1].committer == "Ann <ann@example.com>"
    assert log[2].at == datetime.fromtimestamp(1_700_000_060, UTC)
    assert log[2].at.tzinfo is UTC
    assert [commit.oid for commit in repository.log(back, ["README.md", "apps/a/prod.yaml"])] == [
        back,
        merge,
        other,
        root,
    ]
    assert not repository.log(back, [])
    assert not repository.log(back, ["apps"])
    assert not repository.log(back, ["*"])


def test_log_goes_on_from_where_it_was_and_survives_rewrites(repository: GitRepository, remote: Remote) -> None:
    first = remote.head("main")
    repository.refresh()
    assert [commit.oid for commit in repository.log(first, ["README.md"])] == [first]
    second = remote.commit({"README.md": b"2\n"})
    third = remote.commit({"README.md": None})
    repository.refresh()
    assert [commit.oid for commit in repository.log(third, ["README.md"])] == [third, second, first]
    assert [commit.oid for commit in repository.log(second, ["README.md"])] == [second, first]
    remote.git("update-ref", "refs/heads/main", first)
    other = remote.commit({"README.md": b"other\n"})
    repository.refresh()
    assert [commit.oid for commit in repository.log(other, ["README.md"])] == [other, first]


def test_a_signed_commit_is_read(repository: GitRepository, remote: Remote) -> None:
    main = remote.head("main")
    raw = (
        f"tree {remote.git('rev-parse', 'main^{tree}')}\nparent {main}\nauthor A B <a@b> 1700000100 +0530\n"
        "committer C\xe9 <c@d> 1700000200 -0800\ngpgsig -----BEGIN\n author fake\n \n -----END\n\nsubject\n\nbody\n"
    )
    oid = remote.git("hash-object", "-t", "commit", "-w", "--stdin", stdin=raw.encode("latin-1"))
    remote.git("update-ref", "refs/heads/gitops-bot/x", oid)
    repository.refresh()
    [commit] = repository.head(oid, main).commits
    assert (commit.author, commit.committer) == ("A B <a@b>", "C\ufffd <c@d>")
    assert (commit.message, commit.at) == ("subject\n\nbody\n", datetime.fromtimestamp(1_700_000_200, UTC))


def test_contains_follows_every_parent_and_knows_no_foreign_commit(repository: GitRepository, remote: Remote) -> None:
    root = remote.head("main")
    remote.git("update-ref", "refs/heads/pr", root)
    tip = remote.commit({"apps/a/prod.yaml": b"tag: 2\n"}, branch="pr")
    other = remote.commit({"README.md": b"other\n"})
    merge = remote.commit({"apps/a/prod.yaml": b"tag: 2\n"}, merge=tip)
    repository.refresh()
    assert [repository.contains(merge, one) for one in (root, tip, other, merge)] == [True] * 4
    assert [repository.contains(one, merge) for one in (root, tip, other)] == [False] * 3
    assert [repository.contains(one, root) for one in ("f" * 40, "main", "1.4.2", "", "-x")] == [False] * 5


def test_head_tells_commits_and_contents_of_both_sides(repository: GitRepository, remote: Remote) -> None:
    fork = remote.head("main")
    branch = "gitops-bot/p/promote"
    remote.git("update-ref", f"refs/heads/{branch}", fork)
    one = remote.commit({"apps/a/prod.yaml": b"tag: 2\n"}, branch=branch)
    two = remote.commit({"new.yaml": b"new\n", "README.md": None, "l": ("120000", b"x")}, branch=branch)
    base = remote.commit({"unrelated": b"1"})
    repository.refresh()
    head = repository.head(two, base)
    assert (head.oid, head.fork) == (two, fork)
    assert [commit.oid for commit in head.commits] == [two, one]
    assert head.files == {
        "README.md": (b"hello\n", None),
        "apps/a/prod.yaml": (b"tag: 1\n", b"tag: 2\n"),
        "l": (None, None),
        "new.yaml": (None, b"new\n"),
    }


def test_head_after_a_person_merged_base_into_it(repository: GitRepository, remote: Remote) -> None:
    branch = "gitops-bot/p/promote"
    remote.git("update-ref", f"refs/heads/{branch}", remote.head("main"))
    ours = remote.commit({"apps/a/prod.yaml": b"tag: 2\n"}, branch=branch)
    base = remote.commit({"README.md": b"newer\n"})
    merge = remote.commit({"README.md": b"newer\n"}, branch=branch, merge=base)
    repository.refresh()
    head = repository.head(merge, base)
    assert head.fork == base
    assert {commit.oid for commit in head.commits} == {merge, ours}
    assert head.files == {"apps/a/prod.yaml": (b"tag: 1\n", b"tag: 2\n")}


def test_head_of_a_merged_branch_is_its_own_fork(repository: GitRepository, remote: Remote) -> None:
    branch = "gitops-bot/p/promote"
    remote.git("update-ref", f"refs/heads/{branch}", remote.head("main"))
    ours = remote.commit({"apps/a/prod.yaml": b"tag: 2\n"}, branch=branch)
    base = remote.commit({"apps/a/prod.yaml": b"tag: 2\n"}, merge=ours)
    repository.refresh()
    head = repository.head(ours, base)
    assert (head.fork, head.commits, head.files) == (ours, (), {})


def test_a_changed_mode_or_a_link_never_looks_like_an_edit(repository: GitRepository, remote: Remote) -> None:
    branch = "gitops-bot/p/promote"
    remote.git("update-ref", f"refs/heads/{branch}", remote.head("main"))
    tip = remote.commit(
        {"apps/a/prod.yaml": ("100755", b"tag: 2\n"), "README.md": ("120000", b"hello\n")}, branch=branch
    )
    repository.refresh()
    assert repository.head(tip, remote.head("main")).files == {
        "README.md": (None, None),
        "apps/a/prod.yaml": (None, None),
    }


def test_a_branch_without_common_history_differs_in_everything(repository: GitRepository, remote: Remote) -> None:
    tip = remote.commit({"a": b"1"}, branch="gitops-bot/orphan")
    repository.refresh()
    head = repository.head(tip, remote.head("main"))
    assert (head.fork, [commit.oid for commit in head.commits], head.files) == ("", [tip], {"a": (None, b"1")})


# ---------------------------------------------------------------- pushing


def test_a_push_writes_one_deterministic_commit(opened: Callable[..., GitRepository], remote: Remote) -> None:
    one, two = opened(), opened(cache="other")
    main = one.refresh()["main"]
    two.refresh()
    [pushed] = one.push([update(main, {"apps/a/prod.yaml": b"tag: 2\n"})])
    assert pushed == Pushed("gitops-bot/p/promote", remote.head("gitops-bot/p/promote"))
    assert two.push([update(main, {"apps/a/prod.yaml": b"tag: 2\n"})]) == [pushed]
    raw = remote.git("cat-file", "commit", pushed.oid)
    who = "gitops-bot <bot@example.com> 1700000060 +0000"
    assert raw.splitlines()[1:4] == [f"parent {main}", f"author {who}", f"committer {who}"]
    assert raw.endswith("\n\nPromote\n\nbecause")
    assert remote.git("diff", "--name-only", main, pushed.oid) == "apps/a/prod.yaml"
    remote.git("fsck", "--strict")


def test_modes_and_neighbours_are_kept(repository: GitRepository, remote: Remote) -> None:
    commit = remote.commit({"apps/run.sh": ("100755", b"1\n"), "apps/link": ("120000", b"a")})
    repository.refresh()
    [pushed] = repository.push([update(commit, {"apps/run.sh": b"2\n", "README.md": b"bye\n"})])
    assert remote.git("ls-tree", "-r", pushed.oid).split()[::4] == ["100644", "100644", "120000", "100755"]
    assert remote.show(pushed.oid, "apps/run.sh") == "2"


def test_trees_stay_sorted_as_git_sorts_them(repository: GitRepository, remote: Remote) -> None:
    names = ["a", "a.b", "a-b/x", "a0", "a/x", "ab"]
    files: dict[str, Content] = {f"big/{n:03}.yaml": b"%d" % n for n in range(300)}
    files |= {f"t{n}/{name}": b"1" for n, name in enumerate(names)} | {"s/a.b": b"1", "s/a/x": b"1", "s/a0": b"1"}
    commit = remote.commit(files)
    repository.refresh()
    edits = {path: b"edited" for path in files if path.startswith(("s/", "big/"))}
    [pushed] = repository.push([update(commit, edits)])
    assert remote.git("ls-tree", "-r", "--name-only", pushed.oid) == remote.git("ls-tree", "-r", "--name-only", commit)
    assert repository.tree(pushed.oid).names("s") == ("a.b", "a", "a0")
    assert all(repository.tree(pushed.oid).read(path) == b"edited" for path in edits)
    remote.git("fsck", "--strict")


def test_a_large_tree_is_rewritten_exactly(repository: GitRepository, remote: Remote) -> None:
    files: dict[str, Content] = {f"apps/a-name-to-fill-the-tree-{n:05}": b"same" for n in range(2500)}
    commit = remote.commit(files)  # more than the 64 KiB that one copy instruction spans
    repository.refresh()
    path = "apps/a-name-to-fill-the-tree-01999"
    [pushed] = repository.push([update(commit, {path: b"other"})])
    assert remote.git("diff", "--name-only", commit, pushed.oid) == path
    remote.git("fsck", "--strict")


def test_several_branches_go_out_in_one_push(repository: GitRepository, remote: Remote, tmp_path: Path) -> None:
    log = tmp_path / "pushes"
    hook = remote.path / "hooks" / "pre-receive"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text(f"#!/bin/sh\necho push >> {log}\n")
    hook.chmod(0o755)
    main = repository.refresh()["main"]
    contents = {f"p{n}/promote": {"apps/a/prod.yaml": b"tag: %d\n" % (n + 2)} for n in range(5)}
    pushed = repository.push([update(main, files, branch=branch) for branch, files in contents.items()])
    assert [(result.branch, result.rejected) for result in pushed] == [(f"gitops-bot/{name}", "") for name in contents]
    assert log.read_text() == "push\n"
    assert repository.refresh() == {"main": main, **{result.branch: result.oid for result in pushed}}


def test_a_branch_is_replaced_and_deleted(repository: GitRepository, remote: Remote) -> None:
    main = repository.refresh()["main"]
    [first] = repository.push([update(main, {"README.md": b"1\n"})])
    [second] = repository.push([update(main, {"README.md": b"2\n"}, expected=first.oid)])
    assert remote.head(second.branch) == second.oid != first.oid
    assert repository.push([update("", {}, expected=second.oid)]) == [Pushed(second.branch, "")]
    assert not remote.head(second.branch)
    assert repository.push([update("", {}, expected=second.oid)]) == [Pushed(second.branch, "")]


def test_a_lost_lease_rejects_its_branch_alone(repository: GitRepository, remote: Remote) -> None:
    main = repository.refresh()["main"]
    [mine] = repository.push([update(main, {"README.md": b"1\n"})])
    theirs = remote.commit({"README.md": b"theirs\n"}, branch=mine.branch)
    results = repository.push(
        [
            update(main, {"README.md": b"2\n"}, expected=mine.oid),
            update(main, {"README.md": b"3\n"}, branch="new"),
            update("", {}, branch="gone", expected=main),
        ]
    )
    assert "stale info" in results[0].rejected
    assert (results[0].oid, results[1].rejected, results[2].rejected) == ("", "", "")
    assert remote.head(mine.branch) == theirs
    assert remote.head("gitops-bot/new") == results[1].oid


def test_a_branch_that_appeared_is_not_overwritten(repository: GitRepository, remote: Remote) -> None:
    main = repository.refresh()["main"]
    remote.git("update-ref", "refs/heads/gitops-bot/p/promote", main)
    [result] = repository.push([update(main, {"README.md": b"1\n"})])
    assert "stale info" in result.rejected
    assert remote.head(result.branch) == main


def test_of_concurrent_pushes_exactly_one_wins(opened: Callable[..., GitRepository], remote: Remote) -> None:
    repositories = [opened(cache=f"cache-{n}") for n in range(6)]
    main = remote.head("main")
    for one in repositories:
        one.refresh()

    def push(number: int) -> Pushed:
        [result] = repositories[number].push([update(main, {"README.md": b"%d\n" % number})])
        return result

    with ThreadPoolExecutor(len(repositories)) as pool:
        results = list(pool.map(push, range(len(repositories))))
    winners = [result for result in results if not result.rejected]
    assert [winner.oid for winner in winners] == [remote.head("gitops-bot/p/promote")]


def test_a_server_that_declines_one_branch_declines_no_other(repository: GitRepository, remote: Remote) -> None:
    hook = remote.path / "hooks" / "pre-receive"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text("#!/bin/sh\nif grep -q protected; then echo 'this one is protected'; exit 1; fi\n")
    hook.chmod(0o755)
    main = repository.refresh()["main"]
    names = ["a", "b", "protected", "c", "d"]
    results = repository.push([update(main, {"README.md": name.encode()}, branch=name) for name in names])
    assert [result.branch.removeprefix("gitops-bot/") for result in results if result.rejected] == ["protected"]
    assert "this one is protected" in results[2].rejected
    assert not remote.head("gitops-bot/protected")
    assert all(remote.head(f"gitops-bot/{name}") for name in "abcd")


@pytest.mark.parametrize("path", ["link", "linked/prod.yaml", "linked/new.yaml", "apps", "README.md/x"])
def test_only_regular_files_below_folders_are_written(repository: GitRepository, remote: Remote, path: str) -> None:
    commit = remote.commit({"link": ("120000", b"README.md"), "linked": ("120000", b"apps/a")})
    repository.refresh()
    with pytest.raises(EditRefused, match=path.partition("/")[0]):
        repository.push([update(commit, {path: b"x"}), update(commit, {"README.md": b"x"}, branch="q")])
    assert not remote.head("gitops-bot/q")


def test_defects_are_told(repository: GitRepository, remote: Remote) -> None:
    main = repository.refresh()["main"]
    for updates in (
        [update(main, {"README.md": b"hello\n"})],
        [update(main, {})],
        [update(main, {"README.md": b"1"}), update(main, {"README.md": b"2"})],
        [BranchUpdate("main", main, main, {"README.md": b"1"}, "x")],
        [update(main, {"README.md": b"1"}, expected="--force")],
    ):
        with pytest.raises(InternalError):
            repository.push(updates)
    assert repository.push([]) == []
    assert remote.head("main") == main


# ---------------------------------------------------------------- what git never sees


# fmt: off
BRANCH_NAMES = [
    "main", "gitops-bot/a/promote", "a.b", "a@b", "ünï", "a-", "x.lockx", "-x", "--force", "", "HEAD", "a b",
    "a..b", "a~1", "a^", "a:b", "a?", "a*", "a[", "a\\b", "a@{1}", "/a", "a/", "a//b", "a.", ".a", "a/.b",
    "a.lock", "a.lock/b", "a\x7f", "a\tb", "a\nb", "@{-1}", "-", "a/-b", "refs/heads/a", "FETCH_HEAD",
]
# fmt: on


@pytest.mark.parametrize("name", BRANCH_NAMES)
def test_branch_names_are_those_that_git_takes(name: str) -> None:
    known = subprocess.run(["git", "check-ref-format", "--branch", name], env=ENV, capture_output=True, check=False)
    if known.returncode == 0:
        assert checked_branch(name) == name
    else:
        with pytest.raises(UsageError):
            checked_branch(name)


def test_the_short_name_of_head_is_no_branch() -> None:
    with pytest.raises(UsageError):
        checked_branch("@")  # git itself reads it as HEAD


# fmt: off
GOOD_URLS = [
    "https://github.com/o/r.git", "http://127.0.0.1:8080/r", "ssh://git@host:22/r", "git@github.com:o/r.git",
    "host:r", "/srv/git/r.git",
]
# fmt: on


@pytest.mark.parametrize("url", GOOD_URLS)
def test_urls_that_are_taken(url: str) -> None:
    assert checked_url(url) == url


# fmt: off
BAD_URLS = [
    "", "-x", "--upload-pack=touch /tmp/x", "ext::sh -c touch% /tmp/x", "fd::17", "file::/tmp/x", "file:///tmp/x",
    "relative/path", "../r.git", "https://", "https:///r", "git://host/r", "ftp://host/r", "https://-x/r",
    "ssh://-oProxy=x/r", "-oProxyCommand=x:r", "https://host/r\n", "https://host/r?private_token=hush",
    "/tmp/\x00", "https://[bad/r", "https://user:hush@host/r", "https://hush@host/r", "ssh://git:hush@host/r",
    "user:hush@host:r", "a::b",
]
# fmt: on


@pytest.mark.parametrize("url", BAD_URLS)
def test_urls_that_are_refused(url: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError) as error:
        GitRepository(url, cache=tmp_path, base="main", identity=BOT)
    assert "hush" not in str(error.value)


@pytest.mark.parametrize("identity", [("", "a@b"), ("a", ""), ("a <b>", "c"), ("a\nb", "c"), ("a", "b\0")])
def test_identities_that_cannot_be_written_are_refused(identity: tuple[str, str], tmp_path: Path) -> None:
    with pytest.raises(UsageError):
        GitRepository("/r", cache=tmp_path, base="main", identity=identity)


def test_hostile_bases_and_prefixes_are_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError):
        GitRepository("/r", cache=tmp_path, base="--upload-pack=x", identity=BOT)
    with pytest.raises(UsageError):
        GitRepository("/r", cache=tmp_path, base="main", identity=BOT, prefix="-x/")


# ---------------------------------------------------------------- the runner


def test_git_of_the_environment_does_not_leak_in(
    repository: GitRepository, remote: Remote, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    trace = tmp_path / "trace"
    decoy = tmp_path / "decoy"
    for name in ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_OBJECT_DIRECTORY", "GIT_COMMON_DIR"):
        monkeypatch.setenv(name, str(decoy))
    monkeypatch.setenv("GIT_TRACE", str(trace))
    monkeypatch.setenv("GIT_CONFIG_PARAMETERS", "'alias.x=!touch'")
    monkeypatch.setenv("GIT_NAMESPACE", "elsewhere")
    main = repository.refresh()["main"]
    [pushed] = repository.push([update(main, {"README.md": b"1\n"})])
    assert remote.head("gitops-bot/p/promote") == pushed.oid
    assert not decoy.exists()
    assert not trace.exists()


def test_git_variables_for_ssh_and_certificates_pass(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GIT_SSL_CAPATH", "/certs")
    monkeypatch.setenv("GIT_SSH_COMMAND", "ssh -v")
    monkeypatch.delenv("GIT_SSL_CAINFO", raising=False)
    monkeypatch.setenv("SSL_CERT_FILE", "/ca.pem")
    monkeypatch.setenv("HTTPS_PROXY", "http://proxy")
    shown = _environment_of(tmp_path)
    assert shown["GIT_SSL_CAPATH"] == "/certs"
    assert shown["GIT_SSH_COMMAND"] == "ssh -v"
    assert shown["GIT_SSL_CAINFO"] == "/ca.pem"
    assert shown["HTTPS_PROXY"] == "http://proxy"
    assert shown["GIT_ALLOW_PROTOCOL"] == "none"


def _environment_of(git_dir: Path) -> dict[str, str]:
    """What a git process started by the runner sees."""
    output = Git(git_dir, config={"alias.seen": "!env -0"})("seen")
    return dict(line.split("=", 1) for line in output.decode().split("\0") if "=" in line)


def test_the_runner_takes_input_and_gives_bytes(remote: Remote) -> None:
    git = Git(remote.path)
    oid = git("hash-object", "-w", "--stdin", stdin=b"\xff\x00\n").decode().strip()
    assert git("cat-file", "blob", oid) == b"\xff\x00\n"
    assert git("var", "GIT_AUTHOR_IDENT", env={"GIT_AUTHOR_NAME": "Zoe", "GIT_AUTHOR_EMAIL": "z@e"}).startswith(b"Zoe")


def test_a_failing_command_says_what_git_said(remote: Remote) -> None:
    with pytest.raises(RepositoryError, match=r"cat-file.*nonsense"):
        Git(remote.path)("cat-file", "blob", "nonsense")


def test_a_command_that_takes_too_long_is_killed_with_its_helpers(remote: Remote, tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    git = Git(remote.path, timeout_s=2, config={"alias.hang": f"!exec >{pipe}; echo on; sleep 600 & wait"})
    with pytest.raises(RepositoryError, match="did not end within 2 s"):
        git("hang")
    os.set_blocking(reader, True)
    with os.fdopen(reader, "rb") as file:
        assert file.read() == b"on\n"  # to its end: nobody is left to write


def test_arguments_that_no_process_can_have_are_an_error(remote: Remote) -> None:
    with pytest.raises(RepositoryError, match="cannot be run"):
        Git(remote.path)("cat-file", "a\0b")


def test_without_a_remote_no_transport_is_allowed(remote: Remote) -> None:
    with pytest.raises(RepositoryError, match="not allowed"):
        Git(remote.path)("ls-remote", str(remote.path))


def test_hooks_of_the_cache_do_not_run(repository: GitRepository, remote: Remote, tmp_path: Path) -> None:
    main = repository.refresh()["main"]
    hooks = cache_of(tmp_path) / "hooks"
    hooks.mkdir()
    for name in ("pre-push", "reference-transaction", "post-update"):
        (hooks / name).write_text(f"#!/bin/sh\ntouch {tmp_path}/ran\n")
        (hooks / name).chmod(0o755)
    repository.push([update(main, {"README.md": b"1\n"})])
    remote.commit({"README.md": b"2\n"})
    repository.refresh()
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize(
    ("text", "clean"),
    [
        ("fatal: https://user:pw@host/r: no", "fatal: https://***@host/r: no"),
        ("https://p@ss@host/r", "https://***@host/r"),
        ("token tok/en= here", "token *** here"),
        ("token tok%2Fen%3D here", "token *** here"),
        ("Basic eC1hY2Nlc3MtdG9rZW46dG9rL2VuPQ==", "Basic ***"),
        ("dG9rL2VuPQ==", "***"),
        ("https://host/a@b", "https://host/a@b"),
    ],
)
def test_scrubbing(text: str, clean: str) -> None:
    assert scrub(text, "tok/en=") == clean


def test_recent_forgets_what_was_not_asked_for_the_longest() -> None:
    recent: Recent[str, str] = Recent(10, len)
    for key, value in [("a", "xxxx"), ("b", "xxxx"), ("a", "xxxx")]:
        recent.put(key, value)
    assert recent.get("a")
    recent.put("c", "xxxx")
    assert (recent.get("a"), recent.get("b"), recent.get("c")) == ("xxxx", None, "xxxx")
    recent.put("d", "x" * 11)
    assert recent.get("d") is None
