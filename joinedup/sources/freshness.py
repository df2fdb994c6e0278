"""How fresh a place's extracts are: which months each source has given, gaps, sudden falls and rises, and who has stopped sending."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from itertools import groupby, pairwise
from math import sqrt
from statistics import median, median_high

from joinedup.findings import Finding, Severity
from joinedup.periods import add_months
from joinedup.place.model import Place
from joinedup.sources.accounts import FileAccount
from joinedup.sources.contract import ContractSpec

MONTHS_SHOWN = 36
"""Months up to the as-at date that are looked at: odd dates of long ago tell nothing of what was sent."""
ENOUGH_ROWS = 20
"""A month, by the median of those around it: our choice, 2026; below it a month may well be empty by chance."""
SILENT_ROWS = 10
"""Records to expect in months that have none, from which on this isn't chance: our choice, 2026. It is one month of a large source, and
half a year of a service with twenty records a year; a source that has fewer in all says nothing of it."""
DAYS_IN_MONTH = 30.4
SUBSTANTIAL = 0.2
"""Of the median month: the first and the last month with so many rows are where the extract begins and ends; beyond it are stragglers."""
AROUND = 3
"""Months before and after that a month is held against."""
FELL, ROSE = 0.5, 2.0
BY_CHANCE = 4.0
"""Times the square root of the usual number of records, by which a month may differ by chance."""
STOPPED_MONTHS = 2
"""Of how much later most others' extracts reach."""
MONTHS_NAMED = PARTS_NAMED = 6
NEXT_LIST = 0.8
"""Of the usual time between lists, after which the next one is awaited: months differ, and so do the days on which practices send."""


@dataclass(frozen=True)
class SourceMonths:
    """What one source has given, over all its files."""

    source: str
    contract: ContractSpec
    file: str
    """The last of its files."""
    data_to: date | None
    rows: Mapping[date, int]
    """First day of a month -> loaded records, for every month from the first to the last of substance."""

    @property
    def usual(self) -> float:
        """Records in the middle one of the months that have any."""
        return float(median([count for count in self.rows.values() if count] or [0]))

    @property
    def enough(self) -> bool:
        """Whether a month has so many records that one without any can't be chance."""
        return self.usual >= ENOUGH_ROWS

    @property
    def expected(self) -> float:
        """Records to expect in a month: of the middle one, or of a small source the average with empty ones; 0 where too few tell."""
        given = [count for count in self.rows.values() if count]
        if sum(given) < SILENT_ROWS:
            return 0.0
        return float(median(given)) if self.enough else sum(given) / len(self.rows)

    @property
    def missing(self) -> list[date]:
        """Months without a record between the first and the last of substance: of a small source as many in a row as can't be chance."""
        runs = [list(run) for empty, run in groupby(self.rows, key=lambda month: not self.rows[month]) if empty]
        return [month for run in runs if self.expected * len(run) >= SILENT_ROWS for month in run]

    def is_silent(self, until: date) -> bool:
        """Whether it has been without records up to a day for longer than can be chance."""
        return bool(self.data_to) and self.expected * (until - (self.data_to or until)).days / DAYS_IN_MONTH >= SILENT_ROWS

    def around(self, month: date) -> float:
        """The median of the months around one."""
        near = (add_months(month, step) for step in range(-AROUND, AROUND + 1) if step)
        return median([self.rows[other] for other in near if other in self.rows] or [0])

    def before(self, month: date, otherwise: float) -> float:
        """The median of the months before one; `otherwise` where there is none."""
        near = (add_months(month, -step) for step in range(1, AROUND + 1))
        return median([self.rows[other] for other in near if other in self.rows] or [otherwise])


def freshness_findings(place: Place, contracts: Mapping[str, ContractSpec], files: Sequence[FileAccount]) -> Iterator[Finding]:
    """What the months of the files tell, for every source of what happened, and how old the last list of every other is."""
    sources = list(source_months(place, contracts, files))
    for source in sources:
        yield from _gaps(source)
        yield from _jumps(source)
    yield from _ends(place, sources)
    yield from _old_lists(place, contracts, files)


def first_month_shown(as_at: date) -> date:
    """The first day of the first month that is looked at by itself."""
    return add_months(as_at, 1 - MONTHS_SHOWN)


def source_months(place: Place, contracts: Mapping[str, ContractSpec], files: Sequence[FileAccount]) -> Iterator[SourceMonths]:
    """The months of every source that tells what happened and has a file that can be used."""
    first = first_month_shown(place.as_at)
    window = [add_months(first, step) for step in range(MONTHS_SHOWN)]
    for source in place.sources:
        own = [file for file in files if file.source == source.name and not file.refused]
        if not own or contracts[source.contract].lists:
            continue
        rows = {month: sum(file.months.get(month, 0) for file in own) for month in window}
        data_to = max((file.data_to for file in own if file.data_to), default=None)
        yield months_told(SourceMonths(source.name, contracts[source.contract], own[-1].file, data_to, {}), rows)


def months_told(of: SourceMonths, rows: Mapping[date, int]) -> SourceMonths:
    """The same with the months from the first to the last of substance, every one between them, and its latest day without stragglers."""
    usual = median([count for count in rows.values() if count] or [0])
    whole = sorted(month for month, count in rows.items() if count and count >= SUBSTANTIAL * usual)
    between: dict[date, int] = {}
    month = whole[0] if whole else None
    while month and month <= whole[-1]:
        between[month] = rows.get(month, 0)
        month = add_months(month, 1)
    return replace(of, data_to=_without_stragglers(of.data_to, whole), rows=between)


