"""What the tables of a folder are, column for column: what the dictionary, the data package and the SQL are all written from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from importlib.resources import files
from pathlib import Path

import pyarrow as pa

from joinedup.access.handing import Collected, Told
from joinedup.access.protected import TELLS_WHERE
from joinedup.access.records import IDS, specs
from joinedup.access.sieve import CUT, within
from joinedup.engine.results import ARROW
from joinedup.engine.specs import Column, ColumnType, TableSpec, read_specs
from joinedup.sources.contract import contracts

AS_IT_IS = "as in the build"
PSEUDONYM = "a pseudonym of this release alone"
WITHHELD = "withheld of people whose details are protected"
FROM_LIST = "withheld of people whose details are protected; empty where no registration list may be used"
FROM_THE_LIST = ("neighbourhood_id", "deprivation_fifth", "area_code", "care_home")
OF_THE_PERSON = (
    Column(name="birth_year", type=ColumnType.INTEGER, meaning="Year of birth"),
    Column(name="death_year", type=ColumnType.INTEGER, meaning="Year of death, of a death linked for sure"),
)
CODES = {
    "sex": ("register", "PERSON_STATED_GENDER_CODE"),
    "ethnic_group": ("register", "ETHNIC_CATEGORY"),
    "admission_method": ("apc", "ADMIMETH"),
    "referral_source": ("waiting_list", "SOURCE_OF_REFERRAL_FOR_OUT_PATIENTS"),
    "priority": ("waiting_list", "PRIORITY_TYPE_CODE"),
}
"""Columns and the fields of contracts whose codes they hold."""
LINKED = {
    "nhs_number": "by NHS number",
    "nhs_number_alone": "by an NHS number that one partner alone dates",
    "nhs_number_traced": "by an NHS number that was traced",
    "register_row": "by the registration list's own row",
    "confirmed": "confirmed by two people",
    "source_pseudonym": "by the source's own pseudonym",
    "probability": "by likeness, for counting alone",
}


@dataclass(frozen=True, slots=True)
class Field:
    """One column of a file: what it means, and how the door treated it."""

    name: str
    type: ColumnType
    meaning: str
    unit: str = ""
    required: bool = False
    treated: str = AS_IT_IS
    source: str = ""
    values: tuple[tuple[str, str], ...] = ()
    """The values that it holds, with their meaning where it is known; none where there are many."""
    empty: int = 0
    longest: int = 0
    span: str = ""
    """First and last day, of a column of days."""


@dataclass(frozen=True, slots=True)
class Foreign:
    """Columns of which every value is in a key of another table."""

    fields: tuple[str, ...]
    table: str
    key: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class File:
    """One file of a table, as it was written."""

    path: str
    size: int
    sha256: str
    form: str


@dataclass(frozen=True, slots=True)
class Table:
    """One table of a folder, whichever files it stands in."""

    name: str
    title: str
    grain: str
    door: str
    rows: int
    fields: tuple[Field, ...]
    key: tuple[str, ...] = ()
    about: str = ""
    source: str = ""
    people: int | None = None
    where: str = ""
    foreign: tuple[Foreign, ...] = ()
    files: tuple[File, ...] = field(default=())

    @property
    def schema(self) -> pa.Schema:
        """Its columns as Arrow types them."""
        return pa.schema([pa.field(each.name, ARROW[each.type]) for each in self.fields])

    def told(self, told: Told) -> Table:
        """The same, with what its rows hold."""
        return replace(self, rows=told.rows, fields=tuple(_told(each, told) for each in self.fields))


def of_rows(collected: Collected) -> Table:
    """What a table of the records door is, with what its rows hold."""
    spec, wanted = collected.sieve.spec, collected.sieve.wanted
    fields = tuple(_field(name, spec) for name in wanted)
    table = Table(
        name=spec.table,
        title=spec.title,
        grain=spec.grain,
        door="records",
        rows=collected.told.rows,
        fields=fields,
        key=spec.key if set(spec.key) <= set(wanted) else (),
        about=spec.about,
        source=spec.source,
        people=len(collected.people),
        where=" and ".join(map(str, collected.sieve.conditions)),
    )
    return table.told(collected.told)


def pseudonyms(table: Table) -> list[str]:
    """The columns that hold pseudonyms: numbers of up to 19 digits."""
    return [each.name for each in table.fields if each.treated == PSEUDONYM]


def of_counts(name: str, given: pa.Table, audience: str) -> Table:
    """What a table of the aggregates door is, with what its rows hold."""
    spec = counted_specs()[name]
    known = {column.name: column for column in spec.columns}
    fields = tuple(_plain(known[each], spec.source, required=False) for each in given.column_names if each in known)
    told = Told()
    told.see(given)
    return Table(
        name, spec.title, spec.grain, f"aggregates, {audience}", given.num_rows, fields, spec.key, about=spec.about, source=spec.source
    ).told(told)


@cache
def counted_specs() -> Mapping[str, TableSpec]:
    """The tables of the aggregates door that may be handed off, as their .yml describes them."""
    found: dict[str, TableSpec] = {}
    for package in ("joinedup.population", "joinedup.money", "joinedup.outcomes"):
        found |= read_specs(Path(str(files(package))))
    return {**found, "measure_value": _measure_value()}


def _measure_value() -> TableSpec:
    """The measures as the door gives them: counts, values with limits, and why there is none."""
    columns = (
        Column(name="measure_id", type=ColumnType.STRING, required=True, meaning="The measure"),
        Column(name="area_type", type=ColumnType.STRING, required=True, meaning="place, neighbourhood or none"),
        Column(name="area_id", type=ColumnType.STRING, required=True, meaning="The area, as in area"),
        Column(name="area_name", type=ColumnType.STRING, meaning="Its name"),
        Column(name="period_start", type=ColumnType.DATE, required=True, meaning="First day of the period"),
        Column(name="period_end", type=ColumnType.DATE, required=True, meaning="First day after it"),
        Column(name="events", type=ColumnType.BIGINT, meaning="What was counted; empty when it can't be known"),
        Column(name="numerator", type=ColumnType.DOUBLE, meaning="The numerator: events, or the sum of their amounts; empty likewise"),
        Column(name="denominator", type=ColumnType.DOUBLE, meaning="Out of what: people's years or days, events or amounts"),
        Column(name="value", type=ColumnType.DOUBLE, meaning="The measure's value, in its unit; empty where there is a reason"),
        Column(name="lower", type=ColumnType.DOUBLE, meaning="Lower 95% limit of the value"),
        Column(name="upper", type=ColumnType.DOUBLE, meaning="Upper 95% limit of the value"),
        Column(name="reason", type=ColumnType.STRING, meaning="Why there is no value, or none to rely on; empty where there is one"),
        Column(name="comparison", type=ColumnType.STRING, meaning="Higher, similar or lower: the neighbourhood beside the place"),
        Column(name="known_share", type=ColumnType.DOUBLE, meaning="How much of it can be known, 0 to 1"),
        Column(name="title", type=ColumnType.STRING, meaning="The measure's name"),
        Column(name="unit", type=ColumnType.STRING, meaning="The unit of value and limits"),
    )
    return TableSpec(
        table="measure_value",
        title="Measures by area, with values and limits",
        grain="one row per measure and area",
        key=("measure_id", "area_type", "area_id"),
        columns=columns,
        owner="population health lead",
        source="measure_cell, measure_exposure and measure_known, by the definitions of the measures",
    )


def _field(name: str, spec: TableSpec) -> Field:
    """A column of a record's table, or one of the person's beside it."""
    own = {column.name: column for column in spec.columns}
    if name in own and name not in CUT:
        found = _plain(own[name], spec.source, required=own[name].required)
        return replace(found, treated=PSEUDONYM if name in IDS else _withheld(name))
    column = of_person()[name]
    treated = f"cut to the year from {CUT[name]}" if name in CUT else _withheld(name)
    return replace(_plain(column, "person, listed_person", required=False), treated=treated)


@cache
def of_person() -> Mapping[str, Column]:
    """What is told of the person beside any table's columns."""
    listed = read_specs(Path(str(files("joinedup.population"))), below=False)["listed_person"]
    return {column.name: column for column in (*listed.columns, *specs()["person"].columns, *OF_THE_PERSON)}


