"""One file of an extract, staged: what was found wrong with it, and its rows that can be used in staged_<contract>."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

from joinedup.engine.files import NUMBER, Rows, forget, parquet_columns, read_csv, read_parquet, read_sheet
from joinedup.engine.files_bytes import FileBytes, look_at
from joinedup.engine.files_lines import Connection, quoted
from joinedup.engine.files_sheets import SheetProblem, keep_rows, open_sheet, sheet_header, sheets_alike
from joinedup.engine.files_text import Header, clean_text, plain, read_header
from joinedup.engine.files_values import DateStyle, all_fit, date_style, declared_style
from joinedup.findings import Finding, Severity, errors
from joinedup.place.model import Source
from joinedup.sources.accounts import BLANK_ROW, MOST_ROWS_REJECTED, REST_REJECTED, FileAccount, most_rows_rejected, refused_for_rejections
from joinedup.sources.birth_dates import blank_defaults
from joinedup.sources.columns import known_names, match
from joinedup.sources.contract import ContractSpec, FieldType
from joinedup.sources.damage import damages, with_repairs
from joinedup.sources.rejected_keys import keep_keys
from joinedup.sources.restricted import RESTRICTED, drop_restricted, restricted_finding
from joinedup.sources.rows import RowFault, RowPlan, marks, refusals, rows_sql, second_name, text_name, usual_styles, wanted

ROWS_NAMED = 5
"""How many row numbers a finding gives, to begin looking."""
MOST = 0.5
"""Of a file's rows: when more are rejected, the file as a whole is in doubt."""
LONGEST_CODE_NAMED = 3
"""Characters of a value that a message may name: no person can be told by it, even where columns have slipped."""


@dataclass(frozen=True)
class FileWork:
    """One file to stage."""

    con: Connection
    file_id: int
    source: Source
    contract: ContractSpec
    path: Path
    name: str
    """As its owner knows it, relative to the folder of extracts."""
    as_at: date
    scratch: Path
    fault: Finding | None = None
    """What is wrong with its name; an error refuses it."""

    @property
    def table(self) -> str:
        """The table that its rows go to."""
        return f"staged_{self.contract.contract}"


@dataclass(frozen=True)
class StagedFile:
    """A file that was staged, or refused: its account before superseding, and its findings."""

    account: FileAccount
    findings: tuple[Finding, ...]


def stage_file(work: FileWork) -> StagedFile:
    """A file's rows in the table of its contract, the others in staged_rejected; or the file refused."""
    if work.fault is None:
        return _stage_file(work)
    if work.fault.severity is Severity.ERROR:
        return _refused(work, None, (work.fault,))
    staged = _stage_file(work)
    return replace(staged, findings=(work.fault, *staged.findings))


def _stage_file(work: FileWork) -> StagedFile:
    seen = look_at(work.path, work.name, encoding=work.source.encoding, delimiter=work.source.delimiter)
    if isinstance(seen, Finding):
        return _refused(work, None, (seen,))
    seen = replace(seen, path=_literal_path(seen.path, work))
    try:
        staged = _stage_sheet(work, seen) if seen.spreadsheet else _stage_parquet(work, seen) if seen.parquet else _stage_text(work, seen)
    finally:
        forget(work.con)
    return staged if _is_as_it_was(work.path, seen) else _changed_while_read(work, seen)


def _is_as_it_was(path: Path, seen: FileBytes) -> bool:
    """Whether a file has the size and modification time that it had before it was read."""
    try:
        state = path.stat()
    except OSError:
        return False
    return (state.st_size, state.st_mtime_ns) == (seen.size, seen.mtime_ns)


def _changed_while_read(work: FileWork, seen: FileBytes) -> StagedFile:
    """A file refused since it is still being written: what was read of it is gone."""
    for table in (work.table, "staged_rejected"):
        work.con.execute(f"DELETE FROM {table} WHERE file_id = {work.file_id}")
    message = "it changed while it was read, so somebody is still writing it; none of it was used: run again when it is whole"
    return _refused(work, seen, (Finding(work.name, "changed-while-read", message, endangers=f"everything from {work.contract.contract}"),))


