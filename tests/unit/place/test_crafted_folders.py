"""Place folders that somebody made to do harm: nothing outside the folder is read or written, nothing runs, nothing takes for ever."""

from __future__ import annotations

import os
import shutil
import time
from pathlib import Path

import pytest
import yaml

from joinedup.errors import PlaceError
from joinedup.place.folder import FOLDERS, READ, read_place

SECRET = "planted-secret-9f2c"
SECONDS = 20.0
"""In which any folder is read, on a busy machine: the same folders take well under one."""


@pytest.fixture
def folder(root: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(root / "places" / "calderdale", tmp_path / "place", ignore=shutil.ignore_patterns("extracts")))


def refused(folder: Path) -> str:
    """What is said of a folder that isn't read, as a whole."""
    began = time.perf_counter()
    with pytest.raises(PlaceError) as error:
        read_place(folder)
    assert time.perf_counter() - began < SECONDS
    return "\n".join([str(error.value), *(f"{finding.file} {finding.rule} {finding.message}" for finding in error.value.findings)])


@pytest.mark.parametrize("file", READ)
def test_a_link_to_outside_is_not_followed_and_tells_nothing(folder: Path, tmp_path: Path, file: str) -> None:
    secret = tmp_path / "secret"
    secret.write_text(f"{SECRET}: {SECRET}\n{SECRET},{SECRET}\n")
    shutil.rmtree(folder / file) if (folder / file).is_dir() else (folder / file).unlink(missing_ok=True)
    (folder / file).symlink_to(secret)
    said = refused(folder)
    assert f"{file} file-elsewhere" in said
    assert SECRET not in said


@pytest.mark.parametrize("name", FOLDERS)
def test_definitions_are_a_folder_of_this_place(folder: Path, tmp_path: Path, name: str) -> None:
    shutil.rmtree(folder / name, ignore_errors=True)
    (folder / name).symlink_to(folder / "nowhere")
    assert f"{name} file-elsewhere" in refused(folder)
    (folder / name).unlink()
    (tmp_path / "others").mkdir()
    (folder / name).symlink_to(tmp_path / "others")
    assert f"{name} file-elsewhere" in refused(folder)
    (folder / name).unlink()
    (folder / name).write_text("mine")
    assert f"{name} file-unreadable" in refused(folder)


def test_a_link_within_the_folder_is_read(folder: Path) -> None:
    (folder / "..data").mkdir()
    (folder / "partners.csv").rename(folder / "..data" / "partners.csv")
    (folder / "partners.csv").symlink_to(Path("..data") / "partners.csv")
    assert read_place(folder).partners


def test_a_link_to_itself_a_pipe_and_a_device_are_not_waited_for(folder: Path) -> None:
    for make in (
        lambda path: path.symlink_to(path.name),
        os.mkfifo,
        lambda path: path.symlink_to("/dev/zero"),
        Path.mkdir,
    ):
        shutil.rmtree(folder / "partners.csv") if (folder / "partners.csv").is_dir() else (folder / "partners.csv").unlink()
        make(folder / "partners.csv")
        assert "partners.csv file-" in refused(folder)


@pytest.mark.parametrize(
    "text",
    [
        "a: &a [x,x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a]\nc: [*b,*b,*b,*b,*b,*b,*b,*b,*b]\n",
        "name: " + "[" * 50_000,
        "name: " + "{a: " * 5_000,
        "x" * 3_000_000,
        "name: !!python/object/apply:os.system ['touch planted']\n",
        "name: !!python/name:os.system\n",
        "\n".join(f"k{n}: {n}" for n in range(60_000)),
        "<<: {name: x}\n",
    ],
    ids=["bomb", "brackets", "braces", "giant", "apply", "name", "keys", "merge"],
)
def test_yaml_that_is_made_to_harm_is_a_finding(folder: Path, text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder)
    (folder / "place.yml").write_text(text)
    assert "place.yml" in refused(folder)
    assert not (folder / "planted").exists()


def test_a_giant_table_is_a_finding(folder: Path) -> None:
    with (folder / "areas.csv").open("wb") as file:
        file.truncate(30_000_000)
    assert "areas.csv file-too-large" in refused(folder)


@pytest.mark.parametrize("name", ["../../../../etc/passwd", "/etc/passwd", "..", "a/../../b.csv", "//host/share.csv"])
def test_a_source_names_nothing_outside_the_extracts(folder: Path, name: str) -> None:
    said = yaml.safe_load((folder / "sources.yml").read_text())
    said["sources"][0]["files"] = [name]
    (folder / "sources.yml").write_text(yaml.safe_dump(said, sort_keys=False))
    assert "sources.yml" in refused(folder)


@pytest.mark.parametrize("text", ["../../escaped", "/tmp/escaped", "a b", "x'; DROP TABLE person; --", "a\u202eb", "A" * 500])
def test_an_id_is_a_plain_name(folder: Path, text: str) -> None:
    said = yaml.safe_load((folder / "place.yml").read_text())
    said["id"] = text
    (folder / "place.yml").write_text(yaml.safe_dump(said, sort_keys=False))
    assert "place.yml" in refused(folder)


@pytest.mark.parametrize(
    ("file", "text", "rule"),
    [
        ("restricted_concepts.txt", "1234567\n" * 1_800_000, "file-too-large"),
        ("restricted_concepts.txt", "1" * 19_000_000, "no-concept"),
        ("staff.csv", "account,name,role\n" + "".join(f"u{n},U,analyst\n" for n in range(300_000)), "file-too-large"),
        ("staff.csv", ",".join(["account"] * 1_000_000) + "\n", "file-too-large"),
        ("practices.csv", ",".join(["practice_code"] * 1_000_000) + "\n", "too-many-columns"),
        ("partners.csv", '"' + "x" * 15_000_000 + '",U\n', "not-csv"),
    ],
    ids=["wrong concepts", "one concept", "staff", "columns of staff", "columns", "cell"],
)
def test_what_is_long_is_refused_at_once(folder: Path, file: str, text: str, rule: str) -> None:
    (folder / file).write_text(text)
    assert f"{file} {rule}" in refused(folder)


@pytest.mark.parametrize(
    "line",
    [
        "as_at: " + "9" * 5_000,
        "as_at: 2025-02-30",
        "as_at: 0001-01-01",
        "as_at: !!binary '%%%'",
        "? [a, b]\n: c",
        "x: &x [*x]",
        "---\nname: other",
    ],
    ids=["digits", "no day", "year 1", "binary", "key", "alias to itself", "two documents"],
)
def test_what_yaml_can_say_and_a_place_can_not_is_a_finding(folder: Path, line: str) -> None:
    text = (folder / "place.yml").read_text()
    kept = [each for each in text.splitlines() if not (line.startswith("as_at") and each.startswith("as_at"))]
    (folder / "place.yml").write_text("\n".join([*kept, line, ""]))
    assert "place.yml" in refused(folder)
