"""What may be used for what, and who objects: agreements, the purposes of each source, and whom objections keep back."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date

import altair

from joinedup.access.published import ANY, evidence_key
from joinedup.papers.facts import Area, Facts, Row
from joinedup.papers.figure import BOTH, Column, Figure, Table, headed
from joinedup.papers.figures import bars
from joinedup.papers.numbers import day, fraction, share, whole
from joinedup.papers.theme import Size
from joinedup.papers.words import FIFTHS, capital, listed, many
from joinedup.place.model import PURPOSES, Place
from joinedup.place.rules.agreements import PRACTICES
from joinedup.place.sharing import allows_everything, covering, purposes_of, state

PLANNING = "planning"
KINDS = {
    "type 1": "Type 1 opt-out, at the practice",
    "national": "National data opt-out",
    "shared record": "Objection to the shared record",
    "any": "Any of them: out altogether",
}
EFFECTS = {"everything": "everything about the person", "practice record": "what the practice holds; the rest stays"}
SAME = 0.001


@dataclass(frozen=True)
class Removed:
    """How many people of a group are registered, and how many of them are kept back."""

    registered: int
    removed: int

    @property
    def share(self) -> float | None:
        """The part that is kept back."""
        return fraction(self.removed, self.registered)


def names(place: Place) -> dict[str, str]:
    """The partners by id, and the practices together."""
    return {PRACTICES: "General practices", **{partner.id: partner.name for partner in place.partners}}


def agreements(place: Place, today: date) -> Table:
    """Each agreement with how it stands, the one that ends first at the top."""
    ordered = sorted(place.agreements, key=lambda each: (each.ends, each.id))
    basis = [f"UK GDPR {a.legal_basis.article_6} and {a.legal_basis.article_9}; {a.legal_basis.common_law}" for a in ordered]
    states = [state(each, today) for each in ordered]
    columns = [
        Column("Agreement", [each.title for each in ordered], "agreement_id", [each.id for each in ordered]),
        Column("State", [capital(each) for each in states], "state", states, text=True),
        Column("For", [listed(each.purposes) for each in ordered], "purposes", [";".join(each.purposes) for each in ordered], text=True),
        Column("From", [day(each.starts) for each in ordered], "starts", [each.starts for each in ordered], text=True),
        Column("Up to", [day(each.ends) for each in ordered], "ends", [each.ends for each in ordered], text=True),
        Column(name="controllers", values=[";".join(a.controllers) for a in ordered]),
        Column(name="recipients", values=[";".join(a.recipients) for a in ordered]),
        Column("Legal basis", basis, "legal_basis", basis, text=True),
        Column(
            "Kept for",
            [f"{a.retention_months} months" for a in ordered],
            "retention_months",
            [a.retention_months for a in ordered],
            text=True,
        ),
        Column("Reference", [each.reference for each in ordered], "reference", [each.reference for each in ordered], text=True),
    ]
    keys = [evidence_key("agreements", each.id) for each in ordered]
    return Table(f"Agreements to share, as they stand on {day(today)}", columns, why=keys)


def parties(place: Place) -> list[dict[str, object]]:
    """Who shares with whom in each agreement, in words."""
    known = names(place)

    def said(ids: Sequence[str]) -> str:
        return listed([known.get(id, id) for id in ids])

    return [
        {
            "title": each.title,
            "controllers": said(each.controllers),
            "processor": said((each.processor,)) if each.processor else "none",
            "recipients": said(each.recipients),
            "contact": each.contact,
        }
        for each in place.agreements
    ]


def uses(place: Place, today: date) -> Table:
    """Each source and what it may be used for; the file says under which agreement."""
    known = names(place)
    columns = [
        Column(
            "Source",
            [f"{source.name}, {known.get(source.partner, source.partner)}" for source in place.sources],
            "source",
            [source.name for source in place.sources],
        )
    ]
    for purpose in PURPOSES:
        covered = [covering(place, source.name, purpose, today) for source in place.sources]
        anyway = allows_everything(place)
        cells = ["Yes" if found or anyway else "No" for found in covered]
        values = [";".join(each.id for each in found) if found else "none needed" if anyway else "" for found in covered]
        columns.append(Column(f"For {purpose}", cells, purpose.replace(" ", "_"), values, text=True))
    return Table("Which source may be used for what", columns)


def warnings(place: Place, today: date) -> list[str]:
    """What an information governance lead has to act on, in sentences."""
    if allows_everything(place):
        return ["This place has no sharing.yml: every source may be used for everything, which only invented people may."]
    nothing = [source.name for source in place.sources if not purposes_of(place, source.name, today)]
    ended = [each.title for each in place.agreements if state(each, today) == "ended"]
    soon = [f"{each.title} ({day(each.ends)})" for each in place.agreements if state(each, today) == "ends soon"]
    uncounted = [s.name for s in place.sources if (may := purposes_of(place, s.name, today)) and PLANNING not in may]
    return [
        *([f"No agreement in force covers {listed(nothing)}: the next landing and the next build are refused."] if nothing else []),
        *([f"{many(len(ended), 'agreement has', 'agreements have')} ended: {listed(ended)}."] if ended else []),
        *([f"{many(len(soon), 'agreement ends', 'agreements end')} within 90 days: {listed(soon)}."] if soon else []),
        *([f"Agreed, but not for planning, and so counted on no page: {listed(uncounted)}."] if uncounted else []),
    ]


def counted(rows: Iterable[Row], keep: Callable[[Row], bool]) -> Removed:
    """People over the rows that are kept."""
    kept = [row for row in rows if keep(row)]
    return Removed(sum(row["registered"] for row in kept), sum(row["removed"] for row in kept))


def out_of(facts: Facts, area: Area, purpose: str = PLANNING, kind: str = "any") -> Removed:
    """How many of an area's people an objection keeps out of a purpose."""
    return counted(facts.opted_out[area], lambda row: (row["purpose"], row["kind"]) == (purpose, kind))


