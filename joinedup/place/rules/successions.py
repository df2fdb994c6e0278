"""What ends says what follows it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from joinedup.findings import Finding
from joinedup.place.facts import Facts
from joinedup.place.located import Located
from joinedup.place.model import Frozen
from joinedup.place.sentences import nearest
from joinedup.place.spans import last_day


@dataclass(frozen=True, slots=True)
class Line:
    """One thing in a line of succession."""

    kind: str
    id: str
    end: date | None
    successors: tuple[str, ...]
    found: Located[Frozen]
    endangers: str


def lines(facts: Facts) -> Iterator[dict[str, Line]]:
    """The partners, the practices and the neighbourhoods, each by id."""
    yield {
        p.value.id: Line(
            "partner", p.value.id, p.value.end, tuple(filter(None, [p.value.succeeded_by])), p, "which organisation is responsible"
        )
        for p in facts.partners
    }
    yield {
        p.value.code: Line(
            "practice", p.value.code, p.value.closed, tuple(filter(None, [p.value.succeeded_by])), p, "people still registered there"
        )
        for p in facts.practices
    }
    yield {
        n.value.id: Line("neighbourhood", n.value.id, n.value.end, n.value.succeeded_by, n, "comparison over time")
        for n in facts.neighbourhoods
    }


def successors_exist(facts: Facts) -> Iterator[Finding]:
    """A successor that is nowhere described, or is the thing itself; a practice's may lie outside the place, which is a warning."""
    for line, known in ((line, together) for together in lines(facts) for line in together.values()):
        if line.found.spot.file in facts.unread:
            continue
        for successor in (successor for successor in line.successors if successor not in known or successor == line.id):
            what = "itself" if successor == line.id else "not described"
            message = f"{line.kind} {line.id} is succeeded by {successor}, which is {what}: write another {line.kind}"
            says = line.found.warning if line.kind == "practice" and successor != line.id else line.found.fault
            yield says("unknown-successor", message + nearest(successor, known), "succeeded_by")


def ended_has_successor(facts: Facts) -> Iterator[Finding]:
    """Something that ended by the as-at date and says nothing of what followed."""
    for line in (line for known in lines(facts) for line in known.values()):
        if line.end and facts.as_at and line.end <= facts.as_at and not line.successors:
            message = f"{line.kind} {line.id} ended ({last_day(line.end)}) without a successor: write succeeded_by if there is one"
            yield line.found.warning("no-successor", message, "end", line.endangers)


def succeeded_has_ended(facts: Facts) -> Iterator[Finding]:
    """Something that has a successor but no end."""
    for line in (line for known in lines(facts) for line in known.values()):
        if line.successors and line.end is None:
            message = f"{line.kind} {line.id} is succeeded by {', '.join(line.successors)} but has no end: write when it ended"
            yield line.found.warning("successor-without-end", message, "succeeded_by")


def successions_end(facts: Facts) -> Iterator[Finding]:
    """A line of succession that comes back to where it began."""
    for known in lines(facts):
        for line in known.values():
            if line.id not in line.successors and line.id in after(line, known):
                message = f"{line.kind} {line.id} comes after itself by way of {', '.join(line.successors)}: a succession has an end"
                yield line.found.fault("cyclic-succession", message, "succeeded_by")


def after(line: Line, known: dict[str, Line]) -> set[str]:
    """Everything that follows a thing, however far on."""
    reached: set[str] = set()
    ahead = set(line.successors)
    while ahead:
        reached |= ahead
        ahead = {successor for one in ahead & set(known) for successor in known[one].successors} - reached
    return reached


RULES = (successors_exist, ended_has_successor, succeeded_has_ended, successions_end)
