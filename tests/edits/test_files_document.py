# ruff: noqa: E501 - a row of a table stays a row
"""`document`: one object of a file is added, made anew and removed, and everything else in the file stays to the byte."""

from __future__ import annotations

from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from gitops_bot import edits
from gitops_bot.edits.sketch import sketch
from gitops_bot.edits.source import Source
from gitops_bot.errors import EditError
from gitops_bot.model import Slots, Version
from gitops_bot.policy.schema import Edit
from tests.edits import marks
from tests.edits.by_hand import held, moved, refused_slot, slot, tree
from tests.edits.test_corpus import CORPUS, LAYOUTS, MARK
from tests.edits.test_insert_properties import ARBITRARY, REAL
from tests.edits.trees import Files

FILE, TEMPLATE = "shop/cart.yaml", "templates/trial.yaml"
IMAGE = "spec.image"
STABLE = "kind: Deployment\nmetadata: {name: cart}\nspec: {image: cart:1.0}\n"
TRIAL = "kind: Deployment\nmetadata: {name: cart-trial}\nspec: {image: 'cart:1.1'}\n"


def by_path(**more: Any) -> Edit:
    given = {"file": FILE, "kind": "Deployment", "name": "cart-trial", "path": IMAGE, **more}
    return slot("document", "candidateVersion", **given)


def by_template(**more: Any) -> Edit:
    given = {"file": FILE, "kind": "Deployment", "name": "cart-trial", "template": TEMPLATE, **more}
    return slot("document", "candidateVersion", **given)


def gone(files: dict[str, str], one: Edit) -> dict[str, str]:
    """The files once the candidate is none; a second time changes nothing."""
    before = tree(files, FILE)
    old = edits.read([one], before)
    assert old.candidate is not None
    after = before.changed(edits.render([one], before, old, Slots(), back=True))
    assert edits.read([one], after) == Slots()
    assert edits.render([one], after, old, Slots(), back=True) == ()
    return {path: data.decode() for path, data in after.files.items()}


T = "kind: Deployment\nmetadata: {name: cart-trial}\nspec: {image: 'cart:1.1'}\n"
ALONE: dict[str, str] = {
    "the last of two": f"{STABLE}«---\n{T}→»",
    "the first of two": f"«{T}→»---\n{STABLE}",
    "the first of two, behind a marker": f"«---\n{T}→»---\n{STABLE}",
    "one in the middle": f"{STABLE}«---\n{T}→»---\nkind: Service\n",
    "with comments behind its marker": f"{STABLE}«---\n# on trial\n{T}# until then\n→»--- # routes\nkind: Service\n",
    "without the comments above the first marker": f"# licence\n«---\n{T}→»---\n{STABLE}",
    "without the title of the file": f"# the cart\n\n«{T}→»---\n{STABLE}",
    "up to the marker of its end": f"{STABLE}...\n«---\n{T}...\n→»---\nkind: Service\n",
    "with Windows line breaks": f"{STABLE}«---\n{T}→»---\nkind: Service\n".replace("\n", "\r\n"),
    "with a byte order mark": f"\ufeff«{T}→»---\n{STABLE}",
    "at an end without a line break": f"{STABLE}«---\n{T.rstrip()}→»",
    "before an end without a line break": f"«{T}→»---\n{STABLE.rstrip()}",
    "beside empty documents": f"---\n---\n«---\n{T}→»---\n{STABLE}---\n",
    "among anchors of the same name": f"a: &x 1\nb: *x\n«---\n{T}more: [&x 2, *x]\n→»---\nc: &x 3\nd: *x\n",
    "below a block that keeps its end": "kind: ConfigMap\ndata:\n  a: |+\n    x\n\n\n«---\n" + T + "→»",
    "an item of a list": "kind: List\nitems:\n- kind: Service\n«- kind: Deployment\n  metadata: {name: cart-trial}\n  spec: {image: 'cart:1.1'}\n→»- kind: Route\n",
    "an item of an indented list, with its comment": "apiVersion: v1\nkind: List\nitems:\n  - kind: Service\n  # the list\n\n«  # on trial\n  - kind: Deployment\n    metadata:\n      name: cart-trial\n    spec: {image: 'cart:1.1'}\n→»metadata: {}\n",
    "an item in brackets": '{"kind": "List", "items": [{"kind": "Service"}«, {"kind": "Deployment", "metadata": {"name": "cart-trial"}, "spec": {"image": "cart:1.1"}}→»]}\n',
    "the only item of a list among others": f"{STABLE}«---\nkind: List\nitems:\n- kind: Deployment\n  metadata: {{name: cart-trial}}\n  spec: {{image: 'cart:1.1'}}\n→»---\nkind: Service\n",
}


