"""The erasure of one person from the identity register: all that it keeps of them goes, and keyed hashes keep them from coming back."""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import sqlalchemy as sa

from joinedup.kept.append_only import may_shrink
from joinedup.kept.databases import Database
from joinedup.kept.decisions import DECISION
from joinedup.kept.erased_tables import (
    ERASED_KEY,
    ERASED_PERSON,
    ERASURE,
    ERASURES,
    REQUEST,
    SEPARATOR,
    TOLD_SCHEME,
    last_erasure,
    lookup_hash,
    person_hash,
)
from joinedup.kept.identity_register import LANDING, LOOKUP, PERSON, VAULT, VAULT_SPAN, outside_span, spans_of
from joinedup.kept.keys import Keys
from joinedup.kept.merges import EVENT, NUMBER_SCHEME, RECORD_SCHEME, now, one_with
from joinedup.kept.pairs import PAIR, number_hashes, opened_pair
from joinedup.kept.vault import Sealed

MOST_PARAMETERS = 500  # SQLite takes 32,766
Key = tuple[str, bytes]
"""Scheme and hash."""
TABLES_SHRUNK = (PERSON, LOOKUP, VAULT, VAULT_SPAN, PAIR, EVENT)
"""What PostgreSQL rewrites afterwards, so that no old version of a row stays in its files."""


@dataclass(frozen=True, slots=True)
class Subject:
    """Whom an erasure is about: every person_id that stands for them, and every key that they are looked up by."""

    person_ids: tuple[int, ...]
    keys: tuple[Key, ...]

    @property
    def ids(self) -> pa.Array:
        """The person_ids, as Arrow has them."""
        return pa.array(self.person_ids, pa.int64())

    @property
    def told_of(self) -> tuple[Key, ...]:
        """The keys by which rows linked to nobody are known."""
        return tuple(key for key in self.keys if key[0] == TOLD_SCHEME)

    def told(self, keys: Keys) -> bytes:
        """A keyed hash that is the same whenever the same person is asked for, with the same told of them."""
        if self.told_of:
            said = [digest.hex() for _, digest in self.told_of]
            return lookup_hash(keys, TOLD_SCHEME, SEPARATOR.join([*map(str, self.person_ids), *said]))
        return person_hash(keys, self.person_ids[0]) if self.person_ids else self.keys[0][1]


@dataclass(frozen=True, slots=True)
class Act:
    """Who erases, and why: the request's reference, the reason, and the accounts of those who agreed (the second blank where alone)."""

    reference: str
    reason: str
    account: str
    second_account: str = ""


@dataclass(frozen=True, slots=True)
class Erasure:
    """One erasure of the list."""

    number: int
    erasure_id: str
    act: Act
    begun_at: datetime
    done_at: datetime | None
    found: Mapping[str, Any]


def begin_list(connection: sa.Connection) -> None:
    """Nothing; the tables of the list of erasures are there."""
    ERASURES.create_all(connection)


def by_number(connection: sa.Connection, keys: Keys, digits: str) -> Subject:
    """Whoever has an NHS number, ten digits; where nobody has it, the number alone, to be kept out."""
    key = (NUMBER_SCHEME, lookup_hash(keys, NUMBER_SCHEME, str(int(digits))))
    person = connection.scalar(sa.select(LOOKUP.c.person_id).where(LOOKUP.c.scheme == key[0], LOOKUP.c.hash == key[1]))
    return Subject((), (key,)) if person is None else by_person(connection, person)


def by_person(connection: sa.Connection, person_id: int) -> Subject:
    """Whoever has a person_id, with all ids that are one with it as things stand; no ids where the register doesn't know it."""
    there = set(_all(connection, sa.select(PERSON.c.person_id), PERSON.c.person_id, one_with(connection, person_id)))
    found = _rows(connection, sa.select(LOOKUP.c.scheme, LOOKUP.c.hash), LOOKUP.c.person_id, there)
    agreed = _rows(connection, sa.select(PAIR.c.record_hash, PAIR.c.pair), PAIR.c.person_id, there)
    same = {(RECORD_SCHEME, row.record_hash) for row in agreed if _decided_same(connection, row.pair)}
    return Subject(tuple(sorted(there)), tuple(sorted({(row.scheme, row.hash) for row in found} | same)))


def _decided_same(connection: sa.Connection, pair: int) -> bool:
    """Whether a landing was last told that a pair is one person."""
    last = sa.select(DECISION.c.same).where(DECISION.c.pair == pair).order_by(DECISION.c.decision.desc()).limit(1)
    return connection.scalar(last) == 1


