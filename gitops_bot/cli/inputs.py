"""The files that `judge` reads: JSON, CSV, the bot's recordings, what Prometheus answers to a range query."""

from __future__ import annotations

import csv
import io
import json
import math
import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gitops_bot.errors import UsageError

if TYPE_CHECKING:
    from gitops_bot.model import Reading

Order = dict[str, Any]
"""What is to be judged, in the shape of a line of a batch."""

ROLES = tuple(f"{role}.{what}" for role in ("candidate", "baseline") for what in ("bad", "total", "value"))
"""What a column of a CSV file or a recorded series may be."""

_MOST_INSTANTS = 11_000
"""Of a recorded range: what Prometheus gives in one."""
_SHAPES = "It may be a list of intervals, an object with intervals, a recording, or Prometheus' answer to query_range"


def read(file: Path, data: bytes, roles: Mapping[str, str], interval: timedelta | None) -> Order:
    """What a file says, with `intervals` at least. Errors: UsageError.

    `roles` tell which recorded series is what (`candidate.bad`), `interval` how a recording is cut; both go with
    recordings alone.
    """
    if file.suffix.lower() == ".csv":
        _nothing_recorded(roles, interval)
        return {"intervals": _of_csv(data)}
    told = parsed(data)
    if isinstance(told, dict) and isinstance(told.get("series"), list):
        return {"intervals": _of_recording(file, told["series"], roles, interval)}
    if isinstance(told, dict) and ("data" in told or told.get("status") == "error"):
        return {"intervals": _of_prometheus(told, roles, interval)}
    _nothing_recorded(roles, interval)
    if isinstance(told, list):
        return {"intervals": told}
    if isinstance(told, dict) and isinstance(told.get("intervals"), list):
        return told
    raise UsageError("it holds no evidence", remedy=_SHAPES)


def parsed(data: bytes) -> Any:
    """A JSON document, a byte order mark before it or not. Errors: UsageError."""
    try:
        return json.loads(data.decode("utf-8-sig"))
    except ValueError as error:  # UnicodeDecodeError and JSONDecodeError are among them
        raise UsageError(f"it is no JSON: {error}") from None
    except RecursionError:
        raise UsageError("it nests too deep") from None


def _nothing_recorded(roles: Mapping[str, str], interval: timedelta | None) -> None:
    if given := "--series" if roles else "--interval" if interval else "":
        raise UsageError(f"{given} goes with recordings alone, and this file lists its intervals")


# ---------------------------------------------------------------- CSV

_COLUMNS = {
    f"{arm}{what}": (role, what)
    for arm, role in (("", "candidate"), ("candidate", "candidate"), ("baseline", "baseline"))
    for what in ("bad", "total", "value", "missing")
}
_OTHER_COLUMNS = ("at", "interval")


def _of_csv(data: bytes) -> list[Order]:
    """A row an interval; columns `candidate.bad`, `candidate.total`, `candidate.value`, the same of baseline, `at`."""
    try:
        reader = csv.reader(io.StringIO(data.decode("utf-8-sig"), newline=""))
        rows = [(reader.line_num, row) for row in reader if any(cell.strip() for cell in row)]
    except (ValueError, csv.Error) as error:
        raise UsageError(f"it is no CSV: {error}") from None
    header = rows[0][1] if rows else []
    names = [re.sub(r"[^a-z]", "", name.lower()) for name in header]
    _check_header(header, names)
    for line, row in rows[1:]:
        if len(row) > len(names):
            raise UsageError(f"line {line} has {len(row)} cells, the header {len(names)}")
    return [_of_row(names, row) for _, row in rows[1:]]


def _check_header(header: Sequence[str], names: Sequence[str]) -> None:
    remedy = f"Columns are at, {', '.join(ROLES)}"
    for title, name in zip(header, names, strict=True):
        if name not in _COLUMNS and name not in _OTHER_COLUMNS:
            raise UsageError(f"the CSV has the column {title[:80]!r}, which means nothing here", remedy=remedy)
        if [_meaning(one) for one in names].count(_meaning(name)) > 1:
            raise UsageError(f"the CSV has the column {title[:80]!r} twice", remedy=remedy)
    if not any(name in _COLUMNS for name in names):
        raise UsageError("the CSV has no column with evidence", remedy=remedy)


def _meaning(name: str) -> tuple[str, ...]:
    return _COLUMNS.get(name, (name,))


def _of_row(names: Sequence[str], row: Sequence[str]) -> Order:
    told: Order = {}
    for name, cell in zip(names, row, strict=False):  # a short row has measured nothing in the rest
        if name == "at":
            told["at"] = cell.strip() or None
        elif name in _COLUMNS and cell.strip():
            role, what = _COLUMNS[name]
            told.setdefault(role, {})[what] = cell.strip()
    return told


# ---------------------------------------------------------------- recordings


def _of_recording(
    file: Path, series: Sequence[Any], roles: Mapping[str, str], interval: timedelta | None
) -> list[Order]:
    """Each role's query at every instant of the recording, read as the bot itself would read it."""
    from gitops_bot.adapters.recorded import RecordedMetrics
    from gitops_bot.model import Query

    asked = _queries(series, roles)
    start, end, step = _range(series, interval)
    metrics = RecordedMetrics(file)
    readings = {role: metrics.range(Query("", query, start, end, step)) for role, query in asked.items()}
    return _intervals(readings, [start + index * step for index in range(int((end - start) / step) + 1)])


def _intervals(readings: Mapping[str, Sequence[Reading]], instants: Sequence[datetime]) -> list[Order]:
    return [_at(readings, at, index) for index, at in enumerate(instants)]


