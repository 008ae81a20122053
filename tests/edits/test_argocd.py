"""`argoCDApplication`: revisions, parameters, values, images, and the elements of an ApplicationSet."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from gitops_bot import edits
from gitops_bot.edits.sense import Sense, Value
from gitops_bot.errors import EditError, EditRefused, PlaceAbsent
from gitops_bot.model import Version
from gitops_bot.policy.schema import HandEdit
from tests.edits.charts import D1, D2, DATA, RAW, VERSION, WEIGHT, read, sense, target, tree, written

MULTI = (DATA / "argocd/multi-source.yaml").read_text()
ONE = """\
apiVersion: argoproj.io/v1alpha1
kind: Application
metadata: {name: web, namespace: argocd}
spec:
  source:
    repoURL: https://charts.example
    chart: web
    targetRevision: 1.9.0   # promoted
    helm:
      parameters:
      - name: image.tag
        value: "1.9"
      - {name: canary.weight, value: '25', forceString: true}
      valuesObject:
        image: {repository: acme/web, tag: v1}
        replicas: 2
    kustomize:
      images:
      - acme/web:1.9
      - api=reg:5000/acme/api:1.9   # renamed
      - acme/db@{D1}
      - acme/bare
"""
ONE = ONE.replace("{D1}", D1)
SET = """\
apiVersion: argoproj.io/v1alpha1
kind: ApplicationSet
metadata: {name: web}
spec:
  goTemplate: true
  generators:
  - matrix:
      generators:
      - git: {repoURL: x}
      - list:
          elements:
          - {cluster: prod, env: eu, revision: 1.9.0}
          - {cluster: prod, env: us, revision: 1.9.0}
  - list:
      elements:
      - cluster: staging
        weight: 25
        revision: 1.10.0 # next
  template:
    spec:
      source:
        repoURL: x
        targetRevision: '{{ .revision }}'
        helm:
          parameters:
          - {name: image.tag, value: "{{ .revision }}"}
          - {name: level, value: info}
"""


def application(**more: object) -> HandEdit:
    return target(argoCDApplication={"file": "apps.yaml", **more})


# ---------------------------------------------------------------- every field

FIELDS: tuple[tuple[dict[str, object], str, Value, Value, Sense, str, str], ...] = (
    ({}, ONE, Version("1.9.0"), Version("1.10.0"), VERSION, "1.9.0 ", "1.10.0 "),
    ({"source": 0}, ONE, Version("1.9.0"), Version("1.10.0", D1), VERSION, "1.9.0 ", "1.10.0 "),
    ({"source": "chart=web"}, ONE, "1.9.0", "HEAD", RAW, "1.9.0 ", "HEAD "),
    ({"parameter": "image.tag"}, ONE, Version("1.9"), Version("1.10"), VERSION, 'value: "1.9"', 'value: "1.10"'),
    ({"parameter": "canary.weight"}, ONE, 25, 50, WEIGHT, "'25'", "'50'"),
    ({"parameter": "canary.weight"}, ONE, "25", 50, RAW, "'25'", "'50'"),
    ({"value": "image"}, ONE, Version("v1"), Version("v2"), VERSION, "tag: v1", "tag: v2"),
    ({"value": "image.tag"}, ONE, Version("1"), Version("2"), sense("v{{ version }}"), "tag: v1", "tag: v2"),
    ({"value": "replicas"}, ONE, 2, 3, RAW, "replicas: 2", "replicas: 3"),
    ({"image": "acme/web"}, ONE, Version("1.9"), Version("1.10"), VERSION, "- acme/web:1.9", "- acme/web:1.10"),
    ({"image": "api"}, ONE, Version("1.9"), Version("2", D1), VERSION, "acme/api:1.9", "acme/api:2"),
    ({"image": "acme/db"}, ONE, Version("", D1), Version("2", D2), VERSION, f"acme/db@{D1}", f"acme/db@{D2}"),
    ({"image": "acme/bare"}, ONE, None, Version("2"), VERSION, "acme/bare", "acme/bare:2"),
    ({"image": "acme/bare"}, ONE, None, Version("2", D2), VERSION, "acme/bare", f"acme/bare:2@{D2}"),
    ({"element": {"cluster": "staging"}, "key": "revision"}, SET, Version("1.10.0"), Version("1.11.0"), VERSION,
     "1.10.0 #", "1.11.0 #"),
    ({"element": {"cluster": "staging"}, "key": "weight"}, SET, 25, 50, WEIGHT, "weight: 25", "weight: 50"),
    ({"element": {"cluster": "prod", "env": "us"}, "key": "revision"}, SET, Version("1.9.0"), Version("1.10.0"),
     VERSION, "env: us, revision: 1.9.0", "env: us, revision: 1.10.0"),
    ({"parameter": "level"}, SET, "info", "debug", RAW, "value: info", "value: debug"),
)  # fmt: skip


@pytest.mark.parametrize(("field", "text", "old", "new", "how", "was", "now"), FIELDS)
def test_a_field_is_read_and_written(
    field: dict[str, object], text: str, old: Value, new: Value, how: Sense, was: str, now: str
) -> None:
    assert text.count(was) == 1
    assert read(application(**field), text, how) == old
    assert written(application(**field), text, new, how) == text.replace(was, now)


def test_a_branch_is_a_revision_as_it_is_written() -> None:
    text = ONE.replace("1.9.0 ", "release/1.9 ")
    assert read(application(), text) == Version("release/1.9")
    assert written(application(), text, Version("1.10.0")) == ONE.replace("1.9.0 ", "1.10.0 ")
    form = sense("release/{{ version }}")
    assert read(application(), text, form) == Version("1.9")
    assert written(application(), text, Version("1.10", D1), form) == text.replace("release/1.9", "release/1.10")


def test_a_digest_is_a_revision_of_an_oci_source() -> None:
    text = ONE.replace("1.9.0 ", f"{D1} ")
    assert read(application(), text) == Version("", D1)
    assert written(application(), text, Version("", D2)) == text.replace(
        "targetRevision: " + D1, f"targetRevision: {D2}"
    )


# ---------------------------------------------------------------- values in a string

STRING = """\
apiVersion: argoproj.io/v1alpha1
kind: Application
metadata: {name: web}
spec:
  source:
    chart: web
    helm:
      values: |  # handed on
        # the application
        image:
          repository: acme/web
          tag: v1   # ours

        weight: 25
