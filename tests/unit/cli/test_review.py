"""Review on a terminal: keys, progress, stopping and going on, two people, rights, the log, and no name left anywhere."""

from __future__ import annotations

import csv
import io
import json
import os
import pty
import select
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pytest
import sqlalchemy as sa
from click.testing import CliRunner, Result

from joinedup.cli import main
from joinedup.cli.review import account_of, band
from joinedup.cli.reviewing import Session, Terminal
from joinedup.cli.shared import open_place
from joinedup.engine.store import Store
from joinedup.errors import Refused, StoreProblem
from joinedup.kept.access_log import AccessLog, log_place, open_access_log
from joinedup.kept.answers import Reviewer, history
from joinedup.kept.decisions import decided
from joinedup.kept.identity_register import IdentityRegister, open_register, register_place
from joinedup.kept.keys import Keys, read_key, write_new_key
from joinedup.kept.pairs import PAIR_SCHEMA, offer_pairs

PEOPLE = 4
FIELDS = ("person_family_name", "person_given_name", "person_birth_date", "postcode_of_usual_address")
COLUMNS = [f"{side}_{name}" for side in "rp" for name in FIELDS] + ["r_source", "p_twins"]
PAIRS = pa.Table.from_pylist(
    [
        {
            "record_hash": bytes([number]) * 32,
            "contract": "visit",
            "person_id": 100 + number,
            "probability": 0.99 - number / 10,
            "r_person_family_name": f"PLANTED{number}",
            "p_person_family_name": f"PLANTED{number}Z\x1b[31m",
            "r_source": "visits of the hospice",
            "p_twins": "1" if number == 0 else None,
            **{f"{side}_{name}": text for side in "rp" for name, text in zip(FIELDS[1:], ("GROWN", "1950-05-04", "ZZ99 3VZ"), strict=True)},
        }
        for number in range(PEOPLE)
    ],
    schema=pa.unify_schemas([PAIR_SCHEMA, pa.schema([(name, pa.string()) for name in COLUMNS])]),
)
PLANTED = (b"PLANTED", b"GROWN", b"ZZ99 3VZ", b"1950-05-04")


def reviewer(account: str, role: str = "coordinator") -> Reviewer:
    return Reviewer(account, role, (account,))


class Desk:
    """A place's folder, store and key, with pairs in doubt; `sit` has somebody press keys and gives what they saw."""

    def __init__(self, root: Path, folder: Path) -> None:
        self.place = shutil.copytree(root / "places" / "calderdale", folder / "place")
        self.store, self.key_file = Store(folder / "store"), folder / "only.key"
        write_new_key(self.key_file)
        self.keys: Keys = read_key(self.key_file, environ={})
        self.register: IdentityRegister = open_register(register_place(self.store.kept, {}))
        with self.register.landing("first", self.keys) as entry:
            entry.add_people(PAIRS["person_id"])
            offer_pairs(entry, PAIRS)
        self.log: AccessLog = open_access_log(log_place(self.store.kept, {}), {})

    def sit(self, account: str, keys: str, most: int | None = None, role: str = "coordinator") -> list[str]:
        screens: list[str] = []
        pressed: Iterator[str] = iter(keys)
        terminal = Terminal(lambda: next(pressed, "q"), screens.append)
        Session(self.register, self.keys, lambda: reviewer(account, role), self.log, terminal, most).run()
        assert next(pressed, None) is None, "keys are left"
        return screens

    def run(self, *arguments: object) -> Result:
        given = ["review", self.place, *arguments, "--store", self.store.root, "--key-file", self.key_file]
        return CliRunner().invoke(main, [str(each) for each in given], env={"JOINEDUP_KEY": None, "JOINEDUP_KEY_FILE": None})

    def said(self) -> list[tuple[object, ...]]:
        with self.register.connected(self.keys) as connection:
            return [(row["pair"], row["who"], row["said"], row["why"]) for row in history(connection)]


@pytest.fixture
def desk(root: Path, tmp_path: Path) -> Desk:
    return Desk(root, tmp_path)


