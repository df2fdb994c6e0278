"""How a build was made: what each table and each step of the landing cost, what was used again, and why the rest was made."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from joinedup.access.built import Built
from joinedup.engine.causes import began_with
from joinedup.engine.manifest import Because, Manifest, TableRecord, parts_made
from joinedup.engine.measuring import Measured, StepMeasured
from joinedup.engine.profiles import heading, plan_text
from joinedup.papers.figure import BOTH, Column, Figure, Table, titled
from joinedup.papers.figures import bars
from joinedup.papers.figures.bars import Bar
from joinedup.papers.numbers import NO_DATA, amount, duration, moment, whole
from joinedup.papers.summary import KeyFigure
from joinedup.papers.words import capital, listed, many

MOST_NAMED = 3
"""Tables that a reason on the page names; the download names all."""
MOST_BARS = 12
"""Tables or steps that have a bar; the rest are in the table below."""
STAGES = {
    "read": "Read",
    "settle": "Settle",
    "check": "Check",
    "number": "Link",
    "match": "Match",
    "link": "Keep",
    "write": "Write",
}
TERMS = (
    ("By the clock", "Seconds from the beginning of a table's query to its file being checked and in place. Of that table alone."),
    (
        "Processor",
        "What the process had of processors. It has no parts by table: it is told of a table only where no other was being made at the "
        "same time, and of the whole build always.",
    ),
    (
        "Threads at work",
        "Seconds that the engine's threads spent on that table's query, all together, as DuckDB counts them. On a machine with other work "
        "waiting for a core is in it.",
    ),
    (
        "Rows read",
        "Rows scanned in the files that a query reads. Row groups that could hold nothing of use are passed over and not counted.",
    ),
    (
        "Memory at most",
        "What DuckDB held while the query ran. It has one store of memory, so what it held for other tables of that time is in it. The key "
        "figure above is that of the whole process.",
    ),
    ("Spilled", "What DuckDB had written to the store's own folder at most, for want of memory; in the same way with other tables' share."),
)


def in_template(built: Built) -> Mapping[str, Any]:
    """What the template shows, but for the pictures."""
    manifest = built.manifest
    return {
        "manifest": manifest,
        "made_at": moment(manifest.built_at),
        "keys": key_figures(built),
        "beginnings": beginnings(manifest),
        "terms": TERMS,
        "plans": plans(built),
        "measured": manifest.measured,
        "made_and_used_again": in_short(manifest),
        "peak_of_all": bool(manifest.measured and manifest.measured.peak_of_all_it_did),
    }


def plans(built: Built) -> list[tuple[str, str]]:
    """The slowest tables by themselves and the plans of their queries; none where nobody has asked for query profiles."""
    if built.profile is None:
        return []
    total = sum(table.measured.seconds for table in built.profile.tables)
    return [(heading(table, total), plan_text(table)) for table in built.profile.slowest]


def key_figures(built: Built) -> list[KeyFigure]:
    """What to know first."""
    manifest, cost, landing = built.manifest, built.manifest.measured, built.landing
    made = [record for record in manifest.tables.values() if not record.reused]
    saved = sum(record.measured.seconds for record in manifest.tables.values() if record.reused and record.measured)
    jobs = f"{many(cost.jobs, 'table', 'tables')} at a time, {many(cost.cores, 'core', 'cores')}" if cost and cost.jobs else ""
    return [
        KeyFigure("Build, by the clock", duration(cost.seconds if cost else None), jobs, ""),
        KeyFigure("Processor", duration(cost.processor_seconds if cost else None), "of the whole process", ""),
        KeyFigure("Memory at most", amount(cost.peak_memory if cost else None), "of the whole process", ""),
        KeyFigure("Tables made", whole(len(made)), f"of {len(manifest.tables)}", ""),
        KeyFigure("Used again", whole(len(manifest.tables) - len(made)), f"that had taken {duration(saved)}", ""),
        KeyFigure("Rows written", whole(sum(record.rows for record in made)), "in the tables made", ""),
        KeyFigure("Landing, by the clock", duration(landing.seconds if landing else None), "of what the build stands on", ""),
    ]


def in_short(manifest: Manifest) -> str:
    """What was made and what was used again, in a sentence."""
    made = sum(not record.reused for record in manifest.tables.values())
    again = len(manifest.tables) - made
    if not manifest.before:
        return f"No build had been published before it, so each of its {many(made, 'table', 'tables')} was made."
    they = "it was" if again == 1 else "they were"
    return (
        f"{many(made, 'table was', 'tables were')} made and {many(again, 'was', 'were')} used again, as {they} "
        f"made from the same things in a build before. The build before was {manifest.before}."
    )


def tables_figure(built: Built, *, invented: bool) -> Figure:
    """The tables that took longest, those used again as outlines; with the table of all."""
    records = sorted(built.manifest.tables.items(), key=lambda item: (-_seconds(item[1]), item[0]))
    drawn = [
        Bar(name, None if record.reused else _seconds(record), _seconds(record) if record.reused else None, _words(record))
        for name, record in records[:MOST_BARS]
    ]
    about, key = (
        "Seconds by the clock for each table, the slowest",
        "Bars: made in this build. Outlines: used again, and what making it took.",
    )
    return _figure("tables", _finding(records), about, key, drawn, _of_tables(built.manifest, [name for name, _ in records]), invented)


def steps_figure(built: Built, *, invented: bool) -> Figure:
    """The steps of the landing that took longest, with the table of all."""
    steps = sorted(built.steps, key=lambda step: -step.seconds)
    about, key = "Seconds by the clock for each step of the landing, the slowest", "A bar is a step."
    if not steps:
        return Figure("steps", "Steps of the landing", about, key, reason="The landing is of before its steps were measured.")
    total = sum(step.seconds for step in steps)
    drawn = [Bar(_step(step), step.seconds, None, duration(step.seconds)) for step in steps[:MOST_BARS]]
    finding = f"{_step(steps[0])} took {duration(steps[0].seconds)} of the {duration(total)} of the landing"
    return _figure("steps", finding, about, key, drawn, _of_steps(built.steps), invented)


def _figure(name: str, finding: str, about: str, key: str, drawn: Sequence[Bar], table: Table, invented: bool) -> Figure:  # noqa: PLR0913, PLR0917
    reach = max((bar.value or bar.place or 0.0 for bar in drawn), default=0.0)
    charts = {size: titled(bars.chart(drawn, reach, size), size, about, key, invented=invented) for size in BOTH}
    return Figure(name, finding, about, key, table, charts)


def _finding(records: Sequence[tuple[str, TableRecord]]) -> str:
    made = [(name, record) for name, record in records if not record.reused]
    if not made:
        return "Every table was used again"
    total = sum(record.seconds for _, record in made)
    slowest, record = made[0]
    return f"{slowest} took longest: {duration(record.seconds)} of the {duration(total)} of all that were made"


def _seconds(record: TableRecord) -> float:
    """What making a table took, in whichever build that was."""
    return record.measured.seconds if record.measured else record.seconds


def _words(record: TableRecord) -> str:
    return f"{duration(_seconds(record))}{', used again' if record.reused else ''}"


def _of_tables(manifest: Manifest, names: Sequence[str]) -> Table:
    """A row for each table, in the order given."""
    records = [manifest.tables[name] for name in names]
    cost = [record.measured for record in records]
    seconds = [_seconds(record) for record in records]
    reasons, short = ([why(manifest, name, most) for name in names] for most in (None, MOST_NAMED))
    return Table(
        "What each table cost, and why it was made",
        [
            Column("Table", list(names), "table", list(names)),
            Column("By the clock", [duration(each) for each in seconds], "seconds", seconds),
            *_costs(cost),
            Column("Rows", [whole(record.rows) for record in records], "rows", [record.rows for record in records]),
            Column(
                "Parts made", [parts_made(record) or "—" for record in records], "parts_made", [parts_made(record) for record in records]
            ),
            Column("Why", short, "why", reasons, text=True),
            Column(name="reused", values=[record.reused for record in records]),
            Column(name="made_in", values=[record.made_in for record in records]),
        ],
    )


def _costs(cost: Sequence[Measured | None]) -> list[Column]:
    """What the engine and the process say of each table."""
    shown: dict[str, tuple[str, Callable[[float | None], str]]] = {
        "processor_seconds": ("Processor", duration),
        "thread_seconds": ("Threads at work", duration),
        "rows_read": ("Rows read", whole),
        "peak_memory": ("Memory at most", amount),
        "spilled": ("Spilled", amount),
    }
    columns = []
    for name, (head, words) in shown.items():
        values = [None if each is None else getattr(each, name) for each in cost]
        columns.append(Column(head, [words(value) for value in values], name, values))
    return [*columns, Column(name="others_at_once", values=[None if each is None else each.beside for each in cost])]


def why(manifest: Manifest, name: str, most: int | None = None) -> str:
    """Why a table was made, or that it was used again, in words; of many names the first `most` are told."""
    record = manifest.tables[name]
    if record.reused:
        return "used again" + (f", from build {record.made_in}" if record.made_in else "")
    reason = record.because
    if reason is None:
        return NO_DATA
    if reason.first:
        return "the build before had no such table" if manifest.before else "there was no build before"
    said = _own(reason)
    if reason.inputs:
        roots = [root for root in began_with(manifest, name) if root not in {*reason.inputs, name}]
        said.append(f"{_few(reason.inputs, most)} changed" + (f", because of {_few(roots, most)}" if roots else ""))
    return "; ".join(said)


def _few(names: Sequence[str], most: int | None) -> str:
    """The names, or the first of them and how many more there are."""
    if most is None or len(names) <= most + 1:
        return listed(names)
    return listed([*names[:most], f"{len(names) - most} more"])


def _own(reason: Because) -> list[str]:
    """The causes of a table's own, in words."""
    causes = {"another engine": reason.engine, "its definition changed": reason.definition, "its file was gone or damaged": reason.damaged}
    return [words for words, so in causes.items() if so]


