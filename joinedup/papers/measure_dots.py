"""Values of groups with their limits as dots on lines, several sets of groups one below the other on one scale."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import altair

from joinedup.papers.figure import chart_of, fitted, layered
from joinedup.papers.theme import AREA, INK, OTHERS, PAPER, QUIET, RULE, Size
from joinedup.papers.words import lines

LINE = 17
"""Pixels of a line of words."""
ROW, HEAD, TOP = 26, 34, 22
"""Pixels of a group, of the name of a set, and above the first."""
NAME, VALUE = 190, 130
"""Pixels for names at the left and for values at the right, where there is room."""
FURTHEST = 1.5
"""Times the highest value that the axis of groups goes, at most. (A rule of ours; 2026.)"""
LETTER = 7.2
"""Pixels that a letter takes, on average and generously."""


@dataclass(frozen=True, slots=True)
class Dot:
    """One group: its name, value and limits, its value in words, and whether its limits leave the place's value out."""

    name: str
    value: float | None
    lower: float | None
    upper: float | None
    words: str
    beyond: bool = False


@dataclass(frozen=True, slots=True)
class DotSet:
    """Groups that belong together, under a heading; no heading where there is one set alone."""

    heading: str
    dots: Sequence[Dot]


def chart(sets: Sequence[DotSet], place: float | None, name: str, size: Size, unit: str) -> altair.LayerChart:
    """Each group's value with its limits; the place's value as a dashed line down through all of them."""
    reach = reach_of(sets, place)
    rows, heads, height = _rows(_within(sets, reach), size)
    left, right = (2, size.width - 10) if size.narrow else (NAME, size.width - VALUE)
    x = altair.Scale(domain=[0, reach], range=[left, right], nice=False)
    y = altair.Scale(domain=[height, 0], range=[height, 0], nice=False, zero=False)
    base = chart_of(rows)
    at = altair.Y("y:Q", axis=None, scale=y)
    axis = altair.Axis(grid=True, values=ticks(reach, 3 if size.narrow else 5), format=",~f", gridColor=RULE)
    value = altair.X("value:Q", title=lines(unit, size.letters), axis=axis, scale=x)
    colour = altair.Color("colour:N", scale=None)
    interval = base.mark_rule(strokeWidth=3).encode(altair.X("lower:Q", scale=x), altair.X2("upper:Q"), at, colour)
    dots = base.mark_point(filled=True, opacity=1, size=95).encode(value, at, colour, altair.Shape("shape:N", scale=None))
    words = [
        *_words(base, "name", 0, size),
        *_words(base, "words", size.width - 4, size),
        *_words(chart_of(heads), "name", 0, size, bold=True),
    ]
    layers = [*_place(place, name, x, height, reach), interval, dots, *words]
    return fitted(layered(*layers), size, height)


def reach_of(sets: Sequence[DotSet], place: float | None) -> float:
    """How far the axis goes: to the furthest limit, but to half as much again as the highest value at most, so that one group of a few
    people doesn't press all others together."""
    values = [*(dot.value or 0.0 for each in sets for dot in each.dots), place or 0.0]
    uppers = [dot.upper or 0.0 for each in sets for dot in each.dots]
    return min(max([*uppers, *values]), FURTHEST * max(values)) or max(uppers, default=0.0) or 1.0


def beyond_edge(sets: Sequence[DotSet], place: float | None) -> bool:
    """Whether a limit lies beyond the end of the axis."""
    reach = reach_of(sets, place)
    return any((dot.upper or 0.0) > reach for each in sets for dot in each.dots)


def _within(sets: Sequence[DotSet], reach: float) -> list[DotSet]:
    """The same with limits that end where the axis ends."""

    def cut(limit: float | None) -> float | None:
        return None if limit is None else min(limit, reach)

    return [replace(each, dots=[replace(dot, lower=cut(dot.lower), upper=cut(dot.upper)) for dot in each.dots]) for each in sets]


