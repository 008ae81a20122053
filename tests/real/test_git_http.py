"""The environment repository over smart HTTP: blobless, few requests, refusals told apart, no secret left behind."""

import base64
import socket
import subprocess
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Self

import pytest

from gitops_bot.adapters.git import GitRepository
from gitops_bot.errors import RepositoryDenied, RepositoryUnreachable
from gitops_bot.ports import BranchUpdate
from tests.adapters.test_git import BOT, ENV, Remote
from tests.support.servers.git_http import GitHttp

TOKEN = "hush-hush/token+1="


class Served(Remote):
    """A repository of the server, with 60 policies' files."""

    def __init__(self, server: GitHttp, *, allow_filter: bool = True) -> None:
        self.path = server.create("env", allow_filter=allow_filter)
        self._clock = 1_700_000_000
        self.commit({f"apps/a{n}/prod.yaml": b"tag: old\n# %d\n" % n for n in range(60)})
        self.commit({f"apps/a{n}/prod.yaml": b"tag: 1\n# %d\n" % n for n in range(60)})


@pytest.fixture
def opened(tmp_path: Path, git_http: GitHttp) -> Iterator[Callable[..., GitRepository]]:
    """Opens the server's repository and closes it in the end."""
    repositories: list[GitRepository] = []

    def open_one(token: str = "", *, url: str = "", cache: str = "cache") -> GitRepository:
        repository = GitRepository(
            url or git_http.url_of("env"),
            cache=tmp_path / cache,
            base="main",
            identity=BOT,
            token=(lambda: token) if token else None,
        )
        repositories.append(repository)
        return repository

    yield open_one
    for repository in repositories:
        repository.close()


def promote(main: str, number: int, *, expected: str | None = None) -> BranchUpdate:
    files = {f"apps/a{number}/prod.yaml": b"tag: 2\n# %d\n" % number}
    return BranchUpdate(f"gitops-bot/a{number}/promote", expected, main, files, "Promote")


def missing_blobs(cache: Path) -> int:
    """How many objects below the cache's refs are not in it."""
    git_dir = next(cache.glob("*.git"))
    command = ["git", "-C", str(git_dir), "rev-list", "--objects", "--all", "--missing=print"]
    done = subprocess.run(command, env=ENV, capture_output=True, check=True, text=True)
    return sum(line.startswith("?") for line in done.stdout.splitlines())


def texts_below(folder: Path) -> bytes:
    """Everything written below a folder, names included."""
    files = [path for path in folder.rglob("*") if path.is_file()]
    return b"".join(str(path).encode() + path.read_bytes() for path in files)


def assert_secret_free(*texts: bytes | str) -> None:
    basic = base64.b64encode(f"x-access-token:{TOKEN}".encode())
    for text in texts:
        raw = text.encode() if isinstance(text, str) else text
        for form in (TOKEN.encode(), basic, base64.b64encode(TOKEN.encode()), b"hush"):
            assert form not in raw


def test_the_cache_has_all_history_and_no_contents(
    git_http: GitHttp, opened: Callable[..., GitRepository], tmp_path: Path
) -> None:
    served = Served(git_http)
    repository = opened()
    main = repository.refresh()["main"]
    assert missing_blobs(tmp_path / "cache") == 120
    seen = len(git_http.requests)
    assert [len(repository.log(main, [f"apps/a{n}/prod.yaml"])) for n in range(60)] == [2] * 60
    assert len(repository.tree(main).names("apps")) == 60
    assert main == served.head("main")
    assert len(git_http.requests) == seen
    assert missing_blobs(tmp_path / "cache") == 120


def test_an_idle_refresh_is_two_requests(git_http: GitHttp, opened: Callable[..., GitRepository]) -> None:
    Served(git_http)
    repository = opened()
    main = repository.refresh()
    seen = len(git_http.requests)
    assert repository.refresh() == main
    assert len(git_http.requests) - seen <= 2


