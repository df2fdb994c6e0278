"""Two years sent month by month, each partner in its own way, with faults, make the record that one file of each source makes."""

from __future__ import annotations

import random
import shutil
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from benchmarks.replicated import replicate
from joinedup.build import all_specs, build, landed_inputs, place_inputs
from joinedup.engine.builder import InputFile, PartFile
from joinedup.engine.builder import build as build_tables
from joinedup.engine.manifest import Manifest
from joinedup.engine.objects import sha256_of
from joinedup.engine.order import inputs_of
from joinedup.engine.parts import digest_of
from joinedup.engine.reader import Reader
from joinedup.engine.rows import same_rows
from joinedup.engine.specs import TableSpec
from joinedup.engine.store import Store
from joinedup.kept.keys import read_key, write_new_key
from joinedup.land import land
from joinedup.sources.landed import read_landing
from joinedup.sources.parting import GOING_ON
from joinedup.sources.synthetic import synthesise

from .conftest import opened

PEOPLE, SEED, NOISE = 600, 20, 1.5
"""The seed is one with which hospitals send by discharge and by admission, as changes, as whole months and as everything each time."""
OF_FILES = ("landed", "file_", "area_file", "data_", "freshness", "source", "place_")
"""How the tables begin that tell of files rather than of people."""
REACH = "known_to"
"""A column that tells up to which day a row's file reaches."""


@pytest.fixture(scope="module")
def records(root: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Reader]:
    """The record of the example place from one file of each source, and from two years of monthly ones; the same faults in both."""
    work = tmp_path_factory.mktemp("monthly")
    write_new_key(work / "key")
    found = {}
    for name in ("once", "monthly"):
        folder, extracts = work / name / "calderdale", work / name / "extracts"
        shutil.copytree(root / "places" / "calderdale", folder)
        own = name == "monthly"
        synthesise(opened(folder), PEOPLE, SEED, extracts, noise=NOISE, monthly=own, own_ways=own)
        if name == "monthly":
            shutil.copy(extracts / "sources.yml", folder / "sources.yml")
        place, store = opened(folder), Store(work / name / "store").create()
        with pytest.MonkeyPatch.context() as patched:
            patched.setattr("joinedup.sources.parting.ROWS_WORTH_PARTS", 200 if own else 10**9)
            landing = land(place, extracts, store, read_key(work / "key", outside=(folder, store.root)))
        assert not any(file.refused for file in landing.accounts)
        build(place, store)
        found[name] = Reader(store)
    return found


def without_file_numbers(table: pa.Table) -> Counter[tuple[object, ...]]:
    """The rows, without the ids that follow from the file and row in which something stood."""
    names = [name for name in table.column_names if name == "person_id" or not name.endswith(("_id", "source_row", REACH))]
    columns = [table[name].to_pylist() for name in names]
    return Counter(tuple(map(_told, row)) for row in zip(*columns, strict=True))


def _told(value: object) -> str:
    """The value as text; sums of fractions in whatever order they were added up."""
    return f"{value:.9g}" if isinstance(value, float) else str(value)


def test_the_record_is_the_same(records: dict[str, Reader]) -> None:
    once, monthly = records["once"], records["monthly"]
    compared = [name for name in once.manifest.tables if not name.startswith(OF_FILES)]
    assert len(compared) > 12
    different = {}
    for name in compared:
        first, second = without_file_numbers(once.table(name)), without_file_numbers(monthly.table(name))
        if first != second:
            different[name] = (sum((first - second).values()), sum((second - first).values()))
    assert different == {}


def test_there_is_something_to_compare(records: dict[str, Reader]) -> None:
    for name in ("activity", "registration", "residence", "person"):
        assert records["monthly"].table(name).num_rows > 500, name


def test_a_place_of_copies_is_in_the_parts_of_the_files_that_it_stands_on(records: dict[str, Reader], tmp_path: Path) -> None:
    own = records["monthly"].store
    landing, many = read_landing(own), replicate(own, Store(tmp_path / "twice"), 2)
    in_parts = {name: table for name, table in landing.tables.items() if table.parts}
    assert len(in_parts) > 5
    for name, table in in_parts.items():
        expected = [(part.value, part.of_files, 2 * part.rows) for part in table.parts]
        assert [(part.value, part.of_files, part.rows) for part in many.tables[name].parts] == expected


LAST, CORRECTED = "2026-03", "2026-01"
"""The month that comes second, and one of which the first landing has a file whose rows are then corrected."""


