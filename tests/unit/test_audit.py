"""The verbs of the access log: what they print, what they refuse, and with which codes they end."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import shutil
import sqlite3
from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa
import pytest
from click.testing import CliRunner, Result

from joinedup.access import caller
from joinedup.cli import main
from joinedup.identity.hashing import SEPARATOR
from joinedup.kept.access_log import Look, open_access_log
from joinedup.kept.identity_register import about_register, open_register, pseudonym_keys
from joinedup.kept.keys import derived_keys

AT = datetime(2026, 2, 2, 10, tzinfo=UTC)
SECRET = hashlib.sha256(b"only for tests").digest()
VARIABLES = ("JOINEDUP_KEY", "JOINEDUP_KEY_FILE", "JOINEDUP_LOG", "JOINEDUP_SEALS", "JOINEDUP_SEAL_KEY", "JOINEDUP_SEAL_KEY_FILE")


def run(*arguments: object, stdin: str | None = None, **environment: str) -> Result:
    unset: dict[str, str | None] = dict.fromkeys(VARIABLES)
    return CliRunner().invoke(main, ["audit", *map(str, arguments)], env=unset | environment, input=stdin)


@pytest.fixture
def place(root: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(root / "places" / "calderdale", tmp_path / "mine"))


@pytest.fixture
def store(tmp_path: Path) -> Path:
    return tmp_path / "store"


@pytest.fixture
def logged(store: Path) -> Path:
    """A store whose log holds three looks."""
    log = open_access_log(store / "kept" / "access_log.sqlite", {})
    same = {"account": "inv-care-kettle", "role": "care_team", "purpose": "direct care", "scope": "practice INV01", "door": "people"}
    log.append([Look(at=AT, what="person", build_id="b1", people=(n,), rows=1, reason="=1+1 [red]", **same) for n in (7, 8, 7)])
    log.close()
    return store


def acts(monkeypatch: pytest.MonkeyPatch, account: str) -> None:
    monkeypatch.setattr(caller, "own_account", lambda: account)


def test_nothing_logged_yet(place: Path, store: Path) -> None:
    for verb in ("verify", "report", "seal"):
        answer = run(verb, place, "--store", store)
        assert (answer.exit_code, answer.stdout) == (6, ""), answer.stderr
    assert not store.exists()


def test_seal_then_verify(place: Path, logged: Path) -> None:
    answer = run("seal", place, "--store", logged)
    assert (answer.exit_code, answer.stdout) == (0, f"{logged / 'kept' / 'access_log.seals.jsonl'}\n")
    answer = run("verify", place, "--store", logged)
    assert answer.exit_code == 0
    assert "every sealed look is as it was sealed" in answer.stdout
    assert "are not found without one (--seals)" in answer.stdout
    answer = run("verify", place, "--store", logged, "--seals", logged / "kept" / "access_log.seals.jsonl", "--format", "json")
    assert answer.exit_code == 0
    assert (json.loads(answer.stdout)["as_sealed"], json.loads(answer.stdout)["events"]) == (True, 3)


def test_verify_ends_with_1_and_names_the_event(place: Path, logged: Path, tmp_path: Path) -> None:
    run("seal", place, "--store", logged)
    elsewhere = Path(shutil.copy(logged / "kept" / "access_log.seals.jsonl", tmp_path / "elsewhere.jsonl"))
    connection = sqlite3.connect(logged / "kept" / "access_log.sqlite")
    connection.execute("DROP TRIGGER look_no_update")
    connection.execute("UPDATE look SET people = ',9,' WHERE number = 2")
    connection.commit()
    connection.close()
    answer = run("verify", place, "--store", logged)
    assert answer.exit_code == 1
    assert "altered: event 2 was altered" in answer.stdout
    assert "look_no_update" in answer.stdout
    for file in (logged / "kept").glob("access_log.sqlite*"):
        file.unlink()
    assert run("verify", place, "--store", logged).exit_code == 6
    answer = run("verify", place, "--store", logged, "--seals", elsewhere)
    assert answer.exit_code == 1
    assert "it was removed" in answer.stdout


def test_a_log_that_cannot_be_read_ends_with_5(place: Path, logged: Path) -> None:
    (logged / "kept" / "access_log.sqlite").write_bytes(b"x" * 5000)
    answer = run("verify", place, "--store", logged)
    assert answer.exit_code == 5
    assert "the access log can't be used" in answer.stderr


def test_report(place: Path, logged: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    acts(monkeypatch, "inv-ig")
    answer = run("report", place, "--store", logged, COLUMNS="200")
    assert answer.exit_code == 0, answer.stderr
    assert "inv-care-kettle" in answer.stdout
    assert "What this report can't tell" in answer.stdout
    rows = list(
        csv.DictReader(io.StringIO(run("report", place, "--store", logged, "--account", "inv-care-kettle", "--format", "csv").stdout))
    )
    assert [(row["person_id"], row["name"], row["reason"]) for row in rows] == [
        (str(n), "Invented Practice Nurse of the Singing Kettle", "'=1+1 [red]") for n in (7, 8, 7)
    ]
    told = json.loads(run("report", place, "--store", logged, "--from", "2026-02-03", "--format", "json").stdout)
    assert {row["account"] for row in told["looks"]} == {"inv-ig"}  # the reports before it
    assert {row["what"] for row in told["looks"]} == {"report"}
    assert run("report", place, "--store", logged, "--account", "x'; DROP TABLE look; --").exit_code == 0
    assert run("report", place, "--store", logged, "--from", "yesterday").exit_code == 2


def test_who_may_read_the_log(place: Path, logged: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    acts(monkeypatch, "inv-analyst")
    for verb in (["report"], ["history", "--person", "7"]):
        answer = run(verb[0], place, "--store", logged, *verb[1:])
        assert (answer.exit_code, answer.stdout) == (7, "")
        assert "ask the information governance lead" in answer.stderr
    acts(monkeypatch, "nobody-in-particular")
    assert "acts as ig_lead" in run("report", place, "--store", logged).stderr
    text = (place / "place.yml").read_text(encoding="utf-8").replace("invented: true", "invented: false")
    (place / "place.yml").write_text(text, encoding="utf-8")
    assert run("report", place, "--store", logged).exit_code == 7


def test_history_is_told_in_words_and_is_itself_a_look(place: Path, logged: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    acts(monkeypatch, "inv-ig")
    answer = run("history", place, "--store", logged, "--person", "7")
    assert answer.exit_code == 0, answer.stderr
    assert "2 times" in answer.stdout
    assert "inv-care-kettle" not in answer.stdout
    told = json.loads(run("history", place, "--store", logged, "--person", "7", "--format", "json", "--with-accounts").stdout)
    assert [each["account"] for each in told] == ["inv-care-kettle", "inv-care-kettle", "inv-ig"]
    assert run("history", place, "--store", logged).exit_code == 2
    assert run("history", place, "--store", logged, "--person", "7 OR 1=1").exit_code == 2


def test_history_by_nhs_number(place: Path, logged: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    acts(monkeypatch, "inv-ig")
    keys = derived_keys(SECRET)
    register = open_register(logged / "kept" / "identity.sqlite")
    import hmac

    with register.landing("first", keys) as entry:
        secret = pseudonym_keys(about_register(entry.connection), keys).pseudonym
        hashed = hmac.new(secret, SEPARATOR.join(("nhs_number", "9990000018")).encode(), "sha256").digest()
        entry.add_people(pa.array([7], pa.int64()))
        entry.add_lookups(pa.table({"scheme": ["nhs_number"], "hash": [hashed], "person_id": pa.array([7], pa.int64())}))
    register.close()
    key = tmp_path / "test.key"
    key.write_text(SECRET.hex())
    key.chmod(0o600)
    asked = ("history", place, "--store", logged, "--nhs-number", "--key-file", key)
    answer = run(*asked, stdin="999 000 0018\n")
    assert answer.exit_code == 0, answer.stderr
    assert "2 times" in answer.stdout
    assert "9990000018" not in answer.output.replace(" ", "")
    answer = run(*asked, stdin="9990000026\n")
    assert (answer.exit_code, answer.stdout) == (7, "")
    assert "9990000026" not in answer.stderr


def test_prepare_on_sqlite_makes_the_log(place: Path, store: Path) -> None:
    answer = run("prepare", place, "--store", store, "--role", "doors")
    assert answer.exit_code == 0
    assert "SQLite has no roles" in answer.stderr
    assert run("verify", place, "--store", store).exit_code == 0