def test_fifty_files_are_one_fetch(git_http: GitHttp, opened: Callable[..., GitRepository], tmp_path: Path) -> None:
    Served(git_http)
    repository = opened()
    main = repository.refresh()["main"]
    seen = len(git_http.requests)
    paths = [f"apps/a{n}/prod.yaml" for n in range(50)]
    repository.prefetch([(main, path) for path in paths])
    assert len(git_http.requests) - seen <= 2
    assert missing_blobs(tmp_path / "cache") == 70
    assert all(repository.tree(main).read(path) for path in paths)
    repository.prefetch([(main, path) for path in paths])
    assert len(git_http.requests) - seen <= 2
    assert repository.tree(main).read("apps/a55/prod.yaml") == b"tag: 1\n# 55\n"
    assert missing_blobs(tmp_path / "cache") == 69


def test_pushing_needs_no_contents_and_few_requests(
    git_http: GitHttp, opened: Callable[..., GitRepository], tmp_path: Path
) -> None:
    served = Served(git_http)
    repository = opened()
    main = repository.refresh()["main"]
    seen = len(git_http.requests)
    results = repository.push([promote(main, number) for number in range(60)])
    assert not any(result.rejected for result in results)
    sent = git_http.requests[seen:]
    assert len(sent) <= 3
    assert sum(request.received_bytes for request in sent) < 60 * 2048
    assert missing_blobs(tmp_path / "cache") == 120
    served.git("fsck", "--strict")
    seen = len(git_http.requests)
    assert repository.refresh() == {"main": main, **{result.branch: result.oid for result in results}}
    assert len(git_http.requests) - seen <= 2


def test_branches_beside_base_cost_no_request_more_and_one_is_pointed_at_another(
    git_http: GitHttp, opened: Callable[..., GitRepository], tmp_path: Path
) -> None:
    served = Served(git_http)
    repository = opened()
    first = served.head("main")
    served.git("update-ref", "refs/heads/env/prod", first)
    served.git("update-ref", "refs/heads/env/dev", first)
    dev = served.commit({"apps/a0/prod.yaml": b"tag: 2\n"}, branch="env/dev")
    bases = ["env/dev", "env/prod", "env/none"]
    assert repository.refresh(bases) == {"main": first, "env/dev": dev, "env/prod": first}
    seen = len(git_http.requests)
    repository.refresh(bases)
    assert len(git_http.requests) - seen <= 2
    assert next(iter(repository.log(dev, ["apps/a0/prod.yaml"]))).oid == dev
    assert repository.beyond(dev, first).paths == ("apps/a0/prod.yaml",)
    assert repository.on_line(first, dev)
    assert not repository.on_line(dev, first)
    lacking = missing_blobs(tmp_path / "cache")
    seen = len(git_http.requests)
    (pushed,) = repository.push([BranchUpdate("gitops-bot/p/promote", None, first, {}, commit=dev)])
    assert (pushed.rejected, served.head("gitops-bot/p/promote")) == ("", dev)
    assert len(git_http.requests) - seen <= 3
    assert missing_blobs(tmp_path / "cache") == lacking
    (late,) = repository.push([BranchUpdate("gitops-bot/p/promote", first, first, {}, commit=first)])
    assert (late.rejected != "", served.head("gitops-bot/p/promote")) == (True, dev)


def test_the_difference_of_a_head_is_fetched_at_once(git_http: GitHttp, opened: Callable[..., GitRepository]) -> None:
    served = Served(git_http)
    served.git("update-ref", "refs/heads/gitops-bot/x", served.head("main"))
    files = {f"apps/a{n}/prod.yaml": b"tag: 3\n" for n in range(20)}
    tip = served.commit(dict(files), branch="gitops-bot/x")
    repository = opened()
    main = repository.refresh()["main"]
    seen = len(git_http.requests)
    head = repository.head(tip, main)
    assert {path: after for path, (_, after) in head.files.items()} == files
    assert len(git_http.requests) - seen <= 2


