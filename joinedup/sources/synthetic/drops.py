"""What a source sends month by month: a file a month, late corrections, deletions, a year again, lists of a day."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from fnmatch import fnmatchcase
from pathlib import PurePosixPath

import yaml

from joinedup.errors import PlaceError
from joinedup.periods import add_months
from joinedup.place.file_name import PART, kinds
from joinedup.place.model import Place, Source
from joinedup.sources.contract import contracts
from joinedup.sources.synthetic.seasons import Span
from joinedup.sources.synthetic.targets import SUFFIXES, WILD, Target, filled, refuse_files_twice, refuse_unable

AGAIN_MONTHS = 12
"""The first year of the span is sent again."""
SENT_ON_DAY = 14  # of the month that follows: ours, about when monthly returns are due
OF_MONTHS, OF_YEARS = "[0-9]*", "resent_*"
"""The patterns of 2025-04, so that csds_2025-04.csv is told from csds_locala_2025-04.csv, and of resent_2024-25, which is read later."""
WHOLE_FILES = 3
"""A source that sends everything each time is written for so many last months."""


@dataclass(frozen=True, slots=True)
class Drop:
    """One file that a source sends: of some months, counted from the span's first, or the list of a day."""

    file: str
    kind: str
    """month, again (the first year), everything or list."""
    first: int
    last: int
    day: int
    """The last day of its last month, in days since 1970; of a list, its day."""
    turned: bool
    """Its columns stand in another order, as in every file from the middle of the span on."""


def month_starts(span: Span) -> list[date]:
    """The first day of every month of a span, and of the one after it."""
    first = (date(1970, 1, 1) + timedelta(days=span.start)).replace(day=1)
    last = date(1970, 1, 1) + timedelta(days=span.end - 1)
    months = (last.year - first.year) * 12 + last.month - first.month + 1
    return [add_months(first, at) for at in range(months + 1)]


def monthly_place(place: Place) -> Place:
    """The place, each of its sources naming a file a month: those that name one file name a pattern instead."""
    return place.model_copy(update={"sources": tuple(_monthly(source) for source in place.sources)})


def _monthly(source: Source) -> Source:
    if any(WILD.search(entry) for entry in source.files):
        return source
    entry = source.files[0]
    suffix = next((end for end in sorted(SUFFIXES, key=len, reverse=True) if entry.endswith(end)), "")
    stem = entry.removesuffix(suffix)
    named = (OF_MONTHS, OF_YEARS) if source.sends == "changes" and not contracts()[source.contract].lists else (OF_MONTHS,)
    told: dict[str, object] = {"files": tuple(f"{stem}_{pattern}{suffix}" for pattern in named)}
    if contracts()[source.contract].lists:
        told |= {"sends": "snapshot", "file_name": (f"{stem}_{{day:%Y-%m-%d}}{suffix}",)}
    elif source.sends == "months":
        told["file_name"] = (f"{stem}_{{from:%Y-%m}}_{{to:%Y-%m}}{suffix}",)
    return source.model_copy(update=told)


def sources_yml(place: Place) -> str:
    """A sources.yml that says what the place's sources are."""
    told = [source.model_dump(mode="json", exclude_defaults=True) for source in place.sources]
    listed = [{name: _written(name, value) for name, value in source.items()} for source in told]
    return yaml.safe_dump({"sources": listed}, sort_keys=False, allow_unicode=True, width=140)


def _written(name: str, value: object) -> object:
    """A list as a list, and a single template of names without brackets."""
    return value[0] if name == "file_name" and isinstance(value, list) and len(value) == 1 else value


def drops_of(source: Source, span: Span) -> list[Drop]:
    """The files that a source sends in a span, in order; PlaceError where its names can't be made."""
    starts = month_starts(span)
    months = len(starts) - 1
    made = []
    for kind, first, last in _wanted(source, months):
        ends = min((starts[last + 1] - date(1970, 1, 1)).days, span.end) - 1
        name = _name(source, kind, starts[first], starts[last], ends)
        made.append(Drop(name, kind, first, last, ends, turned=kind != "again" and first >= months // 2))
    return made


def monthly_targets(place: Place, span: Span, able: Sequence[str]) -> list[Target]:
    """Every file that the place's sources send in the span, or PlaceError when one can't be written."""
    made = []
    for position, source in enumerate(place.sources):
        refuse_unable(source, able)
        for at, drop in enumerate(drops_of(source, span)):
            made.append(Target(source, position, drop.file, drop.first, drop.last, 0, 1, drop=at, turned=drop.turned))
    refuse_files_twice(place, made)
    return made


def _wanted(source: Source, months: int) -> Iterator[tuple[str, int, int]]:
    """The kind and months of each file."""
    if source.sends == "snapshot" or contracts()[source.contract].lists:
        yield from (("list", at, at) for at in range(months))
        return
    if source.sends == "everything":
        yield from (("everything", at, at) for at in range(max(months - WHOLE_FILES, 0), months))
        return
    yield from (("month", at, at) for at in range(months))
    most = min(AGAIN_MONTHS, months)
    if not source.file_name or _for_years(source):
        yield "again", 0, most - 1
    elif {"month", "sent"} <= set(kinds(source.file_name[0])):
        yield from (("again", at, at) for at in range(most))


def _for_years(source: Source) -> str | None:
    """The template by which the source names a year that it sends again."""
    return next((template for template in source.file_name if "from" in kinds(template)), None)


def _name(source: Source, kind: str, first: date, last: date, day: int) -> str:
    """The name of one file."""
    patterns = [entry for entry in source.files if WILD.search(entry)]
    if not patterns:
        raise PlaceError(f"source {source.name}: its files have no pattern, so no file a month can be named")
    if source.file_name:
        template = (_for_years(source) if kind == "again" else None) or source.file_name[0]
        pattern = next((each for each in patterns if fnmatchcase(_from_template(template, each, first, last, day), each)), patterns[0])
        name = _from_template(template, pattern, first, last, day, again=kind == "again")
    else:
        year = f"resent_{first:%Y}" if first.month == 1 else f"resent_{first:%Y}-{last:%y}"
        pattern = next((each for each in patterns if kind == "again" and OF_YEARS in each), patterns[0])
        name = filled(pattern.replace(OF_MONTHS, "*").replace(OF_YEARS, "*"), year if kind == "again" else f"{first:%Y-%m}")
    if not name.endswith(SUFFIXES) or not any(fnmatchcase(name, entry.replace("**/", "")) for entry in source.files):
        raise PlaceError(f"source {source.name}: {name} would be the name of a month's file, which none of its patterns fits")
    return name


def _from_template(template: str, pattern: str, first: date, last: date, day: int, *, again: bool = False) -> str:  # noqa: PLR0913 -- the parts of a name
    """A name that the template fits, below the folder that the pattern names."""
    sent = add_months(last, 1 + (2 if again else 0)).replace(day=SENT_ON_DAY)
    dates = {"month": first, "from": first, "to": last, "day": date(1970, 1, 1) + timedelta(days=day), "sent": sent}
    name = PART.sub(lambda found: "1" if found[1] == "part" else dates[found[1]].strftime(found[2]), template).replace("*", "")
    folder = PurePosixPath(pattern).parts[: -(template.count("/") + 1)]
    return str(PurePosixPath(*[re.sub(r"[*?]", "", part) for part in folder if part != "**"], name))
