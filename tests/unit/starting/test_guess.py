"""How alike names are, which code a value means, and what a column holds."""

from __future__ import annotations

from pathlib import Path

import pytest

from joinedup.engine.duck import connect
from joinedup.sources.contract import contracts
from joinedup.starting.coding import code_for
from joinedup.starting.guess import best, guess, guesses
from joinedup.starting.likeness import likeness
from joinedup.starting.profile import ColumnProfile, profile
from joinedup.starting.shapes import SHAPES
from joinedup.starting.tables import FileTable, keep_table
from tests.unit.starting.odd import NHS, family, nhs, postcode

SEEN = (*SHAPES, "nhs", "length", "known_name", "date", "births")
GENDER = {"1": "Male", "2": "Female", "9": "Indeterminate, neither male nor female", "X": "Not known"}
STATUS = {"2": "Cancelled by the person", "3": "Did not attend, without warning", "05": "Attended on time"}


@pytest.mark.parametrize(
    ("first", "second", "least", "most"),
    [
        ("Admission Dt", "Date of admission", 0.9, 1),
        ("dob", "PERSON_BIRTH_DATE", 0.85, 1),
        ("NHSNumber", "NHS_NUMBER", 1, 1),
        ("Diagnosis 1", "DIAG_01", 1, 1),
        ("Postcode", "PERSON_BIRTH_DATE", 0, 0.1),
        ("Dischrage date", "DISCHARGE_DATE", 0.9, 1),
        ("start date", "END_DATE", 0, 0.6),
    ],
)
def test_likeness(first: str, second: str, least: float, most: float) -> None:
    assert least <= likeness(first, second) <= most
    assert likeness(first, second) == likeness(second, first)


@pytest.mark.parametrize(
    ("value", "codes", "code"),
    [
        ("Male", GENDER, "1"),
        ("f", GENDER, "2"),
        ("x", GENDER, "X"),
        ("not known", GENDER, "X"),
        ("01", GENDER, "1"),
        ("5", STATUS, "05"),
        ("DID NOT ATTEND", STATUS, "3"),
        ("Blue", GENDER, None),
        ("7", GENDER, None),
        ("e", {"1": "Elective", "2": "Emergency"}, None),
    ],
)
def test_a_value_is_the_code_that_it_means(value: str, codes: dict[str, str], code: str | None) -> None:
    assert code_for(value, codes) == code


def profiles(folder: Path, columns: dict[str, list[object]]) -> dict[str, ColumnProfile]:
    lines = [";".join(columns), *(";".join(map(str, row)) for row in zip(*columns.values(), strict=True))]
    (folder / "x.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    con = connect()
    file = keep_table(con, folder / "x.csv", "t", folder)
    assert isinstance(file, FileTable)
    return {column.name: column for column in profile(con, file)}


def test_what_columns_hold(tmp_path: Path) -> None:
    found = profiles(
        tmp_path,
        {
            "a": [nhs(row) for row in range(100)],
            "b": [f"{row % 28 + 1:02d}/03/{1930 + row % 70}" for row in range(100)],
            "c": [f"{row % 28 + 1:02d}/03/2025" for row in range(100)],
            "d": [postcode(row) for row in range(100)],
            "e": [family(row) for row in range(100)],
            "f": [f"{row / 4:.2f}" for row in range(100)],
            "g": [("Yes", "No", "")[row % 3] for row in range(100)],
            "h": [f"07700 900{row:03d}" for row in range(100)],
            "i": [f"a longer text about what was said, number {row}" for row in range(100)],
            "j": [f"{row % 24:02d}:30" for row in range(100)],
            "k": [f"person{row}@example.org" for row in range(100)],
            "l": [f"{row} Mill Lane" for row in range(100)],
            "m": [f"X{row:05d}" for row in range(100)],
            "n": ["Anna", "Ravi"] * 50,
            "o": [11, 21] * 50,
            "Client": [f"C{row % 20:03d}" for row in range(100)],
            "p": [f"K/{row % 10}{row % 5}{row % 2}" for row in range(100)],
            "q": [4_000_000 + row % 20 for row in range(100)],
            "r": [50_000 + row % 60 for row in range(100)],
        },
    )
    kinds = {name: column.kind for name, column in found.items()}
    assert [kinds[name] for name in "bcfjo"] == ["date", "date", "number", "time", "whole number"]
    personal = {*"abdehiklmnr", "Client"}
    assert {name for name, column in found.items() if column.personal} == personal
    assert not [name for name in (*personal, "p", "q") if found[name].values]
    assert not [name for name in personal if found[name].least]
    assert (found["c"].least, found["c"].most, found["c"].style) == ("2025-03-01", "2025-03-28", "%d/%m/%Y")
    assert (found["f"].least, found["f"].most) == ("0", "24.75")
    assert found["g"].values == (("Yes", 34), ("No", 33))
    assert (found["g"].blank, found["g"].distinct) == (33, 2)
    assert found["m"].unique


@pytest.mark.parametrize("name", list(contracts()))
def test_the_contracts_own_names_give_the_contract_again(name: str) -> None:
    fields = contracts()[name].fields
    columns = [ColumnProfile(field.name, at, 9, 0, 9, "code", 1.0, shapes=dict.fromkeys(SEEN, 0.0)) for at, field in enumerate(fields)]
    found = best(guesses(columns, "x.csv"))
    assert found.contract.contract == name
    assert {each.field.name for each in found.mapped} == {field.name for field in fields}


def test_a_column_is_one_field_and_a_field_one_column(tmp_path: Path) -> None:
    columns = profiles(tmp_path, {"Date": ["2025-01-01"] * 9, "Date of session": ["2025-01-02"] * 9, "Number": NHS[:9], "NHS": NHS[:9]})
    found = guess(contracts()["community_activity"], list(columns.values()), "x.csv")
    fields = [each.field.name for each in found.mapped]
    assert len(fields) == len(set(fields))
    assert fields.count("NHS_NUMBER") == 1
