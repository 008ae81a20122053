"""Messages to people through apprise: one URL is one place, and holds a secret that no error or log repeats."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable

from gitops_bot.errors import BotError


class AppriseNotifier:
    """One place, by its URL, which is read each time so that a rotated one counts."""

    def __init__(self, url: Callable[[], str]) -> None:
        self._url = url

    def tell(self, title: str, text: str, *, tone: str) -> str:
        """Send it; empty when it was taken, else why not."""
        import apprise  # noqa: PLC0415 - an extra, wanted where somebody is told

        log = logging.getLogger("apprise")  # what it says may hold the URL
        log.propagate = False
        log.disabled = True
        try:
            place = apprise.Apprise()
            if not place.add(self._url()):
                return "its URL is none that apprise knows"
            taken = place.notify(
                body=_calling_nobody(text), title=_calling_nobody(title), notify_type=tone, body_format="text"
            )
        except BotError as error:
            return str(error)
        except Exception as error:  # noqa: BLE001 - plugins of a hundred services, none of which may stop a promotion
            return f"it could not be told ({type(error).__name__})"
        return "" if taken else "it did not take the message"


def _calling_nobody(text: str) -> str:
    """apprise turns `<!channel>` and `<@person>` into calls, even where it is told that it has plain text."""
    return re.sub(r"([!@])(?=\w)", "\\1\u200b", text)
