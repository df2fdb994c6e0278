"""What a measure's `.yml` says, read into frozen values: what is counted, out of what, how it becomes a value, by what it may be cut."""

from __future__ import annotations

from datetime import date
from typing import Any, Literal

from pydantic import Field, model_validator

from joinedup.engine.specs import Case, Column, Frozen

NAME = r"^[a-z][a-z0-9_]*$"
STANDARD = "standard"
"""The variant that a measure is as it is defined."""
Form = Literal["rate", "proportion", "mean", "median", "days", "ratio", "published", "survey"]
Area = Literal["place", "neighbourhood", "practice", "pcn", "ward"]
Breakdown = Literal["sex", "age", "ethnic_group", "deprivation", "segment"]
Period = Literal["month", "quarter", "year", "rolling"]
SUMMED: tuple[Form, ...] = ("mean", "median", "days", "ratio")
"""Forms that sum or order an amount of each event."""
GIVEN: tuple[Form, ...] = ("published", "survey")
"""Forms whose values somebody else made: there are no counts of them here."""

OWN = "own"
"""The event that stands for those of the measure's own .sql."""
YEARLY = frozenset({"person_status"})
"""Event tables of which a person has one row a year, on its last day: what is counted of them has no months."""


class Counted(Frozen):
    """Events of one table for which all conditions hold, or an amount of them."""

    event: str = Field(pattern=NAME)
    where: dict[str, Any] = Field(default_factory=dict)
    """Column -> value, list of values, {from:, below:} or {begins: [...]}; its type is that of the column."""
    amount: str | None = None


class OutOf(Frozen):
    """What a measure is out of: people and the time that they were there, or events."""

    people: dict[str, Any] | None = None
    """Conditions on people: age, and flags of person_year; {} is everybody."""
    event: str | None = Field(default=None, pattern=NAME)
    where: dict[str, Any] = Field(default_factory=dict)
    amount: str | None = None
    time: Literal["year", "day"] = "year"
    """Of people: per person-year, or for each day of the period."""

    @model_validator(mode="after")
    def _one(self) -> OutOf:
        if (self.people is None) == (self.event is None):
            raise ValueError("name people or an event, one of the two")
        return self


class Public(Frozen):
    """What of it may be published."""

    areas: tuple[Area, ...] = ()
    breakdowns: tuple[Breakdown, ...] = ()
    periods: tuple[Literal["month", "quarter", "year"], ...] = Field(default=("year",), min_length=1, max_length=1)
    """One: of two the one would tell what isn't shown of the other."""
    minimum: int = Field(default=8, ge=8)


class Override(Frozen):
    """What a variant puts in the stead of some of the measure."""

    event: str | None = Field(default=None, pattern=NAME)
    where: dict[str, Any] = Field(default_factory=dict)
    people: dict[str, Any] | None = None
    amount: str | None = None


class Variant(Frozen):
    """The measure as another text defines it."""

    id: str = Field(pattern=NAME)
    title: str = Field(min_length=1)
    where: dict[str, Any] = Field(default_factory=dict)
    """Conditions of count in the stead of those of the same column; null takes one away."""
    amount: str | None = None
    out_of: Override = Override()
    why: str = ""
    source: str = ""


class MeasureDefinition(Frozen):
    """One measure, read from `outcomes/measures/<id>.yml` or from `measures/<id>.yml` of a place folder."""

    id: str = Field(alias="measure", pattern=NAME)
    title: str = Field(min_length=1)
    order: int = 100
    headline: bool = False
    """Whether it stands on the overview of the place and on the pages of its neighbourhoods."""
    why: str = Field(min_length=1)
    definition: str = Field(min_length=1)
    reading: str = ""
    """Where official texts differ from one another, or from what is counted here: which way was chosen, and why."""
    kind: Literal["structure", "process", "outcome"]
    form: Form
    count: Counted | None = None
    out_of: OutOf | None = None
    per: float = Field(default=1, gt=0)
    unit: str = Field(min_length=1)
    events: str = "events"
    """What one event is, in the plural."""
    polarity: Literal["lower is better", "higher is better", "neither"]
    breakdowns: tuple[Breakdown, ...] = ()
    areas: tuple[Area, ...] = ("place", "neighbourhood")
    groups_in: tuple[Area, ...] = ("place", "neighbourhood")
    """The kinds of area, of these, whose people are also counted by group: each more multiplies what is kept."""
    public: Public = Public()
    minimum: int = Field(default=0, ge=0)
    standardised: Literal["age", "age_sex"] | None = None
    rules: str = "making_data_count"
    needs: dict[str, tuple[str, ...]] = Field(default_factory=dict)
    """Contract -> fields without which it can't be counted."""
    instead: dict[str, str] = Field(default_factory=dict)
    """Of these contracts one -> another that will do in its place."""
    columns: tuple[Column, ...] = ()
    """Of events of its own .sql: the columns after those that every event has."""
    follow_days: int = Field(default=0, ge=0, le=366)
    """Days after an event until it is known what it led to or cost: months after which so many aren't over yet have no value."""
    variants: tuple[Variant, ...] = ()
    source: str = Field(min_length=1)
    owner: str = Field(min_length=1)
    reviewer: str = "none yet"
    version: int = Field(default=1, ge=1)
    valid_from: date
    valid_to: date | None = None
    cases: tuple[Case, ...] = ()
    origin: Literal["package", "place"] = "package"
    commentary: str = ""
    """The file beside the definition, where people write what they make of it; '' where there is none."""

    @property
    def brings_events(self) -> bool:
        """Whether it, or a variant, counts events of its own .sql."""
        named = [self.count, self.out_of, *(each.out_of for each in self.variants)]
        return OWN in {each.event for each in named if each is not None}

    @property
    def yearly(self) -> bool:
        """Whether it is counted once a year, so that months say nothing."""
        return self.count is not None and self.count.event in YEARLY

    @model_validator(mode="after")
    def _whole(self) -> MeasureDefinition:
        if self.form not in GIVEN and (self.count is None or (self.out_of is None and self.form not in ("mean", "median"))):
            raise ValueError(f"a measure of the form {self.form} needs count, and out_of unless it is a mean or median")
        if self.form in SUMMED and self.count is not None and self.count.amount is None:
            raise ValueError(f"a measure of the form {self.form} needs count.amount: the column that is summed or ordered")
        return self

    def variant(self, name: str) -> Variant | None:
        """The variant of that id; None for the measure as defined. KeyError where there is none such."""
        return None if name == STANDARD else {each.id: each for each in self.variants}[name]

    @property
    def variant_ids(self) -> tuple[str, ...]:
        """The measure as defined, and its variants."""
        return (STANDARD, *(each.id for each in self.variants))

    def lacks(self, missing: frozenset[str]) -> bool:
        """Whether an extract that it needs is among the missing ones, and none that will do in its place is there."""
        return any(name in missing and self.instead.get(name, name) in missing for name in self.needs)
