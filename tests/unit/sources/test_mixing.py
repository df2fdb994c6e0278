"""Rows of two landings: which are one record, for which cause they differ, and what the tables between the landings hold."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from joinedup.engine.duck import connect
from joinedup.engine.objects import InputFile, sha256_of
from joinedup.engine.results import schema
from joinedup.engine.specs import TableSpec
from joinedup.engine.store import Store
from joinedup.sources.contract import contracts
from joinedup.sources.landed import landing_specs
from joinedup.sources.mixing import Mixing
from joinedup.sources.same_rows import CORRECTION, LINKAGE, NEW, POPULATION, READING

CALLS, LIST = contracts()["ambulance"].landed_spec(), contracts()["register"].landed_spec()
Row = dict[str, Any]


def call(number: int, person: int | None = 7, *, row: int | None = None, file: int = 1, day: int | None = None, **more: Any) -> Row:
    """A row of the ambulance service: a call of its own day unless another is given."""
    when = date(2026, 1, day or number)
    return {
        "file_id": file,
        "source_row": row or number,
        "person_id": person,
        "linked_by": "verified",
        "call_number": f"C{number}",
        "call_date": when,
    } | more


def listed(person: int, *, row: int, file: int = 2, practice: str = "INV01") -> Row:
    """A row of the registration list."""
    told = {"general_medical_practice_code_patient_registration": practice, "start_date_gmp_patient_registration": date(2020, 1, row)}
    return {"file_id": file, "source_row": row, "person_id": person, "linked_by": "verified"} | told


class Landings:
    """Writes landings of calls and registrations."""

    def __init__(self, folder: Path) -> None:
        self.store, self.made = Store(folder / "store").create(), 0

    def landing(
        self, calls: Sequence[Row], people: Sequence[Row] = (), *, files: Mapping[int, str] | None = None, rejected: Sequence[Row] = ()
    ) -> dict[str, InputFile]:
        """The tables of a landing; `files` are the hashes of its files by their numbers: those of calls, but for the second."""
        self.made += 1
        said = {1: "calls", 2: "list"} if files is None else files
        accounts = [_account(number, sha, "register" if number == 2 else "ambulance") for number, sha in said.items()]
        ids = sorted({row["person_id"] for row in (*calls, *people) if row["person_id"]})
        tables = {"landed_ambulance": (CALLS, calls), "landed_register": (LIST, people)}
        of = landing_specs()
        tables |= {
            "landed_file": (of["landed_file"], accounts),
            "superseded": (of["superseded"], ()),
            "rejected": (of["rejected"], rejected),
        }
        tables["landed_person"] = (of["landed_person"], [{"person_id": each, "linked_by": "verified"} for each in ids])
        return {name: self._written(name, spec, rows) for name, (spec, rows) in tables.items()}

    def _written(self, name: str, spec: TableSpec, rows: Sequence[Row]) -> InputFile:
        path = self.store.landed / f"{name}-{self.made}.parquet"
        pq.write_table(pa.Table.from_pylist(list(rows), schema=schema(spec)), path)
        return InputFile(path, sha256_of(path), len(rows))

    def mixed(self, before: Mapping[str, InputFile], after: Mapping[str, InputFile]) -> Mixing:
        """The two with their rows matched."""
        return Mixing.of(connect(), self.store, before, after)


def _account(number: int, sha: str, contract: str) -> Row:
    counts = dict.fromkeys(("rows_read", "loaded", "superseded", "rejected", "linked", "linkable"), 0)
    return {
        "file_id": number,
        "source": contract,
        "partner": "p",
        "contract": contract,
        "file": f"{sha}.csv",
        "sha256": sha,
        "refused": False,
    } | counts


@pytest.fixture
def landings(tmp_path: Path) -> Landings:
    return Landings(tmp_path)


def rows_of(file: InputFile, *names: str) -> list[tuple[Any, ...]]:
    table = pq.read_table(file.path, columns=list(names))
    return list(zip(*(table[name].to_pylist() for name in names), strict=True))


AGAIN = {1: "calls sent again", 2: "list"}


@pytest.mark.parametrize(
    ("after", "files", "counts"),
    [
        pytest.param([call(1), call(2)], None, {}, id="the same"),
        pytest.param([call(1, row=5), call(2, row=4)], AGAIN, {}, id="the same rows in another file, elsewhere"),
        pytest.param([call(1), call(2, 8)], None, {LINKAGE: 1}, id="a row of somebody else"),
        pytest.param([call(1), call(2, 8)], AGAIN, {LINKAGE: 1}, id="a row of somebody else in a file that was sent again"),
        pytest.param([call(1), call(2, linked_by="similar")], None, {LINKAGE: 1}, id="a row linked in another way"),
        pytest.param([call(1), call(2, day=9)], None, {READING: 1}, id="another day read from the same row"),
        pytest.param([call(1), call(2, day=9)], AGAIN, {CORRECTION: 1}, id="another day in a file that was sent again"),
        pytest.param([call(1)], AGAIN, {CORRECTION: 1}, id="a row that was taken back"),
        pytest.param([call(1), call(3, day=2, row=2)], AGAIN, {CORRECTION: 1}, id="a row under another number, of that person and day"),
        pytest.param([call(1), call(2), call(3)], AGAIN, {NEW: 1}, id="a new row"),
        pytest.param(
            [call(1), call(2), call(1, row=1, file=3, day=9, call_number="C9")],
            {1: "calls", 2: "list", 3: "more"},
            {NEW: 1},
            id="a new file",
        ),
    ],
)
def test_a_row_differs_for_one_cause(landings: Landings, after: list[Row], files: dict[int, str] | None, counts: dict[str, int]) -> None:
    found = landings.mixed(landings.landing([call(1), call(2)]), landings.landing(after, files=files))
    assert found.counts == ({"ambulance": counts} if counts else {})


def test_a_row_that_is_rejected_now_is_read_otherwise(landings: Landings) -> None:
    no_more = [{"file_id": 1, "source_row": 2, "rule": "r", "reason": "r"}]
    found = landings.mixed(landings.landing([call(1), call(2)]), landings.landing([call(1)], rejected=no_more))
    assert found.counts == {"ambulance": {READING: 1}}
    assert rows_of(found.up_to({READING})["landed_ambulance"], "call_number") == [("C1",)]


def test_who_leaves_the_list_is_no_longer_linked_for_that_and_not_by_linkage(landings: Landings) -> None:
    before = landings.landing([call(1, 7), call(2, 8)], [listed(7, row=1), listed(8, row=2)])
    after = landings.landing([call(1, 7), call(2, None)], [listed(7, row=1)], files={1: "calls", 2: "a shorter list"})
    found = landings.mixed(before, after)
    assert found.counts == {"ambulance": {POPULATION: 1}, "register": {POPULATION: 1}}
    between = found.up_to({POPULATION})
    assert rows_of(between["landed_register"], "person_id") == [(7,)]
    assert rows_of(between["landed_ambulance"], "person_id") == [(7,), (None,)]


def test_what_changed_is_taken_over_cause_by_cause(landings: Landings) -> None:
    before = landings.landing([call(1), call(2), call(3), call(4)])
    changed = [call(1, 8), call(2, day=9), call(4), call(5)]
    found = landings.mixed(before, landings.landing(changed, files=AGAIN))
    assert found.causes() == [LINKAGE, CORRECTION, NEW]
    linked = found.up_to({LINKAGE})
    told = ("call_number", "person_id", "call_date", "source_row")
    assert [(number, who, day.day) for number, who, day, _ in rows_of(linked["landed_ambulance"], *told)] == [
        ("C1", 8, 1),
        ("C2", 7, 2),
        ("C3", 7, 3),
        ("C4", 7, 4),
    ]
    assert rows_of(linked["landed_person"], "person_id") == [(7,), (8,)]
    corrected = found.up_to({LINKAGE, CORRECTION})
    assert [(number, who, day.day) for number, who, day, _ in rows_of(corrected["landed_ambulance"], *told)] == [
        ("C1", 8, 1),
        ("C2", 7, 9),
        ("C4", 7, 4),
    ]
    assert corrected["landed_register"] == before["landed_register"]


def test_who_was_merged_takes_every_row_along(landings: Landings) -> None:
    before = landings.landing([call(1, 7), call(2, 7), call(3, 9)], [listed(7, row=1), listed(9, row=2)])
    after = landings.landing([call(1, 8), call(3, 9)], [listed(8, row=1), listed(9, row=2)], files=AGAIN)
    found = landings.mixed(before, after)
    assert found.counts == {"ambulance": {LINKAGE: 2, CORRECTION: 1}, "register": {LINKAGE: 1}}
    between = found.up_to({LINKAGE})
    assert rows_of(between["landed_ambulance"], "person_id") == [(8,), (8,), (9,)]
    assert rows_of(between["landed_person"], "person_id") == [(8,), (9,)]
