"""Two builds compared: each planted change is told by its cause and by no other, and what causes did adds up to the whole difference."""

from __future__ import annotations

import csv
import re
import shutil
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import date, timedelta
from itertools import pairwise
from pathlib import Path

import pytest

from joinedup import build as building
from joinedup.access.aggregates import open_aggregates
from joinedup.access.caller import caller_for
from joinedup.access.changes import Cause, Changes
from joinedup.access.changing import earlier_build, find_changes
from joinedup.build import all_specs, build
from joinedup.engine.manifest import Manifest, read_manifest
from joinedup.engine.specs import TableSpec
from joinedup.engine.store import Store
from joinedup.errors import NothingPublished
from joinedup.land import land
from joinedup.outcomes.definitions import measures

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
    with (work / "calderdale" / "place.yml").open("a", encoding="utf-8") as file:
        file.write("linking: {link_at: off}  # what probability links would follow from what is planted\n")
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


EMERGENCY = ("21", "22", "23", "24", "2A", "2B")
CORRECTED, LEFT, NEW_ROWS, RELINKED = 40, 50, 60, 30
"""Rows that each landing plants: stays that turn out to be planned, people who left, stays that are new, rows of nobody known."""


def emergencies(rows: list[dict[str, str]]) -> list[dict[str, str]]:
    """The emergency stays of people with no other row: what is done to them tells nothing of whose other rows are."""
    whose = Counter(row["LOCAL_PATIENT_IDENTIFIER"] for row in rows)
    return [row for row in rows if row["ADMIMETH"] in EMERGENCY and whose[row["LOCAL_PATIENT_IDENTIFIER"]] == 1]


def planned_after_all(rows: list[dict[str, str]]) -> None:
    """Nothing; some emergency stays turn out to be planned ones."""
    for row in emergencies(rows)[:CORRECTED]:
        row["ADMIMETH"] = "11"


def leave(rows: list[dict[str, str]]) -> None:
    """Nothing; some registrations that go on are there no more."""
    going = [row for row in rows if not row["END_DATE_GMP_PATIENT_REGISTRATION"]][:LEFT]
    rows[:] = [row for row in rows if row not in going]


def come_in_again(rows: list[dict[str, str]]) -> None:
    """Nothing; some people have had another stay, forty days before."""
    for number, row in enumerate(emergencies(rows)[-NEW_ROWS:]):
        days = {
            name: row[name] and str(date.fromisoformat(row[name]) - timedelta(40)) for name in ("ADMIDATE", "DISDATE", "EPISTART", "EPIEND")
        }
        rows.append({**row, **days, "EPIKEY": f"59999999{number:04}", "SUSSPELLID": f"79999999{number:04}", "DISREADYDATE": ""})


def of_nobody_known(rows: list[dict[str, str]]) -> None:
    """Nothing; some stays lose all that says whose they are."""
    said = ("NHS_NUMBER", "PERSON_BIRTH_DATE", "PERSON_FAMILY_NAME", "PERSON_GIVEN_NAME", "MYDOB", "LOCAL_PATIENT_IDENTIFIER")
    for row in emergencies(rows)[:RELINKED]:
        row.update(dict.fromkeys((*said, "POSTCODE_OF_USUAL_ADDRESS"), ""))


@pytest.fixture(scope="module")
def landings(small: Example, tmp_path_factory: pytest.TempPathFactory) -> list[Changes]:
    """What changed from each of five builds to the next, and from first to last; each is of a landing with one thing planted."""
    work = tmp_path_factory.mktemp("landings")
    for name in ("store", "calderdale", "extracts"):
        shutil.copytree(small.folder.parent / name, work / name)
    of = replace(
        small, place=opened(work / "calderdale"), extracts=work / "extracts", folder=work / "calderdale", store=Store(work / "store")
    )
    apc, register = of.extracts / "apc.csv", of.extracts / "register.csv"
    built = [read_manifest(of.store)]
    for path, change in ((apc, planned_after_all), (register, leave), (apc, come_in_again), (apc, of_nobody_known)):
        edited(path, change)
        built.append(landed_and_built(of))
    pairs = [*pairwise(built), (built[0], built[-1])]
    return [find_changes(of.store, of.place, before, after, all_specs()) for before, after in pairs]


def landed_and_built(of: Example) -> Manifest:
    """The build of what is landed now."""
    land(of.place, of.extracts, of.store, of.keys)
    return build(of.place, of.store)


def measured(found: Changes) -> set[str]:
    """The measures with a value that is another."""
    return {cell.name for cell in found.cells if cell.count == "value" and cell.name in measures()}


@pytest.mark.parametrize(
    ("which", "cause", "planted", "said"),
    [
        (0, Cause.CORRECTION, CORRECTED, r"Admitted patient care \(apc\): (\d+) rows corrected or taken back"),
        (
            1,
            Cause.POPULATION,
            LEFT,
            r"Registration list of general practice \(register\): (\d+) rows that came, went or changed",
        ),
        (2, Cause.NEW, NEW_ROWS, r"Admitted patient care \(apc\): (\d+) rows that came"),
        (3, Cause.LINKAGE, RELINKED, r"Admitted patient care \(apc\): (\d+) rows linked to other people, or in another way"),
    ],
)
def test_what_a_landing_changed_is_told_by_its_cause_alone(
    landings: list[Changes], which: int, cause: Cause, planted: int, said: str
) -> None:
    found = landings[which]
    only(found, cause)
    rows = [int(told[1]) for line in found.turns[0].details if (told := re.fullmatch(said, line))]
    assert rows == [planted]
    assert found.not_told == ()
    assert "emergency_bed_days" in measured(found)


def test_four_causes_at_once_are_told_apart_and_add_up(landings: list[Changes]) -> None:
    found = landings[-1]
    assert [turn.causes for turn in found.turns] == [(Cause.LINKAGE,), (Cause.CORRECTION,), (Cause.POPULATION,), (Cause.NEW,)]
    assert all(caused(found).values())
    one_by_one = {cell.key: cell for each in landings[:-1] for cell in each.cells if cell.count == "value"}
    assert {cell.key for cell in found.cells if cell.count == "value"} <= one_by_one.keys()
    days = next(cell for cell in found.cells if cell.key == "emergency_bed_days/place/place" and cell.count == "numerator")
    alone = [next((c.difference for c in each.cells if c.key == days.key and c.count == "numerator"), 0.0) for each in landings[:-1]]
    assert sum(share or 0 for share in days.shares) == days.difference == sum(each or 0 for each in alone)
    shares = dict(zip((turn.name for turn in found.turns), days.shares, strict=True))
    assert shares["late correction"] == pytest.approx(alone[0], rel=0.2)
    assert shares["new data"] == pytest.approx(alone[2], rel=0.2)
