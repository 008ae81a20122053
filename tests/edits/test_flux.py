"""`fluxHelmRelease` and `fluxKustomization`."""

from __future__ import annotations

import pytest

from gitops_bot import edits
from gitops_bot.edits.sense import Sense, Value
from gitops_bot.errors import EditRefused, PlaceAbsent
from gitops_bot.model import Version
from gitops_bot.policy.schema import HandEdit
from tests.edits.charts import D1, D2, RAW, VERSION, WEIGHT, read, sense, target, written

RELEASE = """\
apiVersion: helm.toolkit.fluxcd.io/v2
kind: HelmRelease
metadata:
  name: web
  namespace: shop
spec:
  chart:
    spec:
      chart: web
      version: 1.9.0   # promoted
      sourceRef: {kind: HelmRepository, name: acme}
  values:
    image: {repository: acme/web, tag: v1}
    canary:
      weight: 25
"""
KUSTOMIZATION = """\
apiVersion: kustomize.toolkit.fluxcd.io/v1
kind: Kustomization
metadata: {name: shop}
spec:
  path: ./apps
  images:
  - newTag: "1.9"
    name: acme/web
  - name: acme/db
    newTag: v1
    digest: {D1}
  - name: acme/bare
    newName: other/bare
  postBuild:
    substitute:
      WEB_VERSION: "1.9"
      WEIGHT: '25'
      PLAIN: v1
"""
KUSTOMIZATION = KUSTOMIZATION.replace("{D1}", D1)


def release(**more: object) -> HandEdit:
    return target(fluxHelmRelease={"file": "release.yaml", **more})


def kustomization(**more: object) -> HandEdit:
    return target(fluxKustomization={"file": "shop.yaml", **more})


FIELDS: tuple[tuple[HandEdit, str, Value, Value, Sense, str, str], ...] = (
    (release(), RELEASE, Version("1.9.0"), Version("1.10.0", D1), VERSION, "1.9.0 ", "1.10.0 "),
    (release(name="web", namespace="shop"), RELEASE, "1.9.0", "2.0.0", RAW, "1.9.0 ", "2.0.0 "),
    (release(value="image"), RELEASE, Version("v1"), Version("v2"), VERSION, "tag: v1", "tag: v2"),
    (release(value="canary.weight"), RELEASE, 25, 50, WEIGHT, "weight: 25", "weight: 50"),
    (kustomization(image="acme/web"), KUSTOMIZATION, Version("1.9"), Version("1.10", D1), VERSION,
     '- newTag: "1.9"', '- newTag: "1.10"'),
    (kustomization(image="acme/db"), KUSTOMIZATION, Version("v1", D1), Version("v2", D2), VERSION,
     f"newTag: v1\n    digest: {D1}", f"newTag: v2\n    digest: {D2}"),
    (kustomization(image="acme/bare"), KUSTOMIZATION, None, Version("v2"), VERSION,
     "newName: other/bare\n", "newName: other/bare\n    newTag: v2\n"),
    (kustomization(image="acme/bare"), KUSTOMIZATION, None, Version("", D2), VERSION,
     "newName: other/bare\n", f"newName: other/bare\n    digest: {D2}\n"),
    (kustomization(image="acme/new"), KUSTOMIZATION, None, Version("1.10", D2), VERSION,
     "newName: other/bare\n", f'newName: other/bare\n  - name: acme/new\n    newTag: "1.10"\n    digest: {D2}\n'),
    (kustomization(substitute="WEB_VERSION"), KUSTOMIZATION, Version("1.9"), Version("1.10"), VERSION,
     'WEB_VERSION: "1.9"', 'WEB_VERSION: "1.10"'),
    (kustomization(substitute="WEIGHT"), KUSTOMIZATION, 25, 50, WEIGHT, "'25'", "'50'"),
    (kustomization(substitute="PLAIN"), KUSTOMIZATION, "v1", 50, RAW, "PLAIN: v1", 'PLAIN: "50"'),
    (kustomization(substitute="PLAIN"), KUSTOMIZATION, "v1", True, RAW, "PLAIN: v1", 'PLAIN: "true"'),
    (kustomization(substitute="PLAIN"), KUSTOMIZATION, Version("1"), Version("2"), sense("v{{ tag }}"), "v1\n", "v2\n"),
)  # fmt: skip


@pytest.mark.parametrize(("at", "text", "old", "new", "how", "was", "now"), FIELDS)
def test_a_field_is_read_and_written(
    at: HandEdit, text: str, old: Value, new: Value, how: Sense, was: str, now: str
) -> None:
    assert read(at, text, how) == old
    assert written(at, text, new, how) == now.join(text.rsplit(was, 1))


def test_what_is_absent_is_added_where_that_is_allowed() -> None:
    at = kustomization(substitute="NEW", create=True)
    assert read(at, KUSTOMIZATION) is None
    assert written(at, KUSTOMIZATION, 5, RAW) == KUSTOMIZATION + '      NEW: "5"\n'
    at = release(value="canary.image.tag", create=True)
    assert read(at, RELEASE) is None
    assert written(at, RELEASE, Version("v1")) == RELEASE + "      image:\n        tag: v1\n"
    unversioned = RELEASE.replace("      version: 1.9.0   # promoted\n", "")
    at = release(create=True)
    assert read(at, unversioned) is None
    assert read(at, written(at, unversioned, Version("1.9.0"))) == Version("1.9.0")


