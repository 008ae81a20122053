"""As much of PromQL as must be read: where an expression ends, and which series it selects. Pure text → values.

Nothing here decides what a query means; whatever cannot be read for certain is asked of the server on its own.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

MARK = "gitops_bot_query"
"""The label that tells the answers of one batch apart."""

_TOKEN = re.compile(
    r"""(?P<space>\s+|\#[^\n]*)
      | (?P<string>"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'|`[^`]*`)
      | (?P<name>[A-Za-z_:][\w:]*)
      | (?P<number>\d[\w.]*)
      | (?P<sign>.)""",
    re.VERBOSE | re.DOTALL,
)
_PAIRS = {")": "(", "]": "[", "}": "{"}
_LISTS = {"by", "without", "on", "ignoring", "group_left", "group_right"}
"""After these stands a list of labels."""
_WORDS = _LISTS | {"and", "or", "unless", "atan2", "bool", "offset", "start", "end", "inf", "nan", "default", "if"}
_NAME = re.compile(r"""__name__\s*=\s*["']([A-Za-z_:][\w:]*)["']""")


@dataclass(frozen=True, slots=True)
class Selector:
    """What an expression selects, as it is written there."""

    name: str
    """The metric; empty where only a label says it."""
    text: str
    ranged: bool = False
    """All samples of a while, not the last one."""


@dataclass(frozen=True, slots=True)
class _Token:
    kind: str
    text: str
    at: int

    @property
    def end(self) -> int:
        return self.at + len(self.text)


def joined(expressions: Sequence[str]) -> str:
    """One expression for several, each one's series marked by its place in the order."""
    return " or ".join(
        f'label_replace((\n{text}\n),"{MARK}","{place}","","")' for place, text in enumerate(expressions)
    )


def stands_alone(expression: str) -> bool:
    """It cannot reach out of the brackets around it: brackets pair, strings end, and no comma is between its parts."""
    open_now: list[str] = []
    tokens = list(_tokens(expression))
    for token in tokens:
        if token.kind != "sign":
            continue
        if token.text in _PAIRS:
            if not open_now or open_now.pop() != _PAIRS[token.text]:
                return False
        elif token.text in _PAIRS.values():
            open_now.append(token.text)
        elif token.text in "\"'`" or (token.text == "," and not open_now):
            return False
    return bool(tokens) and not open_now


def read_at_once(expression: str) -> tuple[str, ...]:
    """The selectors of which an expression takes the last sample, however old; empty where it moves in time itself."""
    words = [token.text.lower() for token in _tokens(expression)]
    if "offset" in words or "@" in words:
        return ()
    return tuple(one.text for one in selectors(expression) if not one.ranged)


def selectors(expression: str) -> tuple[Selector, ...]:
    """The different series an expression selects, in its order; empty where it cannot be read."""
    if not stands_alone(expression):
        return ()
    found: dict[Selector, None] = {}
    tokens = [*_tokens(expression), _Token("end", "", len(expression))]
    at = 0
    while tokens[at].kind != "end":
        token, following = tokens[at], tokens[at + 1]
        last = _closing(tokens, at + 1) if following.text in ("{", "(", "[") else at
        if token.kind == "name" and token.text.lower() in _LISTS and following.text == "(":
            at = last
        elif _is_metric(token, following):
            at = last if following.text == "{" else at
            text = expression[token.at : tokens[at].end]
            found.setdefault(Selector(token.text, text, tokens[at + 1].text == "["))
        elif token.text in ("{", "["):
            at = _closing(tokens, at)
            if token.text == "{":
                text = expression[token.at : tokens[at].end]
                named = _NAME.search(text)
                found.setdefault(Selector(named[1] if named else "", text, tokens[at + 1].text == "["))
        at += 1
    return tuple(found)


def _tokens(expression: str) -> Iterator[_Token]:
    for found in _TOKEN.finditer(expression):
        if found.lastgroup != "space":
            yield _Token(found.lastgroup or "", found[0], found.start())


def _closing(tokens: Sequence[_Token], at: int) -> int:
    """Where the bracket at a place is closed; the brackets are known to pair."""
    depth = 0
    for place in range(at, len(tokens)):
        if tokens[place].kind == "sign":
            depth += (tokens[place].text in _PAIRS.values()) - (tokens[place].text in _PAIRS)
            if depth == 0:
                return place
    return at


def _is_metric(token: _Token, following: _Token) -> bool:
    """A name that is no function, no operator and no list's beginning."""
    if token.kind != "name" or token.text.lower() in _WORDS:
        return False
    return following.text != "(" and following.text.lower() not in ("by", "without")
