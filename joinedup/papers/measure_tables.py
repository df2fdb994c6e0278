"""The tables of a measure: by month, area, group of people, practice and variant; as a page shows them and as files hold them."""

from __future__ import annotations

from collections.abc import Sequence

from joinedup.papers.facts import Area, Row
from joinedup.papers.figure import Column, Table
from joinedup.papers.measure_facts import Measured
from joinedup.papers.measure_icons import words
from joinedup.papers.measure_series import Point, Series, rules_in_words
from joinedup.papers.measure_words import limits, number
from joinedup.papers.numbers import NO_DATA, month, span, whole
from joinedup.papers.words import capital
from joinedup.periods import Period, year_name

BREAKDOWNS = {
    "deprivation": "Deprivation, by fifths of England",
    "ethnic_group": "Ethnic group",
    "sex": "Sex",
    "age": "Age",
    "segment": "Segment",
}
BARE = ("events", "numerator", "denominator", "value", "lower", "upper", "reason", "comparison", "known_share")


def period(row: Row | None) -> str:
    """The days that a row is of."""
    return NO_DATA if row is None else span((row["period_start"], row["period_end"]))


def year(row: Row) -> str:
    """What the year of a row is called: 2025-26."""
    return year_name(Period(row["period_start"], row["period_end"]))


def by_year(measured: Measured) -> Table:
    """The place and each neighbourhood, year by year, the latest first."""
    facts = measured.facts
    found = [(area, row) for area in (facts.whole, *facts.areas) for row in reversed(measured.years.get(area, ()))]
    rows = [row for _, row in found]
    columns = [
        Column(capital(facts.place.word.singular), [area.name for area, _ in found], "area_id", [area.id for area, _ in found]),
        Column("Year", [year(row) for row in rows], "year", [row["period_start"] for row in rows], text=True),
        *_values(rows, None),
    ]
    return Table(f"{measured.definition.title}, {measured.definition.unit}, year by year", columns)


def by_month(measured: Measured, series: Series) -> Table:
    """The months of one chart, the latest first."""
    points = list(reversed(series.points))
    shown = [rules_in_words(point.rules) or ("—" if point.value is not None else NO_DATA) for point in points]
    columns = [
        Column("Month", [month(point.month) for point in points], "month", [point.month for point in points]),
        *(
            Column(head, [number(value) for value in values], name, values)
            for head, name, values in (
                ("Value", "value", [point.value for point in points]),
                ("Mean", "mean", [point.mean for point in points]),
                ("Lower limit", "lower", [point.lower for point in points]),
                ("Upper limit", "upper", [point.upper for point in points]),
            )
        ),
        Column("Special cause", [capital(each) for each in shown], "rules", [" ".join(point.rules) for point in points], text=True),
    ]
    return Table(f"{measured.definition.title} in {series.area.name}, month by month", columns)


def latest_months(measured: Measured) -> Table:
    """The latest month of each area's chart, the place last."""
    facts = measured.facts
    rows = [measured.series[area] for area in (*facts.areas, facts.whole) if area in measured.series]
    last = [series.last or Point(series.points[0].month, None, None, None, None) for series in rows]
    columns = [
        Column(capital(facts.place.word.singular), [series.area.name for series in rows], "area_id", [series.area.id for series in rows]),
        Column("Latest month", [month(each.month) for each in last], "month", [each.month for each in last], text=True),
        *(
            Column(head, [number(value) for value in values], name, values)
            for head, name, values in (
                ("Value", "value", [each.value for each in last]),
                ("Mean", "mean", [each.mean for each in last]),
                ("Lower limit", "lower", [each.lower for each in last]),
                ("Upper limit", "upper", [each.upper for each in last]),
            )
        ),
        Column(
            "Shows", [words(each.variation, each.direction) for each in rows], "variation", [each.variation for each in rows], text=True
        ),
    ]
    return Table(f"{measured.definition.title}: the latest month of each chart", columns, total=True)


def by_area(measured: Measured) -> Table:
    """The latest year by neighbourhood, the place last."""
    facts = measured.facts
    areas = [area for area in (*facts.areas, facts.whole) if area in measured.years]
    rows = [measured.years[area][-1] for area in areas]
    columns = [
        Column(capital(facts.place.word.singular), [area.name for area in areas], "area_id", [area.id for area in areas]),
        *_values(rows, facts.whole),
    ]
    return Table(_caption(measured, rows), columns, total=True, why=[measured.key(area) for area in areas])


