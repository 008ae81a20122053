"""WatchedCluster against scripted answers: what a watch changes, and that one that fails changes nothing."""

import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from gitops_bot.adapters.kubernetes import KubernetesCluster, WatchedCluster
from gitops_bot.errors import ClusterDenied, ClusterUnreachable, ObjectAbsent
from gitops_bot.model import Kind
from tests.adapters.scripted import Answer, Scripted, in_json, scripted
from tests.adapters.test_kubernetes import ROLLOUT, ROLLOUTS, kubeconfig, refusal

OTHER = Kind("flagger.app", "v1beta1", "canaries", "Canary")


@dataclass
class Told:
    """A cluster that is watched, the time it goes by, and what it has told."""

    cluster: WatchedCluster
    now: list[float]
    notices: list[str] = field(default_factory=list)

    def later(self, seconds: float = 60) -> list[tuple[str, str]]:
        """Names and images after some time."""
        self.now[0] += seconds
        return [(one["metadata"]["name"], one.get("image", "")) for one in self.cluster.list(ROLLOUT)]


@pytest.fixture
def server() -> Iterator[Scripted]:
    with scripted() as script:
        yield script


def watching(server: Scripted, folder: Path, **settings: Any) -> Told:
    file = kubeconfig(folder / "config", prod=server.url)
    now, notices = [0.0], list[str]()
    cluster = KubernetesCluster(kubeconfig=file, context="prod", **settings)
    return Told(WatchedCluster(cluster, notice=notices.append, clock=lambda: now[0]), now, notices)


def thing(name: str, image: str = "", version: str = "") -> dict[str, Any]:
    return {"metadata": {"name": name, "namespace": "shop", "resourceVersion": version}, "image": image}


def listing(*objects: dict[str, Any], version: str = "10", more: str = "") -> Answer:
    return in_json({"metadata": {"resourceVersion": version, "continue": more}, "items": objects})


def events(*given: tuple[str, Any], tail: str = "") -> Answer:
    lines = "".join(json.dumps({"type": told, "object": resource}) + "\n" for told, resource in given)
    return Answer(lines + tail, 200, {"Content-Type": "application/json"})


EXPIRED = {"kind": "Status", "code": 410, "message": "too old resource version"}


def test_a_watch_brings_what_was_added_changed_and_deleted(server: Scripted, tmp_path: Path) -> None:
    server.answers = [
        listing(thing("b"), thing("c")),
        events(
            ("ADDED", thing("a", "1", "11")),
            ("MODIFIED", thing("b", "2", "12")),
            ("DELETED", thing("c", "", "13")),
            ("BOOKMARK", {"metadata": {"resourceVersion": "19"}}),
        ),
        events(),
    ]
    told = watching(server, tmp_path)
    after = [("a", "1"), ("b", "2")]
    assert [told.later(), told.later(), told.later()] == [[("b", ""), ("c", "")], after, after]
    assert [asked.path for asked in server.asked] == [ROLLOUTS] * 3
    assert [asked.query.get("resourceVersion") for asked in server.asked] == [None, "10", "19"]
    assert server.asked[1].query == {
        "watch": "true",
        "resourceVersion": "10",
        "allowWatchBookmarks": "true",
        "timeoutSeconds": "1",
    }
    assert told.notices == []


def test_an_answer_holds_for_some_seconds(server: Scripted, tmp_path: Path) -> None:
    server.answers = [listing(thing("a")), events(("DELETED", thing("a", "", "11")))]
    told = watching(server, tmp_path)
    assert [told.later(), told.later(5), told.later(0.5)] == [[("a", "")], [("a", "")], []]
    assert len(server.asked) == 2


def test_the_watch_of_a_paged_list_begins_where_its_first_page_was(server: Scripted, tmp_path: Path) -> None:
    server.answers = [listing(thing("a"), more="t"), listing(thing("b"), version="11"), events()]
    told = watching(server, tmp_path)
    assert [told.later(), told.later()] == [[("a", ""), ("b", "")]] * 2
    assert server.asked[2].query["resourceVersion"] == "10"


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (refusal(410, "too old resource version"), "expired: they are listed anew"),
        (events(("ERROR", EXPIRED)), "expired: they are listed anew"),
        (
            events(("ADDED", thing("x", "", "11")), ("ERROR", {"code": 500, "message": "etcd"})),
            "ended with ERROR: etcd",
        ),
        (events(("ADDED", thing("x", "", "11")), tail='{"type": "ADDED", "obj'), "the answer broke off"),
        (events(("ADDED", thing("x", "", "11")), ("RENAMED", thing("a"))), "ended with RENAMED"),
        (events(("ADDED", "x")), "not the Kubernetes API"),
        (events(("ADDED", {"metadata": "x"})), "not the Kubernetes API"),
        (Answer("<html>\n", 200, {"Content-Type": "text/html"}), "not the Kubernetes API"),
        (Answer("[1]\n", 200, {"Content-Type": "application/json"}), "not the Kubernetes API"),
        (Answer('{"type"', 200, {"Content-Type": "application/json"}, promised=99), "no answer"),
        (refusal(500, "etcd is away"), "answered 500: etcd is away"),
        (refusal(403, "nobody"), "the bot may not watch rollouts.argoproj.io in all namespaces: nobody"),
        (refusal(404, ""), "the kind Rollout is not installed"),
    ],
)
def test_a_watch_that_fails_is_told_and_the_list_read_anew(
    server: Scripted, tmp_path: Path, answer: Answer, words: str
) -> None:
    server.answers = [listing(thing("a", "1")), answer, listing(thing("a", "2"), version="20"), events()]
    told = watching(server, tmp_path)
    assert [told.later(), told.later(), told.later()] == [[("a", "1")], [("a", "2")], [("a", "2")]]
    [notice] = told.notices
    assert notice.startswith("the watch of rollouts in context prod ")
    assert words in notice
    assert server.asked[3].query["resourceVersion"] == "20"


