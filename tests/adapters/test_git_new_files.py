"""Files that a commit adds and removes, against real git: what it lists, shows and checks is what was asked for."""

from __future__ import annotations

import random
from collections.abc import Mapping

import pytest

from gitops_bot.adapters.git import GitRepository
from gitops_bot.errors import EditRefused
from gitops_bot.ports import BranchUpdate
from tests.adapters.test_git import Content, Remote, opened, remote, repository

__all__ = ["opened", "remote", "repository"]

Files = Mapping[str, bytes | None]


def push(repository: GitRepository, parent: str, files: Files) -> str:
    """The new commit's object name."""
    [pushed] = repository.push([BranchUpdate("gitops-bot/p/promote", None, parent, files, "Promote")])
    assert not pushed.rejected
    return pushed.oid


def by_git(remote: Remote, parent: str, files: Mapping[str, Content]) -> str:
    """The tree that git itself makes of the same edits."""
    branch = f"by-git-{random.random()}"
    remote.git("update-ref", f"refs/heads/{branch}", parent)
    return tree_of(remote, remote.commit(files, branch=branch))


def tree_of(remote: Remote, commit: str) -> str:
    return remote.git("rev-parse", f"{commit}^{{tree}}")


CASES: dict[str, Files] = {
    "a file in the root": {"new.yaml": b"new\n"},
    "a file beside another": {"apps/a/stage.yaml": b"tag: 1\n"},
    "an empty file": {"empty": b""},
    "folders as deep as it takes": {"exp/2024/a/b.yaml": b"1\n", "exp/2024/a/c.yaml": b"2\n", "exp/x": b"3\n"},
    "the same content twice": {"x/a": b"same", "y/a": b"same", "z": b"same"},
    "one added, one edited, one removed": {"apps/a/prod.yaml": b"tag: 2\n", "README.md": None, "apps/b.yaml": b"b\n"},
    "the last file of a folder": {"apps/a/prod.yaml": None},
    "the last file of a folder, and one in its place": {"apps/a/prod.yaml": None, "apps/a/stage.yaml": b"1"},
    "a removed file in one folder, an edited one in another": {"README.md": b"x", "s/a/x": None, "s/a-b": b"2"},
    "names around a folder's": {"s/a!": b"1", "s/a.c": b"1", "s/a/y": b"1", "s/a1": b"1", "s/a~": b"1", "s/A": b"1"},
    "folders around a file's name": {"s/a-b0/x": b"1", "s/a-/x": b"1", "s/a-b.yaml/x": b"1"},
    "names that are no ASCII": {"apps/ä/ö.yaml": b"1", "apps/日本.yaml": b"2", "apps/a/𝄞": b"3"},
    "names with spaces and stars": {"a b/c d.yaml": b"1", "*": b"2", "a/:(top)": b"3"},
    "an executable and its neighbour": {"s/run.sh": None, "s/run": b"1"},
}
BEFORE: dict[str, Content] = {
    "s/a/x": b"1",
    "s/a-b": b"1",
    "s/a.b": b"1",
    "s/a0": b"1",
    "s/run.sh": ("100755", b"#!/bin/sh\n"),
    "s/link": ("120000", b"a"),
    "s/module": ("160000", b"1" * 40),
}


def test_every_regular_file_is_listed_folder_by_folder_and_all_at_once(
    repository: GitRepository, remote: Remote
) -> None:
    tree = repository.tree(remote.commit({**BEFORE, "caf\xe9/\n\t x.yaml": b"1"}))
    repository.refresh()
    listed = tree.below("")
    assert "caf\xe9/\n\t x.yaml" in listed
    assert not {"s/link", "s/module"} & {*listed}
    folders = [name for name in tree.names("") if name not in listed]
    assert sorted(listed) == sorted(
        [path for one in folders for path in tree.below(one)] + [*{*tree.names("")} & {*listed}]
    )


def test_the_trees_are_those_that_git_makes(repository: GitRepository, remote: Remote) -> None:
    parent = remote.commit(BEFORE)
    repository.refresh()
    updates = [BranchUpdate(f"gitops-bot/{n}", None, parent, files, "x") for n, files in enumerate(CASES.values())]
    pushed = dict(zip(CASES, repository.push(updates), strict=True))
    expected = {name: by_git(remote, parent, files) for name, files in CASES.items()}
    assert {name: tree_of(remote, one.oid) for name, one in pushed.items()} == expected
    for name, files in CASES.items():
        assert {path: repository.tree(pushed[name].oid).read(path) for path in files} == files
    remote.git("fsck", "--strict")


def test_git_lists_and_shows_what_was_done(repository: GitRepository, remote: Remote) -> None:
    parent = remote.head("main")
    repository.refresh()
    oid = push(repository, parent, {"exp/new.yaml": b"a\nb\n", "README.md": None, "apps/a/prod.yaml": b"tag: 2\n"})
    listed = [line.split() for line in remote.git("ls-tree", "-r", oid).splitlines()]
    assert [(mode, path) for mode, _, _, path in listed] == [("100644", "apps/a/prod.yaml"), ("100644", "exp/new.yaml")]
    said = remote.git("show", "--stat=80", "--summary", "--format=%s", oid)
    assert "3 files changed, 3 insertions(+), 2 deletions(-)" in said
    assert "delete mode 100644 README.md" in said
    assert "create mode 100644 exp/new.yaml" in said


