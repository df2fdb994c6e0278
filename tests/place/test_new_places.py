"""`joinedup new` on the published files of two real districts: networks, lists and areas come out as published, each trap is told."""

from __future__ import annotations

import csv
import shutil
from collections import Counter
from datetime import date
from pathlib import Path

import pytest

from joinedup.findings import errors
from joinedup.place.folder import read_place
from joinedup.place.model import Place
from joinedup.place.spans import Span
from joinedup.sources.contract import contracts
from joinedup.starting.new import Answers, Started, start_place
from tests.place.test_real_places import facts_of_networks

pytestmark = pytest.mark.shared

AS_AT = date(2024, 1, 31)
FOLDERS = ("practices", "geography", "deprivation", "population")


@pytest.fixture(scope="module")
def published(shared: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The published files under names that tell nothing."""
    folder = tmp_path_factory.mktemp("published")
    files = sorted(path for name in FOLDERS for path in (shared / "open-data" / name).glob("*.csv"))
    for number, path in enumerate(files):
        shutil.copy(path, folder / f"{number:02d}.csv")
    return folder


@pytest.fixture(scope="module")
def real(published: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Started]:
    work = tmp_path_factory.mktemp("new")
    asked = {"Calderdale": "E08000033", "Kirklees": "kirklees"}
    return {
        name: start_place(work / name.lower(), Answers(as_at=AS_AT, district=said, published=published, trusts=("RWY",)))
        for name, said in asked.items()
    }


@pytest.mark.parametrize(("district", "networks"), [("Calderdale", 5), ("Kirklees", 9)])
def test_networks_have_the_published_members_and_lists(shared, real, district, networks):
    place = real[district].place
    members = Counter(m.neighbourhood for m in place.memberships if m.end is None)
    found = {n.code: (members[n.id], n.list_size) for n in place.neighbourhoods}
    assert len(found) == networks
    assert found == {code: fact for code, fact in facts_of_networks(shared).items() if code in found}
    assert {n.start for n in place.neighbourhoods} == {date(2019, 10, 1)}


@pytest.mark.parametrize(
    ("district", "active", "areas", "wards", "residents", "most_deprived"),
    [("Calderdale", 21, 129, 17, 206_656, 31.3), ("Kirklees", 65, 260, 23, 433_206, 32.0)],
)
def test_practices_and_areas_are_those_of_the_facts(real, district, active, areas, wards, residents, most_deprived):
    place = real[district].place
    assert sum(p.status == "active" and AS_AT in Span.of(p.opened, p.closed) for p in place.practices) == active
    assert (len(place.areas), len({a.ward_code for a in place.areas})) == (areas, wards)
    assert {a.deprivation_index for a in place.areas} == {"IMD 2025"}
    assert sum(a.population for a in place.areas) == residents
    assert round(100 * sum(a.population for a in place.areas if a.deprivation_decile <= 2) / residents, 1) == most_deprived


def test_the_folder_is_what_the_makers_of_tests_make_of_the_same_files(real, shared, tmp_path):
    from tests.place.open_data import make_place

    for name, started in real.items():
        made = read_place(make_place(shared, name, tmp_path / name), tuple(contracts()))
        assert {(m.practice, m.start, m.end) for m in made.memberships} == {(m.practice, m.start, m.end) for m in started.place.memberships}
        listed = {p.code: (p.opened, p.closed, p.status, p.list_size, p.commissioner) for p in made.practices}
        assert listed == {p.code: (p.opened, p.closed, p.status, p.list_size, p.commissioner) for p in started.place.practices}
        assert [a.deprivation_rank for a in made.areas] == [a.deprivation_rank for a in started.place.areas]


TRAPS = [
    ("Calderdale", "practice-in-no-neighbourhood", "B84612"),  # Lister Lane: active, its membership ended
    ("Calderdale", "dormant-practice", "B84005"),  # Rosegarth: dormant, and a current member
    ("Calderdale", "safe-haven", "Y02645"),
    ("Calderdale", "no-successor", "B84002"),
    ("Calderdale", "gap-in-membership", "Y03112"),
    ("Calderdale", "two-census-years", "2011"),
    ("Kirklees", "perhaps-succeeded", "B85622"),  # Broughton House came back as Y07275
    ("Kirklees", "safe-haven", "Y00081"),
    ("Kirklees", "practice-without-list", "Y07275"),
    ("Kirklees", "commissioner-ended", "B85011"),
]


@pytest.mark.parametrize(("district", "rule", "named"), TRAPS)
def test_what_a_reader_must_survive_is_told_once(real, district, rule, named):
    assert len([f for f in real[district].findings if f.rule == rule and named in f.message]) == 1


def test_no_finding_is_an_error_and_the_folder_tells_what_was_decided(real):
    for started in real.values():
        assert not errors(started.findings)
        readme = (started.place.folder / "README.md").read_text(encoding="utf-8")
        head = (started.place.folder / "place.yml").read_text(encoding="utf-8")
        assert all(sentence in readme and sentence in head for sentence in started.decided)


def test_former_codes_show_from_earlier_files(real):
    partners = {p.code: p for p in real["Kirklees"].place.partners}
    assert {code: partners[code].end for code in ("03A", "03J")} == {"03A": date(2021, 4, 1), "03J": date(2021, 4, 1)}
    assert partners["X2C4Y"].start == date(2021, 4, 1)
    assert partners["QWO"].start == date(2022, 7, 1)
    assert partners["RWY"].name.startswith("Calderdale And Huddersfield")
    assert not {"03A", "03J"} & {p.code for p in real["Calderdale"].place.partners}


def headless(source: Path, target: Path) -> Path:
    """The list of practices as the Organisation Data Service publishes it: 27 columns and no header."""
    with source.open(encoding="utf-8", newline="") as file, target.open("w", encoding="utf-8", newline="") as out:
        write = csv.writer(out, quoting=csv.QUOTE_ALL)
        for row in list(csv.reader(file))[1:]:
            write.writerow([*row[:17], "01422 000000", "", "", "", row[17], "", row[18], "", row[19], ""])
    return target


def test_the_register_without_a_header_gives_the_same(real, shared, tmp_path):
    data = shared / "open-data"
    lookup = data / "geography/lookup_lsoa21_msoa21_ward24_district_subicb_icb.csv"
    named: dict[str, Path] = {
        "--practices": headless(data / "practices/practices_epraccur_2024-01.csv", tmp_path / "epraccur.csv"),
        "--pcn-members": data / "practices/pcn_membership_2023-01.csv",
        "--lookup": lookup,
        "--deprivation": data / "deprivation/imd2025_by_lsoa21.csv",
        "--population": data / "population/census2021_age_bands_by_lsoa21.csv",
        "--lists": data / "practices/qof_prevalence_2020-21_by_practice.csv",
    }
    started = start_place(tmp_path / "place", Answers(as_at=AS_AT, sub_icb="E38000025", files=named))
    known: Place = real["Calderdale"].place
    assert started.place.practices == known.practices
    assert {n.list_size for n in started.place.neighbourhoods} == {n.list_size for n in known.neighbourhoods}
    assert started.place.areas == known.areas


def test_deprivation_of_another_census_is_left_out_and_told(shared, tmp_path):
    data = shared / "open-data"
    named = {
        "--practices": data / "practices/practices_epraccur_2024-01.csv",
        "--lookup": data / "geography/lookup_lsoa21_msoa21_ward24_district_subicb_icb.csv",
        "--deprivation": data / "deprivation/imd2019_by_lsoa11.csv",
    }
    started = start_place(tmp_path / "place", Answers(as_at=AS_AT, district="E08000033", files=named))
    assert [f.file for f in started.findings if f.rule == "codes-of-another-census"] == ["imd2019_by_lsoa11.csv"]
    assert {a.deprivation_rank for a in started.place.areas} == {None}
    assert len(started.place.neighbourhoods) == 1
