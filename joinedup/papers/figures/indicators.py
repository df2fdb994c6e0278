"""The indicators: each neighbourhood's value with its 95% limits as a dot on a line, the place's as a line across."""

from __future__ import annotations

import math
from typing import Any

import altair

from joinedup.papers import words
from joinedup.papers.facts import Area, Facts, Row
from joinedup.papers.figure import BOTH, Column, Figure, Table, chart_of, fitted, headed
from joinedup.papers.needs import MeasureSpec
from joinedup.papers.numbers import NO_DATA, limits, rate, whole
from joinedup.papers.theme import AREA, INK, OTHERS, PAPER, Size
from joinedup.papers.words import MARKS, capital, compared_with, lines

NAME = 24
"""Letters of a name on one line beside the dots."""
MINE = {"dot": AREA, "ink": AREA, "shape": "diamond", "size": 190}
THEIRS = {"dot": OTHERS, "ink": INK, "shape": "circle", "size": 90}
LINE = 17
"""Pixels that one line of words takes."""


def figures(facts: Facts, area: Area) -> list[Figure]:
    """One figure for each measure, in the order of their descriptions."""
    return [figure(facts, spec, area) for spec in facts.specs.values()]


def figure(facts: Facts, spec: MeasureSpec, area: Area) -> Figure:
    """One measure for every neighbourhood, `area` picked out."""
    identity = spec.id.replace("_", "-")
    about = f"{spec.title}, {spec.unit}, {facts.period}"
    key = f"Dots with 95% limits; the diamond is {area.name}. Dashed line: {facts.whole.name}."
    mine, place = facts.measures.get((spec.id, area)), facts.measures.get((spec.id, facts.whole))
    if mine is None or mine["value"] is None:
        return Figure(identity, f"{spec.title}: {NO_DATA}", about, key, table(facts, spec), reason=reason(mine))
    charts = {size: headed(chart(facts, spec, area, size), size, facts, about, key) for size in BOTH}
    return Figure(identity, finding(facts, spec, mine, place), about, key, table(facts, spec), charts, notes=notes(facts, spec))


def reason(row: Row | None) -> str:
    """Why a measure has no value here, in words."""
    return f"{capital(NO_DATA)}: {why(row)}."


def why(row: Row | None) -> str:
    """The reason alone."""
    return words.reason(row.get("reason") if row else None)


def finding(facts: Facts, spec: MeasureSpec, mine: Row, place: Row | None) -> str:
    """The value, and how it compares with the place's by its limits."""
    compared = compared_with(mine["comparison"], facts.whole.name)
    against = f", {compared} ({rate(place['value'])})" if compared and place is not None else ""
    return f"{spec.title}: {rate(mine['value'])} {spec.unit}{against}"


def notes(facts: Facts, spec: MeasureSpec) -> list[str]:
    """Who has no value, and why."""
    rows = {area: facts.measures.get((spec.id, area)) for area in facts.areas}
    return [f"{capital(NO_DATA)} for {area.name}: {why(row)}." for area, row in rows.items() if row is None or row["value"] is None]


def chart(facts: Facts, spec: MeasureSpec, area: Area, size: Size) -> altair.LayerChart:
    """Neighbourhoods from the highest value to the lowest, values in a column; long names stand above their line."""
    rows = _dots(facts, spec, area, size)
    tallest = max(row["name"].count("\n") for row in rows) + 1
    above = size.narrow or max(len(row["name"]) for row in rows) > NAME
    height = LINE * tallest + 30 if above else 2 * LINE + 4
    drop = LINE * tallest / 2 if above else 0
    reach = max(row["upper"] for row in rows)
    axis = altair.Axis(grid=True, values=_ticks(reach, 3 if size.narrow else 6), format=",~f")
    x = altair.X(
        "value:Q",
        title=lines(spec.unit, size.letters),
        scale=altair.Scale(domain=[0, reach / (0.98 if above else 0.74)], nice=False),
        axis=axis,
    )
    y = altair.Y("name:N", title=None, sort=[row["name"] for row in rows], axis=altair.Axis(labels=not above))
    base = chart_of(rows).encode(y)
    layers = [*_place(facts, spec, reach), *_intervals(base, x, drop), *_text(base, "words", "right", drop, above=above)]
    if above:
        layers += _text(base, "name", "left", drop, above=above)
    return fitted(altair.layer(*layers), size, height * len(rows))


