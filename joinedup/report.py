"""What a terminal shows: progress, findings, the accounts of a landing and of a build."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, TextIO

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn
from rich.progress import Progress as Bars
from rich.table import Table

from joinedup.cells import write_rows
from joinedup.findings import Finding, Severity
from joinedup.journal import noted
from joinedup.progress import Progress, Step
from joinedup.sources.restricted import RESTRICTED, roughly

if TYPE_CHECKING:
    from joinedup.engine.manifest import Manifest
    from joinedup.land import Landing
    from joinedup.sources.accounts import FileAccount
    from joinedup.sources.check import Checked
    from joinedup.starting.adding import Added
    from joinedup.starting.new import Started

PIPE_WIDTH = 200
SLOWEST_SHOWN = 3
BLANKS_SHOWN = 4
ALL_FIT, VALUES_SHOWN = 0.9995, 8
FINDING_FIELDS = ("severity", "file", "line", "rule", "count", "rows", "message", "endangers")
MANY_REJECTED = 0.05
"""A share of a file's rows; chosen: what is odd in single rows stays far below it, a wrong column or setting far above."""


def console_on(stream: TextIO) -> Console:
    """A console that wraps to the terminal's width, and hardly at all in a pipe."""
    console = Console(file=stream, highlight=False)
    return console if console.is_terminal else Console(file=stream, highlight=False, width=PIPE_WIDTH)


@contextmanager
def progress_on(stream: TextIO, quiet: bool = False) -> Iterator[Progress]:
    """Shows each step that ends, and a bar for the stage: on a terminal only, and not when asked to be quiet. The journal has them all."""
    console = console_on(stream)
    if quiet or not console.is_terminal:
        yield noted()
        return
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Bars(*columns, console=console, transient=True) as bars:
        yield noted(_show_on(bars))


def _show_on(bars: Bars) -> Progress:
    """What shows a step: a line above the one bar, which is that of the stage."""
    bar = bars.add_task("", total=None, visible=False)
    of_stage = ""

    def show(step: Step) -> None:
        nonlocal of_stage
        if step.stage != of_stage:
            of_stage = step.stage
            bars.reset(bar, total=step.total, description=step.stage, visible=True)
        bars.update(bar, completed=step.done)
        bars.console.print(step_line(step), highlight=False, markup=False, no_wrap=True, overflow="ellipsis")

    return show


def step_line(step: Step) -> str:
    """One step: its stage and seconds, what it was and its rows by kind."""
    how = "used again" if step.reused else f"{step.seconds:.1f} s"
    rows = ", ".join(f"{count:,} {kind}" for kind, count in step.rows.items())
    return f"  {step.stage:<6} {how:>10}  {step.name:<24}  {rows} {step.note}".rstrip()


def show_findings(findings: Iterable[Finding], stream: TextIO) -> None:
    """Each finding: how grave, where, what was found and what it endangers; errors first."""
    console = console_on(stream)
    for finding in sorted(findings, key=lambda f: (f.severity is not Severity.ERROR, f.file, f.line or 0, f.rule)):
        style = "bold red" if finding.severity is Severity.ERROR else "yellow"
        console.print(f"[{style}]{finding.severity}[/] {escape(finding.where)}: {finding.rule}", soft_wrap=True)
        console.print(f"    {finding.message}", soft_wrap=True, markup=False)
        if finding.endangers:
            console.print(f"    endangers: {finding.endangers}", soft_wrap=True, markup=False)


def tally(findings: Sequence[Finding]) -> str:
    """How many errors and warnings there are, in words."""
    grave = sum(finding.severity is Severity.ERROR for finding in findings)
    return f"{_counted(grave, 'error')}, {_counted(len(findings) - grave, 'warning')}"


def _counted(count: int, thing: str) -> str:
    return f"{count:,} {thing}{'' if count == 1 else 's'}"


