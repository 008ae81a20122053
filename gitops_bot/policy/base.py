"""What every document of the language is made of: closed objects, names that come later, strings that are checked."""

from __future__ import annotations

import re
from pathlib import PurePosixPath
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints, WithJsonSchema
from pydantic.alias_generators import to_camel
from pydantic_core import PydanticCustomError


class Spec(BaseModel):
    """A closed, frozen, camelCase object."""

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        alias_generator=to_camel,
        use_attribute_docstrings=True,
        arbitrary_types_allowed=True,
    )


def _not_yet(_: Any) -> None:
    raise PydanticCustomError("not_supported_yet", "is not supported yet by this version of gitops-bot")


Later = Annotated[None, BeforeValidator(_not_yet), WithJsonSchema({"not": {}, "description": "not supported yet"})]
"""A name of v1alpha1 that this version does not serve."""


def served(*later: str) -> BeforeValidator:
    """Refuse values of the language that this version does not serve, by their name."""

    def check(value: Any) -> Any:
        if value in later:
            raise PydanticCustomError("not_supported_yet", "{value} is not supported yet", {"value": str(value)})
        return value

    return BeforeValidator(check)


def _inside(text: str) -> str:
    """A path below the repository's root, in its plain form."""
    if not 0 < len(text) <= 1024 or text.startswith(("/", "~")) or "\\" in text or any(ord(char) < 32 for char in text):
        raise ValueError(f"{text[:200]!r} is not a path inside the repository")
    if any(part == ".." or part.lower() == ".git" for part in PurePosixPath(text).parts):
        raise ValueError(f"{text!r} leaves the repository")
    return str(PurePosixPath(text))


RepoPath = Annotated[str, BeforeValidator(lambda value: _inside(value) if isinstance(value, str) else value)]
Dns1123 = Annotated[str, StringConstraints(pattern=r"^[a-z0-9]([a-z0-9-]*[a-z0-9])?$", max_length=63)]
Name = Annotated[str, StringConstraints(min_length=1, max_length=253, pattern=r"^[^\s/\x00-\x1f\x7f]+$")]
Who = Annotated[
    str, StringConstraints(min_length=1, max_length=253, pattern=r"^[^\s/\x00-\x1f\x7f]+(/[^\s/\x00-\x1f\x7f]+)*$")
]
"""A person by the name on the forge, or a team: `team:leads`, on GitLab `team:group/leads`."""
Text = Annotated[str, StringConstraints(min_length=1, max_length=4096, pattern=r"^[^\x00-\x08\x0b-\x1f\x7f]+$")]
Label = Annotated[
    str,
    StringConstraints(
        min_length=1, max_length=50, pattern=r"^[^,\s\x00-\x1f\x7f]([^,\x00-\x1f\x7f]*[^,\s\x00-\x1f\x7f])?$"
    ),
]
GivenVersion = Annotated[
    str,
    StringConstraints(
        pattern=r"^([A-Za-z0-9_][A-Za-z0-9_.+-]{0,127}(@sha256:[0-9a-f]{64})?|sha256:[0-9a-f]{64})$", max_length=300
    ),
]
_NO_BRANCH = re.compile(r"\.\.|//|[./]$|/\.|\.lock(?:/|$)|^@$|^HEAD$")
"""What git takes for no branch, of the names that the pattern lets by."""


def _branch(name: str) -> str:
    if _NO_BRANCH.search(name):
        raise ValueError(f"{name!r} is not a branch name: see `git help check-ref-format`")
    return name


BranchName = Annotated[
    str,
    StringConstraints(min_length=1, max_length=250, pattern=r"^[A-Za-z0-9_][A-Za-z0-9_./+#@-]*$"),
    AfterValidator(_branch),
]
"""A branch; never something that git could take for an option."""
BranchTemplate = Annotated[
    str, StringConstraints(min_length=1, max_length=250, pattern=r"^([A-Za-z0-9_]|\{\{)[A-Za-z0-9_./+#@{} -]*$")
]
"""A branch with names of a pipeline in it; it is judged when they are filled in."""
BranchPrefix = Annotated[
    str,
    StringConstraints(min_length=2, max_length=100, pattern=r"^([A-Za-z0-9_][A-Za-z0-9_-]*(\.[A-Za-z0-9_-]+)*/)+$"),
]
"""What branches begin with, up to a slash. With a policy's name it stays far below the 244 bytes that GitHub takes."""
Percent = Annotated[int, Field(ge=1, le=100)]


class Metadata(Spec):
    """The identity of a document."""

    name: Dns1123
    """The identity in branches, statuses and metrics."""
    labels: dict[str, str] = {}
    annotations: dict[str, str] = {}
