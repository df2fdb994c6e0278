"""What a terminal shows: progress, findings, the accounts of a landing and of a build."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, TextIO

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn
from rich.progress import Progress as Bars
from rich.table import Table

from joinedup.findings import Finding, Severity
from joinedup.progress import Progress, Step, silent

if TYPE_CHECKING:
    from joinedup.engine.manifest import Manifest
    from joinedup.land import Landing
    from joinedup.sources.check import Checked

PIPE_WIDTH = 200
SLOWEST_SHOWN = 3


def console_on(stream: TextIO) -> Console:
    """A console that wraps to the terminal's width, and hardly at all in a pipe."""
    console = Console(file=stream, highlight=False)
    return console if console.is_terminal else Console(file=stream, highlight=False, width=PIPE_WIDTH)


@contextmanager
def progress_on(stream: TextIO, quiet: bool = False) -> Iterator[Progress]:
    """Shows each step that ends, and a bar for the stage: on a terminal only, and not when asked to be quiet."""
    console = console_on(stream)
    if quiet or not console.is_terminal:
        yield silent
        return
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Bars(*columns, console=console, transient=True) as bars:
        yield _show_on(bars)


def _show_on(bars: Bars) -> Progress:
    """What shows a step: a line above the bar of its stage."""
    stages = {}

    def show(step: Step) -> None:
        if step.stage not in stages:
            stages[step.stage] = bars.add_task(step.stage, total=step.total)
        bars.update(stages[step.stage], completed=step.done, total=step.total)
        bars.console.print(step_line(step), highlight=False)

    return show


def step_line(step: Step) -> str:
    """One step: what it was, its rows by kind and its seconds."""
    rows = ", ".join(f"{count:,} {kind}" for kind, count in step.rows.items())
    how = "used again" if step.reused else f"{step.seconds:.1f} s"
    return f"  {step.stage:<10} {step.name:<32} {rows:<60} {how:>10} {step.note}".rstrip()


def show_findings(findings: Iterable[Finding], stream: TextIO) -> None:
    """Each finding: how grave, where, what was found and what it endangers; errors first."""
    console = console_on(stream)
    for finding in sorted(findings, key=lambda f: (f.severity is not Severity.ERROR, f.file, f.line or 0, f.rule)):
        count = f" ({finding.count:,} {'row' if finding.count == 1 else 'rows'})" if finding.count else ""
        style = "bold red" if finding.severity is Severity.ERROR else "yellow"
        console.print(f"[{style}]{finding.severity}[/] {finding.where}: {finding.rule}{count}", soft_wrap=True)
        console.print(f"    {finding.message}", soft_wrap=True, markup=False)
        if finding.endangers:
            console.print(f"    endangers: {finding.endangers}", soft_wrap=True, markup=False)


def account_table(files: Iterable[object], title: str) -> Table:
    """Rows read, loaded, superseded and rejected by file, and how far each file reaches."""
    table = Table(title=title, title_justify="left", box=None, pad_edge=False)
    for name, side in (("file", "left"), ("contract", "left"), ("read", "right"), ("loaded", "right")):
        table.add_column(name, justify=side)  # type: ignore[arg-type]
    for name in ("superseded", "rejected", "linked", "data to"):
        table.add_column(name, justify="right")
    for file in files:
        counts = [getattr(file, what, None) for what in ("rows_read", "loaded", "superseded", "rejected", "linked")]
        data_to = getattr(file, "data_to", None)
        table.add_row(
            str(getattr(file, "file", "")),
            str(getattr(file, "contract", "")),
            *("" if count is None else f"{count:,}" for count in counts),
            data_to.isoformat() if data_to else "no date",
        )
    return table


def show_check(checked: Checked, stream: TextIO) -> None:
    """The account of every file, every finding, and how many there are."""
    console = console_on(stream)
    if checked.files:
        console.print(account_table(checked.files, "Files"))
        console.print()
    show_findings(checked.findings, stream)
    errors = sum(finding.severity is Severity.ERROR for finding in checked.findings)
    console.print(f"{errors} errors, {len(checked.findings) - errors} warnings")


def show_landing(landing: Landing, stream: TextIO) -> None:
    """What was landed, what is missing and what was found, in few lines."""
    console, record = console_on(stream), landing.record
    console.print(account_table(record.files, f"Landing {record.landing_id}" + (", unchanged" if landing.reused else "")))
    if record.missing_contracts:
        console.print(f"no extract of: {', '.join(record.missing_contracts)}; what needs them will say so")
    show_findings((f for f in landing.findings if f.severity is Severity.ERROR), stream)
    warnings = sum(f.severity is Severity.WARNING for f in landing.findings)
    if warnings:
        console.print(f"{warnings} warnings: joinedup check shows them")


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
