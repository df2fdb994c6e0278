"""A folder of tables handed off in one release: what is in it, what describes it, and what happens when it can't be."""

from __future__ import annotations

import csv
import hashlib
import json
import os
import signal
import stat
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner, Result
from python_calamine import CalamineWorkbook

import joinedup
from joinedup.access import handing, shuffled
from joinedup.access.caller import caller_for
from joinedup.access.handing import AskedTable
from joinedup.access.records import IDS, STAYS, open_records
from joinedup.cli import main
from joinedup.engine import reader
from joinedup.errors import Refused, StoreProblem
from joinedup.hand_off import folder, forms
from joinedup.hand_off.folder import HandOff, hand_off
from joinedup.kept.access_log import open_access_log
from joinedup.kept.releases import open_releases
from tests.place.conftest import Example

TABLES = ("person", "activity", "discharge_delay", "diagnosis", "area_month", "measure_value")


@pytest.fixture(scope="module")
def given(asked: Callable[..., HandOff], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of rows and counts, as Parquet."""
    return hand_off(asked(*TABLES), "parquet", tmp_path_factory.mktemp("given") / "winter")


def looks(place: Example) -> list[dict[str, Any]]:
    return list(open_access_log(place.store.kept / "access_log.sqlite").looks().to_pylist())


def run(place: Example, *words: object) -> Result:
    return CliRunner().invoke(main, ["export", str(place.folder), *map(str, words), "--store", str(place.store.root)])


def test_a_folder_is_private_and_holds_what_its_sums_say(given: Path) -> None:
    assert stat.S_IMODE(given.stat().st_mode) == 0o700
    assert {stat.S_IMODE(path.stat().st_mode) for path in given.rglob("*") if path.is_file()} == {0o600}
    sums = dict(reversed(line.split("  ")) for line in (given / "SHA256SUMS").read_text().splitlines())
    assert sums == {f"{name}.parquet": hashlib.sha256((given / f"{name}.parquet").read_bytes()).hexdigest() for name in TABLES}
    assert not [path.name for path in given.iterdir() if path.name.startswith(".")], "nothing of the work is left"
    assert not [path.name for path in given.parent.iterdir() if path != given]


def test_it_is_one_release_in_log_and_register(given: Path, shelf: Example) -> None:
    (look,) = [each for each in looks(shelf) if each["door"] == "records" and "release to winter" in each["what"]]
    rows = sum(pq.read_metadata(given / f"{name}.parquet").num_rows for name in TABLES[:4])
    assert (look["row_count"], look["purpose"], look["reason"]) == (rows, "planning", "winter plan")
    register = open_releases(shelf.store.kept / "releases.sqlite")
    (released,) = [row for row in register.rows() if str(row["what"]).endswith("to winter")]
    register.close()
    assert (released["row_count"], released["kind"]) == (rows, "rows")
    assert {"birth_year", "sex", "starts", "code"} <= set(str(released["columns"]).split(","))
    package = json.loads((given / "datapackage.json").read_text())
    assert package["joinedup"]["release"] == released["number"]
    said = sorted(f"{each['hash'].removeprefix('sha256:')}  {each['path']}\n" for each in package["resources"])
    assert released["content_hash"] == hashlib.sha256("".join(said).encode()).hexdigest()


def test_its_tables_join_and_no_pseudonym_is_the_builds(given: Path, shelf: Example) -> None:
    person, activity = (pq.read_table(given / f"{name}.parquet") for name in ("person", "activity"))
    assert person["person_id"].to_pylist() == sorted(set(person["person_id"].to_pylist()))
    for name in ("activity", "discharge_delay", "diagnosis"):
        ids = pq.read_table(given / f"{name}.parquet", columns=["person_id"])["person_id"]
        assert pc.all(pc.is_in(ids, value_set=person["person_id"].combine_chunks())).as_py()
        assert ids.to_pylist() == sorted(ids.to_pylist()), "in the order of pseudonyms, not of the build"
    delays = pq.read_table(given / "discharge_delay.parquet")
    assert pc.all(pc.is_in(delays["activity_id"], value_set=activity["activity_id"].combine_chunks())).as_py()
    true = reader.Reader(shelf.store).table("person", ["person_id"])["person_id"]
    assert not set(person["person_id"].to_pylist()) & set(true.to_pylist())
    assert not STAYS & {name for table in TABLES for name in pq.read_schema(given / f"{table}.parquet").names}


@pytest.mark.parametrize("table", ["person", "diagnosis", "discharge_delay"])
def test_the_rows_are_those_that_the_door_gives(given: Path, shelf: Example, table: str) -> None:
    ours = pq.read_table(given / f"{table}.parquet")
    caller = caller_for(shelf.place, "planning")
    theirs = open_records(shelf.store, shelf.place, caller).rows(caller, table, columns=ours.column_names)
    plain = [name for name in ours.column_names if name not in IDS]
    by = [(name, "ascending") for name in plain]
    assert ours.select(plain).sort_by(by).equals(theirs.select(plain).sort_by(by))


def test_counts_are_those_of_the_aggregates_door(given: Path, shelf: Example) -> None:
    built = reader.Reader(shelf.store).table("area_month")
    months = pq.read_table(given / "area_month.parquet")
    assert months.num_rows == built.num_rows
    measures = pq.read_table(given / "measure_value.parquet").to_pylist()
    assert {row["measure_id"] for row in measures} >= {"emergency_bed_days"}
    assert all((row["value"] is None) <= (row["reason"] is not None) for row in measures)


def test_every_column_is_described(given: Path) -> None:
    with (given / "data-dictionary.csv").open(newline="") as file:
        told = {(row["table"], row["column"]): row for row in csv.DictReader(file)}
    for table in TABLES:
        for name in pq.read_schema(given / f"{table}.parquet").names:
            assert told[table, name]["meaning"], (table, name)
    assert told["person", "birth_year"]["treated"] == "cut to the year from birth_month"
    assert told["person", "person_id"]["treated"] == "a pseudonym of this release alone"
    assert "protected" in told["person", "neighbourhood_id"]["treated"]
    assert "1: Male; 2: Female" in told["person", "sex"]["values"]
    assert told["activity", "cost_pence"]["unit"] == "pence"
    page, words = (given / "data-dictionary.html").read_text(), (given / "README.txt").read_text()
    assert all(f'id="{table}"' in page and f"  {table}: " in words for table in TABLES)
    assert "http" not in page.replace("http://www.w3.org", ""), "a page that calls nobody"
    for said in ("Purpose: planning: winter plan", "Destroy by", "Do not try to find out who anybody is", "releases PLACE --end"):
        assert said in words


def test_large_tables_are_read_laid_aside_and_written_in_parts(
    asked: Callable[..., HandOff], given: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reader, "ROWS_A_SET", 500)
    monkeypatch.setattr(shuffled, "ROWS_A_PART", 1_000)
    out = hand_off(asked("person", "diagnosis"), "parquet", tmp_path / "parts")
    written = pq.ParquetFile(out / "diagnosis.parquet")
    assert written.metadata.num_row_groups > 10
    assert max(written.metadata.row_group(at).num_rows for at in range(written.metadata.num_row_groups)) < 4_000
    parts, whole = written.read(), pq.read_table(given / "diagnosis.parquet")
    assert parts["person_id"].to_pylist() == sorted(parts["person_id"].to_pylist())
    plain = [name for name in whole.column_names if name not in IDS]
    by = [(name, "ascending") for name in plain]
    assert parts.select(plain).sort_by(by).equals(whole.select(plain).sort_by(by))


def test_csv_and_a_workbook_hold_the_same(asked: Callable[..., HandOff], given: Path, tmp_path: Path) -> None:
    tables = ("person", "discharge_delay", "area_month")
    as_csv = hand_off(asked(*tables), "csv", tmp_path / "csv")
    people = pq.read_table(given / "person.parquet")
    read = pa_csv.read_csv(
        as_csv / "person.csv",
        convert_options=pa_csv.ConvertOptions(
            column_types=dict(zip(people.schema.names, people.schema.types, strict=True)), strings_can_be_null=True
        ),
    )
    by = [(name, "ascending") for name in people.column_names if name != "person_id"]
    assert read.drop(["person_id"]).sort_by(by).equals(people.drop(["person_id"]).sort_by(by))
    book = hand_off(asked(*tables), "xlsx", tmp_path / "xlsx") / "tables.xlsx"
    sheets = CalamineWorkbook.from_path(str(book))
    assert sheets.sheet_names == [*tables, "data dictionary"]
    rows = sheets.get_sheet_by_name("person").to_python()
    assert len(rows) == 1 + people.num_rows
    assert rows[0] == people.column_names
    assert all(isinstance(row[0], str) for row in rows[1:]), "a worksheet would round a pseudonym"


def test_conditions_and_columns_are_of_their_table(shelf: Example, tmp_path: Path) -> None:
    done = run(
        shelf, "--tables", "person,activity", "--purpose", "planning", "--columns", "person.ethnic_group,person.birth_year",
        "--where", "activity.starts >= 2025-04-01", "--where", "sex = 2", "--out", tmp_path / "women", "--quiet",
    )  # fmt: skip
    assert (done.exit_code, done.stdout.strip()) == (0, str(tmp_path / "women"))
    person, activity = (pq.read_table(tmp_path / "women" / f"{name}.parquet") for name in ("person", "activity"))
    assert person.column_names == ["person_id", "ethnic_group", "birth_year"]
    assert pc.min(activity["starts"]).as_py().isoformat() >= "2025-04-01"
    assert set(activity["person_id"].to_pylist()) <= set(person["person_id"].to_pylist())


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["--tables", "person,activities"], "activities can't be handed off; there are person, activity"),
        (["--tables", "person,person"], "person is named twice"),
        (["--tables", ","], "no table is named"),
        (["--tables", "person", "--for", "public"], "rows of single people, which never go to the public"),
        (["--tables", "person", "--columns", "birth_year"], "such as person.birth_year"),
        (["--tables", "person,activity", "--columns", "person.birth_month,activity.area_code"], "never leave together"),
        (["--tables", "person", "--columns", "person.death_date"], "ask for death_year instead"),
        (["--tables", "person", "--where", "birth_year < 1890"], "person: these rows are of fewer than 10 people"),
        (["--tables", "activity", "--where", "person_id = 7"], "a pseudonym of the build"),
        (["person", "--tables", "activity"], "name one table, or several"),
        (["person", "--dry-run"], "say where to write"),
    ],
)
def test_what_may_not_leave_is_refused_and_nothing_written(shelf: Example, tmp_path: Path, words: list[str], says: str) -> None:
    refused = run(shelf, *words, "--purpose", "planning", *([] if "--dry-run" in words else ["--out", tmp_path / "no"]))
    assert refused.exit_code in (2, 7)
    assert says in refused.stderr
    assert not list(tmp_path.iterdir())


def test_a_dry_run_says_what_would_leave_and_writes_nothing(shelf: Example, given: Path) -> None:
    register = open_releases(shelf.store.kept / "releases.sqlite")
    before = len(register.rows())
    told = run(shelf, "--tables", "person,activity,area_month", "--purpose", "planning", "--dry-run").stdout.splitlines()
    rows = {name: pq.read_metadata(given / f"{name}.parquet").num_rows for name in TABLES}
    assert told[0].startswith(f"person: {rows['person']:,} rows of {rows['person']:,} people (records): person_id, birth_year")
    assert told[1].startswith(f"activity: {rows['activity']:,} rows of ")
    assert told[2].startswith(f"area_month: {rows['area_month']:,} rows (aggregates, internal)")
    assert len(register.rows()) == before
    register.close()
    assert [each["what"] for each in looks(shelf) if each["door"] == "records"][-1].startswith("dry run of a release to nowhere, person: ")


def test_counts_alone_are_for_who_has_no_role_for_rows_and_for_the_public(
    asked: Callable[..., HandOff], shelf: Example, tmp_path: Path
) -> None:
    wanted = asked("area_population", "measure_value", audience="public")
    wanted = replace(wanted, caller=replace(wanted.caller, role="public", account="passer-by"))
    out = hand_off(wanted, "csv", tmp_path / "public")
    people = pa_csv.read_csv(out / "area_population.csv")["people"].to_pylist()
    assert all(each is None or each == 0 or (each >= 10 and each % 5 == 0) for each in people)
    words = (out / "README.txt").read_text() + (out / "datapackage.json").read_text()
    assert "passer-by" not in words
    assert "winter plan" not in words
    assert not [each for each in looks(shelf) if each["door"] == "records" and each["account"] == "passer-by"]


def test_nothing_is_written_over_or_through(asked: Callable[..., HandOff], shelf: Example, tmp_path: Path) -> None:
    (tmp_path / "there").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "elsewhere")
    for name in ("there", "link"):
        with pytest.raises(StoreProblem, match="is there already"):
            hand_off(asked("person"), "csv", tmp_path / name)
    assert "lies in the place folder" in run(shelf, "--tables", "person", "--purpose", "planning", "--out", shelf.folder / "x").stderr


def test_what_fails_halfway_leaves_nothing(asked: Callable[..., HandOff], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(folder, "write_dictionary", lambda *_: (_ for _ in ()).throw(OSError(28, "No space left on device")))
    with pytest.raises(StoreProblem, match="its disk is full"):
        hand_off(asked("person"), "csv", tmp_path / "full")
    assert not list(tmp_path.iterdir())


def test_who_is_killed_halfway_leaves_no_folder_that_looks_whole(asked: Callable[..., HandOff], tmp_path: Path) -> None:
    begun = (
        "import os; from pathlib import Path; from joinedup.hand_off.beside import written_beside\n"
        f"with written_beside(Path({str(tmp_path / 'winter')!r})) as folder:\n"
        "    (folder / 'person.csv').write_text('half'); os.kill(os.getpid(), 9)"
    )
    ended = subprocess.run([sys.executable, "-c", begun], check=False, env=os.environ)
    assert ended.returncode == -signal.SIGKILL
    (left,) = tmp_path.iterdir()
    assert left.name.startswith(".winter.")
    assert stat.S_IMODE(left.stat().st_mode) == 0o700
    out = hand_off(asked("person"), "csv", tmp_path / "winter")
    assert list(tmp_path.iterdir()) == [out], "what was left is gone"


def test_a_worksheet_that_is_too_short_is_refused_before_anything_leaves(
    asked: Callable[..., HandOff], shelf: Example, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(forms, "MOST_ROWS", 1_000)
    before = len(looks(shelf))
    with pytest.raises(Refused, match=r"person has [\d,]+: choose --format parquet or csv"):
        hand_off(asked("person"), "xlsx", tmp_path / "long")
    assert len(looks(shelf)) == before
    assert not list(tmp_path.iterdir())


def test_python_hands_off_as_the_command_line_does(shelf: Example, tmp_path: Path) -> None:
    place = joinedup.open(shelf.folder, purpose="planning", store=shelf.store.root, reason="notebook")
    few = AskedTable("discharge_delay", columns=("days", "reason"), where=(("days", ">", 1),))
    out = place.hand_off(["person", few], tmp_path / "python")
    delays = pq.read_table(out / "discharge_delay.parquet")
    assert delays.column_names == ["person_id", "days", "reason"]
    assert pc.min(delays["days"]).as_py() > 1
    assert json.loads((out / "datapackage.json").read_text())["resources"][1]["condition"] == "days > 1"


def test_what_is_told_of_rows_is_right() -> None:
    told = handing.Told()
    for text in (["a", None, "bb"], ["a", "c", None]):
        told.see(pa.table({"word": pa.array(text), "day": pa.array([None, 5, 7], pa.date32())}))
    assert (told.rows, told.empty, told.longest) == (6, {"word": 2, "day": 2}, {"word": 2})
    assert told.values == {"word": {"a", "bb", "c"}}
    assert [day.isoformat() for day in told.days["day"]] == ["1970-01-06", "1970-01-08"]
    told.see(pa.table({"word": [str(n) for n in range(handing.MOST_VALUES)]}))
    assert told.values == {"word": None}, "a dictionary lists few values or none"
