"""Reference data: a .csv typed by its .yml, each fault by its line."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from joinedup.engine.reference import reference_table
from joinedup.engine.specs import TableSpec
from joinedup.errors import SqlError

from .made_up import table

COLUMNS = {"code": "STRING", "starts": "DATE", "cost_pence": "BIGINT", "share": "DOUBLE", "used": "BOOLEAN"}


def prices(folder: Path, text: str, encoding: str = "utf-8") -> TableSpec:
    path = folder / "price.csv"
    path.write_text(text, encoding=encoding)
    return table("price", COLUMNS, key=["code", "starts"], required=["code", "cost_pence"], csv=path)


def test_typed_by_its_columns(tmp_path: Path) -> None:
    text = 'code,starts,cost_pence,share,used\n001,2025-04-01,250,0.5,true\n"x, y",,-3,,\n\n'
    assert reference_table(prices(tmp_path, text, "utf-8-sig")).to_pylist() == [
        {"code": "001", "starts": date(2025, 4, 1), "cost_pence": 250, "share": 0.5, "used": True},
        {"code": "x, y", "starts": None, "cost_pence": -3, "share": None, "used": None},
    ]


def test_every_fault_by_its_line(tmp_path: Path) -> None:
    text = "code,starts,cost_pence,share,used\n001,1 April,250,half,yes\n,2025-04-01,,0.5,true\n003,2025-04-01\n004,,1,,\n004,,2,,\n"
    with pytest.raises(SqlError, match=r"price.csv:2: starts is '1 April', expected is nothing or 2026-03-31") as caught:
        reference_table(prices(tmp_path, text))
    assert [(finding.line, finding.rule) for finding in caught.value.findings] == [
        (2, "value"), (2, "value"), (2, "value"), (3, "value"), (3, "value"), (4, "values"), (6, "key"),
    ]  # fmt: skip


@pytest.mark.parametrize("text", ["", "code,cost_pence\n001,3\n", "starts,code,cost_pence,share,used\n"])
def test_the_header_is_the_one_declared(tmp_path: Path, text: str) -> None:
    with pytest.raises(SqlError, match=r"price.csv:1: the first line is not code,starts,cost_pence,share,used"):
        reference_table(prices(tmp_path, text))