def _rows(sets: Sequence[DotSet], size: Size) -> tuple[list[dict[str, Any]], list[dict[str, Any]], int]:
    """The groups and the headings at their heights, and how high all of it is; names stand above their lines on a narrow page."""
    rows, heads, y = [], [], TOP
    for each in sets:
        if each.heading:
            y += HEAD
            heads.append({"name": each.heading, "label_y": y - 10})
        for dot in each.dots:
            said = lines(dot.name, int((size.width - LETTER * len(dot.words) if size.narrow else NAME) / LETTER))
            more = LINE * (len(said) - 1)
            label = y + ROW / 2 + (0 if size.narrow else more / 2)
            y += ROW + more + (14 if size.narrow else 0)
            rows.append(_row(dot, "\n".join(said), label, y - (12 if size.narrow else (ROW + more) / 2), size))
    return rows, heads, y + 6


def _row(dot: Dot, name: str, label: float, at: float, size: Size) -> dict[str, Any]:
    return {
        "name": name,
        "words": dot.words,
        "value": dot.value,
        "lower": dot.lower,
        "upper": dot.upper,
        "y": at,
        "label_y": label if size.narrow else at - LINE * name.count("\n") / 2,
        "colour": AREA if dot.beyond else OTHERS,
        "shape": "diamond" if dot.beyond else "circle",
    }


def _words(base: altair.Chart, field: str, x: float, size: Size, *, bold: bool = False) -> list[altair.Chart]:
    """Words at one side, clear of the lines that run behind them."""
    y = altair.Y("label_y:Q", axis=None)
    style = {
        "align": "right" if x else "left",
        "baseline": "middle",
        "lineBreak": "\n",
        "lineHeight": LINE,
        "fontWeight": "bold" if bold else "normal",
    }
    around = [base.mark_text(**style, stroke=PAPER, strokeWidth=4).encode(y, altair.Text(f"{field}:N"), x=altair.XValue(x))]
    return [*(around if size.narrow or bold else []), base.mark_text(**style).encode(y, altair.Text(f"{field}:N"), x=altair.XValue(x))]


def _place(value: float | None, name: str, x: altair.Scale, height: int, reach: float) -> list[altair.Chart]:
    """The place's value as a dashed line with its name above it, which leans inward near either end."""
    if value is None:
        return []
    base = chart_of([{"value": value, "words": name, "y": TOP - 4, "y2": height}])
    at = altair.X("value:Q", scale=x)
    line = base.mark_rule(color=INK, strokeDash=[5, 3], strokeWidth=1.5).encode(at, altair.Y("y:Q", axis=None), altair.Y2("y2:Q"))
    align = "left" if value < reach / 4 else ("right" if value > reach * 0.75 else "center")
    style = {"fontWeight": "bold", "align": align, "baseline": "bottom"}
    said = [
        base.mark_text(**style, **around).encode(at, altair.Text("words:N"), y=altair.YValue(TOP - 6))
        for around in ({"stroke": PAPER, "strokeWidth": 5}, {})
    ]
    return [line, *said]


def ticks(reach: float, count: int) -> list[float]:
    """Round numbers from 0 up to `reach`: about `count` steps of 1, 2 or 5 times a power of ten."""
    power = 10 ** math.floor(math.log10(reach / count)) if reach else 1.0
    step = next(power * times for times in (1, 2, 5, 10) if reach <= power * times * count or times == 10)
    return [round(step * number, 10) for number in range(int(reach / step) + 1)]


