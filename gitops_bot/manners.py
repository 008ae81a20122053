"""How the bot speaks, from its configuration: links, consoles, the sign-off, and who is told."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from importlib.util import find_spec

from gitops_bot.errors import PolicyInvalid
from gitops_bot.model import Manner
from gitops_bot.observe import Sight
from gitops_bot.policy.config import BotConfig, Repository, SecretRef
from gitops_bot.ports import Notifier
from gitops_bot.tick import Failure, Load, Loaded


def manner(config: BotConfig, repository: Repository, servers: Mapping[str, str]) -> Manner:
    """In one repository; `servers` has the metrics server of each cluster."""
    return Manner(
        links=config.spec.links,
        consoles={name: server.console for name, server in config.spec.metrics.items() if server.console},
        servers=servers,
        sign_off=repository.sign_off,
    )


def notifiers(config: BotConfig, secret: Callable[[SecretRef], Callable[[], str]]) -> Mapping[str, Notifier]:
    """Each by its name. Errors: PolicyInvalid, where what sends messages is not installed."""
    if not config.spec.notifiers:
        return {}
    if find_spec("apprise") is None:
        remedy = "Install gitops-bot with the extra notify: pip install 'gitops-bot[notify]'."
        raise PolicyInvalid("notifiers need apprise, which is not installed", where="spec.notifiers", remedy=remedy)
    from gitops_bot.adapters.notify import AppriseNotifier

    return {name: AppriseNotifier(secret(given.url_from)) for name, given in config.spec.notifiers.items()}


def known_notifiers(load: Load, config: BotConfig) -> Load:
    """The same policies but for those that would tell nobody: found before it is missed."""
    known = config.spec.notifiers
    remedy = f"Known to the bot configuration: {', '.join(sorted(known)) or 'none'}."

    def checked(sight: Sight) -> Loaded:
        loaded = load(sight)
        strange = {one.policy.name: sorted({*one.policy.spec.notify} - known.keys()) for one in loaded.policies}
        failures = [
            Failure(
                one.policy.name,
                PolicyInvalid(f"no notifier is named {names[0]}", where=f"{one.file}:{one.line}", remedy=remedy),
            )
            for one in loaded.policies
            if (names := strange[one.policy.name])
        ]
        kept = [one for one in loaded.policies if not strange[one.policy.name]]
        return replace(loaded, policies=kept, failures=[*loaded.failures, *failures])

    return checked
