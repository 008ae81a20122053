"""The Kubernetes client: its configuration, one page of a list, and what its exceptions mean.

`CustomObjectsApi` serves built-in groups as well (/apis/{group}/{version}/…) and is four times faster than
`DynamicClient`. Every cluster has a Configuration of its own, so that several live in one process.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import yaml
from kubernetes import config
from kubernetes.client import ApiClient, Configuration, CustomObjectsApi
from kubernetes.client.exceptions import ApiException
from kubernetes.config import ConfigException
from urllib3 import Retry
from urllib3.exceptions import HTTPError

from gitops_bot.adapters.kubernetes.access import Access, Expired
from gitops_bot.errors import ClusterDenied, ClusterUnreachable, ObjectAbsent
from gitops_bot.model import Kind

MAX_PATIENCE_S = 10.0
"""The longest wait that a server's Retry-After gets from us."""
MAX_DETAIL = 200
"""Characters of a foreign text in an error."""


# Typed in some of the client's releases, and in some not.
_load_incluster: Callable[..., None] = config.load_incluster_config
_load_file: Callable[..., None] = config.load_kube_config


class Api:
    """One API server."""

    def __init__(
        self, access: Access, *, timeout_s: tuple[float, float], limit: int, sleep: Callable[[float], None]
    ) -> None:
        """Errors: ClusterUnreachable (there is no such configuration)."""
        self._access = access
        self._timeout_s = timeout_s
        self._limit = limit
        self._sleep = sleep
        self._configuration = _configured(access)
        client = ApiClient(self._configuration)
        pool = client.rest_client.pool_manager
        # The API never redirects, and not every urllib3 in range heeds `retries` of the configuration in a redirect.
        pool.request = partial(pool.request, redirect=False)  # type: ignore[method-assign]
        self._objects = CustomObjectsApi(client)

    def page(self, kind: Kind, namespace: str, token: str) -> tuple[tuple[Mapping[str, Any], ...], str]:
        """One page of a list and the token of the next, empty after the last; an empty namespace means all.

        Errors: Expired, ObjectAbsent, ClusterDenied, ClusterUnreachable.
        """
        try:
            answer = self._patiently(kind, namespace, token)
            return tuple(answer["items"] or ()), (answer.get("metadata") or {}).get("continue") or ""
        except ApiException as error:
            raise self._refused(error, kind, namespace) from error
        except (ConfigException, HTTPError, OSError) as error:  # credentials that expired are fetched inside the call
            raise self._unreachable("no answer", _root(error)) from error
        except (LookupError, TypeError, ValueError, AttributeError) as error:
            raise self._unreachable("what answers is not the Kubernetes API") from error

    def _patiently(self, kind: Kind, namespace: str, token: str) -> Any:
        try:
            return self._list(kind, namespace, token)
        except ApiException as error:
            wait_s = _patience_s(error)
            if wait_s is None:
                raise
        self._sleep(wait_s)
        return self._list(kind, namespace, token)

    def _list(self, kind: Kind, namespace: str, token: str) -> Any:
        paging = {"limit": self._limit, "_continue": token or None, "_request_timeout": self._timeout_s}
        call: Callable[..., Any] = self._objects.list_cluster_custom_object
        if namespace:
            call = partial(self._objects.list_namespaced_custom_object, namespace=namespace)
        return call(group=kind.group, version=kind.version, plural=kind.plural, **paging)

    def _refused(self, error: ApiException, kind: Kind, namespace: str) -> Exception:
        match error.status:
            case 410:
                return Expired()
            case 401:
                return self._unknown()
            case 403:
                return self._forbidden(kind, namespace, _message(error))
            case 404:
                return self._not_installed(kind)
            case 0 | None:  # so the client reports broken TLS
                return self._unreachable("no answer", error.reason or "")
            case status:
                return self._unreachable(f"the API answered {status}", _message(error))

    def _unknown(self) -> ClusterDenied:
        remedy = f"`{self._access.kubectl('auth whoami')}` tries them; an exec plugin that fails leaves none"
        return ClusterDenied("the credentials were refused (401)", where=str(self._access), remedy=remedy)

    def _forbidden(self, kind: Kind, namespace: str, message: str) -> ClusterDenied:
        scope, option = (f"the namespace {namespace}", f"-n {namespace}") if namespace else ("all namespaces", "-A")
        resource = f"{kind.plural}.{kind.group}"
        what = f"the bot may not list {resource} in {scope}{self._told(message)}"
        remedy = f"Grant it the verb list; `{self._access.kubectl(f'auth can-i list {resource} {option}')}` tells"
        return ClusterDenied(what, where=str(self._access), remedy=remedy)

    def _not_installed(self, kind: Kind) -> ObjectAbsent:
        what = f"the kind {kind.name} is not installed: no {kind.plural}.{kind.group} in version {kind.version}"
        remedy = f"Install its CustomResourceDefinition; `{self._access.kubectl('api-resources')}` lists what there is"
        return ObjectAbsent(what, where=str(self._access), remedy=remedy)

    def _unreachable(self, what: str, detail: str = "") -> ClusterUnreachable:
        return ClusterUnreachable(f"{what}{self._told(detail)}", where=str(self._access))

    def _told(self, detail: str) -> str:
        """A foreign text to append. Secrets go before the cut, which could leave half of one."""
        detail = re.sub(r"(?i)\b(bearer|basic)\s+[\w.~+/=-]+", r"\1 ***", detail)
        for value in self._configuration.api_key.values():
            detail = detail.replace(value.split()[-1], "***")
        return f": {_cut(detail)}" if detail else ""


