"""Tables in parts: each part holds the rows of a group of landed files, in a file of its own that stays while those rows do."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Protocol

from pydantic import Field

from joinedup.engine.specs import Frozen

SAFE_VALUE = r"^[A-Za-z0-9_][A-Za-z0-9_-]*$"
"""It becomes part of a file's name, and may come from another host."""


WHOLE = "whole"
"""The part in which all rows of a table in one file are, where others are in parts."""
FILE = "file_id"
"""The column that says from which landed file a row comes."""


@dataclass(frozen=True, slots=True)
class AmendedFile:
    """Rows that lie in a Parquet file but for those of some people, in whose place are others."""

    path: Path
    void: Path
    """A Parquet file of one column, person_id: whose rows in `path` don't count."""
    instead: Path | None = None
    """What counts in their place; None where only what still counts of `path` is meant."""


Lying = Path | AmendedFile
"""Where rows lie: all that a Parquet file has, or what of one still counts."""


@dataclass(frozen=True, slots=True)
class RowsOfPeople:
    """Of all that lies somewhere the rows of some people."""

    lying: tuple[Lying, ...]
    people: Path
    """A Parquet file of one column, person_id; null for rows of nobody known."""


class Amends(Frozen):
    """What of a part's file no longer counts, and what stands in its place."""

    void: str
    """Below the store's root: a file of one column, person_id, whose rows in the part's file don't count; null for rows of nobody known."""
    instead: str
    """Below the store's root: the rows of these people. Empty where nobody is void."""
    own: str
    """SHA-256 of the part's file; the digest of the part is that of all together."""
    void_digest: str = ""
    void_size: int = 0
    instead_digest: str = ""
    instead_size: int = 0
    instead_rows: int = 0


class Part(Frozen):
    """The rows of a table that come from one group of landed files."""

    value: Annotated[str, Field(pattern=SAFE_VALUE)]
    """Which group: the same in every table that is in parts."""
    file: str
    """Below the store's root."""
    digest: str
    """SHA-256 of the file, or of what it and those beside it hold where it is amended."""
    size: int = 0
    """Of the file."""
    rows: int
    """That count."""
    of_files: tuple[int, ...] = ()
    """The numbers (file_id) of the landed files; empty for a part of a table that was built."""
    reused: bool = False
    """True when it had been made before this build."""
    amends: Amends | None = None
    """None where all of the file's rows count."""

    @property
    def each_file(self) -> Iterator[tuple[str, int, str]]:
        """Every file of it, below the store's root, with its size and SHA-256."""
        yield self.file, self.size, self.digest if self.amends is None else self.amends.own
        if self.amends is not None:
            yield self.amends.void, self.amends.void_size, self.amends.void_digest
            if self.amends.instead:
                yield self.amends.instead, self.amends.instead_size, self.amends.instead_digest

    def lying(self, root: Path) -> Lying:
        """Where its rows lie."""
        if self.amends is None or not self.amends.instead:
            return root / self.file
        return AmendedFile(root / self.file, root / self.amends.void, root / self.amends.instead)


class InFiles(Frozen):
    """A table as it lies on disk: in one file, as nearly all do, or in parts."""

    file: str = ""
    """Below the store's root; empty for a table in parts."""
    parts: tuple[Part, ...] = ()
    """In the order of their values; none for a table in one file."""

    @property
    def files(self) -> tuple[str, ...]:
        """Every file of the table, below the store's root: to keep and to look after. Rows are read where they are `lying`."""
        return tuple(file for part in self.parts for file, *_ in part.each_file) or (self.file,)

    def lying(self, root: Path) -> tuple[Lying, ...]:
        """Where the rows of the table lie."""
        return tuple(part.lying(root) for part in self.parts) or (root / self.file,)


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