def account_table(files: Sequence[FileAccount]) -> Table:
    """Rows read, loaded, superseded and rejected by file, how far each file reaches, and rows linked; before it, the share that can be."""
    known = all(file.linked is not None for file in files)
    table = Table(box=None, pad_edge=False)
    for name in ("file", "contract", "read", "loaded", "superseded", "rejected", "data to", "linked" if known else "linkable"):
        table.add_column(name, justify="left" if name in {"file", "contract"} else "right")
    for file in files:
        counts = (f"{count:,}" for count in (file.rows_read, file.loaded, file.superseded, file.rejected))
        data_to = file.data_to.isoformat() if file.data_to else "no date"
        share = f"{file.linked:,}" if known else _share(file.linkable, file.loaded)
        table.add_row(escape(file.file), file.contract, *counts, data_to, share)
    return table


def _share(part: int, whole: int) -> str:
    return f"{100 * part / whole:.0f}%" if whole else "none"


def _rule(rule: str, count: int) -> str:
    return f"{rule} {roughly(count, 'row')}" if rule == RESTRICTED else f"{rule} {count:,}"


def _file_lines(file: FileAccount) -> Iterator[str]:
    """What became of the rows of a file and why, its months, and the columns that are blank most often."""
    for what, rules in (("rejected", file.rejected_by), ("superseded", file.superseded_by)):
        if rules:
            yield f"{what}: " + ", ".join(_rule(rule, count) for rule, count in sorted(rules.items(), key=lambda item: -item[1]))
    months = [month for month in file.months if file.data_to is None or month <= file.data_to]
    if months:
        earlier = f", and {file.earlier:,} rows of earlier ones" if file.earlier else ""
        yield f"months: {len(months)}, from {min(months):%B %Y} to {max(months):%B %Y}{earlier}"
    worst = sorted(file.blank.items(), key=lambda item: (-item[1], item[0]))[:BLANKS_SHOWN]
    if worst:
        yield "blank most often: " + ", ".join(f"{name} {_share(count, file.loaded)}" for name, count in worst)
    if file.missing_columns:
        yield f"columns it doesn't have: {len(file.missing_columns)}"


def write_findings(findings: Iterable[Finding], form: str, stream: TextIO) -> None:
    """Nothing; the findings are on the stream as CSV or JSON, for a program to read."""
    rows = [{field: getattr(finding, field) for field in FINDING_FIELDS} for finding in findings]
    if form == "json":
        stream.write(json.dumps(rows, indent=1) + "\n")
        return
    write_rows(stream, FINDING_FIELDS, (row | {"rows": " ".join(map(str, row["rows"]))} for row in rows))


def show_check(checked: Checked, stream: TextIO) -> None:
    """The account of every file, every finding, and how many there are."""
    console = console_on(stream)
    if checked.files:
        console.print(account_table(checked.files))
        for file in checked.files:
            for number, line in enumerate(_file_lines(file)):
                console.print(f"{'' if number else f'{file.file}{chr(10)}'}    {line}", soft_wrap=True, markup=False)
        console.print()
    show_findings(checked.findings, stream)
    console.print(tally(checked.findings))


def show_started(started: Started, stream: TextIO) -> None:
    """What was decided for a place that was started, and what was found."""
    console, place = console_on(stream), started.place
    for sentence in started.decided:
        console.print(f"  {sentence}", soft_wrap=True, markup=False)
    show_findings(started.findings, stream)
    counts = [
        _counted(len(place.neighbourhoods), "neighbourhood"),
        _counted(len(place.practices), "practice"),
        _counted(len(place.areas), "small area"),
        _counted(len(place.partners), "partner"),
    ]
    console.print(f"{place.name}: {', '.join(counts)}; {tally(started.findings)}", soft_wrap=True, markup=False)


def show_added(added: Added, advice: Sequence[str], stream: TextIO) -> None:
    """What a partner's file holds, what was guessed of it, and what a check of it finds."""
    console, file = console_on(stream), added.file
    how = (
        f"{file.kind} {file.sheet}".strip()
        if file.kind != "text"
        else f"{file.encoding}, parted by {SIGNS.get(file.delimiter, file.delimiter)}"
    )
    console.print(f"{escape(file.name)}: {_counted(file.rows, 'row')}, {_counted(len(file.columns), 'column')}, {how}", soft_wrap=True)
    console.print(profile_table(added))
    console.print(f"contract: [bold]{added.guess.contract.contract}[/] ({escape('; '.join(added.guess.why))})", soft_wrap=True)
    if added.others:
        console.print(f"less likely: {', '.join(other.contract.contract for other in added.others)}; say --contract for another")
    for remark in (*added.remarks, *advice):
        console.print(f"  {remark}", soft_wrap=True, markup=False)
    if added.checked:
        console.print()
        show_check(added.checked, stream)
    source = added.entry.says["name"]
    written = f"source {source} is in sources.yml now: look at each line of it; add-source --remove {source} takes it out again"
    why_not = "nothing was written, as the contract needs more than the file has" if added.guess.missing else "nothing was written"
    console.print(written if added.written else why_not, soft_wrap=True)


