"""A star: no join of it loses a row, its facts add up to what the doors give, and databases take it as it is written."""

from __future__ import annotations

import csv
import re
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import psycopg
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest
import sqlglot
from sqlglot import exp

from joinedup.access.caller import caller_for
from joinedup.access.handing import AskedTable
from joinedup.access.records import open_records
from joinedup.engine.reader import Reader
from joinedup.engine.specs import ColumnType
from joinedup.hand_off.described import Field
from joinedup.hand_off.folder import HandOff, hand_off
from joinedup.hand_off.members import UNKNOWN, Calendar, Members
from tests.place.conftest import Example
from tests.postgresql import PostgreSQL

HALF_YEAR = [("starts", ">=", "2025-10-01")]
FACTS = ("activity", "discharge_delay", "diagnosis", "referral", "area_month", "area_cost", "measure_value")


@pytest.fixture(scope="module")
def star(asked: Callable[..., HandOff], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A star of the example: the people are added to what is asked."""
    half = AskedTable("activity", where=tuple(HALF_YEAR))
    return hand_off(asked(half, *FACTS[1:]), "star", tmp_path_factory.mktemp("star") / "star")


@pytest.fixture(scope="module")
def relationships(star: Path) -> list[dict[str, str]]:
    with (star / "relationships.csv").open(newline="") as file:
        return list(csv.DictReader(file))


def read(star: Path, name: str) -> pa.Table:
    return pq.read_table(star / f"{name}.parquet")


def test_every_key_of_a_fact_is_in_its_dimension_and_none_is_empty(star: Path, relationships: list[dict[str, str]]) -> None:
    assert {each["from_table"] for each in relationships} == {f"fact_{name}" for name in FACTS}
    for each in relationships:
        there, keys = read(star, each["to_table"])[each["to_column"]], read(star, each["from_table"])[each["from_column"]]
        assert keys.null_count == 0, each
        assert pc.all(pc.is_in(keys, value_set=there.combine_chunks())).as_py(), each
        assert there.to_pylist().count(UNKNOWN) == 1
        assert len(set(there.to_pylist())) == len(there), "each member once"
    for fact in FACTS:
        active = [each["to_table"] for each in relationships if each["from_table"] == f"fact_{fact}" and each["active"] == "yes"]
        assert len(active) == len(set(active)), "Power BI takes one active relationship to a table"


def test_facts_keep_their_grain_and_add_up_to_what_the_doors_give(star: Path, shelf: Example) -> None:
    caller = caller_for(shelf.place, "planning")
    activity = open_records(shelf.store, shelf.place, caller).rows(
        caller, "activity", columns=["cost_pence", "units", "starts", "ends"], where=HALF_YEAR
    )
    fact = read(star, "fact_activity")
    assert fact.num_rows == activity.num_rows
    for name in ("cost_pence", "units"):
        assert pc.sum(fact[name]).as_py() == pc.sum(activity[name]).as_py()
    assert UNKNOWN not in fact["person_key"].to_pylist(), "whoever has activity is among the people"
    assert pc.sum(pc.equal(fact["ends_date_key"], UNKNOWN)).as_py() == activity["ends"].null_count > 0
    starts = pc.add(
        pc.add(pc.multiply(pc.year(activity["starts"]), 10_000), pc.multiply(pc.month(activity["starts"]), 100)), pc.day(activity["starts"])
    )
    assert sorted(fact["starts_date_key"].to_pylist()) == sorted(starts.to_pylist())
    delays = Reader(shelf.store).table("discharge_delay", ["person_id", "days"])
    assert 0 < pc.sum(read(star, "fact_discharge_delay")["days"]).as_py() <= pc.sum(delays["days"]).as_py()
    for name, column in (("area_month", "known_share"), ("area_cost", "cost_pence")):
        built = Reader(shelf.store).table(name)
        assert read(star, f"fact_{name}").num_rows == built.num_rows
        assert pc.sum(read(star, f"fact_{name}")[column]).as_py() == pytest.approx(pc.sum(built[column]).as_py())


def test_what_a_person_is_counted_by_is_the_same_as_beside_the_row(star: Path, shelf: Example) -> None:
    caller = caller_for(shelf.place, "planning")
    rows = open_records(shelf.store, shelf.place, caller).rows(
        caller, "activity", columns=["sector", "neighbourhood_id", "sex", "cost_pence"], where=HALF_YEAR
    )
    wanted = rows.group_by(["sector", "neighbourhood_id", "sex"]).aggregate([("cost_pence", "sum")]).to_pylist()
    with duckdb.connect() as connection:
        found = connection.sql(
            f"""SELECT c.sector, a.area_id, p.sex, sum(f.cost_pence) FROM '{star}/fact_activity.parquet' AS f
            JOIN '{star}/dim_care.parquet' AS c USING (care_key) JOIN '{star}/dim_area.parquet' AS a USING (area_key)
            JOIN '{star}/dim_person.parquet' AS p USING (person_key) GROUP BY ALL"""
        ).fetchall()
    assert {(sector, None if area == "unknown" else area, sex): cost for sector, area, sex, cost in found} == {
        (row["sector"], row["neighbourhood_id"], row["sex"]): row["cost_pence_sum"] for row in wanted
    }


def statements(path: Path) -> list[exp.Expression]:
    return [each for each in sqlglot.parse(path.read_text(), read="tsql") if each is not None]


def test_the_tables_are_t_sql_and_a_database_with_their_keys_takes_the_files(star: Path, relationships: list[dict[str, str]]) -> None:
    """A real SQL Server can't be started here: the syntax is checked by sqlglot, and DuckDB, which holds keys too, is given its meaning."""
    made = statements(star / "create_tables.sql")
    assert all(isinstance(each, exp.Create) for each in made)
    assert sum(len(list(each.find_all(exp.ForeignKey))) for each in made) == len(relationships)
    assert all(list(each.find_all(exp.PrimaryKey)) for each in made if "dim_" in each.this.this.name)
    files = {path.stem for path in star.glob("*.csv")} - {"data-dictionary", "relationships"}
    loads = re.findall(r"BULK INSERT (\w+) FROM '\$\(folder\)\\(\w+)\.csv'", (star / "load_tables.sql").read_text())
    assert [name for name, _ in loads] == [file for _, file in loads] == [each.this.this.name for each in made]
    assert set(dict(loads)) == files
    with duckdb.connect() as connection:
        for each in made:
            connection.execute(each.sql("duckdb").replace(" NULLS FIRST", ""))
        for name, _ in loads:
            connection.execute(
                f"INSERT INTO {name} SELECT * FROM read_csv('{star}/{name}.csv', header = true, all_varchar = true, nullstr = '')"
            )
            assert connection.execute(f"SELECT count(*) FROM {name}").fetchall() == [(pq.read_metadata(star / f"{name}.parquet").num_rows,)]
        with pytest.raises(duckdb.ConstraintException):
            connection.execute("UPDATE fact_discharge_delay SET person_key = -5")


def test_postgresql_takes_the_folder_as_it_is(star: Path, postgresql_server: PostgreSQL) -> None:
    database = postgresql_server.new_database()
    with psycopg.connect(
        host=str(postgresql_server.socket), user="postgres", password=postgresql_server.password, dbname=database
    ) as connection:
        connection.execute((star / "create_tables.postgresql.sql").read_text())  # type: ignore[arg-type]
        for line in (star / "load_tables.postgresql.sql").read_text().splitlines():
            if (found := re.fullmatch(r"\\copy (\w+) \((.*)\) FROM '(\w+\.csv)' WITH \((.*)\)", line)) and found[1] != "fact_activity":
                with connection.cursor().copy(f"COPY {found[1]} ({found[2]}) FROM STDIN WITH ({found[4]})") as copy:  # type: ignore[call-overload]
                    copy.write((star / found[3]).read_bytes())
        (loaded,) = connection.execute(
            "SELECT sum(days) FROM fact_discharge_delay JOIN dim_delay USING (delay_key) JOIN dim_person USING (person_key)"
        ).fetchone() or (None,)
        assert loaded == pc.sum(read(star, "fact_discharge_delay")["days"]).as_py()
        with pytest.raises(psycopg.errors.ForeignKeyViolation):
            connection.execute("UPDATE fact_discharge_delay SET area_key = 999")


def test_the_calendar_knows_financial_years_and_weeks() -> None:
    calendar = Calendar()
    days = pa.array([date(2025, 12, 29), None, date(2026, 4, 1), date(1066, 10, 14)])
    assert calendar.keys(days).tolist() == [20251229, UNKNOWN, 20260401, 10661014]
    rows = {row["date_key"]: row for row in calendar.rows().to_pylist()}
    assert len(rows) == 1 + 1 + 94, "unknown, a day long ago, and every day between the first and the last of our time"
    monday, april = rows[20251229], rows[20260401]
    assert (monday["iso_year"], monday["iso_week"], monday["weekday"], monday["weekend"]) == (2026, 1, 1, False)
    assert (monday["financial_year"], monday["financial_quarter"], monday["financial_month"]) == ("2025/26", 3, 9)
    assert (april["financial_year"], april["financial_quarter"], april["financial_month"], april["quarter"]) == ("2026/27", 1, 1, 2)
    assert (april["month_name"], april["month_start"]) == ("April 2026", date(2026, 4, 1))
    assert rows[20260131]["financial_quarter"] == rows[20260331]["financial_quarter"] == 4
    assert rows[UNKNOWN]["date"] is None
    assert rows[UNKNOWN]["financial_year"] == "unknown"


def test_members_are_numbered_as_they_are_met_and_nothing_known_is_nought() -> None:
    text = ColumnType.STRING
    members = Members("dim_care", "", "", "care_key", (Field("sector", text, ""), Field("kind", text, "")))
    first = members.keys([pa.array(["acute", None, "acute", None]), pa.array(["day", "call", "day", None])])
    assert first.tolist() == [1, 2, 1, UNKNOWN]
    assert members.keys([pa.array(["acute", "acute"]), pa.array([None, "day"])]).tolist() == [3, 1]
    assert members.keys([pa.array([], pa.string()), pa.array([], pa.string())]).tolist() == []
    assert members.rows().to_pylist() == [
        {"care_key": 0, "sector": "unknown", "kind": "unknown"},
        {"care_key": 1, "sector": "acute", "kind": "day"},
        {"care_key": 2, "sector": None, "kind": "call"},
        {"care_key": 3, "sector": "acute", "kind": None},
    ]


def test_keys_are_described_as_what_they_are(star: Path) -> None:
    with (star / "data-dictionary.csv").open(newline="") as file:
        told: dict[Any, Any] = {(row["table"], row["column"]): row for row in csv.DictReader(file)}
    assert told["fact_activity", "starts_date_key"]["meaning"].startswith("Key of dim_date: Day of admission")
    assert told["fact_activity", "person_key"]["required"] == "yes"
    assert told["dim_person", "person_id"]["treated"] == "a pseudonym of this release alone"
    assert ("fact_activity", "provider_code") not in told