def test_a_folder_vanishes_with_its_last_file_and_so_do_those_above(repository: GitRepository, remote: Remote) -> None:
    parent = remote.commit({"only/one/here.yaml": b"1"})
    repository.refresh()
    oid = push(repository, parent, {"only/one/here.yaml": None})
    assert repository.tree(oid).names("") == ("README.md", "apps")
    assert repository.tree(oid).names("only") == ()


def test_nothing_is_left_when_the_last_file_of_all_goes(repository: GitRepository, remote: Remote) -> None:
    repository.refresh()
    oid = push(repository, remote.head("main"), {"README.md": None, "apps/a/prod.yaml": None})
    assert remote.git("ls-tree", "-r", oid) == ""
    remote.git("fsck", "--strict")


def test_a_large_folder_gains_and_loses_files(repository: GitRepository, remote: Remote) -> None:
    names = [f"apps/{n:05}{'/x' if n % 3 == 0 else '.yaml' if n % 3 == 1 else ''}" for n in range(3000)]
    parent = remote.commit(dict.fromkeys(names, b"same"))
    repository.refresh()
    files = dict.fromkeys(names[::7]) | {f"{name}-new": b"new" for name in names[::5]}
    oid = push(repository, parent, files)
    assert tree_of(remote, oid) == by_git(remote, parent, files)


def test_random_edits_make_gits_own_trees(repository: GitRepository, remote: Remote) -> None:
    chance = random.Random(1)
    folders = ["", "a/", "a/b/", "a-b/", "a.b/", "c/"]
    paths = [f"{chance.choice(folders)}{name}{n}" for n in range(12) for name in ("a", "a.", "z-", "Z")]
    parent = remote.commit({path: path.encode() for path in paths[::2]})
    repository.refresh()
    present = set(remote.git("ls-tree", "-r", "--name-only", parent).splitlines())
    for _ in range(5):
        chosen = chance.sample(paths, 8)
        files = {path: None if path in present and chance.random() < 0.5 else b"%d" % len(path) for path in chosen}
        [pushed] = repository.push([BranchUpdate(f"gitops-bot/{chance.random()}", None, parent, files, "x")])
        assert tree_of(remote, pushed.oid) == by_git(remote, parent, files)
    remote.git("fsck", "--strict")


REFUSED: dict[str, tuple[Files, str]] = {
    "a file over a folder": ({"apps": b"x"}, "apps: neither a regular file"),
    "a file below a file": ({"README.md/x": b"x"}, "README.md: neither a regular file"),
    "a file below a new file": ({"new": b"x", "new/y": b"x"}, "new: a file and a folder of one name"),
    "a file below one that goes": ({"README.md": None, "README.md/x": b"x"}, "README.md: a file and a folder"),
    "a file below a link": ({"linked/new.yaml": b"x"}, "linked: neither a regular file"),
    "a file below a submodule": ({"module/new.yaml": b"x"}, "module: neither a regular file"),
    "a link": ({"linked": b"x"}, "linked: neither a regular file"),
    "removing a link": ({"linked": None}, "linked: neither a regular file"),
    "removing a folder": ({"apps": None}, "apps: neither a regular file"),
    "removing a submodule": ({"module": None}, "module: neither a regular file"),
    "removing what is not there": ({"none.yaml": None}, "none.yaml: there is no such file in the parent commit to"),
    "removing below what is not there": ({"none/x.yaml": None}, "none: there is no such file"),
    "removing in a folder that is new": ({"none/x.yaml": None, "none/y.yaml": b"x"}, "none: there is no such file"),
    "git's own folder, as Windows has it": ({"a/git~1/config": b"x"}, "a/git~1: a name that is git's own"),
    "git's own folder with a dot behind": ({".GIT./config": b"x"}, ".GIT.: a name that is git's own"),
}


@pytest.mark.parametrize(("files", "sentence"), REFUSED.values(), ids=REFUSED)
def test_what_is_in_the_way_is_refused(repository: GitRepository, remote: Remote, files: Files, sentence: str) -> None:
    parent = remote.commit({"linked": ("120000", b"apps/a"), "module": ("160000", b"1" * 40)})
    repository.refresh()
    with pytest.raises(EditRefused) as error:
        repository.push([BranchUpdate("gitops-bot/p", None, parent, files, "x")])
    assert str(error.value).startswith(sentence)
    assert not remote.head("gitops-bot/p")


def test_head_tells_what_was_added_and_removed(repository: GitRepository, remote: Remote) -> None:
    parent = repository.refresh()["main"]
    files: Files = {"exp/new.yaml": b"new\n", "README.md": None, "apps/a/prod.yaml": b"tag: 2\n"}
    oid = push(repository, parent, files)
    repository.refresh()
    head = repository.head(oid, parent)
    assert head.files == {path: (repository.tree(parent).read(path), content) for path, content in files.items()}


@pytest.mark.parametrize(
    "files",
    [
        {"new.sh": ("100755", b"#!/bin/sh\n")},
        {"new": ("120000", b"apps")},
        {"README.md": ("120000", b"hello\n")},
        {"README.md": ("100755", b"hello\n")},
        {"README.md": ("160000", b"1" * 40)},
    ],
)
def test_what_the_bot_cannot_have_made_never_looks_like_its_own(
    repository: GitRepository, remote: Remote, files: Mapping[str, Content]
) -> None:
    parent = remote.head("main")
    remote.git("update-ref", "refs/heads/gitops-bot/p", parent)
    oid = remote.commit(files, branch="gitops-bot/p")
    repository.refresh()
    assert repository.head(oid, parent).files == dict.fromkeys(files, (None, None))
