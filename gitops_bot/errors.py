"""The error tree and the exit codes. Imports nothing.

    BotError                     1
    ├── UsageError               2
    ├── PolicyError
    │   ├── PolicySyntax        10   a file is not YAML
    │   ├── PolicyInvalid       11   unknown key, wrong value, not supported yet
    │   └── PlaceConflict       12   two policies write the same place
    ├── EditError
    │   ├── FileAbsent          20   the file is not in the repository
    │   ├── PlaceAbsent         21   the file has no such key, item or document
    │   └── EditRefused         22   the place cannot be edited safely
    ├── ClusterError
    │   ├── ObjectAbsent        30   no such object in the cluster
    │   │   └── KindAbsent      30   its kind is not installed there
    │   ├── ClusterDenied       31   the credentials may not read it
    │   └── ClusterUnreachable  32
    ├── RepositoryError
    │   ├── RepositoryUnreachable 40
    │   ├── RepositoryDenied    41   the credentials may not read or push
    │   └── PushRejected        42   the branch moved meanwhile, or the server declined
    ├── ForgeError
    │   ├── ForgeUnreachable    50
    │   ├── ForgeDenied         51
    │   ├── RateLimited         52
    │   └── ForgeRefused        53   the forge answered no
    ├── RegistryError
    │   ├── RegistryUnreachable 60
    │   └── RegistryDenied      61   no such image, or the credentials may not read it
    ├── SeveralFailures         70   policies failed in different ways
    └── InternalError           71   a defect of the bot

Exit codes 0 (done, or nothing to do), 1 (`plan --exit-code`, `set --dry-run`: something would change), 3 (`evaluate`:
UNKNOWN) and 4 (`evaluate`: FAIL) are results, not errors. `set` and `get` exit with 2 for every EditError.
"""

from typing import ClassVar

EXIT_CHANGES = 1
EXIT_UNKNOWN = 3
EXIT_FAIL = 4


class BotError(Exception):
    """Something the user can mend: what happened, where, and what to do about it."""

    exit_code: ClassVar[int] = 1

    def __init__(self, what: str, *, where: str = "", remedy: str = "") -> None:
        super().__init__(what)
        self.what = what
        self.where = where
        self.remedy = remedy

    def __str__(self) -> str:
        located = f"{self.where}: {self.what}" if self.where else self.what
        return f"{located}. {self.remedy}" if self.remedy else located


class UsageError(BotError):
    """The command line does not fit."""

    exit_code = 2


class PolicyError(BotError):
    """Something is wrong with what users wrote."""


class PolicySyntax(PolicyError):
    """A policy file is not YAML."""

    exit_code = 10


class PolicyInvalid(PolicyError):
    """A policy file is YAML, but not a policy."""

    exit_code = 11


class PlaceConflict(PolicyError):
    """Two policies write the same place."""

    exit_code = 12


class EditError(BotError):
    """A place in the environment repository cannot be read or written."""


class FileAbsent(EditError):
    """The file is not in the repository."""

    exit_code = 20


class PlaceAbsent(EditError):
    """The file has no such document, key or item."""

    exit_code = 21


class EditRefused(EditError):
    """The place exists, but changing it safely is not possible."""

    exit_code = 22


class ClusterError(BotError):
    """The cluster did not give what was asked."""


class ObjectAbsent(ClusterError):
    """The cluster has no such object or kind."""

    exit_code = 30


class KindAbsent(ObjectAbsent):
    """The cluster does not serve the kind: its CustomResourceDefinition is not installed."""


class ClusterDenied(ClusterError):
    """The credentials may not read it."""

    exit_code = 31


class ClusterUnreachable(ClusterError):
    """No answer, or none that could be understood."""

    exit_code = 32


class RepositoryError(BotError):
    """git did not do what was asked."""


class RepositoryUnreachable(RepositoryError):
    """No answer from the repository, or no such repository."""

    exit_code = 40


class RepositoryDenied(RepositoryError):
    """The credentials may not read or push."""

    exit_code = 41


class PushRejected(RepositoryError):
    """The branch moved meanwhile, or the server declined."""

    exit_code = 42


class ForgeError(BotError):
    """The forge did not do what was asked."""


class ForgeUnreachable(ForgeError):
    """No answer from the forge, or one that says it is broken."""

    exit_code = 50


class ForgeDenied(ForgeError):
    """The token is wrong or lacks a right."""

    exit_code = 51


class RateLimited(ForgeError):
    """The forge asks for patience; nothing more is sent in this tick."""

    exit_code = 52


class ForgeRefused(ForgeError):
    """The forge understood the request and answered no."""

    exit_code = 53


class RegistryError(BotError):
    """A container registry did not give what was asked."""


class RegistryUnreachable(RegistryError):
    """No answer from the registry, or none that could be understood."""

    exit_code = 60


class RegistryDenied(RegistryError):
    """There is no such image, or the credentials may not read it."""

    exit_code = 61


class SeveralFailures(BotError):
    """Policies or repositories failed in different ways."""

    exit_code = 70


class InternalError(BotError):
    """A defect of the bot: worth a report."""

    exit_code = 71
