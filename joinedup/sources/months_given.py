"""Months that a file covers, whose rows of earlier files of its source it replaces."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from itertools import groupby, pairwise

from joinedup.engine.files_lines import Connection, literal
from joinedup.findings import Finding
from joinedup.periods import Period, add_months
from joinedup.sources.contract import ContractSpec
from joinedup.sources.leaving import MONTH_REPLACED, cut_short, leave, warning, was_cut_short
from joinedup.sources.order import ReadFile
from joinedup.sources.rows import deletes_sql

PERIOD_SHARE = 0.05
"""Our choice, 2026: of the rows of a file's commonest reporting period, how many another one needs to be no slip of the pen."""


def replaced_months(con: Connection, contract: ContractSpec, files: Sequence[ReadFile]) -> list[Finding]:
    """What was found of months that a later file covers; their rows of earlier files have left."""
    if not files or contract.dated_by is None:
        return []
    covers = {file.file_id: covered_months(con, contract, file) for file in files}
    found = [_no_months(file, contract) for file in files if not covers[file.file_id]]
    months = [(*file.series, month, file.file_id) for file in files for month in sorted(covers[file.file_id])]
    if not months:
        return found
    con.execute("CREATE OR REPLACE TEMP TABLE month_given (source VARCHAR, part VARCHAR, month DATE, file_id INTEGER)")
    con.executemany("INSERT INTO month_given VALUES (?, ?, ?, ?)", months)
    con.execute("CREATE OR REPLACE TEMP TABLE file_series (file_id INTEGER, source VARCHAR, part VARCHAR)")
    con.executemany("INSERT INTO file_series VALUES (?, ?, ?)", [(file.file_id, *file.series) for file in files])
    dates, cut = _cut_by(con, contract)
    month = f"CAST(date_trunc('month', {cut}) AS DATE)"
    rows = f"SELECT file_id, source_row, source, part, {month} AS month, {deletes_sql(contract)} AS deletes"
    rows += f", {_last_month(contract)} AS last_month"
    rows += f" FROM staged_{contract.contract} JOIN file_series USING (file_id)"
    # What began before the months of its own file came with them: a stay that ended in April stays when March is sent again.
    # What goes on stands in every file until it ends: it belongs to the last month of its own file, or that of its end.
    belongs = """CASE
        WHEN rows.last_month IS NOT NULL AND rows.month <= own.last_month
            THEN greatest(least(rows.last_month, own.last_month), own.first_month)
        WHEN rows.month < own.first_month THEN own.first_month
        ELSE rows.month
    END"""
    which = f"""
        WITH own AS (SELECT file_id, min(month) AS first_month, max(month) AS last_month FROM month_given GROUP BY file_id),
        last AS (SELECT source, part, month, max(file_id) AS file_id FROM month_given GROUP BY ALL)
        SELECT rows.file_id, rows.source_row, last.file_id AS winner
        FROM ({rows}) AS rows LEFT JOIN own ON own.file_id = rows.file_id
        JOIN last ON last.source = rows.source AND last.part = rows.part
            AND last.month = {belongs}
        WHERE last.file_id > rows.file_id
    """
    names = {file.file_id: file.drop.name for file in files}
    found += _months_shrank(con, contract, rows, names)
    leave(con, contract, which, MONTH_REPLACED, f"a later file of the same source covers the month of its {dates}")
    found += _outside(con, contract, rows, names, dates)
    con.execute("DROP TABLE month_given; DROP TABLE file_series")
    return found


def _last_month(contract: ContractSpec) -> str:
    """As SQL, the month in which a record ends that stands in every file until then, far ahead while it goes on; null for others."""
    if contract.goes_on is None:
        return "CAST(NULL AS DATE)"
    ends = f"coalesce(CAST(date_trunc('month', {contract.landed(contract.goes_on.ends)}) AS DATE), DATE '9999-12-01')"
    return f"CASE WHEN {contract.goes_on.when} THEN {ends} END"


def _cut_by(con: Connection, contract: ContractSpec) -> tuple[str, str]:
    """By which dates the months of sources are cut, in words, and the day of a row as SQL: hospital files may come by day of discharge.

    Of the dates by which a record may be dated it is the one that most rows of a source have within the months that their file
    covers; a row without it goes by the contract's own.
    """
    ways = {name: f"coalesce({contract.landed(name)}, {contract.day_sql})" for name in contract.reaches_by}
    within = ", ".join(
        f"count(*) FILTER ((file_id, CAST(date_trunc('month', {day}) AS DATE)) IN (SELECT (file_id, month) FROM month_given))"
        for day in (contract.day_sql, *ways.values())
    )
    counts = con.execute(f"""
        SELECT source, {within} FROM staged_{contract.contract} JOIN file_series USING (file_id)
        WHERE file_id IN (SELECT file_id FROM month_given) GROUP BY source
    """).fetchall()
    cut = {source: list(ways)[of_ways.index(max(of_ways))] for source, own, *of_ways in counts if of_ways and max(of_ways) > own}
    cases = " ".join(f"WHEN {literal(source)} THEN {ways[name]}" for source, name in cut.items())
    dates = " or ".join(dict.fromkeys([*([] if len(cut) == len(counts) else [str(contract.dated_by)]), *cut.values()]))
    return dates, f"CASE source {cases} ELSE {contract.day_sql} END" if cases else contract.day_sql


