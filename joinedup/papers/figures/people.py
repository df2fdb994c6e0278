"""The population pyramid: a neighbourhood's ages by sex as bars, the place's as an outline over them."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

import altair

from joinedup.papers.facts import Area, Facts
from joinedup.papers.figure import BOTH, Figure, Table, fitted, headed, missing
from joinedup.papers.numbers import fraction, share, whole
from joinedup.papers.theme import AREA, AREA_FILL, INK, SECOND, SECOND_FILL, Size
from joinedup.papers.words import SEXES

OLD = 65
SAME = 0.01
"""Shares nearer than one percentage point are "about as many"; there are no limits to go by, for everyone is counted."""
ROW = 18
"""Pixels of height for each age band, so that its label stands clear of the next."""
Counts = Counter[tuple[str, str | None]]


@dataclass(frozen=True)
class Ages:
    """People of one area by age band and sex, and the bands in order of age."""

    counts: Counts
    bands: list[str]

    @property
    def total(self) -> int:
        """Everyone."""
        return self.counts.total()

    def of(self, band: str) -> int:
        """Everyone in the band, of either sex or none recorded."""
        return sum(count for (of_band, _), count in self.counts.items() if of_band == band)

    def old(self) -> int:
        """People in the bands that begin at 65 or later."""
        return sum(self.of(band) for band in self.bands if _begins(band) >= OLD)


def _begins(band: str) -> int:
    found = re.search(r"\d+", band)
    return int(found.group()) if found else -1


def ages(facts: Facts, area: Area) -> Ages:
    """The area's people by age band and sex; the bands are those of the whole place."""
    bands = {row["age_band"]: row["age_band_order"] for row in facts.population[facts.whole] if row["age_band"] is not None}
    counts: Counts = Counter()
    for row in facts.population[area]:
        counts[row["age_band"] or SEXES[None], row["sex"]] += row["people"]
    return Ages(counts, sorted(bands, key=lambda band: bands[band]))


def figure(facts: Facts, area: Area) -> Figure:
    """The pyramid of an area against the place's."""
    about, key = f"People registered on {facts.as_at} by age and sex, % of all", f"Bars: {area.name}. Outline: {facts.whole.name}."
    here, place = ages(facts, area), ages(facts, facts.whole)
    if not here.total:
        reason = f"Nobody was registered in {area.name} on {facts.as_at}." if place.total else missing(facts, "registered people")
        return Figure("people", f"Ages of people in {area.name}", about, key, reason=reason)
    charts = {size: headed(chart(facts, area, size), size, facts, about, key) for size in BOTH}
    return Figure("people", finding(facts, area, here, place), about, key, table(facts, area, here, place), charts, notes=notes(here))


def finding(facts: Facts, area: Area, here: Ages, place: Ages) -> str:
    """Whether more people are old here than in the place as a whole."""
    mine, theirs = fraction(here.old(), here.total) or 0.0, fraction(place.old(), place.total) or 0.0
    compared = "about the same as" if abs(mine - theirs) < SAME else ("more than" if mine > theirs else "fewer than")
    return f"{share(here.old(), here.total)} of people are {OLD} or over, {compared} in {facts.whole.name} ({share(place.old(), place.total)})"


def notes(here: Ages) -> list[str]:
    """Who is not in the picture."""
    undrawn = sum(count for (band, sex), count in here.counts.items() if sex not in ("1", "2") or band not in here.bands)
    return [f"{whole(undrawn)} without a recorded age or sex (male or female) are in the shares but can't be drawn."] if undrawn else []


def chart(facts: Facts, area: Area, size: Size) -> altair.LayerChart:
    """Bars to the left for male, to the right for female; the place as an outline."""
    bands = ages(facts, facts.whole).bands
    reach = max(abs(row["percent"]) for of in (facts.whole, *facts.areas) for row in _bars(ages(facts, of))) * 1.05
    x = altair.X("percent:Q", title="% of all people", scale=altair.Scale(domain=[-reach, reach], nice=False),
                 axis=altair.Axis(grid=True, labelExpr="format(abs(datum.value), '')", tickCount=6 if not size.narrow else 4))  # fmt: skip
    y = altair.Y("band:N", title=None, sort=bands[::-1], scale=altair.Scale(paddingInner=0.18))
    sides = altair.Scale(domain=[SEXES["1"], SEXES["2"]], range=[AREA_FILL, SECOND_FILL])
    bars = altair.Chart(altair.Data(values=list(_bars(ages(facts, area))))).mark_bar().encode(x, y, altair.Color("sex:N", scale=sides, legend=None))
    outline = altair.Chart(altair.Data(values=list(_bars(ages(facts, facts.whole))))).mark_bar(filled=False, stroke=INK, strokeWidth=1.25).encode(x, y)
    heads = [{"sex": SEXES["1"], "percent": -reach}, {"sex": SEXES["2"], "percent": reach}]
    words = [altair.Chart(altair.Data(values=[head])).mark_text(align=align, fontWeight="bold", dy=-10, color=colour).encode(x, y=altair.value(0), text="sex:N")
             for head, align, colour in zip(heads, ("left", "right"), (AREA, SECOND), strict=True)]  # fmt: skip
    return fitted(altair.layer(bars, outline, *words), size, ROW * len(bands))


def _bars(of: Ages) -> Iterator[dict[str, str | float]]:
    for band in of.bands:
        for sex, side in (("1", -1), ("2", 1)):
            percent = 100 * (fraction(of.counts[band, sex], of.total) or 0.0)
            yield {"band": band, "sex": SEXES[sex], "percent": side * percent}


def table(facts: Facts, area: Area, here: Ages, place: Ages) -> Table:
    """People by age band, oldest first as in the picture; sexes not recorded have a column only where there are any."""
    sexes = ["1", "2", *([None] if any(sex not in ("1", "2") for _, sex in here.counts) else [])]
    bands = [*here.bands[::-1], *([SEXES[None]] if here.of(SEXES[None]) else [])]
    counted = [[here.counts[band, sex] for sex in sexes] for band in bands]
    names = [SEXES[sex] for sex in sexes]
    return Table(
        caption=f"People registered in {area.name} on {facts.as_at} by age and sex",
        head=["Age", *names, "All", "% of all", f"% of all, {facts.whole.name}"],
        rows=[[band, *map(whole, row), whole(here.of(band)), share(here.of(band), here.total), share(place.of(band), place.total)]
              for band, row in zip(bands, counted, strict=True)],
        columns=["age_band", *(name.lower().replace(" ", "_") for name in names), "people", "share", "place_share"],
        values=[[band, *row, here.of(band), fraction(here.of(band), here.total), fraction(place.of(band), place.total)]
                for band, row in zip(bands, counted, strict=True)],
    )  # fmt: skip
