"""What the sequential judge says to people."""

from __future__ import annotations

import math
from collections.abc import Sequence

from gitops_bot.analysis.sequential import ranges
from gitops_bot.analysis.sequential.claims import Claim
from gitops_bot.analysis.sequential.counts import Count, Row, commonest
from gitops_bot.model import Figure
from gitops_bot.policy.judges.sequential import Sequential

_RARELY = 0.5
"""A candidate that is silent in more of the intervals than this is silent."""


def failed(params: Sequential, listed: Sequence[Claim]) -> str:
    """Which claim was refuted, by what."""
    claim = next(claim for claim in listed if claim.refuted)
    by = claim.refuting.by if claim.refuting else ""
    if claim.about == "baseline":
        what = f"{_times(claim)} the baseline's ratio of bad events: {_counts(claim)}"
    else:
        what = f"a ratio of bad events {_side(claim, good=False)} {_limit(params, claim)}: {_own(claim)}"
    return f"the candidate has {what}{_test(by)}"


def passed(params: Sequential, listed: Sequence[Claim]) -> str:
    """What was proven."""
    parts = []
    for claim in listed:
        if not claim.proving.reached:
            continue
        if claim.about == "baseline":
            parts.append(
                f"stays below {params.margin:g} times the baseline's ratio of bad events: {_counts(claim)}"
                + _test(claim.proving.by)
            )
        else:
            parts.append(f"stays {_side(claim, good=True)} {_limit(params, claim)}: {_own(claim)}")
    return f"the candidate {' and '.join(parts)}"


def undecided(
    params: Sequential, listed: Sequence[Claim], measured: Sequence[Row], *, left: int | None, remaining: int
) -> str:
    """Why there is no verdict yet, and when there will be one."""
    if silence := _silence(measured):
        return silence
    open_claims = [claim for claim in listed if claim.refuting and not claim.proving.reached]
    heard = min((len(claim.pairs) for claim in open_claims), default=0)
    if heard == 0:
        return _nothing(measured)
    if heard < params.least_intervals:
        return f"{heard} of at least {params.least_intervals} intervals have counts" + _when(left, remaining)
    if doubted := next((claim for claim in open_claims if _doubted(claim)), None):
        worse = doubted.refuting and doubted.refuting.log_e >= doubted.refuting.demand.needed
        end = "more" if worse else "fewer"
        return f"the candidate had {end} bad events, but the counts vary too much to say so: {_counts(doubted)}"
    return f"not decided: {'; '.join(_shown(claim) for claim in open_claims)}{_when(left, remaining)}"


def figures(params: Sequential, listed: Sequence[Claim], measured: Sequence[Row]) -> tuple[Figure, ...]:
    """Counts, where their difference or ratio lies, evidence, and how much counts vary."""
    shown: list[Figure] = []
    for claim in listed:
        if not claim.pairs or not claim.refuting:
            continue
        if claim.about == "baseline":
            shown += [Figure("candidate", _of(claim, 0)), Figure("baseline", _of(claim, 1))]
            shown.append(Figure("relative risk", _relative(claim)))
            shown += ranges.of_counts(_side_of(claim, 0), _side_of(claim, 1), _error(params))
        elif not shown:
            shown.append(Figure("candidate", _own(claim)))
            shown += ranges.of_counts(_side_of(claim, 1), (), _error(params))
        label = "" if claim.about == "baseline" else f" ({claim.about})"
        shown.append(
            Figure(f"evidence of worse{label}", f"{_e(claim.refuting.log_e)} of {_e(claim.refuting.demand.needed)}")
        )
        shown.append(
            Figure(f"evidence of fine{label}", f"{_e(claim.proving.log_e)} of {_e(claim.proving.demand.needed)}")
        )
        looked = claim.refuting.allowed or claim.proving.allowed
        if looked:
            shown.append(Figure(f"counts vary{label}", _varying(looked.shape)))
    holes = [row for row in measured if isinstance(row.candidate, str)]
    return (*shown, Figure("without a number", str(len(holes)))) if holes else tuple(shown)


def values(
    params: Sequential, candidate: Sequence[float], baseline: Sequence[float], holes: int, *, compared: bool
) -> tuple[Figure, ...]:
    """Means of what was measured, and where their difference lies, or the candidate's where nothing is compared."""
    if not candidate:
        return (Figure("without a number", str(holes)),) if holes else ()
    shown = [Figure("candidate", f"{math.fsum(candidate) / len(candidate):.4g}")]
    if compared:
        shown.append(Figure("baseline", f"{math.fsum(baseline) / len(baseline):.4g}"))
        apart = [one - other for one, other in zip(candidate, baseline, strict=True)]
        shown += ranges.of_values("difference", apart, _error(params))
    else:
        shown += ranges.of_values("interval", candidate, _error(params))
    shown.append(Figure("measured", str(len(candidate))))
    return (*shown, Figure("without a number", str(holes))) if holes else tuple(shown)