@pytest.fixture(scope="module")
def by_month(records: dict[str, Reader], tmp_path_factory: pytest.TempPathFactory) -> tuple[Store, Manifest, Manifest]:
    """A store in which the landing without its last month was built, and then all of it: both builds."""
    of_all, store = records["monthly"].store, Store(tmp_path_factory.mktemp("by-month")).create()
    place, specs = opened(of_all.root.parent / "calderdale"), all_specs()
    landed, beside = landed_inputs(read_landing(of_all), of_all), place_inputs(place, store, specs)
    first = build_tables(specs, {name: _before(file, store) for name, file in landed.items()} | beside, store, about={"turn": 1})
    return store, first, build_tables(specs, landed | beside, store, about={"turn": 2})


def _before(file: InputFile, store: Store) -> InputFile:
    """A landed table without its last month, and with another first row where rows are corrected afterwards."""
    kept = [part for part in file.parts if not part.value.startswith(LAST)]
    if not kept:  # in one file, or in one part, as of a source that sends everything each time
        return file
    parts = tuple(
        _otherwise(part, store) if part.value == CORRECTED and part.path.name.startswith("landed_ecds") else part for part in kept
    )
    return InputFile(file.path, digest_of(parts), sum(part.rows for part in parts), parts)


def _otherwise(part: PartFile, store: Store) -> PartFile:
    path = store.inputs / part.path.name
    pq.write_table(pq.read_table(part.path, partitioning=None).slice(1), path, compression="zstd")
    return PartFile(part.value, path, sha256_of(path), part.rows - 1, part.of_files)


def test_a_new_month_gives_the_rows_of_a_full_build(records: dict[str, Reader], by_month: tuple[Store, Manifest, Manifest]) -> None:
    store, _, again = by_month
    found, full = Reader(store), records["monthly"]
    assert again.tables.keys() == full.manifest.tables.keys()
    assert {name: differ for name in again.tables if (differ := same_rows(found.table(name), full.table(name), tolerance=1e-9))} == {}


def test_only_the_parts_that_a_month_changed_are_made(by_month: tuple[Store, Manifest, Manifest]) -> None:
    _, first, again = by_month
    in_parts = {name: record for name, record in again.tables.items() if record.parts}
    assert {name for name, spec in all_specs().items() if spec.derived and spec.apart} == in_parts.keys()
    made = {name: {part.value for part in record.parts if not part.reused} for name, record in in_parts.items()}
    assert made["activity_primary"] == {LAST}
    assert made["activity_attendance"] == {LAST, CORRECTED}
    assert made["activity"] - {f"{LAST}{GOING_ON}"} == {
        LAST,
        CORRECTED,
        "whole",
    }  # the whole of what lies in one file, of which something is new each month
    assert len(first.tables["activity"].parts) > len(made["activity"])


ROW_WISE = ("landed_ecds", "landed_outpatient", "landed_gp_appointment", "landed_gp_medication", "landed_gp_record", "landed_csds")
"""Landed tables of which earlier states are made up, each row by row."""
PROVIDERS = {"organisation_identifier_code_of_provider", "site_code_of_treatment", "practice_code", "cost_centre_ods_code", "procode3"}
AMENDED = ("activity_primary", "activity_attendance", "activity", "place_activity")
"""Tables of which some people's rows alone are made anew."""
LISTS = ("landed_opt_out", "landed_deaths")
"""Landed tables in one file, of which earlier states have fewer people."""
MOVED = 5_000
"""What a file's number was more by, before it was sent again."""
Changed = Callable[[pa.Table, random.Random], pa.Table]


def corrected(rows: pa.Table, chance: random.Random) -> pa.Table:
    """One row was not linked yet, and one wasn't there."""
    rows = rows.slice(1)
    at = chance.randrange(rows.num_rows)
    people = rows["person_id"].to_pylist()
    people[at] = None
    return rows.set_column(rows.schema.get_field_index("person_id"), rows.schema.field("person_id"), pa.array(people, pa.int64()))


def deleted_since(rows: pa.Table, chance: random.Random) -> pa.Table:
    """There was one row more."""
    at = chance.randrange(rows.num_rows)
    more = rows.slice(at, 1)
    index = rows.schema.get_field_index("source_row")
    number = pa.array([10_000_000], rows.schema.field(index).type)
    return pa.concat_tables([rows, more.set_column(index, rows.schema.field(index), number)])


def before_a_provider(rows: pa.Table, chance: random.Random) -> pa.Table:
    """One provider sent nothing yet."""
    column = next((name for name in rows.column_names if name in PROVIDERS), "linked_by")
    code = chance.choice(sorted({each for each in rows[column].to_pylist() if each}))
    return rows.filter(pc.not_equal(pc.fill_null(rows[column], ""), code))