def test_the_token_opens_everything_and_is_nowhere(
    git_http: GitHttp, opened: Callable[..., GitRepository], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(0)
    served = Served(git_http)
    git_http.token = TOKEN
    repository = opened(TOKEN)
    main = repository.refresh()["main"]
    assert repository.tree(main).read("apps/a1/prod.yaml") == b"tag: 1\n# 1\n"
    [result] = repository.push([promote(main, 1)])
    assert served.head(result.branch) == result.oid
    assert all(request.status == 200 for request in git_http.requests)
    assert_secret_free(texts_below(tmp_path / "cache"), caplog.text)


def test_a_token_is_asked_for_each_time(
    git_http: GitHttp, opened: Callable[..., GitRepository], tmp_path: Path
) -> None:
    Served(git_http)
    tokens = iter(["first", "second", "third", "fourth"])
    current = [""]

    def token() -> str:
        current[0] = git_http.token = next(tokens)
        return current[0]

    url = git_http.url_of("env")
    repository = GitRepository(url, cache=tmp_path / "cache", base="main", identity=BOT, token=token)
    repository.refresh()
    repository.refresh()
    repository.close()
    assert current == ["third"]


@pytest.mark.parametrize("token", ["", TOKEN])
def test_wrong_or_no_credentials_are_denied(
    git_http: GitHttp, opened: Callable[..., GitRepository], tmp_path: Path, token: str
) -> None:
    Served(git_http)
    git_http.token = "another"
    with pytest.raises(RepositoryDenied) as error:
        opened(token).refresh()
    assert_secret_free(str(error.value), repr(error.value), repr(error.value.__context__), texts_below(tmp_path))


def test_a_push_with_a_readonly_token_is_denied(git_http: GitHttp, opened: Callable[..., GitRepository]) -> None:
    served = Served(git_http)
    git_http.token, git_http.readonly_token = "another", TOKEN
    repository = opened(TOKEN)
    main = repository.refresh()["main"]
    with pytest.raises(RepositoryDenied) as error:
        repository.push([promote(main, 1)])
    assert_secret_free(str(error.value))
    assert not served.head("gitops-bot/a1/promote")


def test_a_token_that_expires_leaves_a_good_cache(git_http: GitHttp, opened: Callable[..., GitRepository]) -> None:
    served = Served(git_http)
    git_http.token = TOKEN
    repository = opened(TOKEN)
    main = repository.refresh()["main"]
    git_http.token = "another"
    with pytest.raises(RepositoryDenied):
        repository.tree(main).read("apps/a1/prod.yaml")
    assert repository.tree(main).names("")
    git_http.token = TOKEN
    assert repository.tree(main).read("apps/a1/prod.yaml") == b"tag: 1\n# 1\n"
    assert served.head("main") == main


def test_what_a_hook_says_is_the_reason(git_http: GitHttp, opened: Callable[..., GitRepository]) -> None:
    served = Served(git_http)
    git_http.token = TOKEN
    git_http.hook("env", f"grep -q a7/ && echo 'a7 is frozen https://me:{TOKEN}@host {TOKEN}' >&2 && exit 1; exit 0")
    repository = opened(TOKEN)
    main = repository.refresh()["main"]
    results = repository.push([promote(main, number) for number in range(20)])
    assert [result.branch for result in results if result.rejected] == ["gitops-bot/a7/promote"]
    assert "a7 is frozen" in results[7].rejected
    assert_secret_free(results[7].rejected)
    assert not served.head("gitops-bot/a7/promote")


def test_a_server_that_declines_everything_is_not_asked_forever(
    git_http: GitHttp, opened: Callable[..., GitRepository]
) -> None:
    Served(git_http)
    git_http.hook("env", "exit 1")
    repository = opened()
    main = repository.refresh()["main"]
    seen = len(git_http.requests)
    results = repository.push([promote(main, number) for number in range(60)])
    assert all(result.rejected for result in results)
    assert len(git_http.requests) - seen <= 21 * 5


def test_a_lost_lease_is_a_value(git_http: GitHttp, opened: Callable[..., GitRepository]) -> None:
    served = Served(git_http)
    repository = opened()
    main = repository.refresh()["main"]
    served.git("update-ref", "refs/heads/gitops-bot/a1/promote", main)
    lost, won = repository.push([promote(main, 1), promote(main, 2)])
    assert "stale info" in lost.rejected
    assert served.head(won.branch) == won.oid


def test_an_unreachable_server_leaves_the_cache_alone(
    git_http: GitHttp, opened: Callable[..., GitRepository], tmp_path: Path
) -> None:
    Served(git_http)
    git_http.token = TOKEN
    repository = opened(TOKEN)
    main = repository.refresh()["main"]
    tree = repository.tree(main)
    assert tree.read("apps/a1/prod.yaml")
    git_http.stop()
    for ask in (
        repository.refresh,
        lambda: tree.read("apps/a2/prod.yaml"),
        lambda: repository.prefetch([(main, "apps/a3/prod.yaml")]),
        lambda: repository.push([promote(main, 1)]),
    ):
        with pytest.raises(RepositoryUnreachable) as error:
            ask()
        assert_secret_free(str(error.value))
    assert tree.read("apps/a1/prod.yaml")


def test_a_port_where_nobody_listens(opened: Callable[..., GitRepository]) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{taken.getsockname()[1]}/env.git"
        with pytest.raises(RepositoryUnreachable, match=r"127\.0\.0\.1"):
            opened(TOKEN, url=url).refresh()


def test_a_repository_that_is_not_there(git_http: GitHttp, opened: Callable[..., GitRepository]) -> None:
    with pytest.raises(RepositoryUnreachable, match="not found"):
        opened(url=git_http.url_of("none")).refresh()


@pytest.mark.parametrize("breaks", [False, True])
def test_a_server_that_cannot_filter_gives_everything(
    git_http: GitHttp, opened: Callable[..., GitRepository], tmp_path: Path, *, breaks: bool
) -> None:
    served = Served(git_http, allow_filter=breaks)
    if breaks:  # it offers filters and then fails, which is what servers were reported for
        served.git("config", "uploadpackfilter.allow", "false")
    repository = opened()
    main = repository.refresh()["main"]
    assert missing_blobs(tmp_path / "cache") == 0
    moved = served.commit({"apps/a1/prod.yaml": b"tag: 9\n"})
    seen = len(git_http.requests)
    assert repository.refresh() == {"main": moved}
    assert len(git_http.requests) - seen <= 5
    assert repository.tree(moved).read("apps/a1/prod.yaml") == b"tag: 9\n"
    assert repository.tree(main).read("apps/a1/prod.yaml") == b"tag: 1\n# 1\n"
    [result] = repository.push([promote(moved, 1)])
    assert served.head(result.branch) == result.oid


def test_a_redirect_does_not_take_the_token_along(
    git_http: GitHttp, opened: Callable[..., GitRepository], tmp_path: Path
) -> None:
    Served(git_http)
    with GitHttp(tmp_path / "elsewhere") as elsewhere:
        target = elsewhere.url_of("env")
        redirect = _Redirect(target)
        with redirect, pytest.raises(RepositoryUnreachable, match=r"30[12]"):
            opened(TOKEN, url=f"{redirect.url}/env.git").refresh()
        assert not elsewhere.requests


class _Redirect:
    """A server that answers every request with a redirect."""

    def __init__(self, target: str) -> None:
        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self.send_response(302)
                self.send_header("Location", f"{target}/info/refs?service=git-upload-pack")
                self.end_headers()

            def log_message(self, format: str, *args: object) -> None:
                """Say nothing."""

        self._server = HTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()
