"""How rows came to people: by source and group, what agreement is worth, one invented pair, and how far linkage could move an indicator."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

from joinedup.access.published import evidence_key
from joinedup.papers.facts import Area, Facts, Row
from joinedup.papers.figure import BOTH, Column, Figure, Table, headed
from joinedup.papers.figures import bars
from joinedup.papers.numbers import NO_DATA, rate, share, whole
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


class Group(NamedTuple):
    """Rows of a group, those that no key links, and how many independent rows would leave their share as uncertain."""

    rows: int
    not_by_key: int
    effective: float

    @property
    def share(self) -> float:
        """Of its rows, those that no key links."""
        return self.not_by_key / self.rows


JUDGED = {
    "Right": "correct",
    "To another person": "wrong",
    "To nobody": "missed",
    "Strangers' rows": "of_strangers",
    "of them linked": "strangers_linked",
}
"""Heads of the table of right and wrong links -> their columns."""


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

    @cached_property
    def bearing(self) -> dict[tuple[str, str, str], Row]:
        """By measure and area, what of a numerator stands on links by probability, and how many stays of its kind are linked to nobody."""
        told = self.facts.aggregates.measure_linkage().to_pylist()
        return {(row["measure_id"], row["area_type"], row["area_id"]): row for row in told}

    @cached_property
    def spread(self) -> dict[tuple[str, str], Row]:
        """Rows of all extracts but the list by characteristic and group: how many, how many no key links, and how many they are worth."""
        return {(row["characteristic"], row["group_value"]): row for row in self.facts.aggregates.link_spread().to_pylist()}

    def group(self, characteristic: str, value: str) -> Group:
        """A group's rows; none where no row says that it is of the group."""
        row = self.spread.get((characteristic, value))
        return Group(row["row_count"], row["not_by_key"], row["effective_rows"] or 0.0) if row else Group(0, 0, 0.0)


def by_source(links: Links) -> Table:
    """How the rows of each source are linked."""
    rows = [row for row in links.rows if row["characteristic"] == "all"]
    partners = {source.source: source.partner_name for source in links.facts.stamp.sources}

    def counted(head: str, name: str) -> Column:
        return Column(head, [whole(row[name]) for row in rows], name, [row[name] for row in rows])

    keys = [evidence_key("linked_rows", row["contract"], row["source"], "all", "all") for row in rows]
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
        why=keys,
    )


def of_groups(links: Links) -> list[Figure]:
    """For each characteristic, the share of rows that no key links, by group with its 95% limits."""
    return [_of_group(links, characteristic, *told) for characteristic, told in CHARACTERISTICS.items()]


def _of_group(links: Links, characteristic: str, name: str, groups: Mapping[str, str]) -> Figure:
    facts, identity = links.facts, f"not-by-key-{characteristic.replace('_', '-')}"
    about = f"Rows that no NHS number or pseudonym links, % of the rows of all extracts but the registration list, by {name}"
    key = "Bars: rows of each group. Outline: all rows."
    found = {group: links.group(characteristic, group) for group in groups}
    said = {group: counts for group, counts in found.items() if counts.rows}
    if not said:
        return Figure(identity, f"Linkage by {name}", about, key, reason=f"{capital(NO_DATA)}: no row says it.")
    whole_share = links.group("all", "all").share
    limits = wilson([counts.share * counts.effective for counts in said.values()], [counts.effective for counts in said.values()], per=100)
    words = [f"{value:.1f}% ({low:.1f} to {high:.1f})" for value, low, high in zip(limits.value, limits.lower, limits.upper, strict=True)]
    drawn = [
        bars.Bar(groups[group], counts.share, whole_share, said_so) for (group, counts), said_so in zip(said.items(), words, strict=True)
    ]
    reach = max(bar.value or 0 for bar in drawn)
    charts = {size: headed(bars.chart(drawn, max(reach, whole_share), size), size, facts, about, key) for size in BOTH}
    table = Table(
        f"Rows that no key links, by {name}",
        [
            Column(capital(name), [groups[group] for group in said], characteristic, list(said)),
            Column("Rows", [whole(counts.rows) for counts in said.values()], "rows", [counts.rows for counts in said.values()]),
            Column(
                "No key links", [whole(counts.not_by_key) for counts in said.values()], "not_by_key", [c.not_by_key for c in said.values()]
            ),
            Column("% (95% limits)", words, "percentage", [round(float(value), 3) for value in limits.value]),
            Column(name="lower", values=[round(float(value), 3) for value in limits.lower]),
            Column(name="upper", values=[round(float(value), 3) for value in limits.upper]),
        ],
        why=[evidence_key("link_spread", characteristic, group) for group in said],
    )
    return Figure(
        identity,
        _finding(name, groups, said, limits.lower, limits.upper),
        about,
        key,
        table,
        charts,
        notes=_silent(links, characteristic),
        why=evidence_key("link_spread", characteristic),
    )


