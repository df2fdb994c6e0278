"""For whom the aggregates door opens: one screen that says who may see what, and why not."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from joinedup.errors import NothingPublished, Refused
from joinedup.place.model import Place

PURPOSES = ("planning",)


def may_open(place: Place, built: Mapping[str, Any], purpose: str) -> None:
    """Nothing where aggregates may be read; Refused, or NothingPublished where the build is of another place or day.

    In this form true counts are shown, small ones included, so the door opens only for made-up people: those that the
    place folder and the build both say are invented. `built` is what the manifest says of the place.
    """
    if not (place.invented and built.get("invented")):
        raise Refused(
            f"{place.name} is not said to be invented by both its place.yml and its build, and true counts of real people are not shown "
            "until small numbers are suppressed and objections honoured; try it on invented people, with invented: true in place.yml"
        )
    if purpose not in PURPOSES:
        raise Refused(f"aggregates are given for {' or '.join(PURPOSES)}, not for {purpose!r}; ask with purpose planning")
    if built.get("id") != place.id or built.get("as_at") != place.as_at.isoformat():
        raise NothingPublished(
            f"the published build is of {built.get('id')} as at {built.get('as_at')}, the folder is of {place.id} as at {place.as_at}; "
            "run joinedup build"
        )
