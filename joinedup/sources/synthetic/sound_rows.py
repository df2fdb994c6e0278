"""Rows of an extract as arrays, judged by the rules of their contract before they are written: which are sound, what a change breaks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal

import numpy as np
import pyarrow as pa

from joinedup.engine.duck import of_process
from joinedup.engine.files_lines import literal
from joinedup.sources.contract import ContractField, ContractSpec, FieldType
from joinedup.sources.rows import sql_type
from joinedup.sources.synthetic.breaking import Shift
from joinedup.sources.synthetic.draws import Bools, Ints, Texts, take
from joinedup.sources.synthetic.kept_out import restricted_fields
from joinedup.sources.synthetic.rows import MISSING, Rows

NO_DAY = np.datetime64("NaT", "D")
KINDS = {FieldType.DATE: "M", FieldType.INTEGER: "i", FieldType.MONEY: "i", FieldType.DECIMAL: "f"}
"""The kind of array that holds a type of field; the others are text."""
MINUTES = 24 * 60


@dataclass(frozen=True, slots=True)
class Changed:
    """Rows with other values, and for which of them that could be done."""

    rows: Rows
    able: Bools


def some(rows: Rows, at: Ints | Bools) -> Rows:
    """Those of the rows, as often as they are asked for."""
    at = np.flatnonzero(at) if at.dtype.kind == "b" else at
    return replace(
        rows,
        person=rows.person[at],
        source=rows.source[at],
        day=rows.day[at],
        columns=take(rows.columns, at),
        died=rows.died[at],
        whole=rows.whole[at],
        spoiled={},
    )


def filled(fields: Sequence[ContractField], rows: Rows) -> Rows:
    """The rows with a column for each of those fields, blank where nothing is told."""
    blank = {field.name: np.full(len(rows.day), _read(field, "")) for field in fields}
    return replace(rows, columns=blank | rows.columns)


def sound(contract: ContractSpec, rows: Rows, as_at: date) -> Bools:
    """Which rows break no rule of their contract, hold what it requires, no restricted code, and none outside its lists or of a time."""
    good = ~broken_rules(contract, rows, as_at).any(axis=1)
    for field in contract.fields:
        column = rows.columns.get(field.name)
        if field.required:
            good &= _told(column) if column is not None else False
        if field.codes and column is not None:
            codes = np.strings.upper(column) if column.dtype.kind == "U" else column.astype("U20")
            good &= np.isin(codes, ["", *field.codes]) & ~np.isin(codes, [*field.dated])
    if contract.deleted_by and contract.deleted_by.field in rows.columns:
        good &= ~np.isin(rows.columns[contract.deleted_by.field], contract.deleted_by.codes)
    _, restricted = restricted_fields(rows, np.arange(len(rows.day)), rows.columns)
    found: Bools = good & (restricted == 0) & _told(rows.columns[contract.key[0]])
    return found


def broken_rules(contract: ContractSpec, rows: Rows, as_at: date) -> Bools:
    """For each row and each rule of its contract, whether it breaks it; by the SQL of the rules over the values as they should be read."""
    with of_process().cursor() as con:
        con.register("given", pa.table({name: _arrow(column) for name, column in rows.columns.items()} | {"row": np.arange(len(rows.day))}))
        fields = ", ".join(_field_sql(field, rows.columns) for field in contract.fields)
        rules = ", ".join(f"coalesce({rule.when}, false) AS rule_{place}" for place, rule in enumerate(contract.rules))
        found = con.execute(f"SELECT {rules} FROM (SELECT row, DATE '{as_at}' AS as_at, {fields} FROM given) ORDER BY row").fetchnumpy()
    return np.stack([np.asarray(found[f"rule_{place}"], dtype=np.bool_) for place in range(len(contract.rules))], axis=1)


def changed(contract: ContractSpec, rows: Rows, values: Mapping[str, str | Shift], as_at: date) -> Changed:
    """The rows with those values; what a value is made from is taken from the row as it was."""
    fields = {field.name: field for field in contract.fields}
    able = np.ones(len(rows.day), dtype=np.bool_)
    columns = dict(rows.columns)
    for name, value in values.items():
        if isinstance(value, Shift):
            made, can = _shifted(fields, rows, value, as_at)
            able &= can
        else:
            made = np.full(len(rows.day), _read(fields[name], value))
        columns[name] = _as_text(made) if _kind(fields[name], rows) == "U" else made
    return Changed(replace(rows, columns=columns), able)


def _shifted(fields: Mapping[str, ContractField], rows: Rows, shift: Shift, as_at: date) -> tuple[np.ndarray, Bools]:
    """A field's values and so much more, and where there are such."""
    if shift.of == "as_at":
        return np.full(len(rows.day), np.datetime64(as_at) + shift.more), np.ones(len(rows.day), dtype=np.bool_)
    column = rows.columns.get(shift.of)
    if column is None:
        return np.full(len(rows.day), _read(fields[shift.of], "")), np.zeros(len(rows.day), dtype=np.bool_)
    told = _told(column)
    if column.dtype.kind != "U" or not shift.more:
        return np.where(told, column + shift.more if column.dtype.kind != "U" else column, column), told
    return _later(column, told, shift.more) if fields[shift.of].type is FieldType.TIME else _counted_on(column, told, shift.more)


