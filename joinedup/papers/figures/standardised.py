"""Conditions as if every area's people had the same ages: directly standardised rates of neighbourhoods, beside the place."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from joinedup.access.published import evidence_key
from joinedup.papers.facts import Area, Facts
from joinedup.papers.figure import BOTH, Column, Figure, Table, headed
from joinedup.papers.figures import strip
from joinedup.papers.numbers import NO_DATA, limits, rate
from joinedup.papers.words import lower_first, many
from joinedup.statistics.standardised import standardised_of_sums

PER = 1000
LEVELS = (0.95, 0.998)
"""Limits that are told, and those that say that an area differs: 1 of 500 outside by chance, as for practices."""
SHOWN = 40
"""Rows of the table that a page shows, the furthest from the place first; its file has all."""
Key = tuple[str, str, str]


@dataclass(frozen=True, slots=True)
class Rate:
    """People with a condition of each 1,000, if the area's people had the ages of the European standard; with 95% limits."""

    value: float
    lower: float
    upper: float
    widest: tuple[float, float]
    """Limits at 99.8%."""

    def differs(self, from_: float) -> bool:
        """Whether a rate lies outside what chance brings about in all but 1 of 500."""
        return not self.widest[0] <= from_ <= self.widest[1]

    @property
    def words(self) -> str:
        """The rate and its 95% limits."""
        return f"{rate(self.value)} ({limits(self.lower, self.upper)})"


def rates(facts: Facts) -> Mapping[Key, Rate]:
    """By area type, area and condition; without those of fewer than ten people, or of whom a band of age has nobody."""
    rows = [row for row in facts.listed("conditions") if row.get("standardised_rate") is not None]
    if not rows:
        return {}
    columns = ("people_of_known_age", "standardised_rate", "standardised_variance")
    sums = (np.array([row[name] for row in rows], dtype=np.float64) for name in columns)
    found = standardised_of_sums(*sums, per=PER, confidence=LEVELS)
    told = zip(rows, found.value.tolist(), found.lower.tolist(), found.upper.tolist(), strict=True)
    return {
        (row["area_type"], row["area_id"], row["condition_id"]): Rate(value, low[0], high[0], (low[1], high[1]))
        for row, value, low, high in told
        if np.isfinite(value)
    }


def columns(facts: Facts, area: Area, conditions: Sequence[str]) -> list[Column]:
    """Of an area's conditions the standardised rate with limits; none where none is told, as to the public."""
    known = rates(facts)
    own = [known.get((area.type, "place" if area == facts.whole else area.id, each)) for each in conditions]
    if not any(own):
        return []
    return [
        Column(
            f"Of {PER:,}, standardised for age (95% limits)",
            [NO_DATA if each is None else each.words for each in own],
            "standardised_per_1000",
            [None if each is None else each.value for each in own],
        ),
        Column(name="standardised_lower", values=[None if each is None else each.lower for each in own]),
        Column(name="standardised_upper", values=[None if each is None else each.upper for each in own]),
    ]


def figure(facts: Facts) -> Figure | None:
    """Neighbourhoods beside the place in each condition; None where no rate of any is known."""
    known = rates(facts)
    titles = {row["condition_id"]: row["title"] for row in facts.listed("condition_about")}
    place = {each: known["place", "place", each] for each in titles if ("place", "place", each) in known}
    names = {area.id: area.name for area in facts.areas}
    of = {each: {area: known["neighbourhood", area, each] for area in names if ("neighbourhood", area, each) in known} for each in place}
    drawn = sorted((each for each in place if of[each]), key=lambda each: -place[each].value)
    if not drawn:
        return None
    word = facts.place.word
    about = f"People with each condition on {facts.as_at}, standardised for age: {word.plural} against {facts.whole.name}"
    key = f"A circle is a {word.singular}; a filled one differs by more than chance brings about in 1 of 500. In bold: {facts.whole.name}."
    strips = [
        strip.Strip(
            titles[each],
            f"{rate(place[each].value)} of {PER:,}",
            [strip.Dot(one.value / place[each].value, one.differs(place[each].value)) for one in of[each].values()],
        )
        for each in drawn
        if place[each].value
    ]
    charts = {size: headed(strip.chart(strips, size), size, facts, about, key) for size in BOTH}
    pairs = [(each, area) for each in drawn for area in of[each]]
    told = _table(facts, pairs, known, titles, names)
    return Figure("standardised", _finding(pairs, known, titles, names), about, key, told, charts, notes=NOTES, why="conditions")


