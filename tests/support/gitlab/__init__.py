"""A stateful GitLab for tests: real HTTP on loopback, a real bare git repository behind it, and rules that bite."""

from tests.support.github.git import BareRepo
from tests.support.gitlab.server import FakeGitLab, Request

__all__ = ["BareRepo", "FakeGitLab", "Request"]
