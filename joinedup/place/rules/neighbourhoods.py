"""Neighbourhoods are there, have people, and stand apart on the map."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations

from joinedup.findings import Finding
from joinedup.place.facts import Facts
from joinedup.place.spans import Span

FAR_APART = 0.05
"""Share by which a neighbourhood's list may differ from the sum of its practices': lists move by a few per cent in a year."""


def there_are_neighbourhoods(facts: Facts) -> Iterator[Finding]:
    """A place without neighbourhoods."""
    if not facts.neighbourhoods and "place.yml" not in facts.unread:
        yield Finding("place.yml", "no-neighbourhoods", "names no neighbourhood: list them below the line 'neighbourhoods:'", line=1)


def neighbourhoods_have_practices(facts: Facts) -> Iterator[Finding]:
    """A neighbourhood to which no practice belongs on the as-at date."""
    day = facts.as_at
    if day is None or "practices.csv" in facts.unread:
        return
    peopled = {m.value.neighbourhood for m in facts.memberships if day in Span.of(m.value.start, m.value.end)}
    for found in facts.neighbourhoods:
        if day in Span.of(found.value.start, found.value.end) and found.value.id not in peopled:
            message = (
                f"neighbourhood {found.value.id} has no practice on the as-at date, so nobody lives in it: add its practices or end it"
            )
            yield found.warning("neighbourhood-with-nobody", message, "id", "its page")


def lists_add_up(facts: Facts) -> Iterator[Finding]:
    """A neighbourhood whose list is far from the sum of its practices' lists."""
    if "practices.csv" in facts.unread:
        return
    size = {code: practice.list_size or 0 for code, practice in facts.practice().items()}
    current = [m.value for m in facts.memberships if facts.as_at in Span.of(m.value.start, m.value.end)]
    for found in facts.neighbourhoods:
        total, stated = sum(size[m.practice] for m in current if m.neighbourhood == found.value.id), found.value.list_size or 0
        if total and stated and abs(total - stated) > FAR_APART * stated:
            message = f"list_size of {found.value.id} is {stated:,}, but the lists of its practices come to {total:,}: check both"
            yield found.warning("lists-differ", message, "list_size")


def tiles_are_apart(facts: Facts) -> Iterator[Finding]:
    """Two neighbourhoods of one time on one tile, or some with a tile and some without."""
    for first, second in combinations(facts.neighbourhoods, 2):
        together = Span.of(first.value.start, first.value.end) & Span.of(second.value.start, second.value.end)
        if together and first.value.tile and first.value.tile == second.value.tile:
            message = f"{second.value.id} stands on the tile of {first.value.id}: give each its own row and column"
            yield second.fault("tile-taken", message, "tile")
    if any(found.value.tile for found in facts.neighbourhoods):
        for found in (found for found in facts.neighbourhoods if found.value.tile is None):
            yield found.warning(
                "no-tile", f"{found.value.id} has no tile, though others have: it can't be drawn among them", "id", "the map"
            )


RULES = (there_are_neighbourhoods, neighbourhoods_have_practices, lists_add_up, tiles_are_apart)
