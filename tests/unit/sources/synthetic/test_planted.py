"""What is planted is there, at the size that the figures say, and nothing else is."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from joinedup.sources.synthetic import apc, register
from joinedup.sources.synthetic.admissions import EMERGENCY
from joinedup.sources.synthetic.attendances import MINUTES_A_DAY
from joinedup.sources.synthetic.block import Block
from joinedup.sources.synthetic.figures import figures
from joinedup.sources.synthetic.planted import plan_of
from joinedup.sources.synthetic.planted_rows import PLACES, with_what_is_planted
from joinedup.sources.synthetic.seasons import NEVER
from joinedup.sources.synthetic.setting import setting_of
from tests.unit.sources.synthetic.places import plain_place

WORKS, NOTHING, PEAK = (each["name"] for each in figures("planted")["programmes"])


@pytest.fixture(scope="module")
def blocks() -> list[Block]:
    """80,000 people."""
    setting = setting_of(plain_place(), 80_000, 9)
    return [Block(setting, number) for number in range(8)]


def test_nobody_joins_twice_or_when_not_there(blocks: list[Block]) -> None:
    for block in blocks:
        held, people = block.programmes, block.people
        assert len(np.unique(held.person)) == len(held.person)
        assert (held.day > people.joined[held.person]).all()
        assert (held.day < people.gone[held.person]).all()
        assert not people.outside[held.person].any()
        assert (np.diff(held.day) >= 0).all()
        assert set(held.programme) == {WORKS, NOTHING, PEAK}
        assert (held.sessions > 0).all()


def _later(blocks: list[Block], programme: str, what: str) -> tuple[int, int]:
    """Emergency spells, or attendances without one, after joining a programme: as they would have been, and as they are."""
    would, are = 0, 0
    for block in blocks:
        joined = np.full(len(block.people.sex), NEVER)
        of = block.programmes.programme == programme
        joined[block.programmes.person[of]] = block.programmes.day[of]
        for which, spells in enumerate((block.spells_without_programmes, block.spells)):
            may = (spells.kind == EMERGENCY) & ~spells.died if what == "spells" else np.zeros(len(spells.kind), dtype=bool)
            count = int((may & (spells.day > joined[spells.person])).sum())
            would, are = (would + count, are) if which == 0 else (would, are + count)
    return would, are


def test_the_programme_that_works_prevents_its_share(blocks: list[Block]) -> None:
    kept = figures("planted")["programmes"][0]["kept"]
    would, are = _later(blocks, WORKS, "spells")
    assert would > 200
    assert abs(are / would - kept) < 4 * np.sqrt(kept * (1 - kept) / would)


def test_the_others_prevent_nothing(blocks: list[Block]) -> None:
    for programme in (NOTHING, PEAK):
        would, are = _later(blocks, programme, "spells")
        assert would == are > 0


def test_attendances_fall_too(blocks: list[Block]) -> None:
    """Against the same time before joining, by those who join in the middle of the span."""
    before = after = 0
    for block in blocks:
        joined = np.full(len(block.people.sex), NEVER)
        of = block.programmes.programme == WORKS
        joined[block.programmes.person[of]] = block.programmes.day[of]
        home = block.attendances.spell < 0
        since = (block.attendances.arrived // MINUTES_A_DAY - joined[block.attendances.person])[home]
        before += int(((since < 0) & (since >= -150)).sum())
        after += int(((since > 0) & (since <= 150)).sum())
    assert before > 200
    assert 0.5 < after / before < 0.9


def test_who_joins_at_the_peak_has_fewer_admissions_afterwards_anyhow(blocks: list[Block]) -> None:
    before = after = 0
    for block in blocks:
        joined = np.full(len(block.people.sex), NEVER)
        of = block.programmes.programme == PEAK
        joined[block.programmes.person[of]] = block.programmes.day[of]
        since = (block.spells.day - joined[block.spells.person])[block.spells.kind == EMERGENCY]
        before += int(((since < 0) & (since >= -182)).sum())
        after += int(((since > 0) & (since <= 182)).sum())
    assert before > 300
    assert after < 0.5 * before


def test_one_neighbourhood_uses_less_and_the_rest_as_before(blocks: list[Block]) -> None:
    block = blocks[0]
    rows = replace(register.rows(block), contract="outpatient")  # any rows do
    kept = with_what_is_planted(block, rows)
    practices, plan = block.setting.practices, plan_of(block.setting)
    near = np.append(practices.neighbourhood, np.full(len(practices.code) - practices.inside, -1))

    def there(held: object) -> np.ndarray:
        return near[block.stays.practice[block.stays.on(held.person, held.day)]] == plan.under_using  # type: ignore[attr-defined]

    share = there(kept).sum() / there(rows).sum()
    assert abs(share - figures("planted")["under_use"]["kept"]) < 0.04
    assert (~there(kept)).sum() == (~there(rows)).sum()


def test_a_place_of_one_neighbourhood_has_none_that_uses_less() -> None:
    place = plain_place()
    one = plain_place(neighbourhoods=place.neighbourhoods[:1], memberships=place.memberships[::3])
    setting = setting_of(one, 200, 1)
    assert plan_of(setting).under_using == -1
    assert plan_of(setting_of(plain_place(sources=()), 200, 1)).coding_provider == -1


def test_a_provider_writes_more_diagnoses_from_a_day(blocks: list[Block]) -> None:
    block, plan = blocks[0], plan_of(blocks[0].setting)
    plain = apc.rows(block)
    shaped = with_what_is_planted(block, plain)
    depth = [np.stack([rows.columns[name] != "" for name in PLACES]).sum(axis=0) for rows in (plain, shaped)]
    provider = plain.columns["PROCODET"] == block.setting.hospitals.code[plan.coding_provider]
    changed = provider & (plain.columns["ADMIDATE"].astype(np.int64) >= plan.coding_from)
    more = depth[1] - depth[0]
    assert (more[~changed] == 0).all()
    assert 0.6 < more[changed].mean() < 1.0
    assert (plain.columns["DIAG_01"] == shaped.columns["DIAG_01"]).all()
    firsts = np.stack([shaped.columns[name] for name in PLACES], axis=1)[changed]
    blank = firsts == ""
    assert (blank[:, 1:] >= blank[:, :-1]).all(), "no gap between diagnoses"
