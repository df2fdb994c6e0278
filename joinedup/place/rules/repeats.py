"""Each thing is written once, and what is written again is the same."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from joinedup.findings import Finding
from joinedup.place.facts import PRACTICE, Facts
from joinedup.place.located import Located
from joinedup.place.spans import Span


def ids_are_unique(facts: Facts) -> Iterator[Finding]:
    """Neighbourhoods, partners, sources or thresholds that share what they are known by."""
    yield from repeated("neighbourhood", "id", ((n.value.id, n) for n in facts.neighbourhoods))
    yield from repeated("partner", "partner_id", ((p.value.id, p) for p in facts.partners))
    yield from repeated("source", "name", ((s.value.name, s) for s in facts.sources))
    yield from repeated("threshold", "name", ((f"{t.value.name} from {t.value.start}", t) for t in facts.thresholds))


def repeated(kind: str, at: str, named: Iterable[tuple[str, Located[object]]]) -> Iterator[Finding]:
    """A finding for each name after its first."""
    first: dict[str, Located[object]] = {}
    for name, found in named:
        if first.setdefault(name, found) is not found:
            line = first[name].spot.line_of((at,))
            yield found.fault("repeated-id", f"the {kind} {name} stands on line {line} already: give each one its own", at)


def practices_agree(facts: Facts) -> Iterator[Finding]:
    """Rows of one practice that say different things about it."""
    first = {found.value.code: found for found in facts.practices}
    for row in facts.practice_rows:
        known = first[row.value.code]
        differ = [column for field, column in PRACTICE.items() if getattr(row.value, field) != getattr(known.value, field)]
        if differ:
            where = f"on line {known.spot.line_of(())}"
            yield row.fault(
                "practice-differs", f"practice {row.value.code} has another {', '.join(differ)} {where}: write the same in each of its rows"
            )


def names_are_told_apart(facts: Facts) -> Iterator[Finding]:
    """Two neighbourhoods of one time that have one name."""
    for i, found in enumerate(facts.neighbourhoods):
        for other in facts.neighbourhoods[:i]:
            same_time = Span.of(found.value.start, found.value.end) & Span.of(other.value.start, other.value.end)
            if same_time and found.value.name.casefold() == other.value.name.casefold() and found.value.id != other.value.id:
                yield found.fault(
                    "repeated-name", f"{found.value.id} and {other.value.id} have the same name at the same time: tell them apart", "name"
                )


RULES = (ids_are_unique, practices_agree, names_are_told_apart)
