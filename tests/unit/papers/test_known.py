"""What pages say of whom each measure is known, who is left out and why, and who holds it back."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pyarrow as pa

from joinedup.papers import known
from joinedup.papers.facts import Facts
from joinedup.papers.figure import without
from joinedup.papers.summary import key_figures
from joinedup.place.model import Partner
from tests.unit.papers.fixtures import FakeAggregates, five, nine


def facts_of(aggregates: FakeAggregates) -> Facts:
    return Facts(aggregates, aggregates.place)


def notes(facts: Facts) -> dict[str, list[str]]:
    return {measure: known.Known(facts).notes(spec) for measure, spec in facts.specs.items()}


def test_who_is_left_out_is_named_with_the_reason_and_what_becomes_of_the_people() -> None:
    said = notes(facts_of(five()))
    assert said["delayed_days"] == [
        "Known of 1 of 3 providers (70.0% of stays) for the whole period, to 31 March 2026.",
        "Left out: Tarn Hospitals, 11 months from April 2025, as it gives no discharge-ready dates; March 2026, as its extract ends on "
        "28 February 2026.",
        "Left out in part or whole: 1 small provider.",
        "The people who would have gone there in those months are left out of the rate too, by their share of stays.",
    ]
    assert said["emergency_bed_days"][:2] == [
        "Known of 2 of 3 providers (70.5% of stays) for the whole period, to 31 March 2026.",
        "Left out: Tarn Hospitals, March 2026, as its extract ends on 28 February 2026.",
    ]


def test_where_nothing_is_known_nothing_is_said_of_providers() -> None:
    facts = facts_of(nine())
    assert set(map(tuple, notes(facts).values())) == {()}
    assert known.complete_to(facts) == ""
    assert known.table(known.Known(facts)).rows == []


def test_measures_are_complete_up_to_the_earliest_day_and_who_holds_them_back_is_named() -> None:
    assert known.complete_to(facts_of(five())) == "Measures complete to 28 February 2026, held back by Tarn Hospitals"


def test_a_hospital_of_the_place_of_which_no_extract_tells_is_named() -> None:
    made = five()
    silent = Partner(id="moss", name="Moss Infirmary", code="RV7", roles=("acute_provider",))
    gone = Partner(id="old", name="Old Infirmary", code="RV8", roles=("acute_provider",), end=date(2020, 1, 1))
    place = made.place.model_copy(update={"partners": (*made.place.partners, silent, gone)})
    said = notes(facts_of(replace(made, place=place)))["delayed_days"]
    assert said[-1] == "No extract tells of stays at Moss Infirmary: they are missing, and how many people go there isn't known."
    assert "Old Infirmary" not in " ".join(said)


def test_the_table_has_each_measure_and_provider_with_months_and_reason() -> None:
    rows = known.table(known.Known(facts_of(five()))).rows
    assert [row[:6] for row in rows if row[0] == "Delayed days"] == [
        ["Delayed days", "Vale and Moor Hospitals", "12 of 12", "31 March 2026", "31 March 2026", "70.0%"],
        ["Delayed days", "Tarn Hospitals", "0 of 12", "—", "28 February 2026", "29.5%"],
        ["Delayed days", "Provider RX9", "0 of 12", "—", "31 March 2026", "0.5%"],
    ]


def test_a_value_that_is_known_of_a_part_of_the_people_says_so_beside_it() -> None:
    class Partly(FakeAggregates):
        def measures(self) -> pa.Table:
            table = super().measures()
            return table.append_column("known_share", pa.array([0.7] * table.num_rows))

    made = five()
    facts = facts_of(Partly(**vars(made)))
    units = {key.name: key.unit for key in key_figures(facts, facts.whole)}
    assert units["Delayed days"].endswith("; known of 70.0% of people")


def test_an_extract_that_stopped_is_named_where_use_and_cost_are_shown() -> None:
    made = five()
    stopped = tuple(replace(each, data_to=date(2026, 1, 31)) if each.contract == "ecds" else each for each in made.stamp.sources)
    said = without(facts_of(replace(made, stamp=replace(made.stamp, sources=stopped))))
    assert said == [
        "Emergency care of Vale and Moor Hospitals tells of nothing after 31 January 2026: what came later isn't in these figures."
    ]
