"""Who stops within a source that several organisations share: the months of each, by code or part of a file's name, beside the others'."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

from joinedup.engine.files_lines import Connection
from joinedup.findings import Finding, Severity
from joinedup.periods import add_months
from joinedup.place.model import Place
from joinedup.sources.accounts import FileAccount
from joinedup.sources.contract import ContractSpec
from joinedup.sources.cross_rules import trust_sql
from joinedup.sources.freshness import SourceMonths, first_month_shown, jumps, months_named, months_told, source_months

PROVIDER_ROWS = 8
"""Records in an organisation's usual month, from which on its months are looked at: our choice, 2026."""
STOPPED, BEGAN_LATE = "provider-stopped", "provider-began-late"
OF_PROVIDERS = (STOPPED, BEGAN_LATE, "provider-month-missing", "provider-sudden-fall", "provider-sudden-rise")
"""The rules of what is found here."""


@dataclass(frozen=True)
class Organisation:
    """Who gives a part of a source: by the code in its rows, or the part in the names of its files."""

    code: str
    name: str = ""
    start: date | None = None
    end: date | None = None

    @property
    def said(self) -> str:
        """Its code, with its name where the place knows it."""
        return f"{self.code} ({self.name})" if self.name else self.code


def provider_findings(
    con: Connection, place: Place, contracts: Mapping[str, ContractSpec], files: Sequence[FileAccount]
) -> Iterator[Finding]:
    """Organisations that stop, begin late, leave out months or give far fewer or more records, where others of the source go on."""
    known = {each.code: each for each in _organisations(place)}
    for source in source_months(place, contracts, files):
        own = [file for file in files if file.contract == source.contract.contract and not file.refused]
        named = {file.file_id for file in own if file.source == source.source}
        for code, of_file, counts, latest in _given(con, source.contract, own, place.as_at):
            if of_file in named:
                given = months_told(replace(source, data_to=latest), counts)
                yield from _found(source, given, known.get(code, Organisation(code)))


def _organisations(place: Place) -> Iterator[Organisation]:
    for partner in place.partners:
        if partner.code:
            code = partner.code
            trust = code[:3] if len(code) == 5 and code[0] in "RT" else code
            yield Organisation(trust, partner.name, partner.start, partner.end)
    for practice in place.practices:
        yield Organisation(practice.code, practice.name, practice.opened, practice.closed)


Given = tuple[str, int, Mapping[date, int], date]
"""An organisation, the file that it stands in most, its records by month, and its latest day."""


def _given(con: Connection, contract: ContractSpec, files: Sequence[FileAccount], as_at: date) -> Iterator[Given]:
    """What each organisation gave over all sources of a contract, as it may have moved from one to another."""
    rows = _by_code(con, contract, files, as_at) if contract.provided_by else []
    found: dict[str, tuple[Counter[date], Counter[int], date]] = {}
    for code, file_id, month, count, latest in rows or _by_part(files, as_at):
        counts, of_files, _ = held = found.get(code, (Counter(), Counter(), date.min))
        counts[month] += count
        of_files[file_id] += count
        found[code] = (counts, of_files, max(held[2], latest))
    source_of = {file.file_id: file.source for file in files}
    for code, (counts, of_files, latest) in found.items():
        of_sources: Counter[str] = Counter()
        for file_id, count in of_files.items():
            of_sources[source_of[file_id]] += count
        most = max(of_sources, key=lambda name: of_sources[name])
        yield code, next(file_id for file_id in of_files if source_of[file_id] == most), counts, latest


def _by_code(con: Connection, contract: ContractSpec, files: Sequence[FileAccount], as_at: date) -> list[tuple[str, int, date, int, date]]:
    """Organisation, file, month, records and latest day, of those with so many in their usual month."""
    listed = ", ".join(str(file.file_id) for file in files)
    provider = trust_sql(contract.landed(str(contract.provided_by)))
    return con.execute(f"""
        WITH told AS (
            SELECT {provider} AS code, file_id, CAST(date_trunc('month', {contract.day_sql}) AS DATE) AS month,
                count(*) AS records, max({contract.day_sql}) AS latest
            FROM staged_{contract.contract}
            WHERE file_id IN ({listed}) AND {contract.day_sql} BETWEEN DATE '{first_month_shown(as_at)}' AND DATE '{as_at}'
            GROUP BY ALL
        )
        SELECT code, file_id, month, records, latest FROM told
        WHERE code IN (
            SELECT code FROM (SELECT code, sum(records) AS records FROM told GROUP BY code, month)
            GROUP BY code HAVING median(records) >= {PROVIDER_ROWS}
        )
        ORDER BY ALL
    """).fetchall()


def _by_part(files: Sequence[FileAccount], as_at: date) -> Iterator[tuple[str, int, date, int, date]]:
    """The same by the part that names of files say, which may be an organisation's code."""
    for file in files:
        for month, count in file.months.items() if file.part else ():
            if month <= as_at:
                yield file.part, file.file_id, month, count, min(file.data_to or as_at, as_at)


def _found(source: SourceMonths, given: SourceMonths, who: Organisation) -> Iterator[Finding]:
    """What the months of one organisation tell beside those of its source."""
    if not given.rows or not source.rows or given.usual < PROVIDER_ROWS:
        return
    first, last = min(given.rows), max(given.rows)
    ends, begins = source.data_to or max(source.rows), min(source.rows)
    silent = _months(add_months(last, 1), ends.replace(day=1))
    if len(silent) > 1 and given.is_silent(ends) and not (who.end and who.end <= add_months(last, 3)):
        message = (
            f"has no record of {who.said} after {last:%B %Y}, and has others': has it stopped? Its later months are unknown, not nought"
        )
        yield _finding(source, STOPPED, message)
    before = _months(begins, add_months(first, -1))
    if len(before) > 1 and given.expected * len(before) >= PROVIDER_ROWS and not (who.start and who.start >= add_months(first, -2)):
        message = f"has no record of {who.said} before {first:%B %Y}, and has others': months before it are unknown, unless it began then"
        yield _finding(source, BEGAN_LATE, message)
    if missing := [month for month in given.missing if source.rows.get(month)]:
        message = f"has no record of {who.said} in {months_named(missing)}, and has some before and after: ask for them"
        yield _finding(source, "provider-month-missing", message)
    of_all = jumps(source)
    for rule, what, own, all_of in zip(("fall", "rise"), ("less than half", "more than twice"), jumps(given), of_all, strict=True):
        if months := [month for month in own if month not in all_of]:
            message = f"has {what} as many records of {who.said} in {months_named(months)} as in the months around"
            yield _finding(source, f"provider-sudden-{rule}", message)


def _months(first: date, last: date) -> list[date]:
    """The first days of the months from one to another."""
    return [] if first > last else [first, *_months(add_months(first, 1), last)]


def _finding(source: SourceMonths, rule: str, message: str) -> Finding:
    endangers = f"trends of {source.contract.endangers}; figures of the areas that it serves"
    return Finding(source.file, rule, f"source {source.source} {message}", severity=Severity.WARNING, endangers=endangers)
