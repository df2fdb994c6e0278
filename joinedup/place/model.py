"""A place as frozen values: who its partners are, which neighbourhoods it has, and what belongs to them when."""

from __future__ import annotations

from datetime import date
from functools import cached_property
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from joinedup.findings import Finding
from joinedup.periods import Period, twelve_months_to


class Frozen(BaseModel):
    """A value that doesn't change and takes no field it doesn't know."""

    model_config = ConfigDict(frozen=True, extra="forbid", ignored_types=(cached_property,))


class LocalWord(Frozen):
    """What people here call a neighbourhood."""

    singular: str = "neighbourhood"
    plural: str = "neighbourhoods"


class Tile(Frozen):
    """Where a neighbourhood stands on the tile map: row 1 is the north, column 1 the west."""

    row: int = Field(ge=1)
    column: int = Field(ge=1)


class Neighbourhood(Frozen):
    """A neighbourhood, known by this id in folder, tables and addresses, from `start` up to `end`."""

    id: str = Field(pattern=r"^[a-z0-9][a-z0-9-]*$")
    name: str
    code: str | None = None
    """The code of its primary care network, where it has one."""
    start: date | None = None
    end: date | None = None
    succeeded_by: tuple[str, ...] = ()
    list_size: int | None = None
    """Registered patients as published; for comparison, never a denominator."""
    tile: Tile | None = None


class Partner(Frozen):
    """An organisation of the place and what it does there, from `start` up to `end`."""

    id: str = Field(pattern=r"^[a-z0-9][a-z0-9_-]*$")
    name: str
    code: str | None = None
    """Its Organisation Data Service code."""
    roles: tuple[str, ...]
    start: date | None = None
    end: date | None = None
    succeeded_by: str | None = None


class Contract(Frozen):
    """Who commissions a provider: one lead commissioner and any associates, from `start` up to `end`."""

    provider: str
    lead_commissioner: str
    associates: tuple[str, ...] = ()
    services: str
    start: date | None = None
    end: date | None = None


class Practice(Frozen):
    """A general practice, open from `opened` up to `closed`."""

    code: str
    name: str
    opened: date | None = None
    closed: date | None = None
    list_size: int | None = None
    succeeded_by: str | None = None


class Membership(Frozen):
    """A practice belongs to a neighbourhood from `start` up to `end`."""

    practice: str
    neighbourhood: str
    start: date | None = None
    end: date | None = None


class SmallArea(Frozen):
    """A lower layer super output area: its ward, its deprivation rank and decile on a named index."""

    code: str
    name: str | None = None
    ward_code: str | None = None
    ward_name: str | None = None
    deprivation_index: str | None = None
    deprivation_rank: int | None = None
    deprivation_decile: int | None = Field(default=None, ge=1, le=10)
    population: int | None = None
    neighbourhood: str | None = None
    """The neighbourhood it mostly lies in, where the place has said so."""
    start: date | None = None
    end: date | None = None


class Threshold(Frozen):
    """One value that the place has chosen, with its unit, date and source."""

    name: str
    value: float
    unit: str
    start: date
    source: str


class Source(Frozen):
    """Where one partner's extract lies, which contract it follows, and how its columns differ from the contract's."""

    name: str = Field(pattern=r"^[a-z0-9][a-z0-9_-]*$")
    partner: str
    contract: str
    files: tuple[str, ...]
    """File names or patterns, relative to the folder of extracts."""
    delimiter: str | None = None
    encoding: str | None = None
    date_format: str | None = None
    """As in strptime, such as %d/%m/%Y; the contract's own styles when absent."""
    date_formats: dict[str, str] = Field(default_factory=dict)
    """The same for single columns of the contract, where they differ."""
    rename: dict[str, str] = Field(default_factory=dict)
    """Their column -> the contract's column."""
    values: dict[str, dict[str, str]] = Field(default_factory=dict)
    """The contract's column -> their value -> the contract's value."""
    constants: dict[str, str] = Field(default_factory=dict)
    """The contract's column -> a value for every row, where the file has no such column."""
    null_values: dict[str, tuple[str, ...]] = Field(default_factory=dict)
    """The contract's column -> further values that mean missing; under '*' for every column."""
    pseudonym: str | None = None
    """The namespace of the source's own person pseudonym (contract column SOURCE_PSEUDONYM) where it brings one instead of an NHS number: sources that share the namespace share their people."""


class Place(Frozen):
    """Everything that a place folder says, checked."""

    id: str
    name: str
    folder: Path
    invented: bool = False
    word: LocalWord = LocalWord()
    as_at: date
    """The last day that the record is to cover."""
    district_code: str | None = None
    neighbourhoods: tuple[Neighbourhood, ...]
    partners: tuple[Partner, ...]
    contracts: tuple[Contract, ...] = ()
    practices: tuple[Practice, ...]
    memberships: tuple[Membership, ...]
    areas: tuple[SmallArea, ...] = ()
    thresholds: tuple[Threshold, ...] = ()
    sources: tuple[Source, ...] = ()
    warnings: tuple[Finding, ...] = ()
    """What reading the folder found that doesn't stop its use."""

    @cached_property
    def period(self) -> Period:
        """The twelve whole months that its pages speak of."""
        return twelve_months_to(self.as_at)

    def threshold(self, name: str, on: date | None = None) -> float:
        """The value of a threshold in force on a day (the as-at date when none is given); KeyError when there is none."""
        day = on or self.as_at
        in_force = [t for t in self.thresholds if t.name == name and t.start <= day]
        if not in_force:
            raise KeyError(f"place.yml of {self.name} has no threshold {name} in force on {day}")
        return max(in_force, key=lambda t: t.start).value

    def summary(self) -> dict[str, Any]:
        """What a manifest keeps of it: names and counts, no contents."""
        return {
            "id": self.id,
            "name": self.name,
            "invented": self.invented,
            "as_at": self.as_at.isoformat(),
            "neighbourhoods": len(self.neighbourhoods),
            "practices": len(self.practices),
        }
