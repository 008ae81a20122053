"""A stateful GitHub for tests: real HTTP on loopback, a real bare git repository behind it, and rules that bite."""

from tests.support.github.git import BareRepo
from tests.support.github.server import FakeGitHub, Request

__all__ = ["BareRepo", "FakeGitHub", "Request"]
