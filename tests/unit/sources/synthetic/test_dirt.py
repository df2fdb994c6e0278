"""Faults: each is what it says, at its rate, and counted."""

from __future__ import annotations

from datetime import date

import nhs_number
import numpy as np
import pytest

from joinedup.place.model import Source
from joinedup.sources.contract import contracts
from joinedup.sources.synthetic import apc, deaths, ecds, register
from joinedup.sources.synthetic.block import Block
from joinedup.sources.synthetic.dirt import CLEAN, DUPLICATES, Dirty, spoil
from joinedup.sources.synthetic.faults import FAULTS, kinds
from joinedup.sources.synthetic.rows import Rows
from joinedup.sources.synthetic.seasons import day_number
from joinedup.sources.synthetic.setting import setting_of
from joinedup.sources.synthetic.synthesis import MAKERS, make
from joinedup.sources.synthetic.targets import targets_of
from tests.unit.sources.synthetic.places import plain_place

ENDS = {"register": "END_DATE_GMP_PATIENT_REGISTRATION", "apc": "DISDATE", "ecds": "DEPARTURE_DATE"}
STARTS = {"register": "START_DATE_GMP_PATIENT_REGISTRATION", "apc": "ADMIDATE", "ecds": "ARRIVAL_DATE"}


def spoilt(block: Block, rows: Rows) -> Dirty:
    """The rows with faults, every source writing every column into text."""
    fields = frozenset(field.name for field in contracts()[rows.contract].fields)
    everywhere = dict.fromkeys(range(len(block.setting.place.sources)), fields)
    return spoil(block, rows, everywhere, frozenset(everywhere))


@pytest.fixture(scope="module")
def dirty(changing_block: Block) -> dict[str, Dirty]:
    makers = {"register": register.rows, "apc": apc.rows, "ecds": ecds.rows, "deaths": deaths.rows}
    return {contract: spoilt(changing_block, maker(changing_block)) for contract, maker in makers.items()}


def faulty(dirty: Dirty, kind: str) -> dict[str, np.ndarray]:
    """The columns of the rows that have a fault."""
    at = dirty.kind == [each.name for each in kinds()].index(kind)
    return {name: column[at] for name, column in dirty.rows.columns.items()}


def test_every_kind_says_what_it_becomes_and_can_be_made() -> None:
    assert {each.name for each in kinds()} == set(FAULTS)
    for each in kinds():
        assert each.becomes
        assert set(each.rates) <= set(MAKERS)
        assert set(each.columns) >= set(each.rates)
        for contract, names in each.columns.items():
            assert set(names) <= {field.name for field in contracts()[contract].fields}


@pytest.mark.parametrize("contract", MAKERS)
def test_faults_come_at_their_rates(contract: str, dirty: dict[str, Dirty]) -> None:
    found = dirty[contract]
    fewer = {"end_before_start", "impossible_date", "closed_practice", "activity_after_death", "null_date"}  # only some rows can have it
    for position, each in enumerate(kinds()):
        expected = each.rates.get(contract, 0.0) * len(found.kind)
        rows = (found.kind == position).sum()
        assert rows <= expected + 5 * np.sqrt(expected) + 1, each.name
        if each.name not in fewer:
            assert rows >= expected - 5 * np.sqrt(expected) - 1, each.name


@pytest.mark.parametrize("contract", MAKERS)
def test_the_other_rows_are_as_they_were(contract: str, dirty: dict[str, Dirty], changing_block: Block) -> None:
    clean, found = MAKERS[contract](changing_block), dirty[contract]
    positions = [at for at, each in enumerate(kinds()) if each.name in DUPLICATES]
    assert len(found.kind) == len(clean.person) + np.isin(found.kind, positions).sum()
    later = np.append(found.kind[1:], CLEAN)
    kept = (found.kind == CLEAN) & ~np.isin(later, positions)  # the first giving of a duplicate goes before it
    assert kept.sum() > 0.9 * len(clean.person)
    key = contracts()[contract].key[0 if contract == "deaths" else -1]
    same_person = np.isin(found.rows.columns[key][kept], clean.columns[key])
    assert same_person.all()


