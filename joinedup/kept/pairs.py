"""Pairs in doubt: a record that carries no verified number and a person whom it may be, kept in the identity register.

Identifiers are sealed one pair at a time, so that a look at one opens no other, and bound to it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping

import pyarrow as pa
import pyarrow.compute as pc
import sqlalchemy as sa

from joinedup.errors import StoreProblem
from joinedup.kept.append_only import only_grows
from joinedup.kept.erased_tables import ERASED_KEY, lookup_hash
from joinedup.kept.identity_register import ROWS_AT_A_TIME, TABLES, RegisterLanding
from joinedup.kept.keys import Keys
from joinedup.kept.merges import NUMBER_SCHEME, landing_column, number_column
from joinedup.kept.vault import close, opened

NUMBERS = ("r_number", "p_number", "r_nhs_number", "p_nhs_number")
PADDED_TO = 512
"""Bytes; so that the length of what is sealed doesn't tell how long a name is."""
PAIR_SCHEMA = pa.schema(
    [("record_hash", pa.binary(32)), ("contract", pa.string()), ("person_id", pa.int64()), ("probability", pa.float64())]
)
"""What every pair has; other columns are strings: r_<field> is what the record says, p_<field> what is known of the person."""
FIELD = re.compile("[rp]_[a-z0-9_]+")
PAIR = only_grows(
    sa.Table(
        "pair",
        TABLES,
        number_column("pair"),
        sa.Column("record_hash", sa.LargeBinary(32), nullable=False),
        sa.Column("person_id", sa.BigInteger, nullable=False),
        sa.Column("contract", sa.String(100), nullable=False),
        sa.Column("probability", sa.Float, nullable=False),
        sa.Column("key_id", sa.String(40), nullable=False),
        sa.Column("nonce", sa.LargeBinary(12), nullable=False),
        sa.Column("ciphertext", sa.LargeBinary, nullable=False),
        landing_column(),
        landing_column("seen"),
        sa.UniqueConstraint("record_hash", "person_id"),
    ),
    but=("key_id", "nonce", "ciphertext", "seen"),
)
"""`landing` was the first in which it was in doubt, `seen` the last. It is closed again when the key changes, and emptied when its person
is erased."""


def offer_pairs(entry: RegisterLanding, pairs: pa.Table) -> int:
    """How many of these pairs are new; call it at every landing with all that are in doubt: whatever isn't named isn't asked any more.

    Identifiers of new pairs are sealed; r_source, p_source (which extracts) and r_date, p_date (their latest day) are shown beside them.
    """
    pairs = _without_erased(entry, pairs)
    fields = [name for name in pairs.column_names if name not in PAIR_SCHEMA.names]
    assert all(FIELD.fullmatch(name) for name in fields), "other columns than r_<field> and p_<field>"
    _seen_again(entry, pairs)
    known = _known_pairs(entry.connection)
    known = known.append_column("known", pa.repeat(pa.scalar(value=True), known.num_rows))
    keyed = pairs.set_column(0, "record_hash", pairs["record_hash"].cast(pa.binary())).append_column(
        "row", pa.array(range(pairs.num_rows), pa.int64())
    )
    once = keyed.group_by(["record_hash", "person_id"]).aggregate([("row", "min")])
    beside = once.join(known, ["record_hash", "person_id"])
    new = beside.filter(pc.is_null(beside["known"])).sort_by("row_min")["row_min"]
    _insert_pairs(entry, pairs.take(new), fields)
    return len(new)


def _without_erased(entry: RegisterLanding, pairs: pa.Table) -> pa.Table:
    """The pairs of which neither side is somebody who was erased."""
    erased = set(entry.connection.scalars(sa.select(ERASED_KEY.c.hash)))
    if not erased:
        return pairs
    told = pairs.select([name for name in pairs.column_names if name in {"record_hash", "person_id", *NUMBERS}]).to_pylist()
    return pairs.filter(
        pa.array(
            [
                row["person_id"] >= 0 and row["record_hash"] not in erased and not erased & set(number_hashes(entry.keys, row))
                for row in told
            ],
            pa.bool_(),
        )
    )


