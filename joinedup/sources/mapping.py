"""Whether what sources.yml says of a source can be true: it names contracts, their fields, and ways to write dates that exist."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from joinedup.engine.files_lines import Connection
from joinedup.engine.files_text import plain
from joinedup.engine.files_values import knows_style
from joinedup.findings import Finding, Severity
from joinedup.place.model import Source
from joinedup.sources.birth_dates import BIRTH
from joinedup.sources.contract import ContractSpec, FieldType
from joinedup.sources.rows import SHORT_YEAR

FILE = "sources.yml"


def mapping_findings(con: Connection, source: Source, known: Mapping[str, ContractSpec]) -> Iterator[Finding]:
    """What a source says that can't be; none of it stops its files from being read."""
    contract = known.get(source.contract)
    if contract is None:
        names = ", ".join(sorted(known))
        message = f"source {source.name} follows the contract {source.contract}, which joinedup doesn't know: write one of {names}"
        yield Finding(FILE, "unknown-contract", message)
        return
    yield from _unknown_fields(source, contract)
    yield from _codes_outside_lists(source, contract)
    if source.sends == "snapshot" and not (contract.lists or contract.listed_by or contract.repeated):
        message = (
            f"sends a snapshot of a day, but the contract {contract.contract} tells what happened, and that stays: records that a "
            "later list lacks are kept; say sends: everything if each file holds all that counts"
        )
        yield _warning(source, "not-a-list", message)
    yield from _short_years(source, contract)
    for style in {style for style in (source.date_format, *source.date_formats.values()) if style and not knows_style(con, style)}:
        yield _warning(
            source,
            "unknown-date-format",
            f"reads dates as {style}, which can't be done, so the contract's styles are used: write %Y, %m, %d, %b",
        )


def _short_years(source: Source, contract: ContractSpec) -> Iterator[Finding]:
    """That dates of birth can't be read by two digits of their year."""
    births = [field for field in contract.fields if field.name == BIRTH]
    said = {name: style for name, style in source.date_formats.items() if plain(name) == BIRTH}
    style = next(iter(said.values()), source.date_format)
    if births and style and SHORT_YEAR in style:
        message = (
            f"source {source.name} reads {BIRTH} as {style}, and two digits don't tell 1925 from 2025, so dates of birth so written are "
            f"taken as missing: ask for years of four digits, and say their style under date_formats: {{{BIRTH}: '%d-%b-%Y'}}"
        )
        yield Finding(FILE, "short-year-of-birth", message, endangers=f"ages, every link of the people in {contract.contract}")


def with_usable_styles(con: Connection, source: Source) -> Source:
    """The source without date formats that dates can't be read by."""
    single = {name: style for name, style in source.date_formats.items() if knows_style(con, style)}
    usual = source.date_format if source.date_format and knows_style(con, source.date_format) else None
    return source.model_copy(update={"date_format": usual, "date_formats": single})


def _warning(source: Source, rule: str, message: str) -> Finding:
    return Finding(FILE, rule, f"source {source.name} {message}", severity=Severity.WARNING)


def _unknown_fields(source: Source, contract: ContractSpec) -> Iterator[Finding]:
    """Fields that the contract doesn't have, wherever sources.yml names one."""
    fields = {field.name: field for field in contract.fields}
    said = {
        "rename": source.rename.values(),
        "values": source.values,
        "constants": source.constants,
        "date_formats": source.date_formats,
        "null_values": (name for name in source.null_values if name != "*"),
    }
    for where, names in said.items():
        for name in dict.fromkeys(names):
            if plain(name) not in fields:
                yield _warning(
                    source,
                    "unknown-field",
                    f"names {name} under {where}, which the contract {contract.contract} doesn't have; it does nothing",
                )
    for name in source.date_formats:
        field = fields.get(plain(name))
        if field and field.type is not FieldType.DATE:
            yield _warning(source, "not-a-date-field", f"gives {name} a date format, but it holds no dates; it does nothing")


def _codes_outside_lists(source: Source, contract: ContractSpec) -> Iterator[Finding]:
    """Values that are mapped to, or given to every row, and aren't in the list of their field."""
    given = {plain(name): set(replaced.values()) for name, replaced in source.values.items()}
    for name, value in source.constants.items():
        given.setdefault(plain(name), set()).add(value)
    for field in contract.fields:
        wrong = sorted(value for value in given.get(field.name, ()) if value.strip() and value.strip().upper() not in field.codes)
        if field.codes and wrong:
            yield _warning(source, "unknown-code", f"gives {field.name} the value {', '.join(wrong)}, which isn't in its list of codes")
