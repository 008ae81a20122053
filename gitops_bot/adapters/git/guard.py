"""What git never gets to see: branches, paths and URLs that could be read as options, transports or ways out.

Pure functions that return what they were given or raise; nothing here runs git.
"""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from gitops_bot.errors import EditRefused, InternalError, UsageError

_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
# The rules of `git check-ref-format --branch`; tests hold the two against each other. A process per branch would cost
# as much as the push itself.
_BAD_BRANCH = re.compile(
    r"""^-|^@$|^HEAD$|^$          # an option, short names of HEAD, nothing
      |[\x00-\x20\x7f~^:?*\[\\]   # what revision syntax and globs use
      |\.\.|@\{|//|^/|/$|\.$      # ranges, reflogs, empty components
      |(?:^|/)\.|\.lock(?:/|$)    # hidden components, git's own lock files
    """,
    re.VERBOSE,
)
_SCP_LIKE = re.compile(r"(?:[A-Za-z0-9._][A-Za-z0-9._-]*@)?[A-Za-z0-9][A-Za-z0-9.-]*:(?!:)[^:]+")


def checked_branch(name: str) -> str:
    """The branch, if git would take it as one. Errors: UsageError."""
    if _BAD_BRANCH.search(name):
        raise UsageError(f"{name!r} is not a branch name", remedy="See `git help check-ref-format`")
    return name


def checked_oid(name: str) -> str:
    """The object name, if it is a full SHA-1 one; anything else here is a defect. Errors: InternalError."""
    if not re.fullmatch(r"[0-9a-f]{40}", name):
        raise InternalError(f"{name!r} is not an object name")
    return name


def path_parts(path: str) -> tuple[bytes, ...]:
    """A path inside the repository as the names along it. Errors: EditRefused for ways out of the tree and options."""
    parts = path.split("/")
    if path.startswith("-") or _CONTROL.search(path) or any(part.lower() in {"", ".", "..", ".git"} for part in parts):
        raise EditRefused("not a path inside the repository", where=repr(path), remedy="Write it as folder/file.yaml")
    return tuple(part.encode("utf-8", "surrogateescape") for part in parts)


def checked_url(url: str) -> str:
    """The URL, if it is https, http, ssh, `user@host:path` or an absolute local path, without a secret in it.

    Errors: UsageError, which never repeats a URL that holds a secret.
    """
    if is_local(url):
        if _CONTROL.search(url):
            raise UsageError("the repository's path has control characters")
        return url
    if not url or url.startswith("-") or _CONTROL.search(url) or " " in url:
        raise UsageError("the repository's URL begins with '-' or has blanks or control characters")
    if "://" in url:
        return _checked_scheme(url)
    if not _SCP_LIKE.fullmatch(url):
        raise UsageError(
            f"{_without_secret(url)!r} is no repository URL", remedy="Use https://, ssh:// or an absolute path"
        )
    return url


def is_local(url: str) -> bool:
    """Whether the URL is a path on this machine."""
    return url.startswith("/")


def origin_of(url: str) -> str:
    """`https://host:port/` of an http or https URL; empty for every other transport."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}/" if parts.scheme in {"http", "https"} else ""


def _checked_scheme(url: str) -> str:
    try:
        parts = urlsplit(url)
        host, password = parts.hostname or "", parts.password
    except ValueError:
        raise UsageError("the repository's URL cannot be read") from None
    if parts.scheme not in {"https", "http", "ssh"}:
        raise UsageError(f"{parts.scheme}:// is not allowed", remedy="Use https://, ssh:// or an absolute path")
    if not host or host.startswith("-"):
        raise UsageError(f"{_without_secret(url)!r} names no host")
    if password is not None or (parts.scheme != "ssh" and parts.username is not None):
        raise UsageError(
            f"{_without_secret(url)!r} holds credentials",
            remedy="Take them out of the URL and configure the token, which goes to git by its environment",
        )
    if parts.query or parts.fragment:
        raise UsageError(f"{url.partition('?')[0]!r} has a query or a fragment", remedy="Write the plain clone URL")
    return url


def _without_secret(url: str) -> str:
    return re.sub(r"^([a-z+]*://)?.*@", r"\1", url.partition("?")[0])
