"""How the bot answers commands in comments: what its plan does with them, said on the comment itself. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from gitops_bot.delivery.text import markdown
from gitops_bot.model import (
    Action,
    Answer,
    AskKind,
    EnqueuePr,
    Gate,
    Heard,
    HoldPr,
    MergePr,
    OpenPr,
    Reaction,
    Step,
    StepKind,
    UpdatePr,
    Verdict,
)


def answers(
    heard: Sequence[Heard] | str, taken: Sequence[Action], step: Step, verdict: Verdict, gates: Sequence[Gate]
) -> tuple[Answer, ...]:
    """One for each command but those that wait: for a merge after a rewrite, which is another head."""
    if isinstance(heard, str):
        return ()
    return tuple(answer for one in heard if (answer := _answer(one, taken, step, verdict, gates)))


def unheard(heard: Sequence[Heard] | str) -> tuple[str, ...]:
    """Why no command was heard, as a note."""
    return (heard,) if isinstance(heard, str) else ()


def _answer(
    heard: Heard, taken: Sequence[Action], step: Step, verdict: Verdict, gates: Sequence[Gate]
) -> Answer | None:
    remark, ask = heard.remark, heard.ask
    if ask is None:
        return _no(heard, heard.refusal) if heard.refusal else Answer(remark.number, remark.name, Reaction.DENIED)
    done = Answer(remark.number, remark.name, Reaction.DONE)
    match ask.kind:
        case AskKind.RESUME:
            return done
        case AskKind.EXPLAIN:
            text = "\n".join(explained(step, verdict, gates))
            return Answer(remark.number, remark.name, Reaction.DONE, text)
        case AskKind.HOLD:
            held = any(isinstance(one, HoldPr) for one in taken)
            return done if held else _no(heard, "there is no open promotion of the bot's that a label could hold")
        case AskKind.REOPEN:
            opened = any(isinstance(one, OpenPr) for one in taken)
            return done if opened else _no(heard, _why(step, gates))
        case AskKind.ROLLBACK:
            wanted = step.wanted
            back = wanted is not None and wanted.kind is StepKind.ROLLBACK
            return done if back else _no(heard, step.reason)
        case AskKind.PROMOTE:
            return _promotion(heard, taken, step, gates)


def _promotion(heard: Heard, taken: Sequence[Action], step: Step, gates: Sequence[Gate]) -> Answer | None:
    remark = heard.remark
    if any(isinstance(one, MergePr | EnqueuePr) and one.number == remark.number for one in taken):
        return Answer(remark.number, remark.name, Reaction.DONE, merges=True)
    if any(isinstance(one, UpdatePr) and one.number == remark.number for one in taken):
        return None
    return _no(heard, _why(step, gates))


def _no(heard: Heard, why: str) -> Answer:
    remark = heard.remark
    return Answer(remark.number, remark.name, Reaction.REFUSED, f"Not done: {markdown(why)}.")


def _why(step: Step, gates: Sequence[Gate]) -> str:
    """What keeps a step from passing: a closed gate, or what the step itself says."""
    shut = next((gate for gate in gates if not gate.open), None)
    return f"{shut.name}: {shut.reason}" if shut else "; ".join((step.reason, *step.cautions))


def explained(step: Step, verdict: Verdict, gates: Sequence[Gate]) -> Iterator[str]:
    """Step, verdict, and each gate, as Markdown."""
    yield f"**{step.kind.value}**: {markdown(step.reason)}"
    yield ""
    if verdict.checks:
        yield f"- verdict {verdict.outcome.value}: {markdown(verdict.because)}"
    for gate in gates:
        until = f" (until {gate.until:%Y-%m-%d %H:%M} UTC)" if gate.until else ""
        yield f"- {markdown(gate.name)} is {'open' if gate.open else 'closed'}: {markdown(gate.reason)}{until}"
    yield from (f"- the bot does not merge this by itself: {markdown(caution)}" for caution in step.cautions)
