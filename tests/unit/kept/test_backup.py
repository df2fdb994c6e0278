"""Backup and restore: as at one instant, nothing in clear, never over what is newer unless told, whole or not at all."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pytest
import sqlalchemy as sa

from joinedup.errors import StoreProblem
from joinedup.kept.access_log import log_place, open_access_log
from joinedup.kept.backed_up import REGISTERS
from joinedup.kept.backup import backup, open_backup, said_of
from joinedup.kept.identity_register import PERSON, TABLES, IdentityRegister, identifiers_of, open_register
from joinedup.kept.log_guards import guards_that_lack
from joinedup.kept.log_tables import LOG
from joinedup.kept.pairs import offer_pairs
from joinedup.kept.restore import restore
from joinedup.kept.rotation import rekey
from tests.unit.kept.looks import look
from tests.unit.kept.test_identity_register import KEYS, NAMES, OTHER, PEOPLE, everything_in, rows_of
from tests.unit.kept.test_rotation import PAIRS


@pytest.fixture
def kept(tmp_path: Path, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder whose registers lie in SQLite or, where a test is parametrised so, in PostgreSQL."""
    if getattr(request, "param", "sqlite") == "postgresql":
        monkeypatch.setenv("JOINEDUP_REGISTER", request.getfixturevalue("postgresql"))
    return tmp_path / "kept"


on_both = pytest.mark.parametrize("kept", ["sqlite", "postgresql"], indirect=True)


def where(kept: Path) -> Path | str:
    return os.environ.get("JOINEDUP_REGISTER") or kept / "identity.sqlite"


def begun(kept: Path) -> IdentityRegister:
    register = open_register(where(kept))
    with register.landing("first", KEYS, "calderdale") as entry:
        entry.add_people(PEOPLE)
        entry.add_lookups(pa.table({"scheme": ["nhs_number"] * 3, "hash": [bytes([n]) * 32 for n in range(3)], "person_id": PEOPLE}))
        entry.add_identifiers("register", NAMES)
        offer_pairs(entry, PAIRS)
    return register


def grown(register: IdentityRegister, landing_id: str = "second", person: int = 14) -> None:
    with register.landing(landing_id, KEYS, "calderdale") as entry:
        entry.add_people(pa.array([person]))
        offer_pairs(entry, PAIRS.set_column(2, "person_id", pa.array([person])))


@on_both
def test_what_was_backed_up_comes_back(kept: Path, tmp_path: Path) -> None:
    register = begun(kept)
    before = everything(kept)
    manifest = backup("calderdale", kept, tmp_path / "out" / "one.backup")
    assert (tmp_path / "out" / "one.backup").stat().st_mode & 0o777 == 0o600
    assert manifest.registers["identity"].marks == ("first",)
    assert said_of(manifest.registers["identity"]) == (
        f"form 2, key {KEYS.fingerprint}; rows: landing 1, vault span 1, pair 1, person 3, vault 1, lookup 3"
    )
    grown(register)
    register.close()
    with pytest.raises(StoreProblem, match=r"newer than .* lose what came with second; rows of landing 1, pair 1, person 1; .* --replace"):
        restore("calderdale", kept, tmp_path / "out" / "one.backup")
    (restored,) = restore("calderdale", kept, tmp_path / "out" / "one.backup", replace=True)
    assert (restored.rows, restored.lost, restored.aside) == (
        sum(table.rows for table in manifest.registers["identity"].tables.values()),
        "what came with second; rows of landing 1, pair 1, person 1",
        None,
    )
    assert everything(kept) == before
    grown(register, "again")
    assert rows_of(register, "SELECT pair, person_id FROM pair ORDER BY 1") == [(1, 11), (2, 14)]
    assert identifiers_of(register, KEYS, PEOPLE).num_rows == 3


def everything(kept: Path) -> object:
    """Every row, with the wrapped secret and the ciphertexts."""
    with open_register(where(kept)).engine.connect() as connection:
        tables = [table for table in TABLES.sorted_tables if sa.inspect(connection).has_table(table.name)]
        return {table.name: sorted(tuple(map(str, row)) for row in connection.execute(sa.select(table))) for table in tables}


@on_both
def test_an_absent_or_older_register_is_restored_without_more_ado(kept: Path, tmp_path: Path) -> None:
    register = begun(kept)
    backup("calderdale", kept, tmp_path / "one.backup")
    grown(register)
    backup("calderdale", kept, tmp_path / "two.backup")
    newest = everything(kept)
    for file in ("one.backup", "two.backup"):
        restore("calderdale", kept, tmp_path / file, replace=file == "one.backup")
    assert everything(kept) == newest
    assert restore("calderdale", kept, tmp_path / "two.backup")[0].lost == ""


def test_a_backup_moves_a_register_from_one_database_to_the_other(tmp_path: Path, postgresql: str, monkeypatch: pytest.MonkeyPatch) -> None:
    begun(tmp_path / "kept")
    backup("calderdale", tmp_path / "kept", tmp_path / "one.backup")
    before = everything(tmp_path / "kept")
    monkeypatch.setenv("JOINEDUP_REGISTER", postgresql)
    restore("calderdale", tmp_path / "kept", tmp_path / "one.backup")
    assert everything(tmp_path / "kept") == before
    backup("calderdale", tmp_path / "kept", tmp_path / "two.backup")
    monkeypatch.delenv("JOINEDUP_REGISTER")
    restore("calderdale", tmp_path / "other", tmp_path / "two.backup")
    assert everything(tmp_path / "other") == before


