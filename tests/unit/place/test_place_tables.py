"""The tables of a place: as described, half-open, and no longer than what they speak of."""

from __future__ import annotations

from datetime import date
from itertools import pairwise
from pathlib import Path

import pyarrow as pa
import pytest

from joinedup.place.folder import read_place
from joinedup.place.model import Membership, Neighbourhood, Partner, Place, Practice, SmallArea
from joinedup.place.tables import specs, tables

ARROW = {"STRING": pa.string(), "INTEGER": pa.int32(), "BIGINT": pa.int64(), "DATE": pa.date32()}


def place(**changes: object) -> Place:
    """A place of one practice in one neighbourhood."""
    parts = {
        "neighbourhoods": (Neighbourhood(id="n1", name="North"),),
        "partners": (Partner(id="council", name="Council", roles="council"),),
        "practices": (Practice(code="tst01", name="One"),),
        "memberships": (Membership(practice="TST01", neighbourhood="n1"),),
    }
    return Place(id="p", name="P", folder=Path("p"), as_at=date(2026, 3, 31), **(parts | changes))


def test_columns_and_types_are_those_described(root):
    made = tables(read_place(root / "places" / "calderdale"))
    assert made.keys() == specs().keys()
    for name, table in made.items():
        assert {field.name: field.type for field in table.schema} == {c.name: ARROW[c.type] for c in specs()[name].columns}
        for column in specs()[name].columns:
            assert not (column.required and table[column.name].null_count), (name, column.name)


def test_a_key_names_one_row(root):
    for name, table in tables(read_place(root / "places" / "calderdale")).items():
        assert table.group_by(list(specs()[name].key)).aggregate([]).num_rows == table.num_rows


@pytest.mark.parametrize(
    ("as_at", "start", "end", "days"),
    [
        (date(2026, 3, 31), date(2025, 4, 1), date(2026, 4, 1), 365),
        (date(2026, 3, 30), date(2025, 3, 1), date(2026, 3, 1), 365),
        (date(2024, 2, 29), date(2023, 3, 1), date(2024, 3, 1), 366),
    ],
)
def test_the_period_is_twelve_whole_months(as_at, start, end, days):
    made = tables(place().model_copy(update={"as_at": as_at}))
    assert made["place_parameter"].to_pylist() == [{"as_at": as_at, "period_start": start, "period_end": end, "period_days": days}]
    months = made["place_month"].to_pylist()
    assert len(months) == 24
    assert months[12]["month"] == start
    assert months[-1]["month_end"] == end
    assert all(month["month_end"] == after["month"] for month, after in pairwise(months))
    assert all((month["month_end"] - month["month"]).days == month["days"] for month in months)


@pytest.mark.parametrize(
    ("as_at", "names"),
    [
        (date(2026, 3, 31), ["2023-24", "2024-25", "2025-26"]),
        (date(2025, 12, 31), ["2023", "2024", "2025"]),
        (date(2000, 3, 31), ["1997-98", "1998-99", "1999-00"]),
        (date(2026, 7, 1), ["year to 30 June 2024", "year to 30 June 2025", "year to 30 June 2026"]),
    ],
)
def test_three_years_end_with_the_period_and_have_names(as_at, names):
    made = tables(place().model_copy(update={"as_at": as_at}))
    found = made["place_year"].to_pylist()
    assert [year["year_id"] for year in found] == names
    assert all(year["year_ends"] == after["year_starts"] for year, after in pairwise(found))
    assert all((year["year_ends"] - year["year_starts"]).days == year["days"] for year in found)
    assert (found[-1]["year_starts"], found[-1]["year_ends"]) == (
        made["place_parameter"]["period_start"][0].as_py(),
        made["place_parameter"]["period_end"][0].as_py(),
    )
    months = made["place_year_month"].to_pylist()
    assert [sum(month["days"] for month in months if month["year_starts"] == year["year_starts"]) for year in found] == [
        year["days"] for year in found
    ]
    assert [month["month"] for month in months[12:]] == made["place_month"]["month"].to_pylist()


