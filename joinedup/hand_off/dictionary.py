"""The data dictionary: each column of each table in words, as a page to print, as CSV and as a sheet."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path

from jinja2 import ChainableUndefined, ChoiceLoader, Environment, PackageLoader

from joinedup.hand_off.described import Field, Table
from joinedup.hand_off.forms import write_lines
from joinedup.hand_off.terms import Terms
from joinedup.papers import assets
from joinedup.papers.numbers import day, whole

COLUMNS = (
    "table", "column", "type", "unit", "required", "meaning", "treated", "source", "empty_cells", "rows", "span", "values",
)  # fmt: skip


def lines(tables: Sequence[Table]) -> Iterator[tuple[object, ...]]:
    """A line for each column of each table."""
    for table in tables:
        for each in table.fields:
            yield (
                table.name, each.name, each.type.value, each.unit, "yes" if each.required else "no", each.meaning, each.treated,
                each.source, each.empty, table.rows, each.span, values_of(each),
            )  # fmt: skip


def values_of(each: Field) -> str:
    """The values of a column in a line, each with its meaning where it is known."""
    return "; ".join(f"{value}: {meaning}" if meaning else value for value, meaning in each.values)


def write_dictionary(terms: Terms, tables: Sequence[Table], folder: Path) -> list[str]:
    """The names of the files that hold it: a page that needs nothing beside it, and CSV."""
    write_lines(lines(tables), COLUMNS, folder / "data-dictionary.csv")
    (folder / "data-dictionary.html").write_text(page(terms, tables), encoding="utf-8")
    return ["data-dictionary.html", "data-dictionary.csv"]


def page(terms: Terms, tables: Sequence[Table]) -> str:
    """The dictionary as one page, its styles in it."""
    files = assets.files()
    styles = [files[name].decode() for name in (assets.STYLES, assets.OURS)]
    return (
        _environment()
        .get_template("data-dictionary.jinja")
        .render(terms=terms, tables=tables, styles=styles, personal=any(table.door == "records" for table in tables))
    )


@cache
def _environment() -> Environment:
    loader = ChoiceLoader([PackageLoader("joinedup.hand_off"), PackageLoader("joinedup.papers"), PackageLoader("nhsuk_frontend_jinja")])
    made = Environment(loader=loader, undefined=ChainableUndefined, autoescape=True, trim_blocks=True, lstrip_blocks=True)
    made.filters |= {"whole": whole, "day": day, "in_a_line": values_of}
    return made
