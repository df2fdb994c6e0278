"""Children go to a school of their age, near their home mostly."""

from __future__ import annotations

import numpy as np

from joinedup.sources.synthetic import children_social_care
from joinedup.sources.synthetic.block import Block
from joinedup.sources.synthetic.life import PLAN
from joinedup.sources.synthetic.schools import PRIMARY, SECONDARY, SPECIAL, school_of


def test_every_child_of_school_age_has_a_school_of_its_kind(plain_block: Block) -> None:
    people, last = plain_block.people, plain_block.setting.span.end - 1
    every = np.arange(len(people.sex))
    school, age = school_of(plain_block, every, np.full(len(every), last)), people.ages(last)
    pupil = (age >= 5) & (age < 17) & ~people.outside
    assert ((school != "") == pupil).all()
    kind = school[pupil].astype(np.int64) // 10_000 * 10_000
    usual = kind != SPECIAL
    assert (kind[usual] == np.where(age[pupil][usual] < 11, PRIMARY, SECONDARY)).all()
    plan = plain_block.life.special_needs[pupil] == PLAN
    assert not (~usual & ~plan).any()
    assert 0.3 < (~usual)[plan].mean() < 0.7


def test_neighbours_go_to_one_school_mostly(plain_block: Block) -> None:
    people, last = plain_block.people, plain_block.setting.span.end - 1
    young = np.flatnonzero((people.ages(last) >= 5) & (people.ages(last) < 11) & ~people.outside & (people.died > last))
    school = school_of(plain_block, young, np.full(len(young), last))
    area = plain_block.stays.area[plain_block.stays.on(young, np.full(len(young), last))]
    shares = [np.unique(school[area == each], return_counts=True)[1].max() / (area == each).sum() for each in np.unique(area)]
    assert len(np.unique(school)) > 2
    assert np.mean(shares) > 0.7


def test_councils_know_the_school(plain_block: Block) -> None:
    school = children_social_care.rows(plain_block).columns["SCHOOL_URN"]
    assert 0.3 < (school != "").mean() < 1
