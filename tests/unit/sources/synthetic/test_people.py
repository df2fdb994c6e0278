"""Who the people are, and where they are registered."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest

from joinedup.sources.synthetic.block import Block
from joinedup.sources.synthetic.needs import burden, conditions, fall_ill, prevalence
from joinedup.sources.synthetic.seasons import NEVER, day_number
from joinedup.sources.synthetic.setting import BLOCK, setting_of
from joinedup.sources.synthetic.streams import stream
from tests.unit.sources.synthetic.places import plain_place


def test_exactly_so_many_people_are_registered_at_the_end(block: Block) -> None:
    people, stays, end = block.people, block.stays, block.setting.span.end
    now = (stays.registered < end) & (stays.deregistered >= end) & (stays.practice < block.setting.practices.inside)
    alive = (people.died >= NEVER) & (people.left >= end)
    assert len(np.unique(stays.person[now & alive[stays.person]])) == BLOCK


@pytest.mark.parametrize("people", [1, 50, 10_001])
def test_any_number_of_people_can_be_had(people: int) -> None:
    setting = setting_of(plain_place(), people, 1)
    blocks = [Block(setting, number) for number in range(setting.blocks)]
    inside = sum(int((~block.people.outside & (block.people.died >= NEVER) & (block.people.left >= NEVER)).sum()) for block in blocks)
    assert inside == people


def test_no_two_people_of_two_blocks_have_the_same_number() -> None:
    setting = setting_of(plain_place(), 20_500, 1)
    every = np.concatenate([Block(setting, number).nhs_numbers for number in range(3)])
    assert len(np.unique(every)) == len(every)


def test_lives_are_in_order(block: Block) -> None:
    people, span = block.people, block.setting.span
    assert (people.born < span.end).all()
    assert (people.joined >= people.born).all()
    assert (people.died > people.joined).all()
    assert (people.left > people.joined).all()
    assert (people.died[people.died < NEVER] >= span.start).all()
    assert (people.age_on(np.arange(len(people.born)), np.full(len(people.born), span.end)) < 110).all()


def test_stays_follow_one_another(block: Block) -> None:
    stays = block.stays
    assert set(np.unique(stays.person)) == set(range(len(block.people.sex)))
    same = stays.person[1:] == stays.person[:-1]
    later = stays.registered[1:] != stays.registered[:-1]
    assert (stays.deregistered[:-1][same & later] <= stays.registered[1:][same & later]).all()
    assert (stays.deregistered >= stays.registered).all()
    assert (stays.moved_out >= stays.moved_in).all()
    moved = stays.moved_in[1:] != stays.moved_in[:-1]
    assert (stays.moved_out[:-1][same & moved] <= stays.moved_in[1:][same & moved]).all()


def test_registrations_are_with_practices_while_they_are_open(block: Block) -> None:
    stays, practices = block.stays, block.setting.practices
    at = np.flatnonzero(stays.practice < practices.inside)
    practice = stays.practice[at]
    assert (stays.registered[at] >= practices.opened[practice]).all()
    ends = np.minimum(stays.deregistered[at], block.setting.span.end)
    assert (ends <= practices.closed[practice]).all()


def test_patients_of_a_closed_practice_go_to_its_heir(changing_block: Block) -> None:
    stays, code = changing_block.stays, changing_block.setting.practices.code
    closed = day_number(date(2025, 7, 1))
    left = stays.person[(code[stays.practice] == "Y10000") & (stays.deregistered == closed)]
    still = left[changing_block.people.gone[left] > closed]
    assert len(still) > 100
    assert (code[stays.practice[stays.on(still, np.full(len(still), closed))]] == "Y00000").all()


def test_a_new_practice_wins_patients(changing_block: Block) -> None:
    stays, code = changing_block.stays, changing_block.setting.practices.code
    assert ((code[stays.practice] == "Y30000") & (stays.registered == day_number(date(2025, 4, 1)))).sum() > 100


def test_the_stay_on_a_day_is_the_one_that_holds_it(block: Block) -> None:
    stays, span = block.stays, block.setting.span
    person = np.arange(len(block.people.sex))
    for day in (span.start + 10, span.end - 1):
        at = stays.on(person, np.full(len(person), day))
        assert (stays.person[at] == person).all()
        here = (block.people.joined < day) & (block.people.gone > day)
        assert (stays.registered[at][here] <= day).all()
        assert (stays.deregistered[at][here] > day).all()


def test_deprivation_of_people_follows_that_of_the_areas(plain_block: Block) -> None:
    """Within three in a hundred of the share of each fifth by the areas' population."""
    areas, people = plain_block.setting.areas, plain_block.people
    expected = np.bincount(areas.fifth[: areas.inside], areas.weight[: areas.inside]) / areas.weight[: areas.inside].sum()
    found = np.bincount(areas.fifth[people.area[~people.outside]], minlength=5) / (~people.outside).sum()
    assert np.abs(found - expected).max() < 0.03


