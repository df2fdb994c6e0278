"""The pack of a neighbourhood: what changed or differs first, then every measure, its people, needs, use and cost; for screen and paper."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

import altair
from markupsafe import Markup

from joinedup.papers import measure_control, measure_tables, profile_page
from joinedup.papers.evident import evident
from joinedup.papers.facts import Area, Facts
from joinedup.papers.figure import BOTH, Column, Figure, Table, headed
from joinedup.papers.figures import costs, use
from joinedup.papers.measure_commentary import said
from joinedup.papers.measure_facts import Measured
from joinedup.papers.measure_icons import words
from joinedup.papers.measure_index import in_template, latest_month
from joinedup.papers.measure_series import Series
from joinedup.papers.measure_words import (
    changed,
    compared,
    differs,
    expected_of_charts,
    expected_of_differing,
    expected_of_limits,
    number,
    says,
)
from joinedup.papers.page import Desk, Page, shown, tables_of
from joinedup.papers.summary import key_figures
from joinedup.papers.theme import Size
from joinedup.papers.why import since
from joinedup.papers.words import many

NOT_MOVED = ("the same", "0", "0.0", "0.00")
"""What is said of a number that stayed as it was, or moved by less than its digits show."""
LEFT_OUT = ("flows",)
"""Sections of the neighbourhood's own page that a pack leaves to it."""
VARIATION = "variation"
PANELS = 24
"""Small charts in one picture, which a sheet of paper holds."""
LINES = "Each on its own scale. Line: the mean. Dashed: limits within which chance keeps nearly all months. Triangles: special causes"


def pages(facts: Facts, measures: Sequence[Measured], desk: Desk) -> Iterator[Page]:
    """The pack of each neighbourhood; none where the build has no measure."""
    if measures:
        for area in facts.areas:
            yield page(facts, measures, area, desk)


def file_of(area: Area) -> str:
    """The file of its pack, without an ending."""
    return f"pack-{area.id}"


def page(facts: Facts, measures: Sequence[Measured], area: Area, desk: Desk) -> Page:
    """The pack of one neighbourhood."""
    name = file_of(area)
    found = [section for section in profile_page.sections(facts, area, name, desk) if section.id.removeprefix("section-") not in LEFT_OUT]
    figures = {module.__name__.rsplit(".", 1)[-1]: shown(module.figure(facts, area), name, desk) for module in (use, costs)}
    variation = [shown(figure, name, desk) for figure in charts(facts, measures, area)]
    sloped = [each for each in measures if each.slope is not None]
    clear = [each for each in sloped if each.slope is not None and not each.slope.lower <= 0 <= each.slope.upper]
    told = [each for each in measures if (each.value(area), each.place) != (None, None)]
    tables = {"measures": every(facts, told, area), "inequality": inequality(clear), "since": moved(facts, measures, area)}
    shows = {
        "area": area,
        "keys": key_figures(facts, area)[:4],
        "changed": in_template(changed(measures, [area])),
        "differs": in_template(differs(measures, area)),
        "expected": expected_of_charts(measures, [area]),
        "expected_limits": expected_of_differing(measures, [area]),
        "sections": found,
        "figures": figures,
        "variation": variation,
        "tables": tables,
        "without": [evident(_link(each), each.key(area), text=True) for each in measures if each not in told],
        "sloped": len(sloped),
        "expected_slopes": expected_of_limits(len(sloped), len(clear)) if sloped else "",
        "compared_with_before": facts.changes is not None,
        "commentaries": [
            (each.definition.title, comments)
            for each in measures
            if (comments := said(facts.place, each.id, internal=facts.internal, area=area))
        ],
        "pdf": f"{name}.pdf",
        "with_pdf": desk.prints(area.id),
    }
    pictures = [*(each for section in found for each in section.figures), *figures.values(), *variation]
    crumbs = ({"href": "index.html", "text": facts.place.name}, {"href": f"neighbourhood/{area.id}.html", "text": area.name})
    given = {key: table for key, table in {**tables, "measures": every(facts, measures, area)}.items() if table.rows}
    return Page(f"{name}.html", "pack.jinja", f"Pack of {area.name}", shows, {**tables_of(pictures), **given}, area.id, crumbs)