def test_a_watch_that_may_not_have_told_all_is_not_believed(server: Scripted, tmp_path: Path) -> None:
    changes = [("ADDED", thing(f"n{number}", "", str(11 + number))) for number in range(501)]
    server.answers = [
        listing(),
        events(*changes[:500]),
        events(*changes),
        listing(thing("a"), version="9999"),
        events(),
    ]
    told = watching(server, tmp_path)
    assert [len(told.later()) for _ in range(4)] == [0, 500, 1, 1]
    assert ["more than 500 changes" in one for one in told.notices] == [True]


def test_a_watch_that_stays_broken_is_told_once_and_again_after_it_worked(server: Scripted, tmp_path: Path) -> None:
    broken = [refusal(403, "nobody"), listing(thing("a"))]
    server.answers = [listing(thing("a")), *broken, *broken, events(), *broken]
    told = watching(server, tmp_path)
    assert [told.later() for _ in range(5)] == [[("a", "")]] * 5
    assert len(told.notices) == 2


def test_what_fails_after_a_broken_watch_is_an_error_of_the_list(server: Scripted, tmp_path: Path) -> None:
    server.answers = [listing(thing("a")), refusal(500), refusal(403, "nobody"), listing(thing("b"))]
    told = watching(server, tmp_path)
    told.later()
    with pytest.raises(ClusterDenied, match="may not list"):
        told.later()
    assert told.later() == [("b", "")]


def test_a_silent_watch_is_given_up_and_leaves_no_thread(server: Scripted, tmp_path: Path) -> None:
    server.answers = [listing(thing("a")), Answer(silent=True), listing(thing("b"))]
    told = watching(server, tmp_path, timeout_s=(1, 0.05))
    assert [told.later(), told.later()] == [[("a", "")], [("b", "")]]
    assert ["timed out" in one for one in told.notices] == [True]
    assert [one.name for one in threading.enumerate() if one.name.startswith("ThreadPool")] == []


def test_a_list_without_a_version_is_read_anew_each_time(server: Scripted, tmp_path: Path) -> None:
    server.answers = [listing(thing("a"), version=""), listing(thing("b"), version="")]
    told = watching(server, tmp_path)
    assert [told.later(), told.later()] == [[("a", "")], [("b", "")]]
    assert ["cannot begin" in one for one in told.notices] == [True]


def test_a_list_that_nobody_asks_for_is_not_watched_for_ever(server: Scripted, tmp_path: Path) -> None:
    server.answers = [listing(thing("a")), listing(thing("b")), events()]
    told = watching(server, tmp_path)
    told.cluster.list(OTHER)
    told.now[0] += 3000
    told.later(0)
    told.later(1000)
    assert [asked.path.rpartition("/")[2] for asked in server.asked] == ["canaries", "rollouts", "rollouts"]


def test_who_asks_every_few_hours_is_given_lists(server: Scripted, tmp_path: Path) -> None:
    server.answers = [listing(thing("a")), listing(thing("b"))]
    told = watching(server, tmp_path)
    assert [told.later(), told.later(7200)] == [[("a", "")], [("b", "")]]
    assert told.notices == []


def test_each_namespace_is_watched(server: Scripted, tmp_path: Path) -> None:
    server.answers = [listing(thing("a")), listing(thing("b")), events()]
    told = watching(server, tmp_path, namespaces=["shop", "pay"], selectors={("argoproj.io", "rollouts"): "app=cart"})
    assert [told.later(), told.later()] == [[("a", ""), ("b", "")]] * 2
    paths = [f"/apis/argoproj.io/v1alpha1/namespaces/{name}/rollouts" for name in ("shop", "pay")]
    assert [asked.path for asked in server.asked[:2]] == paths
    assert sorted(asked.path for asked in server.asked[2:]) == sorted(paths)
    assert {asked.query["labelSelector"] for asked in server.asked} == {"app=cart"}


def test_a_kind_that_is_not_installed_stays_absent(server: Scripted, tmp_path: Path) -> None:
    server.answers = [refusal(404)]
    told = watching(server, tmp_path)
    for _ in range(2):
        with pytest.raises(ObjectAbsent, match="not installed"):
            told.later()
    assert told.notices == []


def test_a_server_that_went_away_is_an_error_not_an_old_answer(server: Scripted, tmp_path: Path) -> None:
    server.answers = [listing(thing("a")), refusal(503, "shutting down")]
    told = watching(server, tmp_path)
    told.later()
    for _ in range(2):
        with pytest.raises(ClusterUnreachable, match="shutting down"):
            told.later()
