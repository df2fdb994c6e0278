"""The page of what partners sent: months, files, findings."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from joinedup.papers import deliveries
from joinedup.papers.check_page import write_check
from joinedup.papers.deliveries import Deliveries
from joinedup.sources.contract import contracts
from tests.unit.papers.fixtures import five


def sent(**more: object) -> Deliveries:
    fake = five()
    return replace(Deliveries(fake.place, contracts(), fake.files(), fake.findings()), **more)


def test_a_month_without_rows_is_a_gap_and_none_before_the_first_or_after_the_last_is() -> None:
    (register, acute, *_) = sent().sources
    assert [f"{gap:%Y-%m}" for gap in acute.gaps] == ["2025-06"]
    assert register.gaps == []
    table = deliveries.by_source(sent())
    assert [row[2] for row in table.rows] == ["none", "June 2025", "June 2025", "June 2025"]


def test_the_picture_has_a_strip_for_each_source_with_months_and_says_who_lags() -> None:
    figure = deliveries.freshness(sent())
    assert figure.finding == "3 sources have months without rows"
    assert figure.table is not None
    assert [column.head.split(",")[0] for column in figure.table.shown] == [
        "Month",
        "Admitted patient care",
        "Emergency care",
        "Registered deaths",
    ]
    assert deliveries.freshness(sent(files=())).reason == "No file has rows that are of a month."


def test_every_file_adds_up() -> None:
    rows = deliveries.tables(sent())["by-file"]
    counts = {column.name: column.values for column in rows.columns}
    parts = zip(counts["loaded"], counts["superseded"], counts["rejected"], strict=True)
    assert list(counts["rows_read"]) == [sum(each) for each in parts]


def test_columns_that_are_blank_throughout_are_not_called_mostly_blank() -> None:
    table = deliveries.by_file(five().files(), "Files")
    assert {row[-2] for row in table.rows} <= {"ETHNIC_CATEGORY 14.3%", "ETHNIC_CATEGORY 14.2%"}


def test_a_check_is_a_page_of_its_own_that_escapes_what_was_found(tmp_path: Path) -> None:
    fake = five()
    page = write_check(fake.place, fake.files(), fake.findings(), tmp_path / "check")
    text = page.read_text(encoding="utf-8")
    assert "has no column NHS_NUMBER &lt;b&gt;" in text
    assert "1 of 2 findings are errors" in text
    assert (tmp_path / "check" / "check.found.csv").read_text(encoding="utf-8").splitlines()[0].startswith("place,invented_people,file,")
    assert write_check(fake.place, (), (), tmp_path / "check") == page
    assert "Nothing was found wrong" in page.read_text(encoding="utf-8")


@pytest.mark.parametrize("refused", [True, False])
def test_a_refused_file_is_said_to_be(refused: bool) -> None:
    file = replace(five().files()[0], refused=refused)
    assert ("refused" in deliveries.by_file([file], "Files").rows[0][0]) is refused
