"""What is told of a person beside their number, so that rows linked to nobody can be known as theirs."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import date

from joinedup.errors import Refused
from joinedup.forget.erasing import Work
from joinedup.identity.told import KINDS, told_keys
from joinedup.kept.erasing import Subject

ASKED = {
    "family": "family names, all spellings",
    "given": "given names, all spellings",
    "born": "date of birth (YYYY-MM-DD), and wrong ones that were used",
    "postcode": "postcodes, also of before",
    "local": "numbers at a provider (PROVIDER NUMBER, as files have them)",
    "number": "other numbers that were written for an NHS number",
}
"""What is asked for, each with several answers between commas, or none."""
assert tuple(ASKED) == KINDS


def read_details(lines: Iterable[str]) -> dict[str, list[str]]:
    """What was told by kind, of lines such as "postcode: HX1 1AA, HX2 2BB"; Refused, without what a line says, where one can't be read."""
    found: dict[str, list[str]] = {}
    for at, line in enumerate(lines, 2):
        name, colon, said = line.strip().partition(":")
        if not line.strip():
            continue
        if not colon or name.strip() not in ASKED:
            raise Refused(f"line {at} of what was told begins with none of {', '.join(f'{each}:' for each in ASKED)}; nothing was done")
        values = [each.strip() for each in said.split(",") if each.strip()]
        if name.strip() == "born" and not all(_is_date(each) for each in values):
            raise Refused(f"line {at} of what was told has another date than YYYY-MM-DD; nothing was done")
        if name.strip() == "local" and not all(" " in each for each in values):
            raise Refused(f"line {at} of what was told has a number without its provider's code before it; nothing was done")
        found.setdefault(name.strip(), []).extend(values)
    return found


def _is_date(text: str) -> bool:
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return len(text) == len("2026-01-01")


def with_details(work: Work, subject: Subject, told: dict[str, list[str]]) -> Subject:
    """The subject with the keys of what was told; Refused where nobody could be known by it."""
    keys = told_keys(told, work.own_keys())
    if not keys:
        raise Refused(
            "what was told is too little to know anybody's rows by: date of birth with family and given name, a number at a provider or "
            "another number; nothing was done"
        )
    return replace(subject, keys=tuple(sorted({*subject.keys, *keys})))
