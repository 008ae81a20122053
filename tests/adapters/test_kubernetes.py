"""KubernetesCluster against scripted answers: paging, patience, and what each refusal tells people."""

import json
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from gitops_bot.adapters.kubernetes import KubernetesCluster
from gitops_bot.errors import ClusterDenied, ClusterUnreachable, ObjectAbsent
from gitops_bot.model import Kind
from tests.adapters.scripted import Answer, Scripted, in_json, scripted

TOKEN = "s3cret-token-of-the-bot"
ROLLOUT = Kind("argoproj.io", "v1alpha1", "rollouts", "Rollout")
DEPLOYMENT = Kind("apps", "v1", "deployments", "Deployment")
ROLLOUTS = "/apis/argoproj.io/v1alpha1/rollouts"


@pytest.fixture
def server() -> Iterator[Scripted]:
    with scripted() as script:
        yield script


def kubeconfig(path: Path, **contexts: str) -> str:
    """A file with one context per server, all with the same token."""
    path.write_text(
        json.dumps(
            {
                "clusters": [{"name": name, "cluster": {"server": url}} for name, url in contexts.items()],
                "users": [{"name": "bot", "user": {"token": TOKEN}}],
                "contexts": [{"name": name, "context": {"cluster": name, "user": "bot"}} for name in contexts],
                "current-context": next(iter(contexts), ""),
            }
        )
    )
    return str(path)


def cluster(server: Scripted, folder: Path, **settings: Any) -> KubernetesCluster:
    return KubernetesCluster(
        **{"kubeconfig": kubeconfig(folder / "config", prod=server.url), "context": "prod"} | settings
    )


def page(*names: str, more: str = "") -> Answer:
    items = [{"metadata": {"name": name}} for name in names]
    return in_json({"kind": "RolloutList", "metadata": {"continue": more}, "items": items})


def refusal(status: int, message: str = "", **headers: str) -> Answer:
    return in_json({"kind": "Status", "status": "Failure", "message": message, "code": status}, status, **headers)


def names(listing: KubernetesCluster, kind: Kind = ROLLOUT) -> list[str]:
    return [each["metadata"]["name"] for each in listing.list(kind)]


def test_pages_are_followed_to_the_end(server: Scripted, tmp_path: Path) -> None:
    server.answers = [page("a", "b", more="t/1+="), page(more="t2"), page("c")]
    assert names(cluster(server, tmp_path, page=2)) == ["a", "b", "c"]
    assert [asked.path for asked in server.asked] == [ROLLOUTS] * 3
    assert [asked.query for asked in server.asked] == [
        {"limit": "2"},
        {"limit": "2", "continue": "t/1+="},
        {"limit": "2", "continue": "t2"},
    ]
    assert server.asked[0].headers["Authorization"] == f"Bearer {TOKEN}"


def test_built_in_kinds_are_listed_the_same_way(server: Scripted, tmp_path: Path) -> None:
    server.answers = [page("web")]
    assert names(cluster(server, tmp_path), DEPLOYMENT) == ["web"]
    assert server.asked[0].path == "/apis/apps/v1/deployments"


def test_namespaces_are_listed_one_after_the_other(server: Scripted, tmp_path: Path) -> None:
    server.answers = [page("a", more="x"), page("b"), page("c")]
    assert names(cluster(server, tmp_path, namespaces=["shop", "pay"])) == ["a", "b", "c"]
    shop, pay = (f"/apis/argoproj.io/v1alpha1/namespaces/{name}/rollouts" for name in ("shop", "pay"))
    assert [asked.path for asked in server.asked] == [shop, shop, pay]


def test_an_empty_list_may_be_null(server: Scripted, tmp_path: Path) -> None:
    server.answers = [in_json({"kind": "RolloutList", "metadata": {}, "items": None})]
    assert names(cluster(server, tmp_path)) == []


def test_two_contexts_live_in_one_process(server: Scripted, tmp_path: Path) -> None:
    with scripted() as other:
        server.answers, other.answers = [page("here")], [page("there")]
        path = kubeconfig(tmp_path / "config", prod=server.url, dev=other.url)
        prod, dev = (KubernetesCluster(kubeconfig=path, context=name) for name in ("prod", "dev"))
        assert [names(prod), names(dev), names(prod)] == [["here"], ["there"], ["here"]]


