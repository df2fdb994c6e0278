"""Who asks at a door: the account, the role and scope that the place's staff file gives it today, the purpose, and why.

A caller is an argument of every call of every door. The staff file is read at each call, so that a role or scope that
changed or ended a minute ago counts at once.
"""

from __future__ import annotations

import os
import pwd
import stat
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import Literal, TypeAlias, get_args

from joinedup.access.signing_in import ACTOR_VARIABLE, WORD_FILE_VARIABLE, WORD_VARIABLE, WRONG, given, is_word
from joinedup.errors import Refused
from joinedup.findings import errors
from joinedup.place.facts import MOST_OF_STAFF, read_staff
from joinedup.place.model import Place, Role, ScopeKind, StaffMember
from joinedup.place.staff import span

Door: TypeAlias = Literal["aggregates", "records", "people"]

PURPOSES = ("direct care", "planning", "payment", "research")
"""What sharing agreements speak of, and therefore what may be asked for."""

INTERNAL = frozenset({"planning", "payment", "research"})
OPENS: Mapping[Door, Mapping[Role, frozenset[str]]] = {
    "aggregates": {
        "analyst": INTERNAL,
        "commissioner": frozenset({"planning", "payment"}),
        "finance": frozenset({"planning", "payment"}),
        "coordinator": frozenset({"planning"}),
        "care_team": frozenset({"planning"}),
        "ig_lead": frozenset({"planning"}),
        "safety_officer": frozenset({"planning"}),
        "board": frozenset({"planning"}),
    },
    "records": {"analyst": INTERNAL, "finance": frozenset({"payment"})},
    "people": {"coordinator": frozenset({"direct care"}), "care_team": frozenset({"direct care"})},
}
"""For each door the roles that it opens to, and for which purposes. Public pages need no role. (A rule of ours; 2026.)"""


@dataclass(frozen=True, slots=True)
class Scope:
    """Whom a caller may ask about: the whole place, or some neighbourhoods, practices or services by their ids."""

    kind: ScopeKind = "place"
    ids: tuple[str, ...] = ()

    def __str__(self) -> str:
        return self.kind if self.kind == "place" else f"{self.kind} {', '.join(self.ids)}"


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks, as what, what for, about whom, and for direct care why."""

    account: str
    actor: str
    role: Role
    purpose: str
    scope: Scope = Scope()
    reason: str = ""


def caller_for(place: Place, purpose: str, *, account: str | None = None, reason: str = "", on: date | None = None) -> Caller:
    """Whom the place's staff file makes of an account, by default that of the operating system, today.

    Without a row in force somebody is the public; but about invented people whoever has no row at all may ask as an
    analyst, and for direct care as a care team.
    """
    if purpose not in PURPOSES:
        raise Refused(f"{purpose!r} is not a purpose that anything is shared for; ask for one of {', '.join(PURPOSES)}")
    account = account or who_asks(place)
    rows = [row for row in staff_now(place) if row.account == account]
    if not rows and place.invented:
        return Caller(account, account, "care_team" if purpose == "direct care" else "analyst", purpose, reason=reason)
    held = [row for row in rows if (on or date.today()) in span(row)]
    if len(held) > 1:
        raise Refused(
            f"staff.csv has {len(held)} rows in force for {account}, so none counts; leave one of them: joinedup check says which"
        )
    if not held:
        return Caller(account, rows[0].name if rows else account, "public", purpose, reason=reason)
    return Caller(account, held[0].name, held[0].role, purpose, Scope(held[0].scope_kind, tuple(held[0].scope_ids)), reason)


def who_asks(place: Place) -> str:
    """The person who signed in, else the account that the operating system runs this under.

    Refused where the word isn't that person's, where the place's doors ask everybody to sign in, and where an account has a word to
    sign in by and it wasn't given. A word that was right stays so in this process while staff.csv says the same of it.
    """
    signed, rows = given(), staff_now(place)
    account = signed[0] if signed else own_account()
    words = [row.sign_in for row in rows if row.account == account and row.sign_in]
    if signed is None:
        if place.sign_in or words:
            raise Refused(
                f"whoever asks at the doors of {place.name} signs in: name yourself as staff.csv does in {ACTOR_VARIABLE}, and give your "
                f"word in {WORD_VARIABLE} or {WORD_FILE_VARIABLE}"
            )
        return account
    if not words or not all(_is_word(signed[1], said) for said in words):
        raise Refused(WRONG)
    return account


_is_word = lru_cache(maxsize=64)(is_word)


def own_account() -> str:
    """The account that the operating system runs this under; what the environment says of it ($USER) is not believed."""
    try:
        return pwd.getpwuid(os.geteuid()).pw_name
    except KeyError:
        return str(os.geteuid())


def staff_now(place: Place) -> tuple[StaffMember, ...]:
    """The rows of the place's staff file as it is now, whenever the place was read; Refused while they can't be read.

    The file is read at each call; what it says is worked out again where a byte of it has changed.
    """
    before = _content(place.folder)
    held = _STAFF.get(place.folder)
    if held is not None and held[0] == before:
        return held[1]
    parts, findings = read_staff(place.folder)
    if faults := errors(findings):
        raise Refused(f"{faults[0].where}: {faults[0].message}; until it is corrected nobody has a role")
    staff = tuple(found.value for found in parts.get("staff", ()))
    if before == _content(place.folder):
        _STAFF[place.folder] = before, staff
    return staff


_STAFF: dict[Path, tuple[bytes | None, tuple[StaffMember, ...]]] = {}
"""By place folder: what its staff file held when it was last worked out, and what it says."""


UNREADABLE = b"\0"
"""What no staff file holds: something else stands in its place."""


def _content(folder: Path) -> bytes | None:
    try:
        with os.fdopen(os.open(folder / "staff.csv", os.O_RDONLY | os.O_NONBLOCK), "rb") as file:  # a pipe isn't waited for
            return file.read(MOST_OF_STAFF) if stat.S_ISREG(os.fstat(file.fileno()).st_mode) else UNREADABLE
    except FileNotFoundError:
        return None
    except OSError:
        return UNREADABLE


def without_row(place: Place, caller: Caller) -> bool:
    """Whether the caller has a role only because the people are invented: a note should say so."""
    return place.invented and all(row.account != caller.account for row in staff_now(place))


def may_ask(place: Place, caller: Caller, door: Door) -> None:
    """Nothing where a door opens for a caller; Refused, with what to do, where their role, scope or purpose doesn't fit (any more)."""
    now = caller_for(place, caller.purpose, account=caller.account, reason=caller.reason)
    if now.role == "public":
        raise Refused(
            f"{caller.account} has no row in force in the staff file of {place.name}, so {door} stay shut; "
            "ask whoever keeps the file for a role, or ask for the public pages"
        )
    if (now.role, now.scope) != (caller.role, caller.scope):
        raise Refused(
            f"the staff file now makes {caller.account} {now.role} for {now.scope}, not {caller.role} for {caller.scope}; ask again"
        )
    allowed = OPENS[door].get(caller.role, frozenset())
    if caller.purpose not in allowed:
        given = f"are given to {caller.role} for {' or '.join(sorted(allowed))}" if allowed else f"are not given to {caller.role}"
        raise Refused(f"{door} {given}, not for {caller.purpose}; {_instead(door)}")


def _instead(door: Door) -> str:
    """Who may ask at a door, and for what."""
    who = "; ".join(f"{role} for {' or '.join(sorted(purposes))}" for role, purposes in OPENS[door].items())
    return f"the door opens to {who}"


assert all(role in get_args(Role) for roles in OPENS.values() for role in roles)
