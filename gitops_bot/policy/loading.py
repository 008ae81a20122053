"""Files → policies and the bot's configuration. All problems of all files are found at once and raised as one error.

Types are as strict as YAML is: a value is handed to pydantic as JSON in strict mode, where lists may become tuples and
text may become enums, but neither `"5"` becomes 5 nor 1.10 becomes text.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Generic, TypeVar

from pydantic import ValidationError

from gitops_bot.errors import PolicyInvalid, PolicySyntax
from gitops_bot.policy import config_rules, defaults, named, rules, wording
from gitops_bot.policy.base import Spec
from gitops_bot.policy.config import BotConfig
from gitops_bot.policy.jsonschema import schema_of
from gitops_bot.policy.marks import Document, Fault, Mark, Path, Reading, read
from gitops_bot.policy.pipelines import expansion, stages
from gitops_bot.policy.pipelines.schema import PromotionPipeline
from gitops_bot.policy.problems import Problem, problem, short
from gitops_bot.policy.schema import PromotionPolicy

MOST_PROBLEMS = 100
"""Shown of one file; the others are counted."""

_HOMES = {
    "PromotionPolicy": "a policy file",
    "PromotionPipeline": "a policy file",
    "BotConfig": "the bot's own configuration file",
}

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
    """Of the document's first key, or of its environment in a pipeline; from 1."""
    written: Mapping[str, Any] = field(default_factory=dict)
    """The document as plain values: as it stands in the file, or as a pipeline means it."""


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
    sources: Sequence[Source],
    *,
    check: Rules[PromotionPolicy] = rules.problems,
    whole: bool = False,
    said: str = "{}",
) -> tuple[LoadedPolicy, ...]:
    """The policies of the files, in their order. Errors: SyntaxProblems, InvalidProblems.

    whole: these are all that there are, so what they call each other is looked up. said: the defaults of the bot
    configuration, as written.
    """
    by_name: dict[str, LoadedPolicy] = {}
    files: list[_File[PromotionPolicy]] = []
    for file in (_policies(source, check, said) for source in sources):
        faults = list(file.faults)
        for document, policy in file.found:
            loaded = LoadedPolicy(policy, file.name, _line(document), document.value)
            first = by_name.setdefault(policy.name, loaded)
            if first is not loaded:
                faults.append(_name_taken(document, first))
        files.append(replace(file, faults=tuple(faults)))
    _raise_problems(files)
    if whole:
        _raise_problems([_looked_up(file, [one.policy for one in by_name.values()]) for file in files])
    return tuple(by_name.values())


def _looked_up(file: _File[PromotionPolicy], all_of_them: Sequence[PromotionPolicy]) -> _File[PromotionPolicy]:
    """The file, its faults being names that no policy has; what a pipeline shares is wrong once."""
    faults: dict[tuple[Mark, str], Fault] = {}
    for document, policy in file.found:
        alike = [one for one in all_of_them if one.spec.repository == policy.spec.repository]
        known = [one.name for one in alike if one.name != policy.name]
        for path, message in named.unknown(policy, all_of_them):
            spot = document.spot(path)
            hint = wording.nearest(dict(named.names(policy))[path], known)
            faults.setdefault((spot.best, message), Fault(spot.best, message, path, hint, written=spot.written))
    return replace(file, faults=tuple(faults.values()))


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


def _policies(source: Source, check: Rules[PromotionPolicy], said: str) -> _File[PromotionPolicy]:
    """Policies, and those that pipelines become."""
    reading = read(source.data)
    found: list[tuple[Document, PromotionPolicy]] = []
    faults: list[Fault] = []
    for written in reading.documents:
        document, defaulted = defaults.under(written, said)
        if isinstance(document.value, dict) and document.value.get("kind") == PromotionPipeline.__name__:
            policies, wrong = _pipeline(document, check)
            found += policies
        else:
            policy, wrong = _document(document, PromotionPolicy, check)
            found += [(document, policy)] if policy else []
        faults += [defaults.told(fault, defaulted) for fault in wrong]
    if reading.stopped:
        faults.append(reading.stopped)
    return _File(source.name, reading, tuple(found), tuple(faults))


def _pipeline(
    document: Document, check: Rules[PromotionPolicy]
) -> tuple[list[tuple[Document, PromotionPolicy]], list[Fault]]:
    """A pipeline's policies, each a document whose marks are the pipeline's; one that is wrong gives none of them."""
    shape = replace(document, value=expansion.sample(document.value))
    pipeline, faults = _document(shape, PromotionPipeline, stages.problems)
    if pipeline is None or faults:
        return [], faults
    found: list[tuple[expansion.Expanded, PromotionPolicy]] = []
    for one in expansion.expand(document, pipeline):
        policy, wrong = _document(one.document, PromotionPolicy, check)
        faults += [one.told(fault) for fault in wrong]
        found += [(one, policy)] if policy else []
    faults += _same_bases(found)
    # What is shared is wrong once, not once for each.
    distinct = {(fault.mark, fault.message): fault for fault in faults}
    return [] if faults else [(one.document, policy) for one, policy in found], list(distinct.values())


def _same_bases(found: Sequence[tuple[expansion.Expanded, PromotionPolicy]]) -> Iterator[Fault]:
    """Environments that would merge their own branch into itself."""
    base = {policy.name: policy.spec.base for _, policy in found}
    for one, policy in found:
        (source, *_) = policy.spec.candidate.environments or ("",)
        if policy.spec.by == "branch" and policy.spec.base and base.get(source) == policy.spec.base:
            what = f"branch needs a base of its own, and {source} has the same, {policy.spec.base}"
            yield one.told(_broken_rule(one.document, ("spec", "by"), what))


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
    suggestion = wording.nearest(str(kind), [*_HOMES])
    if not isinstance(kind, str) or kind == expected or suggestion == f"did you mean {expected}?":
        return None
    spot = document.spot(("kind",))
    message, hint = f"{short(kind)!r} is not a kind of gitops-bot; expected {expected}", suggestion
    if kind in _HOMES and _HOMES[kind] != _HOMES[expected]:
        message, hint = f"{kind} belongs in {_HOMES[kind]}, not in {_HOMES[expected]}", ""
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
