"""GitLab as a `Forge`. python-gitlab is imported in `connection` alone."""

from gitops_bot.adapters.gitlab.connection import Token
from gitops_bot.adapters.gitlab.forge import GitLabForge

__all__ = ["GitLabForge", "Token"]
