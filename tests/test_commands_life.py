"""Commands in comments, from the comment to the reaction, on both hosted forges."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest

from gitops_bot import tick
from gitops_bot.model import PrState, PullRequest
from tests.support.environment import CANARY, KUSTOMIZATION, ROUTE, tree
from tests.support.github import FakeGitHub
from tests.support.hosted import FORGES, Hosted, Killed
from tests.support.memory_git import BASE
from tests.support.place import START, Place, Story

SHUT = {"gates": {"windows": [{"allow": "Sun 03:00-04:00"}]}}
WRONG = ("/gitops-bot", "/gitops-bot deploy", "/gitops-bot promote a b", "/gitops-bot hold --x")
QUOTED = (
    "> /gitops-bot promote",
    "say /gitops-bot promote",
    "```\n/gitops-bot promote\n```",
    "~~~\n```\n/gitops-bot promote",
)
Made = Callable[..., Place]


@pytest.fixture(params=FORGES)
def made(request: pytest.FixtureRequest) -> Iterator[Made]:
    """A place on one of the forges, where a bot has run once."""
    worlds: list[Hosted] = []

    def begun(weight: int = 0, minutes: int = 0, **spec: Any) -> Place:
        world = FORGES[request.param](START).__enter__()
        worlds.append(world)
        place = Place(world, Story(lambda _: None, spec, weight=weight))
        place.tick(minutes)
        return place

    yield begun
    for world in worlds:
        world.__exit__(None, None, None)


def only(place: Place) -> PullRequest:
    (pull,) = place.open
    return pull


def ask(place: Place, text: str, by: str = "alice", pull: PullRequest | None = None) -> tick.Report:
    """A comment, and the next tick, a minute later."""
    place.world.person_says(pull or only(place), text, by)
    return place.tick(1)


def reactions(place: Place, number: int = 1) -> list[str]:
    """The bot's, in the order of the comments that bear one."""
    names = {"+1": "done", "thumbsup": "done", "confused": "refused", "-1": "denied", "thumbsdown": "denied"}
    shown = place.world.shown(number)
    given = getattr(shown, "comments", None) or getattr(shown, "notes", [])
    found = [emoji for one in given for _, emoji in getattr(one, "reactions", None) or getattr(one, "awards", [])]
    return [names[emoji] for emoji in found]


def said(place: Place, number: int = 1) -> list[str]:
    """What the bot said."""
    return [text.partition("\n")[0] for text in place.world.comments(number) if "<!-- gitops-bot:" in text]


def values(place: Place) -> int:
    files = place.world.commits[place.world.refs[BASE]].files
    return int(files[ROUTE].decode().split("weight: ")[1].split()[0])


def actions(report: tick.Report) -> list[tuple[str, str]]:
    return [(one.action, one.state.value) for one in report.receipts]


# ---------------------------------------------------------------- what they do


def test_promote_merges_what_waits_for_a_window(made: Made) -> None:
    place = made(**SHUT)
    assert values(place) == 0
    assert ("merge", "done") in actions(ask(place, "LGTM\n\n/gitops-bot promote"))
    assert (values(place), reactions(place)) == (5, ["done"])


def test_promote_goes_past_no_fail_and_says_so(made: Made) -> None:
    place = made(weight=5, minutes=5)
    place.errors = 0.5
    report = ask(place, "/gitops-bot promote")
    assert values(place) == 5
    assert ("merge", "done") not in actions(report)
    assert reactions(place) == ["refused"]
    assert any(text.startswith("Not done: errors: ") for text in said(place))


def test_promote_waits_for_the_forge_and_is_asked_for_again(made: Made) -> None:
    place = made(**SHUT)
    place.world.fake.world.blocked[1] = "not_approved"
    assert ("answer", "not ready") in actions(ask(place, "/gitops-bot promote"))
    assert reactions(place) == []
    place.world.fake.world.blocked.clear()
    assert ("merge", "done") in actions(place.tick(1))
    assert (values(place), reactions(place)) == (5, ["done"])


def test_promote_is_not_for_what_was_pushed_after_it(made: Made) -> None:
    place = made(**SHUT)
    place.world.person_says(only(place), "/gitops-bot promote")
    place.builds("2.0.1")
    place.tick(1)
    assert (values(place), reactions(place)) == (0, ["refused"])
    assert said(place)[-1] == "Not done: it was rewritten after that was asked: look at it again."
    ask(place, "/gitops-bot promote")
    assert (values(place), reactions(place)) == (5, ["refused", "done"])


