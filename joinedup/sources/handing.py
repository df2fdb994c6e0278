"""Handing a landing over: from the trusted host, where identifiers are, to where builds are made, without any.

What is handed over is a folder: landed tables and their record. It holds no identifier, no key and no register.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from pathlib import Path

from joinedup.engine.collecting import drop_builds
from joinedup.engine.objects import sha256_of
from joinedup.engine.parts import digest_of
from joinedup.engine.store import PRIVATE_FOLDER, Store, move_into_place, store_errors, sync_folder
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
from joinedup.sources.signing import LONGEST, SIGNATURE_FILE, fault, signature

ALTERED, FOREIGN, MISSING = "handed-over-altered", "handed-over-foreign", "handed-over-missing"
UNSIGNED, OLDER = "handed-over-unsigned", "handed-over-older"


def hand_over(store: Store, out: Path, secret: bytes | None = None) -> Path:
    """The new folder below `out`, named by the landing, with what a build elsewhere needs; StoreProblem when it is there already.

    It is signed where the secret of the trusted host's signing key is given.
    """
    landing = read_landing(store)
    folder = out / landing.landing_id
    if folder.exists():
        raise StoreProblem(f"{folder} is there already: landing {landing.landing_id} was handed over before; remove it to do it again")
    with store_errors(out):
        _copy_out(store, landing, out, folder, secret)
    return folder


def hand_over_again(store: Store, folder: Path, secret: bytes | None = None) -> None:
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
            _copy_out(store, landing, folder.parent, folder, secret)
        shutil.rmtree(aside)


def set_aside(folder: Path) -> Path:
    """Where a folder that was handed over lies while another one takes its place."""
    return folder.with_name(f".{folder.name}.before")


def _copy_out(store: Store, landing: LandingRecord, out: Path, folder: Path, secret: bytes | None) -> None:
    """Nothing; the folder, which wasn't there, holds the landing, signed where there is a secret to sign with."""
    being_written = out / f".{landing.landing_id}"
    with store_errors(out):
        out.mkdir(parents=True, exist_ok=True)
        shutil.rmtree(being_written, ignore_errors=True)
        being_written.mkdir(mode=PRIVATE_FOLDER)
        for name, table in landing.tables.items():
            for called, (lies, _) in table.handed_over(name).items():
                shutil.copyfile(store.root / lies, being_written / called)
                (being_written / called).chmod(0o600)
                with (being_written / called).open("rb") as file:
                    os.fsync(file.fileno())
        content = landing.model_dump_json(indent=1).encode()
        written = {LANDING_FILE: content}
        if secret is not None:
            written[SIGNATURE_FILE] = signature(content, landing.place_id, secret).encode()
        for name, said in written.items():
            (being_written / name).write_bytes(said)
            (being_written / name).chmod(0o600)
            with (being_written / name).open("rb") as file:
                os.fsync(file.fileno())
        sync_folder(being_written)
        being_written.replace(folder)
        sync_folder(out)


def take_over(folder: Path, place_id: str, store: Store, trusted: str = "") -> LandingRecord:
    """The landing of a folder that was handed over, now current in this store; PlaceError when something in it isn't as it was landed.

    Nothing of it is believed before it was checked: that the holder of the `trusted` key signed it, where one is named; that it is no
    older than what is current; names, hashes, and that it identifies nobody. The landing that was current before stays so until the
    last instant.
    """
    record = _signed_record(folder, place_id, trusted)
    if record.place_id != place_id:
        raise PlaceError(f"{folder} holds a landing of {record.place_id or 'a place that it does not name'}, and this place is {place_id}")
    with store.lock("landing"):
        store.wipe_tmp()
        _refuse_older(record, store, folder)
        tables = {name: table.lying_in(f"landed/{record.landing_id}", name) for name, table in record.tables.items()}
        arriving = store.tmp / "handed-over"
        with store_errors(arriving):
            arriving.mkdir(mode=PRIVATE_FOLDER)
        found = _fetch(folder, tables, arriving)
        here = {name: table.lying_in(str(arriving.relative_to(store.root)), name) for name, table in tables.items()}
        found = found or identifiers_in(here, store.root, store.tmp)
        if found:
            raise PlaceError(f"what lies in {folder} can't be taken over; the last landing, if there was one, stays current", found)
        target = store.landed / record.landing_id
        with store_errors(target):
            target.mkdir(mode=PRIVATE_FOLDER, exist_ok=True)
        for called in _expected(tables):
            move_into_place(arriving / called, target / called)
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


