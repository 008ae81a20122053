"""The servers themselves behave as the tests that build on them expect."""

import base64
import json
import os
import subprocess
import urllib.error
import urllib.parse
import urllib.request
from pathlib import Path

import pytest

from tests.support.servers.git_http import GitHttp
from tests.support.servers.kubernetes import ApiError, ApiServer
from tests.support.servers.process import fetch
from tests.support.servers.prometheus import Prometheus

START_S = 1_600_000_000
SAMPLES = f"""\
# TYPE error_ratio gauge
error_ratio{{app="shop"}} 0.25 {START_S}
error_ratio{{app="shop"}} 0.5 {START_S + 60}
# EOF
"""
USER_READER_WITH_PASSWORD_SECRET = (
    "basic_auth_users:\n  reader: $2b$04$soHIvQm5i1ZNqnQM6BPmAesghDRnQMz/.QrsrtAHzrHe6kNcpYczK\n"
)
ROLLOUTS = "/apis/argoproj.io/v1alpha1/namespaces/default/rollouts"


def test_prometheus_answers_back_filled_values_of_any_age(prometheus_binaries: tuple[Path, Path]) -> None:
    with Prometheus(SAMPLES) as prometheus:
        assert _range_values(prometheus.url) == ["0.25", "0.5"]


def test_prometheus_refuses_callers_without_credentials_when_told_to(prometheus_binaries: tuple[Path, Path]) -> None:
    with Prometheus(SAMPLES, web_config=USER_READER_WITH_PASSWORD_SECRET) as prometheus:
        with pytest.raises(urllib.error.HTTPError) as refused:
            _range_values(prometheus.url)
        with refused.value as answer:
            assert answer.code == 401
        assert _range_values(prometheus.url, authorization=_basic("reader", "secret")) == ["0.25", "0.5"]


def test_api_server_lists_rollouts_for_the_admin(api_server: ApiServer) -> None:
    assert api_server.request("GET", ROLLOUTS)["kind"] == "RolloutList"


def test_api_server_does_not_know_a_wrong_token(api_server: ApiServer) -> None:
    with pytest.raises(ApiError) as refused:
        api_server.request("GET", ROLLOUTS, token="wrong")
    assert refused.value.status == 401


def test_api_server_forbids_a_user_without_a_role(api_server: ApiServer) -> None:
    with pytest.raises(ApiError) as refused:
        api_server.request("GET", ROLLOUTS, token=api_server.nobody_token)
    assert refused.value.status == 403


def test_kubeconfig_names_server_certificate_and_token(api_server: ApiServer, tmp_path: Path) -> None:
    config = json.loads(api_server.write_kubeconfig(tmp_path / "kubeconfig", token="t").read_text())
    assert config["clusters"][0]["cluster"]["server"] == api_server.url
    assert config["users"][0]["user"] == {"token": "t"}


def test_status_is_a_subresource_of_rollouts(api_server: ApiServer) -> None:
    rollout = {"apiVersion": "argoproj.io/v1alpha1", "kind": "Rollout", "metadata": {"name": "shop"}}
    rollout["spec"] = {"selector": {"matchLabels": {"app": "shop"}}, "template": _pod_template()}
    api_server.request("POST", ROLLOUTS, rollout)
    patch = {"status": {"phase": "Healthy"}}
    api_server.request("PATCH", f"{ROLLOUTS}/shop/status", patch, content_type="application/merge-patch+json")
    assert api_server.request("GET", f"{ROLLOUTS}/shop")["status"]["phase"] == "Healthy"


def test_clone_leaves_blobs_behind_and_push_is_let_in_by_the_token(git_http: GitHttp, tmp_path: Path) -> None:
    git_http.token = "secret"
    git_http.create("deploy")
    _push_first_commit(git_http, tmp_path / "seed", user="bot")

    clone = tmp_path / "clone"
    _git(tmp_path, "clone", "--no-checkout", "--filter=blob:none", git_http.url_of("deploy"), "clone", user="bot")

    missing = _git(clone, "rev-list", "--objects", "--all", "--missing=print", user="bot")
    assert [line for line in missing.splitlines() if line.startswith("?")] != []
    assert git_http.requests[0].has_authorization


def test_server_without_partial_clone_sends_every_blob(git_http: GitHttp, tmp_path: Path) -> None:
    git_http.create("deploy", allow_filter=False)
    _push_first_commit(git_http, tmp_path / "seed")
    _git(tmp_path, "clone", "--no-checkout", "--filter=blob:none", git_http.url_of("deploy"), "clone")
    missing = _git(tmp_path / "clone", "rev-list", "--objects", "--all", "--missing=print")
    assert [line for line in missing.splitlines() if line.startswith("?")] == []


