"""The shipped costs against the published files that they were taken from."""

from __future__ import annotations

import csv
from datetime import date
from pathlib import Path

import pytest

from joinedup.build import all_specs

NATIONAL = {
    "Elective inpatient": "Elective Inpatients",
    "Day case": "Daycase",
    "Regular attender": "Regular Day or Night Admissions",
    "Emergency care": "Emergency Care",
    "Outpatient procedure": "Outpatient Procedures",
    "Community contact": "Community Health Service",
    "Mental health contact": "Mental Health Care Contact",
    "Mental health inpatient": "Mental Health Provider Spell",
    "Talking therapies contact": "NHS Talking Therapy Care Contact",
    "Non-elective inpatient": "Non-Elective Inpatient - Long Stay",
    "Maternity": "Non-Elective Inpatient - Long Stay",
}
AMBULANCE = {"hear and treat": "Hear & Treat", "see and treat": "See & Treat", "see and convey": "See & Convey"}
LOCAL = {
    "GP appointment face to face": "Face to face appointment",
    "GP appointment telephone or video": "Telephone/video appointment",
    "GP appointment online": "Written appointment",
    "Request for support": "Request",
    "Social care assessment": "Assessment",
    "Social care review": "Review",
    "Carer support": "Carer support",
    "Community support": "Long-term support: community",
    "Residential care": "Long-term support: Residential home",
    "Nursing care": "Long-term support: Nursing home",
    "Short-term support": "Short-term support",
}


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@pytest.fixture(scope="module")
def shipped(root: Path) -> dict[str, dict[str, str]]:
    return {row["point_of_delivery"]: row for row in rows(root / "joinedup" / "records" / "published_cost.csv")}


def collected(found: list[dict[str, str]]) -> int:
    """Total cost over total activity, in pence."""
    with_activity = [row for row in found if row["activity"]]
    return round(100 * sum(float(row["cost"]) for row in with_activity) / sum(float(row["activity"]) for row in with_activity))


def test_national_costs_are_those_of_the_collection(shipped: dict[str, dict[str, str]], shared: Path) -> None:
    collection = rows(shared / "open-data" / "costs" / "national_cost_collection_2024-25.csv")
    expected = {point: collected([row for row in collection if row["department_code"] == code]) for point, code in NATIONAL.items()}
    for point, words in AMBULANCE.items():
        expected[f"Ambulance {point}"] = collected([row for row in collection if row["currency_desc"] == words])
    expected["Maternity contact"] = collected([row for row in collection if row["currency_code"] in ("N01A", "N01P")])
    assert {point: int(row["published_pence"]) for point, row in shipped.items() if row["basis"] == "national"} == expected
    short = collected([row for row in collection if row["department_code"] == "Non-Elective Inpatient - Short Stay"])
    assert {int(row["published_short_pence"]) for row in shipped.values() if row["published_short_pence"]} == {short}


def test_local_costs_are_those_of_the_system_that_published_them(shipped: dict[str, dict[str, str]], shared: Path) -> None:
    published = rows(shared / "open-data" / "costs" / "cost_per_contact_or_day_suffolk_ne_essex_2024.csv")
    cost = {row["Activity subtype"]: row["Cost per day"] for row in published if row["Dataset"] in ("Primary care", "CLD")}
    expected = {point: 100 * int(cost[name]) for point, name in LOCAL.items()}
    assert {point: int(row["published_pence"]) for point, row in shipped.items() if row["basis"] == "local"} == expected


def test_every_price_year_has_an_index_and_one_year_is_the_base(shipped: dict[str, dict[str, str]], root: Path) -> None:
    years = rows(root / "joinedup" / "records" / "price_index.csv")
    assert {row["price_year"] for row in shipped.values()} <= {row["price_year"] for row in years}
    assert [row["price_year"] for row in years if row["base"] == "true"] == ["2024-25"]


D7BT = {
    2021: (109.0, 109.1, 109.4, 110.1, 110.8, 111.3, 111.3, 112.1, 112.4, 113.6, 114.5, 115.1),
    2022: (114.9, 115.8, 117.1, 120.0, 120.8, 121.8, 122.5, 123.1, 123.8, 126.2, 126.7, 127.2),
    2023: (126.4, 127.9, 128.9, 130.4, 131.3, 131.5, 130.9, 131.3, 132.0, 132.0, 131.7, 132.2),
}
"""Months of the Consumer Prices Index, all items, 2015 = 100, as the Office for National Statistics published them."""


def test_the_index_of_a_year_is_the_mean_of_its_months(root: Path) -> None:
    known = {row["price_year"]: float(row["price_index"]) for row in rows(root / "joinedup" / "records" / "price_index.csv")}
    months = {
        "2022": D7BT[2022],
        "2023": D7BT[2023],
        "2021-22": D7BT[2021][3:] + D7BT[2022][:3],
        "2022-23": D7BT[2022][3:] + D7BT[2023][:3],
    }
    for year, each in months.items():
        assert known[year] == pytest.approx(sum(each) / 12, abs=0.0501), year


def test_financial_years_of_the_index_follow_one_another(root: Path) -> None:
    years = [row for row in rows(root / "joinedup" / "records" / "price_index.csv") if "-" in row["price_year"]]
    assert [row["ends"] for row in years[:-1]] == [row["starts"] for row in years[1:]]
    assert years[-1]["base"] == "true"


def test_each_figure_and_year_has_the_time_that_it_is_of(shipped: dict[str, dict[str, str]], root: Path) -> None:
    years = {row["price_year"]: (row["starts"], row["ends"]) for row in rows(root / "joinedup" / "records" / "price_index.csv")}
    for name, (starts, ends) in years.items():
        first = 4 if "-" in name else 1
        assert (date.fromisoformat(starts), date.fromisoformat(ends)) == (date(int(name[:4]), first, 1), date(int(name[:4]) + 1, first, 1))
    assert {(row["starts"], row["ends"]) == years[row["price_year"]] for row in shipped.values()} == {True}


def test_every_point_of_delivery_has_an_average_or_is_named_as_without_one(shipped: dict[str, dict[str, str]], root: Path) -> None:
    without = [row["point_of_delivery"] for row in rows(root / "joinedup" / "records" / "without_cost.csv")]
    specs = all_specs()
    tables = [
        specs[name]
        for name in (
            "activity_acute",
            "activity_attendance",
            "activity_children",
            "activity_community",
            "activity_primary",
            "activity_social",
            "spell",
        )
    ]
    told = {row["point_of_delivery"] for table in tables for case in table.cases for row in case.expect if row.get("point_of_delivery")}
    lasting = {"Continuing healthcare", "Personal budget"}  # their cases name the sector alone
    assert told | lasting == {*shipped, *without}
    assert not set(shipped) & set(without)
    assert len(without) == len(set(without))


def test_what_the_local_figures_start_from_is_in_the_notice(root: Path, shared: Path) -> None:
    notice = (root / "NOTICE").read_text(encoding="utf-8")
    published = rows(shared / "open-data" / "costs" / "cost_per_contact_or_day_suffolk_ne_essex_2024.csv")
    starts_from = {row["basis"].split(",")[0] for row in published if row["Activity subtype"] in LOCAL.values()}
    assert starts_from == {
        "PSSRU unit costs 2022-23",
        "Patient-level costing 2021-22",
        "Adult Social Care Activity and Finance Report 2022-23",
    }
    for words in (
        "Unit Costs of Health and Social Care 2022-23",
        "patient-level costing 2021-22",
        "Adult Social Care Activity and Finance Report 2022-23",
    ):
        assert words in notice
