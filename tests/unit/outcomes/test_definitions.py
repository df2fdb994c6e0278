"""Descriptions of measures: complete, named by their file, and counted by a table."""

from __future__ import annotations

import csv
import re
import shutil
from pathlib import Path

import pytest

from joinedup.build import all_specs
from joinedup.errors import SqlError
from joinedup.outcomes.definitions import measures, read_measures
from joinedup.sources.contract import contracts

FOLDER = Path(__file__).parents[3] / "joinedup" / "outcomes" / "measures"


def test_the_three_indicators_come_in_the_order_of_pages() -> None:
    assert list(measures()) == ["urgent_care_sensitive_admissions", "delayed_days", "emergency_bed_days"]


def test_every_measure_is_counted_by_a_table_and_every_count_is_described() -> None:
    needed = csv.DictReader((FOLDER.parent / "measure_need.csv").read_text(encoding="utf-8").splitlines())
    assert {row["measure_id"] for row in needed} == set(measures())
    counted = all_specs()["measure_count"].sql
    assert all(f"measure_{name}" in counted for name in ("urgent_care", "delayed_days", "bed_days"))


def test_a_measure_is_told_by_another_contract_where_one_will_do_in_its_place() -> None:
    delayed = measures()["delayed_days"]
    assert not delayed.lacks(frozenset({"apc"}))
    assert delayed.lacks(frozenset({"apc", "discharge_ready"}))
    assert delayed.lacks(frozenset({"register"}))
    assert measures()["emergency_bed_days"].lacks(frozenset({"apc"}))


def test_every_measure_needs_contracts_that_exist_and_cites_a_page() -> None:
    for spec in measures().values():
        assert set(spec.contracts) <= set(contracts())
        assert re.search(r"indicator 127[bef], pages \d+", spec.source)
        assert spec.unit.startswith("per ") or " per " in spec.unit


def test_a_description_that_cannot_be_used_is_a_finding(tmp_path: Path) -> None:
    text = (FOLDER / "delayed_days.yml").read_text(encoding="utf-8")
    (tmp_path / "late_days.yml").write_text(text, encoding="utf-8")
    (tmp_path / "no_unit.yml").write_text(re.sub(r"(?m)^unit: .*\n", "", text), encoding="utf-8")
    shutil.copy(FOLDER / "delayed_days.yml", tmp_path)
    with pytest.raises(SqlError, match="2 in all") as caught:
        read_measures(tmp_path)
    assert [(finding.file, finding.rule) for finding in caught.value.findings] == [
        ("late_days.yml", "measure-name"),
        ("no_unit.yml", "measure"),
    ]
    assert "unit" in caught.value.findings[1].message
