"""Outpatients, waits, discharges, ambulances and maternity: as many as published, in order, and true to their contracts."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from joinedup.engine.duck import connect
from joinedup.place.model import Source
from joinedup.sources.contract import contracts
from joinedup.sources.contract_cases import EXPECTED
from joinedup.sources.landing import stage
from joinedup.sources.synthetic import ambulance, apc, discharge_ready, maternity, outpatient, waiting_list
from joinedup.sources.synthetic.admissions import BIRTH, DELIVERY
from joinedup.sources.synthetic.block import Block
from joinedup.sources.synthetic.figures import figures
from joinedup.sources.synthetic.happenings import window
from joinedup.sources.synthetic.rows import Rows
from joinedup.sources.synthetic.seasons import NEVER, YEAR
from joinedup.sources.synthetic.setting import setting_of
from joinedup.sources.synthetic.sheets import header, sheet, text
from joinedup.sources.synthetic.targets import targets_of
from tests.unit.sources.synthetic.places import FILES, changing_place, plain_place

MAKERS: dict[str, Callable[[Block], Rows]] = {
    "outpatient": outpatient.rows,
    "waiting_list": waiting_list.rows,
    "discharge_ready": discharge_ready.rows,
    "ambulance": ambulance.rows,
    "maternity": maternity.rows,
}
SOURCES = (*FILES, *(Source(name=name, partner="trust", contract=name, files=(f"{name}.csv",)) for name in MAKERS))


@pytest.fixture(scope="module", params=[(plain_place, 3), (changing_place, 4)], ids=["plain", "changing"])
def block(request: pytest.FixtureRequest) -> Block:
    """10,000 people of a place whose trust sends all of it."""
    place, seed = request.param
    return Block(setting_of(place(sources=SOURCES), 10_000, seed), 0)


@pytest.fixture(scope="module")
def made(block: Block) -> dict[str, Rows]:
    """The rows of each contract."""
    return {name: maker(block) for name, maker in MAKERS.items()}


def person_years(block: Block) -> float:
    start, end = window(block.setting, block.people)
    return float(((end - start) / YEAR)[~block.people.outside].sum())


def told(rows: Rows, name: str, block: Block) -> np.ndarray:
    """A column, of the people of the place."""
    return rows.columns[name][~block.people.outside[rows.person]]


@pytest.mark.parametrize("name", MAKERS)
def test_nothing_before_birth_or_after_death_or_outside_the_span(name: str, made: dict[str, Rows], block: Block) -> None:
    rows, people, span = made[name], block.people, block.setting.span
    assert len(rows.person) > 500
    for column in (each.name for each in contracts()[name].fields if each.type == "date" and each.name in rows.columns):
        if column in ("PERSON_BIRTH_DATE", "ESTIMATED_DATE_OF_DELIVERY_AGREED"):
            continue
        there = ~np.isnat(rows.columns[column])
        day = rows.columns[column][there].astype(np.int64)
        assert (day >= people.born[rows.person[there]]).all(), column
        assert (day <= people.died[rows.person[there]]).all(), column
        assert (day < span.end).all(), column
    assert name == "waiting_list" or (rows.day >= span.start).all()


@pytest.mark.parametrize("name", MAKERS)
def test_rows_satisfy_their_contract(name: str, block: Block, tmp_path: Path) -> None:
    place = block.setting.place
    rows = MAKERS[name](block)
    [target] = [
        each
        for each in targets_of(place, block.setting.span, tuple({*MAKERS, *(s.contract for s in FILES)}))
        if each.source.contract == name
    ]
    assert set(rows.columns) <= {field.name for field in contracts()[name].fields}
    (tmp_path / target.file).write_bytes(header(target) + text(target, sheet(target, rows, target.rows(rows))))
    con = connect(threads=1)
    only = plain_place(sources=(target.source,), as_at=place.as_at)
    staging = stage(con, only, tmp_path)
    con.close()
    assert [finding for finding in staging.findings if finding.rule not in EXPECTED] == []
    [account] = staging.files
    assert account.loaded == account.rows_read == len(rows.person)


def test_outpatients_are_as_many_as_published(made: dict[str, Rows], block: Block) -> None:
    # Hospital Outpatient Activity 2022-23 (NHS England): about 1.7 attendances a head, 1 first to 2.2 others, 6.6% missed, 77% kept
    attended, first = told(made["outpatient"], "ATTENDED", block), np.isin(told(made["outpatient"], "FIRSTATT", block), ("1", "3"))
    kept = np.isin(attended, ("5", "6"))
    assert kept.sum() / person_years(block) == pytest.approx(1.7, rel=0.12)
    assert (kept & ~first).sum() / (kept & first).sum() == pytest.approx(2.2, rel=0.12)
    assert kept.mean() == pytest.approx(0.77, abs=0.03)
    assert (attended == "3").mean() == pytest.approx(0.066, abs=0.012)
    # National Cost Collection 2024-25: 19 million of about 100 million attendances are procedures
    assert (told(made["outpatient"], "OPERTN_01", block)[kept] != "").mean() == pytest.approx(0.19, abs=0.03)


def test_the_last_month_has_as_many_missed_appointments_as_others(made: dict[str, Rows], block: Block) -> None:
    rows = made["outpatient"]
    status, ago = rows.columns["ATTENDED"], block.setting.span.end - rows.day
    unkept = np.isin(status, ("2", "3", "4"))
    lately, before = ago <= 30, (ago > 30) & (ago <= YEAR)
    assert unkept[lately].mean() == pytest.approx(unkept[before].mean(), rel=0.12)


def test_older_people_come_oftener(made: dict[str, Rows], block: Block) -> None:
    rows, people = made["outpatient"], block.people
    ages = people.ages(block.setting.span.end)
    old, young = (ages >= 70) & ~people.outside, (ages < 40) & ~people.outside
    assert old[rows.person].sum() / old.sum() > 2.2 * young[rows.person].sum() / young.sum()


def test_waits_are_as_long_as_published(made: dict[str, Rows], block: Block) -> None:
    # Consultant-led Referral to Treatment Waiting Times, NHS England, 2023: 0.13 waiting a head, half under 14.5 weeks, 5% over 52
    ends, starts = (
        told(made["waiting_list"], "REFERRAL_TO_TREATMENT_PERIOD_END_DATE", block),
        told(made["waiting_list"], "REFERRAL_TO_TREATMENT_PERIOD_START_DATE", block),
    )
    waiting = np.isnat(ends)
    weeks = (block.setting.span.end - 1 - starts[waiting].astype(np.int64)) / 7
    assert waiting.sum() / 10_000 == pytest.approx(0.132, rel=0.2)
    assert 11 < np.median(weeks) < 16
    assert 0.02 < (weeks > 52).mean() < 0.09
    ended = (ends - starts)[~waiting].astype(np.int64) / 7
    assert 11 < np.median(ended) < 17


def test_a_wait_leads_to_the_first_appointment_and_to_the_planned_admission(block: Block, made: dict[str, Rows]) -> None:
    paths, spells = block.pathways, block.spells
    led = paths.spell >= 0
    assert led.sum() > 500
    assert (paths.person[led] == spells.person[paths.spell[led]]).all()
    done = led & (paths.status == "30")
    assert (paths.stopped[done] == spells.day[paths.spell[done]]).all()
    rows = made["outpatient"]
    first = np.isin(rows.columns["FIRSTATT"], ("1", "3")) & np.isin(rows.columns["ATTENDED"], ("5", "6"))
    by_pathway = dict(zip(rows.columns["PATIENT_PATHWAY_IDENTIFIER"][first].tolist(), rows.day[first].tolist(), strict=True))
    listed = made["waiting_list"].columns
    pairs = zip(listed["PATIENT_PATHWAY_IDENTIFIER"].tolist(), listed["FIRST_APPOINTMENT_DATE"].astype(np.int64).tolist(), strict=True)
    both = [(by_pathway[number], day) for number, day in pairs if number in by_pathway]
    assert len(both) > 2_000
    assert [pair for pair in both if pair[0] != pair[1]] == []


def test_ready_dates_are_those_of_the_spell(block: Block, made: dict[str, Rows]) -> None:
    spells, admitted = block.spells, apc.rows(block).columns
    on_record = dict(zip(admitted["SUSSPELLID"].tolist(), admitted["DISREADYDATE"].astype(np.int64).tolist(), strict=True))
    columns = made["discharge_ready"].columns
    missing = int(np.datetime64("NaT").astype(np.int64))
    pairs = zip(
        columns["HOSPITAL_PROVIDER_SPELL_IDENTIFIER"].tolist(), columns["DISCHARGE_READY_DATE"].astype(np.int64).tolist(), strict=True
    )
    told_twice = [(on_record[spell], day) for spell, day in pairs if on_record[spell] != missing]
    assert len(told_twice) > 800
    assert [pair for pair in told_twice if pair[0] != pair[1]] == []
    assert len(told_twice) < len(columns["DISCHARGE_READY_DATE"])  # and some that the spell lacks
    ready, out = columns["DISCHARGE_READY_DATE"], columns["DISCHARGE_DATE_HOSPITAL_PROVIDER_SPELL"]
    waits = np.isnat(out) | (ready < out)
    assert (waits | (columns["DISCHARGE_DELAY_REASON"] == "")).all()
    assert (columns["DISCHARGE_DELAY_REASON"] != "").sum() > 20
    assert (spells.fit[spells.ready < NEVER] == spells.ready[spells.ready < NEVER]).all()


def test_ambulances_bring_those_who_arrive_by_ambulance(block: Block, made: dict[str, Rows]) -> None:
    columns, held = made["ambulance"].columns, block.attendances
    outcome = columns["RESPONSE_OUTCOME"]
    arrived = (held.mode == figures("attendances")["arrival"]["ambulance"]).sum()
    assert (outcome == "SCED").sum() == pytest.approx(arrived, rel=0.01)
    # Ambulance Quality Indicators 2023-24 (NHS England): 12% heard, 30% seen, 53% taken to a department; means of 8.5 and 36 minutes
    for name, share in {"HT": 0.12, "ST": 0.30, "SCED": 0.53}.items():
        assert (outcome == name).mean() == pytest.approx(share, abs=0.03)
    seconds, category = columns["RESPONSE_SECONDS"], columns["RESPONSE_CATEGORY"]
    for name, minutes in {"C1": 8.5, "C2": 36.4, "C3": 128.0}.items():
        assert seconds[(category == name) & (seconds >= 0)].mean() / 60 == pytest.approx(minutes, rel=0.12)
    assert (seconds[outcome == "HT"] < 0).all()


def test_every_birth_in_hospital_is_told_with_its_mother(block: Block, made: dict[str, Rows]) -> None:
    columns, spells = made["maternity"].columns, block.spells
    births = columns["RECORD_TYPE"] == "MSD301"
    told_of = set(zip(made["maternity"].person[births].tolist(), made["maternity"].day[births].tolist(), strict=True))
    delivered = spells.kind == DELIVERY
    deliveries = set(zip(spells.person[delivered].tolist(), spells.day[delivered].tolist(), strict=True))
    assert len(deliveries - told_of) <= 0.03 * len(deliveries)
    babies = block.nhs_numbers[spells.person[spells.kind == BIRTH]].astype(str)
    assert np.isin(babies, columns["NHS_NUMBER_BABY"][births]).mean() > 0.8  # children too close together have one pregnancy
    assert columns["BIRTH_WEIGHT"][births].mean() == pytest.approx(
        3_350, abs=120
    )  # Birth characteristics 2021 (Office for National Statistics)


def test_rows_go_to_the_sources_of_their_contract(block: Block, made: dict[str, Rows]) -> None:
    for name, rows in made.items():
        assert {len(column) for column in rows.columns.values()} == {len(rows.person)}
        assert set(rows.columns) <= {field.name for field in contracts()[name].fields}
        assert {block.setting.place.sources[at].contract for at in set(rows.source.tolist())} == {name}
