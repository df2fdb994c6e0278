"""What else people's lives hold: near published figures, and in keeping with births, deaths and ages."""

from __future__ import annotations

from dataclasses import fields

import numpy as np
import pytest

from joinedup.sources.synthetic.admissions import BIRTH, DELIVERY, mothers_of
from joinedup.sources.synthetic.block import Block
from joinedup.sources.synthetic.households import WOMAN
from joinedup.sources.synthetic.life import COMMUNITY, LOOKED_AFTER, NURSING, PLAN, Life
from joinedup.sources.synthetic.pregnancies import BETWEEN_BIRTHS
from joinedup.sources.synthetic.seasons import NEVER
from joinedup.sources.synthetic.setting import setting_of
from tests.unit.sources.synthetic.places import plain_place


@pytest.fixture(scope="module")
def blocks() -> list[Block]:
    """40,000 people."""
    setting = setting_of(plain_place(), 40_000, 5)
    return [Block(setting, number) for number in range(4)]


def _share(blocks: list[Block], what: str, ages: tuple[float, float]) -> float:
    """The share of the people registered at the end, of those ages, who have something then."""
    found = []
    for block in blocks:
        end = block.setting.span.end
        age = block.people.ages(end)
        there = ~block.people.outside & (block.people.gone >= end) & (age >= ages[0]) & (age < ages[1])
        found.append(_now(block.life, end, what)[there])
    return float(np.concatenate(found).mean())


def _now(life: Life, end: int, what: str) -> np.ndarray:
    special = {
        "another language": life.language != "eng",
        "plan": life.special_needs == PLAN,
        "support at school": life.special_needs == 1,
        "support in the community": (life.support == COMMUNITY) & (life.support_to >= end),
        "palliative": life.palliative_from < end,
        "in need": (life.child_need > 0) & (life.child_need_to >= end),
        "looked after": (life.child_need == LOOKED_AFTER) & (life.child_need_to >= end),
    }
    found: np.ndarray = special[what] if what in special else getattr(life, what)
    return found


@pytest.mark.parametrize(
    ("what", "ages", "least", "most"),
    [
        ("carer", (5, 200), 0.080, 0.098),  # Census 2021
        ("another language", (3, 200), 0.065, 0.115),  # Census 2021; depends on who lives in the place
        ("interpreter", (3, 200), 0.010, 0.025),
        ("support at school", (5, 16), 0.115, 0.150),  # Department for Education 2022/23
        ("plan", (5, 16), 0.033, 0.050),
        ("support in the community", (18, 200), 0.010, 0.021),  # NHS England 2022-23
        ("autism", (0, 200), 0.006, 0.012),
        ("anxiety", (18, 200), 0.050, 0.072),  # Adult Psychiatric Morbidity Survey 2014
        ("substance", (18, 200), 0.009, 0.017),
        ("falls", (65, 200), 0.27, 0.35),  # NICE 2013
        ("palliative", (0, 200), 0.0035, 0.0060),  # Quality and Outcomes Framework 2020-21
        ("in need", (0, 18), 0.026, 0.040),  # Department for Education 2023
        ("looked after", (0, 18), 0.0050, 0.0095),
    ],
)
def test_as_common_as_published(blocks: list[Block], what: str, ages: tuple[float, float], least: float, most: float) -> None:
    assert least <= _share(blocks, what, ages) <= most


def test_need_rises_with_deprivation(blocks: list[Block]) -> None:
    for name, kind in (("child_need", 1), ("special_needs", 1), ("substance", True)):
        had = np.concatenate([getattr(block.life, name) == kind for block in blocks])
        fifth = np.concatenate([block.setting.areas.fifth[block.people.area] for block in blocks])
        assert had[fifth == 0].mean() > 1.4 * had[fifth == 4].mean(), name


def test_one_entry_per_person(block: Block) -> None:
    for field in fields(Life):
        if field.name != "pregnancies":
            assert len(getattr(block.life, field.name)) == len(block.people.sex), field.name


def test_stretches_lie_in_lives(block: Block) -> None:
    life, people = block.life, block.people
    for kind, start, end, least in (
        (life.support, life.support_from, life.support_to, 18),
        (life.child_need, life.child_need_from, life.child_need_to, 0),
    ):
        has = kind > 0
        assert has.any()
        assert ((start < NEVER) == has).all()
        assert (start < end)[has].all()
        assert (start[has] >= people.born[has] + int(least * 365.25)).all()
        assert (end[~has] == NEVER).all()
        assert (np.minimum(end, block.setting.span.end)[has] <= np.minimum(people.gone, block.setting.span.end)[has]).all()
    assert (life.palliative_from[life.palliative_from < NEVER] >= people.born[life.palliative_from < NEVER]).all()


def test_most_residents_of_care_homes_have_residential_or_nursing_care(block: Block) -> None:
    kind = block.life.support[block.people.care_home & ~block.people.outside]
    assert 0.5 < (kind > COMMUNITY).mean() < 0.8
    assert (kind == NURSING).any()
    assert not (kind == COMMUNITY).any()


def test_every_delivery_in_hospital_has_its_pregnancy(block: Block) -> None:
    held, spells, people = block.life.pregnancies, block.spells, block.people
    delivery = spells.kind == DELIVERY
    told = set(zip(held.person.tolist(), held.born.tolist(), strict=True))
    assert {*zip(spells.person[delivery].tolist(), spells.day[delivery].tolist(), strict=True)} <= told
    with_child = held.baby >= 0
    assert (people.born[held.baby[with_child]] == held.born[with_child]).all()
    assert (mothers_of(people)[held.baby[with_child]] == held.person[with_child]).all()
    in_hospital = np.isin(held.baby[with_child], spells.person[spells.kind == BIRTH])
    assert 0.93 < in_hospital.mean() < 1


def test_pregnancies_are_of_women_one_at_a_time(block: Block) -> None:
    held, people = block.life.pregnancies, block.people
    ends = np.minimum(held.born, held.lost)
    assert (people.sex[held.person] == WOMAN).all()
    assert ((held.born < NEVER) != (held.lost < NEVER)).all()
    assert (held.conceived < ends).all()
    assert (ends - held.conceived <= 42 * 7).all()
    same = held.person[1:] == held.person[:-1]
    assert (np.diff(ends)[same] >= BETWEEN_BIRTHS).all()
    going_on = (held.born < NEVER) & (held.born >= block.setting.span.end)
    assert going_on.any()
    assert (held.baby[going_on] == -1).all()
    assert (held.lost < NEVER).any()


def test_lives_are_the_same_again() -> None:
    first, second = (Block(setting_of(plain_place(), 2_000, 8), 0).life for _ in range(2))
    assert (first.language == second.language).all()
    assert (first.pregnancies.conceived == second.pregnancies.conceived).all()
