"""Hospital extracts by year, adult social care and budgets as partners write them: spells, prices and costs that come of them."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
import yaml

from joinedup.build import build
from joinedup.engine.reader import Reader

from .conftest import Example, landed

ONE, TWO, THREE = "9990000018", "9990000026", "9990000034"
REGISTER = """\
NHS_NUMBER,PERSON_BIRTH_DATE,GENERAL_MEDICAL_PRACTICE_CODE_PATIENT_REGISTRATION,START_DATE_GMP_PATIENT_REGISTRATION
9990000018,1950-01-02,INV01,2010-01-01
9990000026,1960-01-02,INV02,2010-01-01
9990000034,1970-01-02,INV04,2010-01-01
"""
HES = "NEWNHSNO|DOB|EPIKEY|PROVSPNOPS|PROCODE3|ADMIDATE|ADMIMETH|CLASSPAT|EPIORDER|EPISTART|EPIEND|EPISTAT|DISDATE|FINAL_PRICE"
LONG = f"{ONE}|1950-01-02|%s|S1|RWY|2024-03-20|21|1|1|2024-03-20|%s|%s|%s|%s"
"""One who stays over two ends of a year: the same episode in three extracts, each under a key of its own."""
YEARS = {
    "apc_2324.csv": [LONG % ("2023000001", "1800-01-01", "1", "1800-01-01", "900.00")],
    "apc_2425.csv": [LONG % ("2024000001", "1800-01-01", "1", "1800-01-01", "950.00")],
    "apc_2526.csv": [
        LONG % ("2025000001", "2025-04-10", "3", "2025-04-10", "1000.00"),
        f"{ONE}|1950-01-02|2025000002|S1|RWY|2025-09-01|12|2|1|2025-09-01|2025-09-01|3|2025-09-01|700.00",
        f"{TWO}|1960-01-02|2025000003|S2|RWY|2025-06-01|21|1|1|2025-06-01|2025-06-03|3|1800-01-01|500.00",
        f"{TWO}|1960-01-02|2025000004|S2|RWY|2025-06-03|21|1|2|2025-06-03|2025-06-09|3|2025-06-09|501.00",
        f"{TWO}|1960-01-02|2025000005|S3|RWY|2025-07-01|12|2|1|2025-07-01|2025-07-01|3|2025-07-01|300.00",
        f"{THREE}|1970-01-02|2025000006|S3|RWY|2025-07-01|12|2|1|2025-07-01|2025-07-01|3|2025-07-01|300.00",
    ],
}
CLD = """\
NHS_NUMBER,Date of Birth,LA Code,Event Type,Event Start Date,Event End Date,Event Reference,Service Type,Service Component,\
Delivery Mechanism,Unit Cost,Cost Frequency (Unit Type)
9990000018,1950-01-02,210,Service,2025-04-01,,1,Long Term Support: Community,Home Support,CASSR Commissioned Support,210.00,Weekly
9990000026,1960-01-02,210,Service,2025-10-01,,2,Long Term Support: Community,Direct Payment,Direct Payment,70.00,Weekly
"""
BUDGETS = """\
NHS_NUMBER,PERSON_BIRTH_DATE,PHB_ID,PHB_TYPE,PAYS_FOR,START_DATE,WEEKLY_AMOUNT
9990000018,1950-01-02,B1,Direct payment,Social care,2025-04-01,£70.00
9990000026,1960-01-02,B2,Direct payment,Social care,2025-04-01,£70.00
9990000026,1960-01-02,B3,Direct payment,Continuing healthcare,2025-04-01,£7.00
"""
SOURCES = {
    "register": ("west-yorkshire-icb", {"files": "register.csv"}),
    "apc": ("acute-trust", {"files": list(YEARS), "delimiter": "|"}),
    "cld": ("council", {"files": "cld.csv"}),
    "personal_budget": ("west-yorkshire-icb", {"files": "budgets.csv"}),
}


def made(root: Path, work: Path, **apc: str) -> tuple[Example, Reader]:
    """The example place with these extracts and no others, built; what its source of admitted care says besides."""
    folder, extracts = work / "calderdale", work / "extracts"
    shutil.copytree(root / "places" / "calderdale", folder)
    told = [
        {"name": name, "partner": partner, "contract": name, **more, **(apc if name == "apc" else {})}
        for name, (partner, more) in SOURCES.items()
    ]
    (folder / "sources.yml").write_text(yaml.safe_dump({"sources": told}))
    (folder / "sharing.yml").unlink()
    extracts.mkdir()
    for name, rows in YEARS.items():
        (extracts / name).write_text("\n".join([HES, *rows]) + "\n")
    for name, body in (("register.csv", REGISTER), ("cld.csv", CLD), ("budgets.csv", BUDGETS)):
        (extracts / name).write_text(body)
    example = landed(folder, extracts, work)
    build(example.place, example.store)
    return example, Reader(example.store)


@pytest.fixture(scope="module")
def reader(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Reader:
    return made(root, tmp_path_factory.mktemp("yearly"))[1]


def spells(reader: Reader) -> list[tuple[object, ...]]:
    found = [row for row in reader.table("activity").to_pylist() if row["sector"] == "acute"]
    return sorted((str(row["starts"]), row["point_of_delivery"], row["units"], row["cost_pence"], row["costing_method"]) for row in found)


def test_each_stay_is_one_spell_with_one_price(reader: Reader) -> None:
    assert spells(reader) == [
        ("2024-03-20", "Non-elective inpatient", 1, 100_000, "extract"),
        ("2025-06-01", "Non-elective inpatient", 2, 50_100, "extract"),
        ("2025-07-01", "Day case", 1, 30_000, "extract"),
        ("2025-07-01", "Day case", 1, 30_000, "extract"),
        ("2025-09-01", "Day case", 1, 70_000, "extract"),
    ]
    people = {row["person_id"] for row in reader.table("activity").to_pylist() if str(row["starts"]) == "2025-07-01"}
    assert len(people) == 2


def test_what_was_put_together_or_apart_is_counted(reader: Reader) -> None:
    found = {row["rule"]: row["found"] for row in reader.table("data_quality").to_pylist()}
    rules = (
        "episode-over-year-end",
        "spell-number-of-several-people",
        "spell-number-used-again",
        "admission-days-differ",
        "price-of-spell-differs",
        "budget-paid-elsewhere",
    )
    assert {rule: found[rule] for rule in rules} == {
        "episode-over-year-end": 2,
        "spell-number-of-several-people": 1,
        "spell-number-used-again": 1,
        "admission-days-differ": 1,
        "price-of-spell-differs": 1,
        "budget-paid-elsewhere": 1,
    }


def test_prices_of_episodes_are_added_where_the_source_says_so(root: Path, tmp_path: Path) -> None:
    _, reader = made(root, tmp_path, price_of="episode")
    assert ("2025-06-01", "Non-elective inpatient", 2, 100_100, "extract") in spells(reader)


def test_a_budget_counts_but_for_the_days_that_the_council_reports_as_the_same_payment(reader: Reader) -> None:
    budgets = [row for row in reader.table("activity").to_pylist() if row["sector"] == "personal budget"]
    assert [(row["units"], row["cost_pence"]) for row in sorted(budgets, key=lambda row: row["source_row"])] == [
        (365, 365_000),
        (183, 183_000),
        (365, 36_500),
    ]