def _literal_path(path: Path, work: FileWork) -> Path:
    """A path to the file that DuckDB doesn't take for a pattern."""
    if not set("*?[") & set(str(path)):
        return path
    link = work.scratch / f"file-{work.file_id}"
    link.symlink_to(path.absolute())
    return link


def _refused(work: FileWork, seen: FileBytes | None, findings: Sequence[Finding]) -> StagedFile:
    return StagedFile(replace(_unread_account(work, seen), refused=True), tuple(findings))


def _unread_account(work: FileWork, seen: FileBytes | None) -> FileAccount:
    """What a file is, before any of its rows is read."""
    source = work.source
    account = FileAccount(
        work.file_id, source.name, source.partner, work.contract.contract, work.name, sha256=None, size=None, mtime_ns=None
    )
    return replace(account, sha256=seen.sha256, size=seen.size, mtime_ns=seen.mtime_ns) if seen else account


def _stage_parquet(work: FileWork, seen: FileBytes) -> StagedFile:
    damaged = Finding(work.name, "damaged-file", "it is cut short or damaged Parquet, and none of it was read: fetch it again")
    found = parquet_columns(work.con, seen.path)
    if found is None:
        return _refused(work, seen, (damaged,))
    columns = match(work.contract, work.source, [plain(name) for name in found], work.name)
    if errors(columns.findings):
        return _refused(work, seen, columns.findings)
    dated = frozenset(at for at, kind in enumerate(found.values()) if kind.startswith(("DATE", "TIMESTAMP")))
    plan = RowPlan(work.contract, work.source, columns, work.as_at, damaged=True, dated=dated, long=True)
    rows = read_parquet(work.con, seen.path, found, wanted(plan))
    return _stage_rows(work, seen, plan, rows) if rows else _refused(work, seen, (damaged,))


def _stage_sheet(work: FileWork, seen: FileBytes) -> StagedFile:
    with open_sheet(work.path, work.source.sheet) as sheet:
        if isinstance(sheet, SheetProblem):
            return _refused(work, seen, (Finding(work.name, sheet.rule, sheet.message),))
        names = known_names(work.contract, work.source)
        header = sheet_header(sheet, names)
        columns = match(work.contract, work.source, header.names, work.name)
        if errors(columns.findings):
            return _refused(work, seen, (*_other_sheets(work, sheet.name, sheet.others), *columns.findings))
        others = _other_sheets(work, sheet.name, sheets_alike(sheet, header, names))
        table = keep_rows(sheet, header, work.scratch)
    plan = RowPlan(work.contract, work.source, columns, work.as_at, damaged=True, dated=table.dated, long=True)
    rows = read_sheet(work.con, table, wanted(plan))
    table.path.unlink()
    merged = SomeRows(len(table.filled), table.filled[:ROWS_NAMED])
    message = f"{merged} hold a value of a cell that was merged over several rows, as the first of them does"
    told = [*others, *([_warning(work, "merged-cells", message, merged)] if table.filled else [])]
    return _stage_rows(work, seen, plan, rows, told)


def _other_sheets(work: FileWork, read: str, others: Sequence[str]) -> list[Finding]:
    if not others:
        return []
    message = f"only its sheet {read} was read, not {', '.join(others)}: say which one under sheet in sources.yml"
    return [_warning(work, "other-sheets", message)]


def _stage_text(work: FileWork, seen: FileBytes) -> StagedFile:
    with clean_text(seen, work.scratch, work.source.delimiter) as text:
        header = read_header(text, known_names(work.contract, work.source), work.source.delimiter)
        columns = match(work.contract, work.source, header.names, work.name)
        if errors(columns.findings):
            any_header = read_header(text, known_names(work.contract, work.source))
            return _refused(work, seen, [*_delimiter_findings(work, header, any_header), *columns.findings])
        plan = RowPlan(work.contract, work.source, columns, work.as_at, damaged=text.damaged, long=seen.shortened)
        rows = read_csv(work.con, text, header, wanted(plan), work.scratch)
        if rows is None:
            message = (
                "it can't be split into lines, perhaps because a line is longer than two million bytes; none of it was read: fetch it again"
            )
            return _refused(work, seen, (Finding(work.name, "damaged-file", message),))
    return _stage_rows(work, seen, plan, rows)


