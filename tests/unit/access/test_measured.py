"""A partner who stops, begins late or gives no ready dates makes no measure better: it and its people are left out, and it is named."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pytest

from joinedup.access.aggregates import open_aggregates
from joinedup.access.caller import caller_for
from joinedup.place.model import Partner, Source
from tests.agreements import agreement

from .conftest import CONTRACTS, SPECS, Built, Landed, a_place, built, table_of

URGENT, DELAYED, BEDS = "urgent_care_sensitive_admissions", "delayed_days", "emergency_bed_days"
STOPS = date(2026, 1, 1)
PARTNERS = tuple(Partner(id=code.lower(), name=f"Trust {code}", code=code, roles=("acute_provider",)) for code in ("RX1", "RX2"))


def two_trusts(landed: Landed) -> pa.Table:
    """The admissions of the made-up place, those of every third spell at another trust."""
    apc = landed["landed_apc"]
    codes = ["RX2" if int(number[1:]) % 3 == 0 else "RX1" for number in apc["susspellid"].to_pylist()]
    return apc.set_column(apc.column_names.index("procode3"), "procode3", pa.array(codes))


def at(apc: pa.Table, code: str) -> pa.ChunkedArray:
    return pc.equal(apc["procode3"], code)


@pytest.fixture
def with_apc(tmp_path: Path, landed: Landed) -> Callable[[pa.Table, str], dict[str, dict[str, Any]]]:
    """The place's row of each measure, and what is known of whom, where these are the admissions."""

    def opened(apc: pa.Table, name: str) -> dict[str, Any]:
        place = a_place(partners=(*a_place().partners[:0], *PARTNERS), sources=a_place(partners=PARTNERS).sources)
        made: Built = built(tmp_path / name, place, landed | {"landed_apc": apc})
        door = open_aggregates(made.store, made.place, caller_for(made.place, "planning"))
        rows = {row["measure_id"]: row for row in door.measures().to_pylist() if row["area_type"] == "place"}
        return rows | {"basis": door.measure_basis().to_pylist()}

    return opened


def on_lists(apc: pa.Table, since: date) -> dict[str, pa.Table]:
    """The stays of the second trust that ended since a day, as a list of discharges tells of them; and its file among the others."""
    stays = {}
    for row in apc.filter(pc.and_(at(apc, "RX2"), pc.greater_equal(apc["disdate"], since))).to_pylist():
        stays[row["person_id"], row["admidate"]] = row
    columns: dict[str, Any] = {
        "person_id": [row["person_id"] for row in stays.values()],
        "linked_by": [row["linked_by"] for row in stays.values()],
        "file_id": [5] * len(stays),
        "source_row": range(1, len(stays) + 1),
        "organisation_identifier_code_of_provider": ["RX2"] * len(stays),
        "start_date_hospital_provider_spell": [row["admidate"] for row in stays.values()],
        "discharge_ready_date": [row["disreadydate"] for row in stays.values()],
        "discharge_date_hospital_provider_spell": [row["disdate"] for row in stays.values()],
    }
    names = (*CONTRACTS, "discharge_ready")
    file = {"file_id": range(1, 6), "source": names, "contract": names, "partner": ["trust"] * 5, "file": names}
    return {
        "landed_discharge_ready": table_of(SPECS["landed_discharge_ready"], columns),
        "landed_file": table_of(SPECS["landed_file"], file),
    }


@pytest.mark.parametrize("since", [date(2024, 1, 1), STOPS])
def test_stays_that_a_list_alone_tells_of_reach_the_indicator(tmp_path: Path, landed: Landed, since: date) -> None:
    """Of a trust without any admitted care, and of one whose admitted care stops while its list goes on."""
    apc = two_trusts(landed)
    sources = tuple(Source(name=name, partner="rx1", contract=name, files=(f"{name}.csv",)) for name in (*CONTRACTS, "discharge_ready"))
    place = a_place(partners=PARTNERS, sources=sources, agreements=(agreement(sources=(*CONTRACTS, "discharge_ready")),))
    rows = {}
    for name, tables in {
        "whole": {"landed_apc": apc},
        "lists": {"landed_apc": apc.filter(pc.invert(pc.and_(at(apc, "RX2"), pc.greater_equal(apc["disdate"], since))))}
        | on_lists(apc, since),
    }.items():
        made = built(tmp_path / name, place, landed | tables)
        door = open_aggregates(made.store, made.place, caller_for(made.place, "planning"))
        rows[name] = {row["measure_id"]: row for row in door.measures().to_pylist() if row["area_type"] == "place"}
        if name == "lists":
            assert sum(row["stands_in"] for row in made.rows("listed_stay")) > 30
            assert {row["known"] for row in door.measure_basis().to_pylist() if row["measure_id"] == DELAYED} == {True}
            assert any(not row["known"] for row in door.measure_basis().to_pylist() if row["measure_id"] == BEDS) == (since == STOPS)
    assert rows["lists"][DELAYED]["denominator"] == rows["whole"][DELAYED]["denominator"]
    assert rows["lists"][DELAYED]["numerator"] == pytest.approx(rows["whole"][DELAYED]["numerator"], rel=0.15)


