"""In which order the files of a source are read: what a later one says supersedes what an earlier one said."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

from joinedup.place.file_name import NameSays, kinds, read_name
from joinedup.place.model import Source

NOTHING_SAID = NameSays()


@dataclass(frozen=True, slots=True)
class Drop:
    """One file of a source."""

    source: Source
    path: Path
    name: str
    """As its owner knows it, relative to the folder of extracts."""
    says: NameSays | None
    """What its name says; nothing where the source has no template, None where the name doesn't fit it."""

    @property
    def told(self) -> NameSays:
        """What its name says, if anything."""
        return self.says or NOTHING_SAID


def drops(source: Source, extracts: Path, unreadable: Callable[[str, OSError], None], missing: Callable[[str], None]) -> list[Drop]:
    """The files of a source in the order of reading; patterns that find none, or can't be looked for, are told of."""
    pattern_of: dict[Path, int] = {}
    for place, pattern in enumerate(source.files):
        try:
            found = files_matching(extracts, pattern)
        except OSError as error:
            unreadable(pattern, error)
            continue
        if not found:
            missing(pattern)
        for path in found:
            pattern_of.setdefault(path, place)
    given = [_drop(source, path, extracts) for path in pattern_of]
    return sorted(given, key=lambda drop: _place(drop, pattern_of[drop.path]))


def files_matching(extracts: Path, pattern: str) -> list[Path]:
    """The files of the folder that fit a pattern; OSError where the folder can't be looked into."""
    next(extracts.iterdir(), None)
    return [path for path in extracts.glob(pattern) if not path.is_dir()]


def _drop(source: Source, path: Path, extracts: Path) -> Drop:
    name = path.relative_to(extracts)
    return Drop(source, path, name.as_posix(), read_name(source.file_name, name) if source.file_name else NOTHING_SAID)


def _place(drop: Drop, pattern: int) -> tuple[object, ...]:
    """Where a file stands: by the day of its list, when it was sent, its pattern, the months that it covers, its name."""
    says = drop.told
    months = (says.covers.end, says.covers.days) if says.covers else (date.min, 0)
    return (
        says.day if drop.source.sends == "snapshot" and says.day else date.min,
        says.sent or datetime.min,
        pattern,
        *months,
        natural(drop.name),
    )


def natural(name: str) -> tuple[list[str | int], str]:
    """A name as people sort it: apc_2 before apc_10."""
    pieces = re.split("([0-9]+)", name.casefold())
    return [int(piece) if place % 2 else piece for place, piece in enumerate(pieces)], name


def says_when_sent(source: Source) -> bool:
    """Whether the names of its files say when each was sent."""
    return "sent" in kinds(source.file_name or "")
