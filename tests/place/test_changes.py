"""Two builds compared: each planted change is told by its cause and by no other, and what causes did adds up to the whole difference."""

from __future__ import annotations

import csv
import shutil
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from joinedup import build as building
from joinedup.access.aggregates import open_aggregates
from joinedup.access.caller import caller_for
from joinedup.access.changes import Cause, Changes
from joinedup.access.changing import earlier_build, find_changes
from joinedup.build import all_specs, build
from joinedup.engine.manifest import read_manifest
from joinedup.engine.specs import TableSpec
from joinedup.engine.store import Store
from joinedup.errors import NothingPublished

from .conftest import Example, invented, opened

SOURCES = ("register", "deaths", "apc", "opt_out", "discharge_ready")
"""What the measures need, and who is counted: fewer sources land faster."""


@pytest.fixture(scope="module")
def small(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Example:
    """A place of 2,000 people with few sources, landed and built."""
    work = tmp_path_factory.mktemp("changes")
    shutil.copytree(root / "places" / "calderdale", work / "calderdale")
    path = work / "calderdale" / "sources.yml"
    begins = "  - name: "
    parts = [begins + part for part in path.read_text(encoding="utf-8").split(begins)[1:]]
    path.write_text("sources:\n" + "".join(part for part in parts if part.split()[2] in SOURCES), encoding="utf-8")
    made = invented(work / "calderdale", 2_000, work)
    build(made.place, made.store)
    return made


@pytest.fixture
def again(small: Example, tmp_path: Path) -> Example:
    """The same in folders of its own."""
    shutil.copytree(small.folder, tmp_path / "calderdale")
    shutil.copytree(small.store.root, tmp_path / "store")
    return replace(small, place=opened(tmp_path / "calderdale"), folder=tmp_path / "calderdale", store=Store(tmp_path / "store"))


def built_again(of: Example, specs: Mapping[str, TableSpec] | None = None) -> Changes:
    """What changed between the published build and one that is made and published now."""
    known = specs or all_specs()
    before, after = read_manifest(of.store), build(opened(of.folder), of.store)
    return find_changes(of.store, opened(of.folder), before, after, known)


def caused(found: Changes) -> dict[str, int]:
    """Cause -> how many published numbers it changed; and every number's shares add up to its difference."""
    for cell in found.cells:
        if cell.difference is not None:
            assert sum(share or 0.0 for share in cell.shares) == pytest.approx(cell.difference, abs=1e-9), cell
    return {turn.name: sum(bool(cell.shares[at]) for cell in found.cells) for at, turn in enumerate(found.turns)}


def only(found: Changes, cause: Cause) -> None:
    """Nothing; the cause is the only one that there is, and it changed something."""
    counts = caused(found)
    assert counts.keys() == {cause}
    assert counts[cause] > 0


def edited(path: Path, change: Callable[[list[dict[str, str]]], None]) -> None:
    """Nothing; the rows of a CSV file are changed."""
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    names = list(rows[0])
    change(rows)
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, names)
        writer.writeheader()
        writer.writerows(rows)


def moves_a_practice(of: Example) -> None:
    """Nothing; a practice of the place belongs to another neighbourhood."""

    def move(rows: list[dict[str, str]]) -> None:
        other = next(row["neighbourhood"] for row in rows if row["neighbourhood"] not in ("", rows[0]["neighbourhood"]))
        rows[0]["neighbourhood"] = other

    edited(of.folder / "practices.csv", move)


def with_a_shorter_list(folder: Path) -> dict[str, TableSpec]:
    """The tables, a code list among them without the codes that begin with J."""
    specs = all_specs()
    path, table = folder / "urgent_care_sensitive.csv", specs["urgent_care_sensitive"]
    head, *lines = Path(str(table.csv)).read_text(encoding="utf-8").splitlines(keepends=True)
    path.write_text(head + "".join(line for line in lines if "J" not in line), encoding="utf-8")
    return {**specs, table.table: table.model_copy(update={"csv": path, "version": table.version + 1})}


def with_days_twice() -> dict[str, TableSpec]:
    """The tables, one of which counts each bed day twice."""
    specs = all_specs()
    table = specs["measure_bed_days"]
    sql = str(table.sql).replace("CAST(sum(days) AS DOUBLE)", "CAST(2 * sum(days) AS DOUBLE)")
    assert sql != table.sql
    return {**specs, table.table: table.model_copy(update={"sql": sql, "version": table.version + 1})}


def test_a_build_of_the_same_is_the_same_and_compares_with_nothing(again: Example) -> None:
    assert build(opened(again.folder), again.store) == read_manifest(again.store)
    with pytest.raises(NothingPublished, match="no build before the published one is kept"):
        earlier_build(again.store, read_manifest(again.store))


def test_a_practice_in_another_neighbourhood_is_of_the_place_folder(again: Example) -> None:
    moves_a_practice(again)
    found = built_again(again)
    only(found, Cause.PLACE)
    assert found.turns[0].details == ("Which neighbourhood each practice belongs to, and when (place_membership): 21 rows, now 21",)
    assert {table.table for table in found.tables if table.kind == "place"} == {"place_membership"}
    place = [cell for cell in found.cells if cell.name == "emergency_bed_days" and cell.told_apart == ("place", "place")]
    assert place == []


def test_lists_and_definitions_that_change_at_once_are_told_apart(again: Example, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    specs = with_a_shorter_list(tmp_path) | {"measure_bed_days": with_days_twice()["measure_bed_days"]}
    monkeypatch.setattr(building, "all_specs", lambda: dict(specs))
    found = built_again(again, specs)
    assert list(caused(found)) == [Cause.CODES, Cause.DEFINITION]
    by_cause = [{cell.name for cell in found.cells if cell.shares[at]} for at in range(2)]
    assert "urgent_care_sensitive_admissions" in by_cause[0]
    assert by_cause[1] == {"emergency_bed_days"}
    doubled = [cell for cell in found.cells if cell.name == "emergency_bed_days" and cell.count == "numerator"]
    assert all(cell.after == 2 * (cell.before or 0) and cell.shares == (0, cell.before) for cell in doubled)
    assert found.turns[0].details == ("Urgent-care-sensitive conditions (urgent_care_sensitive): 31 rows, now 26, version 1, now 2",)
    door = open_aggregates(again.store, again.place, caller_for(again.place, "planning"))
    assert door.changes() == found


def test_without_its_definitions_a_build_is_compared_and_nothing_guessed(
    again: Example, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    specs = with_a_shorter_list(tmp_path) | {"measure_bed_days": with_days_twice()["measure_bed_days"]}
    monkeypatch.setattr(building, "all_specs", lambda: dict(specs))
    (again.store.definitions / f"{read_manifest(again.store).tables['measure_bed_days'].definition}.json").unlink()
    found = built_again(again, specs)
    assert [turn.causes for turn in found.turns] == [(Cause.CODES, Cause.DEFINITION)]
    assert found.not_told == ("causes can't be told apart: what tables of the earlier build were declared as isn't kept",)
    assert caused(found)["code list and definition"] > 0
