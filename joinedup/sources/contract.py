"""Contracts: what one kind of extract holds, in the field names of the real extract."""

from __future__ import annotations

from datetime import date
from enum import StrEnum
from functools import cache
from importlib.resources import files
from typing import Any, Literal

from pydantic import Field

from joinedup.engine.specs import Column, ColumnType, Frozen, TableSpec, read_yaml
from joinedup.sources.over_files import LISTED, NO_LONGER_SENT, WAITING, Deletion, GoesOn, KeepsBack, PricedTogether, Repeated, SamePerson


class FieldType(StrEnum):
    """How a field is written in an extract, and so what it becomes."""

    TEXT = "text"
    CODE = "code"  # trimmed and upper-cased text
    INTEGER = "integer"
    DECIMAL = "decimal"
    MONEY = "money"  # pounds in the extract, integer pence when landed (the landed name ends in _pence)
    DATE = "date"
    TIME = "time"  # landed as text HH:MM


LANDED_TYPES = {
    FieldType.TEXT: ColumnType.STRING,
    FieldType.CODE: ColumnType.STRING,
    FieldType.INTEGER: ColumnType.INTEGER,
    FieldType.DECIMAL: ColumnType.DOUBLE,
    FieldType.MONEY: ColumnType.BIGINT,
    FieldType.DATE: ColumnType.DATE,
    FieldType.TIME: ColumnType.STRING,
}


class DatedCode(Frozen):
    """A code that began or ended, or that another one replaced."""

    meaning: str
    starts: date | None = None
    """First day on which it may be used; none where it always could."""
    ends: date | None = None
    """First day on which it may no longer be used."""
    becomes: str | None = None
    """The code of today that means the same: it is landed instead."""
    source: str = ""
    """Who says so, where that isn't the contract's own source."""


class ContractField(Frozen):
    """One column of an extract."""

    name: str
    type: FieldType
    meaning: str
    unit: str | None = None
    identifier: bool = False
    """It can identify a person: it goes to the identity register at landing, never further."""
    header_required: bool = False
    """A file without this column can't be used."""
    required: bool = False
    """A row without a value here is rejected."""
    also: tuple[str, ...] = ()
    """Other names that real extracts use for it."""
    null_values: tuple[str, ...] = ()
    """Values that mean missing, besides blank."""
    without: str = ""
    """Characters that some extracts write and that are taken out, such as the point of a diagnosis code."""
    record_number: bool = False
    """It numbers records of the sender's system, and may be given anew: it says nothing of what was done."""
    recurs: bool = False
    """People type it: only what several rows of several people have is landed, and `Other` for the rest."""
    codes: dict[str, str] = Field(default_factory=dict)
    """Its code list: value -> meaning. Another value is a finding, and the row is kept."""
    dated: dict[str, DatedCode] = Field(default_factory=dict)
    """Codes of the list that have a time, and those that were replaced and are no longer in it; a contract has them among its codes."""

    @property
    def every_code(self) -> tuple[str, ...]:
        """The codes of its list and those that were replaced."""
        return tuple(dict.fromkeys((*self.codes, *self.dated)))

    @property
    def landed(self) -> str:
        """Its name in the landed table."""
        return self.name.lower() + ("_pence" if self.type is FieldType.MONEY else "")


class Rule(Frozen):
    """What must not be true of a row: portable SQL over the landed names, with what happens to such a row.

    Identifiers may be named too, in lower case, and `as_at`, the last day that the record is to cover.
    """

    name: str
    when: str
    effect: Literal["reject", "warn"]
    message: str
    endangers: str = ""
    broken_by: dict[str, str] = Field(default_factory=dict)
    """How a sound row is made to break it: field -> a value as written in an extract, or a field's name with days to add, such as
    `ARRIVAL_DATE - 1` (of a time: minutes), or `as_at + 1`."""


class ContractCase(Frozen):
    """A few rows as a source writes them, and what landing makes of them: run as a test and shown in the docs.

    Each file is a list of rows, field -> text. Of what is loaded only the named columns are compared, by their landed names and in
    order; of findings those of the rules that rows break, each with its number of rows.
    """

    name: str
    files: tuple[tuple[dict[str, str], ...], ...]
    names: tuple[str, ...] = ()
    """The names of the files, where they tell something."""
    source: dict[str, Any] = Field(default_factory=dict)
    """What sources.yml says of the source besides, such as sends and file_name."""
    loaded: tuple[dict[str, Any], ...] = ()
    superseded: dict[str, int] = Field(default_factory=dict)
    rejected: dict[str, int] = Field(default_factory=dict)
    warned: dict[str, int] = Field(default_factory=dict)


