"""The verb changes: what differs between two builds, and why."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from joinedup.cli.shared import (
    acting,
    example,
    open_place,
    open_store,
    outside,
    place_argument,
    say_who_is_waited_for,
    store_option,
    working_options,
)

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from joinedup.access.changes import Cell, Changes
    from joinedup.outcomes.measure_definition import MeasureDefinition
    from joinedup.place.model import Place


AREA = 2
"""Values that tell an area apart: its kind and id."""


@click.command(
    epilog=example(
        "joinedup changes places/calderdale --store demo/calderdale/store",
        "joinedup changes places/calderdale --measure emergency_bed_days --store demo/calderdale/store --format csv",
        "joinedup changes places/calderdale --since 1 --store demo/calderdale/store --format json",
        "joinedup changes places/calderdale --since 1 --until 2 --store demo/calderdale/store --out demo/changes",
        "joinedup changes places/calderdale --store demo/calderdale/store --out demo/changes.csv",
    )
)
@place_argument
@click.option("--since", default="", help="The earlier build, by its id or number [the one before the published one].")
@click.option("--until", default="", help="The later build, by its id or number [the published one].")
@click.option(
    "--measure", help="One measure, or published table, by the name that evidence keys begin with [those of the overview, by area]."
)
@click.option("--format", "form", type=click.Choice(["table", "csv", "json"]), default="table", show_default=True)
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    help="A new file (.csv, .json, .parquet or .xlsx) for the numbers, or a folder for the page, outside PLACE.",
)
@click.option("--purpose", default="planning", show_default=True, help="What for: it is logged.")
@store_option
@working_options
def changes(
    place_folder: Path,
    since: str,
    until: str,
    measure: str | None,
    form: str,
    out: Path | None,
    purpose: str,
    store_folder: Path | None,
    wait: float,
    quiet: bool,
) -> None:
    """What differs between two builds, and why.

    Every difference is told by its cause: software, place folder, code list, definition, linkage, late correction, population, new data.
    The causes are changed one at a time, in this order, and what each did to a number adds up to its whole difference. Any two builds
    that are kept can be compared: joinedup builds tells which there are. What was found is kept with them. It is for staff:
    differences of true counts would tell the public what is suppressed.
    """
    import pyarrow as pa

    from joinedup.access.aggregates import open_aggregates
    from joinedup.access.changing import earlier_build, find_changes, later_build
    from joinedup.build import all_specs
    from joinedup.report import progress_on
    from joinedup.tabular import show_table

    place = open_place(place_folder)
    store = open_store(place, store_folder)
    _may_write(place, out)
    door = open_aggregates(store, place, acting(place, purpose), "internal")
    say_who_is_waited_for(store, wait)
    with store.lock("comparison", wait=wait), progress_on(sys.stderr, quiet) as progress:
        after = later_build(store, until)
        before = earlier_build(store, after, since)
        find_changes(store, place, before, after, all_specs(place), progress=progress)
    found = door.changes(before.build_id, after.build_id)
    assert found is not None
    cells = _asked(found, measure, door.measure_specs())
    if out is not None:
        click.echo(_written(found, cells, place, door.measure_specs(), out))
    elif form == "json":
        click.echo(_json(found, cells))
    elif cells:
        show_table(pa.Table.from_pylist([_row(found, cell) for cell in cells]), form, sys.stdout)
    if not quiet and form != "json":
        _tell(found)


def _may_write(place: Place, out: Path | None) -> None:
    """Nothing where a file or folder may be written there; a usage error, or StoreProblem, before anything is compared."""
    from joinedup.tabular import check_out

    if out is not None and outside(place, out, "--out").suffix:
        check_out(out)


def _written(found: Changes, cells: Sequence[Cell], place: Place, specs: Mapping[str, MeasureDefinition], out: Path) -> Path:
    """The file of numbers, or the page, that was written."""
    import os

    import pyarrow as pa

    from joinedup.engine.store import PRIVATE_FILE, store_errors
    from joinedup.papers.changes_page import write_changes
    from joinedup.tabular import write_table

    if not out.suffix:
        return write_changes(found, place, specs, out)
    if out.suffix == ".json":
        with store_errors(out), os.fdopen(os.open(out, os.O_WRONLY | os.O_CREAT | os.O_EXCL, PRIVATE_FILE), "w", encoding="utf-8") as file:
            file.write(_json(found, cells) + "\n")
        return out
    rows = [_row(found, cell) for cell in cells]
    names = ["key", "count", "before", "after", "difference", *(turn.name for turn in found.turns)]
    write_table(pa.Table.from_pylist(rows) if rows else pa.table({name: pa.array([], pa.string()) for name in names}), out)
    return out


def _json(found: Changes, cells: Sequence[Cell]) -> str:
    """All of it, the numbers by cause."""
    told = found.model_dump(mode="json") | {"cells": [_plain(found, cell) for cell in cells]}
    return json.dumps(told, indent=1, ensure_ascii=False)


def _asked(found: Changes, measure: str | None, headlines: Collection[str]) -> list[Cell]:
    """The numbers that were asked for: of a measure or table everything, else the values of the measures on the overview, by area."""
    if measure is not None:
        return [cell for cell in found.cells if cell.name == measure]
    return [cell for cell in found.cells if cell.count == "value" and cell.name in headlines and len(cell.told_apart) == AREA]


def _plain(found: Changes, cell: Cell) -> dict[str, Any]:
    shares = dict(zip((turn.name for turn in found.turns), cell.shares, strict=True))
    return {
        "key": cell.key,
        "count": cell.count,
        "before": cell.before,
        "after": cell.after,
        "difference": cell.difference,
        "shares": shares,
    }


def _row(found: Changes, cell: Cell) -> dict[str, Any]:
    """A row of the table: each cause a column."""
    plain = _plain(found, cell)
    shares = plain.pop("shares")
    return {name: _short(value) for name, value in {**plain, **shares}.items()}


def _short(value: object) -> object:
    """A number as it is read: no more digits than say something."""
    return round(value, 4) if isinstance(value, float) else value


def _tell(found: Changes) -> None:
    """Nothing; stderr says what was compared, and what exactly each cause was."""
    click.echo(
        f"build {found.before.number or found.before.build_id} to {found.after.number or found.after.build_id}: "
        f"{len(found.cells):,} of {found.compared:,} published numbers changed, {len(found.tables):,} tables hold something else",
        err=True,
    )
    for turn in found.turns:
        click.echo(f"{turn.name}: {'; '.join(turn.details) or 'nothing that can be named'}", err=True)
    for line in found.not_told:
        click.echo(f"not told: {line}", err=True)
