"""The SQL that makes rows of a contract from the rows of one file: typed, marked where something is wrong, refused where of no use."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime

from joinedup.engine import files_values as values
from joinedup.engine.files import NUMBER, Wanted
from joinedup.engine.files_bytes import SPACES
from joinedup.engine.files_lines import literal, quoted
from joinedup.engine.files_text import DAMAGE, plain
from joinedup.place.model import Source
from joinedup.sources.birth_dates import BIRTH
from joinedup.sources.columns import Columns
from joinedup.sources.contract import LANDED_TYPES, ContractField, ContractSpec, FieldType

WORDS = {
    FieldType.INTEGER: "a whole number",
    FieldType.DECIMAL: "a number",
    FieldType.MONEY: "an amount in pounds",
    FieldType.DATE: "a date",
    FieldType.TIME: "a time of day",
}
"""What a value is that isn't text."""


SHORT_YEAR = "%y"
"""How a style writes the last two digits of a year."""
YEAR_FIRST = ("%Y-%m-%d", "%Y-%m-%d %H:%M:%S")
"""How a value that is a date already is written as text."""


@dataclass(frozen=True, slots=True)
class RowFault:
    """Something wrong with a row: its rule, the SQL that tells it, and what follows "so many rows: "."""

    rule: str
    when: str
    message: str
    endangers: str = ""
    code: str | None = None
    """The landed column whose value is at fault, where it is a code."""


@dataclass(frozen=True)
class RowPlan:
    """How the rows of one file become rows of a contract."""

    contract: ContractSpec
    source: Source
    columns: Columns
    as_at: date
    damaged: bool = False
    """Whether its text may hold signs of damage."""
    styles: Mapping[str, values.DateStyle] = field(default_factory=dict)
    """Date field -> how this file writes it."""
    dated: frozenset[int] = frozenset()
    """Columns whose values are dates already, and so are written year first whatever the source's style."""
    repairs: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    """Coded field -> what it holds instead of a code -> the code."""
    long: bool = False
    """Whether the file may hold numbers that a spreadsheet has shortened."""
    shortened: frozenset[str] = frozenset()
    """Fields in which some long numbers have lost their last digits."""

    @property
    def present(self) -> tuple[ContractField, ...]:
        """The fields that the file or a constant fills."""
        return tuple(field for field in self.contract.fields if field.name not in self.columns.missing)

    def style_of(self, field: ContractField) -> values.DateStyle:
        """How its dates are read."""
        return self.styles.get(field.name) or values.DateStyle(self.declared(field))

    def declared(self, field: ContractField) -> tuple[str, ...]:
        """The styles that its dates may have before anyone has looked at them."""
        styles = declared_styles(field, self.contract, self.source)
        return tuple(dict.fromkeys((*styles, *YEAR_FIRST))) if self.columns.at.get(field.name) in self.dated else styles


def declared_styles(field: ContractField, contract: ContractSpec, source: Source) -> tuple[str, ...]:
    """The styles that sources.yml gives for the dates of a field, else the contract's.

    A date of birth needs four digits of the year whatever they say: 25 may be 1925 or 2025.
    """
    single = next((style for name, style in source.date_formats.items() if plain(name) == field.name), source.date_format)
    if single and field.name == BIRTH:
        single = single.replace(SHORT_YEAR, "%Y")
    return (single,) if single else usual_styles(field, contract)


def usual_styles(field: ContractField, contract: ContractSpec) -> tuple[str, ...]:
    """The styles in which dates of a field are looked for where sources.yml gives none."""
    styles = contract.date_styles
    return tuple(style for style in styles if SHORT_YEAR not in style) if field.name == BIRTH else styles


def text_name(field: ContractField) -> str:
    """The name of a field's text among the rows of a file."""
    return f"{field.name.lower()} as written"


def second_name(field: ContractField) -> str:
    """The name of the text in a second column of the same name."""
    return f"{text_name(field)} again"


def wanted(plan: RowPlan) -> dict[str, Wanted]:
    """The columns to read, cleaned: each field's, and second columns of the same name."""
    fields = {field.name: field for field in plan.contract.fields}
    first = {text_name(fields[name]): Wanted(at, cleaning(fields[name], plan.source)) for name, at in plan.columns.at.items()}
    second = {second_name(fields[name]): Wanted(at, cleaning(fields[name], plan.source)) for name, at in plan.columns.repeated.items()}
    return first | second


def cleaning(field: ContractField, source: Source) -> values.Cleaning:
    """How the text of a field is cleaned, as contract and source say."""
    nulls_of = {plain(name): nulls for name, nulls in source.null_values.items()}
    usual = () if field.type is FieldType.TEXT else values.WRITTEN_NULLS
    nulls = [*field.null_values, *nulls_of.get(field.name, ()), *source.null_values.get("*", ()), *usual]
    replaced = next((by for name, by in source.values.items() if plain(name) == field.name), {})
    return values.Cleaning(
        replaced={theirs.strip(SPACES): ours for theirs, ours in replaced.items()},
        nulls=tuple(dict.fromkeys(null.strip(SPACES) for null in nulls)),
        without=field.without,
        upper=field.type is FieldType.CODE,
        things=field.type in (FieldType.TEXT, FieldType.CODE),
    )


