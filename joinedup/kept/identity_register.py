"""The identity register: who was minted, how they are looked up, and their identifiers, encrypted. Append-only.

It lies in SQLite or any other database that SQLAlchemy speaks to. A landing appends to it in one transaction: killed at
any instant it leaves all of a landing there, or nothing.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import sqlalchemy as sa

from joinedup.errors import KeyProblem, StoreProblem
from joinedup.kept.keys import Keys
from joinedup.kept.vault import Sealed, sealed

REGISTER_VARIABLE = "JOINEDUP_REGISTER"
SCHEMA_VERSION = "1"
ROWS_AT_A_TIME = 50_000
DISK_ERRORS = frozenset({sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR})

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

KNOWN_SCHEMA = pa.schema([("scheme", pa.string()), ("hash", pa.binary()), ("person_id", pa.int64())])


@dataclass(slots=True)
class RegisterLanding:
    """The register within one landing's transaction: what it knows already, and what the landing appends."""

    connection: sa.Connection
    number: int
    landing_id: str
    keys: Keys
    counts: dict[str, int] = field(default_factory=lambda: {"people": 0, "lookups": 0, "identifiers": 0})

    def known(self) -> Iterator[pa.RecordBatch]:
        """Everyone it can look up, as (scheme, hash, person_id), in batches."""
        query = sa.select(LOOKUP.c.scheme, LOOKUP.c.hash, LOOKUP.c.person_id)
        rows = self.connection.execute(query, execution_options={"yield_per": ROWS_AT_A_TIME})
        for part in rows.partitions():
            arrays = [pa.array(column, kind.type) for column, kind in zip(zip(*part, strict=True), KNOWN_SCHEMA, strict=True)]
            yield pa.record_batch(arrays, schema=KNOWN_SCHEMA)

    def add_people(self, person_ids: pa.Array) -> None:
        """Nothing; these people are minted. One that was minted before is refused by the table's key."""
        self._append(PERSON, pa.table({"person_id": person_ids}))
        self.counts["people"] += len(person_ids)

    def add_lookups(self, lookups: pa.Table) -> None:
        """Nothing; these (scheme, hash) find their person_id from now on."""
        self._append(LOOKUP, lookups.select(KNOWN_SCHEMA.names).sort_by([("scheme", "ascending"), ("hash", "ascending")]))
        self.counts["lookups"] += lookups.num_rows

    def identifiers(self, contract: str) -> pa.Table | None:
        """The identifiers kept from one contract, opened; None when there are none yet."""
        return _opened(self.connection, self.keys, VAULT.c.contract == contract)

    def add_identifiers(self, contract: str, rows: pa.Table) -> None:
        """Nothing; these rows of (person_id, fields …) are kept, encrypted."""
        for batch in sealed(rows, self.keys, self.landing_id, contract):
            values = {name: getattr(batch, name) for name in VAULT.c.keys() if name != "landing"}  # noqa: SIM118 (a collection of columns)
            self.connection.execute(sa.insert(VAULT).values(landing=self.number, **values))
        self.counts["identifiers"] += rows.num_rows

    def _append(self, table: sa.Table, rows: pa.Table) -> None:
        numbered = rows.append_column("landing", pa.repeat(pa.scalar(self.number, pa.int32()), rows.num_rows))
        for batch in numbered.to_batches(ROWS_AT_A_TIME):
            self.connection.execute(sa.insert(table), batch.to_pylist())


class IdentityRegister:
    """The identity register of one place, opened."""

    def __init__(self, engine: sa.Engine) -> None:
        self.engine = engine

    def check(self, keys: Keys) -> bool:
        """Whether it holds anything yet; KeyProblem when it was written with another key, StoreProblem when it can't be read."""
        with _register_errors(), self.engine.connect() as connection:
            begun = sa.inspect(connection).has_table(META.name)
            if begun:
                _check(connection, keys)
        return begun

    def knows_landing(self, landing_id: str) -> bool:
        """Whether that landing was appended to it: not, when it was restored from before."""
        with _register_errors(), self.engine.connect() as connection:
            if not sa.inspect(connection).has_table(LANDING.name):
                return False
            return connection.scalar(sa.select(LANDING.c.landing).where(LANDING.c.landing_id == landing_id)) is not None

    @contextmanager
    def landing(self, landing_id: str, keys: Keys) -> Iterator[RegisterLanding]:
        """The transaction of one landing, kept when the block ends well and undone otherwise. Another landing waits for it."""
        self.check(keys)
        with _register_errors(), self.engine.connect().execution_options(joinedup_writes=True) as connection, connection.begin():
            number = _begin(connection, keys)
            entry = RegisterLanding(connection, number, landing_id, keys)
            yield entry
            values = {"landing_id": landing_id, "landed_at": datetime.now(UTC).replace(tzinfo=None), "key_fingerprint": keys.fingerprint}
            connection.execute(sa.insert(LANDING).values(landing=number, **values, **entry.counts))

    @contextmanager
    def connected(self, keys: Keys, *, writes: bool = False) -> Iterator[sa.Connection]:
        """One transaction beside landings, for whoever answers pairs in doubt; what it `writes` waits for a landing that is under way."""
        self.check(keys)
        with _register_errors(), self.engine.connect().execution_options(joinedup_writes=writes) as connection, connection.begin():
            yield connection

    def close(self) -> None:
        """Nothing; lets go of the database."""
        self.engine.dispose()


