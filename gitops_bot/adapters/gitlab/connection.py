"""Requests to GitLab over python-gitlab: who asks, what is asked again, what an answer means.

A POST is never sent twice, and no redirect is followed. No token reaches a message.
"""

from __future__ import annotations

import io
import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import gitlab
import requests
import requests.auth
from urllib3.exceptions import HTTPError

from gitops_bot.adapters import forges
from gitops_bot.adapters.pace import Pace
from gitops_bot.errors import ForgeDenied, ForgeError, ForgeRefused, ForgeUnreachable

PAUSES_S = (1.0, 2.0, 4.0)
"""How long to wait before asking again, where asking again is safe."""
MAX_BYTES = 32 * 1024 * 1024
"""Of one answer, unpacked."""

_CHUNK = 64 * 1024
_LONGEST_MESSAGE = 500
_UNKNOWN = "undefinedField"
"""Of an error of GraphQL: this GitLab has no such field."""
_API_TOKENS = "Give a project, group or personal access token with the scope api"
# GitLab gives its kinds of tokens prefixes; these kinds never reach the API's writing side.
_USELESS = {
    "glcbt-": "a CI job token may only read merge requests",
    "gldt-": "a deploy token cannot use the API",
    "glrt-": "a runner's token cannot use the API",
    "glptt-": "a trigger token can only start pipelines",
}


@dataclass(frozen=True, slots=True)
class Token:
    """A project, group or personal access token. A callable is asked before each request."""

    source: str | Callable[[], str] = field(repr=False)

    def read(self) -> str:
        """The token of the moment."""
        return self.source() if callable(self.source) else self.source


@dataclass(frozen=True, slots=True)
class Settings:
    """How to reach GitLab."""

    url: str
    """Of the instance: the API lies at /api/v4 below it."""
    ca_file: str | None
    timeout_s: float
    pace: Pace
    sleep: Callable[[float], None]


class Credentials(requests.auth.AuthBase):
    """Puts the token of the moment on each request and remembers the last ones, to keep them out of messages.

    As a bearer, which GitLab takes for every kind of token; requests never carries that to another host.
    """

    def __init__(self, read: Callable[[], str]) -> None:
        self._tokens = forges.Tokens("GitLab", read)

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        request.headers["Authorization"] = f"Bearer {self.token}"
        return request

    @property
    def token(self) -> str:
        """The token. Errors: ForgeDenied for one that no header can hold, or of a kind that can do nothing here."""
        value = self._tokens.next()
        for prefix, why in _USELESS.items():
            if value.startswith(prefix):
                raise ForgeDenied(why, remedy=_API_TOKENS)
        return value

    @property
    def latest(self) -> str:
        """The newest token that was used."""
        return self._tokens.latest

    def scrub(self, text: str) -> str:
        """The text without any token that was used lately."""
        return self._tokens.scrub(text)


class Answer(forges.Answer):
    """What GitLab said."""

    __slots__ = ()

    def refusal(self, needs: str) -> ForgeError:
        """The error that this answer is."""
        remedy = f"The token needs the scope api and {needs} in this project"
        match self.status:
            case 401:
                # GitLab says 401, too, to a user who may not merge.
                what = f"the token is not valid, or its user may not do this ({self.said})"
                return ForgeDenied(what, where=self.request, remedy=f"{remedy}; a CI job token has no such right")
            case 403:
                return ForgeDenied(self.said, where=self.request, remedy=remedy)
            case 404:
                what = f"it does not exist or the token cannot see it ({self.said})"
                return ForgeDenied(what, where=self.request, remedy=remedy)
            case 301 | 302 | 303 | 307 | 308:
                what = "GitLab answers from another address: the project has moved, or the instance has"
                return ForgeRefused(what, where=self.request, remedy="Configure the present one")
            case _:
                return ForgeRefused(f"{self.said} (status {self.status})", where=self.request)


