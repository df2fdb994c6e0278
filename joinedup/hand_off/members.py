"""The members of a star's dimensions, each under a whole number of its own; 0 is the one that isn't known, so that no join loses a row."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from joinedup.engine.specs import ColumnType
from joinedup.hand_off.described import Field

UNKNOWN = 0
"""The key of who or what isn't known, in every dimension."""
PARTED, MISSING = "\x1f", "\x00"
Keys = npt.NDArray[np.int32]
Looked = Callable[[tuple[str | None, ...]], Mapping[str, object]]


@dataclass
class Members:
    """A dimension whose members are what facts hold: they are numbered as they are met."""

    name: str
    title: str
    grain: str
    key: str
    natural: tuple[Field, ...]
    """The columns that facts hold, and that tell one member from another."""
    further: tuple[Field, ...] = ()
    """What is told of each member beside."""
    look_up: Looked = field(default=lambda _: {}, repr=False)
    _met: dict[str, int] = field(default_factory=dict, repr=False)

    def keys(self, columns: Sequence[pa.ChunkedArray | pa.Array]) -> Keys:
        """The key of each row, by its natural columns; 0 where all of them are empty."""
        texts = [pc.fill_null(pc.cast(column, pa.string()), MISSING) for column in columns]
        joined = pc.binary_join_element_wise(*texts, PARTED)
        whole = joined.combine_chunks() if isinstance(joined, pa.ChunkedArray) else joined
        encoded = whole.dictionary_encode()
        numbers = np.array([self._number(text) for text in encoded.dictionary.to_pylist()], dtype=np.int32)
        return numbers[np.asarray(encoded.indices.to_numpy())] if len(numbers) else np.zeros(0, np.int32)

    def _number(self, text: str) -> int:
        if set(text.split(PARTED)) == {MISSING}:
            return UNKNOWN
        return self._met.setdefault(text, len(self._met) + 1)

    def rows(self) -> pa.Table:
        """The members, the unknown one first."""
        found = [tuple(None if part == MISSING else part for part in text.split(PARTED)) for text in self._met]
        made = [dict(zip([each.name for each in self.natural], parts, strict=True)) | dict(self.look_up(parts)) for parts in found]
        unknown = {each.name: "unknown" for each in (*self.natural, *self.further) if each.type is ColumnType.STRING}
        rows = [{self.key: UNKNOWN, **unknown}, *({self.key: number, **row} for number, row in enumerate(made, start=1))]
        return pa.Table.from_pylist(rows, schema=self.schema)

    @property
    def schema(self) -> pa.Schema:
        """Its columns as Arrow types them."""
        return pa.schema([pa.field(each.name, _ARROW[each.type]) for each in self.fields])

    @property
    def fields(self) -> tuple[Field, ...]:
        """Its columns."""
        key = Field(self.key, ColumnType.INTEGER, f"Key of {self.name}, this folder's own; 0 is unknown", required=True)
        return (key, *self.natural, *self.further)


_ARROW = {
    ColumnType.STRING: pa.string(),
    ColumnType.INTEGER: pa.int32(),
    ColumnType.BIGINT: pa.int64(),
    ColumnType.DOUBLE: pa.float64(),
    ColumnType.BOOLEAN: pa.bool_(),
    ColumnType.DATE: pa.date32(),
}