def test_wrong_numbers_are_wrong_and_spaced_ones_right(dirty: dict[str, Dirty]) -> None:
    for contract in ("apc", "ecds"):
        wrong = faulty(dirty[contract], "wrong_check_digit")["NHS_NUMBER"]
        spaced = faulty(dirty[contract], "spaced_number")["NHS_NUMBER"]
        assert len(wrong) > 3
        assert not any(nhs_number.is_valid(number) for number in wrong)
        assert all(number[3] == number[7] == " " and nhs_number.is_valid(number.replace(" ", "")) for number in spaced)
        assert set(faulty(dirty[contract], "missing_number")["NHS_NUMBER"]) == {""}


def test_wrong_dates_of_birth_are_earlier_than_the_event(dirty: dict[str, Dirty], changing_block: Block) -> None:
    found = faulty(dirty["ecds"], "wrong_birth_date")
    true = dict(zip(changing_block.nhs_numbers.astype("U10"), changing_block.people.born, strict=True))
    assert len(found["NHS_NUMBER"]) > 10
    for number, born, arrived in zip(found["NHS_NUMBER"], found["PERSON_BIRTH_DATE"], found["ARRIVAL_DATE"], strict=True):
        assert born.astype(int) != true[number]
        assert born <= arrived


@pytest.mark.parametrize("contract", ENDS)
def test_ends_lie_before_starts(contract: str, dirty: dict[str, Dirty]) -> None:
    found = faulty(dirty[contract], "end_before_start")
    assert (found[ENDS[contract]] < found[STARTS[contract]]).all()


def test_the_dead_are_born_later_and_seen_again(dirty: dict[str, Dirty], changing_block: Block) -> None:
    found = dirty["deaths"]
    kind = [each.name for each in kinds()].index("birth_after_death")
    for at in np.flatnonzero(found.kind == kind):
        assert found.rows.columns["PERSON_BIRTH_DATE"][at] > found.rows.columns["REG_DATE_OF_DEATH"][at]
    name = [each.name for each in kinds()].index("activity_after_death")
    for contract, day in (("apc", "ADMIDATE"), ("ecds", "ARRIVAL_DATE")):
        seen = dirty[contract]
        after = seen.kind == name
        days = seen.rows.columns[day][after].astype(int)
        assert (days > seen.rows.died[after]).all()
        assert (days < changing_block.setting.span.end).all()
    assert any((seen.kind == name).any() for seen in dirty.values())


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
    names = [each.name for each in kinds()]
    for name, same in (("exact_duplicate", True), ("resubmission", False)):
        at = np.flatnonzero(found.kind == names.index(name))
        assert len(at) > 0
        for column in found.rows.columns:
            values = found.rows.columns[column]
            alike = (values[at] == values[at - 1]) | (np.isnat(values[at]) if values.dtype.kind == "M" else False)
            assert alike.all() if column != "FINAL_PRICE" else alike.all() == same


def test_a_source_that_has_no_such_column_has_no_such_fault() -> None:
    source = Source(name="ecds", partner="trust", contract="ecds", files=("ecds.parquet",), pseudonym="shared", constants={"ACUITY": "x"})
    setting = setting_of(plain_place(sources=(source,)), 10_000, 3)
    (piece,) = make(setting, targets_of(setting.place, setting.span, tuple(MAKERS)), 0)
    found = {kinds()[kind].name for kind in np.unique(piece.fault_kinds)}
    about_numbers = {each.name for each in kinds() if "NHS_NUMBER" in each.columns.get("ecds", [])}
    assert not found & (about_numbers | {"unknown_code", "impossible_date", "missing_birth_date"})
    assert found >= {"different_sex", "wrong_birth_date", "extra_spaces", "exact_duplicate"}
