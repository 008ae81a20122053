"""Conditions of AnalysisTemplates: what they mean, what is refused, and that nothing else can happen."""

from __future__ import annotations

import math
import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitops_bot.analysis.argo.condition import holds, misread
from gitops_bot.analysis.argo.problem import Problem
from gitops_bot.analysis.argo.values import Value, shown

NAN, INF = math.nan, math.inf
VECTOR = (0.97, 0.5)


def why(condition: str, result: Value) -> str:
    found = holds(condition, result)
    assert isinstance(found, Problem), found
    return found.message


@pytest.mark.parametrize(
    ("condition", "result", "expected"),
    [
        # what templates hold most
        ("result[0] >= 0.95", VECTOR, True),
        ("result[0] >= 0.95", (0.9499,), False),
        ("len(result) == 0 || isNaN(result[0])", (), True),
        ("len(result) == 0 || isNaN(result[0])", (NAN,), True),
        ("len(result) == 0 || isNaN(result[0])", (1.0,), False),
        ("len(result) == 0 or result[0] < 5", (9.0,), False),
        ("isNaN(result) || isInf(result) || result <= 0.01", -INF, True),
        ("default(result, 0) < 5", None, True),
        ("default(result, 0) < 5", 7.0, False),
        ("all(result, {# < 0.5})", VECTOR, False),
        ("any(result, # > 0.9)", VECTOR, True),
        ("none(result, # > 0.98)", VECTOR, True),
        ("one(result, # > 0.9)", VECTOR, True),
        ("count(result, # > 0) == 2", VECTOR, True),
        ("len(filter(result, {# > 0.6})) == 1", VECTOR, True),
        ("map(result, # * 2)[0] == 1.94", VECTOR, True),
        ("sum(result) / len(result) > 0.7", VECTOR, True),
        ("max(result) - min(result) < 0.5", VECTOR, True),
        ("all(result, # >= 0.95)", (), True),
        ("any(result, # >= 0.95)", (), False),
        ("result.ok && result.successPercent >= 0.90", {"ok": True, "successPercent": 0.95}, True),
        ("asFloat(result.ok) / asFloat(result.total) > 0.7", {"ok": "3", "total": 4}, True),
        ("result['ok'] == true", {"ok": True}, True),
        ("result.a.b[0].c == 1", {"a": {"b": ({"c": 1},)}}, True),
        ("result contains 'time' && not (result startsWith 'up')", "timeout", True),
        ('result endsWith "out"', "timeout", True),
        ("result in ['ok', \"fine\", `good`]", "good", True),
        ("result not in ['ok']", "ok", False),
        ("asInt(result) > 5", "7", True),
        # numbers as Go has them
        ("1 / 2 == 0.5", 1.0, True),
        ("7 % 3 == 1 && -7 % 3 == -1", 1.0, True),
        ("2 ** 3 ** 2 == 512 and 2 ^ 3 == 8", 1.0, True),
        ("-2 ** 2 == -4", 1.0, True),
        ("1 == 1.0", 1.0, True),
        ("1 / 0 > 1e300", 1.0, True),
        ("result == result", NAN, False),
        ("result != result", NAN, True),
        ("result < 1 || result >= 1", NAN, False),
        ("9223372036854775807 + 1 < 0", 1.0, True),
        ("0x10 + 0b11 + 0o17 + 1_000 == 1034", 1.0, True),
        (".5 + 5e-1 == 1", 1.0, True),
        ("round(2.5) == 3 && round(-2.5) == -3 && floor(-1.5) == -2 && ceil(1.2) == 2", 1.0, True),
        ("abs(result) < 1", -0.5, True),
        # words and signs
        ("!result", False, True),
        ("not result or false and false", False, True),
        ("result > 1 ? result < 3 : true", 2.0, True),
        ("1 < result <= 3", 3.0, True),
        ("2 in 1..3 && 4 not in 1..3", 1.0, True),
        ("(result ?? 1) == 1", None, True),
        ("result == nil", None, True),
        ("isNil(result)", None, True),
        ("isNil(nil)", 1.0, False),
        ("result[-1] == 0.5 && result[0:1] == [0.97]", VECTOR, True),
        ("result[:2] == 'ti'", "timeout", True),
        ("result /* of a minute */ > 1 // and no more", 2.0, True),
        ('"\\u0041\\x42\\103" == "ABC"', 1.0, True),
        ("len(result) == 2", "é", True),
        ("true", 1.0, True),
        # what only a value of an unknown type reaches
        ("mean(result) > 0.7 && first(result) == 0.97 && last(result) == 0.5", VECTOR, True),
        ("first(result) == nil && last(result) == nil && mean(result) == 0", (), True),
        ("count(map(result, # > 0.9)) == 1", VECTOR, True),
        ("sum(result, # * 2) == 2.94", VECTOR, True),
        ("min(3, 1.5) == 1.5 && max(result) == 0.97 && max(2) == 2", VECTOR, True),
        ("int('7') == 7 && float('7.5') == 7.5 && int(7.9) == 7", 1.0, True),
        ("isNaN(1) || isInf(-1 + 1)", 1.0, False),
        ("'a' + 'b' < 'b' && 'B' < 'a' && not ('b' <= 'a')", 1.0, True),
        ("'ok' in result && result['ok'] && 'a' not in result", {"ok": True}, True),
        ("result.missing == nil && 1 not in result.missing", {"ok": 1}, True),
        ("result.missing contains 'x'", {"ok": 1}, False),
        ("+result == 2 && -result == -2", 2.0, True),
        ("isNaN(0 / 0 * 1.0) && isNaN((-8) ** 0.5)", 1.0, True),
        ("isInf(10 ** 400) && (-10) ** 401 < 0 && isInf(0 ** -1)", 1.0, True),
        ("(result.ok ?: 5) == true", {"ok": True}, True),
        ("(true ? nil : 1) == nil && (false ? 1 : nil) == nil", 1.0, True),
        ("result.list[0] in result.list && len(result.list[1:]) == 1", {"list": (1, "b")}, True),
        ("any(result, {.ok}) && [1, 2,] == [1, 2]", ({"ok": True},), True),
    ],
)
def test_a_condition_holds_or_not(condition: str, result: Value, expected: bool) -> None:
    assert holds(condition, result) is expected
    assert misread(condition) == ""


