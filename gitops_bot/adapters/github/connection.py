"""Requests to GitHub over PyGithub's transport and App signatures: who asks, what is asked again, what an answer means.

A POST is never sent twice unless GitHub said that the first one did nothing. No token reaches a message.
"""

from __future__ import annotations

import json
import logging
import math
import re
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import github
import github.Auth
import jwt
import requests

from gitops_bot.adapters import forges
from gitops_bot.adapters.pace import Pace
from gitops_bot.errors import ForgeDenied, ForgeError, ForgeRefused, ForgeUnreachable, RateLimited

PAUSES_S = (1.0, 2.0, 4.0)
"""How long to wait before asking again, where asking again is safe."""
LIMIT = re.compile(r"rate limit|\babuse\b|submitted too quickly", re.IGNORECASE)
"""In words: GitHub has no code for most of its limits."""

_RENEW_BEFORE = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Token:
    """A ready token: a person's, an Actions run's or an App installation's. A callable is asked before each request."""

    source: str | Callable[[], str] = field(repr=False)

    def read(self) -> str:
        """The token of the moment."""
        return self.source() if callable(self.source) else self.source


@dataclass(frozen=True, slots=True)
class App:
    """A GitHub App: it signs for installation tokens, narrowed to the one repository."""

    app_id: int | str
    private_key: str = field(repr=False)
    """PEM."""
    installation_id: int | None = None
    """None: GitHub is asked which installation serves the repository."""

    def sign(self) -> str:
        """A short-lived proof of being the App. Errors: ForgeDenied for a key that is none."""
        try:
            return github.Auth.AppAuth(self.app_id, self.private_key).token
        except (AssertionError, ValueError, jwt.PyJWTError):
            raise ForgeDenied("the App's private key is not a PEM key", remedy="Give the .pem file's content") from None


@dataclass(frozen=True, slots=True)
class Settings:
    """How to reach GitHub."""

    api_url: str
    ca_file: str | None
    timeout_s: float
    pace: Pace
    sleep: Callable[[float], None]

    def connect(self, auth: github.Auth.Auth) -> github.Github:
        """A client without PyGithub's retries, which replay POST and sleep through rate limits."""
        return github.Github(
            auth=auth,
            base_url=self.api_url,
            verify=self.ca_file or True,
            timeout=max(1, math.ceil(self.timeout_s)),
            user_agent="gitops-bot",
            retry=None,
            seconds_between_requests=0,
            seconds_between_writes=0,
            lazy=True,
        )


class Credentials(github.Auth.Auth):
    """Puts the token of the moment on each request and remembers the last ones, to keep them out of messages."""

    def __init__(self, token_type: str, read: Callable[[], str]) -> None:
        self._type = token_type
        self._tokens = forges.Tokens("GitHub", read)

    @property
    def token_type(self) -> str:
        """`token` or `Bearer`."""
        return self._type

    @property
    def token(self) -> str:
        """The token. Errors: ForgeDenied for one that no header can hold (`requests` would quote it in its error)."""
        return self._tokens.next()

    @property
    def latest(self) -> str:
        """The newest token that was used."""
        return self._tokens.latest

    def scrub(self, text: str) -> str:
        """The text without any token that was used lately."""
        return self._tokens.scrub(text)


class Answer(forges.Answer):
    """What GitHub said."""

    __slots__ = ()

    def refusal(self, needs: str) -> ForgeError:
        """The error that this answer is."""
        remedy = f"The token needs `{needs}` on this repository"
        match self.status:
            case 401:
                return ForgeDenied(f"the token is not valid ({self.said})", where=self.request, remedy="Give another")
            case 403:
                return ForgeDenied(self.said, where=self.request, remedy=remedy)
            case 404:
                what = f"it does not exist or the token cannot see it ({self.said})"
                return ForgeDenied(what, where=self.request, remedy=remedy)
            case 301 | 302 | 307 | 308:
                return ForgeRefused("the repository has moved", where=self.request, remedy="Configure its present name")
            case _:
                return ForgeRefused(f"{self.said} (status {self.status})", where=self.request)


