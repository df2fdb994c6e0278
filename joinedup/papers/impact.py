"""The parts of a data protection impact assessment (UK GDPR, Article 35) that data can fill, and headings for those that people write."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import pyarrow as pa
from markupsafe import escape

from joinedup.papers.agreed import EFFECTS, KINDS, names
from joinedup.papers.numbers import day, share, whole
from joinedup.papers.words import capital, listed
from joinedup.place.model import PURPOSES, Place
from joinedup.place.sharing import purposes_of, state
from joinedup.sources.contract import ContractSpec

Rows = Sequence[Sequence[str]]
BY_PEOPLE = "To be written by {who}: {what}."


@dataclass(frozen=True)
class Section:
    """A heading with sentences, and a table where there is one: its header first."""

    heading: str
    says: Sequence[str] = ()
    table: Rows = ()


@dataclass(frozen=True)
class Assessed:
    """What an assessment is filled from: the place, its contracts, and, where there are any, a build's objections and the hazards."""

    place: Place
    contracts: Mapping[str, ContractSpec]
    today: date
    objections: pa.Table | None = None
    hazards: Sequence[Mapping[str, Any]] | None = None


def sections(of: Assessed) -> Iterator[Section]:
    """The sections in the order of the Information Commissioner's template (ICO, DPIA template, 2018)."""
    yield Section(
        "1. Need for an assessment", [_people("the information governance lead", "the aim of the project, and why an assessment is needed")]
    )
    yield Section("2. The processing", [_people("the information governance lead", "nature, scope and context in the place's own words")])
    yield Section("2.1 Sources, and what each may be used for", table=_sources(of))
    yield Section("2.2 Data items by source", ["Identifiers end at landing; all other items go on into the build."], _items(of))
    yield Section("2.3 Where identifiers go", IDENTIFIERS)
    yield Section(
        "3. Consultation", [_people("the information governance lead", "who was asked, among them the people whose data these are")]
    )
    yield Section("4. Necessity and proportionality", [_people("the controllers together", "why the purposes can't be reached with less")])
    yield Section("4.1 Agreements and legal bases", table=_agreements(of))
    yield Section("4.2 Objections and what they keep back", *_objections(of))
    yield Section("4.3 How long data are kept", [_retention(of)])
    yield Section(
        "4.4 Sub-processors and transfers",
        ["None. joinedup sends nothing anywhere; it has no supplier behind it, and no part of it calls home."],
    )
    yield Section(
        "4.5 Rights of people",
        [_people("the data protection officer", "how people are told, and how access, rectification and objection are met")],
    )
    yield Section("5. Risks", *_risks(of))
    yield Section(
        "6. Measures to reduce risks",
        [*MEASURES, _people("the controllers together", "further measures, who owns each, and what risk is left")],
    )
    yield Section(
        "7. Outcome and sign-off", [_people("the data protection officer and the controllers", "advice, decision, date of the next review")]
    )


IDENTIFIERS = (
    "NHS number, name, date of birth and address are read at landing, on the trusted host, and kept encrypted in the identity register.",
    "The build has a pseudonym (person_id), the month of birth and the small area instead, and never sees an identifier.",
)
STYLE = (
    "body{font:1rem/1.5 sans-serif;max-width:70rem;margin:2rem auto;padding:0 1rem}table{border-collapse:collapse}"
    "td,th{border:1px solid;padding:.3rem;text-align:left;vertical-align:top}"
)
MEASURES = (
    "Identifiers are split off at landing and encrypted under a key that lies outside the place, the store and the build.",
    "No source is landed or built from without an agreement in force on that day; sources not agreed for planning are in no count.",
    "Objections are honoured by purpose, in numerators and denominators; those that can't be linked are counted and shown.",
    "Build files are readable by their owner only; doors go by role and purpose, and log each look; public counts are rounded.",
)


def _people(who: str, what: str) -> str:
    return BY_PEOPLE.format(who=who, what=what)


def _sources(of: Assessed) -> Rows:
    known = names(of.place)
    rows = [["Source", "Given by", "What it holds", *(capital(purpose) for purpose in PURPOSES)]]
    for source in of.place.sources:
        may = purposes_of(of.place, source.name, of.today)
        title = of.contracts[source.contract].title if source.contract in of.contracts else source.contract
        rows.append([source.name, known.get(source.partner, source.partner), title, *("yes" if each in may else "no" for each in PURPOSES)])
    return rows


def _items(of: Assessed) -> Rows:
    rows = [["Contract", "One row is", "Identifiers", "Other items"]]
    for name in dict.fromkeys(source.contract for source in of.place.sources):
        if contract := of.contracts.get(name):
            others = [field.name for field in contract.fields if not field.identifier]
            rows.append([contract.title, contract.grain, ", ".join(field.name for field in contract.identifiers), ", ".join(others)])
    return rows