def _finding(name: str, groups: Mapping[str, str], said: Mapping[str, Group], lower: Any, upper: Any) -> str:  # noqa: ANN401 - arrays
    """Which group has the most such rows, if chance alone can't be why."""
    shares = [counts.share for counts in said.values()]
    most, least = max(range(len(shares)), key=shares.__getitem__), min(range(len(shares)), key=shares.__getitem__)
    if len(shares) < 2 or lower[most] <= upper[least]:
        return f"Rows that no key links: no difference by {name} beyond chance"
    named = [groups[group] for group in said]
    return f"Keys miss more rows where {name} is {named[most]} ({shares[most]:.1%}) than where it is {named[least]} ({shares[least]:.1%})"


def _silent(links: Links, characteristic: str) -> list[str]:
    rows = links.group(characteristic, NOT_SAID).rows
    return [f"{share(rows, links.group('all', 'all').rows)} of rows don't say it and are in no bar."] if rows else []


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
        why=[evidence_key("match_weights", row["comparison"], row["level"]) for row in rows],
    )


def _small(part: float) -> str:
    return f"{part:.1%}" if part >= 0.001 else f"1 in {1 / part:,.0f}" if part else "0"


def moved(links: Links) -> Table:
    """How far plausible errors of linkage could move each indicator, by area: as published, and within which bounds."""
    facts = links.facts
    every = [*facts.areas, facts.nowhere, facts.whole]
    columns = [Column(capital(facts.place.word.singular), [area.name for area in every], "area", [area.name for area in every])]
    for spec in facts.specs.values():
        bounds = [_bounds(links, spec.id, area) for area in every]
        said = [f"{rate(value)} ({rate(low)} to {rate(high)})" if low is not None else rate(value) for value, low, high in bounds]
        keys = [area.why(spec.id) for area in every]
        columns.append(Column(f"{spec.title}, {spec.unit}", said, spec.id, [value for value, *_ in bounds], why=keys))
        columns.append(Column(name=f"{spec.id}_lowest", values=[low for _, low, _ in bounds]))
        columns.append(Column(name=f"{spec.id}_highest", values=[high for *_, high in bounds]))
    return Table("How far linkage could move the indicators: as published (lowest to highest)", columns, total=True)


def _bounds(links: Links, measure: str, area: Area) -> tuple[float | None, float | None, float | None]:
    """A value; what it would be without links by probability, and with every stay of its kind that is linked to nobody."""
    value = (links.facts.measures.get((measure, area)) or {}).get("value")
    told = links.bearing.get((measure, area.type, "place" if area.type == "place" else area.id))
    if value is None or told is None or not told["numerator"]:
        return value, None, None
    likely, linked = told["by_probability"] / told["numerator"], told["kindred"] - told["kindred_unlinked"]
    return value, value * (1 - likely), value * told["kindred"] / linked if linked else None


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


def truth(links: Links) -> Table | None:
    """How rightly the rows with a fault were linked, by what decided and by ethnic group; None where the truth isn't known."""
    said = links.facts.aggregates.link_truth().to_pylist()
    names = {("key", "all"): "A number, pseudonym or the list itself", ("matching", "all"): "Matching"}
    rows = [row for row in said if (row["decided_by"], row["group_value"]) in names]
    groups = [row for row in said if row["decided_by"] == "matching" and row["characteristic"] == "ethnic_group"]
    if not any(row["correct"] + row["wrong"] + row["missed"] for row in rows):
        return None

    def limits(row: Row, of: str) -> str:
        every = row["correct"] + row["wrong"] + (row["missed"] if of == "recall" else row["strangers_linked"])
        if not every:
            return NO_DATA
        found = wilson([row["correct"]], [every], per=100)
        return f"{found.value[0]:.2f}% ({found.lower[0]:.2f} to {found.upper[0]:.2f})"

    every = [*sorted(rows, key=lambda row: row["decided_by"]), *groups]
    first = [names.get((row["decided_by"], row["group_value"])) or f"Matching, {row['group_value']}" for row in every]
    return Table(
        "How rightly rows with a fault were linked",
        [
            Column("Decided by", first, "decided_by", first),
            *(Column(head, [whole(row[name]) for row in every], name, [row[name] for row in every]) for head, name in JUDGED.items()),
            Column(
                "Precision (95% limits)", [limits(row, "precision") for row in every], "precision", [row["link_precision"] for row in every]
            ),
            Column("Recall (95% limits)", [limits(row, "recall") for row in every], "recall", [row["recall"] for row in every]),
        ],
        why=[evidence_key("link_truth", row["decided_by"], row["characteristic"], row["group_value"]) for row in every],
    )


def in_template(links: Links) -> dict[str, Any]:
    """What the template shows besides its figures."""
    return {
        "in_short": in_short(links),
        "by_source": by_source(links),
        "weights": weights(links),
        "moved": moved(links),
        "truth": truth(links),
    }


def tables(links: Links) -> dict[str, Table]:
    """What can be downloaded beside the page."""
    judged = truth(links)
    return {"by-source": by_source(links), "weights": weights(links), "moved": moved(links), **({"truth": judged} if judged else {})}
