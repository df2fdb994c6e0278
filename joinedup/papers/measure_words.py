"""Measures in words: numbers with as many digits as they bear, what a chart shows, what differs, and what chance alone would give."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from joinedup.papers.facts import Area, Row
from joinedup.papers.measure_chance import false_alarms
from joinedup.papers.measure_facts import Measured
from joinedup.papers.measure_icons import NOT_TESTED, VARIATIONS
from joinedup.papers.measure_series import Series, rules_in_words
from joinedup.papers.numbers import NO_DATA, month
from joinedup.papers.words import MARKS, capital, many, reason

OF_TWENTY = 0.05
"""The share of 95% limits that leave out what they are of by chance alone."""
OF_FIVE_HUNDRED = 0.002
"""The same of 99.8% limits."""


def number(value: float | None) -> str:
    """A value with the digits that it bears: 1,234, 123.4, 12.34."""
    if value is None:
        return NO_DATA
    digits = 0 if abs(value) >= 1000 else (1 if abs(value) >= 10 else 2)
    return f"{value:,.{digits}f}".replace("-", "−")


def limits(row: Row) -> str:
    """The 95% limits of a row, or why it has no value."""
    if row["value"] is None:
        return f"{capital(NO_DATA)}: {reason(row['reason'])}"
    return NO_DATA if row["lower"] is None else f"{number(row['lower'])} to {number(row['upper'])}"


def compared(row: Row | None) -> str:
    """A value with how it compares with the place's: "112.4 ▲ higher"."""
    if row is None or row["value"] is None:
        return NO_DATA
    word = row["comparison"]
    return f"{number(row['value'])} {MARKS[word]} {word}" if word in MARKS else number(row["value"])


def better(row: Row, polarity: int) -> int:
    """1 where a value differs from the place's for the better, -1 for the worse, 0 where it doesn't or neither way is better."""
    return {"higher": 1, "lower": -1}.get(row["comparison"] or "", 0) * polarity


def says(series: Series | None) -> str:
    """What a control chart says of its latest month, as a sentence without a full stop."""
    if series is None or series.last is None:
        return "No month is known"
    last, since = series.last, _since(series)
    later = "" if series.points[-1] is last else f"; too little is known of the months since {month(last.month)}"
    if series.variation is None:
        return f"{capital(NOT_TESTED[1])}; {number(last.value)} in {month(last.month)}{later}"
    about = f"{number(last.value)} in {month(last.month)}, mean {number(last.mean)}{later}"
    if not series.special:
        return f"{capital(VARIATIONS[series.variation][1])}; {about}"
    return f"{capital(VARIATIONS[series.variation][1])}: {about}; {rules_in_words(last.rules)}{since}"


def with_unit(value: float | None, unit: str) -> str:
    """A value with its unit: "69.5% of appointments", "£2,057 per registered person a year", "12.3 per 1,000 people"."""
    if value is None:
        return NO_DATA
    if unit.startswith("£"):
        return f"£{number(value)}{unit[1:]}"
    return f"{number(value)}{'' if unit.startswith('%') else ' '}{unit}"


def moved(series: Series, unit: str) -> str:
    """What made the latest month a special cause, with its unit, as a sentence without a full stop."""
    last = series.last
    if last is None:
        return NO_DATA
    about = f"{with_unit(last.value, unit)} in {month(last.month)}, against a mean of {number(last.mean)}"
    return f"{about}; {rules_in_words(last.rules)}{_since(series)}"


def _since(series: Series) -> str:
    """Since when all known points were special the same way, where that is more than the last."""
    first = None
    for point in reversed(series.known):
        if not point.rules or point.side != series.direction:
            break
        first = point
    return f", since {month(first.month)}" if first is not None and first is not series.last else ""


@dataclass(frozen=True, slots=True)
class Change:
    """A measure in an area that changed, or differs from the place, in a way that matters: which way, and in words."""

    measure: Measured
    area: Area
    way: int
    """1 better, -1 worse, 0 neither."""
    said: str
    key: str
    direction: int = 0
    """1 for higher, -1 for lower: than before, or than the place."""


def changed(measures: Sequence[Measured], areas: Sequence[Area]) -> list[Change]:
    """Control charts of these areas whose latest month is a special cause: the worse first, then neither, then better."""
    found = [
        Change(
            each,
            area,
            {"special cause improving": 1, "special cause concerning": -1}.get(series.variation or "", 0),
            moved(series, each.definition.unit),
            each.key(area),
            series.direction,
        )
        for each in measures
        for area in areas
        if (series := each.series.get(area)) is not None and series.special
    ]
    return sorted(found, key=lambda change: change.way if change.way else 0.5)


def differs(measures: Sequence[Measured], area: Area) -> list[Change]:
    """Measures whose 95% limits in the area leave the place's value out, the worse first."""
    found = []
    for each in measures:
        row = each.latest(area)
        if row is None or row["comparison"] not in ("higher", "lower"):
            continue
        value = with_unit(row["value"], each.definition.unit)
        said = f"{value}, {row['comparison']} than {each.facts.whole.name} ({number(each.place)}); 95% limits {limits(row)}"
        found.append(Change(each, area, better(row, each.polarity), said, each.key(area), {"higher": 1, "lower": -1}[row["comparison"]]))
    return sorted(found, key=lambda change: change.way if change.way else 0.5)


def expected_of_charts(measures: Sequence[Measured], areas: Sequence[Area]) -> str:
    """How many charts of these would have a special cause in their latest month by chance alone, and how many have."""
    charts = [(each, each.series[area]) for each in measures for area in areas if area in each.series]
    tested = [(each, series) for each, series in charts if series.variation is not None]
    if not tested:
        return ""
    chance = [false_alarms(len(series.known), each.definition.rules) for each, series in tested]
    shown, months = sum(series.special for _, series in tested), sum(len(series.known) for _, series in tested)
    without = len(charts) - len(tested)
    untested = f" {many(without, 'chart has', 'charts have')} too few months to be tested." if without else ""
    how_many = many(shown, "chart shows", "charts show") if shown else "No chart shows"
    return (
        f"{how_many} a special cause in the latest month, of {len(tested):,} that could be tested. Were "
        f"nothing but chance at work, {roughly(sum(each.at_the_end for each in chance))} would; and "
        f"{roughly(sum(each.points for each in chance))} of their {months:,} points would be marked.{untested}"
    )


def expected_of_differing(measures: Sequence[Measured], areas: Sequence[Area]) -> str:
    """How many values of these areas would differ from the place's by chance alone, and how many do; nothing where none is known."""
    rows = [row for each in measures for area in areas if (row := each.latest(area)) is not None and row["value"] is not None]
    if not rows:
        return ""
    shown = sum(row["comparison"] in ("higher", "lower") for row in rows)
    return f"Against {measures[0].facts.whole.name}: {expected_of_limits(len(rows), shown)}"


def expected_of_limits(count: int, shown: int, share: float = OF_TWENTY) -> str:
    """How many of so many values would lie beyond their limits by chance alone."""
    sure = {OF_TWENTY: "95%", OF_FIVE_HUNDRED: "99.8%"}[share]
    beyond = f"{many(shown, 'value lies', 'values lie') if shown else 'No value lies'} beyond {sure} limits, of {count:,}"
    return f"{beyond}. Were nothing but chance at work, {roughly(count * share)} would."


def roughly(count: float) -> str:
    """An expected count: "about 3", "fewer than 1"."""
    return "fewer than 1" if count < 0.5 else f"about {count:,.0f}"
