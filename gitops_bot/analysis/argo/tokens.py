"""A condition cut into tokens, as expr-lang does it (parser/lexer of expr 1.17)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum

from gitops_bot.analysis.argo.problem import Stop

LONGEST = 4096
"""Characters of a condition."""

MOST_TOKENS = 250
"""Tokens of a condition: every tree is then shallow enough to be walked."""


class TokenKind(Enum):
    """What a token is."""

    NUMBER = "number"
    STRING = "string"
    NAME = "name"
    SIGN = "sign"
    """An operator, a bracket, or a word that is an operator."""
    END = "end"


@dataclass(frozen=True, slots=True)
class Token:
    """One token; a string's text is its value, without quotes and escapes."""

    kind: TokenKind
    text: str
    at: int
    """Its first character, from 0."""

    def is_sign(self, *texts: str) -> bool:
        """Whether it is one of these signs."""
        return self.kind is TokenKind.SIGN and self.text in texts


WORDS = frozenset(("in", "or", "and", "not", "matches", "contains", "startsWith", "endsWith", "let", "if", "else"))
"""Words that are operators, not names."""

_TOKEN = re.compile(
    r"""(?P<space>\s+|//[^\n]*|/\*.*?\*/)
      | (?P<number>0[xX][0-9a-fA-F_]*|0[oO][0-7_]*|0[bB][01_]*
                  |(?:[0-9][0-9_]*(?:\.(?!\.)[0-9_]*)?|\.[0-9][0-9_]*)(?:[eE][-+]?[0-9_]*)?)
      | (?P<name>[^\W\d]\w*|\$\w*)
      | (?P<quoted>"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*')
      | (?P<raw>`(?:[^`]|``)*`)
      | (?P<sign>\?\?|\?\.|\.\.|\|\||&&|==|!=|<=|>=|\*\*|::|[-+*/%^<>=!?:.,;|\#()\[\]{}])""",
    re.VERBOSE | re.DOTALL,
)
_ESCAPE = re.compile(
    r"\\(?:(?P<plain>[abfnrtv\\\"'])|(?P<octal>[0-7]{3})|x(?P<x>[0-9a-fA-F]{2})"
    r"|u(?P<u>[0-9a-fA-F]{4})|u\{(?P<braced>[0-9a-fA-F]{1,6})\}|U(?P<long>[0-9a-fA-F]{8})|(?P<wrong>.?))",
    re.DOTALL,
)
_PLAIN = {"a": "\a", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v"}
_BASES = {"octal": 8, "x": 16, "u": 16, "braced": 16, "long": 16}
_LAST_CHARACTER = 0x10FFFF
_HALVES = range(0xD800, 0xE000)
"""Surrogates, which are no characters."""


def tokens(text: str) -> tuple[Token, ...]:
    """All tokens, the last one END. Errors: Stop."""
    if len(text) > LONGEST:
        raise Stop(f"the condition is longer than {LONGEST} characters")
    found: list[Token] = []
    at = 0
    while at < len(text):
        match = _TOKEN.match(text, at)
        if match is None:
            raise Stop(_unreadable(text, at))
        if match.lastgroup != "space":
            found.append(_token(match, text))
        at = match.end()
        if len(found) > MOST_TOKENS:
            raise Stop(f"the condition has more than {MOST_TOKENS} words and signs")
    return (*found, Token(TokenKind.END, "the end", at))


def _token(match: re.Match[str], text: str) -> Token:
    word, at = match[0], match.start()
    match match.lastgroup:
        case "name":
            return Token(TokenKind.SIGN if word in WORDS else TokenKind.NAME, word, at)
        case "number":
            if re.match(r"[\w$]", text[match.end() : match.end() + 1]):
                raise Stop(f"bad number at character {at + 1}: {word}{text[match.end()]}")
            return Token(TokenKind.NUMBER, word, at)
        case "quoted":
            return Token(TokenKind.STRING, _ESCAPE.sub(_unescaped, word[1:-1]), at)
        case "raw":
            return Token(TokenKind.STRING, word[1:-1].replace("``", "`"), at)
    return Token(TokenKind.SIGN, word, at)


def _unescaped(match: re.Match[str]) -> str:
    if match.lastgroup == "plain":
        return _PLAIN.get(match["plain"], match["plain"])
    if match.lastgroup in _BASES:
        code = int(match[match.lastgroup], _BASES[match.lastgroup])
        if code <= _LAST_CHARACTER and code not in _HALVES:
            return chr(code)
    raise Stop(f"invalid char escape {match[0]}")


def _unreadable(text: str, at: int) -> str:
    if text[at] in "\"'`":
        return f"the string that begins at character {at + 1} is not terminated"
    return f"unrecognized character {text[at]!r} at character {at + 1}"