@pytest.mark.parametrize(
    ("condition", "told"),
    [
        ("result matches '^a'", "'matches' at character 8: conditions have no regular expressions; write =="),
        ("let x = result; x > 1", "'let' at character 1: conditions have no variables"),
        ("result?.ok", "'?.' at character 7: conditions have no optional chaining"),
        ("result | len() > 1", "'|' at character 8: conditions have no pipes; write f(x)"),
        ("if result { true }", "'if' at character 1: conditions have no if; write test ? yes : no"),
        ("{a: 1}.a == 1", "'{' at character 1: conditions have no maps"),
        ("result = 1", "'=' at character 8: conditions have no assignments; write == to compare"),
        ("median(result) > 1", "median at character 1: conditions do not have this function"),
        ("result > 1 && trimPrefix('a', 'b') == 'a'", "trimPrefix at character 15"),
        ("resutl > 1", "unknown name resutl"),
        ("asDouble(result) > 1", "unknown name asDouble"),
        ("result >", "the condition ends where something is still missing"),
        ("", "the condition ends where something is still missing"),
        ("result > 1)", "unexpected ')' at character 11"),
        ("# > 1", "cannot use # outside a predicate"),
        ("result ~ 1", "unrecognized character '~' at character 8"),
        ("result == 'ok", "the string that begins at character 11 is not terminated"),
        ('result == "a\nb"', "the string that begins at character 11 is not terminated"),
        ("result ?? 1 + 1 == 2", "+ and ?? cannot be mixed without brackets"),
        ("'a' + 1 == 'a1'", "mismatched types string and int"),
        ("1 && true", "mismatched types int and bool"),
        ("len(1) > 0", "invalid argument for len (type int)"),
        ("asInt(result, 1) > 1", "too many arguments to call asInt"),
        ("isNaN('a')", "cannot use string as argument (type float64) to call isNaN"),
        ("all(result, 1)", "predicate should return boolean (got int)"),
        ("len(1, 2) > 0", "invalid number of arguments (expected 1, got 2)"),
        ("max() > 1", "not enough arguments to call max"),
        ("max('a') > 1", "invalid argument for max (type string)"),
        ("all([1], nil)", "predicate should has one input and one output param"),
        ("all(1, true)", "builtin all takes only array (got int)"),
        ("1 in 'a'", "invalid operation: in (mismatched types int and string)"),
        ("'a' in [1, 2]", "cannot use string as type int in array"),
        ("1 ? true : false", "non-bool expression (type int) used as condition"),
        ("len([1])[0] == 1", "type int[int] is undefined"),
        ("[1]['a'] == 1", "array elements can only be selected using an integer (got string)"),
        ("len([1])[:2] == 1", "cannot slice int"),
        ("result.(1) > 1", "a name is expected at character 8"),
        ("0x > 1", "invalid number at character 1: 0x"),
        ("'\\q' == 'q'", "invalid char escape"),
        ("'\\ud800' == 'q'", "invalid char escape"),
        ("1x > 0", "bad number at character 1: 1x"),
        ("99999999999999999999 > 1", "the number at character 1 is too large"),
        ("1e999 > 1", "the number at character 1 is too large"),
    ],
)
def test_what_cannot_be_right_is_said_at_load(condition: str, told: str) -> None:
    assert told in misread(condition)


