"""Text in CSV: nothing runs in a spreadsheet, numbers stay numbers, and every text comes back as it was."""

from __future__ import annotations

import csv
import io

import pyarrow as pa
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from joinedup.cells import as_it_was, guarded
from joinedup.tabular import content


@pytest.mark.parametrize(
    "text", ["=1+1", "+cmd|' /C calc'!A0", "-2+3", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "'=1", "-", "=", "-5x", "+44 (0)1422"]
)
def test_what_might_run_is_guarded(text: str) -> None:
    assert guarded(text) == f"'{text}"


@pytest.mark.parametrize("value", ["", "-5", "+5.25", "-.5", "1e-5", "-1E+9", "5-4", "E11 - 9", "o'clock", "'tis", -5, -0.5, None, True])
def test_numbers_and_other_text_stay_as_they_are(value: object) -> None:
    assert guarded(value) is value


@given(st.text())
@example("'=")
@example("''-5")
def test_every_text_comes_back(text: str) -> None:
    assert as_it_was(str(guarded(text))) == text


def test_rows_as_csv_are_guarded_and_numbers_are_not() -> None:
    table = pa.table(
        {
            "name": ["=HYPERLINK()", "a,b", None],
            "-col": pa.array([-1, 2, None]),
            "day": pa.array([0, 1, None], pa.date32()),
            "x": [-0.5, 1e300, None],
        }
    )
    rows = list(csv.reader(io.StringIO(content(table, "csv").decode())))
    assert rows[0] == ["name", "'-col", "day", "x"]
    assert [row[0] for row in rows[1:]] == ["'=HYPERLINK()", "a,b", ""]
    assert [row[1] for row in rows[1:]] == ["-1", "2", ""]
    assert rows[1][3] == "-0.5"
    assert b"'=" not in content(table, "json")