def _agreements(of: Assessed) -> Rows:
    known = names(of.place)
    rows = [["Agreement", "State", "For", "UK GDPR", "Common law", "Controllers", "Shared with", "From", "Up to", "Reference"]]
    for each in of.place.agreements:
        basis = each.legal_basis
        common_law = basis.common_law + (f" ({each.approval})" if each.approval else "")
        parties = [listed([known.get(id, id) for id in ids]) for ids in (each.controllers, each.recipients)]
        days = [day(each.starts), day(each.ends)]
        article = f"Articles {basis.article_6} and {basis.article_9}"
        rows.append([each.title, state(each, of.today), listed(each.purposes), article, common_law, *parties, *days, each.reference])
    return rows if len(rows) > 1 else [["Agreement"], ["none: the place folder has no agreement"]]


def _objections(of: Assessed) -> tuple[Sequence[str], Rows]:
    if of.objections is None:
        return ["No build was given, so how many people object isn't known here: build the place, and write this again."], ()
    counted: dict[tuple[str, str, str], list[int | None]] = {}
    for row in of.objections.to_pylist():
        if row["area_type"] == "place":
            sums = counted.setdefault((row["purpose"], row["kind"], row["keeps_back"]), [0, 0])
            for at, name in enumerate(("registered", "removed")):
                held = sums[at]
                sums[at] = None if held is None or row[name] is None else held + row[name]
    rows = [["Purpose", "Objection", "Keeps back", "Registered", "Left out", "Share"]]
    for (purpose, kind, keeps_back), (registered, removed) in sorted(
        counted.items(), key=lambda item: (PURPOSES.index(item[0][0]), item[0][1])
    ):
        cells = [whole(registered), whole(removed) if removed is not None else "few", share(removed, registered)]
        rows.append([purpose, KINDS.get(kind, kind), EFFECTS[keeps_back], *cells])
    return [f"People registered on {day(of.place.as_at)}, of the published build."], rows


def _retention(of: Assessed) -> str:
    terms = [f"{each.title}: {each.retention_months} months" for each in of.place.agreements]
    return "; ".join(terms) + "." if terms else "No agreement states a term."


def _risks(of: Assessed) -> tuple[Sequence[str], Rows]:
    asked = _people("the controllers together", "likelihood and severity of harm to people, for each risk of the place itself")
    if not of.hazards:
        return ["No list of hazards was given.", asked], ()
    columns = [
        name
        for name in ("id", "hazard", "title", "cause", "effect", "risk_before", "risk_after")
        if any(name in each for each in of.hazards)
    ]
    rows = [[capital(name.replace("_", " ")) for name in columns]]
    return [asked], rows + [[_said(each.get(name)) for name in columns] for each in of.hazards]


def _said(value: object) -> str:
    if isinstance(value, Mapping):
        return "; ".join(f"{key}: {_said(each)}" for key, each in value.items())
    return "; ".join(map(_said, value)) if isinstance(value, list | tuple) else " ".join(str(value if value is not None else "").split())


def title(of: Assessed) -> str:
    """The title of the assessment; for invented people it says that they are."""
    return f"Data protection impact assessment: {of.place.name}" + (" (invented people)" if of.place.invented else "")


def markdown(of: Assessed) -> str:
    """The assessment as Markdown."""
    lines = [
        f"# {_plain(title(of))}",
        "",
        f"Filled from the place folder on {day(of.today)}. A draft: what says “to be written by” isn't known to data.",
        "",
    ]
    for section in sections(of):
        lines += ["#" * (3 if "." in section.heading.split(" ")[0].rstrip(".") else 2) + f" {section.heading}", ""]
        lines += [line for sentence in section.says for line in (_plain(sentence), "")]
        if section.table:
            head, *rows = section.table
            table = [head, ["---"] * len(head), *rows]
            lines += [*(f"| {' | '.join(_plain(cell) for cell in row)} |" for row in table), ""]
    return "\n".join(lines)


def _plain(text: str) -> str:
    """A text that is no markup in a Markdown file."""
    return text.replace("\\", "\\\\").replace("|", "\\|").replace("<", "&lt;").replace("[", "\\[").replace("`", "\\`")


def html(of: Assessed) -> str:
    """The assessment as one HTML file that needs nothing else."""
    parts = []
    for section in sections(of):
        parts.append(f"<h2>{escape(section.heading)}</h2>")
        parts += [f"<p>{escape(sentence)}</p>" for sentence in section.says]
        if section.table:
            head, *rows = section.table
            header = "".join(f'<th scope="col">{escape(cell)}</th>' for cell in head)
            body = "".join("<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in row) + "</tr>" for row in rows)
            parts.append(f"<table><thead><tr>{header}</tr></thead><tbody>{body}</tbody></table>")
    said = f"<p>Filled from the place folder on {escape(day(of.today))}. A draft: what says “to be written by” isn't known to data.</p>"
    name = escape(title(of))
    head = f'<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8"><title>{name}</title><style>{STYLE}</style></head>'
    return f"{head}<body><h1>{name}</h1>{said}{''.join(parts)}</body></html>\n"
