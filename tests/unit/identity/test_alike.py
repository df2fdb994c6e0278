"""Twins, namesakes and sources beside pairs in doubt."""

from __future__ import annotations

from datetime import date

import duckdb
import pyarrow as pa
import pytest

from joinedup.identity.alike import with_people_alike
from joinedup.kept.pairs import PAIR_SCHEMA

MAY, JUNE = date(1950, 5, 4), date(1980, 6, 1)
PEOPLE = [
    (1, "HILL", "JOHN", MAY, "AB12CD"),
    (2, "HILL", "JON", JUNE, "AB12CD"),
    (3, "HILL", "ZARA", MAY, "AB12CD"),
    (4, "HILLS", "J", JUNE, "AB12CD"),
    (5, "HILL", "JOHN", MAY, "ZZ12CD"),
    (6, "DALE", "JOHN", MAY, "AB12CD"),
    (7, "HILL", "MARY", JUNE, "AB12CD"),
]


FIELDS = [(f"{side}_{name}", pa.string()) for side in "rp" for name in ("family", "given", "born", "postcode")]
SCHEMA = pa.unify_schemas([PAIR_SCHEMA, pa.schema(FIELDS)])


def pair(person_id: int, record: tuple[str | None, ...], person: tuple[str | None, ...]) -> dict[str, object]:
    names = ("family", "given", "born", "postcode")
    sides = {f"{side}_{name}": text for side, said in (("r", record), ("p", person)) for name, text in zip(names, said, strict=True)}
    return {"record_hash": b"\1" * 32, "contract": "visit", "person_id": person_id, "probability": 0.9, **sides}


JOHN = ("HILL", "JOHN", "1950-05-04", "AB12CD")
NOBODY = (None, None, None, None)


@pytest.mark.parametrize(
    ("record", "person", "twins", "namesakes"),
    [
        (JOHN, JOHN, "1", "2"),
        (("HILL", "JOHN", "1950-05-04", None), ("HILL", "JOHN", "1950-05-04", "ZZ99"), None, None),
        (NOBODY, JOHN, "1", "2"),
        (JOHN, NOBODY, "1", "2"),
        (("HILL", "MARIE", "1990-01-02", "AB12CD"), NOBODY, None, "1"),
        (NOBODY, NOBODY, None, None),
    ],
)
def test_others_at_one_postcode(
    record: tuple[str | None, ...], person: tuple[str | None, ...], twins: str | None, namesakes: str | None
) -> None:
    con = duckdb.connect()
    con.execute("CREATE TABLE known_person (person_id BIGINT, family VARCHAR, given VARCHAR, born DATE, postcode VARCHAR)")
    con.executemany("INSERT INTO known_person VALUES (?, ?, ?, ?, ?)", PEOPLE)
    pairs = pa.Table.from_pylist([pair(1, record, person), pair(5, NOBODY, NOBODY)], schema=SCHEMA)
    found = with_people_alike(con, pairs)
    assert found.select(pairs.column_names).to_pylist() == pairs.to_pylist(), "nothing else changes, nor their order"
    assert list(zip(*found.select(["p_twins", "p_namesakes"]).to_pydict().values(), strict=True)) == [(twins, namesakes), (None, None)]
