"""From tokens to a tree, by precedence climbing (Pratt 1973); precedences are those of expr-lang 1.17."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache

from gitops_bot.analysis.argo.problem import Problem, Stop
from gitops_bot.analysis.argo.syntax import (
    Aggregate,
    Array,
    Binary,
    Call,
    Conditional,
    Element,
    Literal,
    Member,
    Method,
    Name,
    Node,
    Slice,
    Unary,
)
from gitops_bot.analysis.argo.tokens import Token, TokenKind, tokens

MOST_NESTED = 40
"""Brackets and prefixes inside each other."""

BINARY = {
    **dict.fromkeys(("or", "||"), 10),
    **dict.fromkeys(("and", "&&"), 15),
    **dict.fromkeys(("==", "!=", "<", ">", ">=", "<=", "in", "contains", "startsWith", "endsWith"), 20),
    "..": 25,
    **dict.fromkeys(("+", "-"), 30),
    **dict.fromkeys(("*", "/", "%"), 60),
    **dict.fromkeys(("**", "^"), 100),
    "??": 500,
}
_RIGHT = ("**", "^")
_CHAINED = ("<", ">", ">=", "<=")
_NEGATED = ("in", "contains", "startsWith", "endsWith")
_UNARY = {"not": 50, "!": 50, "-": 90, "+": 90}
_CONSTANTS = {"true": True, "false": False, "nil": None}
AGGREGATES = ("all", "any", "none", "one", "filter", "map", "count", "sum")
"""Functions with a predicate; `count` and `sum` may be without one."""
_PREDICATE_OPTIONAL = ("count", "sum")
_UNSERVED = {
    "matches": "regular expressions; write ==, contains, startsWith or endsWith",
    "let": "variables; write their values out",
    "if": "if; write test ? yes : no",
    "?.": 'optional chaining; write "name" in x && x.name',
    "|": "pipes; write f(x)",
    "{": "maps",
    ";": "sequences",
    "::": "namespaces",
    "=": "assignments; write == to compare",
}
"""What expr-lang has and this does not, and what to write instead."""
_UNSERVED_FUNCTION = re.compile(
    r"find(Last)?(Index)?|(group|sort)By|reduce|trim(Prefix|Suffix)?|upper|lower|split(After)?|replace|repeat|join"
    r"|(last)?[iI]ndexOf|has(Prefix|Suffix)|string|type|(to|from)(JSON|Base64|Pairs)|now|duration|date|timezone|median"
    r"|keys|values|reverse|concat|flatten|uniq|sort|get|take|bit(and|or|xor|nand|not|shl|shr|ushr)"
)
"""Functions of expr-lang that no condition in a template is known to need."""
_LARGEST = 2**63 - 1


@lru_cache(maxsize=1024)
def parse(text: str) -> Node | Problem:
    """The tree of a condition. Pure, so that it is read once however often it is evaluated."""
    try:
        return _Parser(tokens(text)).whole()
    except Stop as stop:
        return Problem(str(stop))


class _Parser:
    """A position in the tokens of one condition."""

    def __init__(self, found: Sequence[Token]) -> None:
        self._tokens = found
        self._at = 0
        self._nested = 0
        self._predicates = 0

    def whole(self) -> Node:
        """The condition, and nothing after it."""
        node = self._expression(0)
        if self._now.kind is not TokenKind.END:
            raise self._unexpected()
        return node

    # ------------------------------------------------------------ moving

    @property
    def _now(self) -> Token:
        return self._tokens[self._at]

    def _next(self) -> Token:
        token = self._now
        if token.kind is not TokenKind.END:
            self._at += 1
        return token

    def _take(self, *signs: str) -> bool:
        if self._now.is_sign(*signs):
            self._at += 1
            return True
        return False

    def _expect(self, sign: str) -> None:
        if not self._take(sign):
            raise self._unexpected()

    def _unexpected(self) -> Stop:
        token = self._now
        if token.kind is TokenKind.END:
            return Stop("the condition ends where something is still missing")
        if token.kind is TokenKind.SIGN and token.text in _UNSERVED:
            return Stop(f"{token.text!r} at character {token.at + 1}: conditions have no {_UNSERVED[token.text]}")
        return Stop(f"unexpected {token.text!r} at character {token.at + 1}")

    # ------------------------------------------------------------ expressions

    def _expression(self, least: int) -> Node:
        self._nested += 1
        if self._nested > MOST_NESTED:
            raise Stop(f"the condition is nested more than {MOST_NESTED} deep")
        node = self._prefixed()
        before = ""
        while (operator := self._operator(least)) is not None:
            if before == "??" != operator.text:
                raise Stop(f"{operator.text} and ?? cannot be mixed without brackets")
            node, before = self._binary(node, operator), operator.text
        if least == 0:
            node = self._conditional(node)
        self._nested -= 1
        return node

    def _operator(self, least: int) -> Token | None:
        """The binary operator that stands here if it binds at least so tightly; `not in` is `not` and stays."""
        token = self._now
        if token.is_sign("not") and self._tokens[self._at + 1].is_sign(*_NEGATED):
            return token if BINARY["in"] >= least else None
        return token if token.kind is TokenKind.SIGN and BINARY.get(token.text, -1) >= least else None

    def _binary(self, left: Node, operator: Token) -> Node:
        self._at += 1
        if operator.text == "not":
            return Unary("not", self._binary(left, self._now))
        if operator.text in _CHAINED:
            return self._comparisons(left, operator.text)
        precedence = BINARY[operator.text]
        right = self._expression(precedence if operator.text in _RIGHT else precedence + 1)
        return Binary(operator.text, left, right)

    def _comparisons(self, left: Node, operator: str) -> Node:
        """`1 < x < 3` is `1 < x && x < 3`."""
        right = self._expression(BINARY[operator] + 1)
        node: Node = Binary(operator, left, right)
        while self._now.is_sign(*_CHAINED):
            following = self._next().text
            left, right = right, self._expression(BINARY[operator] + 1)
            node = Binary("&&", node, Binary(following, left, right))
        return node

    def _conditional(self, test: Node) -> Node:
        while self._take("?"):
            if self._take(":"):
                test = Conditional(test, test, self._expression(0))
                continue
            yes = self._expression(0)
            self._expect(":")
            test = Conditional(test, yes, self._expression(0))
        return test

    # ------------------------------------------------------------ operands

    def _prefixed(self) -> Node:
        token = self._now
        if token.kind is TokenKind.SIGN and token.text in _UNARY:
            self._at += 1
            operand = self._expression(_UNARY[token.text])
            return self._postfixed(Unary(token.text, operand))
        if self._take("("):
            node = self._expression(0)
            self._expect(")")
            return self._postfixed(node)
        if token.is_sign("#", "."):
            return self._element()
        return self._operand()

    def _element(self) -> Node:
        if not self._predicates:
            raise Stop("cannot use # outside a predicate")
        self._take("#")  # `.name` is short for `#.name`
        return self._postfixed(Element())

    def _operand(self) -> Node:
        token = self._now
        match token.kind:
            case TokenKind.NUMBER:
                self._at += 1
                return Literal(_number(token))
            case TokenKind.STRING:
                self._at += 1
                return self._postfixed(Literal(token.text))
            case TokenKind.NAME:
                self._at += 1
                if token.text in _CONSTANTS:
                    return Literal(_CONSTANTS[token.text])
                return self._postfixed(self._call(token) if self._now.is_sign("(") else Name(token.text))
        if self._take("["):
            return self._postfixed(Array(self._list("]")))
        raise self._unexpected()

    def _call(self, called: Token) -> Node:
        name = called.text
        if _UNSERVED_FUNCTION.fullmatch(name):
            raise Stop(f"{name} at character {called.at + 1}: conditions do not have this function of expr-lang here")
        self._expect("(")
        if name not in AGGREGATES:
            return Call(name, self._list(")"))
        over = self._expression(0)
        if name in _PREDICATE_OPTIONAL and self._take(")"):
            return Call(name, (over,))
        self._expect(",")
        predicate = self._predicate()
        self._take(",")
        self._expect(")")
        return Aggregate(name, over, predicate)

    def _predicate(self) -> Node:
        braced = self._take("{")
        self._predicates += 1
        node = self._expression(0)
        self._predicates -= 1
        if braced:
            self._expect("}")
        return node

    def _list(self, closing: str) -> tuple[Node, ...]:
        """Expressions with commas between them, one allowed after the last."""
        items: list[Node] = []
        while not self._take(closing):
            if items:
                self._expect(",")
                if self._take(closing):
                    break
            items.append(self._expression(0))
        return tuple(items)

    def _postfixed(self, node: Node) -> Node:
        while True:
            if self._take("."):
                name = self._next()
                if name.kind is not TokenKind.NAME and not name.text.isidentifier():
                    raise Stop(f"a name is expected at character {name.at + 1}")
                node = self._member(node, name.text)
            elif self._take("["):
                node = self._indexed(node)
            else:
                return node

    def _member(self, base: Node, name: str) -> Node:
        if not self._take("("):
            return Member(base, Literal(name))
        self._list(")")
        return Method(base, name)

    def _indexed(self, base: Node) -> Node:
        start = None if self._now.is_sign(":") else self._expression(0)
        if not self._take(":"):
            self._expect("]")
            assert start is not None  # only a colon leaves it out
            return Member(base, start)
        stop = None if self._now.is_sign("]") else self._expression(0)
        self._expect("]")
        return Slice(base, start, stop)


def _number(token: Token) -> int | float:
    text = token.text.replace("_", "").lower()
    try:
        if text[:2] in ("0x", "0o", "0b"):
            number: int | float = int(text, 0)
        else:
            number = float(text) if set(text) & set(".e") else int(text)
    except ValueError:
        raise Stop(f"invalid number at character {token.at + 1}: {token.text}") from None
    if number > _LARGEST and (isinstance(number, int) or number == float("inf")):
        raise Stop(f"the number at character {token.at + 1} is too large")
    return number
