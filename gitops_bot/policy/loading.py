"""Files → policies and the bot's configuration. All problems of all files are found at once and raised as one error.

Types are as strict as YAML is: a value is handed to pydantic as JSON in strict mode, where lists may become tuples and
text may become enums, but neither `"5"` becomes 5 nor 1.10 becomes text.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Generic, TypeVar

from pydantic import ValidationError

from gitops_bot.errors import PolicyInvalid, PolicySyntax
from gitops_bot.policy import config_rules, rules, wording
from gitops_bot.policy.base import Spec
from gitops_bot.policy.config import BotConfig
from gitops_bot.policy.jsonschema import schema_of
from gitops_bot.policy.marks import Document, Fault, Mark, Path, Reading, read
from gitops_bot.policy.problems import Problem, problem, short
from gitops_bot.policy.schema import PromotionPolicy

MOST_PROBLEMS = 100
"""Shown of one file; the others are counted."""

_HOMES = {"PromotionPolicy": "a policy file", "BotConfig": "the bot's own configuration file"}
_LATER = ("PromotionPipeline",)

SpecT = TypeVar("SpecT", bound=Spec)
Rules = Callable[[SpecT], Iterable[tuple[Path, str]]]
"""A document of the right shape → (path below the document, message)."""


@dataclass(frozen=True, slots=True)
class Source:
    """One file: its name as users should see it, and its bytes."""

    name: str
    data: bytes


@dataclass(frozen=True, slots=True)
class LoadedPolicy:
    """A policy and where it stands."""

    policy: PromotionPolicy
    file: str
    line: int
    """Of the document's first key, from 1."""


class SyntaxProblems(PolicySyntax):
    """At least one file is not YAML; `problems` has everything that is wrong with all of them."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__("\n".join(map(str, problems)))
        self.problems = tuple(problems)


class InvalidProblems(PolicyInvalid):
    """All files are YAML, and something in them is wrong; `problems` has everything."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__("\n".join(map(str, problems)))
        self.problems = tuple(problems)


def load_policies(
    sources: Sequence[Source], *, check: Rules[PromotionPolicy] = rules.problems
) -> tuple[LoadedPolicy, ...]:
    """The policies of the files, in their order. Errors: SyntaxProblems, InvalidProblems."""
    named: dict[str, LoadedPolicy] = {}
    files: list[_File[PromotionPolicy]] = []
    for file in (_file(source, PromotionPolicy, check) for source in sources):
        faults = list(file.faults)
        for document, policy in file.found:
            loaded = LoadedPolicy(policy, file.name, _line(document))
            first = named.setdefault(policy.name, loaded)
            if first is not loaded:
                faults.append(_name_taken(document, first))
        files.append(replace(file, faults=tuple(faults)))
    _raise_problems(files)
    return tuple(named.values())


def load_config(source: Source, *, check: Rules[BotConfig] = config_rules.problems) -> BotConfig:
    """The one BotConfig of a file. Errors: SyntaxProblems, InvalidProblems."""
    file = _file(source, BotConfig, check)
    _raise_problems([file])
    match file.found:
        case ((_, config),):
            return config
        case (first, second, *_):
            document, _ = second
            message = f"is the second BotConfig of this file; the first is on line {_line(first[0])}"
            fault = Fault(document.spot(("kind",)).value, message, ("kind",))
        case _:
            fault = Fault(Mark(1, 1), "the file holds no BotConfig")
    raise InvalidProblems([problem(file.name, file.reading, fault)])


@dataclass(frozen=True, slots=True)
class _File(Generic[SpecT]):
    """What one file gave: the valid documents, and the faults of all of them."""

    name: str
    reading: Reading
    found: tuple[tuple[Document, SpecT], ...]
    faults: tuple[Fault, ...]


def _file(source: Source, model: type[SpecT], check: Rules[SpecT]) -> _File[SpecT]:
    reading = read(source.data)
    results = [(document, *_document(document, model, check)) for document in reading.documents]
    faults = [fault for *_, several in results for fault in several]
    if reading.stopped:
        faults.append(reading.stopped)
    found = tuple((document, value) for document, value, _ in results if value is not None)
    return _File(source.name, reading, found, tuple(faults))


def _document(document: Document, model: type[SpecT], check: Rules[SpecT]) -> tuple[SpecT | None, list[Fault]]:
    """The document as a model, if it is one, and what is wrong with it."""
    faults = list(document.faults)
    if foreign := _foreign(document, model):
        return None, [*faults, foreign]
    try:
        value = model.model_validate_json(json.dumps(document.value), strict=True)
    except ValidationError as error:
        errors = error.errors(include_url=False)
        return None, [*faults, *wording.faults(document, errors, schema_of(model), MOST_PROBLEMS)]
    return value, [*faults, *(_broken_rule(document, path, message) for path, message in check(value))]


def _foreign(document: Document, model: type[Spec]) -> Fault | None:
    """Why a document is not judged by the model at all. A misspelled kind is: the model finds that, and the rest."""
    if not isinstance(document.value, dict):
        return Fault(document.spot(()).value, "must be a mapping with apiVersion, kind, metadata and spec")
    kind, expected = document.value.get("kind"), model.__name__
    suggestion = wording.nearest(str(kind), [*_HOMES, *_LATER])
    if not isinstance(kind, str) or kind == expected or suggestion == f"did you mean {expected}?":
        return None
    spot = document.spot(("kind",))
    message, hint = f"{short(kind)!r} is not a kind of gitops-bot; expected {expected}", suggestion
    if kind in _HOMES:
        message, hint = f"{kind} belongs in {_HOMES[kind]}, not in {_HOMES[expected]}", ""
    if kind in _LATER:
        message, hint = f"{kind} is not supported yet", ""
    return Fault(spot.best, message, ("kind",), hint, written=spot.written)


def _broken_rule(document: Document, path: Path, message: str) -> Fault:
    spot = document.spot(path)
    return Fault(spot.best, message, path, written=spot.written)


def _name_taken(document: Document, first: LoadedPolicy) -> Fault:
    path = ("metadata", "name")
    message = f"{first.policy.name} is already the name of the policy at {first.file}:{first.line}"
    return Fault(document.spot(path).best, message, path)


def _line(document: Document) -> int:
    return document.spot(()).value.line


def _raise_problems(files: Sequence[_File[Any]]) -> None:
    """Raise what is wrong with the files, if anything is: as syntax, if any file is not YAML."""
    problems = [found for file in files for found in _problems(file)]
    if any(fault.syntax for file in files for fault in file.faults):
        raise SyntaxProblems(problems)
    if problems:
        raise InvalidProblems(problems)


def _problems(file: _File[Any]) -> list[Problem]:
    """In the order of the file; a hopeless file is not listed to its end."""
    faults = sorted(file.faults, key=lambda fault: fault.mark)
    shown = faults[:MOST_PROBLEMS]
    if len(faults) > MOST_PROBLEMS:
        mark = faults[MOST_PROBLEMS].mark
        shown.append(Fault(mark, f"and {len(faults) - MOST_PROBLEMS} more problems from here on"))
    return [problem(file.name, file.reading, fault) for fault in shown]