def by_group(measured: Measured, breakdown: str) -> Table:
    """The place's latest year by group of people."""
    rows = measured.groups(breakdown)
    names = [capital(str(row["group_name"])) for row in rows]
    columns = [
        Column(BREAKDOWNS[breakdown], names, breakdown, [row["group_value"] for row in rows]),
        *_values(rows, None),
    ]
    return Table(_caption(measured, rows), columns, why=[measured.group_key(breakdown, row["group_value"]) for row in rows])


def by_people(measured: Measured, breakdowns: Sequence[str]) -> Table:
    """The place's latest year by every group of people, one kind of group below the other."""
    found = [(name, row) for name in breakdowns for row in measured.groups(name)]
    rows = [row for _, row in found]
    columns = [
        Column("Group", [capital(str(row["group_name"])) for row in rows], "group_value", [row["group_value"] for row in rows]),
        Column("By", [BREAKDOWNS[name] for name, _ in found], "breakdown", [name for name, _ in found], text=True),
        *_values(rows, None),
    ]
    return Table(_caption(measured, rows), columns, why=[measured.group_key(name, row["group_value"]) for name, row in found])


def by_practice(measured: Measured, rows: Sequence[Row]) -> Table:
    """The latest year by practice."""
    columns = [
        Column("Practice", [row["area_name"] for row in rows], "practice_code", [row["area_id"] for row in rows]),
        *_values(rows, measured.facts.whole),
        *(Column(name=name, values=[row[name] for row in rows]) for name in ("lower998", "upper998")),
    ]
    keys = [measured.key(Area("practice", row["area_id"], row["area_name"])) for row in rows]
    return Table(_caption(measured, rows), columns, why=keys)


def of_variants(measured: Measured) -> Table:
    """The measure as defined and each variant, with the difference that it makes in the place."""
    standard = measured.latest(measured.facts.whole)
    rows: list[tuple[str, str, str, Row | None]] = [("As defined here", "standard", "", standard)]
    rows += [(variant.title, variant.id, variant.why, row) for variant, row in measured.variants]
    base = None if standard is None else standard["value"]
    values = [None if row is None else row["value"] for *_, row in rows]
    columns = [
        Column("Variant", [title for title, *_ in rows], "variant", [name for _, name, *_ in rows]),
        Column(
            "Counted", [whole(row["events"]) if row else NO_DATA for *_, row in rows], "events", [row and row["events"] for *_, row in rows]
        ),
        Column("Value", [number(value) for value in values], "value", values),
        Column(
            "Difference",
            [_difference(value, base) for value in values],
            "difference",
            [None if value is None or base is None else value - base for value in values],
        ),
        Column("Why it is told", [why or "—" for _, _, why, _ in rows], text=True),
    ]
    keys = [measured.key(measured.facts.whole), *(measured.root for _ in measured.variants)]
    return Table(f"{measured.definition.title}: variants, {measured.definition.unit}, {period(standard)}", columns, why=keys)


def _difference(value: float | None, base: float | None) -> str:
    """How far a variant's value lies from the measure's, and by what share of it."""
    if value is None or base is None:
        return NO_DATA
    if value == base:
        return "—"
    share = f" ({(value / base - 1) * 100:+.1f}%)".replace("-", "−") if base else ""
    return f"{'+' if value > base else ''}{number(value - base)}{share}"


def _values(rows: Sequence[Row], against: Area | None) -> list[Column]:
    counts = [row["events"] for row in rows]
    words_of = [capital(row["comparison"] or "—") for row in rows]
    compared = (
        [Column(f"Against {against.name}", words_of, "comparison", [row["comparison"] for row in rows], text=True)] if against else []
    )
    return [
        Column("Counted", [whole(count) for count in counts], "events", counts),
        *(Column(name=name, values=[row[name] for row in rows]) for name in ("numerator", "denominator")),
        Column("Value", [number(row["value"]) for row in rows], "value", [row["value"] for row in rows]),
        Column("95% limits", [limits(row) for row in rows], "lower", [row["lower"] for row in rows]),
        *(Column(name=name, values=[row[name] for row in rows]) for name in ("upper", "reason", "known_share")),
        *compared,
    ]


def _caption(measured: Measured, rows: Sequence[Row]) -> str:
    return f"{measured.definition.title}, {measured.definition.unit}, {period(rows[-1] if rows else None)}"