def in_words(facts: Facts) -> str:
    """How many people are in no figure because they object, for every page; nothing where no list was read."""
    if any(row["removed"] is None for row in facts.opted_out[facts.whole]):
        return f"Of those registered on {facts.as_at}, whoever objects to being counted for planning is in none of these figures."
    every, practice = out_of(facts, facts.whole), out_of(facts, facts.whole, kind="type 1")
    if not every.registered:
        return ""
    verb = "objects" if every.removed == 1 else "object"
    people = f"{many(every.removed, 'person', 'people')} ({share(every.removed, every.registered)} of those registered on {facts.as_at})"
    told = f"{people} {verb} to being counted for planning and {'is' if every.removed == 1 else 'are'} in none of these figures"
    rest = f"; of {many(practice.removed, 'person', 'people')} what the practice holds is left out" if practice.removed else ""
    return f"{told}{rest}."


def by_purpose(facts: Facts) -> Table:
    """Who is kept out of each purpose, by kind of objection."""
    rows = facts.opted_out[facts.whole]
    order = {kind: at for at, kind in enumerate(KINDS)}
    pairs = {(row["purpose"], row["kind"]): row["keeps_back"] for row in rows}
    ordered: list[tuple[str, str]] = sorted(pairs, key=lambda pair: (PURPOSES.index(pair[0]), order.get(pair[1], len(order))))
    found = [out_of(facts, facts.whole, *pair) for pair in ordered]
    columns = [
        Column("Purpose", [capital(purpose) for purpose, _ in ordered], "purpose", [purpose for purpose, _ in ordered]),
        Column("Objection", [str(KINDS.get(kind, kind)) for _, kind in ordered], "kind", [kind for _, kind in ordered], text=True),
        Column("Keeps back", [EFFECTS[pairs[pair]] for pair in ordered], "keeps_back", [pairs[pair] for pair in ordered], text=True),
        *_people(found),
    ]
    keys = [_why(facts.whole, *pair) for pair in ordered]
    return Table(f"People registered on {facts.as_at} who are kept out of a purpose because they object", columns, why=keys)


def by_area(facts: Facts) -> Table:
    """Who is out of planning, by neighbourhood; the place last."""
    areas = [*facts.areas, *([facts.nowhere] if facts.opted_out[facts.nowhere] else []), facts.whole]
    names = Column(capital(facts.place.word.singular), [area.name for area in areas], "area", [area.id for area in areas])
    found, keys = [out_of(facts, area) for area in areas], [_why(area) for area in areas]
    return Table("Out of planning altogether, by area", [names, *_people(found)], total=True, why=keys)


def _why(area: Area, purpose: str = PLANNING, kind: str = "any", *group: object) -> str:
    return evidence_key("objections", purpose, kind, area.type, "place" if area.type == "place" else area.id, *group)


