"""Evidence keys, and what they are answered with."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date
from typing import Any

import pyarrow as pa
import pytest

from joinedup.access.behind import Definition
from joinedup.access.published import PUBLISHED, TOLD, evidence_key, slug
from joinedup.access.why import Answers
from joinedup.build import all_specs
from joinedup.errors import Refused
from joinedup.outcomes.measure_folder import definitions, headlines
from joinedup.papers.why_text import text
from tests.unit.papers.fixtures import five


class Shown:
    """A door over made-up tables."""

    def __init__(self) -> None:
        self.made = five()
        self.audience = "internal"
        self.asked: list[str] = []

    def table_of(self, name: str) -> Any:
        self.asked.append(name)
        return {"population": self.made.population, "measure_linkage": self.made.measure_linkage}[name]()

    def measure_list(self) -> Any:
        return tuple(headlines().values())

    def measure(self, name: str, *, area_type: str = "neighbourhood", breakdown: str = "all") -> pa.Table:
        if (area_type, breakdown) != ("neighbourhood", "all"):
            raise Refused("not made up")
        self.asked.append(name)
        rows = [row for row in self.made.measures().to_pylist() if row["measure_id"] == name]
        return pa.Table.from_pylist([row | {"breakdown": "all", "group_value": "all"} for row in rows])

    def __getattr__(self, name: str) -> Any:
        return getattr(self.made, name)


def test_a_key_is_fit_for_an_address_and_tells_values_apart() -> None:
    key = evidence_key("activity", "neighbourhood", "north", date(2026, 3, 1), "Same day emergency care (SDEC) £", None, "")
    assert key == "activity/neighbourhood/north/2026-03/same-day-emergency-care-sdec/not-known/not-known"
    assert slug(date(2026, 3, 2)) == "2026-03-02"
    assert slug("£") == "not-known"
    assert re.fullmatch(r"[a-z0-9._-]+", slug("Ärzte & “Co”"))


def test_what_is_left_off_a_key_is_taken_together_and_any_stands_for_all() -> None:
    answers = Answers(Shown())
    everyone = answers.of("population/place/place").counts["people"]
    assert everyone == sum(area.people for area in five().areas)
    sexes = [answers.of(f"population/place/place/any/{sex}").counts["people"] for sex in ("1", "2")]
    assert sum(each or 0 for each in sexes) == everyone
    one = answers.of("population/place/place/90/2")
    assert (len(one.rows), one.counts, one.told_apart["age_band"]) == (1, {}, "90+")


def test_a_measures_number_comes_with_its_links_and_tables_are_asked_for_once() -> None:
    door = Shown()
    answers = Answers(door)
    for _ in range(2):
        found = answers.of("delayed_days/neighbourhood/north")
    assert found.rows[0]["area_id"] == "north"
    assert found.links == {"numerator": 200.0, "by_probability": 20.0, "kindred": 104, "kindred_unlinked": 4}
    assert sorted(door.asked) == ["delayed_days", "measure_linkage"]


def test_a_measures_value_and_its_links_spell_their_division_out_but_not_for_the_public() -> None:
    found = Answers(Shown()).of("delayed_days/neighbourhood/north")
    counts = {"numerator": 412.0, "denominator": 8_905.0, "value": 46.266, "lower": 41.9, "upper": 50.9, "unit": "days per 1,000 people"}
    since = date(2024, 4, 1)
    definition = Definition("What", "Days", "People", "rate", 1_000, "days per 1,000 people", 1, "source", "owner", since, ())
    behind = replace(found.behind, definition=definition)
    measured = replace(found, rows=({**found.rows[0], **counts},), behind=behind)
    assert "412.0 ÷ 8,905.0 × 1,000 = 46.3" in text(measured)
    assert "links by probability bring 20.0 of 200.0 counted = 10.0%, all months together" in text(measured)
    assert " = 46.3" not in text(replace(measured, behind=replace(behind, audience="public"), links={}))
    assert " = 46.3" not in text(replace(measured, rows=({**measured.rows[0], "denominator": None},)))


def test_the_files_behind_a_number_are_its_own_with_their_records() -> None:
    answers = Answers(Shown())
    found = answers.of("delayed_days/neighbourhood/north")
    first, second = five().files()[:2]
    assert [(each.file, each.records) for each in found.files] == [(first.file, 400), (second.file, 399)]
    assert [each.rejected for each in found.files] == [first.rejected, second.rejected]
    assert f"{second.file}, SHA-256 not known: 399 records of it" in text(found)
    assert answers.of("delayed_days/neighbourhood/south").files == ()
    assert answers.of("delayed_days").files == answers.of("delayed_days/place/place").files
    assert answers.of("population/place/place").files == ()


@pytest.mark.parametrize(
    ("key", "said"),
    [
        ("delayed_day/place/place", "nothing that is published is called delayed_day; the nearest is delayed_days"),
        ("population/neighbourhood/nort", "population has no area_id nort; the nearest are north"),
        (
            "delayed_days/place/place/sex/1/2026-03",
            "names 5 values, and delayed_days is told apart by area_type, area_id, breakdown, group_value: leave the rest out",
        ),
        ("", "nothing that is published is called ;"),
    ],
)
def test_a_key_of_no_number_is_refused_with_the_nearest(key: str, said: str) -> None:
    with pytest.raises(Refused, match=re.escape(said)):
        Answers(Shown()).of(key)


def test_what_is_published_names_tables_and_columns_that_there_are() -> None:
    specs = all_specs()
    for name, of in PUBLISHED.items():
        columns = {column.name for column in specs[of.table].columns}
        assert {*(of.columns or (*of.grain, *of.counts))} <= columns, name
    assert not {*PUBLISHED} & {*TOLD}
    assert not {*PUBLISHED, *TOLD} & {each.id for each in definitions()}
