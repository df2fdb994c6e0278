"""The pictures and tables of the report."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import altair

from joinedup.papers.drawing import draw
from joinedup.papers.figure import chart_of, fitted
from joinedup.papers.theme import AREA_FILL, INK, SECOND, WIDE, config

MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def scatter(points: Sequence[tuple[float, float]], x: str, y: str, about: str) -> str:
    """Points with the line on which the two would be equal, as SVG."""
    most = 1.02 * max(max(pair) for pair in points)
    least = 0.98 * min(min(pair) for pair in points)
    scale = altair.Scale(domain=[least, most], nice=False, zero=False)
    axis = altair.Axis(format=".0%", grid=True, tickCount=6)
    dots = chart_of([{"x": a, "y": b} for a, b in points]).mark_circle(color=AREA_FILL, opacity=0.75, size=42)
    dots = dots.encode(altair.X("x:Q", title=x, scale=scale, axis=axis), altair.Y("y:Q", title=y, scale=scale, axis=axis))
    ends = chart_of([{"x": least, "y": least}, {"x": most, "y": most}]).mark_line(color=INK, strokeDash=[5, 3], strokeWidth=1.25)
    return _drawn(altair.layer(ends.encode(altair.X("x:Q"), altair.Y("y:Q")), dots), about, 360)


def lines(series: Mapping[str, Sequence[float]], names: Sequence[str], about: str, y: str) -> str:
    """Two lines over the same names, invented and published, as SVG."""
    told = [{"name": name, "of": of, "value": value} for of, values in series.items() for name, value in zip(names, values, strict=True)]
    base = chart_of(told).encode(
        altair.X("name:N", title=None, sort=list(names), axis=altair.Axis(labelAngle=0)),
        altair.Y("value:Q", title=y, scale=altair.Scale(zero=False), axis=altair.Axis(grid=True)),
    )
    first, second = list(series)
    solid = base.transform_filter(f"datum.of === '{first}'").mark_line(color=AREA_FILL, strokeWidth=2.75, point=True)
    dashed = base.transform_filter(f"datum.of === '{second}'").mark_line(color=SECOND, strokeWidth=1.5, strokeDash=[5, 3], point=True)
    return _drawn(altair.layer(solid, dashed), about, 220, f"Solid: {first}. Dashed: {second}.")


def _drawn(chart: altair.LayerChart, about: str, height: int, *further: str) -> str:
    title = altair.TitleParams(about, subtitle=[*further, "Invented people, not real ones."])
    return draw(fitted(chart, WIDE, height).properties(title=title).configure(**config(WIDE)))


def table(head: Sequence[str], body: Sequence[Sequence[object]]) -> str:
    """A Markdown table."""
    return "\n".join("| " + " | ".join(map(str, row)) + " |" for row in (head, ["---"] * len(head), *body))


def bars(values: Mapping[str, float], about: str, y: str) -> str:
    """One bar for each name, as SVG."""
    base = chart_of([{"name": name, "value": value} for name, value in values.items()]).mark_bar(color=AREA_FILL)
    drawn = base.encode(
        altair.X("name:N", title=None, sort=list(values), axis=altair.Axis(labelAngle=0)),
        altair.Y("value:Q", title=y, axis=altair.Axis(grid=True)),
    )
    return _drawn(altair.layer(drawn), about, 220)
