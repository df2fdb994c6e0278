"""What each landing taught the register of ids, sealed in a file beside it: by it a register from before learns it again.

A register that was restored from a backup doesn't know whom later landings found, whose builds may be in use. Each landing
leaves the lookups and merges that it appended, in `ids/` of the folder of kept registers, under a key that follows from the
register's own secret, which stays when the register's key changes. Each names the landing before it, so that a gap shows.
"""

from __future__ import annotations

import hmac
import io
import os
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import sqlalchemy as sa
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from joinedup.engine.store import PRIVATE_FOLDER, atomic_write, store_errors, sync_folder
from joinedup.errors import StoreProblem
from joinedup.kept.bulk import ROWS_AT_A_TIME, batches
from joinedup.kept.erased_tables import ERASED_KEY
from joinedup.kept.identity_register import KNOWN_SCHEMA, LANDING, LOOKUP, PERSON, RegisterLanding
from joinedup.kept.keys import Keys
from joinedup.kept.merges import EVENT, EVENT_SCHEMA, add_events
from joinedup.kept.vault import NONCE_BYTES

FOLDER, ENDING = "ids", ".sealed"
LABEL = b"joinedup sealed ids 1"
OF_REVIEW = "review of pair "
"""How causes of merges begin that follow from answers: these are kept by the answers themselves."""
BEFORE = b"landing before"


@dataclass(frozen=True, slots=True)
class Taught:
    """What one landing taught: the landing before it, the lookups that it appended and the merges and splits."""

    landing_id: str
    before: str
    lookups: pa.Table
    events: pa.Table


def keep_ids(kept: Path, entry: RegisterLanding) -> None:
    """Nothing; what this landing appended is sealed in the folder `kept`. Within its transaction, when all is appended."""
    connection = entry.connection
    lookup = sa.select(LOOKUP.c.scheme, LOOKUP.c.hash, LOOKUP.c.person_id).where(LOOKUP.c.landing == entry.number)
    event = sa.select(EVENT.c.kind, EVENT.c.person_id, EVENT.c.other_person_id, EVENT.c.cause)
    event = event.where(EVENT.c.landing == entry.number, EVENT.c.cause.not_like(f"{OF_REVIEW}%")).order_by(EVENT.c.event)
    before = connection.scalar(sa.select(LANDING.c.landing_id).order_by(LANDING.c.landing.desc()).limit(1)) or ""
    lookups = pa.Table.from_batches(batches(connection, lookup, KNOWN_SCHEMA), KNOWN_SCHEMA)
    events = pa.Table.from_batches(batches(connection, event, EVENT_SCHEMA), EVENT_SCHEMA)
    _write(kept, Taught(entry.landing_id, before, lookups, events), entry.keys)


def taught_since(kept: Path, landing_id: str, entry: RegisterLanding) -> list[Taught] | None:
    """What landings taught up to that one since the last that the register knows, the earliest first; None where a part isn't there."""
    found: list[Taught] = []
    known = set(entry.connection.scalars(sa.select(LANDING.c.landing_id)))
    while landing_id and landing_id not in known:
        taught = _read(kept, landing_id, entry.keys)
        if taught is None:
            return None
        known.add(landing_id)
        found.append(taught)
        landing_id = taught.before
    return found[::-1]


def learn_again(entry: RegisterLanding, taught: Sequence[Taught]) -> tuple[int, int]:
    """How many people, and how many merges and splits, the register has learnt again; of whoever was erased nothing."""
    if not taught:
        return 0, 0
    lookups = pa.concat_tables([each.lookups for each in reversed(taught)])  # the newest of each is the one that is learnt
    new = _without(lookups, _keys(entry, LOOKUP), ["scheme", "hash"])
    new = _without(new, _keys(entry, ERASED_KEY), ["scheme", "hash"])
    people = pa.table({"person_id": pc.unique(new["person_id"])})
    there = pa.Table.from_batches(batches(entry.connection, sa.select(PERSON.c.person_id), people.schema), people.schema)
    minted = _without(people, there, ["person_id"])
    entry.add_people(minted["person_id"].combine_chunks())
    entry.add_lookups(new)
    events = pa.concat_tables([each.events for each in taught])
    add_events(entry, events)
    return minted.num_rows, events.num_rows