def _begin(connection: sa.Connection, keys: Keys) -> int:
    """The number of the landing that begins, with every other landing held off until it ends."""
    TABLES.create_all(connection)
    if connection.scalar(sa.select(META.c.value).where(META.c.name == "schema")) is None:
        connection.execute(
            sa.insert(META), [{"name": "schema", "value": SCHEMA_VERSION}, {"name": "key_fingerprint", "value": keys.fingerprint}]
        )
    connection.execute(sa.select(META).with_for_update()).all()  # SQLite has no such lock, and locked the file at BEGIN IMMEDIATE
    _check(connection, keys)
    return 1 + (connection.scalar(sa.select(sa.func.max(LANDING.c.landing))) or 0)


def _check(connection: sa.Connection, keys: Keys) -> None:
    found = {row.name: row.value for row in connection.execute(sa.select(META))}
    form, fingerprint = found.get("schema"), found.get("key_fingerprint")
    if form != SCHEMA_VERSION:
        raise StoreProblem(
            f"the identity register has form {form}, and form {SCHEMA_VERSION} is expected; use the version of joinedup that wrote it"
        )
    if fingerprint != keys.fingerprint:
        raise KeyProblem(
            f"the identity register was written with key {fingerprint}, and key {keys.fingerprint} was given; "
            "nothing was written: give the key that it was written with"
        )


def identifiers_of(register: IdentityRegister, keys: Keys, person_ids: pa.Array) -> pa.Table:
    """The kept identifiers of some people: (person_id, fields …, contract, landing_id), a row for each version of them."""
    opened = None
    if register.check(keys):
        with _register_errors(), register.engine.connect() as connection:
            opened = _opened(connection, keys, sa.true(), about=True)
    if opened is None:
        return pa.table({"person_id": pa.array([], pa.int64())})
    return opened.filter(pc.is_in(opened["person_id"], value_set=person_ids))


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
    url = sa.URL.create("sqlite", database=str(_private_file(where))) if isinstance(where, Path) else sa.make_url(where)
    engine = sa.create_engine(url, hide_parameters=True, poolclass=sa.NullPool)  # a landing connects a few times, and leaves nothing open
    if engine.dialect.name == "sqlite":
        sa.event.listen(engine, "connect", _take_over_transactions)
        sa.event.listen(engine, "begin", _begin_on_sqlite)
    return IdentityRegister(engine)


def _take_over_transactions(connection: sqlite3.Connection, _record: object) -> None:
    """Nothing; Python's sqlite3 begins no transaction by itself, which it would do too late to cover CREATE TABLE."""
    connection.isolation_level = None
    connection.execute("PRAGMA foreign_keys = ON")


def _begin_on_sqlite(connection: sa.Connection) -> None:
    writes = connection.get_execution_options().get("joinedup_writes", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def _private_file(path: Path) -> Path:
    """The path, a file there that only its owner can open."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
        path.chmod(0o600)
    except OSError as error:
        raise StoreProblem(f"the identity register can't be opened at {path}: {error.strerror}") from None
    return path


@contextmanager
def _register_errors() -> Iterator[None]:
    """Turns what the database says into a StoreProblem of one sentence, without parameters or values."""
    try:
        yield
    except sa.exc.DBAPIError as error:
        said = str(error.orig).partition("\n")[0]
        advice = "if it is damaged restore it from a backup"
        if _is_of_the_disk(error.orig):
            advice = f"its disk may be full: make room there and try again; where there is room already, {advice}"
        raise StoreProblem(f"the identity register can't be used ({said}); {advice}") from None


def _is_of_the_disk(error: BaseException | None) -> bool:
    """Whether SQLite had no room to write, or couldn't read or write; the low byte of its code says so whatever the rest adds."""
    return getattr(error, "sqlite_errorcode", 0) & 0xFF in DISK_ERRORS
