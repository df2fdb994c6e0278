"""The access log: who looked at whom, when and why. Append-only, numbered without gaps, sealed in batches.

It lies in SQLite or PostgreSQL. The doors append before they give anything, and give nothing where that fails.
"""

from __future__ import annotations

import hashlib
import os
import re
import sqlite3
import time
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import sqlalchemy as sa

from joinedup.errors import Refused, StoreProblem
from joinedup.kept.counterfoils import beside, write_counterfoils
from joinedup.kept.log_tables import HASHED, LOCK, LOG, LOOK, SEAL, grants, line_of_event
from joinedup.kept.seals import FILE_VARIABLE, Seal, SealKey, append_seals, seal_key, sealing

LOG_VARIABLE = "JOINEDUP_LOG"
BATCH_EVENTS = 1_000
"""Events in a seal at most, and so many unsealed ones that an append seals them (our choice, 2026)."""
BATCH_TIME = timedelta(minutes=10)
"""How old an unsealed event grows before the next append seals it (our choice, 2026)."""
LONGEST = {"reason": 1_000, "what": 500, "scope": 10_000}
LONGEST_OTHER = 200
BUSY_SECONDS = 30.0
ROWS_AT_A_TIME = 50_000
ID_DIGITS = 16
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)
# of any other kind of number a range would be gone through one by one, for ever
PERSON_IDS = range(-(2**63), 2**63)


@dataclass(frozen=True, slots=True)
class Look:
    """One look: who (account, in which role and scope) looked when, through which door, for what purpose and reason, at what and whom.

    `at` is in UTC; `what` is a table or page; `people` are the person_ids looked at, none for aggregates and for records in bulk.
    """

    at: datetime
    account: str
    role: str
    purpose: str
    scope: str
    door: str
    what: str
    build_id: str
    people: tuple[int, ...] = ()
    rows: int = 0
    reason: str = ""


ON_POSTGRESQL = sa.select(
    sa.func.set_config("synchronous_commit", "on", True),
    sa.func.set_config("lock_timeout", f"{BUSY_SECONDS:.0f}s", True),
    sa.func.pg_advisory_xact_lock(LOCK),
)
"""Whoever writes holds the others off, doesn't wait for ever, and is told of nothing that isn't on disk, whatever the server's settings."""
TEXTS = ("account", "role", "purpose", "scope", "door", "what", "build_id", "reason")


def _row(look: Look) -> dict[str, Any]:
    """A look as the log holds it; Refused where it can't be written down as it is."""
    if look.at.utcoffset() is None:
        raise Refused("a look has no time zone, so it can't be logged: give its time in UTC")
    if look.rows < 0 or not all(type(person) is int and person in PERSON_IDS for person in look.people):
        raise Refused("a look is at fewer than no rows, or at a person_id that is none, so it can't be logged")
    people = sorted(set(look.people))
    return {
        "at": (look.at - EPOCH) // MICROSECOND,
        "people": f",{','.join(map(str, people))}," if people else "",
        "row_count": look.rows,
        **{name: _text(name, getattr(look, name)) for name in TEXTS},
    }


BETWEEN = r"[\s.,/_·\-\u2010-\u2015\u2212]{0,2}"
NUMBER = re.compile(rf"(?<!\d)\d{{3}}{BETWEEN}\d{{3}}{BETWEEN}\d{{4}}(?!\d)", re.ASCII)


def _is_nhs_number(digits: str) -> bool:
    """Whether ten digits have the right check digit (NHS Data Model and Dictionary, NHS number)."""
    return sum(weight * int(digit) for weight, digit in zip(range(10, 0, -1), digits, strict=True)) % 11 == 0