@on_both
def test_nothing_lies_in_a_backup_in_clear(kept: Path, tmp_path: Path) -> None:
    begun(kept)
    backup("calderdale", kept, tmp_path / "one.backup")
    with zipfile.ZipFile(tmp_path / "one.backup") as archive:
        content = b"".join(archive.read(name) for name in archive.namelist())
        tables = [
            b"".join(str(b.to_pylist()).encode() for b in pa.ipc.open_stream(archive.open(n))) for n in archive.namelist() if "/" in n
        ]
    for secret in (b"Plantagenet", b"Lancaster", b"Planted", KEYS.pseudonym, KEYS.encryption):
        assert secret not in content
        assert not any(secret in table or str(secret).encode() in table for table in tables)


@on_both
def test_a_backup_while_a_landing_runs_has_it_not_at_all(kept: Path, tmp_path: Path) -> None:
    register = begun(kept)
    with register.landing("second", KEYS, "calderdale") as entry:
        entry.add_people(pa.array([14]))
        manifest = backup("calderdale", kept, tmp_path / "one.backup")
    assert manifest.registers["identity"].marks == ("first",)
    assert manifest.registers["identity"].tables["person"].rows == 3
    assert rows_of(register, "SELECT count(*) FROM person") == [(4,)]


@on_both
def test_another_register_or_place_is_refused(kept: Path, tmp_path: Path) -> None:
    begun(kept)
    backup("calderdale", kept, tmp_path / "one.backup")
    with pytest.raises(StoreProblem, match="of the place calderdale, and kirklees was given"):
        restore("kirklees", kept, tmp_path / "one.backup")
    with pytest.raises(StoreProblem, match="of the place calderdale, and kirklees was given"):
        backup("kirklees", kept, tmp_path / "two.backup")
    assert not (tmp_path / "two.backup").exists()
    with open_register(where(kept)).engine.begin() as connection:
        connection.execute(sa.text("UPDATE meta SET value = 'another' WHERE name = 'register_id'"))
    with pytest.raises(StoreProblem, match=r"another one \(another\) than that in"):
        restore("calderdale", kept, tmp_path / "one.backup")
    restore("calderdale", kept, tmp_path / "one.backup", replace=True)


@on_both
def test_a_key_that_was_changed_since_is_not_lost_unsaid(kept: Path, tmp_path: Path) -> None:
    register = begun(kept)
    backup("calderdale", kept, tmp_path / "one.backup")
    rekey(register, KEYS, OTHER, account="someone")
    with pytest.raises(StoreProblem, match="lose rows of key change 1"):
        restore("calderdale", kept, tmp_path / "one.backup")
    restore("calderdale", kept, tmp_path / "one.backup", replace=True)
    assert register.check(KEYS)


@pytest.mark.parametrize(
    "damage", [lambda whole: whole[: len(whole) // 2], lambda whole: whole[:4096], lambda _: b"no database at all, longer" * 99]
)
def test_a_damaged_file_is_moved_aside_and_restored(tmp_path: Path, damage: Callable[[bytes], bytes]) -> None:
    kept = tmp_path / "kept"
    begun(kept)
    backup("calderdale", kept, tmp_path / "one.backup")
    before, file = everything(kept), kept / "identity.sqlite"
    file.write_bytes(damage(file.read_bytes()))
    with pytest.raises(StoreProblem, match="backup"):
        backup("calderdale", kept, tmp_path / "two.backup")
    assert not (tmp_path / "two.backup").exists()
    (restored,) = restore("calderdale", kept, tmp_path / "one.backup")
    assert restored.aside is not None
    assert restored.aside.exists()
    assert everything(kept) == before


def test_damaged_backups_are_refused_and_nothing_is_written(tmp_path: Path) -> None:
    kept, good = tmp_path / "kept", tmp_path / "good.backup"
    begun(kept)
    backup("calderdale", kept, good)
    before, whole = everything_in(kept / "identity.sqlite"), good.read_bytes()
    damaged = {
        "cut.backup": whole[:-1000],
        "empty.backup": b"",
        "flipped.backup": whole[:3000] + bytes([whole[3000] ^ 1]) + whole[3001:],
    }
    for name, content in damaged.items():
        (tmp_path / name).write_bytes(content)
        with pytest.raises(StoreProblem, match=r"is no backup|damaged"):
            restore("calderdale", kept, tmp_path / name, replace=True)
    with pytest.raises(StoreProblem, match="can't be read"):
        restore("calderdale", kept, tmp_path / "absent")
    assert everything_in(kept / "identity.sqlite") == before
    assert list(kept.glob("*damaged*")) == []


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda manifest: manifest.update(format="joinedup backup 9"), "of the format joinedup backup 9"),
        (lambda manifest: manifest["registers"].update(future=manifest["registers"]["identity"]), "the register future that this version"),
        (
            lambda manifest: manifest["registers"]["identity"]["tables"].update(
                future=manifest["registers"]["identity"]["tables"]["person"]
            ),
            "future",
        ),
        (
            lambda manifest: manifest["registers"]["identity"]["tables"]["person"].update(sha256="0" * 64),
            "its table person isn't as it was",
        ),
        (
            lambda manifest: manifest["registers"]["identity"]["tables"]["person"].update(file="../absent"),
            "its table person isn't as it was",
        ),
        (lambda manifest: manifest.pop("registers"), "no backup"),
    ],
)
def test_backups_that_say_what_they_should_not(tmp_path: Path, change: Callable[[dict[str, object]], object], said: str) -> None:
    kept, good = tmp_path / "kept", tmp_path / "good.backup"
    begun(kept)
    backup("calderdale", kept, good)
    with zipfile.ZipFile(good) as archive, zipfile.ZipFile(tmp_path / "changed.backup", "w") as changed:
        for name in archive.namelist():
            content = archive.read(name)
            if name == "manifest.json":
                manifest = json.loads(content)
                change(manifest)
                content = json.dumps(manifest).encode()
            changed.writestr(name, content)
    with pytest.raises(StoreProblem, match=said):
        restore("calderdale", kept, tmp_path / "changed.backup", replace=True)


