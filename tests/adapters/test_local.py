"""What only the local forge has: files beside a repository, several processes, branches moved by hand."""

from __future__ import annotations

import json
import multiprocessing
from datetime import UTC, datetime
from pathlib import Path

import pytest

from gitops_bot.adapters.git.runner import Git
from gitops_bot.adapters.local import LocalForge
from gitops_bot.adapters.local.store import Record
from gitops_bot.errors import ForgeRefused, ForgeUnreachable
from gitops_bot.model import CommitStatus, PrState, PullRequest, StatusState
from gitops_bot.ports import Merged, NotReady
from tests.contract.worlds import ALICE, BOT, Clock
from tests.support.github import BareRepo

BRANCH = "gitops-bot/shop/promote"
LONG_AGO = datetime(2025, 1, 1, tzinfo=UTC)


@pytest.fixture
def repo(tmp_path: Path) -> BareRepo:
    """In a folder with a blank and an umlaut."""
    folder = tmp_path / "my façade repos"
    folder.mkdir()
    repo = BareRepo.create(folder / "environments.git", {"app.yaml": "a: 1\nb: 1\nc: 1\nd: 1\ne: 1\n"})
    repo.commit(BRANCH, {"app.yaml": "a: 2\nb: 1\nc: 1\nd: 1\ne: 1\n"}, on="main")
    return repo


@pytest.fixture
def forge(repo: BareRepo) -> LocalForge:
    return local(repo.path)


def local(path: Path, who: str = BOT) -> LocalForge:
    return LocalForge(path, Git(path), Clock(), who=who)


def made(forge: LocalForge, branch: str = BRANCH) -> PullRequest:
    return forge.open(branch=branch, base="main", title="Promote shop", body="Because — ✅", draft=False)


def folder(repo: BareRepo) -> Path:
    return repo.path.with_name("environments.git.pulls")


def record(forge: LocalForge) -> Record:
    (found,) = forge.everything()
    return found


# ---------------------------------------------------------------- files


def test_a_file_that_a_crash_left_half_written_is_ignored(repo: BareRepo, forge: LocalForge) -> None:
    pull = made(forge)
    (folder(repo) / "0001.new").write_text('{"number": 1, "bra')
    (folder(repo) / "0002.new").write_text("")
    assert [*local(repo.path).pull_requests(LONG_AGO)] == [pull]
    forge.update(1, title="Second")
    assert record(forge).title == "Second"
    repo.commit("gitops-bot/b/promote", {"app.yaml": "a: 3\n"}, on="main")
    assert made(forge, "gitops-bot/b/promote").number == 2


@pytest.mark.parametrize(
    "text",
    ["", "{", "[]", "null", '"text"', "{}", '{"number": 1}', "\x00", '{"surplus": 1, "number": 1}'],
)
def test_a_broken_file_is_named_with_what_to_do(repo: BareRepo, forge: LocalForge, text: str) -> None:
    made(forge)
    (folder(repo) / "0001.json").write_text(text)
    with pytest.raises(ForgeUnreachable, match=r"0001\.json"):
        forge.pull_requests(LONG_AGO)


@pytest.mark.parametrize(
    ("field", "value"), [("state", "odd"), ("created_at", "yesterday"), ("closed_at", "soon"), ("labels", 3)]
)
def test_a_file_with_odd_values_is_named(repo: BareRepo, forge: LocalForge, field: str, value: object) -> None:
    made(forge)
    path = folder(repo) / "0001.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), field: value}))
    with pytest.raises(ForgeUnreachable, match=r"0001\.json"):
        forge.pull_requests(LONG_AGO)


def test_a_broken_status_file_is_named(repo: BareRepo, forge: LocalForge) -> None:
    head = made(forge).head
    forge.set_status(head, CommitStatus("c", StatusState.SUCCESS, "well"))
    (folder(repo) / "statuses" / f"{head}.json").write_text("{")
    with pytest.raises(ForgeUnreachable, match=head):
        forge.statuses(head)


