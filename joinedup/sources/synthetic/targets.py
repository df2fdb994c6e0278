"""The files to write: which source each belongs to, what it is called and which days it holds."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from fnmatch import fnmatchcase

import numpy as np

from joinedup.engine.files_text import plain
from joinedup.errors import PlaceError
from joinedup.place.model import Place, Source
from joinedup.sources.contract import ContractField, ContractSpec, contracts
from joinedup.sources.synthetic.draws import Ints
from joinedup.sources.synthetic.rows import Rows
from joinedup.sources.synthetic.seasons import Span, dates

SUFFIXES = (".csv", ".txt", ".tsv", ".csv.gz", ".txt.gz", ".tsv.gz", ".parquet")
WILD = re.compile(r"\*\*/|\*+|\?|\[[^\]]*\]")

NUMBERS_AND_NAMES = frozenset(
    {
        "NHS_NUMBER",
        "NHS_NUMBER_BABY",
        "NHS_NUMBER_STATUS_INDICATOR_CODE",
        "LOCAL_PATIENT_IDENTIFIER",
        "PERSON_FAMILY_NAME",
        "PERSON_GIVEN_NAME",
        "POSTCODE_OF_USUAL_ADDRESS",
    }
)
"""What an extract that brings a pseudonym does not hold."""


@dataclass(frozen=True, slots=True)
class Target:
    """One file: of a source, with the rows of the days from `start` up to `end`, or every one in `of` of the people."""

    source: Source
    position: int
    """Of the source among the place's sources."""
    file: str
    start: int
    end: int
    part: int
    of: int
    drop: int = -1
    """Which of the files that its source sends month by month it is; -1 where it sends none."""
    turned: bool = False
    """Its columns stand in another order than the contract's."""

    @property
    def parquet(self) -> bool:
        """Whether it is a Parquet file; the others are text."""
        return self.file.endswith(".parquet")

    @property
    def contract(self) -> ContractSpec:
        """What it holds."""
        return contracts()[self.source.contract]

    @property
    def fields(self) -> tuple[ContractField, ...]:
        """The fields that it has columns for, in the contract's order unless they are turned round."""
        fields = fields_of(self.source)
        return fields[::-1] if self.turned else fields

    def rows(self, rows: Rows) -> Ints:
        """The positions of the rows that belong in it."""
        mine = rows.source == self.position
        if not self.contract.lists:
            return np.flatnonzero(mine & (rows.day >= self.start) & (rows.day < self.end))
        return np.flatnonzero(mine & (rows.person % self.of == self.part))


def fields_of(source: Source) -> tuple[ContractField, ...]:
    """The fields that a source has columns for, in the contract's order."""
    contract = contracts()[source.contract]
    absent = NUMBERS_AND_NAMES if source.pseudonym else frozenset({"SOURCE_PSEUDONYM"})
    absent = frozenset(name for name in absent if not contract.requires(name)) | {plain(name) for name in source.constants}
    return tuple(field for field in contract.fields if field.name not in absent)


def targets_of(place: Place, span: Span, able: Sequence[str]) -> list[Target]:
    """Every file that the place's sources name, or PlaceError when one can't be written. `able`: the contracts that can be invented."""
    made: list[Target] = []
    for position, source in enumerate(place.sources):
        refuse_unable(source, able)
        names = [name for entry in source.files for name in _names(source, entry, span, place.as_at)]
        made += _targets(source, position, names, span)
    refuse_files_twice(place, made)
    return made


def refuse_unable(source: Source, able: Sequence[str]) -> None:
    """Nothing; PlaceError where the source's contract can't be invented."""
    if source.contract not in able:
        raise PlaceError(f"source {source.name}: extracts of {source.contract} can't be invented yet; those that can are {', '.join(able)}")


def _targets(source: Source, position: int, names: Sequence[str], span: Span) -> list[Target]:
    """The files share the span out among them, the first and last taking what lies outside."""
    edges = np.linspace(span.start, span.end, len(names) + 1).astype(int)
    edges[0], edges[-1] = span.start - 40_000, span.end + 40_000
    return [Target(source, position, name, int(edges[at]), int(edges[at + 1]), at, len(names)) for at, name in enumerate(names)]


def _names(source: Source, entry: str, span: Span, as_at: date) -> list[str]:
    """The file names that an entry of sources.yml stands for: itself, or for a pattern one for each twelve months of the span."""
    if WILD.search(entry):
        labels = [as_at.isoformat()] if contracts()[source.contract].lists else _labels(span)
        names = [filled(entry, label) for label in labels]
    else:
        names = [entry]
    for name in names:
        if not name.endswith(SUFFIXES) or not fnmatchcase(name, entry.replace("**/", "")):
            raise PlaceError(
                f"source {source.name}: no file can be written for {entry!r}; name a file that ends in one of {', '.join(SUFFIXES)}"
            )
    return names


def _labels(span: Span) -> list[str]:
    """The months that each half of the span covers."""
    middle = (span.start + span.end) // 2
    edges = dates(np.array([span.start, middle - 1, middle, span.end - 1])).astype("datetime64[M]").astype(str)
    return [f"{edges[0]}_to_{edges[1]}", f"{edges[2]}_to_{edges[3]}"]


def filled(pattern: str, label: str) -> str:
    """A name that the pattern matches; the label stands for its last star."""
    last = max((found.start() for found in WILD.finditer(pattern) if found.group().startswith("*") and found.group() != "**/"), default=-1)
    name = WILD.sub(lambda found: label if found.start() == last else _one(found.group()), pattern)
    return name if name.endswith(SUFFIXES) else name + ".csv" if pattern.endswith("*") else name


def _one(sign: str) -> str:
    """What a sign of a pattern stands for at its shortest."""
    if sign.startswith("*"):
        return ""
    return "0" if sign == "?" or sign.startswith("[!") else sign[1]


def refuse_files_twice(place: Place, targets: Sequence[Target]) -> None:
    """Nothing; PlaceError when a file would be read for two sources, or twice for one."""
    for target in targets:
        readers = [
            source.name for source in place.sources for entry in source.files if target.file == entry or fnmatchcase(target.file, entry)
        ]
        if len(readers) > 1:
            raise PlaceError(f"{target.file} would be read for {' and '.join(readers)}: give each source of sources.yml files of its own")
