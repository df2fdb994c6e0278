"""Protection by hand: who may begin and end it, that it is logged, and that it acts at once."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner

from joinedup.access.caller import own_account
from joinedup.cli import main
from joinedup.kept.access_log import open_access_log
from joinedup.kept.protected import FILE, protected_by_hand


@pytest.fixture
def place(root: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(root / "places" / "calderdale", tmp_path / "calderdale"))


def run(place: Path, *more: str) -> tuple[int, str]:
    done = CliRunner().invoke(main, ["protect", str(place), "--store", str(place.parent / "store"), *more])
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
