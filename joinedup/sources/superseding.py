"""What of several files of a source is loaded: each row is, or is superseded by a later one, by a rule that its source states.

Later is a file further on in the order of reading, then a row further down.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from itertools import groupby, pairwise

from joinedup.engine.files_lines import Connection, literal
from joinedup.findings import Finding, Severity
from joinedup.periods import Period, add_months
from joinedup.sources.contract import ContractSpec
from joinedup.sources.doubts import doubts
from joinedup.sources.order import ReadFile
from joinedup.sources.repeats import keep_repeats, loaded_again, month_sql, not_repeated
from joinedup.sources.rows import deletes_sql
from joinedup.sources.snapshots import supersede_lists, undated

SAME_KEY, DELETION, REPLACED, MONTH_REPLACED, SAME_FILE = "same-key", "deletion", "replaced", "month-replaced", "same-file"
SAME_ROW = "same-row"
TELLS_APART = ("LOCAL_PATIENT_IDENTIFIER", "PERSON_BIRTH_DATE", "PERSON_FAMILY_NAME")
"""One of these has to be there for two rows without a number to be of one person: without any, alike rows may be of two."""
SMALLER_SHARE, SMALLER_ROWS = 0.5, 20
"""Our choice, 2026: a file that replaces another and has less than half its rows was probably cut short; fewer rows say little."""
PERIOD_SHARE = 0.05
"""Our choice, 2026: of the rows of a file's commonest reporting period, how many another one needs to be no slip of the pen."""


def supersede(con: Connection, contract: ContractSpec, files: Sequence[ReadFile]) -> list[Finding]:
    """What was found; rows that later ones supersede have left staged_<contract> for staged_superseded.

    A file that was refused, or has no row that can be used, supersedes nothing. A row that doesn't name its record (without an
    EPIKEY, without a person) supersedes nothing and isn't superseded by key, only by the same row in a later file; other parts of a
    key may be missing in both rows.
    """
    used = [file for file in files if not file.account.refused and file.account.loaded]
    if not used:
        return []
    con.execute("CREATE OR REPLACE TEMP TABLE superseding_pair (loser INTEGER, winner INTEGER, row_count BIGINT)")
    found, used = _same_files(con, contract, used)
    found += _replaced_files(con, contract, used)
    found += _periods_out_of_order(con, contract, used)
    found += _replaced_months(con, contract, [file for file in used if file.drop.source.sends == "months"])
    found += _by_key(con, contract, used)
    found += supersede_lists(con, contract, key_columns(contract), _lists(used))
    found += undated(con, contract, {file.file_id: (file.drop.source.name, file.drop.name) for file in used})
    found += doubts(con, contract, used)
    con.execute("DROP TABLE superseding_pair")
    return found


def _leave(con: Connection, contract: ContractSpec, which: str, rule: str, reason: str) -> None:
    """Nothing; rows of the query `which` (file_id, source_row, winner) have left the table of the contract."""
    con.execute(f"CREATE OR REPLACE TEMP TABLE leaving AS {which}")
    con.execute("INSERT INTO staged_superseded SELECT file_id, source_row, $rule, $reason FROM leaving", {"rule": rule, "reason": reason})
    _delete_leaving(con, contract)


def _delete_leaving(con: Connection, contract: ContractSpec) -> None:
    con.execute("INSERT INTO superseding_pair SELECT file_id, winner, count(*) FROM leaving WHERE winner <> file_id GROUP BY ALL")
    con.execute(f"""
        DELETE FROM staged_{contract.contract} AS rows USING leaving AS gone
        WHERE rows.file_id = gone.file_id AND rows.source_row = gone.source_row
    """)
    con.execute("DROP TABLE leaving")


def _warning(file: str, rule: str, message: str, contract: ContractSpec, count: int = 0) -> Finding:
    return Finding(file, rule, message, severity=Severity.WARNING, count=count, endangers=contract.endangers)


def _same_files(con: Connection, contract: ContractSpec, files: Sequence[ReadFile]) -> tuple[list[Finding], list[ReadFile]]:
    """Files of one source with one content, of which the first counts; and the files that are left."""
    first: dict[tuple[str, str | None], ReadFile] = {}
    found, left = [], []
    for file in files:
        source = file.drop.source
        other = first.setdefault((source.name, file.account.sha256), file)
        if other is file or source.sends in ("everything", "snapshot"):
            left.append(file)
            continue
        which = f"SELECT file_id, source_row, file_id AS winner FROM staged_{contract.contract} WHERE file_id = {file.file_id}"
        _leave(con, contract, which, SAME_FILE, "an earlier file of the same source holds the same, byte for byte")
        message = f"it holds the same as {other.drop.name}, byte for byte, and is counted once: check whether it is the file you meant"
        found.append(_warning(file.drop.name, SAME_FILE, message, contract, file.account.loaded))
    return found, left


