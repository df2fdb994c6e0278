"""The reading of a place's extracts: files to typed rows in temp tables, every row accounted for, everything wrong a finding.

What becomes of dirt: a file that can't be used is refused as a whole, by an error, and the others go on. A row that can't be
split, holds bytes that are no text, is blank, lacks a value that its contract requires or breaks a rule to reject is rejected.
A value that isn't of its type is taken as missing. A code outside its list is kept. Each is counted in a finding, by row number.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import date
from pathlib import Path

from joinedup.engine.files_lines import Connection
from joinedup.findings import Finding, Severity
from joinedup.periods import add_months
from joinedup.place.model import Place, Source
from joinedup.progress import Progress, Step, silent
from joinedup.sources.about_whom import KNOWN_AS, KNOWN_FROM
from joinedup.sources.accounts import FileAccount, Staging
from joinedup.sources.contract import ContractSpec, contracts
from joinedup.sources.counting import counted, keep_whom_rows_tell_of
from joinedup.sources.dated_codes import map_codes
from joinedup.sources.freshness import freshness_findings
from joinedup.sources.leaving import SAME_FILE
from joinedup.sources.mapping import mapping_findings, with_usable_styles
from joinedup.sources.one_record import keep_successors
from joinedup.sources.order import Drop, ReadFile, drops
from joinedup.sources.providers import provider_findings
from joinedup.sources.recurring import keep_what_recurs
from joinedup.sources.rejected_keys import rejected_key_sql
from joinedup.sources.restricted import keep_restricted
from joinedup.sources.rows import sql_type
from joinedup.sources.staged_file import FileWork, StagedFile, stage_file
from joinedup.sources.superseding import supersede

AHEAD_MONTHS = 3
"""Months by which what a name says may lie after the as-at date: our choice, 2026; extracts are often newer than the record wanted."""
STAGED_WORK = {"refusal": "BIGINT", "marks": "BIGINT", KNOWN_AS: "VARCHAR", KNOWN_FROM: "DATE"}
"""Columns of a staged table that only the staging itself needs, with their types."""


def stage(con: Connection, place: Place, extracts: Path, progress: Progress = silent) -> Staging:
    """The accounts and findings of every file that a place's sources name, their rows staged in `con`'s temp tables."""
    known = contracts()
    _make_tables(con, known)
    keep_restricted(con, place.restricted_codes)
    keep_successors(con, place)
    found = [finding for source in place.sources for finding in mapping_findings(con, source, known)]
    given = [drop for source in place.sources if source.contract in known for drop in _drops_of(source, extracts, found)]
    sent = {name: contract for name, contract in known.items() if any(drop.source.contract == name for drop in given)}
    for contract in sent.values():
        con.execute(rejected_key_sql(contract))
    with _scratch(con) as scratch:
        work = [_work(con, file_id, drop, place, scratch) for file_id, drop in enumerate(given, 1)]
        staged = [_stage_with_progress(each, len(work), progress) for each in work]
    began = time.perf_counter()
    in_files = [finding for file in staged for finding in file.findings]
    read = [ReadFile(drop, _told(drop, file.account)) for drop, file in zip(given, staged, strict=True)]
    for name, contract in sent.items():
        own = [file for file in read if file.account.contract == name]
        in_files += supersede(con, contract, own, place.as_at)
        in_files += map_codes(con, contract, [file.account for file in own])
        in_files += keep_what_recurs(con, contract, [file.account for file in own], place.sources)
        con.execute(f"DROP TABLE rejected_key_{name}")
        for column in STAGED_WORK:
            con.execute(f"ALTER TABLE staged_{name} DROP COLUMN {column}")
    accounts = _counted(con, place, known, [file.account for file in read])
    ahead = [finding for drop in given if (finding := _ahead(drop, place.as_at))]
    between = [*_same_files(accounts), *ahead, *freshness_findings(place, known, accounts), *provider_findings(con, place, known, accounts)]
    rows = {kind: sum(getattr(account, kind) for account in accounts) for kind in ("loaded", "superseded", "rejected")}
    progress(Step("settle", "corrections and gaps", 1, 1, time.perf_counter() - began, rows))
    contract_of = {drop.name: known[drop.source.contract] for drop in given}
    return Staging(accounts, tuple(_with_what_it_endangers(finding, contract_of) for finding in (*found, *in_files, *between)))


def _with_what_it_endangers(finding: Finding, contract_of: Mapping[str, ContractSpec]) -> Finding:
    """A finding of rows, or of a file that can't be used, says what suffers: what its rule names, else what the contract is for."""
    contract = contract_of.get(finding.file)
    if finding.endangers or contract is None or not (finding.count or finding.severity is Severity.ERROR):
        return finding
    named = next((rule.endangers for rule in contract.rules if rule.name == finding.rule), "")
    return replace(finding, endangers=named or contract.endangers)


def _work(con: Connection, file_id: int, drop: Drop, place: Place, scratch: Path) -> FileWork:
    source = with_usable_styles(con, drop.source)
    fault = _name_fault(drop)
    return FileWork(con, file_id, source, contracts()[source.contract], drop.path, drop.name, place.as_at, scratch, fault)


