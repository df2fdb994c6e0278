"""What stands behind the numbers, in words: which partner's data, up to when, what became of their rows, what is missing."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from importlib.resources import files
from io import StringIO
from math import inf, log

from joinedup.access.published import evidence_key
from joinedup.papers import agreed
from joinedup.papers.facts import Facts
from joinedup.papers.figure import Column, Table
from joinedup.papers.known import complete_to
from joinedup.papers.needs import Missing, SourceStamp
from joinedup.papers.numbers import NO_DATA, day, fraction, moment, pounds, share, whole
from joinedup.papers.words import capital, listed, local, many


@dataclass(frozen=True, slots=True)
class Evidence:
    """The stamp of a build as each page shows it."""

    data_to: str
    built: str
    by_partner: Sequence[str]
    missing: Sequence[Missing]
    left_out: str
    """How many people are in no figure because they object."""


def evidence(facts: Facts) -> Evidence:
    """The stamp of the build."""
    stamp = facts.stamp
    built = f"Built {moment(stamp.built_at)} by joinedup {stamp.version}, build {stamp.build_id}"
    return Evidence(
        ". ".join(said for said in (complete_to(facts), data_to(stamp.sources)) if said),
        built,
        [f"{source.partner_name}, {source.title}: {up_to(source)}" for source in stamp.sources],
        stamp.missing,
        agreed.in_words(facts),
    )


LAG = timedelta(days=31)
"""Extracts dated by month, and those of which few rows come, end some days before the others without being late."""


def without_cost() -> list[tuple[str, str]]:
    """Why kinds of activity have no published average, and which, in the order of the list."""
    text = (files("joinedup.records") / "without_cost.csv").read_text(encoding="utf-8")
    kinds: dict[str, list[str]] = {}
    for row in csv.DictReader(StringIO(text)):
        kinds.setdefault(row["why"], []).append(row["point_of_delivery"])
    return [(why[0].lower() + why[1:], "; ".join(named)) for why, named in kinds.items()]


def up_to(source: SourceStamp) -> str:
    """The last day that an extract tells of."""
    return NO_DATA if source.data_to is None else f"to {day(source.data_to)}"


def data_to(sources: Sequence[SourceStamp]) -> str:
    """Up to when the data go: the newest day, with what lags more than a month behind it; the page of partners' data has each."""
    known = [(source.data_to, source) for source in sources if source.data_to is not None]
    if not known:
        return f"Data to: {NO_DATA}"
    newest = max(until for until, _ in known)
    behind = [f"{source.title} {up_to(source)}" for until, source in known if until < newest - LAG]
    unknown = [f"{source.title}: no date known" for source in sources if source.data_to is None]
    late = [*dict.fromkeys(behind), *dict.fromkeys(unknown)]
    return f"Data to {day(newest)}" + (f"; {listed(late)}" if late else "")


def accounting(facts: Facts) -> Table:
    """What became of the rows of each partner's extract; the parts of each row add up to what was read."""
    sources = facts.stamp.sources
    rows = {"Rows read": "rows_read", "Loaded": "loaded", "Superseded": "superseded", "Rejected": "rejected"}
    counted = {name: [getattr(source, name) for source in sources] for name in (*rows.values(), "linked")}
    until = [source.data_to for source in sources]
    linked = [share(source.linked, source.loaded) for source in sources]
    columns = [
        Column(
            "Partner and extract", [f"{source.partner_name}: {source.title}" for source in sources], "source", [s.source for s in sources]
        ),
        *(Column(name=name, values=[getattr(source, name) for source in sources]) for name in ("partner_name", "contract", "title")),
        Column("Data to", [day(each) for each in until], "data_to", until, text=True),
        *(Column(head, [whole(count) for count in counted[name]], name, counted[name]) for head, name in rows.items()),
        Column("Linked to a person", linked, "linked", counted["linked"]),
    ]
    keys = [evidence_key("accounting", source.source) for source in sources]
    return Table("Where the data come from, and what became of each row", columns, why=keys)


def quality(facts: Facts) -> Table:
    """What was counted about the quality of the record: how many of how many, what of them, and what suffers; the largest share first."""
    rows = [row for row in facts.aggregates.quality().to_pylist() if row["found"]]
    rows.sort(key=lambda row: -(fraction(row["found"], row["out_of"]) or 0.0))
    bare = {name: [row[name] for row in rows] for name in ("rule", "unit", "message", "found", "out_of", "endangers")}
    said = [local(f"{capital(row['unit'])} that {row['message']}", facts.place.word) for row in rows]
    suffers = [local(words, facts.place.word) for words in bare["endangers"]]
    columns = [
        Column("What was found", said, "rule", bare["rule"]),
        *(Column(name=name, values=bare[name]) for name in ("unit", "message")),
        Column("How many", [whole(count) for count in bare["found"]], "found", bare["found"]),
        Column("Of", [whole(count) for count in bare["out_of"]], "out_of", bare["out_of"]),
        Column("Share", [share(row["found"], row["out_of"]) for row in rows]),
        Column("What suffers", suffers, "endangers", bare["endangers"], text=True),
    ]
    keys = [evidence_key("quality", rule) for rule in bare["rule"]]
    return Table("What was found wrong or missing in the record", columns, why=keys)


def cost_differences(facts: Facts) -> Table:
    """The extracts' own costs beside the published averages for the same activity, the furthest apart first."""
    rows = facts.aggregates.cost_differences().to_pylist()
    rows.sort(key=lambda row: -abs(log(row["ratio"])) if row["ratio"] else -inf)
    bare = {
        name: [row[name] for row in rows]
        for name in ("sector", "point_of_delivery", "activities", "extract_pence", "average_pence", "ratio")
    }
    columns = [
        Column("Sector", [capital(sector) for sector in bare["sector"]], "sector", bare["sector"]),
        Column("Point of delivery", bare["point_of_delivery"], "point_of_delivery", bare["point_of_delivery"], text=True),
        Column("Activities", [whole(count) for count in bare["activities"]], "activities", bare["activities"]),
        *(
            Column(head, [pounds(pence) for pence in bare[name]], name, bare[name])
            for head, name in (("In the extracts, used", "extract_pence"), ("By published averages", "average_pence"))
        ),
        Column("Ratio", [NO_DATA if each is None else f"{each:.2f}" for each in bare["ratio"]], "ratio", bare["ratio"]),
    ]
    keys = [evidence_key("cost_differences", row["sector"], row["point_of_delivery"]) for row in rows]
    return Table(f"Costs of the extracts beside published averages, {facts.period}", columns, why=keys)


def in_short(facts: Facts) -> str:
    """How many people the record holds, from how many extracts of how many partners."""
    sources = facts.stamp.sources
    partners = {source.partner_name for source in sources}
    people = facts.people(facts.whole)
    held = "people" if people is None else many(people, "person", "people")
    whence = f"{many(len(sources), 'extract', 'extracts')} of {many(len(partners), 'partner', 'partners')}"
    return f"One linked record of {held} registered with its practices, from {whence}."
