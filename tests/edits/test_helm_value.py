"""`helmValue`: single values, image maps, and keys that are added."""

from __future__ import annotations

import pytest

from gitops_bot import edits
from gitops_bot.edits.sense import Data, Sense, Value
from gitops_bot.errors import EditError, EditRefused, FileAbsent, PlaceAbsent
from gitops_bot.model import Version
from gitops_bot.policy.schema import HandEdit
from tests.edits.charts import D1, D2, DATA, RAW, VERSION, WEIGHT, read, sense, target, tree, written
from tests.edits.trees import Files

JENKINS_X = DATA / "helm" / "jenkins-x"


def value(key: str, *, create: bool = False) -> HandEdit:
    return target(helmValue={"file": "values.yaml", "key": key, "create": create})


# ---------------------------------------------------------------- golden: Jenkins X


def test_the_canary_of_an_application_is_set_and_nothing_else() -> None:
    before = text = (JENKINS_X / "app/values.yaml").read_text()
    for key, new in (("enabled", True), ("canaryAnalysis.maxWeight", 80), ("canaryAnalysis.threshold", 10)):
        text = written(value(f"canary.{key}"), text, new, RAW)
    expected = before.replace("enabled: false", "enabled: true").replace("maxWeight: 60", "maxWeight: 80")
    assert text == expected.replace("    threshold: 5\n", "    threshold: 10\n")
    assert text.count('"1m"') == 3
    assert text.count("# WARNING: without traffic") == 1


def test_a_whole_block_is_added_for_an_application() -> None:
    before = (JENKINS_X / "env/values.yaml").read_text()
    block: Value = {"canary": {"enabled": True, "host": "node-test.example.com"}, "replicaCount": 2}
    after = written(value("node-test", create=True), before, block, RAW)
    assert after == before + (
        "\nnode-test:\n  canary:\n    enabled: true\n    host: node-test.example.com\n  replicaCount: 2\n"
    )


# ---------------------------------------------------------------- image maps

MAP = "image:\n  repository: acme/web\n  tag: 1.9 # ours\n  pullPolicy: Always\n"
PINNED = f"image: {{registry: ghcr.io, repository: acme/web, tag: v1, digest: '{D1}'}}\n"
EMPTY = 'image:\n  repository: acme/web\n  tag: ""\n  digest: ""\n'
JOINED = f"image:\n  repository: acme/web\n  tag: v1@{D1}\n"
UNTAGGED = "image:\n  repository: acme/web\nx: 1\n"

IMAGES: tuple[tuple[str, Version | None, Version, str], ...] = (
    (MAP, Version("1.9"), Version("1.10"), MAP.replace("1.9", '"1.10"')),
    (MAP, Version("1.9"), Version("2.0.1", D2), MAP.replace("1.9", "2.0.1")),
    (PINNED, Version("v1", D1), Version("v2", D2), PINNED.replace("v1", "v2").replace(D1, D2)),
    (EMPTY, None, Version("v2"), EMPTY.replace('tag: ""', 'tag: "v2"')),
    (EMPTY, None, Version("", D2), EMPTY.replace('digest: ""', f'digest: "{D2}"')),
    (EMPTY, None, Version("v2", D2), EMPTY.replace('tag: ""', 'tag: "v2"').replace('digest: ""', f'digest: "{D2}"')),
    (JOINED, Version("v1", D1), Version("v2", D2), JOINED.replace("v1", "v2").replace(D1, D2)),
    (f"image: {{digest: '{D1}'}}\n", Version("", D1), Version("v2", D2), f"image: {{digest: '{D2}'}}\n"),
    ("image:\n  tag:\n", None, Version("v2"), "image:\n  tag: v2\n"),
)  # fmt: skip


@pytest.mark.parametrize(("before", "old", "new", "after"), IMAGES)
def test_the_version_of_an_image_map_is_its_tag_and_its_digest(
    before: str, old: Version | None, new: Version, after: str
) -> None:
    assert read(value("image"), before) == old
    assert written(value("image"), before, new) == after


def test_the_version_of_an_image_map_may_be_given_as_text() -> None:
    assert read(value("image"), MAP, RAW) == Version("1.9")
    assert written(value("image"), MAP, "1.10", RAW) == MAP.replace("1.9", '"1.10"')
    assert written(value("image"), PINNED, f"v2@{D2}", RAW) == PINNED.replace("v1", "v2").replace(D1, D2)


def test_a_form_spells_the_tag_of_an_image_map() -> None:
    assert read(value("image"), PINNED, sense("v{{ version }}")) == Version("1", D1)
    after = written(value("image"), PINNED, Version("2", D2), sense("v{{ version }}"))
    assert after == PINNED.replace("v1", "v2").replace(D1, D2)


