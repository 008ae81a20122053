"""The metrics servers of the bot configuration as adapters: one row a provider, imported when it is chosen."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gitops_bot.errors import PolicyInvalid
from gitops_bot.policy.config import (
    Datadog,
    Dynatrace,
    JsonEndpoint,
    MetricsOverHttp,
    MetricsServer,
    NewRelic,
    Prometheus,
    SecretRef,
)
from gitops_bot.ports import Metrics

if TYPE_CHECKING:
    from gitops_bot.adapters.metrics_http import Server

Secret = Callable[[SecretRef], Callable[[], str]]
"""Gives what reads a secret when it is needed."""


def metrics(name: str, given: MetricsServer, secret: Secret) -> Metrics:
    """The adapter of one metrics server. Errors: PolicyInvalid."""
    if given.recorded:
        from gitops_bot.adapters.recorded import RecordedMetrics  # noqa: PLC0415 - imported when it is chosen

        return RecordedMetrics(Path(given.recorded.file))
    server = given.over_http
    if server is None:
        raise PolicyInvalid("a provider is needed", where=f"spec.metrics.{name}")
    return _PROVIDERS[type(server)](server, secret)


def _prometheus(given: Prometheus, secret: Secret) -> Metrics:
    from gitops_bot.adapters.prometheus import PrometheusMetrics  # noqa: PLC0415 - see above

    return PrometheusMetrics(_server(given.url, given, secret, _bearer(given.token_from)))


def _datadog(given: Datadog, secret: Secret) -> Metrics:
    from gitops_bot.adapters.metrics_http import HttpMetrics, datadog  # noqa: PLC0415 - see above

    keys = ((datadog.API_KEY, given.api_key_from, ""), (datadog.APPLICATION_KEY, given.application_key_from, ""))
    return HttpMetrics(_server(given.url, given, secret, keys), datadog.ask)


def _new_relic(given: NewRelic, secret: Secret) -> Metrics:
    from gitops_bot.adapters.metrics_http import HttpMetrics, new_relic  # noqa: PLC0415 - see above

    key = ((new_relic.API_KEY, given.api_key_from, ""),)
    return HttpMetrics(_server(given.url, given, secret, key), new_relic.asking(given.account))


def _dynatrace(given: Dynatrace, secret: Secret) -> Metrics:
    from gitops_bot.adapters.metrics_http import HttpMetrics, dynatrace  # noqa: PLC0415 - see above

    token = ((dynatrace.TOKEN, given.token_from, dynatrace.TOKEN_PREFIX),)
    return HttpMetrics(_server(given.url, given, secret, token), dynatrace.ask)


def _json_endpoint(given: JsonEndpoint, secret: Secret) -> Metrics:
    from gitops_bot.adapters.metrics_http import HttpMetrics, json_endpoint  # noqa: PLC0415 - see above

    return HttpMetrics(_server(given.url, given, secret, _bearer(given.token_from)), json_endpoint.ask)


_PROVIDERS: Mapping[type[MetricsOverHttp], Callable[[Any, Secret], Metrics]] = {
    Prometheus: _prometheus,
    Datadog: _datadog,
    NewRelic: _new_relic,
    Dynatrace: _dynatrace,
    JsonEndpoint: _json_endpoint,
}

_Keys = Sequence[tuple[str, SecretRef, str]]
"""Header, where its secret is, what stands before the secret."""


def _bearer(token: SecretRef | None) -> _Keys:
    return (("Authorization", token, "Bearer "),) if token else ()


def _server(url: str, given: MetricsOverHttp, secret: Secret, keys: _Keys) -> Server:
    from gitops_bot.adapters.metrics_http import Credential, Server  # noqa: PLC0415 - see above

    named = ((header, reference, "") for header, reference in given.headers_from.items())
    return Server(
        url,
        credentials=[Credential(header, secret(reference), prefix) for header, reference, prefix in (*named, *keys)],
        headers=given.headers,
        ca_file=given.ca_file,
        verify=not given.insecure_skip_verify,
        timeout_s=given.timeout.total_seconds(),
    )