def beginnings(manifest: Manifest) -> Table:
    """Where the work began: each thing that changed, with how many tables were made because of it and what they took."""
    found: dict[str, list[str]] = {}
    for name in [name for name, record in manifest.tables.items() if not record.reused]:
        for root in began_with(manifest, name):
            found.setdefault(root, []).append(name)
    roots = sorted(found, key=lambda root: (-sum(manifest.tables[name].seconds for name in found[root]), root))
    seconds = [round(sum(manifest.tables[name].seconds for name in found[root]), 3) for root in roots]
    counts = [len(found[root]) for root in roots]
    what = [_what(manifest, root) for root in roots]
    return Table(
        "What had changed, and the tables made because of it",
        [
            Column("What", roots, "what", roots),
            Column("How it changed", what, "how", what, text=True),
            Column("Tables made", [whole(count) for count in counts], "tables", counts),
            Column("By the clock", [duration(each) for each in seconds], "seconds", seconds),
        ],
    )


def _what(manifest: Manifest, root: str) -> str:
    """How the beginning of some work had changed, in words."""
    if root in manifest.inputs:
        return "landed rows" if manifest.inputs[root].files[0].startswith("landed") else "table of the place or of reference data"
    reason = manifest.tables[root].because
    if reason is None:
        return "table of a build before the last"
    return "new table" if reason.first else listed(_own(reason))


def _of_steps(steps: Sequence[StepMeasured]) -> Table:
    """A row for each step, in the order in which they were done."""
    rows = [listed([f"{count:,} {kind}" for kind, count in step.rows.items()]) or "—" for step in steps]
    return Table(
        "What each step of the landing cost",
        [
            Column("Step", [_step(step) for step in steps], "name", [step.name for step in steps]),
            Column(name="stage", values=[step.stage for step in steps]),
            Column("By the clock", [duration(step.seconds) for step in steps], "seconds", [step.seconds for step in steps]),
            Column(
                "Processor", [duration(step.processor_seconds) for step in steps], "processor_seconds", [s.processor_seconds for s in steps]
            ),
            Column("Rows", rows, "rows", rows, text=True),
        ],
    )


def _step(step: StepMeasured) -> str:
    return f"{STAGES.get(step.stage, capital(step.stage))}: {step.name}"
