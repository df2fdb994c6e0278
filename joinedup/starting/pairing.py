"""A column as a field: how far its name and what it holds speak for it, from 0 to 1, and why; the numbers are ours, chosen on odd files."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache

from joinedup.engine.files_text import plain
from joinedup.sources.contract import ContractField, ContractSpec, FieldType
from joinedup.starting.coding import codes_of
from joinedup.starting.likeness import best_likeness, likeness
from joinedup.starting.profile import ColumnProfile
from joinedup.starting.shapes import MOSTLY, SOME

EXACT, ALSO, ALIKE, BY_CONTENT = 1.0, 0.97, 0.88, 0.62
LONGEST_ORGANISATION, FEW_RECORDS = 12, 0.2
"""Characters of the longest code of an organisation; share of rows up to which different values are no numbers of records."""
LEAST_ALIKE = 0.55
"""Likeness of names from which it says anything."""


@dataclass(frozen=True)
class Mapped:
    """One column that is taken for one field."""

    column: ColumnProfile
    field: ContractField
    confidence: float
    why: str
    known: bool
    """Whether the contract itself knows the column by its name, so that nothing need be written."""
    values: Mapping[str, str] = dataclasses.field(default_factory=dict)
    """Their value -> the contract's."""
    unknown: tuple[tuple[str, int], ...] = ()
    """Values that no code was found for, with their rows; not to be shown where the column can tell of a person."""

    @property
    def sure(self) -> str:
        """The confidence in a word."""
        return "sure" if self.confidence >= 0.9 else "likely" if self.confidence >= 0.7 else "perhaps"


def pair(column: ColumnProfile, into: ContractField, contract: ContractSpec) -> Mapped | None:
    """A column as a field, where anything speaks for it."""
    if column.kind == "blank" and plain(column.name) not in _names(into):
        return None
    by_name, why = _by_name(column.name, into)
    if not by_name and column.kind == "blank":
        return None
    values, unknown, share = codes_of(column, into)
    fit, holds = _fit(column, into, share)
    if by_name < ALSO and not (_comparable(column, into, fit) and _may_number_people(column, into)):
        return None
    confidence, reasons = by_name, [why] if why else []
    if by_name >= ALSO:
        if fit is not None and fit < SOME:
            confidence, reasons = confidence - 0.15, [*reasons, f"though only {fit:.0%} of its values fit"]
        elif holds:
            reasons.append(holds)
    elif by_name:
        confidence = by_name if fit is None else by_name * (0.4 + 0.6 * fit) + (0.08 if fit >= MOSTLY else 0.0)
        reasons += [holds] if holds else []
    elif fit is not None and fit >= MOSTLY and _telling(column, into):
        confidence, reasons = BY_CONTENT + 0.3 * (_strength(column, into) - 0.5), [holds]
    else:
        return None
    return Mapped(column, into, min(confidence, 1.0), ", ".join(reasons), by_name >= ALSO, values, unknown)


@cache
def _names_of(name: str, also: tuple[str, ...]) -> frozenset[str]:
    return frozenset(plain(each) for each in (name, *also))


def _names(into: ContractField) -> frozenset[str]:
    return _names_of(into.name, into.also)


def _by_name(name: str, into: ContractField) -> tuple[float, str]:
    """How far a column's name speaks for a field, and why."""
    if plain(name) == plain(into.name):
        return EXACT, "the field's own name"
    if plain(name) in _names(into):
        return ALSO, f"known as another name of {into.name}"
    alike = best_likeness(name, (into.name, *into.also))
    meant = 0.9 * likeness(name, re.split(r"[,;:(]", into.meaning)[0])
    most = max(alike, meant)
    if most < LEAST_ALIKE:
        return 0.0, ""
    what = "its name" if alike >= meant else "what it means"
    return ALIKE * (0.35 + 0.65 * most), f"{name!r} is like {what} ({most:.0%})"


def _fit(column: ColumnProfile, into: ContractField, coded: float) -> tuple[float | None, str]:
    """The share of a column's values that a field could hold, and that in words; None where nothing can be told."""
    if column.kind == "blank":
        return None, ""
    if into.type in WRITTEN_AS:
        share = WRITTEN_AS[into.type](column)
        of_births = column.shapes["births"] and into.type is FieldType.DATE
        if into.name == "PERSON_BIRTH_DATE":
            return (share, f"{share:.0%} dates, as far apart as births") if of_births else (0.55 * share, "dates")
        return share * (0.35 if of_births else 1.0), f"{share:.0%} {WORDS_OF_TYPES[into.type]}"
    shape = _shape_of(into)
    if shape:
        return column.shapes[shape], f"{column.shapes[shape]:.0%} {WORDS_OF_SHAPES[shape]}"
    if into.name in ("PERSON_FAMILY_NAME", "PERSON_GIVEN_NAME"):
        return (0.9 if column.personal.startswith(("names", "a name")) else 0.3), ""
    of_time = (0.1, "dates") if column.kind in ("date", "time") else (None, "")
    return (coded, f"{coded:.0%} of its values are codes or meanings of its list" if coded else "") if into.codes else of_time


