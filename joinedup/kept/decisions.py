"""Pairs in doubt, what people answered, what landings made of it, and every merge and split: kept in the identity register.

A pair is a record that carries no verified number and a person whom it may be. Its identifiers are sealed one pair at a
time, so that a look at one opens no other, and bound to it. Answers, decisions and events only grow.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import sqlalchemy as sa

from joinedup.errors import StoreProblem
from joinedup.kept.append_only import only_grows
from joinedup.kept.erased_tables import ERASED_KEY, lookup_hash
from joinedup.kept.identity_register import LANDING, ROWS_AT_A_TIME, TABLES, RegisterLanding
from joinedup.kept.keys import Keys
from joinedup.kept.vault import close, opened

RECORD_SCHEME = "record"
"""Under which people who are known by no number are looked up, by the hash of their record's identifiers."""
NUMBER_SCHEME = "nhs_number"
"""Under which people are looked up by a verified NHS number; and what pairs call the numbers that they show."""
NUMBERS = ("r_number", "p_number", "r_nhs_number", "p_nhs_number")
SAME, DIFFERENT, CANT_SAY, TAKEN_BACK = "same", "different", "can't say", "taken back"
ANSWERS = (SAME, DIFFERENT, CANT_SAY)
MERGE, SPLIT = "merge", "split"
REPLACED = "superseded number: followed"
"""The cause of the one kind of merge that brings two numbers to one person."""
MOST_IN_ONE_QUERY = 500
"""Values; SQLite takes 32,766."""
ENOUGH = 2
"""How many people must agree."""
PADDED_TO = 512
"""Bytes; so that the length of what is sealed doesn't tell how long a name is."""

PAIR_SCHEMA = pa.schema(
    [("record_hash", pa.binary(32)), ("contract", pa.string()), ("person_id", pa.int64()), ("probability", pa.float64())]
)
"""What every pair has; other columns are strings: r_<field> is what the record says, p_<field> what is known of the person."""
FIELD = re.compile("[rp]_[a-z0-9_]+")
DECIDED_SCHEMA = pa.schema([("record_hash", pa.binary()), ("person_id", pa.int64()), ("same", pa.bool_())])
EVENT_SCHEMA = pa.schema([("kind", pa.string()), ("person_id", pa.int64()), ("other_person_id", pa.int64()), ("cause", pa.string())])


def _landing(name: str = "landing") -> sa.Column[int]:
    """The landing that appended a row; its own row is written last."""
    return sa.Column(name, sa.ForeignKey("landing.landing", deferrable=True, initially="DEFERRED"), nullable=False)


def _number(name: str) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True)


PAIR = only_grows(
    sa.Table(
        "pair",
        TABLES,
        _number("pair"),
        sa.Column("record_hash", sa.LargeBinary(32), nullable=False),
        sa.Column("person_id", sa.BigInteger, nullable=False),
        sa.Column("contract", sa.String(100), nullable=False),
        sa.Column("probability", sa.Float, nullable=False),
        sa.Column("key_id", sa.String(40), nullable=False),
        sa.Column("nonce", sa.LargeBinary(12), nullable=False),
        sa.Column("ciphertext", sa.LargeBinary, nullable=False),
        _landing(),
        _landing("seen"),
        sa.UniqueConstraint("record_hash", "person_id"),
    ),
    but=("key_id", "nonce", "ciphertext", "seen"),
)
"""`landing` was the first in which it was in doubt, `seen` the last. It is closed again when the key changes, and emptied when its person
is erased."""
ANSWER = only_grows(
    sa.Table(
        "answer",
        TABLES,
        _number("answer"),
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
        _number("decision"),
        sa.Column("pair", sa.ForeignKey("pair.pair"), nullable=False),
        sa.Column("same", sa.SmallInteger),
        _landing(),
    )
)
"""What a landing was told of a pair, where it was told otherwise before; `same` is 1, 0, or null when a decision fell."""
EVENT = only_grows(
    sa.Table(
        "event",
        TABLES,
        _number("event"),
        sa.Column("kind", sa.String(12), nullable=False),
        sa.Column("person_id", sa.BigInteger, nullable=False),
        sa.Column("other_person_id", sa.BigInteger),
        sa.Column("cause", sa.String(200), nullable=False),
        sa.Column("happened_at", sa.DateTime, nullable=False),  # UTC
        _landing(),
        sa.CheckConstraint(sa.column("kind").in_([MERGE, SPLIT]), name="event_kind"),
    )
)


def now() -> datetime:
    """The time, in UTC, as the register keeps it."""
    return datetime.now(UTC).replace(tzinfo=None)


def offer_pairs(entry: RegisterLanding, pairs: pa.Table) -> int:
    """How many of these pairs are new; call it at every landing with all that are in doubt: whatever isn't named isn't asked any more.

    Identifiers of new pairs are sealed; r_source, p_source (which extracts) and r_date, p_date (their latest day) are shown beside them.
    """
    pairs = _without_erased(entry, pairs)
    fields = [name for name in pairs.column_names if name not in PAIR_SCHEMA.names]
    assert all(FIELD.fullmatch(name) for name in fields), "other columns than r_<field> and p_<field>"
    _seen_again(entry, pairs)
    known = _known_pairs(entry.connection)
    known = known.append_column("known", pa.repeat(pa.scalar(value=True), known.num_rows))
    keyed = pairs.set_column(0, "record_hash", pairs["record_hash"].cast(pa.binary())).append_column(
        "row", pa.array(range(pairs.num_rows), pa.int64())
    )
    once = keyed.group_by(["record_hash", "person_id"]).aggregate([("row", "min")])
    beside = once.join(known, ["record_hash", "person_id"])
    new = beside.filter(pc.is_null(beside["known"])).sort_by("row_min")["row_min"]
    _insert_pairs(entry, pairs.take(new), fields)
    return len(new)


