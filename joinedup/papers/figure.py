"""A figure: one chart in two sizes, the finding it shows, and the table of its numbers."""

from __future__ import annotations

import io
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta

import altair

from joinedup.cells import write_rows
from joinedup.papers.evident import evident
from joinedup.papers.facts import Area, Facts
from joinedup.papers.numbers import day, share
from joinedup.papers.theme import NARROW, WIDE, Size, config
from joinedup.papers.words import capital, lines, listed
from joinedup.sources.contract import contracts
from joinedup.sources.providers import OF_PROVIDERS

LATE = timedelta(days=31)
"""By which an extract may end before the period and nothing is said (our choice, 2026)."""
SAME = 0.01
"""Shares nearer than one percentage point are "about the same"; there are no limits to go by, for everyone is counted."""
MOST_NAMED = 5
"""Organisations that lack months and are named beneath a figure."""


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a table: in words under `head` on the page, as bare values under `name` in the file; either may be absent."""

    head: str = ""
    cells: Sequence[str] = ()
    name: str = ""
    values: Sequence[object] = ()
    text: bool = False
    """Whether it holds words and not numbers."""
    why: Sequence[str] = ()
    """The evidence key of each cell, where it isn't that of the row."""


@dataclass(frozen=True, slots=True)
class Table:
    """A table as a page shows it and as a file holds it."""

    caption: str
    columns: Sequence[Column]
    total: bool = False
    """Whether the last row of the page is that of the whole."""
    why: Sequence[str] = ()
    """The evidence key of each row of the page."""

    @property
    def shown(self) -> list[Column]:
        """The columns that the page shows."""
        return [column for column in self.columns if column.head]

    @property
    def rows(self) -> list[list[str]]:
        """The rows that the page shows."""
        return [list(row) for row in zip(*(column.cells for column in self.shown), strict=True)]

    @property
    def evident_rows(self) -> list[list[str]]:
        """The same, where each cell but the first leads to its evidence."""
        shown = self.shown
        cells = [column.cells if at == 0 else self._evident(column) for at, column in enumerate(shown)]
        return [list(row) for row in zip(*cells, strict=True)]

    def _evident(self, column: Column) -> Sequence[str]:
        """The cells of a column with their keys."""
        keys = column.why or self.why
        return [evident(cell, key, text=column.text) for cell, key in zip(column.cells, keys, strict=True)] if keys else column.cells

    def csv(self, same: Mapping[str, object]) -> str:
        """The bare values as CSV, after columns that are the same in each row; missing is empty."""
        columns = [column for column in self.columns if column.name]
        out = io.StringIO()
        values = zip(*(column.values for column in columns), strict=True)
        write_rows(out, [*same, *(str(column.name) for column in columns)], ([*same.values(), *row] for row in values))
        return out.getvalue()


@dataclass(frozen=True, slots=True)
class Figure:
    """What a page shows as one picture: or, where there is nothing to draw, the reason."""

    id: str
    finding: str
    about: str
    """What is drawn, in which unit and for which time; it stands inside the picture."""
    key: str
    """Whose numbers are which shape; it stands inside the picture, too."""
    table: Table | None = None
    charts: Mapping[Size, altair.TopLevelMixin] = field(default_factory=dict)
    reason: str = ""
    notes: Sequence[str] = ()
    why: str = ""
    """The evidence key of what it shows, its finding and notes included."""


def chart_of(rows: Sequence[Mapping[str, object]]) -> altair.Chart:
    """A chart of these rows, to be given a mark; they go in as text, which Altair doesn't copy at each step as it would values."""
    return altair.Chart(altair.InlineData(values=json.dumps(rows), format=altair.JsonDataFormat(type="json")))


def layered(*charts: altair.Chart) -> altair.LayerChart:
    """The charts over one another, the first at the back; they aren't to be used again. Altair's own way copies each of them five times."""
    whole, data = altair.LayerChart(), charts[0].data
    if all(chart.data is data for chart in charts):
        whole.data = data
        for chart in charts:
            chart.data = altair.Undefined
    whole.layer = list(charts)
    return whole


