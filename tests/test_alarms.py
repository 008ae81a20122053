"""What a daemon's people are told of failures: each once while it stands, and once that it is over; no secret."""

from __future__ import annotations

from pathlib import Path

import pytest

from gitops_bot.adapters.notify import AppriseNotifier
from gitops_bot.daemon.alarms import Alarms
from gitops_bot.demo.world import CI, World, commit
from gitops_bot.errors import (
    BotError,
    EditRefused,
    ForgeDenied,
    InternalError,
    PolicyInvalid,
    RateLimited,
    RepositoryUnreachable,
)
from gitops_bot.policy.loading import InvalidProblems, Source, load_config
from gitops_bot.tick import Failure
from gitops_bot.wiring import FixedClock, Options, jobs
from tests.support.environment import T0, config
from tests.test_daemon import configured, daemon, events, world
from tests.test_notify_life import SECRET, Channel, channel

__all__ = ["channel", "world"]

DENIED = Failure("environments", ForgeDenied("the token lacks a right"))
BROKEN = Failure("shop", PolicyInvalid("spec.edits is missing", where="policies/shop.yaml:3"))
OTHER = Failure("cart", EditRefused("it is a link", where="values.yaml"))
GONE = Failure("environments", RepositoryUnreachable("no answer"))


class Place:
    """Where messages go."""

    def __init__(self) -> None:
        self.took: list[str] = []
        self.deaf = ""

    def tell(self, title: str, text: str, *, tone: str) -> str:
        if not self.deaf:
            self.took.append(f"{tone}: {title}: {text}")
        return self.deaf


def told(*ticks: list[Failure]) -> list[str]:
    place = Place()
    alarms = Alarms("environments", ["ops"], {"ops": place})
    for failures in ticks:
        alarms.look(failures)
    return place.took


BEGAN = "failure: failing: environments: shop: policies/shop.yaml:3: spec.edits is missing"
OVER = "success: over: environments: shop"


@pytest.mark.parametrize(
    ("ticks", "said"),
    [
        ([[], []], []),
        ([[BROKEN]], [BEGAN]),
        ([[BROKEN], [BROKEN], [BROKEN]], [BEGAN]),
        ([[BROKEN], [], []], [BEGAN, OVER]),
        ([[BROKEN], [], [BROKEN]], [BEGAN, OVER, BEGAN]),
        # what passes is told when it has not passed
        ([[GONE], [], [GONE], []], []),
        ([[GONE], [GONE], [GONE]], ["failure: failing: environments: environments: no answer"]),
        # without the repository nobody knows that the policy is well
        (
            [[BROKEN], [DENIED], [BROKEN]],
            [
                BEGAN,
                "failure: failing: environments: environments: the token lacks a right",
                f"{OVER[:-4]}environments",
            ],
        ),
        # another failure of the same subject is news, and no end
        (
            [[BROKEN], [Failure("shop", PolicyInvalid("spec.edits is empty"))], []],
            [BEGAN, "failure: failing: environments: shop: spec.edits is empty", OVER],
        ),
        ([[BROKEN, OTHER], [OTHER]], [f"{BEGAN}\ncart: values.yaml: it is a link", OVER]),
    ],
)
def test_each_is_told_once_and_once_that_it_is_over(ticks: list[list[Failure]], said: list[str]) -> None:
    assert told(*ticks) == said


def test_times_counts_and_commits_make_no_news() -> None:
    limits = [[Failure("shop", RateLimited(f"wait {n} s until 10:{n:02}, at {n:040x}"))] for n in range(1, 9)]
    assert len(told(*limits)) == 1


def test_many_are_one_message() -> None:
    many = [Failure(f"shop-{chr(97 + n)}", PolicyInvalid("no")) for n in range(25)]
    (message,) = told(many)
    assert message.count("\n") == 10
    assert message.endswith("and 15 more")


def test_what_nobody_took_is_tried_again() -> None:
    place = Place()
    alarms = Alarms("environments", ["ops"], {"ops": place})
    place.deaf = "it did not take the message"
    alarms.look([BROKEN])
    place.deaf = ""
    alarms.look([BROKEN])
    place.deaf = "it did not take the message"
    alarms.look([])
    place.deaf = ""
    alarms.look([])
    alarms.look([])
    assert place.took == [BEGAN, OVER]


@pytest.mark.parametrize(
    ("error", "absent"),
    [
        (PolicyInvalid("@everyone https://evil.example\n/merge \u202e#1"), ("@e", "://", "\n", "\u202e", "#1")),
        (InternalError("ValueError: Authorization: Bearer s3cret"), ("s3cret", "Bearer")),
    ],
)
def test_untrusted_text_is_neutralised_and_a_defect_stays_in_the_log(error: BotError, absent: tuple[str, ...]) -> None:
    (message,) = told([Failure("shop", error)])
    assert not [one for one in absent if one in message]


def test_a_call_for_everybody_reaches_no_channel(channel: Channel) -> None:
    assert AppriseNotifier(lambda: channel.url).tell("<!channel>", "a <!here> b <@U123>!", tone="info") == ""
    (took,) = channel.took
    assert not [call for call in ("!c", "!h", "@U") if call in took["title"] + took["message"]]


def test_the_repository_names_who_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "environments.git").mkdir()
    monkeypatch.setenv("OPS", "json://localhost/x")
    notifiers = {"ops": {"urlFrom": {"env": "OPS"}}}
    file = config(tmp_path, repository={"notify": ["ops"]}, notifiers=notifiers)
    made = jobs(load_config(Source("bot", file.read_bytes())), Options(FixedClock(T0)))
    assert made["environments"].alarmed == ("ops",)
    strange = config(tmp_path, repository={"notify": ["opps"]}, notifiers=notifiers)
    with pytest.raises(InvalidProblems, match=r"repositories.environments.notify: no notifier is named opps"):
        load_config(Source("bot", strange.read_bytes()))


def test_a_daemon_tells_of_a_policy_that_cannot_be_read_and_that_it_is_mended(
    world: World, channel: Channel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPS", channel.url)
    file = configured(world, interval="1s")
    text = file.read_text(encoding="utf-8").replace("forge: local\n", "forge: local\n      notify: [ops]\n", 1)
    file.write_text(f"{text}  notifiers: {{ops: {{urlFrom: {{env: OPS}}}}}}\n")
    path = "policies/checkout-canary.yaml"
    good = world.repo.tree(world.repo.refresh()["main"]).read(path) or b""
    commit(world.git, world.clock.now(), CI, "Break it", {path: good.replace(b"spec:", b"specs:", 1)})
    with daemon(file) as process:
        seen = events(process, "ticked")
        assert "failed" in [one["event"] for one in seen]
        commit(world.git, world.clock.now(), CI, "Mend it", {path: good})
        while len(channel.took) < 2:
            seen += events(process, "ticked")
    assert channel.titles == ["failing: environments", "over: environments"]
    first = channel.took[0]["message"]
    assert first.startswith(f"{path}: {path}:2:1: spec: is missing; expected ")
    assert "\n" not in first
    assert (channel.took[1]["message"], channel.took[1]["type"]) == (path, "success")
    assert SECRET not in str(seen)