def read_sql(field: ContractField, text: str, style: values.DateStyle) -> str:
    """What a text is read as, before `landed_sql`; null where it isn't of the field's type."""
    makers = {
        FieldType.INTEGER: values.integer_sql,
        FieldType.DECIMAL: values.decimal_sql,
        FieldType.MONEY: values.pounds_sql,
        FieldType.TIME: values.time_sql,
    }
    if field.type is FieldType.DATE:
        return values.date_or_serial_sql(text, style)
    return makers[field.type](text) if field.type in makers else text


def null_dates(field: ContractField, source: Source) -> tuple[date, ...]:
    """The days that mean a missing date, however a file writes them; given in ISO style, with or without a time."""
    written = cleaning(field, source).nulls if field.type is FieldType.DATE else ()
    return tuple(dict.fromkeys(day for day in map(_iso_day, written) if day))


def _iso_day(written: str) -> date | None:
    """The day of a text in ISO style; None where it is no such text."""
    try:
        return datetime.fromisoformat(written).date()
    except ValueError:
        return None


def _null_date_sql(field: ContractField, source: Source) -> str:
    """Whether what `read_sql` gave is a null date; empty where the field has none."""
    return " OR ".join(f"{field.landed} = DATE '{day}'" for day in null_dates(field, source))


def landed_sql(field: ContractField, source: Source) -> str:
    """The value of a field from what `read_sql` gave under its landed name."""
    if field.type is FieldType.DATE:
        missing = _null_date_sql(field, source)
        unlikely = f"NOT ({values.likely_date_sql(field.landed)})"
        return f"CASE WHEN {f'{missing} OR {unlikely}' if missing else unlikely} THEN NULL ELSE {field.landed} END AS {field.landed}"
    if field.type is FieldType.MONEY:
        return f"{values.pence_sql(field.landed)} AS {field.landed}, {values.finer_than_pence_sql(field.landed)} AS {_rounded_name(field)}"
    return field.landed


def _text_sql(field: ContractField, source: Source) -> str:
    """The text of a field beside its value; null, as a blank is, where it was read as a null date."""
    text, missing = quoted(text_name(field)), _null_date_sql(field, source)
    return f"CASE WHEN {missing} THEN NULL ELSE {text} END AS {text}" if missing else text


def _rounded_name(field: ContractField) -> str:
    return quoted(f"{field.name.lower()} is rounded")


def sql_type(field: ContractField) -> str:
    """The type of a field's staged column."""
    return LANDED_TYPES[field.type].replace("STRING", "VARCHAR")


def deletes_sql(contract: ContractSpec) -> str:
    """Whether a row takes out the record of its key."""
    if contract.deleted_by is None:
        return "false"
    codes = ", ".join(literal(code) for code in contract.deleted_by.codes)
    return f"coalesce({contract.landed(contract.deleted_by.field)} IN ({codes}), false)"


def refusals(plan: RowPlan) -> list[RowFault]:
    """Why a row of this file can't be used; of several reasons the first counts. A row that deletes a record needs no more than its key."""
    texts = [quoted(text_name(field)) for field in plan.contract.fields if field.name in plan.columns.at]
    damaged = " OR ".join(f"coalesce(contains({text}, {_DAMAGE_SQL}), false)" for text in texts)
    blank = " AND ".join(f"{text} IS NULL" for text in texts)
    return [
        *([RowFault("damaged-text", damaged, "the row holds bytes that are no text in the file's encoding")] if plan.damaged else []),
        RowFault("blank-row", blank, "every field of the row is blank"),
        *(_unless_deleting(plan.contract, fault) for fault in [*_requirements(plan), *_rules(plan, "reject")]),
    ]


def _rules(plan: RowPlan, effect: str) -> Iterator[RowFault]:
    return (RowFault(rule.name, rule.when, rule.message, rule.endangers) for rule in plan.contract.rules if rule.effect == effect)


def _unless_deleting(contract: ContractSpec, fault: RowFault) -> RowFault:
    return replace(fault, when=f"({fault.when}) AND NOT {deletes_sql(contract)}") if contract.deleted_by else fault


_DAMAGE_SQL = f"chr({ord(DAMAGE)})"


def _requirements(plan: RowPlan) -> Iterator[RowFault]:
    for needed in (each for each in plan.contract.fields if each.required):
        if needed.type in WORDS and needed.name in plan.columns.at:
            unreadable = f"{quoted(text_name(needed))} IS NOT NULL AND {needed.landed} IS NULL"
            yield RowFault("unreadable-required-value", unreadable, f"{needed.name}, which every row needs, isn't {WORDS[needed.type]}")
        yield RowFault("required-value-missing", f"{needed.landed} IS NULL", f"{needed.name}, which every row needs, is missing")


