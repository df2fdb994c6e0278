"""NHS numbers: which of them can be one at all."""

from __future__ import annotations

from collections.abc import Iterable

import nhs_number


def valid_numbers(values: Iterable[str]) -> list[bool]:
    """For each value of ten digits, whether its check digit is right (Modulus 11) and it is no placeholder of one digit repeated."""
    return [len(set(value)) > 1 and nhs_number.is_valid(value) for value in values]
