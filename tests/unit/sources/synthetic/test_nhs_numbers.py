"""NHS numbers of the range that nobody has."""

from __future__ import annotations

import nhs_number
import numpy as np

from joinedup.sources.synthetic.nhs_numbers import FIRST_RANGE, LAST_RANGE, MOST, check_digits, numbers, numbers_at


def test_every_number_is_valid_by_an_independent_implementation() -> None:
    """The `nhs-number` package is that implementation."""
    some = numbers(1)[::9_973]
    assert all(nhs_number.is_valid(str(number)) for number in some)


def test_numbers_begin_with_999_and_no_two_are_alike() -> None:
    every = numbers(1)
    assert (every // 10**7 == 999).all()
    assert len(np.unique(every)) == len(every) > 900_000


def test_more_people_have_further_numbers_and_the_first_keep_theirs() -> None:
    first, size = numbers(1), len(numbers(1))
    over_the_edge = numbers_at(1, size - 3, 10)
    assert (over_the_edge[:3] == first[-3:]).all()
    assert (over_the_edge[3:] // 10**7 == FIRST_RANGE - 1).all()
    assert (numbers_at(1, 100, 50) == first[100:150]).all()
    assert (numbers_at(1, size + 4, 3) == over_the_edge[7:]).all()
    assert all(nhs_number.is_valid(str(number)) for number in over_the_edge)
    assert len(numbers_at(1, 0, 0)) == 0


def test_every_range_holds_as_many_as_are_counted_on() -> None:
    assert all(len(numbers(1, begins)) * (FIRST_RANGE - LAST_RANGE + 1) >= MOST for begins in (FIRST_RANGE, 950, LAST_RANGE))


def test_another_seed_gives_the_same_numbers_in_another_order() -> None:
    one, other = numbers(1), numbers(2)
    assert (one != other).any()
    assert (np.sort(one) == np.sort(other)).all()


def test_a_published_number_has_its_check_digit() -> None:
    """943 476 5919 is the example of the NHS Data Dictionary."""
    assert check_digits(np.array([943_476_591])).tolist() == [9]
