"""What was asked of the metrics and who judged it, so that a person can ask it again."""

from __future__ import annotations

from datetime import timedelta

from gitops_bot.delivery.body.checks import others
from gitops_bot.delivery.body.markup import link
from gitops_bot.delivery.body.page import Fold, Page
from gitops_bot.delivery.text import block, code, cut, markdown
from gitops_bot.model import CheckResult, Query
from gitops_bot.policy import templates
from gitops_bot.policy.quantities import format_duration


def queries(page: Page) -> Fold:
    """A piece for each judge with its figures, and one for each query."""
    pieces = [piece for check in page.verdict.checks for piece in _pieces(page, check)]
    return Fold("Queries, windows and judges", pieces)


def _pieces(page: Page, check: CheckResult) -> list[str]:
    asked = [_query(page, check, query) for query in check.queries]
    told = [code(cut(check.judge, 1000)), others(check)]
    said = "; ".join(one for one in told if one)
    return [f"**{markdown(cut(check.name, 300))}**: {said}", *asked] if said else asked


def _query(page: Page, check: CheckResult, query: Query) -> str:
    began = query.start - query.step
    ended = f"{query.end:%H:%M:%S}" if began.date() == query.end.date() else f"{query.end:%Y-%m-%d %H:%M:%S}"
    window = f"{began:%Y-%m-%d %H:%M:%S} to {ended} UTC"
    every = f"every {query.step.total_seconds():g} s"
    where = f"{markdown(cut(check.name, 300))}, {every}, {window}, cluster {code(query.cluster)}{_console(page, query)}"
    return f"{where}\n\n{block(cut(query.expression, 2000), 'promql')}"


def _console(page: Page, query: Query) -> str:
    """Where to ask it again, if the metrics server has such a place."""
    manner = page.manner
    server = page.policy.spec.analysis.metrics_server or manner.servers.get(query.cluster) or query.cluster
    template = manner.consoles.get(server)
    if template is None or len(query.expression) > 4000:
        return ""
    since = query.start - query.step
    values = {
        "query": query.expression,
        "policy": page.policy.name,
        "cluster": query.cluster,
        "start": str(int(since.timestamp() * 1000)),
        "end": str(int(query.end.timestamp() * 1000)),
        "until": f"{query.end:%Y-%m-%d %H:%M:%S}",
        "range": format_duration(max(query.end - since, timedelta(seconds=1))),
    }
    return f" · {link('ask again', templates.link(template, values))}"
