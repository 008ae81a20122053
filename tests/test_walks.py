"""People, metrics, a bad network and the bot, each doing what they like, on GitHub's and on GitLab's real adapters."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from random import Random

import pytest

from gitops_bot.delivery import marker
from gitops_bot.model import PrState, PullRequest
from gitops_bot.policy.gating import HOLD_LABEL
from tests.support.environment import ROUTE
from tests.support.hosted import FORGES, Hosted, Trouble
from tests.support.memory_git import BASE, BOT
from tests.test_world import LADDERS, MINUTE, START, WEIGHTS, People

LIMITED = {"message": "You have exceeded a secondary rate limit. Please wait a few minutes."}
UNNOTICED = {"message": "Validation Failed", "errors": [{"message": "No commits between main and x"}]}
TROUBLES = (
    (0, None, None),
    (502, None, None),
    (404, None, None),
    (409, None, None),
    (422, UNNOTICED, None),
    (403, LIMITED, {"Retry-After": "60"}),
    (429, None, {"Retry-After": "1"}),
    (200, b'{"number": 1, "title": "cut o', None),
)


OFTEN = {
    "time": 5,
    "merge": 6,
    "build": 3,
    "good": 3,
    "bad": 1,
    "silent": 1,
    "restart": 1,
    "close": 1,
    "reopen": 2,
    "label": 2,
    "say": 1,
    "push": 1,
    "take_back": 2,
    "update_branch": 1,
    "remove_branch": 1,
    "open_by_hand": 1,
    "set_weight": 1,
    "set_stable": 1,
    "elsewhere": 1,
    "brake": 1,
    "let go": 2,
    "quicker": 1,
    "bad_moment": 3,
    "command": 9,
}
"""What happens, and how often."""

WRITERS, OTHERS = ("alice", "bob"), ("carol", "mallory")
"""Who may write to the repository, and who may not."""
COMMANDS = (
    *("hold the audit", "hold --until {soon} lunch", "resume", "resume"),
    *("promote", "promote", "promote --head {head}", "promote --head 0123456"),
    *("rollback customers complain", "reopen", "reopen", "explain", "deploy"),
)
DENIED = ("-1", "thumbsdown")


class Walk(People):
    """What else happens where there is a network, in days full of it."""

    world: Hosted
    settles_in = 3  # the forge's clock moves with every write, and figures with it

    def __init__(self, world: Hosted) -> None:
        super().__init__()
        self.given = world

    def new_world(self) -> Hosted:
        return self.given

    def live(self, dice: Random, acts: int) -> None:
        """Act by act; what was done so far is what a failure shows."""
        canary = dice.choice((WEIGHTS, WEIGHTS, *LADDERS))
        self.begin(promote=dice.choice(["auto", "never"]), rollback=dice.choice(["auto", "never"]), canary=canary)
        self.done: list[str] = []
        self.asked_at = START - timedelta(days=1)
        for act in dice.choices([*OFTEN], [*OFTEN.values()], k=acts):
            self.done.append(act)
            self.do(act, dice)
            if dice.random() < 0.7:
                self.done.append("tick")
                self.world.pass_time(dice.choice([0, 1, 1, 2, 4]) * MINUTE)
                self.the_bot_ticks()
            self.nothing_forbidden_was_done()
            self.no_branch_has_two_open_pull_requests()
            self.nobody_is_heard_who_may_not_write()

    def do(self, act: str, dice: Random) -> None:
        match act:
            case "time":
                self.world.pass_time(3 * MINUTE)
            case "build":
                self.ci_builds(None if dice.random() < 0.8 else dice.choice(["1.0.0", "2.0.0"]))
            case "good" | "bad" | "silent":
                self.metrics_turn(act)
            case "restart":
                self.the_bot_restarts()
            case "set_stable":
                self.a_person_sets_the_stable_version(dice.choice(["1.0.0", "2.0.0"]))
            case "elsewhere":
                self.a_person_changes_something_else(dice.randrange(10))
            case "brake":
                self.a_person_pulls_the_brake(dice.choice(["reason: a holiday\n", "rollbacks: true\n"]))
            case "let go":
                self.a_person_pulls_the_brake(None)
            case _:
                getattr(self, act)(dice)

    def one(self, dice: Random, state: PrState) -> PullRequest | None:
        found = self.pulls(state)
        return dice.choice(found) if found else None

    def bad_moment(self, dice: Random) -> None:
        status, body, headers = dice.choice(TROUBLES)
        late = dice.random() < 0.5 and status in (0, 200, 502)
        self.world.trouble = Trouble(dice.randrange(10), status, late, body, headers)

    def merge(self, dice: Random) -> None:
        if pull := self.one(dice, PrState.OPEN):
            self.world.person_merges(pull)

    def close(self, dice: Random) -> None:
        if pull := self.one(dice, PrState.OPEN):
            self.world.person_closes(pull)

    def reopen(self, dice: Random) -> None:
        if pull := self.one(dice, PrState.CLOSED):
            self.world.person_reopens(pull)

    def label(self, dice: Random) -> None:
        if pull := self.one(dice, PrState.OPEN):
            label = dice.choice([HOLD_LABEL, "gitops-bot/closed", "gitops-bot/foreign-commits", "theirs"])
            self.world.person_labels(pull, label, on=dice.random() < 0.4)

    def say(self, dice: Random) -> None:
        if pull := self.one(dice, dice.choice([*PrState])):
            self.world.person_says(pull, dice.choice(["Fine", "<!-- gitops-bot:closed -->", "/close"]))

    def command(self, dice: Random) -> None:
        """A command in a comment, by whomever."""
        state = dice.choice([PrState.OPEN, PrState.OPEN, PrState.CLOSED])
        if pull := self.one(dice, state):
            author, text = dice.choice([*WRITERS, *OTHERS]), dice.choice(COMMANDS)
            text = text.format(head=pull.head[:9], soon=f"{self.world.now_ + 5 * MINUTE:%Y-%m-%dT%H:%MZ}")
            self.done.append(f"{author} on #{pull.number}: {text}")
            self.world.person_says(pull, f"/gitops-bot {text}", author)
            said = marker.read(pull.body)
            if author in WRITERS and text == "reopen" and state is PrState.CLOSED and said:
                self.world.noes.discard(said.key)
            if author in WRITERS and text.startswith("promote"):
                self.asked_at = self.world.now_

    def may_climb(self, since: datetime, moods: Sequence[str]) -> bool:
        """By evidence; or by a person's word that is newer than what it is about, and past no failure."""
        return super().may_climb(since, moods) or (self.asked_at > since and {*moods} != {"bad"})

    def nobody_is_heard_who_may_not_write(self) -> None:
        """They get a reaction, and no words."""
        for number in self.world.pulls:
            for author, answers in self.world.answers(number):
                assert author in WRITERS or {*answers} <= {*DENIED}, (number, author, answers)

    def push(self, dice: Random) -> None:
        if branches := self.branches():
            self.push_to(dice.choice(branches), dice.choice(["note.txt", ROUTE]))

    def take_back(self, dice: Random) -> None:
        """A person takes the last commit off a branch."""
        if branches := self.branches():
            name = dice.choice(branches)
            commit = self.world.commits[self.world.refs[name]].commit_
            if commit.author != BOT:
                self.world.refs[name] = commit.parents[0]

    def update_branch(self, dice: Random) -> None:
        """The button: a merge of base into the branch."""
        if branches := self.branches():
            name = dice.choice(branches)
            self.world.fake.world.repo.merge(name, self.world.refs[BASE], method="merge", message="Merge main")

    def remove_branch(self, dice: Random) -> None:
        if branches := self.branches():
            self.world.delete(dice.choice(branches))

    def open_by_hand(self, dice: Random) -> None:
        if branches := self.branches():
            self.world.person_opens(dice.choice(branches))

    def set_weight(self, dice: Random) -> None:
        self.a_person_sets_the_weight(dice.choice([0, 5, 10, 30, 50, 100]))

    def quicker(self, dice: Random) -> None:
        self.a_person_is_quicker_than_the_bot(
            dice.choice(["push to promote", "push to rollback", "push to base", "new candidate"])
        )

    def disturbed(self) -> bool:
        was, self.world.troubled = self.world.troubled, False
        if was:  # a forge that asks for patience is given it
            self.world.pass_time(2 * MINUTE)
        return was or self.raced


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("forge", FORGES)
def test_whatever_people_and_networks_do_the_bot_keeps_its_word(forge: str, seed: int) -> None:
    dice = Random(seed)
    with FORGES[forge](START) as world:
        walk = Walk(world)
        walk.live(dice, 60)
