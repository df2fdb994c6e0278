"""Three tolerances that invented people keep beside published figures; docs/explanation/realism.md has them all, and what is off."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from joinedup.place.folder import read_place
from joinedup.sources.contract import contracts
from tests.place.open_data import make_place
from tools.realism.distance import apart, chance, ranks_agree
from tools.realism.invented import Invented
from tools.realism.published import published_prevalence, published_season

PEOPLE = 40_000
AGES_APART = 0.03
"""How far ages of small areas may lie from Census 2021 beyond what chance alone gives: the share of people in another age group."""
RANKS = {"hypertension": 0.45, "coronary_heart_disease": 0.4, "atrial_fibrillation": 0.4}
"""Least rank correlation of practices by prevalence with the Quality and Outcomes Framework 2020-21, for conditions of age."""
SEASON_APART = 0.05
"""How far a calendar month's emergency attendances a day, beside the year's mean, may lie from those of the trust."""


@pytest.fixture(scope="module")
def example(root: Path) -> Invented:
    return Invented.of(read_place(root / "places" / "calderdale", contract_names=tuple(contracts())), PEOPLE)


def test_ages_by_small_area_are_those_of_the_census(example: Invented) -> None:
    census = example.setting.areas.aged
    assert census is not None
    found = example.ages()
    assert apart(found, census).mean() - chance(found, census) < AGES_APART
    old = [counts[:, -1] / counts.sum(axis=1) for counts in (found, census)]
    assert np.corrcoef(*old)[0, 1] > 0.75


def test_practices_rank_by_prevalence_as_published(shared: Path, tmp_path: Path) -> None:
    folder = make_place(shared, "Calderdale", tmp_path / "calderdale")
    mine = Invented.of(read_place(folder, contract_names=tuple(contracts())), PEOPLE).prevalence()
    theirs = published_prevalence(shared)
    registers = {"hypertension": "HYP", "coronary_heart_disease": "CHD", "atrial_fibrillation": "AF"}
    found = {name: ranks_agree(mine[name], theirs[code]) for name, code in registers.items()}
    assert {name: value for name, value in found.items() if value < RANKS[name]} == {}


def test_emergency_attendances_have_the_season_of_the_trust(example: Invented, shared: Path) -> None:
    found, published = example.attendances(), published_season(shared)
    assert np.abs(found - published).max() < SEASON_APART
    assert np.corrcoef(found, published)[0, 1] > 0.75
