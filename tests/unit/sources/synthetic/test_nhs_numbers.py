"""NHS numbers of the range that nobody has."""

from __future__ import annotations

import nhs_number
import numpy as np

from joinedup.sources.synthetic.nhs_numbers import check_digits, numbers


def test_every_number_is_valid_by_an_independent_implementation() -> None:
    """The `nhs-number` package is that implementation."""
    some = numbers(1)[::9_973]
    assert all(nhs_number.is_valid(str(number)) for number in some)


def test_numbers_begin_with_999_and_no_two_are_alike() -> None:
    every = numbers(1)
    assert (every // 10**7 == 999).all()
    assert len(np.unique(every)) == len(every) > 900_000


def test_another_seed_gives_the_same_numbers_in_another_order() -> None:
    one, other = numbers(1), numbers(2)
    assert (one != other).any()
    assert (np.sort(one) == np.sort(other)).all()


def test_a_published_number_has_its_check_digit() -> None:
    """943 476 5919 is the example of the NHS Data Dictionary."""
    assert check_digits(np.array([943_476_591])).tolist() == [9]
