"""What all adapters of metrics over HTTP share, and those of vendors: one server, its credentials, its troubles."""

from gitops_bot.adapters.metrics_http.provider import HttpMetrics
from gitops_bot.adapters.metrics_http.server import Credential, Server
from gitops_bot.adapters.metrics_http.trouble import NoAnswer, cut, missing, reading

__all__ = ["Credential", "HttpMetrics", "NoAnswer", "Server", "cut", "missing", "reading"]
