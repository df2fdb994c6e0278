"""Filters that match no row: the condition that doesn't, and the nearest value that is there."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

import pyarrow as pa
import pytest

from joinedup.findings import Severity
from joinedup.outcomes.measure_definition import STANDARD, MeasureDefinition
from joinedup.outcomes.measure_lines import countable, lines_of
from joinedup.outcomes.measure_unmatched import unmatched
from tests.unit.papers.measure_fixtures import definition

ADMISSIONS = pa.table(
    {
        "point_of_delivery": ["Non-elective inpatient", "Elective inpatient", None],
        "emergency": [True, False, False],
        "stay_nights": pa.array([3, None, 1], pa.int32()),
        "on_date": pa.array([date(2025, 5, 1)] * 3),
        "provider_code": pa.array([None, None, None], pa.string()),
    }
)


def measure(where: dict[str, Any], origin: str = "place", **more: Any) -> MeasureDefinition:
    made = definition("own", title="Own", count={"event": "admission", "where": where}, **more)
    return made.model_copy(update={"origin": origin})


def said(of: MeasureDefinition, rows: pa.Table = ADMISSIONS, counted: Sequence[str] = ()) -> list[str]:
    found = unmatched([of], countable(), counted, lambda name, columns: rows.select(list(columns)))
    assert {each.severity for each in found} <= {Severity.WARNING}
    assert {each.endangers for each in found} <= {"own"}
    return [each.message for each in found]


@pytest.mark.parametrize(
    ("where", "message"),
    [
        (
            {"point_of_delivery": "Non-elective inpatien", "emergency": True},
            "own: point_of_delivery of admission is nowhere 'Non-elective inpatien'; the nearest that is there is 'Non-elective inpatient'",
        ),
        ({"point_of_delivery": {"begins": ["Day"]}}, "begins nowhere with 'Day'; the nearest that is there is"),
        ({"stay_nights": {"from": 14}}, "stay_nights of admission lies between 1 and 3 in its 3 rows, and the measure asks for others"),
        ({"on_date": {"below": "2020-01-01"}}, "lies between 2025-05-01 and 2025-05-01"),
        ({"provider_code": "RX1"}, "provider_code of admission has no value in any of its 3 rows: its source doesn't send it"),
        ({"emergency": True, "stay_nights": {"below": 2}}, "each of the conditions on emergency and stay_nights holds somewhere"),
    ],
)
def test_what_matches_nothing_is_named_with_what_is_there(where: dict[str, Any], message: str) -> None:
    (found,) = said(measure(where))
    assert message in found


def test_what_matches_is_not_told_of() -> None:
    assert said(measure({"point_of_delivery": ["Non-elective inpatien", "Elective inpatient"]})) == []
    assert said(measure({"emergency": True, "stay_nights": {"from": 3, "below": 4}})) == []
    assert said(measure({})) == []


def test_a_table_without_rows_is_a_missing_source_and_no_wrong_filter() -> None:
    assert said(measure({"emergency": True}), ADMISSIONS.slice(0, 0)) == []


def test_of_shipped_measures_only_texts_are_told_of() -> None:
    nobody = ADMISSIONS.set_column(1, "emergency", pa.array([False] * 3))
    assert said(measure({"emergency": True}, "package"), nobody) == []
    assert said(measure({"emergency": True}), nobody) == ["own: emergency of admission is false in each of its 3 rows"]
    assert len(said(measure({"point_of_delivery": "Day case"}, "package"))) == 1


def test_a_variant_that_matches_nothing_is_told_by_its_name_and_lines_that_counted_are_passed_over() -> None:
    variants = [{"id": "long", "title": "Long", "where": {"stay_nights": {"from": 30}}}]
    both = measure({"emergency": True}, variants=variants)
    (found,) = said(both)
    assert found.startswith("own, variant long: ")
    lines = lines_of(both, "long", countable())
    assert lines is not None
    assert said(both, counted=[lines.count.id]) == []
    assert lines_of(both, STANDARD, countable()) != lines
