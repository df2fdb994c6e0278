"""The databases that registers lie in, SQLite or PostgreSQL: opened, read as at one instant, written by one at a time."""

from __future__ import annotations

import hashlib
import os
import socket
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import sqlalchemy as sa

from joinedup.engine.held import held, held_by
from joinedup.engine.store import PRIVATE_FILE, PRIVATE_FOLDER, store_errors
from joinedup.errors import StoreProblem

WAIT_VARIABLE = "JOINEDUP_REGISTER_WAIT"
WAIT_SECONDS = 120.0
"""How long one who writes waits for another; a landing of a million people holds the register for about a minute."""
DISK_ERRORS = frozenset({sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR})
DAMAGE_ERRORS = frozenset({sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB})

WHAT_POSTGRESQL_SAYS = {
    "28P01": "its user or password is wrong",
    "28000": "its user may not log in",
    "3D000": "there is no such database",
    "42501": "its user may not do that there",
    "25006": "it can only be read there",
    "53100": "the disk of its server is full",
    "53300": "its server has too many connections",
    "55P03": "another holds it",
    "57P01": "its server was shut down",
    "57P03": "its server is starting or stopping",
}
"""By SQLSTATE: in words of ours, for the server's may be in any language and hold values."""
IN_ITS_WORDS = {
    "password authentication failed": "28P01",
    "no password supplied": "28P01",
    "does not exist": "3D000",
    "permission denied": "42501",
    "too many": "53300",
    "starting up": "57P03",
    "shutting down": "57P03",
}
"""Of what is said while connecting, when there is no SQLSTATE yet."""