def numbered_otherwise(rows: pa.Table, chance: random.Random) -> pa.Table:
    """One file had another number: it was sent again under another name."""
    index = rows.schema.get_field_index("file_id")
    file = chance.choice(sorted(set(rows["file_id"].to_pylist())))
    numbers = pc.if_else(pc.equal(rows["file_id"], file), pa.scalar(file + MOVED, pa.int32()), rows["file_id"])
    return rows.set_column(index, rows.schema.field("file_id"), numbers)


def earlier(landed: Mapping[str, InputFile], store: Store, seed: int, ways: Sequence[Changed]) -> dict[str, InputFile]:
    """Landed tables as they may have been before: some parts otherwise, each in one of these ways, and some not there yet."""
    chance, found = random.Random(seed), dict(landed)
    monthly = [name for name in ROW_WISE if len(landed[name].parts) > 4]  # others send everything each time
    assert len(monthly) > 1
    for name in monthly:
        file = landed[name]
        kept = file.parts if chance.random() < 0.3 else file.parts[: -chance.randrange(1, 3)]
        other = {part.value: chance.choice(ways) for part in chance.sample(kept, 2)}
        parts = [rewritten(part, store, seed, other[part.value], chance) if part.value in other else part for part in kept]
        found[name] = InputFile(file.path, digest_of(parts), sum(part.rows for part in parts), tuple(parts))
    whole, path = landed["landed_file"], store.inputs / f"landed_file-{seed}.parquet"
    files = pq.read_table(whole.path)
    moved = files.set_column(0, files.schema.field("file_id"), pc.add(files["file_id"], pa.scalar(MOVED, pa.int32())))
    assert files.column_names[0] == "file_id"
    pq.write_table(pa.concat_tables([files, moved]), path)
    found |= {name: shorter(landed[name], store, seed) for name in LISTS}
    return found | {"landed_file": InputFile(path, sha256_of(path), 2 * whole.rows)}


def shorter(file: InputFile, store: Store, seed: int) -> InputFile:
    """A landed table without some of its rows."""
    assert not file.parts
    path, rows = store.inputs / f"{seed}-{file.path.name}", pq.read_table(file.path, partitioning=None)
    pq.write_table(rows.slice(seed + 1), path, compression="zstd")
    return InputFile(path, sha256_of(path), rows.num_rows - seed - 1)


def rewritten(part: PartFile, store: Store, seed: int, way: Changed, chance: random.Random) -> PartFile:
    there, path = pq.read_table(part.path, partitioning=None), store.inputs / f"{seed}-{part.path.name}"
    rows = way(there.cast(pa.schema([field.with_nullable(True) for field in there.schema])), chance)
    pq.write_table(rows, path, compression="zstd")
    return PartFile(part.value, path, sha256_of(path), rows.num_rows, tuple(sorted(set(rows["file_id"].to_pylist()))))


def test_whatever_landed_before_the_rows_are_those_of_a_full_build(
    records: dict[str, Reader], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """New months, corrections, deletions, files under other numbers, new providers, and a table defined otherwise, one after another."""
    monkeypatch.setattr("joinedup.engine.amending.ROWS_WORTH_AMENDING", 1)
    of_all, store, specs = records["monthly"].store, Store(tmp_path / "store").create(), all_specs()
    landed = landed_inputs(read_landing(of_all), of_all)
    beside = place_inputs(opened(of_all.root.parent / "calderdale"), store, specs)
    ways = (corrected, deleted_since, before_a_provider, numbered_otherwise)
    first = earlier(landed, store, 1, ways) | beside
    told = specs["file_told"].model_copy(update={"sql": str(specs["file_told"].sql).replace("count(*)", "2 * count(*)")})
    build_tables(specs | {"file_told": told}, first, store, about={"turn": 1})
    defined = build_tables(specs, first, store, about={"turn": 2})
    made = {name for name, record in defined.tables.items() if not record.reused}
    assert "told_count" in made
    assert made <= {"file_told"} | below("file_told", specs)
    build_tables(specs, earlier(landed, store, 2, ways) | beside, store, about={"turn": 3})
    again = build_tables(specs, landed | beside, store, about={"turn": 4})
    assert 0 < sum(not part.reused for part in again.tables["activity"].parts) < len(again.tables["activity"].parts)
    for name in AMENDED:
        assert any(part.amends for part in again.tables[name].parts), name
    found, full = Reader(store), records["monthly"]
    assert {name: differ for name in again.tables if (differ := same_rows(found.table(name), full.table(name), tolerance=1e-9))} == {}


def below(table: str, specs: Mapping[str, TableSpec]) -> set[str]:
    """The tables that are made from a table, or from what is."""
    readers = {name for name, spec in specs.items() if spec.derived and table in inputs_of(spec)}
    return readers.union(*(below(name, specs) for name in readers))
