"""The indicators: each neighbourhood's value with its 95% limits as a dot on a line, the place's as a line across."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import altair

from joinedup.papers import words
from joinedup.papers.facts import Area, Facts, Row
from joinedup.papers.figure import BOTH, Column, Figure, Table, chart_of, fitted, headed, layered
from joinedup.papers.known import Known
from joinedup.papers.needs import MeasureSpec
from joinedup.papers.numbers import NO_DATA, limits, rate, whole
from joinedup.papers.theme import AREA, INK, OTHERS, PAPER, Size
from joinedup.papers.words import MARKS, capital, compared_with, lines

NAME = 24
"""Letters of a name on one line beside the dots."""
MINE = {"dot": AREA, "ink": AREA, "shape": "diamond", "size": 190}
THEIRS = {"dot": OTHERS, "ink": INK, "shape": "circle", "size": 90}
LETTER = 7.0
"""Pixels that a letter takes, on average and generously."""
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
        return Figure(identity, f"{spec.title}: {NO_DATA}", about, key, table(facts, spec), reason=reason(mine), why=area.why(spec.id))
    charts = {size: headed(chart(facts, spec, area, size), size, facts, about, key) for size in BOTH}
    return Figure(
        identity, finding(facts, spec, mine, place), about, key, table(facts, spec), charts, notes=notes(facts, spec), why=area.why(spec.id)
    )


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
    """Of which providers and months the measure is known, and which areas have no value, and why."""
    rows = {area: facts.measures.get((spec.id, area)) for area in facts.areas}
    none = [f"{capital(NO_DATA)} for {area.name}: {why(row)}." for area, row in rows.items() if row is None or row["value"] is None]
    return [*Known(facts).notes(spec), *none]


@dataclass(frozen=True, slots=True)
class Layout:
    """Whether names stand above their lines, for want of room beside them; and if so how many lines the longest takes after its first."""

    above: bool
    more: int

    @classmethod
    def of(cls, names: Sequence[str], size: Size) -> Layout:
        """What these names need."""
        above = size.narrow or max(map(len, names)) > NAME
        return cls(above, max(name.count("\n") for name in names) if above else 0)

    @property
    def height(self) -> int:
        """Pixels for each neighbourhood."""
        return LINE * (self.more + 1) + 28 if self.above else 2 * LINE + 4

    @property
    def drop(self) -> float:
        """Pixels by which its line lies under the middle of that."""
        return self.height / 2 - 13 if self.above else 0

    def words(self, row: Mapping[str, Any]) -> dict[str, Any]:
        """The row with its words pushed down to just above its line."""
        name, said = row["name"], row["words"]
        return {**row, "label": "\n" * (self.more - name.count("\n")) + name, "words": "\n" * self.more + said}


def chart(facts: Facts, spec: MeasureSpec, area: Area, size: Size) -> altair.LayerChart:
    """Neighbourhoods from the highest value to the lowest, values in a column."""
    rows = _dots(facts, spec, area, size)
    order = [row["name"] for row in rows]
    layout, reach = Layout.of(order, size), max(row["upper"] for row in rows)
    scale = altair.Scale(domain=[0, reach / (0.98 if layout.above else 0.74) or 1], nice=False)
    axis = altair.Axis(grid=True, values=_ticks(reach, 3 if size.narrow else 6), format=",~f")
    x = altair.X("value:Q", title=lines(spec.unit, size.letters), scale=scale, axis=axis)
    y = altair.Y("name:N", title=None, sort=order, axis=altair.Axis(labels=not layout.above))
    base = chart_of([layout.words(row) for row in rows])
    layers = [*_place(facts, spec, reach), *_intervals(base.encode(y), x, layout.drop)]
    layers += _text(base, order, "words", "right", layout)
    layers += _text(base, order, "label", "left", layout) if layout.above else []
    return fitted(layered(*layers), size, layout.height * len(rows))


def _intervals(base: altair.Chart, x: altair.X, drop: float) -> list[altair.Chart]:
    """The limits as a line, the value as a dot on it, or a diamond for the neighbourhood picked out."""
    colour, shape = altair.Color("dot:N", scale=None), altair.Shape("shape:N", scale=None)
    interval = base.mark_rule(strokeWidth=3, yOffset=drop).encode(altair.X("lower:Q"), altair.X2("upper:Q"), colour)
    dot = base.mark_point(filled=True, opacity=1, yOffset=drop).encode(x, colour, shape, altair.Size("size:Q", scale=None))
    return [interval, dot]


def _text(base: altair.Chart, order: Sequence[str], field: str, align: str, layout: Layout) -> list[altair.Chart]:
    """Words of each row at the left or right end: beside its line, or above it and clear of the dashed line."""
    y = altair.Y("name:N", sort=order, bandPosition=0 if layout.above else 0.5)
    where = {"x": altair.XValue(0 if align == "left" else "width"), "y": y, "text": altair.Text(f"{field}:N")}
    style = {"align": align, "lineBreak": "\n", "lineHeight": LINE, "baseline": "top" if layout.above else "middle"}
    around = base.mark_text(**style, stroke=PAPER, strokeWidth=4).encode(**where)
    return [*([around] if layout.above else []), base.mark_text(**style).encode(altair.Color("ink:N", scale=None), **where)]


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
    """The neighbourhoods that have a value, the highest first; names broken to stand beside the longest value in words."""
    found = [(of, row) for of in facts.areas if (row := facts.measures.get((spec.id, of))) is not None and row["value"] is not None]
    letters = int(size.width / LETTER) - max(len(_value(row)) for _, row in found)
    return [
        {
            "name": "\n".join(lines(of.name, letters)),
            "words": _value(row),
            "value": row["value"],
            # Of so few events that chance can't be told there are no limits: the dot stands alone.
            "lower": row["value"] if row["lower"] is None else row["lower"],
            "upper": row["value"] if row["upper"] is None else row["upper"],
        }
        | (MINE if of == area else THEIRS)
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
    keys = [area.why(spec.id) for area in areas]
    return Table(f"{spec.title}, {spec.unit}, {facts.period}", columns, total=True, why=keys)
