"""A plain JSON endpoint: GET URL?query=…&start=…&end=…&step=… is answered by points, as recordings hold them.

    {"points": [[1714564800, 0.01], [1714564860, null]], "warnings": ["what makes this no evidence"]}
    {"error": "why there is no answer"}

Times are Unix seconds: `start` is the end of the first window, `step` the windows' length; a point stands for the
window that ends at its time. No points are no data.
"""

from __future__ import annotations

from gitops_bot.adapters.metrics_http.server import Server
from gitops_bot.adapters.metrics_http.span import Span, Values, number
from gitops_bot.adapters.metrics_http.trouble import NoAnswer, words


def ask(server: Server, span: Span) -> Values:
    """The points of an answer."""
    params = {"query": span.expression, "start": span.first_s, "end": span.last_s, "step": span.step_s}
    answer = server.get("", params)
    if warnings := answer.get("warnings"):
        told = warnings if isinstance(warnings, list) else [warnings]
        raise NoAnswer("the metrics server warns of its own answer", "; ".join(map(str, told)), heard=True)
    if refused := words(answer.get("error")):
        raise NoAnswer("the metrics server refuses the query", refused, heard=True)
    points = [(float(at), value) for at, value in answer["points"]]
    if len({at for at, _ in points}) < len(points):
        raise NoAnswer("the answer has several points of one time", answered=True)
    return {int(at): number(value) for at, value in points if at.is_integer()}
