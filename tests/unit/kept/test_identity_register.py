"""The identity register: appended to in one transaction, closed to other keys, identifiers never in clear."""

from __future__ import annotations

import hashlib
import os
import signal
import sqlite3
import subprocess
import sys
import threading
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pytest
import sqlalchemy as sa

from joinedup.errors import KeyProblem, StoreProblem
from joinedup.kept.databases import WAIT_VARIABLE
from joinedup.kept.erasing import Subject, begin_list, ids_in, remove
from joinedup.kept.identity_register import (
    TABLES,
    VAULT,
    VAULT_SPAN,
    IdentityRegister,
    identifiers_of,
    open_register,
    people_who,
    register_place,
)
from joinedup.kept.keys import Keys, derived_keys
from joinedup.kept.vault import BATCH_ROWS

KEYS = derived_keys(hashlib.sha256(b"only for tests").digest())
OTHER = derived_keys(hashlib.sha256(b"another").digest())
PEOPLE = pa.array([11, 12, 13], pa.int64())
LOOKUPS = pa.table({"scheme": ["nhs_number"] * 2 + ["register_row"], "hash": [b"\1" * 32, b"\2" * 32, b"\1" * 32], "person_id": PEOPLE})
NAMES = pa.table({"person_id": PEOPLE, "person_family_name": ["Plantagenet", "Lancaster", None]})


def land(register: IdentityRegister, landing_id: str = "first", keys: Keys = KEYS) -> None:
    with register.landing(landing_id, keys) as entry:
        entry.add_people(PEOPLE)
        entry.add_lookups(LOOKUPS)
        entry.add_identifiers("register", NAMES)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "kept" / "identity.sqlite"


def test_what_is_appended_is_known_to_the_next_landing(database: Path | str) -> None:
    land(open_register(database))
    register = open_register(database)
    with register.landing("second", KEYS) as entry:
        known = pa.Table.from_batches(entry.known())
        kept = entry.identifiers("register")
        assert entry.identifiers("apc") is None
    assert sorted(known.to_pylist(), key=str) == sorted(LOOKUPS.to_pylist(), key=str)
    assert kept is not None
    assert kept.select(NAMES.column_names) == NAMES
    assert register.knows_landing("first")
    assert register.knows_landing("second")
    assert not register.knows_landing("third")


def test_identifiers_of_some_people_in_all_their_versions(database: Path | str, path: Path) -> None:
    register = open_register(database)
    land(register)
    with register.landing("second", KEYS) as entry:
        entry.add_identifiers("register", pa.table({"person_id": PEOPLE[:1], "person_family_name": ["Tudor"], "postcode": ["ZZ99 3VZ"]}))
    found = identifiers_of(register, KEYS, pa.array([11, 13]))
    assert found.select(["person_id", "person_family_name", "postcode", "landing_id"]).to_pylist() == [
        {"person_id": 11, "person_family_name": "Plantagenet", "postcode": None, "landing_id": "first"},
        {"person_id": 13, "person_family_name": None, "postcode": None, "landing_id": "first"},
        {"person_id": 11, "person_family_name": "Tudor", "postcode": "ZZ99 3VZ", "landing_id": "second"},
    ]
    assert identifiers_of(open_register(path.parent / "empty.sqlite"), KEYS, PEOPLE).num_rows == 0


def everything_in(where: Path | str) -> object:
    """What a register holds: the bytes of its file, or its rows."""
    if isinstance(where, Path):
        return where.read_bytes()
    with open_register(where).engine.connect() as connection:
        return {table.name: [tuple(row) for row in connection.execute(sa.select(table))] for table in TABLES.sorted_tables}


def test_a_wrong_key_is_refused_and_nothing_is_written(database: Path | str) -> None:
    register = open_register(database)
    land(register)
    register.close()
    before = everything_in(database)
    with pytest.raises(KeyProblem, match="nothing was written"):
        land(open_register(database), "second", OTHER)
    with pytest.raises(KeyProblem):
        identifiers_of(open_register(database), OTHER, PEOPLE)
    assert everything_in(database) == before


