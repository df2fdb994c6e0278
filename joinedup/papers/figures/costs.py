"""Cost in pounds for each person registered, by sector where there are several and else by point of delivery: a neighbourhood's bars,
the place's as an outline."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import altair

from joinedup.papers import prices
from joinedup.papers.facts import OF_PRACTICES, Area, Facts, Row
from joinedup.papers.figure import BOTH, Column, Figure, Table, headed, missing, without
from joinedup.papers.figures import bars
from joinedup.papers.numbers import each, per, pounds, share, whole
from joinedup.papers.theme import Size
from joinedup.papers.words import capital, lower_first, point_of_delivery
from joinedup.periods import Period

COUNTS = ("activities", "costed", "from_extract", "from_unit_cost")
SAME = 50
"""Pence a head within which two costs are "about the same as" one another."""


Kind = tuple[str, str]
"""A sector and a point of delivery."""


@dataclass(frozen=True)
class Costs:
    """The rows of one area by sector and point of delivery, and how many people they are shared over."""

    rows: Mapping[Kind, Row]
    people: int | None
    practice_people: int | None
    """Those over whom the cost of general practice is shared: what is known of the others' isn't counted."""

    def over(self, kind: Kind) -> int | None:
        """How many people the cost of a point of delivery is shared over."""
        return self.practice_people if kind[0] == OF_PRACTICES else self.people

    def pence(self, kind: Kind) -> int | None:
        """The cost of a point of delivery: nothing where it was not used, None where none of its use has a cost."""
        row = self.rows.get(kind)
        if row is None:
            return 0
        return row["cost_pence"] if row["costed"] else None

    def each(self, kind: Kind) -> float | None:
        """The cost of a point of delivery in pence for each person."""
        return per(self.pence(kind), self.over(kind), 1)

    def sum(self, name: str) -> int:
        """A column over all points of delivery."""
        return sum(row[name] or 0 for row in self.rows.values())

    def head(self, name: str = "cost_pence") -> float | None:
        """Pence for each person, over all points of delivery; of another column than the cost likewise."""
        if not self.sum("costed"):
            return None
        spent: dict[bool, int] = {False: 0}
        for kind, row in self.rows.items():
            spent[kind[0] == OF_PRACTICES] = spent.get(kind[0] == OF_PRACTICES, 0) + (row[name] or 0)
        parts = [per(pence, self.practice_people if of_practices else self.people, 1) for of_practices, pence in spent.items()]
        return None if None in parts else sum(part for part in parts if part is not None)

    def by_sector(self) -> Costs:
        """The same with all points of delivery of a sector together."""
        together: dict[Kind, dict[str, int | None]] = {}
        for (sector, _), row in self.rows.items():
            held = together.setdefault((sector, ""), {"cost_pence": None, **dict.fromkeys(COUNTS, 0)})
            for name in COUNTS:
                held[name] = (held[name] or 0) + (row[name] or 0)
            if row["costed"]:
                held["cost_pence"] = (held["cost_pence"] or 0) + (row["cost_pence"] or 0)
        return Costs(together, self.people, self.practice_people)


def costs(facts: Facts, area: Area) -> Costs:
    """What an area's people cost in the period."""
    rows = {(row["sector"], row["point_of_delivery"]): row for row in facts.costs[area]}
    return Costs(rows, facts.people(area), facts.people_of(area, OF_PRACTICES))


def kinds(place: Costs) -> list[Kind]:
    """Sectors and their points of delivery, what costs the place most first."""
    spent = {sector: row["cost_pence"] or 0 for (sector, _), row in place.by_sector().rows.items()}
    return sorted(place.rows, key=lambda kind: (-spent[kind[0]], kind[0], -(place.rows[kind]["cost_pence"] or 0), kind[1]))


def drawn(facts: Facts, area: Area) -> Costs:
    """What the picture shows of an area: sectors, or the points of delivery of the only one."""
    found = costs(facts, area)
    return found.by_sector() if len({sector for sector, _ in costs(facts, facts.whole).rows}) > 1 else found


def named(kind: Kind) -> str:
    """The name of a sector or point of delivery."""
    sector, point = kind
    return point_of_delivery(point) if point else capital(sector)


def figure(facts: Facts, area: Area) -> Figure:
    """What an area's people cost, against the place's."""
    about = f"Cost per person registered on {facts.as_at} (and in all), {facts.period}"
    key = f"Bars: {area.name}. Outline: {facts.whole.name}."
    here, place = costs(facts, area), costs(facts, facts.whole)
    title = f"Cost of care of people of {area.name}"
    if place.head() is None:
        return Figure("cost", title, about, key, reason=missing(facts, "cost"))
    if here.head() is None:
        why = "Nobody was registered" if not here.people else "No activity of people has a cost"
        return Figure("cost", title, about, key, reason=f"{why} in {area.name}, {facts.as_at if not here.people else facts.period}.")
    charts = {size: headed(chart(facts, area, size), size, facts, about, key) for size in BOTH}
    return Figure(
        "cost",
        finding(facts, drawn(facts, area), drawn(facts, facts.whole)),
        about,
        key,
        table(facts, area),
        charts,
        notes=[*notes(here), *nought(facts), prices.in_words(facts.place.period), *constant(here, facts.place.period), *without(facts)],
        why=area.why("costs"),
    )


