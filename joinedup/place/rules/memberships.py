"""A practice belongs to one neighbourhood at a time, while both are there."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from joinedup.findings import Finding
from joinedup.place.facts import Facts
from joinedup.place.located import Located
from joinedup.place.model import Membership
from joinedup.place.sentences import nearest
from joinedup.place.spans import Span, last_day, overlapping


def span(found: Located[Membership]) -> Span:
    """When a membership holds."""
    return Span.of(found.value.start, found.value.end)


def neighbourhoods_are_known(facts: Facts) -> Iterator[Finding]:
    """A membership in a neighbourhood that place.yml doesn't describe."""
    known = facts.neighbourhood()
    for found in facts.memberships if "place.yml" not in facts.unread else ():
        if found.value.neighbourhood not in known:
            message = (
                f"practice {found.value.practice} is put into neighbourhood {found.value.neighbourhood}, which place.yml doesn't describe"
            )
            yield found.fault(
                "unknown-neighbourhood", message + (nearest(found.value.neighbourhood, known) or ": write one of its ids"), "neighbourhood"
            )


def one_at_a_time(facts: Facts) -> Iterator[Finding]:
    """Two memberships of a practice that hold on the same day."""
    of_practice: dict[str, list[Located[Membership]]] = defaultdict(list)
    for found in facts.memberships:
        of_practice[found.value.practice].append(found)
    for practice, memberships in of_practice.items():
        for first, second in overlapping(memberships, span):
            both = f"{first.value.neighbourhood} (line {first.spot.line_of(())}) and {second.value.neighbourhood}"
            message = f"practice {practice} belongs to {both} at the same time"
            yield second.fault("overlapping-memberships", f"{message}: end the one where the other starts", "start")


def within_both_lives(facts: Facts) -> Iterator[Finding]:
    """A membership dated before its practice or neighbourhood begins, or after it ends."""
    practices, neighbourhoods = facts.practice(), facts.neighbourhood()
    for found in facts.memberships:
        practice, neighbourhood = practices.get(found.value.practice), neighbourhoods.get(found.value.neighbourhood)
        lives = {
            f"practice {found.value.practice}": Span.of(practice.opened, practice.closed) if practice else Span(),
            f"neighbourhood {found.value.neighbourhood}": Span.of(neighbourhood.start, neighbourhood.end) if neighbourhood else Span(),
        }
        for what, life in lives.items():
            if outside(found.value, life):
                message = (
                    f"practice {found.value.practice} belongs to {found.value.neighbourhood} {span(found)}, but {what} is there {life}"
                )
                yield found.fault("membership-outside-life", f"{message}: bring the dates together", "start")


def outside(membership: Membership, life: Span) -> bool:
    """Whether a written start or end lies outside a life; what is left blank lasts as long as the life does."""
    starts, ends = membership.start, membership.end
    too_soon = starts is not None and not life.start <= starts < life.end
    too_late = ends is not None and not life.start < ends <= life.end
    return bool(life) and (too_soon or too_late)


def closed_practices_have_left(facts: Facts) -> Iterator[Finding]:
    """A practice that closed by the as-at date, or whose neighbourhood ended, and whose membership was never ended."""
    practices, neighbourhoods = facts.practice(), facts.neighbourhood()
    for found in (found for found in facts.memberships if found.value.end is None):
        practice, neighbourhood = practices.get(found.value.practice), neighbourhoods.get(found.value.neighbourhood)
        ends = {
            f"practice {found.value.practice} closed": practice.closed if practice else None,
            f"neighbourhood {found.value.neighbourhood} ended": neighbourhood.end if neighbourhood else None,
        }
        for what, end in ends.items():
            if end and facts.as_at and end <= facts.as_at:
                message = f"{what} ({last_day(end)}), but the membership of {found.value.practice} has no end: it is taken to end with it"
                yield found.warning("open-membership", message, "end")


RULES = (neighbourhoods_are_known, one_at_a_time, within_both_lives, closed_practices_have_left)
