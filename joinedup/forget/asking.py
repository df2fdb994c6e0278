"""Who may erase somebody, and that two people agree on it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from joinedup.errors import Refused
from joinedup.forget.erasing import Work
from joinedup.kept.erasing import Act, Subject, ask, asked_before, begin_list
from joinedup.kept.identity_register import begin, pseudonym_keys
from joinedup.place.model import Place, StaffMember
from joinedup.place.staff import span

ROLE = "ig_lead"


def accounts_of(place: Place, staff: Sequence[StaffMember], account: str, day: date) -> tuple[str, ...]:
    """Every account of the person who erases under one; Refused when neither the staff file nor that the people are invented allows it."""
    rows = [row for row in staff if row.account == account]
    if not rows and place.invented:
        return (account,)
    if not any(day in span(row) and row.role == ROLE and row.scope_kind == "place" for row in rows):
        raise Refused(
            f"people are erased by an information governance lead of the whole place (role {ROLE}), and staff.csv of {place.name} doesn't "
            f"make {account} one today; ask whoever keeps that file"
        )
    names = {row.name.casefold() for row in rows}
    return tuple(sorted({row.account for row in staff if row.name.casefold() in names} | {account}))


def agreed(work: Work, subject: Subject, act: Act, own_accounts: Sequence[str]) -> Act | None:
    """The act with both accounts, where somebody else has asked for the same before; None where this is the first, which is kept.

    Refused where the same person asks twice, or the second names another person or reason than the first. The caller holds the
    store's lock.
    """
    with work.register.database.writing("erasure") as connection:
        keys = pseudonym_keys(begin(connection, work.keys, work.place.id), work.keys)
        begin_list(connection)
        before = asked_before(connection, act.reference)
        if before is None:
            ask(connection, keys, subject, act)
            return None
    if before.account in own_accounts:
        raise Refused(f"{before.account} has asked for {act.reference} already, and a second person must agree; nothing was erased")
    if before.subject != subject.told(keys) or before.reason != act.reason:
        raise Refused(
            f"{act.reference} was asked for by {before.account} about another person or for another reason; nothing was erased: "
            "compare the request, and use another reference where it is another"
        )
    return Act(act.reference, act.reason, before.account, act.account)