def charts(facts: Facts, measures: Sequence[Measured], area: Area) -> list[Figure]:
    """The control charts that could be tested, special causes first, small and side by side, as many in one picture as a sheet holds.

    Those of rare events, and of what is counted once a year, aren't drawn: a note tells how many. None where no chart could be tested.
    """
    found = [(each, series) for each in measures if (series := each.series.get(area)) is not None and series.variation is not None]
    ordered = sorted(found, key=lambda each: not each[1].special)
    special = sum(series.special for _, series in found)
    finding = f"{many(special, 'measure shows', 'measures show')} a special cause in the latest month, of {len(found)} that could be tested"
    left = len(measures) - len(found)
    note = f"{many(left, 'measure isn’t', 'measures aren’t')} drawn: too few events or months to test, or counted once a year."
    parts = [ordered[at : at + PANELS] for at in range(0, len(ordered), PANELS)]
    drawn = [_panels(facts, area, part, number) for number, part in enumerate(parts, start=1)]
    return [replace(each, finding=finding, notes=[note] if left else []) if each.id == VARIATION else each for each in drawn]


def _panels(facts: Facts, area: Area, found: Sequence[tuple[Measured, Series]], number: int) -> Figure:
    """One picture of several, under the finding of one that isn't the first."""
    names, charted = [each.definition.title for each, _ in found], [each for _, each in found]
    about = f"Measures in {area.name}, month by month"

    def drawn(size: Size) -> altair.LayerChart:
        return measure_control.panels(charted, names, size, one_scale=False, most=4)

    table = Table(
        about,
        [
            Column("Measure", names, "measure_id", [each.id for each, _ in found]),
            Column("What its chart says", [says(each) for each in charted], "variation", [each.variation for each in charted], text=True),
        ],
        why=[each.key(area) for each, _ in found],
    )
    pictures = {size: headed(drawn(size), size, facts, about, f"{LINES}.") for size in BOTH}
    name = VARIATION if number == 1 else f"{VARIATION}-{number}"
    return Figure(name, "More measures that could be tested", about, f"{LINES}.", table, pictures, why=found[0][0].root)


def every(facts: Facts, measures: Sequence[Measured], area: Area) -> Table:
    """Each measure in the area: the latest year beside the place's, and what its chart shows."""
    rows, series = [each.latest(area) for each in measures], [each.series.get(area) for each in measures]
    keys = [each.key(area) for each in measures]
    place = [each.place for each in measures]
    columns = [
        Column("Measure", [_link(each) for each in measures], "measure_id", [each.id for each in measures]),
        Column("Latest year", [compared(row) for row in rows], "value", [row and row["value"] for row in rows], why=keys),
        *(Column(name=name, values=[row and row[name] for row in rows]) for name in ("lower", "upper", "comparison", "reason")),
        Column(facts.whole.name, [number(value) for value in place], "place", place, why=[each.key(facts.whole) for each in measures]),
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
    ]
    latest = next((row for row in rows if row is not None), None)
    return Table(f"Every measure of {area.name}, {measure_tables.period(latest)}", columns)


def _link(measured: Measured) -> Markup:
    return Markup('<a href="measure-{}.html">{}</a>').format(measured.id, measured.definition.title)


def inequality(measures: Sequence[Measured]) -> Table:
    """How each of these measures of the place changes from its most to its least deprived people; those without a slope are left out."""
    found = [(each, each.slope) for each in measures if each.slope is not None]
    slopes = [slope for _, slope in found if slope]
    columns = [
        Column("Measure", [each.definition.title for each, _ in found], "measure_id", [each.id for each, _ in found]),
        Column("Slope index", [number(slope.value) for slope in slopes], "slope", [slope.value for slope in slopes]),
        Column(
            "95% limits", [f"{number(each.lower)} to {number(each.upper)}" for each in slopes], "lower", [each.lower for each in slopes]
        ),
        Column(name="upper", values=[slope.upper for slope in slopes]),
        Column("Says", [_clear(each.lower, each.upper) for each in slopes], text=True),
        Column("Unit", [each.definition.unit for each, _ in found], "unit", [each.definition.unit for each, _ in found], text=True),
    ]
    return Table(
        "From the most to the least deprived people of the place", columns, why=[each.group_key("deprivation", "1") for each, _ in found]
    )


def _clear(lower: float, upper: float) -> str:
    if lower <= 0 <= upper:
        return "No clear change"
    return "Higher where people are less deprived" if lower > 0 else "Higher where people are more deprived"


def moved(facts: Facts, measures: Sequence[Measured], area: Area) -> Table:
    """What moved since the build before, of the measures in the area and of its key figures; nothing where nobody has compared."""
    keys = {each.definition.title: each.key(area) for each in measures} | {spec.title: area.why(name) for name, spec in facts.specs.items()}
    said = {title: since(facts, key) for title, key in keys.items()} if facts.changes is not None else {}
    found = [(title, words) for title, words in said.items() if words not in NOT_MOVED]
    columns = [
        Column("Measure", [title for title, _ in found], "measure", [title for title, _ in found]),
        Column("Since the build before", [words for _, words in found], "since", [words for _, words in found], text=True),
    ]
    return Table("What moved, and by what", columns, why=[keys[title] for title, _ in found])
