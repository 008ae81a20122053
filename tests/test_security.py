"""The threats that the design names, row by row: what each of them must not achieve.

T15 and T16 are about the supply chain and workflows, which no test here can show.
"""

from __future__ import annotations

import json
import socket
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from gitops_bot import tick
from gitops_bot.adapters.git.guard import checked_branch, checked_url
from gitops_bot.cli import github, load
from gitops_bot.daemon.health import Health, answers, listen
from gitops_bot.delivery.text import markdown
from gitops_bot.errors import EditError, PolicyError, UsageError
from gitops_bot.experiments import SYSTEMS, Lookup
from gitops_bot.model import Phase
from gitops_bot.policy.loading import Source, load_policies
from gitops_bot.tick import Failure, Report
from gitops_bot.wiring import FixedClock, Options, opened
from tests.delivery.rendering import acted_on
from tests.support.environment import ALICE, LADDER, ROUTE, T0, Environment, config, policy, record, tree
from tests.support.hosted import FORGES, Hosted
from tests.support.place import START, Place, Story

AUTO = {"pullRequest": {"merge": "auto"}}
PROMOTE = "gitops-bot/shop/promote"
BOMB = "a: &a [x,x,x,x,x,x,x,x,x]\n" + "".join(
    f"{new}: &{new} [{','.join([f'*{old}'] * 9)}]\n" for old, new in zip("abcdefgh", "bcdefghi", strict=True)
)


def ran(folder: Path) -> Report:
    """One run on the local forge."""
    record(folder, [0.0] * 30)
    with opened(load(config(folder)), Options(FixedClock(T0))) as jobs:
        (job,) = jobs.values()
        return tick.run(job)


def begun(folder: Path, files: Mapping[str, str] | None = None) -> Environment:
    """An environment on base, with other files."""
    environment = Environment(folder / "environments.git")
    environment.commit({"policies/shop.yaml": policy(), **tree(), **(files or {})})
    return environment


def loads(**spec: Any) -> None:
    """A policy with a changed spec."""
    load_policies([Source("shop.yaml", policy(**spec).encode())])


def hosted(forge: str, act: Callable[[Place], None], **spec: Any) -> int:
    """The weight on base after a person did something, and three ticks of the bot."""
    with FORGES[forge](START) as world:
        place = Place(world, Story(act, spec))
        for _ in range(3):
            place.tick(1)
        assert world.broken == []
        return weight(world)


def weight(world: Hosted) -> int:
    return int(world.commits[world.refs["main"]].files[ROUTE].decode().split("weight: ")[1].split()[0])


# ---------------------------------------------------------------- T1


def test_t1_a_policy_is_read_from_base_and_never_from_a_pull_request(tmp_path: Path) -> None:
    environment = begun(tmp_path)
    ran(tmp_path)
    environment.commit({"policies/shop.yaml": policy(pullRequest={"merge": "auto"})}, branch=PROMOTE, who=ALICE)
    ran(tmp_path)
    assert environment.values()[2] == 0
    assert [one["state"] for one in environment.pulls()] == ["open"]


# ---------------------------------------------------------------- T2


@pytest.mark.parametrize("path", ["../../etc", "/etc", "apps/../../etc", ".git", "apps\\..\\x", "a\x00b"])
def test_t2_a_place_outside_of_the_tree_is_refused_at_load(path: str) -> None:
    image = {"kustomizeImage": {"path": path, "name": "ghcr.io/acme/shop"}, "set": "stableVersion"}
    with pytest.raises(PolicyError):
        loads(edits=[image, *LADDER["edits"][1:]])


@pytest.mark.parametrize(("link", "target"), [(ROUTE, "/etc/passwd"), ("charts", "/etc"), (ROUTE, "../../../secret")])
def test_t2_a_link_is_followed_nowhere(tmp_path: Path, link: str, target: str) -> None:
    environment = begun(tmp_path)
    head = (
        f"commit refs/heads/main\ncommitter {ALICE} {int(T0.timestamp())} +0000\ndata 4\nLink\nfrom refs/heads/main^0\n"
    )
    stream = f"{head}D {link}\nM 120000 inline {link}\ndata {len(target)}\n{target}\n"
    environment.git("fast-import", "--quiet", stdin=stream)
    report = ran(tmp_path)
    assert [type(one.error).__mro__[1] for one in report.failures if isinstance(one.error, EditError)]
    assert environment.pulls() == []


