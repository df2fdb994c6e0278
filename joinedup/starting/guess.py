"""Which contract a file follows, and which of its columns is which field: by names, by what the names mean and by what the columns hold.

Each guess has a confidence from 0 to 1 and says why; the numbers that weigh one sign against another are ours, chosen on odd files by hand.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache

from joinedup.place.model import Partner
from joinedup.sources.columns import PERSON_FIELDS
from joinedup.sources.contract import ContractField, ContractSpec, contracts
from joinedup.starting.leftovers import by_elimination, record_number
from joinedup.starting.likeness import likeness
from joinedup.starting.pairing import LEAST_ALIKE, Mapped, pair
from joinedup.starting.profile import ColumnProfile
from joinedup.starting.supposing import Supposed, named_as, supposed

LEAST = 0.5
"""Confidence from which a column is mapped."""
GENERIC = "community_activity"
"""The contract that any list of who came when can follow."""
OF_GENERIC, OF_PERSON = 0.55, 0.15
"""Weight of the generic contract, which has everyday names for everything, and of fields that say who a row is about, which all have."""
NEED = 1.2
"""What a field costs a contract that can't do without it and doesn't find it."""
BY_FILE_NAME = 1.0
NOTHING = 0.9
"""Score below which a contract is no guess."""
ROLES = {
    "acute_provider": {"acute", "maternity"}, "community_provider": {"community"}, "mental_health_provider": {"mental health"},
    "ambulance_provider": {"urgent care"}, "social_care_provider": {"adult social care", "children"}, "voluntary_sector": {"voluntary"},
    "hospice": {"voluntary"}, "primary_care_provider": {"primary care"}, "primary_care_network": {"primary care"},
}  # fmt: skip
BY_PARTNER, NOT_BY_PARTNER = 0.4, 0.7
"""What it adds that the partner gives such care, and what a score is multiplied by where the partner gives care, and none of that kind."""
SENDS_ANYTHING = {"commissioner", "council", "public_health"}
ANYBODYS = {"registrations"}
SUPPOSED = 0.3
"""What it costs that the kind of every row is only supposed."""
OF_OTHER_CODES = 0.3
"""What is left of a column's weight where most of its values are no codes of the field."""
AS_LIKELY = 0.75
"""Share of the best score from which another contract could as well be meant."""


@dataclass(frozen=True)
class Guess:
    """A contract with the columns that fill it."""

    contract: ContractSpec
    mapped: tuple[Mapped, ...]
    score: float
    why: tuple[str, ...]
    supposed: Mapping[str, Supposed] = field(default_factory=dict)
    """Fields that every row is taken to have the same of, with the reason."""
    said: Mapping[str, str] = field(default_factory=dict)
    """Those of which somebody has said what every row has."""

    @property
    def constants(self) -> dict[str, str]:
        """Field -> what every row has."""
        return {name: each.value for name, each in self.supposed.items()} | dict(self.said)

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
        (found for column in columns for each in contract.fields if (found := pair(column, each, contract))),
        key=lambda found: (-found.confidence, found.column.at, found.field.name),
    )
    taken: set[str] = set()
    used: set[int] = set()
    mapped: list[Mapped] = []
    for each in pairs:
        if each.field.name == "SOURCE_PSEUDONYM" and "NHS_NUMBER" in taken and not each.known:
            continue
        if each.field.name not in taken and each.column.at not in used and each.confidence >= LEAST:
            taken.add(each.field.name)
            used.add(each.column.at)
            mapped.append(each)
    mapped += record_number(contract, columns, taken, used)
    if said or contract.contract == GENERIC:
        mapped += by_elimination(contract, columns, taken, used)
    same = supposed(contract, mapped, file_name, partner, [column.name for column in columns])
    made = Guess(contract, tuple(sorted(mapped, key=lambda each: each.column.at)), 0.0, (), same)
    score, why = _scored(made, columns, file_name, partner)
    return replace(made, score=score, why=tuple(why))


def doubts(made: Guess, found: Sequence[Guess]) -> Iterator[str]:
    """What speaks against the guess: contracts that fit better but for something they need, or nearly as well."""
    for name, each in made.supposed.items():
        yield f"no column is {name}: every row is taken to have {each.value} ({each.why}); say --constant {name}=… if that is wrong"
    for other in found:
        name = other.contract.contract
        if name == made.contract.contract or other.score < NOTHING:
            continue
        if other.missing and other.score > made.score:
            lacks = ", ".join(other.missing)
            yield f"{name} fits better, but needs {lacks}, for which no column was found: ask for it, then say --contract {name}"
        elif not other.missing and other.score >= AS_LIKELY * made.score:
            yield f"{name} fits nearly as well as {made.contract.contract} ({'; '.join(other.why)}): say --contract {name} if it is that"


def _scored(made: Guess, columns: Sequence[ColumnProfile], file_name: str, partner: Partner | None) -> tuple[float, list[str]]:
    """How well a contract fits, and why."""
    contract, own = made.contract, [each for each in made.mapped if not each.field.identifier]
    score = sum(_says(each) for each in made.mapped)
    why = [f"{len(made.mapped)} of {len(columns)} columns are fields of it"]
    if own:
        surest = sorted(own, key=lambda each: -_says(each))[:3]
        why.append("above all " + ", ".join(f"{each.column.name} ({each.field.name})" for each in surest))
    score *= OF_GENERIC if contract.contract == GENERIC else 1.0
    score *= 0.5 + 0.5 * len(made.mapped) / max(len([each for each in columns if each.kind != "blank"]), 1)
    score -= NEED * len(made.missing) + SUPPOSED * len(set(made.supposed) - {contract.provided_by})
    if score > 0 and partner and _gives_other_care(contract, partner):
        score, why = score * NOT_BY_PARTNER, [*why, f"though {partner.id} gives no {contract.sector} care"]
    if word := named_as(contract.contract, file_name):
        score, why = score + BY_FILE_NAME, [*why, f"{word!r} stands in the file's name"]
    elif likeness(file_name.rsplit(".", 1)[0], contract.title) >= LEAST_ALIKE:
        score, why = score + BY_FILE_NAME / 2, [*why, f"the file's name is like {contract.title!r}"]
    if partner and _gives(contract, partner):
        score, why = score + BY_PARTNER, [*why, f"{partner.id} gives {contract.sector} care"]
    return score, why


def _says(each: Mapped) -> float:
    """How much a column that is taken for a field says for the contract: little where its values are no codes of the field."""
    other = sum(rows for _, rows in each.unknown) > 0.5 * each.column.filled
    return _weight(each.field) * each.confidence * (OF_OTHER_CODES if other else 1.0)


def _gives(contract: ContractSpec, partner: Partner) -> bool:
    return any(contract.sector in ROLES.get(role, ()) for role in partner.roles)


def _gives_other_care(contract: ContractSpec, partner: Partner) -> bool:
    """Whether a partner gives care, and none of the kind that a contract is of; who commissions care may send anybody's."""
    provides = any(role in ROLES for role in partner.roles) and not SENDS_ANYTHING & set(partner.roles)
    return provides and contract.sector not in ANYBODYS and contract.contract != GENERIC and not _gives(contract, partner)


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
