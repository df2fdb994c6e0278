"""Agreements name sources and partners that there are, cover them by who answers for them, and rest on a basis that fits each purpose."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from itertools import combinations

from joinedup.findings import Finding, Severity
from joinedup.periods import day_in_words
from joinedup.place.facts import SHARING, Facts
from joinedup.place.located import Located
from joinedup.place.model import PURPOSES, Agreement, Purpose
from joinedup.place.sentences import nearest
from joinedup.place.spans import Span

PRACTICES = "practices"
"""The general practices of practices.csv, as controllers together."""
SOON = timedelta(days=90)
"""How long before its end an agreement is told of (our choice, 2026: a renewal takes about a quarter)."""

NAMED = 5
"""Sources that a message names; the rest it counts."""

COMMON_LAW: dict[Purpose, tuple[str, ...]] = {
    "direct care": ("implied consent", "explicit consent", "statutory duty"),
    "planning": ("section 251", "explicit consent", "statutory duty", "not confidential"),
    "payment": ("section 251", "explicit consent", "statutory duty", "not confidential"),
    "research": ("section 251", "explicit consent", "not confidential"),
}
"""What sets the common law duty of confidentiality aside, by purpose. Consent is implied for a person's own care only
(National Data Guardian, The Eight Caldicott Principles, 2020, principle 2 and its guidance; Health Service (Control of Patient
Information) Regulations 2002 under section 251 of the National Health Service Act 2006)."""
ARTICLE_9: dict[Purpose, str] = {"direct care": "ach", "planning": "aghi", "payment": "agh", "research": "aij"}
"""Conditions of Article 9(2) of the UK GDPR that fit, by purpose: (h) is care and its management, (j) research, (i) public health,
(g) substantial public interest, (a) explicit consent, (c) vital interests."""


def agreements_name_sources(facts: Facts) -> Iterator[Finding]:
    """A source that sources.yml doesn't have; it opens nothing, and whoever was meant is refused for want of an agreement."""
    known = {source.value.name for source in facts.sources}
    for found in facts.agreements if "sources.yml" not in facts.unread else ():
        for i, name in enumerate(found.value.sources):
            if name not in known:
                message = (
                    f"agreement {found.value.id} covers {name}, which is not in sources.yml{nearest(name, known)}: write a source's name"
                )
                yield found.spot.fault("unknown-source", message, at=("sources", i), severity=Severity.WARNING)


def agreements_name_partners(facts: Facts) -> Iterator[Finding]:
    """A controller, processor or recipient that is no partner."""
    known = facts.partner()
    for found in facts.agreements if "partners.csv" not in facts.unread else ():
        agreement = found.value
        processor = (agreement.processor,) if agreement.processor else ()
        for part, ids in {"controllers": agreement.controllers, "processor": processor, "recipients": agreement.recipients}.items():
            for i, id in enumerate(ids):
                if id not in known and id != PRACTICES:
                    hint = nearest(id, known) or f": write a partner_id, or {PRACTICES}"
                    message = f"{part} of agreement {agreement.id} has {id}, which is not in partners.csv{hint}"
                    yield found.spot.fault("unknown-partner", message, at=(part, i))


def sources_are_their_controllers(facts: Facts) -> Iterator[Finding]:
    """A source whose sender neither controls it nor handles it for those who do: nobody in the agreement could have agreed to share it."""
    senders = {source.value.name: source.value.partner for source in facts.sources}
    for found in facts.agreements:
        answering = {*found.value.controllers, found.value.processor}
        for i, name in enumerate(found.value.sources):
            sender = senders.get(name)
            if sender and sender not in answering:
                message = (
                    f"agreement {found.value.id} covers {name}, which {sender} sends, but {sender} is neither a controller in it nor the "
                    "processor: add it, or make an agreement with whoever controls the source"
                )
                yield found.spot.fault("controller-missing", message, at=("sources", i))


def purposes_fit_their_basis(facts: Facts) -> Iterator[Finding]:
    """A purpose that the agreement's legal basis doesn't make lawful."""
    for found in facts.agreements:
        basis, id = found.value.legal_basis, found.value.id
        for purpose in found.value.purposes:
            if basis.common_law not in COMMON_LAW[purpose]:
                message = (
                    f"agreement {id} is for {purpose} on {basis.common_law}, which doesn't fit: {purpose} needs "
                    f"{' or '.join(COMMON_LAW[purpose])}; make a separate agreement for what has another basis"
                )
                yield found.spot.fault("basis-does-not-fit", message, at=("legal_basis", "common_law"))
            if basis.article_9[-2] not in ARTICLE_9[purpose]:
                fits = " or ".join(f"9(2)({letter})" for letter in ARTICLE_9[purpose])
                message = f"agreement {id} is for {purpose} under Article {basis.article_9}, which doesn't fit: {purpose} needs {fits}"
                yield found.spot.fault("basis-does-not-fit", message, at=("legal_basis", "article_9"))


