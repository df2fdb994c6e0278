"""What leaves a place folder for its information governance lead: the record of processing, and the draft of an impact assessment."""

from __future__ import annotations

import csv
import json
import shutil
from datetime import date
from pathlib import Path

import pyarrow as pa
import pytest
import python_calamine
from click.testing import CliRunner

from joinedup.cli import main
from joinedup.errors import StoreProblem
from joinedup.papers.impact import Assessed, html, markdown
from joinedup.papers.processing import COLUMNS, processing, write_processing
from joinedup.place.folder import read_place
from joinedup.place.model import Place
from joinedup.sources.contract import contracts
from tests.agreements import agreement

TODAY = date(2026, 11, 22)


@pytest.fixture
def place(root: Path) -> Place:
    return read_place(root / "places" / "calderdale", today=TODAY)


def test_every_agreement_and_source_has_a_row_with_every_field(place, tmp_path):
    rows = processing(place, contracts(), TODAY)
    assert {(row["agreement"], row["source"]) for row in rows} == {(a.id, name) for a in place.agreements for name in a.sources}
    assert all(tuple(sorted(row)) == tuple(sorted(COLUMNS)) for row in rows)
    must = set(COLUMNS) - {"approval", "processor"}
    assert all(row[name] for row in rows for name in must)
    with write_processing(rows, tmp_path / "r.csv").open(newline="") as file:
        assert [dict(row) for row in csv.DictReader(file)] == rows
    sheet = python_calamine.load_workbook(str(write_processing(rows, tmp_path / "r.xlsx"))).get_sheet_by_index(0).to_python()
    assert sheet[0] == list(COLUMNS)
    assert len(sheet) == len(rows) + 1


def test_a_source_without_an_agreement_stands_there_as_missing(place):
    rows = processing(place.model_copy(update={"agreements": place.agreements[2:3]}), contracts(), TODAY)
    missing = {row["source"] for row in rows if row["state"] == "missing"}
    assert missing == {source.name for source in place.sources} - set(place.agreements[2].sources)


def test_nothing_that_a_folder_says_becomes_a_formula_or_markup(place, tmp_path):
    evil = agreement(sources=("apc",), title="=cmd|' /C calc'!A0", contact="<script>alert(1)</script>", reference="@SUM(1)|[x](y)")
    harmed = place.model_copy(update={"agreements": (evil,)})
    path = write_processing(processing(harmed, contracts(), TODAY), tmp_path / "r.csv")
    with path.open(newline="") as file:
        assert not [cell for row in csv.reader(file) for cell in row if cell.startswith(("=", "+", "-", "@"))]
    told = Assessed(harmed, contracts(), TODAY, hazards=[{"id": "H1", "hazard": "<script>x</script> | y"}])
    assert "<script>" not in markdown(told)
    assert "<script>" not in html(told)
    assert "@SUM(1)\\|\\[x](y)" in markdown(told)


def test_an_assessment_says_what_data_know_and_who_is_to_write_the_rest(place):
    row = {"purpose": "planning", "kind": "national", "keeps_back": "everything", "area_type": "place", "registered": 4000, "removed": 190}
    told = markdown(Assessed(place, contracts(), TODAY, pa.Table.from_pylist([row, row, row | {"area_type": "none"}])))
    assert "| planning | National data opt-out | everything about the person | 8,000 | 380 | 4.8% |" in told
    assert told.count("To be written by") >= 6
    assert "invented people" in told
    for each in place.agreements:
        assert each.title in told
    for source in place.sources:
        assert f"| {source.name} |" in told
    assert "PERSON_BIRTH_DATE" in told
    assert "isn't known here" in markdown(Assessed(place, contracts(), TODAY))


def test_other_endings_are_refused(place, tmp_path):
    with pytest.raises(StoreProblem, match=r"\.xlsx or \.csv"):
        write_processing([], tmp_path / "r.pdf")


def test_the_verb_prints_writes_and_ends_with_1_where_an_agreement_is_missing(root, tmp_path):
    folder = root / "places" / "calderdale"
    told = CliRunner().invoke(
        main, ["sharing", str(folder), "--format", "json", "--ropa", str(tmp_path / "r.csv"), "--dpia", str(tmp_path / "d.html")]
    )
    assert told.exit_code == 0, told.output
    assert {row["source"]: row["planning"] for row in json.loads(told.stdout)}["apc"] == "nhs-planning"
    assert (tmp_path / "r.csv").stat().st_size > 1000
    assert "<h2>5. Risks</h2>" in (tmp_path / "d.html").read_text()
    shutil.copytree(folder, tmp_path / "place")
    (tmp_path / "place" / "sharing.yml").write_text("agreements: []\n")
    refused = CliRunner().invoke(main, ["sharing", str(tmp_path / "place"), "--format", "csv"])
    assert refused.exit_code == 1
    assert "no agreement in force" in refused.stderr
    inside = CliRunner().invoke(main, ["sharing", str(tmp_path / "place"), "--ropa", str(tmp_path / "place" / "r.csv")])
    assert inside.exit_code == 2
