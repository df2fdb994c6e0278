"""How rows came to people: by source and group, what agreement is worth, one invented pair, and how far linkage could move an indicator."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import altair

from joinedup.papers.facts import Facts, Row
from joinedup.papers.figure import BOTH, Column, Figure, Table, chart_of, fitted, headed
from joinedup.papers.figures import bars
from joinedup.papers.numbers import NO_DATA, rate, share, whole
from joinedup.papers.theme import AREA_FILL, INK, QUIET, SECOND_FILL, Size
from joinedup.papers.words import capital
from joinedup.sources.contract import contracts
from joinedup.statistics.rates import wilson

LIST = "register"
"""Rows of the list are people themselves, so that they tell nothing of how well rows are linked."""
NOT_SAID = "not said"
CHARACTERISTICS = {
    "ethnic_group": ("ethnic group", {"White": "White", "Mixed": "Mixed", "Asian": "Asian", "Black": "Black", "Other": "Other"}),
    "deprivation_fifth": (
        "deprivation",
        {"1": "1, most deprived", "2": "2", "3": "3", "4": "4", "5": "5, least deprived"},
    ),
    "age": ("age", {"0": "under 1", **{band: band for band in ("1 to 17", "18 to 39", "40 to 64", "65 to 79", "80 and over")}}),
    "sex": ("sex", {"female": "Female", "male": "Male"}),
}
"""Characteristics in the order of the page -> what each is called, and its groups in theirs."""
PAIR = (
    ("family name", "Ahmed and Ahmed", "the same"),
    ("given name", "Muhammad and Mohammed", "nearly the same"),
    ("date of birth", "4 May 1961 and 5 April 1961", "day and month swapped"),
    ("address", "ZZ1 1ZZ and ZZ1 1ZZ", "the same postcode"),
    ("NHS number", "one is missing", ""),
)
"""Two invented records: what is compared, what they say, and how that agrees; nothing where there is nothing to compare."""


@dataclass(frozen=True)
class Links:
    """What the door tells of linkage."""

    facts: Facts

    @cached_property
    def rows(self) -> list[Row]:
        """How many rows are linked and how, by source, characteristic and group."""
        rows: list[Row] = self.facts.aggregates.linked_rows().to_pylist()
        return rows

    @cached_property
    def weights(self) -> list[Row]:
        """What each degree of agreement is worth."""
        rows: list[Row] = self.facts.aggregates.match_weights().to_pylist()
        return rows

    @cached_property
    def figures(self) -> dict[str, float]:
        """The figures of matching by name; none where nothing was matched."""
        return {row["figure"]: row["value"] for row in self.facts.aggregates.match_figures().to_pylist()}

    def group(self, characteristic: str, value: str) -> tuple[int, int]:
        """Rows of a group in all sources but the list, and those of them that no key links."""
        which = (characteristic, value)
        own = [row for row in self.rows if (row["characteristic"], row["group_value"]) == which and row["contract"] != LIST]
        return sum(row["row_count"] for row in own), sum(row["row_count"] - row["by_key"] for row in own)


def by_source(links: Links) -> Table:
    """How the rows of each source are linked."""
    rows = [row for row in links.rows if row["characteristic"] == "all"]
    partners = {source.source: source.partner_name for source in links.facts.stamp.sources}

    def counted(head: str, name: str) -> Column:
        return Column(head, [whole(row[name]) for row in rows], name, [row[name] for row in rows])

    return Table(
        "How the rows of each source are linked to people",
        [
            Column("Extract", [contracts()[row["contract"]].title for row in rows], "contract", [row["contract"] for row in rows]),
            Column(
                "From", [partners.get(row["source"]) or row["source"] for row in rows], "source", [row["source"] for row in rows], text=True
            ),
            counted("Rows", "row_count"),
            counted("By number or pseudonym", "by_key"),
            counted("By people's answers", "confirmed"),
            counted("By probability", "by_probability"),
            counted("To nobody", "unlinked"),
            Column(
                "Linked",
                [share(row["row_count"] - row["unlinked"], row["row_count"]) for row in rows],
                "linked_share",
                [row["linked_share"] for row in rows],
            ),
        ],
    )


def of_groups(links: Links) -> list[Figure]:
    """For each characteristic, the share of rows that no key links, by group with its 95% limits."""
    return [_of_group(links, characteristic, *told) for characteristic, told in CHARACTERISTICS.items()]


def _of_group(links: Links, characteristic: str, name: str, groups: Mapping[str, str]) -> Figure:
    facts, identity = links.facts, f"not-by-key-{characteristic.replace('_', '-')}"
    about = f"Rows that no NHS number or pseudonym links, % of the rows of all extracts but the registration list, by {name}"
    key = "Bars: rows of each group. Outline: all rows."
    found = {group: links.group(characteristic, group) for group in groups}
    said = {group: counts for group, counts in found.items() if counts[0]}
    if not said:
        return Figure(identity, f"Linkage by {name}", about, key, reason=f"{capital(NO_DATA)}: no row says it.")
    every, none = links.group("all", "all")
    limits = wilson([counts[1] for counts in said.values()], [counts[0] for counts in said.values()], per=100)
    words = [f"{value:.1f}% ({low:.1f} to {high:.1f})" for value, low, high in zip(limits.value, limits.lower, limits.upper, strict=True)]
    drawn = [
        bars.Bar(groups[group], counts[1] / counts[0], none / every, said_so)
        for (group, counts), said_so in zip(said.items(), words, strict=True)
    ]
    reach = max(bar.value or 0 for bar in drawn)
    charts = {size: headed(bars.chart(drawn, max(reach, none / every), size), size, facts, about, key) for size in BOTH}
    table = Table(
        f"Rows that no key links, by {name}",
        [
            Column(capital(name), [groups[group] for group in said], characteristic, list(said)),
            Column("Rows", [whole(counts[0]) for counts in said.values()], "rows", [counts[0] for counts in said.values()]),
            Column("No key links", [whole(counts[1]) for counts in said.values()], "not_by_key", [counts[1] for counts in said.values()]),
            Column("% (95% limits)", words, "percentage", [round(float(value), 3) for value in limits.value]),
            Column(name="lower", values=[round(float(value), 3) for value in limits.lower]),
            Column(name="upper", values=[round(float(value), 3) for value in limits.upper]),
        ],
    )
    return Figure(
        identity, _finding(name, groups, said, limits.lower, limits.upper), about, key, table, charts, notes=_silent(links, characteristic)
    )


def _finding(name: str, groups: Mapping[str, str], said: Mapping[str, tuple[int, int]], lower: Any, upper: Any) -> str:  # noqa: ANN401 - arrays
    """Which group has the most such rows, if chance alone can't be why."""
    shares = [counts[1] / counts[0] for counts in said.values()]
    most, least = max(range(len(shares)), key=shares.__getitem__), min(range(len(shares)), key=shares.__getitem__)
    if len(shares) < 2 or lower[most] <= upper[least]:
        return f"Rows that no key links: no difference by {name} beyond chance"
    named = [groups[group] for group in said]
    return f"Keys miss more rows where {name} is {named[most]} ({shares[most]:.1%}) than where it is {named[least]} ({shares[least]:.1%})"


