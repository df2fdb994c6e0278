"""What a build was given is looked into: a column or a value that identifies people stops it, and codes that look a little alike don't."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from joinedup.engine.results import schema
from joinedup.engine.store import Store
from joinedup.errors import PlaceError, StoreProblem
from joinedup.sources.contract import contracts
from joinedup.sources.identifying import COLUMN, UNDECLARED, VALUES, identifiers_in, refuse_identifiers
from joinedup.sources.landed import LandedTable, landing_specs
from tests.unit.identity.people import nhs_number

NUMBERS = [nhs_number(place) for place in range(20)]


def found_in(folder: Path, name: str = "landed_community_activity", **columns: list[str]) -> list[tuple[str, str]]:
    """Rule and the first words of the message for a landed table with these columns."""
    pq.write_table(pa.table(columns), folder / "table.parquet")
    tables = {name: LandedTable(file="table.parquet", digest="0", rows=0)}
    return [(finding.rule, finding.message) for finding in identifiers_in(tables, folder, folder / "tmp")]


@pytest.mark.parametrize(
    ("likeness", "values"),
    [
        ("NHS numbers", NUMBERS),
        ("NHS numbers", [f"{n[:3]} {n[3:6]} {n[6:]}" for n in NUMBERS]),
        ("an NHS number within text", [*["advice"] * 500, f"seen again, {NUMBERS[0][:3]} {NUMBERS[0][3:6]} {NUMBERS[0][6:]}, call back"]),
        ("postcodes", ["ZZ99 3VZ", "ZZ99 3CZ", "zz1 1aa", "ZZ12AB", "ZZ9 9ZZ", "ADVICE"]),
        ("postcodes within text", [f"moved to {code} in May" for code in ("ZZ99 3VZ", "ZZ1 1AA", "ZZ2 2BB")]),
        ("e-mail addresses", [*["advice"] * 500, "write to nobody@example.org"]),
        ("mobile telephone numbers", ["07700 900001", "07700900002", "+447700900003"]),
        ("dates", ["1950-05-04", "1961-06-15", "26/07/1972"]),
        ("people's names", ["Mrs Planted", "MR GROWN", "Miss Sown"]),
    ],
)
def test_values_that_identify_people_are_found_and_not_repeated(tmp_path: Path, likeness: str, values: list[str]) -> None:
    [(rule, message)] = found_in(tmp_path, service=values)
    assert rule == VALUES
    assert "column service" in message
    assert f"look like {likeness}" in message
    assert not any(value in message for value in values)


@pytest.mark.parametrize(
    "values",
    [
        [str(number) for number in range(4_000_000_000, 4_000_000_200)],  # a counter of ten digits: one in eleven is right by chance
        ["E01010620", "E01010621", "A81001", "B85006", "RWY01", "RX1RA", "U81415", "00CZ"],
        ["1082641000000106", "1240561000000108", "73211009", "22298006", "195967001", "E11.9", "I21"],
        ["08:30", "23:59", "12:00"],
        ["2025-26", "2024-25", "Q1 2025", "mid-2020"],
        ["Dr to review", "mr", "missed", "Missing", "MSK", "master class"],
        ["020000000AAAAAA", "0407010H0AAAMAM", "0601022B0AAABAB"],
        [NUMBERS[0], "not known"],  # a single number of ten digits may be anything
    ],
)
def test_codes_are_left_alone(tmp_path: Path, values: list[str]) -> None:
    assert found_in(tmp_path, service=values) == []


def test_a_counter_with_real_numbers_among_it_is_found_by_their_share(tmp_path: Path) -> None:
    counter = [str(number) for number in range(4_000_000_000, 4_000_000_010)]
    assert [rule for rule, _ in found_in(tmp_path, service=[*NUMBERS, *counter])] == [VALUES]


def test_columns_that_landing_does_not_write_are_found(tmp_path: Path) -> None:
    one = ["x"]
    assert found_in(tmp_path, service=one, NHSNO=one, Date_Of_Birth=one, remarks=one) == [
        (COLUMN, "column NHSNO is one that identifies people; land again and hand over what landing writes"),
        (COLUMN, "column Date_Of_Birth is one that identifies people; land again and hand over what landing writes"),
        (UNDECLARED, "column remarks is not one of landed_community_activity; hand over what landing writes, unaltered"),
    ]


def test_no_landed_table_is_declared_with_a_column_that_identifies(tmp_path: Path) -> None:
    specs = [contract.landed_spec() for contract in contracts().values()] + list(landing_specs().values())
    for spec in specs:
        pq.write_table(schema(spec).empty_table(), tmp_path / f"{spec.table}.parquet")
    tables = {spec.table: LandedTable(file=f"{spec.table}.parquet", digest="0", rows=0) for spec in specs}
    assert len(tables) > 20
    assert identifiers_in(tables, tmp_path, tmp_path / "tmp") == []


def test_what_was_looked_into_is_not_read_again_until_it_changes(tmp_path: Path) -> None:
    from types import SimpleNamespace

    store = Store(tmp_path / "store").create()

    def landing(digest: str) -> SimpleNamespace:
        return SimpleNamespace(tables={"landed_community_activity": LandedTable(file="table.parquet", digest=digest, rows=1)})

    pq.write_table(pa.table({"service": ["advice"]}), store.root / "table.parquet")
    refuse_identifiers(landing("a"), store)  # type: ignore[arg-type]
    pq.write_table(pa.table({"service": NUMBERS}), store.root / "table.parquet")
    refuse_identifiers(landing("a"), store)  # type: ignore[arg-type]
    with pytest.raises(PlaceError, match="nothing was built"):
        refuse_identifiers(landing("b"), store)  # type: ignore[arg-type]
    with pytest.raises(PlaceError):
        refuse_identifiers(landing("b"), store)  # type: ignore[arg-type]


def test_a_file_that_is_no_table_is_said(tmp_path: Path) -> None:
    (tmp_path / "table.parquet").write_bytes(b"not a table")
    with pytest.raises(StoreProblem, match="is missing or is no Parquet file"):
        identifiers_in({"landed_apc": LandedTable(file="table.parquet", digest="0", rows=0)}, tmp_path, tmp_path)
