"""The story of an erasure: begun in the register, then done in landings, builds and what was handed over; killed anywhere it goes on."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa

from joinedup.engine.collecting import drop_builds
from joinedup.engine.erasing import has_people, rows_of_people
from joinedup.engine.store import Store, store_errors, sync_folder
from joinedup.errors import NothingPublished, StoreProblem
from joinedup.identity.erased import erased_among, erased_in
from joinedup.kept.beside import looked_through, may_hold_erased
from joinedup.kept.copies import copies
from joinedup.kept.erased_tables import last_erasure
from joinedup.kept.erasing import Act, Erasure, Subject, come_back, erase, erasures, hashes_of, mark_done, remove, tidy
from joinedup.kept.identity_register import (
    IdentityRegister,
    about_register,
    begin,
    open_register,
    pseudonym_keys,
    register_place,
)
from joinedup.kept.keys import Keys
from joinedup.kept.protected import forget_in_lists
from joinedup.kept.sealed_ids import forget_ids
from joinedup.place.model import Place
from joinedup.sources.erasing import held_of, remove_unnamed, without_people
from joinedup.sources.handing import hand_over_again, set_aside
from joinedup.sources.landed import LANDING_FILE, LandingRecord, publish_landing, read_landing


@dataclass(frozen=True)
class Work:
    """What an erasure works on: the place, its store, its register and the key of that."""

    place: Place
    store: Store
    register: IdentityRegister
    keys: Keys

    def own_keys(self) -> Keys:
        """The keys with the secret by which this register looks people up."""
        with self.register.database.reading() as connection:
            return pseudonym_keys(about_register(connection), self.keys)

    def landing(self) -> LandingRecord | None:
        """The current landing; None where there is none that can be read."""
        try:
            return read_landing(self.store)
        except (NothingPublished, StoreProblem):
            return None


def held(work: Work, subject: Subject) -> dict[str, Any]:
    """What landing and builds of the store hold of a person, in counts, as a certificate tells it; nothing is changed."""
    record = work.landing()
    of_landing = held_of(record, work.store.root, subject.ids) if record else None
    files = {file.file_id: file for file in record.files} if record else {}
    by_file = of_landing.by_file() if of_landing else {}
    derived = {}
    for path in built(work.store):
        if rows := rows_of_people(path, subject.ids, ("person_id",)).num_rows:
            derived[path.name] = rows
    return {
        "landed": of_landing.tables if of_landing else {},
        "files": [
            {"file": files[file_id].file, "source": files[file_id].source, "rows": rows} for file_id, rows in sorted(by_file.items())
        ],
        "built": derived,
        "builds": sorted(path.stem for path in work.store.builds.glob("*.json")),
        "landings": [path.name for path in landing_folders(work.store)],
    }


def built(store: Store) -> list[Path]:
    """The results of builds that have rows of people."""
    return [path for path in sorted(store.objects.glob("*.parquet")) if has_people(path)]


def landing_folders(store: Store) -> list[Path]:
    """The folders of landings."""
    return sorted(path for path in store.landed.iterdir() if path.is_dir()) if store.landed.exists() else []


def forget(work: Work, subject: Subject, act: Act, *, found: Mapping[str, Any]) -> Erasure:
    """The erasure, done everywhere that the store reaches. Killed at any instant it is as it was, or is finished by the next
    landing, the next erasure or `catch_up`. The caller holds the store's lock.
    """
    with work.register.database.writing("erasure") as connection:
        about = begin(connection, work.keys, work.place.id)
        begun = erase(connection, pseudonym_keys(about, work.keys), subject, act, found)
    catch_up(work, tidied=False)
    record = work.landing()
    if subject.told_of and record is not None:
        publish_landing(work.store, record.model_copy(update={"signature": ""}))  # so that the next landing reads the files again
    with work.register.database.reading() as connection:
        return next(each for each in erasures(connection) if each.number == begun.number)


def catch_up(work: Work, *, tidied: bool = True) -> int:
    """How many erasures had still to be done in this store or its register, and are done now. The caller holds the store's lock.

    What was begun and not finished is finished; what was restored from before an erasure goes again. Where nothing was to be
    done, that is soon known.
    """
    again = _remove_again(work)
    if may_hold_erased(work.store.kept):
        _forget_ids(work)
    if again or not tidied:
        tidy(work.register.database)
    with work.register.database.reading() as connection:
        last, listed = last_erasure(connection), erasures(connection)
    record = work.landing()
    undone = [each.number for each in listed if each.done_at is None or (record is not None and each.number > record.erased)]
    if record is not None:
        remove_unnamed(record, work.store)
    if not undone and not again:
        return 0
    drop_builds(work.store)
    _forget_ids(work)
    if record is not None:
        record = _without_erased(work, record, last)
    _drop_landings(work.store, record)
    for folder in handed_over(work.store):
        if record is not None:
            hand_over_again(work.store, folder, work.own_keys().signing)
    with work.register.database.writing("erasure") as connection:
        for number in undone:
            mark_done(connection, number)
    return len(undone) or 1


def refuse_before_erasure(store: Store) -> None:
    """Nothing, unless people were erased, by the list where it lies within reach, since the current landing. It needs no key."""
    where = register_place(store.kept)
    try:
        record = read_landing(store)
    except (NothingPublished, StoreProblem):
        return
    if isinstance(where, Path) and not where.exists():
        return
    register = open_register(where)
    try:
        with register.database.reading() as connection:
            last = last_erasure(connection)
    finally:
        register.close()
    if last > record.erased:
        raise StoreProblem(
            f"{last - record.erased} people were erased since landing {record.landing_id}, which may hold them, so nothing is built of it: "
            "land again, or run joinedup forget PLACE --again"
        )


def _remove_again(work: Work) -> bool:
    """Whether the register knew somebody again who was erased: it was restored from before, and doesn't any more."""
    with work.register.database.reading() as connection:
        back = come_back(connection)
    if not back.keys:
        return False
    with work.register.database.writing("erasure") as connection:
        about = begin(connection, work.keys, work.place.id)
        remove(connection, pseudonym_keys(about, work.keys), come_back(connection))
    return True