def test_promote_of_another_head_is_refused(made: Made) -> None:
    place = made(**SHUT)
    head = only(place).head
    ask(place, "/gitops-bot promote --head 0123456")
    assert (values(place), reactions(place)) == (0, ["refused"])
    ask(place, f"/gitops-bot promote --head {head[:9]}")
    assert (values(place), reactions(place)) == (5, ["refused", "done"])


def test_promote_of_a_branch_with_other_commits_is_refused(made: Made) -> None:
    place = made(**SHUT)
    place.world.person_pushes("gitops-bot/shop/promote", {"evil.yaml": b"kind: Pod\n"})
    ask(place, "/gitops-bot promote")
    ask(place, "/gitops-bot promote")
    assert values(place) == 0
    assert set(reactions(place)) == {"refused"}


def test_hold_and_resume(made: Made) -> None:
    place = made(**SHUT)
    ask(place, "/gitops-bot hold the audit")
    assert only(place).labels == ("gitops-bot/hold",)
    assert "alice holds it: the audit" in said(place)[0]
    assert reactions(place) == ["done"]
    ask(place, "/gitops-bot promote")
    assert values(place) == 0
    ask(place, "/gitops-bot resume")
    assert only(place).labels == ()
    assert reactions(place) == ["done", "refused", "done"]


@pytest.mark.parametrize("until", ["2000-01-01T00:00:00Z", "2000-01-01T00:00+00:00"])
def test_a_hold_that_would_be_over_is_refused(made: Made, until: str) -> None:
    place = made(**SHUT)
    ask(place, f"/gitops-bot hold --until {until} lunch")
    assert (only(place).labels, reactions(place)) == ((), ["refused"])
    assert "2000-01-01 00:00 UTC was over already" in said(place)[0]


def test_a_hold_says_until_when(made: Made) -> None:
    place = made(**SHUT)
    ask(place, "/gitops-bot hold --until 2100-01-01T00:00:00Z lunch")
    assert "alice holds it until 2100-01-01 00:00 UTC: lunch. Take the label" in said(place)[0]


def test_a_label_that_was_taken_off_stays_off(made: Made) -> None:
    place = made(**SHUT)
    ask(place, "/gitops-bot hold")
    place.world.person_labels(only(place), "gitops-bot/hold", on=False)
    place.tick(1)
    assert only(place).labels == ()


def test_rollback_opens_the_way_back(made: Made) -> None:
    place = made(weight=5, minutes=5)
    ask(place, "/gitops-bot rollback customers complain")
    assert [one.branch for one in place.open] == ["gitops-bot/shop/rollback"]
    assert place.world.pulls[1].state is PrState.CLOSED
    assert reactions(place) == ["done"]
    back = only(place)
    ask(place, "/gitops-bot promote", pull=back)
    assert reactions(place, back.number) == ["refused"]
    assert only(place).number == back.number


def test_rollback_with_nothing_to_go_back_to_is_refused_and_closes_nothing(made: Made) -> None:
    place = made()
    ask(place, "/gitops-bot rollback")
    assert (only(place).number, reactions(place)) == (1, ["refused"])
    assert "nothing to go back to" in said(place)[0]


def test_reopen_is_the_one_command_for_a_closed_one(made: Made) -> None:
    place = made()
    closed = only(place)
    place.world.person_closes(closed)
    ask(place, "/gitops-bot promote", pull=closed)
    assert (place.open, reactions(place)) == ([], ["refused"])
    place.world.noes.clear()
    ask(place, "/gitops-bot reopen", pull=closed)
    assert [one.number for one in place.open] == [2]
    assert reactions(place) == ["refused", "done"]


def test_explain_says_what_waits_for_what(made: Made) -> None:
    place = made(**SHUT)
    ask(place, "/gitops-bot explain")
    (text,) = [one for one in place.world.comments(1) if "windows is closed" in one]
    assert text.startswith("**Start**: ")
    assert reactions(place) == ["done"]


@pytest.mark.parametrize("text", WRONG)
def test_what_is_no_command_is_told_once(made: Made, text: str) -> None:
    place = made()
    ask(place, text)
    place.tick(1)
    assert (len(said(place)), reactions(place)) == (1, ["refused"])


# ---------------------------------------------------------------- who and how


@pytest.mark.parametrize("person", ["carol", "mallory", "ghost"])
def test_who_may_not_write_gets_a_reaction_and_no_words(made: Made, person: str) -> None:
    place = made(**SHUT)
    ask(place, "/gitops-bot promote", person)
    ask(place, "/gitops-bot hello @everyone", person)
    assert (values(place), said(place)) == (0, [])
    assert set(reactions(place)) <= {"denied"}


