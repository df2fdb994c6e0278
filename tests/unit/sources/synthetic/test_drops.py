"""Files that a source sends month by month: what they are called, what they hold, and what corrects what."""

from __future__ import annotations

import csv
from collections import Counter
from datetime import date, timedelta
from pathlib import Path

import pyarrow.parquet as pq
import pytest
import yaml

from joinedup.engine.duck import connect
from joinedup.errors import PlaceError
from joinedup.place.file_name import readings
from joinedup.place.model import Place, Source
from joinedup.sources.landing import stage
from joinedup.sources.synthetic import synthesise
from joinedup.sources.synthetic.drops import drops_of, month_starts, monthly_place
from joinedup.sources.synthetic.own_ways import in_own_ways
from joinedup.sources.synthetic.seasons import span_to
from joinedup.sources.synthetic.truth import FOLDER
from tests.unit.sources.synthetic.places import AS_AT, FILES, plain_place

SPAN = span_to(AS_AT)
REGISTER, APC, ECDS, DEATHS = FILES


def names(source: Source) -> list[str]:
    return [drop.file for drop in drops_of(source, SPAN)]


def test_a_span_has_its_months() -> None:
    starts = month_starts(SPAN)
    assert (starts[0], starts[-1], len(starts)) == (date(2024, 4, 1), date(2026, 4, 1), 25)
    assert len(month_starts(span_to(date(2026, 4, 10)))) == 26, "the days after the last whole month are a month of their own"


def test_sources_of_one_file_name_a_pattern() -> None:
    place = monthly_place(plain_place())
    changes = [(f"{name}_[0-9]*.csv", f"{name}_resent_*.csv") for name in ("apc", "ecds", "deaths")]
    assert [source.files for source in place.sources] == [("register_[0-9]*.csv",), *changes]
    assert (place.sources[0].sends, place.sources[0].file_name) == ("snapshot", ("register_{day:%Y-%m-%d}.csv",))
    assert monthly_place(place) == place


@pytest.mark.parametrize(
    ("changes", "first", "last", "count"),
    [
        ({"files": ("apc_*.csv",)}, "apc_2024-04.csv", "apc_resent_2024-25.csv", 25),
        ({"files": ("in/apc_*.csv.gz",)}, "in/apc_2024-04.csv.gz", "in/apc_resent_2024-25.csv.gz", 25),
        (
            {"files": ("apc_*.csv",), "sends": "months", "file_name": ("apc_{from:%Y%m}_{to:%Y%m}.csv",)},
            "apc_202404_202404.csv",
            "apc_202404_202503.csv",
            25,
        ),
        ({"files": ("*/apc.csv",), "sends": "months", "file_name": ("{month:%Y-%m}/apc.csv",)}, "2024-04/apc.csv", "2026-03/apc.csv", 24),
        (
            {"files": ("apc_*.csv",), "sends": "months", "file_name": ("apc_{month:%b%Y}_{sent:%Y%m%d}.csv",)},
            "apc_Apr2024_20240514.csv",
            "apc_Mar2025_20250614.csv",
            36,
        ),
        ({"files": ("apc_*.csv",), "sends": "everything"}, "apc_2026-01.csv", "apc_2026-03.csv", 3),
    ],
)
def test_files_are_named_as_the_source_says(changes: dict[str, object], first: str, last: str, count: int) -> None:
    source = APC.model_copy(update=changes)
    found = names(source)
    assert (found[0], found[-1], len(found), len(set(found))) == (first, last, count, count)
    assert not source.file_name or all(readings(source.file_name, Path(name)) for name in found)


def test_a_source_that_names_no_pattern_is_refused() -> None:
    with pytest.raises(PlaceError, match="its files have no pattern"):
        names(APC)
    with pytest.raises(PlaceError, match="which none of its patterns fits"):
        names(APC.model_copy(update={"files": ("a_*.csv",), "sends": "months", "file_name": ("b_{month:%Y-%m}.csv",)}))


def of_place(place: Place, out: Path, **asked: object) -> Place:
    synthesise(place, 1_500, 3, out, monthly=True, **asked)  # type: ignore[arg-type]
    return monthly_place(place)