def _outside(con: Connection, contract: ContractSpec, rows: str, names: Mapping[int, str], dates: str) -> Iterator[Finding]:
    """Files with rows outside the months that they cover; `rows` is the query of all rows with their month."""
    outside = con.execute(f"""
        SELECT file_id, count(*) FROM ({rows}) AS rows
        WHERE file_id IN (SELECT file_id FROM month_given) AND NOT deletes
            AND NOT EXISTS (
                SELECT 1 FROM month_given AS given
                WHERE given.file_id = rows.file_id AND given.month BETWEEN rows.month AND coalesce(rows.last_month, rows.month)
            )
        GROUP BY file_id ORDER BY file_id
    """).fetchall()
    for file_id, count in outside:
        lie, kept = ("row lies", "is kept") if count == 1 else ("rows lie", "are kept")
        message = f"{count:,} {lie} outside the months that it covers, or without a date, by {dates}, and {kept}"
        yield warning(names[file_id], "outside-its-months", message, contract, count)


def _months_shrank(con: Connection, contract: ContractSpec, rows: str, names: Mapping[int, str]) -> list[Finding]:
    """Files that have far fewer rows of months than the ones before that cover them; `rows` is the query of all rows with their month."""
    shrank = con.execute(f"""
        SELECT file_id, min(file_before), sum(row_count)::BIGINT, sum(count_before)::BIGINT FROM (
            SELECT file_id, coalesce(row_count, 0) AS row_count,
                lag(file_id) OVER of_month AS file_before, lag(coalesce(row_count, 0)) OVER of_month AS count_before
            FROM month_given LEFT JOIN (SELECT file_id, month, count(*) AS row_count FROM ({rows}) GROUP BY ALL) USING (file_id, month)
            WINDOW of_month AS (PARTITION BY source, part, month ORDER BY file_id)
        ) WHERE file_before IS NOT NULL GROUP BY file_id ORDER BY file_id
    """).fetchall()
    return [
        cut_short(names[file_id], f"months of {names[before]}", f"{count:,} rows of them", count_before, contract)
        for file_id, before, count, count_before in shrank
        if was_cut_short(count, count_before)
    ]


def _no_months(file: ReadFile, contract: ContractSpec) -> Finding:
    message = (
        f"source {file.drop.source.name} sends months, and neither its name nor its rows say which it covers, so it adds and corrects by "
        "key and replaces no month: write file_name in sources.yml"
    )
    return warning(file.drop.name, "months-not-known", message, contract)


def covered_months(con: Connection, contract: ContractSpec, file: ReadFile) -> set[date]:
    """The first days of the months that a file covers: as its name says, else those of the reporting periods that its rows give.

    A year that is sent again has twelve periods; one that few rows give is a slip, and replaces nothing.
    """
    if file.drop.told.covers:
        return {month.start for month in file.drop.told.covers.months()}
    if contract.covers is None:
        return set()
    first, last = (contract.landed(name) for name in contract.covers)
    given = con.execute(f"""
        SELECT {first}, {last}, count(*) FROM staged_{contract.contract} WHERE file_id = {file.file_id} AND {first} <= {last} GROUP BY ALL
    """).fetchall()
    most = max((rows for _, _, rows in given), default=0)
    periods = [Period(add_months(start, 0), add_months(end, 1)) for start, end, rows in given if rows >= PERIOD_SHARE * most]
    return {month.start for period in periods for month in period.months()}


def periods_out_of_order(con: Connection, contract: ContractSpec, files: Sequence[ReadFile]) -> Iterator[Finding]:
    """Files whose rows report on earlier months than a file that is read before them, where no name says which is the later one."""
    named = [file for file in files if contract.covers and file.drop.source.sends in ("months", "changes")]
    own = [file for file in named if not file.drop.told.covers and not file.drop.told.sent]
    for _, series in groupby(sorted(own, key=lambda file: (file.series, file.file_id)), key=lambda file: file.series):
        reach = [(max(covered), file) for file in series if (covered := covered_months(con, contract, file))]
        for (before, earlier), (after, later) in pairwise(reach):
            if before > after:
                message = (
                    f"its rows report on months up to {after:%B %Y}, and it is read after {earlier.drop.name}, which reports up to "
                    f"{before:%B %Y}, and wins over it: name the files in order under files, or write file_name"
                )
                yield warning(later.drop.name, "periods-out-of-order", message, contract)
