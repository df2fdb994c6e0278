"""What changed since the build before, as a board reads it: each measure with what every cause did to it, then the tables for analysts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from typing import Any

from joinedup.access.changes import Cell, Changes, largest
from joinedup.access.published import PUBLISHED
from joinedup.engine.comparing import TableChange
from joinedup.papers.figure import BOTH, Column, Figure, Table, titled
from joinedup.papers.figures import waterfall
from joinedup.papers.figures.waterfall import Rung
from joinedup.papers.needs import MeasureSpec
from joinedup.papers.numbers import NO_DATA, day, rate, whole
from joinedup.papers.words import capital, listed, many
from joinedup.place.model import Place

WHOLE = ("place", "place")
MOST_CELLS, MOST_OF_A_TABLE = 25, 4
"""Published numbers that the page lists, and of one table, those that changed most first; `joinedup changes --format csv` has all."""
MEANT = {
    "software": "Another engine, or files read by another version of joinedup.",
    "place folder": "What the place's own files say: practices and neighbourhoods, areas, agreements, how files are read.",
    "code list": "Lists of codes, rules of conditions and scores, and other reference data.",
    "definition": "What is counted, and how: the SQL of a table, or the definition of a measure.",
    "linkage": "The same rows, of somebody else or of nobody, or linked in another way.",
    "late correction": "Rows that a later file corrects or takes back.",
    "population": "Who is counted: registrations, deaths, objections, protected people.",
    "new data": "Rows that weren't there before, and the period that moves on with them.",
}


def in_template(found: Changes, place: Place, specs: Mapping[str, MeasureSpec]) -> Mapping[str, Any]:
    """What the template shows, but for the pictures."""
    return {
        "headline": headline(found, specs),
        "sentences": sentences(found, specs)[1:],
        "changes": found,
        "as_at_before": day(date.fromisoformat(found.before.as_at)) if found.before.as_at else NO_DATA,
        "as_at_after": day(date.fromisoformat(found.after.as_at)) if found.after.as_at else NO_DATA,
        "turns": found.turns,
        "meant": MEANT,
        "numbers": numbers(found, place, specs),
        "tables_changed": tables(found),
        "how_many": f"{whole(len(found.cells))} of {whole(found.compared)} published numbers changed.",
    }


def headline(found: Changes, specs: Mapping[str, MeasureSpec]) -> str:
    """What happened to the measures of the whole place, and why: the one that changed most first."""
    whole_place = [cell for cell in values_of(found, specs) if cell.told_apart == WHOLE and cell.difference]
    if not found.cells:
        return "No published number changed."
    if not whole_place:
        causes = sorted({turn.name for at, turn in enumerate(found.turns) if any(cell.shares[at] for cell in found.cells)})
        by = f", by {listed(causes)}" if causes else ""
        return f"The measures of the place as a whole are what they were; other numbers changed{by}."
    first, *rest = sentences(found, specs)
    return f"{first} {capital(many(len(rest), 'other measure', 'other measures'))} changed, too." if rest else first


def sentences(found: Changes, specs: Mapping[str, MeasureSpec]) -> list[str]:
    """What happened to each measure of the whole place that changed, and why; the one that changed most first."""
    cells = [cell for cell in values_of(found, specs) if cell.told_apart == WHOLE and cell.difference]
    return [f"{moved(cell, specs[cell.name])}, {mostly(cell, found)}." for cell in largest(cells)]


def moved(cell: Cell, spec: MeasureSpec) -> str:
    """How a measure went from one value to another."""
    if rate(cell.before) == rate(cell.after):
        return f"{spec.title} stayed near {rate(cell.after)} {spec.unit}"
    way = "rose" if (cell.difference or 0) > 0 else "fell"
    return f"{spec.title} {way} from {rate(cell.before)} to {rate(cell.after)} {spec.unit}"


def mostly(cell: Cell, found: Changes) -> str:
    """Which causes did most of it, and which the other way."""
    told = [(share, turn.name) for share, turn in zip(cell.shares, found.turns, strict=True) if share and signed(share) != rate(0)]
    shares = sorted(told, key=lambda each: -abs(each[0]))
    with_it = [each for each in shares if each[0] * (cell.difference or 0.0) > 0]
    against = [each for each in shares if each not in with_it]
    if not shares:
        return "and no cause alone moved it by as much as is shown"
    if rate(cell.before) == rate(cell.after):
        return f"though {listed([f'{name} ({signed(share)})' for share, name in shares[:2]])} moved it"
    by = (
        f"because of {listed([f'{name} ({signed(share)})' for share, name in with_it[:2]])}"
        if with_it
        else "because of causes too small to show"
    )
    return f"{by}, against {listed([f'{name} ({signed(share)})' for share, name in against[:2]])}" if against else by


def signed(value: float | None, said: Callable[[float | None], str] = rate) -> str:
    """A difference with its sign."""
    if value is None:
        return NO_DATA
    return said(0) if said(abs(value)) == said(0) else f"{'+' if value > 0 else '−'}{said(abs(value))}"


def values_of(found: Changes, specs: Mapping[str, MeasureSpec]) -> list[Cell]:
    """The values of measures that changed, in the order of pages."""
    order = list(specs)
    of_areas = [each for each in found.cells if each.name in specs and each.count == "value" and len(each.told_apart) == len(WHOLE)]
    return sorted(of_areas, key=lambda cell: order.index(cell.name))


def figures(found: Changes, place: Place, specs: Mapping[str, MeasureSpec]) -> list[Figure]:
    """For each measure that changed: a picture of the whole place, and the table of its neighbourhoods."""
    made = []
    for spec in specs.values():
        cells = [cell for cell in values_of(found, specs) if cell.name == spec.id]
        if cells:
            made.append(_figure(found, place, spec, cells))
    return made


def _figure(found: Changes, place: Place, spec: MeasureSpec, cells: Sequence[Cell]) -> Figure:
    table = by_area(found, place, spec, cells)
    of_place = next((cell for cell in cells if cell.told_apart == WHOLE), None)
    about, key = (
        f"{spec.title}, {spec.unit}: {place.name}",
        "Grey: before and after, on a scale that doesn't begin at 0. Blue takes it up, purple down.",
    )
    name, why = f"changed-{spec.id.replace('_', '-')}", f"{spec.id}/place/place"
    if of_place is None or of_place.difference is None:
        reason = "The place as a whole has no other value, or had or has none." if of_place is None else "It wasn't, or isn't, known."
        return Figure(name, f"{spec.title}: neighbourhoods changed", about, key, table, reason=reason, why=why)
    rungs = ladder(found, of_place)
    charts = {size: titled(waterfall.chart(rungs, size), size, about, key, invented=place.invented) for size in BOTH}
    return Figure(name, f"{moved(of_place, spec)}, {mostly(of_place, found)}", about, key, table, charts, why=why)


def ladder(found: Changes, cell: Cell) -> list[Rung]:
    """Where it began, what each cause did, and where it ended."""
    before, after = cell.before or 0.0, cell.after or 0.0
    rungs, at = [Rung("Before", before, before, rate(before), whole=True)], before
    for turn, share in zip(found.turns, cell.shares, strict=True):
        rungs.append(Rung(capital(turn.name), at, at + (share or 0.0), signed(share)))
        at += share or 0.0
    return [*rungs, Rung("After", after, after, rate(after), whole=True)]


def by_area(found: Changes, place: Place, spec: MeasureSpec, cells: Sequence[Cell]) -> Table:
    """What each cause did to a measure, by area."""
    named = {each.id: each.name for each in place.neighbourhoods} | {"place": place.name, "none": "No neighbourhood"}
    ordered = sorted(cells, key=lambda cell: (cell.told_apart == WHOLE, cell.told_apart))
    ids = [cell.told_apart[-1] for cell in ordered]
    columns = [Column("Area", [named.get(each, each) for each in ids], "area", ids), *_columns(found, ordered)]
    total, keys = ordered[-1].told_apart == WHOLE, [cell.key for cell in ordered]
    return Table(f"{spec.title}, {spec.unit}: what each cause did", columns, total, keys)


def _columns(found: Changes, cells: Sequence[Cell]) -> list[Column]:
    """Before, what each cause did, and after."""
    plain = all(value is None or value == int(value) for cell in cells for value in cell.values)
    said = whole if plain else rate
    made = [Column("Before", [said(cell.before) for cell in cells], "before", [cell.before for cell in cells])]
    for at, turn in enumerate(found.turns):
        shares = [cell.shares[at] for cell in cells]
        made.append(Column(capital(turn.name), [signed(share, said) for share in shares], turn.name.replace(" ", "_"), shares))
    return [*made, Column("After", [said(cell.after) for cell in cells], "after", [cell.after for cell in cells])]


def numbers(found: Changes, place: Place, specs: Mapping[str, MeasureSpec]) -> Table:
    """The published numbers that changed most for their size, besides measures."""
    by_size = largest([cell for cell in found.cells if cell.name not in specs and cell.difference])
    seen = Counter[str]()
    cells = [cell for cell in by_size if not seen.update([cell.name]) and seen[cell.name] <= MOST_OF_A_TABLE][:MOST_CELLS]
    title, keys = {name: of.title for name, of in PUBLISHED.items()}, [cell.key for cell in cells]
    of = [", ".join(each for each in cell.told_apart if each and each != "place") or place.name for cell in cells]
    said = [f"{title.get(cell.name, cell.name)}: {each}" for cell, each in zip(cells, of, strict=True)]
    counts = [cell.count for cell in cells]
    counted = Column("Of it", [each.replace("_", " ") for each in counts], "count", counts, text=True)
    columns = [Column("Number", said, "key", keys), counted, *_columns(found, cells)]
    return Table("Published numbers that changed most for their size", columns, why=keys)


def tables(found: Changes) -> Table:
    """The tables that hold something else."""
    rows = sorted(found.tables, key=lambda table: (table.kind != "derived", table.table))
    counts = {"Rows before": "before", "Rows now": "after", "Came": "added", "Went": "gone", "Changed": "changed"}
    columns = [
        Column("Table", [table.title for table in rows], "table", [table.table for table in rows]),
        Column("Kind", [table.kind for table in rows], "kind", [table.kind for table in rows], text=True),
    ]
    for head, name in counts.items():
        values = [getattr(table, name) for table in rows]
        columns.append(Column(head, [_rows(name, each) for each in values], name, values))
    most = [sorted(table.columns.items(), key=lambda each: -each[1])[:3] for table in rows]
    worst = [", ".join(f"{name} ({count:,})" for name, count in each) for each in most]
    by_turn = [_by_turn(found, table) for table in rows]
    columns.append(Column("By cause", [each or "not told" for each in by_turn], "by_cause", by_turn, text=True))
    columns.append(Column("Columns that changed most", [each or "none" for each in worst], "columns", worst, text=True))
    return Table(f"{many(len(rows), 'table holds', 'tables hold')} something else", columns)


def _by_turn(found: Changes, table: TableChange) -> str:
    """Which causes a table holds something else for, and how many rows each added or took away."""
    turns = zip(found.turns, table.shares, table.moved, strict=False)
    return ", ".join(f"{turn.name} ({signed(rows, whole_of)})" if rows else turn.name for turn, rows, moved in turns if moved or rows)


def whole_of(rows: float | None) -> str:
    """A count of rows."""
    return NO_DATA if rows is None else whole(int(rows))


def _rows(name: str, rows: int | None) -> str:
    """A count of rows; where there is none, the build has no such table, or they weren't compared."""
    if rows is None:
        return "no such table" if name in ("before", "after") else "not compared"
    return whole(rows)
