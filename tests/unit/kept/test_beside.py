"""Files beside the registers come back with them: who is protected, ids, staff; and nothing that was written since is undone."""

from __future__ import annotations

import json
import shutil
import zipfile
from pathlib import Path

import pytest

from joinedup.errors import StoreProblem
from joinedup.forget.erasing import catch_up
from joinedup.kept.backup import backup, open_backup, said_of_files
from joinedup.kept.beside import MARKER, may_hold_erased
from joinedup.kept.copies import copies, note_copy
from joinedup.kept.protected import FILE, protect, protected_by_hand
from joinedup.kept.restore import Restored, restore
from joinedup.kept.staff import is_own, keep_staff
from tests.unit.forget.test_erasing import Place, place
from tests.unit.kept.test_backup import begun

__all__ = ["place"]


@pytest.fixture
def kept(place: Place) -> Path:
    """The kept area of a place that has landed, with everything beside its registers."""
    kept = place.work.store.kept
    protect(kept, 11, "ada")
    protect(kept, 12, "ada")
    protect(kept, 12, "ada", ends=True)
    keep_staff(kept, [(13, "bert")])
    note_copy(kept, "hand-over", Path("/elsewhere"))
    (kept / "erasures").mkdir()
    (kept / "erasures" / "erasure-0f3a.json").write_text("{}")
    return kept


@pytest.fixture
def small(tmp_path: Path) -> Path:
    """A kept area with a small register and a list of protected people."""
    begun(tmp_path / "kept")
    protect(tmp_path / "kept", 11, "ada")
    return tmp_path / "kept"


def beside(kept: Path) -> dict[str, bytes]:
    """Every file beside the registers."""
    files = {path.relative_to(kept).as_posix(): path for path in kept.rglob("*") if path.is_file()}
    return {name: path.read_bytes() for name, path in files.items() if "sqlite" not in name and name != MARKER}


def restored(place: Place, file: Path, **options: bool) -> dict[str, Restored]:
    return {each.name: each for each in restore("testplace", place.work.store.kept, file, **options)}


def test_an_empty_place_has_them_again(place: Place, kept: Path, tmp_path: Path) -> None:
    before, ids = beside(kept), place.ids()
    assert {name.partition("/")[0] for name in before} == {FILE, "staff_people.csv", "ids", "copies.jsonl", "erasures"}
    manifest = backup("testplace", kept, tmp_path / "one.backup")
    assert said_of_files(manifest)[0] == f"people protected by hand: 1 file, {len(before[FILE])} bytes"
    shutil.rmtree(place.work.store.root)
    made = restored(place, tmp_path / "one.backup")
    assert beside(kept) == before
    assert (made["people protected by hand"].rows, made["people protected by hand"].unit) == (4, "rows")
    assert (made["ids that landings sealed"].rows, made["ids that landings sealed"].unit) == (1, "files")
    assert protected_by_hand(kept) == {11}
    assert is_own(kept, 13, "bert")
    assert {path.stat().st_mode & 0o777 for path in kept.rglob("*") if path.is_file()} == {0o600}
    place.work.land()
    assert place.ids() == ids
    assert not may_hold_erased(kept)


def test_what_was_written_since_stays(place: Place, kept: Path, tmp_path: Path) -> None:
    backup("testplace", kept, tmp_path / "one.backup")
    protect(kept, 11, "bert", ends=True)
    protect(kept, 14, "bert")
    keep_staff(kept, [(15, "cas")])
    note_copy(kept, "backup", tmp_path / "one.backup")
    now = beside(kept)
    made = restored(place, tmp_path / "one.backup")
    assert beside(kept) == now
    assert all(made[name].kept_newer for name in ("people protected by hand", "accounts of staff", "ids that landings sealed"))
    (kept / FILE).unlink()
    protect(kept, 16, "bert")
    restored(place, tmp_path / "one.backup")
    assert protected_by_hand(kept) == {11, 16}
    assert len(copies(kept)) == 2


