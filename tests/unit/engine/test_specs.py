"""Descriptions of tables: what is wrong with one is said with its file."""

from __future__ import annotations

from pathlib import Path

import pytest

from joinedup.engine.specs import read_specs, read_yaml
from joinedup.errors import SqlError

TABLE = (
    "table: {name}\ntitle: T\ngrain: one row per t\nkey: [t]\nowner: us\nsource: here\ncolumns: [{{name: t, type: STRING, meaning: T}}]\n"
)


def test_a_file_that_is_no_yaml_is_named_with_its_line(tmp_path: Path) -> None:
    (tmp_path / "activity.yml").write_text("table: activity\ncolumns: [\ntitle: x: y\n", encoding="utf-8")
    with pytest.raises(SqlError, match=r"activity\.yml:3: .*expected YAML") as raised:
        read_specs(tmp_path)
    assert raised.value.findings[0].line == 3


def test_a_table_has_the_name_of_its_file_once(tmp_path: Path) -> None:
    (tmp_path / "one.yml").write_text(TABLE.format(name="two"), encoding="utf-8")
    with pytest.raises(SqlError, match=r"1 in all: one\.yml: table is called two"):
        read_specs(tmp_path)


@pytest.mark.parametrize(
    ("before", "after"), [("key: [t]", "key: [u]"), ("key: [t]", "key: []"), ("title: T\n", ""), ("STRING", "VARCHAR")]
)
def test_what_a_description_lacks_is_said(tmp_path: Path, before: str, after: str) -> None:
    (tmp_path / "t.yml").write_text(TABLE.format(name="t").replace(before, after), encoding="utf-8")
    with pytest.raises(SqlError, match=r"t\.yml"):
        read_specs(tmp_path)


def test_other_yaml_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "measure.yml").write_text("measure: m\n", encoding="utf-8")
    (tmp_path / "t.yml").write_text(TABLE.format(name="t"), encoding="utf-8")
    assert list(read_specs(tmp_path)) == ["t"]
    assert read_yaml("t.yml", "a: 1") == {"a": 1}