NOTES = (
    "Each five-year band of age has the weight that it has in the European Standard Population of 2013, so areas can be held against each "
    "other, and against other places. A rate needs ten people with the condition, and somebody in every band of age; else there is none. "
    "Limits: Dobson and others, 1991. Differences of recording stay in.",
)


def _ratio(of: tuple[str, str], known: Mapping[Key, Rate]) -> float:
    place = known["place", "place", of[0]].value
    return known["neighbourhood", of[1], of[0]].value / place if place else 1.0


def _differs(of: tuple[str, str], known: Mapping[Key, Rate]) -> bool:
    return known["neighbourhood", of[1], of[0]].differs(known["place", "place", of[0]].value)


def _finding(pairs: Sequence[tuple[str, str]], known: Mapping[Key, Rate], titles: Mapping[str, str], names: Mapping[str, str]) -> str:
    """How many differ from the place, and the one that differs most."""
    apart = [each for each in pairs if _differs(each, known)]
    if not apart:
        return "Once age is allowed for, no area differs from the place by more than chance in any condition"
    most = max(apart, key=lambda each: abs(np.log(max(_ratio(each, known), 1e-9))))
    ratio = _ratio(most, known)
    more = f"{abs(ratio - 1):.0%} {'more' if ratio > 1 else 'less'} often"
    counted = many(len(apart), "rate differs", "rates differ")
    return f"Once age is allowed for, {counted} from the place; {lower_first(titles[most[0]])} is {more} found in {names[most[1]]}"


def _table(
    facts: Facts, pairs: Sequence[tuple[str, str]], known: Mapping[Key, Rate], titles: Mapping[str, str], names: Mapping[str, str]
) -> Table:
    """Condition and area in a row, those first that differ, the furthest from the place at the head."""
    every = sorted(pairs, key=lambda each: (not _differs(each, known), -abs(_ratio(each, known) - 1), each))
    mine = [known["neighbourhood", area, each] for each, area in every]
    theirs = [known["place", "place", each] for each, _ in every]
    word = facts.place.word.singular
    found = [
        Column("Condition", [titles[each] for each, _ in every[:SHOWN]], "condition_id", [each for each, _ in every]),
        Column(word[:1].upper() + word[1:], [names[area] for _, area in every[:SHOWN]], "area_id", [area for _, area in every], text=True),
        Column(f"Of {PER:,} (95% limits)", [each.words for each in mine[:SHOWN]], "standardised_per_1000", [each.value for each in mine]),
        Column(name="lower", values=[each.lower for each in mine]),
        Column(name="upper", values=[each.upper for each in mine]),
        Column(
            facts.whole.name,
            [each.words for each in theirs[:SHOWN]],
            "place_per_1000",
            [each.value for each in theirs],
            why=[facts.whole.why("conditions", each) for each, _ in every[:SHOWN]],
        ),
        Column(
            "Differs",
            ["yes" if _differs(each, known) else "no" for each in every[:SHOWN]],
            "differs",
            [_differs(each, known) for each in every],
        ),
    ]
    more = f", the first {SHOWN} of {len(every)}" if len(every) > SHOWN else ""
    keys = [evidence_key("conditions", "neighbourhood", area, each) for each, area in every[:SHOWN]]
    return Table(f"Standardised for age, the furthest from {facts.whole.name} first{more}", found, why=keys)
