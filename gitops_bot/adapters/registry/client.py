"""One registry as `Registry`: its own host and the hosts of tokens that the configuration names, and no other.

Credentials go to those hosts in a header, never into a URL; a redirect is not followed, because it could carry them
elsewhere.
"""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlsplit

import requests

from gitops_bot.adapters.registry.challenge import Challenge, next_page
from gitops_bot.errors import RegistryDenied, RegistryUnreachable

MANIFESTS = ", ".join(
    (
        "application/vnd.oci.image.index.v1+json",
        "application/vnd.docker.distribution.manifest.list.v2+json",
        "application/vnd.oci.image.manifest.v1+json",
        "application/vnd.docker.distribution.manifest.v2+json",
    )
)
"""An index first: its digest serves every node, whatever its platform."""

MAX_BYTES = 8 * 1024 * 1024
MAX_PAGES = 200
MAX_PATIENCE_S = 10.0

Credentials = Callable[[], tuple[str, str]]
"""User and password or token, read when they are needed."""


class HttpRegistry:
    """A registry at a URL."""

    def __init__(
        self,
        url: str,
        *,
        credentials: Credentials | None = None,
        token_hosts: tuple[str, ...] = (),
        ca_file: str | None = None,
        timeout_s: tuple[float, float] = (5, 30),
        page: int = 1000,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        """`token_hosts` are those, besides its own, that may be asked for a token. `page` is the tags in one answer."""
        self._url = url.rstrip("/")
        self._credentials = credentials
        self._hosts = {urlsplit(self._url).netloc, *token_hosts}
        self._timeout_s = timeout_s
        self._page = page
        self._sleep = sleep
        self._session = requests.Session()
        self._session.trust_env = False  # no ~/.netrc, whose passwords are nobody's to send
        self._session.verify = ca_file or True
        self._proofs: dict[str, Mapping[str, str]] = {}

    def tags(self, repository: str) -> tuple[str, ...]:
        """Every tag of a repository, in the registry's order. Errors: RegistryUnreachable, RegistryDenied."""
        found: list[str] = []
        path = f"/v2/{repository}/tags/list?n={self._page}"
        for _ in range(MAX_PAGES):
            answer, content = self._get(repository, path)
            listed = _json(content, self._url).get("tags")
            found += [one for one in listed if isinstance(one, str)] if isinstance(listed, list) else []
            path = next_page(answer.headers.get("Link", ""), repository)
            if not path:
                return tuple(found)
        raise RegistryUnreachable(f"{repository} has more than {MAX_PAGES} pages of tags", where=self._url)

    def manifest(self, repository: str, tag: str) -> tuple[bytes, str]:
        """A tag's manifest and the digest that the registry claims for it. Errors: as `tags`."""
        answer, content = self._get(repository, f"/v2/{repository}/manifests/{tag}")
        return content, answer.headers.get("Docker-Content-Digest", "")

    # ------------------------------------------------------------ one request

    def _get(self, repository: str, path: str) -> tuple[requests.Response, bytes]:
        """An answer of 200, after the one proof that the registry may ask for."""
        headers = {"Accept": MANIFESTS, **self._proofs.get(repository, {})}
        answer, content = self._patiently(f"{self._url}{path}", headers)
        if answer.status_code == 401:
            proof = self._proof(repository, Challenge.parse(answer.headers.get("WWW-Authenticate", "")))
            self._proofs[repository] = proof
            answer, content = self._patiently(f"{self._url}{path}", {**headers, **proof})
        if answer.status_code != 200:
            self._proofs.pop(repository, None)
            raise self._refused(repository, answer)
        return answer, content

    def _proof(self, repository: str, challenge: Challenge) -> Mapping[str, str]:
        """The header that answers a challenge: a token for reading this repository, or the credentials themselves."""
        if challenge.scheme == "basic" and self._credentials:
            return {"Authorization": _basic(*self._credentials())}
        if challenge.scheme != "bearer":
            raise self._denied(f"{repository} cannot be read without credentials")
        realm = urlsplit(challenge.fields.get("realm", ""))
        own = urlsplit(self._url)
        if realm.netloc not in self._hosts or realm.scheme not in ("https", own.scheme):
            what = f"the registry sends to {realm.netloc or 'nowhere'} for a token, which is not among its tokenHosts"
            raise self._denied(what)
        asked = {"service": challenge.fields.get("service", ""), "scope": f"repository:{repository}:pull"}
        given: dict[str, str] = {}
        if self._credentials:
            given["Authorization"] = _basic(*self._credentials())
        answer, content = self._patiently(f"{realm.scheme}://{realm.netloc}{realm.path}", given, asked)
        if answer.status_code != 200:
            raise self._refused(repository, answer)
        told = _json(content, self._url)
        token = told.get("token") or told.get("access_token")
        if not isinstance(token, str) or not token.isprintable() or not token:
            raise self._denied(f"{realm.netloc} gave no token for {repository}")
        return {"Authorization": f"Bearer {token}"}

    def _patiently(
        self, url: str, headers: Mapping[str, str], query: Mapping[str, str] | None = None
    ) -> tuple[requests.Response, bytes]:
        """The answer; a registry that asks for a short while is asked once more."""
        answer, content = self._once(url, headers, query)
        wait = answer.headers.get("Retry-After", "") if answer.status_code in (429, 503) else ""
        if wait.isdecimal() and float(wait) <= MAX_PATIENCE_S:
            self._sleep(float(wait))
            answer, content = self._once(url, headers, query)
        return answer, content

    def _once(
        self, url: str, headers: Mapping[str, str], query: Mapping[str, str] | None
    ) -> tuple[requests.Response, bytes]:
        try:
            with self._session.get(
                url, headers=headers, params=query, timeout=self._timeout_s, allow_redirects=False, stream=True
            ) as answer:
                return answer, self._content(answer)
        except (requests.RequestException, OSError, ValueError) as error:
            raise RegistryUnreachable(f"no answer ({type(error).__name__})", where=self._url) from None

    def _content(self, answer: requests.Response) -> bytes:
        content = b""
        for part in answer.iter_content(64 * 1024):
            content += part
            if len(content) > MAX_BYTES:
                raise RegistryUnreachable(f"an answer is longer than {MAX_BYTES} bytes", where=self._url)
        return content

    def _refused(self, repository: str, answer: requests.Response) -> RegistryDenied | RegistryUnreachable:
        match answer.status_code:
            case 401 | 403:
                return self._denied(f"the credentials may not read {repository} ({answer.status_code})")
            case 404:
                return self._denied(f"there is no {repository}, or it is not to be seen")
            case 429:
                wait = answer.headers.get("Retry-After", "")
                told = f", it asks for {wait} seconds" if wait.isdecimal() else ""
                return RegistryUnreachable(f"too many requests{told}", where=self._url)
            case status:
                return RegistryUnreachable(f"the registry answered {status}", where=self._url)

    def _denied(self, what: str) -> RegistryDenied:
        return RegistryDenied(what, where=self._url, remedy="Correct it under spec.registries of the configuration.")


def _json(content: bytes, url: str) -> Mapping[str, Any]:
    try:
        found = json.loads(content)
    except (ValueError, RecursionError):
        raise RegistryUnreachable("an answer is not JSON", where=url) from None
    return found if isinstance(found, dict) else {}


def _basic(user: str, password: str) -> str:
    return f"Basic {base64.b64encode(f'{user}:{password}'.encode()).decode()}"
