"""Runs git's commands through GitPython's command runner, hardened: the one way from here to a git process.

Arguments are lists, the child's configuration and secrets travel in its environment, nothing of ours or of the
machine's git configuration is read, every command ends within its time, and every error text is scrubbed.
"""

from __future__ import annotations

import base64
import os
import re
import signal
import subprocess
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from git.cmd import Git as Command
from git.exc import GitCommandNotFound

from gitops_bot.adapters.git.guard import is_local, origin_of
from gitops_bot.errors import RepositoryDenied, RepositoryError, RepositoryUnreachable

Token = Callable[[], str]
"""Gives the token of the moment: App tokens expire."""

_CONFIG = {
    "core.hooksPath": "/dev/null",
    "credential.helper": "",
    "gc.auto": "0",
    "maintenance.auto": "false",
    "protocol.ext.allow": "never",
    "protocol.version": "2",
    "transfer.fsckObjects": "true",
    # A redirect to another host would take the Authorization header along.
    "http.followRedirects": "false",
}
_ENVIRONMENT = {
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_CONFIG_GLOBAL": "/dev/null",
    "GIT_NO_REPLACE_OBJECTS": "1",
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_ASKPASS": "",  # set and empty: SSH_ASKPASS is not asked either
    "LC_ALL": "C",
}
_INHERITED = ("GIT_SSL_", "GIT_SSH", "GIT_PROXY_SSL_", "GIT_HTTP_")
"""Of git's own variables these reach the child (certificates, ssh, proxies); GIT_DIR, GIT_TRACE and the like do not."""

# git tells an HTTP refusal apart in its error text only. Under LC_ALL=C that text is fixed: curl's line with the status
# code, or, after a 401, git's word that it has no credentials left to try. The last one is ssh's, never translated.
_DENIED = re.compile(
    r"requested URL returned error: 40[13]|HTTP 40[13]\b|could not read (?:Username|Password) for|Authentication failed"
    r"|Permission denied \("
)


@dataclass(frozen=True, slots=True)
class Result:
    """How a command ended; `errors` is scrubbed."""

    status: int
    output: bytes
    errors: str


class Git:
    """Git in one repository: `git("cat-file", "-p", oid)` is its output as bytes.

    `url` is the remote the commands may talk to; without one no transport is allowed at all. `config` is added to
    git's configuration for these commands alone. `token` is called for every command.
    """

    def __init__(
        self,
        git_dir: Path,
        *,
        url: str = "",
        token: Token | None = None,
        config: Mapping[str, str] | None = None,
        timeout_s: float = 120,
    ) -> None:
        self._git_dir = git_dir.absolute()
        self._url = url
        self._token = token
        self._config = {**_CONFIG, **(config or {})}
        self._timeout_s = timeout_s

    def __call__(self, *args: str, stdin: bytes = b"", env: Mapping[str, str] | None = None) -> bytes:
        """The command's output. Errors: RepositoryDenied, RepositoryUnreachable (with a remote), RepositoryError."""
        result = self.run(*args, stdin=stdin, env=env)
        if result.status != 0:
            raise self.failure(args[0], result)
        return result.output

    def run(self, *args: str, stdin: bytes = b"", env: Mapping[str, str] | None = None) -> Result:
        """The command's end, whatever its status. Errors: RepositoryError when it took too long or git is missing."""
        token = self._token() if self._token else ""
        process = self._start(args, token, env or {})
        try:
            output, errors = process.communicate(stdin, timeout=self._timeout_s)
        except subprocess.TimeoutExpired:
            raise self._error(f"git {args[0]} did not end within {self._timeout_s:g} s") from None
        finally:
            stop(process)
        return Result(process.returncode, _scrub_bytes(output, token), scrub(_decode(errors), token))

    def start(self, *args: str) -> subprocess.Popen[bytes]:
        """A process that goes on, without a limit of time; who starts it ends it by `stop`."""
        return self._start(args, "", {})

    def failure(self, command: str, result: Result) -> RepositoryError:
        """The error behind a command that ended badly."""
        text = f"git {command}: {_summary(result.errors) or f'exit status {result.status}'}"
        if self._url and _DENIED.search(result.errors):
            remedy = "Check that the token is valid and may read and push this repository"
            return RepositoryDenied(text, where=self._url, remedy=remedy)
        return self._error(text)

    def _error(self, text: str) -> RepositoryError:
        return RepositoryUnreachable(text, where=self._url) if self._url else RepositoryError(text)

    def _start(self, args: tuple[str, ...], token: str, extra: Mapping[str, str]) -> subprocess.Popen[bytes]:
        env = {**self._environment(token), **extra}
        # GitPython adds to our own environment and cannot take away from it; `env -u` can, and then becomes git.
        dropped = [name for name in os.environ if name.startswith("GIT_") and name not in env and not _inherits(name)]
        unset = ["env", *(f"--unset={name}" for name in dropped)] if dropped else []
        try:
            wrapper = Command("/").execute(
                [*unset, "git", *args],
                istream=subprocess.PIPE,
                env=env,
                as_process=True,
                shell=False,
                start_new_session=True,  # one group to kill, and no terminal to ask on
            )
        except (GitCommandNotFound, OSError, ValueError) as error:
            # From None: GitPython's exceptions and the argument errors of exec show more than they should.
            raise self._error(f"git cannot be run ({type(error).__name__})") from None
        process: subprocess.Popen[bytes] | None = wrapper.proc
        assert process
        wrapper.proc = None  # the process is ours to end: GitPython's wrapper would when it is collected
        return process

    def _environment(self, token: str) -> dict[str, str]:
        protocols = "" if not self._url else "file" if is_local(self._url) else "https:http:ssh"
        config = {**self._config, **_authorization(self._url, token)}
        pairs = {f"GIT_CONFIG_KEY_{n}": key for n, key in enumerate(config)}
        pairs |= {f"GIT_CONFIG_VALUE_{n}": value for n, value in enumerate(config.values())}
        return {
            **_ENVIRONMENT,
            **_trust(),
            "GIT_DIR": str(self._git_dir),
            "GIT_ALLOW_PROTOCOL": protocols or "none",
            "GIT_SSH_COMMAND": os.environ.get("GIT_SSH_COMMAND", "ssh -oBatchMode=yes"),
            "GIT_CONFIG_COUNT": str(len(config)),
            **pairs,
        }