def test_a_pair_is_two_keys_and_the_next_follows(desk: Desk) -> None:
    screens = desk.sit("ada", "d1" + "s2")
    assert "1 of 4   pair 1   visit   in doubt since" in screens[0]
    assert "Record from visits of the hospice" in screens[0]
    assert "PLANTED0 " in screens[0]
    assert "PLANTED0Z�[31m" in screens[0], "no escape sequence gets through"
    assert "\x1b" not in "".join(screens)
    assert "1950" not in screens[0], "what agrees isn't shown where it isn't needed"
    assert "0.99" not in screens[0], "nor how likely matching holds it"
    assert "! another person of this family name" in screens[0]
    assert "Pair 1: different, relatives: twins, or parent and child. (u takes it back)" in screens[2]
    assert "2 of 4   pair 2" in screens[2]
    assert "3 of 4   pair 3" in screens[4]
    assert desk.said() == [(1, "ada", "different", "relatives"), (2, "ada", "same", "slip")]


def test_who_stops_goes_on_where_they_were(desk: Desk) -> None:
    desk.sit("ada", "d1" + "q")
    assert "1 of 3   pair 2" in desk.sit("ada", "c1" + "q")[0]
    assert "1 of 2   pair 3" in desk.sit("ada", "c1", most=1)[0]
    desk.sit("ada", "s1")
    assert desk.sit("ada", "") == [], "nothing waits"
    assert len(desk.said()) == 4


def test_the_second_person_sees_what_the_first_answered_first_and_not_how(desk: Desk) -> None:
    desk.sit("ada", "d1" + "s1" + "s1" + "s1")
    screens = desk.sit("ben", "s1y" + "s1" + "d2" + "q")
    assert "different" not in screens[0].partition("One person?")[0]
    assert "pair 1" in screens[0]
    third = desk.sit("cas", "d1" + "q")
    assert "1 of 3   pair 1" in third[0], "two on which they disagree, and one that ben left"
    with desk.register.landing("second", desk.keys) as entry:
        assert [(row["person_id"], row["same"]) for row in decided(entry).to_pylist()] == [(100, False), (101, True)]


def test_same_is_asked_twice_where_there_is_a_warning(desk: Desk) -> None:
    screens = desk.sit("ada", "s1n" + "s1y" + "q")
    assert "There is a warning above" in screens[2]
    assert desk.said() == [(1, "ada", "same", "agrees")]


def test_keys_that_mean_nothing_do_nothing_and_b_goes_back(desk: Desk) -> None:
    desk.sit("ada", "xu9\x1b[A" + "sb" + "s9xb" + "dq" + "q")
    assert desk.said() == []


def test_u_takes_the_last_answer_back_and_shows_the_pair_again(desk: Desk) -> None:
    screens = desk.sit("ada", "d1" + "d1" + "u" + "s1" + "q")
    assert any("Your answer to pair 2 is taken back." in screen and "pair 2   visit" in screen for screen in screens)
    assert [row[2] for row in desk.said()] == ["different", "different", "taken back", "same"]


def test_a_pair_that_is_decided_meanwhile_is_said_and_left(desk: Desk) -> None:
    keys = iter("d1" + "q")
    screens: list[str] = []

    def read() -> str:
        if len(screens) == 2:
            desk.sit("ben", "d1" + "q")
            desk.sit("cas", "d1" + "q")
        return next(keys)

    Session(desk.register, desk.keys, lambda: reviewer("ada"), desk.log, Terminal(read, screens.append)).run()
    assert "pair 1 doesn't wait for an answer of ada" in screens[-1]
    assert {row[1] for row in desk.said()} == {"ben", "cas"}


def test_every_look_is_logged_before_the_pair_is_opened(desk: Desk) -> None:
    desk.sit("ada", "d1" + "q")
    looks = desk.log.looks().to_pylist()
    seen = [(row["account"], row["role"], row["door"], row["what"], row["people"], row["purpose"]) for row in looks]
    assert seen == [("ada", "coordinator", "review", f"pair {n}", [99 + n], "review of links") for n in (1, 2)]


def test_a_pair_that_can_not_be_logged_is_not_shown(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_self: AccessLog, _looks: object) -> None:
        raise StoreProblem("the access log can't be used")

    monkeypatch.setattr(AccessLog, "append", full)
    screens: list[str] = []
    terminal = Terminal(lambda: "q", screens.append)
    with pytest.raises(StoreProblem):
        Session(desk.register, desk.keys, lambda: reviewer("ada"), desk.log, terminal).run()
    assert screens == []


def test_a_right_that_ends_meanwhile_ends_the_session(desk: Desk) -> None:
    asked = iter([reviewer("ada")])

    def who() -> Reviewer:
        try:
            return next(asked)
        except StopIteration:
            raise Refused("no longer") from None

    keys = iter("d1")
    with pytest.raises(Refused):
        Session(desk.register, desk.keys, who, desk.log, Terminal(lambda: next(keys), lambda _text: None)).run()
    assert len(desk.said()) == 1