def left_out(found: dict[str, Any], measure: str) -> set[tuple[str, date, str]]:
    return {(row["provider_code"], row["month"], row["why"]) for row in found["basis"] if row["measure_id"] == measure and not row["known"]}


def test_a_trust_that_stops_is_left_out_with_the_people_who_go_there(with_apc: Callable[..., Any], landed: Landed) -> None:
    apc = two_trusts(landed)
    whole = with_apc(apc, "whole")
    stopped = apc.filter(pc.invert(pc.and_(at(apc, "RX2"), pc.greater_equal(apc["disdate"], STOPS))))
    found = with_apc(stopped, "stopped")
    for measure in (URGENT, BEDS):
        assert left_out(found, measure) == {("RX2", date(2026, month, 1), "ends early") for month in (1, 2, 3)}
        assert found[measure]["events"] < whole[measure]["events"]
        assert found[measure]["denominator"] == pytest.approx(whole[measure]["denominator"] * (1 - 0.25 / 3), rel=0.05)
        assert found[measure]["value"] == pytest.approx(whole[measure]["value"], rel=0.2), "what is left is as it was"
        assert whole[measure]["known_share"] == 1
        assert found[measure]["denominator"] == pytest.approx(whole[measure]["denominator"] * found[measure]["known_share"])


def test_without_ready_dates_of_one_trust_the_delays_are_those_of_the_other(with_apc: Callable[..., Any], landed: Landed) -> None:
    apc = two_trusts(landed)
    whole = with_apc(apc, "whole")
    ready = pc.if_else(at(apc, "RX2"), pa.scalar(None, pa.date32()), apc["disreadydate"])
    found = with_apc(apc.set_column(apc.column_names.index("disreadydate"), "disreadydate", ready), "without")
    assert left_out(found, DELAYED) == {
        ("RX2", month, "ready_date not given") for month in {row["month"] for row in found["basis"] if row["measure_id"] == DELAYED}
    }
    assert found[DELAYED]["denominator"] == pytest.approx(whole[DELAYED]["denominator"] * 2 / 3, rel=0.1)
    assert found[DELAYED]["value"] == pytest.approx(whole[DELAYED]["value"], rel=0.25)
    assert found[DELAYED]["value"] > 0.8 * whole[DELAYED]["value"], "it was two thirds before"
    assert found[BEDS] == whole[BEDS]
    shares = {row["provider_code"]: row["share"] for row in found["basis"]}
    assert shares["RX2"] == pytest.approx(1 / 3, abs=0.05)


def test_who_gives_up_ready_dates_or_begins_late_has_no_months_without(with_apc: Callable[..., Any], landed: Landed) -> None:
    apc = two_trusts(landed)
    late = pc.and_(at(apc, "RX1"), pc.greater_equal(apc["admidate"], STOPS))
    ready = pc.if_else(late, pa.scalar(None, pa.date32()), apc["disreadydate"])
    apc = apc.set_column(apc.column_names.index("disreadydate"), "disreadydate", ready)
    apc = apc.filter(pc.or_(at(apc, "RX1"), pc.greater_equal(apc["admidate"], date(2025, 6, 1))))
    found = with_apc(apc, "both")
    begun = {("RX2", date(2025, month, 1), "not yet sent") for month in (4, 5)}
    assert left_out(found, DELAYED) == begun | {("RX1", date(2026, month, 1), "ready_date no longer given") for month in (1, 2, 3)}
    assert left_out(found, BEDS) == begun


def test_where_less_than_half_is_known_there_is_no_value(with_apc: Callable[..., Any], landed: Landed) -> None:
    apc = two_trusts(landed)
    found = with_apc(apc.filter(pc.less(apc["disdate"], date(2025, 8, 1))), "ended")
    for measure in (URGENT, DELAYED, BEDS):
        row = found[measure]
        assert (row["value"], row["events"], row["numerator"], row["reason"]) == (None, None, None, "too little known")
