"""Which code stands for that of an organisation which ended: chains of successors, written out by date."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date

from joinedup.place.model import Place


@dataclass(frozen=True, slots=True)
class Organisation:
    """Its code, and when and by whom it was succeeded, if it was."""

    code: str | None
    end: date | None
    successor: str | None
    """Known by the same kind of id as the organisation itself."""


@dataclass(frozen=True, slots=True)
class Succession:
    """From `starts` up to `ends` the code of an organisation stands for another's."""

    kind: str
    code: str
    successor_code: str
    starts: date
    ends: date | None


def successions(place: Place) -> Iterator[Succession]:
    """Every succession of practices and partners that has begun by the as-at date; of partners that share a code the first counts."""
    practices = {p.code: Organisation(p.code, p.closed, p.succeeded_by) for p in place.practices}
    outside = {p.succeeded_by: Organisation(p.succeeded_by, None, None) for p in place.practices if p.succeeded_by}
    partners = {p.id: Organisation(p.code, p.end, p.succeeded_by) for p in place.partners}
    for kind, known in (("practice", outside | practices), ("partner", partners)):
        written: set[str] = set()
        for organisation in known.values():
            if organisation.code and organisation.code not in written and (found := _of(kind, organisation, known, place.as_at)):
                written.add(organisation.code)
                yield from found


def _of(kind: str, organisation: Organisation, known: Mapping[str, Organisation], as_at: date) -> list[Succession]:
    """What stands for one organisation, in order of time; one that follows itself has no successor."""
    found: list[Succession] = []
    since, at = organisation.end, organisation
    for _ in known:
        after = known.get(at.successor) if at.successor else None
        if since is None or since > as_at or after is None or after is organisation:
            break
        until = max(since, after.end) if after.end and after.successor in known else None
        if after.code and after.code != organisation.code and until != since:
            found.append(Succession(kind, organisation.code or "", after.code, since, until if until and until <= as_at else None))
        since, at = until, after
    return found
