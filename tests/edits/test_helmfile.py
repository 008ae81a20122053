"""`helmfile`: releases by name and namespace, in the layout of Jenkins X and others."""

from __future__ import annotations

import pytest

from gitops_bot import edits
from gitops_bot.errors import EditRefused, PlaceAbsent
from gitops_bot.model import Version
from gitops_bot.policy.schema import HandEdit
from tests.edits.charts import DATA, RAW, WEIGHT, read, target, tree, written

JENKINS_X = DATA / "helm" / "jenkins-x"
BEFORE, AFTER = ((JENKINS_X / f"helmfile-{name}.yaml").read_text() for name in ("before", "after"))
FILE = "helmfiles/jx-staging/helmfile.yaml"
TWICE = """\
environments:
  default: {values: [env.yaml]}
---
repositories:
- {name: dev, url: http://charts}
releases:
- name: cart
  namespace: blue
  chart: dev/cart
  version: 1.8.3 # keep
- name: cart
  namespace: green
  chart: dev/cart
  version: 1.8.3
- name: cart-old
  chart: dev/cart
  version: 1.0.0
  values: ["{{ .Environment.Name }}.yaml"]
"""


def release(name: str, **more: str) -> HandEdit:
    return target(helmfile={"file": FILE, "name": name, **more})


# ---------------------------------------------------------------- golden: Jenkins X


def test_a_promotion_of_jenkins_x_is_written_byte_for_byte() -> None:
    assert read(release("cart"), BEFORE) == Version("1.8.3")
    after = written(release("cart"), BEFORE, Version("1.9.0"))
    comment, rest = BEFORE.splitlines(keepends=True)[0], AFTER.splitlines(keepends=True)[1:]
    assert after == comment + "".join(rest)


def test_the_namespace_of_the_file_is_that_of_its_releases() -> None:
    assert read(release("cart", namespace="jx-staging"), BEFORE) == Version("1.8.3")
    with pytest.raises(PlaceAbsent, match="no release is cart in jx-production; there are: cart"):
        read(release("cart", namespace="jx-production"), BEFORE)


def test_people_are_told_where_jenkins_x_would_keep_the_old_version() -> None:
    config = (JENKINS_X / "promote-config.yaml").read_text()
    said = (
        ".jx/promote.yaml keeps old versions of dev/cart: Jenkins X would add a release beside cart, "
        "this edit writes over its version"
    )
    at = release("cart")
    assert edits.warnings([at], tree(at, BEFORE, **{".jx/promote.yaml": config})) == (said,)
    for other in (config.replace("dev/cart", "dev/web"), "a: [", "kind: Promote\nspec: {helmfileRule: {}}\n", ""):
        assert edits.warnings([at], tree(at, BEFORE, **{".jx/promote.yaml": other})) == ()


def test_people_are_told_of_a_lock_file() -> None:
    at = release("cart")
    (said,) = edits.warnings([at], tree(at, BEFORE, **{"helmfiles/jx-staging/helmfile.lock": ""}))
    assert said == (
        "helmfiles/jx-staging/helmfile.lock locks the old version of cart: "
        "run `helmfile -f helmfiles/jx-staging/helmfile.yaml deps` and commit what it writes"
    )


# ---------------------------------------------------------------- which one


def test_a_release_that_is_there_twice_is_chosen_by_its_namespace() -> None:
    after = written(release("cart", namespace="blue"), TWICE, Version("1.9.0"))
    assert after == TWICE.replace("version: 1.8.3 # keep", "version: 1.9.0 # keep")
    sentence = r"2 releases are cart \(lines 7, 11\), in the namespaces blue, green\. Choose one by its `namespace`"
    with pytest.raises(EditRefused, match=sentence):
        read(release("cart"), TWICE)


def test_releases_of_one_chart_are_told_apart_by_their_names() -> None:
    assert written(release("cart-old"), TWICE, Version("1.0.1")) == TWICE.replace("1.0.0", "1.0.1")


def test_releases_of_two_documents_are_told_apart_by_their_namespaces() -> None:
    text = "releases:\n- {name: a, namespace: x, version: 1.0.0}\n---\nreleases:\n- {name: a, version: 1.0.0}\n"
    after = written(release("a", namespace="x"), text, Version("2.0.0"))
    assert after == text.replace("1.0.0", "2.0.0", 1)
    with pytest.raises(EditRefused, match=r"in the namespaces x, \(none\)"):
        read(release("a"), text)


