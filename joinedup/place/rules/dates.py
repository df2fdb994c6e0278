"""Things end after they start."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any

from joinedup.findings import Finding
from joinedup.periods import day_in_words
from joinedup.place.facts import Facts
from joinedup.place.located import Located


def ends_after_it_starts(facts: Facts) -> Iterator[Finding]:
    """An end on or before the start, of anything that has both."""
    dated = (facts.neighbourhoods, facts.contracts, facts.partners, facts.memberships, facts.areas)
    for found in (one for many in dated for one in many):
        if found.value.start and found.value.end and found.value.end <= found.value.start:
            yield found.fault("ends-before-it-starts", said("end", "start", found.value.end, found.value.start), "end")
    in_the_plural: tuple[Located[Any], ...] = (*facts.staff, *facts.agreements)
    for dated_so in in_the_plural:
        starts, ends = dated_so.value.starts, dated_so.value.ends
        if starts and ends and ends <= starts:
            yield dated_so.fault("ends-before-it-starts", said("ends", "starts", ends, starts), "ends")
    for practice in facts.practice_rows:
        opened, closed = practice.value.opened, practice.value.closed
        if opened and closed and closed <= opened:
            yield practice.fault("ends-before-it-starts", said("closed", "opened", closed, opened), "closed")


def said(end: str, start: str, ends: date, starts: date) -> str:
    """The sentence."""
    return f"{end} is {day_in_words(ends)}, not after {start}, {day_in_words(starts)}: {end} is the first day on which it no longer holds"


RULES = (ends_after_it_starts,)
