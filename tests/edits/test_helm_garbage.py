"""Charts and Applications that are no such thing: every text is edited or refused, never a crash."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gitops_bot import edits
from gitops_bot.edits.sense import Sense, Value
from gitops_bot.errors import EditError
from gitops_bot.model import Version
from gitops_bot.policy.schema import HandEdit
from tests.edits.charts import D1, RAW, VERSION, WEIGHT, sense, target, tree

FILE = {"file": "f.yaml"}
SPOTS: tuple[HandEdit, ...] = (
    target(helmValue={**FILE, "key": "spec.a", "create": True}),
    target(helmValue={**FILE, "key": "spec[0].name"}),
    target(helmDependency={**FILE, "name": "a", "repository": "oci://x"}),
    target(helmDependency={**FILE, "name": "a", "alias": "b"}),
    target(helmfile={**FILE, "name": "a", "chart": "./a"}),
    target(helmfile={**FILE, "name": "a", "namespace": "b"}),
    target(argoCDApplication={**FILE}),
    target(argoCDApplication={**FILE, "source": "chart=a", "parameter": "a", "create": True}),
    target(argoCDApplication={**FILE, "image": "a", "create": True}),
    target(argoCDApplication={**FILE, "value": "a", "create": True}),
    target(argoCDApplication={**FILE, "element": {"name": "a"}, "key": "value", "create": True}),
    target(fluxHelmRelease={**FILE, "create": True}),
    target(fluxHelmRelease={**FILE, "value": "a", "create": True}),
    target(fluxKustomization={**FILE, "image": "a"}),
    target(fluxKustomization={**FILE, "substitute": "a", "create": True}),
    target(fluxMarker={**FILE, "policy": "a:b"}),
)
VALUES: tuple[tuple[Value, Sense], ...] = (
    (Version("1.2.3"), VERSION),
    (Version("1.2.3", D1), VERSION),
    (Version("", D1), VERSION),
    (Version("1.2.3"), sense("v{{ version }}")),
    (5, WEIGHT),
    ("x", RAW),
    (True, RAW),
    ({"a": [1, None]}, RAW),
    (None, RAW),
)
KINDS = (
    "argoproj.io/v1\nkind: Application",
    "argoproj.io/v1\nkind: ApplicationSet",
    "helm.toolkit.fluxcd.io/v2\nkind: HelmRelease",
    "kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization",
)
NODES = (
    *("", "{}", "[]", "x", "1.2.3", "[x, {name: a}]", "{name: a, a: {tag: 1}}", "*a", "&a [*a]", "&a {<<: *a}"),
    *("|\n  a: {{ x }}", "|\n  a: 1", '"a: \\u0000"', "'a: [1'", "{{ x }}", "!t x", "? [x]", "[[[", "- a\n- - b"),
)
KEYS = (
    *("spec", "source", "sources", "helm", "values", "valuesObject", "parameters", "kustomize", "images", "generators"),
    *("list", "elements", "matrix", "chart", "version", "name", "a", "<<", "dependencies", "releases", "postBuild"),
    *("substitute", "template", "targetRevision", "namespace", "metadata", "repositories", "tag"),
)


def tried(text: bytes, values: Sequence[tuple[Value, Sense]] = VALUES) -> None:
    """Read and write everywhere; only an EditError may come."""
    for at in SPOTS:
        here = tree(at, text)
        with suppress(EditError):
            edits.warnings([at], here)
        for value, how in values:
            with suppress(EditError):
                edits.get(at, here, how)
            with suppress(EditError):
                edits.put(at, value, here, how)


def test_every_place_is_in_the_file_that_is_named() -> None:
    assert edits.paths(SPOTS, tree(SPOTS[0], b"")) == edits.candidates(SPOTS) == ("f.yaml",)


@pytest.mark.parametrize("kind", KINDS)
def test_a_known_object_of_odd_parts_never_crashes(kind: str) -> None:
    for node in NODES:
        for shape in ("spec: {0}", "spec: {{source: {0}, template: {0}}}", "spec: {{chart: {0}, values: {0}}}"):
            tried(f"apiVersion: {kind}\n{shape.format(node)}\n".encode(), VALUES[:1])


@pytest.mark.parametrize(
    "text", [b"", b"\xff", b"\x00", b"\xef\xbb\xbf", b"---\n---\n", b"a: [" * 201, b"{{ x }}", b"- 1"]
)
def test_no_yaml_at_all_never_crashes(text: bytes) -> None:
    tried(text, VALUES[:1])


LEAVES = st.sampled_from(
    ("", "x", "a", "1.2.3", "5", "~", "'{{ x }}'", '"a: [1"', "'a: {tag: v1}'", "*z", "!t x", "a:v1")
)
FLOW = st.recursive(
    LEAVES,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3).map(lambda items: f"[{', '.join(items)}]"),
        st.lists(st.tuples(st.sampled_from(KEYS), inner), max_size=4).map(
            lambda pairs: f"{{{', '.join(f'{key}: {value}' for key, value in pairs)}}}"
        ),
        inner.map(lambda text: f"&z {text}"),
    ),
    max_leaves=12,
)


@st.composite
def documents(draw: st.DrawFn) -> bytes:
    """Objects of keys that mean something, with odd values, and with markers behind lines."""
    lines = [f"apiVersion: {draw(st.sampled_from(KINDS))}"]
    for key in draw(st.lists(st.sampled_from(("spec", "dependencies", "releases", "a", "<<")), min_size=1, max_size=3)):
        marker = draw(st.sampled_from(("", ' # {"$imagepolicy": "a:b"}')))
        lines.append(f"{key}: {draw(FLOW)}{marker}")
    return "\n".join(lines).encode()


@settings(max_examples=15, deadline=None)
@given(documents())
def test_any_object_never_crashes(text: bytes) -> None:
    tried(text)
