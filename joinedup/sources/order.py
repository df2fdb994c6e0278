"""In which order the files of a source are read: what a later one says supersedes what an earlier one said."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

from joinedup.place.file_name import NameSays, readings
from joinedup.place.model import Source
from joinedup.sources.accounts import FileAccount

NOTHING_SAID = NameSays()
YEARS = range(1990, 2100)
"""What a number of four digits in a name may be the year of."""


@dataclass(frozen=True, slots=True)
class Drop:
    """One file of a source."""

    source: Source
    path: Path
    name: str
    """As its owner knows it, relative to the folder of extracts."""
    says: NameSays | None
    """What its name says; nothing where the source has no template, None where the name fits none, or several that disagree."""
    pattern: int = 0
    """Which of the source's patterns finds it."""
    fits: tuple[str, ...] = ()
    """The templates that its name fits."""

    @property
    def told(self) -> NameSays:
        """What its name says, if anything."""
        return self.says or NOTHING_SAID


@dataclass(frozen=True, slots=True)
class ReadFile:
    """A file that was read, and what became of it."""

    drop: Drop
    account: FileAccount

    @property
    def file_id(self) -> int:
        """Its number: of two files of a source the later one has the greater."""
        return self.account.file_id

    @property
    def series(self) -> tuple[str, str]:
        """Its source, and which part of several that belong together."""
        return self.drop.source.name, self.drop.told.part


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
    return sorted((_drop(source, path, extracts, pattern) for path, pattern in pattern_of.items()), key=_place)


def files_matching(extracts: Path, pattern: str) -> list[Path]:
    """The files of the folder that fit a pattern; OSError where the folder can't be looked into."""
    next(extracts.iterdir(), None)
    return [path for path in extracts.glob(pattern) if not path.is_dir() and not _never_ends(path)]


def _never_ends(path: Path) -> bool:
    """Whether a path leads to what is no file and might be read for ever: a pipe, a device, a socket."""
    return path.is_fifo() or path.is_char_device() or path.is_socket()


def _drop(source: Source, path: Path, extracts: Path, pattern: int) -> Drop:
    name = path.relative_to(extracts)
    fits = readings(source.file_name, name)
    said = set(fits.values()) if source.file_name else {NOTHING_SAID}
    return Drop(source, path, name.as_posix(), said.pop() if len(said) == 1 else None, pattern, tuple(fits))


def _place(drop: Drop) -> tuple[object, ...]:
    """Where a file stands: by the day of its list, when it was sent, its pattern, the months that it covers, its name."""
    says = drop.told
    day = says.day if drop.source.sends == "snapshot" and says.day else date.min
    return (day, says.sent or datetime.min, drop.pattern, *_months(drop), natural(drop.name))


def _months(drop: Drop) -> tuple[date, int]:
    """How late the months end that a file covers, and how many days they are; the earliest where nothing says it."""
    covers = drop.told.covers
    return (covers.end, covers.days) if covers else (date.min, 0)


def natural(name: str) -> tuple[list[str | int], str]:
    """A name as people sort it: apc_2 before apc_10."""
    pieces = re.split("([0-9]+)", name.casefold())
    return [int(piece) if place % 2 else piece for place, piece in enumerate(pieces)], name


def said_to_follow(later: Drop, earlier: Drop) -> bool:
    """Whether sources.yml or the names say that one file is later than another: more than that its name comes after in the alphabet."""
    if later.told.sent and earlier.told.sent and later.told.sent > earlier.told.sent:
        return True
    if (later.pattern, _months(later)) != (earlier.pattern, _months(earlier)):
        return later.pattern != earlier.pattern or bool(later.told.covers and earlier.told.covers)
    return _numbered(later.name, earlier.name)


def _numbered(later: str, earlier: str) -> bool:
    """Whether two names differ in numbers alone, and the first that differs isn't a day or a month before its year."""
    first, second = natural(earlier)[0], natural(later)[0]
    if len(first) != len(second) or first[::2] != second[::2]:
        return False
    pairs = list(zip(first[1::2], second[1::2], strict=True))
    differ = [place for place, (one, other) in enumerate(pairs) if one != other]
    years_after = [place for place in differ[1:] if all(_is_year(number) for number in pairs[place])]
    return bool(differ) and not years_after and not any(_day_first(number) for number in pairs[differ[0]])


def _is_year(number: str | int) -> bool:
    return int(number) in YEARS


def _day_first(number: str | int) -> bool:
    """Whether it is a date such as 01042025 or 042025, which has its year at the end."""
    front, year = divmod(int(number), 10_000)
    day, month = divmod(front, 100)
    return year in YEARS and 1 <= month <= 12 and 0 <= day <= 31
