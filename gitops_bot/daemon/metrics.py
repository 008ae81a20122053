"""What Prometheus is told at /metrics, in its own text format: how much each forge is asked, and what is left."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from gitops_bot.model import Quota
from gitops_bot.ports import Forge, ForgeWithQuota

_METRICS: tuple[tuple[str, str, str, Callable[[Quota], int | None]], ...] = (
    ("forge_requests_total", "counter", "Requests sent under the identity", lambda one: one.requests),
    ("forge_limited_total", "counter", "Answers that were a rate limit", lambda one: one.limited),
    ("forge_quota_limit", "gauge", "Requests that the forge allows, as it last said", lambda one: one.limit),
    ("forge_quota_remaining", "gauge", "Requests that are left, as the forge last said", lambda one: one.remaining),
    ("forge_writes_remaining", "gauge", "Writes that are left in this hour", lambda one: one.writes_left),
    ("forge_wait_seconds", "gauge", "How long the forge wants to be left alone", lambda one: one.waits_s),
)


def exposition(forges: Mapping[str, Forge]) -> str:
    """The forges' quotas by repository; what a forge did not say is left out. Repositories may share an identity."""
    quotas = {name: forge.quota() for name, forge in forges.items() if isinstance(forge, ForgeWithQuota)}
    lines: list[str] = []
    for metric, kind, words, value in _METRICS:
        shown = {name: found for name, quota in quotas.items() if (found := value(quota)) is not None}
        if shown:
            lines += [f"# HELP gitops_bot_{metric} {words}.", f"# TYPE gitops_bot_{metric} {kind}"]
            lines += [f'gitops_bot_{metric}{{repository="{_label(name)}"}} {found}' for name, found in shown.items()]
    return "\n".join(lines)


def _label(name: str) -> str:
    return name.replace("\\", r"\\").replace('"', r"\"").replace("\n", r"\n")
