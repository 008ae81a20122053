"""Which pull requests are opened by one request: what several plans begin with waits for nothing of the others."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Sequence

from gitops_bot.errors import BotError, ForgeError, ForgeUnreachable, RateLimited, RepositoryError
from gitops_bot.model import Action, OpenPr, Plan, PullRequest
from gitops_bot.ports import Forge, ForgeOfMany, NewPull


class Openings:
    """The openings of one apply; what became of one waits for its plan's turn."""

    def __init__(
        self, plans: Sequence[Plan], forge: Forge, head: Callable[[OpenPr], str], stopping: Callable[[], bool]
    ) -> None:
        """head: the commit that an opening is about, or PushRejected."""
        self._forge, self._head, self._stopping = forge, head, stopping
        self._ahead = deque((plan, first) for plan in plans if isinstance(first := plan.actions[0], OpenPr))
        self._became: dict[str, PullRequest | BotError] = {}

    def is_begun(self, action: Action) -> bool:
        """It was opened, or refused, together with another one."""
        return isinstance(action, OpenPr) and action.proposal.branch in self._became

    def take(self, plan: Plan, action: OpenPr) -> PullRequest:
        """Open it, where that is not done yet. Errors: ForgeError, PushRejected."""
        if not self.is_begun(action):
            self._begin(plan, action)
        became = self._became.pop(action.proposal.branch)
        if isinstance(became, BotError):
            raise became
        return became

    def left(self, plans: Sequence[Plan]) -> Iterator[tuple[Plan, OpenPr, PullRequest]]:
        """What is open although its plan did not have its turn."""
        for plan in plans:
            for action in plan.actions:
                pull = self._became.get(action.proposal.branch) if isinstance(action, OpenPr) else None
                if isinstance(action, OpenPr) and isinstance(pull, PullRequest):
                    yield plan, action, pull

    def _begin(self, plan: Plan, action: OpenPr) -> None:
        """This one and the next ones that are as urgent: a status for each, as the body remembers it; then all."""
        ready: list[NewPull] = []
        for one in self._together(plan, action):
            try:
                self._forge.set_status(self._head(one), one.status, one.proposal.branch)
                ready.append(_new(one))
            except (ForgeError, RepositoryError) as error:
                self._became[one.proposal.branch] = error
                if isinstance(error, ForgeUnreachable | RateLimited):
                    break
        self._became |= zip([one.branch for one in ready], self._opened(ready), strict=True)

    def _together(self, plan: Plan, action: OpenPr) -> Iterator[OpenPr]:
        """An opening, and those that go with it."""
        ahead = self._ahead
        if ahead and ahead[0][1] is action:
            ahead.popleft()
        yield action
        for _ in range(1, self._forge.at_once() if isinstance(self._forge, ForgeOfMany) else 1):
            if not ahead or ahead[0][0].step.urgent != plan.step.urgent or self._stopping():
                return
            yield ahead.popleft()[1]

    def _opened(self, wanted: Sequence[NewPull]) -> Sequence[PullRequest | ForgeError]:
        if len(wanted) > 1 and isinstance(self._forge, ForgeOfMany):
            return self._forge.open_many(wanted)
        try:
            return [
                self._forge.open(branch=one.branch, base=one.base, title=one.title, body=one.body, draft=one.draft)
                for one in wanted
            ]
        except ForgeError as error:
            return [error]


def _new(action: OpenPr) -> NewPull:
    proposal = action.proposal
    return NewPull(proposal.branch, proposal.base, proposal.title, action.first or proposal.body, proposal.draft)
