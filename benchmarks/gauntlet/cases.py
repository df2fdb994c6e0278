"""Every case, by kind; and which rules and lines have none."""

from __future__ import annotations

from functools import cache

from benchmarks.gauntlet import doors, extracts, files, folders, registers, sqls, stores, strange, twins
from benchmarks.gauntlet.case import Case
from benchmarks.gauntlet.lines import LINES
from joinedup.sources.contract import contracts

MINIMUM = 200
"""How many cases there must be."""
KINDS = (twins, files, extracts, folders, registers, stores, strange, doors, sqls)


@cache
def all_cases() -> tuple[Case, ...]:
    """Every case, each with an id of its own."""
    found = tuple(case for kind in KINDS for case in kind.cases())
    twice = len(found) - len({case.id for case in found})
    if twice:
        raise AssertionError(f"{twice} ids of cases stand twice")
    return found


def uncovered() -> list[str]:
    """Rules of contracts, as the contracts themselves declare them, and lines of the lists for which there is no case."""
    asked = [f"contract: {name}/{rule.name}" for name, contract in contracts().items() for rule in contract.rules]
    tried = {line for case in all_cases() for line in case.lines}
    unlisted = tried - {*asked, *LINES}
    if unlisted:
        raise AssertionError(f"cases stand for lines that are in no list: {sorted(unlisted)}")
    return [line for line in (*asked, *LINES) if line not in tried]