def test_the_current_context_and_the_environment_are_the_default(
    server: Scripted, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KUBECONFIG", f"{tmp_path}/none:{kubeconfig(tmp_path / 'config', prod=server.url)}")
    server.answers = [page("a")]
    assert names(KubernetesCluster()) == ["a"]


def test_an_expired_list_begins_again_once(server: Scripted, tmp_path: Path) -> None:
    server.answers = [page("old", more="x"), refusal(410), page("a", more="y"), page("b")]
    assert names(cluster(server, tmp_path)) == ["a", "b"]
    server.answers = [page("old", more="x"), refusal(410)] * 2
    with pytest.raises(ClusterUnreachable, match="expired twice"):
        names(cluster(server, tmp_path))


def test_a_busy_server_is_asked_once_more_after_a_bounded_wait(server: Scripted, tmp_path: Path) -> None:
    slept: list[float] = []
    server.answers = [refusal(429, Retry_After="3600"), page("a")]
    assert names(cluster(server, tmp_path, sleep=slept.append)) == ["a"]
    assert slept == [10.0]


@pytest.mark.parametrize(("headers", "asked"), [({"Retry_After": "1"}, 2), ({}, 1), ({"Retry_After": "soon"}, 1)])
def test_a_server_that_stays_busy_is_unreachable(
    server: Scripted, tmp_path: Path, headers: dict[str, str], asked: int
) -> None:
    slept: list[float] = []
    server.answers = [refusal(429, "too many requests", **headers)]
    with pytest.raises(ClusterUnreachable, match="answered 429: too many requests"):
        names(cluster(server, tmp_path, sleep=slept.append))
    assert len(server.asked) == asked


def test_a_kind_that_is_not_installed_is_absent(server: Scripted, tmp_path: Path) -> None:
    server.answers = [Answer("404 page not found\n", 404, {"Content-Type": "text/plain"})]
    with pytest.raises(ObjectAbsent) as absent:
        names(cluster(server, tmp_path))
    assert absent.value.what == "the kind Rollout is not installed: no rollouts.argoproj.io in version v1alpha1"
    assert "CustomResourceDefinition" in absent.value.remedy


def test_refused_credentials_are_read_again_by_the_next_list(server: Scripted, tmp_path: Path) -> None:
    listing = cluster(server, tmp_path)
    server.answers = [refusal(401, "Unauthorized"), page("a")]
    with pytest.raises(ClusterDenied, match="credentials were refused"):
        names(listing)
    file = tmp_path / "config"
    file.write_text(file.read_text().replace(TOKEN, "rotated"))
    assert names(listing) == ["a"]
    assert [asked.headers["Authorization"] for asked in server.asked] == [f"Bearer {TOKEN}", "Bearer rotated"]


def test_a_missing_right_is_named_with_a_command_to_see_it(server: Scripted, tmp_path: Path) -> None:
    server.answers = [refusal(403, 'User "bot" cannot list resource "rollouts"')]
    with pytest.raises(ClusterDenied) as denied:
        names(cluster(server, tmp_path, namespaces=["shop"]))
    assert denied.value.what.startswith("the bot may not list rollouts.argoproj.io in the namespace shop: User")
    assert "`kubectl --context prod auth can-i list rollouts.argoproj.io -n shop`" in denied.value.remedy
    with pytest.raises(ClusterDenied, match="in all namespaces") as everywhere:
        names(cluster(server, tmp_path))
    assert "can-i list rollouts.argoproj.io -A" in everywhere.value.remedy


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        (refusal(500, "etcd is away"), "answered 500: etcd is away"),
        (Answer("<html>", 503, {"Retry-After": "3600"}), "answered 503"),
        (Answer("", 302, {"Location": "https://login.example.com"}), "answered 302"),
        (Answer("<html>log in</html>", 200, {"Content-Type": "text/html"}), "not the Kubernetes API"),
        (Answer(9000 * "[", 200), "not the Kubernetes API"),
        (Answer(9000 * "[", 500), "answered 500"),
        (Answer('{"items": [', 200, {"Content-Type": "application/json"}), "not the Kubernetes API"),
        (in_json({"kind": "Status"}), "not the Kubernetes API"),
        (in_json([1]), "not the Kubernetes API"),
        (Answer('{"items": [', 200, {"Content-Type": "application/json"}, promised=99), "no answer"),
    ],
)
def test_what_is_not_a_list_is_unreachable(server: Scripted, tmp_path: Path, answer: Answer, told: str) -> None:
    server.answers = [answer]
    with pytest.raises(ClusterUnreachable, match=told):
        names(cluster(server, tmp_path))
    assert len(server.asked) == 1


