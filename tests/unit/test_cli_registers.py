"""The verbs of registers: what they print, what they refuse, with which exit code."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.place.places import with_sources
from tests.unit.test_cli import run

SOURCES = ("register", "deaths", "apc", "ecds", "gp_record", "opt_out")


@pytest.fixture(scope="module")
def landed(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a place, extracts of few people, a key, and a store that they have landed in."""
    folder = tmp_path_factory.mktemp("registers")
    with_sources(shutil.copytree(root / "places" / "calderdale", folder / "place"), *SOURCES)
    assert run("synth", folder / "place", "--people", 60, "--out", folder / "extracts").exit_code == 0
    assert run("new-key", folder / "key").exit_code == 0
    assert land(folder, folder / "key").exit_code == 0
    return folder


def land(folder: Path, *keys: Path, **environment: str):
    given = [part for key in keys for part in ("--key-file", key)]
    return run("land", folder / "place", "--extracts", folder / "extracts", "--store", folder / "store", *given, "--quiet", **environment)


@pytest.fixture
def work(landed: Path, tmp_path: Path) -> Path:
    """A copy of that, which a test may spoil."""
    return shutil.copytree(landed, tmp_path / "work")


def test_backup_and_restore(work: Path) -> None:
    of = [work / "place", "--store", work / "store"]
    made = run("backup", *of, "--out", work / "one.backup")
    assert made.exit_code == 0
    assert made.stdout == f"{work / 'one.backup'}\n"
    assert made.stderr.startswith("identity: form 2, key ")
    assert "\nids that landings sealed: 1 file, " in made.stderr
    assert run("backup", *of, "--out", work / "one.backup").exit_code == 5
    assert run("backup", *of, "--out", work / "store" / "one.backup").exit_code == 2
    assert run("backup", *of, "--out", work / "place" / "one.backup").exit_code == 2
    (work / "store" / "kept" / "identity.sqlite").unlink()
    restored = run("restore", work / "place", work / "one.backup", "--store", work / "store")
    assert restored.exit_code == 0
    assert restored.stdout.startswith("the identity register: ")
    assert "ids that landings sealed: left as it is, for it is newer or holds all of the backup\n" in restored.stdout
    assert "register-behind" not in restored.stderr
    assert land(work, work / "key").exit_code == 0


def test_what_is_restored_from_yesterday_is_said_by_restore_and_build(work: Path) -> None:
    run("backup", work / "place", "--store", work / "store", "--out", work / "one.backup")
    shutil.rmtree(work / "extracts")
    run("synth", work / "place", "--people", 80, "--out", work / "extracts")
    assert land(work, work / "key").exit_code == 0
    refused = run("restore", work / "place", work / "one.backup", "--store", work / "store")
    assert refused.exit_code == 5
    assert "give --replace to lose that" in refused.stderr
    restored = run("restore", work / "place", work / "one.backup", "--store", work / "store", "--replace")
    assert restored.exit_code == 0
    assert "lost: what came with" in restored.stdout
    assert "register-behind" in restored.stderr
    built = run("build", work / "place", "--store", work / "store", "--no-land", "--quiet")
    assert built.exit_code == 0
    assert "register-behind" in built.stderr
    again = land(work, work / "key")
    assert again.exit_code == 0
    built = run("build", work / "place", "--store", work / "store", "--no-land", "--quiet")
    assert "register-behind" not in built.stderr


def test_a_key_is_changed_for_two_halves(work: Path) -> None:
    halves = [work / "a" / "half", work / "b" / "half"]
    made = run("new-key", "--split", *halves)
    assert made.stdout == f"{halves[0]}\n{halves[1]}\n"
    fingerprint = made.stderr.partition("of key ")[2].partition(":")[0]
    new = [part for half in halves for part in ("--new-key-file", half)]
    changed = run("rekey", work / "place", "--store", work / "store", "--key-file", work / "key", *new)
    assert changed.exit_code == 0, changed.stderr
    assert changed.stdout == f"{fingerprint}\n"
    assert land(work, work / "key").exit_code == 4
    assert land(work, halves[0]).exit_code == 4
    assert land(work, *halves).exit_code == 0
    assert land(work, JOINEDUP_KEY_FILE=str(halves[0]), JOINEDUP_KEY_FILE_2=str(halves[1])).exit_code == 0
    assert run("rekey", work / "place", "--store", work / "store", "--key-file", work / "key", *new).exit_code == 4


def test_new_keys_are_asked_for_rightly(tmp_path: Path) -> None:
    assert run("new-key", "--split", tmp_path / "one").exit_code == 2
    assert run("new-key", tmp_path / "one", tmp_path / "two").exit_code == 2
    assert run("new-key", "--split", tmp_path / "one", tmp_path / "one").exit_code == 4
    assert list(tmp_path.iterdir()) == []
