"""Faults: each is what it says, at its rate, and counted."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import nhs_number
import numpy as np
import pytest

from joinedup.place.model import Source
from joinedup.sources.contract import contracts
from joinedup.sources.synthetic import ecds, register
from joinedup.sources.synthetic.block import Block
from joinedup.sources.synthetic.dirt import CLEAN, DUPLICATES, MOST_IN_A_ROW, Dirty, bit, chances, spoil
from joinedup.sources.synthetic.fault_kinds import kinds
from joinedup.sources.synthetic.faults import FAULTS
from joinedup.sources.synthetic.figures import columns
from joinedup.sources.synthetic.rows import Rows
from joinedup.sources.synthetic.seasons import day_number
from joinedup.sources.synthetic.setting import setting_of
from joinedup.sources.synthetic.synthesis import MAKERS, make
from joinedup.sources.synthetic.targets import targets_of
from tests.unit.sources.synthetic.places import everything, plain_place

ENDS = {"register": "END_DATE_GMP_PATIENT_REGISTRATION", "apc": "DISDATE", "ecds": "DEPARTURE_DATE"}
STARTS = {"register": "START_DATE_GMP_PATIENT_REGISTRATION", "apc": "ADMIDATE", "ecds": "ARRIVAL_DATE"}


def everywhere(rows: Rows) -> tuple[dict[int, frozenset[str]], frozenset[int]]:
    """Every source writes every column, into text."""
    fields = frozenset(field.name for field in contracts()[rows.contract].fields)
    sources = range(-1, len(MAKERS) + 20)
    return dict.fromkeys(sources, fields), frozenset(sources)


def spoilt(block: Block, rows: Rows) -> Dirty:
    """The rows with faults."""
    return spoil(block, rows, *everywhere(rows))


@pytest.fixture(scope="module")
def dirty(changing_block: Block) -> dict[str, Dirty]:
    """The rows of every contract that can be invented."""
    block = Block(replace(changing_block.setting, place=everything(changing_block.setting.place)), 0)
    return {contract: spoilt(block, maker(block)) for contract, maker in MAKERS.items()}


def faulty(dirty: Dirty, kind: str) -> dict[str, np.ndarray]:
    """The columns of the rows that have a fault."""
    at = dirty.having(kind)
    return {name: column[at] for name, column in dirty.rows.columns.items()}


def test_every_kind_says_what_it_becomes_and_can_be_made() -> None:
    assert {each.name for each in kinds()} == set(FAULTS)
    for each in kinds():
        assert each.becomes
        assert each.outcome in {"linked", "not_linked", "rejected", "superseded", "kept", "linked_to_another"}
        assert set(each.rates) <= set(MAKERS)
        assert each.default_columns or set(each.columns) >= set(each.rates) or each.by_default is None
        for contract, names in each.columns.items():
            assert set(names) <= {field.name for field in contracts()[contract].fields}


@pytest.mark.parametrize("contract", MAKERS)
def test_faults_come_at_their_rates(contract: str, dirty: dict[str, Dirty], changing_block: Block) -> None:
    block = Block(replace(changing_block.setting, place=everything(changing_block.setting.place)), 0)
    found, clean = dirty[contract], MAKERS[contract](block)
    for position, (_, chance) in chances(block, clean, *everywhere(clean)).items():
        expected, name = chance.sum(), kinds()[position].name
        rows = (found.faults >> position & 1).sum()
        assert 0.9 * expected - 5 * np.sqrt(expected) - 1 <= rows <= expected + 5 * np.sqrt(expected) + 1, name


def test_faults_fall_more_often_on_some_groups(changing_block: Block) -> None:
    rows = register.rows(changing_block)
    at = [each.name for each in kinds()].index("missing_number")
    chance = chances(changing_block, rows, *everywhere(rows))[at][1]
    british = columns("ethnic_groups")["code"][changing_block.people.ethnic[rows.person]] == "A"
    assert chance[~british].mean() > 1.5 * chance[british].mean()
    assert chance.mean() == pytest.approx(0.0006, rel=0.15), "over all it is about the rate"


@pytest.mark.parametrize(("noise", "least", "most"), [(0.0, 0.0, 0.0), (3.0, 2.5, 3.5), (1e9, 0.0, 1e9)])
def test_noise_multiplies_the_rates(noise: float, least: float, most: float, changing_block: Block) -> None:
    rows = ecds.rows(changing_block)
    once = np.bitwise_count(spoilt(changing_block, rows).faults).mean()
    noisy = np.bitwise_count(spoilt(Block(replace(changing_block.setting, noise=noise), 0), rows).faults).mean()
    assert least * once <= noisy <= min(most * once, MOST_IN_A_ROW)


def test_a_row_may_have_several_faults_each_in_columns_of_its_own(changing_block: Block) -> None:
    """Oftener than if they came one by one, and again for the same people."""
    seen = spoilt(Block(replace(changing_block.setting, noise=3.0), 0), ecds.rows(changing_block))
    number = np.bitwise_count(seen.faults)
    others = [seen.having(kind) for kind in ("former_address", "typed_name", "nickname", "transliteration", "extra_spaces")]
    missing = seen.having("missing_number")
    assert sum((missing & other).sum() for other in others) > 1.3 * missing.mean() * sum(other.sum() for other in others)
    assert number.max() >= 4
    assert (seen.having("missing_number") & seen.having("typed_name")).any()
    never = [("missing_number", "wrong_check_digit"), ("wrong_birth_date", "default_birth_date"), ("another_number", "missing_birth_date")]
    assert not any((seen.having(one) & seen.having(other)).any() for one, other in never)


def test_the_same_people_are_hard_to_write_down_in_every_extract(dirty: dict[str, Dirty]) -> None:
    rows, faulty = ({}, {})
    for contract in ("ecds", "outpatient"):
        person = dirty[contract].rows.person
        rows[contract] = np.bincount(person, minlength=30_000)[:30_000]
        faulty[contract] = np.bincount(person, dirty[contract].faults != CLEAN, minlength=30_000)[:30_000]
    seen = (rows["ecds"] > 0) & (rows["outpatient"] > 0)
    hard = seen & (faulty["ecds"] > 0)
    share = [faulty["outpatient"][who].sum() / rows["outpatient"][who].sum() for who in (hard, seen & ~hard)]
    assert share[0] > 1.1 * share[1]


def test_addresses_are_old_or_passing(dirty: dict[str, Dirty], changing_block: Block) -> None:
    seen, stays = dirty["ecds"], changing_block.stays
    for kind in ("former_address", "temporary_address"):
        at = np.flatnonzero(seen.having(kind))
        assert len(at) > 5, kind
        stay = stays.on(seen.rows.person[at], seen.rows.day[at])
        assert np.isin(seen.rows.columns["LSOA_2011"][at], changing_block.setting.areas.code).all()
        moved = stays.address[stay] > 0
        before = stays.area[np.searchsorted(stays.person, seen.rows.person[at])]
        if kind == "former_address":
            assert (seen.rows.columns["LSOA_2011"][at][moved] == changing_block.setting.areas.code[before][moved]).all()


def test_names_are_written_in_other_ways(dirty: dict[str, Dirty], changing_block: Block) -> None:
    """A letter apart, by another form, or the former name; the person is the same."""
    seen = dirty["ecds"]
    for kind, column in (
        ("typed_name", "PERSON_FAMILY_NAME"),
        ("nickname", "PERSON_GIVEN_NAME"),
        ("former_family_name", "PERSON_FAMILY_NAME"),
    ):
        at = np.flatnonzero(seen.having(kind))
        names = changing_block.names
        true = names.family if column == "PERSON_FAMILY_NAME" else names.given
        assert len(at) > 5, kind
        assert (seen.rows.columns[column][at] != true[seen.rows.person[at]]).all(), kind


def test_a_number_of_somebody_else_is_a_valid_one_of_the_place(dirty: dict[str, Dirty], changing_block: Block) -> None:
    seen = dirty["ecds"]
    for kind in ("another_number", "twins_number"):
        at = np.flatnonzero(seen.having(kind))
        written = seen.rows.columns["NHS_NUMBER"][at].astype(np.int64)
        assert np.isin(written, changing_block.nhs_numbers).all()
        assert (written != changing_block.nhs_numbers[seen.rows.person[at]]).all()


@pytest.mark.parametrize("contract", MAKERS)
def test_the_other_rows_are_as_they_were(contract: str, dirty: dict[str, Dirty], changing_block: Block) -> None:
    block = Block(replace(changing_block.setting, place=everything(changing_block.setting.place)), 0)
    clean, found = MAKERS[contract](block), dirty[contract]
    twice = found.faults & sum(bit(name) for name in DUPLICATES) != 0
    assert len(found.faults) == len(clean.person) + twice.sum()
    kept = (found.faults == CLEAN) & ~np.append(twice[1:], False)  # the first giving of a duplicate goes before it
    assert kept.sum() >= 0.75 * len(clean.person)
    for name in contracts()[contract].key:
        if name in clean.columns:
            same = np.isin(found.rows.columns[name][kept].astype(str), clean.columns[name].astype(str))
            assert same.all()


def test_wrong_numbers_are_wrong_and_spaced_ones_right(dirty: dict[str, Dirty]) -> None:
    for contract in ("apc", "ecds"):
        wrong = faulty(dirty[contract], "wrong_check_digit")["NHS_NUMBER"]
        spaced = faulty(dirty[contract], "spaced_number")["NHS_NUMBER"]
        assert len(wrong) > 3
        assert not any(nhs_number.is_valid(number) for number in wrong)
        assert all(number[3] == number[7] == " " and nhs_number.is_valid(number.replace(" ", "")) for number in spaced)
        assert set(faulty(dirty[contract], "missing_number")["NHS_NUMBER"]) == {""}


def test_wrong_dates_of_birth_are_earlier_than_the_event(dirty: dict[str, Dirty], changing_block: Block) -> None:
    seen = dirty["ecds"]
    at = np.flatnonzero(seen.having("wrong_birth_date"))
    born, arrived = (seen.rows.columns[name][at] for name in ("PERSON_BIRTH_DATE", "ARRIVAL_DATE"))
    assert len(at) > 10
    assert (born.astype(int) != changing_block.people.born[seen.rows.person[at]]).all()
    assert (born <= arrived).all()


@pytest.mark.parametrize("contract", ENDS)
def test_ends_lie_before_starts(contract: str, dirty: dict[str, Dirty]) -> None:
    found = faulty(dirty[contract], "end_before_start")
    assert (found[ENDS[contract]] < found[STARTS[contract]]).all()


def test_the_dead_are_born_later_and_seen_again(dirty: dict[str, Dirty], changing_block: Block) -> None:
    found = dirty["deaths"]
    for at in np.flatnonzero(found.having("birth_after_death")):
        assert found.rows.columns["PERSON_BIRTH_DATE"][at] > found.rows.columns["REG_DATE_OF_DEATH"][at]
    noisy, any_after = Block(replace(changing_block.setting, noise=5.0), 0), False
    for contract, day in (("apc", "ADMIDATE"), ("ecds", "ARRIVAL_DATE")):
        seen = spoilt(noisy, MAKERS[contract](noisy))
        after = seen.having("activity_after_death")
        days = seen.rows.columns[day][after].astype(int)
        assert (days > seen.rows.died[after]).all()
        assert (days < changing_block.setting.span.end).all()
        any_after |= bool(after.any())
    assert any_after


def test_a_closed_practice_still_registers_people(dirty: dict[str, Dirty]) -> None:
    found = faulty(dirty["register"], "closed_practice")
    closed = {"Y10000": date(2025, 7, 1), "Y20000": date(2024, 12, 1)}
    codes = found["GENERAL_MEDICAL_PRACTICE_CODE_PATIENT_REGISTRATION"]
    starts = found["START_DATE_GMP_PATIENT_REGISTRATION"].astype(int)
    assert len(codes) > 0
    for code, start in zip(codes, starts, strict=True):
        assert start > day_number(closed[str(code)])


def test_duplicates_stand_right_after_the_row_that_they_repeat(dirty: dict[str, Dirty]) -> None:
    found = dirty["apc"]
    for name, same in (("exact_duplicate", True), ("resubmission", False)):
        at = np.flatnonzero(found.having(name))
        assert len(at) > 0
        for column in found.rows.columns:
            values = found.rows.columns[column]
            alike = (values[at] == values[at - 1]) | (np.isnat(values[at]) if values.dtype.kind == "M" else False)
            assert alike.all() if column != "FINAL_PRICE" else alike.all() == same


def test_a_source_that_has_no_such_column_has_no_such_fault() -> None:
    source = Source(name="ecds", partner="trust", contract="ecds", files=("ecds.parquet",), pseudonym="shared", constants={"ACUITY": "x"})
    setting = setting_of(plain_place(sources=(source,)), 10_000, 3)
    (piece,) = make(setting, targets_of(setting.place, setting.span, tuple(MAKERS)), 0).pieces
    found = {kinds()[kind].name for kind in np.unique(piece.faults.kind)}
    about_numbers = {each.name for each in kinds() if "NHS_NUMBER" in each.columns.get("ecds", each.default_columns)}
    assert not found & (about_numbers | {"unknown_code", "impossible_date", "missing_birth_date"})
    assert found >= {"different_sex", "wrong_birth_date", "extra_spaces", "exact_duplicate"}
