"""NHS numbers that people had before: who has them, which rows bring them, and the list of them."""

from __future__ import annotations

import nhs_number
import numpy as np
import pytest

from joinedup.sources.synthetic import ecds, register, superseded_number
from joinedup.sources.synthetic.block import Block
from joinedup.sources.synthetic.setting import setting_of
from tests.unit.sources.synthetic.places import everything, plain_place


@pytest.fixture(scope="module")
def block() -> Block:
    return Block(setting_of(everything(plain_place()), 10_000, 3, noise=5.0), 0)


def test_a_few_had_another_number_and_some_of_them_two(block: Block) -> None:
    held = block.former_numbers
    assert 100 < len(held.person) < 400
    assert len(np.unique(held.number)) == len(held.number)
    assert not np.isin(held.number, block.nhs_numbers).any()
    assert all(nhs_number.is_valid(str(number)) for number in held.number)
    assert 5 < len(held.person) - len(np.unique(held.person)) < 50


def test_each_leads_to_the_number_in_use(block: Block) -> None:
    held = block.former_numbers
    by = dict(zip(held.number.tolist(), held.replaced_by.tolist(), strict=True))
    twice = [by.get(by[number], by[number]) for number in held.number.tolist()]
    assert twice == block.nhs_numbers[held.person].tolist()


def test_rows_before_it_bring_the_old_number_and_the_list_of_patients_the_new(block: Block) -> None:
    held, in_use = block.former_numbers, block.nhs_numbers
    seen = ecds.rows(block)
    old = np.isin(seen.columns["NHS_NUMBER"].astype(np.int64), held.number)
    assert 20 < old.sum() < np.isin(seen.person, held.person).sum()
    last = {int(person): int(day) for person, day in zip(held.person, held.used_to, strict=True)}
    assert all(day < last[int(person)] for person, day in zip(seen.person[old], seen.day[old], strict=True))
    listed = register.rows(block)
    assert (listed.columns["NHS_NUMBER"].astype(np.int64) == in_use[listed.person]).all()


def test_the_list_has_a_row_for_each(block: Block) -> None:
    rows = superseded_number.rows(block)
    assert (rows.columns["SUPERSEDED_NHS_NUMBER"].astype(np.int64) == block.former_numbers.number).all()
    assert (rows.columns["NHS_NUMBER"] != rows.columns["SUPERSEDED_NHS_NUMBER"]).all()


def test_a_place_without_such_a_list_has_no_such_numbers() -> None:
    assert len(Block(setting_of(plain_place(), 2_000, 3), 0).former_numbers.person) == 0