@pytest.mark.parametrize(
    ("condition", "result", "told"),
    [
        ("result[0] >= 0.95", (), "index out of range: 0 (array length is 0)"),
        ("default(result[0], 0) < 5", (), "index out of range"),
        ("result", 1.0, "expected bool, but got float64"),
        ("result == true", 1.0, "mismatched types float64 and bool"),
        ("result.ok", "text", "type string has no field ok"),
        ("result.Name()", True, "type bool has no method Name"),
        ("asFloat(result) > 1", "1,5", "invalid syntax"),
        ("asInt(result) > 1", "99999999999999999999", "value out of range"),
        ("asInt(result) > 1", NAN, "Go leaves it to the machine"),
        ("result.a > 1", {"a": "x"}, "invalid operation: string > int"),
        ("result.a && true", {"a": 1}, "is int, not bool"),
        ("result % 0 == 1", 5, "integer divide by zero"),
        ("result % 2 == 1", 5.0, "mismatched types float64 and int"),
        ("isNaN(result)", 1, "is int, not float64"),
        # `result.a` is of an unknown type when the condition is read
        ("-result.a > 1", {"a": "x"}, "invalid operation: - string"),
        ("result.a - 1 > 1", {"a": "x"}, "invalid operation: string - int"),
        ("result.a + 1 > 1", {"a": True}, "invalid operation: bool + int"),
        ("result.a % 2 == 1", {"a": 5.0}, "invalid operation: float64 % int"),
        ("result.a % 2 == 1", {"a": "x"}, "invalid operation: string % int"),
        ("result.a contains 'x'", {"a": 1}, "invalid operation: int contains string"),
        ("1 in result.a", {"a": {}}, "cannot use int as index to map[string]interface {}"),
        ("1 in result.a", {"a": 5}, 'operator "in" not defined on int'),
        ("result.a[0] > 1", {"a": 5}, "cannot fetch 0 from int"),
        ("[1][result.a] > 1", {"a": "x"}, "invalid operation: int(string)"),
        ("result.a[1:] == 'x'", {"a": 5}, "cannot slice int"),
        ("result.a.go()", {"a": 5}, "go is nil; cannot call nil as function"),
        ("all(result.a, true)", {"a": 5}, "builtin all takes only array (got int)"),
        ("len(result.a) > 1", {"a": 5}, "invalid argument for len (type int)"),
        ("sum(result.a) > 1", {"a": 5}, "cannot sum int"),
        ("sum(result.a) > 1", {"a": ("x",)}, "invalid argument for sum (type string)"),
        ("mean(result.a) > 1", {"a": 5}, "invalid argument for mean (type int)"),
        ("count(result.a) > 1", {"a": (1,)}, "count without a predicate counts what is true"),
        ("first(result.a) == 1", {"a": 5}, "cannot get an element from int"),
        ("abs(result.a) == 1", {"a": "x"}, "invalid argument for abs (type string)"),
        ("asInt(result.a) == 1", {"a": True}, "asInt() not supported on bool"),
        ("asFloat(result.a) == 1", {"a": None}, "asFloat() not supported on <nil>"),
        ("asFloat(result) == 1", "1e999", "value out of range"),
        ("(1 in result) == true", {"a": 1}, "cannot use int as type string in map key"),
    ],
)
def test_what_a_result_cannot_answer_is_a_problem(condition: str, result: Value, told: str) -> None:
    if (
        told == "cannot use int as argument"
    ):  # an integer goes where a float is wanted when it compiles, not when it runs
        told = "is int, not float64"
    assert told in why(condition, result)