def _withheld(name: str) -> str:
    if name in FROM_THE_LIST:
        return FROM_LIST
    return WITHHELD if name in TELLS_WHERE else AS_IT_IS


def _plain(column: Column, source: str, *, required: bool) -> Field:
    return Field(column.name, column.type, column.meaning, column.unit or "", required, source=source)


def _told(each: Field, told: Told) -> Field:
    """The field, with the values that it holds, and how many cells are empty."""
    found = told.values.get(each.name)
    known = _meanings(each.name)
    values = tuple((value, known.get(value, "")) for value in sorted(found)) if found else ()
    span = " to ".join(day.isoformat() for day in told.days[each.name]) if each.name in told.days else ""
    return replace(each, values=values, empty=told.empty.get(each.name, 0), longest=told.longest.get(each.name, 0), span=span)


@cache
def _meanings(name: str) -> Mapping[str, str]:
    """What the codes of a column mean, where a contract says so."""
    if name == "linked_by":
        return LINKED
    if name not in CODES:
        return {}
    contract, wanted = CODES[name]
    return next((each.codes for each in contracts()[contract].fields if each.name == wanted), {})


def joined(tables: Sequence[Table], collected: Mapping[str, Collected]) -> tuple[Table, ...]:
    """The tables, each of which says that its people are in the table of people, where all of them are."""
    people = collected.get("person")
    if people is None:
        return tuple(tables)

    def all_there(name: str) -> bool:
        return name != "person" and name in collected and bool(within(people.people, collected[name].people).all())

    key = (Foreign(("person_id",), "person", ("person_id",)),)
    return tuple(replace(table, foreign=key) if all_there(table.name) else table for table in tables)