def test_a_silent_server_is_unreachable_and_asked_once(server: Scripted, tmp_path: Path) -> None:
    server.answers = [Answer(silent=True)]
    with pytest.raises(ClusterUnreachable, match="timed out"):
        names(cluster(server, tmp_path, timeout_s=(1, 0.05)))
    assert server.heard.wait(10)
    assert len(server.asked) == 1


def test_a_server_that_is_away_is_unreachable(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        url = f"http://127.0.0.1:{closed.getsockname()[1]}"
    with pytest.raises(ClusterUnreachable, match="Connection refused"):
        names(KubernetesCluster(kubeconfig=kubeconfig(tmp_path / "config", prod=url)))


def test_a_server_without_tls_is_unreachable_by_https(server: Scripted, tmp_path: Path) -> None:
    path = kubeconfig(tmp_path / "config", prod=server.url.replace("http:", "https:"))
    with pytest.raises(ClusterUnreachable, match="SSL"):
        names(KubernetesCluster(kubeconfig=path))


def test_a_server_that_repeats_the_token_does_not_spread_it(server: Scripted, tmp_path: Path) -> None:
    server.answers = [refusal(500, "x" * 180 + f" Bearer {TOKEN} {TOKEN}")]
    with pytest.raises(ClusterUnreachable) as told:
        names(cluster(server, tmp_path))
    assert TOKEN[:4] not in str(told.value)
    assert "***" in str(told.value)


def test_an_unknown_context_is_told_with_those_that_exist(tmp_path: Path) -> None:
    path = kubeconfig(tmp_path / "config", prod="http://a", dev="http://b")
    with pytest.raises(ClusterUnreachable) as told:
        names(KubernetesCluster(kubeconfig=path, context="prd"))
    assert "context prd" in str(told.value)
    assert told.value.remedy == "It has: prod, dev"


def test_a_kubeconfig_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(ClusterUnreachable, match=r"no kubeconfig at /.*/none"):
        names(KubernetesCluster(kubeconfig=str(tmp_path / "none")))


@pytest.mark.parametrize("text", ["", "text", "a: [", "[]", "{}", "contexts: 3\nclusters: []", "\x00"])
def test_a_kubeconfig_that_is_none_is_told(tmp_path: Path, text: str) -> None:
    (tmp_path / "config").write_text(text)
    with pytest.raises(ClusterUnreachable, match="no usable configuration"):
        names(KubernetesCluster(kubeconfig=str(tmp_path / "config")))


def test_a_kubeconfig_with_an_entry_that_is_wrong_does_not_spread_its_secrets(tmp_path: Path) -> None:
    path = Path(kubeconfig(tmp_path / "config", prod="http://a"))
    path.write_text(path.read_text().replace('"user": {"token"', '"usr": {"token"'))
    with pytest.raises(ClusterUnreachable, match="no usable configuration") as told:
        names(KubernetesCluster(kubeconfig=str(path)))
    assert TOKEN not in str(told.value)


def test_outside_of_a_cluster_there_is_no_inner_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("KUBERNETES_SERVICE_HOST", raising=False)
    with pytest.raises(ClusterUnreachable, match="the cluster the bot runs in: there is no usable configuration"):
        names(KubernetesCluster(in_cluster=True))


HELM_RELEASE = Kind("helm.toolkit.fluxcd.io", "v2", "helmreleases", "HelmRelease")
SECRET = Kind("", "v1", "secrets", "Secret")


def test_a_kind_that_is_served_in_an_older_version_alone_is_read_in_that(server: Scripted, tmp_path: Path) -> None:
    server.answers = [refusal(404), page("cart"), page("cart")]
    listing = cluster(server, tmp_path)
    assert [names(listing, HELM_RELEASE), names(listing, HELM_RELEASE)] == [["cart"], ["cart"]]
    versions = [asked.path.split("/")[3] for asked in server.asked]
    assert versions == ["v2", "v2beta2", "v2beta2"]


def test_a_version_that_is_not_served_any_more_is_looked_for_again(server: Scripted, tmp_path: Path) -> None:
    server.answers = [refusal(404), page("cart"), refusal(404), page("cart")]
    listing = cluster(server, tmp_path)
    assert [names(listing, HELM_RELEASE), names(listing, HELM_RELEASE)] == [["cart"], ["cart"]]
    assert [asked.path.split("/")[3] for asked in server.asked] == ["v2", "v2beta2", "v2beta2", "v2"]


def test_a_kind_that_is_served_in_no_version_is_absent_in_the_one_that_was_meant(
    server: Scripted, tmp_path: Path
) -> None:
    server.answers = [refusal(404)]
    with pytest.raises(ObjectAbsent) as absent:
        names(cluster(server, tmp_path), HELM_RELEASE)
    assert absent.value.what.endswith("no helmreleases.helm.toolkit.fluxcd.io in version v2")
    assert len(server.asked) == 3


def test_objects_of_built_in_kinds_say_what_they_are(server: Scripted, tmp_path: Path) -> None:
    server.answers = [page("web")]
    [found] = cluster(server, tmp_path).list(DEPLOYMENT)
    assert (found["apiVersion"], found["kind"]) == ("apps/v1", "Deployment")


def test_an_object_is_got_by_its_name(server: Scripted, tmp_path: Path) -> None:
    server.answers = [in_json({"metadata": {"name": "iter8/x"}, "data": {}})]
    found = cluster(server, tmp_path).get(SECRET, "shop", "iter8/x")
    assert found["kind"] == "Secret"
    assert server.asked[0].target == "/api/v1/namespaces/shop/secrets/iter8%2Fx"


def test_secrets_are_never_listed(server: Scripted, tmp_path: Path) -> None:
    with pytest.raises(ClusterDenied, match="secrets are not listed"):
        names(cluster(server, tmp_path), SECRET)
    assert server.asked == []


def test_the_right_to_get_one_object_is_asked_for_by_its_name(server: Scripted, tmp_path: Path) -> None:
    server.answers = [refusal(403, "nobody")]
    with pytest.raises(ClusterDenied, match="may not get secrets/iter8 in the namespace shop: nobody") as denied:
        cluster(server, tmp_path).get(SECRET, "shop", "iter8")
    assert denied.value.remedy == (
        "Grant it the verb get for resourceNames: [iter8]; "
        "`kubectl --context prod auth can-i get secrets/iter8 -n shop` tells"
    )


def test_an_object_that_is_not_there_is_told_from_a_kind_that_is_not(server: Scripted, tmp_path: Path) -> None:
    gone = {"kind": "Status", "message": "not found", "details": {"name": "iter8", "kind": "secrets"}}
    server.answers = [in_json(gone, 404), refusal(404)]
    reading = cluster(server, tmp_path)
    with pytest.raises(ObjectAbsent, match="there is no Secret shop/iter8"):
        reading.get(SECRET, "shop", "iter8")
    with pytest.raises(ObjectAbsent, match="the kind Secret is not installed"):
        reading.get(SECRET, "shop", "iter8")


def test_the_events_of_an_object_are_asked_for_by_its_uid(server: Scripted, tmp_path: Path) -> None:
    server.answers = [page("a", more="t"), page("b")]
    found = cluster(server, tmp_path).events("shop", "54013ba6-9c19")
    assert [each["metadata"]["name"] for each in found] == ["a", "b"]
    assert server.asked[0].path == "/api/v1/namespaces/shop/events"
    assert [asked.query["fieldSelector"] for asked in server.asked] == ["involvedObject.uid=54013ba6-9c19"] * 2


@pytest.mark.parametrize("uid", ["", "a,reason=b", "a b"])
def test_what_is_no_uid_has_no_events(server: Scripted, tmp_path: Path, uid: str) -> None:
    assert cluster(server, tmp_path).events("shop", uid) == ()
    assert server.asked == []


@pytest.mark.parametrize("item", [1, "x", None, {}, {"metadata": []}])
def test_a_list_of_what_are_no_objects_is_not_the_api(server: Scripted, tmp_path: Path, item: Any) -> None:
    server.answers = [in_json({"metadata": {}, "items": [item]})]
    with pytest.raises(ClusterUnreachable, match="not the Kubernetes API"):
        names(cluster(server, tmp_path))


def test_the_client_is_imported_with_the_first_request() -> None:
    """It takes longer than all the rest of a command that needs no cluster."""
    program = (
        "import sys; from gitops_bot.adapters.kubernetes import KubernetesCluster, WatchedCluster; "
        "WatchedCluster(KubernetesCluster()); sys.exit('kubernetes' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0
