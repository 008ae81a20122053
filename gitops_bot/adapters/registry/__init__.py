"""Container registries over HTTP: tags, and the bytes of a manifest (OCI distribution, which Docker Hub, GHCR, GitLab
and self-hosted ones speak)."""

from gitops_bot.adapters.registry.client import HttpRegistry

__all__ = ["HttpRegistry"]