def test_an_image_map_that_waits_for_its_tag_gets_one_where_that_is_allowed() -> None:
    assert read(value("image", create=True), UNTAGGED) is None
    after = written(value("image", create=True), UNTAGGED, Version("v2"))
    assert after == "image:\n  repository: acme/web\n  tag: v2\nx: 1\n"
    with pytest.raises(EditRefused, match="`image` is a mapping, not a single value"):
        read(value("image"), UNTAGGED)


REFUSED: tuple[tuple[str, Value, Sense, str], ...] = (
    (PINNED, Version("v2"), VERSION, "a digest pins the image, and v2 has none. Remove the digest"),
    (JOINED, Version("v2"), VERSION, "a digest pins the image, and v2 has none"),
    (MAP, Version("", D2), VERSION, f"the image has a tag, and {D2} has none"),
    ("image: {tag: }\n", Version("", D2), VERSION, "there is only a tag here"),
    ("image: {digest: }\n", Version("v2"), VERSION, "there is only a digest here"),
    (MAP, 5, WEIGHT, "an image has a version, not a weight"),
    (MAP, True, RAW, "'True' is no version"),
    ("image: {tag: 'a b'}\n", Version("v2"), VERSION, "'a b' is no tag"),
    ("image: {tag: '{{.x}}'}\n", Version("v2"), VERSION, "'{{.x}}' is no tag"),
    ("image: {tag: v1, digest: sha256}\n", Version("v2"), VERSION, "'sha256' is no digest"),
    ("image: {tag: v1, tag: v2}\n", Version("v2"), VERSION, "has the key `tag` 2 times"),
    ("image: {tag: [v1]}\n", Version("v2"), VERSION, "`image.tag` is a list"),
    ("image: {name: x}\n", Version("v2"), VERSION, "`image` is a mapping, not a single value"),
    ("image: &i {tag: v1}\nother: *i\n", Version("v2"), VERSION, "line 2 would change too"),
    ("a: &i {tag: v1}\nimage: *i\n", Version("v2"), VERSION, r"`image` is the alias `\*i`"),
    ("a: &i {tag: v1}\nimage:\n  <<: *i\n", Version("v2"), VERSION, "only through `<<`"),
    ("image: '{{ .Values.x }}'\n", Version("v2"), VERSION, "a template that is filled in later"),
    ("image: {{ .Values.x }}\n", Version("v2"), VERSION, "`image` is a template"),
    ("{{ if .x }}\nimage: 1\n{{ end }}\n", Version("v2"), VERSION, "the file is a template"),
    ("image: [a]\n", Version("v2"), VERSION, "`image` is a list, not a single value"),
    ("image: v1\n", ["v2"], RAW, r"something else than \[v2\] is there already"),
    ("image: {tag: v1, x: 1}\n", {"tag": "v1"}, RAW, "something else than {tag: v1} is there already"),
    ("image: {tag: '1'}\n", {"tag": 1}, RAW, "something else than {tag: 1} is there already"),
    ("image: [a, b]\n", ["a"], RAW, r"something else than \[a\] is there already"),
)  # fmt: skip


@pytest.mark.parametrize(("text", "new", "how", "sentence"), REFUSED)
def test_what_would_lose_something_is_refused(text: str, new: Value, how: Sense, sentence: str) -> None:
    at = value("image")
    with pytest.raises(EditRefused, match=sentence):
        edits.put(at, new, tree(at, text), how)


# ---------------------------------------------------------------- single values

SINGLE: tuple[tuple[str, Value, Sense, str], ...] = (
    ("image: acme/web:1.9 # x\n", Version("1.10"), VERSION, "image: acme/web:1.10 # x\n"),
    ("image: 'reg:5000/web:1'\n", Version("2"), VERSION, "image: 'reg:5000/web:2'\n"),
    ("image: 25\n", 50, WEIGHT, "image: 50\n"),
    ("image: '25'\n", 50, WEIGHT, "image: '50'\n"),
    ("image: false\n", True, RAW, "image: true\n"),
    ("image: a\n", "on", RAW, 'image: "on"\n'),
    ("image:   5   # five\r\n", 6, RAW, "image:   6   # five\r\n"),
    ("image: '{{ .Values.x }}'\n", "plain", RAW, "image: 'plain'\n"),
    ("image: v1.9\n", Version("1.10"), sense("v{{ version }}"), "image: v1.10\n"),
)  # fmt: skip


@pytest.mark.parametrize(("before", "new", "how", "after"), SINGLE)
def test_a_single_value_keeps_its_form(before: str, new: Value, how: Sense, after: str) -> None:
    assert written(value("image"), before, new, how) == after


# ---------------------------------------------------------------- shared and secret values

SHARED = "defaults: &i\n  repository: acme/web\n  tag: v1\nimage: *i\nsidecar:\n  image:\n    <<: *i\n"


