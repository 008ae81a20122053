"""Evidence as pictures made of text: a line of blocks, rows of bars, SVG. Pure, without colours: form says everything.

Missing is a dot on the ground, never a bar of no height; what has more intervals than columns shows its highest.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from html import escape

from gitops_bot.policy.quantities import Limit

MOST_COLUMNS = 100
"""No line of text is wider."""

_BLOCKS = "▁▂▃▄▅▆▇█"
_GAP = "·"
_GUTTER, _LABEL, _ROWS = 10, 18, 5

Values = Sequence[float | None]


@dataclass(frozen=True, slots=True)
class Level:
    """A line that decides: a bound, a threshold."""

    name: str
    value: float


@dataclass(frozen=True, slots=True)
class Course:
    """One quantity over the intervals of a run."""

    name: str
    values: tuple[float | None, ...]
    levels: tuple[Level, ...] = ()


@dataclass(frozen=True, slots=True)
class Panel:
    """Quantities that share a scale."""

    title: str
    courses: tuple[Course, ...]
    unit: str = ""
    """`%`, `s`, or empty, as limits have it."""

    def show(self, value: float) -> str:
        """A number in the panel's unit, rounded."""
        return Limit(0.0, self.unit).show(float(f"{value:.4g}"))

    @property
    def scale(self) -> tuple[float, float]:
        """From the ground, which is zero unless something lies below it, to the highest value or level."""
        numbers = [v for one in self.courses for v in _finite(one.values) if v is not None]
        numbers += [level.value for one in self.courses for level in one.levels]
        ground, top = min([0.0, *numbers]), max([0.0, *numbers])
        return ground, top if top > ground else ground + 1.0


# ---------------------------------------------------------------- one line


def sparkline(values: Values, low: Limit | None = None, high: Limit | None = None, width: int = 60) -> str:
    """`▁▁▂▅ 0% to 2% (at most 1%: up to ▄)`: a block for each measurement; empty where none has a number."""
    (line,) = sparklines([values], low, high, width)
    return line


def sparklines(
    several: Sequence[Values], low: Limit | None = None, high: Limit | None = None, width: int = 60
) -> tuple[str, ...]:
    """A line for each, on one scale, the first with what the bounds mean."""
    extreme = min if high is None and low is not None else max
    pooled = [_pooled(_finite(values), width, extreme) for values in several]
    numbers = [[value for value in one if value is not None] for one in pooled]
    if not any(numbers):
        return ("",) * len(several)
    block = _blocks([value for one in numbers for value in one], low, high)
    unit = high or low or Limit(0.0, "")
    lines: list[str] = []
    for one, measured in zip(pooled, numbers, strict=True):
        drawn = "".join(_GAP if value is None else _BLOCKS[block(value)] for value in one)
        ends = (float(f"{end(measured):.4g}") for end in (min, max)) if measured else ()
        span = " to ".join(dict.fromkeys(unit.show(value) for value in ends))
        lines.append(f"{drawn} {span}{'' if any(lines) else _legend(low, high)}" if measured else "")
    return tuple(lines)


def _legend(low: Limit | None, high: Limit | None) -> str:
    if low and high:
        return f" ({low} to {high}: ▂ to ▇)"
    if high:
        return f" (at most {high}: up to ▄)"
    return f" (at least {low}: from ▅)" if low else ""


def _blocks(numbers: Sequence[float], low: Limit | None, high: Limit | None) -> Callable[[float], int]:
    """A number's block. One bound lies at half height; between two lie all blocks but the first and the last."""
    ground, top = min(0.0, *numbers) if min(numbers) < 0 or low is None else min(numbers), max(numbers)

    def block(value: float) -> int:
        if low and high:
            within = 1 + _step(value, low.value, high.value, 6)
            return 0 if value < low.value else 7 if value > high.value else within
        if high:
            return _step(value, ground, high.value, 4) if value <= high.value else 4 + _step(value, high.value, top, 4)
        if low:
            return _step(value, ground, low.value, 4) if value < low.value else 4 + _step(value, low.value, top, 4)
        return _step(value, ground, top, 8)

    return block


