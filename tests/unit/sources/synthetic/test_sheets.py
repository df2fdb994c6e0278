"""Rows as a source writes them."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from joinedup.place.model import Source
from joinedup.sources.synthetic.rows import MISSING, Rows
from joinedup.sources.synthetic.seasons import NEVER
from joinedup.sources.synthetic.sheets import header, pseudonyms, sheet, text, with_blank_lines
from joinedup.sources.synthetic.targets import Target

COLUMNS = {
    "NHS_NUMBER": np.array(["9990000018", "9990000026"]),
    "SEX": np.array(["1", "2"]),
    "ADMIDATE": np.array(["2025-03-09", "2025-12-31"], dtype="datetime64[D]"),
    "DISDATE": np.array(["NaT", "2026-01-02"], dtype="datetime64[D]"),
    "SPELDUR": np.array([MISSING, 2]),
    "FINAL_PRICE": np.array([MISSING, 82505]),
    "PERSON_FAMILY_NAME": np.array(["Wójcik", "O'Neill"]),
}


def rows(**spoiled: np.ndarray) -> Rows:
    two = np.arange(2)
    return Rows("apc", two, two * 0, two, dict(COLUMNS), two + NEVER, two == 0, spoiled)


def target(file: str = "apc.csv", **changes: object) -> Target:
    return Target(Source(name="apc", partner="trust", contract="apc", files=(file,), **changes), 0, file, 0, 1, 0, 1)


def written(to: Target, **spoiled: np.ndarray) -> list[dict[str, str]]:
    """The lines of a text file, by column."""
    names = header(to).decode().strip().split(to.source.delimiter or ",")
    lines = text(to, sheet(to, rows(**spoiled), np.arange(2))).decode().splitlines()
    return [dict(zip(names, line.split(to.source.delimiter or ","), strict=True)) for line in lines]


def test_columns_stand_in_the_contract_s_order() -> None:
    to = target()
    names = header(to).decode().strip().split(",")
    assert names == [field.name for field in to.contract.fields if field.name != "SOURCE_PSEUDONYM"]
    assert sheet(to, rows(), np.arange(2)).column_names == names


def test_values_are_written_plainly() -> None:
    first, second = written(target())
    assert (first["ADMIDATE"], first["DISDATE"], first["SPELDUR"], first["FINAL_PRICE"]) == ("2025-03-09", "", "", "")
    assert (second["DISDATE"], second["SPELDUR"], second["FINAL_PRICE"]) == ("2026-01-02", "2", "825.05")
    assert (first["PERSON_FAMILY_NAME"], second["PERSON_FAMILY_NAME"]) == ("Wójcik", "O'Neill")


def test_renames_value_maps_and_constants_are_undone() -> None:
    to = target(rename={"Gender": "SEX"}, values={"SEX": {"M": "1", "F": "2"}}, constants={"PROCODE3": "RZZ"})
    first, second = written(to)
    assert (first["Gender"], second["Gender"]) == ("M", "F")
    assert "PROCODE3" not in first


def test_a_value_that_would_be_read_as_another_is_left_out() -> None:
    """Where the source writes 1 for women, nobody can write 1 for a man."""
    first, second = written(target(values={"SEX": {"1": "2"}}))
    assert (first["SEX"], second["SEX"]) == ("", "1")


@pytest.mark.parametrize(
    ("style", "found"),
    [
        ("%d/%m/%Y", "09/03/2025"),
        ("%Y%m%d", "20250309"),
        ("%d%b%Y", "09Mar2025"),
        ("%d %B %Y", "09 March 2025"),
        ("%Y-%m-%d %H:%M:%S", "2025-03-09 00:00:00"),
    ],
)
def test_dates_are_written_in_the_source_s_style(style: str, found: str) -> None:
    assert written(target(date_format=style))[0]["ADMIDATE"] == found
    only_this = written(target(date_formats={"ADMIDATE": style}))
    assert (only_this[0]["ADMIDATE"], only_this[1]["DISDATE"]) == (found, "2026-01-02")


@pytest.mark.parametrize(("style", "found"), [(None, "2025-02-30"), ("%d/%m/%Y", "30/02/2025"), ("%d%b%Y", "30Feb2025")])
def test_a_spoiled_date_is_one_that_does_not_exist(style: str | None, found: str) -> None:
    first, second = written(target(date_format=style), ADMIDATE=np.array([True, False]))
    assert first["ADMIDATE"] == found
    assert second["ADMIDATE"].replace("/", "").replace("-", "") not in found


def test_a_value_that_holds_the_delimiter_is_quoted() -> None:
    held = rows()
    held.columns["PERSON_FAMILY_NAME"] = np.array(["Smith, Jones", "O'Neill"])
    assert b'"Smith, Jones"' in text(target(), sheet(target(), held, np.arange(2)))


def test_parquet_has_types_and_nulls() -> None:
    made = sheet(target("apc.parquet"), rows(), np.arange(2))
    assert made.schema.field("ADMIDATE").type == pa.date32()
    assert made.column("SPELDUR").to_pylist() == [None, 2]
    assert str(made.column("FINAL_PRICE")[1].as_py()) == "825.05"
    styled = sheet(target("apc.parquet", date_format="%d/%m/%Y"), rows(), np.arange(2))
    assert styled.column("ADMIDATE").to_pylist() == ["09/03/2025", "31/12/2025"]


def test_a_pseudonymised_source_has_no_numbers_and_names() -> None:
    made = sheet(target(pseudonym="region"), rows(), np.arange(2))
    assert not {"NHS_NUMBER", "PERSON_FAMILY_NAME", "POSTCODE_OF_USUAL_ADDRESS"} & set(made.column_names)
    assert len(set(made.column("SOURCE_PSEUDONYM").to_pylist())) == 2


def test_sources_that_share_a_namespace_share_their_people() -> None:
    numbers = np.array(["9990000018", "9990000026"])
    assert (pseudonyms("one", numbers) == pseudonyms("one", numbers)).all()
    assert (pseudonyms("one", numbers) != pseudonyms("two", numbers)).all()
    many = np.arange(9_990_000_000, 9_990_050_000).astype("U10")
    assert len(np.unique(pseudonyms("one", many))) == 50_000


def test_blank_lines_go_before_rows() -> None:
    assert with_blank_lines(b"a\nb\nc\n", np.array([0, 2])) == b"\na\nb\n\nc\n"
    assert with_blank_lines(b"a\n", np.array([], dtype=int)) == b"a\n"
