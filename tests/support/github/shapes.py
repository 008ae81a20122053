"""The JSON of GitHub's answers, with every member that its description requires."""

from __future__ import annotations

import zlib
from datetime import datetime
from typing import Any

from tests.support.github.rules import REACTIONS, Opinion, Pull, Remark, Run, Status, World

Data = dict[str, Any]


def _names(words: str) -> list[str]:
    return words.split()


_USER_URLS = _names("events followers following gists organizations received_events repos starred subscriptions")
_REPO_URLS = _names(
    "archive assignees blobs branches clone collaborators comments commits compare contents contributors deployments "
    "downloads events forks git git_commits git_refs git_tags hooks issue_comment issue_events issues keys labels "
    "languages merges milestones notifications pulls releases ssh stargazers statuses subscribers subscription svn "
    "tags teams trees"
)
_REPO_COUNTS = _names(
    "forks forks_count network_count open_issues open_issues_count size stargazers_count subscribers_count watchers "
    "watchers_count"
)
_REPO_NOTHING = _names("description homepage language license mirror_url")
_REPO_FLAGS = _names("archived disabled has_discussions has_downloads has_issues has_pages has_projects has_wiki")
_ACCOUNT_COUNTS = _names(
    "collaborators disk_usage followers following owned_private_repos private_gists public_gists public_repos "
    "total_private_repos"
)


