"""One GraphQL document of several mutations of one kind, as the fakes of both forges read it: strictly."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

_DOCUMENT = re.compile(
    r"mutation\((?P<given>[^)]*)\) \{ (?P<asked>.*?) \} fragment made on (?P<type>\w+) \{ (?P<made>.*) \}"
)


def inputs(body: Mapping[str, Any], field: str, made: str) -> Mapping[str, Mapping[str, Any]]:
    """By the name of each mutation, in order, what it is given. made: what is asked of each, word for word."""
    query = " ".join(body["query"].split())
    found = _DOCUMENT.fullmatch(query)
    assert found, query
    kind = f"{field[0].upper()}{field[1:]}"
    given = [one.partition(": ") for one in found["given"].split(", ")]
    names = [name.removeprefix("$") for name, _, _ in given]
    assert {wanted for _, _, wanted in given} == {f"{kind}Input!"}, query
    assert found["asked"] == " ".join(f"{one}: {field}(input: ${one}) {{ ...made }}" for one in names), query
    assert (found["type"], found["made"]) == (f"{kind}Payload", made), query
    assert [*body["variables"]] == names, "each variable is given and used once"
    assert len({*names}) == len(names), query
    variables: Mapping[str, Mapping[str, Any]] = body["variables"]
    return variables
