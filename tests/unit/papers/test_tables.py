"""The table of pages is the design system's, piece by piece."""

from __future__ import annotations

from html.parser import HTMLParser

import pytest
from markupsafe import Markup

from joinedup.papers.figure import Column, Table
from joinedup.papers.rendering import environment

THEIRS = """
{%- from "nhsuk/components/tables/macro.jinja" import table as nhsukTable -%}
{%- set head = [] -%}
{%- for column in table.shown %}{% set _ = head.append({"text": column.head} if loop.first or column.text else {"text": column.head, "format": "numeric"}) %}{% endfor -%}
{%- set options = {"caption": {"text": table.caption, "size": "s", "id": "here-caption"}, "head": head, "rows": table.evident_rows, "firstCellIsHeader": true, "compact": true, "responsive": responsive, "classes": "ju-table--total" if table.total else ""} -%}
{{ nhsukTable(options) }}
"""  # noqa: E501 - a template
OURS = '{% from "parts.jinja" import data_table %}{{ data_table(table, "here", responsive) }}'


class Pieces(HTMLParser):
    """Elements with their attributes, and words, whatever the spaces between them."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[object] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        self.found.append(tag)

    def handle_data(self, data: str) -> None:
        if words := data.split():
            self.found.append(" ".join(words))


@pytest.mark.parametrize("total", [False, True])
@pytest.mark.parametrize("responsive", [False, True])
def test_a_table_is_as_the_design_system_writes_it(responsive: bool, total: bool) -> None:
    columns = [
        Column("Age & sex", ["0 to 4", "<all>"], "age", [1, 2]),
        Column("People", ["11", "—"], "people", [11, None], why=["population/1", ""]),
        Column("In words", ["few", Markup("<b>none</b>")], text=True, why=["population/2", "population/3"]),
    ]
    shows = {"table": Table("Who's here", columns, total=total), "responsive": responsive}
    theirs, ours = (Pieces(environment().from_string(template).render(**shows)).found for template in (THEIRS, OURS))
    assert ("table", {"class": ours[0 if responsive else 1][1]["class"]} | ({"role": "table"} if responsive else {})) in ours
    assert ours[0 if responsive else 1 :][: len(theirs)] == theirs
