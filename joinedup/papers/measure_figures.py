"""The pictures of a measure, each with its finding and its table."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import altair

from joinedup.papers import measure_control, measure_dots, measure_tables
from joinedup.papers.facts import Area, Facts, Row
from joinedup.papers.figure import BOTH, Figure, Table, headed
from joinedup.papers.measure_dots import Dot, DotSet, Spot
from joinedup.papers.measure_facts import Measured
from joinedup.papers.measure_series import Series
from joinedup.papers.measure_words import OF_FIVE_HUNDRED, compared, expected_of_limits, number, says
from joinedup.papers.numbers import month
from joinedup.papers.theme import Size
from joinedup.papers.words import capital, listed, many, reason

MOST_NAMED = 4
"""Areas that a finding names."""
OUT_OF = {"rate": "Person-years of the people registered", "proportion": "How many the share is of"}
"""What practices lie across by, by the form of the measure."""
LEAST_PRACTICES = 3
"""Practices from which on a funnel is drawn."""
LINES = "Line: the mean. Dashed: limits within which chance keeps nearly all months. Triangles: special causes, and the way they go"


def control(measured: Measured, area: Area) -> Figure:
    """The control chart of an area alone."""
    series, definition, facts = measured.series.get(area), measured.definition, measured.facts
    about = f"{definition.title} in {area.name}, {definition.unit}, month by month"
    colours = {0: "."}.get(measured.polarity, "; blue for the better, brown for the worse.")
    key = LINES + colours
    if series is None or len(series.known) < 2:
        return Figure("months", f"{definition.title}: no month is known", about, key, reason=_why(measured, area), why=measured.key(area))
    charts = _both(facts, about, key, lambda size: measure_control.chart(series, None, size))
    return Figure("months", says(series), about, key, measure_tables.by_month(measured, series), charts, why=measured.key(area))


def panels(measured: Measured) -> Figure | None:
    """The charts of all neighbourhoods side by side; None where there is none."""
    facts, definition = measured.facts, measured.definition
    found = [measured.series[area] for area in facts.areas if area in measured.series and len(measured.series[area].known) > 1]
    if not found:
        return None
    months = [point.month for point in measure_control.since(found)[0].points]
    about = f"{definition.title} by {facts.place.word.singular}, {month(months[0])} to {month(months[-1])}, all on one scale"
    charts = _both(facts, about, f"{LINES}.", lambda size: measure_control.panels(found, [each.area.name for each in found], size))
    return Figure("areas-by-month", _changed(found), about, f"{LINES}.", measure_tables.latest_months(measured), charts, why=measured.root)


def _changed(series: Sequence[Series]) -> str:
    """Which charts show a special cause in their latest month."""
    special = [each.area.name for each in series if each.special]
    untested = sum(each.variation is None for each in series)
    if untested == len(series):
        return "Too few months are known to test any chart"
    if not special:
        return "No special cause in the latest month" + (f", of {len(series) - untested} that could be tested" if untested else "")
    return f"A special cause in the latest month of {listed(special) if len(special) <= MOST_NAMED else f'{len(special)} of {len(series)}'}"


def groups(measured: Measured) -> Figure | None:
    """Neighbourhoods with their limits, the highest first; None where none has a value."""
    facts = measured.facts
    areas = [(area, row) for area in facts.areas if (row := measured.latest(area)) is not None]
    sets = [DotSet("", _sorted([_dot(area.name, row) for area, row in areas]))]
    notes = _without(measured)
    return _dotted(measured, "groups", _differing(measured), sets, table=measure_tables.by_area(measured), notes=notes)


def people(measured: Measured) -> Figure | None:
    """Groups of the place's people with their limits, on a scale of their own; None where none has a value."""
    sets, kinds = [], ("ethnic_group", "sex", "age", "segment")
    for name in kinds:
        rows = sorted(measured.groups(name), key=lambda row: str(row["group_name"]).lower() == "not known")
        dots = [dot for row in rows if (dot := _dot(capital(str(row["group_name"])), row)).value is not None]
        sets.append(DotSet(f"By {measure_tables.BREAKDOWNS[name].lower()}", dots))
    found = [dot for each in sets for dot in each.dots]
    low, high = (choose(found, key=lambda dot: dot.value or 0, default=None) for choose in (min, max))
    finding = f"From {number(low.value)} ({low.name}) to {number(high.value)} ({high.name}) across groups of people" if low and high else ""
    return _dotted(measured, "people", finding, sets, table=measure_tables.by_people(measured, kinds))