@pytest.mark.parametrize("marked", ALONE.values(), ids=ALONE)
def test_exactly_that_document_goes(marked: str) -> None:
    assert gone({FILE: marks.before(marked)}, by_path()) == {FILE: marks.after(marked)}


@pytest.mark.parametrize(
    "text",
    [
        T,
        f"# licence\n---\n{T}---\n# nothing\n",
        f"\ufeff{T.rstrip()}",
        "kind: List\nitems: [{kind: Deployment, metadata: {name: cart-trial}, spec: {image: 'cart:1.1'}}]\n",
    ],
    ids=["alone", "among empty ones", "with a byte order mark", "in a list"],
)
def test_without_its_only_document_a_file_goes_and_what_names_it(text: str) -> None:
    files = {FILE: text, "shop/kustomization.yml": "resources:\n- app.yaml\n- ./cart.yaml # on trial\nimages: []\n"}
    assert gone(files, by_path()) == {"shop/kustomization.yml": "resources:\n- app.yaml\nimages: []\n"}


def test_a_document_of_others_is_read_and_written_at_its_path() -> None:
    text = f"{STABLE}---\n{T}"
    assert held({FILE: text}, by_path()) == Version("1.1")
    assert held({FILE: STABLE}, by_path()) is None
    assert held({}, by_path()) is None
    assert moved({FILE: text}, by_path(), Version("1.2")) == text.replace("1.1", "1.2")
    listed = "kind: List\nitems:\n- kind: Deployment\n  metadata: {name: cart-trial}\n  spec: {image: 'cart:1.1'}\n- kind: A\n"
    assert held({FILE: listed}, by_path()) == Version("1.1")
    assert moved({FILE: listed}, by_path(), Version("1.2")) == listed.replace("1.1", "1.2")


MADE = "# a trial of {{ tag }}\nkind: Deployment\nmetadata: {name: cart-trial}\nspec: {image: 'cart:{{ tag }}'}\n"
AROUND: dict[str, str] = {
    "one document": STABLE,
    "two documents": f"---\n{STABLE}---\nkind: Service\n",
    "no last line break": STABLE.rstrip(),
    "Windows line breaks": STABLE.replace("\n", "\r\n"),
    "old line breaks": STABLE.replace("\n", "\r"),
    "a byte order mark": f"\ufeff{STABLE}",
    "a marker of the end": f"{STABLE}...\n",
    "an empty last document": f"{STABLE}---\n",
    "a comment at the end": f"{STABLE}# end\n",
    "a comment at the end without a line break": f"{STABLE}# end",
    "blank lines at the end": f"{STABLE}\n\n",
    "a block that keeps its end": "data:\n  a: |+\n    x\n\n",
    "brackets": "{kind: Service}",
    "a value alone": "--- x",
}


@pytest.mark.parametrize("text", AROUND.values(), ids=AROUND)
def test_a_document_comes_changes_and_goes_and_the_bytes_are_as_they_were(text: str) -> None:
    one, files = by_template(), {FILE: text, TEMPLATE: MADE}
    before = tree(files, FILE)
    assert edits.read([one], before) == Slots()
    added = before.changed(edits.render([one], before, Slots(), Slots(candidate=Version("1.1"))))
    data = added.files[FILE]
    assert data.startswith(text.encode())
    assert held({FILE: data.decode(), TEMPLATE: MADE}, one) == Version("1.1")
    newer = added.changed(edits.render([one], added, Slots(candidate=Version("1.1")), Slots(candidate=Version("2"))))
    assert newer.files[FILE] == data.replace(b"1.1", b"2")
    old = Slots(candidate=Version("2"))
    assert newer.changed(edits.render([one], newer, old, Slots(), back=True)).files[FILE] == text.encode()


