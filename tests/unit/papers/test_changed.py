"""What changed, as a board reads it: what is said, drawn and listed adds up to what was found."""

from __future__ import annotations

from pathlib import Path

import pytest

from joinedup.access.changed_cells import settled
from joinedup.access.changes import Cause, Cell, Changes, Of, Turn
from joinedup.engine.comparing import TableChange
from joinedup.outcomes.measure_folder import headlines as measures
from joinedup.papers import changed
from joinedup.place.folder import read_place

DAYS = "emergency_bed_days"
TURNS = (Turn(causes=(Cause.CORRECTION,), details=("admitted care: 4 rows corrected",)), Turn(causes=(Cause.NEW,)))


def cell(key: str, *values: float | None, count: str = "value") -> Cell:
    name, *told_apart = key.split("/")
    return Cell(name=name, key=key, told_apart=tuple(told_apart), count=count, values=values)


def found(*cells: Cell, tables: tuple[TableChange, ...] = ()) -> Changes:
    one, other = (
        Of(build_id=f"b{n}", number=n, built_at="2026-04-01T00:00:00+00:00", as_at=f"2026-0{n}-28", landing_id="l") for n in (1, 2)
    )
    return Changes(before=one, after=other, turns=TURNS, tables=tables, cells=cells, compared=100)


WHOLE = cell(f"{DAYS}/place/place", 100.0, 96.5, 110.25)
PART = cell(f"{DAYS}/neighbourhood/central-halifax", 80.0, 80.0, None)


def test_the_headline_says_how_far_and_by_what() -> None:
    said = changed.headline(found(WHOLE, PART), measures())
    spec = measures()[DAYS]
    assert said == f"{spec.title} rose from 100.0 to 110.2 {spec.unit}, because of new data (+13.8), against late correction (−3.5)."
    both = found(WHOLE, cell("delayed_days/place/place", 1.0, 1.0, 2.0))
    assert changed.headline(both, measures()) == f"{said} 1 other measure changed, too."
    assert changed.sentences(both, measures())[1].endswith("because of new data (+1.0).")


def test_what_moved_by_less_than_is_shown_is_said_to_have_stayed() -> None:
    spec = measures()[DAYS]
    little = cell(f"{DAYS}/place/place", 6.40, 6.41, 6.44)
    assert changed.moved(little, spec) == f"{spec.title} stayed near 6.4 {spec.unit}"
    assert changed.mostly(little, found(little)) == "and no cause alone moved it by as much as is shown"
    more = cell(f"{DAYS}/place/place", 6.40, 6.30, 6.41)
    assert changed.mostly(more, found(more)) == "though new data (+0.1) and late correction (−0.1) moved it"


def test_nothing_changed_is_said_so() -> None:
    assert changed.headline(found(), measures()) == "No published number changed."
    other = found(cell("population/place/place/0-4/1", 3, 3, 4, count="people"))
    assert (
        changed.headline(other, measures())
        == "The measures of the place as a whole are what they were; other numbers changed, by new data."
    )


def test_the_rungs_lead_from_before_to_after() -> None:
    rungs = changed.ladder(found(WHOLE), WHOLE)
    assert [(rung.name, rung.begins, rung.ends, rung.words) for rung in rungs] == [
        ("Before", 100.0, 100.0, "100.0"),
        ("Late correction", 100.0, 96.5, "−3.5"),
        ("New data", 96.5, 110.25, "+13.8"),
        ("After", 110.25, 110.25, "110.2"),
    ]


def test_areas_have_a_row_each_the_whole_last(root: Path) -> None:
    place = read_place(root / "places" / "calderdale")
    table = changed.by_area(found(WHOLE, PART), place, measures()[DAYS], [WHOLE, PART])
    assert [row[0] for row in table.rows] == ["Central Halifax", "Calderdale"]
    assert table.rows[0][1:] == ["80.0", "no data", "no data", "no data"]
    assert table.rows[1][1:] == ["100.0", "−3.5", "+13.8", "110.2"]
    assert table.total


def test_every_measure_that_changed_has_a_picture_or_a_reason(root: Path) -> None:
    place = read_place(root / "places" / "calderdale")
    drawn, told = changed.figures(found(WHOLE, cell("delayed_days/neighbourhood/central-halifax", 1.0, 1.0, 2.0)), place, measures())[::-1]
    assert drawn.charts.keys() == set(changed.BOTH) or told.charts.keys() == set(changed.BOTH)
    assert "no other value" in (drawn.reason or told.reason)


@pytest.mark.parametrize(
    ("values", "shares"),
    [
        ((1.0, 2.0, 4.0), (1.0, 2.0)),
        ((1.0, None, 4.0), (None, 3.0)),
        ((1.0, 2.0, None), (None, None)),
        ((None, 2.0, 3.0), (None, None)),
    ],
)
def test_shares_add_up_where_both_ends_are_known(values: tuple[float | None, ...], shares: tuple[float | None, ...]) -> None:
    one = cell(f"{DAYS}/place/place", *values)
    assert one.shares == shares
    if one.difference is not None:
        assert sum(share or 0 for share in one.shares) == one.difference


def test_what_was_added_in_another_order_is_the_same() -> None:
    assert settled([0.1 + 0.2 + 0.3, 0.3 + 0.2 + 0.1, 7.0, None, 7.0]) == [0.1 + 0.2 + 0.3, 0.1 + 0.2 + 0.3, 7.0, None, 7.0]
    assert settled([999_999_998.0, 999_999_999.0, 0.0, 1e-12]) == [999_999_998.0, 999_999_999.0, 0.0, 1e-12]


def test_tables_say_rows_and_columns() -> None:
    rows = {"before": 3, "after": 4, "added": 1, "gone": 0, "changed": 2}
    turned = {"shares": (0, 1), "moved": (True, True)}
    other = TableChange(table="t", title="Things", kind="derived", columns={"a": 2, "b": 1}, **rows, **turned)
    landed = TableChange(table="landed_t", title="Landed", kind="landed", before=3, after=None)
    table = changed.tables(found(tables=(landed, other)))
    assert table.rows == [
        ["Things", "derived", "3", "4", "1", "0", "2", "late correction, new data (+1)", "a (2), b (1)"],
        ["Landed", "landed", "3", "no such table", "not compared", "not compared", "not compared", "not told", "none"],
    ]
