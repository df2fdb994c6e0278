"""Protection by hand: who may begin and end it, that it is logged, and that it acts at once."""

from __future__ import annotations

import shutil
from pathlib import Path

import pyarrow as pa
import pytest
from click.testing import CliRunner

from joinedup.access.caller import own_account
from joinedup.cli import main
from joinedup.kept import keys
from joinedup.kept.access_log import open_access_log
from joinedup.kept.erased_tables import lookup_hash
from joinedup.kept.identity_register import open_register
from joinedup.kept.merges import EVENT_SCHEMA, add_events
from joinedup.kept.protected import FILE, protected_by_hand
from tests.unit.identity.people import KEYS, nhs_number


@pytest.fixture
def place(root: Path, tmp_path: Path) -> Path:
    register = open_register(tmp_path / "store" / "kept" / "identity.sqlite")
    with register.landing("first", KEYS, "calderdale") as entry:
        entry.add_people(pa.array([7, 8, 9]))
        hashes = pa.array([lookup_hash(entry.keys, "nhs_number", nhs_number(8))], pa.binary())
        entry.add_lookups(pa.table({"scheme": ["nhs_number"], "hash": hashes, "person_id": [8]}))
        merge = {"kind": "merge", "person_id": 9, "other_person_id": 8, "cause": "superseded number: followed"}
        add_events(entry, pa.Table.from_pylist([merge], schema=EVENT_SCHEMA))
    register.close()
    return Path(shutil.copytree(root / "places" / "calderdale", tmp_path / "calderdale"))


def run(place: Path, *more: str, typed: str = "") -> tuple[int, str]:
    done = CliRunner().invoke(main, ["protect", str(place), "--store", str(place.parent / "store"), *more], input=typed)
    return done.exit_code, done.output


def acts_as(place: Path, role: str) -> None:
    with (place / "staff.csv").open("a", encoding="utf-8") as staff:
        staff.write(f"{own_account()},Invented,{role},place,,,,\n")
    text = (place / "place.yml").read_text(encoding="utf-8")
    (place / "place.yml").write_text(text.replace("invented: true", "invented: false"), encoding="utf-8")


def test_a_person_is_protected_at_once_and_it_is_logged_without_a_reason(place: Path) -> None:
    kept = place.parent / "store" / "kept"
    assert run(place, "--person", "7")[0] == 0
    assert protected_by_hand(kept) == {7}
    assert "1 person is protected, 1 by hand" in run(place)[1]
    [row] = open_access_log(kept / "access_log.sqlite").looks().to_pylist()
    assert (row["what"], row["people"]) == ("protection by hand", [7])
    assert "witness" not in (kept / FILE).read_text(encoding="utf-8")
    assert run(place, "--person", "7", "--end")[0] == 0
    assert protected_by_hand(kept) == frozenset()


@pytest.mark.parametrize(("role", "begins", "ends"), [("care_team", 0, 7), ("ig_lead", 0, 0), ("analyst", 7, 7)])
def test_who_may(place: Path, role: str, begins: int, ends: int) -> None:
    acts_as(place, role)
    assert (run(place, "--person", "7")[0], run(place, "--person", "7", "--end")[0]) == (begins, ends)


def test_who_is_one_with_the_person_is_protected_too_and_nobody_by_a_mistyped_id(place: Path) -> None:
    kept = place.parent / "store" / "kept"
    code, said = run(place, "--person", "123")
    assert (code, "nobody has that person_id" in said) == (7, True)
    assert not (kept / FILE).exists()
    assert run(place, "--person", "8")[0] == 0
    assert protected_by_hand(kept) == {8, 9}
    assert run(place, "--person", "9", "--end")[0] == 0
    assert protected_by_hand(kept) == frozenset()


def test_by_the_number_unseen(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    kept = place.parent / "store" / "kept"
    monkeypatch.setattr(keys, "read_key", lambda *_, **__: KEYS)
    assert run(place, "--by-number", typed=nhs_number(8))[0] == 0
    assert protected_by_hand(kept) == {8, 9}
    for typed, why in ((nhs_number(4), "nobody is known by that number"), ("9990000001", "no NHS number")):
        code, said = run(place, "--by-number", typed=typed)
        assert code == 7
        assert why in said
        assert typed not in said
    assert protected_by_hand(kept) == {8, 9}
