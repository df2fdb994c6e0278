"""An account acts for one person, in one role, within one scope at a time. Messages name lines, not people."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping

from joinedup.findings import Finding
from joinedup.place.facts import Facts
from joinedup.place.located import Located
from joinedup.place.model import StaffMember
from joinedup.place.sentences import nearest, repeated
from joinedup.place.spans import Span, last_day, overlapping

KNOWN_IN = {"neighbourhood": "place.yml", "practice": "practices.csv", "service": "partners.csv"}
"""The file that a scope's ids stand in; a service is known by the partner that gives it."""


def span(found: Located[StaffMember]) -> Span:
    """When a row holds."""
    return Span.of(found.value.starts, found.value.ends)


def one_row_at_a_time(facts: Facts) -> Iterator[Finding]:
    """Two rows of one account that hold on the same day."""
    of_account: dict[str, list[Located[StaffMember]]] = defaultdict(list)
    for found in facts.staff:
        of_account[found.value.account].append(found)
    for rows in of_account.values():
        for first, second in overlapping(rows, span):
            message = (
                f"gives an account a role that it has otherwise on line {first.spot.line_of(())} for the same days: "
                "end the one where the other starts, or write several scopes in one row, parted by semicolons"
            )
            yield second.fault("overlapping-staff", message, "account")


def scopes_are_known(facts: Facts) -> Iterator[Finding]:
    """A scope without what it is of, or of something that the folder doesn't describe."""
    known: Mapping[str, Collection[str]] = {
        "neighbourhood": facts.neighbourhood(),
        "practice": facts.practice(),
        "service": facts.partner(),
    }
    for found in facts.staff:
        kind, ids = found.value.scope_kind, found.value.scope_ids
        if kind == "place" and ids:
            yield found.fault("unknown-scope", "has the whole place as its scope and a scope_id as well: keep one of them", "scope_id")
        elif kind != "place" and not ids:
            message = f"has the scope_kind {kind} and no scope_id: write which, as in {KNOWN_IN[kind]}"
            yield found.fault("scope-missing", message, "scope_id")
        elif kind != "place" and KNOWN_IN[kind] not in facts.unread:
            for name in (name for name in ids if name not in known[kind]):
                message = f"has the {kind} {repeated(name)} as its scope, which {KNOWN_IN[kind]} doesn't describe"
                yield found.fault("unknown-scope", message + nearest(name, known[kind]), "scope_id")


def ended_rows(facts: Facts) -> Iterator[Finding]:
    """A row that ended by the as-at date."""
    for found in facts.staff:
        ends = found.value.ends
        if ends and facts.as_at and ends <= facts.as_at:
            message = f"has ended ({last_day(ends)}): its account has no more than the public has, unless another row gives it a role"
            yield found.warning("staff-ended", message, "ends")


RULES = (one_row_at_a_time, scopes_are_known, ended_rows)
