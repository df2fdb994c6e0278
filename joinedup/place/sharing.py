"""Which source may be used for what on a day: what the agreements of sharing.yml say, for the landing, the build and the doors."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from datetime import date
from typing import Literal

from joinedup.errors import PlaceError
from joinedup.findings import Finding, Severity, errors
from joinedup.place.facts import SHARING
from joinedup.place.model import PURPOSES, Agreement, Place, Purpose
from joinedup.place.rules.agreements import SOON, span
from joinedup.place.sentences import nearest

State = Literal["to come", "in force", "ends soon", "ended"]


def state(agreement: Agreement, day: date) -> State:
    """How an agreement stands on a day."""
    if day < agreement.starts:
        return "to come"
    if day >= agreement.ends:
        return "ended"
    return "ends soon" if agreement.ends <= day + SOON else "in force"


def allows_everything(place: Place) -> bool:
    """Whether no agreement is needed: invented people, and a folder that says nothing of sharing."""
    return place.invented and not place.has_sharing


def covering(place: Place, source: str, purpose: str, day: date) -> tuple[Agreement, ...]:
    """The agreements under which a source may be used for a purpose on a day."""
    return tuple(each for each in place.agreements if source in each.sources and purpose in each.purposes and day in span(each))


def in_force(place: Place, source: str, purpose: str, day: date) -> bool:
    """Whether a source may be used for a purpose on a day: the day on which it is used, whatever days its rows are of."""
    return (allows_everything(place) and purpose in PURPOSES) or bool(covering(place, source, purpose, day))


def purposes_of(place: Place, source: str, day: date) -> tuple[Purpose, ...]:
    """What a source may be used for on a day."""
    return tuple(purpose for purpose in PURPOSES if in_force(place, source, purpose, day))


def refuse_unshared(place: Place, day: date, sources: Collection[str] | None = None) -> None:
    """Nothing where every source may be used for something on that day; PlaceError otherwise, with a finding for each that may not."""
    found = findings(place, day, sources)
    if faults := errors(found):
        what = "1 source" if len(faults) == 1 and faults[0].rule == "no-agreement" else f"{len(faults)} sources"
        told = "sharing.yml is missing" if faults[0].rule == "no-sharing" else f"no agreement is in force for {what}"
        raise PlaceError(f"{told}, so nothing is landed or built; what was published before is as it was", found)


def findings(place: Place, day: date, sources: Collection[str] | None = None) -> list[Finding]:
    """What stands against the use of a place's sources, or of those given, on a day; where none needs an agreement, that."""
    names = list(dict.fromkeys(sources if sources is not None else (source.name for source in place.sources)))
    if not place.has_sharing:
        return [without_sharing(place)] if names else []
    return [*uncovered(place, day, names), *(for_counting(place, day) if sources is None else ())]


def without_sharing(place: Place) -> Finding:
    """That a folder has no sharing.yml: allowed for invented people only."""
    if place.invented:
        message = "is not in the folder, so every source may be used for everything, which only invented people may"
        return Finding(SHARING, "no-sharing", message, severity=Severity.WARNING)
    message = (
        "is not in the folder, and no source of real people is used without an agreement in force: write one for each source "
        "(docs/how-to/sharing.md shows how)"
    )
    return Finding(SHARING, "no-sharing", message, endangers="everything")


def uncovered(place: Place, day: date, sources: Collection[str]) -> Iterator[Finding]:
    """A finding for each source that no agreement in force covers for any purpose."""
    for name in sources:
        if not purposes_of(place, name, day):
            own = [each for each in place.agreements if name in each.sources]
            told = "; ".join(f"{each.id} {_times(each, day)}" for each in own) or f"no agreement names it{_near(place, name)}"
            message = (
                f"source {name} has no agreement in force today ({told}): write or renew one here, or take the source out of sources.yml"
            )
            yield Finding(SHARING, "no-agreement", message, line=1, endangers=f"every use of {name}")


NEVER_COUNTED = {"crosswalk", "protected_person", "staff_person"}
"""Contracts that say who others are, or whom a door keeps from whom: nothing is counted of them."""


def for_counting(place: Place, day: date) -> Iterator[Finding]:
    """A warning where sources may be used for something but not for planning, so pages leave them out."""
    counted = [s for s in place.sources if s.contract not in NEVER_COUNTED]
    left = [s.name for s in counted if (given := purposes_of(place, s.name, day)) and "planning" not in given]
    if left:
        says = "they say" if len(left) > 1 else "it says"
        message = f"{', '.join(left)} may not be used for planning: no page and no measure counts what {says}"
        yield Finding(SHARING, "not-for-planning", message, line=1, severity=Severity.WARNING, endangers="every count from them")


def _times(agreement: Agreement, day: date) -> str:
    return f"ended on {agreement.ends}" if state(agreement, day) == "ended" else f"starts on {agreement.starts}"


def _near(place: Place, name: str) -> str:
    return nearest(name, [source for each in place.agreements for source in each.sources])
