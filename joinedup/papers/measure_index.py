"""The index of measures: what changed in a way that matters first, how much of it chance would bring, then every measure in one table."""

from __future__ import annotations

from collections.abc import Sequence

from markupsafe import Markup

from joinedup.papers import measure_tables
from joinedup.papers.facts import Facts
from joinedup.papers.figure import Column, Table
from joinedup.papers.measure_facts import Measured
from joinedup.papers.measure_icons import YEARLY, picture, with_words, words
from joinedup.papers.measure_series import Series
from joinedup.papers.measure_words import Change, better, changed, expected_of_charts, expected_of_differing, number
from joinedup.papers.numbers import NO_DATA
from joinedup.papers.page import Page
from joinedup.papers.words import MARKS, capital, listed

WAYS = {-1: "For the worse", 0: "Neither better nor worse", 1: "For the better"}
SHAPES = {-1: "special cause concerning", 0: "special cause neither", 1: "special cause improving"}


def page(facts: Facts, measures: Sequence[Measured]) -> Page:
    """The page that lists the measures of the place."""
    table = every(facts, measures)
    shows = {
        "changed_here": in_template(changed(measures, [facts.whole])),
        "changed_within": in_template(changed(measures, facts.areas)),
        "expected": expected_of_charts(measures, [facts.whole, *facts.areas]),
        "expected_areas": expected_of_differing(measures, facts.areas),
        "table": table,
        "by_month": any(each.series for each in measures),
    }
    crumbs = ({"href": "index.html", "text": facts.place.name},)
    return Page("measures.html", "measures.jinja", f"Measures of {facts.place.name}", shows, {"all": table}, crumbs=crumbs)


def in_template(changes: Sequence[Change]) -> list[tuple[str, list[tuple[Markup, Change]]]]:
    """Changes under their way, the worse first, each with its icon."""
    grouped: dict[int, list[tuple[Markup, Change]]] = {}
    for each in changes:
        grouped.setdefault(each.way, []).append((picture(SHAPES[each.way], each.direction), each))
    return [(WAYS[way], found) for way, found in grouped.items()]


def every(facts: Facts, measures: Sequence[Measured]) -> Table:
    """Each measure in the place: its latest year, its control chart, and which neighbourhoods stand out."""
    whole = facts.whole
    values = [each.place for each in measures]
    series = [each.series.get(whole) for each in measures]
    links = [Markup('<a href="measure-{}.html">{}</a>').format(each.id, each.definition.title) for each in measures]
    keys = [each.key(whole) for each in measures]
    columns = [
        Column("Measure", links, "measure_id", [each.id for each in measures]),
        Column("Value, latest year", [number(value) for value in values], "value", values, why=keys),
        Column(
            "Unit", [each.definition.unit for each in measures], "unit", [each.definition.unit for each in measures], text=True, why=keys
        ),
        Column(
            "Latest month",
            latest_month(measures, series),
            "variation",
            [each and words(each.variation, each.direction) for each in series],
            text=True,
        ),
        Column(f"{capital(facts.place.word.plural)} that differ", [differing(facts, each) for each in measures], text=True),
    ]
    return Table(f"Every measure of {facts.place.name}, {_period(measures)}", columns)


def latest_month(measures: Sequence[Measured], series: Sequence[Series | None]) -> list[str]:
    """What the chart of each measure shows of its latest month; that there is none, where it is counted by the year."""
    return [
        with_words(chart.variation, chart.direction) if chart else (with_words(None, 0, YEARLY) if each.yearly else NO_DATA)
        for each, chart in zip(measures, series, strict=True)
    ]


def _period(measures: Sequence[Measured]) -> str:
    rows = [row for each in measures if (row := each.latest(each.facts.whole)) is not None]
    return measure_tables.period(max(rows, key=lambda row: row["period_start"]) if rows else None)


def differing(facts: Facts, measured: Measured) -> str:
    """Neighbourhoods whose limits leave the place's value out: "▲ North and South higher; ▼ East lower", and which way is worse."""
    said = []
    for word in ("higher", "lower"):
        rows = [(area, row) for area in facts.areas if (row := measured.latest(area)) is not None and row["comparison"] == word]
        if rows:
            way = {1: " (better)", -1: " (worse)"}.get(better(rows[0][1], measured.polarity), "")
            said.append(f"{MARKS[word]} {listed([area.name for area, _ in rows])} {word}{way}")
    return "; ".join(said) or "—"
