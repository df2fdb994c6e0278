"""A partner or a whole source that stops half-way, from landed rows to the page: no fall is shown."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pytest

from joinedup.access.aggregates import Aggregates, open_aggregates
from joinedup.access.caller import caller_for
from joinedup.access.showing import table_of
from joinedup.access.why import Answers
from joinedup.errors import Refused
from joinedup.papers.facts import Facts
from joinedup.papers.measure_facts import measured
from joinedup.papers.measure_page import keys
from joinedup.papers.measure_words import changed, differs, says
from joinedup.place.model import Partner

from .conftest import Built, Landed, a_place, built

STOPS = date(2025, 10, 1)
EMERGENCIES = "emergency_admissions"
PARTNERS = tuple(Partner(id=code.lower(), name=f"Trust {code}", code=code, roles=("acute_provider",)) for code in ("RX1", "RX2"))
Opened = Callable[[str, pa.Table], Aggregates]


def two_trusts(landed: Landed) -> pa.Table:
    """The admissions, most of them emergencies, those of every third spell at another trust."""
    apc = landed["landed_apc"]
    codes = ["RX2" if int(number[1:]) % 3 == 0 else "RX1" for number in apc["susspellid"].to_pylist()]
    return apc.set_column(apc.column_names.index("procode3"), "procode3", pa.array(codes))


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory, landed: Landed) -> Opened:
    root = tmp_path_factory.mktemp("gaps")

    def of(name: str, apc: pa.Table) -> Aggregates:
        place = a_place(partners=PARTNERS, sources=a_place(partners=PARTNERS).sources)
        made = built(root / name, place, landed | {"landed_apc": apc})
        return open_aggregates(made.store, made.place, caller_for(made.place, "planning"))

    return of


def place_rows(table: pa.Table) -> list[dict[str, Any]]:
    return [row for row in table.to_pylist() if row["area_type"] == "place"]


def before(apc: pa.Table, code: str | None) -> pa.Table:
    """Without what ended since the day, of one trust or of all."""
    gone = pc.greater_equal(apc["disdate"], STOPS)
    return apc.filter(pc.invert(gone if code is None else pc.and_(gone, pc.equal(apc["procode3"], code))))


@pytest.fixture(scope="module")
def stopped(opened: Opened, landed: Landed) -> Aggregates:
    """The whole source ends six months before the period does."""
    return opened("stopped", before(two_trusts(landed), None))


@pytest.fixture(scope="module")
def one_stopped(opened: Opened, landed: Landed) -> Aggregates:
    """One trust of two does."""
    return opened("one", before(two_trusts(landed), "RX2"))


def test_a_source_that_stopped_half_way_shows_no_fall(stopped: Aggregates) -> None:
    """Neither by month nor over the year, rolling years or quarters, by area or by group of people, is there a value."""
    for cut in ({"area_type": "neighbourhood"}, {"area_type": "practice"}, {"area_type": "place", "breakdown": "sex"}):
        months = [row for row in stopped.measure(EMERGENCIES, period="month", **cut).to_pylist() if row["period_start"] >= STOPS]
        assert len(months) > 5
        assert {(row["value"], row["events"], row["numerator"], row["reason"]) for row in months} == {
            (None, None, None, "too little known")
        }
    for period in ("quarter", "year", "rolling"):
        *_, last = place_rows(stopped.measure(EMERGENCIES, area_type="place", period=period))
        assert (last["value"], last["events"], last["comparison"], last["reason"]) == (None, None, None, "too little known")


def test_its_chart_ends_where_it_stopped_and_nothing_got_better(stopped: Aggregates) -> None:
    rows = place_rows(stopped.measure_chart(EMERGENCIES, area_type="place"))
    told = [row for row in rows if row["value"] is not None]
    assert (told[0]["period_start"], told[-1]["period_start"]) == (date(2024, 4, 1), date(2025, 9, 1))
    assert {row["variation"] for row in rows} == {"common cause"}
    assert {row["shows"] for row in rows if row["period_start"] >= STOPS} == {""}


def test_its_trend_is_not_tested(stopped: Aggregates, one_stopped: Aggregates) -> None:
    (row,) = place_rows(stopped.measure_trend(EMERGENCIES, area_type="place", period="quarter"))
    assert (row["trend"], row["way"], row["untested"]) == (None, "", "not tested")
    (row,) = place_rows(one_stopped.measure_trend(EMERGENCIES, area_type="place", period="quarter"))
    assert row["trend"] == "no significant change"


def test_its_page_and_pack_say_so(stopped: Aggregates) -> None:
    facts = Facts(stopped, stopped.place)
    measure = next(each for each in measured(facts) if each.id == EMERGENCIES)
    assert says(measure.series[facts.whole]).endswith("too little is known of the months since September 2025")
    said = [figure.against for figure in keys(measure)]
    assert said[0].startswith("No data: it can be known of less than half")
    assert [change for change in changed([measure], [facts.whole, *facts.areas]) if change.way > 0] == []
    assert differs([measure], facts.whole) == []


def test_of_one_trust_that_stopped_the_people_who_go_there_are_left_out(one_stopped: Aggregates, fell_side: Built) -> None:
    whole = open_aggregates(fell_side.store, fell_side.place, caller_for(fell_side.place, "planning"))
    for period in ("rolling", "year"):
        *_, last = place_rows(one_stopped.measure(EMERGENCIES, area_type="place", period=period))
        *_, true = place_rows(whole.measure(EMERGENCIES, area_type="place", period=period))
        assert last["events"] < true["events"]
        assert last["lower"] <= true["value"] <= last["upper"], "what is left is as it was"
        assert 0.7 < last["known_share"] < 0.9
    rows = place_rows(one_stopped.measure_chart(EMERGENCIES, area_type="place"))
    assert {row["variation"] for row in rows} == {"common cause"}
    assert sum(row["events"] for row in rows[-6:]) < 50 < sum(row["events"] for row in place_rows(whole.measure_chart(EMERGENCIES))[-6:])


def test_measures_of_other_sources_go_on(stopped: Aggregates, fell_side: Built) -> None:
    whole = open_aggregates(fell_side.store, fell_side.place, caller_for(fell_side.place, "planning"))
    name = "emergency_attendances"
    assert place_rows(stopped.measure(name)) == place_rows(whole.measure(name))
    assert place_rows(stopped.measure(name))[-1]["value"] > 0


def test_a_number_of_every_form_has_its_evidence(fell_side: Built) -> None:
    """One row, its definition, and the columns and files behind it, of the place and of a neighbourhood as a whole."""
    door = open_aggregates(fell_side.store, fell_side.place, caller_for(fell_side.place, "planning"))
    answers, forms = Answers(door), {}
    for measure in door.measure_list():
        forms.setdefault(measure.form, measure)
    assert set(forms) == {"rate", "proportion", "mean", "median", "days", "ratio"}
    for measure in forms.values():
        for area in [("place", "place"), *([("neighbourhood", "north")] if "neighbourhood" in measure.areas else [])]:
            found = answers.of("/".join((measure.id, *area)))
            (row,) = found.rows
            assert (row["measure_id"], row["area_type"], row["group_value"]) == (measure.id, area[0], "all")
            assert found.json()["behind"]
            assert (row["value"] is None) == (row["reason"] is not None)


def test_what_a_measure_is_shown_as_is_asked_for_by_its_name(fell_side: Built) -> None:
    door = open_aggregates(fell_side.store, fell_side.place, caller_for(fell_side.place, "planning"))
    columns = {"chart": "centre", "funnel": "position998", "inequality": "slope", "trend": "trend"}
    for view, column in columns.items():
        table = table_of(door, EMERGENCIES, view=view)
        assert column in table.column_names
        assert table.num_rows > 0
    wrong: tuple[tuple[dict[str, Any], str], ...] = (
        ({"view": "chart", "period": "year"}, "is by month"),
        ({"view": "funnel", "by": ["practice", "sex"]}, "not by sex too"),
        ({"view": "trend", "period": "rolling"}, "don't overlap"),
        ({"view": "chart", "standardised": True}, "is of crude values"),
        ({"view": "pie"}, "trend"),
    )
    for asked, said in wrong:
        with pytest.raises(Refused, match=said):
            table_of(door, EMERGENCIES, **asked)
    with pytest.raises(Refused, match="has no chart"):
        table_of(door, "population", view="chart")
