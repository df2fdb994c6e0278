"""The verb forget: what it says, what it refuses, who must agree, and with which exit code it ends."""

from __future__ import annotations

import csv
import json
import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner

import joinedup.cli.forgetting as verb
from joinedup.cli import main
from joinedup.forget.certificate import REASONS
from tests.unit.test_cli import run
from tests.unit.test_cli_registers import land, landed

__all__ = ["landed"]


@pytest.fixture
def work(landed: Path, tmp_path: Path) -> Path:
    """A copy of a store with sixty people, which a test may spoil."""
    return shutil.copytree(landed, tmp_path / "work")


def forget(work: Path, *words: object, number: str = ""):
    of = ["forget", work / "place", "--store", work / "store", "--key-file", work / "key", *words]
    return CliRunner().invoke(main, [str(word) for word in of], input=f"{number}\n", catch_exceptions=False)


def someone(work: Path) -> str:
    with (work / "extracts" / "register.csv").open(newline="") as file:
        return next(row["NHS_NUMBER"] for row in csv.DictReader(file) if len(row["NHS_NUMBER"]) == 10)


WHY = ("--reference", "DPO-17", "--reason", "objection")


def test_one_person_is_erased_certified_and_kept_out(work: Path) -> None:
    number = someone(work)
    said = forget(work, *WHY, number=number)
    assert (said.exit_code, said.stdout) == (0, "")
    assert "landed landed_register: 1 rows" in said.stderr
    assert "nothing was changed; --yes erases" in said.stderr
    done = forget(work, *WHY, "--yes", "--no-build", "--out", work / "certificates", number=number)
    assert done.exit_code == 0, done.stderr
    assert number not in done.output
    path = Path(done.stdout.strip())
    assert json.loads(path.read_text())["reference"] == "DPO-17"
    assert {each.suffix for each in (work / "certificates").iterdir()} == {".json", ".md", ".html"}
    verified = forget(work, "--verify", path)
    assert verified.exit_code == 0
    assert verified.stdout.endswith("nothing of the person is there\n")
    assert "DPO-17\tobjection" in forget(work, "--list").stdout
    assert forget(work, "--again").stdout == "0 erasures were done again or finished\n"
    assert land(work, work / "key").exit_code == 0
    assert "landed landed_register" not in forget(work, *WHY, number=number).stderr
    assert forget(work, "--let-in", "DPO-17").stdout.startswith("1 keys no longer")
    assert land(work, work / "key").exit_code == 0
    assert "landed landed_register: 1 rows" in forget(work, *WHY, number=number).stderr


def test_what_is_told_comes_after_the_number_and_is_not_shown(work: Path) -> None:
    told = f"{someone(work)}\nfamily: Quetzal\ngiven: Zyx\nborn: 1950-05-04\npostcode: HX1 1AA\n"
    said = forget(work, *WHY, "--details", number=told)
    assert (said.exit_code, "1 ids, 3 keys" in said.stderr) == (0, True)
    assert not any(each in said.output for each in ("Quetzal", "Zyx", "1950", "HX1"))
    assert forget(work, *WHY, "--details", number=f"{someone(work)}\nfamily: Quetzal\n").exit_code == 7


def test_two_people_must_agree_about_real_people(work: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    staff = "account,name,role\nada,Ada,ig_lead\nada2,Ada,ig_lead\nbert,Bert,ig_lead\ncy,Cy,analyst\n"
    (work / "place" / "staff.csv").write_text(staff)
    number, whole = someone(work), verb.open_place
    monkeypatch.setattr(verb, "open_place", lambda folder: whole(folder).model_copy(update={"invented": False}))

    def by(account: str, *words: object, reason: str = "objection"):
        monkeypatch.setattr(verb, "account_now", lambda _: account)
        return forget(work, "--reference", "R 1", "--reason", reason, "--no-build", *words, number=number)

    assert by("cy").exit_code == 7
    assert "two" not in by("ada").stderr
    first = by("ada", "--yes")
    assert first.exit_code == 0
    assert first.stdout == ""
    assert "nothing goes until a second person gives the same command" in first.stderr
    again = by("ada2", "--yes")
    assert again.exit_code == 7
    assert "a second person must agree" in again.stderr
    other = by("bert", "--yes", reason="unlawful")
    assert other.exit_code == 7
    assert "for another reason" in other.stderr
    done = by("bert", "--yes")
    assert done.exit_code == 0
    assert json.loads(Path(done.stdout.strip()).read_text())["by"] == ["ada", "bert"]


@pytest.mark.parametrize(
    ("words", "number", "code", "said"),
    [
        (WHY, "123", 7, "is no NHS number"),
        (WHY, "9999999999", 7, "is no NHS number"),
        ((*WHY, "--by", "person-id"), "12", 7, "knows nobody with that person_id"),
        (("--reference", "x/999 000 0018", "--reason", "duty"), "", 2, "looks like an NHS number"),
        (("--reason", "duty"), "", 2, "say --reference"),
        (("--let-in", "nobody's"), "", 7, "there is no erasure with the reference"),
    ],
)
def test_what_makes_no_sense_is_refused(work: Path, words: tuple[str, ...], number: str, code: int, said: str) -> None:
    answer = forget(work, *words, number=number)
    assert answer.exit_code == code
    assert said in answer.stderr


def test_reasons_are_those_of_certificates() -> None:
    assert tuple(REASONS) == verb.REASON_NAMES


def test_what_is_beyond_its_time_is_told(work: Path) -> None:
    answer = forget(work, "--expired")
    assert answer.exit_code == 0
    assert "nothing is kept beyond its time" in answer.stderr
    assert run("forget", work / "place", "--list", "--store", work / "nowhere").exit_code == 6
