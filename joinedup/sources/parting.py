"""Landed tables in parts, and numbers of files that stay: what makes most of a landing the same, byte for byte, as the one before.

A month that is new brings files of its own. What the files of other months hold lies in other parts, and whatever was built from those
needn't be built again.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import date
from itertools import groupby

from joinedup.sources.accounts import FileAccount

ROWS_WORTH_PARTS = 100_000
"""Loaded rows from which on a table lies in parts: below it making the whole of what reads it takes less than a tenth of a second, and a
file for each month costs more than it saves (our choice, 2026)."""
MONTHS_OPEN = 3
"""How long after its end a year stays in months: corrections of its last months are frozen by then. (NHS England, SUS+ submission
calendar: post-reconciliation inclusion dates lie some seven weeks after a month, 2026; a month is added to be on the safe side.)"""
UNDATED = "undated"


def numbered(accounts: Sequence[FileAccount], before: Iterable[FileAccount]) -> tuple[FileAccount, ...]:
    """The accounts, which come in the order of reading, with numbers that their files keep from landing to landing.

    A file of the same source and name keeps its number; others get numbers that none had in the landing before. Within a source numbers
    rise in the order of reading, so files after one that came in between get new ones, too.
    """
    known = {(account.source, account.file): account.file_id for account in before}
    following = max(known.values(), default=0)
    found: list[FileAccount] = []
    for _, own in groupby(accounts, key=lambda account: account.source):
        last = 0
        for account in own:
            last_known = known.get((account.source, account.file), 0)
            if last_known > last:
                last = last_known
            else:
                following += 1
                last = following
            found.append(replace(account, file_id=last))
    return tuple(found)


def part_of(account: FileAccount, as_at: date) -> str:
    """The part in which the rows of a file lie: that of a month, or of a year that is over.

    The month is the last that its name says it covers, or that of the day that it says; else the last of which it has rows.
    """
    period = account.last_month or account.day or account.data_to
    if period is None:
        return UNDATED
    over = (as_at.year - period.year) * 12 + as_at.month - 12 > MONTHS_OPEN
    return f"{period:%Y}" if over else f"{period:%Y-%m}"


def parts_of(accounts: Iterable[FileAccount], as_at: date) -> dict[str, list[FileAccount]]:
    """The files of a table by their part, in the order of parts; nothing where the table isn't worth it."""
    loaded = [account for account in accounts if account.loaded]
    if sum(account.loaded for account in loaded) < ROWS_WORTH_PARTS:
        return {}
    placed = sorted(((part_of(account, as_at), account.file_id, account) for account in loaded), key=lambda each: each[:2])
    return {value: [account for *_, account in own] for value, own in groupby(placed, key=lambda each: each[0])}
