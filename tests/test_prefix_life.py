"""`branchPrefix`: where the bot's branches are, and what becomes of what is open when that is changed."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from gitops_bot.delivery import actions, marker, moved
from gitops_bot.model import ClosePr, DequeuePr, OpenPr, PrState, PullRequest, Queued, SetStatus, StatusState
from gitops_bot.policy.loading import InvalidProblems, Source, load_config
from tests.delivery.given import ADVANCE, BEFORE, BLIND, ROLLBACK, STOPPED, WAITING, situation
from tests.delivery.given import pull as given_pull
from tests.support.commands import Bot, runner
from tests.support.environment import Environment, config, policy, tree

Configure = Callable[[str], Path]


@pytest.fixture
def environment(tmp_path: Path) -> Environment:
    made = Environment(tmp_path / "environments.git")
    files = {**tree(), "policies/shop.yaml": policy("shop")}
    made.commit(files, at=datetime.now(UTC) - timedelta(days=1))
    return made


@pytest.fixture
def below(tmp_path: Path) -> Configure:
    """Configures a prefix."""
    (tmp_path / "metrics.json").write_text(json.dumps({"series": []}))
    return lambda prefix: config(tmp_path, repository={"branchPrefix": prefix})


@pytest.fixture
def bot(
    tmp_path: Path, environment: Environment, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Bot:
    monkeypatch.chdir(tmp_path)
    return runner(monkeypatch, capsys)


def states(environment: Environment) -> list[tuple[str, str]]:
    """Branch and state of every pull request, by number."""
    return [(one["branch"], one["state"]) for one in environment.pulls()]


def test_branches_and_pull_requests_are_below_the_prefix(bot: Bot, environment: Environment, below: Configure) -> None:
    below("feature/bot-1.x/")
    done = bot("run", "--once")
    assert (done.code, done.err) == (0, "")
    assert states(environment) == [("feature/bot-1.x/shop/promote", "open")]
    assert {*environment.heads()} == {"main", "feature/bot-1.x/shop/promote"}


def test_a_changed_prefix_closes_what_is_open_and_opens_it_again(
    bot: Bot, environment: Environment, below: Configure
) -> None:
    below("gitops-bot/")
    bot("run", "--once")
    below("bot/")
    done = bot("run", "--once")
    assert done.code == 0
    assert done.out.index("close #1") < done.out.index("open #2")
    assert states(environment) == [("gitops-bot/shop/promote", "closed"), ("bot/shop/promote", "open")]
    closed, _ = environment.pulls()
    assert "the bot's branches are below bot/ now" in closed["comments"][-1]["text"]
    assert "gitops-bot/shop/promote" in environment.heads()
    quiet = environment.snapshot()
    bot("run", "--once")
    assert environment.snapshot() == quiet


def test_a_prefix_that_is_changed_back_serves_again(bot: Bot, environment: Environment, below: Configure) -> None:
    for prefix in ("bot/", "bot/team/", "bot/"):
        below(prefix)
        bot("run", "--once")
    assert states(environment) == [
        ("bot/shop/promote", "closed"),
        ("bot/team/shop/promote", "closed"),
        ("bot/shop/promote", "open"),
    ]


def test_a_persons_no_outlives_the_prefix(bot: Bot, environment: Environment, below: Configure) -> None:
    below("gitops-bot/")
    bot("run", "--once")
    assert bot("pr", "close", "1").code == 0
    below("bot/")
    done = bot("plan")
    assert "a person closed #1" in done.out
    bot("run", "--once")
    assert states(environment) == [("gitops-bot/shop/promote", "closed")]


def test_what_people_hold_stays_open_alone_until_they_let_it_go(
    bot: Bot, environment: Environment, below: Configure
) -> None:
    below("gitops-bot/")
    bot("run", "--once")
    bot("hold", "-p", "shop", "--by", "ada")
    below("bot/")
    assert "#1 from gitops-bot/shop/promote comes first" in bot("plan").out
    bot("run", "--once")
    quiet = environment.snapshot()
    bot("run", "--once")
    assert environment.snapshot() == quiet
    assert states(environment) == [("gitops-bot/shop/promote", "open")]
    assert "people have it (gitops-bot/hold)" in bot("pr", "show", "1").out
    assert bot("pr", "close", "1").code == 0
    bot("run", "--once")
    assert [state for _, state in states(environment)] == ["closed"]  # a no is a no


def test_a_policy_that_is_gone_leaves_nothing_open_below_another_prefix(
    bot: Bot, environment: Environment, below: Configure
) -> None:
    below("gitops-bot/")
    bot("run", "--once")
    environment.commit({"policies/other.yaml": policy("other"), "policies/shop.yaml": None})
    below("bot/")
    bot("run", "--once")
    assert states(environment)[0] == ("gitops-bot/shop/promote", "closed")


# ---------------------------------------------------------------- whose a pull request is

HERE = "acme/environments/policies"


def opened(given: actions.Situation) -> list[type]:
    """What is done, in order."""
    return [type(one) for one in moved.choose(given).actions]


def bodied(**changed: object) -> PullRequest:
    """Of ours for shop, with the marker of this source."""
    mine = replace(situation(), source=HERE)
    return replace(given_pull(actions.signed(mine, "text")), **changed)  # type: ignore[arg-type] # one helper for all


@pytest.mark.parametrize(
    ("pull", "prefix", "policy"),
    [
        (bodied(), "gitops-bot/", "shop"),
        (bodied(ours=False, body=""), "gitops-bot/", "shop"),  # below the prefix it is the policy's, and foreign
        (bodied(), "bot/", "shop"),
        (bodied(branch="a/b/c/shop/rollback"), "bot/", "shop"),
        (bodied(ours=False), "bot/", ""),  # whoever copies the marker is somebody else
        (bodied(body=""), "bot/", ""),
        (bodied(body=actions.signed(replace(situation(), source="other/bot/policies"), "")), "bot/", ""),
        (bodied(branch="bot/cart/promote"), "gitops-bot/", ""),
        (bodied(branch="shop/promote"), "gitops-bot/", ""),
        (bodied(branch="gitops-bot/shop/other"), "gitops-bot/", ""),
        (bodied(branch="gitops-bot/team/shop/promote", body=""), "gitops-bot/", ""),  # another bot's, below ours
    ],
)
def test_whose_a_pull_request_is(pull: PullRequest, prefix: str, policy: str) -> None:
    assert moved.policy_of(pull, prefix, HERE) == policy


def test_one_of_somebody_else_below_the_new_prefix_keeps_nobody_waiting() -> None:
    foreign = replace(given_pull(""), ours=False, branch="bot/shop/promote")
    (note,) = moved.choose(replace(situation(pulls=(foreign,)), prefix="bot/")).notes
    assert note == "#7 from bot/shop/promote was opened by somebody else"
    elsewhere = replace(given_pull(""), ours=False)
    assert opened(replace(situation(pulls=(elsewhere,)), prefix="bot/")) == [OpenPr]


def test_what_the_forge_would_merge_leaves_its_queue_first() -> None:
    queued = bodied(queued=Queued(ours=True))
    assert opened(replace(situation(pulls=(queued,)), prefix="bot/")) == [DequeuePr, ClosePr, OpenPr]


@pytest.mark.parametrize(
    ("given", "why"),
    [
        (situation(BLIND), "the cluster cannot be reached"),
        (situation(WAITING), "no traffic"),
        (situation(gates=STOPPED), "stop.yaml: freeze"),
        (replace(situation(), hold_labels=("wait",)), "people have it (wait)"),
    ],
)
def test_what_is_open_stays_while_it_could_not_be_opened_again(given: actions.Situation, why: str) -> None:
    stays = replace(given, prefix="bot/", pulls=(bodied(labels=("wait",)),))
    (told,) = moved.choose(stays).actions
    assert isinstance(told, SetStatus)
    assert (told.status.state, why in told.status.description) == (StatusState.PENDING, True)
    assert moved.choose(replace(stays, pulls=(bodied(body=told.body, labels=("wait",)),))).actions == ()


def test_what_people_have_keeps_no_rollback_waiting() -> None:
    peoples = bodied(labels=("gitops-bot/foreign-commits",))
    assert opened(replace(situation(ROLLBACK, pulls=(peoples,)), prefix="bot/")) == [ClosePr, OpenPr]
    stopped = situation(ROLLBACK, gates=STOPPED, pulls=(peoples,))
    assert opened(replace(stopped, prefix="bot/")) == [SetStatus]


def test_what_is_closed_keeps_nobody_waiting() -> None:
    closed = bodied(state=PrState.CLOSED)
    assert opened(replace(situation(pulls=(closed,)), prefix="bot/", landed=None)) == []  # a person's no
    other = replace(ADVANCE, slots=replace(BEFORE, weight=50))
    assert opened(replace(situation(other, pulls=(closed,)), prefix="bot/")) == [OpenPr]


def test_a_bot_that_ended_between_the_closing_and_the_opening_goes_on() -> None:
    body = marker.remembering(bodied().body, closed="the bot's branches are below bot/ now")
    closed = bodied(state=PrState.CLOSED, body=body)
    assert opened(replace(situation(pulls=(closed,)), prefix="bot/")) == [OpenPr]


# ---------------------------------------------------------------- what may be a prefix


def refused(**repository: str) -> str:
    """What is wrong with a configuration of one repository; empty when nothing is."""
    head = {"apiVersion": "gitops-bot.dev/v1alpha1", "kind": "BotConfig", "metadata": {"name": "bot"}}
    given = {"url": "/srv/environments.git", "forge": "local", **repository}
    text = json.dumps({**head, "spec": {"repositories": {"env": given}}}, indent=1)
    try:
        load_config(Source("bot.json", text.encode()))
    except InvalidProblems as error:
        (problem,) = error.problems
        return str(problem).splitlines()[0]
    return ""


@pytest.mark.parametrize("prefix", ["bot/", "gitops-bot/", "feature/bot/", "renovate.bot/x_1/", "a" * 98 + "/"])
def test_good_prefixes(prefix: str) -> None:
    assert refused(branchPrefix=prefix) == ""
    subprocess.run(["git", "check-ref-format", "--branch", f"{prefix}shop/promote"], capture_output=True, check=True)


FORM = "must end with a slash"


@pytest.mark.parametrize(
    ("prefix", "base", "said"),
    [
        ("", "main", "must not be empty"),
        ("bot", "main", FORM),
        ("/bot/", "main", FORM),
        ("bot//", "main", FORM),
        ("-bot/", "main", FORM),
        ("--upload-pack=x/", "main", FORM),
        ("a/-b/", "main", FORM),
        ("a..b/", "main", FORM),
        ("a./", "main", FORM),
        (".a/", "main", FORM),
        ("a@{1}/", "main", FORM),
        ("a b/", "main", FORM),
        ("a\tb/", "main", FORM),
        ("a\u202eb/", "main", FORM),
        *((f"a{char}b/", "main", FORM) for char in "~^:?*[\\{}`\"'$;|&<>%#"),
        ("bot.lock/", "main", "ends in .lock"),
        ("refs/heads/bot/", "main", "must not begin with refs/"),
        ("gh-readonly-queue/", "main", "must not begin with gh-readonly-queue/"),
        ("main/", "main", "lies below the base branch main"),
        ("main/bot/", "main", "lies below the base branch main"),
        ("release/", "release/1.x", "holds the base branch release/1.x"),
        ("a" * 100 + "/", "main", "must not be longer than 100 characters"),
    ],
)
def test_bad_prefixes_are_refused_with_a_sentence(prefix: str, base: str, said: str) -> None:
    shown = refused(branchPrefix=prefix, base=base)
    assert "spec.repositories.env.branchPrefix: " in shown
    assert said in shown
