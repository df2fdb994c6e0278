"""Whom somebody at the people door looks for: by NHS number, or by family name and date of birth. Neither is ever logged or repeated."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from typing import Protocol, TypeAlias

import pyarrow as pa

from joinedup.errors import Refused

WEIGHTS = range(10, 1, -1)
"""Of the first nine digits of an NHS number (NHS Data Model and Dictionary, NHS number)."""
SHORTEST_NAME = 2


@dataclass(frozen=True, slots=True)
class ByNumber:
    """An NHS number, its ten digits."""

    number: str = field(repr=False)

    def __str__(self) -> str:
        return "NHS number"


@dataclass(frozen=True, slots=True)
class ByName:
    """A family name and a date of birth, and the first letters of a given name where several have both."""

    family_name: str = field(repr=False)
    birth_date: date = field(repr=False)
    given_name: str = field(default="", repr=False)

    def __str__(self) -> str:
        return "name and date of birth"


Sought: TypeAlias = ByNumber | ByName


@dataclass(frozen=True, slots=True)
class Found:
    """Whose ids those are, and a mark that is the same whenever the same is looked for: a keyed hash, which tells nobody what it was."""

    person_ids: tuple[int, ...]
    mark: str


class Seeks(Protocol):
    """Who somebody is, by the identity register, on the trusted host."""

    def __call__(self, sought: Sought) -> Found:
        """The people who are known so."""
        ...


NamesOf: TypeAlias = Callable[[pa.Array], pa.Table]
"""Whose pseudonyms these are: a row (person_id, nhs_number, given_name, family_name, birth_date, postcode) for each that is known."""


def by_number(text: str) -> ByNumber:
    """The number that was typed, without spaces and hyphens; Refused, without repeating it, where it can't be one."""
    digits = "".join(letter for letter in text if letter not in " -\u00a0\t")
    if not (len(digits) == 10 and digits.isascii() and digits.isdigit() and len(set(digits)) > 1 and _check_digit(digits) == digits[9]):
        raise Refused(
            "what was typed isn't an NHS number: it has ten digits, of which the last checks the others; see that it was typed right"
        )
    return ByNumber(digits)


def _check_digit(digits: str) -> str:
    rest = 11 - sum(weight * int(digit) for weight, digit in zip(WEIGHTS, digits, strict=False)) % 11
    return {11: "0", 10: "no number"}.get(rest, str(rest))


def by_name(family_name: str, birth_date: date, given_name: str = "") -> ByName:
    """A name and a day as they were typed; Refused, without repeating them, where there is too little to look for."""
    family, given = (" ".join(text.split()).upper() for text in (family_name, given_name))
    if len(family) < SHORTEST_NAME:
        raise Refused("a family name of two letters or more is needed, with the date of birth, to look for somebody")
    return ByName(family, birth_date, given)