def _rows(
    connection: sa.Connection, query: sa.Select[Any], column: sa.Column[Any] | sa.ColumnElement[Any], among: Iterable[Any]
) -> list[sa.Row[Any]]:
    """What a query gives where the column is among some values."""
    values = sorted(among)
    found: list[sa.Row[Any]] = []
    for at in range(0, len(values), MOST_PARAMETERS):
        found += connection.execute(query.where(column.in_(values[at : at + MOST_PARAMETERS]))).all()
    return found


def _all(connection: sa.Connection, query: sa.Select[Any], column: sa.Column[Any], among: Iterable[Any]) -> list[Any]:
    return [row[0] for row in _rows(connection, query, column, among)]


def erase(connection: sa.Connection, keys: Keys, subject: Subject, act: Act, found: Mapping[str, Any]) -> Erasure:
    """The erasure, begun: the register keeps nothing of the person, and the list has what keeps them out.

    `found` is what was found elsewhere, in counts; what the register held joins it. One transaction, with the writer's lock held.
    """
    begin_list(connection)
    counts = remove(connection, keys, subject)
    number = last_erasure(connection) + 1
    begun, erasure_id = now(), secrets.token_hex(8)
    every = {**found, "register": counts}
    values = {"erasure_id": erasure_id, "begun_at": begun, "found": json.dumps(every, sort_keys=True)}
    names = ("reference", "reason", "account", "second_account")
    connection.execute(sa.insert(ERASURE).values(erasure=number, **values, **{name: getattr(act, name) for name in names}))
    known = {(row.scheme, row.hash) for row in connection.execute(sa.select(ERASED_KEY))}
    for scheme, digest in [key for key in subject.keys if key not in known]:
        connection.execute(sa.insert(ERASED_KEY).values(scheme=scheme, hash=digest, erasure=number))
    gone = set(connection.scalars(sa.select(ERASED_PERSON.c.hash)))
    for digest in [each for person in subject.person_ids if (each := person_hash(keys, person)) not in gone]:
        connection.execute(sa.insert(ERASED_PERSON).values(hash=digest, erasure=number))
    connection.execute(sa.delete(REQUEST).where(REQUEST.c.reference == act.reference))
    return Erasure(number, erasure_id, act, begun, None, every)


def remove(connection: sa.Connection, keys: Keys, subject: Subject) -> dict[str, int]:
    """What the register held of a person, in rows by kind; it is gone. Who answered pairs in doubt stays, about nobody."""
    ids = list(subject.person_ids)
    counts = {"identifiers": _remove_identifiers(connection, keys, subject.ids), "pairs": _remove_pairs(connection, keys, subject)}
    lookups = sa.delete(LOOKUP).where(sa.or_(LOOKUP.c.person_id.in_(ids), _among(subject.keys)))
    counts["lookups"] = connection.execute(lookups).rowcount
    with may_shrink(connection, EVENT):
        of_them = sa.or_(EVENT.c.person_id.in_(ids), EVENT.c.other_person_id.in_(ids))
        counts["merges and splits"] = connection.execute(sa.delete(EVENT).where(of_them)).rowcount
    counts["ids"] = connection.execute(sa.delete(PERSON).where(PERSON.c.person_id.in_(ids))).rowcount
    return counts


def _among(keys: Sequence[Key]) -> sa.ColumnElement[bool]:
    """Of a lookup: whether it is one of these."""
    return sa.or_(sa.false(), *(sa.and_(LOOKUP.c.scheme == scheme, LOOKUP.c.hash == digest) for scheme, digest in keys))


def _remove_identifiers(connection: sa.Connection, keys: Keys, ids: pa.Array) -> int:
    """How many rows of identifiers were theirs; each batch that held one is closed anew without it, one batch after the other.

    Every batch is opened: where the register says between which ids a batch lies, nobody's erasure hangs on it.
    """
    removed, key = 0, tuple(VAULT.primary_key)
    for place in connection.execute(sa.select(*key)).all() if len(ids) else ():
        here = sa.and_(*(column == value for column, value in zip(key, place, strict=True)))
        removed += _without(connection, keys, here, tuple(place), ids)
    return removed


