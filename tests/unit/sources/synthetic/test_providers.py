"""Hospitals of a place differ: in how long people stay and wait, in what they write down, in whom and what they treat."""

from __future__ import annotations

import numpy as np
import pytest

from joinedup.place.model import Source
from joinedup.sources.synthetic import apc, csds, discharge_ready
from joinedup.sources.synthetic.admissions import BIRTH, DELIVERY, EMERGENCY
from joinedup.sources.synthetic.block import Block
from joinedup.sources.synthetic.draws import Ints
from joinedup.sources.synthetic.rows import partner_ways
from joinedup.sources.synthetic.seasons import NEVER
from joinedup.sources.synthetic.setting import setting_of
from tests.unit.sources.synthetic.places import FILES, plain_place

BOTH = (
    *FILES,
    *(
        Source(name=f"{contract}-{partner}", partner=partner, contract=contract, files=(f"{contract}-{partner}.csv",))
        for contract in ("outpatient", "waiting_list", "discharge_ready", "csds")
        for partner in ("trust", "other-trust")
    ),
    *(Source(name=f"{contract}-2", partner="other-trust", contract=contract, files=(f"{contract}-2.csv",)) for contract in ("apc", "ecds")),
)


@pytest.fixture(scope="module")
def block() -> Block:
    """10,000 people with two hospitals."""
    return Block(setting_of(plain_place(sources=BOTH), 10_000, 8), 0)


def by_hospital(hospital: Ints, value: np.ndarray) -> list[float]:
    return [float(value[hospital == at].mean()) for at in range(2)]


def test_the_first_is_the_measure_of_the_others(block: Block) -> None:
    ways = block.setting.hospitals.ways
    for name in ("stay", "wait", "delay", "minutes", "coded", "ready_date_missing"):
        first, second, nobody = getattr(ways, name)
        assert first == nobody == 1
        assert second != 1


def test_people_stay_as_long_as_their_hospital_has_it(block: Block) -> None:
    spells = block.spells
    at = (spells.kind == EMERGENCY) & (spells.out < NEVER) & (spells.out > spells.day)
    first, second = by_hospital(spells.hospital[at], np.log((spells.out - spells.day)[at]))
    assert np.exp(second - first) == pytest.approx(block.setting.hospitals.ways.stay[1], abs=0.12)


def test_coding_is_as_deep_as_the_hospital_has_it(block: Block) -> None:
    rows = apc.rows(block)
    depth = np.sum([rows.columns[f"DIAG_{place:02d}"] != "" for place in range(2, 12)], axis=0)
    first, second = by_hospital((rows.columns["PROCODET"] != "RZZ").astype(np.int64), depth)
    assert second < first
    assert second / first == pytest.approx(block.setting.hospitals.ways.coded[1], abs=0.12)


def test_waits_are_as_long_as_the_hospital_has_it(block: Block) -> None:
    paths = block.pathways
    at = (paths.stopped < NEVER) & (paths.spell < 0) & (paths.status != "36")
    first, second = by_hospital(paths.hospital[at], np.log(np.maximum(paths.stopped - paths.referred, 1)[at]))
    assert (second > first) == (block.setting.hospitals.ways.wait[1] > 1)


def test_who_goes_where_depends_on_home_and_treatment(block: Block) -> None:
    spells, near = block.spells, block.setting.near(block.people.area)
    other = spells.hospital == 1
    assert 0.05 < other.mean() < 0.4
    homes = [other[near[spells.person] == at].mean() for at in range(3)]
    assert max(homes) > 1.3 * min(homes)
    common = [name for name, count in zip(*np.unique(spells.function, return_counts=True), strict=True) if count > 200]
    treated = [other[spells.function == name].mean() for name in common]
    assert max(treated) > 1.3 * min(treated)


def test_mother_and_child_are_in_one_hospital(block: Block) -> None:
    spells, household = block.spells, block.people.household
    mothers = {
        (household[p], d): h for p, d, h, k in zip(spells.person, spells.day, spells.hospital, spells.kind, strict=True) if k == DELIVERY
    }
    born = [(household[p], d, h) for p, d, h, k in zip(spells.person, spells.day, spells.hospital, spells.kind, strict=True) if k == BIRTH]
    both = [(mothers[home, day], hospital) for home, day, hospital in born if (home, day) in mothers]
    assert len(both) > 50
    assert all(mother == child for mother, child in both)


def test_ready_dates_are_given_as_the_hospital_has_it(block: Block) -> None:
    spells = block.spells
    stayed = (spells.kind == EMERGENCY) & (spells.out < NEVER) & (spells.out > spells.day) & ~spells.died
    first, second = by_hospital(spells.hospital[stayed], spells.ready[stayed] >= NEVER)
    assert second > 1.2 * first
    sent = np.isin(discharge_ready.rows(block).source, [at for at, source in enumerate(BOTH) if source.partner == "other-trust"]).sum()
    assert 0 < sent < (spells.hospital == 1).sum()


def test_community_providers_differ_too(block: Block) -> None:
    rows = csds.rows(block)
    factor = partner_ways(block, "csds", "contact")
    minutes = rows.columns["CLINICAL_CONTACT_DURATION_OF_CARE_CONTACT"]
    sources = [at for at, source in enumerate(BOTH) if source.contract == "csds"]
    assert [factor[at] == 1 for at in sources] == [True, False]
    assert all((rows.source == at).sum() > 500 and minutes[rows.source == at].max() > 60 for at in sources)