def _without_erased(entry: RegisterLanding, pairs: pa.Table) -> pa.Table:
    """The pairs of which neither side is somebody who was erased."""
    erased = set(entry.connection.scalars(sa.select(ERASED_KEY.c.hash)))
    if not erased:
        return pairs
    told = pairs.select([name for name in pairs.column_names if name in {"record_hash", "person_id", *NUMBERS}]).to_pylist()
    return pairs.filter(
        pa.array(
            [
                row["person_id"] >= 0 and row["record_hash"] not in erased and not erased & set(number_hashes(entry.keys, row))
                for row in told
            ],
            pa.bool_(),
        )
    )


def number_hashes(keys: Keys, said: Mapping[str, str | None]) -> list[bytes]:
    """The hashes under which people are looked up by the NHS numbers that a pair says."""
    given = ["".join(digit for digit in said.get(name) or "" if digit.isdigit()) for name in NUMBERS]
    return [lookup_hash(keys, NUMBER_SCHEME, str(int(digits))) for digits in given if digits]


def _known_pairs(connection: sa.Connection) -> pa.Table:
    rows = connection.execute(sa.select(PAIR.c.record_hash, PAIR.c.person_id)).all()
    schema = pa.schema([DECIDED_SCHEMA.field("record_hash"), DECIDED_SCHEMA.field("person_id")])
    return pa.table([pa.array([row[at] for row in rows], kind.type) for at, kind in enumerate(schema)], schema=schema)


def _seen_again(entry: RegisterLanding, pairs: pa.Table) -> None:
    """Nothing; the pairs that the register has already were in doubt in this landing too."""
    of = [PAIR.c.record_hash == sa.bindparam("hash"), PAIR.c.person_id == sa.bindparam("person")]
    for batch in pairs.select(["record_hash", "person_id"]).rename_columns(["hash", "person"]).to_batches(ROWS_AT_A_TIME):
        if batch.num_rows:
            entry.connection.execute(sa.update(PAIR).where(*of).values(seen=entry.number), batch.to_pylist())


def _insert_pairs(entry: RegisterLanding, pairs: pa.Table, fields: list[str]) -> None:
    """Nothing; the pairs are kept. One by one, for each is sealed by itself."""
    rows = []
    for row in pairs.to_pylist():
        clear = json.dumps({name: row[name] for name in fields if row[name] is not None}).encode()
        bound = _bound_to(row["record_hash"], row["person_id"])
        nonce, ciphertext = close(clear.ljust(-(-len(clear) // PADDED_TO) * PADDED_TO), entry.keys, bound)
        kept = {name: row[name] for name in PAIR_SCHEMA.names}
        rows.append(kept | {"key_id": entry.keys.fingerprint, "nonce": nonce, "ciphertext": ciphertext})
    if rows:
        entry.connection.execute(sa.insert(PAIR).values(landing=entry.number, seen=entry.number), rows)


def _bound_to(record_hash: bytes, person_id: int) -> bytes:
    """What a pair's ciphertext is bound to: moved to another record or person it doesn't open."""
    return "\x1f".join(("joinedup pair 1", record_hash.hex(), str(person_id))).encode()


def opened_pair(connection: sa.Connection, keys: Keys, pair: int) -> dict[str, str]:
    """What one pair says: r_<field> and p_<field>, where given; empty when it was erased."""
    row = connection.execute(sa.select(PAIR).where(PAIR.c.pair == pair)).one()
    if not row.ciphertext:
        return {}
    clear = opened(row.ciphertext, row.nonce, keys, _bound_to(row.record_hash, row.person_id))
    if clear is None:
        raise StoreProblem(f"the identity register is damaged: the identifiers of pair {pair} don't open; restore it from a backup")
    said: dict[str, str] = json.loads(clear)
    return said


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
    for at in range(0, len(hashes), 500):  # SQLite takes 32,766 parameters
        query = sa.select(lookup.c.hash, lookup.c.person_id).where(
            lookup.c.scheme == RECORD_SCHEME, lookup.c.hash.in_(hashes[at : at + 500])
        )
        found |= {row.hash: row.person_id for row in connection.execute(query)}
    return found


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


def close_again(connection: sa.Connection, before: Keys, after: Keys) -> None:
    """Nothing; what pairs say is closed with the key `after`, for when the key changes."""
    for row in connection.execute(sa.select(PAIR).where(PAIR.c.ciphertext != b"")).all():
        bound = _bound_to(row.record_hash, row.person_id)
        clear = opened(row.ciphertext, row.nonce, before, bound)
        if clear is None:
            raise StoreProblem(f"the identity register is damaged: the identifiers of pair {row.pair} don't open; restore it from a backup")
        nonce, ciphertext = close(clear, after, bound)
        values = {"key_id": after.fingerprint, "nonce": nonce, "ciphertext": ciphertext}
        connection.execute(sa.update(PAIR).where(PAIR.c.pair == row.pair).values(**values))


def empty_pairs(connection: sa.Connection, which: sa.ColumnElement[bool]) -> int:
    """How many of `which` pairs no longer say anything, for when their time is over; who decided what stays."""
    those = sa.update(PAIR).where(which, PAIR.c.ciphertext != b"")
    return connection.execute(those.values(nonce=b"", ciphertext=b"")).rowcount