# ---------------------------------------------------------------- T3


@pytest.mark.parametrize("name", ["-x", "--upload-pack=id", "a..b", "a b", "refs/../x", "x.lock", "@{1}", "a\nb"])
def test_t3_a_branch_that_git_could_take_for_something_else_never_reaches_it(name: str) -> None:
    with pytest.raises(UsageError):
        checked_branch(name)


@pytest.mark.parametrize("name", ["-x", "--upload-pack=id", "a b", "a\nb"])
def test_t3_a_policy_names_no_such_branch(name: str) -> None:
    with pytest.raises(PolicyError):
        loads(base=name)


@pytest.mark.parametrize("url", ["ext::sh -c id", "file::/x", "--upload-pack=id", "ssh://-oProxyCommand=id/r"])
def test_t3_a_url_that_runs_something_is_refused(url: str) -> None:
    with pytest.raises(UsageError):
        checked_url(url)


# ---------------------------------------------------------------- T4; test_secrets.py looks at all that is written


@pytest.mark.parametrize("forge", FORGES)
def test_t4_a_forge_that_repeats_the_token_does_not_bring_it_out(forge: str) -> None:
    with FORGES[forge](START) as world:
        place = Place(world, Story(lambda _: None))
        token = world.fake.token
        world.fake.fail_next("GET", "/(pulls|merge_requests)$", 403, {"message": f"no {token} Bearer {token}"})
        report = place.tick()
        assert report.failures
        assert token not in "".join(str(one.error) for one in report.failures)


# ---------------------------------------------------------------- T5


@pytest.mark.parametrize("text", [BOMB, "[" * 5000, "{a: " * 5000, "a: " + "x" * 2_000_000])
def test_t5_bombs_hold_their_own_policy_and_nothing_else(tmp_path: Path, text: str) -> None:
    with pytest.raises(PolicyError):
        load_policies([Source("bomb.yaml", text.encode())])
    environment = begun(tmp_path, {ROUTE: text})
    report = ran(tmp_path)
    assert [one.subject for one in report.failures] == ["shop"]
    assert environment.pulls() == []


# ---------------------------------------------------------------- T6


@pytest.mark.parametrize(
    "title", ["{{ self }}", "{{ policy.__class__ }}", "{% for x in y %}", "{{ ''|x }}", "{{ config }}"]
)
def test_t6_a_template_knows_its_own_variables_and_no_code(title: str) -> None:
    with pytest.raises(PolicyError):
        loads(pullRequest={"title": title})


# ---------------------------------------------------------------- T7


@pytest.mark.parametrize(
    "metric",
    [
        {"name": "x", "query": "x", "max": 1, "url": "http://169.254.169.254/latest"},
        {"name": "x", "prometheus": {"url": "http://10.0.0.1"}, "max": 1},
    ],
)
def test_t7_a_policy_names_no_address_to_ask(metric: dict[str, Any]) -> None:
    with pytest.raises(PolicyError):
        loads(analysis={**LADDER["analysis"], "metrics": [metric]})


# ---------------------------------------------------------------- T8


def test_t8_nothing_that_is_sent_to_the_daemon_does_anything() -> None:
    server = listen("127.0.0.1:0", answers(Health(("environments",), 60, lambda: 0.0)))
    try:
        where = f"http://127.0.0.1:{server.server_port}"
        for path, data in (("/webhook", b"{}"), ("/healthz", b"{}"), ("/../healthz", None), ("/readyz?x=1", None)):
            with pytest.raises(urllib.error.HTTPError) as error:
                urllib.request.urlopen(f"{where}{path}", data=data, timeout=5)
            error.value.close()
            assert error.value.code in (404, 405, 501)
        with socket.create_connection(("127.0.0.1", server.server_port), timeout=5) as line:
            line.sendall(b"GET " + b"/" * 70_000 + b" HTTP/1.0\r\n\r\n")
            assert b" 414 " in line.recv(100)
    finally:
        server.shutdown()
        server.server_close()


# ---------------------------------------------------------------- T9


