"""What people answered about pairs in doubt, and what landings made of it. Answers and decisions only grow."""

from __future__ import annotations

from typing import Any

import pyarrow as pa
import sqlalchemy as sa

from joinedup.kept.append_only import only_grows
from joinedup.kept.identity_register import LANDING, TABLES, RegisterLanding
from joinedup.kept.merges import EVENT_SCHEMA, MERGE, MOST_IN_ONE_QUERY, RECORD_SCHEME, SPLIT, add_events, landing_column, number_column
from joinedup.kept.pairs import PAIR

SAME, DIFFERENT, CANT_SAY, TAKEN_BACK = "same", "different", "can't say", "taken back"
ANSWERS = (SAME, DIFFERENT, CANT_SAY)
ENOUGH = 2
"""How many people must agree."""
DECIDED_SCHEMA = pa.schema([("record_hash", pa.binary()), ("person_id", pa.int64()), ("same", pa.bool_())])
ANSWER = only_grows(
    sa.Table(
        "answer",
        TABLES,
        number_column("answer"),
        sa.Column("pair", sa.ForeignKey("pair.pair"), nullable=False),
        sa.Column("account", sa.String(100), nullable=False),
        sa.Column("role", sa.String(40), nullable=False),
        sa.Column("answered_at", sa.DateTime, nullable=False),  # UTC
        sa.Column("said", sa.String(12), nullable=False),
        sa.Column("why", sa.String(60), nullable=False),
        sa.Column("attempt", sa.Integer, nullable=False),
        sa.Column("takes_back", sa.ForeignKey("answer.answer"), unique=True),
        sa.CheckConstraint(sa.column("said").in_([*ANSWERS, TAKEN_BACK]), name="answer_said"),
        sa.CheckConstraint("(said = 'taken back') = (takes_back IS NOT NULL)", name="answer_taken_back"),
        sa.CheckConstraint("account <> ''", name="answer_account"),
        sa.UniqueConstraint("pair", "account", "attempt"),  # nobody answers twice, however many windows they have open
    )
)
"""`attempt` counts what an account has said of a pair, taking back included."""
DECISION = only_grows(
    sa.Table(
        "decision",
        TABLES,
        number_column("decision"),
        sa.Column("pair", sa.ForeignKey("pair.pair"), nullable=False),
        sa.Column("same", sa.SmallInteger),
        landing_column(),
    )
)
"""What a landing was told of a pair, where it was told otherwise before; `same` is 1, 0, or null when a decision fell."""


def standing() -> sa.Subquery:
    """The answers that nobody has taken back."""
    taken = sa.select(ANSWER.c.takes_back).where(ANSWER.c.takes_back.is_not(None))
    return sa.select(ANSWER).where(ANSWER.c.said != TAKEN_BACK, ANSWER.c.answer.not_in(taken)).subquery("standing")


def tallies() -> sa.Subquery:
    """A row for each pair with answers: how many say `same`, `different`, neither (`unsure`); `decided` is 1 for same, 0 for different."""
    given = standing()
    votes = {said: sa.func.sum(sa.case((given.c.said == said, 1), else_=0)) for said in ANSWERS}
    same, different, unsure = (votes[said] for said in ANSWERS)
    decided = sa.case((sa.and_(same >= ENOUGH, same > different), 1), (sa.and_(different >= ENOUGH, different > same), 0))
    counts = same.label("same"), different.label("different"), unsure.label("unsure"), decided.label("decided")
    return sa.select(given.c.pair, *counts).group_by(given.c.pair).subquery("tally")


def decided(entry: RegisterLanding) -> pa.Table:
    """What people agreed on, DECIDED_SCHEMA: at least two, and more than say otherwise.

    A record of which they say that it is two different people is neither's. What is new of it since the landing before is kept as
    the landing's decisions and, where it joins a record to a person or parts them, as merges and splits.
    """
    now_and_before = _decided_now(entry.connection)
    _keep_decisions(entry, [row for row in now_and_before if row.same != row.before])
    rows = [(row.record_hash, row.person_id, bool(row.same)) for row in now_and_before if row.same is not None]
    arrays = zip(*rows, strict=True) if rows else ([], [], [])
    return pa.table([pa.array(list(values), kind.type) for values, kind in zip(arrays, DECIDED_SCHEMA, strict=True)], schema=DECIDED_SCHEMA)