class Api:
    """Requests under one identity, repeated where that is safe, writes apart from each other."""

    def __init__(self, credentials: Credentials, settings: Settings) -> None:
        self._credentials = credentials
        self._settings = settings
        self._line = _Line(credentials, settings.timeout_s)
        # Without its own token python-gitlab leaves the session's credentials be.
        self._gitlab = gitlab.Gitlab(
            settings.url,
            ssl_verify=settings.ca_file or True,
            timeout=settings.timeout_s,
            user_agent="gitops-bot",
            session=self._line,
        )
        self._proven = ""

    def ask(
        self,
        verb: str,
        path: str,
        *,
        query: Mapping[str, Any] | None = None,
        body: Any = None,
        etag: str = "",
        makes: int = 1,
    ) -> Answer:
        """Send, and again after a pause when nobody answered; never so for POST, which may have had its effect.

        makes: how many things a write makes. Errors: ForgeUnreachable, RateLimited. Other statuses are answers.
        """
        writes = 0 if verb == "GET" else makes
        for pause in PAUSES_S:
            try:
                answer = self._once(verb, path, query, body, etag, writes)
            except ForgeUnreachable:
                if verb == "POST" and writes:
                    raise
            else:
                if not self._too_new(answer):
                    return answer
            self._settings.sleep(pause)
        return self._once(verb, path, query, body, etag, writes)

    def mutate(self, document: str, variables: Mapping[str, Any]) -> Answer:
        """A GraphQL document of one mutation for each variable; what GitLab refuses stands in it, beside what it did.

        Errors: as `ask`.
        """
        return self._graphql(document, variables, makes=len(variables))

    def find(self, document: str, **variables: Any) -> Any:
        """What a GraphQL query finds; None where GitLab does not know what is asked for, or answers no such questions.

        Errors: as `ask`, and ForgeRefused.
        """
        answer = self._graphql(document, variables, makes=0)
        if answer.status in (403, 404):
            return None
        data = answer.granted("the role Reporter")
        if not isinstance(data, Mapping):
            raise ForgeRefused("GraphQL answers in another form", where=answer.request)
        errors = data.get("errors") or ()
        if any((one.get("extensions") or {}).get("code") != _UNKNOWN for one in errors):
            raise ForgeRefused(_words([one.get("message") for one in errors])[:_LONGEST_MESSAGE], where=answer.request)
        return None if errors else data.get("data")

    def token(self) -> str:
        """The token of the moment."""
        return self._credentials.token

    def close(self) -> None:
        """Close the connections."""
        self._line.close()

    def _graphql(self, document: str, variables: Mapping[str, Any], *, makes: int) -> Answer:
        body = {"query": document, "variables": variables}
        return self.ask("POST", f"{self._settings.url.rstrip('/')}/api/graphql", body=body, makes=makes)

    def _too_new(self, answer: Answer) -> bool:
        """After a rotation some of GitLab's servers learn of the new token a little late."""
        if answer.status in (401, 404) and self._proven:
            return self._proven != self._credentials.latest
        if answer.ok or answer.status == 304:
            self._proven = self._credentials.latest
        return False

    def _once(self, verb: str, path: str, query: Mapping[str, Any] | None, body: Any, etag: str, writes: int) -> Answer:
        request, scrub = f"{verb} {path}", self._credentials.scrub
        try:
            with self._settings.pace.turn(request, writes=writes):
                response = self._sent(verb, path, query, body, {"If-None-Match": etag} if etag else {})
            status, data = response.status_code, _parsed(response)
        # The causes hold the request with its headers, so they are not chained. All that requests raises is an OSError.
        except (OSError, HTTPError, ValueError, RecursionError) as error:
            raise ForgeUnreachable(f"no answer from GitLab: {scrub(str(error))}", where=request) from None
        if status >= 500 or status == 408:
            raise ForgeUnreachable(f"GitLab answered {status}", where=request)
        headers = {name.lower(): value for name, value in response.headers.items()}
        answer = Answer(request, status, headers, data, scrub(_said(data))[:_LONGEST_MESSAGE])
        if status == 429 or (status == 403 and "retry-after" in headers):
            raise self._settings.pace.limited(f"{answer.said} (status {status})", request, headers)
        self._settings.pace.seen(headers)
        return answer

    def _sent(
        self, verb: str, path: str, query: Mapping[str, Any] | None, body: Any, headers: dict[str, str]
    ) -> requests.Response:
        """One answer of any status: python-gitlab's error for a refusal lacks the headers, so it is set aside."""
        try:
            return self._gitlab.http_request(
                verb.lower(),
                path,
                query_data=dict(query or {}),
                post_data=body,
                extra_headers=headers,
                obey_rate_limit=False,
                retry_transient_errors=False,
            )
        except gitlab.GitlabError:
            if self._line.latest is None:
                raise ValueError("python-gitlab refuses the request") from None
            return self._line.latest


class _Line(requests.Session):
    """A session that follows no redirect, reads within limits, and keeps the latest answer."""

    def __init__(self, credentials: Credentials, timeout_s: float) -> None:
        super().__init__()
        self.auth = credentials
        self.latest: requests.Response | None = None
        self._timeout_s = timeout_s

    def request(self, *args: Any, **kwargs: Any) -> requests.Response:
        """As requests', with the answer read to its end."""
        self.latest = None
        response = super().request(*args, **{**kwargs, "allow_redirects": False, "stream": True})
        self._read(response)
        self.latest = response
        return response

    def _read(self, response: requests.Response) -> None:
        """A server that drips is as silent as one that says nothing: requests' own timeout is of each read alone."""
        until = time.monotonic() + self._timeout_s
        body = bytearray()
        while chunk := response.raw.read1(_CHUNK, decode_content=True):
            body += chunk
            if len(body) > MAX_BYTES or time.monotonic() > until:
                response.close()
                what = f"it is larger than {MAX_BYTES // 1024**2} MiB" if len(body) > MAX_BYTES else "it does not end"
                raise requests.ConnectionError(f"the answer was given up: {what}")
        response.raw = io.BytesIO(bytes(body))


def _parsed(response: requests.Response) -> Any:
    """The answer's JSON. A refusal may come from a proxy that speaks HTML: then its status has to do."""
    if not response.content:
        return None
    try:
        return json.loads(response.content)
    except ValueError:
        if response.status_code < 300:
            raise ValueError("the answer is not JSON") from None
        return None


def _said(data: Any) -> str:
    """GitLab's words: `message` or `error`, as text, a list, or field by field."""
    if not isinstance(data, Mapping):
        return "no explanation"
    said = data.get("message") or data.get("error_description") or data.get("error")
    return _words(said) if said else "no explanation"


def _words(said: Any) -> str:
    if isinstance(said, Mapping):
        return "; ".join(f"{name}: {_words(one)}" for name, one in said.items())
    return "; ".join(str(one) for one in said) if isinstance(said, list) else str(said)
