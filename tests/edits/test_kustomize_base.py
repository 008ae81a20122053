"""Bases that several overlays share are refused, and who uses a file is found."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import pytest

from gitops_bot import edits
from gitops_bot.edits.locators import kustomization_users
from gitops_bot.edits.locators.kustomization import Kustomization, normal
from gitops_bot.edits.locators.kustomization_users import steps_up, users
from gitops_bot.edits.sense import Value
from gitops_bot.errors import EditRefused
from gitops_bot.policy.schema import HandEdit
from tests.edits.kustomized import changed, hand, shape, tree
from tests.edits.trees import Files

THREE = "development/kustomization.yaml, production/kustomization.yaml, staging/kustomization.yaml"


@pytest.mark.parametrize(
    ("given", "value", "file"),
    [
        (hand("kustomizeImage", path="base", name="nginx"), "1.8.0", "base/kustomization.yaml"),
        (hand("kustomizeReplicas", path="base", name="nginx"), 5, "base/kustomization.yaml"),
        (
            hand("yaml", file="base/deploymentset.yaml", path="spec.template.spec.containers[name=nginx].image"),
            "nginx:1.8.0",
            "base/deploymentset.yaml",
        ),
        (hand("yaml", file="base/kustomization.yaml", path="resources[0]"), "x.yaml", "base/kustomization.yaml"),
    ],
)
def test_the_shared_base_is_refused_naming_its_overlays(given: HandEdit, value: Value, file: str) -> None:
    with pytest.raises(EditRefused) as error:
        edits.put(given, value, shape())
    assert str(error.value) == (
        f"{file}: 3 kustomizations use this file, and would all change: {THREE}. "
        "Edit the overlay that is meant, or give the edit `sharedBase: allow`"
    )
    allowed = given.model_copy(update={"shared_base": "allow"})
    assert list(changed(allowed, value, shape())) == [file]


def test_a_value_that_is_there_already_is_not_refused() -> None:
    given = hand("yaml", file="base/deploymentset.yaml", path="spec.replicas")
    assert edits.put(given, 3, shape()) == ()


def test_an_overlay_is_written_though_it_uses_a_shared_base() -> None:
    for given in (
        hand("kustomizeImage", path="staging", name="nginx"),
        hand("yaml", file="staging/update_replicas.yaml", path="metadata.name"),
    ):
        assert len(changed(given, "x", shape())) == 1


@pytest.mark.parametrize(
    ("files", "shared"),
    [
        (tree(base="", prod="resources: [../base]"), ()),
        (tree(base="", prod="resources: [../base]", cluster="resources: [../prod]"), ()),
        (tree(base="", dev="bases: [../base/]", prod="components:\n- ./../base"), ("dev", "prod")),
        (tree(base="", prod="bases: [../base]", eu="resources: [../prod]", us="resources: [../prod]"), ("eu", "us")),
        (tree(base="", dev="resources: [../base]", prod="resources: [../base]", all="resources: [../dev, ../prod]"),
         ("dev", "prod")),
        (tree(base="", a="resources: [../base, ../b]", b="resources: [../a]"), ()),
        (tree(base="", dev="resources: [../base]", broken="resources: [../base"), ()),
        (tree(base="", dev="resources: [../base]", other="# ../base\nresources: [../based]"), ()),
        (tree(base="", dev="resources: [../base]", remote="bases: ['https://x.com//base', 'git@x.com:a/base']"), ()),
    ],
)  # fmt: skip
def test_a_base_is_shared_where_the_way_up_parts(files: Files, shared: Sequence[str]) -> None:
    last = list(steps_up("base/kustomization.yaml", files))[-1]
    assert (last if len(last) > 1 else ()) == tuple(f"{name}/kustomization.yaml" for name in shared)


def test_a_folder_above_is_meant_by_dots_alone() -> None:
    files = Files(
        {
            "app/kustomization.yaml": b"",
            "app/overlays/prod/kustomization.yml": b"resources: [../..]",
            "app/overlays/dev/Kustomization": b"resources: [../../]",
            "app/overlays/test/kustomization.yaml": b"resources: [..]",
        }
    )
    assert users("app/kustomization.yaml", files) == (
        "app/overlays/dev/Kustomization",
        "app/overlays/prod/kustomization.yml",
    )
    assert users("kustomization.yaml", Files({**files.files, "x/kustomization.yaml": b"resources: ['../']"})) == (
        "x/kustomization.yaml",
    )  # fmt: skip


@pytest.mark.parametrize(
    "text",
    [
        "resources: [a/f.yaml]",
        "bases: [./a//f.yaml]",
        "patchesStrategicMerge: [a/../a/f.yaml]",
        "patches: [{path: a/f.yaml, target: {kind: X}}]",
        "patchesJson6902: [{path: a/f.yaml}]",
        "configMapGenerator: [{files: [key=a/f.yaml]}]",
        "configMapGenerator: [{files: [a/f.yaml]}]",
        "configMapGenerator: [{envs: [a/f.yaml]}]",
        "secretGenerator: [{env: a/f.yaml}]",
        "helmCharts: [{valuesFile: a/f.yaml}]",
        "helmCharts: [{additionalValuesFiles: [a/f.yaml]}]",
        "replacements: [{path: a/f.yaml}]",
        "openapi: {path: a/f.yaml}",
        "transformers: [a/f.yaml]",
    ],
)
def test_every_way_to_use_a_file_counts(text: str) -> None:
    files = Files({"a/f.yaml": b"v: 1\n", "kustomization.yaml": text.encode()})
    assert users("a/f.yaml", files) == ("kustomization.yaml",)
    assert users("a/g.yaml", files) == ()


def test_a_file_that_two_kustomizations_use_is_refused() -> None:
    files = tree(dev="resources: [../app.yaml]", prod="resources: [../app.yaml]")
    files = Files({**files.files, "app.yaml": b"tag: v1\n"})
    with pytest.raises(EditRefused, match=r"dev/kustomization\.yaml, prod/kustomization\.yaml"):
        edits.put(hand("yaml", file="app.yaml", path="tag"), "v2", files)


@pytest.mark.parametrize(
    ("folder", "reference", "path"),
    [
        ("a/b", "../c", "a/c"),
        ("a/b", "..", "a"),
        ("a", "..", ""),
        ("", "./x/", "x"),
        ("a", "../..", None),
        ("", "..", None),
        ("a", "/etc", None),
        ("a", "https://github.com/x//y?ref=1", None),
        ("a", "a\nb", None),
        ("a", "", None),
    ],
)
def test_references_stay_in_the_repository(folder: str, reference: str, path: str | None) -> None:
    assert normal(folder, reference) == path


def test_what_is_no_list_of_texts_refers_to_nothing() -> None:
    odd: list[object] = ["x", ["x"], {"path": ["x"], "files": "x", "envs": {"x": "x"}}]
    for name in ("resources", "patches", "configMapGenerator", "openapi", "helmCharts"):
        for value in odd:
            assert set(Kustomization("a/kustomization.yaml", {name: value}).references()) <= {"a/x"}


# ---------------------------------------------------------------- a large repository


@dataclass
class Counted:
    """A commit that counts what is asked of it."""

    files: Files
    commit: str
    reads: int = 0
    fetched: list[int] = field(default_factory=list)

    def read(self, path: str) -> bytes | None:
        self.reads += 1
        return self.files.read(path)

    def names(self, folder: str) -> tuple[str, ...]:
        return self.files.names(folder)

    def below(self, folder: str) -> tuple[str, ...]:
        return self.files.below(folder)

    def fetch(self, paths: Sequence[str]) -> None:
        self.fetched.append(len(paths))


def many(count: int) -> Files:
    kustomizations = {f"apps/a{n}/prod/kustomization.yaml": b"resources: [../../../base]\n" for n in range(count)}
    return Files({**kustomizations, "base/kustomization.yaml": b"", "-odd/kustomization.yaml": b""})


def test_a_commit_is_looked_through_once_and_in_one_request() -> None:
    one = Counted(many(20), "1" * 40)
    for _ in range(3):
        assert len(users("base/kustomization.yaml", one)) == 20
    assert (one.reads, one.fetched) == (21, [21])


def test_what_is_no_commit_is_looked_through_every_time() -> None:
    for commit in ("", "0" * 40, "work"):
        one = Counted(many(3), commit)
        users("base/kustomization.yaml", one)
        users("base/kustomization.yaml", one)
        assert one.reads == 8


def test_a_file_is_looked_for_around_it_alone() -> None:
    one = Counted(Files({**many(20).files, "apps/a1/prod/f.yaml": b""}), "")
    assert users("apps/a1/prod/f.yaml", one) == ()
    assert (one.reads, one.fetched) == (1, [1])


def test_memory_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kustomization_users, "_MOST_USED", 2)
    files = many(1)
    for n in range(1, 6):
        assert len(users("base/kustomization.yaml", Counted(files, f"{n}a" * 20))) == 1
        assert len(kustomization_users._used) <= 2
