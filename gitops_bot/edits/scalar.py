"""How a value is written so that every reader takes it for what it is.

Plain text is kept plain only where neither YAML 1.1 (PyYAML, Ruby), YAML 1.2 (ruamel.yaml) nor Go's readers (Helm,
kubectl, kustomize: yaml.v2 and yaml.v3) give it a type of its own. The tables err towards quotes.
"""

from __future__ import annotations

import re

_WORDS = frozenset(["y", "n", "yes", "no", "on", "off", "true", "false", "null", "nil", "none", "~", "=", "<<"])

# One alternative per family that some reader takes for a number, a date or a time.
_NUMBER = re.compile(
    r"""
      [-+]?(?=[-+.\d_])[\d_]*\.?[\d_]*(?:e[-+]?[\d_]*)?           # 12 1_000 .5 5. 1e3 - + . _
    | [-+]?\d[\d_]*(?::[\d_]*)+(?:\.[\d_]*)?                      # 12:30:45 sexagesimal
    | [-+]?0(?:x[0-9a-f_]*(?:\.[0-9a-f_]*)?(?:p[-+]?\d*)?|[ob][\d_]*)
    | [-+]?\.?(?:inf|nan|infinity)
    | \d{4}-\d{1,2}-\d{1,2}(?:[t\s].*)?                           # dates and times
    """,
    re.VERBOSE | re.IGNORECASE,
)
_INDICATORS = tuple("-?:,[]{}#&*!|>'\"%@`")
_INSIDE = re.compile(r":\s|:$|\s#|\{\{|\.\.\.")
_FLOW = re.compile(r"[,?\[\]{}]|:[\"']")
_SHORT_ESCAPES = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\t": "\\t", "\r": "\\r"}


def written(value: str | int | bool, *, style: str, flow: bool = False, json: bool = False) -> str:
    """The literal of a value in the place of an old one.

    `style` is the old literal's quote, empty for a plain one. A string keeps it unless that would change what it is;
    an integer, `true` and `false` are plain over a plain literal and in quotes over a quoted one.
    """
    text = text_of(value)
    if style == '"' or (json and isinstance(value, str)):
        return double(text, json=json)
    if style == "'" and text.isprintable():
        return "'" + text.replace("'", "''") + "'"
    if isinstance(value, int) and not style:
        return text
    return text if not style and is_plain(text, flow=flow) else double(text)


def text_of(value: str | int | bool) -> str:
    """A value's text, whatever its type."""
    return str(value).lower() if isinstance(value, bool) else str(value)


def is_plain(text: str, *, flow: bool = False) -> bool:
    """Whether every reader takes the bare text for this very string."""
    return not (
        text != text.strip()
        or text.lower() in _WORDS
        or text.startswith(_INDICATORS)
        or not text.isprintable()
        or _NUMBER.fullmatch(text)
        or _INSIDE.search(text)
        or (flow and _FLOW.search(text))
        or not text
    )


def double(text: str, *, json: bool = False) -> str:
    """A text in double quotes; `json`: with the escapes that JSON knows, as far as they go."""
    if text.isprintable() and '"' not in text and "\\" not in text:
        return f'"{text}"'
    return '"' + "".join(_escaped(char, json=json) for char in text) + '"'


def _escaped(char: str, *, json: bool) -> str:
    if short := _SHORT_ESCAPES.get(char):
        return short
    if char.isprintable():
        return char
    code = ord(char)
    if code < 0x100 and not json:
        return f"\\x{code:02X}"
    return f"\\u{code:04X}" if code < 0x10000 else f"\\U{code:08X}"