def test_a_folder_that_cannot_be_made_is_an_unreachable_forge(repo: BareRepo, forge: LocalForge) -> None:
    folder(repo).write_text("in the way")
    with pytest.raises(ForgeUnreachable, match="local forge"):
        forge.pull_requests(LONG_AGO)


def test_no_repository_is_an_unreachable_forge(tmp_path: Path) -> None:
    with pytest.raises(ForgeUnreachable, match="bare repository"):
        local(tmp_path / "absent.git").pull_requests(LONG_AGO)


def test_files_are_readable_as_they_are(repo: BareRepo, forge: LocalForge) -> None:
    made(forge)
    said = json.loads((folder(repo) / "0001.json").read_text(encoding="utf-8"))
    assert (said["number"], said["branch"], said["body"], said["author"]) == (1, BRANCH, "Because — ✅", BOT)


# ---------------------------------------------------------------- several processes


def _open_many(path: str, branches: list[str]) -> None:
    for branch in branches:
        made(local(Path(path)), branch)


def _comment_many(path: str, keys: list[str]) -> None:
    for key in keys:
        local(Path(path)).comment(1, key, key=key)


def _together(*jobs: tuple[object, tuple[str, list[str]]]) -> None:
    context = multiprocessing.get_context("spawn")
    running = [context.Process(target=work, args=args) for work, args in jobs]  # type: ignore[arg-type]
    for process in running:
        process.start()
    for process in running:
        process.join(60)
        assert process.exitcode == 0


def test_two_processes_give_no_number_twice_and_lose_nothing(repo: BareRepo, forge: LocalForge) -> None:
    names = [f"gitops-bot/p{number}/promote" for number in range(8)]
    for name in names:
        repo.point(name, repo.heads()[BRANCH])
    path = str(repo.path)
    _together((_open_many, (path, names[:5])), (_open_many, (path, names[3:])))
    found = forge.everything()
    assert [one.number for one in found] == [*range(1, 9)]
    assert sorted(one.branch for one in found) == names
    _together((_comment_many, (path, ["a", "b", "c"])), (_comment_many, (path, ["c", "d", "e"])))
    assert sorted(one["text"].split("\n")[0] for one in forge.everything()[0].comments) == ["a", "b", "c", "d", "e"]


def test_numbers_go_on_beyond_four_digits(repo: BareRepo, forge: LocalForge) -> None:
    made(forge)
    path = folder(repo) / "0001.json"
    data = json.loads(path.read_text())
    for number in (9999, 10000):
        (folder(repo) / f"{number}.json").write_text(json.dumps({**data, "number": number, "state": "closed"}))
    assert [one.number for one in forge.everything()] == [1, 9999, 10000]
    forge.close(1)
    assert made(forge).number == 10001


# ---------------------------------------------------------------- branches moved by hand


def test_a_merge_by_hand_is_seen_as_merged_by_its_own_commit(repo: BareRepo, forge: LocalForge) -> None:
    pull = made(forge)
    repo.commit("main", {"other.yaml": "x: 1\n"})
    merge = repo.merge("main", pull.head, method="merge", message="By hand")
    repo.commit("main", {"later.yaml": "x: 1\n"})
    (seen,) = forge.pull_requests(LONG_AGO)
    assert (seen.state, seen.head, seen.merge_commit) == (PrState.MERGED, pull.head, merge)
    assert forge.merge(1, head=pull.head, title="t") == Merged(merge or "")
    assert "+a: 2" in forge.diff(record(forge))


def test_what_people_did_in_git_counts_from_when_it_was_seen(repo: BareRepo) -> None:
    clock = Clock()
    forge = LocalForge(repo.path, Git(repo.path), clock, who=BOT)
    made(forge)
    clock.at = noticed = datetime(2026, 3, 1, tzinfo=UTC)
    repo.delete(BRANCH)
    (seen,) = forge.pull_requests(noticed)
    assert seen.closed_at is not None
    assert seen.closed_at > noticed