def by_age(facts: Facts) -> Table:
    """Who is out of planning, by five years of age."""
    orders = {(row["age_band_order"] if row["age_band"] else 99, row["age_band"]) for row in facts.opted_out[facts.whole]}
    bands: dict[int, str | None] = dict(sorted(orders))
    cells = [of_group(facts, "age_band", band) for band in bands.values()]
    ages = Column("Age", [str(band or "Not known") for band in bands.values()], "age_band", list(bands.values()))
    keys = [_why(facts.whole, PLANNING, "any", ANY, band) for band in bands.values()]
    return Table("Out of planning altogether, by age", [ages, *_people(cells)], why=keys)


def of_group(facts: Facts, column: str, value: object) -> Removed:
    """Who is out of planning altogether, of a group of the place's people."""
    return counted(facts.opted_out[facts.whole], lambda row: row["purpose"] == PLANNING and row["kind"] == "any" and row[column] == value)


def _people(found: Sequence[Removed]) -> list[Column]:
    registered, removed = [each.registered for each in found], [each.removed for each in found]
    shares = [each.share for each in found]
    return [
        Column("Registered", [whole(each) for each in registered], "registered", registered),
        Column("Left out", [whole(each) for each in removed], "removed", removed),
        Column("Share", [share(each.removed, each.registered) for each in found], "share", shares),
    ]


def deprivation(facts: Facts) -> Figure:
    """Which part of people is left out, by how deprived their small area is."""
    about = f"People registered on {facts.as_at} who object to being counted for planning, % by how deprived their small area is in England"
    key = f"Bars: people of each fifth. Outline: all people of {facts.whole.name}."
    whole_place = out_of(facts, facts.whole)
    fifths = [fifth for fifth in FIFTHS if fifth is not None]
    found = {fifth: of_group(facts, "deprivation_fifth", fifth) for fifth in fifths}
    if not any(each.registered for each in found.values()):
        return Figure(
            "objections", "Who objects, by deprivation", about, key, reason="No small area of anyone registered has a known fifth."
        )
    charts = {size: headed(_bars(found, whole_place, size), size, facts, about, key) for size in BOTH}
    return Figure("objections", _finding(found), about, key, _by_fifth(facts, found), charts, notes=_notes(facts), why=_why(facts.whole))


def _finding(found: dict[int, Removed]) -> str:
    most, least = found[1].share or 0.0, found[5].share or 0.0
    if abs(most - least) < SAME:
        return f"Objections take out about as many of the most as of the least deprived fifth ({share(most, 1)})"
    which = "fewer" if most < least else "more"
    return f"Objections take out {which} of the most deprived fifth ({share(most, 1)}) than of the least ({share(least, 1)})"


def _notes(facts: Facts) -> list[str]:
    unknown = of_group(facts, "deprivation_fifth", None)
    told = f"{many(unknown.registered, 'person', 'people')} whose fifth isn't known, {unknown.removed:,} of them left out, are in no bar."
    differs = "Where the shares differ, every rate speaks less for those who object more: it is of the people counted, who aren't everyone."
    return [differs, *([told] if unknown.registered else [])]


def _bars(found: dict[int, Removed], everyone: Removed, size: Size) -> altair.LayerChart:
    drawn = [bars.Bar(FIFTHS[fifth], each.share, everyone.share, share(each.removed, each.registered)) for fifth, each in found.items()]
    reach = max([each.share or 0 for each in found.values()] + [everyone.share or 0])
    return bars.chart(drawn, reach, size)


def _by_fifth(facts: Facts, found: dict[int, Removed]) -> Table:
    rows: dict[int | None, Removed] = dict(found) | {None: of_group(facts, "deprivation_fifth", None)}
    fifths = Column("Fifth of small areas in England", [FIFTHS[fifth] for fifth in rows], "deprivation_fifth", list(rows))
    keys = [_why(facts.whole, PLANNING, "any", fifth) for fifth in rows]
    return Table("Out of planning altogether, by deprivation fifth", [fifths, *_people(list(rows.values()))], why=keys)


def unlinked(facts: Facts) -> str:
    """How many objections couldn't be linked to anybody, in a sentence."""
    found = [row for row in facts.aggregates.quality().to_pylist() if row["rule"] == "objection-unlinked"]
    lost = Counter({"found": 0, "out_of": 0})
    for row in found:
        lost.update({name: row[name] for name in lost})
    if not lost["out_of"]:
        return "No extract of objections is in this build, so nobody is left out for one: that isn't the same as nobody objecting."
    if not lost["found"]:
        return f"Each of {lost['out_of']:,} objections was linked to a person."
    return (
        f"{lost['found']:,} of {lost['out_of']:,} objections could not be linked to a person, so whoever made them is still counted: "
        "ask the source for a usable NHS number."
    )