def marks(plan: RowPlan) -> list[RowFault]:
    """What may be wrong with a row of this file that is used all the same."""
    return [
        *(fault for field in plan.present if field.name in plan.columns.at for fault in _value_faults(plan, field)),
        *(_unknown_code(field) for field in plan.present if field.codes),
        *_rules(plan, "warn"),
    ]


def _value_faults(plan: RowPlan, field: ContractField) -> Iterator[RowFault]:
    text = quoted(text_name(field))
    if field.type in WORDS and not field.required:
        style = plan.styles.get(field.name)
        message = f"{field.name} isn't {WORDS[field.type]} and is taken as missing"
        if style and style.in_doubt:
            message += (
                "; some could be read month first, others only day first: say date_formats in sources.yml if the column is month first"
            )
        shortened = f" AND NOT {values.shortened_sql(text)}" if field.name in plan.shortened else ""
        yield RowFault("unreadable-value", f"{text} IS NOT NULL AND {field.landed} IS NULL{shortened}", message)
    if field.type is FieldType.MONEY:
        yield RowFault("fractions-of-a-penny", _rounded_name(field), f"{field.name} is rounded to whole pence")


def _unknown_code(field: ContractField) -> RowFault:
    kept = "what several people have is kept as it is" if field.recurs else "it is kept as it is"
    message = f"{field.name} holds a code that isn't in its list; {kept}"
    return RowFault(
        "unknown-code", f"{field.landed} NOT IN {values.values_sql(field.every_code)}", message, code=None if field.recurs else field.landed
    )


def rows_sql(plan: RowPlan, file_id: int) -> str:
    """Every row of `file_rows` as staged: its fields, `refusal` (the place in `refusals`, from 1; 0 for none) and `marks` (a bit each).

    The queries are nested, since DuckDB evaluates twice what stands twice in one.
    """
    faults, seen = refusals(plan), marks(plan)
    assert len(seen) < 63, "marks are bits of a BIGINT"
    refusal = " ".join(f"WHEN {fault.when} THEN {place}" for place, fault in enumerate(faults, 1))
    bits = " + ".join(f"CASE WHEN {mark.when} THEN {1 << bit}::BIGINT ELSE 0 END" for bit, mark in enumerate(seen)) or "0"
    fields = plan.contract.fields
    written = [field for field in fields if field.name in plan.columns.at]
    texts = [quoted(text_name(field)) for field in written]
    said = [_text_sql(field, plan.source) for field in written]
    values_read = [landed_sql(field, plan.source) for field in fields]
    read = ", ".join(_read_sql(plan, field) for field in fields)
    return f"""
        SELECT {file_id} AS file_id, source_row, {", ".join(field.landed for field in fields)},
            CASE {refusal} ELSE 0 END AS refusal, CASE WHEN {deletes_sql(plan.contract)} THEN 0 ELSE {bits} END AS marks
        FROM (
            SELECT source_row, DATE '{plan.as_at}' AS as_at, {", ".join(said)}, {", ".join(values_read)}
            FROM (SELECT {quoted(NUMBER)} AS source_row, {", ".join(texts)}, {read} FROM file_rows)
        )
    """


def _read_sql(plan: RowPlan, field: ContractField) -> str:
    """One field of a row as it is read: from its column, from a constant, or null."""
    kind = "DECIMAL(28, 10)" if field.type is FieldType.MONEY else sql_type(field)
    text = quoted(text_name(field)) if field.name in plan.columns.at else _constant_sql(plan, field)
    if not text:
        return f"CAST(NULL AS {kind}) AS {field.landed}"
    style = plan.style_of(field)
    read = f"CAST({read_sql(field, _sound_sql(plan, field, text), style)} AS {kind})"
    short = field.type is FieldType.DATE and any(SHORT_YEAR in each for each in style.styles)
    return f"{values.not_far_ahead_sql(read, plan.as_at) if short else read} AS {field.landed}"


def _sound_sql(plan: RowPlan, field: ContractField, text: str) -> str:
    """The text of a field with the codes that it meant, and without numbers that have lost digits."""
    codes = " ".join(f"WHEN {literal(theirs)} THEN {literal(ours)}" for theirs, ours in plan.repairs.get(field.name, {}).items())
    if field.name in plan.shortened and field.type not in WORDS:
        text = f"CASE WHEN {values.shortened_sql(text)} THEN NULL ELSE {text} END"
    return f"CASE {text} {codes} ELSE {text} END" if codes else text


def _constant_sql(plan: RowPlan, field: ContractField) -> str | None:
    """The value that sources.yml gives to every row."""
    constant = next((value.strip() for name, value in plan.source.constants.items() if plain(name) == field.name), None)
    return literal(constant.upper() if field.type is FieldType.CODE else constant) if constant else None
