"""The page of a build: what each table cost, what was used again, and where the rest of the work began."""

from __future__ import annotations

import csv
from dataclasses import replace
from pathlib import Path

from joinedup.engine.manifest import Because
from joinedup.engine.profiles import PlanLine, plan_text
from joinedup.papers.built import beginnings, in_short, in_template, plans, steps_figure, tables_figure, why
from tests.unit.papers.fixtures import five, made_up_build
from tests.unit.papers.reading import read
from tools.browser import Tab, address

BUILT = made_up_build("20260506T130412Z-b3f19c02")


def test_the_page_hangs_on_the_first_one_and_tells_the_slowest(five_pages: Path) -> None:
    page = read(five_pages / "build.html")
    words = page.words()
    assert "build.html" in (five_pages / "index.html").read_text(encoding="utf-8")
    assert "area_month took longest: 1 min 1 s of the 1 min 9 s of all that were made" in words
    assert "4 tables were made and 1 was used again, as it was made from the same things in a build before." in words
    assert "Match: records by probability took 1 min 15 s of the 1 min 19 s of the landing" in words
    assert "812 MB" in words


def test_each_reason_is_told_and_where_it_began() -> None:
    manifest = BUILT.manifest
    assert {name: why(manifest, name) for name in manifest.tables} == {
        "activity_primary": "landed_gp_record changed",
        "activity": "activity_primary changed, because of landed_gp_record",
        "area_month": "its definition changed; activity changed, because of landed_gp_record",
        "area_cost": "the build before had no such table",
        "diagnosis": "used again, from build 20260406T130412Z-00c0ffee",
    }
    table = beginnings(manifest)
    assert table.rows == [
        ["landed_gp_record", "landed rows", "3", "1 min 9 s"],
        ["area_month", "its definition changed", "1", "1 min 1 s"],
        ["area_cost", "new table", "1", "0.04 s"],
    ]


def test_of_many_names_a_page_has_the_first() -> None:
    names = tuple(f"landed_{letter}" for letter in "abcdef")
    record = BUILT.manifest.tables["activity"].model_copy(update={"because": Because(inputs=names)})
    manifest = BUILT.manifest.model_copy(update={"tables": {**BUILT.manifest.tables, "activity": record}})
    assert why(manifest, "activity", 3) == "landed_a, landed_b, landed_c and 3 more changed"
    assert why(manifest, "activity", 5) == why(manifest, "activity")


def test_the_table_has_every_table_with_bare_values(five_pages: Path) -> None:
    with (five_pages / "build.tables.csv").open(encoding="utf-8", newline="") as file:
        rows = {row["table"]: row for row in csv.DictReader(file)}
    assert rows.keys() == BUILT.manifest.tables.keys()
    assert (rows["diagnosis"]["reused"], rows["diagnosis"]["processor_seconds"], rows["diagnosis"]["spilled"]) == ("True", "2.0", "4000000")
    assert (rows["activity"]["processor_seconds"], rows["activity"]["others_at_once"]) == ("", "1")


def test_a_first_build_says_so() -> None:
    tables = {
        name: record.model_copy(update={"because": Because(first=True), "reused": False}) for name, record in BUILT.manifest.tables.items()
    }
    first = BUILT.manifest.model_copy(update={"before": "", "tables": tables})
    assert in_short(first) == "No build had been published before it, so each of its 5 tables was made."
    assert why(first, "activity") == "there was no build before"
    assert beginnings(first).rows[0][1] == "new table"


def test_a_build_of_before_all_this_has_a_page() -> None:
    unmeasured = {"measured": None, "because": None, "made_in": "", "definition": ""}
    tables = {name: record.model_copy(update=unmeasured) for name, record in BUILT.manifest.tables.items()}
    old = replace(BUILT, manifest=BUILT.manifest.model_copy(update={"measured": None, "tables": tables}), steps=(), landing=None)
    assert steps_figure(old, invented=True).reason
    assert tables_figure(old, invented=True).table is not None
    assert {key.value for key in in_template(old)["keys"][:3]} == {"no data"}


def test_the_public_isnt_told() -> None:
    assert replace(five(), audience="public").built() is None


def test_it_fits_a_narrow_window_with_everything_open(five_pages: Path, tab: Tab) -> None:
    tab.show(address(five_pages / "build.html"), 320)
    opened = "document.querySelectorAll('details').forEach(each => each.open = true), document.documentElement.scrollWidth"
    assert tab.evaluate(opened) == 320


def test_plans_of_the_slowest_stand_on_the_page_where_somebody_asked() -> None:
    assert BUILT.profile is not None
    ((heading, plan),) = plans(BUILT)
    assert heading == "activity: 4.20 s, 70% of all; 1,250,000 rows read, 765,051 written, 310 MB"
    assert plan.splitlines() == ["   3.100 s       765,051 rows  ORDER_BY", "   1.000 s       537,505 rows    TABLE_SCAN activity_primary"]
    assert plans(replace(BUILT, profile=None)) == []
    long = BUILT.profile.tables[0].model_copy(
        update={"plan": tuple(PlanLine(depth=0, operator=f"O{n}", rows=0, seconds=n) for n in range(30))}
    )
    assert plan_text(long).splitlines()[-1] == "  10.000 s in 5 operators that took less"