def _silent(links: Links, characteristic: str) -> list[str]:
    rows, _ = links.group(characteristic, NOT_SAID)
    every, _ = links.group("all", "all")
    return [f"{share(rows, every)} of rows don't say it and are in no bar."] if rows else []


def weights(links: Links) -> Table:
    """What each degree of agreement is worth, as it was learned."""
    rows = sorted(links.weights, key=lambda row: (row["comparison"], -row["level"]))
    return Table(
        "What agreement is worth: m is the share of pairs of one person that agree so, u of two people",
        [
            Column("Compared", [capital(row["comparison"]) for row in rows], "comparison", [row["comparison"] for row in rows]),
            Column("Agreement", [row["label"] for row in rows], "label", [row["label"] for row in rows], text=True),
            Column("m", [_small(row["m"]) for row in rows], "m", [row["m"] for row in rows]),
            Column("u", [_small(row["u"]) for row in rows], "u", [row["u"] for row in rows]),
            Column("Weight", [f"{row['weight']:+.1f}" for row in rows], "weight", [row["weight"] for row in rows]),
        ],
    )


def _small(part: float) -> str:
    return f"{part:.1%}" if part >= 0.001 else f"1 in {1 / part:,.0f}" if part else "0"


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
    return Figure("pair", finding, about, key, table, charts, notes=notes)


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
    return fitted(altair.layer(steps, nought, names, words), size, 44 * len(rows))


def moved(links: Links) -> Table:
    """How far plausible errors of linkage could move each indicator of the place."""
    facts = links.facts
    rows = []
    for spec in facts.specs.values():
        value = (facts.measures.get((spec.id, facts.whole)) or {}).get("value")
        which = set(spec.contracts) - {LIST}
        own = [row for row in links.rows if row["characteristic"] == "all" and row["contract"] in which]
        every, unlinked, likely = (sum(row[name] for row in own) for name in ("row_count", "unlinked", "by_probability"))
        linked = every - unlinked
        known = value is not None and linked
        low, high = (value * (1 - likely / linked), value * every / linked) if known else (None, None)
        rows.append((spec, value, low, high))
    return Table(
        f"How far linkage could move each indicator of {facts.whole.name}",
        [
            Column("Indicator", [spec.title for spec, *_ in rows], "measure_id", [spec.id for spec, *_ in rows]),
            Column("Unit", [spec.unit for spec, *_ in rows], text=True),
            Column("As published", [rate(value) for _, value, *_ in rows], "value", [value for _, value, *_ in rows]),
            Column("If no link by probability were right", [rate(low) for *_, low, _ in rows], "lowest", [low for *_, low, _ in rows]),
            Column("If every row without a person were counted", [rate(high) for *_, high in rows], "highest", [high for *_, high in rows]),
        ],
    )


def in_short(links: Links) -> str:
    """What matching came to, in a sentence or two."""
    told = links.figures
    if not told.get("records"):
        return "No row without a usable number had enough to be matched."
    learned = "learned from these records" if told.get("trained") else "those that come with joinedup, for there were too few to learn from"
    count = {name: f"{told[name]:,.0f}" for name in ("records", "people", "linked", "confirmed", "in_doubt", "not_linked")}
    return (
        f"{count['records']} different records that no key decided were compared with {count['people']} people: {count['linked']} were "
        f"linked by probability (at {told['link_at']:.1%} or more), {count['confirmed']} because two people agreed, {count['in_doubt']} "
        f"wait for people to judge, and {count['not_linked']} are linked to nobody. The weights are {learned}."
    )


def in_template(links: Links) -> dict[str, Any]:
    """What the template shows besides its figures."""
    return {"in_short": in_short(links), "by_source": by_source(links), "weights": weights(links), "moved": moved(links)}


def tables(links: Links) -> dict[str, Table]:
    """What can be downloaded beside the page."""
    return {"by-source": by_source(links), "weights": weights(links), "moved": moved(links)}
