"""What sources.yml is to say of a partner's file, and remarks for whoever reviews it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from joinedup.engine.files_lines import Connection
from joinedup.engine.files_values import MONTH_FIRST
from joinedup.sources.contract import FieldType
from joinedup.starting.entry import Entry
from joinedup.starting.guess import Guess
from joinedup.starting.naming import naming
from joinedup.starting.profile import MANY_TIMES, default_dates, may_be_shown, written_nulls
from joinedup.starting.shapes import STYLES, TWO_DIGIT_STYLES
from joinedup.starting.tables import FileTable


@dataclass(frozen=True)
class About:
    """A source as it is to be called: by what name, whose, and where its files lie."""

    name: str
    partner: str
    file: str
    """The name of the file that was looked into."""
    pattern: str
    sheet: str = ""


def proposed(con: Connection, file: FileTable, found: Guess, about: About) -> tuple[Entry, list[str]]:
    """What sources.yml is to say, and remarks for whoever reviews it."""
    says: dict[str, object] = {
        "name": about.name,
        "partner": about.partner,
        "contract": found.contract.contract,
        "files": about.pattern,
    }
    why: dict[tuple[str, str], str] = {}
    remarks: list[str] = []
    if file.kind == "text" and file.delimiter != ",":
        says["delimiter"] = {"\t": "tab", "|": "pipe", ";": "semicolon"}[file.delimiter]
    if about.sheet:
        says["sheet"] = about.sheet
    if file.others and not about.sheet:
        remarks.append(f"only its sheet {file.sheet!r} was looked into, not {', '.join(file.others)}: say --sheet for another")
    dates = dict(_date_formats(found, remarks))
    nulls = dict(_nulls(con, file, found))
    rename = {each.column.name: each.field.name for each in found.mapped if not each.known}
    values = {each.field.name: dict(each.values) for each in found.mapped if each.values}
    for each in found.mapped:
        if not each.known:
            why["rename", each.column.name] = f"{each.sure}: {each.why}"
    for key, said in {
        "date_formats": dates,
        "rename": rename,
        "values": values,
        "constants": dict(found.constants),
        "null_values": nulls,
    }.items():
        if said:
            says[key] = said
    if "SOURCE_PSEUDONYM" in {each.field.name for each in found.mapped}:
        says["pseudonym"] = str(says["name"])
        why["pseudonym", ""] = "whose numbers they are: sources that share them share their people"
    for name, each_supposed in found.supposed.items():
        why["constants", name] = f"supposed: {each_supposed.why}"
    why["contract", ""] = "; ".join(found.why)
    return Entry(says, why, _above(about, file, found), [*_below(about, file, found)]), [*remarks, *_unknown_values(found)]


def _above(about: About, file: FileTable, found: Guess) -> list[str]:
    known = sum(each.known for each in found.mapped)
    return [
        f"guessed on {date.today()} from {about.file} ({file.rows:,} rows); look at each line",
        f"{len(found.mapped)} of {len(file.columns)} columns are fields of {found.contract.contract}, {known} of them by the contract's "
        "own names",
    ]


def _below(about: About, file: FileTable, found: Guess) -> Iterator[str]:
    if like := naming(about.file, found.contract):
        yield f"when more files like it come: {like}; see how-to/monthly-files.md"
    left = [name for at, name in enumerate(file.columns) if at not in found.left_out and name]
    if left:
        yield f"left out: {', '.join(left)}"


def _date_formats(found: Guess, remarks: list[str]) -> Iterator[tuple[str, str]]:
    """The styles of dates that landing would not read by itself, or only in doubt."""
    for each in (each for each in found.mapped if each.field.type is FieldType.DATE and each.column.style):
        style, column = each.column.style, each.column
        if style in MONTH_FIRST:
            yield each.field.name, style
            remarks.append(f"{column.name} is written month first: check that with the partner")
        elif style in TWO_DIGIT_STYLES and style not in STYLES:
            yield each.field.name, style
            if "%y" in style and each.field.name == "PERSON_BIRTH_DATE":
                remarks.append(
                    f"{column.name} has years of two digits, which don't tell 1925 from 2025, so that dates of birth are missing: "
                    "ask for four digits"
                )
        elif column.share < 1:
            remarks.append(f"{1 - column.share:.1%} of the dates in {column.name} are not written {style}")


def _nulls(con: Connection, file: FileTable, found: Guess) -> Iterator[tuple[str, list[str]]]:
    """What the file writes for a missing value, by field."""
    written = written_nulls(con, file, [each.column for each in found.mapped])
    for each in found.mapped:
        known = {code.upper() for code in each.field.codes} | {null.upper() for null in each.field.null_values}
        said = [value for value in written[each.column.at] if value.upper() not in known and value not in each.values]
        if each.field.type is FieldType.DATE and each.column.style:
            said += [day for day in default_dates(con, file, each.column) if day not in each.field.null_values]
        if said:
            yield each.field.name, said


def _unknown_values(found: Guess) -> Iterator[str]:
    """Which coded columns hold values that no code was found for; the values themselves where they tell of nobody."""
    for each in found.mapped:
        if each.unknown:
            rows = sum(rows for _, rows in each.unknown)
            is_coded = may_be_shown(each.column) and rows < each.column.filled / 2
            seen = {value for value, _ in each.column.values}
            shown = [value for value, times in each.unknown if value in seen or (is_coded and times >= MANY_TIMES)]
            values = f" ({', '.join(map(repr, shown[:8]))})" if shown and not each.column.personal else ""
            many = f"{len(each.unknown)} value{'s' if len(each.unknown) > 1 else ''}"
            yield f"{each.column.name}: no code of {each.field.name} was found for {many} in {rows:,} rows{values}: add them under values"
        elif each.field.codes and each.column.filled and not each.column.coded:
            yield f"{each.column.name} holds more different values than a list of codes does: is it {each.field.name}?"