MIDNIGHTS = (
    "%Y-%m-%dT00:00:00Z",
    "%Y-%m-%dT00:00:00.000Z",
    "%Y-%m-%dT00:00:00.0000000Z",
    "%Y-%m-%dT00:00:00.000",
    "%Y-%m-%dT00:00:00+00:00",
    "%Y-%m-%dT00:00:00+01:00",
    "%Y-%m-%dT00:00:00.000+00:00",
    "%Y-%m-%dT00:00:00.000+01:00",
    "%Y-%m-%d 00:00:00+00",
    "%Y-%m-%d 00:00:00+01",
    "%Y-%m-%d 00:00:00+00:00",
    "%Y-%m-%d 00:00:00 UTC",
    "%d/%m/%Y 12:00:00 AM",
    "%d/%m/%Y 12:00 AM",
)
"""How software writes a day as the midnight with which it begins, with a time zone or on a clock of twelve hours. The day is the one
that is written, whatever the zone; another time with a zone may be of another day here, and isn't read."""


class ContractSpec(Frozen):
    """One kind of extract: grain, key, fields and rules."""

    contract: str
    title: str
    grain: str
    version: int = 1
    owner: str
    source: str
    sector: str
    key: tuple[str, ...]
    """Fields that name a record; of several rows with one key the last read is loaded and the others are superseded."""
    same_person: SamePerson = SamePerson()
    """By what two rows are known to be of one person, where the key names one."""
    dated_by: str | None = None
    """The field whose latest value tells to which day the extract reaches, and which month a record belongs to."""
    else_dated_by: str | None = None
    """The field that dates a record which has no value in the first, such as a stay among contacts."""
    reaches_by: tuple[str, ...] = ()
    """Further fields whose latest value may tell it, such as the day of discharge."""
    listed_by: str | None = None
    """Of what may come as lists of who is there on a day: the field that gives the day of the list on which a row stands."""
    ends_by: str = ""
    """Of the same: the field without which a row goes on."""
    covers: tuple[str, str] | None = None
    """The fields that give the first and the last day of the period which a file reports on."""
    goes_on: GoesOn | None = None
    """Which records stand in every file until they end."""
    priced_together: PricedTogether | None = None
    """Of what rows of one stay tell: how they are known, and the price that may be of each or of all."""
    repeated: Repeated | None = None
    """The same of an extract that reports on no period, so that a later file ends what it lacks."""
    history_of: tuple[str, ...] = ()
    """Of a list: fields whose earlier values were true for as long as earlier lists showed them. A change in any other is a correction."""
    about: str = ""
    resubmission: str = "A later row of the same source with the same key replaces the earlier one."
    """The contract's rule for overlap, correction and deletion, in words."""
    deleted_by: Deletion | None = None
    """A row so marked takes out the earlier ones of its key, and is itself counted as superseded."""
    provided_by: str | None = None
    """The field that says who gave the care."""
    undated: str = ""
    """Of a list: what a record without that date is taken for, where that does harm."""
    stays: bool = False
    """It is read on the trusted host alone: its rows tell who others are about, and its landed table stays empty."""
    lists: bool = False
    """It lists what is so, such as who is registered; the others tell what happened, day by day."""
    keeps_back: KeepsBack | None = None
    """Where its records keep people's data back, so that none may end without being told."""
    fields: tuple[ContractField, ...]
    rules: tuple[Rule, ...] = ()
    cases: tuple[ContractCase, ...] = ()
    date_styles: tuple[str, ...] = (
        "%Y-%m-%d",
        "%d/%m/%Y",
        "%Y-%m-%d %H:%M:%S",
        "%d/%m/%Y %H:%M:%S",
        "%d/%m/%Y %H:%M",
        "%Y-%m-%dT%H:%M:%S",
        "%Y-%m-%d %H:%M:%S.%f",
        "%Y%m%d",
        "%d%b%Y",
        "%d-%b-%Y",
        "%d-%b-%y",
        "%d %b %Y",
        "%d %B %Y",
        "%d-%m-%Y",
        "%d.%m.%Y",
        *MIDNIGHTS,
    )
    """Of these no two read one text as different dates; those of two digits of the year are for no date of birth."""

    @property
    def identifiers(self) -> tuple[ContractField, ...]:
        """The fields that never leave the trusted host."""
        return tuple(field for field in self.fields if field.identifier)

    @property
    def endangers(self) -> str:
        """What suffers where its extract is missing or wrong: what its rules name."""
        named = dict.fromkeys(name.strip() for rule in self.rules for name in rule.endangers.split(",") if name.strip())
        return ", ".join(named) or f"everything from {self.title.lower()}"

    @property
    def work_columns(self) -> tuple[Column, ...]:
        """What landing adds of lists, and of what a later file lacks."""
        return LISTED if self.lists else WAITING if self.listed_by else NO_LONGER_SENT if self.repeated else ()

    @property
    def day_sql(self) -> str:
        """The day that dates a landed record; a contract without one has none."""
        named = [self.landed(name) for name in (self.dated_by, self.else_dated_by) if name]
        return f"coalesce({', '.join(named)})" if len(named) > 1 else named[0]

    def requires(self, name: str) -> bool:
        """Whether a row without a value in that field is rejected."""
        return any(field.required for field in self.fields if field.name == name)

    def landed(self, name: str) -> str:
        """The landed name of a field; KeyError where the contract has no such field."""
        for field in self.fields:
            if field.name == name:
                return field.landed
        raise KeyError(name)

    def landed_spec(self) -> TableSpec:
        """The landed table: every field that identifies nobody, and who, which file and which row it came from."""
        columns = [
            Column(
                name=field.landed,
                type=LANDED_TYPES[field.type],
                meaning=field.meaning,
                unit="pence" if field.type is FieldType.MONEY else field.unit,
            )
            for field in self.fields
            if not field.identifier
        ]
        return TableSpec(
            table=f"landed_{self.contract}",
            title=f"{self.title}, as landed",
            grain=self.grain,
            key=("file_id", "source_row"),
            columns=(
                Column(name="person_id", type=ColumnType.BIGINT, meaning="The person, by pseudonym; null when the row could not be linked"),
                Column(name="linked_by", type=ColumnType.STRING, meaning="How the person was found, or why not", required=True),
                Column(name="file_id", type=ColumnType.INTEGER, meaning="The file it came from, as in landed_file", required=True),
                Column(
                    name="source_row",
                    type=ColumnType.BIGINT,
                    meaning="Its row in that file; 1 is the first after the header",
                    required=True,
                ),
                *columns,
                *self.work_columns,
            ),
            version=self.version,
            owner=self.owner,
            source=self.source,
            about=self.about,
            by_file=True,
        )


