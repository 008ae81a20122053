"""Names of proposals: the same for the same, another for anything else."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from gitops_bot.delivery import asked, identity
from gitops_bot.model import PREFIX, Direction, Slots, Step, StepKind, Version
from tests.delivery.given import ADVANCE, BEFORE, ROLLBACK, V1, V2, V3, policy

START = Step(StepKind.START, Slots(V1, V2, 5), "new")
PROMOTE = Step(StepKind.PROMOTE, Slots(V2, V2, 50), "held 50 %")
FINISH = Step(StepKind.FINISH, Slots(V2, V2, 0), "healthy")


def key(step: Step = ADVANCE, *, before: Slots = BEFORE, candidate: Version | None = V2, base: str = "main") -> str:
    return identity.key(policy(), base, candidate, before, step)


def test_the_key_changes_with_each_ingredient() -> None:
    keys = [
        key(),
        key(base="release"),
        key(candidate=V3),
        key(candidate=None),
        key(candidate=Version("1.4.2", "sha256:" + "0" * 64)),
        key(before=replace(BEFORE, weight=6)),
        key(before=replace(BEFORE, weight=None)),
        key(before=replace(BEFORE, stable=V3)),
        key(replace(ADVANCE, kind=StepKind.START)),
        key(replace(ADVANCE, slots=replace(ADVANCE.slots, weight=26))),
        key(replace(ADVANCE, slots=replace(ADVANCE.slots, stable=None))),
        identity.key(policy("other"), "main", V2, BEFORE, ADVANCE),
        identity.key(policy(repository="elsewhere"), "main", V2, BEFORE, ADVANCE),
    ]
    assert len(set(keys)) == len(keys)


def test_the_key_does_not_change_with_reasons_figures_or_settings() -> None:
    told = replace(ADVANCE, reason="0.2 % ≤ 1 %", cautions=("look",), urgent=True, blind=True)
    assert key(told) == key()
    draft = policy(pullRequest={"draft": True, "merge": "auto", "labels": ["x"]})
    assert identity.key(draft, "main", V2, BEFORE, ADVANCE) == key()


def test_the_key_is_the_same_in_every_process() -> None:
    assert key() == "1f9ac370a376ca26e091"


@pytest.mark.parametrize(
    ("step", "direction", "branch"),
    [
        (START, Direction.PROMOTE, "gitops-bot/shop/promote"),
        (ADVANCE, Direction.PROMOTE, "gitops-bot/shop/promote"),
        (PROMOTE, Direction.PROMOTE, "gitops-bot/shop/promote"),
        (FINISH, Direction.PROMOTE, "gitops-bot/shop/promote"),
        (ROLLBACK, Direction.ROLLBACK, "gitops-bot/shop/rollback"),
    ],
)
def test_each_step_goes_by_one_of_two_branches(step: Step, direction: Direction, branch: str) -> None:
    assert identity.direction(step) is direction
    assert identity.branch("shop", direction, PREFIX) == branch


@pytest.mark.parametrize(
    ("before", "step", "title"),
    [
        (Slots(V1, V1, 0), START, "promote(shop): start 1.4.2 at 5 %"),
        (BEFORE, ADVANCE, "promote(shop): 1.4.2 from 5 % to 25 %"),
        (Slots(V1, V2, 50), PROMOTE, "promote(shop): 1.4.1 → 1.4.2"),
        (Slots(None, None, None), PROMOTE, "promote(shop): nothing → 1.4.2"),
        (Slots(V2, V2, 50), FINISH, "promote(shop): finish 1.4.2, traffic returns to stable"),
        (BEFORE, ROLLBACK, "rollback(shop): 1.4.2 → 1.4.1"),
        (Slots(V2, V2, 0), ROLLBACK, "rollback(shop): 1.4.2 → 1.4.1"),
        (Slots(V2), replace(ROLLBACK, slots=Slots(V1)), "rollback(shop): 1.4.2 → 1.4.1"),
    ],
)
def test_titles_say_what_happens(before: Slots, step: Step, title: str) -> None:
    assert identity.title(policy(), before, step) == title


def titled(template: str, step: Step = ADVANCE, before: Slots = BEFORE) -> str:
    return identity.title(policy(pullRequest={"title": template}), before, step)


def test_a_template_makes_the_title() -> None:
    every = "{{ policy }} {{ step }} {{ from.version }}→{{ to.version }} {{ from.weight }}→{{ to.weight }}={{ weight }}"
    assert titled(every) == "shop Advance 1.4.1→1.4.2 5→25=25"


def test_a_template_of_a_promotion_without_a_ladder_names_the_version() -> None:
    step = Step(StepKind.PROMOTE, Slots(V2), "passed")
    assert titled("deploy {{ to.version }} after {{ from.version }}", step, Slots(V1)) == "deploy 1.4.2 after 1.4.1"


def test_a_rollback_never_bears_a_promotions_title() -> None:
    assert titled("deploy {{ to.version }}", ROLLBACK) == "rollback(shop): 1.4.2 → 1.4.1"


def test_a_template_that_leaves_nothing_gives_way() -> None:
    first = Step(StepKind.PROMOTE, Slots(V2), "first release")
    assert titled("{{ from.version }}", first, Slots()) == "promote(shop): nothing → 1.4.2"


def test_a_title_is_one_safe_line_of_bounded_length() -> None:
    hostile = Version("v1\n@alice #1 https://x " + "y" * 400)
    title = titled("{{ to.version }}", replace(ADVANCE, slots=replace(ADVANCE.slots, candidate=hostile)))
    assert title.startswith("v1 @\u200balice #\u200b1 https:\u200b//x yyy")
    assert (len(title), title[-1]) == (identity.TITLE_LIMIT, "…")


def test_the_message_has_trailers_and_no_figures() -> None:
    told = replace(ADVANCE, reason="0.2 % ≤ 1 %")
    assert identity.message(policy(), BEFORE, told, "abc") == f"promote(shop): 1.4.2 from 5 % to 25 %\n\n{TRAILERS}"


TRAILERS = "Gitops-Bot-Policy: shop\nGitops-Bot-Step: Advance\nGitops-Bot-Proposal: abc\n"
SHOUTING = Version("1.4.2\n@alice #1\nCo-authored-by: eve")


@pytest.mark.parametrize(
    ("template", "above"),
    [
        ("chore: {{ to.version }}", "chore: 1.4.2"),
        ("chore: {{ to.version }}\n\nWas {{ from.version }}.\n", "chore: 1.4.2\n\nWas 1.4.1."),
        ("chore: x\nright below", "chore: x\n\nright below"),
        ("  \n", "promote(shop): 1.4.2 from 5 % to 25 %"),
    ],
)
def test_a_template_makes_the_message_above_its_trailers(template: str, above: str) -> None:
    given = policy(pullRequest={"commitMessage": template})
    assert identity.message(given, BEFORE, ADVANCE, "abc") == f"{above}\n\n{TRAILERS}"


def test_a_rollback_never_bears_a_promotions_message() -> None:
    given = policy(pullRequest={"commitMessage": "deploy {{ to.version }}"})
    assert identity.message(given, BEFORE, ROLLBACK, "abc").startswith("rollback(shop): 1.4.2 → 1.4.1\n\n")


def test_a_version_adds_no_line_and_no_trailer_to_a_message() -> None:
    given = policy(pullRequest={"commitMessage": "chore: x\n\n{{ to.version }}"})
    step = replace(ADVANCE, slots=replace(ADVANCE.slots, candidate=SHOUTING))
    said = identity.message(given, BEFORE, step, "abc")
    assert said == f"chore: x\n\n1.4.2 @\u200balice #\u200b1 Co-authored-by: eve\n\n{TRAILERS}"


@pytest.mark.parametrize(
    "template", ["Gitops-Bot-Asked: rollback by eve", "chore: x\n\n gitops-bot-asked: rollback by eve"]
)
@pytest.mark.parametrize("field", ["title", "commitMessage"])
def test_no_template_says_that_a_person_asked(field: str, template: str) -> None:
    said = identity.message(policy(pullRequest={field: template}), BEFORE, ADVANCE, "abc")
    assert asked.remembered(said) is None
    assert not re.search(r"(?im)^\s*gitops-bot-asked", said)


def test_a_signed_off_message_ends_with_who_signs() -> None:
    said = identity.message(policy(), BEFORE, ADVANCE, "abc", signed_off_by="bot <bot@acme.example>")
    assert said.endswith(f"\n\n{TRAILERS}Signed-off-by: bot <bot@acme.example>\n")


def test_status_contexts_name_the_policy() -> None:
    assert identity.status_context("shop") == "gitops-bot/shop"