def test_a_document_without_a_file_makes_one() -> None:
    files = {TEMPLATE: MADE, "shop/kustomization.yaml": "resources: [app.yaml]\n"}
    before = tree(files, FILE)
    added = before.changed(edits.render([by_template()], before, Slots(), Slots(candidate=Version("1.1"))))
    assert added.files[FILE].decode() == MADE.replace("{{ tag }}", "1.1")
    assert added.files["shop/kustomization.yaml"] == b"resources: [app.yaml, cart.yaml]\n"
    assert gone({path: data.decode() for path, data in added.files.items()}, by_template()) == files


def test_what_a_template_made_is_known_wherever_it_stands() -> None:
    made = MADE.replace("{{ tag }}", "1.1")
    own = "\n".join(f"    {line}" for line in made.splitlines()[1:]).strip()
    marked = f"# title\n«{made}→»---\n{STABLE}"
    files = {FILE: marks.before(marked), TEMPLATE: f"# licence\n---\n{MADE}\n"}
    assert gone(files, by_template())[FILE] == marks.after(marked)
    listed = f"kind: List\nitems:\n  - kind: Service\n«  - {own}\n→»"
    files = {FILE: marks.before(listed), TEMPLATE: MADE.partition("\n")[2]}
    assert held(files, by_template()) == Version("1.1")
    assert moved(files, by_template(), Version("2")) == marks.before(listed).replace("1.1", "2")
    assert gone(files, by_template())[FILE] == marks.after(listed)


REFUSED: tuple[tuple[Edit, dict[str, str], Version | None, str], ...] = (
    (by_path(), {FILE: f"{T}---\n{T}"}, None, "shop/cart.yaml: 2 documents are a Deployment cart-trial: lines 1, 5. Say which"),
    (by_path(name=None), {FILE: f"{T}---\nkind: List\nitems: [{{kind: Deployment}}]\n"}, None, "shop/cart.yaml: 2 documents are a Deployment: lines 1, 6"),
    (by_path(), {FILE: STABLE}, Version("1"), "shop/cart.yaml: there is no Deployment cart-trial, and nothing says how one is made"),
    (by_path(), {FILE: "{{ if .Values.x }}\nkind: A\n{{ end }}\n"}, None, "shop/cart.yaml:1: the file is a template"),
    (by_path(), {FILE: f"{STABLE}---\n{T}sops:\n  mac: ENC[AES256_GCM,data:x]\n"}, None, "shop/cart.yaml:9: sops encrypts the file"),
    (by_path(), {FILE: f"{T}---\na: [\n"}, None, "shop/cart.yaml:6:1: the file cannot be read as YAML"),
    (by_path(path="spec.images"), {FILE: T}, None, "shop/cart.yaml:3: `spec` has no key `images`. Did you mean `image`?"),
    (by_path(), {FILE: "kind: List\nitems:\n- &x {kind: Deployment, metadata: {name: cart-trial}, spec: {image: 'a:1'}}\n- {a: *x}\n"}, None, "shop/cart.yaml:3: `items[0]` holds the anchor `&x`, which line 4 would lose"),
    (by_path(), {FILE: T, "shop/kustomization.yaml": "patches:\n- path: cart.yaml\n"}, None, "shop/kustomization.yaml: the kustomization uses shop/cart.yaml, which goes, otherwise than by `resources`"),
    (by_path(), {FILE: T, "a/kustomization.yaml": "resources: [../shop/cart.yaml]\n", "b/kustomization.yaml": "resources: [../shop/cart.yaml]\n"}, None, "shop/cart.yaml: 2 kustomizations use this file, and would all change"),
    (by_path(), {FILE: T, "shop/kustomization.yaml": "", "shop/kustomization.yml": ""}, None, "shop: the folder has shop/kustomization.yaml and shop/kustomization.yml"),
    (by_template(), {FILE: f"{T}", TEMPLATE: MADE}, None, "shop/cart.yaml:1: the Deployment cart-trial is not what templates/trial.yaml makes: people changed one of them"),
    (by_template(), {FILE: STABLE, TEMPLATE: MADE.replace("-trial", "")}, Version("1"), "templates/trial.yaml: the template makes another document, not one Deployment cart-trial"),
    (by_template(), {FILE: STABLE, TEMPLATE: f"{MADE}---\n{MADE}"}, Version("1"), "templates/trial.yaml: the template makes 2 documents, not one Deployment cart-trial"),
    (by_template(), {FILE: STABLE, TEMPLATE: "kind: [{{ tag }}"}, Version("1"), "templates/trial.yaml:2:1: the file cannot be read as YAML"),
    (by_template(), {FILE: STABLE, TEMPLATE: MADE.replace("'cart:{{ tag }}'", "{{ tag }}")}, Version("1.10"), "templates/trial.yaml:4: '1.10' would not be read as text"),
    (by_template(), {FILE: "%YAML 1.1\n--- x\n", TEMPLATE: f"%YAML 1.1\n---\n{MADE}"}, Version("1"), "shop/cart.yaml:1: no document can be added without changing how the rest of the file reads"),
    (by_template(), {FILE: STABLE}, Version("1"), "templates/trial.yaml: the template is not in the repository"),
    (by_template(kind="Secret"), {FILE: STABLE, TEMPLATE: MADE}, Version("1"), "shop/cart.yaml: a Secret is neither read nor removed"),
    (by_template(kustomization="apps"), {TEMPLATE: MADE}, Version("1"), "apps: the folder has no kustomization.yaml"),
    (by_template(kustomization="apps"), {TEMPLATE: MADE, "apps/kustomization.yaml": ""}, Version("1"), "apps/kustomization.yaml: kustomize takes files only from the folder of the kustomization and from below it: it cannot name shop/cart.yaml"),
)  # fmt: skip


