"""Templates in policies: text with `{{ variable }}` and `{{ variable | regex }}`, nothing else.

Jinja2 parses and renders in its sandbox; the language is closed further: a template cannot loop, call or compute.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from jinja2 import StrictUndefined, TemplateError, nodes
from jinja2.sandbox import SandboxedEnvironment

QUERY_VARIABLES = ("version", "baseline", "interval", "namespace", "workload", "policy")
"""What a metric's query may use: the version on trial, the one it is compared with, the interval (`1m`) …"""

TITLE_VARIABLES = ("policy", "step", "weight", "from.version", "to.version", "from.weight", "to.weight")
"""What a pull request's title, addition to the body and commit message may use."""

LINK_VARIABLES = (
    "policy", "repository", "cluster", "namespace", "canary", "primary", "version", "baseline", "start", "end", "range",
)  # fmt: skip
"""What a link may use: `canary` and `primary` are the workloads of both versions, `start` and `end` milliseconds since
1970, `range` is the time between them, like `11m`."""

CONSOLE_VARIABLES = ("query", "policy", "cluster", "start", "end", "until", "range")
"""What a link to a metrics server's console may use; `until` is the end as `2026-01-05 09:30:00`, in UTC."""


class TemplateProblem(ValueError):
    """A template that is not one: the message says what and, when it can, what was meant."""


def _environment() -> SandboxedEnvironment:
    # Queries are text, not HTML; what they are given is checked by `query_value` before.
    environment = SandboxedEnvironment(undefined=StrictUndefined, autoescape=False, keep_trailing_newline=True)
    environment.filters = {"regex": _literally}
    return environment


def _literally(value: str) -> str:
    """A regular expression for the value alone, without backslashes: PromQL's strings would take those as theirs."""
    return re.sub(r"[^\w:@/-]", lambda found: f"[{found[0]}]", value)


def check(text: str, variables: tuple[str, ...]) -> tuple[str, ...]:
    """The variables a template uses. Errors: TemplateProblem (syntax, unknown variable, anything but a variable)."""
    try:
        tree = _environment().parse(text)
    except (TemplateError, RecursionError) as error:
        raise TemplateProblem(f"is not a template: {error}") from error
    used: list[str] = []
    for output in tree.body:
        if not isinstance(output, nodes.Output):
            raise TemplateProblem("a template may only hold {{ variable }}; blocks are not allowed")
        for node in output.nodes:
            if not isinstance(node, nodes.TemplateData):
                used.append(_variable(node, variables))
    return tuple(used)


def _variable(node: nodes.Node, variables: tuple[str, ...]) -> str:
    if isinstance(node, nodes.Filter) and node.name == "regex" and node.node is not None and not _arguments(node):
        return _variable(node.node, variables)
    name = _dotted(node)
    if name is None:
        raise TemplateProblem("a template may only hold {{ variable }} and {{ variable | regex }}")
    if name not in variables:
        near = difflib.get_close_matches(name, variables, n=1)
        hint = f"did you mean {near[0]}?" if near else f"known are {', '.join(variables)}"
        raise TemplateProblem(f"unknown variable {name} ({hint})")
    return name


def _arguments(node: nodes.Filter) -> bool:
    return bool(node.args or node.kwargs or node.dyn_args or node.dyn_kwargs)


def _dotted(node: nodes.Node) -> str | None:
    if isinstance(node, nodes.Name):
        return node.name
    if isinstance(node, nodes.Getattr) and (head := _dotted(node.node)):
        return f"{head}.{node.attr}"
    return None


@lru_cache(maxsize=1024)
def _compiled(text: str) -> Any:
    return _environment().from_string(text)


def render(text: str, values: Mapping[str, str]) -> str:
    """The text with its variables filled in; dotted names are nested. Errors: TemplateProblem."""
    nested: dict[str, Any] = {}
    for name, value in values.items():
        *path, last = name.split(".")
        inner = nested
        for part in path:
            inner = inner.setdefault(part, {})
        inner[last] = value
    try:
        return str(_compiled(text).render(nested))
    except TemplateError as error:
        raise TemplateProblem(str(error)) from error


_LINK = re.compile(r"https?://[^\s/?#@<>\"'`\\{}]+(?:[/?#][^\s<>\"'`\\]*)?")
_PLAIN_IN_URLS = re.compile(rb"[^A-Za-z0-9_.~-]")


def check_link(text: str, variables: tuple[str, ...]) -> tuple[str, ...]:
    """The variables of a link's template, none of which may say where it leads. Errors: TemplateProblem."""
    used = check(text, variables)
    if "|" in text or not _LINK.fullmatch(re.sub(r"\{\{.*?\}\}", "{}", text)):
        raise TemplateProblem(
            "is not a link: http:// or https://, a host without variables, then {{ variable }} at will"
        )
    return used


def link(text: str, values: Mapping[str, str]) -> str:
    """A link with its variables filled in, each escaped whole. Errors: TemplateProblem."""
    return render(text, {name: in_url(value) for name, value in values.items()})


def in_url(text: str) -> str:
    """Text as one part of a URL: nothing in it divides."""
    return _PLAIN_IN_URLS.sub(lambda found: b"%%%02X" % found[0][0], text.encode("utf-8", "replace")).decode()


def query_value(value: str) -> str:
    """A value fit for a PromQL string whatever its quotes. Errors: TemplateProblem for anything that could leave it."""
    if not re.fullmatch(r"[\w.:@+/-]*", value, re.ASCII):
        raise TemplateProblem(f"{value!r} holds characters that do not go into a query")
    return value
