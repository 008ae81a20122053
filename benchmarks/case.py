"""What is edited, and files of any size. Nothing here needs the tests or a rival: memory is to be the engine's own."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from gitops_bot.edits.sense import Plain
from gitops_bot.policy.places import Target


@dataclass(frozen=True)
class Case:
    """One value of one file."""

    file: str
    path: str
    before: str
    """The text up to the value."""
    old: str
    """The value's literal."""
    after: str
    """The text behind it."""
    new: Plain
    document: tuple[str, str, str] = ("", "", "")
    """Kind, name and namespace, where the file has several."""

    @property
    def data(self) -> bytes:
        """The file."""
        return f"{self.before}{self.old}{self.after}".encode()

    @property
    def target(self) -> Target:
        """The place, as a policy would hold it."""
        where = {key: value for key, value in zip(("kind", "name", "namespace"), self.document, strict=True) if value}
        given = {"file": self.file, "path": self.path, **({"where": where} if where else {})}
        return Target.model_validate({"yaml": given})


def dense(megabytes: float) -> Case:
    """Values without comments; the one that is set stands at the end."""
    lines = "".join(_services(int(megabytes * 1_000_000)))
    return Case("values.yaml", "canary.image.tag", f"{lines}canary:\n  image:\n    tag: ", "1.2.3", "\n", "1.2.4")


def _services(size: int) -> Iterator[str]:
    written = number = 0
    while written < size:
        number += 1
        text = (
            f"service-{number}:\n  image:\n    repository: ghcr.io/acme/service-{number}\n    tag: 1.{number}.0\n"
            f"  replicas: {number % 7}\n  ports: [{8000 + number % 999}, 9090]\n  env:\n"
            f"    - name: LEVEL\n      value: info\n    - name: SHARD\n      value: '{number}'\n"
        )
        written += len(text)
        yield text