def _forget_ids(work: Work) -> None:
    """Nothing; what landings left to restore ids by has nothing of anybody who was erased."""
    with work.register.database.reading() as connection:
        hashes = hashes_of(connection)
    keys = work.own_keys()
    if hashes.num_rows:
        forget_ids(work.store.kept, keys, lambda ids: erased_among(ids, keys, hashes))
        forget_in_lists(work.store.kept, lambda ids: erased_among(ids, keys, hashes))
    looked_through(work.store.kept)


def _without_erased(work: Work, record: LandingRecord, last: int) -> LandingRecord:
    """The current landing without anybody who was erased, published; the files that held them are gone."""
    with work.register.database.reading() as connection:
        hashes = hashes_of(connection)
    paths = [path for table in record.tables.values() for file in table.files if has_people(path := work.store.root / file)]
    theirs = erased_in(paths, work.own_keys(), hashes)
    now = without_people(record, work.store, pa.array(sorted(theirs), pa.int64()), last)
    publish_landing(work.store, now)
    remove_unnamed(now, work.store)
    return now


def _drop_landings(store: Store, current: LandingRecord | None) -> None:
    """Nothing; no landing but the current one is there."""
    with store_errors(store.landed):
        for folder in landing_folders(store):
            if current is None or folder.name != current.landing_id:
                shutil.rmtree(folder)
        sync_folder(store.landed)


def handed_over(store: Store) -> Iterator[Path]:
    """The folders that were handed over and are still where they were written, with a landing in them."""
    for path in dict.fromkeys(Path(copy.path) for copy in copies(store.kept) if copy.kind == "hand-over"):
        with suppress(OSError):
            if (path / LANDING_FILE).is_file() or set_aside(path).exists():
                yield path
