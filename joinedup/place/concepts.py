"""SNOMED CT concepts that a place keeps out of its record: a list of its own, such as a reference set of the national release."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

from joinedup.findings import Finding
from joinedup.place.located import Located, Spot
from joinedup.place.model import RestrictedCode
from joinedup.place.text import read_text

FILE = "restricted_concepts.txt"
MEMBER, ACTIVE = "referencedcomponentid", "active"
"""What a reference set calls the concept, and whether it still is a member (SNOMED International, Release File Specifications, 2024)."""
SHORTEST, LONGEST = 6, 18
CONCEPT = ("00", "10")
"""The two digits before the last by which an identifier is one of a concept, and not of a description or relationship (the same)."""
MOST = 100_000
"""Concepts. The exclusion sets of general practice systems have some thousands, SNOMED CT as a whole four hundred thousand."""
FAULTS_TOLD = 20
"""More wrong lines than this are counted, not told one by one."""


def read_concepts(folder: Path) -> tuple[list[Located[RestrictedCode]], list[Finding]]:
    """The concepts of a file that a place may do without: one id in each row, or a simple reference set with its heading, parted by tabs.

    Members that are no longer active are left out.
    """
    text = read_text(folder, FILE)
    if isinstance(text, Finding):
        return [], [text] if text.rule != "file-missing" else []
    if len(text.splitlines()) > MOST:
        message = f"has more than {MOST:,} lines: bring the concepts that may not enter the record, not a whole release"
        return [], [Finding(FILE, "file-too-large", message)]
    found: list[Located[RestrictedCode]] = []
    wrong: list[int] = []
    for line, concept in _members(text):
        if is_concept(concept):
            found.append(Located(RestrictedCode(system="SNOMED CT", code=concept), Spot(FILE, _at(line))))
        else:
            wrong.append(line)
    return found, [*(_no_concept(line) for line in wrong[:FAULTS_TOLD]), *_more(len(wrong) - FAULTS_TOLD)]


def _members(text: str) -> Iterator[tuple[int, str]]:
    """Line and id of each row that counts."""
    rows = [(line, [cell.strip() for cell in row.split("\t")]) for line, row in enumerate(text.splitlines(), start=1) if row.strip()]
    heading = [cell.lower() for cell in rows[0][1]]
    at, active = (heading.index(name) if name in heading else -1 for name in (MEMBER, ACTIVE))
    headed = at >= 0 or not rows[0][1][0].isdecimal()
    for line, cells in rows[1:] if headed else rows:
        if active < 0 or active >= len(cells) or cells[active] != "0":
            yield line, cells[max(at, 0)] if max(at, 0) < len(cells) else ""


def _at(line: int) -> Callable[[tuple[str | int, ...]], int]:
    return lambda _: line


def _no_concept(line: int) -> Finding:
    message = "has no id of a SNOMED CT concept, or one with a wrong check digit: write one in each row, as text, for spreadsheets round it"
    return Finding(FILE, "no-concept", message, line=line, endangers="what is kept out of the record")


def _more(count: int) -> Iterator[Finding]:
    if count > 0:
        yield Finding(FILE, "no-concept", f"{count:,} further rows have no id of a SNOMED CT concept", count=count)


def is_concept(code: str) -> bool:
    """Whether a text is the id of a concept, dm+d's among them: its length, its kind and its check digit say so."""
    right = code.isascii() and code.isdecimal() and SHORTEST <= len(code) <= LONGEST and code[0] != "0"
    return right and code[-3:-1] in CONCEPT and _verhoeff(code) == 0


def _verhoeff(number: str) -> int:
    """0 where a number has its check digit (J. Verhoeff, Error Detecting Decimal Codes, 1969)."""
    times, turned = _dihedral()
    check = 0
    for place, digit in enumerate(reversed(number)):
        check = times[check][turned[place % 8][int(digit)]]
    return check


@cache
def _dihedral() -> tuple[list[list[int]], list[list[int]]]:
    """The products of the ten moves of a pentagon, and what each digit becomes at each of eight places."""
    times = [[(a + b if a < 5 else a - b) % 5 + 5 * ((a < 5) != (b < 5)) for b in range(10)] for a in range(10)]
    turned, shift = [list(range(10))], (1, 5, 7, 6, 2, 8, 3, 0, 9, 4)
    for _ in range(7):
        turned.append([shift[digit] for digit in turned[-1]])
    return times, turned
