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

NOT_BY_KEY = ("birth_date_disagrees", "no_birth_date", "invalid_number", "no_number", "confirmed", "probability")


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


def relative_variance(group: dict[str, Any]) -> float:
    """Of a share of rows that come in clusters: Cochran, Sampling Techniques (1977), 6.1."""
    share = group["not_by_key"] / group["row_count"]
    squares = group["not_by_key_squares"] - 2 * share * group["products"] + share**2 * group["row_squares"]
    return float(squares / group["not_by_key"] ** 2)


BROAD = {**dict.fromkeys("ABC", "White"), **dict.fromkeys("HJKLR", "Asian"), **dict.fromkeys("MNP", "Black")}


def test_the_planted_difference_by_ethnic_group_is_recovered(example: Example, rates: list[dict[str, Any]]) -> None:
    """The report's ratio of missed shares, by what rows say, lies beside that of planted faults, by the truth, as far as chance allows.

    Six seeds lay from -0.8 to 2.1 standard errors away; of one place in a thousand the difference is greater than 3.29 by chance.
    """
    stops = {kind.name for kind in kinds() if kind.outcome == "not_linked"}
    saying = {row["source"] for row in rates if row["characteristic"] == "ethnic_group" and row["group_value"] in BROAD.values()}
    saying -= {"register"}
    files = {file.file for file in example.landing.accounts if file.source in saying}
    truth = example.extracts / FOLDER
    group_of = {row["person"]: BROAD.get(row["ethnic_category"]) for row in pq.read_table(truth / "people.parquet").to_pylist()}
    faults = pq.read_table(truth / "faulty_rows.parquet").to_pylist()
    stopped = {(each["file"], each["source_row"], each["person"]) for each in faults if each["kind"] in stops and each["file"] in files}
    planted = Counter(group_of.get(person) for _, _, person in stopped)
    reported = missed_by_group(rates)
    missed, rows = reported["Asian"]
    missed_of_white, rows_of_white = reported["White"]
    ratio = (missed / rows) / (missed_of_white / rows_of_white)
    worth = {row["group_value"]: row for row in table(example, "linkage_spread") if row["characteristic"] == "ethnic_group"}
    error = math.sqrt(relative_variance(worth["Asian"]) + relative_variance(worth["White"]))
    expected = (planted["Asian"] / rows) / (planted["White"] / rows_of_white)
    assert expected > 1.3, "something is planted"
    assert abs(math.log(ratio / expected)) < 3.29 * error
    assert ratio / math.exp(1.96 * error) > 1, "and it is found beyond chance"


def test_rows_that_no_key_links_are_the_same_however_they_are_added_up(example: Example, rates: list[dict[str, Any]]) -> None:
    """By source, and by person over sources; people and claims of nobody are fewer than rows, and squares more."""
    sums: dict[tuple[str, str], Counter[str]] = defaultdict(Counter)
    for row in rates:
        if row["contract"] != "register":
            missed = row["confirmed"] + row["by_probability"] + row["unlinked"]
            sums[row["characteristic"], row["group_value"]].update(row_count=row["row_count"], not_by_key=missed)
    spread = {(row["characteristic"], row["group_value"]): row for row in table(example, "linkage_spread")}
    assert {key: (row["row_count"], row["not_by_key"]) for key, row in spread.items()} == {
        key: (counts["row_count"], counts["not_by_key"]) for key, counts in sums.items()
    }
    every = spread["all", "all"]
    assert every["units"] < every["row_count"] < every["row_squares"]


def test_links_are_judged_by_the_truth_row_by_row(example: Example) -> None:
    """As plain Python finds it from the landed rows: the right person is who the sound rows of the same number came to."""
    judged = table(example, "linkage_truth")
    every = {row["decided_by"]: row for row in judged if row["characteristic"] == "all"}
    named = {
        (row["file"], row["source_row"]): row["person"]
        for row in pq.read_table(example.extracts / FOLDER / "faulty_rows.parquet").to_pylist()
    }
    files = {file.file_id: file for file in example.landing.accounts}
    landed = Counter(
        "matching" if row["linked_by"] in NOT_BY_KEY else "key"
        for contract in {file.contract for file in files.values()} - {"opt_out"}
        for row in table(example, f"landed_{contract}")
        if (files[row["file_id"]].file, row["source_row"]) in named
    )
    counted = ("correct", "wrong", "missed", "of_strangers")
    assert {how: sum(row[name] for name in counted) for how, row in every.items()} == landed
    for characteristic in ("ethnic_group", "contract"):
        for how, whole in every.items():
            own = [row for row in judged if (row["decided_by"], row["characteristic"]) == (how, characteristic)]
            assert all(sum(row[name] for row in own) == whole[name] for name in counted)
    matching = every["matching"]
    assert matching["correct"] > 50
    assert matching["correct"] / (matching["correct"] + matching["wrong"]) >= 0.98
    assert every["key"]["missed"] == 0