def test_list_counts_and_names_nobody(desk: Desk) -> None:
    desk.sit("ada", "d1" + "q")
    answer = desk.run("list", "--as", "inv-ig", "--format", "json")
    assert answer.exit_code == 0, answer.stderr
    rows = json.loads(answer.stdout)
    assert rows[-1] == {"contract": "visit", "probability": "0.95 to 1.0", "state": "waits for one more", "pairs": 1, "oldest_days": 0}
    assert sum(row["pairs"] for row in rows) == PEOPLE
    table = desk.run("list", "--as", "inv-ig").stdout
    assert "waits for two answers" in table
    assert "PLANTED" not in answer.stdout + table


def test_history_and_export_tell_who_when_and_why(desk: Desk) -> None:
    desk.sit("=cmd|'/c calc'!A1", "d1" + "q")
    answer = desk.run("export", "--as", "inv-ig")
    [row] = csv.DictReader(io.StringIO(answer.stdout))
    assert (row["who"], row["said"], row["why"], row["pair"]) == ("'=cmd|'/c calc'!A1", "different", "relatives", "1")
    assert desk.run("history", 2, "--as", "inv-ig", "--format", "json").stdout == "[]\n"
    assert "relatives" in desk.run("history", "--as", "inv-ig").stdout


def test_undo_says_whether_a_landing_had_gone_by_it(desk: Desk) -> None:
    for account in ("inv-linkage", "inv-ig"):
        desk.sit(account, "d1" + "q")
    assert "no landing had gone by it" in desk.run("undo", 1, "--as", "inv-linkage").stdout
    desk.sit("inv-linkage", "d1" + "q")
    with desk.register.landing("second", desk.keys) as entry:
        decided(entry)
    refused = desk.run("undo", 1, "--of", "inv-ig", "--as", "inv-linkage")
    assert (refused.exit_code, refused.stdout) == (7, "")
    assert "the next one parts what is no longer agreed" in desk.run("undo", 1, "--of", "inv-linkage", "--as", "inv-ig").stdout
    assert desk.run("undo", "--as", "inv-ig").exit_code == 2


@pytest.mark.parametrize("account", ["inv-analyst", "inv-coordinator-north", "inv-board"])
def test_without_the_right_nothing_is_told(desk: Desk, account: str) -> None:
    for what in ("list", "history", "export", "pairs", "next"):
        answer = desk.run(what, "--as", account)
        assert (answer.exit_code, answer.stdout) == (7, "")
        assert "staff.csv" in answer.stderr


def test_of_real_people_nobody_answers_as_another(desk: Desk) -> None:
    file = desk.place / "place.yml"
    file.write_text(file.read_text().replace("invented: true", "invented: false"))
    answer = desk.run("list", "--as", "inv-ig")
    assert answer.exit_code in {1, 7}
    assert answer.stdout == ""