def test_a_damaged_list_is_put_aside_and_keeps_what_is_sound(place: Place, kept: Path, tmp_path: Path) -> None:
    backup("testplace", kept, tmp_path / "one.backup")
    protect(kept, 14, "bert")
    (kept / FILE).write_bytes((kept / FILE).read_bytes() + b"2026-01-01T00:00,1\xff")
    with pytest.raises(StoreProblem, match="whose details are protected isn't known"):
        protected_by_hand(kept)
    aside = restored(place, tmp_path / "one.backup")["people protected by hand"].aside
    assert aside is not None
    assert aside.read_bytes().endswith(b"\xff")
    assert protected_by_hand(kept) == {11, 14}


def test_whoever_was_erased_since_is_erased_from_them_again(place: Place, kept: Path, tmp_path: Path) -> None:
    (gone,) = place.subject().person_ids
    protect(kept, gone, "ada")
    sealed = next((kept / "ids").iterdir())
    backup("testplace", kept, tmp_path / "one.backup")
    place.forget()
    assert protected_by_hand(kept) == {11}
    rewritten = len(sealed.read_bytes())
    sealed.unlink()
    restored(place, tmp_path / "one.backup", replace=True)
    assert protected_by_hand(kept) == {11, gone}
    assert len(sealed.read_bytes()) > rewritten
    desk = place.desk()
    with place.work.store.lock("erasure"):
        assert catch_up(desk) == 1
    assert (protected_by_hand(kept), len(sealed.read_bytes())) == ({11}, rewritten)
    restored(place, tmp_path / "one.backup", replace=True)
    assert may_hold_erased(kept)
    place.work.land()
    assert protected_by_hand(kept) == {11}
    assert not may_hold_erased(kept)


@pytest.mark.parametrize(
    "name", ["../planted.csv", "ids/../../planted.sealed", "/tmp/planted.csv", "identity.sqlite", "ids/a/b.sealed", "erase-again"]
)
def test_a_backup_that_would_write_elsewhere_is_refused(small: Path, tmp_path: Path, name: str) -> None:
    backup("calderdale", small, tmp_path / "good.backup")
    changed = tmp_path / "changed.backup"
    with zipfile.ZipFile(tmp_path / "good.backup") as archive, zipfile.ZipFile(changed, "w") as written:
        for each in archive.namelist():
            content = archive.read(each)
            if each == "manifest.json":
                manifest = json.loads(content)
                manifest["files"][name] = manifest["files"].pop(FILE)
                content = json.dumps(manifest).encode()
            written.writestr(each, content)
    before = beside(small)
    with pytest.raises(StoreProblem, match="a file that this version of joinedup doesn't know; nothing was written"):
        restore("calderdale", small, changed, replace=True)
    assert beside(small) == before


def test_a_file_that_is_not_as_it_was_written_is_refused(small: Path, tmp_path: Path) -> None:
    backup("calderdale", small, tmp_path / "good.backup")
    whole = (tmp_path / "good.backup").read_bytes()
    (tmp_path / "changed.backup").write_bytes(whole.replace(b",11,yes,ada", b",11,no,adaa"))
    with pytest.raises(StoreProblem, match="is damaged"):
        restore("calderdale", small, tmp_path / "changed.backup", replace=True)


def test_a_backup_of_before_there_were_files_still_opens(small: Path, tmp_path: Path) -> None:
    backup("calderdale", small, tmp_path / "new.backup")
    with zipfile.ZipFile(tmp_path / "new.backup") as archive, zipfile.ZipFile(tmp_path / "old.backup", "w") as old:
        for each in archive.namelist():
            content = archive.read(each)
            if each == "manifest.json":
                manifest = json.loads(content) | {"format": "joinedup backup 1"}
                del manifest["files"]
                content = json.dumps(manifest).encode()
            if not each.startswith("beside/"):
                old.writestr(each, content)
    assert open_backup(tmp_path / "old.backup").files == {}
    assert [made.name for made in restore("calderdale", small, tmp_path / "old.backup")] == ["the identity register"]
