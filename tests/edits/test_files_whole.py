# ruff: noqa: E501 - a row of a table stays a row
"""`file`: a file made from a template is added, made anew and removed, and what people changed is left alone."""

from __future__ import annotations

import pytest

from gitops_bot import edits
from gitops_bot.edits.sense import Sense
from gitops_bot.errors import EditError
from gitops_bot.model import SlotName, Slots, Version
from gitops_bot.policy.places import Target
from tests.edits.by_hand import held, refusal, slot, survives, target, tree

PATH, TEMPLATE = "exp/checkout.yaml", "templates/experiment.yaml"
TEXT = """\
# made by a promotion, {{ .Values.kept }} and {{version-x}} are text
kind: Experiment
metadata: {name: "checkout-{{ tag }}"}
spec:
  candidate: ghcr.io/acme/checkout:{{tag}}   # {{ tag }}
  query: "rate({{args.service}})"
"""
SHA = "sha256:" + "a" * 64
ONE: Target = target("file", path=PATH, template=TEMPLATE)
SLOT = slot("file", "candidateVersion", path=PATH, template=TEMPLATE)


def made(tag: str, text: str = TEXT) -> str:
    return text.replace("{{ tag }}", tag).replace("{{tag}}", tag)


def test_a_file_appears_changes_and_goes() -> None:
    absent = tree({TEMPLATE: TEXT}, PATH)
    assert edits.get(ONE, absent) is None
    assert edits.put(ONE, None, absent) == ()
    [added] = edits.put(ONE, "1.9", absent)
    assert (added.path, added.before, added.after) == (PATH, None, made("1.9").encode())
    there = absent.changed((added,))
    assert edits.get(ONE, there) == Version("1.9")
    assert edits.put(ONE, "1.9", there) == ()
    [changed] = edits.put(ONE, "2.0", there)
    assert changed.after == made("2.0").encode()
    [gone] = edits.put(ONE, None, there)
    assert gone.after is None
    assert [(move.old, move.new) for move in gone.moves] == [("1.9", "")]


def test_an_absent_file_is_an_empty_slot() -> None:
    absent = tree({TEMPLATE: TEXT}, PATH)
    before = edits.read([SLOT], absent)
    assert before == Slots()
    after = Slots(candidate=Version("1.9"))
    changes = edits.render([SLOT], absent, before, after)
    assert edits.read([SLOT], absent.changed(changes)) == after
    assert edits.candidates([SLOT]) == (PATH, TEMPLATE)
    assert edits.paths([SLOT], absent) == (PATH,)


FILLED: tuple[tuple[str, Version, str], ...] = (
    ("v: '{{ version }}'\n", Version("1", SHA), f"v: '1@{SHA}'\n"),
    ("v: '{{ version }}'\n", Version(digest=SHA), f"v: '{SHA}'\n"),
    ("i: x@{{ digest }}\n", Version("1", SHA), f"i: x@{SHA}\n"),
    ("i: x:{{ tag }}@{{ digest }}\n", Version("1", SHA), f"i: x:1@{SHA}\n"),
    ("v: '{{ chart }}'\n", Version("1.0_b1"), "v: '1.0+b1'\n"),
    ("{{ version }}-{{ tag }}/{{ version }}", Version("v1"), "v1-v1/v1"),
    ("\ufeffv: '{{ tag }}'\r\n# end", Version("1.10"), "\ufeffv: '1.10'\r\n# end"),
    ("v: x{{ tag }}\n", Version("1"), "v: x1\n"),
)


@pytest.mark.parametrize(("template", "version", "expected"), FILLED)
def test_placeholders_are_filled_and_read_back(template: str, version: Version, expected: str) -> None:
    before = tree({TEMPLATE: template}, PATH)
    [change] = edits.put(ONE, version, before)
    assert change.after == expected.encode()
    found = edits.get(ONE, before.changed((change,)))
    assert isinstance(found, Version)
    assert found.runs(version)


REFUSED: tuple[tuple[dict[str, str], object, str], ...] = (
    ({PATH: made("1.9")}, "2", "templates/experiment.yaml: the template is not in the repository"),
    ({TEMPLATE: TEXT, PATH: made("1.9") + "more: 1\n"}, "2",
     "exp/checkout.yaml:7: the file is not what templates/experiment.yaml makes: people changed one of them"),
    ({TEMPLATE: TEXT, PATH: made("1.9").replace("kind: E", "kind: e")}, None, "exp/checkout.yaml:2: the file is not"),
    ({TEMPLATE: TEXT, PATH: made("1.9").replace("checkout-1.9", "checkout-2.0")}, None, "exp/checkout.yaml:1: the file"),
    ({TEMPLATE: TEXT, PATH: made("1 9")}, "2", "exp/checkout.yaml:3: the file is not"),
    ({TEMPLATE: TEXT, PATH: ""}, "2", "exp/checkout.yaml:1: the file is not"),
    ({TEMPLATE: "kind: A\n"}, "2", "templates/experiment.yaml: the template says nowhere which version it is made with"),
    ({TEMPLATE: TEXT}, SHA, f"templates/experiment.yaml: {SHA} has no tag that could stand in the template's"),
    ({TEMPLATE: "v: '{{ digest }}'"}, "1", "templates/experiment.yaml: 1 has no digest that could stand"),
    ({TEMPLATE: TEXT}, "1'x", "templates/experiment.yaml: 1'x has no tag that could stand in the template's"),
    ({TEMPLATE: TEXT}, True, "exp/checkout.yaml: 'True' is no version"),
    ({TEMPLATE: "a: 1\nv: {{ tag }}\n"}, "1.10", "exp/checkout.yaml:2: '1.10' would not be read as text where the template"),
    ({TEMPLATE: "kind: Secret\nv: '{{ tag }}'\n"}, "1", "templates/experiment.yaml: a Secret is never written"),
)  # fmt: skip


@pytest.mark.parametrize(("files", "value", "sentence"), REFUSED)
def test_what_cannot_be_done_safely_is_refused(files: dict[str, str], value: object, sentence: str) -> None:
    assert refusal(files, ONE, value).startswith(sentence)  # type: ignore[arg-type]


def test_a_file_that_people_changed_is_not_read() -> None:
    with pytest.raises(EditError, match="people changed"):
        held({TEMPLATE: TEXT, PATH: "kind: B\n"}, SLOT)


def test_a_weight_and_a_form_do_not_go_with_a_template() -> None:
    files = {TEMPLATE: TEXT}
    assert "not with a weight" in refusal(files, ONE, 5, Sense(SlotName.WEIGHT))
    form = slot("file", "candidateVersion", path=PATH, template=TEMPLATE, form="v{{ tag }}")
    assert "the template says how" in refusal(files, form, "1", edits.sense(form))
    same = target("file", path=TEMPLATE, template=TEMPLATE)
    assert "cannot be the file itself" in refusal(files, same, "1")


def test_garbage_is_refused() -> None:
    for template in (
        b"\xff{{ tag }}",
        b"{{ tag }}" * 40,
        b"{{ version }}{{ tag }}{{ chart }}{{ digest }}",
        b"\0{{tag}}",
    ):
        for data in (b"", b"\xff", b"1" * 2_000, template):
            survives(data, ONE, "1", {TEMPLATE: template})
