"""The access log: append-only, numbered without gaps, sealed in batches; on SQLite and PostgreSQL."""

from __future__ import annotations

import json
import os
import random
import signal
import sqlite3
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
import sqlalchemy as sa

from joinedup.errors import KeyProblem, Refused, StoreProblem
from joinedup.kept import access_log
from joinedup.kept.access_log import AccessLog, open_access_log
from joinedup.kept.log_verifying import verify
from joinedup.kept.seals import SealKey, last_seal_in, read_seals
from tests.postgresql import PostgreSQL
from tests.unit.kept.looks import AT, behind, in_sqlite, look

PLANTED = "Plantagenet'; DROP TABLE look; --"


@pytest.fixture
def log(database: Path | str, tmp_path: Path) -> AccessLog:
    opened = open_access_log(database, {"JOINEDUP_SEALS": str(tmp_path / "seals.jsonl")})
    yield opened
    opened.close()


@pytest.fixture
def on_sqlite(tmp_path: Path) -> AccessLog:
    return open_access_log(tmp_path / "kept" / "access_log.sqlite", {})


def test_what_is_appended_is_there(log: AccessLog) -> None:
    assert log.looks().num_rows == 0
    log.append([look(1, people=(7, 3, 3)), look(2, people=(), reason="a  reason\non two lines")])
    log.append([])
    log.append([look(3)])
    rows = log.looks().to_pylist()
    assert [(row["number"], row["people"], row["reason"]) for row in rows] == [
        (1, [3, 7], ""),
        (2, [], "a reason on two lines"),
        (3, [3], ""),
    ]
    assert rows[0]["at"] == AT + timedelta(minutes=1)
    assert [row["number"] for row in log.looks(person_id=3).to_pylist()] == [1, 3]
    assert [row["number"] for row in log.looks(since=AT + timedelta(minutes=2), until=AT + timedelta(minutes=3)).to_pylist()] == [2]


@pytest.mark.parametrize(
    "differs",
    [{"reason": "a\0b"}, {"what": "\x1b[2J"}, {"account": "x" * 201}, {"people": (2**63,)}, {"rows": -1}, {"at": datetime(2026, 3, 2)}],
)
def test_what_cannot_be_written_down_is_refused_and_nothing_is_logged(on_sqlite: AccessLog, differs: dict) -> None:
    with pytest.raises(Refused, match="can't be logged"):
        on_sqlite.append([look(1), look(2, **differs)])
    assert on_sqlite.looks().num_rows == 0


@pytest.mark.parametrize("field", ["account", "role", "purpose", "scope", "door", "what", "build_id", "reason"])
def test_sql_in_an_argument_is_text(on_sqlite: AccessLog, field: str) -> None:
    on_sqlite.append([look(1, **{field: PLANTED})])
    assert on_sqlite.looks().to_pylist()[0][field] == PLANTED


def test_sql_in_arguments_is_text_in_postgresql(postgresql: str) -> None:
    log = open_access_log(postgresql, {})
    fields = ("account", "role", "purpose", "scope", "door", "what", "build_id", "reason")
    log.append([look(1, **dict.fromkeys(fields, PLANTED))])
    assert {log.looks().to_pylist()[0][field] for field in fields} == {PLANTED}
    with pytest.raises(StoreProblem, match="does not exist"):
        log.prepare('nobody"; DROP TABLE look; --')
    assert log.looks().num_rows == 1
    log.close()


@pytest.mark.parametrize("table", ["look", "seal"])
@pytest.mark.parametrize("change", ["UPDATE {} SET number = 9", "DELETE FROM {}", "INSERT INTO {} SELECT * FROM {}"])
def test_the_database_refuses_changes(log: AccessLog, table: str, change: str) -> None:
    log.append([look(1), look(2)])
    log.seal()
    with log.engine.connect() as connection, pytest.raises(sa.exc.DBAPIError, match=r"takes no changes|takes the next number"):
        connection.exec_driver_sql(change.replace("{}", table))
    assert not verify(log).faults


@pytest.mark.parametrize("replace", ["INSERT OR REPLACE INTO look SELECT * FROM look", "REPLACE INTO seal SELECT * FROM seal"])
@pytest.mark.parametrize("recursive", ["ON", "OFF"])
def test_sqlite_refuses_to_replace(on_sqlite: AccessLog, replace: str, recursive: str) -> None:
    on_sqlite.append([look(1)])
    on_sqlite.seal()
    connection = in_sqlite(on_sqlite)
    connection.execute(f"PRAGMA recursive_triggers = {recursive}")
    with pytest.raises(sqlite3.IntegrityError, match="next number"):
        connection.execute(replace)
    with pytest.raises(sqlite3.IntegrityError, match="no changes"):
        connection.execute("UPDATE OR REPLACE look SET number = 1")


