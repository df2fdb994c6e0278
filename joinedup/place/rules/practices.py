"""Practices are open, have a list, and belong somewhere."""

from __future__ import annotations

from collections.abc import Iterator

from joinedup.findings import Finding, Severity
from joinedup.place.facts import Facts
from joinedup.place.located import Located
from joinedup.place.model import Practice
from joinedup.place.spans import Span, gaps, last_day

COUNTED_IN_PLACE = "people registered there are counted in the place and in no neighbourhood"


def there_are_practices(facts: Facts) -> Iterator[Finding]:
    """A place without practices."""
    if not facts.practices and "practices.csv" not in facts.unread:
        message = "names no practice, so nobody is of the place: write one row for each practice and neighbourhood"
        yield Finding("practices.csv", "no-practices", message, line=1, severity=Severity.WARNING, endangers="everything")


def belonging(facts: Facts) -> Iterator[tuple[Located[Practice], list[Span]]]:
    """Each practice, with when it belongs to any neighbourhood; none where a row could not be read."""
    if "practices.csv" in facts.unread:
        return
    spans: dict[str, list[Span]] = {found.value.code: [] for found in facts.practices}
    for found in facts.memberships:
        spans[found.value.practice].append(Span.of(found.value.start, found.value.end))
    for practice in facts.practices:
        yield practice, spans[practice.value.code]


def life(found: Located[Practice]) -> Span:
    """When a practice is open."""
    return Span.of(found.value.opened, found.value.closed)


def open_practices_belong(facts: Facts) -> Iterator[Finding]:
    """A practice that is open on the as-at date and in no neighbourhood."""
    for found, spans in belonging(facts):
        if facts.as_at in life(found) and not any(facts.as_at in span for span in spans):
            message = f"practice {found.value.code} is in no neighbourhood on the as-at date: {COUNTED_IN_PLACE}"
            yield found.warning("practice-in-no-neighbourhood", message, endangers="neighbourhood populations")


def belonging_has_no_gaps(facts: Facts) -> Iterator[Finding]:
    """A time, over by the as-at date, in which a practice was open and had left its neighbourhood."""
    for found, spans in belonging(facts):
        for gap in gaps(life(found), spans):
            if facts.as_at and gap.end <= facts.as_at:
                message = f"practice {found.value.code} was in no neighbourhood {gap}: {COUNTED_IN_PLACE} for that time"
                yield found.warning("gap-in-membership", message, endangers="neighbourhood trends")


def dormant_practices(facts: Facts) -> Iterator[Finding]:
    """A practice that the register calls dormant, and where it stands."""
    for found, spans in belonging(facts):
        if found.value.status == "dormant" and facts.as_at in life(found):
            where = "still belongs to a neighbourhood" if any(facts.as_at in span for span in spans) else "has no date of closing"
            message = f"practice {found.value.code} is dormant and {where}: write when it closed, or that it is active"
            yield found.warning("dormant-practice", message, endangers="neighbourhood populations")


def members_have_lists(facts: Facts) -> Iterator[Finding]:
    """A practice that belongs to a neighbourhood and has no list, where others have one: often no practice at all."""
    others = any(found.value.list_size for found in facts.practices)
    for found, spans in belonging(facts):
        if others and not found.value.list_size and any(facts.as_at in span for span in spans):
            message = f"practice {found.value.code} belongs to a neighbourhood but has no list_size: write it, or leave the practice out"
            yield found.warning("practice-without-list", message)


def commissioners_hold(facts: Facts) -> Iterator[Finding]:
    """A practice under a commissioner that is no partner, or that has ended."""
    by_code = {partner.code: partner for partner in facts.partner().values() if partner.code}
    for found in facts.practices if "partners.csv" not in facts.unread else ():
        code = found.value.commissioner
        partner = by_code.get(code) if code else None
        if code and partner is None:
            message = f"practice {found.value.code} is commissioned by {code}, which is no partner_code of partners.csv"
            yield found.warning("unknown-commissioner", message, "commissioner")
        elif partner and partner.end and facts.as_at and partner.end <= facts.as_at:
            later = f", succeeded by {partner.succeeded_by}" if partner.succeeded_by else ""
            message = (
                f"practice {found.value.code} is commissioned by {code}, which ended ({last_day(partner.end)}){later}: name who does now"
            )
            yield found.warning("commissioner-ended", message, "commissioner")


RULES = (
    there_are_practices,
    open_practices_belong,
    belonging_has_no_gaps,
    dormant_practices,
    members_have_lists,
    commissioners_hold,
)
