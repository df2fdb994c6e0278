"""Journeys: of invented people alone, and chosen by the rule that the page tells."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pyarrow as pa
import pytest

from joinedup.access import journeys as of_people
from joinedup.access.caller import Caller, Scope
from joinedup.access.journeys import FEWEST, MOST, STAGES, Journey, journeys
from joinedup.errors import Refused

from .conftest import a_place

ANALYST = Caller("ann", "ann", "analyst", "planning", Scope("place"))


@pytest.mark.parametrize(("folder", "build"), [(False, False), (False, True), (True, False)])
def test_where_folder_or_build_may_be_of_real_people_nothing_is_read_and_nothing_logged(folder: bool, build: bool) -> None:
    manifest = SimpleNamespace(about={"place": {"invented": build}}, tables=dict.fromkeys(of_people.NEEDS), build_id="b1")
    reader: Any = SimpleNamespace(manifest=manifest)  # it has nothing to read rows with
    looks: list[Any] = []
    log: Any = SimpleNamespace(append=looks.extend)
    with pytest.raises(Refused, match="invented people alone"):
        journeys(reader, a_place(invented=folder), ANALYST, log)
    assert looks == []


def test_whom_most_sectors_saw_is_chosen_then_most_activities_then_the_first() -> None:
    rows = [
        {"person_id": 1, "age": 70, "activities_sum": MOST + 1, "activities_count": 9},
        {"person_id": 2, "age": 70, "activities_sum": FEWEST - 1, "activities_count": 9},
        {"person_id": 3, "age": 64, "activities_sum": 40, "activities_count": 9},
        {"person_id": 4, "age": 70, "activities_sum": 30, "activities_count": 5},
        {"person_id": 6, "age": 65, "activities_sum": 40, "activities_count": 5},
        {"person_id": 5, "age": 99, "activities_sum": 40, "activities_count": 5},
    ]
    chosen = of_people._chosen(pa.Table.from_pylist(rows), STAGES["older person"])
    assert chosen is not None
    assert chosen["person_id"] == 5
    assert of_people._chosen(pa.Table.from_pylist(rows), STAGES["child"]) is None


def test_sectors_stand_in_the_order_in_which_they_came() -> None:
    events: list[Any] = [SimpleNamespace(sector=sector) for sector in ("acute", "community", "acute", "voluntary")]
    assert Journey("adult", 40, events).sectors == ["acute", "community", "voluntary"]
