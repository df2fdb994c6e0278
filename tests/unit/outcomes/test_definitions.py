"""The measures of overviews: in order, needing contracts that there are, citing a page of the annex, each with its reading."""

from __future__ import annotations

import re

from joinedup.outcomes.measure_folder import definitions, headlines
from joinedup.sources.contract import contracts


def test_the_three_indicators_come_first_in_the_order_of_pages() -> None:
    assert list(headlines()) == ["urgent_care_sensitive_admissions", "delayed_days", "emergency_bed_days"]
    assert [each.id for each in definitions()[:3]] == list(headlines())


def test_a_measure_is_told_by_another_contract_where_one_will_do_in_its_place() -> None:
    delayed = headlines()["delayed_days"]
    assert not delayed.lacks(frozenset({"apc"}))
    assert delayed.lacks(frozenset({"apc", "discharge_ready"}))
    assert delayed.lacks(frozenset({"register"}))
    assert headlines()["emergency_bed_days"].lacks(frozenset({"apc"}))


def test_every_headline_needs_contracts_that_exist_cites_a_page_and_says_how_it_is_read() -> None:
    for measure in headlines().values():
        assert set(measure.needs) <= set(contracts())
        assert re.search(r"indicator 127[bef], pages \d+", measure.source)
        assert measure.unit.startswith("per ") or " per " in measure.unit
        assert measure.reading
        assert "neighbourhood" in measure.public.areas, "it stands on public pages"


def test_no_two_measures_have_one_title() -> None:
    titles = [each.title for each in definitions()]
    assert len(set(titles)) == len(titles)