def _intervals(base: altair.Chart, x: altair.X, drop: float) -> list[altair.Chart]:
    """The limits as a line, the value as a dot on it, or a diamond for the neighbourhood picked out."""
    colour, shape = altair.Color("dot:N", scale=None), altair.Shape("shape:N", scale=None)
    interval = base.mark_rule(strokeWidth=3, yOffset=drop).encode(altair.X("lower:Q"), altair.X2("upper:Q"), colour)
    dot = base.mark_point(filled=True, opacity=1, yOffset=drop).encode(x, colour, shape, altair.Size("size:Q", scale=None))
    return [interval, dot]


def _text(base: altair.Chart, field: str, align: str, drop: float, *, above: bool) -> list[altair.Chart]:
    """Words of each row at the left or right end: beside its line, or above it and clear of the dashed line."""
    where = {"x": altair.XValue(0 if align == "left" else "width"), "text": altair.Text(f"{field}:N")}
    place: dict[str, Any] = {"baseline": "bottom", "dy": drop - 10} if above else {"baseline": "middle"}
    style = {"align": align, "lineBreak": "\n", "lineHeight": LINE, **place}
    around = base.mark_text(**style, stroke=PAPER, strokeWidth=4).encode(**where)
    return [*([around] if above else []), base.mark_text(**style).encode(altair.Color("ink:N", scale=None), **where)]


def _ticks(reach: float, count: int) -> list[float]:
    """Round numbers from 0 up to `reach`: about `count` steps of 1, 2 or 5 times a power of ten."""
    power = 10 ** math.floor(math.log10(reach / count)) if reach else 1.0
    step = next(power * times for times in (1, 2, 5, 10) if reach <= power * times * count or times == 10)
    return [round(step * number, 10) for number in range(int(reach / step) + 1)]


def _place(facts: Facts, spec: MeasureSpec, reach: float) -> list[altair.Chart]:
    """The place's value as a dashed line with its name, which leans inward near either end."""
    place = facts.measures.get((spec.id, facts.whole))
    if place is None or place["value"] is None:
        return []
    base = chart_of([{"value": place["value"], "words": f"{facts.whole.name} {rate(place['value'])}"}])
    line = base.mark_rule(color=INK, strokeDash=[5, 3], strokeWidth=1.5).encode(altair.X("value:Q"))
    part = place["value"] / reach if reach else 0
    align = "left" if part < 0.25 else ("right" if part > 0.75 else "center")
    said = base.mark_text(fontWeight="bold", dy=-9, align=align).encode(altair.X("value:Q"), altair.Text("words:N"), y=altair.YValue(0))
    return [line, said]


def _dots(facts: Facts, spec: MeasureSpec, area: Area, size: Size) -> list[dict[str, Any]]:
    found = [(of, row) for of in facts.areas if (row := facts.measures.get((spec.id, of))) is not None and row["value"] is not None]
    return [
        {
            "name": "\n".join(lines(of.name, size.letters - 15)),
            "words": _value(row),
            **(MINE if of == area else THEIRS),
            **{name: row[name] for name in ("value", "lower", "upper")},
        }
        for of, row in sorted(found, key=lambda pair: -pair[1]["value"])
    ]


def _value(row: Row) -> str:
    """The value, and how it compares: "1,434.3 ▲ higher"."""
    return f"{rate(row['value'])} {MARKS[row['comparison']]} {row['comparison']}" if row["comparison"] in MARKS else rate(row["value"])


def table(facts: Facts, spec: MeasureSpec) -> Table:
    """Every neighbourhood's value and limits, the place's last; why there is no value, in place of the limits."""
    areas = [*facts.areas, facts.whole]
    rows: list[Row] = [facts.measures.get((spec.id, area)) or {} for area in areas]
    bare = {name: [row.get(name) for row in rows] for name in ("events", "value", "lower", "upper", "comparison", "reason")}
    shown_limits = [limits(row["lower"], row["upper"]) if row.get("value") is not None else reason(row) for row in rows]
    columns = [
        Column(name="area_type", values=[area.type for area in areas]),
        Column(capital(facts.place.word.singular), [area.name for area in areas], "area_id", [area.id for area in areas]),
        Column(name="area", values=[area.name for area in areas]),
        Column(capital(spec.events), [whole(count) for count in bare["events"]], "events", bare["events"]),
        Column("Value", [rate(value) for value in bare["value"]], "value", bare["value"]),
        Column("95% limits", shown_limits, "lower", bare["lower"]),
        *(Column(name=name, values=bare[name]) for name in ("upper", "reason")),
        Column(
            f"Against {facts.whole.name}",
            [capital(word or "—") for word in bare["comparison"]],
            "comparison",
            bare["comparison"],
            text=True,
        ),
        Column(name="unit", values=[spec.unit] * len(areas)),
    ]
    return Table(f"{spec.title}, {spec.unit}, {facts.period}", columns, total=True)