def _delimiter_findings(work: FileWork, header: Header, any_header: Header) -> list[Finding]:
    """What the header says of another delimiter than the one it was read by."""
    if any_header.known > header.known:
        said, seen = _sign(header.delimiter), _sign(any_header.delimiter)
        message = f"sources.yml says that {said} parts its columns, but it looks as if {seen} did: change it there"
        return [Finding(work.name, "wrong-delimiter", message)]
    if header.looks_parted_by and not header.known:
        message = f"it looks as if {_sign(header.looks_parted_by)} parted its columns: ask for a comma, a tab, | or ;"
        return [Finding(work.name, "wrong-delimiter", message)]
    return []


def _sign(delimiter: str) -> str:
    return {",": "a comma", "\t": "a tab"}.get(delimiter, delimiter)


def _stage_rows(work: FileWork, seen: FileBytes, plan: RowPlan, rows: Rows, told: Sequence[Finding] = ()) -> StagedFile:
    plan = with_repairs(work.con, replace(plan, styles=_date_styles(work, plan)))
    findings = [*told, *plan.columns.findings, *_style_findings(work, plan), *_damage_findings(work, plan), *_repeated_columns(work, plan)]
    work.con.execute(f"INSERT INTO {work.table} BY NAME {rows_sql(plan, work.file_id)}")
    restricted = drop_restricted(work.con, work.contract, work.file_id)
    findings += restricted_finding(work.name, restricted)
    marked, to_reject = _seen_in_rows(work)
    findings += [*_mark_findings(work, marks(plan), marked), *_default_births(work)]
    rejected = _reject(work, refusals(plan)) if to_reject or rows.faulty else restricted.rows
    rejections = list(_rejection_findings(work)) if rejected > restricted.rows else []
    blank = sum(each.count for each in rejections if each.rule == BLANK_ROW)
    filled, at_fault = rows.read - restricted.rows - blank, rejected - restricted.rows - blank
    findings += [*rejections, *_doubts(work, seen, filled, at_fault)]
    findings += [] if rows.read > blank else [_warning(work, "no-rows", "it holds a header and no rows")]
    refused = refused_for_rejections(filled, at_fault)
    if refused:
        rejected += _reject_rest(work)
    account = replace(
        _unread_account(work, seen),
        rows_read=rows.read,
        loaded=rows.read - rejected,
        rejected=rejected,
        blanked_codes=restricted.fields,
        missing_columns=plan.columns.missing,
        extra_columns=plan.columns.extra,
        refused=refused,
    )
    return StagedFile(account, tuple(findings))


def _doubts(work: FileWork, seen: FileBytes, read: int, rejected: int) -> Iterator[Finding]:
    """What speaks against a file as a whole, though it can be read."""
    if not seen.ended and _ends_in_a_fragment(work):
        yield _warning(work, "cut-short", "its last line is incomplete: it was cut short, or is still being written; fetch it again")
    if seen.rather_utf8:
        message = (
            f"sources.yml says that its encoding is {work.source.encoding}, but it looks like utf-8: letters with accents may be wrong"
        )
        yield _warning(work, "encoding-in-doubt", message)
    if refused_for_rejections(read, rejected):
        yield most_rows_rejected(work.name, read, rejected, work.contract.contract)
    elif rejected > read * MOST:
        message = f"{rejected:,} of its {read:,} rows were rejected: it is probably not what sources.yml says it is"
        yield _warning(work, "mostly-rejected", message, SomeRows(rejected), f"everything from {work.contract.contract}")


def _ends_in_a_fragment(work: FileWork) -> bool:
    """Whether the last row of the file has too few fields, or a quote that isn't closed."""
    last = f"SELECT max({quoted(NUMBER)}) FROM"
    fragments = "rule IN ('too-few-fields', 'broken-quotes')"
    found = work.con.execute(f"SELECT ({last} file_faults WHERE {fragments}) > coalesce(({last} file_rows), 0)").fetchall()
    return bool(found[0][0])


