"""The page of linkage: what it says of groups, of a pair, and of how far an indicator could move."""

from __future__ import annotations

import pyarrow as pa
import pytest

from joinedup.papers import linkage, linkage_pair
from joinedup.papers.facts import Facts
from joinedup.papers.linkage import Links
from tests.unit.papers import fixtures


@pytest.fixture
def links() -> Links:
    aggregates = fixtures.five()
    return Links(Facts(aggregates, aggregates.place))


def test_each_source_has_a_row_that_adds_up(links: Links) -> None:
    table = linkage.by_source(links)
    values = {column.name: column.values for column in table.columns}
    assert list(values["source"]) == [source.source for source in fixtures.SOURCES]
    parts = zip(*(values[name] for name in ("by_key", "confirmed", "by_probability", "unlinked")), strict=True)
    assert [sum(part) for part in parts] == list(values["row_count"])
    assert table.rows[0][-1] == "99.0%"


def test_a_difference_beyond_chance_is_the_finding_and_one_within_it_is_not(links: Links) -> None:
    figures = {figure.id: figure for figure in linkage.of_groups(links)}
    assert (
        figures["not-by-key-ethnic-group"].finding == "Keys miss more rows where ethnic group is Asian (6.0%) than where it is White (1.6%)"
    )
    assert figures["not-by-key-sex"].finding == "Rows that no key links: no difference by sex beyond chance"
    assert figures["not-by-key-sex"].notes == ["10.0% of rows don't say it and are in no bar."]
    assert figures["not-by-key-age"].reason == "No data: no row says it."


def test_the_registration_list_is_left_out_for_its_rows_are_people(links: Links) -> None:
    rows, missed, _ = links.group("all", "all")
    linked_sources = [source for source in fixtures.SOURCES if source.contract != "register"]
    assert (rows, missed) == (10_000 * len(linked_sources), 200 * len(linked_sources))


def test_a_pair_is_the_sum_of_its_weights_and_the_prior(links: Links) -> None:
    """log2 of the odds 1 to 16,384 is -14; 6 + 1 + 13 + 10 are added; 2^16 to 1 is a probability of 0.999985."""
    figure = linkage_pair.pair(links)
    assert figure.table is not None
    assert [row[1] for row in figure.table.rows] == ["-14.0", "+6.0", "+1.0", "+13.0", "+10.0", "+0.0", "+16.0"]
    assert figure.finding == "Two invented records: 99.9985% likely to be one person, enough to be linked"


def test_the_bounds_of_an_indicator_follow_from_its_stays(links: Links) -> None:
    """A tenth of each is linked by probability, and 4 of 104 stays of its kind are linked to nobody."""
    table = linkage.moved(links)
    values = {column.name: column.values for column in table.columns}
    for measure in links.facts.specs:
        for value, low, high in zip(values[measure], values[f"{measure}_lowest"], values[f"{measure}_highest"], strict=True):
            assert value is None or (low, high) == (pytest.approx(value * 0.9), pytest.approx(value * 1.04))
    assert table.rows[0][1].endswith(")")
    assert len(table.rows) == len(links.facts.areas) + 2


def test_where_nothing_was_matched_that_is_said(links: Links, monkeypatch: pytest.MonkeyPatch) -> None:
    none = pa.table({"figure": pa.array([], pa.string()), "value": pa.array([], pa.float64())})
    monkeypatch.setattr(type(links.facts.aggregates), "match_figures", lambda _: none)
    assert linkage.in_short(links) == "No row without a usable number had enough to be matched."
    assert linkage_pair.pair(links).reason == "Nothing was matched in this landing."


def test_in_short(links: Links) -> None:
    assert linkage.in_short(links) == (
        "400 different records that no key decided were compared with 20,000 people: 380 were linked by probability (at 99.5% or more), "
        "2 because two people agreed, 8 wait for people to judge, and 10 are linked to nobody. The weights are learned from these records."
    )


def test_right_and_wrong_links_are_told_of_the_whole_and_of_ethnic_groups(links: Links) -> None:
    """Wilson's limits of 990 in 993 and of 90 in 92."""
    table = linkage.truth(links)
    assert table is not None
    assert [row[0] for row in table.rows] == ["A number, pseudonym or the list itself", "Matching", "Matching, Asian"]
    assert [row[-2] for row in table.rows][1:] == ["99.70% (99.12 to 99.90)", "97.83% (92.42 to 99.40)"]


def test_without_the_truth_nothing_is_said_of_it(links: Links, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(type(links.facts.aggregates), "link_truth", lambda self: pa.table({"decided_by": pa.array([], pa.string())}))
    assert linkage.truth(links) is None
    assert "truth" not in linkage.tables(links)