def test_conditions_come_with_age_deprivation_and_frailty() -> None:
    size = 40_000
    nobody, rng = np.zeros(size), stream(1, "test")
    copd = conditions()["copd"]
    shares = {
        "old": fall_ill(rng, np.full(size, 75), np.full(size, 2), nobody)[:, copd].mean(),
        "young": fall_ill(rng, np.full(size, 45), np.full(size, 2), nobody)[:, copd].mean(),
        "deprived": fall_ill(rng, np.full(size, 75), np.full(size, 0), nobody)[:, copd].mean(),
        "frail": fall_ill(rng, np.full(size, 75), np.full(size, 2), nobody + 2)[:, copd].mean(),
    }
    assert shares["young"] < shares["old"] < shares["deprived"]
    assert shares["old"] < shares["frail"]
    assert abs(shares["old"] - prevalence(np.array([75]))[0, copd]) < 0.01


def test_burden_is_one_on_average() -> None:
    ages, rng = np.repeat(np.arange(90), 500), stream(1, "test")
    frailty = rng.standard_normal(len(ages))
    having = rng.random((len(ages), len(conditions()))) < prevalence(ages)
    assert abs(burden(ages, frailty, having, "emergency").mean() - 1) < 0.03


# Quality and Outcomes Framework 2020-21 (NHS Digital), percent of the list, England; registers of adults turned into shares of all by
# four fifths, as four people in five are 18 or over.
PUBLISHED = {
    "hypertension": 13.93,
    "diabetes": 7.11 * 0.8,
    "asthma": 6.38,
    "depression": 12.29 * 0.8,
    "coronary_heart_disease": 3.05,
    "copd": 1.93,
    "kidney_disease": 3.96 * 0.8,
    "atrial_fibrillation": 2.05,
    "stroke": 1.80,
    "heart_failure": 0.91,
    "cancer": 3.21,
    "dementia": 0.71,
    "severe_mental_illness": 0.95,
    "learning_disability": 0.53,
    "epilepsy": 0.80 * 0.8,
    "obesity": 6.88 * 0.8,
}


def test_prevalence_is_near_the_published_registers(plain_block: Block) -> None:
    people = plain_block.people
    found = people.conditions[~people.outside].mean(axis=0) * 100
    assert set(conditions()) == set(PUBLISHED)
    for name, at in conditions().items():
        assert abs(found[at] - PUBLISHED[name]) < 0.25 * PUBLISHED[name] + 0.15, name


def test_people_of_a_household_live_and_are_called_alike(plain_block: Block) -> None:
    people, names = plain_block.people, plain_block.names
    family = people.care_home | people.outside
    first = np.unique(people.household, return_index=True)[1][people.household]
    alike = (names.family == names.family[first])[~family & (np.arange(len(first)) != first)]
    assert 0.8 < alike.mean() < 0.97
    assert (people.area == people.area[first]).all()
