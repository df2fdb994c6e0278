"""`joinedup add-source`: odd files are loaded as guessed, nothing of a person is shown, and sources.yml is added to and else left alone."""

from __future__ import annotations

import csv
import io
import shutil
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

import pytest
import xlsxwriter

from joinedup.errors import PlaceError
from joinedup.findings import errors
from joinedup.place.folder import read_place
from joinedup.report import show_added
from joinedup.sources.contract import contracts
from joinedup.starting.adding import Added, Asked, add_source, advice, remove_source
from tests.unit.starting.odd import NHS, ODD, ROWS, Odd, nhs, write


@pytest.fixture
def place(root: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(root / "places" / "calderdale", tmp_path / "place"))


def shown(added: Added) -> str:
    """Everything that a person sees of it."""
    out = io.StringIO()
    show_added(added, advice(added.guess), out)
    return out.getvalue() + added.text


def file_of(folder: Path, rows: Sequence[Sequence[object]], name: str = "x.csv") -> Path:
    path = folder / name
    with path.open("w", encoding="utf-8", newline="") as out:
        csv.writer(out).writerows(rows)
    return path


@pytest.mark.parametrize("odd", ODD, ids=[odd.contract for odd in ODD])
def test_an_odd_file_is_loaded_as_it_is_guessed(odd: Odd, place: Path, tmp_path: Path) -> None:
    before = (place / "sources.yml").read_bytes()
    added = add_source(place, Asked(write(odd, tmp_path), partner=odd.partner))
    mapped = {each.column.name: each.field.name for each in added.guess.mapped}
    values = {each.field.name: dict(each.values) for each in added.guess.mapped if each.values}
    assert added.guess.contract.contract == odd.contract
    assert odd.becomes.items() <= mapped.items()
    assert odd.values.items() <= values.items()
    assert added.checked is not None
    assert not errors(added.checked.findings)
    assert [(file.rows_read, file.loaded) for file in added.checked.files] == [(ROWS, ROWS)]
    assert not [f for f in added.checked.findings if f.rule in {"unknown-code", "unreadable-value"}]
    assert added.written
    assert (place / "sources.yml").read_bytes().startswith(before)
    assert read_place(place, tuple(contracts())).sources[-1] == added.entry.source()


@pytest.mark.parametrize("odd", ODD, ids=[odd.contract for odd in ODD])
def test_no_value_of_a_person_is_shown_or_written(odd: Odd, place: Path, tmp_path: Path) -> None:
    seen = shown(add_source(place, Asked(write(odd, tmp_path), partner=odd.partner, write=False)))
    for column in odd.secret:
        found = {str(odd.columns[column](row)) for row in range(ROWS)}
        assert not [value for value in found if value in seen], column


def test_looking_only_writes_nothing_and_what_is_removed_leaves_no_trace(place: Path, tmp_path: Path) -> None:
    before = (place / "sources.yml").read_bytes()
    path = write(ODD[0], tmp_path)
    assert not add_source(place, Asked(path, write=False)).written
    assert (place / "sources.yml").read_bytes() == before
    added = add_source(place, Asked(path, name="clinics"))
    remove_source(place, str(added.entry.says["name"]))
    assert (place / "sources.yml").read_bytes() == before
    with pytest.raises(PlaceError, match="has no source clinics"):
        remove_source(place, "clinics")


def test_the_same_file_or_name_twice_is_refused(place: Path, tmp_path: Path) -> None:
    path = write(ODD[0], tmp_path)
    add_source(place, Asked(path, name="clinics"))
    with pytest.raises(PlaceError, match="has a source clinics already"):
        add_source(place, Asked(path, name="clinics"))
    with pytest.raises(PlaceError, match="is read by source clinics already"):
        add_source(place, Asked(path, name="other"))


def test_a_file_in_the_folder_of_extracts_is_named_as_it_lies_there(place: Path, tmp_path: Path) -> None:
    folder = tmp_path / "extracts" / "2026"
    folder.mkdir(parents=True)
    added = add_source(place, Asked(write(ODD[0], folder), extracts=tmp_path / "extracts", write=False))
    assert added.entry.source().files == ("2026/clinic list.csv",)


def test_what_is_asked_for_is_not_guessed_and_slips_are_named(place: Path, tmp_path: Path) -> None:
    path = write(ODD[-1], tmp_path)
    added = add_source(
        place, Asked(path, contract="community_activity", partner="locala", name="contacts", constants={"service": "nursing"})
    )
    source = added.entry.source()
    assert (source.contract, source.partner, source.name, source.constants) == (
        "community_activity",
        "locala",
        "contacts",
        {"SERVICE": "nursing"},
    )
    with pytest.raises(PlaceError, match="did you mean csds"):
        add_source(place, Asked(path, contract="csd"))
    with pytest.raises(PlaceError, match="did you mean locala"):
        add_source(place, Asked(path, partner="local"))