# ---------------------------------------------------------------- added and removed


def test_an_absent_release_is_added_where_its_chart_is_known() -> None:
    at = release("web", chart="dev/web", namespace="jx-staging")
    assert read(at, BEFORE) is None
    entry = "- chart: dev/web\n  version: 0.1.0\n  name: web\n"
    assert written(at, BEFORE, Version("0.1.0")) == BEFORE.replace("templates: {}\n", f"{entry}templates: {{}}\n")
    other = release("web", chart="dev/web", namespace="other")
    entry += "  namespace: other\n"
    assert written(other, BEFORE, Version("0.1.0")) == BEFORE.replace("templates: {}\n", f"{entry}templates: {{}}\n")


def test_a_release_of_another_namespace_is_added_beside_one_of_its_name() -> None:
    at = release("cart", chart="dev/cart", namespace="red")
    entry = "- name: cart\n  chart: dev/cart\n  version: 2.0.0\n  namespace: red\n"
    assert written(at, TWICE, Version("2.0.0")) == TWICE + entry


def test_a_release_is_removed_whole() -> None:
    after = written(release("cart-old", chart="dev/cart"), TWICE, None, RAW)
    assert after == TWICE[: TWICE.index("- name: cart-old")]


def test_a_release_whose_repository_is_not_listed_is_not_added() -> None:
    with pytest.raises(EditRefused, match=r"needs the repository `prod`.*Add prod to `repositories`"):
        written(release("web", chart="prod/web"), BEFORE, Version("1.0.0"))
    bases = f"bases: [common.yaml]\n{BEFORE}"
    for chart, text in (("oci://registry/web", BEFORE), ("./charts/web", BEFORE), ("prod/web", bases)):
        assert f"chart: {chart}\n" in written(release("web", chart=chart), text, Version("1.0.0"))


# ---------------------------------------------------------------- what is refused

REFUSED = (
    ("releases: [{name: a, version: ~1.2}]\n", "'~1.2' stands there, a range of versions"),
    ("releases: [{name: a, version: '{{ .v }}'}]\n", "'{{ .v }}' stands there, a template"),
    ("releases:\n{{ range .x }}\n- name: a\n{{ end }}\n", "the file is a template"),
    ("releases: [{name: a, version: {{ .v }}}]\n", "is a template"),
    ("releases: {a: 1}\n", "`releases` is no list"),
    ("releases:\n- &a {name: a, version: 1.0.0}\n- *a\n", "2 releases are a"),
    ("x: &v 1.0.0\nreleases:\n- {name: a, version: *v}\n", "line 1 would change too"),
    ("releases: [\n", "cannot be read as YAML"),
)


@pytest.mark.parametrize(("text", "sentence"), REFUSED)
def test_an_unsafe_release_is_refused(text: str, sentence: str) -> None:
    with pytest.raises(EditRefused, match=sentence):
        written(release("a", chart="oci://x/a"), text, Version("3.0.0"))


@pytest.mark.parametrize("template", ["{{ .v }}", "{{.v}}"])
def test_a_template_is_called_one_by_hand_too(template: str) -> None:
    with pytest.raises(EditRefused, match="stands there, a template that is filled in later"):
        written(release("a"), f"releases: [{{name: a, version: '{template}'}}]\n", "3.0.0", RAW)


def test_what_is_absent_is_named() -> None:
    with pytest.raises(PlaceAbsent, match=r"no release is web; there are: cart\. Correct the name, or give"):
        read(release("web"), BEFORE)
    with pytest.raises(PlaceAbsent, match=r"no release is web\. Correct"):
        read(release("web"), "{}\n")
    with pytest.raises(PlaceAbsent, match="has no key `version`"):
        read(release("web"), "releases: [{name: web}]\n")


def test_a_release_has_no_weight() -> None:
    with pytest.raises(EditRefused, match="a chart has a version, not a weight"):
        read(release("cart"), BEFORE, WEIGHT)


def test_two_namespaces_are_two_places() -> None:
    one, two, any_one = release("a", namespace="x"), release("a", namespace="y"), release("a")
    assert len(edits.places([one, two, any_one])) == 3
