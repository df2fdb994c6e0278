from __future__ import annotations

import csv
import io
import math
from dataclasses import replace
from datetime import date

import pyarrow as pa
import pytest

from joinedup.papers.facts import Facts
from joinedup.papers.figure import Table
from joinedup.papers.figures import costs, deprivation, indicators, people, scores, standardised, tiles, use
from joinedup.papers.theme import NARROW, WIDE
from joinedup.place.model import Neighbourhood, Tile
from tests.unit.papers.fixtures import FakeAggregates, FakeMissing, five, nine

CENTRAL = 2


def facts(aggregates: FakeAggregates | None = None) -> Facts:
    fake = aggregates or five()
    return Facts(fake, fake.place)


def filed(table: Table) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(table.csv({"place": "x"}))))


def with_table(method: str, rows: pa.Table) -> Facts:
    """Five localities whose door gives `rows` for one of its tables."""
    given = type("Given", (FakeAggregates,), {method: lambda self: rows})
    fake = five()
    return facts(given(fake.place, fake.areas, fake.stamp))


def test_the_pyramid_says_whether_more_are_old() -> None:
    of = facts()
    found = [people.figure(of, area).finding for area in of.areas]
    assert found[CENTRAL] == "12.4% of people are 65 or over, fewer than in Combe Vale (19.4%)"
    assert "more than in Combe Vale" in found[4]


def test_people_add_up_over_ages_and_sexes() -> None:
    of = facts()
    rows = filed(people.figure(of, of.areas[CENTRAL]).table or Table("", []))
    assert sum(int(row["male"]) + int(row["female"]) for row in rows) == sum(int(row["people"]) for row in rows) == 5_020
    assert sum(float(row["share"]) for row in rows) == pytest.approx(1)


def test_people_without_age_or_sex_are_counted_and_said() -> None:
    rows = five().population()
    nobody_knows = {"age_band": None, "age_band_order": None, "sex": None, "people": 7}
    unknown = [{"area_type": kind, "area_id": key} | nobody_knows for kind, key in (("place", "place"), ("neighbourhood", "central"))]
    of = with_table("population", pa.concat_tables([rows, pa.Table.from_pylist(unknown, schema=rows.schema)]))
    figure = people.figure(of, of.areas[CENTRAL])
    assert figure.notes == ["7 people without a recorded age or sex (male or female) can't be drawn, but are in the shares."]
    assert figure.table is not None
    assert [column.head for column in figure.table.shown][3] == "Not recorded"
    assert figure.table.rows[-1][:5] == ["Not recorded", "0", "0", "7", "7"]


def test_deprivation_is_of_those_known() -> None:
    of = facts()
    figure = deprivation.figure(of, of.areas[CENTRAL])
    assert figure.finding == "44.5% of people live in the most deprived fifth of England, more than in Combe Vale (18.3%)"
    assert figure.notes == ["28 people whose small area or its fifth isn't known are left out of the shares."]
    rows = filed(figure.table or Table("", []))
    assert sum(float(row["share"] or 0) for row in rows) == pytest.approx(1)
    assert rows[-1] | {"place": ""} == {"place": "", "deprivation_fifth": "", "people": "28", "share": "", "place_share": ""}


def test_use_names_the_clearest_change() -> None:
    of = facts()
    here, clearest = use.counts(of, of.areas[CENTRAL]), ("", 0.0)
    for point in use.points(of):
        before, last = (sum(here[point, each] for each in half) for half in (use.months(of)[:12], use.months(of)[12:]))
        beside_chance = abs(math.log(last / before)) / math.sqrt(1 / last + 1 / before)
        if min(before, last) >= 100 and beside_chance > clearest[1]:
            change = round((last / before - 1) * 100)
            way = f"{abs(change)}% {'more' if change > 0 else 'less'}"
            clearest = (f"{point}: {last:,} in the 12 months to March 2026, {way} than in the 12 months before", beside_chance)
    assert use.figure(of, of.areas[CENTRAL]).finding == f"{clearest[0]}: the clearest change of those drawn"


