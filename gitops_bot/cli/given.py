"""What people give on the command line: times, and who they are."""

from __future__ import annotations

import getpass
import os
from datetime import UTC, datetime, timedelta

from gitops_bot.errors import UsageError

_EARLIEST, _LATEST = datetime(1970, 1, 1, tzinfo=UTC), datetime(9000, 1, 1, tzinfo=UTC)
"""Years around which days can still be counted from."""


def time(option: str, text: str, like: str) -> datetime:
    """A time; one without an offset is UTC. Errors: UsageError."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise UsageError(f"{option}: {text!r} is not a time", remedy=f"Write it like {like}.") from None
    moment = moment.replace(tzinfo=moment.tzinfo or UTC)
    if not _EARLIEST <= moment <= _LATEST - timedelta(days=1):
        raise UsageError(f"{option}: {text!r} is too far away", remedy=f"Write it like {like}.")
    return moment.astimezone(UTC)


def who() -> str:
    """Who runs this, as a pipeline or the machine knows them; a container may run as a number that has no name."""
    known = (os.environ.get(name, "") for name in ("GITHUB_ACTOR", "GITLAB_USER_LOGIN"))
    return next(filter(None, known), "") or machine()


def machine() -> str:
    """The name of the machine's user."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return f"user {os.getuid()}"