def stop(process: subprocess.Popen[bytes]) -> None:
    """Kill what is left of a command and its helpers, close its pipes and reap it."""
    pipes = [pipe for pipe in (process.stdin, process.stdout, process.stderr) if pipe]
    if process.poll() is None or not all(pipe.closed for pipe in pipes):
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
    for pipe in pipes:
        with suppress(BrokenPipeError):
            pipe.close()
    process.wait()


def scrub(text: str, token: str = "") -> str:
    """The text without the token in any of its forms, and without user names or passwords in URLs."""
    for form in sorted(_forms(token), key=len, reverse=True):
        text = text.replace(form, "***")
    return re.sub(r"(?<=://)[^/\s']*@", "***@", text)


def _scrub_bytes(output: bytes, token: str) -> bytes:
    """The same for output, only where there is a token: what a server says is short, what a cache holds is not."""
    return (
        scrub(output.decode("utf-8", "surrogateescape"), token).encode("utf-8", "surrogateescape") if token else output
    )


def _decode(errors: bytes) -> str:
    return errors.decode("utf-8", "replace")


def _forms(token: str) -> set[str]:
    if not token:
        return set()
    return {token, quote(token, safe=""), _basic(token), base64.b64encode(token.encode()).decode()}


def _basic(token: str) -> str:
    return base64.b64encode(f"x-access-token:{token}".encode()).decode()


def _authorization(url: str, token: str) -> dict[str, str]:
    origin = origin_of(url)
    return {f"http.{origin}.extraHeader": f"Authorization: Basic {_basic(token)}"} if token and origin else {}


def _trust() -> dict[str, str]:
    """SSL_CERT_FILE under git's own name: not every build of curl reads it by itself."""
    bundle = os.environ.get("SSL_CERT_FILE", "")
    return {"GIT_SSL_CAINFO": bundle} if bundle and "GIT_SSL_CAINFO" not in os.environ else {}


def _inherits(name: str) -> bool:
    return name.startswith(_INHERITED)


def _summary(errors: str) -> str:
    """The last lines of what git said, on one line, without control characters."""
    lines = [re.sub(r"[\x00-\x1f\x7f-\x9f]", " ", line).strip() for line in errors.splitlines()]
    return "; ".join([line for line in lines if line][-4:])[:500]
