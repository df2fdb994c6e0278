"""For whom the aggregates door opens: one screen that says who may see what, and why not."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any, Literal, TypeAlias

from joinedup.access.caller import Caller, Door, may_ask, without_row
from joinedup.errors import NothingPublished, Refused
from joinedup.place.model import Place
from joinedup.place.sharing import in_force

Audience: TypeAlias = Literal["internal", "public"]
"""Internal: true counts, for staff, logged. Public: 1 to 7 suppressed, the rest rounded to 5."""


def usual_audience(place: Place) -> Audience:
    """For whom pages are unless somebody says: internal where people are invented, public where they are real."""
    return "internal" if place.invented else "public"


def may_open(place: Place, built: Mapping[str, Any], caller: Caller, audience: Audience) -> None:
    """Nothing where aggregates may be read; Refused, or NothingPublished where the build is of another place or day.

    What the public may have anybody may. True counts are for staff by their role and purpose, as the staff file has it now. `built` is
    what the manifest says of the place.
    """
    if audience == "internal":
        may_enter(place, built, caller, "aggregates")
    still_agreed(place, built, "planning")
    is_of(place, built)


def may_enter(place: Place, built: Mapping[str, Any], caller: Caller, door: Door) -> None:
    """Nothing where a door opens for a caller; Refused where not, and where only one of folder and build says that people are invented."""
    if without_row(place, caller) and not built.get("invented"):
        raise Refused(
            f"{place.name} is invented by its place.yml and not by its build, and {caller.account} has no row in staff.csv; "
            "build again, or ask whoever keeps the file for a role"
        )
    may_ask(place, caller, door)
    still_agreed(place, built, "planning" if door == "aggregates" else caller.purpose)


def still_agreed(place: Place, built: Mapping[str, Any], purpose: str, today: date | None = None) -> None:
    """Nothing where every source that a build uses for a purpose may be used so today; Refused where an agreement has ended since."""
    lost = [name for name in built.get("uses", {}).get(purpose, ()) if not in_force(place, name, purpose, today or date.today())]
    if lost:
        raise Refused(
            f"no agreement is in force today under which {', '.join(lost)} may be used for {purpose}, and the published build uses "
            f"{'it' if len(lost) == 1 else 'them'} so: renew the agreement in sharing.yml, or build again without"
        )


def is_of(place: Place, built: Mapping[str, Any]) -> None:
    """Nothing where a build is of the place as its folder has it; NothingPublished where it isn't."""
    if built.get("id") != place.id or built.get("as_at") != place.as_at.isoformat():
        raise NothingPublished(
            f"the published build is of {built.get('id')} as at {built.get('as_at')}, the folder is of {place.id} as at {place.as_at}; "
            "run joinedup build"
        )