"""


def test_values_in_a_string_are_edited_as_they_stand() -> None:
    assert read(application(value="image"), STRING) == Version("v1")
    assert read(application(value="weight"), STRING, WEIGHT) == 25
    assert written(application(value="image"), STRING, Version("v2")) == STRING.replace("tag: v1", "tag: v2")
    assert written(application(value="weight"), STRING, 50, WEIGHT) == STRING.replace("25", "50")
    crlf = STRING.replace("\n", "\r\n")
    assert written(application(value="image.tag"), crlf, Version("v2")) == crlf.replace("tag: v1", "tag: v2")


def test_a_value_is_added_to_a_string() -> None:
    after = written(application(value="image.digest", create=True), STRING, D1, RAW)
    assert after == STRING.replace("# ours\n", f"# ours\n          digest: {D1}\n")


def test_a_change_in_a_string_says_where_it_is() -> None:
    at = application(value="image.tag")
    (change,) = edits.put(at, Version("v2"), tree(at, STRING), VERSION)
    (move,) = change.moves
    assert (move.old, move.new) == ("v1", "v2")
    assert move.place.startswith("apps.yaml: spec.source.helm.values (")
    assert move.place.endswith(": image.tag")


def test_values_in_an_object_win_over_those_in_a_string() -> None:
    both = STRING.replace("      values: |", "      valuesObject: {image: {tag: v0}}\n      values: |")
    assert written(application(value="image"), both, Version("v2")) == both.replace("v0", "v2")


def test_values_in_a_string_are_refused_where_they_cannot_be_proven() -> None:
    for text, sentence in (
        (STRING.replace("tag: v1 ", "tag: {{ x }} "), r"values \(.*\):4: .* is a template"),
        (STRING.replace("tag: v1 ", "tag: [ "), "cannot be read as YAML"),
        (STRING[: STRING.index("|")] + ">\n        image: {tag: v1}\n\n        weight: 1\n", "is folded"),
    ):
        with pytest.raises(EditRefused, match=sentence):
            written(application(value="image.tag"), text, Version("v2"))
    with pytest.raises(PlaceAbsent, match=r"has no key `tga`\. Did you mean `tag`"):
        read(application(value="image.tga"), STRING)


# ---------------------------------------------------------------- several sources


def test_one_of_several_sources_is_chosen_by_its_number_or_a_field_of_its_own() -> None:
    first = MULTI.replace("prod\n    targetRevision: main", "prod\n    targetRevision: v2", 1)
    second = MULTI.replace("ref: values\n    targetRevision: main", "ref: values\n    targetRevision: v2", 1)
    for source in (0, "path=apps/cart/overlays/prod", "repoURL=https://git.example/env.git"):
        assert written(application(source=source), MULTI, Version("v2")) == first
    for source in (1, "ref=values"):
        assert written(application(source=source), MULTI, Version("v2")) == second


def test_a_source_that_is_not_told_is_refused_and_all_are_listed() -> None:
    listed = (
        r"\[0\] path=apps/cart/overlays/prod repoURL=https://git\.example/env\.git; "
        r"\[1\] ref=values repoURL=https://git\.example/values\.git"
    )
    with pytest.raises(EditRefused, match=rf"2 sources are there: {listed}\. Choose one by `source`"):
        read(application(), MULTI)
    same = MULTI.replace("values.git", "env.git")
    with pytest.raises(EditRefused, match=r"several are repoURL=https://git\.example/env\.git: \[0\]"):
        read(application(source="repoURL=https://git.example/env.git"), same)
    for absent in (2, "chart=cart", "ref=value"):
        with pytest.raises(PlaceAbsent, match=rf"no source is {absent}; there are: {listed}"):
            read(application(source=absent), MULTI)


def test_sources_win_over_a_source() -> None:
    text = MULTI.replace("  sources:\n", "  source: {repoURL: x, targetRevision: old}\n  sources:\n", 1)
    assert read(application(source=0), text) == Version("main")


# ---------------------------------------------------------------- which object


def test_an_application_is_chosen_by_its_name_and_never_another_kind() -> None:
    foreign = "apiVersion: app.k8s.io/v1beta1\nkind: Application\nmetadata: {name: web}\nspec: {}\n---\n"
    text = foreign + ONE + "---\n" + ONE.replace("name: web, n", "name: api, n")
    after = written(application(name="web"), text, Version("2.0.0"))
    assert after == text.replace("1.9.0 ", "2.0.0 ", 1)
    with pytest.raises(EditRefused, match=r"2 documents match: Application argocd/web .*, Application argocd/api"):
        read(application(), text)
    with pytest.raises(PlaceAbsent, match="no document is the one"):
        read(application(), foreign + "a: 1\n")


# ---------------------------------------------------------------- added and removed


def test_what_is_absent_is_added_where_that_is_allowed() -> None:
    at = application(parameter="image.digest", create=True)
    assert read(at, ONE) is None
    item = '      - {name: image.digest, value: "5"}\n'
    assert written(at, ONE, 5, RAW) == ONE.replace("      valuesObject:", f"{item}      valuesObject:")
    added = written(application(image="acme/new", create=True), ONE, Version("v1"))
    assert added == ONE + "      - acme/new:v1\n"
    pinned = written(application(image="new=reg:5000/new", create=True), ONE, Version("v1", D1))
    assert pinned == f"{ONE}      - new=reg:5000/new:v1@{D1}\n"
    bare = ONE[: ONE.index("    helm:")]
    for field in ({"parameter": "a"}, {"value": "image.tag"}, {"image": "a"}):
        at = application(create=True, **field)
        assert read(at, bare) is None
        assert read(at, written(at, bare, Version("v1"))) == Version("v1")
    element = application(element={"cluster": "staging"}, key="tag", create=True)
    assert written(element, SET, Version("v1")) == SET.replace("# next\n", "# next\n        tag: v1\n")


def test_what_is_absent_is_named() -> None:
    for field, text, sentence in (
        ({"parameter": "image.tga"}, ONE, "Did you mean `image.tag`"),
        (
            {"image": "acme/wbe"},
            ONE,
            "no image of the source is acme/wbe; there are: acme/web, api, acme/db, acme/bare",
        ),
        ({"value": "image.tga"}, ONE, "Did you mean `tag`"),
        (
            {"element": {"cluster": "prd"}, "key": "revision"},
            SET,
            "no element of the 3 in list generators has cluster=prd",
        ),
        ({"element": {"cluster": "staging"}, "key": "revison"}, SET, "Did you mean `revision`"),
        ({}, ONE.replace("targetRevision", "target"), "has no key `targetRevision`"),
        ({}, "apiVersion: argoproj.io/v1\nkind: Application\nspec: {}\n", "the Application has no source"),
    ):
        with pytest.raises(PlaceAbsent, match=sentence):
            written(application(**field), text, Version("v2"))


def test_a_parameter_and_an_image_are_removed_whole() -> None:
    gone = written(application(parameter="image.tag"), ONE, None, RAW, again=False)
    assert gone == ONE.replace('      - name: image.tag\n        value: "1.9"\n', "")
    assert written(application(image="acme/web"), ONE, None, RAW, again=False) == ONE.replace(
        "      - acme/web:1.9\n", ""
    )


# ---------------------------------------------------------------- what is refused

REFUSED: tuple[tuple[dict[str, object], str, Value, Sense, str], ...] = (
    ({}, SET, Version("v2"), VERSION, r"'{{ \.revision }}' stands there, a template .* by `element` and `key`"),
    ({"parameter": "image.tag"}, SET, "v2", RAW, "a template that is filled in later"),
    ({"element": {"cluster": "prod"}, "key": "revision"}, SET, Version("v2"), VERSION,
     r"2 elements have cluster=prod \(lines 12, 13\)\. Give more of its values"),
    ({}, ONE, None, RAW, "without a targetRevision Argo CD would follow HEAD"),
    ({}, ONE, 5, WEIGHT, "a revision is no weight"),
    ({}, ONE, 5, RAW, "'5' is no version"),
    ({}, ONE.replace("1.9.0 ", '"a\\tb" '), Version("v2"), VERSION, "is no revision"),
    ({"image": "acme/web"}, ONE, 5, WEIGHT, "an image has a version, not a weight"),
    ({"image": "acme/db"}, ONE, Version("v2"), VERSION, "a digest pins the image"),
    ({"image": "acme/web"}, ONE.replace("acme/bare", "acme/web:2"), Version("v2"), VERSION, "2 images are acme/web"),
    ({"parameter": "image.tag"}, ONE, {"a": 1}, RAW, "a single value is needed"),
    ({"parameter": "image.tag"}, ONE.replace("canary.weight", "image.tag"), Version("v2"), VERSION,
     "2 items of `spec.source.helm.parameters` have name=image.tag"),
    ({}, ONE.replace("1.9.0 ", "&v 1.9.0 ") + "  x: *v\n", Version("v2"), VERSION, "would change too"),
    ({}, ONE + "  source: {}\n", Version("v2"), VERSION, "the key `source` is there 2 times"),
    ({}, ONE.replace("1.9.0 ", "{{ .x }} "), Version("v2"), VERSION, "is a template"),
    ({"parameter": "a", "image": "b"}, ONE, Version("v2"), VERSION, "only one of parameter, image, value, element"),
    ({"element": {"a": "b"}}, SET, Version("v2"), VERSION, "`element` and `key` go together"),
    ({"element": {}, "key": "b"}, SET, Version("v2"), VERSION, "the element needs a value"),
    ({"element": {"a": "b"}, "key": "b", "source": 0}, SET, Version("v2"), VERSION, "has no `source`"),
)  # fmt: skip


@pytest.mark.parametrize(("field", "text", "new", "how", "sentence"), REFUSED)
def test_what_is_not_safe_is_refused(
    field: dict[str, object], text: str, new: Value, how: Sense, sentence: str
) -> None:
    with pytest.raises(EditRefused, match=sentence):
        written(application(**field), text, new, how)


def test_a_spot_without_sense_is_refused_when_it_is_loaded() -> None:
    for bad in ({"source": -1}, {"source": "cart"}, {"source": "image=x"}, {"element": [1]}):
        with pytest.raises(ValidationError):
            application(**bad)
    with pytest.raises(EditRefused, match="only one of"):
        edits.places([application(parameter="a", value="b")])


def test_places_are_known_without_a_tree() -> None:
    said = "(kind Application)"
    assert edits.places([application(), application(source=1), application(source="chart=a", parameter="b.c")]) == (
        f"apps.yaml: spec.source.targetRevision {said}",
        f"apps.yaml: spec.sources[1].targetRevision {said}",
        f"apps.yaml: spec.sources[chart=a].helm.parameters[name=b.c].value {said}",
    )
    (place,) = edits.places([application(element={"cluster": "prod"}, key="revision")])
    assert place.startswith("apps.yaml: spec.generators.list.elements[cluster=prod].revision (kind ApplicationSet")
    with pytest.raises(EditError, match="column"):
        edits.places([application(value="a.")])