def test_a_landing_that_fails_leaves_nothing(database: Path | str) -> None:
    register = open_register(database)
    with pytest.raises(ZeroDivisionError), register.landing("first", KEYS) as entry:
        entry.add_people(pa.array([1 // (1 - entry.number)]))
    assert not register.knows_landing("first")
    register.check(OTHER)
    land(register)


def test_a_person_is_minted_once(database: Path | str) -> None:
    register = open_register(database)
    land(register)
    with pytest.raises(StoreProblem, match="can't be used"):
        land(register, "second")
    assert not register.knows_landing("second")


def test_a_lookup_of_nobody_is_refused(database: Path | str) -> None:
    with pytest.raises(StoreProblem), open_register(database).landing("first", KEYS) as entry:
        entry.add_lookups(LOOKUPS)


def test_another_landing_waits_or_says_who_holds_it(database: Path | str, monkeypatch: pytest.MonkeyPatch) -> None:
    register, impatient = open_register(database), open_register(database)
    land(register)
    monkeypatch.setenv(WAIT_VARIABLE, "0")
    with register.landing("second", KEYS):
        assert impatient.check(KEYS), "who only reads doesn't wait"
        with pytest.raises(StoreProblem, match=rf"held by a landing .*{os.getpid()}.* since 20"), impatient.landing("third", KEYS):
            pass
    land_in_time = threading.Thread(target=lambda: land_nobody(database, "fourth"))
    monkeypatch.setenv(WAIT_VARIABLE, "60")
    with register.landing("third", KEYS) as entry:
        land_in_time.start()
        entry.add_people(pa.array([14]))
    land_in_time.join()
    assert rows_of(register, "SELECT landing, landing_id FROM landing ORDER BY 1")[2:] == [(3, "third"), (4, "fourth")]


def land_nobody(where: Path | str, landing_id: str) -> None:
    with open_register(where).landing(landing_id, KEYS):
        pass


def rows_of(register: IdentityRegister, query: str) -> list[tuple[object, ...]]:
    with register.engine.connect() as connection:
        return [tuple(row) for row in connection.execute(sa.text(query))]


def test_two_first_landings_at_once_both_end_right(database: Path | str) -> None:
    threads = [threading.Thread(target=land_nobody, args=(database, f"landing {number}")) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [row[0] for row in rows_of(open_register(database), "SELECT landing FROM landing ORDER BY 1")] == [1, 2, 3, 4]


def test_who_reads_is_told_who_writes_where_it_can_not_wait(path: Path) -> None:
    """At the instant in which a landing ends."""
    register = open_register(path)
    land(register)
    impatient = open_register(f"sqlite:///{path}?timeout=0")
    ending = sqlite3.connect(path, isolation_level=None)
    with register.database._file_held("landing"):
        ending.execute("BEGIN EXCLUSIVE")
        with pytest.raises(StoreProblem, match=rf"is held by a landing \(process {os.getpid()} "):
            impatient.check(KEYS)
    ending.close()


def test_while_many_people_are_added_who_reads_is_not_held_up(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(WAIT_VARIABLE, "1")
    register, reader = open_register(path), open_register(path)
    land(register)
    with register.landing("second", KEYS) as entry:
        ids = pa.array(range(1000, 41000), pa.int64())
        hashes = pa.array([hashlib.sha256(b"%d" % person).digest() for person in range(1000, 41000)], pa.binary())
        entry.add_people(ids)
        entry.add_lookups(pa.table({"scheme": ["nhs_number"] * len(ids), "hash": hashes, "person_id": ids}))
        assert identifiers_of(reader, KEYS, pa.array([5], pa.int64())).num_rows == 0
        assert not reader.knows_landing("second")
    assert reader.knows_landing("second")


def test_a_file_named_by_a_url_is_private_too(tmp_path: Path) -> None:
    land(open_register(f"sqlite:///{tmp_path / 'deeper' / 'register.sqlite'}"))
    assert {path.stat().st_mode & 0o777 for path in (tmp_path / "deeper").iterdir()} == {0o600}


def test_a_wait_that_is_no_number(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(WAIT_VARIABLE, "long")
    with pytest.raises(StoreProblem, match="JOINEDUP_REGISTER_WAIT is 'long'"):
        open_register(path)


def test_the_register_of_another_place_is_refused(database: Path | str) -> None:
    register = open_register(database)
    with register.landing("first", KEYS, "calderdale"):
        pass
    before = everything_in(database)
    with pytest.raises(StoreProblem, match=r"of the place calderdale, and kirklees was given; nothing was written"):
        register.check(KEYS, "kirklees")
    with pytest.raises(StoreProblem, match="calderdale"), register.landing("second", KEYS, "kirklees"):
        pass
    assert everything_in(database) == before
    assert register.check(KEYS, "calderdale")


FORM_1 = [
    "CREATE TABLE meta (name VARCHAR(40) PRIMARY KEY, value VARCHAR(200) NOT NULL)",
    f"INSERT INTO meta VALUES ('schema', '1'), ('key_fingerprint', '{KEYS.fingerprint}')",
]


def test_form_1_is_brought_to_form_2_with_the_same_secret(database: Path | str) -> None:
    register = open_register(database)
    with register.engine.begin() as connection:
        for statement in FORM_1:
            connection.execute(sa.text(statement))
    assert register.check(KEYS)
    assert register.ids_fingerprint(KEYS) == KEYS.ids_fingerprint
    with pytest.raises(KeyProblem):
        land(register, keys=OTHER)
    with register.landing("first", KEYS, "calderdale") as entry:
        assert entry.keys.pseudonym == KEYS.pseudonym
    about = dict(rows_of(register, "SELECT name, value FROM meta"))
    assert (about["schema"], about["place"], about["key_fingerprint"]) == ("2", "calderdale", KEYS.fingerprint)
    assert register.ids_fingerprint(KEYS) == KEYS.ids_fingerprint


@pytest.mark.parametrize("altered", ["", "no base64!", "AAAA" * 20])
def test_an_altered_secret_is_said(database: Path | str, altered: str) -> None:
    register = open_register(database)
    land(register)
    with register.engine.begin() as connection:
        connection.execute(sa.text("UPDATE meta SET value = :altered WHERE name = 'pseudonym'"), {"altered": altered})
    with pytest.raises(StoreProblem, match=r"secret .* doesn't open; restore"):
        land(register, "second")


def test_file_is_private_and_holds_nothing_in_clear(path: Path) -> None:
    register = open_register(path)
    land(register)
    register.close()
    assert path.stat().st_mode & 0o777 == 0o600
    content = path.read_bytes()
    for secret in (b"Plantagenet", b"Lancaster", KEYS.pseudonym, KEYS.encryption):
        assert secret not in content
    assert KEYS.fingerprint.encode() in content


def test_identifiers_are_bound_to_their_landing_and_contract(database: Path | str) -> None:
    register = open_register(database)
    land(register)
    with register.engine.begin() as connection:
        connection.execute(sa.update(VAULT).values(contract="apc"))
    with pytest.raises(StoreProblem, match="apc from landing first don't open"):
        identifiers_of(register, KEYS, PEOPLE)


def two_batches(database: Path | str) -> IdentityRegister:
    register = open_register(database)
    with register.landing("first", KEYS) as entry:
        entry.add_people(pa.array(range(1, BATCH_ROWS + 3)))
        entry.add_identifiers(
            "register", pa.table({"person_id": pa.array(range(1, BATCH_ROWS + 3)), "postcode": ["HX1"] * (BATCH_ROWS + 2)})
        )
    return register


@pytest.mark.parametrize("columns", [("ciphertext", "nonce"), ("ciphertext", "nonce", "key_id", "row_count")])
def test_two_batches_that_have_changed_places_are_found(database: Path | str, columns: tuple[str, ...]) -> None:
    register = two_batches(database)
    with register.engine.begin() as connection:
        first, second = connection.execute(sa.select(*(VAULT.c[name] for name in columns)).order_by(VAULT.c.batch)).all()
        for batch, values in ((0, second), (1, first)):
            connection.execute(sa.update(VAULT).where(VAULT.c.batch == batch).values(**values._mapping))
    with pytest.raises(StoreProblem, match="register from landing first don't open"):
        identifiers_of(register, KEYS, pa.array([1]))


def test_spans_that_have_changed_places_are_found_and_hide_nobody_from_erasure(database: Path | str) -> None:
    register = two_batches(database)
    assert people_who(register, KEYS, lambda rows: pc.equal(rows["person_id"], 1)) == [1]
    with register.engine.begin() as connection:
        first, second = connection.execute(sa.select(VAULT_SPAN.c.least, VAULT_SPAN.c.greatest).order_by(VAULT_SPAN.c.batch)).all()
        for batch, span in ((0, second), (1, first)):
            connection.execute(sa.update(VAULT_SPAN).where(VAULT_SPAN.c.batch == batch).values(**span._mapping))
    with pytest.raises(StoreProblem, match="batch 0 of identifiers of register is of other people than it says"):
        people_who(register, KEYS, lambda rows: pc.equal(rows["person_id"], 1))
    with register.database.reading() as connection, pytest.raises(StoreProblem, match="of other people than it says"):
        ids_in(connection, KEYS)
    with register.database.writing("erasure") as connection:
        begin_list(connection)
        assert remove(connection, KEYS, Subject((1,), ()))["identifiers"] == 1


def test_large_landings_are_sealed_in_batches(database: Path | str) -> None:
    register = open_register(database)
    rows = BATCH_ROWS + 1
    with register.landing("first", KEYS) as entry:
        entry.add_identifiers("register", pa.table({"person_id": pa.array(range(rows), pa.int64())}))
    with register.engine.connect() as connection:
        found = connection.execute(sa.select(VAULT.c.row_count, VAULT.c.nonce)).all()
    assert [row.row_count for row in found] == [BATCH_ROWS, 1]
    assert len({row.nonce for row in found}) == 2
    assert identifiers_of(register, KEYS, pa.array([0, rows - 1])).num_rows == 2


def test_counts_of_each_landing_are_kept(database: Path | str) -> None:
    register = open_register(database)
    land(register)
    with register.landing("second", KEYS):
        pass
    with register.engine.connect() as connection:
        rows = connection.execute(sa.text("SELECT landing, landing_id, people, lookups, identifiers FROM landing ORDER BY landing")).all()
    assert [tuple(row) for row in rows] == [(1, "first", 3, 3, 3), (2, "second", 0, 0, 0)]


@pytest.mark.parametrize("damage", [b"", b"not a database, whatever its name says", b"SQLite format 3\x00" + bytes(50)])
def test_damaged_files_are_refused_or_empty(path: Path, damage: bytes) -> None:
    path.parent.mkdir()
    path.write_bytes(damage)
    register = open_register(path)
    if damage:
        with pytest.raises(StoreProblem, match="backup"):
            register.check(KEYS)
    else:
        assert not register.knows_landing("first")


@pytest.mark.parametrize("kept", [0.1, 0.5, 0.9])
def test_truncated_or_altered_file_is_found_at_once(path: Path, kept: float) -> None:
    register = open_register(path)
    land(register)
    whole = path.read_bytes()
    path.write_bytes(whole[: int(len(whole) * kept)])
    with pytest.raises(StoreProblem, match="backup"):
        open_register(path).database.verify()
    at = int(len(whole) * kept) // 4096 * 4096
    path.write_bytes(whole[:at] + b"\xff" * 100 + whole[at + 100 :])
    with pytest.raises(StoreProblem, match="backup"):
        open_register(path).database.verify()


def test_truncated_file_is_refused(path: Path) -> None:
    register = open_register(path)
    land(register)
    register.close()
    path.write_bytes(path.read_bytes()[:6000])
    with pytest.raises(StoreProblem, match="backup"), open_register(path).landing("second", KEYS) as entry:
        list(entry.known())


def test_a_full_disk_is_said_before_damage_is(path: Path) -> None:
    """The pages that the file may have are as few as on a disk without room."""
    register = open_register(path)
    land(register)
    sa.event.listen(register.engine, "begin", lambda connection: connection.exec_driver_sql("PRAGMA max_page_count = 1"))
    names = pa.table({"person_id": PEOPLE, "person_family_name": [os.urandom(9_000).hex() for _ in PEOPLE]})
    with pytest.raises(StoreProblem, match=r"is full\); its disk may be full: .* backup"), register.landing("second", KEYS) as entry:
        entry.add_identifiers("register", names)
    assert not open_register(path).knows_landing("second")


def test_an_error_of_the_disk_says_first_that_it_may_be_full(path: Path) -> None:
    error = sqlite3.OperationalError("disk I/O error")
    error.sqlite_errorcode = sqlite3.SQLITE_IOERR_WRITE
    with pytest.raises(StoreProblem, match=r"\(disk I/O error\); its disk may be full: .* backup"), open_register(path).database.errors():
        raise sa.exc.OperationalError(None, None, error)


def test_path_that_can_not_be_opened(tmp_path: Path) -> None:
    with pytest.raises(StoreProblem, match="can't be opened"):
        open_register(tmp_path)


def test_a_register_of_another_form_is_refused(database: Path | str) -> None:
    register = open_register(database)
    land(register)
    with register.engine.begin() as connection:
        connection.execute(sa.text("UPDATE meta SET value = '99' WHERE name = 'schema'"))
    with pytest.raises(StoreProblem, match="form 99"):
        register.check(KEYS)


def test_the_register_lies_in_the_store_or_where_the_environment_says(tmp_path: Path) -> None:
    assert register_place(tmp_path, {}) == tmp_path / "identity.sqlite"
    elsewhere = f"sqlite:///{tmp_path / 'elsewhere.sqlite'}"
    land(open_register(register_place(tmp_path, {"JOINEDUP_REGISTER": elsewhere})))
    assert (tmp_path / "elsewhere.sqlite").exists()


KILLED = """
import os, signal, sys
from pathlib import Path
import tests.unit.kept.test_identity_register as t
where = sys.argv[1] if "://" in sys.argv[1] else Path(sys.argv[1])
with t.open_register(where).landing("killed", t.KEYS) as entry:
    entry.add_people(t.pa.array(range(100, 100 + 60_000), t.pa.int64()))
    entry.add_identifiers("register", t.NAMES)
    os.kill(os.getpid(), signal.SIGKILL)
"""


def test_killed_landing_leaves_what_was_there(database: Path | str, root: Path) -> None:
    register = open_register(database)
    land(register)
    ended = subprocess.run([sys.executable, "-c", KILLED, str(database)], cwd=root, env=os.environ, capture_output=True, check=False)
    assert ended.returncode == -signal.SIGKILL, ended.stderr
    assert not register.knows_landing("killed")
    with register.landing("next", KEYS) as entry:
        assert pa.Table.from_batches(entry.known()).num_rows == 3
        entry.add_people(pa.array([100], pa.int64()))