def test_a_membership_lasts_as_long_as_practice_and_neighbourhood():
    made = place(
        neighbourhoods=(Neighbourhood(id="n1", name="North", start=date(2019, 10, 1), end=date(2025, 5, 1)),),
        practices=(
            Practice(code="TST01", name="One", opened=date(2020, 1, 1)),
            Practice(code="TST02", name="Two", closed=date(2021, 2, 1)),
        ),
        memberships=tuple(Membership(practice=code, neighbourhood="n1") for code in ("TST01", "TST02")),
    )
    assert [tuple(row.values()) for row in tables(made)["place_membership"].to_pylist()] == [
        ("TST01", "n1", date(2020, 1, 1), date(2025, 5, 1)),
        ("TST02", "n1", date(2019, 10, 1), date(2021, 2, 1)),
    ]


def test_open_dates_are_null():
    assert tables(place())["place_membership"].to_pylist() == [
        {"practice_code": "TST01", "neighbourhood_id": "n1", "starts": None, "ends": None}
    ]


@pytest.mark.parametrize(("decile", "fifth"), [(1, 1), (2, 1), (3, 2), (9, 5), (10, 5), (None, None)])
def test_two_deciles_make_a_fifth(decile, fifth):
    made = place(areas=(SmallArea(code="E01999001", deprivation_index="IMD 2025", deprivation_decile=decile),))
    assert tables(made)["place_area"]["deprivation_fifth"].to_pylist() == [fifth]


def test_a_place_without_areas_has_an_empty_table_of_the_right_types():
    made = tables(place())["place_area"]
    assert made.num_rows == 0
    assert made.schema.field("deprivation_rank").type == pa.int32()


def test_rows_stand_in_the_order_of_the_key_whatever_the_order_written(root):
    read = read_place(root / "places" / "calderdale")
    turned = read.model_copy(update={"practices": read.practices[::-1], "memberships": read.memberships[::-1], "areas": read.areas[::-1]})
    assert tables(turned) == tables(read)


def practices(*rows: tuple[str, date | None, str | None]) -> tuple[Practice, ...]:
    return tuple(Practice(code=code, name=code, closed=closed, succeeded_by=after) for code, closed, after in rows)


def successions_of(made: Place) -> list[tuple[object, ...]]:
    return [tuple(row.values()) for row in tables(made)["place_succession"].to_pylist()]


def test_a_chain_of_successors_is_written_out_by_date():
    first, second = date(2020, 4, 1), date(2024, 4, 1)
    chain = practices(("A1", first, "B1"), ("B1", second, "C1"), ("C1", None, None), ("D1", second, "X9"), ("E1", None, "C1"))
    assert successions_of(place(practices=chain, memberships=())) == [
        ("practice", "A1", "B1", first, second),
        ("practice", "A1", "C1", second, None),
        ("practice", "B1", "C1", second, None),
        ("practice", "D1", "X9", second, None),
    ]


def test_partners_hand_on_their_codes_and_what_is_to_come_is_no_succession_yet():
    past, future = date(2022, 7, 1), date(2027, 4, 1)
    partners = (
        Partner(id="old", name="Old", code="RAA", roles="council", end=past, succeeded_by="new"),
        Partner(id="new", name="New", code="RBB", roles="council", end=future, succeeded_by="next"),
        Partner(id="next", name="Next", code="RCC", roles="council"),
        Partner(id="named", name="Named", code="RBB", roles="council", end=past, succeeded_by="new"),
        Partner(id="nameless", name="Nameless", roles="council", end=past, succeeded_by="new"),
    )
    assert successions_of(place(partners=partners)) == [("partner", "RAA", "RBB", past, None)]


def test_who_comes_after_itself_has_no_successor():
    past = date(2022, 7, 1)
    round_about = practices(("A1", past, "B1"), ("B1", past, "A1"), ("C1", past, "C1"))
    assert len(successions_of(place(practices=round_about, memberships=()))) <= 2