SIGNS = {",": "commas", "\t": "tabs", "|": "bars", ";": "semicolons"}


def profile_table(added: Added) -> Table:
    """A row for each column: what it holds, what it becomes and why."""
    table = Table(box=None, pad_edge=False)
    for name in ("column", "holds", "blank", "distinct", "range or values", "field", "", "because"):
        table.add_column(name, justify="right" if name in {"blank", "distinct"} else "left", overflow="fold")
    for column in added.columns:
        mapped = added.mapped.get(column.at)
        holds = column.kind if column.share > ALL_FIT else f"{column.share:.0%} {column.kind}"
        personal = column.personal or ("it tells of a person" if mapped and mapped.field.identifier else "")
        seen = f"{column.least} to {column.most}" if column.least else ", ".join(value for value, _ in column.values[:VALUES_SHOWN])
        seen = f"not shown: {personal}" if personal else seen
        about = (f"{holds} {column.style}".strip(), f"{column.blank:,}", f"{column.distinct:,}", seen)
        into = (mapped.field.name, mapped.sure, mapped.why) if mapped else ("", "", "no field of the contract")
        table.add_row(*(escape(cell) for cell in (column.name or f"column {column.at + 1}", *about, *into)))
    return table


def show_landing(landing: Landing, stream: TextIO) -> None:
    """What was landed, what is missing and what was found, in few lines."""
    console, record = console_on(stream), landing.record
    console.print(f"landing {record.landing_id}" + (", unchanged" if landing.reused else ""))
    console.print(account_table(record.files))
    if record.missing_contracts:
        console.print(f"no extract of: {', '.join(record.missing_contracts)}; what needs them will say so")
    for file in record.files:
        if file.rejected > MANY_REJECTED * file.rows_read:
            console.print(f"[bold red]{file.rejected:,} of {file.rows_read:,} rows of {escape(file.file)} were rejected[/]", soft_wrap=True)
    if landing.waiting:
        console.print(f"{landing.waiting:,} pairs in doubt wait for people's answers: joinedup review")
    show_findings((f for f in landing.findings if f.severity is Severity.ERROR), stream)
    _show_by_rule([f for f in landing.findings if f.severity is Severity.WARNING], console)


def _show_by_rule(warnings: Sequence[Finding], console: Console) -> None:
    """How many rows each rule found, over all files; a warning of no row counts as one."""
    rows: Counter[str] = Counter()
    for warning in warnings:
        rows[warning.rule] += warning.count or 1
    if rows:
        found = ", ".join(f"{rule} {count:,}" for rule, count in rows.most_common())
        console.print(f"warnings, with their rows: {found}; joinedup check says more of most", soft_wrap=True)


def show_build(manifest: Manifest, stream: TextIO, *, unchanged: bool = False) -> None:
    """What was built, what was used again and what took longest."""
    console = console_on(stream)
    if unchanged:
        console.print(f"build {manifest.build_id}: nothing has changed since {manifest.built_at:%d %B %Y, %H:%M} UTC, so nothing was made")
        return
    made = [(name, table) for name, table in manifest.tables.items() if not table.reused]
    rows = sum(table.rows for table in manifest.tables.values())
    console.print(f"build {manifest.build_id}: {len(manifest.tables)} tables, {rows:,} rows; {len(manifest.tables) - len(made)} used again")
    slowest = sorted(made, key=lambda item: -item[1].seconds)[:SLOWEST_SHOWN]
    if slowest:
        console.print("slowest: " + ", ".join(f"{name} {table.seconds:.1f} s" for name, table in slowest))
