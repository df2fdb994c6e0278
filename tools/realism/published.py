"""Published figures of the example's district, as the folder of open data has them."""

from __future__ import annotations

import csv
from collections import defaultdict
from datetime import datetime
from pathlib import Path

import numpy as np

from tools.realism.invented import Counts

TRUST = "RWY"  # Calderdale and Huddersfield, whose emergency departments most people of the example use
SEASON_YEARS = (2021, 2022, 2023)  # financial years of the published months
REGISTERS = {
    "hypertension": "HYP",
    "coronary_heart_disease": "CHD",
    "atrial_fibrillation": "AF",
    "cancer": "CAN",
    "heart_failure": "HF",
    "kidney_disease": "CKD",
    "stroke": "STIA",
    "dementia": "DEM",
    "asthma": "AST",
    "diabetes": "DM",
    "copd": "COPD",
    "severe_mental_illness": "MH",
}
"""Conditions of the invented, each with its register of the Quality and Outcomes Framework."""


def rows(path: Path) -> list[dict[str, str]]:
    """The rows of a published file."""
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def published_prevalence(shared: Path) -> dict[str, dict[str, float]]:
    """Register -> practice -> register over list, Quality and Outcomes Framework 2020-21."""
    found: dict[str, dict[str, float]] = defaultdict(dict)
    for row in rows(shared / "open-data/practices/qof_prevalence_2020-21_by_practice.csv"):
        found[row["GROUP_CODE"]][row["PRACTICE_CODE"]] = int(row["REGISTER"]) / int(row["PRACTICE_LIST_SIZE"])
    return found


def published_season(shared: Path, column: str = "total_attendances") -> Counts:
    """What a trust counts a day, by calendar month from January, beside the mean of all; three financial years together."""
    counted, days = np.zeros(12), np.zeros(12)
    for row in rows(shared / "open-data/activity/trust_ae_and_emergency_admissions_2021-04_to_2024-07.csv"):
        month = datetime.strptime(row["date"], "%B %Y")
        if row["nhs_trust22_code"] == TRUST and (month.year if month.month > 3 else month.year - 1) in SEASON_YEARS:
            at = month.month - 1
            counted[at] += float(row[column])
            days[at] += (np.datetime64(f"{month:%Y-%m}") + 1).astype("datetime64[D]").astype(int) - np.datetime64(
                f"{month:%Y-%m}-01"
            ).astype(int)
    each = counted / days
    return each / each.mean()


NATIONAL = {
    "Day case": "Daycase",
    "Elective inpatient": "Elective Inpatients",
    "Emergency care": "Emergency Care",
    "Outpatient procedure": "Outpatient Procedures",
    "Ambulance see and convey": "Ambulance/See & Convey",
    "Ambulance see and treat": "Ambulance/See & Treat",
    "Ambulance hear and treat": "Ambulance/Hear & Treat",
    "Community contact": "Community Health Service",
    "Mental health contact": "Mental Health Care Contact",
    "Talking therapies contact": "NHS Talking Therapy Care Contact",
}
"""Points of delivery, each with its department of the National Cost Collection (and a currency of it)."""
ENGLAND = 57.7
"""Millions of people in England, mid-2023 (Office for National Statistics)."""


def national_use(shared: Path) -> dict[str, float]:
    """Point of delivery -> activity per 1,000 people a year, National Cost Collection 2024-25."""
    found = {}
    collection = rows(shared / "open-data/costs/national_cost_collection_2024-25.csv")
    for point, name in NATIONAL.items():
        department, _, currency = name.partition("/")
        mine = [row for row in collection if row["department_code"] == department and currency in ("", row["currency_desc"])]
        found[point] = sum(float(row["activity"]) for row in mine if row["activity"]) / ENGLAND / 1000
    return found
