"""`helmDependency`: bumped, added, and never guessed."""

from __future__ import annotations

import re

import pytest

from gitops_bot import edits
from gitops_bot.edits.sense import Sense, Value
from gitops_bot.errors import EditRefused, PlaceAbsent
from gitops_bot.model import SlotName, Slots, Version
from gitops_bot.policy.schema import HandEdit
from tests.edits.charts import D1, DATA, RAW, VERSION, WEIGHT, read, sense, target, tree, written
from tests.edits.trees import Files, edit

REQUIREMENTS = (DATA / "helm/jenkins-x/env/requirements.yaml").read_text()
MUSEUM = "http://jenkins-x-chartmuseum:8080"
CHART = """\
apiVersion: v2
name: env
version: 0.1.0
dependencies:
  - {name: redis, version: 17.0.0, repository: oci://registry/charts}  # cache
  - name: redis
    version: 17.0.0
    repository: oci://registry/charts
    alias: sessions
  - name: web
    version: "1.9.0"
    repository: oci://registry/charts
"""


def dependency(name: str, file: str = "env/requirements.yaml", **more: str) -> HandEdit:
    return target(helmDependency={"file": file, "name": name, **more})


# ---------------------------------------------------------------- golden: Jenkins X


def test_a_dependency_of_a_jenkins_x_environment_is_bumped() -> None:
    assert read(dependency("python-test"), REQUIREMENTS) == Version("0.0.2")
    assert written(dependency("python-test"), REQUIREMENTS, Version("0.0.6")) == REQUIREMENTS.replace("0.0.2", "0.0.6")


def test_an_absent_dependency_is_added_with_the_repository_that_is_given() -> None:
    at = dependency("node-test", repository=MUSEUM)
    assert read(at, REQUIREMENTS) is None
    entry = f"- name: node-test\n  repository: {MUSEUM}\n  version: 0.0.1\n"
    assert written(at, REQUIREMENTS, Version("0.0.1")) == REQUIREMENTS + entry


def test_a_policy_promotes_into_an_environment_that_never_had_the_chart() -> None:
    given = edit(
        helmDependency={"file": "env/requirements.yaml", "name": "node-test", "repository": MUSEUM}, set="version"
    )
    before = Files({"env/requirements.yaml": REQUIREMENTS.encode()})
    assert edits.read([given], before) == Slots()
    (change,) = edits.render([given], before, Slots(), Slots(Version("0.0.1")))
    assert change.moves[0].slot is SlotName.STABLE
    assert change.moves[0].place == "env/requirements.yaml: dependencies[name=node-test]"
    assert change.moves[0].new == "0.0.1"
    assert edits.render([given], before.changed((change,)), Slots(), Slots(Version("0.0.1"))) == ()


# ---------------------------------------------------------------- which one


def test_a_chart_that_is_there_twice_is_chosen_by_its_alias() -> None:
    after = written(dependency("redis", "Chart.yaml", alias="sessions"), CHART, Version("18.1.0"))
    assert after == CHART.replace("  - name: redis\n    version: 17.0.0", "  - name: redis\n    version: 18.1.0")
    own = written(dependency("redis", "Chart.yaml", alias="redis"), CHART, Version("18.1.0"))
    assert own == CHART.replace("{name: redis, version: 17.0.0", "{name: redis, version: 18.1.0")
    with pytest.raises(EditRefused, match=r"redis is there 2 times \(lines 5, 6\)\. Choose one by its `alias`"):
        read(dependency("redis", "Chart.yaml"), CHART)


def test_a_second_one_is_added_under_an_alias() -> None:
    at = dependency("web", "Chart.yaml", alias="preview", repository="oci://registry/charts")
    entry = "  - name: web\n    version: 2.0.0\n    repository: oci://registry/charts\n    alias: preview\n"
    assert written(at, CHART, Version("2.0.0")) == CHART + entry


def test_the_first_one_of_a_chart_is_added() -> None:
    for empty in ("apiVersion: v2\nname: env\n", "apiVersion: v2\nname: env\ndependencies: []\n"):
        at = dependency("web", "Chart.yaml", repository="oci://registry/charts")
        after = written(at, empty, Version("1.0.0"))
        assert after.startswith("apiVersion: v2\nname: env\ndependencies:")
        assert read(at, after) == Version("1.0.0")


def test_a_dependency_is_removed_whole() -> None:
    assert written(dependency("python-test", repository=MUSEUM), REQUIREMENTS, None, RAW) == REQUIREMENTS.replace(
        f"- name: python-test\n  repository: {MUSEUM}\n  version: 0.0.2\n", ""
    )


# ---------------------------------------------------------------- versions


def test_a_tag_of_a_registry_is_spelled_as_a_chart_version() -> None:
    chart = sense("{{ chart }}")
    after = written(dependency("web", "Chart.yaml"), CHART, Version("1.10.0_build.5", D1), chart)
    assert after == CHART.replace('"1.9.0"', '"1.10.0+build.5"')
    assert read(dependency("web", "Chart.yaml"), after, chart) == Version("1.10.0_build.5")