def _without_stragglers(data_to: date | None, whole: Sequence[date]) -> date | None:
    """The latest day, but where whole months lie between it and the last month of substance the end of that: a date is soon mistyped."""
    if data_to is None or not whole or data_to < add_months(whole[-1], 2):
        return data_to
    return add_months(whole[-1], 1) - timedelta(days=1)


def _old_lists(place: Place, contracts: Mapping[str, ContractSpec], files: Sequence[FileAccount]) -> Iterator[Finding]:
    """Sources whose last list of a day is older than it should be, and parts of lists that stopped while others go on."""
    for source in place.sources:
        own = [file for file in files if file.source == source.name and not file.refused and file.day]
        last = max(own, key=_day, default=None)
        if last is None:
            continue
        endangers = contracts[source.contract].endangers
        if _day(last) < add_months(place.as_at, -STOPPED_MONTHS).replace(day=1):
            message = f"source {source.name} lists nothing after {last.day}: who came, left or died since isn't known; ask for a newer list"
            yield Finding(last.file, "list-old", message, severity=Severity.WARNING, endangers=endangers)
        elif behind := _parts_behind(own):
            named = ", ".join(f"{file.part} ({file.day})" for file in behind[:PARTS_NAMED])
            named += f" and {len(behind) - PARTS_NAMED} more" if len(behind) > PARTS_NAMED else ""
            message = (
                f"source {source.name} has newer lists, up to {last.day}, of other parts than {named}: whoever is on the last list of "
                "these is taken to be there still; ask for theirs, or say in practices.csv that they closed"
            )
            yield Finding(behind[0].file, "part-stopped", message, severity=Severity.WARNING, count=len(behind), endangers=endangers)


def _parts_behind(lists: Sequence[FileAccount]) -> list[FileAccount]:
    """The last lists of the parts whose next one would have come by the day of the newest list."""
    of_part = [sorted(group, key=_day) for _, group in groupby(sorted(lists, key=lambda file: file.part), key=lambda file: file.part)]
    steps = [(_day(later) - _day(earlier)).days for part in of_part for earlier, later in pairwise(part) if later.day != earlier.day]
    due = timedelta(days=NEXT_LIST * (median(steps) if steps else DAYS_IN_MONTH))
    newest = max(_day(file) for file in lists)
    return [part[-1] for part in of_part if newest - _day(part[-1]) >= due]


def _day(file: FileAccount) -> date:
    return file.day or date.min


def _finding(source: SourceMonths, rule: str, message: str) -> Finding:
    return Finding(
        source.file,
        rule,
        f"source {source.source} {message}",
        severity=Severity.WARNING,
        endangers=f"trends of {source.contract.endangers}",
    )


def _gaps(source: SourceMonths) -> Iterator[Finding]:
    if missing := source.missing:
        what = "months" if len(missing) > 1 else "month"
        yield _finding(
            source, "month-missing", f"has no record of the {what} {months_named(missing)}, and has some before and after: ask for them"
        )


def jumps(source: SourceMonths) -> tuple[list[date], list[date]]:
    """Months with far fewer and with far more records than those around them; the last, where the extract ends within it, isn't whole."""
    whole = [month for month in source.rows if not source.data_to or add_months(month, 1) <= source.data_to + timedelta(days=7)]
    usual = {month: source.around(month) for month in whole}
    judged = [month for month in whole if usual[month] >= ENOUGH_ROWS and source.rows[month]]
    judged = [month for month in judged if abs(source.rows[month] - usual[month]) > BY_CHANCE * sqrt(usual[month])]
    # The last month before a step up is no fall, nor the last one before a step down a rise: it is as those before it.
    fell = [month for month in judged if source.rows[month] < FELL * min(usual[month], source.before(month, usual[month]))]
    rose = [month for month in judged if source.rows[month] > ROSE * max(usual[month], source.before(month, usual[month]))]
    return fell, rose


def _jumps(source: SourceMonths) -> Iterator[Finding]:
    """Months unlike those around them."""
    fell, rose = jumps(source)
    if fell:
        message = f"has less than half as many records in {months_named(fell)} as in the months around: part of it may be missing"
        yield _finding(source, "sudden-fall", message)
    if rose:
        named = months_named(rose)
        message = f"has more than twice as many records in {named} as in the months around: some may be there twice, or counted anew"
        yield _finding(source, "sudden-rise", message)


def months_named(months: Sequence[date]) -> str:
    """The months in words, the first few by name."""
    shown = ", ".join(f"{month:%B %Y}" for month in months[:MONTHS_NAMED])
    return shown + (f" and {len(months) - MONTHS_NAMED} more" if len(months) > MONTHS_NAMED else "")


def _ends(place: Place, sources: Sequence[SourceMonths]) -> Iterator[Finding]:
    """Sources that end well before most others do, or before the period that pages speak of."""
    reaching = {source.source: source.data_to for source in sources if source.rows and source.data_to}
    if not reaching:
        return
    large = [reaching[source.source] for source in sources if source.source in reaching and source.enough]
    most = median_high(large or list(reaching.values()))
    for source in sources:
        data_to = reaching.get(source.source)
        if data_to is None:
            continue
        if data_to < add_months(most, -STOPPED_MONTHS).replace(day=1) and source.is_silent(most):
            message = (
                f"tells of nothing after {data_to}, and most others reach {most}: has it stopped? Months after it are unknown, not nought"
            )
            yield _finding(source, "stopped", message)
        elif data_to < place.period.end - timedelta(days=31) and source.is_silent(place.period.end):
            message = (
                f"tells of nothing after {data_to}, and the pages' period ends on {place.period.last_day}: what is after it is unknown"
            )
            yield _finding(source, "data-to", message)
