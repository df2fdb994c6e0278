"""The one family of errors: each has an exit code and is shown as one sentence, without a traceback."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from joinedup.findings import Finding


class JoinedupError(Exception):
    """Something that joinedup can't do, said so that the reader knows what to do next."""

    exit_code: ClassVar[int] = 2


class PlaceError(JoinedupError):
    """A place folder or its extracts can't be used; `findings` says everything that is wrong with them."""

    exit_code = 1

    def __init__(self, message: str, findings: Sequence[Finding] = ()) -> None:
        super().__init__(message)
        self.findings = tuple(findings)


class SqlError(JoinedupError):
    """A table's SQL is unportable, cyclic, names an unknown table or doesn't give what its .yml declares."""

    exit_code = 3

    def __init__(self, message: str, findings: Sequence[Finding] = ()) -> None:
        super().__init__(message)
        self.findings = tuple(findings)


class KeyProblem(JoinedupError):
    """The key of the identity register is absent, malformed or not the one the register was written with."""

    exit_code = 4


class StoreProblem(JoinedupError):
    """The store can't be used: held by another process, not writable, full, or damaged."""

    exit_code = 5


class StoreHeld(StoreProblem):
    """Another process holds the store; when it has ended, the same command goes through."""

    exit_code = 8


class NothingPublished(JoinedupError):
    """There is no published landing or build to read yet."""

    exit_code = 6


class Refused(JoinedupError):
    """A door doesn't open for this place, person or purpose."""

    exit_code = 7
