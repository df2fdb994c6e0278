"""Landed tables in parts, and numbers of files that stay: what makes most of a landing the same, byte for byte, as the one before.

A month that is new brings files of its own. What the files of other months hold lies in other parts, and whatever was built from those
needn't be built again.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
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
GOES_ON = frozenset({"children_social_care", "cld", "continuing_care", "mhsds", "personal_budget"})
"""Contracts of stays, packages and plans: their days and cost grow with the as-at date, in whatever month they began, and so what is made
of their files changes each month. Appointments of the same month lie in another part, and stay as they are."""
GOING_ON = "-on"
ROOM, SHARE = 1000, 16
"""Numbers left free before a file that others will come before, and the part of those that each takes: room for some 80 months (our
choice, 2026; an activity's id holds numbers of up to 900 million)."""


def numbered(accounts: Sequence[FileAccount], before: Iterable[FileAccount]) -> tuple[FileAccount, ...]:
    """The accounts, which come in the order of reading, with numbers that their files keep from landing to landing.

    A file of the same source and name keeps its number; others get numbers that none had in the landing before. Within a source numbers
    rise in the order of reading: a file that came in between gets one of those left free there, and where none is, those after it get
    new ones. Before a file of months that went before, such as a year sent again, numbers are left free, since each new month will come
    before it; and so are some before every file that had to move.
    """
    known = {(account.source, account.file): account.file_id for account in before}
    taken, following = {*known.values()}, max(known.values(), default=0)
    found: list[FileAccount] = []
    for _, of_source in groupby(accounts, key=lambda account: account.source):
        own = [*of_source]
        last, reach = 0, date.min
        for at, account in enumerate(own):
            number = known.get((account.source, account.file), 0)
            again = (period_of(account) or date.max) < reach
            if number <= last:
                above = (known.get((later.source, later.file), 0) for later in own[at + 1 :])
                between = _between(last, next((each for each in above if each > last), 0), taken)
                following += 0 if between else ROOM if number or again else 1
                number = between or following
                taken.add(number)
            last, reach = number, max(reach, period_of(account) or reach)
            found.append(replace(account, file_id=number))
    return tuple(found)


def _between(last: int, above: int, taken: Collection[int]) -> int:
    """A free number after `last` and before `above`, near the former; 0 where there is none."""
    first = last + max(1, (above - last) // SHARE)
    return next((each for each in range(first, above) if each not in taken), 0)


def period_of(account: FileAccount) -> date | None:
    """What a file is of: the last month that its name says it covers, or the day that it says; else the last day of which it has rows."""
    return account.last_month or account.day or account.data_to


def part_of(account: FileAccount, as_at: date) -> str:
    """The part in which the rows of a file lie: that of a month, or of a year that is over; what goes on lies apart from what is over."""
    period = period_of(account)
    value = UNDATED if period is None else part_of_month(period, as_at)
    return f"{value}{GOING_ON}" if account.contract in GOES_ON else value


def part_of_month(period: date, as_at: date) -> str:
    """The same of a month."""
    over = (as_at.year - period.year) * 12 + as_at.month - 12 > MONTHS_OPEN
    return f"{period:%Y}" if over else f"{period:%Y-%m}"


def parts_of(accounts: Iterable[FileAccount], as_at: date) -> dict[str, list[FileAccount]]:
    """The files of a table by their part, in the order of parts; nothing where the table isn't worth it."""
    loaded = [account for account in accounts if account.loaded]
    if sum(account.loaded for account in loaded) < ROWS_WORTH_PARTS:
        return {}
    placed = sorted(((part_of(account, as_at), account.file_id, account) for account in loaded), key=lambda each: each[:2])
    return {value: [account for *_, account in own] for value, own in groupby(placed, key=lambda each: each[0])}
