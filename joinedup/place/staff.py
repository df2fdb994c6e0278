"""Who acts: for whom an account of the operating system stands on a day, by staff.csv."""

from __future__ import annotations

from datetime import date

from joinedup.place.model import Place, StaffMember
from joinedup.place.spans import Span


def acting(place: Place, account: str, day: date) -> StaffMember | None:
    """The row of an account that is in force on a day; None when it has none, and so is the public.

    Accounts are compared as they are written: on some systems two that differ in case are two people.
    """
    return next((member for member in place.staff if member.account == account and day in span(member)), None)


def span(member: StaffMember) -> Span:
    """When a row of staff.csv holds."""
    return Span.of(member.starts, member.ends)