def test_what_can_not_be_backed_up_is_said(tmp_path: Path) -> None:
    with pytest.raises(StoreProblem, match="nothing to back up"):
        backup("calderdale", tmp_path / "kept", tmp_path / "one.backup")
    begun(tmp_path / "kept")
    (tmp_path / "there").write_text("something")
    with pytest.raises(StoreProblem, match="is there already"):
        backup("calderdale", tmp_path / "kept", tmp_path / "there")
    with pytest.raises(StoreProblem, match="can't be written"):
        backup("calderdale", tmp_path / "kept", tmp_path / "there" / "below")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["kept", "there"]


KILLED = """
import os, signal, sys
from pathlib import Path
import joinedup.kept.restore as r
whole, seen = r.append, []
def dying(connection, table, batch):
    seen.append(1)
    if len(seen) == int(sys.argv[3]):
        os.kill(os.getpid(), signal.SIGKILL)
    return whole(connection, table, batch)
r.append = dying
r.restore("calderdale", Path(sys.argv[1]), Path(sys.argv[2]), replace=True)
"""


@on_both
@pytest.mark.parametrize("calls", [1, 3, 5])
def test_a_killed_restore_leaves_the_register_as_it_was(kept: Path, tmp_path: Path, root: Path, calls: int) -> None:
    register = begun(kept)
    backup("calderdale", kept, tmp_path / "one.backup")
    first = everything(kept)
    grown(register)
    before = everything(kept)
    command = [sys.executable, "-c", KILLED, kept, tmp_path / "one.backup", str(calls)]
    ended = subprocess.run(command, cwd=root, env=os.environ, capture_output=True, check=False)
    assert ended.returncode == -signal.SIGKILL, ended.stderr
    assert everything(kept) == before
    restore("calderdale", kept, tmp_path / "one.backup", replace=True)
    assert everything(kept) == first


def test_backups_hold_every_table_of_every_register(tmp_path: Path) -> None:
    begun(tmp_path / "kept")
    manifest = backup("calderdale", tmp_path / "kept", tmp_path / "one.backup")
    assert open_backup(tmp_path / "one.backup") == manifest
    for register in REGISTERS:
        if register.id in manifest.registers:
            assert set(manifest.registers[register.id].tables) == set(register.tables.tables)
    assert PERSON.name in manifest.registers["identity"].tables


@on_both
def test_the_access_log_comes_back_and_never_forgets(kept: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    if "JOINEDUP_REGISTER" in os.environ:
        monkeypatch.setenv("JOINEDUP_LOG", os.environ["JOINEDUP_REGISTER"])
        monkeypatch.setenv("JOINEDUP_SEALS", str(tmp_path / "seals.jsonl"))
    register, log = begun(kept), open_access_log(log_place(kept))
    log.append([look(number) for number in range(30)])
    log.seal()
    log.append([look(30)])
    manifest = backup("calderdale", kept, tmp_path / "one.backup")
    seals = len(manifest.registers["access_log"].marks)
    assert (seals > 0, manifest.registers["access_log"].tables["look"].rows) == (True, 31)
    grown(register)
    log.append([look(31)])
    identity, looks = restore("calderdale", kept, tmp_path / "one.backup", replace=True)
    assert (identity.kept_newer, looks.kept_newer) == (False, True)
    assert log.looks().num_rows == 32
    with log.writing() as connection:
        LOG.drop_all(connection)
    log.close()
    assert [made.rows for made in restore("calderdale", kept, tmp_path / "one.backup")][1] == 31 + seals
    again = open_access_log(log_place(kept))
    assert again.looks().num_rows == 31
    with again.writing() as connection:
        assert list(guards_that_lack(connection)) == []
    again.append([look(31)])
    again.close()
