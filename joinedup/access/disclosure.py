"""For whom the aggregates door opens: one screen that says who may see what, and why not."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal, TypeAlias

from joinedup.access.caller import Caller, Door, may_ask, without_row
from joinedup.errors import NothingPublished, Refused
from joinedup.place.model import Place

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
    is_of(place, built)


def may_enter(place: Place, built: Mapping[str, Any], caller: Caller, door: Door) -> None:
    """Nothing where a door opens for a caller; Refused where not, and where only one of folder and build says that people are invented."""
    if without_row(place, caller) and not built.get("invented"):
        raise Refused(
            f"{place.name} is invented by its place.yml and not by its build, and {caller.account} has no row in staff.csv; "
            "build again, or ask whoever keeps the file for a role"
        )
    may_ask(place, caller, door)


def is_of(place: Place, built: Mapping[str, Any]) -> None:
    """Nothing where a build is of the place as its folder has it; NothingPublished where it isn't."""
    if built.get("id") != place.id or built.get("as_at") != place.as_at.isoformat():
        raise NothingPublished(
            f"the published build is of {built.get('id')} as at {built.get('as_at')}, the folder is of {place.id} as at {place.as_at}; "
            "run joinedup build"
        )