@dataclass(frozen=True, slots=True)
class Database:
    """One register's database, opened. `name` is how errors call it, such as "the identity register"."""

    engine: sa.Engine
    name: str

    @property
    def is_sqlite(self) -> bool:
        """Whether it is a file of SQLite."""
        return self.engine.dialect.name == "sqlite"

    @property
    def file(self) -> Path | None:
        """Its file; None where it has none."""
        path = self.engine.url.database if self.is_sqlite else None
        return Path(path) if path and path != ":memory:" else None

    @contextmanager
    def reading(self) -> Iterator[sa.Connection]:
        """A connection that sees everything as it was at its first look; who writes doesn't disturb it."""
        options = {} if self.is_sqlite else {"isolation_level": "REPEATABLE READ"}
        with self.errors(), self.engine.connect().execution_options(**options) as connection:
            yield connection

    @contextmanager
    def writing(self, what: str) -> Iterator[sa.Connection]:
        """One transaction for `what` ("landing"), kept when the block ends well and undone otherwise; another one who writes waits.

        StoreProblem says who holds it where the wait is too long.
        """
        options = {"joinedup_writes": True} if self.is_sqlite else {"isolation_level": "READ COMMITTED"}
        with self.errors(), self._file_held(what), self.engine.connect().execution_options(**options) as connection, connection.begin():
            if not self.is_sqlite:
                self._hold(connection, what)
            yield connection

    @contextmanager
    def _file_held(self, what: str) -> Iterator[None]:
        """Holds the file beside SQLite's own, which says who holds it; nothing where there is no file."""
        if self.file is None:
            yield
            return
        with store_errors(self._lock_file):
            descriptor = os.open(self._lock_file, os.O_RDWR | os.O_CREAT, PRIVATE_FILE)
        try:
            with held(descriptor, self.name, what, wait=_wait(self.engine), beats=False):
                yield
        finally:
            os.close(descriptor)

    @property
    def _lock_file(self) -> Path:
        assert self.file is not None
        return self.file.with_name(f"{self.file.name}.lock")

    def _writer(self) -> str:
        """Who writes into the file, in words."""
        if self.file is None or not self._lock_file.exists():
            return "another process"
        descriptor = os.open(self._lock_file, os.O_RDONLY)
        try:
            return held_by(descriptor)
        finally:
            os.close(descriptor)

    def _hold(self, connection: sa.Connection, what: str) -> None:
        """Nothing; PostgreSQL then holds off every other one who writes until the transaction ends."""
        who = f"joinedup {what} {os.getpid()}@{socket.gethostname()}"[:63]  # as much as PostgreSQL keeps
        connection.execute(sa.select(sa.func.set_config("application_name", who, True)))
        connection.execute(sa.select(sa.func.set_config("lock_timeout", f"{max(1, int(_wait(self.engine) * 1000))}ms", True)))
        try:
            connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_lock_number(self.name))))
        except sa.exc.OperationalError as error:
            if _sqlstate(error.orig) != "55P03":
                raise
            raise StoreProblem(f"{self.name} is held by {self._holder()}; wait for it to end, or stop it") from None
        connection.execute(sa.select(sa.func.set_config("lock_timeout", "0", True)))

    def _holder(self) -> str:
        """Who holds it in PostgreSQL, in words."""
        query = sa.text("""
            SELECT a.application_name, a.pid, date_trunc('second', a.xact_start) AS since
            FROM pg_locks l JOIN pg_stat_activity a USING (pid) JOIN pg_database d ON d.oid = l.database AND d.datname = current_database()
            WHERE l.locktype = 'advisory' AND l.granted AND (l.classid::bigint << 32) + l.objid::bigint = :number
        """)
        with self.engine.connect() as connection:
            row = connection.execute(query, {"number": _lock_number(self.name)}).first()
        if row is None:
            return "another process that has only now let go of it"
        since = "" if row.since is None else f", since {row.since.isoformat()}"
        return f"a {row.application_name.removeprefix('joinedup ')} (PostgreSQL's process {row.pid}{since})"

    def verify(self) -> None:
        """Nothing; StoreProblem when SQLite's file doesn't hold together. PostgreSQL looks after its own."""
        if self.is_damaged():
            raise StoreProblem(f"{self.name} is damaged: its file {self.file} doesn't hold together; restore it from a backup")

    def is_damaged(self) -> bool:
        """Whether SQLite's file doesn't hold together; StoreProblem when it can't be looked at."""
        if not self.is_sqlite:
            return False
        try:
            with self.engine.connect() as connection:
                return connection.exec_driver_sql("PRAGMA quick_check(1)").scalar() != "ok"
        except sa.exc.DBAPIError as error:
            if error_code(error.orig) in DAMAGE_ERRORS:
                return True
            raise StoreProblem(_sentence(self.name, error.orig)) from None

    @contextmanager
    def errors(self) -> Iterator[None]:
        """Turns what the database says into a StoreProblem of one sentence, without password, parameters or values."""
        try:
            yield
        except sa.exc.DBAPIError as error:
            if error_code(error.orig) == sqlite3.SQLITE_BUSY:
                raise StoreProblem(f"{self.name} is held by {self._writer()}; wait for it to end, or stop it") from None
            raise StoreProblem(_sentence(self.name, error.orig)) from None
        except Exception as error:  # a driver's own, from what goes past SQLAlchemy for speed
            if not isinstance(error, sqlite3.Error) and not hasattr(error, "sqlstate"):
                raise
            raise StoreProblem(_sentence(self.name, error)) from None

    def close(self) -> None:
        """Nothing; lets go of the database."""
        self.engine.dispose()


def open_database(where: Path | str, name: str) -> Database:
    """The database in the SQLite file `where`, made for its owner only when it isn't there yet, or of that URL."""
    try:
        url = sa.URL.create("sqlite", database=str(where)) if isinstance(where, Path) else sa.make_url(where)
        if url.get_backend_name() == "sqlite" and url.database and url.database != ":memory:":
            private_file(Path(url.database), name)
        waits = {} if url.get_backend_name() != "sqlite" or "timeout" in url.query else {"timeout": wait_seconds()}
        in_memory = url.get_backend_name() == "sqlite" and url.database in (None, "", ":memory:")
        pool = sa.StaticPool if in_memory else sa.NullPool  # what is in memory goes with its connection; of others none is left open
        engine = sa.create_engine(url, hide_parameters=True, poolclass=pool, connect_args=waits)
    except sa.exc.ArgumentError:
        raise StoreProblem(
            f"{name} can't be opened: its address is no database URL such as postgresql://user:password@host/database, "
            "nor one of a kind that is known"
        ) from None
    except ModuleNotFoundError as error:
        raise StoreProblem(f"{name} can't be opened: the driver {error.name} isn't installed; install joinedup[registers]") from None
    if engine.dialect.name == "sqlite":
        sa.event.listen(engine, "connect", _take_over_transactions)
        sa.event.listen(engine, "begin", _begin_on_sqlite)
    return Database(engine, name)


