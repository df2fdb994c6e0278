"""The example place: the facts that it carries, read without a finding."""

from __future__ import annotations

from collections import Counter
from datetime import date
from pathlib import Path

import pytest

from joinedup.place.folder import read_place
from joinedup.place.model import Place
from joinedup.sources.contract import contracts


@pytest.fixture(scope="module")
def calderdale(root: Path) -> Place:
    return read_place(root / "places" / "calderdale", set(contracts()))


def test_it_is_invented_and_without_findings(calderdale):
    assert (calderdale.id, calderdale.name, calderdale.invented, calderdale.as_at) == ("calderdale", "Calderdale", True, date(2026, 3, 31))
    assert calderdale.warnings == ()
    assert (calderdale.word.singular, calderdale.word.plural) == ("locality", "localities")


def test_five_localities_have_their_published_lists(calderdale):
    # QOF 2020-21 by primary care network
    assert {n.name: n.list_size for n in calderdale.neighbourhoods} == {
        "Upper Calder Valley": 35035,
        "North Halifax": 37461,
        "Calder & Ryburn": 42683,
        "Lower Valley": 44651,
        "Central Halifax": 53882,
    }


def test_lists_of_practices_add_up_to_their_locality(calderdale):
    size = {p.code: p.list_size for p in calderdale.practices}
    sums = Counter()
    for member in calderdale.memberships:
        sums[member.neighbourhood] += size[member.practice]
    assert sums == {n.id: n.list_size for n in calderdale.neighbourhoods}


def test_practices_cannot_be_mistaken_for_real_ones(calderdale):
    # a code of the Organisation Data Service for a practice is a letter and five digits
    assert [p.code for p in calderdale.practices] == [f"INV{n:02}" for n in range(1, 22)]


def test_areas_are_those_of_the_borough(calderdale):
    # Census 2021 and the ward lookup of 2024: 129 areas, 17 wards, 206,656 residents
    assert len(calderdale.areas) == 129
    assert len({a.ward_code for a in calderdale.areas}) == 17
    assert sum(a.population for a in calderdale.areas) == 206_656
    assert {a.neighbourhood for a in calderdale.areas} == {n.id for n in calderdale.neighbourhoods}


def test_a_ward_lies_whole_in_one_locality(calderdale):
    assert len({(a.ward_code, a.neighbourhood) for a in calderdale.areas}) == 17


def test_the_commissioner_of_a_day_can_be_found(calderdale):
    commissioners = {p.id: p for p in calderdale.partners if "commissioner" in p.roles}
    assert commissioners["calderdale-ccg"].end == commissioners["west-yorkshire-icb"].start == date(2022, 7, 1)
    lead = [c.lead_commissioner for c in calderdale.contracts if c.provider == "acute-trust" and c.end is None]
    assert lead == ["west-yorkshire-icb"]


def test_each_extract_is_a_file_of_its_own_from_a_partner_of_its_kind(calderdale):
    assert {"register", "apc", "ecds", "deaths", "gp_record", "urgent_call", "opt_out"} <= {s.contract for s in calderdale.sources}
    assert all(s.files == (f"{s.name}.csv",) for s in calderdale.sources)
    roles = {p.id: p.roles for p in calderdale.partners}
    of = {s.contract: roles[s.partner] for s in calderdale.sources}
    assert "acute_provider" in of["apc"]
    assert "ambulance_provider" in of["urgent_call"]


def test_thresholds_are_dated(calderdale):
    assert calderdale.threshold("neighbourhood_people_most") == 50_000
    with pytest.raises(KeyError, match="neighbourhood_people_most"):
        calderdale.threshold("neighbourhood_people_most", date(2019, 9, 30))
