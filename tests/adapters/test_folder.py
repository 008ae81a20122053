"""A folder on the disk: nothing leaves it, and files are replaced whole or not at all."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from gitops_bot.adapters import folder
from gitops_bot.adapters.folder import Folder
from gitops_bot.errors import EditRefused
from gitops_bot.model import Change


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A working folder with what can lie in one, beside a file that is none of its business."""
    (tmp_path / "outside.yaml").write_text("secret: 1\n")
    root = tmp_path / "a façade"
    for path in ("a.yaml", "apps/b.yaml", "apps/deep/c.yaml", ".git/config", "apps/.git"):
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(f"{path}: 1\n")
    (root / "link.yaml").symlink_to("a.yaml")
    (root / "out.yaml").symlink_to("../outside.yaml")
    (root / "out").symlink_to("..")
    (root / "nowhere.yaml").symlink_to("missing.yaml")
    os.mkfifo(root / "pipe.yaml")
    return root


def change(path: str, before: str | None, after: str | None) -> Change:
    old, new = (text.encode() if text is not None else None for text in (before, after))
    return Change(path, old, new, ())


def test_files_are_read_and_listed(root: Path) -> None:
    tree = Folder(root)
    assert tree.read("apps/b.yaml") == b"apps/b.yaml: 1\n"
    assert tree.names("apps") == ("b.yaml", "deep")
    assert tree.names("") == ("a.yaml", "apps", "link.yaml", "nowhere.yaml", "out", "out.yaml", "pipe.yaml")
    assert tree.below("") == ("a.yaml", "apps/b.yaml", "apps/deep/c.yaml")
    assert tree.below("apps/deep") == ("apps/deep/c.yaml",)
    assert tree.names("nothing") == tree.below("nothing") == ()


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("link.yaml", "`link.yaml` is a link"),
        ("out.yaml", "`out.yaml` is a link"),
        ("nowhere.yaml", "`nowhere.yaml` is a link"),
        ("out/outside.yaml", "`out` is a link"),
        ("apps", "`apps` is a folder"),
        ("pipe.yaml", "`pipe.yaml` is no regular file"),
        ("missing.yaml", ""),
        ("a.yaml/b.yaml", ""),
        ("", ""),
        ("x" * 300, ""),
    ],
)
def test_what_is_no_regular_file_below_the_folder_is_none(root: Path, path: str, said: str) -> None:
    tree = Folder(root)
    assert tree.read(path) is None
    assert tree.what(path) == said
    with pytest.raises(EditRefused):
        tree.write([change(path, "secret: 1\n", "secret: 2\n")])
    assert (root.parent / "outside.yaml").read_text() == "secret: 1\n"
    assert (root / "a.yaml").read_text() == "a.yaml: 1\n"


@pytest.mark.parametrize(
    "path", ["../outside.yaml", "apps/../../outside.yaml", "/etc/passwd", ".git/config", "apps/.GIT", "a\0"]
)
def test_a_path_that_leaves_the_folder_is_refused(root: Path, path: str) -> None:
    for call in (Folder(root).read, Folder(root).names, Folder(root).below, Folder(root).what):
        with pytest.raises(EditRefused, match="is not a path inside the repository"):
            call(path)
    with pytest.raises(EditRefused, match="is not a path inside the repository"):
        Folder(root).write([change(path, None, "x")])


def test_a_file_is_replaced_with_its_mode_and_nothing_is_left_behind(root: Path) -> None:
    (root / "a.yaml").chmod(0o640)
    (root / "hard.yaml").hardlink_to(root / "a.yaml")
    tree = Folder(root)
    tree.write([change("a.yaml", "a.yaml: 1\n", "a: 2\n"), change("apps/b.yaml", "apps/b.yaml: 1\n", "b: 2\n")])
    assert tree.read("a.yaml") == (root / "a.yaml").read_bytes() == b"a: 2\n"
    assert stat.S_IMODE((root / "a.yaml").stat().st_mode) == 0o640
    assert (root / "hard.yaml").read_text() == "a.yaml: 1\n"
    assert sorted(path.name for path in (root / "apps").iterdir()) == [".git", "b.yaml", "deep"]


def test_files_are_added_with_their_folders_and_removed(root: Path) -> None:
    tree = Folder(root)
    assert tree.below("new") == ()
    tree.write([change("new/x/y.yaml", None, "y: 1\n"), change("a.yaml", "a.yaml: 1\n", None)])
    assert (root / "new/x/y.yaml").read_text() == "y: 1\n"
    assert tree.below("new") == ("new/x/y.yaml",)
    assert tree.read("a.yaml") is None


def test_a_file_that_changed_since_it_was_read_is_left_alone_and_read_again(root: Path) -> None:
    tree = Folder(root)
    assert tree.read("a.yaml") == b"a.yaml: 1\n"
    (root / "a.yaml").write_text("theirs\n")
    assert tree.read("a.yaml") == b"a.yaml: 1\n"
    with pytest.raises(EditRefused, match=r"a\.yaml: the file changed meanwhile"):
        tree.write([change("apps/b.yaml", "apps/b.yaml: 1\n", "b: 2\n"), change("a.yaml", "a.yaml: 1\n", "ours\n")])
    assert (root / "a.yaml").read_text() == "theirs\n"
    assert (root / "apps/b.yaml").read_text() == "apps/b.yaml: 1\n"
    assert tree.read("a.yaml") == b"theirs\n"


def test_a_file_that_is_there_already_is_not_added(root: Path) -> None:
    with pytest.raises(EditRefused, match="changed meanwhile"):
        Folder(root).write([change("a.yaml", None, "ours\n")])
    assert (root / "a.yaml").read_text() == "a.yaml: 1\n"


def test_what_is_far_too_large_is_not_read(root: Path) -> None:
    with (root / "huge.yaml").open("wb") as file:
        file.truncate(folder.MAX_BYTES + 1)
    with pytest.raises(EditRefused, match=r"huge\.yaml: the file has 67108865 bytes, more than 67108864"):
        Folder(root).read("huge.yaml")


def test_names_that_are_no_text_do_no_harm(root: Path) -> None:
    (root / os.fsdecode(b"caf\xe9.yaml")).write_text("a: 1\n")
    tree = Folder(root)
    assert len(tree.below("")) == 4
    assert tree.what("\ud800.yaml") == ""
    with pytest.raises(EditRefused, match="can be no file's name"):
        tree.read("\ud800.yaml")
