"""Two builds compared: each planted change is told by its cause and by no other, and what causes did adds up to the whole difference."""

from __future__ import annotations

import csv
import json
import re
import shutil
import stat
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from html import unescape
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from joinedup import build as building
from joinedup import land as landing_story
from joinedup.access.changes import Cause, Cell, Changes
from joinedup.access.changing import earlier_build, find_changes, later_build
from joinedup.build import all_specs, build
from joinedup.cli import main
from joinedup.engine.manifest import Manifest, read_manifest
from joinedup.engine.specs import TableSpec
from joinedup.engine.store import Store
from joinedup.errors import NothingPublished
from joinedup.land import land
from joinedup.outcomes.measure_folder import headlines as measures
from joinedup.papers.changed import headline
from joinedup.sources import unchanged
from joinedup.sources.contract import contracts

from .conftest import Example, invented, opened
from .places import with_sources

SOURCES = ("register", "deaths", "apc", "opt_out", "discharge_ready")
"""What the measures need, and who is counted: fewer sources land faster."""


@pytest.fixture(scope="module")
def small(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Example:
    """A place of 1,500 people with few sources, landed and built."""
    work = tmp_path_factory.mktemp("changes")
    shutil.copytree(root / "places" / "calderdale", work / "calderdale")
    with_sources(work / "calderdale", *SOURCES)
    with (work / "calderdale" / "place.yml").open("a", encoding="utf-8") as file:
        file.write("linking: {link_at: off}  # what probability links would follow from what is planted\n")
    made = invented(work / "calderdale", 1_500, work)
    build(made.place, made.store)
    return made


def caused(found: Changes) -> dict[str, int]:
    """Cause -> how many published numbers it changed; and every number's shares add up to its difference."""
    for cell in found.cells:
        if cell.difference is not None:
            assert sum(share or 0.0 for share in cell.shares) == pytest.approx(cell.difference, abs=1e-9), cell
    return {turn.name: sum(bool(cell.shares[at]) for cell in found.cells) for at, turn in enumerate(found.turns)}


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
    table = specs["bed_use"]
    sql = str(table.sql).replace("CAST(sum(e.days) AS BIGINT)", "CAST(2 * sum(e.days) AS BIGINT)")
    assert sql != table.sql
    return {**specs, table.table: table.model_copy(update={"sql": sql, "version": table.version + 1})}


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


def landed_and_built(of: Example) -> Manifest:
    """The build of what is landed now."""
    land(of.place, of.extracts, of.store, of.keys)
    return build(of.place, of.store)


def with_a_second_cause(patch: pytest.MonkeyPatch) -> None:
    """Nothing; another version of joinedup lands, which refuses deaths that have no second cause."""
    spec = contracts()["deaths"]
    fields = tuple(field.model_copy(update={"required": True}) if field.name == "S_COD_CODE_2" else field for field in spec.fields)
    patch.setitem(contracts(), spec.contract, spec.model_copy(update={"fields": fields}))
    for where in (unchanged, landing_story):
        patch.setattr(where, "software", lambda: "landing of another version, duckdb 2.0.0")


CAUSES = (
    Cause.CORRECTION,
    Cause.POPULATION,
    Cause.NEW,
    Cause.LINKAGE,
    Cause.PLACE,
    Cause.CODES,
    Cause.DEFINITION,
    Cause.SOFTWARE,
)
"""In the order in which they are planted, one before each build after the first."""


@dataclass(frozen=True)
class Planted:
    """Nine builds, each but the first with one thing planted."""

    of: Example
    builds: list[Manifest]
    specs: Mapping[str, TableSpec]
    known: dict[tuple[int, int], Changes] = field(default_factory=dict)

    def between(self, first: int, last: int) -> Changes:
        """What changed from one build to another."""
        if (first, last) not in self.known:
            found = find_changes(self.of.store, opened(self.of.folder), self.builds[first], self.builds[last], self.specs)
            self.known[first, last] = found
        return self.known[first, last]


@pytest.fixture(scope="module")
def planted(small: Example, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Planted]:
    """The builds, in folders of their own."""
    work = tmp_path_factory.mktemp("planted")
    for name in ("store", "calderdale", "extracts"):
        shutil.copytree(small.folder.parent / name, work / name)
    of = replace(
        small, place=opened(work / "calderdale"), extracts=work / "extracts", folder=work / "calderdale", store=Store(work / "store")
    )
    apc, register = of.extracts / "apc.csv", of.extracts / "register.csv"
    builds = [read_manifest(of.store)]
    with pytest.MonkeyPatch.context() as patch:
        for path, change in ((apc, planned_after_all), (register, leave), (apc, come_in_again), (apc, of_nobody_known)):
            edited(path, change)
            builds.append(landed_and_built(of))
        moves_a_practice(of)
        builds.append(build(opened(of.folder), of.store))
        listed = with_a_shorter_list(work)
        patch.setattr(building, "all_specs", lambda _: dict(listed))
        builds.append(build(opened(of.folder), of.store))
        specs = listed | {"bed_use": with_days_twice()["bed_use"]}
        patch.setattr(building, "all_specs", lambda _: dict(specs))
        builds.append(build(opened(of.folder), of.store))
        with_a_second_cause(patch)
        land(opened(of.folder), of.extracts, of.store, of.keys)
        builds.append(build(opened(of.folder), of.store))
        yield Planted(of, builds, specs)


def measured(found: Changes) -> set[str]:
    """The measures with a value that is another."""
    return {cell.name for cell in found.cells if cell.count == "value" and cell.name in measures()}


SAID = {
    Cause.CORRECTION: rf"Admitted patient care \(apc\): {CORRECTED} rows corrected or taken back",
    Cause.POPULATION: rf"Registration list of general practice \(register\): {LEFT} rows that came, went or changed",
    Cause.NEW: rf"Admitted patient care \(apc\): {NEW_ROWS} rows that came",
    Cause.LINKAGE: rf"Admitted patient care \(apc\): {RELINKED} rows linked to other people, or in another way",
    Cause.PLACE: r"Which neighbourhood each practice belongs to, and when \(place_membership\): 21 rows, now 21",
    Cause.CODES: r"Urgent-care-sensitive conditions \(urgent_care_sensitive\): 31 rows, now 26, version 1, now 2",
    Cause.DEFINITION: r"Bed days after emergency admission \(bed_use\): declared otherwise, version \d, now \d",
    Cause.SOFTWARE: r"Registered deaths \(deaths\): \d+ rows read otherwise",
}
MOVES = {
    Cause.CODES: {"urgent_care_sensitive_admissions"},
    Cause.DEFINITION: {"emergency_bed_days"},
}
"""The only measures that some causes can move."""


@pytest.mark.parametrize("which", range(len(CAUSES)), ids=CAUSES)
def test_what_is_planted_alone_is_told_by_its_cause_alone(planted: Planted, which: int) -> None:
    found, cause = planted.between(which, which + 1), CAUSES[which]
    counts = caused(found)
    assert counts.keys() == {cause}
    assert counts[cause] > 0
    assert [line for line in found.turns[0].details if re.fullmatch(SAID[cause], line)]
    assert [line for line in found.not_told if "two versions of joinedup" not in line] == []
    assert bool(found.not_told) == (cause is Cause.SOFTWARE)
    assert measured(found) <= MOVES.get(cause, {*measures()})


@pytest.mark.parametrize(("first", "last"), [(1, 3), (5, 7), (6, 8), (1, 4), (0, 8)], ids=lambda at: f"build {at}")
def test_what_is_planted_together_is_told_apart_and_adds_up(planted: Planted, first: int, last: int) -> None:
    found = planted.between(first, last)
    there = [cause for cause in Cause if cause in CAUSES[first:last]]
    assert [turn.causes for turn in found.turns] == [(cause,) for cause in there]
    assert all(caused(found).values())
    for cause, alone in MOVES.items():
        if cause in there:
            at = there.index(cause)
            assert {cell.name for cell in found.cells if cell.shares[at] and cell.name in measures()} == alone
    differ = {name for name, one in planted.builds[last].tables.items() if one.digest != planted.builds[first].tables[name].digest}
    assert {table.table for table in found.tables if table.kind == "derived"} == differ
    for table in found.tables:
        assert sum(table.shares) == (table.after or 0) - (table.before or 0), table
        assert any(table.moved), table
        if table.added is not None and table.gone is not None:
            assert table.added - table.gone == sum(table.shares), table


def days(found: Changes) -> Cell:
    """The bed days of the whole place."""
    return next(cell for cell in found.cells if cell.key == "emergency_bed_days/place/place" and cell.count == "numerator")


def test_a_cause_does_among_others_what_it_did_alone_under_the_rule_of_now(planted: Planted) -> None:
    """The definition stands before the data: it doubles what was there, and data then count double."""
    found = planted.between(0, 8)
    shares = dict(zip((turn.name for turn in found.turns), days(found).shares, strict=True))
    assert shares["definition"] == days(found).before
    for which, cause in enumerate(CAUSES[:4]):
        alone = days(planted.between(which, which + 1)).difference
        assert shares[cause] == pytest.approx(2 * (alone or 0.0), rel=0.25), cause


def test_how_rows_are_linked_changes_with_what_changed_of_their_source(planted: Planted) -> None:
    """Counts that a landing makes of its files go to the causes of their contract, and not to the last that there is."""
    found = planted.between(1, 3)
    assert [turn.name for turn in found.turns] == ["population", "new data"]
    of = {name: [cell for cell in found.cells if cell.name == "linked_rows" and cell.told_apart[0] == name] for name in ("register", "apc")}
    assert of["register"]
    assert all(cell.shares[1] == 0 for cell in of["register"])
    rows = [cell for cell in of["apc"] if cell.told_apart[2] == "all" and cell.count == "row_count"]
    assert [cell.shares[1] for cell in rows] == [NEW_ROWS]


def test_another_engine_is_software_and_takes_nothing_from_what_else_changed(planted: Planted) -> None:
    before = planted.builds[2].model_copy(update={"software": "duckdb 1.4.0", "build_id": "20250101T000000Z-of-an-older"})
    found = find_changes(planted.of.store, opened(planted.of.folder), before, planted.builds[3], planted.specs)
    assert [turn.name for turn in found.turns] == ["software", "new data"]
    assert found.turns[0].details == (f"engine: duckdb 1.4.0, now {planted.builds[3].software}",)
    assert caused(found) == {"software": 0, "new data": caused(planted.between(2, 3))["new data"]}


def test_without_its_definitions_what_comes_after_them_is_still_told(planted: Planted) -> None:
    """Nothing can be made by definitions that are gone: what stands before them goes with them, what follows is told."""
    of, name = planted.of, planted.builds[0].tables["bed_use"].definition
    path = of.store.definitions / f"{name}.json"
    kept = path.read_bytes()
    path.unlink()
    try:
        before = planted.builds[3].model_copy(update={"build_id": "20250101T000000Z-without"})
        found = find_changes(of.store, opened(of.folder), before, planted.builds[7], planted.specs)
    finally:
        path.write_bytes(kept)
    assert [turn.name for turn in found.turns] == ["place folder and code list and definition", "linkage"]
    assert found.not_told == (
        "place folder, code list, definition can't be told apart: what tables of the earlier build were declared as isn't kept",
    )
    assert all(caused(found).values())


def test_without_its_landing_the_data_are_one_cause(planted: Planted) -> None:
    of = planted.of
    landing = of.store.landed / planted.builds[0].about["landing"]["landing_id"] / "landing.json"
    landing.rename(landing.with_suffix(".away"))
    try:
        before = planted.builds[0].model_copy(update={"build_id": "20250101T000000Z-no-landing"})
        found = find_changes(of.store, opened(of.folder), before, planted.builds[5], planted.specs)
    finally:
        landing.with_suffix(".away").rename(landing)
    assert [turn.causes for turn in found.turns] == [
        (Cause.PLACE,),
        (Cause.LINKAGE, Cause.CORRECTION, Cause.POPULATION, Cause.NEW),
    ]
    assert found.not_told == ("what of the data did it can't be told: the landing of one of the builds isn't kept any more",)
    assert all(caused(found).values())


def test_builds_are_named_and_one_that_is_not_there_is_told_with_those_that_are(planted: Planted) -> None:
    store, builds = planted.of.store, planted.builds
    assert later_build(store) == builds[-1]
    assert later_build(store, "3") == builds[2] == later_build(store, builds[2].build_id)
    assert earlier_build(store, builds[5]) == builds[4]
    assert earlier_build(store, builds[5], "2") == builds[1]
    with pytest.raises(NothingPublished, match=r"no build 6 before 6 is kept: there are 1 \("):
        earlier_build(store, builds[5], "6")
    with pytest.raises(NothingPublished, match="no build before 1 is kept"):
        earlier_build(store, builds[0])


def test_two_builds_of_the_same_differ_in_nothing(planted: Planted) -> None:
    again = planted.builds[-1].model_copy(update={"build_id": "20990101T000000Z-the-same", "number": 99})
    found = find_changes(planted.of.store, opened(planted.of.folder), planted.builds[-1], again, planted.specs)
    assert (found.turns, found.tables, found.cells, found.not_told) == ((), (), (), ())
    assert found.compared > 100
    assert headline(found, measures()) == "No published number changed."


def run(planted: Planted, *options: str) -> Result:
    """What the verb says of the planted place."""
    of = planted.of
    return CliRunner().invoke(main, ["changes", str(of.folder), "--store", str(of.store.root), *options])


def test_any_two_builds_are_told_as_a_page_or_a_file(planted: Planted, tmp_path: Path) -> None:
    found = planted.between(1, 2)
    between = ("--since", "2", "--until", "3")
    said = run(planted, *between, "--out", str(tmp_path / "page"))
    assert (said.exit_code, said.stdout.strip()) == (0, str(tmp_path / "page" / "changes.html")), said.output
    page = (tmp_path / "page" / "changes.html").read_text(encoding="utf-8")
    assert headline(found, measures()) in unescape(page)
    assert "whether their order matters" in page
    leads = {link for link in re.findall(r'href="([^"#]+)"', page) if not (tmp_path / "page" / link).exists()}
    assert leads == set()
    assert run(planted, *between, "--out", str(tmp_path / "numbers.csv")).exit_code == 0
    with (tmp_path / "numbers.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    values = [cell for cell in found.cells if cell.name in measures() and cell.count == "value"]
    assert {row["key"] for row in rows} == {cell.key for cell in values if len(cell.told_apart) == 2}, (
        "areas; groups where a measure is named"
    )
    assert any(len(cell.told_apart) == 4 for cell in values)
    assert set(rows[0]) == {"key", "count", "before", "after", "difference", "population"}
    assert run(planted, *between, "--out", str(tmp_path / "all.json")).exit_code == 0
    told = json.loads((tmp_path / "all.json").read_text(encoding="utf-8"))
    assert [turn["causes"] for turn in told["turns"]] == [["population"]]
    assert stat.S_IMODE((tmp_path / "all.json").stat().st_mode) == 0o600


def test_what_can_not_be_compared_or_written_is_said_before_anything_is_done(planted: Planted, tmp_path: Path) -> None:
    (tmp_path / "there.csv").write_text("mine", encoding="utf-8")
    said = run(planted, "--out", str(tmp_path / "there.csv"))
    assert (said.exit_code, (tmp_path / "there.csv").read_text(encoding="utf-8")) == (5, "mine")
    assert "is there already" in said.stderr
    assert run(planted, "--out", str(planted.of.folder / "page")).exit_code == 2
    said = run(planted, "--since", "3", "--until", "3")
    assert (said.exit_code, "no build 3 before 3 is kept" in said.stderr) == (6, True)
    said = run(planted, "--until", "77")
    assert (said.exit_code, "no build 77 that is kept" in said.stderr) == (6, True)
