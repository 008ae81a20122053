"""Several pull requests opened by one request: what the adapters of hosted forges share.

A request whose answer is lost may have had its effect, in part or later: a look follows it, never another try.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any

from gitops_bot.adapters.pace import Pace
from gitops_bot.errors import ForgeError, ForgeUnreachable, RateLimited
from gitops_bot.model import PullRequest
from gitops_bot.ports import NewPull

AT_ONCE = 10
"""So many at most: each takes a forge up to a second, and GitHub gives up on a request after ten."""

WRITES = 5
"""That each may want: a status, itself, labels, reviewers, and the body that says so."""

Opened = PullRequest | ForgeError
"""A pull request, or why there is none."""


def mutations(field: str, kind: str, names: Collection[str], made: str) -> str:
    """A document of one mutation for each name, whose input is the variable of that name: nothing is quoted.

    kind: the input's type; made: the fragment of that name, which says what is answered.
    """
    given = ", ".join(f"${name}: {kind}!" for name in names)
    asked = "\n".join(f"  {name}: {field}(input: ${name}) {{ ...made }}" for name in names)
    return f"mutation({given}) {{\n{asked}\n}}\n{made}"


def told(answer: object, names: Iterable[str], key: str) -> Mapping[str, Mapping[str, Any]]:
    """What an answer of GraphQL says of each name, below a key; what has another shape says nothing."""
    data = answer.get("data") if isinstance(answer, Mapping) else None
    each = {name: data.get(name) for name in names} if isinstance(data, Mapping) else {}
    said = {name: one.get(key) for name, one in each.items() if isinstance(one, Mapping)}
    return {name: one for name, one in said.items() if isinstance(one, Mapping)}


def readable(make: Callable[[], PullRequest]) -> PullRequest | None:
    """The pull request, or None where the answer has another shape: asked for alone, it is found."""
    try:
        return make()
    except (LookupError, TypeError, ValueError, AttributeError):
        return None


class Together:
    """Opens several by one request, and alone what it did not open."""

    def __init__(
        self,
        pace: Pace,
        *,
        ask: Callable[[Sequence[NewPull]], Sequence[Opened | None]],
        alone: Callable[[NewPull], PullRequest],
        standing: Callable[[], Iterable[PullRequest]],
    ) -> None:
        """ask: by one request, None for what is to be asked for alone; standing: the open ones as of now."""
        self._pace, self._ask, self._alone, self._standing = pace, ask, alone, standing
        self._most = AT_ONCE

    def at_once(self) -> int:
        """As the port has it: fewer after a request without an answer, and no more than the hour's writes allow."""
        return max(1, min(self._most, self._pace.quota().writes_left // WRITES))

    def open(self, wanted: Sequence[NewPull]) -> Sequence[Opened]:
        """As the port has it."""
        return [*self._each(wanted, self._made(wanted) if len(wanted) > 1 else [None])]

    def _made(self, wanted: Sequence[NewPull]) -> Sequence[Opened | None]:
        try:
            made = self._ask(wanted)
        except ForgeUnreachable as error:
            self._most = max(1, len(wanted) // 2)
            return self._seen(wanted, error)
        except RateLimited as error:
            return [error] * len(wanted)
        except ForgeError:  # alone, each has its own
            return [None] * len(wanted)
        self._most = min(AT_ONCE, self._most + 1)
        return made

    def _seen(self, wanted: Sequence[NewPull], error: ForgeError) -> Sequence[Opened]:
        """What is there after a request without an answer. The rest may still come: the next tick looks for it."""
        try:
            there = {(one.branch, one.base): one for one in self._standing()}
        except ForgeError:
            there = {}
        return [there.get((one.branch, one.base), error) for one in wanted]

    def _each(self, wanted: Sequence[NewPull], made: Sequence[Opened | None]) -> Iterator[Opened]:
        """The rest one by one, as long as there are answers."""
        trouble: ForgeError | None = None
        for one, result in zip(wanted, made, strict=True):
            found = result or trouble or self._tried(one)
            if result is None and isinstance(found, ForgeUnreachable | RateLimited):
                trouble = found
            yield found

    def _tried(self, one: NewPull) -> Opened:
        try:
            return self._alone(one)
        except ForgeError as error:
            return error