def decided_since(connection: sa.Connection, landing_id: str) -> bool:
    """Whether that landing doesn't know yet what people agree on: no landing was told, or one after it, which was never published."""
    if not sa.inspect(connection).has_table(PAIR.name):
        return False
    number = sa.select(LANDING.c.landing).where(LANDING.c.landing_id == landing_id).scalar_subquery()
    later = connection.scalar(sa.select(sa.func.count()).where(DECISION.c.landing > number))
    return bool(later) or any(row.same != row.before for row in _decided_now(connection))


def contradictions() -> sa.Select[tuple[bytes]]:
    """The records that are decided to be the same as more than one person."""
    tally = tallies()
    of_same = sa.select(PAIR.c.record_hash).join(tally, tally.c.pair == PAIR.c.pair).where(tally.c.decided == 1)
    return of_same.group_by(PAIR.c.record_hash).having(sa.func.count() > 1)


def told() -> sa.Subquery:
    """What landings were last told of each pair that they were told of: pair, same."""
    last = sa.select(sa.func.max(DECISION.c.decision)).group_by(DECISION.c.pair)
    return sa.select(DECISION.c.pair, DECISION.c.same, DECISION.c.landing).where(DECISION.c.decision.in_(last)).subquery("told")


def _decided_now(connection: sa.Connection) -> list[sa.Row[Any]]:
    """Each pair that is decided or was, with `same` now and `before`: 1, 0, or null where it isn't or wasn't."""
    tally, before = tallies(), told()
    both = sa.and_(tally.c.decided == 1, PAIR.c.record_hash.in_(contradictions()))
    same = sa.case((both, None), else_=tally.c.decided).label("same")
    query = (
        sa.select(PAIR.c.pair, PAIR.c.record_hash, PAIR.c.person_id, same, before.c.same.label("before"))
        .join(tally, tally.c.pair == PAIR.c.pair, isouter=True)
        .join(before, before.c.pair == PAIR.c.pair, isouter=True)
        .where(sa.or_(tally.c.decided.is_not(None), before.c.same.is_not(None)))
        .order_by(PAIR.c.pair)
    )
    return list(connection.execute(query))


def _keep_decisions(entry: RegisterLanding, changed: list[sa.Row[Any]]) -> None:
    """Nothing; the register has what changed since landings were last told, and the merges and splits that follow."""
    if not changed:
        return
    entry.connection.execute(sa.insert(DECISION).values(landing=entry.number), [{"pair": row.pair, "same": row.same} for row in changed])
    own = _own_people(entry.connection, [row.record_hash for row in changed])
    events = [
        {
            "kind": MERGE if row.same else SPLIT,
            "person_id": row.person_id,
            "other_person_id": own.get(row.record_hash),
            "cause": f"review of pair {row.pair}: {_in_words(row.same)}",
        }
        for row in changed
        if row.same or row.before
    ]
    add_events(entry, pa.Table.from_pylist(events, schema=EVENT_SCHEMA))


def _in_words(same: int | None) -> str:
    if same is None:
        return "no longer agreed"
    return "agreed to be the same" if same else "agreed to be different"


def _own_people(connection: sa.Connection, hashes: list[bytes]) -> dict[bytes, int]:
    """The people that records stood for while they were joined to nobody, by hash."""
    lookup = TABLES.tables["lookup"]
    found: dict[bytes, int] = {}
    for at in range(0, len(hashes), MOST_IN_ONE_QUERY):
        query = sa.select(lookup.c.hash, lookup.c.person_id).where(
            lookup.c.scheme == RECORD_SCHEME, lookup.c.hash.in_(hashes[at : at + MOST_IN_ONE_QUERY])
        )
        found |= {row.hash: row.person_id for row in connection.execute(query)}
    return found
