"""The identity register: who was minted, how they are looked up, and their identifiers, encrypted. Append-only.

It lies in SQLite or any other database that SQLAlchemy speaks to. A landing appends to it in one transaction: killed at
any instant it leaves all of a landing there, or nothing.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import sqlalchemy as sa

from joinedup.errors import KeyProblem, StoreProblem
from joinedup.kept.bulk import append, batches
from joinedup.kept.databases import Database, open_database
from joinedup.kept.erased_tables import ERASED_KEY, ERASURES, last_erasure
from joinedup.kept.keys import Keys
from joinedup.kept.vault import BATCH_ROWS, Sealed, sealed
from joinedup.kept.wrapping import unwrapped, wrapped

NAME = "the identity register"
REGISTER_VARIABLE = "JOINEDUP_REGISTER"
FORM = "2"
FORMS = ("1", FORM)
"""Those that this version reads; the next landing brings form 1, in which no secret but the key was kept, to form 2."""
ROWS_AT_A_TIME = 50_000
MOST_NAMED = 200
"""Batches of identifiers that are asked for by name; where more are wanted all are opened."""

TABLES = sa.MetaData()
META = sa.Table("meta", TABLES, sa.Column("name", sa.String(40), primary_key=True), sa.Column("value", sa.String(200), nullable=False))
LANDING = sa.Table(
    "landing",
    TABLES,
    sa.Column("landing", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("landing_id", sa.String(60), nullable=False, unique=True),
    sa.Column("landed_at", sa.DateTime, nullable=False),  # UTC
    sa.Column("key_fingerprint", sa.String(40), nullable=False),
    sa.Column("people", sa.BigInteger, nullable=False),
    sa.Column("lookups", sa.BigInteger, nullable=False),
    sa.Column("identifiers", sa.BigInteger, nullable=False),
)


def _landing_column(*, primary_key: bool = False) -> sa.Column[int]:
    """The landing that appended a row; its own row, with the counts, is written last."""
    last = sa.ForeignKey("landing.landing", deferrable=True, initially="DEFERRED")
    return sa.Column("landing", last, nullable=False, primary_key=primary_key)


PERSON = sa.Table("person", TABLES, sa.Column("person_id", sa.BigInteger, primary_key=True, autoincrement=False), _landing_column())
LOOKUP = sa.Table(
    "lookup",
    TABLES,
    sa.Column("scheme", sa.String(100), primary_key=True),
    sa.Column("hash", sa.LargeBinary(32), primary_key=True),
    sa.Column("person_id", sa.ForeignKey("person.person_id"), nullable=False),
    _landing_column(),
    sqlite_with_rowid=False,  # the key is the table: 40% smaller
)
VAULT = sa.Table(
    "vault",
    TABLES,
    _landing_column(primary_key=True),
    sa.Column("contract", sa.String(60), primary_key=True),
    sa.Column("batch", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("key_id", sa.String(40), nullable=False),
    sa.Column("nonce", sa.LargeBinary(12), nullable=False),
    sa.Column("ciphertext", sa.LargeBinary, nullable=False),
    sa.Column("row_count", sa.BigInteger, nullable=False),
)
VAULT_SPAN = sa.Table(
    "vault_span",
    TABLES,
    *(sa.Column(each.name, each.type, primary_key=True, autoincrement=False) for each in VAULT.primary_key),
    sa.Column("least", sa.BigInteger, nullable=False),
    sa.Column("greatest", sa.BigInteger, nullable=False),
)
"""The least and greatest person_id of a batch of identifiers, so that a look at a few people opens few batches. One without is opened."""
KEY_CHANGE = sa.Table(
    "key_change",
    TABLES,
    sa.Column("change", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("changed_at", sa.DateTime, nullable=False),  # UTC
    sa.Column("account", sa.String(100), nullable=False),
    sa.Column("before", sa.String(40), nullable=False),
    sa.Column("after", sa.String(40), nullable=False),
)
"""Whenever the register was closed with another key: when, by which account, and both keys' fingerprints."""

KNOWN_SCHEMA = pa.schema([("scheme", pa.string()), ("hash", pa.binary()), ("person_id", pa.int64())])


