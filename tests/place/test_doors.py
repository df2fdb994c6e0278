"""The doors as the command line and Python have them: show, export, joinedup.open."""

from __future__ import annotations

import csv
import json
import shutil
import stat
from pathlib import Path
from typing import Any

import pyarrow.csv as pa_csv
import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner, Result
from python_calamine import CalamineWorkbook

import joinedup
from joinedup.cli import main
from joinedup.errors import Refused
from joinedup.kept.access_log import open_access_log

EMERGENCY = "emergency_bed_days"


def run(verb: str, laid_out: Path, *arguments: object, place: Path | None = None) -> Result:
    words = [verb, str(place or laid_out / "calderdale"), *map(str, arguments), "--store", str(laid_out / "store")]
    return CliRunner().invoke(main, words, env={"JOINEDUP_KEY": "", "JOINEDUP_KEY_FILE": ""})


def rows_of(result: Result) -> list[dict[str, Any]]:
    assert result.exit_code == 0, result.stderr
    return list(json.loads(result.stdout))


def last_look(laid_out: Path) -> dict[str, Any]:
    return dict(open_access_log(laid_out / "store" / "kept" / "access_log.sqlite").looks().to_pylist()[-1])


def test_a_measure_is_shown_with_its_limits_and_for_whom(laid_out: Path) -> None:
    shown = run("show", laid_out, EMERGENCY, "--by", "place", "--format", "json")
    rows = rows_of(shown)
    assert [(row["measure_id"], row["area_type"]) for row in rows] == [(EMERGENCY, "place")] * 3, "a row for each year"
    assert all(row["lower"] < row["value"] < row["upper"] for row in rows if row["value"])
    assert "internal: true counts, not for publication" in shown.stderr
    assert "0.0" not in run("show", laid_out, EMERGENCY).stdout.split("none ")[0].split()[:9]


def test_counts_are_summed_by_what_is_asked(laid_out: Path) -> None:
    whole = rows_of(run("show", laid_out, "population", "--by", "sex", "--format", "json"))
    areas = rows_of(run("show", laid_out, "population", "--by", "neighbourhood", "--format", "json"))
    place = next(row["people"] for row in areas if row["area_type"] == "place")
    assert sum(row["people"] for row in whole) == place == sum(row["people"] for row in areas) - place
    months = rows_of(run("show", laid_out, "activity", "--by", "month", "--period", "2025-10..2026-03", "--format", "json"))
    assert sorted({row["month"] for row in months}) == [f"2025-{m}-01" for m in (10, 11, 12)] + [f"2026-0{m}-01" for m in (1, 2, 3)]


def test_the_public_gets_rounded_counts_from_show_too(laid_out: Path) -> None:
    shown = run("show", laid_out, "population", "--by", "age_band,sex", "--audience", "public", "--format", "json")
    values = [row["people"] for row in rows_of(shown)]
    assert None in values
    assert all(value is None or value % 5 == 0 for value in values)
    assert "public" in shown.stderr


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["nothing"], "is not a measure or table to show"),
        (["population", "--by", "person_id"], "is not something to count by"),
        (["population", "--period", "2026-03"], "not by month"),
        (["activity", "--period", "last year"], "a period is a month"),
        ([EMERGENCY, "--by", "sex,age"], "is given by one kind of area and one characteristic"),
        (["population", "--format", "parquet"], "name a file with --out"),
        (["population; DROP TABLE person"], "is not a measure or table"),
        (["population", "--purpose", "curiosity"], "is not a purpose"),
        (["people", "--purpose", "planning"], "people are not given to analyst"),
    ],
)
def test_what_cant_be_shown_says_what_can(laid_out: Path, arguments: list[str], says: str) -> None:
    refused = run("show", laid_out, *arguments)
    assert refused.exit_code in (2, 7)
    assert says in refused.stderr


@pytest.mark.parametrize("form", ["csv", "json", "parquet", "xlsx"])
def test_a_table_goes_to_a_file_that_only_its_owner_reads(laid_out: Path, tmp_path: Path, form: str) -> None:
    out = tmp_path / f"deprivation.{form}"
    shown = run("show", laid_out, "deprivation", "--by", "deprivation_fifth", "--format", form, "--out", out)
    assert (shown.exit_code, shown.stdout.strip()) == (0, str(out))
    assert stat.S_IMODE(out.stat().st_mode) == 0o600
    read = {
        "csv": lambda: pa_csv.read_csv(out).num_rows,
        "json": lambda: len(json.loads(out.read_text())),
        "parquet": lambda: pq.read_table(out).num_rows,
        "xlsx": lambda: len(CalamineWorkbook.from_path(out).get_sheet_by_index(0).to_python()) - 1,
    }
    assert read[form]() in (5, 6)


def test_people_are_named_with_the_key_and_pseudonymised_without(laid_out: Path) -> None:
    listed = rows_of(run("show", laid_out, "people", "--format", "json"))
    assert "nhs_number" not in listed[0]
    one = next(row for row in listed if row["linked_by"] == "nhs_number" and row["practice_code"])
    shown = run(
        "show",
        laid_out,
        "people",
        "--person",
        one["person_id"],
        "--key-file",
        laid_out / "key",
        "--reason",
        "ward round",
        "--format",
        "json",
    )
    (named,) = rows_of(shown)
    assert named["nhs_number"].startswith("9")
    assert named["family_name"]
    assert named["birth_date"][:7] == one["birth_month"][:7]
    assert "data to" in shown.stderr
    look = last_look(laid_out)
    assert (look["door"], look["people"], look["reason"], look["purpose"]) == ("people", [one["person_id"]], "ward round", "direct care")
    assert named["family_name"] not in json.dumps(look, default=str)