def finding(facts: Facts, here: Costs, place: Costs) -> str:
    """The cost a head against the place's, and what most of it is for."""
    mine, theirs = here.head() or 0.0, place.head() or 0.0
    apart = f"{each(abs(mine - theirs))} {'more' if mine > theirs else 'less'} than"
    compared = apart if abs(mine - theirs) >= SAME else "about the same as"
    largest = max(here.rows, key=lambda kind: here.pence(kind) or 0)
    part = share(here.pence(largest), here.sum("cost_pence"))
    return f"{each(mine)} per person, {compared} in {facts.whole.name}; {part} of it is {lower_first(named(largest))}"


def notes(here: Costs) -> list[str]:
    """How much of the activity has a cost, and where the cost comes from."""
    activities = here.sum("activities")
    known, extract, unit = (share(here.sum(name), activities) for name in COUNTS[1:])
    whence = f"{extract} from the extract, {unit} from a published average"
    return [f"{known} of {whole(activities)} activities have a cost: {whence}. The cost of the rest is not known, and not in the sums."]


def constant(here: Costs, period: Period) -> list[str]:
    """The cost a head at the prices of one year, so that a change between two periods can be told from that of prices."""
    now, then = here.head(), here.head("constant_pence")
    if not now or not then:
        return []
    said = f"At the prices of {prices.base()} that is {each(then)} per person"
    apart = f"{share(abs(now - then), then)} {'more' if now > then else 'less'}"
    so = prices.none_later(period) if round(now) == round(then) else f"the prices of the period make it {apart}"
    return [
        f"{said}: {so}. Between two periods, this figure changes with what was done, and the rest of a change in cost is price. The file "
        "of the table has it for each point of delivery; what extracts give as paid is brought to that year by the Consumer Prices Index."
    ]


def nought(facts: Facts) -> list[str]:
    """How many activities of the place have a price of nothing, and so are costed by the average."""
    rows = [row for row in facts.aggregates.quality().to_pylist() if row["rule"] == "price-nought" and row["found"]]
    return [
        f"{whole(row['found'])} of {whole(row['out_of'])} activities with a price in their extract, wherever the people live, have one of "
        "nothing, as under a block contract: they cost the published average here, which nobody paid."
        for row in rows
    ]


def chart(facts: Facts, area: Area, size: Size) -> altair.LayerChart:
    """A bar for each sector or point of delivery; the scale is the same for every neighbourhood."""
    here, place = drawn(facts, area), drawn(facts, facts.whole)
    shown = []
    for kind in kinds(place):
        pence = here.pence(kind)
        words = "cost not known" if pence is None else f"{each(here.each(kind))} ({pounds(pence)})"
        shown.append(bars.Bar(named(kind), here.each(kind), place.each(kind), words))
    everywhere = [drawn(facts, area) for area in (facts.whole, *facts.areas)]
    return bars.chart(shown, max(of.each(kind) or 0 for of in everywhere for kind in kinds(place)), size)


def table(facts: Facts, area: Area) -> Table:
    """Activities and cost by sector and point of delivery, on the page with their sum last."""
    here, place = costs(facts, area), costs(facts, facts.whole)
    order = kinds(place)
    counts = {name: [here.rows[kind][name] if kind in here.rows else 0 for kind in order] for name in COUNTS}
    pence = [here.pence(kind) for kind in order]
    fixed = [here.rows[kind]["constant_pence"] if kind in here.rows else 0 for kind in order]
    each_here, each_place = ([of.each(kind) for kind in order] for of in (here, place))
    costed = [share(part, total) if total else "—" for part, total in zip(counts["costed"], counts["activities"], strict=True)]
    keys, of_place = _why(area, order), _why(facts.whole, order)
    whole_name = f"Per person, {facts.whole.name}"
    columns = [
        Column("Sector", [*(capital(sector) for sector, _ in order), "All"], "sector", [sector for sector, _ in order]),
        Column("Point of delivery", [*(named(kind) for kind in order), ""], "point_of_delivery", [point for _, point in order], text=True),
        Column("Activities", [*map(whole, counts["activities"]), whole(here.sum("activities"))], "activities", counts["activities"]),
        Column("With a cost", [*costed, share(here.sum("costed"), here.sum("activities"))], "costed", counts["costed"]),
        *(Column(name=name, values=counts[name]) for name in COUNTS[2:]),
        Column("Cost", [*map(pounds, pence), pounds(here.sum("cost_pence"))], "cost_pence", pence),
        Column(name=f"cost_pence_at_{prices.base().replace('-', '_')}_prices", values=fixed),
        Column(name="people", values=[here.people] * len(order)),
        Column("Per person", [*map(each, each_here), each(here.head())], "cost_pence_per_person", each_here),
        Column(whole_name, [*map(each, each_place), each(place.head())], "place_cost_pence_per_person", each_place, why=of_place),
    ]
    return Table(f"Cost of care of people of {area.name}, {facts.period}", columns, total=True, why=keys)


def _why(area: Area, order: list[Kind]) -> list[str]:
    return [*(area.why("costs", *kind) for kind in order), area.why("costs")]
