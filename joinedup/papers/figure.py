"""A figure: one chart in two sizes, the finding it shows, and the table of its numbers."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import altair

from joinedup.papers.facts import Facts
from joinedup.papers.theme import NARROW, WIDE, Size, config
from joinedup.papers.words import lines


@dataclass(frozen=True, slots=True)
class Table:
    """A table as a page shows it, in words, and as a file holds it, in bare values."""

    caption: str
    head: Sequence[str]
    rows: Sequence[Sequence[str]]
    columns: Sequence[str]
    values: Sequence[Sequence[Any]]

    def csv(self, **same: Any) -> str:
        """The bare values as CSV, with columns in front that are the same in each row; missing is empty."""
        out = io.StringIO()
        writer = csv.writer(out, lineterminator="\n")
        writer.writerow([*same, *self.columns])
        writer.writerows([*same.values(), *row] for row in self.values)
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


def headed(chart: altair.TopLevelMixin, size: Size, facts: Facts, about: str, key: str) -> altair.TopLevelMixin:
    """The chart with what it shows above it and, for an invented place, that its people are invented."""
    under = [key, *(["Invented people, not real ones."] if facts.stamp.invented else [])]
    title = altair.TitleParams(lines(about, size.letters), subtitle=[line for words in under for line in lines(words, size.letters)])
    return chart.properties(title=title).configure(**config(size))


def fitted(chart: altair.LayerChart, size: Size, height: int) -> altair.LayerChart:
    """The chart as wide as its size says, labels and all."""
    return chart.properties(width=size.width, height=height, autosize=altair.AutoSizeParams(type="fit-x", contains="padding"))


def missing(facts: Facts, what: str) -> str:
    """Why `what` can't be shown: no source follows the contract, or the build holds no such row."""
    gaps = [f"no extract follows the contract “{gap.title}”" for gap in facts.stamp.missing]
    return f"No data on {what}: {'; '.join(gaps) if gaps else 'the build holds no such row'}."


BOTH = (WIDE, NARROW)