def undecided_values(
    params: Sequential, candidate: Sequence[float], baseline: Sequence[float], reasons: Sequence[str], *, over: bool
) -> str:
    """Why values gave no verdict."""
    if not candidate:
        return f"no interval has a number: {commonest(reasons)}"
    if len(candidate) < params.least_intervals:
        return f"{len(candidate)} of at least {params.least_intervals} intervals have a number"
    if any(baseline) and math.fsum(baseline) <= 0:
        return "the baseline's mean is not positive, so that no multiple of it is a margin"
    end = "at the end of the run" if over else "yet"
    return f"the differences of {len(candidate)} intervals are too uncertain to decide {end}"


# ---------------------------------------------------------------- parts


def _error(params: Sequential) -> float:
    return params.alpha / params.share_of


def _side_of(claim: Claim, side: int) -> list[Count]:
    return [pair[side] for pair in claim.seen]


def _silence(measured: Sequence[Row]) -> str:
    silent = sum(row.silent for row in measured)
    if not silent or silent < _RARELY * sum(isinstance(row.candidate, Count) for row in measured):
        return ""
    served = sum(row.baseline.total for row in measured if isinstance(row.baseline, Count) and row.silent)
    return (
        f"the candidate served nothing in {silent} of {len(measured)} intervals, in which the baseline served {served}"
    )


def _nothing(measured: Sequence[Row]) -> str:
    reasons = [side for row in measured for side in (row.candidate, row.baseline) if isinstance(side, str)]
    return f"no interval can be compared: {commonest(reasons)}" if reasons else "no traffic"


def _doubted(claim: Claim) -> bool:
    """An e-process is over its threshold, and the look at overdispersion does not agree."""
    processes = [one for one in (claim.refuting, claim.proving) if one]
    return any(one.log_e >= one.demand.needed and not one.reached and one.allowed for one in processes)


def _when(left: int | None, remaining: int) -> str:
    if left is None:
        return "; too quiet to judge"
    if remaining > 0 and left > remaining:
        return f"; too quiet to judge: about {left} more intervals are needed, {remaining} are left"
    return f"; about {left} more {'interval is' if left == 1 else 'intervals are'} needed"


def _varying(shape: float) -> str:
    if math.isinf(shape):
        return "as chance has it"
    return f"more than chance ({f'clumps of about {1 - 1 / shape:.2g}' if shape < 0 else f'shape {shape:g}'})"


def _test(by: str) -> str:
    said = {
        "overdispersed likelihood": " (counts vary more than chance, which is allowed for)",
        "latest intervals": " (by its latest intervals, after sound ones)",
        "interval differences": " (counts vary more than chance; decided by the differences of the intervals)",
    }
    return said.get(by, "")


def _shown(claim: Claim) -> str:
    return _counts(claim) if claim.about == "baseline" else f"{_own(claim)} against the limit"


def _counts(claim: Claim) -> str:
    return f"{_of(claim, 0)} against {_of(claim, 1)}"


def _of(claim: Claim, side: int) -> str:
    bad, total = _sums(claim, side)
    return f"{bad} of {total} ({100 * bad / total:.3g}%)"


def _own(claim: Claim) -> str:
    bad, total = _sums(claim, 0)
    bad = total - bad if claim.about == "min" else bad
    return f"{bad} of {total} ({100 * bad / total:.3g}%)"


def _sums(claim: Claim, side: int) -> tuple[int, int]:
    return sum(pair[side].bad for pair in claim.seen), sum(pair[side].total for pair in claim.seen)


def _relative(claim: Claim) -> str:
    (bad_a, total_a), (bad_b, total_b) = _sums(claim, 0), _sums(claim, 1)
    if bad_b == 0:
        return "no bad events" if bad_a == 0 else "the baseline has no bad events"
    return f"{bad_a / total_a / (bad_b / total_b):.2f}"


def _times(claim: Claim) -> str:
    if _sums(claim, 1)[0] == 0:
        return "more than"
    return f"{_relative(claim)} times"


def _side(claim: Claim, *, good: bool) -> str:
    return "above" if (claim.about == "min") is good else "below"


def _limit(params: Sequential, claim: Claim) -> str:
    return str({"max": params.max, "min": params.min, "negligible": params.negligible}[claim.about])


def _e(log_e: float) -> str:
    """An e-value as people read it."""
    return f"{math.exp(log_e):.3g}" if abs(log_e) < 20 else f"10^{log_e / math.log(10):.0f}"
