"""GitHub as a `Forge`. PyGithub is imported in `connection` alone."""

from gitops_bot.adapters.github.connection import App, Token
from gitops_bot.adapters.github.forge import GitHubForge

__all__ = ["App", "GitHubForge", "Token"]