class Api:
    """Requests under one identity, repeated where that is safe."""

    def __init__(self, credentials: Credentials, settings: Settings, *, renewed: bool = False) -> None:
        """renewed: the tokens are new every hour, and some of GitHub's servers learn of one a little late."""
        self._credentials = credentials
        self._github = settings.connect(credentials)
        self._sleep, self._pace = settings.sleep, settings.pace
        self._renewed = renewed
        self._proven = ""
        # At DEBUG it writes answers out, and one kind of answer is an installation token.
        logging.getLogger("github.Requester").setLevel(logging.INFO)

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

        makes: how many things a write makes. Errors: ForgeUnreachable, RateLimited, ForgeRefused (a redirect to another
        host). Other statuses are answers.
        """
        writes = 0 if verb == "GET" or _only_asks(body) else makes
        for pause in PAUSES_S:
            try:
                answer = self._once(verb, path, query, body, etag, writes)
            except ForgeUnreachable:
                if verb == "POST":
                    raise
            else:
                if not self._too_new(answer):
                    return answer
            self._sleep(pause)
        return self._once(verb, path, query, body, etag, writes)

    def graphql(self, query: str, **variables: Any) -> Answer:
        """One GraphQL query or mutation: what GitHub refuses there comes with status 200 and is a 422 here.

        Errors: the same, and ForgeDenied.
        """
        body = {"query": query, **({"variables": variables} if variables else {})}
        answer = self.ask("POST", self._github.requester.graphql_url, body=body)
        errors = answer.data.get("errors") if isinstance(answer.data, Mapping) else None
        if not answer.ok or not errors:
            return answer
        refused = Answer(answer.request, 422, answer.headers, answer.data, answer.said)
        match errors[0].get("type") if isinstance(errors[0], Mapping) else "":
            case "RATE_LIMITED":
                raise self.limit(refused)
            case "FORBIDDEN" | "NOT_FOUND" | "INSUFFICIENT_SCOPES":
                return replace(refused, status=403)
        return refused

    def mutate(self, document: str, variables: Mapping[str, Any]) -> Answer:
        """A document of one mutation for each variable; what GitHub refuses stands in it, beside what it did.

        Errors: as `ask`.
        """
        body = {"query": document, "variables": variables}
        return self.ask("POST", self._github.requester.graphql_url, body=body, makes=len(variables))

    def limit(self, answer: Answer) -> RateLimited:
        """The error that this answer is, where it is a limit; from now on nothing is sent until it ends."""
        return self._pace.limited(f"{answer.said} (status {answer.status})", answer.request, answer.headers)

    def token(self) -> str:
        """The token of the moment."""
        return self._credentials.token

    def close(self) -> None:
        """Close the connections."""
        self._github.close()

    def _too_new(self, answer: Answer) -> bool:
        if self._renewed and answer.status in (401, 404):
            return self._proven != self._credentials.latest
        self._proven = self._credentials.latest
        return False

    def _once(self, verb: str, path: str, query: Mapping[str, Any] | None, body: Any, etag: str, writes: int) -> Answer:
        request, scrub = f"{verb} {path}", self._credentials.scrub
        headers = {"Accept": "application/vnd.github+json", "X-GitHub-Api-Version": "2022-11-28"}
        if etag:
            headers["If-None-Match"] = etag
        try:
            with self._pace.turn(request, writes=writes):
                status, answered, text = self._github.requester.requestJson(
                    verb, path, dict(query or {}), headers, body
                )
            data = _parsed(status, text)
        # The causes hold the request with its headers, so they are not chained.
        except (requests.RequestException, json.JSONDecodeError) as error:
            raise ForgeUnreachable(f"no answer from GitHub: {scrub(str(error))}", where=request) from None
        except RuntimeError as error:  # a redirect to another host, which PyGithub does not follow
            raise ForgeRefused(scrub(str(error)), where=request, remedy="Correct the API address") from None
        if status >= 500:
            raise ForgeUnreachable(f"GitHub answered {status}", where=request)
        answer = Answer(request, status, answered, data, scrub(_said(data)))
        if _is_limit(answer):
            raise self.limit(answer)
        self._pace.seen(answered)
        return answer


class Installation:
    """Installation tokens of an App for one repository, renewed before they end."""

    def __init__(self, app: App, repository: str, settings: Settings, now: Callable[[], datetime]) -> None:
        self._app, self._repository, self._now = app, repository, now
        self._api = Api(Credentials("Bearer", app.sign), settings)
        self._lock = threading.Lock()
        self._token = ""
        self._renew_at = datetime.min.replace(tzinfo=UTC)

    def token(self) -> str:
        """The present token; safe to ask from several threads."""
        with self._lock:
            if self._now() >= self._renew_at:
                self._renew()
            return self._token

    def login(self) -> str:
        """The name under which the App acts."""
        return f"{self._ask('GET', '/app')['slug']}[bot]"

    def close(self) -> None:
        """Close the connections."""
        self._api.close()

    def _renew(self) -> None:
        number = self._app.installation_id or self._ask("GET", f"/repos/{self._repository}/installation")["id"]
        narrowed = {"repositories": [self._repository.partition("/")[2]]}
        given = self._ask("POST", f"/app/installations/{number}/access_tokens", narrowed)
        self._token, self._renew_at = given["token"], datetime.fromisoformat(given["expires_at"]) - _RENEW_BEFORE

    def _ask(self, verb: str, path: str, body: Any = None) -> Any:
        return self._api.ask(verb, path, body=body).granted("an installation of the App")


def _parsed(status: int, text: str) -> Any:
    """The answer's JSON. A refusal may come from a proxy that speaks HTML: then its status has to do."""
    try:
        return json.loads(text) if text else None
    except (json.JSONDecodeError, RecursionError) as error:
        if status < 400:
            raise json.JSONDecodeError(str(error), text[:80], 0) from error
        return None


def _said(data: Any) -> str:
    if not isinstance(data, Mapping):
        return "no explanation"
    errors = data.get("errors") or ()
    details = [errors] if isinstance(errors, str) else [_field_error(error) for error in errors]
    message = str(data.get("message", "" if details else "no explanation"))  # GraphQL has none beside its errors
    return " ".join(part for part in (message, f"({'; '.join(details)})" if details else "") if part)


def _field_error(error: Any) -> str:
    if not isinstance(error, Mapping):
        return str(error)
    return str(error.get("message") or f"{error.get('field', error.get('resource', ''))}: {error.get('code', '')}")


def _is_limit(answer: Answer) -> bool:
    """Rate limits come as 429, as 403 with headers or words, and as 422 with the code `abuse`."""
    in_words = LIMIT.search(answer.said) is not None
    match answer.status:
        case 429:
            return True
        case 403:
            return in_words or "retry-after" in answer.headers or answer.headers.get("x-ratelimit-remaining") == "0"
        case 422:
            return in_words
    return False


def _only_asks(body: Any) -> bool:
    """GraphQL asks by POST, too."""
    query = body.get("query", "") if isinstance(body, Mapping) else ""
    return isinstance(query, str) and query.lstrip().startswith(("query", "{"))