def _replaced_files(con: Connection, contract: ContractSpec, files: Sequence[ReadFile]) -> list[Finding]:
    """What was found of files that a later one of their source replaces as a whole; of lists, those of one day."""
    found = []
    whole = [file for file in files if file.drop.source.sends in ("everything", "snapshot")]
    day_of = {file.file_id: str(file.drop.told.day) if file.drop.source.sends == "snapshot" else "" for file in whole}
    for _, group in groupby(
        sorted(whole, key=lambda file: (file.series, day_of[file.file_id], file.file_id)), key=lambda f: (f.series, day_of[f.file_id])
    ):
        *earlier, last = group
        for file in earlier:
            which = f"SELECT file_id, source_row, {last.file_id} AS winner FROM staged_{contract.contract} WHERE file_id = {file.file_id}"
            _leave(con, contract, which, REPLACED, "a later file of the same source replaces the whole file")
        if earlier and last.drop.source.sends == "snapshot":
            message = (
                f"{earlier[-1].drop.name} lists the same day, and this one is used instead: if the two belong together, tell them apart by "
                "{part} in file_name"
            )
            found.append(_warning(last.drop.name, "same-day", message, contract))
        elif earlier and _much_smaller(last, earlier[-1]):
            found.append(_shrank(last, earlier[-1], contract))
    return found


def _much_smaller(file: ReadFile, before: ReadFile) -> bool:
    return before.account.loaded >= SMALLER_ROWS and file.account.loaded < SMALLER_SHARE * before.account.loaded


def _shrank(file: ReadFile, before: ReadFile, contract: ContractSpec) -> Finding:
    message = (
        f"it replaces {before.drop.name} and has {file.account.loaded:,} rows where that had {before.account.loaded:,}: was it cut short?"
    )
    return _warning(file.drop.name, "much-smaller", message, contract)


def _replaced_months(con: Connection, contract: ContractSpec, files: Sequence[ReadFile]) -> list[Finding]:
    """What was found of months that a later file covers; their rows of earlier files have left."""
    if not files or contract.dated_by is None:
        return []
    covers = {file.file_id: _covered(con, contract, file) for file in files}
    found = [_no_months(file, contract) for file in files if not covers[file.file_id]]
    months = [(*file.series, month, file.file_id) for file in files for month in sorted(covers[file.file_id])]
    if not months:
        return found
    con.execute("CREATE OR REPLACE TEMP TABLE month_given (source VARCHAR, part VARCHAR, month DATE, file_id INTEGER)")
    con.executemany("INSERT INTO month_given VALUES (?, ?, ?, ?)", months)
    con.execute("CREATE OR REPLACE TEMP TABLE file_series (file_id INTEGER, source VARCHAR, part VARCHAR)")
    con.executemany("INSERT INTO file_series VALUES (?, ?, ?)", [(file.file_id, *file.series) for file in files])
    rows = f"SELECT file_id, source_row, source, part, {month_sql(contract)} AS month, {deletes_sql(contract)} AS deletes"
    rows += f" FROM staged_{contract.contract} JOIN file_series USING (file_id)"
    # What began before the months of its own file came with them: a stay that ended in April stays when March is sent again.
    which = f"""
        WITH own AS (SELECT file_id, min(month) AS first_month FROM month_given GROUP BY file_id),
        last AS (SELECT source, part, month, max(file_id) AS file_id FROM month_given GROUP BY ALL)
        SELECT rows.file_id, rows.source_row, last.file_id AS winner
        FROM ({rows}) AS rows LEFT JOIN own ON own.file_id = rows.file_id
        JOIN last ON last.source = rows.source AND last.part = rows.part
            AND last.month = CASE WHEN rows.month < own.first_month THEN own.first_month ELSE rows.month END
        WHERE last.file_id > rows.file_id
    """
    names = {file.file_id: file.drop.name for file in files}
    found += _months_shrank(con, contract, rows, names)
    _leave(con, contract, which, MONTH_REPLACED, f"a later file of the same source covers the month of its {contract.dated_by}")
    outside = con.execute(f"""
        SELECT file_id, count(*) FROM ({rows}) AS rows
        WHERE file_id IN (SELECT file_id FROM month_given) AND NOT deletes
            AND NOT EXISTS (SELECT 1 FROM month_given AS given WHERE given.file_id = rows.file_id AND given.month = rows.month)
        GROUP BY file_id ORDER BY file_id
    """).fetchall()
    for file_id, count in outside:
        lie, kept = ("row lies", "is kept") if count == 1 else ("rows lie", "are kept")
        message = f"{count:,} {lie} outside the months that it covers, or without a date, by {contract.dated_by}, and {kept}"
        found.append(_warning(names[file_id], "outside-its-months", message, contract, count))
    con.execute("DROP TABLE month_given; DROP TABLE file_series")
    return found


