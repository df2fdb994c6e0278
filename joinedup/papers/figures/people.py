"""The population pyramid: a neighbourhood's ages by sex as bars, the place's as an outline over them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import altair

from joinedup.access.rounding import added
from joinedup.papers.facts import Area, Facts
from joinedup.papers.figure import BOTH, Column, Figure, Table, against, chart_of, fitted, headed, key_of, layered, missing
from joinedup.papers.numbers import fraction, share, whole
from joinedup.papers.theme import AREA, AREA_FILL, INK, SECOND, SECOND_FILL, Size
from joinedup.papers.words import SEXES, many

OLD = 65
ROW = 18
"""Pixels of height for each age band, so that its label stands clear of the next."""
Counts = Mapping[tuple[str, str | None], int | None]
"""People by age band and sex; None where a count isn't shown."""


@dataclass(frozen=True)
class Ages:
    """People of one area by age band and sex, and the bands in order of age."""

    counts: Counts
    bands: list[str]
    total: int | None
    """Everyone."""

    def of(self, band: str) -> int | None:
        """Everyone in the band, of either sex or none recorded."""
        return added(count for (of_band, _), count in self.counts.items() if of_band == band)

    def old(self) -> int | None:
        """People in the bands that begin at 65 or later."""
        old = {band for band in self.bands if _begins(band) >= OLD}
        return added(count for (of_band, _), count in self.counts.items() if of_band in old)


def _begins(band: str) -> int:
    found = re.search(r"\d+", band)
    return int(found.group()) if found else -1


def people(facts: Facts, area: Area) -> Ages:
    """The area's people by age band and sex; the bands are those of the whole place."""
    bands = {row["age_band"]: row["age_band_order"] for row in facts.population[facts.whole] if row["age_band"] is not None}
    counts: dict[tuple[str, str | None], int | None] = {}
    for row in facts.population[area]:
        key = (row["age_band"] or SEXES[None], row["sex"])
        counts[key] = added([row["people"], *([counts[key]] if key in counts else [])])
    return Ages(counts, sorted(bands, key=lambda band: bands[band]), facts.people(area))


def figure(facts: Facts, area: Area) -> Figure:
    """The pyramid of an area against the place's."""
    about, key = f"People registered on {facts.as_at} by age and sex, % of all", key_of(facts, area)
    here, place = people(facts, area), people(facts, facts.whole)
    if not here.total:
        reason = f"Nobody was registered in {area.name} on {facts.as_at}." if place.total else missing(facts, "registered people")
        return Figure("people", f"Ages of people in {area.name}", about, key, reason=reason)
    charts = {size: headed(chart(facts, area, size), size, facts, about, key) for size in BOTH}
    return Figure(
        "people", finding(facts, area, here, place), about, key, table(facts, area), charts, notes=notes(here), why=area.why("population")
    )


def finding(facts: Facts, area: Area, here: Ages, place: Ages) -> str:
    """Whether more people are old here than in the place as a whole."""
    mine, theirs = fraction(here.old(), here.total), fraction(place.old(), place.total)
    if mine is None or theirs is None:
        return f"Ages of people in {area.name} and {facts.whole.name}"
    return f"{share(here.old(), here.total)} of people are {OLD} or over{against(facts, area, mine, theirs)}"


def notes(here: Ages) -> list[str]:
    """Who is not in the picture."""
    undrawn = added(count for (band, sex), count in here.counts.items() if sex not in ("1", "2") or band not in here.bands)
    if undrawn is None:
        return ["The few people without a recorded age or sex (male or female) can't be drawn."]
    who = f"{many(undrawn, 'person', 'people')} without a recorded age or sex (male or female)"
    return [f"{who} can't be drawn, but {'is' if undrawn == 1 else 'are'} in the shares."] if undrawn else []


def chart(facts: Facts, area: Area, size: Size) -> altair.LayerChart:
    """Bars to the left for male, to the right for female; the place as an outline."""
    bands = people(facts, facts.whole).bands
    reach = max(abs(row["percent"] or 0) for of in (facts.whole, *facts.areas) for row in _bars(people(facts, of))) * 1.05
    axis = altair.Axis(grid=True, labelExpr="format(abs(datum.value), '')", tickCount=4 if size.narrow else 6)
    x = altair.X("percent:Q", title="% of all people", scale=altair.Scale(domain=[-reach, reach], nice=False), axis=axis)
    y = altair.Y("band:N", title=None, sort=bands[::-1], scale=altair.Scale(paddingInner=0.18))
    sides = altair.Scale(domain=[SEXES["1"], SEXES["2"]], range=[AREA_FILL, SECOND_FILL])
    here, place = (chart_of(_bars(people(facts, of))) for of in (area, facts.whole))
    bars = here.mark_bar().encode(x, y, altair.Color("sex:N", scale=sides, legend=None))
    outline = place.mark_bar(filled=False, stroke=INK, strokeWidth=1.25).encode(x, y)
    heads = [_head(SEXES["1"], -reach, "left", AREA), _head(SEXES["2"], reach, "right", SECOND)]
    over = [outline] if area != facts.whole else []
    return fitted(layered(bars, *over, *heads), size, ROW * len(bands))


def _head(sex: str, percent: float, align: str, colour: str) -> altair.Chart:
    """The name of one side, above it."""
    base = chart_of([{"sex": sex, "percent": percent}])
    text = base.mark_text(align=align, fontWeight="bold", dy=-10, color=colour)
    return text.encode(altair.X("percent:Q"), altair.Text("sex:N"), y=altair.YValue(0))


def _bars(of: Ages) -> list[dict[str, Any]]:
    return [
        {"band": band, "sex": SEXES[sex], "percent": side * 100 * (fraction(of.counts.get((band, sex), 0), of.total) or 0.0)}
        for band in of.bands
        for sex, side in (("1", -1), ("2", 1))
    ]


def table(facts: Facts, area: Area) -> Table:
    """People by age band, oldest first as in the picture; sexes not recorded have a column only where there are any."""
    here, place = people(facts, area), people(facts, facts.whole)
    sexes = ["1", "2", *([None] if any(sex not in ("1", "2") for _, sex in here.counts) else [])]
    bands = [*here.bands[::-1], *([SEXES[None]] if here.of(SEXES[None]) else [])]
    total, mine, theirs = [here.of(band) for band in bands], *(_shares(of, bands) for of in (here, place))
    columns = [
        Column("Age", bands, "age_band", bands),
        *(replace(_of_sex(here, bands, sex), why=_why(area, bands, sex)) for sex in sexes),
        Column("All", [whole(count) for count in total], "people", total),
        Column("% of all", [share(part, 1) for part in mine], "share", mine),
    ]
    if area != facts.whole:
        head = f"% of all, {facts.whole.name}"
        columns.append(Column(head, [share(part, 1) for part in theirs], "place_share", theirs, why=_why(facts.whole, bands)))
    return Table(f"People registered in {area.name} on {facts.as_at} by age and sex", columns, why=_why(area, bands))


def _why(area: Area, bands: list[str], *sex: str | None) -> list[str]:
    return [area.why("population", None if band == SEXES[None] else band, *sex) for band in bands]


def _shares(of: Ages, bands: list[str]) -> list[float | None]:
    return [fraction(of.of(band), of.total) for band in bands]


def _of_sex(of: Ages, bands: list[str], sex: str | None) -> Column:
    counts = [of.counts.get((band, sex), 0) for band in bands]
    return Column(SEXES[sex], [whole(count) for count in counts], SEXES[sex].lower().replace(" ", "_"), counts)