def test_the_role_of_the_application_may_add_and_read_and_no_more(postgresql: str, postgresql_server: PostgreSQL) -> None:
    role = f"application_{os.getpid()}"
    postgresql_server.execute(f"CREATE ROLE {role} LOGIN PASSWORD 'only for tests'")
    owner = open_access_log(postgresql, {})
    owner.prepare(role)
    url = postgresql_server.url(sa.make_url(postgresql).database, role, "only for tests")
    log = open_access_log(url, {})
    log.append([look(1), look(2)])
    log.seal()
    assert log.looks().num_rows == 2
    assert not verify(log).faults
    for statement in (
        "UPDATE look SET account = 'x'",
        "DELETE FROM look",
        "TRUNCATE look",
        "DELETE FROM seal",
        "DROP TABLE look",
        "ALTER TABLE look DISABLE TRIGGER ALL",
        "DROP TRIGGER look_no_update ON look",
        "SET session_replication_role = replica",
        "CREATE OR REPLACE FUNCTION joinedup_no_change() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NEW; END $$",
        "INSERT INTO look SELECT * FROM look ON CONFLICT (number) DO UPDATE SET account = 'x'",
    ):
        with (
            log.engine.connect() as connection,
            pytest.raises(sa.exc.DBAPIError, match=r"permission denied|must be owner|takes the next number"),
        ):
            connection.exec_driver_sql(statement)
    with owner.engine.connect() as connection, connection.begin():
        connection.exec_driver_sql(f"GRANT UPDATE ON look TO {role}")
    assert ["UPDATE" in fault.message for fault in verify(log).faults] == [True]
    log.close()
    owner.close()
    postgresql_server.execute(f"DROP OWNED BY {role}", database=sa.make_url(postgresql).database)
    postgresql_server.execute(f"DROP ROLE {role}")


