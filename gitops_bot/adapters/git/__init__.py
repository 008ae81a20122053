"""The environment repository through git's plumbing: a bare, blobless cache, edits made on objects, one push."""

from gitops_bot.adapters.git.push import REFS_AT_ONCE
from gitops_bot.adapters.git.repository import GitRepository
from gitops_bot.adapters.git.runner import Git

__all__ = ["REFS_AT_ONCE", "Git", "GitRepository"]