def test_a_month_outside_the_extracts_is_no_data_and_inside_them_zero() -> None:
    counted = [("place", "place", 1, 5), ("place", "place", 4, 3), ("neighbourhood", "central", 4, 3)]
    rows = [
        {"area_type": kind, "area_id": key, "month": date(2025, month, 1)}
        | {"sector": "acute", "point_of_delivery": "Day case", "activities": count, "known_share": 1.0}
        for kind, key, month, count in counted
    ]
    of = with_table("activity_by_month", pa.Table.from_pylist(rows))
    figure = use.figure(of, of.areas[CENTRAL])
    by_month = dict(figure.table.rows if figure.table else [])
    assert (by_month["April 2025"], by_month["March 2025"], by_month["January 2025"]) == ("3", "0", "0")
    assert by_month["December 2024"] == by_month["May 2025"] == "no data"
    assert figure.notes == ["Day case: data from January 2025 to April 2025 only. For the other months there is no data, which isn't 0."]
    assert "before" not in figure.finding


def test_months_of_which_too_little_is_known_are_no_counts_and_the_others_are_over_those_known() -> None:
    told = five().activity_by_month().to_pylist()
    months = sorted({row["month"] for row in told})
    for row in told:
        row["known_share"] = 1.0 if row["month"] < months[-3] else 0.75 if row["month"] == months[-3] else 0.0
        row["activities"] = row["activities"] if row["known_share"] else None
    before, of = facts(five()), with_table("activity_by_month", pa.Table.from_pylist(told))
    area = of.areas[CENTRAL]
    whole, figure = use.figure(before, area), use.figure(of, area)
    assert figure.table is not None
    assert [row[1] for row in figure.table.rows[:2]] == ["no data", "no data"]
    rates = [list(filed(each.table or Table("", []))) for each in (whole, figure)]
    name = next(key for key in rates[0][0] if key.endswith("_per_1000_people"))
    assert float(rates[1][2][name]) == pytest.approx(float(rates[0][2][name]) / 0.75)
    assert rates[1][0][name] == ""
    assert rates[1][3] == rates[0][3]
    unknown = "not known in February 2026 and March 2026, as those who usually do half of it or more tell nothing, or little."
    assert sum(note.endswith(unknown) for note in figure.notes) == len(use.shown(of))
    assert use.PARTLY in figure.notes
    assert "2 months aren’t known" in figure.finding
    assert "before" not in figure.finding


def test_use_draws_the_most_used_and_says_what_it_leaves_out() -> None:
    many = replace(five(), points={f"Kind {letter}": 400 - 20 * number for number, letter in enumerate("ABCDEFGHIJKLMN")})
    figure = use.figure(facts(many), facts(many).areas[0])
    assert figure.notes == ["12 points of delivery are drawn, at least one of each sector; the file of the table has all 14."]
    assert len(figure.table.shown if figure.table else []) == 13


def test_an_indicator_is_compared_with_the_place() -> None:
    of = facts()
    found = [figure.finding for figure in indicators.figures(of, of.areas[CENTRAL])]
    assert found[0].startswith(
        "Emergency admissions for urgent-care-sensitive conditions: 1,434.3 per 100,000 registered people a year, higher than Combe Vale ("
    )
    assert len(found) == 3


def test_an_indicator_without_value_gives_the_reason_and_not_0() -> None:
    of = facts(nine())
    for figure in indicators.figures(of, of.areas[0]):
        assert figure.charts == {}
        assert figure.reason == "No data: no extract tells of what it counts."
        assert figure.table is not None
        assert figure.table.rows[0][1:] == ["no data", "no data", figure.reason, "—"]


def test_values_of_so_few_events_that_they_have_no_limits_are_drawn_alone() -> None:
    measures = five().measures()
    none = pa.nulls(measures.num_rows, pa.float64())
    for name in ("lower", "upper"):
        measures = measures.set_column(measures.column_names.index(name), name, none)
    of = with_table("measures", measures)
    for figure in indicators.figures(of, of.areas[CENTRAL]):
        assert set(figure.charts) == {WIDE, NARROW}
        assert figure.table is not None
        assert {row[3] for row in figure.table.rows} == {"no data"}


def test_one_neighbourhood_without_value_is_named_and_the_others_drawn() -> None:
    of = facts(replace(nine(), reasons={}))
    figure = indicators.figures(of, of.areas[0])[0]
    assert set(figure.charts) == {WIDE, NARROW}
    assert figure.notes == ["No data for Viaduct: there was nobody, or nothing, in the period to count it out of."]