def test_batches_are_sealed_when_full_or_old(log: AccessLog, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(access_log, "BATCH_EVENTS", 3)
    now = datetime.now(UTC)
    log.append([look(i, at=now) for i in range(7)])
    assert [(seal.first_event, seal.last_event) for seal in log.seals()] == [(1, 3), (4, 6)]
    log.append([look(8, at=now - timedelta(hours=1))])  # the oldest that isn't sealed is the one before
    assert len(log.seals()) == 2
    monkeypatch.setattr(access_log, "BATCH_TIME", timedelta(0))
    log.append([look(9, at=now)])
    assert [(seal.first_event, seal.last_event) for seal in log.seals()][2:] == [(7, 9)]
    assert log.seal() == []
    assert read_seals(log.seal_file) == log.seals()
    checked = verify(log, log.seal_file)
    assert (checked.events, checked.seals, checked.sealed_to, checked.unsealed, checked.faults) == (9, 3, 9, 0, ())


def test_a_seal_file_that_lost_its_end_is_made_whole(on_sqlite: AccessLog, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(access_log, "BATCH_EVENTS", 2)
    on_sqlite.append([look(i) for i in range(10)])
    whole = on_sqlite.seal_file.read_bytes()
    assert whole.count(b"\n") == 5
    on_sqlite.seal_file.write_bytes(whole[: len(whole) * 2 // 3])
    assert last_seal_in(on_sqlite.seal_file) == 3
    on_sqlite.seal()
    assert read_seals(on_sqlite.seal_file) == on_sqlite.seals()
    assert oct(on_sqlite.seal_file.stat().st_mode)[-3:] == "600"
    on_sqlite.seal_file.unlink()
    on_sqlite.seal()
    assert on_sqlite.seal_file.read_bytes() == whole


def test_a_seal_file_that_cannot_be_written_stops_nobody_but_who_seals(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(access_log, "BATCH_EVENTS", 2)
    log = open_access_log(tmp_path / "log.sqlite", {"JOINEDUP_SEALS": str(tmp_path / "nowhere" / "seals.jsonl")})
    log.append([look(1), look(2)])
    assert len(log.seals()) == 1
    with pytest.raises(StoreProblem, match="nowhere"):
        log.seal()


def test_a_seal_file_of_more_than_the_log_holds_is_told_when_sealing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(access_log, "BATCH_EVENTS", 2)
    seals = {"JOINEDUP_SEALS": str(tmp_path / "seals.jsonl")}
    log = open_access_log(tmp_path / "log.sqlite", seals)
    log.append([look(i) for i in range(6)])
    before = log.seal_file.read_bytes()
    with behind(log) as connection:
        connection.exec_driver_sql("DELETE FROM look WHERE number > 4")
        connection.exec_driver_sql("DELETE FROM seal WHERE number > 2")
    with pytest.raises(StoreProblem, match="ends with seal 3, which this log doesn't have"):
        log.seal()
    log.append([look(i) for i in range(10, 16)])  # nobody is kept from working
    with pytest.raises(StoreProblem, match="sealed again"):
        log.seal()
    assert log.seal_file.read_bytes() == before
    assert verify(log, log.seal_file).first_event.event == 5


def test_keyed_seals(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    key_text = bytes(random.Random(1).randbytes(32)).hex()
    keyed = {"JOINEDUP_SEAL_KEY": key_text}
    path = tmp_path / "log.sqlite"
    log = open_access_log(path, keyed)
    log.append([look(1), look(2)])
    log.seal()
    (seal,) = log.seals()
    assert seal.key_id == log.key.key_id
    assert key_text not in repr(log.key) + str(log.key) + log.seal_file.read_text()
    assert not verify(log).faults
    assert not verify(open_access_log(path, {})).faults  # what needs no key holds
    assert not verify(open_access_log(path, {})).checked_with_key
    with behind(log) as connection:  # somebody with the database, and without the key, alters an event and makes the seal again
        connection.exec_driver_sql("UPDATE look SET account = 'somebody-else' WHERE number = 1")
        connection.exec_driver_sql("DELETE FROM seal")
    forger = open_access_log(path, {"JOINEDUP_SEALS": str(tmp_path / "forged.jsonl")})
    forger.seal()
    assert not verify(forger).faults
    assert "its counterfoil says otherwise" in verify(log).faults[0].message
    assert any("may have been made again without it" in fault.message for fault in verify(log).faults)
    assert verify(forger, log.seal_file).first_event.event == 1
    with behind(log) as connection:
        connection.exec_driver_sql(f"UPDATE seal SET key_id = '{seal.key_id}'")
    assert any("made without the key" in fault.message for fault in verify(log).faults)
    other = AccessLog(log.engine, None, SealKey(b"x" * 32, "other"))
    assert any("key other was given" in fault.message for fault in verify(other).faults)
    for environ in (
        {"JOINEDUP_SEAL_KEY": "abc"},
        keyed | {"JOINEDUP_SEAL_KEY_FILE": "x"},
        {"JOINEDUP_SEAL_KEY_FILE": str(tmp_path / "no")},
    ):
        with pytest.raises(KeyProblem):
            open_access_log(path, environ)


def test_errors_say_nothing_of_what_was_logged(log: AccessLog) -> None:
    log.append([look(1)])
    if log.engine.dialect.name == "postgresql":
        with log.engine.connect() as connection, connection.begin():
            connection.exec_driver_sql("ALTER TABLE look ADD CHECK (account NOT LIKE 'Plant%%'), ALTER COLUMN what TYPE varchar(10)")
    else:
        with log.engine.connect() as connection, connection.begin():
            connection.exec_driver_sql("CREATE TRIGGER no_room BEFORE INSERT ON look BEGIN SELECT RAISE(ABORT, 'no room'); END")
    for differs in ({"account": PLANTED}, {"what": PLANTED}):
        with pytest.raises(StoreProblem) as raised:
            log.append([look(2, reason=PLANTED, **differs)])
        assert "Plantagenet" not in str(raised.value)
        assert "nothing is shown that can't be logged" in str(raised.value)
    assert log.looks().num_rows == 1


def test_what_is_no_log_is_said(tmp_path: Path) -> None:
    (tmp_path / "log.sqlite").write_bytes(b"not a database, nor will it be one" * 100)
    with pytest.raises(StoreProblem, match="the access log can't be used"):
        open_access_log(tmp_path / "log.sqlite", {}).append([look(1)])
    with pytest.raises(StoreProblem, match="can't be opened at the URL"):
        open_access_log("no url", {})
    with pytest.raises(StoreProblem) as raised:
        open_access_log("postgresql+psycopg://me:secret-word@/x?host=/nowhere", {}).append([look(1)])
    assert "secret-word" not in str(raised.value)


APPENDS = """
import sys
from tests.unit.kept.looks import look
from joinedup.kept import access_log
access_log.BATCH_EVENTS = 7
where, seals, who, many = sys.argv[1:5]
log = access_log.open_access_log(access_log.Path(where) if where.startswith("/") else where, {"JOINEDUP_SEALS": seals})
for i in range(int(many)):
    log.append([look(i, account=f"process-{who}", rows=i), look(i, account=f"process-{who}", rows=i)])
    print(i, flush=True)
    if i % 10 == 3:
        log.seal()
"""


def appending(database: Path | str, seals: Path, who: int, many: int) -> subprocess.Popen[str]:
    where = database if isinstance(database, str) else str(database)
    command = [sys.executable, "-c", APPENDS, where, str(seals), str(who), str(many)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


def test_several_processes_append_and_seal_at_once(database: Path | str, tmp_path: Path) -> None:
    seals = tmp_path / "seals.jsonl"
    processes = [appending(database, seals, who, 20) for who in range(3)]
    for process in processes:
        process.communicate(timeout=120)
        assert process.returncode == 0
    log = open_access_log(database, {"JOINEDUP_SEALS": str(seals)})
    log.seal()
    looks = log.looks().to_pylist()
    assert [event["number"] for event in looks] == list(range(1, 121))
    for who in range(3):
        assert [event["rows" if "rows" in event else "row_count"] for event in looks if event["account"] == f"process-{who}"] == [
            i for i in range(20) for _ in range(2)
        ]
    checked = verify(log, seals)
    assert (checked.events, checked.unsealed, checked.faults) == (120, 0, ())
    assert [seal.number for seal in read_seals(seals)] == [seal.number for seal in log.seals()]
    log.close()


def test_kills_lose_nothing_that_was_appended(database: Path | str, tmp_path: Path) -> None:
    seals, sure = tmp_path / "seals.jsonl", 0
    chance = random.Random(20261122)
    for kill in range(4):
        process = appending(database, seals, kill, 10_000)
        told = [process.stdout.readline() for _ in range(chance.randint(3, 25))]
        time.sleep(chance.random() / 50)
        process.send_signal(signal.SIGKILL)
        told += process.stdout.readlines()
        process.wait()
        process.stdout.close()
        last = max(int(line) for line in told if line.endswith("\n"))
        log = open_access_log(database, {"JOINEDUP_SEALS": str(seals)})
        mine = [event for event in log.looks().to_pylist() if event["account"] == f"process-{kill}"]
        assert len(mine) % 2 == 0  # an append is there as a whole or not at all
        assert len(mine) >= 2 * (last + 1)
        sure += len(mine)
        log.seal()
        checked = verify(log, seals)
        assert (checked.events, checked.unsealed, checked.faults) == (sure, 0, ())
        log.close()


def test_the_seal_file_holds_nothing_of_an_event(on_sqlite: AccessLog) -> None:
    on_sqlite.append([look(1, reason="Plantagenet")])
    on_sqlite.seal()
    assert "Plantagenet" not in on_sqlite.seal_file.read_text()
    assert json.loads(on_sqlite.seal_file.read_text())["event_count"] == 1


def test_who_holds_the_lock_of_postgresql_too_long_is_not_waited_for_ever(postgresql: str, monkeypatch: pytest.MonkeyPatch) -> None:
    log = open_access_log(postgresql, {})
    log.append([look(1)])
    short = sa.select(sa.func.set_config("lock_timeout", "100ms", True), sa.func.pg_advisory_xact_lock(access_log.LOCK))
    monkeypatch.setattr(access_log, "ON_POSTGRESQL", short)
    with log.writing(), pytest.raises(StoreProblem, match="lock timeout"):
        log.append([look(2)])
    assert log.looks().num_rows == 1
    log.close()


@pytest.mark.parametrize(
    "number",
    [
        *("9990000018", "999 000 0018", "999-000-0018"),
        *("999.000.0018", "999  000  0018", "999\u2013000\u20130018", "９９９０００００１８"),
    ],
)
def test_an_nhs_number_in_a_reason_is_refused_and_not_repeated(on_sqlite: AccessLog, number: str) -> None:
    with pytest.raises(Refused, match="looks like an NHS number") as refused:
        on_sqlite.append([look(1, reason=f"ward round, {number}")])
    assert number not in str(refused.value)
    assert on_sqlite.looks().num_rows == 0
    on_sqlite.append([look(1, reason="call of 01422 000 000 about ticket 1234567890123")])


@pytest.mark.parametrize("person", [float("nan"), 1.5, True, np.int64(5), 2**63, "7"])
def test_what_is_no_id_is_refused_at_once(on_sqlite: AccessLog, person: object) -> None:
    with pytest.raises(Refused, match="a person_id that is none"):
        on_sqlite.append([look(1, people=(person,))])
    assert on_sqlite.looks().num_rows == 0
