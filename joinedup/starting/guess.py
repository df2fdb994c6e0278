"""Which contract a file follows, and which of its columns is which field: by names, by what the names mean and by what the columns hold.

Each guess has a confidence from 0 to 1 and says why; the numbers that weigh one sign against another are ours, chosen on odd files by hand.
"""

from __future__ import annotations

import dataclasses
import math
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache

from joinedup.engine.files_text import plain
from joinedup.place.model import Partner
from joinedup.sources.columns import PERSON_FIELDS
from joinedup.sources.contract import ContractField, ContractSpec, FieldType, contracts
from joinedup.starting.likeness import best_likeness, likeness, words_of
from joinedup.starting.profile import MOSTLY, NULLS, SOME, ColumnProfile, may_be_shown

EXACT, ALSO, ALIKE, BY_CONTENT = 1.0, 0.97, 0.88, 0.62
MANY_PEOPLE = 10
LEAST = 0.5
"""Confidence from which a column is mapped."""
LEAST_ALIKE = 0.55
"""Likeness of names from which it says anything."""
GENERIC = "community_activity"
"""The contract that any list of who came when can follow."""
OF_GENERIC, OF_PERSON = 0.55, 0.15
"""Weight of the generic contract, which has everyday names for everything, and of fields that say who a row is about, which all have."""
NEED = 1.2
"""What a field costs a contract that can't do without it and doesn't find it."""
FEW_CODES = 12
"""Codes up to which a single letter may be the first of what one of them means."""
BY_FILE_NAME = 1.0
NOTHING = 0.9
"""Score below which a contract is no guess."""
ROLES = {
    "acute_provider": {"acute", "maternity"}, "community_provider": {"community"}, "mental_health_provider": {"mental health"},
    "ambulance_provider": {"urgent care"}, "social_care_provider": {"adult social care", "children"}, "voluntary_sector": {"voluntary"},
    "hospice": {"voluntary"}, "primary_care_provider": {"primary care"}, "primary_care_network": {"primary care"},
}  # fmt: skip
BY_PARTNER = 0.4


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


@dataclass(frozen=True)
class Guess:
    """A contract with the columns that fill it."""

    contract: ContractSpec
    mapped: tuple[Mapped, ...]
    score: float
    why: tuple[str, ...]
    constants: Mapping[str, str] = dataclasses.field(default_factory=dict)

    @property
    def missing(self) -> list[str]:
        """What a file of this contract can't do without and what wasn't found; one of the fields that tell people apart is enough."""
        found = {each.field.name for each in self.mapped} | set(self.constants)
        needed = [each.name for each in self.contract.fields if (each.header_required or each.required) and each.name not in found]
        who = [name for name in PERSON_FIELDS if any(each.name == name for each in self.contract.fields)]
        return needed + ([" or ".join(who)] if who and not set(who) & found else [])

    @property
    def left_out(self) -> set[int]:
        """The positions of the columns that fill a field."""
        return {each.column.at for each in self.mapped}


def guesses(columns: Sequence[ColumnProfile], file_name: str, partner: Partner | None = None) -> list[Guess]:
    """Every contract as the file would fill it, the likeliest first; those that find all that they need come before the others."""
    found = [guess(contract, columns, file_name, partner) for contract in contracts().values()]
    return sorted(found, key=lambda each: (-each.score, each.contract.contract))


def best(found: Sequence[Guess]) -> Guess:
    """The likeliest contract: a complete one where it scores nearly as well, the generic one where none other is likely."""
    complete = [each for each in found if not each.missing]
    if complete and (complete[0].score >= NOTHING or not found[0].missing) and complete[0].score >= 0.6 * found[0].score:
        return complete[0]
    generic = next((each for each in complete if each.contract.contract == GENERIC), None)
    return generic or found[0]