def test_the_environment_does_not_say_who_answers(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("USER", "LOGNAME", "SUDO_USER", "USERNAME"):
        monkeypatch.setenv(name, "inv-ig")
    assert account_of(open_place(desk.place)) != "inv-ig"


@pytest.mark.parametrize(("written", "expected"), [("65534", "nobody"), ("4294967295", ""), ("", ""), ("x", ""), ("0", "root")])
def test_an_account_that_is_nobodys_answers_for_who_has_logged_in(
    desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, written: str, expected: str
) -> None:
    (tmp_path / "loginuid").write_text(written)
    monkeypatch.setattr(sys.modules["joinedup.cli.review"], "LOGGED_IN", tmp_path / "loginuid")
    monkeypatch.setattr("joinedup.access.caller.own_account", lambda: "joinedup")
    place = open_place(desk.place)
    assert account_of(place) == (expected or "joinedup")
    monkeypatch.setattr("joinedup.access.caller.own_account", lambda: "inv-ig")
    assert account_of(place) == "inv-ig", "who has a row answers as themselves"


def test_names_go_to_no_pipe(desk: Desk) -> None:
    for what in ("pairs", "next"):
        answer = desk.run(what, "--as", "inv-ig")
        assert answer.exit_code == 2
        assert "on a terminal only" in answer.stderr
    assert desk.log.looks().num_rows == 0


def test_another_key_and_another_store_are_told(desk: Desk, tmp_path: Path) -> None:
    write_new_key(tmp_path / "another.key")
    with_another = ["review", desk.place, "list", "--store", desk.store.root, "--key-file", tmp_path / "another.key", "--as", "inv-ig"]
    assert CliRunner().invoke(main, list(map(str, with_another))).exit_code == 4
    elsewhere = ["review", desk.place, "list", "--store", tmp_path / "elsewhere", "--key-file", desk.key_file, "--as", "inv-ig"]
    answer = CliRunner().invoke(main, list(map(str, elsewhere)))
    assert answer.exit_code == 6
    assert not (tmp_path / "elsewhere").exists() or not list((tmp_path / "elsewhere" / "kept").glob("*.sqlite"))


@pytest.mark.parametrize("text", ["1; DROP TABLE answer", "1 OR 1=1", "-1", "9" * 40, "ä"])
def test_a_pair_is_a_number(desk: Desk, text: str) -> None:
    assert desk.run("undo", "--as", "inv-ig", "--", text).exit_code == 2


@pytest.mark.parametrize("text", ["'; DROP TABLE answer; --", "", "a\x1b[2J", "a" * 101, "-x"])
def test_an_account_is_a_name(desk: Desk, text: str) -> None:
    answer = desk.run("list", f"--as={text}")
    assert (answer.exit_code, answer.stdout) == (2, "")
    assert "\x1b" not in answer.stderr
    assert desk.run("undo", 1, "--of", "' OR '1'='1", "--as", "inv-ig").exit_code == 7


def test_bands() -> None:
    assert [band(p) for p in (1.0, 0.95, 0.9499, 0.5, 0.1)] == ["0.95 to 1.0", "0.95 to 1.0", "0.9 to 0.95", "0.5 to 0.75", "below 0.5"]


def on_a_terminal(desk: Desk, keys: list[str], *arguments: object) -> tuple[int, bytes, bytes]:
    """What the verb does on a terminal as keys are pressed, each once a question stands there: exit code, screen, stderr."""
    outside, inside = pty.openpty()
    command = [sys.executable, "-m", "joinedup.cli", "review", desk.place, *arguments]
    command += ["--store", desk.store.root, "--key-file", desk.key_file]
    unset = {"JOINEDUP_KEY", "JOINEDUP_KEY_FILE"}
    environment = {name: text for name, text in os.environ.items() if name not in unset} | {"TERM": "xterm", "COLUMNS": "100"}
    process = subprocess.Popen(list(map(str, command)), stdin=inside, stdout=inside, stderr=subprocess.PIPE, env=environment)
    os.close(inside)
    seen, shown, pressed = b"", 0, 0
    while select.select([outside], [], [], 60)[0]:
        try:
            seen += os.read(outside, 65536)
        except OSError:  # Linux says so when the other end is closed
            break
        asked = seen.count(b"One person?") + seen.count(b"because:")
        if asked > shown and pressed < len(keys):
            shown = asked
            time.sleep(0.2)  # the pair stands there before a key is pressed, as with people
            os.write(outside, keys[pressed].encode())
            pressed += 1
    _, told = process.communicate(timeout=60)
    os.close(outside)
    return process.returncode, seen, told


def test_keys_that_are_pressed_ahead_do_not_answer_the_next_pair(desk: Desk) -> None:
    """Whoever presses keys without looking answers one pair at most: what was pressed before a pair stands there is forgotten."""
    code, _, told = on_a_terminal(desk, ["d1" * 4, "q"], "--as", "inv-ig")
    assert code == 0, told
    assert desk.said() == [(1, "inv-ig", "different", "relatives")]


def test_on_a_real_terminal_and_nothing_is_left_in_clear(desk: Desk) -> None:
    code, seen, told = on_a_terminal(desk, ["d", "1", "\x03"], "--as", "inv-ig")
    assert code == 0, told
    assert seen.count(b"\x1b[?1049h") == seen.count(b"\x1b[?1049l") == 1
    assert seen.rindex(b"\x1b[2J\x1b[H\x1b[?1049l") > seen.rindex(b"PLANTED1"), "the screen is wiped and left"
    assert told.decode().endswith("1 answered; 3 still wait for you. What is agreed acts at the next landing.\n")
    desk.register.close()
    desk.log.close()
    kept = b"".join(path.read_bytes() for path in desk.store.root.rglob("*") if path.is_file())
    for secret in PLANTED:
        assert secret not in told
        assert secret not in kept
    with desk.register.connected(desk.keys) as connection:
        assert connection.scalar(sa.text("SELECT account FROM answer")) == "inv-ig"