def test_where_people_are_named_they_must_also_be_allowed_to_write(made: Made) -> None:
    team = "leads" if isinstance(made(**SHUT).world.fake, FakeGitHub) else "acme/leads"
    place = made(**SHUT, commands={"from": [f"team:{team}", "mallory"]})
    for person in ("alice", "mallory"):
        ask(place, "/gitops-bot promote", person)
    assert (values(place), reactions(place)) == (0, ["denied", "denied"])
    ask(place, "/gitops-bot promote", "bob")
    assert values(place) == 5


def test_a_command_that_the_policy_does_not_allow_is_refused(made: Made) -> None:
    place = made(**SHUT, commands={"allow": ["hold", "explain"]})
    ask(place, "/gitops-bot promote")
    assert (values(place), reactions(place)) == (0, ["refused"])


def test_an_edited_comment_is_none(made: Made) -> None:
    place = made(**SHUT)
    place.world.person_says(only(place), "/gitops-bot promote", "alice")
    place.world.person_edits(1, "/gitops-bot promote")
    place.tick(1)
    assert (values(place), reactions(place)) == (0, [])


@pytest.mark.parametrize("text", QUOTED)
def test_a_command_begins_its_line_and_is_no_quotation(made: Made, text: str) -> None:
    place = made(**SHUT)
    ask(place, text)
    assert (values(place), reactions(place)) == (0, [])


def test_the_bots_own_words_are_no_commands(made: Made) -> None:
    place = made(**SHUT)
    ask(place, "/gitops-bot promote", "gitops-bot")
    assert values(place) == 0


def test_a_command_is_consumed_once(made: Made) -> None:
    place = made(**SHUT)
    ask(place, "/gitops-bot hold")
    before = place.world.comments(1)
    for _ in range(3):
        place.tick(1)
    assert place.world.comments(1) == before
    assert reactions(place) == ["done"]


def test_a_bot_killed_anywhere_between_comment_and_reaction_is_carried_on(made: Made) -> None:
    for text in ("hold the audit", "promote", "explain", "rollback"):
        smooth = made(5, 5, **SHUT)
        first = smooth.world.boundaries
        ask(smooth, f"/gitops-bot {text}")
        boundaries = smooth.world.boundaries
        smooth.settle()
        wanted = smooth.seen()
        for number in range(first + 2, boundaries + 1, 2):
            place = made(5, 5, **SHUT)
            place.world.person_says(only(place), f"/gitops-bot {text}", "alice")

            def dies(now: int, number: int = number) -> None:
                if now == number:
                    raise Killed

            place.world.at_boundary = dies
            with pytest.raises(Killed):
                place.tick(1)
            place.world.at_boundary = lambda _: None
            place.settle()
            assert place.seen() == wanted, (text, number)


def test_a_forge_that_hides_its_comments_stops_nothing_else(made: Made) -> None:
    place = made(**SHUT)
    place.world.person_says(only(place), "/gitops-bot promote")
    verb, path = ("POST", "/graphql") if isinstance(place.world.fake, FakeGitHub) else ("GET", "/notes$")
    place.world.fake.fail_next(verb, path, 403, {"message": "no"})
    report = place.tick(1)
    assert report.failures == []
    assert [note for note in report.plans[0].notes if "commands in comments are not read" in note]
    place.tick(1)
    assert reactions(place) == ["done"]


# ---------------------------------------------------------------- what it costs


def test_comments_are_read_only_where_something_was_said(made: Made) -> None:
    place = made()
    bot = place.bot()

    def asked() -> list[str]:
        place.world.pass_time(timedelta(minutes=1))
        before = len(place.world.fake.requests)
        tick.run(bot)
        return [f"{one.method} {one.path.rpartition('/')[2]}" for one in place.world.fake.requests[before:]]

    asked()
    idle = asked()
    pipelines = 0 if isinstance(place.world.fake, FakeGitHub) else 1  # GitLab waits for those of what is open
    assert len(idle) == 2 + pipelines
    place.world.person_says(only(place), "Fine")
    assert len(asked()) == len(idle) + 1
    assert asked() == idle
    place.world.commit(BASE, {CANARY: KUSTOMIZATION.format(tag="1.0.0").encode(), ROUTE: tree()[ROUTE].encode()})
    tick.run(bot)
    assert place.open == []
    asked()
    assert asked() == idle[:2]