WRITTEN_AS: dict[FieldType, Callable[[ColumnProfile], float]] = {
    FieldType.DATE: lambda column: column.shapes["date"],
    FieldType.TIME: lambda column: max(column.shapes["time"], 0.6 * (column.kind == "whole number" and column.shapes["length"] <= 4)),
    FieldType.INTEGER: lambda column: column.shapes["whole"] * (column.kind != "code"),
    FieldType.DECIMAL: lambda column: column.shapes["number"],
    FieldType.MONEY: lambda column: column.shapes["number"],
}
"""How far a column is written as a type of field is."""
WORDS_OF_TYPES = {
    FieldType.DATE: "dates",
    FieldType.TIME: "times of day",
    FieldType.INTEGER: "whole numbers",
    FieldType.DECIMAL: "numbers",
    FieldType.MONEY: "numbers",
}
WORDS_OF_SHAPES = {"nhs": "valid NHS numbers", "postcode": "postcodes", "lsoa": "codes of small areas", "practice": "codes of practices"}


def _shape_of(into: ContractField) -> str:
    """What the values of a field look like, where they have a form of their own."""
    if into.name == "NHS_NUMBER":
        return "nhs"
    if into.name == "POSTCODE_OF_USUAL_ADDRESS":
        return "postcode"
    if "LSOA" in into.name:
        return "lsoa"
    if "PRACTICE" in into.name and "CODE" in into.name and "NAME" not in into.name:
        return "practice"
    return ""


def _comparable(column: ColumnProfile, into: ContractField, fit: float | None) -> bool:
    """Whether a column could at all be a field that it isn't called: dates are dates, and people's numbers are nobody's service."""
    if fit is not None and fit < 0.3 and (into.type not in (FieldType.TEXT, FieldType.CODE) or _shape_of(into)):
        return False
    if is_organisation(into.name) and (column.unique or column.shapes["length"] > LONGEST_ORGANISATION):
        return False
    if numbers_records(into.name) and 0 < column.distinct <= FEW_RECORDS * column.filled:
        return False
    told = column.personal.startswith(("NHS", "postcodes", "dates of birth", "names", "addresses", "telephone", "free text"))
    return into.identifier or not told


def is_organisation(name: str) -> bool:
    """Whether a field says which organisation something is of."""
    return "ORGANISATION" in name or "PRAC" in name or name.startswith(("PROVIDER", "PROCODE", "COST_CENTRE"))


def numbers_records(name: str) -> bool:
    """Whether a field numbers records, and so differs in most rows."""
    return name.endswith(("_ID", "CONTACT_IDENTIFIER", "SPELL_IDENTIFIER", "KEY", "CALL_NUMBER", "CASE_REF")) and not is_organisation(name)


def _may_number_people(column: ColumnProfile, into: ContractField) -> bool:
    """Whether a column could be a number that people are known by, if the field is one: such numbers come again in other rows."""
    return into.name not in ("SOURCE_PSEUDONYM", "LOCAL_PATIENT_IDENTIFIER") or not (
        column.unique or column.kind in ("date", "time", "number")
    )


def _telling(column: ColumnProfile, into: ContractField) -> bool:
    """Whether what a column holds can be nothing else."""
    if _shape_of(into) in ("nhs", "postcode", "lsoa", "practice"):
        return True
    if into.name == "PERSON_BIRTH_DATE":
        return bool(column.shapes["births"])
    return bool(into.codes) and len([value for value in column.coded if _is_telling(value)]) >= 2


def _is_telling(value: str) -> bool:
    """Whether a code is one that many lists don't have: not a letter, nor a number of one or two digits."""
    return len(value) >= 3 or (len(value) == 2 and not value.isdigit())


def _strength(column: ColumnProfile, into: ContractField) -> float:
    """How telling what a column holds is: a form with a check digit more than a list of two codes."""
    if _shape_of(into):
        return 1.0
    return 0.9 if into.name == "PERSON_BIRTH_DATE" else min(0.3 + 0.1 * len(column.coded), 0.8)
