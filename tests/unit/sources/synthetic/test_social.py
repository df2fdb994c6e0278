"""Adult social care, children's social care and small services: as often as published, in people's lifetimes, sound by their contracts."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from joinedup.engine.duck import connect
from joinedup.place.model import Source
from joinedup.sources.contract import contracts
from joinedup.sources.landing import stage
from joinedup.sources.synthetic import children_social_care, cld, community_activity
from joinedup.sources.synthetic.block import Block
from joinedup.sources.synthetic.rows import Rows
from joinedup.sources.synthetic.seasons import NEVER, YEAR
from joinedup.sources.synthetic.setting import setting_of
from joinedup.sources.synthetic.sheets import header, sheet, text
from joinedup.sources.synthetic.targets import targets_of
from tests.unit.sources.synthetic.places import FILES, changing_place, plain_place

MAKERS = {"cld": cld.rows, "children_social_care": children_social_care.rows, "community_activity": community_activity.rows}
SOURCES = (*FILES, *(Source(name=name, partner="council", contract=name, files=(f"{name}.csv",)) for name in MAKERS))


@pytest.fixture(scope="module", params=[plain_place, changing_place])
def block(request: pytest.FixtureRequest) -> Block:
    """10,000 people of a place, with all these extracts."""
    place = request.param().model_copy(update={"sources": SOURCES})
    return Block(setting_of(place, 10_000, 5), 0)


@pytest.fixture(scope="module")
def many() -> tuple[Block, ...]:
    """30,000 people."""
    setting = setting_of(plain_place(sources=SOURCES), 30_000, 6)
    return tuple(Block(setting, number) for number in range(3))


def adult_years(blocks: tuple[Block, ...], least: float = 18, most: float = 130) -> float:
    """Years that people of the place lived there in the span, at those ages."""
    total = 0.0
    for each in blocks:
        people, span = each.people, each.setting.span
        start = np.maximum(people.joined, span.start)
        years = np.maximum(np.minimum(people.gone, span.end) - start, 0) / YEAR
        ages = people.age_on(np.arange(len(years)), start + (years * YEAR / 2).astype(np.int64))
        total += years[~people.outside & (ages >= least) & (ages < most)].sum()
    return total


def days(column: np.ndarray) -> np.ndarray:
    """Dates as days since 1970, those that are missing NEVER."""
    return np.where(np.isnat(column), NEVER, column.astype("datetime64[D]").astype(np.int64))


@pytest.mark.parametrize("name", MAKERS)
def test_rows_use_only_fields_and_codes_of_the_contract_and_keys_name_one_row(name: str, block: Block) -> None:
    contract = contracts()[name]
    fields = {field.name: field for field in contract.fields}
    rows = MAKERS[name](block)
    assert set(rows.columns) <= set(fields)
    for field, column in rows.columns.items():
        if fields[field].codes:
            assert set(np.unique(column)) - {""} <= set(fields[field].codes), field
    blank = np.full(len(rows.person), "")
    key = np.stack([rows.columns.get(each, blank).astype(str) for each in contract.key], axis=1)
    assert len(np.unique(key, axis=0)) == len(key) > 100


@pytest.mark.parametrize("name", MAKERS)
def test_a_place_of_one_person_has_rows_of_the_same_kind(name: str, block: Block) -> None:
    few = MAKERS[name](Block(setting_of(plain_place(sources=SOURCES), 1, 1), 0))
    assert {each: column.dtype.kind for each, column in few.columns.items()} == {
        each: column.dtype.kind for each, column in MAKERS[name](block).columns.items()
    }


@pytest.mark.parametrize(
    ("name", "start", "end"),
    [
        ("cld", "EVENT_START_DATE", "EVENT_END_DATE"),
        ("children_social_care", "START_DATE", "END_DATE"),
        ("community_activity", "ACTIVITY_DATE", "END_DATE"),
    ],
)
def test_nothing_happens_before_birth_or_coming_or_after_death_or_leaving(name: str, start: str, end: str, block: Block) -> None:
    rows, people, span = MAKERS[name](block), block.people, block.setting.span
    first, last, who = days(rows.columns[start]), days(rows.columns[end]), rows.person
    came = np.where(people.joined[who] >= span.start, people.joined[who], 0)
    assert (first >= np.maximum(people.born[who], came)).all()
    assert (first < span.end).all()
    assert (first <= np.minimum(people.died[who], people.left[who])).all()
    ended = np.where(last < NEVER, last, first)
    assert (ended >= first).all()
    assert (ended <= np.minimum(people.gone[who], span.end)).all()
    assert (last[(people.gone[who] < span.end) & (name != "community_activity")] < NEVER).all()


@pytest.mark.parametrize("name", MAKERS)
def test_landing_finds_nothing_wrong(name: str, block: Block, tmp_path: Path) -> None:
    place = block.setting.place
    targets = targets_of(place, block.setting.span, tuple(each.contract for each in place.sources))
    (target,) = [target for target in targets if target.source.contract == name]
    rows = MAKERS[name](block)
    at = target.rows(rows)
    (tmp_path / target.file).write_bytes(header(target) + text(target, sheet(target, rows, at)))
    staging = stage(connect(spill=tmp_path / "spill"), place.model_copy(update={"sources": (target.source,)}), tmp_path)
    (account,) = staging.files
    assert (account.rows_read, account.loaded) == (len(rows.person), len(rows.person))
    assert [finding.message for finding in staging.findings if finding.rule != "missing-columns"] == []


# Adult Social Care Activity and Finance Report, England, 2022-23 (NHS England), among 44.8 million adults, 10.6 million of them from 65
# (Office for National Statistics, mid-2021): 2.0 million requests, 0.64 million by people under 65; 230,000 episodes of reablement; 376,000
# carers supported or assessed.
REQUESTS = {(18, 65): (1_600, 2_300), (65, 130): (11_000, 14_500), (18, 130): (3_900, 5_000)}
REABLEMENT = (4.0, 6.5)
CARERS = (6.5, 11.0)


@pytest.mark.parametrize("ages", REQUESTS)
def test_requests_are_as_many_as_published(ages: tuple[int, int], many: tuple[Block, ...]) -> None:
    found = 0
    for each in many:
        rows = cld.rows(each)
        asked = rows.columns["EVENT_TYPE"] == "REQUEST"
        old = each.people.age_on(rows.person, rows.day)
        found += (asked & (old >= ages[0]) & (old < ages[1])).sum()
    least, most = REQUESTS[ages]
    assert least < found / adult_years(many, *ages) * 100_000 < most


def said(blocks: tuple[Block, ...], field: str, *values: str) -> list[tuple[Block, Rows, np.ndarray]]:
    """The rows of adult social care whose field has one of the values."""
    made = [(each, cld.rows(each)) for each in blocks]
    return [(each, rows, np.flatnonzero(np.isin(rows.columns[field], values))) for each, rows in made]


def test_reablement_and_support_of_carers_are_as_many_as_published(many: tuple[Block, ...]) -> None:
    reablement = sum(len(at) for _, _, at in said(many, "SERVICE_COMPONENT", "REABLEMENT"))
    assert REABLEMENT[0] < reablement / adult_years(many) * 1000 < REABLEMENT[1]
    carers = sum(len(np.unique(rows.person[at])) for _, rows, at in said(many, "CLIENT_TYPE", "UNPAID CARER"))
    assert CARERS[0] < carers / adult_years(many) * 1000 < CARERS[1]


def test_care_in_homes_costs_about_what_it_does(many: tuple[Block, ...]) -> None:
    # The same report: residential care from 65 cost councils 850 to 900 pounds a week, nursing care about 950
    for component, (least, most) in {"LONG TERM RESIDENTIAL CARE": (820, 920), "LONG TERM NURSING CARE": (890, 1_010)}.items():
        pence = np.concatenate(
            [
                rows.columns["UNIT_COST"][at][each.people.age_on(rows.person[at], rows.day[at]) >= 65]
                for each, rows, at in said(many, "SERVICE_COMPONENT", component)
            ]
        )
        assert least < pence[pence > 0].mean() / 100 < most, component


def test_long_term_support_is_that_of_peoples_lives(block: Block) -> None:
    rows = cld.rows(block)
    long_term = np.char.startswith(rows.columns["SERVICE_TYPE"], "LONG TERM")
    lasting = (block.life.support > 0) & (block.life.support_to > block.setting.span.start)
    assert set(rows.person[long_term]) == set(np.flatnonzero(lasting))
    open_ = long_term & np.isnat(rows.columns["EVENT_END_DATE"])
    assert (block.life.support_to[rows.person[open_]] >= NEVER).all()


def test_reablement_follows_a_discharge(block: Block) -> None:
    rows = cld.rows(block)
    from_hospital = rows.columns["REQUEST_ROUTE_OF_ACCESS"] == "DISCHARGE FROM HOSPITAL"
    left = set(zip(block.spells.person.tolist(), block.spells.out.tolist(), strict=True))
    asked = zip(rows.person[from_hospital].tolist(), days(rows.columns["EVENT_END_DATE"])[from_hospital].tolist(), strict=True)
    assert from_hospital.sum() > 20
    assert set(asked) <= left


def test_about_six_in_ten_are_reviewed_in_a_year(many: tuple[Block, ...]) -> None:
    # The same report: 57% of people supported for 12 months or more were reviewed in the year
    reviewed = supported = 0
    for each in many:
        rows, year = cld.rows(each), each.setting.span.end - 365
        life = each.life
        long_ = (life.support > 0) & (life.support_from < year) & (life.support_to >= NEVER)
        done = rows.person[(rows.columns["EVENT_TYPE"] == "REVIEW") & (rows.day >= year)]
        supported += long_.sum()
        reviewed += long_[np.unique(done)].sum()
    assert 0.47 < reviewed / supported < 0.68


def test_children_are_looked_after_without_gaps_and_in_need_all_the_while(block: Block) -> None:
    rows = children_social_care.rows(block)
    kind, first, last = rows.columns["RECORD_TYPE"], days(rows.columns["START_DATE"]), days(rows.columns["END_DATE"])
    after = rows.columns["REASON_FOR_NEW_EPISODE"] == "T"
    ends = set(zip(rows.person[kind == "CLA"].tolist(), last[kind == "CLA"].tolist(), strict=True))
    begins = zip(rows.person[after].tolist(), first[after].tolist(), strict=True)
    long_ago = first[after] <= block.setting.span.start
    assert sum(each not in ends for each in begins) == long_ago.sum()
    for plan in ("CPP", "CLA"):
        assert set(rows.person[kind == plan]) <= set(rows.person[kind == "CIN"])


def test_children_in_need_are_as_many_as_published(many: tuple[Block, ...]) -> None:
    # Characteristics of children in need, children looked after, England 2023 (Department for Education): 343, 43 and 71 per 10,000
    published = {"CIN": (250, 440), "CPP": (28, 62), "CLA": (50, 105)}
    found = dict.fromkeys(published, 0)
    children = 0
    for each in many:
        rows, people = children_social_care.rows(each), each.people
        children += ((people.ages(each.setting.span.end) < 18) & ~people.outside & (people.gone > each.setting.span.end)).sum()
        for kind in found:
            here = (rows.columns["RECORD_TYPE"] == kind) & np.isnat(rows.columns["END_DATE"])
            found[kind] += len(np.unique(rows.person[here]))
    for kind, (least, most) in published.items():
        assert least < found[kind] / children * 10_000 < most, kind


def test_who_joined_a_programme_comes_to_it_from_that_day_on(block: Block) -> None:
    rows, joined = community_activity.rows(block), block.programmes
    for name in np.unique(joined.programme):
        who = joined.person[joined.programme == name]
        here = rows.columns["SERVICE"] == name
        assert set(rows.person[here]) == set(who), name
        first = np.full(len(block.people.sex), NEVER)
        np.minimum.at(first, rows.person[here], rows.day[here])
        assert (first[who] == joined.day[joined.programme == name]).all(), name


def test_stays_in_the_hospice_end_in_death(block: Block) -> None:
    rows = community_activity.rows(block)
    stay = rows.columns["KIND"] == "Inpatient stay"
    assert set(rows.person[stay]) == set(block.deaths.person[block.deaths.place == "hospice"])
    assert (days(rows.columns["END_DATE"])[stay] == block.people.died[rows.person[stay]]).all()
    assert np.isnat(rows.columns["END_DATE"][~stay]).all()


def test_missed_activities_take_no_time_and_cost_nothing(block: Block) -> None:
    columns = community_activity.rows(block).columns
    missed = np.isin(columns["OUTCOME"], ["DID NOT ATTEND", "CANCELLED"])
    assert 0.05 < missed.mean() < 0.2
    assert (columns["COST"][missed] < 0).all()
