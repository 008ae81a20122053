"""As much of PromQL as is read: what stands alone in brackets, and which series are selected."""

import pytest

from gitops_bot.adapters.prometheus.promql import Selector, joined, read_at_once, selectors, stands_alone


@pytest.mark.parametrize(
    "expression",
    [
        "up",
        'sum by (le, pod) (rate(x{a="}",b=~"[(]"}[5m]))',
        "histogram_quantile(0.9, sum by (le) (x)) / 1000",
        'up # a remark with ) and "',
        'label_replace(up, \'a\', `b)`, "", "")',
        '{__name__="x"}',
    ],
)
def test_an_expression_that_stays_in_its_brackets_stands_alone(expression: str) -> None:
    assert stands_alone(expression)


@pytest.mark.parametrize(
    "expression",
    [
        "",
        "  # nothing but a remark",
        'up,"gitops_bot_query","1","","") or label_replace(up',
        "up) or (down",
        'up{a="',
        "up{a='b",
        "`",
        "sum(rate(x[5m])",
        "sum(x])",
        'a"\n"b"',
        "a, b",
    ],
)
def test_an_expression_that_could_reach_out_of_its_brackets_does_not(expression: str) -> None:
    assert not stands_alone(expression)


def test_joined_expressions_are_marked_by_their_order_and_a_remark_ends_with_its_line() -> None:
    assert joined(["up # one", "down"]) == (
        'label_replace((\nup # one\n),"gitops_bot_query","0","","") or '
        'label_replace((\ndown\n),"gitops_bot_query","1","","")'
    )


@pytest.mark.parametrize(
    ("expression", "selected"),
    [
        ("up", ["up"]),
        ('sum by (le) (rate(x_bucket{a="}"}[5m]))', ['x_bucket{a="}"}']),
        ("sum(a) by (pod) / on (pod) group_left (b) c", ["a", "c"]),
        ("histogram_quantile(0.95, sum(x) without (pod))", ["x"]),
        ("time() - start_s offset 5m", ["start_s"]),
        ("a / a", ["a"]),
        ("job:errors:rate5m > bool 0.5", ["job:errors:rate5m"]),
        ("(bad) or on() vector(0)", ["bad"]),
        ("a and b unless c", ["a", "b", "c"]),
        ("vector(1) + 1e3 + 0x1F + Inf + NaN", []),
        ("up @ end()", ["up"]),
        ("max_over_time(rate(x[5m])[1h:1m])", ["x"]),
        ("sum(broken", []),
    ],
)
def test_the_series_an_expression_selects_are_found(expression: str, selected: list[str]) -> None:
    assert [one.text for one in selectors(expression)] == selected


def test_a_selector_without_a_name_before_it_may_say_it_by_a_label() -> None:
    assert selectors('{__name__="up", a="b"}') == (Selector("up", '{__name__="up", a="b"}'),)
    assert selectors('{a="b"}') == (Selector("", '{a="b"}'),)
    assert selectors('up{a="b"}') == (Selector("up", 'up{a="b"}'),)


@pytest.mark.parametrize(
    ("expression", "found"),
    [
        ("up", ("up",)),
        ("sum(up) / sum(rate(x[5m]))", ("up",)),
        ("rate(x[5m])", ()),
        ("up offset 1m", ()),
        ("up @ 0", ()),
        ('a{b="offset"}', ('a{b="offset"}',)),
    ],
)
def test_what_is_read_at_once_is_told_from_what_is_read_over_a_while(expression: str, found: tuple[str, ...]) -> None:
    assert read_at_once(expression) == found
