"""Households, and the ages and sexes that they add up to."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest

from joinedup.sources.synthetic.households import CHILD, FIRST, PARTNER, Mix, draw, fit, people_of_england
from joinedup.sources.synthetic.streams import stream

DISTRICTS = ("E08000033", "E08000034")


@pytest.fixture(scope="module")
def mix() -> Mix:
    return fit(people_of_england())


def test_the_fitted_mix_has_the_ages_and_sexes_of_the_target(mix: Mix) -> None:
    people = draw(stream(1, "test"), mix, 100_000)
    found = np.bincount((people.sex - 1) * 91 + np.minimum(people.age, 90), minlength=182) / len(people.age)
    assert np.abs(found - people_of_england()).sum() / 2 < 0.03  # three people in a hundred would have to change


def test_the_fitted_mix_still_resembles_the_published_households(mix: Mix) -> None:
    """One person, couple, couple with children, lone parent: Census 2021, England and Wales, within three in a hundred."""
    shares = {name: mix.share[mix.kind == at].sum() for at, name in enumerate(mix.kinds)}
    for name, published in {"one_person": 0.30, "couple": 0.26, "couple_with_children": 0.235, "lone_parent": 0.11}.items():
        assert abs(shares[name] - published) < 0.03, name


@pytest.mark.parametrize("size", [1, 2, 50, 999])
def test_as_many_people_are_drawn_as_were_asked_for(mix: Mix, size: int) -> None:
    people = draw(stream(1, "test"), mix, size)
    assert len(people.age) == size
    assert (people.role[np.unique(people.household, return_index=True)[1]] == FIRST).all()


def test_mothers_are_of_an_age_to_have_borne_the_children(mix: Mix) -> None:
    people = draw(stream(1, "test"), mix, 50_000)
    parents = people.role <= PARTNER
    oldest = np.zeros(people.household.max() + 1, dtype=int)
    np.maximum.at(oldest, people.household[parents], people.age[parents])
    children = people.role == CHILD
    assert children.sum() > 5_000
    assert (oldest[people.household[children]] - people.age[children] >= 16).all()


def published_ages(shared: Path) -> dict[str, np.ndarray]:
    """Mid-2020 population by single year of age (Office for National Statistics), as shares, by district."""
    path = shared / "open-data" / "population" / "population_mid2020_by_district_and_age.csv"
    with path.open(encoding="utf-8") as lines:
        rows = [row for row in csv.reader(lines) if row[0] in DISTRICTS]
    counts = {row[0]: np.array([float(value) for value in row[-91:]]) for row in rows}
    return {code: each / each.sum() for code, each in counts.items()}


@pytest.mark.shared
def test_ages_are_near_those_of_two_real_districts(mix: Mix, shared: Path) -> None:
    people = draw(stream(1, "test"), mix, 100_000)
    found = np.bincount(np.minimum(people.age, 90), minlength=91) / len(people.age)
    published = published_ages(shared)
    assert len(published) == 2
    for ages in published.values():
        assert np.abs(found - ages).sum() / 2 < 0.05
        for start, end in ((0, 18), (18, 65), (65, 91), (85, 91)):
            assert abs(found[start:end].sum() - ages[start:end].sum()) < 0.02
