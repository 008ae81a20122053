"""What was asked of the metrics, so that a person can ask it again."""

from __future__ import annotations

from gitops_bot.delivery.body.page import Fold, Page
from gitops_bot.delivery.text import block, code, cut, markdown
from gitops_bot.model import CheckResult, Query


def queries(page: Page) -> Fold:
    """A piece per query."""
    asked = [_query(check, query) for check in page.verdict.checks for query in check.queries]
    return Fold("Queries and windows", asked)


def _query(check: CheckResult, query: Query) -> str:
    window = f"{query.start - query.step:%Y-%m-%d %H:%M:%S} to {query.end:%H:%M:%S} UTC"
    every = f"every {query.step.total_seconds():g} s"
    where = f"{markdown(check.name)}, {every}, {window}, cluster {code(query.cluster)}"
    return f"{where}\n\n{block(cut(query.expression, 2000), 'promql')}"