@dataclass(slots=True)
class RegisterLanding:
    """The register within one landing's transaction: what it knows already, and what the landing appends."""

    connection: sa.Connection
    number: int
    landing_id: str
    keys: Keys
    """With the secret that this register looks people up by."""
    register_id: str = ""
    erased: int = 0
    """The number of the last erasure."""
    counts: dict[str, int] = field(default_factory=lambda: {"people": 0, "lookups": 0, "identifiers": 0})

    def known(self) -> Iterator[pa.RecordBatch]:
        """Everyone it can look up, as (scheme, hash, person_id), in batches; whoever was erased has a negative number for an id."""
        yield from batches(self.connection, sa.select(LOOKUP.c.scheme, LOOKUP.c.hash, LOOKUP.c.person_id), KNOWN_SCHEMA)
        yield from batches(self.connection, sa.select(ERASED_KEY.c.scheme, ERASED_KEY.c.hash, -ERASED_KEY.c.erasure), KNOWN_SCHEMA)

    def add_people(self, person_ids: pa.Array) -> None:
        """Nothing; these people are minted. One that was minted before is refused by the table's key."""
        self._append(PERSON, pa.table({"person_id": person_ids}))
        self.counts["people"] += len(person_ids)

    def add_lookups(self, lookups: pa.Table) -> None:
        """Nothing; these (scheme, hash) find their person_id from now on; those of somebody who was erased keep them out."""
        erased = pc.less(lookups["person_id"], 0)
        self.keep_out((row["scheme"], row["hash"], -row["person_id"]) for row in lookups.filter(erased).to_pylist())
        kept = lookups.filter(pc.invert(erased))
        self._append(LOOKUP, kept.select(KNOWN_SCHEMA.names).sort_by([("scheme", "ascending"), ("hash", "ascending")]))
        self.counts["lookups"] += kept.num_rows

    def replace_lookups(self, lookups: pa.Table) -> None:
        """Nothing; these (scheme, hash), which found somebody before, find their person_id from now on."""
        for row in lookups.select(["scheme", "hash"]).to_pylist():
            self.connection.execute(sa.delete(LOOKUP).where(LOOKUP.c.scheme == row["scheme"], LOOKUP.c.hash == row["hash"]))
        self.add_lookups(lookups)

    def keep_out(self, keys: Iterable[tuple[str, bytes, int]]) -> None:
        """Nothing; these (scheme, hash, erasure), which are new of somebody who was erased, find nobody and keep them out from now on."""
        for scheme, digest, erasure in keys:
            same = sa.and_(LOOKUP.c.scheme == scheme, LOOKUP.c.hash == digest)
            own = self.connection.scalar(sa.select(LOOKUP.c.person_id).where(same))
            self.connection.execute(sa.delete(LOOKUP).where(same))
            self.connection.execute(sa.delete(PERSON).where(PERSON.c.person_id == own))
            self.connection.execute(sa.insert(ERASED_KEY).values(scheme=scheme, hash=digest, erasure=erasure))

    def identifiers(self, contract: str) -> pa.Table | None:
        """The identifiers kept from one contract, opened, each with its landing_id and the latest last; None when there are none yet."""
        return _opened(self.connection, self.keys, VAULT.c.contract == contract, about=True)

    def add_identifiers(self, contract: str, rows: pa.Table) -> None:
        """Nothing; these rows of (person_id, fields …) are kept, encrypted; none of whoever was erased."""
        rows = rows.filter(pc.greater_equal(rows["person_id"], 0))
        for batch in sealed(rows, self.keys, self.landing_id, contract):
            values = {name: getattr(batch, name) for name in VAULT.c.keys() if name != "landing"}  # noqa: SIM118 (a collection of columns)
            self.connection.execute(sa.insert(VAULT).values(landing=self.number, **values))
            span = pc.min_max(rows["person_id"].slice(batch.batch * BATCH_ROWS, batch.row_count)).as_py()
            where = {"landing": self.number, "contract": contract, "batch": batch.batch}
            self.connection.execute(sa.insert(VAULT_SPAN).values(**where, least=span["min"], greatest=span["max"]))
        self.counts["identifiers"] += rows.num_rows

    def _append(self, table: sa.Table, rows: pa.Table) -> None:
        append(self.connection, table, rows.append_column("landing", pa.repeat(pa.scalar(self.number, pa.int32()), rows.num_rows)))