def _without(connection: sa.Connection, keys: Keys, here: sa.ColumnElement[bool], place: tuple[Any, ...], ids: pa.Array) -> int:
    """How many rows of one batch were theirs; it is closed anew without them."""
    batch = _batch(connection, here)
    rest = batch.without(keys, ids)
    if rest is None:
        return 0
    values = {name: getattr(rest, name) for name in ("key_id", "nonce", "ciphertext", "row_count")}
    connection.execute(sa.update(VAULT).where(here).values(**values))
    _span_again(connection, place, rest.people(keys))
    return batch.row_count - rest.row_count


def old_identifiers(connection: sa.Connection, keys: Keys, before: datetime, people: pa.Array) -> int:
    """Of how many others than these people identifiers were kept before a time, batch by batch."""
    return sum(len(theirs) for _, theirs in _old(connection, keys, before, people))


def _old(connection: sa.Connection, keys: Keys, before: datetime, people: pa.Array) -> Iterator[tuple[tuple[Any, ...], pa.Array]]:
    """Batches that were kept before a time, by their key, each with whom it is about beside these people, once for each of them."""
    key = tuple(VAULT.primary_key)
    for place in connection.execute(sa.select(*key).join_from(VAULT, LANDING).where(LANDING.c.landed_at < before)).all():
        there = _batch(connection, sa.and_(*(column == value for column, value in zip(key, place, strict=True)))).people(keys)
        if len(theirs := there.filter(pc.invert(pc.is_in(there, value_set=people)))):
            yield tuple(place), theirs


def remove_old_identifiers(connection: sa.Connection, keys: Keys, before: datetime, people: pa.Array) -> int:
    """How many rows of identifiers have gone that were kept before a time, of others than these people; their ids stay."""
    removed, key = 0, tuple(VAULT.primary_key)
    for place, theirs in list(_old(connection, keys, before, people)):
        removed += _without(connection, keys, sa.and_(*(column == value for column, value in zip(key, place, strict=True))), place, theirs)
    return removed


def _batch(connection: sa.Connection, here: sa.ColumnElement[bool]) -> Sealed:
    row = connection.execute(sa.select(VAULT, LANDING.c.landing_id).join_from(VAULT, LANDING).where(here)).mappings().one()
    return Sealed(**{name: row[name] for name in Sealed.__dataclass_fields__})


def _span_again(connection: sa.Connection, place: tuple[Any, ...], people: pa.Array) -> None:
    """Nothing; the register says anew between which ids a batch's people lie: the one who was erased may have been the first or last."""
    same = [VAULT_SPAN.c[column.name] == value for column, value in zip(VAULT.primary_key, place, strict=True)]
    span = pc.min_max(people).as_py()
    which = sa.update(VAULT_SPAN).where(*same).values(least=span["min"], greatest=span["max"])
    connection.execute(which if len(people) else sa.delete(VAULT_SPAN).where(*same))


def _remove_pairs(connection: sa.Connection, keys: Keys, subject: Subject) -> int:
    """How many pairs in doubt were about them, on either side; each is emptied and stands for nobody any more."""
    theirs = {digest for _, digest in subject.keys}
    pairs = [
        row.pair
        for row in connection.execute(sa.select(PAIR.c.pair, PAIR.c.record_hash, PAIR.c.person_id)).all()
        if row.person_id in subject.person_ids
        or row.record_hash in theirs
        or theirs & set(number_hashes(keys, opened_pair(connection, keys, row.pair)))
    ]
    with may_shrink(connection, PAIR):
        for pair in pairs:
            nobody = {"record_hash": secrets.token_bytes(32), "person_id": -pair, "nonce": b"", "ciphertext": b""}
            connection.execute(sa.update(PAIR).where(PAIR.c.pair == pair).values(**nobody))
    return len(pairs)


def come_back(connection: sa.Connection) -> Subject:
    """Whom the register knows again although they were erased, because it was restored from before; nobody otherwise."""
    if not sa.inspect(connection).has_table(ERASED_KEY.name) or not sa.inspect(connection).has_table(LOOKUP.name):
        return Subject((), ())
    same = sa.and_(ERASED_KEY.c.scheme == LOOKUP.c.scheme, ERASED_KEY.c.hash == LOOKUP.c.hash)
    rows = connection.execute(sa.select(LOOKUP.c.scheme, LOOKUP.c.hash, LOOKUP.c.person_id).join_from(LOOKUP, ERASED_KEY, same)).all()
    return Subject(tuple(sorted({row.person_id for row in rows})), tuple((row.scheme, row.hash) for row in rows))


