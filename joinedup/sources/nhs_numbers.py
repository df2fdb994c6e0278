"""NHS numbers: which of them can be one at all."""

from __future__ import annotations

WEIGHTS = range(10, 0, -1)
"""Of the ten digits: the check digit makes their weighted sum a multiple of eleven (NHS Data Model and Dictionary, NHS number)."""


def digits_sql(text: str) -> str:
    """A text expression: what was given as a number, without spaces, hyphens, and the apostrophe that keeps spreadsheets from counting."""
    return f"regexp_replace({text}, '[\\s''-]', '', 'g')"


def valid_sql(digits: str) -> str:
    """Whether the text expression `digits` is ten digits with the right check digit, and no placeholder of one digit repeated.

    It names the expression often, so give it a column.
    """
    total = " + ".join(f"{weight} * CAST(substr({digits}, {place}, 1) AS INTEGER)" for place, weight in enumerate(WEIGHTS, 1))
    ten = f"regexp_full_match({digits}, '[0-9]{{10}}')"
    return f"CASE WHEN {ten} THEN ({total}) % 11 = 0 AND {digits} <> repeat(left({digits}, 1), 10) ELSE false END"