def _name_fault(drop: Drop) -> Finding | None:
    """What is wrong where a name fits no template, or several that disagree: a list without a day can't be used."""
    if drop.says is not None:
        return None
    listing, templates = drop.source.sends == "snapshot", " or ".join(drop.source.file_name)
    effect = (
        "so the day of this list isn't known and none of it was read"
        if listing
        else "so it is taken to say nothing, and is read before others of its pattern"
    )
    severity = Severity.ERROR if listing else Severity.WARNING
    if drop.fits:
        rule, what = "name-fits-several", f"its name fits {' and '.join(drop.fits)}, which say different things of it, {effect}"
        todo = "make one of them in file_name narrower, so that each name fits one"
    else:
        rule, what = "name-does-not-fit", f"its name doesn't fit the file_name of source {drop.source.name}, {templates}, {effect}"
        todo = "correct the name, or add to file_name a template that it fits: it may be a list"
    return Finding(drop.name, rule, f"{what}: {todo}", severity=severity, endangers=f"everything from {drop.source.contract}")


def _ahead(drop: Drop, as_at: date) -> Finding | None:
    """What is to be said of a name with a day or month well after the as-at date: its year is probably mistyped."""
    told, latest = drop.told, add_months(as_at, AHEAD_MONTHS + 1)
    days = (told.day, told.covers and told.covers.start, told.sent and told.sent.date())
    beyond = next((day for day in days if day and day >= latest), None)
    if beyond is None:
        return None
    message = (
        f"its name says {beyond}, and the place's as-at date is {as_at}: where its year is mistyped it is read as the latest of its "
        "source, and ends or replaces what others say; correct the name"
    )
    return Finding(drop.name, "name-far-ahead", message, severity=Severity.WARNING, endangers=f"everything from {drop.source.contract}")


def _told(drop: Drop, account: FileAccount) -> FileAccount:
    """The account with what the name of the file says."""
    told = replace(account, day=drop.told.day, part=drop.told.part)
    covers = drop.told.covers
    return replace(told, first_month=covers.start, last_month=covers.last_day.replace(day=1)) if covers else told


def _counted(con: Connection, place: Place, known: Mapping[str, ContractSpec], accounts: Sequence[FileAccount]) -> tuple[FileAccount, ...]:
    """The accounts after superseding, in the order of files."""
    keep_whom_rows_tell_of(con, place, known, accounts)
    of_contract = {name: [account for account in accounts if account.contract == name] for name in known}
    found = [account for name, own in of_contract.items() if own for account in counted(con, known[name], own, place.as_at)]
    return tuple(sorted(found, key=lambda account: account.file_id))


def _make_tables(con: Connection, known: Mapping[str, ContractSpec]) -> None:
    for contract in known.values():
        con.execute(_table_sql(contract))
    for table in ("staged_superseded", "staged_rejected"):
        con.execute(f"CREATE OR REPLACE TEMP TABLE {table} (file_id INTEGER, source_row BIGINT, rule VARCHAR, reason VARCHAR)")


def _table_sql(contract: ContractSpec) -> str:
    """The staged table of a contract, empty."""
    fields = ", ".join(f"{field.landed} {sql_type(field)}" for field in contract.fields)
    work = ", ".join(
        [*(f"{column} {kind}" for column, kind in STAGED_WORK.items()), *(f"{column.name} DATE" for column in contract.work_columns)]
    )
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
    progress(Step("read", work.name, work.file_id, files, time.perf_counter() - began, rows, note=note, contract=work.contract.contract))
    return staged


def _drops_of(source: Source, extracts: Path, found: list[Finding]) -> list[Drop]:
    """The files of a source in the order of reading; a pattern without any goes to `found`."""

    def missing(pattern: str) -> None:
        message = f"source {source.name} has no such file in the folder of extracts: fetch it, or change files in sources.yml"
        found.append(Finding(pattern, "missing-file", message, endangers=f"everything from {source.contract}"))

    return drops(source, extracts, lambda pattern, error: found.append(_unreadable_folder(source, pattern, error)), missing)


def _unreadable_folder(source: Source, pattern: str, error: OSError) -> Finding:
    message = (
        f"files of source {source.name} can't be looked for, as the folder of extracts can't be read ({error.strerror}): "
        "check its path and its permissions"
    )
    return Finding(pattern, "unreadable-folder", message, endangers=f"everything from {source.contract}")


def _same_files(accounts: Sequence[FileAccount]) -> Iterator[Finding]:
    """Files that hold byte for byte what one of another source of the same contract holds."""
    first: dict[tuple[str, str], FileAccount] = {}
    for account in (account for account in accounts if account.sha256 and account.rows_read and not account.refused):
        other = first.setdefault((account.contract, account.sha256 or ""), account)
        if other.source != account.source:
            message = f"it holds the same as {other.file} of source {other.source}, byte for byte: check whether it is the file you meant"
            yield Finding(account.file, SAME_FILE, message, severity=Severity.WARNING)
