"""Fields that only one of the columns left over can be: the number of a record, the one date, the number that people are known by."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from joinedup.sources.columns import PERSON_FIELDS
from joinedup.sources.contract import ContractSpec, FieldType
from joinedup.starting.likeness import words_of
from joinedup.starting.pairing import Mapped, is_organisation
from joinedup.starting.profile import ColumnProfile, may_be_shown

MANY_PEOPLE = 10
OF_A_PERSON = frozenset({"hospital", "hosp", "mrn", "upn", "nhs", "nino", "pas"})
"""Words of a number that people are known by, which may differ in every row of a short file and number no record."""


def record_number(contract: ContractSpec, columns: Sequence[ColumnProfile], taken: set[str], used: set[int]) -> Iterator[Mapped]:
    """A column that differs in every row, for the field that numbers the contract's records, where no other was found."""
    own = {each.name: each for each in contract.fields if not each.identifier and each.type in (FieldType.TEXT, FieldType.CODE)}
    for name in (name for name in contract.key if name in own and name not in taken and not own[name].codes and not is_organisation(name)):
        for column in columns:
            numbers = column.unique and column.at not in used and column.kind in ("code", "whole number") and not column.shapes["ten"]
            words = words_of(column.name)
            if numbers and words & {"number", "record", "row", "unique"} and not words & OF_A_PERSON:
                used.add(column.at)
                taken.add(name)
                yield Mapped(column, own[name], 0.6, "it differs in every row, as the numbers of records do", known=False)
                break


def by_elimination(contract: ContractSpec, columns: Sequence[ColumnProfile], taken: set[str], used: set[int]) -> Iterator[Mapped]:
    """The only column left that could be the date that a contract needs, or the number by which its people are known."""
    left = [column for column in columns if column.at not in used and column.filled]
    dates = [column for column in left if column.kind == "date" and not column.shapes["births"]]
    wanted = [each for each in contract.fields if each.type is FieldType.DATE and each.required and each.name not in taken]
    if len(dates) == 1 and len(wanted) == 1:
        used.add(dates[0].at)
        yield Mapped(dates[0], wanted[0], 0.6, "the only column of dates that is left", known=False)
    kinds = [column for column in left if column.kind in ("text", "code") and not column.personal and may_be_shown(column)]
    kind = next((each for each in contract.fields if each.name == "KIND" and "KIND" not in taken), None)
    if kind and len(kinds) == 1:
        used.add(kinds[0].at)
        yield Mapped(kinds[0], kind, 0.5, "the only column of a few words that is left", known=False)
    who = next((each for each in contract.fields if each.name == "SOURCE_PSEUDONYM"), None)
    if who and not taken & set(PERSON_FIELDS):
        numbers = [each for each in left if each.at not in used and _numbers_people(each)]
        if len(numbers) == 1:
            used.add(numbers[0].at)
            yield Mapped(numbers[0], who, 0.55, "the only column that could number people", known=False)


def _numbers_people(column: ColumnProfile) -> bool:
    """Whether a column could be the number by which a service knows people: many of them, each in one word with a digit."""
    many = column.distinct >= MANY_PEOPLE and column.kind in ("code", "whole number") and not column.unique
    return many and bool(words_of(column.name) & {"person", "number", "pseudonym", "record"})