def guess(
    contract: ContractSpec, columns: Sequence[ColumnProfile], file_name: str, partner: Partner | None = None, *, said: bool = False
) -> Guess:
    """One contract as the file would fill it; `said` where somebody knows that it follows it."""
    pairs = sorted(
        (pair for column in columns for each in contract.fields if (pair := _pair(column, each, contract))),
        key=lambda pair: (-pair.confidence, pair.column.at, pair.field.name),
    )
    taken: set[str] = set()
    used: set[int] = set()
    mapped: list[Mapped] = []
    for pair in pairs:
        if pair.field.name == "SOURCE_PSEUDONYM" and "NHS_NUMBER" in taken and not pair.known:
            continue
        if pair.field.name not in taken and pair.column.at not in used and pair.confidence >= LEAST:
            taken.add(pair.field.name)
            used.add(pair.column.at)
            mapped.append(pair)
    mapped += _record_number(contract, columns, taken, used)
    if said or contract.contract == GENERIC:
        mapped += _by_elimination(contract, columns, taken, used)
    constants = _constants(contract, taken, partner)
    made = Guess(contract, tuple(sorted(mapped, key=lambda each: each.column.at)), 0.0, (), constants)
    score, why = _scored(made, columns, file_name, partner)
    return replace(made, score=score, why=tuple(why))


def _pair(column: ColumnProfile, into: ContractField, contract: ContractSpec) -> Mapped | None:
    """A column as a field, where anything speaks for it."""
    if column.kind == "blank" and plain(column.name) not in _names(into):
        return None
    by_name, why = _by_name(column.name, into)
    if not by_name and column.kind == "blank":
        return None
    values, unknown, share = _codes(column, into)
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
    told = column.personal.startswith(("NHS", "postcodes", "dates of birth", "names", "addresses", "telephone", "free text"))
    return into.identifier or not told


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
    return (
        bool(into.codes)
        and len(column.coded) >= 2
        and not set(map(str.upper, column.coded)) <= {"Y", "N", "1", "2", "3", "4", "5", "9", "0"}
    )


def _strength(column: ColumnProfile, into: ContractField) -> float:
    """How telling what a column holds is: a form with a check digit more than a list of two codes."""
    if _shape_of(into):
        return 1.0
    return 0.9 if into.name == "PERSON_BIRTH_DATE" else min(0.3 + 0.1 * len(column.coded), 0.8)


def _codes(column: ColumnProfile, into: ContractField) -> tuple[dict[str, str], tuple[tuple[str, int], ...], float]:
    """Their values -> the codes that they mean, those that no code was found for, and the share of rows that have a code."""
    if not into.codes or not column.coded:
        return {}, (), 0.0
    said: dict[str, str] = {}
    unknown: list[tuple[str, int]] = []
    fitting = rows = 0
    for value, count in column.coded.items():
        code = code_for(value, into.codes)
        empty = code is None and value.strip().lower() in (*NULLS, *(null.lower() for null in into.null_values))
        rows += 0 if empty else count
        if code is None and not empty:
            unknown.append((value, count))
        elif code is not None:
            fitting += count
            said |= {value: code} if value.strip().upper() != code else {}
    return said, tuple(unknown), fitting / rows if rows else 0.0


def code_for(value: str, codes: Mapping[str, str]) -> str | None:
    """The code that a value is, or that it means by the words of the list; None where it is neither."""
    return _code_for(value.strip(), tuple(codes.items()))


@cache
def _code_for(value: str, codes: tuple[tuple[str, str], ...]) -> str | None:
    upper = value.upper()
    own = {code.upper(): code for code, _ in codes}
    if upper in own:
        return own[upper]
    if value.isdigit():
        bare = {code.lstrip("0"): code for code, _ in codes if code.isdigit()}
        return bare.get(value.lstrip("0"))
    first = [(code, re.split(r"[,;:(]", meaning)[0].strip().upper()) for code, meaning in codes]
    same = [code for code, meaning in codes if meaning.upper() == upper] or [code for code, meaning in first if meaning == upper]
    if same:
        return same[0]
    if len(value) == 1:
        begins = {code for code, meaning in first if meaning.startswith(upper)}
        return begins.pop() if len(begins) == 1 and len(codes) <= FEW_CODES else None
    words = words_of(value)
    shared = ((code, meaning) for code, meaning in (*codes, *first) if words & words_of(meaning))
    alike = sorted(((likeness(value, meaning), code) for code, meaning in shared), reverse=True)
    if alike and alike[0][0] >= 0.8:
        others = {code for score, code in alike if score >= alike[0][0] - 0.02}
        return alike[0][1] if len(others) == 1 else None
    return None


