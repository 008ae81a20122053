"""How the bot speaks, from its configuration: links, consoles, the sign-off."""

from __future__ import annotations

from collections.abc import Mapping

from gitops_bot.model import Manner
from gitops_bot.policy.config import BotConfig, Repository


def manner(config: BotConfig, repository: Repository, servers: Mapping[str, str]) -> Manner:
    """In one repository; `servers` has the metrics server of each cluster."""
    return Manner(
        links=config.spec.links,
        consoles={name: server.console for name, server in config.spec.metrics.items() if server.console},
        servers=servers,
        sign_off=repository.sign_off,
    )
