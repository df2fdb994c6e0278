"""Who looked at one person's record, in plain words, as the person may be told who asks for it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import pyarrow as pa

from joinedup.access.look_report import in_local_time
from joinedup.access.unusual import LIST, REFUSED
from joinedup.place.model import Place

ROLES = {
    "analyst": "an analyst",
    "commissioner": "a commissioner of services",
    "finance": "a member of the finance team",
    "coordinator": "a neighbourhood co-ordinator",
    "care_team": "a member of a care team",
    "ig_lead": "the information governance lead, who checks that records are used properly",
    "safety_officer": "the clinical safety officer, who checks that records are right",
    "board": "a board member",
    "public": "someone without a role",
}
PURPOSES = {
    "direct care": "your own care",
    "planning": "planning services",
    "payment": "paying for services",
    "research": "research",
    "review of links": "making sure that records put together under your name are yours",
    "audit": "checking who looks at records",
}
DOORS = {
    "people": "opened your record",
    "records": "opened a record without your name or address on it",
    "aggregates": "saw counts of people",
    "review": "compared details of your record with those of another, to see whether both are yours",
    "audit": "read the list of who had looked at your record",
}
EXPLAINED = (
    "This is every look at your record by person that this system has logged. Counts of many people, and rows without names that "
    "analysts use in bulk to plan services, are logged as a whole and not against each person, so they are not in this list.",
    "It covers this system alone. Your general practice, the hospital, the council and other services keep lists of their own: "
    "ask each of them.",
    "Times are those of the clock in the United Kingdom. If a look puzzles you, ask the information governance lead, who can find out "
    "who it was and why.",
)


@dataclass(frozen=True, slots=True)
class OwnLook:
    """One look at a person, in words; `account` and `name` are for who answers the request to decide about."""

    at: datetime
    who: str
    did: str
    purpose: str
    reason: str
    account: str
    name: str


def own_history(looks: pa.Table, place: Place) -> list[OwnLook]:
    """The looks at one person, as `AccessLog.looks` gives them, earliest first."""
    names = {member.account: member.name for member in place.staff}
    local = in_local_time(looks)
    return [
        OwnLook(
            at=row["at"],
            who=ROLES.get(row["role"], row["role"]),
            did=_did(row["door"], row["what"]),
            purpose=PURPOSES.get(row["purpose"], row["purpose"]),
            reason=row["reason"],
            account=row["account"],
            name=names.get(row["account"], ""),
        )
        for row in local.set_column(1, "at", local["at"].cast(pa.timestamp("us", "Europe/London"))).to_pylist()
    ]


def _did(door: str, what: str) -> str:
    """What a look was, in words."""
    if what.endswith(REFUSED):
        return "asked for your record and was refused"
    return "had you in a list of people" if (door, what) == ("people", LIST) else DOORS.get(door, door)


def in_words(history: Sequence[OwnLook], *, with_accounts: bool = False) -> list[str]:
    """The history as lines to be sent: each look a sentence, then what the list does and doesn't cover."""
    if not history:
        return ["Nobody has looked at your record by person in this system.", "", *EXPLAINED]
    times = "once" if len(history) == 1 else f"{len(history):,} times"
    lines = [f"Your record was looked at by person {times} in this system.", ""]
    for look in history:
        by = f" ({look.name or 'no name in staff.csv'}, account {look.account})" if with_accounts else ""
        why = f" The reason given was: {look.reason}." if look.reason else ""
        lines.append(f"{look.at.day} {look.at:%B %Y, %H:%M}: {look.who}{by} {look.did} for {look.purpose}.{why}")
    return [*lines, "", *EXPLAINED]