def _months_shrank(con: Connection, contract: ContractSpec, rows: str, names: Mapping[int, str]) -> list[Finding]:
    """Files that have far fewer rows of months than the ones before that cover them; `rows` is the query of all rows with their month."""
    shrank = con.execute(f"""
        SELECT file_id, min(file_before), sum(row_count)::BIGINT, sum(count_before)::BIGINT FROM (
            SELECT file_id, coalesce(row_count, 0) AS row_count,
                lag(file_id) OVER of_month AS file_before, lag(coalesce(row_count, 0)) OVER of_month AS count_before
            FROM month_given LEFT JOIN (SELECT file_id, month, count(*) AS row_count FROM ({rows}) GROUP BY ALL) USING (file_id, month)
            WINDOW of_month AS (PARTITION BY source, part, month ORDER BY file_id)
        ) WHERE file_before IS NOT NULL GROUP BY file_id
        HAVING sum(count_before) >= {SMALLER_ROWS} AND sum(row_count) < {SMALLER_SHARE} * sum(count_before) ORDER BY file_id
    """).fetchall()
    return [
        _warning(
            names[file_id],
            "much-smaller",
            f"it replaces months of {names[before]} and has {count:,} rows of them where that had {count_before:,}: was it cut short?",
            contract,
        )
        for file_id, before, count, count_before in shrank
    ]


def _no_months(file: ReadFile, contract: ContractSpec) -> Finding:
    message = (
        f"source {file.drop.source.name} sends months, and neither its name nor its rows say which it covers, so it adds and corrects by "
        "key and replaces no month: write file_name in sources.yml"
    )
    return _warning(file.drop.name, "months-not-known", message, contract)


def _covered(con: Connection, contract: ContractSpec, file: ReadFile) -> set[date]:
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


def _periods_out_of_order(con: Connection, contract: ContractSpec, files: Sequence[ReadFile]) -> Iterator[Finding]:
    """Files whose rows report on earlier months than a file that is read before them, where no name says which is the later one."""
    named = [file for file in files if contract.covers and file.drop.source.sends in ("months", "changes")]
    own = [file for file in named if not file.drop.told.covers and not file.drop.told.sent]
    for _, series in groupby(sorted(own, key=lambda file: (file.series, file.file_id)), key=lambda file: file.series):
        reach = [(max(covered), file) for file in series if (covered := _covered(con, contract, file))]
        for (before, earlier), (after, later) in pairwise(reach):
            if before > after:
                message = (
                    f"its rows report on months up to {after:%B %Y}, and it is read after {earlier.drop.name}, which reports up to "
                    f"{before:%B %Y}, and wins over it: name the files in order under files, or write file_name"
                )
                yield _warning(later.drop.name, "periods-out-of-order", message, contract)


def key_columns(contract: ContractSpec) -> tuple[str, ...]:
    """The parts of a key as SQL; who a row is about is the NHS number or, without one, the source's own pseudonym."""
    person = "coalesce('number ' || nhs_number, 'pseudonym ' || source_pseudonym)"
    return tuple(person if name == "NHS_NUMBER" else contract.landed(name) for name in contract.key)


def _by_key(con: Connection, contract: ContractSpec, files: Sequence[ReadFile]) -> list[Finding]:
    """What was found; of several rows with one key the last has stayed, and nothing of what was deleted. A list counts by itself."""
    _weigh_keys(con, contract, files)
    key = " and ".join(contract.key)
    _leave(
        con,
        contract,
        "SELECT file_id, source_row, winner FROM key_superseded WHERE NOT deleted",
        SAME_KEY,
        f"a later row of the same source has the same {key}",
    )
    _leave(
        con,
        contract,
        "SELECT file_id, source_row, winner FROM key_superseded WHERE deleted",
        DELETION,
        f"a row of the same source deletes what has its {key}",
    )
    _same_rows(con, contract)
    nothing = con.execute("SELECT file_id, count(*) FROM key_superseded WHERE deletes_nothing GROUP BY 1 ORDER BY 1").fetchall()
    named = {file.file_id: file.drop.name for file in files}
    found = [_deletes_nothing(named[file_id], count, contract) for file_id, count in nothing]
    found += [*loaded_again(con, contract, named), *not_repeated(con, contract, named)]
    con.execute(
        "DROP TABLE keyed_file; DROP TABLE key_repeated; DROP TABLE key_placed; DROP TABLE key_superseded; DROP TABLE month_repeated"
    )
    return found