@pytest.mark.parametrize(
    ("result", "text"),
    [
        (0.95, "0.95"),
        (1e21, "1" + "0" * 21),
        (5e-7, "0.0000005"),
        (INF, "+Inf"),
        ((11.0, NAN), "[11,NaN]"),
        (True, "true"),
    ],
)
def test_a_result_is_shown_as_argo_rollouts_shows_it(result: Value, text: str) -> None:
    assert shown(result) == text


# ---------------------------------------------------------------- hostile conditions


def doubled(depth: int) -> str:
    text = "result"
    for _ in range(depth):
        text = f"(0 < {text} < 3 ? 1 : 2)"
    return text


@pytest.mark.parametrize(
    "condition",
    [
        "(" * 41 + "true" + ")" * 41,
        "!" * 200 + "true",
        "true" + " && true" * 130,
        "x" * 4097,
        doubled(12) + " > 0",
        "all(1..9999, {1..9999 == 1..9999})",
        "all(1..4000, {4000 in 1..4000})",
        "all(1..9999, {all(1..9999, {all(1..9999, {true})})})",
        "len(1..99999999999) > 1",
        "sum(map(1..9999, {sum(1..9999)})) > 1",
    ],
)
def test_a_condition_cannot_keep_the_bot_busy(condition: str) -> None:
    started = time.process_time()
    assert why(condition, 1.0)
    assert time.process_time() - started < 1


def words(text: str) -> list[str]:
    return text.split()


PIECES = (
    *words("result # . .. ?. ?? ? : , ; | ( ) [ ] { } + - * / % ** ^ == != < > <= >= ! && || = 0 1 2.5"),
    *words("""1e9 'a' "b" `c` matches contains startsWith endsWith let if else true false nil all any none"""),
    *words("and or not in one filter map"),
    *words("count sum len abs int float min max mean first last round asInt asFloat isNaN isInf isNil default a ok"),
    "all(result, {",
    "result[0]",
    "})",
    "'\\",
    "é",
    "9223372036854775807",
)
RESULTS: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.floats() | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=3).map(tuple) | st.dictionaries(st.sampled_from(words("a ok")), inner),
    max_leaves=5,
)
LEAVES = st.sampled_from(words("result result[0] result.a 1 0 -2.5 'a' true nil [] [1,2.5] 1..3 9223372036854775807"))
OPERATORS = st.sampled_from(words("+ - * / % ** == != < >= && || ?? in contains startsWith .. not*in"))


def larger(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    """Well-formed conditions, so that checking and evaluating are reached as well."""
    functions = st.sampled_from(words("len abs int float min max sum mean first round asInt asFloat isNaN isNil count"))
    predicates = st.sampled_from(words("all any none one filter map count sum"))
    return (
        st.tuples(inner, OPERATORS, inner).map(lambda parts: f"({parts[0]} {parts[1].replace('*i', ' i')} {parts[2]})")
        | st.tuples(functions, inner).map(lambda parts: f"{parts[0]}({parts[1]})")
        | st.tuples(predicates, inner, inner).map(lambda parts: f"{parts[0]}({parts[1]}, {{# == {parts[2]}}})")
        | st.tuples(inner, inner, inner).map(lambda parts: f"({parts[0]} ? {parts[1]} : {parts[2]})")
        | st.tuples(inner, inner).map(lambda parts: f"{parts[0]}[{parts[1]}]")
        | st.tuples(inner, inner).map(lambda parts: f"{parts[0]}[{parts[1]}:]")
        | inner.map("!{}".format)
        | inner.map("-{}".format)
    )


@given(
    st.text(max_size=40) | st.lists(st.sampled_from(PIECES), max_size=20).map(" ".join),
    RESULTS,
)
def test_any_text_is_a_condition_or_a_problem(text: str, result: Any) -> None:
    found = holds(text, result)
    assert isinstance(found, bool) or found.message
    assert isinstance(misread(text), str)


@given(st.recursive(LEAVES, larger, max_leaves=8), RESULTS)
def test_any_sentence_of_the_language_has_an_answer(text: str, result: Any) -> None:
    found = holds(text, result)
    assert isinstance(found, bool) or found.message
    if isinstance(found, bool):
        assert misread(text) == ""
        assert holds(text, result) is found
