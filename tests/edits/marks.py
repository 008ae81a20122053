"""Texts before and after an edit in one: `«old→new»` marks each span that changes."""

from __future__ import annotations

import re

_MARK = re.compile("«([^«»→]*)→([^«»→]*)»")


def before(marked: str) -> str:
    """The text with every old span."""
    return _MARK.sub(lambda span: span[1], marked)


def after(marked: str) -> str:
    """The text with every new span."""
    return _MARK.sub(lambda span: span[2], marked)
