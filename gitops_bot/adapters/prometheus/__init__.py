"""Prometheus, and what speaks its API, as `Metrics`."""

from gitops_bot.adapters.prometheus.metrics import PrometheusMetrics

__all__ = ["PrometheusMetrics"]