def test_what_a_contract_needs_and_the_file_lacks_is_said_and_not_written(place: Path, tmp_path: Path) -> None:
    path = file_of(tmp_path, [("NHS number", "Colour"), *((nhs(row), "red") for row in range(30))])
    added = add_source(place, Asked(path, contract="mhsds"))
    assert added.guess.missing == ["RECORD_TYPE"]
    assert not added.written
    assert "--constant RECORD_TYPE=" in " ".join(advice(added.guess))
    assert NHS[0] not in shown(added)


def test_a_file_without_a_header_is_refused_and_its_first_row_not_said(place: Path, tmp_path: Path) -> None:
    path = file_of(tmp_path, [(nhs(row), "02/03/1950", "Quibbleworth", "HX1 1AA") for row in range(30)])
    with pytest.raises(PlaceError, match="looks like a row") as refused:
        add_source(place, Asked(path))
    assert not [word for word in (nhs(0), "02/03/1950", "Quibbleworth", "HX1") if word in str(refused.value)]


def test_missing_values_default_dates_and_month_first_dates_are_written_down(place: Path, tmp_path: Path) -> None:
    rows = [
        (
            nhs(row),
            "1900-01-01" if row % 4 == 0 else f"19{30 + row % 60}-02-03",
            f"{row % 12 + 1:02d}/{row % 28 + 1:02d}/2025",
            "n/k" if row % 3 else "30",
        )
        for row in range(60)
    ]
    path = file_of(tmp_path, [("NHS number", "Date of birth", "Session date", "Minutes"), *rows])
    source = add_source(place, Asked(path, contract="community_activity")).entry.source()
    assert source.date_formats == {"ACTIVITY_DATE": "%m/%d/%Y"}
    assert source.null_values == {"PERSON_BIRTH_DATE": ("1900-01-01",), "DURATION_MINUTES": ("n/k",)}


def test_values_for_which_no_code_is_found_are_said(place: Path, tmp_path: Path) -> None:
    rows = [(nhs(row), "2025-05-01", ("Male", "Female", "Blue")[row % 3]) for row in range(60)]
    added = add_source(place, Asked(file_of(tmp_path, [("NHS number", "Date", "Sex"), *rows]), contract="community_activity"))
    assert [remark for remark in added.remarks if "'Blue'" in remark and "20 rows" in remark]


def test_a_spreadsheet_below_a_title_and_with_other_sheets(place: Path, tmp_path: Path) -> None:
    with xlsxwriter.Workbook(tmp_path / "hub.xlsx", {"default_date_format": "dd/mm/yyyy"}) as book:
        sheet, other = book.add_worksheet("Visits"), book.add_worksheet("Notes")
        other.write_row(0, 0, ["nothing"])
        sheet.merge_range(0, 0, 0, 3, "Visits to the hub, spring")
        sheet.write_row(2, 0, ["NHS No", "D.O.B.", "Came on", "What we did"])
        for row in range(40):
            sheet.write_row(row + 3, 0, [nhs(row), f"0{row % 9 + 1}/03/19{40 + row}"])
            sheet.write_datetime(row + 3, 2, datetime(2025, 5, row % 28 + 1))
            sheet.write(row + 3, 3, ("Yoga", "Lunch")[row % 2])
    added = add_source(place, Asked(tmp_path / "hub.xlsx"))
    mapped = {each.column.name: each.field.name for each in added.guess.mapped}
    assert mapped == {"NHS No": "NHS_NUMBER", "D.O.B.": "PERSON_BIRTH_DATE", "Came on": "ACTIVITY_DATE", "What we did": "KIND"}
    assert added.checked is not None
    assert [(file.rows_read, file.loaded) for file in added.checked.files] == [(40, 40)]
    assert [remark for remark in added.remarks if "'Visits'" in remark and "Notes" in remark]


def test_frequent_values_that_may_be_names_stay_unseen(place: Path, tmp_path: Path) -> None:
    rows = [
        (nhs(row), "2025-05-01", "home", ("J Nkemelu", "S Patel-Oduya")[row % 2], "ok" if row % 3 else "low as Tom died")
        for row in range(60)
    ]
    added = add_source(
        place, Asked(file_of(tmp_path, [("NHS number", "Date", "Kind", "Seen by", "Mood"), *rows]), contract="community_activity")
    )
    shown = {value for column in added.columns for value, _ in column.values}
    assert shown == {"home", "ok"}