def gradient(dots: Sequence[Dot], ranks: Sequence[float], line: tuple[float, float] | None, size: Size) -> altair.LayerChart:
    """Groups from most to least deprived, each at the middle of its share of the people, with the line that the slope index is of."""
    rows = [
        {"name": dot.name, "rank": rank, "value": dot.value, "lower": dot.lower, "upper": dot.upper, "y": 0}
        for dot, rank in zip(dots, ranks, strict=True)
        if dot.value is not None
    ]
    base = chart_of(rows)
    labels = {
        "values": [0, 1],
        "labelExpr": "datum.value == 0 ? 'Most deprived' : 'Least deprived'",
        "labelFlush": True,
        "labelBound": False,
    }
    x = altair.X("rank:Q", title=None, scale=altair.Scale(domain=[0, 1]), axis=altair.Axis(**labels, grid=False))
    y = altair.Y("value:Q", title=None, scale=altair.Scale(zero=True), axis=altair.Axis(grid=True, tickCount=4))
    interval = base.mark_rule(strokeWidth=3, color=AREA).encode(x, altair.Y("lower:Q"), altair.Y2("upper:Q"))
    points = base.mark_point(filled=True, opacity=1, size=95, color=AREA).encode(x, y)
    ends = [] if line is None else [{"rank": 0, "value": line[0]}, {"rank": 1, "value": line[1]}]
    slope = chart_of(ends).mark_line(color=INK, strokeDash=[5, 3], strokeWidth=1.5).encode(x, y)
    return fitted(layered(*([slope] if ends else []), interval, points), size, 220)


@dataclass(frozen=True, slots=True)
class Spot:
    """One practice in a funnel: how many it is out of, its value, the limits for that size, and how it lies to them."""

    name: str
    size: float
    value: float
    lower: float
    upper: float
    lower998: float
    upper998: float

    @property
    def side(self) -> int:
        """1 above the outer limits, -1 below, 0 within."""
        return (self.value > self.upper998) - (self.value < self.lower998)


def funnel(spots: Sequence[Spot], centre: float, size: Size, out_of: str) -> altair.LayerChart:
    """Practices by size, with limits that narrow as they grow; those beyond the outer limits are triangles and named."""
    ordered = sorted(spots, key=lambda spot: spot.size)
    limits = [{"size": s.size, **{name: getattr(s, name) for name in ("lower", "upper", "lower998", "upper998")}} for s in ordered]
    x = altair.X(
        "size:Q",
        title=lines(out_of, size.letters),
        axis=altair.Axis(format=",~f", tickCount=3 if size.narrow else 6),
        scale=altair.Scale(zero=False, nice=True),
    )
    y = altair.Y(
        "value:Q",
        title=None,
        scale=altair.Scale(zero=True),
        axis=altair.Axis(grid=True, tickCount=4, format=",~f"),
    )
    base = chart_of(limits)
    curves = [
        base.mark_line(color=QUIET, strokeWidth=1.3, strokeDash=[1, 0] if "998" in name else [5, 4]).encode(x, altair.Y(f"{name}:Q"))
        for name in ("lower", "upper", "lower998", "upper998")
    ]
    middle = chart_of([{"value": centre}]).mark_rule(color=INK, strokeWidth=1.3).encode(y)
    return fitted(layered(*curves, middle, *_spots(ordered, x, y, size)), size, 260)


def _spots(spots: Sequence[Spot], x: altair.X, y: altair.Y, size: Size) -> list[altair.Chart]:
    rows = [
        {
            "size": spot.size,
            "value": spot.value,
            "colour": AREA if spot.side else OTHERS,
            "shape": {1: "triangle-up", -1: "triangle-down"}.get(spot.side, "circle"),
            "area": 110 if spot.side else 55,
        }
        for spot in spots
    ]
    base = chart_of(rows)
    drawn = base.mark_point(filled=True, opacity=1, stroke=PAPER, strokeWidth=0.7).encode(
        x, y, altair.Color("colour:N", scale=None), altair.Shape("shape:N", scale=None), altair.Size("area:Q", scale=None)
    )
    if size.narrow:
        return [drawn]
    middle = (min(spot.size for spot in spots) + max(spot.size for spot in spots)) / 2
    outer = [spot for spot in spots if spot.side]
    named = [
        chart_of([{"size": spot.size, "value": spot.value, "name": spot.name} for spot in outer if (spot.size > middle) == right])
        .mark_text(align="right" if right else "left", dx=-9 if right else 9, baseline="middle")
        .encode(x, y, altair.Text("name:N"))
        for right in (False, True)
    ]
    return [drawn, *named]