@pytest.mark.parametrize("there", ["^1.2.0", ">=1.2.0", "~1.2", "1.2.x", "1", "1.2", "*", "1.0.0 - 2.0.0", ">1, <2"])
def test_a_range_is_neither_read_as_a_version_nor_written_over(there: str) -> None:
    text = REQUIREMENTS.replace("0.0.2", f"'{there}'")
    at = dependency("python-test")
    with pytest.raises(EditRefused, match=r"requirements\.yaml:8: '.*' stands there, a range of versions"):
        read(at, text)
    for how in (VERSION, RAW):
        with pytest.raises(EditRefused, match="Write an exact version there first"):
            written(at, text, "0.0.6", how)
    assert read(at, text, RAW) == there


NO_VERSION: tuple[tuple[Value, Sense, str], ...] = (
    (Version("main"), VERSION, "'main' is no exact version of a chart"),
    (Version("1.2"), VERSION, "'1.2' is no exact version of a chart"),
    ("^1.2.3", RAW, "is no exact version of a chart"),
    (Version("1.0.0_a"), VERSION, "`value: '{{ chart }}'` spells a tag's `_` as `\\+`"),
    (Version("", D1), VERSION, "a chart's version is no digest"),
    (5, WEIGHT, "a chart has a version, not a weight"),
    (True, RAW, "'True' is no version"),
    ({"a": 1}, RAW, "is no version"),
)


@pytest.mark.parametrize(("new", "how", "sentence"), NO_VERSION)
def test_what_helm_would_not_take_for_one_version_is_refused(new: Value, how: Sense, sentence: str) -> None:
    for at in (dependency("python-test"), dependency("node-test", repository=MUSEUM)):
        with pytest.raises(EditRefused, match=sentence):
            edits.put(at, new, tree(at, REQUIREMENTS), how)


# ---------------------------------------------------------------- what is refused

ABSENT = (
    (dependency("python-tset"), REQUIREMENTS,
     "no dependency is python-tset; there are: exposecontroller as expose, python-test. "
     "Correct the name, or give its `repository` and it is added"),
    (dependency("python-test", alias="blue"), REQUIREMENTS, "no dependency is python-test as blue; there are:"),
    (dependency("web"), "dependencies: []\n", "no dependency is web. Correct the name"),
    (dependency("web"), "", "the file is empty"),
    (dependency("a"), "dependencies:\n- name: a\n", "has no key `version`"),
)  # fmt: skip


@pytest.mark.parametrize(("at", "text", "sentence"), ABSENT)
def test_an_absent_dependency_is_named(at: HandEdit, text: str, sentence: str) -> None:
    with pytest.raises(PlaceAbsent, match=re.escape(sentence)):
        read(at, text)
    with pytest.raises(PlaceAbsent, match=re.escape(sentence)):
        written(at, text, Version("1.0.0"))


UNSAFE = (
    ("dependencies: {a: 1}\n", "`dependencies` is no list"),
    ("dependencies: []\ndependencies: []\n", "the key `dependencies` is there 2 times"),
    ("dependencies: [{name: a, version: 1.0.0, version: 2.0.0}]\n", "has the key `version` 2 times"),
    ("dependencies:\n- {name: a, version: &v 1.0.0}\n- {name: b, version: *v}\n", "line 3 would change too"),
    ("dependencies: [{name: a, version: {x: 1}}]\n", "is a mapping, not a single value"),
    ("a: 1\n---\nb: 1\n", "2 documents match"),
    ("dependencies:\n{{- range .x }}\n- {name: a}\n{{- end }}\n", "the file is a template"),
)


@pytest.mark.parametrize(("text", "sentence"), UNSAFE)
def test_an_unsafe_file_is_refused(text: str, sentence: str) -> None:
    with pytest.raises(EditRefused, match=sentence):
        written(dependency("a", repository="x"), text, Version("3.0.0"))


def test_a_chart_of_the_old_format_gets_no_dependencies() -> None:
    at = dependency("web", "Chart.yaml", repository="oci://registry/charts")
    with pytest.raises(EditRefused, match=r"apiVersion v1 has its dependencies in requirements\.yaml"):
        written(at, "apiVersion: v1\nname: env\n", Version("1.0.0"))


# ---------------------------------------------------------------- lock files


@pytest.mark.parametrize(
    ("file", "lock", "folder"),
    [("env/requirements.yaml", "env/requirements.lock", "env"), ("Chart.yaml", "Chart.lock", ".")],
)
def test_people_are_told_of_a_lock_file_that_goes_out_of_date(file: str, lock: str, folder: str) -> None:
    at = dependency("web", file)
    said = f"{lock} locks the old version of web: run `helm dependency update {folder}` and commit what it writes"
    assert edits.warnings([at], tree(at, CHART, **{lock: "digest: x\n"})) == (said,)
    assert edits.warnings([at], tree(at, CHART, **{"other/Chart.lock": ""})) == ()


def test_one_place_has_one_identity() -> None:
    assert edits.places([dependency("a", repository="x")]) == ("env/requirements.yaml: dependencies[name=a].version",)
    assert edits.places([dependency("a", alias="b")]) == ("env/requirements.yaml: dependencies[alias=b].version",)