def test_unknown_is_never_shown_as_no(laid_out: Path) -> None:
    listed = rows_of(run("show", laid_out, "people", "--format", "json"))
    words = run("show", laid_out, "people").stdout
    nothing = sum(value is None for row in listed for value in row.values())
    assert nothing == words.count("not known")


def test_real_people_are_shown_on_no_terminal(laid_out: Path, tmp_path: Path) -> None:
    place = tmp_path / "calderdale"
    shutil.copytree(laid_out / "calderdale", place)
    text = (place / "place.yml").read_text()
    (place / "place.yml").write_text(text.replace("invented: true", "invented: false"))
    refused = run("show", laid_out, "people", place=place)
    assert refused.exit_code in (1, 7)
    assert refused.stdout == ""


def test_an_export_is_a_release_logged_under_its_name(laid_out: Path, tmp_path: Path) -> None:
    out = tmp_path / "stays.csv"
    told = run(
        "export", laid_out, "activity", "--purpose", "planning", "--columns", "starts,sector,birth_year",
        "--where", "starts >= 2025-04-01", "--where", "sector in acute;community", "--reason", "winter plan", "--out", out,
    )  # fmt: skip
    assert (told.exit_code, told.stdout.strip()) == (0, str(out))
    rows = pa_csv.read_csv(out)
    assert rows.column_names == ["person_id", "starts", "sector", "birth_year"]
    assert set(rows["sector"].to_pylist()) <= {"acute", "community"}
    look = last_look(laid_out)
    assert look["what"].startswith(
        "release to stays.csv, activity: person_id, starts, sector, birth_year; where starts >= 2025-04-01 and sector in"
    )
    assert (look["door"], look["row_count"], look["reason"]) == ("records", rows.num_rows, "winter plan")


@pytest.mark.parametrize(
    ("out", "says"),
    [
        ("calderdale/rows.csv", "lies in the place folder"),
        ("calderdale/../calderdale/rows.csv", "lies in the place folder"),
        ("rows.exe", "no form that is known"),
        ("one.xlsx", "is there already"),
        ("link.csv", "is there already"),
        ("nowhere/rows.csv", "there is no folder"),
        ("inside/rows.csv", "lies in the place folder"),
    ],
)
def test_no_path_leads_an_export_astray(laid_out: Path, out: str, says: str) -> None:
    link, inside = laid_out / "link.csv", laid_out / "inside"
    link.symlink_to(laid_out / "nowhere.csv")
    inside.symlink_to(laid_out / "calderdale")
    try:
        refused = run("export", laid_out, "person", "--purpose", "planning", "--out", laid_out / out)
        assert refused.exit_code in (2, 5)
        assert says in refused.stderr
        assert not (laid_out / "nowhere.csv").exists()
        assert not (laid_out / "calderdale" / "rows.csv").exists()
    finally:
        link.unlink()
        inside.unlink()


def test_what_singles_people_out_is_refused_and_nothing_written(laid_out: Path, tmp_path: Path) -> None:
    out = tmp_path / "rows.csv"
    refused = run("export", laid_out, "person", "--purpose", "research", "--columns", "birth_month,area_code,sex", "--out", out)
    assert refused.exit_code == 7
    assert "ask for birth_year instead of birth_month" in refused.stderr
    assert not out.exists()


def test_python_asks_at_the_same_door(laid_out: Path) -> None:
    place = joinedup.open(laid_out / "calderdale", purpose="planning", store=laid_out / "store", reason="notebook")
    people = place.records("person", columns=["birth_year", "sex"])
    stays = place.records("activity", columns=["starts"], where=[("sector", "=", "acute")])
    assert set(stays["person_id"].to_pylist()) <= set(people["person_id"].to_pylist()), "one release: its tables join"
    with pytest.raises(Refused, match="not text to be run"):
        place.records("activity", where=["sector = 'acute'"])
    assert last_look(laid_out)["reason"] == "notebook"


def test_public_pages_hold_no_true_count_in_word_or_file(laid_out: Path) -> None:
    """Every number of people or activities in the files beside the pages is 0 or of ten and more, to 5; and pages say what they are."""
    pages, files = laid_out / "public", 0
    counts = {
        "people",
        "male",
        "female",
        "not_recorded",
        "activities",
        "costed",
        "from_extract",
        "from_unit_cost",
        "events",
        "rows_read",
        "loaded",
    }
    for path in sorted(pages.rglob("*.csv")):
        with path.open(newline="") as file:
            for row in csv.DictReader(file):
                assert row["audience"] == "public", path.name
                for name in counts & set(row):
                    assert row[name] in ("", "0") or (int(row[name]) >= 10 and int(row[name]) % 5 == 0), (path.name, name)
                files += 1
    assert files > 50
    for path in sorted(pages.rglob("*.html")):
        text = path.read_text()
        assert "Public: rounded counts." in text
        assert "Internal: true counts" not in text
        assert "partners.html" not in text
    assert not (pages / "partners.html").exists()
    assert (laid_out / "internal" / "partners.html").exists()