@pytest.mark.parametrize("forge", FORGES)
@pytest.mark.parametrize("where", [PROMOTE, "main"])
def test_t9_what_changes_between_the_look_and_the_merge_is_not_merged(forge: str, where: str) -> None:
    with FORGES[forge](START) as world:
        place = Place(world, Story(lambda _: None, AUTO))

        def pushes(sent: Any) -> None:
            if sent.method == "PUT" and sent.path.endswith("/merge"):
                world.on_request = lambda _: None
                world.person_pushes(where, {ROUTE: b"host: theirs\ncanary:\n  weight: 99\n"})

        world.on_request = pushes
        report = place.tick()
        assert ("merge", "done") not in [(one.action, one.state.value) for one in report.receipts]
        assert weight(world) != 5


# ---------------------------------------------------------------- T10


@pytest.mark.parametrize("forge", FORGES)
def test_t10_the_bot_merges_nothing_unless_it_is_told_to_and_never_past_the_forges_rules(forge: str) -> None:
    assert hosted(forge, lambda _: None) == 0

    def blocked(place: Place) -> None:
        place.world.fake.world.blocked.update(dict.fromkeys(range(1, 9), "not_approved"))

    assert hosted(forge, blocked, **AUTO) == 0
    assert hosted(forge, lambda _: None, **AUTO) == 5


# ---------------------------------------------------------------- T11


def test_t11_an_object_that_speaks_of_an_older_spec_is_no_success() -> None:
    healthy = {"phase": "Healthy", "observedGeneration": "6", "stableRS": "abc", "currentPodHash": "abc"}
    meta = {"namespace": "shop", "name": "checkout", "generation": 7}
    rollout = {"metadata": meta, "spec": {"strategy": {"canary": {}}}, "status": healthy}
    assert SYSTEMS["Rollout"].read(rollout, Lookup(lambda _: {}), None).phase is Phase.UNKNOWN


# ---------------------------------------------------------------- T12


@pytest.mark.parametrize("forge", FORGES)
def test_t12_forks_and_strangers_move_nothing(forge: str) -> None:
    def strangers(place: Place) -> None:
        place.world.commit(PROMOTE, {ROUTE: b"host: evil\ncanary:\n  weight: 99\n"}, on=place.world.refs["main"])
        place.world.fake.fork_open(PROMOTE, owner="mallory")
        place.world.fake.people_say(1, "/gitops-bot promote", author="mallory")

    assert hosted(forge, strangers, **AUTO) == 0


# ---------------------------------------------------------------- T13, T14

HOSTILE = (
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "[click](javascript:alert(1))",
    "![x](https://evil.example/pixel)",
    "</details>--> @acme/all #1",
    "\u202e`x`| a | b |",
)


@pytest.mark.parametrize("text", HOSTILE)
def test_t13_text_of_others_is_shown_and_acts_on_nobody(text: str) -> None:
    assert acted_on(markdown(text)) == []


@pytest.mark.parametrize(
    "text", ["a\n::set-output name=x::y", "%0A::error::x", "\r\n::add-mask::y", "::stop-commands::x"]
)
def test_t14_a_log_line_gives_the_runner_no_orders(text: str) -> None:
    report = Report("environments", failures=[Failure(text, UsageError(text))])
    for line in github.annotations(report):
        assert line.startswith("::error title=")
        assert "\n" not in line
        assert "\r" not in line


# ---------------------------------------------------------------- T17


def test_t17_a_policy_acts_on_the_repository_that_it_lies_in_and_on_no_other(tmp_path: Path) -> None:
    environment = begun(tmp_path, {"policies/theirs.yaml": policy("theirs", repository="another")})
    report = ran(tmp_path)
    assert [one.subject for one in report.failures] == ["theirs"]
    assert [one["branch"] for one in environment.pulls()] == [PROMOTE]


def test_t17_a_cluster_that_nobody_configured_is_not_asked(tmp_path: Path) -> None:
    environment = Environment(tmp_path / "environments.git")
    environment.commit({"policies/shop.yaml": policy(clusters=["kube-system"]), **tree()})
    report = ran(tmp_path)
    assert "no cluster is named kube-system" in str(report.failures[0].error)
    assert (environment.pulls(), json.loads((tmp_path / "metrics.json").read_text())["series"] != []) == ([], True)
