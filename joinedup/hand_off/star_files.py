"""The files of a star: facts and dimensions as Parquet and CSV, and what takes them into databases and Power BI."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

import pyarrow as pa

from joinedup.hand_off.described import Table
from joinedup.hand_off.forms import Given, Sets, write_csv, write_lines, write_parquet
from joinedup.hand_off.star import star_of
from joinedup.hand_off.star_sql import POSTGRESQL, SQL_SERVER, create_tables, load_tables, relationships
from joinedup.hand_off.terms import Terms
from joinedup.outcomes.measure_folder import definitions
from joinedup.place.model import Place
from joinedup.progress import Progress, Step


def write_star(place: Place, given: Sequence[Given], folder: Path, progress: Progress) -> tuple[Table, ...]:
    """The tables as facts and dimensions, each as Parquet and as CSV."""
    star = star_of(place, {each.id: each for each in definitions(place.folder)})
    facts = []
    for each in given:
        if each.table.name == "person":
            star.with_people(each.table, each.sets())
    kept = [each for each in given if each.table.name != "person"]
    for at, each in enumerate(kept, start=1):
        began = time.perf_counter()
        table, sets = star.fact(each.table, each.sets)
        facts.append(_in_both(table, sets, folder))
        done = Step("write", table.name, at, len(kept), time.perf_counter() - began, rows={"written": table.rows})
        progress(done)
    dimensions = [_in_both(table, partial(_once, rows), folder) for table, rows in star.dimensions(facts)]
    return (*dimensions, *facts)


def _once(rows: pa.Table) -> Iterable[pa.Table]:
    return [rows]


def _in_both(table: Table, sets: Sets, folder: Path) -> Table:
    """The table, in a file of Parquet and one of CSV, in which yes and no are 1 and 0 as databases load them."""
    numbers = pa.schema([pa.field(each.name, pa.int8() if pa.types.is_boolean(each.type) else each.type) for each in table.schema])
    as_parquet = write_parquet(sets(), table.schema, folder / f"{table.name}.parquet")
    return replace(table, files=(as_parquet, write_csv(sets(), numbers, folder / f"{table.name}.csv")))


def write_for_databases(terms: Terms, tables: Sequence[Table], folder: Path) -> list[str]:
    """The names of the files that take a star into databases and Power BI."""
    made = {
        "create_tables.sql": create_tables(terms, tables, SQL_SERVER),
        "load_tables.sql": load_tables(terms, tables, SQL_SERVER),
        "create_tables.postgresql.sql": create_tables(terms, tables, POSTGRESQL),
        "load_tables.postgresql.sql": load_tables(terms, tables, POSTGRESQL),
    }
    for name, text in made.items():
        (folder / name).write_text(text, encoding="utf-8")
    write_lines(
        relationships(tables), ("from_table", "from_column", "to_table", "to_column", "cardinality", "active"), folder / "relationships.csv"
    )
    return [*made, "relationships.csv"]