def untraceable_sources_bring_no_number(facts: Facts) -> Iterator[Finding]:
    """A basis of "not confidential" for a source that brings NHS numbers, by which people can be traced."""
    pseudonymous = {source.value.name for source in facts.sources if source.value.pseudonym}
    known = {source.value.name for source in facts.sources}
    for found in facts.agreements:
        traced = [name for name in found.value.sources if name in known and name not in pseudonymous]
        if found.value.legal_basis.common_law == "not confidential" and traced:
            message = (
                f"agreement {found.value.id} says that {', '.join(traced)} is not confidential, but it comes with identifiers: only a "
                "source with a pseudonym of its own can be, so write another basis"
            )
            yield found.spot.fault("basis-does-not-fit", message, at=("legal_basis", "common_law"))


def approvals_are_named(facts: Facts) -> Iterator[Finding]:
    """Section 251 without the reference of its approval."""
    for found in facts.agreements:
        if found.value.legal_basis.common_law == "section 251" and not found.value.approval:
            message = (
                f"agreement {found.value.id} rests on section 251 and names no approval: write its reference, such as approval: 24/CAG/0001"
            )
            yield found.warning("no-approval", message, "legal_basis")


def ids_are_unlike(facts: Facts) -> Iterator[Finding]:
    """Two agreements with one id."""
    for first, second in combinations(facts.agreements, 2):
        if first.value.id == second.value.id:
            message = f"{second.value.id} is the id of two agreements (line {first.spot.line_of(())}, too): give each its own"
            yield second.fault("repeated-id", message, "id")


def agreements_do_not_overlap(facts: Facts) -> Iterator[Finding]:
    """Two agreements over the same days, source and purpose, of which it isn't clear which terms hold."""
    for first, second in combinations(facts.agreements, 2):
        sources = [name for name in second.value.sources if name in first.value.sources]
        purposes = [purpose for purpose in second.value.purposes if purpose in first.value.purposes]
        if sources and purposes and span(first.value) & span(second.value) and first.value.id != second.value.id:
            message = (
                f"agreements {first.value.id} and {second.value.id} both cover {', '.join(sources)} for {', '.join(purposes)} "
                f"{span(first.value) & span(second.value)}: end one, or take it out"
            )
            yield second.warning("agreements-overlap", message, "sources")


def ends_are_seen_coming(facts: Facts) -> Iterator[Finding]:
    """An agreement that has ended, or ends within 90 days, where no other goes on for what it covers."""
    today = facts.today
    for found in facts.agreements if today else ():
        assert today is not None
        ends = found.value.ends
        if ends > today + SOON or ends <= found.value.starts:
            continue
        left = uncovered(found, facts, max(ends, today))
        if left and ends <= today:
            message = (
                f"agreement {found.value.id} ended on {day_in_words(ends)}, and no other covers {left}: renew it, or take out its sources"
            )
            yield found.warning("agreement-ended", message, "ends", endangers=f"every use of {left}")
        elif left:
            when = f"{day_in_words(ends)}, {days(ends - today)} from now"
            message = f"agreement {found.value.id} ends on {when}, and no other covers {left}: renew it"
            yield found.warning("agreement-ends-soon", message, "ends", endangers=f"every use of {left}")


def uncovered(found: Located[Agreement], facts: Facts, day: date) -> str:
    """What of an agreement no other covers on a day: sources with their purposes, in words."""
    others = [each.value for each in facts.agreements if each.value.id != found.value.id and day in span(each.value)]
    pairs = {(source, purpose) for other in others for source in other.sources for purpose in other.purposes}
    left = {name: [purpose for purpose in found.value.purposes if (name, purpose) not in pairs] for name in found.value.sources}
    said = [name if len(lost) == len(found.value.purposes) else f"{name} for {' and '.join(lost)}" for name, lost in left.items() if lost]
    return ", ".join(said[:NAMED]) + (f" and {len(said) - NAMED} more" if len(said) > NAMED else "")


def days(left: timedelta) -> str:
    """A number of days in words."""
    return "1 day" if left.days == 1 else f"{left.days} days"


def span(agreement: Agreement) -> Span:
    """The days on which an agreement holds."""
    return Span(agreement.starts, agreement.ends)


RULES = (
    agreements_name_sources,
    agreements_name_partners,
    sources_are_their_controllers,
    purposes_fit_their_basis,
    untraceable_sources_bring_no_number,
    approvals_are_named,
    ids_are_unlike,
    agreements_do_not_overlap,
    ends_are_seen_coming,
)
assert set(COMMON_LAW) == set(ARTICLE_9) == set(PURPOSES)
assert SHARING == "sharing.yml"
