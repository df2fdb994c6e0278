"""The aggregates door: what it shows, what it refuses, and what it says when something is missing."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from joinedup.access.aggregates import Aggregates, open_aggregates
from joinedup.access.caller import caller_for
from joinedup.access.stamp import stamp_of
from joinedup.engine.manifest import read_manifest
from joinedup.engine.store import Store
from joinedup.errors import NothingPublished, Refused
from joinedup.sources.contract import contracts
from joinedup.statistics.rates import rate

from .conftest import Built, Landed, a_place, built

GIVEN = {"register", "apc", "ecds", "deaths"}
"""The contracts of the made-up place."""
ASKED_FOR = {name for name, each in contracts().items() if not each.stays}
"""The contracts that pages miss where nobody sends them."""
URGENT, DELAYED, BEDS = "urgent_care_sensitive_admissions", "delayed_days", "emergency_bed_days"


def door(of: Built) -> Aggregates:
    return open_aggregates(of.store, of.place, caller_for(of.place, "planning"))


def by_area(of: Built, measure: str) -> dict[tuple[str, str], dict[str, Any]]:
    rows = door(of).measures().to_pylist()
    return {(row["area_type"], row["area_id"]): row for row in rows if row["measure_id"] == measure}


def test_true_counts_of_a_real_place_are_for_staff_alone_and_rounded_ones_for_anyone(build_again: Callable[..., Built]) -> None:
    again = build_again(a_place(invented=False))
    anyone = caller_for(again.place, "planning", account="anyone")
    with pytest.raises(Refused, match=r"anyone has no row in force in the staff file of Fell Side.*public pages"):
        open_aggregates(again.store, again.place, anyone)
    assert open_aggregates(again.store, again.place, anyone, "public").population().num_rows


def test_a_build_of_real_people_is_refused_even_when_the_folder_now_says_invented(build_again: Callable[..., Built]) -> None:
    again = build_again(a_place(invented=False))
    place = a_place(invented=True)
    with pytest.raises(Refused, match=r"invented by its place\.yml and not by its build"):
        open_aggregates(again.store, place, caller_for(place, "planning", account="anyone"))


def test_a_purpose_that_fits_no_role_is_refused(fell_side: Built) -> None:
    with pytest.raises(Refused, match="aggregates are given to care_team for planning, not for direct care"):
        open_aggregates(fell_side.store, fell_side.place, caller_for(fell_side.place, "direct care"))


def test_a_build_of_another_day_or_place_is_not_shown_as_this_ones(fell_side: Built) -> None:
    for other in (a_place(as_at=date(2026, 4, 30)), a_place(id="moor-side")):
        with pytest.raises(NothingPublished, match="run joinedup build"):
            open_aggregates(fell_side.store, other, caller_for(other, "planning"))


def test_nothing_built_is_said_so(tmp_path: Path) -> None:
    with pytest.raises(NothingPublished):
        open_aggregates(Store(tmp_path).create(), a_place(), caller_for(a_place(), "planning"))


def test_the_stamp_names_build_sources_and_how_far_they_reach(fell_side: Built) -> None:
    stamp = door(fell_side).stamp
    assert (stamp.place, stamp.invented) == ("fell-side", True)
    assert stamp.build_id
    assert stamp.register == "", "these landings were made by hand"
    assert stamp.register_findings == ()
    assert {(s.contract, s.partner_name, s.title, s.data_to) for s in stamp.sources} >= {
        ("apc", "Fell Trust", "Admitted patient care", date(2026, 3, 31))
    }
    assert {missing.contract for missing in stamp.missing} == ASKED_FOR - GIVEN
    assert sum(source.loaded for source in stamp.sources) == sum(
        fell_side.landed[f"landed_{name}"].num_rows for name in ("register", "apc", "ecds", "deaths")
    )


def test_the_stamp_names_the_identity_register(fell_side: Built) -> None:
    manifest = read_manifest(fell_side.store)
    version = {"register_id": "4f1c", "form": "2", "landing": 3, "key_fingerprint": "9a0b", "ids_fingerprint": "77de"}
    behind = {"file": "identity register", "rule": "register-behind", "message": "it was restored", "severity": "warning"}
    landing = manifest.about["landing"] | {"register_version": version, "findings": [behind]}
    stamp = stamp_of(manifest.model_copy(update={"about": manifest.about | {"landing": landing}}), fell_side.place, {})
    assert stamp.register == "register 4f1c, landing 3 of it, form 2, under key 9a0b, ids 77de"
    assert stamp.register_findings == ("it was restored",)


def test_several_files_of_a_source_are_one_stamp(fell_side: Built) -> None:
    manifest = read_manifest(fell_side.store)
    files = manifest.about["landing"]["files"]
    more = [file | {"file_id": 9, "file": "more.csv", "data_to": "2026-04-02"} for file in files if file["contract"] == "apc"]
    landing = manifest.about["landing"] | {"files": [*files, *more]}
    stamp = stamp_of(manifest.model_copy(update={"about": manifest.about | {"landing": landing}}), fell_side.place, {})
    twice = next(source for source in stamp.sources if source.contract == "apc")
    assert twice.data_to == date(2026, 4, 2)
    assert twice.loaded == 2 * fell_side.landed["landed_apc"].num_rows


def test_no_table_of_the_door_holds_a_person(fell_side: Built) -> None:
    opened = door(fell_side)
    tables = [opened.population(), opened.deprivation(), opened.activity_by_month(), opened.costs(), opened.measures(), opened.quality()]
    for table in tables:
        assert table.num_rows > 0
        assert not {"person_id", "activity_id", "file_id", "source_row"} & set(table.column_names)


def test_values_and_limits_are_made_of_the_counts(fell_side: Built) -> None:
    rows = by_area(fell_side, URGENT)
    north, place = rows["neighbourhood", "north"], rows["place", "place"]
    expected = rate([north["events"]], [north["denominator"]], per=100_000)
    assert (north["value"], north["lower"], north["upper"]) == (expected.value[0], expected.lower[0], expected.upper[0])
    assert north["lower"] < north["value"] < north["upper"]
    assert (place["comparison"], rows["none", "none"]["comparison"]) == (None, None)
    side = "higher" if north["lower"] > place["value"] else "lower" if north["upper"] < place["value"] else "similar"
    assert north["comparison"] == side
    assert place["unit"] == "per 100,000 registered people a year"


def test_limits_of_days_are_wider_than_those_of_single_events(fell_side: Built) -> None:
    place = by_area(fell_side, BEDS)["place", "place"]
    alone = rate([place["numerator"]], [place["denominator"]], per=1000)
    assert place["upper"] - place["lower"] > 1.5 * (alone.upper[0] - alone.lower[0])
    assert place["value"] == pytest.approx(alone.value[0])


def test_delayed_days_are_for_each_day(fell_side: Built) -> None:
    period = fell_side.place.period
    ages = {row["activity_id"]: row["age"] for row in fell_side.rows("place_activity")}
    days = sum(
        max(0, (min(row["ends"], period.end) - max(row["starts"], period.start)).days)
        for row in fell_side.rows("discharge_delay")
        if (ages.get(row["activity_id"]) or 0) >= 18
    )
    place = by_area(fell_side, DELAYED)["place", "place"]
    assert place["value"] == pytest.approx(days / place["denominator"] * 100_000)
    assert place["denominator"] > 365 * 100, "people's days"


def test_a_neighbourhood_with_nobody_has_a_reason_and_spoils_no_other(fell_side: Built) -> None:
    rows = by_area(fell_side, URGENT)
    empty = rows["neighbourhood", "place"]
    assert (empty["value"], empty["reason"], empty["comparison"]) == (None, "zero denominator", None)
    assert rows["neighbourhood", "west"]["value"] is not None
    assert ("neighbourhood", "old") not in rows


@pytest.mark.parametrize("contract", ["apc", "register"])
def test_without_a_source_every_area_says_so_and_none_is_zero(build_again: Callable[..., Built], contract: str) -> None:
    again = build_again(missing=(contract,))
    for measure in (URGENT, DELAYED, BEDS):
        rows = by_area(again, measure)
        assert set(rows) >= {("place", "place"), ("neighbourhood", "north")}
        for row in rows.values():
            assert (row["events"], row["numerator"], row["value"], row["lower"], row["reason"]) == (
                None,
                None,
                None,
                None,
                "source missing",
            )
    missing = {m.contract: m for m in door(again).stamp.missing}
    assert set(missing) == ASKED_FOR - GIVEN | {contract}
    assert "Delayed days" in missing[contract].endangers


def test_a_source_without_ready_dates_leaves_delays_missing_and_the_rest_as_it_is(tmp_path: Path, landed: Landed, fell_side: Built) -> None:
    apc = landed["landed_apc"]
    without = apc.set_column(apc.column_names.index("disreadydate"), "disreadydate", pa.nulls(apc.num_rows, pa.date32()))
    other = built(tmp_path / "store", a_place(), landed | {"landed_apc": without})
    place = by_area(other, DELAYED)["place", "place"]
    assert (place["value"], place["events"], place["reason"]) == (None, None, "too little known")
    assert by_area(other, BEDS) == by_area(fell_side, BEDS)


def test_a_list_that_stopped_long_before_the_period_ended_shows_no_rate(build_again: Callable[..., Built]) -> None:
    again = build_again(data_to={"register": date(2026, 1, 31)})
    place = by_area(again, URGENT)["place", "place"]
    assert (place["value"], place["events"], place["reason"]) == (None, None, "source ends early")


def test_neighbourhoods_of_the_period_in_the_folders_order(fell_side: Built) -> None:
    assert [n.id for n in door(fell_side).neighbourhoods()] == ["north", "west", "place"]


def test_a_build_opened_once_does_not_mix_with_a_later_one(build_again: Callable[..., Built]) -> None:
    again = build_again()
    opened = door(again)
    before = opened.measures()
    build_again(missing=("apc",))
    assert opened.measures().equals(before)