def test_git_without_a_token_is_answered_401(git_http: GitHttp, tmp_path: Path) -> None:
    git_http.token = "secret"
    git_http.create("deploy")
    with pytest.raises(subprocess.CalledProcessError):
        _git(tmp_path, "ls-remote", git_http.url_of("deploy"))
    assert {request.status for request in git_http.requests} == {401}


def test_readonly_token_reads_and_may_not_push(git_http: GitHttp, tmp_path: Path) -> None:
    git_http.readonly_token = "secret"
    git_http.create("deploy")
    _git(tmp_path, "ls-remote", git_http.url_of("deploy"), user="bot")
    with pytest.raises(subprocess.CalledProcessError):
        _push_first_commit(git_http, tmp_path / "seed", user="bot")
    assert git_http.requests[-1].status == 403


def test_large_push_arrives_in_chunks(git_http: GitHttp, tmp_path: Path) -> None:
    git_http.create("deploy")
    _push_first_commit(git_http, tmp_path / "seed", content=os.urandom(3 << 20))
    assert max(request.received_bytes for request in git_http.requests) > 3 << 20
    assert _git(git_http.path_of("deploy"), "rev-parse", "main") == _git(tmp_path / "seed", "rev-parse", "HEAD")


def test_gzipped_request_is_understood(git_http: GitHttp, tmp_path: Path) -> None:
    git_http.create("deploy")
    _push_first_commit(git_http, tmp_path / "seed")
    for number in range(40):  # enough haves that git compresses the negotiation
        _git(tmp_path / "seed", "commit", "--allow-empty", "-m", f"local {number}")
    _git(tmp_path / "seed", "push", git_http.url_of("deploy"), "HEAD~40:refs/heads/other")
    tree = _git(git_http.path_of("deploy"), "rev-parse", "main^{tree}")
    remote = _git(git_http.path_of("deploy"), "commit-tree", tree, "-m", "remote", "-p", "main")
    _git(git_http.path_of("deploy"), "update-ref", "refs/heads/main", remote)
    assert _git(tmp_path / "seed", "fetch", git_http.url_of("deploy"), "main") == ""
    assert _git(tmp_path / "seed", "rev-parse", "FETCH_HEAD") == remote


def test_hook_sees_who_pushes_and_can_refuse(git_http: GitHttp, tmp_path: Path) -> None:
    git_http.token = "secret"
    git_http.create("deploy")
    git_http.hook("deploy", 'test "$REMOTE_USER" = owner')
    with pytest.raises(subprocess.CalledProcessError):
        _push_first_commit(git_http, tmp_path / "stranger", user="bot")
    _push_first_commit(git_http, tmp_path / "owner", user="owner")
    assert _git(git_http.path_of("deploy"), "rev-parse", "main") == _git(tmp_path / "owner", "rev-parse", "HEAD")


def _range_values(url: str, *, authorization: str | None = None) -> list[str]:
    query = {"query": "error_ratio", "start": START_S, "end": START_S + 60, "step": 60}
    headers = {"Authorization": authorization} if authorization else {}
    request = urllib.request.Request(f"{url}/api/v1/query_range?{urllib.parse.urlencode(query)}", headers=headers)
    [series] = json.loads(fetch(request, timeout_s=30))["data"]["result"]
    return [value for _, value in series["values"]]


def _push_first_commit(
    server: GitHttp, folder: Path, *, user: str | None = None, content: bytes = b"image: shop:1\n"
) -> None:
    folder.mkdir()
    _git(folder, "init", "--initial-branch=main")
    (folder / "values.yaml").write_bytes(content)
    _git(folder, "add", "values.yaml")
    _git(folder, "commit", "-m", "first")
    _git(folder, "push", server.url_of("deploy"), "main", user=user)


def _git(folder: Path, *arguments: str, user: str | None = None) -> str:
    """Run git without the machine's configuration; with `user`, the token `secret` travels in the environment."""
    environment = {
        "PATH": os.environ["PATH"],
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_TERMINAL_PROMPT": "0",
        **{f"GIT_{role}_{fact}": "bot@example.com" for role in ("AUTHOR", "COMMITTER") for fact in ("NAME", "EMAIL")},
    }
    if user is not None:
        environment |= {
            "GIT_CONFIG_COUNT": "1",
            "GIT_CONFIG_KEY_0": "http.extraHeader",
            "GIT_CONFIG_VALUE_0": f"Authorization: {_basic(user, 'secret')}",
        }
    command = ["git", "-C", str(folder), *arguments]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60, check=True)
    return done.stdout.strip()


def _basic(user: str, password: str) -> str:
    return f"Basic {base64.b64encode(f'{user}:{password}'.encode()).decode()}"


def _pod_template() -> dict[str, object]:
    return {
        "metadata": {"labels": {"app": "shop"}},
        "spec": {"containers": [{"name": "shop", "image": "shop:1"}]},
    }