class IdentityRegister:
    """The identity register of one place, opened."""

    def __init__(self, database: Database) -> None:
        self.database = database

    @property
    def engine(self) -> sa.Engine:
        """What connects to its database."""
        return self.database.engine

    def check(self, keys: Keys, place: str = "") -> bool:
        """Whether it holds anything yet; KeyProblem when it was written with another key.

        StoreProblem when it is of another place or form, or can't be read.
        """
        with self.database.reading() as connection:
            about = about_register(connection)
            if about:
                check_about(about, keys, place)
        return bool(about)

    def knows_landing(self, landing_id: str) -> bool:
        """Whether that landing was appended to it: not, when it was restored from before."""
        with self.database.reading() as connection:
            if not sa.inspect(connection).has_table(LANDING.name):
                return False
            return connection.scalar(sa.select(LANDING.c.landing).where(LANDING.c.landing_id == landing_id)) is not None

    def ids_fingerprint(self, keys: Keys) -> str:
        """Tells whether person_ids follow from the same secret as others; that of the key itself where nothing has landed."""
        with self.database.reading() as connection:
            return pseudonym_keys(about_register(connection), keys).ids_fingerprint

    def signing_secret(self, keys: Keys) -> bytes:
        """What the key follows from with which the trusted host signs what it hands over; it stays when the register's key changes."""
        with self.database.reading() as connection:
            return pseudonym_keys(about_register(connection), keys).signing

    def had_key(self, fingerprint: str) -> bool:
        """Whether that key is, or was before it was changed, the register's."""
        with self.database.reading() as connection:
            about = about_register(connection)
            if not about or about["key_fingerprint"] == fingerprint or not sa.inspect(connection).has_table(KEY_CHANGE.name):
                return about.get("key_fingerprint") == fingerprint
            return connection.scalar(sa.select(KEY_CHANGE.c.change).where(KEY_CHANGE.c.before == fingerprint)) is not None

    @contextmanager
    def landing(self, landing_id: str, keys: Keys, place: str = "") -> Iterator[RegisterLanding]:
        """The transaction of one landing, kept when the block ends well and undone otherwise. Another landing waits for it."""
        self.check(keys, place)
        with self.database.writing("landing") as connection:
            about = begin(connection, keys, place)
            number = 1 + (connection.scalar(sa.select(sa.func.max(LANDING.c.landing))) or 0)
            entry = RegisterLanding(
                connection, number, landing_id, pseudonym_keys(about, keys), about["register_id"], last_erasure(connection)
            )
            yield entry
            values = {"landing_id": landing_id, "landed_at": datetime.now(UTC).replace(tzinfo=None), "key_fingerprint": keys.fingerprint}
            connection.execute(sa.insert(LANDING).values(landing=number, **values, **entry.counts))

    @contextmanager
    def connected(self, keys: Keys, *, writes: bool = False) -> Iterator[sa.Connection]:
        """One transaction beside landings, for whoever answers pairs in doubt; what it `writes` waits for a landing that is under way."""
        self.check(keys)
        with self.database.writing("review") if writes else self.database.reading() as connection:
            yield connection

    def close(self) -> None:
        """Nothing; lets go of the database."""
        self.database.close()


def about_register(connection: sa.Connection) -> dict[str, str]:
    """What a register says of itself; empty when it holds nothing yet."""
    if not sa.inspect(connection).has_table(META.name):
        return {}
    return {row.name: row.value for row in connection.execute(sa.select(META))}


def begin(connection: sa.Connection, keys: Keys, place: str = "") -> dict[str, str]:
    """What a register says of itself, when it has been begun or brought to the form of this version; every other writer is held off."""
    TABLES.create_all(connection)
    ERASURES.create_all(connection)
    before = about_register(connection)
    if before:
        check_about(before, keys, place)
    about = {"key_fingerprint": keys.fingerprint, "register_id": secrets.token_hex(8), "place": place} | before
    if "pseudonym" not in about:  # form 1 kept no secret: it followed from the key
        about["pseudonym"] = wrapped(keys.pseudonym, keys)
    about |= {"schema": FORM, "place": about["place"] or place}
    for name, value in about.items():
        if name not in before:
            connection.execute(sa.insert(META).values(name=name, value=value))
        elif before[name] != value:
            connection.execute(sa.update(META).where(META.c.name == name).values(value=value))
    return about


def check_about(about: Mapping[str, str], keys: Keys, place: str = "") -> None:
    """Nothing; KeyProblem when another key was given, StoreProblem when the register is of another form or place."""
    form, fingerprint, whose = about.get("schema"), about.get("key_fingerprint"), about.get("place", "")
    if form not in FORMS:
        raise StoreProblem(f"the identity register has form {form}, and form {FORM} is expected; use the version of joinedup that wrote it")
    if place and whose and place != whose:
        raise StoreProblem(
            f"the identity register is that of the place {whose}, and {place} was given; nothing was written: "
            f"give {place} a store, or in {REGISTER_VARIABLE} a database, of its own"
        )
    if fingerprint != keys.fingerprint:
        raise KeyProblem(
            f"the identity register was written with key {fingerprint}, and key {keys.fingerprint} was given; "
            "nothing was written: give the key that it was written with"
        )


def pseudonym_keys(about: Mapping[str, str], keys: Keys) -> Keys:
    """The keys with the secret that the register looks people up by: its own, which stays when the key changes."""
    kept = about.get("pseudonym")
    return replace(keys, pseudonym=unwrapped(kept, keys)) if kept is not None else keys