def test_shared_values_are_read_and_only_written_where_that_is_allowed() -> None:
    for key in ("image", "image.tag", "sidecar.image", "sidecar.image.tag"):
        assert read(value(key), SHARED) == Version("v1")
        with pytest.raises(EditRefused, match=r"would change (others )?too|would change others"):
            written(value(key), SHARED, Version("v2"))
    allowed = target(helmValue={"file": "values.yaml", "key": "image"}, sharedAnchors="allow")
    assert written(allowed, SHARED, Version("v2")) == SHARED.replace("v1", "v2")


def test_what_is_secret_is_neither_edited_nor_shown() -> None:
    text = "extraObjects:\n- kind: Secret\n  stringData: {key: swordfish}\n"
    for attempt in (read, lambda at, text: written(at, text, "x", RAW)):
        with pytest.raises(EditRefused, match="neither edited nor shown") as error:
            attempt(value("extraObjects[0].stringData.key"), text)
        assert "swordfish" not in str(error.value)


def test_a_file_that_sops_encrypts_is_read_and_not_written() -> None:
    text = "image: {tag: v1}\npassword: ENC[AES256_GCM,data:x]\nsops:\n  mac: ENC[AES256_GCM,data:y]\n"
    assert read(value("image"), text) == Version("v1")
    with pytest.raises(EditRefused, match=r"values\.yaml:4: sops encrypts the file"):
        written(value("image"), text, Version("v2"))
    plain = "image: {tag: v1}\nsops: {}\n"
    assert written(value("image"), plain, Version("v2")) == plain.replace("v1", "v2")


# ---------------------------------------------------------------- keys that are added


def test_an_absent_key_is_added_where_that_is_allowed() -> None:
    before = "web:\n  # the canary\n  weight: 5\n"
    assert read(value("web.tag", create=True), before) is None
    assert written(value("web.tag", create=True), before, Version("1.10")) == before + '  tag: "1.10"\n'
    assert written(value("api.weight", create=True), before, 5, WEIGHT) == before + "api:\n  weight: 5\n"
    assert written(value("a.tag", create=True), before, Version("2"), sense("v{{ tag }}")) == before + "a:\n  tag: v2\n"
    assert written(value("web.live", create=True), before, True, RAW) == before + "  live: true\n"


def test_an_absent_key_says_what_could_be_meant_and_how_to_add_it() -> None:
    before = "web: {weight: 5}\n"
    sentence = r"values\.yaml:1: `web` has no key `wieght`\. Did you mean `weight`\? `create: true` adds it"
    with pytest.raises(PlaceAbsent, match=sentence):
        read(value("web.wieght"), before)
    with pytest.raises(PlaceAbsent, match=sentence):
        written(value("web.wieght"), before, 5, WEIGHT)
    with pytest.raises(PlaceAbsent, match="`create: true` adds it"):
        written(value("api"), before, {"weight": 5}, RAW)
    with pytest.raises(FileAbsent, match="not in the repository"):
        edits.get(value("a", create=True), Files({}))


def test_a_block_fills_what_is_empty() -> None:
    for empty in ("web:\nx: 1\n", "web: {}\nx: 1\n", "web: null\nx: 1\n"):
        after = written(value("web", create=True), empty, {"tag": "v1"}, RAW)
        assert read(value("web.tag"), after, RAW) == "v1"
        assert after.endswith("x: 1\n")


def test_a_block_that_is_there_already_is_left_alone_and_another_refused() -> None:
    text = "apps:\n- name: web\n  args: [a, 5]\n  on: true\n"
    for key in ("apps[0]", "apps[name=web]"):
        same: dict[str, Data] = {"name": "web", "args": ["a", 5], "on": True}
        assert written(value(key, create=True), text, same, RAW) == text
        changed: tuple[dict[str, Data], ...] = (
            {"args": ["a"]},
            {"args": ["a", "5"]},
            {"on": [True]},
            {"on": 1},
            {"x": 1},
        )
        for other in ({**same, **change} for change in changed):
            with pytest.raises(EditRefused, match=r"is there already\. Name the keys below it"):
                written(value(key, create=True), text, other, RAW)


def test_a_key_is_removed_and_may_be_gone_already_where_it_may_be_absent() -> None:
    assert written(value("web", create=True), "web: {tag: v1}\nx: 1\n", None, RAW) == "x: 1\n"
    assert written(value("web.tag", create=True), "web: {tag: v1, a: 1}\n", None, RAW) == "web: {a: 1}\n"
    with pytest.raises(PlaceAbsent, match="no key `web`"):
        written(value("web"), "x: 1\n", None, RAW)


def test_a_key_is_not_added_where_none_can_be() -> None:
    for text in ("web: 1\n", "web: [1]\n", "x: &x {a: 1}\nweb: *x\n", "web: {{ x }}\n", "a: [\n"):
        with pytest.raises(EditError):
            written(value("web.weight", create=True), text, 5, WEIGHT)


def test_two_policies_of_one_key_write_the_same_place() -> None:
    assert edits.places([value("a.b")]) == edits.places([value('"a".b', create=True)]) == ("values.yaml: a.b",)