FIRST_YEAR, LAST_YEAR = 1900, 2100
"""Between these the calendar has each day from the first to the last that is met; of others those that are met."""
EPOCH = date(1970, 1, 1)
DATE_FIELDS = (
    Field("date_key", ColumnType.INTEGER, "The day as a number, year, month, day: 20260331; 0 is unknown", required=True),
    Field("date", ColumnType.DATE, "The day; empty of the unknown member"),
    Field("year", ColumnType.INTEGER, "Calendar year"),
    Field("quarter", ColumnType.INTEGER, "Quarter of the calendar year, 1 to 4"),
    Field("month", ColumnType.INTEGER, "Month, 1 to 12"),
    Field("month_name", ColumnType.STRING, "Month in words, with its year: March 2026"),
    Field("month_start", ColumnType.DATE, "First day of the month"),
    Field("iso_year", ColumnType.INTEGER, "Year that the week belongs to (ISO 8601)"),
    Field("iso_week", ColumnType.INTEGER, "Week, 1 to 53, from Monday (ISO 8601)"),
    Field("weekday", ColumnType.INTEGER, "Day of the week, 1 is Monday"),
    Field("weekend", ColumnType.BOOLEAN, "Whether it is a Saturday or Sunday"),
    Field("financial_year", ColumnType.STRING, "Financial year, from April: 2025/26"),
    Field("financial_quarter", ColumnType.INTEGER, "Quarter of the financial year, 1 is April to June"),
    Field("financial_month", ColumnType.INTEGER, "Month of the financial year, 1 is April"),
)


@dataclass
class Calendar:
    """The days of facts: each from the first to the last, under the number that it is written as."""

    met: set[int] = field(default_factory=set, repr=False)
    """Days since 1970."""

    def keys(self, days: pa.ChunkedArray | pa.Array) -> Keys:
        """The key of each day, 0 where there is none."""
        distinct = pc.unique(days).drop_null()
        self.met |= set(distinct.cast(pa.int32()).to_pylist())
        numbers = pc.add(pc.add(pc.multiply(pc.year(days), 10_000), pc.multiply(pc.month(days), 100)), pc.day(days))
        return np.asarray(pc.fill_null(numbers, UNKNOWN).to_numpy(), dtype=np.int32)

    def rows(self) -> pa.Table:
        """The days, the unknown one first."""
        first, last = ((date(year, 1, 1) - EPOCH).days for year in (FIRST_YEAR, LAST_YEAR))
        usual = [day for day in self.met if first <= day < last]
        every = set(range(min(usual), max(usual) + 1)) if usual else set()
        days = pa.array(sorted(every | self.met), pa.int32()).cast(pa.date32())
        year, month = pc.year(days), pc.month(days)
        later = pc.greater_equal(month, 4)
        begins = pc.if_else(later, year, pc.subtract(year, 1))
        financial_month = pc.if_else(later, pc.subtract(month, 3), pc.add(month, 9))
        iso, weekday = pc.iso_calendar(days), pc.day_of_week(days, count_from_zero=False)
        ends = pc.utf8_slice_codeunits(pc.cast(pc.add(begins, 1), pa.string()), 2)
        months = pa.array(_MONTHS).take(pc.cast(pc.subtract(month, 1), pa.int32()))
        made = {
            "date_key": self.keys(days),
            "date": days,
            "year": year,
            "quarter": pc.quarter(days),
            "month": month,
            "month_name": pc.binary_join_element_wise(months, pc.cast(year, pa.string()), " "),
            "month_start": pc.cast(pc.floor_temporal(days, unit="month"), pa.date32()),
            "iso_year": iso.field("iso_year"),
            "iso_week": iso.field("iso_week"),
            "weekday": weekday,
            "weekend": pc.greater(weekday, 5),
            "financial_year": pc.binary_join_element_wise(pc.cast(begins, pa.string()), ends, "/"),
            "financial_quarter": pc.add(
                pc.cast(pc.floor(pc.divide(pc.cast(pc.subtract(financial_month, 1), pa.float64()), 3.0)), pa.int64()), 1
            ),
            "financial_month": financial_month,
        }
        schema = pa.schema([pa.field(each.name, _ARROW[each.type]) for each in DATE_FIELDS])
        known = pa.table(made).cast(schema)
        unknown = {"date_key": UNKNOWN, "month_name": "unknown", "financial_year": "unknown"}
        return pa.concat_tables([pa.Table.from_pylist([unknown], schema=schema), known])


_MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December",
)  # fmt: skip
