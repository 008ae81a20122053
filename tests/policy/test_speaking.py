"""Links of the configuration and of policies: what is refused, and how values go into them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitops_bot.policy import templates
from gitops_bot.policy.config import BotConfig
from gitops_bot.policy.config_rules import problems as config_problems
from gitops_bot.policy.rules import problems
from gitops_bot.policy.templates import CONSOLE_VARIABLES, LINK_VARIABLES, TemplateProblem
from tests.delivery.given import policy


@pytest.mark.parametrize(
    "text",
    [
        "https://grafana.acme.example/d/x?var-ns={{ namespace }}&from={{ start }}",
        "http://localhost:9090/{{version}}",
        "https://argocd.acme.example",
    ],
)
def test_a_link_leads_where_its_author_says(text: str) -> None:
    templates.check_link(text, LINK_VARIABLES)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("javascript:alert(1)", "is not a link"),
        ("https://{{ cluster }}.acme.example/", "is not a link"),
        ("https://{{ cluster }}", "is not a link"),
        ("https://grafana.acme.example{{ version }}/", "is not a link"),
        ("https://user:word@acme.example/", "is not a link"),
        ("https://acme.example/ x", "is not a link"),
        ("https://acme.example/>x", "is not a link"),
        ("https:///x", "is not a link"),
        ("https://acme.example/{{ version | regex }}", "is not a link"),
        ("https://acme.example/{{ verzion }}", "did you mean version?"),
        ("https://acme.example/{% if x %}", "is not a template"),
        ("https://acme.example/{{ version.__class__ }}", "unknown variable"),
    ],
)
def test_what_a_value_could_lead_elsewhere_is_refused(text: str, said: str) -> None:
    with pytest.raises(TemplateProblem, match=said.replace("?", r"\?")):
        templates.check_link(text, LINK_VARIABLES)


@given(st.text())
def test_a_value_is_one_part_of_a_link(value: str) -> None:
    made = templates.link("https://acme.example/x?q={{ query }}", {"query": value})
    assert made.startswith("https://acme.example/x?q=")
    assert not set(made.removeprefix("https://acme.example/x?q=")) - set(
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~%"
    )


def test_a_query_goes_into_a_link_whole() -> None:
    made = templates.link("https://p/graph?g0.expr={{ query }}", {"query": 'rate(x{a="b|c"}[1m]) > 1'})
    assert made == "https://p/graph?g0.expr=rate%28x%7Ba%3D%22b%7Cc%22%7D%5B1m%5D%29%20%3E%201"


def test_problems_of_a_policy_are_at_their_place() -> None:
    given = policy(
        pullRequest={
            "title": "{{ vresion }}",
            "body": "{% x %}",
            "commitMessage": "{{ query }}",
            "links": {"Logs": "https://{{ version }}"},
        }
    )
    assert [".".join(map(str, path)) for path, _ in problems(given) if "pullRequest" in path] == [
        f"spec.pullRequest.{name}" for name in ("title", "body", "commitMessage", "links.Logs")
    ]


def test_problems_of_a_configuration_are_at_their_place() -> None:
    spec = {
        "repositories": {"env": {"url": "/srv/env.git", "forge": "local"}},
        "links": {"Grafana": "https://{{ version }}", "Argo CD": "https://argocd.acme.example/{{ canary }}"},
        "metrics": {"prom": {"prometheus": {"url": "http://p"}, "console": "https://p/{{ version }}"}},
    }
    document = {"apiVersion": "gitops-bot.dev/v1alpha1", "kind": "BotConfig", "metadata": {"name": "b"}, "spec": spec}
    found = config_problems(BotConfig.model_validate(document))
    assert [".".join(map(str, path)) for path, _ in found] == ["spec.links.Grafana", "spec.metrics.prom.console"]


def test_every_variable_of_a_link_is_known_to_it() -> None:
    for names in (LINK_VARIABLES, CONSOLE_VARIABLES):
        text = "https://acme.example/?" + "&".join(f"{name}={{{{ {name} }}}}" for name in names)
        assert templates.check_link(text, names) == names