def _text(name: str, value: str) -> str:
    """The text on one line; Refused where it holds what can't be seen, or is too long to be a `name`."""
    text, most = " ".join(value.split()), LONGEST.get(name, LONGEST_OTHER)
    if not text.isprintable():
        raise Refused(f"the {name} of a look holds characters that can't be seen, so it can't be logged: write it again")
    plain = unicodedata.normalize("NFKC", text)  # digits of full width are digits
    if name == "reason" and any(_is_nhs_number("".join(filter(str.isdigit, found))) for found in NUMBER.findall(plain)):
        raise Refused("the reason of a look holds what looks like an NHS number, and the log holds none: give the reason without it")
    if len(text) > most:
        raise Refused(f"the {name} of a look has {len(text)} characters, {most} at most, so it can't be logged: shorten it")
    return text


def line_of(row: Mapping[str, Any]) -> bytes:
    """A look as it is hashed: what `line_of_event` says in the database."""
    return ("\t".join(str(row[column.name]) for column in HASHED) + "\n").encode()


LAST_SEAL = sa.select(SEAL).order_by(SEAL.c.number.desc()).limit(1)


class AccessLog:
    """The access log of one place, opened. Every event that `append` has returned from is on disk."""

    def __init__(self, engine: sa.Engine, seal_file: Path | None = None, key: SealKey | None = None) -> None:
        self.engine = engine
        self.seal_file = seal_file
        self.key = key
        self._there = False
        self._begun = 0, 0
        """The first event that isn't sealed, and when it was: events never change."""

    def append(self, looks: Sequence[Look]) -> None:
        """Nothing; the looks are in the log, all of them, in their order. Refused or StoreProblem, and none of them is, otherwise.

        Seals what is due. A seal file that can't be written stops nobody from working: `verify` and the report say what it lacks.
        """
        rows = [_row(look) for look in looks]
        if not rows:
            return
        with self.writing() as connection:
            last = last_number(connection, LOOK)
            connection.execute(sa.insert(LOOK), [{"number": last + i, **row} for i, row in enumerate(rows, start=1)])
            sealed = self._seal(connection, last + len(rows), everything=False)
        try:
            if self.seal_file is not None:
                write_counterfoils(beside(self.seal_file), last + 1, [line_of(row) for row in rows], self.key)
            if sealed:
                self.tell()
        except StoreProblem:
            return

    @property
    def log_id(self) -> str:
        """What tells this log from another: the hash of its first look; blank before there is one."""
        with self.reading() as connection:
            lines = lines_between(connection, 1, 1) if has_log(connection) else []
        return hashlib.sha256(lines[0][1]).hexdigest()[:ID_DIGITS] if lines else ""

    def seal(self) -> list[Seal]:
        """The seals made: every event of the log is then sealed, and the seal file holds every seal; StoreProblem where it can't."""
        with self.writing() as connection:
            sealed = self._seal(connection, last_number(connection, LOOK), everything=True)
        self.tell()
        return sealed

    def tell(self) -> None:
        """Nothing; the seal file, where there is one, holds every seal of the log."""
        if self.seal_file is not None:
            append_seals(self.seal_file, self.seals)

    def seals(self, after: int = 0) -> list[Seal]:
        """The seals of the log that come after one, in order."""
        with self.reading() as connection:
            return list(seals_in(connection, after=after)) if has_log(connection) else []

    def _seal(self, connection: sa.Connection, last: int, *, everything: bool) -> list[Seal]:
        """The seals made, of full batches and of what is due; within the transaction that holds other writers off."""
        row = connection.execute(LAST_SEAL).mappings().one_or_none()
        before = None if row is None else Seal(**row)
        made: list[Seal] = []
        now = (datetime.now(UTC) - EPOCH) // MICROSECOND
        while (begin := before.last_event + 1 if before else 1) <= last:
            full = last - begin + 1 >= BATCH_EVENTS
            if not (full or everything or self._old(connection, begin, now)):
                break
            lines = lines_between(connection, begin, min(last, begin + BATCH_EVENTS - 1))
            before = sealing(before, [line for _, line in lines], now, self.key)
            made.append(before)
        if made:
            connection.execute(sa.insert(SEAL), [asdict(seal) for seal in made])
        return made

    def _old(self, connection: sa.Connection, number: int, now: int) -> bool:
        if self._begun[0] != number:
            at = connection.scalar(sa.select(LOOK.c.at).where(LOOK.c.number == number))
            if at is None:
                return False
            self._begun = number, at
        return now - self._begun[1] >= BATCH_TIME // MICROSECOND

    def looks(self, *, since: datetime | None = None, until: datetime | None = None, person_id: int | None = None) -> pa.Table:
        """The looks of a time [since, until), or those at one person, in order, as LOOKS has them."""
        parts = list(self.sets(since=since, until=until, person_id=person_id))
        return pa.concat_tables(parts) if parts else LOOKS.empty_table()

    def sets(
        self,
        *,
        since: datetime | None = None,
        until: datetime | None = None,
        person_id: int | None = None,
        account: str | None = None,
        last: int | None = None,
    ) -> Iterator[pa.Table]:
        """The same in sets of at most 50,000, never all in memory; those of one account, or up to the number `last`, where asked."""
        query = sa.select(LOOK).order_by(LOOK.c.number)
        if since is not None:
            query = query.where(LOOK.c.at >= (since - EPOCH) // MICROSECOND)
        if until is not None:
            query = query.where(LOOK.c.at < (until - EPOCH) // MICROSECOND)
        if person_id is not None:
            query = query.where(LOOK.c.people.contains(f",{person_id},", autoescape=True))
        if account is not None:
            query = query.where(LOOK.c.account == account)
        if last is not None:
            query = query.where(LOOK.c.number <= last)
        with self.reading() as connection:
            if not has_log(connection):
                return
            for part in connection.execute(query, execution_options={"yield_per": ROWS_AT_A_TIME}).partitions():
                yield _looks(part)

    @contextmanager
    def writing(self) -> Iterator[sa.Connection]:
        """A transaction that holds off every other that appends or seals, so that numbers have no gaps and no event is in flight."""
        with log_errors(), self.engine.connect().execution_options(joinedup_writes=True) as connection, connection.begin():
            if connection.dialect.name == "postgresql":
                connection.execute(ON_POSTGRESQL)
            if not self._there and not has_log(connection):
                LOG.create_all(connection)
            yield connection
        self._there = True

    @contextmanager
    def reading(self) -> Iterator[sa.Connection]:
        """A transaction that sees the log as it is at one instant."""
        options = {"isolation_level": "REPEATABLE READ"} if self.engine.dialect.name == "postgresql" else {}
        with log_errors(), self.engine.connect().execution_options(**options) as connection, connection.begin():
            yield connection

    def prepare(self, role: str) -> None:
        """Nothing; the log is there, and a role of PostgreSQL may read it and add to it, and nothing else."""
        with self.writing() as connection:
            for statement in grants(role, connection.dialect) if connection.dialect.name == "postgresql" else ():
                connection.execute(sa.text(statement))

    def close(self) -> None:
        """Nothing; lets go of the database."""
        self.engine.dispose()


LOOKS = pa.schema(
    [
        pa.field("number", pa.int64()),
        pa.field("at", pa.timestamp("us", "UTC")),
        *(pa.field(name, pa.string()) for name in ("account", "role", "purpose", "scope", "door", "what", "build_id")),
        pa.field("people", pa.list_(pa.int64())),
        pa.field("row_count", pa.int64()),
        pa.field("reason", pa.string()),
    ]
)


def _looks(rows: Sequence[sa.Row[Any]]) -> pa.Table:
    columns = dict(zip(LOOKS.names, zip(*rows, strict=True), strict=True))
    listed = pc.split_pattern(pc.utf8_trim(pa.array(columns["people"], pa.string()), ","), ",")
    some = pa.array([bool(people) for people in columns["people"]])
    people = pc.if_else(some, listed, pa.scalar([], pa.list_(pa.string()))).cast(pa.list_(pa.int64()))
    arrays = [people if field.name == "people" else pa.array(columns[field.name], field.type) for field in LOOKS]
    return pa.table(arrays, schema=LOOKS)


def has_log(connection: sa.Connection) -> bool:
    """Whether its tables are there."""
    return sa.inspect(connection).has_table(LOOK.name)


def last_number(connection: sa.Connection, table: sa.Table) -> int:
    """The last number of the events or of the seals; 0 where there are none."""
    return int(connection.scalar(sa.select(sa.func.max(table.c.number))) or 0)


def lines_between(connection: sa.Connection, first: int, last: int) -> list[tuple[int, bytes]]:
    """The events from one number up to and with another, each with the line that is hashed."""
    which = LOOK.c.number.between(first, last)
    query = sa.select(LOOK.c.number, line_of_event(connection.dialect.name)).where(which).order_by(LOOK.c.number)
    return [(number, bytes(line or b"")) for number, line in connection.execute(query)]


def seals_in(connection: sa.Connection, *, after: int) -> Iterator[Seal]:
    """The seals in order, from the one after a number on; a negative number counts from the end."""
    begin = after if after >= 0 else last_number(connection, SEAL) + after
    for row in connection.execute(sa.select(SEAL).where(SEAL.c.number > begin).order_by(SEAL.c.number)).mappings():
        yield Seal(**row)


def log_place(kept: Path, environ: Mapping[str, str] = os.environ) -> Path | str:
    """Where the log lies: at the database URL in JOINEDUP_LOG, else in a SQLite file in `kept`."""
    return environ.get(LOG_VARIABLE) or kept / "access_log.sqlite"


def open_access_log(where: Path | str, environ: Mapping[str, str] = os.environ) -> AccessLog:
    """The log in the SQLite file `where`, made for its owner only when it isn't there yet, or in the database of that URL.

    Seals are written to the file that JOINEDUP_SEALS names, else beside a SQLite file; they are keyed where a seal key is given.
    """
    beside = where.with_suffix(".seals.jsonl") if isinstance(where, Path) else None
    named = environ.get(FILE_VARIABLE)
    try:
        url = sa.URL.create("sqlite", database=str(_private_file(where))) if isinstance(where, Path) else sa.make_url(where)
        engine = sa.create_engine(url, hide_parameters=True, **({"connect_args": {"timeout": BUSY_SECONDS}} if _is_sqlite(url) else {}))
    except (sa.exc.ArgumentError, ModuleNotFoundError) as error:
        raise StoreProblem(f"the access log can't be opened at the URL that {LOG_VARIABLE} gives ({type(error).__name__})") from None
    if _is_sqlite(url):
        sa.event.listen(engine, "connect", _settle_sqlite)
        sa.event.listen(engine, "begin", _begin_on_sqlite)
    return AccessLog(engine, Path(named).expanduser() if named else beside, seal_key(environ))


def _is_sqlite(url: sa.URL) -> bool:
    return url.get_backend_name() == "sqlite"


def _settle_sqlite(connection: sqlite3.Connection, _record: object) -> None:
    """Nothing; each commit is on disk (synchronous FULL) by one write to the log ahead (WAL), and readers hold no writer off.

    Python's sqlite3 begins no transaction by itself. While one process turns the log ahead on, others don't wait: they try again.
    """
    connection.isolation_level = None
    give_up = time.monotonic() + BUSY_SECONDS
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL")
            break
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() > give_up:
                raise
            time.sleep(0.01)
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("PRAGMA recursive_triggers = ON")


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
        raise StoreProblem(f"the access log can't be opened at {path}: {error.strerror}") from None
    return path


@contextmanager
def log_errors() -> Iterator[None]:
    """Turns what the database says into a StoreProblem of one sentence, without parameters or values."""
    try:
        yield
    except sa.exc.DBAPIError as error:
        said = str(error.orig).partition("\n")[0]
        if isinstance(error, sa.exc.DataError):  # PostgreSQL repeats the value
            said = "a value that it doesn't take"
        advice = "nothing is shown that can't be logged: see that the database is there, has room and lets this account add to the log"
        raise StoreProblem(f"the access log can't be used ({said}); {advice}") from None
