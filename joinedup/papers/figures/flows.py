"""Where people go: of each sector the organisations that do most, as parts of one bar."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import altair

from joinedup.access.rounding import added
from joinedup.papers.facts import Area, Facts, Row
from joinedup.papers.figure import BOTH, Column, Figure, Table, chart_of, fitted, headed, layered, missing
from joinedup.papers.numbers import fraction, share, whole
from joinedup.papers.theme import AREA_FILL, INK, LOWER, PAPER, RULE, Size
from joinedup.papers.words import capital, lines, many

NAMED, LISTED = 3, 8
"""Organisations of a sector that are drawn apart, and those that the page lists; the file has all."""
SHADES = (AREA_FILL, "#8fbde6", LOWER, RULE, PAPER)
"""The largest, second, third; all others; not said."""
LINE, THICK, APART = 17, 20, 16
WHERE_CHILDREN_LIVE = "children"
NOT_SAID = "Not said"


@dataclass(frozen=True)
class Sector:
    """One sector of an area: what each organisation did, the one that did most first, and what is said of none."""

    name: str
    rows: Sequence[Row]
    unsaid: int | None

    @property
    def activities(self) -> int | None:
        """All of it."""
        return added([*(row["activities"] for row in self.rows), self.unsaid])


def sectors(facts: Facts, area: Area) -> list[Sector]:
    """The sectors in the order of what the place uses most."""
    used = [(row["sector"], row["activities"] or 0) for row in facts.profiled("flows")[facts.whole]]
    order = sorted({name for name, _ in used}, key=lambda name: (-sum(count for of, count in used if of == name), name))
    rows = [row for row in facts.profiled("flows")[area] if row["activities"] != 0]
    found = []
    for name in order:
        own = [row for row in rows if row["sector"] == name]
        said = sorted((row for row in own if row["provider_code"]), key=lambda row: (-(row["activities"] or 0), row["provider_code"]))
        unsaid = next((row["activities"] for row in own if not row["provider_code"]), 0)
        if own:
            found.append(Sector(name, said, unsaid))
    return found


def named(facts: Facts, code: str) -> str:
    """The name of an organisation: as the place folder has it, else its code."""
    partners = {partner.code: partner.name for partner in facts.place.partners if partner.code}
    practices = {practice.code: practice.name for practice in facts.place.practices}
    return partners.get(code) or practices.get(code) or f"Provider {code}"


def figure(facts: Facts, area: Area) -> Figure:
    """Where the people of an area go."""
    about = f"Activities by who does them, % of each sector, {facts.period}"
    key = "From the left: who does most (darkest), second and third, then all others; outlined: not said."
    told = [each for each in sectors(facts, area) if each.name != WHERE_CHILDREN_LIVE and each.activities]
    if not any(each.rows for each in told):
        return Figure("flows", f"Where people of {area.name} go", about, key, reason=missing(facts, "where people go"))
    charts = {size: headed(chart(facts, told, size), size, facts, about, key) for size in BOTH}
    return Figure("flows", finding(facts, told), about, key, table(facts, area), charts, notes=notes(facts, area), why=area.why("flows"))


def finding(facts: Facts, told: Sequence[Sector]) -> str:
    """Where most goes to one organisation, and in which sector the people go to most different ones."""
    shown = [each for each in told if each.rows and each.rows[0]["activities"]]
    if not shown:
        return "Who does how much of each sector"
    first = shown[0] if shown[0].name != "primary care" or len(shown) == 1 else shown[1]
    most = max(shown, key=lambda each: len(each.rows))
    row = first.rows[0]
    said = f"{capital(first.name)}: {share(row['activities'], first.activities)} is done by {named(facts, row['provider_code'])}"
    return f"{said}; in {most.name} people go to {many(len(most.rows), 'organisation', 'different organisations')}"


def notes(facts: Facts, area: Area) -> list[str]:
    """What is left out."""
    children = any(each.name == WHERE_CHILDREN_LIVE for each in sectors(facts, area))
    return ["Who looks after children isn't shown: it would tell where they live."] if children else []


def chart(facts: Facts, told: Sequence[Sector], size: Size) -> altair.LayerChart:
    """A bar of parts for each sector, its words above it."""
    words = {each.name: lines(_words(facts, each), size.letters) for each in told}
    top, rows, heads = 0, [], []
    for each in told:
        heads.append({"words": "\n".join(words[each.name]), "y": top})
        top += LINE * len(words[each.name]) + 3
        rows += [part | {"y": top, "y2": top + THICK} for part in _parts(each)]
        top += THICK + APART
    y = altair.Y("y:Q", axis=None, scale=altair.Scale(domain=[0, top], reverse=True, nice=False))
    x = altair.X("from:Q", axis=None, scale=altair.Scale(domain=[0, 1], nice=False))
    fill = altair.Color("part:O", legend=None, scale=altair.Scale(domain=list(range(len(SHADES))), range=list(SHADES)))
    bars = chart_of(rows).mark_bar(stroke=INK, strokeWidth=1).encode(x, altair.X2("to:Q"), y, altair.Y2("y2:Q"), fill)
    text = chart_of(heads).mark_text(align="left", baseline="top", lineBreak="\n", lineHeight=LINE)
    return fitted(layered(bars, text.encode(altair.Text("words:N"), y, x=altair.XValue(0))), size, top)


def _words(facts: Facts, of: Sector) -> str:
    if not of.rows:
        return f"{capital(of.name)} ({whole(of.activities)}): not said who does it"
    first = of.rows[0]
    return (
        f"{capital(of.name)} ({whole(of.activities)}): {named(facts, first['provider_code'])} {share(first['activities'], of.activities)}"
    )


def _parts(of: Sector) -> list[dict[str, Any]]:
    """The parts of a bar from the left."""
    counts = [row["activities"] or 0 for row in of.rows]
    pieces = [*(counts[:NAMED] + [0] * NAMED)[:NAMED], sum(counts[NAMED:]), of.unsaid or 0]
    total, at, found = sum(pieces), 0.0, []
    for part, piece in enumerate(pieces):
        if piece:
            found.append({"part": part, "from": at, "to": at + piece / total})
            at += piece / total
    return found


def table(facts: Facts, area: Area) -> Table:
    """Activities and people by sector and organisation, those that do most first."""
    every, shown = [], []
    for each in sectors(facts, area):
        own: list[tuple[Sector, Row]] = [(each, row) for row in each.rows]
        unsaid = [(each, row) for row in facts.profiled("flows")[area] if row["sector"] == each.name and not row["provider_code"]]
        every += [*own, *unsaid]
        shown += [*own[:LISTED], *unsaid]
    columns = [
        Column("Sector", [capital(of.name) for of, _ in shown], "sector", [of.name for of, _ in every]),
        Column(
            "Who",
            [named(facts, row["provider_code"]) if row["provider_code"] else NOT_SAID for _, row in shown],
            "provider_code",
            [row["provider_code"] for _, row in every],
            text=True,
        ),
        Column("Activities", [whole(row["activities"]) for _, row in shown], "activities", [row["activities"] for _, row in every]),
        Column(
            "% of the sector",
            [share(row["activities"], of.activities) for of, row in shown],
            "share",
            [fraction(row["activities"], of.activities) for of, row in every],
        ),
        *(
            [Column("People", [whole(row["people"]) for _, row in shown], "people", [row["people"] for _, row in every])]
            if facts.internal
            else []
        ),
    ]
    keys = [area.why("flows", row["sector"], row["provider_code"]) for _, row in shown]
    return Table(f"Where people of {area.name} go, {facts.period}", columns, why=keys)