def number_hashes(keys: Keys, said: Mapping[str, str | None]) -> list[bytes]:
    """The hashes under which people are looked up by the NHS numbers that a pair says."""
    given = ["".join(digit for digit in said.get(name) or "" if digit.isdigit()) for name in NUMBERS]
    return [lookup_hash(keys, NUMBER_SCHEME, str(int(digits))) for digits in given if digits]


def _known_pairs(connection: sa.Connection) -> pa.Table:
    rows = connection.execute(sa.select(PAIR.c.record_hash, PAIR.c.person_id)).all()
    schema = pa.schema([("record_hash", pa.binary()), ("person_id", pa.int64())])
    return pa.table([pa.array([row[at] for row in rows], kind.type) for at, kind in enumerate(schema)], schema=schema)


def _seen_again(entry: RegisterLanding, pairs: pa.Table) -> None:
    """Nothing; the pairs that the register has already were in doubt in this landing too."""
    of = [PAIR.c.record_hash == sa.bindparam("hash"), PAIR.c.person_id == sa.bindparam("person")]
    for batch in pairs.select(["record_hash", "person_id"]).rename_columns(["hash", "person"]).to_batches(ROWS_AT_A_TIME):
        if batch.num_rows:
            entry.connection.execute(sa.update(PAIR).where(*of).values(seen=entry.number), batch.to_pylist())


def _insert_pairs(entry: RegisterLanding, pairs: pa.Table, fields: list[str]) -> None:
    """Nothing; the pairs are kept. One by one, for each is sealed by itself."""
    rows = []
    for row in pairs.to_pylist():
        clear = json.dumps({name: row[name] for name in fields if row[name] is not None}).encode()
        bound = _bound_to(row["record_hash"], row["person_id"])
        nonce, ciphertext = close(clear.ljust(-(-len(clear) // PADDED_TO) * PADDED_TO), entry.keys, bound)
        kept = {name: row[name] for name in PAIR_SCHEMA.names}
        rows.append(kept | {"key_id": entry.keys.fingerprint, "nonce": nonce, "ciphertext": ciphertext})
    if rows:
        entry.connection.execute(sa.insert(PAIR).values(landing=entry.number, seen=entry.number), rows)


def _bound_to(record_hash: bytes, person_id: int) -> bytes:
    """What a pair's ciphertext is bound to: moved to another record or person it doesn't open."""
    return "\x1f".join(("joinedup pair 1", record_hash.hex(), str(person_id))).encode()


def opened_pair(connection: sa.Connection, keys: Keys, pair: int) -> dict[str, str]:
    """What one pair says: r_<field> and p_<field>, where given; empty when it was erased."""
    row = connection.execute(sa.select(PAIR).where(PAIR.c.pair == pair)).one()
    if not row.ciphertext:
        return {}
    clear = opened(row.ciphertext, row.nonce, keys, _bound_to(row.record_hash, row.person_id))
    if clear is None:
        raise StoreProblem(f"the identity register is damaged: the identifiers of pair {pair} don't open; restore it from a backup")
    said: dict[str, str] = json.loads(clear)
    return said


def close_again(connection: sa.Connection, before: Keys, after: Keys) -> None:
    """Nothing; what pairs say is closed with the key `after`, for when the key changes."""
    for row in connection.execute(sa.select(PAIR).where(PAIR.c.ciphertext != b"")).all():
        bound = _bound_to(row.record_hash, row.person_id)
        clear = opened(row.ciphertext, row.nonce, before, bound)
        if clear is None:
            raise StoreProblem(f"the identity register is damaged: the identifiers of pair {row.pair} don't open; restore it from a backup")
        nonce, ciphertext = close(clear, after, bound)
        values = {"key_id": after.fingerprint, "nonce": nonce, "ciphertext": ciphertext}
        connection.execute(sa.update(PAIR).where(PAIR.c.pair == row.pair).values(**values))


def empty_pairs(connection: sa.Connection, which: sa.ColumnElement[bool]) -> int:
    """How many of `which` pairs no longer say anything, for when their time is over; who decided what stays."""
    those = sa.update(PAIR).where(which, PAIR.c.ciphertext != b"")
    return connection.execute(those.values(nonce=b"", ciphertext=b"")).rowcount
