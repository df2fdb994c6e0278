"""The story of a hand-off: what is asked, collected through the doors, and written as one folder that is there whole or not at all."""

from __future__ import annotations

import hashlib
import shutil
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa

from joinedup.access.aggregates import Aggregates, open_aggregates
from joinedup.access.caller import Caller
from joinedup.access.disclosure import Audience
from joinedup.access.handing import AskedTable, Collected, Handing, open_handing
from joinedup.access.records import TABLES
from joinedup.access.stamp import stamp_of
from joinedup.engine.manifest import read_manifest
from joinedup.engine.store import PRIVATE_FOLDER, Store
from joinedup.errors import Refused
from joinedup.hand_off.beside import check_folder, written_beside
from joinedup.hand_off.described import File, Table, joined, of_counts, of_rows, pseudonyms
from joinedup.hand_off.dictionary import COLUMNS, lines, write_dictionary
from joinedup.hand_off.examples import write_examples
from joinedup.hand_off.forms import Form, Given, file_of, in_workbook, refuse_too_long, rows_of, write_csv, write_parquet
from joinedup.hand_off.package import data_package
from joinedup.hand_off.star_files import write_for_databases, write_star
from joinedup.hand_off.terms import Terms, readme, terms_of
from joinedup.kept.copies import note_copy
from joinedup.outcomes.measure_folder import headlines
from joinedup.place.model import Place
from joinedup.progress import Progress, Step, silent

COUNTS = {
    "area_population": "population",
    "area_deprivation": "deprivation",
    "area_month": "activity",
    "area_cost": "costs",
    "measure_value": "measures",
}
"""Tables of counts that may be handed off, and what the aggregates door calls them."""
WORK = ".work"
"""In the folder while it is written: rows that are laid aside."""


@dataclass(frozen=True)
class HandOff:
    """What is asked of the doors for one folder."""

    place: Place
    store: Store
    caller: Caller
    tables: tuple[AskedTable, ...]
    audience: Audience = "internal"
    progress: Progress = silent

    @property
    def of_rows(self) -> list[AskedTable]:
        """Those of the records door."""
        return [each for each in self.tables if each.table in TABLES]

    @property
    def of_counts(self) -> list[str]:
        """Those of the aggregates door."""
        return [each.table for each in self.tables if each.table not in TABLES]


def known_tables(names: Sequence[str]) -> None:
    """Nothing where tables of these names may be asked for; Refused, with those there are, where not."""
    unknown = [name for name in names if name not in TABLES and name not in COUNTS]
    twice = sorted({name for name in names if names.count(name) > 1})
    if unknown or twice or not names:
        said = (
            f"{', '.join(unknown)} can't be handed off"
            if unknown
            else f"{', '.join(twice)} is named twice"
            if twice
            else "no table is named"
        )
        raise Refused(f"{said}; there are {', '.join(TABLES)} (rows of people) and {', '.join(COUNTS)} (counts)")


def for_form(asked: HandOff, form: Form) -> HandOff:
    """What is asked, and in a star of rows the people: they are the dimension that facts lead to."""
    lacks = form == "star" and asked.of_rows and not any(each.table == "person" for each in asked.tables)
    return replace(asked, tables=(AskedTable("person"), *asked.tables)) if lacks else asked


def dry_run(asked: HandOff) -> list[Table]:
    """What would leave: tables, columns and rows. Logged as a look, and refused just as the release would be."""
    handing, counts = _doors(asked)
    collected = [_collected(handing, at, None, asked) for at in range(len(handing.sieves))] if handing else []
    if handing:
        handing.said("nowhere", collected, dry=True)
    return [*(of_rows(each) for each in collected), *(each.table for each in _counted(counts, asked))]


def hand_off(asked: HandOff, form: Form, out: Path) -> Path:
    """The folder, written whole: the tables in a form, what describes them, and notebooks that begin there. It is one release."""
    check_folder(out)
    asked = for_form(asked, form)
    handing, counts = _doors(asked)
    with written_beside(out) as folder:
        (folder / WORK).mkdir(mode=PRIVATE_FOLDER)
        collected = [_collected(handing, at, folder / WORK, asked) for at in range(len(handing.sieves))] if handing else []
        rows = [Given(of_rows(each), each.sets) for each in collected]
        if form == "xlsx":
            refuse_too_long([each.table for each in rows])
        if handing:
            handing.said(out.name, collected)
        given = [*rows, *_counted(counts, asked)]
        if form == "star":
            tables = write_star(asked.place, given, folder, asked.progress)
        else:
            tables = joined(_written(given, form, folder, asked.progress), {each.table: each for each in collected})
        release = handing.registered(out.name, collected, _hash_of(tables)) if handing else None
        terms = _terms(asked, release)
        also = [*_described(terms, tables, form, folder), *write_examples(terms, tables, folder)]
        (folder / "README.txt").write_text(readme(terms, tables, also), encoding="utf-8")
        shutil.rmtree(folder / WORK)
        if handing:
            note_copy(asked.store.kept, "release", out)
    return out