@pytest.mark.parametrize(("one", "files", "value", "sentence"), REFUSED)
def test_what_cannot_be_done_safely_is_refused(
    one: Edit, files: dict[str, str], value: Version | None, sentence: str
) -> None:
    assert refused_slot(files, one, value).startswith(sentence)


# ---------------------------------------------------------------- whatever the file

ALL = [
    (name, MARK.sub(r"\1", layout(path.read_text())))
    for path in sorted(CORPUS.iterdir())
    for name, layout in LAYOUTS.items()
]


def events(data: bytes) -> list[str]:
    """What a file says, document by document, without its marks."""
    return [
        str(vars(event) | {"start_mark": None, "end_mark": None})
        for event in yaml.parse(data.decode().removeprefix("\ufeff"), Loader=yaml.CSafeLoader)
    ]


def added(data: bytes, one: Edit, version: Version) -> Files:
    before = Files({FILE: data, TEMPLATE: MADE.encode()})
    return before.changed(edits.render([one], before, edits.read([one], before), Slots(candidate=version)))


def removed(before: Files, one: Edit) -> bytes | None:
    return before.changed(edits.render([one], before, edits.read([one], before), Slots(), back=True)).read(FILE)


def test_any_file_gets_a_document_and_loses_it_to_the_byte() -> None:
    refused = 0
    for _, text in ALL[::2]:
        data = text.encode()
        try:
            there = added(data, by_template(), Version("1.10"))
        except EditError:
            refused += 1
            continue
        now = there.files[FILE]
        assert now.startswith(data)
        assert events(now)[: len(events(data)) - 1] == events(data)[:-1]
        assert removed(there, by_template()) == data
    assert refused <= 1  # one ends in a block without a line break, which would get one


def test_any_files_lose_the_document_between_them_and_keep_every_byte() -> None:
    texts = [
        (name, text.removeprefix("\ufeff")) for name, text in ALL if "\n..." not in text and not text.startswith("%")
    ]
    for (name, above), (_, below) in zip(texts, texts[len(LAYOUTS) :], strict=False):
        end = "\r\n" if name == "CRLF" else "\n"
        head = above if above.endswith("\n") else above + end
        tail = below if below.startswith("---") else f"---{end}{below}"
        trial = f"---{end}{T}# of it{end}"
        assert removed(Files({FILE: f"{head}{trial}{tail}".encode()}), by_path()) == f"{head}{tail}".encode()


@settings(deadline=None, max_examples=60)
@given(
    ARBITRARY | st.lists(st.sampled_from([*REAL[:40], "---\n", "...\n", "# c\n", "", "\n"]), max_size=4).map("".join)
)
def test_any_text_gets_a_document_and_loses_it_or_is_refused(text: str) -> None:
    data = text.encode()
    try:
        there = added(data, by_template(), Version("1.10"))
    except EditError:
        return
    lost = removed(there, by_template())
    kept = [one for one in sketch(Source.decode(FILE, data)) if not one.empty]
    assert lost == (data if kept else None)
