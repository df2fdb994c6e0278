"""The journal: whole lines of known fields, how a verb ended, and no person in it whoever was in the extracts."""

from __future__ import annotations

import json
import logging
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from joinedup import journal
from joinedup.cli import FAULT, TERMINATED, main
from joinedup.engine.store import Store
from joinedup.errors import JoinedupError, KeyProblem, NothingPublished, PlaceError, Refused, SqlError, StoreHeld, StoreProblem
from joinedup.land import land
from joinedup.progress import Step
from tests.unit.identity.people import KEYS
from tests.unit.test_land import PEOPLE, Work, admitted, listed, write

KNOWN = {"time", "level", *journal.FIELDS}


@pytest.fixture(autouse=True)
def closed() -> Iterator[None]:
    yield
    journal.close()


def lines(path: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in path.read_text(encoding="ascii").splitlines()]


def run(*arguments: object, **environment: str) -> Result:
    unset: dict[str, str | None] = {"JOINEDUP_KEY": None, "JOINEDUP_KEY_FILE": None, journal.VARIABLE: None, "JOINEDUP_TRACEBACK": None}
    return CliRunner().invoke(main, [str(argument) for argument in arguments], env=unset | environment)


@pytest.fixture
def place(root: Path) -> Path:
    return root / "places" / "calderdale"


def test_no_name_number_or_file_of_the_extracts_is_in_it(tmp_path: Path) -> None:
    work = Work(tmp_path)
    write(work.extracts / "list.csv", [listed(person) for person in PEOPLE[:3]])
    write(work.extracts / "apc_Ermintrude Quill.csv", [admitted(person, key) for key, person in enumerate(PEOPLE)])
    (work.extracts / "apc_PLANTED9.csv").write_text("PLANTED9,GROWN9\n1,2\n", encoding="utf-8")
    path = tmp_path / "journal"
    journal.begin(str(path), "land")
    land(work.place, work.extracts, work.store, KEYS, progress=journal.noted())
    journal.end(0)
    said = path.read_text(encoding="ascii")
    values = {value for person in PEOPLE for value in person.values()} | {"Ermintrude", "Quill", "PLANTED", "GROWN"}
    assert [value for value in values if value in said] == []
    found = lines(path)
    assert {name for line in found for name in line} <= KNOWN
    steps = [line for line in found if line["event"] == "step"]
    assert [(line["step"], line["name"]) for line in steps if line["step"] == "read"] == [("read", "register")] + [("read", "apc")] * 2
    assert [line["level"] for line in steps if line["step"] == "read"].count("warning") == 1
    assert len({line["of"] for line in steps}) == 1
    assert (found[-1]["event"], found[-1]["exit_code"]) == ("ended", 0)
    assert path.stat().st_mode & 0o777 == 0o600