def _signed_record(folder: Path, place_id: str, trusted: str) -> LandingRecord:
    """The record of a folder; PlaceError where a key is trusted and its holder didn't sign just this."""
    record = parse_landing(folder / LANDING_FILE)
    if not trusted:
        return record
    content, path = (folder / LANDING_FILE).read_bytes(), folder / SIGNATURE_FILE
    with store_errors(path):
        said = path.read_bytes()[:LONGEST] if path.is_file() and not path.is_symlink() else None
    if why := fault(content, place_id, said, trusted):
        found = _error(folder / LANDING_FILE, UNSIGNED, f"{why}; have it handed over again by the trusted host, and ask who changed it")
        raise PlaceError(f"what lies in {folder} can't be taken over; the last landing, if there was one, stays current", [found])
    return LandingRecord.model_validate_json(content)


def _refuse_older(record: LandingRecord, store: Store, folder: Path) -> None:
    """Nothing; PlaceError where a later landing is current, or one from which more people were erased: an old one came again."""
    try:
        current = read_landing(store)
    except (NothingPublished, StoreProblem):
        return
    older = record.landed_at < current.landed_at or record.erased < current.erased
    if current.place_id == record.place_id and older:
        message = (
            f"was landed at {record.landed_at:%Y-%m-%d %H:%M} with {record.erased} erasures, and what is current here at "
            f"{current.landed_at:%Y-%m-%d %H:%M} with {current.erased}; take over the latest, or begin a new store to go back on purpose"
        )
        found = _error(folder / LANDING_FILE, OLDER, message)
        raise PlaceError(f"what lies in {folder} can't be taken over; the last landing stays current", [found])


def _expected(tables: Mapping[str, LandedTable]) -> dict[str, str]:
    """What the files of a landing are called where it is handed over -> the digest that each should have."""
    return {called: digest for name, table in tables.items() for called, (_, digest) in table.handed_over(name).items()}


def _fetch(folder: Path, tables: Mapping[str, LandedTable], arriving: Path) -> list[Finding]:
    """An error for each file that is not as its record has it; the others are copied to `arriving`."""
    expected = _expected(tables)
    found = [
        _error(path, FOREIGN, "is not part of the landing; take it out, and ask who put it there")
        for path in sorted(folder.iterdir())
        if path.name not in {*expected, LANDING_FILE, SIGNATURE_FILE}
    ]
    found += [
        _error(folder / LANDING_FILE, ALTERED, f"gives {name} a digest that isn't that of its parts; have the landing handed over again")
        for name, table in tables.items()
        if table.parts and table.digest != digest_of(table.parts)
    ]
    for called, digest in expected.items():
        path = folder / called
        if path.is_symlink() or not path.is_file():
            found.append(_error(path, MISSING, "is no file here; have the landing handed over again"))
        else:
            with store_errors(arriving):
                shutil.copyfile(path, arriving / path.name, follow_symlinks=False)
            copy = arriving / path.name  # none can change it now
            if copy.is_symlink() or sha256_of(copy) != digest:
                found.append(_error(path, ALTERED, "isn't what was landed (its SHA-256 differs); have the landing handed over again"))
    return found


def _error(path: Path, rule: str, message: str) -> Finding:
    return Finding(path.name, rule, message, severity=Severity.ERROR, endangers="the whole build")
