"""Scores: how many people lie in which band of each, and for staff the mean; an area beside the place."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date

from joinedup.access.published import evidence_key
from joinedup.access.rounding import added
from joinedup.papers.facts import Area, Facts, Row
from joinedup.papers.figure import BOTH, Column, Figure, Table, against, headed, key_of
from joinedup.papers.figures import bars
from joinedup.papers.numbers import NO_DATA, fraction, share, whole

NOTES = (
    "A score adds up what was recorded: whoever was never in hospital scores nothing on those made from hospital diagnoses, however ill. "
    "It is for comparing groups, and for no decision about one person. Ages differ between areas, and are not allowed for here.",
)
Band = tuple[str, int]
"""A score, and the order of one of its bands."""
Shares = Mapping[Band, float | None]


def year_of(facts: Facts) -> date | None:
    """The latest year of which a score is known."""
    return max((row["year_starts"] for row in facts.listed("scores")), default=None)


def _rows(facts: Facts, area: Area) -> dict[Band, Row]:
    year = year_of(facts)
    return {(row["score_id"], row["band_order"]): row for row in facts.profiled("scores")[area] if row["year_starts"] == year}


def bands(facts: Facts) -> list[Row]:
    """A row of the place for each band, scores in the order of pages, the lowest band first."""
    order = {row["score_id"]: row["score_order"] for row in facts.listed("score_about")}
    found = _rows(facts, facts.whole).values()
    return sorted(found, key=lambda row: (order.get(row["score_id"], 0), row["score_id"], row["band_order"]))


def figure(facts: Facts, area: Area) -> Figure | None:
    """People above the lowest band of each score that has bands, the place as an outline; None where no score is known."""
    drawn_bands = [row for row in bands(facts) if row["band"] and row["band_order"]]
    year = year_of(facts)
    if year is None or not drawn_bands:
        return None
    about = f"People counted in {facts.years.get(year, str(year))} above the lowest band of each score, % of those of whom it is known"
    key = key_of(facts, area)
    parts = {each: _shares(facts, each) for each in (facts.whole, *facts.areas)}
    titles = _titles(facts)
    drawn = []
    for row in drawn_bands:
        band = (row["score_id"], row["band_order"])
        mine = parts.get(area, {}).get(band)
        outline = parts[facts.whole].get(band) if area != facts.whole else None
        words = "not shown" if mine is None else share(mine, 1)
        drawn.append(bars.Bar(f"{titles[row['score_id']]}: {row['band']}", mine, outline, words))
    reach = max((each or 0 for shares in parts.values() for (_, order), each in shares.items() if order), default=0)
    charts = {size: headed(bars.chart(drawn, reach, size), size, facts, about, key) for size in BOTH}
    said = _finding(facts, area, drawn_bands, parts[facts.whole], parts.get(area, {}))
    return Figure("scores", said, about, key, table(facts, area), charts, notes=NOTES, why=area.why("scores"))


def _titles(facts: Facts) -> dict[str, str]:
    return {row["score_id"]: row["title"] for row in facts.listed("score_about")}


def _known(rows: dict[Band, Row], score: str) -> int | None:
    return added(row["people"] for (each, _), row in rows.items() if each == score)


def _shares(facts: Facts, area: Area) -> Shares:
    """The share of people in each band; a band without a row has nobody in it."""
    rows = _rows(facts, area)
    return {
        (row["score_id"], row["band_order"]): fraction(
            rows[row["score_id"], row["band_order"]]["people"] if (row["score_id"], row["band_order"]) in rows else 0,
            _known(rows, row["score_id"]),
        )
        for row in bands(facts)
    }


def _finding(facts: Facts, area: Area, drawn: Sequence[Row], place: Shares, here: Shares) -> str:
    """Of an area the band in which it differs most from the place; of the place the highest band of the first score."""
    known = {(row["score_id"], row["band_order"]): row for row in drawn if here.get((row["score_id"], row["band_order"])) is not None}
    if not known:
        return f"Scores of people of {area.name}"
    if area == facts.whole:
        first = next(iter(known))[0]
        band = max(each for each in known if each[0] == first)
    else:
        band = max(known, key=lambda each: abs((here[each] or 0) - (place[each] or 0)))
    title = _titles(facts)[band[0]]
    said = f"{share(here[band], 1)} of people are in the band “{known[band]['band']}” of “{title}”"
    return f"{said}{against(facts, area, here[band], place[band])}"


def table(facts: Facts, area: Area) -> Table:
    """Every band of every score; of a score without bands everybody of whom it is known."""
    rows, titles, told = _rows(facts, area), _titles(facts), bands(facts)
    keys = [(row["score_id"], row["band_order"]) for row in told]
    shares, place = _shares(facts, area), _shares(facts, facts.whole)
    people = [rows[each]["people"] if each in rows else 0 for each in keys]
    found = [rows.get(each) for each in keys]
    sums = [row["values_sum"] if row is not None else None for row in found]
    means = [fraction(each, count) if each is not None else None for each, count in zip(sums, people, strict=True)]
    year = year_of(facts)
    found_columns = [
        Column("Score", [titles[row["score_id"]] for row in told], "score_id", [row["score_id"] for row in told]),
        Column("Band", [row["band"] or "everybody" for row in told], "band", [row["band"] for row in told], text=True),
        Column("People", [whole(each) for each in people], "people", people),
        Column("% of those known", [_percent(shares[each]) for each in keys], "share", [shares[each] for each in keys]),
    ]
    if any(each is not None for each in means):
        found_columns.append(Column("Mean score", [NO_DATA if each is None else f"{each:.2f}" for each in means], "mean", means))
    if area != facts.whole:
        there = [evidence_key("scores", "place", "place", row["score_id"], year, row["band_order"]) for row in told]
        head = f"% of those known, {facts.whole.name}"
        found_columns.append(
            Column(head, [_percent(place[each]) for each in keys], "place_share", [place[each] for each in keys], why=there)
        )
    caption = f"People of {area.name} by score, {facts.years.get(year, year) if year else ''}"
    return Table(caption, found_columns, why=[area.why("scores", row["score_id"], year, row["band_order"]) for row in told])


def _percent(part: float | None) -> str:
    return NO_DATA if part is None else share(part, 1)