def test_an_error_is_its_kind_and_not_its_sentence(tmp_path: Path, place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def stops(*_: object, **__: object) -> None:
        raise StoreProblem("Ermintrude 999 123 4567")

    monkeypatch.setattr("joinedup.sources.synthetic.synthesise", stops)
    answer = run("synth", place, "--out", tmp_path / "out", "--journal", tmp_path / "journal")
    assert answer.exit_code == 5
    begun, ended = lines(tmp_path / "journal")
    assert (begun["event"], begun["verb"], begun["run"]) == ("begun", "synth", ended["run"])
    assert (ended["level"], ended["error"], ended["exit_code"]) == ("error", "StoreProblem", 5)
    assert "Ermintrude" not in str(ended)


def test_the_environment_names_it_for_every_verb_and_it_is_added_to(tmp_path: Path, place: Path) -> None:
    for _ in range(2):
        assert run("show", place, "person_year", "--store", tmp_path / "store", JOINEDUP_JOURNAL=str(tmp_path / "journal")).exit_code == 6
    found = lines(tmp_path / "journal")
    assert [(line["event"], line.get("error")) for line in found] == [("begun", None), ("ended", "NothingPublished")] * 2
    assert len({line["run"] for line in found}) == 2


def test_a_journal_that_cant_be_opened_ends_with_5(tmp_path: Path, place: Path) -> None:
    answer = run("check", place, "--journal", tmp_path / "nowhere" / "journal")
    assert answer.exit_code == 5
    assert "the journal can't be written at" in answer.stderr


def test_a_journal_on_a_full_disk_stops_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    journal.begin("/dev/full", "build")
    for done in range(3):
        journal.noted()(Step("build", "person", done, 3, 0.1))
    assert capsys.readouterr().err.count("the work goes on without it") == 1


def test_lines_of_others_bring_nothing_of_theirs(tmp_path: Path) -> None:
    journal.begin(str(tmp_path / "journal"), "build")
    logging.getLogger("joinedup.somewhere").warning("Ermintrude %s", "9990000018")
    assert {"event": "other", "name": "test_journal", "level": "warning"}.items() <= lines(tmp_path / "journal")[-1].items()
    with pytest.raises(AssertionError):
        journal.tell("step", patient="Ermintrude")


@pytest.mark.parametrize("error", [PlaceError, JoinedupError, SqlError, KeyProblem, StoreProblem, NothingPublished, Refused, StoreHeld])
def test_each_kind_of_error_ends_with_its_code(
    error: type[JoinedupError], tmp_path: Path, place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stops(*_: object, **__: object) -> None:
        raise error("it can't be done")

    monkeypatch.setattr("joinedup.sources.synthetic.synthesise", stops)
    codes = {PlaceError: 1, JoinedupError: 2, SqlError: 3, KeyProblem: 4, StoreProblem: 5, NothingPublished: 6, Refused: 7, StoreHeld: 8}
    answer = run("synth", place, "--out", tmp_path / "out")
    assert (answer.exit_code, answer.stderr) == (codes[error], "joinedup: it can't be done\n")
    assert f"\n    {codes[error]} " in run("--help").stdout


def test_a_fault_of_its_own_ends_with_70_and_shows_no_value(tmp_path: Path, place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def stops(*_: object, **__: object) -> None:
        raise ValueError("could not convert 'Ermintrude'")

    monkeypatch.setattr("joinedup.sources.synthetic.synthesise", stops)
    answer = run("synth", place, "--out", tmp_path / "out", "--journal", tmp_path / "journal")
    assert answer.exit_code == FAULT == os.EX_SOFTWARE
    assert "a fault of its own, ValueError in cli/inventing.py, line " in answer.stderr
    assert "Ermintrude" not in answer.output + (tmp_path / "journal").read_text(encoding="ascii")
    shown = run("synth", place, "--out", tmp_path / "out", JOINEDUP_TRACEBACK="1")
    assert isinstance(shown.exception, ValueError)


HELD = """
import signal, sys, time
from pathlib import Path
from joinedup.cli import main
from joinedup.engine.store import Store
import joinedup.sources.synthetic
def waits(*_, **__):
    store = Store(Path(sys.argv[1])).create()
    with store.lock("build"):
        (store.tmp / "spilled").write_text("rows")
        try:
            print("held", flush=True)
            signal.pause()
        finally:
            store.wipe_tmp()
joinedup.sources.synthetic.synthesise = waits
main(["synth", sys.argv[2], "--out", sys.argv[3], "--journal", sys.argv[4]])
"""


def test_asked_to_end_it_tidies_up_and_ends_with_143(tmp_path: Path, place: Path, root: Path) -> None:
    command = [sys.executable, "-c", HELD, tmp_path / "store", place, tmp_path / "out", tmp_path / "journal"]
    with subprocess.Popen(command, cwd=root, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"held\n"
        process.send_signal(signal.SIGTERM)
        _, said = process.communicate()
    assert (process.returncode, said) == (TERMINATED, b"joinedup: stopped; what was published before is as it was\n")
    assert (lines(tmp_path / "journal")[-1]["error"], lines(tmp_path / "journal")[-1]["exit_code"]) == ("Terminated", 143)
    store = Store(tmp_path / "store")
    assert list(store.tmp.iterdir()) == []
    assert store.held_by() == ""
