"""What pages say of the data behind them, in a line."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from joinedup.papers.evidence import data_to
from tests.unit.papers.fixtures import SOURCES


@pytest.mark.parametrize(
    ("until", "said"),
    [
        (date(2026, 3, 31), "Data to 31 March 2026"),
        (date(2026, 3, 1), "Data to 31 March 2026"),
        (date(2026, 2, 27), "Data to 31 March 2026; Late to 27 February 2026"),
        (None, "Data to 31 March 2026; Late: no date known"),
    ],
)
def test_an_extract_that_lags_more_than_a_month_is_named(until: date | None, said: str) -> None:
    assert data_to([SOURCES[0], replace(SOURCES[0], title="Late", data_to=until)]) == said
