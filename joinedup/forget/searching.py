"""Searching for somebody who was erased, everywhere that the store reaches: nothing is there, or it is said where it is and how much."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import sqlalchemy as sa

from joinedup.engine.erasing import has_people, rows_of_people
from joinedup.forget.erasing import Work, built, handed_over, landing_folders
from joinedup.identity.erased import erased_among, erased_in
from joinedup.kept.erased_tables import ERASED_KEY
from joinedup.kept.erasing import MOST_PARAMETERS, Key, hashes_of, ids_in, keys_of
from joinedup.kept.identity_register import LOOKUP
from joinedup.kept.protected import people_in_lists


@dataclass(frozen=True, slots=True)
class Searched:
    """One place that was searched: how much was looked through, and how many rows or ids of the person were found."""

    where: str
    looked_through: int
    unit: str
    found: int


def search(work: Work, number: int) -> list[Searched]:
    """What searching for everybody of one erasure gives, place by place. Nothing is changed."""
    with work.register.database.reading() as connection:
        hashes, sought = hashes_of(connection, number), keys_of(connection, number)
        ids = ids_in(connection, work.own_keys())
        known, lookups = _known_by(connection, sought)
    found = [
        Searched("identity register, ids in every table and identifier", len(ids), "ids", len(erased_among(ids, work.own_keys(), hashes))),
        Searched("identity register, keys that people are looked up by", lookups, "keys", known),
    ]
    listed = people_in_lists(work.store.kept)
    theirs = len(erased_among(listed, work.own_keys(), hashes))
    found.append(Searched("lists of protected people and of staff, in the kept area", len(listed), "ids", theirs))
    landed = [path for folder in landing_folders(work.store) for path in sorted(folder.glob("*.parquet"))]
    found.append(_files("landings", landed, work, hashes))
    found.append(_files("results of builds", built(work.store), work, hashes))
    for folder in handed_over(work.store):
        found.append(_files(f"handed over: {folder}", sorted(folder.glob("*.parquet")), work, hashes))
    left = [path for path in work.store.tmp.rglob("*") if path.is_file()] if work.store.tmp.exists() else []
    return [*found, Searched("files half written in the store's tmp", len(left), "files", 0)]


def _known_by(connection: sa.Connection, keys: Sequence[Key]) -> tuple[int, int]:
    """How many of these keys find somebody, and how many keys there are."""
    total = connection.scalar(sa.select(sa.func.count()).select_from(LOOKUP)) or 0
    found = 0
    for at in range(0, len(keys), MOST_PARAMETERS):
        some = [sa.and_(LOOKUP.c.scheme == scheme, LOOKUP.c.hash == digest) for scheme, digest in keys[at : at + MOST_PARAMETERS]]
        found += connection.scalar(sa.select(sa.func.count()).select_from(LOOKUP).where(sa.or_(*some))) or 0
    return found, total


def _files(where: str, paths: Sequence[Path], work: Work, hashes: pa.Table) -> Searched:
    """What a search of files gives: rows of people who were erased."""
    of_people = [path for path in paths if has_people(path)]
    theirs = pa.array(sorted(erased_in(of_people, work.own_keys(), hashes)), pa.int64())
    found = sum(rows_of_people(path, theirs, ("person_id",)).num_rows for path in of_people) if len(theirs) else 0
    return Searched(f"{where} ({len(of_people)} files)", sum(pq.read_metadata(path).num_rows for path in of_people), "rows", found)


def still_kept_out(connection: sa.Connection, number: int) -> int:
    """How many keys keep the person of an erasure out; none once they were let in again."""
    return connection.scalar(sa.select(sa.func.count()).select_from(ERASED_KEY).where(ERASED_KEY.c.erasure == number)) or 0


def in_words(searched: Sequence[Searched]) -> Iterator[str]:
    """A line for each place that was searched."""
    for each in searched:
        yield f"{each.where}: {each.looked_through:,} {each.unit} looked through, {each.found:,} found"
