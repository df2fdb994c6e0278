"""The real Calderdale and the real Kirklees, from the open data: read as they were published, oddities as findings."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import pytest

from joinedup.place.folder import read_place
from joinedup.place.model import Place
from joinedup.place.spans import Span
from joinedup.place.tables import tables
from tests.place.open_data import DISTRICTS, make_place

pytestmark = pytest.mark.shared

CONTRACTS = {"register", "apc", "ecds", "deaths"}


@pytest.fixture(scope="module")
def real(shared: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Place]:
    work = tmp_path_factory.mktemp("real")
    return {name: read_place(make_place(shared, name, work / name.lower()), CONTRACTS) for name in DISTRICTS}


def facts_of_networks(shared: Path) -> dict[str, tuple[int, int]]:
    """Members and registered patients by network code, from the table in FACTS.md."""
    text = (shared / "open-data" / "FACTS.md").read_text(encoding="utf-8")
    found = re.findall(r"^\| \w+ \| (U\d{5}) [^|]+ \| (\d+) \| \d+ \| ([\d,]+) \|", text, re.MULTILINE)
    return {code: (int(members), int(registered.replace(",", ""))) for code, members, registered in found}


@pytest.mark.parametrize(("district", "networks"), [("Calderdale", 5), ("Kirklees", 9)])
def test_networks_have_the_published_members_and_lists(shared, real, district, networks):
    place = real[district]
    members = Counter(m.neighbourhood for m in place.memberships if m.end is None)
    found = {n.code: (members[n.id], n.list_size) for n in place.neighbourhoods}
    assert len(found) == networks
    assert found == {code: fact for code, fact in facts_of_networks(shared).items() if code in found}


@pytest.mark.parametrize(
    ("district", "active", "areas", "wards", "residents", "most_deprived"),
    [("Calderdale", 21, 129, 17, 206_656, 31.3), ("Kirklees", 65, 260, 23, 433_206, 32.0)],
)
def test_practices_and_areas_are_those_of_the_facts(real, district, active, areas, wards, residents, most_deprived):
    place = real[district]
    assert sum(p.status == "active" and place.as_at in Span.of(p.opened, p.closed) for p in place.practices) == active
    assert (len(place.areas), len({a.ward_code for a in place.areas})) == (areas, wards)
    assert sum(a.population for a in place.areas) == residents
    in_fifth = sum(a.population for a in place.areas if a.deprivation_decile <= 2)
    assert round(100 * in_fifth / residents, 1) == most_deprived


ODDITIES = [
    ("Calderdale", "B84612", "practice-in-no-neighbourhood"),  # active, its membership ended on 30 September 2022
    ("Calderdale", "B84005", "dormant-practice"),  # dormant, and a current member
    ("Calderdale", "Y02645", "practice-without-list"),  # a safe haven
    ("Calderdale", "B84002", "gap-in-membership"),  # left its network ten months before it closed
    ("Calderdale", "B84002", "no-successor"),
    ("Calderdale", "B84610", "no-successor"),
    ("Calderdale", "Y03112", "gap-in-membership"),
    ("Kirklees", "B85622", "dormant-practice"),  # ended, and came back as Y07275
    ("Kirklees", "B85622", "practice-in-no-neighbourhood"),
    ("Kirklees", "Y07275", "practice-without-list"),
    ("Kirklees", "Y00081", "practice-without-list"),  # a safe haven
    ("Kirklees", "B85011", "commissioner-ended"),  # closed under 03A
    ("Kirklees", "Y01851", "commissioner-ended"),  # closed under 03J
    ("Kirklees", "B85638", "no-successor"),
]


@pytest.mark.parametrize(("district", "code", "rule"), ODDITIES)
def test_the_oddities_of_the_register_are_findings_that_name_the_practice(real, district, code, rule):
    found = [w for w in real[district].warnings if w.rule == rule and f"practice {code} " in w.message]
    assert len(found) == 1
    assert found[0].file == "practices.csv"
    assert found[0].line is not None


def test_former_commissioners_are_named_once_for_each_closed_practice(real):
    # ten closed rows carry 03A or 03J; two of them are no general practices
    rules = Counter(w.rule for w in real["Kirklees"].warnings)
    assert rules["commissioner-ended"] == 8


def test_nothing_else_is_found(real):
    known = {rule for _, _, rule in ODDITIES}
    assert {w.rule for place in real.values() for w in place.warnings} == known


@pytest.mark.parametrize("district", list(DISTRICTS))
def test_the_tables_of_a_real_place(real, district):
    made = tables(real[district])
    assert made["place_membership"].num_rows == len(real[district].memberships)
    assert set(made["place_area"]["deprivation_fifth"].to_pylist()) == {1, 2, 3, 4, 5}
