"""The requests that the bot makes of an API server, all of them reading, and what its refusals mean to people."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from gitops_bot.adapters.kubernetes.access import Access, Expired
from gitops_bot.adapters.kubernetes.connection import Connection, Refused
from gitops_bot.errors import ClusterDenied, ClusterUnreachable, KindAbsent, ObjectAbsent
from gitops_bot.model import Kind

Resource = Mapping[str, Any]
EVENTS = Kind("", "v1", "events", "Event")


@dataclass(frozen=True, slots=True)
class Scope:
    """Which objects."""

    kind: Kind
    namespace: str = ""
    """Empty: all of them."""
    labels: str = ""
    """A label selector; empty: all."""


@dataclass(frozen=True, slots=True)
class Page:
    """A part of a list."""

    objects: tuple[Resource, ...]
    more: str
    """The token of the next page; empty after the last."""
    version: str
    """The list's resourceVersion, where a watch goes on from."""


@dataclass(frozen=True, slots=True)
class Change:
    """One event of a watch."""

    resource: Resource
    """The object after it; of a bookmark, nothing but its resourceVersion."""
    is_gone: bool = False
    is_bookmark: bool = False


class Api:
    """One API server. Every method may raise ClusterDenied and ClusterUnreachable."""

    def __init__(
        self, access: Access, *, timeout_s: tuple[float, float], limit: int, sleep: Callable[[float], None]
    ) -> None:
        """Errors: ClusterUnreachable (there is no such configuration)."""
        self._access = access
        self._limit = limit
        self._connection = Connection(access, timeout_s, sleep)

    def page(self, scope: Scope, token: str = "", fields: str = "") -> Page:
        """One page of a list; `fields` is a field selector. Errors: Expired, ObjectAbsent (kind not installed)."""
        query = {"limit": str(self._limit), "continue": token, "labelSelector": scope.labels, "fieldSelector": fields}
        answer = self._get("list", scope, "", query)
        try:
            objects = tuple(_named(each, scope.kind) for each in answer["items"] or ())
            metadata = answer.get("metadata") or {}
            return Page(objects, metadata.get("continue") or "", str(metadata.get("resourceVersion") or ""))
        except (LookupError, TypeError, AttributeError) as error:
            raise self._strange() from error

    def one(self, kind: Kind, namespace: str, name: str) -> Resource:
        """One object by its name. Errors: ObjectAbsent (also: the kind is not installed)."""
        answer = self._get("get", Scope(kind, namespace), name, {})
        try:
            return _named(answer, kind)
        except TypeError as error:
            raise self._strange() from error

    def changes(self, scope: Scope, since: str, for_s: int) -> Iterator[Change]:
        """What changed since a resourceVersion, until the server ends the watch as it was asked to.

        Errors: Expired (nobody knows any more what changed since), ObjectAbsent (kind not installed).
        """
        query = {"watch": "true", "resourceVersion": since, "allowWatchBookmarks": "true", "timeoutSeconds": str(for_s)}
        lines = self._connection.lines(_path(scope), _given(query | {"labelSelector": scope.labels}), for_s)
        try:
            with closing(lines):
                yield from map(self._change, lines)
        except Refused as refused:
            raise self._meant(refused, "watch", scope) from refused

    def _change(self, line: Any) -> Change:
        try:
            resource = line["object"]
            match line["type"]:
                case "ADDED" | "MODIFIED":
                    return Change(_identified(resource))
                case "DELETED":
                    return Change(_identified(resource), is_gone=True)
                case "BOOKMARK":
                    return Change(_identified(resource), is_bookmark=True)
                case "ERROR" if resource["code"] == 410:
                    raise Expired
                case told:
                    raise self._connection.unreachable(f"the watch ended with {told}", str(resource.get("message", "")))
        except (LookupError, TypeError, AttributeError) as error:
            raise self._strange() from error

    def _get(self, verb: str, scope: Scope, name: str, query: Mapping[str, str]) -> Any:
        try:
            return self._connection.get(_path(scope, name), _given(query))
        except Refused as refused:
            raise self._meant(refused, verb, scope, name) from refused

    def _strange(self) -> ClusterUnreachable:
        return self._connection.unreachable("what answers is not the Kubernetes API")

    def _meant(self, refused: Refused, verb: str, scope: Scope, name: str = "") -> Exception:
        match refused.status:
            case 410:
                return Expired()
            case 401:
                return self._unknown()
            case 403:
                return self._forbidden(refused, verb, scope, name)
            case 404 if name and (refused.said.get("details") or {}).get("name") == name:
                what = f"there is no {scope.kind.name} {scope.namespace}/{name}"
                return ObjectAbsent(what, where=str(self._access), remedy="Check its name and namespace.")
            case 404:
                return self._not_installed(scope.kind)
            case status:
                return self._connection.unreachable(f"the API answered {status}", refused.message)

    def _unknown(self) -> ClusterDenied:
        remedy = f"`{self._access.kubectl('auth whoami')}` tries them; an exec plugin that fails leaves none"
        return ClusterDenied("the credentials were refused (401)", where=str(self._access), remedy=remedy)

    def _forbidden(self, refused: Refused, verb: str, scope: Scope, name: str) -> ClusterDenied:
        place = f"the namespace {scope.namespace}" if scope.namespace else "all namespaces"
        option = f"-n {scope.namespace}" if scope.namespace else "-A"
        resource = ".".join(part for part in (scope.kind.plural, scope.kind.group) if part)
        which = f"{resource}/{name}" if name else resource
        by_name = f" for resourceNames: [{name}]" if name else ""
        what = f"the bot may not {verb} {which} in {place}{self._connection.told(refused.message)}"
        remedy = f"Grant it the verb {verb}{by_name}; `{self._access.kubectl(f'auth can-i {verb} {which} {option}')}`"
        return ClusterDenied(what, where=str(self._access), remedy=f"{remedy} tells")

    def _not_installed(self, kind: Kind) -> KindAbsent:
        resource = ".".join(part for part in (kind.plural, kind.group) if part)
        what = f"the kind {kind.name} is not installed: no {resource} in version {kind.version}"
        remedy = f"Install its CustomResourceDefinition; `{self._access.kubectl('api-resources')}` lists what there is"
        return KindAbsent(what, where=str(self._access), remedy=remedy)


def of_object(uid: str) -> str:
    """The field selector of the events of one object; empty for what is no uid."""
    return f"involvedObject.uid={uid}" if re.fullmatch(r"[\w-]+", uid) else ""


def _path(scope: Scope, name: str = "") -> str:
    """The core group has a path of its own."""
    kind = scope.kind
    start = f"/apis/{kind.group}/{kind.version}" if kind.group else f"/api/{kind.version}"
    within = f"/namespaces/{quote(scope.namespace, safe='')}" if scope.namespace else ""
    return f"{start}{within}/{kind.plural}" + (f"/{quote(name, safe='')}" if name else "")


def _given(query: Mapping[str, str]) -> Mapping[str, str]:
    return {name: value for name, value in query.items() if value}


def _identified(resource: Any) -> Resource:
    """The same, if it can be an object of the API. Errors: TypeError."""
    if not isinstance(resource, dict) or not isinstance(resource.get("metadata"), dict):
        raise TypeError("no object of the API")
    return resource


def _named(resource: Any, kind: Kind) -> Resource:
    """With the kind in it, as everywhere but in a list of a built-in kind. Errors: TypeError."""
    if isinstance(resource, dict):
        resource.setdefault("apiVersion", f"{kind.group}/{kind.version}".lstrip("/"))
        resource.setdefault("kind", kind.name)
    return _identified(resource)
