"""Whom a row is about, as far as its own source tells."""

from __future__ import annotations

from joinedup.sources.contract import ContractSpec


def key_columns(contract: ContractSpec) -> tuple[str, ...]:
    """The parts of a key as SQL; who a row is about is the NHS number or, without one, the source's own pseudonym."""
    person = "coalesce('number ' || nhs_number, 'pseudonym ' || source_pseudonym)"
    return tuple(person if name == "NHS_NUMBER" else contract.landed(name) for name in contract.key)