def _configured(access: Access) -> Configuration:
    configuration = Configuration()
    # The client's defaults would sleep as long as a Retry-After says, and try reads again in silence.
    configuration.retries = Retry(
        1, connect=1, read=0, redirect=False, status=0, other=0, respect_retry_after_header=False
    )
    try:
        if access.in_cluster:
            _load_incluster(client_configuration=configuration)
        else:
            _load_kubeconfig(access, configuration)
    except (ConfigException, OSError, ValueError, LookupError, TypeError, AttributeError, yaml.YAMLError) as error:
        # The client quotes whole entries, secrets included, after the place: what follows a brace is left out.
        detail = _cut(str(error).partition("{")[0]).rstrip(" /.")
        raise ClusterUnreachable(f"there is no usable configuration: {detail}", where=str(access)) from None
    return configuration


def _load_kubeconfig(access: Access, configuration: Configuration) -> None:
    if not access.files():
        remedy = "Set `kubeconfig`, $KUBECONFIG, or `inCluster: true`"
        raise ClusterUnreachable(f"there is no kubeconfig at {access.path}", where=str(access), remedy=remedy)
    if access.context is not None and access.context not in access.contexts():
        remedy = f"It has: {', '.join(access.contexts()) or 'none'}"
        raise ClusterUnreachable(f"{access.path} has no such context", where=str(access), remedy=remedy)
    _load_file(
        config_file=access.path, context=access.context, client_configuration=configuration, persist_config=False
    )


def _patience_s(error: ApiException) -> float | None:
    """How long a busy server asks us to wait, cut to what we are willing to; None: it does not ask."""
    after = (error.headers or {}).get("Retry-After", "") if error.status == 429 else ""
    return min(float(after), MAX_PATIENCE_S) if after.isdecimal() else None


def _message(error: ApiException) -> str:
    """The API server's own words; of anything else, such as a proxy's page, the status text."""
    try:
        return str(json.loads(error.body or "")["message"])
    except (LookupError, TypeError, ValueError):
        return error.reason or ""


def _root(error: BaseException) -> str:
    """The innermost error's text: `Connection refused`, not the layers of libraries around it."""
    while inner := error.__cause__ or next((each for each in error.args if isinstance(each, BaseException)), None):
        error = inner
    return str(error) or type(error).__name__


def _cut(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= MAX_DETAIL else line[: MAX_DETAIL - 1] + "…"