def test_cost_is_per_person_and_says_how_much_of_it_is_known() -> None:
    of = facts()
    figure = costs.figure(of, of.areas[CENTRAL])
    assert figure.finding.startswith("£")
    assert "more than in Combe Vale" in figure.finding
    assert "activities have a cost" in figure.notes[0]
    rows = filed(figure.table or Table("", []))
    assert figure.table is not None
    total = sum(int(row["cost_pence"]) for row in rows)
    assert figure.table.rows[-1][0] == "All"
    assert costs.costs(of, of.areas[CENTRAL]).head() == pytest.approx(total / 5_020)


def test_activity_without_a_cost_is_not_known_and_not_0() -> None:
    rows = [
        {
            "area_type": kind,
            "area_id": key,
            "sector": "acute",
            "point_of_delivery": point,
            "activities": 2,
            "costed": costed,
            "cost_pence": pence,
            "constant_pence": pence,
        }
        | {"from_extract": costed, "from_unit_cost": 0}
        for kind, key in (("place", "place"), ("neighbourhood", "central"))
        for point, costed, pence in (("Day case", 2, 5_020_00), ("Other admission", 0, None))
    ]
    of = with_table("costs", pa.Table.from_pylist(rows))
    figure = costs.figure(of, of.areas[CENTRAL])
    assert figure.table is not None
    assert [row[4:6] for row in figure.table.rows] == [["£5,020", "£1.00"], ["no data", "no data"], ["£5,020", "£1.00"]]
    assert figure.table.rows[1][3] == "0.0%"


def test_cost_says_how_much_of_it_is_price() -> None:
    of = facts(five())
    figure = costs.figure(of, of.areas[CENTRAL])
    (said,) = [note for note in figure.notes if note.startswith("At the prices of 2024-25 that is £")]
    here = costs.costs(of, of.areas[CENTRAL])
    assert (here.head() or 0) / (here.head("constant_pence") or 1) == pytest.approx(100 / 98, rel=1e-4)
    assert "per person: the prices of the period make it 2.0% more. Between two periods" in said
    rows = filed(figure.table or Table("", []))
    assert int(rows[0]["cost_pence_at_2024_25_prices"]) < int(rows[0]["cost_pence"])
    assert sum(int(row["cost_pence_at_2024_25_prices"]) for row in rows) == here.sum("constant_pence")


@pytest.mark.parametrize("module", [people, deprivation, use, costs])
def test_nobody_registered_is_said_and_nothing_drawn(module: object) -> None:
    of = facts(nine())
    figure = module.figure(of, of.areas[8])  # type: ignore[attr-defined]
    assert figure.charts == {}
    assert "obody" in figure.reason
    assert "Viaduct" in figure.reason


@pytest.mark.parametrize("method", ["population", "deprivation", "activity_by_month", "costs"])
def test_a_missing_table_names_the_missing_extract(method: str) -> None:
    rows = getattr(five(), method)()
    of = with_table(method, rows.slice(0, 0))
    gap = FakeMissing("apc", "Admitted patient care", "acute", "much")
    of = Facts(replace(of.aggregates, stamp=replace(of.stamp, missing=(gap,))), of.place)  # type: ignore[type-var]
    module = {"population": people, "deprivation": deprivation, "activity_by_month": use, "costs": costs}[method]
    figure = module.figure(of, of.areas[0])
    assert figure.charts == {}
    assert "no extract follows the contract “Admitted patient care”" in figure.reason


def test_the_map_says_who_differs() -> None:
    found = [figure.finding for figure in tiles.figures(facts())]
    assert (
        found[0] == "Emergency admissions for urgent-care-sensitive conditions: higher in Central Combe; lower in Upper Vale and Lower Vale"
    )


def test_the_map_is_of_people_where_no_measure_has_a_value() -> None:
    figures = tiles.figures(facts(nine()))
    assert [bool(figure.charts) for figure in figures] == [True, False, False, False]
    assert figures[0].finding == "9 neighbourhoods of Wide Moors and the people registered there"


