"""Whole builds over places of every shape, with invented people laid on them."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pytest

from joinedup.access.aggregates import open_aggregates
from joinedup.access.caller import caller_for
from joinedup.build import build
from joinedup.engine.reader import Reader
from joinedup.papers.pages import write_pages
from tests.place.conftest import Example, invented, landed
from tests.place.open_data import make_place
from tests.place.places import nine_teams

NETWORKS = {"Calderdale": 5, "Kirklees": 9}


def people_in(table: pa.Table, area_type: str) -> int:
    return int(pc.sum(table.filter(pc.field("area_type") == area_type)["people"]).as_py() or 0)


def check_sums(made: Example) -> None:
    """Neighbourhoods and nowhere add up to the place: people, activities and money."""
    build(made.place, made.store)
    reader = Reader(made.store)
    population, cost = reader.table("area_population"), reader.table("area_cost")
    assert people_in(population, "place") > 0
    assert people_in(population, "neighbourhood") + people_in(population, "none") == people_in(population, "place")
    for what in ("activities", "cost_pence"):
        sums = {kind: pc.sum(cost.filter(pc.field("area_type") == kind)[what]).as_py() or 0 for kind in ("place", "neighbourhood", "none")}
        assert sums["neighbourhood"] + sums["none"] == sums["place"] > 0


@pytest.mark.shared
@pytest.mark.parametrize("district", NETWORKS)
def test_real_practices_and_networks_with_invented_people(shared: Path, tmp_path: Path, district: str) -> None:
    made = invented(make_place(shared, district, tmp_path / district.lower()), 1_200, tmp_path)
    check_sums(made)
    assert len(made.place.neighbourhoods) == NETWORKS[district]
    pages = write_pages(open_aggregates(made.store, made.place, caller_for(made.place, "planning")), made.place, tmp_path / "pages")
    assert len([path for path in pages if path.suffix == ".html"]) >= NETWORKS[district] + 1


def test_nine_teams_with_a_split_a_move_and_a_succession(tmp_path: Path) -> None:
    made = invented(nine_teams(tmp_path / "nine"), 1_200, tmp_path)
    check_sums(made)
    pages = write_pages(open_aggregates(made.store, made.place, caller_for(made.place, "planning")), made.place, tmp_path / "pages")
    index = pages[0].read_text(encoding="utf-8")
    assert made.place.word.plural in index
    assert "calderdale" not in index.lower()


@pytest.mark.shared
def test_the_artificial_hospital_samples_become_spells_and_pages_that_say_what_is_missing(root: Path, shared: Path, tmp_path: Path) -> None:
    samples = shared / "open-data" / "extracts" / "hes_artificial"
    made = landed(root / "tests" / "place" / "hes_samples", samples, tmp_path)
    build(made.place, made.store)
    reader = Reader(made.store)
    activity, spell = reader.table("activity"), reader.table("spell")
    assert activity.num_rows == spell.num_rows + 1000 + 999  # attendances, appointments; what the law restricts isn't among them
    assert pc.sum(spell["episodes"]).as_py() == 2055
    assert spell.num_rows <= 2055
    assert set(pc.unique(reader.table("person")["linked_by"]).to_pylist()) == {"source_pseudonym"}
    aggregates = open_aggregates(made.store, made.place, caller_for(made.place, "planning"))
    assert aggregates.measures()["value"].null_count == aggregates.measures().num_rows  # nobody is registered: no rate, and not 0
    index = write_pages(aggregates, made.place, tmp_path / "pages")[0].read_text(encoding="utf-8")
    assert "no data" in index.lower()
