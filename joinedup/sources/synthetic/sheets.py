"""Rows as their keeper would write them: the source's own column names, values and dates, in the contract's order."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pa_csv

from joinedup.engine.files_text import plain
from joinedup.sources.contract import ContractField, FieldType
from joinedup.sources.synthetic.draws import Bools, Ints, Texts, take
from joinedup.sources.synthetic.rows import MISSING, Rows
from joinedup.sources.synthetic.targets import Target

NO_SUCH_DAY = {"%d": "30", "%m": "02", "%b": "Feb", "%B": "February", "%-d": "30", "%-m": "2", "%e": "30", "%j": "367"}
"""How the thirtieth of February is written in each part of a date."""


def sheet(target: Target, rows: Rows, at: Ints) -> pa.Table:
    """Those rows as a table for one file: text as the source writes it, or typed columns for Parquet."""
    columns = take(rows.columns, at)
    if target.source.pseudonym:
        columns["SOURCE_PSEUDONYM"] = pseudonyms(target.source.pseudonym, columns["NHS_NUMBER"])
    names = _their_names(target)
    made = {}
    for field in target.fields:
        spoiled = rows.spoiled.get(field.name)
        values = columns.get(field.name)
        theirs = names.get(field.name, field.name)
        made[theirs] = (
            pa.nulls(len(at), pa.string()) if values is None else _column(target, field, values, None if spoiled is None else spoiled[at])
        )
    return pa.table(made)


def header(target: Target) -> bytes:
    """The first line of a text file."""
    names = _their_names(target)
    line = io.StringIO()
    csv.writer(line, delimiter=delimiter(target), lineterminator="\n").writerow(
        names.get(field.name, field.name) for field in target.fields
    )
    return line.getvalue().encode()


def delimiter(target: Target) -> str:
    """What stands between the values of a text file."""
    return target.source.delimiter or ("\t" if ".tsv" in target.file else ",")


def text(target: Target, table: pa.Table) -> bytes:
    """The rows of a text file, a line each, without the header."""
    try:
        return _csv(target, table, "none")
    except pa.ArrowInvalid:  # some value holds the delimiter
        return _csv(target, table, "needed")


def with_blank_lines(lines: bytes, before: Ints) -> bytes:
    """The lines with an empty one before each of those."""
    if not len(before):
        return lines
    letters = np.frombuffer(lines, dtype=np.uint8)
    starts = np.concatenate([[0], np.flatnonzero(letters == ord("\n")) + 1])
    return np.insert(letters, starts[before], ord("\n")).tobytes()


def pseudonyms(namespace: str, numbers: Texts) -> Texts:
    """Sixteen signs for each NHS number: the same in every source that shares the namespace, another in any other."""
    mixed = np.char.replace(numbers, " ", "").astype("U10")
    number = np.where(mixed == "", "0", mixed).astype(np.uint64) + np.uint64(int.from_bytes(namespace.encode()[:7].ljust(7), "big"))
    for shift, factor in ((30, 0xBF58476D1CE4E5B9), (27, 0x94D049BB133111EB)):  # the two rounds of SplitMix64
        number = (number ^ (number >> np.uint64(shift))) * np.uint64(factor)
    number ^= number >> np.uint64(31)
    return np.frombuffer(number.astype(">u8").tobytes().hex().upper().encode(), dtype="S16").astype("U16")


def _csv(target: Target, table: pa.Table, quoting: str) -> bytes:
    held = pa.BufferOutputStream()
    options = pa_csv.WriteOptions(include_header=False, delimiter=delimiter(target), quoting_style=quoting)
    pa_csv.write_csv(table, held, options)
    written: bytes = held.getvalue().to_pybytes()
    return written


def _their_names(target: Target) -> dict[str, str]:
    """The source's own name of each of the contract's columns that it calls otherwise."""
    found: dict[str, str] = {}
    for theirs, ours in target.source.rename.items():
        found.setdefault(plain(ours), theirs)
    return found


def _column(target: Target, field: ContractField, values: np.ndarray, spoiled: Bools | None) -> pa.Array:
    if values.dtype.kind == "M":
        return _dates(target, field, values, spoiled)
    if field.type is FieldType.MONEY:
        return _pounds(values)
    if values.dtype.kind == "i":
        return pa.array(values, mask=values == MISSING)
    if values.dtype.kind == "f":
        return pa.array(values, mask=np.isnan(values))
    told = {plain(name): replaced for name, replaced in target.source.values.items()}
    theirs = _their_values(values, told.get(field.name, {}))
    return pa.array(theirs, type=pa.string(), mask=theirs == "") if target.parquet else pa.array(theirs, type=pa.string())


def _their_values(values: Texts, told: Mapping[str, str]) -> Texts:
    """The values as the source writes them; one that it could only write so that it is read as another is left out."""
    if not told:
        return values
    back: dict[str, str] = {}
    for theirs, ours in told.items():
        back.setdefault(ours, theirs)
    seen, where = np.unique(values, return_inverse=True)
    written = [back.get(str(value), "" if value in told else str(value)) for value in seen]
    return np.array(written, dtype=str)[where]


def _dates(target: Target, field: ContractField, values: np.ndarray, spoiled: Bools | None) -> pa.Array:
    days = pa.array(values.astype("datetime64[D]"))
    styles = {plain(name): style for name, style in target.source.date_formats.items()}
    style = styles.get(field.name, target.source.date_format)
    if target.parquet and style is None:
        return days
    style = style or "%Y-%m-%d"
    written = days if style == "%Y-%m-%d" and spoiled is None else pc.strftime(days.cast(pa.timestamp("s")), style)
    if spoiled is None:
        return written
    wrong = style
    for part, no_such in NO_SUCH_DAY.items():
        wrong = wrong.replace(part, no_such)
    return pc.if_else(pa.array(spoiled), pc.strftime(days.cast(pa.timestamp("s")), wrong), written)


def _pounds(pence: Ints) -> pa.Array:
    """Pence as pounds, exactly."""
    whole = pa.array(pence, mask=pence == MISSING)
    return pc.multiply(whole.cast(pa.decimal128(19, 0)), pa.scalar("0.01").cast(pa.decimal128(3, 2)))