def test_tiles_stand_where_the_place_folder_puts_them() -> None:
    of = facts()
    at = {area.id: place for area, place in tiles.positions(of, WIDE).items()}
    assert at == {"north": (0, 1), "upper": (0, 0), "central": (1, 1), "south": (2, 1), "lower": (1, 2)}


def placed(*columns: int) -> Facts:
    fake = five()
    neighbourhoods = tuple(
        Neighbourhood(id=f"n{index}", name=f"N{index}", tile=Tile(row=1, column=column)) for index, column in enumerate(columns)
    )
    return facts(replace(fake, place=fake.place.model_copy(update={"neighbourhoods": neighbourhoods})))


def test_a_map_too_wide_for_a_phone_becomes_rows_of_two() -> None:
    of = placed(2, 3, 4, 5, 6)
    assert list(tiles.positions(of, WIDE).values()) == [(0, 0), (0, 1), (0, 2), (0, 3), (0, 4)]
    assert list(tiles.positions(of, NARROW).values()) == [(0, 0), (0, 1), (1, 0), (1, 1), (2, 0)]


def test_two_tiles_at_one_place_are_set_out_in_order_instead() -> None:
    assert len(set(tiles.positions(placed(1, 1, 2), WIDE).values())) == 3


@pytest.mark.parametrize("fake", [five(), replace(nine(), reasons={})], ids=["five", "nine"])
def test_every_picture_of_an_invented_place_says_so(fake: FakeAggregates) -> None:
    of = facts(fake)
    drawn = [
        *tiles.figures(of),
        *indicators.figures(of, of.areas[0]),
        *(module.figure(of, of.areas[0]) for module in (people, deprivation, use, costs)),
    ]
    assert len(drawn) == 10
    for figure in drawn:
        assert set(figure.charts) == {WIDE, NARROW}
        for chart in figure.charts.values():
            assert "Invented people, not real ones." in chart.to_dict()["title"]["subtitle"]


def test_a_picture_of_a_real_place_does_not() -> None:
    of = facts(replace(five(), stamp=replace(five().stamp, invented=False)))
    [chart, _] = people.figure(of, of.areas[0]).charts.values()
    assert "nvented" not in str(chart.to_dict()["title"])


def test_neighbourhoods_are_held_against_the_place_once_age_is_allowed_for() -> None:
    of = facts()
    found = standardised.figure(of)
    assert found is not None
    assert found.table is not None
    told = filed(found.table)
    assert {(row["condition_id"], row["area_id"]) for row in told} == {
        (each, area.id) for each in ("diabetes", "asthma", "carer") for area in of.areas
    }
    rows = {(row["condition_id"], row["area_id"]): row for row in of.listed("conditions")}
    for row in told:
        counted = rows[row["condition_id"], row["area_id"]]
        assert float(row["standardised_per_1000"]) == pytest.approx(1000 * counted["people"] / counted["population"])
        assert float(row["lower"]) < float(row["standardised_per_1000"]) < float(row["upper"])
        apart = float(row["standardised_per_1000"]) / float(row["place_per_1000"])
        assert (row["differs"] == "True") == (row["condition_id"] == "diabetes" and abs(apart - 1) > 0.2), row
    assert found.finding.startswith("Once age is allowed for, ")
    assert "diabetes" in found.finding


def test_nothing_standardised_is_on_the_publics_pages() -> None:
    of = facts(replace(five(), audience="public"))
    assert standardised.figure(of) is None
    assert standardised.columns(of, of.whole, ["diabetes"]) == []


def test_scores_are_shares_of_those_of_whom_they_are_known_beside_the_place() -> None:
    of = facts()
    area = of.areas[CENTRAL]
    found = scores.figure(of, area)
    assert found is not None
    assert found.table is not None
    low, high = filed(found.table)
    assert (low["band"], high["band"]) == ("low", "high")
    assert float(low["share"]) + float(high["share"]) == pytest.approx(1)
    assert float(high["mean"]) == pytest.approx(2.5, rel=0.01)
    assert "Hospital Frailty Risk Score" in found.finding
    assert "Combe Vale" in found.finding
    assert scores.figure(of, of.whole).finding.endswith("of “Hospital Frailty Risk Score”")  # type: ignore[union-attr]