def headed(chart: altair.TopLevelMixin, size: Size, facts: Facts, about: str, key: str) -> altair.TopLevelMixin:
    """The chart with what it shows above it and, for an invented place, that its people are invented."""
    return titled(chart, size, about, key, invented=facts.stamp.invented)


def titled(chart: altair.TopLevelMixin, size: Size, about: str, key: str, *, invented: bool) -> altair.TopLevelMixin:
    """The same for what isn't made from a build. It is the chart itself: Altair's own way copies every layer twice."""
    under = [key, *(["Invented people, not real ones."] if invented else [])]
    chart.title = altair.TitleParams(lines(about, size.letters), subtitle=[line for words in under for line in lines(words, size.letters)])
    chart.config = altair.Config(**config(size))
    return chart


def fitted(chart: altair.LayerChart, size: Size, height: int) -> altair.LayerChart:
    """The chart, now as wide as its size says, labels and all."""
    chart.width, chart.height = size.width, height
    chart.autosize = altair.AutoSizeParams(type="fit-x", contains="padding")
    return chart


def key_of(facts: Facts, area: Area) -> str:
    """What the bars and the outline over them stand for; the place as a whole has no outline."""
    return f"Bars: {area.name}." + (f" Outline: {facts.whole.name}." if area != facts.whole else "")


def against(facts: Facts, area: Area, mine: float | None, theirs: float | None) -> str:
    """How a share compares with the place's, after a comma; nothing for the place itself, and where either isn't known."""
    if mine is None or theirs is None or area == facts.whole:
        return ""
    compared = "about the same as" if abs(mine - theirs) < SAME else ("more than" if mine > theirs else "fewer than")
    return f", {compared} in {facts.whole.name} ({share(theirs, 1)})"


def without(facts: Facts) -> list[str]:
    """What a sum over all services leaves out, for want of an extract: whole sectors by their names, else single extracts."""
    there = {source.sector for source in facts.stamp.sources}
    sectors = dict.fromkeys(gap.sector for gap in facts.stamp.missing if gap.sector not in there)
    titles = [gap.title for gap in facts.stamp.missing if gap.sector in there]
    found = (
        [f"No extract tells of {listed(list(sectors))}: what they do isn't in these figures, which isn't the same as none."]
        if sectors
        else []
    )
    found += [f"Without {listed(titles)}: there is no such extract."] if titles else []
    return [*found, *_stopped(facts), *_organisations(facts)]


def _organisations(facts: Facts) -> list[str]:
    """Organisations that stopped, began late or lack months within an extract that others go on with; the first few by name."""
    told = [each.message for each in facts.aggregates.findings() if each.rule in OF_PROVIDERS[:3]]
    more = [f"{len(told) - MOST_NAMED} more organisations lack months: see the page of partners' data."] if len(told) > MOST_NAMED else []
    return [f"{capital(each)}." for each in told[:MOST_NAMED]] + more


def _stopped(facts: Facts) -> list[str]:
    """Extracts of what happened that end a month or more before the period: what came after is missing, and looks like a fall."""
    last = facts.place.period.last_day
    reached = {(source.title, source.partner_name): date.min for source in facts.stamp.sources if not contracts()[source.contract].lists}
    for source in facts.stamp.sources:
        if (of := (source.title, source.partner_name)) in reached and source.data_to:
            reached[of] = max(reached[of], source.data_to)
    behind = [(title, partner, until) for (title, partner), until in reached.items() if date.min < until < last - LATE]
    return [
        f"{title} of {partner} tells of nothing after {day(until)}: what came later isn't in these figures."
        for title, partner, until in behind
    ]


def missing(facts: Facts, what: str) -> str:
    """Why `what` can't be shown: no source follows the contract, or the build holds no such row."""
    gaps = [f"no extract follows the contract “{gap.title}”" for gap in facts.stamp.missing]
    return f"No data on {what}: {'; '.join(gaps) if gaps else 'the build holds no such row'}."


BOTH = (WIDE, NARROW)