def _at(readings: Mapping[str, Sequence[Reading]], at: datetime, index: int) -> Order:
    from gitops_bot.model import Sample

    told: Order = {"at": at.isoformat()}
    for role, values in readings.items():
        name, _, what = role.partition(".")
        arm, reading = told.setdefault(name, {}), values[index]
        if isinstance(reading, Sample):
            arm[what] = reading.value
        else:
            arm["missing" if reading.answered else "error"] = reading.reason
    return told


def _queries(series: Sequence[Any], told: Mapping[str, str]) -> Mapping[str, str]:
    """Which query is what: as the command or the recording (`as`) says; a lone one is the candidate's value."""
    listed = [one for one in series if isinstance(one, dict) and isinstance(one.get("query"), str)]
    roles = {one["as"]: one["query"] for one in listed if isinstance(one.get("as"), str)} | dict(told)
    if not roles and len(listed) == 1:
        roles = {"candidate.value": listed[0]["query"]}
    return _known(roles, "candidate.value=QUERY")


def _known(roles: Mapping[str, str], example: str) -> Mapping[str, str]:
    if unknown := [role for role in roles if role not in ROLES]:
        raise UsageError(f"{unknown[0][:80]!r} is nothing that a series can be", remedy=f"Known are {', '.join(ROLES)}")
    if not any(role.startswith("candidate.") for role in roles):
        raise UsageError("nothing says which recorded series is what", remedy=f"Say --series {example}")
    return roles


def _range(series: Sequence[Any], interval: timedelta | None) -> tuple[datetime, datetime, timedelta]:
    """From the first point to the last, by the interval, else by the smallest distance of two points."""
    try:
        times = sorted({float(point[0]) for one in series for point in one["points"]})
        moments = [datetime.fromtimestamp(times[0], UTC), datetime.fromtimestamp(times[-1], UTC)]
    except (LookupError, TypeError, ValueError, OverflowError, OSError):
        raise UsageError("it is no recording: every series needs points of a time and a value") from None
    least = min((later - earlier for earlier, later in pairwise(times)), default=60.0)
    step = interval or timedelta(seconds=max(1.0, math.ceil(least)))
    _few_enough((moments[1] - moments[0]) / step)
    return moments[0], moments[1], step


def _few_enough(instants: float) -> None:
    if instants > _MOST_INSTANTS:
        raise UsageError(f"that is more than {_MOST_INSTANTS} intervals", remedy="Say a longer --interval")


# ---------------------------------------------------------------- what Prometheus answers

_LABEL = r'\s*([A-Za-z_][A-Za-z0-9_]*)\s*=\s*"((?:[^"\\]|\\.)*)"\s*'


def _of_prometheus(payload: Mapping[str, Any], roles: Mapping[str, str], interval: timedelta | None) -> list[Order]:
    """The JSON of `/api/v1/query_range`: several series are told apart by their labels."""
    from gitops_bot.adapters.metrics_http import NoAnswer
    from gitops_bot.adapters.prometheus import answers

    if payload.get("status") == "error":
        raise UsageError(f"it holds no evidence but an error of the metrics server: {str(payload.get('error'))[:200]}")
    try:
        chosen = _chosen(answers.result_of(payload), roles)
        values = {role: answers.only_series([one]) for role, one in chosen.items()}
        grid = _grid(values.values(), interval)
        instants = tuple(datetime.fromtimestamp(at / 1000, UTC) for at in grid)
        return _intervals({role: answers.readings(one, grid, instants) for role, one in values.items()}, instants)
    except NoAnswer as error:
        raise UsageError(f"{error.reason}{f': {error.detail}' if error.detail else ''}") from None
    except (LookupError, TypeError, AttributeError, ValueError, OverflowError, OSError):
        raise UsageError("it is not shaped like Prometheus' answer to query_range") from None


def _chosen(result: Sequence[Any], roles: Mapping[str, str]) -> Mapping[str, Any]:
    """The series of each role, picked by `{label="value"}`; a lone one is the candidate's value."""
    if not result:
        raise UsageError("the query found no data")
    if not roles and len(result) == 1:
        return {"candidate.value": result[0]}
    known = _known(roles, "'candidate.value={version=\"v2\"}'")
    return {role: _picked(result, role, text) for role, text in known.items()}


def _picked(result: Sequence[Any], role: str, text: str) -> Any:
    if not re.fullmatch(rf"\{{(?:{_LABEL}(?:,{_LABEL})*)?\}}", text):
        remedy = f"Write it like '{role}={{version=\"v2\"}}'"
        raise UsageError(f"--series: {text[:80]!r} does not pick a series by its labels", remedy=remedy)
    wanted = {name: re.sub(r"\\(.)", r"\1", value) for name, value in re.findall(_LABEL, text)}
    found = [one for one in result if wanted.items() <= dict(one["metric"]).items()]
    if len(found) != 1:
        there = "; ".join(json.dumps(one["metric"], ensure_ascii=False)[:100] for one in result[:5])
        raise UsageError(f"--series {role}: {len(found)} series have {text}", remedy=f"There are: {there or 'none'}")
    return found[0]


def _grid(values: Any, interval: timedelta | None) -> range:
    """The instants, as Prometheus counts them: whole milliseconds."""
    times = sorted({at for one in values for at in one})
    if not times:
        raise UsageError("its series have no points")
    least = min((later - earlier for earlier, later in pairwise(times)), default=1)
    step = interval // timedelta(milliseconds=1) if interval else least
    if step % least:
        raise UsageError(f"--interval: its points lie {least / 1000:g} s apart, which the interval is no multiple of")
    _few_enough((times[-1] - times[0]) / step)
    return range(times[0], times[-1] + 1, step)