class Shapes:
    """Renders a world as seen at one address. PyGithub wants to see the host that it called."""

    def __init__(self, world: World, root: str) -> None:
        self._world = world
        self._root = root
        self._api = f"{root}/api/v3"
        self._url = f"{self._api}/repos/{world.owner}/{world.name}"

    def user(self, login: str) -> Data:
        """An account as it stands in other answers."""
        url = f"{self._api}/users/{login}"
        kind = {"type": "Bot"} if login.endswith("[bot]") else {"type": "User"}
        links = {f"{name}_url": f"{url}/{name}" for name in _USER_URLS}
        names = {"login": login, "id": _number(login), "node_id": f"U_{login}", "gravatar_id": "", "site_admin": False}
        return {**names, **kind, **links, "url": url, "html_url": f"{self._root}/{login}", "avatar_url": f"{url}.png"}

    def own_account(self, login: str) -> Data:
        """An account as its owner sees it."""
        nothing: Data = dict.fromkeys(("bio", "blog", "company", "email", "hireable", "location", "name"))
        counts: Data = dict.fromkeys(_ACCOUNT_COUNTS, 0)
        return {**self.user(login), **nothing, **counts, **self._dates(), "two_factor_authentication": True}

    def repository(self, owner: str = "") -> Data:
        """The repository, or a fork of it."""
        world, owner = self._world, owner or self._world.owner
        url, html = f"{self._api}/repos/{owner}/{world.name}", f"{self._root}/{owner}/{world.name}"
        return {
            **{f"{name}_url": f"{url}/{name}" for name in _REPO_URLS},
            **dict.fromkeys(_REPO_COUNTS, 0),
            **dict.fromkeys(_REPO_NOTHING),
            **dict.fromkeys(_REPO_FLAGS, False),
            **self._dates(),
            "id": _number(owner),
            "node_id": f"R_{owner}",
            "name": world.name,
            "full_name": f"{owner}/{world.name}",
            "owner": self.user(owner),
            "private": True,
            "fork": owner != world.owner,
            "default_branch": "main",
            "pushed_at": _text(world.now),
            "url": url,
            "html_url": html,
        }

    def pull(self, pull: Pull) -> Data:
        """A pull request by itself."""
        counts = dict.fromkeys(("additions", "changed_files", "commits", "deletions", "review_comments"), 0)
        return {
            **self.listed_pull(pull),
            **counts,
            "comments": len(pull.comments),
            "mergeable": pull.state == "open",
            "mergeable_state": "blocked" if pull.number in self._world.blocked else "clean",
            "merged": pull.merged_at is not None,
            "maintainer_can_modify": False,
            "merged_by": self.user(pull.merged_by) if pull.merged_by else None,
        }

    def listed_pull(self, pull: Pull) -> Data:
        """A pull request in a list."""
        url, html = f"{self._url}/pulls/{pull.number}", self._html(pull.number)
        issue = f"{self._url}/issues/{pull.number}"
        links = {
            "comments_url": f"{issue}/comments",
            "commits_url": f"{url}/commits",
            "statuses_url": f"{self._url}/statuses/{pull.head}",
            "html_url": html,
            "issue_url": issue,
            "review_comments_url": f"{url}/comments",
            "review_comment_url": f"{self._url}/pulls/comments{{/number}}",
        }
        return {
            **links,
            **dict.fromkeys(("assignee", "milestone", "active_lock_reason")),
            "auto_merge": self._auto_merge(pull.auto_merge) if pull.auto_merge else None,
            "_links": {name.removesuffix("_url"): {"href": link} for name, link in links.items()}
            | {"self": {"href": url}},
            "url": url,
            "diff_url": f"{html}.diff",
            "patch_url": f"{html}.patch",
            "id": 10_000 + pull.number,
            "node_id": f"PR_{pull.number}",
            "number": pull.number,
            "state": pull.state,
            "locked": False,
            "title": pull.title,
            "body": pull.body or None,
            "user": self.user(pull.author),
            "author_association": "CONTRIBUTOR",
            "draft": pull.draft,
            "labels": [self.label(name) for name in pull.labels],
            "requested_reviewers": [self.user(name) for name in pull.reviewers],
            "created_at": _text(pull.created_at),
            "updated_at": _text(pull.updated_at),
            "closed_at": _text(pull.closed_at) if pull.closed_at else None,
            "merged_at": _text(pull.merged_at) if pull.merged_at else None,
            # An open one shows GitHub's trial merge here.
            "merge_commit_sha": pull.merge_commit or "0123456789" * 4,
            "head": self._side(pull.branch, pull.head, pull.fork),
            "base": self._side(pull.base, pull.base_sha, ""),
        }

    def _auto_merge(self, by: str) -> Data:
        texts = {"commit_title": "Merge", "commit_message": ""}
        return {"enabled_by": self.user(by), "merge_method": "merge", **texts}

    def branch(self, name: str) -> Data:
        """A branch. What a rule set asks for does not show here."""
        sha = self._world.repo.heads()[name]
        classic = sorted(() if self._world.by_rule_set else self._world.required)
        checks = {"enforcement_level": "everyone", "contexts": classic, "checks": []}
        off = {"enforcement_level": "off", "contexts": [], "checks": []}
        url = f"{self._url}/branches/{name}"
        return {
            "name": name,
            "commit": self.commit(sha),
            "_links": {"self": url, "html": f"{self._root}/{self._world.owner}/{self._world.name}/tree/{name}"},
            "protected": bool(classic),
            "protection": {"enabled": bool(classic), "required_status_checks": checks if classic else off},
            "protection_url": f"{url}/protection",
        }

    def branch_rules(self) -> list[Data]:
        """What rule sets ask of base."""
        source = {"ruleset_source_type": "Repository", "ruleset_source": self._world.name, "ruleset_id": 1}
        names = sorted(self._world.required if self._world.by_rule_set else ())
        checks = {"required_status_checks": [{"context": name} for name in names]}
        strict = {**checks, "strict_required_status_checks_policy": False}
        rules = [{"type": "non_fast_forward", **source}]
        return rules + ([{"type": "required_status_checks", "parameters": strict, **source}] if names else [])

    def commit(self, sha: str) -> Data:
        """A commit with what it holds left out."""
        url, git = f"{self._url}/commits/{sha}", f"{self._url}/git/commits/{sha}"
        who = {"name": "Alice", "email": "alice@example.com", "date": "2026-01-01T00:00:00Z"}
        tree = {"sha": sha, "url": f"{self._url}/git/trees/{sha}"}
        said = {"url": git, "author": who, "committer": who, "message": "Change", "comment_count": 0, "tree": tree}
        links = {"html_url": url, "comments_url": f"{url}/comments"}
        people = {"author": self.user("alice"), "committer": self.user("alice")}
        return {"url": url, "sha": sha, "node_id": f"C_{sha}", "commit": said, "parents": [], **links, **people}

    def object(self, kind: str, sha: str) -> Data:
        """A blob or a tree that was made."""
        return {"sha": sha, "url": f"{self._url}/git/{kind}/{sha}"}

    def git_commit(self, sha: str, sent: Any, author: str, committer: str, *, verified: bool) -> Data:
        """A commit that was made."""
        at = _text(self._world.now)
        people = {
            role: {"name": who.partition(" <")[0], "email": who.partition(" <")[2].rstrip(">"), "date": at}
            for role, who in (("author", author), ("committer", committer))
        }
        nothing = {"signature": None, "payload": None, "verified_at": None}
        return {
            **self.object("commits", sha),
            **people,
            "node_id": f"C_{sha}",
            "html_url": f"{self._root}/{self._world.owner}/{self._world.name}/commit/{sha}",
            "message": sent["message"],
            "tree": self.object("trees", sent["tree"]),
            "parents": [{**self.object("commits", one), "html_url": self._root} for one in sent["parents"]],
            "verification": {"verified": verified, "reason": "valid" if verified else "unsigned", **nothing},
        }

    def label(self, name: str) -> Data:
        """A label."""
        url = f"{self._url}/labels/{name}"
        shown = {"name": name, "description": "", "color": "ededed", "default": False}
        return {**shown, "id": _number(name), "node_id": f"LA_{name}", "url": url}

    def comment(self, number: int, remark: Remark) -> Data:
        """A comment on a pull request."""
        return {
            "id": remark.number,
            "node_id": f"IC_{remark.number}",
            "url": f"{self._url}/issues/comments/{remark.number}",
            "html_url": f"{self._html(number)}#issuecomment-{remark.number}",
            "issue_url": f"{self._url}/issues/{number}",
            "user": self.user(remark.author),
            "body": remark.body,
            "author_association": "CONTRIBUTOR",
            "created_at": _text(remark.at),
            "updated_at": _text(remark.at),
        }

    def reaction(self, login: str, content: str) -> Data:
        """A reaction to a comment."""
        now = _text(self._world.now)
        return {
            "id": self._world.new_id(),
            "node_id": "RE_1",
            "user": self.user(login),
            "content": content,
            "created_at": now,
        }

    def spoken(self, pull: Pull, viewer: str) -> Data:
        """A pull request's comments by GraphQL."""
        dated = self._world.repo.dated(pull.head)
        return {
            "number": pull.number,
            "createdAt": _text(pull.created_at),
            "timelineItems": {"nodes": [{"createdAt": _text(at)} for at in pull.forced_at[-1:]]},
            "commits": {"nodes": [{"commit": {"committedDate": _text(dated)}}]},
            "comments": {"nodes": [self._spoken(one, viewer) for one in pull.comments[-50:]]},
        }

    def _spoken(self, remark: Remark, viewer: str) -> Data:
        return {
            "databaseId": remark.number,
            "body": remark.body,
            "createdAt": _text(remark.at),
            "lastEditedAt": _text(remark.edited_at) if remark.edited_at else None,
            "viewerDidAuthor": remark.author == viewer,
            "author": {"login": remark.author.removesuffix("[bot]")} if remark.author != "ghost" else None,
            "reactionGroups": [{"viewerHasReacted": (viewer, content) in remark.reactions} for content in REACTIONS],
        }

    def status(self, sha: str, status: Status) -> Data:
        """One commit status."""
        return {
            "id": status.number,
            "node_id": f"SC_{status.number}",
            "url": f"{self._url}/statuses/{sha}",
            "avatar_url": None,
            "target_url": None,
            "state": status.state,
            "context": status.context,
            "description": status.description,
            "created_at": _text(status.at),
            "updated_at": _text(status.at),
            "creator": self.user(status.creator),
        }

    def opinion(self, number: int, opinion: Opinion) -> Data:
        """One review."""
        html = f"{self._root}/{self._world.owner}/{self._world.name}/pull/{number}#pullrequestreview-{opinion.number}"
        pull = f"{self._url}/pulls/{number}"
        return {
            "id": opinion.number,
            "node_id": f"PRR_{opinion.number}",
            "user": self.user(opinion.author),
            "body": "",
            "state": opinion.state,
            "html_url": html,
            "pull_request_url": pull,
            "author_association": "MEMBER",
            "_links": {"html": {"href": html}, "pull_request": {"href": pull}},
            "submitted_at": _text(opinion.at),
            "commit_id": opinion.commit,
        }

    def run(self, sha: str, run: Run) -> Data:
        """One check run."""
        return {
            "id": run.number,
            "node_id": f"CR_{run.number}",
            "name": run.name,
            "head_sha": sha,
            "external_id": "",
            "url": f"{self._url}/check-runs/{run.number}",
            "html_url": None,
            "details_url": None,
            "status": "completed" if run.conclusion else "in_progress",
            "conclusion": run.conclusion,
            "started_at": None,
            "completed_at": None,
            "output": {
                **dict.fromkeys(("summary", "text")),
                "title": run.title or None,
                "annotations_count": 0,
                "annotations_url": f"{self._url}/check-runs/{run.number}/annotations",
            },
            "check_suite": {"id": 1},
            "app": None,
            "pull_requests": [],
        }

    def combined_status(self, sha: str) -> Data:
        """The newest status of each context, and the worst of them."""
        newest = {status.context: status for status in self._world.statuses.get(sha, ())}
        states = {status.state for status in newest.values()}
        bad = "failure" if states & {"failure", "error"} else "pending"
        return {
            "state": "success" if states == {"success"} else bad,
            "sha": sha,
            "total_count": len(newest),
            "statuses": [self.status(sha, status) for status in newest.values()],
            "repository": self.repository(),
            "commit_url": f"{self._url}/commits/{sha}",
            "url": f"{self._url}/commits/{sha}/status",
        }

    def installation(self, number: int, slug: str) -> Data:
        """Where an App is installed."""
        url = f"{self._api}/app/installations/{number}"
        return {
            **self._dates(),
            **dict.fromkeys(("single_file_name", "suspended_by", "suspended_at")),
            "id": number,
            "app_id": 7,
            "app_slug": slug,
            "target_id": 1,
            "target_type": "Organization",
            "repository_selection": "selected",
            "access_tokens_url": f"{url}/access_tokens",
            "html_url": f"{self._root}/settings/installations/{number}",
            "repositories_url": f"{self._api}/installation/repositories",
            "events": [],
            "account": self.user(self._world.owner),
            "permissions": {"contents": "write", "pull_requests": "write", "statuses": "write"},
        }

    def app(self, slug: str) -> Data:
        """The App about itself."""
        return {
            **self._dates(),
            "id": 7,
            "slug": slug,
            "node_id": "A_7",
            "owner": self.user(self._world.owner),
            "name": slug,
            "description": None,
            "external_url": self._root,
            "html_url": f"{self._root}/apps/{slug}",
            "permissions": {"contents": "write"},
            "events": [],
        }

    def _side(self, branch: str, sha: str, fork: str | None) -> Data:
        owner = fork or self._world.owner
        repo = None if fork is None else self.repository(owner)
        return {"label": f"{owner}:{branch}", "ref": branch, "sha": sha, "user": self.user(owner), "repo": repo}

    def _html(self, number: int) -> str:
        return f"{self._root}/{self._world.owner}/{self._world.name}/pull/{number}"

    def _dates(self) -> Data:
        return {"created_at": "2026-01-01T00:00:00Z", "updated_at": "2026-01-01T00:00:00Z"}


def _text(at: datetime) -> str:
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")


def _number(name: str) -> int:
    return zlib.crc32(name.encode())
