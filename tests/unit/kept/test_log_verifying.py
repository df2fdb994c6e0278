"""Whatever is done to a sealed log behind its back is found, and the first event is named."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from joinedup.errors import StoreProblem
from joinedup.kept import access_log
from joinedup.kept.access_log import AccessLog, open_access_log
from joinedup.kept.counterfoils import beside
from joinedup.kept.log_tables import HASHED
from joinedup.kept.log_verifying import verify
from tests.unit.kept.looks import behind, look

EVENTS, BATCH = 17, 5
Tamper = Callable[[sa.Connection], object]


@pytest.fixture
def log(database: Path | str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AccessLog:
    monkeypatch.setattr(access_log, "BATCH_EVENTS", BATCH)
    monkeypatch.setattr(access_log, "BATCH_TIME", timedelta(days=100_000))
    opened = open_access_log(database, {"JOINEDUP_SEALS": str(tmp_path / "seals.jsonl")})
    opened.append([look(number) for number in range(1, EVENTS + 1)])
    opened.seal()
    yield opened
    opened.close()


def moved(connection: sa.Connection, which: str, by: int) -> None:
    """Nothing; events that a condition holds for have another number, by a way round on which no number is taken twice."""
    connection.exec_driver_sql(f"UPDATE look SET number = -1000000 - number WHERE {which}")
    connection.exec_driver_sql(f"UPDATE look SET number = -1000000 - number + {by} WHERE number < -100000")


def removed(number: int, *, closed: bool) -> Tamper:
    def tamper(connection: sa.Connection) -> None:
        connection.exec_driver_sql(f"DELETE FROM look WHERE number = {number}")
        if closed:
            moved(connection, f"number > {number}", -1)

    return tamper


def inserted(number: int) -> Tamper:
    def tamper(connection: sa.Connection) -> None:
        moved(connection, f"number >= {number}", 1)
        columns = ", ".join(column.name for column in HASHED if column.name != "account")
        new = f"SELECT {number}, 'nobody', {columns} FROM look WHERE number = {1 + (number == 1)}"
        connection.exec_driver_sql(f"INSERT INTO look (number, account, {columns}) {new}")

    return tamper


def swapped(one: int, other: int) -> Tamper:
    def tamper(connection: sa.Connection) -> None:
        connection.exec_driver_sql(f"UPDATE look SET number = -1 WHERE number = {one}")
        connection.exec_driver_sql(f"UPDATE look SET number = {one} WHERE number = {other}")
        connection.exec_driver_sql(f"UPDATE look SET number = {other} WHERE number = -1")

    return tamper


def altered(number: int, column: str, value: object) -> Tamper:
    def tamper(connection: sa.Connection) -> None:
        table = sa.table("look", sa.column("number"), sa.column(column))
        connection.execute(sa.update(table).where(table.c.number == number).values({column: value}))

    return tamper


numbers = st.integers(1, EVENTS)
texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=30)
ways = st.one_of(
    st.builds(
        lambda n, c, v: (altered(n, c, v), n, "altered"), numbers, st.sampled_from([c.name for c in HASHED if str(c.type) == "TEXT"]), texts
    ),
    st.builds(lambda n, v: (altered(n, "at", v), n, "altered"), numbers, st.integers(-(2**62), 2**62)),
    st.builds(lambda n, v: (altered(n, "row_count", v), n, "altered"), numbers, st.integers(2, 2**62)),
    st.builds(lambda n, closed: (removed(n, closed=closed), n, "removed"), numbers, st.booleans()),
    st.builds(lambda n: (inserted(n), n, "inserted"), numbers),
    st.builds(lambda pair: (swapped(*pair), min(pair), "moved"), st.tuples(numbers, numbers).filter(lambda pair: pair[0] != pair[1])),
)


@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(way=ways)
def test_any_one_change_is_found_and_its_event_named(log: AccessLog, way: tuple[Tamper, int, str]) -> None:
    tamper, number, what = way
    with log.engine.connect() as connection:
        before = connection.exec_driver_sql("SELECT * FROM look ORDER BY number").all()
    try:
        with behind(log) as connection:
            tamper(connection)
            changed = connection.exec_driver_sql("SELECT * FROM look ORDER BY number").all() != before
        checked = verify(log)
        assert bool(checked.faults) == changed
        if changed:
            assert checked.first_event is not None
            assert (checked.first_event.event, checked.first_event.what) == (number, what)
    finally:
        with behind(log) as connection:  # as it was, for the next
            connection.exec_driver_sql("DELETE FROM look")
            connection.execute(sa.insert(access_log.LOOK), [dict(row._mapping) for row in before])
    assert not verify(log).faults


def test_a_tail_that_was_removed_is_found_with_the_seal_file_alone(log: AccessLog, tmp_path: Path) -> None:
    elsewhere = Path(shutil.copy(log.seal_file, tmp_path / "elsewhere.jsonl"))
    with behind(log) as connection:
        connection.exec_driver_sql("DELETE FROM look WHERE number > 10")
        connection.exec_driver_sql("DELETE FROM seal WHERE last_event > 10")
    assert verify(log).first_event.event == 11, "the counterfoils beside it tell"
    beside(log.seal_file).unlink()
    assert not verify(log).faults
    checked = verify(log, elsewhere)
    assert (checked.first_event.event, checked.first_event.what) == (11, "removed")
    assert [fault.seal for fault in checked.faults if fault.what == "seal"] == [3, 4]
    log.append([look(99)] * 7)  # and it is not hidden by what comes after
    with pytest.raises(StoreProblem, match="which this log doesn't have"):
        log.seal()
    assert verify(log, elsewhere).first_event.event == 11


def test_a_log_that_was_removed_is_found_with_the_seal_file(log: AccessLog, tmp_path: Path) -> None:
    empty = open_access_log(tmp_path / "empty.sqlite", {})
    assert not verify(empty).faults
    assert verify(empty, log.seal_file).first_event.event == 1


def test_a_log_that_was_sealed_again_differs_from_the_seal_file(log: AccessLog, tmp_path: Path) -> None:
    with behind(log) as connection:
        connection.exec_driver_sql("UPDATE look SET account = 'somebody-else' WHERE number = 8")
        connection.exec_driver_sql("DELETE FROM seal")
    forger = AccessLog(log.engine)
    forger.seal()
    assert verify(log).first_event.event == 8, "the counterfoils beside it tell"
    beside(log.seal_file).unlink()
    assert not verify(log).faults
    assert verify(log, log.seal_file).first_event.event == 8


@pytest.mark.parametrize("line", ["[" * 100_000, "{}", "null", '{"number": 1}', "\x00\xff", "9" * 5_000])
def test_a_seal_file_that_holds_something_else_is_read_over_it(log: AccessLog, tmp_path: Path, line: str) -> None:
    crafted = tmp_path / "crafted.jsonl"
    crafted.write_text(f"{line}\n{log.seal_file.read_text()}{line}", encoding="utf-8")
    assert not verify(log, crafted).faults
    seal = json.loads(log.seal_file.read_text().splitlines()[0])
    huge = [json.dumps(seal | {field: value}) for field in ("number", "last_event") for value in (10**30, -1, True, "1", 1.0)]
    crafted.write_text("\n".join(huge), encoding="utf-8")
    assert verify(log, crafted).elsewhere == 0


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ("UPDATE seal SET batch_hash = replace(batch_hash, 'a', 'b') WHERE number = 2", "was altered"),
        ("UPDATE seal SET before_hash = seal_hash WHERE number = 3", "doesn't hold the hash of the seal before"),
        ("UPDATE seal SET sealed_at = sealed_at + 1 WHERE number = 4", "was altered"),
        ("UPDATE seal SET marks = '' WHERE number = 1", "was altered"),
        ("UPDATE seal SET form = 2 WHERE number = 1", "form 2"),
        ("DELETE FROM seal WHERE number = 2", "were removed"),
        ("UPDATE seal SET last_event = 9 WHERE number = 2", "don't follow"),
    ],
)
def test_a_seal_that_was_changed_is_found(log: AccessLog, change: str, said: str) -> None:
    with behind(log) as connection:
        connection.exec_driver_sql(change)
    assert any(fault.what == "seal" and said in fault.message for fault in verify(log).faults)


def test_guards_that_are_gone_are_found(log: AccessLog) -> None:
    on = " ON look" if log.engine.dialect.name == "postgresql" else ""
    with log.engine.connect() as connection, connection.begin():
        connection.exec_driver_sql(f"DROP TRIGGER look_no_delete{on}")
    assert [(fault.what, "look_no_delete" in fault.message) for fault in verify(log).faults] == [("guard", True)]
    with log.engine.connect() as connection, connection.begin():
        if on:
            connection.exec_driver_sql("ALTER TABLE seal DISABLE TRIGGER seal_no_update")
            connection.exec_driver_sql(
                "CREATE OR REPLACE FUNCTION joinedup_next_number() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NEW; END $$"
            )
        else:
            connection.exec_driver_sql("DROP TRIGGER seal_no_update")
            connection.exec_driver_sql("CREATE TRIGGER seal_no_update BEFORE UPDATE ON seal BEGIN SELECT 1; END")
    assert any("seal_no_update" in fault.message for fault in verify(log).faults)


def test_a_gap_after_the_last_seal_is_found(log: AccessLog) -> None:
    log.append([look(20), look(21), look(22)])
    with behind(log) as connection:
        connection.exec_driver_sql("DELETE FROM look WHERE number = 19")
    checked = verify(log)
    assert (checked.first_event.event, checked.first_event.what, checked.unsealed) == (19, "removed", 2)


def test_anyone_can_compute_the_hash_of_a_batch(log: AccessLog) -> None:
    """As docs/how-to/audit.md has it: fields parted by tabs, a line feed after each event."""
    with log.engine.connect() as connection:
        columns = ", ".join(column.name for column in HASHED)
        rows = connection.exec_driver_sql(f"SELECT {columns} FROM look WHERE number BETWEEN 6 AND 10 ORDER BY number").all()
    text = "".join("\t".join(map(str, row)) + "\n" for row in rows)
    assert hashlib.sha256(text.encode()).hexdigest() == log.seals()[1].batch_hash
