"""A stateful GitLab for tests: real HTTP on loopback, a real bare git repository behind it, and rules that bite.

GitLab publishes no description of its API in a package registry that could judge it, as GitHub's judges the other fake:
routes, fields and shapes are written from its documentation and from what real servers were seen to answer.
"""

from tests.support.github.git import BareRepo
from tests.support.gitlab.server import FakeGitLab, Request

__all__ = ["BareRepo", "FakeGitLab", "Request"]
