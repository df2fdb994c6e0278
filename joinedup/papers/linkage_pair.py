"""How an invented pair of records comes to its probability: the weights that were learned, added up step by step."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import altair

from joinedup.papers.figure import BOTH, Column, Figure, Table, chart_of, fitted, headed, layered
from joinedup.papers.linkage import Links
from joinedup.papers.theme import AREA_FILL, INK, QUIET, SECOND_FILL, Size
from joinedup.papers.words import capital

PAIR = (
    ("family name", "Ahmed and Ahmed", "the same"),
    ("given name", "Muhammad and Mohammed", "nearly the same"),
    ("date of birth", "4 May 1961 and 5 April 1961", "day and month swapped"),
    ("address", "ZZ1 1ZZ and ZZ1 1ZZ", "the same postcode"),
    ("NHS number", "one is missing", ""),
)
"""Two invented records: what is compared, what they say, and how that agrees; nothing where there is nothing to compare."""


def pair(links: Links) -> Figure:
    """How an invented pair of records comes to its probability, step by step."""
    about = "Match weight of two invented records, step by step (log2: one more is twice as likely one person)"
    key = "Bars to the right speak for one person, to the left against. The last is the sum."
    worth = {(row["comparison"], row["label"]): row["weight"] for row in links.weights}
    prior = links.figures.get("prior", 0.0)
    if not worth or not 0 < prior < 1:
        return Figure("pair", "How two records are weighed", about, key, reason="Nothing was matched in this landing.")
    steps = _steps(math.log2(prior / (1 - prior)), worth)
    probability = 1 / (1 + 2 ** -steps[-1].end)
    linked = probability >= links.figures.get("link_at", 1.0)
    finding = f"Two invented records: {probability:.4%} likely to be one person, {'' if linked else 'not '}enough to be linked"
    charts = {size: headed(_waterfall(steps, size), size, links.facts, about, key) for size in BOTH}
    names = [step.name for step in steps]
    table = Table(
        "The weights of an invented pair",
        [
            Column("Step", names, "step", names),
            Column("Weight", [step.words for step in steps], "weight", [round(step.end - step.start, 3) for step in steps]),
        ],
    )
    notes = ["Rare names and postcodes weigh more, common ones less, than is shown. Where a value is missing on one side nothing is added."]
    return Figure("pair", finding, about, key, table, charts, notes=notes, why="match_weights")


@dataclass(frozen=True, slots=True)
class Step:
    """One bar of a waterfall."""

    name: str
    start: float
    end: float
    colour: str

    @property
    def words(self) -> str:
        """How far it goes."""
        return f"{self.end - self.start:+.1f}"


def _steps(before: float, worth: Mapping[tuple[str, str], float]) -> list[Step]:
    """What each comparison of the pair adds to `before`, and the sum of all."""
    parts = [(f"{capital(name)}: {said}", worth.get((name, agreement), 0.0)) for name, said, agreement in PAIR]
    steps, reached = [], 0.0
    for name, weight in [("Before anything is compared", before), *parts]:
        steps.append(Step(name, reached, reached + weight, AREA_FILL if weight >= 0 else SECOND_FILL))
        reached += weight
    return [*steps, Step("Together", 0.0, reached, INK)]


def _waterfall(steps: Sequence[Step], size: Size) -> altair.LayerChart:
    """Each step from where the last one ended, its words above it."""
    rows = [{"name": step.name, "from": step.start, "to": step.end, "words": step.words, "colour": step.colour} for step in steps]
    ends = [end for step in steps for end in (step.start, step.end)]
    scale = altair.Scale(domain=[min(ends), max(ends)], nice=False)
    y = altair.Y("name:N", title=None, sort=[step.name for step in steps], axis=altair.Axis(labels=False))
    base = chart_of(rows).encode(y)
    x = altair.X("from:Q", title=None, scale=scale, axis=altair.Axis(grid=True, tickCount=4 if size.narrow else 8))
    steps = base.mark_bar(size=14, yOffset=9).encode(x, altair.X2("to:Q"), altair.Color("colour:N", scale=None))
    names = base.mark_text(align="left", baseline="bottom", dy=0).encode(altair.Text("name:N"), x=altair.XValue(0))
    words = base.mark_text(align="right", baseline="bottom", fontWeight="bold").encode(altair.Text("words:N"), x=altair.XValue("width"))
    nought = altair.Chart().mark_rule(color=QUIET).encode(x=altair.XDatum(0))
    return fitted(layered(steps, nought, names, words), size, 44 * len(rows))