def _step(value: float, low: float, high: float, steps: int) -> int:
    """Which of so many equal steps between low and high a value is on, from 0."""
    return max(0, min(steps - 1, int(_share(value, low, high) * steps)))


def _share(value: float, low: float, high: float) -> float:
    """How far between low and high, without overflow; 0 where they are one."""
    width = high / 2 - low / 2
    return (value / 2 - low / 2) / width if width > 0 else 0.0


def _finite(values: Values) -> tuple[float | None, ...]:
    return tuple(value if value is not None and math.isfinite(value) else None for value in values)


def _pooled(values: Values, width: int, extreme: Callable[[Sequence[float]], float] = max) -> list[float | None]:
    """At most `width` columns of as many intervals each."""
    each = -(-len(values) // width) or 1
    groups = ([v for v in values[at : at + each] if v is not None] for at in range(0, len(values), each))
    return [extreme(group) if group else None for group in groups]


# ---------------------------------------------------------------- rows of bars


def bars(panels: Sequence[Panel], states: str = "", width: int = MOST_COLUMNS) -> str:
    """Each course as bars over its intervals, its levels as lines across; below them the state after each interval."""
    columns = max(10, width - _GUTTER - _LABEL - 2)
    lines: list[str] = []
    for panel in panels:
        lines.append(_cut(panel.title, width))
        for course in panel.courses:
            lines += [*_bars(panel, course, columns), ""]
    count = max(_longest(panels), len(states))
    each = -(-count // columns) or 1
    if states:
        lines.append(f"{'verdict':>{_GUTTER}}  {states[each - 1 :: each]}{states[-1] if count % each else ''}")
    last = f"{count:>{max(2, -(-count // each) - 1)}}" if count > 1 else ""
    lines.append(f"{'interval':>{_GUTTER}}  1{last}")
    return "\n".join(line.rstrip() for line in lines) + "\n"


def _longest(panels: Sequence[Panel]) -> int:
    """Intervals of the longest course: all panels share their width."""
    return max((len(one.values) for panel in panels for one in panel.courses), default=0)


def _bars(panel: Panel, course: Course, columns: int) -> Iterator[str]:
    ground, top = panel.scale
    pooled = _pooled(_finite(course.values), columns)
    heights = [None if v is None else max(1, round(_share(v, ground, top) * _ROWS * 8)) for v in pooled]
    levels: dict[int, list[str]] = {}
    for level in course.levels:
        levels.setdefault(_step(level.value, ground, top, _ROWS), []).append(level.name)
    edges = {_ROWS - 1: panel.show(top), 0: panel.show(ground)}
    yield f"{'':{_GUTTER}}  {_cut(course.name, columns)}"
    for row in reversed(range(_ROWS)):
        names = ", ".join(levels.get(row, ()))
        cells = "".join(_cell(height, row, empty="─" if names else " ") for height in heights)
        said = f"─ {_cut(names, _LABEL - 2)}" if names else ""
        yield f"{_cut(edges.get(row, ''), _GUTTER):>{_GUTTER}} │{cells}{said}"


def _cell(height: int | None, row: int, *, empty: str) -> str:
    if height is None:
        return _GAP if row == 0 else empty
    filled = height - row * 8
    return "█" if filled >= 8 else _BLOCKS[filled - 1] if filled > 0 else empty


def _cut(text: str, most: int) -> str:
    plain = "".join(char if char.isprintable() else " " for char in text)
    return plain if len(plain) <= most else f"{plain[: most - 1]}…"


# ---------------------------------------------------------------- SVG

_WIDTH, _HEIGHT, _LEFT, _RIGHT, _TOP = 760, 150, 80, 120, 46
_INKS = ("#b3261e", "#1f5fbf", "#2e7d32", "#6a4fa3")
_DASHES = ("", ' stroke-dasharray="7 3"', ' stroke-dasharray="2 3"', ' stroke-dasharray="9 3 2 3"')


def svg(panels: Sequence[Panel], title: str, *, decided_at: int | None = None) -> str:
    """The same as an SVG document; `decided_at` is marked by an upright line."""
    height = _TOP + len(panels) * (_HEIGHT + 44)
    count = _longest(panels)
    tops = [_TOP + 24 + index * (_HEIGHT + 44) for index in range(len(panels))]
    drawn = "".join(_panel(panel, top, count, decided_at) for panel, top in zip(panels, tops, strict=True))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {height}" role="img" '
        f'font-family="sans-serif" font-size="12" fill="#222">\n<title>{_xml(title)}</title>\n'
        f'<rect width="{_WIDTH}" height="{height}" fill="#fff"/>\n'
        f'<text x="12" y="22" font-size="14">{_xml(_cut(title, 105))}</text>\n{drawn}</svg>\n'
    )


def _panel(panel: Panel, top: int, count: int, decided_at: int | None) -> str:
    ground, high = panel.scale
    right = _WIDTH - _RIGHT

    def x(index: int) -> float:
        return _LEFT + index * (right - _LEFT) / max(1, count - 1)

    def y(value: float) -> float:
        return top + (1 - _share(value, ground, high)) * _HEIGHT

    parts = [f'<text x="12" y="{top - 8}" font-weight="bold">{_xml(panel.title)}</text>']
    for edge in (ground, high):
        parts.append(f'<text x="{_LEFT - 6}" y="{y(edge) + 4:.1f}" text-anchor="end">{_xml(panel.show(edge))}</text>')
    parts.append(f'<path d="M{_LEFT} {top}V{top + _HEIGHT}H{right}" fill="none" stroke="#999"/>')
    for index, label in {0: "1", count - 1: str(count)}.items() if count else ():
        parts.append(f'<text x="{x(index):.1f}" y="{top + _HEIGHT + 14}" text-anchor="middle">{label}</text>')
    if decided_at is not None and decided_at <= count:
        parts.append(f'<path d="M{x(decided_at - 1):.1f} {top}v{_HEIGHT}" stroke="#222" stroke-dasharray="1 3"/>')
    for number, course in enumerate(panel.courses):
        ink, dash = _INKS[number % 4], _DASHES[number % 4]
        style = f'fill="none" stroke="{ink}"{dash}'
        parts.append(f'<path d="{_path(course.values, x, y)}" {style} stroke-width="2" stroke-linecap="round"/>')
        parts.append(
            f'<text x="{_WIDTH - 12 - 120 * number}" y="{top - 8}" fill="{ink}" text-anchor="end">'
            f"{'┅' if dash else '━'} {_xml(_cut(course.name, 14))}</text>"
        )
        for level in course.levels:
            parts.append(f'<path d="M{_LEFT} {y(level.value):.1f}H{right}" stroke="{ink}" stroke-opacity=".5"/>')
            parts.append(f'<text x="{right + 6}" y="{y(level.value) + 4:.1f}">{_xml(_cut(level.name, 18))}</text>')
    return "\n".join(parts) + "\n"


def _path(values: Values, x: Callable[[int], float], y: Callable[[float], float]) -> str:
    """A line through the numbers, broken where one is missing; a lone one is a point."""
    path, drawing = "", False
    for index, value in enumerate(_finite(values)):
        if value is not None:
            path += f"{'L' if drawing else 'M'}{x(index):.1f} {y(value):.1f}{'' if drawing else 'h0'}"
        drawing = value is not None
    return path


def _xml(text: str) -> str:
    """Text as XML 1.0 can hold it."""
    return escape("".join(char if char.isprintable() else " " for char in text))