def _doors(asked: HandOff) -> tuple[Handing | None, Aggregates | None]:
    """The doors that what is asked for needs, each open; Refused where one stays shut."""
    known_tables([each.table for each in asked.tables])
    if asked.audience == "public" and asked.of_rows:
        raise Refused(f"{asked.of_rows[0].table} holds rows of single people, which never go to the public; ask for {', '.join(COUNTS)}")
    handing = open_handing(asked.store, asked.place, asked.caller, asked.of_rows) if asked.of_rows else None
    return handing, open_aggregates(asked.store, asked.place, asked.caller, asked.audience) if asked.of_counts else None


def _collected(handing: Handing, at: int, work: Path | None, asked: HandOff) -> Collected:
    began = time.perf_counter()
    found = handing.collected(handing.sieves[at], work)
    done = Step("collect", found.table, at + 1, len(handing.sieves), time.perf_counter() - began, rows={"may leave": found.told.rows})
    asked.progress(done)
    return found


def _counted(counts: Aggregates | None, asked: HandOff) -> list[Given]:
    """The tables of counts, as the door gives them."""
    return [_given(name, counts.table_of(COUNTS[name]), asked.audience) for name in asked.of_counts] if counts is not None else []


def _given(name: str, found: pa.Table, audience: str) -> Given:
    table = of_counts(name, found, audience)
    rows = found.select([each.name for each in table.fields]).cast(table.schema)
    return Given(table, lambda: [rows])


def _written(given: Sequence[Given], form: Form, folder: Path, progress: Progress) -> list[Table]:
    """The tables, with the files that they now stand in."""
    if form == "xlsx":
        return _workbook(given, folder, progress)
    write = write_parquet if form == "parquet" else write_csv
    made = []
    for at, each in enumerate(given, start=1):
        began = time.perf_counter()
        file = write(each.sets(), each.table.schema, folder / f"{each.table.name}.{form}")
        progress(Step("write", file.path, at, len(given), time.perf_counter() - began, rows={"written": each.table.rows}))
        made.append(replace(each.table, files=(file,)))
    return made


def _workbook(given: Sequence[Given], folder: Path, progress: Progress) -> list[Table]:
    """The same in one workbook, a sheet a table and one for the dictionary."""
    tables = [each.table for each in given]
    refuse_too_long(tables)
    path = folder / "tables.xlsx"
    with in_workbook(path, folder / WORK) as book:
        for at, each in enumerate(given, start=1):
            began = time.perf_counter()
            book.write(each.table.name, each.table.schema.names, rows_of(each.sets(), pseudonyms(each.table)))
            progress(Step("write", each.table.name, at, len(given), time.perf_counter() - began, rows={"written": each.table.rows}))
        book.write("data dictionary", COLUMNS, lines(tables))
    return [replace(table, files=(file_of(path, "xlsx"),)) for table in tables]


def _described(terms: Terms, tables: Sequence[Table], form: Form, folder: Path) -> list[str]:
    """The names of the files that describe the tables."""
    names = write_dictionary(terms, tables, folder)
    (folder / "datapackage.json").write_text(data_package(terms, tables), encoding="utf-8")
    if form == "star":
        names += write_for_databases(terms, tables, folder)
    sums = {file.path: file.sha256 for file in _files(tables)}
    (folder / "SHA256SUMS").write_text("".join(f"{digest}  {name}\n" for name, digest in sums.items()), encoding="utf-8")
    return [*names, "datapackage.json", "SHA256SUMS"]


def _terms(asked: HandOff, release: int | None) -> Terms:
    manifest = read_manifest(asked.store)
    used = manifest.about.get("place", {}).get("uses", {}).get(asked.caller.purpose, ())
    stamp = stamp_of(manifest, asked.place, headlines(asked.place.folder))
    now = datetime.now(UTC)
    return terms_of(asked.place, asked.caller, stamp, used, release=release, audience=asked.audience, now=now)


def _files(tables: Iterable[Table]) -> list[File]:
    return [file for table in tables for file in table.files]


def _hash_of(tables: Iterable[Table]) -> str:
    """Of all files that hold rows: what the register keeps of what left."""
    said = sorted({f"{file.sha256}  {file.path}\n" for file in _files(tables)})
    return hashlib.sha256("".join(said).encode()).hexdigest()