@pytest.fixture(scope="module")
def monthly(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The monthly extracts of 1,500 people, without faults."""
    out = tmp_path_factory.mktemp("monthly")
    of_place(plain_place(), out, noise=0.0)
    return out


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_months_hold_their_days_and_corrections_of_earlier_ones(monthly: Path) -> None:
    sent = rows(monthly / "apc_2025-01.csv")
    before = {row["EPIKEY"] for path in monthly.glob("apc_202[45]*.csv") if path.name < "apc_2025-01.csv" for row in rows(path)}
    held = Counter(row["ADMIDATE"][:7] for row in sent if row["EPIKEY"] not in before)
    assert held["2025-01"] > 0.9 * sum(held.values())
    assert max(row["ADMIDATE"] for row in sent)[:7] == "2025-01"


def test_a_late_value_comes_in_a_later_file(monthly: Path) -> None:
    versions: dict[str, list[tuple[str, str]]] = {}
    for path in sorted(monthly.glob("apc_*.csv")):
        for row in rows(path):
            versions.setdefault(row["EPIKEY"], []).append((path.name, row["FINAL_PRICE"]))
    late = [given for given in versions.values() if len({price for _, price in given}) > 1]
    assert late
    for given in late:
        assert given[0][1] == ""
        assert given[-1][1] != ""


def test_a_year_is_sent_again_without_what_was_deleted(monthly: Path) -> None:
    """And without what began after it, of stays that had begun in it."""
    again = {row["EPIKEY"] for row in rows(monthly / "apc_resent_2024-25.csv")}
    of_year = [row for path in monthly.glob("apc_202*.csv") for row in rows(path) if row["ADMIDATE"] < "2025-04-01"]
    first = {row["EPIKEY"] for row in of_year if row["EPISTART"] < "2025-04-01"}
    deleted = {key for key in first if key.startswith("W")}
    assert deleted
    assert again == first - deleted


def test_no_file_knows_what_comes_after_its_month(monthly: Path) -> None:
    """A stay that isn't over is sent unfinished, and again once it is; the truth says which rows those are."""
    unfinished: dict[str, str] = {}
    finished: dict[str, str] = {}
    for path in sorted(monthly.glob("apc_202*.csv")):
        for row in rows(path):
            assert max(row["DISDATE"], row["EPIEND"], row["EPISTART"])[:7] <= path.stem[4:]
            (finished if row["DISDATE"] else unfinished).setdefault(row["EPIKEY"], path.name)
            assert row["DISDATE"] or (row["DISMETH"], row["SPELDUR"]) == ("8", "")
    both = unfinished.keys() & finished.keys()
    assert len(both) > 10
    assert all(unfinished[key] < finished[key] for key in both)
    told = pq.read_table(monthly / FOLDER / "faulty_rows.parquet").to_pylist()
    assert len(both) <= sum(row["kind"] == "unfinished" and row["file"].startswith("apc_202") for row in told)
    late = {row["kind"] for row in told if row["file"].startswith("apc_")}
    assert late == {"unfinished", "value_to_come", "record_in_error", "deletion"}


def test_some_partners_send_by_discharge_and_in_words_of_their_own(tmp_path: Path) -> None:
    place = plain_place(sources=(APC, ECDS))
    seed = next(seed for seed in range(100) if "apc" in _by_end(place, seed, "changes"))
    synthesise(place, 1_500, seed, tmp_path, monthly=True, own_ways=True, noise=0.0, years=1)
    told = {source["name"]: source for source in yaml.safe_load((tmp_path / "sources.yml").read_text(encoding="utf-8"))["sources"]}
    truth = yaml.safe_load((tmp_path / FOLDER / "planted.yml").read_text(encoding="utf-8"))["sources"]
    assert {each["source"]: each["by_month_of"] for each in truth}["apc"] == "end"
    assert [
        each for each in ("rename", "values", "date_format", "delimiter", "encoding") if any(each in source for source in told.values())
    ]
    read = monthly_place(place).model_copy(update={"sources": tuple(Source(**source) for source in told.values())})
    con = connect()
    staging = stage(con, read, tmp_path)
    assert not [file for file in staging.files if file.refused]
    names = {file.file_id: file.file for file in staging.files}
    held = con.execute("SELECT file_id, admidate, disdate FROM staged_apc WHERE disdate IS NOT NULL").fetchall()
    assert len(held) > 100
    again = [file for file in names.values() if "resent" in file]
    assert all(f"{left:%Y-%m}" in names[file] for file, _, left in held if names[file] not in again)


def _by_end(place: Place, seed: int, sends: str) -> frozenset[str]:
    own, by_end = in_own_ways(place, seed, monthly=True)
    return frozenset(source.name for source in own.sources if source.name in by_end and source.sends == sends)


def test_columns_change_their_order_half_way(monthly: Path) -> None:
    before, after = ((monthly / f"apc_{month}.csv").read_text(encoding="utf-8").split("\n")[0] for month in ("2025-03", "2025-04"))
    assert before.split(",") == after.split(",")[::-1]


def test_a_list_shows_who_was_there(monthly: Path) -> None:
    start, end = "START_DATE_GMP_PATIENT_REGISTRATION", "END_DATE_GMP_PATIENT_REGISTRATION"
    lists = sorted(monthly.glob("register_*.csv"))
    assert [path.name for path in lists][::23] == ["register_2024-04-30.csv", "register_2026-03-31.csv"]
    for path in lists[1:]:
        day = path.stem.removeprefix("register_")
        for row in rows(path):
            assert row[start] <= day
            assert row[end] <= str(date.fromisoformat(day) + timedelta(days=1)), "no end that isn't known yet"
    last = rows(lists[-1])
    assert {row["NHS_NUMBER"] for row in last if not row[end]} != {row["NHS_NUMBER"] for row in rows(lists[0])}


def test_a_sources_yml_names_the_files(monthly: Path) -> None:
    told = yaml.safe_load((monthly / "sources.yml").read_text(encoding="utf-8"))["sources"]
    assert [(source["name"], source["files"]) for source in told][1] == ("apc", ["apc_[0-9]*.csv", "apc_resent_*.csv"])
    con = connect()
    staging = stage(con, monthly_place(plain_place()), monthly)
    assert len(staging.files) == 24 + 3 * 25
    assert not [file for file in staging.files if file.refused]


@pytest.mark.parametrize("workers", [1, 2])
def test_any_number_of_workers_writes_the_same_months(workers: int, tmp_path: Path) -> None:
    place = plain_place(sources=(APC,))
    synthesise(place, 10_200, 3, tmp_path / "one", monthly=True, years=1)
    synthesise(place, 10_200, 3, tmp_path / "more", monthly=True, years=1, workers=workers)
    for path in (tmp_path / "one").glob("*.csv"):
        assert path.read_bytes() == (tmp_path / "more" / path.name).read_bytes()