def _dotted(  # noqa: PLR0913 - one picture, each part of it
    measured: Measured, name: str, finding: str, sets: Sequence[DotSet], *, table: Table | None = None, notes: Sequence[str] = ()
) -> Figure | None:
    """Sets of dots against the place's value; None where no dot is known."""
    facts, definition = measured.facts, measured.definition
    drawn = [each for each in sets if each.dots]
    if not drawn:
        return None
    about = f"{definition.title}, {definition.unit}, {measure_tables.period(measured.latest(facts.whole))}"
    key = f"Dots with 95% limits; diamonds: limits that leave out the value of {facts.whole.name}, the dashed line."
    key += " Limits that reach the right edge go on beyond it." if measure_dots.beyond_edge(drawn, measured.place) else ""
    line = f"{facts.whole.name} {number(measured.place)}"
    charts = _both(facts, about, key, lambda size: measure_dots.chart(drawn, measured.place, line, size, definition.unit))
    return Figure(name, finding, about, key, table, charts, notes=notes, why=measured.root)


def years(measured: Measured) -> Figure | None:
    """The place and each neighbourhood year by year; None where fewer than two years are known."""
    facts, definition, local = measured.facts, measured.definition, measured.facts.place.word
    areas = [area for area in (facts.whole, *facts.areas) if area in measured.years]
    rows = {area: [row for row in measured.years[area] if row["value"] is not None] for area in areas}
    known = rows.get(facts.whole, [])
    if len(known) < 2:
        return None
    sets = [DotSet(area.name, [_of_year(row) for row in rows[area]]) for area in areas if rows[area]]
    about = f"{definition.title} year by year, {definition.unit}"
    key = f"Dots with 95% limits, {facts.whole.name} and each {local.singular}."
    key += " Limits that reach the right edge go on beyond it." if measure_dots.beyond_edge(sets, None) else ""
    charts = _both(facts, about, key, lambda size: measure_dots.chart(sets, None, "", size, definition.unit))
    return Figure("years", years_say(measured), about, key, measure_tables.by_year(measured), charts, why=measured.root)


def _of_year(row: Row) -> Dot:
    return Dot(measure_tables.year(row), row["value"], row["lower"], row["upper"], number(row["value"]))


def years_say(measured: Measured) -> str:
    """The latest year of the place beside the year before, and whether chance alone may be the difference."""
    rows = [row for row in measured.years.get(measured.facts.whole, []) if row["value"] is not None]
    if len(rows) < 2:
        return "One year alone is known"
    before, last = rows[-2:]
    said = f"{number(last['value'])} in {measure_tables.year(last)}, {number(before['value'])} in {measure_tables.year(before)}"
    apart = last["lower"] is not None and before["lower"] is not None
    if not apart:
        return said
    clear = last["lower"] > before["upper"] or last["upper"] < before["lower"]
    return f"{said}: " + ("the limits of the two years lie apart" if clear else "no more apart than chance may bring")


def _sorted(dots: Sequence[Dot]) -> list[Dot]:
    return sorted((dot for dot in dots if dot.value is not None), key=lambda dot: -(dot.value or 0))


def _dot(name: str, row: Row) -> Dot:
    beyond = row["comparison"] in ("higher", "lower")
    return Dot(name, row["value"], row["lower"], row["upper"], compared(row), beyond)


def _differing(measured: Measured) -> str:
    """Which neighbourhoods differ from the place by their limits, and which way."""
    facts, local, said = measured.facts, measured.facts.place.word, []
    for word in ("higher", "lower"):
        names = [area.name for area in facts.areas if (row := measured.latest(area)) is not None and row["comparison"] == word]
        if names:
            named = listed(names) if len(names) <= MOST_NAMED else many(len(names), local.singular, local.plural)
            said.append(f"{word} than {facts.whole.name}: {named}")
    if said:
        return capital("; ".join(said))
    return f"No {local.singular} differs beyond chance, of {many(len(facts.areas), local.singular, local.plural)}"