def _record_number(contract: ContractSpec, columns: Sequence[ColumnProfile], taken: set[str], used: set[int]) -> Iterator[Mapped]:
    """A column that differs in every row, for the field that numbers the contract's records, where no other was found."""
    own = {each.name: each for each in contract.fields if not each.identifier and each.type in (FieldType.TEXT, FieldType.CODE)}
    for name in (name for name in contract.key if name in own and name not in taken and not own[name].codes):
        for column in columns:
            numbers = column.unique and column.at not in used and column.kind in ("code", "whole number") and not column.shapes["ten"]
            if numbers and words_of(column.name) & {"number", "record", "row", "unique"}:
                used.add(column.at)
                taken.add(name)
                yield Mapped(column, own[name], 0.6, "it differs in every row, as the numbers of records do", known=False)
                break


def _by_elimination(contract: ContractSpec, columns: Sequence[ColumnProfile], taken: set[str], used: set[int]) -> Iterator[Mapped]:
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


def _constants(contract: ContractSpec, taken: set[str], partner: Partner | None) -> dict[str, str]:
    """The partner's own code for who gave the care, where the file has no column for it."""
    by = contract.provided_by
    return {by: partner.code} if by and by not in taken and partner and partner.code else {}


def _scored(made: Guess, columns: Sequence[ColumnProfile], file_name: str, partner: Partner | None) -> tuple[float, list[str]]:
    """How well a contract fits, and why."""
    contract, own = made.contract, [each for each in made.mapped if not each.field.identifier]
    score = sum(_weight(each.field) * each.confidence for each in made.mapped)
    why = [f"{len(made.mapped)} of {len(columns)} columns are fields of it"]
    if own:
        surest = sorted(own, key=lambda each: -_weight(each.field) * each.confidence)[:3]
        why.append("above all " + ", ".join(f"{each.column.name} ({each.field.name})" for each in surest))
    score *= OF_GENERIC if contract.contract == GENERIC else 1.0
    score *= 0.5 + 0.5 * len(made.mapped) / max(len([each for each in columns if each.kind != "blank"]), 1)
    score -= NEED * len(made.missing)
    named = {contract.contract, *(word for word in (plain(contract.contract).lower(),) if word)}
    if any(name in file_name.lower() for name in named):
        score, why = score + BY_FILE_NAME, [*why, "the file's name says so"]
    elif likeness(re.sub(r"[\d_.-]+", " ", file_name.rsplit(".", 1)[0]), contract.title) >= LEAST_ALIKE:
        score, why = score + BY_FILE_NAME / 2, [*why, f"the file's name is like {contract.title!r}"]
    if partner and any(contract.sector in ROLES.get(role, ()) for role in partner.roles):
        score, why = score + BY_PARTNER, [*why, f"{partner.id} gives {contract.sector} care"]
    return score, why


@cache
def _spread() -> Mapping[str, int]:
    """In how many contracts each field stands."""
    counts: dict[str, int] = {}
    for contract in contracts().values():
        for name in {each.name for each in contract.fields}:
            counts[name] = counts.get(name, 0) + 1
    return counts


def _weight(into: ContractField) -> float:
    """How much a field says about which contract it is: one that few contracts have says most."""
    if into.identifier:
        return OF_PERSON
    return math.log(1 + len(contracts()) / _spread()[into.name]) / math.log(1 + len(contracts()))
