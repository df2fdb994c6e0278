"""The reading of a place's extracts: files to typed rows in temp tables, every row accounted for, everything wrong a finding.

What becomes of dirt: a file that can't be used is refused as a whole, by an error, and the others go on. A row that can't be
split, holds bytes that are no text, is blank, lacks a value that its contract requires or breaks a rule to reject is rejected.
A value that isn't of its type is taken as missing. A code outside its list is kept. Each is counted in a finding, by row number.
"""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from joinedup.engine.files_lines import Connection
from joinedup.findings import Finding, Severity
from joinedup.place.model import Place, Source
from joinedup.progress import Progress, Step, silent
from joinedup.sources.accounts import FileAccount, Staging
from joinedup.sources.contract import ContractSpec, contracts
from joinedup.sources.mapping import mapping_findings, with_usable_styles
from joinedup.sources.rows import sql_type
from joinedup.sources.staged_file import FileWork, StagedFile, stage_file
from joinedup.sources.superseding import supersede

STAGED_WORK = ("refusal", "marks")
"""Columns of a staged table that only the staging itself needs."""


REPEATED_SHARE, REPEATED_ROWS = 0.5, 100
"""Our choice, 2026: a month's corrections repeat some rows of earlier files, not more than half of them; few rows say little."""


def stage(con: Connection, place: Place, extracts: Path, progress: Progress = silent) -> Staging:
    """The accounts and findings of every file that a place's sources name, their rows staged in `con`'s temp tables."""
    known = contracts()
    _make_tables(con, known)
    found = [finding for source in place.sources for finding in mapping_findings(con, source, known)]
    files = [(source, path) for source in place.sources if source.contract in known for path in _files_of(source, extracts, found)]
    with _scratch(con) as scratch:
        work = [
            FileWork(
                con,
                file_id,
                with_usable_styles(con, source),
                known[source.contract],
                path,
                path.relative_to(extracts).as_posix(),
                place.as_at,
                scratch,
            )
            for file_id, (source, path) in enumerate(files, 1)
        ]
        staged = [_stage_with_progress(each, len(work), progress) for each in work]
    for name, contract in known.items():
        supersede(con, contract, {each.file_id: each.source.name for each in work if each.contract.contract == name})
        for column in STAGED_WORK:
            con.execute(f"ALTER TABLE staged_{name} DROP COLUMN {column}")
    accounts = tuple(_counted_again(each, file.account) for each, file in zip(work, staged, strict=True))
    in_files = (finding for file in staged for finding in file.findings)
    return Staging(accounts, (*found, *in_files, *_same_files(accounts), *_lists_of_a_day(accounts)))


def _make_tables(con: Connection, known: Mapping[str, ContractSpec]) -> None:
    for contract in known.values():
        con.execute(_table_sql(contract))
    for table in ("staged_superseded", "staged_rejected"):
        con.execute(f"CREATE OR REPLACE TEMP TABLE {table} (file_id INTEGER, source_row BIGINT, rule VARCHAR, reason VARCHAR)")


def _table_sql(contract: ContractSpec) -> str:
    """The staged table of a contract, empty."""
    fields = ", ".join(f"{field.landed} {sql_type(field)}" for field in contract.fields)
    work = ", ".join(f"{column} BIGINT" for column in STAGED_WORK)
    return f"CREATE OR REPLACE TEMP TABLE staged_{contract.contract} (file_id INTEGER, source_row BIGINT, {fields}, {work})"


@contextmanager
def _scratch(con: Connection) -> Iterator[Path]:
    """A private folder for clean copies of files, where the connection spills, or the system's own; gone afterwards."""
    spill = con.execute("SELECT current_setting('temp_directory')").fetchall()[0][0]
    if spill:
        Path(spill).mkdir(parents=True, exist_ok=True, mode=0o700)
    with tempfile.TemporaryDirectory(dir=spill or None, prefix="landing-") as folder:
        yield Path(folder)


def _stage_with_progress(work: FileWork, files: int, progress: Progress) -> StagedFile:
    began = time.perf_counter()
    staged = stage_file(work)
    rows = {"read": staged.account.rows_read, "rejected": staged.account.rejected}
    note = "refused" if staged.account.refused else ""
    progress(Step("read", work.name, work.file_id, files, time.perf_counter() - began, rows, note=note))
    return staged


def _files_of(source: Source, extracts: Path, found: list[Finding]) -> list[Path]:
    """The files of a source; a pattern without any goes to `found`."""
    files: dict[Path, None] = {}
    for pattern in source.files:
        try:
            matching = files_matching(extracts, pattern)
        except OSError as error:
            found.append(_unreadable_folder(source, pattern, error))
            continue
        files |= dict.fromkeys(matching)
        if not matching:
            message = f"source {source.name} has no such file in the folder of extracts: fetch it, or change files in sources.yml"
            found.append(Finding(pattern, "missing-file", message, endangers=f"everything from {source.contract}"))
    return list(files)


def files_matching(extracts: Path, pattern: str) -> list[Path]:
    """The files of the folder that fit a pattern; OSError where the folder can't be looked into."""
    with os.scandir(extracts):
        return sorted(path for path in extracts.glob(pattern) if not path.is_dir())


def _unreadable_folder(source: Source, pattern: str, error: OSError) -> Finding:
    message = (
        f"files of source {source.name} can't be looked for, as the folder of extracts can't be read ({error.strerror}): "
        "check its path and its permissions"
    )
    return Finding(pattern, "unreadable-folder", message, endangers=f"everything from {source.contract}")


def _counted_again(work: FileWork, account: FileAccount) -> FileAccount:
    """The account of a file after superseding, its rows counted in the tables."""
    dated = next((field.landed for field in work.contract.fields if field.name == work.contract.dated_by), "CAST(NULL AS DATE)")
    in_file = f"WHERE file_id = {work.file_id}"
    (loaded, data_to), (superseded, _), (rejected, _) = work.con.execute(f"""
        SELECT count(*), max({dated}) FILTER ({dated} <= DATE '{work.as_at}') FROM {work.table} {in_file}
        UNION ALL SELECT count(*), NULL FROM staged_superseded {in_file}
        UNION ALL SELECT count(*), NULL FROM staged_rejected {in_file}
    """).fetchall()
    return replace(account, loaded=loaded, superseded=superseded, rejected=rejected, data_to=data_to)


def _same_files(accounts: Sequence[FileAccount]) -> Iterator[Finding]:
    """Files that hold byte for byte what an earlier one holds."""
    first: dict[tuple[str, str], FileAccount] = {}
    for account in (account for account in accounts if account.sha256 and not account.refused):
        other = first.setdefault((account.contract, account.sha256 or ""), account)
        if other is not account:
            message = f"it holds the same as {other.file}, byte for byte: check whether it is the file you meant"
            yield Finding(account.file, "same-file", message, severity=Severity.WARNING)


def _lists_of_a_day(accounts: Sequence[FileAccount]) -> Iterator[Finding]:
    """Files that a later file of their source mostly repeats: probably each lists everyone of its day."""
    for account in accounts:
        if account.rows_read >= REPEATED_ROWS and account.superseded > account.rows_read * REPEATED_SHARE:
            message = (
                f"{account.superseded:,} of its {account.rows_read:,} rows stand again in it or in a later file of source "
                f"{account.source}: if each file lists everyone of its day, name only the latest in sources.yml, for who has left "
                "since would be counted on"
            )
            endangers = f"everything from {account.contract}"
            yield Finding(
                account.file, "mostly-repeated", message, severity=Severity.WARNING, count=account.superseded, endangers=endangers
            )
