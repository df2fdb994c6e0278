"""sharing.yml of a new place: filled in where its people are invented, else an agreement that its own people are to write."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date

from joinedup.place.facts import TODO
from joinedup.place.model import PURPOSES, Place, Source
from joinedup.place.sharing import allows_everything, purposes_of

ABOVE = (
    "# What partners have agreed to share, with whom, for which purposes, and why that is lawful: docs/how-to/sharing.md.",
    "# No source is landed or built from without an agreement in force on that day; one that still says TODO isn't in force.",
)
STARTS, ENDS = date(2020, 1, 1), date(2050, 1, 1)
"""Of invented agreements."""
INVENTED = (
    ("shared-care-record", "Shared care record", "direct care", "implied consent", ""),
    ("planning", "Planning and payment", "planning, payment", "section 251", "Invented approval 00/CAG/0001"),
)


def sharing_text(senders: Sequence[tuple[str, str]], *, invented: bool) -> str:
    """The text of sharing.yml; `senders` are the sources with the partners that send them."""
    lines = [*ABOVE, "agreements:"]
    agreements = [_filled(senders, each) for each in INVENTED] if invented and senders else [_draft()]
    return "\n".join([*lines, *(line for agreement in agreements for line in agreement), ""])


def _filled(senders: Sequence[tuple[str, str]], says: tuple[str, str, str, str, str]) -> Iterable[str]:
    id, title, purposes, common_law, approval = says
    partners = list(dict.fromkeys(partner for _, partner in senders))
    yield f"  - id: {id} # invented, like the people"
    yield f"    title: {title}"
    yield f"    controllers: [{', '.join(partners)}]"
    yield f"    recipients: [{', '.join(partners)}]"
    yield "    sources:"
    yield from (f"      - {source}" for source, _ in senders)
    yield f"    purposes: [{purposes}]"
    yield f"    legal_basis: {{article_6: 6(1)(e), article_9: 9(2)(h), common_law: {common_law}}}"
    if approval:
        yield f"    approval: {approval}"
    yield f"    starts: {STARTS}"
    yield f"    ends: {ENDS}"
    yield "    retention_months: 96"
    yield f"    reference: invented-{id}"
    yield "    contact: ig@place.example"


def _draft() -> Iterable[str]:
    """An agreement with everything still to be written."""
    yield f"  - id: {TODO} # small letters, digits and hyphens"
    yield f"    title: {TODO}"
    yield f"    controllers: [{TODO}] # partner_ids; practices stands for the general practices together"
    yield f"    recipients: [{TODO}] # partner_ids"
    yield f"    sources: [{TODO}] # names from sources.yml"
    yield f"    purposes: [{TODO}] # of: {', '.join(PURPOSES)}"
    yield "    legal_basis:"
    yield f"      article_6: {TODO} # of the UK GDPR, such as 6(1)(e)"
    yield f"      article_9: {TODO} # such as 9(2)(h)"
    yield f"      common_law: {TODO} # implied consent, explicit consent, section 251, statutory duty or not confidential"
    yield f"    starts: {TODO} # YYYY-MM-DD"
    yield f"    ends: {TODO} # the first day on which it no longer holds"
    yield f"    retention_months: {TODO}"
    yield f"    reference: {TODO}"
    yield f"    contact: {TODO}"


def needs_agreement(place: Place, source: Source, today: date) -> list[str]:
    """That a source still needs an agreement, as a remark; none where one covers it or nobody needs any."""
    if allows_everything(place) or purposes_of(place, source.name, today):
        return []
    return [
        f"no agreement in sharing.yml covers {source.name}, so neither land nor build will take it: write one with {source.partner} as a "
        "controller, for the purposes that were agreed"
    ]
