"""The page of a measure: what it shows, of whom, by which definition, and what stands behind it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from joinedup.papers import measure_commentary, measure_figures, measure_index, measure_tables
from joinedup.papers.facts import Facts
from joinedup.papers.figure import Column, Figure, Table
from joinedup.papers.measure_facts import Measured
from joinedup.papers.measure_files import files
from joinedup.papers.measure_icons import YEARLY, with_words
from joinedup.papers.measure_words import expected_of_charts, limits, number, says
from joinedup.papers.numbers import day
from joinedup.papers.page import Desk, Page, Shown, shown, tables_of
from joinedup.papers.summary import KeyFigure
from joinedup.papers.words import capital

KINDS = {
    "structure": "what there is to give care with",
    "process": "what is done",
    "outcome": "what it changed for people",
}


def pages(facts: Facts, measures: Sequence[Measured], desk: Desk) -> Iterator[Page]:
    """The index, then a page for each measure; none where the build has none."""
    if measures:
        yield measure_index.page(facts, measures)
        for at in range(len(measures)):
            yield page(facts, measures, at, desk)


def file_of(measure: Measured) -> str:
    """The file of its page."""
    return f"measure-{measure.id}.html"


def page(facts: Facts, measures: Sequence[Measured], at: int, desk: Desk) -> Page:
    """The page of one of the measures."""
    measured = measures[at]
    name = f"measure-{measured.id}"
    drawn: dict[str, Figure | None] = {
        "months": measure_figures.control(measured, facts.whole) if measured.series else None,
        "panels": measure_figures.panels(measured),
        "years": measure_figures.years(measured) if measured.yearly else None,
        "groups": measure_figures.groups(measured),
        "people": measure_figures.people(measured),
        "deprivation": measure_figures.gradient(measured),
        "practices": measure_figures.funnel(measured),
    }
    pictures = {key: shown(figure, name, desk) for key, figure in drawn.items() if figure is not None}
    tables = {**measure_figures.tables(measured), **({"variants": measure_tables.of_variants(measured)} if measured.variants else {})}
    shows = {
        "measure": measured.definition,
        "root_key": measured.root,
        "faults": [each.message for each in facts.measure_faults if each.endangers == measured.id],
        "kind": KINDS.get(measured.definition.kind, ""),
        "keys": keys(measured),
        "pictures": pictures,
        "expected": expected_of_charts([measured], [facts.whole, *facts.areas]),
        "by_group": {key: table for key, table in tables.items() if key != "variants"},
        "variants": tables.get("variants"),
        "commentaries": measure_commentary.said(facts.place, measured.id, internal=facts.internal),
        "cases": [
            (case.name, [_case(name, rows) for name, rows in case.given.items()], _case("is counted as", case.expect))
            for case in measured.definition.cases
        ],
        "valid_from": day(measured.definition.valid_from),
        "before": measures[at - 1] if at else None,
        "after": measures[at + 1] if at + 1 < len(measures) else None,
    }
    crumbs = ({"href": "index.html", "text": facts.place.name}, {"href": "measures.html", "text": "Measures"})
    every = {**tables_of(_all(pictures)), **tables}
    return Page(f"{name}.html", "measure.jinja", measured.definition.title, shows, every, crumbs=crumbs, files=files(measured))


def _all(pictures: Mapping[str, Shown]) -> list[Shown]:
    return list(pictures.values())


def keys(measured: Measured) -> list[KeyFigure]:
    """What to know first: the latest year, the latest month with its icon, and how it changes with deprivation."""
    whole = measured.facts.whole
    row, series, slope = measured.latest(whole), measured.series.get(whole), measured.slope
    value, about = number(measured.place), measured.definition.unit
    against = "" if row is None else (f"95% limits {limits(row)}" if row["value"] is not None else limits(row))
    found = [KeyFigure(measure_tables.period(row), value, about, against, why=measured.key(whole))]
    if series is not None:
        found.append(
            KeyFigure("Latest month", with_words(series.variation, series.direction), says(series), "", "months", measured.key(whole))
        )
    if measured.yearly:
        found.append(
            KeyFigure("Year by year", with_words(None, 0, YEARLY), measure_figures.years_say(measured), "", "years", measured.key(whole))
        )
    if slope is not None:
        said = measure_figures.slope_says(measured)
        found.append(
            KeyFigure(
                "Deprivation", number(slope.value), "slope index of inequality", said, "deprivation", measured.group_key("deprivation", "1")
            )
        )
    return found


def _case(name: str, rows: Sequence[Mapping[str, Any]]) -> Table:
    """The rows of a worked case as a table; what a row doesn't say is left open."""
    heads = list(dict.fromkeys(key for row in rows for key in row))
    return Table(
        capital(name.replace("_", " ")),
        [Column(head.replace("_", " "), ["" if row.get(head) is None else str(row[head]) for row in rows], text=True) for head in heads],
    )
