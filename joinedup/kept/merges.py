"""Merges and splits of people, kept in the identity register: who is one with whom as things stand. They only grow."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime

import pyarrow as pa
import pyarrow.compute as pc
import sqlalchemy as sa

from joinedup.kept.append_only import only_grows
from joinedup.kept.identity_register import ROWS_AT_A_TIME, TABLES, RegisterLanding

RECORD_SCHEME = "record"
"""Under which people who are known by no number are looked up, by the hash of their record's identifiers."""
NUMBER_SCHEME = "nhs_number"
"""Under which people are looked up by a verified NHS number; and what pairs call the numbers that they show."""
MERGE, SPLIT = "merge", "split"
REPLACED = "superseded number: followed"
"""The cause of the one kind of merge that brings two numbers to one person."""
MOST_IN_ONE_QUERY = 500
"""Values; SQLite takes 32,766."""
EVENT_SCHEMA = pa.schema([("kind", pa.string()), ("person_id", pa.int64()), ("other_person_id", pa.int64()), ("cause", pa.string())])


def landing_column(name: str = "landing") -> sa.Column[int]:
    """The landing that appended a row; its own row is written last."""
    return sa.Column(name, sa.ForeignKey("landing.landing", deferrable=True, initially="DEFERRED"), nullable=False)


def number_column(name: str) -> sa.Column[int]:
    """The key of a table whose rows the database numbers."""
    return sa.Column(name, sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True)


EVENT = only_grows(
    sa.Table(
        "event",
        TABLES,
        number_column("event"),
        sa.Column("kind", sa.String(12), nullable=False),
        sa.Column("person_id", sa.BigInteger, nullable=False),
        sa.Column("other_person_id", sa.BigInteger),
        sa.Column("cause", sa.String(200), nullable=False),
        sa.Column("happened_at", sa.DateTime, nullable=False),  # UTC
        landing_column(),
        sa.CheckConstraint(sa.column("kind").in_([MERGE, SPLIT]), name="event_kind"),
    )
)


def now() -> datetime:
    """The time, in UTC, as the register keeps it."""
    return datetime.now(UTC).replace(tzinfo=None)


def add_events(entry: RegisterLanding, events: pa.Table) -> None:
    """Nothing; these merges and splits are kept with landing, time and cause, but none of whoever was erased. A cause names nobody.

    Those that follow from answers are kept by `decided`.
    """
    at = now()
    erased = [pc.fill_null(pc.less(events[name], 0), fill_value=False) for name in ("person_id", "other_person_id")]
    events = events.filter(pc.invert(pc.or_(*erased)))
    for batch in events.select(EVENT_SCHEMA.names).to_batches(ROWS_AT_A_TIME):
        if batch.num_rows:
            entry.connection.execute(sa.insert(EVENT).values(landing=entry.number, happened_at=at), batch.to_pylist())


def merged_now(connection: sa.Connection) -> set[tuple[int, int]]:
    """The people who are one with others as things stand: (person_id, other_person_id) of merges that no split has undone."""
    return set(_standing(connection))


def _standing(connection: sa.Connection) -> dict[tuple[int, int], str]:
    """Of each merge that no split has undone, its cause."""
    if not sa.inspect(connection).has_table(EVENT.name):
        return {}
    query = sa.select(EVENT.c.person_id, EVENT.c.other_person_id, EVENT.c.kind, EVENT.c.cause)
    query = query.where(EVENT.c.other_person_id.is_not(None)).order_by(EVENT.c.event)
    last = {(person, other): (kind, cause) for person, other, kind, cause in connection.execute(query)}
    return {people: cause for people, (kind, cause) in last.items() if kind == MERGE}


def one_with(connection: sa.Connection, person_id: int) -> set[int]:
    """A person_id with all ids that are one with it as things stand.

    An id that stands under two others may be either's, so that it joins nobody; and only a list of replaced numbers joins two numbers.
    """
    return ones_with(connection, [person_id])


def ones_with(connection: sa.Connection, people: Iterable[int]) -> set[int]:
    """Some people's ids with all that are one with any of them, by the same rule."""
    parent, said = _parents(connection), set(people)
    children: dict[int, set[int]] = {}
    for other, person in parent.items():
        children.setdefault(person, set()).add(other)
    found = next_ones = {_top(parent, person_id) for person_id in said}
    while next_ones:
        next_ones = {child for person in next_ones for child in children.get(person, ())} - found
        found = found | next_ones
    return found | said


def _parents(connection: sa.Connection) -> dict[int, int]:
    """Of each id that stands under one other, this one."""
    standing = _standing(connection)
    replaced = {other: person for (person, other), cause in standing.items() if cause == REPLACED}
    numbered = _numbered(connection, {other for (_, other), cause in standing.items() if cause != REPLACED})
    above: dict[int, set[int]] = {}
    for (person, other), cause in standing.items():
        if cause == REPLACED:
            above.setdefault(other, set()).add(person)
        elif other not in numbered:
            above.setdefault(other, set()).add(_top(replaced, person))
    return {other: next(iter(people)) for other, people in above.items() if len(people) == 1}


def _top(parent: Mapping[int, int], person_id: int) -> int:
    passed = {person_id}
    while (above := parent.get(person_id)) is not None and above not in passed:
        passed.add(above)
        person_id = above
    return person_id


def _numbered(connection: sa.Connection, people: set[int]) -> set[int]:
    """Those who are looked up by an NHS number of their own."""
    lookup, ids, found = TABLES.tables["lookup"], sorted(people), set[int]()
    for at in range(0, len(ids), MOST_IN_ONE_QUERY):
        query = sa.select(lookup.c.person_id).where(lookup.c.scheme == NUMBER_SCHEME)
        found |= set(connection.scalars(query.where(lookup.c.person_id.in_(ids[at : at + MOST_IN_ONE_QUERY]))))
    return found
