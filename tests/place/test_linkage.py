"""Links counted by source and group: they add up, and the difference that is planted between ethnic groups is recovered."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from typing import Any

import pyarrow.parquet as pq
import pytest

from joinedup.sources.synthetic.fault_kinds import kinds
from joinedup.sources.synthetic.truth import FOLDER
from tests.place.conftest import Example


def table(example: Example, name: str) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = pq.read_table(example.store.root / example.landing.record.tables[name].file).to_pylist()
    return rows


@pytest.fixture(scope="module")
def rates(example: Example) -> list[dict[str, Any]]:
    return table(example, "linkage_rate")


def test_each_row_is_linked_in_one_way(rates: list[dict[str, Any]]) -> None:
    ways = ("by_number", "by_pseudonym", "on_the_list", "confirmed", "by_probability", "unlinked")
    assert rates
    assert all(sum(row[way] for way in ways) == row["row_count"] for row in rates)


def test_groups_add_up_to_all_for_each_source(rates: list[dict[str, Any]]) -> None:
    sums: dict[tuple[str, str], dict[str, int]] = defaultdict(lambda: defaultdict(int))
    for row in rates:
        sums[row["contract"], row["source"]][row["characteristic"]] += row["row_count"]
    assert all(len(set(by.values())) == 1 and len(by) == 5 for by in sums.values())


def test_the_counts_are_those_of_the_landed_rows(example: Example, rates: list[dict[str, Any]]) -> None:
    every = {row["source"]: row for row in rates if row["characteristic"] == "all"}
    for file in example.landing.accounts:
        assert every[file.source]["row_count"] == file.loaded
        assert every[file.source]["row_count"] - every[file.source]["unlinked"] == file.linked


def missed_by_group(rates: list[dict[str, Any]]) -> dict[str, tuple[int, int]]:
    """Ethnic group as rows say it -> rows that no key links, and rows."""
    found: dict[str, list[int]] = defaultdict(lambda: [0, 0])
    for row in rates:
        if row["characteristic"] == "ethnic_group" and row["contract"] != "register":
            found[row["group_value"]][0] += row["confirmed"] + row["by_probability"] + row["unlinked"]
            found[row["group_value"]][1] += row["row_count"]
    return {group: (missed, rows) for group, (missed, rows) in found.items()}


BROAD = {**dict.fromkeys("ABC", "White"), **dict.fromkeys("HJKLR", "Asian"), **dict.fromkeys("MNP", "Black")}


def test_the_planted_difference_by_ethnic_group_is_recovered(example: Example, rates: list[dict[str, Any]]) -> None:
    """The report's ratio of missed shares, by what rows say, holds within its 95% interval that of planted faults, by the truth."""
    stops = {kind.name for kind in kinds() if kind.outcome == "not_linked"}
    saying = {row["source"] for row in rates if row["characteristic"] == "ethnic_group" and row["group_value"] in BROAD.values()}
    saying -= {"register"}
    files = {file.file for file in example.landing.accounts if file.source in saying}
    truth = example.extracts / FOLDER
    group_of = {row["person"]: BROAD.get(row["ethnic_category"]) for row in pq.read_table(truth / "people.parquet").to_pylist()}
    planted = Counter(
        group_of.get(fault["person"])
        for fault in pq.read_table(truth / "faulty_rows.parquet").to_pylist()
        if fault["kind"] in stops and fault["file"] in files
    )
    reported = missed_by_group(rates)
    missed, rows = reported["Asian"]
    missed_of_white, rows_of_white = reported["White"]
    ratio = (missed / rows) / (missed_of_white / rows_of_white)
    spread = math.exp(1.96 * math.sqrt(1 / missed - 1 / rows + 1 / missed_of_white - 1 / rows_of_white))
    expected = (planted["Asian"] / rows) / (planted["White"] / rows_of_white)
    assert expected > 1.3, "something is planted"
    assert ratio / spread < expected < ratio * spread
    assert ratio / spread > 1, "and it is found beyond chance"