def test_a_branch_of_another_history_harms_nobody_else(repo: BareRepo, forge: LocalForge, tmp_path: Path) -> None:
    made(forge)
    repo.commit("gitops-bot/b/promote", {"app.yaml": "a: 3\n"}, on="main")
    made(forge, "gitops-bot/b/promote")
    stranger = BareRepo.create(tmp_path / "other.git", {"x.yaml": "x: 1\n"})
    git = Git(repo.path, url=str(stranger.path))
    git("fetch", "--quiet", str(stranger.path), "+refs/heads/main:refs/heads/" + BRANCH)
    assert [pull.state for pull in forge.pull_requests(LONG_AGO)] == [PrState.OPEN, PrState.OPEN]
    answer = forge.merge(1, head=repo.heads()[BRANCH], title="t")
    assert isinstance(answer, NotReady)


def test_a_branch_name_that_is_not_text_harms_nobody(repo: BareRepo, forge: LocalForge) -> None:
    pull = made(forge)
    odd = repo.path / "packed-refs"
    odd.write_bytes(odd.read_bytes() if odd.exists() else b"")
    with odd.open("ab") as file:
        file.write(pull.head.encode() + b" refs/heads/odd-\xff\n")
    assert [*forge.pull_requests(LONG_AGO)] == [pull]


def test_both_sides_of_one_file_are_merged_when_they_do_not_touch(repo: BareRepo, forge: LocalForge) -> None:
    pull = made(forge)
    repo.commit("main", {"app.yaml": "a: 1\nb: 1\nc: 1\nd: 1\ne: 9\n"})
    merged = forge.merge(1, head=pull.head, title="Promote shop")
    assert isinstance(merged, Merged)
    git = Git(repo.path)
    assert git("cat-file", "blob", f"{merged.commit}:app.yaml") == b"a: 2\nb: 1\nc: 1\nd: 1\ne: 9\n"
    said = git("log", "-1", "--format=%an <%ae>|%cn <%ce>|%s", merged.commit).decode().strip()
    assert said == f"{BOT}|{BOT}|Promote shop (#1)"


def test_a_base_that_is_gone_keeps_it_open_and_unmerged(repo: BareRepo, forge: LocalForge) -> None:
    repo.point("staging", repo.heads()["main"])
    pull = forge.open(branch=BRANCH, base="staging", title="t", body="", draft=False)
    repo.delete("staging")
    assert [one.state for one in forge.pull_requests(LONG_AGO)] == [PrState.OPEN]
    assert forge.merge(1, head=pull.head, title="t") == NotReady("there is no branch staging")


# ---------------------------------------------------------------- for people


def test_the_diff_shows_what_it_changes_open_and_merged(repo: BareRepo, forge: LocalForge) -> None:
    pull = made(forge)
    repo.commit("main", {"other.yaml": "x: 1\n"})
    shown = forge.diff(record(forge))
    assert "-a: 1\n+a: 2\n" in shown
    assert "other.yaml" not in shown
    forge.merge(1, head=pull.head, title="t")
    assert forge.diff(record(forge)) == shown


def test_statuses_and_everything_show_all(repo: BareRepo, forge: LocalForge) -> None:
    head = made(forge).head
    assert forge.statuses(head) == {}
    forge.set_status(head, CommitStatus("gitops-bot/shop", StatusState.PENDING, "too early"))
    assert local(repo.path).statuses(head) == {"gitops-bot/shop": {"state": "pending", "description": "too early"}}
    repo.commit("feature", {"app.yaml": "a: 7\n"}, on="main")
    made(local(repo.path, ALICE), "feature")
    assert [(one.number, one.branch, one.author) for one in forge.everything()] == [
        (1, BRANCH, BOT),
        (2, "feature", ALICE),
    ]


def test_an_unknown_number_is_refused_by_name(forge: LocalForge) -> None:
    with pytest.raises(ForgeRefused, match="#7"):
        forge.close(7)