def forget_ids(kept: Path, keys: Keys, erased: Callable[[pa.Array], Iterable[int]]) -> int:
    """In how many files nothing is left of whoever, of the people in them, was `erased`, where something was."""
    changed = 0
    for path in sorted((kept / FOLDER).glob(f"*{ENDING}")) if (kept / FOLDER).exists() else ():
        taught = _read(kept, path.name.removesuffix(ENDING), keys)
        assert taught is not None
        every = (taught.lookups["person_id"], taught.events["person_id"], taught.events["other_person_id"])
        ids = pa.array(sorted(erased(pa.concat_arrays([chunk for column in every for chunk in column.chunks]))), pa.int64())
        if len(ids):
            lookups = taught.lookups.filter(pc.invert(pc.is_in(every[0], ids)))
            events = taught.events.filter(pc.invert(pc.or_(pc.is_in(every[1], ids), pc.is_in(every[2], ids))))
            _write(kept, Taught(taught.landing_id, taught.before, lookups, events), keys)
            changed += 1
    return changed


def _keys(entry: RegisterLanding, table: sa.Table) -> pa.Table:
    schema = pa.schema([KNOWN_SCHEMA.field("scheme"), KNOWN_SCHEMA.field("hash")])
    return pa.Table.from_batches(batches(entry.connection, sa.select(table.c.scheme, table.c.hash), schema, ROWS_AT_A_TIME), schema)


def _without(rows: pa.Table, others: pa.Table, by: list[str]) -> pa.Table:
    """The rows, each once, that none of the others is like."""
    return (
        rows.group_by(by, use_threads=False)
        .aggregate([(name, "first") for name in rows.column_names if name not in by])
        .rename_columns([*by, *(name for name in rows.column_names if name not in by)])
        .join(others, by, join_type="left anti")
    )


def _write(kept: Path, taught: Taught, keys: Keys) -> None:
    parts = []
    for table in (taught.lookups, taught.events):
        clear = io.BytesIO()
        pq.write_table(table.replace_schema_metadata({BEFORE: taught.before.encode()}), clear, compression="zstd")
        parts.append(clear.getvalue())
    nonce = os.urandom(NONCE_BYTES)
    content = len(parts[0]).to_bytes(8, "big") + b"".join(parts)
    folder = kept / FOLDER
    with store_errors(folder):
        folder.mkdir(mode=PRIVATE_FOLDER, parents=True, exist_ok=True)
        sync_folder(kept)
    atomic_write(folder / f"{taught.landing_id}{ENDING}", nonce + AESGCM(_key(keys)).encrypt(nonce, content, _bound_to(taught.landing_id)))


def _read(kept: Path, landing_id: str, keys: Keys) -> Taught | None:
    """What that landing taught; None where it isn't there, StoreProblem where it was altered."""
    path = kept / FOLDER / f"{landing_id}{ENDING}"
    with store_errors(path):
        if not path.exists():
            return None
        sealed = path.read_bytes()
    try:
        content = AESGCM(_key(keys)).decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], _bound_to(landing_id))
    except (InvalidTag, ValueError):
        raise StoreProblem(
            f"{path} doesn't open: it was altered, or belongs to a register with another secret; take it away, and restore it from a "
            "backup or land without it"
        ) from None
    end = 8 + int.from_bytes(content[:8], "big")
    lookups, events = (pq.read_table(io.BytesIO(part)) for part in (content[8:end], content[end:]))
    before = (lookups.schema.metadata or {}).get(BEFORE, b"").decode()
    return Taught(landing_id, before, lookups.replace_schema_metadata(None), events.replace_schema_metadata(None))


def _key(keys: Keys) -> bytes:
    return hmac.digest(keys.pseudonym, LABEL, "sha256")


def _bound_to(landing_id: str) -> bytes:
    return b"\x1f".join((LABEL, landing_id.encode()))