def identifiers_of(register: IdentityRegister, keys: Keys, person_ids: pa.Array) -> pa.Table:
    """The kept identifiers of some people: (person_id, fields …, contract, landing_id), a row for each version of them."""
    opened = None
    if register.check(keys):
        with register.database.reading() as connection:
            opened = _opened(connection, keys, may_hold(connection, person_ids), about=True)
    if opened is None:
        return pa.table({"person_id": pa.array([], pa.int64())})
    return opened.filter(pc.is_in(opened["person_id"], value_set=person_ids))


def people_who(register: IdentityRegister, keys: Keys, said: Callable[[pa.Table], pa.Array]) -> list[int]:
    """The person_ids of whom any kept row says so, in order; every batch is opened, one after the other.

    StoreProblem where somebody lies outside the ids that the register says their batch to be of, by which looks at few people go.
    """
    found: set[int] = set()
    if register.check(keys):
        with register.database.reading() as connection:
            spans = spans_of(connection)
            query = sa.select(VAULT, LANDING.c.landing_id).outerjoin_from(VAULT, LANDING).execution_options(yield_per=20)
            with connection.execute(query) as result:
                for row in result.mappings():
                    rows = Sealed(**{name: row[name] for name in Sealed.__dataclass_fields__}).opened(keys)
                    outside_span(rows["person_id"], (row["landing"], row["contract"], row["batch"]), spans)
                    found.update(rows["person_id"].filter(said(rows)).to_pylist())
    return sorted(found)


Spans = dict[tuple[Any, ...], tuple[int, int]]


def spans_of(connection: sa.Connection) -> Spans:
    """Between which person_ids each batch of identifiers lies, by its key, as the register says."""
    if not sa.inspect(connection).has_table(VAULT_SPAN.name):
        return {}
    return {tuple(span[:3]): (span.least, span.greatest) for span in connection.execute(sa.select(VAULT_SPAN))}


def outside_span(people: pa.Array | pa.ChunkedArray, place: tuple[Any, ...], spans: Spans) -> None:
    """Nothing; StoreProblem where a batch's people aren't between those ids: what is found by the span would be missed."""
    there = pc.min_max(people).as_py()
    least, greatest = spans.get(place, (there["min"], there["max"]))
    if there["min"] is not None and not least <= there["min"] <= there["max"] <= greatest:
        raise StoreProblem(
            f"the identity register is damaged: batch {place[2]} of identifiers of {place[1]} is of other people than it says; "
            "restore it from a backup"
        )


def may_hold(connection: sa.Connection, person_ids: pa.Array) -> sa.ColumnElement[bool]:
    """Which batches may hold some people: those within whose span one of them is, and those whose span isn't known."""
    ids = np.unique(np.asarray(person_ids.drop_null(), dtype=np.int64))
    if not len(ids) or not sa.inspect(connection).has_table(VAULT_SPAN.name):
        return sa.true() if len(ids) else sa.false()
    spans = connection.execute(sa.select(VAULT_SPAN)).all()
    least, greatest = (np.array([getattr(span, name) for span in spans], dtype=np.int64) for name in ("least", "greatest"))
    nobody = np.searchsorted(ids, least, "left") == np.searchsorted(ids, greatest, "right")
    without = {tuple(span[:3]) for span, out in zip(spans, nobody, strict=True) if out}
    wanted = [tuple(key) for key in connection.execute(sa.select(*VAULT.primary_key)) if tuple(key) not in without]
    return sa.tuple_(*VAULT.primary_key).in_(wanted) if len(wanted) <= MOST_NAMED else sa.true()


def _opened(connection: sa.Connection, keys: Keys, which: sa.ColumnElement[bool], *, about: bool = False) -> pa.Table | None:
    """The rows of the batches `which`, under all the columns that any of them has; with contract and landing if `about`."""
    query = sa.select(VAULT, LANDING.c.landing_id).outerjoin_from(VAULT, LANDING).where(which).order_by(*VAULT.primary_key)
    tables = []
    for row in connection.execute(query).mappings():
        batch = Sealed(**{name: row[name] for name in Sealed.__dataclass_fields__})
        rows = batch.opened(keys)
        if about:
            for name in ("contract", "landing_id"):
                rows = rows.append_column(name, pa.repeat(pa.scalar(row[name]), rows.num_rows))
        tables.append(rows)
    return pa.concat_tables(tables, promote_options="default") if tables else None


def register_place(kept: Path, environ: Mapping[str, str] = os.environ) -> Path | str:
    """Where the register lies: at the database URL in JOINEDUP_REGISTER, else in a SQLite file in `kept`.

    A URL may hold a password, so that it is no argument of a command and stands in no file.
    """
    return environ.get(REGISTER_VARIABLE) or kept / "identity.sqlite"


def open_register(where: Path | str) -> IdentityRegister:
    """The register in the SQLite file `where`, made for its owner only when it isn't there yet, or in the database of that URL."""
    return IdentityRegister(open_database(where, NAME))
