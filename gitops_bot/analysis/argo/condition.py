"""A condition of an AnalysisTemplate, as callers use it: text and result in, true, false or a problem out."""

from __future__ import annotations

from gitops_bot.analysis.argo.checker import checked
from gitops_bot.analysis.argo.evaluator import evaluated
from gitops_bot.analysis.argo.problem import Problem, Stop
from gitops_bot.analysis.argo.values import UNKNOWN, Value, named, type_of


def holds(condition: str, result: Value) -> bool | Problem:
    """Whether a condition is true of a result, in the words of Argo Rollouts where it is neither."""
    node = checked(condition, type_of(result))
    if isinstance(node, Problem):
        return node
    try:
        value = evaluated(node, result)
    except Stop as stop:
        return Problem(str(stop))
    return value if isinstance(value, bool) else Problem(f"expected bool, but got {named(value)}")


def misread(condition: str) -> str:
    """What is wrong with a condition whatever the result will be; empty when nothing is."""
    node = checked(condition, UNKNOWN)
    return node.message if isinstance(node, Problem) else ""
