"""Segments: into which part of each model people fall, and for the place as a whole who moved between them since the year before."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from functools import partial

from joinedup.access.published import evidence_key
from joinedup.access.rounding import added
from joinedup.papers.facts import Area, Facts, Row
from joinedup.papers.figure import Column, Figure, Table, against
from joinedup.papers.figures import parts
from joinedup.papers.numbers import share, whole
from joinedup.papers.words import capital, lower_first


def models(facts: Facts) -> Mapping[str, Sequence[Row]]:
    """The segments of each model in their order, models in the order of pages; none where the build has none."""
    found: dict[str, list[Row]] = {}
    for row in facts.listed("segment_about"):
        found.setdefault(row["model_id"], []).append(row)
    return found if facts.listed("segments") else {}


def year_of(facts: Facts) -> date:
    """The latest year that people are in segments of."""
    latest: date = max(row["year_starts"] for row in facts.listed("segments"))
    return latest


def counts(facts: Facts, area: Area, model: str, year: date) -> parts.Counts:
    """People by segment; in a segment without a row is nobody."""
    rows = [row for row in facts.profiled("segments")[area] if row["model_id"] == model and row["year_starts"] == year]
    return {row["segment_id"]: row["people"] for row in rows}


def figures(facts: Facts, area: Area) -> list[Figure]:
    """A picture for each model."""
    return [figure(facts, area, model, rows) for model, rows in models(facts).items()]


def figure(facts: Facts, area: Area, model: str, rows: Sequence[Row]) -> Figure:
    """The segments of one model against the place's."""
    year = year_of(facts)
    names = {row["segment_id"]: row["title"] for row in rows}
    of = parts.Parts(
        f"segments-{model.replace('_', '-')}",
        f"People counted in {facts.years[year]} by segment of “{rows[0]['model_title']}”, % of all",
        "Segment",
        "segment_id",
        "segments",
        names,
        {name: [part] for part, name in names.items()},
        "people in no segment",
        partial(counts, model=model, year=year),
        apart_by=(model, f"{year:%Y-%m}" if year.day == 1 else year.isoformat()),
    )
    here, place = (of.counts(facts, each) for each in (area, facts.whole))
    return parts.figure(facts, area, of, finding(facts, area, names, here, place))


def finding(facts: Facts, area: Area, names: Mapping[str, str], here: parts.Counts, place: parts.Counts) -> str:
    """The largest segment; of an area the one in which it differs most from the place."""
    mine = {part: parts.of_bar(here, [part]) or 0.0 for part in names}
    theirs = {part: parts.of_bar(place, [part]) or 0.0 for part in names}
    if area == facts.whole:
        first = max(mine, key=lambda part: mine[part])
        return f"{names[first]} is the largest segment, {share(mine[first], 1)} of people"
    most = max(mine, key=lambda part: abs(mine[part] - theirs[part]))
    return (
        f"{share(mine[most], 1)} of people are in the segment “{lower_first(names[most])}”{against(facts, area, mine[most], theirs[most])}"
    )


def moves(facts: Facts) -> Iterator[tuple[str, Table]]:
    """Of each model who moved from which segment to which since the year before; nothing of it for the public, and of a first year."""
    rows = facts.listed("segment_moves")
    latest = max((row["year_starts"] for row in rows), default=None)
    for model, segments in models(facts).items():
        own = {
            (row["from_segment"], row["to_segment"]): row["people"]
            for row in rows
            if row["model_id"] == model and row["year_starts"] == latest
        }
        if own and latest is not None:
            yield model, _moved(facts, model, segments, latest, own)


def _moved(facts: Facts, model: str, segments: Sequence[Row], year: date, own: Mapping[tuple[str, str], int]) -> Table:
    """Rows are where people were, columns where they are."""
    titles = {row["segment_id"]: row["title"] for row in segments}
    begins = [*titles, *sorted({start for start, _ in own} - titles.keys())]
    ends = [*titles, *sorted({end for _, end in own} - titles.keys())]
    columns = [Column("From", [titles.get(each, capital(each)) for each in begins], "from_segment", begins)]
    for end in ends:
        people = [own.get((start, end), 0) for start in begins]
        keys = [evidence_key("segment_moves", model, year, start, end) for start in begins]
        columns.append(Column(titles.get(end, capital(end)), [whole(count) if count else "—" for count in people], end, people, why=keys))
    changed = added(count for (start, end), count in own.items() if start != end and start in titles and end in titles)
    caption = (
        f"{segments[0]['model_title']}: from a row, where people were the year before, to a column, where they are in {facts.years[year]}"
    )
    return Table(f"{caption}; {whole(changed)} changed segment", columns)
