"""Kinds of fault: how often each comes, in which columns, and what it should become."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache

import numpy as np

from joinedup.sources.contract import ContractField, ContractSpec, FieldType, contracts
from joinedup.sources.synthetic.draws import Table
from joinedup.sources.synthetic.figures import figures

STATUS = "NHS_NUMBER_STATUS_INDICATOR_CODE"


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of fault: how often, in which columns, and what it should become."""

    name: str
    becomes: str
    outcome: str
    rates: Mapping[str, float]
    """By contract."""
    columns: Mapping[str, Sequence[str]] = field(default_factory=dict)
    value: str = ""
    by_default: float | None = None
    """The rate in contracts that no kind names."""
    default_columns: Sequence[str] | str = ()
    """What it is put into where a contract has no columns of its own for it: names, or a word for a choice."""
    not_in: Sequence[str] = ()
    """Contracts in which it would become something else, so that it isn't put into their rows."""
    unequal: bool = False
    """Whether it falls more often on some ethnic groups than on others."""
    not_with: Sequence[str] = ()
    """Kinds before it in the list beside which it would become something else, so that a row has not both."""

    def rate(self, contract: str) -> float | None:
        """The share of the rows that can have it; None where it isn't put into the contract's rows."""
        if contract in self.not_in:
            return None
        return self.by_default if contract not in contracts_with_own_rates() else self.rates.get(contract)

    def names(self, contract: str, columns: Table) -> list[str] | None:
        """The columns that it is put into; None where such rows have no column for it."""
        told = self.columns.get(contract, self.default_columns)
        names = list(told) if not isinstance(told, str) else CHOSEN[told](contract_of(contract), columns)
        return names if names is not None and set(names) <= columns.keys() else None


@cache
def kinds() -> tuple[Kind, ...]:
    """Every kind of fault."""
    return tuple(Kind(name=name, **told) for name, told in figures("dirt")["kinds"].items())


@cache
def names_of_faults() -> tuple[str, ...]:
    """The names of the kinds, and after them what is only wrong with rows because they come month by month."""
    return (*(each.name for each in kinds()), *figures("sending")["told"])


def position_of(name: str) -> int:
    """Where a name stands among them."""
    return names_of_faults().index(name)


@cache
def contracts_with_own_rates() -> frozenset[str]:
    """The contracts that some kind names."""
    return frozenset(contract for each in kinds() for contract in each.rates)


def contract_of(name: str) -> ContractSpec:
    """The contract of that name."""
    return contracts()[name]


def is_free(contract: ContractSpec, field: ContractField) -> bool:
    """Whether a field may hold anything: it says nobody's name, and no key, date of the record or rule asks for it."""
    in_rules = any(re.search(rf"\b{field.landed}\b", rule.when) for rule in contract.rules)
    return may_be_missing(contract, field) and not in_rules


def may_be_missing(contract: ContractSpec, field: ContractField) -> bool:
    """Whether a field of a sound row may be blank: no key, date of the record or rule about blanks asks for it."""
    asked = {*contract.key, contract.dated_by, contract.provided_by, *contract.reaches_by, *(contract.covers or ())}
    asked |= {contract.deleted_by.field} if contract.deleted_by else set()
    about_blanks = [rule.when for rule in contract.rules if re.search("null|coalesce", rule.when, re.IGNORECASE)]
    in_rules = any(re.search(rf"\b{field.landed}\b", when) for when in about_blanks)
    return not (field.identifier or field.required or in_rules) and field.name not in asked


def _coded(contract: ContractSpec, columns: Table) -> list[str] | None:
    """A field with a list of codes that the rows fill."""
    fields = (field for field in contract.fields if field.codes and field.name in columns and field.name != STATUS)
    return next(([field.name] for field in fields if is_free(contract, field) and (columns[field.name] != "").all()), None)


def _money(contract: ContractSpec, columns: Table) -> list[str] | None:
    fields = (field for field in contract.fields if field.type is FieldType.MONEY and field.name in columns)
    return next(([field.name] for field in fields if is_free(contract, field)), None)


def _date(contract: ContractSpec, columns: Table) -> list[str] | None:
    fields = (field for field in contract.fields if field.type is FieldType.DATE and field.name in columns)
    return next(([field.name] for field in fields if is_free(contract, field) and not np.isnat(columns[field.name]).any()), None)


def _whole(contract: ContractSpec, columns: Table) -> list[str] | None:
    return []


CHOSEN: dict[str, Callable[[ContractSpec, Table], list[str] | None]] = {"coded": _coded, "money": _money, "date": _date, "whole": _whole}
"""How the columns are chosen in a contract that no kind names."""
