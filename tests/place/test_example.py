"""The example place, end to end: both engines agree, nothing is lost, nobody is named."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from joinedup.build import build
from joinedup.engine.reader import Reader
from joinedup.engine.rows import same_rows

from .conftest import Example, copy_of


@pytest.mark.spark
@pytest.mark.usefixtures("java")
def test_the_whole_example_is_equal_on_duckdb_and_spark(example: Example, tmp_path: Path) -> None:
    on_spark = copy_of(example, tmp_path)
    build(on_spark.place, on_spark.store, engine="spark")
    duck, spark = Reader(example.store), Reader(on_spark.store)
    assert duck.manifest.tables.keys() == spark.manifest.tables.keys()
    assert len(duck.manifest.tables) > 10
    different = {name: same_rows(duck.table(name), spark.table(name), tolerance=1e-9) for name in duck.manifest.tables}
    assert {name: said for name, said in different.items() if said} == {}


def test_every_row_is_accounted_for(example: Example) -> None:
    for file in example.landing.accounts:
        assert file.rows_read == file.loaded + file.superseded + file.rejected
        assert file.rows_read > 0
    record = example.landing.record
    for name, links in record.links.items():
        assert sum(links.values()) == sum(f.loaded for f in record.files if f.contract == name)


def test_an_unchanged_build_does_nothing(example: Example) -> None:
    before = Reader(example.store).manifest
    assert build(example.place, example.store) == before


def test_the_same_landing_gives_the_same_rows_in_another_store(example: Example, tmp_path: Path) -> None:
    again = copy_of(example, tmp_path)
    build(again.place, again.store)
    first, second = Reader(example.store), Reader(again.store)
    assert {n: t.digest for n, t in first.manifest.tables.items()}.keys() == second.manifest.tables.keys()
    for name in first.manifest.tables:
        assert same_rows(first.table(name), second.table(name)) == []


def identifiers_in(extracts: Path, column: str) -> pa.Array:
    """What the extracts say under an identifier's name, blanks apart."""
    text = (extracts / "register.csv").read_text(encoding="utf-8").splitlines()
    at = text[0].split(",").index(column)
    return pa.array({line.split(",")[at].strip('"') for line in text[1:]} - {""})


@pytest.mark.parametrize("identifier", ["NHS_NUMBER", "POSTCODE_OF_USUAL_ADDRESS", "PERSON_FAMILY_NAME"])
def test_no_identifier_leaves_the_landing(example: Example, identifier: str) -> None:
    known = identifiers_in(example.extracts, identifier)
    assert len(known) > 10
    files = [*example.store.landed.rglob("*.parquet"), *example.store.objects.glob("*.parquet")]
    assert len(files) > 20
    for path in files:
        table = pq.read_table(path)
        for name in table.column_names:
            column = table[name].combine_chunks()
            if pa.types.is_string(column.type) or pa.types.is_integer(column.type):
                assert not pc.any(pc.is_in(pc.cast(column, pa.string()), known)).as_py(), f"{path.name} holds a {identifier} in {name}"


def test_no_file_of_the_store_is_open_to_others(example: Example) -> None:
    for path in example.store.root.rglob("*"):
        assert path.stat().st_mode & 0o077 == 0, path.name