@dataclass(frozen=True, slots=True)
class SomeRows:
    """How many rows something is true of, and the numbers of the first."""

    count: int = 0
    first: tuple[int, ...] = ()

    def __str__(self) -> str:
        return f"{self.count:,} row" if self.count == 1 else f"{self.count:,} rows"


def _warning(work: FileWork, rule: str, message: str, rows: SomeRows = SomeRows(), endangers: str = "") -> Finding:
    return Finding(work.name, rule, message, severity=Severity.WARNING, count=rows.count, rows=rows.first, endangers=endangers)


def _date_styles(work: FileWork, plan: RowPlan) -> dict[str, DateStyle]:
    """How this file writes each of its dates: as sources.yml says, else as the values show."""
    dates = [field for field in plan.contract.fields if field.type is FieldType.DATE and field.name in plan.columns.at]
    said = {field.name: plan.declared(field) for field in dates}
    fit = all_fit(work.con, "file_rows", {quoted(text_name(field)): said[field.name][0] for field in dates})
    found = {}
    for field, fits in zip(dates, fit, strict=True):
        column, styles = quoted(text_name(field)), said[field.name]
        look = date_style if styles == usual_styles(field, plan.contract) else declared_style
        found[field.name] = DateStyle(styles[:1]) if fits else look(work.con, "file_rows", column, styles)
    return found


def _damage_findings(work: FileWork, plan: RowPlan) -> Iterator[Finding]:
    """What spreadsheets did to the values of a file, by column."""
    for damage in damages(plan):
        rows = _counted(work, "file_rows", quoted(NUMBER), damage.when)
        if rows.count:
            yield _warning(work, damage.rule, f"{rows}: {damage.message}", rows)


def _style_findings(work: FileWork, plan: RowPlan) -> list[Finding]:
    return [
        _warning(work, "month-first", f"{name} can only be read month first, and was: say date_formats in sources.yml if that is wrong")
        for name, style in plan.styles.items()
        if style.month_first
    ] + [
        _warning(
            work,
            "date-order-in-doubt",
            f"{name} holds dates that can only be read month first and others that can only be read day first, so in the rest the order "
            "can't be told: all were read day first and the former taken as missing; ask which order it is",
            endangers=work.contract.contract,
        )
        for name, style in plan.styles.items()
        if style.in_doubt
    ]


def _repeated_columns(work: FileWork, plan: RowPlan) -> list[Finding]:
    """Second columns of one name, and whether they hold the same as the first."""
    fields = {field.name: field for field in plan.contract.fields}
    findings = []
    for name, at in plan.columns.repeated.items():
        first, second = quoted(text_name(fields[name])), quoted(second_name(fields[name]))
        rows = _counted(work, "file_rows", quoted(NUMBER), f"{first} IS DISTINCT FROM {second}")
        differ = f"they differ in {rows}" if rows.count else "they hold the same"
        message = f"{name} stands twice, as columns {plan.columns.at[name] + 1} and {at + 1}; {differ}; the first is used"
        findings.append(_warning(work, "repeated-column", message, rows))
    return findings


def _default_births(work: FileWork) -> Iterator[Finding]:
    """That a file gives dates of birth which stand for none; they are missing now."""
    rows = SomeRows(*blank_defaults(work.con, work.contract, work.file_id))
    if rows.count:
        message = (
            f"{rows}: the date of birth is one that systems write where they know none (1 or 2 January 1900, 1 January 1901), or lies "
            "before 1900; it is taken as missing: ask for the date"
        )
        yield _warning(work, "default-birth-date", message, rows, "ages, every link of these people")


def _counted(work: FileWork, table: str, number: str, when: str) -> SomeRows:
    """How many rows something is true of, and the first of them."""
    found = work.con.execute(f"SELECT count(*), list_sort(min({number}, {ROWS_NAMED})) FROM {table} WHERE {when}").fetchall()
    return SomeRows(found[0][0], tuple(found[0][1] or ()))


