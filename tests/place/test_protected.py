"""A whole place with a protected person and restricted codes planted in its extracts: neither is in anything that comes out."""

from __future__ import annotations

import csv
import shutil
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner

from joinedup.access.aggregates import open_aggregates
from joinedup.access.caller import caller_for
from joinedup.access.people import TABLES, open_people
from joinedup.access.protected import protected_in
from joinedup.access.records import open_records, specs
from joinedup.access.sought import by_number
from joinedup.build import build
from joinedup.cli import main
from joinedup.engine.reader import Reader
from joinedup.errors import Refused
from joinedup.naming import names_from, seeks_in
from joinedup.papers.pages import write_pages
from joinedup.sources.synthetic import synthesise
from joinedup.tabular import write_table

from .conftest import Example, landed, opened

POSTCODE, AREA, ELSEWHERE, TERM = "ZZ99 8QQ", "E01010875", "E01010876", "Planted HIV infection"
ACCOUNT = "planted-account"


@dataclass(frozen=True)
class Planted:
    """The place, and who was planted in it."""

    example: Example
    number: str
    out: Path
    said: str
    """What verbs printed."""


def change(path: Path, change: Callable[[list[dict[str, str]]], None]) -> None:
    with path.open(encoding="utf-8", newline="") as file:
        reader = csv.DictReader(file)
        rows, names = list(reader), reader.fieldnames or []
    change(rows)
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, names)
        writer.writeheader()
        writer.writerows(rows)


@pytest.fixture(scope="module")
def planted(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Planted:
    work = tmp_path_factory.mktemp("planted")
    folder, extracts = work / "calderdale", work / "extracts"
    shutil.copytree(root / "places" / "calderdale", folder)
    synthesise(opened(folder), 600, 3, extracts)
    number = plant(extracts)
    made = landed(folder, extracts, work)
    build(made.place, made.store)
    out = work / "out"
    out.mkdir()
    return Planted(made, number, out, everything(made, number, out, work))


def plant(extracts: Path) -> str:
    """The NHS number of somebody who now lives where nobody else does, is on the list of protected people, and has a restricted entry."""
    who: dict[str, str] = {}

    def move(rows: list[dict[str, str]]) -> None:
        numbers = [row["NHS_NUMBER"] for row in rows]
        who.update(
            next(
                row
                for row in rows
                if row["NHS_NUMBER"] and numbers.count(row["NHS_NUMBER"]) == 1 and not row["END_DATE_GMP_PATIENT_REGISTRATION"]
            )
        )
        for row in (row for row in rows if row["LSOA_OF_RESIDENCE"] == AREA):
            row["LSOA_OF_RESIDENCE"] = ELSEWHERE
        for row in (row for row in rows if row["NHS_NUMBER"] == who["NHS_NUMBER"]):
            row |= {"POSTCODE_OF_USUAL_ADDRESS": POSTCODE, "LSOA_OF_RESIDENCE": AREA}

    change(extracts / "register.csv", move)
    same = {name: who[name] for name in ("NHS_NUMBER", "PERSON_BIRTH_DATE")}
    change(extracts / "protected_person.csv", lambda rows: rows.append({**same, "PROTECTED_FROM": "2025-01-01"}))
    change(extracts / "staff_person.csv", lambda rows: rows.append({**same, "ACCOUNT": ACCOUNT}))
    entry = {**same, "ENTRY_ID": "planted", "PRACTICE": who["GENERAL_MEDICAL_PRACTICE_CODE_PATIENT_REGISTRATION"]}
    coded = {"EVENT_DATE": "2025-05-01", "CODE": "86406008", "CODE_SYSTEM": "SNOMED CT", "TERM": TERM}
    change(extracts / "gp_record.csv", lambda rows: rows.append({**entry, **coded}))
    return who["NHS_NUMBER"]


def everything(made: Example, number: str, out: Path, work: Path) -> str:
    """What verbs print; pages for both audiences and exports of every table lie in `out`."""
    planning = caller_for(made.place, "planning")
    for audience in ("internal", "public"):
        write_pages(
            open_aggregates(made.store, made.place, planning, audience), made.place, out / audience, cache=made.store.root / "charts"
        )
    for table in specs():
        columns = ["birth_year", "neighbourhood_id", "practice_code", "area_code", "care_home"]
        with suppress(Refused):  # of a few people there is none
            write_table(open_records(made.store, made.place, planning).rows(planning, table, columns=columns), out / f"{table}.csv")
    care = caller_for(made.place, "direct care", reason="on ward 4 today, discharge plan")
    door = open_people(made.store, made.place, care, names_from(made.store, made.keys), seeks=seeks_in(made.store, made.keys))
    [person] = door.found(care, by_number(number)).rows["person_id"].to_pylist()
    shown = [door.found(care, by_number(number)), door.person(care, person), *(door.rows(care, person, table) for table in TABLES)]
    said = [str(each.rows.to_pydict()) + str(each.notes) for each in (*shown, door.listed(care))]
    place, store, key = str(made.folder), str(made.store.root), str(work / "key")
    for words in (
        ["show", place, "people", "--person", str(person), "--reason", "on ward 4 today, discharge plan", "--store", store, "--key", key],
        ["land", place, "--extracts", str(made.extracts), "--store", store, "--key", key],
        ["check", place, "--extracts", str(made.extracts), "--out", str(out / "check")],
        ["audit", "report", place, "--store", store],
    ):
        done = CliRunner().invoke(main, words)
        said += [done.stdout, done.stderr]
    return "\n".join(said)


def test_the_person_is_there_and_is_protected(planted: Planted) -> None:
    reader = Reader(planted.example.store)
    [person] = [row["person_id"] for row in reader.table("listed_person").to_pylist() if row["area_code"] == AREA]
    assert person in protected_in(planted.example.store).tolist()
    assert person in reader.table("staff_person")["person_id"].to_pylist()
    assert f"{person},{ACCOUNT}" in (planted.example.store.kept / "staff_people.csv").read_text(encoding="utf-8")


def test_where_they_are_is_in_nothing_that_is_shown(planted: Planted) -> None:
    assert [word for word in (POSTCODE, POSTCODE.replace(" ", ""), AREA) if word in planted.said] == []
    files = [path for path in planted.out.rglob("*") if path.is_file()]
    assert len(files) > 50
    sought = [word.encode() for word in (POSTCODE, POSTCODE.replace(" ", ""), AREA)]
    assert [path for path in files if any(word in path.read_bytes() for word in sought)] == []


def test_the_address_is_in_clear_nowhere_in_the_store(planted: Planted) -> None:
    words = [word.encode() for word in (POSTCODE, POSTCODE.replace(" ", ""), planted.number, TERM, ACCOUNT)]
    store = planted.example.store
    found = {path.name for path in store.root.rglob("*") if path.is_file() for word in words if word in path.read_bytes()}
    assert found == {"staff_people.csv"}
    assert list(store.tmp.iterdir()) == []


def test_a_restricted_entry_is_in_no_table_and_is_counted(planted: Planted) -> None:
    store = planted.example.store
    for path in [*store.landed.rglob("*.parquet"), *store.objects.rglob("*.parquet")]:
        text = str(pq.read_table(path).to_pydict()) if pq.read_metadata(path).num_rows < 200_000 else ""
        assert TERM not in text
        assert "'86406008'" not in text
    [file] = [file for file in planted.example.landing.accounts if file.contract == "gp_record"]
    assert file.rejected_by["restricted-code"] >= 1
    assert "86406008" not in planted.said
    assert TERM not in planted.said