def wait_seconds() -> float:
    """How long one who writes waits for another; JOINEDUP_REGISTER_WAIT, in seconds, changes it."""
    said = os.environ.get(WAIT_VARIABLE, "")
    try:
        return max(0.0, float(said)) if said else WAIT_SECONDS
    except ValueError:
        raise StoreProblem(f"{WAIT_VARIABLE} is {said!r}, and a number of seconds is expected") from None


def _wait(engine: sa.Engine) -> float:
    said = engine.url.query.get("timeout")
    return float(said) if isinstance(said, str) and engine.dialect.name == "sqlite" else wait_seconds()


def _lock_number(name: str) -> int:
    """The number under which PostgreSQL knows the lock of one register."""
    return int.from_bytes(hashlib.sha256(f"joinedup {name}".encode()).digest()[:7])


def _take_over_transactions(connection: sqlite3.Connection, _record: object) -> None:
    """Nothing; Python's sqlite3 begins no transaction by itself, which it would do too late to cover CREATE TABLE."""
    connection.isolation_level = None
    connection.execute("PRAGMA foreign_keys = ON")
    connection.execute("PRAGMA secure_delete = ON")  # what was closed with a key of before doesn't stay in free pages
    connection.execute("PRAGMA cache_spill = OFF")  # changed pages stay in memory until the end, so that who reads isn't locked out before


def _begin_on_sqlite(connection: sa.Connection) -> None:
    writes = connection.get_execution_options().get("joinedup_writes", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def private_file(path: Path, name: str) -> Path:
    """The path, a file there that only its owner can open."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=PRIVATE_FOLDER)
        os.close(os.open(path, os.O_RDWR | os.O_CREAT, PRIVATE_FILE))
        path.chmod(PRIVATE_FILE)
    except OSError as error:
        raise StoreProblem(f"{name} can't be opened at {path}: {error.strerror}") from None
    return path


def _sentence(name: str, error: BaseException | None) -> str:
    """What became of the register, and what to do."""
    if isinstance(error, sqlite3.Error):
        advice = "if it is damaged restore it from a backup"
        if error_code(error) in DISK_ERRORS:
            advice = f"its disk may be full: make room there and try again; where there is room already, {advice}"
        return f"{name} can't be used ({_without_values(error)}); {advice}"
    state = _sqlstate(error)
    if state is None:
        return f"{name} can't be reached: its server is down, or isn't at the address of its URL; nothing was written"
    said = WHAT_POSTGRESQL_SAYS.get(state, f"its database says {type(error).__name__}, {state}")
    return f"{name} can't be used: {said}; nothing was written"


def error_code(error: BaseException | None) -> int:
    """What SQLite calls the kind of an error; the low byte says it whatever the rest adds."""
    return getattr(error, "sqlite_errorcode", 0) & 0xFF


def _without_values(error: sqlite3.Error) -> str:
    """What SQLite said: names of tables and columns, never values."""
    return str(error).partition("\n")[0]


def _sqlstate(error: BaseException | None) -> str | None:
    """The SQLSTATE of what PostgreSQL said, from its words where it said no more; None when nothing is known but that it didn't answer."""
    state = getattr(error, "sqlstate", None)
    return state or next((code for words, code in IN_ITS_WORDS.items() if words in str(error)), None)