def _seen_in_rows(work: FileWork) -> tuple[int, int]:
    """The marks that some usable row of the file has, a bit each, and how many of its rows are refused."""
    counts = "coalesce(bit_or(marks) FILTER (refusal = 0), 0), count(*) FILTER (refusal > 0)"
    [(marked, refused)] = work.con.execute(f"SELECT {counts} FROM {work.table} WHERE file_id = {work.file_id}").fetchall()
    return marked, refused


def _mark_findings(work: FileWork, faults: Sequence[RowFault], any_bits: int) -> list[Finding]:
    """A finding for each fault that some usable row has."""
    usable = f"file_id = {work.file_id} AND refusal = 0"
    findings = []
    for bit, fault in enumerate(faults):
        if any_bits & (1 << bit):
            marked = f"{usable} AND (marks & {1 << bit}) <> 0"
            rows = _counted(work, work.table, "source_row", marked)
            findings.append(_warning(work, fault.rule, f"{rows}: {fault.message}{_codes(work, fault, marked)}", rows, fault.endangers))
    return findings


def _codes(work: FileWork, fault: RowFault, when: str) -> str:
    """The codes at fault, as far as they are too short to tell of anybody."""
    if fault.code is None:
        return ""
    short = f"{when} AND length({fault.code}) <= {LONGEST_CODE_NAMED}"
    found = work.con.execute(f"SELECT DISTINCT {fault.code} FROM {work.table} WHERE {short} ORDER BY 1 LIMIT {ROWS_NAMED}").fetchall()
    return f" ({', '.join(code for (code,) in found)})" if found else ""


def _reject(work: FileWork, faults: Sequence[RowFault]) -> int:
    """How many rows of the file were rejected: those that couldn't be split, and those that are refused."""
    reasons = [(place, fault.rule, fault.message) for place, fault in enumerate(faults, 1)]
    work.con.execute("CREATE OR REPLACE TEMP TABLE refusal_reason (refusal INTEGER, rule VARCHAR, reason VARCHAR)")
    work.con.executemany("INSERT INTO refusal_reason VALUES (?, ?, ?)", reasons)
    work.con.execute(f"""
        INSERT INTO staged_rejected
        SELECT {work.file_id}, {quoted(NUMBER)}, rule, reason FROM file_faults
        UNION ALL
        SELECT file_id, source_row, rule, reason FROM {work.table} JOIN refusal_reason USING (refusal) WHERE file_id = {work.file_id}
    """)
    refused = f"FROM {work.table} WHERE file_id = {work.file_id} AND refusal > 0"
    keep_keys(work.con, work.contract, refused, restricted=False)
    work.con.execute(f"DELETE {refused}")
    return int(work.con.execute(f"SELECT count(*) FROM staged_rejected WHERE file_id = {work.file_id}").fetchall()[0][0])


def _reject_rest(work: FileWork) -> int:
    """How many rows were left of a file that is refused because nearly all the others were rejected; now these are too."""
    in_file = f"FROM {work.table} WHERE file_id = {work.file_id}"
    left = int(work.con.execute(f"SELECT count(*) {in_file}").fetchall()[0][0])
    work.con.execute(f"INSERT INTO staged_rejected SELECT file_id, source_row, ?, ? {in_file}", [MOST_ROWS_REJECTED, REST_REJECTED])
    work.con.execute(f"DELETE {in_file}")
    return left


def _rejection_findings(work: FileWork) -> list[Finding]:
    """A finding for each rule by which rows of the file were rejected."""
    found = work.con.execute(f"""
        SELECT rule, reason, count(*), list_sort(min(source_row, {ROWS_NAMED}))
        FROM staged_rejected WHERE file_id = {work.file_id} AND rule <> '{RESTRICTED}' GROUP BY rule, reason ORDER BY 3 DESC, 1, 2
    """).fetchall()
    rejected = [(rule, reason, SomeRows(count, tuple(first))) for rule, reason, count, first in found]
    return [_warning(work, rule, f"{rows} rejected: {reason}", rows) for rule, reason, rows in rejected]
