"""The hosted forges of the bot configuration as adapters: one row a forge, imported when it is chosen."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from gitops_bot.errors import PolicyInvalid
from gitops_bot.policy.config import Repository, SecretRef
from gitops_bot.ports import Forge

if TYPE_CHECKING:
    from gitops_bot.adapters.github import App, Token
    from gitops_bot.adapters.pace import Pace

_GITHUB_API = "https://api.github.com"

Secret = Callable[[SecretRef], Callable[[], str]]
"""Gives what reads a secret when it is needed."""
Hosted = tuple[Forge, Callable[[], str], Callable[[], None]]
"""The forge, the token that git over HTTP uses, and what closes the forge's connections."""


class Paces:
    """One pace for all repositories that are reached under one identity: the forge counts them together."""

    def __init__(self) -> None:
        self._known: dict[tuple[str, str], Pace] = {}

    def of(self, api: str, repository: Repository) -> Pace:
        """The pace of one identity at one API."""
        from gitops_bot.adapters.pace import Pace  # noqa: PLC0415 - imported when a forge is chosen

        who = f"app {repository.app.id}" if repository.app else str(repository.token_from)
        return self._known.setdefault((api, who), Pace())


def hosted(name: str, repository: Repository, secret: Secret, paces: Paces | None = None) -> Hosted:
    """The adapter of one repository's forge. Errors: PolicyInvalid."""
    return _FORGES[repository.forge](name, repository, secret, paces or Paces())


def _github(name: str, repository: Repository, secret: Secret, paces: Paces) -> Hosted:
    from gitops_bot.adapters.github import App, GitHubForge, Token  # noqa: PLC0415 - imported when it is chosen

    auth: App | Token
    if repository.app:
        key = secret(repository.app.private_key_from)
        auth = App(str(repository.app.id), key(), repository.app.installation_id)
    elif repository.token_from:
        auth = Token(secret(repository.token_from))
    else:
        raise PolicyInvalid("github needs tokenFrom or app", where=f"spec.repositories.{name}")
    path = _path(repository.url)
    if path.count("/") != 1:
        raise PolicyInvalid(f"{repository.url} does not name owner/repository", where=f"spec.repositories.{name}.url")
    api = repository.api_url or _github_api(repository.url)
    forge = GitHubForge(
        path,
        auth=auth,
        api_url=api,
        pace=paces.of(api, repository),
        ca_file=repository.ca_file,
        merge_method=repository.merge_method,
        check_runs=repository.app is not None and repository.app.report == "check",
    )
    return forge, forge.token, forge.disconnect


def _gitlab(name: str, repository: Repository, secret: Secret, paces: Paces) -> Hosted:
    from gitops_bot.adapters.gitlab import GitLabForge, Token  # noqa: PLC0415 - see above

    where = f"spec.repositories.{name}"
    if repository.token_from is None:
        raise PolicyInvalid("gitlab needs tokenFrom", where=where)
    if repository.merge_method == "rebase":
        raise PolicyInvalid("on GitLab the project decides about rebasing", where=f"{where}.mergeMethod")
    url = gitlab_url(repository)
    # An instance may lie below a path of its host, which the API's address then shows.
    path = f"/{_path(repository.url)}"
    root = f"{urlsplit(url).path}/"
    project = path.removeprefix(root).strip("/") if repository.url.startswith("http") else path.strip("/")
    if "/" not in project:
        raise PolicyInvalid(f"{repository.url} does not name group/project", where=f"{where}.url")
    forge = GitLabForge(
        project,
        auth=Token(secret(repository.token_from)),
        url=url,
        pace=paces.of(url, repository),
        ca_file=repository.ca_file,
        merge_method=repository.merge_method,
    )
    return forge, forge.token, forge.disconnect


_FORGES: dict[str, Callable[[str, Repository, Secret, Paces], Hosted]] = {"github": _github, "gitlab": _gitlab}


def gitlab_url(repository: Repository) -> str:
    """The instance: `apiUrl` with or without /api/v4, else the host of the repository's URL."""
    if repository.api_url:
        return repository.api_url.rstrip("/").removesuffix("/api/v4").rstrip("/")
    address = urlsplit(repository.url)
    return f"https://{address.netloc if address.scheme == 'https' else _host(repository.url)}"


def _path(url: str) -> str:
    """`owner/name` from https://host/owner/name(.git), ssh://git@host/owner/name or git@host:owner/name."""
    path = urlsplit(url).path if "://" in url else url.partition(":")[2]
    return path.strip("/").removesuffix(".git")


def _host(url: str) -> str:
    return (urlsplit(url).hostname or "") if "://" in url else url.partition("@")[2].partition(":")[0]


def _github_api(url: str) -> str:
    host = _host(url)
    return _GITHUB_API if host in ("github.com", "") else f"https://{host}/api/v3"