@cache
def contracts() -> dict[str, ContractSpec]:
    """Every contract that joinedup ships, by name."""
    folder = files("joinedup.sources")
    read = [read_yaml(path.name, path.read_text(encoding="utf-8")) for path in folder.iterdir() if path.name.endswith(".yml")]
    specs = [ContractSpec(**_with_shared(content)) for content in read if "contract" in content]
    return {spec.contract: spec for spec in sorted(specs, key=lambda spec: spec.contract)}


def _with_shared(content: dict[str, Any]) -> dict[str, Any]:
    """What a contract's .yml says, with the fields and lists of codes that it shares with others written out."""
    who = content.pop("who", None)
    own = content["fields"]
    shared = [field for field in _shared(who)["fields"] if field["name"] not in {each["name"] for each in own}] if who else []
    lists = _shared("code_lists")
    content["fields"] = [_with_codes(field, lists) for field in (*shared, *own)]
    return content


def _with_codes(field: dict[str, Any], lists: dict[str, dict[str, Any]]) -> dict[str, Any]:
    """A field with its list of codes: the shared one that it names, and what it adds to that."""
    named = lists[field["code_list"]] if "code_list" in field else {}
    rest = {name: value for name, value in field.items() if name != "code_list"}
    every = named | rest.get("codes", {})
    dated = {code: said for code, said in every.items() if isinstance(said, dict)}
    codes = {code: said["meaning"] if code in dated else said for code, said in every.items() if not (code in dated and "becomes" in said)}
    return rest | ({"codes": codes, "dated": dated} if every else {})


@cache
def _shared(name: str) -> dict[str, Any]:
    """What `fields/<name>.yml` says."""
    path = files("joinedup.sources") / "fields" / f"{name}.yml"
    content: dict[str, Any] = read_yaml(f"{name}.yml", path.read_text(encoding="utf-8"))
    return content
