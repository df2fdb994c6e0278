"""Handing a landing over: from the trusted host, where identifiers are, to where builds are made, without any.

What is handed over is a folder: landed tables and their record. It holds no identifier, no key and no register.
"""

from __future__ import annotations

import shutil
from pathlib import Path

from joinedup.engine.collecting import drop_builds
from joinedup.engine.objects import sha256_of
from joinedup.engine.store import PRIVATE_FOLDER, Store, move_into_place, store_errors
from joinedup.errors import NothingPublished, PlaceError, StoreProblem
from joinedup.findings import Finding, Severity
from joinedup.sources.erasing import remove_unnamed
from joinedup.sources.identifying import identifiers_in
from joinedup.sources.landed import (
    LANDING_FILE,
    LandedTable,
    LandingRecord,
    current_path,
    parse_landing,
    publish_landing,
    read_landing,
)

ALTERED, FOREIGN, MISSING = "handed-over-altered", "handed-over-foreign", "handed-over-missing"


def hand_over(store: Store, out: Path) -> Path:
    """The new folder below `out`, named by the landing, with what a build elsewhere needs; StoreProblem when it is there already."""
    landing = read_landing(store)
    folder = out / landing.landing_id
    if folder.exists():
        raise StoreProblem(f"{folder} is there already: landing {landing.landing_id} was handed over before; remove it to do it again")
    with store_errors(out):
        _copy_out(store, landing, out, folder)
    return folder


def hand_over_again(store: Store, folder: Path) -> None:
    """Nothing; a folder that was handed over has the current landing where it is of that, and is gone where it is of another one.

    For after an erasure: whoever was erased isn't in it any more.
    """
    landing = read_landing(store)
    with store_errors(folder):
        aside = set_aside(folder)
        if folder.exists():
            shutil.rmtree(aside, ignore_errors=True)
            folder.replace(aside)
        if landing.landing_id == folder.name:
            _copy_out(store, landing, folder.parent, folder)
        shutil.rmtree(aside)


def set_aside(folder: Path) -> Path:
    """Where a folder that was handed over lies while another one takes its place."""
    return folder.with_name(f".{folder.name}.before")


def _copy_out(store: Store, landing: LandingRecord, out: Path, folder: Path) -> None:
    """Nothing; the folder, which wasn't there, holds the landing."""
    being_written = out / f".{landing.landing_id}"
    with store_errors(out):
        out.mkdir(parents=True, exist_ok=True)
        shutil.rmtree(being_written, ignore_errors=True)
        being_written.mkdir(mode=PRIVATE_FOLDER)
        for name, table in landing.tables.items():
            shutil.copyfile(store.root / table.file, being_written / f"{name}.parquet")
            (being_written / f"{name}.parquet").chmod(0o600)
        record = being_written / LANDING_FILE
        record.write_text(landing.model_dump_json(indent=1), encoding="utf-8")
        record.chmod(0o600)
        being_written.replace(folder)


def take_over(folder: Path, place_id: str, store: Store) -> LandingRecord:
    """The landing of a folder that was handed over, now current in this store; PlaceError when something in it isn't as it was landed.

    Nothing of it is believed before it was checked: names, hashes, and that it identifies nobody. The landing that was current
    before stays so until the last instant.
    """
    record = parse_landing(folder / LANDING_FILE)
    if record.place_id != place_id:
        raise PlaceError(f"{folder} holds a landing of {record.place_id or 'a place that it does not name'}, and this place is {place_id}")
    with store.lock("landing"):
        store.wipe_tmp()
        tables = {
            name: LandedTable(file=f"landed/{record.landing_id}/{name}.parquet", digest=t.digest, rows=t.rows)
            for name, t in record.tables.items()
        }
        arriving = store.tmp / "handed-over"
        with store_errors(arriving):
            arriving.mkdir(mode=PRIVATE_FOLDER)
        found = _fetch(folder, tables, arriving)
        here = {
            name: table.model_copy(update={"file": str((arriving / f"{name}.parquet").relative_to(store.root))})
            for name, table in tables.items()
        }
        found = found or identifiers_in(here, store.root, store.tmp)
        if found:
            raise PlaceError(f"what lies in {folder} can't be taken over; the last landing, if there was one, stays current", found)
        target = store.landed / record.landing_id
        with store_errors(target):
            target.mkdir(mode=PRIVATE_FOLDER, exist_ok=True)
        for name in tables:
            move_into_place(arriving / f"{name}.parquet", target / f"{name}.parquet")
        taken = record.model_copy(update={"tables": tables})
        if taken.erased > _erased_before(store):
            _forget_what_was(store, taken.landing_id)
        publish_landing(store, taken)
        remove_unnamed(taken, store)
    return taken


def _erased_before(store: Store) -> int:
    """How many erasures what lies in the store has been through; where nothing does, more than there are."""
    try:
        return read_landing(store).erased
    except (NothingPublished, StoreProblem):
        return 2**31


def _forget_what_was(store: Store, landing_id: str) -> None:
    """Nothing; builds and landings of before an erasure are gone, for they may hold whoever was erased."""
    drop_builds(store)
    with store_errors(store.landed):
        current_path(store).unlink(missing_ok=True)
        for folder in store.landed.iterdir():
            if folder.is_dir() and folder.name != landing_id:
                shutil.rmtree(folder)


def _fetch(folder: Path, tables: dict[str, LandedTable], arriving: Path) -> list[Finding]:
    """An error for each file that is not as its record has it; the others are copied to `arriving`."""
    expected = {f"{name}.parquet" for name in tables}
    found = [
        _error(path, FOREIGN, "is not part of the landing; take it out, and ask who put it there")
        for path in sorted(folder.iterdir())
        if path.name not in expected | {LANDING_FILE}
    ]
    for name, table in tables.items():
        path = folder / f"{name}.parquet"
        if path.is_symlink() or not path.is_file():
            found.append(_error(path, MISSING, "is no file here; have the landing handed over again"))
        elif sha256_of(path) != table.digest:
            found.append(_error(path, ALTERED, "isn't what was landed (its SHA-256 differs); have the landing handed over again"))
        else:
            with store_errors(arriving):
                shutil.copyfile(path, arriving / path.name)
    return found


def _error(path: Path, rule: str, message: str) -> Finding:
    return Finding(path.name, rule, message, severity=Severity.ERROR, endangers="the whole build")
