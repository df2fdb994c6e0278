"""Control charts of a measure: one of an area alone, and small ones of every neighbourhood side by side, all on one scale."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

import altair

from joinedup.papers.figure import chart_of, fitted, layered
from joinedup.papers.measure_icons import BETTER, NEITHER, WORSE
from joinedup.papers.measure_series import Kind, Point, Series
from joinedup.papers.theme import INK, OTHERS, PAPER, QUIET, RULE, Size
from joinedup.papers.words import lines

SHOWN: dict[Kind, tuple[str, int]] = {"common": (OTHERS, 28), "better": (BETTER, 95), "worse": (WORSE, 95), "neither": (NEITHER, 95)}
"""The colour and area of a point by what it shows."""
HEIGHT, NARROW_HEIGHT = 230, 210
PANEL, GAP, HEAD = 86, 16, 17
"""Pixels of a small chart, between two, and of a line of its name."""


def shape(point: Point) -> str:
    """A triangle that points the way of a special cause; else a dot, or a square where it has no way."""
    if point.kind == "common":
        return "circle"
    return {1: "triangle-up", -1: "triangle-down"}.get(point.side, "square")


def _rows(points: Sequence[Point]) -> list[dict[str, Any]]:
    return [
        {
            "month": point.month.isoformat(),
            "value": point.value,
            "mean": point.mean,
            "lower": point.lower,
            "upper": point.upper,
            "colour": SHOWN[point.kind][0],
            "size": SHOWN[point.kind][1],
            "shape": shape(point),
        }
        for point in points
    ]


def _axis(points: Sequence[Point], size: Size) -> altair.Axis:
    """Every sixth month, or the first of each year where there is no room."""
    months = [point.month for point in points]
    step = 12 if size.narrow else 6
    named = [each for each in months if (each.month - months[0].month) % step == 0]
    values = [altair.DateTime(year=each.year, month=each.month, date=1) for each in named]
    return altair.Axis(values=values, format="%b %Y", labelOverlap=True, labelFlush=False, ticks=True, tickColor=QUIET)


def chart(series: Series, target: float | None, size: Size) -> altair.LayerChart:
    """Values as dots on a line, the mean as a line across, the limits dashed; special causes as triangles of the way that they go.

    It begins with the first month that is known. Its unit stands in the words above it: beside the axis it would be cut off.
    """
    points = since([series])[0].points
    base = chart_of(_rows(points))
    x = altair.X("month:T", title=None, axis=_axis(points, size))
    ticks = altair.Axis(grid=True, tickCount=4 if size.narrow else 5)
    y = altair.Y("value:Q", title=None, scale=altair.Scale(zero=False, nice=True), axis=ticks)
    limits = [
        base.mark_line(color=QUIET, strokeDash=[5, 4], strokeWidth=1.3, interpolate="step").encode(x, altair.Y(f"{name}:Q"))
        for name in ("lower", "upper")
    ]
    mean = base.mark_line(color=INK, strokeWidth=1.3, interpolate="step").encode(x, altair.Y("mean:Q"))
    line = base.mark_line(color=OTHERS, strokeWidth=1.5).encode(x, y)
    dots = base.mark_point(filled=True, opacity=1, stroke=PAPER, strokeWidth=0.7).encode(
        x,
        y,
        altair.Color("colour:N", scale=None),
        altair.Shape("shape:N", scale=None),
        altair.Size("size:Q", scale=None),
    )
    layers = [*limits, mean, line, dots, *_target(target)]
    return fitted(layered(*layers), size, NARROW_HEIGHT if size.narrow else HEIGHT)


def _target(target: float | None) -> list[altair.Chart]:
    if target is None:
        return []
    return [chart_of([{"target": target}]).mark_rule(color=NEITHER, strokeWidth=2, strokeDash=[2, 2]).encode(altair.Y("target:Q"))]


def since(series: Sequence[Series]) -> list[Series]:
    """The same charts from the first month on that is known in any of them."""
    first = min((each.known[0].month for each in series if each.known), default=date.min)
    return [replace(each, points=[point for point in each.points if point.month >= first]) for each in series]


@dataclass(frozen=True, slots=True)
class Panel:
    """Where one small chart stands, in pixels, and the values at its foot and at its head."""

    left: float
    top: float
    wide: float
    low: float
    high: float

    def y(self, value: float | None) -> float | None:
        """The height of a value."""
        return None if value is None else round(self.top + PANEL * (1 - (value - self.low) / (self.high - self.low or 1)), 1)

    def x(self, month: date, months: Sequence[date]) -> float:
        """The place of a month between the first and the last."""
        whole = (months[-1] - months[0]).days
        return round(self.left + 4 + (self.wide - 8) * ((month - months[0]).days / whole if whole else 0.5), 1)


def panels(series: Sequence[Series], names: Sequence[str], size: Size, *, one_scale: bool = True, most: int = 3) -> altair.LayerChart:
    """Small charts in rows from left to right, each with its name above it, `most` beside one another; by default all on one scale.

    They are one picture of shapes at places that are worked out here, since a drawing of many parts takes many times as long.
    """
    series = since(series)
    columns = min(len(series), 2 if size.narrow else most)
    wide = (size.width - GAP * (columns - 1) - 8) / columns
    broken = [lines(name, int(wide / 7.4)) for name in names]
    head = HEAD * max(map(len, broken)) + 4
    step = head + PANEL + GAP
    reach = _reach(series)
    rows, rules, words = [], [], []
    for at, each in enumerate(series):
        left, top = (at % columns) * (wide + GAP), (at // columns) * step
        words += [{"x": left, "y": top + HEAD * line, "words": text} for line, text in enumerate(broken[at])]
        panel = Panel(left, top + head, wide, *(reach if one_scale else _reach([each])))
        rows += _dots(each, panel, str(at))
        rules += _limits(each, panel)
    return _drawn(rows, rules, words, size, step * -(-len(series) // columns))


def _reach(series: Sequence[Series]) -> tuple[float, float]:
    """The lowest and the highest of all values and limits."""
    found = [value for each in series for point in each.points for value in (point.value, point.lower, point.upper) if value is not None]
    return (min(found), max(found)) if found else (0.0, 1.0)


def _dots(series: Series, panel: Panel, name: str) -> list[dict[str, Any]]:
    months = [point.month for point in series.points]
    return [
        {
            "x": panel.x(point.month, months),
            "y": panel.y(point.value),
            "panel": name,
            "colour": SHOWN[point.kind][0],
            "size": 10 if point.kind == "common" else 60,
            "shape": shape(point),
        }
        for point in series.points
    ]


def _limits(series: Series, panel: Panel) -> list[dict[str, Any]]:
    """The mean and limits that hold at the end, as lines across; and the line that a small chart stands on."""
    along = {"x": panel.left, "x2": panel.left + panel.wide}
    point = series.last
    drawn = [(point.mean, False), (point.lower, True), (point.upper, True)] if point else []
    across = [{**along, "y": panel.y(value), "dashed": dashed, "colour": QUIET} for value, dashed in drawn if value is not None]
    return [{**along, "y": panel.top + PANEL, "dashed": False, "colour": RULE}, *across]


Rows = list[dict[str, Any]]


def _drawn(rows: Rows, rules: Rows, words: Rows, size: Size, height: int) -> altair.LayerChart:
    """The shapes at their places, in pixels from the upper left corner."""
    x = altair.X("x:Q", axis=None, scale=altair.Scale(domain=[0, size.width], nice=False, zero=False))
    y = altair.Y("y:Q", axis=None, scale=altair.Scale(domain=[height, 0], nice=False, zero=False))
    colour = altair.Color("colour:N", scale=None)
    layers = [
        chart_of([rule for rule in rules if rule["dashed"] == dashed])
        .mark_rule(strokeWidth=1, strokeDash=[4, 3] if dashed else [1, 0])
        .encode(x, altair.X2("x2:Q"), y, colour)
        for dashed in (False, True)
    ]
    base = chart_of(rows)
    line = base.mark_line(color=OTHERS, strokeWidth=1.2).encode(x, y, altair.Detail("panel:N"))
    dots = base.mark_point(filled=True, opacity=1).encode(
        x, y, colour, altair.Shape("shape:N", scale=None), altair.Size("size:Q", scale=None)
    )
    named = chart_of(words).mark_text(align="left", baseline="top", fontWeight="bold").encode(x, y, altair.Text("words:N"))
    return fitted(layered(*layers, line, dots, named), size, height)