def _later(times: Texts, told: Bools, minutes: int) -> tuple[np.ndarray, Bools]:
    """Times of the same day, so many minutes later."""
    hours, of_hour = (np.where(told, np.strings.slice(times, start, start + 2), "0").astype(np.int64) for start in (0, 3))
    moved = hours * 60 + of_hour + minutes
    written = [f"{minute // 60:02}:{minute % 60:02}" for minute in range(MINUTES)]
    return np.array(written)[moved % MINUTES], told & (moved >= 0) & (moved < MINUTES)


def _counted_on(numbers: Texts, told: Bools, more: int) -> tuple[np.ndarray, Bools]:
    """Numbers written as text, their last digit so much higher; only where no other digit changes."""
    value = np.where(told, np.char.replace(numbers, " ", ""), "0").astype(np.int64)
    return (value + more).astype("U20"), told & (value // 10 == (value + more) // 10)


def _told(column: np.ndarray) -> Bools:
    """Where there is a value."""
    kind = column.dtype.kind
    found: Bools = (
        ~np.isnat(column) if kind == "M" else column != "" if kind == "U" else ~np.isnan(column) if kind == "f" else column != MISSING
    )
    return found


def _kind(field: ContractField, rows: Rows) -> str:
    """The kind of array that holds a field: the one that is there, else the one of its type."""
    column = rows.columns.get(field.name)
    return KINDS.get(field.type, "U") if column is None else column.dtype.kind


def _as_text(values: np.ndarray) -> Texts:
    return values if values.dtype.kind == "U" else values.astype("U20")


def _read(field: ContractField, text: str) -> object:
    """A value as the contract writes it; blank for none."""
    if field.type is FieldType.DATE:
        return np.datetime64(text, "D") if text else NO_DAY
    if field.type is FieldType.MONEY:
        return int((Decimal(text) * 100).to_integral_value()) if text else MISSING
    if field.type is FieldType.INTEGER:
        return int(text or MISSING)
    if field.type is FieldType.DECIMAL:
        return float(text) if text else float("nan")
    return text


def _arrow(column: np.ndarray) -> pa.Array:
    return pa.array(column.astype("datetime64[D]") if column.dtype.kind == "M" else column, mask=~_told(column))


def _field_sql(field: ContractField, columns: Mapping[str, np.ndarray]) -> str:
    value = f'given."{field.name}"' if field.name in columns else "NULL"
    if field.name in columns and field.type is FieldType.CODE:
        value = f"upper(translate(CAST({value} AS VARCHAR), {literal(field.without)}, ''))"
    return f"CAST({value} AS {sql_type(field)}) AS {field.landed}"
