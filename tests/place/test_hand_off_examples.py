"""The notebook and the R script of a folder run there, and answer what they are asked; datapackage.json is as its specification says."""

from __future__ import annotations

import ast
import json
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import pyarrow.compute as pc
import pyarrow.csv as pa_csv
import pytest

from joinedup.access.caller import caller_for
from joinedup.access.handing import AskedTable
from joinedup.access.records import open_records
from joinedup.hand_off.folder import HandOff, hand_off
from tests.place.conftest import Example

ROWS = ("person", "activity", "discharge_delay", "measure_value")
SINCE, AS_AT = "2025-04-01", "2026-03-31"


@pytest.fixture(scope="module")
def folder(asked: Callable[..., HandOff], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder as CSV, which base R reads too."""
    year = AskedTable("activity", where=(("starts", ">=", SINCE),))
    return hand_off(asked("person", year, *ROWS[2:]), "csv", tmp_path_factory.mktemp("examples") / "folder")


def answers(folder: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """What a notebook's cells leave, run one after another in its folder; each also shows its last line."""
    monkeypatch.chdir(folder)
    names: dict[str, Any] = {}
    for cell in json.loads((folder / "questions.ipynb").read_text())["cells"]:
        if cell["cell_type"] == "code":
            body = ast.parse("".join(cell["source"])).body
            shown = body.pop()
            assert isinstance(shown, ast.Expr), "a cell ends with what it shows"
            exec(compile(ast.Module(body, []), "cell", "exec"), names)
            assert str(eval(compile(ast.Expression(shown.value), "cell", "eval"), names))
    return names


def counted(shelf: Example) -> tuple[int, int]:
    """Emergency admissions and pence of the year, as the door gives them."""
    caller = caller_for(shelf.place, "planning")
    rows = open_records(shelf.store, shelf.place, caller).rows(
        caller, "activity", columns=["admission_method", "cost_pence"], where=[("starts", ">=", SINCE), ("starts", "<=", AS_AT)]
    )
    emergencies = pc.sum(pc.fill_null(pc.starts_with(rows["admission_method"], "2"), False)).as_py()
    return emergencies, pc.sum(rows["cost_pence"]).as_py()


def test_a_notebook_answers_what_the_door_would(folder: Path, shelf: Example, monkeypatch: pytest.MonkeyPatch) -> None:
    found = answers(folder, monkeypatch)
    emergencies, pence = counted(shelf)
    assert emergencies > 0
    assert sum(row[2] for row in found["admissions"].fetchall()) == emergencies
    assert sum(row[3] or 0 for row in found["costs"].fetchall()) == pytest.approx(pence / 100)
    cohort = found["cohort"].fetchall()
    assert 0 < sum(row[2] for row in cohort) < sum(row[1] for row in cohort)
    assert sum(row[2] for row in found["delays"].fetchall()) > 0
    assert len(found["measures"].fetchall()) > 0


def test_a_notebook_of_a_star_answers_the_same(
    asked: Callable[..., HandOff], shelf: Example, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    year = AskedTable("activity", where=(("starts", ">=", SINCE), ("starts", "<=", AS_AT)))
    out = hand_off(asked(year), "star", tmp_path / "star")
    found = answers(out, monkeypatch)
    assert sum(row[2] for row in found["admissions"].fetchall()) == counted(shelf)[0]
    assert {"2025/26"} == {row[0] for row in found["costs"].fetchall()}
    assert not (out / "questions.R").exists(), "the script asks tables that a star doesn't have"


def test_a_notebook_is_one_by_its_form_and_asks_only_what_is_there(folder: Path, asked: Callable[..., HandOff], tmp_path: Path) -> None:
    book = json.loads((folder / "questions.ipynb").read_text())
    assert (book["nbformat"], book["nbformat_minor"]) == (4, 5)
    ids = [cell["id"] for cell in book["cells"]]
    assert len(set(ids)) == len(ids)
    for cell in book["cells"]:
        wanted = {"id", "metadata", "source", "cell_type"} | ({"execution_count", "outputs"} if cell["cell_type"] == "code" else set())
        assert set(cell) == wanted
    text = json.dumps(book)
    assert "{as_at}" not in text
    assert "invented people" in text
    small = hand_off(asked("person", "discharge_delay"), "csv", tmp_path / "small")
    assert "admission_method" not in (small / "questions.ipynb").read_text()
    assert not (small / "questions.R").exists()
    assert not (hand_off(asked("area_population"), "xlsx", tmp_path / "sheets") / "questions.ipynb").exists()


def test_the_r_script_answers_the_same(folder: Path, shelf: Example) -> None:
    r = shutil.which("Rscript")
    if r is None:
        pytest.skip("R isn't here: install it (on Debian: apt-get install r-base-core)")
    told = 'source("questions.R"); cat("\\n", sum(admissions$admissions), sprintf("%.2f", sum(costs$pounds)), sum(cohort$in_cohort))'
    ran = subprocess.run([r, "--vanilla", "-e", told], cwd=folder, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr
    emergencies, pounds, cohort = ran.stdout.splitlines()[-1].split()
    assert (int(emergencies), float(pounds)) == (counted(shelf)[0], pytest.approx(counted(shelf)[1] / 100))
    with duckdb.connect() as connection:
        (wanted,) = connection.execute(
            f"""SELECT count(*) FROM (SELECT person_id FROM '{folder}/activity.csv' JOIN '{folder}/person.csv' USING (person_id)
            WHERE admission_method::VARCHAR LIKE '2%' AND starts BETWEEN '{SINCE}' AND '{AS_AT}' AND birth_year <= 1961
            AND deprivation_fifth IS NOT NULL GROUP BY person_id HAVING count(*) >= 2)"""
        ).fetchone() or (None,)
    assert int(cohort) == wanted


TYPES = {"string", "number", "integer", "boolean", "date"}
"""Of Table Schema (frictionlessdata.io, specs/table-schema, v1), those that tables here have."""


def test_the_data_package_is_as_its_specification_says(folder: Path) -> None:
    """Data Package, Data Resource and Table Schema, v1: names, paths, hashes, fields, keys; each value of each file fits its field."""
    package = json.loads((folder / "datapackage.json").read_text())
    assert package["profile"] == "data-package"
    names = [each["name"] for each in package["resources"]]
    assert len(set(names)) == len(names)
    assert all(set(name) <= set("abcdefghijklmnopqrstuvwxyz0123456789-._") for name in [package["name"], *names])
    for each in package["resources"]:
        assert (each["profile"], each["encoding"], each["mediatype"]) == ("tabular-data-resource", "utf-8", "text/csv")
        assert not Path(each["path"]).is_absolute()
        assert (folder / each["path"]).stat().st_size == each["bytes"]
        rows = pa_csv.read_csv(folder / each["path"], convert_options=pa_csv.ConvertOptions(strings_can_be_null=True, null_values=[""]))
        assert rows.num_rows == each["rows"]
        fields = {one["name"]: one for one in each["schema"]["fields"]}
        assert list(fields) == rows.column_names
        assert {one["type"] for one in fields.values()} <= TYPES
        for name, one in fields.items():
            rules = one.get("constraints", {})
            assert not (rules.get("required") and rows[name].null_count), (each["name"], name)
            if "enum" in rules:
                assert set(map(str, rows[name].drop_null().to_pylist())) <= set(rules["enum"])
        key = each["schema"].get("primaryKey", [])
        assert not key or rows.group_by(key).aggregate([]).num_rows == rows.num_rows
        for foreign in each["schema"].get("foreignKeys", []):
            to = next(one for one in package["resources"] if one["name"] == foreign["reference"]["resource"])
            there = pa_csv.read_csv(folder / to["path"])[foreign["reference"]["fields"][0]]
            assert pc.all(pc.is_in(rows[foreign["fields"][0]], value_set=there.combine_chunks())).as_py()
    assert next(each for each in package["resources"] if each["name"] == "activity")["schema"]["foreignKeys"]
