"""Tables in parts: each part holds the rows of a group of landed files, in a file of its own that stays while those rows do."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from typing import Annotated, Protocol

from pydantic import Field

from joinedup.engine.specs import Frozen

SAFE_VALUE = r"^[A-Za-z0-9_][A-Za-z0-9_-]*$"
"""It becomes part of a file's name, and may come from another host."""


WHOLE = "whole"
"""The part in which all rows of a table in one file are, where others are in parts."""
FILE = "file_id"
"""The column that says from which landed file a row comes."""


class Part(Frozen):
    """The rows of a table that come from one group of landed files."""

    value: Annotated[str, Field(pattern=SAFE_VALUE)]
    """Which group: the same in every table that is in parts."""
    file: str
    """Below the store's root."""
    digest: str
    """SHA-256 of the file."""
    size: int = 0
    rows: int
    of_files: tuple[int, ...] = ()
    """The numbers (file_id) of the landed files; empty for a part of a table that was built."""
    reused: bool = False
    """True when it had been made before this build."""


class InFiles(Frozen):
    """A table as it lies on disk: in one file, as nearly all do, or in parts."""

    file: str = ""
    """Below the store's root; empty for a table in parts."""
    parts: tuple[Part, ...] = ()
    """In the order of their values; none for a table in one file."""

    @property
    def files(self) -> tuple[str, ...]:
        """Every file of the table, below the store's root."""
        return tuple(part.file for part in self.parts) or (self.file,)


class Digested(Protocol):
    """Whatever has a value and a digest."""

    @property
    def value(self) -> str:
        """Which part it is."""

    @property
    def digest(self) -> str:
        """The SHA-256 of its file."""


def digest_of(parts: Sequence[Digested]) -> str:
    """The digest of a table in parts: the same while all of them are."""
    return hashlib.sha256("\n".join(f"{part.value} {part.digest}" for part in parts).encode()).hexdigest()


def own_rows(files: Mapping[str, Sequence[int]]) -> dict[str, str]:
    """Part -> what is true, as SQL, of its rows alone, where these files are in parts: no row is true of two, nor of none."""
    if not files:
        return {}
    every = ", ".join(str(each) for own in files.values() for each in own)
    of_files = {value: f"{FILE} IN ({', '.join(map(str, own))})" for value, own in files.items() if own}
    return of_files | {WHOLE: f"({FILE} IS NULL OR {FILE} NOT IN ({every}))"}