def ids_in(connection: sa.Connection, keys: Keys) -> pa.Array:
    """Every person_id that the register holds anywhere, once; its identifiers are opened one batch at a time.

    StoreProblem where one lies outside the ids that the register says its batch to be of.
    """
    there = set(sa.inspect(connection).get_table_names())
    columns = [PERSON.c.person_id, LOOKUP.c.person_id, PAIR.c.person_id, EVENT.c.person_id, EVENT.c.other_person_id]
    columns += [VAULT_SPAN.c.least, VAULT_SPAN.c.greatest]
    parts = [pa.array(list(connection.scalars(sa.select(each).distinct())), pa.int64()) for each in columns if each.table.name in there]
    key, spans = tuple(VAULT.primary_key), spans_of(connection)
    for place in connection.execute(sa.select(*key)).all() if VAULT.name in there else ():
        here = sa.and_(*(column == value for column, value in zip(key, place, strict=True)))
        people = _batch(connection, here).people(keys)
        outside_span(people, tuple(place), spans)
        parts.append(people)
    return pc.unique(pa.concat_arrays(parts)).drop_null()


def erasures(connection: sa.Connection) -> list[Erasure]:
    """The list, in order."""
    if not sa.inspect(connection).has_table(ERASURE.name):
        return []
    return [
        Erasure(
            row.erasure,
            row.erasure_id,
            Act(row.reference, row.reason, row.account, row.second_account),
            row.begun_at,
            row.done_at,
            json.loads(row.found),
        )
        for row in connection.execute(sa.select(ERASURE).order_by(ERASURE.c.erasure))
    ]


def hashes_of(connection: sa.Connection, number: int | None = None) -> pa.Table:
    """(hash, erasure) of the person_ids that were erased, by all erasures or by one."""
    query = sa.select(ERASED_PERSON.c.hash, ERASED_PERSON.c.erasure)
    there = sa.inspect(connection).has_table(ERASED_PERSON.name)
    rows = connection.execute(query if number is None else query.where(ERASED_PERSON.c.erasure == number)).all() if there else []
    return pa.table(
        {"hash": pa.array([row.hash for row in rows], pa.binary()), "erasure": pa.array([row.erasure for row in rows], pa.int32())}
    )


def keys_of(connection: sa.Connection, number: int) -> tuple[Key, ...]:
    """The keys that one erasure keeps out."""
    query = sa.select(ERASED_KEY.c.scheme, ERASED_KEY.c.hash).where(ERASED_KEY.c.erasure == number)
    return tuple((row.scheme, row.hash) for row in connection.execute(query))


def mark_done(connection: sa.Connection, number: int) -> None:
    """Nothing; the erasure is done everywhere."""
    connection.execute(sa.update(ERASURE).where(ERASURE.c.erasure == number, ERASURE.c.done_at.is_(None)).values(done_at=now()))


def let_in_again(connection: sa.Connection, number: int) -> int:
    """How many keys no longer keep anybody out: the next landing takes the person in again. That there was an erasure stays."""
    connection.execute(sa.delete(ERASED_PERSON).where(ERASED_PERSON.c.erasure == number))
    return connection.execute(sa.delete(ERASED_KEY).where(ERASED_KEY.c.erasure == number)).rowcount


def asked_before(connection: sa.Connection, reference: str) -> sa.Row[Any] | None:
    """What was asked for under a reference and waits for a second person; None where nothing was."""
    return connection.execute(sa.select(REQUEST).where(REQUEST.c.reference == reference)).first()


def ask(connection: sa.Connection, keys: Keys, subject: Subject, act: Act) -> None:
    """Nothing; the request waits for a second person."""
    values = {"reference": act.reference, "reason": act.reason, "account": act.account, "asked_at": now()}
    connection.execute(sa.insert(REQUEST).values(subject=subject.told(keys), **values))


def tidy(database: Database) -> None:
    """Nothing; no old version of what was removed is left in the database's own files.

    SQLite overwrites what it deletes, and its file is written anew; PostgreSQL writes the tables anew. What lies in its
    write-ahead log, its replicas and its archives is for whoever runs it.
    """
    with database.errors():
        if database.is_sqlite:
            connection = database.engine.raw_connection()
            try:
                connection.driver_connection.execute("VACUUM")  # type: ignore[union-attr]
            finally:
                connection.close()
            return
        with database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connected:
            for table in TABLES_SHRUNK:
                connected.exec_driver_sql(f'VACUUM FULL "{table.name}"')