def _without(measured: Measured) -> list[str]:
    """Areas without a value, and why."""
    rows = [(area, measured.latest(area)) for area in measured.facts.areas]
    return [f"No data for {area.name}: {reason(row['reason'])}." for area, row in rows if row is not None and row["value"] is None]


def gradient(measured: Measured) -> Figure | None:
    """The deprivation fifths with the slope index of inequality; None where that isn't declared."""
    rows = [row for row in measured.groups("deprivation") if row["group_value"] in ("1", "2", "3", "4", "5")]
    if not [row for row in rows if row["value"] is not None]:
        return None
    definition, slope = measured.definition, measured.slope
    about = f"{definition.title} by deprivation fifth of England, {definition.unit}, {measure_tables.period(rows[-1])}"
    key = "Dots with 95% limits, each at the middle of its share of the people" + (
        "; dashed: the line of the slope index." if slope else "."
    )
    share = [row["denominator"] or 0 for row in rows]
    ranks = slope.ranks if slope else [(sum(share[:at]) + part / 2) / (sum(share) or 1) for at, part in enumerate(share)]
    dots = [_dot("", row) for row in rows]
    charts = _both(measured.facts, about, key, lambda size: measure_dots.gradient(dots, ranks, slope.ends if slope else None, size))
    return Figure(
        "deprivation", slope_says(measured), about, key, measure_tables.by_group(measured, "deprivation"), charts, why=measured.root
    )


def slope_says(measured: Measured) -> str:
    """The slope index in words."""
    slope = measured.slope
    if slope is None:
        return "How it changes with deprivation can't be told: a fifth has no value"
    if slope.lower <= 0 <= slope.upper:
        return f"No clear change with deprivation: slope {number(slope.value)} ({number(slope.lower)} to {number(slope.upper)})"
    way, around = "lower" if slope.value < 0 else "higher", f"slope {number(slope.lower)} to {number(slope.upper)}"
    return f"{number(abs(slope.value))} {way} at the least deprived end than at the most deprived ({around})"


def funnel(measured: Measured) -> Figure | None:
    """Practices by size; None for the public, of too few practices, and of what isn't counted by them."""
    centre, found = measured.funnel
    if len(found) < LEAST_PRACTICES:
        return None
    definition, rows = measured.definition, [row for row, _ in found]
    spots = [Spot(row["area_name"], row["denominator"], row["value"], *limits) for row, limits in found]
    beyond = [spot.name for spot in spots if spot.side]
    about = f"{definition.title} by practice, {definition.unit}, {measure_tables.period(rows[-1])}"
    key = "Dots: practices. Across: the value of all. Dashed and full curves: 95% and 99.8% limits; triangles lie beyond the latter."
    charts = _both(measured.facts, about, key, lambda size: measure_dots.funnel(spots, centre, size, OUT_OF[definition.form]))
    said = listed(beyond) if len(beyond) <= MOST_NAMED else many(len(beyond), "practice", "practices")
    finding = f"Beyond the outer limits: {said}" if beyond else "No practice lies beyond the outer limits"
    notes = [expected_of_limits(len(spots), len(beyond), OF_FIVE_HUNDRED)]
    return Figure("practices", finding, about, key, measure_tables.by_practice(measured, rows), charts, notes=notes, why=measured.root)


def _both(facts: Facts, about: str, key: str, chart: Callable[[Size], altair.TopLevelMixin]) -> dict[Size, altair.TopLevelMixin]:
    return {size: headed(chart(size), size, facts, about, key) for size in BOTH}


def _why(measured: Measured, area: Area) -> str:
    row = measured.latest(area)
    return f"No data: {reason(row['reason'] if row else None)}."


def tables(measured: Measured) -> dict[str, Table]:
    """The tables by group that have no picture of their own."""
    names = [name for name in ("ethnic_group", "sex", "age", "segment") if measured.groups(name)]
    return {name.replace("_", "-"): measure_tables.by_group(measured, name) for name in names}