def _weigh_keys(con: Connection, contract: ContractSpec, files: Sequence[ReadFile]) -> None:
    """Nothing; the temp table `key_superseded` names the rows that another of their key replaces or deletes, with which, and deletions."""
    group_of = {
        file.file_id: f"{file.drop.source.name}{f' {file.file_id}' if file.drop.source.sends == 'snapshot' else ''}" for file in files
    }
    listed = ", ".join(f"({file_id}, {literal(group)})" for file_id, group in group_of.items())
    con.execute(f"CREATE OR REPLACE TEMP TABLE keyed_file AS SELECT * FROM (VALUES {listed}) AS files (file_id, source)")
    keys = ", ".join(["source", *(f"{part} AS key_{place}" for place, part in enumerate(key_columns(contract)))])
    names = ", ".join(["source", *(f"key_{place}" for place in range(len(contract.key)))])
    columns = f"file_id, source_row, {keys}, {deletes_sql(contract)} AS deletes, {month_sql(contract)} AS month"
    keyed = f"SELECT {columns} FROM staged_{contract.contract} JOIN keyed_file USING (file_id)"
    con.execute(f"""
        CREATE OR REPLACE TEMP TABLE key_repeated AS
        SELECT {names} FROM ({keyed}) WHERE key_0 IS NOT NULL GROUP BY {names} HAVING count(*) > 1 OR bool_or(deletes)
    """)
    same = " AND ".join(f"rows.{name} IS NOT DISTINCT FROM repeated.{name}" for name in names.split(", "))
    partition = ", ".join(f"rows.{name}" for name in names.split(", "))
    con.execute(f"""
        CREATE OR REPLACE TEMP TABLE key_placed AS
        SELECT rows.*, row_number() OVER record AS place,
            lag(file_id) OVER record AS file_before, lag(deletes) OVER record AS deleted_before
        FROM ({keyed}) AS rows JOIN key_repeated AS repeated ON {same}
        WINDOW record AS (PARTITION BY {partition} ORDER BY file_id, source_row)
    """)
    keep_repeats(con, contract, files, keyed)
    con.execute(f"""
        CREATE OR REPLACE TEMP TABLE key_superseded AS
        WITH weighed AS (
            SELECT *, max(place) OVER record AS last, max(file_id) OVER record AS winner,
                coalesce(max(CASE WHEN deletes THEN place END) OVER record, 0) AS deleted_at
            FROM key_placed WINDOW record AS (PARTITION BY {names})
        )
        SELECT file_id, source_row, winner, place <= deleted_at AS deleted, deletes AND place = 1 AS deletes_nothing
        FROM weighed WHERE place < last OR deletes
        UNION ALL
        SELECT file_id, source_row, file_id, true, true FROM ({keyed}) WHERE key_0 IS NULL AND deletes
    """)


def _same_rows(con: Connection, contract: ContractSpec) -> None:
    """Nothing; rows that name no record have left where a later file has them again: all is the same but the reporting period."""
    apart = [field.landed for field in contract.fields if field.name in TELLS_APART]
    if not apart:
        return
    content = ", ".join(field.landed for field in contract.fields if field.name not in (contract.covers or ()))
    which = f"""
        SELECT file_id, source_row, last AS winner FROM (
            SELECT file_id, source_row, max(file_id) OVER (PARTITION BY source, {content}) AS last
            FROM staged_{contract.contract} JOIN keyed_file USING (file_id)
            WHERE {key_columns(contract)[0]} IS NULL AND coalesce({", ".join(f"{name}::VARCHAR" for name in apart)}) IS NOT NULL
        ) WHERE file_id < last
    """
    _leave(con, contract, which, SAME_ROW, "a later file of the same source has the same row, which names no record")


def _deletes_nothing(file: str, count: int, contract: ContractSpec) -> Finding:
    rows = "row deletes a record" if count == 1 else "rows delete records"
    message = f"{count:,} {rows} that no earlier row of the source has: a file is missing, or is read too late"
    return _warning(file, "deletes-nothing", message, contract, count)


def _lists(files: Sequence[ReadFile]) -> list[tuple[int, str, str, object, str, str | None]]:
    """Of every file that lists who is there on a day, and that no other replaces: file_id, source, part, day, name, hash."""
    last = {(file.series, file.drop.told.day): file for file in files if file.drop.source.sends == "snapshot"}
    return [(file.file_id, *file.series, file.drop.told.day, file.drop.name, file.account.sha256) for file in last.values()]