def test_the_first_image_of_a_kustomization_is_added() -> None:
    bare = "apiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\nspec:\n  path: ./apps\n"
    at = kustomization(image="acme/web")
    assert read(at, bare) is None
    after = written(at, bare, Version("v1"))
    assert after.startswith(bare + "  images:\n")
    assert read(at, after) == Version("v1")


def test_an_image_is_removed_whole() -> None:
    entry = "  - name: acme/bare\n    newName: other/bare\n"
    assert written(kustomization(image="acme/bare"), KUSTOMIZATION, None, RAW) == KUSTOMIZATION.replace(entry, "")


ABSENT = (
    (release(), RELEASE.replace("version:", "ver:"), "has no key `version`"),
    (release(value="image.tga"), RELEASE, "Did you mean `tag`"),
    (release(name="api"), RELEASE, r"no document is the one that `where` asks for; there are: HelmRelease shop/web"),
    (release(), RELEASE.replace("helm.toolkit", "other"), "no document is the one"),
    (kustomization(substitute="WEIGTH"), KUSTOMIZATION, r"Did you mean `WEIGHT`\? `create: true` adds it"),
    (kustomization(image="a"), KUSTOMIZATION.replace("kustomize.toolkit.fluxcd.io/v1", "kustomize.config.k8s.io/v1"),
     "no document is the one"),
)  # fmt: skip


@pytest.mark.parametrize(("at", "text", "sentence"), ABSENT)
def test_what_is_absent_is_named(at: HandEdit, text: str, sentence: str) -> None:
    with pytest.raises(PlaceAbsent, match=sentence):
        written(at, text, Version("2.0.0"))


OCI = RELEASE.replace(
    RELEASE[RELEASE.index("  chart:") : RELEASE.index("  values:")],
    "  chartRef: {kind: OCIRepository, name: web, namespace: flux-system}\n",
)
REFUSED: tuple[tuple[HandEdit, str, Value, Sense, str], ...] = (
    (release(), OCI, Version("2.0.0"), VERSION,
     r"release\.yaml:7: the chart comes from the OCIRepository flux-system/web, and so does its version\. "
     "Edit `spec.ref.tag` of that object"),
    (release(), OCI.replace("OCIRepository", "HelmChart"), Version("2.0.0"), VERSION, "Edit `spec.version`"),
    (release(), RELEASE.replace("1.9.0 ", "1.x "), Version("2.0.0"), VERSION, "'1.x' stands there, a range"),
    (release(), RELEASE.replace("1.9.0 ", "'>=1.0' "), Version("2.0.0"), VERSION, "'>=1.0' stands there, a range"),
    (release(), RELEASE, None, RAW, "without a version Flux takes the newest chart"),
    (release(), RELEASE, Version("main"), VERSION, "'main' is no exact version of a chart"),
    (release(), RELEASE, 5, WEIGHT, "a chart has a version, not a weight"),
    (release(), f"{RELEASE}---\n{RELEASE}", Version("2.0.0"), VERSION, "2 documents match"),
    (kustomization(image="acme/db"), KUSTOMIZATION, Version("v2"), VERSION, "a digest pins the image"),
    (kustomization(image="acme/db"), KUSTOMIZATION.replace("acme/web", "acme/db"), Version("v2"), VERSION,
     r"2 images are acme/db \(lines 7, 9\)"),
    (kustomization(image="acme/web"), KUSTOMIZATION, 5, WEIGHT, "an image has a version, not a weight"),
    (kustomization(substitute="PLAIN", create=True), KUSTOMIZATION, {"a": 1}, RAW, "a single value is needed"),
    (kustomization(substitute="PLAIN"), KUSTOMIZATION.replace("v1\n", "'{{ x }}'\n"), Version("v2"), VERSION,
     "a template that is filled in later"),
    (kustomization(), KUSTOMIZATION, "x", RAW, "either `image` or `substitute` is to be given"),
    (kustomization(image="a", substitute="b"), KUSTOMIZATION, "x", RAW, "either `image` or `substitute`"),
)  # fmt: skip


@pytest.mark.parametrize(("at", "text", "new", "how", "sentence"), REFUSED)
def test_what_is_not_safe_is_refused(at: HandEdit, text: str, new: Value, how: Sense, sentence: str) -> None:
    with pytest.raises(EditRefused, match=sentence):
        written(at, text, new, how)


def test_places_are_known_without_a_tree() -> None:
    assert edits.places([release(), release(value="a.b", name="web"), kustomization(image="x")]) == (
        "release.yaml: spec.chart.spec.version (kind HelmRelease)",
        "release.yaml: spec.values.a.b (kind HelmRelease, name web)",
        "shop.yaml: spec.images[name=x].newTag (kind Kustomization)",
        "shop.yaml: spec.images[name=x].digest (kind Kustomization)",
    )
    with pytest.raises(EditRefused, match="either `image` or `substitute`"):
        edits.places([kustomization()])
