"""The environment repositories of the bot configuration: their cache, and who makes and signs the commits."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from gitops_bot.policy.config import BotConfig, Repository, Signing
from gitops_bot.ports import Committer, Forge

if TYPE_CHECKING:
    from gitops_bot.adapters.git import GitRepository


def environment(
    config: BotConfig, repository: Repository, token: Callable[[], str] | None, forge: Forge
) -> GitRepository:
    """Pushed to by git, or through the forge where that is configured. Errors: UsageError."""
    from gitops_bot.adapters.git import REFS_AT_ONCE, GitRepository  # noqa: PLC0415 - imported when it is needed

    cache = Path(config.spec.cache) if config.spec.cache else _user_cache()
    identity = (repository.identity.name, repository.identity.email)
    sign = _signing(repository.signing) if repository.signing else None
    # Of a push with more, GitLab starts no pipelines and sends no webhooks for each branch.
    at_once = 3 if repository.forge == "gitlab" else REFS_AT_ONCE
    return GitRepository(
        repository.url,
        cache=cache,
        base=repository.base,
        token=token,
        identity=identity,
        prefix=repository.branch_prefix,
        sign=sign,
        committer=forge if repository.commits == "api" and isinstance(forge, Committer) else None,
        refs_at_once=at_once,
    )


def _signing(given: Signing) -> Callable[[bytes], str]:
    from gitops_bot.adapters.git.signing import by_gpg, by_ssh  # noqa: PLC0415 - imported when it is needed

    if given.ssh_key:
        return by_ssh(Path(given.ssh_key))
    assert given.gpg  # exactly one of the two
    return by_gpg(Path(given.gpg.home), given.gpg.key)


def _user_cache() -> Path:
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "gitops-bot"
